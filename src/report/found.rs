//! From the log of a release to what was let pass in it: the same fold as a replay, watched event by event.

use super::exceptions::{
    DebtCause, DebtOwed, Fate, OverrideGiven, Payment, StepTurnedDown, SupportWaived,
};
use crate::phase::{Instant, PhaseName, Seconds};
use crate::release::{
    AnyRecord, AnyStep, Core, Enforcement, Envelope, Event, Key, LogError, Name, OverrideGranted,
    Part, Reason, StepTaken, Text, Upcasters, Verdict,
};
use std::collections::BTreeSet;

/// What was found in the log of one release so far.
pub(super) struct Found {
    core: Core,
    pub(super) overrides: Vec<OverrideGiven>,
    pub(super) waivers: Vec<SupportWaived>,
    pub(super) debts: Vec<DebtOwed>,
    pub(super) refusals: Vec<StepTurnedDown>,
    /// Where in `debts` each debt of the state stands.
    owed: Vec<usize>,
    closed: Option<Instant>,
}

impl Found {
    /// What the entries of a log have come to at that instant; nothing if there are none.
    pub(super) fn of<'a>(
        log: impl IntoIterator<Item = &'a Envelope>,
        upcasters: &Upcasters,
        at: Instant,
    ) -> Result<Option<Self>, LogError> {
        let mut log = log.into_iter().peekable();
        let Some(first) = log.peek() else {
            return Ok(None);
        };
        let mut found = Self {
            core: Core::before(first)?,
            overrides: Vec::new(),
            waivers: Vec::new(),
            debts: Vec::new(),
            refusals: Vec::new(),
            owed: Vec::new(),
            closed: None,
        };
        log.try_for_each(|entry| found.read(entry, upcasters))?;
        found.settle(at);
        Ok(Some(found))
    }

    fn read(&mut self, entry: &Envelope, upcasters: &Upcasters) -> Result<(), LogError> {
        self.core.follow(entry, upcasters)?;
        let state = &self.core.state;
        let Some((event, title)) = entry
            .decode_with(upcasters)?
            .zip(state.request.as_ref().map(|request| request.title.clone()))
        else {
            return Ok(());
        };
        let paid = |said: &Text| Payment::Paid {
            version: entry.version,
            by: entry.actor.clone(),
            at: entry.recorded_at,
            said: said.clone(),
        };
        match &event {
            Event::Step(taken) => self.step(entry, taken, title),
            Event::Record(AnyRecord::OverrideGranted(granted)) => {
                self.overrides.push(OverrideGiven {
                    release: self.core.head.id,
                    title,
                    version: entry.version,
                    by: entry.actor.clone(),
                    at: entry.recorded_at,
                    granted: granted.clone(),
                    fate: Fate::Usable,
                });
            }
            Event::Record(AnyRecord::EarlyLifeSupportWaived(waived)) => {
                self.waivers.push(SupportWaived {
                    release: self.core.head.id,
                    title,
                    version: entry.version,
                    by: entry.actor.clone(),
                    at: entry.recorded_at,
                    reason: waived.reason.clone(),
                });
            }
            Event::Record(AnyRecord::StepRefused(refused)) => self.refusals.push(StepTurnedDown {
                release: self.core.head.id,
                title,
                version: entry.version,
                refused: refused.clone(),
            }),
            Event::Record(AnyRecord::RetrospectiveApproval(given)) => {
                self.follow_debts(&paid(&given.comment));
            }
            Event::Record(AnyRecord::PostImplementationReview(held)) => {
                for debt in &mut self.debts {
                    if debt.review == Payment::Owed {
                        debt.review = paid(&held.summary);
                    }
                }
            }
            Event::Record(_) => self.follow_debts(&Payment::Owed),
        }
        Ok(())
    }

    /// Follows what the state says of the approvals that are owed: given just now, or taken back.
    fn follow_debts(&mut self, given: &Payment) {
        for (debt, &place) in self.core.state.debts.iter().zip(&self.owed) {
            let Some(owed) = self.debts.get_mut(place) else {
                continue;
            };
            owed.involved.clone_from(&debt.involved);
            match (&debt.approved_by, &owed.approval) {
                (Some(_), Payment::Owed) => owed.approval = given.clone(),
                (None, Payment::Paid { .. }) => owed.approval = Payment::Owed,
                (Some(_), Payment::Paid { .. } | Payment::NotOwed)
                | (None, Payment::Owed | Payment::NotOwed) => {}
            }
        }
    }

    fn step(&mut self, entry: &Envelope, taken: &StepTaken, title: Name) {
        if self.core.state.standing.phase == PhaseName::Closed {
            self.closed = Some(entry.recorded_at);
        }
        let used: BTreeSet<_> = taken.decision.overrides().collect();
        for given in &mut self.overrides {
            if used.contains(&given.granted.id) {
                let mut passed_over = Vec::new();
                let findings = taken.decision.findings.iter();
                for one in findings.filter(|one| one.enforcement == Enforcement::Block) {
                    let one = (&one.policy, &one.verdict, one.parts.as_slice());
                    excepted(one, &given.granted, &mut passed_over);
                }
                given.fate = Fate::Used {
                    version: entry.version,
                    by: entry.actor.clone(),
                    at: entry.recorded_at,
                    passed_over,
                };
            }
        }
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "no other step leaves a debt"
        )]
        let (cause, reason) = match &taken.step {
            AnyStep::Expedite(step) => (DebtCause::Expedited, step.reason.clone()),
            AnyStep::FindUnauthorised(step) => (DebtCause::Unauthorised, step.request.need.clone()),
            AnyStep::BackOut(step) => (DebtCause::BackedOut, step.reason.clone()),
            _ => return,
        };
        let debts = &self.core.state.debts;
        let debt = debts.last().filter(|_| debts.len() > self.owed.len());
        if debt.is_some() {
            self.owed.push(self.debts.len());
        }
        self.debts.push(DebtOwed {
            release: self.core.head.id,
            title,
            version: entry.version,
            cause,
            by: entry.actor.clone(),
            since: entry.recorded_at,
            reason,
            involved: debt.map(|debt| debt.involved.clone()).unwrap_or_default(),
            approval: if debt.is_some() {
                Payment::Owed
            } else {
                Payment::NotOwed
            },
            review: Payment::Owed,
            owed_for_seconds: Seconds::new(0),
        });
    }

    /// What can still be used, and how long what is owed is owed, at that instant.
    fn settle(&mut self, at: Instant) {
        for given in &mut self.overrides {
            let until = given.granted.until;
            let ends = self.closed.map_or(until, |closed| closed.min(until));
            if given.fate == Fate::Usable && ends <= at {
                given.fate = Fate::Lapsed { at: ends };
            }
        }
        for debt in &mut self.debts {
            let until = debt.paid_at().unwrap_or(at);
            debt.owed_for_seconds = until.since(debt.since);
        }
    }
}

/// Collects what an override let pass.
fn excepted(
    (policy, verdict, parts): (&Key, &Verdict, &[Part]),
    granted: &OverrideGranted,
    passed_over: &mut Vec<Reason>,
) {
    if let Verdict::Excepted { overrides, .. } = verdict
        && overrides.contains(&granted.id)
        && *policy == granted.policy
        && parts.is_empty()
    {
        let reasons = verdict.reasons().iter();
        passed_over.extend(
            reasons
                .filter(|reason| reason.code == granted.code)
                .cloned(),
        );
    }
    for part in parts {
        excepted(
            (&part.policy, &part.verdict, &part.parts),
            granted,
            passed_over,
        );
    }
}
