//! When something may happen: freezes, windows, conflicts, working days.

mod availability;
mod calendar;
mod ics;
#[cfg(feature = "calendar")]
mod local;
mod query;
#[cfg(feature = "calendar")]
mod recurrence;
mod scope;
mod spans;
mod state;
mod timing;
mod view;
mod window;
mod workdays;
#[cfg(feature = "calendar")]
mod zone;

pub use calendar::Calendar;
pub use ics::{IcsCalendar, IcsEnd, IcsError, IcsErrorKind, IcsEvent, IcsTime};
pub use query::{Schedule, ScheduleState, Transition};
pub use scope::Scope;
pub use state::{
    CalendarState, ExceptionAnswer, ExceptionDecision, ExceptionRequest, FreezeException,
};
pub use timing::{Edges, Timing};
pub use window::{WhileClosed, Window, Work, WorkKind};
pub use workdays::{BackwardPlan, MilestoneSlip, PhaseDays, Slip, WorkingDays};
#[cfg(feature = "calendar")]
pub use zone::Zone;

pub(crate) use state::CalendarEvent;
