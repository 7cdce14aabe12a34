//! Looking through calendars: what closes them, what opens them, and when that changes.

use super::calendar::Calendar;
use super::query::{CalendarConflict, Transition};
use super::scope::groups;
use super::spans::Spans;
use super::window::{WhileClosed, Window, Work, WorkKind};
use crate::phase::{Instant, Interval, Seconds};
use crate::release::{
    DecidingWindow, Effect, Key, Openness, RunningWork, WindowKind, limits::SCHEDULE_HORIZON,
};
use std::collections::BTreeMap;

/// How many conflicts with windows are listed.
pub(super) const LISTED: usize = 100_000;

/// How many days of windows are looked through for what comes next: ten years of 1,000 windows.
const LOOKED_THROUGH: u64 = 3_653_000;
const DAY: u32 = 86_400;

/// How some calendars bear on some work.
///
/// A span is looked at in parts: what comes early is found early, and what is kept does not grow with the span.
#[derive(Debug, Clone)]
pub(crate) struct View<'a> {
    kind: WorkKind,
    calendars: Vec<Bearing<'a>>,
}

/// The windows of a calendar that bear on the work.
#[derive(Debug, Clone)]
struct Bearing<'a> {
    calendar: &'a Calendar,
    freezes: Vec<Freeze<'a>>,
    allow: Vec<&'a Window>,
    groups: Vec<Group<'a>>,
}

/// A window, or the calendar's default, and what it does while it keeps the calendar closed.
type By<'a> = (Option<&'a Window>, WhileClosed);

/// A freeze, but for the times at which the work is excepted from it.
#[derive(Debug, Clone)]
struct Freeze<'a> {
    window: &'a Window,
    by: [By<'a>; 1],
    excepted: Spans,
}

/// Points on which the same allow-windows bear, and what keeps them closed while none of these is active.
#[derive(Debug, Clone)]
struct Group<'a> {
    /// By their places among those that bear on the work.
    allow: Vec<usize>,
    by: Vec<By<'a>>,
}

/// What keeps a calendar closed at some times.
struct Closing<'v, 'a> {
    calendar: &'a Calendar,
    by: &'v [By<'a>],
    times: Vec<Time>,
}

/// A time at which a calendar is closed.
#[derive(Clone, Copy)]
struct Time {
    /// The occurrence of the freeze that closes it.
    active: Option<Interval>,
    /// The part of the span that was looked at.
    closed: Interval,
}

impl<'a> View<'a> {
    /// Of windows of one kind, or of both.
    pub(crate) fn of(
        calendars: impl IntoIterator<Item = &'a Calendar>,
        kind: Option<WindowKind>,
        work: Work<'_>,
    ) -> Self {
        let calendars = calendars.into_iter();
        Self {
            kind: work.kind,
            calendars: calendars
                .map(|one| Bearing::of(one, kind, work.scope))
                .collect(),
        }
    }

    /// The same, where a calendar's freezes do not bind the work at these times.
    pub(super) fn except<'k>(
        mut self,
        calendar: &Calendar,
        exceptions: impl IntoIterator<Item = (&'k Key, Interval)>,
    ) -> Self {
        let mut times: BTreeMap<&Key, Vec<Interval>> = BTreeMap::new();
        for (freeze, time) in exceptions {
            times.entry(freeze).or_default().push(time);
        }
        let calendars = self.calendars.iter_mut();
        for bearing in calendars.filter(|one| one.calendar.name == calendar.name) {
            for freeze in &mut bearing.freezes {
                let times = times.get(&freeze.window.id).into_iter().flatten();
                freeze.excepted = Spans::union(freeze.excepted.iter().chain(times.copied()));
            }
        }
        self
    }

    /// Whether it is open during the whole of a span, with every window that decides.
    pub(super) fn during(&self, span: Interval) -> (Openness, Vec<DecidingWindow>) {
        let effect = |closed: WhileClosed| closed.effect_on(self.kind);
        let deciding = self.closing(span, |closed| {
            Some(effect(closed)).filter(|&effect| effect > Effect::Allowed)
        });
        let worst = deciding.iter().map(|one| one.effect).max();
        match worst {
            Some(worst) => (worst.into(), deciding),
            None => (Openness::Open, self.opening(span)),
        }
    }

    /// What becomes of work that runs at an instant, with every window that has a say.
    pub(super) fn running_work_at(&self, at: Instant) -> (RunningWork, Vec<DecidingWindow>) {
        let mut worst = RunningWork::RunOn;
        let deciding = self.closing(Interval::moment(at), |closed| {
            let rule = closed.rule_for_running(self.kind);
            worst = worst.max(rule);
            (rule > RunningWork::RunOn).then(|| closed.effect_on(self.kind))
        });
        (worst, deciding)
    }

    /// The earliest instant, not before `from`, at which work that runs may go on.
    pub(super) fn next_run_on(&self, from: Instant) -> Option<Instant> {
        self.ahead(from).find_map(|part| {
            let ended = self.times(part, |closed| {
                closed.rule_for_running(self.kind) > RunningWork::RunOn
            });
            let goes_on = Spans::union(ended).gaps(part);
            goes_on.iter().next().map(Interval::start)
        })
    }

    /// The first change after an instant.
    pub(super) fn next_transition(&self, after: Instant) -> Option<Transition> {
        let mut now = None;
        self.ahead(after).find_map(|part| {
            let (blocked, warned) = self.by_effect(part);
            let openness = |at| match (blocked.contains(at), warned.contains(at)) {
                (true, _) => Openness::Closed,
                (false, true) => Openness::Warned,
                (false, false) => Openness::Open,
            };
            let now = *now.get_or_insert_with(|| openness(after));
            let edges = [part.start()].into_iter();
            let edges = edges.chain(blocked.edges()).chain(warned.edges());
            let changes = edges.filter(|&at| part.contains(at) && openness(at) != now);
            changes.min().map(|at| Transition {
                at,
                becomes: openness(at),
            })
        })
    }

    /// The first instant after another at which something begins or ends to close it, even where it stays closed.
    pub(super) fn next_edge(&self, after: Instant) -> Option<Instant> {
        self.ahead(after).find_map(|part| {
            // From a little earlier, so that what begins with the part is told from what goes on.
            let from = part.start().minus(Seconds::new(1));
            let looked_at = Interval::between(from, part.end())?;
            let blocking = |closed: WhileClosed| closed.effect_on(self.kind) == Effect::Blocked;
            let times = self.times(looked_at, blocking).into_iter();
            let edges = times.flat_map(|time| [time.start(), time.end()]);
            edges.filter(|&at| after < at && part.contains(at)).min()
        })
    }

    /// The earliest instant from which work of that length may run without a break.
    pub(super) fn next_open(&self, from: Instant, duration: Seconds) -> Option<Instant> {
        let mut open_since = None;
        self.ahead(from).find_map(|part| {
            let before = open_since.take();
            let (blocked, _) = self.by_effect(part);
            let free = blocked.gaps(part);
            free.iter().find_map(|slot| {
                let goes_on = before.filter(|_| slot.start() == part.start());
                let start = goes_on.unwrap_or(slot.start());
                open_since = (slot.end() == part.end()).then_some(start);
                (start.plus(duration) <= slot.end()).then_some(start)
            })
        })
    }

    /// What of the span is closed.
    pub(super) fn blocked(&self, span: Interval) -> Spans {
        let blocked: Vec<_> = parts(span).map(|part| self.by_effect(part).0).collect();
        Spans::union(blocked.iter().flat_map(Spans::iter))
    }

    /// From when on the rest of the span is open; nothing if it is closed to its end, or open already.
    pub(super) fn rest_opens_at(&self, span: Interval) -> Option<Instant> {
        let last = self.blocked(span).iter().last()?.end();
        (last < span.end()).then_some(last)
    }

    /// When each freeze closes it, as far as that lies in the span.
    pub(super) fn frozen(&self, span: Interval) -> BTreeMap<&'a Key, Spans> {
        let freezes = self.calendars.iter().flat_map(|one| &one.freezes);
        let blocking = freezes
            .filter(|freeze| freeze.window.closed.effect_on(self.kind) == Effect::Blocked)
            .map(|freeze| {
                let times = parts(span).flat_map(|part| freeze.times(part));
                let times = Spans::union(times.map(|time| time.closed));
                (&freeze.window.id, times)
            });
        blocking.collect()
    }

    /// Everything that keeps it closed for a part of the span, or warns of it, with that part; in order. Nothing, if
    /// that is more than is listed.
    pub(super) fn conflicts(&self, span: Interval) -> Option<Vec<CalendarConflict>> {
        let mut times: BTreeMap<DecidingWindow, Vec<Interval>> = BTreeMap::new();
        let mut count = 0;
        for part in parts(span) {
            for closing in self.calendars.iter().flat_map(|one| one.closings(part)) {
                for &(window, closed) in closing.by {
                    let effect = closed.effect_on(self.kind);
                    if effect == Effect::Allowed {
                        continue;
                    }
                    for time in &closing.times {
                        let window = told(closing.calendar, window, time.active, effect);
                        times.entry(window).or_default().push(time.closed);
                        count += 1;
                        if count > LISTED {
                            return None;
                        }
                    }
                }
            }
        }
        let conflicts = times.into_iter().flat_map(|(window, times)| {
            let joined: Vec<_> = Spans::union(times).iter().collect();
            joined.into_iter().map(move |overlap| CalendarConflict {
                overlap,
                window: window.clone(),
            })
        });
        let mut conflicts: Vec<_> = conflicts.collect();
        conflicts.sort_unstable();
        Some(conflicts)
    }

    /// What is to come, in parts: ten years, and of more than 1,000 windows so much less that the answer comes in time.
    fn ahead(&self, from: Instant) -> impl Iterator<Item = Interval> {
        let windows = self
            .calendars
            .iter()
            .map(|one| one.freezes.len() + one.allow.len());
        let windows = u64::try_from(windows.sum::<usize>()).unwrap_or(u64::MAX);
        let horizon = SCHEDULE_HORIZON.get().min(
            u32::try_from(LOOKED_THROUGH / windows.max(1))
                .unwrap_or(u32::MAX)
                .saturating_mul(DAY),
        );
        let ahead = Interval::between(from, from.plus(Seconds::new(horizon)));
        ahead.into_iter().flat_map(parts)
    }

    /// The windows that close it at some time of the span and have an effect, each once, by the first such time; in
    /// order.
    fn closing(
        &self,
        span: Interval,
        mut effect: impl FnMut(WhileClosed) -> Option<Effect>,
    ) -> Vec<DecidingWindow> {
        let mut deciding = BTreeMap::new();
        for part in parts(span) {
            for closing in self.calendars.iter().flat_map(|one| one.closings(part)) {
                let Some(first) = closing.times.first() else {
                    continue;
                };
                for &(window, closed) in closing.by {
                    if let Some(effect) = effect(closed) {
                        let calendar = closing.calendar;
                        let id = window.map(|window| &window.id);
                        deciding
                            .entry((&calendar.name, effect, id))
                            .or_insert_with(|| told(calendar, window, first.active, effect));
                    }
                }
            }
        }
        deciding.into_values().collect()
    }

    /// The allow-windows that are active in the span, each once.
    fn opening(&self, span: Interval) -> Vec<DecidingWindow> {
        let opening = self.calendars.iter().flat_map(|bearing| {
            bearing.allow.iter().filter_map(move |&window| {
                let first = parts(span).find_map(|part| window.occurrences(part).first().copied());
                let effect = Effect::Allowed;
                Some(told(bearing.calendar, Some(window), Some(first?), effect))
            })
        });
        let mut opening: Vec<_> = opening.collect();
        opening.sort_unstable();
        opening
    }

    /// What of a part is closed, and what it warns of, closed or not.
    fn by_effect(&self, part: Interval) -> (Spans, Spans) {
        let (mut blocked, mut warned) = (Vec::new(), Vec::new());
        for closing in self.calendars.iter().flat_map(|one| one.closings(part)) {
            let times = || closing.times.iter().map(|time| time.closed);
            let effects = closing
                .by
                .iter()
                .map(|(_, closed)| closed.effect_on(self.kind));
            match effects.max() {
                Some(Effect::Blocked) => blocked.extend(times()),
                Some(Effect::Warned) => warned.extend(times()),
                Some(Effect::Allowed) | None => {}
            }
        }
        (Spans::union(blocked), Spans::union(warned))
    }

    /// The times at which something closes it that is wanted.
    fn times(&self, part: Interval, is_wanted: impl Fn(WhileClosed) -> bool) -> Vec<Interval> {
        let closings = self.calendars.iter().flat_map(|one| one.closings(part));
        let wanted =
            closings.filter(|closing| closing.by.iter().any(|&(_, closed)| is_wanted(closed)));
        wanted
            .flat_map(|closing| closing.times)
            .map(|time| time.closed)
            .collect()
    }
}

impl<'a> Bearing<'a> {
    fn of(calendar: &'a Calendar, kind: Option<WindowKind>, scope: &super::Scope) -> Self {
        let (mut freezes, mut allow) = (Vec::new(), Vec::new());
        for window in calendar.windows.values() {
            let is_looked_at = kind.is_none_or(|kind| kind == window.kind);
            if !is_looked_at || !window.scope.shares_a_point_with(scope) {
                continue;
            }
            match window.kind {
                WindowKind::Freeze => freezes.push(Freeze {
                    window,
                    by: [(Some(window), window.closed)],
                    excepted: Spans::default(),
                }),
                WindowKind::Allow => allow.push(window),
            }
        }
        let groups = match kind {
            Some(WindowKind::Freeze) => Vec::new(),
            Some(WindowKind::Allow) | None => grouped(calendar, &allow, scope),
        };
        Self {
            calendar,
            freezes,
            allow,
            groups,
        }
    }

    /// What keeps it closed in a part of time.
    fn closings(&self, part: Interval) -> impl Iterator<Item = Closing<'_, 'a>> {
        let calendar = self.calendar;
        let freezes = self.freezes.iter().map(move |freeze| Closing {
            calendar,
            by: &freeze.by,
            times: freeze.times(part),
        });
        let active = self.allow.iter().map(|window| window.occurrences(part));
        let active: Vec<_> = active.collect();
        let groups = self.groups.iter().map(move |group| {
            let active = group.allow.iter().filter_map(|&place| active.get(place));
            let closed = Spans::union(active.flatten().copied()).gaps(part);
            let times = closed.iter().map(|closed| Time {
                active: None,
                closed,
            });
            Closing {
                calendar,
                by: &group.by,
                times: times.collect(),
            }
        });
        freezes.chain(groups)
    }
}

impl Freeze<'_> {
    fn times(&self, part: Interval) -> Vec<Time> {
        let active = self.window.occurrences(part).into_iter();
        let within = active.filter_map(|active| Some((active, active.overlap(part)?)));
        let times = within.flat_map(|(active, within)| {
            let binding: Vec<_> = self.excepted.gaps(within).iter().collect();
            binding.into_iter().map(move |closed| Time {
                active: Some(active),
                closed,
            })
        });
        times.collect()
    }
}

/// The points of the scope by the allow-windows that bear on them, as far as something can close them.
///
/// Where scopes cross too much to be told apart, each window has to be active: a schedule that cannot be looked through
/// errs closed.
fn grouped<'a>(calendar: &Calendar, allow: &[&'a Window], scope: &super::Scope) -> Vec<Group<'a>> {
    let scopes: Vec<_> = allow.iter().map(|window| &window.scope).collect();
    let groups = groups(&scopes, scope).unwrap_or_else(|| {
        let alone = (0..allow.len()).map(|place| [place].into());
        alone.chain([[].into()]).collect()
    });
    let groups = groups.into_iter().map(|places| {
        let windows = places.iter().filter_map(|&place| allow.get(place).copied());
        let mut by: Vec<By<'_>> = windows
            .map(|window| (Some(window), window.closed))
            .collect();
        if by.is_empty() {
            by.extend(calendar.otherwise.map(|closed| (None, closed)));
        }
        let allow = places.into_iter().collect();
        Group { allow, by }
    });
    groups.filter(|group| !group.by.is_empty()).collect()
}

/// Whether a span is longer than a schedule is looked through.
pub(super) fn is_beyond(span: Interval) -> bool {
    span.start().plus(SCHEDULE_HORIZON) < span.end()
}

/// A span in parts, one after the other, the first ones shorter.
fn parts(span: Interval) -> impl Iterator<Item = Interval> {
    let (mut from, mut days) = (span.start(), 15);
    std::iter::from_fn(move || {
        let to = from.plus(Seconds::days(days)).min(span.end());
        let part = Interval::between(from, to)?;
        from = to;
        days = (days * 2).min(366);
        Some(part)
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Scope, Timing};
    use proptest::prelude::*;

    fn minute(minute: u32) -> Instant {
        Instant::EPOCH.plus(Seconds::minutes(minute))
    }

    fn span((start, length): (u32, u32)) -> Interval {
        Interval::new(minute(start), minute(start + length)).unwrap()
    }

    fn key(id: usize) -> Key {
        Key::new(format!("f{id}")).unwrap()
    }

    fn frozen(spans: &[(u32, u32)]) -> Calendar {
        let hard = WhileClosed::new(
            Effect::Blocked,
            RunningWork::FinishWave,
            Effect::Allowed,
            Effect::Allowed,
        );
        let windows = spans
            .iter()
            .enumerate()
            .map(|(id, &active)| Window::freeze(key(id), Timing::between(span(active)), hard));
        let calendar = Calendar::new(Key::new("production").unwrap());
        windows.fold(calendar, |calendar, window| calendar.with(window).unwrap())
    }

    fn spans() -> impl Strategy<Value = Vec<(u32, u32)>> {
        prop::collection::vec((0_u32..60, 1_u32..20), 0..4)
    }

    proptest! {
        #[test]
        fn an_excepted_freeze_is_one_without_these_times(
            freezes in spans(),
            exceptions in prop::collection::vec((0_usize..4, (0_u32..60, 1_u32..20)), 0..4),
            length in 1_u32..10,
        ) {
            let (calendar, scope) = (frozen(&freezes), Scope::everything());
            let ids: Vec<_> = (0..4).map(key).collect();
            let excepted = exceptions.iter().map(|(id, time)| (&ids[*id], span(*time)));
            let view = View::of([&calendar], None, (&scope).into()).except(&calendar, excepted);
            let is_closed = |at: u32| {
                freezes.iter().enumerate().any(|(id, &freeze)| {
                    let mut excepted = exceptions.iter().filter(|(of, _)| *of == id);
                    span(freeze).contains(minute(at))
                        && !excepted.any(|&(_, time)| span(time).contains(minute(at)))
                })
            };
            for at in 0..90 {
                let (openness, deciding) = view.during(Interval::moment(minute(at)));
                prop_assert_eq!(openness == Openness::Closed, is_closed(at));
                prop_assert_eq!(deciding.is_empty(), !is_closed(at));
                let change = view.next_transition(minute(at)).map(|change| change.at);
                let changes = (at + 1..90).find(|&later| is_closed(later) != is_closed(at));
                prop_assert_eq!(change, changes.map(minute));
                let fits = |start: &u32| (*start..*start + length).all(|at| !is_closed(at));
                let open = view.next_open(minute(at), Seconds::minutes(length));
                prop_assert_eq!(open, (at..200).find(fits).map(minute));
            }
        }
    }

    const DAY: u32 = 24 * 60;

    /// A span is looked at in parts, the first of which is 15 days long.
    #[test]
    fn nothing_is_lost_where_the_parts_meet() {
        let scope = Scope::everything();
        let calendar = frozen(&[(15 * DAY, DAY), (40 * DAY, 10 * DAY)]);
        let view = View::of([&calendar], None, (&scope).into());
        let change = |after| view.next_transition(minute(after)).map(|change| change.at);
        assert_eq!(change(0), Some(minute(15 * DAY)));
        assert_eq!(change(15 * DAY), Some(minute(16 * DAY)));
        assert_eq!(view.next_edge(minute(0)), Some(minute(15 * DAY)));
        assert_eq!(view.next_edge(minute(DAY)), Some(minute(15 * DAY)));
        assert_eq!(view.next_edge(minute(30 * DAY)), Some(minute(40 * DAY)));
        let open = |days| view.next_open(minute(0), Seconds::days(days));
        assert_eq!(open(15), Some(minute(0)));
        assert_eq!(open(24), Some(minute(16 * DAY)));
        assert_eq!(open(25), Some(minute(50 * DAY)));
        let closed: Vec<_> = view.blocked(span((0, 100 * DAY))).iter().collect();
        let frozen = [span((15 * DAY, DAY)), span((40 * DAY, 10 * DAY))];
        assert_eq!(closed, frozen);
        let conflicts = view.conflicts(span((0, 100 * DAY))).unwrap();
        let overlaps: Vec<_> = conflicts.iter().map(|one| one.overlap).collect();
        assert_eq!(overlaps, frozen);
    }
}
