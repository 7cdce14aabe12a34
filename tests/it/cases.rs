//! Cases under rules: green where every answer is exactly as expected, and red in every other case.

use crate::desk_support::{at, key, text};
use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, Ask, BackOutPlanPolicy, Duty, EvidencePolicy,
    FactPolicy, FactTest, FreezePolicy, GateSet, Percent, Policies, Quorum, ReleaseModel,
};
use phasegate::phase::{Action, PhaseName, Seconds};
use phasegate::release::step::{CompleteReview, Deploy, Replan, Rework};
use phasegate::release::{
    CodeChange, Enforcement, Note, OverrideGranted, ReviewOutcome, Role, TestKind, Track, Verdict,
};
use phasegate::schedule::Calendar;
use phasegate::testing::{
    Case, Cases, Checked, Expected, Scene, cleared_by, cleared_by_no_gate, not_recorded, recorded,
    refused,
};
use phasegate::{Gate, Interval, Policy};
use serde::{Deserialize, Serialize};

fn evening() -> Deploy {
    Deploy::new(Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z").unwrap())
}

fn approvals(count: u32) -> ApprovalsPolicy {
    let by = [Approver::Role(Role::ChangeAuthority)];
    let rule = ApprovalRule::new(key("authority"), Quorum::Count(count), by).unwrap();
    ApprovalsPolicy::new([rule]).unwrap().not_by(Duty::Builder)
}

fn tested(percent: u8) -> EvidencePolicy {
    EvidencePolicy::new([(TestKind::Functional, Percent::new(percent).unwrap())])
}

fn gate(name: &str) -> Gate<Deploy> {
    Gate::new(name, 1).unwrap()
}

/// Tests and an approval before anything goes live on the normal track.
fn rules() -> GateSet {
    GateSet::new()
        .with(
            gate("production")
                .require(tested(95))
                .on_track(Track::Normal),
        )
        .with(gate("go").require(approvals(1)).on_track(Track::Normal))
}

fn in_testing() -> Scene {
    Scene::in_phase(PhaseName::Testing).person("ann", [Role::ChangeAuthority])
}

fn well_tested() -> Scene {
    in_testing().tested(TestKind::Functional, "staging", 19, 1)
}

fn deploying(scene: Scene, expected: Expected) -> Case {
    Case::named("deploying")
        .given(scene)
        .when("dep", evening())
        .then(expected)
}

fn check(gates: GateSet, case: Case) -> Checked {
    Cases::under(gates).case(case).check()
}

#[track_caller]
fn green(gates: GateSet, case: Case) {
    check(gates, case).assert();
}

/// The lines of what failed, without the whole decision.
fn told(checked: &Checked) -> Vec<String> {
    let told = checked.outline().to_string();
    let lines = told.lines().skip(1);
    let lines = lines.map(|line| {
        line.trim_start_matches(['│', '├', '└', '─', ' '])
            .to_owned()
    });
    let mut is_decision = false;
    let lines = lines.filter(|line| {
        is_decision |= line == "the whole decision";
        is_decision &= !line.starts_with("case ") && !line.ends_with("is not asked");
        !is_decision
    });
    lines.collect()
}

#[track_caller]
fn red(gates: GateSet, case: Case, expected: &[&str]) {
    let checked = check(gates, case);
    assert!(
        !checked.is_passed() && checked.passed() == 0,
        "{}",
        checked.outline()
    );
    let told = told(&checked);
    assert_eq!(told[1..], *expected, "{}", checked.outline());
}

#[test]
fn a_case_is_green_if_its_reasons_are_exactly_those() {
    green(
        rules(),
        deploying(
            in_testing(),
            refused([
                "lifecycle: not-tested",
                "production/evidence: kind-missing",
                "go/approvals: approvals-missing",
            ]),
        ),
    );
    let approved = well_tested().approved_by("ann", Role::ChangeAuthority);
    green(
        rules(),
        deploying(approved, cleared_by(["production", "go"])),
    );
}

#[test]
fn a_reason_too_few_and_one_too_many_are_red() {
    let scene = in_testing().tested(TestKind::Functional, "staging", 1, 1);
    red(
        rules(),
        deploying(scene, refused(["evidence: kind-missing"])),
        &[
            "turn 1",
            "refused, but not exactly as expected",
            "missing: `evidence: kind-missing`",
            "there is `production/evidence: pass-ratio`",
            "not expected: `production/evidence: pass-ratio`: 1 of 2 functional tests passed, and at least 95 % are \
             required; fix what failed, and test the new package",
            "not expected: `go/approvals: approvals-missing`: rule `authority` has 0 of 1 approvals; ask somebody in the \
             role `change_authority` to approve it",
        ],
    );
}

#[test]
fn the_same_reason_twice_is_expected_twice() {
    let gates = || {
        let twice = gate("twice").require(tested(95)).require(tested(99));
        GateSet::new().with(twice)
    };
    let scene = || in_testing().tested(TestKind::Functional, "staging", 1, 1);
    let once = "evidence: pass-ratio";
    green(gates(), deploying(scene(), refused([once, once])));
    let checked = check(gates(), deploying(scene(), refused([once])));
    assert!(told(&checked)[4].starts_with("not expected: `twice/evidence"));
    let checked = check(gates(), deploying(scene(), refused([once, once, once])));
    assert_eq!(told(&checked)[5], "missing: `evidence: pass-ratio`");
}

#[test]
fn reasons_find_their_places_whatever_their_order() {
    // What says less must not take the place of what says more.
    let gates = GateSet::new()
        .with(gate("a").require(tested(95)))
        .with(gate("b").require(tested(95)));
    let scene = in_testing().tested(TestKind::Functional, "staging", 1, 1);
    let (any, a) = ("evidence: pass-ratio", "a/evidence: pass-ratio");
    green(gates.clone(), deploying(scene.clone(), refused([any, a])));
    green(gates, deploying(scene, refused([a, any])));
}

#[test]
fn a_step_that_no_gate_holds_is_not_taken_for_a_clearance() {
    let scene = || well_tested().on_track(Track::Emergency);
    red(
        rules(),
        deploying(scene(), cleared_by(["go"])),
        &[
            "turn 1",
            "cleared, but not exactly as expected",
            "no gate of these rules holds it here: look at its track and its model",
            "missing: the clearance of gate `go`",
        ],
    );
    green(rules(), deploying(scene(), cleared_by_no_gate()));
    let approved = well_tested().approved_by("ann", Role::ChangeAuthority);
    let checked = check(rules(), deploying(approved.clone(), cleared_by_no_gate()));
    assert_eq!(
        told(&checked)[3],
        "not expected: the clearance of gate `production`"
    );
    let checked = check(rules(), deploying(approved, cleared_by(["go"])));
    assert_eq!(
        told(&checked)[3],
        "not expected: the clearance of gate `production`"
    );
}

#[test]
fn cleared_and_refused_are_not_each_other() {
    let approved = || well_tested().approved_by("ann", Role::ChangeAuthority);
    let checked = check(
        rules(),
        deploying(approved(), refused(["evidence: kind-missing"])),
    );
    assert_eq!(told(&checked)[2], "expected: refused, found: cleared");
    let checked = check(
        rules(),
        deploying(well_tested(), cleared_by(["production", "go"])),
    );
    assert_eq!(told(&checked)[2], "expected: cleared, found: refused");
}

#[test]
fn an_override_that_is_used_has_to_be_expected() {
    let granted = OverrideGranted::new(
        key("override-1"),
        Action::Deploy,
        key("evidence"),
        key("pass-ratio"),
        Role::ChangeAuthority,
        text("the tests are being repaired"),
        at("2026-03-03T12:00:00Z"),
    );
    let scene = || {
        in_testing()
            .tested(TestKind::Functional, "staging", 1, 1)
            .recorded("ann", granted.clone())
            .approved_by("ann", Role::ChangeAuthority)
    };
    let gates = ["production", "go"];
    red(
        rules(),
        deploying(scene(), cleared_by(gates)),
        &[
            "turn 1",
            "cleared, but not exactly as expected",
            "not expected: the use of override `override-1`",
        ],
    );
    green(
        rules(),
        deploying(scene(), cleared_by(gates).using(["override-1"])),
    );
    let approved = well_tested().approved_by("ann", Role::ChangeAuthority);
    let checked = check(
        rules(),
        deploying(approved, cleared_by(gates).using(["override-1"])),
    );
    assert_eq!(
        told(&checked)[3],
        "missing: the use of override `override-1`"
    );
}

#[test]
fn what_is_warned_of_has_to_be_expected() {
    let gates = || {
        let warns = gate("production").enforce(tested(99), Enforcement::Warn);
        GateSet::new().with(warns)
    };
    let warned = "evidence: pass-ratio";
    let checked = check(
        gates(),
        deploying(well_tested(), cleared_by(["production"])),
    );
    assert!(
        told(&checked)[3].starts_with("not expected: warning `production/evidence: pass-ratio`")
    );
    green(
        gates(),
        deploying(well_tested(), cleared_by(["production"]).warning([warned])),
    );
    let perfect = in_testing().tested(TestKind::Functional, "staging", 20, 0);
    let checked = check(
        gates(),
        deploying(perfect, cleared_by(["production"]).warning([warned])),
    );
    assert_eq!(told(&checked)[3], "missing: warning `evidence: pass-ratio`");
}

/// A policy that cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Panics {}

impl Policy for Panics {
    type Reads = ();
    const NAME: &'static str = "panics";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        panic!("it always does")
    }
}

#[test]
fn a_policy_that_breaks_in_the_shadow_is_red() {
    let shadow = gate("production").enforce(Panics {}, Enforcement::Shadow);
    let gates = GateSet::new().with(shadow);
    let checked = check(gates, deploying(well_tested(), cleared_by(["production"])));
    assert!(
        told(&checked)[3].starts_with("not evaluated: panics: "),
        "{}",
        checked.outline()
    );
    let warns = gate("production").enforce(Panics {}, Enforcement::Warn);
    let checked = check(
        GateSet::new().with(warns),
        deploying(well_tested(), cleared_by(["production"])),
    );
    assert!(told(&checked)[3].starts_with("not expected: warning `production/panics: "));
}

#[test]
fn an_expectation_that_names_what_the_rules_do_not_have_is_a_mistake() {
    for (expected, mistake) in [
        (
            refused(["gone/evidence: kind-missing"]),
            "these rules have no gate `gone`",
        ),
        (
            refused(["go/evidence: kind-missing"]),
            "gate `go` has no policy `evidence`",
        ),
        (
            refused(["soak: too-short"]),
            "no gate of these rules has a policy `soak`",
        ),
        (
            refused(["lifecycle/soak: too-short"]),
            "these rules have no gate `lifecycle`",
        ),
        (cleared_by(["prod"]), "these rules have no gate `prod`"),
        (
            cleared_by(["go", "production"]).warning(["soak: too-short"]),
            "no gate of these rules has a policy `soak`",
        ),
        (
            refused([""; 0]),
            "what is refused is refused for a reason, and none is expected",
        ),
        (
            cleared_by([""; 0]),
            "a step that is cleared by no gate is said to be `cleared_by_no_gate`",
        ),
        (
            refused(["evidence"]),
            "`evidence` is no reason: expected `policy: code`, or `gate/policy: code of thing, not before instant`",
        ),
        (
            refused(["evidence: a, not before noon"]),
            "`evidence: a, not before noon`: invalid instant `noon`: expected an instant such as \
             `2026-03-02T10:00:00Z` from 1970 to 9999, no finer than a microsecond and no leap second",
        ),
    ] {
        let checked = check(rules(), deploying(well_tested(), expected));
        let told = told(&checked);
        assert_eq!(told[1], "turn 1");
        assert!(told.contains(&format!("mistake: {mistake}")), "{told:#?}");
    }
}

#[test]
fn a_case_that_says_too_little_or_the_wrong_thing_is_red() {
    let when = || {
        Case::named("it")
            .given(well_tested())
            .when("dep", evening())
    };
    for (case, mistake) in [
        (when(), "nothing is expected of the step"),
        (
            Case::named("it").given(well_tested()),
            "nothing is expected",
        ),
        (
            Case::named("it")
                .when("dep", evening())
                .then(cleared_by_no_gate()),
            "nothing is given",
        ),
        (
            when().then(recorded()),
            "a step is cleared or refused, and it is expected to be recorded or not",
        ),
        (
            Case::named("it")
                .given(well_tested())
                .records("ann", Note::new(text("seen")))
                .then(cleared_by_no_gate()),
            "a record is recorded or not, and it is expected to be cleared or refused",
        ),
        (
            when().then(cleared_by(["go"])).then(cleared_by(["go"])),
            "`then` follows nothing that is answered",
        ),
        (
            Case::named("it")
                .given(well_tested())
                .waits(Seconds::days(1))
                .then(recorded()),
            "`then` follows nothing that is answered",
        ),
        (
            Case::named("it").given(well_tested()).when("", evening()),
            "invalid person ``: expected 1 to 200 characters",
        ),
        (
            when()
                .then(refused(["go/approvals: approvals-missing"]))
                .approves("ann", Role::ChangeAuthority)
                .then(recorded()),
            "no step follows that this could be an answer for",
        ),
    ] {
        let checked = check(rules(), case);
        assert!(!checked.is_passed());
        let told = told(&checked);
        assert!(told.contains(&format!("mistake: {mistake}")), "{told:#?}");
    }
}

#[test]
fn what_is_given_and_cannot_be_is_red_at_its_place() {
    for (scene, mistake) in [
        (
            well_tested().approved_by("bob", Role::ChangeAuthority),
            "mistake: `given.approvals[0]`: approval is refused: lifecycle: `bob` is not change_authority; have somebody \
             with that role record `RoleGiven`",
        ),
        (
            Scene::in_phase(PhaseName::Plan).expedited(),
            "mistake: `given.phase`: a release that came by this way is not in Plan",
        ),
        (
            well_tested().following("shop"),
            "mistake: `given.model`: the rules have no release model `shop`",
        ),
    ] {
        let checked = check(rules(), deploying(scene, cleared_by_no_gate()));
        let told = told(&checked);
        assert!(
            told[1].starts_with(mistake.split("; have").next().unwrap()),
            "{told:#?}"
        );
    }
}

#[test]
fn no_case_is_no_success() {
    let checked = Cases::under(rules()).with([]).check();
    assert!(!checked.is_passed());
    assert_eq!(checked.outline().to_string(), "no case was asked\n");
    let asserted = std::panic::catch_unwind(|| checked.assert());
    assert!(asserted.is_err());
}

#[test]
fn two_cases_of_one_name_are_red() {
    let case = || deploying(well_tested(), refused(["go/approvals: approvals-missing"]));
    let checked = Cases::under(rules()).case(case()).case(case()).check();
    assert_eq!((checked.passed(), checked.failed()), (1, 1));
    assert_eq!(told(&checked)[1], "mistake: another case has this name");
}

#[test]
fn a_table_is_many_cases_each_counted_and_named() {
    let rows = [(18, 2, false), (19, 1, true), (20, 0, true)];
    let table = rows.map(|(passed, failed, clears)| {
        let scene = in_testing().tested(TestKind::Functional, "staging", passed, failed);
        let expected = if clears {
            cleared_by(["production"])
        } else {
            refused(["evidence: pass-ratio"])
        };
        Case::named(format!("{passed} of {}", passed + failed))
            .given(scene)
            .when("dep", evening())
            .then(expected)
    });
    let gates = |percent| GateSet::new().with(gate("production").require(tested(percent)));
    let checked = Cases::under(gates(95)).with(table.clone()).check();
    assert_eq!(checked.passed(), 3);
    let checked = Cases::under(gates(96)).with(table).check();
    let outline = checked.outline().to_string();
    assert!(
        outline.starts_with("2 of 3 cases passed\n└─ case `19 of 20` failed\n"),
        "{outline}"
    );
    let json = serde_json::to_value(&checked).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&2.into(), &1.into()));
    assert_eq!(json["cases"][1]["name"], "19 of 20");
}

#[test]
fn a_story_moves_on_by_what_was_cleared() {
    let deploys = |case: Case, expected| case.when("dep", evening()).then(expected);
    let story = Case::named("what was approved is void once the package is another")
        .given(well_tested())
        .approves("ann", Role::ChangeAuthority)
        .when("tom", Rework::new(text("the totals are wrong")))
        .then(cleared_by_no_gate());
    let story = deploys(story, refused(["lifecycle: no-such-step"]));
    green(rules(), story);

    let story = Case::named("an approval waits for its step")
        .given(well_tested())
        .when("dep", evening())
        .then(refused(["go/approvals: approvals-missing"]))
        .approves("ann", Role::ChangeAuthority)
        .waits(Seconds::hours(9))
        .when("dep", evening())
        .then(cleared_by(["production", "go"]));
    green(rules(), story);
    let story = Case::named("the window is over")
        .given(well_tested().approved_by("ann", Role::ChangeAuthority))
        .waits(Seconds::hours(10))
        .when("dep", evening())
        .then(refused(["lifecycle: window-over"]));
    green(rules(), story);
}

#[test]
fn what_was_asked_can_be_asked_of_other_rules() {
    let story = Case::named("an approval")
        .given(well_tested())
        .when("dep", evening())
        .then(refused(["go/approvals: approvals-missing"]))
        .approves("ann", Role::ChangeAuthority)
        .when("dep", evening())
        .then(cleared_by(["production", "go"]));
    let checked = check(rules(), story);
    let stricter = rules().with(gate("go").require(approvals(2)).on_track(Track::Normal));
    let checks = checked.checks();
    let asked: Vec<_> = checks
        .iter()
        .map(|check| {
            (
                check.name(),
                check.passes(&rules()),
                check.passes(&stricter),
            )
        })
        .collect();
    // One approver cannot be two: the first answer has another reason, too.
    let expected = [
        ("an approval, turn 1", true, false),
        ("an approval, turn 3", true, false),
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_story_stops_where_it_is_not_answered_as_expected() {
    let story = Case::named("it goes on")
        .given(well_tested())
        .when("dep", evening())
        .then(cleared_by(["production", "go"]))
        .when("dep", Replan::new(text("late")))
        .then(cleared_by_no_gate());
    let told = told(&check(rules(), story));
    assert_eq!(told[1], "turn 1");
    assert_eq!(told.last().unwrap(), "1 more of the story is not asked");
}

#[test]
fn records_of_a_story_are_taken_or_not() {
    let change = CodeChange::new(key("c1"), at("2026-03-02T10:00:00Z"));
    let tail = || Case::named("it").given(well_tested());
    green(
        rules(),
        tail().records("bob", change.clone()).then(recorded()),
    );
    let early = CodeChange::new(key("c2"), at("2026-03-09T10:00:00Z"));
    green(
        rules(),
        tail()
            .records("bob", early.clone())
            .then(not_recorded(["lifecycle: in-the-future"])),
    );
    let told_of = |case| told(&check(rules(), case));
    let told = told_of(
        tail()
            .records("bob", change)
            .then(not_recorded(["lifecycle: in-the-future"])),
    );
    assert_eq!(told[2], "expected: not recorded, found: recorded");
    let told = told_of(tail().records("bob", early).then(recorded()));
    assert_eq!(told[2], "expected: recorded, found: not recorded");
    let told = told_of(
        tail()
            .approves("ann", Role::Tester)
            .then(recorded())
            .when("dep", evening())
            .then(cleared_by_no_gate()),
    );
    assert_eq!(told[2], "expected: recorded, found: not recorded");
}

#[test]
fn facts_and_calendars_are_known_as_they_are_given() {
    let budget = FactPolicy::new(key("error_budget"), FactTest::AtLeast(10)).unwrap();
    let gates = GateSet::new().with(gate("budget").require(budget));
    for (scene, expected) in [
        (
            well_tested().knowing("error_budget", 10),
            cleared_by(["budget"]),
        ),
        (
            well_tested().knowing("error_budget", 9),
            refused(["fact: fact-too-low"]),
        ),
        (well_tested(), refused(["fact: fact-unknown"])),
        (
            well_tested().not_knowing("error_budget", "the monitor is down"),
            refused(["fact: fact-missing"]),
        ),
    ] {
        check(gates.clone(), deploying(scene, expected)).assert();
    }
    let calendar = Calendar::from_json(
        r#"{ "name": "production", "windows": [{ "id": "audit", "kind": "freeze",
            "starts": "2026-03-02T00:00:00Z", "ends": "2026-03-04T06:00:00Z",
            "new_work": "blocked", "running_work": "finish_wave", "back_outs": "allowed", "emergencies": "warned" }] }"#,
    )
    .unwrap();
    let freeze = FreezePolicy::new(key("production"));
    let gates = GateSet::new().with(gate("calm").require(freeze));
    let frozen = || well_tested().calendar(calendar.clone());
    green(
        gates.clone(),
        deploying(frozen(), refused(["freeze: frozen of audit"])),
    );
    green(
        gates.clone(),
        deploying(frozen(), refused(["freeze: frozen"])),
    );
    let other = "freeze: frozen of year-end";
    assert!(!check(gates.clone(), deploying(frozen(), refused([other]))).is_passed());
    green(
        gates,
        deploying(well_tested(), refused(["freeze: calendar-not-read"])),
    );
}

#[test]
fn when_time_lifts_a_reason_is_looked_at_where_it_is_said() {
    let case = |reason: &str| {
        let step = CompleteReview::new(ReviewOutcome::Successful);
        Case::named(reason)
            .given(Scene::in_phase(PhaseName::Review))
            .when("ada", step)
            .then(refused([reason]))
    };
    green(rules(), case("lifecycle: early-life-support"));
    let exact = "lifecycle: early-life-support, not before 2026-03-03T12:00:00Z";
    green(rules(), case(exact));
    let late = "lifecycle: early-life-support, not before 2026-03-04T12:00:00Z";
    let told = told(&check(rules(), case(late)));
    assert_eq!(told[4], format!("there is `lifecycle/{exact}`"));
}

#[test]
fn a_gate_of_a_model_is_named_with_its_model_or_without() {
    let file = include_str!("../../examples/models/web-service.json");
    let model = ReleaseModel::from_json(file, &Policies::new()).unwrap();
    let scene = || Scene::in_phase(PhaseName::Request).on_track(Track::Normal);
    let authorise = || {
        let decision = phasegate::release::AssessmentDecision::Worthwhile;
        phasegate::release::step::Authorise::new(phasegate::release::Assessment::new(decision))
    };
    let case = |reasons: [&str; 2]| {
        Case::named(reasons[1])
            .given(scene())
            .when("cho", authorise())
            .then(refused(reasons))
    };
    let risk = "risk: risk-not-assessed";
    Cases::by_model(model)
        .case(case([risk, "intake/approvals: cannot-be-approved"]))
        .case(case([
            risk,
            "web-service/intake/approvals: cannot-be-approved",
        ]))
        .check()
        .assert();
}

#[test]
fn the_rules_under_test_are_not_asked_on_the_way() {
    // The way to Deployment leads through a gate that nobody opened.
    let gates = GateSet::new().with(gate("go").require(BackOutPlanPolicy::new()));
    let case = Case::named("it is undone")
        .given(Scene::in_phase(PhaseName::Deployment))
        .when(
            "dep",
            phasegate::release::step::BackOut::new(text("orders got lost")),
        )
        .then(cleared_by_no_gate());
    green(gates, case);
}

/// A gate of the rules is called as one of a model: that one is meant, and each name stands for one gate.
#[test]
fn each_gate_that_is_named_stands_for_one() {
    let file = r#"{ "name": "shop", "title": "Shop", "version": 1, "tracks": ["normal"], "gates": [
        { "name": "production", "version": 1, "step": "deploy", "rules": [] },
        { "name": "go", "version": 1, "step": "deploy", "rules": [] }
    ] }"#;
    let model = ReleaseModel::from_json(file, &Policies::new()).unwrap();
    let own = |track| {
        GateSet::new()
            .with(gate("production").on_track(track))
            .with_model(model.clone())
    };
    let (both, models_own) = (own(Track::Normal), own(Track::Emergency));
    let case = |gates: &[&str]| {
        let scene = well_tested().on_track(Track::Normal).following("shop");
        deploying(scene, cleared_by(gates.iter().copied()))
    };
    let (whole, short) = ("shop/production", "production");
    green(both.clone(), case(&[short, whole, "go"]));
    green(models_own.clone(), case(&[whole, "shop/go"]));
    // Only that of the model holds it.
    for gates in [[short, whole, "go"].as_slice(), &[short, "go"]] {
        assert!(!check(models_own.clone(), case(gates)).is_passed());
    }
    for gates in [
        [short, "go"].as_slice(),
        &[whole, "go"],
        &[short, whole, "go", "go"],
    ] {
        let checked = check(both.clone(), case(gates));
        assert!(!checked.is_passed(), "{gates:?} {}", checked.outline());
    }
}

#[test]
fn a_policy_that_breaks_its_contract_is_red_though_it_is_expected() {
    let gates = GateSet::new().with(gate("production").require(Panics {}));
    let expected = refused(["production/panics: panicked"]);
    let checked = check(gates, deploying(well_tested(), expected));
    let told = told(&checked);
    assert_eq!(
        told[3..],
        [
            "as expected: `production/panics: panicked`",
            "broken: `production/panics: panicked`"
        ],
        "{}",
        checked.outline()
    );
}
