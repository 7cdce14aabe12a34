//! One move, as properties see it.

use super::condition::Condition;
use super::play::Node;
use crate::gate::GateSet;
use crate::phase::{Action, Standing};
use crate::release::{
    Actor, Answer, Digest, Key, Person, ReleaseRequest, Role, StepTaken, TestReport, TestRun, Track,
};
use std::collections::BTreeSet;

/// One move: where the release stood, what was done by whom under which conditions, and where it stands then.
///
/// It says what the release is, and nothing of what the gates think of it: a property that asked the gates whether the
/// gates are right would always hold.
pub struct Turn<'a> {
    pub(super) gates: &'a GateSet,
    pub(super) before: &'a Node,
    pub(super) after: &'a Node,
    pub(super) by: &'a Actor,
    pub(super) taken: Option<&'a StepTaken>,
    pub(super) condition: &'a Condition,
}

impl std::fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("from", &self.was())
            .field("to", &self.standing())
            .field("step", &self.step())
            .field("actor", &self.by)
            .finish_non_exhaustive()
    }
}

impl<'a> Turn<'a> {
    /// Where the release stood.
    #[must_use]
    pub fn was(&self) -> Standing {
        self.before.state.standing
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.after.state.standing
    }

    /// The step that was taken; nothing if it was no step.
    #[must_use]
    pub fn step(&self) -> Option<Action> {
        self.taken.map(|taken| taken.step.action())
    }

    /// Whether the release goes live with it.
    #[must_use]
    pub fn goes_live(&self) -> bool {
        matches!(self.step(), Some(Action::Deploy | Action::Expedite))
    }

    /// Who did it.
    #[must_use]
    pub const fn actor(&self) -> &'a Actor {
        self.by
    }

    /// What was asked for.
    #[must_use]
    pub fn request(&self) -> Option<&'a ReleaseRequest> {
        self.after.state.request()
    }

    /// Who asked for the release.
    #[must_use]
    pub fn requester(&self) -> Option<&'a Actor> {
        self.after.state.requested_by.as_ref()
    }

    /// Its track when it was done.
    #[must_use]
    pub fn track(&self) -> Track {
        self.before.state.track
    }

    /// Whether a person had a role then.
    #[must_use]
    pub fn has_role(&self, person: &Person, role: &Role) -> bool {
        self.before.state.has_role(person, role)
    }

    /// The people who have approved this very step: what it does now, in a role that they have now, and no longer ago
    /// than they said. Who asked for the release does not count, and who stood in for somebody is named too.
    #[must_use]
    pub fn approvers(&self) -> BTreeSet<&'a Person> {
        let state = &self.before.state;
        let Some(taken) = self.taken else {
            return BTreeSet::new();
        };
        let subject = self.gates.subject_of(state, &taken.step);
        let answers = state.approvals.iter();
        let counted = answers.filter(|((step, person, role), given)| {
            let requester = self.requester().and_then(Actor::person);
            let mut involved = given.involved(person);
            *step == taken.step.action()
                && given.approval.answer == Answer::Approved
                && !given.is_spent
                && given.approval.subject == subject
                && given
                    .approval
                    .expires
                    .is_none_or(|end| self.before.now < end)
                && state.has_role(person, role)
                && !involved.any(|one| Some(one) == requester)
        });
        counted
            .flat_map(|((_, person, _), given)| given.involved(person))
            .collect()
    }

    /// The package that goes live, or is there.
    #[must_use]
    pub fn package(&self) -> Option<Digest> {
        self.after
            .state
            .package
            .as_ref()
            .map(|package| package.digest())
    }

    /// The runs of tests about the package that was there.
    pub fn runs(&self) -> impl Iterator<Item = &'a TestRun> {
        let report = self.before.state.test_report.as_ref();
        report.into_iter().flat_map(TestReport::runs)
    }

    /// Whether a freeze of the domain is on, in any calendar, while a step is asked for: whether or not it bears on the
    /// release, which is for the rules to say. It is never on for anything else: nobody asks a calendar then.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.condition.is_frozen()
    }

    /// The overrides that the step has used.
    pub fn overrides(&self) -> impl Iterator<Item = &'a Key> {
        self.taken
            .into_iter()
            .flat_map(|taken| taken.decision.overrides())
    }

    /// The codes of what the overrides have lifted: `frozen`, say.
    pub fn lifted(&self) -> impl Iterator<Item = &'a Key> {
        let granted = &self.before.state.overrides;
        let used = self.overrides().filter_map(|id| granted.get(id));
        used.map(|one| &one.granted.code)
    }

    /// Whether an override that the step has used was used before.
    pub(super) fn overrides_again(&self) -> bool {
        self.overrides()
            .any(|used| self.before.memory.used.contains(used))
    }

    /// Whether anything is still owed: an emergency not approved in retrospect, or not reviewed.
    #[must_use]
    pub fn is_in_debt(&self) -> bool {
        self.after.state.debts.iter().any(|debt| !debt.is_paid())
    }

    /// Whether somebody who was involved in an emergency has approved it in retrospect.
    pub(super) fn is_approved_by_the_involved(&self) -> bool {
        let mut debts = self.after.state.debts.iter();
        debts.any(|debt| {
            let by = debt.approved_by.as_ref();
            by.is_some_and(|by| debt.involved.contains(by))
        })
    }
}
