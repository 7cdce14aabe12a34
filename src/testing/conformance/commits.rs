//! Contract 1, 2, 5 and 11: what a commit writes, and when it writes nothing.

use super::ask::{
    claim, claim_one, done, log, outcome_of, picture, refused, rows, same, same_log, settled, so,
    tell_all, written,
};
use super::bench::Bench;
use super::report::Ended;
use super::scribe::{Scribe, full_row, guarded, key, noon, precise, raw, text};
use crate::phase::{Closed, PhaseName, Standing};
use crate::release::limits::{BATCH_EVENTS, BATCH_GUARDS, PAYLOAD_BYTES};
use crate::release::{Actor, Ending, Track, Version, replay, verify};
use crate::store::{Settlement, Store, StoreErrorKind};
use crate::testing::release_in;

pub(super) async fn a_commit_writes_everything_together(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    release.at = precise(0);
    let first = release.put(store, "one").await?;
    release.summary = Some(full_row());
    let batch = release.put(store, "two").await?;
    let expected = [first.events(), batch.events()].concat();
    let entries = log(store, &release.stream).await?;
    same_log("the log after two commits", &entries, &expected)?;

    let mut found = rows(store).await?;
    same("rows of one release", found.len(), 1)?;
    let row = found.remove(0);
    same("the log of its row", &row.stream, batch.stream())?;
    same("the version of its row", row.version, batch.version())?;
    same("the row", Some(&row.summary), batch.summary())?;
    for batch in [&first, &batch] {
        let outcome = store.outcome(batch.stream(), batch.command()).await;
        let what = "the outcome of a command that was done";
        same(what, done(what, outcome)?, Some(outcome_of(batch)))?;
    }
    for batch in [&first, &batch] {
        let what = "claiming the notice of a commit";
        let delivery = claim_one(what, store, "inbox", noon(0)).await?;
        let notice = batch.outbox().next();
        same(
            "the notice of a commit",
            Some(&delivery.notice),
            notice.as_ref(),
        )?;
        settled("settling it", store, &delivery, Settlement::Delivered).await?;
    }
    same(
        "notices after the last one",
        claim(store, "inbox", noon(0)).await?.len(),
        0,
    )?;
    every_word_is_kept(store, &mut release).await
}

/// Every phase, track and ending, on hold and not, by a person and by a system, in the row and in the notice.
async fn every_word_is_kept(store: &impl Store, release: &mut Scribe) -> Result<(), Ended> {
    let tracks = [Track::Standard, Track::Normal, Track::Emergency];
    let endings = [
        Ending::Completed,
        Ending::WithIssues,
        Ending::Unsuccessful,
        Ending::BackedOut,
        Ending::Rejected,
        Ending::Cancelled,
    ];
    let actors = [Actor::System(key("pipeline")), release.actor.clone()];
    let words = PhaseName::ALL
        .iter()
        .flat_map(|phase| [(*phase, true), (*phase, false)]);
    let others = tracks.iter().cycle().zip(endings.iter().cycle());
    let others = others.zip(actors.iter().cycle());
    for ((phase, on_hold), ((track, ending), actor)) in words.zip(others) {
        release.actor.clone_from(actor);
        if let Some(summary) = &mut release.summary {
            summary.standing = Standing { phase, on_hold };
            (summary.track, summary.ending) = (*track, Some(*ending));
        }
        let batch = release.put(store, "another word").await?;
        let row = rows(store).await?.pop().map(|row| row.summary);
        same("the row", row.as_ref(), batch.summary())?;
        let what = "the notice of a commit";
        let told = claim_one(what, store, "inbox", noon(0)).await?;
        same(what, Some(&told.notice), batch.outbox().next().as_ref())?;
        settled("settling it", store, &told, Settlement::Delivered).await?;
    }
    Ok(())
}

pub(super) async fn a_batch_of_many_events_is_one_commit(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    let begun = release.put(store, "begin").await?;
    let mut expected = begun.events().to_vec();
    let batch = release.says_all(100, "entry");
    written("committing a hundred events", store, &batch).await?;
    expected.extend_from_slice(batch.events());
    same_log(
        "the log after it",
        &log(store, &release.stream).await?,
        &expected,
    )?;
    let outcome = done(
        "its outcome",
        store.outcome(&release.stream, batch.command()).await,
    )?;
    same("its outcome", outcome, Some(outcome_of(&batch)))?;
    let row = rows(store).await?.pop();
    same(
        "the version of its row",
        row.map(|row| row.version),
        Some(Version::new(101)),
    )?;
    for notice in begun.outbox().chain(batch.outbox()) {
        let what = format!("claiming the notice of version {}", notice.version);
        let one = claim_one(&what, store, "inbox", noon(0)).await?;
        same(what, &one.notice, &notice)?;
        settled("settling it", store, &one, Settlement::Delivered).await?;
    }
    release.follow(&batch);
    release.put(store, "and on").await.map(drop)
}

pub(super) async fn a_whole_release_is_kept(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let fixture = release_in::<Closed>();
    let expected: Vec<_> = fixture.log().cloned().collect();
    let written = done("writing a release", fixture.into_store(store).await)?;
    let entries = log(store, written.stream()).await?;
    same_log("the log of a release", &entries, &expected)?;
    so(
        "its links",
        verify(&entries).is_ok(),
        "unbroken",
        verify(&entries),
    )?;
    let replayed = replay(&entries).map(|release| release.view().standing);
    match replayed {
        Ok(standing) => same("where it stands", standing, written.standing())?,
        Err(error) => so("replaying it", false, "a release", error)?,
    }
    let row = rows(store).await?.pop();
    same(
        "where its row says",
        row.map(|row| row.summary.standing),
        Some(written.standing()),
    )
}

pub(super) async fn a_conflict_names_the_actual_version(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    for at in [1, 9, 10, 99, 100, 1_000] {
        release.reach(store, at).await?;
        let late = release.clone().by("lou").says("late");
        release.put(store, "first").await?;
        let before = picture(store, &[&release.stream]).await?;
        let what = format!("a batch for version {at} when the log is at {}", at + 1);
        let error = refused(&what, store.commit(&late).await, StoreErrorKind::Conflict)?;
        let actual = (release.stream.clone(), Version::new(at + 1));
        same(
            format!("{what}: the version that it names"),
            error.actual(),
            Some(&actual),
        )?;
        let after = picture(store, &[&release.stream]).await?;
        same_log(
            format!("the log after {what}"),
            &after.0.concat(),
            &before.0.concat(),
        )?;
        same(format!("the list after {what}"), after.1, before.1)?;
        let outcome = done(
            "its outcome",
            store.outcome(&release.stream, late.command()).await,
        )?;
        same(format!("the outcome of {what}"), outcome, None)?;
    }
    // Every version is one past the other by number, not by its text.
    let versions: Vec<_> = log(store, &release.stream).await?;
    let versions: Vec<_> = versions.iter().map(|entry| entry.version.get()).collect();
    same("the versions of the log", versions, (1..=1_001).collect())
}

pub(super) async fn a_batch_ahead_of_its_log_is_a_conflict(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    let (begins_late, mut ahead) = (release.clone().by("lou").says("begin"), release.clone());
    release.put(store, "begin").await?;
    let what = "beginning a log that is there";
    let error = refused(
        what,
        store.commit(&begins_late).await,
        StoreErrorKind::Conflict,
    )?;
    let actual = |log: &Scribe, version| (log.stream.clone(), Version::new(version));
    same(what, error.actual(), Some(&actual(&release, 1)))?;
    ahead.follow(&ahead.clone().says_all(5, "elsewhere"));
    let what = "a batch for version 6 when the log is at 1";
    let error = refused(
        what,
        store.commit(&ahead.says("ahead")).await,
        StoreErrorKind::Conflict,
    )?;
    same(what, error.actual(), Some(&actual(&release, 1)))?;
    // As far ahead as a byte or two of a version do not tell.
    for version in [257, 65_537] {
        ahead.version = Version::new(version);
        let what = format!("a batch for version {} when the log is at 1", version + 1);
        let answer = store.commit(&ahead.says("far ahead")).await;
        let error = refused(&what, answer, StoreErrorKind::Conflict)?;
        same(what, error.actual(), Some(&actual(&release, 1)))?;
    }
    let mut unknown = Scribe::release(2);
    unknown.follow(&unknown.clone().says("elsewhere"));
    let what = "a batch for version 2 when there is no log";
    let error = refused(
        what,
        store.commit(&unknown.says("ahead")).await,
        StoreErrorKind::Conflict,
    )?;
    same(what, error.actual(), Some(&actual(&unknown, 0)))?;
    same_log("its log", &log(store, &unknown.stream).await?, &[])?;
    same("rows", rows(store).await?.len(), 1)
}

pub(super) async fn a_refused_batch_changes_nothing(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let (mut release, mut calendar) = (Scribe::release(1), Scribe::calendar("freezes"));
    calendar.put(store, "begin").await?;
    release.put(store, "begin").await?;
    let stale = release.clone().by("lou").says("stale");
    let used = release.clone().under(7).says("used");
    written("committing under an id of the host", store, &used).await?;
    release.follow(&used);
    let (mut never, other) = (Scribe::release(2), release.clone().by("lou"));
    never.at = noon(60);
    let much = vec![text("much"); BATCH_EVENTS + 1];
    let refusals = [
        ("a conflict", StoreErrorKind::Conflict, stale),
        (
            "a guard that moved",
            StoreErrorKind::GuardMoved,
            guarded(other.says("rests"), [(&calendar, 0)]),
        ),
        (
            "a command with another intent",
            StoreErrorKind::CommandReused,
            other.clone().under(7).says("other"),
        ),
        (
            "too many events",
            StoreErrorKind::TooLarge,
            other.writes(much),
        ),
        (
            "a guard that moved, of a new log",
            StoreErrorKind::GuardMoved,
            guarded(never.says("new"), [(&calendar, 9)]),
        ),
    ];
    let logs = [&release.stream, &calendar.stream, &never.stream];
    let before = picture(store, &logs).await?;
    for (what, kind, batch) in refusals {
        refused(what, store.commit(&batch).await, kind)?;
        let after = picture(store, &logs).await?;
        same_log(
            format!("the logs after {what}"),
            &after.0.concat(),
            &before.0.concat(),
        )?;
        same(format!("the list after {what}"), &after.1, &before.1)?;
        if kind != StoreErrorKind::CommandReused {
            let outcome = done(
                "its outcome",
                store.outcome(batch.stream(), batch.command()).await,
            )?;
            same(format!("the outcome of {what}"), outcome, None)?;
        }
    }
    // Two notices of the release and one of the calendar, and none of what was refused.
    let told = tell_all(store, "inbox").await?;
    let (release, calendar) = (
        release.stream.id.to_string(),
        calendar.stream.id.to_string(),
    );
    let expected = vec![(release.clone(), 1, 1), (release, 2, 1), (calendar, 1, 1)];
    same(
        "notices after refusals: log, version, attempt",
        told,
        expected,
    )
}

pub(super) async fn a_refused_batch_can_be_written_later(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let (mut release, mut calendar) = (Scribe::release(1), Scribe::calendar("freezes"));
    release.put(store, "begin").await?;
    // It rests on an entry that is not there yet, and expects one that is not there yet.
    let mut ahead = release.clone();
    let between = release.says("between");
    ahead.follow(&between);
    let batch = guarded(ahead.says("wanted"), [(&calendar, 1)]);
    refused(
        "a batch ahead of its log",
        store.commit(&batch).await,
        StoreErrorKind::Conflict,
    )?;
    written("what comes before it", store, &between).await?;
    let what = "a batch that rests on a log that is not there";
    refused(what, store.commit(&batch).await, StoreErrorKind::GuardMoved)?;
    calendar.put(store, "begin").await?;
    written(
        "the same batch, when nothing stands against it",
        store,
        &batch,
    )
    .await?;
    let entries = log(store, &release.stream).await?;
    let copies = entries
        .iter()
        .filter(|entry| Some(*entry) == batch.events().first());
    same("how often it is in the log", copies.count(), 1)?;
    same("entries of the log", entries.len(), 3)
}

pub(super) async fn the_largest_batch_is_written(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    let logs: Vec<_> = (0..BATCH_GUARDS)
        .map(|n| Scribe::calendar(&format!("{n}")))
        .collect();
    let many = release.says_all(BATCH_EVENTS as u64, "entry");
    let many = guarded(many, logs.iter().map(|log| (log, 0)));
    written("a batch of 100 events and 100 guards", store, &many).await?;
    release.follow(&many);
    let large = release.writes(vec![raw(&format!("\"{}\"", "x".repeat(PAYLOAD_BYTES - 2)))]);
    written("a payload of 1 MiB", store, &large).await?;
    let entries = log(store, &release.stream).await?;
    same_log(
        "the log",
        &entries,
        &[many.events(), large.events()].concat(),
    )
}

pub(super) async fn a_batch_that_is_too_large_is_refused(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let release = Scribe::release(1);
    let logs: Vec<_> = (0..=BATCH_GUARDS)
        .map(|n| Scribe::calendar(&format!("{n}")))
        .collect();
    let long = raw(&format!("\"{}\"", "x".repeat(PAYLOAD_BYTES - 1)));
    let wide = raw(&format!("\"{}\"", "é".repeat(PAYLOAD_BYTES / 2)));
    for (what, batch) in [
        (
            "a batch of 101 events",
            release.says_all(BATCH_EVENTS as u64 + 1, "entry"),
        ),
        (
            "a batch of 101 guards",
            guarded(release.says("rests"), logs.iter().map(|log| (log, 0))),
        ),
        (
            "a payload of a byte more than 1 MiB",
            release.writes(vec![long]),
        ),
        (
            "a payload of 2 bytes more than 1 MiB, and half as many characters",
            release.writes(vec![wide]),
        ),
    ] {
        refused(what, store.commit(&batch).await, StoreErrorKind::TooLarge)?;
        same_log(
            format!("the log after {what}"),
            &log(store, &release.stream).await?,
            &[],
        )?;
    }
    written("a batch within the limits", store, &release.says("small")).await
}
