//! From events to what is kept to be measured.

use super::facts::{
    Aim, Attempt, Beginning, Defect, Down, Facts, Improvement, Incident, Linked, MilestoneDays,
    Profile, Rated,
};
use super::{Kpis, budget};
use crate::phase::{Action, Instant, PhaseName, Standing};
use crate::release::{
    AnyRecord, AnyStep, AttemptFinished, AttemptOutcome, AttemptStarted, CodeChange, CostBooked,
    Digest, Envelope, Event, Feedback, ImprovementProgress, ImprovementRaised, ImprovementStatus,
    IncidentLinked, Key, Liveness, LogError, LogErrorKind, Outage, Planning, ReleasePlan,
    ReleaseRequest, StepTaken, StreamKind, SuccessCriterion, Upcasters, Version, succeeds,
};
use std::sync::Arc;

impl Kpis {
    /// Takes the next event of a release.
    ///
    /// Events of one release come in the order of their versions; those of different releases in any. What was followed
    /// already is passed over, so that a feed may repeat itself, and so are logs of models and calendars. The cost does
    /// not depend on what was followed before.
    ///
    /// # Errors
    ///
    /// Nothing has changed, and the right entry can still follow:
    ///
    /// - broken: the entry does not follow the last one of its release, or is another tenant's
    /// - malformed, too large, unknown kind: the entry cannot be read
    pub fn follow(&mut self, entry: &Envelope) -> Result<(), LogError> {
        self.follow_with(entry, &Upcasters::default())
    }

    /// The same, with payloads of older or foreign schemas brought up to date first.
    ///
    /// # Errors
    ///
    /// As [`follow`](Self::follow), and whatever an upcaster refuses.
    pub fn follow_with(&mut self, entry: &Envelope, upcasters: &Upcasters) -> Result<(), LogError> {
        let broken = |what: String| LogError::new(LogErrorKind::Broken, Some(entry.version), what);
        let stream = &entry.stream;
        if stream.tenant != self.tenant {
            let what = format!(
                "it is of tenant `{}`, expected `{}`",
                stream.tenant, self.tenant
            );
            return Err(broken(what));
        }
        if stream.kind != StreamKind::Release {
            return Ok(());
        }
        let id = stream.id.as_str().parse();
        let id = id.map_err(|_| broken("the log is not named by a release's id".to_owned()))?;
        let known = self.index.get(&id).copied();
        let last = known.and_then(|at| self.releases.get(at as usize));
        let (version, hash) = last.map_or((Version::NONE, Digest::ZERO), |last| {
            (last.version, last.hash)
        });
        if entry.version <= version && entry.version > Version::NONE {
            return Ok(());
        }
        succeeds(entry, stream, version, &hash)?;
        let event = entry.decode_with(upcasters)?;
        let at = match (known, &event) {
            (Some(at), _) => at,
            (None, Some(Event::Step(_))) => self.begin(id, entry.occurred_at),
            (None, Some(Event::Record(_)) | None) => {
                return Err(broken(format!("`{}` does not begin a release", entry.kind)));
            }
        };
        match event {
            Some(Event::Step(taken)) => self.take_step(at, &taken, entry.occurred_at),
            Some(Event::Record(record)) => self.take_record(at, record, entry.occurred_at),
            None => {}
        }
        if let Some(facts) = self.facts_mut(at) {
            (facts.version, facts.hash) = (entry.version, entry.hash);
        }
        Ok(())
    }

    fn take_step(&mut self, release: u32, taken: &StepTaken, at: Instant) {
        let action = taken.step.action();
        self.take_what_begins(release, &taken.step, at);
        if action == Action::BackOut {
            self.back_out(release, at);
        } else if action == Action::FinishDeployment {
            self.go_live(release);
        }
        let Some(facts) = self.facts_mut(release) else {
            return;
        };
        facts.used_override |= taken.decision.overrides().next().is_some();
        facts.used_exception |= taken.decision.exceptions().next().is_some();
        if matches!(action, Action::Rework | Action::Replan) {
            facts.loops += 1;
        }
        let standing = Standing {
            phase: facts.standing,
            on_hold: facts.is_held,
        };
        if let Some(to) = action.leads(standing) {
            facts.stands(to.phase, to.on_hold, at);
        }
        if facts.standing == PhaseName::Closed {
            facts.open = None;
            facts.closed = facts.closed.or(Some((at, facts.ending(action))));
        }
        if let AnyStep::CompleteReview(step) = &taken.step {
            facts.outcome = Some(step.outcome);
        }
    }

    /// Requests, and what begins to be live.
    fn take_what_begins(&mut self, release: u32, step: &AnyStep, at: Instant) {
        if let Some(request) = step.request() {
            self.take_request(release, request);
        }
        let is_emergency = self.is_emergency(release);
        let Some(facts) = self.facts_mut(release) else {
            return;
        };
        if let AnyStep::FindUnauthorised(found) = step {
            facts.began = Some((at, Beginning::Found));
            facts.went_live = Some(found.live_since);
            facts.support = found.early_life_support;
        } else if let AnyStep::Expedite(step) = step {
            facts.enter_deployment();
            facts.support = step.early_life_support;
            facts.began = facts.began.or(Some((at, Beginning::Emergency)));
        } else if let AnyStep::Deploy(_) = step {
            facts.enter_deployment();
            let beginning = if is_emergency {
                Beginning::Emergency
            } else {
                Beginning::Gated
            };
            facts.began = facts.began.or(Some((at, beginning)));
            let plan = facts.open.as_ref().and_then(|open| open.agreed.as_ref());
            facts.support = plan.map_or(facts.support, |plan| plan.early_life_support);
        }
    }

    fn take_request(&mut self, release: u32, request: &ReleaseRequest) {
        let profile = self.profile(Profile::of(request));
        if let Some(remediated) = request.remediates {
            self.remediators
                .entry(remediated)
                .or_default()
                .push(release);
        }
        let Some(facts) = self.facts_mut(release) else {
            return;
        };
        facts.profile = profile;
        facts.expected_value = request.expected_value;
        if !request.objectives.is_empty() {
            facts.aims().objectives = request.objectives.keys().cloned().collect();
        }
    }

    /// Whatever is live by now of this deployment has failed.
    fn back_out(&mut self, release: u32, at: Instant) {
        let Some(facts) = self.facts_mut(release) else {
            return;
        };
        facts.is_backed_out = true;
        let deployment = facts.deployments;
        self.attempts.change(release, |attempt| {
            if attempt.deployment == deployment && attempt.live.is_some() {
                attempt.backed_out = attempt.backed_out.or(Some(at));
            }
        });
    }

    /// The last attempt that ended live says when.
    fn go_live(&mut self, release: u32) {
        let deployment = self.facts(release).map_or(0, |facts| facts.deployments);
        let attempts = self.attempts.of(release).map(|(_, attempt)| attempt);
        let stayed = attempts
            .filter(|attempt| attempt.deployment == deployment && attempt.backed_out.is_none());
        let live = stayed.filter_map(|attempt| attempt.live).max();
        if let Some(facts) = self.facts_mut(release) {
            facts.went_live = live;
        }
    }

    #[expect(clippy::too_many_lines, reason = "every record is named")]
    fn take_record(&mut self, release: u32, record: AnyRecord, at: Instant) {
        match record {
            AnyRecord::ReleasePlan(plan) => self.plan(release, &plan),
            AnyRecord::Baseline(_) => self.baseline(release),
            AnyRecord::MilestoneReached(reached) => {
                self.milestone(release, &reached.milestone, |days| days.reached = Some(at));
            }
            AnyRecord::TrackChanged(changed) => {
                let profile = self.profile_of(release).cloned();
                let profile = profile.map(|profile| Profile {
                    track: changed.track,
                    ..profile
                });
                let profile = profile.map(|profile| self.profile(profile));
                if let (Some(facts), Some(profile)) = (self.facts_mut(release), profile) {
                    facts.profile = profile;
                }
            }
            AnyRecord::CostBooked(booked) => self.book(release, &booked),
            AnyRecord::CodeChange(change) => self.include(release, &change),
            AnyRecord::DefectFound(defect) => {
                let is_regression = defect.is_regression;
                let found = Defect {
                    found: at,
                    is_regression,
                };
                self.defects.put(release, &defect.id, found);
            }
            AnyRecord::AttemptStarted(started) => self.start(release, &started),
            AnyRecord::AttemptFinished(finished) => self.finish(release, &finished, at),
            AnyRecord::AttemptNeverLive(ended) => {
                if let Some(attempt) = self.attempts.get_mut(release, &ended.attempt) {
                    attempt.never_live = Some(at);
                }
            }
            AnyRecord::Outage(outage) => self.outages.put(release, &outage.id, down(&outage)),
            AnyRecord::IncidentLinked(incident) => self.link(release, &incident),
            AnyRecord::IncidentRestored(restored) => {
                if let Some(incident) = self.incidents.get_mut(release, &restored.id) {
                    incident.restored = Some(at);
                }
            }
            AnyRecord::CriterionResult(result) => {
                if let Some(facts) = self.facts_mut(release) {
                    let results = &mut facts.aims().results;
                    results.insert(result.criterion.clone(), result.outcome);
                }
            }
            AnyRecord::Feedback(feedback) => self.rate(release, &feedback, at),
            AnyRecord::ImprovementRaised(raised) => self.raise(release, &raised),
            AnyRecord::ImprovementProgress(progress) => self.improve(release, &progress, at),
            AnyRecord::ValueRealised(value) => self.values.put(release, &value.id, value.amount),
            AnyRecord::EarlyLifeSupportWaived(_)
            | AnyRecord::LessonLearned(_)
            | AnyRecord::RoleGiven(_)
            | AnyRecord::RoleRelieved(_)
            | AnyRecord::Approval(_)
            | AnyRecord::ApprovalWithdrawn(_)
            | AnyRecord::Delegated(_)
            | AnyRecord::DelegationEnded(_)
            | AnyRecord::RetrospectiveApproval(_)
            | AnyRecord::OverrideGranted(_)
            | AnyRecord::ChangeRequest(_)
            | AnyRecord::RiskAssessment(_)
            | AnyRecord::RiskRaised(_)
            | AnyRecord::RiskClosed(_)
            | AnyRecord::IssueRaised(_)
            | AnyRecord::IssueResolved(_)
            | AnyRecord::ChecklistItem(_)
            | AnyRecord::StakeholdersNotified(_)
            | AnyRecord::TestRun(_)
            | AnyRecord::Evidence(_)
            | AnyRecord::DefectResolved(_)
            | AnyRecord::WaveStarted(_)
            | AnyRecord::HealthObserved(_)
            | AnyRecord::RolloutPaused(_)
            | AnyRecord::RolloutContinued(_)
            | AnyRecord::PostImplementationReview(_)
            | AnyRecord::ChildAttached(_)
            | AnyRecord::ParentDeclared(_)
            | AnyRecord::DependencyDeclared(_)
            | AnyRecord::TaskOpened(_)
            | AnyRecord::TaskDone(_)
            | AnyRecord::Confirmation(_)
            | AnyRecord::StepRefused(_)
            | AnyRecord::Note(_)
            | AnyRecord::Correction(_) => {}
        }
    }

    fn plan(&mut self, release: u32, plan: &Arc<ReleasePlan>) {
        let Some(facts) = self.facts_mut(release) else {
            return;
        };
        // Until a plan is agreed on, criteria are those of the latest.
        if facts.baselines == 0 {
            facts.judge_by(plan);
        }
        if let Some(open) = &mut facts.open {
            open.plan = Some(plan.clone());
        }
    }

    fn baseline(&mut self, release: u32) {
        let Some(facts) = self.facts_mut(release) else {
            return;
        };
        let Some(plan) = facts.open.as_mut().and_then(|open| {
            open.agreed.clone_from(&open.plan);
            open.plan.clone()
        }) else {
            return;
        };
        let is_first = facts.baselines == 0;
        facts.baselines += 1;
        facts.judge_by(&plan);
        if is_first {
            facts.first = plan.window;
        }
        facts.latest = plan.window;
        facts.budget = plan.budget;
        self.milestones.change(release, |days| days.latest = None);
        for (key, milestone) in plan.milestones.iter() {
            let planned = milestone.planned;
            self.milestone(release, key, |days| {
                days.latest = planned;
                if is_first {
                    days.first = planned;
                }
            });
        }
    }

    fn book(&mut self, release: u32, booked: &CostBooked) {
        let Some(facts) = self.facts_mut(release) else {
            return;
        };
        let before = facts.open.as_mut().and_then(|open| {
            let costs = &mut open.costs;
            costs.insert(booked.id.clone(), booked.amount)
        });
        if let Some(before) = before {
            budget::add(&mut facts.spent, before, -1);
        }
        budget::add(&mut facts.spent, booked.amount, 1);
    }

    fn include(&mut self, release: u32, change: &CodeChange) {
        let open = self.facts(release).and_then(|facts| facts.open.as_ref());
        let known = open.and_then(|open| open.changes.get(&change.id).copied());
        if let Some(committed) = known.and_then(|place| self.changes.at(place)) {
            *committed = change.committed_at;
            return;
        }
        let place = self.changes.add(release, change.committed_at);
        if let Some(open) = self
            .facts_mut(release)
            .and_then(|facts| facts.open.as_mut())
        {
            open.changes.insert(change.id.clone(), place);
        }
    }

    fn start(&mut self, release: u32, started: &AttemptStarted) {
        if started.liveness != Liveness::Live {
            return;
        }
        let attempt = Attempt {
            key: started.attempt.clone(),
            environment: started.environment.clone(),
            services: (*started.services).clone(),
            is_rework: started.planning == Planning::Unplanned && started.cause.is_some(),
            deployment: self.facts(release).map_or(0, |facts| facts.deployments),
            live: None,
            backed_out: None,
            never_live: None,
        };
        self.attempts.put(release, &started.attempt, attempt);
    }

    fn finish(&mut self, release: u32, finished: &AttemptFinished, at: Instant) {
        let Some(attempt) = self.attempts.get_mut(release, &finished.attempt) else {
            return;
        };
        attempt.live = attempt.live.or(Some(at));
        if finished.outcome == AttemptOutcome::BackedOut {
            attempt.backed_out = Some(at);
        }
    }

    fn link(&mut self, release: u32, incident: &IncidentLinked) {
        let linked = match &incident.attempt {
            None => Linked::Release,
            Some(attempt) => match self.attempts.place(release, attempt) {
                Some(place) => Linked::Attempt(place),
                None => Linked::NotLive,
            },
        };
        let before = self.incidents.get_mut(release, &incident.id);
        let restored = before.and_then(|before| before.restored);
        let what = Incident {
            key: incident.id.clone(),
            raised: incident.raised,
            restored,
            severity: incident.severity,
            linked,
            is_regression: incident.is_regression,
        };
        self.incidents.put(release, &incident.id, what);
    }

    fn rate(&mut self, release: u32, feedback: &Feedback, at: Instant) {
        let rated = Rated {
            at,
            rating: feedback.rating.clone(),
            service: feedback.service.clone(),
        };
        self.ratings.put(release, &feedback.id, rated);
    }

    fn raise(&mut self, release: u32, raised: &ImprovementRaised) {
        let before = self.improvements.get_mut(release, &raised.id);
        let (done, is_dropped) = before.map_or((None, false), |it| (it.done, it.is_dropped));
        let improvement = Improvement {
            key: raised.id.clone(),
            due: raised.due,
            measure: raised.measure.clone(),
            done,
            is_dropped,
        };
        self.improvements.put(release, &raised.id, improvement);
    }

    fn improve(&mut self, release: u32, progress: &ImprovementProgress, at: Instant) {
        let Some(improvement) = self.improvements.get_mut(release, &progress.id) else {
            return;
        };
        improvement.is_dropped = progress.status == ImprovementStatus::Dropped;
        improvement.done = (progress.status == ImprovementStatus::Done).then_some(at);
    }

    fn milestone(&mut self, release: u32, key: &Key, change: impl Fn(&mut MilestoneDays)) {
        let mut days = self
            .milestones
            .get(release, key)
            .copied()
            .unwrap_or_default();
        change(&mut days);
        self.milestones.put(release, key, days);
    }
}

impl Facts {
    const fn enter_deployment(&mut self) {
        self.deployments += 1;
        self.is_backed_out = false;
    }

    /// Criteria are those of this plan from now on.
    fn judge_by(&mut self, plan: &ReleasePlan) {
        if plan.success_criteria.is_empty() && self.aims.is_none() {
            return;
        }
        let aim = |(key, criterion): (&Key, &SuccessCriterion)| {
            let aim = Aim {
                objective: criterion.objective.clone(),
                target: criterion.target.clone(),
            };
            (key.clone(), aim)
        };
        self.aims().criteria = plan.success_criteria.iter().map(aim).collect();
    }
}

fn down(outage: &Outage) -> Down {
    Down {
        began: outage.began,
        ended: outage.ended,
        planning: outage.planning,
        users: outage.users_affected,
        services: (*outage.services).clone(),
    }
}
