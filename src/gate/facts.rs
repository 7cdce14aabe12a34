//! What a decision may rest on besides the release itself: the time, what the host knows, and other releases.

use crate::phase::Instant;
use crate::release::limits::CLOCK_SKEW;
use crate::release::{
    Decision, Fact, FollowedModel, Key, OtherRelease, ReleaseId, Stream, StreamKind, Tenant, Text,
};
use std::{collections::BTreeMap, sync::Arc};

/// The time, what the host knows at that time, and how other releases stand.
///
/// A [`Desk`](crate::Desk) gathers them by itself. Who asks a [`GateSet`](super::GateSet) by hand brings them.
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
    missing: BTreeMap<Key, Text>,
    others: BTreeMap<ReleaseId, OtherRelease>,
    unread: BTreeMap<ReleaseId, Text>,
    model: Option<Arc<FollowedModel>>,
    unread_model: Option<Text>,
}

impl Facts {
    /// Nothing but the time.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self {
            now,
            known: BTreeMap::new(),
            missing: BTreeMap::new(),
            others: BTreeMap::new(),
            unread: BTreeMap::new(),
            model: None,
            unread_model: None,
        }
    }

    /// The same, and one fact more.
    #[must_use]
    pub fn with(mut self, key: Key, fact: Fact) -> Self {
        self.missing.remove(&key);
        self.known.insert(key, fact);
        self
    }

    /// The same, knowing how the model that the release follows stands:
    /// [`ModelState::followed`](super::ModelState::followed).
    #[must_use]
    pub fn with_model(mut self, model: FollowedModel) -> Self {
        self.unread_model = None;
        self.model = Some(Arc::new(model));
        self
    }

    /// The same, where how the model stands could not be read: nothing is pre-authorised, for this reason.
    #[must_use]
    pub fn without_model(mut self, why: Text) -> Self {
        self.model = None;
        self.unread_model = Some(why);
        self
    }

    /// The same, and one fact that could not be had: a policy that needs it is unknown, for this reason.
    #[must_use]
    pub fn without(mut self, key: Key, why: Text) -> Self {
        self.known.remove(&key);
        self.missing.insert(key, why);
        self
    }

    /// The same, and another release as it stood when it was read: `&Release` will do.
    ///
    /// One that was not read from the log of a release tells nothing.
    #[must_use]
    pub fn with_other(mut self, other: impl Into<OtherRelease>) -> Self {
        let other = other.into();
        if let Some(id) = release_of(&other.source.stream) {
            self.unread.remove(&id);
            self.others.insert(id, other);
        }
        self
    }

    /// The same, and another release that could not be read: a policy that looks at it is unknown, for this reason.
    #[must_use]
    pub fn without_other(mut self, id: ReleaseId, why: Text) -> Self {
        self.others.remove(&id);
        self.unread.insert(id, why);
        self
    }

    /// The facts on which a decision rested: deciding on them again gives the same decision.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        Self {
            now: decision.at,
            known: decision.facts.clone(),
            missing: decision.missing.clone(),
            others: decision.others.clone(),
            unread: decision.unread.clone(),
            model: decision.model.clone(),
            unread_model: decision.unread_model.clone(),
        }
    }

    /// The instant for which is decided.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// How the model that a release of this tenant follows stands, if that was read.
    pub(super) fn model(&self, tenant: &Tenant) -> Option<&Arc<FollowedModel>> {
        let model = self.model.as_ref();
        model.filter(|model| model.source.stream.tenant == *tenant)
    }

    /// Why how the model stands could not be read, if somebody has tried to.
    pub(super) const fn unread_model(&self) -> Option<&Text> {
        self.unread_model.as_ref()
    }

    /// The fact of that name, if the host knows it and it still holds.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Fact> {
        self.known
            .get(key)
            .filter(|fact| self.now < fact.expires() && fact.read_at <= self.now.plus(CLOCK_SKEW))
    }

    /// The same facts at a later instant.
    pub(crate) const fn moved_to(mut self, now: Instant) -> Self {
        self.now = now;
        self
    }

    /// Why the fact of that name cannot be relied on; nothing if it holds, or if the host does not know it.
    pub(super) fn why_missing(&self, key: &Key) -> Option<Text> {
        if self.get(key).is_some() {
            return None;
        }
        let no_longer = |fact: &Fact| {
            let now = self.now;
            Text::clipped(&if fact.expires() <= now {
                format!("it held until {}, and it is {now}", fact.expires())
            } else {
                format!("it is said to be read at {}, and it is {now}", fact.read_at)
            })
        };
        let missing = self.missing.get(key).cloned();
        missing.or_else(|| self.known.get(key).map(no_longer))
    }

    /// The other release of this tenant, or why it could not be read; nothing if nobody has tried to.
    pub(crate) fn other(
        &self,
        tenant: &Tenant,
        id: ReleaseId,
    ) -> Option<Result<&OtherRelease, &Text>> {
        if let Some(why) = self.unread.get(&id) {
            return Some(Err(why));
        }
        let other = self.others.get(&id)?;
        (other.source.stream.tenant == *tenant).then_some(Ok(other))
    }
}

/// The release whose log it is.
fn release_of(stream: &Stream) -> Option<ReleaseId> {
    match stream.kind {
        StreamKind::Release => stream.id.as_str().parse().ok(),
        StreamKind::Model | StreamKind::Calendar => None,
    }
}
