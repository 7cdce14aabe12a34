//! A policy that reads tests guards a step before any testing.
use phasegate::gate::{EvidencePolicy, Gate};
use phasegate::release::step::Authorise;

fn demand(policy: EvidencePolicy) -> Gate<Authorise> {
    Gate::new("intake", 1).unwrap().require(policy)
}

fn main() {}
