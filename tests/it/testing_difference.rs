//! Difference: what two gate sets, or two versions of a model, answer differently.

use crate::model_examples::from_json;
use crate::testing_mutation::{Panics, authorising, intake, is_so};
use crate::web_service_checks::{FIRST, checks, gates};
use phasegate::gate::{Policies, ReleaseModel};
use phasegate::testing::{Check, Difference, difference, difference_of_models};

fn over(checks: &[Check]) -> impl Iterator<Item = (&str, &phasegate::verify::Question)> {
    checks.iter().map(|check| (check.name(), check.question()))
}

/// The web-service model, with something else written in it.
fn version_2(from: &str, to: &str) -> ReleaseModel {
    let json = FIRST.replacen("\"version\": 1", "\"version\": 2", 1);
    assert!(json.contains(from), "{from}");
    ReleaseModel::from_json(&json.replacen(from, to, 1), &Policies::new()).unwrap()
}

#[test]
fn the_same_set_gives_no_difference() {
    let checks = checks();
    let same = difference(&gates(), &gates(), over(&checks));
    assert!(same.is_none(), "{}", same.outline());
    assert_eq!(same.asked, checks.len() as u64);
    let model = from_json(FIRST);
    let version = version_2("\"functional\": 98", "\"functional\": 98");
    assert!(difference_of_models(&model, &version, over(&checks)).is_none());
    // Where nothing is asked, nobody knows.
    assert!(!difference(&gates(), &gates(), []).is_none());
}

#[test]
fn a_stricter_version_refuses_and_exchanged_it_allows() {
    let (checks, model) = (checks(), from_json(FIRST));
    let stricter = version_2("\"functional\": 98", "\"functional\": 100");
    let found = difference_of_models(&model, &stricter, over(&checks));
    assert_eq!(found.newly_refused.count, 2, "{}", found.outline());
    assert_eq!(found.newly_allowed.count, 0);
    let [example] = &found.newly_refused.examples[..] else {
        panic!("{}", found.outline());
    };
    assert_eq!(
        example.came[0].to_string(),
        "web-service/production/evidence: pass-ratio"
    );
    assert_eq!(example.count, 2);
    assert!(example.old.is_cleared && !example.new.is_cleared);
    // What does not matter is left out of the smallest example.
    assert!(!example.but.is_empty());
    assert!(found.changed.count > 0);

    let back = difference_of_models(&stricter, &model, over(&checks));
    // The questions are about version 1; exchanged, they have to follow what stands for it.
    assert_eq!(back.newly_allowed.count + back.newly_refused.count, 0);
    let (old, new) = (
        gates(),
        gates().with_model(from_json(&serde_json::to_string(&model).unwrap().replacen(
            "\"functional\":98",
            "\"functional\":100",
            1,
        ))),
    );
    let there = difference(&old, &new, over(&checks));
    let back = difference(&new, &old, over(&checks));
    let turned = |one: &Difference| {
        (
            one.newly_allowed.count,
            one.newly_refused.count,
            one.changed.count,
        )
    };
    assert_eq!(turned(&there).0, turned(&back).1);
    assert_eq!(turned(&there).1, turned(&back).0);
    assert_eq!(turned(&there).2, turned(&back).2);
    assert_eq!(there.newly_refused.count, 2);
}

#[test]
fn other_reasons_are_a_difference_too() {
    let old = intake(|gate| gate.require(is_so("a")));
    let new = intake(|gate| gate.require(is_so("b")));
    let question = authorising(&old, &[]);
    let both = authorising(&old, &[("a", true)]);
    let other = authorising(&old, &[("b", true)]);
    let asked = [("neither", &question), ("a", &both), ("b", &other)];
    let found = difference(&old, &new, asked);
    let counts = (found.newly_allowed.count, found.newly_refused.count);
    assert_eq!(counts, (1, 1), "{}", found.outline());
}

#[test]
fn a_policy_that_panics_is_named_and_counts_for_no_difference() {
    let old = intake(|gate| gate.require(is_so("a")));
    let new = intake(|gate| gate.require(is_so("a")).require(Panics {}));
    let question = authorising(&old, &[("a", true)]);
    let found = difference(&old, &new, [("flagged", &question)]);
    assert_eq!(
        found.broken[0].to_string(),
        "intake/panics: panicked in `flagged`"
    );
    assert_eq!(found.newly_refused.count, 0);
    assert!(!found.is_none());
    assert_eq!(found.opaque.len(), 1);
    let told = found.outline().to_string();
    assert!(told.contains("`panics` is the host's own"), "{told}");
}
