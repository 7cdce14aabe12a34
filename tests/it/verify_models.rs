//! Each ready property, seen to fail on a mutant of each example model.
//!
//! What the lifecycle itself keeps, that debts are paid and overrides used once, no model can break: `src/verify/tests.rs`
//! shows it for each model in a broken lifecycle.

#[path = "../../examples/verify_models.rs"]
#[expect(dead_code, reason = "of the example, its domains are used")]
mod example;

use example::{
    BANK_SYSTEM, MOBILE_APP, Verified, WEB_SERVICE, bank_system, mobile_app, web_service,
};
use phasegate::GateSet;
use phasegate::verify::{Answer, Options, verify};
use std::error::Error;

type Make = fn(&str) -> Result<Verified, Box<dyn Error>>;

/// A model in which something is written otherwise, the property that this breaks, and how many moves show it: none,
/// where nothing shows it because something cannot be reached any more.
struct Mutant {
    model: (Make, &'static str),
    edits: &'static [(&'static str, &'static str)],
    breaks: &'static str,
    moves: Option<usize>,
}

const fn mutant(
    model: (Make, &'static str),
    breaks: &'static str,
    moves: Option<usize>,
    edits: &'static [(&'static str, &'static str)],
) -> Mutant {
    Mutant {
        model,
        edits,
        breaks,
        moves,
    }
}

const WEB: (Make, &str) = (web_service, WEB_SERVICE);
const BANK: (Make, &str) = (bank_system, BANK_SYSTEM);
const APP: (Make, &str) = (mobile_app, MOBILE_APP);

const LIVE: &str = "something goes live";
const APPROVED: &str = "nothing goes live without";
const APART: &str = "nobody approves and deploys";
const STUCK: &str = "no release is stuck";
const OWN: &str = "a changed package never rides";

const MUTANTS: [Mutant; 15] = [
    mutant(
        WEB,
        LIVE,
        None,
        &[
            (
                r#"{ "back-out-plan": {} }"#,
                r#"{ "change-requests": { "at_least": 1, "states": ["approved"] } }"#,
            ),
            (
                r#"{ "role": "emergency_change_authority" }"#,
                r#"{ "role": "auditor" }"#,
            ),
        ],
    ),
    mutant(
        WEB,
        APPROVED,
        Some(7),
        &[(
            "\"name\": \"go\",\n      \"version\": 1,\n      \"step\": \"deploy\",\n      \"tracks\": [\"normal\"]",
            "\"name\": \"go\",\n      \"version\": 1,\n      \"step\": \"deploy\",\n      \"tracks\": [\"standard\"]",
        )],
    ),
    mutant(
        WEB,
        APART,
        Some(9),
        &[(r#""apart": ["deployer"]"#, r#""apart": ["requester"]"#)],
    ),
    mutant(
        WEB,
        STUCK,
        Some(1),
        &[
            (
                r#"{ "role": "change_authority" }"#,
                r#"{ "role": "auditor" }"#,
            ),
            (
                r#"{ "role": "emergency_change_authority" }"#,
                r#"{ "role": "auditor" }"#,
            ),
        ],
    ),
    mutant(
        WEB,
        OWN,
        Some(6),
        &[(
            r#"{ "functional": 98, "security": 100 }"#,
            r#"{ "functional": 98, "security": 0 }"#,
        )],
    ),
    mutant(
        BANK,
        LIVE,
        None,
        &[
            (r#"["approved", "implementing"]"#, r#"["implementing"]"#),
            (
                r#"{ "role": "emergency_change_authority" }"#,
                r#"{ "role": "auditor" }"#,
            ),
        ],
    ),
    mutant(
        BANK,
        APPROVED,
        Some(6),
        &[(
            "\"name\": \"four-eyes\",\n      \"version\": 1,\n      \"step\": \"deploy\"",
            "\"name\": \"four-eyes\",\n      \"version\": 1,\n      \"step\": \"close\"",
        )],
    ),
    mutant(
        BANK,
        APART,
        Some(5),
        &[
            (
                r#""apart": ["requester", "builder", "deployer"]"#,
                r#""apart": ["requester", "builder"]"#,
            ),
            (
                r#""not_by": ["builder", "deployer"]"#,
                r#""not_by": ["builder"]"#,
            ),
        ],
    ),
    mutant(
        BANK,
        STUCK,
        Some(1),
        &[
            (r#"{ "role": "risk_officer" }"#, r#"{ "role": "auditor" }"#),
            (
                r#"{ "role": "emergency_change_authority" }"#,
                r#"{ "role": "auditor" }"#,
            ),
        ],
    ),
    mutant(
        BANK,
        OWN,
        Some(9),
        &[(
            r#""security": 100, "data_integrity": 100"#,
            r#""security": 0, "data_integrity": 100"#,
        )],
    ),
    mutant(
        APP,
        LIVE,
        None,
        &[(
            "rule.soak.at_least_seconds = { beta = 172800 }",
            "rule.change-requests = { at_least = 1, states = ['approved'] }",
        )],
    ),
    mutant(
        APP,
        APPROVED,
        Some(7),
        &[(r#"["feature", "security"]"#, r#"["security"]"#)],
    ),
    mutant(
        APP,
        APART,
        Some(7),
        &[(r#"apart = ["deployer"]"#, r#"apart = ["requester"]"#)],
    ),
    mutant(
        APP,
        STUCK,
        Some(1),
        &[(r#"{ role = "product_owner" }"#, r#"{ role = "auditor" }"#)],
    ),
    mutant(
        APP,
        OWN,
        Some(6),
        &[("performance = 90", "performance = 0")],
    ),
];

/// The answer about the one property of that name.
fn answer(verified: Verified, name: &str) -> Answer {
    let Verified {
        gates,
        domain,
        properties,
    } = verified;
    let mut properties = properties.into_iter();
    let property = properties.find(|one| one.name().starts_with(name)).unwrap();
    let report = verify(&gates, &domain, &[property], &Options::default().threads(2)).unwrap();
    report.answers[0].1.clone()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other answer shows it")]
fn shown(mutant: &Mutant) -> Option<usize> {
    let (make, text) = mutant.model;
    let edited = mutant
        .edits
        .iter()
        .fold(text.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "`{from}` is not in the model");
            text.replace(from, to)
        });
    match answer(make(&edited).unwrap(), mutant.breaks) {
        Answer::Fails(story) => Some(story.len()),
        Answer::Unreachable => None,
        other => panic!("{}: {other}", mutant.breaks),
    }
}

#[test]
#[ignore = "takes half a minute; `.ci/run` runs it"]
fn each_property_fails_on_a_mutant_of_each_model() {
    let found: Vec<_> = MUTANTS.iter().map(|one| (one.breaks, shown(one))).collect();
    let expected: Vec<_> = MUTANTS.iter().map(|one| (one.breaks, one.moves)).collect();
    assert_eq!(found, expected);
}

/// Without the house rule, each model lets something go live in a freeze.
#[test]
#[ignore = "takes half a minute; `.ci/run` runs it"]
fn each_model_needs_the_house_rule_about_freezes() {
    for (make, text) in [WEB, BANK, APP] {
        let mut verified = make(text).unwrap();
        let models = verified.gates.models().cloned();
        verified.gates = models.fold(GateSet::new(), GateSet::with_model);
        let answer = answer(verified, "a freeze put on");
        assert!(matches!(answer, Answer::Fails(_)), "{answer}");
    }
}
