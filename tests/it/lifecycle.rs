//! Types, table, decisions and the hand-written `tests/golden/lifecycle.txt` know one and the same lifecycle.

use crate::support::{Sample, SampleOf, desk, facts, kim, nothing_yet, release_in, tenant};
use phasegate::desk::RunError;
use phasegate::gate::{Cleared, GateSet, Refused};
use phasegate::phase::{
    Action, Anywhere, CanAuthorise, CanBackOut, CanCancel, CanClose, CanCompleteReview, CanDeploy,
    CanExpedite, CanFindUnauthorised, CanFinishDeployment, CanHold, CanReject, CanReplan,
    CanRequest, CanResume, CanRework, CanStartDevelopment, CanStartTesting, Closed, Closure,
    Deployment, Development, OnHold, Phase, Plan, RecordKind, Request, Review, Standing, Start,
    Testing, mermaid,
};
use phasegate::release::step::{self, Cancel};
use phasegate::release::{
    self, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, Asking, AttemptFinished,
    AttemptNeverLive, AttemptStarted, Baseline, ChangeRequest, ChecklistItem, ChildAttached,
    CodeChange, Confirmation, Correction, CostBooked, CriterionResult, Decision, DefectFound,
    DefectResolved, Delegated, DelegationEnded, DependencyDeclared, EarlyLifeSupportWaived, Ending,
    Evidence, Feedback, HealthObserved, ImprovementProgress, ImprovementRaised, IncidentLinked,
    IncidentRestored, IssueRaised, IssueResolved, LessonLearned, MilestoneReached, Moves, Note,
    Outage, OverrideGranted, ParentDeclared, PostImplementationReview, Proposal, ReleasePlan,
    RetrospectiveApproval, RiskAssessment, RiskClosed, RiskRaised, Role, RoleGiven, RoleRelieved,
    RolloutContinued, RolloutPaused, StakeholdersNotified, StepRefused, Takes, TaskDone,
    TaskOpened, TestRun, Text, TrackChanged, ValueRealised, WaveStarted,
};
use phasegate::{AnyRelease, Desk, MemoryStore, Person, Release};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

/// The lifecycle: what can be asked where, and where it leads. A record leads nowhere else.
type Lifecycle = BTreeMap<(Standing, Asking), Standing>;

/// The release after a step or record, or the decision against it.
type Outcome = Result<Release<Anywhere>, Box<Decision>>;

/// Where it leads, and the method of the phase that takes a release there.
type Way<P> = (Standing, fn(Release<P>, &Desk<MemoryStore>) -> Outcome);

/// The same for the sample release.
type TypedWay = (Standing, Box<dyn Fn(&Desk<MemoryStore>) -> Outcome>);

const PAIRS: usize = 13 * (17 + 53);
const LEGAL: usize = 33 + 433;

fn pairs() -> BTreeSet<(Standing, Asking)> {
    let steps = Action::ALL.iter().map(|&action| Asking::Step(action));
    let records = RecordKind::ALL.iter().map(|&kind| Asking::Record(kind));
    let asked = steps.chain(records);
    asked
        .flat_map(|asked| Standing::ALL.iter().map(move |&at| (at, asked)))
        .collect()
}

#[test]
fn the_table_knows_the_lifecycle() {
    assert_eq!(pairs().len(), PAIRS);
    let leads = |(at, asked): (Standing, Asking)| match asked {
        Asking::Step(action) => action.leads(at),
        Asking::Record(kind) => kind.is_taken_in(at).then_some(at),
    };
    let table = pairs()
        .into_iter()
        .filter_map(|pair| Some((pair, leads(pair)?)))
        .collect();
    assert_same(&table, &golden());
}

#[test]
fn the_types_know_the_lifecycle() {
    let ways = typed_ways();
    assert_eq!(ways.keys().copied().collect::<BTreeSet<_>>(), pairs());
    let typed = ways
        .into_iter()
        .filter_map(|(pair, way)| Some((pair, way?.0)))
        .collect();
    assert_same(&typed, &golden());
}

#[test]
fn decisions_know_the_lifecycle() {
    let mut decided = Lifecycle::new();
    let mut count = 0;
    for &at in Standing::ALL {
        let desk = desk();
        let mut release = release_in(&desk, at);
        assert_eq!(release.standing(), at);
        for (_, asked) in pairs().into_iter().filter(|(from, _)| *from == at) {
            let version = release.version();
            let (again, leads) = match asked {
                Asking::Step(action) => {
                    let proposal = release.propose(AnyStep::sample(action));
                    answer(GateSet::new().decide(proposal, &facts(), &kim()))
                }
                Asking::Record(kind) => {
                    let proposal = release.record(AnyRecord::sample(kind));
                    answer(GateSet::new().decide(proposal, &facts(), &kim()))
                }
            };
            if let Some(to) = leads {
                decided.insert((at, asked), to);
            }
            assert_eq!(again.version(), version, "nothing has happened");
            release = again;
            count += 1;
        }
    }
    assert_eq!(count, PAIRS);
    assert_same(&decided, &golden());
}

/// The release as it was, and where what was asked leads, unless the lifecycle has no such step or record.
///
/// A record that is taken there can still be refused for what it says.
fn answer<S>(
    decided: Result<Cleared<S, Anywhere>, Refused<Anywhere>>,
) -> (Release<Anywhere>, Option<Standing>) {
    match decided {
        Ok(cleared) => {
            let to = cleared.batch().summary().unwrap().standing;
            (cleared.withdraw(), Some(to))
        }
        Err(refused) => {
            let codes: Vec<_> = refused
                .decision
                .blockers()
                .map(|blocker| blocker.reason.code.to_string())
                .collect();
            let illegal = match refused.decision.asked {
                Asking::Step(_) => "no-such-step",
                Asking::Record(_) => "no-such-record",
            };
            let leads = if codes == [illegal] {
                None
            } else {
                assert!(!codes.iter().any(|code| code.starts_with("no-such")));
                assert!(
                    matches!(refused.decision.asked, Asking::Record(_)),
                    "the sample release is ready for every step: {refused}"
                );
                Some(refused.release.standing())
            };
            (refused.release, leads)
        }
    }
}

#[test]
fn a_method_and_the_same_step_as_a_value_end_in_equal_releases() {
    let mut count = 0;
    let mut taken = BTreeSet::new();
    for ((at, asked), way) in typed_ways() {
        let Some((to, typed)) = way else { continue };
        let typed = typed(&desk());
        let desk = desk();
        let release = release_in(&desk, at);
        let dynamic = match asked {
            Asking::Step(action) => run(&desk, release.propose(AnyStep::sample(action))),
            Asking::Record(kind) => run(&desk, release.record(AnyRecord::sample(kind))),
        };
        assert_eq!(typed, dynamic, "{asked} in {at}");
        if let Ok(release) = typed {
            assert_eq!(release.standing(), to, "{asked} in {at}");
            taken.insert((at, asked));
        }
        count += 1;
    }
    assert_eq!(count, LEGAL);

    let steps = |(_, asked): &&(Standing, Asking)| matches!(asked, Asking::Step(_));
    assert_eq!(taken.iter().filter(steps).count(), 33);
    let never: Vec<_> = RecordKind::ALL
        .iter()
        .filter(|&&kind| {
            !taken
                .iter()
                .any(|(_, asked)| *asked == Asking::Record(kind))
        })
        .collect();
    // The sample release owes nothing, and its rollout does not pause.
    assert_eq!(
        never,
        [
            &RecordKind::RetrospectiveApproval,
            &RecordKind::RolloutContinued
        ]
    );
}

#[test]
fn what_an_emergency_left_owing_can_be_paid_while_the_release_is_planned_anew() {
    let desk = desk();
    let mut release = release_in(&desk, Plan::STANDING);
    for action in [Action::Expedite, Action::BackOut, Action::Replan] {
        release = run(&desk, release.propose(AnyStep::sample(action))).unwrap();
    }
    let decision = pollster::block_on(desk.explain(&release, Cancel::sample(), kim()));
    let codes: Vec<_> = decision
        .blockers()
        .map(|b| b.reason.code.as_str())
        .collect();
    assert_eq!(codes, ["approval-owed"]);

    // Kim did it, so somebody else has to answer for it.
    let ada = Person::new("ada").unwrap();
    let authority = RoleGiven::new(ada.clone(), Role::ChangeAuthority);
    let approval =
        RetrospectiveApproval::new(Role::ChangeAuthority, Text::new("it was right").unwrap());
    let release = pollster::block_on(async {
        let release = desk.record(release, authority, kim()).await.unwrap();
        let release = desk.record(release, approval, ada).await.unwrap();
        desk.run(release.propose(Cancel::sample()), kim())
            .await
            .unwrap()
    });
    assert_eq!(release.view().ending, Some(Ending::BackedOut));
}

#[test]
fn the_pictures_in_the_documents_are_drawn_from_the_table() {
    let documents = [
        ("README.md", include_str!("../../README.md")),
        ("docs/lifecycle.md", include_str!("../../docs/lifecycle.md")),
    ];
    for (name, text) in documents {
        let pictures: Vec<_> = text
            .split("```mermaid\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert_eq!(pictures, [mermaid()], "{name} has another picture, or none");
    }
}

/// What `tests/golden/lifecycle.txt` says.
fn golden() -> Lifecycle {
    let mut golden = Lifecycle::new();
    let mut listed = BTreeSet::new();
    for line in include_str!("../golden/lifecycle.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, what) = line.split_once(':').unwrap();
        let mut learn = |at, asked, to| {
            listed.insert(asked);
            assert_eq!(golden.insert((at, asked), to), None, "twice: {line}");
        };
        if let Some((from, to)) = what.split_once(" -> ") {
            let action = Action::ALL.iter().find(|action| action.name() == name);
            let action = *action.unwrap_or_else(|| panic!("no such step: {line}"));
            learn(named(from), Asking::Step(action), named(to));
        } else {
            let kind = RecordKind::ALL.iter().find(|kind| kind.name() == name);
            let kind = *kind.unwrap_or_else(|| panic!("no such record: {line}"));
            for phase in what.split(',').map(|phase| named(phase).phase) {
                for &at in Standing::ALL.iter().filter(|at| at.phase == phase) {
                    learn(at, Asking::Record(kind), at);
                }
            }
        }
    }
    assert_eq!(
        listed,
        pairs().into_iter().map(|(_, asked)| asked).collect()
    );
    assert_eq!(golden.len(), LEGAL);
    golden
}

fn named(standing: &str) -> Standing {
    let mut all = Standing::ALL.iter();
    let found = all.find(|known| known.to_string() == standing.trim());
    *found.unwrap_or_else(|| panic!("no such standing: {standing}"))
}

fn assert_same(found: &Lifecycle, golden: &Lifecycle) {
    let lines = |one: &Lifecycle, other: &Lifecycle| -> Vec<String> {
        one.iter()
            .filter(|(pair, to)| other.get(pair) != Some(to))
            .map(|((at, asked), to)| format!("{asked}: {at} -> {to}"))
            .collect()
    };
    let (too_much, missing) = (lines(found, golden), lines(golden, found));
    assert!(
        too_much.is_empty() && missing.is_empty(),
        "against lifecycle.txt, too much: {too_much:#?}, missing: {missing:#?}"
    );
}

fn run<S, P: Moves<S>>(desk: &Desk<MemoryStore>, proposal: Proposal<S, P>) -> Outcome {
    match pollster::block_on(desk.run(proposal, kim())) {
        Ok(release) => Ok(release.anywhere()),
        Err(RunError::Refused(refused)) => Err(refused.decision),
        Err(RunError::NotCommitted(failed)) => panic!("{failed}"),
    }
}

fn standing<P: Phase>(desk: &Desk<MemoryStore>) -> Release<P> {
    let release = AnyRelease::from(release_in(desk, P::STANDING));
    release.in_phase().unwrap()
}

/// Asks the types whether a release in `P` has `A`. At run time: an associated constant of the type itself goes before
/// one of a trait, but only where its bounds hold.
struct Probe<A, P>(PhantomData<(A, P)>);

trait NoWay<P> {
    const WAY: Option<Way<P>> = None;
}

impl<A, P> NoWay<P> for Probe<A, P> {}

macro_rules! ways {
    (
        steps { $($step:ident $can:ident $take:expr;)* }
        records { $($record:ident)* }
        standings { $($standing:ty, $stand:expr;)* }
    ) => {
        $(impl<P: $can> Probe<step::$step, P> {
            const WAY: Option<Way<P>> = Some((P::To::STANDING, $take));
        })*

        $(impl<P: Phase + Takes<$record>> Probe<$record, P> {
            const WAY: Option<Way<P>> = Some((P::STANDING, |release, desk| {
                run(desk, release.record($record::sample()))
            }));
        })*

        ways!(@all [$($standing, $stand;)*] [$($step)*] [$($record)*]);
    };
    (@all [$($standing:ty, $stand:expr;)*] $steps:tt $records:tt) => {
        /// Every pair, with the way that the types have for it.
        fn typed_ways() -> BTreeMap<(Standing, Asking), Option<TypedWay>> {
            let mut ways = BTreeMap::new();
            $(
                ways!(@pairs ways, $standing, $stand, Action Step step, $steps);
                ways!(@pairs ways, $standing, $stand, RecordKind Record release, $records);
            )*
            ways
        }
    };
    (@pairs $ways:ident, $standing:ty, $stand:expr, $kind:ident $asking:ident $room:ident, [$($what:ident)*]) => { $(
        let way = Probe::<$room::$what, $standing>::WAY.map(|(to, take)| -> TypedWay {
            (to, Box::new(move |desk| take($stand(desk), desk)))
        });
        let pair = (<$standing>::STANDING, Asking::$asking($kind::$what));
        assert!($ways.insert(pair, way).is_none(), "twice: {pair:?}");
    )* };
}

ways! {
    steps {
        RequestRelease CanRequest |release, desk| {
            let request = step::RequestRelease::sample().request;
            run(desk, Release::request(tenant(), release.id(), request))
        };
        FindUnauthorised CanFindUnauthorised |release, desk| {
            let found = step::FindUnauthorised::sample();
            run(desk, Release::find_unauthorised(tenant(), release.id(), found))
        };
        Authorise CanAuthorise
            |release, desk| run(desk, release.authorise(step::Authorise::sample().assessment));
        Reject CanReject |release, desk| run(desk, release.reject(step::Reject::sample().reason));
        StartDevelopment CanStartDevelopment
            |release, desk| run(desk, release.start_development());
        StartTesting CanStartTesting
            |release, desk| run(desk, release.start_testing(step::StartTesting::sample().package));
        Rework CanRework |release, desk| run(desk, release.rework(step::Rework::sample().reason));
        Replan CanReplan |release, desk| run(desk, release.replan(step::Replan::sample().reason));
        Deploy CanDeploy |release, desk| run(desk, release.deploy(step::Deploy::sample().window));
        Expedite CanExpedite |release, desk| {
            let asked = step::Expedite::sample();
            run(desk, release.expedite(asked.package, asked.early_life_support, asked.reason))
        };
        FinishDeployment CanFinishDeployment
            |release, desk| run(desk, release.finish_deployment());
        BackOut CanBackOut
            |release, desk| run(desk, release.back_out(step::BackOut::sample().reason));
        CompleteReview CanCompleteReview |release, desk| {
            run(desk, release.complete_review(step::CompleteReview::sample().outcome))
        };
        Close CanClose |release, desk| run(desk, release.close(step::Close::sample().record));
        Cancel CanCancel |release, desk| run(desk, release.cancel(Cancel::sample().reason));
        Hold CanHold |release, desk| run(desk, release.hold(step::Hold::sample().reason));
        Resume CanResume |release, desk| run(desk, release.resume());
    }
    records {
        ReleasePlan Baseline MilestoneReached RoleGiven RoleRelieved TrackChanged Approval
        RetrospectiveApproval OverrideGranted CodeChange TestRun Evidence DefectFound
        DefectResolved AttemptStarted AttemptFinished AttemptNeverLive Outage IncidentLinked
        IncidentRestored PostImplementationReview EarlyLifeSupportWaived CriterionResult
        Feedback LessonLearned ImprovementRaised ImprovementProgress ValueRealised
        ChildAttached ParentDeclared DependencyDeclared TaskOpened TaskDone Confirmation
        StepRefused Note Correction ApprovalWithdrawn Delegated DelegationEnded ChangeRequest RiskAssessment RiskRaised RiskClosed IssueRaised IssueResolved ChecklistItem StakeholdersNotified CostBooked WaveStarted HealthObserved RolloutPaused RolloutContinued
    }
    standings {
        Start, |_: &_| nothing_yet();
        Request, standing;
        Plan, standing;
        Development, standing;
        Testing, standing;
        OnHold<Request>, standing;
        OnHold<Plan>, standing;
        OnHold<Development>, standing;
        OnHold<Testing>, standing;
        Deployment, standing;
        Review, standing;
        Closure, standing;
        Closed, standing;
    }
}
