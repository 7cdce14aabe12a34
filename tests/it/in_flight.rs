//! Deployments while calendars close and open: what is proposed for those that run, and which of the others may start.

use crate::desk_support::{
    HandClock, Office, at, attempt, by, key, office, package, run_of, text, titled, wait,
    went_live, worthwhile,
};
use phasegate::desk::StreamError;
use phasegate::gate::{FreezePolicy, GateSet};
use phasegate::phase::{Action, Deployment, Interval, Seconds, Testing};
use phasegate::release::step::Deploy;
use phasegate::release::{
    Baseline, Bounded, Effect, Environment, Health, HealthObserved, Key, NextMove, OverrideGranted,
    ReleaseId, ReleasePlan, ReleaseRequest, Role, RoleGiven, RolloutContinued, RolloutPaused,
    RunningWork, Service, Wave, WaveStarted,
};
use phasegate::schedule::{
    Calendar, ExceptionAnswer, ExceptionDecision, ExceptionRequest, Schedule, Scope, Start, Timing,
    WhileClosed, Window,
};
use phasegate::{Gate, Instant, MemoryStore, Release};
use std::collections::BTreeSet;
use std::sync::Arc;

type Desk = Office<Arc<MemoryStore>>;

/// The instant of that time of the day.
fn time(of_day: &str) -> Instant {
    at(&format!("2026-03-02T{of_day}:00Z"))
}

fn span(start: &str, end: &str) -> Interval {
    Interval::new(time(start), time(end)).unwrap()
}

fn closed(running_work: RunningWork) -> WhileClosed {
    WhileClosed::new(
        Effect::Blocked,
        running_work,
        Effect::Allowed,
        Effect::Warned,
    )
}

/// Declares a freeze from one until three.
fn freeze(office: &Desk, running_work: RunningWork) {
    let timing = Timing::between(span("13:00", "15:00"));
    declare(
        office,
        Window::freeze(key("payday"), timing, closed(running_work)),
    );
}

fn declare(office: &Desk, window: Window) {
    wait(
        office
            .desk
            .declare_window(&key("production"), window, by("ann")),
    )
    .unwrap();
}

fn calendars() -> BTreeSet<Key> {
    [key("production")].into()
}

fn waves(names: &[&str]) -> ReleasePlan {
    let mut plan = ReleasePlan::new(Seconds::hours(1));
    let waves = names
        .iter()
        .map(|name| Wave::new(key(name), Seconds::hours(1)));
    plan.waves = Bounded::new(waves.collect()).unwrap();
    plan
}

/// A release in Testing with that plan, tested.
fn tested(office: &Desk, request: ReleaseRequest, plan: ReleasePlan) -> Release<Testing> {
    let release = office.done(office.asked(request), "kim");
    let release = office.done(release.authorise(worthwhile()), "cho");
    let release = office.recorded(office.with_manager(release), plan, "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("one")), "tom");
    let run = run_of("run", &package("one"), 5, 0);
    office.recorded(release, run, "tom")
}

/// A release that is deployed from noon on, in waves of an hour.
fn deployed(office: &Desk, plan: ReleasePlan) -> Release<Deployment> {
    let release = tested(office, titled("Shop 2.4"), plan);
    office.done(release.deploy(span("12:00", "18:00")), "ada")
}

fn started(office: &Desk, release: Release<Deployment>, wave: &str) -> Release<Deployment> {
    office.recorded(release, WaveStarted::new(key(wave)), "dep")
}

fn seen_healthy(office: &Desk, release: Release<Deployment>, wave: &str) -> Release<Deployment> {
    office.recorded(
        release,
        HealthObserved::new(key(wave), Health::Healthy),
        "dep",
    )
}

/// What the desk proposes now, and the windows that have a say.
fn proposed(office: &Desk) -> (NextMove, Vec<String>) {
    let place = Scope::everything();
    let mut told = wait(office.desk.deployments_in_flight(&calendars(), &place)).unwrap();
    assert_eq!(told.len(), 1);
    let (_, told) = told.remove(0);
    let windows = told.deciding.into_iter().filter_map(|one| one.window);
    (told.next, windows.map(|id| id.to_string()).collect())
}

/// A pause for the calendar.
fn paused(reason: &str) -> RolloutPaused {
    let mut paused = RolloutPaused::new(text(reason));
    paused.calendars = Bounded::new(calendars()).unwrap();
    paused
}

fn payday() -> Vec<String> {
    vec!["payday".to_owned()]
}

fn until(of_day: &str) -> NextMove {
    NextMove::Wait {
        until: time(of_day),
    }
}

fn clock(office: &Desk, of_day: &str) {
    let clock: &HandClock = &office.clock;
    clock.set(&time(of_day).to_string());
}

#[test]
fn a_wave_that_runs_when_a_freeze_starts_is_finished_and_then_the_rollout_pauses() {
    let office = office();
    freeze(&office, RunningWork::FinishWave);
    clock(&office, "12:30");
    let release = started(
        &office,
        deployed(&office, waves(&["canary", "all"])),
        "canary",
    );
    assert_eq!(proposed(&office), (until("13:30"), vec![]));

    // The freeze starts: the wave goes on to bake, and is looked at.
    clock(&office, "13:00");
    assert_eq!(proposed(&office), (until("13:30"), payday()));
    clock(&office, "13:30");
    assert_eq!(
        proposed(&office),
        (NextMove::Observe(key("canary")), payday())
    );
    let release = seen_healthy(&office, release, "canary");
    assert_eq!(proposed(&office), (NextMove::Pause, payday()));

    let paused = paused("payday");
    let release = office.recorded(release, paused, "dep");
    assert_eq!(release.rollout(office.now()).paused_for, calendars());
    assert_eq!(proposed(&office), (until("15:00"), payday()));

    // It is over: somebody lets it go on.
    clock(&office, "15:00");
    assert_eq!(proposed(&office), (NextMove::Continue, vec![]));
    let release = office.recorded(
        release,
        RolloutContinued::new(text("payday is over")),
        "ada",
    );
    assert_eq!(proposed(&office), (NextMove::StartWave(key("all")), vec![]));
    let release = started(&office, release, "all");
    let release = office.recorded(release, attempt("first"), "dep");
    clock(&office, "16:00");
    let release = seen_healthy(&office, release, "all");
    assert_eq!(proposed(&office), (NextMove::EndAttempt, vec![]));
    let release = office.recorded(release, went_live("first"), "dep");
    assert_eq!(proposed(&office), (NextMove::Finish, vec![]));
    drop(office.again(&release));
}

#[test]
fn work_that_may_run_on_goes_from_wave_to_wave() {
    let office = office();
    freeze(&office, RunningWork::RunOn);
    let release = started(
        &office,
        deployed(&office, waves(&["canary", "all"])),
        "canary",
    );
    clock(&office, "13:30");
    let release = seen_healthy(&office, release, "canary");
    assert_eq!(proposed(&office), (NextMove::StartWave(key("all")), vec![]));
    drop(release);
}

#[test]
fn work_that_has_to_end_is_backed_out_and_what_has_not_begun_waits() {
    let office = office();
    freeze(&office, RunningWork::Abort);
    let release = deployed(&office, waves(&["canary", "all"]));
    clock(&office, "13:00");
    assert_eq!(
        proposed(&office),
        (NextMove::Pause, payday()),
        "nothing has begun"
    );
    let release = started(&office, release, "canary");
    assert_eq!(proposed(&office), (NextMove::ProposeBackOut, payday()));
    // Not if it is paused, either: what runs is live.
    let release = office.recorded(release, RolloutPaused::new(text("wait")), "dep");
    assert_eq!(proposed(&office), (NextMove::ProposeBackOut, payday()));
    clock(&office, "15:00");
    assert_eq!(proposed(&office), (NextMove::Ask, vec![]));
    drop(release);
}

#[test]
fn what_is_done_is_finished_and_what_failed_is_backed_out_whatever_the_calendar_says() {
    for running_work in [RunningWork::FinishWave, RunningWork::Abort] {
        let office = office();
        freeze(&office, running_work);
        let release = started(&office, deployed(&office, waves(&["all"])), "all");
        let release = office.recorded(release, attempt("first"), "dep");
        let release = office.recorded(release, went_live("first"), "dep");
        clock(&office, "13:00");
        let release = seen_healthy(&office, release, "all");
        assert_eq!(proposed(&office), (NextMove::Finish, payday()));
        let failed = HealthObserved::new(key("all"), Health::Failed);
        let release = office.recorded(release, failed, "dep");
        assert_eq!(proposed(&office), (NextMove::ProposeBackOut, payday()));
        drop(release);
    }
}

#[test]
fn nothing_more_begins_by_itself_once_the_window_is_over() {
    let office = office();
    freeze(&office, RunningWork::RunOn);
    let release = started(
        &office,
        deployed(&office, waves(&["canary", "all"])),
        "canary",
    );
    clock(&office, "17:59");
    let release = seen_healthy(&office, release, "canary");
    assert_eq!(proposed(&office), (NextMove::StartWave(key("all")), vec![]));
    clock(&office, "18:00");
    assert_eq!(proposed(&office), (NextMove::Ask, vec![]));
    drop(release);
}

#[test]
fn a_rollout_without_waves_is_one_wave() {
    let office = office();
    freeze(&office, RunningWork::FinishWave);
    let release = deployed(&office, waves(&[]));
    clock(&office, "13:00");
    assert_eq!(proposed(&office).0, NextMove::Pause, "no attempt has begun");
    let release = office.recorded(release, attempt("first"), "dep");
    assert_eq!(proposed(&office).0, NextMove::EndAttempt);
    let paused = paused("payday");
    let release = office.recorded(release, paused, "dep");
    assert_eq!(
        proposed(&office).0,
        until("15:00"),
        "paused while the attempt runs"
    );
    let release = office.recorded(release, went_live("first"), "dep");
    assert_eq!(
        proposed(&office).0,
        NextMove::Finish,
        "nothing is left to wait for"
    );
    drop(release);
}

#[test]
fn an_allow_window_that_closes_while_work_runs_is_asked_for_its_rule_too() {
    let office = office();
    let night = Timing::between(span("11:00", "13:00"));
    declare(
        &office,
        Window::allow(key("night"), night, closed(RunningWork::FinishWave)),
    );
    let release = started(
        &office,
        deployed(&office, waves(&["canary", "all"])),
        "canary",
    );
    clock(&office, "13:00");
    let release = seen_healthy(&office, release, "canary");
    let night = vec!["night".to_owned()];
    assert_eq!(proposed(&office), (NextMove::Pause, night.clone()));
    let paused = paused("the night is over");
    let release = office.recorded(release, paused, "dep");
    // It never opens again: so a person is asked, and nothing waits for ever.
    assert_eq!(proposed(&office), (NextMove::Ask, night));
    let again = Timing::between(span("14:00", "16:00"));
    declare(
        &office,
        Window::allow(key("night-2"), again, closed(RunningWork::FinishWave)),
    );
    assert_eq!(proposed(&office).0, until("14:00"));
    clock(&office, "14:00");
    assert_eq!(proposed(&office).0, NextMove::Continue);
    drop(release);
}

#[test]
fn a_pause_for_another_reason_asks_a_person_whatever_the_calendar_says() {
    let office = office();
    freeze(&office, RunningWork::FinishWave);
    let paused = paused("payday");
    let by_hand = RolloutPaused::new(text("the phones ring"));
    let release = started(
        &office,
        deployed(&office, waves(&["canary", "all"])),
        "canary",
    );
    clock(&office, "13:00");
    let release = office.recorded(release, paused.clone(), "dep");
    let release = office.recorded(release, by_hand, "dep");
    let release = office.recorded(release, paused.clone(), "dep");
    assert!(release.rollout(office.now()).paused_for.is_empty());
    assert_eq!(proposed(&office).0, NextMove::Ask);
    clock(&office, "15:00");
    assert_eq!(proposed(&office).0, NextMove::Ask);

    // Health that is in doubt is such a reason, too.
    let release = office.recorded(release, RolloutContinued::new(text("all quiet")), "ada");
    let release = office.recorded(release, paused, "dep");
    assert_eq!(proposed(&office).0, NextMove::Continue);
    let doubt = HealthObserved::new(key("canary"), Health::Inconclusive);
    let release = office.recorded(release, doubt, "dep");
    assert_eq!(proposed(&office).0, NextMove::Ask);
    assert_eq!(office.again(&release), release);
}

#[test]
fn an_emergency_that_may_start_in_a_freeze_is_not_paused_by_it() {
    let office = office();
    freeze(&office, RunningWork::FinishWave);
    clock(&office, "13:00");
    let release = office.expedited();
    assert_eq!(proposed(&office), (NextMove::StartAttempt, vec![]));
    // Where emergencies are blocked, too, they go by the rule for work that runs.
    let mut blocked = closed(RunningWork::Abort);
    blocked.emergencies = Effect::Blocked;
    let stop = Timing::without_end(time("13:00"));
    declare(&office, Window::freeze(key("stop"), stop, blocked));
    let stopped = vec!["stop".to_owned()];
    assert_eq!(proposed(&office), (NextMove::Pause, stopped.clone()));
    let release = office.recorded(release, attempt("first"), "dep");
    assert_eq!(proposed(&office), (NextMove::ProposeBackOut, stopped));
    drop(release);
}

fn except(office: &Desk, id: &str, release: ReleaseId, within: Interval) {
    let (calendar, id) = (key("production"), key(id));
    let freezes = BTreeSet::from([key("payday")]);
    let freezes = Bounded::new(freezes).unwrap();
    let request = ExceptionRequest::new(id.clone(), release, freezes, within, text("now or never"));
    wait(office.desk.request_exception(&calendar, request, by("ada"))).unwrap();
    let decision = ExceptionDecision::new(id, ExceptionAnswer::Granted(within), text("so be it"));
    wait(office.desk.decide_exception(&calendar, decision, by("cho"))).unwrap();
}

#[test]
fn an_exception_binds_the_freeze_as_long_as_it_is_granted() {
    let office = office();
    freeze(&office, RunningWork::FinishWave);
    let release = started(
        &office,
        deployed(&office, waves(&["canary", "all"])),
        "canary",
    );
    clock(&office, "13:00");
    let release = seen_healthy(&office, release, "canary");
    except(
        &office,
        "other",
        ReleaseId::from(uuid::Uuid::nil()),
        span("13:00", "14:00"),
    );
    assert_eq!(proposed(&office), (NextMove::Pause, payday()));
    except(&office, "this", release.id(), span("13:00", "14:00"));
    assert_eq!(proposed(&office), (NextMove::StartWave(key("all")), vec![]));
    clock(&office, "14:00");
    assert_eq!(proposed(&office), (NextMove::Pause, payday()));
}

#[test]
fn the_schedule_is_asked_about_the_place_and_the_release() {
    let office = office();
    let staging = [Environment::new("staging").unwrap()];
    let scope = Scope::builder().environments(staging.clone()).build();
    let timing = Timing::between(span("12:00", "15:00"));
    let window = Window::freeze(key("payday"), timing, closed(RunningWork::FinishWave));
    declare(&office, window.about(scope.clone()));
    let release = deployed(&office, waves(&["canary"]));
    let next = |place: &Scope| {
        let told = wait(office.desk.deployments_in_flight(&calendars(), place)).unwrap();
        told[0].1.next.clone()
    };
    assert_eq!(next(&scope), NextMove::Pause);
    let live = [Environment::new("shop.example").unwrap()];
    let place = Scope::builder().environments(live).build();
    assert_eq!(next(&place), NextMove::StartWave(key("canary")));
    // Services of the place are not looked at: they are those of the release.
    let odd = Scope::builder()
        .services([Service::new("bank").unwrap()])
        .build();
    let other = Scope::builder()
        .services([Service::new("shop").unwrap()])
        .build();
    let timing = Timing::between(span("12:00", "15:00"));
    let window = Window::freeze(key("payday"), timing, closed(RunningWork::FinishWave));
    declare(&office, window.about(other));
    assert_eq!(
        next(&odd),
        NextMove::Pause,
        "the release names no service: it may touch every one"
    );
    drop(release);
}

#[test]
fn what_cannot_be_read_is_an_error_and_no_shorter_list() {
    let office = office();
    let place = Scope::everything();
    let refused = wait(office.desk.deployments_in_flight(&calendars(), &place)).unwrap_err();
    assert!(matches!(refused, StreamError::NotFound { .. }), "{refused}");
    let refused = wait(office.desk.deployments_waiting(&calendars(), &place)).unwrap_err();
    assert!(matches!(refused, StreamError::NotFound { .. }), "{refused}");
    // Without calendars nothing is closed.
    assert!(
        wait(office.desk.deployments_in_flight(&BTreeSet::new(), &place))
            .unwrap()
            .is_empty()
    );
}

// What waits.

fn planned(start: &str, end: &str) -> ReleasePlan {
    let mut plan = ReleasePlan::new(Seconds::hours(1));
    plan.window = Some(span(start, end));
    plan
}

/// The titles of what waits, and when each may start.
fn waiting(office: &Desk) -> Vec<(String, Start)> {
    let place = Scope::everything();
    let waiting = wait(office.desk.deployments_waiting(&calendars(), &place)).unwrap();
    let titled = waiting.into_iter().map(|(release, planned)| {
        let title = release.view().request.unwrap().title.to_string();
        (title, planned.start)
    });
    titled.collect()
}

#[test]
fn what_waited_may_start_when_the_window_opens() {
    let office = office();
    freeze(&office, RunningWork::FinishWave);
    clock(&office, "12:00");
    let later = tested(&office, titled("Later"), planned("16:00", "17:00"));
    let across = tested(&office, titled("Across"), planned("14:00", "17:00"));
    let before = tested(&office, titled("Before"), planned("11:00", "13:00"));
    let within = tested(&office, titled("Within"), planned("13:30", "14:30"));
    let unplanned = office.tested();
    let on_hold = tested(&office, titled("On hold"), planned("11:00", "13:00"));
    let on_hold = office.done(on_hold.hold(text("wait")), "ada");
    let until = |of_day| Start::Wait {
        until: time(of_day),
    };
    let replan = |of_day| Start::Replan {
        earliest: Some(time(of_day)),
    };
    let told = |before, within, across, later| {
        [
            ("Before", before),
            ("Within", within),
            ("Across", across),
            ("Later", later),
        ]
        .map(|(title, start)| (title.to_owned(), start))
    };
    assert_eq!(
        waiting(&office),
        told(Start::Now, replan("15:00"), until("15:00"), until("16:00"))
    );
    clock(&office, "13:00");
    assert_eq!(
        waiting(&office),
        told(
            replan("15:00"),
            replan("15:00"),
            until("15:00"),
            until("16:00")
        )
    );
    clock(&office, "15:00");
    assert_eq!(
        waiting(&office),
        told(replan("15:00"), replan("15:00"), Start::Now, until("16:00"))
    );
    clock(&office, "16:30");
    assert_eq!(
        waiting(&office),
        told(replan("16:30"), replan("16:30"), Start::Now, Start::Now)
    );
    // What has started waits no more.
    let across = office.done(across.deploy(span("16:30", "17:00")), "ada");
    assert_eq!(waiting(&office).len(), 3);
    drop((across, later, before, within, unplanned, on_hold));
}

#[test]
fn a_freeze_that_an_override_lifted_does_not_stop_the_deployment_that_runs() {
    let gate = Gate::<Deploy>::new("production", 1).unwrap();
    let gate = gate.require(FreezePolicy::new(key("production")));
    let gate = gate.overridable_by([Role::ChangeAuthority]);
    let office = office().with_gates(GateSet::new().with(gate));
    freeze(&office, RunningWork::FinishWave);
    let release = tested(&office, titled("Now"), waves(&["canary", "all"]));
    let role = RoleGiven::new(
        phasegate::Person::new("cho").unwrap(),
        Role::ChangeAuthority,
    );
    let release = office.recorded(release, role, "ada");
    let mut granted = OverrideGranted::new(
        key("O-1"),
        Action::Deploy,
        key("freeze"),
        key("frozen"),
        Role::ChangeAuthority,
        text("now or never"),
        time("14:00"),
    );
    granted.about = Some(key("payday"));
    let release = office.recorded(release, granted, "cho");
    clock(&office, "13:10");
    let release = office.done(release.deploy(span("13:00", "14:00")), "dep");
    assert_eq!(
        proposed(&office),
        (NextMove::StartWave(key("canary")), vec![])
    );
    clock(&office, "14:00");
    assert_eq!(
        proposed(&office),
        (NextMove::Pause, payday()),
        "its window is over"
    );
    clock(&office, "13:20");
    let stop = Timing::without_end(time("13:00"));
    declare(
        &office,
        Window::freeze(key("payday"), stop, closed(RunningWork::FinishWave)),
    );
    assert_eq!(
        proposed(&office),
        (NextMove::Pause, payday()),
        "it is another freeze"
    );
    drop(release);
}

#[test]
fn an_exception_lets_planned_work_start_once() {
    let gate = Gate::<Deploy>::new("production", 1).unwrap();
    let gate = gate.require(FreezePolicy::new(key("production")));
    let office = office().with_gates(GateSet::new().with(gate));
    freeze(&office, RunningWork::FinishWave);
    let release = tested(&office, titled("Now"), planned("13:30", "14:30"));
    clock(&office, "13:30");
    except(&office, "half", release.id(), span("13:00", "14:00"));
    assert!(matches!(waiting(&office)[0].1, Start::Replan { .. }));
    except(&office, "whole", release.id(), span("13:00", "15:00"));
    assert_eq!(waiting(&office)[0].1, Start::Now);

    // Back from Deployment, it has used the exception up.
    let release = office.done(release.deploy(span("13:30", "14:30")), "ada");
    let release = office.done(release.back_out(text("no")), "ada");
    let release = office.done(release.replan(text("again")), "ada");
    let release = office.recorded(release, planned("13:30", "14:30"), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("two")), "tom");
    assert!(matches!(waiting(&office)[0].1, Start::Replan { .. }));
    drop(release);
}

#[test]
fn a_planned_start_is_told_with_the_windows_that_decide() {
    let timing = Timing::between(span("13:00", "15:00"));
    let mut soft = closed(RunningWork::RunOn);
    soft.new_work = Effect::Warned;
    let soft = Window::freeze(key("soft"), timing.clone(), soft);
    let hard = Window::freeze(key("hard"), timing, closed(RunningWork::RunOn));
    let calendar = Calendar::new(key("production"));
    let everything = Scope::everything();
    let start = |calendar: &Calendar, at: &str| {
        let schedule = Schedule::from(calendar.clone());
        let told = schedule.planned_start(span("12:00", "16:00"), time(at), &everything);
        let windows = told.deciding.into_iter().filter_map(|one| one.window);
        (
            told.start,
            windows.map(|id| id.to_string()).collect::<Vec<_>>(),
        )
    };
    let calendar = calendar.with(soft).unwrap();
    assert_eq!(
        start(&calendar, "12:00"),
        (Start::Now, vec!["soft".to_owned()])
    );
    let calendar = calendar.with(hard).unwrap();
    let until = time("15:00");
    let both = vec!["soft".to_owned(), "hard".to_owned()];
    assert_eq!(
        start(&calendar, "12:00"),
        (Start::Wait { until }, both.clone())
    );
    assert_eq!(start(&calendar, "14:00"), (Start::Wait { until }, both));
    assert_eq!(start(&calendar, "15:00"), (Start::Now, vec![]));
    assert_eq!(
        start(&calendar, "16:00"),
        (
            Start::Replan {
                earliest: Some(time("16:00"))
            },
            vec![]
        )
    );
    let calendar = calendar.closed_unless_allowed(closed(RunningWork::RunOn));
    assert_eq!(
        start(&calendar, "16:00").0,
        Start::Replan { earliest: None }
    );
}
