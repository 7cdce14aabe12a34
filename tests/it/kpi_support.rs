//! Histories to measure: releases that go through the lifecycle at stated instants.

use crate::desk_support::{at, id, key, name, person, text};
use phasegate::kpi::{Kpis, Measure, Period, Question};
use phasegate::phase::{Anywhere, Instant, Interval, Seconds};
use phasegate::release::step::{
    Authorise, Close, CompleteReview, Deploy, FinishDeployment, StartDevelopment, StartTesting,
};
use phasegate::release::{
    AnyRecord, AnyStep, Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome,
    AttemptStarted, Baseline, ClosureRecord, CodeChange, Digest, Envelope, Environment,
    IncidentLinked, IncidentRestored, Liveness, Planning, ReleaseId, ReleasePackage, ReleasePlan,
    ReleaseRequest, ReleaseUnit, ReviewOutcome, Role, RoleGiven, Severity, Tenant, TestKind,
    TestRun, UnitKind,
};
use phasegate::{By, Desk, MemoryStore, Release};
use pollster::block_on;
use std::sync::{Arc, Mutex};

/// A desk whose clock shows what the test says.
pub(crate) struct World {
    pub(crate) desk: Desk<MemoryStore>,
    clock: Arc<Mutex<Instant>>,
}

/// A release on its way, and when it last moved.
pub(crate) struct Story<'a> {
    world: &'a World,
    release: Option<Release<Anywhere>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(Mutex::new(at("2026-01-01T00:00:00Z")));
        let shown = clock.clone();
        let desk = Desk::new(MemoryStore::new()).with_clock(move || *shown.lock().unwrap());
        Self { desk, clock }
    }

    fn set(&self, now: Instant) {
        *self.clock.lock().unwrap() = now;
    }

    /// A release that is asked for then.
    pub(crate) fn request(&self, number: u64, when: &str, request: ReleaseRequest) -> Story<'_> {
        self.set(at(when));
        let id = id(number);
        let proposal = self.desk.request_as(id, request);
        let release = block_on(self.desk.run(proposal, By::new(person("kim")))).unwrap();
        Story {
            world: self,
            release: Some(release.anywhere()),
        }
    }

    /// The same without anything special.
    pub(crate) fn plain(&self, number: u64, when: &str) -> Story<'_> {
        self.request(
            number,
            when,
            ReleaseRequest::new(name(&format!("Release {number}"))),
        )
    }

    pub(crate) fn history(&self, id: ReleaseId) -> Vec<Envelope> {
        block_on(self.desk.history(id)).unwrap()
    }

    /// All measures of the releases up to that number.
    pub(crate) fn kpis(&self, releases: u64) -> Kpis {
        let mut kpis = Kpis::new(Tenant::default());
        for number in 1..=releases {
            for entry in self.history(id(number)) {
                kpis.follow(&entry).unwrap();
            }
        }
        kpis
    }
}

impl Story<'_> {
    pub(crate) fn step(mut self, when: &str, step: impl Into<AnyStep>) -> Self {
        self.world.set(at(when));
        let release = self.release.take().unwrap();
        let proposal = release.propose(step.into());
        let release = block_on(self.world.desk.run(proposal, By::new(person("kim"))));
        self.release = Some(release.unwrap_or_else(|refused| panic!("{refused}")));
        self
    }

    /// It is recorded when it is true.
    pub(crate) fn record(self, when: &str, record: impl Into<AnyRecord>) -> Self {
        self.record_late(when, when, record)
    }

    pub(crate) fn record_late(
        mut self,
        when: &str,
        now: &str,
        record: impl Into<AnyRecord>,
    ) -> Self {
        self.world.set(at(now));
        let by = By::new(person("kim")).occurred_at(at(when));
        let release = self.release.take().unwrap();
        let release = block_on(self.world.desk.record(release, record.into(), by));
        self.release = Some(release.unwrap_or_else(|refused| panic!("{refused}")));
        self
    }

    /// Authorised, planned and being built from then on.
    pub(crate) fn plan(self, when: &str, plan: ReleasePlan) -> Self {
        self.step(
            when,
            Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)),
        )
        .record(when, RoleGiven::new(person("kim"), Role::ReleaseManager))
        .record(when, plan)
        .record(when, Baseline::new())
        .step(when, StartDevelopment::new())
    }

    /// Built and being deployed from then on, for two days at most.
    pub(crate) fn deploy(self, when: &str) -> Self {
        let (start, units) = (at(when), ["docs", "shop"]);
        let kinds = [UnitKind::Documentation, UnitKind::Code];
        let units = units.into_iter().zip(kinds);
        let unit = |kind| ReleaseUnit::new(kind, name("1"), Digest::of(b"1"));
        let units = units.map(|(unit_key, kind)| (key(unit_key), unit(kind)));
        let window = Interval::new(start, start.plus(Seconds::days(2))).unwrap();
        let package = ReleasePackage::new(units).unwrap();
        let staging = Environment::new("staging").unwrap();
        let (run, kind, of) = (key("run-1"), TestKind::Functional, package.digest());
        self.step(when, StartTesting::new(package))
            .record(when, TestRun::new(run, kind, staging, of, 1_u32, 0_u32))
            .step(when, Deploy::new(window))
    }

    /// As far as being deployed, by an empty plan.
    pub(crate) fn straight_to_deployment(self, when: &str) -> Self {
        self.plan(when, ReleasePlan::new(Seconds::days(0)))
            .deploy(when)
    }

    /// An attempt that is live then.
    pub(crate) fn live(self, attempt: &str, when: &str) -> Self {
        self.attempt(started(attempt), when)
    }

    pub(crate) fn attempt(self, started: AttemptStarted, when: &str) -> Self {
        let finished = AttemptFinished::new(started.attempt.clone(), AttemptOutcome::Live);
        self.record(when, started).record(when, finished)
    }

    pub(crate) fn change(self, id: &str, committed: &str, now: &str) -> Self {
        self.record(now, CodeChange::new(key(id), at(committed)))
    }

    /// An incident of an attempt, known and over by then.
    pub(crate) fn incident(
        self,
        id: &str,
        attempt: Option<&str>,
        [raised, restored]: [&str; 2],
    ) -> Self {
        let mut incident = IncidentLinked::new(key(id), Severity::Major, at(raised));
        incident.attempt = attempt.map(key);
        self.record_late(raised, restored, incident)
            .record(restored, IncidentRestored::new(key(id)))
    }

    /// Live, reviewed and closed then.
    pub(crate) fn close(self, when: &str) -> Self {
        self.step(when, FinishDeployment::new())
            .step(when, CompleteReview::new(ReviewOutcome::Successful))
            .step(when, Close::new(ClosureRecord::new()))
    }
}

pub(crate) fn started(attempt: &str) -> AttemptStarted {
    let production = Environment::new("production").unwrap();
    AttemptStarted::new(key(attempt), production, Liveness::Live)
}

/// Unplanned, because of that incident.
pub(crate) fn hotfix(attempt: &str, cause: &str) -> AttemptStarted {
    let mut started = started(attempt);
    started.planning = Planning::Unplanned;
    started.cause = Some(key(cause));
    started
}

/// A question about a month, asked long after.
pub(crate) fn about(year: i32, month: u32) -> Question {
    Question::builder()
        .period(Period::month(year, month).unwrap())
        .as_of(at("2030-01-01T00:00:00Z"))
        .build()
}

/// A value as people read it.
pub(crate) fn value(measure: Option<&Measure>) -> String {
    let value = measure.unwrap().value;
    value.map_or("undefined".to_owned(), |value| value.to_string())
}

/// Hours as a person counts them.
pub(crate) fn hours(measure: Option<&Measure>) -> String {
    let seconds = measure.unwrap().value.unwrap().to_f64();
    (seconds / 3_600.0).to_string()
}

pub(crate) fn summary(words: &str) -> phasegate::release::Text {
    text(words)
}
