//! What a commit, a history and a page cost, beside the raw driver doing the same work by hand.
//!
//! `cargo bench --bench store --features sqlite`; docs/benchmarks.md says what is compared, and how to read it.
//! `PHASEGATE_BENCH_RELEASES` is how many releases a page is taken out of, a million unless it says something else.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, has files and threads, and prints what it found"
)]

#[path = "store/by_hand.rs"]
mod by_hand;

use by_hand::{ByHand, Outcome};
use phasegate::gate::{Facts, GateSet};
use phasegate::phase::{PhaseName, Request};
use phasegate::release::{
    Batch, Name, Note, Person, ReleaseId, ReleaseRequest, Stream, Tenant, Text, Version,
};
use phasegate::store::{Durability, Filter, Order, Query, SqliteOptions};
use phasegate::{By, Instant, MemoryStore, Release, SqliteStore, Store};
use pollster::block_on;
use rusqlite::Connection;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often each side is timed.
const ROUNDS: usize = 7;

fn main() -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("phasegate-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = commits(&folder)
        .and_then(|()| histories(&folder))
        .and_then(|()| pages(&folder));
    std::fs::remove_dir_all(&folder)?;
    done
}

/// A release, and so many notes.
fn batches(number: u64, notes: usize) -> Outcome<Vec<Batch>> {
    let now: Instant = "2026-03-02T12:00:00Z".parse()?;
    let (facts, gates) = (Facts::at(now), GateSet::new());
    let by = By::new(Person::new("kim")?);
    let id = ReleaseId::from(uuid::Uuid::from_u128(u128::from(number)));
    let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
    let store = MemoryStore::new();
    let asked = Release::request(Tenant::default(), id, request);
    let cleared = gates
        .decide(asked, &facts, &by)
        .map_err(|refused| refused.to_string())?;
    let mut batches = vec![cleared.batch().clone()];
    let committed = block_on(cleared.commit(&store, now));
    let mut release: Release<Request> = committed.map_err(|failed| failed.to_string())?;
    for note in 0..notes {
        let said = format!("The dashboard was looked at, and nothing stood out; look {note}");
        let cleared = gates
            .decide(release.record(Note::new(Text::new(said)?)), &facts, &by)
            .map_err(|refused| refused.to_string())?;
        batches.push(cleared.batch().clone());
        let committed = block_on(cleared.commit(&store, now));
        release = committed.map_err(|failed| failed.to_string())?;
    }
    Ok(batches)
}

/// How long it takes until every caller has had its batches committed, one after the other.
fn timed(
    callers: &[Vec<Batch>],
    commit: impl Fn(&Batch) -> Outcome<()> + Sync,
) -> Outcome<Duration> {
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        let commit = &commit;
        let threads: Vec<_> = callers
            .iter()
            .map(|batches| scope.spawn(move || batches.iter().try_for_each(commit)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| match thread.join() {
                Ok(done) => done,
                Err(_) => Err("a caller panicked".into()),
            })
    })?;
    Ok(begun.elapsed())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate is printed without decimals"
)]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn commits(folder: &Path) -> Outcome<()> {
    println!(
        "{:<36} {:>12} {:>12} {:>16}",
        "commits a second", "ours", "by hand", "time, to by hand"
    );
    for (what, durability, synchronous) in [
        ("SQLite, full", Durability::Full, "full"),
        ("SQLite, normal", Durability::Normal, "normal"),
    ] {
        for (callers, each) in [(1, 600), (16, 60), (64, 30)] {
            let at = |name: &str| folder.join(format!("{synchronous}-{callers}-{name}.db"));
            let options = SqliteOptions::default().with_durability(durability);
            let ours = SqliteStore::open_with(at("ours"), &options)?;
            let by_hand = ByHand::open(&at("by-hand"), synchronous)?;
            let (mut rates, mut driver_rates) = (Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                let work = work(round, callers, each)?;
                let count = work.iter().map(Vec::len).sum();
                let took = timed(&work, |batch| {
                    block_on(ours.commit(batch))?;
                    Ok(())
                })?;
                rates.push(per_second(count, took));
                let took = timed(&work, |batch| by_hand.commit(batch))?;
                driver_rates.push(per_second(count, took));
            }
            let (rate, driver_median) = (median(rates), median(driver_rates));
            let ratio = driver_median / rate;
            let line = format!("{what}, {callers} callers");
            println!("{line:<36} {rate:>12.0} {driver_median:>12.0} {ratio:>15.2}x");
        }
    }
    for (callers, each) in [(1, 5_000), (16, 300), (64, 80)] {
        let mut rates = Vec::new();
        for round in 0..ROUNDS {
            let store = MemoryStore::new();
            let work = work(round, callers, each)?;
            let count = work.iter().map(Vec::len).sum();
            let took = timed(&work, |batch| {
                block_on(store.commit(batch))?;
                Ok(())
            })?;
            rates.push(per_second(count, took));
        }
        let line = format!("memory, {callers} callers");
        println!("{line:<36} {:>12.0}", median(rates));
    }
    Ok(())
}

/// What each caller commits: releases of its own.
fn work(round: usize, callers: usize, each: usize) -> Outcome<Vec<Vec<Batch>>> {
    let number = |caller| u64::try_from(round * callers + caller + 1);
    (0..callers)
        .map(|caller| batches(number(caller)?, each - 1))
        .collect()
}

/// Times two ways by turns, and prints what one piece of work takes and the ratio.
fn compare(
    what: &str,
    mut ours: impl FnMut() -> Outcome<usize>,
    mut by_hand: impl FnMut() -> Outcome<usize>,
) -> Outcome<()> {
    let (mut took, mut took_by_hand) = (Vec::new(), Vec::new());
    assert_eq!(ours()?, by_hand()?, "both read the same");
    for _ in 0..101 {
        let begun = std::time::Instant::now();
        black_box(ours()?);
        took.push(begun.elapsed().as_secs_f64() * 1e6);
        let begun = std::time::Instant::now();
        black_box(by_hand()?);
        took_by_hand.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let (took, took_by_hand) = (median(took), median(took_by_hand));
    let ratio = took / took_by_hand;
    println!("{what:<36} {took:>9.0} µs {took_by_hand:>9.0} µs {ratio:>15.2}x");
    Ok(())
}

fn histories(folder: &Path) -> Outcome<()> {
    println!(
        "\n{:<36} {:>12} {:>12} {:>16}",
        "to read", "ours", "by hand", "time, to by hand"
    );
    let options = SqliteOptions::default().with_durability(Durability::Normal);
    let ours = SqliteStore::open_with(folder.join("histories-ours.db"), &options)?;
    let by_hand = ByHand::open(&folder.join("histories-by-hand.db"), "normal")?;
    for events in [10, 200, 10_000] {
        let batches = batches(u64::try_from(events)?, events - 1)?;
        for batch in &batches {
            block_on(ours.commit(batch))?;
            by_hand.commit(batch)?;
        }
        let first = batches.first().ok_or("a release begins")?;
        let stream: &Stream = first.stream();
        let read = || -> Outcome<usize> {
            let mut read = 0;
            loop {
                let after = Version::new(u64::try_from(read)?);
                let page = block_on(ours.history(stream, after, 1_000))?;
                read += page.len();
                if page.len() < 1_000 {
                    return Ok(read);
                }
            }
        };
        let read_by_hand = || {
            let read = by_hand.history(stream.tenant.as_str(), stream.id.as_str())?;
            Ok(read.len())
        };
        compare(&format!("a history of {events} events"), read, read_by_hand)?;
    }
    Ok(())
}

/// As many releases as there are to be, put into the store's own tables: committing them would take minutes.
fn fill(path: &Path, releases: u32) -> Outcome<Connection> {
    drop(SqliteStore::open(path)?);
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.execute_batch(&format!(
        "BEGIN;
         CREATE TEMP TABLE made AS
         WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {releases})
         SELECT n, printf('00000000-0000-7000-8000-%012x', n) AS id, 1700000000 + n AS created,
                1750000000 + (n * 7919) % 10000000 AS planned,
                CASE n % 20 WHEN 0 THEN 'request' WHEN 1 THEN 'plan' WHEN 2 THEN 'development' WHEN 3 THEN 'testing'
                WHEN 4 THEN 'review' ELSE 'closed' END AS phase
         FROM numbers;
         INSERT INTO streams (tenant, kind, id, number, version) SELECT 'default', 'release', id, n, 12 FROM made;
         INSERT INTO releases (stream, tenant, id, phase, created_at, planned_start, summary)
         SELECT n, 'default', id, phase, created * 1000000, planned * 1000000, json_object(
             'title', 'Shop 2.' || n, 'standing', json_object('phase', phase, 'on_hold', json('false')),
             'track', 'normal', 'created_at', strftime('%Y-%m-%dT%H:%M:%SZ', created, 'unixepoch'),
             'window', json_object('start', strftime('%Y-%m-%dT%H:%M:%SZ', planned, 'unixepoch'),
                                   'end', strftime('%Y-%m-%dT%H:%M:%SZ', planned + 3600, 'unixepoch')),
             'next_due', null, 'model', null, 'ending', null, 'ended_at', null)
         FROM made;
         COMMIT; DROP TABLE made;"
    ))?;
    Ok(connection)
}

fn pages(folder: &Path) -> Outcome<()> {
    let releases = std::env::var("PHASEGATE_BENCH_RELEASES");
    let releases: u32 = releases.map_or(Ok(1_000_000), |releases| releases.parse())?;
    let path: PathBuf = folder.join("pages.db");
    let connection = fill(&path, releases)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    let ours = SqliteStore::open(&path)?;
    let of = Tenant::default();
    for (what, filter, order) in [
        (
            "testing, by planned start",
            Filter::Phase(PhaseName::Testing),
            Order::PlannedStart,
        ),
        ("open, by planned start", Filter::Open, Order::PlannedStart),
        ("all, by creation", Filter::All, Order::Created),
    ] {
        let query = Query { filter, order };
        let middle = block_on(ours.list(&of, query, None, 1_000))?.next;
        let middle = middle.ok_or("there is more than one page")?;
        let phases = PhaseName::ALL.iter().filter(|phase| filter.takes(**phase));
        let phases: Vec<_> = phases.map(|phase| format!("'{}'", phase.name())).collect();
        let at = if order == Order::Created {
            "created_at"
        } else {
            "planned_start"
        };
        let parts: Vec<_> = phases
            .iter()
            .map(|phase| {
                format!(
                    "SELECT * FROM (SELECT r.{at} AS at, r.id AS id, s.version, r.summary FROM releases AS r
                     JOIN streams AS s ON s.tenant = r.tenant AND s.kind = 'release' AND s.id = r.id
                     WHERE r.tenant = 'default' AND r.phase = {phase} AND r.{at} >= ?1 AND (r.{at}, r.id) > (?1, ?2)
                     ORDER BY r.{at}, r.id LIMIT 50)"
                )
            })
            .collect();
        let sql = format!("{} ORDER BY at, id LIMIT 50", parts.join(" UNION ALL "));
        let page = || {
            Ok(block_on(ours.list(&of, query, Some(&middle), 50))?
                .rows
                .len())
        };
        let by_hand = || {
            let mut find = connection.prepare_cached(&sql)?;
            let found = find.query_map(
                rusqlite::params![middle.at.unix_micros(), middle.id.as_str()],
                |row| {
                    Ok((
                        row.get::<_, String>(1)?,
                        row.get::<_, i64>(2)?,
                        row.get::<_, String>(3)?,
                    ))
                },
            )?;
            let found: Vec<_> = found.collect::<Result<_, _>>()?;
            let summaries = found.iter().map(|(_, _, summary)| {
                serde_json::from_str::<phasegate::release::Summary>(summary)
            });
            let summaries: Vec<_> = summaries.collect::<Result<_, _>>()?;
            Ok(black_box(summaries).len())
        };
        compare(&format!("50 of {releases}: {what}"), page, by_hand)?;
    }
    Ok(())
}
