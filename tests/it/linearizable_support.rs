//! Several callers at once, what each was answered and when, and the search for an order that explains it.
//!
//! The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993), with a memory of where it
//! has been. What holds for each log by itself holds for all together, so that each is looked at alone.

use crate::desk_support::{NOON, at, by, id, note, stream, tenant, titled, wait};
use crate::support::Dice;
use phasegate::gate::{Facts, GateSet};
use phasegate::phase::Request;
use phasegate::release::{Batch, Envelope, Version, replay};
use phasegate::store::{Committed, StoreErrorKind};
use phasegate::{Release, Store};
use std::collections::HashSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

const CALLERS: usize = 4;
const CALLS: usize = 14;
const LOGS: usize = 2;

/// What a caller did to a log, and was answered. Every batch has one event, so that a log is its commands in order.
#[derive(Debug, Clone)]
pub(crate) enum Did {
    /// At the version that it expected.
    Wrote(Uuid, u64),
    /// Of the version at which it had been written before.
    WasDone(Uuid, u64),
    /// Of the version that it expected, and that at which the log is.
    Conflicted(Uuid, u64, u64),
    /// What comes after a version.
    Read(usize, Vec<Uuid>),
    /// The version at which it was written, if it was.
    Asked(Uuid, Option<u64>),
}

pub(crate) use Did::{Asked, Conflicted, Read, WasDone, Wrote};

/// Something that was done between two ticks of a counter.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) asked: u64,
    pub(crate) answered: u64,
    pub(crate) did: Did,
}

impl Call {
    pub(crate) const fn overlaps(&self, other: &Self) -> bool {
        self.asked < other.asked && other.asked < self.answered
    }
}

impl Did {
    /// Whether a log without concurrency gives this answer now. What is written is in it afterwards.
    fn fits(&self, log: &mut Vec<Uuid>) -> bool {
        let version = log.len() as u64;
        let place = |command| (1..).zip(&*log).find(|(_, one)| *one == command);
        let place = |command| place(command).map(|(version, _)| version);
        match self {
            Wrote(command, expected) => {
                let fits = place(command).is_none() && *expected == version;
                log.extend(fits.then_some(*command));
                fits
            }
            Conflicted(command, expected, actual) => {
                place(command).is_none() && expected != actual && *actual == version
            }
            WasDone(command, at) => place(command) == Some(*at),
            Asked(command, found) => place(command) == *found,
            Read(after, found) => log.iter().skip(*after).eq(found),
        }
    }
}

/// Whether there is such an order of the calls to one log.
pub(crate) fn is_linearizable(calls: &[Call]) -> bool {
    assert!(calls.len() <= 128, "the calls that are done are bits");
    search(calls, 0, &mut Vec::new(), &mut HashSet::new())
}

fn search(
    calls: &[Call],
    done: u128,
    log: &mut Vec<Uuid>,
    been: &mut HashSet<(u128, Vec<Uuid>)>,
) -> bool {
    let ahead = || (0..).zip(calls).filter(|(n, _)| done & (1 << n) == 0);
    let Some(first_answer) = ahead().map(|(_, call)| call.answered).min() else {
        return true;
    };
    if !been.insert((done, log.clone())) {
        return false;
    }
    for (n, call) in ahead().filter(|(_, call)| call.asked < first_answer) {
        let version = log.len();
        if call.did.fits(log) && search(calls, done | (1 << n), log, been) {
            return true;
        }
        log.truncate(version);
    }
    false
}

/// A caller: luck, a counter that all share, what it believes of each log, and what it did to it.
struct Caller<'a, S> {
    store: &'a S,
    dice: Dice,
    ticks: &'a AtomicU64,
    believes: Vec<Vec<Envelope>>,
    before: Vec<Option<Batch>>,
    calls: Vec<Vec<Call>>,
}

impl<S: Store> Caller<'_, S> {
    /// Does one thing to one log, by luck.
    fn calls(&mut self) {
        let number = self.luck(LOGS);
        let stream = stream(number as u64);
        let command = Uuid::from_u128(u128::from(self.dice.below(12)) + 1);
        let believed = self.believes[number].len();
        match self.dice.below(8) {
            0..3 => {
                let batch = self.draft(number, command);
                self.commits(number, &batch);
                self.before[number] = Some(batch);
            }
            3 => {
                if let Some(batch) = self.before[number].clone() {
                    self.commits(number, &batch);
                }
            }
            4 => {
                let before = self.before[number].as_ref();
                let command = before.map_or(command, |batch| batch.command().into());
                self.times(number, |store| {
                    let found = wait(store.outcome(&stream, command.into())).unwrap();
                    Asked(command, found.map(|found| found.last.get()))
                });
            }
            5 => {
                let after = self.luck(believed + 2);
                self.reads(number, after);
            }
            _ => self.believes[number] = self.reads(number, 0),
        }
    }

    fn luck(&mut self, end: usize) -> usize {
        usize::try_from(self.dice.below(end as u64)).unwrap()
    }

    fn times(&mut self, number: usize, call: impl FnOnce(&S) -> Did) {
        let asked = self.ticks.fetch_add(1, Ordering::SeqCst);
        // Others are let in between, as they seldom are where a call takes microseconds.
        std::thread::yield_now();
        let did = call(self.store);
        let answered = self.ticks.fetch_add(1, Ordering::SeqCst);
        self.calls[number].push(Call {
            asked,
            answered,
            did,
        });
    }

    fn reads(&mut self, number: usize, after: usize) -> Vec<Envelope> {
        let (stream, mut read) = (stream(number as u64), Vec::new());
        self.times(number, |store| {
            read = wait(store.history(&stream, Version::new(after as u64), 1_000)).unwrap();
            Read(
                after,
                read.iter().map(|event| event.id.command().into()).collect(),
            )
        });
        read
    }

    fn commits(&mut self, number: usize, batch: &Batch) {
        assert_eq!(batch.events().len(), 1);
        let command = batch.command().into();
        let expected = batch.expected().get();
        self.times(number, |store| match wait(store.commit(batch)) {
            Ok(Committed::Written) => Wrote(command, expected),
            Ok(Committed::AlreadyDone(done)) => WasDone(command, done.last.get()),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
                Conflicted(command, expected, error.actual().unwrap().1.get())
            }
        });
    }

    /// The request, or a note that says no more than its command: whoever writes it, and at whatever version, means
    /// the same.
    fn draft(&self, number: usize, command: Uuid) -> Batch {
        let (gates, facts) = (GateSet::new(), Facts::at(at(NOON)));
        let believed = &self.believes[number];
        if believed.is_empty() {
            let asked = Release::request(tenant("default"), id(number as u64), titled("Shop"));
            return gates
                .decide(asked, &facts, &by("kim"))
                .unwrap()
                .batch()
                .clone();
        }
        let release: Release<Request> = replay(believed).unwrap().in_phase().unwrap();
        let noted = release.record(note(&command.to_string()));
        let by = by("kim").command(command.into());
        gates.decide(noted, &facts, &by).unwrap().batch().clone()
    }
}

/// What callers did, each through one of these handles, to each log; and last what is in it, through every handle.
pub(crate) fn recorded<S: Store>(handles: &[S], seed: u64) -> Vec<Vec<Call>> {
    let (ticks, start) = (AtomicU64::new(0), Barrier::new(CALLERS));
    let caller = |n: usize| Caller {
        store: &handles[n % handles.len()],
        dice: Dice((seed * CALLERS as u64 + n as u64 + 1) * 0x9e37_79b9),
        ticks: &ticks,
        believes: vec![Vec::new(); LOGS],
        before: vec![None; LOGS],
        calls: (0..LOGS).map(|_| Vec::new()).collect(),
    };
    let mut logs = caller(0).calls;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CALLERS)
            .map(|n| {
                let (mut caller, start) = (caller(n), &start);
                scope.spawn(move || {
                    start.wait();
                    (0..CALLS).for_each(|_| caller.calls());
                    caller.calls
                })
            })
            .collect();
        for thread in threads {
            for (log, calls) in logs.iter_mut().zip(thread.join().unwrap()) {
                log.extend(calls);
            }
        }
    });
    for n in 0..handles.len() {
        let mut last = caller(n);
        (0..LOGS).for_each(|number| drop(last.reads(number, 0)));
        for (log, calls) in logs.iter_mut().zip(last.calls) {
            log.extend(calls);
        }
    }
    logs
}
