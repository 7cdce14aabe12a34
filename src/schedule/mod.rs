//! When something may happen: freezes, windows, conflicts, working days.

mod ics;
mod workdays;

pub use ics::{IcsCalendar, IcsEnd, IcsError, IcsErrorKind, IcsEvent, IcsTime};
pub use workdays::{BackwardPlan, MilestoneSlip, PhaseDays, Slip, WorkingDays};
