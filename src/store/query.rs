//! What can be listed: a closed set of orders and filters, so that each can have an index.

use crate::phase::{Instant, Interval, PhaseName};
use crate::release::{Key, Stream, Summary, Version};
use serde::{Deserialize, Serialize};

/// Which releases, in which order.
///
/// # Examples
///
/// ```
/// use phasegate::phase::PhaseName;
/// use phasegate::store::{Filter, Order, Query};
///
/// let soon_live = Query { filter: Filter::Phase(PhaseName::Testing), order: Order::PlannedStart };
/// assert_eq!(Query::default(), Query { filter: Filter::All, order: Order::Created });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers write it as a literal")]
pub struct Query {
    /// Which releases.
    pub filter: Filter,
    /// In which order; a release without that instant is left out.
    pub order: Order,
}

/// Which releases are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a closed set, so that each can have an index"
)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// All that are not closed.
    Open,
    /// Those in one phase, on hold or not.
    Phase(PhaseName),
}

impl Filter {
    /// Whether a release in that phase is listed.
    #[must_use]
    pub fn takes(self, phase: PhaseName) -> bool {
        match self {
            Self::All => true,
            Self::Open => phase != PhaseName::Closed,
            Self::Phase(wanted) => phase == wanted,
        }
    }
}

/// By which instant releases are ordered, earliest first; ties by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a closed set, so that each can have an index"
)]
pub enum Order {
    /// When the first event was recorded.
    #[default]
    Created,
    /// When the deployment window opens.
    PlannedStart,
    /// When something is due next, starts or ends: [`Summary::next_due`].
    NextDue,
}

impl Order {
    /// All orders.
    pub const ALL: [Self; 3] = [Self::Created, Self::PlannedStart, Self::NextDue];

    /// The instant by which a row is ordered, if it has it.
    #[must_use]
    pub fn instant(self, summary: &Summary) -> Option<Instant> {
        match self {
            Self::Created => Some(summary.created_at),
            Self::PlannedStart => summary.window.map(Interval::start),
            Self::NextDue => summary.next_due,
        }
    }
}

/// A place in an order: the row that was read last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "stores have to make it")]
pub struct Cursor {
    /// The instant by which that row is ordered.
    pub at: Instant,
    /// Its stream's id.
    pub id: Key,
}

/// A release in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores have to make it")]
pub struct Row {
    /// The release's log.
    pub stream: Stream,
    /// The version of the log.
    pub version: Version,
    /// What is listed.
    pub summary: Summary,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "stores have to make it")]
pub struct Page {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<Cursor>,
}
