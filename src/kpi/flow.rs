//! How releases flow through the lifecycle, and how they end.

use super::facts::{Beginning, DWELL, Facts, HELD, Improvement, dwelling};
use super::fold::Part;
use super::scope::{Picked, Scope};
use super::{Exclusion, Kpi, Measure};
use crate::phase::{Instant, PhaseName};
use crate::release::Ending;
use std::collections::BTreeMap;

/// What began to be live in the period, what was closed in it, and what is open as it ends.
pub(super) struct Flow {
    successful: Measure,
    endings: BTreeMap<Ending, u64>,
    /// Emergency, unauthorised, overridden, excepted.
    shares: [Measure; 4],
    open: u64,
    dwell: [Dwell; DWELL],
    loops: Measure,
    improvements: Improvements,
}

/// How long releases stood somewhere.
#[derive(Default)]
struct Dwell {
    times: Vec<i64>,
    disordered: u64,
}

/// The improvements that are due in the period.
struct Improvements {
    measure: Measure,
    in_time: u64,
    late: u64,
    overdue: u64,
    dropped: u64,
}

impl Flow {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        let begun = |kpi| Measure::begun(kpi, scope.question);
        let shares = [
            Kpi::EmergencyShare,
            Kpi::UnauthorisedShare,
            Kpi::OverrideShare,
            Kpi::ExceptionShare,
        ];
        Self {
            successful: begun(Kpi::SuccessfulReleases),
            endings: BTreeMap::new(),
            shares: shares.map(begun),
            open: 0,
            dwell: Default::default(),
            loops: begun(Kpi::ReworkLoops),
            improvements: Improvements {
                measure: begun(Kpi::ImprovementCompletion),
                in_time: 0,
                late: 0,
                overdue: 0,
                dropped: 0,
            },
        }
    }

    fn closed(&mut self, facts: &Facts, ending: Ending) {
        *self.endings.entry(ending).or_default() += 1;
        match ending {
            Ending::Completed => self.successful.look(true),
            Ending::WithIssues | Ending::Unsuccessful | Ending::BackedOut => {
                self.successful.look(false);
            }
            Ending::Rejected | Ending::Cancelled => {}
        }
        self.loops.add(facts.loops.into());
        let stays = facts.dwell.iter().zip(facts.has_been());
        for (dwell, (stayed, has_been)) in self.dwell.iter_mut().zip(stays) {
            if *stayed < 0 {
                dwell.disordered += 1;
            } else if has_been {
                dwell.times.push(*stayed);
            }
        }
    }
}

impl<'a> Part<'a> for Flow {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        if !release.has_service {
            return;
        }
        let facts = release.facts;
        if let Some((at, beginning)) = facts.began
            && scope.is_in(at)
        {
            let is = [
                beginning == Beginning::Emergency,
                beginning == Beginning::Found,
                facts.used_override,
                facts.used_exception,
            ];
            self.shares
                .iter_mut()
                .zip(is)
                .for_each(|(share, is)| share.look(is));
        }
        if let Some((at, ending)) = facts.closed
            && scope.is_in(at)
        {
            self.closed(facts, ending);
        }
        let end = scope.interval.end();
        let is_open = facts.closed.is_none_or(|(closed, _)| end <= closed);
        self.open += u64::from(is_open && facts.created < end);
        for (_, improvement) in scope.kpis.improvements.of(release.place) {
            if scope.is_in(improvement.due) {
                self.improvements.look(improvement, scope.question.as_of);
            }
        }
    }

    fn measures(self: Box<Self>, scope: &Scope<'a>) -> Vec<Measure> {
        let begun = |kpi| Measure::begun(kpi, scope.question);
        let closed = self.endings.values().sum();
        let mut successful = self.successful.share();
        let endings = self.endings.into_iter();
        successful.distribution = endings.map(|(it, count)| (it.to_string(), count)).collect();
        let mut measures = vec![
            successful,
            begun(Kpi::Backlog).counted(self.open),
            begun(Kpi::Throughput).counted(closed),
            self.loops.mean(),
            self.improvements.measured(),
        ];
        measures.extend(self.shares.map(Measure::share));
        let dwell = self.dwell.into_iter().enumerate();
        measures.extend(dwell.map(|(place, dwell)| dwell.measured(scope, place)));
        measures
    }
}

impl Dwell {
    fn measured(self, scope: &Scope<'_>, place: usize) -> Measure {
        let phases = PhaseName::ALL.iter();
        let mut phases = phases.filter(|phase| dwelling(**phase) == Some(place));
        let name = phases
            .next()
            .map_or("on hold".to_owned(), ToString::to_string);
        let mut measure = Measure::begun(Kpi::DwellTime, scope.question).of(name);
        if self.disordered > 0 {
            measure
                .exclusions
                .insert(Exclusion::OutOfOrder, self.disordered);
        }
        measure.durations(self.times, scope.question.statistic)
    }
}

impl Improvements {
    fn look(&mut self, improvement: &Improvement, as_of: Instant) {
        match improvement.done {
            _ if improvement.is_dropped => self.dropped += 1,
            Some(done) if done <= improvement.due => self.in_time += 1,
            Some(_) => self.late += 1,
            None if as_of <= improvement.due => {
                self.measure.leave_out(Exclusion::NotYetKnown);
                self.measure.is_provisional = true;
            }
            None => self.overdue += 1,
        }
    }

    /// Of what is due and was not dropped, how much was done by then.
    fn measured(self) -> Measure {
        let mut measure = self.measure;
        measure.numerator = self.in_time.into();
        measure.sample = self.in_time + self.late + self.overdue;
        measure.denominator = measure.sample.into();
        measure.tell([
            ("done in time", self.in_time),
            ("done late", self.late),
            ("overdue", self.overdue),
            ("dropped", self.dropped),
        ]);
        measure.share()
    }
}

const _: () = assert!(HELD + 1 == DWELL, "the time on hold comes last");
