//! Calendars at the gate: what a freeze refuses, what lets a release pass it, and for how long.

use crate::desk_support::{Office, at, by, key, office, package, text, wait};
use phasegate::desk::RunError;
use phasegate::gate::{
    Condition, Facts, FreezePolicy, GateSet, MaintenanceWindowPolicy, all, when,
};
use phasegate::phase::{Action, Seconds, Testing};
use phasegate::release::step::{Deploy, Rework};
use phasegate::release::{
    Decision, Effect, Enforcement, Environment, OverrideGranted, Role, RoleGiven, RunningWork,
    Track,
};
use phasegate::schedule::{
    ExceptionAnswer, ExceptionDecision, ExceptionRequest, Scope, Timing, WhileClosed, Window,
};
use phasegate::{Gate, Interval, MemoryStore, Release};
use std::sync::Arc;

type Desk = Office<Arc<MemoryStore>>;

pub(crate) fn span(start: &str, end: &str) -> Interval {
    let instant = |text: &str| format!("2026-03-{text}:00Z");
    Interval::parse(&instant(start), &instant(end)).unwrap()
}

pub(crate) fn hard() -> WhileClosed {
    WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Warned,
    )
}

pub(crate) fn freeze(id: &str, active: Interval) -> Window {
    Window::freeze(key(id), Timing::between(active), hard())
}

/// A desk whose gate for `deploy` asks the calendar `production` for freezes and allow-windows.
fn frozen(windows: impl IntoIterator<Item = Window>) -> Desk {
    let gate = Gate::<Deploy>::new("production", 1).unwrap();
    let gate = gate.require(FreezePolicy::new(key("production")));
    let gate = gate.require(MaintenanceWindowPolicy::new(key("production")));
    let office = office().with_gates(GateSet::new().with(gate));
    for window in windows {
        declare(&office, window);
    }
    office
}

pub(crate) fn declare(office: &Desk, window: Window) {
    let production = key("production");
    let declared = office.desk.declare_window(&production, window, by("mia"));
    wait(declared).unwrap();
}

fn codes(decision: &Decision) -> Vec<String> {
    let blockers = decision.blockers();
    blockers
        .map(|blocker| blocker.reason.code.to_string())
        .collect()
}

/// The decision about a deployment, and the same computed again from its record.
fn explained(office: &Desk, release: &Release<Testing>, window: Interval) -> Decision {
    let decision = wait(office.desk.explain(release, Deploy::new(window), by("kim")));
    let again = office.desk.gates().explain(
        release,
        Deploy::new(window),
        &Facts::of(&decision),
        &by("kim"),
    );
    assert_eq!(
        again, decision,
        "a decision comes out the same from its record"
    );
    let json = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision);
    decision
}

#[test]
fn a_freeze_refuses_a_window_that_runs_into_it_and_names_the_way_out() {
    let office = frozen([freeze("year-end", span("02T13:00", "04T00:00"))]);
    let release = office.tested();
    let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
    assert_eq!(
        decision.to_string(),
        "deploy refused\n  freeze: freeze `year-end` of calendar `production` is active from 2026-03-02T13:00:00Z to \
         2026-03-04T00:00:00Z; choose a window from 2026-03-04T00:00:00Z on, or ask for an exception",
    );
    let blocker = decision.blockers().next().unwrap();
    assert_eq!(blocker.reason.about, Some(key("year-end")));
}

#[test]
fn tomorrow_is_planned_while_today_is_frozen() {
    let office = frozen([freeze("today", span("02T00:00", "03T00:00"))]);
    let release = office.tested();
    let today = explained(&office, &release, span("02T20:00", "02T22:00"));
    assert_eq!(codes(&today), ["frozen"]);
    assert!(
        office
            .run(release.deploy(span("03T20:00", "03T22:00")), "kim")
            .is_ok()
    );
}

#[test]
fn what_is_left_of_a_window_clears_when_the_freeze_is_over() {
    let office = frozen([freeze("morning", span("02T00:00", "02T13:00"))]);
    let release = office.tested();
    let window = span("02T12:00", "02T15:00");
    let decision = explained(&office, &release, window);
    assert_eq!(decision.clears_at(), Some(at("2026-03-02T13:00:00Z")));
    office.clock.set("2026-03-02T12:59:59Z");
    assert_eq!(codes(&explained(&office, &release, window)), ["frozen"]);
    office.clock.set("2026-03-02T13:00:00Z");
    assert_eq!(codes(&explained(&office, &release, window)), [""; 0]);
}

#[test]
fn a_clearance_never_outlives_the_window_that_it_was_given_in() {
    let office = frozen([]);
    let release = office.tested();
    declare(&office, freeze("later", span("09T00:00", "10T00:00")));
    let window = span("02T12:00", "02T14:00");
    let facts = Facts::at(office.now())
        .with_calendar(wait(office.desk.calendar(&key("production"))).unwrap());
    let cleared = office
        .desk
        .gates()
        .decide(release.deploy(window), &facts, &by("kim"))
        .unwrap();
    assert_eq!(cleared.holds_until(), Some(window.end()));
    let late = wait(cleared.commit(office.desk.store(), window.end()));
    assert!(
        late.unwrap_err()
            .to_string()
            .contains("2026-03-02T14:00:00Z")
    );

    let release = office.tested();
    office.clock.set("2026-03-02T14:00:00Z");
    assert_eq!(
        codes(&explained(&office, &release, window)),
        ["window-over"]
    );
}

#[test]
fn a_freeze_that_is_put_on_between_reading_and_commit_is_honoured() {
    let office = frozen([freeze("elsewhen", span("20T00:00", "21T00:00"))]);
    let release = office.tested();
    let window = span("02T12:00", "02T14:00");
    let facts = Facts::at(office.now())
        .with_calendar(wait(office.desk.calendar(&key("production"))).unwrap());
    let cleared = office
        .desk
        .gates()
        .decide(release.deploy(window), &facts, &by("kim"))
        .unwrap();
    declare(
        &office,
        freeze("stop-the-line", span("02T00:00", "03T00:00")),
    );
    let failed = wait(cleared.commit(office.desk.store(), office.now())).unwrap_err();
    assert!(failed.to_string().contains("production"), "{failed}");
}

#[test]
fn a_calendar_that_was_never_begun_clears_nothing() {
    let office = frozen([]);
    let release = office.tested();
    let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
    assert_eq!(codes(&decision), ["calendar-not-read", "calendar-not-read"]);
    let nobody_read = office.desk.gates().explain(
        &release,
        Deploy::new(span("02T12:00", "02T14:00")),
        &office.facts(),
        &by("kim"),
    );
    assert_eq!(
        codes(&nobody_read),
        ["calendar-not-read", "calendar-not-read"]
    );
}

#[test]
fn a_soft_freeze_warns_and_lets_pass() {
    let mut soft = hard();
    soft.new_work = Effect::Warned;
    let window = Window::freeze(
        key("quiet"),
        Timing::between(span("02T00:00", "03T00:00")),
        soft,
    );
    let office = frozen([window]);
    let release = office.tested();
    let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
    assert!(decision.is_cleared());
    let warnings: Vec<_> = decision
        .warnings()
        .map(|warning| warning.reason.code.to_string())
        .collect();
    assert_eq!(warnings, ["freeze-warns"]);
}

#[test]
fn a_soft_freeze_is_told_once_whoever_asks() {
    let mut soft = hard();
    soft.new_work = Effect::Warned;
    let during = |start, end| Timing::between(span(start, end));
    let environment = |name| Environment::new(name).unwrap();
    let asking = |name| FreezePolicy::new(key("production")).in_environments([environment(name)]);
    let gate = Gate::<Deploy>::new("production", 1).unwrap();
    let gate = gate.require(asking("north")).require(asking("south"));
    let gate = gate.require(all((asking("east"), asking("north"))));
    let gate = gate.enforce(asking("west"), Enforcement::Shadow);
    let gate = gate.require(when(
        Condition::tracks([Track::Normal]),
        MaintenanceWindowPolicy::new(key("production")),
    ));
    let office = office().with_gates(GateSet::new().with(gate));
    declare(
        &office,
        Window::freeze(key("quiet"), during("02T00:00", "03T00:00"), soft),
    );
    declare(
        &office,
        Window::freeze(key("audit"), during("02T00:00", "03T00:00"), soft),
    );
    declare(
        &office,
        Window::allow(key("night"), during("02T20:00", "03T00:00"), soft),
    );
    let release = office.tested();
    let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
    let told: Vec<_> = decision
        .warnings()
        .map(|one| one.reason.about.clone().unwrap())
        .collect();
    assert_eq!(
        told,
        [key("audit"), key("quiet"), key("night")],
        "{decision}"
    );
}

#[test]
fn work_stays_within_allow_windows() {
    let night = Window::allow(
        key("night"),
        Timing::between(span("02T20:00", "03T04:00")),
        hard(),
    );
    let office = frozen([night]);
    let release = office.tested();
    let decision = explained(&office, &release, span("02T19:00", "02T21:00"));
    assert_eq!(codes(&decision), ["outside-window"]);
    assert_eq!(
        decision.clears_at(),
        Some(at("2026-03-02T20:00:00Z")),
        "the rest of the window is inside"
    );
    assert_eq!(
        codes(&explained(&office, &release, span("03T03:00", "03T05:00"))),
        ["outside-window"]
    );
    assert!(explained(&office, &release, span("02T20:00", "03T04:00")).is_cleared());
}

#[test]
fn scopes_of_windows_are_held_against_what_the_policy_names() {
    let eu = phasegate::release::Region::new("eu").unwrap();
    let us = phasegate::release::Region::new("us").unwrap();
    let only_eu = Scope::builder().regions([eu.clone()]).build();
    let freeze = freeze("eu-only", span("02T00:00", "03T00:00")).about(only_eu);
    for (region, refused) in [(eu, true), (us, false)] {
        let gate = Gate::<Deploy>::new("production", 1).unwrap();
        let gate = gate.require(FreezePolicy::new(key("production")).in_regions([region]));
        let office = office().with_gates(GateSet::new().with(gate));
        declare(&office, freeze.clone());
        let release = office.tested();
        let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
        assert_eq!(!decision.is_cleared(), refused);
    }
}

pub(crate) fn excepted(office: &Desk, release: &Release<impl Sized>, answer: ExceptionAnswer) {
    asked_for(office, release, "EX-1");
    let own = wait(office.desk.decide_exception(
        &key("production"),
        decided("EX-1", answer),
        by("kim"),
    ))
    .unwrap_err();
    assert!(own.to_string().contains("cannot decide it"), "{own}");
    decide(office, "EX-1", answer);
}

fn asked_for(office: &Desk, release: &Release<impl Sized>, id: &str) {
    let request = ExceptionRequest::new(
        key(id),
        release.id(),
        [key("year-end")],
        span("02T00:00", "03T00:00"),
        text("The certificate runs out tonight."),
    );
    let calendar = key("production");
    wait(office.desk.request_exception(&calendar, request, by("kim"))).unwrap();
}

fn decided(id: &str, answer: ExceptionAnswer) -> ExceptionDecision {
    ExceptionDecision::new(key(id), answer, text("Small, and it cannot wait."))
}

fn decide(office: &Desk, id: &str, answer: ExceptionAnswer) {
    let (calendar, decision) = (key("production"), decided(id, answer));
    wait(office.desk.decide_exception(&calendar, decision, by("mia"))).unwrap();
}

fn granted(office: &Desk, release: &Release<Testing>, id: &str, within: Interval) {
    asked_for(office, release, id);
    decide(office, id, ExceptionAnswer::Granted(within));
}

fn used(decision: &Decision) -> Vec<String> {
    let used = decision.exceptions();
    used.map(|(_, id)| id.to_string()).collect()
}

#[test]
fn an_exception_lets_one_release_pass_one_freeze_once() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    excepted(
        &office,
        &release,
        ExceptionAnswer::Granted(span("02T10:00", "02T16:00")),
    );
    let too_long = explained(&office, &release, span("02T12:00", "02T17:00"));
    assert_eq!(codes(&too_long), ["frozen"], "the exception is limited");
    let other = office.tested();
    assert_eq!(
        codes(&explained(&office, &other, span("02T12:00", "02T14:00"))),
        ["frozen"]
    );

    let window = span("02T12:00", "02T14:00");
    let decision = explained(&office, &release, window);
    let used: Vec<_> = decision.exceptions().collect();
    assert_eq!(used, [(&key("production"), &key("EX-1"))]);
    assert!(office.run(release.deploy(window), "kim").is_ok());
}

#[test]
fn what_one_step_has_used_up_helps_no_other() {
    let rework = Gate::<Rework>::new("back-to-work", 1).unwrap();
    let rework = rework.require(FreezePolicy::new(key("production")));
    let gates = GateSet::new().with(rework);
    let office = office().with_gates(gates);
    declare(&office, freeze("year-end", span("02T00:00", "05T00:00")));
    let release = office.tested();
    let refused = wait(
        office
            .desk
            .explain(&release, Rework::new(text("A defect.")), by("kim")),
    );
    assert_eq!(codes(&refused), ["frozen"]);
    assert_eq!(refused.clears_at(), Some(at("2026-03-05T00:00:00Z")));
    excepted(
        &office,
        &release,
        ExceptionAnswer::Granted(span("02T10:00", "02T16:00")),
    );
    let until = wait(
        office
            .desk
            .explain(&release, Rework::new(text("A defect.")), by("kim")),
    );
    assert_eq!(
        until.holds_until,
        Some(at("2026-03-02T16:00:00Z")),
        "with the exception"
    );
    let developing = office.done(release.rework(text("A defect.")), "kim");
    let testing = office.done(developing.start_testing(package("two")), "ada");
    let refused = wait(
        office
            .desk
            .explain(&testing, Rework::new(text("Another.")), by("kim")),
    );
    assert_eq!(codes(&refused), ["frozen"], "it was good for once");
}

#[test]
fn a_denied_exception_lets_nothing_pass() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    excepted(&office, &release, ExceptionAnswer::Denied);
    assert_eq!(
        codes(&explained(&office, &release, span("02T12:00", "02T14:00"))),
        ["frozen"]
    );
}

#[test]
fn an_override_lifts_the_very_freeze_that_it_names() {
    let both = [
        freeze("audit", span("02T00:00", "05T00:00")),
        freeze("year-end", span("02T00:00", "05T00:00")),
    ];
    let office = frozen(both);
    let mut release = office.tested();
    let authority = RoleGiven::new(
        phasegate::Person::new("mia").unwrap(),
        Role::ChangeAuthority,
    );
    release = office.recorded(release, authority, "kim");
    let grant = |id: &str, freeze: Option<&str>| {
        let until = office.now().plus(Seconds::hours(1));
        let mut granted = OverrideGranted::new(
            key(id),
            Action::Deploy,
            key("freeze"),
            key("frozen"),
            Role::ChangeAuthority,
            text("Agreed."),
            until,
        );
        granted.about = freeze.map(key);
        granted
    };
    let window = span("02T12:00", "02T14:00");
    for (id, freeze, refused) in [
        ("O-1", None, true),
        ("O-2", Some("audit"), true),
        ("O-3", Some("audit"), true),
        ("O-4", Some("year-end"), false),
    ] {
        release = wait(office.desk.record(release, grant(id, freeze), by("mia"))).unwrap();
        let decision = explained(&office, &release, window);
        assert_eq!(!decision.is_cleared(), refused, "{id}: {decision}");
        if freeze.is_none() {
            let warning = decision.warnings().next().unwrap().reason;
            assert_eq!(
                warning.to_string(),
                "override `O-1` is for blocker `frozen` of policy `freeze`, and says nothing that it is about; \
                 have one granted that is about `audit` or `year-end`"
            );
        }
    }
    let deploying = office.run(release.deploy(window), "kim");
    assert!(!matches!(deploying, Err(RunError::Refused(_))));
}

#[test]
fn a_policy_that_only_warns_uses_up_no_exception() {
    let gate = Gate::<Deploy>::new("production", 1).unwrap();
    let gate = gate.enforce(FreezePolicy::new(key("production")), Enforcement::Warn);
    let office = office().with_gates(GateSet::new().with(gate));
    declare(&office, freeze("year-end", span("02T00:00", "05T00:00")));
    let release = office.tested();
    excepted(
        &office,
        &release,
        ExceptionAnswer::Granted(span("02T10:00", "02T16:00")),
    );
    let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
    assert!(decision.is_cleared() && decision.exceptions().next().is_none());
}

#[test]
fn an_exception_to_a_freeze_opens_no_allow_window_of_the_same_id() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    excepted(
        &office,
        &release,
        ExceptionAnswer::Granted(span("02T10:00", "02T16:00")),
    );
    let night = Timing::between(span("02T20:00", "03T04:00"));
    declare(&office, Window::allow(key("year-end"), night, hard()));
    let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
    assert_eq!(codes(&decision), ["outside-window"]);
}

#[test]
fn an_override_of_one_freeze_lasts_until_another_begins() {
    let rework = Gate::<Rework>::new("back-to-work", 1).unwrap();
    let rework = rework.require(FreezePolicy::new(key("production")));
    let office = office().with_gates(GateSet::new().with(rework));
    declare(&office, freeze("audit", span("02T00:00", "05T00:00")));
    declare(&office, freeze("year-end", span("02T13:00", "05T00:00")));
    let authority = RoleGiven::new(
        phasegate::Person::new("mia").unwrap(),
        Role::ChangeAuthority,
    );
    let release = office.recorded(office.tested(), authority, "kim");
    let mut granted = OverrideGranted::new(
        key("O-1"),
        Action::Rework,
        key("freeze"),
        key("frozen"),
        Role::ChangeAuthority,
        text("Agreed."),
        at("2026-03-02T18:00:00Z"),
    );
    granted.about = Some(key("audit"));
    let release = office.recorded(release, granted, "mia");
    let asked = || Rework::new(text("A defect."));
    let decision = wait(office.desk.explain(&release, asked(), by("kim")));
    assert!(decision.is_cleared(), "{decision}");
    assert_eq!(decision.holds_until, Some(at("2026-03-02T13:00:00Z")));
    office.clock.set("2026-03-02T13:00:00Z");
    let decision = wait(office.desk.explain(&release, asked(), by("kim")));
    assert!(!decision.is_cleared());
}

#[test]
fn exceptions_that_others_make_needless_are_left() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    granted(&office, &release, "EX-1", span("02T12:00", "02T14:00"));
    granted(&office, &release, "EX-2", span("02T12:00", "02T16:00"));
    granted(&office, &release, "EX-3", span("02T14:00", "02T18:00"));
    for (window, needed) in [
        (span("02T12:00", "02T14:00"), vec!["EX-1"]),
        (span("02T13:00", "02T15:00"), vec!["EX-2"]),
        (span("02T12:00", "02T17:00"), vec!["EX-1", "EX-3"]),
        (span("02T15:00", "02T16:00"), vec!["EX-2"]),
    ] {
        let decision = explained(&office, &release, window);
        assert!(decision.is_cleared(), "{decision}");
        assert_eq!(used(&decision), needed, "{window}");
    }
}

#[test]
fn an_exception_for_a_later_part_says_when_the_rest_is_open() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    granted(&office, &release, "EX-1", span("02T14:00", "02T16:00"));
    let decision = explained(&office, &release, span("02T12:00", "02T16:00"));
    assert_eq!(codes(&decision), ["frozen"]);
    assert_eq!(decision.clears_at(), Some(at("2026-03-02T14:00:00Z")));
    assert!(
        used(&decision).is_empty(),
        "what is refused uses up nothing"
    );
    let short = explained(&office, &release, span("02T12:00", "02T13:00"));
    let reason = short.blockers().next().unwrap().reason;
    assert!(
        reason.remedy.as_str().contains("2026-03-02T14:00:00Z"),
        "{reason}"
    );
}

#[test]
fn an_exception_is_of_the_freeze_as_it_was_when_that_was_decided() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    let (within, window) = (span("02T10:00", "02T16:00"), span("02T12:00", "02T14:00"));
    granted(&office, &release, "EX-1", within);
    assert!(explained(&office, &release, window).is_cleared());
    declare(&office, freeze("year-end", span("02T00:00", "09T00:00")));
    assert_eq!(codes(&explained(&office, &release, window)), ["frozen"]);
    decide(&office, "EX-1", ExceptionAnswer::Granted(within));
    assert!(explained(&office, &release, window).is_cleared());

    let (production, gone) = (key("production"), key("year-end"));
    let withdrawn = office
        .desk
        .withdraw_window(&production, gone, text("Over."), by("mia"));
    wait(withdrawn).unwrap();
    declare(&office, freeze("year-end", span("02T00:00", "05T00:00")));
    assert_eq!(codes(&explained(&office, &release, window)), ["frozen"]);
}

#[test]
fn an_exception_that_does_not_help_says_why() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    let window = span("02T12:00", "02T14:00");
    let warned = || {
        let decision = explained(&office, &release, window);
        let warnings = decision
            .warnings()
            .map(|one| one.reason.message.to_string());
        warnings.collect::<Vec<_>>()
    };
    let told = |why: &str| [format!("exception `EX-1` of calendar `production` {why}")];
    asked_for(&office, &release, "EX-1");
    assert_eq!(warned(), told("is not decided yet"));
    decide(&office, "EX-1", ExceptionAnswer::Denied);
    assert_eq!(warned(), told("was denied"));
    decide(
        &office,
        "EX-1",
        ExceptionAnswer::Granted(span("02T12:00", "02T13:00")),
    );
    assert_eq!(warned(), told("is for another time, or for less of it"));
    decide(
        &office,
        "EX-1",
        ExceptionAnswer::Granted(span("02T12:00", "02T14:00")),
    );
    assert_eq!(warned(), Vec::<String>::new());
    declare(&office, freeze("year-end", span("02T00:00", "06T00:00")));
    assert_eq!(
        warned(),
        told("was decided before the freeze was declared anew")
    );
}

#[test]
fn a_window_that_no_schedule_can_be_held_against_is_refused() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    let ages = Interval::parse("2026-03-02T12:00:00Z", "2136-03-02T12:00:00Z").unwrap();
    let decision = explained(&office, &release, ages);
    assert_eq!(
        codes(&decision),
        ["window-too-long", "too-long", "too-long"]
    );
}

#[test]
fn more_freezes_than_are_told_are_not_overridden_one_by_one() {
    let ids: Vec<_> = (0..103).map(|id| format!("f{id:03}")).collect();
    let freezes = ids
        .iter()
        .map(|id| freeze(id, span("02T00:00", "05T00:00")));
    let office = frozen(freezes);
    let release = office.tested();
    let decision = explained(&office, &release, span("02T12:00", "02T14:00"));
    let codes = codes(&decision);
    assert_eq!(codes.len(), 101);
    assert_eq!(codes.iter().filter(|code| *code == "frozen").count(), 100);
    assert!(codes.contains(&"more-windows".to_owned()), "{decision}");
}

#[test]
fn exceptions_that_are_over_or_denied_make_room_for_others() {
    let office = frozen([freeze("year-end", span("02T00:00", "05T00:00"))]);
    let release = office.tested();
    for id in 0..1_000 {
        asked_for(&office, &release, &format!("EX-{id}"));
    }
    let request = || {
        ExceptionRequest::new(
            key("EX-more"),
            release.id(),
            [key("year-end")],
            span("02T00:00", "03T00:00"),
            text("The certificate runs out tonight."),
        )
    };
    let production = key("production");
    let ask = || {
        wait(
            office
                .desk
                .request_exception(&production, request(), by("kim")),
        )
    };
    let refused = ask().unwrap_err().to_string();
    assert!(refused.contains("neither over nor denied"), "{refused}");
    decide(&office, "EX-7", ExceptionAnswer::Denied);
    ask().unwrap();
    let mut another = request();
    another.id = key("EX-late");
    office.clock.set("2026-03-03T00:00:00Z");
    let late = wait(
        office
            .desk
            .request_exception(&production, another.clone(), by("kim")),
    );
    assert!(late.unwrap_err().to_string().contains("is for 2026-03-02"));
    another.within = span("04T00:00", "05T00:00");
    wait(
        office
            .desk
            .request_exception(&production, another, by("kim")),
    )
    .unwrap();
}

#[cfg(feature = "calendar")]
#[test]
fn a_freeze_of_every_night_is_one_blocker() {
    let night = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
    let nights = Timing::local(
        "Europe/Berlin".parse().unwrap(),
        night("2026-03-01T22:00"),
        night("2026-03-02T06:00"),
    );
    let nights = nights.unwrap().recurring("FREQ=DAILY").unwrap();
    let office = frozen([Window::freeze(key("nights"), nights, hard())]);
    let release = office.tested();
    let decision = explained(&office, &release, span("02T12:00", "05T12:00"));
    assert_eq!(codes(&decision), ["frozen"]);
    assert_eq!(decision.clears_at(), Some(at("2026-03-05T05:00:00Z")));
}
