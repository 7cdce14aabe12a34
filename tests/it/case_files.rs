//! Cases from files beside the rules: the same as in Rust, and every mistake at its place.

use phasegate::gate::Policies;
use phasegate::testing::check_files;
use serde_json::{Value, json};

#[cfg(feature = "toml")]
const MODELS: [(&str, &str); 3] = [
    (
        include_str!("../../examples/models/web-service.json"),
        include_str!("../../examples/models/web-service.cases.toml"),
    ),
    (
        include_str!("../../examples/models/mobile-app.toml"),
        include_str!("../../examples/models/mobile-app.cases.toml"),
    ),
    (
        include_str!("../../examples/models/bank-system.json"),
        include_str!("../../examples/models/bank-system.cases.toml"),
    ),
];

#[cfg(feature = "toml")]
#[test]
fn the_cases_of_the_example_models_hold_and_see_every_policy() {
    use phasegate::gate::{GateSet, Percent, ReleaseModel};
    let mut missing = String::new();
    for (rules, cases) in MODELS {
        let checked = check_files(rules, cases, &Policies::new());
        let checked = checked.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        checked.assert();
        assert!(checked.passed() >= 9, "{}", checked.outline());
        let none = Policies::new();
        let model = if rules.starts_with('{') {
            ReleaseModel::from_json(rules, &none)
        } else {
            ReleaseModel::from_toml(rules, &none)
        };
        let gates = GateSet::new().with_model(model.unwrap());
        let seen = phasegate::testing::coverage(&gates, &checked.checks());
        if !seen.is_at_least(Percent::new(100).unwrap()) {
            missing.push_str(&seen.outline().to_string());
        }
    }
    assert!(missing.is_empty(), "{missing}");
}

fn rules() -> Value {
    json!({ "gates": [{
        "name": "production", "version": 1, "step": "deploy",
        "rules": [{ "rule": { "evidence": { "required": { "functional": 95 } } } }]
    }] })
}

fn deploy() -> Value {
    json!({ "by": "dep", "step": { "deploy": { "window": {
        "start": "2026-03-02T20:00:00Z", "end": "2026-03-02T22:00:00Z"
    } } } })
}

fn case() -> Value {
    json!({
        "name": "untested",
        "given": { "phase": "testing" },
        "when": deploy(),
        "then": { "refused": ["lifecycle: not-tested", "evidence: kind-missing"] }
    })
}

fn file(cases: &[Value]) -> String {
    json!({ "cases": cases }).to_string()
}

/// The case with something else at that place.
fn but(pointer: &str, value: Value) -> Value {
    let mut case = case();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    case.pointer_mut(parent).unwrap()[key] = value;
    case
}

#[track_caller]
fn mistaken(cases: &str, expected: &[&str]) {
    let mistakes = check_files(&rules().to_string(), cases, &Policies::new()).unwrap_err();
    let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_file_says_what_rust_says() {
    let checked = check_files(&rules().to_string(), &file(&[case()]), &Policies::new());
    checked.unwrap().assert();
    // A mark that some editors put first says nothing.
    let marked = format!("\u{feff}{}", file(&[case()]));
    let checked = check_files(&rules().to_string(), &marked, &Policies::new());
    checked.unwrap().assert();
    let wrong = but("/then", json!({ "cleared_by": ["production"] }));
    let checked = check_files(&rules().to_string(), &file(&[wrong]), &Policies::new()).unwrap();
    assert_eq!((checked.passed(), checked.failed()), (0, 1));
    let outline = checked.outline().to_string();
    assert!(
        outline.contains("expected: cleared, found: refused"),
        "{outline}"
    );
}

#[test]
fn what_is_given_is_told_at_its_place() {
    let keys = "`phase`, `on_hold`, `route`, `backed_out`, `at`, `for_seconds`, `track`, `model`, `model_standing`, \
                `requested_by`, `request`, `people`, `plan`, `package`, `tests`, `records`, `approvals`, `facts`, \
                `calendars`, `others`, `conflicts`";
    let unknown = format!("cases[0].given.aproval: no such key `aproval`; there are: {keys}");
    for (case, expected) in [
        (
            but("/name", json!(7)),
            "cases[0].name: found integer `7`, expected a string",
        ),
        (
            but("/given/phase", json!("tested")),
            "cases[0].given.phase: there is no `tested`; there are: `start`, `request`, `plan`, `development`, \
             `testing`, `deployment`, `review`, `closure`, `closed`",
        ),
        (
            but(
                "/given/tests",
                json!([{ "kind": "functional", "passed": 1 }]),
            ),
            "cases[0].given.tests[0]: missing key `environment`",
        ),
        (
            but("/given/people", json!({ "": ["tester"] })),
            "cases[0].given.people.\"\": invalid person ``: expected 1 to 200 characters",
        ),
        (but("/given/aproval", json!([])), &unknown),
        (
            but(
                "/given/calendars",
                json!([{ "name": "production", "window": [] }]),
            ),
            "cases[0].given.calendars: calendar 1: window: no such key; there are: name, closed_unless_allowed, windows",
        ),
    ] {
        mistaken(&file(&[case]), &[expected]);
    }
}

#[test]
fn what_is_asked_and_expected_is_told_at_its_place() {
    let does = "step, record, approves, rejects, wait_seconds";
    let both = format!("cases[0].when: more than one thing happens in it; expected one of {does}");
    let stepp = format!("cases[0].when.stepp: no such key; there are: by, then, {does}");
    for (case, expected) in [
        (
            but("/when/by", json!("")),
            "cases[0].when.by: invalid person ``: expected 1 to 200 characters",
        ),
        (but("/when/stepp", json!({})), &stepp),
        (
            but(
                "/when/step/deploy/window/end",
                json!("2026-03-02T20:00:00Z"),
            ),
            "cases[0].when.step.deploy.window: invalid interval `2026-03-02T20:00:00Z to 2026-03-02T20:00:00Z`: expected \
             an end after the start",
        ),
        (
            but("/when/record", json!({ "note": { "text": "seen" } })),
            &both,
        ),
        (
            but("/when/step", json!("deploy")),
            "cases[0].when.step.deploy: missing key `window`",
        ),
        (
            but("/then", json!("cleared")),
            "cases[0].then: expected an object, found the text `cleared`",
        ),
        (
            but("/then", json!({ "refused": ["a: b"], "cleared_by": [] })),
            "cases[0].then: expected `recorded`, or an object with one of refused, cleared_by, not_recorded",
        ),
        (
            but("/then/refused", json!("evidence: kind-missing")),
            "cases[0].then.refused: found string \"evidence: kind-missing\", expected a list",
        ),
        (
            but("/like", json!("another")),
            "cases[0].like: no case before this one is named `another`",
        ),
        (
            but("/turns", json!([])),
            "cases[0]: it has `when` and `turns`; expected one of them",
        ),
    ] {
        mistaken(&file(&[case]), &[expected]);
    }
}

#[test]
fn all_mistakes_are_told_and_each_once() {
    let second = json!({ "name": "b", "like": "untested", "then": "recordd" });
    mistaken(
        &file(&[but("/given/tests", json!({})), second]),
        &["cases[0].given.tests: found an object, expected a list"],
    );
    let shared = json!({ "given": { "peeple": {} }, "cases": [case()] }).to_string();
    let checked = check_files(&rules().to_string(), &shared, &Policies::new());
    assert!(
        checked
            .unwrap_err()
            .to_string()
            .starts_with("given.peeple: no such key `peeple`")
    );
}

#[test]
fn a_file_without_cases_or_with_cases_that_say_nothing_is_red() {
    mistaken(&file(&[]), &["cases: there is no case in it"]);
    mistaken("{}", &["file: key `cases` is missing"]);
    let mut silent = case();
    silent.as_object_mut().unwrap().remove("then");
    mistaken(&file(&[silent]), &["cases[0]: key `then` is missing"]);
    let inside = but("/when/then", json!({ "cleared_by": [] }));
    mistaken(
        &file(&[inside]),
        &["cases[0].when: what is expected stands beside `when`, not in it"],
    );
    let turn = |key: &str, value: Value| {
        let turn = json!({ "by": "ann", key: value });
        file(&[json!({ "name": "a", "given": { "phase": "testing" }, "turns": [turn] })])
    };
    mistaken(
        &turn("wait_seconds", json!(3)),
        &["cases[0].turns[0]: nobody waits for nothing: `by` and `then` say nothing here"],
    );
    // A story in which nothing is expected.
    let checked = check_files(
        &rules().to_string(),
        &turn("record", json!({ "note": { "text": "seen" } })),
        &Policies::new(),
    );
    let outline = checked.unwrap().outline().to_string();
    assert!(
        outline.contains("mistake: nothing is expected"),
        "{outline}"
    );
}

#[test]
fn what_is_wrong_with_the_rules_is_told_apart() {
    let mut rules = rules();
    rules["gates"][0]["version"] = json!(0);
    let mistakes = check_files(&rules.to_string(), &file(&[case()]), &Policies::new());
    assert_eq!(
        mistakes.unwrap_err().to_string(),
        "rules, gates[0].version: invalid gate version `0`: expected 1 or more"
    );
}

#[test]
fn a_case_is_like_another_but_for_what_it_says() {
    let tests = |passed| json!([{ "kind": "functional", "environment": "staging", "passed": passed, "failed": 1 }]);
    let enough = json!({
        "name": "19 of 20", "like": "untested",
        "given": { "tests": tests(19) }, "then": { "cleared_by": ["production"] }
    });
    let few = json!({
        "name": "18 of 19", "like": "19 of 20",
        "given": { "tests": tests(18) }, "then": { "refused": ["evidence: pass-ratio"] }
    });
    let checked = check_files(
        &rules().to_string(),
        &file(&[case(), enough, few]),
        &Policies::new(),
    );
    checked.unwrap().assert();
}

#[test]
fn whoever_is_written_in_short_is_somebody() {
    let by_system = but("/when/by", json!({ "system": "pipeline" }));
    let checked = check_files(&rules().to_string(), &file(&[by_system]), &Policies::new());
    checked.unwrap().assert();
    let story = json!({ "name": "a", "given": { "phase": "testing" }, "turns": [
        { "by": { "system": "bot" }, "approves": "change_authority" }
    ] });
    mistaken(
        &file(&[story]),
        &["cases[0].turns[0].by: `bot` is a system, and people approve"],
    );
}

#[cfg(not(feature = "toml"))]
#[test]
fn toml_needs_its_feature() {
    mistaken(
        "[[cases]]",
        &["file: it is no JSON object, and TOML is read with the feature `toml` only"],
    );
}

#[cfg(feature = "toml")]
#[test]
fn the_files_of_the_tutorial_hold() {
    let page = include_str!("../../docs/testing-policies.md");
    let blocks = page.split("```toml\n").skip(1);
    let blocks: Vec<_> = blocks
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect();
    let &[file, story] = &blocks[..] else {
        panic!("{} blocks", blocks.len());
    };
    let go = json!({ "name": "go", "version": 1, "step": "deploy", "rules": [{ "rule": { "approvals": {
        "rules": [{ "name": "authority", "by": [{ "role": "change_authority" }], "quorum": { "count": 1 } }]
    } } }] });
    let production = rules()["gates"][0].clone();
    let check = |gates: Value, cases: &str| {
        let rules = json!({ "gates": gates }).to_string();
        let checked = check_files(&rules, cases, &Policies::new());
        checked
            .unwrap_or_else(|mistakes| panic!("{mistakes}"))
            .assert();
    };
    check(json!([production, go.clone()]), file);
    let given = "given = { phase = \"testing\", people.cho = [\"change_authority\"], tests = [{ kind = \"functional\", \
                 environment = \"staging\", passed = 1 }] }";
    check(
        json!([go]),
        &format!("[[cases]]\nname = \"a story\"\n{given}\n{story}"),
    );
}

#[test]
fn an_expectation_that_names_what_the_rules_do_not_have_is_a_mistake_at_its_place() {
    for (then, expected) in [
        (
            json!({ "refused": ["lifecycle: not-tested", "evidense: kind-missing"] }),
            "cases[0].then: no gate of these rules has a policy `evidense`",
        ),
        (
            json!({ "cleared_by": ["productoin"] }),
            "cases[0].then: these rules have no gate `productoin`",
        ),
        (
            json!({ "cleared_by": ["production"], "warnings": ["go/evidence: kind-missing"] }),
            "cases[0].then: these rules have no gate `go`",
        ),
    ] {
        mistaken(&file(&[but("/then", then)]), &[expected]);
    }
}
