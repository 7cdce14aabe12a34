//! Contract 9: lists, page by page.

use super::ask::{done, page_of, rows, same, so};
use super::bench::Bench;
use super::report::Ended;
use super::scribe::{Scribe, noon, shifted, tenant};
use crate::phase::{Instant, Interval, PhaseName, Seconds};
use crate::release::{Key, Summary};
use crate::store::{Cursor, Filter, Order, Query, Row, Store};

/// Begins a release whose row is as it is made.
async fn listed(
    store: &impl Store,
    number: u64,
    shape: impl FnOnce(&mut Summary),
) -> Result<Scribe, Ended> {
    let mut release = Scribe::release(number);
    if let Some(summary) = &mut release.summary {
        shape(summary);
    }
    release.put(store, "begin").await?;
    Ok(release)
}

/// Changes the row of a release.
async fn changed(
    store: &impl Store,
    release: &mut Scribe,
    shape: impl FnOnce(&mut Summary),
) -> Result<(), Ended> {
    if let Some(summary) = &mut release.summary {
        shape(summary);
    }
    release.put(store, "changed").await.map(drop)
}

/// A window that is the longer, the lower that number is.
fn window(from: Instant, n: u32) -> Option<Interval> {
    Interval::new(from, from.plus(Seconds::hours(8 - n))).ok()
}

/// Releases in every phase, some on hold, some planned, some with tasks, at few instants: some the same, and some only
/// microseconds apart, the later numbers first.
async fn fill(store: &impl Store) -> Result<(), Ended> {
    for number in 1..=40_u32 {
        let n = i64::from(number);
        let moment = |seconds| shifted(noon(seconds), 999 - n / 8);
        let mut release = listed(store, number.into(), |summary| {
            summary.created_at = moment(n % 4 - 2);
            summary.window = window(moment(100 - n % 5), number % 7).filter(|_| n % 3 != 0);
            summary.next_due = Some(moment(50 - n % 7)).filter(|_| n % 2 == 0);
            summary.standing.on_hold = n % 9 == 0;
        })
        .await?;
        let phase = PhaseName::ALL.iter().cycle().nth(number as usize).copied();
        changed(store, &mut release, |summary| {
            summary.standing.phase = phase.unwrap_or(summary.standing.phase);
            summary.window = window(moment(200 - n % 5), number % 7)
                .or(summary.window)
                .filter(|_| n % 3 != 1);
            summary.next_due = summary.next_due.filter(|_| n % 4 != 0);
        })
        .await?;
    }
    Ok(())
}

fn takes(filter: Filter, summary: &Summary) -> bool {
    let phase = summary.standing.phase;
    match filter {
        Filter::All => true,
        Filter::Open => phase != PhaseName::Closed,
        Filter::Phase(wanted) => phase == wanted,
    }
}

fn placed(order: Order, summary: &Summary) -> Option<Instant> {
    match order {
        Order::Created => Some(summary.created_at),
        Order::PlannedStart => summary.window.map(Interval::start),
        Order::NextDue => summary.next_due,
    }
}

async fn in_pages(store: &impl Store, query: Query, limit: usize) -> Result<Vec<Row>, Ended> {
    let what = format!(
        "listing {:?} by {:?}, {limit} at a time",
        query.filter, query.order
    );
    let (mut found, mut after): (Vec<Row>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = store
            .list(&tenant("default"), query, after.as_ref(), limit)
            .await;
        let page = done(&what, page)?;
        let is_full = page.rows.len() == limit || (page.next.is_none() && page.rows.len() < limit);
        so(
            format!("{what}: rows of a page"),
            is_full,
            "a full page but for the last one",
            page.rows.len(),
        )?;
        found.extend(page.rows);
        so(
            format!("{what}: rows"),
            found.len() <= 1_000,
            "every row once",
            found.len(),
        )?;
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

pub(super) async fn a_list_has_every_order_and_filter(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    fill(store).await?;
    let known = rows(store).await?;
    same("rows", known.len(), 40)?;
    let phases = PhaseName::ALL.iter().copied().map(Filter::Phase);
    let filters: Vec<_> = [Filter::All, Filter::Open]
        .into_iter()
        .chain(phases)
        .collect();
    for order in Order::ALL {
        for &filter in &filters {
            let taken = known.iter().filter(|row| takes(filter, &row.summary));
            let place = |row: &Row| Some((placed(order, &row.summary)?, row.stream.id.clone()));
            let mut expected: Vec<_> = taken.filter_map(place).collect();
            expected.sort();
            for limit in [1, 3, 1_000] {
                let found = in_pages(store, Query { filter, order }, limit).await?;
                let what = format!("{filter:?} by {order:?}, {limit} at a time");
                let whole = known.iter().filter(|row| found.contains(row)).count();
                same(
                    format!("{what}: rows as they are in the whole list"),
                    whole,
                    expected.len(),
                )?;
                let found: Vec<_> = found.iter().filter_map(place).collect();
                same(what, found, expected.clone())?;
            }
        }
    }
    Ok(())
}

pub(super) async fn a_list_breaks_ties_by_id(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    for number in [3, 1, 2, 12, 10, 256, 11] {
        listed(store, number, |_| {}).await?;
    }
    let expected: Vec<_> = [1, 2, 3, 10, 11, 12, 256]
        .map(|n| Scribe::release(n).stream.id)
        .into();
    for limit in [1, 2, 3, 10] {
        let found = in_pages(store, Query::default(), limit).await?;
        let found: Vec<_> = found.into_iter().map(|row| row.stream.id).collect();
        same(
            format!("releases of one instant, {limit} at a time"),
            found,
            expected.clone(),
        )?;
    }
    Ok(())
}

pub(super) async fn paging_under_writes_neither_skips_nor_repeats(
    bench: Bench,
) -> Result<(), Ended> {
    let store = &bench.store;
    let begun =
        |number: u64, at: i64| listed(store, number, move |summary| summary.created_at = noon(at));
    let mut releases = Vec::new();
    for (number, at) in [(1, 2), (2, 4), (3, 6), (4, 8), (5, 10), (6, 12)] {
        releases.push(begun(number, at).await?);
    }
    let (closed, moved) = (
        |s: &mut Summary| s.standing.phase = PhaseName::Closed,
        |s: &mut Summary| {
            s.standing.phase = PhaseName::Plan;
        },
    );
    let ids = |numbers: &[u64]| -> Vec<Key> {
        numbers
            .iter()
            .map(|n| Scribe::release(*n).stream.id)
            .collect()
    };
    let query = Query {
        filter: Filter::Open,
        order: Order::Created,
    };
    let page = async |after: Option<&Cursor>| -> Result<_, Ended> {
        let page = store.list(&tenant("default"), query, after, 2).await;
        let page = done("a page of two", page)?;
        let found: Vec<_> = page.rows.into_iter().map(|row| row.stream.id).collect();
        Ok((found, page.next))
    };
    let (first, after) = page(None).await?;
    same("the first page of two", first, ids(&[1, 2]))?;
    // Before the place one comes and one closes; behind it one moves on, and one comes.
    begun(90, 1).await?;
    if let [one, _, three, ..] = releases.as_mut_slice() {
        changed(store, one, closed).await?;
        changed(store, three, moved).await?;
    }
    begun(91, 7).await?;
    let (second, after) = page(after.as_ref()).await?;
    same("the second page, after writes", second, ids(&[3, 91]))?;
    // The row that the place is named after closes, and so does one behind it.
    let mut last = Scribe::release(91);
    if let Some(entry) = super::ask::log(store, &last.stream).await?.last() {
        last.goes_on(entry);
    }
    changed(store, &mut last, closed).await?;
    if let Some(five) = releases.get_mut(4) {
        changed(store, five, closed).await?;
    }
    let (third, after) = page(after.as_ref()).await?;
    same(
        "the third page, after writes",
        (third, after),
        (ids(&[4, 6]), None),
    )?;
    paging_goes_on_where_a_row_was(store).await
}

/// A page begins after a place, whatever has become of the row that it is named after: of many at one instant.
async fn paging_goes_on_where_a_row_was(store: &impl Store) -> Result<(), Ended> {
    let of = tenant("default");
    let mut releases = Vec::new();
    for number in 21..=27 {
        let due = |summary: &mut Summary| summary.next_due = Some(noon(100));
        releases.push(listed(store, number, due).await?);
    }
    let query = Query {
        filter: Filter::Open,
        order: Order::NextDue,
    };
    let goes: [fn(&mut Summary); 3] = [
        |summary| summary.next_due = Some(noon(200)),
        |summary| summary.standing.phase = PhaseName::Closed,
        |summary| summary.next_due = None,
    ];
    let mut after = None;
    // After each page its last row moves behind all others, closes, and is not due any more.
    for (goes, expected) in goes.into_iter().zip([[21, 22], [23, 24], [25, 26]]) {
        let page = store.list(&of, query, after.as_ref(), 2);
        let page = done("a page of two", page.await)?;
        let found: Vec<_> = page.rows.iter().map(|row| row.stream.id.clone()).collect();
        let what = "a page when the row before it has gone elsewhere";
        same(
            what,
            found,
            expected.map(|n| Scribe::release(n).stream.id).into(),
        )?;
        let last = page.rows.last().map(|row| row.stream.clone());
        let last = releases
            .iter_mut()
            .find(|one| Some(&one.stream) == last.as_ref());
        if let Some(last) = last {
            changed(store, last, goes).await?;
        }
        after = page.next;
    }
    let page = store.list(&of, query, after.as_ref(), 10);
    let page = done("the last page", page.await)?;
    let found: Vec<_> = page.rows.into_iter().map(|row| row.stream.id).collect();
    let expected = [27, 22].map(|n| Scribe::release(n).stream.id);
    same(
        "the last page, with what has moved there",
        found,
        expected.into(),
    )
}

pub(super) async fn only_releases_are_listed(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut calendar = Scribe::calendar("freezes");
    calendar.put(store, "begin").await?;
    same("rows when there is a calendar", rows(store).await?.len(), 0)?;
    let mut release = listed(store, 1, |_| {}).await?;
    calendar.put(store, "more").await?;
    for n in 0..5 {
        changed(store, &mut release, |summary| {
            summary.window = window(noon(100 - n), 0);
            summary.next_due = Some(noon(n));
            summary.standing.on_hold = n % 2 == 0;
        })
        .await?;
        for order in Order::ALL {
            let query = Query {
                filter: Filter::All,
                order,
            };
            let page = page_of(store, "default", query, 10).await?;
            let found: Vec<_> = page
                .rows
                .into_iter()
                .map(|row| (row.version, Some(row.summary)))
                .collect();
            let expected = vec![(release.version, release.summary.clone())];
            same(
                format!("the row of a release by {order:?}"),
                found,
                expected,
            )?;
        }
    }
    changed(store, &mut release, |summary| {
        (summary.window, summary.next_due) = (None, None);
    })
    .await?;
    for (order, count) in [
        (Order::Created, 1),
        (Order::PlannedStart, 0),
        (Order::NextDue, 0),
    ] {
        let page = page_of(
            store,
            "default",
            Query {
                filter: Filter::All,
                order,
            },
            10,
        )
        .await?;
        same(
            format!("a release without that instant, by {order:?}"),
            page.rows.len(),
            count,
        )?;
    }
    Ok(())
}
