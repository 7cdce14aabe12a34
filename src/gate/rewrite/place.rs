//! Where a rule stands.

use super::super::rule::{Requirement, Rule};
use super::super::{AnyGate, GateSet, ReleaseModel};
use crate::release::Key;
use serde::Serialize;
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
    pub(super) node: Option<(usize, Vec<usize>)>,
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

    pub(super) fn all_gates(&self) -> impl Iterator<Item = (&AnyGate, Option<u32>)> {
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

    /// The model whose gate that is.
    pub(super) fn model_at(&self, place: &Place) -> Option<&ReleaseModel> {
        let mut models = self.models();
        models.find(|model| {
            let mut gates = model.gates().iter();
            Some(model.version()) == place.model_version
                && gates.any(|gate| gate.id.name == place.gate)
        })
    }
}

/// The key under which a file has it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every policy has its name; what stands under a condition has the condition's"
)]
pub(super) fn word(rule: &Rule) -> &'static str {
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
