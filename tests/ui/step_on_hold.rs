//! A release on hold goes on as if it were not.
use phasegate::phase::{OnHold, Plan};
use phasegate::Release;

fn ignore(release: Release<OnHold<Plan>>) {
    let _ = release.start_development();
}

fn main() {}
