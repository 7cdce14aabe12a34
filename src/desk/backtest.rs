//! Asking other gates everything that the releases of a desk were ever asked.

use super::Desk;
use crate::release::limits::PAGE_ROWS;
use crate::release::{Stream, StreamKind, Version};
use crate::store::{Query, Store, StoreError};
use crate::verify::{Backtest, BacktestReport};
use std::collections::BTreeSet;

impl<S: Store> Desk<S> {
    /// Asks the gates of a backtest everything that this tenant's releases were ever asked, and that was recorded.
    ///
    /// It reads the logs of all releases, of the calendars that the gates ask, and of the models that releases follow.
    /// The desk's own gates are not asked.
    ///
    /// # Errors
    ///
    /// - the store could not be read; what is wrong with a log is a fault in the report
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn backtest(&self, backtest: Backtest<'_>) -> Result<BacktestReport, StoreError> {
        let mut backtest = backtest.with_upcasters(&self.upcasters);
        let stream = |kind, id| Stream::new(self.tenant.clone(), kind, id);
        for name in backtest.calendars() {
            let calendar = stream(StreamKind::Calendar, name);
            self.read_into(&mut backtest, &calendar).await?;
        }
        let mut models = BTreeSet::new();
        let mut after = None;
        loop {
            let page = self
                .list(Query::default(), after.as_ref(), PAGE_ROWS)
                .await?;
            let named = page
                .rows
                .iter()
                .filter_map(|row| row.summary.model.as_ref());
            models.extend(named.map(|named| named.model.clone()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for name in models {
            let model = stream(StreamKind::Model, name);
            self.read_into(&mut backtest, &model).await?;
        }
        loop {
            let page = self
                .list(Query::default(), after.as_ref(), PAGE_ROWS)
                .await?;
            for row in &page.rows {
                self.read_into(&mut backtest, &row.stream).await?;
                backtest.end_of(&row.stream);
            }
            after = page.next;
            if after.is_none() {
                return Ok(backtest.finish());
            }
        }
    }

    /// Reads a log page by page.
    async fn read_into(
        &self,
        backtest: &mut Backtest<'_>,
        stream: &Stream,
    ) -> Result<(), StoreError> {
        let mut after = Version::NONE;
        loop {
            let page = self.store.history(stream, after, PAGE_ROWS).await?;
            for entry in &page {
                backtest.read(entry);
            }
            match page.last() {
                Some(last) if page.len() == PAGE_ROWS => after = last.version,
                Some(_) | None => return Ok(()),
            }
        }
    }
}
