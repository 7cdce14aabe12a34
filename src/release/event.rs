//! What happened, in code and on the wire.

use super::chain::hash;
use super::digest::Digest;
use super::error::{LogError, LogErrorKind};
use super::id::{EventId, Stream, StreamKind, Version};
use super::limits::PAYLOAD_BYTES;
use super::people::Actor;
use super::record::AnyRecord;
use super::steps::StepTaken;
use crate::phase::{Action, Instant, RecordKind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, LazyLock},
};

/// Something that happened to a release: a step that was taken, or a record that was added.
///
/// The payload is the step or the record itself, so that what one asks for and what the log keeps are one type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A step was taken.
    Step(StepTaken),
    /// A record was added.
    Record(AnyRecord),
}

#[derive(Clone, Copy)]
enum Kind {
    Step(Action),
    Record(RecordKind),
}

impl Kind {
    const fn schema(self) -> u16 {
        match self {
            Self::Step(action) => action.schema(),
            Self::Record(record) => record.schema(),
        }
    }
}

static KINDS: LazyLock<HashMap<&'static str, Kind>> = LazyLock::new(|| {
    let steps = Action::ALL
        .iter()
        .map(|&action| (action.event_kind(), Kind::Step(action)));
    let records = RecordKind::ALL
        .iter()
        .map(|&record| (record.event_kind(), Kind::Record(record)));
    steps.chain(records).collect()
});

impl Event {
    /// The event's kind, as the wire has it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Step(taken) => taken.step.action().event_kind(),
            Self::Record(record) => record.kind().event_kind(),
        }
    }

    /// The schema in which this version of the crate writes the payload.
    #[must_use]
    pub const fn schema(&self) -> u16 {
        match self {
            Self::Step(taken) => taken.step.action().schema(),
            Self::Record(record) => record.kind().schema(),
        }
    }

    /// Whether a reader that does not know the kind must not read on: every step is, and no record.
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        matches!(self, Self::Step(_))
    }

    /// Whether another writer's event just before it changes nothing about it.
    #[must_use]
    pub const fn commutes(&self) -> bool {
        match self {
            Self::Step(_) => false,
            Self::Record(record) => record.kind().commutes(),
        }
    }

    pub(crate) fn encode(&self) -> serde_json::Result<Box<RawValue>> {
        match self {
            Self::Step(taken) => taken.encode(),
            Self::Record(record) => record.encode(),
        }
    }
}

/// JSON text, kept byte for byte.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Payload(Arc<RawValue>);

impl Payload {
    pub(crate) fn of(json: Box<RawValue>) -> Self {
        Self(json.into())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Payload {}

impl Hash for Payload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|json| Self(json.into()))
    }
}

/// An event as a store keeps it: who, when, where in which log, the payload as JSON, and its link in the hash chain.
///
/// These fields stay as they are for good; `docs/event-format.md` describes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Envelope {
    /// Identifies the event.
    pub id: EventId,
    /// The log it stands in.
    pub stream: Stream,
    /// Its position there.
    pub version: Version,
    /// What kind of event it is, such as `release.deployment_started`.
    pub kind: Cow<'static, str>,
    /// The schema of the payload.
    pub schema: u16,
    /// Whether a reader that does not know the kind must not read on.
    pub critical: bool,
    /// When it was true.
    pub occurred_at: Instant,
    /// When it was decided or recorded.
    pub recorded_at: Instant,
    /// Who asked for it.
    pub actor: Actor,
    /// SHA-256 over the payload's bytes.
    pub payload_digest: Digest,
    /// The hash of the event before, or zero.
    pub prev: Digest,
    /// The hash of this event.
    pub hash: Digest,
    /// The payload.
    pub data: Payload,
}

impl Envelope {
    /// Reads an envelope from one line of JSON.
    ///
    /// # Errors
    ///
    /// - malformed: no JSON, a field that is missing, unknown or of the wrong type, or a limit that is broken
    pub fn from_json(line: &str) -> Result<Self, LogError> {
        serde_json::from_str(line)
            .map_err(|error| LogError::new(LogErrorKind::Malformed, None, error.to_string()))
    }

    /// Writes the envelope as one line of JSON.
    ///
    /// # Errors
    ///
    /// - malformed: the payload is not JSON, which cannot happen to an envelope that this crate made or read
    pub fn to_json(&self) -> Result<String, LogError> {
        serde_json::to_string(self).map_err(|error| {
            LogError::new(
                LogErrorKind::Malformed,
                Some(self.version),
                error.to_string(),
            )
        })
    }

    /// What happened, or nothing where this version of the crate does not know the kind and need not.
    ///
    /// # Errors
    ///
    /// - unknown kind: the event is critical, and this version of the crate does not know it
    /// - malformed: the payload is not what the kind and schema say
    pub fn decode(&self) -> Result<Option<Event>, LogError> {
        self.decode_with(&Upcasters::default())
    }

    /// The same, with payloads of older or foreign schemas brought up to date first.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), and whatever an upcaster refuses.
    pub fn decode_with(&self, upcasters: &Upcasters) -> Result<Option<Event>, LogError> {
        let refused = |kind, what: String| Err(LogError::new(kind, Some(self.version), what));
        if self.stream.kind != StreamKind::Release {
            let what = format!("`{}` is in the log of a {}", self.kind, self.stream.kind);
            return refused(LogErrorKind::UnknownKind, what);
        }
        let Some(kind) = KINDS.get(self.kind.as_ref()) else {
            return if self.critical {
                refused(
                    LogErrorKind::UnknownKind,
                    format!("`{}` is critical and unknown here", self.kind),
                )
            } else {
                Ok(None)
            };
        };
        let data = upcasters.payload(self, kind.schema())?;
        let event = match kind {
            Kind::Step(action) => StepTaken::decode(*action, &data).map(Event::Step),
            Kind::Record(record) => AnyRecord::decode(*record, &data).map(Event::Record),
        };
        match event {
            Ok(event) => Ok(Some(event)),
            Err(error) => refused(
                LogErrorKind::Malformed,
                format!("`{}` does not hold {error}", self.kind),
            ),
        }
    }
}

/// Brings payloads of other schemas up to the one that this version reads, on reading and in one place.
///
/// # Examples
///
/// ```
/// use phasegate::release::Upcasters;
///
/// // Before schema 1, the text of a note was called `body`.
/// let upcasters = Upcasters::default().with("release.noted", 0, |json| Ok(json.replace("\"body\"", "\"text\"")));
/// ```
#[derive(Default)]
pub struct Upcasters(HashMap<(String, u16), Upcast>);

type Upcast = Box<dyn Fn(&str) -> Result<String, String> + Send + Sync>;

impl Upcasters {
    /// Adds one: from this schema of this kind to the next.
    #[must_use]
    pub fn with(
        mut self,
        kind: impl Into<String>,
        schema: u16,
        upcast: impl Fn(&str) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert((kind.into(), schema), Box::new(upcast));
        self
    }

    /// The payload of an envelope of a kind that is known, within its limit and brought up to the schema that is read.
    pub(crate) fn payload<'a>(
        &self,
        envelope: &'a Envelope,
        read: u16,
    ) -> Result<Cow<'a, str>, LogError> {
        let refused = |kind, what| LogError::new(kind, Some(envelope.version), what);
        if envelope.data.as_str().len() > PAYLOAD_BYTES {
            let what = format!("a payload of more than {PAYLOAD_BYTES} bytes");
            return Err(refused(LogErrorKind::TooLarge, what));
        }
        self.bring_up(envelope, read).map_err(|what| {
            let what = format!("`{}`: {what}", envelope.kind);
            refused(LogErrorKind::Malformed, what)
        })
    }

    /// The payload of an envelope, brought up to the schema that is read here.
    fn bring_up<'a>(&self, envelope: &'a Envelope, read: u16) -> Result<Cow<'a, str>, String> {
        let mut json = Cow::Borrowed(envelope.data.as_str());
        for schema in envelope.schema..read {
            let upcast = self.0.get(&(envelope.kind.to_string(), schema));
            let upcast = upcast.ok_or_else(|| format!("schema {schema} has no upcaster"))?;
            json = Cow::Owned(upcast(&json)?);
        }
        if envelope.schema > read {
            let written = envelope.schema;
            return Err(format!(
                "schema {written} is newer than {read}, which is read here"
            ));
        }
        Ok(json)
    }
}

impl std::fmt::Debug for Upcasters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.0.keys().collect::<std::collections::BTreeSet<_>>())
            .finish()
    }
}

/// Seals a payload into the next envelope of its log. `of` is its kind, its schema, and whether it is critical; `said`
/// is by whom, when it was true, and when it is recorded.
pub(crate) fn seal(
    of: (&'static str, u16, bool),
    data: Box<RawValue>,
    id: EventId,
    stream: &Stream,
    last: (Version, Digest),
    said: (&Actor, Instant, Instant),
) -> Envelope {
    let (kind, schema, critical) = of;
    let (actor, occurred_at, recorded_at) = said;
    let mut envelope = Envelope {
        id,
        stream: stream.clone(),
        version: last.0.plus(1),
        kind: Cow::Borrowed(kind),
        schema,
        critical,
        occurred_at,
        recorded_at,
        actor: actor.clone(),
        payload_digest: Digest::of(data.get().as_bytes()),
        prev: last.1,
        hash: Digest::ZERO,
        data: Payload(data.into()),
    };
    envelope.hash = hash(&envelope);
    envelope
}
