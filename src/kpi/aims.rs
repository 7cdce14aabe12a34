//! Objectives and targets: met, missed, or not yet known.

use super::facts::{Aim, Aims, Facts};
use super::fold::Part;
use super::scope::{Picked, Scope};
use super::{Exclusion, Kpi, Kpis, Measure, Period, Question, fold};
use crate::release::{CriterionOutcome, Key, ReleaseId, Target};
use serde::Serialize;

/// A success criterion of a release with its target, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TargetResult {
    /// The criterion, by its key in the plan.
    pub criterion: Key,
    /// The objective that it stands for.
    pub objective: Option<Key>,
    /// The target.
    pub target: Target,
    /// Whether it was met.
    pub outcome: CriterionOutcome,
    /// What was measured; nothing where the target names no measure of this crate, one of which there are several, such
    /// as satisfaction on two scales, or `objectives-met`, which rests on targets itself.
    pub measure: Option<Measure>,
}

impl Kpis {
    /// What became of the targets of a release: its measures over all time against what its plan says, as of that
    /// instant; empty where it has none or is not known.
    ///
    /// A target is met or missed once the release is closed, or live and its early life support over, and its measure is
    /// defined and not provisional; until then it is not yet known. Durations are compared by the statistic of the
    /// question, whose filters and period do not matter here.
    #[must_use]
    pub fn targets(&self, release: ReleaseId, question: &Question) -> Vec<TargetResult> {
        let place = self.index.get(&release);
        let facts = place.and_then(|place| self.facts(*place));
        facts.map_or_else(Vec::new, |facts| self.targets_of(facts, question))
    }

    fn targets_of(&self, facts: &Facts, question: &Question) -> Vec<TargetResult> {
        let Some(aims) = &facts.aims else {
            return Vec::new();
        };
        let support_ends = facts.went_live.map(|live| live.plus(facts.support));
        let is_over = support_ends.is_some_and(|ends| ends <= question.as_of);
        let is_settled = is_over || facts.closed.is_some();
        let question = question.of_release(facts.id);
        let scope = Scope::of(self, &question);
        let result = |(key, aim): (&Key, &Aim)| {
            let target = aim.target.clone()?;
            // Objectives are judged by targets, and not the other way round.
            let measured = Kpi::from_id(target.measure.as_str());
            let measured = measured.filter(|kpi| *kpi != Kpi::ObjectivesMet);
            let measure = measured.and_then(|kpi| fold::only(&scope, kpi));
            Some(TargetResult {
                criterion: key.clone(),
                objective: aim.objective.clone(),
                outcome: outcome(&target, measure.as_ref().filter(|_| is_settled)),
                target,
                measure,
            })
        };
        aims.criteria.iter().filter_map(result).collect()
    }
}

impl Question {
    /// The same of one release, over all time.
    fn of_release(&self, release: ReleaseId) -> Self {
        Self {
            period: Period::always(),
            release: Some(release),
            service: None,
            environment: None,
            label: None,
            track: None,
            model: None,
            ..self.clone()
        }
    }
}

fn outcome(target: &Target, measure: Option<&Measure>) -> CriterionOutcome {
    let known = measure.filter(|measure| !measure.is_provisional);
    let Some(value) = known.and_then(|measure| measure.value) else {
        return CriterionOutcome::NotYetKnown;
    };
    let is_enough = target
        .at_least
        .is_none_or(|least| value.compare(least).is_ge());
    let is_not_too_much = target
        .at_most
        .is_none_or(|most| value.compare(most).is_le());
    if is_enough && is_not_too_much {
        CriterionOutcome::Met
    } else {
        CriterionOutcome::Missed
    }
}

/// The objectives of the releases that went live in the period.
pub(super) struct Objectives {
    measure: Measure,
    met: u64,
    missed: u64,
    open: u64,
}

impl Objectives {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        Self {
            measure: Measure::begun(Kpi::ObjectivesMet, scope.question),
            met: 0,
            missed: 0,
            open: 0,
        }
    }
}

impl<'a> Part<'a> for Objectives {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        let facts = release.facts;
        let went_live = facts.went_live.is_some_and(|at| scope.is_in(at));
        let Some(aims) = facts
            .aims
            .as_ref()
            .filter(|_| went_live && release.has_service)
        else {
            return;
        };
        let targets = if aims.has_open_targets() {
            scope.kpis.targets_of(facts, scope.question)
        } else {
            Vec::new()
        };
        for objective in &aims.objectives {
            match aims.outcome(objective, &targets) {
                CriterionOutcome::Met => self.met += 1,
                CriterionOutcome::Missed => self.missed += 1,
                CriterionOutcome::NotYetKnown => self.open += 1,
            }
        }
    }

    fn measures(self: Box<Self>, _scope: &Scope<'a>) -> Vec<Measure> {
        let mut measure = self.measure;
        measure.numerator = self.met.into();
        measure.sample = self.met + self.missed;
        measure.denominator = measure.sample.into();
        if self.open > 0 {
            measure.exclusions.insert(Exclusion::NotYetKnown, self.open);
            measure.is_provisional = true;
        }
        measure.tell([
            ("met", self.met),
            ("missed", self.missed),
            ("not yet known", self.open),
        ]);
        vec![measure.share()]
    }
}

impl Aims {
    /// Whether a criterion has a target that nobody has judged.
    fn has_open_targets(&self) -> bool {
        let mut criteria = self.criteria.iter();
        criteria.any(|(key, aim)| aim.target.is_some() && !self.results.contains_key(key))
    }

    /// Whether an objective was met: all criteria that stand for it were. What a person has judged is so; the rest is
    /// as its target says.
    fn outcome(&self, objective: &Key, targets: &[TargetResult]) -> CriterionOutcome {
        let criteria = self.criteria.iter();
        let criteria = criteria.filter(|(_, aim)| aim.objective.as_ref() == Some(objective));
        let mut outcomes = criteria.map(|(key, _)| {
            let measured = targets.iter().find(|target| target.criterion == *key);
            let measured = measured.map(|target| target.outcome);
            let judged = self.results.get(key).copied().or(measured);
            judged.unwrap_or(CriterionOutcome::NotYetKnown)
        });
        let Some(first) = outcomes.next() else {
            return CriterionOutcome::NotYetKnown;
        };
        outcomes.fold(first, worse)
    }
}

/// Missed, if one of two is; met, if both are.
fn worse(one: CriterionOutcome, other: CriterionOutcome) -> CriterionOutcome {
    match (one, other) {
        (CriterionOutcome::Missed, _) | (_, CriterionOutcome::Missed) => CriterionOutcome::Missed,
        (CriterionOutcome::Met, CriterionOutcome::Met) => CriterionOutcome::Met,
        (CriterionOutcome::NotYetKnown, _) | (_, CriterionOutcome::NotYetKnown) => {
            CriterionOutcome::NotYetKnown
        }
    }
}
