//! Calendars at the desk: windows declared and withdrawn, exceptions asked for and decided.

use super::{Desk, StreamError};
use crate::release::{By, Envelope, Key, Text, Version};
use crate::schedule::{
    Calendar, CalendarEvent, CalendarState, DefaultSet, ExceptionDecision, ExceptionRequest,
    WhileClosed, Window, WindowDeclared, WindowWithdrawn,
};
use crate::store::{Store, StoreError};

impl<S: Store> Desk<S> {
    /// Puts a window into a calendar, in the place of one of the same id. The calendar begins with its first entry.
    ///
    /// # Errors
    ///
    /// - refused: the calendar is full, or has the very window already
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn declare_window(
        &self,
        calendar: &Key,
        window: Window,
        by: impl Into<By>,
    ) -> Result<CalendarState, StreamError> {
        let declared = Box::new(WindowDeclared { window });
        let event = CalendarEvent::WindowDeclared(declared);
        self.add(calendar, &event, &by.into()).await
    }

    /// Takes a window out of a calendar. Decisions that rested on it stay as they are.
    ///
    /// # Errors
    ///
    /// - refused: there is no such window, or there is no reason
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn withdraw_window(
        &self,
        calendar: &Key,
        window: Key,
        reason: Text,
        by: impl Into<By>,
    ) -> Result<CalendarState, StreamError> {
        let event = CalendarEvent::WindowWithdrawn(WindowWithdrawn { window, reason });
        self.add(calendar, &event, &by.into()).await
    }

    /// Says what holds where no allow-window says otherwise: a calendar closed by default, or, with nothing, an open one.
    ///
    /// # Errors
    ///
    /// - refused: that holds already, or there is no reason
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn set_calendar_default(
        &self,
        calendar: &Key,
        closed: Option<WhileClosed>,
        reason: Text,
        by: impl Into<By>,
    ) -> Result<CalendarState, StreamError> {
        let event = CalendarEvent::DefaultSet(DefaultSet { closed, reason });
        self.add(calendar, &event, &by.into()).await
    }

    /// Makes a calendar what a file says it is: declares each window that differs, sets the default, and withdraws the
    /// windows that are gone, with one entry each. Exceptions stay as they are.
    ///
    /// Up to 100 differences are one write. Of more, what closes comes first: windows that are new, freezes before all,
    /// then those that are changed. A freeze that is moved may so be gone before what takes its place is there.
    ///
    /// Where nothing differs, nothing is written. The command id of `by`, if it has one, is not used.
    ///
    /// # Errors
    ///
    /// - refused: old and new windows together are more than a calendar can have, or there is no reason where
    ///   something is withdrawn or the default changes
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped, or an error, leaves all or nothing of each write in the store. Call it again, and it goes
    /// on.
    ///
    /// # Complexity
    ///
    /// Reads the log once, and writes once for every 100 windows that differ.
    pub async fn import_calendar(
        &self,
        calendar: &Calendar,
        reason: Text,
        by: impl Into<By>,
    ) -> Result<CalendarState, StreamError> {
        let left = |state: &CalendarState| state.towards(calendar, &reason);
        self.lead(calendar.name(), left, &by.into()).await
    }

    /// Asks that a release be excepted from freezes of a calendar.
    ///
    /// # Errors
    ///
    /// - refused: the id is taken, it names no freeze or one that is not there, or there is no reason
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn request_exception(
        &self,
        calendar: &Key,
        request: ExceptionRequest,
        by: impl Into<By>,
    ) -> Result<CalendarState, StreamError> {
        let event = CalendarEvent::ExceptionRequested(request);
        self.add(calendar, &event, &by.into()).await
    }

    /// Decides about a request for an exception. A later decision takes the place of an earlier one; what was used
    /// stays used.
    ///
    /// # Errors
    ///
    /// - refused: there is no such request, it is decided by who asked or by no person, more is granted than was asked
    ///   for, or there is no reason
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn decide_exception(
        &self,
        calendar: &Key,
        decision: ExceptionDecision,
        by: impl Into<By>,
    ) -> Result<CalendarState, StreamError> {
        let event = CalendarEvent::ExceptionDecided(decision);
        self.add(calendar, &event, &by.into()).await
    }

    /// Reads a calendar: its windows and exceptions.
    ///
    /// # Errors
    ///
    /// - not found: nothing was ever declared in it
    /// - store, log: the log could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn calendar(&self, name: &Key) -> Result<CalendarState, StreamError> {
        self.ledger(name).await
    }

    /// Reads the whole history of a calendar, oldest first; empty if there is none.
    ///
    /// # Errors
    ///
    /// - the store could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn calendar_history(&self, name: &Key) -> Result<Vec<Envelope>, StoreError> {
        let stream = self.stream_of::<CalendarState>(name);
        self.entries_after(&stream, Version::NONE).await
    }
}
