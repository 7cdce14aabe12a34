//! One transaction: begun, done and committed, or what became of it.

use super::error::{SqliteError, SqliteErrorKind};
use crate::store::StoreError;
use rusqlite::Connection;
use std::path::Path;

/// What failed in a transaction, and when.
#[derive(Clone)]
pub(super) struct Failed {
    pub(super) during: During,
    pub(super) error: SqliteError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum During {
    Begin,
    Work,
    Commit,
}

impl Failed {
    pub(super) fn new(during: During, error: rusqlite::Error, path: &Path) -> Self {
        let error = SqliteError::of(error, path);
        Self { during, error }
    }

    /// Whether the transaction may lie complete on the disk. Were the disk full, it would not: the frame that makes it
    /// complete is written last.
    pub(super) fn leaves_doubt(&self) -> bool {
        self.during == During::Commit && self.error.kind() == SqliteErrorKind::Disk
    }

    pub(super) fn told(self) -> StoreError {
        if self.leaves_doubt() {
            StoreError::unknown(self.error)
        } else {
            self.error.told()
        }
    }
}

pub(super) fn in_transaction(
    connection: &Connection,
    path: &Path,
    begin: &str,
    work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), Failed> {
    let run = |sql| {
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute([]).map(drop)
    };
    let failed = |during| move |error| Failed::new(during, error, path);
    let done = run(begin)
        .map_err(failed(During::Begin))
        .and_then(|()| work(connection).map_err(failed(During::Work)))
        .and_then(|()| run("COMMIT").map_err(failed(During::Commit)));
    if done.is_err() && !connection.is_autocommit() {
        // Were this to fail too, the next transaction could not begin, and would say so.
        drop(run("ROLLBACK"));
    }
    done
}
