//! Rules taken out, looked at alone, or slightly changed: what tests of a gate set are tested with.
//!
//! A rewritten gate keeps its name, version and digest: it pretends to be the gate, so that nothing but the rule
//! differs. Sets with such gates never leave the crate, and none of them reaches a desk.

use super::read::Reader;
use super::rule::{AtLeast, Conditional, Requirement, Rule};
use super::{AnyGate, GateSet, Policies, ReleaseModel};
use crate::release::{Enforcement, Key, Role};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// Where a rule stands in a gate set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// The gate; of a model's gate, with the name of the model in front.
    pub gate: Key,
    /// The version of the model, where the gate is a model's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<u32>,
    /// The path in the gate, as a file has it: `rules[0].rule.any[1].evidence`.
    pub at: String,
    /// The requirement, and the way through its combinations; nothing for the gate itself.
    #[serde(skip)]
    node: Option<(usize, Vec<usize>)>,
}

/// As a person reads it: `web-service/production, rules[0].rule.evidence`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gate, at, .. } = self;
        match self.model_version {
            Some(version) => write!(f, "{gate} (version {version}), {at}"),
            None => write!(f, "{gate}, {at}"),
        }
    }
}

/// What was changed in a gate set, at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Edit {
    /// The rule is not there.
    Dropped,
    /// One of them is enough, where all of them were required.
    AnyForAll,
    /// All of them are required, where one of them was enough.
    AllForAny,
    /// Another number of them is required.
    Count {
        /// How many were required.
        from: usize,
        /// How many are required now.
        to: usize,
    },
    /// It has to clear, where it must not.
    NotDropped,
    /// It holds for every release, where it held for some.
    ConditionDropped,
    /// It holds for the other releases.
    ConditionTurned,
    /// It warns, where it refused.
    Warns,
    /// The gate holds on every track.
    TracksDropped,
    /// One role more may override.
    OverridableBy {
        /// The role.
        role: Role,
    },
    /// A parameter is another one.
    Parameter {
        /// Which, as in `required.functional`.
        at: String,
        /// What it was.
        from: String,
        /// What it is; nothing if it was left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Whoever asked for the release may approve it.
    RequesterLetIn,
}

/// As a person reads it, after the place.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped => f.write_str("taken away"),
            Self::AnyForAll => f.write_str("one of them is enough"),
            Self::AllForAny => f.write_str("all of them are required"),
            Self::Count { from, to } => write!(f, "{to} of them instead of {from}"),
            Self::NotDropped => f.write_str("`not` taken away"),
            Self::ConditionDropped => f.write_str("condition taken away"),
            Self::ConditionTurned => f.write_str("`when` and `unless` exchanged"),
            Self::Warns => f.write_str("warns instead of refusing"),
            Self::TracksDropped => f.write_str("on every track"),
            Self::OverridableBy { role } => write!(f, "overridable by {role} too"),
            Self::Parameter {
                at,
                from,
                to: Some(to),
            } => write!(f, "`{at}` {to} instead of {from}"),
            Self::Parameter { at, from, to: None } => write!(f, "`{at}` without {from}"),
            Self::RequesterLetIn => f.write_str("whoever asked for the release may approve it"),
        }
    }
}

/// A gate set with one change.
pub(crate) struct Mutant {
    pub(crate) place: Place,
    pub(crate) edit: Edit,
    pub(crate) set: GateSet,
}

/// A change of a gate.
type Change = Box<dyn Fn(&mut AnyGate)>;

/// A change that was made. It touches one gate, and a set is not kept for each.
struct Made {
    place: Place,
    edit: Edit,
    gate: AnyGate,
}

/// Every change that was made, and those that could not be.
#[derive(Default)]
pub(crate) struct Mutants {
    made: Vec<Made>,
    /// What was made, as it is written: the gate, the version of its model, and what it says.
    seen: BTreeSet<(Key, Option<u32>, String)>,
    /// Changes that the loader of files refuses: no rules.
    pub(crate) not_rules: usize,
    /// Host policies whose parameters nobody can read back: they are not registered.
    pub(crate) opaque: Vec<Place>,
    /// Whether the models of the set can be read back from files, and so those of its changes should.
    is_readable: bool,
}

impl GateSet {
    /// Every rule in it, each before its parts; the gates of the set first, then those of its models.
    pub(crate) fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (gate, model_version) in self.all_gates() {
            for (index, requirement) in gate.requirements.iter().enumerate() {
                let mut walk = vec![(&requirement.rule, format!("rules[{index}].rule"), vec![])];
                while let Some((rule, before, path)) = walk.pop() {
                    let at = format!("{before}.{}", word(rule));
                    for (part, child) in rule.parts().iter().enumerate().rev() {
                        let path = path.iter().copied().chain([part]).collect();
                        walk.push((child, at_part(rule, &at, part), path));
                    }
                    places.push(Place {
                        gate: gate.id.name.clone(),
                        model_version,
                        at,
                        node: Some((index, path)),
                    });
                }
            }
        }
        places
    }

    fn all_gates(&self) -> impl Iterator<Item = (&AnyGate, Option<u32>)> {
        let own = self.gates.iter().map(|gate| (gate, None));
        let of_models = self.models().flat_map(|model| {
            let gates = model.gates().iter();
            gates.map(|gate| (gate, Some(model.version())))
        });
        own.chain(of_models)
    }

    /// The gate in which that place is.
    pub(crate) fn gate_at(&self, place: &Place) -> Option<&AnyGate> {
        let mut gates = self.all_gates();
        let is_it =
            |gate: &AnyGate, version| gate.id.name == place.gate && version == place.model_version;
        gates
            .find(|(gate, version)| is_it(gate, *version))
            .map(|(gate, _)| gate)
    }

    /// The requirement of that place, and the rule there.
    pub(crate) fn rule_at(&self, place: &Place) -> Option<(&Requirement, &Rule)> {
        let (index, path) = place.node.as_ref()?;
        let requirement = self.gate_at(place)?.requirements.get(*index)?;
        let mut rule = &requirement.rule;
        for part in path {
            rule = rule.parts().get(*part)?;
        }
        Some((requirement, rule))
    }

    /// The same set without that rule. A combination that would be empty is not there either.
    pub(crate) fn without(&self, place: &Place) -> Self {
        self.with_node(place, &|_| None)
    }

    /// Nothing but that rule, under the conditions under which it is judged; it refuses, whatever its enforcement.
    pub(crate) fn only(&self, place: &Place) -> Self {
        let mut set = self.clone();
        let Some((index, path)) = &place.node else {
            return set;
        };
        set.each_gate(|gate, version| {
            let is_it = gate.id.name == place.gate && version == place.model_version;
            let requirement = gate.requirements.get(*index).filter(|_| is_it);
            let rule = requirement.map(|requirement| alone(&requirement.rule, path));
            let alone = rule.map(|rule| Requirement::new(rule, Enforcement::Block));
            gate.requirements = alone.into_iter().collect();
        });
        set
    }

    /// The same set with something else for that rule, or nothing.
    fn with_node(&self, place: &Place, edit: &dyn Fn(&Rule) -> Option<Rule>) -> Self {
        let Some((index, path)) = &place.node else {
            return self.clone();
        };
        self.with_gate(place, |gate| {
            let Some(before) = gate.requirements.get(*index) else {
                return;
            };
            match edited(&before.rule, path, edit) {
                Some(rule) => {
                    let after = Requirement::new(rule, before.enforcement);
                    gate.requirements.splice(*index..=*index, [after]);
                }
                None => drop(gate.requirements.remove(*index)),
            }
        })
    }

    fn with_gate(&self, place: &Place, edit: impl Fn(&mut AnyGate)) -> Self {
        let mut set = self.clone();
        set.each_gate(|gate, version| {
            if gate.id.name == place.gate && version == place.model_version {
                edit(gate);
            }
        });
        set
    }

    fn each_gate(&mut self, mut edit: impl FnMut(&mut AnyGate, Option<u32>)) {
        for gate in &mut self.gates {
            edit(gate, None);
        }
        for model in self.models.values_mut().flat_map(|one| one.values_mut()) {
            let version = Some(model.version());
            for gate in model.gates_mut() {
                edit(gate, version);
            }
        }
    }

    /// The same set, where this model stands for one of another name or version: releases that follow that one are
    /// held by this one's gates.
    pub(crate) fn with_model_instead(self, model: &ReleaseModel, of: &ReleaseModel) -> Self {
        self.with_model(model.clone().standing_for(of))
    }

    /// Every slight change of its rules, in the order of places. What is the same as before, or as another change, is
    /// no change.
    pub(crate) fn mutants(&self, policies: &Policies) -> Mutants {
        let words = Words::of(self);
        let mut mutants = Mutants {
            is_readable: self.models().all(|model| can_be_read(model, policies)),
            ..Mutants::default()
        };
        for place in self.places() {
            let Some((requirement, rule)) = self.rule_at(&place) else {
                continue;
            };
            for (edit, rules) in structural(rule) {
                let set = self.with_node(&place, &|_| rules.clone());
                mutants.add(self, place.clone(), edit, &set, policies);
            }
            let is_whole = place.node.as_ref().is_some_and(|(_, path)| path.is_empty());
            if is_whole && requirement.enforcement == Enforcement::Block {
                let set = self.with_enforcement(&place, Enforcement::Warn);
                mutants.add(self, place.clone(), Edit::Warns, &set, policies);
            }
            for (edit, rule) in mutants.parameters(&place, rule, &words, policies) {
                let set = self.with_node(&place, &|_| Some(rule.clone()));
                mutants.add(self, place.clone(), edit, &set, policies);
            }
        }
        for (place, edit, change) in self.gate_edits(&words) {
            let set = self.with_gate(&place, change);
            mutants.add(self, place, edit, &set, policies);
        }
        mutants
    }

    fn with_enforcement(&self, place: &Place, enforcement: Enforcement) -> Self {
        let index = place.node.as_ref().map(|(index, _)| *index);
        self.with_gate(place, |gate| {
            let requirement = index.and_then(|index| gate.requirements.get_mut(index));
            if let Some(requirement) = requirement {
                requirement.enforcement = enforcement;
            }
        })
    }

    /// What can be changed of the gates themselves.
    fn gate_edits(&self, words: &Words) -> Vec<(Place, Edit, Change)> {
        let mut edits: Vec<(Place, Edit, Change)> = Vec::new();
        for (gate, model_version) in self.all_gates() {
            let at = |at: &str| Place {
                gate: gate.id.name.clone(),
                model_version,
                at: at.to_owned(),
                node: None,
            };
            if !gate.tracks.is_empty() {
                let everywhere = |gate: &mut AnyGate| gate.tracks.clear();
                edits.push((at("tracks"), Edit::TracksDropped, Box::new(everywhere)));
            }
            let roles = words.roles.iter().filter_map(|role| Role::named(role).ok());
            let mut other = roles.filter(|role| !gate.overridable_by.contains(role));
            if let Some(role) = other.next() {
                let edit = Edit::OverridableBy { role: role.clone() };
                let wider = move |gate: &mut AnyGate| {
                    gate.overridable_by.insert(role.clone());
                };
                edits.push((at("overridable_by"), edit, Box::new(wider)));
            }
        }
        edits
    }

    /// The model whose gate that is.
    fn model_at(&self, place: &Place) -> Option<&ReleaseModel> {
        let mut models = self.models();
        models.find(|model| {
            let mut gates = model.gates().iter();
            Some(model.version()) == place.model_version
                && gates.any(|gate| gate.id.name == place.gate)
        })
    }
}

/// Whether a model can be read back from a file.
fn can_be_read(model: &ReleaseModel, policies: &Policies) -> bool {
    let file = serde_json::to_string(model);
    file.is_ok_and(|file| ReleaseModel::from_json(&file, policies).is_ok())
}

impl Mutants {
    /// Adds one that differs from the set and from what was changed so far, and that a loader would take.
    fn add(&mut self, of: &GateSet, place: Place, edit: Edit, set: &GateSet, policies: &Policies) {
        let gate = set
            .gate_at(&place)
            .filter(|gate| of.gate_at(&place) != Some(gate));
        let Some((gate, written)) = gate.and_then(|gate| {
            let parts = (&gate.tracks, &gate.requirements, &gate.overridable_by);
            let written = serde_json::to_string(&parts).ok()?;
            Some((gate, written))
        }) else {
            return;
        };
        let written = (place.gate.clone(), place.model_version, written);
        if self.seen.contains(&written) {
            return;
        }
        let model = set.model_at(&place).filter(|_| self.is_readable);
        if model.is_some_and(|model| !can_be_read(model, policies)) {
            self.not_rules += 1;
            return;
        }
        self.seen.insert(written);
        let gate = gate.clone();
        self.made.push(Made { place, edit, gate });
    }

    /// Each change, in the set of which it is one.
    pub(crate) fn of(self, set: &GateSet) -> impl Iterator<Item = Mutant> {
        self.made.into_iter().map(|Made { place, edit, gate }| {
            let set = set.with_gate(&place, |before| before.clone_from(&gate));
            Mutant { place, edit, set }
        })
    }

    /// The rule with each of its parameters changed, as far as it can be read back.
    fn parameters(
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

/// The key under which a file has it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every policy has its name; what stands under a condition has the condition's"
)]
fn word(rule: &Rule) -> &'static str {
    match rule {
        Rule::When(_) => "when",
        Rule::Unless(_) => "unless",
        Rule::Host(_) => "host",
        Rule::All(_) => "all",
        Rule::Any(_) => "any",
        Rule::AtLeast(_) => "at-least",
        Rule::Not(_) => "not",
        policy => {
            let name = policy.name();
            let mut known = Rule::BUILT_IN.iter();
            known.find(|known| **known == name.as_str()).unwrap_or(&"")
        }
    }
}

/// Where a file has one of its parts.
#[expect(clippy::wildcard_enum_match_arm, reason = "no policy has parts")]
fn at_part(rule: &Rule, at: &str, part: usize) -> String {
    match rule {
        Rule::AtLeast(_) => format!("{at}.of[{part}]"),
        Rule::Not(_) => at.to_owned(),
        Rule::When(_) | Rule::Unless(_) => format!("{at}.rule"),
        _ => format!("{at}[{part}]"),
    }
}

/// The rule with something else at the end of that way, or without what is there.
#[expect(clippy::wildcard_enum_match_arm, reason = "no policy has parts")]
fn edited(rule: &Rule, way: &[usize], edit: &dyn Fn(&Rule) -> Option<Rule>) -> Option<Rule> {
    let Some((first, further)) = way.split_first() else {
        return edit(rule);
    };
    let parts = rule.parts().iter().enumerate();
    let parts: Vec<_> = parts
        .filter_map(|(place, part)| {
            if place == *first {
                edited(part, further, edit)
            } else {
                Some(part.clone())
            }
        })
        .collect();
    let only = || parts.first().cloned();
    let conditional = |of: &Conditional| {
        let condition = of.condition.clone();
        only().map(|rule| Box::new(Conditional { condition, rule }))
    };
    match rule {
        Rule::All(_) => (!parts.is_empty()).then_some(Rule::All(parts)),
        Rule::Any(_) => (!parts.is_empty()).then_some(Rule::Any(parts)),
        Rule::AtLeast(of) => AtLeast::new(of.count().min(parts.len()), parts)
            .ok()
            .map(Rule::AtLeast),
        Rule::Not(_) => only().map(Box::new).map(Rule::Not),
        Rule::When(of) => conditional(of).map(Rule::When),
        Rule::Unless(of) => conditional(of).map(Rule::Unless),
        single => Some(single.clone()),
    }
}

/// What is at the end of that way, under the conditions on it.
#[expect(clippy::wildcard_enum_match_arm, reason = "only a condition stays")]
fn alone(rule: &Rule, way: &[usize]) -> Rule {
    let Some((first, further)) = way.split_first() else {
        return rule.clone();
    };
    let Some(part) = rule.parts().get(*first) else {
        return rule.clone();
    };
    let inner = alone(part, further);
    let under = |of: &Conditional, rule| {
        Box::new(Conditional {
            condition: of.condition.clone(),
            rule,
        })
    };
    match rule {
        Rule::When(of) => Rule::When(under(of, inner)),
        Rule::Unless(of) => Rule::Unless(under(of, inner)),
        _ => inner,
    }
}

/// The changes that need no look at parameters.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a policy can only be taken away"
)]
fn structural(rule: &Rule) -> Vec<(Edit, Option<Rule>)> {
    let mut edits = vec![(Edit::Dropped, None)];
    match rule {
        Rule::All(of) => edits.push((Edit::AnyForAll, Some(Rule::Any(of.clone())))),
        Rule::Any(of) => edits.push((Edit::AllForAny, Some(Rule::All(of.clone())))),
        Rule::AtLeast(at_least) => {
            let from = at_least.count();
            for to in [from.wrapping_sub(1), from + 1] {
                let changed = AtLeast::new(to, at_least.of.clone()).ok();
                let changed =
                    changed.map(|rule| (Edit::Count { from, to }, Some(Rule::AtLeast(rule))));
                edits.extend(changed);
            }
        }
        Rule::Not(of) => edits.push((Edit::NotDropped, Some(of.as_ref().clone()))),
        Rule::When(of) => {
            edits.push((Edit::ConditionDropped, Some(of.rule.clone())));
            edits.push((Edit::ConditionTurned, Some(Rule::Unless(of.clone()))));
        }
        Rule::Unless(of) => {
            edits.push((Edit::ConditionDropped, Some(of.rule.clone())));
            edits.push((Edit::ConditionTurned, Some(Rule::When(of.clone()))));
        }
        _ => {}
    }
    edits
}

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
struct Words {
    roles: BTreeSet<String>,
}

/// A parameter, changed.
struct Changed {
    at: String,
    from: String,
    to: Option<String>,
    value: Value,
}

impl Words {
    fn of(set: &GateSet) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"{ "gates": [
        { "name": "go", "version": 1, "step": "authorise", "rules": [
            { "rule": { "all": [{ "risk": { "at_most": "low" } }, { "any": [
                { "fact": { "key": "a", "test": { "is": true } } },
                { "not": { "fact": { "key": "b", "test": { "is": true } } } }
            ] }] } },
            { "rule": { "when": { "condition": { "tracks": ["normal"] }, "rule": {
                "at-least": { "count": 2, "of": [{ "risk": { "at_most": "low" } }, { "risk": { "at_most": "medium" } }] }
            } } } }
        ] }
    ] }"#;

    fn set() -> GateSet {
        GateSet::from_json(RULES, &Policies::new()).unwrap()
    }

    fn place(at: &str) -> Place {
        let places = set().places();
        places.into_iter().find(|place| place.at == at).unwrap()
    }

    fn written(set: &GateSet) -> Vec<String> {
        let requirements = set.gates.iter().flat_map(|gate| &gate.requirements);
        requirements
            .map(|one| serde_json::to_string(&one.rule).unwrap())
            .collect()
    }

    #[test]
    fn every_rule_has_the_place_that_a_file_gives_it() {
        let places = set().places();
        let at: Vec<_> = places.iter().map(|place| place.at.as_str()).collect();
        assert_eq!(
            at,
            [
                "rules[0].rule.all",
                "rules[0].rule.all[0].risk",
                "rules[0].rule.all[1].any",
                "rules[0].rule.all[1].any[0].fact",
                "rules[0].rule.all[1].any[1].not",
                "rules[0].rule.all[1].any[1].not.fact",
                "rules[1].rule.when",
                "rules[1].rule.when.rule.at-least",
                "rules[1].rule.when.rule.at-least.of[0].risk",
                "rules[1].rule.when.rule.at-least.of[1].risk",
            ]
        );
        let found = |place: &Place| set().rule_at(place).map(|(_, rule)| word(rule));
        for place in &places {
            assert!(place.at.ends_with(found(place).unwrap()), "{place}");
        }
    }

    #[test]
    fn a_rule_that_is_taken_out_takes_out_what_would_be_empty() {
        let without = |at: &str| written(&set().without(&place(at)));
        let whole = written(&set());
        assert_eq!(without("rules[0].rule.all").as_slice(), &whole[1..]);
        assert_eq!(
            without("rules[0].rule.all[1].any[1].not.fact"),
            [
                r#"{"all":[{"risk":{"at_most":"low"}},{"any":[{"fact":{"key":"a","test":{"is":true}}}]}]}"#,
                &whole[1],
            ]
        );
        // Of two, one is left, and two of one cannot be asked for.
        assert!(without("rules[1].rule.when.rule.at-least.of[0].risk")[1].contains(r#""count":1"#));
    }

    #[test]
    fn a_rule_alone_keeps_the_conditions_under_which_it_is_judged() {
        let only = |at: &str| written(&set().only(&place(at)));
        assert_eq!(
            only("rules[0].rule.all[0].risk"),
            [r#"{"risk":{"at_most":"low"}}"#]
        );
        assert_eq!(
            only("rules[1].rule.when.rule.at-least.of[0].risk"),
            [r#"{"when":{"condition":{"tracks":["normal"]},"rule":{"risk":{"at_most":"low"}}}}"#]
        );
    }

    #[test]
    fn a_changed_gate_pretends_to_be_the_gate_and_every_change_is_another_one() {
        let set = set();
        let mutants = set.mutants(&Policies::new());
        assert!(mutants.made.len() > 20 && mutants.not_rules > 0);
        let made: Vec<_> = mutants.of(&set).collect();
        for (index, mutant) in made.iter().enumerate() {
            assert_ne!(mutant.set, set, "{} {}", mutant.place, mutant.edit);
            let ids = |set: &GateSet| {
                set.gates
                    .iter()
                    .map(|gate| gate.id.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(ids(&mutant.set), ids(&set));
            let others = &made[index + 1..];
            assert!(others.iter().all(|other| other.set != mutant.set));
        }
    }
}
