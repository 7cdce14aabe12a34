//! Closed releases to measure: a few hundred histories through the desk, and a million that differ from them by name.

use phasegate::phase::{Anywhere, Seconds};
use phasegate::release::step::{
    Authorise, Close, CompleteReview, Deploy, FinishDeployment, StartDevelopment, StartTesting,
};
use phasegate::release::{
    AnyRecord, AnyStep, Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome,
    AttemptStarted, Baseline, Bounded, ClosureRecord, CodeChange, CostBooked, Currency, Digest,
    Envelope, Environment, Feedback, IncidentLinked, IncidentRestored, Key, Liveness, Money, Name,
    Outage, Planning, Rating, ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit,
    ReviewOutcome, Role, RoleGiven, Scale, Service, Severity, Stream, Tenant, TestKind, TestRun,
    UnitKind,
};
use phasegate::{By, Desk, Instant, Interval, MemoryStore, Person, Release};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How many histories differ by more than their name.
const TEMPLATES: u64 = 365;

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// What a history says, and its log.
pub(crate) struct Template {
    pub(crate) told: Told,
    log: Vec<Envelope>,
}

/// When things happened in a release, in microseconds since 1970, and what they came to.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub(crate) requested: i64,
    /// When each phase after Request was entered, and Closed last.
    pub(crate) entered: [i64; 7],
    pub(crate) live: i64,
    pub(crate) window_ends: i64,
    pub(crate) committed: [i64; 2],
    pub(crate) closed: i64,
    pub(crate) spent: i64,
    /// Raised and restored, of every fifth.
    pub(crate) incident: Option<[i64; 2]>,
    pub(crate) score: i32,
}

pub(crate) const BUDGET: i64 = 1_000;
pub(crate) const SUPPORT: i64 = DAY;

impl Told {
    fn of(number: u64) -> Self {
        let number = i64::try_from(number).unwrap_or(0);
        let new_year = 1_767_225_600 * SECOND; // 2026
        let live = new_year + number * DAY + (number % 24) * HOUR;
        let raised = live + 2 * HOUR;
        let (requested, closed) = (live - 30 * DAY, live + 3 * DAY);
        let (planned, built) = (requested + DAY, requested + 2 * DAY);
        let begun = live - HOUR;
        Self {
            requested,
            entered: [planned, built, begun, begun, live, closed, closed],
            live,
            window_ends: live + (number % 5 - 1) * HOUR,
            committed: [
                live - (number % 40 + 1) * HOUR,
                live - (number % 7 + 1) * DAY,
            ],
            closed,
            spent: 700 + number,
            incident: (number % 5 == 0).then_some([raised, raised + (number % 11 + 1) * HOUR]),
            score: i32::try_from(number % 5).unwrap_or(0) + 1,
        }
    }
}

pub(crate) fn templates() -> Result<Vec<Template>, Box<dyn Error>> {
    (0..TEMPLATES)
        .map(|number| pollster::block_on(template(number)))
        .collect()
}

/// The log of a release of that number, under its own id.
pub(crate) fn log(templates: &[Template], number: u64) -> Result<Vec<Envelope>, Box<dyn Error>> {
    let place = usize::try_from(number)? % templates.len();
    let template = templates.get(place).ok_or("there are templates")?;
    let id = uuid::Uuid::from_u128(u128::from(number) + 1);
    let stream = Stream::release(Tenant::default(), id.into());
    let renamed = |entry: &Envelope| {
        let mut entry = entry.clone();
        entry.stream = stream.clone();
        entry
    };
    Ok(template.log.iter().map(renamed).collect())
}

/// A release on its way, by a clock that is set before each step.
struct Walk {
    desk: Desk<MemoryStore>,
    clock: Arc<AtomicI64>,
    by: By,
    release: Release<Anywhere>,
}

impl Walk {
    async fn step(self, at: i64, step: impl Into<AnyStep>) -> Result<Self, Box<dyn Error>> {
        self.clock.store(at, Ordering::Relaxed);
        let proposal = self.release.propose(step.into());
        let release = self.desk.run(proposal, self.by.clone()).await?;
        Ok(Self { release, ..self })
    }

    async fn record(self, at: i64, record: impl Into<AnyRecord>) -> Result<Self, Box<dyn Error>> {
        self.clock.store(at, Ordering::Relaxed);
        let release = self
            .desk
            .record(self.release, record.into(), self.by.clone())
            .await?;
        Ok(Self { release, ..self })
    }
}

fn key(text: &str) -> Result<Key, phasegate::phase::Invalid> {
    Key::new(text)
}

async fn template(number: u64) -> Result<Template, Box<dyn Error>> {
    let told = Told::of(number);
    let walk = begun(told, number).await?;
    let walk = built(walk, told).await?;
    let walk = deployed(walk, told).await?;
    let walk = walk
        .step(told.closed, CompleteReview::new(ReviewOutcome::Successful))
        .await?
        .step(told.closed, Close::new(ClosureRecord::new()))
        .await?;
    let log = walk.desk.history(walk.release.id()).await?;
    Ok(Template { told, log })
}

async fn begun(told: Told, number: u64) -> Result<Walk, Box<dyn Error>> {
    let clock = Arc::new(AtomicI64::new(told.requested));
    let shown = clock.clone();
    let epoch = Instant::from_unix_micros(0)?;
    let now = move || Instant::from_unix_micros(shown.load(Ordering::Relaxed)).unwrap_or(epoch);
    let desk = Desk::new(MemoryStore::new()).with_clock(now);
    let by = By::new(Person::new("kim")?);
    let mut request = ReleaseRequest::new(Name::new(format!("Release {number}"))?);
    let service = Service::new(format!("service-{}", number % 20))?;
    request.services = Bounded::new([service].into())?;
    let release = desk
        .run(desk.request(request), by.clone())
        .await?
        .anywhere();
    let walk = Walk {
        desk,
        clock,
        by,
        release,
    };
    let worthwhile = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
    let [planned, ..] = told.entered;
    walk.step(planned, worthwhile).await
}

async fn built(walk: Walk, told: Told) -> Result<Walk, Box<dyn Error>> {
    let euros = |amount| Currency::new("EUR").map(|euro| Money::new(amount, euro));
    let mut plan = ReleasePlan::new(Seconds::days(1));
    let ends = Instant::from_unix_micros(told.window_ends)?;
    plan.window = Some(Interval::new(ends.minus(Seconds::hours(2)), ends)?);
    plan.budget = Some(euros(BUDGET)?);
    let [_, at, ..] = told.entered;
    let walk = walk
        .record(
            at,
            RoleGiven::new(Person::new("kim")?, Role::ReleaseManager),
        )
        .await?
        .record(at, plan)
        .await?
        .record(at, Baseline::new())
        .await?
        .step(at, StartDevelopment::new())
        .await?;
    let at = told.live - HOUR;
    let mut walk = walk
        .record(at, CostBooked::new(key("cost")?, euros(told.spent)?))
        .await?;
    for (place, committed) in told.committed.into_iter().enumerate() {
        let committed = Instant::from_unix_micros(committed)?;
        let change = CodeChange::new(key(&format!("commit-{place}"))?, committed);
        walk = walk.record(at, change).await?;
    }
    let unit = |kind| {
        Ok::<_, phasegate::phase::Invalid>(ReleaseUnit::new(
            kind,
            Name::new("1")?,
            Digest::of(b"1"),
        ))
    };
    let units = [
        (key("shop")?, unit(UnitKind::Code)?),
        (key("manual")?, unit(UnitKind::Documentation)?),
    ];
    let package = ReleasePackage::new(units)?;
    let (run, staging) = (key("run")?, Environment::new("staging")?);
    let run = TestRun::new(
        run,
        TestKind::Functional,
        staging,
        package.digest(),
        1_u32,
        0_u32,
    );
    walk.step(at, StartTesting::new(package))
        .await?
        .record(at, run)
        .await
}

async fn deployed(walk: Walk, told: Told) -> Result<Walk, Box<dyn Error>> {
    let begins = Instant::from_unix_micros(told.live - HOUR)?;
    let window = Interval::new(begins, begins.plus(Seconds::hours(2)))?;
    let attempt = key("attempt")?;
    let production = Environment::new("production")?;
    let started = AttemptStarted::new(attempt.clone(), production, Liveness::Live);
    let mut walk = walk
        .step(told.live - HOUR, Deploy::new(window))
        .await?
        .record(told.live - HOUR, started)
        .await?
        .record(
            told.live,
            AttemptFinished::new(attempt.clone(), AttemptOutcome::Live),
        )
        .await?
        .step(told.live, FinishDeployment::new())
        .await?;
    if let Some([raised, restored]) = told.incident {
        let id = key(&format!("incident-{}", told.live))?;
        let began = Instant::from_unix_micros(raised)?;
        let mut incident = IncidentLinked::new(id.clone(), Severity::Major, began);
        incident.attempt = Some(attempt);
        let mut outage = Outage::new(key("outage")?, began);
        outage.ended = Some(Instant::from_unix_micros(restored)?);
        outage.planning = Planning::Unplanned;
        outage.users_affected = Some(100);
        walk = walk
            .record(raised, incident)
            .await?
            .record(restored, IncidentRestored::new(id))
            .await?
            .record(restored, outage)
            .await?;
    }
    let mut feedback = Feedback::new(key("survey")?);
    feedback.rating = Some(Rating::new(told.score, Scale::new(key("stars")?, 1, 5)));
    walk.record(told.live + DAY, feedback).await
}
