//! When time alone can clear a step: what each policy said, asked again at every instant at which one of them may turn.

use super::decision::{Combination, Decision, Enforcement, Judgement};
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
    /// This can be later than every `clears_at`: something that holds now may expire first. It can be earlier: one part
    /// of an `any` is enough. It assumes that facts stay as they were, and that what opens stays open.
    #[must_use]
    pub fn clears_at(&self) -> Option<Instant> {
        if self.is_cleared() {
            return Some(self.at);
        }
        let findings = self.findings.iter();
        let blocking: Vec<&Judgement> = findings
            .filter(|finding| finding.enforcement == Enforcement::Block)
            .map(|finding| &finding.judgement)
            .collect();
        let turns: BTreeSet<_> = blocking.iter().flat_map(|one| one.turns()).collect();
        let mut later = turns.into_iter().filter(|turn| self.at < *turn);
        later.find(|turn| {
            let mut verdicts = blocking.iter().map(|one| one.at(*turn, self.at));
            verdicts.all(|verdict| verdict.clears())
        })
    }
}

impl Judgement {
    /// The instants at which the verdict of a policy in it may turn.
    fn turns(&self) -> impl Iterator<Item = Instant> {
        self.policies().flat_map(|policy| {
            let reasons = policy.verdict.reasons().iter();
            let lifts = reasons.filter_map(|reason| reason.clears_at);
            lifts.chain(policy.verdict.until())
        })
    }

    /// What it would come to at `then`, having come to what it did at `now`.
    fn at(&self, then: Instant, now: Instant) -> Verdict {
        let parts = self.parts.iter().map(|part| part.at(then, now));
        match self.combined {
            None => alone(&self.verdict, then, now),
            Some(Combination::All) => Verdict::all(parts),
            Some(Combination::Any) => Verdict::any(parts),
            Some(Combination::AtLeast(count)) => {
                Verdict::at_least(usize::try_from(count).unwrap_or(usize::MAX), parts)
            }
            Some(Combination::Not) => match Verdict::all(parts) {
                Verdict::Satisfied { .. } | Verdict::Excepted { .. } => violated(),
                Verdict::Violated { .. } => Verdict::SATISFIED,
                unknown @ (Verdict::Unknown { .. } | Verdict::Failed { .. }) => unknown,
            },
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
