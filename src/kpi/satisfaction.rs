//! Customer satisfaction: the mean of each scale by itself, for points of one are no points of another.

use super::fold::Part;
use super::scope::{Picked, Scope};
use super::{Kpi, Measure};
use crate::release::Scale;
use std::collections::BTreeMap;

/// The ratings that were given in the period: how often which score, for each scale.
#[derive(Default)]
pub(super) struct Satisfaction<'a>(BTreeMap<&'a Scale, BTreeMap<i32, u64>>);

impl<'a> Part<'a> for Satisfaction<'a> {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        for (_, rated) in scope.kpis.ratings.of(release.place) {
            let services = rated.service.iter().cloned().collect();
            if let Some(rating) = &rated.rating
                && scope.is_in(rated.at)
                && scope.is_of_service(release, &services)
            {
                let scores = self.0.entry(&rating.scale).or_default();
                *scores.entry(rating.score).or_default() += 1;
            }
        }
    }

    fn measures(self: Box<Self>, scope: &Scope<'a>) -> Vec<Measure> {
        let begun = Measure::begun(Kpi::Satisfaction, scope.question);
        let of = |(scale, scores): (&Scale, BTreeMap<i32, u64>)| {
            let Scale { name, worst, best } = scale;
            let mut measure = begun.clone().of(format!("{name}, {worst} to {best}"));
            for (score, count) in scores {
                measure.sample += count;
                measure.denominator += i128::from(count);
                measure.numerator += i128::from(score) * i128::from(count);
                measure.distribution.push((score.to_string(), count));
            }
            measure.mean()
        };
        let measures: Vec<_> = self.0.into_iter().map(of).collect();
        if measures.is_empty() {
            vec![begun]
        } else {
            measures
        }
    }
}
