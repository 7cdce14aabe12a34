//! What the compiler says to those who ask for what the lifecycle does not have: the crate's own words, pinned.

use std::process::Command;

/// The texts around ours are the compiler's, and change with it.
const PINNED_BY: &str = "rustc 1.95.";

/// To pin them anew, set `TRYBUILD=overwrite`, and read every one.
#[test]
fn the_compiler_says_what_is_wrong_in_the_words_of_the_crate() {
    let rustc = Command::new("rustc").arg("--version").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    if version.starts_with(PINNED_BY) {
        trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    } else {
        eprintln!("skipped: messages are pinned by {PINNED_BY}x, and this is {version}");
    }
}
