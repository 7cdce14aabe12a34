//! What one write may hold: contract 11.

use super::StoreError;
use crate::release::Batch;
use crate::release::limits::{BATCH_EVENTS, BATCH_GUARDS, PAYLOAD_BYTES, STREAM_EVENTS};

/// Whether a batch keeps the limits.
pub(super) fn keeps(batch: &Batch) -> Result<(), StoreError> {
    let (events, guards) = (batch.events().len(), batch.guards().len());
    if events > BATCH_EVENTS || guards > BATCH_GUARDS {
        return Err(StoreError::too_large(format!(
            "a batch of {events} events and {guards} guards is too large: at most {BATCH_EVENTS} and {BATCH_GUARDS}",
        )));
    }
    let bytes = |event: &crate::release::Envelope| event.data.as_str().len();
    if let Some(large) = batch
        .events()
        .iter()
        .find(|event| bytes(event) > PAYLOAD_BYTES)
    {
        return Err(StoreError::too_large(format!(
            "the payload of event {} has {} bytes and is too large: at most {PAYLOAD_BYTES}",
            large.version,
            bytes(large),
        )));
    }
    if batch.version().get() > STREAM_EVENTS {
        return Err(StoreError::too_large(format!(
            "{} `{}` is too long: a log has at most {STREAM_EVENTS} events; go on in a new one",
            batch.stream().kind,
            batch.stream().id,
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Instant;
    use crate::release::{
        Actor, Digest, Envelope, EventId, Key, Payload, Stream, StreamKind, Tenant, Version,
    };
    use crate::store::StoreErrorKind;
    use serde_json::value::to_raw_value;

    /// A batch of so many events on top of a log, each with so many bytes.
    fn batch(expected: u64, events: u64, bytes: usize) -> Batch {
        let id = Key::own("own");
        let stream = Stream::new(Tenant::default(), StreamKind::Calendar, id.clone());
        let data = Payload::of(to_raw_value(&"x".repeat(bytes - 2)).unwrap());
        let event = |number| Envelope {
            id: EventId {
                command: uuid::Uuid::nil().into(),
                index: 0,
            },
            stream: stream.clone(),
            version: Version::new(expected + number),
            kind: "calendar.noted".into(),
            schema: 1,
            critical: false,
            occurred_at: Instant::EPOCH,
            recorded_at: Instant::EPOCH,
            actor: Actor::System(id.clone()),
            payload_digest: Digest::ZERO,
            prev: Digest::ZERO,
            hash: Digest::ZERO,
            data: data.clone(),
        };
        Batch {
            stream: stream.clone(),
            expected: Version::new(expected),
            guards: Vec::new(),
            command: uuid::Uuid::nil().into(),
            intent: Digest::ZERO,
            events: (1..=events).map(event).collect(),
            summary: None,
        }
    }

    #[test]
    fn what_is_too_large_is_refused_and_what_just_fits_is_not() {
        for (expected, events, bytes, said) in [
            (0, 101, 9, "a batch of 101 events and 0 guards is too large"),
            (
                6,
                1,
                PAYLOAD_BYTES + 1,
                "the payload of event 7 has 1048577 bytes",
            ),
            (STREAM_EVENTS - 1, 2, 9, "calendar `own` is too long"),
        ] {
            let refused = keeps(&batch(expected, events, bytes)).unwrap_err();
            assert_eq!(refused.kind(), StoreErrorKind::TooLarge);
            assert!(refused.to_string().starts_with(said), "{refused}");
        }
        assert!(keeps(&batch(0, 100, 9)).is_ok());
        assert!(keeps(&batch(STREAM_EVENTS - 1, 1, PAYLOAD_BYTES)).is_ok());
    }
}
