//! Who has been told what: contract 10.

use super::commit;
use super::error::Fault;
use super::row::{NOTICE, Place, count, damaged, notice, number, stream, version};
use crate::phase::{Instant, Seconds};
use crate::release::limits::PAGE_ROWS;
use crate::release::{Delivery, Key, Stream, Tenant, Version};
use crate::store::{Settlement, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

/// How many rows of the outbox a sink takes up at once.
const TAKEN_UP: i64 = 1_000;

/// A notice that can be claimed.
struct Claimable {
    number: i64,
    stream: Stream,
    version: Version,
    attempt: u32,
}

/// Claims notices for a sink: those that were never claimed, and then those that have waited longest since.
pub(super) fn claim(
    connection: &Connection,
    tenant: &Tenant,
    sink: &Key,
    now: Instant,
    lease: Seconds,
    limit: usize,
) -> Result<Vec<Delivery>, Fault> {
    let limit = limit.clamp(1, PAGE_ROWS);
    let mut found = claimable(connection, tenant, sink, now, limit)?;
    // Were it enough to have any, those that fail time and again could keep away what was never taken up.
    let is_new = |one: &&Claimable| one.attempt == 0;
    while found.iter().filter(is_new).count() < limit && take_up(connection, tenant, sink)? {
        found = claimable(connection, tenant, sink, now, limit)?;
    }
    let mut deliveries = Vec::with_capacity(found.len());
    for one in &found {
        let attempt = one.attempt.saturating_add(1);
        deliveries.push(Delivery::new(told(connection, one)?, sink.clone(), attempt));
    }
    let mut lend = connection.prepare_cached(
        "UPDATE claims SET attempt = ?4, not_before = ?5 WHERE tenant = ?1 AND sink = ?2 AND stream = ?3",
    )?;
    let until = now.plus(lease).unix_micros();
    for (one, delivery) in found.iter().zip(&deliveries) {
        lend.execute(params![
            tenant.as_str(),
            sink.as_str(),
            one.number,
            delivery.attempt,
            until
        ])?;
    }
    Ok(deliveries)
}

fn claimable(
    connection: &Connection,
    tenant: &Tenant,
    sink: &Key,
    now: Instant,
    limit: usize,
) -> Result<Vec<Claimable>, Fault> {
    let mut find = connection.prepare_cached(
        "SELECT c.stream, c.settled, c.attempt, s.kind, s.id
         FROM claims AS c INDEXED BY claims_waiting LEFT JOIN streams AS s ON s.number = c.stream
         WHERE c.tenant = ?1 AND c.sink = ?2 AND c.not_before <= ?3
         ORDER BY c.not_before, c.stream LIMIT ?4",
    )?;
    let mut rows = find.query(params![
        tenant.as_str(),
        sink.as_str(),
        now.unix_micros(),
        count(limit)
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, id): (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
        found.push(Claimable {
            number: row.get(0)?,
            stream: stream(tenant, &kind.unwrap_or_default(), &id.unwrap_or_default())?,
            version: version(row.get(1)?).plus(1),
            attempt: row.get(2)?,
        });
    }
    Ok(found)
}

/// Takes up the next rows of the outbox; says whether there were any.
///
/// So a sink that is new, or was away, walks the outbox once from where it stood, and nothing is done at a commit for
/// sinks that nobody knows yet.
fn take_up(connection: &Connection, tenant: &Tenant, sink: &Key) -> rusqlite::Result<bool> {
    let (tenant, sink) = (tenant.as_str(), sink.as_str());
    let mut find =
        connection.prepare_cached("SELECT position FROM sinks WHERE tenant = ?1 AND sink = ?2")?;
    let stood: Option<i64> = find
        .query_row([tenant, sink], |row| row.get(0))
        .optional()?;
    let mut next = connection.prepare_cached(
        "SELECT max(position) FROM
             (SELECT position FROM outbox WHERE tenant = ?1 AND position > ?2 ORDER BY position LIMIT ?3)",
    )?;
    let stood = stood.unwrap_or(0);
    let until: Option<i64> = next.query_row(params![tenant, stood, TAKEN_UP], |row| row.get(0))?;
    let Some(until) = until else {
        return Ok(false);
    };
    let mut open = connection.prepare_cached(
        "INSERT INTO claims (tenant, sink, stream, settled, attempt, not_before)
         SELECT DISTINCT ?1, ?2, stream, 0, 0, 0 FROM outbox WHERE tenant = ?1 AND position > ?3 AND position <= ?4
         ON CONFLICT (tenant, sink, stream) DO UPDATE SET not_before = 0
         WHERE not_before IS NULL AND settled < (SELECT version FROM streams AS s WHERE s.number = claims.stream)",
    )?;
    open.execute(params![tenant, sink, stood, until])?;
    let mut stand = connection.prepare_cached(
        "INSERT INTO sinks (tenant, sink, position) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant, sink) DO UPDATE SET position = ?3",
    )?;
    stand.execute(params![tenant, sink, until])?;
    Ok(true)
}

fn told(connection: &Connection, one: &Claimable) -> Result<crate::release::Notice, Fault> {
    let sql = format!("SELECT {NOTICE} FROM events WHERE place = ?1");
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query([Place::of(one.number, one.version)])?;
    match rows.next()? {
        Some(row) => notice(row, &one.stream, one.version),
        None => Err(damaged(&one.stream, one.version, "it is missing").into()),
    }
}

/// Settles a claimed delivery.
pub(super) fn settle(
    connection: &Connection,
    delivery: &Delivery,
    settlement: Settlement,
) -> Result<(), Fault> {
    let Delivery {
        notice,
        sink,
        attempt,
    } = delivery;
    let stale = || StoreError::stale_claim(&delivery.dedupe_key());
    let (stream, head) = commit::log(connection, &notice.stream)?.ok_or_else(stale)?;
    let (tenant, sink) = (notice.stream.tenant.as_str(), sink.as_str());
    let mut find = connection.prepare_cached(
        "SELECT settled, attempt FROM claims WHERE tenant = ?1 AND sink = ?2 AND stream = ?3",
    )?;
    let current: Option<(i64, u32)> = find
        .query_row(params![tenant, sink, stream], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let is_current = current.is_some_and(|(settled, current)| {
        version(settled).plus(1) == notice.version && current == *attempt && *attempt > 0
    });
    if !is_current {
        return Err(stale().into());
    }
    let (settled, attempt, not_before) = match settlement {
        Settlement::RetryAt(at) => {
            let before = number(notice.version).saturating_sub(1);
            (before, *attempt, Some(at.unix_micros()))
        }
        // What was written since waits, too, taken up or not.
        Settlement::Delivered | Settlement::Rejected => (
            number(notice.version),
            0,
            (head > notice.version).then_some(0),
        ),
    };
    let mut update = connection.prepare_cached(
        "UPDATE claims SET settled = ?4, attempt = ?5, not_before = ?6 WHERE tenant = ?1 AND sink = ?2 AND stream = ?3",
    )?;
    update.execute(params![tenant, sink, stream, settled, attempt, not_before])?;
    Ok(())
}
