//! What one commit writes: events, the summary row, the notices, and what must not have changed.

use super::digest::Digest;
use super::digest::Fields;
use super::event::{Envelope, Event};
use super::id::{CommandId, Stream, Version};
use super::notice::Notice;
use super::people::Actor;
use super::plan::ReleasePlan;
use super::record::AnyRecord;
use super::request::Track;
use super::state::State;
use super::step::AnyStep;
use super::text::Name;
use crate::phase::{Instant, Standing};
use serde::{Deserialize, Serialize};

/// One atomic write to a store. Only a gate's clearance makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub(crate) stream: Stream,
    pub(crate) expected: Version,
    pub(crate) guards: Vec<(Stream, Version)>,
    pub(crate) command: CommandId,
    pub(crate) intent: Digest,
    pub(crate) events: Vec<Envelope>,
    pub(crate) summary: Summary,
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

    /// The row by which the release is listed, as it is after the commit.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The rows for the outbox: one notice of every event.
    pub fn outbox(&self) -> impl ExactSizeIterator<Item = Notice> {
        self.events
            .iter()
            .map(|event| Notice::of(event, &self.summary))
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
    /// When its deployment window opens, if it has one.
    pub planned_start: Option<Instant>,
    /// When the first of its open tasks is due, if one is.
    pub next_due: Option<Instant>,
}

impl Summary {
    /// The row as it is after `event`, without moving the state yet.
    pub(crate) fn after(state: &State, event: &Event, created_at: Instant) -> Option<Self> {
        let mut standing = state.standing;
        let mut request = state.request.as_deref();
        let mut track = None;
        let mut planned_start =
            planned_start(state.plan.as_deref()).filter(|_| state.window.is_none());
        let mut window = state.window.map(|window| window.start());
        match event {
            Event::Step(taken) => {
                standing = taken.step.action().leads(standing)?;
                match &taken.step {
                    AnyStep::RequestRelease(step) => request = Some(&step.request),
                    AnyStep::FindUnauthorised(step) => request = Some(&step.request),
                    AnyStep::Deploy(step) => window = Some(step.window.start()),
                    AnyStep::Rework(_) | AnyStep::Replan(_) => {
                        window = None;
                        planned_start = self::planned_start(state.plan.as_deref());
                    }
                    _ => {}
                }
            }
            Event::Record(AnyRecord::TrackChanged(changed)) => track = Some(changed.track),
            Event::Record(AnyRecord::ReleasePlan(plan)) => {
                planned_start = self::planned_start(Some(plan))
            }
            Event::Record(_) => {}
        }
        let request = request?;
        let is_new = state.request.is_none();
        Some(Self {
            title: request.title.clone(),
            standing,
            track: track.unwrap_or(if is_new { request.track } else { state.track }),
            created_at,
            planned_start: window.or(planned_start),
            next_due: next_due(state, event),
        })
    }
}

fn planned_start(plan: Option<&ReleasePlan>) -> Option<Instant> {
    plan?.window.map(|window| window.start())
}

fn next_due(state: &State, event: &Event) -> Option<Instant> {
    let touched = match event {
        Event::Record(AnyRecord::TaskOpened(task)) => Some((&task.id, task.due)),
        Event::Record(AnyRecord::TaskDone(done)) => Some((&done.id, None)),
        Event::Step(_) | Event::Record(_) => None,
    };
    let others = state
        .open_tasks()
        .filter(|task| touched.is_none_or(|(id, _)| task.id != *id));
    others
        .filter_map(|task| task.due)
        .chain(touched.and_then(|(_, due)| due))
        .min()
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
