//! Working days: planning backwards, counting, and slip.

use crate::desk_support::{key, office};
use chrono::{Days, Weekday};
use phasegate::phase::{
    Day, InvalidKind,
    PhaseName::{self, Closed, Deployment, Development, Plan, Request, Start, Testing},
    Seconds,
};
use phasegate::release::{
    Baseline, Bounded, Key, Milestone, MilestoneReached, Name, ReleasePlan, When,
};
use phasegate::schedule::WorkingDays;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn later(from: Day, days: u64) -> Day {
    Day::new(from.date() + Days::new(days)).unwrap()
}

fn holidays(days: &[&str]) -> WorkingDays {
    let name = Name::new("Holiday").unwrap();
    let days = days.iter().map(|text| (day(text), name.clone()));
    WorkingDays::default().with_holidays(days).unwrap()
}

/// The holidays of the summer in which the worked example lies.
fn summer() -> WorkingDays {
    holidays(&["2025-06-19", "2025-07-04", "2025-09-01"])
}

const LENGTHS: [(PhaseName, u32); 4] = [
    (Plan, 10),
    (Development, 25),
    (Testing, 15),
    (Deployment, 10),
];

#[test]
fn the_worked_example_comes_out_exactly() {
    let plan = summer().plan_back(day("2025-09-05"), &LENGTHS).unwrap();
    let told: Vec<_> = plan
        .phases()
        .iter()
        .map(|days| format!("{} {} {}", days.phase, days.first, days.last))
        .collect();
    assert_eq!(
        told,
        [
            "Plan 2025-06-11 2025-06-25",
            "Development 2025-06-26 2025-07-31",
            "Testing 2025-08-01 2025-08-21",
            "Deployment 2025-08-22 2025-09-05",
        ]
    );
    let milestones = plan.milestones();
    assert_eq!(milestones.len(), 8);
    let start = &milestones[&key("development-start")];
    assert_eq!(start.planned, Some(When::Day(day("2025-06-26"))));
    assert_eq!(start.what.as_ref().unwrap().as_str(), "Development starts");
    let end = &milestones[&key("deployment-end")];
    assert_eq!(end.planned, Some(When::Day(day("2025-09-05"))));
}

#[test]
fn a_target_on_a_free_day_is_met_on_the_working_day_before_it() {
    let plan = |ready| {
        let plan = summer().plan_back(day(ready), &[(Deployment, 1)]);
        plan.unwrap().phases()[0]
    };
    // Labor Day, and the weekend before it.
    assert_eq!(plan("2025-09-01").last, day("2025-08-29"));
    assert_eq!(plan("2025-09-01").first, day("2025-08-29"));
}

#[test]
fn lengths_that_are_no_plan_are_refused() {
    let refused = |lengths: &[(PhaseName, u32)], ready| {
        let refused = summer().plan_back(day(ready), lengths).unwrap_err();
        (refused.kind(), refused.to_string())
    };
    let ready = "2025-09-05";
    assert_eq!(refused(&[], ready).0, InvalidKind::Empty);
    assert_eq!(
        refused(&[(Testing, 0)], ready),
        (
            InvalidKind::OutOfRange,
            "invalid length of Testing `0`: expected 1 day or more".to_owned()
        )
    );
    for wrong in [
        &[(Testing, 5), (Plan, 5)][..],
        &[(Plan, 5), (Plan, 5)],
        &[(Start, 5)],
        &[(Request, 5), (Closed, 5)],
    ] {
        assert_eq!(refused(wrong, ready).0, InvalidKind::Malformed, "{wrong:?}");
    }
    assert_eq!(
        refused(&[(Testing, 5), (Deployment, u32::MAX)], ready).0,
        InvalidKind::OutOfRange
    );
    assert_eq!(
        refused(&[(Plan, 5), (Testing, 5)], "1970-01-08").0,
        InvalidKind::OutOfRange
    );
    let first = holidays(&["1970-01-01"]).plan_back(day("1970-01-01"), &[(Testing, 1)]);
    assert_eq!(first.unwrap_err().kind(), InvalidKind::OutOfRange);
}

#[test]
fn years_of_holidays_end_in_an_answer_or_an_error() {
    let name = Name::new("Sabbatical").unwrap();
    // From here on there are 999 days that can be written.
    let from = day("9997-04-07");
    let days = |count: u64| (0..count).map(|at| (later(from, at), name.clone()));
    let free = WorkingDays::default().with_holidays(days(999)).unwrap();
    assert_eq!(free.next(from).unwrap_err().kind(), InvalidKind::OutOfRange);
    assert_eq!(free.between(from, day("9999-12-31")), 0);
    let but_the_last = WorkingDays::default().with_holidays(days(998)).unwrap();
    assert_eq!(but_the_last.next(from).unwrap(), day("9999-12-31"));

    let endless = (0..).map(|at| (later(day("2025-01-01"), at), name.clone()));
    let refused = WorkingDays::default().with_holidays(endless);
    assert_eq!(refused.unwrap_err().kind(), InvalidKind::TooLarge);
    let all = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    let refused = WorkingDays::default().with_weekend(all).unwrap_err();
    assert_eq!(refused.kind(), InvalidKind::OutOfRange);
}

#[test]
fn files_say_the_same_as_code() {
    let days = summer().with_weekend([Weekday::Sun]).unwrap();
    let json = serde_json::to_string(&days).unwrap();
    assert_eq!(
        json,
        r#"{"weekend":["sunday"],"holidays":{"2025-06-19":"Holiday","2025-07-04":"Holiday","2025-09-01":"Holiday"}}"#
    );
    assert_eq!(serde_json::from_str::<WorkingDays>(&json).unwrap(), days);
    let bare: WorkingDays = serde_json::from_str("{}").unwrap();
    assert_eq!(bare, WorkingDays::default());
    for wrong in [
        r#"{"weekends":[]}"#,
        r#"{"weekend":["Sun"]}"#,
        r#"{"holidays":{"2025-02-30":"Leap"}}"#,
        r#"{"holidays":{"2025-02-03":""}}"#,
    ] {
        assert!(
            serde_json::from_str::<WorkingDays>(wrong).is_err(),
            "{wrong}"
        );
    }
}

fn plan(milestones: &[(&str, &str)]) -> ReleasePlan {
    let entry = |&(name, planned): &(&str, &str)| {
        let mut milestone = Milestone::new();
        milestone.planned = planned.parse().ok();
        (key(name), milestone)
    };
    let milestones: BTreeMap<_, _> = milestones.iter().map(entry).collect();
    let plan = ReleasePlan::builder().early_life_support(Seconds::days(14));
    plan.milestones(Bounded::new(milestones).unwrap()).build()
}

/// Baselined, moved and baselined again, moved once more, and reached late.
#[test]
fn slip_is_told_against_the_first_and_the_latest_baseline() {
    let days = summer();
    let office = office();
    office.clock.set("2025-06-02T09:00:00Z");
    let release = office.with_manager(office.authorised());
    let first = plan(&[
        ("freeze", "2025-06-18"),
        ("beta", "2025-07-03"),
        ("ready", "2025-09-05"),
        ("demo", "2025-08-01"),
        ("party", "open"),
    ]);
    let release = office.recorded(release, first, "ada");
    let before = days.slips(&release.view());
    assert_eq!(before[&key("ready")].day, Some(day("2025-09-05")));
    assert!(
        before
            .values()
            .all(|it| it.first.is_none() && it.latest.is_none())
    );

    let release = office.recorded(release, Baseline::new(), "ada");
    let second = plan(&[
        ("freeze", "2025-06-18"),
        ("beta", "2025-07-07"),
        ("ready", "2025-09-02T23:59:59Z"),
        ("party", "2025-09-12"),
    ]);
    let release = office.recorded(release, second.clone(), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    office.clock.set("2025-06-23T00:00:00Z");
    let release = office.recorded(release, MilestoneReached::new(key("freeze")), "ada");
    let release = office.recorded(release, MilestoneReached::new(key("surprise")), "ada");
    let mut third = second;
    let mut moved = (*third.milestones).clone();
    moved.get_mut("beta").unwrap().planned = "2025-07-04".parse().ok();
    third.milestones = Bounded::new(moved).unwrap();
    let release = office.recorded(release, third, "ada");

    let slips = days.slips(&release.view());
    let told = |name: &str| {
        let slip = slips[&key(name)];
        let days =
            |slip: Option<phasegate::schedule::Slip>| slip.map(|it| (it.days, it.working_days));
        (days(slip.first), days(slip.latest))
    };
    assert_eq!(
        told("freeze"),
        (Some((5, 2)), Some((5, 2))),
        "over Juneteenth and a weekend"
    );
    assert_eq!(
        told("beta"),
        (Some((1, 1)), Some((-3, 0))),
        "Independence Day is free"
    );
    assert_eq!(told("ready"), (Some((-3, -3)), Some((0, 0))));
    assert_eq!(told("demo"), (None, None), "dropped");
    assert_eq!(
        told("party"),
        (None, Some((0, 0))),
        "its day was open at first"
    );
    assert_eq!(told("surprise"), (None, None), "nobody planned it");
    let freeze = slips[&key("freeze")];
    assert!(freeze.is_reached && freeze.day == Some(day("2025-06-23")));
    assert!(slips[&key("surprise")].is_reached && !slips[&key("beta")].is_reached);
    assert_eq!(slips[&key("demo")].day, None);
    let planned: BTreeSet<_> = slips.keys().map(Key::as_str).collect();
    assert_eq!(planned.len(), 6);
}

#[test]
#[cfg(feature = "calendar")]
fn slip_is_counted_in_days_of_the_zone() {
    let office = office();
    office.clock.set("2025-06-02T09:00:00Z");
    let release = office.with_manager(office.authorised());
    // In Berlin, it is past midnight by then.
    let agreed = plan(&[("ready", "2025-09-04T22:30:00Z"), ("beta", "2025-09-05")]);
    let release = office.recorded(release, agreed, "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    office.clock.set("2025-09-07T22:00:00Z");
    let release = office.recorded(release, MilestoneReached::new(key("ready")), "ada");
    let release = office.recorded(release, MilestoneReached::new(key("beta")), "ada");
    let told = |days: &WorkingDays, name: &str| {
        let slip = days.slips(&release.view())[&key(name)];
        let against = slip.first.unwrap();
        (
            against.planned,
            slip.day.unwrap(),
            against.days,
            against.working_days,
        )
    };
    let utc = summer();
    let sunday = day("2025-09-07");
    assert_eq!(told(&utc, "ready"), (day("2025-09-04"), sunday, 3, 2));
    let berlin = utc.clone().in_zone("Europe/Berlin".parse().unwrap());
    let monday = day("2025-09-08");
    assert_eq!(told(&berlin, "ready"), (day("2025-09-05"), monday, 3, 1));
    assert_eq!(told(&utc, "beta"), (day("2025-09-05"), sunday, 2, 1));
    assert_eq!(told(&berlin, "beta"), (day("2025-09-05"), monday, 3, 1));

    let written = serde_json::to_string(&berlin).unwrap();
    assert!(written.contains(r#""zone":"Europe/Berlin""#), "{written}");
    assert_eq!(
        serde_json::from_str::<WorkingDays>(&written).unwrap(),
        berlin
    );
    assert!(!serde_json::to_string(&utc).unwrap().contains("zone"));
}

/// A calendar over some months: any weekend but a whole week, and any days as holidays.
fn calendars() -> impl Strategy<Value = WorkingDays> {
    let weekend = prop::collection::btree_set(0u8..7, 0..=4);
    let holidays = prop::collection::btree_set(0u64..200, 0..60);
    (weekend, holidays).prop_map(|(weekend, holidays)| {
        let weekend = weekend
            .into_iter()
            .map(|day| Weekday::try_from(day).unwrap());
        let name = Name::new("Holiday").unwrap();
        let holidays = holidays
            .into_iter()
            .map(|at| (later(day("2025-01-01"), at), name.clone()));
        let days = WorkingDays::default().with_weekend(weekend).unwrap();
        days.with_holidays(holidays).unwrap()
    })
}

fn some_day() -> impl Strategy<Value = Day> {
    (0u64..260).prop_map(|at| later(day("2024-12-01"), at))
}

/// The working days from the one day up to, but without, the other, one by one.
fn scan(days: &WorkingDays, from: Day, to: Day) -> Vec<Day> {
    let dates = from.date().iter_days().take_while(|date| *date < to.date());
    let dates = dates.map(|date| Day::new(date).unwrap());
    dates.filter(|day| days.is_working(*day)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_and_taking_working_days_are_inverse(days in calendars(), from in some_day(), n in 0u32..90) {
        let from = days.next(from).unwrap();
        let there = days.plus(from, n).unwrap();
        prop_assert!(days.is_working(there));
        prop_assert_eq!(days.minus(there, n).unwrap(), from);
        prop_assert_eq!(days.plus(days.minus(from, n).unwrap(), n).unwrap(), from);
        prop_assert_eq!(days.between(from, there), i64::from(n));
        prop_assert_eq!(days.previous(days.next(from).unwrap()).unwrap(), from);
    }

    #[test]
    fn counts_are_those_of_a_scan(days in calendars(), a in some_day(), b in some_day(), n in 1u32..60) {
        let (first, last) = (a.min(b), a.max(b));
        let scanned = i64::try_from(scan(&days, first, last).len()).unwrap();
        prop_assert_eq!(days.between(first, last), scanned);
        prop_assert_eq!(days.between(last, first), -scanned);

        let after = scan(&days, later(a, 1), later(a, 1_000));
        prop_assert_eq!(days.plus(a, n).unwrap(), after[n as usize - 1]);
        let before = scan(&days, day("2020-01-01"), a);
        prop_assert_eq!(days.minus(a, n).unwrap(), before[before.len() - n as usize]);
        prop_assert_eq!(days.plus(a, 0).unwrap(), a);
    }

    #[test]
    fn a_plan_backwards_has_no_gap_and_no_overlap(
        days in calendars(),
        ready in some_day(),
        lengths in prop::collection::vec(1u32..40, 4),
    ) {
        let phases = [Plan, Development, Testing, Deployment];
        let lengths: Vec<_> = phases.into_iter().zip(lengths).collect();
        let plan = days.plan_back(ready, &lengths).unwrap();
        let worked: Vec<Vec<Day>> = plan
            .phases()
            .iter()
            .map(|it| scan(&days, it.first, later(it.last, 1)))
            .collect();
        for ((worked, &(phase, length)), days) in worked.iter().zip(&lengths).zip(plan.phases()) {
            prop_assert_eq!(days.phase, phase);
            prop_assert_eq!(worked.len(), length as usize);
            prop_assert_eq!((worked[0], worked[worked.len() - 1]), (days.first, days.last));
        }
        let all = scan(&days, plan.phases()[0].first, later(ready, 1));
        prop_assert_eq!(worked.concat(), all);
    }
}
