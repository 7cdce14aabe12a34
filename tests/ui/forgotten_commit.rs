//! A step is asked for, or cleared, and nothing follows.
#![deny(unused_must_use)]
use phasegate::gate::{Facts, GateSet, Refused};
use phasegate::{By, Release, phase::Plan};

fn forget_the_gate(release: Release<Plan>) {
    release.start_development();
}

fn forget_the_commit(
    release: Release<Plan>,
    gates: &GateSet,
    facts: &Facts,
    by: &By,
) -> Result<(), Refused<Plan>> {
    gates.decide(release.start_development(), facts, by)?;
    Ok(())
}

fn main() {}
