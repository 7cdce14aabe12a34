//! What a path names: whether it is a file's, why it cannot be opened, and whether it is still the file that it was.

use super::SqliteOptions;
use super::error::{SqliteError, SqliteErrorKind};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Refuses what other programs take for something else than a name, so that no such file is made unawares.
pub(super) fn is_named(path: &Path) -> Result<(), SqliteError> {
    let what = match path.as_os_str().as_encoded_bytes() {
        b"" => "names no file; name one",
        b":memory:" => {
            "names no file; `MemoryStore` keeps releases in memory, and `./:memory:` is a file of that name"
        }
        [b'f', b'i', b'l', b'e', b':', ..] => {
            "is a URI; give the path alone, and `SqliteOptions` for the rest"
        }
        _ => return Ok(()),
    };
    Err(SqliteError::said(SqliteErrorKind::CannotOpen, path, what))
}

/// How many links are followed, as most systems do.
const LINKS: u32 = 40;

/// The file itself, whatever links lead to it: SQLite keeps the `-wal` and the `-shm` beside that one. It is a whole
/// path, for a process may change its folder.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for _ in 0..LINKS {
        let Ok(target) = std::fs::read_link(&path) else {
            break;
        };
        path = match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    std::fs::canonicalize(&path).unwrap_or_else(|_| {
        // It is not there yet: its folder is, or to open it says what is wrong.
        let folder = path
            .parent()
            .and_then(|folder| std::fs::canonicalize(folder).ok());
        match (folder, path.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            (_, _) => path.clone(),
        }
    })
}

/// Refuses a file of two names: SQLite keeps a `-wal` for each, and who opens the other one would not see this one.
#[cfg(unix)]
pub(super) fn has_one_name(path: &Path) -> Result<(), SqliteError> {
    use std::os::unix::fs::MetadataExt;
    let names = std::fs::metadata(path).map_or(1, |file| file.nlink());
    if names > 1 && path.is_file() {
        let what = "has another name, a hard link, and what is written under the one is lost for the other; keep one name, or open a copy";
        return Err(SqliteError::said(SqliteErrorKind::CannotOpen, path, what));
    }
    Ok(())
}

/// Elsewhere nobody says how many names a file has.
#[cfg(not(unix))]
pub(super) fn has_one_name(_path: &Path) -> Result<(), SqliteError> {
    Ok(())
}

/// Refuses to make a file anew beside a `-wal`: that has commits of one that was moved away, and SQLite would remove it.
pub(super) fn is_whole(path: &Path) -> Result<(), SqliteError> {
    let is_gone = std::fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let has_wal = || std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    if is_gone && has_wal() {
        return Err(SqliteError::new(SqliteErrorKind::Moved, path, None));
    }
    Ok(())
}

/// The same error, or what lies behind it: SQLite says of many things only that it cannot open a file.
pub(super) fn looked_into(error: SqliteError, path: &Path, options: &SqliteOptions) -> SqliteError {
    if error.kind() != SqliteErrorKind::CannotOpen {
        return error;
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => error.in_place(SqliteErrorKind::NotADatabase, path),
        // Its folder may not be entered.
        Err(other) if other.kind() == ErrorKind::PermissionDenied => error,
        // Never the file itself: to close it would let go of the locks that this process has on it.
        Ok(_) | Err(_) => match probe(&beside(path, "-probe"), handles(options)) {
            Ok(()) => error,
            Err(other) if cfg!(unix) && matches!(other.raw_os_error(), Some(23 | 24)) => {
                let what = "cannot be opened: this process, or the system, has as many files open as it may; close some, or allow more";
                SqliteError::said(SqliteErrorKind::CannotOpen, path, what)
            }
            Err(other) => match kind_of(other.kind()) {
                Some(kind) => error.in_place(kind, path),
                None => error,
            },
        },
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the system's reasons grow, and of others SQLite says as much"
)]
const fn kind_of(why: ErrorKind) -> Option<SqliteErrorKind> {
    match why {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Some(SqliteErrorKind::ReadOnly)
        }
        ErrorKind::StorageFull => Some(SqliteErrorKind::Full),
        _ => None,
    }
}

/// How many files a store has open at most: three a connection.
const fn handles(options: &SqliteOptions) -> usize {
    3 * (options.readers + 1)
}

/// Whether a file can be made there, and so many be open.
#[expect(
    clippy::disallowed_methods,
    reason = "opening a store blocks, and says so; this is after it has failed"
)]
fn probe(path: &Path, handles: usize) -> std::io::Result<()> {
    let made = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(path);
    match made {
        Ok(file) => {
            let open: std::io::Result<Vec<_>> = (1..handles).map(|_| file.try_clone()).collect();
            std::fs::remove_file(path)?;
            open.map(drop)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// Where a file is, and the system's numbers of it and of the two beside it when it was opened.
#[derive(Debug)]
pub(super) struct Opened([(PathBuf, Id); 3]);

/// A file's device and number.
type Id = Option<(u64, u64)>;

impl Opened {
    /// What is there now.
    pub(super) fn at(path: &Path) -> Self {
        let (wal, shm) = (beside(path, "-wal"), beside(path, "-shm"));
        Self([path.to_owned(), wal, shm].map(|path| {
            let id = id(&path).unwrap_or_default();
            (path, id)
        }))
    }

    /// Whether the same files are there. What was not there, or cannot be looked at, is taken for the same.
    pub(super) fn is_there(&self) -> bool {
        self.0.iter().all(|(path, opened)| match id(path) {
            Ok(now) => opened.is_none() || now == *opened,
            Err(error) => opened.is_none() || error.kind() != ErrorKind::NotFound,
        })
    }
}

#[cfg(unix)]
fn id(path: &Path) -> std::io::Result<Id> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map(|file| Some((file.dev(), file.ino())))
}

/// Elsewhere only that it is there.
#[cfg(not(unix))]
fn id(path: &Path) -> std::io::Result<Id> {
    std::fs::metadata(path).map(|_| Some((0, 0)))
}
