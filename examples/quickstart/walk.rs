//! One release on its way: the steps in their order, and between them what happened at the time.

use super::history::{DEPLOYMENT, Entry, History, calendar, tag};
use super::{Outcome, TENANT};
use phasegate::phase::{Closed, Invalid, Phase, Review, Seconds, Start, Testing};
use phasegate::release::{
    AnyRecord, Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome, AttemptStarted,
    ClosureItem, ClosureRecord, Confirmation, Digest, Environment, Key, Liveness, Name, Proposal,
    ReleaseId, ReleaseKind, ReleasePackage, ReleaseRequest, ReleaseUnit, ReviewOutcome, Role,
    RoleGiven, Tenant, TestKind, TestRun, UnitKind, step::RequestRelease,
};
use phasegate::{AnyRelease, By, Desk, Instant, Interval, Person, Release, Store};
use std::{iter::Peekable, vec};

/// People. All of them, and what they do, are made up.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) lead: Person,
    pub(crate) tester: Person,
    pub(crate) deployer: Person,
}

/// A release, and what is still ahead of it.
#[derive(Debug)]
pub(crate) struct Walk<'a, S> {
    desk: &'a Desk<S>,
    pub(crate) history: &'a History,
    pub(crate) people: People,
    pub(crate) ahead: Peekable<vec::IntoIter<Entry>>,
}

impl<'a, S: Store + Clone> Walk<'a, S> {
    pub(crate) fn new(desk: &'a Desk<S>, history: &'a History) -> Outcome<Self> {
        let people = People {
            lead: Person::new("ana")?,
            tester: Person::new("ben")?,
            deployer: Person::new("dee")?,
        };
        let ahead = history.timeline(&people.lead)?.into_iter().peekable();
        Ok(Self {
            desk,
            history,
            people,
            ahead,
        })
    }

    /// The desk, as if it were that instant.
    pub(crate) fn at(&self, now: Instant) -> Desk<S> {
        self.desk.clone().with_clock(move || now)
    }

    /// Request, Plan, Development.
    pub(crate) async fn begin(&mut self) -> Outcome<Release<Testing>> {
        let (history, lead) = (self.history, self.people.lead.clone());
        let desk = self.at(history.began()?);
        let release = desk.run(request(history)?, &lead).await?;

        let cycle = history.planned("cycle_start")?;
        let release = self.until(release, cycle).await?;
        let desk = self.at(cycle);
        let assessment = Assessment::new(AssessmentDecision::Worthwhile);
        let release = desk.run(release.authorise(assessment), &lead).await?;
        let manager = RoleGiven::new(lead.clone(), Role::ReleaseManager);
        let release = desk.record(release, manager, &lead).await?;

        let freeze = history.planned("enhancements_freeze")?;
        let release = self.until(release, freeze).await?;
        let desk = self.at(freeze);
        let release = desk.run(release.start_development(), calendar()?).await?;

        let freeze = history.planned("code_freeze")?;
        let release = self.until(release, freeze).await?;
        let desk = self.at(freeze);
        let package = package(&history.package_version())?;
        Ok(desk
            .run(release.start_testing(package), calendar()?)
            .await?)
    }

    /// The tests: made up, done the evening before, and reported when the deployment begins.
    pub(crate) async fn test(&mut self, release: Release<Testing>) -> Outcome<Release<Testing>> {
        let deployed = self.history.live()?.minus(DEPLOYMENT);
        let mut release = self.until(release, deployed).await?;
        for run in test_runs(&release)? {
            release = self.report(release, run).await?;
        }
        Ok(release)
    }

    /// A late report: `recorded_at` is now, `occurred_at` is when the tests were done.
    pub(crate) async fn report(
        &self,
        release: Release<Testing>,
        run: TestRun,
    ) -> Outcome<Release<Testing>> {
        let now = self.history.live()?.minus(DEPLOYMENT);
        let by = By::new(&self.people.tester).occurred_at(now.minus(Seconds::hours(16)));
        Ok(self.at(now).record(release, run, by).await?)
    }

    /// Testing, Deployment: live at the instant of the tag.
    pub(crate) async fn go_live(&mut self, release: Release<Testing>) -> Outcome<Release<Review>> {
        let (live, deployer) = (self.history.live()?, self.people.deployer.clone());
        let start = live.minus(DEPLOYMENT);
        let release = self.until(release, start).await?;
        let desk = self.at(start);
        let release = desk.run(release.deploy(day_of(live)?), &deployer).await?;
        let (attempt, public) = (Key::new("publish")?, Environment::new("public")?);
        let started = AttemptStarted::new(attempt.clone(), public, Liveness::Live);
        let release = desk.record(release, started, &deployer).await?;

        let release = self.until(release, live).await?;
        let desk = self.at(live);
        let finished = AttemptFinished::new(attempt, AttemptOutcome::Live);
        let release = desk.record(release, finished, tag()?).await?;
        Ok(desk.run(release.finish_deployment(), &deployer).await?)
    }

    /// Review, Closure: at the first retrospective after the release, or, where none is listed, two weeks after it.
    pub(crate) async fn finish(&mut self, release: Release<Review>) -> Outcome<Release<Closed>> {
        let lead = self.people.lead.clone();
        let (reviewed, by) = match self.history.retrospective()? {
            Some(day) => (day, calendar()?),
            None => (self.history.live()?.plus(Seconds::days(14)), (&lead).into()),
        };
        let release = self.until(release, reviewed).await?;
        let outcome = ReviewOutcome::Successful;
        let desk = self.at(reviewed);
        let release = desk.run(release.complete_review(outcome), by).await?;

        let closed = reviewed.plus(Seconds::days(1));
        let release = self.until(release, closed).await?;
        let desk = self.at(closed);
        let notes = Confirmation::new(ClosureItem::ReleaseNotes);
        let release = desk.record(release, notes, &lead).await?;
        Ok(desk.run(release.close(ClosureRecord::new()), &lead).await?)
    }

    /// When the plan is agreed next.
    pub(crate) fn next_baseline(&self) -> Outcome<Instant> {
        let is_baseline = |entry: &Entry| matches!(entry.what, AnyRecord::Baseline(_));
        let next = self.ahead.clone().find(is_baseline);
        Ok(next.ok_or("the plan is not agreed again")?.at)
    }

    /// Records what happened up to an instant; the release stays in its phase.
    pub(crate) async fn until<P: Phase>(
        &mut self,
        release: Release<P>,
        now: Instant,
    ) -> Outcome<Release<P>> {
        let mut release = release.anywhere();
        while let Some(Entry { at, what, by }) = self.ahead.next_if(|entry| entry.at <= now) {
            release = self.at(at).record(release, what, by).await?;
        }
        let stays = AnyRelease::from(release).in_phase();
        stays.map_err(|moved| format!("it moved to {}", moved.standing()).into())
    }
}

/// An id that stays the same from run to run; `Desk::request` draws one.
pub(crate) fn id(history: &History) -> Result<ReleaseId, Invalid> {
    let digits = history.name.replace('.', "");
    format!("00000000-0000-7000-8000-{digits:0>12}").parse()
}

/// The asking for a release.
fn request(history: &History) -> Outcome<Proposal<RequestRelease, Start>> {
    let version = Name::new(history.package_version())?;
    let request = ReleaseRequest::builder()
        .title(Name::new(format!("Kubernetes {}", history.name))?)
        .kind(ReleaseKind::Feature)
        .package_version(version)
        .build();
    Ok(Release::request(
        Tenant::new(TENANT)?,
        id(history)?,
        request,
    ))
}

/// What is built. The digests are made up.
fn package(version: &str) -> Result<ReleasePackage, Invalid> {
    let unit = |kind, content: String| -> Result<_, Invalid> {
        let digest = Digest::of(content.as_bytes());
        Ok(ReleaseUnit::new(kind, Name::new(version)?, digest))
    };
    let program = unit(UnitKind::Code, format!("kubernetes {version}"))?;
    let manual = unit(UnitKind::Documentation, format!("website {version}"))?;
    ReleasePackage::new([
        (Key::new("kubernetes")?, program),
        (Key::new("website")?, manual),
    ])
}

/// The tests of the very package that goes live. The numbers are made up.
pub(crate) fn test_runs(release: &Release<Testing>) -> Result<[TestRun; 2], Invalid> {
    let package = release.package().digest();
    let run = |kind: TestKind, passed: u32, failed: u32| -> Result<_, Invalid> {
        let (id, staging) = (Key::new(kind.name())?, Environment::new("staging")?);
        Ok(TestRun::new(id, kind, staging, package, passed, failed))
    };
    Ok([
        run(TestKind::Functional, 5_210, 3)?,
        run(TestKind::Integration, 846, 9)?,
    ])
}

/// The whole UTC day of an instant.
pub(crate) fn day_of(at: Instant) -> Result<Interval, Invalid> {
    let start = Instant::start_of(at.day())?;
    Interval::new(start, start.plus(Seconds::days(1)))
}
