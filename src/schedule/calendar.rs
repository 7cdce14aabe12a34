//! A calendar: windows under one name.

use super::window::{WhileClosed, Window};
use crate::phase::{Invalid, InvalidKind};
use crate::release::file::{Mistakes, Reader};
use crate::release::{Key, limits::CALENDAR_WINDOWS};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Windows under one name, each by its id.
///
/// A calendar is open but where its windows close it; or, [closed by default](Self::closed_unless_allowed), closed but
/// where an allow-window opens it.
///
/// # Examples
///
/// From a file, and what a mistake in one gets:
///
/// ```
/// use phasegate::schedule::Calendar;
///
/// let file = r#"{
///     "name": "production",
///     "windows": [{
///         "id": "year-end", "kind": "freeze",
///         "starts": "2026-12-18T00:00:00Z", "ends": "2027-01-04T00:00:00Z",
///         "new_work": "blocked", "running_work": "finish_wave", "back_outs": "allowed", "emergencies": "warned"
///     }]
/// }"#;
/// let calendar = Calendar::from_json(file).unwrap();
/// assert_eq!(Calendar::from_json(&serde_json::to_string(&calendar)?), Ok(calendar));
///
/// let mistakes = Calendar::from_json(&file.replace("2027-01-04", "2026-12-18")).unwrap_err();
/// assert_eq!(
///     mistakes.to_string(),
///     "windows[0]: invalid interval `2026-12-18T00:00:00Z to 2026-12-18T00:00:00Z`: expected an end after the start",
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Calendar {
    pub(super) name: Key,
    #[serde(
        rename = "closed_unless_allowed",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) otherwise: Option<WhileClosed>,
    #[serde(serialize_with = "as_list")]
    pub(super) windows: BTreeMap<Key, Window>,
}

impl Calendar {
    /// A calendar without windows: open always.
    #[must_use]
    pub const fn new(name: Key) -> Self {
        Self {
            name,
            otherwise: None,
            windows: BTreeMap::new(),
        }
    }

    /// Reads a calendar from JSON: its `name`, its `windows`, and, if it is closed by default, what that does to work
    /// as `closed_unless_allowed`.
    ///
    /// # Errors
    ///
    /// Every mistake with its place, not only the first: malformed JSON, unknown or missing keys, a key or the id of a
    /// window that stands twice, a window that is none, more than 10,000 windows.
    pub fn from_json(json: &str) -> Result<Self, Mistakes> {
        let mut reader = Reader::of((), CALENDAR_WINDOWS);
        let calendar = reader.json(json).and_then(|file| read(&mut reader, file));
        reader.answer(calendar)
    }

    /// Reads a calendar from TOML, by the same keys and with the same places.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    #[cfg(feature = "toml")]
    pub fn from_toml(toml: &str) -> Result<Self, Mistakes> {
        let mut reader = Reader::of((), CALENDAR_WINDOWS);
        let calendar = reader.toml(toml).and_then(|file| read(&mut reader, file));
        reader.answer(calendar)
    }

    /// The same, closed to whatever no allow-window is about.
    #[must_use]
    pub fn closed_unless_allowed(self, closed: WhileClosed) -> Self {
        let otherwise = Some(closed);
        Self { otherwise, ..self }
    }

    /// The same, and a window; one of the same id is replaced.
    ///
    /// # Errors
    ///
    /// - too large: there are 10,000 windows already
    pub fn with(mut self, window: Window) -> Result<Self, Invalid> {
        self.windows.insert(window.id.clone(), window);
        if self.windows.len() > CALENDAR_WINDOWS {
            return Err(Invalid::new(
                InvalidKind::TooLarge,
                "number of windows",
                self.windows.len(),
                format!("at most {CALENDAR_WINDOWS}"),
            ));
        }
        Ok(self)
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Key {
        &self.name
    }

    /// Its windows, in the order of their ids.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.windows.values()
    }

    /// What holds where no allow-window says otherwise, if it is closed by default.
    #[must_use]
    pub const fn otherwise(&self) -> Option<WhileClosed> {
        self.otherwise
    }
}

fn read(reader: &mut Reader<()>, file: Value) -> Option<Calendar> {
    let mut file = reader.object(file, &["name", "closed_unless_allowed", "windows"])?;
    let name = file.need(reader, "name", Reader::plain::<Key>);
    let otherwise = file.may(reader, "closed_unless_allowed", |reader, closed| {
        reader.plain(closed).map(Some)
    });
    let windows = file.may(reader, "windows", |reader, windows| {
        let mut ids = BTreeMap::new();
        let read = reader.list(windows, |reader, window| {
            let window = Window::read(reader, window)?;
            let id = window.id.clone();
            let is_new = ids.insert(id.clone(), window).is_none();
            let what = format!("another window has the id `{id}`");
            reader.hold(is_new, what).then_some(())
        });
        read.map(|_| ids)
    });
    let (name, otherwise) = (name?, otherwise?);
    file.whole(windows).map(|windows| Calendar {
        name,
        otherwise,
        windows,
    })
}

/// Each window says its id itself.
fn as_list<S: Serializer>(windows: &BTreeMap<Key, Window>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(windows.values())
}
