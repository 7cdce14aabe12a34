//! Carries notices from a store's outbox to one sink.

use crate::notify::{Notifier, NotifyErrorKind};
use crate::phase::{Instant, Seconds};
use crate::release::{Key, Tenant};
use crate::store::{Settlement, Store, StoreError, StoreErrorKind};

/// Carries one tenant's notices to one sink: at least once each, and in order within a stream.
///
/// A plain future that the host calls when it likes: no thread, no timer, no runtime. Several relays for one sink
/// share the work.
///
/// # Examples
///
/// ```
/// # use phasegate::{Desk, MemoryStore, release::{Key, Name, Person, ReleaseRequest, Tenant}};
/// use phasegate::desk::Relay;
/// use phasegate::notify::MemoryNotifier;
///
/// # pollster::block_on(async {
/// # let desk = Desk::new(MemoryStore::new());
/// # let request = ReleaseRequest::builder().title(Name::new("Shop 2.4")?).build();
/// # let _ = desk.run(desk.request(request), &Person::new("kim")?).await?;
/// let inbox = MemoryNotifier::new();
/// let relay = Relay::new(desk.store(), &inbox, Tenant::new("default")?, Key::new("inbox")?);
/// let relayed = relay.run_once("2026-03-02T10:00:00Z".parse()?).await?;
/// assert_eq!(relayed.delivered, 1);
/// assert_eq!(inbox.delivered()[0].notice.kind, "release.requested");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Relay<S, N> {
    store: S,
    notifier: N,
    tenant: Tenant,
    sink: Key,
    lease: Seconds,
}

/// How many notices are claimed at once.
const CLAIMED: usize = 16;

/// What one run of a relay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Relayed {
    /// How many deliveries arrived.
    pub delivered: u64,
    /// How many are to be tried again later.
    pub postponed: u64,
    /// How many the sink will never take.
    pub rejected: u64,
}

impl<S: Store, N: Notifier> Relay<S, N> {
    /// A relay to that sink, with a lease of one minute.
    #[must_use]
    pub const fn new(store: S, notifier: N, tenant: Tenant, sink: Key) -> Self {
        Self {
            store,
            notifier,
            tenant,
            sink,
            lease: Seconds::minutes(1),
        }
    }

    /// The same, with another lease: longer than 16 deliveries take, which is what is claimed at once.
    #[must_use]
    pub const fn with_lease(mut self, lease: Seconds) -> Self {
        self.lease = lease;
        self
    }

    /// Delivers everything that can be delivered now.
    ///
    /// # Errors
    ///
    /// - the store could not be read or written; what was delivered before stays delivered
    ///
    /// # Time
    ///
    /// Leases and waits count from `now`, the whole run through.
    ///
    /// # Cancellation
    ///
    /// What is claimed and not settled comes again when its lease has ended.
    pub async fn run_once(&self, now: Instant) -> Result<Relayed, StoreError> {
        let mut relayed = Relayed::default();
        loop {
            let claimed = self
                .store
                .claim(&self.tenant, &self.sink, now, self.lease, CLAIMED)
                .await?;
            if claimed.is_empty() {
                return Ok(relayed);
            }
            for delivery in &claimed {
                let (settlement, counter) = match self.notifier.deliver(delivery).await {
                    Ok(()) => (Settlement::Delivered, &mut relayed.delivered),
                    Err(error) => match error.kind() {
                        // Not now again, however short the wait: a run ends.
                        NotifyErrorKind::Retry(after) => {
                            let at = now.plus(after.max(Seconds::new(1)));
                            (Settlement::RetryAt(at), &mut relayed.postponed)
                        }
                        NotifyErrorKind::Reject => (Settlement::Rejected, &mut relayed.rejected),
                    },
                };
                match self.store.settle(delivery, settlement).await {
                    Ok(()) => *counter += 1,
                    // The lease was over, and another relay has taken it on: it settles what it delivers.
                    Err(error) if error.kind() == StoreErrorKind::StaleClaim => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}
