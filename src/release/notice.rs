//! What is told to people and systems of what happened.

use super::batch::Summary;
use super::event::Envelope;
use super::id::{EventId, Stream, Version};
use super::people::Actor;
use super::text::{Key, Name};
use super::words::is_default;
use crate::phase::{Instant, Standing};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What happened, for a person or a system: one event, and the release that it happened to, if it is one's.
///
/// It names no one to be told: which sinks want it is the host's affair, and a new sink backfills itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Notice {
    /// The log of the event.
    pub stream: Stream,
    /// The event's position there.
    pub version: Version,
    /// The event's id.
    pub event: EventId,
    /// The event's kind, such as `release.deployment_started`.
    pub kind: Cow<'static, str>,
    /// When it was true.
    pub occurred_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// The release's title; nothing in the log of something else.
    #[serde(default, skip_serializing_if = "is_default")]
    pub title: Option<Name>,
    /// Where the release stands after the commit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub standing: Option<Standing>,
}

impl Notice {
    pub(crate) fn of(event: &Envelope, summary: Option<&Summary>) -> Self {
        Self {
            stream: event.stream.clone(),
            version: event.version,
            event: event.id,
            kind: event.kind.clone(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            actor: event.actor.clone(),
            title: summary.map(|summary| summary.title.clone()),
            standing: summary.map(|summary| summary.standing),
        }
    }
}

/// One attempt to hand a notice to one sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Delivery {
    /// What happened.
    pub notice: Notice,
    /// Who is told.
    pub sink: Key,
    /// Which attempt it is, from 1. A settlement of an earlier one is refused.
    pub attempt: u32,
}

impl Delivery {
    /// A delivery of that notice; stores make it when a notice is claimed.
    #[must_use]
    pub const fn new(notice: Notice, sink: Key, attempt: u32) -> Self {
        Self {
            notice,
            sink,
            attempt,
        }
    }

    /// The same for every attempt at the same notice and sink, so that a receiver can tell a repetition:
    /// `tenant/stream/version/index/sink`.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        let Notice {
            stream,
            version,
            event,
            ..
        } = &self.notice;
        format!("{stream}/{version}/{}/{}", event.index(), self.sink)
    }
}
