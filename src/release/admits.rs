//! The lifecycle's own invariants: what no gate can waive and no configuration can switch off.

use super::decision::{Asking, Reason};
use super::deployment::{AttemptOutcome, Liveness};
use super::event::{Event, Occasion};
use super::id::{ReleaseId, Version};
use super::limits::{CLOCK_SKEW, STREAM_EVENTS};
use super::package::{ReleasePackage, UnitKind};
use super::people::{Actor, Role};
use super::plan::ReleasePlan;
use super::record::AnyRecord;
use super::request::{AssessmentDecision, Track};
use super::review::ReviewOutcome;
use super::state::{AttemptEnd, Resolved, State};
use super::step::AnyStep;
use super::text::{Key, Person, Text};
use crate::phase::{Instant, PhaseName};

/// Collects reasons, one line each.
struct Reasons(Vec<Reason>);

impl Reasons {
    fn unless(&mut self, holds: bool, reason: impl FnOnce() -> Reason) {
        if !holds {
            self.0.push(reason());
        }
    }

    fn say(&mut self, text: &Text, what: &'static str) {
        self.unless(!text.is_blank(), || {
            Reason::new("no-reason", format!("the {what} is empty"), "say why")
        });
    }
}

impl State {
    /// Everything in the lifecycle that stands against this event; nothing if it may happen.
    pub(crate) fn admits(
        &self,
        id: ReleaseId,
        version: Version,
        event: &Event,
        on: Occasion<'_>,
    ) -> Vec<Reason> {
        let mut reasons = Reasons(Vec::new());
        admits_time(version, on, &mut reasons);
        match event {
            Event::Step(taken) => self.admits_step(&taken.step, on, &mut reasons),
            Event::Record(record) => self.admits_record(id, version, record, on, &mut reasons),
        }
        reasons.0
    }

    /// The same for a step, of which only a decision can make an event.
    pub(crate) fn admits_asking(
        &self,
        version: Version,
        step: &AnyStep,
        on: Occasion<'_>,
    ) -> Vec<Reason> {
        let mut reasons = Reasons(Vec::new());
        admits_time(version, on, &mut reasons);
        self.admits_step(step, on, &mut reasons);
        reasons.0
    }

    fn admits_step(&self, step: &AnyStep, on: Occasion<'_>, reasons: &mut Reasons) {
        let action = step.action();
        if action.leads(self.standing).is_none() {
            let message = format!("a release in {} has no step {action}", self.standing);
            return reasons
                .0
                .push(Reason::new("no-such-step", message, action.way()));
        }
        match step {
            AnyStep::RequestRelease(_) | AnyStep::Resume(_) => {}
            AnyStep::FindUnauthorised(found) => {
                past("be live since", found.live_since, on, reasons);
            }
            AnyStep::Authorise(step) => self.admits_authorise(step.assessment.decision, reasons),
            AnyStep::Reject(step) => reasons.say(&step.reason, "reason of the rejection"),
            AnyStep::StartDevelopment(_) => {
                self.needs_manager(reasons);
                reasons.unless(self.agreed_plan().is_some(), || {
                    let planned = if self.plan.is_some() {
                        "the plan is not baselined"
                    } else {
                        "there is no plan"
                    };
                    Reason::new(
                        "no-baseline",
                        planned,
                        "record a `ReleasePlan`, then a `Baseline`",
                    )
                });
            }
            AnyStep::StartTesting(step) => documented(&step.package, reasons),
            AnyStep::Rework(step) => reasons.say(&step.reason, "reason of the rework"),
            AnyStep::Replan(step) => {
                reasons.say(&step.reason, "reason of the new plan");
                reasons.unless(!self.is_in(PhaseName::Review) || self.is_backed_out, || {
                    Reason::new(
                        "not-backed-out",
                        "the release is live",
                        "complete its review; plan a new release",
                    )
                });
            }
            AnyStep::Deploy(_) => self.needs_test_report(reasons),
            AnyStep::Expedite(step) => {
                reasons.say(&step.reason, "reason of the haste");
                self.needs_manager(reasons);
                reasons.unless(self.track == Track::Emergency, || {
                    let message = format!("the release is on the {} track", self.track);
                    Reason::new(
                        "not-an-emergency",
                        message,
                        "record `TrackChanged` to emergency, or go the usual way",
                    )
                });
            }
            AnyStep::FinishDeployment(_) => self.needs_live(reasons),
            AnyStep::BackOut(step) => reasons.say(&step.reason, "reason of the back-out"),
            AnyStep::CompleteReview(step) => {
                self.needs_reviewed(step.outcome, on.recorded_at, reasons)
            }
            AnyStep::Close(_) => self.needs_no_open_task(reasons),
            AnyStep::Cancel(step) => {
                reasons.say(&step.reason, "reason of the cancellation");
                self.needs_approved_debts(reasons);
            }
            AnyStep::Hold(step) => reasons.say(&step.reason, "reason of the hold"),
        }
    }

    fn admits_authorise(&self, decision: AssessmentDecision, reasons: &mut Reasons) {
        reasons.unless(decision == AssessmentDecision::Worthwhile, || {
            Reason::new(
                "not-worthwhile",
                "the assessment decided against it",
                "assess it anew, or `reject` it",
            )
        });
        reasons.unless(self.track != Track::Standard, no_model);
    }

    fn needs_manager(&self, reasons: &mut Reasons) {
        reasons.unless(self.holders(&Role::ReleaseManager).next().is_some(), || {
            Reason::new(
                "no-release-manager",
                "nobody is the release manager",
                "record `RoleGiven` for one person",
            )
        });
    }

    fn needs_test_report(&self, reasons: &mut Reasons) {
        let package = self.package.as_ref().map(|package| package.digest());
        let is_tested = self
            .test_report
            .as_ref()
            .is_some_and(|report| Some(report.package) == package && !report.runs.is_empty());
        reasons.unless(is_tested, || {
            let package = package.map_or_else(String::new, |digest| digest.to_string());
            let message = format!("there is no test run about the package {package:.12}");
            Reason::new(
                "not-tested",
                message,
                "record a `TestRun` with the digest of this very package",
            )
        });
    }

    fn needs_live(&self, reasons: &mut Reasons) {
        let ends: Vec<_> = self.live_attempts().collect();
        for (key, _) in ends
            .iter()
            .filter(|(_, attempt)| attempt.end == AttemptEnd::Running)
        {
            let message = format!("attempt `{key}` is still running");
            reasons.0.push(Reason::new(
                "attempt-running",
                message,
                "record `AttemptFinished` or `AttemptNeverLive`",
            ));
        }
        let is_live = |end| matches!(end, AttemptEnd::Finished(AttemptOutcome::Live, _));
        reasons.unless(ends.iter().any(|(_, attempt)| is_live(attempt.end)), || {
            Reason::new(
                "not-live",
                "no deployment attempt on a live environment ended live",
                "record one that did, or `back_out`",
            )
        });
    }

    fn needs_reviewed(&self, outcome: ReviewOutcome, at: Instant, reasons: &mut Reasons) {
        reasons.unless(
            (outcome == ReviewOutcome::BackedOut) == self.is_backed_out,
            || {
                let happened = if self.is_backed_out {
                    "was backed out"
                } else {
                    "was not backed out"
                };
                Reason::new(
                    "wrong-outcome",
                    format!("the release {happened}"),
                    "state the outcome that it had",
                )
            },
        );
        if !self.is_backed_out
            && !self.is_support_waived
            && let Some(ends) = self.support_ends().filter(|ends| at < *ends)
        {
            reasons.0.push(
                Reason::new(
                    "early-life-support",
                    format!("early life support runs until {ends}"),
                    "wait, or record `EarlyLifeSupportWaived` with a reason",
                )
                .clears_at(ends),
            );
        }
        reasons.unless(!self.is_review_owed, || {
            Reason::new(
                "review-owed",
                "a release that was backed out needs a post-implementation review",
                "record a `PostImplementationReview`",
            )
        });
        self.needs_approved_debts(reasons);
        for debt in self.debts.iter().filter(|debt| !debt.is_reviewed) {
            let message = format!("a post-implementation review is owed since {}", debt.since);
            reasons.0.push(Reason::new(
                "review-owed",
                message,
                "record a `PostImplementationReview`",
            ));
        }
    }

    fn needs_approved_debts(&self, reasons: &mut Reasons) {
        for debt in self.debts.iter().filter(|debt| debt.approved_by.is_none()) {
            let message = format!("a retrospective approval is owed since {}", debt.since);
            let remedy =
                "have someone who neither asked for it nor did it record a `RetrospectiveApproval`";
            reasons
                .0
                .push(Reason::new("approval-owed", message, remedy));
        }
    }

    fn needs_no_open_task(&self, reasons: &mut Reasons) {
        for task in self.open_tasks() {
            let owner = task.owner.as_ref().map_or("nobody", Person::as_str);
            let message = format!("task `{}` of {owner} is open: {}", task.id, task.what);
            reasons
                .0
                .push(Reason::new("open-task", message, "record `TaskDone`"));
        }
    }

    fn admits_record(
        &self,
        id: ReleaseId,
        version: Version,
        record: &AnyRecord,
        on: Occasion<'_>,
        reasons: &mut Reasons,
    ) {
        let kind = record.kind();
        if !kind.is_taken_in(self.standing) {
            let message = format!(
                "a release in {} does not take the record {kind}",
                self.standing
            );
            let phases: Vec<_> = PhaseName::ALL
                .iter()
                .filter(|&&p| taken_in(kind, p))
                .map(ToString::to_string)
                .collect();
            return reasons.0.push(Reason::new(
                "no-such-record",
                message,
                format!("it is taken in {}", phases.join(", ")),
            ));
        }
        admits_instants(record, on, reasons);
        match record {
            AnyRecord::ReleasePlan(plan) => self.admits_plan(plan, reasons),
            AnyRecord::Baseline(_) => reasons.unless(self.plan.is_some(), || {
                Reason::new(
                    "no-plan",
                    "there is no plan",
                    "record a `ReleasePlan` first",
                )
            }),
            AnyRecord::RoleRelieved(relieved) => {
                self.admits_relief(&relieved.role, &relieved.person, reasons)
            }
            AnyRecord::TrackChanged(changed) => {
                reasons.say(&changed.reason, "reason of the new track");
                let is_judged_later = self.is_in(PhaseName::Request);
                reasons.unless(
                    changed.track != Track::Standard || is_judged_later,
                    no_model,
                );
            }
            AnyRecord::Approval(_)
            | AnyRecord::RetrospectiveApproval(_)
            | AnyRecord::OverrideGranted(_) => {
                self.admits_answer(record, on, reasons);
            }
            AnyRecord::DefectResolved(resolved) => known(
                self.defects.contains_key(&resolved.id),
                "defect",
                &resolved.id,
                reasons,
            ),
            AnyRecord::AttemptStarted(_)
            | AnyRecord::AttemptFinished(_)
            | AnyRecord::AttemptNeverLive(_) => {
                self.admits_attempt(record, on, reasons);
            }
            AnyRecord::Outage(outage) => {
                reasons.unless(
                    outage.ended.is_none_or(|ended| outage.began < ended),
                    || {
                        let message = format!(
                            "outage `{}` ends before it began at {}",
                            outage.id, outage.began
                        );
                        Reason::new(
                            "ends-before-it-began",
                            message,
                            "state an end after the beginning",
                        )
                    },
                );
            }
            AnyRecord::IncidentLinked(linked) => {
                if let Some(attempt) = &linked.attempt {
                    known(
                        self.attempts.contains_key(attempt),
                        "deployment attempt",
                        attempt,
                        reasons,
                    );
                }
            }
            AnyRecord::IncidentRestored(restored) => {
                self.admits_restoration(&restored.id, on, reasons)
            }
            AnyRecord::EarlyLifeSupportWaived(waived) => {
                reasons.say(&waived.reason, "reason of the waiver")
            }
            AnyRecord::CriterionResult(result) => {
                let plan = self.baseline.as_ref().or(self.plan.as_ref());
                let is_known =
                    plan.is_some_and(|plan| plan.success_criteria.contains_key(&result.criterion));
                known(is_known, "success criterion", &result.criterion, reasons);
            }
            AnyRecord::ChildAttached(attached) => {
                not_itself(attached.child, id, "child", reasons);
                reasons.unless(self.parent != Some(attached.child), || {
                    cycle("child", attached.child)
                });
            }
            AnyRecord::ParentDeclared(declared) => {
                not_itself(declared.parent, id, "parent", reasons);
                reasons.unless(!self.children.contains(&declared.parent), || {
                    cycle("parent", declared.parent)
                });
            }
            AnyRecord::DependencyDeclared(declared) => {
                not_itself(declared.on, id, "dependency", reasons)
            }
            AnyRecord::TaskOpened(task) => reasons.unless(
                self.tasks
                    .get(&task.id)
                    .is_none_or(|(_, done)| *done == Resolved::No),
                || {
                    Reason::new(
                        "task-done",
                        format!("task `{}` is done already", task.id),
                        "open it under a new id",
                    )
                },
            ),
            AnyRecord::TaskDone(done) => {
                known(self.tasks.contains_key(&done.id), "task", &done.id, reasons)
            }
            AnyRecord::Note(note) => reasons.say(&note.text, "text of the note"),
            AnyRecord::Correction(correction) => {
                reasons.say(&correction.text, "text of the correction");
                reasons.unless(
                    correction.corrects > Version::NONE && correction.corrects <= version,
                    || {
                        let message =
                            format!("there is no event at version {}", correction.corrects);
                        Reason::new(
                            "unknown",
                            message,
                            format!("name a version from 1 to {version}"),
                        )
                    },
                );
            }
            AnyRecord::StepRefused(refused) => {
                let is_refusal = !refused.decision.is_cleared()
                    && refused.decision.asked == Asking::Step(refused.step.action());
                reasons.unless(is_refusal, || {
                    Reason::new(
                        "not-a-refusal",
                        "the decision does not refuse this step",
                        "record refusals only",
                    )
                });
            }
            AnyRecord::MilestoneReached(_)
            | AnyRecord::RoleGiven(_)
            | AnyRecord::CodeChange(_)
            | AnyRecord::TestRun(_)
            | AnyRecord::Evidence(_)
            | AnyRecord::DefectFound(_)
            | AnyRecord::PostImplementationReview(_)
            | AnyRecord::Confirmation(_) => {}
        }
    }

    fn admits_plan(&self, plan: &ReleasePlan, reasons: &mut Reasons) {
        let objectives = self.request.as_ref().map(|request| &request.objectives);
        for (key, criterion) in plan.success_criteria.iter() {
            if let Some(objective) = &criterion.objective {
                reasons.unless(objectives.is_some_and(|known| known.contains_key(objective)), || {
                    let message = format!("criterion `{key}` stands for objective `{objective}`, which was not asked for");
                    Reason::new("unknown", message, "name an objective of the request")
                });
            }
        }
    }

    fn admits_relief(&self, role: &Role, person: &Person, reasons: &mut Reasons) {
        reasons.unless(self.has_role(person, role), || {
            Reason::new(
                "unknown",
                format!("`{person}` is not {role}"),
                "relieve someone who holds the role",
            )
        });
        let may_lack_manager = self.is_in(PhaseName::Request) || self.is_in(PhaseName::Plan);
        reasons.unless(*role != Role::ReleaseManager || may_lack_manager, || {
            let message = "a release has a release manager from Plan on";
            Reason::new(
                "no-release-manager",
                message,
                "hand over: give the role to somebody else",
            )
        });
    }

    fn admits_answer(&self, record: &AnyRecord, on: Occasion<'_>, reasons: &mut Reasons) {
        let holds = |person: &Person, role: &Role, reasons: &mut Reasons| {
            reasons.unless(self.has_role(person, role), || {
                Reason::new(
                    "not-in-role",
                    format!("`{person}` is not {role}"),
                    "record `RoleGiven`, or ask someone who is",
                )
            });
        };
        let Actor::Person(person) = on.actor else {
            let message = format!("`{}` is not a person", on.actor);
            return reasons.0.push(Reason::new(
                "not-a-person",
                message,
                "have a person answer for it",
            ));
        };
        if let AnyRecord::Approval(approval) = record {
            holds(
                approval.on_behalf_of.as_ref().unwrap_or(person),
                &approval.role,
                reasons,
            );
            if approval.answer == super::approval::Answer::Rejected {
                reasons.say(&approval.comment, "comment of the rejection");
            }
            if let Some(expires) = approval.expires {
                lasting(expires, on.recorded_at, reasons);
            }
        }
        if let AnyRecord::RetrospectiveApproval(approval) = record {
            holds(person, &approval.role, reasons);
            reasons.say(&approval.comment, "comment of the retrospective approval");
            let open: Vec<_> = self
                .debts
                .iter()
                .filter(|debt| debt.approved_by.is_none())
                .collect();
            reasons.unless(!open.is_empty(), || {
                Reason::new(
                    "nothing-owed",
                    "no retrospective approval is owed",
                    "approve a step instead",
                )
            });
            reasons.unless(
                !open.iter().any(|debt| debt.involved.contains(on.actor)),
                || {
                    let message =
                        format!("`{person}` asked for it or did it, and cannot approve it");
                    Reason::new("own-work", message, "ask someone who was not involved")
                },
            );
        }
        if let AnyRecord::OverrideGranted(granted) = record {
            holds(person, &granted.role, reasons);
            reasons.say(&granted.reason, "reason of the override");
            lasting(granted.until, on.recorded_at, reasons);
            reasons.unless(!self.overrides.contains_key(&granted.id), || {
                already("override", &granted.id)
            });
        }
    }

    fn admits_attempt(&self, record: &AnyRecord, on: Occasion<'_>, reasons: &mut Reasons) {
        if let AnyRecord::AttemptStarted(started) = record {
            reasons.unless(!self.attempts.contains_key(&started.attempt), || {
                already("attempt", &started.attempt)
            });
            let is_live = started.liveness == Liveness::Live;
            reasons.unless(is_live == self.is_in(PhaseName::Deployment), || {
                let (what, remedy) = if is_live {
                    (
                        "a live environment",
                        "`deploy` first; until then deploy where nobody depends on it",
                    )
                } else {
                    (
                        "an environment that is not live",
                        "deploy to live environments in Deployment, to others in Testing",
                    )
                };
                let message = format!(
                    "`{}` is {what}, and the release is in {}",
                    started.environment, self.standing
                );
                Reason::new("wrong-environment", message, remedy)
            });
        }
        let ended = match record {
            AnyRecord::AttemptFinished(finished) => Some(&finished.attempt),
            AnyRecord::AttemptNeverLive(failed) => Some(&failed.attempt),
            _ => None,
        };
        let Some(key) = ended else { return };
        let Some(attempt) = self.attempts.get(key) else {
            return known(false, "deployment attempt", key, reasons);
        };
        reasons.unless(attempt.began <= on.occurred_at, || {
            let message = format!(
                "attempt `{key}` began at {}, after {}",
                attempt.began, on.occurred_at
            );
            Reason::new(
                "ends-before-it-began",
                message,
                "state an end after the beginning",
            )
        });
        let was_live = matches!(attempt.end, AttemptEnd::Finished(AttemptOutcome::Live, _));
        let is_backed_out = matches!(record, AnyRecord::AttemptFinished(f) if f.outcome == AttemptOutcome::BackedOut);
        reasons.unless(
            attempt.end == AttemptEnd::Running || was_live && is_backed_out,
            || already("attempt", key),
        );
    }

    fn admits_restoration(&self, id: &Key, on: Occasion<'_>, reasons: &mut Reasons) {
        let Some(incident) = self.incidents.get(id) else {
            return known(false, "incident", id, reasons);
        };
        reasons.unless(incident.linked.raised <= on.occurred_at, || {
            let message = format!(
                "incident `{id}` was raised at {}, after {}",
                incident.linked.raised, on.occurred_at
            );
            Reason::new(
                "ends-before-it-began",
                message,
                "state a restoration after the incident",
            )
        });
    }
}

fn admits_time(version: Version, on: Occasion<'_>, reasons: &mut Reasons) {
    past("have happened at", on.occurred_at, on, reasons);
    reasons.unless(version.get() < STREAM_EVENTS, || {
        Reason::new(
            "too-long",
            format!("the log has {version} events"),
            "begin another release",
        )
    });
}

/// What a record says of when, besides its own `occurred_at`.
fn admits_instants(record: &AnyRecord, on: Occasion<'_>, reasons: &mut Reasons) {
    if let AnyRecord::CodeChange(change) = record {
        past("have been committed at", change.committed_at, on, reasons);
    }
    if let AnyRecord::IncidentLinked(linked) = record {
        past("have been raised at", linked.raised, on, reasons);
    }
    if let AnyRecord::Outage(outage) = record {
        past("have begun at", outage.began, on, reasons);
        if let Some(ended) = outage.ended {
            past("have ended at", ended, on, reasons);
        }
    }
}

fn past(verb: &str, at: Instant, on: Occasion<'_>, reasons: &mut Reasons) {
    reasons.unless(at <= on.recorded_at.plus(CLOCK_SKEW), || {
        Reason::new(
            "in-the-future",
            format!("it is said to {verb} {at}, and it is {}", on.recorded_at),
            "state when it really happened; at most 5 minutes ahead are taken for clocks that differ",
        )
        .clears_at(at.minus(CLOCK_SKEW))
    });
}

fn no_model() -> Reason {
    Reason::new(
        "no-model",
        "the standard track needs a release model in good standing, and there are no models yet",
        "record `TrackChanged` to normal",
    )
}

fn taken_in(kind: crate::phase::RecordKind, phase: PhaseName) -> bool {
    crate::phase::Standing::ALL
        .iter()
        .any(|standing| standing.phase == phase && kind.is_taken_in(*standing))
}

fn documented(package: &ReleasePackage, reasons: &mut Reasons) {
    reasons.unless(
        package
            .units()
            .values()
            .any(|unit| unit.kind == UnitKind::Documentation),
        || {
            Reason::new(
                "no-documentation",
                "the package has no unit of documentation",
                "add one to the package",
            )
        },
    );
}

fn known(is_known: bool, what: &str, key: &Key, reasons: &mut Reasons) {
    reasons.unless(is_known, || {
        Reason::new(
            "unknown",
            format!("there is no {what} `{key}`"),
            format!("name a {what} of this release"),
        )
    });
}

fn already(what: &str, key: &Key) -> Reason {
    Reason::new(
        "already-recorded",
        format!("{what} `{key}` is recorded already"),
        "use a new id",
    )
}

fn lasting(until: Instant, now: Instant, reasons: &mut Reasons) {
    reasons.unless(now < until, || {
        Reason::new(
            "expired",
            format!("it ends at {until}, and it is {now}"),
            "state an end in the future",
        )
    });
}

fn not_itself(other: ReleaseId, id: ReleaseId, what: &str, reasons: &mut Reasons) {
    reasons.unless(other != id, || {
        Reason::new(
            "cycle",
            format!("release `{id}` cannot be its own {what}"),
            "name another release",
        )
    });
}

fn cycle(what: &str, other: ReleaseId) -> Reason {
    let message =
        format!("release `{other}` is on the other side already, and cannot be the {what} too");
    Reason::new("cycle", message, "name another release")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::step::StartDevelopment;

    #[test]
    fn a_log_ends_at_its_limit() {
        let actor = Actor::Person(Person::new("kim").unwrap());
        let now = Instant::EPOCH;
        let on = Occasion {
            actor: &actor,
            occurred_at: now,
            recorded_at: now,
        };
        let codes = |version| {
            let reasons = State::start().admits_asking(
                Version::new(version),
                &StartDevelopment::new().into(),
                on,
            );
            reasons
                .into_iter()
                .map(|reason| reason.code.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(STREAM_EVENTS - 1), ["no-such-step"]);
        assert_eq!(codes(STREAM_EVENTS), ["too-long", "no-such-step"]);
    }
}
