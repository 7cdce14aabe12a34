//! Why a file cannot be used as a store, or did not do what it was asked.

use crate::store::StoreError;
use rusqlite::ErrorCode;
use std::{error::Error, fmt, path::Path, sync::Arc};

/// What a SQLite file refused, and what to do about it.
///
/// [`SqliteStore::open`](super::SqliteStore::open) gives it; later it is the source of a [`StoreError`], or,
/// where the file is damaged, its text.
#[derive(Debug, Clone)]
pub struct SqliteError {
    kind: SqliteErrorKind,
    what: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// Says what a SQLite file refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqliteErrorKind {
    /// The file cannot be opened or made: its folder is missing or may not be entered, the path is no name of a file, or
    /// too many files are open.
    CannotOpen,
    /// The file or its folder may not be written.
    ReadOnly,
    /// It is no SQLite file, or a folder.
    NotADatabase,
    /// It is a SQLite file of another program.
    Foreign,
    /// A newer version of this crate has written it.
    Newer,
    /// Another connection kept it locked for longer than the busy wait.
    Locked,
    /// There is no room on the disk.
    Full,
    /// It is damaged: cut off, overwritten, or edited by hand.
    Corrupt,
    /// It is not the file that was opened, or not with the same `-wal`: one of them was moved, removed, replaced or cut
    /// off while it was in use.
    Moved,
    /// The disk failed to read or write.
    Disk,
    /// Something else.
    Other,
}

impl SqliteError {
    /// What was refused.
    #[must_use]
    pub const fn kind(&self) -> SqliteErrorKind {
        self.kind
    }

    /// An error about that file, in words that end with what to do.
    pub(super) fn new(kind: SqliteErrorKind, path: &Path, source: Option<rusqlite::Error>) -> Self {
        let what = match kind {
            SqliteErrorKind::CannotOpen => {
                "cannot be opened; make its folder, and let this process write in it"
            }
            SqliteErrorKind::ReadOnly => {
                "may not be written; let this process write the file, its folder, and the two files beside it that end in `-wal` and `-shm`"
            }
            SqliteErrorKind::NotADatabase => {
                "is no SQLite file, and was left as it is; name another path"
            }
            SqliteErrorKind::Foreign => {
                "belongs to another program, and was left as it is; name another path"
            }
            SqliteErrorKind::Newer => {
                "was written by a newer version of phasegate, and was left as it is; upgrade this one"
            }
            SqliteErrorKind::Locked => {
                "was locked by another connection for longer than the busy wait; let that end, or wait longer"
            }
            SqliteErrorKind::Full => "has no room on its disk; make room, and try again",
            SqliteErrorKind::Corrupt => {
                "is damaged; keep it for study, with the `-wal` and `-shm` beside it, and restore a backup in their place"
            }
            SqliteErrorKind::Moved => {
                "or the `-wal` or `-shm` beside it was moved, removed, replaced or cut off while it was in use; stop whatever uses it, put back what belongs together, and open it again"
            }
            SqliteErrorKind::Disk => "could not be read or written; look at the disk",
            SqliteErrorKind::Other => "failed",
        };
        Self {
            kind,
            what: format!("`{}` {what}", path.display()),
            source: source.map(|source| Arc::new(source) as _),
        }
    }

    /// Something about that file that is none of the other kinds.
    pub(super) fn other(path: &Path, what: &str, source: Option<Arc<std::io::Error>>) -> Self {
        Self {
            source: source.map(|source| source as _),
            ..Self::said(SqliteErrorKind::Other, path, what)
        }
    }

    /// An error about that file, in words of its own.
    pub(super) fn said(kind: SqliteErrorKind, path: &Path, what: &str) -> Self {
        let what = format!("`{}` {what}", path.display());
        Self {
            kind,
            what,
            source: None,
        }
    }

    /// What lies behind an error, with the same source.
    pub(super) fn in_place(self, kind: SqliteErrorKind, path: &Path) -> Self {
        let source = self.source;
        Self {
            source,
            ..Self::new(kind, path, None)
        }
    }

    pub(super) fn of(source: rusqlite::Error, path: &Path) -> Self {
        Self::new(kind_of(&source), path, Some(source))
    }

    /// What the caller of a store is told where nothing was written.
    pub(super) fn told(self) -> StoreError {
        match self.kind {
            SqliteErrorKind::CannotOpen
            | SqliteErrorKind::Locked
            | SqliteErrorKind::Full
            | SqliteErrorKind::Disk => StoreError::unavailable(self),
            SqliteErrorKind::NotADatabase | SqliteErrorKind::Corrupt => match &self.source {
                Some(source) => StoreError::corrupt(format!("{self}: {source}")),
                None => StoreError::corrupt(self.to_string()),
            },
            SqliteErrorKind::ReadOnly
            | SqliteErrorKind::Foreign
            | SqliteErrorKind::Newer
            | SqliteErrorKind::Moved
            | SqliteErrorKind::Other => StoreError::other(self),
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's enums grow, and what is unknown here is told with its source"
)]
fn kind_of(error: &rusqlite::Error) -> SqliteErrorKind {
    match error {
        // Of what this crate has made something is missing.
        rusqlite::Error::SqliteFailure(failure, Some(what))
            if failure.code == ErrorCode::Unknown && what.starts_with("no such ") =>
        {
            SqliteErrorKind::Corrupt
        }
        // The shared memory names what the write-ahead log does not have. A file itself is never read short.
        rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ =>
        {
            SqliteErrorKind::Moved
        }
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => SqliteErrorKind::Locked,
            ErrorCode::DiskFull => SqliteErrorKind::Full,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => SqliteErrorKind::ReadOnly,
            ErrorCode::CannotOpen => SqliteErrorKind::CannotOpen,
            ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed => {
                SqliteErrorKind::Disk
            }
            ErrorCode::NotADatabase => SqliteErrorKind::NotADatabase,
            // A row that stands where none can be.
            ErrorCode::DatabaseCorrupt | ErrorCode::ConstraintViolation => SqliteErrorKind::Corrupt,
            _ => SqliteErrorKind::Other,
        },
        // A value that this crate would not have written.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => SqliteErrorKind::Corrupt,
        _ => SqliteErrorKind::Other,
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for SqliteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Why a job did not do what it was asked: SQLite failed, or the contract refuses it and nothing was written.
#[derive(Debug)]
pub(super) enum Fault {
    Failed(rusqlite::Error),
    Refused(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}
