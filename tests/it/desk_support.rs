//! Fixtures for stores, gates and the desk: a clock that is set by hand, and a release as far as a test needs it.

use phasegate::clock::Clock;
use phasegate::desk::RunError;
use phasegate::gate::{Ask, Facts, GateSet};
use phasegate::phase::{
    Closure, Deployment, Development, Phase, Plan, Request, Review, Seconds, Start, Testing,
};
use phasegate::release::step::{FindUnauthorised, RequestRelease};
use phasegate::release::{
    Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome, AttemptStarted, Baseline,
    ClosureRecord, Digest, Environment, Fact, FactSource, FactValue, Key, Liveness, Moves, Name,
    Note, Proposal, Reason, Record, Recording, ReleaseId, ReleasePackage, ReleasePlan,
    ReleaseRequest, ReleaseUnit, ReviewOutcome, Role, RoleGiven, StreamKind, Takes, Tenant,
    TestKind, TestRun, Text, Track, UnitKind, Version,
};
use phasegate::release::{Stream, Verdict};
use phasegate::store::Store;
use phasegate::{By, Desk, Instant, Interval, MemoryStore, Person, Policy, Release};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) use pollster::block_on as wait;

/// Noon of a quiet Monday.
pub(crate) const NOON: &str = "2026-03-02T12:00:00Z";

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

pub(crate) fn person(id: &str) -> Person {
    Person::new(id).unwrap()
}

pub(crate) fn by(id: &str) -> By {
    By::new(person(id))
}

pub(crate) fn tenant(id: &str) -> Tenant {
    Tenant::new(id).unwrap()
}

pub(crate) fn id(number: u64) -> ReleaseId {
    uuid::Uuid::from_u128(u128::from(number)).into()
}

pub(crate) fn note(what: &str) -> Note {
    Note::new(text(what))
}

pub(crate) fn titled(title: &str) -> ReleaseRequest {
    ReleaseRequest::new(name(title))
}

pub(crate) fn worthwhile() -> Assessment {
    Assessment::new(AssessmentDecision::Worthwhile)
}

pub(crate) fn stream(number: u64) -> Stream {
    Stream::release(tenant("default"), id(number))
}

pub(crate) fn calendar(id: &str) -> Stream {
    Stream::new(tenant("default"), StreamKind::Calendar, key(id))
}

/// A package of code and documentation whose content is `content`.
pub(crate) fn package(content: &str) -> ReleasePackage {
    let unit = |kind, part: &str| {
        let digest = Digest::of(format!("{part} {content}").as_bytes());
        (key(part), ReleaseUnit::new(kind, name("2.4.0"), digest))
    };
    ReleasePackage::new([
        unit(UnitKind::Code, "shop"),
        unit(UnitKind::Documentation, "manual"),
    ])
    .unwrap()
}

/// A run of functional tests about that package.
pub(crate) fn run_of(id: &str, package: &ReleasePackage, passed: u32, failed: u32) -> TestRun {
    let staging = Environment::new("staging").unwrap();
    TestRun::new(
        key(id),
        TestKind::Functional,
        staging,
        package.digest(),
        passed,
        failed,
    )
}

/// A window that is long enough for whatever a test lets happen before.
pub(crate) fn window() -> Interval {
    Interval::parse("2026-03-02T12:00:00Z", "2026-05-01T12:00:00Z").unwrap()
}

pub(crate) fn attempt(id: &str) -> AttemptStarted {
    AttemptStarted::new(
        key(id),
        Environment::new("shop.example").unwrap(),
        Liveness::Live,
    )
}

pub(crate) fn went_live(id: &str) -> AttemptFinished {
    AttemptFinished::new(key(id), AttemptOutcome::Live)
}

/// A fact that was read at that instant.
pub(crate) fn fact(read_at: Instant) -> Fact {
    Fact::new(FactValue::Flag(true), read_at)
}

/// A fact that was read from a stream.
pub(crate) fn fact_of(read_at: Instant, stream: Stream, version: u64) -> Fact {
    let mut fact = fact(read_at);
    fact.source = Some(FactSource::new(stream, Version::new(version)));
    fact
}

/// A host's policy: satisfied if every one of these facts is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Knows {
    pub(crate) facts: Vec<Key>,
}

impl Knows {
    pub(crate) fn facts<const N: usize>(facts: [&str; N]) -> Self {
        Self {
            facts: facts.map(key).into(),
        }
    }
}

impl Policy for Knows {
    type Reads = ();
    const NAME: &'static str = "knows";

    fn facts(&self) -> Vec<Key> {
        self.facts.clone()
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let missing = self.facts.iter().filter(|key| ask.fact(key).is_none());
        let reasons: Vec<_> = missing
            .map(|key| Reason::new("fact-missing", format!("`{key}` is not known"), "ask again"))
            .collect();
        if reasons.is_empty() {
            Verdict::SATISFIED
        } else {
            Verdict::Unknown { reasons }
        }
    }
}

/// A clock that is set by hand.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Instant>>);

impl HandClock {
    pub(crate) fn set(&self, text: &str) {
        *self.0.lock().unwrap() = at(text);
    }

    pub(crate) fn pass(&self, time: Seconds) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(time);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

/// A desk, its clock, and a release taken as far as a test needs it.
pub(crate) struct Office<S> {
    pub(crate) desk: Desk<S>,
    pub(crate) clock: HandClock,
    drawn: AtomicU64,
}

/// An office without gates on a new store in memory; refusals are not written down.
pub(crate) fn office() -> Office<Arc<MemoryStore>> {
    Office::on(Arc::new(MemoryStore::new())).forgetting_refusals()
}

impl<S: Store> Office<S> {
    pub(crate) fn on(store: S) -> Self {
        let clock = HandClock(Arc::new(Mutex::new(at(NOON))));
        Self {
            desk: Desk::new(store).with_clock(clock.clone()),
            clock,
            drawn: AtomicU64::new(0),
        }
    }

    pub(crate) fn forgetting_refusals(mut self) -> Self {
        self.desk = self.desk.forgetting_refusals();
        self
    }

    pub(crate) fn with_gates(mut self, gates: GateSet) -> Self {
        self.desk = self.desk.with_gates(gates);
        self
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn facts(&self) -> Facts {
        Facts::at(self.now())
    }

    pub(crate) fn run<T, P: Moves<T>>(
        &self,
        proposal: Proposal<T, P>,
        who: &str,
    ) -> Result<Release<P::To>, RunError<T, P>> {
        wait(self.desk.run(proposal, by(who)))
    }

    pub(crate) fn done<T, P: Moves<T>>(
        &self,
        proposal: Proposal<T, P>,
        who: &str,
    ) -> Release<P::To> {
        self.run(proposal, who).unwrap()
    }

    pub(crate) fn record<R: Record, P: Takes<R>>(
        &self,
        release: Release<P>,
        record: R,
        who: &str,
    ) -> Result<Release<P>, RunError<Recording<R>, P>> {
        wait(self.desk.record(release, record, by(who)))
    }

    pub(crate) fn recorded<R: Record, P: Takes<R>>(
        &self,
        release: Release<P>,
        record: R,
        who: &str,
    ) -> Release<P> {
        self.record(release, record, who).unwrap()
    }

    /// The same release, loaded by another writer.
    pub(crate) fn again<P: Phase>(&self, release: &Release<P>) -> Release<P> {
        wait(self.desk.load_as(release.id())).unwrap()
    }

    pub(crate) fn asked(&self, request: ReleaseRequest) -> Proposal<RequestRelease, Start> {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed) + 1;
        Release::request(tenant("default"), id(number), request)
    }

    pub(crate) fn requested(&self) -> Release<Request> {
        self.done(self.asked(titled("Shop 2.4")), "kim")
    }

    /// Authorised; nothing is planned yet.
    pub(crate) fn authorised(&self) -> Release<Plan> {
        self.done(self.requested().authorise(worthwhile()), "cho")
    }

    pub(crate) fn with_manager<P: Takes<RoleGiven>>(&self, release: Release<P>) -> Release<P> {
        let given = RoleGiven::new(person("ada"), Role::ReleaseManager);
        self.recorded(release, given, "kim")
    }

    /// With a release manager and a baseline.
    pub(crate) fn agreed(&self, release: Release<Plan>) -> Release<Plan> {
        let release = self.with_manager(release);
        let release = self.recorded(release, ReleasePlan::new(Seconds::hours(2)), "ada");
        self.recorded(release, Baseline::new(), "ada")
    }

    pub(crate) fn planned(&self) -> Release<Plan> {
        self.agreed(self.authorised())
    }

    pub(crate) fn developing(&self) -> Release<Development> {
        self.done(self.planned().start_development(), "ada")
    }

    /// Handed over; nothing is tested yet.
    pub(crate) fn testing(&self) -> Release<Testing> {
        self.done(self.developing().start_testing(package("one")), "ada")
    }

    pub(crate) fn tested(&self) -> Release<Testing> {
        self.recorded(self.testing(), run_of("run", &package("one"), 19, 1), "tom")
    }

    pub(crate) fn deploying(&self) -> Release<Deployment> {
        self.done(self.tested().deploy(window()), "ada")
    }

    /// One attempt on a live environment ended live.
    pub(crate) fn made_live(&self, release: Release<Deployment>) -> Release<Deployment> {
        let release = self.recorded(release, attempt("first"), "dep");
        self.recorded(release, went_live("first"), "dep")
    }

    pub(crate) fn reviewing(&self) -> Release<Review> {
        self.done(self.made_live(self.deploying()).finish_deployment(), "ada")
    }

    /// Reviewed as successful, two hours and a bit later.
    pub(crate) fn closing(&self) -> Release<Closure> {
        let release = self.reviewing();
        self.clock.pass(Seconds::hours(2));
        self.done(release.complete_review(ReviewOutcome::Successful), "ada")
    }

    pub(crate) fn closed(&self) -> Release<phasegate::phase::Closed> {
        self.done(self.closing().close(ClosureRecord::new()), "ada")
    }

    /// Asked for by kim, expedited by ada.
    pub(crate) fn expedited(&self) -> Release<Deployment> {
        let mut request = titled("Hotfix");
        request.track = Track::Emergency;
        let release = self.done(self.asked(request), "kim");
        let release = self.done(release.authorise(worthwhile()), "cho");
        let release = self.with_manager(release);
        let haste = text("shops are closed");
        self.done(
            release.expedite(package("hot"), Seconds::hours(1), haste),
            "ada",
        )
    }

    /// Found by fay, live since the morning.
    pub(crate) fn unauthorised(&self) -> Release<Review> {
        let found = FindUnauthorised::new(
            titled("A table was dropped"),
            package("found"),
            at("2026-03-02T08:00:00Z"),
            Seconds::hours(1),
        );
        let number = self.drawn.fetch_add(1, Ordering::Relaxed) + 1;
        let found = Release::find_unauthorised(tenant("default"), id(number), found);
        self.done(found, "fay")
    }
}
