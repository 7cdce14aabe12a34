//! What each built-in policy that needs no calendar refuses, where its edges are, and what time alone changes.

use crate::desk_support::{
    Office, at, by, fact, key, office, package, person, run_of, text, window, worthwhile,
};
use phasegate::gate::{
    BackOutPlanPolicy, BudgetPolicy, ChangeRequestsPolicy, ChecklistPolicy, EvidencePolicy,
    FactPolicy, FactTest, Facts, GateSet, OnStep, OpenIssuesPolicy, Percent, RiskPolicy, RuleOn,
    SoakPolicy, StakeholdersNotifiedPolicy, WavesPolicy,
};
use phasegate::phase::{Action, Deployment, Invalid, Request, Seconds, Testing};
use phasegate::release::step::{Authorise, Deploy, FinishDeployment, StartTesting};
use phasegate::release::{
    AnyStep, AttemptFinished, AttemptNeverLive, AttemptOutcome, AttemptStarted, BackOutPlan,
    Baseline, ChangeRequest, ChangeRequestState, ChecklistItem, ChecklistStatus, CostBooked,
    Currency, Decision, DefectFound, DefectResolved, Digest, Environment, Evidence, Fact,
    FactValue, Grade, Health, HealthObserved, IssueRaised, IssueResolved, Liveness, Money, Name,
    OverrideGranted, ReleasePackage, ReleasePlan, RiskAssessment, RiskClosed, RiskLevel,
    RiskRaised, Role, RolloutContinued, RolloutPaused, Severity, StakeholdersNotified, TestKind,
    TestRun, Wave, WaveStarted,
};
use phasegate::{Gate, Instant, Interval, MemoryStore, Release};
use std::sync::Arc;

pub(crate) type Desk = Office<Arc<MemoryStore>>;

/// A set of one gate with one rule.
pub(crate) fn gated<S: OnStep>(rule: impl RuleOn<S>) -> GateSet {
    GateSet::new().with(Gate::<S>::new("gate", 1).unwrap().require(rule))
}

/// What a gate with this rule decides of the step now.
pub(crate) fn decided<S: OnStep + Into<AnyStep>, P>(
    office: &Desk,
    release: &Release<P>,
    rule: impl RuleOn<S>,
    step: S,
) -> Decision {
    gated(rule).explain(release, step, &office.facts(), &by("dep"))
}

pub(crate) fn intake(
    office: &Desk,
    release: &Release<Request>,
    rule: impl RuleOn<Authorise>,
) -> Decision {
    decided(office, release, rule, Authorise::new(worthwhile()))
}

pub(crate) fn deploying(
    office: &Desk,
    release: &Release<Testing>,
    rule: impl RuleOn<Deploy>,
) -> Decision {
    decided(office, release, rule, Deploy::new(window()))
}

pub(crate) fn codes(decision: &Decision) -> Vec<String> {
    let codes = decision.blockers().map(|one| one.reason.code.to_string());
    codes.collect()
}

#[track_caller]
fn blocked(decision: &Decision, expected: &[&str]) {
    assert_eq!(codes(decision), expected, "{decision}");
}

/// The instants at which time alone can lift what blocks.
fn clearing(decision: &Decision) -> Vec<Option<Instant>> {
    let instants = decision.blockers().map(|one| one.reason.clears_at);
    instants.collect()
}

#[track_caller]
fn told(refused: Result<impl std::fmt::Debug, Invalid>, expected: &str) {
    assert_eq!(refused.unwrap_err().to_string(), expected);
}

fn percent(percent: u8) -> Percent {
    Percent::new(percent).unwrap()
}

// Soak.

pub(crate) fn staging() -> Environment {
    Environment::new("staging").unwrap()
}

fn two_days_of_staging() -> SoakPolicy {
    SoakPolicy::new([(staging(), Seconds::days(2))]).unwrap()
}

/// Puts the package of the release onto staging, where it ends so.
pub(crate) fn staged(
    office: &Desk,
    release: Release<Testing>,
    id: &str,
    outcome: Option<AttemptOutcome>,
) -> Release<Testing> {
    let started = AttemptStarted::new(key(id), staging(), Liveness::NotLive);
    let release = office.recorded(release, started, "dep");
    match outcome {
        Some(outcome) => office.recorded(release, AttemptFinished::new(key(id), outcome), "dep"),
        None => release,
    }
}

pub(crate) const LIVE: Option<AttemptOutcome> = Some(AttemptOutcome::Live);

#[test]
fn a_package_has_soaked_at_the_instant_and_not_before() {
    let office = office();
    let soak = |release: &_| deploying(&office, release, two_days_of_staging());
    let release = office.tested();
    blocked(&soak(&release), &["not-running"]);
    let release = staged(&office, release, "first", None);
    blocked(&soak(&release), &["not-running"]);
    let release = office.recorded(
        release,
        AttemptFinished::new(key("first"), AttemptOutcome::Live),
        "dep",
    );
    let decision = soak(&release);
    blocked(&decision, &["soaking"]);
    assert_eq!(clearing(&decision), [Some(at("2026-03-04T12:00:00Z"))]);
    office.clock.set("2026-03-04T11:59:59.999999Z");
    blocked(&soak(&release), &["soaking"]);
    office.clock.set("2026-03-04T12:00:00Z");
    let decision = soak(&release);
    blocked(&decision, &[]);
    assert_eq!(
        decision.holds_until,
        Some(window().end()),
        "it does not soak less later"
    );
}

#[test]
fn deploying_again_keeps_the_time_and_a_back_out_ends_it() {
    let office = office();
    let soak = |release: &_| deploying(&office, release, two_days_of_staging());
    let release = staged(&office, office.tested(), "first", LIVE);
    office.clock.pass(Seconds::days(1));
    let release = staged(&office, release, "again", LIVE);
    office.clock.pass(Seconds::days(1));
    let never = AttemptNeverLive::new(key("third"), text("the disk was full"));
    let release = staged(&office, release, "third", None);
    let release = office.recorded(release, never, "dep");
    let release = staged(&office, release, "fourth", None);
    blocked(&soak(&release), &[]);
    let elsewhere = Environment::new("uat").unwrap();
    let elsewhere = SoakPolicy::new([(elsewhere, Seconds::new(1))]).unwrap();
    blocked(&deploying(&office, &release, elsewhere), &["not-running"]);
    let back = AttemptFinished::new(key("again"), AttemptOutcome::BackedOut);
    let release = office.recorded(release, back, "dep");
    blocked(&soak(&release), &["backed-out"]);
    // Which of the two came last is not known.
    let release = staged(&office, release, "at-once", LIVE);
    blocked(&soak(&release), &["backed-out"]);
    office.clock.pass(Seconds::days(1));
    let release = staged(&office, release, "fifth", LIVE);
    let decision = soak(&release);
    blocked(&decision, &["soaking"]);
    assert_eq!(clearing(&decision), [Some(at("2026-03-07T12:00:00Z"))]);
}

#[test]
fn a_package_that_another_one_replaced_does_not_run_there() {
    let office = office();
    let soak = |release: &_| deploying(&office, release, two_days_of_staging());
    let repacked = |release: Release<Testing>, content: &str| {
        let release = office.done(release.rework(text("one more fix")), "ada");
        let release = office.done(release.start_testing(package(content)), "ada");
        let run = run_of(content, &package(content), 5, 0);
        office.recorded(release, run, "tom")
    };
    let release = staged(&office, office.tested(), "first", LIVE);
    office.clock.pass(Seconds::days(3));
    let release = repacked(release, "two");
    blocked(&soak(&release), &["not-running"]);
    let release = staged(&office, release, "second", LIVE);
    blocked(&soak(&release), &["soaking"]);
    office.clock.pass(Seconds::days(3));
    blocked(&soak(&release), &[]);
    let release = repacked(release, "one");
    blocked(&soak(&release), &["not-running"]);
}

#[test]
fn a_soak_of_nothing_or_of_no_time_is_refused() {
    told(
        SoakPolicy::new([]),
        "invalid soak policy ``: expected at least one environment in `at_least_seconds`",
    );
    let of = |time| SoakPolicy::new([(staging(), time)]);
    told(
        of(Seconds::new(0)),
        "invalid at_least_seconds `0 seconds`: expected 1 second to 10 years",
    );
    assert!(of(Seconds::days(3_653)).is_ok() && of(Seconds::days(3_654)).is_err());
}

// Evidence.

pub(crate) fn functional(least: u8) -> EvidencePolicy {
    EvidencePolicy::new([(TestKind::Functional, percent(least))])
}

pub(crate) fn run_in(id: &str, place: &str, passed: u32, failed: u32) -> TestRun {
    let mut run = run_of(id, &package("one"), passed, failed);
    run.environment = Environment::new(place).unwrap();
    run
}

#[test]
fn where_environments_are_named_tests_count_in_each() {
    let office = office();
    let places = ["staging", "uat"].map(|place| Environment::new(place).unwrap());
    let policy = functional(90).run_in(TestKind::Functional, places).unwrap();
    let evidence = |release: &_| deploying(&office, release, policy.clone());
    let release = office.recorded(office.testing(), run_in("a", "staging", 99, 1), "tom");
    let decision = evidence(&release);
    blocked(&decision, &["kind-missing"]);
    assert_eq!(
        decision.blockers().next().unwrap().reason.message.as_str(),
        format!(
            "no functional test ran on package {:.12} in `uat`",
            package("one").digest()
        )
    );
    let release = office.recorded(release, run_in("b", "uat", 8, 2), "tom");
    blocked(&evidence(&release), &["pass-ratio"]);
    let elsewhere = run_in("c", "laptop", 0, 1_000);
    let release = office.recorded(release, elsewhere, "tom");
    let release = office.recorded(release, run_in("b", "uat", 9, 1), "tom");
    blocked(&evidence(&release), &[]);
    blocked(
        &deploying(&office, &release, functional(90)),
        &["pass-ratio"],
    );
}

#[test]
fn coverage_is_that_of_the_run_that_covers_most() {
    let office = office();
    let policy = functional(90)
        .covering(TestKind::Functional, percent(80))
        .unwrap();
    let evidence = |release: &_| deploying(&office, release, policy.clone());
    let covering = |id: &str, covered| {
        let mut run = run_in(id, "staging", 10, 0);
        run.coverage_percent = covered;
        run
    };
    let release = office.recorded(office.testing(), covering("a", None), "tom");
    blocked(&evidence(&release), &["coverage-missing"]);
    let release = office.recorded(release, covering("b", Some(79)), "tom");
    blocked(&evidence(&release), &["coverage-low"]);
    let mut skipped = covering("skipped", Some(100));
    skipped.passed = 0;
    let release = office.recorded(release, skipped, "tom");
    blocked(&evidence(&release), &["coverage-low"]);
    let release = office.recorded(release, covering("c", Some(80)), "tom");
    blocked(&evidence(&release), &[]);
    told(
        functional(90).covering(TestKind::Functional, percent(0)),
        "invalid coverage_percent `0`: expected 1 to 100",
    );
}

#[test]
fn a_clearance_lasts_until_the_runs_that_are_left_are_not_enough() {
    let office = office();
    let policy = functional(90).no_older_than(Seconds::days(1)).unwrap();
    let evidence = |release: &_| deploying(&office, release, policy.clone());
    let release = office.recorded(office.testing(), run_in("a", "staging", 10, 0), "tom");
    office.clock.set("2026-03-02T13:00:00Z");
    let release = office.recorded(release, run_in("b", "staging", 9, 1), "tom");
    office.clock.set("2026-03-02T14:00:00Z");
    let release = office.recorded(release, run_in("c", "staging", 8, 2), "tom");
    let decision = evidence(&release);
    blocked(&decision, &[]);
    // Of 27 of 30, 17 of 20 are left then.
    assert_eq!(decision.holds_until, Some(at("2026-03-03T12:00:00Z")));
    office.clock.set("2026-03-03T12:00:00Z");
    blocked(&evidence(&release), &["pass-ratio"]);
    assert_eq!(clearing(&evidence(&release)), [None]);
    office.clock.set("2026-03-03T14:00:00Z");
    let decision = evidence(&release);
    blocked(&decision, &["too-old"]);
    assert_eq!(clearing(&decision), [None], "time does not make it younger");
}

#[test]
fn a_bad_run_that_gets_too_old_no_longer_counts() {
    let office = office();
    let policy = functional(100).no_older_than(Seconds::days(1)).unwrap();
    let evidence = |release: &_| deploying(&office, release, policy.clone());
    let release = office.recorded(office.testing(), run_in("bad", "staging", 0, 5), "tom");
    let release = office.recorded(release, run_in("also", "staging", 5, 0), "tom");
    office.clock.set("2026-03-02T13:00:00Z");
    let release = office.recorded(release, run_in("good", "staging", 5, 0), "tom");
    let decision = evidence(&release);
    blocked(&decision, &["pass-ratio"]);
    assert_eq!(clearing(&decision), [Some(at("2026-03-03T12:00:00Z"))]);
    office.clock.set("2026-03-03T12:00:00Z");
    let decision = evidence(&release);
    blocked(&decision, &[]);
    assert_eq!(decision.holds_until, Some(at("2026-03-03T13:00:00Z")));
}

#[test]
fn runs_of_one_instant_get_too_old_together() {
    let office = office();
    let policy = functional(90).no_older_than(Seconds::days(1)).unwrap();
    let release = office.recorded(office.testing(), run_in("a", "staging", 10, 0), "tom");
    let release = office.recorded(release, run_in("b", "staging", 0, 1), "tom");
    office.clock.set("2026-03-02T13:00:00Z");
    let release = office.recorded(release, run_in("c", "staging", 9, 1), "tom");
    let decision = deploying(&office, &release, policy);
    blocked(&decision, &[]);
    // Without `a` alone too few would have passed, but `b` goes with it.
    assert_eq!(decision.holds_until, Some(at("2026-03-03T13:00:00Z")));
}

#[test]
fn open_defects_count_with_the_worse_ones() {
    let office = office();
    let policy = functional(0).with_open_defects(2, Severity::Minor).unwrap();
    let policy = policy.with_open_defects(0, Severity::Critical).unwrap();
    let evidence = |release: &_| deploying(&office, release, policy.clone());
    let found = |release, id: &str, severity| {
        office.recorded(release, DefectFound::new(key(id), severity), "tom")
    };
    let release = found(office.tested(), "a", Severity::Minor);
    let release = found(release, "b", Severity::Major);
    let release = found(release, "c", Severity::Trivial);
    blocked(&evidence(&release), &[]);
    let release = found(release, "d", Severity::Critical);
    let decision = evidence(&release);
    blocked(&decision, &["open-defects", "open-defects"]);
    let messages: Vec<_> = decision
        .blockers()
        .map(|one| one.reason.message.to_string())
        .collect();
    assert_eq!(
        messages,
        [
            "open defects that are minor or worse: `a`, `b`, `d`, and at most 2 are allowed",
            "open defects that are critical: `d`, and at most 0 are allowed",
        ]
    );
    let release = office.recorded(release, DefectResolved::new(key("d")), "tom");
    blocked(&evidence(&release), &[]);
    told(
        functional(0)
            .with_open_defects(2, Severity::Minor)
            .unwrap()
            .with_open_defects(3, Severity::Major),
        "invalid number of major or worse `3`: expected at most 2, the number of minor or worse",
    );
}

#[test]
fn a_document_about_another_package_proves_nothing_about_this_one() {
    let office = office();
    let policy = functional(0).with_document(key("pentest")).unwrap();
    let evidence = |release: &_| deploying(&office, release, policy.clone());
    let document = |about: Option<&ReleasePackage>| {
        let mut document = Evidence::new(
            key("pentest"),
            Name::new("Penetration test").unwrap(),
            Digest::of(b"report"),
        );
        document.package = about.map(ReleasePackage::digest);
        document
    };
    let release = office.tested();
    blocked(&evidence(&release), &["document-missing"]);
    let release = office.recorded(release, document(Some(&package("two"))), "tom");
    blocked(&evidence(&release), &["document-about-another"]);
    let release = office.recorded(release, document(None), "tom");
    blocked(&evidence(&release), &[]);
    let release = office.recorded(release, document(Some(&package("one"))), "tom");
    blocked(&evidence(&release), &[]);
}

#[test]
fn what_evidence_does_not_require_it_does_not_look_at() {
    told(
        functional(0).covering(TestKind::Security, percent(1)),
        "invalid kind in `coverage_percent` `security`: expected one of the kinds that `required` names",
    );
    told(
        functional(0).run_in(TestKind::Functional, []),
        "invalid list in `environments` ``: expected at least one environment",
    );
    told(
        functional(0).no_older_than(Seconds::new(0)),
        "invalid max_age_seconds `0 seconds`: expected 1 second to 10 years",
    );
}

// Back-out plan.

pub(crate) fn planned(back_out: Option<BackOutPlan>) -> ReleasePlan {
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.back_out = back_out;
    plan
}

pub(crate) fn back_out(rehearsed: Option<&str>) -> BackOutPlan {
    let mut how = BackOutPlan::new(text("Switch the flag off."));
    how.rehearsed = rehearsed.map(at);
    how
}

#[test]
fn a_back_out_has_to_be_planned_and_rehearsed_lately() {
    let office = office();
    let within = || {
        BackOutPlanPolicy::new()
            .rehearsed_within(Seconds::days(30))
            .unwrap()
    };
    let release = office.requested();
    blocked(
        &intake(&office, &release, BackOutPlanPolicy::new()),
        &["no-back-out-plan"],
    );
    let release = office.recorded(release, planned(None), "kim");
    blocked(
        &intake(&office, &release, BackOutPlanPolicy::new()),
        &["no-back-out-plan"],
    );
    let release = office.recorded(release, planned(Some(back_out(None))), "kim");
    blocked(&intake(&office, &release, BackOutPlanPolicy::new()), &[]);
    blocked(&intake(&office, &release, within()), &["not-rehearsed"]);
    let later = planned(Some(back_out(Some("2026-03-05T09:00:00Z"))));
    let release = office.recorded(release, later, "kim");
    let decision = intake(&office, &release, within());
    blocked(&decision, &["not-rehearsed"]);
    assert_eq!(clearing(&decision), [Some(at("2026-03-05T09:00:00Z"))]);
    office.clock.set("2026-03-05T09:00:00Z");
    let decision = intake(&office, &release, within());
    blocked(&decision, &[]);
    assert_eq!(decision.holds_until, Some(at("2026-04-04T09:00:00Z")));
    office.clock.set("2026-04-04T09:00:00Z");
    blocked(
        &intake(&office, &release, within()),
        &["rehearsed-long-ago"],
    );
}

#[test]
fn the_plan_that_was_agreed_counts_and_not_a_later_draft() {
    let office = office();
    let policy = BackOutPlanPolicy::new;
    let step = || StartTesting::new(package("one"));
    let release = office.developing();
    let release = office.recorded(release, planned(Some(back_out(None))), "ada");
    let decision = decided(&office, &release, policy(), step());
    blocked(&decision, &["no-back-out-plan"]);
    let release = office.recorded(release, Baseline::new(), "ada");
    blocked(&decided(&office, &release, policy(), step()), &[]);
    told(
        BackOutPlanPolicy::new().rehearsed_within(Seconds::new(0)),
        "invalid rehearsed_within_seconds `0 seconds`: expected 1 second to 10 years",
    );
}

#[test]
fn what_the_agreed_plan_lacks_is_lifted_by_agreeing_on_another() {
    type Make = fn() -> ReleasePlan;
    let with: [(GateSet, Make, &str); 3] = [
        (
            gated::<StartTesting>(BudgetPolicy::at_most(100).unwrap()),
            || budgeted(1_000),
            "plan one",
        ),
        (
            gated::<StartTesting>(BackOutPlanPolicy::new()),
            || planned(Some(back_out(None))),
            "say so in the `back_out` of the plan",
        ),
        (
            gated::<StartTesting>(StakeholdersNotifiedPolicy::new()),
            || naming(&["ann"]),
            "name in the plan who has to be told",
        ),
    ];
    for (gates, make, remedy) in with {
        let office = office();
        let told = |release: &Release<_>| {
            let step = StartTesting::new(package("one"));
            let decision = gates.explain(release, step, &office.facts(), &by("ada"));
            let mut blockers = decision.blockers();
            blockers.next().map(|one| one.reason.remedy.to_string())
        };
        let release = office.developing();
        let agree = format!("{remedy}; then agree on that plan: record `Baseline`");
        assert_eq!(told(&release), Some(agree.clone()));
        let release = office.recorded(release, planned(None), "ada");
        assert_eq!(told(&release), Some(agree), "another plan that lacks it");
        let release = office.recorded(release, make(), "ada");
        let ready = "record `Baseline`: the latest plan has it, and is not agreed on yet";
        assert_eq!(told(&release).as_deref(), Some(ready));
        let release = office.recorded(release, Baseline::new(), "ada");
        assert_ne!(told(&release).as_deref(), Some(ready));
    }
    let office = office();
    let release = office.made_live(office.deploying());
    let budget = BudgetPolicy::at_most(100).unwrap();
    let decision = decided(&office, &release, budget, FinishDeployment::new());
    assert_eq!(
        decision.blockers().next().unwrap().reason.remedy.as_str(),
        "have it overridden: in Deployment no other plan is agreed on"
    );
}

// Risk, and open risks and issues.

pub(crate) fn assessed(grades: u8) -> RiskAssessment {
    let grade = Grade::new(grades).unwrap();
    RiskAssessment::new(grade, grade, grade, grade, grade)
}

#[test]
fn a_risk_that_nobody_assessed_is_unknown() {
    let office = office();
    let release = office.requested();
    for level in [RiskLevel::Low, RiskLevel::VeryHigh] {
        let decision = intake(&office, &release, RiskPolicy::at_most(level));
        blocked(&decision, &["risk-not-assessed"]);
        let verdict = &decision.findings[0].judgement.verdict;
        assert!(matches!(verdict, phasegate::Verdict::Unknown { .. }));
    }
    let release = office.recorded(release, assessed(3), "kim");
    let risk = |level| codes(&intake(&office, &release, RiskPolicy::at_most(level)));
    assert_eq!(risk(RiskLevel::Low), ["risk-too-high"]);
    assert_eq!(risk(RiskLevel::Medium), [""; 0]);
    assert_eq!(risk(RiskLevel::High), [""; 0]);
    let release = office.recorded(release, assessed(4), "kim");
    let decision = intake(&office, &release, RiskPolicy::at_most(RiskLevel::Medium));
    blocked(&decision, &["risk-too-high"]);
}

#[test]
fn open_risks_and_issues_are_counted_apart_and_name_who_sees_to_them() {
    let office = office();
    let policy = || {
        OpenIssuesPolicy::issues(1, Severity::Minor)
            .and_issues(0, Severity::Major)
            .unwrap()
            .and_risks(0, Severity::Critical)
            .unwrap()
    };
    let log = |release: &_| intake(&office, release, policy());
    let issue = |id: &str, severity, owner: &str| {
        let mut issue = IssueRaised::new(key(id), severity, text("no licence"));
        issue.owner = Some(person(owner));
        issue
    };
    let release = office.recorded(
        office.requested(),
        issue("I-1", Severity::Minor, "tom"),
        "kim",
    );
    let risk = RiskRaised::new(key("R-1"), Severity::Major, text("the fair"));
    let release = office.recorded(release, risk, "kim");
    blocked(&log(&release), &[]);
    let release = office.recorded(release, issue("I-2", Severity::Major, "zoe"), "kim");
    let risk = RiskRaised::new(key("R-2"), Severity::Critical, text("the fair"));
    let release = office.recorded(release, risk, "kim");
    let decision = log(&release);
    blocked(&decision, &["open-issues", "open-issues", "open-risks"]);
    let people: Vec<_> = decision.blockers().map(|one| &one.reason.people).collect();
    assert_eq!(*people[0], [person("tom"), person("zoe")].into());
    assert_eq!(*people[1], [person("zoe")].into());
    assert!(people[2].is_empty());
    let release = office.recorded(release, IssueResolved::new(key("I-2")), "zoe");
    blocked(&log(&release), &["open-risks"]);
    let release = office.recorded(release, RiskClosed::new(key("R-2")), "kim");
    blocked(&log(&release), &[]);
    let watched = OpenIssuesPolicy::risks(0, Severity::Trivial);
    blocked(&intake(&office, &release, watched), &["open-risks"]);
    told(
        OpenIssuesPolicy::risks(0, Severity::Trivial).and_risks(1, Severity::Minor),
        "invalid number of minor or worse `1`: expected at most 0, the number of trivial or worse",
    );
}

// Budget.

pub(crate) fn money(minor_units: i64, currency: &str) -> Money {
    Money::new(minor_units, Currency::new(currency).unwrap())
}

pub(crate) fn budgeted(minor_units: i64) -> ReleasePlan {
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.budget = Some(money(minor_units, "EUR"));
    plan
}

#[test]
fn costs_are_within_the_budget_at_the_share_and_not_above() {
    let office = office();
    let budget = |release: &_, percent| {
        let policy = BudgetPolicy::at_most(percent).unwrap();
        codes(&intake(&office, release, policy))
    };
    let booked = |release, id: &str, amount| {
        office.recorded(
            release,
            CostBooked::new(key(id), money(amount, "EUR")),
            "kim",
        )
    };
    let release = booked(office.requested(), "a", 1_100);
    assert_eq!(budget(&release, 100), ["no-budget"]);
    let release = office.recorded(release, planned(None), "kim");
    assert_eq!(budget(&release, 100), ["no-budget"]);
    let release = office.recorded(release, budgeted(1_000), "kim");
    assert_eq!(budget(&release, 110), [""; 0]);
    assert_eq!(budget(&release, 109), ["over-budget"]);
    let release = booked(release, "credit", -100);
    assert_eq!(budget(&release, 100), [""; 0]);
    assert_eq!(budget(&release, 99), ["over-budget"]);
    let release = booked(booked(release, "b", i64::MAX), "c", i64::MAX);
    assert_eq!(budget(&release, 1_000), ["over-budget"]);
    let release = office.recorded(release, budgeted(i64::MAX), "kim");
    assert_eq!(budget(&release, 200), ["over-budget"], "nothing overflows");
    assert_eq!(budget(&release, 201), [""; 0]);
    for percent in [0, 1_001] {
        let expected = format!("invalid at_most_percent `{percent}`: expected 1 to 1,000");
        told(BudgetPolicy::at_most(percent), &expected);
    }
}

#[test]
fn amounts_of_different_currencies_are_not_added_up_and_no_override_helps() {
    let office = office();
    let policy = || BudgetPolicy::at_most(100).unwrap();
    let release = office.recorded(office.requested(), budgeted(1_000), "kim");
    let dollars = CostBooked::new(key("a"), money(1, "USD"));
    let release = office.recorded(release, dollars, "kim");
    let role = phasegate::release::RoleGiven::new(person("mia"), Role::ChangeAuthority);
    let release = office.recorded(release, role, "cho");
    let granted = OverrideGranted::new(
        key("W-1"),
        Action::Authorise,
        key("budget"),
        key("mixed-currencies"),
        Role::ChangeAuthority,
        text("it has to go out"),
        at("2026-03-09T12:00:00Z"),
    );
    let release = office.recorded(release, granted, "mia");
    let decision = intake(&office, &release, policy());
    blocked(&decision, &["mixed-currencies"]);
    assert_eq!(
        decision.blockers().next().unwrap().to_string(),
        "budget: booking `a` is in USD, and the budget in EUR; book it again in the currency of the budget"
    );
    let verdict = &decision.findings[0].judgement.verdict;
    assert!(matches!(verdict, phasegate::Verdict::Failed { .. }));
}

// Stakeholders.

pub(crate) fn naming(people: &[&str]) -> ReleasePlan {
    let people = people.iter().map(|one| person(one)).collect();
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.stakeholders = phasegate::release::Bounded::new(people).unwrap();
    plan
}

#[test]
fn everybody_whom_the_plan_names_has_to_be_told() {
    let office = office();
    let told = |release: &_| intake(&office, release, StakeholdersNotifiedPolicy::new());
    let release = office.requested();
    blocked(&told(&release), &["no-stakeholders"]);
    let release = office.recorded(release, naming(&[]), "kim");
    blocked(&told(&release), &["no-stakeholders"]);
    let release = office.recorded(release, naming(&["ann", "bob"]), "kim");
    let decision = told(&release);
    blocked(&decision, &["not-told"]);
    assert_eq!(
        decision.blockers().next().unwrap().reason.message.as_str(),
        "not told of the release: `ann`, `bob`"
    );
    let release = office.recorded(release, StakeholdersNotified::new([person("ann")]), "kim");
    blocked(&told(&release), &["not-told"]);
    let others = StakeholdersNotified::new([person("bob"), person("zoe")]);
    let release = office.recorded(release, others, "kim");
    blocked(&told(&release), &[]);
}

#[test]
fn people_are_told_ahead_of_the_step_and_a_reminder_takes_nothing_back() {
    let office = office();
    let ahead = || {
        StakeholdersNotifiedPolicy::new()
            .ahead_by(Seconds::days(1))
            .unwrap()
    };
    let release = office.recorded(office.requested(), naming(&["ann"]), "kim");
    blocked(&intake(&office, &release, ahead()), &["not-told"]);
    let release = office.recorded(release, StakeholdersNotified::new([person("ann")]), "kim");
    let decision = intake(&office, &release, ahead());
    blocked(&decision, &["told-late"]);
    assert_eq!(clearing(&decision), [Some(at("2026-03-03T12:00:00Z"))]);
    office.clock.set("2026-03-03T12:00:00Z");
    blocked(&intake(&office, &release, ahead()), &[]);
    let reminder = StakeholdersNotified::new([person("ann")]);
    let release = office.recorded(release, reminder, "kim");
    blocked(&intake(&office, &release, ahead()), &[]);
}

#[test]
fn people_are_told_ahead_of_the_window_and_anew_of_a_new_plan() {
    let office = office();
    let ahead = || {
        StakeholdersNotifiedPolicy::new()
            .ahead_by(Seconds::days(1))
            .unwrap()
    };
    let release = office.recorded(office.tested(), naming(&["ann"]), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.recorded(release, StakeholdersNotified::new([person("ann")]), "ada");
    let at_noon = |day: &str| {
        let end = format!("2026-03-{day}T14:00:00Z");
        Deploy::new(Interval::parse(&format!("2026-03-{day}T12:00:00Z"), &end).unwrap())
    };
    let decision = decided(&office, &release, ahead(), at_noon("02"));
    blocked(&decision, &["told-late"]);
    assert_eq!(clearing(&decision), [None], "the window does not move");
    assert_eq!(
        decision.blockers().next().unwrap().to_string(),
        "stakeholders-notified: told less than 1 day before the window opens at 2026-03-02T12:00:00Z: `ann`; \
         deploy in a window from 2026-03-03T12:00:00Z on"
    );
    blocked(&decided(&office, &release, ahead(), at_noon("03")), &[]);
    let release = office.done(release.replan(text("another week")), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    let step = StartTesting::new(package("one"));
    let policy = StakeholdersNotifiedPolicy::new();
    blocked(&decided(&office, &release, policy, step), &["not-told"]);
}

// Change requests and checklists.

#[test]
fn every_linked_change_request_has_to_be_in_state() {
    let office = office();
    let policy = |least| {
        let states = [ChangeRequestState::Approved, ChangeRequestState::Scheduled];
        ChangeRequestsPolicy::new(least, states).unwrap()
    };
    let linked = |release, id: &str, state| {
        office.recorded(release, ChangeRequest::new(key(id), state), "kim")
    };
    let release = office.requested();
    blocked(&intake(&office, &release, policy(0)), &[]);
    blocked(
        &intake(&office, &release, policy(1)),
        &["change-request-missing"],
    );
    let release = linked(release, "CHG-1", ChangeRequestState::Approved);
    blocked(&intake(&office, &release, policy(1)), &[]);
    let release = linked(release, "CHG-2", ChangeRequestState::Assessed);
    blocked(
        &intake(&office, &release, policy(0)),
        &["change-request-state"],
    );
    blocked(
        &intake(&office, &release, policy(3)),
        &["change-request-missing", "change-request-state"],
    );
    let release = linked(release, "CHG-2", ChangeRequestState::Scheduled);
    blocked(&intake(&office, &release, policy(2)), &[]);
    told(
        ChangeRequestsPolicy::new(1, []),
        "invalid policy on change requests ``: expected at least one of `states`",
    );
}

#[test]
fn items_are_done_or_do_not_apply_and_what_is_packed_anew_is_checked_anew() {
    let office = office();
    let policy = || ChecklistPolicy::new(["runbook", "on-call"].map(key)).unwrap();
    let seen = |release, item: &str, status| {
        let mut item = ChecklistItem::new(key(item), status);
        item.comment = text("seen by zoe");
        office.recorded(release, item, "zoe")
    };
    let release = seen(office.tested(), "runbook", ChecklistStatus::Open);
    blocked(
        &deploying(&office, &release, policy()),
        &["item-not-seen", "item-open"],
    );
    let release = seen(release, "runbook", ChecklistStatus::Done);
    let release = seen(release, "on-call", ChecklistStatus::NotApplicable);
    blocked(&deploying(&office, &release, policy()), &[]);
    let release = office.done(release.rework(text("one more fix")), "ada");
    let step = StartTesting::new(package("two"));
    let decision = decided(&office, &release, policy(), step);
    blocked(&decision, &["item-not-seen", "item-not-seen"]);
    told(
        ChecklistPolicy::new([]),
        "invalid checklist policy ``: expected at least one of `items`",
    );
}

// Waves.

/// In Deployment, with waves `canary` and `everybody` that are watched for an hour.
pub(crate) fn rolling(office: &Desk) -> Release<Deployment> {
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.waves = ["canary", "everybody"]
        .map(|name| Wave::new(key(name), Seconds::hours(1)))
        .into();
    let release = office.recorded(office.tested(), plan, "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    office.made_live(office.done(release.deploy(window()), "ada"))
}

pub(crate) fn finishing(office: &Desk, release: &Release<Deployment>) -> Decision {
    decided(office, release, WavesPolicy::new(), FinishDeployment::new())
}

#[test]
fn a_rollout_is_finished_when_every_wave_has_baked_and_is_healthy() {
    let office = office();
    let started =
        |release, wave: &str| office.recorded(release, WaveStarted::new(key(wave)), "dep");
    let seen = |release, wave: &str, health| {
        office.recorded(release, HealthObserved::new(key(wave), health), "dep")
    };
    let release = rolling(&office);
    blocked(
        &finishing(&office, &release),
        &["wave-not-started", "wave-not-started"],
    );
    let release = started(release, "canary");
    let decision = finishing(&office, &release);
    blocked(&decision, &["wave-baking", "wave-not-started"]);
    let release = seen(release, "canary", Health::Healthy);
    let decision = finishing(&office, &release);
    blocked(&decision, &["wave-baking", "wave-not-started"]);
    assert_eq!(
        clearing(&decision),
        [None, None],
        "somebody has to look once it has baked"
    );
    office.clock.set("2026-03-02T13:00:00Z");
    let decision = finishing(&office, &release);
    blocked(&decision, &["wave-not-observed", "wave-not-started"]);
    let release = seen(release, "canary", Health::Healthy);
    let release = started(release, "everybody");
    office.clock.set("2026-03-02T14:00:00Z");
    blocked(&finishing(&office, &release), &["wave-not-observed"]);
    let release = seen(release, "everybody", Health::Inconclusive);
    blocked(
        &finishing(&office, &release),
        &["wave-inconclusive", "rollout-paused"],
    );
    let release = seen(release, "everybody", Health::Failed);
    blocked(
        &finishing(&office, &release),
        &["wave-failed", "rollout-paused"],
    );
    let release = seen(release, "everybody", Health::Healthy);
    blocked(&finishing(&office, &release), &["rollout-paused"]);
    let goes_on = RolloutContinued::new(text("it was the monitor"));
    let release = office.recorded(release, goes_on, "dep");
    blocked(&finishing(&office, &release), &[]);
    let release = office.recorded(release, RolloutPaused::new(text("the phones ring")), "dep");
    blocked(&finishing(&office, &release), &["rollout-paused"]);
}

#[test]
fn a_deployment_without_waves_does_not_count_as_one_in_waves() {
    let office = office();
    let release = office.made_live(office.deploying());
    let decision = finishing(&office, &release);
    assert_eq!(
        decision.to_string(),
        "finish_deployment refused\n  \
           waves: the deployment was planned without waves; `back_out`, and plan some; or have it overridden"
    );
    // What is planned now is no plan of this deployment.
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.waves = [Wave::new(key("all"), Seconds::new(0))].into();
    let release = office.recorded(release, plan, "ada");
    blocked(&finishing(&office, &release), &["no-waves"]);
}

// Host facts.

pub(crate) fn knowing_that(
    release: &Release<Request>,
    policy: FactPolicy,
    facts: &Facts,
) -> Decision {
    let step = Authorise::new(worthwhile());
    gated::<Authorise>(policy).explain(release, step, facts, &by("cho"))
}

pub(crate) fn knowing(name: &str, value: FactValue) -> Facts {
    let now = at("2026-03-02T12:00:00Z");
    Facts::at(now).with(key(name), Fact::new(value, now))
}

#[test]
fn a_fact_passes_its_test_or_says_what_it_is() {
    let office = office();
    let release = office.requested();
    let of = |test: &FactTest, value: FactValue| {
        let policy = FactPolicy::new(key("f"), test.clone()).unwrap();
        let facts = knowing("f", value);
        codes(&knowing_that(&release, policy, &facts))
    };
    let number = FactValue::Integer;
    let word = |word: &str| FactValue::Text(text(word));
    let least = FactTest::AtLeast(20);
    assert_eq!(of(&least, number(20)), [""; 0]);
    assert_eq!(of(&least, number(19)), ["fact-too-low"]);
    let most = FactTest::AtMost(-3);
    assert_eq!(of(&most, number(-3)), [""; 0]);
    assert_eq!(of(&most, number(-2)), ["fact-too-high"]);
    let flag = FactTest::Is(true);
    assert_eq!(of(&flag, FactValue::Flag(true)), [""; 0]);
    assert_eq!(of(&flag, FactValue::Flag(false)), ["fact-differs"]);
    let words = FactTest::OneOf([text("green"), text("yellow")].into());
    assert_eq!(of(&words, word("green")), [""; 0]);
    assert_eq!(of(&words, word("red")), ["fact-differs"]);
    for (test, value) in [
        (&least, word("20")),
        (&most, FactValue::Flag(true)),
        (&flag, number(1)),
        (&words, FactValue::Instant(at("2026-03-02T12:00:00Z"))),
    ] {
        assert_eq!(of(test, value), ["fact-of-another-kind"]);
    }
    told(
        FactPolicy::new(key("f"), FactTest::OneOf([].into())),
        "invalid test of fact `f` ``: expected at least one text in `one_of`",
    );
}

#[test]
fn a_fact_that_is_missing_or_over_is_unknown_and_a_clearance_lasts_no_longer_than_it() {
    let office = office();
    let release = office.requested();
    let explain = |facts: &Facts| {
        let policy = FactPolicy::new(key("f"), FactTest::Is(true)).unwrap();
        knowing_that(&release, policy, facts)
    };
    let now = office.now();
    let knows = |read_at| Facts::at(now).with(key("f"), fact(read_at));
    let decision = explain(&Facts::at(now));
    blocked(&decision, &["fact-unknown"]);
    let verdict = &decision.findings[0].judgement.verdict;
    assert!(matches!(verdict, phasegate::Verdict::Unknown { .. }));
    blocked(
        &explain(&knows(now.minus(Seconds::minutes(5)))),
        &["fact-missing"],
    );
    let decision = explain(&knows(now.minus(Seconds::minutes(4))));
    blocked(&decision, &[]);
    assert_eq!(decision.holds_until, Some(now.plus(Seconds::minutes(1))));
}

#[test]
fn a_fact_is_asked_for_by_its_key_alone() {
    let office = office();
    let release = office.requested();
    let policy = FactPolicy::new(key("f"), FactTest::Is(true)).unwrap();
    let facts = knowing("g", FactValue::Flag(true));
    let decision = knowing_that(&release, policy, &facts);
    blocked(&decision, &["fact-unknown"]);
    assert!(decision.facts.is_empty(), "what nobody read is not kept");
}
