//! What one commit writes: events, the summary row, the notices, and what must not have changed.

use super::digest::Digest;
use super::digest::Fields;
use super::event::{Envelope, Event};
use super::happens::Occasion;
use super::id::{CommandId, Stream, Version};
use super::notice::Notice;
use super::people::Actor;
use super::record::AnyRecord;
use super::request::{ModelReference, Track};
use super::review::Ending;
use super::state::State;
use super::steps::AnyStep;
use super::text::Name;
use super::turns::Turns;
use crate::phase::{Instant, Interval, Standing};
use serde::{Deserialize, Serialize};

/// One atomic write to a store. Of a release, only a gate's clearance makes one; of other logs, the desk does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub(crate) stream: Stream,
    pub(crate) expected: Version,
    pub(crate) guards: Vec<(Stream, Version)>,
    pub(crate) command: CommandId,
    pub(crate) intent: Digest,
    pub(crate) events: Vec<Envelope>,
    pub(crate) summary: Option<Summary>,
}

impl Batch {
    /// The log to append to.
    #[must_use]
    pub const fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The version that the log must be at.
    #[must_use]
    pub const fn expected(&self) -> Version {
        self.expected
    }

    /// Other logs, in the order of their names, and the versions that they must still be at.
    #[must_use]
    pub fn guards(&self) -> &[(Stream, Version)] {
        &self.guards
    }

    /// Identifies the asking.
    #[must_use]
    pub const fn command(&self) -> CommandId {
        self.command
    }

    /// A digest of what is asked by whom, not of ids or times: the same asking again has the same intent.
    #[must_use]
    pub const fn intent(&self) -> Digest {
        self.intent
    }

    /// The events, with versions from `expected + 1` on without gaps.
    #[must_use]
    pub fn events(&self) -> &[Envelope] {
        &self.events
    }

    /// The version of the log after the commit.
    #[must_use]
    pub fn version(&self) -> Version {
        self.expected.plus(self.events.len() as u64)
    }

    /// The row by which the release is listed, as it is after the commit. Only releases are listed: of every other
    /// log there is none.
    #[must_use]
    pub const fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// The rows for the outbox: one notice of every event.
    #[must_use]
    pub fn outbox(&self) -> impl ExactSizeIterator<Item = Notice> {
        self.events
            .iter()
            .map(|event| Notice::of(event, self.summary.as_ref()))
    }
}

/// The row by which a release is listed. It can be rebuilt from the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Summary {
    /// The release's title.
    pub title: Name,
    /// Where it stands.
    pub standing: Standing,
    /// Its track.
    pub track: Track,
    /// When its first event was recorded.
    pub created_at: Instant,
    /// Its deployment window, if it has one.
    pub window: Option<Interval>,
    /// The earliest instant at which something of it is due, was due and is not done, or will start or end by itself: of
    /// what [`Due`](super::Due) tells, the deadlines, and all else that was still to come when the row was written.
    pub next_due: Option<Instant>,
    /// The release model that it follows.
    pub model: Option<ModelReference>,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
    /// When that was recorded.
    pub ended_at: Option<Instant>,
}

impl Summary {
    /// The row as it is after `event`, without moving the state yet; nothing where no release is begun.
    pub(crate) fn after(
        state: &State,
        event: &Event,
        on: Occasion<'_>,
        created_at: Instant,
    ) -> Option<Self> {
        let now = on.recorded_at;
        let step = match event {
            Event::Step(taken) => Some(&taken.step),
            Event::Record(_) => None,
        };
        let begun = step.and_then(AnyStep::request);
        let request = begun.or(state.request())?;
        let standing = match step {
            Some(step) => step.action().leads(state.standing)?,
            None => state.standing,
        };
        let track = match event {
            Event::Record(AnyRecord::TrackChanged(changed)) => changed.track,
            Event::Record(_) | Event::Step(_) => begun.map_or(state.track, |request| request.track),
        };
        let plan = match event {
            Event::Record(AnyRecord::ReleasePlan(plan)) => Some(plan),
            Event::Record(_) | Event::Step(_) => state.plan.as_deref(),
        };
        let window = match step {
            Some(AnyStep::Deploy(step)) => Some(step.window),
            Some(AnyStep::Rework(_) | AnyStep::Replan(_)) => None,
            Some(_) | None => state.window,
        };
        let window = window.or(plan.and_then(|plan| plan.window));
        let turns = Turns {
            state,
            event: Some((event, on)),
            standing,
            window,
        };
        let ended = step.and_then(|step| step.ending(state));
        Some(Self {
            title: request.title.clone(),
            standing,
            track,
            created_at,
            window,
            next_due: next_due(turns, now),
            model: request.model.clone(),
            ending: ended.or(state.ending),
            ended_at: ended.map(|_| now).or(state.ended_at),
        })
    }
}

/// Deadlines stay until they are met; of all else, only what is still to come counts.
fn next_due(turns: Turns<'_>, now: Instant) -> Option<Instant> {
    let mut next: Option<Instant> = None;
    turns.tell(&mut |turn, at| {
        if turn.is_deadline() || now < at {
            next = Some(next.map_or(at, |next| next.min(at)));
        }
    });
    next
}

/// What is asked by whom, as a digest. `asked` is the JSON of the step or record.
pub(crate) fn intent(kind: &str, asked: &[u8], actor: &Actor) -> Digest {
    let (actor_kind, name) = match actor {
        Actor::Person(person) => ("person", person.as_str()),
        Actor::System(system) => ("system", system.as_str()),
    };
    Fields::new("phasegate/intent/1")
        .field(kind.as_bytes())
        .field(asked)
        .field(actor_kind.as_bytes())
        .field(name.as_bytes())
        .digest()
}

/// The asking's id where the host brings none: the same asking of the same release at the same version is the same.
pub(crate) fn derived_command(stream: &Stream, version: Version, intent: &Digest) -> CommandId {
    let digest = Fields::new("phasegate/command/1")
        .field(stream.tenant.as_str().as_bytes())
        .field(stream.kind.name().as_bytes())
        .field(stream.id.as_str().as_bytes())
        .field(&version.get().to_be_bytes())
        .field(intent.as_bytes())
        .digest();
    CommandId::derived(&digest)
}
