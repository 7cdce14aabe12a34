//! Contract 6, 11 and 12: a read gives what is asked, or an error.

use super::ask::{
    claim, done, log, page_of, picture, places, rows, same, same_log, settled, so, written,
};
use super::bench::Bench;
use super::report::{Ended, Failure};
use super::scribe::{Scribe, key, noon, raw, tenant, text};
use crate::phase::{PhaseName, Seconds};
use crate::release::limits::PAYLOAD_BYTES;
use crate::release::{Actor, Envelope, Stream, Version, verify};
use crate::store::{Query, Settlement, Store, StoreErrorKind};

/// Reads a log in pages of that size, and holds if every page is as full as it can be.
async fn in_pages(
    store: &impl Store,
    expected: &[Envelope],
    stream: &Stream,
    limit: usize,
) -> Result<(), Ended> {
    let mut read: Vec<Envelope> = Vec::new();
    loop {
        let after = Version::new(read.len() as u64);
        let what = format!("a page of {limit} after version {after}");
        let page = done(&what, store.history(stream, after, limit).await)?;
        let left = expected.get(read.len()..).unwrap_or_default();
        let full = left.get(..limit.clamp(1, 1_000)).unwrap_or(left);
        same_log(what, &page, full)?;
        if page.is_empty() {
            return Ok(());
        }
        read.extend(page);
    }
}

pub(super) async fn a_long_log_is_read_whole(bench: Bench) -> Result<(), Ended> {
    let (store, other) = (&bench.store, bench.other().await);
    let mut release = Scribe::release(1);
    let mut expected = Vec::new();
    // 21 batches of 100 entries, of 1,600 bytes each.
    for round in 0..21 {
        let payload = |n| text(&format!("{round}/{n} {}", "x".repeat(1_600)));
        let batch = release.writes((0..100).map(payload).collect());
        written("writing a hundred events", store, &batch).await?;
        release.follow(&batch);
        expected.extend_from_slice(batch.events());
    }
    for (store, limit) in [
        (store, 1_000),
        (&other, 999),
        (&other, usize::MAX),
        (store, 83),
    ] {
        in_pages(store, &expected, &release.stream, limit).await?;
    }
    let entries = log(store, &release.stream).await?;
    so(
        "its links",
        verify(&entries).is_ok(),
        "unbroken",
        verify(&entries),
    )?;
    // 18 entries of almost 1 MiB.
    let large = Scribe::release(2);
    let payload = |n: u8| text(&format!("{n} {}", "x".repeat(PAYLOAD_BYTES - 64)));
    let batch = large.writes((1..=18).map(payload).collect());
    written("writing 18 MiB", store, &batch).await?;
    in_pages(store, batch.events(), &large.stream, 1_000).await
}

pub(super) async fn a_page_of_a_log_begins_after_a_version(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    release.reach(store, 30).await?;
    // Another log beside it, whose entries are none of its own.
    Scribe::release(2).reach(store, 40).await?;
    let expected = log(store, &release.stream).await?;
    same("entries of the log", expected.len(), 30)?;
    for limit in [1, 2, 7, 10, 29, 30, 31] {
        in_pages(store, &expected, &release.stream, limit).await?;
    }
    for beyond in [30, 31, 1_000, u64::MAX] {
        let what = format!("a page after version {beyond} of 30");
        let page = done(
            &what,
            store
                .history(&release.stream, Version::new(beyond), 10)
                .await,
        )?;
        same_log(what, &page, &[])?;
    }
    let what = "a log that is not there";
    let page = done(
        what,
        store
            .history(&Scribe::release(3).stream, Version::NONE, 10)
            .await,
    )?;
    same_log(what, &page, &[])
}

pub(super) async fn a_payload_comes_back_byte_for_byte(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let payloads = [
        r#"{"least":-9223372036854775808,"most":9223372036854775807,"more":18446744073709551615}"#,
        r#"{"2^53+1":9007199254740993,"2^64+1":18446744073709551617}"#,
        r#"{"long":0.1000000000000000055511151231257827021181583404541015625,"large":1e400,"small":-0.0,"same":1.0}"#,
        r#"{"nul":"\u0000","escaped":"\ud83d\ude80 \u00e9 \/ \b\f\n\r\t\\\"","lone":"\ud800"}"#,
        "{\"rocket\":\"🚀\",\"e\":\"é e\u{301}\",\"lines\":\"\u{2028}\u{2029}\u{7f}\",\"ﬀ\":\"\u{10ffff}\u{feff}\"}",
        r#"{"b":1,"a":2,"b":3}"#,
        "{ \"spaces\" :\t[ 1 , 2 ,\n 3 ] }",
        r#"{"sql":"'); DROP TABLE events; --","path":"..\\../x","html":"</script>%00"}"#,
        "[]",
        "null",
        "\"\"",
        "0",
    ];
    let mut release = Scribe::release(1);
    let batch = release.writes(payloads.iter().map(|json| raw(json)).collect());
    written("writing odd payloads", store, &batch).await?;
    release.follow(&batch);
    let entries = log(store, &release.stream).await?;
    let read = entries.iter().map(|entry| entry.data.as_str());
    for (read, written) in read.zip(payloads) {
        so("a payload", read == written, written, read)?;
    }
    same_log("the log", &entries, batch.events())
}

pub(super) async fn an_envelope_comes_back_field_for_field(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    let mut expected = Vec::new();
    let instants = [0, 1, -1, 1_772_452_800_000_001, 253_402_300_799_999_999];
    let names = ["kim", "Ω 🚀 o'neil", "K", "ｋim"];
    for (micros, name) in instants.into_iter().zip(names.iter().cycle()) {
        let Ok(at) = crate::phase::Instant::from_unix_micros(micros) else {
            continue;
        };
        release.at = at;
        release = release.by(name);
        if micros == 1 {
            release.actor = Actor::System(key("nightly build"));
        }
        expected.extend_from_slice(release.put(store, name).await?.events());
    }
    release.kind = ("a.kind that nobody knows \u{1F680}", u16::MAX, true);
    let odd = release.says("odd");
    written("writing an event of a kind that is not known", store, &odd).await?;
    expected.extend_from_slice(odd.events());
    same_log("the log", &log(store, &release.stream).await?, &expected)
}

pub(super) async fn a_missing_entry_is_an_error(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let (mut release, mut whole) = (Scribe::release(1), Scribe::release(2));
    let mut headless = Scribe::release(3);
    release.reach(store, 20).await?;
    whole.reach(store, 20).await?;
    headless.reach(store, 20).await?;
    bench.break_link(&release.stream, 10).await?;
    bench.break_link(&headless.stream, 1).await?;
    // What a handle has read before it may know; this one has to read.
    let store = &bench.other().await;
    for (log, missing, after, limit) in [
        (&release, 10, 0, 1_000),
        (&release, 10, 5, 10),
        (&release, 10, 9, 1),
        (&release, 10, 9, 1_000),
        (&release, 10, 0, 10),
        (&headless, 1, 0, 1_000),
        (&headless, 1, 0, 1),
    ] {
        let what =
            format!("{limit} entries after version {after}, where version {missing} is missing");
        let answer = store.history(&log.stream, Version::new(after), limit).await;
        if let Ok(entries) = &answer {
            let versions: Vec<_> = entries.iter().map(|entry| entry.version.get()).collect();
            let found = format!("the versions {versions:?}");
            return Err(Failure::new(what, "an error of kind Corrupt", found).into());
        }
        super::ask::refused(&what, answer, StoreErrorKind::Corrupt)?;
    }
    let what = "another log, which is whole";
    same(what, log(store, &whole.stream).await?.len(), 20)
}

pub(super) async fn reading_writes_nothing(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let (mut release, new) = (Scribe::release(1), Scribe::release(2));
    release.reach(store, 3).await?;
    let (somebody, sink) = (tenant("somebody else"), key("inbox"));
    let lease = Seconds::minutes(1);
    let before = picture(store, &[&release.stream, &new.stream]).await?;
    for _ in 0..3 {
        let after = picture(store, &[&release.stream, &new.stream]).await?;
        same_log("logs, read again", &after.0.concat(), &before.0.concat())?;
        same("the list, read again", &after.1, &before.1)?;
        let command = new.says("begin").command();
        for log in [&release, &new] {
            let outcome = store.outcome(&log.stream, command).await;
            same(
                "the outcome of a command that never came",
                done("asking", outcome)?,
                None,
            )?;
        }
        page_of(store, "somebody else", Query::default(), 10).await?;
        let claimed = store.claim(&somebody, &sink, noon(0), lease, 10).await;
        same(
            "notices of somebody else",
            done("claiming", claimed)?.len(),
            0,
        )?;
    }
    let batch = super::scribe::guarded(release.says("next"), [(&new, 0)]);
    written(
        "writing after reading, on a log that was only read",
        store,
        &batch,
    )
    .await?;
    written(
        "beginning a log that was read before",
        store,
        &new.says("begin"),
    )
    .await?;
    let claimed = claim(store, "inbox", noon(0)).await?;
    let (one, two) = (release.stream.id.to_string(), new.stream.id.to_string());
    same(
        "notices after reading",
        places(&claimed),
        vec![(one, 1, 1), (two, 1, 1)],
    )
}

pub(super) async fn the_clock_decides_nothing(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    let mut expected = Vec::new();
    for seconds in [0, 3_600, -3_600, 86_400, 0, -86_400] {
        release.at = noon(seconds);
        let batch = release.put(store, &format!("at {seconds}")).await?;
        expected.extend_from_slice(batch.events());
    }
    same_log("the log", &log(store, &release.stream).await?, &expected)?;
    for version in 1..=6 {
        let what = format!("the notice of version {version}");
        let one = super::ask::claim_one(&what, store, "inbox", noon(-90_000)).await?;
        same(what, one.notice.version.get(), version)?;
        settled("settling it", store, &one, Settlement::Delivered).await?;
    }
    Ok(())
}

pub(super) async fn a_read_returns_one_to_a_thousand_rows(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    for number in 1..=1_005 {
        Scribe::release(number).put(store, "begin").await?;
    }
    let mut release = Scribe::release(2_000);
    release.reach(store, 1_005).await?;
    for (limit, rows) in [
        (0, 1),
        (1, 1),
        (1_000, 1_000),
        (1_001, 1_000),
        (usize::MAX, 1_000),
    ] {
        let page = page_of(store, "default", Query::default(), limit).await?;
        let found = (page.rows.len(), page.next.is_some());
        same(
            format!("rows of a page of {limit}, and whether there are more"),
            found,
            (rows, true),
        )?;
        let what = format!("entries of a page of {limit}");
        let read = done(
            &what,
            store.history(&release.stream, Version::NONE, limit).await,
        )?;
        same(what, read.len(), rows)?;
        let (of, sink) = (tenant("default"), key(&format!("sink {limit}")));
        let what = format!("notices of a claim of {limit}");
        let claimed = store
            .claim(&of, &sink, noon(0), Seconds::minutes(1), limit)
            .await;
        same(&what, done("claiming", claimed)?.len(), rows)?;
        if rows == 1_000 {
            let rest = claim(store, sink.as_str(), noon(0)).await?;
            same(format!("{what}, and then of the rest"), rest.len(), 6)?;
        }
    }
    Ok(())
}

pub(super) async fn nothing_is_deleted(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let mut release = Scribe::release(1);
    let first = release.put(store, "begin").await?;
    if let Some(summary) = &mut release.summary {
        summary.standing.phase = PhaseName::Closed;
    }
    release.reach(store, 12).await?;
    let before = log(store, &release.stream).await?;
    for version in 1..=12 {
        let one = super::ask::claim_one("claiming", store, "inbox", noon(0)).await?;
        same("claiming", one.notice.version.get(), version)?;
        settled("settling", store, &one, Settlement::Delivered).await?;
    }
    same(
        "notices after the last one",
        claim(store, "inbox", noon(9)).await?.len(),
        0,
    )?;
    same_log(
        "the log of what is closed and told",
        &log(store, &release.stream).await?,
        &before,
    )?;
    same("the list of what is closed", rows(store).await?.len(), 1)?;
    super::ask::known("its first command", store, &first).await?;
    let again = claim(store, "archive", noon(9)).await?;
    same("what a new sink is told of it", places(&again).len(), 1)
}
