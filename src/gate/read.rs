//! Reads files of rules so that every mistake is found, each with its place and in plain words.

use super::load::{Mistake, Policies};
use super::rule::{AtLeast, Conditional, Judge, Rule};
use super::strict::Strict;
use crate::phase::{Action, PhaseName, shown};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use std::{collections::BTreeMap, fmt::Display};

/// As many mistakes in one value are told; who has more begins with these.
const MISTAKES: usize = 100;

/// What a rule can be besides a built-in policy.
const COMBINATIONS: [&str; 7] = ["host", "all", "any", "at-least", "not", "when", "unless"];

/// Reads values, remembers where it is, and collects what is wrong.
pub(super) struct Reader {
    policies: Policies,
    mistakes: Vec<Mistake>,
    path: String,
    /// The step that the rules in hand hold.
    action: Option<Action>,
    /// The policies that were read.
    placed: Vec<Placed>,
}

/// A policy that was read, where it stands, and the step that it holds.
pub(super) struct Placed {
    pub(super) path: String,
    pub(super) action: Option<Action>,
    pub(super) rule: Rule,
}

impl Reader {
    pub(super) fn new(policies: &Policies) -> Self {
        Self {
            policies: policies.clone(),
            mistakes: Vec::new(),
            path: String::new(),
            action: None,
            placed: Vec::new(),
        }
    }

    /// Reads JSON in which no key stands twice.
    pub(super) fn json(&mut self, json: &str) -> Option<Value> {
        match serde_json::from_str(json) {
            Ok(Strict(value)) => Some(value),
            Err(error) => {
                self.mistake(error);
                None
            }
        }
    }

    /// Reads TOML as the JSON that says the same; an instant is its text.
    #[cfg(feature = "toml")]
    pub(super) fn toml(&mut self, toml: &str) -> Option<Value> {
        match toml::from_str(toml) {
            Ok(Strict(value)) => Some(instants_as_text(value)),
            Err(error) => {
                let before = error.span().and_then(|span| toml.get(..span.start));
                let line = before.map_or(0, |before| before.matches('\n').count()) + 1;
                self.mistake(format!("{} at line {line}", error.message()));
                None
            }
        }
    }

    /// What was read, or what is wrong with it.
    pub(super) fn answer<T>(self, read: Option<T>) -> Result<T, Vec<Mistake>> {
        read.ok_or(self.mistakes)
    }

    pub(super) const fn has_mistakes(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// The policies that were read, and where each stands.
    pub(super) fn placed(&mut self) -> Vec<Placed> {
        std::mem::take(&mut self.placed)
    }

    /// A mistake unless something holds.
    pub(super) fn hold(&mut self, holds: bool, otherwise: impl Display) -> bool {
        if !holds {
            self.mistake(otherwise);
        }
        holds
    }

    /// Looks again at what stands at a place.
    pub(super) fn at<T>(&mut self, path: String, look: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.path, path);
        let value = look(self);
        self.path = before;
        value
    }

    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }

    pub(super) fn mistake(&mut self, what: impl Display) {
        let path = if self.path.is_empty() {
            "file".to_owned()
        } else {
            self.path.clone()
        };
        self.mistakes.push(Mistake {
            path,
            what: what.to_string(),
        });
    }

    /// Reads something that lies one step further in.
    pub(super) fn within<T>(&mut self, step: impl Display, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.path.len();
        let step = step.to_string();
        if !self.path.is_empty() && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(&step);
        let value = read(self);
        self.path.truncate(outside);
        value
    }

    /// Reads what holds a step: its rules are checked against the phases that the step leaves.
    pub(super) fn holding<T>(
        &mut self,
        action: Option<Action>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::replace(&mut self.action, action);
        let value = read(self);
        self.action = before;
        value
    }

    /// Reads an object with these keys only.
    pub(super) fn object(&mut self, value: Value, keys: &[&str]) -> Option<Object> {
        let Value::Object(entries) = value else {
            self.mistake(format!("expected an object, found {}", told(&value)));
            return None;
        };
        let mut known = Map::new();
        let mut is_whole = true;
        for (key, value) in entries {
            if keys.contains(&key.as_str()) {
                known.insert(key, value);
            } else {
                is_whole = false;
                let what = format!("no such key; there are: {}", keys.join(", "));
                self.within(&key, |reader| reader.mistake(what));
            }
        }
        Some(Object {
            entries: known,
            is_whole,
        })
    }

    /// Reads every entry of a list; nothing if one of them is wrong.
    pub(super) fn list<T>(
        &mut self,
        value: Value,
        mut read: impl FnMut(&mut Self, Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(entries) = value else {
            self.mistake(format!("expected a list, found {}", told(&value)));
            return None;
        };
        let entries = entries.into_iter().enumerate();
        let read: Vec<_> = entries
            .map(|(index, entry)| self.within(format!("[{index}]"), |reader| read(reader, entry)))
            .collect();
        read.into_iter().collect()
    }

    /// Reads every entry of an object whose keys are the file's own; nothing if one of them is wrong.
    pub(super) fn map<K: DeserializeOwned + Ord, V>(
        &mut self,
        value: Value,
        mut read: impl FnMut(&mut Self, Value) -> Option<V>,
    ) -> Option<BTreeMap<K, V>> {
        let Value::Object(entries) = value else {
            self.mistake(format!("expected an object, found {}", told(&value)));
            return None;
        };
        let entries = entries.into_iter().map(|(key, value)| {
            self.within(key.clone(), |reader| {
                let key = reader.plain(Value::String(key));
                let value = read(reader, value);
                key.zip(value)
            })
        });
        let entries: Vec<_> = entries.collect();
        entries.into_iter().collect()
    }

    /// Reads plain data. What is wrong is told and taken out, until what is left is right or can be read no further.
    pub(super) fn plain<T: DeserializeOwned>(&mut self, mut value: Value) -> Option<T> {
        let mut taken_out: Vec<String> = Vec::new();
        for _ in 0..MISTAKES {
            let error = match serde_path_to_error::deserialize(value.clone()) {
                Ok(read) => return taken_out.is_empty().then_some(read),
                Err(error) => error,
            };
            let place = place(error.path());
            // What lacks something that was taken out is no mistake of its own.
            if taken_out.iter().any(|out| out.starts_with(&place)) {
                break;
            }
            let what = in_plain_words(&error.inner().to_string());
            if place.is_empty() {
                self.mistake(what);
            } else {
                self.within(&place, |reader| reader.mistake(what));
            }
            taken_out.push(place);
            if !take_out(&mut value, error.path()) {
                break;
            }
        }
        None
    }

    /// Reads a policy or a combination of some.
    pub(super) fn rule(&mut self, value: Value) -> Option<Rule> {
        let found = told(&value);
        let named = match value {
            Value::Object(entries) if entries.len() == 1 => entries.into_iter().next(),
            Value::Object(_)
            | Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => None,
        };
        let Some((name, value)) = named else {
            let what = "expected an object with one key, the name of a policy or combination";
            self.mistake(format!("{what}, found {found}"));
            return None;
        };
        if !COMBINATIONS.contains(&name.as_str()) && !Rule::BUILT_IN.contains(&name.as_str()) {
            let (built_in, others) = (Rule::BUILT_IN.join(", "), COMBINATIONS.join(", "));
            self.mistake(format!(
                "no policy `{name}`; there are: {built_in}, {others}"
            ));
            return None;
        }
        self.within(name.clone(), |reader| reader.named(&name, value))
    }

    fn named(&mut self, name: &str, value: Value) -> Option<Rule> {
        match name {
            "all" => self.rules(value).map(Rule::All),
            "any" => self.rules(value).map(Rule::Any),
            "at-least" => self.at_least(value),
            "not" => self.rule(value).map(Box::new).map(Rule::Not),
            "when" => self.conditional(value).map(Rule::When),
            "unless" => self.conditional(value).map(Rule::Unless),
            "host" => {
                let rule = self.host(value)?;
                self.offered(rule)
            }
            name => {
                let rule = Rule::read(name, value, self)?;
                self.offered(rule)
            }
        }
    }

    fn rules(&mut self, value: Value) -> Option<Vec<Rule>> {
        let rules = self.list(value, Self::rule)?;
        if rules.is_empty() {
            self.mistake("a combination of nothing says nothing; name at least one policy");
            return None;
        }
        Some(rules)
    }

    fn at_least(&mut self, value: Value) -> Option<Rule> {
        let mut object = self.object(value, &["count", "of"])?;
        let count = object.need(self, "count", Self::plain::<u32>);
        let of = object.need(self, "of", Self::rules);
        let (count, of) = (count?, object.whole(of)?);
        AtLeast::new(count as usize, of)
            .map_err(|error| self.within("count", |reader| reader.mistake(error)))
            .map(Rule::AtLeast)
            .ok()
    }

    fn conditional(&mut self, value: Value) -> Option<Box<Conditional>> {
        let mut object = self.object(value, &["condition", "rule"])?;
        let condition = object.need(self, "condition", Self::plain);
        let rule = object.need(self, "rule", Self::rule);
        let (condition, rule) = (condition?, object.whole(rule)?);
        Some(Box::new(Conditional { condition, rule }))
    }

    fn host(&mut self, value: Value) -> Option<Rule> {
        let mut object = self.object(value, &["name", "params"])?;
        let name: String = object.need(self, "name", Self::plain)?;
        let params = object.take("params");
        let params = params.unwrap_or_else(|| Value::Object(Map::new()));
        let Some(load) = self.policies.named(&name) else {
            let known = self.policies.names();
            let known = if known.is_empty() {
                "none is".to_owned()
            } else {
                format!("there are: {}", known.join(", "))
            };
            let what = format!("no host policy `{name}` is registered; {known}");
            self.within("name", |reader| reader.mistake(what));
            return None;
        };
        let rule = self.within("params", |reader| load(params, reader));
        object.whole(rule)
    }

    /// A policy that reads what a release has where the step begins.
    fn offered(&mut self, rule: Rule) -> Option<Rule> {
        self.placed.push(Placed {
            path: self.path.clone(),
            action: self.action,
            rule: rule.clone(),
        });
        let Some((action, policy)) = self.action.zip(rule.judge()) else {
            return Some(rule);
        };
        let phases = policy.phases();
        let Some(lacking) = action.from().find(|from| !phases.contains(&from.phase)) else {
            return Some(rule);
        };
        let policy = Judge::name(policy);
        let phases: Vec<_> = phases.iter().map(PhaseName::to_string).collect();
        let phases = phases.join(", ");
        self.mistake(format!(
            "policy `{policy}` reads what a release has in {phases}, and `{action}` leaves {lacking}"
        ));
        None
    }
}

/// An object that is being read.
pub(super) struct Object {
    entries: Map<String, Value>,
    is_whole: bool,
}

impl Object {
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.entries.remove(key)
    }

    /// Reads what has to be there.
    pub(super) fn need<T>(
        &mut self,
        reader: &mut Reader,
        key: &str,
        read: impl FnOnce(&mut Reader, Value) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.take(key) else {
            reader.mistake(format!("key `{key}` is missing"));
            return None;
        };
        reader.within(key, |reader| read(reader, value))
    }

    /// Reads what may be there: the default if it is not, nothing if it is wrong.
    pub(super) fn may<T: Default>(
        &mut self,
        reader: &mut Reader,
        key: &str,
        read: impl FnOnce(&mut Reader, Value) -> Option<T>,
    ) -> Option<T> {
        match self.take(key) {
            Some(value) => reader.within(key, |reader| read(reader, value)),
            None => Some(T::default()),
        }
    }

    /// Reads what may be there; nothing if it is not, or is wrong.
    pub(super) fn if_there<T>(
        &mut self,
        reader: &mut Reader,
        key: &str,
        read: impl FnOnce(&mut Reader, Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        reader.within(key, |reader| read(reader, value))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// What was read, unless a key stood there that should not.
    pub(super) fn whole<T>(&self, read: Option<T>) -> Option<T> {
        read.filter(|_| self.is_whole)
    }
}

fn place(path: &Path) -> String {
    let text = path.to_string();
    if text == "." { String::new() } else { text }
}

/// Takes the value at that place out, if that leaves the places of others as they are.
fn take_out(value: &mut Value, path: &Path) -> bool {
    let mut steps: Vec<_> = path.iter().collect();
    let Some(last) = steps.pop() else {
        return false;
    };
    let mut inner = value;
    for step in steps {
        let found = match step {
            Segment::Seq { index } => inner.get_mut(index),
            Segment::Map { key } => inner.get_mut(key),
            Segment::Enum { variant } => inner.get_mut(variant),
            Segment::Unknown => None,
        };
        match found {
            Some(found) => inner = found,
            None => return false,
        }
    }
    match (last, inner) {
        (Segment::Map { key }, Value::Object(entries)) => entries.remove(key).is_some(),
        _ => false,
    }
}

/// TOML's own instants come as objects of one key, which the `toml` crate gives this name.
#[cfg(feature = "toml")]
fn instants_as_text(value: Value) -> Value {
    const INSTANT: &str = "$__toml_private_datetime";
    match value {
        Value::Object(mut entries) => entries.remove(INSTANT).unwrap_or_else(|| {
            let entries = entries.into_iter();
            Value::Object(
                entries
                    .map(|(key, value)| (key, instants_as_text(value)))
                    .collect(),
            )
        }),
        Value::Array(entries) => entries.into_iter().map(instants_as_text).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn told(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the text `{}`", shown(text, 60)),
        Value::Array(entries) => format!("a list of {}", entries.len()),
        Value::Object(entries) => format!("an object of {} keys", entries.len()),
    }
}

/// The reader's own messages, without the words of the language it is written in.
fn in_plain_words(message: &str) -> String {
    const WORDS: [(&str, &str); 12] = [
        ("missing field ", "missing key "),
        ("unknown field ", "no such key "),
        ("unknown variant ", "there is no "),
        (", expected one of ", "; there are: "),
        ("there are no fields", "there are no keys here"),
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
        ("invalid length ", "found so many entries: "),
        ("a sequence", "a list"),
        ("unit value", "nothing"),
        ("a map", "an object"),
        ("map", "an object"),
    ];
    const NUMBERS: [(&str, &str); 7] = [
        ("u8", "a whole number from 0 to 255"),
        ("u16", "a whole number from 0 to 65,535"),
        ("u32", "a whole number from 0 to 4,294,967,295"),
        ("u64", "a whole number of 0 or more"),
        ("usize", "a whole number of 0 or more"),
        ("i32", "a whole number"),
        ("i64", "a whole number"),
    ];
    let mut plain = message.to_owned();
    for (word, instead) in WORDS {
        plain = plain.replace(word, instead);
    }
    if let Some((found, wanted)) = plain.rsplit_once(", expected ") {
        if let Some((_, number)) = NUMBERS.iter().find(|(of, _)| *of == wanted) {
            plain = format!("{found}, expected {number}");
        } else if wanted.starts_with("struct ") || wanted.starts_with("enum ") {
            plain = format!("{found}, expected an object");
        }
    }
    plain
}
