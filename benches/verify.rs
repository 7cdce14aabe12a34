//! How quickly situations are explored, and how much room they take: 3, 4 and 5 people with three roles.
//!
//! `cargo bench --features verify --bench verify`, and the same with `--profile dev` for a debug build;
//! docs/benchmarks.md says what is measured.

use allocation_counter::measure;
use phasegate::gate::{Percent, Policies};
use phasegate::phase::Action;
use phasegate::release::Role;
use phasegate::verify::{Domain, Options, Property, Reductions, Report, ready, verify};
use phasegate::{GateSet, Person};
use std::error::Error;

const GATES: &str = r#"{ "gates": [{ "name": "production", "version": 1, "step": "deploy", "rules": [
    { "rule": { "evidence": { "required": { "functional": 95 } } } },
    { "rule": { "approvals": { "rules": [
        { "name": "authority", "by": [{ "role": "change_authority" }], "quorum": { "count": 1 } },
        { "name": "board", "by": [{ "role": "change_advisory_board" }], "quorum": { "count": 1 } }] } } },
    { "rule": { "separation-of-duties": { "apart": ["requester", "deployer"] } } }] }] }"#;

/// Two of each role, as far as there are people: those of equal roles can stand in each other's place.
fn domain(gates: &GateSet, people: usize) -> Result<Domain, Box<dyn Error>> {
    let mut domain = Domain::of(gates, "2026-03-02T12:00:00Z".parse()?)
        .without(Action::Replan)
        .deploying(1);
    let roles = [
        Role::ChangeAuthority,
        Role::ChangeAdvisoryBoard,
        Role::Builder,
        Role::ChangeAuthority,
        Role::ChangeAdvisoryBoard,
    ];
    for (number, role) in roles.into_iter().take(people).enumerate() {
        domain = domain.with_person(Person::new(format!("person-{number}"))?, [role]);
    }
    Ok(domain)
}

fn properties() -> Result<Vec<Property>, Box<dyn Error>> {
    Ok(vec![
        ready::approved_by_others(2, &[]),
        ready::nobody_approves_and_deploys(),
        ready::no_release_is_stuck(),
        ready::packages_ride_on_their_own(Percent::new(95)?, true),
    ])
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(
    explore: impl FnOnce() -> Result<Report, Box<dyn Error>>,
) -> Result<(Report, f64), Box<dyn Error>> {
    let begun = std::time::Instant::now();
    let report = explore()?;
    Ok((report, begun.elapsed().as_secs_f64()))
}

#[expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "the figures are what a benchmark is run for"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let gates = GateSet::from_json(GATES, &Policies::new())?;
    println!(
        "{:<36} {:>8} {:>12} {:>10} {:>14} {:>12}",
        "explored", "states", "transitions", "states/s", "transitions/s", "bytes/state"
    );
    for people in [3, 4, 5] {
        for with_symmetry in [true, false] {
            let mut reductions = Reductions::ALL;
            reductions.people = with_symmetry;
            let options = Options::default().reductions(reductions);
            let (domain, properties) = (domain(&gates, people)?, properties()?);
            let explore = || Ok(verify(&gates, &domain, &properties, &options)?);
            let (report, took) = timed(explore)?;
            let mut again = None;
            let used = measure(|| again = verify(&gates, &domain, &properties, &options).ok());
            drop(again);
            let symmetry = if with_symmetry { "with" } else { "without" };
            println!(
                "{:<36} {:>8} {:>12} {:>10.0} {:>14.0} {:>12}",
                format!("{people} people, {symmetry} symmetry"),
                report.states,
                report.transitions,
                report.states as f64 / took,
                report.transitions as f64 / took,
                used.bytes_max / report.states as u64,
            );
        }
    }
    Ok(())
}
