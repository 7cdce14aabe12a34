//! What improvements have done to the measures that they were to move.

use super::scope::Scope;
use super::{Kpi, Kpis, Measure, Period, Question, fold};
use crate::phase::{Day, Instant};
use crate::release::{Key, ReleaseId};
use chrono::Days;
use serde::Serialize;

/// An improvement that is done, and its measure before and after.
///
/// It says what changed, and not why: other things happened too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImprovementEffect {
    /// The release that it was learned from.
    pub release: ReleaseId,
    /// The improvement.
    pub improvement: Key,
    /// When it was done.
    pub done: Instant,
    /// Over the days before the day on which it was done.
    pub before: Measure,
    /// Over as many days after that day.
    pub after: Measure,
}

impl Kpis {
    /// The improvements of the period that are done and name a measure of this crate, with that measure over so many
    /// days before the day on which each was done and after it: of the releases that are asked for, and where the
    /// release that an improvement comes from has one service, of that service. At least one day is measured; where the
    /// days cannot be written, nothing is told.
    ///
    /// Costs two reports of one measure for each.
    #[must_use]
    pub fn effects(&self, question: &Question, days: u16) -> Vec<ImprovementEffect> {
        let scope = Scope::of(self, question);
        let mut effects = Vec::new();
        for release in scope.releases().filter(|release| release.has_service) {
            for (_, improvement) in self.improvements.of(release.place) {
                let measured = improvement.measure.as_ref();
                let kpi = measured.and_then(|measure| Kpi::from_id(measure.as_str()));
                let done = improvement.done.filter(|at| scope.is_in(*at));
                let (Some(kpi), Some(done)) = (kpi, done) else {
                    continue;
                };
                let mut about = question.clone();
                let profile = self.profile_of(release.place);
                let services = profile.map(|profile| &profile.services);
                if let Some(service) = services.filter(|services| services.len() == 1) {
                    about.service = about.service.or_else(|| service.first().cloned());
                }
                if let Some([before, after]) = self.around(&about, done, days, kpi) {
                    effects.push(ImprovementEffect {
                        release: release.facts.id,
                        improvement: improvement.key.clone(),
                        done,
                        before,
                        after,
                    });
                }
            }
        }
        effects.sort_by(|a, b| {
            (a.done, a.release, &a.improvement).cmp(&(b.done, b.release, &b.improvement))
        });
        effects
    }

    fn around(&self, about: &Question, done: Instant, days: u16, kpi: Kpi) -> Option<[Measure; 2]> {
        let on = about.period.day_of(done);
        let days = Days::new(days.max(1).into());
        let day = |day: Option<chrono::NaiveDate>| day.and_then(|day| Day::new(day).ok());
        let next = on.succ_opt();
        let before = (day(on.checked_sub_days(days))?, day(Some(on))?);
        let after = (
            day(next)?,
            day(next.and_then(|next| next.checked_add_days(days)))?,
        );
        let measure = |(first, end)| {
            let period = Period {
                first,
                end,
                ..about.period
            };
            let question = Question {
                period,
                ..about.clone()
            };
            fold::only(&Scope::of(self, &question), kpi)
        };
        Some([measure(before)?, measure(after)?])
    }
}
