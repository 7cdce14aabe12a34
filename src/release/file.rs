//! Reads files of the trade so that every mistake is found, each with its place and in plain words.

use super::limits::MISTAKES;
use super::strict::Strict;
use crate::phase::{shown, visible};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use std::{collections::BTreeMap, fmt};

/// A mistake in a file, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// Where it is, such as `gates[0].rules[2]`.
    pub path: String,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// Every mistake of a file, in the order in which they were found: one a line.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{GateSet, Policies};
///
/// fn load(file: &str) -> Result<GateSet, Box<dyn std::error::Error>> {
///     Ok(GateSet::from_json(file, &Policies::new())?)
/// }
///
/// let file = r#"{ "gates": [{ "name": "intake", "version": 0, "step": "authorize", "rules": [] }] }"#;
/// assert_eq!(
///     load(file).unwrap_err().to_string(),
///     "gates[0].version: invalid gate version `0`: expected 1 or more\n\
///      gates[0].step: no step `authorize`",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub(crate) Vec<Mistake>);

impl Mistakes {
    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }
}

impl IntoIterator for Mistakes {
    type Item = Mistake;
    type IntoIter = std::vec::IntoIter<Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// The most mistakes reported of one value.
const MISTAKES_OF_A_VALUE: usize = 100;

/// Reads values, remembers where it is, and collects what is wrong. What kind of file it is, `C` knows.
pub(crate) struct Reader<C> {
    pub(crate) about: C,
    /// Most entries of one list or object.
    most: usize,
    mistakes: Vec<Mistake>,
    path: String,
}

impl<C> Reader<C> {
    /// For files whose lists have so many entries at most.
    pub(crate) const fn of(about: C, most: usize) -> Self {
        Self {
            about,
            most,
            mistakes: Vec::new(),
            path: String::new(),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Reads JSON in which no key stands twice.
    pub(crate) fn json(&mut self, json: &str) -> Option<Value> {
        match serde_json::from_str(json.trim_start_matches('\u{feff}')) {
            Ok(Strict(value)) => self.sized(&value).then_some(value),
            Err(error) => {
                self.mistake(error);
                None
            }
        }
    }

    /// Reads TOML as the JSON that says the same; an instant is its text.
    #[cfg(feature = "toml")]
    pub(crate) fn toml(&mut self, toml: &str) -> Option<Value> {
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
    pub(crate) fn answer<T>(self, read: Option<T>) -> Result<T, Mistakes> {
        read.filter(|_| self.mistakes.is_empty())
            .ok_or(Mistakes(self.mistakes))
    }

    pub(crate) const fn has_mistakes(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// A mistake unless something holds.
    pub(crate) fn hold(&mut self, holds: bool, otherwise: impl fmt::Display) -> bool {
        if !holds {
            self.mistake(otherwise);
        }
        holds
    }

    /// Looks again at what stands at a place.
    pub(crate) fn at<T>(&mut self, path: String, look: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.path, path);
        let value = look(self);
        self.path = before;
        value
    }

    pub(crate) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }

    /// Tells a mistake where it is. What a file says is foreign: nothing in it reaches a terminal unseen.
    pub(crate) fn mistake(&mut self, what: impl fmt::Display) {
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
        let most = self.most;
        let what = format!("found {count} entries, expected at most {most}");
        if !self.hold(count <= most, what) {
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

    /// Reads what stands under that key of the file.
    pub(crate) fn within_key<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.within(segment(key), read)
    }

    /// Reads something that lies one segment further in.
    pub(crate) fn within<T>(
        &mut self,
        segment: impl fmt::Display,
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

    /// Reads an object with these keys only.
    pub(crate) fn object(&mut self, value: Value, keys: &[&str]) -> Option<Object> {
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
    pub(crate) fn list<T>(
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
    pub(crate) fn map<K: DeserializeOwned + Ord, V>(
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
    pub(crate) fn plain<T: DeserializeOwned>(&mut self, mut value: Value) -> Option<T> {
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
}

/// An object that is being read.
pub(crate) struct Object {
    entries: Map<String, Value>,
    is_whole: bool,
}

impl Object {
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.entries.remove(key)
    }

    /// Reads what has to be there.
    pub(crate) fn need<T, C>(
        &mut self,
        reader: &mut Reader<C>,
        key: &str,
        read: impl FnOnce(&mut Reader<C>, Value) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.take(key) else {
            reader.mistake(format!("key `{key}` is missing"));
            return None;
        };
        reader.within(key, |reader| read(reader, value))
    }

    /// Reads what may be there: the default if it is not, nothing if it is wrong.
    pub(crate) fn may<T: Default, C>(
        &mut self,
        reader: &mut Reader<C>,
        key: &str,
        read: impl FnOnce(&mut Reader<C>, Value) -> Option<T>,
    ) -> Option<T> {
        match self.take(key) {
            Some(value) => reader.within(key, |reader| read(reader, value)),
            None => Some(T::default()),
        }
    }

    /// Reads what may be there; nothing if it is not, or is wrong.
    pub(crate) fn if_there<T, C>(
        &mut self,
        reader: &mut Reader<C>,
        key: &str,
        read: impl FnOnce(&mut Reader<C>, Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        reader.within(key, |reader| read(reader, value))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// What was read, unless a key stood there that should not.
    pub(crate) fn whole<T>(&self, read: Option<T>) -> Option<T> {
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
pub(crate) fn segment(key: &str) -> String {
    let is_odd = |c: char| c.is_whitespace() || matches!(c, '.' | '[' | ']' | '"' | '`' | ':');
    if key.is_empty() || key.contains(is_odd) {
        let inner = key.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{inner}\"")
    } else {
        key.to_owned()
    }
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

pub(crate) fn told(value: &Value) -> String {
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
