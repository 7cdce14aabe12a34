//! The JSON Schema of the format.

use super::load::{FAR_DAYS, LONG};
use super::{AutomaticStep, PreAuthorisation, ReleaseModel};
use crate::gate::rule::Requirement;
use crate::phase::Action;
use crate::release::{
    BackOutPlan, Environment, Key, Liveness, Name, Objective, Person, Role, SuccessCriterion, Text,
    Track, Wave,
};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl ReleaseModel {
    /// The JSON Schema of the format, draft 2020-12: for editors, and for a check in front of the reader.
    ///
    /// What it refuses, [`from_json`](Self::from_json) refuses too. The reader refuses more: parts that do not fit
    /// together, a policy on a step that lacks what it reads, names of policies that are not registered.
    ///
    /// # Examples
    ///
    /// ```
    /// let schema = phasegate::gate::ReleaseModel::schema();
    /// assert_eq!(schema["required"], serde_json::json!(["name", "version", "title", "tracks"]));
    /// ```
    #[must_use]
    pub fn schema() -> Value {
        let mut of = SchemaGenerator::default();
        let mut properties = properties(&mut of);
        let mut definitions: Value = of.take_definitions(true).into();
        tidy(&mut properties);
        tidy(&mut definitions);
        // Every other list of different things may name one twice.
        if let Some(Value::Object(tracks)) = properties.get_mut("tracks") {
            tracks.insert("uniqueItems".to_owned(), json!(true));
        }
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Release model of phasegate",
            "type": "object",
            "required": ["name", "version", "title", "tracks"],
            "additionalProperties": false,
            "properties": properties,
            "$defs": definitions,
        })
    }
}

fn properties(of: &mut SchemaGenerator) -> Value {
    json!({
        "name": schema::<Key>(of),
        "version": { "type": "integer", "minimum": 1 },
        "title": schema::<Name>(of),
        "description": schema::<Text>(of),
        "tracks": { "type": "array", "items": schema::<Track>(of), "minItems": 1 },
        "standard": schema::<PreAuthorisation>(of),
        "objectives": schema::<BTreeMap<Key, Objective>>(of),
        "gates": { "type": "array", "items": gate(of) },
        "environments": schema::<BTreeMap<Environment, Liveness>>(of),
        "checklists": schema::<BTreeMap<Key, BTreeMap<Key, Name>>>(of),
        "roles": schema::<BTreeMap<Role, Vec<Person>>>(of),
        "milestones": {
            "type": "object",
            "additionalProperties": { "type": "integer", "minimum": -FAR_DAYS, "maximum": FAR_DAYS },
        },
        "waves": schema::<Vec<Wave>>(of),
        "success_criteria": schema::<BTreeMap<Key, SuccessCriterion>>(of),
        "early_life_support_seconds": { "type": "integer", "minimum": 0, "maximum": LONG.get() },
        "back_out": schema::<BackOutPlan>(of),
        "automatic": { "type": "array", "items": automatic(of) },
    })
}

fn gate(of: &mut SchemaGenerator) -> Value {
    let steps: Vec<_> = Action::ALL.iter().map(|action| action.name()).collect();
    json!({
        "type": "object",
        "required": ["name", "version", "step", "rules"],
        "additionalProperties": false,
        "properties": {
            "name": schema::<Key>(of),
            "version": schema::<u32>(of),
            "step": { "enum": steps },
            "tracks": { "type": "array", "items": schema::<Track>(of) },
            "overridable_by": { "type": "array", "items": schema::<Role>(of) },
            "rules": { "type": "array", "items": schema::<Requirement>(of) },
        },
    })
}

fn automatic(of: &mut SchemaGenerator) -> Value {
    let steps = AutomaticStep::STEPS.map(Action::name);
    json!({
        "type": "object",
        "required": ["step", "by"],
        "additionalProperties": false,
        "properties": { "step": { "enum": steps }, "by": schema::<Key>(of) },
    })
}

fn schema<T: JsonSchema>(of: &mut SchemaGenerator) -> Value {
    of.subschema_for::<T>().to_value()
}

/// Keeps the first paragraph of every description, and takes out what the reader does not mind.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::String(text)) = entries.get_mut("description") {
                let first = text.split("\n\n").next().unwrap_or_default();
                *text = first.replace('\n', " ");
            }
            entries.remove("uniqueItems");
            entries.values_mut().for_each(tidy);
        }
        Value::Array(entries) => entries.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
