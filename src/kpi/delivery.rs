//! Delivery: how often, how fast and how safely things go live.

use super::deployments::{Judge, Live, Restored};
use super::fold::Part;
use super::scope::{Picked, Scope};
use super::{Exclusion, Kpi, Measure};
use crate::phase::Instant;

/// What went live in the period.
pub(super) struct Delivery<'a> {
    judge: Judge<'a>,
    deployments: u64,
    attempts: Measure,
    ended: u64,
    lead_time: Measure,
    lead_times: Vec<i64>,
    /// When the deployments of one release were live first.
    live: Vec<Instant>,
    failed: Measure,
    recovery: Recovery,
    rework: Measure,
}

/// How long it took to recover.
struct Recovery {
    measure: Measure,
    times: Vec<i64>,
}

impl<'a> Delivery<'a> {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        let begun = |kpi| Measure::begun(kpi, scope.question);
        Self {
            judge: Judge::default(),
            deployments: 0,
            attempts: begun(Kpi::DeploymentAttempts),
            ended: 0,
            lead_time: begun(Kpi::ChangeLeadTime),
            lead_times: Vec::new(),
            live: Vec::new(),
            failed: begun(Kpi::ChangeFailRate).attributed(scope.question),
            recovery: Recovery::begun(Kpi::RecoveryTime, scope),
            rework: begun(Kpi::ReworkRate),
        }
    }

    fn look_at_attempts(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        self.live.clear();
        for (_, attempt) in scope.kpis.attempts.of(release.place) {
            let is_asked_for = scope.is_on(&attempt.environment)
                && scope.is_of_service(release, &attempt.services);
            if is_asked_for {
                let ended = attempt.live.or(attempt.never_live);
                self.ended += u64::from(ended.is_some_and(|at| scope.is_in(at)));
                self.attempts.is_provisional |= ended.is_none() && release.facts.closed.is_none();
                self.live.extend(attempt.live);
            }
        }
        self.live.sort_unstable();
    }

    fn look_at_changes(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        for (_, committed) in scope.kpis.changes.of(release.place) {
            let later = self.live.partition_point(|finished| finished < committed);
            if let Some(finished) = self.live.get(later) {
                let time = finished.unix_micros() - committed.unix_micros();
                self.lead_times
                    .extend(scope.is_in(*finished).then_some(time));
            } else if scope.is_in(*committed) && (release.has_service || !self.live.is_empty()) {
                self.lead_time
                    .leave_out(match (release.facts.closed, self.live.as_slice()) {
                        (None, _) => Exclusion::NotYetLive,
                        (Some(_), []) => Exclusion::NeverLive,
                        (Some(_), [_, ..]) => Exclusion::NewerThanDeployment,
                    });
            }
        }
    }
}

impl<'a> Part<'a> for Delivery<'a> {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        self.look_at_attempts(scope, release);
        self.look_at_changes(scope, release);
        let (failed, rework) = (&mut self.failed, &mut self.rework);
        let (deployments, recovery) = (&mut self.deployments, &mut self.recovery);
        self.judge.take(scope, release, |live| {
            *deployments += 1;
            count(&live, failed, rework, recovery);
        });
    }

    fn measures(mut self: Box<Self>, scope: &Scope<'a>) -> Vec<Measure> {
        let (failed, rework) = (&mut self.failed, &mut self.rework);
        let (deployments, recovery) = (&mut self.deployments, &mut self.recovery);
        self.judge.finish(scope, |live| {
            *deployments += 1;
            count(&live, failed, rework, recovery);
        });
        self.failed.exclusions = self.judge.left_out;
        let mut each = Recovery::begun(Kpi::RecoveryTimePerIncident, scope);
        for blamed in self.judge.blamed {
            each.look(blamed.finished, blamed.restored);
        }
        let statistic = scope.question.statistic;
        let frequency = Measure::begun(Kpi::DeploymentFrequency, scope.question);
        vec![
            frequency.counted(self.deployments),
            self.attempts.counted(self.ended),
            self.lead_time.durations(self.lead_times, statistic),
            self.failed.share(),
            self.recovery.measured(scope),
            each.measured(scope),
            self.rework.share(),
        ]
    }
}

fn count(live: &Live<'_>, failed: &mut Measure, rework: &mut Measure, recovery: &mut Recovery) {
    failed.look(live.has_failed());
    rework.look(live.attempt.is_rework);
    if live.has_failed() {
        recovery.look(live.finished, live.restored);
    }
}

impl Recovery {
    fn begun(kpi: Kpi, scope: &Scope<'_>) -> Self {
        Self {
            measure: Measure::begun(kpi, scope.question).attributed(scope.question),
            times: Vec::new(),
        }
    }

    fn look(&mut self, finished: Instant, restored: Restored) {
        match restored {
            Restored::At(at) => self.times.push(at.unix_micros() - finished.unix_micros()),
            Restored::NotYet => self.measure.wait(),
            Restored::Unclear(why) => self.measure.leave_out(why),
        }
    }

    fn measured(self, scope: &Scope<'_>) -> Measure {
        self.measure.durations(self.times, scope.question.statistic)
    }
}
