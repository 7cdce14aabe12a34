//! The port to what keeps the logs: one trait, its numbered contract, and a store in memory.

mod any;
mod error;
mod limits;
mod memory;
mod query;
mod retry;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "tracing")]
mod traced;

pub use any::AnyStore;
pub use error::{StoreError, StoreErrorKind};
pub use memory::MemoryStore;
pub use query::{Cursor, Filter, Order, Page, Query, Row};
pub use retry::Retrying;
#[cfg(feature = "sqlite")]
pub use sqlite::{Durability, SqliteError, SqliteErrorKind, SqliteOptions, SqliteStore};
#[cfg(feature = "tracing")]
pub use traced::Traced;

use crate::phase::{Instant, Seconds};
use crate::release::{Batch, CommandId, Delivery, Digest, Envelope, Key, Stream, Tenant, Version};
use std::future::Future;

/// Keeps logs of events: what the host implements, or picks.
///
/// # For callers
///
/// Most only hand a store to a [`Desk`](crate::Desk). A store for `&S`, `Arc<S>` and `Box<S>` comes with every `S`;
/// [`AnyStore`] is the boxed form for where the type must not show.
///
/// # For implementers
///
/// Write plain `async fn`s. Keep events as they come: the payload byte for byte, every field of the envelope. The
/// names of keys below are enough for a key-value engine with one ordered key space and an atomic write.
///
/// # Contract
///
/// 1. **Atomic.** [`commit`](Self::commit) writes all events, the command with its intent, the summary row if there
///    is one, and a notice of every event, or nothing of it. Nobody ever sees a part.
/// 2. **Expected version.** A commit succeeds only if the log is at `expected`; otherwise it is a conflict that names
///    the actual version. Versions begin at 1 and have no gaps. Of several writers at one version one wins, and every
///    other one gets that conflict. What an engine says under contention, that it is busy or cannot serialise, is no
///    answer yet: the store tries again, and is unavailable only when it has waited for as long as it says.
/// 3. **Guards.** A commit succeeds only if every guarded log is at the guarded version when it is written, checked
///    under the same lock or in the same transaction as 2. Locks are taken in the order of the streams. A guard names
///    its log in full, and it may be one of another tenant: a fact of the host rests on whatever it was read from.
/// 4. **Commands.** A command that a log has already, with the same intent, is answered with what was done and writes
///    nothing; with another intent it is refused. This is checked before 2 and 3, and for ever.
/// 5. **Errors.** Only an error of kind unknown may leave the batch written; after every other one nothing is.
/// 6. **Whole reads.** A read gives what is asked or an error, never less: [`history`](Self::history) gives the next
///    entries in order of version, whatever the clocks said, and without gaps, fewer than `limit` only where the log
///    ends. An entry that is missing or damaged is an error of kind corrupt. Reading writes nothing.
/// 7. **Own writes.** What was acknowledged is seen by every later read, through every handle.
/// 8. **Tenants.** Nothing of one tenant is seen or changed through another; the tenant comes first in every key.
/// 9. **Lists.** What has a summary row is listed: releases, and nothing else. [`list`](Self::list) orders by (instant, id),
///    ties by id; a cursor stands for a place in that order, not for a number of rows, so that paging under writes neither
///    skips nor repeats a row that did not move.
/// 10. **Outbox.** [`claim`](Self::claim) gives, per stream, only the lowest notice that the sink has not settled, and
///     not while somebody else's lease on it runs; each claim raises `attempt`, which begins at 1 for each notice. Of
///     more than `limit` those come first that were never claimed, and then those that could be claimed again
///     earliest, so that one that fails time and again keeps no other one away. [`settle`](Self::settle) of an earlier
///     attempt is refused. What a sink has settled is kept per (sink, stream), so that a new sink begins at version 1.
/// 11. **Limits.** A batch has at most 100 events and 100 guards, a payload at most 1 MiB, a log at most 1,000,000
///     events; what is larger is refused as too large. A read or a claim returns 1 to 1,000 rows: a smaller or larger
///     `limit` is read as the nearest of these. The numbers are in [`limits`](crate::release::limits).
/// 12. **Nothing is deleted.**
/// 13. **Cancellation.** A future that is dropped leaves all or nothing, as below.
///
/// # Cancellation
///
/// A future that is dropped leaves all or nothing of the batch. It may still be on its way then: [`outcome`](Self::outcome),
/// asked of the same handle, tells what it came to, and committing the same batch again is always safe.
///
/// # What is not promised
///
/// - An order between logs: two commits to two logs may become visible in either order. Who needs one guards.
/// - That an acknowledged commit survives what the store does not say that it survives: a store in memory forgets.
/// - That a notice is delivered once: it is at least once, and its dedupe key tells a repetition.
///
/// # How to test yours
///
/// The suite `testing::conformance` (feature `testing`) tries each number on any store; `examples/own_store.rs` is a store
/// that passes it.
///
/// # Complexity
///
/// A commit touches a number of keys that does not grow with the log; a page of history or of a list costs what it
/// returns, and a look-up.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store",
    note = "implement `phasegate::store::Store`; a store is `Send + Sync`, and so are the futures of its methods"
)]
pub trait Store: Send + Sync {
    /// Writes a batch: contract 1 to 5.
    ///
    /// # Errors
    ///
    /// - conflict: the log is at another version; load again
    /// - guard moved: another log that the decision read has moved; decide again
    /// - command reused: the log has this command with another intent
    /// - too large: the batch is beyond the limits; nothing was written
    /// - unavailable: nothing was written; trying again later may help
    /// - unknown: it may be written or not; ask [`outcome`](Self::outcome)
    /// - corrupt, other: nothing was written, and trying again does not help
    fn commit(&self, batch: &Batch) -> impl Future<Output = Result<Committed, StoreError>> + Send;

    /// Reads up to `limit` entries after a version: contract 6.
    ///
    /// # Errors
    ///
    /// - corrupt: an entry is missing or cannot be read
    /// - unavailable: trying again later may help
    /// - other: trying again does not help
    fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Envelope>, StoreError>> + Send;

    /// Lists a tenant's releases, a page at a time: contract 9.
    ///
    /// # Errors
    ///
    /// - unavailable: trying again later may help
    /// - corrupt, other: trying again does not help
    fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Tells what a command did to a log, or that it did nothing yet.
    ///
    /// # Errors
    ///
    /// - unavailable: trying again later may help
    /// - corrupt, other: trying again does not help
    fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> impl Future<Output = Result<Option<Outcome>, StoreError>> + Send;

    /// Claims notices for a sink, at most one per stream, until the lease ends: contract 10.
    ///
    /// # Errors
    ///
    /// - unavailable: trying again later may help
    /// - corrupt, other: trying again does not help
    fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Delivery>, StoreError>> + Send;

    /// Settles a claimed delivery: contract 10.
    ///
    /// # Errors
    ///
    /// - stale claim: another attempt has been made since
    /// - unavailable: trying again later may help
    /// - corrupt, other: trying again does not help
    fn settle(
        &self,
        delivery: &Delivery,
        settlement: Settlement,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it was written now or before")]
pub enum Committed {
    /// The batch is written.
    Written,
    /// The same asking was written before; nothing was written now.
    AlreadyDone(Outcome),
}

/// What a command did to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores have to make it")]
pub struct Outcome {
    /// The intent that it came with.
    pub intent: Digest,
    /// The version of its first event.
    pub first: Version,
    /// The version of its last event.
    pub last: Version,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a delivery arrived, is tried again, or is given up"
)]
pub enum Settlement {
    /// The sink has it.
    Delivered,
    /// To be tried again, not before that instant.
    RetryAt(Instant),
    /// The sink will never take it; the next notice may go.
    Rejected,
}

macro_rules! delegate {
    ($($pointer:ty)*) => { $(
        impl<S: Store + ?Sized> Store for $pointer {
            fn commit(&self, batch: &Batch) -> impl Future<Output = Result<Committed, StoreError>> + Send {
                (**self).commit(batch)
            }
            fn history(&self, stream: &Stream, after: Version, limit: usize) -> impl Future<Output = Result<Vec<Envelope>, StoreError>> + Send {
                (**self).history(stream, after, limit)
            }
            fn list(&self, tenant: &Tenant, query: Query, after: Option<&Cursor>, limit: usize) -> impl Future<Output = Result<Page, StoreError>> + Send {
                (**self).list(tenant, query, after, limit)
            }
            fn outcome(&self, stream: &Stream, command: CommandId) -> impl Future<Output = Result<Option<Outcome>, StoreError>> + Send {
                (**self).outcome(stream, command)
            }
            fn claim(&self, tenant: &Tenant, sink: &Key, now: Instant, lease: Seconds, limit: usize) -> impl Future<Output = Result<Vec<Delivery>, StoreError>> + Send {
                (**self).claim(tenant, sink, now, lease, limit)
            }
            fn settle(&self, delivery: &Delivery, settlement: Settlement) -> impl Future<Output = Result<(), StoreError>> + Send {
                (**self).settle(delivery, settlement)
            }
        }
    )* };
}

delegate!(&S std::sync::Arc<S> Box<S>);
