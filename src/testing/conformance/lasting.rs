//! Contract 7 and 13: what is acknowledged stays, and what is dropped is there or not.

use super::ask::{
    claim, claim_one, done, known, log, outcome_of, picture, places, rows, same, same_log, settled,
    so, written,
};
use super::bench::{Bench, Boxed, polled};
use super::report::Ended;
use super::scribe::{Scribe, full_row, key, noon, tenant};
use crate::phase::Seconds;
use crate::release::{Stream, StreamKind, Version};
use crate::store::{Committed, Query, Settlement, Store};

pub(super) async fn a_second_handle_reads_what_was_acknowledged(bench: Bench) -> Result<(), Ended> {
    let (mut one, mut other) = (bench.store.clone(), bench.second().await?);
    let mut release = Scribe::release(1);
    for n in 0..50 {
        // Nothing is to be kept of what was read before.
        let (stream, version) = (release.stream.clone(), release.version);
        for store in [&one, &other] {
            let before = done(
                "a page at the end",
                store.history(&stream, version, 10).await,
            )?;
            same_log("a page at the end", &before, &[])?;
            rows(store).await?;
        }
        let batch = release.says(&format!("{n}"));
        for store in [&one, &other] {
            let what = "the outcome of what is not committed yet";
            let outcome = store.outcome(&stream, batch.command()).await;
            same(what, done(what, outcome)?, None)?;
        }
        written("committing", &one, &batch).await?;
        release.follow(&batch);
        let what = format!("version {} through another handle", batch.version());
        let read = other.history(&release.stream, batch.expected(), 10).await;
        same_log(&what, &done(&what, read)?, batch.events())?;
        let row = rows(&other).await?.pop();
        same(
            format!("{what}: its row"),
            row.map(|row| row.version),
            Some(batch.version()),
        )?;
        let outcome = other.outcome(&release.stream, batch.command()).await;
        same(
            format!("{what}: its outcome"),
            done(&what, outcome)?,
            Some(outcome_of(&batch)),
        )?;
        if n == 0 {
            let told =
                claim_one("claiming through another handle", &other, "inbox", noon(0)).await?;
            let seen = claim(&one, "inbox", noon(0)).await?;
            same(
                "claimed while another handle's lease runs",
                places(&seen),
                vec![],
            )?;
            settled(
                "settling through the first handle",
                &one,
                &told,
                Settlement::Delivered,
            )
            .await?;
        }
        std::mem::swap(&mut one, &mut other);
    }
    Ok(())
}

pub(super) async fn what_was_acknowledged_is_there_after_reopening(
    bench: Bench,
) -> Result<(), Ended> {
    let (mut release, mut calendar) = (Scribe::release(1), Scribe::calendar("freezes"));
    let other = Scribe::release_of("other", 1);
    release.summary = Some(full_row());
    release.reach(&bench.store, 30).await?;
    calendar.put(&bench.store, "begin").await?;
    other.clone().put(&bench.store, "begin").await?;
    let logs = [&release.stream, &calendar.stream, &other.stream].map(Clone::clone);
    let logs: Vec<_> = logs.iter().collect();
    let before = picture(&bench.store, &logs).await?;
    let bench = bench.reopened().await?;
    let after = picture(&bench.store, &logs).await?;
    same_log(
        "the logs after reopening",
        &after.0.concat(),
        &before.0.concat(),
    )?;
    same("the list after reopening", after.1, before.1)?;
    release.put(&bench.store, "and on").await?;
    let bench = bench.reopened().await?;
    same(
        "entries of the log",
        log(&bench.store, &release.stream).await?.len(),
        31,
    )
}

pub(super) async fn a_command_is_known_after_reopening(bench: Bench) -> Result<(), Ended> {
    let model = Stream::new(tenant("default"), StreamKind::Model, key("web-service"));
    let mut closed = Scribe::release(2);
    closed.summary = Some(full_row());
    let mut batches = Vec::new();
    for mut log in [
        Scribe::release(1),
        closed,
        Scribe::calendar("freezes"),
        Scribe::other(model),
    ] {
        log.put(&bench.store, "begin").await?;
        let batch = log.says_all(2, "once");
        written("committing", &bench.store, &batch).await?;
        batches.push(batch);
    }
    let bench = bench.reopened().await?;
    for batch in &batches {
        let what = format!("the outcome in `{}`, after reopening", batch.stream());
        let outcome = bench.store.outcome(batch.stream(), batch.command()).await;
        same(&what, done(&what, outcome)?, Some(outcome_of(batch)))?;
        let what = format!(
            "the same batch again in `{}`, after reopening",
            batch.stream()
        );
        known(&what, &bench.store, batch).await?;
        same(
            "entries of the log",
            log(&bench.store, batch.stream()).await?.len(),
            3,
        )?;
    }
    Ok(())
}

pub(super) async fn claims_are_there_after_reopening(bench: Bench) -> Result<(), Ended> {
    let mut logs = [Scribe::release(1), Scribe::release(2), Scribe::release(3)];
    for log in &mut logs {
        log.reach(&bench.store, 2).await?;
    }
    let [first, second, third] = logs.map(|log| log.stream.id.to_string());
    for one in claim(&bench.store, "inbox", noon(0)).await? {
        let id = one.notice.stream.id.to_string();
        if id == first {
            settled("settling", &bench.store, &one, Settlement::Delivered).await?;
        } else if id == second {
            settled(
                "putting it off",
                &bench.store,
                &one,
                Settlement::RetryAt(noon(500)),
            )
            .await?;
        }
    }
    let bench = bench.reopened().await?;
    for (seconds, expected) in [
        (0, vec![(first, 2, 1)]),
        (45, vec![]),
        (90, vec![(third, 1, 2)]),
        (600, vec![(second, 1, 2)]),
    ] {
        let mut claimed = claim(&bench.store, "inbox", noon(seconds)).await?;
        let what = format!("claimed after reopening, at {seconds} s");
        for one in &claimed {
            let later = Settlement::RetryAt(noon(100_000));
            settled("putting it off", &bench.store, one, later).await?;
        }
        claimed.retain(|one| one.notice.version.get() <= 2);
        same(what, places(&claimed), expected)?;
    }
    Ok(())
}

pub(super) async fn many_calls_at_once_all_come_to_an_end(bench: Bench) -> Result<(), Ended> {
    let stores = [
        bench.store.clone(),
        bench.store.clone(),
        bench.other().await,
    ];
    let calls =
        (0..16)
            .zip(stores.iter().cycle())
            .map(|(n, store)| -> Boxed<'static, Result<(), Ended>> {
                let store = store.clone();
                Box::pin(async move {
                    let mut release = Scribe::release(n);
                    for turn in 0..6 {
                        release.put(&store, &format!("{turn}")).await?;
                        let entries = log(&store, &release.stream).await?.len();
                        same("entries of a log of one's own", entries, turn + 1)?;
                        let of = tenant("default");
                        done("listing", store.list(&of, Query::default(), None, 5).await)?;
                        let sink = key(&format!("sink {n}"));
                        let claimed = store
                            .claim(&of, &sink, noon(0), Seconds::minutes(1), 3)
                            .await;
                        for one in done("claiming", claimed)? {
                            settled("settling", &store, &one, Settlement::Delivered).await?;
                        }
                    }
                    Ok(())
                })
            });
    for ended in bench.together(calls.collect()).await? {
        ended?;
    }
    same("rows", rows(&bench.store).await?.len(), 16)
}

/// Most polls after which a future is dropped.
const POLLS: u32 = 40;

pub(super) async fn a_dropped_commit_is_there_whole_or_not_at_all(
    bench: Bench,
) -> Result<(), Ended> {
    let (store, other) = (&bench.store, bench.other().await);
    let mut release = Scribe::release(1);
    release.put(store, "begin").await?;
    for polls in 0..=POLLS {
        let batch = release.says_all(3, &format!("dropped after {polls}"));
        let is_done = match polled(store.commit(&batch), polls).await {
            Some(answer) => {
                same("a commit", done("a commit", answer)?, Committed::Written)?;
                true
            }
            None => false,
        };
        let what = format!("a commit that was dropped after {polls} polls");
        let outcome = done(&what, store.outcome(&release.stream, batch.command()).await)?;
        let before = release.version;
        let read = |store: crate::store::AnyStore| {
            let stream = &release.stream;
            async move { store.history(stream, before, 10).await }
        };
        for store in [store, &other, store] {
            let entries = done(&what, read(store.clone()).await)?;
            let row = rows(store).await?.pop().map(|row| row.version);
            let (expected, version) = match outcome {
                Some(_) => (batch.events(), batch.version()),
                None => (&[] as &[_], before),
            };
            let known = if outcome.is_some() {
                "is known"
            } else {
                "is not known"
            };
            same_log(
                format!("{what}, whose command {known}: the log"),
                &entries,
                expected,
            )?;
            same(
                format!("{what}, whose command {known}: its row"),
                row,
                Some(version),
            )?;
        }
        let again = done(&what, store.commit(&batch).await)?;
        let expected = outcome.map_or(Committed::Written, Committed::AlreadyDone);
        same(format!("{what}, sent again"), again, expected)?;
        same_log(
            &what,
            &done(&what, read(store.clone()).await)?,
            batch.events(),
        )?;
        release.follow(&batch);
        if is_done {
            break;
        }
    }
    // Every event is told of once, whatever was dropped.
    for version in 1..=release.version.get() {
        let what = format!("claiming the notice of version {version}");
        let one = claim_one(&what, store, "inbox", noon(0)).await?;
        same(&what, one.notice.version, Version::new(version))?;
        settled("settling it", store, &one, Settlement::Delivered).await?;
    }
    same(
        "notices after the last one",
        claim(store, "inbox", noon(0)).await?.len(),
        0,
    )
}

pub(super) async fn a_dropped_claim_or_settlement_is_done_or_not(
    bench: Bench,
) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    let (of, sink, lease) = (tenant("default"), key("inbox"), Seconds::minutes(1));
    let mut now = 0;
    for polls in 0..=POLLS {
        let mut version = release.put(store, &format!("{polls}")).await?.version();
        let dropped = polled(store.claim(&of, &sink, noon(now), lease, 10), polls).await;
        // Once its lease is over, if there is one, it is claimed as if nothing had been.
        now += 120;
        let what = format!("claiming after a claim that was dropped after {polls} polls");
        let one = claim_one(&what, store, "inbox", noon(now)).await?;
        same(&what, one.notice.version, version)?;
        let settling = polled(store.settle(&one, Settlement::Delivered), polls).await;
        let is_done = dropped.is_some() && settling.is_some();
        if let Some(answer) = settling {
            done("settling", answer)?;
        }
        now += 120;
        version = release.put(store, "next").await?.version();
        let what = format!("claiming after a settlement that was dropped after {polls} polls");
        let mut next = claim_one(&what, store, "inbox", noon(now)).await?;
        if next.notice.version != version {
            same(&what, next.notice.version, one.notice.version)?;
            let is_later = next.attempt > one.attempt;
            so(
                "the attempt after a settlement that was dropped",
                is_later,
                "a later one",
                next.attempt,
            )?;
            settled("settling", store, &next, Settlement::Delivered).await?;
            next = claim_one(&what, store, "inbox", noon(now)).await?;
        }
        same(&what, next.notice.version, version)?;
        settled("settling", store, &next, Settlement::Delivered).await?;
        if is_done {
            break;
        }
    }
    Ok(())
}
