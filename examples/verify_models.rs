//! The example models, with a house rule about freezes, verified: every way that a release can take under them.
//!
//! Each is explored over four people with three roles, two packages, tests that pass or fail, a freeze that is on or
//! off, and one override. The numbers are printed; an answer that is not the expected one ends it with an error.

use phasegate::gate::{FreezePolicy, GateSet, Percent, Policies, ReleaseModel};
use phasegate::phase::{Action, Interval, PhaseName};
use phasegate::release::step::{Deploy, Expedite};
use phasegate::release::{
    BackOutPlan, ChangeRequest, ChangeRequestState, Currency, Effect, Grade, Key, Money, Name,
    OverrideGranted, ReleaseKind, ReleaseRequest, RiskAssessment, Role, RunningWork, Service,
    StakeholdersNotified, Text, Track,
};
use phasegate::schedule::{Timing, WhileClosed, Window};
use phasegate::verify::{Domain, Options, Property, ready, verify};
use phasegate::{Gate, Instant, Person};
use std::error::Error;

const NOW: &str = "2026-03-02T12:00:00Z";

/// What is verified of a model.
pub(crate) struct Verified {
    pub(crate) gates: GateSet,
    pub(crate) domain: Domain,
    pub(crate) properties: Vec<Property>,
}

fn person(name: &str) -> Result<Person, Box<dyn Error>> {
    Ok(Person::new(name)?)
}

/// The model, and that nothing goes live in a freeze.
fn with_house_rule(model: &ReleaseModel) -> Result<GateSet, Box<dyn Error>> {
    let freeze = || Ok::<_, Box<dyn Error>>(FreezePolicy::new(Key::new("production")?));
    let usual = Gate::<Deploy>::new("house-freeze", 1)?.require(freeze()?);
    let hasty = Gate::<Expedite>::new("house-freeze-in-haste", 1)?.require(freeze()?);
    Ok(GateSet::new()
        .with_model(model.clone())
        .with(usual)
        .with(hasty))
}

/// A freeze that blocks everything, and somebody who may override it once.
fn with_freeze(domain: Domain, by: &str, role: Role) -> Result<Domain, Box<dyn Error>> {
    let now: Instant = NOW.parse()?;
    let always = Interval::new(now, Instant::from_unix_micros(now.unix_micros() * 2)?)?;
    let hard = WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Blocked,
    );
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
fn properties(
    approvals: usize,
    tracks: &[Track],
    passing: u8,
) -> Result<Vec<Property>, Box<dyn Error>> {
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

/// A small change of the shop, on each of the model's tracks, by each kind.
fn requests(
    model: &ReleaseModel,
    service: &str,
    kinds: &[ReleaseKind],
) -> Result<Vec<ReleaseRequest>, Box<dyn Error>> {
    let mut requests = Vec::new();
    for track in model.tracks() {
        for kind in kinds {
            let mut request = model.request(Name::new("Spring release")?);
            request.track = *track;
            request.kind = Some(kind.clone());
            request.services = [Service::new(service)?].into();
            request.estimated_cost = Some(Money::new(50_000, Currency::new("EUR")?));
            requests.push(request);
        }
    }
    Ok(requests)
}

/// Low in every respect.
fn low_risk() -> Result<RiskAssessment, Box<dyn Error>> {
    let grade = Grade::new(1)?;
    Ok(RiskAssessment::new(grade, grade, grade, grade, grade))
}

pub(crate) const WEB_SERVICE: &str = include_str!("models/web-service.json");
pub(crate) const BANK_SYSTEM: &str = include_str!("models/bank-system.json");
pub(crate) const MOBILE_APP: &str = include_str!("models/mobile-app.toml");

pub(crate) fn web_service(model: &str) -> Result<Verified, Box<dyn Error>> {
    let model = ReleaseModel::from_json(model, &Policies::new())?;
    let gates = with_house_rule(&model)?;
    let domain = Domain::of(&gates, NOW.parse()?)
        .following(&gates, &model)
        .requesting(requests(&model, "shop", &[ReleaseKind::Fix])?)
        .given(PhaseName::Request, low_risk()?)
        .with_person(person("cho")?, [Role::ChangeAuthority])
        .with_person(person("max")?, [Role::ChangeAuthority])
        .with_person(person("eva")?, [Role::EmergencyChangeAuthority])
        .with_person(person("kim")?, [Role::Builder])
        .requested_by([person("cho")?, person("kim")?])
        .deployed_by([person("cho")?, person("eva")?, person("kim")?])
        .without(Action::Replan)
        .without(Action::Cancel)
        .deploying(1);
    let domain = with_freeze(domain, "max", Role::ChangeAuthority)?;
    Ok(Verified {
        gates,
        domain,
        properties: properties(1, &[Track::Normal, Track::Emergency], 98)?,
    })
}

pub(crate) fn bank_system(model: &str) -> Result<Verified, Box<dyn Error>> {
    let model = ReleaseModel::from_json(model, &Policies::new())?;
    let gates = with_house_rule(&model)?;
    let mut plan = model.plan();
    plan.stakeholders = [person("regulator")?].into();
    plan.budget = Some(Money::new(5_000_000, Currency::new("EUR")?));
    let mut back_out = BackOutPlan::new(Text::new("Restore the snapshot.")?);
    back_out.rehearsed = Some("2026-03-01T20:00:00Z".parse()?);
    plan.back_out = Some(back_out);
    let approved = ChangeRequest::new(Key::new("CHG-7")?, ChangeRequestState::Approved);
    let role = |name| Role::named(name);
    let domain = Domain::of(&gates, NOW.parse()?)
        .following(&gates, &model)
        .requesting(requests(&model, "accounts", &[ReleaseKind::Feature])?)
        .planned(plan)
        .given(PhaseName::Request, low_risk()?)
        .given(PhaseName::Request, approved)
        .given(
            PhaseName::Plan,
            StakeholdersNotified::new([person("regulator")?]),
        )
        .with_person(
            person("cho")?,
            [
                Role::ChangeAuthority,
                Role::ChangeAdvisoryBoard,
                Role::EmergencyChangeAuthority,
            ],
        )
        .with_person(
            person("ola")?,
            [role("operations")?, Role::ChangeAdvisoryBoard],
        )
        .with_person(
            person("rik")?,
            [role("risk_officer")?, Role::EmergencyChangeAuthority],
        )
        .with_person(person("kim")?, [])
        .requested_by([person("kim")?])
        .deployed_by([person("kim")?, person("cho")?])
        .without(Action::Replan)
        .without(Action::Cancel)
        .deploying(1);
    let domain = with_freeze(domain, "cho", Role::ChangeAuthority)?;
    Ok(Verified {
        gates,
        domain,
        properties: properties(2, &[], 98)?,
    })
}

pub(crate) fn mobile_app(model: &str) -> Result<Verified, Box<dyn Error>> {
    let model = ReleaseModel::from_toml(model, &Policies::new())?;
    let gates = with_house_rule(&model)?;
    let domain = Domain::of(&gates, NOW.parse()?)
        .following(&gates, &model)
        .requesting(requests(
            &model,
            "shop-ios",
            &[ReleaseKind::Feature, ReleaseKind::Fix],
        )?)
        .given(PhaseName::Request, low_risk()?)
        .with_person(person("pam")?, [Role::named("product_owner")?])
        .with_person(person("cho")?, [Role::ChangeAuthority])
        .with_person(person("max")?, [Role::ChangeAuthority])
        .with_person(person("kim")?, [Role::Builder])
        .requested_by([person("kim")?, person("cho")?])
        .deployed_by([person("kim")?, person("pam")?, person("cho")?])
        .without(Action::Replan)
        .without(Action::Cancel)
        .deploying(1);
    let domain = with_freeze(domain, "max", Role::ChangeAuthority)?;
    // A fix goes out without asking anybody.
    let is_feature = |request: &ReleaseRequest| request.kind == Some(ReleaseKind::Feature);
    let approved =
        ready::approved_by_others(2, &[]).when(move |turn| turn.request().is_some_and(is_feature));
    let further = properties(2, &[], 90)?.into_iter();
    let further = further.filter(|one| one.name() != approved.name());
    Ok(Verified {
        gates,
        domain,
        properties: std::iter::once(approved.clone()).chain(further).collect(),
    })
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it tells people what it has found, and how long that took"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::default().states(100_000).threads(2);
    for (name, verified) in [
        ("web-service", web_service(WEB_SERVICE)?),
        ("bank-system", bank_system(BANK_SYSTEM)?),
        ("mobile-app", mobile_app(MOBILE_APP)?),
    ] {
        let Verified {
            gates,
            domain,
            properties,
        } = verified;
        let begin = std::time::Instant::now();
        let report = verify(&gates, &domain, &properties, &options)?;
        println!("{name}, in {} ms: {report}\n", begin.elapsed().as_millis());
        report.all_hold().map_err(|not| not.to_string())?;
    }
    Ok(())
}
