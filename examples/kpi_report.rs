//! Five years of Kubernetes releases, measured: an HTML page with charts.
//!
//! `cargo run --example kpi_report [FOLDER]` writes `kpi-report.html` into that folder, or into a new one under the
//! temporary folder, and prints its path. The facts are in `examples/data/kubernetes_releases.json`; who did what, and
//! everything but the days that were agreed and the instants of the tags, is made up.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example shows what it did, and a host writes files"
)]

use phasegate::kpi::{Kpi, Kpis, Period, PeriodPart, Question};
use phasegate::phase::{Day, Seconds};
use phasegate::release::step::{
    Authorise, Close, CompleteReview, Deploy, FinishDeployment, StartDevelopment, StartTesting,
};
use phasegate::release::{
    AnyRecord, AnyStep, Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome,
    AttemptStarted, Baseline, ClosureRecord, Digest, Environment, Key, Liveness, Name, ReleaseId,
    ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit, ReviewOutcome, Role, RoleGiven,
    Service, SuccessCriterion, Target, Tenant, TestKind, TestRun, Text, UnitKind,
};
use phasegate::{Desk, Instant, Interval, MemoryStore, Person};
use serde::Deserialize;
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{env, fs};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
struct History {
    source: String,
    license: String,
    releases: Vec<Fact>,
}

/// A version, the day that was agreed first, the day that was agreed last, and when it was tagged.
#[derive(Deserialize)]
struct Fact(String, Day, Day, Instant);

fn main() -> Outcome<()> {
    let history: History = serde_json::from_str(include_str!("data/kubernetes_releases.json"))?;
    let world = World::new()?;
    let mut kpis = Kpis::new(Tenant::default());
    let mut last = None;
    for (number, fact) in history.releases.iter().enumerate() {
        let id = format!("01890000-0000-7000-8000-{number:012}").parse()?;
        pollster::block_on(world.walk(id, fact))?;
        for entry in pollster::block_on(world.desk.history(id))? {
            kpis.follow(&entry)?;
        }
        last = Some(id);
    }
    let as_of = "2023-08-01T00:00:00Z".parse::<Instant>()?;
    let period = Period::new("2018-10-01".parse()?, "2023-07-01".parse()?)?;
    let question = Question::builder().period(period).as_of(as_of).build();
    let report = kpis.report(&question);
    let trend = kpis.trend(&question, PeriodPart::Quarter);
    let targets = last
        .map(|id| kpis.targets(id, &question))
        .unwrap_or_default();
    let page = report.page(&trend, &targets, &[]);

    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder
        .unwrap_or_else(|| env::temp_dir().join(format!("phasegate-kpi-{}", std::process::id())));
    fs::create_dir_all(&folder)?;
    let path = folder.join("kpi-report.html");
    fs::write(&path, page.html())?;
    println!(
        "{} releases; source: {} ({})",
        kpis.release_count(),
        history.source,
        history.license
    );
    for kpi in [
        Kpi::DeploymentFrequency,
        Kpi::AdherenceFirst,
        Kpi::AdherenceLatest,
        Kpi::SlipFirst,
    ] {
        let value = report.get(kpi).and_then(|measure| measure.value);
        let value = value.map_or_else(
            || "not defined".to_owned(),
            |value| format!("{value:.1} {}", kpi.unit()),
        );
        println!("{}: {value}", kpi.title());
    }
    println!("{}", path.display());
    Ok(())
}

/// A desk whose clock is set by hand.
struct World {
    desk: Desk<MemoryStore>,
    now: Arc<Mutex<Instant>>,
    team: Person,
}

impl World {
    fn new() -> Outcome<Self> {
        let now = Arc::new(Mutex::new("2018-01-01T00:00:00Z".parse()?));
        let clock = now.clone();
        let desk = Desk::new(MemoryStore::new()).with_clock(move || {
            clock
                .lock()
                .map_or_else(|broken| *broken.into_inner(), |now| *now)
        });
        let team = Person::new("release-team")?;
        Ok(Self { desk, now, team })
    }

    fn at(&self, instant: Instant) -> Outcome<()> {
        *self.now.lock().map_err(|_| "the clock is broken")? = instant;
        Ok(())
    }

    async fn takes(&self, id: ReleaseId, step: impl Into<AnyStep>) -> Outcome<()> {
        let release = self.desk.load(id).await?;
        let done = self.desk.run(release.propose(step), &self.team).await;
        Ok(done.map(drop).map_err(|error| error.to_string())?)
    }

    async fn records(&self, id: ReleaseId, record: impl Into<AnyRecord>) -> Outcome<()> {
        let release = self.desk.load(id).await?.anywhere();
        let record: AnyRecord = record.into();
        let done = self.desk.record(release, record, &self.team).await;
        Ok(done.map(drop).map_err(|error| error.to_string())?)
    }

    /// From request to closure, with the plan that was agreed first and, if it is another one, last.
    async fn walk(&self, id: ReleaseId, fact: &Fact) -> Outcome<()> {
        let Fact(version, first, last, tagged) = fact;
        let before = |days| tagged.minus(Seconds::days(days));
        self.at(before(60))?;
        let request = ReleaseRequest::builder()
            .title(Name::new(format!("Kubernetes {version}"))?)
            .services([Service::new("kubernetes")?])
            .build();
        let asked = self
            .desk
            .run(self.desk.request_as(id, request), &self.team)
            .await;
        asked.map(drop).map_err(|error| error.to_string())?;
        self.takes(
            id,
            Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)),
        )
        .await?;
        self.records(id, RoleGiven::new(self.team.clone(), Role::ReleaseManager))
            .await?;
        for day in [first, last] {
            self.records(id, plan(*day)?).await?;
            self.records(id, Baseline::new()).await?;
            self.at(before(40))?;
            if first == last {
                break;
            }
        }
        self.takes(id, StartDevelopment::new()).await?;
        self.at(before(10))?;
        self.takes(id, StartTesting::new(package(version)?)).await?;
        let (run, staging) = (Key::new("conformance")?, Environment::new("ci")?);
        let run = TestRun::new(
            run,
            TestKind::Functional,
            staging,
            package(version)?.digest(),
            1_u32,
            0_u32,
        );
        self.records(id, run).await?;
        self.at(*tagged)?;
        self.takes(
            id,
            Deploy::new(Interval::new(*tagged, tagged.plus(Seconds::hours(1)))?),
        )
        .await?;
        let (attempt, registry) = (Key::new("tag")?, Environment::new("registry")?);
        self.records(
            id,
            AttemptStarted::new(attempt.clone(), registry, Liveness::Live),
        )
        .await?;
        self.records(id, AttemptFinished::new(attempt, AttemptOutcome::Live))
            .await?;
        self.takes(id, FinishDeployment::new()).await?;
        self.at(tagged.plus(Seconds::days(1)))?;
        self.takes(id, CompleteReview::new(ReviewOutcome::Successful))
            .await?;
        self.takes(id, Close::new(ClosureRecord::new())).await
    }
}

/// To go live on that day, and in time.
fn plan(day: Day) -> Outcome<ReleasePlan> {
    let start = Instant::start_of(day.date())?;
    let target = Target::builder()
        .measure(Key::new(Kpi::AdherenceFirst.id())?)
        .at_least(100_i64)
        .build();
    let criterion = SuccessCriterion::builder()
        .what(Text::new("It is there on the day that was agreed first.")?)
        .target(target)
        .build();
    Ok(ReleasePlan::builder()
        .early_life_support(Seconds::new(0))
        .window(Interval::new(start, start.plus(Seconds::days(1)))?)
        .success_criteria([(Key::new("in-time")?, criterion)])
        .build())
}

fn package(version: &str) -> Outcome<ReleasePackage> {
    let unit = |kind| -> Outcome<_> {
        Ok(ReleaseUnit::new(
            kind,
            Name::new(version)?,
            Digest::of(version.as_bytes()),
        ))
    };
    Ok(ReleasePackage::new([
        (Key::new("kubernetes")?, unit(UnitKind::Code)?),
        (Key::new("website")?, unit(UnitKind::Documentation)?),
    ])?)
}
