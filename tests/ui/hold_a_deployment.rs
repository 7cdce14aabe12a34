//! A deployment is put on hold.
use phasegate::{Release, phase::Deployment, release::Text};

fn wait(release: Release<Deployment>, reason: Text) {
    let _ = release.hold(reason);
}

fn main() {}
