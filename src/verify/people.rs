//! People of equal roles can stand in each other's place: of all states that differ by that, one is kept.

use super::asks::rules;
use super::play::{Node, Play};
use crate::gate::Rule;
use crate::phase::{Action, Instant};
use crate::release::{Actor, Answer, Approval, Person, Role, State, Subject};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
/// Who somebody is, apart from their name.
type Traits = (Vec<Role>, Vec<Said>, [bool; 2], Vec<(bool, bool)>, usize);
type Said = (Action, Role, Answer, bool, Subject, Instant);

/// People of equal roles, who can stand in each other's place.
pub(super) struct Classes(Vec<Vec<Person>>);

impl Classes {
    /// Those whom nothing in the domain and no rule tells apart.
    pub(super) fn of<W>(play: &Play<'_, W>) -> Self {
        let domain = play.domain;
        let mut classes: BTreeMap<&BTreeSet<Role>, Vec<Person>> = BTreeMap::new();
        let is_opaque = rules(play.gates).any(Rule::is_opaque);
        if is_opaque {
            return Self(Vec::new());
        }
        let written = rules(play.gates).map(Rule::params).collect::<String>();
        let planned = serde_json::to_string(&domain.plan).unwrap_or_default();
        let choices = serde_json::to_string(&domain.choices).unwrap_or_default();
        let given: Vec<_> = domain.given.iter().map(|given| &given.record).collect();
        let given = serde_json::to_string(&given).unwrap_or_default();
        let requests = serde_json::to_string(&domain.requests).unwrap_or_default();
        let texts = [written, planned, choices, given, requests];
        for (person, roles) in &domain.staff {
            let name = serde_json::to_string(person).unwrap_or_default();
            let is_named = texts.iter().any(|text| text.contains(&name));
            let grants = domain.overrides.iter().any(|(_, by)| by == person);
            let duties = [&domain.requesters, &domain.deployers];
            let has_duty = duties.iter().any(|named| named.contains(person));
            if !is_named && !grants && !has_duty && *person != domain.manager {
                classes.entry(roles).or_default().push(person.clone());
            }
        }
        let many = classes.into_values().filter(|class| class.len() > 1);
        Self(many.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn people(&self) -> Vec<Vec<Person>> {
        self.0.clone()
    }

    /// The same state, in which the people of each class stand in a fixed order of what they have done.
    pub(super) fn ordered(&self, mut node: Node) -> Node {
        let mut names: BTreeMap<Person, Person> = BTreeMap::new();
        for class in &self.0 {
            let mut ordered: Vec<_> = class
                .iter()
                .map(|one| (traits(&node.state, one), one))
                .collect();
            ordered.sort();
            let renamed = ordered.iter().zip(class).filter(|((_, was), is)| was != is);
            names.extend(renamed.map(|((_, was), is)| ((*was).clone(), is.clone())));
        }
        if !names.is_empty() {
            rename(&mut node.state, &names);
        }
        node
    }
}

fn traits(state: &State, person: &Person) -> Traits {
    let held = state
        .people
        .iter()
        .filter(|(_, holders)| holders.contains(person));
    let said = state
        .approvals
        .iter()
        .filter(|((_, one, _), _)| one == person);
    let said = said.map(|((step, _, role), given)| {
        let Approval {
            answer, subject, ..
        } = given.approval.as_ref();
        (
            *step,
            role.clone(),
            *answer,
            given.is_spent,
            *subject,
            given.at,
        )
    });
    let is = |actor: &Actor| actor.person() == Some(person);
    let debts = state.debts.iter().map(|debt| {
        let approved = debt.approved_by.as_ref().is_some_and(is);
        (debt.involved.iter().any(is), approved)
    });
    let authored = state.changes.values();
    let authored = authored.filter(|change| change.author.as_ref() == Some(person));
    (
        held.map(|(role, _)| role.clone()).collect(),
        said.collect(),
        [
            state.requested_by.as_ref().is_some_and(is),
            state.notified.contains_key(person),
        ],
        debts.collect(),
        authored.count(),
    )
}

/// Every person by another name.
fn rename(state: &mut State, names: &BTreeMap<Person, Person>) {
    let now = |person: &Person| names.get(person).unwrap_or(person).clone();
    let actor = |actor: &Actor| match actor {
        Actor::Person(person) => Actor::Person(now(person)),
        Actor::System(system) => Actor::System(system.clone()),
    };
    state.requested_by = state.requested_by.as_ref().map(actor);
    for holders in state.people.values_mut() {
        *holders = holders.iter().map(now).collect();
    }
    state.approvals = std::mem::take(&mut state.approvals)
        .into_iter()
        .map(|((step, person, role), mut given)| {
            given.by = actor(&given.by);
            ((step, now(&person), role), given)
        })
        .collect();
    for debt in &mut state.debts {
        debt.involved = debt.involved.iter().map(actor).collect();
        debt.approved_by = debt.approved_by.as_ref().map(actor);
    }
    state.notified = std::mem::take(&mut state.notified)
        .into_iter()
        .map(|(person, at)| (now(&person), at))
        .collect();
    for one in state.overrides.values_mut() {
        one.by = actor(&one.by);
    }
    for change in state.changes.values_mut() {
        if let Some(author) = change
            .author
            .as_ref()
            .filter(|author| names.contains_key(*author))
        {
            let mut renamed = change.as_ref().clone();
            renamed.author = Some(now(author));
            *change = Arc::new(renamed);
        }
    }
}
