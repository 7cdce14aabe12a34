//! When time alone clears a step: `Decision::clears_at` held against asking again at every minute.

use crate::desk_support::{Office, at, by, office, worthwhile};
use phasegate::gate::{Ask, Facts, GateSet, Policies};
use phasegate::phase::{Request, Seconds};
use phasegate::release::step::Authorise;
use phasegate::release::{Decision, Reason, Verdict};
use phasegate::{Instant, MemoryStore, Policy, Release};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Asked at this minute; nothing turns after `LAST`.
const ASKED: u32 = 3;
const LAST: u32 = 12;

fn minute(minute: u32) -> Instant {
    at("2026-03-02T12:00:00Z").plus(Seconds::minutes(minute))
}

/// Satisfied in some stretches of time, from a minute to before another one; says when it turns, as a policy should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Opens {
    /// When each of its reasons lifts; one that never does has none.
    from: Vec<Option<u32>>,
    /// When it is over.
    to: Option<u32>,
}

impl Policy for Opens {
    type Reads = ();
    const NAME: &'static str = "opens";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let reason = |from: Option<u32>| {
            let reason = Reason::new("closed", "it is closed", "wait");
            from.map_or(reason.clone(), |from| reason.clears_at(minute(from)))
        };
        let until = self.to.map(minute);
        if until.is_some_and(|until| until <= ask.now()) {
            return Verdict::of(vec![reason(None)]);
        }
        let shut = self.from.iter().copied();
        let shut = shut.filter(|from| from.is_none_or(|from| ask.now() < minute(from)));
        match shut.map(reason).collect::<Vec<_>>() {
            open if open.is_empty() => Verdict::Satisfied { until },
            reasons => Verdict::Violated { reasons },
        }
    }
}

/// What nobody knows, and what is broken: neither turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stuck {
    panics: bool,
}

impl Policy for Stuck {
    type Reads = ();
    const NAME: &'static str = "stuck";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        assert!(!self.panics, "as it was told to");
        let reasons = vec![Reason::new("unknown", "nobody knows", "ask")];
        Verdict::Unknown { reasons }
    }
}

/// A rule of a file: combinations of what opens, closes, and is stuck.
fn rule() -> impl Strategy<Value = String> {
    let host =
        |name: &str, params: String| format!(r#"{{"host":{{"name":"{name}","params":{params}}}}}"#);
    let from = proptest::option::weighted(0.85, 0..LAST);
    let from = proptest::collection::vec(from, 0..3);
    let opens = (from, proptest::option::of(0..LAST)).prop_map(move |(from, to)| {
        // What is closed can say when it opens, and has no way to say for how long.
        let is_open = from
            .iter()
            .all(|from| from.is_some_and(|from| from <= ASKED));
        let to = to.filter(|to| is_open || *to <= ASKED);
        let opens = Opens { from, to };
        host("opens", serde_json::to_string(&opens).unwrap())
    });
    let unknown = host("stuck", r#"{"panics":false}"#.to_owned());
    let leaf = prop_oneof![9 => opens, 1 => Just(unknown)];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list.clone()
                .prop_map(|of| format!(r#"{{"all":[{}]}}"#, of.join(","))),
            list.clone()
                .prop_map(|of| format!(r#"{{"any":[{}]}}"#, of.join(","))),
            (list, 0..3_usize).prop_map(|(of, less)| {
                let count = of.len().saturating_sub(less).max(1);
                format!(
                    r#"{{"at-least":{{"count":{count},"of":[{}]}}}}"#,
                    of.join(",")
                )
            }),
            inner.prop_map(|of| format!(r#"{{"not":{of}}}"#)),
        ]
    })
}

fn gates(rules: &[String]) -> GateSet {
    let rules: Vec<_> = rules
        .iter()
        .map(|rule| format!(r#"{{"rule":{rule}}}"#))
        .collect();
    let file = format!(
        r#"{{"gates":[{{"name":"gate","version":1,"step":"authorise","rules":[{}]}}]}}"#,
        rules.join(",")
    );
    let known = Policies::new().with::<Opens>().with::<Stuck>();
    GateSet::from_json(&file, &known).unwrap()
}

fn asked(gates: &GateSet, release: &Release<Request>, then: u32) -> Decision {
    let facts = Facts::at(minute(then));
    gates.explain(release, Authorise::new(worthwhile()), &facts, &by("cho"))
}

fn site() -> (Office<Arc<MemoryStore>>, Release<Request>) {
    let office = office();
    let release = office.requested();
    (office, release)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_is_the_first_minute_at_which_asking_again_clears(rules in proptest::collection::vec(rule(), 1..3)) {
        let (_, release) = site();
        let gates = gates(&rules);
        let decision = asked(&gates, &release, ASKED);
        let first = (ASKED..=LAST).find(|then| asked(&gates, &release, *then).is_cleared());
        prop_assert_eq!(decision.clears_at(), first.map(minute), "{}", decision);

        // What is kept of the decision says the same.
        let kept: Decision = serde_json::from_str(&serde_json::to_string(&decision).unwrap()).unwrap();
        prop_assert_eq!(kept.clears_at(), decision.clears_at());
    }
}

#[test]
fn the_last_blocker_to_lift_is_not_the_answer_where_something_ends_before() {
    let (_, release) = site();
    let opens = |from: u32, to: Option<u32>| {
        let params = serde_json::to_string(&Opens {
            from: vec![Some(from)],
            to,
        })
        .unwrap();
        format!(r#"{{"host":{{"name":"opens","params":{params}}}}}"#)
    };
    let clears = |rules: &[String]| asked(&gates(rules), &release, ASKED).clears_at();
    assert_eq!(clears(&[opens(5, None), opens(9, None)]), Some(minute(9)));
    let any = format!(r#"{{"any":[{},{}]}}"#, opens(5, None), opens(9, None));
    assert_eq!(clears(&[any]), Some(minute(5)), "one is enough");
    let never_both = [opens(0, Some(8)), opens(9, None)];
    assert_eq!(clears(&never_both), None);
    let two = format!(
        r#"{{"at-least":{{"count":2,"of":[{},{},{}]}}}}"#,
        opens(0, Some(8)),
        opens(9, None),
        opens(11, None)
    );
    assert_eq!(clears(&[two]), Some(minute(11)), "the last two");
    let not = format!(r#"{{"not":{}}}"#, opens(0, Some(7)));
    assert_eq!(clears(&[not]), Some(minute(7)), "once it is over");
    assert_eq!(
        clears(&[opens(0, Some(7))]),
        Some(minute(ASKED)),
        "it is cleared"
    );
}

#[test]
fn what_failed_or_is_told_by_a_warning_does_not_count() {
    let (_, release) = site();
    let open = r#"{"rule":{"host":{"name":"opens","params":{"from":[5],"to":null}}}}"#;
    let stuck = |panics: bool, enforcement: &str| {
        let rule = format!(r#"{{"host":{{"name":"stuck","params":{{"panics":{panics}}}}}}}"#);
        format!(r#"{{"rule":{rule},"enforcement":"{enforcement}"}}"#)
    };
    let known = Policies::new().with::<Opens>().with::<Stuck>();
    let clears = |stuck: String| {
        let file = format!(
            r#"{{"gates":[{{"name":"gate","version":1,"step":"authorise","rules":[{open},{stuck}]}}]}}"#
        );
        let gates = GateSet::from_json(&file, &known).unwrap();
        asked(&gates, &release, ASKED).clears_at()
    };
    for panics in [false, true] {
        assert_eq!(clears(stuck(panics, "block")), None);
        assert_eq!(clears(stuck(panics, "warn")), Some(minute(5)));
        assert_eq!(clears(stuck(panics, "shadow")), Some(minute(5)));
    }
}
