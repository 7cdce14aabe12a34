//! What the rules of a gate set ask for, and of whom.

use crate::gate::{AnyGate, Approver, FactTest, GateSet, ReleaseModel, Requirement, Rule};
use crate::phase::Action;
use crate::release::{FactValue, Key, Person, Role, Text};
use std::collections::{BTreeMap, BTreeSet};
/// Every gate, those of models included.
pub(super) fn every(gates: &GateSet) -> impl Iterator<Item = &AnyGate> {
    let of_models = gates.models().flat_map(ReleaseModel::gates);
    gates.gates().iter().chain(of_models)
}

/// Every requirement of every gate.
pub(super) fn requirements(gates: &GateSet) -> impl Iterator<Item = &Requirement> {
    every(gates).flat_map(AnyGate::requirements)
}

/// Every rule of every gate, parts included.
pub(super) fn rules(gates: &GateSet) -> impl Iterator<Item = &Rule> {
    requirements(gates).flat_map(|requirement| requirement.rule.walk())
}

/// How many seconds ahead of the deployment window a rule wants people to be told.
pub(super) fn ahead(rule: &Rule) -> Option<u32> {
    let Rule::StakeholdersNotified(_) = rule else {
        return None;
    };
    let numbers = rule.numbers().into_iter();
    let ahead = numbers.map(|(_, number)| u32::try_from(number).unwrap_or(u32::MAX));
    ahead.max().filter(|ahead| *ahead > 0)
}

/// Whether somebody is asked in that role.
pub(super) fn is_among(asked: &BTreeSet<Approver>, person: &Person, role: &Role) -> bool {
    asked.iter().any(|one| match one {
        Approver::Role(named) => named == role,
        Approver::Person(named) => named == person,
    })
}

/// Who is asked to approve a step, on whatever track.
pub(super) fn approvers(gates: &GateSet, step: Action) -> BTreeSet<Approver> {
    let on_step = every(gates).filter(|gate| gate.action() == step);
    let required = on_step.flat_map(AnyGate::requirements);
    let rules = required.flat_map(|one| one.rule.walk());
    rules.flat_map(Rule::approvers).collect()
}

/// Each fact on either side of where a rule turns.
pub(super) fn facts(rules: &[&Rule]) -> BTreeMap<Key, Vec<FactValue>> {
    let mut facts: BTreeMap<Key, Vec<FactValue>> = BTreeMap::new();
    for rule in rules {
        if let Rule::Fact(policy) = rule {
            let values = facts.entry(policy.key().clone()).or_default();
            values.extend(match policy.test() {
                FactTest::AtLeast(least) => {
                    vec![
                        FactValue::Integer(*least),
                        FactValue::Integer(least.saturating_sub(1)),
                    ]
                }
                FactTest::AtMost(most) => {
                    vec![
                        FactValue::Integer(*most),
                        FactValue::Integer(most.saturating_add(1)),
                    ]
                }
                FactTest::Is(_) => vec![FactValue::Flag(true), FactValue::Flag(false)],
                FactTest::OneOf(texts) => {
                    let other = FactValue::Text(Text::own("none of those"));
                    let wanted = texts.iter().cloned().map(FactValue::Text);
                    wanted.chain([other]).collect()
                }
            });
        }
    }
    for values in facts.values_mut() {
        let mut seen = Vec::new();
        values.retain(|value| {
            let is_new = !seen.contains(value);
            seen.push(value.clone());
            is_new
        });
    }
    facts
}

pub(super) fn items(rules: &[&Rule]) -> BTreeSet<Key> {
    let mut items = BTreeSet::new();
    for rule in rules {
        if let Rule::Checklist(policy) = rule {
            items.extend(policy.items().iter().cloned());
        }
    }
    items
}

pub(super) fn documents(rules: &[&Rule]) -> BTreeSet<Key> {
    let mut documents = BTreeSet::new();
    for rule in rules {
        if let Rule::Evidence(policy) = rule {
            documents.extend(policy.named_documents().cloned());
        }
    }
    documents
}
