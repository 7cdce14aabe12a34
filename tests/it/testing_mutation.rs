//! Mutation: who notices a changed rule, which question tells it, and what nobody knows.

use crate::desk_support::{by, key, office, person, window, worthwhile};
use crate::web_service_checks::{checks, gates};
use phasegate::Gate;
use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, Ask, BudgetPolicy, Condition, Duty, Edit, FactPolicy,
    FactTest, Facts, GateSet, Percent, Policies, Policy, Quorum, any, at_least, not, when,
};
use phasegate::phase::PhaseName;
use phasegate::release::step::{Authorise, Close, Deploy};
use phasegate::release::{
    CostBooked, Currency, Decision, Enforcement, Fact, FactValue, Key, Money, Reason, ReleaseKind,
    ReleasePlan, Role, TestKind, Verdict,
};
use phasegate::testing::{
    Case, Cases, Check, Mutation, MutationReport, Ruling, Scene, Survivor, WhyUnknown, refused,
};
use phasegate::verify::Question;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is to become of a change: killed by this case, told near this case, or never told.
enum Fate {
    Killed(&'static str),
    Told(&'static str),
    Unknown,
}
use Fate::{Killed, Told, Unknown};

/// Thirty changes of the web-service model, thought through by hand.
const BY_HAND: [(&str, &str, Fate); 30] = [
    (
        "intake, rules[0].rule.risk",
        "taken away",
        Killed("nobody knows the risk"),
    ),
    (
        "intake, rules[0].rule.risk",
        r#"`at_most` "medium" instead of "high""#,
        Killed("nobody approved the intake"),
    ),
    (
        "intake, rules[0].rule.risk",
        r#"`at_most` "very_high" instead of "high""#,
        Killed("a very high risk is not"),
    ),
    (
        "intake, rules[1].rule.approvals",
        "taken away",
        Killed("nobody knows the risk"),
    ),
    (
        "intake, rules[1].rule.approvals",
        "`rules[0].quorum.count` 2 instead of 1",
        Killed("kim approves her own request"),
    ),
    (
        "intake, rules[1].rule.approvals",
        "whoever asked for the release may approve it",
        Killed("kim approves her own request"),
    ),
    ("intake, tracks", "on every track", Killed("pre-authorised")),
    (
        "production, rules[0].rule.evidence",
        "`required.functional` 97 instead of 98",
        Killed("97 of 100 functional tests passed"),
    ),
    (
        "production, rules[0].rule.evidence",
        "`required.functional` 99 instead of 98",
        Killed("ready, and not approved"),
    ),
    (
        "production, rules[0].rule.evidence",
        "`required.security` 99 instead of 100",
        Killed("a security test failed"),
    ),
    (
        "production, rules[0].rule.evidence",
        "`required.security` without 100",
        Killed("nothing is done"),
    ),
    (
        "production, rules[0].rule.evidence",
        r#"`environments` without {"functional":["staging"]}"#,
        Killed("tested elsewhere"),
    ),
    (
        "production, rules[0].rule.evidence",
        r#"`open_defects` without {"major":0}"#,
        Killed("a major defect"),
    ),
    (
        "production, rules[0].rule.evidence",
        "`open_defects.major` 1 instead of 0",
        Killed("a major defect"),
    ),
    (
        "production, rules[1].rule.soak",
        "`at_least_seconds.staging` 14399 instead of 14400",
        Killed("a second short of four hours"),
    ),
    (
        "production, rules[1].rule.soak",
        "`at_least_seconds.staging` 14401 instead of 14400",
        Killed("ready, and not approved"),
    ),
    (
        "production, rules[2].rule.checklist",
        r#"`items[0]` without "dashboards""#,
        Killed("nothing is done"),
    ),
    (
        "production, rules[2].rule.checklist",
        r#"`items[1]` without "on-call-told""#,
        Killed("nothing is done"),
    ),
    (
        "go, rules[0].rule.approvals",
        r#"`not_by` without ["builder"]"#,
        Killed("the builder approves"),
    ),
    (
        "go, rules[0].rule.approvals",
        r#"`not_by[0]` "deployer" instead of "builder""#,
        Killed("the builder approves"),
    ),
    (
        "go, tracks",
        "on every track",
        Killed("a second short of four hours"),
    ),
    (
        "haste, rules[0].rule.approvals",
        "`rules[0].quorum.count` 2 instead of 1",
        Killed("eva lets it through"),
    ),
    (
        "rollout, rules[0].rule.waves",
        "taken away",
        Killed("the canary runs"),
    ),
    // Nobody asks what these would change.
    (
        "production, rules[3].rule.back-out-plan",
        "taken away",
        Told("ready and approved"),
    ),
    (
        "go, rules[0].rule.approvals",
        "`valid_for_seconds` 259199 instead of 259200",
        Told("ready and approved"),
    ),
    (
        "go, rules[0].rule.approvals",
        "`valid_for_seconds` without 259200",
        Told("the builder approves"),
    ),
    (
        "go, rules[0].rule.approvals",
        "whoever asked for the release may approve it",
        Told("ready, and not approved"),
    ),
    (
        "haste, rules[0].rule.approvals",
        "whoever asked for the release may approve it",
        Told("eva lets it through"),
    ),
    (
        "haste, tracks",
        "on every track",
        Told("nobody lets it through"),
    ),
    // Nobody approves what they asked for themselves, whatever `not_by` says: the same rule in other words.
    (
        "go, rules[0].rule.approvals",
        r#"`not_by` ["builder","requester"] instead of ["builder"]"#,
        Unknown,
    ),
];

#[test]
fn thirty_changes_of_the_web_service_model_end_as_they_were_thought_to() {
    let report = Mutation::of(&gates(), &checks()).run();
    let fates = fates(&report);
    for (place, edit, fate) in BY_HAND {
        let place = format!("web-service/{}", place.replacen(',', " (version 1),", 1));
        let found = fates.get(&(place.clone(), edit.to_owned()));
        let expected = match fate {
            Killed(by) => format!("killed by {by}"),
            Told(near) => format!("told near {near}"),
            Unknown => "unknown".to_owned(),
        };
        assert_eq!(
            found,
            Some(&expected),
            "{place}: {edit}\n{}",
            report.outline()
        );
    }
    // Of a model that is not in good standing, which an override could lift, nobody is told: it is not near these cases.
    let unknown = report.unknown.iter().map(|one| one.edit.to_string());
    let unknown: Vec<_> = unknown.collect();
    assert_eq!(
        unknown,
        [
            r#"`not_by` ["builder","requester"] instead of ["builder"]"#,
            "overridable by emergency_change_authority too",
        ],
        "{}",
        report.outline()
    );
    assert!(report.equivalent.is_empty(), "no domain was declared");
}

fn fates(report: &MutationReport) -> BTreeMap<(String, String), String> {
    let killed = report.killed.iter();
    let killed = killed.map(|one| (&one.place, &one.edit, format!("killed by {}", one.by)));
    let told = report.survivors.iter();
    let told = told.map(|one| {
        (
            &one.place,
            &one.edit,
            format!("told near {}", one.telling.near),
        )
    });
    let unknown = report.unknown.iter();
    let unknown = unknown.map(|one| (&one.place, &one.edit, "unknown".to_owned()));
    let all = killed.chain(told).chain(unknown);
    all.map(|(place, edit, fate)| ((place.to_string(), edit.to_string()), fate))
        .collect()
}

#[test]
fn what_tells_a_survivor_kills_it() {
    let (gates, mut checks) = (gates(), checks());
    let before = Mutation::of(&gates, &checks).run();
    assert!(before.survivors.len() > 10, "{}", before.outline());
    for survivor in &before.survivors {
        let check = survivor.check();
        assert!(check.passes(&gates), "{}", check.name());
        assert_ne!(survivor.telling.ruling, survivor.telling.changed);
        checks.push(check);
    }
    let after = Mutation::of(&gates, &checks).run();
    assert!(after.survivors.is_empty(), "{}", after.outline());
    assert_eq!(after.unknown, before.unknown);
    assert_eq!(
        after.killed.len(),
        before.killed.len() + before.survivors.len()
    );
    assert!(after.score() > before.score());
}

#[test]
fn what_is_printed_to_be_pasted_is_what_stands_in_the_file() {
    let report = Mutation::of(&gates(), &checks()).run();
    let pasted = report.survivors.iter().filter(|one| {
        let place = one.place.to_string();
        place.contains("back-out-plan") || place.contains("go (version 1), rules")
    });
    let pasted: Vec<_> = pasted.map(Survivor::rust).collect();
    let file = include_str!("pasted.rs");
    let (_, tests) = file.split_once("gates};\n\n").unwrap();
    assert_eq!(tests, pasted.join("\n"));
}

#[test]
fn a_failing_check_gives_no_score() {
    let question = checks()[3].question().clone();
    let wrong = Check::that("wrong", question, |decision| !decision.is_cleared());
    let report = Mutation::of(&gates(), &[wrong]).run();
    assert_eq!(report.failing, ["wrong"]);
    assert_eq!(report.score(), None);
    assert!(report.killed.is_empty() && report.survivors.is_empty());
}

#[test]
#[should_panic(expected = "survived: ")]
fn an_assertion_fails_with_the_report() {
    Mutation::of(&gates(), &checks())
        .run()
        .assert_none_survive();
}

#[test]
#[should_panic(expected = "no score")]
fn a_set_without_a_rule_has_no_score() {
    Mutation::of(&GateSet::new(), &[])
        .run()
        .assert_none_survive();
}

/// Whether a new release may be authorised, where the host knows these flags.
pub(crate) fn authorising(gates: &GateSet, flags: &[(&str, bool)]) -> Question {
    let office = office();
    let release = office.requested();
    let mut facts = Facts::at(office.now());
    for (name, flag) in flags {
        let fact = Fact::new(FactValue::Flag(*flag), office.now());
        facts = facts.with(key(name), fact);
    }
    Question::of(
        gates,
        &release,
        Authorise::new(worthwhile()),
        &facts,
        &by("cho"),
    )
}

/// A check of what these gates answer.
pub(crate) fn pinned(gates: &GateSet, name: &str, question: Question) -> Check {
    let ruling = Ruling::of(&question.ask(gates));
    Check::new(name, question, ruling)
}

pub(crate) fn is_so(fact: &str) -> FactPolicy {
    FactPolicy::new(key(fact), FactTest::Is(true)).unwrap()
}

pub(crate) fn intake(require: impl FnOnce(Gate<Authorise>) -> Gate<Authorise>) -> GateSet {
    GateSet::new().with(require(Gate::<Authorise>::new("intake", 1).unwrap()))
}

#[test]
fn combinations_are_changed_too_and_every_change_that_matters_is_told() {
    let gates = intake(|gate| {
        let fixes = Condition::kinds([ReleaseKind::Fix]);
        gate.require(any((is_so("a"), is_so("b"))))
            .require(at_least(2, (is_so("c"), is_so("d"), is_so("e"))).unwrap())
            .require(not(is_so("f")))
            .require(when(fixes, is_so("g")))
    });
    let clearing = [("a", true), ("c", true), ("d", true), ("f", false)];
    let question = authorising(&gates, &clearing);
    let check = Check::that("cleared", question, Decision::is_cleared);
    assert!(check.passes(&gates));
    let report = Mutation::of(&gates, &[check]).run();
    let edits = |edit: &Edit| {
        let killed = report.killed.iter().any(|one| one.edit == *edit);
        let told = report.survivors.iter().any(|one| one.edit == *edit);
        (killed, told)
    };
    assert_eq!(edits(&Edit::AllForAny), (true, false));
    assert_eq!(edits(&Edit::Count { from: 2, to: 3 }), (true, false));
    assert_eq!(edits(&Edit::Count { from: 2, to: 1 }), (false, true));
    assert_eq!(edits(&Edit::NotDropped), (true, false));
    assert_eq!(edits(&Edit::ConditionDropped), (true, false));
    assert_eq!(edits(&Edit::ConditionTurned), (true, false));
    assert!(report.unknown.is_empty(), "{}", report.outline());
}

#[test]
fn only_over_the_whole_domain_is_a_change_called_equivalent() {
    // Nobody approves what they asked for: to say so again changes nothing.
    let by = [Approver::Role(Role::ChangeAuthority)];
    let rule = ApprovalRule::new(key("authority"), Quorum::Count(1), by).unwrap();
    let approvals = ApprovalsPolicy::new([rule])
        .unwrap()
        .not_by(Duty::Requester);
    let gates = intake(|gate| gate.require(approvals));
    let question = authorising(&gates, &[]);
    let check = pinned(&gates, "nobody approved it", question.clone());
    let checks = [check.clone()];
    let is_same =
        |edit: &Edit| matches!(edit, Edit::Parameter { at, to: None, .. } if at == "not_by");

    let alone = Mutation::of(&gates, &checks).run();
    let unknown = alone.unknown.iter().find(|one| is_same(&one.edit)).unwrap();
    assert!(matches!(unknown.why, WhyUnknown::NothingFound(asked) if asked > 100));
    assert!(alone.equivalent.is_empty());

    let given = phasegate::release::RoleGiven::new(person("kim"), Role::ChangeAuthority);
    let given = phasegate::testing::Variation::Recorded {
        by: person("ada").into(),
        record: given.into(),
    };
    let approved = phasegate::testing::Variation::Approved {
        by: person("kim"),
        role: Role::ChangeAuthority,
    };
    let domain = [question, check.but(&[given, approved]).unwrap()];
    let whole = Mutation::of(&gates, &checks).whole_domain(&domain).run();
    let equivalent = whole
        .equivalent
        .iter()
        .find(|one| is_same(&one.edit))
        .unwrap();
    assert_eq!(equivalent.asked, 2);
    // What differs somewhere in the domain is no equivalent.
    let let_in = |edit: &Edit| *edit == Edit::RequesterLetIn;
    assert!(
        whole.survivors.iter().any(|one| let_in(&one.edit))
            || whole.equivalent.iter().any(|one| let_in(&one.edit))
    );
    assert!(
        whole
            .survivors
            .iter()
            .all(|one| one.telling.ruling != one.telling.changed)
    );
    assert!(whole.score() > alone.score());
}

#[test]
fn a_step_that_no_check_asks_for_is_unknown() {
    let gates = GateSet::new().with(Gate::<Close>::new("end", 1).unwrap().require(is_so("a")));
    let check = pinned(&gates, "authorised", authorising(&gates, &[]));
    let report = Mutation::of(&gates, &[check]).run();
    assert!(
        report
            .unknown
            .iter()
            .all(|one| one.why == WhyUnknown::NeverAsked)
    );
    assert!(report.unknown.len() > 2 && report.killed.is_empty());
    assert_eq!(report.score().map(Percent::get), Some(0));
}

/// A host's policy: no more of something than this.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Few {
    most: i64,
}

impl Policy for Few {
    type Reads = ();
    const NAME: &'static str = "few";

    fn facts(&self) -> Vec<Key> {
        vec![key("count")]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let count = ask.fact(&key("count")).map(|fact| &fact.value);
        let is_few = matches!(count, Some(FactValue::Integer(count)) if *count <= self.most);
        let many = || Reason::new("many", "there are many", "have fewer");
        Verdict::of((!is_few).then(many).into_iter().collect())
    }
}

#[test]
fn a_host_policy_is_changed_only_if_it_is_registered_and_is_never_equivalent() {
    let gates = intake(|gate| gate.require(Few { most: 3 }).require(is_so("a")));
    let check = pinned(&gates, "nothing known", authorising(&gates, &[]));
    let checks = [check];
    let opaque = Mutation::of(&gates, &checks).run();
    assert_eq!(opaque.opaque.len(), 1);
    assert_eq!(opaque.opaque[0].to_string(), "intake, rules[0].rule.host");
    let numbers = |report: &MutationReport| {
        let edits = report.survivors.iter().map(|one| one.edit.to_string());
        edits
            .filter(|edit| edit.starts_with("`most`"))
            .collect::<Vec<_>>()
    };
    assert!(numbers(&opaque).is_empty());

    let policies = Policies::new().with::<Few>();
    let known = Mutation::of(&gates, &checks).with_policies(&policies).run();
    assert_eq!(known.opaque, []);
    assert_eq!(
        numbers(&known),
        ["`most` 2 instead of 3", "`most` 4 instead of 3"]
    );

    // A change that the only question of a domain does not tell: the host's policy may say something else elsewhere.
    let domain = [authorising(&gates, &[])];
    let over = Mutation::of(&gates, &checks).whole_domain(&domain).run();
    assert!(over.equivalent.is_empty(), "{}", over.outline());
}

/// A host's policy that panics where it is told to.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Panics {}

impl Policy for Panics {
    type Reads = ();
    const NAME: &'static str = "panics";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        panic!("as a broken policy does")
    }
}

static TOSSED: AtomicBool = AtomicBool::new(false);

/// A host's policy that says now this, now that.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tosses {}

impl Policy for Tosses {
    type Reads = ();
    const NAME: &'static str = "tosses";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        let heads = TOSSED.fetch_xor(true, Ordering::Relaxed);
        let tails = || Reason::new("tails", "it is tails", "toss again");
        Verdict::of((!heads).then(tails).into_iter().collect())
    }
}

#[test]
fn a_policy_that_breaks_its_contract_is_named_and_kills_nothing() {
    let warned = |gate: Gate<Authorise>| gate.enforce(Panics {}, Enforcement::Warn);
    for (gates, code) in [
        (intake(warned), "panicked"),
        (intake(|gate| gate.require(Tosses {})), "not-deterministic"),
    ] {
        let question = authorising(&gates, &[]);
        let check = Check::that("whatever", question, |_| true);
        let report = Mutation::of(&gates, &[check]).run();
        assert_eq!(report.broken.len(), 1);
        assert_eq!(report.broken[0].code.as_str(), code);
        assert_eq!(report.score(), None);
        assert!(report.killed.is_empty());
        let told = report.outline().to_string();
        assert!(
            told.starts_with("mutation: no score") && told.contains(code),
            "{told}"
        );
    }
}

#[test]
fn a_report_is_text_json_and_a_page() {
    let gates = intake(|gate| gate.require(is_so("a")));
    let check = pinned(&gates, "<b>nothing</b> known", authorising(&gates, &[]));
    let report = Mutation::of(&gates, &[check]).run();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["killed"][0]["by"], "<b>nothing</b> known");
    assert_eq!(json["killed"][0]["place"]["at"], "rules[0].rule.fact");
    let survivor = &report.survivors[0];
    assert!(
        survivor
            .rust()
            .contains(r#"check.name() == "<b>nothing</b> known""#)
    );
    let page = report.outline().html("Mutation");
    assert!(
        page.contains("&lt;b&gt;nothing&lt;/b&gt; known") && !page.contains("<b>"),
        "{page}"
    );
}

/// A host's policy that says now this, now that, once it is let loose.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {}

impl Policy for Loose {
    type Reads = ();
    const NAME: &'static str = "loose";

    fn facts(&self) -> Vec<Key> {
        vec![key("loose")]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let is_heads = TOSSED.fetch_xor(true, Ordering::Relaxed);
        let tails = || Reason::new("tails", "it is tails", "toss again");
        let is_tails = ask.fact(&key("loose")).is_some() && !is_heads;
        Verdict::of(is_tails.then(tails).into_iter().collect())
    }
}

/// It stands in another gate of the same step than what is changed.
#[test]
fn a_policy_that_breaks_its_contract_in_the_domain_makes_nothing_equivalent() {
    let gates = intake(|gate| gate.require(is_so("a"))).with(
        Gate::<Authorise>::new("beside", 1)
            .unwrap()
            .require(Loose {}),
    );
    let checks = [Check::that("whatever", authorising(&gates, &[]), |_| true)];
    let tame = [authorising(&gates, &[("a", true)])];
    let report = Mutation::of(&gates, &checks).whole_domain(&tame).run();
    assert!(report.equivalent.is_empty(), "{}", report.outline());

    let wild = [authorising(&gates, &[("a", true), ("loose", true)])];
    let report = Mutation::of(&gates, &checks).whole_domain(&wild).run();
    assert!(report.equivalent.is_empty(), "{}", report.outline());
    let told = report.broken.iter().map(ToString::to_string);
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["beside/loose: not-deterministic in `question 0 of the domain`"]
    );
    assert_eq!(report.score(), None);
}

/// More is booked than a number of the platform holds.
#[test]
fn a_budget_that_is_overrun_by_far_is_asked_about() {
    let deploy = Gate::<Deploy>::new("go", 1).unwrap();
    let gates = GateSet::new().with(deploy.require(BudgetPolicy::at_most(100).unwrap()));
    let euros = |cents| Money::new(cents, Currency::new("EUR").unwrap());
    let mut plan = ReleasePlan::new(phasegate::phase::Seconds::days(1));
    plan.budget = Some(euros(1_000));
    let bill = |id: &str| CostBooked::new(key(id), euros(i64::MAX));
    let scene = Scene::in_phase(PhaseName::Testing).planned(plan);
    let scene = scene.recorded("kim", bill("A")).recorded("kim", bill("B"));
    let scene = scene.tested(TestKind::Functional, "staging", 19, 1);
    let case = Case::named("far too much").given(scene);
    let case = case.when("dep", Deploy::new(window()));
    let cases = Cases::under(gates.clone()).case(case.then(refused(["budget: over-budget"])));
    let checked = cases.check();
    checked.assert();
    let report = Mutation::of(&gates, &checked.checks()).run();
    assert!(report.failing.is_empty() && report.broken.is_empty());
}
