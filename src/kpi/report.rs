//! All measures of one question.

use super::scope::Scope;
use super::{Kpi, Kpis, Measure, PeriodPart, Question, fold};
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
        KpiReport {
            question: question.clone(),
            measures: fold::all(&Scope::of(self, question)),
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
