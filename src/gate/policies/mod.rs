//! The built-in policies, one file each, and the table of them.

mod approvals;
mod back_out_plan;
mod budget;
mod calendars;
mod change_requests;
mod checklist;
mod conflict_free;
mod dependencies;
mod evidence;
mod fact;
mod freeze;
mod in_step;
mod lead_time;
mod maintenance_window;
mod model_standing;
mod open_issues;
mod risk;
mod separation_of_duties;
mod severities;
mod soak;
mod stakeholders_notified;
mod test_runs;
mod time_of_day;
mod waves;

pub use approvals::{ApprovalRule, ApprovalsPolicy, Approver, Quorum};
pub(super) use approvals::{Shortage, Shortfall};
pub use back_out_plan::BackOutPlanPolicy;
pub use budget::BudgetPolicy;
pub use change_requests::ChangeRequestsPolicy;
pub use checklist::ChecklistPolicy;
pub use conflict_free::ConflictFreePolicy;
pub use dependencies::DependenciesPolicy;
pub use evidence::EvidencePolicy;
pub use fact::{FactPolicy, FactTest};
pub use freeze::FreezePolicy;
pub use in_step::InStepPolicy;
pub use lead_time::LeadTimePolicy;
pub use maintenance_window::MaintenanceWindowPolicy;
pub use model_standing::ModelStandingPolicy;
pub use open_issues::OpenIssuesPolicy;
pub use risk::RiskPolicy;
pub use separation_of_duties::{Duty, SeparationOfDutiesPolicy};
pub use soak::SoakPolicy;
pub use stakeholders_notified::StakeholdersNotifiedPolicy;
pub use time_of_day::TimeOfDayPolicy;
pub use waves::WavesPolicy;

use super::Ask;
use crate::phase::{Invalid, InvalidKind, RecordKind, Seconds};
use crate::release::ReleasePlan;
use std::{borrow::Cow, fmt::Display};

/// Calls `$expand!` with every built-in policy: its rule, its type, and the name by which files and findings know it.
macro_rules! policies {
    ($expand:path) => {
        $expand! {
            /// Who has to approve.
            Approvals ApprovalsPolicy "approvals";
            /// Approvers have no other duty in the release.
            SeparationOfDuties SeparationOfDutiesPolicy "separation-of-duties";
            /// What has to be tested, and how well.
            Evidence EvidencePolicy "evidence";
            /// How long the package has to have run elsewhere.
            Soak SoakPolicy "soak";
            /// How it would be undone.
            BackOutPlan BackOutPlanPolicy "back-out-plan";
            /// How risky it may be.
            Risk RiskPolicy "risk";
            /// How many risks and issues may be open.
            OpenIssues OpenIssuesPolicy "open-issues";
            /// What it may cost.
            Budget BudgetPolicy "budget";
            /// Who has to have been told.
            StakeholdersNotified StakeholdersNotifiedPolicy "stakeholders-notified";
            /// How its change requests have to stand.
            ChangeRequests ChangeRequestsPolicy "change-requests";
            /// What has to be ticked off.
            Checklist ChecklistPolicy "checklist";
            /// No freeze is in the way.
            Freeze FreezePolicy "freeze";
            /// The work stays within an allow-window.
            MaintenanceWindow MaintenanceWindowPolicy "maintenance-window";
            /// No other release has a deployment booked that gets in the way.
            ConflictFree ConflictFreePolicy "conflict-free";
            /// How long before it has to be asked for.
            LeadTime LeadTimePolicy "lead-time";
            /// The weekdays and the hours of the work.
            TimeOfDay TimeOfDayPolicy "time-of-day";
            /// How far the rollout has to be.
            Waves WavesPolicy "waves";
            /// What the host has to know.
            Fact FactPolicy "fact";
            /// Whether the release's model is in good standing.
            ModelStanding ModelStandingPolicy "model-standing";
            /// A release and its parts move together.
            InStep InStepPolicy "in-step";
            /// What it waits for has come so far.
            Dependencies DependenciesPolicy "dependencies";
        }
    };
}

pub(super) use policies;

/// A length of time that makes sense as a parameter.
fn length(parameter: &'static str, time: Seconds) -> Result<Seconds, Invalid> {
    if (1..=Seconds::days(3_653).get()).contains(&time.get()) {
        return Ok(time);
    }
    let (kind, expected) = (InvalidKind::OutOfRange, "1 second to 10 years");
    Err(Invalid::new(kind, parameter, time, expected))
}

/// What lifts a lack of the plan that counts. Where one was agreed, another one counts once it is agreed too.
fn in_plan(
    ask: &Ask<'_>,
    remedy: &'static str,
    has_it: impl FnOnce(&ReleasePlan) -> bool,
) -> Cow<'static, str> {
    let state = ask.state();
    let Some(agreed) = state.agreed_plan() else {
        return remedy.into();
    };
    let standing = ask.standing();
    if !standing.takes().any(|one| one == RecordKind::Baseline) {
        return format!("have it overridden: in {standing} no other plan is agreed on").into();
    }
    match &state.plan {
        Some(latest) if **latest != *agreed && has_it(latest) => {
            "record `Baseline`: the latest plan has it, and is not agreed on yet".into()
        }
        Some(_) | None => format!("{remedy}; then agree on that plan: record `Baseline`").into(),
    }
}

/// Some things for a sentence: the first few by name, and how many more there are.
fn listed(things: impl IntoIterator<Item = impl Display>) -> String {
    const SHOWN: usize = 10;
    let mut things = things.into_iter();
    let shown: Vec<_> = things
        .by_ref()
        .take(SHOWN)
        .map(|one| format!("`{one}`"))
        .collect();
    let shown = shown.join(", ");
    match things.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
