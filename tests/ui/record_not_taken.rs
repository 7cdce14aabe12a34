//! An outage is recorded where nothing is live yet.
use phasegate::{Release, phase::Plan, release::Outage};

fn foresee(release: Release<Plan>, outage: Outage) {
    let _ = release.record(outage);
}

fn main() {}
