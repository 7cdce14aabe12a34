//! What a decision may rest on besides the release itself: the time, and what the host knows.

use crate::phase::Instant;
use crate::release::limits::CLOCK_SKEW;
use crate::release::{Fact, FollowedModel, Key};
use std::{collections::BTreeMap, sync::Arc};

/// The time, and what the host knows at that time.
///
/// # Examples
///
/// ```
/// use phasegate::gate::Facts;
/// use phasegate::release::{Fact, FactValue, Key};
///
/// let now = "2026-03-02T10:00:00Z".parse()?;
/// let budget = Fact::builder().value(FactValue::Integer(40)).read_at(now).build();
/// let facts = Facts::at(now).with(Key::new("error_budget_percent")?, budget);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    now: Instant,
    known: BTreeMap<Key, Fact>,
    pub(super) model: Option<Arc<FollowedModel>>,
}

impl Facts {
    /// Nothing but the time.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self {
            now,
            known: BTreeMap::new(),
            model: None,
        }
    }

    /// The same, and one fact more.
    #[must_use]
    pub fn with(mut self, key: Key, fact: Fact) -> Self {
        self.known.insert(key, fact);
        self
    }

    /// The same, knowing how the model that the release follows stands:
    /// [`ModelState::followed`](super::ModelState::followed).
    #[must_use]
    pub fn with_model(mut self, model: FollowedModel) -> Self {
        self.model = Some(Arc::new(model));
        self
    }

    /// The facts on which a decision rested: deciding on them again gives the same decision.
    #[must_use]
    pub fn of(decision: &crate::release::Decision) -> Self {
        Self {
            now: decision.at,
            known: decision.facts.clone(),
            model: decision.model.clone(),
        }
    }

    /// The instant for which is decided.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// How the model that the release follows stands, if that was read.
    #[must_use]
    pub fn model(&self) -> Option<&FollowedModel> {
        self.model.as_deref()
    }

    /// The fact of that name, if the host knows it and it still holds.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Fact> {
        self.known
            .get(key)
            .filter(|fact| self.now < fact.expires() && fact.read_at <= self.now.plus(CLOCK_SKEW))
    }
}
