//! An outage is recorded where nothing is live yet.
use phasegate::release::Outage;
use phasegate::{Desk, MemoryStore, Person, Release, phase::Plan};

async fn foresee(desk: Desk<MemoryStore>, release: Release<Plan>, outage: Outage, kim: Person) {
    let _ = desk.record(release, outage, kim).await;
}

fn main() {}
