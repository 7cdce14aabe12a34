//! Combinations of policies: the truth tables, their laws, and what a gate makes of them.

use crate::desk_support::{Office, at, by, key, office, person, text, titled, worthwhile};
use phasegate::gate::{
    Ask, Condition, GateSet, Policies, RuleOn, all, any, at_least, not, unless, when,
};
use phasegate::phase::Action;
use phasegate::release::step::Authorise;
use phasegate::release::{
    Combination, Decision, Key, Name, OverrideGranted, Reason, ReleaseKind, ReleaseRequest,
    RiskLevel, Role, RoleGiven, Service, Track, Verdict,
};
use phasegate::{Gate, MemoryStore, Policy};
use serde::{Deserialize, Serialize};
use std::{mem::discriminant, sync::Arc};

/// Answers as it is told; the code of its reason is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    code: Key,
    answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Answer {
    Yes,
    No,
    Unknown,
    Panics,
}
use Answer::{No, Panics, Unknown, Yes};

impl Policy for Says {
    type Reads = ();
    const NAME: &'static str = "says";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        let reasons = || vec![Reason::new(&self.code, "it says so", "tell it otherwise")];
        match self.answer {
            Yes => Verdict::SATISFIED,
            No => Verdict::Violated { reasons: reasons() },
            Unknown => Verdict::Unknown { reasons: reasons() },
            Panics => panic!("as it was told to"),
        }
    }
}

fn says(code: &str, answer: Answer) -> Says {
    Says {
        code: key(code),
        answer,
    }
}

fn gated(rule: impl RuleOn<Authorise>) -> Office<Arc<MemoryStore>> {
    let gate = Gate::new("gate", 1).unwrap().require(rule);
    office().with_gates(GateSet::new().with(gate))
}

fn decided(office: &Office<Arc<MemoryStore>>) -> Decision {
    let release = office.requested();
    let (step, facts) = (Authorise::new(worthwhile()), office.facts());
    office
        .desk
        .gates()
        .explain(&release, step, &facts, &by("cho"))
}

/// The verdict of the one finding, and the codes of all that blocks.
fn answer(rule: impl RuleOn<Authorise>) -> (&'static str, Vec<String>) {
    let decision = decided(&gated(rule));
    let codes = decision.blockers().map(|one| one.reason.code.to_string());
    (
        decision
            .findings
            .first()
            .map_or("not judged", |one| called(&one.judgement.verdict)),
        codes.collect(),
    )
}

fn called(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Satisfied { .. } => "satisfied",
        Verdict::Excepted { .. } => "excepted",
        Verdict::Unknown { .. } => "unknown",
        Verdict::Violated { .. } => "violated",
        Verdict::Failed { .. } => "failed",
    }
}

/// Every verdict, some with an end, with different reasons and overrides.
fn verdicts() -> Vec<Verdict> {
    let reason = |code: &str| Reason::new(code, "m", "r");
    let reasons = |codes: &[&str]| codes.iter().map(|code| reason(code)).collect::<Vec<_>>();
    let noon = Some(at("2026-03-02T12:00:00Z"));
    let one = Some(at("2026-03-02T13:00:00Z"));
    let mut all: Vec<_> = [None, noon, one]
        .map(|until| Verdict::Satisfied { until })
        .into();
    for (codes, until) in [(&["a"][..], None), (&["b"], noon), (&["a", "b"], one)] {
        let reasons = || reasons(codes);
        let overrides = codes.iter().map(|code| key(code)).collect();
        all.push(Verdict::Violated { reasons: reasons() });
        all.push(Verdict::Unknown { reasons: reasons() });
        all.push(Verdict::Failed { reasons: reasons() });
        all.push(Verdict::Excepted {
            reasons: reasons(),
            overrides,
            until,
        });
    }
    all
}

/// What the table in the documentation says of this many out of these.
fn by_the_table(count: usize, of: &[&Verdict]) -> &'static str {
    let number = |name| of.iter().filter(|one| called(one) == name).count();
    let (satisfied, excepted) = (number("satisfied"), number("excepted"));
    if number("failed") > 0 {
        "failed"
    } else if satisfied >= count {
        "satisfied"
    } else if satisfied + excepted >= count {
        "excepted"
    } else if satisfied + excepted + number("unknown") >= count {
        "unknown"
    } else {
        "violated"
    }
}

#[test]
fn every_combination_of_up_to_three_answers_as_its_table_says() {
    let verdicts = verdicts();
    let mut seen = 0;
    for a in &verdicts {
        for b in &verdicts {
            for c in &verdicts {
                for of in [&[a][..], &[a, b], &[a, b, c]] {
                    let owned = || of.iter().map(|&one| one.clone());
                    for count in 1..=of.len() {
                        let joined = Verdict::at_least(count, owned());
                        assert_eq!(
                            called(&joined),
                            by_the_table(count, of),
                            "{count} of {of:?}"
                        );
                        seen += 1;
                    }
                    assert_eq!(Verdict::all(owned()), Verdict::at_least(of.len(), owned()));
                    assert_eq!(Verdict::any(owned()), Verdict::at_least(1, owned()));
                }
            }
        }
    }
    assert_eq!(seen, 15 * 15 * 15 * 6);
    assert_eq!(Verdict::all([]), Verdict::SATISFIED);
    assert!(!Verdict::any([]).clears());
}

#[test]
fn the_opposite_of_every_verdict_is_as_its_table_says() {
    for verdict in verdicts() {
        let because = Reason::new("holds", "m", "r");
        let opposite = verdict.clone().negated(because);
        let expected = match called(&verdict) {
            "satisfied" | "excepted" => "violated",
            "violated" => "satisfied",
            same => same,
        };
        assert_eq!(called(&opposite), expected);
        if let (Some(until), [reason]) = (verdict.until(), opposite.reasons()) {
            assert_eq!(reason.clears_at, Some(until), "it can clear once that ends");
        }
    }
}

#[test]
fn all_and_any_keep_the_laws_of_a_join() {
    let verdicts = verdicts();
    for join in [
        |verdicts: &[&Verdict]| Verdict::all(verdicts.iter().map(|&one| one.clone())),
        |verdicts: &[&Verdict]| Verdict::any(verdicts.iter().map(|&one| one.clone())),
    ] {
        for a in &verdicts {
            assert_eq!(join(&[a, a]), *a, "idempotent");
            for b in &verdicts {
                assert_eq!(join(&[a, b]), join(&[b, a]), "commutative");
                for c in &verdicts {
                    let left = join(&[&join(&[a, b]), c]);
                    assert_eq!(left, join(&[a, &join(&[b, c])]), "associative");
                    assert_eq!(discriminant(&left), discriminant(&join(&[a, b, c])));
                }
            }
        }
    }
}

#[test]
fn this_many_hold_until_too_few_are_left() {
    let until = |text: &str| Verdict::Satisfied {
        until: Some(at(text)),
    };
    let ends = [
        "2026-03-02T12:00:00Z",
        "2026-03-02T13:00:00Z",
        "2026-03-02T14:00:00Z",
    ];
    for (count, end) in [(1, ends[2]), (2, ends[1]), (3, ends[0])] {
        assert_eq!(Verdict::at_least(count, ends.map(until)), until(end));
    }
    let with_one_for_good = [Verdict::SATISFIED, until(ends[0])];
    assert_eq!(Verdict::any(with_one_for_good), Verdict::SATISFIED);
}

#[test]
fn a_refusal_of_a_combination_names_the_policies_in_it() {
    let rule = any((says("one", No), all((says("two", Yes), says("three", No)))));
    assert_eq!(
        answer(rule),
        ("violated", vec!["one".into(), "three".into()])
    );
    let decision = decided(&gated(any((says("one", No), not(says("two", Yes))))));
    let told: Vec<_> = decision.blockers().map(|one| one.to_string()).collect();
    assert_eq!(
        told,
        [
            "says: it says so; tell it otherwise",
            "not: `says` holds, and it must not; wait until it does not, or do what makes it fail",
        ]
    );
    let judgement = &decision.findings[0].judgement;
    assert_eq!(
        (judgement.combined, judgement.parts.len()),
        (Some(Combination::Any), 2)
    );
    assert!(
        judgement.verdict.reasons().is_empty(),
        "its parts have them"
    );
}

/// A policy of the host's own that is called like a combination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalledNot(Says);

impl Policy for CalledNot {
    type Reads = ();
    const NAME: &'static str = "not";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        self.0.judge(ask, ())
    }
}

#[test]
fn a_policy_that_is_called_like_a_combination_is_none() {
    let called_not = |answer| CalledNot(says("own", answer));
    for (said, verdict) in [(Yes, "satisfied"), (No, "violated"), (Unknown, "unknown")] {
        let decision = decided(&gated(called_not(said)));
        let judgement = &decision.findings[0].judgement;
        assert_eq!(
            (judgement.policy.as_str(), judgement.combined),
            ("not", None)
        );
        let tree = decision.outline().to_string();
        assert!(tree.contains(&format!("`not`: {verdict}")), "{tree}");
        let codes: Vec<_> = decision
            .blockers()
            .map(|one| one.reason.code.to_string())
            .collect();
        assert_eq!(codes, vec!["own"; usize::from(said != Yes)]);
        assert!(
            !serde_json::to_string(&decision)
                .unwrap()
                .contains("combined")
        );
    }

    let decision = decided(&gated(not(called_not(Yes))));
    let judgement = &decision.findings[0].judgement;
    assert_eq!(judgement.combined, Some(Combination::Not));
    assert_eq!(
        (
            judgement.parts[0].policy.as_str(),
            judgement.parts[0].combined
        ),
        ("not", None)
    );
    let tree = decision.outline().to_string();
    assert!(
        tree.contains("not this: violated") && tree.contains("`not`: satisfied"),
        "{tree}"
    );
    // One `not` turns it, and the policy's name does not turn it back.
    let decision = decided(&gated(any((not(called_not(No)), says("no", No)))));
    let tree = decision.outline().to_string();
    assert!(tree.contains("`not`: violated, as it has to be"), "{tree}");
}

#[test]
fn a_decision_keeps_how_parts_were_combined() {
    let (yes, no) = (|| says("yes", Yes), || says("no", No));
    let rules = all((
        any((yes(), no())),
        at_least(2, (yes(), yes(), no())).unwrap(),
        at_least(
            2,
            (yes(), when(Condition::tracks([Track::Emergency]), yes())),
        )
        .unwrap(),
        not(no()),
    ));
    let decision = decided(&gated(rules));
    let json = serde_json::to_value(&decision).unwrap();
    let judgement = &json["findings"][0]["judgement"];
    assert_eq!(judgement["combined"], "all");
    let parts = judgement["parts"].as_array().unwrap();
    let combined: Vec<_> = parts
        .iter()
        .map(|part| part["combined"].to_string())
        .collect();
    let told = [
        r#""any""#,
        r#"{"at_least":2}"#,
        r#"{"at_least":1}"#,
        r#""not""#,
    ];
    assert_eq!(combined, told, "no more are asked for than are left");
    assert_eq!(serde_json::from_value::<Decision>(json).unwrap(), decision);
}

#[test]
fn this_many_of_some_have_to_clear() {
    let of = |answers: [Answer; 3]| {
        let [a, b, c] = answers;
        at_least(2, (says("a", a), says("b", b), says("c", c))).unwrap()
    };
    assert_eq!(answer(of([Yes, No, Yes])).0, "satisfied");
    assert_eq!(
        answer(of([Yes, No, No])),
        ("violated", vec!["b".into(), "c".into()])
    );
    assert_eq!(answer(of([Yes, No, Unknown])).0, "unknown");
    for count in [0, 3] {
        let refused = at_least::<Authorise>(count, (says("a", Yes), says("b", Yes))).unwrap_err();
        assert!(
            refused
                .to_string()
                .ends_with("expected 1 to 2, the number of rules")
        );
    }
}

#[test]
fn a_policy_that_failed_never_clears_wherever_it_is_judged() {
    let failing = || says("broken", Panics);
    assert_eq!(answer(not(failing())), ("failed", vec!["panicked".into()]));
    assert_eq!(answer(not(not(failing()))).0, "failed");
    assert_eq!(answer(any((says("fine", Yes), failing()))).0, "failed");
    assert_eq!(
        answer(at_least(1, (failing(), says("fine", Yes))).unwrap()).0,
        "failed"
    );
    let under = not(any((failing(), says("wanted", No))));
    assert_eq!(
        answer(under),
        ("failed", vec!["panicked".into()]),
        "a violation is wanted here"
    );
}

#[test]
fn what_is_not_judged_blocks_nobody() {
    let emergency = || Condition::tracks([Track::Emergency]);
    let failing = || says("broken", Panics);
    assert_eq!(answer(when(emergency(), failing())), ("not judged", vec![]));
    assert_eq!(
        answer(not(when(emergency(), failing()))),
        ("not judged", vec![])
    );
    assert_eq!(
        answer(all((when(emergency(), failing()), says("fine", Yes)))).0,
        "satisfied"
    );
    let of_two = at_least(2, (when(emergency(), failing()), says("fine", Yes))).unwrap();
    assert_eq!(
        answer(of_two).0,
        "satisfied",
        "no more are asked for than are left"
    );
    assert_eq!(answer(unless(emergency(), failing())).0, "failed");
    assert_eq!(
        answer(unless(emergency(), says("no", No))),
        ("violated", vec!["no".into()])
    );
}

#[test]
fn a_condition_fits_the_releases_that_it_describes() {
    let request = ReleaseRequest::builder()
        .title(titled("Shop 2.4").title)
        .track(Track::Normal)
        .kind(ReleaseKind::Security)
        .services([Service::new("shop").unwrap()])
        .labels([(key("team"), Name::new("payments").unwrap())])
        .build();
    let fits = |condition: Condition| {
        let gate = Gate::<Authorise>::new("gate", 1).unwrap();
        let gate = gate.require(when(condition, says("no", No)));
        let office = office().with_gates(GateSet::new().with(gate));
        let release = office.done(office.asked(request.clone()), "kim");
        let (step, facts) = (Authorise::new(worthwhile()), office.facts());
        !office
            .desk
            .gates()
            .explain(&release, step, &facts, &by("cho"))
            .findings
            .is_empty()
    };
    let service = |name: &str| Service::new(name).unwrap();
    let team = |name: &str| Condition::label(key("team"), Name::new(name).unwrap());
    assert!(fits(Condition::tracks([Track::Normal])));
    assert!(!fits(Condition::tracks([Track::Standard])));
    assert!(fits(Condition::tracks([Track::Standard, Track::Normal])));
    assert!(fits(Condition::kinds([ReleaseKind::Security])));
    assert!(!fits(Condition::kinds([ReleaseKind::Feature])));
    assert!(fits(Condition::services([service("shop")])));
    assert!(!fits(Condition::services([service("bank")])));
    assert!(fits(team("payments")) && !fits(team("search")));
    assert!(
        !fits(Condition::tracks([Track::Normal]).and_kinds([ReleaseKind::Feature])),
        "all that it names"
    );
}

#[test]
fn a_list_of_a_condition_that_is_given_again_replaces_the_first() {
    let service = |name: &str| Service::new(name).unwrap();
    let label = |value: &str| (key("team"), Name::new(value).unwrap());
    let said = |condition: &Condition| serde_json::to_value(condition).unwrap();
    let once = Condition::tracks([Track::Standard])
        .and_kinds([ReleaseKind::Fix])
        .and_services([service("bank")])
        .and_risks([RiskLevel::Low])
        .and_label(label("search").0, label("search").1);
    let again = once
        .and_tracks([Track::Normal, Track::Standard])
        .and_kinds([ReleaseKind::Security])
        .and_services([service("shop"), service("bank")])
        .and_risks([RiskLevel::High])
        .and_label(label("payments").0, label("payments").1);
    assert_eq!(
        said(&again),
        serde_json::json!({
            "tracks": ["standard", "normal"],
            "kinds": ["security"],
            "services": ["bank", "shop"],
            "labels": { "team": "payments" },
            "risks": ["high"],
        })
    );
}

#[test]
fn a_condition_reads_as_a_person_would_say_it() {
    let service = |name: &str| Service::new(name).unwrap();
    let condition = Condition::label(key("team"), Name::new("payments").unwrap())
        .and_risks([RiskLevel::High])
        .and_services([service("shop"), service("bank")])
        .and_tracks([Track::Normal, Track::Standard]);
    assert_eq!(
        condition.to_string(),
        "track standard or normal; service bank or shop; risk high; label `team` `payments`"
    );
}

#[test]
fn an_override_in_a_combination_is_used_only_where_it_is_needed() {
    fn overridden(rule: impl RuleOn<Authorise>) -> (&'static str, Vec<String>) {
        let office = gated(rule);
        let release = office.requested();
        let manager = RoleGiven::new(person("mia"), Role::ChangeAuthority);
        let release = office.recorded(release, manager, "cho");
        let granted = OverrideGranted::new(
            key("W-1"),
            Action::Authorise,
            key("says"),
            key("no"),
            Role::ChangeAuthority,
            text("it has to go out"),
            at("2026-03-03T12:00:00Z"),
        );
        let release = office.recorded(release, granted, "mia");
        let facts = office.facts();
        let step = Authorise::new(worthwhile());
        let decision = office
            .desk
            .gates()
            .explain(&release, step, &facts, &by("cho"));
        let used: Vec<_> = decision.overrides().map(ToString::to_string).collect();
        (called(&decision.findings[0].judgement.verdict), used)
    }
    let unneeded = overridden(any((says("no", No), says("yes", Yes))));
    assert_eq!(unneeded, ("satisfied", vec![]));
    let needed = overridden(any((says("no", No), says("other", No))));
    assert_eq!(needed, ("excepted", vec!["W-1".to_owned()]));
    let both = overridden(all((says("no", No), says("yes", Yes))));
    assert_eq!(both, ("excepted", vec!["W-1".to_owned()]));
    let turned = overridden(not(says("no", No)));
    assert_eq!(
        turned,
        ("satisfied", vec![]),
        "an override lifts nothing under `not`"
    );
}

#[test]
fn a_file_writes_the_same_combinations() {
    let host = |code: &str| {
        format!(r#"{{"host":{{"name":"says","params":{{"code":"{code}","answer":"No"}}}}}}"#)
    };
    let rule = format!(
        r#"{{"all":[{{"any":[{a},{{"not":{b}}}]}},
            {{"at-least":{{"count":1,"of":[{a},{b}]}}}},
            {{"when":{{"condition":{{"tracks":["normal"]}},"rule":{a}}}}},
            {{"unless":{{"condition":{{"kinds":["fix"]}},"rule":{b}}}}}]}}"#,
        a = host("a"),
        b = host("b"),
    );
    let file = format!(
        r#"{{"gates":[{{"name":"gate","version":1,"step":"authorise","rules":[{{"rule":{rule}}}]}}]}}"#
    );
    let by_file = GateSet::from_json(&file, &Policies::new().with::<Says>()).unwrap();
    let (a, b) = (|| says("a", No), || says("b", No));
    let by_types = Gate::<Authorise>::new("gate", 1).unwrap().require(all((
        any((a(), not(b()))),
        at_least(1, [a(), b()]).unwrap(),
        when(Condition::tracks([Track::Normal]), a()),
        unless(Condition::kinds([ReleaseKind::Fix]), b()),
    )));
    assert_eq!(by_file, GateSet::new().with(by_types));
    let rule = &by_file.gates()[0].requirements()[0].rule;
    assert_eq!(rule.walk().count(), 12);
    assert_eq!(rule.walk().filter(|rule| rule.is_opaque()).count(), 6);
    assert_eq!(rule.numbers(), [("[1].at-least.count".to_owned(), 1)]);
}
