//! The index of windows answers what looking at every window answers.

use phasegate::phase::{Instant, Interval};
use phasegate::schedule::WindowIndex;
use proptest::prelude::*;
use std::collections::BTreeSet;

type Plain = BTreeSet<(Interval, u8)>;

fn at(micros: i64) -> Instant {
    Instant::from_unix_micros(micros).unwrap()
}

fn window(start: i64, length: i64) -> Interval {
    Interval::new(at(start), at(start + length)).unwrap()
}

/// Few instants, so that edges meet; mostly short windows, some that span everything.
fn windows() -> impl Strategy<Value = (Interval, u8)> {
    let length = prop_oneof![8 => 1_i64..12, 1 => 300_i64..1_000];
    (0_i64..400, length, 0_u8..4).prop_map(|(start, length, value)| (window(start, length), value))
}

fn overlap(one: Interval, other: Interval) -> bool {
    one.start() < other.end() && other.start() < one.end()
}

fn found<'a>(found: impl Iterator<Item = (Interval, &'a u8)>) -> Vec<(Interval, u8)> {
    found.map(|(window, value)| (window, *value)).collect()
}

/// Asks the index and looks at every window; answers have to be the same, in the same order.
fn compare(index: &WindowIndex<u8>, plain: &Plain) {
    assert_eq!(index.len(), plain.len());
    assert_eq!(index.is_empty(), plain.is_empty());
    let looked = |is_asked: &dyn Fn(Interval) -> bool| -> Vec<_> {
        let asked = plain.iter().filter(|(window, _)| is_asked(*window));
        asked.copied().collect()
    };
    for micros in (0..1_400).step_by(7) {
        let on = looked(&|window| window.contains(at(micros)));
        assert_eq!(found(index.at(at(micros))), on, "at {micros}");
        for length in [1, 6, 90] {
            let span = window(micros, length);
            let shared = looked(&|window| overlap(window, span));
            assert_eq!(found(index.overlapping(span)), shared, "{span}");
        }
    }
    let all = found(index.overlapping(window(0, 2_000)));
    assert!(all.iter().eq(plain.iter()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_built_in_one_go_answers_as_a_scan(windows in prop::collection::vec(windows(), 0..600)) {
        let index: WindowIndex<u8> = windows.iter().copied().collect();
        compare(&index, &windows.into_iter().collect());
    }

    #[test]
    fn windows_come_and_go(
        first in prop::collection::vec(windows(), 0..200),
        steps in prop::collection::vec((any::<bool>(), windows(), any::<prop::sample::Index>()), 0..1_000),
    ) {
        let mut index: WindowIndex<u8> = first.iter().copied().collect();
        let mut plain: Plain = first.into_iter().collect();
        for (position, (is_new, (window, value), which)) in steps.into_iter().enumerate() {
            if is_new {
                prop_assert_eq!(index.insert(window, value), plain.insert((window, value)));
            } else {
                // Mostly one that is there.
                let known = plain.iter().nth(which.index(plain.len() + 1)).copied();
                let (window, value) = known.unwrap_or((window, value));
                prop_assert_eq!(index.remove(window, &value), plain.remove(&(window, value)));
            }
            if position % 250 == 0 {
                compare(&index, &plain);
            }
        }
        compare(&index, &plain);
        for (window, value) in plain {
            prop_assert!(index.remove(window, &value));
            prop_assert!(!index.remove(window, &value));
        }
        compare(&index, &Plain::new());
    }
}

#[test]
fn many_levels_are_filled_and_emptied_from_either_end() {
    for is_from_the_end in [false, true] {
        let in_turn = |many: i64| {
            let upwards = 0..many;
            upwards.map(move |n| if is_from_the_end { many - 1 - n } else { n })
        };
        let mut index = WindowIndex::new();
        for start in in_turn(40_000) {
            assert!(index.insert(window(start * 10, 10), start));
        }
        assert!(index.insert(window(0, 1_000_000), -1));
        assert_eq!(index.len(), 40_001);
        let on: Vec<_> = index.at(at(123_456)).map(|(_, value)| *value).collect();
        assert_eq!(on, [-1, 12_345]);
        for start in in_turn(40_000) {
            assert!(index.remove(window(start * 10, 10), &start));
        }
        let left: Vec<_> = index.at(at(123_456)).map(|(_, value)| *value).collect();
        assert_eq!(left, [-1]);
    }
}

#[test]
fn many_values_share_one_window() {
    let night = window(10, 5);
    let mut index: WindowIndex<u32> = (0..5_000).rev().map(|value| (night, value)).collect();
    index.extend((0..10_000).map(|value| (night, value)));
    assert_eq!(index.len(), 10_000);
    assert!(index.at(at(12)).map(|(_, value)| *value).eq(0..10_000));
    assert!(
        (0..10_000)
            .step_by(2)
            .all(|value| index.remove(night, &value))
    );
    assert!(
        index
            .at(at(10))
            .map(|(_, value)| *value)
            .eq((1..10_000).step_by(2))
    );
    assert_eq!(index.at(at(15)).count(), 0);
}
