//! What is known of the releases: how their plans were revised, and when they were tagged.

use super::Outcome;
use chrono::Days;
use phasegate::Instant;
use phasegate::phase::{Invalid, Seconds};
use phasegate::release::{
    Actor, AnyRecord, Baseline, Bounded, Key, Milestone, MilestoneReached, Name, Person,
    ReleasePlan, When,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file: the releases, and where the facts come from.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Schedules {
    pub(crate) source: String,
    pub(crate) license: String,
    pub(crate) releases: Vec<History>,
}

/// What is known of one release.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct History {
    #[serde(rename = "release")]
    pub(crate) name: String,
    pub(crate) milestones: BTreeMap<Key, Known>,
    pub(crate) revisions: Vec<Revision>,
}

/// A milestone, and when it was reached, if anybody wrote that down. But for tags, the calendar's word is all there is.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Known {
    what: Name,
    pub(crate) actual: Option<Instant>,
}

/// A change to the published schedule, by the instant at which it was merged.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Revision {
    pub(crate) at: Instant,
    pub(crate) planned: Plan,
    #[serde(default)]
    pub(crate) removed: Vec<Key>,
}

/// Something that happened: when, what, and on whose word.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) what: AnyRecord,
    pub(crate) by: Actor,
}

/// The days that are planned; nothing stands for "to be decided".
type Plan = BTreeMap<Key, Option<When>>;

/// How we know something. A log tells it by who acts: systems stand for what is known, people are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Recorded,
    Planned,
    Illustrative,
}

/// Merged changes of the schedule: recorded.
const SCHEDULE: &str = "sig-release";
/// Tags: recorded.
const TAG: &str = "git-tag";
/// Days of the plan of which nobody recorded whether they were kept.
const CALENDAR: &str = "calendar";

/// How long incidents count against a release. Illustrative.
const EARLY_LIFE_SUPPORT: Seconds = Seconds::days(3);
/// How long before the tag the deployment begins. Illustrative.
pub(crate) const DEPLOYMENT: Seconds = Seconds::hours(2);

pub(crate) fn kubernetes() -> serde_json::Result<Schedules> {
    serde_json::from_str(include_str!("../data/kubernetes.json"))
}

impl Schedules {
    /// Leaves out what came after that release.
    pub(crate) fn stop_after(&mut self, last: &str) -> Result<(), String> {
        let place = self
            .releases
            .iter()
            .position(|release| release.name == last);
        let names = || self.releases.iter().map(|release| release.name.as_str());
        let place = place.ok_or_else(|| {
            let known: Vec<_> = names().collect();
            format!(
                "there is no release `{last}`; there are {}",
                known.join(", ")
            )
        })?;
        self.releases.truncate(place + 1);
        Ok(())
    }
}

/// Whoever speaks for the tags.
pub(crate) fn tag() -> Result<Actor, Invalid> {
    Key::new(TAG).map(Actor::System)
}

/// Whoever speaks for the days of the plan.
pub(crate) fn calendar() -> Result<Actor, Invalid> {
    Key::new(CALENDAR).map(Actor::System)
}

impl Source {
    pub(crate) fn of(actor: &Actor) -> Self {
        match actor {
            Actor::System(system) if system.as_str() == CALENDAR => Self::Planned,
            Actor::System(_) => Self::Recorded,
            Actor::Person(_) => Self::Illustrative,
        }
    }
}

impl History {
    /// The version that is released, such as `v1.24.0`.
    pub(crate) fn package_version(&self) -> String {
        format!("v{}.0", self.name)
    }

    /// The key of the milestone that is the release itself.
    fn release(&self) -> String {
        format!("ga:{}", self.package_version())
    }

    /// When it went live.
    pub(crate) fn live(&self) -> Outcome<Instant> {
        let release = self.milestones.get(self.release().as_str());
        let live = release.and_then(|release| release.actual);
        live.ok_or_else(|| format!("{} was never released", self.name).into())
    }

    /// When its first plan was published.
    pub(crate) fn began(&self) -> Outcome<Instant> {
        let first = self.revisions.first().map(|revision| revision.at);
        first.ok_or_else(|| format!("{} was never planned", self.name).into())
    }

    /// When a milestone's day begins, by the plan that held in the end.
    pub(crate) fn planned(&self, milestone: &str) -> Outcome<Instant> {
        let when = self.last_plan().get(milestone).copied().flatten();
        let when = when.ok_or_else(|| format!("{} has no {milestone}", self.name))?;
        Ok(Instant::start_of(when.day())?)
    }

    /// When the day of the first retrospective after the release begins, if one is listed.
    pub(crate) fn retrospective(&self) -> Outcome<Option<Instant>> {
        let released = self.live()?.day();
        let plan = self.last_plan();
        let retros = plan
            .iter()
            .filter(|(milestone, _)| milestone.as_str().starts_with("retro"));
        let days = retros.filter_map(|(_, when)| when.map(When::day));
        let first = days.filter(|day| *day > released).min();
        Ok(first.map(Instant::start_of).transpose()?)
    }

    /// The plan as each revision left it.
    fn plans(&self) -> impl Iterator<Item = (Instant, Plan)> {
        self.revisions.iter().scan(Plan::new(), |plan, revision| {
            plan.retain(|milestone, _| !revision.removed.contains(milestone));
            plan.extend(revision.planned.clone());
            Some((revision.at, plan.clone()))
        })
    }

    fn last_plan(&self) -> Plan {
        self.plans()
            .last()
            .map(|(_, plan)| plan)
            .unwrap_or_default()
    }

    /// The same plan as the crate has it.
    fn release_plan(&self, plan: &Plan) -> Result<ReleasePlan, Invalid> {
        let milestones = plan.iter().map(|(key, when)| {
            let what = self.milestones.get(key).map(|known| known.what.clone());
            let milestone = Milestone::builder().planned(*when).what(what);
            (key.clone(), milestone.build())
        });
        Ok(ReleasePlan::builder()
            .early_life_support(EARLY_LIFE_SUPPORT)
            .milestones(Bounded::new(milestones.collect::<BTreeMap<_, _>>())?)
            .build())
    }

    /// Plans, baselines and milestones reached, in the order of time.
    ///
    /// The plan is agreed when the day after "schedule finalized" is over, and anew whenever the release moves after
    /// that. What is planned from the deployment on does not move the baseline.
    pub(crate) fn timeline(&self, lead: &Person) -> Outcome<Vec<Entry>> {
        let finalized = self.planned("schedule_finalized")?.day();
        let agreed = Instant::start_of(finalized + Days::new(2))?;
        let deployed = self.live()?.minus(DEPLOYMENT);
        let (schedule, tag) = (Actor::System(Key::new(SCHEDULE)?), tag()?);
        let mut entries = vec![Entry::new(agreed, Baseline::new(), calendar()?)];
        let mut day = None;
        for (at, plan) in self.plans() {
            entries.push(Entry::new(at, self.release_plan(&plan)?, schedule.clone()));
            let planned = plan.get(self.release().as_str()).copied().flatten();
            let has_moved = std::mem::replace(&mut day, planned) != planned;
            if has_moved && agreed < at && at < deployed {
                entries.push(Entry::new(at, Baseline::new(), lead));
            }
        }
        for (milestone, known) in &self.milestones {
            let reached = MilestoneReached::new(milestone.clone());
            let is_tagged = ["cut:", "ga:"]
                .iter()
                .any(|prefix| milestone.as_str().starts_with(prefix));
            let by = if is_tagged { tag.clone() } else { calendar()? };
            entries.extend(known.actual.map(|at| Entry::new(at, reached, by)));
        }
        entries.sort_by_key(|entry| entry.at);
        Ok(entries)
    }
}

impl Entry {
    fn new(at: Instant, what: impl Into<AnyRecord>, by: impl Into<Actor>) -> Self {
        let (what, by) = (what.into(), by.into());
        Self { at, what, by }
    }
}
