//! When something may happen: freezes, windows, conflicts, working days.
