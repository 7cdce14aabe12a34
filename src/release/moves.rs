//! What stands against each step, and what it changes besides the phase.

use super::deployment::AttemptOutcome;
use super::happens::{Happens, Occasion, Reasons};
use super::limits::{CLOCK_SKEW, SCHEDULE_HORIZON};
use super::package::UnitKind;
use super::people::Role;
use super::request::{AssessmentDecision, ReleaseRequest, Track};
use super::review::{Ending, ReviewOutcome};
use super::rollout::Progress;
use super::state::{AttemptEnd, Debt, Entry, State};
use super::steps::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FindUnauthorised,
    FinishDeployment, Hold, Reject, Replan, RequestRelease, Resume, Rework, StartDevelopment,
    StartTesting,
};
use super::testing::TestReport;
use super::text::Person;
use super::verdict::Reason;
use crate::phase::{Instant, Interval, PhaseName, Seconds};
use std::{collections::BTreeMap, sync::Arc};

impl Happens for RequestRelease {
    fn admits(&self, _state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        self.request.admits_parent(on, reasons);
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        state.begin(Arc::unwrap_or_clone(self).request, on);
    }
}

impl Happens for FindUnauthorised {
    fn admits(&self, _state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        self.request.admits_parent(on, reasons);
        reasons.past("be live since", self.live_since, on);
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let found = Arc::unwrap_or_clone(self);
        state.begin(found.request, on);
        state.package = Some(Arc::new(found.package));
        state.support = Some(found.early_life_support);
        state.live_at = Some(found.live_since);
        state.entry = Some(Entry::Unauthorised(state.owe(on)));
    }
}

impl Happens for Authorise {
    /// Whether a model pre-authorises it is judged by the gate, and checked again with the decision in the event.
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unless(
            self.assessment.decision == AssessmentDecision::Worthwhile,
            || {
                let message = "the assessment decided against it";
                Reason::new("not-worthwhile", message, "assess it again, or `reject` it")
            },
        );
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.authorised = Some(self);
    }
}

impl Happens for Reject {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the rejection");
    }

    fn ending(&self, _state: &State) -> Option<Ending> {
        Some(Ending::Rejected)
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl Happens for StartDevelopment {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_manager(reasons);
        reasons.unless(state.agreed_plan().is_some(), || {
            let lacking = if state.plan.is_some() {
                "the plan is not baselined"
            } else {
                "there is no plan"
            };
            Reason::new(
                "no-baseline",
                lacking,
                "record a `ReleasePlan`, then a `Baseline`",
            )
        });
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl Happens for StartTesting {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        let mut units = self.package.units().values();
        reasons.unless(
            units.any(|unit| unit.kind == UnitKind::Documentation),
            || {
                let message = "the package has no unit of documentation";
                Reason::new("no-documentation", message, "add one to the package")
            },
        );
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let report = TestReport {
            package: self.package.digest(),
            runs: BTreeMap::new(),
        };
        state.test_report = Some(report);
        state.package = Some(Arc::new(Arc::unwrap_or_clone(self).package));
        state.handed_over = on.recorded_at;
    }
}

impl Happens for Rework {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the rework");
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.unpack();
    }
}

impl Happens for Replan {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the new plan");
        reasons.unless(
            !state.is_in(PhaseName::Review) || state.is_backed_out,
            || {
                let remedy = "complete its review; plan a new release";
                Reason::new("not-backed-out", "the release is live", remedy)
            },
        );
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.unpack();
        state.is_baselined = false;
        state.notified.clear();
    }
}

/// What is longer than a schedule is looked through cannot be held against one.
pub(super) fn short_enough(window: Interval, reasons: &mut Reasons) {
    let is_short = window.end() <= window.start().plus(SCHEDULE_HORIZON);
    reasons.unless(is_short, || {
        let message = format!("the deployment window, {window}, is longer than ten years");
        Reason::new("window-too-long", message, "choose a shorter window")
    });
}

impl Happens for Deploy {
    /// What its gate clears begins then: bake time and early life support are counted from it.
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_person_after_back_out(on, reasons);
        reasons.unless(on.recorded_at.minus(CLOCK_SKEW) <= on.occurred_at, || {
            let Occasion { occurred_at, recorded_at, .. } = on;
            let message = format!(
                "the deployment is said to have begun at {occurred_at}, before it is cleared at {recorded_at}"
            );
            let remedy = "state no earlier instant; what went live without its gate is an unauthorised change";
            Reason::new("deployed-before-cleared", message, remedy)
        });
        short_enough(self.window, reasons);
        let ends = self.window.end();
        reasons.unless(on.recorded_at < ends, || {
            let message = format!(
                "the deployment window ended at {ends}, and it is {}",
                on.recorded_at
            );
            Reason::new("window-over", message, "choose a window that is not over")
        });
        let ran = |report: &TestReport| report.runs().any(|run| run.passed > 0 || run.failed > 0);
        let is_tested = state.test_report.as_ref().is_some_and(ran);
        reasons.unless(is_tested, || {
            let package = state
                .package
                .as_ref()
                .map(|package| package.digest().to_string());
            let package = package.unwrap_or_default();
            let message = format!("no test ran on the package {package:.12}");
            let remedy = "record a `TestRun` with the digest of this very package";
            Reason::new("not-tested", message, remedy)
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        state.window = Some(self.window);
        let plan = state.agreed_plan().cloned();
        let support = plan.as_ref().map(|plan| plan.early_life_support);
        let earned = plan.zip(state.test_report.take());
        state.enter_deployment(
            earned.map(|(plan, report)| Entry::Gated(plan, report)),
            support,
            on,
        );
    }
}

impl Happens for Expedite {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_person_after_back_out(on, reasons);
        reasons.not_blank(&self.reason, "reason of the haste");
        state.needs_manager(reasons);
        reasons.unless(state.track == Track::Emergency, || {
            let message = format!("the release is on the {} track", state.track);
            let remedy = "record `TrackChanged` to emergency, or go the usual way";
            Reason::new("not-an-emergency", message, remedy)
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let step = Arc::unwrap_or_clone(self);
        state.package = Some(Arc::new(step.package));
        let entry = Entry::Expedited(state.owe(on));
        state.enter_deployment(Some(entry), Some(step.early_life_support), on);
    }
}

impl Happens for FinishDeployment {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        for (key, attempt) in state.live_attempts() {
            reasons.unless(attempt.end != AttemptEnd::Running, || {
                let message = format!("attempt `{key}` is still running");
                let remedy = "record `AttemptFinished` or `AttemptNeverLive`";
                Reason::new("attempt-running", message, remedy)
            });
        }
        let is_live = |end| matches!(end, AttemptEnd::Finished(AttemptOutcome::Live, _));
        reasons.unless(
            state
                .live_attempts()
                .any(|(_, attempt)| is_live(attempt.end)),
            || {
                let message = "no deployment attempt on a live environment ended live";
                Reason::new("not-live", message, "record one that did, or `back_out`")
            },
        );
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        state.involve(on);
        state.live_at = state.went_live();
    }
}

impl Happens for BackOut {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the back-out");
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.is_backed_out = true;
        state.is_review_owed = true;
    }
}

impl Happens for CompleteReview {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unless(
            (self.outcome == ReviewOutcome::BackedOut) == state.is_backed_out,
            || {
                let happened = if state.is_backed_out {
                    "was"
                } else {
                    "was not"
                };
                let message = format!("the release {happened} backed out");
                Reason::new("wrong-outcome", message, "state the outcome that it had")
            },
        );
        let support_ends = state.support_ends().filter(|ends| on.recorded_at < *ends);
        let is_waited_for = !state.is_backed_out && !state.is_support_waived;
        if let Some(ends) = support_ends.filter(|_| is_waited_for) {
            let message = format!("early life support runs until {ends}");
            let remedy = "wait, or record `EarlyLifeSupportWaived` with a reason";
            reasons.say(Reason::new("early-life-support", message, remedy).clears_at(ends));
        }
        state.needs_approved_debts(reasons);
        let is_reviewed = !state.is_review_owed && state.debts.iter().all(|debt| debt.is_reviewed);
        reasons.unless(is_reviewed, || {
            let message = "a post-implementation review is owed, and none was held";
            Reason::new(
                "review-owed",
                message,
                "record a `PostImplementationReview`",
            )
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.outcome = Some(self.outcome);
    }
}

impl Happens for Close {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        for task in state.open_tasks() {
            let owner = task.owner.as_ref().map_or("nobody", Person::as_str);
            let message = format!("task `{}` of {owner} is open: {}", task.id, task.what);
            reasons.say(Reason::new("open-task", message, "record `TaskDone`"));
        }
    }

    fn ending(&self, state: &State) -> Option<Ending> {
        state.outcome.map(Ending::from)
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl Happens for Cancel {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the cancellation");
        state.needs_approved_debts(reasons);
    }

    fn ending(&self, state: &State) -> Option<Ending> {
        Some(if state.is_backed_out {
            Ending::BackedOut
        } else {
            Ending::Cancelled
        })
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl Happens for Hold {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the hold");
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl Happens for Resume {
    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl State {
    fn begin(&mut self, request: ReleaseRequest, on: Occasion<'_>) {
        self.track = request.track;
        self.parent = request.parent;
        self.request = Some(Arc::new(request).into());
        self.requested_by = Some(on.actor.clone());
    }

    /// Enters a debt, and says where in the list it stands.
    fn owe(&mut self, on: Occasion<'_>) -> usize {
        let involved = self
            .requested_by
            .iter()
            .chain([on.actor])
            .cloned()
            .collect();
        let since = on.recorded_at;
        self.debts.push(Debt {
            since,
            involved,
            approved_by: None,
            is_reviewed: false,
        });
        self.debts.len() - 1
    }

    /// When the last of its attempts ended live.
    pub(super) fn went_live(&self) -> Option<Instant> {
        let ends = self
            .live_attempts()
            .filter_map(|(_, attempt)| match attempt.end {
                AttemptEnd::Finished(AttemptOutcome::Live, at) => Some(at),
                AttemptEnd::Finished(AttemptOutcome::BackedOut, _)
                | AttemptEnd::Running
                | AttemptEnd::NeverLive => None,
            });
        ends.max()
    }

    /// Takes back what Development and everything after it had earned.
    fn unpack(&mut self) {
        self.package = None;
        self.test_report = None;
        self.window = None;
        self.entry = None;
        self.support = None;
        self.live_at = None;
        self.checklist.clear();
    }

    fn enter_deployment(
        &mut self,
        entry: Option<Entry>,
        support: Option<Seconds>,
        on: Occasion<'_>,
    ) {
        let plan = match &entry {
            Some(Entry::Gated(plan, _)) => Some(plan.clone()),
            Some(Entry::Expedited(_) | Entry::Unauthorised(_)) | None => {
                self.plan.as_deref().cloned()
            }
        };
        self.progress = Progress::of(plan, on.occurred_at);
        self.entry = entry;
        self.support = support;
        self.deployments += 1;
        self.is_backed_out = false;
        self.is_support_waived = false;
    }

    /// What was backed out, as a whole or in one attempt, is not tried again without a person.
    pub(crate) fn needs_person_after_back_out(&self, on: Occasion<'_>, reasons: &mut Reasons) {
        let is_out = |end| matches!(end, AttemptEnd::Finished(AttemptOutcome::BackedOut, _));
        let mut attempts = self.live_attempts();
        let is_backed_out = self.is_backed_out || attempts.any(|(_, attempt)| is_out(attempt.end));
        reasons.unless(!is_backed_out || on.actor.person().is_some(), || {
            let message = format!(
                "the release was backed out, and `{}` is not a person",
                on.actor
            );
            let remedy = "have a person look at it and deploy it";
            Reason::new("automatic-retry", message, remedy)
        });
    }

    fn needs_manager(&self, reasons: &mut Reasons) {
        reasons.unless(self.holders(&Role::ReleaseManager).next().is_some(), || {
            let remedy = "record `RoleGiven` for one person";
            Reason::new(
                "no-release-manager",
                "nobody is the release manager",
                remedy,
            )
        });
    }

    fn needs_approved_debts(&self, reasons: &mut Reasons) {
        for debt in self.debts.iter().filter(|debt| debt.approved_by.is_none()) {
            let message = format!("a retrospective approval is owed since {}", debt.since);
            let remedy =
                "have someone who neither asked for it nor did it record a `RetrospectiveApproval`";
            reasons.say(Reason::new("approval-owed", message, remedy));
        }
    }
}
