//! A store that takes every release from its beginning, and finds in another one what it has written there before.
//!
//! Ids, times and askings of this example are the same in every run, and so are the commands that are derived from
//! them: what a run does that was stopped half-way, the next one does again, and nothing is there twice.

use phasegate::phase::Seconds;
use phasegate::release::{Batch, CommandId, Delivery, Envelope, Key, Stream, Tenant, Version};
use phasegate::store::{
    Committed, Cursor, Outcome, Page, Query, Settlement, StoreError, StoreErrorKind,
};
use phasegate::{Instant, Store};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A store, and how far this run has come in each log.
#[derive(Debug)]
pub(crate) struct Again<S> {
    store: S,
    reached: Mutex<HashMap<Stream, Version>>,
}

impl<S> Again<S> {
    pub(crate) fn over(store: S) -> Self {
        Self {
            store,
            reached: Mutex::default(),
        }
    }

    fn reached(&self) -> MutexGuard<'_, HashMap<Stream, Version>> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self, stream: &Stream) -> Version {
        let reached = self.reached().get(stream).copied();
        reached.unwrap_or(Version::NONE)
    }
}

impl<S: Store> Store for Again<S> {
    /// What was written by an earlier run is written.
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let (stream, reached) = (batch.stream(), self.version(batch.stream()));
        if batch.expected() != reached {
            return Err(StoreError::conflict(stream, batch.expected(), reached));
        }
        match self.store.commit(batch).await {
            Ok(Committed::AlreadyDone(done)) if done.last != batch.version() => {
                return Ok(Committed::AlreadyDone(done));
            }
            Ok(Committed::Written | Committed::AlreadyDone(_)) => {}
            Err(error) if error.kind() == StoreErrorKind::Conflict => {
                let what = format!(
                    "`{}` was taken another way there; name another file",
                    stream.id
                );
                return Err(StoreError::other(what));
            }
            Err(error) => return Err(error),
        }
        self.reached().insert(stream.clone(), batch.version());
        Ok(Committed::Written)
    }

    /// What this run has not come to is not there yet.
    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        let reached = self.version(stream);
        let mut entries = self.store.history(stream, after, limit).await?;
        entries.retain(|entry| entry.version <= reached);
        Ok(entries)
    }

    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.store.list(tenant, query, after, limit).await
    }

    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        self.store.outcome(stream, command).await
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.store.claim(tenant, sink, now, lease, limit).await
    }

    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        self.store.settle(delivery, settlement).await
    }
}
