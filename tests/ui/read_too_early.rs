//! The package is read where nothing is built yet.
use phasegate::{Release, phase::Plan};

fn peek(release: &Release<Plan>) {
    release.package();
}

fn main() {}
