//! Many writers of one file: threads, handles, processes, and futures that nobody waits for.
#![expect(clippy::print_stdout, reason = "children say what they saw")]

use crate::desk_support::{NOON, at, key, stream, tenant, wait};
use crate::sqlite_support::{Folder, beginning, child, log, notes, noting, told};
use phasegate::phase::Seconds;
use phasegate::store::{Committed, Settlement, StoreErrorKind};
use phasegate::{MemoryStore, SqliteStore, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::process::Stdio;
use std::task::{Context, Poll, Waker};

/// How many notes each process adds.
const EACH: usize = 5;

#[test]
fn a_child_that_writes_with_others() {
    let Some((file, who)) = told() else { return };
    let store = SqliteStore::open(file).unwrap();
    let mut lost = 0;
    for n in 0..EACH {
        loop {
            let read = log(&store, &stream(1));
            let batch = match read.len() {
                0 => beginning(1),
                _ => noting(&read, &format!("{who} {n}"), &who),
            };
            match wait(store.commit(&batch)) {
                Ok(Committed::Written) if read.is_empty() => {}
                Ok(Committed::Written) => break,
                // All begin the same release by the same asking.
                Ok(Committed::AlreadyDone(_)) => assert!(read.is_empty()),
                Err(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
                    lost += 1;
                }
            }
        }
    }
    println!("lost: {lost} races");
}

#[test]
fn of_writers_in_twenty_processes_one_wins_each_version() {
    let folder = Folder::new();
    let name = "sqlite_writers::a_child_that_writes_with_others";
    let children: Vec<_> = (0..20)
        .map(|n| {
            let mut child = child(name, &folder.file(), &format!("writer-{n}"));
            child.stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut lost = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        let (_, races) = said.split_once("lost: ").unwrap();
        lost += races.split(' ').next().unwrap().parse::<u32>().unwrap();
    }
    assert!(lost > 0, "nobody was in anybody's way");
    let read = log(&folder.quick(), &stream(1));
    let mut there: BTreeMap<String, u32> = BTreeMap::new();
    for note in notes(&read) {
        *there.entry(note).or_default() += 1;
    }
    assert_eq!((read.len(), there.len()), (1 + 20 * EACH, 20 * EACH));
    assert!(there.values().all(|&times| times == 1), "{there:?}");
}

#[test]
fn a_second_handle_sees_what_was_acknowledged() {
    let folder = Folder::new();
    let (one, other) = (folder.quick(), folder.quick());
    wait(one.commit(&beginning(1))).unwrap();
    for n in 1..200 {
        let (writes, reads) = if n % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let batch = noting(&log(reads, &stream(1)), &n.to_string(), "kim");
        wait(writes.commit(&batch)).unwrap();
        assert_eq!(log(reads, &stream(1)).len(), n + 1);
    }
}

#[test]
fn a_future_that_is_dropped_after_any_poll_leaves_all_or_nothing() {
    let folder = Folder::new();
    let store = folder.quick();
    wait(store.commit(&beginning(1))).unwrap();
    let (mut written, mut left_out) = (0, 0);
    for round in 0..400 {
        let before = log(&store, &stream(1));
        let batch = noting(&before, &format!("round {round}"), "kim");
        {
            let mut commit = Box::pin(store.commit(&batch));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..round % 4 {
                if let Poll::Ready(done) = commit.as_mut().poll(&mut context) {
                    assert_eq!(done.unwrap(), Committed::Written);
                    break;
                }
                if round % 8 > 3 {
                    std::thread::yield_now();
                }
            }
        }
        // Asked of the same handle, the answer is final.
        let outcome = wait(store.outcome(batch.stream(), batch.command())).unwrap();
        let after = log(&store, &stream(1));
        let is_there = after.len() > before.len();
        assert_eq!(outcome.is_some(), is_there, "round {round}");
        if is_there {
            written += 1;
            assert_eq!(after.last(), batch.events().last());
        } else {
            left_out += 1;
            assert_eq!(after, before);
        }
        let again = wait(store.commit(&batch)).unwrap();
        assert_eq!(matches!(again, Committed::AlreadyDone(_)), is_there);
        assert_eq!(log(&store, &stream(1)).len(), before.len() + 1);
    }
    assert!(written > 0 && left_out >= 100, "{written} {left_out}");
}

/// A sink that takes few at a time, and always puts them off, comes to all logs: none keeps the others away.
fn comes_to_all(store: &impl Store) {
    for number in 1..=6 {
        wait(store.commit(&beginning(number))).unwrap();
    }
    let (of, sink) = (tenant("default"), key("inbox"));
    let mut told = BTreeSet::new();
    let mut now = at(NOON);
    for _ in 0..6 {
        let claimed = wait(store.claim(&of, &sink, now, Seconds::new(30), 2)).unwrap();
        for delivery in &claimed {
            told.insert(delivery.notice.stream.id.to_string());
            let later = Settlement::RetryAt(now.plus(Seconds::new(30)));
            wait(store.settle(delivery, later)).unwrap();
        }
        now = now.plus(Seconds::minutes(1));
    }
    assert_eq!(told.len(), 6, "{told:?}");
}

#[test]
fn a_notice_that_is_put_off_again_and_again_keeps_no_other_one_away() {
    comes_to_all(&MemoryStore::new());
    comes_to_all(&Folder::new().quick());
}
