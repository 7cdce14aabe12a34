//! What can go wrong at the desk. Whatever is still usable is handed back.

use crate::gate::{Cleared, Refused};
use crate::phase::{Anywhere, Instant, Standing};
use crate::release::{AnyRelease, LogError, Recording, Release, Stream, Version};
use crate::store::{StoreError, StoreErrorKind};
use std::{error::Error, fmt};

/// Why a release could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such release.
    NotFound {
        /// The log that was looked for.
        stream: Stream,
    },
    /// The release stands in another phase. It is handed back.
    WrongPhase {
        /// The release, as it is.
        found: Box<AnyRelease>,
        /// Where it was expected to stand.
        wanted: Standing,
    },
    /// The store failed.
    Store(StoreError),
    /// What is stored cannot be read as a release. Its history can still be read.
    Log(LogError),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { stream } => write!(
                f,
                "there is no {} `{}` of tenant `{}`",
                stream.kind, stream.id, stream.tenant
            ),
            Self::WrongPhase { found, wanted } => write!(
                f,
                "the release is in {}, expected {wanted}",
                found.standing()
            ),
            Self::Store(_) => f.write_str("the store could not be read"),
            Self::Log(_) => {
                f.write_str("what is stored cannot be read as a release; `history` still reads it")
            }
        }
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotFound { .. } | Self::WrongPhase { .. } => None,
            Self::Store(error) => Some(error),
            Self::Log(error) => Some(error),
        }
    }
}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LogError> for LoadError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Why a cleared step was not committed.
#[must_use = "it holds the release"]
#[non_exhaustive]
pub enum CommitFailed<S, P> {
    /// Somebody else wrote first, to this log or to a guarded one. Nothing was written.
    Conflict {
        /// The release, as it was before.
        release: Release<P>,
        /// The log that has moved.
        stream: Stream,
        /// Where it is now.
        actual: Version,
    },
    /// The clearance is over. Nothing was written; ask again.
    Expired {
        /// The release, as it was before.
        release: Release<P>,
        /// When the clearance ended.
        at: Instant,
    },
    /// The store refused or failed. Nothing was written.
    Rejected {
        /// The release, as it was before.
        release: Release<P>,
        /// What the store said.
        source: StoreError,
    },
    /// Nobody knows whether it was written.
    Unknown {
        /// Finds out, or tries again.
        in_doubt: InDoubt<S, P>,
        /// What the store said.
        source: StoreError,
    },
}

/// A commit of which nobody knows whether it was written; [`retry`](Self::retry) finds out.
#[must_use = "only `retry` tells whether it was written"]
pub struct InDoubt<S, P>(pub(super) Box<Cleared<S, P>>);

impl<S, P> CommitFailed<S, P> {
    /// The release as it was before, where nothing was written.
    #[must_use]
    pub fn into_release(self) -> Option<Release<P>> {
        match self {
            Self::Conflict { release, .. }
            | Self::Expired { release, .. }
            | Self::Rejected { release, .. } => Some(release),
            Self::Unknown { .. } => None,
        }
    }
}

impl<S, P> fmt::Display for CommitFailed<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict {
                release,
                stream,
                actual,
            } if stream == release.stream() => write!(
                f,
                "cannot commit to {} `{}`: log is at version {actual}, expected {}; load it again",
                stream.kind,
                stream.id,
                release.version()
            ),
            Self::Conflict { stream, actual, .. } => write!(
                f,
                "cannot commit: {} `{}`, which the decision read, is at version {actual} now; ask again",
                stream.kind, stream.id
            ),
            Self::Expired { at, .. } => write!(f, "the clearance held until {at}; ask again"),
            Self::Rejected { source, .. } => f.write_str(rejected(source.kind())),
            Self::Unknown { .. } => {
                f.write_str("nobody knows whether it was written; `in_doubt.retry` finds out")
            }
        }
    }
}

/// What to do where a store did not take a commit.
const fn rejected(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::CommandReused => {
            "this command id stands for something else in the log; use a new one"
        }
        StoreErrorKind::TooLarge => "the store takes no commit of that size; ask for less at once",
        StoreErrorKind::Unavailable => {
            "the store did not answer, and the log is as it was; run it again"
        }
        StoreErrorKind::Conflict
        | StoreErrorKind::GuardMoved
        | StoreErrorKind::StaleClaim
        | StoreErrorKind::Unknown
        | StoreErrorKind::Corrupt
        | StoreErrorKind::Other => {
            "the store did not take it, and the log is as it was; see the source"
        }
    }
}

impl<S, P> fmt::Debug for CommitFailed<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitFailed({self})")
    }
}

impl<S, P> fmt::Debug for InDoubt<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InDoubt({:?})", self.0)
    }
}

impl<S, P> Error for CommitFailed<S, P> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Conflict { .. } | Self::Expired { .. } => None,
            Self::Rejected { source, .. } | Self::Unknown { source, .. } => Some(source),
        }
    }
}

/// Why a step or record did not happen.
#[must_use = "it holds the release"]
#[expect(clippy::exhaustive_enums, reason = "a gate refuses, or a commit fails")]
pub enum RunError<S, P> {
    /// A gate or an invariant stands against it.
    Refused(Refused<P>),
    /// It was cleared, and not committed.
    NotCommitted(CommitFailed<S, P>),
}

impl<S, P> RunError<S, P> {
    /// The release, where it is certain how it stands.
    #[must_use]
    pub fn into_release(self) -> Option<Release<P>> {
        match self {
            Self::Refused(refused) => Some(refused.release),
            Self::NotCommitted(failed) => failed.into_release(),
        }
    }

    /// The refusal, if it is one.
    #[must_use]
    pub fn refused(self) -> Option<Refused<P>> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::NotCommitted(_) => None,
        }
    }
}

impl<S, P> fmt::Display for RunError<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::NotCommitted(failed) => failed.fmt(f),
        }
    }
}

impl<S, P> fmt::Debug for RunError<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => write!(f, "Refused({refused})"),
            Self::NotCommitted(failed) => failed.fmt(f),
        }
    }
}

impl<S, P> Error for RunError<S, P> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) => None,
            Self::NotCommitted(failed) => failed.source(),
        }
    }
}

/// Why a record could not be added to a release that is known only by its id.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "it cannot be read, or cannot be written"
)]
pub enum RecordByIdError<R> {
    /// The release cannot be read.
    Load(LoadError),
    /// The record was not added.
    Run(RunError<Recording<R>, Anywhere>),
}

impl<R> fmt::Display for RecordByIdError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::Run(error) => error.fmt(f),
        }
    }
}

impl<R: fmt::Debug> Error for RecordByIdError<R> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Load(error) => error.source(),
            Self::Run(error) => error.source(),
        }
    }
}

impl LoadError {
    pub(super) fn wrong_phase(found: AnyRelease, wanted: Standing) -> Self {
        Self::WrongPhase {
            found: Box::new(found),
            wanted,
        }
    }
}
