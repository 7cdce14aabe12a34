//! What went live, and what came of it: which deployments failed, and when service was restored.

use super::facts::{Attempt, Facts, Incident, Linked};
use super::scope::Scope;
use super::{Attribution, Exclusion, Kpis, Period, Question};
use crate::phase::Instant;
use crate::release::{Ending, Environment, Key, ReleaseId, Service};
use serde::Serialize;
use std::collections::BTreeMap;

/// A deployment that was live, and how it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Deployment {
    /// The release.
    pub release: ReleaseId,
    /// The attempt.
    pub attempt: Key,
    /// Where.
    pub environment: Environment,
    /// When it was live first.
    pub finished: Instant,
    /// Whether it was unplanned and because of an incident.
    pub is_rework: bool,
    /// Why it failed; nothing if it did not.
    pub failures: Vec<Failure>,
    /// When service was restored after it had failed.
    pub restored: Option<Instant>,
    /// The live deployment before it: the one that finished last on the same environment and has a service in common.
    pub previous: Option<(ReleaseId, Key)>,
}

/// Why a deployment failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// Because of that incident.
    Incident(Key),
    /// It was backed out.
    BackedOut,
    /// That release puts it right.
    Remediated(ReleaseId),
}

impl Kpis {
    /// The live deployments that finished in the period, each with why it failed, in the order in which they finished.
    #[must_use]
    pub fn deployments(&self, question: &Question) -> Vec<Deployment> {
        let mut scope = Scope::of(self, question);
        let mut judged = Judged::of(&scope).deployments;
        scope.interval = Period::always().interval();
        let mut before = Judged::of(&scope).deployments;
        for live in [&mut judged, &mut before] {
            live.sort_by(|a, b| a.order().cmp(&b.order()));
        }
        let mut before = before.iter().peekable();
        let mut latest = BTreeMap::new();
        let deployment = |live: Live<'_>| {
            while let Some(earlier) = before.next_if(|earlier| earlier.order() < live.order()) {
                for service in self.services_of(earlier) {
                    latest.insert((&earlier.attempt.environment, service), earlier.order());
                }
            }
            let on = |service| latest.get(&(&live.attempt.environment, service)).copied();
            let previous = self.services_of(&live).filter_map(on).max();
            let previous = previous.map(|(_, release, attempt)| (release, attempt.clone()));
            live.told(previous)
        };
        judged.into_iter().map(deployment).collect()
    }

    /// The services of a deployment; two of none have that in common.
    fn services_of<'a>(&'a self, live: &Live<'a>) -> impl Iterator<Item = Option<&'a Service>> {
        let own = &live.attempt.services;
        let services = match self.profiles.get(live.facts.profile as usize) {
            Some(profile) if own.is_empty() => &profile.services,
            Some(_) | None => own,
        };
        let nothing = services.is_empty().then_some(None);
        services.iter().map(Some).chain(nothing)
    }
}

/// A deployment that was live.
pub(super) struct Live<'a> {
    pub(super) facts: &'a Facts,
    pub(super) attempt: &'a Attempt,
    place: u32,
    pub(super) finished: Instant,
    /// None where it did not fail.
    pub(super) failures: Vec<Failure>,
    pub(super) restored: Restored,
}

/// When service was restored after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restored {
    NotYet,
    At(Instant),
    /// What was recorded cannot be.
    Unclear(Exclusion),
}

/// One incident of a deployment, as the heuristic has it.
pub(super) struct Blamed {
    pub(super) finished: Instant,
    pub(super) restored: Restored,
}

/// The live deployments of a period.
pub(super) struct Judged<'a> {
    pub(super) deployments: Vec<Live<'a>>,
    /// By the heuristic alone: one for each incident.
    pub(super) blamed: Vec<Blamed>,
    /// Incidents that belong to no deployment.
    pub(super) left_out: BTreeMap<Exclusion, u64>,
}

impl<'a> Judged<'a> {
    pub(super) fn of(scope: &Scope<'a>) -> Self {
        match scope.question.attribution {
            Attribution::Explicit => Self::explicit(scope),
            Attribution::LastDeployment => Self::last_deployment(scope),
        }
    }

    fn explicit(scope: &Scope<'a>) -> Self {
        let mut judged = Self::nothing();
        let mut live = Vec::new();
        for (release, facts) in scope.whole() {
            live_of(scope, release, facts, &mut live);
            for (_, incident) in scope.kpis.incidents.of(release) {
                match target(&mut live, incident) {
                    Ok(deployment) => deployment.failed_by(incident),
                    Err(why) if scope.is_in(incident.raised) => judged.leave_out(why),
                    Err(_) => {}
                }
            }
            for remedy in scope.kpis.remedies(facts.id) {
                let before = |live: &&mut Live<'_>| live.finished <= remedy.created;
                if let Some(deployment) = live.iter_mut().rfind(before) {
                    deployment.failed_by_release(remedy);
                }
            }
            let of_service = |live: &Live<'_>| {
                scope.is_of_service(facts, &live.attempt.services)
                    && scope.is_on(&live.attempt.environment)
                    && scope.is_in(live.finished)
            };
            let asked_for = live.drain(..).map(Live::whole).filter(of_service);
            judged.deployments.extend(asked_for);
        }
        judged
    }

    fn last_deployment(scope: &Scope<'a>) -> Self {
        let mut judged = Self::nothing();
        let mut all = Vec::new();
        let mut live = Vec::new();
        for (release, facts) in scope.whole() {
            live_of(scope, release, facts, &mut live);
            let of_service = |live: &Live<'_>| {
                scope.is_of_service(facts, &live.attempt.services)
                    && scope.is_on(&live.attempt.environment)
            };
            all.extend(live.drain(..).filter(of_service));
        }
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        for (key, (raised, restored)) in incidents(scope) {
            let before = all.partition_point(|live| live.finished < raised);
            let last = before.checked_sub(1).and_then(|place| all.get_mut(place));
            let Some(deployment) = last else {
                if scope.is_in(raised) {
                    judged.leave_out(Exclusion::NoDeploymentBefore);
                }
                continue;
            };
            let restored = restoration(raised, restored);
            deployment.failures.push(Failure::Incident(key.clone()));
            deployment.restored = deployment.restored.and(restored);
            if scope.is_in(deployment.finished) {
                judged.blamed.push(Blamed {
                    finished: deployment.finished,
                    restored: restored.after(deployment.finished),
                });
            }
        }
        all.retain(|live| scope.is_in(live.finished));
        judged.deployments = all;
        judged
    }

    const fn nothing() -> Self {
        Self {
            deployments: Vec::new(),
            blamed: Vec::new(),
            left_out: BTreeMap::new(),
        }
    }

    fn leave_out(&mut self, why: Exclusion) {
        *self.left_out.entry(why).or_default() += 1;
    }
}

impl<'a> Live<'a> {
    fn order(&self) -> (Instant, ReleaseId, &'a Key) {
        (self.finished, self.facts.id, &self.attempt.key)
    }

    /// As it is told to the host.
    fn told(self, previous: Option<(ReleaseId, Key)>) -> Deployment {
        let mut failures = self.failures;
        failures.sort();
        Deployment {
            release: self.facts.id,
            attempt: self.attempt.key.clone(),
            environment: self.attempt.environment.clone(),
            finished: self.finished,
            is_rework: self.attempt.is_rework,
            restored: match self.restored {
                Restored::At(at) => Some(at),
                Restored::NotYet | Restored::Unclear(_) => None,
            },
            failures,
            previous,
        }
    }

    pub(super) const fn has_failed(&self) -> bool {
        !self.failures.is_empty()
    }

    fn failed_by(&mut self, incident: &Incident) {
        let restored = restoration(incident.raised, incident.restored);
        self.restored = match self.failures.as_slice() {
            [] => restored,
            [_, ..] => self.restored.and(restored),
        };
        self.failures.push(Failure::Incident(incident.key.clone()));
    }

    /// What another release puts right is right once that one is live.
    fn failed_by_release(&mut self, remedy: &Facts) {
        if self.failures.is_empty() && self.attempt.backed_out.is_none() {
            self.restored = remedy.went_live.map_or(Restored::NotYet, Restored::At);
        }
        self.failures.push(Failure::Remediated(remedy.id));
    }

    /// With all that speaks against it: where there are incidents they say when service was restored, and else the
    /// back-out does.
    fn whole(mut self) -> Self {
        if let Some(at) = self.attempt.backed_out {
            let by_incident = |failure: &Failure| matches!(failure, Failure::Incident(_));
            if !self.failures.iter().any(by_incident) {
                self.restored = Restored::At(at);
            }
            self.failures.push(Failure::BackedOut);
        }
        self.restored = self.restored.after(self.finished);
        self
    }
}

impl Restored {
    /// When both are over.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unclear(why), _) | (_, Self::Unclear(why)) => Self::Unclear(why),
            (Self::NotYet, _) | (_, Self::NotYet) => Self::NotYet,
            (Self::At(one), Self::At(other)) => Self::At(one.max(other)),
        }
    }

    /// What is over before the deployment had finished says nothing of its recovery.
    fn after(self, finished: Instant) -> Self {
        match self {
            Self::At(at) if at < finished => Self::Unclear(Exclusion::RestoredBeforeFinished),
            Self::At(_) | Self::NotYet | Self::Unclear(_) => self,
        }
    }
}

fn restoration(raised: Instant, restored: Option<Instant>) -> Restored {
    match restored {
        None => Restored::NotYet,
        Some(at) if at < raised => Restored::Unclear(Exclusion::EndsBeforeItBegan),
        Some(at) => Restored::At(at),
    }
}

/// The live deployments of a release, in the order in which they finished.
fn live_of<'a>(scope: &Scope<'a>, release: u32, facts: &'a Facts, live: &mut Vec<Live<'a>>) {
    live.clear();
    for (place, attempt) in scope.kpis.attempts.of(release) {
        if let Some(finished) = attempt.live {
            live.push(Live {
                facts,
                attempt,
                place,
                finished,
                failures: Vec::new(),
                restored: Restored::NotYet,
            });
        }
    }
    live.sort_by(|a, b| a.order().cmp(&b.order()));
}

/// The deployment that an incident of the release belongs to: the one that it names, or else the last one before.
fn target<'l, 'a>(
    live: &'l mut [Live<'a>],
    incident: &Incident,
) -> Result<&'l mut Live<'a>, Exclusion> {
    match incident.linked {
        Linked::NotLive => Err(Exclusion::NotOnLive),
        Linked::Attempt(place) => live
            .iter_mut()
            .find(|live| live.place == place)
            .ok_or(Exclusion::NeverLive),
        Linked::Release => live
            .iter_mut()
            .rfind(|live| live.finished <= incident.raised)
            .ok_or(Exclusion::NoDeploymentBefore),
    }
}

impl Kpis {
    /// The releases that put that one right, in the order in which they were requested. What was given up puts nothing
    /// right.
    fn remedies(&self, release: ReleaseId) -> Vec<&Facts> {
        let places = self.remediators.get(&release).into_iter().flatten();
        let is_given_up =
            |(_, ending): (_, Ending)| matches!(ending, Ending::Rejected | Ending::Cancelled);
        let remedies = places.filter_map(|place| self.facts(*place));
        let mut remedies: Vec<_> = remedies
            .filter(|facts| !facts.closed.is_some_and(is_given_up))
            .collect();
        remedies.sort_by_key(|facts| (facts.created, facts.id));
        remedies
    }
}

type Times = (Instant, Option<Instant>);

/// Every incident once: those that are linked to releases, and those that were only observed.
fn incidents<'a>(scope: &Scope<'a>) -> BTreeMap<&'a Key, Times> {
    let mut incidents: BTreeMap<&Key, Times> = BTreeMap::new();
    for (release, _) in scope.releases() {
        for (_, incident) in scope.kpis.incidents.of(release) {
            let times = (incident.raised, incident.restored);
            let known = incidents.entry(&incident.key).or_insert(times);
            *known = times.min(*known);
        }
    }
    let service = scope.question.service.as_ref();
    for (key, observed) in &scope.kpis.observed {
        let is_asked_for = service.is_none() || observed.service.as_ref() == service;
        if is_asked_for && scope.question.release.is_none() {
            let times = (observed.raised, observed.restored);
            incidents.entry(key).or_insert(times);
        }
    }
    incidents
}
