//! What a schedule answers: whether it is open, until when, and when next.

use super::calendar::Calendar;
use super::view::{LISTED, View, is_beyond};
use super::window::Work;
use crate::phase::{Instant, Interval, Invalid, InvalidKind, Seconds};
use crate::release::{DecidingWindow, Key, Openness, RunningWork};
use std::collections::BTreeMap;

/// The change schedule: one calendar or several, open only where all are.
///
/// For some work at an instant, a calendar is closed if a freeze is active that bears on it; else, if allow-windows
/// bear on it, it is open if one of those is active; else it is open, unless it is closed by default. Work that touches
/// several services, environments, regions or tracks is looked at in each: it may happen where all of them may.
///
/// # Time
///
/// All instants are UTC, all spans half-open. Questions about the future look ten years ahead at most, and of more than
/// 1,000 windows that bear on the work so much less that days times windows stay the same.
///
/// # Complexity
///
/// A question looks at the scope of each window, and tells apart how those of allow-windows cross. Of the windows that
/// bear on the work, it expands the occurrences in the span, or up to the answer.
///
/// # Examples
///
/// ```
/// use phasegate::Interval;
/// use phasegate::phase::Seconds;
/// use phasegate::release::{Effect, Key, Openness, RunningWork};
/// use phasegate::schedule::{Calendar, Schedule, Scope, Timing, WhileClosed, Window};
///
/// let year_end = Interval::parse("2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z")?;
/// let hard = WhileClosed::new(Effect::Blocked, RunningWork::FinishWave, Effect::Allowed, Effect::Warned);
/// let freeze = Window::freeze(Key::new("year-end")?, Timing::between(year_end), hard);
/// let schedule = Schedule::from(Calendar::new(Key::new("production")?).with(freeze)?);
///
/// let (work, eve) = (Scope::everything(), "2026-12-24T18:00:00Z".parse()?);
/// assert_eq!(schedule.state_at(eve, &work).openness, Openness::Closed);
/// assert_eq!(schedule.next_open(eve, Seconds::hours(2), &work), Some(year_end.end()));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    calendars: BTreeMap<Key, Calendar>,
}

/// Whether a schedule is open at an instant, and what decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleState {
    /// The instant that was asked about.
    pub at: Instant,
    /// Whether it is open.
    pub openness: Openness,
    /// Every window that decides: those that close it or warn; where it is open, the allow-windows that open it.
    pub deciding: Vec<DecidingWindow>,
}

/// The instant at which a schedule opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// When.
    pub at: Instant,
    /// What it is from then on.
    pub becomes: Openness,
}

/// A span of time in which a calendar is in the way of some work, or warns of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct CalendarConflict {
    /// When, as far as that lies in the span that was asked about.
    pub overlap: Interval,
    /// The freeze that is active then, or the allow-window that is not.
    pub window: DecidingWindow,
}

impl From<Calendar> for Schedule {
    fn from(calendar: Calendar) -> Self {
        Self::default().with(calendar)
    }
}

impl Schedule {
    /// The same, and another calendar; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, calendar: Calendar) -> Self {
        self.calendars.insert(calendar.name.clone(), calendar);
        self
    }

    /// Its calendars, in the order of their names.
    pub fn calendars(&self) -> impl Iterator<Item = &Calendar> {
        self.calendars.values()
    }

    /// Whether it is open to some work at an instant, with every window that decides.
    #[must_use]
    pub fn state_at<'a>(&self, at: Instant, work: impl Into<Work<'a>>) -> ScheduleState {
        let (openness, deciding) = self.view(work).during(Interval::moment(at));
        ScheduleState {
            at,
            openness,
            deciding,
        }
    }

    /// What becomes of work that runs at an instant, with every window that has a say.
    ///
    /// A back-out or an emergency that may start then may go on, too. [`next_move`](Self::next_move) says what that
    /// means for a rollout.
    #[must_use]
    pub fn running_work_at<'a>(
        &self,
        at: Instant,
        work: impl Into<Work<'a>>,
    ) -> (RunningWork, Vec<DecidingWindow>) {
        self.view(work).running_work_at(at)
    }

    /// The first instant after `after` at which it opens, closes, or begins or ends to warn; nothing if none is found as
    /// far as is [looked ahead](Self#time).
    #[must_use]
    pub fn next_transition<'a>(
        &self,
        after: Instant,
        work: impl Into<Work<'a>>,
    ) -> Option<Transition> {
        self.view(work).next_transition(after)
    }

    /// The earliest instant, not before `from`, from which work of that length may run without a break; nothing if none is
    /// found as far as is [looked ahead](Self#time).
    #[must_use]
    pub fn next_open<'a>(
        &self,
        from: Instant,
        duration: Seconds,
        work: impl Into<Work<'a>>,
    ) -> Option<Instant> {
        self.view(work).next_open(from, duration)
    }

    /// The spans of `range` in which work of that length may run, each as long as it can be, in order.
    ///
    /// # Errors
    ///
    /// - too large: the range is longer than ten years
    pub fn free_slots<'a>(
        &self,
        range: Interval,
        duration: Seconds,
        work: impl Into<Work<'a>>,
    ) -> Result<Vec<Interval>, Invalid> {
        within_horizon(range)?;
        let free = self.view(work).blocked(range).gaps(range);
        let is_long = |slot: &Interval| slot.start().plus(duration) <= slot.end();
        Ok(free.iter().filter(is_long).collect())
    }

    /// Everything that is in the way of work during a span, or warns of it: freezes with the part of the span that lies
    /// inside, and allow-windows with each part that lies outside; in order of time.
    ///
    /// # Errors
    ///
    /// - too large: the span is longer than ten years, or has more than 100,000 conflicts
    pub fn conflicts<'a>(
        &self,
        span: Interval,
        work: impl Into<Work<'a>>,
    ) -> Result<Vec<CalendarConflict>, Invalid> {
        within_horizon(span)?;
        self.view(work).conflicts(span).ok_or_else(|| {
            let expected = format!("at most {LISTED} conflicts with windows in it");
            Invalid::new(InvalidKind::TooLarge, "span", span, expected)
        })
    }

    pub(super) fn view<'a>(&self, work: impl Into<Work<'a>>) -> View<'_> {
        View::of(self.calendars.values(), None, work.into())
    }
}

fn within_horizon(span: Interval) -> Result<(), Invalid> {
    if is_beyond(span) {
        let expected = "at most 10 years";
        return Err(Invalid::new(InvalidKind::TooLarge, "span", span, expected));
    }
    Ok(())
}
