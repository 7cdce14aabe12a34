//! Imports point down only: the rooms of `src`, who may import whom, and what the pure floor never touches.

use std::collections::BTreeSet;
use std::path::Path;

/// Every room, and the rooms that it may import. The root, `lib.rs`, has no logic and re-exports what it likes.
const ROOMS: &[(&str, &[&str])] = &[
    // The pure floor.
    ("phase", &[]),
    ("release", &["phase"]),
    ("schedule", &["phase", "release"]),
    ("gate", &["phase", "release", "schedule"]),
    ("kpi", &["phase", "release", "schedule"]),
    ("verify", &["phase", "release", "schedule", "gate", "kpi"]),
    ("report", &["phase", "release", "schedule", "gate", "kpi"]),
    // Ports and their adapters: they know neither each other nor who decides.
    ("store", &["phase", "release"]),
    ("notify", &["phase", "release"]),
    ("clock", &["phase", "release"]),
    ("facts", &["phase", "release"]),
    // Above them all.
    (
        "desk",
        &[
            "phase", "release", "schedule", "gate", "kpi", "verify", "report", "store", "notify",
            "clock", "facts",
        ],
    ),
    (
        "testing",
        &[
            "phase", "release", "schedule", "gate", "kpi", "verify", "report", "store", "notify",
            "clock", "facts", "desk",
        ],
    ),
    // Documents, shown by rustdoc.
    ("guide", &[]),
];

const PURE: &[&str] = &[
    "phase", "release", "schedule", "gate", "kpi", "report", "verify",
];

/// What waits, looks at the clock, draws lots, or touches the machine.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "chrono::Local",
    "chrono::Utc::now",
    "Utc::now",
    "Local::now",
    "Instant::now",
    "SystemTime",
    "Uuid::now_v7",
    "Uuid::new_v4",
    "Uuid::new_v7",
];

/// Where it is right all the same: threads that share work, and are gone before anybody has the answer, which is the same
/// without them.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "verify/explore.rs",
        &["std::thread::scope", "std::thread::Builder::new"],
    ),
    // Its checks race, and come back from a store that hangs.
    ("testing/conformance/bench.rs", &["std::thread"]),
];

/// What only one folder may touch: files, threads, and the database that is behind its doors.
const OWNED: &[(&str, &[&str])] = &[(
    "store/sqlite/",
    &["std::fs", "std::thread", "rusqlite", "futures_channel"],
)];

#[test]
fn every_file_of_the_crate_keeps_to_its_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    read(&src, "", &mut files);
    assert!(files.len() > 50, "only {} files were found", files.len());
    let faults: Vec<_> = files
        .iter()
        .flat_map(|(at, text)| faults(at, text))
        .collect();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn the_table_of_rooms_has_no_way_up() {
    let mut below = BTreeSet::new();
    for (room, imports) in ROOMS {
        assert!(
            imports.iter().all(|import| below.contains(import)),
            "{room}"
        );
        assert!(below.insert(room), "{room} is there twice");
    }
    assert!(PURE.iter().all(|room| below.contains(room)));
}

#[test]
fn an_import_of_a_higher_room_is_found_however_it_is_written() {
    let seen = |code: &str| faults("gate/rule.rs", &format!("//! Rules.\n{code}"));
    let fault = ["gate/rule.rs: `gate` imports `store`"];
    assert_eq!(seen("use crate::store::Store;"), fault);
    assert_eq!(seen("pub(crate) use crate::store;"), fault);
    assert_eq!(
        seen("use crate::{phase::Instant, store::{Page, Query}};"),
        fault
    );
    assert_eq!(seen("fn a(s: &crate::store::Page) {}"), fault);
    assert_eq!(seen("use super::super::store::Page;"), fault);
    assert_eq!(
        seen("use crate::Desk;"),
        ["gate/rule.rs: `crate::Desk` is in no room; import it from its own"]
    );

    assert_eq!(seen("use crate::phase::Instant; use super::Gate;"), [""; 0]);
    assert_eq!(
        seen("use crate::{gate::Facts, release::{Digest, Key}};"),
        [""; 0]
    );
    assert_eq!(
        seen("/// [`Store`](crate::store::Store)\nstruct A;"),
        [""; 0]
    );
    assert_eq!(
        seen("/* crate::store */ const A: &str = \"crate::store\";"),
        [""; 0]
    );
    assert_eq!(
        faults("desk/mod.rs", "//! Desk.\nuse crate::store::Store;"),
        [""; 0]
    );
    assert_eq!(faults("lib.rs", "//! Root.\npub use desk::Desk;"), [""; 0]);
}

#[test]
fn stores_and_notifiers_do_not_know_each_other() {
    let import = |room: &str| format!("//! Port.\nuse crate::{room}::Thing;");
    for other in ["notify", "gate", "desk"] {
        assert_eq!(faults("store/any.rs", &import(other)).len(), 1, "{other}");
    }
    for other in ["store", "gate", "desk"] {
        assert_eq!(faults("notify/any.rs", &import(other)).len(), 1, "{other}");
    }
}

#[test]
fn the_pure_floor_does_not_wait_or_look_around() {
    let seen = |room: &str, code: &str| faults(&format!("{room}/a.rs"), &format!("//! A.\n{code}"));
    for impure in [
        "async fn a() {}",
        "fn a() { b.await }",
        "const A: char = '\"'; const B: char = '\\''; async fn a() {}",
        "fn a() -> impl Future<Output = ()> { async { } }",
        "use std::fs;",
        "use std::{collections::BTreeMap, fs::File};",
        "fn a() { std::env::var(\"A\") }",
        "fn a() { std::thread::yield_now() }",
        "use std::time::SystemTime;",
        "fn a() { chrono::Utc::now() }",
        "use chrono::Utc; fn a() { Utc::now() }",
        "fn a() { uuid::Uuid::now_v7() }",
    ] {
        for room in PURE {
            assert_ne!(seen(room, impure), [""; 0], "{room}: {impure}");
        }
        let above = seen("clock", impure);
        let is_above = |fault: &String| !fault.ends_with("on the pure floor");
        assert!(above.iter().all(is_above), "{impure}: {above:?}");
    }
    for pure in [
        "// async fn a() {}",
        "/// ```\n/// block_on(async { a.await })\n/// ```\nstruct A;",
        "const A: &str = \"std::fs and .await\";",
        "const A: &str = r#\"an \"async\" word\"#;",
        "struct Asynchronous<'a>(&'a str);",
        "use std::fmt; use std::sync::Arc;",
    ] {
        assert_eq!(seen("phase", pure), [""; 0], "{pure}");
    }
}

#[test]
fn files_and_threads_belong_to_the_store_that_is_a_file() {
    for owned in ["std::fs", "std::thread::Builder", "rusqlite::Connection"] {
        let code = format!("//! A.\nuse {owned};");
        for elsewhere in ["store/memory.rs", "desk/mod.rs", "testing/mod.rs"] {
            assert_eq!(faults(elsewhere, &code).len(), 1, "{elsewhere}: {owned}");
        }
        assert_eq!(faults("store/sqlite/mod.rs", &code), [""; 0], "{owned}");
    }
}

#[test]
fn a_file_without_a_caption_is_found() {
    let fault = ["phase/a.rs: line 1 is not a `//!` caption"];
    assert_eq!(faults("phase/a.rs", "use std::fmt;\n//! Late."), fault);
    assert_eq!(faults("phase/a.rs", "//!\nuse std::fmt;"), fault);
    assert_eq!(faults("phase/a.rs", ""), fault);
    assert_eq!(faults("phase/a.rs", "//! Words."), [""; 0]);
}

#[test]
fn a_folder_that_is_not_in_the_table_is_found() {
    assert_eq!(
        faults("helpers/mod.rs", "//! Odds and ends."),
        ["helpers/mod.rs: `helpers` is not in the table of rooms"]
    );
    assert_eq!(faults("helpers.rs", "//! Odds and ends.").len(), 1);
}

/// The text of every source file under a folder, by its path from `src`.
#[expect(
    clippy::disallowed_methods,
    reason = "this test reads the crate's own source"
)]
fn read(folder: &Path, path: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let at = format!("{path}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{at}/"), files);
        } else if entry.path().extension() == Some("rs".as_ref()) {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            files.push((at, text));
        }
    }
}

/// What is wrong with the file at this path from `src`.
fn faults(at: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let caption = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//! "));
    if caption.is_none_or(|caption| caption.trim().is_empty()) {
        faults.push("line 1 is not a `//!` caption".to_owned());
    }
    let room = at.split(['/', '.']).next().unwrap_or_default();
    let code = code(text);
    if room != "lib" {
        match ROOMS.iter().find(|(name, _)| *name == room) {
            Some((_, imports)) => faults.extend(wrong_imports(at, room, imports, &code)),
            None => faults.push(format!("`{room}` is not in the table of rooms")),
        }
    }
    if PURE.contains(&room) {
        faults.extend(impurities(at, &code));
    } else {
        faults.extend(strangers(at, &code));
    }
    faults
        .iter()
        .map(|fault| format!("{at}: {fault}"))
        .collect()
}

fn wrong_imports(at: &str, room: &str, imports: &[&str], code: &str) -> Vec<String> {
    let is_room = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);
    // From `src/gate/rule.rs`, two `super` lead to the root.
    let depth = at.split('/').filter(|part| *part != "mod.rs").count();
    let from_root = |path: &str| {
        let rest = path.trim_start_matches("super::");
        let climbed = (path.len() - rest.len()) / "super::".len();
        if let Some(rest) = path.strip_prefix("crate::") {
            return Some(rest.to_owned());
        }
        (climbed >= depth && climbed > 0)
            .then(|| rest.to_owned())
            .filter(|rest| is_room(head(rest)))
    };
    let named: BTreeSet<_> = paths(code)
        .iter()
        .filter_map(|path| from_root(path))
        .collect();
    let mut faults = BTreeSet::new();
    for path in &named {
        let other = head(path);
        if !is_room(other) {
            faults.insert(format!(
                "`crate::{path}` is in no room; import it from its own"
            ));
        } else if other != room && !imports.contains(&other) {
            faults.insert(format!("`{room}` imports `{other}`"));
        }
    }
    faults.into_iter().collect()
}

fn is_below(path: &str, above: &str) -> bool {
    format!("::{path}::").contains(&format!("::{above}::"))
}

fn strangers(at: &str, code: &str) -> Vec<String> {
    let paths = paths(code);
    let owned = OWNED.iter().filter(|(folder, _)| !at.starts_with(folder));
    let allowed = ALLOWED.iter().filter(|(file, _)| *file == at);
    let allowed: Vec<_> = allowed.flat_map(|(_, paths)| *paths).collect();
    owned
        .flat_map(|(folder, owned)| owned.iter().map(move |owned| (folder, owned)))
        .filter(|(_, owned)| paths.iter().any(|path| is_below(path, owned)))
        .filter(|(_, owned)| !allowed.contains(owned))
        .map(|(folder, owned)| format!("`{owned}` outside of `{folder}`"))
        .collect()
}

fn impurities(at: &str, code: &str) -> Vec<String> {
    let allowed = ALLOWED.iter().filter(|(file, _)| *file == at);
    let allowed: Vec<_> = allowed.flat_map(|(_, paths)| *paths).collect();
    let waits = words(code)
        .filter(|word| ["async", "await"].contains(word))
        .map(|word| format!("`{word}` on the pure floor"));
    let touches = |path: &&String| IMPURE.iter().any(|impure| is_below(path, impure));
    let paths = paths(code);
    let outside = paths
        .iter()
        .filter(|path| touches(path) && !allowed.iter().any(|one| *one == path))
        .map(|path| format!("`{path}` on the pure floor"));
    waits.chain(outside).collect()
}

fn head(path: &str) -> &str {
    path.split("::").next().unwrap_or_default()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// Every path in the code; `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        rest = match path(rest, "", &mut paths) {
            Some(after) => after,
            None => after_first(rest),
        };
    }
    paths
}

/// Reads one path, with its branches if it has any, and gives what comes after it.
fn path<'a>(code: &'a str, before: &str, paths: &mut Vec<String>) -> Option<&'a str> {
    let end = code
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(code.len());
    let (word, after) = code
        .split_at_checked(end)
        .filter(|(word, _)| !word.is_empty())?;
    let so_far = format!("{before}{word}");
    let Some(after) = after.trim_start().strip_prefix("::").map(str::trim_start) else {
        paths.push(so_far);
        return Some(after);
    };
    let so_far = format!("{so_far}::");
    let Some(mut branches) = after.strip_prefix('{') else {
        let further = path(after, &so_far, paths);
        if further.is_none() {
            // A glob or a turbofish.
            paths.push(so_far.trim_end_matches(':').to_owned());
        }
        return further.or(Some(after));
    };
    while !branches.is_empty() {
        if let Some(after) = branches.strip_prefix('}') {
            return Some(after);
        }
        branches = match path(branches, &so_far, paths) {
            Some(after) => after,
            None => after_first(branches),
        };
    }
    Some(branches)
}

fn after_first(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

/// The text without comments, strings and characters.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '/' if rest.starts_with("//") => rest.find('\n'),
            '/' if rest.starts_with("/*") => rest.find("*/").map(|end| end + 2),
            'r' if !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => raw_string(rest),
            '"' => string(rest),
            '\'' => character(rest),
            _ => Some(0),
        };
        let length = length.unwrap_or(rest.len());
        let (kept, skipped) = if length == 0 {
            (next, next.len_utf8())
        } else {
            (' ', length)
        };
        code.push(kept);
        rest = rest.get(skipped..).unwrap_or_default();
    }
    code
}

/// How long the raw string is that begins here; 0 if none does.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|&c| c == '#').count();
    if !text[1 + hashes..].starts_with('"') {
        return Some(0);
    }
    let opened = hashes + 2;
    let close = format!("\"{}", "#".repeat(hashes));
    text[opened..]
        .find(&close)
        .map(|end| opened + end + close.len())
}

fn string(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let end = text[1..].find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    end.map(|end| end + 2)
}

/// How long the character is that begins here; 0 if it is a lifetime.
fn character(text: &str) -> Option<usize> {
    let first = text[1..].chars().next()?;
    let length = 1 + first.len_utf8();
    if first == '\\' {
        return text[length + 1..]
            .find('\'')
            .map(|end| length + 1 + end + 1);
    }
    Some(if text[length..].starts_with('\'') {
        length + 1
    } else {
        0
    })
}
