//! Adherence to deployment timelines: in time, how late, and how often planned anew.

use super::facts::Facts;
use super::scope::Scope;
use super::{Exclusion, Kpi, Measure};
use crate::phase::{Day, Instant};
use crate::release::When;
use chrono::NaiveDate;

/// Until when something is in time, and which day that is.
#[derive(Clone, Copy)]
struct Promise {
    /// The first instant that is too late.
    until: Instant,
    day: NaiveDate,
}

pub(super) fn measures(scope: &Scope<'_>) -> Vec<Measure> {
    let begun = |kpi| Measure::begun(kpi, scope.question);
    let mut adherence = [begun(Kpi::AdherenceFirst), begun(Kpi::AdherenceLatest)];
    let mut slips = [begun(Kpi::SlipFirst), begun(Kpi::SlipLatest)];
    let mut days = [Vec::new(), Vec::new()];
    let mut rebaselines = begun(Kpi::Rebaselines);
    for (release, facts) in scope.releases() {
        let Some((reached, promises)) = scope.promised(release, facts) else {
            continue;
        };
        let reached_on = scope.question.period.day_of(reached);
        for (place, promise) in promises.into_iter().enumerate() {
            let (Some(adherence), Some(slip), Some(days)) = (
                adherence.get_mut(place),
                slips.get_mut(place),
                days.get_mut(place),
            ) else {
                continue;
            };
            let Some(promise) = promise else {
                adherence.leave_out(Exclusion::NoBaseline);
                slip.leave_out(Exclusion::NoBaseline);
                continue;
            };
            adherence.look(reached < promise.until.plus(scope.question.tolerance));
            days.push((reached_on - promise.day).num_days());
        }
        if facts.baselines > 0 {
            rebaselines.sample += 1;
            rebaselines.denominator += 1;
            rebaselines.numerator += i128::from(facts.baselines - 1);
        } else {
            rebaselines.leave_out(Exclusion::NoBaseline);
        }
    }
    let statistic = scope.question.statistic;
    let slips = slips.into_iter().zip(days).map(|(mut slip, days)| {
        slip.value = slip.typical(days, statistic);
        slip
    });
    let adherence = adherence.into_iter().map(Measure::share);
    adherence.chain(slips).chain([rebaselines.mean()]).collect()
}

impl Scope<'_> {
    /// When a release reached what it is measured by, if that was in the period, and what its first and its latest
    /// baseline had promised.
    fn promised(&self, release: u32, facts: &Facts) -> Option<(Instant, [Option<Promise>; 2])> {
        let (reached, promises) = match &self.question.milestone {
            None => {
                let windows = [facts.first, facts.latest];
                let promise = |window: crate::phase::Interval| {
                    let last = Instant::from_unix_micros(window.end().unix_micros() - 1);
                    Promise {
                        until: window.end(),
                        day: self.question.period.day_of(last.unwrap_or(window.start())),
                    }
                };
                (facts.went_live, windows.map(|window| window.map(promise)))
            }
            Some(milestone) => {
                let days = self.kpis.milestones.get(release, milestone)?;
                let planned = [days.first, days.latest];
                let promise = |when| self.promise(when);
                (days.reached, planned.map(|when| when.map(promise)))
            }
        };
        let reached = reached.filter(|reached| self.is_in(*reached))?;
        Some((reached, promises))
    }

    fn promise(&self, when: When) -> Promise {
        let period = self.question.period;
        match when {
            When::Day(day) => {
                let next = day.date().succ_opt().and_then(|next| Day::new(next).ok());
                Promise {
                    until: next.map_or(Instant::BEFORE_LAST, |next| period.begins(next)),
                    day: day.date(),
                }
            }
            When::At(at) => Promise {
                until: at.next(),
                day: period.day_of(at),
            },
        }
    }
}
