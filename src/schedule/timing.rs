//! When a window is active.

use crate::phase::Interval;

/// When a window is active: once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timing(pub(super) Interval);

/// Which way a window errs where clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edges {
    Long,
    Short,
}

impl Timing {
    /// Once, in UTC.
    #[must_use]
    pub const fn between(interval: Interval) -> Self {
        Self(interval)
    }

    pub(crate) fn occurrences(&self, within: Interval, _edges: Edges) -> Vec<Interval> {
        self.0
            .overlaps(within)
            .then_some(self.0)
            .into_iter()
            .collect()
    }
}
