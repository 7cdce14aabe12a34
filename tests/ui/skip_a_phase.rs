//! A request is deployed without being planned, built or tested.
use phasegate::{Interval, Release, phase::Request};

fn hurry(release: Release<Request>, window: Interval) {
    let _ = release.deploy(window);
}

fn main() {}
