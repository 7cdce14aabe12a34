//! One walk over all releases, however much is measured.

use super::scope::{Picked, Scope};
use super::{
    Kpi, Measure, aims::Objectives, budget::Spent, budget::Worth, delivery::Delivery,
    disruption::Disruption, flow::Flow, satisfaction::Satisfaction, stability::Stability,
    timeliness::Timeliness,
};

/// Some measures that are taken together: looks at one release after the other, and tells at the end.
pub(super) trait Part<'a> {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>);

    fn measures(self: Box<Self>, scope: &Scope<'a>) -> Vec<Measure>;
}

type BoxedPart<'a> = Box<dyn Part<'a> + 'a>;

/// All measures, in the order of [`Kpi::ALL`].
pub(super) fn all<'a>(scope: &Scope<'a>) -> Vec<Measure> {
    let parts: Vec<BoxedPart<'a>> = vec![
        Box::new(Timeliness::begun(scope)),
        Box::new(Spent::begun(scope)),
        Box::new(Disruption::begun(scope)),
        Box::new(Satisfaction::default()),
        Box::new(Stability::begun(scope)),
        Box::new(Delivery::begun(scope)),
        Box::new(Flow::begun(scope)),
        Box::new(Objectives::begun(scope)),
        Box::new(Worth::begun(scope)),
    ];
    let mut measures = walked(scope, parts);
    measures.sort_by_key(|measure| measure.kpi);
    measures
}

/// One measure by itself: the one that is of all, or the only one; nothing where there are several.
pub(super) fn only(scope: &Scope<'_>, kpi: Kpi) -> Option<Measure> {
    let mut measures = walked(scope, vec![part(scope, kpi)]);
    measures.retain(|measure| measure.kpi == kpi);
    let place = measures.iter().position(|measure| measure.of.is_none());
    match (place, measures.len()) {
        (Some(place), _) => Some(measures.swap_remove(place)),
        (None, 1) => measures.pop(),
        (None, _) => None,
    }
}

fn walked<'a>(scope: &Scope<'a>, mut parts: Vec<BoxedPart<'a>>) -> Vec<Measure> {
    for release in scope.releases() {
        for part in &mut parts {
            part.take(scope, &release);
        }
    }
    let measures = parts.into_iter().map(|part| part.measures(scope));
    measures.flatten().collect()
}

/// The part that a measure belongs to.
fn part<'a>(scope: &Scope<'a>, kpi: Kpi) -> BoxedPart<'a> {
    match kpi {
        Kpi::AdherenceFirst
        | Kpi::AdherenceLatest
        | Kpi::SlipFirst
        | Kpi::SlipLatest
        | Kpi::Rebaselines => Box::new(Timeliness::begun(scope)),
        Kpi::BudgetSpent | Kpi::BudgetVariance => Box::new(Spent::begun(scope)),
        Kpi::Disruption | Kpi::PlannedDisruption | Kpi::UserMinutes | Kpi::PlannedUserMinutes => {
            Box::new(Disruption::begun(scope))
        }
        Kpi::Satisfaction => Box::new(Satisfaction::default()),
        Kpi::EarlyLifeIncidents | Kpi::TimeToRestore | Kpi::Regressions | Kpi::ReleaseIncidents => {
            Box::new(Stability::begun(scope))
        }
        Kpi::DeploymentFrequency
        | Kpi::DeploymentAttempts
        | Kpi::ChangeLeadTime
        | Kpi::ChangeFailRate
        | Kpi::RecoveryTime
        | Kpi::RecoveryTimePerIncident
        | Kpi::ReworkRate => Box::new(Delivery::begun(scope)),
        Kpi::SuccessfulReleases
        | Kpi::EmergencyShare
        | Kpi::UnauthorisedShare
        | Kpi::OverrideShare
        | Kpi::ExceptionShare
        | Kpi::Backlog
        | Kpi::Throughput
        | Kpi::DwellTime
        | Kpi::ReworkLoops
        | Kpi::ImprovementCompletion => Box::new(Flow::begun(scope)),
        Kpi::ObjectivesMet => Box::new(Objectives::begun(scope)),
        Kpi::ValueRealised => Box::new(Worth::begun(scope)),
    }
}
