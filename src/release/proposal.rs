//! Asking for a step or a record: nothing has happened yet.

use super::id::CommandId;
use super::people::Actor;
use super::record::AnyRecord;
use super::shell::Release;
use super::steps::AnyStep;
use crate::phase::Instant;
use std::{fmt, marker::PhantomData};

/// Who asks, and what they know of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    pub(crate) actor: Actor,
    pub(crate) command: Option<CommandId>,
    pub(crate) occurred_at: Option<Instant>,
}

impl By {
    /// This person or system, for something that happens now.
    #[must_use]
    pub fn new(actor: impl Into<Actor>) -> Self {
        Self {
            actor: actor.into(),
            command: None,
            occurred_at: None,
        }
    }

    /// The same, with an id of the host's own for this asking: an idempotency key, say.
    ///
    /// Without one, the id is derived from the release, its version, and what is asked by whom. Where a release
    /// begins, the host chooses the release's id too: [`Desk::request_as`](crate::Desk::request_as).
    #[must_use]
    pub const fn command(mut self, command: CommandId) -> Self {
        self.command = Some(command);
        self
    }

    /// The same, for something that happened at that instant.
    ///
    /// # Time
    ///
    /// May lie before earlier events: late reports are normal. More than 5 minutes in the future is refused.
    #[must_use]
    pub const fn occurred_at(mut self, at: Instant) -> Self {
        self.occurred_at = Some(at);
        self
    }

    /// Who asks.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl<A: Into<Actor>> From<A> for By {
    fn from(actor: A) -> Self {
        Self::new(actor)
    }
}

/// What is asked: a step or a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Step(AnyStep),
    Record(AnyRecord),
}

/// The asking for step `S` of a release that stands in `P`. It holds the release until a gate has answered.
#[must_use = "nothing has happened yet: hand it to `Desk::run` or `Gate::decide`"]
pub struct Proposal<S, P> {
    pub(crate) release: Release<P>,
    pub(crate) asked: Asked,
    pub(crate) step: PhantomData<fn() -> S>,
}

impl<S, P> Proposal<S, P> {
    pub(crate) const fn new(release: Release<P>, asked: Asked) -> Self {
        Self {
            release,
            asked,
            step: PhantomData,
        }
    }

    /// Gives the release back; nothing has happened.
    pub fn withdraw(self) -> Release<P> {
        self.release
    }
}

impl<S, P> fmt::Debug for Proposal<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proposal")
            .field("release", &self.release)
            .field("asked", &self.asked)
            .finish()
    }
}
