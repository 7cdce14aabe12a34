//! A record of one's own.
use phasegate::Release;
use phasegate::phase::Anywhere;
use phasegate::release::{AnyRecord, Note, Record, Text};

struct Rumour;

impl From<Rumour> for AnyRecord {
    fn from(_: Rumour) -> Self {
        Note::new(Text::default()).into()
    }
}

impl Record for Rumour {}

struct Gossip;

fn tell(release: Release<Anywhere>) {
    let _ = release.record(Gossip);
}

fn main() {}
