//! The example models, with a house rule about freezes, verified: every way that a release can take under them.
//!
//! Each is explored over five people with three roles, two packages, tests that pass or fail, a freeze that is on or
//! off, and one override. The numbers are printed; an answer that is not the expected one ends it with an error.

use phasegate::gate::{FreezePolicy, GateSet, Percent, Policies, ReleaseModel};
use phasegate::phase::{Action, Interval};
use phasegate::release::step::{Deploy, Expedite};
use phasegate::release::{
    BackOutPlan, ChangeRequest, ChangeRequestState, Currency, Effect, Key, Money, OverrideGranted, ReleaseKind, Role, RunningWork, StakeholdersNotified, Text, Track, Grade, RiskAssessment, Name,
};
use phasegate::schedule::{Timing, WhileClosed, Window};
use phasegate::verify::{Domain, Options, Property, ready, verify};
use phasegate::phase::PhaseName;
use phasegate::{Gate, Instant, Person};
use std::collections::BTreeSet;
use std::error::Error;

const NOW: &str = "2026-03-02T12:00:00Z";

/// What is verified of a model.
struct Verified {
    gates: GateSet,
    domain: Domain,
    properties: Vec<Property>,
}

fn person(name: &str) -> Result<Person, Box<dyn Error>> {
    Ok(Person::new(name)?)
}

/// The model, and that nothing goes live in a freeze.
fn with_house_rule(model: &ReleaseModel) -> Result<GateSet, Box<dyn Error>> {
    let freeze = || Ok::<_, Box<dyn Error>>(FreezePolicy::new(Key::new("production")?));
    let usual = Gate::<Deploy>::new("house-freeze", 1)?.require(freeze()?);
    let hasty = Gate::<Expedite>::new("house-freeze-in-haste", 1)?.require(freeze()?);
    Ok(GateSet::new().with_model(model.clone()).with(usual).with(hasty))
}

/// A freeze that blocks everything, and somebody who may override it once.
fn with_freeze(domain: Domain, by: &str, role: Role) -> Result<Domain, Box<dyn Error>> {
    let now: Instant = NOW.parse()?;
    let always = Interval::new(now, Instant::from_unix_micros(now.unix_micros() * 2)?)?;
    let hard = WhileClosed::new(Effect::Blocked, RunningWork::FinishWave, Effect::Allowed, Effect::Blocked);
    let freeze = Window::freeze(Key::new("audit")?, Timing::between(always), hard);
    let mut lifted = OverrideGranted::new(
        Key::new("OV-1")?,
        Action::Deploy,
        Key::new("freeze")?,
        Key::new("frozen")?,
        role,
        Text::new("customers cannot pay")?,
        always.end(),
    );
    lifted.about = Some(Key::new("audit")?);
    Ok(domain
        .with_freeze(Key::new("production")?, freeze)
        .with_override(lifted, person(by)?))
}

/// What every organisation wants, as far as a model promises it.
fn properties(approvals: usize, tracks: &[Track], passing: u8) -> Result<Vec<Property>, Box<dyn Error>> {
    Ok(vec![
        ready::something_goes_live(),
        ready::approved_by_others(approvals, tracks),
        ready::nobody_approves_and_deploys(),
        ready::no_release_is_stuck(),
        ready::debts_are_paid_before_closure(),
        ready::freezes_are_honoured(&[]),
        ready::packages_ride_on_their_own(Percent::new(passing)?, false),
        ready::overrides_are_used_once(),
    ])
}

fn web_service() -> Result<Verified, Box<dyn Error>> {
    let model = include_str!("models/web-service.json");
    let model = ReleaseModel::from_json(model, &Policies::new())?;
    let gates = with_house_rule(&model)?;
    let domain = Domain::of(&gates, NOW.parse()?)
        .following(&gates, &model)
        .with_person(person("cho")?, [Role::ChangeAuthority])
        .with_person(person("max")?, [Role::ChangeAuthority])
        .with_person(person("eva")?, [Role::EmergencyChangeAuthority])
        .with_person(person("kim")?, [Role::Builder])
        .requested_by([person("cho")?, person("kim")?])
        .deployed_by([person("cho")?, person("eva")?, person("kim")?])
        .without(Action::Replan)
        .deploying(1);
    let domain = with_freeze(domain, "max", Role::ChangeAuthority)?;
    Ok(Verified {
        gates,
        domain,
        properties: properties(1, &[Track::Normal, Track::Emergency], 98)?,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let begin = std::time::Instant::now();
    for (name, verified) in [("web-service", web_service()?)] {
    let report = verify(&verified.gates, &verified.domain, &verified.properties, &Options::default())?;
    println!("{name}: {:?} {report}\n{:?} {:?} {:?} {}", begin.elapsed(), report.phases, report.taken, report.symmetric, report.bytes);
    }
    Ok(())
}
