//! Writes batches for checks: sealed and linked as the crate does it, with any payload.

use super::super::own;
use super::ask::written;
use super::report::Ended;
use crate::phase::{Instant, Interval, PhaseName, Standing};
use crate::release::{
    Actor, Batch, CommandId, Digest, Ending, Envelope, EventId, Key, ModelReference, Name, Person,
    ReleaseId, Stream, StreamKind, Summary, Tenant, Track, Version, derived_command, intent, seal,
};
use crate::store::Store;
use serde_json::value::{RawValue, to_raw_value};

/// Noon of a quiet Monday, and so many seconds.
pub(super) fn noon(seconds: i64) -> Instant {
    const NOON: i64 = 1_772_452_800_000_000;
    own(Instant::from_unix_micros(NOON + seconds * 1_000_000))
}

/// The same, to the microsecond.
pub(super) fn precise(seconds: i64) -> Instant {
    shifted(noon(seconds), 123_457)
}

/// So many microseconds later, or earlier.
pub(super) fn shifted(at: Instant, micros: i64) -> Instant {
    own(Instant::from_unix_micros(at.unix_micros() + micros))
}

pub(super) fn key(text: &str) -> Key {
    own(Key::new(text))
}

pub(super) fn tenant(text: &str) -> Tenant {
    own(Tenant::new(text))
}

fn person(name: &str) -> Actor {
    Actor::Person(own(Person::new(name)))
}

/// Somebody's own id for an asking.
pub(super) fn command(number: u128) -> CommandId {
    uuid::Uuid::from_u128(number).into()
}

/// Who writes to a log, and how far it is written.
#[derive(Debug, Clone)]
pub(super) struct Scribe {
    pub(super) stream: Stream,
    pub(super) version: Version,
    hash: Digest,
    pub(super) actor: Actor,
    /// When the next event is recorded.
    pub(super) at: Instant,
    /// The host's id for the next asking.
    pub(super) command: Option<CommandId>,
    /// The kind of the next event, its schema, and whether it is critical.
    pub(super) kind: (&'static str, u16, bool),
    /// The row after the next event.
    pub(super) summary: Option<Summary>,
}

/// When it happened: a while before it was recorded, to the microsecond.
fn before(recorded_at: Instant) -> Instant {
    Instant::from_unix_micros(recorded_at.unix_micros() - 90_000_007).unwrap_or(recorded_at)
}

impl Scribe {
    fn new(stream: Stream, summary: Option<Summary>) -> Self {
        let kind = match stream.kind {
            StreamKind::Release => "release.noted",
            StreamKind::Model => "model.noted",
            StreamKind::Calendar => "calendar.noted",
        };
        Self {
            kind: (kind, 1, false),
            stream,
            version: Version::NONE,
            hash: Digest::ZERO,
            actor: person("kim"),
            at: noon(0),
            command: None,
            summary,
        }
    }

    /// A release that is not begun.
    pub(super) fn release(number: u64) -> Self {
        Self::release_of("default", number)
    }

    pub(super) fn release_of(of: &str, number: u64) -> Self {
        let id: ReleaseId = uuid::Uuid::from_u128(number.into()).into();
        let summary = Summary {
            title: own(Name::new(format!("Release {number}"))),
            standing: Standing {
                phase: PhaseName::Request,
                on_hold: false,
            },
            track: Track::Normal,
            created_at: noon(0),
            window: None,
            next_due: None,
            model: None,
            ending: None,
            ended_at: None,
        };
        Self::new(Stream::release(tenant(of), id), Some(summary))
    }

    /// A calendar that is not begun; nothing of it is listed.
    pub(super) fn calendar(id: &str) -> Self {
        let stream = Stream::new(tenant("default"), StreamKind::Calendar, key(id));
        Self::new(stream, None)
    }

    /// Another log of anything.
    pub(super) fn other(stream: Stream) -> Self {
        Self::new(stream, None)
    }

    /// The same, by somebody else.
    pub(super) fn by(mut self, name: &str) -> Self {
        self.actor = person(name);
        self
    }

    /// The same, under the host's own id for the asking.
    pub(super) fn under(mut self, number: u128) -> Self {
        self.command = Some(command(number));
        self
    }

    /// What adds a note.
    pub(super) fn says(&self, what: &str) -> Batch {
        self.writes(vec![text(what)])
    }

    /// What adds notes in one go.
    pub(super) fn says_all(&self, count: u64, what: &str) -> Batch {
        let number = |n| text(&format!("{what} {n}"));
        self.writes((1..=count).map(number).collect())
    }

    /// What adds events with these payloads in one go.
    pub(super) fn writes(&self, payloads: Vec<Box<RawValue>>) -> Batch {
        let said: Vec<u8> = payloads
            .iter()
            .flat_map(|payload| payload.get().bytes())
            .collect();
        let intent = intent(self.kind.0, &said, &self.actor);
        let derived = || derived_command(&self.stream, self.version, &intent);
        let command = self.command.unwrap_or_else(derived);
        let mut last = (self.version, self.hash);
        let mut events = Vec::with_capacity(payloads.len());
        for (index, payload) in (0..).zip(payloads) {
            let event = seal(
                self.kind,
                payload,
                EventId { command, index },
                &self.stream,
                last,
                (&self.actor, before(self.at), self.at),
            );
            last = (event.version, event.hash);
            events.push(event);
        }
        Batch {
            stream: self.stream.clone(),
            expected: self.version,
            guards: Vec::new(),
            command,
            intent,
            events,
            summary: self.summary.clone(),
        }
    }

    /// Goes on after that batch.
    pub(super) fn follow(&mut self, batch: &Batch) {
        if let Some(last) = batch.events().last() {
            self.goes_on(last);
        }
        self.command = None;
    }

    /// Goes on after that entry.
    pub(super) fn goes_on(&mut self, last: &Envelope) {
        (self.version, self.hash) = (last.version, last.hash);
    }

    /// Writes a note, and goes on after it.
    pub(super) async fn put(&mut self, store: &impl Store, what: &str) -> Result<Batch, Ended> {
        let batch = self.says(what);
        written(
            &format!("writing version {}", batch.version()),
            store,
            &batch,
        )
        .await?;
        self.follow(&batch);
        Ok(batch)
    }

    /// Writes notes until the log is at that version, as many at once as a batch takes.
    pub(super) async fn reach(&mut self, store: &impl Store, version: u64) -> Result<(), Ended> {
        while self.version.get() < version {
            let count = (version - self.version.get()).min(100);
            let batch = self.says_all(count, "on the way");
            written(
                &format!("writing version {}", batch.version()),
                store,
                &batch,
            )
            .await?;
            self.follow(&batch);
        }
        Ok(())
    }
}

/// A row with every field, and each of it.
pub(super) fn full_row() -> Summary {
    Summary {
        title: own(Name::new("ü".repeat(200))),
        standing: Standing {
            phase: PhaseName::Closed,
            on_hold: false,
        },
        track: Track::Emergency,
        created_at: precise(0),
        window: Some(own(Interval::new(precise(60), precise(120)))),
        next_due: Some(precise(30)),
        model: Some(ModelReference::new(key("web-service"), u32::MAX)),
        ending: Some(Ending::Completed),
        ended_at: Some(precise(90)),
    }
}

/// The payload of a note.
pub(super) fn text(what: &str) -> Box<RawValue> {
    own(to_raw_value(&serde_json::json!({ "text": what })))
}

/// A payload as it is written.
pub(super) fn raw(json: &str) -> Box<RawValue> {
    own(RawValue::from_string(json.to_owned()))
}

/// The same batch, resting on other logs. They stand in the order of their names, as the crate writes them.
pub(super) fn guarded<'a>(
    mut batch: Batch,
    guards: impl IntoIterator<Item = (&'a Scribe, u64)>,
) -> Batch {
    batch.guards = guards
        .into_iter()
        .map(|(log, version)| (log.stream.clone(), Version::new(version)))
        .collect();
    batch.guards.sort();
    batch
}
