//! What identifies a release, a stream, an event, and an asking.

use super::digest::Digest;
use super::text::{Key, Tenant};
use crate::phase::{Invalid, InvalidKind, written_as_text};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies a release: a UUID that the host or the desk chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseId(Uuid);

/// Identifies one asking: a second try with the same id and the same intent is answered, not done again.
///
/// Left to the crate, it is derived from the release, its version, and what is asked by whom (a version 8 UUID), so
/// that a retry is recognised without anybody having to remember an id.
///
/// # Source
///
/// RFC 9562, section 5.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(Uuid);

macro_rules! uuids {
    ($($id:ident)*) => { $(
        impl From<Uuid> for $id {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
        impl From<$id> for Uuid {
            fn from(id: $id) -> Self {
                id.0
            }
        }
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $id {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Uuid::from_str(text)
                    .map(Self)
                    .map_err(|_| Invalid::new(InvalidKind::Malformed, "id", text, "a UUID"))
            }
        }
    )* };
}

uuids!(ReleaseId CommandId);

impl CommandId {
    pub(crate) fn derived(from: &Digest) -> Self {
        let bytes = from.as_bytes().first_chunk().copied().unwrap_or_default();
        Self(Uuid::new_v8(bytes))
    }
}

/// A position in a stream's log: the first event has version 1, and there are no gaps.
///
/// Not to be mixed up with the version of a product, which is the *package version*.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// Before the first event.
    pub const NONE: Self = Self(0);

    /// The version of that number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version after this many more events.
    #[must_use]
    pub const fn plus(self, events: u64) -> Self {
        Self(self.0.saturating_add(events))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a stream is the log of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StreamKind {
    /// A release.
    Release,
    /// A release model.
    Model,
    /// A calendar: freezes, exceptions, overrides.
    Calendar,
}

impl StreamKind {
    /// The kind's name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Model => "model",
            Self::Calendar => "calendar",
        }
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The log of one thing of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Stream {
    /// Whose it is.
    pub tenant: Tenant,
    /// What it is the log of.
    pub kind: StreamKind,
    /// Which one.
    pub id: Key,
}

impl Stream {
    /// The log of that thing.
    #[must_use]
    pub const fn new(tenant: Tenant, kind: StreamKind, id: Key) -> Self {
        Self { tenant, kind, id }
    }

    /// The log of that release.
    #[must_use]
    pub fn release(tenant: Tenant, id: ReleaseId) -> Self {
        Self::new(tenant, StreamKind::Release, Key::own(&id.to_string()))
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.kind, self.id)
    }
}

/// Identifies an event: the asking that led to it, and its place among that asking's events. Written `uuid/0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The asking.
    pub(crate) command: CommandId,
    /// The place among its events, from 0.
    pub(crate) index: u16,
}

impl EventId {
    /// The asking that led to the event.
    #[must_use]
    pub const fn command(self) -> CommandId {
        self.command
    }

    /// The event's place among the events of that asking, from 0.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.index
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.command, self.index)
    }
}

impl FromStr for EventId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let refused = || {
            Invalid::new(
                InvalidKind::Malformed,
                "event id",
                text,
                "a UUID, `/`, and a number",
            )
        };
        let (command, index) = text.split_once('/').ok_or_else(refused)?;
        Ok(Self {
            command: command.parse().map_err(|_| refused())?,
            index: index.parse().map_err(|_| refused())?,
        })
    }
}

written_as_text!(EventId, "an event id: a UUID, `/`, and a number");
