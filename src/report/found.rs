//! From the log of a release to what was let pass in it: the same fold as a replay, watched event by event.

use super::exceptions::{
    DebtCause, DebtOwed, Exception, OverrideGiven, OverrideOutcome, Repayment,
};
use crate::phase::{Instant, PhaseName, Seconds};
use crate::release::{
    AnyRecord, AnyStep, Core, EarlyLifeSupportWaived, Enforcement, Envelope, Event, Judgement,
    LogError, Name, OverrideGranted, Reason, ReleaseId, StepRefused, StepTaken, Text, Upcasters,
};
use std::{collections::BTreeSet, sync::Arc};

/// What was found in the log of one release so far.
pub(super) struct Found {
    core: Core,
    /// Whether the release had begun at the instant that is looked at.
    pub(super) has_begun: bool,
    pub(super) overrides: Vec<Exception<OverrideGiven>>,
    pub(super) waivers: Vec<Exception<Arc<EarlyLifeSupportWaived>>>,
    pub(super) debts: Vec<Exception<DebtOwed>>,
    pub(super) refusals: Vec<Exception<Arc<StepRefused>>>,
    /// Where in `debts` each debt of the state stands.
    owed: Vec<usize>,
    closed: Option<Instant>,
}

impl Found {
    /// What a log had come to at that instant. What is wrong later on in it is wrong too.
    pub(super) fn of(
        log: &[Envelope],
        upcasters: &Upcasters,
        at: Instant,
    ) -> Result<Self, LogError> {
        let mut found = Self {
            core: Core::before(log.first())?,
            has_begun: false,
            overrides: Vec::new(),
            waivers: Vec::new(),
            debts: Vec::new(),
            refusals: Vec::new(),
            owed: Vec::new(),
            closed: None,
        };
        let known = log.iter().take_while(|entry| entry.recorded_at <= at);
        let (known, later) = log.split_at(known.count());
        for entry in known {
            found.read(entry, upcasters)?;
        }
        for entry in later {
            found.core.follow(entry, upcasters)?;
        }
        found.settle(at);
        Ok(found)
    }

    pub(super) const fn release(&self) -> ReleaseId {
        self.core.head.id
    }

    fn read(&mut self, entry: &Envelope, upcasters: &Upcasters) -> Result<(), LogError> {
        let event = self.core.admitted(entry, upcasters)?;
        self.core.take(entry, event.clone());
        self.has_begun = true;
        let request = self.core.state.request.as_ref();
        let Some((event, request)) = event.zip(request) else {
            return Ok(());
        };
        let title = request.title.clone();
        let paid = |said: &Text| Repayment::Paid {
            version: entry.version,
            by: entry.actor.clone(),
            at: entry.recorded_at,
            said: said.clone(),
        };
        match &event {
            Event::Step(taken) => self.step(entry, taken, title),
            Event::Record(AnyRecord::OverrideGranted(granted)) => {
                let given = OverrideGiven {
                    granted: granted.clone(),
                    outcome: OverrideOutcome::Usable,
                };
                self.overrides.push(self.exception(entry, title, given));
            }
            Event::Record(AnyRecord::EarlyLifeSupportWaived(waived)) => {
                self.waivers
                    .push(self.exception(entry, title, waived.clone()));
            }
            Event::Record(AnyRecord::StepRefused(refused)) => {
                self.refusals
                    .push(self.exception(entry, title, refused.clone()));
            }
            Event::Record(AnyRecord::RetrospectiveApproval(given)) => {
                self.follow_debts(&paid(&given.comment));
            }
            Event::Record(AnyRecord::PostImplementationReview(held)) => {
                for debt in self.debts.iter_mut().map(|debt| &mut debt.what) {
                    if debt.review == Repayment::Owed {
                        debt.review = paid(&held.summary);
                    }
                }
            }
            Event::Record(_) => self.follow_debts(&Repayment::Owed),
        }
        Ok(())
    }

    /// Follows what the state says of the approvals that are owed: given just now, or taken back.
    fn follow_debts(&mut self, given: &Repayment) {
        for (debt, &place) in self.core.state.debts.iter().zip(&self.owed) {
            let Some(Exception { what: owed, .. }) = self.debts.get_mut(place) else {
                continue;
            };
            owed.involved.clone_from(&debt.involved);
            match (&debt.approved_by, &owed.approval) {
                (Some(_), Repayment::Owed) => owed.approval = given.clone(),
                (None, Repayment::Paid { .. }) => owed.approval = Repayment::Owed,
                (Some(_), Repayment::Paid { .. } | Repayment::NotOwed)
                | (None, Repayment::Owed | Repayment::NotOwed) => {}
            }
        }
    }

    fn step(&mut self, entry: &Envelope, taken: &StepTaken, title: Name) {
        if self.core.state.standing.phase == PhaseName::Closed {
            self.closed = Some(entry.recorded_at);
        }
        let used: BTreeSet<_> = taken.decision.overrides().collect();
        for given in self.overrides.iter_mut().map(|given| &mut given.what) {
            if used.contains(&given.granted.id) {
                let findings = taken.decision.findings.iter();
                let blocking = findings.filter(|one| one.enforcement == Enforcement::Block);
                let policies = blocking.flat_map(|one| one.judgement.policies());
                let passed_over = policies.flat_map(|one| passed_over(one, &given.granted));
                let passed_over = passed_over.cloned().collect();
                given.outcome = OverrideOutcome::Used {
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
        let owed = DebtOwed {
            cause,
            reason,
            involved: debt.map(|debt| debt.involved.clone()).unwrap_or_default(),
            approval: if debt.is_some() {
                Repayment::Owed
            } else {
                Repayment::NotOwed
            },
            review: Repayment::Owed,
            owed_for_seconds: Seconds::new(0),
        };
        self.debts.push(self.exception(entry, title, owed));
    }

    fn exception<T>(&self, entry: &Envelope, title: Name, what: T) -> Exception<T> {
        Exception {
            release: self.core.head.id,
            title,
            version: entry.version,
            by: entry.actor.clone(),
            at: entry.recorded_at,
            what,
        }
    }

    /// What can still be used, and how long what is owed is owed, at that instant.
    fn settle(&mut self, at: Instant) {
        for given in self.overrides.iter_mut().map(|given| &mut given.what) {
            let until = given.granted.until;
            let ends = self.closed.map_or(until, |closed| closed.min(until));
            if given.outcome == OverrideOutcome::Usable && ends <= at {
                given.outcome = OverrideOutcome::Lapsed { at: ends };
            }
        }
        for debt in &mut self.debts {
            let until = debt.what.paid_at().unwrap_or(at);
            debt.what.owed_for_seconds = until.since(debt.at);
        }
    }
}

/// What an override let pass of what a policy found.
fn passed_over<'a>(
    policy: &'a Judgement,
    granted: &OverrideGranted,
) -> impl Iterator<Item = &'a Reason> {
    let is_used =
        policy.policy == granted.policy && policy.verdict.overrides().any(|id| *id == granted.id);
    let reasons = policy.verdict.reasons().iter().filter(move |_| is_used);
    reasons.filter(|reason| reason.code == granted.code)
}
