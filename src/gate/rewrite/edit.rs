//! What is changed at a place, and the set in which it is.

use super::super::rule::{AtLeast, Conditional, Requirement, Rule};
use super::super::{AnyGate, GateSet, ReleaseModel};
use super::Place;
use crate::release::{Enforcement, Role};
use serde::Serialize;
use std::fmt;

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

impl GateSet {
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
    pub(super) fn with_node(&self, place: &Place, edit: &dyn Fn(&Rule) -> Option<Rule>) -> Self {
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

    pub(super) fn with_gate(&self, place: &Place, edit: impl Fn(&mut AnyGate)) -> Self {
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

    pub(super) fn with_enforcement(&self, place: &Place, enforcement: Enforcement) -> Self {
        let index = place.node.as_ref().map(|(index, _)| *index);
        self.with_gate(place, |gate| {
            let requirement = index.and_then(|index| gate.requirements.get_mut(index));
            if let Some(requirement) = requirement {
                requirement.enforcement = enforcement;
            }
        })
    }

    /// The same set, where this model stands for one of another name or version: releases that follow that one are
    /// held by this one's gates.
    pub(crate) fn with_model_instead(self, model: &ReleaseModel, of: &ReleaseModel) -> Self {
        self.with_model(model.clone().standing_for(of))
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
pub(super) fn structural(rule: &Rule) -> Vec<(Edit, Option<Rule>)> {
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
