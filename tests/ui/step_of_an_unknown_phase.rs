//! A release whose phase is known only at run time is asked for a step of one phase.
use phasegate::{Interval, Release, phase::Anywhere};

fn guess(release: Release<Anywhere>, window: Interval) {
    let _ = release.deploy(window);
}

fn main() {}
