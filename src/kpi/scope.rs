//! Which releases, and which of what they did, a question is about.

use super::facts::{Facts, Profile};
use super::{Kpis, Question};
use crate::phase::{Instant, Interval};
use crate::release::{Environment, Service};
use std::collections::BTreeSet;

/// A question, ready to be asked of every release.
pub(super) struct Scope<'a> {
    pub(super) kpis: &'a Kpis,
    pub(super) question: &'a Question,
    pub(super) interval: Interval,
    /// Of every profile, whether it is asked for, but for the service; and whether it has the service.
    profiles: Vec<(bool, bool)>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(kpis: &'a Kpis, question: &'a Question) -> Self {
        let service = question.service.as_ref();
        let picks = |profile: &Profile| {
            let has = service.is_none_or(|service| profile.services.contains(service));
            (question.picks(profile), has)
        };
        Self {
            kpis,
            question,
            interval: question.period.interval(),
            profiles: kpis.profiles.iter().map(|it| picks(it)).collect(),
        }
    }

    /// The releases that are asked for, with their places, whatever their services.
    pub(super) fn whole(&self) -> impl Iterator<Item = (u32, &'a Facts)> {
        let one = self.question.release;
        let one = one.map(|id| self.kpis.index.get(&id).copied().unwrap_or(u32::MAX));
        let (first, many) = match one {
            Some(place) => (place, 1),
            None => (0, usize::MAX),
        };
        let releases = self.kpis.releases.iter().enumerate();
        let picked = releases.skip(first as usize).take(many);
        picked.filter_map(|(place, facts)| {
            let (is_picked, _) = *self.profiles.get(facts.profile as usize)?;
            is_picked.then_some((u32::try_from(place).ok()?, facts))
        })
    }

    /// The releases that are asked for.
    pub(super) fn releases(&self) -> impl Iterator<Item = (u32, &'a Facts)> {
        self.whole().filter(|(_, facts)| self.has_service(facts))
    }

    fn has_service(&self, facts: &Facts) -> bool {
        let profile = self.profiles.get(facts.profile as usize);
        profile.is_some_and(|(_, has)| *has)
    }

    /// Whether something of a release is of the service that is asked for: it names services of its own, or else has
    /// those of the release.
    pub(super) fn is_of_service(&self, facts: &Facts, services: &BTreeSet<Service>) -> bool {
        match &self.question.service {
            Some(service) if !services.is_empty() => services.contains(service),
            Some(_) | None => self.has_service(facts),
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
    /// Whether releases of that profile are asked for, whatever their services.
    fn picks(&self, profile: &Profile) -> bool {
        let has_label = |(key, name)| profile.labels.get(key) == Some(name);
        let label = self.label.as_ref().map(|(key, name)| (key, name));
        label.is_none_or(has_label)
            && self.track.is_none_or(|track| profile.track == track)
            && (self.model.is_none() || self.model == profile.model)
    }
}
