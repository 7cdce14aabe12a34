//! An event as one sentence without its subject: what somebody did.

use super::outline::{Outline, Tone};
use crate::phase::Instant;
use crate::release::{
    Answer, AnyRecord, AnyStep, Decision, Event, Key, Liveness, Name, Person, ReleaseRequest,
    StepTaken, Text,
};

impl Event {
    /// What was done, and for a step what was decided.
    pub(super) fn sentence(&self) -> Outline {
        match self {
            Self::Step(taken) => step(taken),
            Self::Record(record) => record_of(record),
        }
    }

    /// What was decided of a step: by which gates it was cleared, or why it was refused.
    pub(super) fn decided(&self) -> Option<Outline> {
        match self {
            Self::Step(taken) => Some(cleared(&taken.decision)),
            Self::Record(AnyRecord::StepRefused(refused)) => Some(refusal(&refused.decision)),
            Self::Record(_) => None,
        }
    }
}

fn own(words: &'static str) -> Outline {
    Outline::new().own(words)
}

impl Outline {
    fn because(self, why: &Text) -> Self {
        if why.is_blank() {
            return self;
        }
        self.own(": ").told(why)
    }

    fn of_summary(self, summary: Option<&Name>) -> Self {
        match summary {
            Some(summary) => self.own(", ").told(summary),
            None => self,
        }
    }

    fn for_whom(self, on_behalf_of: Option<&Person>) -> Self {
        match on_behalf_of {
            Some(person) => self.own(" for ").name(person),
            None => self,
        }
    }

    fn until(self, until: Option<Instant>) -> Self {
        match until {
            Some(until) => self.own(" until ").at(until),
            None => self,
        }
    }
}

fn step(taken: &StepTaken) -> Outline {
    match &taken.step {
        AnyStep::RequestRelease(step) => asked(own("asked for the release "), &step.request),
        AnyStep::FindUnauthorised(step) => asked(
            own("found a change that nobody had authorised, "),
            &step.request,
        )
        .own(format!(", live since {}", step.live_since)),
        AnyStep::Authorise(_) => own("authorised the release"),
        AnyStep::Reject(step) => own("turned the request down").because(&step.reason),
        AnyStep::StartDevelopment(_) => own("started development"),
        AnyStep::StartTesting(step) => own("handed a package over to testing, ")
            .name(format!("{:.12}", step.package.digest()))
            .own(format!(" of {} units", step.package.units().len())),
        AnyStep::Rework(step) => own("sent the release back to development").because(&step.reason),
        AnyStep::Replan(step) => {
            own("sent the release back to be planned again").because(&step.reason)
        }
        AnyStep::Deploy(step) => own("started the deployment, for ").span(step.window),
        AnyStep::Expedite(step) => own("expedited the package ")
            .name(format!("{:.12}", step.package.digest()))
            .because(&step.reason),
        AnyStep::FinishDeployment(_) => own("finished the deployment"),
        AnyStep::BackOut(step) => own("backed the release out").because(&step.reason),
        AnyStep::CompleteReview(step) => {
            Outline::new().own(format!("completed the review as {}", step.outcome))
        }
        AnyStep::Close(step) => own("closed the release").because(&step.record.summary),
        AnyStep::Cancel(step) => own("cancelled the release").because(&step.reason),
        AnyStep::Hold(step) => own("put the release on hold").because(&step.reason),
        AnyStep::Resume(_) => own("resumed the release"),
    }
}

fn asked(line: Outline, request: &ReleaseRequest) -> Outline {
    let line = line.name(&request.title);
    match &request.package_version {
        Some(version) => line.own(" ").name(version),
        None => line,
    }
}

/// By which gates a step was cleared, with which warnings, and what it used up.
fn cleared(decision: &Decision) -> Outline {
    let mut line = Outline::new().mark(Tone::Good, "cleared").own(" by ");
    for (place, gate) in decision.gates.iter().enumerate() {
        line = line.own(if place > 0 { ", " } else { "" }).name(&gate.name);
        line = line.own(format!(" version {}", gate.version));
    }
    if decision.gates.is_empty() {
        line = line.own("the lifecycle");
    }
    let warnings = decision.warnings().count();
    if warnings > 0 {
        line = line.own(format!(", with {warnings} warnings"));
    }
    let overrides: Vec<_> = decision.overrides().collect();
    if !overrides.is_empty() {
        line = line.own(", by the override ").names(overrides);
    }
    let exceptions: Vec<_> = decision.exceptions().map(|(_, id)| id).collect();
    if !exceptions.is_empty() {
        line = line.own(", by the exception ").names(exceptions);
    }
    line
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a record has a name and a key, whichever it is"
)]
fn record_of(record: &AnyRecord) -> Outline {
    match record {
        AnyRecord::ReleasePlan(plan) => {
            let line = own("planned the release");
            match plan.window {
                Some(window) => line.own(" for ").span(window),
                None => line,
            }
        }
        AnyRecord::Baseline(agreed) => own("agreed on the plan").because(&agreed.reason),
        AnyRecord::MilestoneReached(reached) => {
            own("reached the milestone ").name(&reached.milestone)
        }
        AnyRecord::RoleGiven(given) => own("gave ")
            .name(&given.person)
            .own(" the role ")
            .name(&given.role),
        AnyRecord::RoleRelieved(taken) => own("relieved ")
            .name(&taken.person)
            .own(" of the role ")
            .name(&taken.role),
        AnyRecord::TrackChanged(changed) => Outline::new()
            .own(format!("put the release on the track {}", changed.track))
            .because(&changed.reason),
        AnyRecord::Note(note) => own("noted").because(&note.text),
        AnyRecord::Correction(correction) => Outline::new()
            .own(format!("corrected version {}", correction.corrects))
            .because(&correction.text),
        AnyRecord::ChildAttached(attached) => {
            Outline::new().own(format!("attached the release {}", attached.child))
        }
        AnyRecord::ParentDeclared(declared) => {
            Outline::new().own(format!("made it part of the release {}", declared.parent))
        }
        AnyRecord::DependencyDeclared(declared) => Outline::new().own(format!(
            "made it wait for the release {} to reach {}",
            declared.on, declared.reaches
        )),
        AnyRecord::StepRefused(refused) => {
            Outline::new().own(format!("asked to {}", refused.decision.asked))
        }
        other => approving(other)
            .or_else(|| watching(other))
            .or_else(|| checking(other))
            .or_else(|| deploying(other))
            .or_else(|| reviewing(other))
            .or_else(|| learning(other))
            .unwrap_or_else(|| otherwise(other)),
    }
}

/// What is told of any record: what it is called, and by what it is kept.
fn otherwise(record: &AnyRecord) -> Outline {
    let line = own("recorded ").own(record.kind().name().replace('_', " "));
    match record.key() {
        Some(key) => line.own(" ").name(key),
        None => line,
    }
}

fn refusal(decision: &Decision) -> Outline {
    let line = Outline::new().mark(Tone::Bad, "refused").own(" by ");
    let blockers = decision.blockers().enumerate();
    blockers.fold(line, |line, (place, blocker)| {
        let line = line.own(if place > 0 { "; " } else { "" });
        line.name(blocker.policy)
            .own(": ")
            .told(&blocker.reason.message)
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are told elsewhere"
)]
fn approving(record: &AnyRecord) -> Option<Outline> {
    Some(match record {
        AnyRecord::Approval(approval) => {
            let line = own(match approval.answer {
                Answer::Approved => "approved ",
                Answer::Rejected => "rejected ",
            });
            let line = line
                .own(approval.step.to_string())
                .own(" as ")
                .name(&approval.role);
            line.for_whom(approval.on_behalf_of.as_ref())
                .until(approval.expires)
                .because(&approval.comment)
        }
        AnyRecord::ApprovalWithdrawn(withdrawn) => {
            let line = own("withdrew the answer to ").own(withdrawn.step.to_string());
            let line = line.own(" as ").name(&withdrawn.role);
            line.for_whom(withdrawn.on_behalf_of.as_ref())
                .because(&withdrawn.reason)
        }
        AnyRecord::Delegated(delegated) => {
            let line = own("let ").name(&delegated.to).own(" answer as ");
            line.name(&delegated.role)
                .until(delegated.until)
                .because(&delegated.reason)
        }
        AnyRecord::DelegationEnded(ended) => own("no longer lets ")
            .name(&ended.to)
            .own(" answer as ")
            .name(&ended.role),
        AnyRecord::RetrospectiveApproval(approval) => own("approved afterwards, as ")
            .name(&approval.role)
            .because(&approval.comment),
        AnyRecord::OverrideGranted(granted) => own("granted the override ")
            .name(&granted.id)
            .own(" of ")
            .name(&granted.code)
            .own(" of ")
            .name(&granted.policy)
            .own(format!(" for {}, as ", granted.step))
            .name(&granted.role)
            .until(Some(granted.until))
            .because(&granted.reason),
        AnyRecord::ChangeRequest(change) => own("linked the change request ")
            .name(&change.id)
            .own(", ")
            .name(&change.state)
            .of_summary(change.title.as_ref()),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are told elsewhere"
)]
fn watching(record: &AnyRecord) -> Option<Outline> {
    let entry = |line: &'static str, id: &Key| own(line).name(id);
    Some(match record {
        AnyRecord::RiskAssessment(risk) => {
            let score = risk.score();
            let told = format!(
                "assessed the risk as {}, {} of 100",
                score.level(),
                score.get()
            );
            Outline::new().own(told).because(&risk.rationale)
        }
        AnyRecord::RiskRaised(risk) => entry("raised the risk ", &risk.id)
            .own(format!(", {}", risk.severity))
            .because(&risk.what),
        AnyRecord::RiskClosed(risk) => {
            entry("closed the risk ", &risk.id).because(&risk.resolution)
        }
        AnyRecord::IssueRaised(issue) => entry("raised the issue ", &issue.id)
            .own(format!(", {}", issue.severity))
            .because(&issue.what),
        AnyRecord::IssueResolved(issue) => {
            entry("resolved the issue ", &issue.id).because(&issue.resolution)
        }
        AnyRecord::TaskOpened(task) => {
            entry("opened the task ", &task.id).of_summary(Some(&task.what))
        }
        AnyRecord::TaskDone(task) => entry("did the task ", &task.id),
        AnyRecord::ChecklistItem(item) => {
            let status = match item.status {
                crate::release::ChecklistStatus::Open => "open",
                crate::release::ChecklistStatus::Done => "done",
                crate::release::ChecklistStatus::NotApplicable => "not applicable",
            };
            entry("saw the item ", &item.item)
                .own(" of the checklist as ")
                .own(status)
                .because(&item.comment)
        }
        AnyRecord::StakeholdersNotified(told) => {
            own("told ").names(told.whom.iter()).because(&told.what)
        }
        AnyRecord::CostBooked(cost) => entry("booked the cost ", &cost.id)
            .own(format!(", {}", cost.amount))
            .because(&cost.what),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are told elsewhere"
)]
fn checking(record: &AnyRecord) -> Option<Outline> {
    Some(match record {
        AnyRecord::CodeChange(change) => {
            let line = own("included the code change ").name(&change.id);
            match (&change.summary, change.note.as_str().lines().next()) {
                (Some(summary), _) => line.own(": ").told(summary),
                (None, Some(note)) => line.own(": ").told(note),
                (None, None) => line,
            }
        }
        AnyRecord::TestRun(run) => own("reported the test run ")
            .name(&run.id)
            .own(" of kind ")
            .name(&run.kind)
            .own(" in ")
            .name(&run.environment)
            .own(format!(
                ": {} passed, {} failed, {} skipped",
                run.passed, run.failed, run.skipped
            )),
        AnyRecord::Evidence(evidence) => own("filed the evidence ")
            .name(&evidence.key)
            .of_summary(Some(&evidence.what)),
        AnyRecord::DefectFound(defect) => own("found the defect ")
            .name(&defect.id)
            .own(format!(", {}", defect.severity))
            .because(&defect.summary),
        AnyRecord::DefectResolved(defect) => own("resolved the defect ")
            .name(&defect.id)
            .because(&defect.resolution),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are told elsewhere"
)]
fn deploying(record: &AnyRecord) -> Option<Outline> {
    Some(match record {
        AnyRecord::AttemptStarted(attempt) => own("started the attempt ")
            .name(&attempt.attempt)
            .own(" in ")
            .name(&attempt.environment)
            .own(match attempt.liveness {
                Liveness::Live => ", which is live",
                Liveness::NotLive => ", which is not live",
            }),
        AnyRecord::AttemptFinished(attempt) => own("ended the attempt ")
            .name(&attempt.attempt)
            .own(format!(" as {}", attempt.outcome)),
        AnyRecord::AttemptNeverLive(attempt) => own("gave up the attempt ")
            .name(&attempt.attempt)
            .own(", which was never live")
            .because(&attempt.reason),
        AnyRecord::WaveStarted(wave) => own("started the wave ").name(&wave.wave),
        AnyRecord::HealthObserved(seen) => own("saw the wave ")
            .name(&seen.wave)
            .own(format!(" as {}", seen.health))
            .because(&seen.comment),
        AnyRecord::RolloutPaused(paused) => own("paused the rollout").because(&paused.reason),
        AnyRecord::RolloutContinued(continued) => {
            own("continued the rollout").because(&continued.reason)
        }
        AnyRecord::Outage(outage) => own("reported the outage ")
            .name(&outage.id)
            .own(format!(" from {}", outage.began))
            .own(match outage.ended {
                Some(ended) => format!(" to {ended}"),
                None => ", not over".to_owned(),
            }),
        AnyRecord::IncidentLinked(incident) => own("linked the incident ")
            .name(&incident.id)
            .own(format!(
                ", {}, raised at {}",
                incident.severity, incident.raised
            ))
            .because(&incident.summary),
        AnyRecord::IncidentRestored(incident) => own("restored what the incident ")
            .name(&incident.id)
            .own(" had broken"),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are told elsewhere"
)]
fn reviewing(record: &AnyRecord) -> Option<Outline> {
    Some(match record {
        AnyRecord::PostImplementationReview(review) => {
            own("held the post-implementation review").because(&review.summary)
        }
        AnyRecord::EarlyLifeSupportWaived(waived) => {
            own("waived the rest of early life support").because(&waived.reason)
        }
        AnyRecord::CriterionResult(result) => own("judged the success criterion ")
            .name(&result.criterion)
            .own(format!(" as {}", result.outcome))
            .because(&result.finding),
        AnyRecord::Confirmation(confirmed) => Outline::new()
            .own(format!(
                "confirmed that the {} are up to date",
                confirmed.item
            ))
            .because(&confirmed.location),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are told elsewhere"
)]
fn learning(record: &AnyRecord) -> Option<Outline> {
    Some(match record {
        AnyRecord::Feedback(feedback) => {
            let line = own("passed on the feedback ").name(&feedback.id);
            let line = match &feedback.rating {
                Some(rating) => line
                    .own(format!(
                        ", {} of {} to {} by ",
                        rating.score, rating.scale.worst, rating.scale.best
                    ))
                    .name(&rating.scale.name),
                None => line,
            };
            line.because(&feedback.text)
        }
        AnyRecord::LessonLearned(lesson) => own("learned the lesson ")
            .name(&lesson.id)
            .because(&lesson.what),
        AnyRecord::ImprovementRaised(raised) => own("raised the improvement ")
            .name(&raised.id)
            .own(" for ")
            .name(&raised.owner)
            .own(format!(", due {}: ", raised.due))
            .told(&raised.what),
        AnyRecord::ImprovementProgress(progress) => own("said of the improvement ")
            .name(&progress.id)
            .own(format!(" that it is {}", progress.status))
            .because(&progress.comment),
        AnyRecord::ValueRealised(value) => own("booked the realised value ")
            .name(&value.id)
            .own(format!(", {}", value.amount))
            .because(&value.what),
        _ => return None,
    })
}
