//! The built-in policies, one file each, and the table of them.

mod approvals;
mod dependencies;
mod duty;
mod evidence;
mod in_step;

pub use approvals::{ApprovalRule, ApprovalsPolicy, Approver, Distinctness, Quorum};
pub use dependencies::DependenciesPolicy;
pub use duty::{Duty, SeparationOfDutiesPolicy};
pub use evidence::{EvidencePolicy, Percent};
pub use in_step::InStepPolicy;

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
            /// A release and its parts move together.
            InStep InStepPolicy "in-step";
            /// What it waits for has come so far.
            Dependencies DependenciesPolicy "dependencies";
        }
    };
}

pub(super) use policies;
