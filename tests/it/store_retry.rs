//! A store that is asked again: what is tried again, how often, and what stays in doubt.

use crate::delegated::delegated;
use crate::desk_support::{NOON, at, by, id, key, note, stream, tenant, titled, wait};
use phasegate::gate::{Facts, GateSet};
use phasegate::phase::Seconds;
use phasegate::release::{Batch, Version};
use phasegate::store::{Committed, Query, Retrying, Settlement, StoreError, StoreErrorKind};
use phasegate::{Desk, MemoryStore, Release, Store};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What happens to the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    Unavailable,
    /// Written, and the answer is lost.
    Lost,
    /// Not written, and nobody knows.
    Unheard,
    Failed,
}

use Luck::{Failed, Lost, Unavailable, Unheard};

/// A store in memory whose next calls go wrong.
struct Unlucky {
    store: MemoryStore,
    ahead: Mutex<VecDeque<Luck>>,
}

impl Unlucky {
    fn new(ahead: &[Luck]) -> Self {
        Self {
            store: MemoryStore::new(),
            ahead: Mutex::new(ahead.iter().copied().collect()),
        }
    }

    fn meets(&self) -> Result<Option<StoreError>, StoreError> {
        match self.ahead.lock().unwrap().pop_front() {
            None => Ok(None),
            Some(Unavailable) => Err(StoreError::unavailable("down")),
            Some(Failed) => Err(StoreError::other("confused")),
            Some(Unheard) => Err(StoreError::unknown("silence")),
            Some(Lost) => Ok(Some(StoreError::unknown("silence"))),
        }
    }
}

impl Store for Unlucky {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let lost = self.meets()?;
        let done = self.store.commit(batch).await?;
        lost.map_or(Ok(done), Err)
    }
    delegated!(|this| { this.meets()?; } store: history list outcome claim settle);
}

fn batch(title: &str) -> Batch {
    let proposal = Release::request(tenant("default"), id(1), titled(title));
    let cleared = GateSet::new().decide(proposal, &Facts::at(at(NOON)), &by("kim"));
    cleared.unwrap().batch().clone()
}

/// Commits with three tries; how it ended, how often it waited, and what is in the log then.
fn commit(ahead: &[Luck]) -> (Result<Committed, StoreErrorKind>, Vec<u32>, usize) {
    let unlucky = Arc::new(Unlucky::new(ahead));
    let waits = Mutex::new(Vec::new());
    let store = Retrying::new(unlucky.clone(), 3, |tried| {
        waits.lock().unwrap().push(tried);
        std::future::ready(())
    });
    let done = wait(store.commit(&batch("Shop"))).map_err(|error| error.kind());
    let log = wait(unlucky.store.history(&stream(1), Version::NONE, 10)).unwrap();
    (done, waits.into_inner().unwrap(), log.len())
}

#[test]
fn an_unavailable_store_is_asked_again_as_often_as_said() {
    let written = Ok(Committed::Written);
    assert_eq!(commit(&[]), (written, vec![], 1));
    assert_eq!(commit(&[Unavailable]), (written, vec![1], 1));
    assert_eq!(commit(&[Unavailable; 2]), (written, vec![1, 2], 1));
    let gave_up = (Err(StoreErrorKind::Unavailable), vec![1, 2], 0);
    assert_eq!(commit(&[Unavailable; 3]), gave_up);
}

#[test]
fn a_lost_answer_is_found_out_and_nothing_is_doubled() {
    for ahead in [&[Lost] as &[_], &[Lost, Unavailable], &[Unavailable, Lost]] {
        let (done, _, events) = commit(ahead);
        assert!(matches!(done, Ok(Committed::AlreadyDone(_))), "{done:?}");
        assert_eq!(events, 1);
    }
    assert_eq!(commit(&[Unheard]), (Ok(Committed::Written), vec![1], 1));
}

#[test]
fn what_stays_in_doubt_is_unknown_whatever_the_last_try_said() {
    let unknown = Err(StoreErrorKind::Unknown);
    assert_eq!(
        commit(&[Lost, Unavailable, Unavailable]),
        (unknown, vec![1, 2], 1)
    );
    assert_eq!(
        commit(&[Unheard, Unheard, Unavailable]),
        (unknown, vec![1, 2], 0)
    );
    assert_eq!(commit(&[Lost, Failed]), (unknown, vec![1], 1));
    assert_eq!(commit(&[Failed]), (Err(StoreErrorKind::Other), vec![], 0));
}

#[test]
fn what_another_try_does_not_change_is_told_at_once() {
    let unlucky = Unlucky::new(&[]);
    let never = |_: u32| -> std::future::Ready<()> { unreachable!("nothing to wait for") };
    let store = Retrying::new(&unlucky, 3, never);
    wait(store.commit(&batch("Shop"))).unwrap();
    let refused = wait(store.commit(&batch("Another"))).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    assert_eq!(refused.actual(), Some(&(stream(1), Version::new(1))));
}

#[test]
fn every_call_is_tried_again() {
    let unlucky = Unlucky::new(&[]);
    let store = Retrying::new(&unlucky, 3, |_| std::future::ready(()));
    let command = batch("Shop").command();
    wait(store.commit(&batch("Shop"))).unwrap();
    let fail = || unlucky.ahead.lock().unwrap().extend([Unavailable; 2]);
    fail();
    assert_eq!(
        wait(store.history(&stream(1), Version::NONE, 10))
            .unwrap()
            .len(),
        1
    );
    fail();
    let page = wait(store.list(&tenant("default"), Query::default(), None, 10)).unwrap();
    assert_eq!(page.rows.len(), 1);
    fail();
    assert!(wait(store.outcome(&stream(1), command)).unwrap().is_some());
    fail();
    let lease = Seconds::minutes(1);
    let claimed = wait(store.claim(&tenant("default"), &key("inbox"), at(NOON), lease, 10));
    fail();
    wait(store.settle(&claimed.unwrap()[0], Settlement::Delivered)).unwrap();
    fail();
    fail();
    let gave_up = wait(store.history(&stream(1), Version::NONE, 10)).unwrap_err();
    assert_eq!(gave_up.kind(), StoreErrorKind::Unavailable);
}

#[test]
fn a_desk_rides_out_what_passes() {
    let unlucky = Unlucky::new(&[Unavailable, Lost]);
    let store = Retrying::new(&unlucky, 4, |_| std::future::ready(()));
    let desk = Desk::new(store).with_clock(|| at(NOON));
    let release = wait(desk.run(
        desk.request_as(id(1), titled("Shop")),
        &by("kim").actor().person().unwrap().clone(),
    ));
    let release = release.unwrap();
    unlucky.ahead.lock().unwrap().push_back(Lost);
    let release = wait(desk.record(release, note("seen"), by("kim"))).unwrap();
    assert_eq!(release.version(), Version::new(2));
}
