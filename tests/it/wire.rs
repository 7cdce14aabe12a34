//! How events are written: every kind's payload pinned, and what is not written so is refused by name.

use crate::golden::golden;
use crate::samples::{
    before_record, before_step, full_record, full_step, gates, hash_by_the_book, least_record,
    least_step,
};
use phasegate::gate::GateSet;
use phasegate::phase::{Action, RecordKind};
use phasegate::release::limits::PAYLOAD_BYTES;
use phasegate::release::{Digest, Envelope, Event, LogErrorKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An event of every step: with every field behind full gates, and with only what it needs and no gates.
fn step_events() -> Vec<(Action, Envelope, Envelope)> {
    let events = Action::ALL.iter().map(|&action| {
        let full = before_step(action, gates()).take(full_step(action), "kim");
        let least = before_step(action, GateSet::new()).take(least_step(action), "kim");
        (action, full, least)
    });
    events.collect()
}

/// An event of every record: with every field, and with only what it needs.
fn record_events() -> Vec<(RecordKind, Envelope, Envelope)> {
    let events = RecordKind::ALL.iter().map(|&kind| {
        let full = before_record(kind).take(full_record(kind), "ann");
        let least = before_record(kind).take(least_record(kind), "ann");
        (kind, full, least)
    });
    events.collect()
}

fn events() -> Vec<(Envelope, Envelope)> {
    let steps = step_events()
        .into_iter()
        .map(|(_, full, least)| (full, least));
    let records = record_events()
        .into_iter()
        .map(|(_, full, least)| (full, least));
    steps.chain(records).collect()
}

fn payloads<T>(events: &[(T, Envelope, Envelope)]) -> String {
    let line = |event: &Envelope| format!("{} {}\n", event.kind, event.data.as_str());
    events
        .iter()
        .map(|(_, full, least)| line(full) + &line(least))
        .collect()
}

#[test]
fn the_payload_of_every_step_is_written_as_pinned() {
    let events = step_events();
    assert_eq!(events.len(), Action::ALL.len());
    for (action, full, least) in &events {
        for (event, step) in [(full, full_step(*action)), (least, least_step(*action))] {
            assert_eq!(event.kind, action.event_kind());
            let Ok(Some(Event::Step(read))) = event.decode() else {
                panic!("{} does not read back", event.kind)
            };
            assert_eq!(read.step, step);
        }
    }
    golden("payloads/steps.txt", &payloads(&events));
}

#[test]
fn the_payload_of_every_record_is_written_as_pinned() {
    let events = record_events();
    assert_eq!(events.len(), RecordKind::ALL.len());
    for (kind, full, least) in &events {
        for (event, record) in [(full, full_record(*kind)), (least, least_record(*kind))] {
            assert_eq!(event.kind, kind.event_kind());
            assert_eq!(event.decode().unwrap(), Some(Event::Record(record)));
        }
    }
    golden("payloads/records.txt", &payloads(&events));
}

const LINE: &str = concat!(
    r#"{"id":"8bb07adf-8bca-8f56-b5eb-3e332975bf7a/0","#,
    r#""stream":{"tenant":"acme","kind":"release","id":"00000000-0000-7000-8000-000000000001"},"#,
    r#""version":1,"kind":"release.requested","schema":1,"critical":true,"#,
    r#""occurred_at":"2026-03-02T10:01:00Z","recorded_at":"2026-03-02T10:01:00Z","#,
    r#""actor":{"person":"kim"},"#,
    r#""payload_digest":"16df40fbe6331aad313f94243b1b4a43c81ef936ddeef50a13a9881b983d98a8","#,
    r#""prev":"0000000000000000000000000000000000000000000000000000000000000000","#,
    r#""hash":"1eda2bdcbc25717ffcc7db2f31aa6f51077d75214ea717573febc1d08a4c87a4","#,
    r#""data":{"step":{"request":{"title":"Shop 2.4"}},"decision":{"asked":{"step":"request"},"#,
    r#""actor":{"person":"kim"},"at":"2026-03-02T10:01:00Z"}}}"#,
);

fn first() -> Envelope {
    let action = Action::RequestRelease;
    before_step(action, GateSet::new()).take(least_step(action), "kim")
}

#[test]
fn a_whole_line_is_written_as_pinned() {
    let envelope = first();
    assert_eq!(envelope.to_json().unwrap(), LINE);
    assert_eq!(Envelope::from_json(LINE).unwrap(), envelope);
}

#[test]
fn the_event_in_the_documentation_is_the_pinned_one() {
    let page = include_str!("../../docs/event-format.md");
    let (_, rest) = page.split_once("```json\n").expect("an event comes first");
    let (example, _) = rest.split_once("```").expect("it ends");
    let shown: Value = serde_json::from_str(example).unwrap();
    assert_eq!(shown, serde_json::from_str::<Value>(LINE).unwrap());
}

#[test]
fn the_hash_is_the_documented_one() {
    for (full, least) in events() {
        for event in [full, least] {
            assert_eq!(event.hash, hash_by_the_book(&event), "{}", event.kind);
            assert_eq!(
                event.payload_digest,
                Digest::of(event.data.as_str().as_bytes())
            );
        }
    }
}

/// The envelope with another payload.
fn with_data(event: &Envelope, data: &Value) -> Envelope {
    let mut line: Value = serde_json::from_str(&event.to_json().unwrap()).unwrap();
    line["data"] = data.clone();
    Envelope::from_json(&line.to_string()).unwrap()
}

fn data(event: &Envelope) -> Value {
    serde_json::from_str(event.data.as_str()).unwrap()
}

/// The places of all values in a value, as JSON pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                places(value, &format!("{here}/{key}"), found);
            }
        }
        Value::Array(entries) => {
            for (at, value) in entries.iter().enumerate() {
                places(value, &format!("{here}/{at}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn places_of(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    places(value, "", &mut found);
    found
}

/// The names between backticks, from the second on.
fn expected_names(error: &str) -> BTreeSet<String> {
    let (_, list) = error
        .split_once("expected ")
        .expect("it says what it expected");
    let names = list.split('`').skip(1).step_by(2);
    names.map(ToOwned::to_owned).collect()
}

#[test]
fn unknown_fields_are_refused_everywhere_and_full_samples_have_all_known_ones() {
    let mut seen = 0;
    for (event, _) in events() {
        let data = data(&event);
        for place in places_of(&data) {
            let mut changed = data.clone();
            let Value::Object(fields) = changed.pointer_mut(&place).unwrap() else {
                continue;
            };
            let known: BTreeSet<String> = fields.keys().cloned().collect();
            fields.insert("zzz".to_owned(), Value::Null);
            let error = with_data(&event, &changed).decode().unwrap_err();
            assert_eq!(error.kind(), LogErrorKind::Malformed, "{place}");
            assert_eq!(error.version(), Some(event.version));
            let error = error.to_string();
            if !error.contains("unknown field `zzz`") {
                // A map of the host's own keys, or one word of several: the entry is refused for what it is.
                continue;
            }
            seen += 1;
            if !error.contains("there are no fields") && !place.starts_with("/decision") {
                assert_eq!(expected_names(&error), known, "{} {place}", event.kind);
            }
        }
    }
    assert!(seen >= 140, "{seen}");
}

#[test]
fn missing_fields_are_named() {
    for (full, least) in events() {
        for (event, is_least) in [(full, false), (least, true)] {
            let data = data(&event);
            for key in data.as_object().unwrap().keys() {
                let mut changed = data.clone();
                changed.as_object_mut().unwrap().remove(key);
                match with_data(&event, &changed).decode() {
                    // It is rated or says something; which of the two is not for reading to ask.
                    Ok(_) if event.kind == "release.feedback_given" => {}
                    Ok(_) => assert!(!is_least, "{} reads without `{key}`", event.kind),
                    Err(error) => {
                        let named = format!("missing field `{key}`");
                        assert!(error.to_string().contains(&named), "{error}");
                        assert_eq!(error.version(), Some(event.version));
                    }
                }
            }
        }
    }
}

#[test]
fn wrong_types_are_refused_at_every_place() {
    let wrong = [
        json!(true),
        json!(-1),
        json!(0.5),
        json!("\u{0}"),
        json!({"zzz": 1}),
    ];
    for (event, _) in events() {
        let data = data(&event);
        for place in places_of(&data) {
            let is_same =
                |value: &Value| data.pointer(&place).unwrap().is_boolean() && value.is_boolean();
            for value in wrong.iter().filter(|value| !is_same(value)) {
                let is_number = value == &json!(-1) && data.pointer(&place).unwrap().is_i64();
                let is_measures = place.ends_with("/abort") || place.ends_with("/measures");
                let is_free = is_number || is_measures && value.is_object();
                let mut changed = data.clone();
                *changed.pointer_mut(&place).unwrap() = value.clone();
                match with_data(&event, &changed).decode() {
                    Err(error) => {
                        assert_eq!(error.kind(), LogErrorKind::Malformed);
                        assert!(error.to_string().contains(event.kind.as_ref()), "{error}");
                    }
                    Ok(_) => assert!(is_free, "{} takes {value} at {place}", event.kind),
                }
            }
        }
    }
}

fn edited(edit: impl FnOnce(&mut Value)) -> String {
    let mut line: Value = serde_json::from_str(LINE).unwrap();
    edit(&mut line);
    line.to_string()
}

#[test]
fn an_envelope_that_is_not_one_is_refused_by_name() {
    let fields = [
        "id",
        "stream",
        "version",
        "kind",
        "schema",
        "critical",
        "occurred_at",
    ];
    let others = [
        "recorded_at",
        "actor",
        "payload_digest",
        "prev",
        "hash",
        "data",
    ];
    for field in fields.into_iter().chain(others) {
        let line = edited(|line| drop(line.as_object_mut().unwrap().remove(field)));
        let error = Envelope::from_json(&line).unwrap_err();
        assert_eq!(error.kind(), LogErrorKind::Malformed);
        assert!(
            error
                .to_string()
                .contains(&format!("missing field `{field}`")),
            "{error}"
        );

        let doubled = LINE.replacen('{', &format!("{{\"{field}\":null,"), 1);
        assert!(Envelope::from_json(&doubled).is_err(), "{field}");
    }
}

#[test]
fn a_field_of_an_envelope_that_breaks_its_limits_is_refused_by_name() {
    for (place, value, said) in [
        (
            "id",
            json!("00000000-0000-7000-8000-000000000001"),
            "a UUID, `/`, and a number",
        ),
        (
            "id",
            json!("00000000-0000-7000-8000-000000000001/65536"),
            "a UUID, `/`, and a number",
        ),
        (
            "stream",
            json!({"tenant": "", "kind": "release", "id": "x"}),
            "1 to 200 characters",
        ),
        (
            "stream",
            json!({"tenant": "a", "kind": "train", "id": "x"}),
            "`release`",
        ),
        (
            "stream",
            json!({"tenant": "a", "kind": "release", "id": "x", "zzz": 1}),
            "zzz",
        ),
        ("version", json!(-1), "u64"),
        ("version", json!(1.0), "u64"),
        ("schema", json!(65_536), "u16"),
        ("critical", json!("true"), "a boolean"),
        ("actor", json!({"robot": "r2"}), "`system`"),
        ("actor", json!({"person": "k\u{0}m"}), "control characters"),
        (
            "actor",
            json!({"person": "x".repeat(201)}),
            "1 to 200 characters",
        ),
        ("actor", json!({"person": " kim"}), "no space at either end"),
        ("hash", json!("AB"), "64 lower-case hexadecimal digits"),
        ("zzz", json!(1), "unknown field `zzz`"),
    ] {
        let error = Envelope::from_json(&edited(|line| line[place] = value)).unwrap_err();
        assert!(error.to_string().contains(said), "{place}: {error}");
    }
}

#[test]
fn absurd_instants_are_refused_and_told() {
    for text in [
        "2016-12-31T23:59:60Z",
        "1969-12-31T23:59:59.999999Z",
        "10000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
        "0000-00-00T00:00:00Z",
        "2026-03-02T10:00:00.0000001Z",
        "2026-03-02T10:00:00",
        "9999-12-31T23:59:59-23:59",
        "1970-01-01T00:00:00+23:59",
        "",
    ] {
        for field in ["occurred_at", "recorded_at"] {
            let error = Envelope::from_json(&edited(|line| line[field] = json!(text))).unwrap_err();
            assert!(
                error.to_string().contains("1970 to 9999"),
                "{text}: {error}"
            );
        }
        let mut inside = data(&first());
        inside["decision"]["at"] = json!(text);
        let error = with_data(&first(), &inside).decode().unwrap_err();
        assert!(
            error.to_string().contains("1970 to 9999"),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_payload_of_more_than_a_mebibyte_is_not_read() {
    let titled = |bytes: usize| {
        let mut data = data(&first());
        data["step"]["request"]["need"] = json!("x".repeat(bytes));
        with_data(&first(), &data)
    };
    let error = titled(PAYLOAD_BYTES).decode().unwrap_err();
    assert_eq!(error.kind(), LogErrorKind::TooLarge);
    assert_eq!(error.version(), Some(first().version));

    let error = titled(20_001).decode().unwrap_err();
    assert!(
        error.to_string().contains("at most 20,000 characters"),
        "{error}"
    );
    assert!(titled(20_000).decode().is_ok());
}

#[test]
fn nesting_ends_in_an_error_and_not_on_the_stack() {
    let event = first();
    for depth in [200, 100_000, 5_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let middle = if open == "[" { "" } else { "1" };
            let nest = open.repeat(depth) + middle + &close.repeat(depth);
            let line = LINE.split_once("\"data\":").unwrap().0;
            match Envelope::from_json(&format!("{line}\"data\":{nest}}}")) {
                Ok(nested) => drop(nested.decode().unwrap_err()),
                Err(error) => assert_eq!(error.kind(), LogErrorKind::Malformed),
            }
            assert!(Envelope::from_json(&nest).is_err());
            assert!(Envelope::from_json(&nest[..nest.len() / 2]).is_err());
        }
    }
    assert!(event.decode().is_ok());
}

#[test]
fn control_characters_are_refused_wherever_a_text_is() {
    for (event, _) in events() {
        let data = data(&event);
        for place in places_of(&data) {
            if !data.pointer(&place).unwrap().is_string() {
                continue;
            }
            for bad in ["\u{0}", "a\u{0}b", "\u{1b}[31m", "\u{7f}"] {
                let mut changed = data.clone();
                *changed.pointer_mut(&place).unwrap() = json!(bad);
                let error = with_data(&event, &changed).decode().unwrap_err();
                assert!(!error.to_string().contains(char::is_control), "{error:?}");
            }
        }
    }
}
