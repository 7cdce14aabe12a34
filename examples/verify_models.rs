//! scratch
use phasegate::gate::{GateSet, Percent, Policies, ReleaseModel};
use phasegate::release::{Role, Person};
use phasegate::verify::{Domain, Options, ready, verify};
fn person(n: &str) -> Person { Person::new(n).unwrap() }
fn main() {
    let model = ReleaseModel::from_json(include_str!("models/web-service.json"), &Policies::new()).unwrap();
    let gates = GateSet::new().with_model(model.clone());
    let domain = Domain::of(&gates, "2026-03-02T12:00:00Z".parse().unwrap())
        .following(&gates, &model)
        .deploying(std::env::args().nth(1).unwrap().parse().unwrap())
        .with_person(person("cho"), [Role::ChangeAuthority])
        .with_person(person("max"), [Role::ChangeAuthority])
        .with_person(person("eva"), [Role::EmergencyChangeAuthority])
        .with_person(person("kim"), [Role::Builder]);
    let properties = [
        ready::something_goes_live(),
        ready::approved_by_others(1, &[]),
        ready::nobody_approves_and_deploys(),
        ready::no_release_is_stuck(),
        ready::debts_are_paid_before_closure(),
        ready::freezes_are_honoured(&[]),
        ready::packages_ride_on_their_own(Percent::new(98).unwrap(), false),
        ready::overrides_are_used_once(),
    ];
    let begin = std::time::Instant::now();
    let report = verify(&gates, &domain, &properties, &Options::default().states(400_000)).unwrap();
    println!("{:?} {report:.0}\n{:?} {:?} {:?} {}", begin.elapsed(), report.phases, report.taken, report.symmetric, report.bytes);
}
