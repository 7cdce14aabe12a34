//! The port to the time, and the one place where ids are drawn.

use crate::phase::Instant;
use crate::release::ReleaseId;

/// Tells the time.
///
/// # For implementers
///
/// A closure that gives an [`Instant`] is a clock. A clock may jump: order in a log is by version, never by time.
///
/// # Examples
///
/// ```
/// use phasegate::clock::Clock;
/// use phasegate::phase::Instant;
///
/// let opening: Instant = "2026-03-02T10:00:00Z".parse()?;
/// let stopped = move || opening;
/// assert_eq!(stopped.now(), opening);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
pub trait Clock: Send + Sync {
    /// What time it is now.
    fn now(&self) -> Instant;
}

impl<F: Fn() -> Instant + Send + Sync> Clock for F {
    fn now(&self) -> Instant {
        self()
    }
}

/// The clock of the machine, cut to whole microseconds.
///
/// A machine whose clock stands outside 1970 to 9999 gets the nearest instant inside.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the room where the clock is read"
    )]
    fn now(&self) -> Instant {
        Instant::nearest(chrono::Utc::now())
    }
}

/// Draws a new release id: a version 7 UUID, which sorts by the time it was drawn at.
///
/// # Source
///
/// RFC 9562, section 5.7.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room where ids are drawn"
)]
pub fn new_release_id(now: Instant) -> ReleaseId {
    let at = now.to_datetime();
    let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
    let at = uuid::Timestamp::from_unix(uuid::NoContext, seconds, at.timestamp_subsec_nanos());
    ReleaseId::from(uuid::Uuid::new_v7(at))
}
