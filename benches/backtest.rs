//! What it costs to ask a million recorded decisions again, beside reading them.
//!
//! `cargo bench --bench backtest --features verify`; docs/benchmarks.md says how to read it.

use phasegate::gate::{Duty, EvidencePolicy, GateSet, Percent, SeparationOfDutiesPolicy};
use phasegate::phase::Seconds;
use phasegate::release::step::{Authorise, Deploy};
use phasegate::release::{
    Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome, AttemptStarted, Baseline,
    ClosureRecord, Digest, Envelope, Environment, Key, Liveness, Name, Release, ReleaseId,
    ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit, ReviewOutcome, Role, RoleGiven,
    Tenant, TestKind, TestRun, UnitKind, replay,
};
use phasegate::verify::Backtest;
use phasegate::{Desk, Gate, Instant, Interval, MemoryStore, Person};
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

const DECISIONS: u32 = 1_000_000;
/// How many decisions one release has.
const EACH: u32 = 8;

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
fn main() -> Outcome<()> {
    let log = pollster::block_on(log())?;
    let (same, other) = (gates(95)?, gates(96)?);
    println!(
        "{:<34} {:>10} {:>7} {:>14}",
        "per decision", "time", "ratio", "most memory"
    );
    let read = timed(|| {
        for release in releases(&log) {
            let _ = black_box(replay(&release));
        }
    });
    let line = |what: &str, took: Duration, memory: Option<u64>| {
        let each = took.as_secs_f64() * 1e9 / f64::from(DECISIONS);
        let ratio = took.as_secs_f64() / read.as_secs_f64();
        let memory = memory.map_or(String::new(), |bytes| format!("{} MiB", bytes >> 20));
        println!("{what:<34} {each:>7.0} ns {ratio:>6.2}x {memory:>14}");
    };
    line("replay the logs, and no more", read, None);
    for (what, gates) in [
        ("the same gates", &same),
        ("other gates, every deployment flips", &other),
    ] {
        let mut counts = None;
        let ask = |decisions: &mut Option<_>| {
            let mut backtest = Backtest::of(gates);
            for entry in releases(&log).flatten() {
                backtest.read(&entry);
            }
            *decisions = Some(backtest.finish().all);
        };
        let took = timed(|| ask(&mut counts));
        let memory = allocation_counter::measure(|| ask(&mut counts)).bytes_max;
        line(what, took, Some(memory));
        let counts = counts.ok_or("it was measured")?;
        assert_eq!(counts.decisions, u64::from(DECISIONS));
        let flips = if what == "the same gates" {
            0
        } else {
            DECISIONS / EACH
        };
        assert_eq!(counts.newly_refused, u64::from(flips));
    }
    Ok(())
}

/// The same log of one release after the other, each under an id of its own.
fn releases(log: &[Envelope]) -> impl Iterator<Item = Vec<Envelope>> + '_ {
    let keys = (0..DECISIONS / EACH)
        .filter_map(|number| Key::new(format!("00000000-0000-7000-8000-{number:012x}")).ok());
    keys.map(|id| {
        let mut log = log.to_vec();
        for entry in &mut log {
            entry.stream.id = id.clone();
        }
        log
    })
}

fn gates(percent: u8) -> Outcome<GateSet> {
    let tested = EvidencePolicy::new([(TestKind::Functional, Percent::new(percent)?)]);
    let apart = SeparationOfDutiesPolicy::new([Duty::Requester])?;
    let intake = Gate::<Authorise>::new("intake", 1)?.require(apart.clone());
    let production = Gate::<Deploy>::new("production", 1)?;
    let production = production.require(tested).require(apart);
    Ok(GateSet::new().with(intake).with(production))
}

/// A release from request to closure; 95 of 100 tests have passed.
async fn log() -> Outcome<Vec<Envelope>> {
    let now: Instant = "2026-03-02T12:00:00Z".parse()?;
    let desk = Desk::new(Arc::new(MemoryStore::new())).with_gates(gates(95)?);
    let desk = desk.with_clock(move || now);
    let people = ["kim", "cho", "ada", "tom"].map(Person::new);
    let [kim, cho, ada, tom] = people;
    let (kim, cho, ada, tom) = (kim?, cho?, ada?, tom?);
    let id: ReleaseId = "00000000-0000-7000-8000-000000000000".parse()?;
    let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
    let asked = Release::request(Tenant::default(), id, request);
    let release = desk.run(asked, &kim).await?;
    let assessment = Assessment::new(AssessmentDecision::Worthwhile);
    let release = desk.run(release.authorise(assessment), &cho).await?;
    let manager = RoleGiven::new(ada.clone(), Role::ReleaseManager);
    let release = desk.record(release, manager, &kim).await?;
    let release = desk
        .record(release, ReleasePlan::new(Seconds::new(0)), &ada)
        .await?;
    let release = desk.record(release, Baseline::new(), &ada).await?;
    let release = desk.run(release.start_development(), &ada).await?;
    let unit = |kind| -> Outcome<_> {
        Ok(ReleaseUnit::new(
            kind,
            Name::new("2.4.0")?,
            Digest::of(b"shop"),
        ))
    };
    let package = ReleasePackage::new([
        (Key::new("shop")?, unit(UnitKind::Code)?),
        (Key::new("manual")?, unit(UnitKind::Documentation)?),
    ])?;
    let tested = package.digest();
    let release = desk.run(release.start_testing(package), &ada).await?;
    let staging = Environment::new("staging")?;
    let run = TestRun::new(
        Key::new("run")?,
        TestKind::Functional,
        staging,
        tested,
        95_u32,
        5_u32,
    );
    let release = desk.record(release, run, &tom).await?;
    let window = Interval::new(now, now.plus(Seconds::days(1)))?;
    let release = desk.run(release.deploy(window), &ada).await?;
    let first = Key::new("first")?;
    let started = AttemptStarted::new(
        first.clone(),
        Environment::new("shop.example")?,
        Liveness::Live,
    );
    let release = desk.record(release, started, &ada).await?;
    let finished = AttemptFinished::new(first, AttemptOutcome::Live);
    let release = desk.record(release, finished, &ada).await?;
    let release = desk.run(release.finish_deployment(), &ada).await?;
    let release = desk
        .run(release.complete_review(ReviewOutcome::Successful), &ada)
        .await?;
    let release = desk.run(release.close(ClosureRecord::new()), &ada).await?;
    Ok(desk.history(release.id()).await?)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let begun = std::time::Instant::now();
    work();
    begun.elapsed()
}
