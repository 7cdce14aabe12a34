//! What a schedule answers: whether it is open, until when, and when next.

use super::calendar::Calendar;
use super::scope::{Scope, groups};
use super::spans::Spans;
use super::window::{WhileClosed, Window, Work};
use crate::phase::{Instant, Interval, Invalid, InvalidKind, Seconds};
use crate::release::{
    DecidingWindow, Effect, Key, Openness, RunningWork, WindowKind, limits::SCHEDULE_HORIZON,
};
use std::collections::BTreeMap;

/// The change schedule: one calendar or several, open only where all are.
///
/// For some work at an instant, a calendar is closed if a freeze is active that bears on it; else, if allow-windows
/// bear on it, it is open if one of those is active; else it is open, unless it is closed by default. Work that touches
/// several services, environments, regions or tracks is looked at in each: it may happen where all of them may.
///
/// # Time
///
/// All instants are UTC, all spans half-open. Questions about the future look ten years ahead at most.
///
/// # Complexity
///
/// A question at an instant looks at each window once. One about a span expands the windows that bear on the work.
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
        let (openness, deciding) = self.during(Interval::moment(at), work.into());
        ScheduleState {
            at,
            openness,
            deciding,
        }
    }

    /// What becomes of work that runs at an instant, with every window that has a say.
    #[must_use]
    pub fn running_work_at(
        &self,
        at: Instant,
        scope: &Scope,
    ) -> (RunningWork, Vec<DecidingWindow>) {
        let closing = self.closing(Interval::moment(at), scope);
        let has_a_say = closing
            .iter()
            .filter(|one| one.closed.running_work > RunningWork::RunOn);
        let deciding = has_a_say.map(|one| one.told(Effect::Allowed)).collect();
        let running = closing.iter().map(|one| one.closed.running_work).max();
        (running.unwrap_or(RunningWork::RunOn), deciding)
    }

    /// The first instant after `after` at which it opens, closes, or begins or ends to warn; nothing if it does not
    /// within ten years.
    #[must_use]
    pub fn next_transition<'a>(
        &self,
        after: Instant,
        work: impl Into<Work<'a>>,
    ) -> Option<Transition> {
        let work = work.into();
        horizons(after).find_map(|range| self.course(range, work).next_change())
    }

    /// The earliest instant, not before `from`, from which work of that length may run without a break; nothing if
    /// there is none within ten years.
    #[must_use]
    pub fn next_open<'a>(
        &self,
        from: Instant,
        duration: Seconds,
        work: impl Into<Work<'a>>,
    ) -> Option<Instant> {
        let work = work.into();
        horizons(from).find_map(|range| {
            let free = self.course(range, work).blocked.gaps(range);
            let fitting = free
                .iter()
                .find(|slot| slot.start().plus(duration) <= slot.end());
            fitting.map(Interval::start)
        })
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
        if range.start().plus(SCHEDULE_HORIZON) < range.end() {
            let expected = "at most 10 years";
            return Err(Invalid::new(
                InvalidKind::TooLarge,
                "range",
                range,
                expected,
            ));
        }
        let free = self.course(range, work.into()).blocked.gaps(range);
        let is_long = |slot: &Interval| slot.start().plus(duration) <= slot.end();
        Ok(free.iter().filter(is_long).collect())
    }

    /// Whether it is open to some work during the whole of a span, with every window that decides.
    fn during(&self, span: Interval, work: Work<'_>) -> (Openness, Vec<DecidingWindow>) {
        let mut deciding: Vec<_> = self
            .closing(span, work.scope)
            .iter()
            .map(|one| one.told(one.closed.effect_on(work.kind)))
            .filter(|told| told.effect > Effect::Allowed)
            .collect();
        let worst = deciding.iter().map(|one| one.effect).max();
        if worst.is_none() {
            deciding = self.opening(span, work.scope);
        }
        deciding.sort_unstable();
        deciding.dedup();
        (worst.unwrap_or(Effect::Allowed).into(), deciding)
    }

    /// Everything that keeps it closed for some part of the span, in some point of the scope.
    fn closing(&self, span: Interval, scope: &Scope) -> Vec<Closing<'_>> {
        let calendars = self.calendars.values();
        calendars
            .flat_map(|calendar| calendar.closing(span, scope))
            .collect()
    }

    /// The allow-windows that are active in the span.
    fn opening(&self, span: Interval, scope: &Scope) -> Vec<DecidingWindow> {
        let opening = self.calendars.values().flat_map(|calendar| {
            let windows = calendar.bearing_on(scope, WindowKind::Allow);
            windows.flat_map(move |window| {
                let active = window.occurrences(span).into_iter();
                active.map(move |active| calendar.told(Some(window), Some(active), Effect::Allowed))
            })
        });
        opening.collect()
    }

    /// When it is closed, and when it warns, as far as that lies in the range.
    fn course(&self, range: Interval, work: Work<'_>) -> Course {
        let (mut blocked, mut warned) = (Vec::new(), Vec::new());
        let mut close =
            |closed: WhileClosed, spans: &mut dyn Iterator<Item = Interval>| match closed
                .effect_on(work.kind)
            {
                Effect::Allowed => {}
                Effect::Warned => warned.extend(spans),
                Effect::Blocked => blocked.extend(spans),
            };
        for calendar in self.calendars.values() {
            for freeze in calendar.bearing_on(work.scope, WindowKind::Freeze) {
                close(freeze.closed, &mut freeze.occurrences(range).into_iter());
            }
            for Group { allow, closed } in calendar.groups(work.scope) {
                let active = allow.iter().flat_map(|window| window.occurrences(range));
                let inactive = Spans::union(active).gaps(range);
                for closed in closed {
                    close(closed, &mut inactive.iter());
                }
            }
        }
        Course {
            range,
            blocked: Spans::union(blocked),
            warned: Spans::union(warned),
        }
    }
}

/// When a schedule is closed, and when it warns, within a range.
struct Course {
    range: Interval,
    blocked: Spans,
    warned: Spans,
}

impl Course {
    fn at(&self, at: Instant) -> Openness {
        if self.blocked.contains(at) {
            Openness::Closed
        } else if self.warned.contains(at) {
            Openness::Warned
        } else {
            Openness::Open
        }
    }

    /// The first change after the range's start.
    fn next_change(&self) -> Option<Transition> {
        let now = self.at(self.range.start());
        let edges = self.blocked.edges().chain(self.warned.edges());
        let edges = edges.filter(|&at| self.range.start() < at && at < self.range.end());
        let changes = edges.map(|at| Transition {
            at,
            becomes: self.at(at),
        });
        changes
            .filter(|change| change.becomes != now)
            .min_by_key(|change| change.at)
    }
}

/// The spans that are looked at from an instant on, until an answer is found.
fn horizons(from: Instant) -> impl Iterator<Item = Interval> {
    let ahead = [Seconds::days(15), Seconds::days(366), SCHEDULE_HORIZON];
    ahead
        .into_iter()
        .filter_map(move |ahead| Interval::new(from, from.plus(ahead)).ok())
}

/// What keeps a calendar closed: a freeze, an allow-window that is not active, or the calendar's default.
struct Closing<'a> {
    calendar: &'a Calendar,
    window: Option<&'a Window>,
    active: Option<Interval>,
    closed: WhileClosed,
}

impl Closing<'_> {
    fn told(&self, effect: Effect) -> DecidingWindow {
        self.calendar.told(self.window, self.active, effect)
    }
}

/// The allow-windows that bear on some points, and what is done to work while none of them is active.
struct Group<'a> {
    allow: Vec<&'a Window>,
    closed: Vec<WhileClosed>,
}

impl Calendar {
    fn bearing_on(&self, scope: &Scope, kind: WindowKind) -> impl Iterator<Item = &Window> {
        let of_kind = self
            .windows
            .values()
            .filter(move |window| window.kind == kind);
        of_kind.filter(|window| window.scope.shares_a_point_with(scope))
    }

    fn told(
        &self,
        window: Option<&Window>,
        active: Option<Interval>,
        effect: Effect,
    ) -> DecidingWindow {
        DecidingWindow {
            window: window.map(|window| window.id.clone()),
            kind: window.map(|window| window.kind),
            title: window.and_then(|window| window.title.clone()),
            active,
            ..DecidingWindow::new(self.name.clone(), effect)
        }
    }

    /// The points of the scope by the allow-windows that bear on them.
    ///
    /// Where scopes cross too much to be told apart, each window has to be active: a schedule that cannot be looked
    /// through errs closed.
    fn groups(&self, scope: &Scope) -> Vec<Group<'_>> {
        let allow: Vec<_> = self.bearing_on(scope, WindowKind::Allow).collect();
        let scopes: Vec<_> = allow.iter().map(|window| &window.scope).collect();
        let groups = groups(&scopes, scope).unwrap_or_else(|| {
            let alone = (0..allow.len()).map(|place| [place].into());
            alone.chain([[].into()]).collect()
        });
        let groups = groups.into_iter().map(|group| {
            let allow: Vec<_> = group
                .iter()
                .filter_map(|&place| allow.get(place).copied())
                .collect();
            let closed = if allow.is_empty() {
                self.otherwise.into_iter().collect()
            } else {
                allow.iter().map(|window| window.closed).collect()
            };
            Group { allow, closed }
        });
        groups.collect()
    }

    fn closing(&self, span: Interval, scope: &Scope) -> Vec<Closing<'_>> {
        let mut closing = Vec::new();
        for window in self.bearing_on(scope, WindowKind::Freeze) {
            let occurrences = window.occurrences(span).into_iter();
            closing.extend(occurrences.map(|active| Closing {
                calendar: self,
                window: Some(window),
                active: Some(active),
                closed: window.closed,
            }));
        }
        for Group { allow, .. } in self.groups(scope) {
            let active = allow.iter().flat_map(|window| window.occurrences(span));
            if Spans::union(active).gaps(span).is_empty() {
                continue;
            }
            let by_default = self
                .otherwise
                .filter(|_| allow.is_empty())
                .map(|closed| (None, closed));
            let by_windows = allow
                .into_iter()
                .map(|window| (Some(window), window.closed));
            closing.extend(
                by_default
                    .into_iter()
                    .chain(by_windows)
                    .map(|(window, closed)| Closing {
                        calendar: self,
                        window,
                        active: None,
                        closed,
                    }),
            );
        }
        closing
    }
}
