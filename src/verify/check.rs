//! Whether something can be verified, before it is begun.

use super::asks::rules;
use super::domain::Domain;
use super::property::Property;
use crate::gate::{GateSet, Rule};
use std::collections::BTreeSet;

/// What is wrong with a domain or a property: every mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be verified: {}", .0.join("; "))]
pub struct Unverifiable(Vec<String>);

impl Unverifiable {
    /// Every mistake.
    pub fn mistakes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

const PEOPLE: usize = 12;
const PACKAGES: usize = 8;
const MOVES: usize = 4_096;
const CONDITIONS: u128 = 256;
const PROPERTIES: usize = 64;

pub(super) fn check(
    gates: &GateSet,
    domain: &Domain,
    properties: &[Property],
) -> Result<(), Unverifiable> {
    let mut mistakes = in_domain(domain, properties.len());
    mistakes.extend(in_conditions(domain));
    mistakes.extend(in_rules(gates, domain));
    mistakes.extend(in_properties(gates, domain, properties));
    if mistakes.is_empty() {
        let moves = domain.moves(gates).len();
        mistakes.extend((moves > MOVES).then(|| too_many(moves, "moves", MOVES)));
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(Unverifiable(mistakes))
}

fn too_many(found: usize, what: &str, most: usize) -> String {
    format!("{found} {what} are too many: expected at most {most}")
}

fn in_domain(domain: &Domain, properties: usize) -> Vec<String> {
    let Domain {
        staff,
        packages,
        requests,
        ..
    } = domain;
    let empty = [
        (
            staff.is_empty(),
            "the domain has nobody: add people by `with_person`",
        ),
        (packages.is_empty(), "the domain has no package"),
        (requests.is_empty(), "the domain has no request"),
    ];
    let empty = empty.into_iter().filter(|(is_empty, _)| *is_empty);
    let named = domain.requesters.iter().chain(&domain.deployers);
    let strangers: BTreeSet<_> = named
        .filter(|person| !staff.contains_key(*person))
        .collect();
    let strangers = strangers.into_iter().map(|person| {
        format!(
            "`{person}` is to ask or deploy, and is not in the domain: add them by `with_person`"
        )
    });
    let manager = &domain.manager;
    let manager = staff.contains_key(manager).then(|| {
        format!("`{manager}` is the release manager of every domain: call your own otherwise")
    });
    let large = [
        (staff.len(), "people", PEOPLE),
        (packages.len(), "packages", PACKAGES),
        (properties, "properties", PROPERTIES),
    ];
    let large = large.into_iter().filter(|(found, _, most)| found > most);
    empty
        .map(|(_, what)| what.to_owned())
        .chain(large.map(|(found, what, most)| too_many(found, what, most)))
        .chain(strangers)
        .chain(manager)
        .collect()
}

fn in_conditions(domain: &Domain) -> Vec<String> {
    let freezes = 1_u128.checked_shl(u32::try_from(domain.freezes.len()).unwrap_or(u32::MAX));
    let facts = domain.facts.values().map(|values| values.len() as u128 + 1);
    let conditions = facts.fold(freezes.unwrap_or(u128::MAX), u128::saturating_mul);
    let many = (conditions > CONDITIONS).then(|| {
        format!("freezes and facts make {conditions} conditions: expected at most {CONDITIONS}")
    });
    let empty = domain.facts.iter().filter(|(_, values)| values.is_empty());
    let empty = empty.map(|(key, _)| format!("fact `{key}` has no value: state at least one"));
    many.into_iter().chain(empty).collect()
}

fn in_rules(gates: &GateSet, domain: &Domain) -> Vec<String> {
    let looks_at_windows = |rule: &&Rule| matches!(rule, Rule::LeadTime(_) | Rule::TimeOfDay(_));
    let looking = rules(gates).filter(looks_at_windows);
    let looking = looking.filter(|_| !domain.has_own_window());
    let looking = looking.map(|rule| {
        format!(
            "`{}` asks when the deployment window opens: say it by `Domain::deploying_in`",
            rule.name()
        )
    });
    let endless = domain.endless(gates).into_iter();
    let endless = endless.filter(|_| !domain.is_lasting).map(|what| {
        format!(
            "{what} ends, and time passes: look that far by `Domain::deploying_in`, or take it never to end by \
             `Domain::lasting`"
        )
    });
    let facts: BTreeSet<_> = rules(gates).flat_map(Rule::facts).collect();
    let facts = facts
        .into_iter()
        .filter(|key| !domain.facts.contains_key(key));
    let facts = facts.map(|key| {
        format!(
            "fact `{key}` is read, and the domain has no values of it: make it of these gates, or say them by \
             `with_fact`"
        )
    });
    looking.chain(endless).chain(facts).collect()
}

fn in_properties(gates: &GateSet, domain: &Domain, properties: &[Property]) -> Vec<String> {
    let known: BTreeSet<_> = rules(gates).flat_map(Rule::roles).collect();
    let mut names = BTreeSet::new();
    let mut mistakes = Vec::new();
    for Property { name, roles, .. } in properties {
        if !names.insert(name) {
            mistakes.push(format!("two properties are called `{name}`"));
        }
        for role in roles.iter().filter(|role| !known.contains(role)) {
            if !domain.roles().any(|(_, held)| held == *role) {
                mistakes.push(format!(
                    "property `{name}` reads the role `{role}`, which nobody has and no rule names"
                ));
            }
        }
    }
    mistakes
}
