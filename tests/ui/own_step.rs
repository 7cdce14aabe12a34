//! A step of one's own.
use phasegate::release::{AnyStep, Step};
use phasegate::release::step::StartDevelopment;

struct Teleport;

impl From<Teleport> for AnyStep {
    fn from(_: Teleport) -> Self {
        StartDevelopment::new().into()
    }
}

impl Step for Teleport {}

fn main() {}
