//! The law of this room: what a case is answered is what the desk answers, on the same log, by the same clock.

use super::case::{Case, Cases, Does};
use super::scene::{Scene, Told};
use super::walk::{Walk, answer};
use super::{ManualClock, cleared_by_no_gate};
use crate::desk::{Desk, RunError};
use crate::facts::{About, Answer, FactFinder};
use crate::gate::Condition;
use crate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, Duty, EvidencePolicy, FactPolicy, FactTest,
    FreezePolicy, Gate, GateSet, Percent, Quorum, unless,
};
use crate::phase::{Anywhere, Instant, Interval, PhaseName, Seconds};
use crate::release::step::Deploy;
use crate::release::{
    By, CodeChange, Decision, Fact, Key, ModelStanding, Name, Person, Release, ReleaseRequest,
    Role, TestKind, Text, Track,
};
use crate::schedule::Calendar;
use crate::store::{MemoryStore, Store};
use pollster::block_on;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What a host would know that knows what the scene says.
struct Host(BTreeMap<Key, Told>);

impl FactFinder for Host {
    async fn find(&self, key: &Key, about: About<'_>) -> Answer {
        match self.0.get(key) {
            Some(Told::Value(value)) => Ok(Some(Fact::new(value.clone(), about.now))),
            Some(Told::Missing(why)) => Err(why.as_str().into()),
            None => Ok(None),
        }
    }
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn by(id: &str) -> By {
    By::new(Person::new(id).unwrap())
}

/// All that a decision says to people, and which gates say it.
fn told(decision: &Decision) -> (bool, Vec<String>) {
    let gates = decision.gates.iter().map(|gate| gate.name.to_string());
    let blockers = decision
        .blockers()
        .map(|one| format!("{}: {one}", one.reason.code));
    let warnings = decision.warnings().map(|one| format!("warning: {one}"));
    let overrides = decision.overrides().map(ToString::to_string);
    let all = gates.chain(blockers).chain(warnings).chain(overrides);
    (decision.is_cleared(), all.collect())
}

/// Plays every case at a desk too, and holds each answer against the one without it. How many there were.
fn at_desk(cases: &Cases) -> usize {
    let open = cases.gates.without_gates();
    let answers = cases.all.iter().map(|case| {
        let checked = case.check(&cases.gates, &open, cases.model.as_ref());
        let scene = case.scene_by(cases.model.as_ref()).unwrap();
        let at_desk = block_on(decisions(case, &scene, &cases.gates, &open));
        assert!(!checked.asked.is_empty() || !checked.failures.is_empty());
        for ((_, question, _), decided) in checked.asked.iter().zip(&at_desk) {
            let pure = question.ask(&cases.gates);
            assert_eq!(told(&pure), told(decided), "{}", case.name);
            assert_eq!(pure.clears_at(), decided.clears_at(), "{}", case.name);
        }
        checked.asked.len()
    });
    answers.sum()
}

async fn decisions(case: &Case, scene: &Scene, gates: &GateSet, open: &GateSet) -> Vec<Decision> {
    let mut walk = Walk::of(scene, gates, open).unwrap();
    walk.answers(case.step_from(0)).unwrap();
    let (store, clock) = (MemoryStore::new(), ManualClock::at(scene.began()));
    for batch in &walk.batches {
        store.commit(batch).await.unwrap();
    }
    let desk = Desk::new(store)
        .with_gates(gates.clone())
        .with_clock(clock.clone())
        .with_facts(Host(scene.facts.clone()))
        .forgetting_refusals();
    let reason = || Text::new("given").unwrap();
    for calendar in &scene.calendars {
        // A calendar is known from the first window on that it had, whatever it has now.
        let was = calendar_with_a_window(calendar.name());
        desk.import_calendar(&was, reason(), by("cal"))
            .await
            .unwrap();
        desk.import_calendar(calendar, reason(), by("cal"))
            .await
            .unwrap();
    }
    for model in gates.models() {
        desk.draft_model(model, by("kim")).await.unwrap();
        if scene.model_standing.unwrap_or(ModelStanding::Good) == ModelStanding::Good {
            let (name, version) = (model.name(), model.version());
            desk.authorise_model(name, version, reason(), by("cho"))
                .await
                .unwrap();
        }
    }
    clock.set(scene.at);
    let mut decisions = Vec::new();
    let mut release = walk.release();
    for (place, turn) in case.turns.iter().enumerate() {
        release = match &turn.does {
            Does::Wait(time) => {
                clock.pass(*time);
                release
            }
            Does::Step(by, step) => {
                decisions.push(desk.explain(&release, step.clone(), by.clone()).await);
                ran(desk.run(release.propose(step.clone()), by.clone()).await)
            }
            Does::Record(by, record) => ran(desk.record(release, record.clone(), by.clone()).await),
            Does::Answer(approved) => {
                let step = case.step_from(place).unwrap();
                let approval = answer(gates, &release, step, approved);
                ran(desk.record(release, approval, approved.by.clone()).await)
            }
        };
    }
    decisions
}

fn ran<S>(ran: Result<Release<Anywhere>, RunError<S, Anywhere>>) -> Release<Anywhere> {
    match ran {
        Ok(release) => release,
        Err(RunError::Refused(refused)) => refused.release,
        Err(RunError::NotCommitted(_)) => panic!("nobody else writes"),
    }
}

#[cfg(feature = "toml")]
#[test]
fn the_cases_of_the_example_models_are_answered_so_at_the_desk() {
    use super::file::read_files;
    use crate::gate::Policies;

    let files = [
        (
            include_str!("../../examples/models/web-service.json"),
            include_str!("../../examples/models/web-service.cases.toml"),
        ),
        (
            include_str!("../../examples/models/mobile-app.toml"),
            include_str!("../../examples/models/mobile-app.cases.toml"),
        ),
        (
            include_str!("../../examples/models/bank-system.json"),
            include_str!("../../examples/models/bank-system.cases.toml"),
        ),
    ];
    let answers = files.into_iter().map(|(rules, cases)| {
        let mut cases = read_files(rules, cases, &Policies::new()).unwrap();
        // That a model fell below its threshold takes releases of its own to say at a desk.
        let is_sayable = |case: &Case| {
            let scene = case.scene.as_ref().unwrap();
            scene.model_standing.is_none()
        };
        cases.all.retain(is_sayable);
        at_desk(&cases)
    });
    let answers: usize = answers.sum();
    assert!(answers >= 38, "only {answers} answers were compared");
}

fn rules() -> GateSet {
    let by = [Approver::Role(Role::ChangeAuthority)];
    let authority = ApprovalRule::new(key("authority"), Quorum::Count(2), by).unwrap();
    let approvals = ApprovalsPolicy::new([authority]).unwrap();
    let approvals = approvals.not_by(Duty::Builder).not_by(Duty::Deployer);
    let approvals = approvals.valid_for(Seconds::days(1)).unwrap();
    let tested = EvidencePolicy::new([(TestKind::Functional, Percent::new(95).unwrap())]);
    let budget = FactPolicy::new(key("error_budget"), FactTest::AtLeast(10)).unwrap();
    let gate = Gate::<Deploy>::new("production", 1).unwrap();
    let gate = gate
        .require(tested)
        .require(approvals)
        .require(FreezePolicy::new(key("production")))
        .require(unless(Condition::tracks([Track::Emergency]), budget));
    GateSet::new().with(gate)
}

fn calendar() -> Calendar {
    Calendar::from_json(
        r#"{ "name": "production", "windows": [{ "id": "audit", "kind": "freeze",
            "starts": "2026-03-03T00:00:00Z", "ends": "2026-03-04T06:00:00Z",
            "new_work": "blocked", "running_work": "finish_wave", "back_outs": "allowed", "emergencies": "warned" }] }"#,
    )
    .unwrap()
}

fn calendar_with_a_window(name: &Key) -> Calendar {
    let window = calendar().windows().next().unwrap().clone();
    Calendar::new(name.clone()).with(window).unwrap()
}

#[derive(Debug, Clone)]
enum Event {
    Approves(&'static str),
    Rejects(&'static str),
    Builds(&'static str),
    Waits(u32),
    Deploys(&'static str),
}

fn event() -> impl Strategy<Value = Event> {
    let somebody = || prop::sample::select(vec!["ann", "ben", "cyd"]);
    prop_oneof![
        4 => somebody().prop_map(Event::Approves),
        1 => somebody().prop_map(Event::Rejects),
        1 => somebody().prop_map(Event::Builds),
        2 => (0..40_u32).prop_map(Event::Waits),
        2 => somebody().prop_map(Event::Deploys),
    ]
}

prop_compose! {
    fn scene()(
        (passed, failed) in (17..21_u32, 0..3_u32),
        hours in 0..3_u32,
        track in prop::sample::select(vec![Track::Normal, Track::Emergency]),
        budget in prop::option::of(prop::option::of(8..12_i64)),
        is_frozen in any::<bool>(),
        approved in prop::sample::subsequence(vec!["ann", "ben", "cyd"], 0..=3),
    ) -> Scene {
        let role = Role::ChangeAuthority;
        let people = ["ann", "ben", "cyd"].into_iter();
        let mut scene = people
            .fold(Scene::in_phase(PhaseName::Testing), |scene, who| scene.person(who, [role.clone()]))
            .requested(ReleaseRequest::new(Name::new("Shop 2.4").unwrap()))
            .requested_by("ann")
            .on_track(track)
            .ago(Seconds::hours(hours))
            .tested(TestKind::Functional, "staging", passed, failed);
        for who in approved {
            scene = scene.approved_by(who, role.clone());
        }
        if is_frozen {
            scene = scene.calendar(calendar());
        }
        match budget {
            Some(Some(budget)) => scene.knowing("error_budget", budget),
            Some(None) => scene.not_knowing("error_budget", "the monitor is down"),
            None => scene,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_story_is_answered_as_the_desk_answers(
        scene in scene(),
        events in prop::collection::vec(event(), 0..6),
        last in prop::sample::select(vec!["ann", "dep"]),
    ) {
        let window = Interval::parse("2026-03-02T13:00:00Z", "2026-03-06T22:00:00Z").unwrap();
        let role = || Role::ChangeAuthority;
        let begun = Case::named("drawn").given(scene);
        let events = events.into_iter().chain([Event::Deploys(last)]).enumerate();
        let case = events.fold(begun, |case, (place, event)| match event {
            Event::Approves(who) => case.approves(who, role()),
            Event::Rejects(who) => case.rejects(who, role()),
            Event::Builds(who) => {
                let at: Instant = "2026-03-02T08:00:00Z".parse().unwrap();
                let mut change = CodeChange::new(key(&format!("c{place}")), at);
                change.author = Some(Person::new(who).unwrap());
                case.records(who, change)
            }
            Event::Waits(hours) => case.waits(Seconds::hours(hours)),
            Event::Deploys(who) => case.when(who, Deploy::new(window)).then(cleared_by_no_gate()),
        });
        prop_assert!(at_desk(&Cases::under(rules()).case(case)) > 0);
    }
}

/// Whatever is given and whoever does what: with rules that are asked, and with a release that ends anywhere.
#[cfg(feature = "proptest")]
#[test]
fn a_drawn_history_is_answered_as_the_desk_answers() {
    use super::strategies::histories;
    use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
    use std::cell::RefCell;

    let (gates, seen) = (rules(), RefCell::new([0; 2]));
    let config = ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let taken = TestRunner::new_with_rng(config, rng).run(&histories(10), |case| {
        let scene = case.scene.as_ref().unwrap();
        let played = case.play(&gates)?;
        let at_desk = block_on(decisions(&case, scene, &gates, &gates.without_gates()));
        prop_assert_eq!(played.asked.len(), at_desk.len());
        for ((_, pure), decided) in played.asked.iter().zip(&at_desk) {
            prop_assert_eq!(told(pure), told(decided));
            prop_assert_eq!(pure.clears_at(), decided.clears_at());
            seen.borrow_mut()[usize::from(pure.is_cleared())] += 1;
        }
        Ok(())
    });
    taken.unwrap_or_else(|broken| panic!("{broken}"));
    let [refused, cleared] = seen.into_inner();
    assert!(
        refused > 200 && cleared > 200,
        "{refused} refused, {cleared} cleared"
    );
}
