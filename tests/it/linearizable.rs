//! What several callers at once see of a log can be put into one order, in which whatever was answered before something
//! else was asked comes before it, and which a log without concurrency would have given too.

use crate::delegated::delegated;
use crate::desk_support::wait;
use crate::linearizable_support::{
    Asked, Call, Conflicted, Did, Read, WasDone, Wrote, is_linearizable, recorded,
};
use phasegate::release::{Batch, CommandId, Envelope, Stream, Version};
use phasegate::store::{Committed, Outcome, StoreError};
use phasegate::{MemoryStore, Store};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

const HISTORIES: u64 = 40;

/// Holds of all histories, in which every answer was given and calls were under way at the same time.
fn holds<S: Store>(handles: impl Fn() -> Vec<S>) {
    let (mut answers, mut at_once) = (HashSet::new(), 0);
    for seed in 0..HISTORIES {
        for calls in recorded(&handles(), seed) {
            assert!(is_linearizable(&calls), "seed {seed}: {calls:#?}");
            answers.extend(calls.iter().map(|call| std::mem::discriminant(&call.did)));
            let overlap = |one: &&Call| calls.iter().any(|other| one.overlaps(other));
            at_once += calls.iter().filter(overlap).count();
        }
    }
    assert!(answers.len() == 5 && at_once > 100, "{at_once} at once");
}

#[test]
fn what_callers_of_a_store_in_memory_see_has_an_order() {
    holds(|| vec![MemoryStore::new()]);
}

#[cfg(feature = "sqlite")]
#[test]
fn what_callers_of_two_handles_of_a_file_see_has_an_order() {
    let folder = crate::sqlite_support::Folder::new();
    let number = AtomicU64::new(0);
    holds(|| {
        let file = format!("{}.db", number.fetch_add(1, Ordering::Relaxed));
        let open = || {
            let options = crate::sqlite_support::quick();
            phasegate::SqliteStore::open_with(folder.path().join(&file), &options).unwrap()
        };
        vec![open(), open()]
    });
}

#[test]
fn what_no_order_explains_is_found() {
    let [a, b] = [1, 2].map(Uuid::from_u128);
    let has_order = |calls: &[(u64, u64, Did)]| {
        let call = |(asked, answered, did): &(u64, u64, Did)| Call {
            asked: *asked,
            answered: *answered,
            did: did.clone(),
        };
        is_linearizable(&calls.iter().map(call).collect::<Vec<_>>())
    };
    let written = (0, 1, Wrote(a, 0));
    for (what, fits, fits_not) in [
        (
            "a read while it is written",
            (0, 3, Read(0, vec![])),
            (2, 3, Read(0, vec![])),
        ),
        (
            "a read of what nobody wrote",
            (2, 3, Read(0, vec![a])),
            (2, 3, Read(0, vec![b])),
        ),
        (
            "an answer to a question",
            (2, 3, Asked(a, Some(1))),
            (2, 3, Asked(a, None)),
        ),
        (
            "a place in an answer",
            (2, 3, Asked(b, None)),
            (2, 3, Asked(b, Some(1))),
        ),
        ("two winners", (0, 3, Wrote(b, 1)), (0, 3, Wrote(b, 0))),
        (
            "a command twice",
            (2, 3, WasDone(a, 1)),
            (2, 3, Wrote(a, 1)),
        ),
        (
            "a command elsewhere",
            (0, 3, WasDone(a, 1)),
            (0, 3, WasDone(a, 2)),
        ),
        (
            "a conflict with nobody",
            (0, 3, Conflicted(b, 0, 1)),
            (2, 3, Conflicted(b, 1, 1)),
        ),
        (
            "a conflict of what is done",
            (0, 3, Conflicted(a, 1, 0)),
            (2, 3, Conflicted(a, 0, 1)),
        ),
    ] {
        assert!(has_order(&[written.clone(), fits]), "{what}");
        assert!(!has_order(&[written.clone(), fits_not]), "{what}");
    }
    // An update that is lost, and reads that go back in time while the write is under way.
    let (long, late) = ((0, 9, Wrote(a, 0)), |asked, log| {
        (asked, asked + 1, Read(0, log))
    });
    assert!(!has_order(&[
        written.clone(),
        (2, 3, Wrote(b, 1)),
        late(4, vec![a])
    ]));
    assert!(has_order(&[
        long.clone(),
        late(1, vec![]),
        late(3, vec![a])
    ]));
    assert!(!has_order(&[long, late(1, vec![a]), late(3, vec![])]));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    /// Every third read lags behind.
    Lags,
    /// A commit is answered first, and written when the next one comes.
    AnswersFirst,
    /// A conflict is taken for success.
    LosesUpdates,
    /// The last command is not known yet.
    Forgets,
}

struct Sabotaged {
    store: MemoryStore,
    flaw: Flaw,
    held: Mutex<Option<Batch>>,
    reads: AtomicU64,
}

impl Store for Sabotaged {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        if self.flaw == Flaw::LosesUpdates {
            let done = self.store.commit(batch).await;
            return Ok(done.unwrap_or(Committed::Written));
        }
        if self.flaw != Flaw::AnswersFirst {
            return self.store.commit(batch).await;
        }
        let mut held = self.held.lock().unwrap();
        if let Some(held) = held.take() {
            wait(self.store.commit(&held))?;
        }
        let is_known = wait(self.store.outcome(batch.stream(), batch.command()))?.is_some();
        let log = wait(self.store.history(batch.stream(), Version::NONE, 1_000))?;
        if is_known || log.len() as u64 != batch.expected().get() {
            return wait(self.store.commit(batch));
        }
        *held = Some(batch.clone());
        Ok(Committed::Written)
    }
    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        let mut read = self.store.history(stream, after, limit).await?;
        if self.flaw == Flaw::Lags && self.reads.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
            read.pop();
        }
        Ok(read)
    }
    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        let log = self.store.history(stream, Version::NONE, 1_000).await?;
        let is_last = log
            .last()
            .is_some_and(|event| event.id.command() == command);
        let found = self.store.outcome(stream, command).await?;
        Ok(found.filter(|_| self.flaw != Flaw::Forgets || !is_last))
    }
    delegated!(store: list claim settle);
}

#[test]
fn a_sabotaged_store_is_found() {
    for flaw in [
        Flaw::Lags,
        Flaw::AnswersFirst,
        Flaw::LosesUpdates,
        Flaw::Forgets,
    ] {
        let is_found = |&seed: &u64| {
            let store = Sabotaged {
                store: MemoryStore::new(),
                flaw,
                held: Mutex::default(),
                reads: AtomicU64::new(0),
            };
            let logs = recorded(&[store], seed);
            !logs.iter().all(|calls| is_linearizable(calls))
        };
        let found = (0..HISTORIES).filter(is_found).count();
        assert!(found > 0, "{flaw:?}: found in {found} of {HISTORIES}");
    }
}
