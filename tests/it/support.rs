//! A release in every standing, and a sample of every step and every record. Time stands still, ids are fixed.

use phasegate::gate::{Facts, GateSet};
use phasegate::phase::{Action, Anywhere, PhaseName, RecordKind, Seconds, Standing, Start};
use phasegate::release::step::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FindUnauthorised,
    FinishDeployment, Hold, Reject, Replan, RequestRelease, Resume, Rework, StartDevelopment,
    StartTesting,
};
use phasegate::release::{
    Answer, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, Assessment, AssessmentDecision,
    AttemptFinished, AttemptNeverLive, AttemptOutcome, AttemptStarted, Baseline, Bounded,
    ChangeRequest, ChangeRequestState, ChecklistItem, ChecklistStatus, ChildAttached, ClosureItem,
    ClosureRecord, CodeChange, Confirmation, Correction, CostBooked, CriterionOutcome,
    CriterionResult, Currency, DefectFound, DefectResolved, Delegated, DelegationEnded,
    DependencyDeclared, Digest, EarlyLifeSupportWaived, Environment, Evidence, Feedback, Grade,
    Health, HealthObserved, ImprovementProgress, ImprovementRaised, ImprovementStatus,
    IncidentLinked, IncidentRestored, IssueRaised, IssueResolved, Key, LessonLearned, Liveness,
    MilestoneReached, Money, Name, Note, Outage, OverrideGranted, ParentDeclared,
    PostImplementationReview, Rating, ReleaseId, ReleasePackage, ReleasePlan, ReleaseRequest,
    ReleaseUnit, RetrospectiveApproval, ReviewOutcome, RiskAssessment, RiskClosed, RiskRaised,
    Role, RoleGiven, RoleRelieved, RolloutContinued, RolloutPaused, Scale, Severity,
    StakeholdersNotified, StepRefused, SuccessCriterion, TaskDone, TaskOpened, Tenant, TestKind,
    TestRun, Text, Track, TrackChanged, UnitKind, ValueRealised, Version, Wave, WaveStarted,
};
use phasegate::{By, Desk, Instant, Interval, MemoryStore, Person, Release};
use std::collections::BTreeMap;

/// The instant at which everything happens.
pub(crate) fn noon() -> Instant {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

pub(crate) fn facts() -> Facts {
    Facts::at(noon())
}

/// The release manager, who does everything.
pub(crate) fn kim() -> By {
    By::new(person("kim"))
}

/// A desk on an empty store, at noon for ever.
pub(crate) fn desk() -> Desk<MemoryStore> {
    Desk::new(MemoryStore::new())
        .tenant(tenant())
        .with_clock(noon)
        .forgetting_refusals()
}

pub(crate) fn nothing_yet() -> Release<Start> {
    let request = RequestRelease::sample().request;
    Release::request(tenant(), release_id(1), request).withdraw()
}

/// The sample release, on its way through the sample steps, where it stands there.
///
/// It is on the emergency track, so that it can be expedited, and it was backed out, so that it can be planned anew:
/// every step that leaves its standing is open to it.
pub(crate) fn release_in(desk: &Desk<MemoryStore>, standing: Standing) -> Release<Anywhere> {
    pollster::block_on(async {
        // What it can be part of.
        let parent = desk.request_as(release_id(3), ReleaseRequest::new(name("Train 7")));
        let parent = desk.run(parent, kim()).await.unwrap();
        let attached = ChildAttached::new(release_id(1));
        let _ = desk.record(parent, attached, kim()).await.unwrap();
        let mut release = nothing_yet().anywhere();
        loop {
            let phase = release.standing().phase;
            for record in kept(phase) {
                release = desk.record(release, record, kim()).await.unwrap();
            }
            if phase == standing.phase {
                break;
            }
            let step = AnyStep::sample(onward(phase));
            release = desk.run(release.propose(step), kim()).await.unwrap();
        }
        if standing.on_hold {
            release = desk
                .run(release.propose(Hold::sample()), kim())
                .await
                .unwrap();
        }
        release
    })
}

/// What the sample release keeps in a phase before it goes on.
fn kept(phase: PhaseName) -> Vec<AnyRecord> {
    match phase {
        PhaseName::Request => vec![
            RoleGiven::sample().into(),
            TaskOpened::sample().into(),
            Approval::sample().into(),
            Delegated::sample().into(),
            RiskRaised::sample().into(),
            IssueRaised::sample().into(),
        ],
        PhaseName::Plan => vec![ReleasePlan::sample().into(), Baseline::sample().into()],
        PhaseName::Development => vec![DefectFound::sample().into()],
        PhaseName::Testing => vec![TestRun::sample().into(), attempt("rehearsal", "staging")],
        PhaseName::Deployment => vec![
            attempt("going-live", "production"),
            AttemptFinished::new(key("going-live"), AttemptOutcome::Live).into(),
            IncidentLinked::sample().into(),
            WaveStarted::new(key("canary")).into(),
            HealthObserved::sample().into(),
        ],
        PhaseName::Review => vec![
            PostImplementationReview::sample().into(),
            ImprovementRaised::sample().into(),
        ],
        PhaseName::Closure => vec![TaskDone::sample().into()],
        PhaseName::Start | PhaseName::Closed => Vec::new(),
    }
}

fn onward(phase: PhaseName) -> Action {
    match phase {
        PhaseName::Start => Action::RequestRelease,
        PhaseName::Request => Action::Authorise,
        PhaseName::Plan => Action::StartDevelopment,
        PhaseName::Development => Action::StartTesting,
        PhaseName::Testing => Action::Deploy,
        PhaseName::Deployment => Action::BackOut,
        PhaseName::Review => Action::CompleteReview,
        PhaseName::Closure | PhaseName::Closed => Action::Close,
    }
}

/// One good value, always the same.
pub(crate) trait Sample {
    fn sample() -> Self;
}

/// One good value of a kind that is known only at run time.
pub(crate) trait SampleOf<K> {
    fn sample(kind: K) -> Self;
}

macro_rules! samples {
    ($any:ident, $kind:ident: $($name:ident => $sample:expr,)*) => {
        $(impl Sample for $name {
            fn sample() -> Self {
                $sample
            }
        })*

        impl SampleOf<$kind> for $any {
            fn sample(kind: $kind) -> Self {
                match kind {
                    $($kind::$name => $name::sample().into(),)*
                    _ => panic!("no sample of `{kind}`; add one"),
                }
            }
        }
    };
}

samples! { AnyStep, Action:
    RequestRelease => Self::new(request()),
    FindUnauthorised => Self::new(request(), package(), noon(), Seconds::days(7)),
    Authorise => Self::new(Assessment::new(AssessmentDecision::Worthwhile)),
    Reject => Self::new(text("nobody needs it")),
    StartDevelopment => Self::new(),
    StartTesting => Self::new(package()),
    Rework => Self::new(text("the totals are wrong")),
    Replan => Self::new(text("the window was missed")),
    Deploy => Self::new(Interval::parse("2026-03-02T12:00:00Z", "2026-03-02T22:00:00Z").unwrap()),
    Expedite => Self::new(package(), Seconds::days(7), text("customers cannot pay")),
    FinishDeployment => Self::new(),
    BackOut => Self::new(text("orders got lost")),
    CompleteReview => Self::new(ReviewOutcome::BackedOut),
    Close => Self::new(ClosureRecord::new()),
    Cancel => Self::new(text("the project ended")),
    Hold => Self::new(text("waiting for the supplier")),
    Resume => Self::new(),
}

samples! { AnyRecord, RecordKind:
    ReleasePlan => plan(),
    Baseline => Self::new(),
    MilestoneReached => Self::new(key("code-freeze")),
    RoleGiven => Self::new(person("kim"), Role::ReleaseManager),
    RoleRelieved => Self::new(person("kim"), Role::ReleaseManager),
    TrackChanged => Self::new(Track::Normal, text("it can wait")),
    Approval => Self::new(Action::Deploy, crate::samples::subject(), Role::ReleaseManager, Answer::Approved),
    RetrospectiveApproval => Self::new(Role::ReleaseManager, text("it had to be done")),
    OverrideGranted => Self::new(
        key("override-1"),
        Action::Deploy,
        key("evidence"),
        key("not-enough"),
        Role::ReleaseManager,
        text("the tests are being repaired"),
        noon().plus(Seconds::hours(1)),
    ),
    ApprovalWithdrawn => Self::new(Action::Deploy, Role::ReleaseManager),
    Delegated => Self::new(Role::ReleaseManager, person("lee")),
    DelegationEnded => Self::new(Role::ReleaseManager, person("lee")),
    ChangeRequest => Self::new(key("CHG-7"), ChangeRequestState::Approved),
    RiskAssessment => Self::new(grade(2), grade(3), grade(1), grade(1), grade(2)),
    RiskRaised => Self::new(key("risk-1"), Severity::Major, text("the fair is in the same week")),
    RiskClosed => Self::new(key("risk-1")),
    IssueRaised => Self::new(key("issue-1"), Severity::Minor, text("the test system is slow")),
    IssueResolved => Self::new(key("issue-1")),
    ChecklistItem => Self::new(key("on-call-told"), ChecklistStatus::Done),
    StakeholdersNotified => Self::new([person("ada")]),
    CostBooked => Self::new(key("bill-1"), Money::new(12_000, Currency::new("EUR").unwrap())),
    WaveStarted => Self::new(key("everybody")),
    HealthObserved => Self::new(key("canary"), Health::Healthy),
    RolloutPaused => Self::new(text("the phones ring")),
    RolloutContinued => Self::new(text("it was something else")),
    CodeChange => Self::new(key("c1"), noon()),
    TestRun => Self::new(
        key("run-1"),
        TestKind::Functional,
        environment("staging"),
        package().digest(),
        120_u32,
        0_u32,
    ),
    Evidence => Self::new(key("report"), name("what the auditor saw"), digest()),
    DefectFound => Self::new(key("defect-1"), Severity::Minor),
    DefectResolved => Self::new(key("defect-1")),
    AttemptStarted => Self::new(key("attempt-1"), environment("staging"), Liveness::NotLive),
    AttemptFinished => Self::new(key("rehearsal"), AttemptOutcome::Live),
    AttemptNeverLive => Self::new(key("rehearsal"), text("the disk was full")),
    Outage => Self::new(key("outage-1"), noon()),
    IncidentLinked => Self::new(key("incident-1"), Severity::Major, noon()),
    IncidentRestored => Self::new(key("incident-1")),
    PostImplementationReview => Self::new(text("what we learned")),
    EarlyLifeSupportWaived => Self::new(text("it was backed out")),
    CriterionResult => Self::new(key("fewer-calls"), CriterionOutcome::Missed),
    Feedback => {
        let scale = Scale::new(key("csat-5"), 1, 5);
        Self::builder().id(key("answer-1")).rating(Rating::new(4, scale)).build()
    },
    LessonLearned => Self::new(key("lesson-1"), text("ask the shops first")),
    ImprovementRaised => {
        let due = noon().plus(Seconds::days(90));
        Self::new(key("better-1"), name("ask the shops"), person("kim"), due)
    },
    ImprovementProgress => Self::new(key("better-1"), ImprovementStatus::InProgress),
    ValueRealised => Self::new(key("spring"), Money::new(70_000, Currency::new("EUR").unwrap())),
    ChildAttached => Self::new(release_id(2)),
    ParentDeclared => Self::new(release_id(3)),
    DependencyDeclared => Self::new(release_id(4), PhaseName::Closed),
    TaskOpened => Self::new(key("task-1"), name("tell the shops")),
    TaskDone => Self::new(key("task-1")),
    Confirmation => Self::new(ClosureItem::ReleaseNotes),
    StepRefused => refused(),
    Note => Self::new(text("seen by the auditor")),
    Correction => Self::new(Version::new(1), text("it was asked for a day earlier")),
}

fn grade(grade: u8) -> Grade {
    Grade::new(grade).unwrap()
}

fn request() -> ReleaseRequest {
    ReleaseRequest::builder()
        .title(name("Shop 2.4"))
        .track(Track::Emergency)
        .build()
}

fn plan() -> ReleasePlan {
    let criterion = SuccessCriterion::new(text("half as many calls"));
    ReleasePlan::builder()
        .early_life_support(Seconds::days(14))
        .waves(["canary", "everybody"].map(|name| Wave::new(key(name), Seconds::new(0))))
        .success_criteria(Bounded::new(BTreeMap::from([(key("fewer-calls"), criterion)])).unwrap())
        .build()
}

fn package() -> ReleasePackage {
    let unit = |kind| ReleaseUnit::new(kind, name("2.4.0"), digest());
    let units = [
        (key("shop"), unit(UnitKind::Code)),
        (key("manual"), unit(UnitKind::Documentation)),
    ];
    ReleasePackage::new(units).unwrap()
}

fn attempt(attempt: &str, at: &str) -> AnyRecord {
    let liveness = if at == "production" {
        Liveness::Live
    } else {
        Liveness::NotLive
    };
    AttemptStarted::new(key(attempt), environment(at), liveness).into()
}

fn refused() -> StepRefused {
    let step = Deploy::sample();
    let decision = GateSet::new().explain(&nothing_yet(), step.clone(), &facts(), &kim());
    StepRefused::new(step, decision)
}

pub(crate) fn tenant() -> Tenant {
    Tenant::new("shop").unwrap()
}

fn release_id(number: u32) -> ReleaseId {
    format!("01890000-0000-7000-8000-{number:012}")
        .parse()
        .unwrap()
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

fn person(id: &str) -> Person {
    Person::new(id).unwrap()
}

fn environment(name: &str) -> Environment {
    Environment::new(name).unwrap()
}

fn digest() -> Digest {
    Digest::of(b"what was built")
}

/// Luck with a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
