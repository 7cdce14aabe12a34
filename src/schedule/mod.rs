//! When something may happen: freezes, windows, conflicts, working days.

mod index;

pub use index::WindowIndex;
