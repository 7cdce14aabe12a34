//! Asks a store, and says in words what was wrong with the answer.

use super::report::{Ended, Failure};
use super::scribe::{key, noon, shifted, tenant};
use crate::phase::{Instant, Seconds};
use crate::release::{Batch, Delivery, Envelope, Stream, Version};
use crate::store::{
    Committed, Outcome, Page, Query, Row, Settlement, Store, StoreError, StoreErrorKind,
};
use std::{error::Error, fmt};

/// Holds if both are the same.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a check hands over what it compares, mostly made on the spot"
)]
pub(super) fn same<T: PartialEq + fmt::Debug>(
    what: impl Into<String>,
    found: T,
    expected: T,
) -> Result<(), Ended> {
    if found == expected {
        return Ok(());
    }
    let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
    Err(Failure::new(what, expected, found).into())
}

/// Holds if that is so.
pub(super) fn so(
    what: impl Into<String>,
    is_so: bool,
    expected: &str,
    found: impl fmt::Debug,
) -> Result<(), Ended> {
    if is_so {
        return Ok(());
    }
    Err(Failure::new(what, expected, format!("{found:?}")).into())
}

/// An error with what is behind it.
fn told(error: &StoreError) -> String {
    let mut told = format!("{:?}: {error}", error.kind());
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    told
}

/// The answer of a call that has to succeed.
pub(super) fn done<T>(what: &str, answer: Result<T, StoreError>) -> Result<T, Ended> {
    answer.map_err(|error| Failure::new(what, "success", told(&error)).into())
}

/// The error of a call that has to be refused in that way.
pub(super) fn refused<T: fmt::Debug>(
    what: &str,
    answer: Result<T, StoreError>,
    kind: StoreErrorKind,
) -> Result<StoreError, Ended> {
    let expected = || format!("an error of kind {kind:?}");
    match answer {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(Failure::new(what, expected(), told(&error)).into()),
        Ok(answer) => Err(Failure::new(what, expected(), format!("{answer:?}")).into()),
    }
}

/// Commits what has to be written now.
pub(super) async fn written(what: &str, store: &impl Store, batch: &Batch) -> Result<(), Ended> {
    same(
        what,
        done(what, store.commit(batch).await)?,
        Committed::Written,
    )
}

/// Commits what was written before.
pub(super) async fn known(what: &str, store: &impl Store, batch: &Batch) -> Result<(), Ended> {
    let answer = done(what, store.commit(batch).await)?;
    same(what, answer, Committed::AlreadyDone(outcome_of(batch)))
}

/// What a batch comes to.
pub(super) fn outcome_of(batch: &Batch) -> Outcome {
    Outcome {
        intent: batch.intent(),
        first: batch.expected().plus(1),
        last: batch.version(),
    }
}

/// A whole log, read a page at a time.
pub(super) async fn log(store: &impl Store, stream: &Stream) -> Result<Vec<Envelope>, Ended> {
    let what = format!("reading `{stream}`");
    let mut entries: Vec<Envelope> = Vec::new();
    loop {
        let after = Version::new(entries.len() as u64);
        let page = done(&what, store.history(stream, after, 1_000).await)?;
        let is_last = page.len() < 1_000;
        entries.extend(page);
        if is_last {
            return Ok(entries);
        }
    }
}

/// Holds if these entries were read. What differs is told of the first one that does.
pub(super) fn same_log(
    what: impl Into<String>,
    found: &[Envelope],
    expected: &[Envelope],
) -> Result<(), Ended> {
    let what = what.into();
    let versions =
        |log: &[Envelope]| -> Vec<u64> { log.iter().map(|entry| entry.version.get()).collect() };
    let wrong = found.iter().zip(expected).find(|(one, other)| one != other);
    if let Some((found, expected)) = wrong {
        let written = |entry: &Envelope| entry.to_json().unwrap_or_default();
        let what = format!("{what}: version {}", expected.version);
        return Err(Failure::new(what, written(expected), written(found)).into());
    }
    if found.len() != expected.len() {
        let expected = format!("{} entries: {:?}", expected.len(), versions(expected));
        let found = format!("{} entries: {:?}", found.len(), versions(found));
        return Err(Failure::new(what, expected, found).into());
    }
    Ok(())
}

/// All rows of the tenant `default`.
pub(super) async fn rows(store: &impl Store) -> Result<Vec<Row>, Ended> {
    let page = page_of(store, "default", Query::default(), 1_000).await?;
    Ok(page.rows)
}

/// A tenant's first page.
pub(super) async fn page_of(
    store: &impl Store,
    of: &str,
    query: Query,
    limit: usize,
) -> Result<Page, Ended> {
    let what = format!("listing the releases of `{of}`");
    done(&what, store.list(&tenant(of), query, None, limit).await)
}

/// Claims what there is for a sink of the tenant `default`, for a minute.
pub(super) async fn claim(
    store: &impl Store,
    sink: &str,
    now: Instant,
) -> Result<Vec<Delivery>, Ended> {
    claim_of(store, "default", sink, now).await
}

pub(super) async fn claim_of(
    store: &impl Store,
    of: &str,
    sink: &str,
    now: Instant,
) -> Result<Vec<Delivery>, Ended> {
    let (of, lease) = (tenant(of), Seconds::minutes(1));
    let what = format!("claiming for `{sink}` at {now}");
    let claimed = store.claim(&of, &key(sink), now, lease, 1_000).await;
    done(&what, claimed)
}

/// Claims the one notice that there has to be.
pub(super) async fn claim_one(
    what: &str,
    store: &impl Store,
    sink: &str,
    now: Instant,
) -> Result<Delivery, Ended> {
    let claimed = claim(store, sink, now).await?;
    let found = places(&claimed);
    match <[Delivery; 1]>::try_from(claimed) {
        Ok([one]) => Ok(one),
        Err(_) => Err(Failure::new(what, "one delivery", format!("{found:?}")).into()),
    }
}

/// Claims for a time.
pub(super) async fn claim_for(
    store: &impl Store,
    sink: &str,
    now: Instant,
    lease: Seconds,
) -> Result<Vec<Delivery>, Ended> {
    let what = format!("claiming for `{sink}` at {now}, for {lease:?}");
    let (of, sink) = (tenant("default"), key(sink));
    done(&what, store.claim(&of, &sink, now, lease, 1_000).await)
}

/// Claims, and gives what is of one log.
pub(super) async fn claim_in(
    store: &impl Store,
    sink: &str,
    now: Instant,
    stream: &Stream,
) -> Result<Vec<Delivery>, Ended> {
    let mut claimed = claim(store, sink, now).await?;
    claimed.retain(|one| one.notice.stream == *stream);
    Ok(claimed)
}

/// Holds if what is claimed is so until then, and is claimed again by the next attempt, which is given.
pub(super) async fn still_claimed(
    what: &str,
    store: &impl Store,
    one: &Delivery,
    until: Instant,
) -> Result<Delivery, Ended> {
    let (sink, stream) = (one.sink.as_str(), &one.notice.stream);
    let early = claim_in(store, sink, shifted(until, -1_000_000), stream).await?;
    let told = format!("{what}: claimed a second before the lease ends");
    same(told, places(&early), vec![])?;
    let mut next = claim_in(store, sink, shifted(until, 1_000_000), stream).await?;
    let told = format!("{what}: claimed a second after the lease: log, version, attempt");
    let version = one.notice.version.get();
    let expected = vec![(stream.id.to_string(), version, one.attempt + 1)];
    same(told.as_str(), places(&next), expected)?;
    next.pop()
        .ok_or_else(|| Failure::new(told, "one delivery", "none".to_owned()).into())
}

/// Settles what is claimed.
pub(super) async fn settled(
    what: &str,
    store: &impl Store,
    delivery: &Delivery,
    settlement: Settlement,
) -> Result<(), Ended> {
    done(what, store.settle(delivery, settlement).await)
}

/// Of each delivery its log, its version, and the attempt, by logs.
pub(super) fn places(deliveries: &[Delivery]) -> Vec<(String, u64, u32)> {
    let place = |one: &Delivery| {
        let notice = &one.notice;
        (
            notice.stream.id.to_string(),
            notice.version.get(),
            one.attempt,
        )
    };
    let mut places: Vec<_> = deliveries.iter().map(place).collect();
    places.sort();
    places
}

/// Tells a sink everything that there is, and settles it.
pub(super) async fn tell_all(
    store: &impl Store,
    sink: &str,
) -> Result<Vec<(String, u64, u32)>, Ended> {
    let mut told = Vec::new();
    loop {
        let claimed = claim(store, sink, noon(0)).await?;
        if claimed.is_empty() {
            told.sort();
            return Ok(told);
        }
        told.extend(places(&claimed));
        so("notices", told.len() <= 1_000, "an end", told.len())?;
        for one in &claimed {
            settled("settling", store, one, Settlement::Delivered).await?;
        }
    }
}

/// Everything that can be asked of some logs without changing anything, to be compared.
pub(super) async fn picture(
    store: &impl Store,
    logs: &[&Stream],
) -> Result<(Vec<Vec<Envelope>>, Vec<Row>), Ended> {
    let mut entries = Vec::new();
    for stream in logs {
        entries.push(log(store, stream).await?);
    }
    Ok((entries, rows(store).await?))
}
