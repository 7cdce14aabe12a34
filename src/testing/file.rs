//! Cases from a file beside the rules: the same as in Rust, and every mistake with its place.

use super::case::{Case, Cases, Does};
use super::checked::Checked;
use super::expected::{Expected, cleared_by, cleared_by_no_gate, not_recorded, recorded, refused};
use super::scene::{Approved, Scene, package};
use super::written;
use crate::gate::{GateSet, Mistake, Mistakes, Policies, ReleaseModel};
use crate::phase::Seconds;
use crate::release::file::{Object, Reader};
use crate::release::limits::ENTRIES;
use crate::release::{Actor, Answer, AnyRecord, AnyStep, Person, ReleasePackage, Role};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Checks the cases of one file against the rules of another: a release model, or `{ "gates": [..] }`.
///
/// Each of the two is JSON if it begins with `{`, and TOML else. `docs/testing-policies.md` describes the format; the
/// host's own policies are known by registration.
///
/// # Errors
///
/// Every mistake in either file with its place, not only the first. Those of the rules are `rules, ..`.
///
/// # Examples
///
/// ```
/// use phasegate::gate::Policies;
/// use phasegate::testing::check_files;
///
/// let rules = r#"{ "gates": [{ "name": "production", "version": 1, "step": "deploy",
///     "rules": [{ "rule": { "evidence": { "required": { "functional": 95 } } } }] }] }"#;
/// let cases = r#"{ "cases": [
///     { "name": "nothing goes live untested",
///       "given": { "phase": "testing" },
///       "when": { "by": "dep", "step": { "deploy": { "window":
///           { "start": "2026-03-02T20:00:00Z", "end": "2026-03-02T22:00:00Z" } } } },
///       "then": { "refused": ["lifecycle: not-tested", "evidence: kind-missing"] } },
///     { "name": "nineteen of twenty are enough", "like": "nothing goes live untested",
///       "given": { "tests": [{ "kind": "functional", "environment": "staging", "passed": 19, "failed": 1 }] },
///       "then": { "cleared_by": ["production"] } }
/// ] }"#;
/// check_files(rules, cases, &Policies::new())?.assert();
///
/// let mistakes = check_files(rules, &cases.replace("testing", "tested"), &Policies::new()).unwrap_err();
/// assert!(mistakes.to_string().starts_with("cases[0].given.phase: there is no `tested`"), "{mistakes}");
/// # Ok::<(), phasegate::gate::Mistakes>(())
/// ```
pub fn check_files(rules: &str, cases: &str, policies: &Policies) -> Result<Checked, Mistakes> {
    read_files(rules, cases, policies).map(|cases| cases.check())
}

/// The cases of one file, under the rules of another.
pub(super) fn read_files(rules: &str, cases: &str, policies: &Policies) -> Result<Cases, Mistakes> {
    let under = rules_of(rules, policies).map_err(|mistakes| {
        let of_rules = |mistake: Mistake| Mistake {
            path: format!("rules, {}", mistake.path),
            ..mistake
        };
        Mistakes(mistakes.into_iter().map(of_rules).collect())
    })?;
    let mut reader = Reader::of(&under.gates, ENTRIES);
    let file = value_of(&mut reader, cases);
    let read = file.and_then(|file| file_of(&mut reader, file));
    let cases = reader.answer(read)?;
    Ok(under.with(cases))
}

/// The rules that a file has.
fn rules_of(rules: &str, policies: &Policies) -> Result<Cases, Mistakes> {
    let mut reader = Reader::of((), ENTRIES);
    let file = value_of(&mut reader, rules);
    let file = reader.answer(file)?;
    let (is_model, json) = (file.get("name").is_some(), file.to_string());
    if is_model {
        return ReleaseModel::from_json(&json, policies).map(Cases::by_model);
    }
    GateSet::from_json(&json, policies).map(Cases::under)
}

/// What a file says, whether it is JSON or TOML.
fn value_of<C>(reader: &mut Reader<C>, text: &str) -> Option<Value> {
    // Some editors put a mark before the first character.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return reader.json(text);
    }
    #[cfg(feature = "toml")]
    return reader.toml(text);
    #[cfg(not(feature = "toml"))]
    {
        reader.mistake("it is no JSON object, and TOML is read with the feature `toml` only");
        None
    }
}

/// The cases of a file. What is given to all of them stands above them.
fn file_of(reader: &mut Reader<&GateSet>, file: Value) -> Option<Vec<Case>> {
    let mut file = reader.object(file, &["given", "cases"])?;
    let shared = file.may(reader, "given", |reader, given| {
        is_scene(reader, &given).then_some(Some(given))
    })?;
    let shared = shared.unwrap_or_else(|| json!({}));
    let mut before: BTreeMap<String, Written> = BTreeMap::new();
    let cases = file.need(reader, "cases", |reader, cases| {
        let cases = reader.list(cases, |reader, case| {
            case_of(reader, case, &shared, &mut before)
        })?;
        let is_any = !cases.is_empty();
        let what = "there is no case in it";
        reader.hold(is_any, what).then_some(cases)
    });
    file.whole(cases)
}

/// A case as it is written, for others that are like it.
struct Written {
    /// Nothing, if what is given is wrong: that is told once.
    given: Option<Value>,
    when: Option<Value>,
}

fn case_of(
    reader: &mut Reader<&GateSet>,
    case: Value,
    shared: &Value,
    before: &mut BTreeMap<String, Written>,
) -> Option<Case> {
    let keys = ["name", "like", "given", "when", "then", "turns"];
    let mut case = reader.object(case, &keys)?;
    let name = case.need(reader, "name", Reader::plain::<String>);
    let like = case.may(reader, "like", |reader, like| {
        let like: String = reader.plain(like)?;
        let found = before.get(&like);
        let what = format!("no case before this one is named `{like}`");
        reader.hold(found.is_some(), what);
        found.map(|one| Some((one.given.clone(), one.when.clone())))
    });
    let whole = || Some(shared.clone());
    let (given, when) = like.map_or((None, None), |like| like.unwrap_or((whole(), None)));
    let own = case.may(reader, "given", |reader, own| {
        is_scene(reader, &own).then_some(Some(own))
    });
    let own = own.map(|own| own.unwrap_or_else(|| json!({})));
    let given = given.zip(own).map(|(given, own)| merged(given, own));
    let turns = case.take("turns");
    let when = case.take("when").or(when.filter(|_| turns.is_none()));
    let name = name?;
    let written = || Written {
        given: given.clone(),
        when: when.clone(),
    };
    before.entry(name.clone()).or_insert_with(written);
    let given = recording(given?);
    let scene = reader.within("given", |reader| reader.plain::<Scene>(given))?;
    let turns = turns_of(reader, &mut case, when, turns, &scene);
    let begun = Case::named(name).given(scene);
    let told = case.whole(turns)?.into_iter();
    Some(told.fold(begun, |case, (does, then)| match then {
        Some(then) => case.turn(does).then(then),
        None => case.turn(does),
    }))
}

/// One turn, as `when` and `then`; or several.
fn turns_of(
    reader: &mut Reader<&GateSet>,
    case: &mut Object,
    when: Option<Value>,
    turns: Option<Value>,
    scene: &Scene,
) -> Option<Vec<(Does, Option<Expected>)>> {
    match (when, turns) {
        (Some(when), None) => {
            let turn = reader.within("when", |reader| {
                let (does, then) = turn_of(reader, when, scene)?;
                let what = "what is expected stands beside `when`, not in it";
                reader.hold(then.is_none(), what).then_some(does)
            });
            let then = case.need(reader, "then", expected_of);
            Some(vec![(turn?, Some(then?))])
        }
        (None, Some(turns)) => {
            let what = "what is expected of turns stands in each of them";
            reader.hold(!case.has("then"), what);
            reader.within("turns", |reader| {
                reader.list(turns, |reader, turn| turn_of(reader, turn, scene))
            })
        }
        (Some(_), Some(_)) => {
            reader.mistake("it has `when` and `turns`; expected one of them");
            None
        }
        (None, None) => {
            reader.mistake("key `when` is missing, or `turns`");
            None
        }
    }
}

/// Whether what is given can be read, as far as it goes: the phase may be said elsewhere.
fn is_scene(reader: &mut Reader<&GateSet>, given: &Value) -> bool {
    let mut whole = recording(given.clone());
    if let Value::Object(entries) = &mut whole {
        let phase = || json!("testing");
        entries.entry("phase").or_insert_with(phase);
    }
    reader.plain::<Scene>(whole).is_some()
}

/// What is given, with the digest of its package in its records.
fn recording(mut given: Value) -> Value {
    let own = given.get("package").cloned();
    let own = own.and_then(|own| serde_json::from_value::<ReleasePackage>(own).ok());
    let package = json!(own.unwrap_or_else(package).digest());
    if let Some(records) = given.get_mut("records") {
        replace(records, &package);
    }
    given
}

/// Objects into each other, key by key; whatever else it is, the later takes the place of the earlier.
fn merged(earlier: Value, later: Value) -> Value {
    match (earlier, later) {
        (Value::Object(mut earlier), Value::Object(later)) => {
            for (key, value) in later {
                let before = earlier.remove(&key);
                let is_one_thing = matches!(key.as_str(), "request" | "plan" | "package");
                let value = match before.filter(|_| !is_one_thing) {
                    Some(before) => merged(before, value),
                    None => value,
                };
                earlier.insert(key, value);
            }
            Value::Object(earlier)
        }
        (_, later) => later,
    }
}

/// Somebody, as they are written.
#[derive(Deserialize)]
struct Somebody(#[serde(with = "written::who")] Actor);

/// What happens in a turn, and what is expected of it.
fn turn_of(
    reader: &mut Reader<&GateSet>,
    turn: Value,
    scene: &Scene,
) -> Option<(Does, Option<Expected>)> {
    const DOES: [&str; 5] = ["step", "record", "approves", "rejects", "wait_seconds"];
    let keys = [&["by", "then"], &DOES[..]].concat();
    let mut turn = reader.object(turn, &keys)?;
    let said: Vec<_> = DOES.into_iter().filter(|key| turn.has(key)).collect();
    let &[does] = &said[..] else {
        let what = match said.len() {
            0 => "nothing happens in it",
            _ => "more than one thing happens in it",
        };
        reader.mistake(format!("{what}; expected one of {}", DOES.join(", ")));
        return None;
    };
    let then = turn.may(reader, "then", |reader, then| {
        expected_of(reader, then).map(Some)
    });
    if does == "wait_seconds" {
        let what = "nobody waits for nothing: `by` and `then` say nothing here";
        let is_bare = !turn.has("by") && then.as_ref().is_none_or(Option::is_none);
        reader.hold(is_bare, what);
        let time = turn.need(reader, does, Reader::plain::<Seconds>);
        return turn.whole(time).map(|time| (Does::Wait(time), None));
    }
    let by = turn.need(reader, "by", Reader::plain::<Somebody>);
    let does = does_of(reader, &mut turn, does, by.map(|by| by.0), scene);
    turn.whole(does).zip(then)
}

fn does_of(
    reader: &mut Reader<&GateSet>,
    turn: &mut Object,
    does: &str,
    by: Option<Actor>,
    scene: &Scene,
) -> Option<Does> {
    match does {
        "step" => {
            let step = turn.need(reader, does, |reader, step| {
                let package = json!(scene.the_package());
                reader.plain::<AnyStep>(with_package(named(step), &package))
            });
            Some(Does::Step(by?, step?))
        }
        "record" => {
            let record = turn.need(reader, does, |reader, record| {
                let package = json!(scene.the_package().digest());
                reader.plain::<AnyRecord>(with_package(record, &package))
            });
            Some(Does::Record(by?, record?))
        }
        _ => {
            let role = turn.need(reader, does, Reader::plain::<Role>);
            let by = reader.within("by", |reader| person_of(reader, by?));
            let answer = if does == "approves" {
                Answer::Approved
            } else {
                Answer::Rejected
            };
            Some(Does::Answer(Approved::new(by?, role?, answer)))
        }
    }
}

fn person_of(reader: &mut Reader<&GateSet>, actor: Actor) -> Option<Person> {
    match actor {
        Actor::Person(person) => Some(person),
        Actor::System(system) => {
            reader.mistake(format!("`{system}` is a system, and people approve"));
            None
        }
    }
}

/// A step that needs nothing is said by its name alone.
fn named(step: Value) -> Value {
    match step.as_str() {
        Some(name) => Value::Object(Map::from_iter([(name.to_owned(), json!({}))])),
        None => step,
    }
}

/// `this package` is the package of the scene, or its digest.
fn with_package(mut value: Value, package: &Value) -> Value {
    replace(&mut value, package);
    value
}

fn replace(value: &mut Value, package: &Value) {
    if value.as_str() == Some("this package") {
        *value = package.clone();
    } else if let Value::Array(entries) = value {
        for entry in entries {
            replace(entry, package);
        }
    } else if let Value::Object(entries) = value {
        for entry in entries.values_mut() {
            replace(entry, package);
        }
    }
}

/// What can be expected, by the words of the functions in Rust.
const ANSWERS: [&str; 3] = ["refused", "cleared_by", "not_recorded"];

fn expected_of(reader: &mut Reader<&GateSet>, then: Value) -> Option<Expected> {
    if then.as_str() == Some("recorded") {
        return Some(recorded());
    }
    let keys = [&ANSWERS[..], &["warnings", "overrides"]].concat();
    let mut then = reader.object(then, &keys)?;
    let said: Vec<_> = ANSWERS.into_iter().filter(|key| then.has(key)).collect();
    let &[answer] = &said[..] else {
        let what = "`recorded`, or an object with one of";
        reader.mistake(format!("expected {what} {}", ANSWERS.join(", ")));
        return None;
    };
    let words = |reader: &mut Reader<&GateSet>, words| reader.plain::<Vec<String>>(words);
    let said = then.need(reader, answer, words);
    let warnings = then.may(reader, "warnings", words);
    let overrides = then.may(reader, "overrides", words);
    let said = then.whole(said)?;
    let expected = match answer {
        "refused" => refused(said),
        "not_recorded" => not_recorded(said),
        _ if said.is_empty() => cleared_by_no_gate(),
        _ => cleared_by(said),
    };
    let expected = expected.warning(warnings?).using(overrides?);
    let mistakes = expected.mistakes(reader.about);
    let is_meant = mistakes.is_empty();
    for what in mistakes {
        reader.mistake(what);
    }
    is_meant.then_some(expected)
}
