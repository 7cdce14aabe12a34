//! A policy of one's own in a service: written, attached by types, named in a file, tested, and its refusal shown.
//! `cargo run --example custom_policy`, `cargo test --example custom_policy`.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use phasegate::gate::{Ask, Facts, GateSet, Mistakes, Policies};
use phasegate::phase::Invalid;
use phasegate::release::step::StartTesting;
use phasegate::release::{
    AnyStep, Digest, Key, Name, Reason, ReleasePackage, ReleaseUnit, UnitKind, Verdict,
};
use phasegate::{Gate, Policy};
use serde::{Deserialize, Serialize};
use std::error::Error;

/// Requires that a package stays small enough to be understood.
///
/// It reads the step that is asked for: what is handed over is in its hands before the release has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmallPackage {
    most_units: usize,
}

impl Policy for SmallPackage {
    /// Nothing but what [`Ask`] has; `ReleasePackage` would not compile on a step that leaves Development.
    type Reads = ();
    const NAME: &'static str = "small-package";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let AnyStep::StartTesting(step) = ask.step() else {
            let reason = Reason::new("no-package", "the step has no package", "gate another step");
            let reasons = vec![reason];
            return Verdict::Failed { reasons };
        };
        let units = step.package.units().len();
        if units <= self.most_units {
            return Verdict::SATISFIED;
        }
        let most = self.most_units;
        let message = format!("the package has {units} units, and at most {most} are allowed");
        let reason = Reason::new("too-many-units", message, "split it into two releases");
        Verdict::of(vec![reason.read("units", units).read("most_units", most)])
    }
}

/// By types: where the release cannot have what the policy reads, this does not compile.
fn by_types() -> Result<GateSet, Invalid> {
    let handover =
        Gate::<StartTesting>::new("handover", 1)?.require(SmallPackage { most_units: 2 });
    Ok(GateSet::new().with(handover))
}

/// By name, from a file: the service says which policies of its own there are.
fn by_file(json: &str) -> Result<GateSet, Mistakes> {
    GateSet::from_json(json, &Policies::new().with::<SmallPackage>())
}

const FILE: &str = r#"{ "gates": [
    { "name": "handover", "version": 1, "step": "start_testing",
      "rules": [{ "rule": { "host": { "name": "small-package", "params": { "most_units": 2 } } } }] }
] }"#;

/// The same with every mistake that one can make.
const MISTAKEN: &str = r#"{ "gates": [
    { "name": "handover", "version": 1, "step": "start_testing",
      "rules": [{ "rule": { "host": { "name": "tiny-package", "params": {} } } },
                { "rule": { "host": { "name": "small-package", "params": { "most_units": "two", "least": 1 } } } }] }
] }"#;

fn package(units: usize) -> Result<ReleasePackage, Invalid> {
    let unit = |number: usize| -> Result<(Key, ReleaseUnit), Invalid> {
        let digest = Digest::of(&number.to_be_bytes());
        let kind = if number == 0 {
            UnitKind::Documentation
        } else {
            UnitKind::Code
        };
        let unit = ReleaseUnit::new(kind, Name::new("2.4")?, digest);
        Ok((Key::new(format!("unit-{number}"))?, unit))
    };
    let units: Result<Vec<_>, _> = (0..units).map(unit).collect();
    ReleasePackage::new(units?)
}

mod developing {
    //! A release in Development, for which the handover is asked for.

    use phasegate::phase::{Development, Seconds};
    use phasegate::release::{
        Assessment, AssessmentDecision, Baseline, Name, ReleasePlan, ReleaseRequest, Role,
        RoleGiven,
    };
    use phasegate::{Desk, MemoryStore, Person, Release};
    use std::error::Error;

    pub(crate) fn release(kim: &Person) -> Result<Release<Development>, Box<dyn Error>> {
        pollster::block_on(async {
            let desk = Desk::new(MemoryStore::new());
            let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
            let release = desk.run(desk.request(request), kim).await?;
            let worthwhile = Assessment::new(AssessmentDecision::Worthwhile);
            let release = desk.run(release.authorise(worthwhile), kim).await?;
            let manager = RoleGiven::new(kim.clone(), Role::ReleaseManager);
            let release = desk.record(release, manager, kim).await?;
            let plan = ReleasePlan::new(Seconds::days(7));
            let release = desk.record(release, plan, kim).await?;
            let release = desk.record(release, Baseline::new(), kim).await?;
            Ok(desk.run(release.start_development(), kim).await?)
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let gates = by_types()?;
    let same = by_file(FILE).is_ok_and(|by_file| by_file == gates);
    println!("the file says the same as the types: {same}\n");

    println!("a file with mistakes:");
    for mistake in by_file(MISTAKEN).err().into_iter().flatten() {
        println!("  {mistake}");
    }

    let kim = phasegate::Person::new("kim")?;
    let release = developing::release(&kim)?;
    let facts = Facts::at("2026-03-02T12:00:00Z".parse()?);
    for units in [2, 3] {
        let step = StartTesting::new(package(units)?);
        let decision = gates.explain(&release, step, &facts, &(&kim).into());
        print!("\n{}", decision.outline());
    }
    Ok(())
}

/// A policy is a pure function: it is asked, and answers. No store, no desk, no clock.
#[cfg(test)]
mod tests {
    use super::*;
    use phasegate::Person;

    /// The codes against handing over so many units.
    fn codes(units: usize) -> Vec<String> {
        let kim = Person::new("kim").unwrap();
        let release = developing::release(&kim).unwrap();
        let facts = Facts::at("2026-03-02T12:00:00Z".parse().unwrap());
        let step = StartTesting::new(package(units).unwrap());
        let gates = by_types().unwrap();
        let decision = gates.explain(&release, step, &facts, &(&kim).into());
        let blockers = decision.blockers();
        blockers.map(|one| one.reason.code.to_string()).collect()
    }

    #[test]
    fn the_most_that_is_allowed_is_allowed() {
        assert_eq!(codes(2), [""; 0]);
        assert_eq!(codes(3), ["too-many-units"]);
    }

    #[test]
    fn the_file_says_what_the_types_say() {
        assert_eq!(by_file(FILE).unwrap(), by_types().unwrap());
    }

    #[test]
    fn every_mistake_of_a_file_has_its_place() {
        let mistakes = by_file(MISTAKEN).unwrap_err();
        let places: Vec<_> = mistakes.iter().map(|mistake| &*mistake.path).collect();
        assert_eq!(places.len(), 3, "{mistakes:#?}");
        assert!(
            places[0].starts_with("gates[0].rules[0]")
                && places[2].starts_with("gates[0].rules[1]")
        );
    }
}
