//! A clearance, and a release, are made without a gate.
use phasegate::Release;
use phasegate::gate::Cleared;
use phasegate::phase::Testing;
use phasegate::release::step::Deploy;

fn clear(release: Release<Testing>) -> Cleared<Deploy, Testing> {
    Cleared { release }
}

fn conjure() -> Release<Testing> {
    Release::default()
}

fn main() {}
