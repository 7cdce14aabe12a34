//! The thing that moves: its contents, its state, its events, and the typed shell around them.
//!
//! Start at [`Release`]. What a release is made of has a type per thing, in the words of the trade;
//! what can happen to it is a [`step`] or a record ([`AnyRecord`] lists them), and either becomes an [`Event`] in an
//! [`Envelope`]. Every value keeps the [`limits`] from the moment it exists.

mod any;
mod approval;
mod availability;
mod batch;
mod chain;
mod change_request;
mod clears_at;
mod conflict;
mod decision;
mod deployment;
mod digest;
mod due;
mod earned;
mod error;
mod event;
mod fact;
pub(crate) mod file;
mod happens;
mod id;
mod learning;
mod ledger;
pub mod limits;
mod model;
mod moves;
mod notice;
mod package;
mod people;
mod plan;
mod proposal;
mod record;
mod relation;
mod replay;
mod request;
mod review;
mod risk;
mod rollout;
mod shell;
mod state;
pub mod step;
mod steps;
mod strict;
mod subject;
mod testing;
mod text;
mod turns;
mod verdict;
mod view;
mod words;

pub use any::{AnyRelease, HeldRelease};
pub use approval::{
    Answer, Approval, ApprovalWithdrawn, Delegated, DelegationEnded, OverrideGranted,
    RetrospectiveApproval,
};
pub use availability::{
    Availability, CalendarQuestion, DecidingWindow, Effect, Openness, RunningWork, Unhelpful,
    WindowKind,
};
pub use batch::{Batch, Summary};
pub use chain::{Broken, BrokenHow, verify};
pub use change_request::{ChangeRequest, ChangeRequestState};
pub use conflict::{BookedConflict, ConflictAnswer, ConflictQuestion};
pub use decision::{
    Asking, Blocker, Combination, Decision, Enforcement, Finding, GateId, Judgement,
};
pub use deployment::{
    AttemptFinished, AttemptNeverLive, AttemptOutcome, AttemptStarted, IncidentLinked,
    IncidentRestored, Liveness, Outage, Planning,
};
pub use digest::Digest;
pub use due::{Due, DueItem, DueKind};
pub use earned::{Earned, Has, Route};
pub use error::{LogError, LogErrorKind};
pub use event::{Envelope, Event, Payload, Upcasters};
pub use fact::{Fact, FactSource, FactValue};
pub use id::{CommandId, EventId, ReleaseId, Stream, StreamKind, Version};
pub use learning::{
    Feedback, ImprovementProgress, ImprovementRaised, ImprovementStatus, LessonLearned, Rating,
    Scale, ValueRealised,
};
pub use model::{FollowedModel, ModelStanding, SuccessCount};
pub use notice::{Delivery, Notice};
pub use package::{ChangeKind, CodeChange, ReleasePackage, ReleaseUnit, UnitKind};
pub use people::{Actor, Role, RoleGiven, RoleRelieved};
pub use plan::{
    BackOutPlan, Baseline, ChecklistItem, ChecklistStatus, CostBooked, Milestone, MilestoneReached,
    ReleasePlan, Risk, StakeholdersNotified, SuccessCriterion, Target, Wave, When,
};
pub use proposal::{By, Proposal};
pub use record::{AnyRecord, Record, Recording, StepRefused, Takes};
pub use relation::{ChildAttached, DependencyDeclared, OtherRelease, ParentDeclared};
pub use replay::{replay, replay_with};
pub use request::{
    Assessment, AssessmentDecision, Attribute, Currency, ModelReference, Money, Objective,
    ReleaseKind, ReleaseRequest, Track, TrackChanged,
};
pub use review::{
    ClosureItem, ClosureRecord, Confirmation, Correction, CriterionOutcome, CriterionResult,
    EarlyLifeSupportWaived, Ending, Note, PostImplementationReview, ReviewOutcome, TaskDone,
    TaskOpened,
};
pub use risk::{
    Grade, IssueRaised, IssueResolved, RiskAssessment, RiskClosed, RiskLevel, RiskRaised, RiskScore,
};
pub use rollout::{
    Health, HealthObserved, LiveWork, NextMove, Rollout, RolloutContinued, RolloutPaused,
    WaveProgress, WaveStarted, WaveState,
};
pub use shell::Release;
pub use state::{Debt, Improvement};
pub use steps::{AnyStep, Moves, Step, StepTaken};
pub use subject::Subject;
pub use testing::{DefectFound, DefectResolved, Evidence, Severity, TestKind, TestReport, TestRun};
pub use text::{Bounded, Environment, Key, Name, Person, Region, Service, Tenant, Text};
pub use verdict::{Reason, Verdict};
pub use view::ReleaseView;

pub(crate) use batch::{derived_command, intent};
pub(crate) use decision::LiftedFreezes;
pub(crate) use earned::StateRef;
pub(crate) use event::seal;
pub(crate) use happens::Reasons;
pub(crate) use ledger::{Ledger, LedgerEvent, Place, fold};
pub(crate) use model::model_not_read;
pub(crate) use relation::{Survey, Tie};
pub(crate) use replay::succeeds;
pub(crate) use request::no_model;
pub(crate) use verdict::earliest;

pub(crate) use proposal::Asked;
pub(crate) use risk::RegisterKind;
pub(crate) use shell::Core;
pub(crate) use state::{AttemptEnd, GivenApproval, GrantedOverride, Resolved, State};
pub(crate) use words::{is_default, plain};

#[cfg(feature = "verify")]
pub(crate) use digest::Digested;
#[cfg(feature = "verify")]
pub(crate) use state::{Attempt, Entry};
