//! A release that is live goes back to be built anew.
use phasegate::{Release, phase::Review, release::Text};

fn regret(release: Release<Review>, reason: Text) {
    let _ = release.rework(reason);
}

fn main() {}
