//! A step is committed that no gate has cleared.
use phasegate::{Instant, Release, Store, phase::Plan};

async fn push(release: Release<Plan>, store: impl Store, now: Instant) {
    let _ = release.start_development().commit(&store, now).await;
}

fn main() {}
