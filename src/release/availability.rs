//! What a calendar says of a span of time, as far as decisions about a release look at it.

use super::text::{Key, Name};
use super::words::{plain, told};
use crate::phase::Interval;
use serde::{Deserialize, Serialize};

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

told! {
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
        /// The occurrence that decides; nothing for an allow-window that is not active.
        active: Option<Interval>,
    }
}
