//! Which other deployments get in the way of a planned one, as far as decisions about a release look at that.

use super::fact::FactSource;
use super::id::Stream;
use super::limits::FACT_HOLDS;
use super::text::Text;
use super::words::plain;
use crate::phase::{Instant, Interval};

plain! {
    /// What a policy asks of what other releases have booked.
    #[derive(Copy, PartialOrd, Ord)]
    pub struct ConflictQuestion {
        /// How many relations of the host's service map two things may be apart and still count as related.
        distance: u8,
    } with {
        /// Whether two deployments that take the same person are in conflict, too.
        people: bool,
    }

    /// A deployment that another release has booked, and that is in conflict.
    pub struct BookedConflict {
        /// The other release's log and the version that was read.
        source: FactSource,
        /// When both are on.
        overlap: Interval,
        /// What they are in conflict over, for people: what both touch, or the way from one to the other.
        what: Text,
    }

    /// The conflicts of a planned deployment with what other releases of the tenant have booked.
    pub struct ConflictAnswer {
        /// The question.
        question: ConflictQuestion,
        /// The log of the release whose deployment is planned.
        stream: Stream,
        /// When it is planned.
        window: Interval,
        /// When the other releases were read. What they book later is not seen: the answer holds for 5 minutes.
        read_at: Instant,
    } with {
        /// The conflicts, one for each other release.
        conflicts: Vec<BookedConflict>,
        /// Why there may be more conflicts than were found. With none, these are all.
        gaps: Vec<Text>,
    }
}

impl ConflictAnswer {
    /// Until when the answer holds.
    #[must_use]
    pub fn expires(&self) -> Instant {
        self.read_at.plus(FACT_HOLDS)
    }
}
