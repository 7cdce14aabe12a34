//! The rules of a small shop, tested: mutation finds a case that is missing, verification a flaw in the rules, and both
//! are mended.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, Duty, EvidencePolicy, GateSet, Percent, Quorum,
    SeparationOfDutiesPolicy,
};
use phasegate::phase::{Action, Interval, PhaseName};
use phasegate::release::{Key, OverrideGranted, Role, TestKind, Text, step::Deploy};
use phasegate::testing::{Case, Cases, Mutation, Scene, cleared_by, coverage, refused};
use phasegate::verify::{Domain, Options, Report, ready, verify};
use phasegate::{Gate, Instant, Person};
use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Of the functional tests, 95 in 100 pass, and somebody in authority approves.
fn first_rules() -> Result<Gate<Deploy>> {
    let tested = EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]);
    let authority = [Approver::Role(Role::ChangeAuthority)];
    let one = ApprovalRule::new(Key::new("authority")?, Quorum::Count(1), authority)?;
    let approved = ApprovalsPolicy::new([one])?;
    let gate = Gate::<Deploy>::new("production", 1)?;
    Ok(gate.require(tested).require(approved))
}

/// And whoever approves does not deploy.
///
/// That their own approval does not count (`not_by`) would not be enough: they could deploy on somebody else's.
fn mended_rules() -> Result<Gate<Deploy>> {
    let apart = SeparationOfDutiesPolicy::new([Duty::Deployer])?;
    Ok(first_rules()?.require(apart))
}

fn under(gate: Gate<Deploy>) -> GateSet {
    GateSet::new().with(gate)
}

fn tonight() -> Result<Deploy> {
    let window = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
    Ok(Deploy::new(window))
}

/// Ready to go live: so many of a hundred tests pass, and ann approves.
fn ready_to_go(passed: u32) -> Scene {
    Scene::in_phase(PhaseName::Testing)
        .person("ann", [Role::ChangeAuthority])
        .tested(TestKind::Functional, "staging", passed, 100 - passed)
        .approved_by("ann", Role::ChangeAuthority)
}

/// What was thought of first.
fn first_cases(rules: &GateSet) -> Result<Cases> {
    let approved = Case::named("what is tested and approved goes live")
        .given(ready_to_go(100))
        .when("dep", tonight()?)
        .then(cleared_by(["production"]));
    let untested = Case::named("nothing goes live that fails its tests")
        .given(ready_to_go(50))
        .when("dep", tonight()?)
        .then(refused(["evidence: pass-ratio"]));
    let unapproved = Scene::in_phase(PhaseName::Testing)
        .person("ann", [Role::ChangeAuthority])
        .tested(TestKind::Functional, "staging", 100, 0);
    let unapproved = Case::named("nothing goes live that nobody approved")
        .given(unapproved)
        .when("dep", tonight()?)
        .then(refused(["approvals: approvals-missing"]));
    let own = ready_to_go(100).requested_by("ann");
    let own = Case::named("nobody approves what they asked for")
        .given(own)
        .when("dep", tonight()?)
        .then(refused(["approvals: own-work"]));
    Ok(Cases::under(rules.clone()).with([approved, untested, unapproved, own]))
}

/// What the survivors of mutation ask for: the edge itself, who may approve, and that nobody may override.
fn all_cases(rules: &GateSet) -> Result<Cases> {
    let enough = Case::named("95 of 100 are enough")
        .given(ready_to_go(95))
        .when("dep", tonight()?)
        .then(cleared_by(["production"]));
    let short = Case::named("94 of 100 are not")
        .given(ready_to_go(94))
        .when("dep", tonight()?)
        .then(refused(["evidence: pass-ratio"]));
    let tested =
        Scene::in_phase(PhaseName::Testing).tested(TestKind::Functional, "staging", 100, 0);
    let nobody = Case::named("without a change authority nobody approves")
        .given(tested)
        .when("dep", tonight()?)
        .then(refused(["approvals: cannot-be-approved"]));
    let anyway = OverrideGranted::new(
        Key::new("anyway")?,
        Action::Deploy,
        Key::new("evidence")?,
        Key::new("pass-ratio")?,
        Role::ReleaseManager,
        Text::new("it has to be")?,
        "2026-03-03T12:00:00Z".parse::<Instant>()?,
    );
    let anyway = Case::named("not even the release manager lets it pass")
        .given(ready_to_go(94).recorded("ada", anyway))
        .when("dep", tonight()?)
        .then(refused(["evidence: pass-ratio"]).warning(["overrides: override-by-wrong-role"]));
    Ok(first_cases(rules)?.with([enough, short, nobody, anyway]))
}

/// Everything that these rules let happen among three people.
fn verified(rules: &GateSet) -> Result<Report> {
    let now: Instant = "2026-03-02T12:00:00Z".parse()?;
    let domain = Domain::of(rules, now)
        .with_person(Person::new("ann")?, [Role::ChangeAuthority])
        .with_person(Person::new("ben")?, [Role::ChangeAuthority])
        .with_person(Person::new("kim")?, [])
        .without(Action::Replan)
        .deploying(1);
    let properties = [
        ready::something_goes_live(),
        ready::approved_by_others(1, &[]),
        ready::nobody_approves_and_deploys(),
        ready::no_release_is_stuck(),
    ];
    Ok(verify(rules, &domain, &properties, &Options::default())?)
}

fn main() -> Result<()> {
    let loose = under(first_rules()?);
    println!("== The first cases ==\n");
    let checked = first_cases(&loose)?.check();
    println!("{}", checked.outline());
    let checks = checked.checks();
    println!("{}", coverage(&loose, &checks).outline());

    println!("== Mutation: would anybody notice? ==\n");
    let mutants = Mutation::of(&loose, &checks).run();
    println!("{}", mutants.outline());
    let survivor = mutants.survivors.first().ok_or("all were noticed")?;
    println!("A test to paste:\n\n{}", survivor.rust());

    println!("== With the cases that were missing ==\n");
    let checked = all_cases(&loose)?.check();
    println!("{}", checked.outline());
    let mutants = Mutation::of(&loose, &checked.checks()).run();
    println!("{}", mutants.outline());
    mutants.assert_none_survive();

    println!("== Verification: is there a way that no case thought of? ==\n");
    let report = verified(&loose)?;
    println!("{report}\n");

    println!("== Whoever approves does not deploy ==\n");
    let strict = under(mended_rules()?);
    let report = verified(&strict)?;
    println!("{report}");
    report.all_hold().map_err(|left| left.to_string())?;
    all_cases(&strict)?.check().assert();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cases_pass_and_let_a_weaker_rule_pass_too() -> Result<()> {
        let rules = under(first_rules()?);
        let checked = first_cases(&rules)?.check();
        checked.assert();
        let mutants = Mutation::of(&rules, &checked.checks()).run();
        let edits = mutants.survivors.iter().map(|one| one.edit.to_string());
        assert!(
            edits.collect::<Vec<_>>().join("; ").contains("94"),
            "{}",
            mutants.outline()
        );
        Ok(())
    }

    #[test]
    fn every_change_is_noticed_by_the_cases_that_were_added() -> Result<()> {
        let rules = under(first_rules()?);
        let checked = all_cases(&rules)?.check();
        checked.assert();
        let mutants = Mutation::of(&rules, &checked.checks()).run();
        mutants.assert_none_survive();
        Ok(())
    }

    #[test]
    fn the_flaw_is_found_and_mended() -> Result<()> {
        let loose = verified(&under(first_rules()?))?;
        let failed = loose.all_hold().unwrap_err().to_string();
        assert!(failed.contains("nobody approves and deploys"), "{failed}");
        let strict = verified(&under(mended_rules()?))?;
        assert!(strict.all_hold().is_ok(), "{strict}");
        Ok(())
    }
}
