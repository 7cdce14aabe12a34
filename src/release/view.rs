//! A release to show, to send and to put into templates.

use super::id::{ReleaseId, Version};
use super::learning::LessonLearned;
use super::package::ReleasePackage;
use super::people::{Actor, Role};
use super::plan::ReleasePlan;
use super::request::{ReleaseRequest, Track};
use super::review::{CriterionResult, Ending, PostImplementationReview, ReviewOutcome, TaskOpened};
use super::shell::Core;
use super::state::{Debt, Improvement};
use super::testing::TestRun;
use super::text::{Key, Person, Tenant};
use crate::phase::{Instant, PhaseName, Standing};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A release as it stood at one version: a value without any power to change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReleaseView {
    /// Its id.
    pub id: ReleaseId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The version of its log.
    pub version: Version,
    /// Where it stands.
    pub standing: Standing,
    /// When its first event was recorded.
    pub created_at: Option<Instant>,
    /// When its latest event was recorded.
    pub updated_at: Option<Instant>,
    /// What was asked for.
    pub request: Option<Arc<ReleaseRequest>>,
    /// Who asked.
    pub requested_by: Option<Actor>,
    /// Its track now.
    pub track: Track,
    /// Who has which role.
    pub people: Vec<(Role, Person)>,
    /// The current plan.
    pub plan: Option<Arc<ReleasePlan>>,
    /// The plan that was agreed first.
    pub first_baseline: Option<Arc<ReleasePlan>>,
    /// The plan that was agreed last.
    pub baseline: Option<Arc<ReleasePlan>>,
    /// How often a plan was agreed.
    pub baselines: u32,
    /// When milestones were reached.
    pub milestones: BTreeMap<Key, Instant>,
    /// What goes live.
    pub package: Option<Arc<ReleasePackage>>,
    /// The test runs about that package.
    pub test_runs: Vec<Arc<TestRun>>,
    /// Since when it is live.
    pub live_at: Option<Instant>,
    /// When early life support ends.
    pub support_ends: Option<Instant>,
    /// What is owed, or was.
    pub debts: Vec<Debt>,
    /// The tasks that are open.
    pub open_tasks: Vec<Arc<TaskOpened>>,
    /// How the success criteria were judged.
    pub results: Vec<Arc<CriterionResult>>,
    /// The post-implementation review that was held last, with the lessons that it tells.
    pub review: Option<Arc<PostImplementationReview>>,
    /// What was learned, by the host's id.
    pub lessons: BTreeMap<Key, Arc<LessonLearned>>,
    /// What is to be done better, and how far it is, by the host's id.
    pub improvements: BTreeMap<Key, Improvement>,
    /// The release that it is part of.
    pub parent: Option<ReleaseId>,
    /// The releases that are part of it.
    pub children: BTreeSet<ReleaseId>,
    /// The releases that it waits for, and how far they have to get.
    pub dependencies: BTreeMap<ReleaseId, PhaseName>,
    /// How the review judged it.
    pub outcome: Option<ReviewOutcome>,
    /// How it ended.
    pub ending: Option<Ending>,
}

impl Core {
    pub(crate) fn view(&self) -> ReleaseView {
        let Self { head, state } = self;
        let is_stored = head.version > Version::NONE;
        let people = state.people.iter().flat_map(|(role, holders)| {
            let holders = holders.iter();
            holders.map(|person| (role.clone(), person.clone()))
        });
        let gated = super::earned::route_report(state);
        ReleaseView {
            id: head.id,
            tenant: head.stream.tenant.clone(),
            version: head.version,
            standing: state.standing,
            created_at: is_stored.then_some(head.created_at),
            updated_at: is_stored.then_some(head.updated_at),
            request: state.request.as_deref().cloned(),
            requested_by: state.requested_by.clone(),
            track: state.track,
            people: people.collect(),
            plan: state.plan.as_deref().cloned(),
            first_baseline: state.first_baseline.clone(),
            baseline: state.baseline.clone(),
            baselines: state.baselines,
            milestones: state.milestones.clone(),
            package: state.package.clone(),
            test_runs: gated
                .map(|report| report.runs.values().map(|(run, _)| run.clone()).collect())
                .unwrap_or_default(),
            live_at: state.live_at,
            support_ends: state.support_ends(),
            debts: state.debts.clone(),
            open_tasks: state.open_tasks().cloned().collect(),
            results: state.results.values().cloned().collect(),
            review: state.review.clone(),
            lessons: state.lessons.clone(),
            improvements: state.improvements.clone(),
            parent: state.parent,
            children: state.children.clone(),
            dependencies: state.dependencies.clone(),
            outcome: state.outcome,
            ending: state.ending,
        }
    }
}
