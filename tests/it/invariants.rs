//! What the lifecycle itself refuses, whatever the gates: every reason once, with its words and what lifts it.

use crate::desk_support::{
    Office, at, attempt, by, id, key, name, note, office, package, person, run_of, tenant, text,
    titled, wait, went_live, window, worthwhile,
};
use phasegate::desk::RunError;
use phasegate::gate::SoakPolicy;
use phasegate::phase::{
    Closed, Deployment, Development, PhaseName, Plan, Request, Review, Seconds, Standing, Testing,
};
use phasegate::release::Takes;
use phasegate::release::step::{Deploy, FindUnauthorised, StartDevelopment};
use phasegate::release::{
    Actor, Answer, Approval, ApprovalWithdrawn, Assessment, AssessmentDecision, AttemptFinished,
    AttemptNeverLive, AttemptOutcome, Baseline, ChecklistItem, ChecklistStatus, ChildAttached,
    ClosureRecord, CodeChange, Correction, CriterionOutcome, CriterionResult, DefectFound,
    DefectResolved, Delegated, DelegationEnded, DependencyDeclared, Digest, EarlyLifeSupportWaived,
    Ending, Environment, Feedback, Health, HealthObserved, ImprovementProgress, ImprovementRaised,
    ImprovementStatus, IncidentLinked, IncidentRestored, IssueRaised, IssueResolved, LessonLearned,
    Liveness, MilestoneReached, NextMove, Objective, Outage, OverrideGranted, ParentDeclared,
    PostImplementationReview, Rating, ReleaseId, ReleasePackage, ReleasePlan, ReleaseUnit,
    RetrospectiveApproval, ReviewOutcome, RiskClosed, RiskRaised, Role, RoleGiven, RoleRelieved,
    RolloutContinued, RolloutPaused, Route, Scale, Severity, StepRefused, SuccessCriterion, Target,
    TaskDone, TaskOpened, Text, Track, TrackChanged, UnitKind, Version, Wave, WaveStarted,
    WaveState,
};
use phasegate::store::Store;
use phasegate::{By, Gate, GateSet, Instant, Interval, Release};
use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    static SEEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

macro_rules! behaviours {
    ($($behaviour:ident)*) => {
        const BEHAVIOURS: &[fn()] = &[$($behaviour),*];
    };
}

behaviours! {
    a_delegation_ends_when_it_says_and_with_the_role
    an_answer_is_withdrawn_by_who_gave_it
    a_log_of_risks_and_issues_closes_what_it_has
    what_does_not_apply_says_why
    nobody_covers_more_than_all_of_the_code
    what_was_backed_out_waits_for_a_person
    a_wave_starts_when_the_one_before_has_baked_and_is_healthy
    what_cannot_be_told_pauses_and_asks_and_what_failed_is_to_be_backed_out
    two_waves_of_a_plan_have_two_names
    nothing_is_told_of_a_deployment_that_never_was
    how_an_attempt_ended_can_be_told_after_the_back_out
    a_request_that_is_not_worthwhile_is_not_authorised
    the_standard_track_needs_a_model
    the_standard_track_is_no_way_around_the_gates
    building_needs_a_release_manager_and_an_agreed_plan
    a_plan_is_agreed_before_it_is_a_baseline
    a_criterion_stands_for_an_objective_that_was_asked_for
    a_target_is_a_figure_that_can_be_met
    what_users_say_is_rated_on_a_scale
    lessons_are_known_and_only_so_many
    improvements_have_a_time_to_be_done_and_an_end
    a_package_has_documentation
    only_tests_of_the_very_package_count
    rework_takes_back_package_and_tests
    planning_anew_takes_back_baseline_and_package
    only_an_emergency_is_expedited
    a_deployment_ends_when_its_attempts_have
    an_attempt_of_an_earlier_deployment_counts_no_more
    an_attempt_goes_where_the_phase_allows
    an_attempt_ends_once_and_after_it_began
    nothing_is_on_test_before_the_hand_over
    a_deployment_begins_when_it_is_cleared_and_before_its_window_ends
    early_life_support_is_waited_for_or_waived
    early_life_support_is_not_waited_for_after_a_back_out
    the_outcome_is_the_one_that_it_had
    a_back_out_owes_a_review
    every_back_out_owes_a_review_of_its_own
    an_emergency_is_approved_and_reviewed_afterwards
    nobody_approves_their_own_emergency
    whoever_deploys_after_approving_has_not_approved
    a_later_deployment_involves_nobody_in_an_earlier_debt
    an_unauthorised_change_is_approved_and_reviewed_afterwards
    a_debt_is_paid_once
    a_cancelled_release_was_never_live_or_is_backed_out
    what_was_backed_out_can_be_given_up_though_it_was_an_emergency
    a_release_that_is_live_is_not_planned_anew
    nothing_closes_with_an_open_task
    what_goes_live_waits_for_its_window
    a_task_that_is_done_stays_done
    the_release_manager_hands_over
    a_hold_keeps_everything
    a_step_of_another_phase_is_refused_with_the_way
    a_record_of_another_phase_is_refused_with_its_phases
    late_facts_never_reopen_a_release
    a_reason_is_not_empty
    only_people_in_their_role_answer
    an_answer_that_is_over_already_is_refused
    nothing_is_recorded_that_refers_to_nothing
    nothing_ends_before_it_began
    nothing_has_happened_in_the_future
    no_release_hangs_on_itself
    a_release_is_part_of_one_other_which_says_so
    a_release_has_so_many_parts_and_waits_for_so_many
    what_leads_too_far_to_be_looked_through_is_refused
    only_a_refusal_is_recorded_as_one
}

/// What no asking here can lead to: a log or an event too long for a test, and a decision that another step was cleared by, which
/// are tested where a log is read; and how a release model stands, which is tested where models are.
const ELSEWHERE: [&str; 7] = [
    "another-model",
    "cannot-be-written",
    "model-not-read",
    "not-cleared",
    "reasons-left-out",
    "too-long",
    "too-many",
];

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the sources are read, to miss no reason"
)]
fn every_reason_of_the_lifecycle_is_tested() {
    let room = concat!(env!("CARGO_MANIFEST_DIR"), "/src/release");
    let files = std::fs::read_dir(room)
        .unwrap()
        .map(|file| file.unwrap().path());
    let sources: Vec<String> = files
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let said = sources
        .iter()
        .flat_map(|source| source.split("Reason::new(").skip(1));
    let codes: BTreeSet<String> = said
        .filter_map(|rest| rest.trim_start().strip_prefix('"'))
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .filter(|code| !ELSEWHERE.contains(&code.as_str()))
        .collect();
    for behaviour in BEHAVIOURS {
        behaviour();
    }
    assert_eq!(SEEN.with_borrow(Clone::clone), codes);
}

/// The release back, after exactly these reasons of the lifecycle against it.
#[track_caller]
fn refused<T, P, Q>(
    answer: Result<Release<Q>, RunError<T, P>>,
    wanted: &[(&str, &str)],
) -> Release<P> {
    let refused = answer.unwrap_err().refused().expect("refused, not failed");
    let found: Vec<(&str, &str)> = refused
        .decision
        .blockers()
        .map(|blocker| {
            (
                blocker.reason.code.as_str(),
                blocker.reason.message.as_str(),
            )
        })
        .collect();
    assert_eq!(found, wanted);
    assert!(
        refused
            .decision
            .blockers()
            .all(|one| one.finding.gate.as_str() == "lifecycle")
    );
    SEEN.with_borrow_mut(|seen| seen.extend(found.iter().map(|(code, _)| (*code).to_owned())));
    refused.release
}

fn ended(release: &Release<Closed>) -> Ending {
    release.view().ending.unwrap()
}

fn pir() -> PostImplementationReview {
    PostImplementationReview::new(text("what we learned"))
}

/// Cho holds the change authority from here on.
fn with_authority<S: Store, P: Takes<RoleGiven>>(
    office: &Office<S>,
    release: Release<P>,
) -> Release<P> {
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    office.recorded(release, given, "ada")
}

fn approved_afterwards() -> RetrospectiveApproval {
    RetrospectiveApproval::new(Role::ChangeAuthority, text("it had to be"))
}

fn backed_out<S: Store>(office: &Office<S>) -> Release<Review> {
    let release = office.made_live(office.deploying());
    office.done(release.back_out(text("orders were lost")), "ada")
}

/// Through Plan, Development and Testing once more, up to Deployment.
fn deployed_again<S: Store>(office: &Office<S>, release: Release<Review>) -> Release<Deployment> {
    let release = office.done(release.replan(text("once more")), "ada");
    let release = office.agreed(release);
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("two")), "ada");
    let release = office.recorded(release, run_of("again", &package("two"), 1, 0), "tom");
    office.done(release.deploy(window()), "ada")
}

// From Request to Testing.

#[test]
fn a_request_that_is_not_worthwhile_is_not_authorised() {
    let office = office();
    let not = Assessment::new(AssessmentDecision::NotWorthwhile);
    let answer = office.run(office.requested().authorise(not), "cho");
    let release = refused(
        answer,
        &[("not-worthwhile", "the assessment decided against it")],
    );
    let _ = office.done(release.authorise(worthwhile()), "cho");
}

const NO_MODEL: (&str, &str) = (
    "no-model",
    "the release follows no release model that pre-authorises it",
);

#[test]
fn the_standard_track_needs_a_model() {
    let office = office();
    let mut request = titled("Shop 2.4");
    request.track = Track::Standard;
    let release = office.done(office.asked(request), "kim");
    let release = refused(
        office.run(release.authorise(worthwhile()), "cho"),
        &[NO_MODEL],
    );
    let normal = TrackChanged::new(Track::Normal, text("no model yet"));
    let release = office.recorded(release, normal, "kim");
    let _ = office.done(release.authorise(worthwhile()), "cho");
}

#[test]
fn the_standard_track_is_no_way_around_the_gates() {
    let office = office();
    let standard = || TrackChanged::new(Track::Standard, text("it is routine"));
    let too_late = (
        "authorised-already",
        "a release is pre-authorised as it is authorised, and not after",
    );
    let release = refused(
        office.record(office.planned(), standard(), "ada"),
        &[too_late],
    );
    assert_eq!(release.track(), Track::Normal);
    let _ = refused(
        office.record(office.tested(), standard(), "ada"),
        &[too_late],
    );
}

#[test]
fn building_needs_a_release_manager_and_an_agreed_plan() {
    let office = office();
    let no_manager = ("no-release-manager", "nobody is the release manager");
    let answer = office.run(office.authorised().start_development(), "kim");
    let release = refused(answer, &[no_manager, ("no-baseline", "there is no plan")]);
    let release = office.recorded(release, ReleasePlan::new(Seconds::hours(1)), "kim");
    let answer = office.run(release.start_development(), "kim");
    let not_agreed = ("no-baseline", "the plan is not baselined");
    let release = refused(answer, &[no_manager, not_agreed]);
    let release = office.with_manager(release);
    let release = refused(
        office.run(release.start_development(), "kim"),
        &[not_agreed],
    );
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    assert_eq!(release.plan().early_life_support, Seconds::hours(1));
}

#[test]
fn a_plan_is_agreed_before_it_is_a_baseline() {
    let office = office();
    let answer = office.record(office.authorised(), Baseline::new(), "ada");
    let release = refused(answer, &[("no-plan", "there is no plan")]);
    let release = office.recorded(release, ReleasePlan::new(Seconds::hours(1)), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.recorded(release, ReleasePlan::new(Seconds::hours(2)), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let view = release.view();
    let support = |plan: Option<std::sync::Arc<ReleasePlan>>| plan.unwrap().early_life_support;
    assert_eq!(support(view.first_baseline), Seconds::hours(1));
    assert_eq!(support(view.baseline), Seconds::hours(2));
    assert_eq!(view.baselines, 2);
}

#[test]
fn a_criterion_stands_for_an_objective_that_was_asked_for() {
    let office = office();
    let mut request = titled("Shop 2.4");
    request.objectives = [(key("faster"), Objective::new(text("half the time")))].into();
    let release = office.done(office.asked(request), "kim");
    let planned = |objective: &str| {
        let mut criterion = SuccessCriterion::new(text("below 200 ms"));
        criterion.objective = Some(key(objective));
        let mut plan = ReleasePlan::new(Seconds::hours(1));
        plan.success_criteria = [(key("p95"), criterion)].into();
        plan
    };
    let message = "criterion `p95` stands for objective `cheaper`, which was not asked for";
    let answer = office.record(release, planned("cheaper"), "kim");
    let release = refused(answer, &[("unknown", message)]);
    let _ = office.recorded(release, planned("faster"), "kim");
}

#[test]
fn a_target_is_a_figure_that_can_be_met() {
    let office = office();
    let planned = |at_least: Option<i64>, at_most: Option<i64>| {
        let mut target = Target::new(key("p95"));
        (target.at_least, target.at_most) = (at_least, at_most);
        let mut criterion = SuccessCriterion::new(text("below 200 ms"));
        criterion.target = Some(target);
        let mut plan = ReleasePlan::new(Seconds::hours(1));
        plan.success_criteria = [(key("fast"), criterion)].into();
        plan
    };
    let message =
        "the target of criterion `fast` has no bound; state `at_least`, `at_most` or both";
    let answer = office.record(office.requested(), planned(None, None), "kim");
    let release = refused(answer, &[("no-target", message)]);
    let message =
        "the target of criterion `fast` cannot be met: it is at least 200 and at most 199";
    let answer = office.record(release, planned(Some(200), Some(199)), "kim");
    let mut release = refused(answer, &[("no-target", message)]);
    for (at_least, at_most) in [
        (Some(200), Some(200)),
        (Some(i64::MIN), None),
        (None, Some(i64::MAX)),
    ] {
        release = office.recorded(release, planned(at_least, at_most), "kim");
    }
}

#[test]
fn what_users_say_is_rated_on_a_scale() {
    let office = office();
    let rated = |score, worst, best| {
        let scale = Scale::new(key("csat"), worst, best);
        let mut said = Feedback::new(key("F-1"));
        said.rating = Some(Rating::new(score, scale));
        said
    };
    let never = [("never-deployed", "nothing of the release was deployed yet")];
    let _ = refused(
        office.record(office.planned(), rated(1, 1, 5), "shop"),
        &never,
    );
    let mut release = office.deploying();
    for score in [i32::MIN, 0, 6, i32::MAX] {
        let message = format!("{score} is not on the scale `csat` from 1 to 5");
        let answer = office.record(release, rated(score, 1, 5), "shop");
        release = refused(answer, &[("off-the-scale", &message)]);
    }
    for (worst, best) in [(5, 1), (3, 3)] {
        let message = format!("scale `csat` goes from {worst} to {best}");
        let answer = office.record(release, rated(3, worst, best), "shop");
        release = refused(answer, &[("no-scale", &message)]);
    }
    let message = "feedback `F-2` has neither a rating nor a text";
    let mut said = Feedback::new(key("F-2"));
    said.text = text(" \n");
    let answer = office.record(release, said.clone(), "shop");
    let release = refused(answer, &[("says-nothing", message)]);
    said.text = text("fine");
    let mut release = office.recorded(release, said, "shop");
    for score in [1, 5] {
        release = office.recorded(release, rated(score, 1, 5), "shop");
    }
    let release = office.done(release.back_out(text("it broke")), "dep");
    let release = office.done(release.replan(text("once more")), "ada");
    let _ = office.recorded(release, rated(1, 1, 5), "shop");
    let _ = office.recorded(office.closed(), rated(-1, -2, 2), "shop");
}

fn better(id: &str, due: Instant) -> ImprovementRaised {
    ImprovementRaised::new(key(id), name("do it better"), person("kim"), due)
}

#[test]
fn lessons_are_known_and_only_so_many() {
    let office = office();
    let lesson = |id: usize, what: &str| LessonLearned::new(key(&format!("L-{id}")), text(what));
    let never = [("never-deployed", "nothing of the release was deployed yet")];
    let answer = office.record(office.planned(), lesson(0, "test it"), "kim");
    let _ = refused(answer, &never);
    let answer = office.record(office.deploying(), lesson(0, "\n"), "kim");
    let mut release = refused(answer, &[("no-reason", "the lesson is empty")]);
    for id in 0..1_000 {
        release = office.recorded(release, lesson(id, "test it"), "kim");
    }
    let message = "the release has 1000 lessons, and can have no more";
    let answer = office.record(release, lesson(1_000, "test it"), "kim");
    let release = refused(answer, &[("too-many-lessons", message)]);
    // A lesson can still be told in other words.
    let release = office.recorded(release, lesson(7, "test it twice"), "kim");
    assert_eq!(release.view().lessons.len(), 1_000);
    let told = release.view().lessons[&key("L-7")].what.clone();
    assert_eq!(told, text("test it twice"));

    let mut raised = better("M-0", office.now());
    raised.lessons = [key("L-1"), key("L-1000")].into();
    let release = office.reviewing();
    let answer = office.record(release, raised.clone(), "kim");
    let unknown = ["L-1", "L-1000"].map(|id| format!("there is no lesson `{id}`"));
    let unknown = unknown
        .each_ref()
        .map(|message| ("unknown", message.as_str()));
    let release = refused(answer, &unknown);
    let release = office.recorded(release, lesson(1, "test it"), "kim");
    raised.lessons = [key("L-1")].into();
    let _ = office.recorded(release, raised, "kim");
}

#[test]
fn improvements_have_a_time_to_be_done_and_an_end() {
    let office = office();
    let (now, tick) = (office.now(), at("2026-03-02T11:59:59.999999Z"));
    let answer = office.record(office.reviewing(), better("M-0", tick), "kim");
    let message = "improvement `M-0` is due at 2026-03-02T11:59:59.999999Z, and was raised at \
                   2026-03-02T12:00:00Z";
    let release = refused(answer, &[("due-before-raised", message)]);
    // Raised late, it may be overdue already.
    let late = by("kim").occurred_at(tick);
    let release = wait(office.desk.record(release, better("M-0", tick), late)).unwrap();
    let progress = |id: &str, status| ImprovementProgress::new(key(id), status);
    let begun = progress("M-1", ImprovementStatus::InProgress);
    let answer = office.record(release, begun, "kim");
    let release = refused(answer, &[("unknown", "there is no improvement `M-1`")]);
    let begun = progress("M-0", ImprovementStatus::InProgress);
    let release = office.recorded(release, begun, "kim");
    let release = office.recorded(release, better("M-0", now), "kim");
    let of = |release: &Release<Review>| {
        let improvement = release.view().improvements[&key("M-0")].clone();
        (improvement.raised.due, improvement.status())
    };
    assert_eq!(of(&release), (now, ImprovementStatus::InProgress));
    let mut dropped = progress("M-0", ImprovementStatus::Dropped);
    let answer = office.record(release, dropped.clone(), "kim");
    let message = "the comment on what is dropped is empty";
    let release = refused(answer, &[("no-reason", message)]);
    dropped.comment = text("the shop is gone");
    let release = office.recorded(release, dropped, "kim");
    let answer = office.record(release, better("M-0", now), "kim");
    let message = "improvement `M-0` is done or dropped already";
    let mut release = refused(answer, &[("already-recorded", message)]);
    for id in 1..1_000 {
        release = office.recorded(release, better(&format!("M-{id}"), now), "kim");
    }
    let message = "the release has 1000 improvements, and can have no more";
    let answer = office.record(release, better("M-1000", now), "kim");
    let release = refused(answer, &[("too-many-improvements", message)]);
    let release = office.recorded(release, better("M-1", now), "kim");
    // What was taken up again is open again.
    let open = progress("M-0", ImprovementStatus::Open);
    let release = office.recorded(release, open, "kim");
    assert_eq!(of(&release), (now, ImprovementStatus::Open));
}

#[test]
fn a_package_has_documentation() {
    let office = office();
    let unit = ReleaseUnit::new(UnitKind::Code, name("2.4.0"), Digest::of(b"code"));
    let bare = ReleasePackage::new([(key("shop"), unit)]).unwrap();
    let answer = office.run(office.developing().start_testing(bare), "ada");
    let message = "the package has no unit of documentation";
    let release = refused(answer, &[("no-documentation", message)]);
    let release = office.done(release.start_testing(package("one")), "ada");
    assert_eq!(release.package(), &package("one"));
}

fn not_tested(content: &str) -> String {
    let digest = package(content).digest().to_string();
    format!("no test ran on the package {}", &digest[..12])
}

#[test]
fn only_tests_of_the_very_package_count() {
    let office = office();
    let message = not_tested("one");
    let nothing = [("not-tested", message.as_str())];
    let release = refused(
        office.run(office.testing().deploy(window()), "ada"),
        &nothing,
    );
    let other = run_of("other", &package("another"), 100, 0);
    let release = office.recorded(release, other, "tom");
    assert_eq!(release.test_report().runs().len(), 0);
    let release = refused(office.run(release.deploy(window()), "ada"), &nothing);
    let release = office.recorded(release, run_of("run", &package("one"), 1, 0), "tom");
    let release = office.done(release.deploy(window()), "ada");
    let Route::Gated { plan, test_report } = release.route() else {
        panic!("{:?}", release.route());
    };
    assert_eq!(plan.early_life_support, Seconds::hours(2));
    assert_eq!(test_report.package(), release.package().digest());
    assert_eq!(test_report.runs().len(), 1);
}

#[test]
fn rework_takes_back_package_and_tests() {
    let office = office();
    let release = office.done(office.tested().rework(text("it is slow")), "tom");
    let view = release.view();
    assert_eq!((view.package, view.test_runs.len()), (None, 0));
    assert_eq!(
        release.plan().early_life_support,
        Seconds::hours(2),
        "the plan stays"
    );
    // The same package has to be tested again: what was tested of it is history.
    let release = office.done(release.start_testing(package("one")), "ada");
    let message = not_tested("one");
    let answer = office.run(release.deploy(window()), "ada");
    let release = refused(answer, &[("not-tested", message.as_str())]);
    let release = office.recorded(release, run_of("run", &package("one"), 1, 0), "tom");
    let _ = office.done(release.deploy(window()), "ada");
}

#[test]
fn planning_anew_takes_back_baseline_and_package() {
    let office = office();
    let release = office.done(office.tested().replan(text("half of it")), "ada");
    let view = release.view();
    assert_eq!(
        (view.package, view.test_runs.len(), view.baselines),
        (None, 0, 1)
    );
    assert!(view.baseline.is_some(), "it is still measured against");
    let answer = office.run(release.start_development(), "ada");
    let release = refused(answer, &[("no-baseline", "the plan is not baselined")]);
    let release = office.recorded(release, Baseline::new(), "ada");
    let _ = office.done(release.start_development(), "ada");
    let _ = office.done(office.developing().replan(text("more")), "ada");
}

#[test]
fn only_an_emergency_is_expedited() {
    let office = office();
    let haste = |release: Release<Plan>| {
        release.expedite(package("hot"), Seconds::hours(1), text("it burns"))
    };
    let on_normal = ("not-an-emergency", "the release is on the normal track");
    let no_manager = ("no-release-manager", "nobody is the release manager");
    let answer = office.run(haste(office.authorised()), "ada");
    let release = refused(answer, &[no_manager, on_normal]);
    let release = refused(
        office.run(haste(office.with_manager(release)), "ada"),
        &[on_normal],
    );
    let emergency = TrackChanged::new(Track::Emergency, text("it burns"));
    let release = office.recorded(release, emergency.clone(), "ada");
    let release = office.done(haste(release), "ada");
    assert_eq!(release.package(), &package("hot"));
    let Route::Expedited { debt } = release.route() else {
        panic!("{:?}", release.route());
    };
    let involved = ["ada", "kim"].map(|id| Actor::from(person(id)));
    assert!(debt.involved.iter().eq(&involved) && !debt.is_paid());
    assert_eq!(debt.since, office.now());

    let release = office.recorded(office.developing(), emergency, "ada");
    let release = release.expedite(package("hot"), Seconds::hours(1), text("it burns"));
    let _ = office.done(release, "ada");
}

// Deployment.

#[test]
fn a_deployment_ends_when_its_attempts_have() {
    let office = office();
    let message = "no deployment attempt on a live environment ended live";
    let not_live = ("not-live", message);
    let answer = office.run(office.deploying().finish_deployment(), "ada");
    let release = refused(answer, &[not_live]);
    let release = office.recorded(release, attempt("first"), "dep");
    let running = ("attempt-running", "attempt `first` is still running");
    let release = refused(
        office.run(release.finish_deployment(), "ada"),
        &[running, not_live],
    );
    let never = AttemptNeverLive::new(key("first"), text("disk full"));
    let release = office.recorded(release, never, "dep");
    let release = refused(office.run(release.finish_deployment(), "ada"), &[not_live]);
    let release = office.recorded(release, attempt("second"), "dep");
    let release = office.recorded(release, went_live("second"), "dep");
    let release = office.recorded(release, attempt("third"), "dep");
    let running = ("attempt-running", "attempt `third` is still running");
    let release = refused(office.run(release.finish_deployment(), "ada"), &[running]);
    let undone = |id| AttemptFinished::new(key(id), AttemptOutcome::BackedOut);
    let release = office.recorded(release, undone("third"), "dep");
    let release = office.recorded(release, undone("second"), "dep");
    let release = refused(office.run(release.finish_deployment(), "ada"), &[not_live]);
    let release = office.recorded(release, attempt("fourth"), "dep");
    office.clock.pass(Seconds::minutes(10));
    let release = office.recorded(release, went_live("fourth"), "dep");
    let live_at = office.now();
    office.clock.pass(Seconds::minutes(10));
    let release = office.done(release.finish_deployment(), "ada");
    assert_eq!(release.view().live_at, Some(live_at));
}

#[test]
fn an_attempt_of_an_earlier_deployment_counts_no_more() {
    let office = office();
    let release = deployed_again(&office, backed_out(&office));
    let message = "no deployment attempt on a live environment ended live";
    let _ = refused(
        office.run(release.finish_deployment(), "ada"),
        &[("not-live", message)],
    );
}

#[test]
fn an_attempt_goes_where_the_phase_allows() {
    let office = office();
    let mut soak = attempt("soak");
    soak.environment = Environment::new("staging").unwrap();
    soak.liveness = Liveness::NotLive;
    let message = "`shop.example` is live, and the release is in Testing";
    let answer = office.record(office.tested(), attempt("early"), "dep");
    let release = refused(answer, &[("wrong-environment", message)]);
    let release = office.recorded(release, soak.clone(), "dep");
    let release = office.recorded(release, went_live("soak"), "dep");
    let release = office.done(release.deploy(window()), "ada");
    let message = "no deployment attempt on a live environment ended live";
    let answer = office.run(release.finish_deployment(), "ada");
    let release = refused(answer, &[("not-live", message)]);
    soak.attempt = key("late soak");
    let message = "`staging` is not live, and the release is in Deployment";
    let _ = refused(
        office.record(release, soak, "dep"),
        &[("wrong-environment", message)],
    );
}

#[test]
fn nothing_is_on_test_before_the_hand_over() {
    let office = office();
    let mut soak = attempt("soak");
    soak.environment = Environment::new("staging").unwrap();
    soak.liveness = Liveness::NotLive;
    let said = |text: &str| by("dep").occurred_at(at(text));
    let before = said("2026-03-02T11:54:59.999999Z");
    let answer = wait(office.desk.record(office.tested(), soak.clone(), before));
    let message = "it is said to have happened at 2026-03-02T11:54:59.999999Z, and the package was handed over at \
                   2026-03-02T12:00:00Z";
    let release = refused(answer, &[("before-the-hand-over", message)]);
    let skewed = said("2026-03-02T11:55:00Z");
    assert!(wait(office.desk.record(release, soak, skewed)).is_ok());
}

#[test]
fn a_deployment_begins_when_it_is_cleared_and_before_its_window_ends() {
    let office = office();
    let said = |text: &str| by("ada").occurred_at(at(text));
    let before = said("2026-03-02T11:54:59.999999Z");
    let answer = wait(office.desk.run(office.tested().deploy(window()), before));
    let message = "the deployment is said to have begun at 2026-03-02T11:54:59.999999Z, before it is cleared at \
                   2026-03-02T12:00:00Z";
    let release = refused(answer, &[("deployed-before-cleared", message)]);
    let over = Interval::new(at("2026-03-02T11:00:00Z"), office.now()).unwrap();
    let message =
        "the deployment window ended at 2026-03-02T12:00:00Z, and it is 2026-03-02T12:00:00Z";
    let release = refused(
        office.run(release.deploy(over), "ada"),
        &[("window-over", message)],
    );
    let ages = Interval::parse("2026-03-02T20:00:00Z", "2036-03-03T20:00:00Z").unwrap();
    let message = "the deployment window, 2026-03-02T20:00:00Z to 2036-03-03T20:00:00Z, is longer than ten years";
    let release = refused(
        office.run(release.deploy(ages), "ada"),
        &[("window-too-long", message)],
    );
    let skewed = said("2026-03-02T11:55:00Z");
    assert!(wait(office.desk.run(release.deploy(window()), skewed)).is_ok());
}

#[test]
fn what_goes_live_waits_for_its_window() {
    let office = office();
    let evening = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z").unwrap();
    let release = office.done(office.tested().deploy(evening), "ada");
    let message = "it is said to have happened at 2026-03-02T12:00:00Z, and the deployment window opens at \
                   2026-03-02T20:00:00Z";
    let early = [("before-the-window", message)];
    let release = refused(office.record(release, attempt("first"), "dep"), &early);
    office.clock.set("2026-03-02T20:00:00Z");
    assert!(office.record(release, attempt("first"), "dep").is_ok());
}

#[test]
fn an_attempt_ends_once_and_after_it_began() {
    let office = office();
    let again = ("already-recorded", "attempt `first` is recorded already");
    let release = office.recorded(office.deploying(), attempt("first"), "dep");
    let release = refused(office.record(release, attempt("first"), "dep"), &[again]);
    let again = ("already-recorded", "attempt `first` has ended already");
    let early = by("dep").occurred_at(at("2026-03-02T11:59:00Z"));
    let answer = wait(office.desk.record(release, went_live("first"), early));
    let message = "attempt `first` began at 2026-03-02T12:00:00Z, after 2026-03-02T11:59:00Z";
    let release = refused(answer, &[("ends-before-it-began", message)]);
    let release = office.recorded(release, went_live("first"), "dep");
    let release = refused(office.record(release, went_live("first"), "dep"), &[again]);
    let never = AttemptNeverLive::new(key("first"), text("no"));
    let release = refused(office.record(release, never, "dep"), &[again]);
    // What is live can still be backed out, once.
    let undone = || AttemptFinished::new(key("first"), AttemptOutcome::BackedOut);
    let release = office.recorded(release, undone(), "dep");
    let _ = refused(office.record(release, undone(), "dep"), &[again]);
}

// Review.

#[test]
fn early_life_support_is_waited_for_or_waived() {
    let office = office();
    let done = |release: Release<Review>| release.complete_review(ReviewOutcome::Successful);
    let message = "early life support runs until 2026-03-02T14:00:00Z";
    let supported = ("early-life-support", message);
    let refusal = office.run(done(office.reviewing()), "ada").unwrap_err();
    let refusal = refusal.refused().unwrap();
    let clears: Vec<_> = refusal
        .decision
        .blockers()
        .map(|one| one.reason.clears_at)
        .collect();
    let over = at("2026-03-02T14:00:00Z");
    assert_eq!(clears, [Some(over)]);
    office.clock.set("2026-03-02T13:59:59.999999Z");
    let release = refused(office.run(done(refusal.release), "ada"), &[supported]);
    office.clock.set("2026-03-02T14:00:00Z");
    let _ = office.done(done(release), "ada");

    office.clock.set("2026-03-02T12:00:00Z");
    let waived = EarlyLifeSupportWaived::new(text("nobody uses it yet"));
    let release = office.recorded(office.reviewing(), waived, "ada");
    let _ = office.done(done(release), "ada");
}

#[test]
fn early_life_support_is_not_waited_for_after_a_back_out() {
    let office = office();
    let release = office.recorded(backed_out(&office), pir(), "ada");
    let release = office.done(release.complete_review(ReviewOutcome::BackedOut), "ada");
    let release = office.done(release.close(ClosureRecord::new()), "ada");
    assert_eq!(ended(&release), Ending::BackedOut);
}

#[test]
fn the_outcome_is_the_one_that_it_had() {
    let office = office();
    let release = office.recorded(backed_out(&office), pir(), "ada");
    let answer = office.run(release.complete_review(ReviewOutcome::WithIssues), "ada");
    let _ = refused(answer, &[("wrong-outcome", "the release was backed out")]);
    let release = office.reviewing();
    office.clock.pass(Seconds::hours(2));
    let answer = office.run(release.complete_review(ReviewOutcome::BackedOut), "ada");
    let mut release = refused(
        answer,
        &[("wrong-outcome", "the release was not backed out")],
    );
    let endings = [
        (ReviewOutcome::Successful, Ending::Completed),
        (ReviewOutcome::WithIssues, Ending::WithIssues),
        (ReviewOutcome::Unsuccessful, Ending::Unsuccessful),
    ];
    for (outcome, ending) in endings {
        let closing = office.done(release.complete_review(outcome), "ada");
        assert_eq!(closing.outcome(), outcome);
        let closed = office.done(closing.close(ClosureRecord::new()), "ada");
        assert_eq!(ended(&closed), ending);
        release = office.reviewing();
        office.clock.pass(Seconds::hours(2));
    }
}

const PIR_OWED: (&str, &str) = (
    "review-owed",
    "a post-implementation review is owed, and none was held",
);

#[test]
fn a_back_out_owes_a_review() {
    let office = office();
    let done = |release: Release<Review>| release.complete_review(ReviewOutcome::BackedOut);
    let release = refused(office.run(done(backed_out(&office)), "ada"), &[PIR_OWED]);
    let release = office.recorded(release, pir(), "ada");
    let _ = office.done(done(release), "ada");
}

#[test]
fn every_back_out_owes_a_review_of_its_own() {
    let office = office();
    let release = office.recorded(backed_out(&office), pir(), "ada");
    let release = deployed_again(&office, release);
    let release = office.done(release.back_out(text("again")), "ada");
    let answer = office.run(release.complete_review(ReviewOutcome::BackedOut), "ada");
    let release = refused(answer, &[PIR_OWED]);
    let release = office.recorded(release, pir(), "ada");
    let _ = office.done(release.complete_review(ReviewOutcome::BackedOut), "ada");
}

const APPROVAL_OWED: (&str, &str) = (
    "approval-owed",
    "a retrospective approval is owed since 2026-03-02T12:00:00Z",
);
const REVIEW_OWED: (&str, &str) = (
    "review-owed",
    "a post-implementation review is owed, and none was held",
);

#[test]
fn an_emergency_is_approved_and_reviewed_afterwards() {
    let office = office();
    let done = |release: Release<Review>| release.complete_review(ReviewOutcome::Successful);
    let release = office.made_live(office.expedited());
    let release = office.done(release.finish_deployment(), "ada");
    office.clock.pass(Seconds::hours(1));
    let release = refused(
        office.run(done(release), "ada"),
        &[APPROVAL_OWED, REVIEW_OWED],
    );
    let release = office.recorded(release, pir(), "ada");
    let release = refused(office.run(done(release), "ada"), &[APPROVAL_OWED]);
    let release = with_authority(&office, release);
    let release = office.recorded(release, approved_afterwards(), "cho");
    let release = office.done(done(release), "ada");
    let Route::Expedited { debt } = release.route() else {
        panic!("{:?}", release.route());
    };
    assert!(debt.is_paid());
    assert_eq!(debt.approved_by, Some(person("cho").into()));
}

#[test]
fn nobody_approves_their_own_emergency() {
    let office = office();
    let mut release = office.made_live(office.expedited());
    // Kim asked for it, ada expedited it, dep deployed it.
    for own in ["kim", "ada", "dep"] {
        let given = RoleGiven::new(person(own), Role::ChangeAuthority);
        release = office.recorded(release, given, "ada");
        let message = format!("`{own}` asked for it or did it, and cannot approve it");
        let answer = office.record(release, approved_afterwards(), own);
        release = refused(answer, &[("own-work", &message)]);
    }
    release = with_authority(&office, release);
    let _ = office.recorded(release, approved_afterwards(), "cho");
}

#[test]
fn whoever_deploys_after_approving_has_not_approved() {
    let office = office();
    let done = |release: Release<Review>| release.complete_review(ReviewOutcome::Successful);
    let release = with_authority(&office, office.expedited());
    let release = office.recorded(release, approved_afterwards(), "cho");
    let release = office.recorded(release, attempt("first"), "dep");
    let release = office.recorded(release, went_live("first"), "cho");
    let release = office.recorded(
        office.done(release.finish_deployment(), "ada"),
        pir(),
        "ada",
    );
    office.clock.pass(Seconds::hours(1));
    let release = refused(office.run(done(release), "ada"), &[APPROVAL_OWED]);
    let message = "`cho` asked for it or did it, and cannot approve it";
    let answer = office.record(release, approved_afterwards(), "cho");
    let release = refused(answer, &[("own-work", message)]);
    let given = RoleGiven::new(person("lou"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "ada");
    let release = office.recorded(release, approved_afterwards(), "lou");
    let _ = office.done(done(release), "ada");
}

#[test]
fn a_later_deployment_involves_nobody_in_an_earlier_debt() {
    let office = office();
    let release = office.done(office.expedited().back_out(text("worse")), "ada");
    let release = deployed_again(&office, release);
    let release = office.recorded(release, attempt("usual"), "eve");
    let involved = &release.view().debts[0].involved;
    assert!(!involved.contains(&person("eve").into()), "{involved:?}");
}

#[test]
fn an_unauthorised_change_is_approved_and_reviewed_afterwards() {
    let office = office();
    let done = |release: Release<Review>| release.complete_review(ReviewOutcome::WithIssues);
    let answer = office.run(done(office.unauthorised()), "ada");
    // Live since eight, supported until nine, found at noon.
    let release = refused(answer, &[APPROVAL_OWED, REVIEW_OWED]);
    assert_eq!(release.package(), &package("found"));
    let Route::Unauthorised { debt } = release.route() else {
        panic!("{:?}", release.route());
    };
    assert!(!debt.is_paid());
    let release = with_authority(&office, release);
    let release = office.recorded(release, approved_afterwards(), "cho");
    let release = office.recorded(release, pir(), "fay");
    let release = office.done(done(release), "ada");
    assert!(matches!(release.route(), Route::Unauthorised { debt } if debt.is_paid()));
}

#[test]
fn a_debt_is_paid_once() {
    let office = office();
    let nothing = ("nothing-owed", "no retrospective approval is owed");
    let release = with_authority(&office, office.deploying());
    let _ = refused(
        office.record(release, approved_afterwards(), "cho"),
        &[nothing],
    );
    let release = with_authority(&office, office.expedited());
    let release = office.recorded(release, approved_afterwards(), "cho");
    let _ = refused(
        office.record(release, approved_afterwards(), "cho"),
        &[nothing],
    );
}

// Ends.

#[test]
fn a_cancelled_release_was_never_live_or_is_backed_out() {
    let office = office();
    let why = || text("nobody needs it");
    let release = office.done(office.requested().cancel(why()), "kim");
    assert_eq!(ended(&release), Ending::Cancelled);
    let release = office.done(office.tested().cancel(why()), "kim");
    assert_eq!(ended(&release), Ending::Cancelled);
    let release = office.done(office.requested().reject(why()), "cho");
    assert_eq!(ended(&release), Ending::Rejected);

    let release = office.done(backed_out(&office).replan(why()), "ada");
    let release = office.done(release.cancel(why()), "ada");
    assert_eq!(ended(&release), Ending::BackedOut);
    // Its review is owed still, and can be held.
    let release = office.recorded(release, pir(), "ada");
    assert_eq!(ended(&release), Ending::BackedOut);
}

#[test]
fn what_was_backed_out_can_be_given_up_though_it_was_an_emergency() {
    let office = office();
    let release = office.done(office.expedited().back_out(text("worse")), "ada");
    let release = office.done(release.replan(text("think again")), "ada");
    let answer = office.run(release.cancel(text("never mind")), "ada");
    let release = refused(answer, &[APPROVAL_OWED]);
    let release = with_authority(&office, release);
    let release = office.recorded(release, approved_afterwards(), "cho");
    let release = office.done(release.cancel(text("never mind")), "ada");
    assert_eq!(ended(&release), Ending::BackedOut);
    let release = office.recorded(release, pir(), "ada");
    assert!(release.view().debts[0].is_paid());
}

#[test]
fn a_release_that_is_live_is_not_planned_anew() {
    let office = office();
    let live = ("not-backed-out", "the release is live");
    let _ = refused(
        office.run(office.reviewing().replan(text("more")), "ada"),
        &[live],
    );
    let answer = office.run(office.unauthorised().replan(text("more")), "ada");
    let _ = refused(answer, &[live]);
    let release = office.done(backed_out(&office).replan(text("more")), "ada");
    assert_eq!(release.view().live_at, None);
}

#[test]
fn nothing_closes_with_an_open_task() {
    let office = office();
    let mut owned = TaskOpened::new(key("T-1"), name("switch the old one off"));
    owned.owner = Some(person("ops"));
    let release = office.recorded(office.closing(), owned, "ada");
    let unowned = TaskOpened::new(key("T-2"), name("tell the shops"));
    let release = office.recorded(release, unowned, "ada");
    let one = (
        "open-task",
        "task `T-1` of ops is open: switch the old one off",
    );
    let other = ("open-task", "task `T-2` of nobody is open: tell the shops");
    let answer = office.run(release.close(ClosureRecord::new()), "ada");
    let release = refused(answer, &[one, other]);
    let release = office.recorded(release, TaskDone::new(key("T-1")), "ops");
    let answer = office.run(release.close(ClosureRecord::new()), "ada");
    let release = refused(answer, &[other]);
    let release = office.recorded(release, TaskDone::new(key("T-2")), "ops");
    let release = office.done(release.close(ClosureRecord::new()), "ada");
    assert_eq!(ended(&release), Ending::Completed);
}

#[test]
fn a_task_that_is_done_stays_done() {
    let office = office();
    let task = |what| TaskOpened::new(key("T-1"), name(what));
    let release = office.recorded(office.requested(), task("one thing"), "kim");
    let release = office.recorded(release, task("another thing"), "kim");
    let release = office.recorded(release, TaskDone::new(key("T-1")), "kim");
    let done = ("already-recorded", "task `T-1` is done already");
    let release = refused(office.record(release, task("once more"), "kim"), &[done]);
    assert!(release.view().open_tasks.is_empty());
}

// People.

#[test]
fn the_release_manager_hands_over() {
    let office = office();
    let relieved = |who| RoleRelieved::new(person(who), Role::ReleaseManager);
    let needed = "a release keeps its release manager once it is under way";
    let needed = ("no-release-manager", needed);
    let answer = office.record(office.developing(), relieved("ada"), "ada");
    let release = refused(answer, &[needed]);
    let given = RoleGiven::new(person("bob"), Role::ReleaseManager);
    let release = office.recorded(release, given, "ada");
    let holders: Vec<_> = release.holders(&Role::ReleaseManager).collect();
    assert_eq!(holders, [&person("bob")], "exactly one");
    let unknown = ("unknown", "`ada` is not release_manager");
    let _ = refused(
        office.record(release, relieved("ada"), "ada"),
        &[unknown, needed],
    );
    // In Plan the place may be empty for a while; nobody leaves Plan so.
    let release = office.recorded(office.planned(), relieved("ada"), "ada");
    let nobody = ("no-release-manager", "nobody is the release manager");
    let _ = refused(office.run(release.start_development(), "ada"), &[nobody]);
    // Of other roles there are as many as one likes.
    let release = with_authority(&office, office.requested());
    let given = RoleGiven::new(person("lou"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "kim");
    assert_eq!(release.holders(&Role::ChangeAuthority).count(), 2);
}

/// All that a hold may not change.
fn kept(view: &phasegate::release::ReleaseView) -> serde_json::Value {
    let mut view = serde_json::to_value(view).unwrap();
    for moved in ["version", "standing", "updated_at"] {
        view.as_object_mut().unwrap().remove(moved).unwrap();
    }
    view
}

#[test]
fn a_hold_keeps_everything() {
    let office = office();
    let release = with_authority(&office, office.tested());
    let subject = office.desk.subject(&release, Deploy::new(window()));
    let before = release.view();
    let held = office.done(release.hold(text("a freeze")), "ada");
    assert_eq!(kept(&held.view()), kept(&before));
    let no_step = (
        "no-such-step",
        "a release in Testing (on hold) has no step deploy",
    );
    let answer = office.run(held.anywhere().propose(Deploy::new(window())), "ada");
    let held = refused(answer, &[no_step]);
    let held: Release<phasegate::phase::OnHold<Testing>> =
        phasegate::AnyRelease::from(held).in_phase().unwrap();
    let held = office.recorded(held, run_of("late", &package("one"), 5, 0), "tom");
    let release = office.done(held.resume(), "ada");
    assert_eq!(release.test_report().runs().len(), 2, "late results count");
    assert_eq!(
        office.desk.subject(&release, Deploy::new(window())),
        subject,
        "approvals are kept"
    );
    let _ = office.done(release.deploy(window()), "ada");
    let held = office.done(office.requested().hold(text("later")), "kim");
    let release = office.done(held.cancel(text("never")), "kim");
    assert_eq!(ended(&release), Ending::Cancelled);
}

// Steps and records where they do not belong.

#[test]
fn a_step_of_another_phase_is_refused_with_the_way() {
    let office = office();
    let release = office.requested().anywhere();
    let refusal = office
        .run(release.propose(Deploy::new(window())), "kim")
        .unwrap_err();
    let refusal = refusal.refused().unwrap();
    let blocker = refusal.decision.blockers().next().unwrap();
    let way = "`deploy` leaves Testing; from Request: authorise, start_development, start_testing, deploy; on hold, `resume` first";
    assert_eq!(blocker.reason.remedy.as_str(), way);
    let answer = office.run(refusal.release.propose(Deploy::new(window())), "kim");
    let message = "a release in Request has no step deploy";
    let _ = refused(answer, &[("no-such-step", message)]);
}

#[test]
fn a_record_of_another_phase_is_refused_with_its_phases() {
    let office = office();
    let release = office.requested().anywhere();
    let refusal = office.record(release, Baseline::new(), "kim").unwrap_err();
    let refusal = refusal.refused().unwrap();
    let blocker = refusal.decision.blockers().next().unwrap();
    let phases = "it is taken in Plan, Development, Testing";
    assert_eq!(blocker.reason.remedy.as_str(), phases);
    let answer = office.record(refusal.release, Baseline::new(), "kim");
    let message = "a release in Request does not take the record baseline";
    let _ = refused(answer, &[("no-such-record", message)]);
}

#[test]
fn late_facts_never_reopen_a_release() {
    let office = office();
    let release = office.closed();
    let raised = office.now();
    let outage = Outage::new(key("O-1"), raised);
    let release = office.recorded(release, outage, "ops");
    let incident = IncidentLinked::new(key("I-1"), Severity::Critical, raised);
    let release = office.recorded(release, incident, "ops");
    let release = office.recorded(release, IncidentRestored::new(key("I-1")), "ops");
    let release = office.recorded(release, note("late"), "ops");
    let correction = Correction::new(Version::new(1), text("it was lou"));
    let release = office.recorded(release, correction, "ops");
    let release = office.recorded(release, pir(), "ada");
    assert_eq!(release.standing().phase, PhaseName::Closed);
    assert_eq!(ended(&release), Ending::Completed);
    let answer = office.record(
        release.anywhere(),
        TaskOpened::new(key("T-1"), name("late")),
        "ops",
    );
    let message = "a release in Closed does not take the record task_opened";
    let release = refused(answer, &[("no-such-record", message)]);
    let answer = office.run(release.propose(StartDevelopment::new()), "ops");
    let message = "a release in Closed has no step start_development";
    let release = refused(answer, &[("no-such-step", message)]);
    assert!(release.standing() == Standing::ALL[12] && Standing::ALL[12].next().count() == 0);
}

// Words.

#[test]
fn a_reason_is_not_empty() {
    fn is<T, P, Q>(answer: Result<Release<Q>, RunError<T, P>>, what: &str) -> Release<P> {
        refused(answer, &[("no-reason", &format!("the {what} is empty"))])
    }
    let office = office();
    let blank = || text(" \n\t");
    let _ = is(
        office.run(office.requested().reject(blank()), "cho"),
        "reason of the rejection",
    );
    let release = is(
        office.run(office.requested().hold(blank()), "cho"),
        "reason of the hold",
    );
    let cancelled = office.run(release.cancel(blank()), "cho");
    let release = is(cancelled, "reason of the cancellation");
    let track = TrackChanged::new(Track::Emergency, blank());
    let _ = is(
        office.record(release, track, "cho"),
        "reason of the new track",
    );
    let release = is(
        office.run(office.tested().rework(blank()), "ada"),
        "reason of the rework",
    );
    let _ = is(
        office.run(release.replan(blank()), "ada"),
        "reason of the new plan",
    );
    let release = office.recorded(
        office.planned(),
        TrackChanged::new(Track::Emergency, text("it burns")),
        "ada",
    );
    let expedite = release.expedite(package("hot"), Seconds::hours(1), blank());
    let _ = is(office.run(expedite, "ada"), "reason of the haste");
    let release = office.deploying();
    let _ = is(
        office.run(release.back_out(blank()), "ada"),
        "reason of the back-out",
    );
    let waived = EarlyLifeSupportWaived::new(blank());
    let _ = is(
        office.record(office.reviewing(), waived, "ada"),
        "reason of the waiver",
    );
    let release = office.requested();
    let release = is(office.record(release, note(" "), "kim"), "text of the note");
    let correction = Correction::new(Version::new(1), blank());
    let release = is(
        office.record(release, correction, "kim"),
        "text of the correction",
    );
    let release = with_authority(&office, release);
    let answer = office.record(release, overriding(blank()), "cho");
    let release = is(answer, "reason of the override");
    let mut approval = approving(&release, "cho");
    approval.answer = Answer::Rejected;
    let _ = is(
        office.record(release, approval, "cho"),
        "comment of the rejection",
    );
    let release = with_authority(&office, office.expedited());
    let approval = RetrospectiveApproval::new(Role::ChangeAuthority, blank());
    let answer = office.record(release, approval, "cho");
    let _ = is(answer, "comment of the retrospective approval");
}

fn overriding(why: Text) -> OverrideGranted {
    OverrideGranted::new(
        key("W-1"),
        phasegate::phase::Action::Authorise,
        key("freeze"),
        key("frozen"),
        Role::ChangeAuthority,
        why,
        at("2026-03-02T13:00:00Z"),
    )
}

fn approving<P>(release: &Release<P>, _as: &str) -> Approval {
    let step = StartDevelopment::new();
    let subject = GateSet::new().subject(release, step);
    let action = phasegate::phase::Action::StartDevelopment;
    Approval::new(action, subject, Role::ChangeAuthority, Answer::Approved)
}

#[test]
fn only_people_in_their_role_answer() {
    let office = office();
    let not = |who: &str| ("not-in-role", format!("`{who}` is not change_authority"));
    let why = || text("it is urgent");
    let mut release = office.expedited();
    let (code, message) = not("cho");
    let wanted = [(code, message.as_str())];
    release = refused(
        office.record(release, approved_afterwards(), "cho"),
        &wanted,
    );
    release = refused(office.record(release, overriding(why()), "cho"), &wanted);
    let approval = approving(&release, "cho");
    release = refused(office.record(release, approval.clone(), "cho"), &wanted);
    // Who stands in for somebody counts as that one.
    let mut stand_in = approval.clone();
    stand_in.on_behalf_of = Some(person("cho"));
    let undelegated = (
        "not-delegated",
        "`cho` does not let `lou` answer as change_authority",
    );
    let both = [wanted[0], undelegated];
    release = refused(office.record(release, stand_in.clone(), "lou"), &both);
    release = with_authority(&office, release);
    release = refused(
        office.record(release, stand_in.clone(), "lou"),
        &[undelegated],
    );
    let delegated = Delegated::new(Role::ChangeAuthority, person("lou"));
    release = office.recorded(release, delegated, "cho");
    release = office.recorded(release, stand_in.clone(), "lou");
    release = office.recorded(release, approval.clone(), "cho");
    let in_person = ("answered-in-person", "`cho` has answered this in person");
    release = refused(office.record(release, stand_in, "lou"), &[in_person]);

    let bot = || By::new(Actor::System(key("pipeline")));
    let message = "`pipeline (system)` is not a person";
    let robot = [("not-a-person", message)];
    release = refused(wait(office.desk.record(release, approval, bot())), &robot);
    release = refused(
        wait(office.desk.record(release, approved_afterwards(), bot())),
        &robot,
    );
    let _ = refused(
        wait(office.desk.record(release, overriding(why()), bot())),
        &robot,
    );
}

#[test]
fn a_delegation_ends_when_it_says_and_with_the_role() {
    let office = office();
    let release = with_authority(&office, office.requested());
    let standing_in = |release: &Release<_>| {
        let mut approval = approving(release, "cho");
        approval.on_behalf_of = Some(person("cho"));
        approval
    };
    let no_more = [(
        "not-delegated",
        "`cho` does not let `lou` answer as change_authority",
    )];
    let to = |who: &str| Delegated::new(Role::ChangeAuthority, person(who));
    let own = ("own-delegate", "`cho` cannot stand in for themselves");
    let release = refused(office.record(release, to("cho"), "cho"), &[own]);
    let not = ("not-in-role", "`lou` is not change_authority");
    let release = refused(office.record(release, to("tom"), "lou"), &[not]);

    let mut for_an_hour = to("lou");
    for_an_hour.until = Some(at("2026-03-02T13:00:00Z"));
    let release = office.recorded(release, for_an_hour, "cho");
    office.clock.set("2026-03-02T12:59:59Z");
    let approval = standing_in(&release);
    let release = office.recorded(release, approval.clone(), "lou");
    office.clock.set("2026-03-02T13:00:00Z");
    let release = refused(office.record(release, approval.clone(), "lou"), &no_more);

    let release = office.recorded(release, to("lou"), "cho");
    let ended = DelegationEnded::new(Role::ChangeAuthority, person("lou"));
    let release = office.recorded(release, ended.clone(), "cho");
    let release = refused(office.record(release, approval.clone(), "lou"), &no_more);
    let none = (
        "unknown",
        "`lou` does not stand in for `cho` as change_authority",
    );
    let release = refused(office.record(release, ended, "cho"), &[none]);

    let release = office.recorded(release, to("lou"), "cho");
    let relieved = RoleRelieved::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, relieved, "ada");
    let release = with_authority(&office, release);
    let _ = refused(office.record(release, approval, "lou"), &no_more);
}

#[test]
fn an_answer_is_withdrawn_by_who_gave_it() {
    let office = office();
    let release = with_authority(&office, office.requested());
    let action = phasegate::phase::Action::StartDevelopment;
    let withdrawn = || ApprovalWithdrawn::new(action, Role::ChangeAuthority);
    let none =
        |who: &str| format!("`{who}` has not answered for start_development as change_authority");
    let nothing = none("cho");
    let answer = office.record(release, withdrawn(), "cho");
    let release = refused(answer, &[("unknown", &nothing)]);
    let approval = approving(&release, "cho");
    let release = office.recorded(release, approval, "cho");
    let foreign = none("lou");
    let answer = office.record(release, withdrawn(), "lou");
    let release = refused(answer, &[("unknown", &foreign)]);
    let release = office.recorded(release, withdrawn(), "cho");
    let answer = office.record(release, withdrawn(), "cho");
    let _ = refused(answer, &[("unknown", &nothing)]);
}

#[test]
fn a_log_of_risks_and_issues_closes_what_it_has() {
    let office = office();
    let release = office.requested();
    let answer = office.record(release, RiskClosed::new(key("R-1")), "kim");
    let release = refused(answer, &[("unknown", "there is no risk `R-1`")]);
    let raised = RiskRaised::new(key("R-1"), Severity::Major, text("rain"));
    let release = office.recorded(release, raised, "kim");
    let answer = office.record(release, IssueResolved::new(key("R-1")), "kim");
    let release = refused(answer, &[("unknown", "there is no issue `R-1`")]);
    let release = office.recorded(release, RiskClosed::new(key("R-1")), "kim");
    let raised = IssueRaised::new(key("R-1"), Severity::Major, text("it rains"));
    let release = office.recorded(release, raised, "kim");
    let _ = office.recorded(release, IssueResolved::new(key("R-1")), "kim");
}

#[test]
fn what_does_not_apply_says_why() {
    let office = office();
    let release = office.requested();
    let mut item = ChecklistItem::new(key("on-call"), ChecklistStatus::NotApplicable);
    let empty = ("no-reason", "the comment on what does not apply is empty");
    let release = refused(office.record(release, item.clone(), "kim"), &[empty]);
    item.comment = text("nobody is on call for it");
    let _ = office.recorded(release, item, "kim");
}

#[test]
fn nobody_covers_more_than_all_of_the_code() {
    let office = office();
    let release = office.testing();
    let mut run = run_of("R-1", &package("one"), 5, 0);
    run.coverage_percent = Some(101);
    let more = ("more-than-all", "run `R-1` covers more than 100 percent");
    let release = refused(office.record(release, run.clone(), "tom"), &[more]);
    run.coverage_percent = Some(100);
    let _ = office.recorded(release, run, "tom");
}

#[test]
fn what_was_backed_out_waits_for_a_person() {
    let office = office();
    let again = |release: Release<Deployment>| {
        let release = office.done(release.back_out(text("orders got lost")), "dep");
        let release = office.done(release.replan(text("once more")), "ada");
        let release = office.recorded(release, Baseline::new(), "ada");
        let release = office.done(release.start_development(), "ada");
        let release = office.done(release.start_testing(package("one")), "tom");
        office.recorded(release, run_of("r", &package("one"), 5, 0), "tom")
    };
    let bot = || By::new(Actor::System(key("pipeline")));
    let release = wait(office.desk.run(office.tested().deploy(window()), bot())).unwrap();
    let release = again(release);
    let message = "the release was backed out, and `pipeline (system)` is not a person";
    let answer = wait(office.desk.run(release.deploy(window()), bot()));
    let release = refused(answer, &[("automatic-retry", message)]);
    let release = office.done(release.deploy(window()), "dep");
    let _ = again(release);

    // One attempt that was backed out is enough.
    let release = office.done(office.tested().deploy(window()), "dep");
    let release = office.recorded(release, attempt("A-1"), "pipeline");
    let out = AttemptFinished::new(key("A-1"), AttemptOutcome::BackedOut);
    let release = office.recorded(release, out, "pipeline");
    let answer = wait(office.desk.record(release, attempt("A-2"), bot()));
    let release = refused(answer, &[("automatic-retry", message)]);
    let _ = office.recorded(release, attempt("A-2"), "dep");
}

/// A deployment in two waves; the first is watched for an hour and bears 20 errors in a thousand.
fn in_waves() -> (
    Office<std::sync::Arc<phasegate::MemoryStore>>,
    Release<Deployment>,
) {
    let office = office();
    let release = office.with_manager(office.authorised());
    let plan = ReleasePlan::builder()
        .early_life_support(Seconds::days(1))
        .waves([
            Wave::builder()
                .name(key("canary"))
                .bake(Seconds::hours(1))
                .abort([(key("errors_per_mille"), 20)])
                .build(),
            Wave::new(key("everybody"), Seconds::new(0)),
        ])
        .build();
    let release = office.recorded(release, plan, "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("one")), "tom");
    let release = office.recorded(release, run_of("r", &package("one"), 5, 0), "tom");
    let release = office.done(release.deploy(window()), "dep");
    (office, release)
}

fn wave(name: &str) -> WaveStarted {
    WaveStarted::new(key(name))
}

fn errors(per_mille: i64) -> HealthObserved {
    HealthObserved::builder()
        .wave(key("canary"))
        .health(Health::Healthy)
        .measures([(key("errors_per_mille"), per_mille)])
        .build()
}

#[test]
fn a_wave_starts_when_the_one_before_has_baked_and_is_healthy() {
    let (office, release) = in_waves();
    let next = |release: &Release<Deployment>| release.rollout(office.now()).next;
    let early = ("wave-not-started", "wave `canary` has not started");
    let release = refused(office.record(release, wave("everybody"), "dep"), &[early]);
    let unknown = ("unknown", "there is no wave `fools`");
    let release = refused(office.record(release, wave("fools"), "dep"), &[unknown]);
    let backdated = By::new(person("dep")).occurred_at(at("2026-03-02T11:00:00Z"));
    let message = "it is said to have happened at 2026-03-02T11:00:00Z, and the deployment began at 2026-03-02T12:00:00Z";
    let answer = wait(office.desk.record(release, wave("canary"), backdated));
    let release = refused(answer, &[("before-the-deployment", message)]);
    let unseen = ("unknown", "there is no started wave `canary`");
    let release = refused(office.record(release, errors(1), "dep"), &[unseen]);
    assert_eq!(next(&release), NextMove::StartWave(key("canary")));

    let release = office.recorded(release, wave("canary"), "dep");
    let twice = ("already-recorded", "wave `canary` is recorded already");
    let release = refused(office.record(release, wave("canary"), "dep"), &[twice]);
    let until = at("2026-03-02T13:00:00Z");
    assert_eq!(next(&release), NextMove::Wait { until });
    let baking = (
        "wave-baking",
        "wave `canary` bakes until 2026-03-02T13:00:00Z",
    );
    let unwatched = (
        "wave-not-observed",
        "nobody has said how wave `canary` is doing since it has baked",
    );
    let release = refused(office.record(release, wave("everybody"), "dep"), &[baking]);
    office.clock.set("2026-03-02T13:00:00Z");
    assert_eq!(next(&release), NextMove::Observe(key("canary")));
    let release = refused(
        office.record(release, wave("everybody"), "dep"),
        &[unwatched],
    );
    let release = office.recorded(release, errors(20), "dep");
    assert_eq!(next(&release), NextMove::StartWave(key("everybody")));
    let release = office.recorded(release, wave("everybody"), "dep");
    assert_eq!(next(&release), NextMove::Observe(key("everybody")));
    let healthy = HealthObserved::new(key("everybody"), Health::Healthy);
    let release = office.recorded(release, healthy, "dep");
    assert_eq!(next(&release), NextMove::StartAttempt);
}

#[test]
fn what_cannot_be_told_pauses_and_asks_and_what_failed_is_to_be_backed_out() {
    let (office, release) = in_waves();
    let next = |release: &Release<Deployment>| release.rollout(office.now()).next;
    let go_on = || RolloutContinued::new(text("it was something else"));
    let idle = ("not-paused", "the rollout is not paused");
    let release = refused(office.record(release, go_on(), "ada"), &[idle]);
    let release = office.recorded(release, wave("canary"), "dep");
    office.clock.set("2026-03-02T13:00:00Z");

    // The measure that the plan names was not taken.
    let unmeasured = HealthObserved::new(key("canary"), Health::Healthy);
    let release = office.recorded(release, unmeasured, "dep");
    assert_eq!(next(&release), NextMove::Ask);
    let paused = ("rollout-paused", "the rollout is paused");
    let unhealthy = (
        "wave-inconclusive",
        "it cannot be told how wave `canary` is doing",
    );
    let both = [paused, unhealthy];
    let release = refused(office.record(release, wave("everybody"), "dep"), &both);
    let release = refused(office.record(release, attempt("A-1"), "dep"), &[paused]);
    let robot = ("not-a-person", "`pipeline (system)` is not a person");
    let bot = By::new(Actor::System(key("pipeline")));
    let release = refused(wait(office.desk.record(release, go_on(), bot)), &[robot]);
    let release = office.recorded(release, go_on(), "ada");
    assert_eq!(next(&release), NextMove::StartWave(key("everybody")));

    let release = office.recorded(release, errors(21), "dep");
    assert_eq!(next(&release), NextMove::ProposeBackOut);
    let failed = ("wave-failed", "wave `canary` failed");
    let release = refused(office.record(release, go_on(), "ada"), &[failed]);
    let release = office.recorded(release, errors(3), "dep");
    assert_eq!(next(&release), NextMove::Ask, "a person lets it go on");
    let release = office.recorded(release, go_on(), "ada");
    let release = office.recorded(release, RolloutPaused::new(text("lunch")), "dep");
    assert!(release.rollout(office.now()).is_paused);
    let _ = office.done(release.back_out(text("enough")), "dep");
}

#[test]
fn a_look_that_cannot_tell_pauses_and_says_so_of_its_wave() {
    for (health, measured, state, is_paused) in [
        (Health::Inconclusive, Some(3), WaveState::Inconclusive, true),
        // The measure that the plan names was not taken.
        (Health::Healthy, None, WaveState::Inconclusive, true),
        (Health::Healthy, Some(20), WaveState::Healthy, false),
        (Health::Healthy, Some(21), WaveState::Failed, true),
    ] {
        let (office, release) = in_waves();
        let release = office.recorded(release, wave("canary"), "dep");
        office.clock.set("2026-03-02T13:00:00Z");
        let mut look = HealthObserved::new(key("canary"), health);
        if let Some(per_mille) = measured {
            look.measures = errors(per_mille).measures;
        }
        let release = office.recorded(release, look, "dep");
        let rollout = release.rollout(office.now());
        assert_eq!(
            (rollout.waves[0].state, rollout.is_paused),
            (state, is_paused),
            "{health} at {measured:?}"
        );
        assert_eq!(rollout.waves[1].state, WaveState::NotStarted);
    }
}

#[test]
fn two_waves_of_a_plan_have_two_names() {
    let office = office();
    let twice = ["canary", "canary"].map(|name| Wave::new(key(name), Seconds::new(0)));
    let plan = ReleasePlan::builder()
        .early_life_support(Seconds::new(0))
        .waves(twice)
        .build();
    let same = ("already-recorded", "two waves are called `canary`");
    let _ = refused(office.record(office.requested(), plan, "ada"), &[same]);
}

#[test]
fn an_answer_that_is_over_already_is_refused() {
    let office = office();
    let release = with_authority(&office, office.requested());
    let mut approval = approving(&release, "cho");
    approval.expires = Some(office.now());
    let message = "it ends at 2026-03-02T12:00:00Z, and it is 2026-03-02T12:00:00Z";
    let answer = office.record(release, approval.clone(), "cho");
    let release = refused(answer, &[("expired", message)]);
    approval.expires = Some(at("2026-03-02T12:00:00.000001Z"));
    let release = office.recorded(release, approval, "cho");
    office.clock.set("2026-03-02T13:00:00Z");
    let message = "it ends at 2026-03-02T13:00:00Z, and it is 2026-03-02T13:00:00Z";
    let answer = office.record(release, overriding(text("why not")), "cho");
    let _ = refused(answer, &[("expired", message)]);
}

#[test]
fn nothing_is_recorded_that_refers_to_nothing() {
    fn is<T, P, Q>(answer: Result<Release<Q>, RunError<T, P>>, message: &str) -> Release<P> {
        refused(answer, &[("unknown", message)])
    }
    let office = office();
    let gone = || key("X-1");
    let release = office.deploying();
    let release = is(
        office.record(release, DefectResolved::new(gone()), "tom"),
        "there is no defect `X-1`",
    );
    let answer = office.record(release, went_live("X-1"), "dep");
    let release = is(answer, "there is no deployment attempt `X-1`");
    let never = AttemptNeverLive::new(gone(), text("no"));
    let answer = office.record(release, never, "dep");
    let release = is(answer, "there is no deployment attempt `X-1`");
    let mut incident = IncidentLinked::new(key("I-1"), Severity::Minor, office.now());
    incident.attempt = Some(gone());
    let answer = office.record(release, incident.clone(), "ops");
    let release = is(answer, "there is no deployment attempt `X-1`");
    let restored = || IncidentRestored::new(key("I-1"));
    let answer = office.record(release, restored(), "ops");
    let release = is(answer, "there is no incident `I-1`");
    let release = is(
        office.record(release, TaskDone::new(gone()), "ops"),
        "there is no task `X-1`",
    );
    let corrects = |version| Correction::new(Version::new(version), text("it was lou"));
    let log = release.version().get();
    let message = format!("there is no event at version {}", log + 1);
    let release = is(office.record(release, corrects(log + 1), "kim"), &message);
    let release = is(
        office.record(release, corrects(0), "kim"),
        "there is no event at version 0",
    );
    let relieved = RoleRelieved::new(person("lou"), Role::Tester);
    let release = is(
        office.record(release, relieved, "ada"),
        "`lou` is not tester",
    );
    let result = CriterionResult::new(gone(), CriterionOutcome::Met);
    let answer = office.record(office.reviewing(), result, "ada");
    let _ = is(answer, "there is no success criterion `X-1`");

    // And what is there can be referred to.
    let release = office.recorded(release, corrects(log), "kim");
    let release = office.recorded(release, attempt("X-1"), "dep");
    let release = office.recorded(release, incident, "ops");
    let release = office.recorded(release, restored(), "ops");
    let release = office.recorded(release, DefectFound::new(gone(), Severity::Minor), "tom");
    let release = office.recorded(release, DefectResolved::new(gone()), "tom");
    let again = ("already-recorded", "override `W-1` is recorded already");
    let release = with_authority(&office, release);
    let release = office.recorded(release, overriding(text("it is urgent")), "cho");
    let answer = office.record(release, overriding(text("once more")), "cho");
    let _ = refused(answer, &[again]);
}

// Time.

#[test]
fn nothing_ends_before_it_began() {
    let office = office();
    let mut outage = Outage::new(key("O-1"), at("2026-03-02T11:00:00Z"));
    outage.ended = Some(at("2026-03-02T10:59:59Z"));
    let message = "outage `O-1` began at 2026-03-02T11:00:00Z, after 2026-03-02T10:59:59Z";
    let answer = office.record(office.deploying(), outage.clone(), "ops");
    let release = refused(answer, &[("ends-before-it-began", message)]);
    outage.ended = Some(outage.began); // status pages have outages of no length
    let release = office.recorded(release, outage, "ops");
    let raised = at("2026-03-02T11:30:00Z");
    let incident = IncidentLinked::new(key("I-1"), Severity::Minor, raised);
    let release = office.recorded(release, incident, "ops");
    let early = by("ops").occurred_at(at("2026-03-02T11:29:59Z"));
    let restored = || IncidentRestored::new(key("I-1"));
    let message = "incident `I-1` began at 2026-03-02T11:30:00Z, after 2026-03-02T11:29:59Z";
    let answer = wait(office.desk.record(release, restored(), early));
    let release = refused(answer, &[("ends-before-it-began", message)]);
    let then = by("ops").occurred_at(raised);
    let _ = wait(office.desk.record(release, restored(), then)).unwrap();
}

#[test]
fn nothing_has_happened_in_the_future() {
    fn later<T, P, Q>(answer: Result<Release<Q>, RunError<T, P>>, verb: &str) -> Release<P> {
        let message = format!(
            "it is said to {verb} 2026-03-02T12:05:00.000001Z, and it is 2026-03-02T12:00:00Z"
        );
        refused(answer, &[("in-the-future", &message)])
    }
    let office = office();
    let (ahead, skewed) = (
        at("2026-03-02T12:05:00.000001Z"),
        at("2026-03-02T12:05:00Z"),
    );
    let found = |since| {
        let found =
            FindUnauthorised::new(titled("Found"), package("found"), since, Seconds::hours(1));
        office.desk.find_unauthorised(found)
    };
    let _ = later(office.run(found(ahead), "fay"), "be live since");
    let _ = office.done(found(skewed), "fay");
    let reached = |at| {
        let reached = MilestoneReached::new(key("beta"));
        (reached, by("kim").occurred_at(at))
    };
    let (record, when) = reached(ahead);
    let answer = wait(office.desk.record(office.requested(), record, when));
    let mut release = later(answer, "have happened at");
    for fine in [
        skewed,
        at("2020-01-01T00:00:00Z"),
        at("1970-01-01T00:00:00Z"),
    ] {
        let (record, when) = reached(fine);
        release = wait(office.desk.record(release, record, when)).unwrap();
        assert_eq!(release.view().milestones[&key("beta")], fine);
    }
    let linked = |at| IncidentLinked::new(key("I-1"), Severity::Minor, at);
    let answer = office.record(office.deploying(), linked(ahead), "ops");
    let release = later(answer, "have been raised at");
    let release = office.recorded(release, linked(skewed), "ops");
    let change = |at| CodeChange::new(key("c1"), at);
    let answer = office.record(release, change(ahead), "ops");
    let release = later(answer, "have been committed at");
    let release = office.recorded(release, change(skewed), "ops");
    let outage = |began, ended| {
        let mut outage = Outage::new(key("O-1"), began);
        outage.ended = ended;
        outage
    };
    let answer = office.record(release, outage(ahead, None), "ops");
    let release = later(answer, "have begun at");
    let answer = office.record(release, outage(skewed, Some(ahead)), "ops");
    let release = later(answer, "have ended at");
    let _ = office.recorded(release, outage(office.now(), Some(skewed)), "ops");
}

// Other releases.

#[test]
fn no_release_hangs_on_itself() {
    let office = office();
    let release = office.requested();
    let own = release.id();
    let around = |what: &str, other: ReleaseId, way: &str| {
        format!("as its {what}, release `{other}` would close a cycle: `{own}`, {way}`{own}`")
    };
    let itself = |what: &str| around(what, own, "");
    let child = itself("child");
    let answer = office.record(release, ChildAttached::new(own), "kim");
    let release = refused(answer, &[("cycle", &child)]);
    let parent = itself("parent");
    let answer = office.record(release, ParentDeclared::new(own), "kim");
    let release = refused(answer, &[("cycle", &parent)]);
    let dependency = itself("dependency");
    let waits = DependencyDeclared::new(own, PhaseName::Review);
    let release = refused(
        office.record(release, waits, "kim"),
        &[("cycle", &dependency)],
    );
    let other = |n: u64| id(1_000 + n);
    let both = |other, what| around(what, other, &format!("`{other}`, "));
    let release = office.recorded(release, ChildAttached::new(other(1)), "kim");
    let message = both(other(1), "parent");
    let answer = office.record(release, ParentDeclared::new(other(1)), "kim");
    let release = refused(answer, &[("cycle", &message)]);
    let whole = Release::request(tenant("default"), other(2), titled("Train 7"));
    let whole = office.done(whole, "kim");
    let _ = office.recorded(whole, ChildAttached::new(own), "kim");
    let release = office.recorded(release, ParentDeclared::new(other(2)), "kim");
    let message = both(other(2), "child");
    let answer = office.record(release, ChildAttached::new(other(2)), "kim");
    let release = refused(answer, &[("cycle", &message)]);
    let waits = DependencyDeclared::new(other(3), PhaseName::Review);
    let view = office.recorded(release, waits, "kim").view();
    assert_eq!(view.parent, Some(other(2)));
    assert!(view.children.contains(&other(1)) && view.dependencies.contains_key(&other(3)));

    let mut own_part = titled("Its own part");
    own_part.parent = Some(id(77));
    let answer = office.run(
        Release::request(tenant("default"), id(77), own_part.clone()),
        "kim",
    );
    let (seventy, nobody) = (
        id(77),
        format!("release `{}` has not attached `{0}`", id(77)),
    );
    let message =
        format!("as its parent, release `{seventy}` would close a cycle: `{seventy}`, `{seventy}`");
    let wanted = [("cycle", message.as_str()), ("not-attached", &nobody)];
    let _ = refused(answer, &wanted);
    let found = FindUnauthorised::new(own_part, package("found"), office.now(), Seconds::hours(1));
    let found = Release::find_unauthorised(tenant("default"), id(77), found);
    let _ = refused(office.run(found, "fay"), &wanted);
}

#[test]
fn a_release_is_part_of_one_other_which_says_so() {
    let office = office();
    let (one, another) = (office.requested(), office.requested());
    let part = office.requested();
    let not_attached = format!("release `{}` has not attached `{}`", one.id(), part.id());
    let answer = office.record(part, ParentDeclared::new(one.id()), "kim");
    let part = refused(answer, &[("not-attached", &not_attached)]);
    let one = office.recorded(one, ChildAttached::new(part.id()), "kim");
    let another = office.recorded(another, ChildAttached::new(part.id()), "kim");
    let part = office.recorded(part, ParentDeclared::new(one.id()), "kim");

    let has_parent = format!("release `{}` is part of `{}` already", part.id(), one.id());
    let answer = office.record(part, ParentDeclared::new(another.id()), "kim");
    let part = refused(answer, &[("has-parent", &has_parent)]);
    let answer = office.record(another, ChildAttached::new(part.id()), "kim");
    let _ = refused(answer, &[("has-parent", &has_parent)]);
    let one = office.recorded(one, ChildAttached::new(part.id()), "kim");
    assert_eq!(one.view().children.len(), 1);
    assert_eq!(part.view().parent, Some(one.id()));
}

#[test]
fn a_release_has_so_many_parts_and_waits_for_so_many() {
    let office = office();
    let mut release = office.requested();
    for n in 0..50 {
        release = office.recorded(release, ChildAttached::new(id(1_000 + n)), "kim");
    }
    let full = "the release has 50 children, and can have no more";
    let answer = office.record(release, ChildAttached::new(id(2_000)), "kim");
    let mut release = refused(answer, &[("too-many-children", full)]);
    release = office.recorded(release, ChildAttached::new(id(1_000)), "kim");
    let waits = |n| DependencyDeclared::new(id(n), PhaseName::Review);
    for n in 0..30 {
        release = office.recorded(release, waits(1_000 + n), "kim");
    }
    let full = "the release waits for 30 others, and can wait for no more";
    let answer = office.record(release, waits(2_000), "kim");
    let release = refused(answer, &[("too-many-dependencies", full)]);
    let _ = office.recorded(release, waits(1_000), "kim");
}

#[test]
fn what_leads_too_far_to_be_looked_through_is_refused() {
    let office = office();
    let asked = |n, title: &str| Release::request(tenant("default"), id(n), titled(title));
    let waits = |n| DependencyDeclared::new(id(n), PhaseName::Review);
    // One waits for 20, each of them for 4 more: with itself, 101.
    let mut hub = office.done(asked(1_000, "Hub"), "kim");
    let too_far = format!(
        "as its dependency, release `{}` leads to more than 100 open releases or 1000 in all, \
         too many to see that there is no cycle",
        hub.id()
    );
    for n in 0..20 {
        let mut one = office.done(asked(2_000 + n, "Spoke"), "kim");
        for more in 0..4 {
            one = office.recorded(one, waits(3_000 + 4 * n + more), "kim");
        }
        if n == 19 {
            let release = office.requested();
            let _ = office.recorded(release, waits(1_000), "kim");
        }
        hub = office.recorded(hub, waits(2_000 + n), "kim");
    }
    let answer = office.record(office.requested(), waits(1_000), "kim");
    let _ = refused(answer, &[("too-many-releases", &too_far)]);
}

#[test]
fn only_a_refusal_is_recorded_as_one() {
    let office = office();
    let step = StartDevelopment::new();
    let of = |release: &Release<Request>, step: StartDevelopment| {
        StepRefused::new(
            step.clone(),
            wait(office.desk.explain(release, step, by("kim"))),
        )
    };
    let release = office.requested();
    let real = of(&release, step.clone());
    let planned = office.planned();
    let cleared = wait(office.desk.explain(&planned, step.clone(), by("kim")));
    assert!(cleared.is_cleared());
    let not = ("not-a-refusal", "the decision does not refuse this step");
    let answer = office.record(release, StepRefused::new(step, cleared), "kim");
    let release = refused(answer, &[not]);
    let other_step = StepRefused::new(Deploy::new(window()), real.decision.clone());
    let release = refused(office.record(release, other_step, "kim"), &[not]);
    let _ = office.recorded(release, real, "kim");
}

#[test]
fn an_approval_is_about_the_step_the_plan_and_the_package() {
    let gate = Gate::<Deploy>::new("production", 1).unwrap();
    let gate = gate.require(
        SoakPolicy::new([(Environment::new("staging").unwrap(), Seconds::days(1))]).unwrap(),
    );
    let office = office().with_gates(GateSet::new().with(gate));
    let later = Interval::parse("2026-03-03T12:00:00Z", "2026-03-03T14:00:00Z").unwrap();
    let subject = |release: &Release<Testing>| office.desk.subject(release, Deploy::new(window()));
    let release = office.tested();
    let approved = subject(&release);
    assert_ne!(
        office.desk.subject(&release, Deploy::new(later)),
        approved,
        "another window"
    );
    assert_ne!(
        office.desk.subject(&release, StartDevelopment::new()),
        approved,
        "another step"
    );
    // What is not its content leaves it as it is.
    let release = office.recorded(release, note("seen"), "kim");
    let release = office.recorded(release, run_of("more", &package("one"), 1, 0), "tom");
    let release = with_authority(&office, release);
    assert_eq!(subject(&release), approved);
    // An override that the step could use is content, another one is not.
    let mut granted = overriding(text("it is urgent"));
    let release = office.recorded(release, granted.clone(), "cho");
    assert_eq!(subject(&release), approved);
    granted.id = key("W-2");
    granted.step = phasegate::phase::Action::Deploy;
    granted.policy = key("soak");
    let release = office.recorded(release, granted, "cho");
    let overridden = subject(&release);
    assert_ne!(overridden, approved, "an override");
    let release = office.recorded(release, ReleasePlan::new(Seconds::hours(3)), "ada");
    let planned = subject(&release);
    assert_ne!(planned, overridden, "another plan");
    let release = office.done(release.rework(text("slow")), "ada");
    let release: Release<Development> = release;
    let release = office.done(release.start_testing(package("two")), "ada");
    assert_ne!(subject(&release), planned, "another package");
    let release = office.done(release.rework(text("it was right")), "ada");
    let release = office.done(release.start_testing(package("one")), "ada");
    assert_eq!(subject(&release), planned, "the same content again");
}

#[test]
fn nothing_is_told_of_a_deployment_that_never_was() {
    let office = office();
    let never = [("never-deployed", "nothing of the release was deployed yet")];
    let outage = || Outage::new(key("O-1"), at("2026-03-02T11:00:00Z"));
    let release = refused(office.record(office.planned(), outage(), "ops"), &never);
    let _ = refused(office.record(release, pir(), "ada"), &never);
    // What was backed out and is planned anew was deployed.
    let release = office.done(office.deploying().back_out(text("it broke")), "dep");
    let release = office.done(release.replan(text("once more")), "ada");
    let release = office.recorded(release, outage(), "ops");
    let _ = office.recorded(release, pir(), "ada");
}

#[test]
fn how_an_attempt_ended_can_be_told_after_the_back_out() {
    let office = office();
    let release = office.recorded(office.deploying(), attempt("first"), "dep");
    let release = office.done(release.back_out(text("it hangs")), "dep");
    let never = AttemptNeverLive::new(key("first"), text("it never answered"));
    let _ = office.recorded(release, never, "dep");
}
