//! Stability after the release: incidents in early life support, time to restore, regressions.

use super::fold::Part;
use super::scope::{Picked, Scope};
use super::{Exclusion, Kpi, Measure};
use crate::phase::{Instant, Interval};
use crate::release::{Key, Severity};
use std::collections::BTreeMap;

/// What the releases that went live in the period went through, and the incidents that were raised in it.
pub(super) struct Stability<'a> {
    early: Measure,
    by_severity: BTreeMap<Severity, i128>,
    regressions: Measure,
    incidents: Vec<(&'a Key, Instant, Option<Instant>)>,
}

impl Stability<'_> {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        Self {
            early: Measure::begun(Kpi::EarlyLifeIncidents, scope.question),
            by_severity: BTreeMap::new(),
            regressions: Measure::begun(Kpi::Regressions, scope.question),
            incidents: Vec::new(),
        }
    }

    fn went_live(&mut self, scope: &Scope<'_>, release: &Picked<'_>, live: Instant) {
        let incidents = || scope.kpis.incidents.of(release.place).map(|(_, it)| it);
        let ends = live.plus(release.facts.support);
        self.early.is_provisional |= scope.question.as_of < ends;
        let support = Interval::between(live, ends);
        let is_early = |at| support.is_some_and(|support| support.contains(at));
        let mut seen = 0;
        for incident in incidents().filter(|incident| is_early(incident.raised)) {
            seen += 1;
            *self.by_severity.entry(incident.severity).or_default() += 1;
        }
        self.early.add(seen);
        let defects = scope.kpis.defects.of(release.place);
        let defects = defects.filter(|(_, it)| it.is_regression && live <= it.found);
        let worse = incidents().filter(|it| it.is_regression && live <= it.raised);
        self.regressions
            .add((worse.count() + defects.count()) as i128);
    }
}

impl<'a> Part<'a> for Stability<'a> {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        if !release.has_service {
            return;
        }
        if scope.is_going_live(release) {
            self.early.is_provisional = true;
            self.regressions.is_provisional = true;
        }
        if let Some(live) = release.facts.went_live.filter(|at| scope.is_in(*at)) {
            self.went_live(scope, release, live);
        }
        let incidents = scope.kpis.incidents.of(release.place).map(|(_, it)| it);
        let raised = incidents.filter(|incident| scope.is_in(incident.raised));
        self.incidents
            .extend(raised.map(|it| (&it.key, it.raised, it.restored)));
    }

    fn measures(self: Box<Self>, scope: &Scope<'a>) -> Vec<Measure> {
        let mut incidents = self.incidents;
        // One that is linked to several releases is one: raised when it was first said to be, and restored when it was last.
        incidents.sort_unstable();
        incidents.dedup_by(|(key, _, restored), (kept, _, latest)| {
            let is_same = key == kept;
            if is_same {
                *latest = (*latest).max(*restored);
            }
            is_same
        });
        let related = Measure::begun(Kpi::ReleaseIncidents, scope.question);
        let early = self.early;
        let of = |(severity, count): (Severity, i128)| Measure {
            numerator: count,
            ..early.clone().of(severity)
        };
        let severities: Vec<_> = self.by_severity.into_iter().map(of).collect();
        let early = std::iter::once(early.clone())
            .chain(severities)
            .map(Measure::mean);
        let others = [
            related.counted(incidents.len() as u64),
            time_to_restore(
                scope,
                incidents
                    .into_iter()
                    .map(|(_, raised, restored)| (raised, restored)),
            ),
            self.regressions.mean(),
        ];
        early.chain(others).collect()
    }
}

fn time_to_restore(
    scope: &Scope<'_>,
    incidents: impl Iterator<Item = (Instant, Option<Instant>)>,
) -> Measure {
    let mut measure = Measure::begun(Kpi::TimeToRestore, scope.question);
    let mut times = Vec::new();
    for (raised, restored) in incidents {
        match restored {
            None => measure.wait(),
            Some(at) if at < raised => measure.leave_out(Exclusion::EndsBeforeItBegan),
            Some(at) => times.push(at.unix_micros() - raised.unix_micros()),
        }
    }
    measure.durations(times, scope.question.statistic)
}
