//! What a decision may rest on besides the release itself: the time, what the host knows, and other releases.

use crate::phase::{Instant, Interval};
use crate::release::limits::CLOCK_SKEW;
use crate::release::{
    Asking, Availability, ConflictAnswer, ConflictQuestion, Decision, Fact, FollowedModel, Key,
    OtherRelease, ReleaseId, Stream, StreamKind, Tenant, Text,
};
use crate::schedule::CalendarState;
use std::{collections::BTreeMap, sync::Arc};

#[cfg(feature = "verify")]
use crate::release::Digest;

/// The time, what the host knows at that time, and how other releases stand.
///
/// A [`Desk`](crate::Desk) gathers them by itself. If you call a [`GateSet`](super::GateSet) yourself, you supply them.
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
    /// What the host knows, and why it could not tell what it was asked for.
    host: BTreeMap<Key, Result<Fact, Text>>,
    /// Other releases, and why one could not be read.
    others: BTreeMap<ReleaseId, Result<OtherRelease, Text>>,
    model: Option<Arc<FollowedModel>>,
    unread_model: Option<Text>,
    /// Calendars, and why one could not be read.
    calendars: BTreeMap<Key, Result<KnownCalendar, Text>>,
    /// Conflicts with what other releases have booked.
    conflicts: Vec<ConflictAnswer>,
}

/// What is known of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KnownCalendar {
    /// All of it.
    Whole(Arc<CalendarState>),
    /// What it answered when that was decided; other questions it does not answer.
    Answers {
        asked: Asking,
        answers: Vec<Availability>,
    },
}

impl KnownCalendar {
    fn tenant(&self) -> Option<&Tenant> {
        match self {
            Self::Whole(state) => Some(&state.stream().tenant),
            Self::Answers { answers, .. } => Some(&answers.first()?.source.stream.tenant),
        }
    }
}

impl Facts {
    /// Nothing but the time.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self {
            now,
            host: BTreeMap::new(),
            others: BTreeMap::new(),
            model: None,
            unread_model: None,
            calendars: BTreeMap::new(),
            conflicts: Vec::new(),
        }
    }

    /// The same, and one fact more.
    #[must_use]
    pub fn with(mut self, key: Key, fact: Fact) -> Self {
        self.host.insert(key, Ok(fact));
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

    /// The same, where the model's standing could not be read: nothing is pre-authorised, for this reason.
    #[must_use]
    pub fn without_model(mut self, why: Text) -> Self {
        self.model = None;
        self.unread_model = Some(why);
        self
    }

    /// The same, and a calendar as its log has it.
    #[must_use]
    pub fn with_calendar(mut self, calendar: CalendarState) -> Self {
        let name = calendar.calendar().name().clone();
        let known = KnownCalendar::Whole(Arc::new(calendar));
        self.calendars.insert(name, Ok(known));
        self
    }

    /// The same, and a calendar that is shared with other facts.
    #[cfg(feature = "verify")]
    pub(crate) fn with_shared_calendar(mut self, calendar: Arc<CalendarState>) -> Self {
        let name = calendar.calendar().name().clone();
        self.calendars
            .insert(name, Ok(KnownCalendar::Whole(calendar)));
        self
    }

    /// The same, and a calendar that could not be read: a policy that asks it is unknown, for this reason.
    #[must_use]
    pub fn without_calendar(mut self, name: Key, why: Text) -> Self {
        self.calendars.insert(name, Err(why));
        self
    }

    /// The same, and the conflicts of a planned deployment with what other releases have booked. A later answer to the
    /// same question takes the place of an earlier one.
    #[must_use]
    pub fn with_conflicts(mut self, answer: ConflictAnswer) -> Self {
        let asked = |one: &ConflictAnswer| (one.question, one.stream.clone(), one.window);
        self.conflicts.retain(|one| asked(one) != asked(&answer));
        self.conflicts.push(answer);
        self
    }

    /// The same, and one fact that could not be had: a policy that needs it is unknown, for this reason.
    #[must_use]
    pub fn without(mut self, key: Key, why: Text) -> Self {
        self.host.insert(key, Err(why));
        self
    }

    /// The same, and another release as it stood when it was read: `&Release` will do.
    ///
    /// A value whose source is not the log of a release is ignored.
    #[must_use]
    pub fn with_other(mut self, other: impl Into<OtherRelease>) -> Self {
        let other = other.into();
        if let Some(id) = release_of(&other.source.stream) {
            self.others.insert(id, Ok(other));
        }
        self
    }

    /// The same, and another release that could not be read: a policy that looks at it is unknown, for this reason.
    #[must_use]
    pub fn without_other(mut self, id: ReleaseId, why: Text) -> Self {
        self.others.insert(id, Err(why));
        self
    }

    /// The facts on which a decision rested: deciding on them again gives the same decision.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        Self {
            now: decision.at,
            host: results(&decision.facts, &decision.missing),
            others: results(&decision.others, &decision.unread),
            model: decision.model.clone(),
            unread_model: decision.unread_model.clone(),
            calendars: answers(decision),
            conflicts: decision.conflicts.clone(),
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

    /// Why the model's standing could not be read, if somebody has tried to.
    pub(super) const fn unread_model(&self) -> Option<&Text> {
        self.unread_model.as_ref()
    }

    /// What is known of a calendar of this tenant, or why it could not be read; nothing if nobody has tried to.
    pub(super) fn calendar(
        &self,
        tenant: &Tenant,
        name: &Key,
    ) -> Option<Result<&KnownCalendar, &Text>> {
        let known = self.calendars.get(name)?.as_ref();
        let is_foreign = known.is_ok_and(|known| known.tenant() != Some(tenant));
        (!is_foreign).then_some(known)
    }

    /// The conflicts of a deployment that is planned then, if somebody has looked for them and that still holds.
    pub(super) fn conflicts(
        &self,
        stream: &Stream,
        window: Interval,
        question: ConflictQuestion,
    ) -> Option<&ConflictAnswer> {
        self.conflicts.iter().find(|one| {
            let is_asked =
                one.question == question && one.stream == *stream && one.window == window;
            let is_read = one.read_at <= self.now.plus(CLOCK_SKEW);
            is_asked && is_read && self.now < one.expires()
        })
    }

    /// The same facts, where the host does not know that one.
    #[cfg(feature = "testing")]
    pub(crate) fn not_knowing(mut self, key: &Key) -> Self {
        self.host.remove(key);
        self
    }

    /// The instants at which what the host knows is read or ends.
    #[cfg(feature = "testing")]
    pub(crate) fn edges(&self) -> impl Iterator<Item = Instant> {
        let known = self.host.values().flatten();
        known.flat_map(|fact| [fact.read_at, fact.expires()])
    }

    /// The fact of that name, if the host knows it and it still holds.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Fact> {
        let fact = self.host.get(key)?.as_ref().ok()?;
        let is_read = fact.read_at <= self.now.plus(CLOCK_SKEW);
        (is_read && self.now < fact.expires()).then_some(fact)
    }

    /// The same facts at a later instant.
    pub(crate) const fn moved_to(mut self, now: Instant) -> Self {
        self.now = now;
        self
    }

    /// The digest of the model that was authorised, as far as somebody has read that.
    #[cfg(feature = "verify")]
    pub(crate) fn authorised(&self) -> Option<Digest> {
        self.model.as_ref()?.digest
    }

    /// The same facts, had a model of this digest been authorised.
    #[cfg(feature = "verify")]
    pub(crate) fn as_authorised(&self, digest: Digest) -> Self {
        let mut facts = self.clone();
        if let Some(model) = &mut facts.model {
            Arc::make_mut(model).digest = Some(digest);
        }
        facts
    }

    /// Why the fact of that name cannot be relied on; nothing if it holds, or if the host does not know it.
    pub(super) fn why_missing(&self, key: &Key) -> Option<Text> {
        if self.get(key).is_some() {
            return None;
        }
        let fact = match self.host.get(key)? {
            Ok(fact) => fact,
            Err(why) => return Some(why.clone()),
        };
        let now = self.now;
        Some(Text::clipped(&if fact.expires() <= now {
            format!("it held until {}, and it is {now}", fact.expires())
        } else {
            format!("it is said to be read at {}, and it is {now}", fact.read_at)
        }))
    }

    /// The other release of this tenant, or why it could not be read; nothing if nobody has tried to.
    pub(crate) fn other(
        &self,
        tenant: &Tenant,
        id: ReleaseId,
    ) -> Option<Result<&OtherRelease, &Text>> {
        let other = self.others.get(&id)?.as_ref();
        let is_foreign = other.is_ok_and(|other| other.source.stream.tenant != *tenant);
        (!is_foreign).then_some(other)
    }
}

/// What was read, and why the rest was not.
fn results<K: Ord + Clone, T: Clone>(
    read: &BTreeMap<K, T>,
    unread: &BTreeMap<K, Text>,
) -> BTreeMap<K, Result<T, Text>> {
    let read = read
        .iter()
        .map(|(key, found)| (key.clone(), Ok(found.clone())));
    let unread = unread
        .iter()
        .map(|(key, why)| (key.clone(), Err(why.clone())));
    read.chain(unread).collect()
}

/// What calendars answered, and why others could not be read.
fn answers(decision: &Decision) -> BTreeMap<Key, Result<KnownCalendar, Text>> {
    let mut answers: BTreeMap<Key, Vec<Availability>> = BTreeMap::new();
    for answer in &decision.calendars {
        let calendar = answer.question.calendar.clone();
        answers.entry(calendar).or_default().push(answer.clone());
    }
    let answers = answers.into_iter();
    let asked = decision.asked;
    let known =
        answers.map(|(name, answers)| (name, Ok(KnownCalendar::Answers { asked, answers })));
    let unread = decision.unread_calendars.iter();
    let unread = unread.map(|(name, why)| (name.clone(), Err(why.clone())));
    known.chain(unread).collect()
}

/// The release whose log it is.
fn release_of(stream: &Stream) -> Option<ReleaseId> {
    match stream.kind {
        StreamKind::Release => stream.id.as_str().parse().ok(),
        StreamKind::Model | StreamKind::Calendar => None,
    }
}
