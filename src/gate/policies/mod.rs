//! The built-in policies, one file each, and the table of them.

mod approvals;
mod duty;
mod evidence;
mod standing;

pub(super) use approvals::Beyond;
pub use approvals::{ApprovalRule, ApprovalsPolicy, Approver, Distinctness, Quorum};
pub use duty::{Duty, SeparationOfDutiesPolicy};
pub use evidence::{EvidencePolicy, Percent};
pub use standing::ModelStandingPolicy;

/// Calls `$expand!` with every built-in policy: its rule, its type, and the name by which files and findings know it.
macro_rules! policies {
    ($expand:path) => {
        $expand! {
            /// Who has to approve.
            Approvals ApprovalsPolicy "approvals";
            /// Who approves has no other part.
            SeparationOfDuties SeparationOfDutiesPolicy "separation-of-duties";
            /// What has to be tested, and how well.
            Evidence EvidencePolicy "evidence";
            /// Whether the release's model is in good standing.
            ModelStanding ModelStandingPolicy "model-standing";
        }
    };
}

pub(super) use policies;
