//! When something may happen: freezes, windows, conflicts, working days.

mod at_risk;
mod availability;
mod calendar;
mod conflict;
mod exchange;
mod hours;
mod ics;
mod in_flight;
mod index;
#[cfg(feature = "calendar")]
mod local;
mod query;
#[cfg(feature = "calendar")]
mod recurrence;
mod scope;
mod service_map;
mod spans;
mod state;
mod timing;
mod view;
mod window;
mod workdays;
#[cfg(feature = "calendar")]
mod zone;

pub use at_risk::{AtRisk, Promise};
pub use calendar::Calendar;
pub use conflict::{Booking, Conflict, ConflictKind, Conflicts, Gap, conflicts, conflicts_of};
pub use ics::{IcsCalendar, IcsEnd, IcsError, IcsErrorKind, IcsEvent, IcsTime};
pub use in_flight::{InFlight, PlannedStart, Start};
pub use index::WindowIndex;
pub use query::{CalendarConflict, Schedule, ScheduleState, Transition};
pub use scope::Scope;
pub use service_map::{Distance, Neighbours, ServiceGraph, ServiceMap, Touched};
pub use state::{
    CalendarState, ExceptionAnswer, ExceptionDecision, ExceptionRequest, FreezeException,
};
pub use timing::{Edges, Timing};
pub use window::{WhileClosed, Window, Work, WorkKind};
pub use workdays::{BackwardPlan, MilestoneSlip, PhaseDays, Slip, WorkingDays};
#[cfg(feature = "calendar")]
pub use zone::Zone;

pub(crate) use availability::Claim;
pub(crate) use hours::{Allowed, Hours};
pub(crate) use state::{CalendarEvent, DefaultSet, WindowDeclared, WindowWithdrawn};
pub(crate) use view::View;
