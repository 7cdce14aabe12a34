//! The log of a calendar: windows declared and withdrawn, and exceptions to freezes.

use super::calendar::Calendar;
use super::window::{WhileClosed, Window};
use crate::phase::{Instant, Interval};
use crate::release::limits::{CALENDAR_EXCEPTIONS, CALENDAR_WINDOWS};
use crate::release::{
    Actor, Bounded, Envelope, Key, Ledger, LedgerEvent, LogError, Person, Place, Reason, Reasons,
    ReleaseId, Stream, StreamKind, Text, Upcasters, Version, WindowKind, fold, plain,
};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

plain! {
    /// Somebody asks that a release be excepted from freezes.
    pub struct ExceptionRequest {
        /// The host's id of the request, one of the calendar.
        id: Key,
        /// The release.
        release: ReleaseId,
        /// The freezes, each by the id of its window.
        freezes: Bounded<BTreeSet<Key>>,
        /// When the work would be done.
        within: Interval,
        /// Why it cannot wait.
        reason: Text,
    }

    /// A request for an exception is decided. A later decision takes the place of an earlier one.
    pub struct ExceptionDecision {
        /// The request.
        id: Key,
        /// What was decided.
        answer: ExceptionAnswer,
        /// Why.
        reason: Text,
    }
}

/// What was decided about a request for an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "an exception is granted or denied")]
pub enum ExceptionAnswer {
    /// The freezes do not bind the release, once, for work that lies within this span.
    Granted(Interval),
    /// They do.
    Denied,
}

/// What happens to a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CalendarEvent {
    WindowDeclared(Box<WindowDeclared>),
    WindowWithdrawn(WindowWithdrawn),
    DefaultSet(DefaultSet),
    ExceptionRequested(ExceptionRequest),
    ExceptionDecided(ExceptionDecision),
}

/// A window is in the calendar from now on, in the place of one of the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowDeclared {
    pub(crate) window: Window,
}

/// A window is not in the calendar any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowWithdrawn {
    pub(crate) window: Key,
    pub(crate) reason: Text,
}

/// What holds where no allow-window says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultSet {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closed: Option<WhileClosed>,
    pub(crate) reason: Text,
}

impl LedgerEvent for CalendarEvent {
    fn kind(&self) -> (&'static str, u16) {
        let kind = match self {
            Self::WindowDeclared(_) => "calendar.window_declared",
            Self::WindowWithdrawn(_) => "calendar.window_withdrawn",
            Self::DefaultSet(_) => "calendar.default_set",
            Self::ExceptionRequested(_) => "calendar.exception_requested",
            Self::ExceptionDecided(_) => "calendar.exception_decided",
        };
        (kind, 1)
    }

    fn schema(kind: &str) -> Option<u16> {
        match kind {
            "calendar.window_declared"
            | "calendar.window_withdrawn"
            | "calendar.default_set"
            | "calendar.exception_requested"
            | "calendar.exception_decided" => Some(1),
            _ => None,
        }
    }

    fn encode(&self) -> serde_json::Result<Box<RawValue>> {
        match self {
            Self::WindowDeclared(declared) => to_raw_value(declared),
            Self::WindowWithdrawn(withdrawn) => to_raw_value(withdrawn),
            Self::DefaultSet(default) => to_raw_value(default),
            Self::ExceptionRequested(request) => to_raw_value(request),
            Self::ExceptionDecided(decision) => to_raw_value(decision),
        }
    }

    fn decode(kind: &str, data: &str) -> serde_json::Result<Self> {
        match kind {
            "calendar.window_declared" => serde_json::from_str(data).map(Self::WindowDeclared),
            "calendar.window_withdrawn" => serde_json::from_str(data).map(Self::WindowWithdrawn),
            "calendar.default_set" => serde_json::from_str(data).map(Self::DefaultSet),
            "calendar.exception_requested" => {
                serde_json::from_str(data).map(Self::ExceptionRequested)
            }
            "calendar.exception_decided" => serde_json::from_str(data).map(Self::ExceptionDecided),
            unknown => Err(serde::de::Error::unknown_variant(unknown, &["calendar.*"])),
        }
    }
}

/// A request for an exception, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreezeException {
    /// What was asked for.
    pub request: ExceptionRequest,
    /// Who asked.
    pub requested_by: Actor,
    /// When.
    pub requested_at: Instant,
    /// What was decided last, by whom and when; nothing while it is pending.
    pub decided: Option<(ExceptionDecision, Person, Instant)>,
    /// Where in the log that stands.
    decided_at: Version,
}

impl FreezeException {
    /// The span for which it is granted.
    pub(super) fn granted(&self) -> Option<Interval> {
        match self.decided.as_ref()?.0.answer {
            ExceptionAnswer::Granted(within) => Some(within),
            ExceptionAnswer::Denied => None,
        }
    }

    pub(super) const fn decided_at(&self) -> Version {
        self.decided_at
    }

    /// Until when it may be granted or used; not at all, if it is denied.
    fn lives_until(&self) -> Option<Instant> {
        let within = match self.decided {
            None => Some(self.request.within),
            Some(_) => self.granted(),
        };
        within.map(Interval::end)
    }
}

/// What the log of a calendar comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarState {
    place: Place,
    calendar: Calendar,
    /// Where in the log each window was declared as it is.
    declared_at: BTreeMap<Key, Version>,
    exceptions: BTreeMap<Key, FreezeException>,
    /// How many exceptions live until then.
    living_until: BTreeMap<Instant, usize>,
}

impl CalendarState {
    /// Makes the state of a calendar of its whole log.
    ///
    /// # Errors
    ///
    /// As [`replay`](crate::release::replay): the log is empty, broken, malformed or inadmissible.
    pub fn replay<'a>(
        log: impl IntoIterator<Item = &'a Envelope>,
        upcasters: &Upcasters,
    ) -> Result<Self, LogError> {
        fold(log, upcasters)
    }

    /// The calendar as it stands.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The version of its log.
    #[must_use]
    pub const fn log_version(&self) -> Version {
        self.place.version
    }

    /// All requests for exceptions, in the order of their ids.
    pub fn exceptions(&self) -> impl Iterator<Item = &FreezeException> {
        self.exceptions.values()
    }

    /// What has to happen for the windows and the default to become those of that calendar: what closes first, and
    /// what opens last.
    pub(crate) fn towards(&self, calendar: &Calendar, reason: &Text) -> Vec<CalendarEvent> {
        let (now, then) = (&self.calendar, calendar);
        let declared = then.windows.values();
        let mut declared: Vec<_> = declared
            .filter(|window| now.windows.get(&window.id) != Some(window))
            .collect();
        declared.sort_by_key(|window| (now.windows.contains_key(&window.id), window.kind));
        let declared = declared.into_iter().cloned().map(|window| {
            let declared = WindowDeclared { window };
            CalendarEvent::WindowDeclared(Box::new(declared))
        });
        let default = (now.otherwise != then.otherwise).then(|| {
            let (closed, reason) = (then.otherwise, reason.clone());
            CalendarEvent::DefaultSet(DefaultSet { closed, reason })
        });
        let gone = now
            .windows
            .keys()
            .filter(|id| !then.windows.contains_key(*id));
        let gone = gone.cloned().map(|window| {
            let reason = reason.clone();
            CalendarEvent::WindowWithdrawn(WindowWithdrawn { window, reason })
        });
        declared.chain(default).chain(gone).collect()
    }

    /// A calendar of which no log tells.
    #[cfg(feature = "verify")]
    pub(crate) fn assumed(stream: Stream, calendar: Calendar) -> Self {
        let ids = calendar.windows.keys();
        Self {
            declared_at: ids.map(|id| (id.clone(), Version::NONE)).collect(),
            calendar,
            ..Self::start(Place::before(stream))
        }
    }

    pub(crate) const fn stream(&self) -> &Stream {
        &self.place.stream
    }

    /// Whether the freeze is as it was at that version of the log.
    pub(super) fn is_as_of(&self, freeze: &Key, version: Version) -> bool {
        let declared_at = self.declared_at.get(freeze);
        declared_at.is_some_and(|&declared_at| declared_at <= version)
    }

    fn count(&mut self, lives_until: Option<Instant>) {
        if let Some(at) = lives_until {
            *self.living_until.entry(at).or_default() += 1;
        }
    }

    fn uncount(&mut self, lives_until: Option<Instant>) {
        let entry = lives_until.map(|at| self.living_until.entry(at));
        if let Some(Entry::Occupied(mut count)) = entry {
            if *count.get() > 1 {
                *count.get_mut() -= 1;
            } else {
                count.remove();
            }
        }
    }

    /// There is room for one more exception that is neither over nor denied.
    fn needs_room(&self, at: Instant, reasons: &mut Reasons) {
        let living = self.living_until.range(at.next()..);
        let living: usize = living.map(|(_, count)| count).sum();
        reasons.unless(living < CALENDAR_EXCEPTIONS, || {
            let message = format!(
                "{CALENDAR_EXCEPTIONS} exceptions of the calendar are neither over nor denied, and there can be no more"
            );
            Reason::new("too-many-exceptions", message, "deny those that are not needed")
        });
    }

    fn admits_window(&self, window: &Window, reasons: &mut Reasons) {
        let windows = &self.calendar.windows;
        let is_room = windows.len() < CALENDAR_WINDOWS || windows.contains_key(&window.id);
        reasons.unless(is_room, || {
            let message =
                format!("the calendar has {CALENDAR_WINDOWS} windows, and can have no more");
            Reason::new("too-many-windows", message, "withdraw those that are over")
        });
        reasons.unless(windows.get(&window.id) != Some(window), || {
            let message = format!("window `{}` says the same already", window.id);
            Reason::new("nothing-changed", message, "leave it")
        });
    }

    fn admits_request(&self, request: &ExceptionRequest, at: Instant, reasons: &mut Reasons) {
        let ExceptionRequest {
            id,
            freezes,
            reason,
            ..
        } = request;
        reasons.not_blank(reason, "reason of the exception");
        reasons.unused(!self.exceptions.contains_key(id), "exception", id);
        self.needs_room(at, reasons);
        reasons.unless(at < request.within.end(), || {
            let message = format!("exception `{id}` is for {}, and it is {at}", request.within);
            Reason::new("over", message, "ask for a time that is to come")
        });
        reasons.unless(!freezes.is_empty(), || {
            let message = format!("exception `{id}` names no freeze");
            Reason::new("no-freeze", message, "name each freeze that is in the way")
        });
        for freeze in freezes.iter() {
            let window = self.calendar.windows.get(freeze);
            known(reasons, window.is_some(), "window", freeze);
            let is_freeze = window.is_none_or(|window| window.kind == WindowKind::Freeze);
            reasons.unless(is_freeze, || {
                let message =
                    format!("window `{freeze}` is an allow-window, and takes no exceptions");
                Reason::new("not-a-freeze", message, "declare another allow-window")
            });
        }
    }

    fn admits_decision(
        &self,
        decision: &ExceptionDecision,
        entry: &Envelope,
        reasons: &mut Reasons,
    ) {
        let ExceptionDecision { id, answer, reason } = decision;
        reasons.not_blank(reason, "reason of the decision");
        reasons.unless(entry.actor.person().is_some(), || {
            let message = format!("`{}` is not a person", entry.actor);
            Reason::new("not-a-person", message, "have a person decide it")
        });
        let exception = self.exceptions.get(id);
        known(reasons, exception.is_some(), "exception", id);
        let Some(FreezeException {
            request,
            requested_by,
            ..
        }) = exception
        else {
            return;
        };
        reasons.unless(*requested_by != entry.actor, || {
            let message = format!(
                "`{}` asked for exception `{id}` and cannot decide it",
                entry.actor
            );
            Reason::new("own-work", message, "ask somebody else")
        });
        if let ExceptionAnswer::Granted(span) = answer {
            if exception.is_some_and(|exception| exception.lives_until().is_none()) {
                self.needs_room(entry.recorded_at, reasons);
            }
            let is_limited = request.within.overlap(*span) == Some(*span);
            reasons.unless(is_limited, || {
                let message = format!(
                    "exception `{id}` was asked for {}, not for {span}",
                    request.within
                );
                Reason::new(
                    "more-than-asked",
                    message,
                    "grant what was asked for, or less",
                )
            });
        }
    }
}

impl Ledger for CalendarState {
    const KIND: StreamKind = StreamKind::Calendar;
    type Event = CalendarEvent;

    fn start(place: Place) -> Self {
        let calendar = Calendar::new(place.stream.id.clone());
        Self {
            place,
            calendar,
            declared_at: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            living_until: BTreeMap::new(),
        }
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn place_mut(&mut self) -> &mut Place {
        &mut self.place
    }

    fn admits(&self, event: &CalendarEvent, entry: &Envelope, reasons: &mut Reasons) {
        match event {
            CalendarEvent::WindowDeclared(declared) => {
                self.admits_window(&declared.window, reasons);
            }
            CalendarEvent::WindowWithdrawn(WindowWithdrawn { window, reason }) => {
                reasons.not_blank(reason, "reason of the withdrawal");
                let is_known = self.calendar.windows.contains_key(window);
                known(reasons, is_known, "window", window);
            }
            CalendarEvent::DefaultSet(DefaultSet { closed, reason }) => {
                reasons.not_blank(reason, "reason of the change");
                reasons.unless(self.calendar.otherwise != *closed, || {
                    let message = "that is what holds by default already";
                    Reason::new("nothing-changed", message, "leave it")
                });
            }
            CalendarEvent::ExceptionRequested(request) => {
                self.admits_request(request, entry.recorded_at, reasons);
            }
            CalendarEvent::ExceptionDecided(decision) => {
                self.admits_decision(decision, entry, reasons);
            }
        }
    }

    fn apply(&mut self, event: CalendarEvent, entry: &Envelope) {
        match event {
            CalendarEvent::WindowDeclared(declared) => {
                let window = declared.window;
                self.declared_at.insert(window.id.clone(), entry.version);
                self.calendar.windows.insert(window.id.clone(), window);
            }
            CalendarEvent::WindowWithdrawn(withdrawn) => {
                self.calendar.windows.remove(&withdrawn.window);
                self.declared_at.remove(&withdrawn.window);
            }
            CalendarEvent::DefaultSet(default) => self.calendar.otherwise = default.closed,
            CalendarEvent::ExceptionRequested(request) => {
                let exception = FreezeException {
                    requested_by: entry.actor.clone(),
                    requested_at: entry.recorded_at,
                    decided: None,
                    decided_at: Version::NONE,
                    request,
                };
                self.count(exception.lives_until());
                self.exceptions
                    .insert(exception.request.id.clone(), exception);
            }
            CalendarEvent::ExceptionDecided(decision) => {
                let by = entry.actor.person().cloned();
                let Some(exception) = self.exceptions.get_mut(&decision.id) else {
                    return;
                };
                let before = exception.lives_until();
                exception.decided = by.map(|by| (decision, by, entry.recorded_at));
                exception.decided_at = entry.version;
                let after = exception.lives_until();
                self.uncount(before);
                self.count(after);
            }
        }
    }
}

fn known(reasons: &mut Reasons, is_known: bool, what: &str, key: &Key) {
    reasons.unless(is_known, || {
        let message = format!("there is no {what} `{key}`");
        Reason::new("unknown", message, format!("name {what}s of this calendar"))
    });
}
