//! Spans of time between two instants.

use super::{Instant, Invalid, InvalidKind, Seconds};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A span of time `[start, end)`: the start belongs to it, the end does not.
///
/// # Examples
///
/// ```
/// use phasegate::phase::Interval;
///
/// let window = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
/// assert!(window.contains(window.start()) && !window.contains(window.end()));
///
/// let refused = Interval::new(window.end(), window.start()).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "invalid interval `2026-03-02T22:00:00Z to 2026-03-02T20:00:00Z`: expected an end after the start",
/// );
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Edges", into = "Edges")]
pub struct Interval {
    start: Instant,
    end: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edges {
    start: Instant,
    end: Instant,
}

impl Interval {
    /// The span from `start` up to, but without, `end`.
    ///
    /// # Errors
    ///
    /// - out of range: the end does not lie after the start
    pub fn new(start: Instant, end: Instant) -> Result<Self, Invalid> {
        if start < end {
            Ok(Self { start, end })
        } else {
            let shown = format!("{start} to {end}");
            Err(Invalid::new(
                InvalidKind::OutOfRange,
                "interval",
                shown,
                "an end after the start",
            ))
        }
    }

    /// The span between two instants written as RFC 3339.
    ///
    /// # Errors
    ///
    /// - malformed or out of range: one of the two is no instant
    /// - out of range: the end does not lie after the start
    pub fn parse(start: &str, end: &str) -> Result<Self, Invalid> {
        Self::new(start.parse()?, end.parse()?)
    }

    /// The first instant of the span.
    #[must_use]
    pub const fn start(self) -> Instant {
        self.start
    }

    /// The first instant after the span.
    #[must_use]
    pub const fn end(self) -> Instant {
        self.end
    }

    /// The span, if the end lies after the start; what is wrong otherwise is not told.
    pub(crate) fn between(start: Instant, end: Instant) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The span of one microsecond, the smallest there is, that begins at `at`; at the last instant, the one before.
    pub(crate) fn moment(at: Instant) -> Self {
        let start = at.min(Instant::BEFORE_LAST);
        Self {
            start,
            end: start.next(),
        }
    }

    /// Whether it is the smallest span there is.
    pub(crate) fn is_moment(self) -> bool {
        self.start.next() == self.end
    }

    /// Its length in seconds, a part of one counted whole; at most what fits.
    pub(crate) fn length(self) -> Seconds {
        self.end.after(self.start)
    }

    /// The span with another end, where that lies later.
    pub(crate) fn to(self, end: Instant) -> Self {
        Self {
            end: self.end.max(end),
            ..self
        }
    }

    /// What two spans share; nothing where they only touch.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<Self> {
        Self::between(self.start.max(other.start), self.end.min(other.end))
    }

    /// Whether two spans share an instant; touching ones do not.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `at` lies in the span.
    #[must_use]
    pub fn contains(self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.start, self.end)
    }
}

impl TryFrom<Edges> for Interval {
    type Error = Invalid;

    fn try_from(edges: Edges) -> Result<Self, Invalid> {
        Self::new(edges.start, edges.end)
    }
}

impl From<Interval> for Edges {
    fn from(interval: Interval) -> Self {
        Self {
            start: interval.start,
            end: interval.end,
        }
    }
}
