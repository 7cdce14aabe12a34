//! What the hash chain shows of a log that was tampered with, what it cannot show, and what replay refuses by itself.

use crate::samples::{Site, full_step, hash_by_the_book, key, release_id, reseal, tenant};
use phasegate::gate::GateSet;
use phasegate::phase::{Action, Seconds};
use phasegate::release::{
    Actor, AnyRecord, Broken, BrokenHow, Digest, Envelope, Event, EventId, LogErrorKind, Payload,
    Stream, StreamKind, Tenant, Upcasters, Version, replay, replay_with, verify,
};
use proptest::prelude::*;
use std::borrow::Cow;
use std::sync::OnceLock;

/// A log of a person's and a system's entries.
fn log() -> Vec<Envelope> {
    static LOG: OnceLock<Vec<Envelope>> = OnceLock::new();
    LOG.get_or_init(|| Site::review(GateSet::new()).log())
        .clone()
}

/// Another release's log.
fn other_log() -> Vec<Envelope> {
    let mut site = Site::start(7, GateSet::new());
    for action in [
        Action::RequestRelease,
        Action::Hold,
        Action::Resume,
        Action::Reject,
    ] {
        site.take(full_step(action), "max");
    }
    site.log()
}

fn position(at: usize) -> Version {
    Version::new(at as u64 + 1)
}

fn found(log: &[Envelope]) -> Option<(Version, BrokenHow)> {
    let broken: Broken = verify(log).err()?;
    Some((broken.version, broken.how))
}

fn payload(json: &str) -> Payload {
    serde_json::from_str(json).unwrap()
}

/// A change of one field of an entry, and what is said of it.
type Edit = (&'static str, fn(&mut Envelope), BrokenHow);

fn other_id(entry: &Envelope, command: Option<&str>, index: u16) -> EventId {
    let own = entry.id.command().to_string();
    format!("{}/{index}", command.unwrap_or(&own))
        .parse()
        .unwrap()
}

const EDITS: &[Edit] = &[
    (
        "id.command",
        |entry| entry.id = other_id(entry, Some("00000000-0000-8000-8000-000000000000"), 0),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "id.index",
        |entry| entry.id = other_id(entry, None, 1),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "stream.tenant",
        |entry| entry.stream.tenant = Tenant::new("evil").unwrap(),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "stream.kind",
        |entry| entry.stream.kind = StreamKind::Model,
        BrokenHow::EnvelopeEdited,
    ),
    (
        "stream.id",
        |entry| entry.stream.id = key("x"),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "version",
        |entry| entry.version = entry.version.plus(1),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "kind",
        |entry| entry.kind = Cow::Borrowed("release.notedd"),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "schema",
        |entry| entry.schema += 1,
        BrokenHow::EnvelopeEdited,
    ),
    (
        "critical",
        |entry| entry.critical = !entry.critical,
        BrokenHow::EnvelopeEdited,
    ),
    (
        "occurred_at",
        |entry| entry.occurred_at = entry.occurred_at.plus(Seconds::new(1)),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "recorded_at",
        |entry| entry.recorded_at = entry.recorded_at.plus(Seconds::new(1)),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "actor's name",
        |entry| entry.actor = Actor::System(key("mallory")),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "actor's kind",
        |entry| entry.actor = other_kind(&entry.actor),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "payload_digest",
        |entry| entry.payload_digest = Digest::of(b"other"),
        BrokenHow::PayloadEdited,
    ),
    (
        "prev",
        |entry| entry.prev = Digest::of(b"other"),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "hash",
        |entry| entry.hash = Digest::of(b"other"),
        BrokenHow::EnvelopeEdited,
    ),
    (
        "data",
        |entry| entry.data = payload(&format!("{} ", entry.data.as_str()).replace('}', " }")),
        BrokenHow::PayloadEdited,
    ),
    (
        "data and its digest",
        |entry| {
            entry.data = payload("[7]");
            entry.payload_digest = Digest::of(b"[7]");
        },
        BrokenHow::EnvelopeEdited,
    ),
];

fn other_kind(actor: &Actor) -> Actor {
    match actor {
        Actor::Person(person) => Actor::System(key(person.as_str())),
        Actor::System(system) => Actor::Person(system.as_str().parse().unwrap()),
    }
}

#[test]
fn every_edited_field_of_every_entry_is_found_there() {
    let log = log();
    let fields: serde_json::Value = serde_json::to_value(&log[0]).unwrap();
    for field in fields.as_object().unwrap().keys() {
        assert!(
            EDITS
                .iter()
                .any(|(name, ..)| name.starts_with(field.as_str())),
            "{field} is never edited"
        );
    }
    assert_eq!(verify(&log).unwrap(), log.last().unwrap().hash);
    for at in 0..log.len() {
        for (field, edit, how) in EDITS {
            let mut edited = log.clone();
            edit(&mut edited[at]);
            assert_eq!(
                found(&edited),
                Some((position(at), *how)),
                "{field} of entry {at}"
            );
        }
    }
}

/// Whether a line with another byte in it is caught: it does not read, reads as the same, or is found where it is.
fn is_caught(log: &[Envelope], at: usize, line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return true;
    };
    let Ok(entry) = Envelope::from_json(line) else {
        return true;
    };
    if entry == log[at] {
        return true;
    }
    let mut edited = log.to_vec();
    edited[at] = entry;
    found(&edited).is_some_and(|(version, _)| version == position(at))
}

#[test]
fn every_changed_byte_of_a_line_is_caught() {
    let log = &log()[..3];
    for (at, entry) in log.iter().enumerate() {
        let line = entry.to_json().unwrap().into_bytes();
        for place in 0..line.len() {
            for bit in 0..8 {
                let mut changed = line.clone();
                changed[place] ^= 1 << bit;
                assert!(
                    is_caught(log, at, &changed),
                    "{}",
                    String::from_utf8_lossy(&changed)
                );
            }
            for changed in [
                [&line[..place], &line[place + 1..]].concat(),
                [&line[..place], b" ", &line[place..]].concat(),
            ] {
                assert!(
                    is_caught(log, at, &changed),
                    "{}",
                    String::from_utf8_lossy(&changed)
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_of_any_line_are_caught(
        at in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let log = log();
        let at = at.index(log.len());
        let mut line = log[at].to_json().unwrap().into_bytes();
        for (place, byte) in changes {
            let place = place.index(line.len());
            line[place] = byte;
        }
        prop_assert!(is_caught(&log, at, &line));
    }

    #[test]
    fn entries_that_are_gone_doubled_moved_or_foreign_are_found_at_the_first_wrong_place(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let log = log();
        let (from, to) = (from.index(log.len()), to.index(log.len()));

        let mut gone = log.clone();
        gone.remove(from);
        let expected = (from + 1 < log.len()).then_some((position(from), BrokenHow::Missing));
        prop_assert_eq!(found(&gone), expected);

        let mut doubled = log.clone();
        doubled.insert(from + 1, log[from].clone());
        prop_assert_eq!(found(&doubled), Some((position(from + 1), BrokenHow::Reordered)));

        let mut moved = log.clone();
        moved.swap(from, to);
        let expected = (from != to).then_some((position(from.min(to)), BrokenHow::Missing));
        prop_assert_eq!(found(&moved), expected);

        let mut foreign = log.clone();
        let place = from.max(1);
        foreign[place] = other_log()[to % 4].clone();
        prop_assert_eq!(found(&foreign), Some((position(place), BrokenHow::Foreign)));

        for wrong in [gone, doubled, moved, foreign] {
            if let Some((version, _)) = found(&wrong) {
                let error = replay(&wrong).unwrap_err();
                prop_assert_eq!(error.kind(), LogErrorKind::Broken);
                let at = usize::try_from(version.get()).unwrap() - 1;
                prop_assert_eq!(error.version(), Some(wrong[at].version));
            }
        }
    }
}

#[test]
fn an_entry_that_was_replaced_as_a_whole_shows_at_the_next_one() {
    let log = log();
    for at in 0..log.len() {
        let mut edited = log.clone();
        edited[at].actor = Actor::System(key("mallory"));
        edited[at].hash = hash_by_the_book(&edited[at]);
        let expected = (at + 1 < log.len()).then_some((position(at + 1), BrokenHow::Unlinked));
        assert_eq!(found(&edited), expected);
    }
}

/// What `docs/event-format.md` says that a chain does not show, and that an anchor outside does.
#[test]
fn a_cut_end_and_a_log_written_anew_show_only_against_the_hash_kept_elsewhere() {
    let log = log();
    let anchor = verify(&log).unwrap();
    for kept in 0..log.len() {
        assert_ne!(verify(&log[..kept]).unwrap(), anchor);
    }
    let mut anew = log.clone();
    anew[0].actor = Actor::System(key("mallory"));
    reseal(&mut anew);
    assert_ne!(verify(&anew).unwrap(), anchor);
    assert_eq!(verify([]).unwrap(), Digest::ZERO);
}

#[test]
fn a_broken_log_says_where_and_how() {
    let mut log = log();
    log.remove(2);
    assert_eq!(
        verify(&log).unwrap_err().to_string(),
        "log broken at version 3: one or more entries before it are missing",
    );
    assert_eq!(
        replay(&log).unwrap_err().to_string(),
        "cannot read the log at version 4: expected version 3",
    );
}

#[test]
fn replay_refuses_a_broken_link_and_the_log_of_something_else() {
    let refused = |edit: &dyn Fn(&mut Vec<Envelope>)| {
        let mut log = log();
        edit(&mut log);
        let error = replay(&log).unwrap_err();
        assert_eq!(error.kind(), LogErrorKind::Broken, "{error}");
        error.version().unwrap().get()
    };
    assert_eq!(refused(&|log| log[4].prev = Digest::ZERO), 5);
    assert_eq!(refused(&|log| log[4].hash = Digest::ZERO), 6);
    assert_eq!(refused(&|log| log[0].prev = Digest::of(b"x")), 1);
    assert_eq!(refused(&|log| log[0].version = Version::NONE), 0);
    assert_eq!(refused(&|log| drop(log.remove(0))), 2);
    assert_eq!(
        refused(&|log| log[4].stream = Stream::release(tenant(), release_id(8))),
        5
    );
    assert_eq!(
        refused(&|log| log
            .iter_mut()
            .for_each(|e| e.stream.kind = StreamKind::Calendar)),
        1
    );
    assert_eq!(
        refused(&|log| log.iter_mut().for_each(|e| e.stream.id = key("SHOP-17"))),
        1
    );
    assert_eq!(replay([]).unwrap_err().kind(), LogErrorKind::Empty);
}

#[test]
fn replay_refuses_what_the_lifecycle_does_not_allow_there() {
    let sealed = |entries: Vec<Envelope>| {
        let mut entries = entries;
        reseal(&mut entries);
        assert!(verify(&entries).is_ok());
        let error = replay(&entries).unwrap_err();
        assert_eq!(error.kind(), LogErrorKind::Inadmissible, "{error}");
        error
    };
    let log = log();
    let without = |kind: &str| -> Vec<Envelope> {
        log.iter()
            .filter(|entry| entry.kind != kind)
            .cloned()
            .collect()
    };
    let twice = sealed(vec![log[0].clone(), log[0].clone()]);
    assert_eq!(
        twice.to_string(),
        "cannot read the log at version 2: `release.requested`: a release in Request has no step request",
    );
    let untested = sealed(without("release.test_run_recorded"));
    assert!(
        untested.to_string().contains("no test ran on the package"),
        "{untested}"
    );
    let unmanaged = sealed(without("release.role_given"));
    assert!(
        unmanaged
            .to_string()
            .contains("nobody is the release manager"),
        "{unmanaged}"
    );
    sealed(without("release.baselined"));
    sealed(without("release.attempt_finished"));
    sealed(without("release.requested"));

    let mut early = log.clone();
    early[3].occurred_at = early[3].recorded_at.plus(Seconds::minutes(6));
    assert_eq!(sealed(early).version(), Some(position(3)));
}

/// A log that begins a release, and an entry of the given kind after it.
fn followed_by(kind: &'static str, json: &str, is_critical: bool) -> Vec<Envelope> {
    let mut log = log()[..2].to_vec();
    log[1].kind = Cow::Borrowed(kind);
    log[1].critical = is_critical;
    log[1].data = payload(json);
    log[1].schema = 1;
    reseal(&mut log);
    log
}

#[test]
fn an_unknown_kind_is_skipped_unless_it_is_critical() {
    let odd = r#"{"anything":[1,2.5,null]}"#;
    let log = followed_by("host.sang", odd, false);
    let release = replay(&log).unwrap().anywhere();
    assert_eq!(release.version(), Version::new(2));
    assert_eq!(release.hash(), verify(&log).unwrap());
    let before = replay(&log[..1]).unwrap().anywhere();
    assert_eq!(release.standing(), before.standing());
    assert_eq!(log[1].decode().unwrap(), None);
    assert_eq!(
        Envelope::from_json(&log[1].to_json().unwrap()).unwrap(),
        log[1]
    );

    let log = followed_by("host.sang", odd, true);
    let error = replay(&log).unwrap_err();
    assert_eq!(error.kind(), LogErrorKind::UnknownKind);
    assert_eq!(
        error.to_string(),
        "cannot read the log at version 2: `host.sang` is critical and unknown here",
    );
    assert!(verify(&log).is_ok(), "the history stays readable");

    let mut first = followed_by("host.sang", odd, false);
    first.remove(0);
    reseal(&mut first);
    assert_eq!(
        replay(&first).unwrap_err().kind(),
        LogErrorKind::Inadmissible
    );
}

/// A note as it was written before schema 1.
fn old_note(schema: u16) -> Vec<Envelope> {
    let mut log = followed_by("release.noted", r#"{"body":"old"}"#, false);
    log[1].schema = schema;
    reseal(&mut log);
    log
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "an upcaster may fail; this one does not"
)]
fn renamed(json: &str) -> Result<String, String> {
    Ok(json.replace("\"body\"", "\"text\""))
}

#[test]
fn an_older_schema_reads_through_its_upcaster() {
    let log = old_note(0);
    let upcasters = Upcasters::default().with("release.noted", 0, renamed);
    let Some(Event::Record(AnyRecord::Note(note))) = log[1].decode_with(&upcasters).unwrap() else {
        panic!("it is a note")
    };
    assert_eq!(note.text.as_str(), "old");
    assert_eq!(
        replay_with(&log, &upcasters).unwrap().anywhere().version(),
        Version::new(2)
    );
    assert!(
        log[1].data.as_str().contains("body"),
        "what is stored stays as it is"
    );

    let current = followed_by("release.noted", r#"{"text":"\"body\""}"#, false);
    assert!(
        replay_with(&current, &upcasters).is_ok(),
        "a current one is not touched"
    );
}

#[test]
fn a_schema_that_cannot_be_brought_up_is_refused_by_name() {
    let refused = |log: &[Envelope], upcasters: &Upcasters| {
        let error = replay_with(log, upcasters).unwrap_err();
        assert_eq!(
            (error.kind(), error.version()),
            (LogErrorKind::Malformed, Some(Version::new(2)))
        );
        error.to_string()
    };
    let of_another_kind = Upcasters::default().with("release.corrected", 0, renamed);
    assert_eq!(
        refused(&old_note(0), &of_another_kind),
        "cannot read the log at version 2: `release.noted`: schema 0 has no upcaster",
    );
    let newer =
        Upcasters::default()
            .with("release.noted", 0, renamed)
            .with("release.noted", 1, renamed);
    assert_eq!(
        refused(&old_note(2), &newer),
        "cannot read the log at version 2: `release.noted`: schema 2 is newer than 1, which is read here",
    );
    let failing = Upcasters::default().with("release.noted", 0, |_| Err("no body".to_owned()));
    assert_eq!(
        refused(&old_note(0), &failing),
        "cannot read the log at version 2: `release.noted`: no body",
    );
    let wrong = Upcasters::default().with("release.noted", 0, |_| Ok("[".to_owned()));
    assert!(refused(&old_note(0), &wrong).contains("`release.noted` does not hold"));
}
