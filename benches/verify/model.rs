//! The gate and the people that are explored: two approvals, tests of the package, and duties kept apart.

use phasegate::gate::Policies;
use phasegate::phase::Action;
use phasegate::release::Role;
use phasegate::verify::Domain;
use phasegate::{GateSet, Person};
use std::error::Error;

pub(crate) const NOW: &str = "2026-03-02T12:00:00Z";

const GATES: &str = r#"{ "gates": [{ "name": "production", "version": 1, "step": "deploy", "rules": [
    { "rule": { "evidence": { "required": { "functional": 95 } } } },
    { "rule": { "approvals": { "rules": [
        { "name": "authority", "by": [{ "role": "change_authority" }], "quorum": { "count": 1 } },
        { "name": "board", "by": [{ "role": "change_advisory_board" }], "quorum": { "count": 1 } }] } } },
    { "rule": { "separation-of-duties": { "apart": ["requester", "deployer"] } } }] }] }"#;

pub(crate) fn gates() -> Result<GateSet, Box<dyn Error>> {
    Ok(GateSet::from_json(GATES, &Policies::new())?)
}

/// Two of each role, as far as there are people: those of equal roles can stand in each other's place.
pub(crate) fn staff(people: usize) -> Result<Vec<(Person, Role)>, Box<dyn Error>> {
    let roles = [
        Role::ChangeAuthority,
        Role::ChangeAdvisoryBoard,
        Role::Builder,
        Role::ChangeAuthority,
        Role::ChangeAdvisoryBoard,
    ];
    let staff = roles.into_iter().take(people).enumerate();
    let staff = staff.map(|(number, role)| Ok((Person::new(format!("person-{number}"))?, role)));
    staff.collect()
}

pub(crate) fn domain(gates: &GateSet, people: usize) -> Result<Domain, Box<dyn Error>> {
    let mut domain = Domain::of(gates, NOW.parse()?)
        .without(Action::Replan)
        .deploying(1);
    for (person, role) in staff(people)? {
        domain = domain.with_person(person, [role]);
    }
    Ok(domain)
}
