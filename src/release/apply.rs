//! The only place where a release changes: one event moves one state.

use super::decision::Decision;
use super::deployment::{AttemptOutcome, Liveness};
use super::event::{Event, Occasion};
use super::package::ReleasePackage;
use super::people::Role;
use super::record::AnyRecord;
use super::request::ReleaseRequest;
use super::review::Ending;
use super::state::{
    Attempt, AttemptEnd, Debt, Entry, GivenApproval, GrantedOverride, Incident, Resolved, State,
};
use super::step::AnyStep;
use super::testing::TestReport;
use super::text::Key;
use crate::phase::{PhaseName, Seconds};
use std::{collections::BTreeMap, sync::Arc};

impl State {
    /// Moves by an event that was admitted before.
    pub(crate) fn apply(&mut self, event: &Event, on: Occasion<'_>) {
        match event {
            Event::Step(taken) => self.take(&taken.step, &taken.decision, on),
            Event::Record(record) => self.add(record, on),
        }
    }

    fn take(&mut self, step: &AnyStep, decision: &Decision, on: Occasion<'_>) {
        for used in decision.overrides() {
            if let Some(granted) = self.overrides.get_mut(used) {
                granted.is_used = true;
            }
        }
        match step {
            AnyStep::RequestRelease(step) => self.begin(&step.request, on),
            AnyStep::FindUnauthorised(step) => {
                self.begin(&step.request, on);
                self.package = Some(Arc::new(step.package.clone()));
                self.support = Some(step.early_life_support);
                self.live_at = Some(step.live_since);
                self.entry = Some(Entry::Unauthorised(self.owe(on)));
            }
            AnyStep::Authorise(step) => self.authorised = Some(Arc::clone(step)),
            AnyStep::Reject(_) => self.ending = Some(Ending::Rejected),
            AnyStep::StartDevelopment(_) | AnyStep::Hold(_) | AnyStep::Resume(_) => {}
            AnyStep::StartTesting(step) => {
                let report = TestReport {
                    package: step.package.digest(),
                    runs: BTreeMap::new(),
                };
                self.test_report = Some(report);
                self.package = Some(Arc::new(step.package.clone()));
            }
            AnyStep::Rework(_) => self.unpack(),
            AnyStep::Replan(_) => {
                self.unpack();
                self.is_baselined = false;
            }
            AnyStep::Deploy(step) => {
                self.window = Some(step.window);
                let plan = self.agreed_plan().cloned();
                let support = plan.as_ref().map(|plan| plan.early_life_support);
                let entry = plan
                    .zip(self.test_report.take())
                    .map(|(plan, report)| Entry::Gated(plan, report));
                self.enter_deployment(entry, support);
            }
            AnyStep::Expedite(step) => self.expedite(&step.package, step.early_life_support, on),
            AnyStep::FinishDeployment(_) => self.live_at = self.live_since(),
            AnyStep::BackOut(_) => {
                self.is_backed_out = true;
                self.is_review_owed = true;
            }
            AnyStep::CompleteReview(step) => self.outcome = Some(step.outcome),
            AnyStep::Close(_) => self.ending = self.outcome.map(Ending::from),
            AnyStep::Cancel(_) => {
                self.ending = Some(if self.is_backed_out {
                    Ending::BackedOut
                } else {
                    Ending::Cancelled
                });
            }
        }
        if let Some(to) = step.action().leads(self.standing) {
            self.standing = to;
        }
    }

    fn begin(&mut self, request: &ReleaseRequest, on: Occasion<'_>) {
        self.track = request.track;
        self.request = Some(Arc::new(request.clone()));
        self.requested_by = Some(on.actor.clone());
    }

    fn owe(&mut self, on: Occasion<'_>) -> usize {
        let involved = self
            .requested_by
            .iter()
            .chain([on.actor])
            .cloned()
            .collect();
        self.debts.push(Debt {
            since: on.recorded_at,
            involved,
            approved_by: None,
            is_reviewed: false,
        });
        self.debts.len() - 1
    }

    /// Takes back what Development and everything after it had earned.
    fn unpack(&mut self) {
        self.package = None;
        self.test_report = None;
        self.window = None;
        self.entry = None;
        self.support = None;
        self.live_at = None;
    }

    fn expedite(&mut self, package: &ReleasePackage, support: Seconds, on: Occasion<'_>) {
        self.package = Some(Arc::new(package.clone()));
        let entry = Entry::Expedited(self.owe(on));
        self.enter_deployment(Some(entry), Some(support));
    }

    fn enter_deployment(&mut self, entry: Option<Entry>, support: Option<Seconds>) {
        self.entry = entry;
        self.support = support;
        self.deployments += 1;
        self.is_backed_out = false;
        self.is_support_waived = false;
    }

    fn live_since(&self) -> Option<crate::phase::Instant> {
        let finished = self
            .live_attempts()
            .filter_map(|(_, attempt)| match attempt.end {
                AttemptEnd::Finished(AttemptOutcome::Live, at) => Some(at),
                AttemptEnd::Finished(AttemptOutcome::BackedOut, _)
                | AttemptEnd::Running
                | AttemptEnd::NeverLive => None,
            });
        finished.max()
    }

    fn add(&mut self, record: &AnyRecord, on: Occasion<'_>) {
        match record {
            AnyRecord::ReleasePlan(plan) => self.plan = Some(Arc::clone(plan)),
            AnyRecord::Baseline(_) => self.agree(),
            AnyRecord::MilestoneReached(reached) => {
                self.milestones
                    .insert(reached.milestone.clone(), on.occurred_at);
            }
            AnyRecord::RoleGiven(given) => {
                if given.role == Role::ReleaseManager {
                    self.people
                        .retain(|(role, _)| *role != Role::ReleaseManager);
                }
                self.people
                    .insert((given.role.clone(), given.person.clone()));
            }
            AnyRecord::RoleRelieved(relieved) => {
                self.people
                    .remove(&(relieved.role.clone(), relieved.person.clone()));
            }
            AnyRecord::TrackChanged(changed) => self.track = changed.track,
            AnyRecord::ChildAttached(attached) => {
                self.children.insert(attached.child);
            }
            AnyRecord::ParentDeclared(declared) => self.parent = Some(declared.parent),
            AnyRecord::DependencyDeclared(declared) => {
                self.dependencies.insert(declared.on, declared.reaches);
            }
            AnyRecord::TaskOpened(task) => {
                keep(&mut self.tasks, &task.id, (Arc::clone(task), Resolved::No))
            }
            AnyRecord::TaskDone(done) => resolve(&mut self.tasks, &done.id),
            AnyRecord::StepRefused(_) | AnyRecord::Note(_) | AnyRecord::Correction(_) => {}
            AnyRecord::Approval(_)
            | AnyRecord::RetrospectiveApproval(_)
            | AnyRecord::OverrideGranted(_) => {
                self.add_answer(record, on);
            }
            AnyRecord::CodeChange(_)
            | AnyRecord::TestRun(_)
            | AnyRecord::Evidence(_)
            | AnyRecord::DefectFound(_)
            | AnyRecord::DefectResolved(_) => self.add_finding(record),
            AnyRecord::AttemptStarted(_)
            | AnyRecord::AttemptFinished(_)
            | AnyRecord::AttemptNeverLive(_)
            | AnyRecord::Outage(_)
            | AnyRecord::IncidentLinked(_)
            | AnyRecord::IncidentRestored(_) => self.add_operation(record, on),
            AnyRecord::PostImplementationReview(_)
            | AnyRecord::EarlyLifeSupportWaived(_)
            | AnyRecord::CriterionResult(_)
            | AnyRecord::Confirmation(_) => self.add_review(record),
        }
    }

    fn agree(&mut self) {
        self.baseline.clone_from(&self.plan);
        if self.first_baseline.is_none() {
            self.first_baseline.clone_from(&self.plan);
        }
        self.baselines += 1;
        self.is_baselined = true;
    }

    fn add_answer(&mut self, record: &AnyRecord, on: Occasion<'_>) {
        if let AnyRecord::Approval(approval) = record
            && let Some(person) = on.actor.person()
        {
            let counts_as = approval.on_behalf_of.as_ref().unwrap_or(person);
            let answers = (approval.step, counts_as.clone(), approval.role.clone());
            let by = on.actor.clone();
            self.approvals.insert(
                answers,
                GivenApproval {
                    approval: Arc::clone(approval),
                    by,
                    at: on.recorded_at,
                },
            );
        }
        if let AnyRecord::RetrospectiveApproval(_) = record {
            for debt in self
                .debts
                .iter_mut()
                .filter(|debt| debt.approved_by.is_none())
            {
                debt.approved_by = Some(on.actor.clone());
            }
        }
        if let AnyRecord::OverrideGranted(granted) = record {
            let by = on.actor.clone();
            let usable = GrantedOverride {
                granted: Arc::clone(granted),
                by,
                is_used: false,
            };
            keep(&mut self.overrides, &granted.id, usable);
        }
    }

    fn add_finding(&mut self, record: &AnyRecord) {
        if let AnyRecord::CodeChange(change) = record {
            keep(&mut self.changes, &change.id, Arc::clone(change));
        }
        if let AnyRecord::TestRun(run) = record {
            // A run about another package stays in the history, and proves nothing about this one.
            let report = match (&mut self.test_report, &mut self.entry) {
                (Some(report), _) | (None, Some(Entry::Gated(_, report))) => Some(report),
                (None, _) => None,
            };
            if let Some(report) = report.filter(|report| report.package == run.package) {
                keep(&mut report.runs, &run.id, Arc::clone(run));
            }
        }
        if let AnyRecord::Evidence(evidence) = record {
            keep(&mut self.evidence, &evidence.key, Arc::clone(evidence));
        }
        if let AnyRecord::DefectFound(found) = record {
            keep(
                &mut self.defects,
                &found.id,
                (Arc::clone(found), Resolved::No),
            );
        }
        if let AnyRecord::DefectResolved(resolved) = record {
            resolve(&mut self.defects, &resolved.id);
        }
    }

    fn add_operation(&mut self, record: &AnyRecord, on: Occasion<'_>) {
        if let AnyRecord::AttemptStarted(started) = record {
            let attempt = Attempt {
                started: Arc::clone(started),
                began: on.occurred_at,
                deployment: self.deployments,
                end: AttemptEnd::Running,
            };
            keep(&mut self.attempts, &started.attempt, attempt);
            if started.liveness == Liveness::Live
                && let Some(Entry::Expedited(debt)) = self.entry
                && let Some(debt) = self.debts.get_mut(debt)
            {
                debt.involved.insert(on.actor.clone());
                // Whoever approves and then does it has approved their own work.
                debt.approved_by.take_if(|by| by == on.actor);
            }
        }
        if let AnyRecord::AttemptFinished(finished) = record {
            self.end(
                &finished.attempt,
                AttemptEnd::Finished(finished.outcome, on.occurred_at),
            );
        }
        if let AnyRecord::AttemptNeverLive(failed) = record {
            self.end(&failed.attempt, AttemptEnd::NeverLive);
        }
        if let AnyRecord::Outage(outage) = record {
            keep(&mut self.outages, &outage.id, Arc::clone(outage));
        }
        if let AnyRecord::IncidentLinked(linked) = record {
            let restored = self
                .incidents
                .get(&linked.id)
                .and_then(|incident| incident.restored);
            keep(
                &mut self.incidents,
                &linked.id,
                Incident {
                    linked: Arc::clone(linked),
                    restored,
                },
            );
        }
        if let AnyRecord::IncidentRestored(restored) = record
            && let Some(incident) = self.incidents.get_mut(&restored.id)
        {
            incident.restored = Some(on.occurred_at);
        }
    }

    fn end(&mut self, attempt: &Key, end: AttemptEnd) {
        if let Some(attempt) = self.attempts.get_mut(attempt) {
            attempt.end = end;
        }
    }

    fn add_review(&mut self, record: &AnyRecord) {
        if let AnyRecord::PostImplementationReview(review) = record {
            self.review = Some(Arc::clone(review));
            self.is_review_owed = false;
            self.debts
                .iter_mut()
                .for_each(|debt| debt.is_reviewed = true);
        }
        if let AnyRecord::EarlyLifeSupportWaived(_) = record {
            self.is_support_waived = true;
        }
        if let AnyRecord::CriterionResult(result) = record {
            keep(&mut self.results, &result.criterion, Arc::clone(result));
        }
        if let AnyRecord::Confirmation(confirmation) = record {
            self.confirmations
                .insert(confirmation.item, Arc::clone(confirmation));
        }
    }

    /// Whether `phase` is where the release stands, on hold or not.
    pub(crate) fn is_in(&self, phase: PhaseName) -> bool {
        self.standing.phase == phase
    }
}

fn keep<V>(records: &mut BTreeMap<Key, V>, key: &Key, value: V) {
    records.insert(key.clone(), value);
}

fn resolve<V>(records: &mut BTreeMap<Key, (V, Resolved)>, key: &Key) {
    if let Some((_, resolved)) = records.get_mut(key) {
        *resolved = Resolved::Yes;
    }
}
