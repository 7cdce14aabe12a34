//! A record of one's own.
use phasegate::{Desk, MemoryStore, Person, Release, phase::Plan};

struct Rumour;

async fn tell(desk: Desk<MemoryStore>, release: Release<Plan>, kim: Person) {
    let _ = desk.record(release, Rumour, kim).await;
}

fn main() {}
