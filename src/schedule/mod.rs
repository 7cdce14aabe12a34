//! When something may happen: freezes, windows, conflicts, working days.

mod workdays;

pub use workdays::{BackwardPlan, MilestoneSlip, PhaseDays, Slip, WorkingDays};
