//! Change requests of the host's ITSM tool, linked by their foreign id and state.

use super::happens::{Happens, Occasion};
use super::state::State;
use super::text::{Key, Name};
use super::words::{plain, words};
use std::sync::Arc;

words! {
    /// Where a change request stands in the tool that keeps it.
    pub enum ChangeRequestState {
        /// It is filed.
        New "new",
        /// It is assessed.
        Assessed "assessed",
        /// It is approved.
        Approved "approved",
        /// It is scheduled.
        Scheduled "scheduled",
        /// It is being carried out.
        Implementing "implementing",
        /// It is carried out.
        Implemented "implemented",
        /// It is closed.
        Closed "closed",
        /// It was turned down.
        Rejected "rejected",
        /// It was given up.
        Cancelled "cancelled",
    }
}

plain! {
    /// A change request is linked, or its state has changed: a link under the same id replaces the one before.
    #[doc(alias = "RFC")]
    pub struct ChangeRequest {
        /// Its id in the tool that keeps it.
        id: Key,
        /// Where it stands there.
        state: ChangeRequestState,
    } with {
        /// What it is about.
        title: Option<Name>,
        /// The tool that keeps it.
        system: Option<Name>,
    }
}

impl Happens for ChangeRequest {
    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.change_requests.insert(self.id.clone(), self);
    }
}
