//! When the work would be done, and when it is asked for.

use super::super::Variation;
use super::Near;
use crate::phase::{Instant, Interval, Seconds};
use crate::release::AttemptEnd;
use crate::verify::Question;
use std::collections::BTreeSet;

impl Near<'_> {
    /// The same length on the days around, and hours earlier and later.
    pub(super) fn windows(&self) -> Vec<Vec<Variation>> {
        let Some(window) = self.question.step.window() else {
            return Vec::new();
        };
        let days = (1..=7).flat_map(|days| [Seconds::days(days), Seconds::hours(3 * days)]);
        let moved = days.flat_map(|by| {
            let later = Interval::new(window.start().plus(by), window.end().plus(by));
            let earlier = Interval::new(window.start().minus(by), window.end().minus(by));
            [later, earlier].into_iter().flatten()
        });
        moved
            .map(|window| vec![Variation::Window(window)])
            .collect()
    }

    /// The edges of what is known of time, moved by each of these lengths, and a tick around each.
    pub(super) fn instants(
        &self,
        lengths: &BTreeSet<u32>,
    ) -> impl Iterator<Item = Instant> + use<> {
        let Question {
            core, facts, step, ..
        } = self.question;
        let state = &core.state;
        let mut edges = vec![core.head.created_at, core.head.updated_at];
        edges.extend(
            step.window()
                .into_iter()
                .flat_map(|one| [one.start(), one.end()]),
        );
        let plan = state.plan_in_force();
        let window = plan.and_then(|plan| plan.window);
        edges.extend(window.into_iter().flat_map(|one| [one.start(), one.end()]));
        edges.extend(plan.and_then(|plan| plan.back_out.as_ref()?.rehearsed));
        edges.extend(state.approvals.values().map(|one| one.at));
        edges.extend(state.overrides.values().map(|one| one.granted.until));
        edges.extend(state.notified.values().copied());
        edges.extend(state.evidence.values().map(|(_, at)| *at));
        for attempt in state.attempts.values() {
            edges.push(attempt.began);
            if let AttemptEnd::Finished(_, at) = attempt.end {
                edges.push(at);
            }
        }
        let report = state.test_report.iter();
        edges.extend(report.flat_map(|report| report.dated_runs().map(|(_, at)| at)));
        edges.extend(facts.edges());
        let lengths = lengths.iter().map(|&length| Seconds::new(length));
        let moved: Vec<_> = lengths
            .flat_map(|by| edges.iter().flat_map(move |at| [at.plus(by), at.minus(by)]))
            .collect();
        let told = self.decision.findings.iter().flat_map(|finding| {
            let policies = finding.judgement.policies();
            policies.flat_map(|one| {
                let lifted = one.verdict.reasons().iter().filter_map(|one| one.clears_at);
                lifted.chain(one.verdict.until())
            })
        });
        let told: Vec<_> = told.chain(self.decision.holds_until).collect();
        // What the answer itself says first, then what it may rest on.
        let edges = told.into_iter().chain(moved).chain(edges);
        let mut near = Vec::new();
        for edge in edges {
            let tick = |by| Instant::from_unix_micros(edge.unix_micros() + by).ok();
            near.extend([tick(-1), Some(edge), tick(1)].into_iter().flatten());
        }
        let (now, mut seen) = (facts.now(), BTreeSet::new());
        near.into_iter()
            .filter(move |at| *at != now && seen.insert(*at))
    }
}
