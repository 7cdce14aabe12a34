//! The same lifecycle, written by hand for this one purpose: one struct with a phase, and plain matches.
//!
//! It keeps what the walks need of the data that the crate keeps, in the crate's own payload types, and makes the
//! same checks on it; every blocker is collected, with code, message and remedy. It knows the 27 kinds of the walks
//! and no others, has no gates, no way back, no hold, no overrides, no debts, no typed phases; and, in the log, no
//! upcasters, no unknown kinds, no intent (the digest by which a store tells a repeated asking from another one under
//! the same id), and no summary row for lists.

mod guards;
mod log;

pub(crate) use log::{Entry, is_whole, keep, replay};

use super::script::Act;
use phasegate::phase::{Action, Seconds};
use phasegate::release::{
    Actor, Approval, Asking, Assessment, AttemptOutcome, AttemptStarted, ClosureItem, CodeChange,
    Confirmation, CriterionResult, DefectFound, Digest, Evidence, IncidentLinked, Key, Liveness,
    Person, ReleasePackage, ReleasePlan, ReleaseRequest, ReviewOutcome, Role, TaskOpened, TestRun,
    Track,
};
use phasegate::{Instant, Interval};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Start,
    Request,
    Plan,
    Development,
    Testing,
    Deployment,
    Review,
    Closure,
    Closed,
}

/// Why something may not happen.
#[derive(Debug)]
#[expect(dead_code, reason = "in a real program, people would read it")]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) remedy: &'static str,
}

/// What a step's event keeps of the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    asked: Asking,
    actor: Actor,
    at: Instant,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<String>,
}

/// What happened: a step comes with its decision, a record without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Event {
    act: Act,
    decision: Option<Decision>,
}

/// By whom and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    version: u64,
    actor: &'a Actor,
    occurred_at: Instant,
    recorded_at: Instant,
}

#[derive(Debug, Clone)]
struct Attempt {
    started: AttemptStarted,
    began: Instant,
    deployment: u32,
    end: Option<(AttemptOutcome, Instant)>,
}

#[derive(Debug, Clone)]
struct Report {
    package: Digest,
    runs: BTreeMap<Key, TestRun>,
}

#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) version: u64,
    pub(crate) phase: Phase,
    request: Option<ReleaseRequest>,
    requested_by: Option<Actor>,
    track: Track,
    assessment: Option<Assessment>,
    people: BTreeSet<(Role, Person)>,
    plan: Option<Arc<ReleasePlan>>,
    baseline: Option<Arc<ReleasePlan>>,
    first_baseline: Option<Arc<ReleasePlan>>,
    baselines: u32,
    milestones: BTreeMap<Key, Instant>,
    changes: BTreeMap<Key, CodeChange>,
    package: Option<ReleasePackage>,
    report: Option<Report>,
    evidence: BTreeMap<Key, Evidence>,
    defects: BTreeMap<Key, (DefectFound, bool)>,
    window: Option<Interval>,
    entry: Option<(Arc<ReleasePlan>, Report)>,
    deployments: u32,
    attempts: BTreeMap<Key, Attempt>,
    live_at: Option<Instant>,
    support: Option<Seconds>,
    incidents: BTreeMap<Key, (IncidentLinked, Option<Instant>)>,
    results: BTreeMap<Key, CriterionResult>,
    outcome: Option<ReviewOutcome>,
    confirmations: BTreeMap<ClosureItem, Confirmation>,
    tasks: BTreeMap<Key, (TaskOpened, bool)>,
    approvals: BTreeMap<(Action, Person, Role), (Approval, Actor, Instant)>,
    ending: Option<ReviewOutcome>,
}

impl Machine {
    pub(crate) const fn new() -> Self {
        Self {
            version: 0,
            phase: Phase::Start,
            request: None,
            requested_by: None,
            track: Track::Normal,
            assessment: None,
            people: BTreeSet::new(),
            plan: None,
            baseline: None,
            first_baseline: None,
            baselines: 0,
            milestones: BTreeMap::new(),
            changes: BTreeMap::new(),
            package: None,
            report: None,
            evidence: BTreeMap::new(),
            defects: BTreeMap::new(),
            window: None,
            entry: None,
            deployments: 0,
            attempts: BTreeMap::new(),
            live_at: None,
            support: None,
            incidents: BTreeMap::new(),
            results: BTreeMap::new(),
            outcome: None,
            confirmations: BTreeMap::new(),
            tasks: BTreeMap::new(),
            approvals: BTreeMap::new(),
            ending: None,
        }
    }

    /// Checks what is asked and does it.
    pub(crate) fn ask(
        &mut self,
        act: Act,
        actor: &Actor,
        now: Instant,
    ) -> Result<(), Vec<Refusal>> {
        let on = self.now(actor, now);
        let event = self.decide(act, on)?;
        self.apply(event, on);
        self.version += 1;
        Ok(())
    }

    pub(crate) fn now<'a>(&self, actor: &'a Actor, now: Instant) -> Occasion<'a> {
        Occasion {
            version: self.version,
            actor,
            occurred_at: now,
            recorded_at: now,
        }
    }

    /// The event that an asking leads to, or everything that stands against it.
    pub(crate) fn decide(&self, act: Act, on: Occasion<'_>) -> Result<Event, Vec<Refusal>> {
        let refusals = self.refusals(&act, on);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let decision = act.step().map(|asked| Decision {
            asked: Asking::Step(asked),
            actor: on.actor.clone(),
            at: on.recorded_at,
            findings: Vec::new(),
        });
        Ok(Event { act, decision })
    }

    #[expect(clippy::too_many_lines, reason = "one plain match is the point")]
    pub(crate) fn apply(&mut self, event: Event, on: Occasion<'_>) {
        match event.act {
            Act::Request(step) => {
                self.track = step.request.track;
                self.request = Some(step.request);
                self.requested_by = Some(on.actor.clone());
                self.phase = Phase::Request;
            }
            Act::Authorise(step) => {
                self.assessment = Some(step.assessment);
                self.phase = Phase::Plan;
            }
            Act::StartDevelopment(_) => self.phase = Phase::Development,
            Act::StartTesting(step) => {
                self.report = Some(Report {
                    package: step.package.digest(),
                    runs: BTreeMap::new(),
                });
                self.package = Some(step.package);
                self.phase = Phase::Testing;
            }
            Act::Deploy(step) => {
                self.window = Some(step.window);
                self.support = self.baseline.as_ref().map(|plan| plan.early_life_support);
                self.entry = self.baseline.clone().zip(self.report.take());
                self.deployments += 1;
                self.phase = Phase::Deployment;
            }
            Act::FinishDeployment(_) => {
                self.live_at = self.live_since();
                self.phase = Phase::Review;
            }
            Act::CompleteReview(step) => {
                self.outcome = Some(step.outcome);
                self.phase = Phase::Closure;
            }
            Act::Close(_) => {
                self.ending = self.outcome;
                self.phase = Phase::Closed;
            }
            Act::Plan(plan) => self.plan = Some(Arc::new(*plan)),
            Act::Baseline(_) => {
                self.baseline.clone_from(&self.plan);
                if self.first_baseline.is_none() {
                    self.first_baseline.clone_from(&self.plan);
                }
                self.baselines += 1;
            }
            Act::MilestoneReached(record) => {
                self.milestones.insert(record.milestone, on.occurred_at);
            }
            Act::RoleGiven(record) => {
                if record.role == Role::ReleaseManager {
                    self.people
                        .retain(|(role, _)| *role != Role::ReleaseManager);
                }
                self.people.insert((record.role, record.person));
            }
            Act::Approval(record) => {
                let person = record.on_behalf_of.as_ref().or(on.actor.person());
                if let Some(person) = person.cloned() {
                    let key = (record.step, person, record.role.clone());
                    self.approvals
                        .insert(key, (record, on.actor.clone(), on.recorded_at));
                }
            }
            Act::CodeChange(record) => {
                self.changes.insert(record.id.clone(), record);
            }
            Act::TestRun(record) => {
                let report = self.report.as_mut();
                let report = report.or(self.entry.as_mut().map(|(_, report)| report));
                if let Some(report) = report.filter(|report| report.package == record.package) {
                    report.runs.insert(record.id.clone(), record);
                }
            }
            Act::Evidence(record) => {
                self.evidence.insert(record.key.clone(), record);
            }
            Act::DefectFound(record) => {
                self.defects.insert(record.id.clone(), (record, false));
            }
            Act::DefectResolved(record) => {
                if let Some((_, is_resolved)) = self.defects.get_mut(&record.id) {
                    *is_resolved = true;
                }
            }
            Act::AttemptStarted(record) => {
                let attempt = Attempt {
                    began: on.occurred_at,
                    deployment: self.deployments,
                    end: None,
                    started: record,
                };
                self.attempts
                    .insert(attempt.started.attempt.clone(), attempt);
            }
            Act::AttemptFinished(record) => {
                if let Some(attempt) = self.attempts.get_mut(&record.attempt) {
                    attempt.end = Some((record.outcome, on.occurred_at));
                }
            }
            Act::IncidentLinked(record) => {
                let before = self.incidents.get(&record.id);
                let restored = before.and_then(|(_, restored)| *restored);
                self.incidents.insert(record.id.clone(), (record, restored));
            }
            Act::IncidentRestored(record) => {
                if let Some((_, restored)) = self.incidents.get_mut(&record.id) {
                    *restored = Some(on.occurred_at);
                }
            }
            Act::CriterionResult(record) => {
                self.results.insert(record.criterion.clone(), record);
            }
            Act::TaskOpened(record) => {
                self.tasks.insert(record.id.clone(), (record, false));
            }
            Act::TaskDone(record) => {
                if let Some((_, is_done)) = self.tasks.get_mut(&record.id) {
                    *is_done = true;
                }
            }
            Act::Confirmation(record) => {
                self.confirmations.insert(record.item, record);
            }
            Act::Note(_) => {}
        }
    }

    /// The attempts on live environments since Deployment was last entered.
    fn live_attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts
            .values()
            .filter(|attempt| attempt.deployment == self.deployments)
            .filter(|attempt| attempt.started.liveness == Liveness::Live)
    }

    fn live_since(&self) -> Option<Instant> {
        self.live_attempts()
            .filter_map(|attempt| match attempt.end {
                Some((AttemptOutcome::Live, at)) => Some(at),
                Some((AttemptOutcome::BackedOut, _)) | None => None,
            })
            .max()
    }
}
