//! Looking back and tidying up: review, closure, tasks, notes.

use super::text::{Bounded, Key, Name, Person, Text};
use super::words::plain;
use crate::phase::Instant;
use crate::release::Version;
use serde::{Deserialize, Serialize};
use std::fmt;

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

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Completed => "completed",
            Self::WithIssues => "completed with issues",
            Self::Unsuccessful => "unsuccessful",
            Self::BackedOut => "backed out",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        })
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

plain! {
    /// A post-implementation review was held.
    #[doc(alias = "PIR")]
    pub struct PostImplementationReview {
        /// What it found.
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
