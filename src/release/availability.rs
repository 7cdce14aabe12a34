//! What a calendar says of a span of time, as far as decisions about a release look at it.

use super::fact::FactSource;
use super::id::ReleaseId;
use super::text::{Bounded, Environment, Key, Name, Region};
use super::verdict::Reason;
use super::words::{plain, told};
use crate::phase::{Instant, Interval};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a window says when not, or when to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a window forbids or allows")]
pub enum WindowKind {
    /// Nothing happens while it is active.
    #[doc(alias = "blackout")]
    Freeze,
    /// What it is about happens while one such window is active, only.
    #[doc(alias = "maintenance_window")]
    Allow,
}

/// What a calendar does to work while it is closed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "work passes, passes with a warning, or does not"
)]
pub enum Effect {
    /// The work goes on as if the window were not there.
    Allowed,
    /// The work goes on, and people are warned: a soft freeze.
    Warned,
    /// The work has to wait: a hard freeze.
    Blocked,
}

/// What becomes of work that runs when its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "work that runs is ended, ends, or goes on"
)]
pub enum RunningWork {
    /// It goes on to its end.
    RunOn,
    /// The wave that runs is finished; then the rollout pauses.
    FinishWave,
    /// It is backed out at once.
    Abort,
}

/// Whether a schedule is open to some work.
///
/// The worse is the greater: of several calendars the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "one for each effect")]
pub enum Openness {
    /// The work may start.
    Open,
    /// It may start, and people are warned.
    Warned,
    /// It may not start.
    Closed,
}

impl From<Effect> for Openness {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Allowed => Self::Open,
            Effect::Warned => Self::Warned,
            Effect::Blocked => Self::Closed,
        }
    }
}

/// Why an exception that names a freeze does not lift it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unhelpful {
    /// Nobody has decided it yet.
    Pending,
    /// It was denied.
    Denied,
    /// It was used up before.
    UsedUp,
    /// The freeze was declared anew after it was decided.
    OfAnotherFreeze,
    /// It is for another time, or for less of it.
    AtAnotherTime,
}

told! {
    Unhelpful {
        Pending "is not decided yet",
        Denied "was denied",
        UsedUp "was used up",
        OfAnotherFreeze "was decided before the freeze was declared anew",
        AtAnotherTime "is for another time, or for less of it",
    }
    WindowKind {
        Freeze "freeze",
        Allow "allow-window",
    }
    Effect {
        Allowed "allowed",
        Warned "warned",
        Blocked "blocked",
    }
    RunningWork {
        RunOn "runs on",
        FinishWave "finishes its wave, then pauses",
        Abort "is backed out",
    }
    Openness {
        Open "open",
        Warned "open with a warning",
        Closed "closed",
    }
}

plain! {
    /// One of the windows that decide whether a calendar is open.
    #[derive(PartialOrd, Ord)]
    pub struct DecidingWindow {
        /// The calendar.
        calendar: Key,
        /// What it does to the work that was asked about.
        effect: Effect,
    } with {
        /// The window; nothing where the calendar is closed unless a window says otherwise.
        window: Option<Key>,
        /// Its kind.
        kind: Option<WindowKind>,
        /// Its title.
        title: Option<Name>,
        /// The occurrence that decides, of several the first; nothing for an allow-window that is not active.
        active: Option<Interval>,
    }
}

plain! {
    /// What a policy asks of a calendar: whether its windows of one kind let the step pass.
    pub struct CalendarQuestion {
        /// The calendar.
        calendar: Key,
        /// The kind of windows.
        kind: WindowKind,
    } with {
        /// The environments that the work touches; with none, every one.
        environments: Bounded<BTreeSet<Environment>>,
        /// The regions that the work touches; with none, every one.
        regions: Bounded<BTreeSet<Region>>,
    }

    /// What a calendar answered: whether the work of a step may be done in a span of time.
    pub struct Availability {
        /// The question.
        question: CalendarQuestion,
        /// The release whose work it is.
        release: ReleaseId,
        /// The calendar's log and the version that was read; the commit holds only if nothing came after.
        source: FactSource,
        /// When the work would be done: what is left of the window, that of the step or the planned one, or the instant
        /// of the step.
        span: Interval,
        /// Whether the calendar is open to it all that time.
        openness: Openness,
    } with {
        /// The windows that decide that, those that block first: 100 at most.
        deciding: Vec<DecidingWindow>,
        /// How many more block it.
        left_out: usize,
        /// The earliest instant from which work of that length may run; nothing if none is found, or if it may run as
        /// asked.
        opens_at: Option<Instant>,
        /// The earliest instant at which what is left of the span is open; nothing if waiting does not help.
        clears_at: Option<Instant>,
        /// Until when that is so; nothing if time alone is not found to change it.
        holds_until: Option<Instant>,
        /// Whether exceptions were minded that were asked for the release. They are not where nothing is refused, nor under
        /// `not`.
        has_exceptions: bool,
        /// Those of them that name what blocks, and do not help.
        unhelpful: BTreeMap<Key, Unhelpful>,
        /// Those without which it would be closed: [`Decision::exceptions`](super::Decision::exceptions) says which of them
        /// the step uses up.
        exceptions: BTreeSet<Key>,
    }
}

impl Availability {
    /// The exceptions, each with its calendar.
    pub(crate) fn excepted(&self) -> impl Iterator<Item = (&Key, &Key)> {
        let calendar = &self.question.calendar;
        self.exceptions.iter().map(move |id| (calendar, id))
    }
}

impl DecidingWindow {
    /// What people are told of a window that lets work pass and warns.
    pub(crate) fn warning(&self) -> Reason {
        let calendar = &self.calendar;
        let (code, message) = match (&self.window, self.active) {
            (Some(freeze), Some(active)) => (
                "freeze-warns",
                format!(
                    "freeze `{freeze}` of calendar `{calendar}` is active from {active}, and lets this pass"
                ),
            ),
            (Some(window), None) => (
                "outside-window-warns",
                format!(
                    "allow-window `{window}` of calendar `{calendar}` is not open, and lets this pass"
                ),
            ),
            (None, _) => (
                "closed-warns",
                format!("calendar `{calendar}` has no allow-window for this, and lets it pass"),
            ),
        };
        let reason = Reason::new(code, message, "wait if it can wait");
        match &self.window {
            Some(window) => reason.about(window.clone()),
            None => reason,
        }
    }
}
