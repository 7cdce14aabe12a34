//! A store in one file: SQLite, with the engine built in.

mod commit;
mod error;
mod outbox;
mod path;
mod read;
mod row;
mod schema;
mod transaction;
mod worker;

pub use error::{SqliteError, SqliteErrorKind};

use super::query::{Cursor, Page, Query};
use super::{Committed, Outcome, Settlement, Store, StoreError};
use crate::phase::{Instant, Seconds};
use crate::release::{Batch, CommandId, Delivery, Envelope, Key, Stream, Tenant, Version};
use std::{path::Path, time::Duration};
use worker::Workers;

/// Keeps everything in one file, through a crash of the process and of the machine.
///
/// Every part of the [`Store`] contract holds, between the handles of any number of processes on one machine.
///
/// # How it works
///
/// The store has threads of its own that wait for the disk: one that writes, and some that read beside it. Callers only
/// await an answer, so that no executor is blocked, and none is needed. Commits that wait at the same time are written
/// as one transaction, each with its own answer, and all are answered when they are on disk.
///
/// SQLite keeps two more files beside the one that is named, `-wal` and `-shm`; the three belong together. Keep them on
/// a local disk: over a network, locks and shared memory cannot be relied upon.
///
/// # Cancellation
///
/// A future that is dropped before the writing thread comes to it writes nothing; later, all or nothing. Asking
/// [`outcome`](Store::outcome) of the same handle tells which, for good.
///
/// # Dropping
///
/// Dropping the store waits until its threads have finished what they began, and may take as long as one write and
/// a checkpoint.
///
/// # Examples
///
/// ```
/// use phasegate::{Desk, SqliteStore};
/// # let folder = std::env::temp_dir().join(format!("phasegate-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("releases.db");
///
/// let desk = Desk::new(SqliteStore::open(&path)?);
/// # drop(desk);
///
/// // What is something else is left as it is.
/// let readme = folder.join("readme.md");
/// std::fs::write(&readme, "# Releases of the shop, and how we keep them\n")?;
/// let refused = SqliteStore::open(&readme).unwrap_err();
/// assert!(refused.to_string().ends_with("is no SQLite file, and was left as it is; name another path"));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    // Dropped in this order: the last connection to close tidies up.
    readers: Workers,
    writer: Workers,
}

/// What an acknowledged commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Durability {
    /// A crash of the process, of the machine, and a power cut: every commit is forced to the disk before it is
    /// acknowledged.
    #[default]
    Full,
    /// A crash of the process. A crash of the machine or a power cut may take back the commits of the last moments,
    /// latest first and each whole, although they were acknowledged; the file is never damaged by it. In return a
    /// commit does not wait for the disk.
    Normal,
}

/// How a file is opened.
///
/// # Examples
///
/// ```
/// use phasegate::store::{Durability, SqliteOptions};
/// use std::time::Duration;
///
/// let options = SqliteOptions::default().with_durability(Durability::Normal).with_busy_wait(Duration::from_secs(1));
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    durability: Durability,
    busy_wait: Duration,
    readers: usize,
}

/// Most threads that read.
const READERS: usize = 64;

/// Longest busy wait.
const BUSY_WAIT: Duration = Duration::from_hours(1);

/// [`Durability::Full`], a busy wait of 5 seconds, 4 readers.
impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            busy_wait: Duration::from_secs(5),
            readers: 4,
        }
    }
}

impl SqliteOptions {
    /// The same, with another durability. It holds for this handle, not for the file.
    #[must_use]
    pub const fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// The same, waiting so long for other connections that write, before a call fails as unavailable: whole
    /// milliseconds, and at most an hour. A call that finds others waiting before it may wait twice as long.
    #[must_use]
    pub fn with_busy_wait(mut self, busy_wait: Duration) -> Self {
        self.busy_wait = busy_wait.min(BUSY_WAIT);
        self
    }

    /// The same, with so many threads that read: 1 to 64; a smaller or larger number is read as the nearest of these.
    #[must_use]
    pub const fn with_readers(mut self, readers: usize) -> Self {
        self.readers = match readers {
            0 => 1,
            1..=READERS => readers,
            _ => READERS,
        };
        self
    }
}

impl SqliteStore {
    /// Opens the file, or makes it if there is none. An empty file is a new one.
    ///
    /// It blocks until the file is there and up to date: a moment, and where another program holds it, up to two or three
    /// times the busy wait. Links to it are followed; a file of two names (hard links) is refused.
    ///
    /// The path is nothing but that: `:memory:`, and what begins with `file:`, is refused.
    /// [`MemoryStore`](super::MemoryStore) keeps releases in memory.
    ///
    /// # Errors
    ///
    /// - cannot open, read-only: the path or its permissions, or too many files are open
    /// - not a database, foreign, newer, corrupt: what is there is not for this store, and is left as it is
    /// - moved: a file that is in use has lost its `-wal`, or a `-wal` its file
    /// - locked: another connection kept it for longer than the busy wait; trying again may help
    /// - full, disk, other: see the error
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        Self::open_with(path, &SqliteOptions::default())
    }

    /// Opens the file in another way than the default one.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, SqliteError> {
        let path = path.as_ref();
        path::is_named(path)?;
        let path = &path::resolved(path);
        path::has_one_name(path)?;
        path::is_whole(path)?;
        let open = || {
            let connection = schema::open(path, options)?;
            Ok(Self {
                readers: Workers::readers(path, options)?,
                writer: Workers::writer(connection, path)?,
            })
        };
        open().map_err(|error| path::looked_into(error, path, options))
    }
}

#[diagnostic::do_not_recommend]
impl Store for SqliteStore {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let batch = batch.clone();
        let commit = move |connection: &_| commit::commit(connection, &batch);
        self.writer.ask(true, commit).await
    }

    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        let stream = stream.clone();
        let history = move |connection: &_| read::history(connection, &stream, after, limit);
        self.readers.ask(false, history).await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let (tenant, after) = (tenant.clone(), after.cloned());
        let list =
            move |connection: &_| read::list(connection, &tenant, query, after.as_ref(), limit);
        self.readers.ask(false, list).await
    }

    /// Asked of the thread that writes, so that it is true of every commit before it, also of one whose future was
    /// dropped.
    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        let stream = stream.clone();
        let outcome = move |connection: &_| read::outcome(connection, &stream, command);
        self.writer.ask(false, outcome).await
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (tenant, sink) = (tenant.clone(), sink.clone());
        let claim =
            move |connection: &_| outbox::claim(connection, &tenant, &sink, now, lease, limit);
        self.writer.ask(true, claim).await
    }

    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        let delivery = delivery.clone();
        let settle = move |connection: &_| outbox::settle(connection, &delivery, settlement);
        self.writer.ask(true, settle).await
    }
}
