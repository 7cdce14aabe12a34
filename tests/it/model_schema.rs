//! The JSON Schema of release models takes what the reader takes, and refuses what it can tell.

use crate::models::{shop, with};
use phasegate::gate::{Policies, ReleaseModel};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What the schema says against a value, with its place; nothing if it takes it.
///
/// It knows the keywords that the schema uses, and fails on every other one.
fn against(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Value::Object(keywords) = schema else {
        return vec![];
    };
    let takes = |schema: &Value| against(root, schema, value, at).is_empty();
    let mut found = within(root, keywords, value, at);
    for (keyword, says) in keywords {
        let list = || says.as_array().unwrap();
        let holds = match keyword.as_str() {
            "$ref" => {
                let pointer = says.as_str().unwrap().strip_prefix('#').unwrap();
                found.extend(against(root, root.pointer(pointer).unwrap(), value, at));
                true
            }
            "oneOf" => list().iter().filter(|one| takes(one)).count() == 1,
            "anyOf" => list().iter().any(takes),
            "type" => {
                let any = says
                    .as_array()
                    .map_or(std::slice::from_ref(says), Vec::as_slice);
                any.iter().any(|one| is_a(one, value))
            }
            "enum" => list().contains(value),
            "const" => says == value,
            // These hold numbers only, and lists only.
            "minimum" => value
                .as_i64()
                .is_none_or(|one| one >= says.as_i64().unwrap()),
            "maximum" => value
                .as_i64()
                .is_none_or(|one| one <= says.as_i64().unwrap()),
            "minItems" => value.as_array().unwrap().len() as u64 >= says.as_u64().unwrap(),
            "uniqueItems" => {
                let all = value.as_array().unwrap();
                let mut places = all.iter().enumerate();
                places.all(|(place, one)| !all[..place].contains(one))
            }
            "required" => {
                let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
                !value.is_object() || list().iter().all(has)
            }
            "items"
            | "properties"
            | "additionalProperties"
            | "$schema"
            | "$defs"
            | "title"
            | "description"
            | "default"
            | "format" => true,
            other => panic!("keyword `{other}`"),
        };
        if !holds {
            found.push(format!("{at}: {keyword}"));
        }
    }
    found
}

/// What the schema says against the parts of a value.
fn within(root: &Value, keywords: &Map<String, Value>, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(items) = keywords.get("items") {
        for (index, one) in value.as_array().into_iter().flatten().enumerate() {
            found.extend(against(root, items, one, &format!("{at}[{index}]")));
        }
    }
    let nothing = Map::new();
    let known = keywords.get("properties").and_then(Value::as_object);
    let others = keywords.get("additionalProperties");
    for (key, one) in value.as_object().into_iter().flatten() {
        match (known.unwrap_or(&nothing).get(key), others) {
            (None, Some(Value::Bool(false))) => {
                found.push(format!("{at}: additionalProperties"));
            }
            (Some(schema), _) | (None, Some(schema)) => {
                found.extend(against(root, schema, one, &format!("{at}.{key}")));
            }
            (None, None) => {}
        }
    }
    found
}

fn is_a(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("type `{other}`"),
    }
}

fn refused(value: &Value) -> Vec<String> {
    let schema = ReleaseModel::schema();
    against(&schema, &schema, value, "model")
}

#[test]
fn the_schema_takes_every_example() {
    for example in [
        include_str!("../../examples/models/web-service.json"),
        include_str!("../../examples/models/bank-system.json"),
    ] {
        assert_eq!(refused(&serde_json::from_str(example).unwrap()), [""; 0]);
    }
    assert_eq!(refused(&shop()), [""; 0]);
    #[cfg(feature = "toml")]
    {
        let example = include_str!("../../examples/models/mobile-app.toml");
        let model = ReleaseModel::from_toml(example, &Policies::new()).unwrap();
        assert_eq!(refused(&serde_json::to_value(model).unwrap()), [""; 0]);
    }
}

/// What may be wrong with the shop's model: where, what stands there, and what the schema says.
#[expect(
    clippy::too_many_lines,
    reason = "a table of cases is told in one piece"
)]
fn broken() -> Vec<(&'static str, Value, &'static str)> {
    let rule = "/gates/0/rules/0/rule";
    vec![
        ("/titel", json!("The shop"), "model: additionalProperties"),
        ("/version", json!(0), "model.version: minimum"),
        ("/title", json!(7), "model.title: type"),
        ("/tracks", json!([]), "model.tracks: minItems"),
        (
            "/tracks",
            json!(["normal", "normal"]),
            "model.tracks: uniqueItems",
        ),
        ("/tracks", json!(["fast"]), "model.tracks[0]: oneOf"),
        (
            "/standard/success_percent",
            json!(120),
            "model.standard.success_percent: maximum",
        ),
        (
            "/standard/success_percent",
            json!(0),
            "model.standard.success_percent: minimum",
        ),
        (
            "/standard/judged_from_releases",
            json!(0),
            "model.standard.judged_from_releases: minimum",
        ),
        (
            "/standard/limits/colour",
            json!("red"),
            "model.standard.limits: additionalProperties",
        ),
        (
            "/gates/0/step",
            json!("deplyo"),
            "model.gates[0].step: enum",
        ),
        (
            "/gates/0/rules/0/because",
            json!(1),
            "model.gates[0].rules[0]: additionalProperties",
        ),
        (
            rule,
            json!({ "evidnce": {} }),
            "model.gates[0].rules[0].rule: oneOf",
        ),
        (
            rule,
            json!({ "soak": {} }),
            "model.gates[0].rules[0].rule: oneOf",
        ),
        (
            rule,
            json!({ "all": [{ "soak": {} }] }),
            "model.gates[0].rules[0].rule: oneOf",
        ),
        (
            "/environments",
            json!({ "staging": "alive" }),
            "model.environments.staging: oneOf",
        ),
        (
            "/waves",
            json!([{ "name": "all" }]),
            "model.waves[0]: required",
        ),
        (
            "/waves",
            json!([{ "name": "all", "bake_seconds": -1 }]),
            "model.waves[0].bake_seconds: minimum",
        ),
        (
            "/milestones",
            json!({ "live": "soon" }),
            "model.milestones.live: type",
        ),
        (
            "/milestones",
            json!({ "live": -1001 }),
            "model.milestones.live: minimum",
        ),
        (
            "/early_life_support_seconds",
            json!(31_622_401),
            "model.early_life_support_seconds: maximum",
        ),
        ("/back_out", json!([]), "model.back_out: type"),
    ]
}

#[test]
fn what_the_schema_refuses_the_reader_refuses_too() {
    for (pointer, value, told) in broken() {
        let model = with(shop(), pointer, value);
        assert_eq!(refused(&model), [told], "{model}");
        let read = ReleaseModel::from_json(&model.to_string(), &Policies::new());
        assert!(read.is_err(), "{model}");
    }
}

fn time_of_day() -> Value {
    let mut hours = json!({ "weekdays": ["monday"], "from": "09:00", "to": "16:00" });
    if cfg!(feature = "calendar") {
        hours["zone"] = json!("Europe/Berlin");
    }
    json!({ "time-of-day": hours })
}

/// A rule by every built-in policy, with all that it can be given.
fn rules() -> Vec<Value> {
    vec![
        json!({ "approvals": {
            "rules": [{
                "name": "authority", "quorum": { "count": 1 },
                "by": [{ "role": "change_authority" }, { "person": "cho" }]
            }],
            "people": "different_people", "not_by": ["builder"], "valid_for_seconds": 3600
        } }),
        json!({ "separation-of-duties": { "apart": ["requester"] } }),
        json!({ "evidence": {
            "required": { "functional": 95 }, "coverage_percent": { "functional": 80 },
            "environments": { "functional": ["staging"] }, "max_age_seconds": 3600,
            "open_defects": { "minor": 2 }, "documents": ["test-plan"]
        } }),
        json!({ "soak": { "at_least_seconds": { "staging": 3600 } } }),
        json!({ "back-out-plan": { "rehearsed_within_seconds": 3600 } }),
        json!({ "risk": { "at_most": "medium" } }),
        json!({ "open-issues": { "issues": { "minor": 1 }, "risks": { "minor": 1 } } }),
        json!({ "budget": { "at_most_percent": 110 } }),
        json!({ "stakeholders-notified": { "ahead_seconds": 3600 } }),
        json!({ "change-requests": { "at_least": 1, "states": ["approved"] } }),
        json!({ "checklist": { "items": ["runbook"] } }),
        json!({ "freeze": {
            "calendar": "production", "environments": ["staging"], "regions": ["eu"]
        } }),
        json!({ "maintenance-window": {
            "calendar": "production", "environments": ["staging"], "regions": ["eu"]
        } }),
        json!({ "conflict-free": { "distance": 2, "people": true } }),
        json!({ "lead-time": { "at_least_seconds": 3600 } }),
        time_of_day(),
        json!({ "waves": {} }),
        json!({ "fact": { "key": "error_budget", "test": { "at_least": 2 } } }),
        json!({ "model-standing": {} }),
        json!({ "in-step": {} }),
        json!({ "dependencies": {} }),
    ]
}

/// The places of everything in a value, itself included.
fn places(value: &Value) -> Vec<String> {
    let entries: Vec<(String, &Value)> = match value {
        Value::Array(entries) => {
            let places = entries.iter().enumerate();
            places.map(|(at, one)| (at.to_string(), one)).collect()
        }
        Value::Object(entries) => entries
            .iter()
            .map(|(key, one)| (key.clone(), one))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    };
    let mut all = vec![String::new()];
    for (step, one) in entries {
        all.extend(
            places(one)
                .iter()
                .map(|further| format!("/{step}{further}")),
        );
    }
    all
}

#[test]
fn a_value_of_another_sort_is_refused_in_every_policy() {
    let mut model = shop();
    model["environments"] = json!({ "staging": "not_live" });
    model["checklists"] = json!({ "one": { "runbook": "Written" } });
    let at = |step: &str, rule: &Value| {
        let model = with(model.clone(), "/gates/0/step", json!(step));
        with(model, "/gates/0/rules/0/rule", rule.clone())
    };
    let named = |rule: &Value| rule.as_object().unwrap().keys().next().unwrap().clone();
    let all: BTreeSet<_> = rules().iter().map(named).collect();
    assert_eq!(all, crate::policy_samples::built_in().into_iter().collect());
    for rule in rules() {
        let step = if named(&rule) == "waves" {
            "finish_deployment"
        } else {
            "deploy"
        };
        let read =
            |rule: &Value| ReleaseModel::from_json(&at(step, rule).to_string(), &Policies::new());
        assert_eq!(refused(&at(step, &rule)), [""; 0]);
        read(&rule).unwrap();
        for place in places(&rule) {
            let mut other = rule.clone();
            let value = other.pointer_mut(&place).unwrap();
            *value = if value.is_string() {
                json!(2)
            } else {
                json!("two")
            };
            assert_ne!(refused(&at(step, &other)), [""; 0], "{place} of {rule}");
            assert!(read(&other).is_err(), "{place} of {rule}");
        }
    }
}
