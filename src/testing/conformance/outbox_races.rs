//! Contract 10, by several relays and writers at once.

use super::ask::{claim, done, places, same, so};
use super::bench::{Bench, Boxed};
use super::report::Ended;
use super::scribe::{Scribe, noon};
use crate::release::Delivery;
use crate::store::{AnyStore, Settlement, Store};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) async fn of_claims_at_once_one_gets_a_notice(bench: Bench) -> Result<(), Ended> {
    let stores = [bench.store.clone(), bench.other().await];
    for number in 1..=5 {
        Scribe::release(number).put(&bench.store, "begin").await?;
    }
    for round in 0..15 {
        let calls = stores.iter().cycle().take(6).map(
            |store| -> Boxed<'static, Result<Vec<Delivery>, Ended>> {
                let store = store.clone();
                Box::pin(async move { claim(&store, "inbox", noon(90 * round)).await })
            },
        );
        let mut claimed = Vec::new();
        for answer in bench.together(calls.collect()).await? {
            claimed.extend(answer?);
        }
        let attempt = u32::try_from(round + 1).unwrap_or_default();
        let expected = (1..=5).map(|n| (Scribe::release(n).stream.id.to_string(), 1, attempt));
        let what = "six claims at once: log, version, attempt";
        same(what, places(&claimed), expected.collect())?;
    }
    Ok(())
}

const WRITERS: u64 = 4;
const NOTES: u64 = 25;

async fn write_all(store: AnyStore, number: u64, left: Arc<AtomicUsize>) -> Result<(), Ended> {
    let mut release = Scribe::release(number);
    let mut ended = Ok(());
    for note in 0..NOTES {
        ended = release.put(&store, &note.to_string()).await.map(drop);
        if ended.is_err() {
            break;
        }
    }
    left.fetch_sub(1, Ordering::SeqCst);
    ended
}

/// Tells everything until nobody writes any more and there is nothing left.
async fn relay(store: AnyStore, left: Arc<AtomicUsize>) -> Result<Vec<Delivery>, Ended> {
    let mut told = Vec::new();
    loop {
        let is_over = left.load(Ordering::SeqCst) == 0;
        let claimed = claim(&store, "inbox", noon(0)).await?;
        if claimed.is_empty() && is_over {
            return Ok(told);
        }
        for one in claimed {
            done("settling", store.settle(&one, Settlement::Delivered).await)?;
            told.push(one);
        }
        so("notices", told.len() <= 1_000, "an end", told.len())?;
    }
}

pub(super) async fn no_notice_is_lost_while_others_write(bench: Bench) -> Result<(), Ended> {
    let other = bench.other().await;
    let left = Arc::new(AtomicUsize::new(
        usize::try_from(WRITERS).unwrap_or_default(),
    ));
    let mut calls: Vec<Boxed<'static, Result<Vec<Delivery>, Ended>>> = Vec::new();
    for (number, store) in (1..=WRITERS).zip([&bench.store, &other].into_iter().cycle()) {
        let (store, left) = (store.clone(), left.clone());
        calls.push(Box::pin(async move {
            write_all(store, number, left).await.map(|()| Vec::new())
        }));
    }
    calls.push(Box::pin(relay(other, left)));
    let mut told: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for answer in bench.together(calls).await? {
        for one in answer? {
            let versions = told.entry(one.notice.stream.id.to_string()).or_default();
            versions.push(one.notice.version.get());
        }
    }
    let expected = (1..=WRITERS).map(|n| {
        (
            Scribe::release(n).stream.id.to_string(),
            (1..=NOTES).collect(),
        )
    });
    same(
        "the versions that are told of each log, in order",
        told,
        expected.collect(),
    )
}
