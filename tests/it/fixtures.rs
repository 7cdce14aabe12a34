//! A release in every standing, in one call: what it is, and that its log is real.

use crate::desk_support::{NOON, at, by, note, text, wait};
use phasegate::clock::Clock;
use phasegate::desk::{CommitFailed, RunError};
use phasegate::phase::{
    Closed, Closure, Deployment, Development, OnHold, Phase, PhaseName, Plan, Request, Review,
    Seconds, Standing, Start, Testing,
};
use phasegate::release::{Baseline, Ending, Role, TaskOpened, replay, verify};
use phasegate::testing::{Fixture, ManualClock, Scene, release_in};
use phasegate::{Desk, MemoryStore};

/// Whatever a fixture is, its log leads there, is whole, and can be written to a store.
fn is_real<P>(fixture: Fixture<P>, standing: Standing) {
    assert_eq!(fixture.release().standing(), standing);
    let log: Vec<_> = fixture.log().cloned().collect();
    let desk = Desk::new(MemoryStore::new());
    if standing.phase == PhaseName::Start {
        assert_eq!(log, []);
        return;
    }
    verify(&log).unwrap();
    let replayed = replay(&log).unwrap().anywhere();
    let id = fixture.release().id();
    let release = wait(fixture.into_store(desk.store())).unwrap().anywhere();
    assert_eq!(replayed, release, "{standing}");
    assert_eq!(wait(desk.load(id)).unwrap().anywhere(), release);
    assert_eq!(wait(desk.history(id)).unwrap(), log);
}

#[test]
fn every_standing_is_one_call_away() {
    macro_rules! each {
        ($($phase:ty),*) => {{
            $(is_real(release_in::<$phase>(), <$phase>::STANDING);)*
            [$(<$phase>::STANDING),*]
        }};
    }
    let seen = each![
        Start,
        Request,
        OnHold<Request>,
        Plan,
        OnHold<Plan>,
        Development,
        OnHold<Development>,
        Testing,
        OnHold<Testing>,
        Deployment,
        Review,
        Closure,
        Closed
    ];
    assert_eq!(seen, Standing::ALL);
}

#[test]
fn the_other_ways_lead_to_a_real_release_too() {
    let late = [
        Deployment::STANDING,
        Review::STANDING,
        Closure::STANDING,
        Closed::STANDING,
    ];
    for standing in late {
        let expedited = Scene::in_phase(standing.phase).expedited();
        is_real(expedited.fixture().unwrap(), standing);
    }
    for &standing in &late[1..] {
        for scene in [
            Scene::in_phase(standing.phase).backed_out(),
            Scene::in_phase(standing.phase).expedited().backed_out(),
            Scene::in_phase(standing.phase).found_unauthorised(),
        ] {
            is_real(scene.fixture().unwrap(), standing);
        }
    }
    let closed = Scene::in_phase(PhaseName::Closed).backed_out();
    let view = closed.fixture().unwrap().release().view();
    assert_eq!(view.ending, Some(Ending::BackedOut));
}

#[test]
fn the_same_scene_is_the_same_release() {
    let log = |fixture: Fixture<Testing>| fixture.log().cloned().collect::<Vec<_>>();
    assert_eq!(log(release_in()), log(release_in()));
}

#[test]
fn a_release_that_is_in_no_store_does_no_harm_there() {
    let desk = Desk::new(MemoryStore::new());
    let release = release_in::<Testing>().into_release();
    let refused = wait(desk.record(release, note("seen"), by("kim"))).unwrap_err();
    assert!(matches!(
        refused,
        RunError::NotCommitted(CommitFailed::Conflict { .. })
    ));
}

#[test]
fn what_is_given_has_happened_when_and_where_it_is_said() {
    let task = |id: &str| {
        TaskOpened::new(
            crate::desk_support::key(id),
            crate::desk_support::name("tell"),
        )
    };
    let scene = Scene::in_phase(PhaseName::Testing)
        .person("ann", [Role::ChangeAuthority])
        .recorded("ann", task("now"))
        .ago(Seconds::hours(3))
        .recorded("ann", task("then"));
    let fixture = scene.fixture().unwrap();
    let told: Vec<_> = fixture
        .log()
        .map(|entry| (&*entry.kind, entry.recorded_at))
        .collect();
    let then = at("2026-03-02T09:00:00Z");
    let [.., handed_over, first, second] = told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(handed_over, ("release.testing_started", then));
    assert_eq!(first, ("release.task_opened", at(NOON)));
    assert_eq!(second, ("release.task_opened", then));
    assert_eq!(fixture.now(), at(NOON));
}

#[test]
fn what_cannot_be_given_says_why() {
    let mistake = |scene: Scene| scene.fixture().unwrap_err().to_string();
    for (scene, expected) in [
        (
            Scene::in_phase(PhaseName::Testing).expedited(),
            "given.phase: a release that came by this way is not in Testing",
        ),
        (
            Scene::in_phase(PhaseName::Testing).backed_out(),
            "given.phase: what was backed out is in Review, Closure or Closed, and not in Testing",
        ),
        (
            Scene::in_phase(PhaseName::Deployment).on_hold(),
            "given: hold is refused: lifecycle: a release in Deployment has no step hold; `hold` works in Request, \
             Plan, Development and Testing; a deployment can be backed out instead",
        ),
        (
            Scene::in_phase(PhaseName::Request).person("", []),
            "given: invalid person ``: expected 1 to 200 characters",
        ),
        (
            Scene::in_phase(PhaseName::Request).recorded("tom", Baseline::new()),
            "given.records[0]: the record `baseline` is taken in Plan, Development, Testing, and the release is in \
             Request",
        ),
        (
            Scene::in_phase(PhaseName::Request).following("shop"),
            "given.model: the rules have no release model `shop`",
        ),
    ] {
        assert_eq!(mistake(scene), expected);
    }
}

#[test]
fn a_manual_clock_goes_only_by_hand_and_its_clones_go_with_it() {
    let clock = ManualClock::at(at(NOON));
    let other = clock.clone();
    assert_eq!(other.now(), clock.now());
    other.pass(Seconds::hours(1));
    assert_eq!(clock.now(), at("2026-03-02T13:00:00Z"));
    clock.set(at("2026-03-01T00:00:00Z"));
    assert_eq!(other.now(), at("2026-03-01T00:00:00Z"));
    let desk = Desk::new(MemoryStore::new()).with_clock(clock.clone());
    let release = wait(release_in::<Testing>().into_store(desk.store())).unwrap();
    let id = release.id();
    let _ = wait(desk.run(release.rework(text("no")), by("tom"))).unwrap();
    let log = wait(desk.history(id)).unwrap();
    assert_eq!(log.last().unwrap().recorded_at, clock.now());
}
