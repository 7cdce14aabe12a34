//! How what is given is written in files, where that is shorter than the values of the crate.

use super::case::{Case, Does};
use super::scene::{Scene, Told};
use crate::release::{Actor, Answer, FactValue, Person, Text};
use crate::schedule::Calendar;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// A person by their id alone, or a system as `{ system = ".." }`.
pub(super) mod who {
    use super::{Actor, Deserialize, Deserializer, Error, Person, Serializer, Value, read};

    pub(crate) fn serialize<S: Serializer>(who: &Actor, to: S) -> Result<S::Ok, S::Error> {
        match who {
            Actor::Person(person) => serde::Serialize::serialize(person, to),
            Actor::System(_) => serde::Serialize::serialize(who, to),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Actor, D::Error> {
        let value = Value::deserialize(from)?;
        match value.as_str() {
            Some(id) => Person::new(id).map(Actor::Person).map_err(Error::custom),
            None => read(value),
        }
    }
}

/// The same, or nobody.
pub(super) mod perhaps {
    use super::{Actor, Deserializer, Serializer, who};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(who: &Option<Actor>, to: S) -> Result<S::Ok, S::Error> {
        match who {
            Some(who) => who::serialize(who, to),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Actor>, D::Error> {
        who::deserialize(from).map(Some)
    }
}

/// A case, but for what is expected.
pub(super) fn case(case: &Case) -> Value {
    let package = case.scene.as_ref().map(Scene::the_package);
    let these = package.map(|package| [json!(package), json!(package.digest())]);
    let with_package = |mut value: Value| {
        let these = these.as_ref().map(<[Value; 2]>::as_slice);
        this_package(&mut value, these.unwrap_or_default());
        value
    };
    let turns = case.turns.iter().map(|turn| match &turn.does {
        Does::Step(by, step) => json!({ "by": Who(by), "step": with_package(json!(step)) }),
        Does::Record(by, record) => json!({ "by": Who(by), "record": with_package(json!(record)) }),
        Does::Answer(approved) => {
            let answers = match approved.answer {
                Answer::Approved => "approves",
                Answer::Rejected => "rejects",
            };
            json!({ "by": approved.by, answers: approved.role })
        }
        Does::Wait(time) => json!({ "wait_seconds": time }),
    });
    let turns: Vec<_> = turns.collect();
    json!({ "name": case.name, "given": case.scene, "turns": turns })
}

#[derive(Serialize)]
struct Who<'a>(#[serde(with = "who")] &'a Actor);

/// Puts `this package` wherever one of these stands.
fn this_package(value: &mut Value, these: &[Value]) {
    if these.contains(value) {
        *value = json!("this package");
        return;
    }
    match value {
        Value::Object(parts) => parts
            .values_mut()
            .for_each(|part| this_package(part, these)),
        Value::Array(parts) => parts.iter_mut().for_each(|part| this_package(part, these)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Calendars as their own files have them.
pub(super) fn calendars<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Calendar>, D::Error> {
    let files = Vec::<Value>::deserialize(from)?;
    let read = files.iter().enumerate().map(|(place, file)| {
        Calendar::from_json(&file.to_string()).map_err(|mistakes| {
            let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
            Error::custom(format!("calendar {}: {}", place + 1, mistakes.join(", ")))
        })
    });
    read.collect()
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(FactValue::Flag(flag)) => flag.serialize(to),
            Self::Value(FactValue::Integer(number)) => number.serialize(to),
            Self::Value(FactValue::Text(text)) => text.serialize(to),
            Self::Value(value @ FactValue::Instant(_)) => value.serialize(to),
            Self::Missing(why) => serde_json::json!({ "missing": why }).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Missing {
            missing: Text,
        }
        let value = Value::deserialize(from)?;
        if let Some(flag) = value.as_bool() {
            return Ok(Self::Value(flag.into()));
        }
        if let Some(text) = value.as_str() {
            let text = Text::new(text).map_err(Error::custom)?;
            return Ok(Self::Value(FactValue::Text(text)));
        }
        if value.is_number() {
            return read::<i64, _>(value).map(|it| Self::Value(it.into()));
        }
        if value.get("missing").is_some() {
            return read::<Missing, _>(value).map(|it| Self::Missing(it.missing));
        }
        read(value).map(Self::Value)
    }
}

fn read<T: DeserializeOwned, E: Error>(value: Value) -> Result<T, E> {
    serde_json::from_value(value).map_err(Error::custom)
}
