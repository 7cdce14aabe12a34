//! How releases flow through the lifecycle, and how they end.

use super::facts::{Beginning, DWELL, Facts, HELD, dwelling};
use super::scope::Scope;
use super::{Exclusion, Kpi, Measure};
use crate::phase::PhaseName;
use crate::release::Ending;

pub(super) fn measures(scope: &Scope<'_>) -> Vec<Measure> {
    let mut measures = vec![successful(scope), related_incidents(scope)];
    measures.extend(shares(scope));
    measures.extend([backlog(scope), throughput(scope)]);
    measures.extend(dwell_times(scope));
    measures.extend([rework_loops(scope), improvements(scope)]);
    measures
}

/// The releases that were closed in the period, and how they ended.
fn closed<'a>(scope: &'a Scope<'_>) -> impl Iterator<Item = (&'a Facts, Ending)> {
    scope.releases().filter_map(|(_, facts)| {
        let (_, ending) = facts.closed.filter(|(at, _)| scope.is_in(*at))?;
        Some((facts, ending))
    })
}

fn successful(scope: &Scope<'_>) -> Measure {
    let mut measure = Measure::begun(Kpi::SuccessfulReleases, scope.question);
    let mut endings = std::collections::BTreeMap::new();
    for (_, ending) in closed(scope) {
        *endings.entry(ending).or_insert(0) += 1;
        match ending {
            Ending::Completed => measure.look(true),
            Ending::WithIssues | Ending::Unsuccessful | Ending::BackedOut => measure.look(false),
            Ending::Rejected | Ending::Cancelled => {}
        }
    }
    let told = endings.into_iter();
    measure.distribution = told
        .map(|(ending, count)| (ending.to_string(), count))
        .collect();
    measure.share()
}

fn related_incidents(scope: &Scope<'_>) -> Measure {
    let count = super::stability::incidents(scope).len() as u64;
    Measure::begun(Kpi::ReleaseIncidents, scope.question).counted(count)
}

fn shares(scope: &Scope<'_>) -> [Measure; 4] {
    let begun = |kpi| Measure::begun(kpi, scope.question);
    let mut emergency = begun(Kpi::EmergencyShare);
    let mut unauthorised = begun(Kpi::UnauthorisedShare);
    let mut overridden = begun(Kpi::OverrideShare);
    let mut excepted = begun(Kpi::ExceptionShare);
    for (_, facts) in scope.releases() {
        if let Some((at, beginning)) = facts.began
            && scope.is_in(at)
        {
            emergency.look(beginning == Beginning::Emergency);
            unauthorised.look(beginning == Beginning::Found);
            overridden.look(facts.used_override);
            excepted.look(facts.used_exception);
        }
    }
    [emergency, unauthorised, overridden, excepted].map(Measure::share)
}

/// What is open as the period ends.
fn backlog(scope: &Scope<'_>) -> Measure {
    let end = scope.interval.end();
    let is_open =
        |facts: &Facts| facts.created < end && facts.closed.is_none_or(|(closed, _)| end <= closed);
    let count = scope.releases().filter(|(_, facts)| is_open(facts)).count();
    Measure::begun(Kpi::Backlog, scope.question).counted(count as u64)
}

fn throughput(scope: &Scope<'_>) -> Measure {
    let count = closed(scope).count();
    Measure::begun(Kpi::Throughput, scope.question).counted(count as u64)
}

fn dwell_times(scope: &Scope<'_>) -> Vec<Measure> {
    let names = PhaseName::ALL
        .iter()
        .filter(|phase| dwelling(**phase).is_some());
    let names = names.map(|phase| (phase.to_string(), dwelling(*phase)));
    let names = names.chain([("on hold".to_owned(), Some(HELD))]);
    let mut times: [Vec<i64>; DWELL] = Default::default();
    let mut disordered = [0_u64; DWELL];
    for (facts, _) in closed(scope) {
        let places = facts.dwell.iter().zip(facts.has_been());
        for ((times, disordered), (dwell, has_been)) in
            times.iter_mut().zip(&mut disordered).zip(places)
        {
            if has_been && *dwell >= 0 {
                times.push(*dwell);
            }
            *disordered += u64::from(*dwell < 0);
        }
    }
    let measure = |(name, place): (String, Option<usize>)| {
        let place = place?;
        let mut measure = Measure::begun(Kpi::DwellTime, scope.question).of(name);
        let disordered = disordered.get(place).copied().filter(|count| *count > 0);
        let disordered = disordered.map(|count| (Exclusion::OutOfOrder, count));
        measure.exclusions.extend(disordered);
        let times = times.get_mut(place).map(std::mem::take)?;
        Some(measure.durations(times, scope.question.statistic))
    };
    names.filter_map(measure).collect()
}

fn rework_loops(scope: &Scope<'_>) -> Measure {
    let mut measure = Measure::begun(Kpi::ReworkLoops, scope.question);
    for (facts, _) in closed(scope) {
        measure.sample += 1;
        measure.denominator += 1;
        measure.numerator += i128::from(facts.loops);
    }
    measure.mean()
}

/// Of the improvements that are due in the period, how many were done by then.
fn improvements(scope: &Scope<'_>) -> Measure {
    let mut measure = Measure::begun(Kpi::ImprovementCompletion, scope.question);
    let [mut in_time, mut late, mut open, mut dropped] = [0; 4];
    for (release, _) in scope.releases() {
        let improvements = scope.kpis.improvements.of(release);
        for (_, improvement) in improvements.filter(|(_, it)| scope.is_in(it.due)) {
            match improvement.done {
                _ if improvement.is_dropped => dropped += 1,
                Some(done) if done <= improvement.due => in_time += 1,
                Some(_) => late += 1,
                None if scope.question.as_of <= improvement.due => {
                    measure.leave_out(Exclusion::NotYetKnown);
                    measure.is_provisional = true;
                }
                None => open += 1,
            }
        }
    }
    measure.numerator = i128::from(in_time);
    measure.denominator = i128::from(in_time + late + open);
    measure.sample = in_time + late + open;
    let told = [
        ("done in time", in_time),
        ("done late", late),
        ("overdue", open),
        ("dropped", dropped),
    ];
    let told = told.into_iter().filter(|(_, count)| *count > 0);
    measure.distribution = told.map(|(what, count)| (what.to_owned(), count)).collect();
    measure.share()
}
