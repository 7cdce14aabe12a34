//! Looking through calendars: what closes them, what opens them, and when that changes.

use super::calendar::Calendar;
use super::query::{CalendarConflict, Transition};
use super::scope::{Scope, groups};
use super::spans::Spans;
use super::window::{WhileClosed, Window, Work};
use crate::phase::{Instant, Interval, Seconds};
use crate::release::{
    DecidingWindow, Effect, Key, Openness, RunningWork, WindowKind, limits::SCHEDULE_HORIZON,
};
use std::collections::BTreeSet;

/// Some calendars, looked at for windows of one kind or of both, but for freezes from which the work is excepted.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    calendars: Vec<&'a Calendar>,
    kind: Option<WindowKind>,
    excepted: BTreeSet<&'a Key>,
}

impl<'a> View<'a> {
    pub(super) fn of(calendars: impl IntoIterator<Item = &'a Calendar>) -> Self {
        Self {
            calendars: calendars.into_iter().collect(),
            kind: None,
            excepted: BTreeSet::new(),
        }
    }

    /// The same, looked at for windows of one kind only.
    pub(super) fn of_kind(self, kind: WindowKind) -> Self {
        let kind = Some(kind);
        Self { kind, ..self }
    }

    /// The same, without these freezes.
    pub(super) fn without(self, excepted: BTreeSet<&'a Key>) -> Self {
        Self { excepted, ..self }
    }

    /// Whether it is open to some work during the whole of a span, with every window that decides.
    pub(super) fn during(&self, span: Interval, work: Work<'_>) -> (Openness, Vec<DecidingWindow>) {
        let conflicts = self.conflicts(span, work).into_iter();
        let mut deciding: Vec<_> = conflicts.map(|one| one.window).collect();
        let worst = deciding.iter().map(|one| one.effect).max();
        if worst.is_none() {
            deciding = self.opening(span, work.scope);
        }
        deciding.sort_unstable();
        deciding.dedup();
        (worst.unwrap_or(Effect::Allowed).into(), deciding)
    }

    /// What becomes of work that runs at an instant, with every window that has a say.
    pub(super) fn running_work_at(
        &self,
        at: Instant,
        work: Work<'_>,
    ) -> (RunningWork, Vec<DecidingWindow>) {
        let rule = |one: &Closing<'_>| one.closed.rule_for_running(work.kind);
        let mut closing = self.closing(Interval::moment(at), work.scope);
        closing.retain(|one| rule(one) > RunningWork::RunOn);
        let running = closing.iter().map(rule).max();
        let effect = |one: &Closing<'_>| one.told(one.closed.effect_on(work.kind));
        let mut deciding: Vec<_> = closing.iter().map(effect).collect();
        deciding.sort_unstable();
        deciding.dedup();
        (running.unwrap_or(RunningWork::RunOn), deciding)
    }

    /// The earliest instant, not before `from`, at which work that runs may go on.
    pub(super) fn next_run_on(&self, from: Instant, work: Work<'_>) -> Option<Instant> {
        horizons(from).find_map(|range| {
            let mut closing = self.closing(range, work.scope);
            closing.retain(|one| one.closed.rule_for_running(work.kind) > RunningWork::RunOn);
            let ended = closing.iter().map(|one| one.overlap);
            let goes_on = Spans::union(ended).gaps(range);
            goes_on.iter().next().map(Interval::start)
        })
    }

    /// The first change after an instant.
    pub(super) fn next_transition(&self, after: Instant, work: Work<'_>) -> Option<Transition> {
        horizons(after).find_map(|range| self.course(range, work).next_change())
    }

    /// The first instant after another at which something begins or ends to close it, even where it stays closed.
    pub(super) fn next_edge(&self, after: Instant, work: Work<'_>) -> Option<Instant> {
        horizons(after).find_map(|range| {
            let conflicts = self.conflicts(range, work).into_iter();
            let blocking = conflicts.filter(|one| one.window.effect == Effect::Blocked);
            let edges = blocking.flat_map(|one| [one.overlap.start(), one.overlap.end()]);
            edges.filter(|&at| after < at && at < range.end()).min()
        })
    }

    /// The earliest instant from which work of that length may run without a break.
    pub(super) fn next_open(
        &self,
        from: Instant,
        duration: Seconds,
        work: Work<'_>,
    ) -> Option<Instant> {
        horizons(from).find_map(|range| {
            let free = self.free(range, work);
            let fitting = free
                .iter()
                .find(|slot| slot.start().plus(duration) <= slot.end());
            fitting.map(Interval::start)
        })
    }

    /// What of the range is not closed.
    pub(super) fn free(&self, range: Interval, work: Work<'_>) -> Spans {
        self.course(range, work).blocked.gaps(range)
    }

    fn bearing_on(
        &self,
        calendar: &'a Calendar,
        scope: &Scope,
        kind: WindowKind,
    ) -> impl Iterator<Item = &'a Window> {
        let is_looked_at = self.kind.is_none_or(|looked_at| looked_at == kind);
        let windows = is_looked_at.then(|| calendar.windows.values());
        windows.into_iter().flatten().filter(move |window| {
            window.kind == kind
                && window.scope.shares_a_point_with(scope)
                && !self.excepted.contains(&window.id)
        })
    }

    /// The points of the scope by the allow-windows that bear on them.
    ///
    /// Where scopes cross too much to be told apart, each window has to be active: a schedule that cannot be looked
    /// through errs closed.
    fn groups(&self, calendar: &'a Calendar, scope: &Scope) -> Vec<Group<'a>> {
        if self.kind == Some(WindowKind::Freeze) {
            return Vec::new();
        }
        let allow: Vec<_> = self
            .bearing_on(calendar, scope, WindowKind::Allow)
            .collect();
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
            let by_default = calendar.otherwise.filter(|_| allow.is_empty());
            let closing = by_default.into_iter().map(|closed| (None, closed));
            let closing = closing.chain(allow.iter().map(|&window| (Some(window), window.closed)));
            Group {
                closing: closing.collect(),
                allow,
            }
        });
        groups.filter(|group| !group.closing.is_empty()).collect()
    }

    /// Everything that keeps it closed for some part of the span, in some point of the scope.
    fn closing(&self, span: Interval, scope: &Scope) -> Vec<Closing<'a>> {
        let mut closing = Vec::new();
        for &calendar in &self.calendars {
            for freeze in self.bearing_on(calendar, scope, WindowKind::Freeze) {
                let occurrences = freeze.occurrences(span).into_iter();
                closing.extend(occurrences.filter_map(|active| {
                    Some(Closing {
                        calendar,
                        window: Some(freeze),
                        active: Some(active),
                        closed: freeze.closed,
                        overlap: active.overlap(span)?,
                    })
                }));
            }
            for Group { allow, closing: by } in self.groups(calendar, scope) {
                let active = allow.iter().flat_map(|window| window.occurrences(span));
                for overlap in Spans::union(active).gaps(span).iter() {
                    closing.extend(by.iter().map(|&(window, closed)| Closing {
                        calendar,
                        window,
                        active: None,
                        closed,
                        overlap,
                    }));
                }
            }
        }
        closing
    }

    /// The allow-windows that are active in the span.
    fn opening(&self, span: Interval, scope: &Scope) -> Vec<DecidingWindow> {
        let opening = self.calendars.iter().flat_map(|&calendar| {
            let windows = self.bearing_on(calendar, scope, WindowKind::Allow);
            windows.flat_map(move |window| {
                let active = window.occurrences(span).into_iter();
                active
                    .map(move |active| told(calendar, Some(window), Some(active), Effect::Allowed))
            })
        });
        opening.collect()
    }

    /// Everything that keeps it closed to some work for a part of the span, or warns of it, with that part; in order.
    pub(super) fn conflicts(&self, span: Interval, work: Work<'_>) -> Vec<CalendarConflict> {
        let closing = self.closing(span, work.scope);
        let conflicts = closing.iter().map(|one| CalendarConflict {
            overlap: one.overlap,
            window: one.told(one.closed.effect_on(work.kind)),
        });
        let mut conflicts: Vec<_> = conflicts
            .filter(|one| one.window.effect > Effect::Allowed)
            .collect();
        conflicts.sort_unstable();
        conflicts.dedup();
        conflicts
    }

    /// When it is closed, and when it warns, as far as that lies in the range.
    fn course(&self, range: Interval, work: Work<'_>) -> Course {
        let closing = self.closing(range, work.scope);
        let spans = |effect| {
            let fitting = closing
                .iter()
                .filter(move |one| one.closed.effect_on(work.kind) == effect);
            Spans::union(fitting.map(|one| one.overlap))
        };
        Course {
            range,
            blocked: spans(Effect::Blocked),
            warned: spans(Effect::Warned),
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
        let changes = changes.filter(|change| change.becomes != now);
        changes.min_by_key(|change| change.at)
    }
}

/// The spans that are looked at from an instant on, until an answer is found.
fn horizons(from: Instant) -> impl Iterator<Item = Interval> {
    let ahead = [Seconds::days(15), Seconds::days(366), SCHEDULE_HORIZON];
    let spans = ahead.into_iter();
    spans.filter_map(move |ahead| Interval::between(from, from.plus(ahead)))
}

/// What keeps a calendar closed: a freeze, an allow-window that is not active, or the calendar's default.
struct Closing<'a> {
    calendar: &'a Calendar,
    window: Option<&'a Window>,
    active: Option<Interval>,
    closed: WhileClosed,
    /// The part of the span that was asked about.
    overlap: Interval,
}

impl Closing<'_> {
    fn told(&self, effect: Effect) -> DecidingWindow {
        told(self.calendar, self.window, self.active, effect)
    }
}

fn told(
    calendar: &Calendar,
    window: Option<&Window>,
    active: Option<Interval>,
    effect: Effect,
) -> DecidingWindow {
    DecidingWindow {
        window: window.map(|window| window.id.clone()),
        kind: window.map(|window| window.kind),
        title: window.and_then(|window| window.title.clone()),
        active,
        ..DecidingWindow::new(calendar.name.clone(), effect)
    }
}

/// Points on which the same allow-windows bear, and what is done to work there while none of them is active.
struct Group<'a> {
    allow: Vec<&'a Window>,
    closing: Vec<(Option<&'a Window>, WhileClosed)>,
}
