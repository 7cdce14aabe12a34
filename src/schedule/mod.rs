//! When something may happen: freezes, windows, conflicts, working days.

#[cfg(feature = "calendar")]
mod local;
#[cfg(feature = "calendar")]
mod recurrence;
mod timing;
#[cfg(feature = "calendar")]
mod zone;

pub use timing::{Edges, Timing};
#[cfg(feature = "calendar")]
pub use zone::Zone;
