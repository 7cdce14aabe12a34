//! When time alone can clear a step: what each policy said, asked again at every instant at which one of them may turn.

use super::decision::{ANY, AT_LEAST, Decision, Enforcement, Finding, NOT, Part};
use super::text::Key;
use super::verdict::{Reason, Verdict};
use crate::phase::Instant;
use std::collections::BTreeSet;

impl Decision {
    /// The earliest instant at which the step can clear if nothing happens but that time passes; nothing if time alone
    /// cannot clear it.
    ///
    /// Of a step that is cleared, the instant for which it was decided.
    ///
    /// # Time
    ///
    /// Not the latest of what the blockers say: what holds now may be over before the last of them lifts, and of the
    /// parts of an `any` one is enough. It is what the policies said when they were asked: asked again at that instant,
    /// with other facts, they may say something else, and one that is to open says when, and not for how long.
    #[must_use]
    pub fn clears_at(&self) -> Option<Instant> {
        if self.is_cleared() {
            return Some(self.at);
        }
        let blocks = |finding: &&Finding| finding.enforcement == Enforcement::Block;
        let blocking: Vec<Node<'_>> = self
            .findings
            .iter()
            .filter(blocks)
            .map(Node::from)
            .collect();
        let mut turns = BTreeSet::new();
        for node in &blocking {
            node.turns(&mut turns);
        }
        let later = turns.into_iter().filter(|turn| self.at < *turn);
        let mut cleared = later.filter(|turn| {
            let mut verdicts = blocking.iter().map(|node| node.at(*turn, self.at));
            verdicts.all(|verdict| verdict.clears())
        });
        cleared.next()
    }
}

/// A finding or a part of one.
#[derive(Clone, Copy)]
struct Node<'a> {
    policy: &'a Key,
    verdict: &'a Verdict,
    needed: Option<u32>,
    parts: &'a [Part],
}

impl<'a> From<&'a Finding> for Node<'a> {
    fn from(finding: &'a Finding) -> Self {
        let Finding {
            policy,
            verdict,
            needed,
            parts,
            ..
        } = finding;
        Self {
            policy,
            verdict,
            needed: *needed,
            parts,
        }
    }
}

impl<'a> From<&'a Part> for Node<'a> {
    fn from(part: &'a Part) -> Self {
        let Part {
            policy,
            verdict,
            needed,
            parts,
            ..
        } = part;
        Self {
            policy,
            verdict,
            needed: *needed,
            parts,
        }
    }
}

impl Node<'_> {
    /// The instants at which an answer in it may turn.
    fn turns(self, turns: &mut BTreeSet<Instant>) {
        for part in self.parts {
            Node::from(part).turns(turns);
        }
        if self.parts.is_empty() {
            turns.extend(self.verdict.until());
            let reasons = self.verdict.reasons().iter();
            turns.extend(reasons.filter_map(|reason| reason.clears_at));
        }
    }

    /// What it would answer at `then`, having answered what it did at `now`.
    fn at(self, then: Instant, now: Instant) -> Verdict {
        if self.parts.is_empty() {
            return alone(self.verdict, then, now);
        }
        let parts = self.parts.iter().map(|part| Node::from(part).at(then, now));
        match self.policy.as_str() {
            NOT => match Verdict::all(parts) {
                Verdict::Satisfied { .. } | Verdict::Excepted { .. } => violated(),
                Verdict::Violated { .. } => Verdict::SATISFIED,
                unknown @ (Verdict::Unknown { .. } | Verdict::Failed { .. }) => unknown,
            },
            ANY => Verdict::any(parts),
            AT_LEAST => {
                let needed = self.needed.and_then(|needed| usize::try_from(needed).ok());
                Verdict::at_least(needed.unwrap_or(self.parts.len()), parts)
            }
            // `all`; were it anything else, nothing less than all of it would do.
            _ => Verdict::all(parts),
        }
    }
}

/// What a single policy would answer at `then`.
fn alone(verdict: &Verdict, then: Instant, now: Instant) -> Verdict {
    let is_lifted = |reason: &Reason| {
        let lifts = reason.clears_at.filter(|lifts| now < *lifts);
        lifts.is_some_and(|lifts| lifts <= then)
    };
    let is_over = verdict.until().is_some_and(|until| until <= then);
    let reasons = verdict.reasons();
    let lifts = !reasons.is_empty() && reasons.iter().all(is_lifted);
    match verdict {
        Verdict::Satisfied { .. } | Verdict::Excepted { .. } if !is_over => Verdict::SATISFIED,
        Verdict::Violated { .. } | Verdict::Unknown { .. } | Verdict::Excepted { .. } if lifts => {
            Verdict::SATISFIED
        }
        Verdict::Satisfied { .. } | Verdict::Violated { .. } | Verdict::Excepted { .. } => {
            violated()
        }
        Verdict::Unknown { .. } | Verdict::Failed { .. } => verdict.clone(),
    }
}

fn violated() -> Verdict {
    let reasons = Vec::new();
    Verdict::Violated { reasons }
}
