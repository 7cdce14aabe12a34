//! Saying yes or no: approvals, retrospective approvals, overrides.

use super::digest::Digest;
use super::people::Role;
use super::text::{Key, Person, Text};
use super::words::plain;
use crate::phase::{Action, Instant};
use serde::{Deserialize, Serialize};

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
        /// The digest of what is approved: [`Release::subject`](crate::Release::subject) of the step.
        subject: Digest,
        /// The role in which the person answers; they must hold it, or the one they stand in for must.
        role: Role,
        /// The answer.
        answer: Answer,
    } with {
        /// The person they stand in for.
        on_behalf_of: Option<Person>,
        /// Why; a rejection needs it.
        comment: Text,
        /// Until when the answer counts, if not for good.
        expires: Option<Instant>,
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
    }
}
