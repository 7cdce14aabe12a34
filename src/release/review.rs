//! Looking back and tidying up: review, closure, tasks, notes.

use super::happens::{Happens, Occasion, Reasons};
use super::id::Version;
use super::state::{Resolved, State};
use super::text::{Bounded, Key, Name, Person, Text};
use super::verdict::Reason;
use super::words::{plain, told};
use crate::phase::Instant;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a release turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReviewOutcome {
    /// It did what it was meant to.
    Successful,
    /// It did, and something else went wrong.
    WithIssues,
    /// It did not.
    Unsuccessful,
    /// It was undone.
    BackedOut,
}

/// How a release ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// It went through all phases.
    Completed,
    /// It went through all phases, with issues.
    WithIssues,
    /// It went through all phases and failed its purpose.
    Unsuccessful,
    /// It was undone.
    BackedOut,
    /// It was never authorised.
    Rejected,
    /// It was given up.
    Cancelled,
}

impl From<ReviewOutcome> for Ending {
    fn from(outcome: ReviewOutcome) -> Self {
        match outcome {
            ReviewOutcome::Successful => Self::Completed,
            ReviewOutcome::WithIssues => Self::WithIssues,
            ReviewOutcome::Unsuccessful => Self::Unsuccessful,
            ReviewOutcome::BackedOut => Self::BackedOut,
        }
    }
}

/// Whether a success criterion was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "it is met, missed, or not yet known"
)]
pub enum CriterionOutcome {
    /// It was met.
    Met,
    /// It was missed.
    Missed,
    /// It cannot be told yet.
    NotYetKnown,
}

/// What has to be brought up to date before a release closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClosureItem {
    /// The release notes are published.
    ReleaseNotes,
    /// The documentation is up to date.
    Documentation,
    /// The configuration records are up to date.
    #[doc(alias = "CMDB")]
    ConfigurationRecords,
}

told! {
    ReviewOutcome {
        Successful "successful",
        WithIssues "with issues",
        Unsuccessful "unsuccessful",
        BackedOut "backed out",
    }
    Ending {
        Completed "completed",
        WithIssues "completed with issues",
        Unsuccessful "unsuccessful",
        BackedOut "backed out",
        Rejected "rejected",
        Cancelled "cancelled",
    }
    CriterionOutcome {
        Met "met",
        Missed "missed",
        NotYetKnown "not yet known",
    }
    ClosureItem {
        ReleaseNotes "release notes",
        Documentation "documentation",
        ConfigurationRecords "configuration records",
    }
}

plain! {
    /// A post-implementation review was held.
    #[doc(alias = "PIR")]
    pub struct PostImplementationReview {
        /// What it found; not empty.
        summary: Text,
    } with {
        /// What is to be done differently.
        lessons: Bounded<Vec<Text>>,
    }

    /// The rest of early life support is not waited for.
    pub struct EarlyLifeSupportWaived {
        /// Why; not empty.
        reason: Text,
    }

    /// A success criterion is judged. A later result replaces the one before.
    pub struct CriterionResult {
        /// The criterion, by its key in the plan.
        criterion: Key,
        /// Whether it was met.
        outcome: CriterionOutcome,
    } with {
        /// What was measured.
        finding: Text,
    }

    /// The record that closes a release.
    #[derive(Default)]
    pub struct ClosureRecord {} with {
        /// What is to be remembered of this release.
        summary: Text,
    }

    /// There is something to do before the release can close.
    pub struct TaskOpened {
        /// The host's id.
        id: Key,
        /// What is to be done.
        what: Name,
    } with {
        /// Who does it.
        owner: Option<Person>,
        /// By when.
        due: Option<Instant>,
    }

    /// A task is done.
    pub struct TaskDone {
        /// The task.
        id: Key,
    }

    /// The host confirms that something is up to date.
    pub struct Confirmation {
        /// What is up to date.
        item: ClosureItem,
    } with {
        /// Where it can be seen.
        location: Text,
    }

    /// Something worth remembering.
    pub struct Note {
        /// What; not empty.
        text: Text,
    }

    /// An earlier event was wrong. It stays in the log; this says what is true.
    pub struct Correction {
        /// The version of the event that was wrong.
        corrects: Version,
        /// What is true; not empty.
        text: Text,
    }
}

impl Happens for PostImplementationReview {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_deployed(reasons);
        reasons.not_blank(&self.summary, "summary of the review");
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.review = Some(self);
        state.is_review_owed = false;
        state
            .debts
            .iter_mut()
            .for_each(|debt| debt.is_reviewed = true);
    }
}

impl Happens for EarlyLifeSupportWaived {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the waiver");
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.is_support_waived = true;
    }
}

impl Happens for CriterionResult {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        let plan = state.baseline.as_ref().or(state.plan.as_deref());
        let is_known = plan.is_some_and(|plan| plan.success_criteria.contains_key(&self.criterion));
        reasons.known(is_known, "success criterion", &self.criterion);
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.criterion)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.results.insert(self.criterion.clone(), self);
    }
}

impl Happens for TaskOpened {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        let is_open = |(_, done): &(_, Resolved)| *done == Resolved::No;
        reasons.unless(state.tasks.get(&self.id).is_none_or(is_open), || {
            let message = format!("task `{}` is done already", self.id);
            Reason::new("already-recorded", message, "open it under a new id")
        });
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.tasks.insert(self.id.clone(), (self, Resolved::No));
    }
}

impl Happens for TaskDone {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.known(state.tasks.contains_key(&self.id), "task", &self.id);
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        if let Some((_, done)) = state.tasks.get_mut(&self.id) {
            *done = Resolved::Yes;
        }
    }
}

impl Happens for Confirmation {
    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.confirmations.insert(self.item, self);
    }
}

impl Happens for Note {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.text, "text of the note");
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl Happens for Correction {
    fn admits(&self, _state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.text, "text of the correction");
        reasons.unless(
            Version::NONE < self.corrects && self.corrects <= on.version,
            || {
                let message = format!("there is no event at version {}", self.corrects);
                Reason::new(
                    "unknown",
                    message,
                    format!("name a version from 1 to {}", on.version),
                )
            },
        );
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}
