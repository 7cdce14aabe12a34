//! A policy that breaks its contract is named by whoever asks the rules, and nothing that it answers counts.

use crate::backtest::{asked, log, shop_with};
use crate::desk_support::{at, person, worthwhile};
use crate::testing_mutation::{authorising, intake};
use phasegate::Gate;
use phasegate::gate::{Ask, GateSet, Policy, not};
use phasegate::phase::Action;
use phasegate::release::step::Authorise;
use phasegate::release::{CalendarQuestion, ConflictQuestion, Key, Reason, Role, Verdict};
use phasegate::testing::{Check, Seen, WhyNever, coverage};
use phasegate::verify::{Answer, Domain, Options, ready, verify};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

/// What it does that no policy may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum How {
    Tosses,
    SaysNothing,
    ClearsTooLate,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Breaks(How);

impl Policy for Breaks {
    type Reads = ();
    const NAME: &'static str = "breaks";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        static SAID: AtomicBool = AtomicBool::new(false);
        match self.0 {
            How::Tosses if SAID.fetch_xor(true, Ordering::Relaxed) => Verdict::SATISFIED,
            How::Tosses => Verdict::of(vec![Reason::new("tails", "it is tails", "toss again")]),
            How::SaysNothing => Verdict::Violated {
                reasons: Vec::new(),
            },
            How::ClearsTooLate => Verdict::Satisfied {
                until: Some(at("1999-01-01T00:00:00Z")),
            },
        }
    }
}

/// Panics in one of its methods.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PanicsIn(String);

impl PanicsIn {
    fn is_at(&self, place: &str) {
        assert!(self.0 != place, "in {place}");
    }
}

impl Policy for PanicsIn {
    type Reads = ();
    const NAME: &'static str = "panics-in";

    fn facts(&self) -> Vec<Key> {
        self.is_at("facts");
        Vec::new()
    }

    fn calendars(&self) -> Vec<CalendarQuestion> {
        self.is_at("calendars");
        Vec::new()
    }

    fn conflicts(&self) -> Option<ConflictQuestion> {
        self.is_at("conflicts");
        None
    }

    fn roles(&self) -> BTreeSet<Role> {
        self.is_at("roles");
        BTreeSet::new()
    }

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        self.is_at("judge");
        Verdict::SATISFIED
    }
}

/// Keys that are no text cannot be written as JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Unwritable(BTreeMap<(u8, u8), u8>);

impl Policy for Unwritable {
    type Reads = ();
    const NAME: &'static str = "written";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        Verdict::SATISFIED
    }
}

/// Takes the name of a built-in policy.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pretends {}

impl Policy for Pretends {
    type Reads = ();
    const NAME: &'static str = "risk";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        Verdict::SATISFIED
    }
}

/// Every code that a decision can come with, and a policy to which it is told.
fn broken() -> Vec<(&'static str, GateSet)> {
    let breaks = |how| intake(|gate| gate.require(Breaks(how)));
    let nested = |gate: Gate<Authorise>| {
        let mut rule = not(Breaks(How::Tosses));
        for _ in 0..20 {
            rule = not(rule);
        }
        gate.require(rule)
    };
    let unwritable = Unwritable([((1, 2), 3)].into());
    let panics = ["facts", "calendars", "conflicts", "roles", "judge"].into_iter();
    let panics = panics.map(|place| {
        let policy = PanicsIn(place.to_owned());
        ("panicked", intake(|gate| gate.require(policy)))
    });
    let others = [
        ("not-deterministic", breaks(How::Tosses)),
        ("no-verdict", breaks(How::SaysNothing)),
        ("clears-until-before", breaks(How::ClearsTooLate)),
        ("unwritable", intake(|gate| gate.require(unwritable))),
        ("name-taken", intake(|gate| gate.require(Pretends {}))),
        ("nested-too-deep", intake(nested)),
    ];
    panics.chain(others).collect()
}

#[test]
fn coverage_takes_it_neither_for_an_allowance_nor_for_a_refusal() {
    for (code, gates) in broken() {
        let check = Check::that("whatever", authorising(&gates, &[]), |_| true);
        let coverage = coverage(&gates, &[check]);
        let named: Vec<_> = coverage
            .broken
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(named, [code]);
        let covered = &coverage.policies[0];
        assert_eq!((covered.allowed, covered.refused), (0, 0), "{code}");
        let never = |seen: &Seen| matches!(seen, Seen::Never(WhyNever::NeverKnown(_)));
        assert!(
            never(&covered.allows) && never(&covered.refuses) && never(&covered.alone),
            "{code}: {covered:?}"
        );
    }
}

#[test]
fn verification_calls_it_faulty() {
    for (code, gates) in broken() {
        let domain = Domain::of(&gates, at("2026-03-02T12:00:00Z"))
            .with_person(person("kim"), [Role::ReleaseManager])
            .without(Action::Replan)
            .deploying(1);
        let properties = [ready::approved_by_others(1, &[])];
        let report = verify(&gates, &domain, &properties, &Options::default()).unwrap();
        let (_, answer) = &report.answers[0];
        let Answer::Faulty { what, .. } = answer else {
            panic!("{code}: {answer:?}");
        };
        assert!(what.contains(code), "{what}");
    }
}

#[test]
fn a_backtest_is_not_conclusive() {
    for (code, gates) in broken() {
        let (office, store) = shop_with(GateSet::new());
        let release = office.requested();
        let stream = release.stream().clone();
        let _authorised = office.done(release.authorise(worthwhile()), "cho");
        let report = asked(&log(&store, &stream), &gates);
        assert!(
            !report.is_conclusive() && report.faults.len() == 1,
            "{code}"
        );
    }
}
