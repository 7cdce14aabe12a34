//! An outage is recorded where nothing is live yet.
use phasegate::{Release, phase::Request, release::Outage};

fn foresee(release: Release<Request>, outage: Outage) {
    let _ = release.record(outage);
}

fn main() {}
