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
