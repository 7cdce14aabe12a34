//! Why a store did not do what it was asked.

use crate::release::{CommandId, Stream, Version};
use std::{error::Error, fmt};

/// What went wrong in a store, and whether something may have been written.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    what: String,
    actual: Option<(Stream, Version)>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Says what went wrong in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The log is at another version than expected. Nothing was written.
    Conflict,
    /// A guarded log has moved. Nothing was written.
    GuardMoved,
    /// The log has this command with another intent. Nothing was written.
    CommandReused,
    /// The claim is over: another attempt has been made since.
    StaleClaim,
    /// The batch breaks a limit of the store. Nothing was written.
    TooLarge,
    /// The store cannot be reached or is busy. Nothing was written; trying again may help.
    Unavailable,
    /// Nobody knows whether it was written; ask for the outcome.
    Unknown,
    /// What is stored cannot be read.
    Corrupt,
    /// Something else. Nothing was written.
    Other,
}

type Source = Box<dyn Error + Send + Sync>;

impl StoreError {
    const fn new(kind: StoreErrorKind, what: String, source: Option<Source>) -> Self {
        Self {
            kind,
            what,
            actual: None,
            source,
        }
    }

    /// The log is at another version than expected.
    #[must_use]
    pub fn conflict(stream: &Stream, expected: Version, actual: Version) -> Self {
        let what = format!(
            "cannot append to {} `{}`: log is at version {actual}, expected {expected}",
            stream.kind, stream.id
        );
        Self {
            actual: Some((stream.clone(), actual)),
            ..Self::new(StoreErrorKind::Conflict, what, None)
        }
    }

    /// A guarded log has moved.
    #[must_use]
    pub fn guard_moved(stream: &Stream, expected: Version, actual: Version) -> Self {
        let what = format!(
            "{} `{}` has moved: log is at version {actual}, and {expected} was read",
            stream.kind, stream.id
        );
        Self {
            actual: Some((stream.clone(), actual)),
            ..Self::new(StoreErrorKind::GuardMoved, what, None)
        }
    }

    /// The log has this command with another intent.
    #[must_use]
    pub fn command_reused(stream: &Stream, command: CommandId) -> Self {
        let what = format!(
            "command `{command}` was used for something else in {} `{}`; use a new one",
            stream.kind, stream.id
        );
        Self::new(StoreErrorKind::CommandReused, what, None)
    }

    /// Another attempt at this delivery has been made since.
    #[must_use]
    pub fn stale_claim(dedupe_key: &str) -> Self {
        Self::new(
            StoreErrorKind::StaleClaim,
            format!("the claim on `{dedupe_key}` is over; claim it again"),
            None,
        )
    }

    /// A limit is broken.
    #[must_use]
    pub fn too_large(what: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::TooLarge, what.into(), None)
    }

    /// The store cannot be reached or is busy, and nothing was written.
    #[must_use]
    pub fn unavailable(source: impl Into<Source>) -> Self {
        let what = "the store cannot be reached now, and nothing was written; try again";
        Self::new(
            StoreErrorKind::Unavailable,
            what.to_owned(),
            Some(source.into()),
        )
    }

    /// Nobody knows whether it was written.
    #[must_use]
    pub fn unknown(source: impl Into<Source>) -> Self {
        let what =
            "the store gave no answer, and the batch may be written or not; ask for the outcome";
        Self::new(
            StoreErrorKind::Unknown,
            what.to_owned(),
            Some(source.into()),
        )
    }

    /// What is stored cannot be read.
    #[must_use]
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Corrupt, what.into(), None)
    }

    /// Something else, and nothing was written.
    #[must_use]
    pub fn other(source: impl Into<Source>) -> Self {
        Self::new(
            StoreErrorKind::Other,
            "the store failed, and nothing was written".to_owned(),
            Some(source.into()),
        )
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// For a conflict or a moved guard: which log is at which version.
    #[must_use]
    pub const fn actual(&self) -> Option<&(Stream, Version)> {
        self.actual.as_ref()
    }

    /// Whether the log, or one that was guarded, is at another version.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(
            self.kind,
            StoreErrorKind::Conflict | StoreErrorKind::GuardMoved
        )
    }

    /// Whether the very same call may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unavailable)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
