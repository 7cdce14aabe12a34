//! Stability after the release: incidents in early life support, time to restore, regressions.

use super::facts::Facts;
use super::scope::Scope;
use super::{Exclusion, Kpi, Measure};
use crate::phase::{Instant, Interval};
use crate::release::{Key, Severity};
use std::collections::BTreeMap;

pub(super) fn measures(scope: &Scope<'_>) -> Vec<Measure> {
    let mut measures = early_life(scope);
    measures.push(time_to_restore(scope));
    measures.push(regressions(scope));
    measures
}

/// The releases that went live in the period, and when.
fn gone_live<'a>(scope: &'a Scope<'_>) -> impl Iterator<Item = (u32, &'a Facts, Instant)> {
    scope.releases().filter_map(|(release, facts)| {
        let live = facts.went_live.filter(|at| scope.is_in(*at))?;
        Some((release, facts, live))
    })
}

fn early_life(scope: &Scope<'_>) -> Vec<Measure> {
    let mut all = Measure::begun(Kpi::EarlyLifeIncidents, scope.question);
    let mut by_severity: BTreeMap<Severity, i128> = BTreeMap::new();
    for (release, facts, live) in gone_live(scope) {
        let ends = live.plus(facts.support);
        all.sample += 1;
        all.denominator += 1;
        all.is_provisional |= scope.question.as_of < ends;
        let Some(support) = Interval::between(live, ends) else {
            continue;
        };
        for (_, incident) in scope.kpis.incidents.of(release) {
            if support.contains(incident.raised) {
                all.numerator += 1;
                *by_severity.entry(incident.severity).or_default() += 1;
            }
        }
    }
    let of = |(severity, count): (Severity, i128)| Measure {
        numerator: count,
        ..all.clone().of(severity)
    };
    let severities: Vec<_> = by_severity.into_iter().map(of).collect();
    let measures = std::iter::once(all).chain(severities);
    measures.map(Measure::mean).collect()
}

fn time_to_restore(scope: &Scope<'_>) -> Measure {
    let mut measure = Measure::begun(Kpi::TimeToRestore, scope.question);
    let mut times = Vec::new();
    for (_, raised, restored) in incidents(scope) {
        match restored {
            None => {
                measure.leave_out(Exclusion::Unresolved);
                measure.is_provisional = true;
            }
            Some(at) if at < raised => measure.leave_out(Exclusion::EndsBeforeItBegan),
            Some(at) => times.push(at.unix_micros() - raised.unix_micros()),
        }
    }
    measure.durations(times, scope.question.statistic)
}

/// The incidents of the releases that are asked for which were raised in the period, each once.
pub(super) fn incidents<'a>(scope: &Scope<'a>) -> Vec<(&'a Key, Instant, Option<Instant>)> {
    let mut incidents = Vec::new();
    for (release, _) in scope.releases() {
        let of = scope
            .kpis
            .incidents
            .of(release)
            .map(|(_, incident)| incident);
        let raised = of.filter(|incident| scope.is_in(incident.raised));
        incidents.extend(raised.map(|it| (&it.key, it.raised, it.restored)));
    }
    incidents.sort_unstable();
    incidents.dedup_by_key(|(key, ..)| *key);
    incidents
}

/// What was found once it was live.
fn regressions(scope: &Scope<'_>) -> Measure {
    let mut measure = Measure::begun(Kpi::Regressions, scope.question);
    for (release, _, live) in gone_live(scope) {
        measure.sample += 1;
        measure.denominator += 1;
        let incidents = scope.kpis.incidents.of(release);
        let incidents = incidents.filter(|(_, it)| it.is_regression && live <= it.raised);
        let defects = scope.kpis.defects.of(release);
        let defects = defects.filter(|(_, it)| it.is_regression && live <= it.found);
        measure.numerator += (incidents.count() + defects.count()) as i128;
    }
    measure.mean()
}
