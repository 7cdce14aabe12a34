//! Sets of instants: what windows cover together, and what is left.

use crate::phase::{Instant, Interval};

/// A set of instants: half-open spans, in order, none touching the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Spans(Vec<Interval>);

impl Spans {
    /// What is covered by any of these.
    pub(super) fn union(spans: impl IntoIterator<Item = Interval>) -> Self {
        let mut spans: Vec<_> = spans.into_iter().collect();
        spans.sort_unstable();
        let mut joined: Vec<Interval> = Vec::with_capacity(spans.len());
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.start() <= last.end() => {
                    *last = last.to(last.end().max(span.end()));
                }
                _ => joined.push(span),
            }
        }
        Self(joined)
    }

    /// What of `within` is not covered.
    pub(super) fn gaps(&self, within: Interval) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut from = within.start();
        for span in &self.0 {
            gaps.extend(Interval::between(from, span.start().min(within.end())));
            from = from.max(span.end());
        }
        gaps.extend(Interval::between(from, within.end()));
        Self(gaps)
    }

    /// Whether the instant is covered. Logarithmic in the number of spans.
    pub(super) fn contains(&self, at: Instant) -> bool {
        let next = self.0.partition_point(|span| span.end() <= at);
        self.0.get(next).is_some_and(|span| span.contains(at))
    }

    /// The starts and ends, in order.
    pub(super) fn edges(&self) -> impl Iterator<Item = Instant> {
        self.0.iter().flat_map(|span| [span.start(), span.end()])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Interval> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> Instant {
        Instant::EPOCH.plus(crate::phase::Seconds::hours(hour))
    }

    fn span((start, end): (u32, u32)) -> Interval {
        Interval::new(at(start), at(end)).unwrap()
    }

    fn spans<const N: usize>(spans: [(u32, u32); N]) -> Spans {
        Spans::union(spans.map(span))
    }

    #[test]
    fn a_union_joins_what_touches_or_overlaps() {
        let joined = spans([(5, 6), (1, 2), (2, 3), (2, 4), (8, 9)]);
        assert_eq!(joined.0, [(1, 4), (5, 6), (8, 9)].map(span));
        assert_eq!(spans([]), Spans::default());
    }

    #[test]
    fn gaps_are_what_a_union_leaves() {
        let covered = spans([(1, 4), (5, 6), (8, 9)]);
        assert_eq!(
            covered.gaps(span((0, 10))),
            spans([(0, 1), (4, 5), (6, 8), (9, 10)])
        );
        assert_eq!(covered.gaps(span((2, 9))), spans([(4, 5), (6, 8)]));
        assert_eq!(covered.gaps(span((1, 4))), spans([]));
        assert_eq!(covered.gaps(span((6, 7))), spans([(6, 7)]));
        assert_eq!(spans([]).gaps(span((1, 2))), spans([(1, 2)]));
    }

    #[test]
    fn starts_are_covered_and_ends_are_not() {
        let covered = spans([(1, 4), (5, 6)]);
        let found: Vec<_> = (0..8).filter(|&hour| covered.contains(at(hour))).collect();
        assert_eq!(found, [1, 2, 3, 5]);
    }
}
