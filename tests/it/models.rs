//! Release models: read from files with every mistake at its place, and the gates that hold by them.

use crate::desk_support::{
    NOON, Office, at, by, key, name, office, package, run_of, text, titled, wait, window,
    worthwhile,
};
use crate::support::nothing_yet;
use phasegate::gate::{AnyGate, Facts, GateSet, Mistakes, Policies, ReleaseModel};
use phasegate::phase::{Request, Seconds};
use phasegate::release::step::{Authorise, Cancel, Deploy, FindUnauthorised, Hold, RequestRelease};
use phasegate::release::{AnyStep, Decision, ModelReference, ReleaseRequest, Track, TrackChanged};
use phasegate::{Gate, Release};
use serde_json::{Value, json};
use std::collections::BTreeSet;

// Files.

/// A model that pre-authorises cheap releases of the shop, and has one gate.
pub(crate) fn shop() -> Value {
    json!({
        "name": "shop",
        "version": 1,
        "title": "The shop",
        "tracks": ["standard", "normal"],
        "standard": {
            "assessment": { "decision": "worthwhile", "value": "Small and often." },
            "success_percent": 75,
            "judged_from_releases": 2,
            "limits": {
                "services": ["shop"],
                "estimated_cost_at_most": { "minor_units": 1000, "currency": "EUR" }
            }
        },
        "gates": [{
            "name": "production", "version": 1, "step": "deploy",
            "rules": [{ "rule": { "evidence": { "required": { "functional": 90 } } } }]
        }],
        "early_life_support_seconds": 3600
    })
}

/// The same, with another value at that pointer.
pub(crate) fn with(mut model: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    model.pointer_mut(parent).unwrap()[key] = value;
    model
}

fn read(model: &Value) -> Result<ReleaseModel, Mistakes> {
    ReleaseModel::from_json(&model.to_string(), &Policies::new())
}

pub(crate) fn loaded(model: &Value) -> ReleaseModel {
    read(model).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

#[track_caller]
fn mistaken(model: &Value, expected: &[&str]) {
    let mistakes = read(model).expect_err("it has mistakes");
    let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(mistakes, expected);
}

#[test]
fn what_is_read_is_written_back_as_it_was() {
    let model = loaded(&shop());
    assert_eq!(
        serde_json::to_value(&model).unwrap(),
        with_enforcement(shop())
    );
    let strict = with(shop(), "/gates/0/overridable_by", json!(["risk_officer"]));
    let strict = loaded(&strict);
    assert_eq!(loaded(&serde_json::to_value(&strict).unwrap()), strict);
    let again = ReleaseModel::from_json(&serde_json::to_string(&model).unwrap(), &Policies::new());
    assert_eq!(again.unwrap(), model);
    assert_eq!(loaded(&shop()).digest(), model.digest());
    assert_ne!(
        loaded(&with(shop(), "/title", json!("Shops"))).digest(),
        model.digest()
    );
}

/// A model with something under every key.
fn full() -> Value {
    let mut model = with_enforcement(shop());
    let more = json!({
        "description": "What the shop sells, and how.",
        "objectives": { "sales": { "what": "More sales." } },
        "environments": { "staging": "not_live" },
        "checklists": { "one": { "runbook": "Written" } },
        "roles": { "tester": ["tom"] },
        "milestones": { "live": 0 },
        "waves": [{ "name": "canary", "bake_seconds": 60 }],
        "success_criteria": { "sold": {
            "what": "More is sold.", "objective": "sales",
            "target": { "measure": "orders-per-day", "at_least": 1_200 }
        } },
        "back_out": { "how": "Undo it." },
        "automatic": [
            { "step": "deploy", "by": "autopilot" }, { "step": "finish_deployment", "by": "autopilot" }
        ]
    });
    let all = model.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    model
}

#[test]
fn every_key_is_read_written_and_documented() {
    let full = full();
    let keys: BTreeSet<_> = full.as_object().unwrap().keys().cloned().collect();
    // All that the reader knows.
    let mistakes = read(&json!({ "colour": "blue" })).expect_err("there is no colour");
    let first = mistakes.iter().next().unwrap();
    let (_, known) = first.what.split_once("there are: ").unwrap();
    assert_eq!(
        known
            .split(", ")
            .map(str::to_owned)
            .collect::<BTreeSet<_>>(),
        keys
    );
    // Each is looked at, and none is lost.
    assert_eq!(serde_json::to_value(loaded(&full)).unwrap(), full);
    for key in &keys {
        let mistakes = read(&with(full.clone(), &format!("/{key}"), json!(true)));
        let mistakes = mistakes.expect_err("`true` is under no key");
        assert!(
            mistakes.iter().any(|one| one.path == *key),
            "{key}: {mistakes:?}"
        );
    }
    let rows = include_str!("../../docs/release-models.md").lines();
    let rows = rows.skip_while(|line| !line.starts_with("| `name`"));
    let rows = rows.take_while(|line| line.starts_with('|'));
    let rows = rows.filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    assert_eq!(
        rows.map(|(key, _)| key.to_owned()).collect::<BTreeSet<_>>(),
        keys
    );
    #[cfg(feature = "schema")]
    {
        let schema = ReleaseModel::schema();
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.keys().cloned().collect::<BTreeSet<_>>(), keys);
    }
}

#[test]
fn a_gate_is_written_back_without_the_name_of_its_model() {
    let model = with(shop(), "/name", json!("shop/eu"));
    let read = loaded(&model);
    assert_eq!(read.gates()[0].id().name.as_str(), "shop/eu/production");
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        with_enforcement(model)
    );
}

/// What a requirement does is always written.
fn with_enforcement(model: Value) -> Value {
    with(model, "/gates/0/rules/0/enforcement", json!("block"))
}

#[test]
fn every_mistake_of_a_file_is_told_at_its_place() {
    mistaken(
        &json!({
            "name": "", "version": 0, "titel": "The shop", "tracks": [],
            "standard": { "success_percent": 120, "judged_from_releases": 0, "limits": { "colour": "red" } },
            "gates": [
                { "name": "production", "version": 1, "step": "deplyo", "rules": [] },
                { "name": "production", "version": 1, "step": "authorise", "rules": [
                    { "rule": { "evidence": { "required": { "functional": 90 } } } },
                    { "rule": { "host": { "name": "no-fridays" } } }
                ] },
                { "name": "a/b", "version": 1, "step": "close", "rules": [] }
            ],
            "environments": { "staging": "alive" },
            "checklists": { "empty": {}, "one": { "runbook": 7 } },
            "roles": { "release_manager": [] },
            "milestones": { "live": 5000, "review": "soon" },
            "waves": [
                { "name": "canary", "bake_seconds": -1 }, { "name": "all", "bake_seconds": 4_000_000_000_u32 },
                { "name": "all", "bake_seconds": 0 }
            ],
            "early_life_support_seconds": 1.5,
            "back_out": {}
        }),
        &[
            "titel: no such key; there are: name, version, title, description, tracks, standard, objectives, gates, \
             environments, checklists, roles, milestones, waves, success_criteria, early_life_support_seconds, \
             back_out, automatic",
            "name: invalid key ``: expected 1 to 200 characters",
            "version: expected 1 or more",
            "file: key `title` is missing",
            "tracks: name at least one track",
            "standard: key `assessment` is missing",
            "standard.success_percent: invalid percentage `120`: expected 0 to 100",
            "standard.judged_from_releases: expected 1 or more",
            "standard.limits.colour: no such key `colour`; there are: `services`, `kinds`, `configuration_items`, \
             `estimated_cost_at_most`, `risk_at_most`",
            "gates[0].step: no step `deplyo`",
            "gates[1].name: another gate is named `production`",
            "gates[1].rules[0].rule.evidence: policy `evidence` reads what a release has in Testing, and \
             `authorise` leaves Request",
            "gates[1].rules[1].rule.host.name: no host policy `no-fridays` is registered; none is",
            "gates[2].name: invalid gate `a/b`: expected a name without `/`, which parts a model's name from \
             that of its gate",
            "environments.staging: there is no `alive`, expected `live` or `not_live`",
            "checklists.empty: name at least one item",
            "checklists.one.runbook: found integer `7`, expected a name",
            "roles.release_manager: name at least one person, or leave the role out",
            "milestones.live: 5000 working days are too far; expected at most 1000 before or after",
            "milestones.review: found string \"soon\", expected a whole number",
            "waves[0].bake_seconds: found integer `-1`, expected a whole number from 0 to 4,294,967,295",
            "waves[1].bake_seconds: 4000000000 seconds are more than a year",
            "waves[2].name: wave `all` is there already",
            "early_life_support_seconds: found floating point `1.5`, expected a whole number from 0 to 4,294,967,295",
            "back_out: missing key `how`",
        ],
    );
}

#[test]
fn mistakes_in_targets_and_automatic_steps_are_told_at_their_places() {
    let mut model = shop();
    model["success_criteria"] = json!({
        "sold": { "what": "More.", "target": { "measure": "sales" } },
        "liked": { "what": "More.", "target": { "measure": "csat", "at_least": 4, "at_most": 3 } },
        "quick": { "what": "More.", "target": { "measure": "p95", "at_most": 0.2 } }
    });
    model["automatic"] = json!([
        { "step": "complete_review", "by": "autopilot" }, { "step": "deploy", "by": "" },
        { "step": "deploy", "by": "autopilot", "when": "always" }, { "step": "deplyo" }, "close"
    ]);
    mistaken(
        &model,
        &[
            "success_criteria.liked.target.at_most: the target cannot be met: it is at least 4 and at most 3",
            "success_criteria.quick.target.at_most: found floating point `0.2`, expected a whole number",
            "success_criteria.sold.target: the target has no bound; state `at_least`, `at_most` or both",
            "automatic[0].step: `complete_review` needs somebody's word, and cannot be automatic; these can: \
             `start_development`, `deploy`, `finish_deployment`, `close`",
            "automatic[1].by: invalid key ``: expected 1 to 200 characters",
            "automatic[2].when: no such key; there are: step, by",
            "automatic[2].step: step `deploy` is there already",
            "automatic[3].step: no step `deplyo`",
            "automatic[3]: key `by` is missing",
            "automatic[4]: expected an object, found the text `close`",
        ],
    );
}

#[test]
fn parts_that_do_not_fit_together_are_told() {
    let mut model = shop();
    model["tracks"] = json!(["normal", "normal"]);
    mistaken(&model, &["tracks: a track appears twice"]);
    model["tracks"] = json!(["normal"]);
    model["gates"][0]["tracks"] = json!(["emergency"]);
    mistaken(
        &model,
        &[
            "standard: the model does not allow the standard track; add it to `tracks`",
            "gates[0].tracks: the model does not allow the emergency track",
        ],
    );
    let mut model = shop();
    model["standard"] = Value::Null;
    mistaken(&model, &["standard: expected an object, found `null`"]);
    model.as_object_mut().unwrap().remove("standard");
    mistaken(
        &model,
        &[
            "tracks: the standard track is pre-authorised by what `standard` says, and that is missing",
        ],
    );
    let mut model = shop();
    model["standard"]["assessment"] = json!({ "decision": "not_worthwhile" });
    model["standard"]["success_percent"] = json!(0);
    model["standard"]["limits"]["estimated_cost_at_most"]["minor_units"] = json!(-1);
    model["objectives"] = json!({ "sales": { "what": "More sales." } });
    model["success_criteria"] =
        json!({ "calls": { "what": "Fewer calls.", "objective": "support" } });
    model["checklists"] = json!({ "one": { "runbook": "Written" }, "two": { "runbook": "Read" } });
    model["roles"] = json!({ "release_manager": ["ada", "bob"] });
    mistaken(
        &model,
        &[
            "standard.assessment: what is not worthwhile cannot be pre-authorised",
            "standard.success_percent: expected 1 to 100",
            "standard.limits.estimated_cost_at_most.minor_units: expected 0 or more",
            "success_criteria.calls.objective: there is no objective `support`",
            "checklists.two.runbook: item `runbook` is in checklist `one` too",
            "roles.release_manager: there is one release manager at a time",
        ],
    );
}

#[test]
fn policies_that_name_what_the_model_has_not_are_told_wherever_they_stand() {
    let mut model = shop();
    model["environments"] = json!({ "staging": "not_live", "production": "live" });
    model["checklists"] = json!({ "go-live": { "runbook": "Written" } });
    model["gates"][0]["rules"] = json!([
        { "rule": { "evidence": { "required": { "security": 100 }, "environments": { "security": ["lab"] } } } },
        { "rule": { "unless": { "condition": { "kinds": ["fix"] }, "rule": { "any": [
            { "soak": { "at_least_seconds": { "stagging": 60 } } },
            { "soak": { "at_least_seconds": { "production": 60, "staging": 60 } } },
            { "checklist": { "items": ["runbook", "cake"] } }
        ] } } } },
        { "rule": { "freeze": { "calendar": "production", "environments": ["prod", "production"] } } },
        { "rule": { "maintenance-window": { "calendar": "production", "environments": ["prod"] } } }
    ]);
    mistaken(
        &model,
        &[
            "gates[0].rules[0].rule.evidence.environments.security: the model has no environment `lab`",
            "gates[0].rules[1].rule.unless.rule.any[0].soak.at_least_seconds.stagging: \
             the model has no environment `stagging`",
            "gates[0].rules[1].rule.unless.rule.any[1].soak.at_least_seconds.production: \
             environment `production` is live, and nothing runs there before Deployment",
            "gates[0].rules[1].rule.unless.rule.any[2].checklist.items: item `cake` is in no checklist",
            "gates[0].rules[2].rule.freeze.environments: the model has no environment `prod`",
            "gates[0].rules[3].rule.maintenance-window.environments: the model has no environment `prod`",
        ],
    );
}

#[test]
fn more_approvals_than_people_are_told_where_the_roles_are_known() {
    let rule = |name: &str, role: &str, count: u32| json!({ "name": name, "by": [{ "role": role }], "quorum": { "count": count } });
    let approvals = |rules: Value| json!([{ "rule": { "approvals": { "rules": rules } } }]);
    let mut model = shop();
    model["roles"] = json!({ "boss": ["ann"], "board": ["ann", "bob"] });
    model["gates"][0]["rules"] = approvals(json!([
        rule("boss", "boss", 1),
        rule("board", "board", 3),
        rule("others", "auditor", 9)
    ]));
    mistaken(
        &model,
        &[
            "gates[0].rules[0].rule.approvals.rules[1].quorum: needs 3 approvals, and the model's roles \
             have only 2 people",
        ],
    );
    // Each could be met, and not both by different people.
    model["gates"][0]["rules"] =
        approvals(json!([rule("boss", "boss", 1), rule("board", "board", 2)]));
    mistaken(
        &model,
        &[
            "gates[0].rules[0].rule.approvals.rules: needs 3 approvals, and the model's roles have only 2 people; \
             each rule needs people of its own",
        ],
    );
    model["gates"][0]["rules"][0]["rule"]["approvals"]["people"] = json!("any_rule");
    loaded(&model);
    model["roles"]["board"] = json!(["ann", "bob", "cho"]);
    model["gates"][0]["rules"][0]["rule"]["approvals"]["people"] = json!("different_people");
    loaded(&model);
}

#[test]
fn an_empty_list_is_no_limit_and_is_not_taken() {
    let mut model = shop();
    model["standard"]["limits"] = json!({ "services": [], "kinds": [], "configuration_items": [] });
    let empty = "an empty list limits nothing; name at least one, or leave it out";
    mistaken(
        &model,
        &[
            &format!("standard.limits.configuration_items: {empty}"),
            &format!("standard.limits.kinds: {empty}"),
            &format!("standard.limits.services: {empty}"),
        ],
    );
}

/// The shop's model with nine slips.
fn misspelt() -> Value {
    let mut model = shop();
    model["roles"] =
        json!({ "ChangeAuthority": ["cho"], "developer": ["ada"], "builder": ["ada"] });
    model["standard"]["limits"]["kinds"] = json!(["fix", "secuirty", "hotfix"]);
    model["gates"][0]["overridable_by"] = json!(["change_authorty"]);
    model["gates"][0]["rules"] = json!([
        { "rule": { "evidence": {
            "required": { "Functional": 90, "smoke": 100 },
            "coverage_percent": { "functionl": 80 },
            "environments": { "perfomance": ["staging"] }
        } } },
        { "rule": { "approvals": { "rules": [
            { "name": "one", "quorum": { "count": 1 },
                "by": [{ "role": "release-manager" }, { "person": "change_authorty" }] }
        ] } } },
        { "rule": { "when": {
            "condition": { "kinds": ["featrue"] },
            "rule": { "change-requests": { "at_least": 1, "states": ["aproved", "unscheduled"] } }
        } } }
    ]);
    model
}

#[test]
fn a_word_that_is_nearly_a_built_in_one_is_a_mistake() {
    let model = misspelt();
    let mistakes = read(&model).expect_err("it has mistakes");
    let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    let line = |place: &str, what: &str, word: &str, meant: &str| {
        format!(
            "{place}: no {what} `{word}`; did you mean `{meant}`? a word of your own has to differ more"
        )
    };
    let rules = "gates[0].rules";
    for expected in [
        line(
            "standard.limits.kinds[1]",
            "kind of release",
            "secuirty",
            "security",
        ),
        line(
            "gates[0].overridable_by[0]",
            "role",
            "change_authorty",
            "change_authority",
        ),
        line(
            &format!("{rules}[0].rule.evidence.required.Functional"),
            "test kind",
            "Functional",
            "functional",
        ),
        line(
            &format!("{rules}[0].rule.evidence.coverage_percent.functionl"),
            "test kind",
            "functionl",
            "functional",
        ),
        line(
            &format!("{rules}[0].rule.evidence.environments.perfomance"),
            "test kind",
            "perfomance",
            "performance",
        ),
        line(
            &format!("{rules}[1].rule.approvals.rules[0].by[0].role"),
            "role",
            "release-manager",
            "release_manager",
        ),
        line(
            &format!("{rules}[2].rule.when.condition.kinds[0]"),
            "kind of release",
            "featrue",
            "feature",
        ),
        line(
            &format!("{rules}[2].rule.when.rule.change-requests.states[0]"),
            "state of change requests",
            "aproved",
            "approved",
        ),
        line(
            "roles.ChangeAuthority",
            "role",
            "ChangeAuthority",
            "change_authority",
        ),
    ] {
        assert!(told.contains(&expected), "{expected}\n{told:#?}");
    }
    let of_words = told.iter().filter(|told| told.contains("did you mean"));
    assert_eq!(of_words.count(), 9, "{told:#?}");
}

#[test]
fn what_a_hostile_file_says_reaches_no_terminal_unseen() {
    let mut model = shop();
    model["a\u{1b}[2J.b\u{202e}"] = json!(1);
    model["milestones"] = json!({ "go.live": "soon\n\u{7}" });
    model["gates"][0]["step"] = json!("de\r\nploy\u{200b}");
    mistaken(
        &model,
        &[
            "\"a\\u{1b}[2J.b\\u{202e}\": no such key; there are: name, version, title, description, tracks, standard, \
             objectives, gates, environments, checklists, roles, milestones, waves, success_criteria, \
             early_life_support_seconds, back_out, automatic",
            "gates[0].step: no step `de↵ploy\\u{200b}`",
            "milestones.\"go.live\": found string \"soon\\n\\u{7}\", expected a whole number",
        ],
    );
}

#[test]
fn a_key_that_is_none_is_told_at_the_object_that_has_it() {
    let mut model = shop();
    model["gates"][0]["rules"] =
        json!([{ "rule": { "open-issues": { "at_most": { "huge": 1 } } } }]);
    mistaken(
        &model,
        &[
            "gates[0].rules[0].rule.open-issues.at_most: no such key `at_most`, expected `issues` or `risks`",
        ],
    );
}

#[test]
fn a_file_of_too_much_is_refused_and_its_mistakes_are_told_so_far() {
    let mut model = shop();
    let gate = model["gates"][0].clone();
    model["gates"] = json!(vec![gate; 1_001]);
    let people: Vec<_> = (0..1_001).map(|one| format!("p{one}")).collect();
    model["roles"] = json!({ "tester": people });
    let many = "found 1001 entries, expected at most 1000";
    mistaken(
        &model,
        &[&format!("gates: {many}"), &format!("roles.tester: {many}")],
    );

    let mut model = shop();
    let rules = vec![json!({ "rule": 1 }); 900];
    let gate = |name: &str| json!({ "name": name, "version": 1, "step": "close", "rules": rules });
    model["gates"] = json!([gate("one"), gate("two")]);
    let mistakes: Vec<_> = read(&model)
        .expect_err("it has mistakes")
        .into_iter()
        .collect();
    assert_eq!(mistakes.len(), 1_001);
    assert_eq!(
        mistakes[1_000].to_string(),
        "file: there are more mistakes than these 1000; correct them first"
    );
}

#[test]
fn rules_are_nested_so_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let mut rule = json!({ "evidence": { "required": { "functional": 90 } } });
        for level in 1..depth {
            rule = match level % 3 {
                0 => json!({ "all": [rule] }),
                1 => json!({ "not": rule }),
                _ => json!({ "when": { "condition": { "kinds": ["fix"] }, "rule": rule } }),
            };
        }
        with(shop(), "/gates/0/rules/0/rule", rule)
    };
    loaded(&nested(16));
    for depth in [17, 30] {
        let mistakes = read(&nested(depth)).expect_err("it is too deep");
        let mistakes: Vec<_> = mistakes.iter().collect();
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].path.starts_with("gates[0].rules[0].rule."));
        assert_eq!(
            mistakes[0].what,
            "rules are nested 16 deep at most; say it with fewer combinations"
        );
    }
}

#[test]
fn a_key_that_appears_twice_is_no_model() {
    let json = r#"{ "name": "shop", "version": 1, "title": "The shop", "tracks": ["normal"], "version": 2 }"#;
    let mistakes = ReleaseModel::from_json(json, &Policies::new()).unwrap_err();
    assert_eq!(
        mistakes.to_string(),
        "file: key `version` appears twice at line 1 column 89"
    );
}

#[cfg(feature = "toml")]
#[test]
fn toml_says_the_same_as_json() {
    let toml = r#"
        name = "shop"
        version = 1
        title = "The shop"
        tracks = ["standard", "normal"]
        early_life_support_seconds = 3600
        back_out = { how = "Undo it.", rehearsed = 2026-02-20T20:00:00Z }
        [standard]
        assessment = { decision = "worthwhile", value = "Small and often." }
        success_percent = 75
        judged_from_releases = 2
        [standard.limits]
        services = ["shop"]
        estimated_cost_at_most = { minor_units = 1000, currency = "EUR" }
        [[gates]]
        name = "production"
        version = 1
        step = "deploy"
        [[gates.rules]]
        rule.evidence.required.functional = 90
    "#;
    let model = ReleaseModel::from_toml(toml, &Policies::new()).unwrap();
    let back_out = json!({ "how": "Undo it.", "rehearsed": "2026-02-20T20:00:00Z" });
    assert_eq!(model, loaded(&with(shop(), "/back_out", back_out)));

    let told = |toml: &str| {
        let mistakes = ReleaseModel::from_toml(toml, &Policies::new()).unwrap_err();
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        told(
            &toml
                .replace("functional = 90", "functional = 900")
                .replace("version = 1\n        step", "step")
        ),
        [
            "gates[0]: key `version` is missing",
            "gates[0].rules[0].rule.evidence.required.functional: found integer `900`, expected a whole \
             number from 0 to 255",
        ],
    );
    assert_eq!(
        told("name = \"shop\"\nname = \"shop\"\n"),
        ["file: duplicate key at line 2"]
    );
}

#[test]
fn a_release_begins_with_what_its_model_says() {
    let mut model = shop();
    model["objectives"] = json!({ "sales": { "what": "More sales." } });
    model["success_criteria"] =
        json!({ "sold": { "what": "More is sold.", "objective": "sales" } });
    model["milestones"] = json!({ "live": 0, "freeze": -5 });
    model["waves"] = json!([{ "name": "canary", "bake_seconds": 60 }]);
    model["back_out"] = json!({ "how": "Undo it." });
    model["roles"] = json!({ "release_manager": ["ada"], "tester": ["tom", "tim"] });
    let model = loaded(&model);
    let request = model.request(name("Shop 2.4"));
    assert_eq!(request.track, Track::Standard);
    assert_eq!(request.model, Some(ModelReference::new(key("shop"), 1_u32)));
    let plan = model.plan();
    assert_eq!(plan.early_life_support, Seconds::hours(1));
    assert_eq!(
        plan.milestones.keys().collect::<Vec<_>>(),
        [&key("freeze"), &key("live")]
    );
    assert_eq!(model.milestones()[&key("freeze")], -5);

    let office = office();
    let release = office.done(office.asked(titled("Other")), "kim");
    let given = model.role_records();
    let release = given.fold(release, |release, given| {
        office.recorded(release, given, "kim")
    });
    assert_eq!(release.anywhere().view().people.len(), 3);
    // Its criteria stand for its objectives, so that its plan is taken with its request.
    let office = office.with_gates(GateSet::new().with_model(model));
    let release = office.done(office.asked(request), "kim");
    let _ = office.recorded(release, plan, "kim");
}

// Which gates hold.

pub(crate) fn shop_of(version: u32, percent: u8) -> ReleaseModel {
    let model = with(shop(), "/version", json!(version));
    let required = "/gates/0/rules/0/rule/evidence/required/functional";
    loaded(&with(model, required, json!(percent)))
}

pub(crate) fn following(version: u32) -> ReleaseRequest {
    let mut request = titled("Shop 2.4");
    request.model = Some(ModelReference::new(key("shop"), version));
    request
}

pub(crate) fn codes(decision: &Decision) -> Vec<String> {
    let blockers = decision.blockers();
    blockers.map(|one| one.reason.code.to_string()).collect()
}

#[test]
fn each_version_holds_for_its_own_releases() {
    let own = Gate::<Deploy>::new("everybody", 7).unwrap();
    let gates = GateSet::new()
        .with_model(shop_of(1, 90))
        .with(own)
        .with_model(shop_of(2, 99));
    assert_eq!(
        gates
            .models()
            .map(ReleaseModel::version)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    let office = office().with_gates(gates);
    let deploying = |request: ReleaseRequest| {
        let release = office.done(office.asked(request), "kim");
        let release = office.agreed(office.done(release.authorise(worthwhile()), "cho"));
        let release = office.done(release.start_development(), "ada");
        let release = office.done(release.start_testing(package("one")), "ada");
        // 19 of 20 tests pass.
        let release = office.recorded(release, run_of("run", &package("one"), 19, 1), "tom");
        let decision = wait(
            office
                .desk
                .explain(&release, Deploy::new(window()), by("ada")),
        );
        let gates: Vec<_> = decision
            .gates
            .iter()
            .map(|gate| (gate.name.to_string(), gate.version))
            .collect();
        let holding = office
            .desk
            .gates()
            .gates_for(&release, Deploy::new(window()));
        assert!(holding.map(AnyGate::id).eq(&decision.gates));
        (gates, codes(&decision))
    };
    let everybody = ("everybody".to_owned(), 7);
    let of_shop = ("shop/production".to_owned(), 1);
    assert_eq!(
        deploying(titled("Other")),
        (vec![everybody.clone()], vec![])
    );
    assert_eq!(
        deploying(following(1)),
        (vec![everybody.clone(), of_shop.clone()], vec![])
    );
    assert_eq!(
        deploying(following(2)),
        (vec![everybody, of_shop], vec!["pass-ratio".to_owned()])
    );
}

#[test]
fn where_a_release_begins_the_gates_are_those_of_what_it_asks_for() {
    let mut model = shop();
    model["tracks"] = json!(["standard", "normal", "emergency"]);
    model["gates"] = json!([
        { "name": "intake", "version": 1, "step": "request", "rules": [], "tracks": ["emergency"] },
        { "name": "found", "version": 1, "step": "find_unauthorised", "rules": [] }
    ]);
    let gates = GateSet::new().with_model(loaded(&model));
    let begins = |step: AnyStep, expected: &[&str]| {
        let nothing_yet = nothing_yet();
        let facts = Facts::at(at(NOON));
        let decision = gates.explain(&nothing_yet, step.clone(), &facts, &by("kim"));
        let named: Vec<_> = decision.gates.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(named, expected);
        let holding = gates.gates_for(&nothing_yet, step.clone());
        assert!(holding.map(AnyGate::id).eq(&decision.gates));
        // An approval is about these gates too.
        let without = GateSet::new().subject(&nothing_yet, step.clone());
        let subject = gates.subject(&nothing_yet, step);
        assert_eq!(subject == without, expected.is_empty());
    };
    let mut request = following(1);
    begins(RequestRelease::new(request.clone()).into(), &[]);
    request.track = Track::Emergency;
    begins(
        RequestRelease::new(request.clone()).into(),
        &["shop/intake"],
    );
    let found = FindUnauthorised::new(request, package("one"), at(NOON), Seconds::hours(1));
    begins(found.into(), &["shop/found"]);
}

#[test]
fn a_release_whose_model_is_not_at_hand_is_refused_every_gated_step() {
    let known = office().with_gates(GateSet::new().with_model(shop_of(1, 90)));
    let told = "the release follows version 2 of the model `shop`, which this gate set does not have; add it by \
                `GateSet::with_model`; the gates that it has are not known without it";
    let refused = known
        .run(known.asked(following(2)), "kim")
        .unwrap_err()
        .refused()
        .unwrap();
    assert_eq!(
        refused.to_string(),
        format!("request refused\n  lifecycle: {told}")
    );
    assert_eq!(codes(&refused.decision), ["unknown-model"]);

    // One that is under way when its model is taken away can be held and cancelled, and goes no further.
    let release = known.done(known.asked(following(1)), "kim");
    let forgetful = Office::on(known.desk.store().clone());
    let release: Release<Request> = forgetful.again(&release);
    let explain = |step: AnyStep| codes(&wait(forgetful.desk.explain(&release, step, by("cho"))));
    assert_eq!(
        explain(Authorise::new(worthwhile()).into()),
        ["unknown-model"]
    );
    assert_eq!(explain(Hold::new(text("wait")).into()), [""; 0]);
    assert_eq!(explain(Cancel::new(text("enough")).into()), [""; 0]);
    // No override helps.
    let refused = forgetful
        .run(release.authorise(worthwhile()), "cho")
        .unwrap_err();
    assert_eq!(refused.refused().unwrap().decision.overrides().count(), 0);
}

#[test]
fn a_release_takes_only_the_tracks_of_its_model() {
    let office = office().with_gates(GateSet::new().with_model(shop_of(1, 90)));
    let mut request = following(1);
    request.track = Track::Emergency;
    let refused = office.run(office.asked(request), "kim").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "request refused\n  lifecycle: the model `shop` does not allow the emergency track; request it on the standard \
         or normal track",
    );
    let release = office.done(office.asked(following(1)), "kim");
    let haste = TrackChanged::new(Track::Emergency, text("it burns"));
    let release = office.recorded(release, haste, "kim");
    let refused = office
        .run(release.authorise(worthwhile()), "cho")
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "authorise refused\n  lifecycle: the model `shop` does not allow the emergency track; record `TrackChanged` to \
         standard or normal",
    );
    assert_eq!(
        codes(&refused.refused().unwrap().decision),
        ["track-not-taken"]
    );
}
