//! A calendar: windows under one name.

use super::window::{WhileClosed, Window};
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Key, limits::CALENDAR_WINDOWS};
use std::collections::BTreeMap;

/// Windows under one name, each by its id.
///
/// A calendar is open but where its windows close it; or, [closed by default](Self::closed_unless_allowed), closed but
/// where an allow-window opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub(super) name: Key,
    pub(super) otherwise: Option<WhileClosed>,
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
