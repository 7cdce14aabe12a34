//! The same work by the raw driver: what a good engineer writes for one service, inline and for itself.

use phasegate::release::{Batch, Envelope, Summary};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const SCHEMA: &str = "
    CREATE TABLE releases (
        tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, phase TEXT NOT NULL,
        created_at INTEGER NOT NULL, planned_start INTEGER, next_due INTEGER, summary TEXT NOT NULL,
        PRIMARY KEY (tenant, id)
    ) STRICT;
    CREATE INDEX by_created ON releases (tenant, phase, created_at, id);
    CREATE INDEX by_planned ON releases (tenant, phase, planned_start, id) WHERE planned_start IS NOT NULL;
    CREATE INDEX by_due ON releases (tenant, phase, next_due, id) WHERE next_due IS NOT NULL;
    CREATE TABLE events (
        tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, command BLOB NOT NULL,
        position INTEGER NOT NULL, kind TEXT NOT NULL, schema INTEGER NOT NULL, critical INTEGER NOT NULL,
        occurred_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, actor TEXT NOT NULL, digest BLOB NOT NULL,
        prev BLOB NOT NULL, hash BLOB NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (tenant, id, version)
    ) STRICT;
    CREATE TABLE commands (
        tenant TEXT NOT NULL, id TEXT NOT NULL, command BLOB NOT NULL, intent BLOB NOT NULL,
        first INTEGER NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY (tenant, id, command)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE outbox (position INTEGER PRIMARY KEY, notice TEXT NOT NULL) STRICT;
";

/// One connection behind a lock.
pub(crate) struct ByHand(Mutex<Connection>);

/// One event as a row has it: version, kind, when it was true and when it was recorded, by whom, the three digests, and
/// the payload.
pub(crate) type Entry = (i64, String, [i64; 2], String, [[u8; 32]; 3], String);

impl ByHand {
    pub(crate) fn open(path: &Path, synchronous: &str) -> Outcome<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "cache_size", -8_192)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Mutex::new(connection)))
    }

    pub(crate) fn commit(&self, batch: &Batch) -> Outcome<()> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let written = write(&connection, batch);
        let end = if written.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        connection.prepare_cached(end)?.execute([])?;
        written
    }

    pub(crate) fn history(&self, tenant: &str, id: &str) -> Outcome<Vec<Entry>> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut find = connection.prepare_cached(
            "SELECT version, kind, occurred_at, recorded_at, actor, digest, prev, hash, data FROM events
             WHERE tenant = ?1 AND id = ?2 ORDER BY version",
        )?;
        let entries = find.query_map(params![tenant, id], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                [row.get(2)?, row.get(3)?],
                row.get(4)?,
                [row.get(5)?, row.get(6)?, row.get(7)?],
                row.get(8)?,
            ))
        })?;
        Ok(entries.collect::<Result<_, _>>()?)
    }
}

fn write(connection: &Connection, batch: &Batch) -> Outcome<()> {
    let stream = batch.stream();
    let (tenant, id) = (stream.tenant.as_str(), stream.id.as_str());
    let command = uuid::Uuid::from(batch.command()).into_bytes();
    let mut done = connection.prepare_cached(
        "SELECT intent FROM commands WHERE tenant = ?1 AND id = ?2 AND command = ?3",
    )?;
    let done: Option<[u8; 32]> = done
        .query_row(params![tenant, id, command], |row| row.get(0))
        .optional()?;
    if done.is_some() {
        return Err("the command is known".into());
    }
    let mut head =
        connection.prepare_cached("SELECT version FROM releases WHERE tenant = ?1 AND id = ?2")?;
    let head: Option<i64> = head
        .query_row(params![tenant, id], |row| row.get(0))
        .optional()?;
    let expected = i64::try_from(batch.expected().get())?;
    if head.unwrap_or(0) != expected {
        return Err("the release has moved".into());
    }
    for (event, notice) in batch.events().iter().zip(batch.outbox()) {
        insert(connection, event)?;
        connection
            .prepare_cached("INSERT INTO outbox (notice) VALUES (?1)")?
            .execute([serde_json::to_string(&notice)?])?;
    }
    let last = i64::try_from(batch.version().get())?;
    connection
        .prepare_cached("INSERT INTO commands VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            tenant,
            id,
            command,
            batch.intent().as_bytes(),
            expected + 1,
            last
        ])?;
    let summary = batch.summary().ok_or("only releases here")?;
    let json = serde_json::to_string(summary)?;
    let Summary {
        standing,
        created_at,
        window,
        next_due,
        ..
    } = summary;
    let micros = phasegate::Instant::unix_micros;
    connection
        .prepare_cached(
            "INSERT INTO releases VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET version = ?3, phase = ?4, planned_start = ?6, next_due = ?7, summary = ?8",
        )?
        .execute(params![
            tenant,
            id,
            last,
            standing.phase.name(),
            micros(*created_at),
            window.map(|window| micros(window.start())),
            next_due.map(micros),
            json,
        ])?;
    Ok(())
}

fn insert(connection: &Connection, event: &Envelope) -> Outcome<()> {
    let actor = serde_json::to_string(&event.actor)?;
    connection
        .prepare_cached(
            "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            event.stream.tenant.as_str(),
            event.stream.id.as_str(),
            i64::try_from(event.version.get())?,
            uuid::Uuid::from(event.id.command()).into_bytes(),
            event.id.index(),
            event.kind,
            event.schema,
            event.critical,
            event.occurred_at.unix_micros(),
            event.recorded_at.unix_micros(),
            actor,
            event.payload_digest.as_bytes(),
            event.prev.as_bytes(),
            event.hash.as_bytes(),
            event.data.as_str(),
        ])?;
    Ok(())
}
