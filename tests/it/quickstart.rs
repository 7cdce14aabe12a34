//! The quickstart says what the logs say, and the logs say what the schedules say.

use crate::real_data;
use phasegate::desk::Desk;
use phasegate::phase::{PhaseName, Seconds};
use phasegate::release::{AnyRecord, Event, Key, When, verify};
use phasegate::{Instant, MemoryStore};
use std::{collections::BTreeSet, sync::Arc};

#[expect(dead_code, reason = "`cargo run` calls its main")]
#[path = "../../examples/quickstart/main.rs"]
mod example;

use example::adherence::Adherence;
use example::history::{History, Schedules};
use example::{Taken, history, show};

/// Release, slip of the release in days, and how often it was re-baselined.
const KNOWN: [(&str, i64, usize); 9] = [
    ("1.19", 57, 3),
    ("1.20", 0, 0),
    ("1.21", 0, 0),
    ("1.22", 0, 0),
    ("1.23", 0, 0),
    ("1.24", 14, 1),
    ("1.25", 0, 0),
    ("1.26", 2, 1),
    ("1.27", 0, 0),
];

fn take(schedules: &Schedules) -> Taken {
    let desk = Desk::new(Arc::new(MemoryStore::new()));
    pollster::block_on(example::take(desk, schedules)).unwrap()
}

/// The release of that name, alone and changed.
fn only(name: &str, change: impl FnOnce(&mut History)) -> Adherence {
    let mut schedules = history::kubernetes().unwrap();
    schedules.releases.retain(|release| release.name == name);
    change(&mut schedules.releases[0]);
    Adherence::of(&take(&schedules).logs[0].1).unwrap()
}

fn later(at: Instant, days: u32) -> Instant {
    at.plus(Seconds::days(days))
}

#[test]
fn it_says_the_same_every_time() {
    let schedules = history::kubernetes().unwrap();
    let page = show::page(&schedules, &take(&schedules)).unwrap();
    insta::assert_snapshot!(page);
}
