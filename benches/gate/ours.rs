//! The scene as a release of the crate's.

use crate::scene::{ITEMS, Scene, State};
use phasegate::gate::GateSet;
use phasegate::phase::{Action, Anywhere, Seconds};
use phasegate::release::step::{Authorise, Deploy, StartDevelopment, StartTesting};
use phasegate::release::{
    Answer, AnyRecord, AnyStep, Approval, Assessment, AssessmentDecision, Baseline, By,
    ChecklistItem, ChecklistStatus, CodeChange, Digest, Environment, Evidence, Key, Name, Person,
    ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit, Role, RoleGiven, TestKind, TestRun,
    UnitKind,
};
use phasegate::{Desk, Instant, MemoryStore, Release};
use std::error::Error;

type Failed = Box<dyn Error>;

/// The release of the scene, in Testing.
pub(crate) fn release(scene: &Scene, gates: &GateSet) -> Result<Release<Anywhere>, Failed> {
    let begun = scene.now.minus(Seconds::hours(1));
    let desk = Desk::new(MemoryStore::new())
        .with_gates(gates.clone())
        .with_clock(move || begun);
    pollster::block_on(tested(scene, gates, &desk, begun))
}

async fn tested(
    scene: &Scene,
    gates: &GateSet,
    desk: &Desk<MemoryStore>,
    begun: Instant,
) -> Result<Release<Anywhere>, Failed> {
    let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
    let release = desk.run(desk.request(request), &scene.requester).await?;
    let mut site = Site {
        desk,
        release: Some(release.anywhere()),
        by: By::new(scene.requester.clone()),
    };
    let assessment = Assessment::new(AssessmentDecision::Worthwhile);
    site.step(Authorise::new(assessment)).await?;
    site.record(RoleGiven::new(Person::new("ada")?, Role::ReleaseManager))
        .await?;
    for (person, role) in &scene.approvers {
        site.record(RoleGiven::new(person.clone(), role.clone()))
            .await?;
    }
    site.record(ReleasePlan::new(Seconds::days(14))).await?;
    site.record(Baseline::new()).await?;
    site.step(StartDevelopment::new()).await?;
    let mut change = CodeChange::new(Key::new("4fe1")?, begun);
    change.author = Some(Person::new("bea")?);
    site.record(change).await?;
    let package = package()?;
    site.step(StartTesting::new(package.clone())).await?;
    for kind in [TestKind::Functional, TestKind::Security] {
        let passed: u32 = if scene.state == State::Lacking {
            90
        } else {
            98
        };
        let id = Key::new(kind.to_string())?;
        let staging = Environment::new("staging")?;
        let run = TestRun::new(
            id,
            kind,
            staging,
            package.digest(),
            passed,
            100_u32 - passed,
        );
        site.record(run).await?;
    }
    for number in 0..scene.evidence {
        let key = Key::new(format!("evidence-{number:03}"))?;
        let what = Name::new("a report")?;
        site.record(Evidence::new(key, what, Digest::of(b"report")))
            .await?;
    }
    for item in ITEMS {
        let status = match scene.state {
            State::Ready | State::Crowded => ChecklistStatus::Done,
            State::Lacking => ChecklistStatus::Open,
        };
        site.record(ChecklistItem::new(Key::new(item)?, status))
            .await?;
    }
    for (person, role) in scene.approvers.iter().take(scene.approved) {
        let release = site.release.as_ref().ok_or("no release")?;
        let subject = gates.subject(release, Deploy::new(scene.window));
        site.by = By::new(person.clone());
        let approval = Approval::new(Action::Deploy, subject, role.clone(), Answer::Approved);
        site.record(approval).await?;
    }
    site.release.ok_or_else(|| "no release".into())
}

struct Site<'a> {
    desk: &'a Desk<MemoryStore>,
    release: Option<Release<Anywhere>>,
    by: By,
}

impl Site<'_> {
    async fn step(&mut self, step: impl Into<AnyStep>) -> Result<(), Failed> {
        let release = self.release.take().ok_or("no release")?;
        self.release = Some(
            self.desk
                .run(release.propose(step.into()), self.by.clone())
                .await?,
        );
        Ok(())
    }

    async fn record(&mut self, record: impl Into<AnyRecord>) -> Result<(), Failed> {
        let release = self.release.take().ok_or("no release")?;
        self.release = Some(
            self.desk
                .record(release, record.into(), self.by.clone())
                .await?,
        );
        Ok(())
    }
}

pub(crate) fn package() -> Result<ReleasePackage, Failed> {
    let unit = |name: &str, kind| {
        let content = Digest::of(name.as_bytes());
        Ok::<_, Failed>((
            Key::new(name)?,
            ReleaseUnit::new(kind, Name::new("2.4")?, content),
        ))
    };
    let units = [
        unit("shop", UnitKind::Code)?,
        unit("guide", UnitKind::Documentation)?,
    ];
    Ok(ReleasePackage::new(units)?)
}
