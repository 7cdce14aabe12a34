//! Paths that lead nowhere, or no longer where they led: folders, files that are moved or removed while they are open,
//! and places where nothing may be written.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "these tests move files and start processes"
)]

use crate::desk_support::{NOON, at, key, stream, tenant, wait};
use crate::sqlite_support::{Folder, beginning, child, log, noting, quick, told};
use phasegate::phase::Seconds;
use phasegate::store::{
    Committed, Order, Query, SqliteError, SqliteErrorKind, StoreError, StoreErrorKind,
};
use phasegate::{SqliteStore, Store};
use std::error::Error;
use std::path::Path;

fn source(error: &StoreError) -> &SqliteError {
    error.source().unwrap().downcast_ref().unwrap()
}

fn kind(path: impl AsRef<Path>) -> SqliteErrorKind {
    SqliteStore::open_with(path, &quick()).unwrap_err().kind()
}

fn claim(store: &SqliteStore) -> Result<usize, StoreError> {
    let (of, sink, lease) = (tenant("default"), key("inbox"), Seconds::minutes(1));
    wait(store.claim(&of, &sink, at(NOON), lease, 1)).map(|claimed| claimed.len())
}

/// The names of all files of a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn what_is_no_name_of_a_file_is_refused_and_makes_none() {
    for (path, what) in [
        ("", "names no file; name one"),
        (":memory:", "`MemoryStore` keeps releases in memory"),
        ("file:releases.db?mode=ro", "give the path alone"),
        ("file::memory:", "give the path alone"),
    ] {
        let error = SqliteStore::open(path).unwrap_err();
        assert_eq!(error.kind(), SqliteErrorKind::CannotOpen);
        assert!(error.to_string().contains(what), "{error}");
        assert!(path.is_empty() || !Path::new(path).exists());
    }
    // Within a folder it is a name like any other.
    let folder = Folder::new();
    for odd in [":memory:", "file:releases.db"] {
        let file = folder.path().join(odd);
        let store = SqliteStore::open_with(&file, &quick()).unwrap();
        wait(store.commit(&beginning(1))).unwrap();
        assert!(file.exists());
    }
}

#[test]
fn a_folder_is_no_file() {
    let folder = Folder::new();
    assert_eq!(kind(folder.path()), SqliteErrorKind::NotADatabase);
    assert_eq!(files(folder.path()), [""; 0]);
}

/// Nothing is written to a file that has another name by now, or none; put back, it goes on.
#[cfg(unix)]
#[test]
fn a_file_that_is_moved_or_replaced_while_it_is_open_is_noticed() {
    for moved in ["releases.db", "releases.db-wal"] {
        let folder = Folder::new();
        let store = folder.quick();
        let first = beginning(1);
        wait(store.commit(&first)).unwrap();
        let (there, away) = (folder.path().join(moved), folder.path().join("away"));
        std::fs::rename(&there, &away).unwrap();
        let batch = noting(first.events(), "meanwhile", "kim");
        for replaced in [false, true] {
            if replaced {
                std::fs::copy(&away, &there).unwrap();
            }
            let error = wait(store.commit(&batch)).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Other);
            assert_eq!(source(&error).kind(), SqliteErrorKind::Moved);
            let said = source(&error).to_string();
            assert!(said.ends_with("put back what belongs together, and open it again"));
            assert_eq!(claim(&store).unwrap_err().kind(), StoreErrorKind::Other);
        }
        std::fs::rename(&away, &there).unwrap();
        assert_eq!(wait(store.commit(&batch)).unwrap(), Committed::Written);
        drop(store);
        assert_eq!(log(&folder.quick(), &stream(1)).len(), 2);
    }
}

#[test]
fn a_second_handle_does_not_begin_anew_what_is_moved_away() {
    for gone in ["releases.db", "releases.db-wal"] {
        let folder = Folder::new();
        let store = folder.quick();
        wait(store.commit(&beginning(1))).unwrap();
        std::fs::rename(folder.path().join(gone), folder.path().join("away")).unwrap();
        assert_eq!(kind(folder.file()), SqliteErrorKind::Moved, "{gone}");
        if gone == "releases.db" {
            assert!(!folder.file().exists(), "nothing was made");
            assert!(folder.path().join("releases.db-wal").exists());
        }
    }
}

#[test]
fn a_table_or_index_that_is_not_there_is_damage() {
    let any = |store: &SqliteStore| {
        let list = |order| {
            let query = Query {
                order,
                ..Query::default()
            };
            wait(store.list(&tenant("default"), query, None, 9)).err()
        };
        let claim = claim(store).err();
        let commit = wait(store.commit(&beginning(2))).err();
        let errors = Order::ALL.into_iter().map(list).chain([claim, commit]);
        errors.flatten().collect::<Vec<_>>()
    };
    for dropped in [
        "TABLE streams",
        "TABLE events",
        "TABLE commands",
        "TABLE releases",
        "TABLE outbox",
        "TABLE sinks",
        "TABLE claims",
        "INDEX releases_by_created_at",
        "INDEX releases_by_planned_start",
        "INDEX releases_by_next_due",
        "INDEX claims_waiting",
    ] {
        let folder = Folder::new();
        wait(folder.quick().commit(&beginning(1))).unwrap();
        let other = rusqlite::Connection::open(folder.file()).unwrap();
        other.execute_batch(&format!("DROP {dropped}")).unwrap();
        let errors = any(&folder.quick());
        assert!(!errors.is_empty(), "{dropped}");
        for error in errors {
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{dropped}: {error}");
            assert!(error.to_string().contains("restore a backup"), "{error}");
        }
    }
}

#[test]
fn a_child_that_has_no_more_files() {
    let Some((file, _)) = told() else { return };
    let mut held = Vec::new();
    while let Ok(another) = std::fs::File::open("/dev/null") {
        held.push(another);
    }
    // Enough for the file itself, and not for what is beside it, and so on.
    for _ in 0..6 {
        let error = SqliteStore::open_with(&file, &quick()).unwrap_err();
        println!("refused: {:?} {error}", error.kind());
        held.pop();
    }
    drop(held);
    SqliteStore::open_with(&file, &quick()).unwrap();
    println!("opened");
}

#[cfg(unix)]
#[test]
fn no_more_open_files_is_told_as_that() {
    let folder = Folder::new();
    let inner = child(
        "sqlite_paths::a_child_that_has_no_more_files",
        &folder.file(),
        "",
    );
    let said = within(&inner, "ulimit -n 64 || exit 77; exec \"$@\"", &folder);
    let Some(said) = said else { return };
    let told = said.matches("refused: CannotOpen").count();
    let why = said
        .matches("as many files open as it may; close some, or allow more")
        .count();
    assert_eq!((told, why), (6, 6), "{said}");
    assert!(said.contains("\nopened"), "{said}");
}

#[test]
fn a_child_that_may_only_read() {
    let Some((_, folder)) = told() else { return };
    for name in ["releases.db", "new.db"] {
        let error = SqliteStore::open_with(Path::new(&folder).join(name), &quick()).unwrap_err();
        println!("refused: {:?} {error}", error.kind());
    }
}

/// On a file system that is mounted for reading only, for the child alone.
#[cfg(target_os = "linux")]
#[test]
fn a_file_system_that_may_only_be_read_is_told_as_that() {
    let folder = Folder::new();
    let store = folder.quick();
    wait(store.commit(&beginning(1))).unwrap();
    drop(store);
    let path = folder.path().to_str().unwrap();
    let inner = child(
        "sqlite_paths::a_child_that_may_only_read",
        &folder.file(),
        path,
    );
    let mount =
        "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" || exit 77; exec \"$@\"";
    let said = alone(&inner, mount, &folder);
    let Some(said) = said else { return };
    assert_eq!(said.matches("refused: ReadOnly").count(), 2, "{said}");
    assert_eq!(files(folder.path()), ["releases.db"], "nothing is left");
}

/// What a child says after a few lines of a shell; nothing where those cannot be had.
#[cfg(unix)]
fn within(inner: &std::process::Command, script: &str, folder: &Folder) -> Option<String> {
    started(std::process::Command::new("sh"), inner, script, folder)
}

/// The same, with mounts of its own.
#[cfg(target_os = "linux")]
fn alone(inner: &std::process::Command, script: &str, folder: &Folder) -> Option<String> {
    let mut alone = std::process::Command::new("unshare");
    alone.args(["--map-root-user", "--mount", "sh"]);
    started(alone, inner, script, folder)
}

#[cfg(unix)]
fn started(
    mut shell: std::process::Command,
    inner: &std::process::Command,
    script: &str,
    folder: &Folder,
) -> Option<String> {
    shell.arg("-c").arg(script).arg(folder.path());
    shell.arg(inner.get_program()).args(inner.get_args());
    let settings = inner.get_envs();
    shell.envs(settings.filter_map(|(key, value)| Some((key, value?))));
    match shell.output() {
        Ok(output) if output.status.code() != Some(77) => {
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(_) | Err(_) => {
            eprintln!("not tested: this cannot be had here: {script}");
            None
        }
    }
}
