//! The Kubernetes schedules in `examples/data` say exactly what the release team's own records say.

use std::collections::{BTreeMap, BTreeSet};

use crate::recorded;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

const RELEASES: [&str; 9] = [
    "1.19", "1.20", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedules {
    source: String,
    license: String,
    note: String,
    releases: Vec<Release>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    #[serde(rename = "release")]
    name: String,
    milestones: BTreeMap<String, Milestone>,
    revisions: Vec<Revision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Milestone {
    what: String,
    actual: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revision {
    at: String,
    planned: BTreeMap<String, Option<String>>,
    #[serde(default)]
    removed: Vec<String>,
}

impl Release {
    /// Each thing ever said about a milestone: when, and the day it then had.
    fn said(&self, key: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.revisions.iter().filter_map(move |revision| {
            let removed = revision.removed.iter().any(|gone| gone == key);
            match revision.planned.get(key) {
                Some(day) => Some((revision.at.as_str(), day.as_deref())),
                None => removed.then_some((revision.at.as_str(), None)),
            }
        })
    }

    fn first(&self, key: &str) -> Option<&str> {
        self.said(key).find_map(|(_, day)| day)
    }

    fn last(&self, key: &str) -> Option<&str> {
        self.said(key).last()?.1
    }

    /// The plan in force when the day after "schedule finalized" is over.
    fn baseline(&self, key: &str) -> Option<&str> {
        let finalized = day(self.last("schedule_finalized")?);
        let cutoff = (finalized + Days::new(1)).to_string();
        self.said(key)
            .take_while(|(at, _)| at[..10] <= *cutoff)
            .last()?
            .1
    }

    /// What each revision did, told the way the history file tells it.
    fn changes(&self) -> BTreeSet<Change> {
        let mut plan = BTreeMap::new();
        let mut changes = BTreeSet::new();
        for revision in &self.revisions {
            let mut note = |key: &str, event: &str, day: Option<&String>, previous| {
                changes.insert(Change {
                    at: revision.at.clone(),
                    key: key.to_owned(),
                    event: event.to_owned(),
                    day: day.cloned(),
                    previous,
                });
            };
            for (key, day) in &revision.planned {
                match plan.insert(key, day.clone()) {
                    None => note(key, "added", day.as_ref(), None),
                    Some(previous) => note(key, "moved", day.as_ref(), previous),
                }
            }
            for key in &revision.removed {
                let previous = plan.remove(key).expect("only what is planned is removed");
                note(key, "removed", None, previous);
            }
        }
        changes
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    at: String,
    key: String,
    event: String,
    day: Option<String>,
    previous: Option<String>,
}

#[derive(Deserialize)]
struct MilestoneRow {
    release: String,
    milestone: String,
    what: String,
    first_planned: Option<String>,
    baseline_planned: Option<String>,
    baseline_kind: String,
    final_planned: Option<String>,
    actual_utc: Option<String>,
}

#[derive(Deserialize)]
struct HistoryRow {
    release: String,
    milestone: String,
    what: String,
    event: String,
    planned_date: Option<String>,
    merged_at_utc: String,
    previous_date: Option<String>,
}

#[derive(Deserialize)]
struct TagRow {
    version: String,
    tagged_at_utc: String,
}

/// The records of one release, with the names its milestones go by.
struct Records {
    milestones: Vec<MilestoneRow>,
    history: Vec<HistoryRow>,
}

impl Records {
    fn of(release: &str) -> Self {
        let mut milestones: Vec<MilestoneRow> = rows("milestones.csv");
        let mut history: Vec<HistoryRow> = rows("plan_history.csv");
        milestones.retain(|row| row.release == release);
        history.retain(|row| row.release == release);
        Self {
            milestones,
            history,
        }
    }

    /// A milestone added under several texts is several milestones: they are
    /// numbered, those still planned in the end first, then the dropped ones.
    fn key(&self, milestone: &str, what: &str) -> String {
        let mut texts = Vec::new();
        for row in &self.history {
            let added = row.milestone == milestone && row.event == "added";
            if added && !texts.contains(&row.what) {
                texts.push(row.what.clone());
            }
        }
        if texts.len() == 1 {
            return milestone.to_owned();
        }
        texts.sort_by_key(|text| {
            let kept = |row: &MilestoneRow| row.milestone == milestone && row.what == *text;
            self.milestones.iter().position(kept).unwrap_or(usize::MAX)
        });
        let place = texts.iter().position(|text| text == what);
        format!("{milestone}-{}", place.expect("a text once added") + 1)
    }
}

fn rows<T: DeserializeOwned>(file: &str) -> Vec<T> {
    recorded::rows(&format!("k8s-release-schedules/{file}"))
}

fn schedules() -> Schedules {
    serde_json::from_str(include_str!("../../examples/data/kubernetes.json")).expect("well formed")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

#[test]
fn the_schedules_are_well_formed() {
    let schedules = schedules();
    assert!(!schedules.source.is_empty() && !schedules.note.is_empty());
    assert_eq!(schedules.license, "Apache-2.0");
    let releases: Vec<_> = schedules.releases.iter().map(|r| &*r.name).collect();
    assert_eq!(releases, RELEASES);
    for release in &schedules.releases {
        let at = |revision: &Revision| instant(&revision.at);
        assert!(release.revisions.is_sorted_by(|a, b| at(a) < at(b)));
        let texts: BTreeSet<_> = release.milestones.values().map(|m| &m.what).collect();
        assert_eq!(texts.len(), release.milestones.len(), "texts tell apart");
        for key in release.milestones.keys() {
            let plain =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ":._-".contains(c);
            assert!(key.chars().all(plain), "{key}");
        }
        let mut planned = BTreeSet::new();
        for revision in &release.revisions {
            assert!(!revision.planned.is_empty() || !revision.removed.is_empty());
            planned.extend(revision.planned.keys());
            revision.planned.values().flatten().for_each(|text| {
                day(text);
            });
        }
        assert!(release.milestones.keys().eq(planned), "{}", release.name);
    }
}

#[test]
fn releases_slip_by_the_known_days() {
    for release in schedules().releases {
        let name = &release.name;
        let key = format!("ga:v{name}.0");
        let actual = release.milestones[&key].actual.as_deref();
        let actual = instant(actual.expect("released")).date_naive();
        let slip = actual - day(release.baseline(&key).expect("in the baseline"));
        let known = match &**name {
            "1.19" => 57,
            "1.24" => 14,
            "1.26" => 2,
            _ => 0,
        };
        assert_eq!(slip.num_days(), known, "{name}");
    }
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn every_milestone_has_its_recorded_dates() {
    for release in schedules().releases {
        let name = &release.name;
        let records = Records::of(name);
        let mut kept = BTreeSet::new();
        for row in &records.milestones {
            let key = records.key(&row.milestone, &row.what);
            let written = release.milestones.get(&key);
            let written = written.unwrap_or_else(|| panic!("{name} has no {key}"));
            let baseline = match &*row.baseline_kind {
                "schedule_finalized" => release.baseline(&key),
                "first_seen" => {
                    assert_eq!(release.baseline(&key), None, "{name} {key} baseline");
                    release.first(&key)
                }
                other => panic!("{name} {key}: unknown baseline kind {other}"),
            };
            for (column, ours, theirs) in [
                ("first", release.first(&key), &row.first_planned),
                ("baseline", baseline, &row.baseline_planned),
                ("final", release.last(&key), &row.final_planned),
                ("actual", written.actual.as_deref(), &row.actual_utc),
            ] {
                assert_eq!(ours, theirs.as_deref(), "{name} {key} {column}");
            }
            assert!(kept.insert(key), "{name}: two rows, one key");
        }
        let planned = release.milestones.keys();
        let planned = planned.filter(|key| release.last(key).is_some());
        assert!(planned.eq(&kept), "{name} plans nothing more in the end");
    }
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn the_revisions_are_the_recorded_history() {
    for release in schedules().releases {
        let records = Records::of(&release.name);
        let changes = records.history.iter().map(|row| Change {
            at: row.merged_at_utc.clone(),
            key: records.key(&row.milestone, &row.what),
            event: row.event.clone(),
            day: row.planned_date.clone(),
            previous: row.previous_date.clone(),
        });
        let recorded: BTreeSet<_> = changes.collect();
        let written = release.changes();
        assert_eq!(
            recorded.len(),
            records.history.len(),
            "no row appears twice"
        );
        let missing: Vec<_> = recorded.difference(&written).collect();
        let invented: Vec<_> = written.difference(&recorded).collect();
        let none: Vec<&Change> = Vec::new();
        assert_eq!((missing, invented), (none.clone(), none));
    }
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn actual_instants_are_those_of_the_tags() {
    let tags: Vec<TagRow> = rows("actual_tags.csv");
    let tags: BTreeMap<_, _> = tags
        .iter()
        .map(|tag| (&*tag.version, &tag.tagged_at_utc))
        .collect();
    for release in schedules().releases {
        for (key, milestone) in &release.milestones {
            let tag = key.strip_prefix("cut:").or(key.strip_prefix("ga:"));
            let tagged = tag.and_then(|tag| tags.get(tag).copied());
            assert_eq!(milestone.actual.as_ref(), tagged, "{key}");
        }
    }
}
