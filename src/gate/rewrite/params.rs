//! The parameters of a rule, each changed a little.

use super::super::read::Reader;
use super::super::rule::Rule;
use super::super::{GateSet, Policies};
use super::place::word;
use super::{Edit, Mutants, Place};
use crate::release::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Words that stand in an order, or for one another: a rule that names one is tried with its neighbours.
const WORDS: &[&[&str]] = &[
    &["low", "medium", "high", "very_high"],
    &["trivial", "minor", "major", "critical"],
    &["different_people", "any_rule"],
    &["requester", "builder", "deployer"],
    &[
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ],
    &[
        "new",
        "assessed",
        "approved",
        "scheduled",
        "implementing",
        "implemented",
        "closed",
    ],
];

/// The words that a set of gates uses.
pub(super) struct Words {
    pub(super) roles: BTreeSet<String>,
}

/// A parameter, changed.
struct Changed {
    at: String,
    from: String,
    to: Option<String>,
    value: Value,
}

impl Mutants {
    /// The rule with each of its parameters changed, as far as it can be read back.
    pub(super) fn parameters(
        &mut self,
        place: &Place,
        rule: &Rule,
        words: &Words,
        policies: &Policies,
    ) -> Vec<(Edit, Rule)> {
        if rule.judge().is_none() {
            return Vec::new();
        }
        let mut rules = Vec::new();
        if let Rule::Approvals(approvals) = rule {
            let let_in = Rule::Approvals(approvals.clone().letting_requester_in());
            rules.push((Edit::RequesterLetIn, let_in));
        }
        let Ok(written) = serde_json::to_value(rule) else {
            return rules;
        };
        if read_back(written, policies).is_none() {
            self.opaque.push(place.clone());
            return rules;
        }
        let name = word(rule);
        let mut params = rule.written();
        if rule.is_opaque() {
            params = params
                .get_mut("params")
                .map(Value::take)
                .unwrap_or_default();
        }
        for changed in words.changes(&params) {
            let Changed {
                at,
                from,
                to,
                value,
            } = changed;
            let file = if rule.is_opaque() {
                json!({ "host": { "name": rule.name().as_str(), "params": value } })
            } else {
                json!({ name: value })
            };
            match read_back(file, policies) {
                Some(rule) => rules.push((Edit::Parameter { at, from, to }, rule)),
                None => self.not_rules += 1,
            }
        }
        rules
    }
}

/// The rule as the loader of files reads it; nothing if it refuses it.
fn read_back(file: Value, policies: &Policies) -> Option<Rule> {
    let mut reader = Reader::new(policies);
    let rule = reader.rule(file);
    reader.answer(rule).ok()
}

impl Words {
    pub(super) fn of(set: &GateSet) -> Self {
        let gates = set.all_gates().map(|(gate, _)| gate);
        let in_gates = gates.flat_map(|gate| {
            let rules = gate.requirements.iter();
            let named = rules.flat_map(|requirement| requirement.rule.roles());
            named.chain(gate.overridable_by.iter().cloned())
        });
        let in_models = set.models().flat_map(|model| model.roles().keys().cloned());
        let roles = in_gates.chain(in_models).chain([Role::ReleaseManager]);
        Self {
            roles: roles.map(|role| role.name().to_owned()).collect(),
        }
    }

    /// The words that are tried for this one.
    fn instead(&self, word: &str) -> Vec<&str> {
        if self.roles.contains(word) {
            let after = self.roles.iter().filter(|role| role.as_str() > word);
            let other = after.chain(&self.roles).find(|role| *role != word);
            return other.into_iter().map(String::as_str).collect();
        }
        let Some((list, place)) = WORDS.iter().find_map(|list| {
            let place = list.iter().position(|one| *one == word)?;
            Some((list, place))
        }) else {
            return Vec::new();
        };
        let near = [place.checked_sub(1), Some(place + 1)]
            .into_iter()
            .flatten();
        near.filter_map(|place| list.get(place).copied()).collect()
    }

    /// The value with each part of it changed in turn.
    fn changes(&self, value: &Value) -> Vec<Changed> {
        let plain = |to: Value| Changed {
            at: String::new(),
            from: value.to_string(),
            to: Some(to.to_string()),
            value: to,
        };
        match value {
            Value::Null => Vec::new(),
            Value::Bool(flag) => vec![plain(Value::Bool(!flag))],
            Value::Number(number) => {
                let number = number.as_i64();
                let near = number.map(|number| [number.checked_sub(1), number.checked_add(1)]);
                let near = near.into_iter().flatten().flatten();
                near.map(|near| plain(near.into())).collect()
            }
            Value::String(word) => {
                let instead = self.instead(word).into_iter();
                instead.map(|word| plain(word.into())).collect()
            }
            Value::Array(entries) => {
                let mut changes = Vec::new();
                for (place, entry) in entries.iter().enumerate() {
                    let with = |value: Option<Value>| {
                        let mut entries = entries.clone();
                        entries.splice(place..=place, value);
                        Value::Array(entries)
                    };
                    let at = format!("[{place}]");
                    changes.push(dropped(&at, entry, with(None)));
                    let inner = self.changes(entry).into_iter();
                    changes.extend(inner.map(|inner| inner.under(&at, |value| with(Some(value)))));
                }
                changes.extend(self.added(entries));
                changes
            }
            Value::Object(entries) => {
                let mut changes = Vec::new();
                for (key, entry) in entries {
                    let mut without = entries.clone();
                    without.remove(key);
                    changes.push(dropped(key, entry, Value::Object(without)));
                    let inner = self.changes(entry).into_iter();
                    changes.extend(inner.map(|inner| {
                        inner.under(key, |value| {
                            let mut entries = entries.clone();
                            entries.insert(key.clone(), value);
                            Value::Object(entries)
                        })
                    }));
                }
                changes
            }
        }
    }

    /// The list with one entry more, which is near one that is there.
    fn added(&self, entries: &[Value]) -> Option<Changed> {
        let others = entries.iter().flat_map(|entry| {
            let word = entry.as_str().or_else(|| entry.get("role")?.as_str());
            let others = word.map(|word| self.instead(word)).unwrap_or_default();
            others.into_iter().map(|other| match entry {
                Value::Object(_) => json!({ "role": other }),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_) => json!(other),
            })
        });
        let other = { others }.find(|other| !entries.contains(other))?;
        let more: Vec<_> = entries.iter().cloned().chain([other]).collect();
        Some(Changed {
            at: String::new(),
            from: Value::from(entries).to_string(),
            to: Some(Value::from(more.clone()).to_string()),
            value: more.into(),
        })
    }
}

fn dropped(at: &str, entry: &Value, value: Value) -> Changed {
    Changed {
        at: at.to_owned(),
        from: entry.to_string(),
        to: None,
        value,
    }
}

impl Changed {
    /// The same change, seen from what it is in.
    fn under(self, part: &str, whole: impl FnOnce(Value) -> Value) -> Self {
        let at = if self.at.is_empty() {
            part.to_owned()
        } else if self.at.starts_with('[') {
            format!("{part}{}", self.at)
        } else {
            format!("{part}.{}", self.at)
        };
        Self {
            at,
            value: whole(self.value),
            ..self
        }
    }
}
