//! The records as one value, and which phase takes which.

use super::steps::{AnyStep, Moves};
use super::words::plain;
use super::{
    approval::{
        Approval, ApprovalWithdrawn, Delegated, DelegationEnded, OverrideGranted,
        RetrospectiveApproval,
    },
    change_request::ChangeRequest,
    decision::{Asking, Decision},
    deployment::{
        AttemptFinished, AttemptNeverLive, AttemptStarted, IncidentLinked, IncidentRestored, Outage,
    },
    happens::{Happens, Occasion, Reasons},
    learning::{Feedback, ImprovementProgress, ImprovementRaised, LessonLearned, ValueRealised},
    package::CodeChange,
    people::{RoleGiven, RoleRelieved},
    plan::{
        Baseline, ChecklistItem, CostBooked, MilestoneReached, ReleasePlan, StakeholdersNotified,
    },
    relation::{ChildAttached, DependencyDeclared, ParentDeclared},
    request::TrackChanged,
    review::{
        Confirmation, Correction, CriterionResult, EarlyLifeSupportWaived, Note,
        PostImplementationReview, TaskDone, TaskOpened,
    },
    risk::{IssueRaised, IssueResolved, RiskAssessment, RiskClosed, RiskRaised},
    rollout::{HealthObserved, RolloutContinued, RolloutPaused, WaveStarted},
    state::State,
    testing::{DefectFound, DefectResolved, Evidence, TestRun},
    text::Key,
    verdict::Reason,
};
use crate::phase::{self, Anywhere, OnHold, RecordKind, records};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;

plain! {
    /// A step was asked for and refused. Kept so that a changed gate can be tried on what was refused before.
    pub struct StepRefused {
        /// The step, with what it was asked with.
        step: AnyStep,
        /// The decision against it.
        decision: Decision,
    }
}

impl Happens for StepRefused {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        let Self { step, decision } = self;
        let is_refusal = !decision.is_cleared() && decision.asked == Asking::Step(step.action());
        reasons.unless(is_refusal, || {
            let message = "the decision does not refuse this step";
            Reason::new("not-a-refusal", message, "record refusals only")
        });
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

mod sealed {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot become a record of a release",
        label = "not one of the records",
        note = "keep what is yours as a `Note`, as `Evidence`, or as an attribute of the request"
    )]
    pub trait Sealed {}
}

/// A fact added within a phase: one of the types of this crate, or [`AnyRecord`].
///
/// Sealed: the records are the lifecycle's. What else a host wants to keep is a [`Note`] or
/// [`Evidence`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record of a release",
    label = "not one of the records",
    note = "the records are listed at `phasegate::phase::RecordKind`; what is yours is a `Note` or `Evidence`"
)]
pub trait Record: Into<AnyRecord> + sealed::Sealed {}

/// Marks a phase in which a release takes the record `R`.
#[diagnostic::on_unimplemented(
    message = "a release in `{Self}` does not take `{R}`",
    label = "not recorded here",
    note = "`RecordKind::phases` lists the phases that take a record",
    note = "loaded from a store? use `load_as` or match on `AnyRelease`"
)]
pub trait Takes<R> {}

/// The asking to add the record `R`.
#[derive(Debug)]
pub struct Recording<R>(std::marker::PhantomData<R>);

impl<R, P: Takes<R>> Moves<Recording<R>> for P {
    type To = P;
    const STAYS: bool = true;
}

#[diagnostic::do_not_recommend]
impl<R, P: phase::Holdable + Takes<R>> Takes<R> for OnHold<P> {}

#[diagnostic::do_not_recommend]
impl<R: Record> Takes<R> for Anywhere {}

macro_rules! expand {
    ($($record:ident $name:literal $kind:literal $schema:literal $order:ident [$($phase:ident),*];)*) => {
        /// A record that is known only at run time. Written as the record's name and its fields.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum AnyRecord {
            $(
                #[doc = concat!("Recorded by an event of kind `", $kind, "`.")]
                #[serde(rename = $name)]
                $record(Arc<$record>),
            )*
        }

        impl AnyRecord {
            /// Which record it is.
            #[must_use]
            pub const fn kind(&self) -> RecordKind {
                match self { $(Self::$record(_) => RecordKind::$record,)* }
            }

            /// What it is kept by, where a later one of the same kind and key replaces it.
            pub(crate) fn key(&self) -> Option<&Key> {
                match self { $(Self::$record(record) => record.key(),)* }
            }

            pub(crate) fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
                match self { $(Self::$record(record) => record.admits(state, on, reasons),)* }
            }

            pub(crate) fn apply(self, state: &mut State, on: Occasion<'_>) {
                match self { $(Self::$record(record) => record.apply(state, on),)* }
            }

            pub(crate) fn encode(&self) -> serde_json::Result<Box<RawValue>> {
                match self { $(Self::$record(record) => to_raw_value(record.as_ref()),)* }
            }

            pub(crate) fn decode(kind: RecordKind, data: &str) -> serde_json::Result<Self> {
                match kind { $(RecordKind::$record => serde_json::from_str(data).map(Self::$record),)* }
            }
        }

        $(
            impl sealed::Sealed for $record {}
            impl Record for $record {}
            impl From<$record> for AnyRecord {
                fn from(record: $record) -> Self {
                    Self::$record(Arc::new(record))
                }
            }
            $(
                #[diagnostic::do_not_recommend]
                impl Takes<$record> for phase::$phase {}
            )*
        )*
    };
}

records!(expand);

impl AnyRecord {
    /// Whether it means the same on top of that record of another writer: one of the two commutes, and the other is
    /// not replaced by it.
    pub(crate) fn follows(&self, other: &Self) -> bool {
        let is_replaced =
            self.key().is_some() && (self.kind(), self.key()) == (other.kind(), other.key());
        (self.kind().commutes() || other.kind().commutes()) && !is_replaced
    }
}

impl sealed::Sealed for AnyRecord {}
impl Record for AnyRecord {}
