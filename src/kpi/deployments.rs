//! What went live, and what came of it: which deployments failed, and when service was restored.

use super::facts::{Attempt, Facts, Incident, Linked};
use super::scope::{Picked, Scope};
use super::{Attribution, Exclusion, Kpis, Period, Question};
use crate::phase::Instant;
use crate::release::{Ending, Environment, Key, ReleaseId, Service};
use serde::Serialize;
use std::collections::BTreeMap;

/// A deployment that was live, and how it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LiveDeployment {
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
    pub fn deployments(&self, question: &Question) -> Vec<LiveDeployment> {
        let mut scope = Scope::of(self, question);
        let period = scope.interval;
        // What was before may lie before the period.
        scope.interval = Period::always().interval();
        let (mut judge, mut all) = (Judge::default(), Vec::new());
        for release in scope.releases() {
            judge.take(&scope, &release, |live| all.push(live));
        }
        judge.finish(&scope, |live| all.push(live));
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        let mut latest = BTreeMap::new();
        let mut deployments = Vec::new();
        for live in all {
            let mut previous = None;
            for service in self.services_of(&live) {
                let on = (&live.attempt.environment, service);
                previous = previous.max(latest.insert(on, live.order()));
            }
            if period.contains(live.finished) {
                let previous = previous.map(|(_, release, attempt)| (release, attempt.clone()));
                deployments.push(live.told(previous));
            }
        }
        deployments
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

type Times = (Instant, Option<Instant>);

/// Judges deployments release by release.
#[derive(Default)]
pub(super) struct Judge<'a> {
    live: Vec<Live<'a>>,
    incidents: BTreeMap<&'a Key, Times>,
    /// By the heuristic alone: one for each incident.
    pub(super) blamed: Vec<Blamed>,
    /// Incidents that belong to no deployment.
    pub(super) left_out: BTreeMap<Exclusion, u64>,
}

impl<'a> Judge<'a> {
    /// Looks at a release, and hands on what was judged of it.
    pub(super) fn take(
        &mut self,
        scope: &Scope<'a>,
        release: &Picked<'a>,
        each: impl FnMut(Live<'a>),
    ) {
        if scope.question.attribution == Attribution::Explicit {
            live_of(scope, release, &mut self.live);
            self.explicit(scope, release, each);
        }
    }

    /// Hands on what could not be judged before: the heuristic looks at every release, whichever are asked for.
    pub(super) fn finish(&mut self, scope: &Scope<'a>, each: impl FnMut(Live<'a>)) {
        if scope.question.attribution == Attribution::LastDeployment {
            let mut all = Vec::new();
            for release in scope.all() {
                live_of(scope, &release, &mut self.live);
                let live = self
                    .live
                    .drain(..)
                    .filter(|live| live.is_asked_for(scope, &release));
                all.extend(live);
                self.remember_incidents(scope, &release);
            }
            self.last_deployment(scope, &mut all);
            let asked_for = all.into_iter();
            let asked_for =
                asked_for.filter(|live| scope.is_in(live.finished) && scope.picks(live.facts));
            asked_for.for_each(each);
        }
    }

    fn explicit(&mut self, scope: &Scope<'a>, release: &Picked<'a>, each: impl FnMut(Live<'a>)) {
        for (_, incident) in scope.kpis.incidents.of(release.place) {
            match target(&mut self.live, incident) {
                Ok(deployment) => deployment.failed_by(incident),
                Err(why) if release.has_service && scope.is_in(incident.raised) => {
                    self.leave_out(why);
                }
                Err(_) => {}
            }
        }
        for remedy in scope.kpis.remedies(release.facts.id) {
            let before = |live: &&mut Live<'_>| live.finished <= remedy.created;
            if let Some(deployment) = self.live.iter_mut().rfind(before) {
                deployment.failed_by_release(remedy);
            }
        }
        let judged = self.live.drain(..).map(Live::whole);
        let asked_for =
            judged.filter(|live| scope.is_in(live.finished) && live.is_asked_for(scope, release));
        asked_for.for_each(each);
    }

    fn remember_incidents(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        if release.has_service {
            for (_, incident) in scope.kpis.incidents.of(release.place) {
                self.remember(&incident.key, (incident.raised, incident.restored));
            }
        }
    }

    /// One incident is one, wherever it is told of: raised when it was first said to be, and restored when it was last.
    fn remember(&mut self, key: &'a Key, times: Times) {
        let (raised, restored) = self.incidents.entry(key).or_insert(times);
        *raised = times.0.min(*raised);
        *restored = times.1.max(*restored);
    }

    fn last_deployment(&mut self, scope: &Scope<'a>, all: &mut [Live<'a>]) {
        let service = scope.question.service.as_ref();
        for (key, observed) in &scope.kpis.observed {
            if service.is_none() || observed.service.as_ref() == service {
                self.remember(key, (observed.raised, observed.restored));
            } else if observed.service.is_none() && scope.is_in(observed.raised) {
                self.leave_out(Exclusion::ServiceNotSaid);
            }
        }
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        for (key, (raised, restored)) in std::mem::take(&mut self.incidents) {
            let before = all.partition_point(|live| live.finished < raised);
            let last = before.checked_sub(1).and_then(|place| all.get_mut(place));
            let Some(deployment) = last else {
                if scope.is_in(raised) {
                    self.leave_out(Exclusion::NoDeploymentBefore);
                }
                continue;
            };
            let restored = restoration(raised, restored);
            deployment.restored = deployment.recovered(restored);
            deployment.failures.push(Failure::Incident(key.clone()));
            if scope.is_in(deployment.finished) && scope.picks(deployment.facts) {
                self.blamed.push(Blamed {
                    finished: deployment.finished,
                    restored: restored.after(deployment.finished),
                });
            }
        }
    }

    fn leave_out(&mut self, why: Exclusion) {
        *self.left_out.entry(why).or_default() += 1;
    }
}

impl<'a> Live<'a> {
    const fn of(facts: &'a Facts, attempt: &'a Attempt, place: u32, finished: Instant) -> Self {
        Self {
            facts,
            attempt,
            place,
            finished,
            failures: Vec::new(),
            restored: Restored::NotYet,
        }
    }

    fn is_asked_for(&self, scope: &Scope<'_>, release: &Picked<'_>) -> bool {
        scope.is_of_service(release, &self.attempt.services)
            && scope.is_on(&self.attempt.environment)
    }

    fn order(&self) -> (Instant, ReleaseId, &'a Key) {
        (self.finished, self.facts.id, &self.attempt.key)
    }

    /// As it is told to the host.
    fn told(self, previous: Option<(ReleaseId, Key)>) -> LiveDeployment {
        let mut failures = self.failures;
        failures.sort();
        LiveDeployment {
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

    /// When it is over, with one more that has to be.
    fn recovered(&self, restored: Restored) -> Restored {
        match self.failures.as_slice() {
            [] => restored,
            [_, ..] => self.restored.and(restored),
        }
    }

    fn failed_by(&mut self, incident: &Incident) {
        self.restored = self.recovered(restoration(incident.raised, incident.restored));
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
fn live_of<'a>(scope: &Scope<'a>, release: &Picked<'a>, live: &mut Vec<Live<'a>>) {
    live.clear();
    for (place, attempt) in scope.kpis.attempts.of(release.place) {
        let finished = attempt
            .live
            .map(|at| Live::of(release.facts, attempt, place, at));
        live.extend(finished);
    }
    if live.len() > 1 {
        live.sort_by(|a, b| a.order().cmp(&b.order()));
    }
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
        if self.remediators.is_empty() {
            return Vec::new();
        }
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
