//! Contract 1, 2 and 4, by several writers at once.

use super::ask::{done, known, log, same, same_log, so, written};
use super::bench::{Bench, Boxed};
use super::report::{Ended, Failure};
use super::scribe::{Scribe, noon};
use crate::phase::PhaseName;
use crate::release::{Batch, Ending, Version, verify};
use crate::store::{AnyStore, Committed, Filter, Query, Store, StoreError, StoreErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

type Answer = Result<Committed, StoreError>;

fn commit(store: &AnyStore, batch: Batch) -> Boxed<'static, Answer> {
    let store = store.clone();
    Box::pin(async move { store.commit(&batch).await })
}

pub(super) async fn of_many_writers_at_one_version_one_wins(bench: Bench) -> Result<(), Ended> {
    let stores = [bench.store.clone(), bench.other().await];
    let mut release = Scribe::release(1);
    for round in 0..20 {
        let drafts = (0..8).map(|n| release.clone().by(&format!("w{n}")).says("mine"));
        let drafts: Vec<_> = drafts.collect();
        let calls = drafts.iter().zip(stores.iter().cycle());
        let calls = calls.map(|(batch, store)| commit(store, batch.clone()));
        let answers = bench.together(calls.collect()).await?;
        let won: Vec<_> = answers.iter().map(Result::is_ok).collect();
        let what = format!("eight writers at version {round}");
        same(
            format!("{what}: how many win"),
            won.iter().filter(|won| **won).count(),
            1,
        )?;
        for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            let is_conflict = error.kind() == StoreErrorKind::Conflict;
            so(
                format!("{what}: what a loser gets"),
                is_conflict,
                "a conflict",
                error,
            )?;
            let actual = (release.stream.clone(), Version::new(round + 1));
            same(
                format!("{what}: what it names"),
                error.actual(),
                Some(&actual),
            )?;
        }
        let winner = drafts
            .iter()
            .zip(&won)
            .find_map(|(batch, won)| won.then_some(batch));
        if let Some(batch) = winner {
            let entries = log(&bench.store, &release.stream).await?;
            let written = entries.get(usize::try_from(round).unwrap_or_default()..);
            same_log(
                format!("{what}: what is in the log"),
                written.unwrap_or_default(),
                batch.events(),
            )?;
            release.follow(batch);
        }
    }
    Ok(())
}

/// One writer: loads, writes a note of its own, and tries again when somebody else was first.
async fn write_all(store: AnyStore, writer: usize, notes: usize) -> Result<(), Ended> {
    let mut release = Scribe::release(1).by(&format!("w{writer}"));
    for note in 0..notes {
        let mut tries = 0;
        loop {
            if let Some(last) = log(&store, &release.stream).await?.last() {
                release.goes_on(last);
            }
            match store
                .commit(&release.says(&format!("{writer}/{note}")))
                .await
            {
                Ok(_) => break,
                Err(error) if error.kind() == StoreErrorKind::Conflict => tries += 1,
                Err(error) => done("writing among others", Err(error))?,
            }
            if tries > 1_000 {
                let found = "a thousand conflicts in a row";
                return Err(Failure::new("writing among others", "to come to it", found).into());
            }
        }
    }
    Ok(())
}

pub(super) async fn no_update_is_lost(bench: Bench) -> Result<(), Ended> {
    const WRITERS: usize = 6;
    const NOTES: usize = 8;
    let stores = [bench.store.clone(), bench.other().await];
    let writers = (0..WRITERS).zip(stores.iter().cycle());
    let calls = writers.map(|(writer, store)| -> Boxed<'static, Result<(), Ended>> {
        Box::pin(write_all(store.clone(), writer, NOTES))
    });
    for written in bench.together(calls.collect()).await? {
        written?;
    }
    let entries = log(&bench.store, &Scribe::release(1).stream).await?;
    so(
        "the links of the log",
        verify(&entries).is_ok(),
        "unbroken",
        verify(&entries),
    )?;
    let mut notes: Vec<_> = entries.iter().map(|entry| entry.data.as_str()).collect();
    notes.sort_unstable();
    notes.dedup();
    same("different notes in the log", notes.len(), WRITERS * NOTES)?;
    same("entries of the log", entries.len(), WRITERS * NOTES)
}

pub(super) async fn the_same_command_at_once_is_done_once(bench: Bench) -> Result<(), Ended> {
    let stores = [bench.store.clone(), bench.other().await];
    let mut release = Scribe::release(1);
    release.put(&bench.store, "begin").await?;
    for round in 0..20 {
        let batch = release.says(&format!("round {round}"));
        let calls = stores
            .iter()
            .cycle()
            .take(6)
            .map(|store| commit(store, batch.clone()));
        let answers = bench.together(calls.collect()).await?;
        let mut written = 0;
        for answer in answers {
            match done("the same batch six times at once", answer)? {
                Committed::Written => written += 1,
                Committed::AlreadyDone(outcome) => {
                    let what = "the same batch six times at once: its outcome";
                    same(what, outcome, super::ask::outcome_of(&batch))?;
                }
            }
        }
        same(
            "the same batch six times at once: how many write it",
            written,
            1,
        )?;
        known("the same batch once more", &bench.store, &batch).await?;
        release.follow(&batch);
    }
    same(
        "entries of the log",
        log(&bench.store, &release.stream).await?.len(),
        21,
    )
}

/// Looks at a release again and again while it is closed.
async fn watch(store: AnyStore, closed: Batch, is_over: Arc<AtomicBool>) -> Result<(), Ended> {
    let open = Query {
        filter: Filter::Open,
        ..Query::default()
    };
    let tenant = &closed.stream().tenant;
    loop {
        let is_last = is_over.load(Ordering::SeqCst);
        let outcome = store.outcome(closed.stream(), closed.command()).await;
        let is_known = done("looking while a release is closed", outcome)?.is_some();
        let entries = log(&store, closed.stream()).await?.len();
        let page = store.list(tenant, open, None, 10).await;
        let page = done("looking while a release is closed", page)?;
        let row = store.list(tenant, Query::default(), None, 10).await;
        let row = done("looking while a release is closed", row)?.rows.pop();
        let before = usize::try_from(closed.expected().get()).unwrap_or_default();
        let after = before + closed.events().len();
        let what = "entries of a log while it is closed";
        so(
            what,
            [before, after].contains(&entries),
            &format!("{before} or {after}"),
            entries,
        )?;
        // What is looked at later is at least as late.
        let is_written = entries == after;
        so(
            "a known command whose events are missing",
            !is_known || is_written,
            "its events",
            entries,
        )?;
        let is_open = !page.rows.is_empty();
        so(
            "a closed release",
            !(is_written && is_open),
            "closed in the list",
            &page.rows,
        )?;
        let row = row.map(|row| (row.version, row.summary.standing.phase == PhaseName::Closed));
        let whole = [(closed.expected(), false), (closed.version(), true)];
        let is_whole = row.is_some_and(|row| whole.contains(&row));
        so(
            "the version of a row, and whether it is closed",
            is_whole,
            &format!("{whole:?}"),
            row,
        )?;
        if is_last {
            return same("the end of the log", entries, after);
        }
    }
}

pub(super) async fn closing_is_one_commit(bench: Bench) -> Result<(), Ended> {
    let other = bench.other().await;
    for number in 1..=12 {
        let of = format!("tenant {number}");
        let mut release = Scribe::release_of(&of, number);
        release.put(&bench.store, "begin").await?;
        if let Some(summary) = &mut release.summary {
            summary.standing.phase = PhaseName::Closed;
            summary.ending = Some(Ending::Rejected);
            summary.ended_at = Some(noon(0));
        }
        let closes = release.says_all(20, "the end");
        let is_over = Arc::new(AtomicBool::new(false));
        let watches: Boxed<'static, _> =
            Box::pin(watch(other.clone(), closes.clone(), is_over.clone()));
        let store = bench.store.clone();
        let closing: Boxed<'static, _> = Box::pin(async move {
            let done = written("closing a release", &store, &closes).await;
            is_over.store(true, Ordering::SeqCst);
            done
        });
        for ended in bench.together(vec![watches, closing]).await? {
            ended?;
        }
    }
    Ok(())
}
