//! What may happen where: the phase first, then what the lifecycle asks for.

use super::{Machine, Occasion, Phase, Refusal};
use crate::script::Act;
use phasegate::phase::{Action, Seconds};
use phasegate::release::{
    Answer, Approval, AssessmentDecision, AttemptFinished, AttemptOutcome, AttemptStarted, Key,
    Liveness, ReleasePlan, ReviewOutcome, Role, Text, Track, UnitKind,
};

const MOST_EVENTS: u64 = 1_000_000;
const SKEW: Seconds = Seconds::minutes(5);

/// Collects what stands against something.
struct Against(Vec<Refusal>);

impl Against {
    fn unless(
        &mut self,
        holds: bool,
        code: &'static str,
        message: impl FnOnce() -> String,
        remedy: &'static str,
    ) {
        if !holds {
            self.0.push(Refusal {
                code,
                message: message(),
                remedy,
            });
        }
    }

    fn not_blank(&mut self, text: &Text) {
        let said = || "it is empty".to_owned();
        self.unless(!text.is_blank(), "no-reason", said, "say why");
    }

    fn known(&mut self, is_known: bool, what: &str, key: &Key) {
        let said = || format!("there is no {what} `{key}`");
        self.unless(is_known, "unknown", said, "name one of this release");
    }
}

impl Act {
    /// Which step it is, if it is one.
    pub(super) const fn step(&self) -> Option<Action> {
        match self {
            Self::Request(_) => Some(Action::RequestRelease),
            Self::Authorise(_) => Some(Action::Authorise),
            Self::StartDevelopment(_) => Some(Action::StartDevelopment),
            Self::StartTesting(_) => Some(Action::StartTesting),
            Self::Deploy(_) => Some(Action::Deploy),
            Self::FinishDeployment(_) => Some(Action::FinishDeployment),
            Self::CompleteReview(_) => Some(Action::CompleteReview),
            Self::Close(_) => Some(Action::Close),
            Self::Plan(_)
            | Self::Baseline(_)
            | Self::MilestoneReached(_)
            | Self::RoleGiven(_)
            | Self::Approval(_)
            | Self::CodeChange(_)
            | Self::TestRun(_)
            | Self::Evidence(_)
            | Self::DefectFound(_)
            | Self::DefectResolved(_)
            | Self::AttemptStarted(_)
            | Self::AttemptFinished(_)
            | Self::IncidentLinked(_)
            | Self::IncidentRestored(_)
            | Self::CriterionResult(_)
            | Self::TaskOpened(_)
            | Self::TaskDone(_)
            | Self::Confirmation(_)
            | Self::Note(_) => None,
        }
    }

    const fn fits(&self, phase: Phase) -> bool {
        use Phase::{
            Closed, Closure, Deployment, Development, Plan, Request, Review, Start, Testing,
        };
        match self {
            Self::Request(_) => matches!(phase, Start),
            Self::Authorise(_) => matches!(phase, Request),
            Self::StartDevelopment(_) => matches!(phase, Plan),
            Self::StartTesting(_) => matches!(phase, Development),
            Self::Deploy(_) => matches!(phase, Testing),
            Self::FinishDeployment(_) => matches!(phase, Deployment),
            Self::CompleteReview(_) => matches!(phase, Review),
            Self::Close(_) => matches!(phase, Closure),
            Self::Plan(_)
            | Self::MilestoneReached(_)
            | Self::RoleGiven(_)
            | Self::Approval(_)
            | Self::Evidence(_)
            | Self::TaskOpened(_)
            | Self::TaskDone(_) => !matches!(phase, Start | Closed),
            Self::Baseline(_) => matches!(phase, Plan | Development | Testing),
            Self::CodeChange(_) => {
                matches!(phase, Plan | Development | Testing | Deployment | Review)
            }
            Self::TestRun(_) => matches!(phase, Development | Testing | Deployment | Review),
            Self::DefectFound(_) | Self::DefectResolved(_) => {
                matches!(phase, Development | Testing | Deployment | Review | Closure)
            }
            Self::AttemptStarted(_) | Self::AttemptFinished(_) => {
                matches!(phase, Testing | Deployment)
            }
            Self::IncidentLinked(_) | Self::IncidentRestored(_) => {
                matches!(phase, Deployment | Review | Closure | Closed)
            }
            Self::CriterionResult(_) | Self::Confirmation(_) => matches!(phase, Review | Closure),
            Self::Note(_) => !matches!(phase, Start),
        }
    }
}

impl Machine {
    /// Everything that stands against it; nothing if it may happen.
    pub(super) fn refusals(&self, act: &Act, on: Occasion<'_>) -> Vec<Refusal> {
        let mut against = Against(Vec::new());
        let late_enough = on.occurred_at <= on.recorded_at.plus(SKEW);
        let said = || format!("it happened at {}", on.occurred_at);
        against.unless(late_enough, "in-the-future", said, "state when it happened");
        let said = || format!("the log has {} events", on.version);
        against.unless(on.version < MOST_EVENTS, "too-long", said, "begin another");
        if act.fits(self.phase) {
            self.guard(act, on, &mut against);
        } else {
            let said = || format!("not in {:?}", self.phase);
            against.unless(false, "not-here", said, "see the lifecycle");
        }
        against.0
    }

    #[expect(clippy::too_many_lines, reason = "one plain match is the point")]
    fn guard(&self, act: &Act, on: Occasion<'_>, against: &mut Against) {
        match act {
            Act::Authorise(step) => {
                let is_worthwhile = step.assessment.decision == AssessmentDecision::Worthwhile;
                let said = || "the assessment decided against it".to_owned();
                against.unless(is_worthwhile, "not-worthwhile", said, "assess it anew");
                let said = || "the standard track needs a model".to_owned();
                let is_assessed = self.track != Track::Standard;
                against.unless(is_assessed, "no-model", said, "change the track");
            }
            Act::StartDevelopment(_) => {
                let mut roles = self.people.iter().map(|(role, _)| role);
                let is_managed = roles.any(|role| *role == Role::ReleaseManager);
                let said = || "nobody is the release manager".to_owned();
                against.unless(is_managed, "no-release-manager", said, "give the role");
                let said = || "there is no agreed plan".to_owned();
                against.unless(self.baseline.is_some(), "no-baseline", said, "agree on one");
            }
            Act::StartTesting(step) => {
                let mut units = step.package.units().values();
                let is_documented = units.any(|unit| unit.kind == UnitKind::Documentation);
                let said = || "there is no documentation".to_owned();
                against.unless(is_documented, "no-documentation", said, "add some");
            }
            Act::Deploy(_) => {
                let report = self.report.as_ref();
                let is_tested = report.is_some_and(|report| !report.runs.is_empty());
                let said = || "there is no test run about the package".to_owned();
                against.unless(is_tested, "not-tested", said, "test it");
            }
            Act::FinishDeployment(_) => self.guard_end_of_deployment(against),
            Act::CompleteReview(step) => {
                let said = || "the release was not backed out".to_owned();
                let is_right = step.outcome != ReviewOutcome::BackedOut;
                against.unless(is_right, "wrong-outcome", said, "state another");
                let ends = self
                    .live_at
                    .zip(self.support)
                    .map(|(at, length)| at.plus(length));
                let is_over = ends.is_none_or(|ends| ends <= on.recorded_at);
                let said = || "early life support is not over".to_owned();
                against.unless(is_over, "early-life-support", said, "wait");
            }
            Act::Close(_) => {
                for (task, _) in self.tasks.values().filter(|(_, is_done)| !is_done) {
                    let said = || format!("task `{}` is open: {}", task.id, task.what);
                    against.unless(false, "open-task", said, "do it");
                }
            }
            Act::Plan(plan) => self.guard_plan(plan, against),
            Act::Baseline(_) => {
                let said = || "there is no plan".to_owned();
                against.unless(self.plan.is_some(), "no-plan", said, "record one");
            }
            Act::Approval(record) => self.guard_approval(record, on, against),
            Act::DefectResolved(record) => {
                against.known(self.defects.contains_key(&record.id), "defect", &record.id);
            }
            Act::AttemptStarted(record) => self.guard_start(record, against),
            Act::AttemptFinished(record) => self.guard_end(record, on, against),
            Act::IncidentLinked(record) => {
                if let Some(attempt) = &record.attempt {
                    against.known(self.attempts.contains_key(attempt), "attempt", attempt);
                }
            }
            Act::IncidentRestored(record) => {
                let incident = self.incidents.get(&record.id);
                against.known(incident.is_some(), "incident", &record.id);
                let is_after = incident.is_none_or(|(linked, _)| linked.raised <= on.occurred_at);
                let said = || format!("incident `{}` was raised later", record.id);
                against.unless(is_after, "ends-before-it-began", said, "state another end");
            }
            Act::CriterionResult(record) => {
                let plan = self.baseline.as_ref().or(self.plan.as_ref());
                let is_known =
                    plan.is_some_and(|plan| plan.success_criteria.contains_key(&record.criterion));
                against.known(is_known, "success criterion", &record.criterion);
            }
            Act::TaskOpened(record) => {
                let task = self.tasks.get(&record.id);
                let said = || format!("task `{}` is done already", record.id);
                let is_open = task.is_none_or(|(_, is_done)| !is_done);
                against.unless(is_open, "already-recorded", said, "use a new id");
            }
            Act::TaskDone(record) => {
                against.known(self.tasks.contains_key(&record.id), "task", &record.id);
            }
            Act::Note(record) => against.not_blank(&record.text),
            Act::Request(_)
            | Act::MilestoneReached(_)
            | Act::RoleGiven(_)
            | Act::CodeChange(_)
            | Act::TestRun(_)
            | Act::Evidence(_)
            | Act::DefectFound(_)
            | Act::Confirmation(_) => {}
        }
    }

    fn guard_end_of_deployment(&self, against: &mut Against) {
        for attempt in self.live_attempts() {
            let said = || format!("attempt `{}` is still running", attempt.started.attempt);
            against.unless(attempt.end.is_some(), "attempt-running", said, "end it");
        }
        let is_live = self.live_since().is_some();
        let said = || "no attempt ended live".to_owned();
        against.unless(is_live, "not-live", said, "record one that did");
    }

    fn guard_plan(&self, plan: &ReleasePlan, against: &mut Against) {
        let known = self.request.as_ref().map(|request| &request.objectives);
        for (key, criterion) in plan.success_criteria.iter() {
            let Some(objective) = &criterion.objective else {
                continue;
            };
            let is_known = known.is_some_and(|known| known.contains_key(objective));
            let said = || format!("criterion `{key}` stands for an unknown objective");
            against.unless(is_known, "unknown", said, "name one of the request");
        }
    }

    fn guard_approval(&self, approval: &Approval, on: Occasion<'_>, against: &mut Against) {
        let Some(person) = on.actor.person() else {
            let said = || format!("`{}` is not a person", on.actor);
            return against.unless(false, "not-a-person", said, "have a person answer");
        };
        let person = approval.on_behalf_of.as_ref().unwrap_or(person);
        let mut people = self.people.iter();
        let is_in_role = people.any(|(role, held_by)| *role == approval.role && held_by == person);
        let said = || format!("`{person}` is not {}", approval.role);
        against.unless(is_in_role, "not-in-role", said, "give the role");
        if approval.answer == Answer::Rejected {
            against.not_blank(&approval.comment);
        }
        let lasts = approval.expires.is_none_or(|end| on.recorded_at < end);
        let said = || "it is over already".to_owned();
        against.unless(lasts, "expired", said, "state an end in the future");
    }

    fn guard_start(&self, started: &AttemptStarted, against: &mut Against) {
        let is_new = !self.attempts.contains_key(&started.attempt);
        let said = || format!("attempt `{}` is recorded already", started.attempt);
        against.unless(is_new, "already-recorded", said, "use a new id");
        let is_live = started.liveness == Liveness::Live;
        let fits = is_live == (self.phase == Phase::Deployment);
        let said = || format!("not to `{}` now", started.environment);
        against.unless(fits, "wrong-environment", said, "deploy elsewhere");
    }

    fn guard_end(&self, finished: &AttemptFinished, on: Occasion<'_>, against: &mut Against) {
        let attempt = self.attempts.get(&finished.attempt);
        against.known(attempt.is_some(), "attempt", &finished.attempt);
        let Some(attempt) = attempt else { return };
        let said = || format!("attempt `{}` began later", finished.attempt);
        let is_after = attempt.began <= on.occurred_at;
        against.unless(is_after, "ends-before-it-began", said, "state another end");
        let is_open = match attempt.end {
            None => true,
            Some((AttemptOutcome::Live, _)) => finished.outcome == AttemptOutcome::BackedOut,
            Some((AttemptOutcome::BackedOut, _)) => false,
        };
        let said = || format!("attempt `{}` is over already", finished.attempt);
        against.unless(is_open, "already-recorded", said, "use a new id");
    }
}
