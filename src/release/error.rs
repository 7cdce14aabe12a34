//! Why a log cannot be read as a release.

use super::id::Version;
use crate::phase::shown;
use std::fmt;

/// A log that cannot be read, or not be followed; it names the entry and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogError {
    kind: LogErrorKind,
    version: Option<Version>,
    what: String,
}

/// Says what is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogErrorKind {
    /// It has no entry.
    Empty,
    /// An entry is not written as its kind and schema say.
    Malformed,
    /// An entry is too large.
    TooLarge,
    /// A critical entry is of a kind that this version of the crate does not know.
    UnknownKind,
    /// Entries are missing, doubled, out of order, unlinked, or of another log.
    Broken,
    /// An entry says something that the lifecycle does not allow there.
    Inadmissible,
}

impl LogError {
    pub(crate) fn new(
        kind: LogErrorKind,
        version: Option<Version>,
        what: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            version,
            what: what.into(),
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> LogErrorKind {
        self.kind
    }

    /// The version of the entry that is wrong, where it can be told.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        self.version
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read the log")?;
        if let Some(version) = self.version {
            write!(f, " at version {version}")?;
        }
        write!(f, ": {}", shown(&self.what, 400))
    }
}

impl std::error::Error for LogError {}
