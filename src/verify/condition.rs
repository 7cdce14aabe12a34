//! The world around a release while a step is asked for: freezes that are on, and what the host knows.

use super::domain::Domain;
use crate::gate::Facts;
use crate::phase::Instant;
use crate::release::{
    By, Fact, FactSource, FactValue, FollowedModel, Key, Ledger, ModelStanding, Person, Place,
    Stream, StreamKind, Tenant, Text, Version,
};
use crate::schedule::{Calendar, CalendarState, Window};
use std::collections::BTreeMap;
/// The world around the release while a step is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// Each calendar, with the freezes that are on.
    pub(super) calendars: BTreeMap<Key, Vec<Window>>,
    pub(super) facts: BTreeMap<Key, FactValue>,
    /// The model that pre-authorises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<crate::release::ModelReference>,
}

/// Every way in which the world around the release may be.
pub(super) fn conditions(domain: &Domain) -> Vec<Condition> {
    let model = domain
        .model
        .as_ref()
        .map(crate::gate::ReleaseModel::reference);
    let mut all = vec![Condition {
        model,
        ..Condition::default()
    }];
    for (calendar, freeze) in &domain.freezes {
        all = all
            .into_iter()
            .flat_map(|before| {
                let mut off = before;
                off.calendars.entry(calendar.clone()).or_default();
                let mut on = off.clone();
                let windows = on.calendars.entry(calendar.clone()).or_default();
                windows.push(freeze.clone());
                [off, on]
            })
            .collect();
    }
    for (key, values) in &domain.facts {
        all = all
            .into_iter()
            .flat_map(|before| {
                let known = values.iter().map(|value| {
                    let mut known = before.clone();
                    known.facts.insert(key.clone(), value.clone());
                    known
                });
                known.chain([before.clone()]).collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

impl Condition {
    /// The same as facts, read at that instant.
    pub(super) fn facts(&self, now: Instant) -> Facts {
        let mut facts = Facts::at(now);
        for (key, value) in &self.facts {
            facts = facts.with(key.clone(), Fact::new(value.clone(), now));
        }
        for (name, windows) in &self.calendars {
            facts = match calendar(name, windows, now) {
                Some(calendar) => facts.with_calendar(calendar),
                None => facts.without_calendar(name.clone(), Text::own("it cannot be made")),
            };
        }
        if let Some(model) = &self.model {
            let stream = Stream::new(Tenant::default(), StreamKind::Model, model.model.clone());
            let source = FactSource::new(stream, Version::new(1));
            let mut followed = FollowedModel::new(source, ModelStanding::Good);
            followed.authorised = Some(model.version);
            facts = facts.with_model(followed);
        }
        facts
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.calendars.values().any(|windows| !windows.is_empty())
    }
}

/// A calendar of these windows, as its log would have it.
fn calendar(name: &Key, windows: &[Window], now: Instant) -> Option<CalendarState> {
    let stream = Stream::new(Tenant::default(), StreamKind::Calendar, name.clone());
    let empty = CalendarState::start(Place::before(stream));
    let mut wanted = windows.iter().cloned();
    let wanted = wanted
        .try_fold(Calendar::new(name.clone()), Calendar::with)
        .ok()?;
    let by = By::new(Person::own("calendar-keeper"));
    let events = empty.towards(&wanted, &Text::own("so it is agreed"));
    events.into_iter().try_fold(empty, |calendar, event| {
        calendar
            .write(vec![event], &by, now)
            .ok()
            .map(|(_, after)| after)
    })
}
