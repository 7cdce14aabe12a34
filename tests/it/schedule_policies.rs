//! Weekdays and hours, notice, and conflicts with what other releases have booked, at gates and at the desk.

use crate::calendars::{declare, excepted, freeze, span as days};
use crate::desk_support::{
    NOON, Office, at, by, id, key, office, package, person, run_of, tenant, text, titled, wait,
    worthwhile,
};
use crate::policies::{codes, decided, deploying, gated, intake};
use crate::relations::Meanwhile;
use chrono::{NaiveTime, Weekday};
use phasegate::gate::{
    ConflictFreePolicy, Facts, FreezePolicy, GateSet, LeadTimePolicy, TimeOfDayPolicy, not,
};
use phasegate::phase::{Development, Request, Seconds, Testing};
use phasegate::release::step::{Authorise, Deploy, Expedite, FinishDeployment, StartTesting};
use phasegate::release::{
    Baseline, ConflictAnswer, ConflictQuestion, Decision, OverrideGranted, ReleasePlan,
    ReleaseRequest, Role, RoleGiven, Service, Track, Verdict,
};
use phasegate::schedule::{
    Distance, ExceptionAnswer, Neighbours, ServiceGraph, ServiceMap, Touched,
};
use phasegate::{Desk, Gate, Instant, Interval, MemoryStore, Release, Store};
use std::sync::Arc;

type Front = Office<Arc<MemoryStore>>;

fn span(start: &str, end: &str) -> Interval {
    let day = |time: &str| format!("2026-03-02T{time}:00Z");
    Interval::parse(&day(start), &day(end)).unwrap()
}

fn remedies(decision: &Decision) -> Vec<&str> {
    let blockers = decision.blockers();
    blockers.map(|one| one.reason.remedy.as_str()).collect()
}

fn clearing(decision: &Decision) -> Vec<Option<Instant>> {
    let blockers = decision.blockers();
    blockers.map(|one| one.reason.clears_at).collect()
}

fn window() -> Interval {
    span("12:00", "14:00")
}

fn plan(window: Interval) -> ReleasePlan {
    let plan = ReleasePlan::builder().early_life_support(Seconds::hours(1));
    plan.window(window).build()
}

// Weekdays and hours.

fn hours(from: u32, to: u32) -> TimeOfDayPolicy {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let week = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
    ];
    TimeOfDayPolicy::new(week, time(from), time(to)).unwrap()
}

#[test]
fn a_window_lies_in_the_hours_as_a_whole() {
    let office = office();
    let tested = office.tested();
    let deploying = |window| decided(&office, &tested, hours(13, 16), Deploy::new(window));
    let decision = deploying(span("13:00", "16:00"));
    assert_eq!(codes(&decision), [""; 0], "{decision}");
    assert_eq!(
        decision.holds_until,
        Some(at("2026-03-02T16:00:00Z")),
        "the window's end"
    );
    for (window, remedy, clears_at) in [
        (
            span("12:30", "15:00"),
            "wait until 2026-03-02T13:00:00Z",
            Some("2026-03-02T13:00:00Z"),
        ),
        (
            span("15:00", "17:00"),
            "choose a window from 2026-03-03T13:00:00Z on",
            None,
        ),
        (
            span("12:30", "16:30"),
            "choose a window that is no longer than these hours",
            None,
        ),
        (
            span("16:00", "16:30"),
            "choose a window from 2026-03-03T13:00:00Z on",
            None,
        ),
    ] {
        let decision = deploying(window);
        assert_eq!(codes(&decision), ["wrong-time"], "{window}");
        assert_eq!(remedies(&decision), [remedy], "{window}");
        assert_eq!(clearing(&decision), [clears_at.map(at)], "{window}");
    }
}

#[test]
fn only_what_is_left_of_a_window_has_to_lie_in_the_hours() {
    let office = office();
    let tested = office.tested();
    // It is noon.
    let decision = decided(
        &office,
        &tested,
        hours(12, 16),
        Deploy::new(span("08:00", "14:00")),
    );
    assert_eq!(codes(&decision), [""; 0], "{decision}");
}

#[test]
fn a_step_without_a_window_is_judged_at_its_instant() {
    let office = office();
    let requested = office.requested();
    let decision = intake(&office, &requested, hours(9, 17));
    assert_eq!(decision.holds_until, Some(at("2026-03-02T17:00:00Z")));
    let decision = intake(&office, &requested, hours(13, 17));
    assert_eq!(
        decision.to_string(),
        "authorise refused\n  time-of-day: it is Monday, 12:00, and allowed is 13:00 to 17:00 UTC on Monday, Tuesday, \
         Wednesday, Thursday, Friday; wait until 2026-03-02T13:00:00Z (not before 2026-03-02T13:00:00Z)"
    );
    office.clock.set("2026-03-06T17:00:00Z");
    let decision = intake(&office, &requested, hours(13, 17));
    assert_eq!(clearing(&decision), [Some(at("2026-03-09T13:00:00Z"))]);
}

#[test]
#[cfg(feature = "calendar")]
fn hours_are_those_of_the_zone() {
    let office = office();
    let requested = office.requested();
    // At noon UTC it is 13:00 in Berlin, and 07:00 in New York.
    let holds = |zone: &str| {
        let policy = hours(13, 14).in_zone(zone.parse().unwrap());
        codes(&intake(&office, &requested, policy)).is_empty()
    };
    assert!(holds("Europe/Berlin"));
    assert!(!holds("America/New_York"));
    assert!(!holds("UTC"));
    let refused = intake(
        &office,
        &requested,
        hours(8, 9).in_zone("Asia/Kolkata".parse().unwrap()),
    );
    assert_eq!(
        refused.blockers().next().unwrap().reason.message.as_str(),
        "it is Monday, 17:30, and allowed is 08:00 to 09:00 in Asia/Kolkata on Monday, Tuesday, Wednesday, Thursday, Friday"
    );
}

#[test]
fn hours_of_no_day_and_of_half_minutes_are_refused() {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
    let odd = NaiveTime::from_hms_opt(12, 0, 30).unwrap();
    let told = |refused: Result<TimeOfDayPolicy, phasegate::phase::Invalid>| {
        refused.unwrap_err().to_string()
    };
    assert_eq!(
        told(TimeOfDayPolicy::new([], noon, noon)),
        "invalid time-of-day policy ``: expected at least one day in `weekdays`"
    );
    assert_eq!(
        told(TimeOfDayPolicy::new([Weekday::Mon], noon, odd)),
        "invalid time of day `12:00:30`: expected a time of day in whole minutes, from `00:00` to `23:59`"
    );
}

#[test]
fn hours_are_asked_for_when_the_deployment_is_planned() {
    let gates = gated::<Authorise>(hours(20, 22));
    let office = office().with_gates(gates);
    let release = office.requested();
    assert_eq!(codes(&asked(&office.desk, &release)), ["wrong-time"]);
    let evening = span("20:00", "22:00");
    let release = office.recorded(release, plan(evening), "kim");
    let decision = asked(&office.desk, &release);
    assert_eq!(codes(&decision), [""; 0], "{decision}");
    assert_eq!(decision.holds_until, Some(evening.end()));
    let late = office.recorded(release, plan(span("21:00", "23:00")), "kim");
    assert_eq!(codes(&asked(&office.desk, &late)), ["wrong-time"]);
    let otherwise = decided(
        &office,
        &late,
        not(hours(20, 22)),
        Authorise::new(worthwhile()),
    );
    assert_eq!(codes(&otherwise), [""; 0], "{otherwise}");
    assert_eq!(
        otherwise.holds_until,
        Some(at("2026-03-02T23:00:00Z")),
        "then it is asked about now"
    );
    office.clock.set("2026-03-02T23:00:00Z");
    let over = asked(&office.desk, &late);
    assert_eq!(
        clearing(&over),
        [Some(at("2026-03-03T20:00:00Z"))],
        "the plan is over"
    );
}

// Freezes, before the deployment.

fn unfrozen() -> FreezePolicy {
    FreezePolicy::new(key("production"))
}

#[test]
fn planning_is_held_against_freezes_of_the_planned_window() {
    let office = office().with_gates(gated::<Authorise>(unfrozen()));
    declare(&office, freeze("today", days("02T00:00", "03T00:00")));
    let release = office.requested();
    assert_eq!(
        codes(&asked(&office.desk, &release)),
        ["frozen"],
        "nothing is planned"
    );
    let tomorrow = days("03T20:00", "03T22:00");
    let release = office.recorded(release, plan(tomorrow), "kim");
    let decision = asked(&office.desk, &release);
    assert_eq!(codes(&decision), [""; 0], "{decision}");
    assert_eq!(decision.calendars[0].span, tomorrow);
    assert_eq!(decision.holds_until, Some(tomorrow.end()));
    let tonight = office.recorded(release, plan(days("02T23:00", "03T01:00")), "kim");
    let decision = asked(&office.desk, &tonight);
    assert_eq!(codes(&decision), ["frozen"]);
    assert_eq!(
        clearing(&decision),
        [Some(at("2026-03-03T00:00:00Z"))],
        "the rest of it is open"
    );
}

#[test]
fn what_is_left_of_the_planned_window_counts_and_then_now() {
    let office = office().with_gates(gated::<Authorise>(unfrozen()));
    declare(&office, freeze("morning", days("02T00:00", "02T13:00")));
    declare(&office, freeze("night", days("02T20:00", "03T00:00")));
    let release = office.recorded(office.requested(), plan(span("12:00", "14:00")), "kim");
    assert_eq!(codes(&asked(&office.desk, &release)), ["frozen"]);
    office.clock.set("2026-03-02T13:30:00Z");
    let decision = asked(&office.desk, &release);
    assert_eq!(decision.calendars[0].span, span("13:30", "14:00"));
    office.clock.set("2026-03-02T20:00:00Z");
    assert_eq!(
        codes(&asked(&office.desk, &release)),
        ["frozen"],
        "it is over"
    );
    office.clock.set("2026-03-03T00:00:00Z");
    assert_eq!(codes(&asked(&office.desk, &release)), [""; 0]);
}

#[test]
fn what_deploys_at_once_and_what_comes_after_is_asked_about_now() {
    let office = office();
    declare(&office, freeze("tomorrow", days("03T00:00", "04T00:00")));
    let calendar = wait(office.desk.calendar(&key("production"))).unwrap();
    let facts = || office.facts().with_calendar(calendar.clone());
    let deploying = office.made_live(office.deploying());
    let finishing = || {
        gated::<FinishDeployment>(unfrozen()).explain(
            &deploying,
            FinishDeployment::new(),
            &facts(),
            &by("dep"),
        )
    };
    let decision = finishing();
    assert!(decision.calendars[0].span.contains(office.now()));
    assert_eq!(
        codes(&decision),
        [""; 0],
        "its window goes on tomorrow, but it is finished now"
    );

    let mut request = titled("Hot fix");
    request.track = Track::Emergency;
    let urgent = office.done(office.asked(request), "kim");
    let urgent = office.done(urgent.authorise(worthwhile()), "cho");
    let urgent = office.with_manager(urgent);
    let urgent = office.recorded(urgent, plan(days("05T20:00", "05T22:00")), "kim");
    let expedite = || Expedite::new(package("hot"), Seconds::hours(1), text("The shop is down."));
    let nights = TimeOfDayPolicy::new(
        [Weekday::Thu],
        NaiveTime::from_hms_opt(20, 0, 0).unwrap(),
        NaiveTime::from_hms_opt(22, 0, 0).unwrap(),
    );
    let decision = decided(&office, &urgent, nights.unwrap(), expedite());
    assert_eq!(
        codes(&decision),
        ["wrong-time"],
        "planned for Thursday night, and done now"
    );
}

#[test]
fn planning_counts_on_an_exception_and_leaves_it_to_the_deployment() {
    let testing = Gate::<StartTesting>::new("testing", 1).unwrap();
    let production = Gate::<Deploy>::new("production", 1).unwrap();
    let gates = GateSet::new()
        .with(testing.require(unfrozen()))
        .with(production.require(unfrozen()));
    let office = office().with_gates(gates);
    declare(&office, freeze("year-end", days("02T00:00", "05T00:00")));
    let release = developing(&office, "shop");
    let start = || StartTesting::new(package("one"));
    let explained =
        |release: &Release<Development>| wait(office.desk.explain(release, start(), by("ada")));
    assert_eq!(codes(&explained(&release)), ["frozen"]);
    excepted(
        &office,
        &release,
        ExceptionAnswer::Granted(days("02T10:00", "02T16:00")),
    );
    let decision = explained(&release);
    assert_eq!(codes(&decision), [""; 0], "{decision}");
    assert!(decision.calendars[0].exceptions.contains(&key("EX-1")));
    assert_eq!(decision.exceptions().next(), None);
    let outline = decision.outline().to_string();
    assert!(
        outline.contains("exceptions that the deployment will use up: `EX-1`"),
        "{outline}"
    );

    let testing = office.done(release.start_testing(package("one")), "ada");
    let testing = office.recorded(testing, run_of("run", &package("one"), 19, 1), "tom");
    let decision = wait(
        office
            .desk
            .explain(&testing, Deploy::new(window()), by("ada")),
    );
    let used: Vec<_> = decision.exceptions().collect();
    assert_eq!(used, [(&key("production"), &key("EX-1"))]);
    let outline = decision.outline().to_string();
    assert!(
        outline.contains("exceptions that are used up: `EX-1`"),
        "{outline}"
    );
    let deploying = office.done(testing.deploy(window()), "ada");
    let review = office.done(deploying.back_out(text("Orders got lost.")), "ada");
    let release = office.done(review.replan(text("Once more.")), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    assert_eq!(
        codes(&explained(&release)),
        ["frozen"],
        "it was good for once"
    );
}

// Notice.

#[test]
fn notice_is_long_enough_at_the_instant_and_not_after() {
    let office = office();
    let tested = office.tested();
    let two_hours = || LeadTimePolicy::new(Seconds::hours(2)).unwrap();
    let asked = |window| decided(&office, &tested, two_hours(), Deploy::new(window));
    let decision = asked(span("14:00", "15:00"));
    assert_eq!(codes(&decision), [""; 0], "{decision}");
    assert_eq!(
        decision.holds_until,
        Some(at("2026-03-02T12:00:00.000001Z"))
    );
    let later = asked(span("15:00", "16:00"));
    assert_eq!(later.holds_until, Some(at("2026-03-02T13:00:00.000001Z")));
    let decision = asked(span("13:59", "15:00"));
    assert_eq!(codes(&decision), ["short-notice"]);
    assert_eq!(
        remedies(&decision),
        ["choose a window from 2026-03-02T14:00:00Z on"]
    );
    assert_eq!(clearing(&decision), [None], "waiting makes it shorter");
    assert_eq!(
        codes(&deploying(&office, &tested, two_hours())),
        ["short-notice"]
    );
}

#[test]
fn notice_is_given_of_the_planned_window_where_the_step_has_none() {
    let office = office();
    let release = office.requested();
    let day = || LeadTimePolicy::new(Seconds::hours(8)).unwrap();
    assert_eq!(codes(&intake(&office, &release, day())), ["no-window"]);
    let release = office.recorded(release, plan(span("20:00", "22:00")), "kim");
    assert_eq!(codes(&intake(&office, &release, day())), [""; 0]);
}

// Conflicts.

fn free() -> ConflictFreePolicy {
    ConflictFreePolicy::new()
}

/// An office whose intake has to be free of conflicts.
fn front(policy: ConflictFreePolicy) -> Front {
    office().with_gates(gated::<Authorise>(policy))
}

fn of(service: &str) -> ReleaseRequest {
    let mut request = titled("A release");
    request.services = [Service::new(service).unwrap()].into();
    request
}

/// A release that changes a service, with a plan.
fn planned(office: &Office<impl Store>, service: &str, plan: ReleasePlan) -> Release<Request> {
    let release = office.done(office.asked(of(service)), "kim");
    office.recorded(release, plan, "kim")
}

fn asked<S: Store>(desk: &Desk<S>, release: &Release<Request>) -> Decision {
    let step = Authorise::new(worthwhile());
    let decision = wait(desk.explain(release, step.clone(), by("cho")));
    let facts = Facts::of(&decision);
    let again = desk.gates().explain(release, step, &facts, &by("cho"));
    assert_eq!(again, decision, "computed again from its record");
    let written = serde_json::to_string(&decision).unwrap();
    let read: Decision = serde_json::from_str(&written).unwrap();
    assert_eq!(read, decision);
    decision
}

fn about(decision: &Decision) -> Vec<String> {
    let blockers = decision.blockers();
    let about = blockers.filter_map(|one| one.reason.about.as_ref());
    about.map(ToString::to_string).collect()
}

#[test]
fn two_releases_that_change_a_service_at_the_same_time_are_in_conflict() {
    let office = front(free());
    let other = planned(&office, "shop", plan(span("20:00", "22:00")));
    let ours = planned(&office, "shop", plan(span("21:00", "23:00")));
    let decision = asked(&office.desk, &ours);
    assert_eq!(
        decision.to_string(),
        "authorise refused\n  conflict-free: release `00000000-0000-0000-0000-000000000001` is to be deployed at the \
         same time, from 2026-03-02T21:00:00Z to 2026-03-02T22:00:00Z: both change service `shop`; choose another \
         window, or agree on another one for that release (not before 2026-03-02T22:00:00Z)"
    );
    assert_eq!(about(&decision), [other.id().to_string()]);
    let source = &decision.conflicts[0].conflicts[0].source;
    assert_eq!(
        (&source.stream, source.version),
        (other.stream(), other.version())
    );
    // The other one sees this one, and no end of it before its own.
    let decision = asked(&office.desk, &other);
    assert_eq!(about(&decision), [ours.id().to_string()]);
    assert_eq!(clearing(&decision), [None]);
    let outline = decision.outline().to_string();
    assert!(
        outline.contains("conflicts from 2026-03-02T20:00:00Z"),
        "{outline}"
    );
    assert!(outline.contains("both change service `shop`"), "{outline}");
}

#[test]
fn what_touches_or_is_elsewhere_is_no_conflict() {
    let office = front(free());
    let ours = planned(&office, "shop", plan(span("20:00", "22:00")));
    let _ = planned(&office, "shop", plan(span("18:00", "20:00")));
    let _ = planned(&office, "shop", plan(span("22:00", "23:00")));
    let _ = planned(&office, "search", plan(span("20:00", "22:00")));
    let _ = office.requested();
    let decision = asked(&office.desk, &ours);
    assert_eq!(codes(&decision), [""; 0], "{decision}");
    assert_eq!(
        decision.conflicts.len(),
        1,
        "what was found is kept, nothing included"
    );
    assert_eq!(
        decision.holds_until,
        Some(at(NOON).plus(Seconds::minutes(5))),
        "what is booked later is not seen"
    );
}

#[test]
fn a_release_of_another_tenant_is_not_seen() {
    let office = front(free());
    let ours = planned(&office, "shop", plan(window()));
    let theirs = Release::request(tenant("acme"), id(77), of("shop"));
    let desk = office.desk.clone().tenant(tenant("acme"));
    let theirs = wait(desk.run(theirs, by("kim"))).unwrap();
    let _ = wait(desk.record(theirs, plan(window()), by("kim"))).unwrap();
    assert_eq!(codes(&asked(&office.desk, &ours)), [""; 0]);
}

fn developing(office: &Front, service: &str) -> Release<Development> {
    let release = planned(office, service, plan(window()));
    let release = office.done(release.authorise(worthwhile()), "cho");
    let release = office.recorded(
        release,
        RoleGiven::new(person("ada"), Role::ReleaseManager),
        "kim",
    );
    let release = office.recorded(release, Baseline::new(), "ada");
    office.done(release.start_development(), "ada")
}

fn tested(office: &Front, service: &str) -> Release<Testing> {
    let release = developing(office, service);
    let release = office.done(release.start_testing(package("one")), "ada");
    office.recorded(release, run_of("run", &package("one"), 19, 1), "tom")
}

#[test]
fn what_is_over_books_nothing() {
    let others = office();
    let gates = gated::<Authorise>(free());
    let desk = others.desk.clone().with_gates(gates);
    let ours = planned(&others, "shop", plan(span("13:00", "15:00")));
    let deploying = others.done(tested(&others, "shop").deploy(window()), "ada");
    assert_eq!(about(&asked(&desk, &ours)), [deploying.id().to_string()]);
    // Moved by the step, not by the plan: what counts is the window of the deployment.
    let moved = tested(&others, "shop");
    let moved = others.done(moved.deploy(span("12:00", "13:00")), "ada");
    assert_eq!(about(&asked(&desk, &ours)), [deploying.id().to_string()]);
    let review = others.made_live(deploying);
    let _ = others.done(review.finish_deployment(), "ada");
    assert_eq!(about(&asked(&desk, &ours)), [""; 0], "it is live");
    let _ = others.done(moved.back_out(text("orders got lost")), "ada");
    let cancelled = planned(&others, "shop", plan(window()));
    assert_eq!(about(&asked(&desk, &ours)), [cancelled.id().to_string()]);
    let _ = others.done(cancelled.cancel(text("no need")), "kim");
    assert_eq!(about(&asked(&desk, &ours)), [""; 0], "it is cancelled");
    let _ = planned(&others, "shop", plan(window()));
    others.clock.set("2026-03-02T14:00:00Z");
    assert_eq!(about(&asked(&desk, &ours)), [""; 0], "its window is over");
}

#[test]
fn what_is_left_of_an_overlap_counts_when_it_is_decided() {
    let office = front(free());
    let _ = planned(&office, "shop", plan(window()));
    let ours = planned(&office, "shop", plan(span("13:00", "15:00")));
    let gates = office.desk.gates();
    let early = Facts::of(&asked(&office.desk, &ours));
    let answer = early_answer(&asked(&office.desk, &ours));
    let explain = |facts: &Facts| {
        codes(&gates.explain(&ours, Authorise::new(worthwhile()), facts, &by("cho")))
    };
    assert_eq!(explain(&early), ["conflict"]);
    // Read at the last second, decided after it.
    let mut late = answer.clone();
    late.read_at = at("2026-03-02T13:59:59Z");
    let over = Facts::at(at("2026-03-02T14:00:00Z")).with_conflicts(late);
    assert_eq!(explain(&over), [""; 0]);
    // What was read at noon is too old by then, and what is read later is not known yet.
    let stale = Facts::at(at("2026-03-02T12:05:00Z")).with_conflicts(answer.clone());
    assert_eq!(explain(&stale), ["bookings-not-read"]);
    let mut future = answer.clone();
    future.read_at = at("2026-03-02T12:06:00Z");
    let future = Facts::at(at(NOON)).with_conflicts(future);
    assert_eq!(explain(&future), ["bookings-not-read"]);
    assert_eq!(explain(&Facts::at(at(NOON))), ["bookings-not-read"]);
    // What was asked about another window, release, or distance says nothing.
    let mut another = answer.clone();
    another.window = window();
    let mut elsewhere = answer.clone();
    elsewhere.stream = crate::desk_support::stream(77);
    let mut further = answer;
    further.question = ConflictQuestion::new(1);
    for other in [another, elsewhere, further] {
        let facts = Facts::at(at(NOON)).with_conflicts(other);
        assert_eq!(explain(&facts), ["bookings-not-read"]);
    }
}

fn early_answer(decision: &Decision) -> ConflictAnswer {
    decision.conflicts[0].clone()
}

#[test]
fn what_is_related_is_found_by_the_map_and_nothing_is_without_one() {
    let policy = free().within(Distance::new(2).unwrap());
    let office = front(policy);
    let other = planned(&office, "search", plan(window()));
    let ours = planned(&office, "shop", plan(window()));
    let decision = asked(&office.desk, &ours);
    assert_eq!(codes(&decision), ["bookings-incomplete"]);
    let told = decision.blockers().next().unwrap().reason.message.as_str();
    assert!(
        told.ends_with("this desk has no service map; give it `with_service_map`"),
        "{told}"
    );
    let service = |name| Service::new(name).unwrap();
    let map = ServiceGraph::new()
        .with_child(service("shop"), key("db-7"))
        .with_child(service("search"), key("db-7"));
    let desk = office.desk.clone().with_service_map(map);
    let decision = asked(&desk, &ours);
    assert_eq!(about(&decision), [other.id().to_string()]);
    let told = decision.blockers().next().unwrap().reason.message.as_str();
    assert!(
        told.ends_with("related: service `search`, configuration item `db-7`, service `shop`"),
        "{told}"
    );
    let nearer = gated::<Authorise>(free().within(Distance::new(1).unwrap()));
    assert_eq!(about(&asked(&desk.with_gates(nearer), &ours)), [""; 0]);
}

#[test]
fn people_are_in_conflict_only_where_they_count() {
    let busy = |who: &str| {
        let mut plan = plan(window());
        plan.responsibilities = [(key("deployer"), person(who))].into();
        plan
    };
    let office = front(free());
    let other = planned(&office, "search", busy("dep"));
    let _ = planned(&office, "search", busy("tom"));
    let ours = planned(&office, "shop", busy("dep"));
    assert_eq!(codes(&asked(&office.desk, &ours)), [""; 0]);
    let desk = office
        .desk
        .clone()
        .with_gates(gated::<Authorise>(free().with_people()));
    let decision = asked(&desk, &ours);
    assert_eq!(about(&decision), [other.id().to_string()]);
    let told = decision.blockers().next().unwrap().reason.message.as_str();
    assert!(told.ends_with("both take `dep`"), "{told}");
}

#[test]
fn a_model_says_where_its_releases_go_live() {
    let deploys_to = |name: &str, environment: &str| {
        let file = serde_json::json!({
            "name": name, "version": 1, "title": "A model", "tracks": ["normal"],
            "environments": { environment: "live", "staging": "not_live" },
        });
        phasegate::gate::ReleaseModel::from_json(
            &file.to_string(),
            &phasegate::gate::Policies::new(),
        )
        .unwrap()
    };
    let gates = gated::<Authorise>(free())
        .with_model(deploys_to("north", "north"))
        .with_model(deploys_to("south", "south"));
    let office = office().with_gates(gates);
    let following = |model: &str| {
        let mut request = of("shop");
        request.model = Some(phasegate::release::ModelReference::new(key(model), 1_u32));
        let release = office.done(office.asked(request), "kim");
        office.recorded(release, plan(window()), "kim")
    };
    let north = following("north");
    let _ = following("south");
    assert_eq!(about(&asked(&office.desk, &north)), [""; 0]);
    let again = following("north");
    assert_eq!(
        about(&asked(&office.desk, &north)),
        [again.id().to_string()]
    );
    let anywhere = planned(&office, "shop", plan(window()));
    assert_eq!(about(&asked(&office.desk, &anywhere)).len(), 3);
}

#[test]
fn more_conflicts_than_a_commit_can_hold_on_to_are_no_all_clear() {
    let office = front(free());
    let ours = planned(&office, "shop", plan(window()));
    for _ in 0..100 {
        let _ = planned(&office, "shop", plan(window()));
    }
    let decision = asked(&office.desk, &ours);
    assert_eq!(about(&decision).len(), 100);
    assert_eq!(decision.conflicts[0].gaps, []);
    let _ = planned(&office, "shop", plan(window()));
    let decision = asked(&office.desk, &ours);
    assert_eq!(about(&decision).len(), 100);
    assert_eq!(
        decision.conflicts[0].gaps,
        [text("more than 100 releases are in conflict")]
    );
    assert_eq!(codes(&decision)[0], "bookings-incomplete");
}

/// Everything has more children than are followed.
struct Endless;

impl ServiceMap for Endless {
    fn parents<'a>(&'a self, of: &'a Touched) -> Neighbours<'a> {
        self.children(of)
    }

    fn children<'a>(&'a self, _of: &'a Touched) -> Neighbours<'a> {
        Box::new((0_u64..).map(|number| key(&format!("c{number}")).into()))
    }
}

#[test]
fn a_map_with_gaps_everywhere_makes_no_decision_that_cannot_be_kept() {
    let policy = free().within(Distance::new(1).unwrap());
    let office = front(policy);
    let desk = office.desk.clone().with_service_map(Endless);
    let services = (0..1_000).map(|number| Service::new(format!("{number:0>200}")).unwrap());
    let mut request = titled("All of them");
    request.services = phasegate::release::Bounded::new(services.collect()).unwrap();
    let ours = office.done(office.asked(request), "kim");
    let ours = office.recorded(ours, plan(window()), "kim");
    let decision = asked(&desk, &ours);
    assert_eq!(decision.conflicts[0].gaps.len(), 11);
    let last = decision.conflicts[0].gaps.last().unwrap();
    assert_eq!(last.as_str(), "and 990 gaps more");
    let written = serde_json::to_string(&decision).unwrap();
    assert!(written.len() < 100_000, "{} bytes", written.len());
}

fn excepting(policy: &str, other: &Release<Request>) -> OverrideGranted {
    let (role, reason) = (Role::ChangeAuthority, text("they know of each other"));
    let until = at(NOON).plus(Seconds::hours(1));
    let step = phasegate::phase::Action::Authorise;
    let (policy, code) = (key(policy), key("conflict"));
    let mut granted = OverrideGranted::new(key("both"), step, policy, code, role, reason, until);
    granted.about = Some(key(&other.id().to_string()));
    granted
}

#[test]
fn an_override_of_one_conflict_holds_while_the_other_release_does_not_move() {
    let office = front(free());
    let other = planned(&office, "shop", plan(span("20:00", "22:00")));
    let ours = planned(&office, "shop", plan(span("21:00", "23:00")));
    let given = RoleGiven::new(person("ann"), Role::ChangeAuthority);
    let ours = office.recorded(ours, given, "kim");
    let ours = office.recorded(ours, excepting("conflict-free", &other), "ann");
    assert_eq!(codes(&asked(&office.desk, &ours)), [""; 0]);
    let store = Meanwhile::on(office.desk.store());
    let late = Office::on(store.clone()).with_gates(gated::<Authorise>(free()));
    let (desk, again) = (office.desk.clone(), office.again(&other));
    store.first(move || {
        let longer = plan(span("20:00", "23:00"));
        let _ = wait(desk.record(again, longer, by("kim"))).unwrap();
    });
    // The desk decides anew on what the other release is now: still one conflict, still excepted.
    let ours = late.done(ours.authorise(worthwhile()), "cho");
    let history = wait(late.desk.history(ours.id())).unwrap();
    let event = history.last().unwrap().decode().unwrap().unwrap();
    let phasegate::release::Event::Step(taken) = event else {
        panic!("a step is last")
    };
    let found = &taken.decision.conflicts[0].conflicts[0];
    assert_eq!(found.overlap, span("21:00", "23:00"));
}

#[test]
fn what_could_not_be_read_is_no_all_clear_and_cannot_be_overridden() {
    let office = front(free());
    let other = planned(&office, "shop", plan(window()));
    let third = planned(&office, "shop", plan(window()));
    let ours = planned(&office, "shop", plan(window()));
    let given = RoleGiven::new(person("ann"), Role::ChangeAuthority);
    let ours = office.recorded(ours, given, "kim");
    let ours = office.recorded(ours, excepting("conflict-free", &other), "ann");
    let store = Meanwhile::on(office.desk.store());
    *store.unreadable.lock().unwrap() = Some(third.stream().clone());
    let late = Office::on(store).with_gates(gated::<Authorise>(free()));
    let decision = asked(&late.desk, &ours);
    assert_eq!(codes(&decision), ["bookings-incomplete", "conflict"]);
    let verdict = &decision.findings[0].judgement.verdict;
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
    let told = decision.blockers().next().unwrap().reason.message.as_str();
    assert!(told.contains(&third.id().to_string()), "{told}");
    assert!(told.ends_with("the disk is on fire"), "{told}");
}

#[test]
fn not_to_be_free_of_conflicts_is_no_way_around_what_is_unknown() {
    let office = office();
    let tested = office.tested();
    let gates: GateSet = gated::<Deploy>(not(free()));
    let step = Deploy::new(window());
    let decision = gates.explain(&tested, step, &office.facts(), &by("dep"));
    assert!(!decision.is_cleared(), "{decision}");
}

#[test]
fn a_warning_holds_on_to_nothing() {
    let gate = Gate::<Authorise>::new("intake", 1).unwrap();
    let gate = gate.enforce(free(), phasegate::release::Enforcement::Warn);
    let office = office().with_gates(GateSet::new().with(gate));
    let _ = planned(&office, "shop", plan(window()));
    let ours = planned(&office, "shop", plan(window()));
    let decision = asked(&office.desk, &ours);
    assert!(decision.is_cleared());
    assert_eq!(decision.warnings().count(), 1);
    assert_eq!(decision.holds_until, None);
}
