//! What of a plan is missed, or so near that it may be.

use super::WorkingDays;
use crate::phase::{Day, Instant, Interval, PhaseName};
use crate::release::{Key, ReleaseView, When};
use serde::Serialize;

/// What a plan promises for a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Promise {
    /// That the deployment window opens, and the release is there.
    GoLive,
    /// That a milestone is reached.
    Milestone(Key),
}

/// Something that the current plan promises and that is missed, or near.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct AtRisk {
    /// For when it is planned.
    pub planned: Day,
    /// What is promised.
    pub promise: Promise,
    /// Whether that is over, and it has not come.
    pub is_missed: bool,
    /// How many working days are left until then; of what is missed, how many ago it was, as a negative number.
    pub working_days: i64,
    /// How many phases the release still has to go through before it is deployed.
    pub phases_left: usize,
}

impl WorkingDays {
    /// What the current plan promises and that is missed, or at most `near` working days away: milestones that were not
    /// reached, and, before Deployment, the start of the window. Earliest first.
    ///
    /// Of a release that is closed, nothing is at risk.
    ///
    /// # Time
    ///
    /// A day is one of the zone of these working days, or else a UTC day; a planned day is itself. What is planned for a
    /// day is missed once that day is over; what is planned for an instant, from that instant on.
    #[must_use]
    pub fn at_risk(&self, release: &ReleaseView, now: Instant, near: u32) -> Vec<AtRisk> {
        let phase = release.standing.phase;
        let (Some(plan), Some(today)) = (&release.plan, self.day_of(now)) else {
            return Vec::new();
        };
        let before = PhaseName::ALL.iter();
        let phases_left = before
            .filter(|it| phase <= **it && **it < PhaseName::Deployment)
            .count();
        let live = plan.window.map(Interval::start).filter(|_| phases_left > 0);
        let live = live.map(|at| (Promise::GoLive, When::At(at)));
        let ahead = plan.milestones.iter();
        let ahead = ahead.filter(|(key, _)| !release.milestones.contains_key(*key));
        let ahead = ahead.filter_map(|(key, milestone)| {
            let planned = milestone.planned?;
            Some((Promise::Milestone(key.clone()), planned))
        });
        let promised = ahead.chain(live).filter(|_| phase != PhaseName::Closed);
        let risk = |(promise, when): (Promise, When)| {
            let (planned, is_missed) = match when {
                When::Day(day) => (day, day < today),
                When::At(at) => (self.day_of(at)?, at <= now),
            };
            let working_days = self.between(today, planned);
            let is_near = is_missed || working_days <= i64::from(near);
            is_near.then_some(AtRisk {
                planned,
                promise,
                is_missed,
                working_days,
                phases_left,
            })
        };
        let mut at_risk: Vec<_> = promised.filter_map(risk).collect();
        at_risk.sort();
        at_risk
    }
}
