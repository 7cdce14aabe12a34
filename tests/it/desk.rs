//! The desk under hostile conditions: many writers, lost answers, dropped futures, strange clocks, broken logs.

use crate::delegated::delegated;
use crate::desk_support::{
    Knows, NOON, Office, at, by, fact, id, key, name, note, office, package, person, tenant, text,
    titled, wait, window, worthwhile,
};
use crate::models::{following, shop_of};
use phasegate::desk::{CommitFailed, LoadError, RecordByIdError, Relay, RunError, StreamError};
use phasegate::gate::{Facts, GateSet};
use phasegate::notify::{Notifier, NotifyError};
use phasegate::phase::{Anywhere, Closure, Development, Plan, Request, Seconds, Testing};
use phasegate::release::step::{Authorise, Close, Deploy, StartDevelopment};
use phasegate::release::{
    AnyRecord, Baseline, Batch, ClosureRecord, CommandId, Delivery, Envelope, Event, LogErrorKind,
    MilestoneReached, ModelStanding, OverrideGranted, ReleasePlan, Role, RoleGiven, RoleRelieved,
    Stream, TaskOpened, Track, TrackChanged, Version, verify,
};
use phasegate::store::{Committed, Outcome, Query, StoreError, StoreErrorKind};
use phasegate::{AnyRelease, Desk, Gate, MemoryStore, Release, Store};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};

/// What a strange store does.
trait Manner: Send + Sync {
    /// Instead of, or around, the commit.
    fn commit(
        &self,
        store: &MemoryStore,
        batch: &Batch,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send {
        store.commit(batch)
    }

    /// To what was read.
    fn read(&self, entries: Vec<Envelope>) -> Result<Vec<Envelope>, StoreError> {
        Ok(entries)
    }

    /// Before anything is answered.
    fn before(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// A store in memory with a manner of its own.
#[derive(Default)]
struct Strange<M> {
    store: MemoryStore,
    manner: M,
}

impl<M: Manner> Store for Strange<M> {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.manner.before().await;
        let answer = self.manner.commit(&self.store, batch).await;
        self.manner.before().await;
        answer
    }
    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        self.manner.before().await;
        let entries = self.store.history(stream, after, limit).await?;
        self.manner.read(entries)
    }
    delegated!(store: list claim settle);
    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        self.manner.before().await;
        self.manner.read(Vec::new())?;
        self.store.outcome(stream, command).await
    }
}

fn log<S: Store, P>(office: &Office<S>, release: &Release<P>) -> Vec<Envelope> {
    wait(office.desk.history(release.id())).unwrap()
}

fn kinds(log: &[Envelope]) -> Vec<&str> {
    log.iter().map(|entry| entry.kind.as_ref()).collect()
}

fn reached(milestone: &str) -> MilestoneReached {
    MilestoneReached::new(key(milestone))
}

fn failed<T, P, Q>(answer: Result<Release<Q>, RunError<T, P>>) -> CommitFailed<T, P> {
    match answer.unwrap_err() {
        RunError::NotCommitted(failed) => failed,
        RunError::Refused(refused) => panic!("{refused}"),
    }
}

// Many writers.

#[test]
fn of_many_writers_of_a_step_one_wins_and_the_others_keep_their_release() {
    let office = office();
    let before = office.planned();
    let (id, version) = (before.id(), before.version());
    let writers: Vec<Release<Plan>> = (0..20).map(|_| office.again(&before)).collect();
    let start = Barrier::new(writers.len());
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = writers
            .into_iter()
            .enumerate()
            .map(|(n, release)| {
                let (office, start) = (&office, &start);
                scope.spawn(move || {
                    start.wait();
                    office.run(release.start_development(), &format!("writer {n}"))
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        let CommitFailed::Conflict {
            release,
            stream,
            actual,
        } = failed(answer)
        else {
            panic!("not a conflict");
        };
        assert_eq!(release, before, "it comes back as it was");
        assert_eq!((&stream, actual), (release.stream(), version.plus(1)));
    }
    let won: Release<Development> = won.into_iter().next().unwrap().unwrap();
    let loaded: Release<Development> = wait(office.desk.load_as(id)).unwrap();
    assert_eq!(won, loaded);
}

#[test]
fn the_same_asking_by_the_same_person_is_one_asking() {
    let office = office();
    let release = office.planned();
    let (one, other) = (office.again(&release), office.again(&release));
    let one = office.done(one.start_development(), "ada");
    let other = office.done(other.start_development(), "ada");
    assert_eq!(one, other);
    assert_eq!(one.version(), release.version().plus(1));
    assert_eq!(log(&office, &one).len() as u64, one.version().get());
}

#[test]
fn commuting_records_of_many_writers_all_land_once() {
    let office = office();
    let release = office.requested();
    let id = release.id();
    let (writers, each) = (20, 20);
    let start = Barrier::new(writers);
    let lost = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let mut mine = office.again(&release);
            let (office, start, lost) = (&office, &start, &lost);
            scope.spawn(move || {
                start.wait();
                for n in 0..each {
                    let what = format!("{writer}:{n}");
                    mine = loop {
                        match office.record(mine, note(&what), "kim") {
                            Ok(mine) => break mine,
                            // Out of turns: that is said, and nothing was written.
                            Err(RunError::NotCommitted(CommitFailed::Conflict { .. })) => {
                                lost.fetch_add(1, Ordering::Relaxed);
                                mine = wait(office.desk.load_as(id)).unwrap();
                            }
                            Err(error) => panic!("{error}"),
                        }
                    };
                }
            });
        }
    });
    let log = log(&office, &release);
    verify(&log).unwrap();
    let mut landed: BTreeMap<String, u32> = BTreeMap::new();
    for entry in &log[1..] {
        let Some(Event::Record(AnyRecord::Note(note))) = entry.decode().unwrap() else {
            panic!("{}", entry.kind);
        };
        *landed.entry(note.text.as_str().to_owned()).or_default() += 1;
    }
    assert_eq!(landed.len(), writers * each, "{lost:?} conflicts were told");
    assert!(landed.values().all(|times| *times == 1));
}

#[test]
fn a_stale_writer_is_told_and_keeps_the_release() {
    let office = office();
    let release = office.planned();
    let (stale, before) = (office.again(&release), office.again(&release));
    let id = release.id();
    let _ = office.recorded(release, ReleasePlan::new(Seconds::hours(9)), "ada");
    let failed = failed(office.record(stale, ReleasePlan::new(Seconds::hours(1)), "lou"));
    let said =
        format!("cannot commit to release `{id}`: log is at version 6, expected 5; load it again");
    assert_eq!(failed.to_string(), said);
    assert_eq!(failed.into_release().unwrap(), before);
    let now: Release<Plan> = wait(office.desk.load_as(id)).unwrap();
    let plan = now.view().plan.unwrap();
    assert_eq!(
        plan.early_life_support,
        Seconds::hours(9),
        "no update is lost"
    );
}

#[test]
fn a_step_goes_ahead_over_records_that_commute_and_over_no_others() {
    let office = office();
    let over = |record: AnyRecord| {
        let release = with_authority(&office, office.planned());
        let stale = office.again(&release);
        let _ = office.recorded(release.anywhere(), record, "cho");
        office.run(stale.start_development(), "ada")
    };
    let commuting: [AnyRecord; 3] = [
        note("seen").into(),
        reached("alpha").into(),
        TaskOpened::new(key("T-1"), name("tidy up")).into(),
    ];
    for record in commuting {
        let kind = record.kind();
        assert!(kind.commutes());
        let release = over(record).unwrap();
        let log = log(&office, &release);
        let last = [kind.event_kind(), "release.development_started"];
        assert_eq!(kinds(&log)[log.len() - 2..], last);
    }
    let granted = OverrideGranted::new(
        key("W-1"),
        phasegate::phase::Action::Deploy,
        key("freeze"),
        key("frozen"),
        Role::ChangeAuthority,
        text("agreed"),
        at("2026-03-02T13:00:00Z"),
    );
    let ordered: [AnyRecord; 6] = [
        ReleasePlan::new(Seconds::hours(3)).into(),
        Baseline::new().into(),
        RoleGiven::new(person("tom"), Role::Tester).into(),
        RoleRelieved::new(person("cho"), Role::ChangeAuthority).into(),
        TrackChanged::new(Track::Emergency, text("it burns")).into(),
        granted.into(),
    ];
    for record in ordered {
        assert!(!record.kind().commutes());
        let kind = record.kind();
        let failed = failed(over(record));
        assert!(matches!(failed, CommitFailed::Conflict { .. }), "{kind}");
    }
}

fn with_authority<S: Store>(office: &Office<S>, release: Release<Plan>) -> Release<Plan> {
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    office.recorded(release, given, "ada")
}

#[test]
fn what_is_decided_again_is_decided_on_what_came_between() {
    let office = office();
    let release = office.closing();
    let stale: Release<Closure> = office.again(&release);
    let _ = office.recorded(release, TaskOpened::new(key("T-1"), name("tidy up")), "ops");
    let refused = office
        .run(stale.close(ClosureRecord::new()), "ada")
        .unwrap_err();
    let refused = refused.refused().expect("refused, not in conflict");
    assert_eq!(
        refused.decision.blockers().next().unwrap().reason.code,
        key("open-task")
    );
    assert_eq!(
        refused.release.view().open_tasks.len(),
        1,
        "it knows the task now"
    );
}

#[test]
fn a_record_follows_any_others_while_the_phase_stays() {
    let office = office();
    let release = office.planned();
    let (stale, later) = (office.again(&release), office.again(&release));
    let release = office.recorded(release, ReleasePlan::new(Seconds::hours(3)), "ada");
    let held = office.done(release.hold(text("wait")), "ada");
    let release = office.done(held.resume(), "ada");
    let stale = office.recorded(stale, note("late"), "kim");
    assert_eq!(stale.version(), release.version().plus(1));
    let release = office.again(&stale);
    let release = office.recorded(release, Baseline::new(), "ada");
    let _ = office.done(release.start_development(), "ada");
    let failed = failed(office.record(later, note("too late"), "kim"));
    assert!(matches!(failed, CommitFailed::Conflict { .. }));
}

#[test]
fn a_stale_record_never_replaces_a_newer_one() {
    let office = office();
    let release = office.deploying();
    let stale = office.again(&release);
    let mut outage = phasegate::release::Outage::new(key("O-1"), at("2026-03-02T11:00:00Z"));
    let without_end = outage.clone();
    outage.ended = Some(at("2026-03-02T11:30:00Z"));
    let _ = office.recorded(release, outage, "ops");
    let failed = failed(office.record(stale, without_end, "kim"));
    assert!(matches!(failed, CommitFailed::Conflict { .. }));
    // Another outage is another matter.
    let another = phasegate::release::Outage::new(key("O-2"), at("2026-03-02T11:00:00Z"));
    let stale = failed.into_release().unwrap();
    let _ = office.recorded(stale, another, "kim");
}

/// Writes a note before every commit, as a writer would who is always faster.
#[derive(Default)]
struct AlwaysFaster {
    tries: AtomicUsize,
    is_on: std::sync::atomic::AtomicBool,
}

impl Manner for AlwaysFaster {
    async fn commit(&self, store: &MemoryStore, batch: &Batch) -> Result<Committed, StoreError> {
        if self.is_on.load(Ordering::Relaxed) {
            let n = self.tries.fetch_add(1, Ordering::Relaxed);
            let other = Desk::new(store).with_clock(|| at(NOON));
            let id = batch.stream().id.as_str().parse().unwrap();
            let written = other
                .record_by_id(id, note(&format!("{n}")), by("fast"))
                .await;
            written.unwrap();
        }
        store.commit(batch).await
    }
}

#[test]
fn a_writer_who_always_loses_is_told_after_five_turns() {
    let office = Office::on(Strange::<AlwaysFaster>::default());
    let release = office.requested();
    let manner = &office.desk.store().manner;
    manner.is_on.store(true, Ordering::Relaxed);
    let failed = failed(office.record(release, note("slow"), "kim"));
    let CommitFailed::Conflict {
        release, actual, ..
    } = failed
    else {
        panic!("{failed}");
    };
    assert_eq!(manner.tries.load(Ordering::Relaxed), 5);
    assert_eq!(actual, Version::new(6));
    assert_eq!(
        release.version(),
        Version::new(5),
        "as far as it was followed"
    );
    manner.is_on.store(false, Ordering::Relaxed);
    let release = office.recorded(release, note("slow"), "kim");
    assert_eq!(release.version(), Version::new(7));
}

// Lost answers.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    LostAfterWriting,
    LostBeforeWriting,
    Unavailable,
}

/// Each commit has the next fault; reads fail while told to.
#[derive(Default)]
struct Faulty {
    next: Mutex<Vec<Fault>>,
    fails_to_read: std::sync::atomic::AtomicBool,
}

impl Manner for Faulty {
    async fn commit(&self, store: &MemoryStore, batch: &Batch) -> Result<Committed, StoreError> {
        let fault = self.next.lock().unwrap().pop().unwrap_or(Fault::None);
        let lost = || StoreError::unknown("the line is dead");
        match fault {
            Fault::None => store.commit(batch).await,
            Fault::LostAfterWriting => {
                store.commit(batch).await?;
                Err(lost())
            }
            Fault::LostBeforeWriting => Err(lost()),
            Fault::Unavailable => Err(StoreError::unavailable("too busy")),
        }
    }

    fn read(&self, entries: Vec<Envelope>) -> Result<Vec<Envelope>, StoreError> {
        if self.fails_to_read.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable("too busy"));
        }
        Ok(entries)
    }
}

fn faulty() -> Office<Arc<Strange<Faulty>>> {
    Office::on(Arc::default())
}

impl Office<Arc<Strange<Faulty>>> {
    fn fails_next(&self, fault: Fault) {
        self.desk.store().manner.next.lock().unwrap().push(fault);
    }

    fn fails_to_read(&self, fails: bool) {
        let manner = &self.desk.store().manner;
        manner.fails_to_read.store(fails, Ordering::Relaxed);
    }
}

#[test]
fn a_model_that_is_drafted_again_after_a_fault_is_drafted_once() {
    let model = shop_of(1, 90);
    for fault in [
        Fault::LostAfterWriting,
        Fault::LostBeforeWriting,
        Fault::Unavailable,
    ] {
        let office = faulty();
        let draft = || wait(office.desk.draft_model(&model, by("kim")));
        office.fails_next(fault);
        let error = draft().unwrap_err();
        assert!(matches!(error, StreamError::Store(_)), "{error}");
        assert_eq!(draft().unwrap().log_version(), Version::new(1));
        office.fails_to_read(true);
        assert!(draft().is_err());
    }
}

/// Somebody else drafts another version just before the second commit.
#[derive(Default)]
struct Forestalled(AtomicUsize);

impl Manner for Forestalled {
    async fn commit(&self, store: &MemoryStore, batch: &Batch) -> Result<Committed, StoreError> {
        if self.0.fetch_add(1, Ordering::Relaxed) == 1 {
            let (desk, model) = (Desk::new(store), shop_of(2, 95));
            desk.draft_model(&model, by("lou")).await.unwrap();
        }
        store.commit(batch).await
    }
}

#[test]
fn who_was_forestalled_on_the_log_of_a_model_is_asked_again_on_top() {
    let office: Office<Arc<Strange<Forestalled>>> = Office::on(Arc::default());
    wait(office.desk.draft_model(&shop_of(1, 90), by("kim"))).unwrap();
    let shop = key("shop");
    let retired = office
        .desk
        .retire_model(&shop, text("it is replaced"), by("cho"));
    let state = wait(retired).unwrap();
    assert_eq!(state.log_version(), Version::new(3));
    assert_eq!(state.standing(), ModelStanding::Retired);
}

#[test]
fn a_model_that_cannot_be_read_pre_authorises_nothing() {
    let model = shop_of(1, 90);
    let office = faulty().with_gates(GateSet::new().with_model(model.clone()));
    wait(office.desk.draft_model(&model, by("kim"))).unwrap();
    let reason = text("the board looked at it");
    wait(
        office
            .desk
            .authorise_model(&key("shop"), 1, reason, by("cho")),
    )
    .unwrap();
    let mut request = following(1);
    request.track = Track::Standard;
    let release = office.done(office.asked(request), "kim");
    office.fails_to_read(true);
    let step = Authorise::new(worthwhile());
    let decision = wait(office.desk.explain(&release, step, by("cho")));
    let codes: Vec<_> = decision
        .blockers()
        .map(|one| one.reason.code.as_str())
        .collect();
    assert!(codes.contains(&"model-not-read"), "{decision}");
}

#[test]
fn after_a_lost_answer_a_retry_gives_exactly_one_copy() {
    for fault in [Fault::LostAfterWriting, Fault::LostBeforeWriting] {
        let office = faulty();
        let release = office.planned();
        let version = release.version();
        office.fails_next(fault);
        let failed = failed(office.run(release.start_development(), "ada"));
        let CommitFailed::Unknown {
            mut in_doubt,
            source,
        } = failed
        else {
            panic!("{failed}");
        };
        assert_eq!(source.kind(), StoreErrorKind::Unknown);
        let store = office.desk.store();
        // Whoever cannot be reached tells nothing, and the doubt stays.
        office.fails_to_read(true);
        for _ in 0..2 {
            in_doubt = match wait(in_doubt.retry(store, office.now())) {
                Err(CommitFailed::Unknown { in_doubt, .. }) => in_doubt,
                other => panic!("{other:?}"),
            };
        }
        office.fails_to_read(false);
        // The second try is lost as well.
        if fault == Fault::LostBeforeWriting {
            office.fails_next(fault);
            in_doubt = match wait(in_doubt.retry(store, office.now())) {
                Err(CommitFailed::Unknown { in_doubt, .. }) => in_doubt,
                other => panic!("{other:?}"),
            };
        }
        let release = wait(in_doubt.retry(store, office.now())).unwrap();
        assert_eq!(release.version(), version.plus(1));
        let log = log(&office, &release);
        let copies = kinds(&log)
            .into_iter()
            .filter(|kind| *kind == "release.development_started");
        assert_eq!(copies.count(), 1, "{fault:?}");
        assert_eq!(release, office.again(&release));
        let _ = office.done(release.start_testing(package("one")), "ada");
    }
}

#[test]
fn a_retry_finds_what_was_written_though_others_wrote_since() {
    let office = faulty();
    let release = office.planned();
    let id = release.id();
    office.fails_next(Fault::LostAfterWriting);
    let failed = failed(office.run(release.start_development(), "ada"));
    let CommitFailed::Unknown { in_doubt, .. } = failed else {
        panic!("{failed}");
    };
    let theirs: Release<Development> = wait(office.desk.load_as(id)).unwrap();
    let theirs = office.recorded(theirs, note("later"), "kim");
    let _ = office.done(theirs.start_testing(package("one")), "ada");
    // A day later, too: it was written in time.
    office.clock.pass(Seconds::days(1));
    let release = wait(in_doubt.retry(office.desk.store(), office.now())).unwrap();
    assert_eq!(
        release.version(),
        Version::new(6),
        "as it stood after the step"
    );
}

#[test]
fn a_retry_writes_nothing_after_the_clearance_and_still_finds_what_was_written() {
    for fault in [Fault::LostAfterWriting, Fault::LostBeforeWriting] {
        let office = faulty();
        let release = office.requested();
        let before = office.again(&release);
        let gate = Gate::<Authorise>::new("gate", 1).unwrap();
        let gate = gate.require(Knows::facts(["budget"]));
        let facts = office.facts().with(key("budget"), fact(office.now()));
        let asked = release.authorise(worthwhile());
        let cleared = gate.decide(asked, &facts, &by("cho")).unwrap();
        office.fails_next(fault);
        let store = office.desk.store();
        let failed = wait(cleared.commit(store, office.now())).unwrap_err();
        let CommitFailed::Unknown { in_doubt, .. } = failed else {
            panic!("{failed}");
        };
        office.clock.pass(Seconds::days(1));
        match (fault, wait(in_doubt.retry(store, office.now()))) {
            (Fault::LostAfterWriting, Ok(release)) => {
                assert_eq!(release.version(), Version::new(2));
            }
            (Fault::LostBeforeWriting, Err(CommitFailed::Expired { release, .. })) => {
                assert_eq!(release, before);
            }
            (_, other) => panic!("{fault:?}: {other:?}"),
        }
    }
}

#[test]
fn a_retry_of_what_was_not_written_conflicts_with_what_others_wrote() {
    let office = faulty();
    let release = office.planned();
    let (theirs, before) = (office.again(&release), office.again(&release));
    office.fails_next(Fault::LostBeforeWriting);
    let failed = failed(office.run(release.start_development(), "ada"));
    assert!(failed.to_string().starts_with("nobody knows"));
    let CommitFailed::Unknown { in_doubt, .. } = failed else {
        panic!("{failed}");
    };
    let _ = office.recorded(theirs, note("faster"), "kim");
    let answer = wait(in_doubt.retry(office.desk.store(), office.now()));
    let CommitFailed::Conflict { release, .. } = answer.unwrap_err() else {
        panic!("not a conflict");
    };
    assert_eq!(release, before);
}

#[test]
fn what_is_in_doubt_is_no_release() {
    let office = faulty();
    let release = office.planned();
    office.fails_next(Fault::LostAfterWriting);
    let error = office.run(release.start_development(), "ada").unwrap_err();
    assert!(error.into_release().is_none());
}

#[test]
fn a_store_that_is_unavailable_costs_nothing() {
    let office = faulty();
    let release = office.planned();
    let before = office.again(&release);
    office.fails_next(Fault::Unavailable);
    let failed = failed(office.run(release.start_development(), "ada"));
    let CommitFailed::Rejected { release, source } = failed else {
        panic!("{failed}");
    };
    assert!(source.is_retryable());
    assert_eq!(release, before);
    let _ = office.done(release.start_development(), "ada");
    office.fails_to_read(true);
    let error = wait(office.desk.load(before.id())).unwrap_err();
    assert!(
        matches!(&error, LoadError::Store(source) if source.is_retryable()),
        "{error}"
    );
}

#[test]
fn a_command_is_answered_by_what_it_did() {
    let office = office();
    let ada = || by("ada").command(uuid::Uuid::from_u128(7).into());
    let release = office.planned();
    let (again, reused) = (office.again(&release), office.again(&release));
    let release = wait(office.desk.run(release.start_development(), ada())).unwrap();
    let outcome = wait(
        office
            .desk
            .outcome(release.id(), uuid::Uuid::from_u128(7).into()),
    );
    assert_eq!(outcome.unwrap().unwrap().first, release.version());
    let _ = office.recorded(office.again(&release), note("later"), "kim");
    let answered = wait(office.desk.run(again.start_development(), ada())).unwrap();
    assert_eq!(answered, release);
    let failed = failed(wait(office.desk.record(reused, note("other"), ada())));
    let CommitFailed::Rejected { source, .. } = failed else {
        panic!("{failed}");
    };
    assert_eq!(source.kind(), StoreErrorKind::CommandReused);
}

// A clearance that is over.

#[test]
fn a_clearance_that_is_over_writes_nothing() {
    let office = office();
    let release = office.requested();
    let before = office.again(&release);
    let gate = Gate::<Authorise>::new("gate", 1).unwrap();
    let gate = gate.require(Knows::facts(["budget"]));
    let facts = Facts::at(at(NOON)).with(key("budget"), fact(at(NOON)));
    let clear = |release: Release<Request>| {
        gate.decide(release.authorise(worthwhile()), &facts, &by("cho"))
            .unwrap()
    };
    let cleared = clear(release);
    assert_eq!(cleared.holds_until(), Some(at("2026-03-02T12:05:00Z")));
    let store = office.desk.store();
    let failed = wait(cleared.commit(store, at("2026-03-02T12:05:00Z"))).unwrap_err();
    assert_eq!(
        failed.to_string(),
        "the clearance held until 2026-03-02T12:05:00Z; ask again"
    );
    let CommitFailed::Expired { release, at: ended } = failed else {
        panic!("not expired");
    };
    assert_eq!((&release, ended), (&before, at("2026-03-02T12:05:00Z")));
    assert_eq!(log(&office, &release).len(), 1);
    let in_time = at("2026-03-02T12:04:59.999999Z");
    let release = wait(clear(release).commit(store, in_time)).unwrap();
    let entry = log(&office, &release).remove(1);
    assert_eq!(
        entry.recorded_at,
        at(NOON),
        "the instant of the decision, not of the commit"
    );
}

// Dropped futures.

/// Lets others go first before and after everything.
#[derive(Default)]
struct Yields;

impl Manner for Yields {
    async fn before(&self) {
        for _ in 0..2 {
            let mut is_first = true;
            std::future::poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::take(&mut is_first) {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
            .await;
        }
    }
}

/// Polls so often, and drops the future then; tells whether it was ready.
fn polled<F: Future>(future: F, times: usize) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).any(|_| future.as_mut().poll(&mut context).is_ready())
}

/// Drops what `act` starts after every number of polls, until it is ready. Each time the log has all or nothing of it.
fn all_or_nothing(
    added: usize,
    act: &impl AsyncFn(&Office<Arc<Strange<Yields>>>, Release<Plan>, Release<Plan>),
) {
    let (mut nothing, mut all) = (0, 0);
    for polls in 0.. {
        let office: Office<Arc<Strange<Yields>>> = Office::on(Arc::default());
        let release = office.planned();
        let (stale, id, before) = (office.again(&release), release.id(), release.version());
        let is_ready = polled(act(&office, release, stale), polls);
        let log = wait(office.desk.history(id)).unwrap();
        verify(&log).unwrap();
        let loaded = wait(office.desk.load(id)).unwrap();
        let written = log.len() - usize::try_from(before.get()).unwrap();
        assert!(written <= added, "{:?}", kinds(&log));
        let row = wait(office.desk.list(Query::default(), None, 1))
            .unwrap()
            .rows
            .remove(0);
        assert_eq!(row.version.get(), log.len() as u64);
        assert_eq!(row.summary.standing, loaded.standing());
        // Whatever was left, one can go on from there.
        let _ = office.recorded(loaded.anywhere(), note("on we go"), "kim");
        if is_ready {
            assert_eq!(written, added);
            assert!(nothing > 2 && all > 1, "{nothing} without, {all} with");
            return;
        }
        if written == 0 { nothing += 1 } else { all += 1 }
    }
}

#[test]
fn a_dropped_step_leaves_all_or_nothing() {
    all_or_nothing(1, &async |office, release, _| {
        let _ = office
            .desk
            .run(release.start_development(), by("ada"))
            .await
            .unwrap();
    });
}

#[test]
fn a_dropped_refusal_leaves_all_or_nothing() {
    all_or_nothing(1, &async |office, release, _| {
        let asked = release.anywhere().propose(Deploy::new(window()));
        let refused = office.desk.run(asked, by("ada")).await.unwrap_err();
        assert!(refused.refused().is_some());
    });
}

#[test]
fn a_dropped_second_turn_leaves_all_or_nothing() {
    all_or_nothing(2, &async |office, release, stale| {
        let _ = office
            .desk
            .record(release, note("first"), by("kim"))
            .await
            .unwrap();
        let _ = office
            .desk
            .run(stale.start_development(), by("ada"))
            .await
            .unwrap();
    });
}

// Refusals.

#[test]
fn a_refused_step_is_written_down_once_and_the_release_goes_on() {
    let office = Office::on(MemoryStore::new());
    let release = office.authorised();
    let refused = office.run(release.start_development(), "ada").unwrap_err();
    let refused = refused.refused().unwrap();
    let release = refused.release;
    assert_eq!(release.version(), Version::new(3));
    assert_eq!(release, office.again(&release));
    let entries = log(&office, &release);
    assert_eq!(kinds(&entries)[2], "release.step_refused");
    let Some(Event::Record(AnyRecord::StepRefused(kept))) = entries[2].decode().unwrap() else {
        panic!("{entries:?}");
    };
    assert_eq!(kept.decision, *refused.decision);
    assert_eq!(kept.step, StartDevelopment::new().into());
    assert_eq!(
        (&entries[2].actor, entries[2].recorded_at),
        (&person("ada").into(), at(NOON))
    );
    let release = office.agreed(release);
    let release = office.done(release.start_development(), "ada");
    assert_eq!(log(&office, &release).len(), 7);
}

#[test]
fn a_refusal_is_forgotten_where_that_is_asked_for() {
    let office = office();
    let release = office.authorised();
    let before = office.again(&release);
    let refused = office.run(release.start_development(), "ada").unwrap_err();
    let release = refused.into_release().unwrap();
    assert_eq!(release, before);
    assert_eq!(log(&office, &release).len(), 2);
}

#[test]
fn nothing_is_written_of_what_never_began_or_is_over_or_was_a_record() {
    let office = Office::on(MemoryStore::new());
    let mut found = phasegate::release::step::FindUnauthorised::new(
        titled("Found"),
        package("found"),
        at("2026-03-09T12:00:00Z"),
        Seconds::hours(1),
    );
    let refused = office
        .run(office.desk.find_unauthorised(found.clone()), "fay")
        .unwrap_err();
    let release = refused.into_release().unwrap();
    assert!(log(&office, &release).is_empty());
    found.live_since = at(NOON);
    let _ = office.done(office.desk.find_unauthorised(found), "fay");

    let release = office.authorised();
    let release = office.record(release, Baseline::new(), "ada").unwrap_err();
    assert_eq!(log(&office, &release.into_release().unwrap()).len(), 2);

    let closed = office.done(office.requested().cancel(text("no")), "kim");
    let asked = AnyRelease::from(closed).propose(Deploy::new(window()));
    let refused = office.run(asked, "kim").unwrap_err();
    assert_eq!(log(&office, &refused.into_release().unwrap()).len(), 2);
}

#[test]
fn a_refusal_stands_though_it_cannot_be_written_down() {
    for fault in [
        Fault::Unavailable,
        Fault::LostBeforeWriting,
        Fault::LostAfterWriting,
    ] {
        let office = faulty();
        let release = office.authorised();
        office.fails_next(fault);
        let refused = office.run(release.start_development(), "ada").unwrap_err();
        let refused = refused.refused().expect("refused all the same");
        assert_eq!(refused.decision.blockers().count(), 2);
        // It may be one record behind; a desk catches up over that.
        let release = office.recorded(refused.release, note("on we go"), "kim");
        let written = usize::from(fault == Fault::LostAfterWriting);
        assert_eq!(log(&office, &release).len(), 3 + written, "{fault:?}");
    }
}

#[test]
fn a_refusal_of_a_stale_writer_gives_the_release_back() {
    let office = Office::on(MemoryStore::new());
    let release = office.authorised();
    let stale = office.again(&release);
    let release = office.agreed(release);
    let refused = office.run(stale.start_development(), "lou").unwrap_err();
    let stale = refused.into_release().unwrap();
    assert_eq!(stale.version(), Version::new(2));
    let _ = office.done(release.start_development(), "ada");
}

// By id, by phase, by tenant.

#[test]
fn a_record_reaches_a_release_that_is_known_by_its_id() {
    let office = office();
    let release = office.planned();
    let done = wait(
        office
            .desk
            .record_by_id(release.id(), note("built"), by("ci")),
    )
    .unwrap();
    assert!(matches!(done, AnyRelease::Plan(_)));
    assert_eq!(done.view().version, Version::new(6));
    let absent = wait(office.desk.record_by_id(id(99), note("built"), by("ci"))).unwrap_err();
    assert_eq!(
        absent.to_string(),
        format!("there is no release `{}` of tenant `default`", id(99))
    );
    assert!(matches!(
        absent,
        RecordByIdError::Load(LoadError::NotFound { .. })
    ));
    let run = crate::desk_support::run_of("r", &package("one"), 1, 0);
    let refused = wait(office.desk.record_by_id(release.id(), run, by("ci"))).unwrap_err();
    let RecordByIdError::Run(RunError::Refused(refused)) = refused else {
        panic!("{refused}");
    };
    let _: Release<Anywhere> = refused.release;
}

#[test]
fn a_release_in_another_phase_is_handed_back() {
    let office = office();
    let release = office.planned();
    let error = wait(office.desk.load_as::<Testing>(release.id())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the release is in Plan, expected Testing"
    );
    let LoadError::WrongPhase { found, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(found.in_phase::<Plan>().unwrap(), release);
    let held = office.done(office.requested().hold(text("wait")), "kim");
    let error = wait(office.desk.load_as::<Request>(held.id())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the release is in Request (on hold), expected Request"
    );
    let error = wait(office.desk.load(id(99))).unwrap_err();
    assert!(matches!(error, LoadError::NotFound { .. }));
    assert!(wait(office.desk.history(id(99))).unwrap().is_empty());
}

#[test]
fn a_desk_sees_its_own_tenant_only() {
    let store = MemoryStore::new();
    let desk = |of: &str| Desk::new(&store).tenant(tenant(of)).with_clock(|| at(NOON));
    let (ours, theirs) = (desk("ours"), desk("theirs"));
    let release = wait(ours.run(ours.request(titled("Shop 2.4")), by("kim"))).unwrap();
    let id = release.id();
    assert_eq!(release.view().tenant, tenant("ours"));
    assert!(matches!(
        wait(theirs.load(id)).unwrap_err(),
        LoadError::NotFound { .. }
    ));
    assert!(wait(theirs.history(id)).unwrap().is_empty());
    assert!(
        wait(theirs.list(Query::default(), None, 9))
            .unwrap()
            .rows
            .is_empty()
    );
    let command = wait(ours.history(id)).unwrap()[0].id.command();
    assert_eq!(wait(theirs.outcome(id, command)).unwrap(), None);
    assert!(wait(theirs.record_by_id(id, note("ours?"), by("eve"))).is_err());
    assert_eq!(
        wait(ours.list(Query::default(), None, 9))
            .unwrap()
            .rows
            .len(),
        1
    );
    assert_eq!(wait(ours.load(id)).unwrap().view(), release.view());
}

#[test]
fn asking_and_looking_write_nothing() {
    let office = office();
    let release = office.planned();
    let before = log(&office, &release);
    let desk = &office.desk;
    let _ = wait(desk.explain(&release, StartDevelopment::new(), by("ada")));
    let refused = wait(desk.explain(&release, Close::new(ClosureRecord::new()), by("ada")));
    assert!(!refused.is_cleared());
    let _ = wait(desk.load(release.id())).unwrap();
    let _ = wait(desk.list(Query::default(), None, 9)).unwrap();
    let release = release.start_development().withdraw();
    let cleared = GateSet::new()
        .decide(release.start_development(), &office.facts(), &by("ada"))
        .unwrap();
    let release = cleared.withdraw();
    assert_eq!(log(&office, &release), before);
    let _ = office.done(release.start_development(), "ada");
}

#[test]
fn a_long_release_is_loaded_whole() {
    let office = office();
    let mut release = office.requested();
    for length in [999, 1_000, 1_001, 2_000, 2_001] {
        while release.version().get() < length {
            release = office.recorded(release, note("more"), "kim");
        }
        assert_eq!(log(&office, &release).len() as u64, length);
        assert_eq!(office.again(&release), release);
    }
}

#[test]
fn every_release_has_an_id_of_its_own() {
    let office = office();
    let ids: std::collections::BTreeSet<_> = (0..100)
        .map(|_| office.done(office.desk.request(titled("Shop")), "kim").id())
        .collect();
    assert_eq!(ids.len(), 100);
}

// Time.

#[test]
fn a_clock_that_jumps_back_changes_no_order() {
    let office = office();
    let release = office.reviewing();
    office.clock.set("1999-12-31T23:59:59Z");
    let release = office.recorded(release, note("long ago"), "kim");
    let entries = log(&office, &release);
    let [.., before, last] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    assert!(last.recorded_at < before.recorded_at && last.version > before.version);
    assert_eq!(release, office.again(&release));
    let asked = release.complete_review(phasegate::release::ReviewOutcome::Successful);
    let refused = office.run(asked, "ada").unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("not before 2026-03-02T14:00:00Z"),
        "{refused}"
    );
}

#[test]
fn what_happened_may_be_told_late_and_not_early() {
    let office = office();
    let told = |when: &str| {
        let release = office.planned();
        let asked = release.start_development();
        wait(office.desk.run(asked, by("ada").occurred_at(at(when))))
    };
    let release = told("2026-02-01T00:00:00Z").unwrap();
    let entry = log(&office, &release).pop().unwrap();
    assert_eq!(entry.occurred_at, at("2026-02-01T00:00:00Z"));
    assert_eq!(entry.recorded_at, at(NOON));
    assert!(told("2026-03-02T12:05:00Z").is_ok());
    let refused = told("2026-03-02T12:05:00.000001Z").unwrap_err();
    let refused = refused.refused().unwrap();
    let reason = refused.decision.blockers().next().unwrap().reason;
    assert_eq!(reason.code, key("in-the-future"));
    assert_eq!(reason.clears_at, Some(at("2026-03-02T12:00:00.000001Z")));
}

// Broken logs.

type Edit = Box<dyn Fn(&mut Vec<Envelope>) + Send + Sync>;

/// Gives what is stored edited.
#[derive(Default)]
struct Edited(Mutex<Option<Edit>>);

impl Manner for Edited {
    fn read(&self, mut entries: Vec<Envelope>) -> Result<Vec<Envelope>, StoreError> {
        if let Some(edit) = self.0.lock().unwrap().as_ref() {
            edit(&mut entries);
        }
        Ok(entries)
    }
}

#[test]
fn a_broken_log_is_no_release_and_can_still_be_read() {
    type Case = (LogErrorKind, u64, fn(&mut Vec<Envelope>));
    let cases: [Case; 8] = [
        (LogErrorKind::Broken, 4, |log| drop(log.remove(2))),
        (LogErrorKind::Broken, 3, |log| log.insert(3, log[2].clone())),
        (LogErrorKind::Broken, 4, |log| log.swap(2, 3)),
        (LogErrorKind::Broken, 1, |log| log[0].stream.id = key("7")),
        (LogErrorKind::Broken, 3, |log| {
            log[2].prev = phasegate::release::Digest::ZERO;
        }),
        (LogErrorKind::UnknownKind, 2, |log| {
            log[1].kind = "release.danced".into();
        }),
        (LogErrorKind::Malformed, 3, |log| {
            log[2].data = log[3].data.clone();
        }),
        (LogErrorKind::Inadmissible, 2, |log| {
            let denied = log[1].data.as_str().replace("worthwhile", "not_worthwhile");
            log[1].data = serde_json::from_str(&denied).unwrap();
        }),
    ];
    for (n, (kind, version, edit)) in cases.into_iter().enumerate() {
        let office = Office::on(Strange::<Edited>::default());
        let release = office.planned();
        let stored = log(&office, &release);
        *office.desk.store().manner.0.lock().unwrap() = Some(Box::new(edit));
        let error = wait(office.desk.load(release.id())).unwrap_err();
        let LoadError::Log(error) = error else {
            panic!("case {n}: {error}");
        };
        let found = (error.kind(), error.version());
        assert_eq!(
            found,
            (kind, Some(Version::new(version))),
            "case {n}: {error}"
        );
        let read = log(&office, &release);
        assert!(read != stored && read.len() >= stored.len() - 1);
        assert!(verify(&read).is_err(), "case {n}");
    }
}

#[test]
fn what_need_not_be_known_is_passed_over() {
    let office = Office::on(Strange::<Edited>::default());
    let release = office.recorded(office.planned(), note("seen"), "kim");
    let edit = |log: &mut Vec<Envelope>| log[5].kind = "release.smelled".into();
    *office.desk.store().manner.0.lock().unwrap() = Some(Box::new(edit));
    assert_eq!(office.again(&release), release);
}

// Notices.

/// Takes what it is told to take.
struct Picky {
    got: Mutex<Vec<String>>,
    refuses: fn(&Delivery) -> Option<NotifyError>,
}

impl Notifier for Picky {
    async fn deliver(&self, delivery: &Delivery) -> Result<(), NotifyError> {
        if let Some(error) = (self.refuses)(delivery) {
            return Err(error);
        }
        let key = delivery.dedupe_key();
        let of = key
            .strip_prefix("default/release/00000000-0000-0000-0000-00000000000")
            .unwrap();
        self.got.lock().unwrap().push(of.to_owned());
        Ok(())
    }
}

#[test]
fn a_relay_keeps_the_order_of_each_release() {
    let office = office();
    let release = office.recorded(office.requested(), note("seen"), "kim");
    let _ = office.recorded(release, note("seen again"), "kim");
    let _ = office.requested();
    let picky = Picky {
        got: Mutex::default(),
        refuses: |delivery| match (delivery.notice.version.get(), delivery.attempt) {
            // The first of each is late once, and the second of the first is never taken.
            (1, 1) => Some(NotifyError::retry(Seconds::new(0), "late")),
            (2, _) => Some(NotifyError::reject("never")),
            _ => None,
        },
    };
    let relay = Relay::new(office.desk.store(), &picky, tenant("default"), key("inbox"));
    let run = || {
        let relayed = wait(relay.run_once(office.now())).unwrap();
        (relayed.delivered, relayed.postponed, relayed.rejected)
    };
    assert_eq!(run(), (0, 2, 0), "nothing overtakes what is late");
    assert_eq!(run(), (0, 0, 0));
    office.clock.pass(Seconds::new(1));
    assert_eq!(run(), (3, 0, 1));
    let got = ["1/1/0/inbox", "2/1/0/inbox", "1/3/0/inbox"];
    assert_eq!(*picky.got.lock().unwrap(), got);
}

#[test]
fn a_desk_takes_no_release_of_another_tenant() {
    let office = office();
    let other = Desk::new(Arc::clone(office.desk.store())).tenant("other".parse().unwrap());
    let answer = wait(other.run(office.requested().authorise(worthwhile()), by("cho")));
    let refused = answer.unwrap_err().refused().unwrap();
    let message = "authorise refused\n  lifecycle: the release belongs to tenant `default`, and this is the desk of \
                   `other`; ask at the desk of that tenant";
    assert_eq!(refused.to_string(), message);
    let _ = office.done(refused.release.authorise(worthwhile()), "cho");
}

#[test]
fn the_hosts_own_id_is_answered_after_the_release_went_on() {
    let office = office();
    let command: CommandId = "00000000-0000-4000-8000-000000000007".parse().unwrap();
    let asked = || by("cho").command(command);
    let requested = office.requested();
    let id = requested.id();
    let step = Authorise::new(worthwhile());
    let proposal = requested.anywhere().propose(step.clone());
    let first = wait(office.desk.run(proposal, asked())).unwrap();
    // A second try, loaded anew, is answered: nothing is refused, and nothing is written.
    let loaded = wait(office.desk.load(id)).unwrap();
    let second = wait(office.desk.run(loaded.propose(step), asked())).unwrap();
    assert_eq!(second, first);
    // Something else under the same id is not.
    let other = wait(office.desk.load(id))
        .unwrap()
        .propose(phasegate::release::step::Resume::new());
    assert!(wait(office.desk.run(other, asked())).is_err());
}
