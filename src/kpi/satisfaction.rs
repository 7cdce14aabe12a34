//! Customer satisfaction: the mean of each scale by itself, for points of one are no points of another.

use super::scope::Scope;
use super::{Kpi, Measure};
use crate::release::Scale;
use std::collections::BTreeMap;

pub(super) fn measures(scope: &Scope<'_>) -> Vec<Measure> {
    let mut by_scale: BTreeMap<&Scale, BTreeMap<i32, u64>> = BTreeMap::new();
    for (release, facts) in scope.whole() {
        for (_, rated) in scope.kpis.ratings.of(release) {
            let services = rated.service.iter().cloned().collect();
            let is_asked_for = scope.is_of_service(facts, &services);
            if let Some(rating) = rated.rating.as_ref()
                && is_asked_for
                && scope.is_in(rated.at)
            {
                let scores = by_scale.entry(&rating.scale).or_default();
                *scores.entry(rating.score).or_default() += 1;
            }
        }
    }
    let begun = || Measure::begun(Kpi::Satisfaction, scope.question);
    let measure = |(scale, scores): (&Scale, BTreeMap<i32, u64>)| {
        let Scale { name, worst, best } = scale;
        let mut measure = begun().of(format!("{name}, {worst} to {best}"));
        for (score, count) in scores {
            measure.sample += count;
            measure.denominator += i128::from(count);
            measure.numerator += i128::from(score) * i128::from(count);
            measure.distribution.push((score.to_string(), count));
        }
        measure.mean()
    };
    if by_scale.is_empty() {
        return vec![begun()];
    }
    by_scale.into_iter().map(measure).collect()
}
