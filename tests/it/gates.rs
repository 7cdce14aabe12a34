//! Gates: rules by types and by file, verdicts and their joins, overrides, facts, and how long a clearance holds.

use crate::desk_support::{
    Knows, NOON, Office, at, by, calendar, fact, fact_of, key, office, package, person, run_of,
    text, titled, wait, window, worthwhile,
};
use phasegate::gate::{
    Ask, EvidencePolicy, Facts, GateSet, Percent, Policies, Requirement, any, not,
};
use phasegate::phase::{Action, OnHold, Request, Seconds, Testing};
use phasegate::release::step::{
    Authorise, Cancel, Deploy, FinishDeployment, Hold, RequestRelease, StartTesting,
};
use phasegate::release::{
    AnyRecord, Decision, Enforcement, Event, Fact, FactValue, Key, OverrideGranted, Reason,
    ReleasePackage, Role, RoleGiven, TestKind, Track, TrackChanged, Verdict,
};
use phasegate::store::Store;
use phasegate::{Gate, MemoryStore, Policy, Release};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Violated, for these codes; satisfied without any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuses {
    codes: Vec<Key>,
}

impl Refuses {
    fn codes<const N: usize>(codes: [&str; N]) -> Self {
        Self {
            codes: codes.map(key).into(),
        }
    }
}

impl Policy for Refuses {
    type Reads = ();
    const NAME: &'static str = "refuses";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        let reason = |code: &Key| Reason::new(code, format!("{code} it is"), "do not");
        Verdict::of(self.codes.iter().map(reason).collect())
    }
}

/// Reads the package, and wants it small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmallPackage {
    most_units: usize,
}

impl Policy for SmallPackage {
    type Reads = ReleasePackage;
    const NAME: &'static str = "small-package";
    const VERSION: u32 = 3;

    fn judge(&self, _: &Ask<'_>, package: &ReleasePackage) -> Verdict {
        let units = package.units().len();
        let too_large = || Reason::new("too-large", format!("{units} units"), "split it");
        Verdict::of(
            (units > self.most_units)
                .then(too_large)
                .into_iter()
                .collect(),
        )
    }
}

/// Does what a policy never should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Misbehaves {
    Panics,
    PanicsOnFacts,
    GivesNoReason,
    ExceptsItself,
}

impl Policy for Misbehaves {
    type Reads = ();
    const NAME: &'static str = "misbehaves";

    fn facts(&self) -> Vec<Key> {
        assert_ne!(*self, Self::PanicsOnFacts, "as it was told to");
        Vec::new()
    }

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        match self {
            Self::Panics => panic!("as it was told to"),
            Self::PanicsOnFacts => Verdict::SATISFIED,
            Self::GivesNoReason => Verdict::Violated {
                reasons: Vec::new(),
            },
            Self::ExceptsItself => Verdict::Excepted {
                reasons: vec![Reason::new("mine", "so what", "nothing")],
                overrides: [key("W-1")].into(),
                until: None,
            },
        }
    }
}

fn policies() -> Policies {
    Policies::new()
        .with::<Refuses>()
        .with::<SmallPackage>()
        .with::<Knows>()
}

fn evidence(percent: u8) -> EvidencePolicy {
    EvidencePolicy::new([(TestKind::Functional, Percent::new(percent).unwrap())])
}

fn gate<S: phasegate::gate::OnStep>() -> Gate<S> {
    Gate::new("gate", 1).unwrap()
}

fn set<S>(gate: Gate<S>) -> GateSet {
    GateSet::new().with(gate)
}

fn guarded<S>(gate: Gate<S>) -> Office<Arc<MemoryStore>> {
    office().with_gates(set(gate))
}

fn blockers(decision: &Decision) -> Vec<(String, String)> {
    let of = |one: phasegate::release::Blocker<'_>| {
        (one.finding.gate.to_string(), one.reason.code.to_string())
    };
    decision.blockers().map(of).collect()
}

fn codes(decision: &Decision) -> Vec<String> {
    blockers(decision)
        .into_iter()
        .map(|(_, code)| code)
        .collect()
}

/// What authorising a new request under these gates would get.
fn authorising<S: Store>(office: &Office<S>, facts: &Facts) -> Decision {
    let release = office.requested();
    let step = Authorise::new(worthwhile());
    office
        .desk
        .gates()
        .explain(&release, step, facts, &by("cho"))
}

// Two doors.

#[test]
fn a_file_and_types_make_the_same_gates() {
    let by_types = GateSet::new()
        .with(
            Gate::<Deploy>::new("production", 7)
                .unwrap()
                .require(evidence(95))
                .enforce(SmallPackage { most_units: 2 }, Enforcement::Warn)
                .enforce(Refuses::codes(["a", "b"]), Enforcement::Shadow)
                .on_track(Track::Emergency)
                .on_track(Track::Normal),
        )
        .with(
            Gate::<Authorise>::new("intake", 1)
                .unwrap()
                .require(Knows::facts([])),
        );
    let file = r#"{ "gates": [
        { "name": "production", "version": 7, "step": "deploy", "tracks": ["normal", "emergency"],
          "rules": [
            { "rule": { "evidence": { "required": { "functional": 95 } } } },
            { "rule": { "host": { "name": "small-package", "params": { "most_units": 2 } } },
              "enforcement": "warn" },
            { "enforcement": "shadow",
              "rule": { "host": { "params": { "codes": ["a", "b"] }, "name": "refuses" } } } ] },
        { "name": "intake", "version": 1, "step": "authorise",
          "rules": [{ "rule": { "host": { "name": "knows", "params": { "facts": [] } } } }] } ] }"#;
    let by_file = GateSet::from_json(file, &policies()).unwrap();
    assert_eq!(by_file, by_types);
    for (one, other) in by_file.gates().iter().zip(by_types.gates()) {
        assert_eq!(one, other);
        assert_eq!(one.id().digest, other.id().digest);
        let rules = |gate: &[Requirement]| serde_json::to_string(gate).unwrap();
        assert_eq!(rules(one.requirements()), rules(other.requirements()));
    }
    // And they judge the same.
    let office = office();
    let release = office.tested();
    let explain = |gates: &GateSet| {
        gates.explain(&release, Deploy::new(window()), &office.facts(), &by("ada"))
    };
    assert_eq!(explain(&by_file), explain(&by_types));
    assert_eq!(explain(&by_file).findings[1].judgement.policy_version, 3);
}

#[test]
fn every_rule_of_a_gate_is_in_its_digest() {
    let digest = |gate: Gate<Deploy>| set(gate).gates()[0].id().digest;
    let base = || gate::<Deploy>().require(evidence(95));
    let mut digests = vec![
        digest(base()),
        digest(gate()),
        digest(gate().require(evidence(96))),
        digest(gate().enforce(evidence(95), Enforcement::Warn)),
        digest(base().on_track(Track::Normal)),
        digest(base().require(SmallPackage { most_units: 1 })),
        digest(base().require(SmallPackage { most_units: 2 })),
        digest(
            gate()
                .require(SmallPackage { most_units: 1 })
                .require(evidence(95)),
        ),
        set(Gate::<FinishDeployment>::new("gate", 1).unwrap()).gates()[0]
            .id()
            .digest,
    ];
    assert_eq!(
        digest(Gate::new("another", 2).unwrap().require(evidence(95))),
        digests[0]
    );
    let count = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

fn mistakes(file: &str) -> Vec<String> {
    let mistakes = GateSet::from_json(file, &policies()).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

fn one_gate(rules: &str) -> String {
    format!(
        r#"{{ "gates": [{{ "name": "g", "version": 1, "step": "deploy", "rules": [{rules}] }}] }}"#
    )
}

#[track_caller]
fn refused(file: &str, path: &str, what: &str) {
    let found = mistakes(file);
    let [one] = found.as_slice() else {
        panic!("one mistake, not {found:?}");
    };
    let said = one
        .strip_prefix(path)
        .and_then(|rest| rest.strip_prefix(": "));
    let said = said.unwrap_or_else(|| panic!("`{one}` is not at `{path}`"));
    assert!(said.contains(what), "`{said}` does not say `{what}`");
}

#[test]
fn a_key_that_a_file_should_not_have_is_named_with_its_place() {
    let unknown = "no such key";
    refused(r#"{ "gates": [], "extra": 1 }"#, "extra", unknown);
    let file = r#"{ "gates": [{ "name": "g", "version": 1, "step": "deploy", "rules": [], "extra": 1 }] }"#;
    refused(file, "gates[0].extra", unknown);
    let evidence = r#"{ "evidence": { "required": { "functional": 95 } } }"#;
    for (rule, path, what) in [
        (format!(r#"{{ "rule": {evidence}, "extra": 1 }}"#), "gates[0].rules[0].extra", unknown),
        (
            r#"{ "rule": { "evidence": { "required": { "functional": 95 }, "extra": 1 } } }"#
                .to_owned(),
            "gates[0].rules[0].rule.evidence.extra",
            unknown,
        ),
        (
            r#"{ "rule": { "host": { "name": "knows", "params": { "facts": [] }, "extra": 1 } } }"#.to_owned(),
            "gates[0].rules[0].rule.host.extra",
            unknown,
        ),
        (
            r#"{ "rule": { "host": { "name": "refuses", "params": { "codes": [], "extra": 1 } } } }"#
                .to_owned(),
            "gates[0].rules[0].rule.host.params.extra",
            unknown,
        ),
        (
            r#"{ "rule": { "extra": {} } }"#.to_owned(),
            "gates[0].rules[0].rule",
            "no policy `extra`; there are: ",
        ),
    ] {
        refused(&one_gate(&rule), path, what);
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_its_place() {
    for (file, path, what) in [
        ("[]", "file", "expected an object, found a list of 0"),
        ("7", "file", "expected an object, found the number `7`"),
        (r#"{ "gates": {} }"#, "gates", "expected a list"),
        ("{}", "file", "key `gates` is missing"),
        (
            r#"{ "gates": [7] }"#,
            "gates[0]",
            "expected an object, found the number `7`",
        ),
        (
            r#"{ "gates": [{ "version": 1, "step": "deploy", "rules": [] }] }"#,
            "gates[0]",
            "key `name` is missing",
        ),
        (
            r#"{ "gates": [{ "name": " g", "version": 1, "step": "deploy", "rules": [] }] }"#,
            "gates[0].name",
            "invalid key ` g`: expected no space at either end",
        ),
        (
            r#"{ "gates": [{ "name": "g", "version": -1, "step": "deploy", "rules": [] }] }"#,
            "gates[0].version",
            "found integer `-1`, expected a whole number",
        ),
        (
            r#"{ "gates": [{ "name": "g", "version": 1, "step": "deploy", "tracks": ["slow"], "rules": [] }] }"#,
            "gates[0].tracks[0]",
            "there is no `slow`; there are: ",
        ),
        (
            r#"{ "gates": [{ "name": "g", "version": 1, "step": "deplyo", "rules": [] }] }"#,
            "gates[0].step",
            "no step `deplyo`",
        ),
        (
            r#"{ "gates": [], "gates": [] }"#,
            "file",
            "key `gates` appears twice",
        ),
    ] {
        refused(file, path, what);
    }
}

#[test]
fn a_parameter_that_a_policy_does_not_take_is_named_with_its_place() {
    let rule = |rule: &str| one_gate(&format!(r#"{{ "rule": {rule} }}"#));
    for (rule, path, what) in [
        (
            rule(r#"{ "evidence": { "required": { "functional": 101 } } }"#),
            "gates[0].rules[0].rule.evidence.required.functional",
            "invalid percentage `101`: expected 0 to 100",
        ),
        (
            rule(r#"{ "evidence": { "required": { "functional": 99.5 } } }"#),
            "gates[0].rules[0].rule.evidence.required.functional",
            "floating point `99.5`",
        ),
        (
            rule(r#"{ "host": { "name": "no-fridays" } }"#),
            "gates[0].rules[0].rule.host.name",
            "no host policy `no-fridays` is registered; there are: knows, refuses, small-package",
        ),
        (
            rule(r#"{ "host": { "name": "refuses" } }"#),
            "gates[0].rules[0].rule.host.params",
            "missing key `codes`",
        ),
        (
            rule(r#"{ "host": { "name": "small-package", "params": { "most_units": "2" } } }"#),
            "gates[0].rules[0].rule.host.params.most_units",
            "found string \"2\"",
        ),
        (
            one_gate(
                r#"{ "rule": { "evidence": { "required": { "functional": 95 } } }, "enforcement": "nag" }"#,
            ),
            "gates[0].rules[0].enforcement",
            "there is no `nag`",
        ),
    ] {
        refused(&rule, path, what);
    }
}

#[test]
fn a_policy_that_comes_too_early_is_refused_by_the_file_too() {
    let small =
        r#"{ "rule": { "host": { "name": "small-package", "params": { "most_units": 1 } } } }"#;
    let at_step = |step: &str| {
        one_gate(small).replace(r#""step": "deploy""#, &format!(r#""step": "{step}""#))
    };
    let reads = "policy `small-package` reads what a release has in Testing, Deployment, Review, Closure, and";
    refused(
        &at_step("start_testing"),
        "gates[0].rules[0].rule.host",
        &format!("{reads} `start_testing` leaves Development"),
    );
    // One of several phases that lacks it is enough.
    refused(
        &at_step("replan"),
        "gates[0].rules[0].rule.host",
        &format!("{reads} `replan` leaves Development"),
    );
    for fine in [
        "deploy",
        "rework",
        "finish_deployment",
        "back_out",
        "complete_review",
        "close",
    ] {
        assert!(
            GateSet::from_json(&at_step(fine), &policies()).is_ok(),
            "{fine}"
        );
    }
}

#[test]
fn every_mistake_is_found_at_once() {
    let file = r#"{ "gates": [
        { "name": "g", "version": 1, "step": "authorise", "rules": [
            { "rule": { "evidence": { "required": {} } } },
            { "rule": { "host": { "name": "who" } } },
            { "rule": { "host": { "name": "refuses", "params": [] } } } ] },
        { "name": "g", "version": 2, "step": "deploy", "rules": [] },
        { "name": "h", "version": 1, "step": "dance", "rules": [{ "rule": 1 }] },
        7 ] }"#;
    let paths: Vec<_> = GateSet::from_json(file, &policies())
        .unwrap_err()
        .into_iter()
        .map(|one| one.path)
        .collect();
    let wanted = [
        "gates[0].rules[0].rule.evidence",
        "gates[0].rules[1].rule.host.name",
        "gates[0].rules[2].rule.host.params",
        "gates[1].name",
        "gates[2].step",
        "gates[2].rules[0].rule",
        "gates[3]",
    ];
    assert_eq!(paths, wanted);
    let twice = r#"{ "gates": [
        { "name": "g", "version": 1, "step": "deploy", "rules": [] },
        { "name": "h", "version": 1, "step": "deploy", "rules": [] },
        { "name": "g", "version": 2, "step": "close", "rules": [] } ] }"#;
    assert_eq!(
        mistakes(twice),
        ["gates[2].name: another gate is named `g`"]
    );
}

#[test]
fn broken_or_bottomless_json_is_a_mistake_and_no_crash() {
    refused("", "file", "EOF while parsing");
    refused(r#"{ "gates": ["#, "file", "EOF while parsing");
    refused(r#"{ "gates": [] } x"#, "file", "trailing characters");
    let deep = 10 << 20;
    refused(&"[".repeat(deep), "file", "");
    refused(&r#"{"a":"#.repeat(deep / 5), "file", "");
    let nested = format!(r#"{{ "gates": [{}] }}"#, "[".repeat(deep));
    refused(&nested, "file", "recursion limit exceeded");
    let params = format!(
        r#"{{ "rule": {{ "host": {{ "name": "refuses", "params": {} }} }} }}"#,
        "[".repeat(deep)
    );
    refused(&one_gate(&params), "file", "recursion limit exceeded");
}

// What gates answer.

#[test]
fn a_gate_holds_on_its_tracks_only() {
    let refuses = || Refuses::codes(["no"]);
    let emergency = gate::<Authorise>()
        .require(refuses())
        .on_track(Track::Emergency);
    let office = guarded(emergency);
    let release = office.requested();
    let held = |release: &Release<Request>| {
        let step = Authorise::new(worthwhile());
        let gates = office.desk.gates().gates_for(release, step.clone());
        let count = gates.count();
        let decision = wait(office.desk.explain(release, step, by("cho")));
        assert_eq!(decision.is_cleared(), count == 0);
        assert_eq!(decision.gates.len(), count);
        count
    };
    assert_eq!(held(&release), 0);
    assert_eq!(
        office
            .desk
            .gates()
            .gates_for(&release, Deploy::new(window()))
            .count(),
        0
    );
    let changed = TrackChanged::new(Track::Emergency, text("it burns"));
    let release = office.recorded(release, changed, "kim");
    assert_eq!(held(&release), 1);
    // Before a release begins, the track that is asked for counts.
    let begin = gate::<RequestRelease>()
        .require(refuses())
        .on_track(Track::Emergency);
    let begin = guarded(begin.on_track(Track::Standard));
    let mut request = titled("Hotfix");
    let _ = begin.done(begin.asked(request.clone()), "kim");
    request.track = Track::Emergency;
    assert!(begin.run(begin.asked(request), "kim").is_err());
}

#[test]
fn an_explanation_lists_every_blocker_in_a_stable_order() {
    let first = Gate::<Authorise>::new("first", 1).unwrap();
    let first = first
        .require(Refuses::codes(["b", "a"]))
        .require(Refuses::codes([]));
    let second = Gate::<Authorise>::new("second", 1).unwrap();
    let second = second
        .require(Knows::facts(["budget"]))
        .require(Misbehaves::Panics);
    let other_step = Gate::<Cancel>::new("other", 1)
        .unwrap()
        .require(Refuses::codes(["c"]));
    let gates = GateSet::new().with(first).with(other_step).with(second);
    let office = office().with_gates(gates);
    let mut request = titled("Shop 2.4");
    request.track = Track::Standard;
    let release = office.done(office.asked(request), "kim");
    let step = || Authorise::new(worthwhile());
    let explain = |release| wait(office.desk.explain(release, step(), by("cho")));
    let decision = explain(&release);
    let wanted = [
        ("lifecycle", "no-model"),
        ("first", "b"),
        ("first", "a"),
        ("second", "fact-missing"),
        ("second", "panicked"),
    ];
    let wanted = wanted.map(|(gate, code)| (gate.to_owned(), code.to_owned()));
    assert_eq!(blockers(&decision), wanted);
    assert_eq!(explain(&release), decision);
    let shown = decision.to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "authorise refused");
    assert_eq!(lines[2], "  refuses: b it is; do not");
    assert_eq!(lines.len(), 6);
    // It is the very decision that the step then gets.
    let refused = office
        .run(release.authorise(worthwhile()), "cho")
        .unwrap_err();
    assert_eq!(*refused.refused().unwrap().decision, decision);
}

#[test]
fn an_explanation_is_empty_if_and_only_if_the_step_is_cleared() {
    for codes in [vec![], vec![key("no")]] {
        for percent in [0, 95, 96, 100] {
            for enforcement in [Enforcement::Block, Enforcement::Warn, Enforcement::Shadow] {
                let gate = gate::<Deploy>()
                    .enforce(
                        Refuses {
                            codes: codes.clone(),
                        },
                        enforcement,
                    )
                    .require(evidence(percent));
                let office = guarded(gate);
                for release in [office.testing(), office.tested()] {
                    let step = Deploy::new(window());
                    let decision = wait(office.desk.explain(&release, step, by("ada")));
                    let is_empty = decision.blockers().next().is_none();
                    assert_eq!(decision.is_cleared(), is_empty);
                    let answer = office.run(release.deploy(window()), "ada");
                    assert_eq!(answer.is_ok(), is_empty, "{decision}");
                }
            }
        }
    }
}

#[test]
fn warn_and_shadow_are_written_down_and_never_block() {
    for enforcement in [Enforcement::Warn, Enforcement::Shadow] {
        let gate = gate::<Authorise>()
            .enforce(Refuses::codes(["no"]), enforcement)
            .enforce(Knows::facts(["budget"]), enforcement)
            .enforce(Misbehaves::Panics, enforcement);
        let office = guarded(gate);
        let decision = authorising(&office, &office.facts());
        assert!(decision.is_cleared() && decision.findings.len() == 3);
        assert_eq!(decision.blockers().count(), 0);
        assert!(
            decision
                .findings
                .iter()
                .all(|one| one.enforcement == enforcement)
        );
        let release = office.done(office.requested().authorise(worthwhile()), "cho");
        assert!(release.version().get() == 2);
        // What only they read ends no clearance, and guards no commit.
        let gate = Gate::<Authorise>::new("gate", 1).unwrap();
        let gate = gate.enforce(Knows::facts(["budget"]), enforcement);
        let read = fact_of(at(NOON), calendar("budgets"), 4);
        let facts = Facts::at(at(NOON)).with(key("budget"), read);
        let asked = office.requested().authorise(worthwhile());
        let cleared = gate.decide(asked, &facts, &by("cho")).unwrap();
        assert_eq!(cleared.holds_until(), None);
        assert_eq!(cleared.batch().guards(), []);
    }
}

#[test]
fn a_policy_that_misbehaves_never_clears() {
    for (how, code) in [
        (Misbehaves::Panics, "panicked"),
        (Misbehaves::PanicsOnFacts, "panicked"),
        (Misbehaves::GivesNoReason, "no-verdict"),
        (Misbehaves::ExceptsItself, "no-verdict"),
    ] {
        let office = guarded(gate::<Authorise>().require(how));
        let decision = authorising(&office, &office.facts());
        assert_eq!(codes(&decision), [code], "{how:?}");
        let verdict = &decision.findings[0].judgement.verdict;
        assert!(matches!(verdict, Verdict::Failed { .. }), "{verdict:?}");
        assert_eq!(decision.overrides().count(), 0);
        // No override helps: they are for what is violated.
        let (release, _) = granted(&office, Action::Authorise, "misbehaves", code, "W-1");
        let answer = office.run(release.authorise(worthwhile()), "cho");
        assert_eq!(
            codes(&answer.unwrap_err().refused().unwrap().decision),
            [code]
        );
    }
}

// Overrides.

/// A new request with an override of that blocker, granted by cho for an hour.
fn granted<S: Store>(
    office: &Office<S>,
    step: Action,
    policy: &str,
    code: &str,
    id: &str,
) -> (Release<Request>, OverrideGranted) {
    let release = office.requested();
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "kim");
    let granted = overriding(step, policy, code, id);
    let release = office.recorded(release, granted.clone(), "cho");
    (release, granted)
}

fn overriding(step: Action, policy: &str, code: &str, id: &str) -> OverrideGranted {
    OverrideGranted::new(
        key(id),
        step,
        key(policy),
        key(code),
        Role::ChangeAuthority,
        text("the board agreed"),
        at("2026-03-02T13:00:00Z"),
    )
}

#[test]
fn an_override_covers_the_blocker_that_it_names() {
    let office = guarded(gate::<Authorise>().require(Refuses::codes(["frozen"])));
    let (release, _) = granted(&office, Action::Authorise, "refuses", "frozen", "W-1");
    let step = Authorise::new(worthwhile());
    let decision = wait(office.desk.explain(&release, step, by("cho")));
    assert!(decision.is_cleared());
    assert_eq!(decision.overrides().collect::<Vec<_>>(), [&key("W-1")]);
    let Verdict::Excepted { reasons, .. } = &decision.findings[0].judgement.verdict else {
        panic!("{decision:?}");
    };
    assert_eq!(
        reasons[0].code,
        key("frozen"),
        "what would have blocked is written down"
    );
    assert_eq!(decision.holds_until, Some(at("2026-03-02T13:00:00Z")));
    let _ = office.done(release.authorise(worthwhile()), "cho");
    // Every other one covers nothing.
    for (step, policy, code) in [
        (Action::Cancel, "refuses", "frozen"),
        (Action::Authorise, "knows", "frozen"),
        (Action::Authorise, "refuses", "closed"),
    ] {
        let (release, _) = granted(&office, step, policy, code, "W-1");
        let answer = office.run(release.authorise(worthwhile()), "cho");
        let decision = answer.unwrap_err().refused().unwrap().decision;
        assert_eq!(codes(&decision), ["frozen"], "{step} {policy} {code}");
        assert_eq!(decision.overrides().count(), 0);
    }
}

#[test]
fn an_override_is_used_once() {
    let office = guarded(gate::<Hold>().require(Refuses::codes(["frozen"])));
    let (release, again) = granted(&office, Action::Hold, "refuses", "frozen", "W-1");
    let held = office.done(release.hold(text("wait")), "kim");
    let release = office.done(held.resume(), "kim");
    let answer = office.run(release.hold(text("wait")), "kim");
    let refused = answer.unwrap_err().refused().unwrap();
    assert_eq!(codes(&refused.decision), ["frozen"]);
    // It cannot be granted again under its id; another one can.
    let answer = office.record(refused.release, again, "cho");
    let release = answer.unwrap_err().into_release().unwrap();
    let another = overriding(Action::Hold, "refuses", "frozen", "W-2");
    let release = office.recorded(release, another, "cho");
    let held: Release<OnHold<Request>> = office.done(release.hold(text("wait")), "kim");
    // What is loaded again knows that it was used.
    assert_eq!(office.again(&held), held);
}

#[test]
fn an_override_that_is_not_needed_is_not_used() {
    let refuses = || Refuses::codes(["frozen"]);
    let office = guarded(gate::<Hold>().enforce(refuses(), Enforcement::Warn));
    let (release, _) = granted(&office, Action::Hold, "refuses", "frozen", "W-1");
    let held = office.done(release.hold(text("wait")), "kim");
    let release = office.done(held.resume(), "kim");
    let strict = set(gate::<Hold>().require(refuses()));
    let step = Hold::new(text("wait"));
    let decision = strict.explain(&release, step, &office.facts(), &by("kim"));
    assert!(decision.is_cleared(), "{decision}");
}

#[test]
fn an_override_that_is_over_covers_nothing() {
    let office = guarded(gate::<Authorise>().require(Refuses::codes(["frozen"])));
    let (release, _) = granted(&office, Action::Authorise, "refuses", "frozen", "W-1");
    office.clock.set("2026-03-02T13:00:00Z");
    let step = || Authorise::new(worthwhile());
    assert!(!wait(office.desk.explain(&release, step(), by("cho"))).is_cleared());
    office.clock.set("2026-03-02T12:59:59.999999Z");
    assert!(wait(office.desk.explain(&release, step(), by("cho"))).is_cleared());
}

#[test]
fn every_blocker_needs_an_override_of_its_own() {
    let office = guarded(gate::<Authorise>().require(Refuses::codes(["a", "b", "a"])));
    let (mut release, _) = granted(&office, Action::Authorise, "refuses", "a", "W-1");
    for (id, code) in [("W-2", "b"), ("W-3", "a")] {
        let answer = office.run(release.authorise(worthwhile()), "cho");
        let refused = answer.unwrap_err().refused().unwrap();
        assert_eq!(
            codes(&refused.decision),
            ["a", "b", "a"],
            "half an exception is none"
        );
        let another = overriding(Action::Authorise, "refuses", code, id);
        release = office.recorded(refused.release, another, "cho");
    }
    let step = Authorise::new(worthwhile());
    let decision = wait(office.desk.explain(&release, step, by("cho")));
    let used: Vec<_> = decision.overrides().map(Key::as_str).collect();
    assert_eq!(used, ["W-1", "W-2", "W-3"]);
}

#[test]
fn no_override_waives_the_lifecycle_or_a_missing_fact() {
    let office = guarded(gate::<Authorise>().require(Knows::facts(["budget"])));
    let (release, _) = granted(&office, Action::Authorise, "lifecycle", "no-model", "W-1");
    let missing = overriding(Action::Authorise, "knows", "fact-missing", "W-2");
    let release = office.recorded(release, missing, "cho");
    let standard = TrackChanged::new(Track::Standard, text("it is routine"));
    let release = office.recorded(release, standard, "kim");
    let answer = office.run(release.authorise(worthwhile()), "cho");
    let decision = answer.unwrap_err().refused().unwrap().decision;
    assert_eq!(codes(&decision), ["no-model", "fact-missing"]);
}

// Facts, and how long a clearance holds.

fn holding(until: &str) -> Fact {
    let mut fact = fact(at(NOON));
    fact.holds_until = Some(at(until));
    fact
}

#[test]
fn a_fact_that_is_missing_or_over_is_answered_with_nothing() {
    let office = guarded(gate::<Authorise>().require(Knows::facts(["budget", "freeze"])));
    let both = |budget| {
        let facts = office.facts().with(key("freeze"), fact(at(NOON)));
        authorising(&office, &facts.with(key("budget"), budget))
    };
    assert!(both(fact(at(NOON))).is_cleared());
    let missing = authorising(&office, &office.facts().with(key("freeze"), fact(at(NOON))));
    assert_eq!(codes(&missing), ["fact-missing"]);
    assert!(missing.facts.len() == 1 && missing.facts.contains_key(&key("freeze")));
    assert!(matches!(
        missing.findings[0].judgement.verdict,
        Verdict::Unknown { .. }
    ));
    // Read five minutes ago, or said to be over now.
    for over in [fact(at("2026-03-02T11:55:00Z")), holding(NOON)] {
        assert_eq!(codes(&both(over)), ["fact-missing"]);
    }
    assert!(both(fact(at("2026-03-02T11:55:00.000001Z"))).is_cleared());
}

/// Asks for a fact that it did not declare.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Peeks {}

impl Policy for Peeks {
    type Reads = ();
    const NAME: &'static str = "peeks";

    fn facts(&self) -> Vec<Key> {
        vec![key("declared")]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        assert!(
            ask.fact(&key("declared")).is_some(),
            "what is declared is given"
        );
        match ask.fact(&key("other")) {
            Some(_) => Verdict::of(vec![Reason::new("peeked", "it saw", "hide it")]),
            None => Verdict::SATISFIED,
        }
    }
}

#[test]
fn a_fact_that_was_not_declared_is_not_given() {
    // Another policy that declares it makes no difference.
    let gate = gate::<Authorise>()
        .require(Knows::facts(["other"]))
        .require(Peeks {});
    let office = guarded(gate);
    let facts = office.facts().with(key("other"), fact(at(NOON)));
    let facts = facts.with(key("declared"), fact(at(NOON)));
    let facts = facts.with(key("nobody's"), fact(at(NOON)));
    let decision = authorising(&office, &facts);
    assert!(decision.is_cleared(), "{decision}");
    let read: Vec<_> = decision.facts.keys().map(Key::as_str).collect();
    assert_eq!(
        read,
        ["declared", "other"],
        "what nobody asked for is not kept"
    );
}

#[test]
fn a_clearance_ends_with_its_earliest_fact() {
    let gate = gate::<Authorise>().require(Knows::facts(["a", "b"]));
    let until = |a: Fact, b: Fact| {
        let facts = Facts::at(at(NOON)).with(key("a"), a).with(key("b"), b);
        let asked = office().requested().authorise(worthwhile());
        let cleared = gate.decide(asked, &facts, &by("cho")).unwrap();
        cleared.holds_until().unwrap().to_string()
    };
    let (soon, late) = (
        || holding("2026-03-02T12:01:00Z"),
        || holding("2026-03-05T12:00:00Z"),
    );
    assert_eq!(until(soon(), late()), "2026-03-02T12:01:00Z");
    assert_eq!(until(late(), soon()), "2026-03-02T12:01:00Z");
    assert_eq!(until(late(), late()), "2026-03-05T12:00:00Z");
    // One that says nothing holds for five minutes after it was read.
    assert_eq!(until(late(), fact(at(NOON))), "2026-03-02T12:05:00Z");
    assert_eq!(
        until(late(), fact(at("2026-03-02T11:58:00Z"))),
        "2026-03-02T12:03:00Z"
    );
    let free = office().requested().authorise(worthwhile());
    let cleared = GateSet::new()
        .decide(free, &Facts::at(at(NOON)), &by("cho"))
        .unwrap();
    assert_eq!(
        cleared.holds_until(),
        None,
        "nothing that decided can change by time"
    );
}

#[test]
fn a_decision_comes_out_the_same_from_its_own_facts() {
    let gates = set(gate::<Authorise>()
        .require(Knows::facts(["a"]))
        .require(Refuses::codes([])));
    let office = office().with_gates(gates);
    let release = office.requested();
    let facts = office
        .facts()
        .with(key("a"), holding("2026-03-02T13:00:00Z"));
    let explain = |facts: &Facts| {
        let step = Authorise::new(worthwhile());
        office
            .desk
            .gates()
            .explain(&release, step, facts, &by("cho"))
    };
    let decision = explain(&facts.with(key("b"), fact(at(NOON))));
    assert_eq!(explain(&Facts::of(&decision)), decision);
}

// Evidence.

#[test]
fn evidence_is_enough_at_the_ratio_and_not_below() {
    let package = package("one");
    let decide = |percent, runs: &[(&str, u32, u32)]| {
        let office = guarded(gate::<Deploy>().require(evidence(percent)));
        let mut release: Release<Testing> = office.testing();
        for (id, passed, failed) in runs {
            release = office.recorded(release, run_of(id, &package, *passed, *failed), "tom");
        }
        wait(
            office
                .desk
                .explain(&release, Deploy::new(window()), by("ada")),
        )
    };
    let clears = |percent, runs: &[_]| decide(percent, runs).is_cleared();
    assert!(clears(95, &[("r", 19, 1)]) && !clears(95, &[("r", 18, 1)]));
    assert!(clears(95, &[("r", 95, 5)]) && !clears(95, &[("r", 94, 5)]));
    assert!(clears(0, &[("r", 0, 1)]), "at least one ran");
    assert!(clears(100, &[("r", 1, 0)]));
    let (most, lost) = (u32::MAX, [("r", u32::MAX, 1)]);
    assert!(!clears(100, &lost) && clears(99, &lost));
    assert!(
        clears(50, &[("a", most, 0), ("b", 0, most)]),
        "nothing overflows"
    );
    assert!(!clears(51, &[("a", most, 0), ("b", 0, most)]));
    // All runs count together; one under the same id replaces the one before.
    assert!(!clears(95, &[("a", 10, 1), ("b", 8, 1)]));
    assert!(clears(95, &[("a", 10, 1), ("a", 20, 0)]));
    let said = decide(95, &[("a", 10, 1), ("b", 8, 1)]).to_string();
    let wanted = "evidence: 18 of 20 functional tests passed, and at least 95 % are required; fix what failed, and test the new package";
    assert_eq!(said.lines().nth(1).map(str::trim), Some(wanted));
}

#[test]
fn a_kind_of_which_no_test_ran_is_missing() {
    let office = guarded(gate::<Deploy>().require(EvidencePolicy::new([
        (TestKind::Functional, Percent::new(0).unwrap()),
        (TestKind::Security, Percent::new(0).unwrap()),
    ])));
    let mut skipped = run_of("skipped", &package("one"), 0, 0);
    skipped.skipped = 100;
    let release = office.recorded(office.testing(), skipped, "tom");
    let explain = |release: &Release<Testing>| {
        let decision = wait(
            office
                .desk
                .explain(release, Deploy::new(window()), by("ada")),
        );
        codes(&decision)
    };
    let missing = ["not-tested", "kind-missing", "kind-missing"];
    assert_eq!(explain(&release), missing);
    let release = office.recorded(release, run_of("run", &package("one"), 1, 0), "tom");
    assert_eq!(explain(&release), ["kind-missing"]);
    let mut security = run_of("pen", &package("one"), 0, 1);
    security.kind = TestKind::Security;
    let release = office.recorded(release, security, "tom");
    assert_eq!(explain(&release), Vec::<String>::new());
}

#[test]
fn a_gate_decides_alone_too() {
    let office = office();
    let gate = gate::<StartTesting>().require(Refuses::codes(["no"]));
    let release = office.developing();
    let before = release.view();
    let asked = release.start_testing(package("one"));
    let refused = gate.decide(asked, &office.facts(), &by("ada")).unwrap_err();
    assert_eq!(codes(&refused.decision), ["no"]);
    assert_eq!(refused.release.view(), before, "the release is as it was");
    let asked = refused.release.start_testing(package("one"));
    let cleared = GateSet::new()
        .decide(asked, &office.facts(), &by("ada"))
        .unwrap();
    assert_eq!(cleared.withdraw().view(), before);
}

#[test]
fn one_override_lifts_one_blocker_of_one_gate() {
    let refusing = || Gate::<Authorise>::new("second", 1).unwrap();
    let gates = GateSet::new()
        .with(gate::<Authorise>().require(Refuses::codes(["frozen"])))
        .with(refusing().require(Refuses::codes(["frozen"])));
    let office = office().with_gates(gates);
    let (release, _) = granted(&office, Action::Authorise, "refuses", "frozen", "W-1");
    let answer = office.run(release.authorise(worthwhile()), "cho");
    let refused = answer.unwrap_err().refused().unwrap();
    assert_eq!(codes(&refused.decision), ["frozen"]);
    let another = overriding(Action::Authorise, "refuses", "frozen", "W-2");
    let release = office.recorded(refused.release, another, "cho");
    let _ = office.done(release.authorise(worthwhile()), "cho");
}

#[test]
fn a_gate_has_a_version_and_a_name_of_its_own_and_names_its_tracks() {
    let zero = Gate::<Authorise>::new("intake", 0).unwrap_err();
    let message = "invalid gate version `0`: expected 1 or more";
    assert_eq!(zero.to_string(), message);
    let file = |said: &str| {
        format!(r#"{{ "gates": [{{ "name": "g", "step": "deploy", "rules": [], {said} }}] }}"#)
    };
    refused(&file(r#""version": 0"#), "gates[0].version", message);
    refused(
        &file(r#""version": 1, "tracks": []"#),
        "gates[0].tracks",
        "it names no track; leave it out for all of them",
    );
    // Of two, the later one holds, wherever it stands.
    let first = gate::<Deploy>().require(evidence(95));
    let later = gate::<Authorise>().require(Refuses::codes(["no"]));
    let both = set(first).with(later.clone());
    assert_eq!(both, set(later));
}

#[test]
fn parameters_are_an_object_where_they_are_written_as_one() {
    let host =
        |params: &str| format!(r#"{{ "rule": {{ "host": {{ "name": "refuses"{params} }} }} }}"#);
    let found = |count| format!("expected an object, found a list of {count}");
    let path = "gates[0].rules[0].rule";
    for (rule, at, count) in [
        (r#"{ "rule": { "in-step": [] } }"#, ".in-step", 0),
        (r#"{ "rule": { "risk": ["low"] } }"#, ".risk", 1),
        (&host(r#", "params": [["no"]]"#), ".host.params", 1),
    ] {
        refused(&one_gate(rule), &format!("{path}{at}"), &found(count));
    }
    let whole = one_gate(&host(r#", "params": { "codes": ["no"] }"#));
    assert!(GateSet::from_json(&whole, &policies()).is_ok());
}

#[test]
fn no_gate_answers_in_the_name_of_the_lifecycle() {
    let refused = Gate::<Authorise>::new("lifecycle", 1).unwrap_err();
    let message = "invalid gate `lifecycle`: expected a name of your own; the invariants answer under this one";
    assert_eq!(refused.to_string(), message);
    let file =
        r#"{ "gates": [{ "name": "lifecycle", "version": 1, "step": "deploy", "rules": [] }] }"#;
    self::refused(file, "gates[0].name", message);
}

#[test]
fn evidence_of_nothing_is_refused() {
    let rules = one_gate(r#"{ "rule": { "evidence": { "required": {} } } }"#);
    let message = "invalid evidence policy ``: expected at least one kind of test";
    refused(&rules, "gates[0].rules[0].rule.evidence", message);
}

/// Keys that are no text cannot be written as JSON.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Unwritable(std::collections::BTreeMap<(u8, u8), u8>);

impl Policy for Unwritable {
    type Reads = ();
    const NAME: &'static str = "unwritable";

    fn judge(&self, _ask: &Ask<'_>, (): ()) -> Verdict {
        Verdict::SATISFIED
    }
}

#[test]
fn a_policy_that_cannot_be_written_never_clears() {
    let policy = Unwritable([((1, 2), 3)].into());
    let office = guarded(gate::<Authorise>().require(policy));
    let answer = office.run(office.requested().authorise(worthwhile()), "cho");
    let refused = answer.unwrap_err().refused().unwrap();
    assert_eq!(codes(&refused.decision), ["unwritable"]);
}

#[test]
fn what_a_file_says_is_told_as_it_stands_there() {
    let rule = |rule: Value| one_gate(&json!({ "rule": rule }).to_string());
    let told = |file: &str| mistakes(file).join("\n");
    let key = told(&rule(json!({ "evidence": { "roadmap": {} } })));
    assert!(key.contains("no such key `roadmap`"), "{key}");
    let value = told(&rule(
        json!({ "approvals": { "rules": [], "not_by": ["heatmap"] } }),
    ));
    assert!(value.contains("there is no `heatmap`"), "{value}");
    let text = r#"a map, expected u8, expected one of "a sequence""#;
    let value = told(&rule(json!({ "evidence": { "required": text } })));
    let shown = format!("found string {text:?}, expected an object");
    assert!(value.ends_with(&shown), "{value}");
    let value = told(&rule(json!({ "approvals": { "rules": {} } })));
    assert!(
        value.ends_with("found an object, expected a list"),
        "{value}"
    );
}

#[test]
fn a_key_that_appears_twice_is_refused_wherever_it_does() {
    let ratio =
        r#"{ "rule": { "evidence": { "required": { "functional": 95, "functional": 1 } } } }"#;
    refused(&one_gate(ratio), "file", "key `functional` appears twice");
    let version = r#"{ "gates": [{ "version": 1, "version": 2 }] }"#;
    refused(version, "file", "key `version` appears twice");
}

/// Clears until an instant that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Outdated {}

impl Policy for Outdated {
    type Reads = ();
    const NAME: &'static str = "outdated";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        Verdict::Satisfied {
            until: Some(ask.now()),
        }
    }
}

/// Says that it was lifted, then and later, and still refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Contradicts {}

impl Policy for Contradicts {
    type Reads = ();
    const NAME: &'static str = "contradicts";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let reason = |code, at| Reason::new(code, "no", "wait").clears_at(at);
        let later = ask.now().plus(Seconds::hours(1));
        Verdict::of(vec![
            reason("before", at("2020-01-01T00:00:00Z")),
            reason("now", ask.now()),
            reason("later", later),
        ])
    }
}

#[test]
fn nothing_clears_in_the_past() {
    let office = guarded(gate::<Authorise>().require(Contradicts {}));
    let decision = authorising(&office, &office.facts());
    assert_eq!(
        decision.to_string(),
        "authorise refused\n  contradicts: no; wait\n  contradicts: no; wait\n  \
         contradicts: no; wait (not before 2026-03-02T13:00:00Z)"
    );
    assert_eq!(decision.clears_at(), None);
    // Under `not` it would say until when a clearance holds.
    let office = guarded(gate::<Authorise>().require(not(Contradicts {})));
    let decision = authorising(&office, &office.facts());
    assert_eq!(decision.holds_until, Some(at("2026-03-02T13:00:00Z")));
}

/// Has more to say than an event keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Floods {}

impl Policy for Floods {
    type Reads = ();
    const NAME: &'static str = "floods";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        let long = "many words ".repeat(1_800);
        let reason = |number| Reason::new(format!("code-{number}"), &long, "skip them");
        Verdict::of((0..80).map(reason).collect())
    }
}

#[test]
fn what_refuses_nothing_is_cut_where_an_event_would_be_too_large() {
    for enforcement in [Enforcement::Warn, Enforcement::Shadow] {
        let gate = gate::<Authorise>()
            .enforce(Floods {}, enforcement)
            .require(any((Floods {}, Refuses::codes([]))));
        let office = guarded(gate);
        let release = office.requested();
        let id = release.id();
        let step = || Authorise::new(worthwhile());
        let explained = wait(office.desk.explain(&release, step(), by("cho")));
        assert!(explained.is_cleared());
        let _ = office.done(release.authorise(worthwhile()), "cho");
        let log = wait(office.desk.history(id)).unwrap();
        let Some(Event::Step(taken)) = log[1].decode().unwrap() else {
            panic!("{log:?}");
        };
        assert_eq!(
            *taken.decision, explained,
            "what was explained is what is kept"
        );
        let [flood, either] = &explained.findings[..] else {
            panic!("{explained:?}");
        };
        assert_eq!(flood.judgement.policy, key("floods"));
        let reasons = flood.judgement.verdict.reasons();
        let told: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        let cut = "80 reasons are left out: they were too long to be kept; let the policy say less";
        assert_eq!(told, [cut]);
        assert_eq!(reasons[0].code, key("reasons-left-out"));
        assert_eq!(either.judgement.parts[0].verdict.reasons(), reasons);
    }
}

#[test]
fn a_refusal_is_written_down_whatever_is_warned_of() {
    let gate = gate::<Authorise>()
        .require(Refuses::codes(["no"]))
        .enforce(Floods {}, Enforcement::Warn);
    let office = Office::on(Arc::new(MemoryStore::new())).with_gates(set(gate));
    let release = office.requested();
    let id = release.id();
    let answer = office.run(release.authorise(worthwhile()), "cho");
    let _ = answer.unwrap_err().refused().unwrap();
    let log = wait(office.desk.history(id)).unwrap();
    let Some(Event::Record(AnyRecord::StepRefused(kept))) = log[1].decode().unwrap() else {
        panic!("{log:?}");
    };
    assert_eq!(codes(&kept.decision), ["no"]);
    let mut warnings = kept.decision.warnings();
    assert_eq!(
        warnings.next().unwrap().reason.code,
        key("reasons-left-out")
    );
}

#[test]
fn what_cannot_be_written_is_no_clearance_when_it_is_explained_either() {
    let names: [String; 60] = std::array::from_fn(|number| format!("fact-{number}"));
    let needs = Knows::facts(names.each_ref().map(String::as_str));
    let gate = gate::<Authorise>().require(needs);
    let long = FactValue::Text(text(&"x".repeat(20_000)));
    let facts = names.iter().fold(Facts::at(at(NOON)), |facts, name| {
        facts.with(key(name), Fact::new(long.clone(), at(NOON)))
    });
    let office = office();
    let release = office.requested();
    let set = set(gate.clone());
    let explained = set.explain(&release, Authorise::new(worthwhile()), &facts, &by("cho"));
    assert_eq!(codes(&explained), ["cannot-be-written"]);
    let asked = release.authorise(worthwhile());
    let refused = gate.decide(asked, &facts, &by("cho")).unwrap_err();
    assert_eq!(*refused.decision, explained);
    // Nor when it is rehearsed.
    let mut rehearsal = set.rehearse(&refused.release);
    let rehearsed = rehearsal.step(Authorise::new(worthwhile()), &facts, &by("cho"));
    assert_eq!(*rehearsed.unwrap_err(), explained);
    assert_eq!(rehearsal.view(), set.rehearse(&refused.release).view());
}

#[test]
fn a_rehearsal_moves_a_release_as_the_desk_does() {
    let office = office();
    let release = office.requested();
    let gates = GateSet::new();
    let mut rehearsal = gates.rehearse(&release);
    office.clock.pass(Seconds::hours(1));
    let given = RoleGiven::new(person("ada"), Role::ReleaseManager);
    rehearsal
        .record(given.clone(), &office.facts(), &by("cho"))
        .unwrap();
    rehearsal
        .step(Authorise::new(worthwhile()), &office.facts(), &by("cho"))
        .unwrap();
    let release = office.recorded(release, given, "cho");
    let release = office.done(release.authorise(worthwhile()), "cho");
    assert_eq!(
        rehearsal,
        gates.rehearse(&release),
        "down to the hash of its log"
    );
}

/// Takes the name of a built-in policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pretends {}

impl Policy for Pretends {
    type Reads = ();
    const NAME: &'static str = "risk";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        Verdict::SATISFIED
    }
}

#[test]
fn what_cannot_be_trusted_fails() {
    let nested = |times: usize| {
        let mut rule = not(Refuses::codes(["a"]));
        for _ in 1..times {
            rule = not(rule);
        }
        Gate::<Authorise>::new("intake", 1).unwrap().require(rule)
    };
    let gate = || Gate::<Authorise>::new("intake", 1).unwrap();
    for (gate, codes) in [
        (gate().require(Outdated {}), vec!["clears-until-before"]),
        (gate().require(Pretends {}), vec!["name-taken"]),
        (nested(15), vec![]),
        (nested(16), vec!["nested-too-deep"]),
        (nested(100_000), vec!["nested-too-deep"]),
    ] {
        let office = office().with_gates(GateSet::new().with(gate));
        let release = office.requested();
        let id = release.id();
        let decision = wait(
            office
                .desk
                .explain(&release, Authorise::new(worthwhile()), by("cho")),
        );
        let found: Vec<_> = decision
            .blockers()
            .map(|one| one.reason.code.as_str())
            .collect();
        assert_eq!(found, codes, "{decision}");
        // Cleared or refused, what is written can be read.
        let _ = wait(office.desk.run(release.authorise(worthwhile()), by("cho")));
        wait(office.desk.load(id)).unwrap();
    }
}
