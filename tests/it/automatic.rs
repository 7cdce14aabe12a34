//! Automatic steps: asked for when it is time, through the same gates, once, and told without filling the log.

use crate::desk_support::{
    Office, at, attempt, by, key, name, note, package, run_of, text, wait, went_live, worthwhile,
};
use crate::relations::{Meanwhile, elsewhere};
use phasegate::desk::{Automatic, AutomaticOutcome, LoadError};
use phasegate::gate::{GateSet, Policies, ReleaseModel};
use phasegate::phase::{Anywhere, Seconds, Testing};
use phasegate::release::{
    Baseline, ChecklistItem, ChecklistStatus, Envelope, Health, HealthObserved, ReleaseId,
    ReviewOutcome, TaskDone, TaskOpened, WaveStarted,
};
use phasegate::store::{Cursor, Store};
use phasegate::{Interval, MemoryStore, Release};
use std::sync::Arc;

/// Deploys and finishes by itself, once two things are looked at.
fn model() -> ReleaseModel {
    let json = r#"{
        "name": "shop", "version": 1, "title": "Shop", "tracks": ["normal"],
        "gates": [{ "name": "live", "version": 1, "step": "deploy", "rules": [
            { "rule": { "checklist": { "items": ["runbook", "on-call"] } } }
        ] }],
        "checklists": { "live": { "runbook": "Written", "on-call": "Told" } },
        "waves": [{ "name": "canary", "bake_seconds": 600 }, { "name": "all", "bake_seconds": 600 }],
        "early_life_support_seconds": 3600,
        "automatic": [
            { "step": "start_development", "by": "autopilot" },
            { "step": "deploy", "by": "autopilot" },
            { "step": "finish_deployment", "by": "autopilot" },
            { "step": "close", "by": "janitor" }
        ]
    }"#;
    ReleaseModel::from_json(json, &Policies::new()).unwrap()
}

fn shop() -> Office<Arc<MemoryStore>> {
    Office::on(Arc::new(MemoryStore::new())).with_gates(GateSet::new().with_model(model()))
}

/// What was asked for by itself: title, step, and what came of it.
fn asked<S: Store>(office: &Office<S>) -> Vec<(String, &'static str)> {
    let told = wait(office.desk.run_automatic(None, 100)).unwrap();
    assert_eq!(told.next, None);
    let of = |one: Automatic| {
        let outcome = match one.outcome {
            AutomaticOutcome::Taken { .. } => "taken",
            AutomaticOutcome::Refused {
                is_recorded: true, ..
            } => "refused",
            AutomaticOutcome::Refused { .. } => "refused still",
            AutomaticOutcome::NotCommitted(_) | _ => "not committed",
        };
        (one.step.to_string(), outcome)
    };
    let answers = told.answers.into_iter();
    answers.map(|one| of(one.answer.unwrap())).collect()
}

fn step(step: &str, outcome: &'static str) -> (String, &'static str) {
    (step.to_owned(), outcome)
}

fn log<S: Store>(office: &Office<S>, id: ReleaseId) -> Vec<Envelope> {
    wait(office.desk.history(id)).unwrap()
}

fn count<S: Store>(office: &Office<S>, id: ReleaseId, kind: &str) -> usize {
    let log = log(office, id);
    log.iter().filter(|entry| entry.kind == kind).count()
}

/// Tested, and planned to go live from two o'clock to three.
fn ready<S: Store>(office: &Office<S>) -> Release<Testing> {
    let request = office.asked(model().request(name("Shop 2.4")));
    let release = office.done(request, "kim");
    let release = office.done(release.authorise(worthwhile()), "cho");
    let release = office.with_manager(release);
    let mut plan = model().plan();
    let (from, until) = (at("2026-03-02T14:00:00Z"), at("2026-03-02T15:00:00Z"));
    plan.window = Some(Interval::new(from, until).unwrap());
    let release = office.recorded(release, plan, "ada");
    assert_eq!(asked(office), []);
    let release = office.recorded(release, Baseline::new(), "ada");
    assert_eq!(asked(office), [step("start_development", "taken")]);
    assert_eq!(asked(office), []);
    let release = wait(office.desk.load_as(release.id())).unwrap();
    let release: Release<phasegate::phase::Development> = release;
    let release = office.done(release.start_testing(package("one")), "ada");
    let release = office.recorded(release, run_of("run", &package("one"), 19, 1), "tom");
    assert_eq!(asked(office), []);
    release
}

fn looked(item: &str) -> ChecklistItem {
    ChecklistItem::new(key(item), ChecklistStatus::Done)
}

fn again<S: Store>(office: &Office<S>, id: ReleaseId) -> Release<Anywhere> {
    wait(office.desk.load(id)).unwrap().anywhere()
}

#[test]
fn a_release_goes_on_by_itself_where_its_model_says_so() {
    let office = shop();
    let release = ready(&office);
    let id = release.id();
    let release = office.recorded(release, looked("runbook"), "ada");
    let _ = office.recorded(release, looked("on-call"), "ada");
    office.clock.set("2026-03-02T13:59:59.999999Z");
    assert_eq!(asked(&office), []);
    office.clock.set("2026-03-02T14:00:00Z");
    assert_eq!(asked(&office), [step("deploy", "taken")]);
    let last = log(&office, id).pop().unwrap();
    assert_eq!(last.kind, "release.deployment_started");
    assert_eq!(last.actor.to_string(), "autopilot (system)");
    assert_eq!(asked(&office), []);

    let mut release = again(&office, id);
    release = office.recorded(release, attempt("first"), "dep");
    release = office.recorded(release, went_live("first"), "dep");
    for wave in ["canary", "all"] {
        assert_eq!(asked(&office), []);
        release = office.recorded(release, WaveStarted::new(key(wave)), "dep");
        office.clock.pass(Seconds::minutes(10));
        assert_eq!(asked(&office), []);
        let healthy = HealthObserved::new(key(wave), Health::Healthy);
        release = office.recorded(release, healthy, "dep");
    }
    assert_eq!(asked(&office), [step("finish_deployment", "taken")]);
    office.clock.pass(Seconds::hours(1));
    // How it turned out is for somebody to say.
    assert_eq!(asked(&office), []);
    let release = wait(office.desk.load_as(id)).unwrap();
    let release: Release<phasegate::phase::Review> = release;
    let release = office.done(release.complete_review(ReviewOutcome::Successful), "ada");
    let task = TaskOpened::new(key("T-1"), name("tell the shops"));
    // Whoever is faster: a task is there before the janitor comes.
    let release = office.recorded(release, task, "ada");
    assert_eq!(asked(&office), []);
    let _ = office.recorded(release, TaskDone::new(key("T-1")), "ada");
    assert_eq!(asked(&office), [step("close", "taken")]);
    assert_eq!(count(&office, id, "release.step_refused"), 0);
    assert_eq!(asked(&office), []);
}

#[test]
fn the_same_refusal_is_written_once() {
    let office = shop();
    let release = ready(&office);
    let id = release.id();
    let refusals = |office: &Office<_>| count(office, id, "release.step_refused");
    office.clock.set("2026-03-02T14:00:00Z");
    assert_eq!(asked(&office), [step("deploy", "refused")]);
    for minute in 0..30 {
        office.clock.pass(Seconds::minutes(1));
        assert_eq!(
            asked(&office),
            [step("deploy", "refused still")],
            "{minute}"
        );
        // What else is written does not make it new.
        let _ = office.recorded(again(&office, id), note("waiting"), "ada");
    }
    assert_eq!(refusals(&office), 1);
    // Somebody else's refusal of the same is their own.
    let deploy = phasegate::release::step::Deploy::new(
        again(&office, id)
            .view()
            .plan
            .as_ref()
            .unwrap()
            .window
            .unwrap(),
    );
    let _ = wait(
        office
            .desk
            .run(again(&office, id).propose(deploy), by("ada")),
    )
    .unwrap_err();
    assert_eq!(asked(&office), [step("deploy", "refused still")]);
    assert_eq!(refusals(&office), 2);
    // Another blocker is news, and so it is after the release was in another phase.
    let _ = office.recorded(again(&office, id), looked("runbook"), "ada");
    let _ = asked(&office);
    let before = refusals(&office);
    let _ = asked(&office);
    assert_eq!(refusals(&office), before);
    let release = wait(office.desk.load_as::<Testing>(id)).unwrap();
    let release = office.done(release.rework(text("once more")), "ada");
    let release = office.done(release.start_testing(package("two")), "ada");
    let release = office.recorded(release, run_of("again", &package("two"), 9, 0), "tom");
    assert_eq!(asked(&office), [step("deploy", "refused")]);
    assert_eq!(asked(&office), [step("deploy", "refused still")]);
    let release = wait(office.desk.load_as::<Testing>(release.id())).unwrap();
    let release = office.recorded(release, looked("runbook"), "ada");
    let _ = office.recorded(release, looked("on-call"), "ada");
    assert_eq!(asked(&office), [step("deploy", "taken")]);
}

#[test]
fn what_was_backed_out_is_not_tried_again_by_itself() {
    let office = shop();
    let release = ready(&office);
    let id = release.id();
    let release = office.recorded(release, looked("runbook"), "ada");
    let _ = office.recorded(release, looked("on-call"), "ada");
    office.clock.set("2026-03-02T14:00:00Z");
    assert_eq!(asked(&office), [step("deploy", "taken")]);
    let release: Release<phasegate::phase::Deployment> = wait(office.desk.load_as(id)).unwrap();
    let release = office.done(release.back_out(text("it broke")), "dep");
    let release = office.done(release.replan(text("once more")), "ada");
    let _ = office.recorded(release, Baseline::new(), "ada");
    assert_eq!(asked(&office), [step("start_development", "taken")]);
    let release: Release<phasegate::phase::Development> = wait(office.desk.load_as(id)).unwrap();
    let release = office.done(release.start_testing(package("two")), "ada");
    let release = office.recorded(release, run_of("again", &package("two"), 9, 0), "tom");
    let release = office.recorded(release, looked("runbook"), "ada");
    let _ = office.recorded(release, looked("on-call"), "ada");
    let told = wait(office.desk.run_automatic(None, 10)).unwrap();
    let Ok(Automatic {
        outcome: AutomaticOutcome::Refused { decision, .. },
        ..
    }) = &told.answers[0].answer
    else {
        panic!("{told:?}");
    };
    let codes: Vec<_> = decision
        .blockers()
        .map(|one| one.reason.code.to_string())
        .collect();
    assert_eq!(codes, ["automatic-retry"]);
    assert_eq!(asked(&office), [step("deploy", "refused still")]);
}

#[test]
fn two_hosts_at_once_take_a_step_once() {
    let office = shop();
    let release = ready(&office);
    let id = release.id();
    let release = office.recorded(release, looked("runbook"), "ada");
    let _ = office.recorded(release, looked("on-call"), "ada");
    let (other, store) = elsewhere(&office);
    let both = |text: &str| {
        office.clock.set(text);
        other.clock.set(text);
    };
    both("2026-03-02T14:00:00Z");
    let desk = office.desk.clone();
    store.first(move || {
        let told = wait(desk.run_automatic(None, 10)).unwrap();
        assert_eq!(told.answers.len(), 1);
    });
    // The other one has already decided; it asks for the very same, and is told that it is done.
    assert_eq!(asked(&other), [step("deploy", "taken")]);
    assert_eq!(count(&office, id, "release.deployment_started"), 1);
    assert_eq!(asked(&office), []);

    // And a refusal of both is written once.
    let release = ready_at_noon(&office);
    let id = release.id();
    both("2026-03-02T14:30:00Z");
    let (other, store) = recording(&office);
    other.clock.set("2026-03-02T14:30:01Z");
    let desk = office.desk.clone();
    store.first(move || {
        let _ = wait(desk.run_automatic(None, 10)).unwrap();
    });
    assert_eq!(asked(&other), [step("deploy", "refused still")]);
    assert_eq!(count(&office, id, "release.step_refused"), 1);
}

#[test]
fn what_cannot_be_written_is_told_and_asked_for_again() {
    let office = shop();
    let release = ready(&office);
    let id = release.id();
    let (other, store) = recording(&office);
    other.clock.set("2026-03-02T14:00:00Z");
    let is_full = |full: bool| *store.commits_left.lock().unwrap() = full.then_some(0);
    // A refusal that is not written is told, and written once it can be.
    is_full(true);
    assert_eq!(asked(&other), [step("deploy", "refused still")]);
    is_full(false);
    assert_eq!(asked(&other), [step("deploy", "refused")]);
    let release = wait(office.desk.load_as::<Testing>(id)).unwrap();
    let release = office.recorded(release, looked("runbook"), "ada");
    let _ = office.recorded(release, looked("on-call"), "ada");
    is_full(true);
    assert_eq!(asked(&other), [step("deploy", "not committed")]);
    is_full(false);
    assert_eq!(asked(&other), [step("deploy", "taken")]);
    assert_eq!(count(&office, id, "release.deployment_started"), 1);
}

#[test]
fn a_clock_that_is_set_back_takes_nothing_twice() {
    let office = shop();
    let release = ready(&office);
    let release = office.recorded(release, looked("runbook"), "ada");
    let _ = office.recorded(release, looked("on-call"), "ada");
    for time in [
        "2026-03-02T15:00:00Z",
        "2026-03-02T13:00:00Z",
        "2030-01-01T00:00:00Z",
    ] {
        office.clock.set(time);
        assert_eq!(asked(&office), [], "the window is not open at {time}");
    }
    office.clock.set("2026-03-02T14:59:59.999999Z");
    assert_eq!(asked(&office), [step("deploy", "taken")]);
    office.clock.set("2026-03-02T14:00:00Z");
    assert_eq!(asked(&office), []);
}

fn ready_at_noon<S: Store>(office: &Office<S>) -> Release<Testing> {
    office.clock.set("2026-03-02T12:00:00Z");
    ready(office)
}

/// Another desk on the same logs that writes refusals down.
fn recording(office: &Office<Arc<MemoryStore>>) -> (Office<Meanwhile>, Meanwhile) {
    let store = Meanwhile::on(office.desk.store());
    let other = Office::on(store.clone()).with_gates(office.desk.gates().clone());
    (other, store)
}

#[test]
fn nothing_is_asked_on_hold_or_without_the_model_and_bad_logs_hide_nothing() {
    let office = shop();
    let held = ready(&office);
    let bad = ready(&office);
    let good = ready(&office);
    let other = ready(&office);
    let _ = office.done(held.hold(text("money")), "ada");
    let (elsewhere, store) = elsewhere(&office);
    elsewhere.clock.set("2026-03-02T14:00:00Z");
    *store.unreadable.lock().unwrap() = Some(bad.stream().clone());
    let told = wait(elsewhere.desk.run_automatic(None, 10)).unwrap();
    let told: Vec<_> = told
        .answers
        .iter()
        .map(|one| (one.row.stream.clone(), one.answer.is_ok()))
        .collect();
    assert_eq!(
        told,
        [
            (bad.stream().clone(), false),
            (good.stream().clone(), true),
            (other.stream().clone(), true),
        ]
    );
    assert!(matches!(
        wait(elsewhere.desk.load(bad.id())),
        Err(LoadError::Store(_))
    ));
    // Page by page.
    let (mut after, mut seen): (Option<Cursor>, usize) = (None, 0);
    loop {
        let page = wait(elsewhere.desk.run_automatic(after.as_ref(), 1)).unwrap();
        seen += page.answers.len();
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, 3);
    let without = elsewhere.with_gates(GateSet::new());
    assert_eq!(asked(&without), []);
}
