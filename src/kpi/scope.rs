//! Which releases, and which of what they did, a question is about.

use super::facts::{Facts, Profile};
use super::{Kpis, Question};
use crate::phase::{Instant, Interval, PhaseName};
use crate::release::{Environment, Service};
use std::collections::BTreeSet;

/// A question, ready to be asked of every release.
pub(super) struct Scope<'a> {
    pub(super) kpis: &'a Kpis,
    pub(super) question: &'a Question,
    pub(super) interval: Interval,
    /// What is picked of every profile; empty where one release is asked for.
    picks: Vec<Pick>,
}

/// A release that is asked for.
#[derive(Clone, Copy)]
pub(super) struct Picked<'a> {
    pub(super) place: u32,
    pub(super) facts: &'a Facts,
    /// Whether it has the service that is asked for.
    pub(super) has_service: bool,
}

/// What a question picks of a profile.
#[derive(Clone, Copy)]
struct Pick {
    /// Whether it is asked for, but for the service.
    is_asked_for: bool,
    has_service: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn of(kpis: &'a Kpis, question: &'a Question) -> Self {
        let profiles = match question.release {
            None => kpis.profiles.iter(),
            Some(_) => [].iter(),
        };
        Self {
            kpis,
            question,
            interval: question.period.interval(),
            picks: profiles.map(|profile| question.pick(profile)).collect(),
        }
    }

    /// The releases that are asked for, whatever their services.
    pub(super) fn releases(&self) -> impl Iterator<Item = Picked<'a>> {
        let one = self.question.release;
        let one = one.map(|id| self.kpis.index.get(&id).copied().unwrap_or(u32::MAX));
        let (first, many) = match one {
            Some(place) => (place, 1),
            None => (0, usize::MAX),
        };
        let releases = self.kpis.releases.iter().zip(0_u32..);
        let releases = releases.skip(first as usize).take(many);
        releases.filter_map(|(facts, place)| {
            let pick = self.pick(facts);
            let has_service = pick.has_service;
            pick.is_asked_for.then_some(Picked {
                place,
                facts,
                has_service,
            })
        })
    }

    /// Every release, asked for or not.
    pub(super) fn all(&self) -> impl Iterator<Item = Picked<'a>> {
        let releases = self.kpis.releases.iter().zip(0_u32..);
        releases.map(|(facts, place)| Picked {
            place,
            facts,
            has_service: self.pick(facts).has_service,
        })
    }

    /// Whether a release is asked for, whatever its services.
    pub(super) fn picks(&self, facts: &Facts) -> bool {
        let wanted = self.question.release;
        wanted.is_none_or(|wanted| wanted == facts.id) && self.pick(facts).is_asked_for
    }

    /// Whether something of a release is live already, and the release is not said to be: what is counted of releases
    /// that went live may still grow.
    pub(super) fn is_going_live(&self, release: &Picked<'_>) -> bool {
        let is_open = release.has_service && release.facts.standing == PhaseName::Deployment;
        let mut attempts = self.kpis.attempts.of(release.place);
        is_open && attempts.any(|(_, attempt)| attempt.live.is_some_and(|at| self.is_in(at)))
    }

    fn pick(&self, facts: &Facts) -> Pick {
        let place = facts.profile as usize;
        let profile = || self.kpis.profiles.get(place);
        let picked = self.picks.get(place).copied();
        let picked = picked.or_else(|| profile().map(|profile| self.question.pick(profile)));
        picked.unwrap_or(Pick {
            is_asked_for: false,
            has_service: false,
        })
    }

    /// Whether something of a release is of the service that is asked for: it names services of its own, or else has
    /// those of the release.
    pub(super) fn is_of_service(&self, release: &Picked<'_>, services: &BTreeSet<Service>) -> bool {
        match &self.question.service {
            Some(service) if !services.is_empty() => services.contains(service),
            Some(_) | None => release.has_service,
        }
    }

    pub(super) fn is_on(&self, environment: &Environment) -> bool {
        let wanted = self.question.environment.as_ref();
        wanted.is_none_or(|wanted| wanted == environment)
    }

    /// Whether an instant lies in the period.
    pub(super) fn is_in(&self, at: Instant) -> bool {
        self.interval.contains(at)
    }
}

impl Question {
    fn pick(&self, profile: &Profile) -> Pick {
        let label = self.label.as_ref();
        let has_label = label.is_none_or(|(key, name)| profile.labels.get(key) == Some(name));
        let is_on_track = self.track.is_none_or(|track| profile.track == track);
        let follows = self.model.is_none() || self.model == profile.model;
        let service = self.service.as_ref();
        Pick {
            is_asked_for: has_label && is_on_track && follows,
            has_service: service.is_none_or(|service| profile.services.contains(service)),
        }
    }
}
