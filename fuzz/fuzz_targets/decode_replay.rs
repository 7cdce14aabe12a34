//! Bytes as a log: whatever they are, reading, verifying and replaying them ends in a value or a typed error.
//!
//! Input that begins with a zero byte is a list of edits of a golden log instead. An edited log gets new versions and
//! links, as from somebody who can write everything, so that the edits reach the lifecycle and not only the chain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phasegate::release::{Digest, Envelope, Upcasters, Version, replay, replay_with, verify};
use std::borrow::Cow;

const LOGS: [&str; 6] = [
    include_str!("../../tests/golden/unreleased/backed_out.jsonl"),
    include_str!("../../tests/golden/unreleased/expedited.jsonl"),
    include_str!("../../tests/golden/unreleased/gated.jsonl"),
    include_str!("../../tests/golden/unreleased/held.jsonl"),
    include_str!("../../tests/golden/unreleased/rejected.jsonl"),
    include_str!("../../tests/golden/unreleased/unauthorised.jsonl"),
];

fuzz_target!(|data: &[u8]| {
    match data.split_first() {
        Some((0, edits)) => follow(&relinked(edited(edits))),
        _ => follow(&read(&String::from_utf8_lossy(data))),
    }
});

fn read(text: &str) -> Vec<Envelope> {
    text.lines().filter_map(|line| Envelope::from_json(line).ok()).collect()
}

/// A golden log with some entries removed, doubled, swapped or mixed with others, and some bytes of payloads changed.
fn edited(edits: &[u8]) -> Vec<Envelope> {
    let Some((&first, edits)) = edits.split_first() else { return Vec::new() };
    let mut log = read(LOGS[usize::from(first) % LOGS.len()]);
    let other = read(LOGS[usize::from(first / 16) % LOGS.len()]);
    for edit in edits.chunks_exact(4) {
        if log.is_empty() {
            break;
        }
        let [how, at, from, byte] = [edit[0], edit[1], edit[2], edit[3]];
        let at = usize::from(at) % log.len();
        let from = usize::from(from);
        let near = from % log.len();
        match how % 8 {
            0 => drop(log.remove(at)),
            1 => log.insert(at, log[near].clone()),
            2 => log.swap(at, near),
            3 => log[at].data = log[near].data.clone(),
            4 => log[at] = other[from % other.len()].clone(),
            5 => log[at].actor = log[near].actor.clone(),
            6 => {
                log[at].kind = Cow::Owned(log[near].kind.to_string());
                log[at].recorded_at = log[near].recorded_at;
                log[at].schema = u16::from(byte % 3);
            }
            _ => {
                let mut json = log[at].data.as_str().as_bytes().to_vec();
                let place = from * usize::from(byte) % json.len();
                json[place] = byte;
                if let Ok(json) = std::str::from_utf8(&json)
                    && let Ok(line) = log[at].to_json()
                {
                    let line = line.replace(log[at].data.as_str(), json);
                    if let Ok(entry) = Envelope::from_json(&line) {
                        log[at] = entry;
                    }
                }
            }
        }
    }
    log
}

fn relinked(mut log: Vec<Envelope>) -> Vec<Envelope> {
    let mut last = Digest::ZERO;
    let stream = log.first().map(|entry| entry.stream.clone());
    for (at, entry) in log.iter_mut().enumerate() {
        entry.stream.clone_from(stream.as_ref().expect("there is a first"));
        entry.version = Version::new(at as u64 + 1);
        entry.payload_digest = Digest::of(entry.data.as_str().as_bytes());
        entry.prev = last;
        entry.hash = Digest::of(&[last.as_bytes().as_slice(), entry.data.as_str().as_bytes()].concat());
        last = entry.hash;
    }
    log
}

fn follow(log: &[Envelope]) {
    let _ = verify(log);
    for entry in log {
        let _ = entry.decode();
        let line = entry.to_json().expect("what was read can be written");
        let again = Envelope::from_json(&line).expect("what was written can be read");
        assert!(again == *entry, "what was read is written as it was");
    }
    let upcasters = Upcasters::default().with("release.noted", 0, |json| Ok(json.to_owned()));
    let _ = replay_with(log, &upcasters);
    let Ok(release) = replay(log) else { return };
    let view = release.view();
    assert_eq!(view.version.get(), log.len() as u64);
    let twin = replay(log).expect("it replayed just now");
    assert!(release.anywhere() == twin.anywhere(), "the same log is the same release");
}
