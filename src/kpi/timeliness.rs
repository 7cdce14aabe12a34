//! Adherence to deployment timelines: in time, how late, and how often planned anew.

use super::fold::Part;
use super::scope::{Picked, Scope};
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

/// Whether what was reached in the period was in time.
pub(super) struct Timeliness {
    first: Against,
    latest: Against,
    rebaselines: Measure,
}

/// Measured against one baseline.
struct Against {
    adherence: Measure,
    slip: Measure,
    days: Vec<i64>,
}

impl Timeliness {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        let against = |adherence, slip| Against {
            adherence: Measure::begun(adherence, scope.question),
            slip: Measure::begun(slip, scope.question),
            days: Vec::new(),
        };
        Self {
            first: against(Kpi::AdherenceFirst, Kpi::SlipFirst),
            latest: against(Kpi::AdherenceLatest, Kpi::SlipLatest),
            rebaselines: Measure::begun(Kpi::Rebaselines, scope.question),
        }
    }
}

impl<'a> Part<'a> for Timeliness {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        if scope.question.milestone.is_none() && scope.is_going_live(release) {
            self.first.wait();
            self.latest.wait();
            self.rebaselines.is_provisional = true;
        }
        let promised = scope.promised(release).filter(|_| release.has_service);
        let Some((reached, [first, latest])) = promised else {
            return;
        };
        self.first.look(scope, reached, first);
        self.latest.look(scope, reached, latest);
        match release.facts.baselines.checked_sub(1) {
            Some(again) => self.rebaselines.add(again.into()),
            None => self.rebaselines.leave_out(Exclusion::NoBaseline),
        }
    }

    fn measures(self: Box<Self>, scope: &Scope<'a>) -> Vec<Measure> {
        let [first, first_slip] = self.first.measures(scope);
        let [latest, latest_slip] = self.latest.measures(scope);
        vec![
            first,
            latest,
            first_slip,
            latest_slip,
            self.rebaselines.mean(),
        ]
    }
}

impl Against {
    const fn wait(&mut self) {
        self.adherence.is_provisional = true;
        self.slip.is_provisional = true;
    }

    fn look(&mut self, scope: &Scope<'_>, reached: Instant, promise: Option<Promise>) {
        let Some(promise) = promise else {
            self.adherence.leave_out(Exclusion::NoBaseline);
            self.slip.leave_out(Exclusion::NoBaseline);
            return;
        };
        let until = promise.until.plus(scope.question.tolerance);
        self.adherence.look(reached < until);
        let day = scope.question.period.day_of(reached);
        self.days.push((day - promise.day).num_days());
    }

    fn measures(mut self, scope: &Scope<'_>) -> [Measure; 2] {
        self.slip.value = self.slip.typical(self.days, scope.question.statistic);
        [self.adherence.share(), self.slip]
    }
}

impl Scope<'_> {
    /// When a release reached what it is measured by, if that was in the period, and what its first and its latest
    /// baseline had promised.
    fn promised(&self, release: &Picked<'_>) -> Option<(Instant, [Option<Promise>; 2])> {
        let facts = release.facts;
        let (reached, promises) = match &self.question.milestone {
            None => {
                facts.went_live.filter(|at| self.is_in(*at))?;
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
                let days = self.kpis.milestones.get(release.place, milestone)?;
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
