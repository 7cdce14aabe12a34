//! The numbered contract of [`Store`], each number as a check of any store, run on those of the crate.

use crate::desk_support::{
    Knows, NOON, at, by, calendar, fact, fact_of, id, key, name, note, stream, tenant, text,
    titled, wait, worthwhile,
};
use phasegate::gate::{Cleared, Facts, GateSet};
use phasegate::phase::{PhaseName, Request, Seconds};
use phasegate::release::step::Authorise;
use phasegate::release::{
    Attribute, Batch, CommandId, Delivery, Key, Moves, Proposal, ReleasePlan, Stream, Summary,
    Takes, TaskDone, TaskOpened, Tenant, Version, verify,
};
use phasegate::store::{
    Committed, Cursor, Filter, Order, Outcome, Query, Row, Settlement, StoreErrorKind,
};
use phasegate::{
    AnyStore, By, Gate, Instant, Interval, MemoryStore, Release, Store, release::Note,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

macro_rules! on_every_store {
    ($($check:ident)*) => {
        mod memory {
            $(#[test] fn $check() { super::$check(&super::MemoryStore::new()); })*
        }
        mod shared {
            $(#[test] fn $check() { super::$check(&super::Arc::new(super::MemoryStore::new())); })*
        }
        mod boxed {
            $(#[test] fn $check() { super::$check(&super::AnyStore::new(super::MemoryStore::new())); })*
        }
        mod retrying {
            $(#[test] fn $check() {
                let wait = |_| std::future::ready(());
                super::$check(&phasegate::store::Retrying::new(super::MemoryStore::new(), 2, wait));
            })*
        }
        #[cfg(feature = "tracing")]
        mod traced {
            $(#[test] fn $check() { super::$check(&phasegate::store::Traced::new(super::MemoryStore::new())); })*
        }
        #[cfg(feature = "sqlite")]
        mod sqlite {
            $(#[test] fn $check() { super::$check(&crate::sqlite_support::Folder::new().quick()); })*
        }
    };
}

on_every_store! {
    a_commit_writes_events_command_summary_and_outbox_together
    a_conflict_names_the_actual_version
    of_many_writers_at_one_version_one_wins
    a_moved_guard_writes_nothing
    of_two_writers_that_guard_each_other_one_wins
    a_command_is_answered_once_and_for_ever
    a_command_with_another_intent_is_refused
    the_same_asking_at_another_time_has_the_same_intent
    a_long_log_is_read_whole
    a_payload_comes_back_byte_for_byte
    tenants_see_nothing_of_each_other
    a_list_has_every_order_and_filter
    a_list_breaks_ties_by_id
    paging_under_writes_neither_skips_nor_repeats
    a_read_returns_one_to_a_thousand_rows
    a_batch_with_as_many_guards_as_there_may_be_is_written
    a_sink_gets_the_lowest_notice_that_it_has_not_settled
    a_lease_keeps_others_away_until_it_ends
    a_late_settlement_is_refused
    a_notice_waits_until_it_is_to_be_tried_again
    a_rejected_notice_lets_the_next_one_go
    a_new_sink_begins_at_version_one
    a_sink_that_has_settled_everything_gets_what_comes_later
}

fn clear<T, P>(proposal: Proposal<T, P>, now: Instant, by: &By) -> Cleared<T, P> {
    GateSet::new()
        .decide(proposal, &Facts::at(now), by)
        .unwrap()
}

fn put<T, P: Moves<T>>(store: &impl Store, proposal: Proposal<T, P>, who: &str) -> Release<P::To> {
    let cleared = clear(proposal, at(NOON), &by(who));
    wait(cleared.commit(store, at(NOON))).unwrap()
}

fn begin(store: &impl Store, number: u64) -> Release<Request> {
    begin_of(store, "default", number)
}

fn begin_of(store: &impl Store, of: &str, number: u64) -> Release<Request> {
    let request = titled(&format!("Release {number}"));
    put(
        store,
        Release::request(tenant(of), id(number), request),
        "kim",
    )
}

fn noted<P: Takes<Note>>(store: &impl Store, release: Release<P>, what: &str) -> Release<P> {
    put(store, release.record(note(what)), "kim")
}

/// What a note would write, and the release back.
fn draft<P: Takes<Note>>(release: Release<P>, what: &str, by: &By) -> (Batch, Release<P>) {
    let cleared = clear(release.record(note(what)), at(NOON), by);
    (cleared.batch().clone(), cleared.withdraw())
}

/// What an authorisation would write that rests on facts from these logs.
fn draft_guarded(release: Release<Request>, read: &[(Stream, u64)]) -> Batch {
    let keys: Vec<Key> = (0..read.len()).map(|n| key(&format!("fact {n}"))).collect();
    let facts =
        keys.iter()
            .zip(read)
            .fold(Facts::at(at(NOON)), |facts, (key, (stream, version))| {
                facts.with(key.clone(), fact_of(at(NOON), stream.clone(), *version))
            });
    let gate = Gate::<Authorise>::new("intake", 1)
        .unwrap()
        .require(Knows { facts: keys });
    let cleared = gate.decide(release.authorise(worthwhile()), &facts, &by("cho"));
    cleared.unwrap().batch().clone()
}

fn history(store: &impl Store, stream: &Stream) -> Vec<phasegate::release::Envelope> {
    wait(store.history(stream, Version::NONE, 1_000)).unwrap()
}

fn version(store: &impl Store, stream: &Stream) -> u64 {
    history(store, stream).len() as u64
}

fn rows(store: &impl Store, of: &Tenant, query: Query) -> Vec<Row> {
    wait(store.list(of, query, None, 1_000)).unwrap().rows
}

fn claim(store: &impl Store, sink: &str, now: &str) -> Vec<Delivery> {
    let lease = Seconds::minutes(1);
    wait(store.claim(&tenant("default"), &key(sink), at(now), lease, 1_000)).unwrap()
}

fn claimed(deliveries: &[Delivery]) -> Vec<(String, u64, u32)> {
    deliveries
        .iter()
        .map(|one| {
            let notice = &one.notice;
            (
                notice.stream.id.to_string(),
                notice.version.get(),
                one.attempt,
            )
        })
        .collect()
}

fn command(number: u128) -> CommandId {
    uuid::Uuid::from_u128(number).into()
}

// Contract 1.

fn a_commit_writes_events_command_summary_and_outbox_together<S: Store>(store: &S) {
    let release = begin(store, 1);
    let (batch, _) = draft(release, "seen", &by("kim"));
    assert_eq!(wait(store.commit(&batch)).unwrap(), Committed::Written);

    let log = history(store, batch.stream());
    assert_eq!(log.last(), batch.events().first());
    assert_eq!(log.len(), 2);
    let row = rows(store, &tenant("default"), Query::default()).remove(0);
    assert_eq!(
        (&row.stream, row.version),
        (batch.stream(), batch.version())
    );
    assert_eq!(Some(&row.summary), batch.summary());
    let outcome = wait(store.outcome(batch.stream(), batch.command())).unwrap();
    let (first, last) = (Version::new(2), Version::new(2));
    let intent = batch.intent();
    assert_eq!(
        outcome,
        Some(Outcome {
            intent,
            first,
            last
        })
    );
    let first = claim(store, "inbox", NOON).remove(0);
    wait(store.settle(&first, Settlement::Delivered)).unwrap();
    let second = claim(store, "inbox", NOON).remove(0);
    assert_eq!(vec![second.notice], batch.outbox().collect::<Vec<_>>());
    assert_eq!(first.notice.kind, "release.requested");
}

// Contract 2 and 5.

fn a_conflict_names_the_actual_version<S: Store>(store: &S) {
    let mut release = begin(store, 1);
    let log = release.stream().clone();
    for now_at in [1_u64, 9, 99] {
        while release.version().get() < now_at {
            release = noted(store, release, "on the way");
        }
        let (late, held) = draft(release, "late", &by("lou"));
        release = noted(store, held, "first");
        let before = (
            history(store, &log),
            rows(store, &log.tenant, Query::default()),
        );

        let refused = wait(store.commit(&late)).unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Conflict);
        assert!(refused.is_conflict() && !refused.is_retryable());
        assert_eq!(refused.actual(), Some(&(log.clone(), release.version())));
        let (id, actual) = (&log.id, now_at + 1);
        let said = format!(
            "cannot append to release `{id}`: log is at version {actual}, expected {now_at}"
        );
        assert_eq!(refused.to_string(), said);
        let after = (
            history(store, &log),
            rows(store, &log.tenant, Query::default()),
        );
        assert_eq!(after, before);
        assert_eq!(wait(store.outcome(&log, late.command())).unwrap(), None);
    }
    // A beginning where something is, and a batch that is ahead of the log.
    let other = Release::request(tenant("default"), id(1), titled("Another"));
    let begun = clear(other, at(NOON), &by("kim")).batch().clone();
    let refused = wait(store.commit(&begun)).unwrap_err();
    assert_eq!(refused.actual(), Some(&(log, Version::new(100))));
    let elsewhere = MemoryStore::new();
    let (ahead, _) = draft(begin(&elsewhere, 7), "ahead", &by("kim"));
    let refused = wait(store.commit(&ahead)).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    assert_eq!(refused.actual(), Some(&(stream(7), Version::NONE)));
    assert!(history(store, &stream(7)).is_empty());
}

fn of_many_writers_at_one_version_one_wins<S: Store>(store: &S) {
    let mut release = begin(store, 1);
    let log = release.stream().clone();
    for round in 0..20 {
        let mut drafts = Vec::new();
        for writer in 0..8 {
            let (batch, back) = draft(release, &format!("{round}"), &by(&format!("w{writer}")));
            release = back;
            drafts.push(batch);
        }
        let start = Barrier::new(drafts.len());
        let answers: Vec<_> = std::thread::scope(|scope| {
            let commit = |batch| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    wait(store.commit(batch))
                })
            };
            let threads: Vec<_> = drafts.iter().map(commit).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let won = answers.iter().filter(|one| one.is_ok()).count();
        assert_eq!(won, 1, "round {round}");
        for lost in answers.iter().filter_map(|one| one.as_ref().err()) {
            assert_eq!(lost.kind(), StoreErrorKind::Conflict);
        }
        let entries = history(store, &log);
        assert_eq!(entries.len(), round + 2);
        verify(&entries).unwrap();
        let loaded = phasegate::release::replay(&entries).unwrap();
        release = loaded.in_phase().unwrap();
    }
}

// Contract 3.

fn a_moved_guard_writes_nothing<S: Store>(store: &S) {
    let parent = begin(store, 2);
    let read = [
        (parent.stream().clone(), 1),
        (calendar("freezes"), 0),
        (parent.stream().clone(), 1),
    ];
    let child = begin(store, 1);
    let log = child.stream().clone();
    let guarded = draft_guarded(child, &read);
    let moved = draft_guarded(begin(store, 3), &[(log.clone(), 2), (stream(2), 1)]);
    let named = |(stream, version): &(Stream, u64)| (stream.clone(), Version::new(*version));
    assert_eq!(guarded.guards(), [named(&read[0]), named(&read[1])]);
    assert_eq!(wait(store.commit(&guarded)).unwrap(), Committed::Written);
    assert_eq!(wait(store.commit(&moved)).unwrap(), Committed::Written);

    let stale = draft_guarded(begin(store, 4), &[(log, 2), (stream(2), 1)]);
    let _ = noted(store, parent, "moved");
    let before = rows(store, &tenant("default"), Query::default());
    let refused = wait(store.commit(&stale)).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::GuardMoved);
    assert!(refused.is_conflict() && !refused.is_retryable());
    assert_eq!(refused.actual(), Some(&(stream(2), Version::new(2))));
    let said = "has moved: log is at version 2, and 1 was read";
    assert!(refused.to_string().ends_with(said), "{refused}");
    assert_eq!(rows(store, &tenant("default"), Query::default()), before);
    assert_eq!(version(store, &stream(4)), 1);
    let outcome = wait(store.outcome(&stream(4), stale.command())).unwrap();
    assert_eq!(outcome, None);
    // What is done is done, whatever moved since.
    let again = wait(store.commit(&guarded)).unwrap();
    assert!(matches!(again, Committed::AlreadyDone(_)));
}

fn of_two_writers_that_guard_each_other_one_wins<S: Store>(store: &S) {
    for round in 0..50 {
        let (one, other) = (10 + 2 * round, 11 + 2 * round);
        let (a, b) = (begin(store, one), begin(store, other));
        let batches = [
            draft_guarded(a, &[(stream(other), 1)]),
            draft_guarded(b, &[(stream(one), 1)]),
        ];
        let start = Barrier::new(2);
        let answers = std::thread::scope(|scope| {
            let commit = |batch| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    wait(store.commit(batch))
                })
            };
            let threads = [commit(&batches[0]), commit(&batches[1])];
            threads.map(|one| one.join().unwrap())
        });
        let lost: Vec<_> = answers
            .iter()
            .filter_map(|one| one.as_ref().err())
            .collect();
        assert_eq!(lost.len(), 1, "round {round}: {answers:?}");
        assert_eq!(lost[0].kind(), StoreErrorKind::GuardMoved);
    }
}

// Contract 4.

fn a_command_is_answered_once_and_for_ever<S: Store>(store: &S) {
    let release = begin(store, 1);
    let log = release.stream().clone();
    let kim = by("kim").command(command(1));
    let (batch, _) = draft(release, "once", &kim);
    wait(store.commit(&batch)).unwrap();
    let done = Outcome {
        intent: batch.intent(),
        first: Version::new(2),
        last: Version::new(2),
    };
    let again = || wait(store.commit(&batch)).unwrap();
    assert_eq!(again(), Committed::AlreadyDone(done));
    let entries = history(store, &log);
    assert_eq!(entries.len(), 2, "nothing is written twice");

    let loaded = phasegate::release::replay(&entries).unwrap();
    let mut release: Release<Request> = loaded.in_phase().unwrap();
    for n in 0..12 {
        release = noted(store, release, &format!("later {n}"));
    }
    assert_eq!(again(), Committed::AlreadyDone(done));
    // The same asking decided again on top of what came later.
    let (anew, _) = draft(release, "once", &kim);
    assert_eq!(
        wait(store.commit(&anew)).unwrap(),
        Committed::AlreadyDone(done)
    );
    assert_eq!(version(store, &log), 14);
    assert_eq!(wait(store.outcome(&log, command(1))).unwrap(), Some(done));
    assert_eq!(wait(store.outcome(&log, command(2))).unwrap(), None);
    // Another log knows nothing of it.
    let (elsewhere, _) = draft(begin(store, 2), "once", &kim);
    assert_eq!(wait(store.commit(&elsewhere)).unwrap(), Committed::Written);
}

fn a_command_with_another_intent_is_refused<S: Store>(store: &S) {
    let release = begin(store, 1);
    let log = release.stream().clone();
    let (one, release) = draft(release, "one", &by("kim").command(command(1)));
    let (other, release) = draft(release, "other", &by("kim").command(command(1)));
    let (by_other, _) = draft(release, "one", &by("lou").command(command(1)));
    wait(store.commit(&one)).unwrap();
    for reused in [&other, &by_other] {
        // It is stale too: the command is looked at first.
        let refused = wait(store.commit(reused)).unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::CommandReused);
        assert!(!refused.is_conflict() && !refused.is_retryable());
        assert_eq!(refused.actual(), None);
    }
    assert_eq!(version(store, &log), 2);
    let outcome = wait(store.outcome(&log, command(1))).unwrap().unwrap();
    assert_eq!(outcome.intent, one.intent());
}

fn the_same_asking_at_another_time_has_the_same_intent<S: Store>(store: &S) {
    let release = begin(store, 1);
    let cleared = clear(release.record(note("once")), at(NOON), &by("kim"));
    let early = cleared.batch().clone();
    let later = at(NOON).plus(Seconds::hours(1));
    let cleared = clear(cleared.withdraw().record(note("once")), later, &by("kim"));
    let late = cleared.batch().clone();
    assert_eq!(
        early.command(),
        late.command(),
        "derived from the asking alone"
    );
    wait(store.commit(&early)).unwrap();
    assert!(matches!(
        wait(store.commit(&late)).unwrap(),
        Committed::AlreadyDone(_)
    ));
    assert_eq!(history(store, early.stream())[1].recorded_at, at(NOON));
}

// Contract 6 and 7.

fn a_long_log_is_read_whole<S: Store>(store: &S) {
    let mut release = begin(store, 1);
    let log = release.stream().clone();
    let mut written = vec![history(store, &log).remove(0)];
    while release.version().get() < 2_500 {
        let what = format!("note {}", release.version());
        let cleared = clear(release.record(note(&what)), at(NOON), &by("kim"));
        written.extend_from_slice(cleared.batch().events());
        release = wait(cleared.commit(store, at(NOON))).unwrap();
    }
    for limit in [1_000, 999, 5_000] {
        let mut read = Vec::new();
        loop {
            let after = Version::new(read.len() as u64);
            let page = wait(store.history(&log, after, limit)).unwrap();
            let left = written.len() - read.len();
            assert_eq!(page.len(), left.min(limit).min(1_000));
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(read.len(), 2_500);
        assert!(read == written, "in order, whole, and as they were written");
    }
    verify(&written).unwrap();
    let middle = wait(store.history(&log, Version::new(1_234), 1)).unwrap();
    assert_eq!(middle, [written[1_234].clone()]);
    for beyond in [2_500, 2_501, u64::MAX] {
        assert!(
            wait(store.history(&log, Version::new(beyond), 10))
                .unwrap()
                .is_empty()
        );
    }
    assert!(history(store, &stream(9)).is_empty(), "no log is no error");
}

fn a_payload_comes_back_byte_for_byte<S: Store>(store: &S) {
    let odd =
        "tab\tline\nquote\" back\\slash \u{1F680} \u{fffd} ß \u{2028} </script> \u{7a}\u{301}";
    let mut request = titled("Ünïcödé \u{1F680}");
    request.attributes = [
        (key("least"), Attribute::Integer(i64::MIN)),
        (key("most"), Attribute::Integer(i64::MAX)),
        (key("2^53+1"), Attribute::Integer((1 << 53) + 1)),
        (
            key(&odd.lines().next_back().unwrap().replace('\u{2028}', "-")),
            Attribute::Text(text(odd)),
        ),
    ]
    .into();
    let asked = Release::request(tenant("default"), id(1), request.clone());
    let release = put(store, asked, "kim");
    let (batch, release) = draft(release, odd, &by("Ω \u{1F680}"));
    wait(store.commit(&batch)).unwrap();
    let entries = history(store, release.stream());
    assert_eq!(entries[1], batch.events()[0]);
    verify(&entries).unwrap();
    let view = phasegate::release::replay(&entries).unwrap().view();
    assert_eq!(*view.request.unwrap(), request);
}

// Contract 8.

fn tenants_see_nothing_of_each_other<S: Store>(store: &S) {
    let (ours, theirs) = (begin_of(store, "a", 1), begin_of(store, "b", 1));
    let ours = noted(store, ours, "ours");
    assert_eq!(version(store, ours.stream()), 2);
    assert_eq!(version(store, theirs.stream()), 1);
    let _ = begin_of(store, "b", 2);
    // A name that begins like another one, or holds what could separate keys.
    for odd in ["a/release", "a\u{10FFFF}", "a b", "A"] {
        let _ = begin_of(store, odd, 3);
    }
    for (of, count) in [("a", 1), ("b", 2), ("a/release", 1), ("c", 0)] {
        for order in Order::ALL {
            let query = Query {
                filter: Filter::All,
                order,
            };
            let wanted = if order == Order::Created { count } else { 0 };
            let found = rows(store, &tenant(of), query);
            assert_eq!(found.len(), wanted, "{of}");
            assert!(found.iter().all(|row| row.stream.tenant.as_str() == of));
        }
    }
    let lease = Seconds::minutes(1);
    let sink = key("inbox");
    let claim = |of| wait(store.claim(&tenant(of), &sink, at(NOON), lease, 10)).unwrap();
    let to_a = claim("a").remove(0);
    assert_eq!(to_a.notice.stream, *ours.stream());
    assert_eq!(
        claim("b").len(),
        2,
        "a lease of one is not one of the other"
    );
    assert!(claim("c").is_empty());
    let mut forged = to_a.clone();
    forged.notice.stream.tenant = tenant("c");
    let refused = wait(store.settle(&forged, Settlement::Delivered)).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::StaleClaim);
    let intent_of = |release: &Release<Request>| {
        let entry = history(store, release.stream()).remove(0);
        let other = Stream::new(tenant("c"), release.stream().kind, entry.stream.id);
        wait(store.outcome(&other, entry.id.command())).unwrap()
    };
    assert_eq!(intent_of(&ours), None);
}

// Contract 9.

fn summary_rows<S: Store>(store: &S) -> BTreeMap<Key, Summary> {
    let all = rows(store, &tenant("default"), Query::default());
    all.into_iter()
        .map(|row| (row.stream.id, row.summary))
        .collect()
}

/// Twelve releases: created at few instants, some planned, some with tasks, in several phases.
fn fill<S: Store>(store: &S) {
    let hour = |hours| at(NOON).plus(Seconds::hours(hours));
    for number in 1..=12_u32 {
        let request = Release::request(tenant("default"), id(u64::from(number)), titled("Shop"));
        let cleared = clear(request, hour(number % 3), &by("kim"));
        let mut release = wait(cleared.commit(store, at(NOON))).unwrap();
        if number % 2 == 0 {
            let mut plan = ReleasePlan::new(Seconds::new(0));
            let start = hour(100 - number % 4);
            plan.window = Some(Interval::new(start, start.plus(Seconds::hours(1))).unwrap());
            release = put(store, release.record(plan), "kim");
        }
        for task in 0..number % 4 {
            let mut opened = TaskOpened::new(key(&format!("{task}")), name("do"));
            opened.due = Some(hour(20 - number % 5 + task));
            release = put(store, release.record(opened), "kim");
        }
        if number % 6 == 1 {
            release = put(store, release.record(TaskDone::new(key("0"))), "kim");
        }
        match number % 5 {
            0 => drop(put(store, release.reject(text("no")), "kim")),
            1 => drop(put(store, release.hold(text("wait")), "kim")),
            2 => drop(put(store, release.authorise(worthwhile()), "kim")),
            _ => {}
        }
    }
}

fn wanted_by(filter: Filter, row: &Summary) -> bool {
    match filter {
        Filter::All => true,
        Filter::Open => row.standing.phase < PhaseName::Closed,
        Filter::Phase(phase) => row.standing.phase == phase,
    }
}

fn placed_at(order: Order, row: &Summary) -> Option<Instant> {
    match order {
        Order::Created => Some(row.created_at),
        Order::PlannedStart => row.window.map(Interval::start),
        Order::NextDue => row.next_due,
    }
}

fn a_list_has_every_order_and_filter<S: Store>(store: &S) {
    fill(store);
    let known = summary_rows(store);
    assert_eq!(known.len(), 12);
    let phases = PhaseName::ALL.iter().copied().map(Filter::Phase);
    let filters: Vec<_> = [Filter::All, Filter::Open]
        .into_iter()
        .chain(phases)
        .collect();
    let mut seen = 0;
    for order in Order::ALL {
        for &filter in &filters {
            let taken = known.iter().filter(|(_, row)| wanted_by(filter, row));
            let mut wanted: Vec<_> = taken
                .filter_map(|(id, row)| Some((placed_at(order, row)?, id.clone())))
                .collect();
            wanted.sort();
            seen += wanted.len();
            for limit in [1, 2, 5, 1_000] {
                let mut found = Vec::new();
                let mut after: Option<Cursor> = None;
                loop {
                    let query = Query { filter, order };
                    let of = tenant("default");
                    let page = wait(store.list(&of, query, after.as_ref(), limit)).unwrap();
                    assert!(page.rows.len() <= limit);
                    let is_first = found.is_empty();
                    assert!(
                        is_first || !page.rows.is_empty(),
                        "nothing comes after the end"
                    );
                    assert!(found.len() < wanted.len() || is_first, "a row comes twice");
                    for row in &page.rows {
                        assert_eq!(row.summary, known[&row.stream.id]);
                        assert_eq!(row.version.get(), version(store, &row.stream));
                    }
                    found.extend(page.rows.iter().map(|row| {
                        (
                            placed_at(order, &row.summary).unwrap(),
                            row.stream.id.clone(),
                        )
                    }));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                    assert_eq!(page.rows.len(), limit, "full but for the last page");
                }
                assert_eq!(found, wanted, "{filter:?} by {order:?}, {limit} at a time");
            }
        }
    }
    assert!(seen > 50, "only {seen} rows were looked at");
}

fn a_list_breaks_ties_by_id<S: Store>(store: &S) {
    for number in [3, 1, 2, 12, 10] {
        let _ = begin(store, number);
    }
    let found = rows(store, &tenant("default"), Query::default());
    let ids: Vec<_> = found.iter().map(|row| row.stream.id.clone()).collect();
    let wanted = [1, 2, 3, 10, 12].map(|number| stream(number).id);
    assert_eq!(ids, wanted);
}

fn paging_under_writes_neither_skips_nor_repeats<S: Store>(store: &S) {
    let begun = |number: u64, hours| {
        let request = Release::request(tenant("default"), id(number), titled("Shop"));
        let now = at(NOON).plus(Seconds::hours(hours));
        wait(clear(request, now, &by("kim")).commit(store, now)).unwrap()
    };
    let mut releases: Vec<_> = (1..=6)
        .map(|n| begun(n, u32::try_from(n).unwrap() * 2))
        .collect();
    let page = |after: Option<&Cursor>| {
        let page = wait(store.list(&tenant("default"), Query::default(), after, 2)).unwrap();
        let ids: Vec<_> = page.rows.into_iter().map(|row| row.stream.id).collect();
        (ids, page.next)
    };
    let (first, after) = page(None);
    assert_eq!(first, [stream(1).id, stream(2).id]);
    // Before the cursor one comes and one closes; behind it one moves on, and one comes in between.
    let _ = begun(90, 1);
    drop(put(store, releases.remove(1).reject(text("no")), "kim"));
    drop(put(
        store,
        releases.remove(1).authorise(worthwhile()),
        "kim",
    ));
    let _ = begun(91, 7);
    let (second, after) = page(after.as_ref());
    assert_eq!(second, [stream(3).id, stream(91).id]);
    // The row that the cursor stands on closes.
    let (third, after) = page(after.as_ref());
    assert_eq!(third, [stream(4).id, stream(5).id]);
    let (last, end) = page(after.as_ref());
    assert_eq!((last, end), (vec![stream(6).id], None));
}

// Contract 11.

fn a_read_returns_one_to_a_thousand_rows<S: Store>(store: &S) {
    for number in 1..=1_005 {
        let _ = begin(store, number);
    }
    let mut release = begin(store, 2_000);
    for n in 0..1_005 {
        release = noted(store, release, &format!("{n}"));
    }
    for (limit, rows) in [(0, 1), (1, 1), (1_000, 1_000), (usize::MAX, 1_000)] {
        let of = tenant("default");
        let page = wait(store.list(&of, Query::default(), None, limit)).unwrap();
        assert_eq!(
            (page.rows.len(), page.next.is_some()),
            (rows, true),
            "{limit}"
        );
        let read = wait(store.history(release.stream(), Version::NONE, limit)).unwrap();
        assert_eq!(read.len(), rows, "{limit}");
        let (sink, lease) = (key(&format!("sink {limit}")), Seconds::minutes(1));
        let claimed = wait(store.claim(&of, &sink, at(NOON), lease, limit)).unwrap();
        assert_eq!(claimed.len(), rows, "{limit}");
    }
}

/// No gate clears what would need more.
fn a_batch_with_as_many_guards_as_there_may_be_is_written<S: Store>(store: &S) {
    let logs: Vec<_> = (0..100).map(|n| (calendar(&format!("{n}")), 0)).collect();
    let enough = draft_guarded(begin(store, 1), &logs);
    assert_eq!(enough.guards().len(), 100);
    assert_eq!(wait(store.commit(&enough)).unwrap(), Committed::Written);
}

// Contract 10.

fn a_sink_gets_the_lowest_notice_that_it_has_not_settled<S: Store>(store: &S) {
    let one = begin(store, 1);
    let one = noted(store, one, "a");
    let _ = noted(store, one, "b");
    let _ = begin(store, 2);
    let (first, second) = (stream(1).id.to_string(), stream(2).id.to_string());
    for version in 1..=3 {
        let got = claim(store, "inbox", NOON);
        let mut wanted = vec![(first.clone(), version, 1)];
        wanted.extend((version == 1).then(|| (second.clone(), 1, 1)));
        assert_eq!(claimed(&got), wanted, "one notice a stream, the lowest");
        assert!(claim(store, "inbox", NOON).is_empty(), "leased");
        for delivery in &got {
            assert_eq!(delivery.sink, key("inbox"));
            wait(store.settle(delivery, Settlement::Delivered)).unwrap();
        }
    }
    assert!(claim(store, "inbox", NOON).is_empty(), "all is settled");
    let last = history(store, &stream(2)).remove(0);
    assert_eq!(last.version, Version::new(1));
    assert_eq!(version(store, &stream(1)), 3, "nothing is deleted");
}

fn a_lease_keeps_others_away_until_it_ends<S: Store>(store: &S) {
    let _ = begin(store, 1);
    assert_eq!(claim(store, "inbox", "2026-03-02T12:00:00Z")[0].attempt, 1);
    assert!(claim(store, "inbox", "2026-03-02T12:00:59.999999Z").is_empty());
    assert_eq!(claim(store, "inbox", "2026-03-02T12:01:00Z")[0].attempt, 2);
    // By a clock that jumped back, the lease still runs.
    assert!(claim(store, "inbox", "2026-03-02T11:00:00Z").is_empty());
    assert_eq!(claim(store, "inbox", "2026-03-02T12:02:00Z")[0].attempt, 3);
}

fn a_late_settlement_is_refused<S: Store>(store: &S) {
    let _ = noted(store, begin(store, 1), "next");
    let stale = |delivery: &Delivery, settlement| {
        let refused = wait(store.settle(delivery, settlement)).unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::StaleClaim);
        let named = format!("`{}`", delivery.dedupe_key());
        assert!(refused.to_string().contains(&named), "{refused}");
    };
    let slow = claim(store, "inbox", "2026-03-02T12:00:00Z").remove(0);
    let quick = claim(store, "inbox", "2026-03-02T12:01:00Z").remove(0);
    for settlement in [
        Settlement::Delivered,
        Settlement::Rejected,
        Settlement::RetryAt(at(NOON)),
    ] {
        stale(&slow, settlement);
    }
    assert!(claim(store, "inbox", "2026-03-02T12:01:30Z").is_empty());
    wait(store.settle(&quick, Settlement::Delivered)).unwrap();
    stale(&quick, Settlement::Delivered);
    stale(&slow, Settlement::Delivered);
    let mut unclaimed = quick.clone();
    unclaimed.notice.version = Version::new(2);
    stale(&unclaimed, Settlement::Delivered);
    unclaimed.attempt = 0;
    stale(&unclaimed, Settlement::Delivered);
    unclaimed.sink = key("another");
    stale(&unclaimed, Settlement::Delivered);
    let next = claim(store, "inbox", "2026-03-02T12:01:30Z");
    assert_eq!(claimed(&next), [(stream(1).id.to_string(), 2, 1)]);
    // By number it is the current attempt, and it is about another notice.
    stale(&slow, Settlement::Delivered);
    assert_eq!(
        quick.dedupe_key(),
        slow.dedupe_key(),
        "a repetition can be told"
    );
}

fn a_notice_waits_until_it_is_to_be_tried_again<S: Store>(store: &S) {
    let _ = noted(store, begin(store, 1), "next");
    let first = claim(store, "inbox", "2026-03-02T12:00:00Z").remove(0);
    let later = Settlement::RetryAt(at("2026-03-02T13:00:00Z"));
    wait(store.settle(&first, later)).unwrap();
    assert!(claim(store, "inbox", "2026-03-02T12:59:59Z").is_empty());
    let again = claim(store, "inbox", "2026-03-02T13:00:00Z");
    assert_eq!(
        claimed(&again),
        [(stream(1).id.to_string(), 1, 2)],
        "the same one, not the next"
    );
    // Sooner than the lease, too.
    let soon = Settlement::RetryAt(at("2026-03-02T13:00:01Z"));
    wait(store.settle(&again[0], soon)).unwrap();
    assert_eq!(claim(store, "inbox", "2026-03-02T13:00:01Z")[0].attempt, 3);
}

fn a_rejected_notice_lets_the_next_one_go<S: Store>(store: &S) {
    let _ = noted(store, begin(store, 1), "next");
    let first = claim(store, "inbox", NOON).remove(0);
    wait(store.settle(&first, Settlement::Rejected)).unwrap();
    let next = claim(store, "inbox", NOON);
    assert_eq!(claimed(&next), [(stream(1).id.to_string(), 2, 1)]);
}

fn a_new_sink_begins_at_version_one<S: Store>(store: &S) {
    let _ = noted(store, begin(store, 1), "next");
    let first = claim(store, "old", NOON).remove(0);
    wait(store.settle(&first, Settlement::Delivered)).unwrap();
    assert_eq!(claim(store, "old", NOON)[0].notice.version, Version::new(2));
    let new = claim(store, "new", NOON).remove(0);
    assert_eq!((new.notice.version, new.attempt), (Version::new(1), 1));
    wait(store.settle(&new, Settlement::Rejected)).unwrap();
    // What one sink has settled or leased is nothing to the other.
    assert!(claim(store, "old", NOON).is_empty());
    assert_eq!(claim(store, "new", NOON)[0].notice.version, Version::new(2));
}

fn a_sink_that_has_settled_everything_gets_what_comes_later<S: Store>(store: &S) {
    let mut release = begin(store, 1);
    for version in 1..=3 {
        // While one is claimed, and after all is settled.
        let claimed = claim(store, "inbox", NOON).remove(0);
        release = noted(store, release, &format!("{version}"));
        assert_eq!(claimed.notice.version.get(), 2 * version - 1);
        wait(store.settle(&claimed, Settlement::Delivered)).unwrap();
        let next = claim(store, "inbox", NOON).remove(0);
        wait(store.settle(&next, Settlement::Delivered)).unwrap();
        assert!(claim(store, "inbox", NOON).is_empty());
        release = noted(store, release, &format!("later than {version}"));
    }
}

#[test]
fn a_pointer_to_a_store_is_a_store() {
    fn begins(store: impl Store, number: u64) {
        let _ = begin(&store, number);
    }
    let store = MemoryStore::new();
    begins(&store, 1);
    begins(Box::new(&store), 2);
    begins(Arc::new(&store), 3);
    begins(AnyStore::new(Arc::new(MemoryStore::new())), 4);
    assert_eq!(rows(&store, &tenant("default"), Query::default()).len(), 3);
}

#[test]
fn a_fact_without_a_source_guards_nothing() {
    let store = MemoryStore::new();
    let release = begin(&store, 1);
    let gate = Gate::<Authorise>::new("intake", 1).unwrap();
    let gate = gate.require(Knows::facts(["budget", "freeze"]));
    let facts = Facts::at(at(NOON))
        .with(key("budget"), fact(at(NOON)))
        .with(key("freeze"), fact_of(at(NOON), calendar("freezes"), 3))
        .with(
            key("not asked for"),
            fact_of(at(NOON), calendar("other"), 1),
        );
    let cleared = gate.decide(release.authorise(worthwhile()), &facts, &by("cho"));
    let guards = [(calendar("freezes"), Version::new(3))];
    assert_eq!(cleared.unwrap().batch().guards(), guards);
}
