//! Contract 10: who is told what, and when.

use super::ask::{
    claim, claim_for, claim_one, done, places, refused, same, settled, still_claimed,
};
use super::bench::Bench;
use super::report::Ended;
use super::scribe::{Scribe, key, noon, precise, shifted, tenant};
use crate::phase::Seconds;
use crate::release::{Delivery, Version};
use crate::store::{Settlement, Store, StoreErrorKind};
use std::collections::BTreeSet;

pub(super) async fn a_sink_gets_the_lowest_notice_that_it_has_not_settled(
    bench: Bench,
) -> Result<(), Ended> {
    let store = &bench.store;
    let (mut one, mut two) = (Scribe::release(1), Scribe::release(2));
    let mut calendar = Scribe::calendar("freezes");
    one.reach(store, 12).await?;
    two.put(store, "begin").await?;
    calendar.put(store, "begin").await?;
    let id = |scribe: &Scribe| scribe.stream.id.to_string();
    for version in 1..=12 {
        let claimed = claim(store, "inbox", noon(0)).await?;
        let mut expected = vec![(id(&one), version, 1)];
        if version == 1 {
            expected.extend([(id(&two), 1, 1), (id(&calendar), 1, 1)]);
            expected.sort();
        }
        same("claimed: log, version, attempt", places(&claimed), expected)?;
        let again = claim(store, "inbox", noon(0)).await?;
        same("claimed again at once", places(&again), vec![])?;
        for delivery in &claimed {
            same("the sink of a delivery", &delivery.sink, &key("inbox"))?;
            settled("settling", store, delivery, Settlement::Delivered).await?;
        }
    }
    same(
        "claimed when all is settled",
        places(&claim(store, "inbox", noon(90)).await?),
        vec![],
    )?;
    two.put(store, "more").await?;
    let next = claim(store, "inbox", noon(0)).await?;
    same(
        "claimed after another commit",
        places(&next),
        vec![(id(&two), 2, 1)],
    )
}

pub(super) async fn a_sink_that_is_done_gets_what_comes_later(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    release.put(store, "begin").await?;
    for version in [1, 3, 5, 7] {
        // One comes while one is claimed, and one after all is settled.
        let one = claim_one("claiming", store, "inbox", noon(0)).await?;
        release.put(store, "meanwhile").await?;
        same("the notice that is next", one.notice.version.get(), version)?;
        settled("settling it", store, &one, Settlement::Delivered).await?;
        let what = "claiming what came while another one was claimed";
        let one = claim_one(what, store, "inbox", noon(0)).await?;
        same(what, one.notice.version.get(), version + 1)?;
        settled("settling it", store, &one, Settlement::Delivered).await?;
        let rest = claim(store, "inbox", noon(0)).await?;
        same("claimed when all is settled", places(&rest), vec![])?;
        release.put(store, "later").await?;
    }
    Ok(())
}

pub(super) async fn a_lease_keeps_others_away_until_it_ends(bench: Bench) -> Result<(), Ended> {
    let (store, other) = (&bench.store, bench.other().await);
    let mut release = Scribe::release(1);
    release.reach(store, 2).await?;
    let first = claim_one("claiming", store, "inbox", noon(0)).await?;
    same("the first attempt", first.attempt, 1)?;
    for now in [noon(0), noon(59), shifted(noon(60), -1)] {
        let early = claim(&other, "inbox", now).await?;
        let what = format!("claimed at {now}, when the lease ends at {}", noon(60));
        same(what, places(&early), vec![])?;
    }
    let second = claim_one("claiming when the lease ends", &other, "inbox", noon(60)).await?;
    same(
        "the second attempt",
        (second.notice.version.get(), second.attempt),
        (1, 2),
    )?;
    // By a clock that went backwards the lease still runs.
    for seconds in [59, 0, -3_600] {
        let early = claim(store, "inbox", noon(seconds)).await?;
        same(
            "claimed by a clock that went backwards",
            places(&early),
            vec![],
        )?;
    }
    let third = claim_one(
        "claiming when the second lease ends",
        store,
        "inbox",
        noon(120),
    )
    .await?;
    same("the third attempt", third.attempt, 3)?;
    for seconds in [1, 90, 7_200] {
        leased_for(store, seconds).await?;
    }
    a_commit_leaves_leases_alone(store, &mut release).await?;
    // More than a byte can count.
    for attempt in 4..=260 {
        let now = noon(i64::from(attempt) * 90);
        let next = claim_one("claiming when a lease is over", store, "inbox", now).await?;
        same("the attempt", next.attempt, attempt)?;
    }
    Ok(())
}

/// A lease is as long as it is asked for, from a moment between two milliseconds.
async fn leased_for(store: &impl Store, seconds: u32) -> Result<(), Ended> {
    let (sink, lease) = (format!("for {seconds} s"), Seconds::new(seconds));
    let end = precise(seconds.into());
    for (now, expected) in [
        (precise(0), Some(1)),
        (shifted(precise(0), 900_000), None),
        (shifted(end, -1), None),
        (end, Some(2)),
    ] {
        let what = format!("the attempt claimed at {now}, when the lease ends at {end}");
        let claimed = claim_for(store, &sink, now, lease).await?;
        let attempts: Vec<_> = claimed.iter().map(|one| one.attempt).collect();
        same(what, attempts, Vec::from_iter(expected))?;
    }
    Ok(())
}

/// What is written to a log, or refused, does nothing to what is claimed of it.
async fn a_commit_leaves_leases_alone(
    store: &impl Store,
    release: &mut Scribe,
) -> Result<(), Ended> {
    let sink = "while others write";
    claim_one("claiming", store, sink, noon(0)).await?;
    let what = "claiming when the lease ends";
    let mut claimed = claim_one(what, store, sink, noon(60)).await?;
    same("the second attempt", claimed.attempt, 2)?;
    let stale = release.clone().by("lou").says("stale");
    release.put(store, "meanwhile").await?;
    let what = "a commit while a notice is claimed";
    claimed = still_claimed(what, store, &claimed, noon(120)).await?;
    let what = "a conflict while a notice is claimed";
    refused(what, store.commit(&stale).await, StoreErrorKind::Conflict)?;
    claimed = still_claimed(what, store, &claimed, noon(181)).await?;
    settled("settling it", store, &claimed, Settlement::Delivered).await
}

pub(super) async fn a_late_settlement_is_refused(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    Scribe::release(1).reach(store, 2).await?;
    let stale = async |what: &str, delivery: &Delivery| {
        for settlement in [
            Settlement::RetryAt(noon(0)),
            Settlement::Rejected,
            Settlement::Delivered,
        ] {
            let answer = store.settle(delivery, settlement).await;
            refused(what, answer, StoreErrorKind::StaleClaim)?;
        }
        Ok::<_, Ended>(())
    };
    let slow = claim_one("claiming", store, "inbox", noon(0)).await?;
    let quick = claim_one("claiming when the lease is over", store, "inbox", noon(80)).await?;
    stale("settling an earlier attempt", &slow).await?;
    let leased = claim(store, "inbox", noon(90)).await?;
    same(
        "claimed after a late settlement, while the lease runs",
        places(&leased),
        vec![],
    )?;
    let mut forged = quick.clone();
    forged.attempt += 1;
    stale("settling an attempt that was not made", &forged).await?;
    forged = quick.clone();
    forged.notice.version = Version::new(2);
    stale("settling a notice that is not claimed", &forged).await?;
    forged = quick.clone();
    forged.sink = key("another");
    stale("settling for a sink that claimed nothing", &forged).await?;
    forged = quick.clone();
    forged.notice.stream = Scribe::release(9).stream;
    stale("settling a notice of a log that is not there", &forged).await?;
    settled(
        "settling the current attempt",
        store,
        &quick,
        Settlement::Delivered,
    )
    .await?;
    stale("settling what is settled", &quick).await?;
    stale("settling an earlier attempt at what is settled", &slow).await?;
    let next = claim_one("claiming the next one", store, "inbox", noon(90)).await?;
    same(
        "the next one",
        (next.notice.version.get(), next.attempt),
        (2, 1),
    )?;
    // By number it is the current attempt, and it is about another notice.
    stale(
        "settling an earlier notice by the number of the current attempt",
        &slow,
    )
    .await?;
    settled("settling the next one", store, &next, Settlement::Delivered).await
}

pub(super) async fn a_notice_waits_until_it_is_to_be_tried_again(
    bench: Bench,
) -> Result<(), Ended> {
    let store = &bench.store;
    Scribe::release(1).reach(store, 2).await?;
    let first = claim_one("claiming", store, "inbox", noon(0)).await?;
    let leased = claim_one("claiming for another sink", store, "leased", noon(0)).await?;
    // Between two milliseconds.
    let later = precise(3_600);
    settled("putting it off", store, &first, Settlement::RetryAt(later)).await?;
    for_one_sink_alone(store, &leased).await?;
    for now in [noon(1), noon(60), noon(3_600), shifted(later, -1)] {
        let early = claim(store, "inbox", now).await?;
        same(
            "claimed before it is to be tried again",
            places(&early),
            vec![],
        )?;
    }
    let again = claim_one(
        "claiming when it is to be tried again",
        store,
        "inbox",
        later,
    )
    .await?;
    same(
        "the same notice again",
        (again.notice.version.get(), again.attempt),
        (1, 2),
    )?;
    // Sooner than the lease, too.
    settled(
        "putting it off",
        store,
        &again,
        Settlement::RetryAt(noon(3_601)),
    )
    .await?;
    let again = claim_one("claiming a second later", store, "inbox", noon(3_601)).await?;
    same(
        "the same notice again",
        (again.notice.version.get(), again.attempt),
        (1, 3),
    )
}

/// Holds if what one sink has done with the first notice is nothing to others: to one that has claimed it at noon, and
/// to one that has not.
async fn for_one_sink_alone(store: &impl Store, leased: &Delivery) -> Result<(), Ended> {
    let what = "claiming what another sink has settled, for a sink that comes later";
    let one = claim_one(what, store, "later", noon(1)).await?;
    same(what, (one.notice.version.get(), one.attempt), (1, 1))?;
    let what = "claiming what another sink has settled, for a sink whose lease is over";
    let one = claim_one(what, store, leased.sink.as_str(), noon(61)).await?;
    same(what, (one.notice.version.get(), one.attempt), (1, 2))?;
    settled("settling it", store, &one, Settlement::Delivered).await
}

pub(super) async fn a_rejected_notice_lets_the_next_one_go(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    Scribe::release(1).reach(store, 2).await?;
    let first = claim_one("claiming", store, "inbox", noon(0)).await?;
    let leased = claim_one("claiming for another sink", store, "leased", noon(0)).await?;
    settled("rejecting it", store, &first, Settlement::Rejected).await?;
    for_one_sink_alone(store, &leased).await?;
    let next = claim_one("claiming after a rejection", store, "inbox", noon(0)).await?;
    same(
        "the next notice",
        (next.notice.version.get(), next.attempt),
        (2, 1),
    )?;
    settled("settling it", store, &next, Settlement::Delivered).await?;
    same(
        "claimed when all is settled",
        claim(store, "inbox", noon(90)).await?.len(),
        0,
    )
}

pub(super) async fn a_new_sink_begins_at_version_one(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    release.reach(store, 2).await?;
    let old = claim_one("claiming", store, "old", noon(0)).await?;
    settled("settling it", store, &old, Settlement::Delivered).await?;
    let old = claim_one("claiming the next one", store, "old", noon(0)).await?;
    for version in 1..=2 {
        let new = claim_one("claiming for a new sink", store, "new", noon(0)).await?;
        same(
            "what a new sink is told",
            (new.notice.version.get(), new.attempt),
            (version, 1),
        )?;
        settled("settling it", store, &new, Settlement::Delivered).await?;
    }
    same(
        "what the other sink is told while its lease runs",
        claim(store, "old", noon(0)).await?.len(),
        0,
    )?;
    settled(
        "settling for the other sink",
        store,
        &old,
        Settlement::Delivered,
    )
    .await?;
    release.put(store, "more").await?;
    for sink in ["old", "new"] {
        let one = claim_one("claiming after another commit", store, sink, noon(0)).await?;
        same("what both sinks are told", one.notice.version.get(), 3)?;
    }
    Ok(())
}

pub(super) async fn a_claim_of_few_comes_to_all(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    for number in 1..=7 {
        Scribe::release(number).reach(store, 2).await?;
    }
    let (of, sink, lease) = (tenant("default"), key("inbox"), Seconds::minutes(1));
    let mut told = BTreeSet::new();
    for turn in 0..7 {
        let claimed = store.claim(&of, &sink, noon(0), lease, 2).await;
        let claimed = done("claiming two", claimed)?;
        let expected = if turn < 3 { 2 } else { usize::from(turn == 3) };
        same(
            format!("notices of claim {turn} of two out of seven"),
            claimed.len(),
            expected,
        )?;
        told.extend(places(&claimed));
    }
    let expected = (1..=7)
        .map(|n| (Scribe::release(n).stream.id.to_string(), 1, 1))
        .collect();
    same("all that is claimed, two at a time", told, expected)
}

pub(super) async fn a_claim_of_few_takes_what_waits_longest(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let logs: Vec<_> = (1..=5).map(Scribe::release).collect();
    let id = |number: usize| logs.get(number - 1).map(|log| log.stream.id.to_string());
    for log in logs.iter().take(4) {
        log.clone().put(store, "begin").await?;
    }
    // The lease on the fourth one ends first; the others are put off, the later ones for less long.
    let puts_off = [(1, 400), (2, 300), (3, 200)];
    for one in claim(store, "inbox", noon(0)).await? {
        let name = one.notice.stream.id.to_string();
        let later = puts_off
            .iter()
            .find(|(n, _)| id(*n).as_ref() == Some(&name));
        if let Some((_, seconds)) = later {
            let later = Settlement::RetryAt(noon(*seconds));
            settled("putting it off", store, &one, later).await?;
        }
    }
    if let Some(log) = logs.last() {
        log.clone().put(store, "begin").await?;
    }
    let (of, sink, lease) = (tenant("default"), key("inbox"), Seconds::minutes(1));
    // What was never claimed comes first.
    for number in [5, 4, 3, 2, 1] {
        let what = "claiming one, when five can be claimed that were so since different times";
        let claimed = store.claim(&of, &sink, noon(1_000), lease, 1).await;
        let claimed = done(what, claimed)?;
        let found: Vec<_> = claimed
            .iter()
            .map(|one| one.notice.stream.id.to_string())
            .collect();
        same(what, found, Vec::from_iter(id(number)))?;
    }
    Ok(())
}
