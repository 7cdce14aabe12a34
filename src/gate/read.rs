//! Reads files of rules so that every mistake is found, each with its place and in plain words.

use super::load::{Mistake, Mistakes, Policies};
use super::policy::Policy;
use super::rule::{AtLeast, Conditional, Judge, Rule};
use super::strict::Strict;
use crate::phase::{Action, PhaseName, shown, visible};
use crate::release::limits::{ENTRIES, MISTAKES, RULE_DEPTH};
use crate::release::{ChangeRequestState, ReleaseKind, Role, TestKind};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use std::{collections::BTreeMap, fmt::Display};

/// The most mistakes reported of one value.
const MISTAKES_OF_A_VALUE: usize = 100;

/// What a rule can be besides a built-in policy.
const COMBINATIONS: [&str; 7] = ["host", "all", "any", "at-least", "not", "when", "unless"];

/// Reads values, remembers where it is, and collects what is wrong.
pub(super) struct Reader {
    policies: Policies,
    mistakes: Vec<Mistake>,
    path: String,
    /// The step that the rules in hand hold.
    action: Option<Action>,
    /// How many rules the one in hand lies in, itself included.
    depth: usize,
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
            depth: 0,
            placed: Vec::new(),
        }
    }

    /// Reads JSON in which no key appears twice.
    pub(super) fn json(&mut self, json: &str) -> Option<Value> {
        match serde_json::from_str(json) {
            Ok(Strict(value)) => self.sized(&value).then_some(value),
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
            Ok(Strict(value)) => {
                let value = instants_as_text(value);
                self.sized(&value).then_some(value)
            }
            Err(error) => {
                let before = error.span().and_then(|span| toml.get(..span.start));
                let line = before.map_or(0, |before| before.matches('\n').count()) + 1;
                let what = error.message().replace('\n', ", ");
                self.mistake(format!("{what} at line {line}"));
                None
            }
        }
    }

    /// What was read, or what is wrong with it.
    pub(super) fn answer<T>(self, read: Option<T>) -> Result<T, Mistakes> {
        read.filter(|_| self.mistakes.is_empty())
            .ok_or(Mistakes(self.mistakes))
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

    /// Tells a mistake where it is. What a file says is foreign: nothing in it reaches a terminal unseen.
    pub(super) fn mistake(&mut self, what: impl Display) {
        let (path, what) = match self.mistakes.len() {
            told if told > MISTAKES => return,
            MISTAKES => {
                let what =
                    format!("there are more mistakes than these {MISTAKES}; correct them first");
                (String::new(), what)
            }
            _ => (visible(&self.path), visible(&what.to_string())),
        };
        let path = if path.is_empty() {
            "file".to_owned()
        } else {
            path
        };
        self.mistakes.push(Mistake { path, what });
    }

    /// Whether no list and no object has more entries than are taken. Each that has is told.
    fn sized(&mut self, value: &Value) -> bool {
        let count = match value {
            Value::Array(entries) => entries.len(),
            Value::Object(entries) => entries.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return true,
        };
        let what = format!("found {count} entries, expected at most {ENTRIES}");
        if !self.hold(count <= ENTRIES, what) {
            return false;
        }
        let mut is_sized = true;
        if let Value::Array(entries) = value {
            for (index, entry) in entries.iter().enumerate() {
                is_sized &= self.within(format!("[{index}]"), |reader| reader.sized(entry));
            }
        }
        for (key, entry) in value.as_object().into_iter().flatten() {
            is_sized &= self.within_key(key, |reader| reader.sized(entry));
        }
        is_sized
    }

    /// Holds the words of a value, which are the crate's own or the host's, against the crate's own: one that is
    /// nearly one of those is a mistake, and no word of the host's.
    pub(super) fn words(&mut self, part: &str, value: &Value) {
        for (of, path, what, own) in WORDS {
            if *of == part {
                self.words_at(path, (what, own), value);
            }
        }
    }

    fn words_at(&mut self, path: &[&str], (what, own): (&str, &[&str]), value: &Value) {
        let Some((segment, further)) = path.split_first() else {
            if let Value::String(word) = value {
                self.word(what, own, word);
            }
            return;
        };
        match (*segment, value) {
            ("[]", Value::Array(entries)) => {
                for (index, entry) in entries.iter().enumerate() {
                    self.within(format!("[{index}]"), |reader| {
                        reader.words_at(further, (what, own), entry);
                    });
                }
            }
            ("keys", Value::Object(entries)) => {
                for key in entries.keys() {
                    self.within_key(key, |reader| reader.word(what, own, key));
                }
            }
            (key, value) => {
                if let Some(value) = value.get(key) {
                    self.within(key, |reader| reader.words_at(further, (what, own), value));
                }
            }
        }
    }

    fn word(&mut self, what: &str, own: &[&str], word: &str) {
        let meant = own.iter().find(|own| is_nearly(word, own));
        if let Some(meant) = meant.filter(|_| !own.contains(&word)) {
            self.mistake(format!(
                "no {what} `{}`; did you mean `{meant}`? a word of your own has to differ more",
                shown(word, 60)
            ));
        }
    }

    /// Reads what stands under that key of the file.
    pub(super) fn within_key<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.within(segment(key), read)
    }

    /// Reads something that lies one segment further in.
    pub(super) fn within<T>(
        &mut self,
        segment: impl Display,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outside = self.path.len();
        let segment = segment.to_string();
        if !self.path.is_empty() && !segment.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(&segment);
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
                self.within_key(&key, |reader| reader.mistake(what));
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
            self.within_key(&key.clone(), |reader| {
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
        for _ in 0..MISTAKES_OF_A_VALUE {
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

    /// Reads the parameters of a policy. What is written as an object is not read from a list of its values.
    pub(super) fn params<P: Policy>(&mut self, params: Value) -> Option<P> {
        let found = params.is_array().then(|| told(&params));
        let policy: P = self.plain(params)?;
        let is_object = || matches!(serde_json::to_value(&policy), Ok(Value::Object(_)));
        match found.filter(|_| is_object()) {
            Some(found) => {
                self.mistake(format!("expected an object, found {found}"));
                None
            }
            None => Some(policy),
        }
    }

    /// Reads a policy or a combination of some.
    pub(super) fn rule(&mut self, value: Value) -> Option<Rule> {
        if self.depth == RULE_DEPTH {
            self.mistake(format!(
                "rules are nested {RULE_DEPTH} deep at most; say it with fewer combinations"
            ));
            return None;
        }
        self.depth += 1;
        let rule = self.rule_at_depth(value);
        self.depth -= 1;
        rule
    }

    fn rule_at_depth(&mut self, value: Value) -> Option<Rule> {
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
                self.words(name, &value);
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
        let condition = object.need(self, "condition", |reader, condition| {
            reader.words("condition", &condition);
            reader.plain(condition)
        });
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

/// The place without what the reader cannot name, such as a key that is none: that is in its own message.
fn place(path: &Path) -> String {
    let mut place = String::new();
    for part in path {
        let key = match part {
            Segment::Seq { index } => {
                place.extend(["[", &index.to_string(), "]"]);
                continue;
            }
            Segment::Map { key } => key,
            Segment::Enum { variant } => variant,
            Segment::Unknown => continue,
        };
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(&segment(key));
    }
    place
}

/// A key as a part of a place: in quotes where it could be taken for more than one.
pub(super) fn segment(key: &str) -> String {
    let is_odd = |c: char| c.is_whitespace() || matches!(c, '.' | '[' | ']' | '"' | '`' | ':');
    if key.is_empty() || key.contains(is_odd) {
        let inner = key.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{inner}\"")
    } else {
        key.to_owned()
    }
}

/// Where words stand that are the crate's own or the host's: in which part of a file, on which way, what they say.
const WORDS: &[(&str, &[&str], &str, &[&str])] = &[
    ("roles", &["keys"], "role", Role::OWN),
    ("overridable_by", &["[]"], "role", Role::OWN),
    (
        "approvals",
        &["rules", "[]", "by", "[]", "role"],
        "role",
        Role::OWN,
    ),
    (
        "evidence",
        &["required", "keys"],
        "test kind",
        TestKind::OWN,
    ),
    (
        "evidence",
        &["environments", "keys"],
        "test kind",
        TestKind::OWN,
    ),
    (
        "evidence",
        &["coverage_percent", "keys"],
        "test kind",
        TestKind::OWN,
    ),
    (
        "change-requests",
        &["states", "[]"],
        "state of change requests",
        ChangeRequestState::OWN,
    ),
    (
        "limits",
        &["kinds", "[]"],
        "kind of release",
        ReleaseKind::OWN,
    ),
    (
        "condition",
        &["kinds", "[]"],
        "kind of release",
        ReleaseKind::OWN,
    ),
];

/// Whether a word is one of the crate's own but for its spelling: in other letters or with other marks between its
/// parts, or one slip away; in long words, two.
fn is_nearly(word: &str, own: &str) -> bool {
    let bare = |word: &str| -> Vec<char> {
        let letters = word.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).take(40).collect()
    };
    let (word, own) = (bare(word), bare(own));
    let slips = match own.len() {
        0..6 => 0,
        6..12 => 1,
        _ => 2,
    };
    slips_between(&word, &own) <= slips
}

/// How many letters were added, left out, mistaken or swapped with their neighbour.
///
/// # Source
///
/// The optimal string alignment distance, after F. J. Damerau, "A technique for computer detection and correction of
/// spelling errors", Communications of the ACM 7 (1964).
fn slips_between(one: &[char], other: &[char]) -> usize {
    let mut above_that: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut was = None;
    for (count, &letter) in one.iter().enumerate() {
        let mut row = vec![count + 1];
        let mut was_other = None;
        for (place, &wanted) in other.iter().enumerate() {
            let at =
                |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let mistaken = at(&above, place) + usize::from(letter != wanted);
            let mut least = mistaken
                .min(at(&above, place + 1) + 1)
                .min(at(&row, place) + 1);
            if was == Some(wanted) && was_other == Some(letter) && place > 0 {
                least = least.min(at(&above_that, place - 1) + 1);
            }
            row.push(least);
            was_other = Some(wanted);
        }
        above_that = std::mem::replace(&mut above, row);
        was = Some(letter);
    }
    above.last().copied().unwrap_or(one.len())
}

/// Takes the value at that place out, if that leaves the places of others as they are.
fn take_out(value: &mut Value, path: &Path) -> bool {
    let mut segments: Vec<_> = path.iter().collect();
    let Some(last) = segments.pop() else {
        return false;
    };
    let mut inner = value;
    for segment in segments {
        let found = match segment {
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
        Value::Null => "`null`".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the text `{}`", shown(text, 60)),
        Value::Array(entries) => format!("a list of {}", entries.len()),
        Value::Object(entries) => format!("an object of {} keys", entries.len()),
    }
}

/// The reader's own messages, without the words of the language it is written in. What the file says stays as it is:
/// an opening is looked for where the message begins, and a word where nothing but the reader's own stands.
fn in_plain_words(message: &str) -> String {
    const OPENINGS: [(&str, &str); 6] = [
        ("missing field ", "missing key "),
        ("unknown field ", "no such key "),
        ("unknown variant ", "there is no "),
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
        ("invalid length ", "found a list of this length: "),
    ];
    let opening = OPENINGS
        .iter()
        .find_map(|(opening, plain)| Some((plain, message.strip_prefix(opening)?)));
    let Some((opening, rest)) = opening else {
        return message.to_owned();
    };
    if let Some(found) = rest.strip_suffix(", there are no fields") {
        return format!("{opening}{found}, there are no keys here");
    }
    let Some((found, wanted)) = rest.rsplit_once(", expected ") else {
        return format!("{opening}{rest}");
    };
    let found = plain_word(found);
    match wanted.strip_prefix("one of ") {
        Some(choice) => format!("{opening}{found}; there are: {choice}"),
        None => format!("{opening}{found}, expected {}", plain_word(wanted)),
    }
}

/// What stands for a whole word of the reader's; any other is as it was.
fn plain_word(word: &str) -> &str {
    const WORDS: [(&str, &str); 13] = [
        ("sequence", "a list"),
        ("a sequence", "a list"),
        ("map", "an object"),
        ("a map", "an object"),
        (
            "map with a single key",
            "an object of one key, and no other",
        ),
        ("unit value", "`null`"),
        ("u8", "a whole number from 0 to 255"),
        ("u16", "a whole number from 0 to 65,535"),
        ("u32", "a whole number from 0 to 4,294,967,295"),
        ("u64", "a whole number of 0 or more"),
        ("usize", "a whole number of 0 or more"),
        ("i32", "a whole number"),
        ("i64", "a whole number"),
    ];
    match WORDS.iter().find(|(of, _)| *of == word) {
        Some((_, plain)) => plain,
        None if word.starts_with("struct ") || word.starts_with("enum ") => "an object",
        None => word,
    }
}
