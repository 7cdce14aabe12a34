//! Laws that hold on every walk of a release, legal askings and illegal ones mixed, clocks jumping both ways.
//!
//! Every asking goes through two doors, each with a store of its own: the one of run time moves `live`, the typed
//! one moves `twin`. Both have to answer the same, and the log has to tell the same story as the two releases.
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::too_many_lines,
    reason = "long tables of what may be asked for, and one answer for the rest"
)]

use crate::samples::{
    Asked, ErrorBudget, actor, at, attempt, bare_package, budget, full_plan, full_record,
    full_step, gates, grant, key, least_record, least_step, name, not_begun, package, person,
    release_id, request, run, tenant, text,
};
use phasegate::gate::{DependenciesPolicy, Facts, Gate, GateSet, InStepPolicy, not};
use phasegate::phase::Day;
use phasegate::phase::{
    Action, Anywhere, Closed, Instant, Interval, Phase, PhaseName, RecordKind, Seconds, Standing,
    Start,
};
use phasegate::release::step::{
    Authorise, BackOut, Cancel, CompleteReview, Deploy, Expedite, FindUnauthorised, Hold, Reject,
    Replan, RequestRelease, Rework, StartDevelopment, StartTesting,
};
use phasegate::release::{
    Answer, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, Assessment, AssessmentDecision,
    AttemptFinished, AttemptNeverLive, AttemptOutcome, Batch, By, ChildAttached, Correction,
    CriterionOutcome, CriterionResult, Decision, DefectFound, DefectResolved, DependencyDeclared,
    DueItem, DueKind, EarlyLifeSupportWaived, Ending, Enforcement, Envelope, Event, Feedback,
    Health, HealthObserved, HeldRelease, ImprovementProgress, ImprovementRaised, ImprovementStatus,
    IncidentLinked, IncidentRestored, Key, LessonLearned, Liveness, Moves, Note, Outage,
    ParentDeclared, Person, Proposal, Rating, Record, Recording, Release, ReleasePlan, ReleaseView,
    RetrospectiveApproval, ReviewOutcome, Role, RoleGiven, RoleRelieved, Scale, Severity,
    StepRefused, TaskDone, TaskOpened, Text, Track, TrackChanged, Verdict, Version, Wave, When,
    replay, verify,
};
use phasegate::release::{Fact, FactValue, ReleaseId, ReleasePackage};
use phasegate::{AnyRelease, MemoryStore, Store};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What is drawn for one asking; what it means depends on where the release stands.
#[derive(Debug, Clone)]
struct Draw {
    course: u8,
    which: u16,
    detail: u16,
    who: u8,
    clock: u8,
    late: u8,
    host: u8,
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let draw = any::<(u8, u16, u16, u8, u8, u8, u8)>();
    let draw = draw.prop_map(|(course, which, detail, who, clock, late, host)| Draw {
        course,
        which,
        detail,
        who,
        clock,
        late,
        host,
    });
    prop::collection::vec(draw, 280..320)
}

impl Draw {
    fn pick<T: Clone>(&self, from: &[T]) -> T {
        from[usize::from(self.which) % from.len()].clone()
    }

    fn other<T: Clone>(&self, from: &[T]) -> T {
        from[usize::from(self.detail) % from.len()].clone()
    }

    /// Once in so many draws.
    fn once_in(&self, many: u16) -> bool {
        self.detail.is_multiple_of(many)
    }

    fn reason(&self) -> Text {
        text(if self.detail % 9 == 4 {
            " \n"
        } else {
            "so it is"
        })
    }

    fn key(&self, prefix: &str) -> Key {
        key(&format!("{prefix}-{}", self.detail % 5))
    }

    fn package(&self) -> ReleasePackage {
        package(self.other(&["2.4", "2.5", "2.6"]))
    }

    fn relative(&self) -> ReleaseId {
        release_id(u8::try_from(self.detail % 5).unwrap())
    }

    fn person(&self) -> Person {
        person(self.other(&["kim", "ann", "lee", "max", "sam"]))
    }
}

/// All that an asking comes with besides the step or record.
struct Moment<'a> {
    gates: &'a GateSet,
    facts: Facts,
    by: By,
    commit_at: Instant,
}

/// What came of an asking, and the release.
struct Turn {
    came: Came,
    release: Release<Anywhere>,
}

#[derive(Debug, PartialEq)]
enum Came {
    Committed(Batch),
    Refused(Decision),
    NotCommitted(String),
}

fn turn<S, P: Moves<S>>(proposal: Proposal<S, P>, store: &MemoryStore, on: &Moment<'_>) -> Turn {
    let cleared = match on.gates.decide(proposal, &on.facts, &on.by) {
        Ok(cleared) => cleared,
        Err(refused) => {
            return Turn {
                came: Came::Refused(*refused.decision),
                release: refused.release.anywhere(),
            };
        }
    };
    let batch = cleared.batch().clone();
    match pollster::block_on(cleared.commit(store, on.commit_at)) {
        Ok(release) => Turn {
            came: Came::Committed(batch),
            release: release.anywhere(),
        },
        Err(failed) => {
            let why = failed.to_string();
            let release = failed.into_release().expect("this store always knows");
            Turn {
                came: Came::NotCommitted(why),
                release: release.anywhere(),
            }
        }
    }
}

/// The door of run time.
fn untyped(release: Release<Anywhere>, asked: Asked, store: &MemoryStore, on: &Moment<'_>) -> Turn {
    match asked {
        Asked::Step(step) => turn(release.propose(step), store, on),
        Asked::Record(record) => turn(release.record(record), store, on),
    }
}

/// The typed door to a step, or the release where its type has no such step.
fn typed(
    release: Release<Anywhere>,
    step: AnyStep,
    store: &MemoryStore,
    on: &Moment<'_>,
) -> Result<Turn, Release<Anywhere>> {
    use phasegate::release::AnyRelease::{
        Closure, Deployment, Development, OnHold, Plan, Request, Review, Testing,
    };
    if release.version() == Version::NONE {
        return match step {
            AnyStep::RequestRelease(s) => Ok(turn(
                Release::request(tenant(), release.id(), s.request.clone()),
                store,
                on,
            )),
            AnyStep::FindUnauthorised(s) => Ok(turn(
                Release::find_unauthorised(tenant(), release.id(), s.as_ref().clone()),
                store,
                on,
            )),
            _ => Err(release),
        };
    }
    macro_rules! doors {
        ($($standing:pat, $step:ident($s:pat) => $proposal:expr;)*) => {
            match (AnyRelease::from(release), step) {
                $(($standing, AnyStep::$step($s)) => Ok(turn($proposal, store, on)),)*
                (other, _) => Err(other.anywhere()),
            }
        };
    }
    doors! {
        Request(r), Authorise(s) => r.authorise(s.assessment.clone());
        Request(r), Reject(s) => r.reject(s.reason.clone());
        Request(r), Cancel(s) => r.cancel(s.reason.clone());
        Request(r), Hold(s) => r.hold(s.reason.clone());
        Plan(r), StartDevelopment(_) => r.start_development();
        Plan(r), Expedite(s) => r.expedite(s.package.clone(), s.early_life_support, s.reason.clone());
        Plan(r), Cancel(s) => r.cancel(s.reason.clone());
        Plan(r), Hold(s) => r.hold(s.reason.clone());
        Development(r), StartTesting(s) => r.start_testing(s.package.clone());
        Development(r), Replan(s) => r.replan(s.reason.clone());
        Development(r), Expedite(s) => r.expedite(s.package.clone(), s.early_life_support, s.reason.clone());
        Development(r), Cancel(s) => r.cancel(s.reason.clone());
        Development(r), Hold(s) => r.hold(s.reason.clone());
        Testing(r), Rework(s) => r.rework(s.reason.clone());
        Testing(r), Replan(s) => r.replan(s.reason.clone());
        Testing(r), Deploy(s) => r.deploy(s.window);
        Testing(r), Cancel(s) => r.cancel(s.reason.clone());
        Testing(r), Hold(s) => r.hold(s.reason.clone());
        Deployment(r), FinishDeployment(_) => r.finish_deployment();
        Deployment(r), BackOut(s) => r.back_out(s.reason.clone());
        Review(r), CompleteReview(s) => r.complete_review(s.outcome);
        Review(r), Replan(s) => r.replan(s.reason.clone());
        Closure(r), Close(s) => r.close(s.record.clone());
        OnHold(HeldRelease::Request(r)), Resume(_) => r.resume();
        OnHold(HeldRelease::Request(r)), Cancel(s) => r.cancel(s.reason.clone());
        OnHold(HeldRelease::Plan(r)), Resume(_) => r.resume();
        OnHold(HeldRelease::Plan(r)), Cancel(s) => r.cancel(s.reason.clone());
        OnHold(HeldRelease::Development(r)), Resume(_) => r.resume();
        OnHold(HeldRelease::Development(r)), Cancel(s) => r.cancel(s.reason.clone());
        OnHold(HeldRelease::Testing(r)), Resume(_) => r.resume();
        OnHold(HeldRelease::Testing(r)), Cancel(s) => r.cancel(s.reason.clone());
    }
}

fn weigh<R: Record, P>(
    proposal: Proposal<Recording<R>, P>,
    on: &Moment<'_>,
) -> (Option<Result<Batch, Decision>>, Release<Anywhere>) {
    match on.gates.decide(proposal, &on.facts, &on.by) {
        Ok(cleared) => {
            let batch = cleared.batch().clone();
            (Some(Ok(batch)), cleared.withdraw().anywhere())
        }
        Err(refused) => (Some(Err(*refused.decision)), refused.release.anywhere()),
    }
}

/// What the typed door says to a record; nothing where the type of the release does not take it.
fn typed_record(
    release: Release<Anywhere>,
    record: &AnyRecord,
    on: &Moment<'_>,
) -> (Option<Result<Batch, Decision>>, Release<Anywhere>) {
    if release.version() == Version::NONE {
        return (None, release);
    }
    macro_rules! doors {
        ($($phase:ident [$($kind:ident)*])* ; $($held:ident [$($held_kind:ident)*])*) => {
            match (AnyRelease::from(release), record) {
                $($((AnyRelease::$phase(r), AnyRecord::$kind(record)) => weigh(r.record(record.as_ref().clone()), on),)*)*
                $($((AnyRelease::OnHold(HeldRelease::$held(r)), AnyRecord::$held_kind(record)) => weigh(r.record(record.as_ref().clone()), on),)*)*
                (other, _) => (None, other.anywhere()),
            }
        };
    }
    doors! {
        Request [ReleasePlan MilestoneReached RoleGiven RoleRelieved TrackChanged Approval OverrideGranted Evidence ChildAttached ParentDeclared DependencyDeclared TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked]
        Plan [ReleasePlan Baseline MilestoneReached RoleGiven RoleRelieved TrackChanged Approval RetrospectiveApproval OverrideGranted CodeChange Evidence ChildAttached ParentDeclared DependencyDeclared Outage IncidentLinked IncidentRestored PostImplementationReview TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementProgress]
        Development [ReleasePlan Baseline MilestoneReached RoleGiven RoleRelieved TrackChanged Approval RetrospectiveApproval OverrideGranted CodeChange Evidence DefectFound DefectResolved AttemptFinished AttemptNeverLive ChildAttached DependencyDeclared Outage IncidentLinked IncidentRestored PostImplementationReview TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementProgress]
        Testing [ReleasePlan Baseline MilestoneReached RoleGiven RoleRelieved TrackChanged Approval RetrospectiveApproval OverrideGranted CodeChange TestRun Evidence DefectFound DefectResolved AttemptStarted AttemptFinished AttemptNeverLive ChildAttached DependencyDeclared Outage IncidentLinked IncidentRestored PostImplementationReview TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementProgress]
        Deployment [ReleasePlan MilestoneReached RoleGiven RoleRelieved Approval RetrospectiveApproval OverrideGranted CodeChange TestRun Evidence DefectFound DefectResolved AttemptStarted AttemptFinished AttemptNeverLive Outage IncidentLinked IncidentRestored TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked WaveStarted HealthObserved RolloutPaused RolloutContinued Feedback LessonLearned ImprovementProgress]
        Review [ReleasePlan MilestoneReached RoleGiven RoleRelieved Approval RetrospectiveApproval OverrideGranted CodeChange TestRun Evidence DefectFound DefectResolved AttemptFinished AttemptNeverLive Outage IncidentLinked IncidentRestored PostImplementationReview EarlyLifeSupportWaived CriterionResult TaskOpened TaskDone Confirmation StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementRaised ImprovementProgress ValueRealised]
        Closure [ReleasePlan MilestoneReached RoleGiven RoleRelieved Approval OverrideGranted Evidence DefectFound DefectResolved AttemptFinished AttemptNeverLive Outage IncidentLinked IncidentRestored PostImplementationReview CriterionResult TaskOpened TaskDone Confirmation StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementRaised ImprovementProgress ValueRealised]
        Closed [Outage IncidentLinked IncidentRestored PostImplementationReview Note Correction Feedback ImprovementProgress ValueRealised]
        ;
        Request [ReleasePlan MilestoneReached RoleGiven RoleRelieved TrackChanged Approval OverrideGranted Evidence ChildAttached ParentDeclared DependencyDeclared TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked]
        Plan [ReleasePlan Baseline MilestoneReached RoleGiven RoleRelieved TrackChanged Approval RetrospectiveApproval OverrideGranted CodeChange Evidence ChildAttached ParentDeclared DependencyDeclared Outage IncidentLinked IncidentRestored PostImplementationReview TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementProgress]
        Development [ReleasePlan Baseline MilestoneReached RoleGiven RoleRelieved TrackChanged Approval RetrospectiveApproval OverrideGranted CodeChange Evidence DefectFound DefectResolved AttemptFinished AttemptNeverLive ChildAttached DependencyDeclared Outage IncidentLinked IncidentRestored PostImplementationReview TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementProgress]
        Testing [ReleasePlan Baseline MilestoneReached RoleGiven RoleRelieved TrackChanged Approval RetrospectiveApproval OverrideGranted CodeChange TestRun Evidence DefectFound DefectResolved AttemptStarted AttemptFinished AttemptNeverLive ChildAttached DependencyDeclared Outage IncidentLinked IncidentRestored PostImplementationReview TaskOpened TaskDone StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked Feedback LessonLearned ImprovementProgress]
    }
}

/// What all walks together came across.
#[derive(Debug, Default)]
struct Reached {
    standings: BTreeSet<Standing>,
    kinds: BTreeSet<String>,
    verdicts: BTreeSet<&'static str>,
    failures: BTreeSet<String>,
    refused: BTreeSet<String>,
    longest: usize,
}

/// One release under way, at both doors.
struct Walk<'a> {
    gates: &'a GateSet,
    reached: &'a RefCell<Reached>,
    store: MemoryStore,
    live: Option<Release<Anywhere>>,
    twin_store: MemoryStore,
    twin: Option<Release<Anywhere>>,
    now: Instant,
    window: Option<Interval>,
    begun: Vec<Key>,
    running: Vec<Key>,
    closed_for: u8,
}

/// Other releases in all ways of standing; some that nobody has read, and some that could not be.
fn others(draw: &Draw, facts: Facts) -> Facts {
    let relatives = [0_u8, 2, 3, 4].into_iter();
    relatives.fold(facts, |facts, number| {
        let dice = draw.which.rotate_left(u32::from(number) * 3) ^ u16::from(draw.host);
        let phase = PhaseName::ALL[usize::from(dice / 16) % PhaseName::ALL.len()];
        let mut other = not_begun(number);
        other.standing = standing_in(phase);
        other.is_backed_out = dice.is_multiple_of(3);
        if phase == PhaseName::Closed {
            let endings = [Ending::Completed, Ending::Cancelled, Ending::BackedOut];
            other.ending = Some(endings[usize::from(dice) % 3]);
        }
        if dice & 0b1000 != 0 {
            other.children.insert(release_id(1));
        }
        if dice & 0b1_0000_0000 != 0 {
            let further = release_id(if number == 4 { 1 } else { number + 1 });
            other.dependencies.insert(further, PhaseName::Review);
        }
        other.parent = (dice % 7 == 3).then(|| release_id(9));
        match dice % 16 {
            0 => facts,
            1 => facts.without_other(release_id(number), text("the store did not answer")),
            2 => {
                // Somebody has written there since.
                other.source.version = Version::new(1);
                facts.with_other(other)
            }
            _ => facts.with_other(other),
        }
    })
}

fn standing_in(phase: PhaseName) -> Standing {
    let mut standings = Standing::ALL.iter().copied();
    standings.find(|one| one.phase == phase).unwrap()
}

/// Gates with policies that block, warn and are only written down, on gated and on open steps.
pub(crate) fn all_gates() -> GateSet {
    let hold = Gate::<Hold>::new("pause", 1).unwrap();
    let haste = Gate::<Expedite>::new("haste", 1).unwrap();
    let entry = Gate::<RequestRelease>::new("entry", 1).unwrap();
    let train = Gate::<StartDevelopment>::new("train", 1).unwrap();
    let back = Gate::<Rework>::new("back", 1).unwrap();
    let out = Gate::<BackOut>::new("out", 1).unwrap();
    let end = Gate::<Cancel>::new("end", 1).unwrap();
    gates()
        .with(
            hold.require(ErrorBudget { at_least: 1 })
                .require(DependenciesPolicy::new()),
        )
        .with(
            train
                .enforce(InStepPolicy::new(), Enforcement::Warn)
                .enforce(DependenciesPolicy::new(), Enforcement::Shadow),
        )
        .with(back.require(InStepPolicy::new()))
        .with(out.require(phasegate::gate::any((
            InStepPolicy::new(),
            DependenciesPolicy::new(),
        ))))
        .with(end.require(not(DependenciesPolicy::new())))
        .with(
            haste
                .on_track(Track::Emergency)
                .enforce(ErrorBudget { at_least: 10 }, Enforcement::Shadow),
        )
        .with(entry.enforce(ErrorBudget { at_least: 99 }, Enforcement::Warn))
}

impl<'a> Walk<'a> {
    fn start(gates: &'a GateSet, reached: &'a RefCell<Reached>) -> Self {
        let start = || {
            Some(
                Release::request(tenant(), release_id(1), request())
                    .withdraw()
                    .anywhere(),
            )
        };
        reached.borrow_mut().standings.insert(Start::STANDING);
        Self {
            gates,
            reached,
            store: MemoryStore::new(),
            live: start(),
            twin_store: MemoryStore::new(),
            twin: start(),
            now: at("2026-03-02T10:00:00Z"),
            window: None,
            begun: Vec::new(),
            running: Vec::new(),
            closed_for: 0,
        }
    }

    fn live(&self) -> &Release<Anywhere> {
        self.live.as_ref().expect("it is always given back")
    }

    fn view(&self) -> ReleaseView {
        self.live().view()
    }

    fn log(&self) -> Vec<Envelope> {
        let history = self
            .store
            .history(self.live().stream(), Version::NONE, 1_000);
        pollster::block_on(history).unwrap()
    }

    /// When, by whom, and on what facts. Clocks jump, both ways; reports come late, and some from the future.
    fn moment(&mut self, draw: &Draw) -> Moment<'a> {
        self.now = match draw.clock {
            0..=19 => self.now.minus(Seconds::hours(u32::from(draw.clock))),
            20..=239 => self.now.plus(Seconds::minutes(u32::from(draw.clock))),
            240..=255 => self.now.plus(Seconds::days(2)),
        };
        let by = By::new(actor(
            ["kim", "ann", "lee", "max", "sam", "pipeline"][usize::from(draw.who) % 6],
        ));
        let by = match draw.late {
            0..=149 => by,
            150..=219 => {
                by.occurred_at(self.now.minus(Seconds::minutes(u32::from(draw.late) - 149)))
            }
            220..=249 => by.occurred_at(self.now.plus(Seconds::minutes(5))),
            250..=255 => by.occurred_at(self.now.plus(Seconds::new(301))),
        };
        let mut fact = budget(
            i64::from(draw.host % 8) * 8,
            self.now.minus(Seconds::minutes(9)),
        );
        match draw.host {
            0..=9 => fact.holds_until = Some(self.now),
            10..=14 => fact.source.as_mut().expect("it has one").version = Version::new(1),
            15..=29 => {
                fact = Fact::new(FactValue::Flag(true), self.now);
            }
            30..=255 => {}
        }
        let budget = key("error_budget_percent");
        let facts = others(draw, Facts::at(self.now));
        let facts = match draw.host % 10 {
            0 => facts,
            5 => facts.without(budget, text("the monitoring did not answer")),
            _ => facts.with(budget, fact),
        };
        Moment {
            gates: self.gates,
            facts,
            by,
            commit_at: if draw.once_in(16) {
                self.now.plus(Seconds::hours(2))
            } else {
                self.now
            },
        }
    }

    fn go(&mut self, draw: &Draw) {
        if self.live().standing() == Closed::STANDING {
            self.closed_for += 1;
        }
        let on = self.moment(draw);
        let asked = self.asking(draw, &on);
        let came = self.ask(&asked, &on);
        // A refusal can be computed again from its record alone.
        if let (Came::Refused(decision), Asked::Step(step)) = (came, asked)
            && self.live().version() > Version::NONE
        {
            let record = AnyRecord::from(StepRefused::new(step, decision));
            self.ask(&Asked::Record(record), &on);
        }
    }

    /// Asks at both doors, and holds what comes of it against the laws.
    fn ask(&mut self, asked: &Asked, on: &Moment<'_>) -> Came {
        let before = (self.view(), self.live().hash());
        let live = self.live.take().expect("it is always given back");
        let twin = self.twin.take().expect("it is always given back");
        let twin = match asked {
            Asked::Step(step) => match typed(twin, step.clone(), &self.twin_store, on) {
                Ok(turn) => turn,
                Err(twin) => untyped_refuses(twin, asked, "no-such-step", on),
            },
            Asked::Record(record) => match typed_record(twin, record, on) {
                (Some(weighed), twin) => {
                    let turn = untyped(twin, asked.clone(), &self.twin_store, on);
                    match (&weighed, &turn.came) {
                        (Ok(batch), Came::Committed(written)) => assert_eq!(batch, written),
                        (Err(decision), Came::Refused(refusal)) => assert_eq!(decision, refusal),
                        (Ok(_), Came::NotCommitted(_)) => {}
                        other => panic!("the doors differ: {other:?}"),
                    }
                    turn
                }
                (None, twin) => untyped_refuses(twin, asked, "no-such-record", on),
            },
        };
        let live = untyped(live, asked.clone(), &self.store, on);
        assert_eq!(live.came, twin.came, "the two doors answer the same");
        assert_eq!(live.release, twin.release, "and lead to the same");
        (self.live, self.twin) = (Some(live.release), Some(twin.release));
        match &live.came {
            Came::Committed(batch) => self.has_moved(asked, batch),
            Came::Refused(_) | Came::NotCommitted(_) => {
                assert_eq!(
                    (self.view(), self.live().hash()),
                    before,
                    "nothing has happened"
                );
            }
        }
        self.note(&live.came);
        live.came
    }

    fn has_moved(&mut self, asked: &Asked, batch: &Batch) {
        match asked {
            Asked::Step(AnyStep::Deploy(step)) => self.window = Some(step.window),
            Asked::Step(AnyStep::Rework(_) | AnyStep::Replan(_)) => self.window = None,
            Asked::Record(AnyRecord::AttemptStarted(began)) => {
                self.begun.push(began.attempt.clone());
                self.running.push(began.attempt.clone());
            }
            Asked::Record(AnyRecord::AttemptFinished(ended)) => {
                self.running.retain(|key| *key != ended.attempt);
            }
            Asked::Record(AnyRecord::AttemptNeverLive(ended)) => {
                self.running.retain(|key| *key != ended.attempt);
            }
            Asked::Step(_) | Asked::Record(_) => {}
        }
        let view = self.view();
        let summary = batch.summary().unwrap();
        assert_eq!(batch.version(), view.version);
        assert_eq!(
            summary.title,
            view.request.as_ref().expect("it was asked for").title
        );
        assert_eq!(summary.standing, view.standing);
        assert_eq!(summary.track, view.track);
        assert_eq!(summary.ending, view.ending);
        assert_eq!(summary.ended_at.is_some(), view.ending.is_some());
        assert_eq!(Some(summary.created_at), view.created_at);
        let planned = view.plan.as_ref().and_then(|plan| plan.window);
        assert_eq!(summary.window, self.window.or(planned));
        self.is_due(summary.next_due, batch.events()[0].recorded_at);
        assert_eq!(
            batch.events().last().map(|event| event.hash),
            Some(self.live().hash())
        );
    }

    /// The row of an event that is yet to be applied says what the release itself says after it; and what is due changes
    /// when it is told to, not before, and then it does.
    fn is_due(&self, next_due: Option<Instant>, now: Instant) {
        let tick = |at: Instant, micros: i64| {
            Instant::from_unix_micros(at.unix_micros() + micros).unwrap()
        };
        let due = self.live().due(now);
        let deadlines = due.overdue().map(|item| item.at);
        let coming = due.coming.iter().map(|item| item.at);
        assert_eq!(next_due, deadlines.chain(coming).min(), "{due:?}");

        // The deadlines, computed anew from what the release shows.
        let view = self.view();
        let mut deadlines = BTreeSet::new();
        let improvements = view.improvements.values();
        let open = improvements.filter(|one| one.status().is_open());
        deadlines.extend(open.map(|one| (one.raised.due, one.raised.id.to_string())));
        if view.standing.phase != PhaseName::Closed {
            let tasks = view.open_tasks.iter();
            let tasks = tasks.filter_map(|task| Some((task.due?, task.id.to_string())));
            deadlines.extend(tasks);
            for (key, milestone) in view.plan.iter().flat_map(|plan| plan.milestones.iter()) {
                if let Some(planned) = milestone.planned
                    && !view.milestones.contains_key(key)
                {
                    let day = |day: Day| tick(at(&format!("{day}T23:59:59.999999Z")), 1);
                    let ends = match planned {
                        When::Day(planned) => day(planned),
                        When::At(at) => at,
                    };
                    deadlines.insert((ends, key.to_string()));
                }
            }
        }
        let items = due.passed.iter().chain(&due.coming);
        let told: BTreeSet<_> = items
            .filter_map(|item| {
                let (DueKind::Task { id: key, .. }
                | DueKind::Improvement { id: key, .. }
                | DueKind::Milestone(key)) = &item.kind
                else {
                    return None;
                };
                Some((item.at, key.to_string()))
            })
            .collect();
        assert_eq!(told, deadlines);
        let has_passed = |item: &&DueItem| item.at <= now;
        assert!(due.passed.iter().all(|item| has_passed(&item)));
        assert!(!due.coming.iter().any(|item| has_passed(&item)));

        if !view.version.get().is_multiple_of(4) {
            return;
        }
        let ever = self.live().due(at("1970-01-01T00:00:00Z"));
        let mut instants: BTreeSet<Instant> = ever.coming.iter().map(|item| item.at).collect();
        instants.insert(at("1970-01-01T00:00:01Z"));
        let mut instants: BTreeSet<_> = instants
            .into_iter()
            .flat_map(|at| [tick(at, -1), at, tick(at, 1)])
            .collect();
        instants.insert(now);
        let answers: Vec<_> = instants
            .into_iter()
            .map(|at| (at, self.live().due(at)))
            .collect();
        for pair in answers.windows(2) {
            let [(_, before), (at, after)] = pair else {
                unreachable!()
            };
            if before.next == Some(*at) {
                assert_ne!(before, after, "at {at}");
            } else {
                assert_eq!(before, after, "at {at}");
            }
        }
    }

    fn note(&self, came: &Came) {
        let mut reached = self.reached.borrow_mut();
        reached.standings.insert(self.live().standing());
        let decision = match came {
            Came::Committed(batch) => {
                reached
                    .kinds
                    .extend(batch.events().iter().map(|event| event.kind.to_string()));
                let Some(Event::Step(taken)) = batch.events()[0].decode().unwrap() else {
                    return;
                };
                taken.decision.as_ref().clone()
            }
            Came::Refused(decision) => decision.clone(),
            Came::NotCommitted(why) => {
                let why = why.split(|c: char| c.is_ascii_digit() || c == '`').next();
                reached.failures.extend(why.map(ToOwned::to_owned));
                return;
            }
        };
        for finding in &decision.findings {
            reached.verdicts.insert(match finding.judgement.verdict {
                Verdict::Satisfied { .. } => "satisfied",
                Verdict::Violated { .. } => "violated",
                Verdict::Unknown { .. } => "unknown",
                Verdict::Failed { .. } => "failed",
                Verdict::Excepted { .. } => "excepted",
            });
        }
        reached.refused.extend(
            decision
                .blockers()
                .map(|blocker| blocker.reason.code.to_string()),
        );
    }

    /// The laws that hold of a walk as a whole.
    fn has_ended(&self) {
        let log = self.log();
        let is_empty = log.is_empty();
        if is_empty {
            return;
        }
        assert_eq!(verify(&log).unwrap(), self.live().hash());
        assert_eq!(
            replay(&log).unwrap().anywhere(),
            *self.live(),
            "live is replay"
        );
        let read = log
            .iter()
            .map(|entry| Envelope::from_json(&entry.to_json().unwrap()).unwrap());
        let read: Vec<_> = read.collect();
        assert_eq!(read, log);
        assert_eq!(
            replay(&read).unwrap().anywhere(),
            *self.live(),
            "written and read is replay"
        );
        for (at, entry) in log.iter().enumerate() {
            self.decides_again(&log[..at], entry);
        }
        let mut reached = self.reached.borrow_mut();
        reached.longest = reached.longest.max(log.len());
    }

    /// A decision comes out the same from the state before it and the facts in it.
    fn decides_again(&self, before: &[Envelope], entry: &Envelope) {
        let (step, decision) = match entry.decode().unwrap().expect("it is known") {
            Event::Step(taken) => (taken.step, taken.decision.as_ref().clone()),
            Event::Record(AnyRecord::StepRefused(refused)) => {
                (refused.step.clone(), refused.decision.clone())
            }
            _ => return,
        };
        let release = if before.is_empty() {
            Release::request(tenant(), release_id(1), request())
                .withdraw()
                .anywhere()
        } else {
            replay(before).unwrap().anywhere()
        };
        let occurred_at = decision.occurred_at.unwrap_or(decision.at);
        let by = By::new(decision.actor.clone()).occurred_at(occurred_at);
        let again = self
            .gates
            .explain(&release, step, &Facts::of(&decision), &by);
        assert_eq!(again, decision, "version {}", entry.version);
    }
}

/// What the types do not have, the door of run time refuses, for this reason alone.
fn untyped_refuses(release: Release<Anywhere>, asked: &Asked, code: &str, on: &Moment<'_>) -> Turn {
    let turn = untyped(release, asked.clone(), &MemoryStore::new(), on);
    let Came::Refused(decision) = &turn.came else {
        panic!("the types do not have it: {:?}", turn.came)
    };
    let codes: Vec<_> = decision
        .blockers()
        .map(|blocker| blocker.reason.code.as_str())
        .collect();
    assert!(codes.contains(&code), "{codes:?}");
    assert!(
        codes
            .iter()
            .all(|found| [code, "in-the-future"].contains(found)),
        "{codes:?}"
    );
    turn
}

/// Whether nothing but late facts follows.
fn is_end(action: Action) -> bool {
    [Action::Cancel, Action::Close].contains(&action)
}

/// Whether it leads no nearer to the end.
fn is_sideways(action: Action) -> bool {
    [
        Action::FindUnauthorised,
        Action::Reject,
        Action::Hold,
        Action::Rework,
        Action::Replan,
        Action::Expedite,
        Action::BackOut,
    ]
    .contains(&action)
}

/// Choosing what to ask for.
impl Walk<'_> {
    fn asking(&self, draw: &Draw, on: &Moment<'_>) -> Asked {
        let standing = self.live().standing();
        let taken: Vec<_> = standing.takes().collect();
        let next = standing
            .next()
            .filter(|action| !is_end(*action) || draw.once_in(16));
        let next: Vec<_> = next.collect();
        match draw.course {
            0..=119 if !taken.is_empty() => self.record(draw.pick(&taken), draw).into(),
            120..=199 => self.helpful(draw, on),
            200..=229 if !next.is_empty() => self.step(draw.pick(&next), draw).into(),
            0..=243 => self.step(draw.pick(Action::ALL), draw).into(),
            244..=255 => self.record(draw.pick(RecordKind::ALL), draw).into(),
        }
    }

    /// A step that can be taken, or what brings one nearer.
    fn helpful(&self, draw: &Draw, on: &Moment<'_>) -> Asked {
        let next = self.live().standing().next();
        let next = next.filter(|action| !is_end(*action) || draw.detail % 32 == 5);
        let next = next.filter(|action| !is_sideways(*action) || draw.once_in(4));
        let steps = next.map(|action| self.step(action, draw));
        let outcomes = [ReviewOutcome::Successful, ReviewOutcome::BackedOut];
        let outcomes = outcomes.map(|outcome| CompleteReview::new(outcome).into());
        let steps = steps.chain(outcomes.into_iter().filter(|_| draw.once_in(3)));
        let cleared = steps.filter(|step| {
            self.gates
                .explain(self.live(), step.clone(), &on.facts, &on.by)
                .is_cleared()
        });
        let cleared: Vec<_> = cleared.collect();
        let is_rather_prepared = match self.live().standing().phase {
            PhaseName::Testing => draw.once_in(2),
            _ => draw.detail % 4 == 1,
        };
        if !cleared.is_empty() && !is_rather_prepared {
            return draw.pick(&cleared).into();
        }
        let view = self.view();
        match self.live().standing().phase {
            PhaseName::Request => TrackChanged::new(Track::Normal, text("it is")).into(),
            PhaseName::Plan => match draw.which % 8 {
                0 | 3 | 4 => AnyRecord::from(RoleGiven::new(person("kim"), Role::ReleaseManager)),
                1 | 5 => least_record(RecordKind::ReleasePlan),
                2 | 6 => least_record(RecordKind::Baseline),
                _ => TrackChanged::new(Track::Emergency, text("a gap")).into(),
            },
            PhaseName::Testing => match (&view.package, draw.which % 4) {
                (Some(package), 0 | 1) => run("R-9", package, draw.other(&[99, 99, 40])).into(),
                _ if self.may_grant(&on.by) => self.grant(draw, "budget-low"),
                _ => RoleGiven::new(draw.person(), Role::ChangeAuthority).into(),
            },
            PhaseName::Deployment if self.running.is_empty() => {
                attempt(&self.attempt(draw), Liveness::Live).into()
            }
            PhaseName::Deployment => {
                AttemptFinished::new(draw.pick(&self.running), AttemptOutcome::Live).into()
            }
            PhaseName::Review => match draw.detail % 4 {
                0 => full_record(RecordKind::EarlyLifeSupportWaived),
                1 => full_record(RecordKind::PostImplementationReview),
                2 => RoleGiven::new(
                    person(draw.pick(&["ann", "max", "sam"])),
                    Role::ChangeAuthority,
                )
                .into(),
                _ => full_record(RecordKind::RetrospectiveApproval),
            },
            PhaseName::Closure => TaskDone::new(draw.key("T")).into(),
            PhaseName::Start | PhaseName::Development | PhaseName::Closed => {
                least_record(RecordKind::Note)
            }
        }
        .into()
    }

    fn step(&self, action: Action, draw: &Draw) -> AnyStep {
        let reason = || draw.reason();
        match action {
            Action::RequestRelease | Action::FindUnauthorised if draw.once_in(3) => {
                least_step(action)
            }
            Action::RequestRelease => {
                let mut request = request();
                request.track = draw.other(&[Track::Standard, Track::Emergency]);
                request.parent = draw.once_in(2).then(|| draw.relative());
                if let AnyStep::RequestRelease(full) = full_step(action) {
                    request.objectives = full.request.objectives.clone();
                }
                RequestRelease::new(request).into()
            }
            Action::FindUnauthorised => {
                let since = self.now.plus(Seconds::minutes(u32::from(draw.detail % 7)));
                FindUnauthorised::new(request(), package("1"), since, Seconds::days(1)).into()
            }
            Action::Authorise => {
                let found = [
                    AssessmentDecision::Worthwhile,
                    AssessmentDecision::NotWorthwhile,
                ];
                Authorise::new(Assessment::new(found[usize::from(draw.once_in(3))])).into()
            }
            Action::Reject => Reject::new(reason()).into(),
            Action::StartTesting if draw.once_in(3) => StartTesting::new(bare_package()).into(),
            Action::StartTesting => StartTesting::new(draw.package()).into(),
            Action::Rework => Rework::new(reason()).into(),
            Action::Replan => Replan::new(reason()).into(),
            Action::Deploy => {
                let end = self
                    .now
                    .plus(Seconds::hours(u32::from(draw.detail % 50) + 1));
                Deploy::new(Interval::new(self.now, end).unwrap()).into()
            }
            Action::Expedite => Expedite::new(draw.package(), Seconds::hours(2), reason()).into(),
            Action::BackOut => BackOut::new(reason()).into(),
            Action::CompleteReview => {
                let outcomes = [
                    ReviewOutcome::Successful,
                    ReviewOutcome::BackedOut,
                    ReviewOutcome::WithIssues,
                ];
                CompleteReview::new(draw.other(&outcomes)).into()
            }
            Action::Cancel => Cancel::new(reason()).into(),
            Action::Hold => Hold::new(reason()).into(),
            _ => full_step(action),
        }
    }

    fn record(&self, kind: RecordKind, draw: &Draw) -> AnyRecord {
        let roles = [Role::ChangeAuthority, Role::ReleaseManager, Role::Tester];
        let soon = || self.now.plus(Seconds::hours(u32::from(draw.detail % 90)));
        let just = || {
            self.now
                .minus(Seconds::minutes(u32::from(draw.detail % 90)))
        };
        match kind {
            RecordKind::ReleasePlan => self.plan(draw),
            RecordKind::RoleGiven => RoleGiven::new(draw.person(), draw.other(&roles)).into(),
            RecordKind::RoleRelieved => RoleRelieved::new(draw.person(), draw.other(&roles)).into(),
            RecordKind::TrackChanged => {
                let tracks = [
                    Track::Standard,
                    Track::Normal,
                    Track::Emergency,
                    Track::Emergency,
                ];
                TrackChanged::new(draw.other(&tracks), draw.reason()).into()
            }
            RecordKind::Approval => self.approval(draw),
            RecordKind::ApprovalWithdrawn => {
                ApprovalWithdrawn::new(Action::Hold, Role::ChangeAuthority).into()
            }
            // Seldom would a wave start and be looked at while it lasts, if all were drawn alike.
            RecordKind::HealthObserved | RecordKind::IssueRaised if draw.once_in(2) => {
                least_record(RecordKind::WaveStarted)
            }
            RecordKind::TestRun | RecordKind::CodeChange | RecordKind::Confirmation
                if self.live().standing().phase == PhaseName::Deployment =>
            {
                least_record(RecordKind::WaveStarted)
            }
            RecordKind::Evidence | RecordKind::CostBooked | RecordKind::Note
                if self.live().standing().phase == PhaseName::Deployment =>
            {
                HealthObserved::new(key("canary"), Health::Healthy).into()
            }
            RecordKind::ChecklistItem | RecordKind::RiskRaised
                if self.live().standing().phase == PhaseName::Deployment =>
            {
                least_record(RecordKind::RolloutContinued)
            }
            RecordKind::RetrospectiveApproval => {
                RetrospectiveApproval::new(draw.other(&roles), draw.reason()).into()
            }
            RecordKind::OverrideGranted => self.grant(
                draw,
                draw.other(&["budget-low", "pass-ratio", "kind-missing"]),
            ),
            RecordKind::TestRun => {
                let tested = self.view().package;
                let tested =
                    tested.map_or_else(|| draw.package(), |package| package.as_ref().clone());
                run(draw.key("R").as_str(), &tested, draw.other(&[80, 97, 100])).into()
            }
            RecordKind::DefectFound => DefectFound::new(draw.key("D"), Severity::Major).into(),
            RecordKind::DefectResolved => DefectResolved::new(draw.key("D")).into(),
            RecordKind::AttemptStarted => {
                let is_live = self.live().standing().phase == PhaseName::Deployment;
                let is_live = is_live != draw.once_in(4);
                let liveness = if is_live {
                    Liveness::Live
                } else {
                    Liveness::NotLive
                };
                attempt(&self.attempt(draw), liveness).into()
            }
            RecordKind::AttemptFinished => {
                let outcomes = [AttemptOutcome::Live, AttemptOutcome::BackedOut];
                AttemptFinished::new(self.begun(draw), draw.other(&outcomes)).into()
            }
            RecordKind::AttemptNeverLive => {
                AttemptNeverLive::new(self.begun(draw), draw.reason()).into()
            }
            RecordKind::Outage => {
                let mut outage = Outage::new(draw.key("U"), just());
                outage.ended = (!draw.once_in(3)).then_some(self.now);
                outage.into()
            }
            RecordKind::IncidentLinked => {
                let mut linked = IncidentLinked::new(draw.key("I"), Severity::Critical, just());
                linked.attempt = draw.once_in(4).then(|| self.begun(draw));
                linked.into()
            }
            RecordKind::IncidentRestored => IncidentRestored::new(draw.key("I")).into(),
            RecordKind::EarlyLifeSupportWaived => EarlyLifeSupportWaived::new(draw.reason()).into(),
            RecordKind::CriterionResult => {
                let known = draw.other(&["refunds", "speed"]);
                CriterionResult::new(key(known), CriterionOutcome::Missed).into()
            }
            RecordKind::Feedback => {
                let mut said = Feedback::new(draw.key("F"));
                said.rating = draw.once_in(2).then(|| {
                    let scale = Scale::new(key("csat-5"), 1, 5);
                    Rating::new(draw.other(&[1, 5, 6]), scale)
                });
                said.text = draw.reason();
                said.into()
            }
            RecordKind::LessonLearned => LessonLearned::new(draw.key("L"), draw.reason()).into(),
            RecordKind::ImprovementRaised => {
                let due = draw.other(&[just(), soon()]);
                let what = name("do it better");
                let mut raised = ImprovementRaised::new(draw.key("M"), what, person("kim"), due);
                if draw.once_in(2) {
                    raised.lessons = [draw.key("L")].into();
                }
                raised.into()
            }
            RecordKind::ImprovementProgress => {
                let how = [ImprovementStatus::Open, ImprovementStatus::Dropped];
                let mut progress = ImprovementProgress::new(draw.key("M"), draw.other(&how));
                progress.comment = draw.reason();
                progress.into()
            }
            RecordKind::ChildAttached => ChildAttached::new(draw.relative()).into(),
            RecordKind::ParentDeclared => ParentDeclared::new(draw.relative()).into(),
            RecordKind::DependencyDeclared => {
                let reaches = draw.pick(&[PhaseName::Plan, PhaseName::Review, PhaseName::Closed]);
                DependencyDeclared::new(draw.relative(), reaches).into()
            }
            RecordKind::TaskOpened => {
                let mut task = TaskOpened::new(draw.key("T"), name("do it"));
                task.due = draw.once_in(2).then(soon);
                task.into()
            }
            RecordKind::TaskDone => TaskDone::new(draw.key("T")).into(),
            RecordKind::StepRefused => self.refusal(draw),
            RecordKind::Note => Note::new(draw.reason()).into(),
            RecordKind::Correction => {
                let corrects =
                    Version::new(u64::from(draw.detail) % (self.live().version().get() + 2));
                Correction::new(corrects, draw.reason()).into()
            }
            _ if draw.once_in(2) => least_record(kind),
            _ => full_record(kind),
        }
    }

    fn plan(&self, draw: &Draw) -> AnyRecord {
        let mut plan = full_plan();
        if draw.once_in(2) {
            plan = ReleasePlan::new(Seconds::hours(u32::from(draw.detail % 30)));
            plan.window = Interval::new(self.now, self.now.plus(Seconds::days(1)))
                .ok()
                .filter(|_| draw.once_in(4));
            plan.waves = ["canary", "all"]
                .map(|name| Wave::new(key(name), Seconds::new(0)))
                .into();
        }
        plan.into()
    }

    fn approval(&self, draw: &Draw) -> AnyRecord {
        let step = if draw.once_in(2) {
            Action::Hold
        } else {
            draw.pick(Action::ALL)
        };
        let step = self.step(step, draw);
        let subject = GateSet::new().subject(self.live(), step.clone());
        let answer = draw.other(&[Answer::Approved, Answer::Rejected]);
        let mut approval = Approval::new(step.action(), subject, Role::ChangeAuthority, answer);
        approval.comment = draw.reason();
        approval.expires = draw
            .once_in(4)
            .then(|| self.now.plus(Seconds::minutes(u32::from(draw.detail % 3))));
        approval.on_behalf_of = draw.once_in(5).then(|| person("ann"));
        approval.into()
    }

    /// A new id of an attempt, now and then one that is taken.
    fn attempt(&self, draw: &Draw) -> String {
        match self.begun.get(usize::from(draw.which % 8)) {
            Some(taken) if draw.once_in(2) => taken.to_string(),
            _ => format!("A-{}", self.live().version()),
        }
    }

    /// An attempt that runs, or one that nobody knows.
    fn begun(&self, draw: &Draw) -> Key {
        if self.running.is_empty() {
            key("A-0")
        } else {
            draw.pick(&self.running)
        }
    }

    fn may_grant(&self, by: &By) -> bool {
        let mut holders = self.live().holders(&Role::ChangeAuthority);
        holders.any(|holder| Some(holder) == by.actor().person())
    }

    fn grant(&self, draw: &Draw, code: &str) -> AnyRecord {
        let until = if draw.once_in(6) {
            self.now
        } else {
            self.now.plus(Seconds::days(30))
        };
        let id = format!("O-{}", draw.detail % 60);
        let mut granted = grant(&id, code, until);
        if code == "kind-missing" {
            granted.policy = key("evidence");
        }
        granted.into()
    }

    /// A genuine refusal of a step that nobody asked for, or a forged one, which is refused itself.
    fn refusal(&self, draw: &Draw) -> AnyRecord {
        let step = self.step(draw.pick(Action::ALL), draw);
        let by = By::new(actor("kim"));
        let decision = self
            .gates
            .explain(self.live(), step.clone(), &Facts::at(self.now), &by);
        StepRefused::new(step, decision).into()
    }
}

/// Walks, and gives the logs.
fn walk(draws: &[Draw], gates: &GateSet, reached: &RefCell<Reached>) -> Vec<Vec<Envelope>> {
    let mut logs = Vec::new();
    let mut walk = Walk::start(gates, reached);
    for draw in draws {
        walk.go(draw);
        // Late facts are all that is left: the rest of the way goes to another release.
        if walk.closed_for == 30 {
            walk.has_ended();
            logs.push(walk.log());
            walk = Walk::start(gates, reached);
        }
    }
    walk.has_ended();
    logs.push(walk.log());
    logs
}

/// The logs of some walks, the same every time.
#[cfg(feature = "verify")]
pub(crate) fn logs(walks: u32, gates: &GateSet) -> Vec<Vec<Envelope>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let (reached, logs) = (RefCell::default(), RefCell::new(Vec::new()));
    let taken = TestRunner::new_with_rng(config(walks), rng).run(&draws(), |draws| {
        let walked: Vec<Vec<Envelope>> = walk(&draws, gates, &reached);
        logs.borrow_mut().extend(walked);
        Ok(())
    });
    taken.unwrap_or_else(|broken| panic!("{broken}"));
    let mut logs: Vec<Vec<Envelope>> = logs.into_inner();
    logs.retain(|log| !log.is_empty());
    logs
}

/// A walk that fails is printed, not kept: what a draw means changes with the lifecycle.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn the_laws_hold_on_walks_that_nobody_took_before() {
    let (gates, reached) = (all_gates(), RefCell::default());
    let taken = TestRunner::new(config(24)).run(&draws(), |draws| {
        let _logs = walk(&draws, &gates, &reached);
        Ok(())
    });
    taken.unwrap_or_else(|broken| panic!("{broken}"));
}

/// The same walks every time: they come by every standing, every record, every verdict, and most refusals.
#[test]
fn the_laws_hold_everywhere() {
    let (gates, reached) = (all_gates(), RefCell::default());
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let taken = TestRunner::new_with_rng(config(96), rng).run(&draws(), |draws| {
        let _logs = walk(&draws, &gates, &reached);
        Ok(())
    });
    taken.unwrap_or_else(|broken| panic!("{broken}"));

    let reached = reached.into_inner();
    let codes = [
        "ahead-of-parent",
        "already-recorded",
        "approval-owed",
        "attempt-running",
        "budget-low",
        "child-ahead",
        "child-behind",
        "cycle",
        "dependency-ended",
        "dependency-waiting",
        "early-life-support",
        "ends-before-it-began",
        "expired",
        "fact-missing",
        "has-parent",
        "holds",
        "in-the-future",
        "kind-missing",
        "no-baseline",
        "no-budget",
        "no-documentation",
        "no-model",
        "no-plan",
        "no-reason",
        "no-release-manager",
        "no-such-record",
        "no-such-step",
        "not-a-person",
        "not-a-refusal",
        "not-an-emergency",
        "not-attached",
        "not-backed-out",
        "not-in-role",
        "not-live",
        "not-tested",
        "not-worthwhile",
        "nothing-owed",
        "open-task",
        "own-work",
        "pass-ratio",
        "release-not-read",
        "review-owed",
        "task-done",
        "unknown",
        "wrong-environment",
        "wrong-outcome",
    ];
    let codes = codes.map(ToOwned::to_owned);
    let missed: Vec<_> = codes
        .iter()
        .filter(|code| !reached.refused.contains(*code))
        .collect();
    assert!(missed.len() <= 4, "never refused for {missed:?}");
    assert_eq!(reached.failures.len(), 3, "{:?}", reached.failures);
    assert_eq!(reached.standings, Standing::ALL.iter().copied().collect());
    let steps = Action::ALL
        .iter()
        .map(|action| action.event_kind().to_owned());
    let records = RecordKind::ALL
        .iter()
        .map(|kind| kind.event_kind().to_owned());
    let kinds: BTreeSet<_> = steps.chain(records).collect();
    assert_eq!(
        reached.kinds, kinds,
        "every step is taken and every record added"
    );
    assert_eq!(
        reached.verdicts,
        BTreeSet::from(["excepted", "satisfied", "unknown", "violated"])
    );
    assert!(reached.longest >= 200, "{}", reached.longest);
}
