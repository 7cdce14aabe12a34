//! Opens a file, sees that it is ours, and brings it up to date.

use super::error::{SqliteError, SqliteErrorKind};
use super::{Durability, SqliteOptions};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{path::Path, path::PathBuf, time::Duration};

/// Marks our files: `phgs`.
const APPLICATION_ID: i32 = 0x7068_6773;

/// What leads from each version of the schema to the next, from an empty file on.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// How long to wait inside a try to open a file, and between two.
const PAUSE: Duration = Duration::from_millis(10);

/// How many statements a connection keeps prepared: all there are.
const STATEMENTS: usize = 64;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Ours(usize),
    Foreign,
}

/// Opens the file for writing, and makes or upgrades it if that is needed.
pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Connection, SqliteError> {
    // The change to a write-ahead log fails at once where two connections make it, whatever the busy wait is. So the
    // waiting is done here, in short steps: one inside SQLite, and one outside.
    let hasty = options.clone().with_busy_wait(PAUSE);
    let mut left = options.busy_wait;
    let connection = loop {
        match try_open(path, &hasty) {
            Err(error) if error.kind() == SqliteErrorKind::Locked && !left.is_zero() => pause(),
            done => break done?,
        }
        left = left.saturating_sub(2 * PAUSE);
    };
    let patient = connection.busy_timeout(options.busy_wait);
    patient.map_err(|error| SqliteError::of(error, path))?;
    Ok(connection)
}

#[expect(
    clippy::disallowed_methods,
    reason = "opening a file blocks, and says so; this is on no executor that minds"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}

fn try_open(path: &Path, options: &SqliteOptions) -> Result<Connection, SqliteError> {
    let failed = |error| SqliteError::of(error, path);
    // SQLite takes a file of one byte for an empty one, and would overwrite it.
    if std::fs::metadata(path).is_ok_and(|file| file.len() == 1) {
        return Err(SqliteError::new(SqliteErrorKind::NotADatabase, path, None));
    }
    let connection = connect(path, options)?;
    let found = look(&connection).map_err(failed)?;
    is_usable(found, path)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(failed)?;
    if mode != "wal" {
        let what = "cannot have a write-ahead log there; keep it on a local disk";
        return Err(SqliteError::other(path, what, None));
    }
    if found != Found::Ours(MIGRATIONS.len()) {
        upgrade(&connection, path)?;
    }
    Ok(connection)
}

/// A connection, set up for this store, to a file that nobody has looked at yet.
pub(super) fn connect(path: &Path, options: &SqliteOptions) -> Result<Connection, SqliteError> {
    // A name such as `file:x` or `:memory:` is a name of a file, too.
    let file: PathBuf = Path::new(".").join(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let set_up = |connection: &Connection| {
        connection.busy_timeout(options.busy_wait)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        let synchronous = match options.durability {
            Durability::Full => "full",
            Durability::Normal => "normal",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        // Where the system's plain fsync leaves data in the drive's cache: macOS. Elsewhere it does nothing.
        connection.pragma_update(None, "fullfsync", options.durability == Durability::Full)
    };
    let failed = |error| SqliteError::of(error, path);
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    // Before anything is read: to read is to make the files beside it, and those nobody else could write then.
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(failed)? {
        return Err(SqliteError::new(SqliteErrorKind::ReadOnly, path, None));
    }
    set_up(&connection).map_err(failed)?;
    Ok(connection)
}

/// How much of the file a connection keeps in memory.
const CACHE_KIB: i32 = 8 << 10;

fn look(connection: &Connection) -> rusqlite::Result<Found> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let version = number("user_version")?;
    Ok(match (number("application_id")?, tables) {
        (APPLICATION_ID, _) => Found::Ours(usize::try_from(version).unwrap_or(usize::MAX)),
        (0, 0) if version == 0 => Found::Ours(0),
        _ => Found::Foreign,
    })
}

fn is_usable(found: Found, path: &Path) -> Result<usize, SqliteError> {
    match found {
        Found::Foreign => Err(SqliteError::new(SqliteErrorKind::Foreign, path, None)),
        Found::Ours(version) if version > MIGRATIONS.len() => {
            Err(SqliteError::new(SqliteErrorKind::Newer, path, None))
        }
        Found::Ours(version) => Ok(version),
    }
}

/// Brings the file up to date in one transaction, unless somebody else has.
fn upgrade(connection: &Connection, path: &Path) -> Result<(), SqliteError> {
    let failed = |error| SqliteError::of(error, path);
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(failed)?;
    let version = is_usable(look(connection).map_err(failed)?, path)?;
    for migration in MIGRATIONS.iter().skip(version) {
        connection.execute_batch(migration).map_err(failed)?;
    }
    let mark = || {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(
            None,
            "user_version",
            i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX),
        )?;
        connection.execute_batch("COMMIT")
    };
    mark().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        let name = format!("phasegate-schema-{}-{name}.db", std::process::id());
        std::env::temp_dir().join(name)
    }

    fn remove(path: &Path) {
        for end in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            drop(std::fs::remove_file(name));
        }
    }

    #[test]
    fn what_makes_a_commit_durable_is_in_force_on_every_connection() {
        let path = path("force");
        for (durability, synchronous) in [(Durability::Full, 2), (Durability::Normal, 1)] {
            let options = SqliteOptions::default().with_durability(durability);
            let busy_wait = i64::try_from(options.busy_wait.as_millis()).unwrap();
            let opened = open(&path, &options).unwrap();
            let connected = connect(&path, &options).unwrap();
            for connection in [&opened, &connected] {
                let number = |pragma| {
                    let read = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
                    connection.pragma_query_value(None, pragma, read).unwrap()
                };
                let is_full = i64::from(durability == Durability::Full);
                assert_eq!(number("synchronous"), synchronous);
                assert_eq!(number("fullfsync"), is_full);
                assert_eq!(number("busy_timeout"), busy_wait);
                assert_eq!(number("cell_size_check"), 1);
                assert_eq!(number("trusted_schema"), 0);
                let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0));
                assert_eq!(mode, Ok("wal".to_owned()));
            }
        }
        remove(&path);
    }

    #[test]
    fn a_file_is_made_once_and_in_one_go() {
        let path = path("once");
        let options = SqliteOptions::default();
        let made = open(&path, &options).unwrap();
        assert_eq!(look(&made), Ok(Found::Ours(1)));
        let schema = |connection: &Connection| {
            let count = "SELECT group_concat(sql) FROM sqlite_schema";
            connection.query_row(count, [], |row| row.get::<_, String>(0))
        };
        let before = schema(&made);
        upgrade(&made, &path).unwrap();
        drop(made);
        assert_eq!(schema(&open(&path, &options).unwrap()), before);
        remove(&path);
    }
}
