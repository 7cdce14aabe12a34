//! One release from request to closure, on a store in memory. `pollster` runs the futures; any executor will do.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use phasegate::clock::{Clock, SystemClock};
use phasegate::release::{
    Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome, AttemptStarted, Baseline,
    ClosureRecord, Digest, Environment, Key, Liveness, Name, ReleasePackage, ReleasePlan,
    ReleaseRequest, ReleaseUnit, ReviewOutcome, Role, RoleGiven, TestKind, TestRun, UnitKind,
};
use phasegate::{Desk, Interval, MemoryStore, Person, phase::Seconds};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    pollster::block_on(first_release())
}

async fn first_release() -> Result<(), Box<dyn std::error::Error>> {
    let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
    let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
    let release = desk.run(desk.request(request), &kim).await?;
    let assessment = Assessment::new(AssessmentDecision::Worthwhile);
    let release = desk.run(release.authorise(assessment), &kim).await?;

    let manager = RoleGiven::new(kim.clone(), Role::ReleaseManager);
    let release = desk.record(release, manager, &kim).await?;
    let plan = ReleasePlan::new(Seconds::days(0)); // no early life support
    let release = desk.record(release, plan, &kim).await?;
    let release = desk.record(release, Baseline::new(), &kim).await?;
    let release = desk.run(release.start_development(), &kim).await?;

    let (version, digest) = (Name::new("2.4.0")?, Digest::of(b"what was built"));
    let program = ReleaseUnit::new(UnitKind::Code, version.clone(), digest);
    let manual = ReleaseUnit::new(UnitKind::Documentation, version, digest);
    let units = [(Key::new("shop")?, program), (Key::new("manual")?, manual)];
    let release = desk
        .run(release.start_testing(ReleasePackage::new(units)?), &kim)
        .await?;
    let (run, staging) = (Key::new("run-1")?, Environment::new("staging")?);
    let tested = release.package().digest();
    let run = TestRun::new(run, TestKind::Functional, staging, tested, 120_u32, 0_u32);
    let release = desk.record(release, run, &kim).await?;

    let now = SystemClock::default().now();
    let window = Interval::new(now, now.plus(Seconds::hours(2)))?;
    let release = desk.run(release.deploy(window), &kim).await?;
    let (attempt, production) = (Key::new("attempt-1")?, Environment::new("production")?);
    let started = AttemptStarted::new(attempt.clone(), production, Liveness::Live);
    let release = desk.record(release, started, &kim).await?;
    let finished = AttemptFinished::new(attempt, AttemptOutcome::Live);
    let release = desk.record(release, finished, &kim).await?;
    let release = desk.run(release.finish_deployment(), &kim).await?;

    let release = desk
        .run(release.complete_review(ReviewOutcome::Successful), &kim)
        .await?;
    let release = desk.run(release.close(ClosureRecord::new()), &kim).await?;
    println!("{release:?} after {} events", release.version());
    Ok(())
}
