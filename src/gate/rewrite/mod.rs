//! Rules taken out, looked at alone, or slightly changed: what tests of a gate set are tested with.
//!
//! A rewritten gate keeps its name, version and digest: it pretends to be the gate, so that nothing but the rule
//! differs. Sets with such gates never leave the crate, and none of them reaches a desk.

mod edit;
mod params;
mod place;

pub use edit::Edit;
pub use place::Place;

use super::{AnyGate, GateSet, Policies, ReleaseModel};
use crate::release::{Enforcement, Key, Role};
use edit::structural;
use params::Words;
use std::collections::BTreeSet;

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
}

#[cfg(test)]
mod tests {
    use super::place::word;
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
