//! A store that is asked again.

use super::query::{Cursor, Page, Query};
use super::{Committed, Outcome, Settlement, Store, StoreError, StoreErrorKind};
use crate::phase::{Instant, Seconds};
use crate::release::{Batch, CommandId, Delivery, Envelope, Key, Stream, Tenant, Version};
use std::{fmt, future::Future};

/// Asks a store again while it is unavailable, a number of times, and finds out what became of a commit in doubt.
///
/// What is waited between two tries is the host's: a timer of its executor, longer from try to try, with some luck
/// where many processes share a store. This crate has neither timers nor luck.
///
/// - Unavailable: the call is made again.
/// - Unknown, of a commit: the same batch is committed again. Contract 4 makes that safe: where it was written, the
///   command is known, and the answer is [`Committed::AlreadyDone`]. A commit that stays in doubt is unknown to the end,
///   whatever the later tries said.
/// - Everything else is passed on at once.
///
/// # Cancellation
///
/// As of the store within: a dropped future leaves all or nothing.
///
/// # Examples
///
/// ```
/// use phasegate::{Desk, MemoryStore};
/// use phasegate::store::Retrying;
///
/// // On a runtime: `|tried| tokio::time::sleep(Duration::from_millis(20 << tried))`.
/// let store = Retrying::new(MemoryStore::new(), 5, |_tried| std::future::ready(()));
/// let desk = Desk::new(store);
/// ```
#[derive(Clone)]
pub struct Retrying<S, W> {
    store: S,
    tries: u32,
    wait: W,
}

impl<S, W> Retrying<S, W> {
    /// The store, asked up to so many times in all. `wait` gets how often it was asked already, from 1 on.
    #[must_use]
    pub const fn new(store: S, tries: u32, wait: W) -> Self {
        Self { store, tries, wait }
    }
}

impl<S: fmt::Debug, W> fmt::Debug for Retrying<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("store", &self.store)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}

impl<S, W, F> Retrying<S, W>
where
    W: Fn(u32) -> F,
    F: Future<Output = ()>,
{
    /// Asks until there is an answer, or an error that another try does not change.
    async fn ask<T, A>(&self, ask: impl Fn() -> A) -> Result<T, StoreError>
    where
        A: Future<Output = Result<T, StoreError>>,
    {
        let mut tried = 1;
        loop {
            match ask().await {
                Err(error) if error.is_retryable() && tried < self.tries => {}
                done => return done,
            }
            (self.wait)(tried).await;
            tried += 1;
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S, W, F> Store for Retrying<S, W>
where
    S: Store,
    W: Fn(u32) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let (mut tried, mut is_in_doubt) = (1, false);
        loop {
            let error = match self.store.commit(batch).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            match error.kind() {
                StoreErrorKind::Unknown => is_in_doubt = true,
                StoreErrorKind::Unavailable => {}
                // They say nothing about an earlier try.
                StoreErrorKind::Corrupt | StoreErrorKind::Other if is_in_doubt => {
                    return Err(StoreError::unknown(error));
                }
                StoreErrorKind::Conflict
                | StoreErrorKind::GuardMoved
                | StoreErrorKind::CommandReused
                | StoreErrorKind::StaleClaim
                | StoreErrorKind::TooLarge
                | StoreErrorKind::Corrupt
                | StoreErrorKind::Other => return Err(error),
            }
            if tried >= self.tries {
                let is_told = error.kind() == StoreErrorKind::Unknown || !is_in_doubt;
                return Err(if is_told {
                    error
                } else {
                    StoreError::unknown(error)
                });
            }
            (self.wait)(tried).await;
            tried += 1;
        }
    }

    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        self.ask(|| self.store.history(stream, after, limit)).await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.ask(|| self.store.list(tenant, query, after, limit))
            .await
    }

    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        self.ask(|| self.store.outcome(stream, command)).await
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.ask(|| self.store.claim(tenant, sink, now, lease, limit))
            .await
    }

    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        self.ask(|| self.store.settle(delivery, settlement)).await
    }
}
