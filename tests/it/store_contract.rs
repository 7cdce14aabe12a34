//! What the crate makes for a store, beside the contract: pointers that are stores, guards and commands of batches, and
//! the words of refusals.

use crate::desk_support::{
    Knows, NOON, at, by, calendar, fact, fact_of, id, key, note, stream, tenant, titled, wait,
    worthwhile,
};
use phasegate::gate::{Facts, GateSet};
use phasegate::phase::{Request, Seconds};
use phasegate::release::step::Authorise;
use phasegate::release::{Attribute, Batch, Note, Recording, Stream, Version, verify};
use phasegate::store::{Committed, Query, StoreErrorKind};
use phasegate::{AnyStore, Gate, Instant, MemoryStore, Release, Store};
use std::sync::Arc;

fn begin(store: &impl Store, number: u64) -> Release<Request> {
    let proposal = Release::request(tenant("default"), id(number), titled("Shop"));
    let cleared = GateSet::new().decide(proposal, &Facts::at(at(NOON)), &by("kim"));
    wait(cleared.unwrap().commit(store, at(NOON))).unwrap()
}

/// What a note would write at that instant, and the release back.
fn draft(release: Release<Request>, what: &str, now: Instant) -> (Batch, Release<Request>) {
    let proposal = release.record::<Note>(note(what));
    let cleared = GateSet::new().decide(proposal, &Facts::at(now), &by("kim"));
    let cleared: phasegate::gate::Cleared<Recording<Note>, Request> = cleared.unwrap();
    (cleared.batch().clone(), cleared.withdraw())
}

/// The guards of an authorisation that rests on facts from these logs.
fn guards(read: &[(Stream, u64)]) -> Vec<(Stream, Version)> {
    let release = begin(&MemoryStore::new(), 1);
    let keys: Vec<_> = (0..read.len()).map(|n| key(&format!("fact {n}"))).collect();
    let facts = keys.iter().zip(read);
    let facts = facts.fold(Facts::at(at(NOON)), |facts, (key, (stream, version))| {
        facts.with(key.clone(), fact_of(at(NOON), stream.clone(), *version))
    });
    let gate = Gate::<Authorise>::new("intake", 1).unwrap();
    let gate = gate.require(Knows { facts: keys });
    let cleared = gate.decide(release.authorise(worthwhile()), &facts, &by("cho"));
    cleared.unwrap().batch().guards().to_vec()
}

#[test]
fn a_pointer_to_a_store_is_a_store() {
    fn begins(store: impl Store, number: u64) {
        let _ = begin(&store, number);
    }
    let store = MemoryStore::new();
    begins(&store, 1);
    begins(Box::new(&store), 2);
    begins(Arc::new(&store), 3);
    begins(AnyStore::new(Arc::new(MemoryStore::new())), 4);
    let page = wait(store.list(&tenant("default"), Query::default(), None, 10)).unwrap();
    assert_eq!(page.rows.len(), 3);
}

#[test]
fn guards_stand_once_each_in_the_order_of_their_logs() {
    let (parent, freezes) = (stream(2), calendar("freezes"));
    let read = [
        (parent.clone(), 1),
        (freezes.clone(), 0),
        (parent.clone(), 1),
    ];
    let expected = [(parent, Version::new(1)), (freezes, Version::NONE)];
    assert_eq!(guards(&read), expected);
}

#[test]
fn a_fact_without_a_source_guards_nothing() {
    let store = MemoryStore::new();
    let release = begin(&store, 1);
    let gate = Gate::<Authorise>::new("intake", 1).unwrap();
    let gate = gate.require(Knows::facts(["budget", "freeze"]));
    let facts = Facts::at(at(NOON))
        .with(key("budget"), fact(at(NOON)))
        .with(key("freeze"), fact_of(at(NOON), calendar("freezes"), 3))
        .with(
            key("not asked for"),
            fact_of(at(NOON), calendar("other"), 1),
        );
    let cleared = gate.decide(release.authorise(worthwhile()), &facts, &by("cho"));
    let guards = [(calendar("freezes"), Version::new(3))];
    assert_eq!(cleared.unwrap().batch().guards(), guards);
}

#[test]
fn the_same_asking_at_another_time_is_the_same_command() {
    let store = MemoryStore::new();
    let (early, release) = draft(begin(&store, 1), "once", at(NOON));
    let later = at(NOON).plus(Seconds::hours(1));
    let (late, _) = draft(release, "once", later);
    assert_eq!(early.command(), late.command(), "derived from the asking");
    assert_eq!(early.intent(), late.intent());
    wait(store.commit(&early)).unwrap();
    let again = wait(store.commit(&late)).unwrap();
    assert!(matches!(again, Committed::AlreadyDone(_)), "{again:?}");
    let log = wait(store.history(early.stream(), Version::NONE, 10)).unwrap();
    assert_eq!(log[1].recorded_at, at(NOON));
}

#[test]
fn what_is_refused_is_said_in_words() {
    let store = MemoryStore::new();
    let (late, release) = draft(begin(&store, 1), "late", at(NOON));
    let (first, _) = draft(release, "first", at(NOON));
    wait(store.commit(&first)).unwrap();
    let refused = wait(store.commit(&late)).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    assert!(refused.is_conflict() && !refused.is_retryable());
    let said = format!(
        "cannot append to release `{}`: log is at version 2, expected 1",
        stream(1).id
    );
    assert_eq!(refused.to_string(), said);
}

#[test]
fn odd_words_of_a_request_come_back_through_a_store() {
    let odd = "tab\tline\nquote\" back\\slash \u{1F680} \u{fffd} ß \u{2028} </script> z\u{301}";
    let mut request = titled("Ünïcödé \u{1F680}");
    request.attributes = [
        (key("least"), Attribute::Integer(i64::MIN)),
        (key("2^53+1"), Attribute::Integer((1 << 53) + 1)),
        (key("odd"), Attribute::Text(crate::desk_support::text(odd))),
    ]
    .into();
    let store = MemoryStore::new();
    let proposal = Release::request(tenant("default"), id(1), request.clone());
    let cleared = GateSet::new().decide(proposal, &Facts::at(at(NOON)), &by("Ω \u{1F680}"));
    let _ = wait(cleared.unwrap().commit(&store, at(NOON))).unwrap();
    let log = wait(store.history(&stream(1), Version::NONE, 10)).unwrap();
    verify(&log).unwrap();
    let view = phasegate::release::replay(&log).unwrap().view();
    assert_eq!(*view.request.unwrap(), request);
}
