//! Contract 3: a batch rests on logs that have not moved.

use super::ask::{done, log, refused, same, same_log, so, written};
use super::bench::{Bench, Boxed};
use super::report::Ended;
use super::scribe::{Scribe, guarded, key, tenant};
use crate::phase::PhaseName;
use crate::release::limits::BATCH_GUARDS;
use crate::release::{Batch, Stream, StreamKind, Version};
use crate::store::{Committed, Store, StoreError, StoreErrorKind};

/// A log to rest on: a calendar, a model, a release that is closed, a release, or one of another tenant.
fn any_log(number: u64) -> Scribe {
    let model = Stream::new(
        tenant("default"),
        StreamKind::Model,
        key(&format!("{number:02}")),
    );
    let mut release = Scribe::release(1_000 + number);
    match number % 5 {
        0 => Scribe::calendar(&format!("{number:02}")),
        1 => Scribe::other(model),
        2 => Scribe::release_of("other", number),
        3 => release,
        _ => {
            if let Some(summary) = &mut release.summary {
                summary.standing.phase = PhaseName::Closed;
            }
            release
        }
    }
}

pub(super) async fn a_moved_guard_writes_nothing(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    // With the parent as many as a batch takes, of every kind and of two tenants.
    let mut logs: Vec<_> = (0..BATCH_GUARDS as u64 - 1).map(any_log).collect();
    for log in &mut logs {
        log.reach(store, 10).await?;
    }
    let mut parent = Scribe::release(2);
    parent.put(store, "begin").await?;
    let mut release = Scribe::release(1);
    release.put(store, "begin").await?;
    let rests = |release: &Scribe, moved: usize, version| {
        let guards = logs.iter().enumerate();
        let guards = guards.map(|(n, log)| (log, if n == moved { version } else { 10 }));
        guarded(release.says("rests"), guards.chain([(&parent, 1)]))
    };
    for moved in [0, 1, 2, 3, 94, 95, 96, 97, 98] {
        for version in [0, 9, 11, 100, 266, 65_546] {
            let batch = rests(&release, moved, version);
            let what = format!("resting on version {version} of a log that is at 10");
            let error = refused(
                &what,
                store.commit(&batch).await,
                StoreErrorKind::GuardMoved,
            )?;
            let actual = logs
                .get(moved)
                .map(|log| (log.stream.clone(), Version::new(10)));
            same(
                format!("{what}: the log that it names"),
                error.actual(),
                actual.as_ref(),
            )?;
            let outcome = store.outcome(&release.stream, batch.command()).await;
            same(
                "the outcome of a refused batch",
                done("its outcome", outcome)?,
                None,
            )?;
        }
    }
    same(
        "entries after refusals",
        log(store, &release.stream).await?.len(),
        1,
    )?;
    let holds = rests(&release, 0, 10);
    written("resting on logs that have not moved", store, &holds).await?;
    release.follow(&holds);
    parent.put(store, "moves").await?;
    let stale = guarded(release.says("rests again"), [(&parent, 1)]);
    let what = "resting on version 1 of a log that is at 2";
    refused(what, store.commit(&stale).await, StoreErrorKind::GuardMoved).map(drop)
}

pub(super) async fn a_guard_on_a_log_that_is_not_there_holds_until_it_is(
    bench: Bench,
) -> Result<(), Ended> {
    let store = &bench.store;
    let mut calendar = Scribe::calendar("freezes");
    let mut release = Scribe::release(1);
    // Logs of the same name, of another kind and of another tenant, are other logs.
    for (of, kind) in [
        ("default", StreamKind::Model),
        ("other", StreamKind::Calendar),
    ] {
        let mut other = Scribe::other(Stream::new(tenant(of), kind, key("freezes")));
        let rests = guarded(other.says("begin"), [(&calendar, 0)]);
        let what = format!("resting, in `{}`, on a log that is not there", other.stream);
        written(&what, store, &rests).await?;
        other.follow(&rests);
        other.reach(store, 3).await?;
    }
    let first = guarded(release.says("begin"), [(&calendar, 0)]);
    written("resting on a log that is not there", store, &first).await?;
    release.follow(&first);
    let what = "the log that it rests on";
    same_log(what, &log(store, &calendar.stream).await?, &[])?;
    let early = guarded(release.says("early"), [(&calendar, 1)]);
    let what = "resting on version 1 of a log that is not there";
    let error = refused(what, store.commit(&early).await, StoreErrorKind::GuardMoved)?;
    same(
        what,
        error.actual(),
        Some(&(calendar.stream.clone(), Version::NONE)),
    )?;
    calendar.put(store, "begin").await?;
    let late = guarded(release.says("late"), [(&calendar, 0)]);
    let what = "resting on the absence of a log that is there";
    refused(what, store.commit(&late).await, StoreErrorKind::GuardMoved)?;
    written("resting on version 1", store, &early).await?;
    let mut theirs = Scribe::other(Stream::new(
        tenant("third"),
        StreamKind::Calendar,
        key("freezes"),
    ));
    theirs.reach(store, 2).await?;
    let rests = guarded(theirs.says("rests"), [(&calendar, 1)]);
    let what = "resting on version 1 of another tenant's log, from one of the same name";
    written(what, store, &rests).await
}

pub(super) async fn of_two_writers_that_guard_each_other_one_wins(
    bench: Bench,
) -> Result<(), Ended> {
    let stores = [bench.store.clone(), bench.other().await];
    let [one_store, other_store] = &stores;
    for round in 0..40 {
        let (mut one, mut other) = (
            Scribe::release(10 + 2 * round),
            Scribe::release(11 + 2 * round),
        );
        one.put(one_store, "begin").await?;
        other.put(other_store, "begin").await?;
        let batches = [
            guarded(one.says("rests"), [(&other, 1)]),
            guarded(other.says("rests"), [(&one, 1)]),
        ];
        let commit = |(store, batch): (_, Batch)| -> Boxed<'static, Result<Committed, StoreError>> {
            let store: &crate::store::AnyStore = store;
            let store = store.clone();
            Box::pin(async move { store.commit(&batch).await })
        };
        let calls = stores.iter().zip(batches).map(commit).collect();
        let answers = bench.together(calls).await?;
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        let what = "two at once that rest on each other: how many are written";
        same(what, won, 1)?;
        let lost = answers.iter().filter_map(|answer| answer.as_ref().err());
        for error in lost {
            so(
                "what the other one gets",
                error.is_conflict(),
                "a guard that moved",
                error,
            )?;
        }
    }
    Ok(())
}
