//! The threads that wait for the disk, so that no caller's executor has to.

use super::SqliteOptions;
use super::error::{Fault, SqliteError, SqliteErrorKind};
use super::path::Opened;
use super::schema;
use super::transaction::{During, Failed, in_transaction};
use crate::store::StoreError;
use futures_channel::oneshot;
use rusqlite::Connection;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{Builder, JoinHandle},
};

/// How many jobs become one transaction at most.
const GROUP: usize = 256;

/// Something to be done with a connection, and who waits for it.
trait Job: Send {
    fn is_wanted(&self) -> bool;
    fn writes(&self) -> bool;
    /// Does it, and keeps the answer. It may be done again after a rollback.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Gives the answer, or what came of the transaction instead.
    fn answer(self: Box<Self>, instead: Option<StoreError>);
}

struct Asked<T, F> {
    ask: F,
    writes: bool,
    answer: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Asked<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_canceled()
    }

    fn writes(&self) -> bool {
        self.writes
    }

    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.answer = Some(match (self.ask)(connection) {
            Ok(answer) => Ok(answer),
            Err(Fault::Refused(refused)) => Err(refused),
            Err(Fault::Failed(error)) => return Err(error),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, instead: Option<StoreError>) {
        let Self { answer, reply, .. } = *self;
        let answer = match (instead, answer) {
            (Some(error), _) => Some(Err(error)),
            (None, answer) => answer,
        };
        // Who has dropped the future does not want to know. Without an answer the caller learns that there is none.
        let tell = move || drop(answer.map(|answer| reply.send(answer)));
        // A waker is the caller's, and may panic: that is nobody else's harm.
        drop(catch_unwind(AssertUnwindSafe(tell)));
    }
}

/// A queue of jobs, and the threads that do them. Dropping it waits until they have.
pub(super) struct Workers {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// One thread, which does everything that writes.
    pub(super) fn writer(connection: Connection, path: &Path) -> Result<Self, SqliteError> {
        let (jobs, queue) = mpsc::channel();
        let mut writer = Writer {
            connection,
            path: path.to_owned(),
            opened: Opened::at(path),
            is_in_doubt: false,
        };
        let thread = spawn("phasegate-writer", path, move || writer.work(&queue))?;
        Ok(Self {
            jobs: Some(jobs),
            threads: vec![thread],
        })
    }

    /// Threads that read, each on a connection of its own.
    pub(super) fn readers(path: &Path, options: &SqliteOptions) -> Result<Self, SqliteError> {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut readers = Self {
            jobs: Some(jobs),
            threads: Vec::new(),
        };
        for _ in 0..options.readers {
            let connection = schema::connect(path, options)?;
            connection
                .pragma_update(None, "query_only", true)
                .map_err(|error| SqliteError::of(error, path))?;
            let (queue, owned) = (Arc::clone(&queue), path.to_owned());
            let work = move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = next else { return };
                    read(job, &connection, &owned);
                }
            };
            readers.threads.push(spawn("phasegate-reader", path, work)?);
        }
        Ok(readers)
    }

    /// Hands something to the threads, and waits for the answer. Dropped before it was begun, it is left out.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        writes: bool,
        ask: impl FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Asked {
            ask,
            writes,
            answer: None,
            reply,
        };
        let ended = || "the store's thread has ended; open the file again";
        let Some(Ok(())) = self.jobs.as_ref().map(|jobs| jobs.send(Box::new(job))) else {
            return Err(StoreError::unavailable(ended()));
        };
        answer.await.unwrap_or_else(|_| {
            Err(if writes {
                StoreError::unknown(ended())
            } else {
                StoreError::unavailable(ended())
            })
        })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.jobs = None;
        let own = std::thread::current().id();
        for thread in self.threads.drain(..) {
            // An executor may poll where it is woken, and drop the store there: that thread ends by itself.
            if thread.thread().id() != own {
                // Its panic was told to those who waited.
                drop(thread.join());
            }
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.threads).finish()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "SQLite waits for the disk, and the host's executor must not"
)]
fn spawn(
    name: &str,
    path: &Path,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, SqliteError> {
    let thread = Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|error| {
        let what = "cannot have a thread of its own; see how many this process may have";
        SqliteError::other(path, what, Some(Arc::new(error)))
    })
}

fn read(mut job: Box<dyn Job>, connection: &Connection, path: &Path) {
    // One snapshot, however many statements.
    let done = in_transaction(connection, path, "BEGIN", |connection| job.run(connection));
    job.answer(done.err().map(Failed::told));
}

struct Writer {
    connection: Connection,
    path: PathBuf,
    opened: Opened,
    /// Whether the last transaction ended in doubt: it may come back when the file is recovered.
    is_in_doubt: bool,
}

impl Writer {
    fn work(&mut self, queue: &mpsc::Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            let waiting = std::iter::once(first).chain(queue.try_iter().take(GROUP - 1));
            let (writes, reads) = waiting
                .filter(|job| job.is_wanted())
                .partition(|job| job.writes());
            self.write(writes);
            self.read_after(reads);
        }
    }

    /// Writes all that wait as one transaction, and answers when it is on disk.
    fn write(&mut self, mut group: Vec<Box<dyn Job>>) {
        if group.is_empty() {
            return;
        }
        let done = self.is_there().and_then(|()| self.dispel()).and_then(|()| {
            let work =
                |connection: &Connection| group.iter_mut().try_for_each(|job| job.run(connection));
            in_transaction(&self.connection, &self.path, "BEGIN IMMEDIATE", work)
        });
        match done {
            Ok(()) => group.into_iter().for_each(|job| job.answer(None)),
            // One job's fault, and nobody knows whose: each alone, so that it is nobody else's.
            Err(failed) if failed.during == During::Work && group.len() > 1 => {
                for job in group {
                    self.write(vec![job]);
                }
            }
            Err(failed) => {
                self.is_in_doubt |= failed.leaves_doubt();
                for job in group {
                    job.answer(Some(failed.clone().told()));
                }
            }
        }
    }

    /// What is written to a file that has another name by now, or none, would be lost with it. SQLite does not look.
    fn is_there(&self) -> Result<(), Failed> {
        if self.opened.is_there() {
            return Ok(());
        }
        let error = SqliteError::new(SqliteErrorKind::Moved, &self.path, None);
        let during = During::Begin;
        Err(Failed { during, error })
    }

    /// Reads that have to see whatever was asked before them.
    fn read_after(&mut self, reads: Vec<Box<dyn Job>>) {
        for job in reads {
            match self.dispel() {
                Ok(()) => read(job, &self.connection, &self.path),
                Err(failed) => job.answer(Some(failed.told())),
            }
        }
    }

    /// Overwrites what a failed commit may have left in the write-ahead log, or it could still come true in a crash,
    /// after an answer that it had not.
    fn dispel(&mut self) -> Result<(), Failed> {
        if self.is_in_doubt {
            let version = self
                .connection
                .pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0));
            version
                .and_then(|version| self.connection.pragma_update(None, "user_version", version))
                .map_err(|error| Failed::new(During::Begin, error, &self.path))?;
            self.is_in_doubt = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreErrorKind;
    use pollster::block_on as wait;
    use std::{
        future::Future,
        pin::{Pin, pin},
        task::{Context, Waker},
    };

    fn workers(sql: &str) -> Workers {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT;";
        connection.execute_batch(&format!("{table}{sql}")).unwrap();
        Workers::writer(connection, Path::new("a.db")).unwrap()
    }

    fn insert(number: i64) -> impl FnMut(&Connection) -> Result<i64, Fault> + Send {
        move |connection| {
            connection.execute("INSERT INTO numbers VALUES (?1)", [number])?;
            Ok(number)
        }
    }

    fn numbers(workers: &Workers) -> Vec<i64> {
        let read = |connection: &Connection| {
            let mut find = connection.prepare("SELECT number FROM numbers ORDER BY number")?;
            let found = find.query_map([], |row| row.get(0))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        };
        wait(workers.ask(false, read)).unwrap()
    }

    /// Holds the writer until everything else is queued.
    fn together<T>(workers: &Workers, queue: impl FnOnce() -> T) -> T {
        let (go, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let mut hold = pin!(workers.ask(false, move |_| {
            gate.lock().unwrap().recv().unwrap();
            Ok(())
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(hold.as_mut().poll(&mut context).is_pending());
        let queued = queue();
        go.send(()).unwrap();
        wait(hold).unwrap();
        queued
    }

    fn queued<T>(asked: impl Future<Output = T>) -> Pin<Box<impl Future<Output = T>>> {
        let mut asked = Box::pin(asked);
        let mut context = Context::from_waker(Waker::noop());
        assert!(asked.as_mut().poll(&mut context).is_pending());
        asked
    }

    #[test]
    fn one_bad_job_does_not_hurt_the_others_of_its_group() {
        let workers = workers("INSERT INTO numbers VALUES (7);");
        let asked = [1, 7, 2];
        let asked = together(&workers, || {
            asked.map(|n| queued(workers.ask(true, insert(n))))
        });
        let [one, bad, two] = asked.map(wait);
        assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
        assert_eq!(bad.unwrap_err().kind(), StoreErrorKind::Corrupt);
        assert_eq!(numbers(&workers), [1, 2, 7]);
    }

    #[test]
    fn jobs_that_wait_are_one_transaction_and_none_is_answered_before_it_is_over() {
        let name = format!("phasegate-group-{}.db", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(std::fs::remove_file(&path));
        let connection = Connection::open(&path).unwrap();
        let table = "PRAGMA journal_mode = wal; CREATE TABLE numbers (number INTEGER PRIMARY KEY)";
        connection.execute_batch(table).unwrap();
        let workers = Workers::writer(connection, &path).unwrap();
        // What another connection sees while the job is done.
        let seen = |number| {
            let (path, mut insert) = (path.clone(), insert(number));
            move |connection: &Connection| {
                insert(connection)?;
                let other = Connection::open(&path)?;
                let count = "SELECT count(*) FROM numbers";
                Ok(other.query_row(count, [], |row| row.get::<_, i64>(0))?)
            }
        };
        let asked = [1, 2, 3];
        let asked = together(&workers, || {
            asked.map(|n| queued(workers.ask(true, seen(n))))
        });
        assert_eq!(asked.map(|one| wait(one).unwrap()), [0, 0, 0]);
        assert_eq!(numbers(&workers), [1, 2, 3]);
        drop(workers);
        std::fs::remove_file(&path).unwrap();
    }

    /// A waker that does in `wake` what it was made to.
    struct Wake(Mutex<Option<Box<dyn FnOnce() + Send>>>);

    impl std::task::Wake for Wake {
        fn wake(self: Arc<Self>) {
            let work = self.0.lock().unwrap().take();
            if let Some(work) = work {
                work();
            }
        }
    }

    fn woken_to(work: impl FnOnce() + Send + 'static) -> Waker {
        Arc::new(Wake(Mutex::new(Some(Box::new(work))))).into()
    }

    #[test]
    fn a_waker_that_panics_hurts_nobody_else() {
        let workers = workers("");
        let waker = woken_to(|| panic!("nobody is at home"));
        let mut asked = Box::pin(workers.ask(true, insert(1)));
        let _ = together(&workers, || {
            asked
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        });
        assert_eq!(wait(asked).unwrap(), 1);
        assert_eq!(wait(workers.ask(true, insert(2))).unwrap(), 2);
    }

    /// An executor may poll where it is woken: then the last handle is dropped on the thread of the store.
    #[test]
    fn the_last_handle_may_be_dropped_where_an_answer_is_told() {
        let workers = workers("");
        let ((go, gate), (told, is_told)) = (mpsc::channel::<()>(), mpsc::channel());
        let gate = Mutex::new(gate);
        let mut asked: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            let wait = move |_: &Connection| {
                gate.lock().unwrap().recv().unwrap();
                Ok(())
            };
            workers.ask(false, wait).await.unwrap();
            drop(workers);
            told.send(()).unwrap();
        });
        let slot = Arc::new(Mutex::new(None::<Pin<Box<dyn Future<Output = ()> + Send>>>));
        let woken = Arc::clone(&slot);
        let waker = woken_to(move || {
            let mut asked = woken.lock().unwrap().take().unwrap();
            let polled = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_ready());
        });
        let polled = asked.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        *slot.lock().unwrap() = Some(asked);
        go.send(()).unwrap();
        is_told.recv().unwrap();
    }

    #[test]
    fn a_refusal_is_one_jobs_own() {
        let workers = workers("");
        let (good, refused) = together(&workers, || {
            let refuse = |_: &Connection| Err::<(), _>(StoreError::too_large("no").into());
            (
                queued(workers.ask(true, insert(1))),
                queued(workers.ask(true, refuse)),
            )
        });
        assert_eq!(wait(refused).unwrap_err().kind(), StoreErrorKind::TooLarge);
        assert_eq!(wait(good).unwrap(), 1);
    }

    #[test]
    fn a_job_that_nobody_waits_for_is_left_out() {
        let workers = workers("");
        together(&workers, || drop(queued(workers.ask(true, insert(1)))));
        assert_eq!(numbers(&workers), [0; 0]);
    }

    #[test]
    fn a_full_disk_is_unavailable_and_writes_nothing() {
        let workers = workers("CREATE TABLE texts (text TEXT); PRAGMA max_page_count = 8;");
        let large = |connection: &Connection| {
            let text = "x".repeat(100_000);
            connection.execute("INSERT INTO texts VALUES (?1)", [text])?;
            Ok(())
        };
        let (small, large) = together(&workers, || {
            (
                queued(workers.ask(true, insert(1))),
                queued(workers.ask(true, large)),
            )
        });
        assert_eq!(wait(small).unwrap(), 1, "there is room for it");
        let full = wait(large).unwrap_err();
        assert_eq!(full.kind(), StoreErrorKind::Unavailable);
        let said = std::error::Error::source(&full).unwrap().to_string();
        assert_eq!(
            said,
            "`a.db` has no room on its disk; make room, and try again"
        );
    }

    #[test]
    fn a_disk_that_fails_at_the_commit_leaves_it_unknown_and_only_then() {
        let failed = |during| {
            let source = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
            let error = rusqlite::Error::SqliteFailure(source, None);
            Failed::new(during, error, Path::new("a.db")).told().kind()
        };
        assert_eq!(failed(During::Begin), StoreErrorKind::Unavailable);
        assert_eq!(failed(During::Work), StoreErrorKind::Unavailable);
        assert_eq!(failed(During::Commit), StoreErrorKind::Unknown);
    }

    #[test]
    fn doubt_is_dispelled_before_anything_is_answered() {
        let name = format!("phasegate-doubt-{}.db", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(std::fs::remove_file(&path));
        let connection = Connection::open(&path).unwrap();
        let table = "PRAGMA journal_mode = wal; PRAGMA user_version = 7; PRAGMA query_only = on";
        connection.execute_batch(table).unwrap();
        let other = Connection::open(&path).unwrap();
        let number = |pragma| {
            let read = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            other.pragma_query_value(None, pragma, read).unwrap()
        };
        let before = number("data_version");
        let mut writer = Writer {
            connection,
            path: path.clone(),
            opened: Opened::at(&path),
            is_in_doubt: true,
        };
        let ask = |writer: &mut Writer| {
            let (reply, answer) = oneshot::channel();
            writer.read_after(vec![Box::new(Asked {
                ask: |_: &Connection| Ok(()),
                writes: false,
                answer: None,
                reply,
            })]);
            wait(answer).unwrap()
        };
        // It cannot be, and so nothing is answered.
        ask(&mut writer).unwrap_err();
        assert!(writer.is_in_doubt);
        writer
            .connection
            .pragma_update(None, "query_only", false)
            .unwrap();
        ask(&mut writer).unwrap();
        assert!(!writer.is_in_doubt);
        assert_ne!(
            number("data_version"),
            before,
            "something was written over it"
        );
        assert_eq!(number("user_version"), 7);
        drop((writer, other));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_thread_that_has_ended_leaves_nobody_waiting() {
        let workers = workers("");
        let panic = |_: &Connection| -> Result<(), Fault> { panic!("a job of this test") };
        let died = wait(workers.ask(true, panic)).unwrap_err();
        assert_eq!(died.kind(), StoreErrorKind::Unknown);
        let after = wait(workers.ask(true, insert(1))).unwrap_err();
        // Whether it was in the queue already, nobody knows.
        let kinds = [StoreErrorKind::Unavailable, StoreErrorKind::Unknown];
        assert!(kinds.contains(&after.kind()), "{after}");
    }
}
