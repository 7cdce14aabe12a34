//! One window of a calendar: a freeze, or a time at which work is allowed.

use super::scope::Scope;
use super::timing::{Edges, Timing, TimingFile};
use crate::phase::{Interval, Invalid};
use crate::release::file::Reader;
use crate::release::{Effect, Key, Name, RunningWork, WindowKind, is_default, plain};
use serde::{Deserialize, Serialize};
use serde_json::Value;

plain! {
    /// What a window does to work while it keeps a calendar closed. All four are said, always: nothing is assumed.
    #[derive(Copy)]
    pub struct WhileClosed {
        /// Work that would start.
        new_work: Effect,
        /// Work that runs already.
        running_work: RunningWork,
        /// Backing out what went wrong.
        back_outs: Effect,
        /// Work on the emergency track.
        emergencies: Effect,
    }
}

impl WhileClosed {
    pub(super) const fn effect_on(self, kind: WorkKind) -> Effect {
        match kind {
            WorkKind::New => self.new_work,
            WorkKind::BackOut => self.back_outs,
            WorkKind::Emergency => self.emergencies,
        }
    }

    /// What becomes of work of that kind that runs already. A back-out or an emergency that may start may go on.
    pub(super) const fn rule_for_running(self, kind: WorkKind) -> RunningWork {
        match (kind, self.effect_on(kind)) {
            (WorkKind::BackOut | WorkKind::Emergency, Effect::Allowed | Effect::Warned) => {
                RunningWork::RunOn
            }
            (WorkKind::New, _) | (WorkKind::BackOut | WorkKind::Emergency, Effect::Blocked) => {
                self.running_work
            }
        }
    }
}

/// What kind of work a schedule is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "one for each rule of `WhileClosed` about work that starts"
)]
pub enum WorkKind {
    /// Work that starts.
    New,
    /// Backing out what went wrong.
    BackOut,
    /// Work on the emergency track.
    Emergency,
}

/// Some work that a schedule is asked about: its kind, and what it touches. A scope alone is new work there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a question is its two parts")]
pub struct Work<'a> {
    /// Its kind.
    pub kind: WorkKind,
    /// What it touches.
    pub scope: &'a Scope,
}

impl<'a> From<&'a Scope> for Work<'a> {
    fn from(scope: &'a Scope) -> Self {
        let kind = WorkKind::New;
        Self { kind, scope }
    }
}

/// A window of a calendar: when, about what, and what it does to work.
///
/// # Examples
///
/// ```
/// use phasegate::Interval;
/// use phasegate::release::{Effect, Key, RunningWork};
/// use phasegate::schedule::{Timing, WhileClosed, Window};
///
/// let year_end = Interval::parse("2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z")?;
/// let hard = WhileClosed::new(Effect::Blocked, RunningWork::FinishWave, Effect::Allowed, Effect::Warned);
/// let freeze = Window::freeze(Key::new("year-end")?, Timing::between(year_end), hard);
/// # assert_eq!(freeze.id().as_str(), "year-end");
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "File", into = "File")]
pub struct Window {
    pub(super) id: Key,
    pub(super) title: Option<Name>,
    pub(super) kind: WindowKind,
    pub(super) timing: Timing,
    pub(super) scope: Scope,
    pub(super) closed: WhileClosed,
}

impl Window {
    /// Nothing happens while it is active.
    #[must_use]
    pub fn freeze(id: Key, timing: Timing, closed: WhileClosed) -> Self {
        Self::new(id, WindowKind::Freeze, timing, closed)
    }

    /// What it is about happens while it, or another allow-window about it, is active, only.
    #[must_use]
    pub fn allow(id: Key, timing: Timing, closed: WhileClosed) -> Self {
        Self::new(id, WindowKind::Allow, timing, closed)
    }

    fn new(id: Key, kind: WindowKind, timing: Timing, closed: WhileClosed) -> Self {
        Self {
            id,
            title: None,
            kind,
            timing,
            scope: Scope::everything(),
            closed,
        }
    }

    /// The same, about this only.
    #[must_use]
    pub fn about(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// The same, with a title for people.
    #[must_use]
    pub fn titled(self, title: Name) -> Self {
        let title = Some(title);
        Self { title, ..self }
    }

    /// The id by which exceptions and decisions name it; one of its calendar.
    #[must_use]
    pub const fn id(&self) -> &Key {
        &self.id
    }

    /// Its title.
    #[must_use]
    pub const fn title(&self) -> Option<&Name> {
        self.title.as_ref()
    }

    /// Whether it is a freeze.
    #[must_use]
    pub const fn kind(&self) -> WindowKind {
        self.kind
    }

    /// When it is active.
    #[must_use]
    pub const fn timing(&self) -> &Timing {
        &self.timing
    }

    /// What it is about.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What it does to work while it keeps the calendar closed.
    #[must_use]
    pub const fn while_closed(&self) -> WhileClosed {
        self.closed
    }

    /// The times at which it is active, as far as they overlap `within`, in order of their starts; in UTC.
    ///
    /// A freeze errs long where clocks change, an allow-window short.
    #[must_use]
    pub fn occurrences(&self, within: Interval) -> Vec<Interval> {
        let edges = match self.kind {
            WindowKind::Freeze => Edges::Long,
            WindowKind::Allow => Edges::Short,
        };
        self.timing.occurrences(within, edges)
    }
}

const KEYS: [&str; 14] = [
    "id",
    "kind",
    "title",
    "zone",
    "starts",
    "ends",
    "rule",
    "also",
    "except",
    "scope",
    "new_work",
    "running_work",
    "back_outs",
    "emergencies",
];

impl Window {
    /// Reads a window of a file, with every mistake at its place.
    pub(super) fn read(reader: &mut Reader<()>, window: Value) -> Option<Self> {
        let mut file = reader.object(window, &KEYS)?;
        let id = file.need(reader, "id", Reader::plain);
        let kind = file.need(reader, "kind", Reader::plain);
        let title = file.may(reader, "title", Reader::plain);
        let zone = file.may(reader, "zone", Reader::plain);
        let starts = file.need(reader, "starts", Reader::plain);
        let ends = file.may(reader, "ends", Reader::plain);
        let rule = file.may(reader, "rule", Reader::plain);
        let also = file.may(reader, "also", Reader::plain);
        let except = file.may(reader, "except", Reader::plain);
        let scope = file.may(reader, "scope", Reader::plain);
        let new_work = file.need(reader, "new_work", Reader::plain);
        let running_work = file.need(reader, "running_work", Reader::plain);
        let back_outs = file.need(reader, "back_outs", Reader::plain);
        let emergencies = file.need(reader, "emergencies", Reader::plain);
        let timing = TimingFile {
            zone: zone?,
            starts: starts?,
            ends: ends?,
            rule: rule?,
            also: also?,
            except: except?,
        };
        let timing = timing.read(reader);
        let window = Self {
            id: id?,
            title: title?,
            kind: kind?,
            timing: timing?,
            scope: scope?,
            closed: WhileClosed {
                new_work: new_work?,
                running_work: running_work?,
                back_outs: back_outs?,
                emergencies: emergencies?,
            },
        };
        file.whole(Some(window))
    }
}

/// A window as the log has it: all in one object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: Key,
    kind: WindowKind,
    #[serde(default, skip_serializing_if = "is_default")]
    title: Option<Name>,
    #[serde(default, skip_serializing_if = "is_default")]
    zone: Option<String>,
    starts: String,
    #[serde(default, skip_serializing_if = "is_default")]
    ends: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    rule: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    also: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    except: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    scope: Scope,
    new_work: Effect,
    running_work: RunningWork,
    back_outs: Effect,
    emergencies: Effect,
}

impl TryFrom<File> for Window {
    type Error = Invalid;

    fn try_from(file: File) -> Result<Self, Invalid> {
        let timing = TimingFile {
            zone: file.zone,
            starts: file.starts,
            ends: file.ends,
            rule: file.rule,
            also: file.also,
            except: file.except,
        };
        Ok(Self {
            id: file.id,
            title: file.title,
            kind: file.kind,
            timing: timing.try_into()?,
            scope: file.scope,
            closed: WhileClosed {
                new_work: file.new_work,
                running_work: file.running_work,
                back_outs: file.back_outs,
                emergencies: file.emergencies,
            },
        })
    }
}

impl From<Window> for File {
    fn from(window: Window) -> Self {
        let WhileClosed {
            new_work,
            running_work,
            back_outs,
            emergencies,
        } = window.closed;
        let timing = TimingFile::from(window.timing);
        Self {
            id: window.id,
            kind: window.kind,
            title: window.title,
            zone: timing.zone,
            starts: timing.starts,
            ends: timing.ends,
            rule: timing.rule,
            also: timing.also,
            except: timing.except,
            scope: window.scope,
            new_work,
            running_work,
            back_outs,
            emergencies,
        }
    }
}
