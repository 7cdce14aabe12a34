//! What is drawn for property tests: it is possible, it covers what it promises, it is the same for the same seed, and
//! what is found shrinks to something small.
#![expect(clippy::too_many_lines, reason = "a long table of what is promised")]

use crate::desk_support::{at, key};
use crate::web_service_checks::gates as web_service;
use phasegate::Gate;
use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, Duty, EvidencePolicy, FreezePolicy, GateSet, Percent,
    Policies, Quorum,
};
use phasegate::phase::{Action, Interval, PhaseName, RecordKind, Standing};
use phasegate::release::step::{Authorise, Deploy};
use phasegate::release::{
    Asking, Assessment, AssessmentDecision, Effect, Role, RunningWork, TestKind, Track, WindowKind,
    replay, verify,
};
use phasegate::schedule::{Calendar, Window};
use phasegate::testing::{Case, Played, Scene, check_files, difference, strategies};
use phasegate::verify::Question;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

fn runner(cases: u32) -> TestRunner {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config(cases), rng)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// So many values, the same every time.
fn drawn<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = runner(1);
    let draw = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..count).map(draw).collect()
}

fn april() -> Interval {
    Interval::new(at("2026-03-02T00:00:00Z"), at("2026-04-30T00:00:00Z")).unwrap()
}

/// Two approve, neither of whom deploys; it is tested, and nothing is frozen.
fn rules(approvals: u32) -> GateSet {
    let by = [Approver::Role(Role::ChangeAuthority)];
    let authority = ApprovalRule::new(key("authority"), Quorum::Count(approvals), by).unwrap();
    let authority = ApprovalsPolicy::new([authority]).unwrap();
    let tested = EvidencePolicy::new([(TestKind::Functional, Percent::new(95).unwrap())]);
    let go = Gate::<Deploy>::new("go", 1).unwrap();
    GateSet::new().with(
        go.require(authority.not_by(Duty::Deployer))
            .require(tested)
            .require(FreezePolicy::new(key("production"))),
    )
}

fn asked(scene: Scene, gates: &GateSet) -> Played {
    let story = Case::named("drawn").given(scene);
    let story = story.when("dep", Deploy::new(april()));
    story
        .play(gates)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn every_scene_is_possible_and_its_log_is_real() {
    let standings: BTreeSet<_> = drawn(&strategies::scenes(), 600)
        .into_iter()
        .map(|scene| {
            let given = format!("{scene:?}");
            let fixture = scene
                .fixture()
                .unwrap_or_else(|wrong| panic!("{wrong}: {given}"));
            let log: Vec<_> = fixture.log().cloned().collect();
            let release = fixture.into_release();
            if !log.is_empty() {
                verify(&log).unwrap();
                assert_eq!(replay(&log).unwrap().anywhere(), release, "{given}");
            }
            // Answers for steps are given too, whatever is asked for.
            let played = asked(scene, &rules(2));
            assert_eq!(played.asked.len(), 1);
            release.standing()
        })
        .collect();
    assert_eq!(standings, Standing::ALL.iter().copied().collect());
}

#[test]
fn a_scene_says_itself_as_a_file_does() {
    for scene in drawn(&strategies::scenes(), 200) {
        let told = format!("{scene:?}");
        let json = told
            .strip_prefix("Scene(")
            .unwrap()
            .strip_suffix(')')
            .unwrap();
        let read: Scene = serde_json::from_str(json).unwrap();
        assert_eq!(
            read.fixture().unwrap().log().count(),
            scene.fixture().unwrap().log().count()
        );
        assert_eq!(format!("{read:?}"), told);
    }
}

/// A drawn story that shows something can go into the file of cases as it is printed.
#[test]
fn a_story_says_itself_as_a_file_does() {
    for story in drawn(&strategies::histories(8), 100) {
        let told = format!("{story:?}");
        assert!(!told.contains("units"), "{told}");
        let json = told.strip_prefix("Case(").unwrap();
        let json = json.strip_suffix(')').unwrap();
        let mut case: serde_json::Value = serde_json::from_str(json).unwrap();
        let turns = case["turns"].as_array_mut().unwrap();
        for turn in turns.iter_mut() {
            if turn.get("step").is_some() {
                turn["then"] = serde_json::json!({ "cleared_by": [] });
            }
        }
        if turns.is_empty() {
            continue;
        }
        let file = serde_json::json!({ "cases": [case] }).to_string();
        let read = check_files(r#"{ "gates": [] }"#, &file, &Policies::new());
        let _ = read.unwrap_or_else(|mistakes| panic!("{mistakes}: {file}"));
    }
}

/// What was seen, by what it is.
#[derive(Default)]
struct Seen(BTreeMap<&'static str, BTreeSet<String>>);

impl Seen {
    fn say(&mut self, what: &'static str, one: impl std::fmt::Debug) {
        self.0.entry(what).or_default().insert(format!("{one:?}"));
    }

    #[track_caller]
    fn assert<T: std::fmt::Debug>(&self, what: &str, all: impl IntoIterator<Item = T>) {
        let seen = self.0.get(what).cloned().unwrap_or_default();
        let all: Vec<_> = all.into_iter().map(|one| format!("{one:?}")).collect();
        let missed: Vec<_> = all.iter().filter(|one| !seen.contains(*one)).collect();
        assert!(missed.is_empty(), "{what}: never {missed:?}, only {seen:?}");
    }
}

#[test]
fn two_thousand_scenes_come_by_everything_that_they_promise() {
    let mut seen = Seen::default();
    for scene in drawn(&strategies::scenes(), 2_000) {
        let given: serde_json::Value = serde_json::to_value(&scene).unwrap();
        let text = |one: &serde_json::Value| one.as_str().unwrap_or("none").to_owned();
        seen.say("phase", text(&given["phase"]));
        seen.say("on hold", (given["phase"].as_str(), &given["on_hold"]));
        seen.say("route", text(&given["route"]));
        seen.say("backed out", given["backed_out"].as_bool());
        seen.say("track", text(&given["track"]));
        let people = given["people"].as_object().map_or(0, serde_json::Map::len);
        seen.say("people", people);
        for person in given["people"].as_object().into_iter().flatten() {
            for role in person.1.as_array().unwrap() {
                seen.say("role", text(role));
            }
        }
        for approval in given["approvals"].as_array().into_iter().flatten() {
            let answer = approval["answer"].as_str().unwrap_or("approved").to_owned();
            seen.say("answer", answer);
            seen.say("stands in", approval.get("on_behalf_of").is_some());
        }
        for test in given["tests"].as_array().into_iter().flatten() {
            seen.say("test", text(&test["kind"]));
        }
        for record in given["records"].as_array().into_iter().flatten() {
            for (kind, _) in record["record"].as_object().unwrap() {
                seen.say("record", kind);
            }
        }
        seen.say("calendar", given.get("calendars").is_some());
        seen.say("plan", given.get("plan").is_some());
    }
    let phases = [
        "start",
        "request",
        "plan",
        "development",
        "testing",
        "deployment",
        "review",
        "closure",
        "closed",
    ];
    seen.assert("phase", phases);
    seen.assert("route", ["none", "expedited", "unauthorised"]);
    seen.assert("backed out", [None, Some(true)]);
    seen.assert("track", ["standard", "normal", "emergency"]);
    seen.assert("people", 0..=4);
    let roles = [
        "change_authority",
        "release_manager",
        "emergency_change_authority",
        "change_advisory_board",
        "builder",
        "tester",
        "deployer",
    ];
    seen.assert("role", roles);
    seen.assert("answer", ["approved", "rejected"]);
    seen.assert("stands in", [true, false]);
    seen.assert(
        "test",
        [
            "functional",
            "integration",
            "security",
            "performance",
            "acceptance",
        ],
    );
    let records = [
        "note",
        "risk_assessment",
        "code_change",
        "checklist_item",
        "stakeholders_notified",
        "delegated",
    ];
    seen.assert("record", records);
    seen.assert("calendar", [true, false]);
    seen.assert("plan", [true, false]);
}

#[test]
fn two_thousand_calendars_have_windows_of_every_kind() {
    let mut seen = Seen::default();
    for calendar in drawn(&strategies::schedules(key("production")), 2_000) {
        let read = Calendar::from_json(&serde_json::to_string(&calendar).unwrap());
        assert_eq!(read, Ok(calendar.clone()));
        seen.say("windows", calendar.windows().count());
        seen.say("otherwise", calendar.otherwise().is_some());
        let march = april();
        let spans = |window: &Window| window.occurrences(march);
        for (place, window) in calendar.windows().enumerate() {
            let told = serde_json::to_value(window.timing()).unwrap();
            let is_recurring = told.get("rule").is_some();
            seen.say(
                "kind",
                (window.kind(), told.get("ends").is_some(), is_recurring),
            );
            seen.say(
                "scope",
                window.scope() == &phasegate::schedule::Scope::everything(),
            );
            let closed = window.while_closed();
            for effect in [closed.new_work, closed.back_outs, closed.emergencies] {
                seen.say("effect", effect);
            }
            seen.say("running", closed.running_work);
            for other in calendar.windows().skip(place + 1) {
                let (one, other) = (spans(window), spans(other));
                let overlap = one.iter().any(|a| {
                    other
                        .iter()
                        .any(|b| a.start() < b.end() && b.start() < a.end())
                });
                seen.say("overlap", overlap);
            }
        }
    }
    seen.assert("windows", 0..=4);
    seen.assert("otherwise", [true, false]);
    for kind in [WindowKind::Freeze, WindowKind::Allow] {
        seen.assert("kind", [(kind, true, false), (kind, false, false)]);
        if cfg!(feature = "calendar") {
            seen.assert("kind", [(kind, true, true)]);
        }
    }
    seen.assert("scope", [true, false]);
    seen.assert("effect", [Effect::Allowed, Effect::Warned, Effect::Blocked]);
    seen.assert(
        "running",
        [
            RunningWork::RunOn,
            RunningWork::FinishWave,
            RunningWork::Abort,
        ],
    );
    seen.assert("overlap", [true, false]);
}

#[test]
fn stories_take_every_step_and_are_refused_every_step() {
    let (mut seen, gates) = (Seen::default(), rules(1));
    for story in drawn(&strategies::histories(12), 1_000) {
        let played = story
            .play(&gates)
            .unwrap_or_else(|wrong| panic!("{wrong}: {story:?}"));
        assert!(played.asked.len() <= 12);
        for (question, decision) in &played.asked {
            assert_eq!(question.ask(&gates), *decision);
            let Asking::Step(step) = &decision.asked else {
                panic!("{decision}");
            };
            seen.say("step", (step, decision.is_cleared()));
        }
        for entry in played.end.log() {
            seen.say("entry", &entry.kind);
        }
        let log: Vec<_> = played.end.log().cloned().collect();
        if !log.is_empty() {
            verify(&log).unwrap();
            assert_eq!(&replay(&log).unwrap().anywhere(), played.end.release());
        }
    }
    let steps = Action::ALL.iter();
    seen.assert("step", steps.flat_map(|step| [(step, true), (step, false)]));
    let kinds = [
        RecordKind::Approval,
        RecordKind::TestRun,
        RecordKind::RiskAssessment,
    ];
    seen.assert("entry", kinds.map(RecordKind::event_kind));
}

#[test]
fn the_same_seed_draws_the_same() {
    let told = || {
        let scenes = drawn(&strategies::scenes(), 20);
        let stories = drawn(&strategies::histories(8), 20);
        let releases = drawn(&strategies::releases(), 20);
        let logs: Vec<Vec<_>> = releases
            .iter()
            .map(|one| one.log().cloned().collect())
            .collect();
        (scenes, stories, logs)
    };
    assert!(told() == told());
}

#[test]
fn as_many_people_as_are_asked_for_and_one_manager() {
    for people in drawn(&strategies::people(2..=12), 200) {
        assert!((2..=12).contains(&people.len()), "{people:?}");
        let managers = people
            .values()
            .filter(|roles| roles.contains(&Role::ReleaseManager));
        assert!(managers.count() <= 1, "{people:?}");
    }
    assert_eq!(drawn(&strategies::people(0..=0), 1), [BTreeMap::new()]);
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tried")]
    let turned = strategies::people(3..=1);
    assert_eq!(drawn(&turned, 1)[0].len(), 3);
}

#[test]
fn drawn_answers_are_those_of_the_people_that_are_given() {
    let scene = Scene::in_phase(PhaseName::Testing)
        .person("ann", [Role::ChangeAuthority])
        .person("ben", [Role::ChangeAuthority, Role::Tester]);
    let mut counts = BTreeSet::new();
    for scene in drawn(&strategies::approvals(scene.clone()), 200) {
        let given = serde_json::to_value(&scene).unwrap();
        let approvals = given["approvals"].as_array().map_or(0, Vec::len);
        counts.insert(approvals);
        let _ = asked(scene, &rules(2));
    }
    assert_eq!(counts, BTreeSet::from([0, 1, 2, 3]));
    // Whoever was given it last is the release manager, and nobody else answers as that.
    let manager = [Role::ReleaseManager];
    let scene = Scene::in_phase(PhaseName::Plan)
        .person("ann", manager.clone())
        .person("ben", manager);
    for scene in drawn(&strategies::approvals(scene), 50) {
        let _ = asked(scene, &rules(2));
    }
    let nobody = Scene::in_phase(PhaseName::Testing);
    assert_eq!(drawn(&strategies::approvals(nobody.clone()), 1), [nobody]);
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn the_same_gates_differ_in_no_drawn_scene(scene in strategies::scenes()) {
        let gates = rules(2);
        let played = asked(scene, &gates);
        let over = played.asked.iter().map(|(question, _)| ("drawn", question));
        prop_assert!(difference(&gates, &gates.clone(), over).is_none());
    }

    #[test]
    fn a_release_under_a_model_can_be_drawn_too(scene in strategies::scenes_in(PhaseName::Request)) {
        let scene = scene.following("web-service").on_track(Track::Normal);
        let authorise = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
        let played = Case::named("drawn").given(scene).when("cho", authorise).play(&web_service())?;
        prop_assert_eq!(played.asked.len(), 1);
    }

    #[test]
    fn a_question_of_a_drawn_release_is_answered_as_it_is_explained(release in strategies::releases()) {
        use phasegate::{gate::Facts, release::By, Person};
        let (gates, by) = (rules(2), By::new(Person::new("dep").unwrap()));
        let facts = Facts::at(release.now());
        let step = || Deploy::new(april());
        let question = Question::of(&gates, release.release(), step(), &facts, &by);
        let explained = gates.explain(release.release(), step(), &facts, &by);
        prop_assert_eq!(question.ask(&gates), explained);
    }
}

/// Who approved is counted by hand, off the log.
fn nobody_deploys_what_one_approved(gates: &GateSet, scene: Scene) -> Result<(), TestCaseError> {
    let played = asked(scene, gates);
    let log: Vec<_> = played.end.log().map(|entry| &*entry.kind).collect();
    let approvals = log
        .iter()
        .filter(|kind| **kind == "release.approval_given")
        .count();
    let is_live = log.contains(&"release.deployment_started");
    prop_assert!(!is_live || approvals >= 2, "{} approved", approvals);
    Ok(())
}

/// A rule that asks for one approval less is found, and what shows it has nothing in it that does not matter.
#[test]
fn a_flaw_is_found_and_shrinks_to_what_matters() {
    let testing = || strategies::scenes_in(PhaseName::Testing);
    let sound = runner(500).run(&testing(), |scene| {
        nobody_deploys_what_one_approved(&rules(2), scene)
    });
    sound.unwrap();
    let found = runner(2_000).run(&testing(), |scene| {
        nobody_deploys_what_one_approved(&rules(1), scene)
    });
    let Err(TestError::Fail(_, smallest)) = found else {
        panic!("{found:?}");
    };
    insta::assert_snapshot!(format!("{smallest:?}"), @r#"Scene({"phase":"testing","at":"2026-03-02T12:00:00Z","track":"normal","people":{"ann":["change_authority"]},"tests":[{"kind":"functional","environment":"staging","passed":1}],"approvals":[{"by":"ann","as":"change_authority","answer":"approved"}],"calendars":[{"name":"production","windows":[]}]})"#);

    // The gate is on `deploy`, and what is expedited passes it by.
    let found = runner(2_000).run(&strategies::histories(8), |story| {
        let played = story.play(&rules(2))?;
        let is_live = played.asked.iter().any(|(_, decision)| {
            decision.asked == Asking::Step(Action::Expedite) && decision.is_cleared()
        });
        prop_assert!(!is_live);
        Ok(())
    });
    let Err(TestError::Fail(_, smallest)) = found else {
        panic!("{found:?}");
    };
    insta::assert_snapshot!(format!("{smallest:?}"), @r#"Case({"given":{"at":"2026-03-02T12:00:00Z","phase":"development","track":"emergency"},"name":"drawn","turns":[{"by":"dep","step":{"expedite":{"early_life_support":86400,"package":"this package","reason":"so it is decided"}}}]})"#);
}
