//! Two rules that nobody had, asked of nine Kubernetes releases; and the same computed from the records alone.

#[expect(dead_code, reason = "`cargo run` calls its main")]
#[expect(
    clippy::duplicate_mod,
    reason = "the example goes the way of the quickstart, which has tests of its own"
)]
#[path = "../../examples/backtest.rs"]
mod example;

use crate::recorded;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use example::{asked, at_least, december, releases, schedules};
use phasegate::verify::Example;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The releases that are the examples, without the word before them.
fn names(examples: &[Example]) -> Vec<String> {
    let titles = examples.iter().map(|one| one.title.clone().unwrap());
    let names = titles.map(|title| title.as_str().replace("Kubernetes ", ""));
    names.collect()
}

#[test]
fn twenty_one_days_after_code_freeze_would_have_stopped_two_releases() {
    let today = releases(&schedules().unwrap(), None).unwrap();
    let report = asked(&today, &at_least(21).unwrap()).unwrap();
    assert!(report.is_conclusive() && !report.is_unchanged());
    assert_eq!(names(&report.newly_refused), ["1.23", "1.25"]);
    assert_eq!((report.all.newly_refused, report.all.newly_allowed), (2, 0));
    assert_eq!(report.all.other_reasons, 0);
    // Of each release the end of the deployment, the review and the closure rest on it.
    assert_eq!(report.all.counterfactual, 6);

    let longer = asked(&today, &at_least(20).unwrap()).unwrap();
    assert!(longer.is_conclusive());
    assert_eq!(longer.newly_refused, []);
}

#[test]
fn a_freeze_in_december_would_have_stopped_three_releases() {
    let today = releases(&schedules().unwrap(), None).unwrap();
    let report = december(&today).unwrap();
    assert!(report.is_conclusive());
    assert_eq!(names(&report.newly_refused), ["1.20", "1.23", "1.26"]);
    assert_eq!((report.all.newly_refused, report.all.newly_allowed), (3, 0));
}

#[test]
fn a_rule_that_is_eased_lets_go_what_it_had_refused() {
    let strict = releases(&schedules().unwrap(), Some(&at_least(28).unwrap())).unwrap();
    let report = asked(&strict, &at_least(21).unwrap()).unwrap();
    assert!(report.is_conclusive());
    assert_eq!(names(&report.newly_allowed), ["1.20", "1.22", "1.27"]);
    // Those two were refused then, too, and went live all the same.
    assert_eq!(names(&report.newly_refused), ["1.23", "1.25"]);
    // Three steps after each of those two, and the three deployments that would have been cleared before.
    assert_eq!(report.all.counterfactual, 2 * 3 + 3);
}

#[test]
fn the_gates_that_decided_would_decide_the_same() {
    let today = releases(&schedules().unwrap(), None).unwrap();
    let report = asked(&today, today.gates()).unwrap();
    assert!(report.is_unchanged(), "{report}");
    assert_eq!(report.all.decisions, 72);
}

#[derive(Deserialize)]
struct TagRow {
    version: String,
    tagged_at_utc: String,
}

#[derive(Deserialize)]
struct FreezeRow {
    release: String,
    freeze: String,
    start_utc: String,
}

fn rows<T: DeserializeOwned>(file: &str) -> Vec<T> {
    recorded::rows(&format!("k8s-release-schedules/{file}"))
}

/// When code freeze began and when the release was tagged, by the records of the release team.
fn recorded() -> BTreeMap<String, (DateTime<Utc>, DateTime<Utc>)> {
    let tags: Vec<TagRow> = rows("actual_tags.csv");
    let freezes: Vec<FreezeRow> = rows("freeze_windows.csv");
    let tags: BTreeMap<_, DateTime<Utc>> = tags
        .into_iter()
        .map(|tag| (tag.version, tag.tagged_at_utc.parse().expect("an instant")))
        .collect();
    let freezes = freezes
        .into_iter()
        .filter(|row| row.freeze == "code_freeze");
    let starts: BTreeMap<_, _> = freezes.map(|row| (row.release, row.start_utc)).collect();
    let schedules = schedules().unwrap();
    let of = |name: &str| {
        let start = starts[name].parse().expect("an instant");
        (name.to_owned(), (start, tags[&format!("v{name}.0")]))
    };
    schedules.releases.iter().map(|one| of(&one.name)).collect()
}

fn those(is_one: impl Fn(DateTime<Utc>, DateTime<Utc>) -> bool) -> Vec<String> {
    let recorded = recorded().into_iter();
    let those = recorded.filter(|(_, (freeze, live))| is_one(*freeze, *live));
    those.map(|(name, _)| name).collect()
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn code_freezes_are_those_of_the_records() {
    for release in &schedules().unwrap().releases {
        let (freeze, _) = recorded()[&release.name];
        let ours = release.milestones.iter();
        let ours = ours.filter(|(key, _)| key.as_str() == "code_freeze");
        let ours: Vec<_> = ours.filter_map(|(_, known)| known.actual).collect();
        let ours: Vec<DateTime<Utc>> = ours
            .iter()
            .map(|at| at.to_string().parse().unwrap())
            .collect();
        assert_eq!(ours, [freeze], "{}", release.name);
    }
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn the_records_alone_say_the_same() {
    let days = |freeze: DateTime<Utc>, live: DateTime<Utc>| live - freeze;
    assert_eq!(
        those(|freeze, live| days(freeze, live) < TimeDelta::days(21)),
        ["1.23", "1.25"]
    );
    assert_eq!(
        those(|_, live| live.month() == 12),
        ["1.20", "1.23", "1.26"]
    );
    let eased =
        |freeze, live| (TimeDelta::days(21)..TimeDelta::days(28)).contains(&days(freeze, live));
    assert_eq!(those(eased), ["1.20", "1.22", "1.27"]);

    // A deployment is decided on two hours before its tag, which moves none over a limit.
    let hours = TimeDelta::hours(2);
    for limit in [20, 21, 28].map(TimeDelta::days) {
        let moved = those(|freeze, live| {
            (days(freeze, live) < limit) != (days(freeze, live) - hours < limit)
        });
        assert_eq!(moved, [""; 0]);
    }
}
