//! A process that commits is killed at any instant; a write-ahead log is cut off at any byte. What was acknowledged is
//! there once, and nothing is there in part.
//!
//! What this does not show is a disk that lies: one that says "written" of what a power cut takes away.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests cut files and wait for processes"
)]

use crate::desk_support::{NOON, at, key, stream, tenant, wait};
use crate::sqlite_support::{Folder, beginning, child, log, notes, noting, quick, told};
use crate::support::Dice;
use phasegate::phase::Seconds;
use phasegate::release::{Envelope, Version};
use phasegate::store::{Query, Settlement};
use phasegate::{SqliteStore, Store};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// How many threads of a child commit at the same time, each to a release of its own.
const WRITERS: u64 = 4;

#[test]
fn a_child_that_commits_until_it_is_killed() {
    let Some((file, round)) = told() else { return };
    let store = SqliteStore::open(file).unwrap();
    std::thread::scope(|scope| {
        for writer in 1..=WRITERS {
            let (store, round) = (&store, &round);
            scope.spawn(move || commit_for_ever(store, writer, round));
        }
    });
}

fn commit_for_ever(store: &SqliteStore, writer: u64, round: &str) {
    let mut log = log(store, &stream(writer));
    if log.is_empty() {
        let batch = beginning(writer);
        wait(store.commit(&batch)).unwrap();
        log.extend_from_slice(batch.events());
    }
    for n in 0..100_000 {
        let what = format!("{round} {writer} {n}");
        let batch = noting(&log, &what, "kim");
        wait(store.commit(&batch)).unwrap();
        writeln!(std::io::stdout().lock(), "acknowledged: {what}").unwrap();
        log.extend_from_slice(batch.events());
    }
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_once() {
    kill(15);
}

#[test]
#[ignore = "takes half a minute; CI runs it"]
fn what_was_acknowledged_before_any_of_200_kills_is_there_once() {
    kill(200);
}

fn kill(times: u64) {
    let folder = Folder::new();
    let mut dice = Dice(0x5eed);
    let (mut acknowledged, mut midway) = (Vec::new(), 0);
    for round in 0..times {
        let name = "sqlite_crash::a_child_that_commits_until_it_is_killed";
        let mut child = child(name, &folder.file(), &format!("round {round}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(dice.below(80_000)));
        child.kill().unwrap();
        let before = acknowledged.len();
        let said = BufReader::new(child.stdout.take().unwrap());
        acknowledged.extend(said.lines().filter_map(|line| {
            let line = line.unwrap();
            // A line that the kill cut off says nothing.
            let (_, what) = line.split_once("acknowledged: ")?;
            (what.split(' ').count() == 4).then(|| what.to_owned())
        }));
        assert!(!child.wait().unwrap().success(), "it ended by itself");
        midway += u32::from(acknowledged.len() > before);
        everything_is_there_once(&folder.file(), &acknowledged);
    }
    assert!(midway > 0, "every child was killed before it had committed");
}

fn everything_is_there_once(file: &Path, acknowledged: &[String]) {
    let store = SqliteStore::open_with(file, &quick()).unwrap();
    let logs: Vec<_> = (1..=WRITERS).map(|n| log(&store, &stream(n))).collect();
    let mut there: BTreeMap<String, u32> = BTreeMap::new();
    for note in logs.iter().flat_map(|log| notes(log)) {
        *there.entry(note).or_default() += 1;
    }
    assert!(there.values().all(|&times| times == 1), "{there:?}");
    for what in acknowledged {
        // The number may be cut off in its last line, and is then another one that was acknowledged.
        assert!(there.contains_key(what), "`{what}` is lost");
    }
    for log in &logs {
        is_whole(&store, log);
    }
}

/// Everything that a commit writes beside the events agrees with them.
fn is_whole(store: &SqliteStore, log: &[Envelope]) {
    let Some(last) = log.last() else { return };
    let page = wait(store.list(&tenant("default"), Query::default(), None, 1_000)).unwrap();
    let row = page.rows.iter().find(|row| row.stream == last.stream);
    assert_eq!(row.map(|row| row.version), Some(last.version));
    let outcome = wait(store.outcome(&last.stream, last.id.command())).unwrap();
    assert_eq!(outcome.map(|outcome| outcome.last), Some(last.version));
}

/// How many commits a file holds, each of them whole.
fn commits(store: &SqliteStore) -> usize {
    let log = log(store, &stream(1));
    is_whole(store, &log);
    let (of, sink, lease) = (tenant("default"), key("audit"), Seconds::minutes(1));
    let mut told = 0;
    while let Some(delivery) = wait(store.claim(&of, &sink, at(NOON), lease, 1))
        .unwrap()
        .pop()
    {
        wait(store.settle(&delivery, Settlement::Delivered)).unwrap();
        told += 1;
        assert_eq!(delivery.notice.version, Version::new(told));
    }
    assert_eq!(told, log.len() as u64, "a notice of every event");
    log.len()
}

#[test]
fn after_a_cut_a_prefix_of_whole_commits_is_there() {
    const HEADER: usize = 32;
    const FRAME: usize = 24 + 4_096;
    let folder = Folder::new();
    let store = folder.quick();
    let wal = folder.path().join("releases.db-wal");
    // How long the write-ahead log is after each commit.
    let mut ends = Vec::new();
    let mut log = Vec::new();
    while ends.len() < 8 {
        let batch = match log.len() {
            0 => beginning(1),
            n => noting(&log, &format!("note {n}"), "kim"),
        };
        wait(store.commit(&batch)).unwrap();
        log.extend_from_slice(batch.events());
        ends.push(usize::try_from(std::fs::metadata(&wal).unwrap().len()).unwrap());
    }
    let (main, whole) = (
        std::fs::read(folder.file()).unwrap(),
        std::fs::read(&wal).unwrap(),
    );
    drop(store);
    assert_eq!((whole.len() - HEADER) % FRAME, 0);

    let mut cuts = vec![0, 1, HEADER - 1, HEADER];
    for frame in (HEADER..whole.len()).step_by(FRAME) {
        cuts.extend([1, 24, FRAME / 2, FRAME - 1, FRAME].map(|bytes| frame + bytes));
    }
    let torn = Folder::new();
    for cut in cuts {
        for kept in std::fs::read_dir(torn.path()).unwrap() {
            std::fs::remove_file(kept.unwrap().path()).unwrap();
        }
        std::fs::write(torn.file(), &main).unwrap();
        std::fs::write(torn.path().join("releases.db-wal"), &whole[..cut]).unwrap();
        let store = torn.quick();
        let wanted = ends.iter().filter(|&&end| end <= cut).count();
        assert_eq!(commits(&store), wanted, "cut off after {cut} bytes");
        // And it goes on from there.
        let next = noting_or_beginning(&store);
        wait(store.commit(&next)).unwrap();
    }
}

fn noting_or_beginning(store: &SqliteStore) -> phasegate::release::Batch {
    let log = log(store, &stream(1));
    if log.is_empty() {
        beginning(1)
    } else {
        noting(&log, "after the cut", "kim")
    }
}
