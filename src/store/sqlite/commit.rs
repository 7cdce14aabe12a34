//! One batch, inside a transaction: contract 1 to 5. Every check comes before the first write.

use super::error::Fault;
use super::row::{Place, id_bytes, micros, number, version};
use crate::phase::Standing;
use crate::release::{Actor, Batch, CommandId, Digest, Envelope, Stream, Summary, Version};
use crate::store::{Committed, Order, Outcome, StoreError, limits};
use rusqlite::{Connection, OptionalExtension, params};

/// Writes a batch, or tells why not, and has written nothing then.
pub(super) fn commit(connection: &Connection, batch: &Batch) -> Result<Committed, Fault> {
    let stream = batch.stream();
    let log = log(connection, stream)?;
    if let Some((number, _)) = log
        && let Some(outcome) = outcome(connection, number, batch.command())?
    {
        return if outcome.intent == batch.intent() {
            Ok(Committed::AlreadyDone(outcome))
        } else {
            Err(StoreError::command_reused(stream, batch.command()).into())
        };
    }
    limits::keeps(batch)?;
    let actual = log.map_or(Version::NONE, |(_, version)| version);
    if actual != batch.expected() {
        return Err(StoreError::conflict(stream, batch.expected(), actual).into());
    }
    for (guarded, expected) in batch.guards() {
        let actual = self::log(connection, guarded)?.map_or(Version::NONE, |(_, version)| version);
        if actual != *expected {
            return Err(StoreError::guard_moved(guarded, *expected, actual).into());
        }
    }
    // An envelope is made JSON before anything is written.
    let summary = batch
        .summary()
        .map(|summary| (summary, serde_json::to_string(summary)));
    let summary = match summary {
        Some((summary, Ok(json))) => Some((summary, json)),
        Some((_, Err(error))) => return Err(StoreError::other(error).into()),
        None => None,
    };
    let number = write_log(connection, batch, log.map(|(number, _)| number))?;
    for event in batch.events() {
        write_event(connection, event, number, batch.summary())?;
    }
    write_command(connection, batch, number)?;
    if let Some((summary, json)) = summary {
        write_summary(connection, stream, number, summary, &json)?;
    }
    write_outbox(connection, stream, number)?;
    Ok(Committed::Written)
}

/// The number and version of a log, if there is one.
pub(super) fn log(
    connection: &Connection,
    stream: &Stream,
) -> rusqlite::Result<Option<(i64, Version)>> {
    let mut find = connection.prepare_cached(
        "SELECT number, version FROM streams WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
    )?;
    let named = params![
        stream.tenant.as_str(),
        stream.kind.name(),
        stream.id.as_str()
    ];
    find.query_row(named, |row| Ok((row.get(0)?, version(row.get(1)?))))
        .optional()
}

/// What a command did to a log.
pub(super) fn outcome(
    connection: &Connection,
    number: i64,
    command: CommandId,
) -> rusqlite::Result<Option<Outcome>> {
    let mut find = connection.prepare_cached(
        "SELECT intent, first, last FROM commands WHERE stream = ?1 AND command = ?2",
    )?;
    find.query_row(params![number, id_bytes(command)], |row| {
        Ok(Outcome {
            intent: Digest::from_bytes(row.get(0)?),
            first: version(row.get(1)?),
            last: version(row.get(2)?),
        })
    })
    .optional()
}

fn write_log(connection: &Connection, batch: &Batch, known: Option<i64>) -> rusqlite::Result<i64> {
    let (stream, version) = (batch.stream(), number(batch.version()));
    let (tenant, kind, id) = (
        stream.tenant.as_str(),
        stream.kind.name(),
        stream.id.as_str(),
    );
    if let Some(number) = known {
        let mut update = connection.prepare_cached(
            "UPDATE streams SET version = ?4 WHERE tenant = ?1 AND kind = ?2 AND id = ?3",
        )?;
        update.execute(params![tenant, kind, id, version])?;
        return Ok(number);
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO streams (tenant, kind, id, version, number)
         VALUES (?1, ?2, ?3, ?4, (SELECT coalesce(max(number), 0) + 1 FROM streams)) RETURNING number",
    )?;
    insert.query_row(params![tenant, kind, id, version], |row| row.get(0))
}

fn write_event(
    connection: &Connection,
    event: &Envelope,
    number: i64,
    summary: Option<&Summary>,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (place, command, position, kind, schema, critical, occurred_at, recorded_at, actor_kind,
                             actor, title, phase, on_hold, payload_digest, prev, hash, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    let (actor_kind, actor) = match &event.actor {
        Actor::Person(person) => ("person", person.as_str()),
        Actor::System(system) => ("system", system.as_str()),
    };
    let standing = summary.map(|summary| summary.standing);
    let phase = standing.map(|Standing { phase, .. }| phase.name());
    let is_on_hold = standing.map(|Standing { on_hold, .. }| on_hold);
    insert
        .execute(params![
            Place::of(number, event.version),
            id_bytes(event.id.command),
            event.id.index,
            event.kind,
            event.schema,
            event.critical,
            event.occurred_at.unix_micros(),
            event.recorded_at.unix_micros(),
            actor_kind,
            actor,
            summary.map(|summary| summary.title.as_str()),
            phase,
            is_on_hold,
            event.payload_digest.as_bytes(),
            event.prev.as_bytes(),
            event.hash.as_bytes(),
            event.data.as_str(),
        ])
        .map(drop)
}

fn write_command(connection: &Connection, batch: &Batch, number: i64) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO commands (stream, command, intent, first, last) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert
        .execute(params![
            number,
            id_bytes(batch.command()),
            batch.intent().as_bytes(),
            self::number(batch.expected().plus(1)),
            self::number(batch.version()),
        ])
        .map(drop)
}

/// Writes the summary row, and with it three indexes, where it is not as it was.
fn write_summary(
    connection: &Connection,
    stream: &Stream,
    number: i64,
    summary: &Summary,
    json: &str,
) -> rusqlite::Result<()> {
    let mut find =
        connection.prepare_cached("SELECT summary = ?2 FROM releases WHERE stream = ?1")?;
    let is_same = find.query_row(params![number, json], |row| row.get(0));
    if is_same.optional()? == Some(true) {
        return Ok(());
    }
    let mut write = connection.prepare_cached(
        "INSERT INTO releases (stream, tenant, id, phase, created_at, planned_start, next_due, summary)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (stream) DO UPDATE SET phase = ?4, created_at = ?5, planned_start = ?6, next_due = ?7, summary = ?8",
    )?;
    write
        .execute(params![
            number,
            stream.tenant.as_str(),
            stream.id.as_str(),
            summary.standing.phase.name(),
            micros(Order::Created.instant(summary)),
            micros(Order::PlannedStart.instant(summary)),
            micros(Order::NextDue.instant(summary)),
            json,
        ])
        .map(drop)
}

fn write_outbox(connection: &Connection, stream: &Stream, number: i64) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox (tenant, position, stream)
         VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM outbox WHERE tenant = ?1), ?2)",
    )?;
    insert
        .execute(params![stream.tenant.as_str(), number])
        .map(drop)
}
