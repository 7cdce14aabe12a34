//! A store of one's own: a file per log, in a folder. It keeps the whole contract of `Store`, and the suite says so.
//!
//! `cargo run --example own_store --features testing`
//!
//! A commit is one record at the end of the file of its log, so that it is there whole or not at all. Whatever rests on
//! more than one file is done under one lock for the folder. It is short rather than quick: it blocks the thread that
//! calls it, every handle keeps all logs in memory, and a list looks at every release.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "this store has files, and an example shows what it did"
)]

use phasegate::Instant;
use phasegate::phase::Seconds;
use phasegate::release::limits::{
    BATCH_EVENTS, BATCH_GUARDS, PAGE_ROWS, PAYLOAD_BYTES, STREAM_EVENTS,
};
use phasegate::release::{
    Batch, CommandId, Delivery, Digest, Envelope, Key, Notice, Stream, StreamKind, Summary, Tenant,
    Version,
};
use phasegate::store::{
    Committed, Cursor, Outcome, Page, Query, Row, Settlement, Store, StoreError,
};
use phasegate::testing::conformance::{Harness, run};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Keeps every log in a file of its own.
struct FileStore {
    folder: PathBuf,
    /// What was read so far of each file. Files only grow, so that nothing is read twice.
    logs: Mutex<HashMap<PathBuf, Log>>,
}

/// One commit, as it stands in a file.
#[derive(Serialize, Deserialize)]
struct Record {
    command: CommandId,
    intent: Digest,
    events: Vec<Envelope>,
    notices: Vec<Notice>,
    summary: Option<Summary>,
}

/// What a file comes to, up to some byte.
#[derive(Default)]
struct Log {
    bytes: u64,
    events: Vec<Envelope>,
    notices: Vec<Notice>,
    commands: HashMap<CommandId, Outcome>,
    summary: Option<Summary>,
}

/// What a sink has done with a log.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Claim {
    settled: u64,
    attempt: u32,
    not_before: Option<Instant>,
}

/// By the names of the logs' files.
type Claims = BTreeMap<String, Claim>;

fn failed(error: io::Error) -> StoreError {
    StoreError::other(error)
}

fn corrupt(path: &Path, what: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(format!("`{}`: {what}", path.display()))
}

impl Log {
    fn version(&self) -> Version {
        Version::new(self.events.len() as u64)
    }

    /// Reads what has been added to the file since.
    fn catch_up(&mut self, path: &Path) -> Result<(), StoreError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        if file.metadata().map_err(failed)?.len() == self.bytes {
            return Ok(());
        }
        let mut added = Vec::new();
        file.seek(SeekFrom::Start(self.bytes)).map_err(failed)?;
        file.read_to_end(&mut added).map_err(failed)?;
        let mut rest = added.as_slice();
        // A record is its length, a line feed, and JSON; what a crash has cut off at the end was never acknowledged.
        loop {
            let mut parts = rest.splitn(2, |byte| *byte == b'\n');
            let (Some(digits), Some(after)) = (parts.next(), parts.next()) else {
                return Ok(());
            };
            let length = str::from_utf8(digits)
                .ok()
                .and_then(|digits| digits.parse().ok());
            let length: usize = length.ok_or_else(|| corrupt(path, "a record has no length"))?;
            let Some((json, after)) = after.split_at_checked(length) else {
                return Ok(());
            };
            let record = serde_json::from_slice(json).map_err(|error| corrupt(path, error))?;
            self.apply(record, path)?;
            self.bytes += (digits.len() + 1 + length) as u64;
            rest = after;
        }
    }

    fn apply(&mut self, record: Record, path: &Path) -> Result<(), StoreError> {
        let first = self.version().plus(1);
        for event in record.events {
            if event.version != self.version().plus(1) {
                let what = format!("version {} is missing", self.version().plus(1));
                return Err(corrupt(path, what));
            }
            self.events.push(event);
        }
        let (intent, last) = (record.intent, self.version());
        let outcome = Outcome {
            intent,
            first,
            last,
        };
        self.commands.insert(record.command, outcome);
        self.notices.extend(record.notices);
        self.summary = record.summary;
        Ok(())
    }
}

impl FileStore {
    /// Opens a folder, or makes it.
    fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            logs: Mutex::default(),
        })
    }

    /// The folder of a tenant. Names may hold anything and be long; digests of them are names of files everywhere.
    fn tenant(&self, tenant: &Tenant) -> PathBuf {
        self.folder
            .join(Digest::of(tenant.as_str().as_bytes()).to_string())
    }

    fn path(&self, stream: &Stream) -> PathBuf {
        // No kind has a slash in its name.
        let name = Digest::of(format!("{}/{}", stream.kind, stream.id).as_bytes());
        self.tenant(&stream.tenant).join(format!("{name}.log"))
    }

    fn claims_path(&self, tenant: &Tenant, sink: &Key) -> PathBuf {
        let name = Digest::of(sink.as_str().as_bytes());
        self.tenant(tenant).join(format!("{name}.claims"))
    }

    /// Works while nobody else does, in this process or another one. The lock is gone with the file handle.
    fn alone<T>(
        &self,
        work: impl FnOnce(&mut HashMap<PathBuf, Log>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.folder.join("lock");
        let lock = File::create(path).and_then(|file| file.lock().map(|()| file));
        let _lock = lock.map_err(StoreError::unavailable)?;
        work(&mut logs)
    }

    /// A log as it is now.
    fn log<'a>(
        &self,
        logs: &'a mut HashMap<PathBuf, Log>,
        stream: &Stream,
    ) -> Result<&'a Log, StoreError> {
        up_to_date(logs, &self.path(stream))
    }

    /// All logs of a tenant, by the names of their files.
    fn files(&self, tenant: &Tenant) -> Result<Vec<PathBuf>, StoreError> {
        let entries = match fs::read_dir(self.tenant(tenant)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(failed)?;
        paths.retain(|path| path.extension().is_some_and(|end| end == "log"));
        paths.sort();
        Ok(paths)
    }

    /// Contract 5: until the first byte is written every error leaves the file as it is. From then on nobody knows.
    fn append(&self, log: &Log, batch: &Batch) -> Result<(), StoreError> {
        let record = Record {
            command: batch.command(),
            intent: batch.intent(),
            events: batch.events().to_vec(),
            notices: batch.outbox().collect(),
            summary: batch.summary().cloned(),
        };
        let json = serde_json::to_vec(&record).map_err(StoreError::other)?;
        let bytes = [format!("{}\n", json.len()).as_bytes(), &json].concat();
        let folder = self.tenant(&batch.stream().tenant);
        fs::create_dir_all(&folder).map_err(failed)?;
        let path = self.path(batch.stream());
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path);
        let mut file = file.map_err(failed)?;
        // What a crash has left of an earlier record.
        file.set_len(log.bytes).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        let written = written.and_then(|()| match log.bytes {
            0 => sync_folder(&folder),
            _ => Ok(()),
        });
        written.map_err(StoreError::unknown)
    }

    fn read_claims(&self, tenant: &Tenant, sink: &Key) -> Result<Claims, StoreError> {
        let path = self.claims_path(tenant, sink);
        match fs::read(&path) {
            Ok(json) => serde_json::from_slice(&json).map_err(|error| corrupt(&path, error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Claims::new()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes them beside the old ones, and puts them in their place in one go.
    fn write_claims(&self, tenant: &Tenant, sink: &Key, claims: &Claims) -> Result<(), StoreError> {
        let path = self.claims_path(tenant, sink);
        let (new, json) = (path.with_extension("new"), serde_json::to_vec(claims));
        let json = json.map_err(StoreError::other)?;
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(&json)?;
            file.sync_data()?;
            fs::rename(&new, &path)
        };
        write().map_err(StoreError::unknown)
    }
}

/// On some systems a new file is lost in a crash unless its folder is on the disk too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn up_to_date<'a>(logs: &'a mut HashMap<PathBuf, Log>, path: &Path) -> Result<&'a Log, StoreError> {
    let log = logs.entry(path.to_owned()).or_default();
    let caught_up = log.catch_up(path);
    if caught_up.is_err() {
        // It was read in part.
        *log = Log::default();
    }
    caught_up.map(|()| &*log)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn keeps_limits(batch: &Batch) -> Result<(), StoreError> {
    let bytes = batch.events().iter().map(|event| event.data.as_str().len());
    if batch.events().len() > BATCH_EVENTS
        || batch.guards().len() > BATCH_GUARDS
        || bytes.max() > Some(PAYLOAD_BYTES)
        || batch.version().get() > STREAM_EVENTS
    {
        return Err(StoreError::too_large(
            "the batch is larger than a store has to take",
        ));
    }
    Ok(())
}

impl Store for FileStore {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.alone(|logs| {
            let log = self.log(logs, batch.stream())?;
            // Contract 4 comes first.
            if let Some(done) = log.commands.get(&batch.command()) {
                return if done.intent == batch.intent() {
                    Ok(Committed::AlreadyDone(*done))
                } else {
                    Err(StoreError::command_reused(batch.stream(), batch.command()))
                };
            }
            keeps_limits(batch)?;
            if log.version() != batch.expected() {
                let (expected, actual) = (batch.expected(), log.version());
                return Err(StoreError::conflict(batch.stream(), expected, actual));
            }
            for (guarded, expected) in batch.guards() {
                let actual = self.log(logs, guarded)?.version();
                if actual != *expected {
                    return Err(StoreError::guard_moved(guarded, *expected, actual));
                }
            }
            self.append(self.log(logs, batch.stream())?, batch)?;
            Ok(Committed::Written)
        })
    }

    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        self.alone(|logs| {
            let after = usize::try_from(after.get()).unwrap_or(usize::MAX);
            let events = self.log(logs, stream)?.events.iter().skip(after);
            Ok(events.take(limit.clamp(1, PAGE_ROWS)).cloned().collect())
        })
    }

    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.alone(|logs| {
            let mut found = Vec::new();
            for path in self.files(tenant)? {
                let log = up_to_date(logs, &path)?;
                let (Some(summary), Some(last)) = (&log.summary, log.events.last()) else {
                    continue;
                };
                let is_release = last.stream.kind == StreamKind::Release;
                if let Some(at) = query.order.instant(summary)
                    && is_release
                    && query.filter.takes(summary.standing.phase)
                {
                    let id = last.stream.id.clone();
                    let (stream, version) = (last.stream.clone(), log.version());
                    let summary = summary.clone();
                    found.push((
                        Cursor { at, id },
                        Row {
                            stream,
                            version,
                            summary,
                        },
                    ));
                }
            }
            found.retain(|(place, _)| after.is_none_or(|after| place > after));
            found.sort_by(|(one, _), (other, _)| one.cmp(other));
            let limit = limit.clamp(1, PAGE_ROWS);
            let has_more = found.len() > limit;
            found.truncate(limit);
            let next = found
                .last()
                .filter(|_| has_more)
                .map(|(place, _)| place.clone());
            let rows = found.into_iter().map(|(_, row)| row).collect();
            Ok(Page { rows, next })
        })
    }

    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        self.alone(|logs| Ok(self.log(logs, stream)?.commands.get(&command).copied()))
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.alone(|logs| {
            let mut claims = self.read_claims(tenant, sink)?;
            let mut waiting = Vec::new();
            for path in self.files(tenant)? {
                let claim = claims.get(&name(&path)).copied().unwrap_or_default();
                let log = up_to_date(logs, &path)?;
                let next = usize::try_from(claim.settled).unwrap_or(usize::MAX);
                let is_free = claim.not_before.is_none_or(|not_before| not_before <= now);
                if let Some(notice) = log.notices.get(next).filter(|_| is_free) {
                    waiting.push((claim, name(&path), notice.clone()));
                }
            }
            // What was never claimed comes first, and then what has waited longest since.
            waiting.sort_by_key(|(claim, ..)| claim.not_before);
            let mut deliveries = Vec::new();
            for (mut claim, name, notice) in waiting.into_iter().take(limit.clamp(1, PAGE_ROWS)) {
                claim.attempt += 1;
                claim.not_before = Some(now.plus(lease));
                claims.insert(name, claim);
                deliveries.push(Delivery::new(notice, sink.clone(), claim.attempt));
            }
            if !deliveries.is_empty() {
                self.write_claims(tenant, sink, &claims)?;
            }
            Ok(deliveries)
        })
    }

    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        let Delivery {
            notice,
            sink,
            attempt,
            ..
        } = delivery;
        let tenant = &notice.stream.tenant;
        self.alone(|_| {
            let mut claims = self.read_claims(tenant, sink)?;
            let stale = || StoreError::stale_claim(&delivery.dedupe_key());
            let claim = claims
                .get_mut(&name(&self.path(&notice.stream)))
                .ok_or_else(stale)?;
            let is_next = notice.version.get() == claim.settled + 1;
            if !is_next || claim.attempt != *attempt || claim.not_before.is_none() {
                return Err(stale());
            }
            match settlement {
                Settlement::RetryAt(at) => claim.not_before = Some(at),
                Settlement::Delivered | Settlement::Rejected => {
                    let settled = claim.settled + 1;
                    *claim = Claim {
                        settled,
                        ..Claim::default()
                    };
                }
            }
            self.write_claims(tenant, sink, &claims)
        })
    }
}

/// How the suite comes by the store.
#[derive(Clone)]
struct Folders;

/// A folder that is gone when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Harness for Folders {
    type Place = Folder;
    type Store = FileStore;

    async fn fresh(&self) -> Folder {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("phasegate-own-store-{}-{number}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }

    async fn open(&self, place: &Folder) -> FileStore {
        FileStore::open(&place.0).expect("a folder for files that go again")
    }

    /// Takes an entry out of its record.
    async fn break_link(&self, place: &Folder, stream: &Stream, version: Version) -> bool {
        let path = FileStore::open(&place.0).expect("the folder").path(stream);
        let text = fs::read_to_string(&path).expect("the file of the log");
        let mut left = String::new();
        let mut rest = text.as_str();
        while let Some((length, after)) = rest.split_once('\n') {
            let (json, after) = after.split_at(length.parse().expect("a length"));
            let mut record: Record = serde_json::from_str(json).expect("a record");
            record.events.retain(|event| event.version != version);
            let json = serde_json::to_string(&record).expect("a record");
            left = format!("{left}{}\n{json}", json.len());
            rest = after;
        }
        fs::write(path, left).is_ok()
    }
}

fn main() {
    let report = pollster::block_on(run(&Folders));
    println!("{report}");
    report.assert();
}

#[cfg(test)]
mod keeps_the_contract {
    phasegate::conformance_tests!(super::Folders);
}

#[cfg(test)]
mod tests {
    use super::*;
    use phasegate::release::{Name, Note, ReleaseRequest, Text};
    use phasegate::{Desk, Person};

    /// What a crash leaves of a record is not there, and the next commit takes its place.
    #[test]
    fn a_record_that_is_cut_off_is_not_there() {
        pollster::block_on(async {
            let place = Folders.fresh().await;
            let desk = Desk::new(Folders.open(&place).await);
            let kim = Person::new("kim").unwrap();
            let request = ReleaseRequest::new(Name::new("Shop 2.4").unwrap());
            let release = desk.run(desk.request(request), &kim).await.unwrap();
            let (stream, path) = (
                release.stream().clone(),
                desk.store().path(release.stream()),
            );
            let whole = fs::read(&path).unwrap().len();
            let note = Note::new(Text::new("seen").unwrap());
            let _ = desk.record(release, note.clone(), &kim).await.unwrap();
            let bytes = fs::read(&path).unwrap();
            for cut in (whole..bytes.len()).step_by(7) {
                fs::write(&path, &bytes[..cut]).unwrap();
                let desk = Desk::new(Folders.open(&place).await);
                let log = desk
                    .store()
                    .history(&stream, Version::NONE, 10)
                    .await
                    .unwrap();
                assert_eq!(log.len(), 1, "cut at {cut}");
                let release = desk.load(phasegate_id(&stream)).await.unwrap();
                let request = release.in_phase::<phasegate::phase::Request>().unwrap();
                let _ = desk.record(request, note.clone(), &kim).await.unwrap();
                let log = Folders
                    .open(&place)
                    .await
                    .history(&stream, Version::NONE, 10)
                    .await;
                assert_eq!(log.unwrap().len(), 2, "cut at {cut}");
            }
        });
    }

    fn phasegate_id(stream: &Stream) -> phasegate::release::ReleaseId {
        stream.id.as_str().parse().unwrap()
    }
}
