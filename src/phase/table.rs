//! The two tables of the lifecycle: which steps leave which phase, and which records each phase takes.
//!
//! Both are X-macros: this file says *what* the lifecycle is, once; [`super`] expands the first into markers'
//! traits, actions and the diagram, and `release` expands both into steps, records and their events. They are
//! compared with `tests/golden/lifecycle.txt`, which is written by hand.

/// Calls `$expand!` with every step: type, action name, trait, event kind and its schema, door, phases it leaves, where it leads,
/// and the way there in words.
///
/// A *gated* step needs a clearance of every policy in its gates; an *open* one only keeps the lifecycle's
/// invariants, unless a release model attaches a gate to it.
macro_rules! steps {
    ($expand:path) => {
        $expand! {
            RequestRelease "request" CanRequest "release.requested" 1 gated [Start] => Request,
                "a release begins with `Release::request`";
            FindUnauthorised "find_unauthorised" CanFindUnauthorised "release.found_unauthorised" 1 gated [Start] => Review,
                "a change found after the fact enters with `Release::find_unauthorised`";
            Authorise "authorise" CanAuthorise "release.authorised" 1 gated [Request] => Plan,
                "`authorise` leaves Request; from Request: authorise; on hold, `resume` first";
            Reject "reject" CanReject "release.rejected" 1 open [Request] => Closed,
                "`reject` leaves Request; from Request: reject; on hold, `resume` first";
            StartDevelopment "start_development" CanStartDevelopment "release.development_started" 1 gated [Plan] => Development,
                "`start_development` leaves Plan; from Request: authorise, start_development; on hold, `resume` first";
            StartTesting "start_testing" CanStartTesting "release.testing_started" 1 gated [Development] => Testing,
                "`start_testing` leaves Development; from Request: authorise, start_development, start_testing; on hold, `resume` first";
            Rework "rework" CanRework "release.reworked" 1 open [Testing] => Development,
                "`rework` leaves Testing; from Request: authorise, start_development, start_testing, rework; on hold, `resume` first";
            Replan "replan" CanReplan "release.replanned" 1 open [Development, Testing, Review] => Plan,
                "`replan` leaves Development, Testing or Review; from Request: authorise, start_development, replan; on hold, `resume` first";
            Deploy "deploy" CanDeploy "release.deployment_started" 1 gated [Testing] => Deployment,
                "`deploy` leaves Testing; from Request: authorise, start_development, start_testing, deploy; on hold, `resume` first";
            Expedite "expedite" CanExpedite "release.expedited" 1 gated [Plan, Development] => Deployment,
                "`expedite` leaves Plan or Development, on the emergency track only; from Request: authorise, expedite; on hold, `resume` first";
            FinishDeployment "finish_deployment" CanFinishDeployment "release.deployment_finished" 1 gated [Deployment] => Review,
                "`finish_deployment` leaves Deployment; from Request: authorise, start_development, start_testing, deploy, finish_deployment; on hold, `resume` first";
            BackOut "back_out" CanBackOut "release.backed_out" 1 open [Deployment] => Review,
                "`back_out` leaves Deployment; from Request: authorise, start_development, start_testing, deploy, back_out; on hold, `resume` first";
            CompleteReview "complete_review" CanCompleteReview "release.review_completed" 1 gated [Review] => Closure,
                "`complete_review` leaves Review; from Request: authorise, start_development, start_testing, deploy, finish_deployment, complete_review; on hold, `resume` first";
            Close "close" CanClose "release.closed" 1 gated [Closure] => Closed,
                "`close` leaves Closure; from Request: authorise, start_development, start_testing, deploy, finish_deployment, complete_review, close; on hold, `resume` first";
            Cancel "cancel" CanCancel "release.cancelled" 1 open
                [Request, Plan, Development, Testing, OnHold<Request>, OnHold<Plan>, OnHold<Development>, OnHold<Testing>] => Closed,
                "`cancel` leaves Request, Plan, Development or Testing, on hold or not; once deployment began, back out instead";
            Hold "hold" CanHold "release.held" 1 open [Request, Plan, Development, Testing] => OnHold<Self>,
                "`hold` works in Request, Plan, Development and Testing; a deployment can be backed out instead";
            Resume "resume" CanResume "release.resumed" 1 open
                [OnHold<Request>, OnHold<Plan>, OnHold<Development>, OnHold<Testing>] => <Self as Held>::Under,
                "`resume` ends a hold, and this release is not on hold";
        }
    };
}

/// Calls `$expand!` with every record: type, name, event kind and its schema, whether it commutes, and the phases that take it.
///
/// A *commuting* record means the same whatever other records came just before it, so a writer that lost a race may
/// simply try it again; an *ordered* one does not, and its writer is told. What a phase takes, its hold takes too.
macro_rules! records {
    ($expand:path) => {
        $expand! {
            ReleasePlan "plan" "release.plan_changed" 1 ordered [Request, Plan, Development, Testing, Deployment, Review, Closure];
            Baseline "baseline" "release.baselined" 1 ordered [Plan, Development, Testing];
            MilestoneReached "milestone_reached" "release.milestone_reached" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            RoleGiven "role_given" "release.role_given" 1 ordered [Request, Plan, Development, Testing, Deployment, Review, Closure];
            RoleRelieved "role_relieved" "release.role_relieved" 1 ordered [Request, Plan, Development, Testing, Deployment, Review, Closure];
            TrackChanged "track_changed" "release.track_changed" 1 ordered [Request, Plan, Development, Testing];
            Approval "approval" "release.approval_given" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            ApprovalWithdrawn "approval_withdrawn" "release.approval_withdrawn" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            Delegated "delegated" "release.delegated" 1 ordered [Request, Plan, Development, Testing, Deployment, Review, Closure];
            DelegationEnded "delegation_ended" "release.delegation_ended" 1 ordered [Request, Plan, Development, Testing, Deployment, Review, Closure];
            RetrospectiveApproval "retrospective_approval" "release.retrospective_approval_given" 1 commuting [Plan, Development, Testing, Deployment, Review];
            OverrideGranted "override" "release.override_granted" 1 ordered [Request, Plan, Development, Testing, Deployment, Review, Closure];
            ChangeRequest "change_request" "release.change_request_linked" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            RiskAssessment "risk_assessment" "release.risk_assessed" 1 ordered [Request, Plan, Development, Testing, Deployment, Review, Closure];
            RiskRaised "risk_raised" "release.risk_raised" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            RiskClosed "risk_closed" "release.risk_closed" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            IssueRaised "issue_raised" "release.issue_raised" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            IssueResolved "issue_resolved" "release.issue_resolved" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            ChecklistItem "checklist_item" "release.checklist_item_seen" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            StakeholdersNotified "stakeholders_notified" "release.stakeholders_notified" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            CostBooked "cost_booked" "release.cost_booked" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            CodeChange "code_change" "release.code_change_included" 1 commuting [Plan, Development, Testing, Deployment, Review];
            TestRun "test_run" "release.test_run_recorded" 1 commuting [Testing, Deployment, Review];
            Evidence "evidence" "release.evidence_recorded" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            DefectFound "defect_found" "release.defect_found" 1 commuting [Development, Testing, Deployment, Review, Closure];
            DefectResolved "defect_resolved" "release.defect_resolved" 1 commuting [Development, Testing, Deployment, Review, Closure];
            AttemptStarted "attempt_started" "release.attempt_started" 1 commuting [Testing, Deployment];
            AttemptFinished "attempt_finished" "release.attempt_finished" 1 commuting [Development, Testing, Deployment, Review, Closure];
            AttemptNeverLive "attempt_never_live" "release.attempt_never_live" 1 commuting [Development, Testing, Deployment, Review, Closure];
            WaveStarted "wave_started" "release.wave_started" 1 ordered [Deployment];
            HealthObserved "health_observed" "release.health_observed" 1 ordered [Deployment];
            RolloutPaused "rollout_paused" "release.rollout_paused" 1 ordered [Deployment];
            RolloutContinued "rollout_continued" "release.rollout_continued" 1 ordered [Deployment];
            Outage "outage" "release.outage_recorded" 1 commuting [Plan, Development, Testing, Deployment, Review, Closure, Closed];
            IncidentLinked "incident_linked" "release.incident_linked" 1 commuting [Plan, Development, Testing, Deployment, Review, Closure, Closed];
            IncidentRestored "incident_restored" "release.incident_restored" 1 commuting [Plan, Development, Testing, Deployment, Review, Closure, Closed];
            PostImplementationReview "pir" "release.pir_held" 1 commuting [Plan, Development, Testing, Review, Closure, Closed];
            EarlyLifeSupportWaived "early_life_support_waived" "release.early_life_support_waived" 1 ordered [Review];
            CriterionResult "criterion_result" "release.criterion_judged" 1 commuting [Review, Closure];
            Feedback "feedback" "release.feedback_given" 1 commuting [Plan, Development, Testing, Deployment, Review, Closure, Closed];
            LessonLearned "lesson_learned" "release.lesson_learned" 1 commuting [Plan, Development, Testing, Deployment, Review, Closure];
            ImprovementRaised "improvement_raised" "release.improvement_raised" 1 commuting [Review, Closure];
            ImprovementProgress "improvement_progress" "release.improvement_progressed" 1 commuting [Plan, Development, Testing, Deployment, Review, Closure, Closed];
            ValueRealised "value_realised" "release.value_realised" 1 commuting [Review, Closure, Closed];
            ChildAttached "child_attached" "release.child_attached" 1 ordered [Request, Plan, Development, Testing];
            ParentDeclared "parent" "release.parent_declared" 1 ordered [Request, Plan];
            DependencyDeclared "dependency" "release.dependency_declared" 1 ordered [Request, Plan, Development, Testing];
            TaskOpened "task_opened" "release.task_opened" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            TaskDone "task_done" "release.task_done" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            Confirmation "confirmation" "release.confirmed" 1 commuting [Review, Closure];
            StepRefused "step_refused" "release.step_refused" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure];
            Note "note" "release.noted" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure, Closed];
            Correction "correction" "release.corrected" 1 commuting [Request, Plan, Development, Testing, Deployment, Review, Closure, Closed];
        }
    };
}

pub(crate) use {records, steps};
