//! Delivery: how often, how fast and how safely things go live.

use super::deployments::{Judged, Live, Restored};
use super::facts::Facts;
use super::scope::Scope;
use super::{Exclusion, Kpi, Measure};
use crate::phase::Instant;

pub(super) fn measures(scope: &Scope<'_>) -> Vec<Measure> {
    let judged = Judged::of(scope);
    let frequency = Measure::begun(Kpi::DeploymentFrequency, scope.question);
    vec![
        frequency.counted(judged.deployments.len() as u64),
        attempts(scope),
        lead_time(scope),
        fail_rate(scope, &judged),
        recovery_time(scope, &judged),
        recovery_time_per_incident(scope, &judged),
        rework_rate(scope, &judged),
    ]
}

fn attempts(scope: &Scope<'_>) -> Measure {
    let mut count = 0;
    let mut running = 0;
    for (release, facts) in scope.whole() {
        for (_, attempt) in scope.kpis.attempts.of(release) {
            let is_asked_for =
                scope.is_on(&attempt.environment) && scope.is_of_service(facts, &attempt.services);
            let ended = attempt.live.or(attempt.never_live);
            count += u64::from(is_asked_for && ended.is_some_and(|at| scope.is_in(at)));
            running += u64::from(is_asked_for && ended.is_none() && facts.closed.is_none());
        }
    }
    let mut measure = Measure::begun(Kpi::DeploymentAttempts, scope.question).counted(count);
    measure.is_provisional |= running > 0;
    measure
}

fn lead_time(scope: &Scope<'_>) -> Measure {
    let mut measure = Measure::begun(Kpi::ChangeLeadTime, scope.question);
    let mut times = Vec::new();
    let mut live = Vec::new();
    for (release, facts) in scope.whole() {
        let mut changes = scope.kpis.changes.of(release).peekable();
        if changes.peek().is_none() {
            continue;
        }
        live.clear();
        live.extend(asked_for(scope, release, facts));
        live.sort_unstable();
        for (_, committed) in changes {
            let later = live.partition_point(|finished| finished < committed);
            if let Some(finished) = live.get(later) {
                let time = finished.unix_micros() - committed.unix_micros();
                times.extend(scope.is_in(*finished).then_some(time));
            } else if scope.is_in(*committed) {
                measure.leave_out(not_live(facts, &live));
            }
        }
    }
    measure.durations(times, scope.question.statistic)
}

/// When the deployments that are asked for were live first.
fn asked_for<'a>(
    scope: &'a Scope<'_>,
    release: u32,
    facts: &'a Facts,
) -> impl Iterator<Item = Instant> + 'a {
    let attempts = scope.kpis.attempts.of(release).map(|(_, attempt)| attempt);
    let attempts = attempts.filter(|attempt| {
        scope.is_on(&attempt.environment) && scope.is_of_service(facts, &attempt.services)
    });
    attempts.filter_map(|attempt| attempt.live)
}

const fn not_live(facts: &Facts, live: &[Instant]) -> Exclusion {
    match (facts.closed, live) {
        (None, _) => Exclusion::NotYetLive,
        (Some(_), []) => Exclusion::NeverLive,
        (Some(_), [_, ..]) => Exclusion::NewerThanDeployment,
    }
}

fn fail_rate(scope: &Scope<'_>, judged: &Judged<'_>) -> Measure {
    let measure = Measure::begun(Kpi::ChangeFailRate, scope.question);
    let mut measure = measure.attributed(scope.question);
    measure.exclusions.clone_from(&judged.left_out);
    for deployment in &judged.deployments {
        measure.look(deployment.has_failed());
    }
    measure.share()
}

fn recovery_time(scope: &Scope<'_>, judged: &Judged<'_>) -> Measure {
    let failed = judged.deployments.iter().filter(|live| live.has_failed());
    let recoveries = failed.map(|live| (live.finished, live.restored));
    recoveries_of(Kpi::RecoveryTime, scope, recoveries)
}

fn recovery_time_per_incident(scope: &Scope<'_>, judged: &Judged<'_>) -> Measure {
    let blamed = judged.blamed.iter();
    let recoveries = blamed.map(|blamed| (blamed.finished, blamed.restored));
    recoveries_of(Kpi::RecoveryTimePerIncident, scope, recoveries)
}

fn recoveries_of(
    kpi: Kpi,
    scope: &Scope<'_>,
    recoveries: impl Iterator<Item = (Instant, Restored)>,
) -> Measure {
    let mut measure = Measure::begun(kpi, scope.question).attributed(scope.question);
    let mut times = Vec::new();
    for (finished, restored) in recoveries {
        match restored {
            Restored::At(at) => times.push(at.unix_micros() - finished.unix_micros()),
            Restored::NotYet => {
                measure.leave_out(Exclusion::Unresolved);
                measure.is_provisional = true;
            }
            Restored::Unclear(why) => measure.leave_out(why),
        }
    }
    measure.durations(times, scope.question.statistic)
}

fn rework_rate(scope: &Scope<'_>, judged: &Judged<'_>) -> Measure {
    let mut measure = Measure::begun(Kpi::ReworkRate, scope.question);
    let is_rework = |live: &Live<'_>| live.attempt.is_rework;
    for deployment in &judged.deployments {
        measure.look(is_rework(deployment));
    }
    measure.share()
}
