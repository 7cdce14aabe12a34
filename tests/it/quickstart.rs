//! The quickstart says what the logs say, and the logs say what the schedules say.

#[expect(dead_code, reason = "`cargo run` calls its main")]
#[path = "../../examples/quickstart/main.rs"]
mod example;

use crate::delegated::delegated;
use crate::recorded;
use example::adherence::Adherence;
use example::history::{self, History, Schedules, Source};
use example::{Taken, show};
use phasegate::phase::Seconds;
use phasegate::release::{AnyRecord, Batch, Envelope, Event, Key, ReleasePlan, When, verify};
use phasegate::store::{Committed, StoreError};
use phasegate::{Instant, MemoryStore, Store};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

fn take(schedules: &Schedules) -> Taken {
    pollster::block_on(example::take(MemoryStore::new(), schedules)).unwrap()
}

fn kubernetes() -> (Schedules, Taken) {
    let schedules = history::kubernetes().unwrap();
    let taken = take(&schedules);
    (schedules, taken)
}

/// The release of that name, with its history changed.
fn changed(name: &str, change: impl FnOnce(&mut History)) -> Adherence {
    let mut schedules = history::kubernetes().unwrap();
    schedules.releases.retain(|release| release.name == name);
    change(&mut schedules.releases[0]);
    Adherence::of(&take(&schedules).logs[0].1).unwrap()
}

fn slip(found: &Adherence) -> Option<i64> {
    found.release().unwrap().slip_days()
}

fn events(log: &[Envelope]) -> impl Iterator<Item = (&Envelope, Event)> {
    log.iter()
        .map(|entry| (entry, entry.decode().unwrap().unwrap()))
}

fn plans(log: &[Envelope]) -> Vec<(Instant, Arc<ReleasePlan>)> {
    let plan = |(entry, event): (&Envelope, Event)| {
        let Event::Record(AnyRecord::ReleasePlan(plan)) = event else {
            return None;
        };
        Some((entry.recorded_at, plan))
    };
    events(log).filter_map(plan).collect()
}

/// A run that stops after 1.23, and one that goes on; what they come to is what one run does.
fn goes_on<S: Store>(open: impl Fn() -> S) {
    let whole = kubernetes().1.logs;
    let mut schedules = history::kubernetes().unwrap();
    schedules.stop_after("1.23").unwrap();
    let take =
        |schedules: &Schedules| pollster::block_on(example::take(open(), schedules)).unwrap();
    let first = take(&schedules);
    assert_eq!(first.logs, whole[..5]);
    assert!(first.troubles.is_none());
    let page = show::page(&schedules, &first).unwrap();
    assert!(page.starts_with("Kubernetes up to 1.23, from request to closure\n"));

    let all = history::kubernetes().unwrap();
    let second = take(&all);
    assert_eq!(second.logs, whole);
    let third = take(&all);
    assert_eq!(third.logs, whole, "nothing is done twice");
    for taken in [&second, &third] {
        assert_eq!(show::page(&all, taken).unwrap(), page_of_all());
    }
}

fn page_of_all() -> String {
    let (schedules, taken) = kubernetes();
    show::page(&schedules, &taken).unwrap()
}

/// A store that does not answer any more after so many commits, as if the process were killed.
struct Cut {
    store: Arc<MemoryStore>,
    left: Mutex<usize>,
}

impl Store for Cut {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let left = self.left.lock().unwrap().checked_sub(1);
        let left = left.ok_or_else(|| StoreError::unavailable("it was killed"))?;
        *self.left.lock().unwrap() = left;
        self.store.commit(batch).await
    }
    delegated!(store: history list outcome claim settle);
}

#[test]
fn a_run_that_was_killed_goes_on_wherever_it_was() {
    let all = history::kubernetes().unwrap();
    let whole = page_of_all();
    // The last one is killed within the release that has troubles.
    let troubled = kubernetes().1.logs;
    let before: usize = troubled[..5].iter().map(|(_, log)| log.len()).sum();
    let middle = before + troubled[5].1.len() - 12;
    let store = Arc::new(MemoryStore::new());
    for kills in [0, 1, 20, middle] {
        let (store, left) = (store.clone(), Mutex::new(kills));
        let killed = pollster::block_on(example::take(Cut { store, left }, &all));
        let told = example::told(&*killed.unwrap_err());
        assert!(told.ends_with("\n  because: it was killed"), "{told}");
    }
    let taken = pollster::block_on(example::take(store, &all)).unwrap();
    assert!(show::page(&all, &taken).unwrap() == whole);
}

#[test]
fn what_was_taken_another_way_is_not_gone_on_with() {
    let store = Arc::new(MemoryStore::new());
    let mut other = history::kubernetes().unwrap();
    other.stop_after("1.19").unwrap();
    let history = &mut other.releases[0];
    let release = history.milestones.get_mut("ga:v1.19.0").unwrap();
    release.actual = release.actual.map(|at| at.plus(Seconds::days(3)));
    pollster::block_on(example::take(store.clone(), &other)).unwrap();
    let all = history::kubernetes().unwrap();
    let refused = pollster::block_on(example::take(store, &all)).unwrap_err();
    let told = example::told(&*refused);
    assert!(
        told.ends_with("was taken another way there; name another file"),
        "{told}"
    );
}

#[test]
fn a_run_that_was_stopped_goes_on() {
    let store = Arc::new(MemoryStore::new());
    goes_on(|| store.clone());
}

#[cfg(feature = "sqlite")]
#[test]
fn a_run_that_was_stopped_goes_on_from_its_file() {
    let folder = crate::sqlite_support::Folder::new();
    goes_on(|| folder.quick());
}

#[test]
fn a_word_that_is_no_release_is_told() {
    let read = |words: &[&str]| example::until(words.iter().map(ToString::to_string));
    assert_eq!(read(&[]).unwrap(), None);
    assert_eq!(read(&["--until", "1.23"]).unwrap(), Some("1.23".to_owned()));
    for wrong in [
        &["--until"] as &[_],
        &["1.23"],
        &["--until", "1.23", "1.24"],
    ] {
        let told = read(wrong).unwrap_err().to_string();
        assert!(told.contains("`--until 1.23`"), "{told}");
    }
    let told = history::kubernetes()
        .unwrap()
        .stop_after("1.3")
        .unwrap_err();
    assert!(
        told.starts_with("there is no release `1.3`; there are 1.19, 1.20"),
        "{told}"
    );
}

#[test]
fn the_page_stays_as_it_is() {
    let (schedules, taken) = kubernetes();
    insta::assert_snapshot!(show::page(&schedules, &taken).unwrap());
}

#[test]
fn the_page_is_plain_text_of_at_most_100_columns() {
    let (schedules, taken) = kubernetes();
    let page = show::page(&schedules, &taken).unwrap();
    for line in page.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert!(!line.chars().any(char::is_control), "{line}");
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn the_page_names_source_and_licence() {
    let (schedules, taken) = kubernetes();
    let page = show::page(&schedules, &taken).unwrap();
    let words: Vec<_> = page.split_whitespace().collect();
    assert!(words.join(" ").contains(&schedules.source));
    assert!(page.contains(&format!("Licence  {}\n", schedules.license)));
}

#[test]
fn slips_are_the_known_ones() {
    let (_, taken) = kubernetes();
    let found = taken.logs.iter().map(|(name, log)| {
        let found = Adherence::of(log).unwrap();
        (&**name, slip(&found).unwrap(), found.baselines - 1)
    });
    let known = [
        ("1.19", 57, 3),
        ("1.20", 0, 0),
        ("1.21", 0, 0),
        ("1.22", 0, 0),
        ("1.23", 0, 0),
        ("1.24", 14, 1),
        ("1.25", 0, 0),
        ("1.26", 2, 1),
        ("1.27", 0, 0),
    ];
    assert_eq!(found.collect::<Vec<_>>(), known);
}

#[test]
fn another_actual_date_is_another_slip() {
    assert_eq!(slip(&changed("1.20", |_| {})), Some(0));
    let later = changed("1.20", |history| {
        let release = history.milestones.get_mut("ga:v1.20.0").unwrap();
        release.actual = release.actual.map(|at| at.plus(Seconds::days(3)));
    });
    assert_eq!(slip(&later), Some(3));
}

#[test]
fn a_new_plan_after_going_live_leaves_the_baseline() {
    let found = changed("1.26", |history| {
        let live = history.live().unwrap();
        let last = history.revisions.last_mut().unwrap();
        assert!(last.at > live);
        let day = last.planned.get_mut("ga:v1.26.0").unwrap();
        *day = Some("2022-12-30".parse().unwrap());
    });
    assert_eq!((slip(&found), found.baselines), (Some(2), 2));
}

#[test]
fn a_new_plan_before_going_live_is_a_new_baseline_and_leaves_the_first() {
    let found = changed("1.26", |history| {
        let last = history.revisions.last_mut().unwrap();
        last.at = "2022-12-05T12:00:00Z".parse().unwrap();
        let day = last.planned.get_mut("ga:v1.26.0").unwrap();
        *day = Some("2022-12-07".parse().unwrap());
    });
    assert_eq!((slip(&found), found.baselines), (Some(2), 3));
}

#[test]
fn every_release_goes_through_all_phases() {
    let (_, taken) = kubernetes();
    for (name, log) in &taken.logs {
        let mut steps = Vec::new();
        for (_, event) in events(log) {
            if let Event::Step(taken) = event {
                steps.push(taken.step.action().name());
            }
        }
        let all = [
            "request",
            "authorise",
            "start_development",
            "start_testing",
            "deploy",
            "finish_deployment",
            "complete_review",
            "close",
        ];
        assert_eq!(steps, all, "{name}");
    }
}

#[test]
fn every_revision_and_every_actual_instant_is_in_the_log() {
    let (schedules, taken) = kubernetes();
    for (history, (name, log)) in schedules.releases.iter().zip(&taken.logs) {
        let mut plan: BTreeMap<Key, Option<When>> = BTreeMap::new();
        let recorded = plans(log);
        assert_eq!(recorded.len(), history.revisions.len(), "{name}");
        for (revision, (at, whole)) in history.revisions.iter().zip(recorded) {
            plan.retain(|key, _| !revision.removed.contains(key));
            plan.extend(revision.planned.clone());
            let milestones = whole
                .milestones
                .iter()
                .map(|(key, one)| (key.clone(), one.planned));
            assert_eq!(
                (at, milestones.collect()),
                (revision.at, plan.clone()),
                "{name}"
            );
        }

        let found = Adherence::of(log).unwrap();
        assert!(
            found.milestones.keys().eq(history.milestones.keys()),
            "{name}"
        );
        for (key, line) in &found.milestones {
            assert!(line.is_planned, "{name} {key}");
            assert_eq!(line.actual, history.milestones[key].actual, "{name} {key}");
        }
    }
}

#[test]
fn what_is_marked_as_recorded_is_in_the_file() {
    let (schedules, taken) = kubernetes();
    for (history, (name, log)) in schedules.releases.iter().zip(&taken.logs) {
        for entry in log
            .iter()
            .filter(|entry| Source::of(&entry.actor) == Source::Recorded)
        {
            let at = entry.recorded_at;
            let merged = history.revisions.iter().any(|revision| revision.at == at);
            let tagged = history
                .milestones
                .values()
                .any(|known| known.actual == Some(at));
            assert!(merged || tagged, "{name} {}", entry.version);
        }
    }
}

#[test]
fn live_is_the_instant_of_the_tag() {
    let (schedules, taken) = kubernetes();
    for (history, (name, log)) in schedules.releases.iter().zip(&taken.logs) {
        let finished = log
            .iter()
            .find(|entry| entry.kind == "release.attempt_finished");
        assert_eq!(
            finished.unwrap().occurred_at,
            history.live().unwrap(),
            "{name}"
        );
    }
}

#[test]
fn every_log_is_whole_and_an_edit_is_found() {
    let (_, taken) = kubernetes();
    for (name, log) in &taken.logs {
        assert_eq!(verify(log).unwrap(), log.last().unwrap().hash, "{name}");
        let mut edited = log.clone();
        edited[2].occurred_at = edited[2].occurred_at.plus(Seconds::new(1));
        assert_eq!(verify(&edited).unwrap_err().version.get(), 3, "{name}");
    }
}

#[test]
fn the_gate_refuses_with_every_blocker_and_each_is_lifted() {
    let (_, refusal) = kubernetes().1.troubles.unwrap();
    let blockers: Vec<_> = refusal
        .decision
        .blockers()
        .map(|blocker| {
            (
                blocker.finding.judgement.policy.to_string(),
                blocker.reason.code.to_string(),
            )
        })
        .collect();
    let expected = [
        ("lifecycle", "not-tested"),
        ("evidence", "kind-missing"),
        ("evidence", "kind-missing"),
        ("agreed-day", "too-early"),
    ];
    assert_eq!(
        blockers,
        expected.map(|(policy, code)| (policy.into(), code.into()))
    );
    let lifted: Vec<_> = refusal
        .lifted
        .iter()
        .map(|(_, places)| places.as_slice())
        .collect();
    assert_eq!(lifted, [&[1, 2][..], &[3], &[4]]);
}

#[test]
fn the_stale_writer_gets_the_release_back() {
    let (conflict, _) = kubernetes().1.troubles.unwrap();
    assert_eq!(conflict.given_back, conflict.seen);
    assert_eq!(conflict.loaded, conflict.seen.plus(1));
    assert!(
        conflict
            .message
            .ends_with("log is at version 17, expected 16; load it again")
    );
}

#[derive(Deserialize)]
struct Row {
    release: String,
    milestone: String,
    slip_vs_baseline_days: Option<i64>,
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn slips_are_those_that_the_records_have() {
    let rows: Vec<Row> = recorded::rows("k8s-release-schedules/milestones.csv");
    let mut compared = 0;
    for (name, log) in kubernetes().1.logs {
        let found = Adherence::of(&log).unwrap();
        for row in rows.iter().filter(|row| row.release == name) {
            if let Some(slip) = row.slip_vs_baseline_days {
                let line = &found.milestones[row.milestone.as_str()];
                assert_eq!(line.slip_days(), Some(slip), "{name} {}", row.milestone);
                compared += 1;
            }
        }
    }
    assert!(compared > 60, "only {compared} compared");
}
