//! A store that tells what it does.

use super::query::{Cursor, Page, Query};
use super::{Committed, Outcome, Settlement, Store, StoreError};
use crate::phase::{Instant, Seconds};
use crate::release::{Batch, CommandId, Delivery, Envelope, Key, Stream, Tenant, Version};
use std::future::Future;
use tracing::{Instrument, Span, field};

/// Puts a span of the crate `tracing` around every call of a store.
///
/// A span is called `phasegate.store.commit` and so on, at level debug. It has the log, the command and the versions;
/// when the call is over, the answer in a word or two (`written`, `already done`, `12 entries`) or, at level warn, the
/// error. Payloads, titles and names of people are never in it.
///
/// # Cancellation
///
/// As of the store within.
///
/// # Examples
///
/// ```
/// use phasegate::{Desk, MemoryStore};
/// use phasegate::store::Traced;
///
/// let desk = Desk::new(Traced::new(MemoryStore::new()));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Traced<S>(S);

impl<S> Traced<S> {
    /// The store, with a span around every call.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self(store)
    }
}

/// Waits inside the span, and records there what came of it.
async fn traced<T>(
    span: Span,
    call: impl Future<Output = Result<T, StoreError>> + Send,
    said: impl FnOnce(&T) -> String + Send,
) -> Result<T, StoreError> {
    let done = call.instrument(span.clone()).await;
    match &done {
        Ok(answer) => {
            if !span.is_disabled() {
                span.record("answer", said(answer));
            }
        }
        Err(error) => span.in_scope(|| {
            let source = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(kind = ?error.kind(), source, "{error}");
        }),
    }
    done
}

#[diagnostic::do_not_recommend]
impl<S: Store> Store for Traced<S> {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let span = tracing::debug_span!(
            "phasegate.store.commit",
            stream = %batch.stream(),
            command = %batch.command(),
            expected = batch.expected().get(),
            version = batch.version().get(),
            guards = batch.guards().len(),
            answer = field::Empty,
        );
        let said = |committed: &Committed| match committed {
            Committed::Written => "written".to_owned(),
            Committed::AlreadyDone(_) => "already done".to_owned(),
        };
        traced(span, self.0.commit(batch), said).await
    }

    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        let span = tracing::debug_span!(
            "phasegate.store.history",
            %stream,
            after = after.get(),
            limit,
            answer = field::Empty,
        );
        let said = |entries: &Vec<_>| format!("{} entries", entries.len());
        traced(span, self.0.history(stream, after, limit), said).await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let span = tracing::debug_span!(
            "phasegate.store.list",
            %tenant,
            filter = ?query.filter,
            order = ?query.order,
            limit,
            answer = field::Empty,
        );
        let said = |page: &Page| format!("{} rows", page.rows.len());
        traced(span, self.0.list(tenant, query, after, limit), said).await
    }

    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        let span = tracing::debug_span!(
            "phasegate.store.outcome",
            %stream,
            %command,
            answer = field::Empty,
        );
        let said = |outcome: &Option<Outcome>| match outcome {
            Some(outcome) => format!("done by version {}", outcome.last),
            None => "not done".to_owned(),
        };
        traced(span, self.0.outcome(stream, command), said).await
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let span = tracing::debug_span!(
            "phasegate.store.claim",
            %tenant,
            %sink,
            limit,
            answer = field::Empty,
        );
        let said = |claimed: &Vec<_>| format!("{} claimed", claimed.len());
        traced(span, self.0.claim(tenant, sink, now, lease, limit), said).await
    }

    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        let span = tracing::debug_span!(
            "phasegate.store.settle",
            stream = %delivery.notice.stream,
            version = delivery.notice.version.get(),
            sink = %delivery.sink,
            attempt = delivery.attempt,
            ?settlement,
            answer = field::Empty,
        );
        let said = |(): &()| "settled".to_owned();
        traced(span, self.0.settle(delivery, settlement), said).await
    }
}
