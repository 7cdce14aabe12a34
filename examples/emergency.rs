//! An emergency from beginning to end: haste by its own authority, a gate that is overridden once, the debt, and who
//! pays it. `cargo run --example emergency`. `pollster` runs the futures; any executor will do.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, ChecklistPolicy, Facts, GateSet, Quorum,
};
use phasegate::phase::{Action, Seconds};
use phasegate::release::step::Expedite;
use phasegate::release::{
    Answer, Approval, Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome,
    AttemptStarted, ClosureRecord, Digest, Environment, Key, Liveness, Name, OverrideGranted,
    PostImplementationReview, ReleasePackage, ReleaseRequest, ReleaseUnit, RetrospectiveApproval,
    ReviewOutcome, Role, RoleGiven, Text, Track, UnitKind,
};
use phasegate::report::Exceptions;
use phasegate::{By, Desk, Gate, Instant, MemoryStore, Person};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn main() -> Result<(), Box<dyn Error>> {
    pollster::block_on(emergency())
}

/// Haste needs the emergency change authority, which nobody overrides, and a look, which the change authority may let
/// pass.
fn gates() -> Result<GateSet, Box<dyn Error>> {
    let authority = ApprovalRule::new(
        Key::new("emergency-authority")?,
        Quorum::Count(1),
        [Approver::Role(Role::EmergencyChangeAuthority)],
    )?;
    let haste = Gate::<Expedite>::new("haste", 1)?
        .require(ApprovalsPolicy::new([authority])?)
        .overridable_by([]);
    let looks = ChecklistPolicy::new([Key::new("on-call-told")?])?;
    let looks = Gate::<Expedite>::new("looks", 1)?
        .require(looks)
        .overridable_by([Role::ChangeAuthority]);
    Ok(GateSet::new().with(haste).with(looks))
}

/// A clock that stands still until it is set.
#[derive(Clone, Default)]
struct Watch(Arc<AtomicU32>);

impl Watch {
    fn set(&self, minutes: u32) {
        self.0.store(minutes, Ordering::Relaxed);
    }

    fn minutes(&self) -> Seconds {
        Seconds::minutes(self.0.load(Ordering::Relaxed))
    }
}

fn package() -> Result<ReleasePackage, Box<dyn Error>> {
    let (version, digest) = (Name::new("2.4.1")?, Digest::of(b"one line less"));
    let program = ReleaseUnit::new(UnitKind::Code, version, digest);
    Ok(ReleasePackage::new([(Key::new("shop")?, program)])?)
}

#[expect(clippy::too_many_lines, reason = "it is told from beginning to end")]
async fn emergency() -> Result<(), Box<dyn Error>> {
    let (watch, night) = (Watch::default(), "2026-03-02T03:00:00Z".parse::<Instant>()?);
    let clock = watch.clone();
    let desk = Desk::new(MemoryStore::new())
        .with_gates(gates()?)
        .with_clock(move || night.plus(clock.minutes()));
    let [kim, ada, eve, cho, ops] = ["kim", "ada", "eve", "cho", "ops"].map(Person::new);
    let (kim, ada, eve, cho, ops) = (kim?, ada?, eve?, cho?, ops?);

    println!("03:00  Customers cannot pay. Kim asks for a hotfix; Ada takes it.\n");
    let request = ReleaseRequest::builder()
        .title(Name::new("Shop 2.4.1")?)
        .track(Track::Emergency)
        .build();
    let id = "01890000-0000-7000-8000-000000000001".parse()?;
    let release = desk.run(desk.request_as(id, request), &kim).await?;
    let worthwhile = Assessment::new(AssessmentDecision::Worthwhile);
    let mut release = desk.run(release.authorise(worthwhile), &cho).await?;
    for (person, role) in [
        (&ada, Role::ReleaseManager),
        (&eve, Role::EmergencyChangeAuthority),
        (&cho, Role::ChangeAuthority),
    ] {
        let given = RoleGiven::new(person.clone(), role);
        release = desk.record(release, given, &ada).await?;
    }

    let haste = Expedite::new(package()?, Seconds::hours(24), Text::new("nobody can pay")?);
    let facts = Facts::at(night.plus(watch.minutes()));
    let why = desk
        .gates()
        .explain(&release, haste.clone(), &facts, &By::new(&ada));
    println!("Why not now?\n\n{}", why.outline());

    watch.set(10);
    println!("03:10  Eve approves. Nobody on call answers; Cho lets that look pass, once.\n");
    let granted = OverrideGranted::new(
        Key::new("W-1")?,
        Action::Expedite,
        Key::new("checklist")?,
        Key::new("item-not-seen")?,
        Role::ChangeAuthority,
        Text::new("every minute costs")?,
        night.plus(Seconds::hours(1)),
    );
    let release = desk.record(release, granted, &cho).await?;
    let subject = desk.subject(&release, haste.clone());
    let role = Role::EmergencyChangeAuthority;
    let approval = Approval::new(Action::Expedite, subject, role, Answer::Approved);
    let release = desk.record(release, approval, &eve).await?;
    let Expedite {
        package,
        early_life_support,
        reason,
        ..
    } = haste;
    let release = desk
        .run(release.expedite(package, early_life_support, reason), &ada)
        .await?;
    let attempt = Key::new("attempt-1")?;
    let production = Environment::new("production")?;
    let started = AttemptStarted::new(attempt.clone(), production, Liveness::Live);
    let release = desk.record(release, started, &ops).await?;
    let finished = AttemptFinished::new(attempt, AttemptOutcome::Live);
    let release = desk.record(release, finished, &ops).await?;
    let release = desk.run(release.finish_deployment(), &ada).await?;

    watch.set(2 * 24 * 60);
    println!("Two days later  Ada wants it out of Review.\n");
    let refused = desk.run(release.complete_review(ReviewOutcome::Successful), &ada);
    let Err(refused) = refused.await else {
        return Err("what is owed was not asked for".into());
    };
    let Some(refused) = refused.refused() else {
        return Err("the desk failed".into());
    };
    println!("{}", refused.decision.outline());

    let comment = Text::new("there was no other way")?;
    let own = RetrospectiveApproval::new(Role::ReleaseManager, comment.clone());
    let Err(own) = desk.record(refused.release, own, &ada).await else {
        return Err("ada approved what she did".into());
    };
    println!("She cannot approve it herself:\n{own}\n");
    let Some(release) = own.into_release() else {
        return Err("the release is gone".into());
    };
    println!("Cho approves it, the review is held, and it closes.\n");
    let hindsight = RetrospectiveApproval::new(Role::ChangeAuthority, comment);
    let release = desk.record(release, hindsight, &cho).await?;
    let review = PostImplementationReview::new(Text::new("alarms came ten minutes late")?);
    let release = desk.record(release, review, &ada).await?;
    let release = desk
        .run(release.complete_review(ReviewOutcome::Successful), &ada)
        .await?;
    let release = desk.run(release.close(ClosureRecord::new()), &ada).await?;
    println!("{release:?}\n");

    let mut exceptions = Exceptions::at(night.plus(watch.minutes()));
    exceptions.add(&desk.history(id).await?)?;
    print!("{}", exceptions.outline());
    Ok(())
}
