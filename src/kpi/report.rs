//! All measures of one question.

use super::scope::Scope;
use super::{
    Kpi, Kpis, Measure, PeriodPart, Question, aims, budget, delivery, disruption, flow,
    satisfaction, stability, timeliness,
};
use serde::Serialize;

/// The answer to a question: every measure, in the order of [`Kpi::ALL`].
///
/// There is at least one measure of each, if only to say that it is not defined; of some there is one for each currency,
/// scale, severity or phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KpiReport {
    /// What was asked.
    pub question: Question,
    /// The measures.
    pub measures: Vec<Measure>,
}

impl KpiReport {
    /// The measure: the first, where there are several.
    #[must_use]
    pub fn get(&self, kpi: Kpi) -> Option<&Measure> {
        self.all(kpi).next()
    }

    /// The measure of that currency, scale, severity or phase.
    #[must_use]
    pub fn of(&self, kpi: Kpi, of: &str) -> Option<&Measure> {
        self.all(kpi)
            .find(|measure| measure.of.as_deref() == Some(of))
    }

    /// Every one of them.
    pub fn all(&self, kpi: Kpi) -> impl Iterator<Item = &Measure> {
        self.measures
            .iter()
            .filter(move |measure| measure.kpi == kpi)
    }
}

impl Kpis {
    /// Measures everything that a question asks.
    ///
    /// The cost grows with what was followed, not with the period: about a second for a million releases.
    #[must_use]
    pub fn report(&self, question: &Question) -> KpiReport {
        let scope = Scope::of(self, question);
        let mut measures: Vec<_> = Group::ALL
            .iter()
            .flat_map(|group| group.of(&scope))
            .collect();
        measures.sort_by_key(|measure| measure.kpi);
        KpiReport {
            question: question.clone(),
            measures,
        }
    }

    /// The same for every part of the period, one after the other.
    #[must_use]
    pub fn trend(&self, question: &Question, part: PeriodPart) -> Vec<KpiReport> {
        let parts = question.period.split(part).into_iter();
        let of = |period| {
            self.report(&Question {
                period,
                ..question.clone()
            })
        };
        parts.map(of).collect()
    }
}

/// The measure by itself: the first, where there are several.
pub(super) fn only(scope: &Scope<'_>, kpi: Kpi) -> Option<Measure> {
    let measures = Group::with(kpi).of(scope).into_iter();
    measures.into_iter().find(|measure| measure.kpi == kpi)
}

/// What is measured in one go.
#[derive(Debug, Clone, Copy)]
enum Group {
    Timeliness,
    Budget,
    Disruption,
    Satisfaction,
    Stability,
    Delivery,
    Flow,
    Objectives,
    Value,
}

impl Group {
    const ALL: &'static [Self] = &[
        Self::Timeliness,
        Self::Budget,
        Self::Disruption,
        Self::Satisfaction,
        Self::Stability,
        Self::Delivery,
        Self::Flow,
        Self::Objectives,
        Self::Value,
    ];

    const fn with(kpi: Kpi) -> Self {
        match kpi {
            Kpi::AdherenceFirst
            | Kpi::AdherenceLatest
            | Kpi::SlipFirst
            | Kpi::SlipLatest
            | Kpi::Rebaselines => Self::Timeliness,
            Kpi::BudgetSpent | Kpi::BudgetVariance => Self::Budget,
            Kpi::Disruption
            | Kpi::PlannedDisruption
            | Kpi::UserMinutes
            | Kpi::PlannedUserMinutes => Self::Disruption,
            Kpi::Satisfaction => Self::Satisfaction,
            Kpi::EarlyLifeIncidents | Kpi::TimeToRestore | Kpi::Regressions => Self::Stability,
            Kpi::DeploymentFrequency
            | Kpi::DeploymentAttempts
            | Kpi::ChangeLeadTime
            | Kpi::ChangeFailRate
            | Kpi::RecoveryTime
            | Kpi::RecoveryTimePerIncident
            | Kpi::ReworkRate => Self::Delivery,
            Kpi::SuccessfulReleases
            | Kpi::ReleaseIncidents
            | Kpi::EmergencyShare
            | Kpi::UnauthorisedShare
            | Kpi::OverrideShare
            | Kpi::ExceptionShare
            | Kpi::Backlog
            | Kpi::Throughput
            | Kpi::DwellTime
            | Kpi::ReworkLoops
            | Kpi::ImprovementCompletion => Self::Flow,
            Kpi::ObjectivesMet => Self::Objectives,
            Kpi::ValueRealised => Self::Value,
        }
    }

    fn of(self, scope: &Scope<'_>) -> Vec<Measure> {
        match self {
            Self::Timeliness => timeliness::measures(scope),
            Self::Budget => budget::spent(scope),
            Self::Disruption => disruption::measures(scope),
            Self::Satisfaction => satisfaction::measures(scope),
            Self::Stability => stability::measures(scope),
            Self::Delivery => delivery::measures(scope),
            Self::Flow => flow::measures(scope),
            Self::Objectives => vec![aims::objectives_met(scope)],
            Self::Value => budget::realised(scope),
        }
    }
}
