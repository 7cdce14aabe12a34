//! Files that cannot be a store, or cannot be written now: an error that says what to do, and nothing is lost.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "these tests make bad files and wait for processes"
)]

use crate::desk_support::{NOON, at, key, stream, tenant, wait};
use crate::sqlite_support::{Folder, beginning, child, log, noting, quick, told};
use phasegate::phase::Seconds;
use phasegate::release::Version;
use phasegate::store::{
    Committed, Query, SqliteError, SqliteErrorKind, SqliteOptions, StoreError, StoreErrorKind,
};
use phasegate::{SqliteStore, Store};
use rusqlite::Connection;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// Opening it is refused, and leaves it as it is.
fn refused(file: &Path) -> SqliteError {
    let before = std::fs::read(file).unwrap_or_default();
    let options = quick().with_busy_wait(Duration::from_millis(30));
    let error = SqliteStore::open_with(file, &options).unwrap_err();
    assert_eq!(std::fs::read(file).unwrap_or_default(), before);
    let named = format!("`{}` ", file.display());
    assert!(error.to_string().starts_with(&named), "{error}");
    error
}

fn source(error: &StoreError) -> &SqliteError {
    error.source().unwrap().downcast_ref().unwrap()
}

fn begun(folder: &Folder) -> Connection {
    let store = folder.quick();
    let mut log = Vec::new();
    for n in 0..5 {
        let batch = match n {
            0 => beginning(1),
            n => noting(&log, &format!("note {n}"), "kim"),
        };
        wait(store.commit(&batch)).unwrap();
        log.extend_from_slice(batch.events());
    }
    drop(store);
    Connection::open(folder.file()).unwrap()
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = Folder::new();
    let other = begun(&folder);
    drop(other);
    assert!(
        !folder.path().join("releases.db-wal").exists(),
        "closed cleanly"
    );
    assert_eq!(log(&folder.quick(), &stream(1)).len(), 5);
    assert_eq!(
        log(&SqliteStore::open(folder.file()).unwrap(), &stream(1)).len(),
        5
    );
}

#[test]
fn a_name_is_a_name_of_a_file_whatever_it_looks_like() {
    let folder = Folder::new();
    for odd in ["a?mode=memory", "b#c", "ünï.db", "it's %20.db"] {
        let file = folder.path().join(odd);
        let store = SqliteStore::open_with(&file, &quick()).unwrap();
        wait(store.commit(&beginning(1))).unwrap();
        assert!(file.exists(), "{odd}");
    }
}

#[test]
fn options_beyond_what_can_be_are_the_nearest_that_can() {
    let options = SqliteOptions::default();
    let beyond = |wait, readers| options.clone().with_busy_wait(wait).with_readers(readers);
    let hour = Duration::from_hours(1);
    assert_eq!(beyond(Duration::MAX, usize::MAX), beyond(hour, 64));
    assert_eq!(beyond(hour, 0), beyond(hour, 1));
    let folder = Folder::new();
    let longest = beyond(Duration::MAX, 1);
    let store = SqliteStore::open_with(folder.file(), &longest).unwrap();
    wait(store.commit(&beginning(1))).unwrap();
    assert_eq!(log(&store, &stream(1)).len(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let error = refused(&folder.path().join("no/such/folder.db"));
    assert_eq!(error.kind(), SqliteErrorKind::CannotOpen);
    let wanted = "cannot be opened; make its folder, and let this process write in it";
    assert!(error.to_string().ends_with(wanted), "{error}");
}

/// SQLite keeps the two others beside the file itself, wherever the link is.
#[cfg(unix)]
#[test]
fn a_link_is_followed_to_the_three_files_that_belong_together() {
    let folder = Folder::new();
    let (file, link) = (folder.path().join("real.db"), folder.path().join("link.db"));
    drop(SqliteStore::open(&file).unwrap());
    std::os::unix::fs::symlink("real.db", &link).unwrap();
    let store = SqliteStore::open(&link).unwrap();
    let begin = |number| wait(store.commit(&beginning(number))).map(drop);
    begin(1).unwrap();
    std::fs::remove_file(folder.path().join("real.db-wal")).unwrap();
    let lost = begin(2).unwrap_err();
    assert_eq!(source(&lost).kind(), SqliteErrorKind::Moved);
    drop(store);
    // Away from its `-wal`, the file is no new one.
    std::fs::write(folder.path().join("real.db-wal"), "some commits").unwrap();
    std::fs::rename(&file, folder.path().join("away.db")).unwrap();
    let gone = SqliteStore::open(&link).unwrap_err();
    assert_eq!(gone.kind(), SqliteErrorKind::Moved);
}

#[cfg(unix)]
#[test]
fn a_file_of_two_names_is_refused() {
    let folder = Folder::new();
    let (file, other) = (folder.path().join("one.db"), folder.path().join("other.db"));
    drop(SqliteStore::open(&file).unwrap());
    std::fs::hard_link(&file, &other).unwrap();
    for name in [&file, &other] {
        let refused = refused(name);
        assert_eq!(refused.kind(), SqliteErrorKind::CannotOpen);
        assert!(refused.to_string().contains("another name"), "{refused}");
    }
    std::fs::remove_file(&other).unwrap();
    assert!(SqliteStore::open(&file).is_ok());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_once_the_index_beside_the_file_is_gone() {
    let folder = Folder::new();
    let file = folder.file();
    let store = SqliteStore::open(&file).unwrap();
    let begin = |number| wait(store.commit(&beginning(number))).map(drop);
    begin(1).unwrap();
    std::fs::remove_file(folder.path().join("releases.db-shm")).unwrap();
    let other = SqliteStore::open(&file).unwrap();
    let lost = begin(2).unwrap_err();
    assert_eq!(source(&lost).kind(), SqliteErrorKind::Moved);
    drop(other);
}

#[test]
fn what_is_no_sqlite_file_is_left_as_it_is() {
    let folder = Folder::new();
    for text in ["x", "SQLite format 4\0", &"A long letter. ".repeat(1_000)] {
        std::fs::write(folder.file(), text).unwrap();
        assert_eq!(
            refused(&folder.file()).kind(),
            SqliteErrorKind::NotADatabase
        );
    }
}

#[test]
fn a_sqlite_file_of_another_program_is_left_as_it_is() {
    let folder = Folder::new();
    for mark in [
        "CREATE TABLE customers (name TEXT)",
        "PRAGMA user_version = 1",
        "PRAGMA application_id = 7",
    ] {
        drop(std::fs::remove_file(folder.file()));
        let other = Connection::open(folder.file()).unwrap();
        other.execute_batch(mark).unwrap();
        drop(other);
        assert_eq!(
            refused(&folder.file()).kind(),
            SqliteErrorKind::Foreign,
            "{mark}"
        );
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = Folder::new();
    let other = begun(&folder);
    other.pragma_update(None, "journal_mode", "delete").unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    drop(other);
    let error = refused(&folder.file());
    assert_eq!(error.kind(), SqliteErrorKind::Newer);
    assert!(error.to_string().ends_with("upgrade this one"), "{error}");
}

#[test]
fn a_file_that_was_cut_off_is_never_read_short() {
    let folder = Folder::new();
    drop(begun(&folder));
    let written = log(&folder.quick(), &stream(1));
    let whole = std::fs::read(folder.file()).unwrap();
    for cut in (1..whole.len()).step_by(1_024) {
        std::fs::write(folder.file(), &whole[..cut]).unwrap();
        for beside in ["releases.db-wal", "releases.db-shm"] {
            drop(std::fs::remove_file(folder.path().join(beside)));
        }
        match SqliteStore::open_with(folder.file(), &quick()) {
            // Where the cut went through a page that holds nothing of this log.
            Ok(store) => match wait(store.history(&stream(1), Version::NONE, 100)) {
                Ok(read) => assert!(read == written, "{cut}"),
                Err(error) => assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{cut}"),
            },
            Err(error) => {
                let kinds = [SqliteErrorKind::NotADatabase, SqliteErrorKind::Corrupt];
                assert!(kinds.contains(&error.kind()), "{cut}: {error:?}");
            }
        }
    }
}

#[test]
fn a_damaged_row_is_an_error_and_never_a_short_read() {
    for (damage, what) in [
        ("DELETE FROM events WHERE version = 3", "event 3 of"),
        ("DELETE FROM events WHERE version = 5", "event 5 of"),
        (
            "UPDATE events SET data = '{' WHERE version = 3",
            "its `data` is none",
        ),
        (
            "UPDATE events SET recorded_at = -1 WHERE version = 3",
            "its `recorded_at` is none",
        ),
        (
            "UPDATE events SET actor = '' WHERE version = 3",
            "its `actor` is none",
        ),
        (
            "UPDATE events SET actor_kind = 'dog' WHERE version = 3",
            "its `actor` is none",
        ),
        (
            "UPDATE events SET schema = -1 WHERE version = 3",
            "is damaged",
        ),
        (
            "UPDATE events SET hash = x'00' WHERE version = 3",
            "is damaged",
        ),
        ("UPDATE streams SET version = 3", "said to end before it"),
    ] {
        let folder = Folder::new();
        let other = begun(&folder);
        assert!(other.execute(damage, []).unwrap() > 0, "{damage}");
        let store = folder.quick();
        let error = wait(store.history(&stream(1), Version::NONE, 100)).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{damage}");
        assert!(error.to_string().contains(what), "{damage}: {error}");
        assert!(error.to_string().contains("restore"), "{error}");
        // What lies before it is still read.
        assert_eq!(
            wait(store.history(&stream(1), Version::NONE, 2))
                .unwrap()
                .len(),
            2
        );
    }
}

type Call<'a> = &'a dyn Fn(&SqliteStore) -> Result<(), StoreError>;

#[test]
fn a_damaged_summary_row_or_notice_is_an_error() {
    let list = |store: &SqliteStore| {
        wait(store.list(&tenant("default"), Query::default(), None, 10)).map(drop)
    };
    let claim = |store: &SqliteStore| {
        let lease = Seconds::minutes(1);
        wait(store.claim(&tenant("default"), &key("inbox"), at(NOON), lease, 10)).map(drop)
    };
    let cases: [(&str, Call<'_>); 6] = [
        ("DELETE FROM streams", &list),
        ("UPDATE releases SET summary = '{}'", &list),
        ("UPDATE releases SET id = ''", &list),
        ("DELETE FROM events WHERE version = 1", &claim),
        ("UPDATE events SET phase = 'moon' WHERE version = 1", &claim),
        ("DELETE FROM streams", &claim),
    ];
    for (damage, call) in cases {
        let folder = Folder::new();
        let other = begun(&folder);
        other.execute(damage, []).unwrap();
        let error = call(&folder.quick()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{damage}: {error}");
    }
    // A row that stands where the next event has to.
    let folder = Folder::new();
    let other = begun(&folder);
    let read = log(&folder.quick(), &stream(1));
    other.execute("UPDATE streams SET version = 4", []).unwrap();
    let next = noting(&read[..4], "another fifth", "lou");
    let error = wait(folder.quick().commit(&next)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
}

#[test]
fn a_locked_file_is_waited_for_and_then_told() {
    let folder = Folder::new();
    let other = begun(&folder);
    let options = quick().with_busy_wait(Duration::from_millis(30));
    let store = SqliteStore::open_with(folder.file(), &options).unwrap();
    let read = log(&store, &stream(1));
    let batch = noting(&read, "meanwhile", "kim");
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let error = wait(store.commit(&batch)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.is_retryable());
    assert_eq!(source(&error).kind(), SqliteErrorKind::Locked);
    let said = source(&error).to_string();
    assert!(said.ends_with("let that end, or wait longer"), "{said}");
    assert_eq!(
        log(&store, &stream(1)),
        read,
        "and it is read all the while"
    );
    assert_eq!(
        wait(store.outcome(&stream(1), batch.command())).unwrap(),
        None
    );
    // A new file cannot be begun either.
    let fresh = folder.path().join("fresh.db");
    let held = Connection::open(&fresh).unwrap();
    held.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = std::time::Instant::now();
    let options = quick().with_busy_wait(Duration::from_millis(300));
    let error = SqliteStore::open_with(&fresh, &options).unwrap_err();
    assert_eq!(error.kind(), SqliteErrorKind::Locked);
    let waited = begun.elapsed();
    let bounds = Duration::from_millis(150)..Duration::from_secs(3);
    assert!(bounds.contains(&waited), "it waited {waited:?}");

    other.execute_batch("COMMIT").unwrap();
    assert_eq!(wait(store.commit(&batch)).unwrap(), Committed::Written);
    assert_eq!(log(&store, &stream(1)).len(), 6);
}

#[test]
fn a_lock_that_ends_in_time_is_waited_for() {
    let folder = Folder::new();
    let other = begun(&folder);
    let store = folder.quick();
    let batch = noting(&log(&store, &stream(1)), "meanwhile", "kim");
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ends = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        other.execute_batch("COMMIT").unwrap();
    });
    assert_eq!(wait(store.commit(&batch)).unwrap(), Committed::Written);
    ends.join().unwrap();
}

#[test]
fn a_child_that_may_not_write() {
    let Some((file, _)) = told() else { return };
    let error = SqliteStore::open_with(file, &SqliteOptions::default()).unwrap_err();
    println!("refused: {:?} {error}", error.kind());
}

#[cfg(unix)]
#[test]
fn a_file_or_folder_that_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // The file alone, the folder alone, and a folder where nothing is yet.
    for (file_mode, folder_mode) in [(Some(0o444), 0o777), (Some(0o666), 0o555), (None, 0o555)] {
        let folder = Folder::new();
        if let Some(file_mode) = file_mode {
            drop(begun(&folder));
            mode(&folder.file(), file_mode);
        }
        mode(folder.path(), folder_mode);
        let said = as_nobody(&folder.file());
        mode(folder.path(), 0o777);
        let Some(said) = said else { return };
        assert!(said.contains("refused: ReadOnly"), "{file_mode:?}: {said}");
        // What it would leave beside the file, nobody else could write.
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, usize::from(file_mode.is_some()), "{file_mode:?}");
    }
}

/// What a child says that has no rights of its own; nothing where no such child can be made.
#[cfg(unix)]
fn as_nobody(file: &Path) -> Option<String> {
    use std::os::unix::{fs::MetadataExt, process::CommandExt};
    let mut child = child("sqlite_files::a_child_that_may_not_write", file, "");
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        child.uid(65_534).gid(65_534);
    }
    match child.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            eprintln!("not tested: no child without rights can be started: {error}");
            None
        }
    }
}

#[test]
fn a_child_on_a_small_disk() {
    let Some((file, _)) = told() else { return };
    let store = SqliteStore::open_with(file, &quick()).unwrap();
    wait(store.commit(&beginning(1))).unwrap();
    let (error, read) = loop {
        let read = log(&store, &stream(1));
        let batch = noting(&read, &"long ".repeat(3_000), "kim");
        if let Err(error) = wait(store.commit(&batch)) {
            assert_eq!(
                wait(store.outcome(&stream(1), batch.command())).unwrap(),
                None
            );
            break (error, read);
        }
    };
    assert_eq!(
        log(&store, &stream(1)),
        read,
        "nothing is lost, and nothing half there"
    );
    println!(
        "stopped: {:?} {:?} after {}",
        error.kind(),
        source(&error).kind(),
        read.len()
    );
    println!("{}", source(&error));
}

/// On a file system of one megabyte, made for the child alone.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let folder = Folder::new();
    let mut alone = std::process::Command::new("unshare");
    let inner = child("sqlite_files::a_child_on_a_small_disk", &folder.file(), "");
    alone.args(["--map-root-user", "--mount", "sh", "-c"]);
    alone.arg("mount -t tmpfs -o size=1m tmpfs \"$1\" || exit 77; shift; exec \"$@\"");
    alone.arg("sh").arg(folder.path()).arg(inner.get_program());
    alone.args(inner.get_args());
    alone.envs(
        inner
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    let output = match alone.output() {
        Ok(output) if output.status.code() != Some(77) => output,
        Ok(_) | Err(_) => {
            eprintln!("not tested: no file system can be mounted here");
            return;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("stopped: Unavailable Full after"), "{said}");
    assert!(said.contains("make room, and try again"), "{said}");
}
