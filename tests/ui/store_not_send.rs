//! A store whose writes must stay on one thread.
use phasegate::release::{Batch, CommandId, Delivery, Envelope, Key, Stream, Tenant, Version};
use phasegate::store::{Committed, Cursor, Outcome, Page, Query, Settlement, Store, StoreError};
use phasegate::{Instant, MemoryStore, phase::Seconds};
use std::rc::Rc;

struct Drawer(MemoryStore);

impl Store for Drawer {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let key = Rc::new("under the mat");
        let committed = self.0.commit(batch).await;
        drop(key);
        committed
    }
    async fn history(&self, _: &Stream, _: Version, _: usize) -> Result<Vec<Envelope>, StoreError> {
        todo!()
    }
    async fn list(&self, _: &Tenant, _: Query, _: Option<&Cursor>, _: usize) -> Result<Page, StoreError> {
        todo!()
    }
    async fn outcome(&self, _: &Stream, _: CommandId) -> Result<Option<Outcome>, StoreError> {
        todo!()
    }
    async fn claim(
        &self,
        _: &Tenant,
        _: &Key,
        _: Instant,
        _: Seconds,
        _: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        todo!()
    }
    async fn settle(&self, _: &Delivery, _: Settlement) -> Result<(), StoreError> {
        todo!()
    }
}

fn main() {}
