//! Contract 4: a command is done once, and answered for ever.

use super::ask::{
    claim_in, claim_one, done, known, log, outcome_of, refused, rows, same, same_log, settled,
    still_claimed, written,
};
use super::bench::Bench;
use super::report::{Ended, Failure};
use super::scribe::{Scribe, command, guarded, noon, tenant};
use crate::phase::Instant;
use crate::release::{Delivery, Stream, StreamKind};
use crate::store::{Settlement, Store, StoreErrorKind};

pub(super) async fn a_command_is_answered_once_and_for_ever(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1).under(1);
    let begun = release.put(store, "begin").await?;
    release = release.under(2);
    let many = release.says_all(3, "entry");
    written("committing three events", store, &many).await?;
    release.follow(&many);
    for later in [0, 1, 12] {
        release.reach(store, 4 + later).await?;
        let what = format!("the same batch again, {later} events later");
        known(&what, store, &many).await?;
        known(&what, store, &begun).await?;
    }
    for n in 0..260 {
        release.put(store, &format!("{n}")).await?;
    }
    let what = "the same batch again, 260 commands later";
    known(what, store, &many).await?;
    known(what, store, &begun).await?;
    // The same asking, decided again on top of what came later and at another time.
    let mut anew = release.clone().under(2);
    anew.at = noon(3_600);
    let anew = anew.says_all(3, "entry");
    let what = "the same asking, decided again";
    let answer = done(what, store.commit(&anew).await)?;
    same(
        what,
        answer,
        crate::store::Committed::AlreadyDone(outcome_of(&many)),
    )?;
    for batch in [&begun, &many] {
        let outcome = done(
            "an outcome",
            store.outcome(&release.stream, batch.command()).await,
        )?;
        same("an outcome", outcome, Some(outcome_of(batch)))?;
    }
    let outcome = done(
        "an outcome",
        store.outcome(&release.stream, command(9)).await,
    )?;
    same("the outcome of a command that never came", outcome, None)?;
    same(
        "entries of the log",
        log(store, &release.stream).await?.len(),
        276,
    )
}

/// Gives a release another row from its next event on.
fn due(release: &mut Scribe, at: Instant) {
    if let Some(summary) = &mut release.summary {
        summary.next_due = Some(at);
    }
}

/// Settles the first notice of a log, and claims the second one twice: until two minutes after noon.
async fn second_attempt(store: &impl Store, stream: &Stream) -> Result<Delivery, Ended> {
    let mut last = None;
    for (seconds, place) in [(0, (1, 1)), (0, (2, 1)), (60, (2, 2))] {
        let claimed = claim_in(store, "inbox", noon(seconds), stream).await?;
        let found: Vec<_> = claimed
            .iter()
            .map(|one| (one.notice.version.get(), one.attempt))
            .collect();
        same("claimed: version, attempt", found, vec![place])?;
        for one in claimed {
            if place == (1, 1) {
                settled("settling it", store, &one, Settlement::Delivered).await?;
            }
            last = Some(one);
        }
    }
    last.ok_or_else(|| Failure::new("claiming", "a delivery", "none".to_owned()).into())
}

pub(super) async fn a_command_with_another_intent_is_refused(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    release.put(store, "begin").await?;
    let one = release.clone().under(1).says("one");
    written("committing", store, &one).await?;
    let stale = release.clone();
    release.follow(&one);
    due(&mut release, noon(9));
    let (before, mut claimed) = (
        rows(store).await?,
        second_attempt(store, &release.stream).await?,
    );
    let mut until = 120;
    for (what, reused) in [
        (
            "the same command with something else",
            release.clone().under(1).says("other"),
        ),
        (
            "the same command from somebody else",
            release.clone().by("lou").under(1).says("one"),
        ),
        (
            "the same command with something else, at a stale version",
            stale.under(1).says("other"),
        ),
    ] {
        let answer = store.commit(&reused).await;
        let error = refused(what, answer, StoreErrorKind::CommandReused)?;
        same(
            format!("{what}: what the error says of versions"),
            error.actual(),
            None,
        )?;
        same(
            format!("the list after {what}"),
            &rows(store).await?,
            &before,
        )?;
        claimed = still_claimed(what, store, &claimed, noon(until)).await?;
        until += 61;
    }
    let outcome = done(
        "its outcome",
        store.outcome(&release.stream, command(1)).await,
    )?;
    same(
        "the outcome of the first one",
        outcome,
        Some(outcome_of(&one)),
    )?;
    same(
        "entries of the log",
        log(store, &release.stream).await?.len(),
        2,
    )
}

pub(super) async fn a_command_is_known_before_versions_and_guards_are_looked_at(
    bench: Bench,
) -> Result<(), Ended> {
    let store = &bench.store;
    let (mut release, mut calendar) = (Scribe::release(1), Scribe::calendar("freezes"));
    release.put(store, "begin").await?;
    calendar.put(store, "begin").await?;
    let batch = guarded(release.says("rests"), [(&calendar, 1)]);
    written("committing", store, &batch).await?;
    known("the same batch again", store, &batch).await?;
    calendar.put(store, "moves").await?;
    known("the same batch when its guard has moved", store, &batch).await?;
    release.follow(&batch);
    due(&mut release, noon(9));
    release.put(store, "moves").await?;
    // What came later is not put back, and what is claimed stays so.
    let (before, claimed) = (
        rows(store).await?,
        second_attempt(store, &release.stream).await?,
    );
    let what = "the same batch when its log has moved";
    known(what, store, &batch).await?;
    same(format!("the list after {what}"), rows(store).await?, before)?;
    still_claimed(what, store, &claimed, noon(120)).await?;
    same(
        "entries of the log",
        log(store, &release.stream).await?.len(),
        3,
    )
}

pub(super) async fn a_command_belongs_to_one_log(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let release = Scribe::release(1);
    let namesake = |kind| Stream::new(tenant("default"), kind, release.stream.id.clone());
    let logs = [
        release.clone(),
        Scribe::release(2),
        Scribe::release_of("other", 1),
        Scribe::other(namesake(StreamKind::Model)),
        Scribe::other(namesake(StreamKind::Calendar)),
    ];
    for log in &logs {
        let what = format!("a command that another log has, in `{}`", log.stream);
        let outcome = store.outcome(&log.stream, command(1)).await;
        same(&what, done(&what, outcome)?, None)?;
        written(
            &what,
            store,
            &log.clone().under(1).says(log.stream.id.as_str()),
        )
        .await?;
    }
    Ok(())
}

pub(super) async fn a_lost_answer_is_found_by_asking_again(bench: Bench) -> Result<(), Ended> {
    let (store, other) = (&bench.store, bench.other().await);
    let mut release = Scribe::release(1);
    release.put(store, "begin").await?;
    let batch = release.says_all(2, "lost");
    // Nobody hears the answer.
    drop(store.commit(&batch).await);
    let outcome = done(
        "its outcome",
        other.outcome(&release.stream, batch.command()).await,
    )?;
    same(
        "the outcome, asked elsewhere",
        outcome,
        Some(outcome_of(&batch)),
    )?;
    for store in [&other, store, &other] {
        known("the same batch again", store, &batch).await?;
    }
    let entries = log(store, &release.stream).await?;
    same_log(
        "what is in the log",
        entries.get(1..).unwrap_or_default(),
        batch.events(),
    )?;
    for version in 1..=3 {
        let what = format!("claiming the notice of version {version}");
        let one = claim_one(&what, store, "inbox", noon(0)).await?;
        same(what, one.notice.version.get(), version)?;
        settled("settling it", store, &one, Settlement::Delivered).await?;
    }
    let rest = super::ask::claim(store, "inbox", noon(0)).await?;
    same("notices after the last one", rest.len(), 0)
}
