//! Folders of their own for files of stores, and the test binary as a child process.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests have folders and processes"
)]

use crate::desk_support::{NOON, at, by, id, note, tenant, titled, wait};
use phasegate::gate::{Facts, GateSet};
use phasegate::phase::Request;
use phasegate::release::{AnyRecord, Batch, Envelope, Event, Stream, Version, replay, verify};
use phasegate::store::{Durability, SqliteOptions};
use phasegate::{Release, SqliteStore, Store};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that is gone when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("phasegate-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("releases.db")
    }

    /// A store in this folder that does not wait for the disk.
    pub(crate) fn quick(&self) -> SqliteStore {
        SqliteStore::open_with(self.file(), &quick()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(crate) fn quick() -> SqliteOptions {
    SqliteOptions::default().with_durability(Durability::Normal)
}

/// What the child process is told: the path of the store, and a word.
const CHILD: &str = "PHASEGATE_TEST_CHILD";

/// This very binary, to run one of its tests as a child.
pub(crate) fn child(test: &str, file: &Path, word: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(CHILD, format!("{}\n{word}", file.display()));
    command
}

/// The path and the word, in a child; nothing where the tests run as usual.
pub(crate) fn told() -> Option<(PathBuf, String)> {
    let told = std::env::var(CHILD).ok()?;
    let (path, word) = told.split_once('\n')?;
    Some((path.into(), word.to_owned()))
}

/// What begins a release, and what adds a note to it.
pub(crate) fn beginning(number: u64) -> Batch {
    let request = titled(&format!("Release {number}"));
    let proposal = Release::request(tenant("default"), id(number), request);
    let cleared = GateSet::new().decide(proposal, &Facts::at(at(NOON)), &by("kim"));
    cleared.unwrap().batch().clone()
}

pub(crate) fn noting(log: &[Envelope], what: &str, who: &str) -> Batch {
    let release: Release<Request> = replay(log).unwrap().in_phase().unwrap();
    let proposal = release.record(note(what));
    let cleared = GateSet::new().decide(proposal, &Facts::at(at(NOON)), &by(who));
    cleared.unwrap().batch().clone()
}

/// A whole log, checked.
pub(crate) fn log(store: &impl Store, stream: &Stream) -> Vec<Envelope> {
    let mut log = Vec::new();
    loop {
        let after = Version::new(log.len() as u64);
        let page = wait(store.history(stream, after, 1_000)).unwrap();
        if page.is_empty() {
            verify(&log).unwrap();
            return log;
        }
        log.extend(page);
    }
}

/// The texts of the notes in a log.
pub(crate) fn notes(log: &[Envelope]) -> Vec<String> {
    let text = |entry: &Envelope| match entry.decode().unwrap() {
        Some(Event::Record(AnyRecord::Note(note))) => Some(note.text.to_string()),
        _ => None,
    };
    log.iter().filter_map(text).collect()
}

/// Takes an entry out of a log behind the back of every store.
#[cfg(feature = "testing")]
pub(crate) fn without_entry(file: &Path, stream: &Stream, version: Version) {
    let connection = rusqlite::Connection::open(file).unwrap();
    let sql = "DELETE FROM events WHERE place >> 20 = (SELECT number FROM streams WHERE tenant = ?1 AND kind = ?2 AND id = ?3)
               AND place & 1048575 = ?4";
    let named = (
        stream.tenant.as_str(),
        stream.kind.name(),
        stream.id.as_str(),
        i64::try_from(version.get()).unwrap(),
    );
    assert_eq!(connection.execute(sql, named).unwrap(), 1);
}
