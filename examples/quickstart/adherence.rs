//! How well releases kept their plans, computed from their logs and nothing else.

use super::Outcome;
use super::history::Source;
use chrono::NaiveDate;
use phasegate::Instant;
use phasegate::release::{
    AnyRecord, AnyStep, Envelope, Event, Key, MilestoneReached, ReleasePlan, When,
};
use std::collections::BTreeMap;

/// What one log says about plan and fact.
#[derive(Debug, Default)]
pub(crate) struct Adherence {
    /// Every milestone that was ever planned or reached.
    pub(crate) milestones: BTreeMap<Key, Line>,
    /// How often a plan was agreed.
    pub(crate) baselines: usize,
    /// When the review was completed, and how we know.
    pub(crate) reviewed: Option<(Instant, Source)>,
}

/// One milestone: the first day that it was given, the day first agreed, and when it was reached.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Whether it ever stood in a plan, dated or not.
    pub(crate) is_planned: bool,
    pub(crate) first: Option<NaiveDate>,
    agreed: Option<NaiveDate>,
    pub(crate) actual: Option<Instant>,
}

impl Line {
    /// The day that it is measured against: the first agreed one, or, planned only later, the first one.
    pub(crate) fn baseline(&self) -> Option<NaiveDate> {
        self.agreed.or(self.first)
    }

    /// By how many UTC days it was late.
    pub(crate) fn slip_days(&self) -> Option<i64> {
        let (actual, planned) = (self.actual?.day(), self.baseline()?);
        Some((actual - planned).num_days())
    }
}

impl Adherence {
    /// Reads a log.
    pub(crate) fn of(log: &[Envelope]) -> Outcome<Self> {
        let mut found = Self::default();
        let mut plan = None;
        for entry in log {
            match entry.decode()? {
                Some(Event::Record(AnyRecord::ReleasePlan(revised))) => {
                    found.planned(&revised);
                    plan = Some(revised);
                }
                Some(Event::Record(AnyRecord::Baseline(_))) => found.agreed(plan.as_deref()),
                Some(Event::Record(AnyRecord::MilestoneReached(reached))) => {
                    found.reached(&reached, entry.occurred_at);
                }
                Some(Event::Step(taken)) if matches!(taken.step, AnyStep::CompleteReview(_)) => {
                    found.reviewed = Some((entry.occurred_at, Source::of(&entry.actor)));
                }
                Some(_) | None => {}
            }
        }
        Ok(found)
    }

    fn planned(&mut self, plan: &ReleasePlan) {
        for (key, milestone) in plan.milestones.iter() {
            let line = self.milestones.entry(key.clone()).or_default();
            line.is_planned = true;
            line.first = line.first.or(milestone.planned.map(When::day));
        }
    }

    fn agreed(&mut self, plan: Option<&ReleasePlan>) {
        self.baselines += 1;
        for (key, line) in self.milestones.iter_mut().filter(|_| self.baselines == 1) {
            let milestone = plan.and_then(|plan| plan.milestones.get(key));
            line.agreed = milestone
                .and_then(|milestone| milestone.planned)
                .map(When::day);
        }
    }

    fn reached(&mut self, reached: &MilestoneReached, at: Instant) {
        let line = self
            .milestones
            .entry(reached.milestone.clone())
            .or_default();
        line.actual = Some(at);
    }

    /// How many milestones are like that.
    pub(crate) fn count(&self, is_like: fn(&Line) -> bool) -> usize {
        self.milestones
            .values()
            .filter(|line| is_like(line))
            .count()
    }

    /// The milestone that is the release itself.
    pub(crate) fn release(&self) -> Option<&Line> {
        let mut lines = self.milestones.iter();
        let (_, line) = lines.find(|(key, _)| key.as_str().starts_with("ga:"))?;
        Some(line)
    }
}

/// How milestones of one stage were kept.
#[derive(Debug)]
pub(crate) struct Kept<'a> {
    pub(crate) early: usize,
    pub(crate) on_the_day: usize,
    pub(crate) late: usize,
    pub(crate) worst: Option<(i64, &'a Key)>,
}

/// How the milestones were kept whose key has `stage` in it, over all releases.
pub(crate) fn kept<'a>(all: &'a [(&str, Adherence)], stage: &str) -> Kept<'a> {
    let lines = all.iter().flat_map(|(_, found)| &found.milestones);
    let of_stage = lines.filter(|(key, _)| key.as_str().contains(stage));
    let slips: Vec<_> = of_stage
        .filter_map(|(key, line)| Some((line.slip_days()?, key)))
        .collect();
    let count = |holds: fn(i64) -> bool| slips.iter().filter(|(days, _)| holds(*days)).count();
    Kept {
        early: count(|days| days < 0),
        on_the_day: count(|days| days == 0),
        late: count(|days| days > 0),
        worst: slips.iter().copied().max_by_key(|(days, _)| *days),
    }
}
