//! The log of a release model: what is drafted, authorised and retired, and whether it is in good standing.

use super::load::DraftHead;
use super::{PreAuthorisation, ReleaseModel};
use crate::gate::{Mistakes, load::Policies};
use crate::phase::Instant;
use crate::release::{
    Actor, Digest, Envelope, FactSource, FollowedModel, Key, Ledger, LedgerEvent, LogError,
    ModelStanding, Payload, Person, Place, Reason, Reasons, StreamKind, SuccessCount, Text,
    Upcasters, Version, fold,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue, value::to_raw_value};
use std::collections::BTreeMap;

const DRAFTED: &str = "model.drafted";
const AUTHORISED: &str = "model.authorised";
const RETIRED: &str = "model.retired";
const COUNTED: &str = "model.successes_counted";

/// What happens to a release model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelEvent {
    Drafted(ModelDrafted),
    Authorised(ModelAuthorised),
    Retired(ModelRetired),
    Counted(SuccessCount),
}

/// A version of the model was written: all of it, as a file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelDrafted {
    model: Payload,
}

/// A version may be followed without asking again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelAuthorised {
    pub(crate) version: u32,
    pub(crate) reason: Text,
}

/// The model is not to be followed any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelRetired {
    pub(crate) reason: Text,
}

impl ModelEvent {
    /// That this is a new version; nothing if it cannot be written.
    pub(crate) fn drafted(model: &ReleaseModel) -> serde_json::Result<Self> {
        let model = Payload::of(to_raw_value(model)?);
        Ok(Self::Drafted(ModelDrafted { model }))
    }
}

impl LedgerEvent for ModelEvent {
    fn kind(&self) -> (&'static str, u16) {
        let kind = match self {
            Self::Drafted(_) => DRAFTED,
            Self::Authorised(_) => AUTHORISED,
            Self::Retired(_) => RETIRED,
            Self::Counted(_) => COUNTED,
        };
        (kind, 1)
    }

    fn schema(kind: &str) -> Option<u16> {
        match kind {
            DRAFTED | AUTHORISED | RETIRED | COUNTED => Some(1),
            _ => None,
        }
    }

    fn encode(&self) -> serde_json::Result<Box<RawValue>> {
        match self {
            Self::Drafted(drafted) => to_raw_value(drafted),
            Self::Authorised(authorised) => to_raw_value(authorised),
            Self::Retired(retired) => to_raw_value(retired),
            Self::Counted(count) => to_raw_value(count),
        }
    }

    fn decode(kind: &str, data: &str) -> serde_json::Result<Self> {
        match kind {
            DRAFTED => serde_json::from_str(data).map(Self::Drafted),
            AUTHORISED => serde_json::from_str(data).map(Self::Authorised),
            RETIRED => serde_json::from_str(data).map(Self::Retired),
            COUNTED => serde_json::from_str(data).map(Self::Counted),
            _ => Err(serde::de::Error::custom("nothing that happens to a model")),
        }
    }
}

/// A version of a model, as it was drafted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelDraft {
    /// The version.
    pub version: u32,
    /// Who drafted it.
    pub by: Actor,
    /// When.
    pub at: Instant,
    /// The model, as JSON.
    pub model: Payload,
    standard: Option<PreAuthorisation>,
}

impl ModelDraft {
    /// The model of that version.
    ///
    /// # Errors
    ///
    /// Every mistake with its place: a host policy that is not registered here, say.
    pub fn read(&self, policies: &Policies) -> Result<ReleaseModel, Mistakes> {
        ReleaseModel::from_json(self.model.as_str(), policies)
    }

    /// The digest of all that the model says: that of [`ReleaseModel::digest`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.model.as_str().as_bytes())
    }
}

/// Which version was authorised last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelAuthorisation {
    /// The version.
    pub version: u32,
    /// Who authorised it.
    pub by: Person,
    /// When; its successes are counted from here on.
    pub at: Instant,
    /// Why.
    pub reason: Text,
}

/// What the log of a release model comes to.
///
/// # Examples
///
/// ```
/// # use phasegate::{Desk, MemoryStore, Person};
/// # use phasegate::gate::{Policies, ReleaseModel};
/// # use phasegate::release::{ModelStanding, Text};
/// # pollster::block_on(async {
/// # let desk = Desk::new(MemoryStore::new());
/// # let json = r#"{ "name": "web-service", "version": 1, "title": "Web services", "tracks": ["normal"] }"#;
/// # let model = ReleaseModel::from_json(json, &Policies::new()).unwrap();
/// let state = desk.draft_model(&model, &Person::new("kim")?).await?;
/// assert_eq!(state.standing(), ModelStanding::NeverAuthorised);
///
/// let reason = || Text::new("Reviewed by the board.");
/// let refused = desk.authorise_model(model.name(), 1, reason()?, &Person::new("kim")?).await.unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "refused: `kim` drafted version 1 and cannot authorise it; ask somebody else",
/// );
/// let state = desk.authorise_model(model.name(), 1, reason()?, &Person::new("cho")?).await?;
/// assert_eq!(state.standing(), ModelStanding::Good);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelState {
    place: Place,
    drafts: BTreeMap<u32, ModelDraft>,
    authorised: Option<ModelAuthorisation>,
    is_retired: bool,
    success_count: Option<SuccessCount>,
    /// The count that cost it its standing.
    fell_by: Option<SuccessCount>,
}

impl ModelState {
    /// Makes the state of a model of its whole log.
    ///
    /// # Errors
    ///
    /// As [`replay_with`](crate::release::replay_with): the log is empty, broken, malformed or inadmissible.
    pub fn replay<'a>(
        log: impl IntoIterator<Item = &'a Envelope>,
        upcasters: &Upcasters,
    ) -> Result<Self, LogError> {
        fold(log, upcasters)
    }

    /// The model's name.
    #[must_use]
    pub const fn name(&self) -> &Key {
        &self.place.stream.id
    }

    /// The version of its log.
    #[must_use]
    pub const fn log_version(&self) -> Version {
        self.place.version
    }

    /// All versions that were drafted, oldest first.
    #[must_use]
    pub fn drafts(&self) -> impl DoubleEndedIterator<Item = &ModelDraft> {
        self.drafts.values()
    }

    /// The version that was drafted last.
    #[must_use]
    pub fn latest(&self) -> Option<&ModelDraft> {
        self.drafts.values().next_back()
    }

    /// The version that was authorised last; nothing once the model was retired.
    #[must_use]
    pub const fn authorised(&self) -> Option<&ModelAuthorisation> {
        self.authorised.as_ref()
    }

    /// What was counted since it was authorised; nothing once the model was retired.
    #[must_use]
    pub const fn success_count(&self) -> Option<&SuccessCount> {
        self.success_count.as_ref()
    }

    /// Whether it may pre-authorise, or why not.
    #[must_use]
    pub fn standing(&self) -> ModelStanding {
        let latest = self.latest().map(|draft| draft.version);
        match &self.authorised {
            _ if self.is_retired => ModelStanding::Retired,
            None => ModelStanding::NeverAuthorised,
            Some(authorised) if latest != Some(authorised.version) => ModelStanding::Edited,
            Some(_) if self.fell_by.is_some() => ModelStanding::BelowThreshold,
            Some(_) => ModelStanding::Good,
        }
    }

    /// How it stands, as a gate is told: see [`Facts::with_model`](crate::gate::Facts::with_model).
    #[must_use]
    pub fn followed(&self) -> FollowedModel {
        let source = FactSource::new(self.place.stream.clone(), self.place.version);
        let mut followed = FollowedModel::new(source, self.standing());
        followed.authorised = self.authorised.as_ref().map(|one| one.version);
        followed.digest = self.authorised_draft().map(ModelDraft::digest);
        followed.success_count = self.fell_by.or(self.success_count);
        followed
    }

    fn authorised_draft(&self) -> Option<&ModelDraft> {
        self.drafts.get(&self.authorised.as_ref()?.version)
    }

    fn admits_draft(&self, drafted: &ModelDrafted, reasons: &mut Reasons) {
        let head = match DraftHead::of(&drafted.model) {
            Ok(head) => head,
            Err(what) => {
                let message = format!("what was drafted is no release model: {what}");
                reasons.say(Reason::new("not-a-model", message, "draft one that loads"));
                return;
            }
        };
        let name = self.name();
        reasons.unless(head.name == *name, || {
            let message = format!(
                "it is called `{}`, and this is the log of `{name}`",
                head.name
            );
            Reason::new("another-model", message, "draft it under its own name")
        });
        let Some(latest) = self.latest() else {
            return;
        };
        let next = latest.version.saturating_add(1);
        reasons.unless(head.version == next, || {
            let message = format!(
                "it is version {}, and the last one is {}",
                head.version, latest.version
            );
            Reason::new(
                "not-the-next-version",
                message,
                format!("make it version {next}"),
            )
        });
        reasons.unless(!is_the_same(&latest.model, &drafted.model), || {
            let message = format!("it says the same as version {}", latest.version);
            Reason::new(
                "nothing-changed",
                message,
                "draft a version only where something changes",
            )
        });
    }

    fn admits_authorisation(
        &self,
        asked: &ModelAuthorised,
        entry: &Envelope,
        reasons: &mut Reasons,
    ) {
        let ModelAuthorised { version, reason } = asked;
        reasons.not_blank(reason, "reason of the authorisation");
        reasons.unless(!self.is_retired, || {
            let message = "the model was retired";
            Reason::new(
                "retired",
                message,
                "draft a new version, and have that one authorised",
            )
        });
        let Some(draft) = self.latest().filter(|draft| draft.version == *version) else {
            let latest = self
                .latest()
                .map_or_else(|| "none".to_owned(), |it| it.version.to_string());
            let message = format!("version {version} is not the last one: that is {latest}");
            reasons.say(Reason::new(
                "not-the-last-version",
                message,
                "authorise the last version",
            ));
            return;
        };
        let Some(person) = entry.actor.person() else {
            let message = format!("`{}` is not a person", entry.actor);
            reasons.say(Reason::new(
                "not-a-person",
                message,
                "have a person authorise it",
            ));
            return;
        };
        reasons.unless(draft.by != entry.actor, || {
            let message = format!("`{person}` drafted version {version} and cannot authorise it");
            Reason::new("own-work", message, "ask somebody else")
        });
        reasons.unless(self.standing() != ModelStanding::Good, || {
            let message = format!("version {version} is authorised already");
            Reason::new("authorised-already", message, "draft a new version first")
        });
    }

    fn admits_count(&self, count: &SuccessCount, entry: &Envelope, reasons: &mut Reasons) {
        let SuccessCount {
            version,
            successful,
            closed,
            until,
        } = count;
        let authorised = self
            .authorised
            .as_ref()
            .filter(|one| one.version == *version);
        reasons.unless(authorised.is_some_and(|one| one.at <= *until), || {
            let message = format!("version {version} was not authorised by {until}");
            Reason::new(
                "not-authorised",
                message,
                "count for the authorised version, since it was",
            )
        });
        reasons.unless(successful <= closed, || {
            let message = format!("{successful} of {closed} releases cannot have succeeded");
            Reason::new("miscounted", message, "count again")
        });
        reasons.not_ahead("have been counted until", *until, entry.recorded_at);
    }
}

impl Ledger for ModelState {
    const KIND: StreamKind = StreamKind::Model;
    type Event = ModelEvent;

    fn start(place: Place) -> Self {
        Self {
            place,
            drafts: BTreeMap::new(),
            authorised: None,
            is_retired: false,
            success_count: None,
            fell_by: None,
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn place_mut(&mut self) -> &mut Place {
        &mut self.place
    }

    fn admits(&self, event: &ModelEvent, entry: &Envelope, reasons: &mut Reasons) {
        match event {
            ModelEvent::Drafted(drafted) => self.admits_draft(drafted, reasons),
            ModelEvent::Authorised(asked) => self.admits_authorisation(asked, entry, reasons),
            ModelEvent::Retired(retired) => {
                reasons.not_blank(&retired.reason, "reason of the retirement");
                reasons.unless(!self.drafts.is_empty() && !self.is_retired, || {
                    let message = "there is nothing to retire";
                    Reason::new("retired", message, "retire what is in use")
                });
            }
            ModelEvent::Counted(count) => self.admits_count(count, entry, reasons),
        }
    }

    fn apply(&mut self, event: ModelEvent, entry: &Envelope) {
        match event {
            ModelEvent::Drafted(ModelDrafted { model }) => {
                let Ok(head) = DraftHead::of(&model) else {
                    return;
                };
                // What was retired comes back by a new version only.
                self.is_retired = false;
                let draft = ModelDraft {
                    version: head.version,
                    by: entry.actor.clone(),
                    at: entry.recorded_at,
                    model,
                    standard: head.standard,
                };
                self.drafts.insert(head.version, draft);
            }
            ModelEvent::Authorised(ModelAuthorised { version, reason }) => {
                let by = entry.actor.person().cloned();
                self.authorised = by.map(|by| ModelAuthorisation {
                    version,
                    by,
                    at: entry.recorded_at,
                    reason,
                });
                self.success_count = None;
                self.fell_by = None;
            }
            ModelEvent::Retired(_) => {
                self.is_retired = true;
                self.authorised = None;
                self.success_count = None;
                self.fell_by = None;
            }
            ModelEvent::Counted(count) => {
                self.success_count = Some(count);
                let standard = self
                    .authorised_draft()
                    .and_then(|draft| draft.standard.as_ref());
                let is_missed =
                    standard.is_some_and(|it| it.is_missed(count.successful, count.closed));
                if is_missed && self.fell_by.is_none() {
                    self.fell_by = Some(count);
                }
            }
        }
    }
}

/// Whether two models differ in nothing but their versions.
fn is_the_same(one: &Payload, other: &Payload) -> bool {
    let content = |model: &Payload| {
        let mut value: Value = serde_json::from_str(model.as_str()).unwrap_or_default();
        value.as_object_mut().map(|model| model.remove("version"));
        value
    };
    content(one) == content(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_no_kind_is_read_as_none() {
        let counted = r#"{"version":1,"successful":1,"closed":1,"until":"2026-03-02T12:00:00Z"}"#;
        assert!(ModelEvent::decode(COUNTED, counted).is_ok());
        assert_eq!(ModelEvent::schema("model.blessed"), None);
        assert!(ModelEvent::decode("model.blessed", counted).is_err());
    }
}
