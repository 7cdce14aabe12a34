//! Logs of things that are not releases: one small mechanism for all of them.

use super::batch::{Batch, derived_command, intent};
use super::digest::Digest;
use super::error::{LogError, LogErrorKind};
use super::event::{Envelope, Upcasters, seal};
use super::happens::Reasons;
use super::id::{EventId, Stream, StreamKind, Version};
use super::limits::PAYLOAD_BYTES;
use super::proposal::By;
use super::replay::succeeds;
use super::verdict::Reason;
use crate::phase::Instant;
use serde_json::value::RawValue;

/// What happens in such a log. Each is critical: passed over, it would change what holds.
pub(crate) trait LedgerEvent: Clone {
    /// Its kind and the schema in which it is written.
    fn kind(&self) -> (&'static str, u16);

    /// The schema in which that kind is read here; nothing for a kind that is not known.
    fn schema(kind: &str) -> Option<u16>;

    fn encode(&self) -> serde_json::Result<Box<RawValue>>;

    fn decode(kind: &str, data: &str) -> serde_json::Result<Self>;
}

/// How far a log was followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) stream: Stream,
    pub(crate) version: Version,
    pub(crate) hash: Digest,
}

impl Place {
    pub(crate) const fn before(stream: Stream) -> Self {
        Self {
            stream,
            version: Version::NONE,
            hash: Digest::ZERO,
        }
    }
}

/// What such a log comes to: a fold of its events, live and replayed alike.
pub(crate) trait Ledger: Clone {
    const KIND: StreamKind;
    type Event: LedgerEvent;

    /// Before the first entry.
    fn start(place: Place) -> Self;

    fn place(&self) -> &Place;

    fn place_mut(&mut self) -> &mut Place;

    /// What stands against the event of that entry.
    fn admits(&self, event: &Self::Event, entry: &Envelope, reasons: &mut Reasons);

    /// What the event of that entry changes, once it is admitted.
    fn apply(&mut self, event: Self::Event, entry: &Envelope);

    /// Moves by the next entry of the log, or says why not and stays as it is.
    fn follow(&mut self, entry: &Envelope, upcasters: &Upcasters) -> Result<(), LogError> {
        let Place {
            stream,
            version,
            hash,
        } = self.place();
        succeeds(entry, stream, *version, hash)?;
        let event = decode(entry, upcasters)?;
        if let Some(reason) = against(self, &event, entry).first() {
            let what = format!("`{}`: {}", entry.kind, reason.message);
            return Err(LogError::new(
                LogErrorKind::Inadmissible,
                Some(entry.version),
                what,
            ));
        }
        self.take(event, entry);
        Ok(())
    }

    /// The write that adds events, all or none, and what the log comes to after them; or all that stands against the
    /// first that cannot be added.
    fn write(
        mut self,
        events: Vec<Self::Event>,
        by: &By,
        now: Instant,
    ) -> Result<(Batch, Self), Vec<Reason>> {
        let mut written = Vec::with_capacity(events.len());
        for event in &events {
            let data = event.encode().map_err(|error| vec![unwritable(error)])?;
            if data.get().len() > PAYLOAD_BYTES {
                let size = format!(
                    "its event has {} bytes, and at most {PAYLOAD_BYTES} are kept",
                    data.get().len()
                );
                return Err(vec![unwritable(size)]);
            }
            written.push((event.kind(), data));
        }
        let (stream, expected) = (self.place().stream.clone(), self.place().version);
        let kind = written.first().map_or("", |((kind, _), _)| *kind);
        let said: Vec<u8> = written
            .iter()
            .flat_map(|(_, data)| data.get().bytes())
            .collect();
        let intent = intent(kind, &said, &by.actor);
        let derived = || derived_command(&stream, expected, &intent);
        let command = by.command.unwrap_or_else(derived);
        let mut entries = Vec::with_capacity(events.len());
        for (index, (event, ((kind, schema), data))) in (0..).zip(events.into_iter().zip(written)) {
            let place = self.place();
            let entry = seal(
                (kind, schema, true),
                data,
                EventId { command, index },
                &place.stream,
                (place.version, place.hash),
                (&by.actor, by.occurred_at.unwrap_or(now), now),
            );
            let reasons = against(&self, &event, &entry);
            if !reasons.is_empty() {
                return Err(reasons);
            }
            self.take(event, &entry);
            entries.push(entry);
        }
        let batch = Batch {
            stream,
            expected,
            guards: Vec::new(),
            command,
            intent,
            events: entries,
            summary: None,
        };
        Ok((batch, self))
    }

    fn take(&mut self, event: Self::Event, entry: &Envelope) {
        self.apply(event, entry);
        let place = self.place_mut();
        place.version = entry.version;
        place.hash = entry.hash;
    }
}

/// What such a log comes to, of all its entries.
pub(crate) fn fold<'a, L: Ledger>(
    log: impl IntoIterator<Item = &'a Envelope>,
    upcasters: &Upcasters,
) -> Result<L, LogError> {
    let mut log = log.into_iter();
    let empty = || LogError::new(LogErrorKind::Empty, None, "it has no entry");
    let first = log.next().ok_or_else(empty)?;
    if first.stream.kind != L::KIND {
        let what = format!("it is not the log of a {}", L::KIND);
        return Err(LogError::new(
            LogErrorKind::Broken,
            Some(first.version),
            what,
        ));
    }
    let mut ledger = L::start(Place::before(first.stream.clone()));
    ledger.follow(first, upcasters)?;
    for entry in log {
        ledger.follow(entry, upcasters)?;
    }
    Ok(ledger)
}

fn against<L: Ledger>(ledger: &L, event: &L::Event, entry: &Envelope) -> Vec<Reason> {
    let version = ledger.place().version;
    let mut reasons = Reasons::at(version, entry.occurred_at, entry.recorded_at);
    ledger.admits(event, entry, &mut reasons);
    reasons.into_vec()
}

fn decode<E: LedgerEvent>(entry: &Envelope, upcasters: &Upcasters) -> Result<E, LogError> {
    let refused = |kind, what| LogError::new(kind, Some(entry.version), what);
    let Some(schema) = E::schema(&entry.kind) else {
        let what = format!("`{}` is critical and unknown here", entry.kind);
        return Err(refused(LogErrorKind::UnknownKind, what));
    };
    let data = upcasters.payload(entry, schema)?;
    E::decode(&entry.kind, &data).map_err(|error| {
        let what = format!("`{}` does not hold {error}", entry.kind);
        refused(LogErrorKind::Malformed, what)
    })
}

fn unwritable(what: impl std::fmt::Display) -> Reason {
    Reason::new(
        "cannot-be-written",
        what.to_string(),
        "ask for less at once",
    )
}
