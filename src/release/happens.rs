//! What every step and record says of itself: what stands against it, and what it changes.

use super::id::{ReleaseId, Version};
use super::limits::{CLOCK_SKEW, STREAM_EVENTS};
use super::people::Actor;
use super::review::Ending;
use super::state::State;
use super::text::{Key, Text};
use super::verdict::Reason;
use crate::phase::Instant;
use std::sync::Arc;

/// A step or a record, as the lifecycle sees it.
///
/// That the release stands where it may happen is seen to before, by the table.
pub(crate) trait Happens {
    /// The lifecycle's own invariants: what no gate can waive and no configuration can switch off.
    fn admits(&self, _state: &State, _on: Occasion<'_>, _reasons: &mut Reasons) {}

    /// How the release ends by it; nothing if it does not.
    fn ending(&self, _state: &State) -> Option<Ending> {
        None
    }

    /// What it is kept by, where a later one of the same key replaces it.
    fn key(&self) -> Option<&Key> {
        None
    }

    /// What it changes, once it is admitted. Live and replayed alike.
    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>);
}

/// Where in which log something happens, by whom and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) release: ReleaseId,
    /// The version before.
    pub(crate) version: Version,
    pub(crate) actor: &'a Actor,
    pub(crate) occurred_at: Instant,
    pub(crate) recorded_at: Instant,
}

/// Collects what stands against a step or record.
#[derive(Default)]
pub(crate) struct Reasons(Vec<Reason>);

impl Reasons {
    /// What stands against anything that happens now.
    pub(crate) fn against(on: Occasion<'_>) -> Self {
        Self::at(on.version, on.occurred_at, on.recorded_at)
    }

    /// The same in any log that is at `version`.
    pub(crate) fn at(version: Version, occurred_at: Instant, recorded_at: Instant) -> Self {
        let mut reasons = Self::default();
        reasons.not_ahead("have happened at", occurred_at, recorded_at);
        reasons.unless(version.get() < STREAM_EVENTS, || {
            let message = format!("the log has {version} events");
            Reason::new("too-long", message, "begin another one")
        });
        reasons
    }

    pub(crate) fn into_vec(self) -> Vec<Reason> {
        self.0
    }

    pub(crate) fn say(&mut self, reason: impl Into<Option<Reason>>) {
        self.0.extend(reason.into());
    }

    pub(crate) fn unless(&mut self, holds: bool, reason: impl FnOnce() -> Reason) {
        if !holds {
            self.0.push(reason());
        }
    }

    pub(crate) fn not_blank(&mut self, text: &Text, what: &str) {
        self.unless(!text.is_blank(), || {
            Reason::new("no-reason", format!("the {what} is empty"), "say why")
        });
    }

    pub(crate) fn known(&mut self, is_known: bool, what: &str, key: &Key) {
        self.unless(is_known, || {
            let message = format!("there is no {what} `{key}`");
            Reason::new("unknown", message, format!("name a {what} of this release"))
        });
    }

    pub(crate) fn unused(&mut self, is_new: bool, what: &str, key: &Key) {
        self.unless(is_new, || {
            let message = format!("{what} `{key}` is recorded already");
            Reason::new("already-recorded", message, "use a new id")
        });
    }

    pub(crate) fn lasting(&mut self, until: Instant, on: Occasion<'_>) {
        self.unless(on.recorded_at < until, || {
            let message = format!("it ends at {until}, and it is {}", on.recorded_at);
            Reason::new("expired", message, "state an end in the future")
        });
    }

    pub(crate) fn in_order(&mut self, what: &str, key: &Key, began: Instant, ended: Instant) {
        self.unless(began <= ended, || {
            let message = format!("{what} `{key}` began at {began}, after {ended}");
            Reason::new(
                "ends-before-it-began",
                message,
                "state an end after the beginning",
            )
        });
    }

    /// What is said to have been cannot lie ahead, but for clocks that differ.
    pub(crate) fn past(&mut self, said: &str, at: Instant, on: Occasion<'_>) {
        self.not_ahead(said, at, on.recorded_at);
    }

    /// The same in any log.
    pub(crate) fn not_ahead(&mut self, said: &str, at: Instant, now: Instant) {
        self.unless(at <= now.plus(CLOCK_SKEW), || {
            let message = format!("it is said to {said} {at}, and it is {now}");
            let remedy = "state when it really happened; at most 5 minutes ahead are taken for clocks that differ";
            Reason::new("in-the-future", message, remedy).clears_at(at.minus(CLOCK_SKEW))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::text::Person;

    #[test]
    fn a_log_ends_at_its_limit() {
        let actor = Actor::Person(Person::new("kim").unwrap());
        let now = Instant::EPOCH;
        let codes = |version| {
            let on = Occasion {
                release: uuid::Uuid::nil().into(),
                version: Version::new(version),
                actor: &actor,
                occurred_at: now,
                recorded_at: now,
            };
            let reasons = Reasons::against(on).into_vec();
            reasons
                .into_iter()
                .map(|reason| reason.code.to_string())
                .collect::<Vec<_>>()
        };
        assert!(codes(STREAM_EVENTS - 1).is_empty());
        assert_eq!(codes(STREAM_EVENTS), ["too-long"]);
    }
}
