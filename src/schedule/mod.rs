//! When something may happen: freezes, windows, conflicts, working days.

mod availability;
mod calendar;
mod query;
mod scope;
mod spans;
mod state;
mod timing;
mod view;
mod window;

pub use calendar::Calendar;
pub use query::{Schedule, ScheduleState, Transition};
pub use scope::Scope;
pub(crate) use state::CalendarEvent;
pub use state::{
    CalendarState, ExceptionAnswer, ExceptionDecision, ExceptionRequest, FreezeException,
};
pub use timing::Timing;
pub use window::{WhileClosed, Window, Work, WorkKind};
