//! Two writers are made of one.
use phasegate::{Release, phase::Plan};

fn copy(release: &Release<Plan>) -> Release<Plan> {
    release.clone()
}

fn main() {}
