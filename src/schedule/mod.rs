//! When something may happen: freezes, windows, conflicts, working days.

mod conflict;
mod index;
mod service_map;

pub use conflict::{Booking, Conflict, ConflictKind, Conflicts, Gap, conflicts, conflicts_of};
pub use index::WindowIndex;
pub use service_map::{Distance, Neighbours, ServiceGraph, ServiceMap, Touched};
