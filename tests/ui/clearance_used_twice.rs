//! One clearance is committed twice.
use phasegate::release::step::StartDevelopment;
use phasegate::{Instant, Store, gate::Cleared, phase::Plan};

async fn double(cleared: Cleared<StartDevelopment, Plan>, store: impl Store, now: Instant) {
    let _ = cleared.commit(&store, now).await;
    let _ = cleared.commit(&store, now).await;
}

fn main() {}
