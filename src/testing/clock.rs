//! A clock that is set by hand.

use crate::clock::Clock;
use crate::phase::{Instant, Seconds};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A clock that never goes by itself. Its clones show the same time.
///
/// # Examples
///
/// ```
/// use phasegate::clock::Clock;
/// use phasegate::phase::Seconds;
/// use phasegate::testing::ManualClock;
/// use phasegate::{Desk, MemoryStore};
///
/// let clock = ManualClock::at("2026-03-02T12:00:00Z".parse()?);
/// let desk = Desk::new(MemoryStore::new()).with_clock(clock.clone());
/// clock.pass(Seconds::hours(2));
/// assert_eq!(clock.now().to_string(), "2026-03-02T14:00:00Z");
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows this instant.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self(Arc::new(AtomicI64::new(now.unix_micros())))
    }

    /// Sets it, backwards too.
    pub fn set(&self, now: Instant) {
        self.0.store(now.unix_micros(), Ordering::SeqCst);
    }

    /// Moves it on.
    pub fn pass(&self, time: Seconds) {
        self.set(self.now().plus(time));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        // What was put in is an instant.
        Instant::from_unix_micros(self.0.load(Ordering::SeqCst)).unwrap_or(Instant::EPOCH)
    }
}
