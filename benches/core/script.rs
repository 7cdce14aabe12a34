//! What is asked in every walk: the same values for both sides, built before the clock starts.

use phasegate::phase::{Action, Interval, Invalid, Seconds};
use phasegate::release::step::{
    Authorise, Close, CompleteReview, Deploy, FinishDeployment, RequestRelease, StartDevelopment,
    StartTesting,
};
use phasegate::release::{
    Actor, Answer, Approval, Assessment, AssessmentDecision, AttemptFinished, AttemptOutcome,
    AttemptStarted, BackOutPlan, Baseline, By, ClosureItem, ClosureRecord, CodeChange,
    Confirmation, CriterionOutcome, CriterionResult, DefectFound, DefectResolved, Digest,
    Environment, Evidence, IncidentLinked, IncidentRestored, Key, Liveness, Milestone,
    MilestoneReached, Name, Note, Objective, ReleaseKind, ReleasePackage, ReleasePlan,
    ReleaseRequest, ReleaseUnit, ReviewOutcome, Risk, Role, RoleGiven, Service, Severity, Subject,
    SuccessCriterion, TaskDone, TaskOpened, TestKind, TestRun, Text, UnitKind, When,
};
use phasegate::{Instant, Person};
use serde::{Deserialize, Serialize};

/// One thing that is asked, and when.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) act: Act,
    pub(crate) at: Instant,
}

/// Every step and record that the walks use. The large ones are boxed, so that the rest stay cheap to move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Act {
    Request(Box<RequestRelease>),
    Authorise(Authorise),
    StartDevelopment(StartDevelopment),
    StartTesting(StartTesting),
    Deploy(Deploy),
    FinishDeployment(FinishDeployment),
    CompleteReview(CompleteReview),
    Close(Close),
    Plan(Box<ReleasePlan>),
    Baseline(Baseline),
    MilestoneReached(MilestoneReached),
    RoleGiven(RoleGiven),
    Approval(Approval),
    CodeChange(CodeChange),
    TestRun(TestRun),
    Evidence(Evidence),
    DefectFound(DefectFound),
    DefectResolved(DefectResolved),
    AttemptStarted(AttemptStarted),
    AttemptFinished(AttemptFinished),
    IncidentLinked(IncidentLinked),
    IncidentRestored(IncidentRestored),
    CriterionResult(CriterionResult),
    TaskOpened(TaskOpened),
    TaskDone(TaskDone),
    Confirmation(Confirmation),
    Note(Note),
}

/// What the caller brings besides what is asked.
#[derive(Clone, Copy)]
pub(crate) enum Given {
    /// An id for every asking.
    Commands,
    /// Nothing: ids are derived.
    Nothing,
}

/// Who asks for everything.
pub(crate) fn who() -> Result<(Actor, By), Invalid> {
    let actor = Actor::from(kim()?);
    let by = By::new(actor.clone());
    Ok((actor, by))
}

/// One release from request to closure, with so many more records while it is in Testing; a minute between any two.
pub(crate) fn walk(more: usize) -> Result<Vec<Asked>, Invalid> {
    let mut acts = vec![Act::Request(Box::new(RequestRelease::new(request()?)))];
    let worthwhile = Assessment::new(AssessmentDecision::Worthwhile);
    acts.push(Act::Authorise(Authorise::new(worthwhile)));
    acts.extend(planned()?);
    acts.extend(built()?);
    acts.extend(tested()?);
    for number in 0..more {
        acts.push(one_more(number)?);
    }
    acts.extend(deployed()?);
    acts.extend(closed()?);
    let first = "2026-03-02T10:00:00.123456Z".parse::<Instant>()?;
    let at = |minutes: u32| first.plus(Seconds::minutes(minutes));
    let asked = (0..).zip(acts);
    Ok(asked
        .map(|(minutes, act)| Asked {
            act,
            at: at(minutes),
        })
        .collect())
}

/// Who asks.
pub(crate) fn kim() -> Result<Person, Invalid> {
    Person::new("kim")
}

fn request() -> Result<ReleaseRequest, Invalid> {
    let objectives = [
        (
            Key::new("faster")?,
            Objective::new(Text::new("checkout in under a second")?),
        ),
        (
            Key::new("safer")?,
            Objective::new(Text::new("no card number in any log")?),
        ),
    ];
    Ok(ReleaseRequest::builder()
        .title(Name::new("Shop 2.4")?)
        .kind(ReleaseKind::Feature)
        .reference(Key::new("CHG-2031")?)
        .package_version(Name::new("2.4.0")?)
        .need(Text::new("customers leave while the checkout loads")?)
        .objectives(objectives)
        .services([Service::new("shop")?, Service::new("payments")?])
        .labels([(Key::new("team")?, Name::new("checkout")?)])
        .build())
}

fn planned() -> Result<Vec<Act>, Invalid> {
    let milestone = |day: &str| -> Result<_, Invalid> {
        Ok(Milestone::builder().planned(day.parse::<When>()?).build())
    };
    let criterion = SuccessCriterion::builder()
        .what(Text::new("95 % of checkouts take less than a second")?)
        .objective(Key::new("faster")?)
        .build();
    let risk = Risk::builder()
        .what(Text::new("the new cache runs full")?)
        .mitigation(Text::new("watch its size while it warms up")?)
        .owner(kim()?)
        .build();
    let plan = ReleasePlan::builder()
        .early_life_support(Seconds::days(0))
        .scope(Text::new("the checkout; not the catalogue")?)
        .milestones([
            (Key::new("code-freeze")?, milestone("2026-02-20")?),
            (Key::new("candidate")?, milestone("2026-02-27")?),
            (Key::new("live")?, milestone("2026-03-02")?),
        ])
        .stakeholders([Person::new("ada")?, Person::new("lin")?])
        .window(window()?)
        .back_out(BackOutPlan::new(Text::new("route traffic to 2.3 again")?))
        .risks([(Key::new("cache")?, risk)])
        .success_criteria([(Key::new("fast")?, criterion)])
        .build();
    Ok(vec![
        Act::RoleGiven(RoleGiven::new(kim()?, Role::ReleaseManager)),
        Act::RoleGiven(RoleGiven::new(Person::new("ada")?, Role::Tester)),
        Act::Plan(Box::new(plan)),
        Act::Baseline(Baseline::new()),
        Act::MilestoneReached(MilestoneReached::new(Key::new("code-freeze")?)),
        Act::StartDevelopment(StartDevelopment::new()),
    ])
}

fn built() -> Result<Vec<Act>, Invalid> {
    Ok(vec![
        code_change(0)?,
        code_change(1)?,
        Act::StartTesting(StartTesting::new(package()?)),
    ])
}

fn tested() -> Result<Vec<Act>, Invalid> {
    let (defect, report) = (Key::new("BUG-1")?, Name::new("penetration test")?);
    let evidence = Evidence::new(
        Key::new("pentest")?,
        report,
        Digest::of(b"the report of the test"),
    );
    Ok(vec![
        test_run(0)?,
        Act::Evidence(evidence),
        Act::DefectFound(DefectFound::new(defect.clone(), Severity::Minor)),
        Act::DefectResolved(DefectResolved::new(defect)),
    ])
}

fn deployed() -> Result<Vec<Act>, Invalid> {
    let (attempt, production) = (Key::new("attempt-live")?, Environment::new("production")?);
    let approval = Approval::new(
        Action::Deploy,
        subject(),
        Role::ReleaseManager,
        Answer::Approved,
    );
    let started = AttemptStarted::new(attempt.clone(), production, Liveness::Live);
    let finished = AttemptFinished::new(attempt, AttemptOutcome::Live);
    Ok(vec![
        Act::Approval(approval),
        Act::Deploy(Deploy::new(window()?)),
        Act::AttemptStarted(started),
        Act::AttemptFinished(finished),
        Act::FinishDeployment(FinishDeployment::new()),
    ])
}

fn closed() -> Result<Vec<Act>, Invalid> {
    let (incident, task) = (Key::new("INC-77")?, Key::new("T-1")?);
    let raised = "2026-03-02T10:05:00Z".parse::<Instant>()?;
    let linked = IncidentLinked::new(incident.clone(), Severity::Minor, raised);
    let what = Name::new("publish the release notes")?;
    Ok(vec![
        Act::IncidentLinked(linked),
        Act::IncidentRestored(IncidentRestored::new(incident)),
        Act::CriterionResult(CriterionResult::new(
            Key::new("fast")?,
            CriterionOutcome::Met,
        )),
        Act::CompleteReview(CompleteReview::new(ReviewOutcome::Successful)),
        Act::TaskOpened(TaskOpened::new(task.clone(), what)),
        Act::TaskDone(TaskDone::new(task)),
        Act::Confirmation(Confirmation::new(ClosureItem::ReleaseNotes)),
        Act::Close(Close::new(ClosureRecord::new())),
    ])
}

/// What a long test phase is made of: in twenty records, six code changes and five test runs.
fn one_more(number: usize) -> Result<Act, Invalid> {
    let key = |what: &str, number: usize| Key::new(format!("{what}-{number}"));
    let text = |what: &str| Text::new(format!("{what} {number}, as agreed in the stand-up"));
    Ok(match number % 20 {
        0 | 3 | 6 | 9 | 12 | 15 => code_change(number + 2)?,
        1 | 4 | 7 | 10 | 13 => test_run(number + 1)?,
        2 | 11 => Act::Note(Note::new(text("looked at run")?)),
        5 => Act::DefectFound(
            DefectFound::builder()
                .id(key("BUG", number)?)
                .severity(Severity::Major)
                .summary(text("the basket loses an article in run")?)
                .build(),
        ),
        8 => Act::DefectResolved(DefectResolved::new(key("BUG", number - 3)?)),
        14 => Act::MilestoneReached(MilestoneReached::new(key("candidate", number)?)),
        16 => Act::TaskOpened(TaskOpened::new(
            key("T", number)?,
            Name::new("tell the call centre")?,
        )),
        17 => Act::TaskDone(TaskDone::new(key("T", number - 1)?)),
        18 => Act::AttemptStarted(AttemptStarted::new(
            key("attempt", number)?,
            Environment::new("staging")?,
            Liveness::NotLive,
        )),
        _ => Act::AttemptFinished(AttemptFinished::new(
            key("attempt", number - 1)?,
            AttemptOutcome::Live,
        )),
    })
}

fn code_change(number: usize) -> Result<Act, Invalid> {
    let change = CodeChange::builder()
        .id(Key::new(format!(
            "{:.40}",
            Digest::of(&number.to_be_bytes())
        ))?)
        .committed_at("2026-02-19T16:20:00Z".parse::<Instant>()?)
        .author(Person::new("lin")?)
        .summary(Name::new(format!(
            "shop: keep the basket while paying, part {number}"
        ))?)
        .build();
    Ok(Act::CodeChange(change))
}

fn test_run(number: usize) -> Result<Act, Invalid> {
    let (id, staging) = (
        Key::new(format!("run-{number}"))?,
        Environment::new("staging")?,
    );
    let tested = package()?.digest();
    let run = TestRun::new(id, TestKind::Functional, staging, tested, 120_u32, 0_u32);
    Ok(Act::TestRun(run))
}

fn package() -> Result<ReleasePackage, Invalid> {
    let (version, digest) = (Name::new("2.4.0")?, Digest::of(b"what was built"));
    let program = ReleaseUnit::new(UnitKind::Code, version.clone(), digest);
    let manual = ReleaseUnit::new(UnitKind::Documentation, version, digest);
    ReleasePackage::new([(Key::new("shop")?, program), (Key::new("manual")?, manual)])
}

fn window() -> Result<Interval, Invalid> {
    Interval::parse("2026-03-02T10:00:00Z", "2026-03-12T22:00:00Z")
}

fn subject() -> Subject {
    let [step, request, plan, package, overrides, gates] =
        ["step", "request", "plan", "package", "overrides", "gates"]
            .map(|part| Digest::of(part.as_bytes()));
    Subject::new(step, request, plan, package, overrides, gates)
}
