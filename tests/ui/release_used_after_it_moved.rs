//! A release goes on from a phase that it has left.
use phasegate::{Release, phase::Plan, release::Text};

fn twice(release: Release<Plan>, reason: Text) {
    let _ = release.start_development();
    let _ = release.cancel(reason);
}

fn main() {}
