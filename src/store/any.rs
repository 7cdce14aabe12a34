//! A store without its type.

use super::query::{Cursor, Page, Query};
use super::{Committed, Outcome, Settlement, Store, StoreError};
use crate::phase::{Instant, Seconds};
use crate::release::{Batch, CommandId, Delivery, Envelope, Key, Stream, Tenant, Version};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Any store, for where its type must not show. Cloning it shares the store.
#[derive(Clone)]
pub struct AnyStore(Arc<dyn BoxedStore>);

impl AnyStore {
    /// Hides the type of a store.
    pub fn new(store: impl Store + 'static) -> Self {
        Self(Arc::new(store))
    }
}

impl fmt::Debug for AnyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyStore")
    }
}

/// The boxed twin of [`Store`]; the suffix keeps calls unambiguous.
trait BoxedStore: Send + Sync {
    fn commit_boxed<'a>(&'a self, batch: &'a Batch) -> Boxed<'a, Committed>;
    fn history_boxed<'a>(
        &'a self,
        stream: &'a Stream,
        after: Version,
        limit: usize,
    ) -> Boxed<'a, Vec<Envelope>>;
    fn list_boxed<'a>(
        &'a self,
        tenant: &'a Tenant,
        query: Query,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> Boxed<'a, Page>;
    fn outcome_boxed<'a>(
        &'a self,
        stream: &'a Stream,
        command: CommandId,
    ) -> Boxed<'a, Option<Outcome>>;
    fn claim_boxed<'a>(
        &'a self,
        tenant: &'a Tenant,
        sink: &'a Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Boxed<'a, Vec<Delivery>>;
    fn settle_boxed<'a>(&'a self, delivery: &'a Delivery, settlement: Settlement) -> Boxed<'a, ()>;
}

impl<S: Store> BoxedStore for S {
    fn commit_boxed<'a>(&'a self, batch: &'a Batch) -> Boxed<'a, Committed> {
        Box::pin(self.commit(batch))
    }
    fn history_boxed<'a>(
        &'a self,
        stream: &'a Stream,
        after: Version,
        limit: usize,
    ) -> Boxed<'a, Vec<Envelope>> {
        Box::pin(self.history(stream, after, limit))
    }
    fn list_boxed<'a>(
        &'a self,
        tenant: &'a Tenant,
        query: Query,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> Boxed<'a, Page> {
        Box::pin(self.list(tenant, query, after, limit))
    }
    fn outcome_boxed<'a>(
        &'a self,
        stream: &'a Stream,
        command: CommandId,
    ) -> Boxed<'a, Option<Outcome>> {
        Box::pin(self.outcome(stream, command))
    }
    fn claim_boxed<'a>(
        &'a self,
        tenant: &'a Tenant,
        sink: &'a Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Boxed<'a, Vec<Delivery>> {
        Box::pin(self.claim(tenant, sink, now, lease, limit))
    }
    fn settle_boxed<'a>(&'a self, delivery: &'a Delivery, settlement: Settlement) -> Boxed<'a, ()> {
        Box::pin(self.settle(delivery, settlement))
    }
}

impl Store for AnyStore {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.0.commit_boxed(batch).await
    }
    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        self.0.history_boxed(stream, after, limit).await
    }
    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.0.list_boxed(tenant, query, after, limit).await
    }
    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        self.0.outcome_boxed(stream, command).await
    }
    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.0.claim_boxed(tenant, sink, now, lease, limit).await
    }
    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        self.0.settle_boxed(delivery, settlement).await
    }
}
