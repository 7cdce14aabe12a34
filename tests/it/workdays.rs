//! Working days: planning backwards, counting, and slip.

use crate::desk_support::key;
use chrono::{Datelike, Days, Weekday};
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
    assert_eq!(
        refused(&[(Testing, 1)], "1970-01-01").0,
        InvalidKind::OutOfRange,
        "the previous day cannot be written"
    );
}

#[test]
fn years_of_holidays_end_in_an_answer_or_an_error() {
    let name = Name::new("Sabbatical").unwrap();
    let from = day("9997-04-07");
    let days = |count: u64| (0..count).map(|at| (later(from, at), name.clone()));
    let free = WorkingDays::default().with_holidays(days(999)).unwrap();
    assert_eq!(free.next(from).unwrap(), later(from, 1_001));
    assert_eq!(free.between(from, day("9999-12-31")), 0);

    let endless = free.clone().with_holidays([(later(from, 1_001), name.clone())]);
    let refused = endless.unwrap().next(from).unwrap_err();
    assert_eq!(refused.kind(), InvalidKind::OutOfRange);

    let refused = WorkingDays::default().with_holidays(days(u64::MAX));
    assert_eq!(refused.unwrap_err().kind(), InvalidKind::TooLarge);
    let all = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
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
        assert!(serde_json::from_str::<WorkingDays>(wrong).is_err(), "{wrong}");
    }
}
