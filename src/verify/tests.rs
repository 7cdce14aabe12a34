//! Broken worlds, in which each property that the lifecycle keeps by itself is seen to fail; and the reductions, held
//! against every move of an exploration without them.

use super::explore::Explorer;
use super::normal::{Normal, Reductions};
use super::play::{Acted, Came, Node, Play, Production, World};
use super::report::{Answer, Options, Report};
use super::{Domain, Property, Turn, ready, report};
use crate::gate::{Facts, GateSet, Policies};
use crate::phase::{Action, Instant, Interval, PhaseName, Seconds};
use crate::release::{
    AnyStep, Asked, By, Core, Decision, Effect, Event, Key, Name, OverrideGranted, Person,
    ReleaseRequest, Role, RoleGiven, RunningWork, Text, Track,
};
use crate::schedule::{Timing, WhileClosed, Window};
use std::collections::BTreeSet;

fn noon() -> Instant {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn gates(rules: &str) -> GateSet {
    let json = format!(
        r#"{{ "gates": [{{ "name": "go", "version": 1, "step": "deploy", "rules": [{rules}] }}] }}"#
    );
    GateSet::from_json(&json, &Policies::new()).unwrap()
}

const APPROVED: &str = r#"{ "rule": { "approvals": { "rules": [{ "name": "one", "by": [{ "role": "change_authority" }], "quorum": { "count": 1 } }] } } }"#;
const CALM: &str = r#"{ "rule": { "freeze": { "calendar": "production" } } }"#;
const APART: &str = r#"{ "rule": { "separation-of-duties": { "apart": ["deployer"] } } }"#;
const TESTED: &str =
    r#"{ "rule": { "evidence": { "required": { "functional": 95 }, "max_age_seconds": 86400 } } }"#;

fn office(gates: &GateSet) -> Domain {
    Domain::of(gates, noon())
        .with_person(Person::own("ann"), [Role::ChangeAuthority])
        .with_person(Person::own("kim"), [])
        .without(Action::Reject)
        .without(Action::Cancel)
}

fn run(world: &impl World, gates: &GateSet, domain: &Domain, property: Property) -> Report {
    let play = Play::of(world, gates, domain);
    let properties = [property];
    let mut explorer = Explorer::of(&play, &properties, Reductions::ALL);
    explorer.run(&Options::default().states(3_000));
    report::of(&explorer)
}

/// A lifecycle that forgets what is owed.
struct Forgetful;

impl World for Forgetful {
    fn ask(
        &self,
        gates: &GateSet,
        core: &Core,
        asked: Asked,
        facts: &Facts,
        by: &By,
    ) -> Result<Event, Box<Decision>> {
        if core.state.standing.phase != PhaseName::Review {
            return gates.event_of(core, asked, facts, by);
        }
        let mut forgetting = core.clone();
        forgetting.state.debts.clear();
        gates.event_of(&forgetting, asked, facts, by)
    }

    fn is_out_of_question(&self, _: &Core, _: &AnyStep, _: Instant, _: &By) -> bool {
        false
    }
}

#[test]
fn where_debts_are_forgotten_it_is_seen() {
    let mut request = ReleaseRequest::new(Name::own("Hotfix"));
    request.track = Track::Emergency;
    let gates = GateSet::new();
    let domain = office(&gates)
        .requesting([request])
        .without(Action::StartDevelopment)
        .deploying(1);
    let debts = ready::debts_are_paid_before_closure;
    let broken = run(&Forgetful, &gates, &domain, debts());
    let Answer::Fails(story) = &broken.answers[0].1 else {
        panic!("{broken}");
    };
    assert_eq!(story.len(), 5, "{story}");
    let real = run(&Production, &gates, &domain, debts());
    assert!(matches!(real.answers[0].1, Answer::Holds(_)), "{real}");
}

/// What the lifecycle keeps whatever a model says, is seen to fail for each example model where the lifecycle is broken.
#[cfg(all(feature = "testing", feature = "toml"))]
mod models {
    use super::*;
    use crate::gate::ReleaseModel;

    fn web_service() -> ReleaseModel {
        let json = include_str!("../../examples/models/web-service.json");
        ReleaseModel::from_json(json, &Policies::new()).unwrap()
    }

    fn bank_system() -> ReleaseModel {
        let json = include_str!("../../examples/models/bank-system.json");
        ReleaseModel::from_json(json, &Policies::new()).unwrap()
    }

    /// It has no emergencies of its own: it gets the track.
    fn mobile_app(tracks: &str) -> ReleaseModel {
        let toml = include_str!("../../examples/models/mobile-app.toml");
        let toml = toml.replace(
            r#"tracks = ["normal", "standard"]"#,
            &format!("tracks = [{tracks}]"),
        );
        ReleaseModel::from_toml(&toml, &Policies::new()).unwrap()
    }

    /// Its gates put aside, so that the way there is short: the lifecycle keeps the properties, and not they.
    fn bare(model: &ReleaseModel) -> (GateSet, Domain) {
        let mut model = model.clone();
        model.open_gates();
        let gates = gates(CALM).with_model(model.clone());
        let domain = lifted(&gates).following(&gates, &model);
        (gates, domain)
    }

    #[test]
    fn debts_that_are_forgotten_are_seen() {
        let app = mobile_app(r#""normal", "standard", "emergency""#);
        for model in [web_service(), bank_system(), app] {
            let (gates, domain) = bare(&model);
            let mut request = model.request(Name::own("Hotfix"));
            request.track = Track::Emergency;
            let domain = domain.requesting([request]).deploying(1);
            let debts = ready::debts_are_paid_before_closure;
            let broken = run(&Forgetful, &gates, &domain, debts());
            assert!(matches!(broken.answers[0].1, Answer::Fails(_)), "{broken}");
        }
    }

    #[test]
    fn overrides_that_last_are_seen() {
        let app = mobile_app(r#""normal", "standard""#);
        for model in [web_service(), bank_system(), app] {
            let (gates, domain) = bare(&model);
            let mut request = model.request(Name::own("Spring release"));
            request.track = Track::Normal;
            let domain = domain.requesting([request]).deploying(2);
            let once = ready::overrides_are_used_once;
            let broken = run(&Lasting, &gates, &domain, once());
            assert!(matches!(broken.answers[0].1, Answer::Fails(_)), "{broken}");
        }
    }
}

/// An override that is never used up.
struct Lasting;

impl World for Lasting {
    fn apply(&self, core: &mut Core, event: Event, by: &By, now: Instant) {
        Production.apply(core, event, by, now);
        core.state
            .overrides
            .values_mut()
            .for_each(|one| one.is_used = false);
    }
}

fn lifted(gates: &GateSet) -> Domain {
    let later = noon().plus(Seconds::days(3_000));
    let always = Interval::new(noon(), later).unwrap();
    let hard = WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Blocked,
    );
    let freeze = Window::freeze(Key::own("audit"), Timing::between(always), hard);
    let mut granted = OverrideGranted::new(
        Key::own("OV-1"),
        Action::Deploy,
        Key::own("freeze"),
        Key::own("frozen"),
        Role::ChangeAuthority,
        Text::own("customers cannot pay"),
        later,
    );
    granted.about = Some(Key::own("audit"));
    office(gates)
        .with_freeze(Key::own("production"), freeze)
        .with_override(granted, Person::own("ann"))
        .requested_by([Person::own("kim")])
        .deployed_by([Person::own("kim")])
        .with_packages(office(gates).packages.into_iter().take(1))
        .without(Action::Rework)
}

#[test]
fn where_overrides_are_not_used_up_it_is_seen() {
    let gates = gates(CALM);
    let domain = lifted(&gates).deploying(2);
    let broken = run(&Lasting, &gates, &domain, ready::overrides_are_used_once());
    let Answer::Fails(story) = &broken.answers[0].1 else {
        panic!("{broken}");
    };
    assert_eq!(story.len(), 13, "{story}");
    let real = run(
        &Production,
        &gates,
        &domain,
        ready::overrides_are_used_once(),
    );
    assert!(matches!(real.answers[0].1, Answer::Holds(_)), "{real}");
}

/// All that a property can see of a move.
fn shown(turn: &Turn<'_>) -> String {
    let Turn { before, .. } = turn;
    let roles = &before.state.people;
    let debts = (turn.is_in_debt(), turn.is_approved_by_the_involved());
    let closed = turn.standing().phase == PhaseName::Closed;
    let runs = turn.runs().map(|run| (&run.kind, run.passed, run.failed));
    let of_the_release = (!closed || turn.was() != turn.standing()).then(|| {
        (
            turn.request(),
            turn.requester(),
            turn.track(),
            turn.package(),
            roles,
            debts,
            runs.collect::<Vec<_>>(),
        )
    });
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {of_the_release:?}",
        turn.was(),
        turn.standing(),
        turn.step(),
        turn.actor(),
        turn.approvers(),
        turn.is_frozen(),
        turn.overrides().zip(turn.lifted()).collect::<Vec<_>>(),
        turn.overrides_again(),
    )
}

/// For every move of an exploration as it is: from the reduced situation the same moves are cleared, and they lead to the
/// same reduced situation.
fn diagram(gates: &GateSet, domain: &Domain, on: Reductions, most: usize) -> usize {
    let play = Play::of(&Production, gates, domain);
    let normal = Normal::of(&play, on);
    let mut nodes: Vec<Node> = vec![play.start()];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let (mut place, mut moves) = (0, 0);
    while let Some(node) = nodes.get(place).cloned() {
        let reduced = normal.node(node.clone());
        assert_eq!(normal.node(reduced.clone()), reduced, "it is reduced twice");
        let cores = (play.core(&node), play.core(&reduced));
        for one in &play.moves {
            for condition in 0..play.conditions.len() {
                let facts = play.facts(condition, node.now).unwrap();
                let plain = play.act(&node, &cores.0, one, &facts, None).unwrap();
                let facts = play.facts(condition, reduced.now).unwrap();
                let short = play.act(&reduced, &cores.1, one, &facts, None).unwrap();
                match (plain, short) {
                    (Came::To(plain), Came::To(short)) => {
                        let told = format!("{one:?} in {}", node.state.standing);
                        let around = &play.conditions[condition];
                        let seen_of = |before: &Node, acted: &Acted| {
                            let (by, after, taken) = (&one.by, &acted.after, acted.taken.as_ref());
                            let condition = around;
                            shown(&Turn {
                                gates,
                                before,
                                after,
                                by,
                                taken,
                                condition,
                            })
                        };
                        assert_eq!(seen_of(&node, &plain), seen_of(&reduced, &short), "{told}");
                        let (from, to) =
                            (normal.node(plain.after.clone()), normal.node(short.after));
                        assert!(from == to, "it leads elsewhere: {told}");
                        moves += 1;
                        let key = format!("{:?}", plain.after);
                        if nodes.len() < most && seen.insert(key) {
                            nodes.push(plain.after);
                        }
                    }
                    (Came::To(_), _) => panic!("lost: {one:?} in {}", node.state.standing),
                    (_, Came::To(_)) => panic!("won: {one:?} in {}", node.state.standing),
                    (Came::NotOpen | Came::Refused(_), Came::NotOpen | Came::Refused(_)) => {}
                }
            }
        }
        place += 1;
    }
    moves
}

/// Without that of people, whose moves are those of others.
fn but_people() -> Reductions {
    Reductions {
        people: false,
        ..Reductions::ALL
    }
}

#[test]
fn reductions_lead_to_the_same_situations_move_by_move() {
    let all = [APPROVED, CALM, APART].join(", ");
    let gates = gates(&all);
    let usual = lifted(&gates)
        .with_person(Person::own("bob"), [Role::ChangeAuthority])
        .leaving(1);
    assert!(diagram(&gates, &usual, but_people(), 300) > 1_000);
    let again = office(&gates).with_second_thoughts();
    assert!(diagram(&gates, &again, but_people(), 300) > 300);
}

#[test]
fn time_that_passes_is_reduced_soundly() {
    let valid = APPROVED.replace(
        r#""count": 1 } }]"#,
        r#""count": 1 } }], "valid_for_seconds": 3600"#,
    );
    let gates = gates(&[valid.as_str(), TESTED].join(", "));
    let domain = office(&gates)
        .waiting(Seconds::hours(12))
        .staying(PhaseName::Testing, Seconds::days(1));
    assert!(diagram(&gates, &domain, but_people(), 400) > 400);
}

/// A window that opens and ends, an override that ends before it, and an answer that gets old: all while time passes.
#[test]
fn what_ends_is_reduced_soundly() {
    let valid = APPROVED.replace(
        r#""count": 1 } }]"#,
        r#""count": 1 } }], "valid_for_seconds": 43200"#,
    );
    let gates = gates(&[valid.as_str(), CALM].join(", "));
    let mut domain = lifted(&gates).waiting(Seconds::hours(12));
    domain.overrides[0].0.until = noon().plus(Seconds::days(1));
    let window = Interval::new(
        noon().plus(Seconds::hours(12)),
        noon().plus(Seconds::days(2)),
    );
    let domain = domain.deploying_in(window.unwrap());
    assert!(diagram(&gates, &domain, but_people(), 600) > 600);
}

/// A role that comes back, by itself or by a record of the domain's own, brings back what was answered in it.
#[test]
fn roles_that_come_back_are_reduced_soundly() {
    let gates = gates(APPROVED);
    let office = || {
        office(&gates)
            .leaving(1)
            .deploying(1)
            .without(Action::Replan)
    };
    assert!(diagram(&gates, &office().coming_back(), but_people(), 300) > 300);
    let again = RoleGiven::new(Person::own("ann"), Role::ChangeAuthority);
    let chosen = office().choosing(again, Person::own("release-manager"));
    assert!(diagram(&gates, &chosen, but_people(), 300) > 300);
}

#[test]
fn haste_and_its_debts_are_reduced_soundly() {
    let mut request = ReleaseRequest::new(Name::own("Hotfix"));
    request.track = Track::Emergency;
    let gates = gates(APPROVED);
    let domain = office(&gates)
        .requesting([request])
        .without(Action::StartDevelopment);
    assert!(diagram(&gates, &domain, but_people(), 300) > 300);
}
