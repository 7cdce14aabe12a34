//! Whole reads: contract 6, 7 and 9.

use super::commit;
use super::error::Fault;
use super::row::{ENVELOPE, Place, count, damaged, envelope, version};
use crate::phase::{Instant, PhaseName};
use crate::release::limits::PAGE_ROWS;
use crate::release::{CommandId, Envelope, Key, Stream, StreamKind, Tenant, Version};
use crate::store::{Cursor, Order, Outcome, Page, Query, Row, StoreError};
use rusqlite::{Connection, params};

/// The next entries of a log, every one of them.
pub(super) fn history(
    connection: &Connection,
    stream: &Stream,
    after: Version,
    limit: usize,
) -> Result<Vec<Envelope>, Fault> {
    let Some((number, head)) = commit::log(connection, stream)? else {
        return Ok(Vec::new());
    };
    let limit = limit.clamp(1, PAGE_ROWS);
    let sql = format!(
        "SELECT {ENVELOPE}, version FROM events WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3"
    );
    let mut find = connection.prepare_cached(&sql)?;
    let last = Version::new(head.get().min(after.plus(limit as u64).get()));
    // To where the log ends, and not to where it is said to end.
    let end = Version::new(u64::MAX);
    let upto = if last == head { end } else { last };
    let mut rows = find.query(params![
        Place::of(number, after),
        Place::of(number, upto),
        count(limit + 1)
    ])?;
    let mut entries = Vec::new();
    let mut next = after.plus(1);
    while next <= last {
        let missing = || damaged(stream, next, "it is missing");
        let row = rows.next()?.ok_or_else(missing)?;
        if version(row.get("version")?) != next {
            return Err(missing().into());
        }
        entries.push(envelope(row, stream, next)?);
        next = next.plus(1);
    }
    if last == head && rows.next()?.is_some() {
        return Err(damaged(
            stream,
            next,
            "it is there, and the log is said to end before it",
        )
        .into());
    }
    Ok(entries)
}

/// What a command did to a log.
pub(super) fn outcome(
    connection: &Connection,
    stream: &Stream,
    command: CommandId,
) -> Result<Option<Outcome>, Fault> {
    match commit::log(connection, stream)? {
        Some((number, _)) => Ok(commit::outcome(connection, number, command)?),
        None => Ok(None),
    }
}

/// A page of a tenant's releases.
pub(super) fn list(
    connection: &Connection,
    tenant: &Tenant,
    query: Query,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Page, Fault> {
    let limit = limit.clamp(1, PAGE_ROWS);
    let mut find = connection.prepare_cached(&sql(query))?;
    let (at, id) = match after {
        Some(Cursor { at, id }) => (*at, id.as_str()),
        None => (Instant::EPOCH, ""),
    };
    let mut rows = find.query(params![
        tenant.as_str(),
        at.unix_micros(),
        id,
        count(limit + 1)
    ])?;
    let mut page = Page::default();
    while let Some(row) = rows.next()? {
        if page.rows.len() == limit {
            page.next = page.rows.last().and_then(|last| place(query.order, last));
            break;
        }
        page.rows.push(listed(row, tenant)?);
    }
    Ok(page)
}

/// One statement a query: what each phase has, in order, merged. Every part walks one index and reads no other row.
fn sql(query: Query) -> String {
    let at = match query.order {
        Order::Created => "created_at",
        Order::PlannedStart => "planned_start",
        Order::NextDue => "next_due",
    };
    let phases = PhaseName::ALL.iter();
    let parts: Vec<_> = phases
        .filter(|phase| query.filter.takes(**phase))
        .map(|phase| {
            format!(
                "SELECT r.{at} AS at, r.id AS id, s.version, r.summary
                 FROM releases AS r INDEXED BY releases_by_{at}
                 LEFT JOIN streams AS s ON s.tenant = r.tenant AND s.kind = 'release' AND s.id = r.id
                 WHERE r.tenant = ?1 AND r.phase = '{}' AND r.{at} >= ?2 AND (r.{at}, r.id) > (?2, ?3)",
                phase.name()
            )
        })
        .collect();
    format!("{} ORDER BY at, id LIMIT ?4", parts.join(" UNION ALL "))
}

fn listed(row: &rusqlite::Row<'_>, tenant: &Tenant) -> Result<Row, Fault> {
    let id: String = row.get(1)?;
    let corrupt = |what: &str| {
        StoreError::corrupt(format!(
            "the summary row of release `{id}` {what}; restore the file from a backup"
        ))
    };
    let head: Option<i64> = row.get(2)?;
    let summary: String = row.get(3)?;
    Ok(Row {
        version: version(head.ok_or_else(|| corrupt("belongs to no log"))?),
        summary: serde_json::from_str(&summary).map_err(|_| corrupt("cannot be read"))?,
        stream: Stream::new(
            tenant.clone(),
            StreamKind::Release,
            Key::new(&id).map_err(|_| corrupt("has no id"))?,
        ),
    })
}

fn place(order: Order, row: &Row) -> Option<Cursor> {
    let at = order.instant(&row.summary)?;
    let id = row.stream.id.clone();
    Some(Cursor { at, id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Filter;

    /// Of every query: parts that walk their covering index, merged without sorting.
    #[test]
    fn a_page_walks_covering_indexes_and_sorts_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(include_str!("schema.sql"))
            .unwrap();
        let filters = [Filter::All, Filter::Open, Filter::Phase(PhaseName::Testing)];
        for filter in filters {
            for order in Order::ALL {
                let query = Query { filter, order };
                let parts = PhaseName::ALL.iter().filter(|phase| filter.takes(**phase));
                let parts = parts.count();
                let explain = format!("EXPLAIN QUERY PLAN {}", sql(query));
                let mut explain = connection.prepare(&explain).unwrap();
                let plan: Vec<String> = explain
                    .query_map(params!["default", 0, "", 50], |row| row.get(3))
                    .unwrap()
                    .map(Result::unwrap)
                    .collect();
                let count = |what: &str| plan.iter().filter(|step| step.contains(what)).count();
                assert_eq!(
                    count("SEARCH r USING COVERING INDEX releases_by_"),
                    parts,
                    "{plan:#?}"
                );
                assert_eq!(count("(tenant=? AND phase=? AND"), parts, "{plan:#?}");
                assert_eq!(
                    count("SEARCH s USING PRIMARY KEY (tenant=? AND kind=? AND id=?)"),
                    parts
                );
                assert_eq!(count("TEMP B-TREE") + count("SCAN"), 0, "{plan:#?}");
                assert_eq!(count("MERGE (UNION ALL)"), parts - 1, "{plan:#?}");
            }
        }
    }
}
