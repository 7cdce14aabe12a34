//! Saying yes or no: approvals, retrospective approvals, overrides.

use super::happens::{Happens, Occasion, Reasons};
use super::verdict::Reason;

use super::people::Role;
use super::state::{GivenApproval, GrantedOverride, State};
use super::subject::Subject;
use super::text::{Key, Person, Text};
use super::words::plain;
use crate::phase::{Action, Instant};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an approver says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "an approver says yes or no")]
pub enum Answer {
    /// Yes.
    Approved,
    /// No; needs a comment.
    Rejected,
}

plain! {
    /// A person answers for one step with exactly the content that its subject names.
    ///
    /// The same person in the same role answering again for the same step replaces the answer.
    pub struct Approval {
        /// The step.
        step: Action,
        /// What is approved: [`Desk::subject`](crate::Desk::subject) of the step.
        subject: Subject,
        /// The role in which the person answers; they must hold it, or the one they stand in for must.
        role: Role,
        /// The answer.
        answer: Answer,
    } with {
        /// The person they stand in for, who let them: [`Delegated`].
        on_behalf_of: Option<Person>,
        /// Why; a rejection needs it.
        comment: Text,
        /// Until when the answer counts, if not for good.
        expires: Option<Instant>,
    }

    /// A person takes back what they answered for a step, before it is taken.
    pub struct ApprovalWithdrawn {
        /// The step.
        step: Action,
        /// The role in which they had answered.
        role: Role,
    } with {
        /// The person that they stood in for.
        on_behalf_of: Option<Person>,
        /// Why.
        reason: Text,
    }

    /// The person who holds a role lets somebody else answer for them in it; that does not go any further.
    pub struct Delegated {
        /// The role.
        role: Role,
        /// Who may stand in.
        to: Person,
    } with {
        /// Until when, if not for good.
        until: Option<Instant>,
        /// Why.
        reason: Text,
    }

    /// The person who let somebody else answer for them no longer does.
    pub struct DelegationEnded {
        /// The role.
        role: Role,
        /// Who stood in.
        to: Person,
    }

    /// What was done without approval is approved afterwards: pays that part of every open debt.
    pub struct RetrospectiveApproval {
        /// The role in which the person answers; they must hold it.
        role: Role,
        /// Why; not empty.
        comment: Text,
    }

    /// One blocker of one step may be passed over, once.
    #[doc(alias = "waiver")]
    pub struct OverrideGranted {
        /// The host's id of this override.
        id: Key,
        /// The step.
        step: Action,
        /// The policy whose blocker may be passed over.
        policy: Key,
        /// The code of that blocker.
        code: Key,
        /// The role in which it is granted; the person must hold it.
        role: Role,
        /// Why; not empty.
        reason: Text,
        /// Until when it can be used.
        until: Instant,
    } with {
        /// The one thing that the blocker is [about](super::Reason::about), where it says one.
        about: Option<Key>,
    }
}

impl Happens for Approval {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let Some(person) = answers(on, reasons) else {
            return;
        };
        let answering = self.on_behalf_of.as_ref().unwrap_or(person);
        state.needs_role(answering, &self.role, reasons);
        if let Some(absent) = &self.on_behalf_of {
            state.needs_delegation(absent, person, &self.role, on, reasons);
            let given = state
                .approvals
                .get(&(self.step, absent.clone(), self.role.clone()));
            let is_own = given.is_some_and(|given| {
                given.stand_in(absent).is_none() && given.approval.subject == self.subject
            });
            reasons.unless(!is_own, || {
                let message = format!("`{absent}` has answered this in person");
                let remedy = format!("have `{absent}` answer again, or withdraw the answer");
                Reason::new("answered-in-person", message, remedy).by_people([absent.clone()])
            });
        }
        if self.answer == Answer::Rejected {
            reasons.not_blank(&self.comment, "comment of the rejection");
        }
        if let Some(expires) = self.expires {
            reasons.lasting(expires, on);
        }
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let Some(person) = self.on_behalf_of.as_ref().or(on.actor.person()) else {
            return;
        };
        let answer = (self.step, person.clone(), self.role.clone());
        let (by, at) = (on.actor.clone(), on.recorded_at);
        state.approvals.insert(
            answer,
            GivenApproval {
                approval: self,
                by,
                at,
                is_spent: false,
            },
        );
    }
}

impl Happens for ApprovalWithdrawn {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let Some(person) = answers(on, reasons) else {
            return;
        };
        let given = state.approvals.get(&self.answer(person));
        reasons.unless(given.is_some_and(|given| given.by == *on.actor), || {
            let message = format!(
                "`{person}` has not answered for {} as {}",
                self.step, self.role
            );
            Reason::new("unknown", message, "withdraw an answer of your own")
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        if let Some(person) = on.actor.person() {
            state.approvals.remove(&self.answer(person));
        }
    }
}

impl ApprovalWithdrawn {
    /// What the answer is kept by.
    fn answer(&self, person: &Person) -> (Action, Person, Role) {
        let answering = self.on_behalf_of.as_ref().unwrap_or(person);
        (self.step, answering.clone(), self.role.clone())
    }
}

impl Happens for Delegated {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let Some(person) = answers(on, reasons) else {
            return;
        };
        state.needs_role(person, &self.role, reasons);
        reasons.unless(self.to != *person, || {
            let message = format!("`{person}` cannot stand in for themselves");
            Reason::new("own-delegate", message, "name somebody else")
        });
        if let Some(until) = self.until {
            reasons.lasting(until, on);
        }
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        if let Some(person) = on.actor.person() {
            let delegation = (self.role.clone(), person.clone(), self.to.clone());
            state.delegations.insert(delegation, self.until);
        }
    }
}

impl Happens for DelegationEnded {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let Some(person) = answers(on, reasons) else {
            return;
        };
        let delegation = (self.role.clone(), person.clone(), self.to.clone());
        reasons.unless(state.delegations.contains_key(&delegation), || {
            let message = format!(
                "`{}` does not stand in for `{person}` as {}",
                self.to, self.role
            );
            Reason::new("unknown", message, "name somebody who does")
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        if let Some(person) = on.actor.person() {
            let delegation = (self.role.clone(), person.clone(), self.to.clone());
            state.delegations.remove(&delegation);
        }
    }
}

impl Happens for RetrospectiveApproval {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let Some(person) = answers(on, reasons) else {
            return;
        };
        state.needs_role(person, &self.role, reasons);
        reasons.not_blank(&self.comment, "comment of the retrospective approval");
        let mut open = state
            .debts
            .iter()
            .filter(|debt| debt.approved_by.is_none())
            .peekable();
        reasons.unless(open.peek().is_some(), || {
            let message = "no retrospective approval is owed";
            Reason::new("nothing-owed", message, "approve a step instead")
        });
        reasons.unless(!open.any(|debt| debt.involved.contains(on.actor)), || {
            let message = format!("`{person}` asked for it or did it, and cannot approve it");
            Reason::new("own-work", message, "ask someone who was not involved")
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        for debt in state
            .debts
            .iter_mut()
            .filter(|debt| debt.approved_by.is_none())
        {
            debt.approved_by = Some(on.actor.clone());
        }
    }
}

impl Happens for OverrideGranted {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let Some(person) = answers(on, reasons) else {
            return;
        };
        state.needs_role(person, &self.role, reasons);
        reasons.not_blank(&self.reason, "reason of the override");
        reasons.lasting(self.until, on);
        reasons.unused(
            !state.overrides.contains_key(&self.id),
            "override",
            &self.id,
        );
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let (id, by) = (self.id.clone(), on.actor.clone());
        let usable = GrantedOverride {
            granted: self,
            by,
            is_used: false,
        };
        state.overrides.insert(id, usable);
    }
}

/// The person who answers; a system cannot.
fn answers<'a>(on: Occasion<'a>, reasons: &mut Reasons) -> Option<&'a Person> {
    let person = on.actor.person();
    reasons.unless(person.is_some(), || {
        let message = format!("`{}` is not a person", on.actor);
        Reason::new("not-a-person", message, "have a person answer for it")
    });
    person
}

impl State {
    fn needs_delegation(
        &self,
        absent: &Person,
        person: &Person,
        role: &Role,
        on: Occasion<'_>,
        reasons: &mut Reasons,
    ) {
        let delegation = (role.clone(), absent.clone(), person.clone());
        let until = self.delegations.get(&delegation);
        let is_in_force =
            until.is_some_and(|until| until.is_none_or(|until| on.recorded_at < until));
        reasons.unless(is_in_force, || {
            let message = format!("`{absent}` does not let `{person}` answer as {role}");
            let remedy = format!("have `{absent}` record `Delegated`");
            Reason::new("not-delegated", message, remedy)
        });
    }

    fn needs_role(&self, person: &Person, role: &Role, reasons: &mut Reasons) {
        reasons.unless(self.has_role(person, role), || {
            let message = format!("`{person}` is not {role}");
            Reason::new(
                "not-in-role",
                message,
                "record `RoleGiven`, or ask someone who is",
            )
        });
    }
}
