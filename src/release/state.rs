//! Everything about a release that decisions look at. History is not in it.

use super::approval::{Approval, OverrideGranted};
use super::availability::Availability;
use super::change_request::ChangeRequest;
use super::decision::{Asking, LiftedFreezes};
use super::deployment::{AttemptOutcome, AttemptStarted, IncidentLinked, Liveness, Outage};
use super::digest::{Digest, Digested};
use super::event::Event;
use super::happens::{Occasion, Reasons};
use super::id::ReleaseId;
use super::learning::{ImprovementProgress, ImprovementRaised, ImprovementStatus, LessonLearned};
use super::model::{FollowedModel, model_not_read};
use super::package::{CodeChange, ReleasePackage};
use super::people::{Actor, Role};
use super::plan::{ChecklistItem, CostBooked, ReleasePlan};
use super::record::AnyRecord;
use super::request::{Assessment, ReleaseRequest, Track, no_model};
use super::review::{
    ClosureItem, Confirmation, CriterionResult, Ending, PostImplementationReview, ReviewOutcome,
    TaskOpened,
};
use super::risk::{RegisterEntry, RegisterKind, RiskAssessment};
use super::rollout::Progress;
use super::steps::{AnyStep, Authorise, StepTaken};
use super::testing::{DefectFound, Evidence, TestReport};
use super::text::{Key, Person, Text};
use super::verdict::Reason;
use crate::phase::{Action, Instant, Interval, Phase, PhaseName, Seconds, Standing, Start};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers a question of its own"
)]
pub(crate) struct State {
    pub(crate) standing: Standing,
    pub(crate) request: Option<Digested<Arc<ReleaseRequest>>>,
    pub(crate) requested_by: Option<Actor>,
    pub(crate) track: Track,
    pub(crate) authorised: Option<Arc<Authorise>>,
    /// Who has which role; a role that nobody has is not in it.
    pub(crate) people: BTreeMap<Role, BTreeSet<Person>>,
    pub(crate) plan: Option<Digested<Arc<ReleasePlan>>>,
    pub(crate) baseline: Option<Arc<ReleasePlan>>,
    pub(crate) first_baseline: Option<Arc<ReleasePlan>>,
    pub(crate) baselines: u32,
    /// Whether the latest baseline still stands; planning again takes it back.
    pub(crate) is_baselined: bool,
    pub(crate) milestones: BTreeMap<Key, Instant>,
    pub(crate) changes: BTreeMap<Key, Arc<CodeChange>>,
    pub(crate) package: Option<Arc<ReleasePackage>>,
    pub(crate) test_report: Option<TestReport>,
    /// With when each was seen.
    pub(crate) evidence: BTreeMap<Key, (Arc<Evidence>, Instant)>,
    pub(crate) defects: BTreeMap<Key, (Arc<DefectFound>, Resolved)>,
    pub(crate) window: Option<Interval>,
    /// When the package was handed over to testing.
    pub(crate) handed_over: Instant,
    pub(crate) entry: Option<Entry>,
    /// How often Deployment was entered; attempts belong to one of these times.
    pub(crate) deployments: u32,
    pub(crate) attempts: BTreeMap<Key, Attempt>,
    pub(crate) live_at: Option<Instant>,
    pub(crate) support: Option<Seconds>,
    pub(crate) is_support_waived: bool,
    pub(crate) is_backed_out: bool,
    pub(crate) outages: BTreeMap<Key, Arc<Outage>>,
    pub(crate) incidents: BTreeMap<Key, Incident>,
    pub(crate) debts: Vec<Debt>,
    pub(crate) review: Option<Arc<PostImplementationReview>>,
    pub(crate) is_review_owed: bool,
    pub(crate) results: BTreeMap<Key, Arc<CriterionResult>>,
    pub(crate) lessons: BTreeMap<Key, Arc<LessonLearned>>,
    pub(crate) improvements: BTreeMap<Key, Improvement>,
    pub(crate) outcome: Option<ReviewOutcome>,
    pub(crate) confirmations: BTreeMap<ClosureItem, Arc<Confirmation>>,
    pub(crate) tasks: BTreeMap<Key, (Arc<TaskOpened>, Resolved)>,
    pub(crate) approvals: BTreeMap<(Action, Person, Role), GivenApproval>,
    /// Who lets whom answer in a role, and until when.
    pub(crate) delegations: BTreeMap<(Role, Person, Person), Option<Instant>>,
    pub(crate) change_requests: BTreeMap<Key, Arc<ChangeRequest>>,
    pub(crate) risk: Option<Arc<RiskAssessment>>,
    pub(crate) register: BTreeMap<(RegisterKind, Key), RegisterEntry>,
    pub(crate) checklist: BTreeMap<Key, Arc<ChecklistItem>>,
    /// Who was told of the current plan, and when first.
    pub(crate) notified: BTreeMap<Person, Instant>,
    pub(crate) costs: BTreeMap<Key, Arc<CostBooked>>,
    pub(crate) progress: Progress,
    pub(crate) overrides: BTreeMap<Key, GrantedOverride>,
    /// The exceptions to freezes that are used up, by calendar.
    pub(crate) used_exceptions: BTreeMap<Key, BTreeSet<Key>>,
    /// The freezes that overrides have lifted for the deployment.
    pub(crate) lifted_freezes: BTreeMap<Key, LiftedFreezes>,
    pub(crate) parent: Option<ReleaseId>,
    pub(crate) children: BTreeSet<ReleaseId>,
    pub(crate) dependencies: BTreeMap<ReleaseId, PhaseName>,
    pub(crate) ending: Option<Ending>,
    pub(crate) ended_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Resolved {
    No,
    Yes,
}

/// How Deployment or Review was reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Entry {
    Gated(Arc<ReleasePlan>, TestReport),
    /// By a debt, and its place in the list.
    Expedited(usize),
    Unauthorised(usize),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Attempt {
    pub(crate) started: Arc<AttemptStarted>,
    pub(crate) began: Instant,
    pub(crate) deployment: u32,
    /// What was deployed.
    pub(crate) package: Option<Digest>,
    pub(crate) end: AttemptEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AttemptEnd {
    Running,
    Finished(AttemptOutcome, Instant),
    NeverLive,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Incident {
    pub(crate) linked: Arc<IncidentLinked>,
    pub(crate) restored: Option<Instant>,
}

/// What is to be done better, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[non_exhaustive]
pub struct Improvement {
    /// What is to be done, by whom and by when.
    pub raised: Arc<ImprovementRaised>,
    /// What was last said of it; nothing while nobody has begun.
    pub progress: Option<Arc<ImprovementProgress>>,
}

impl Improvement {
    /// How far it is.
    #[must_use]
    pub fn status(&self) -> ImprovementStatus {
        let progress = self.progress.as_deref();
        progress.map_or(ImprovementStatus::Open, |progress| progress.status)
    }
}

/// What was left out when a release went live without the usual way, and has to be made up for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[non_exhaustive]
pub struct Debt {
    /// Since when it is owed.
    pub since: Instant,
    /// Who asked for it or did it, and cannot approve it afterwards.
    pub involved: BTreeSet<Actor>,
    /// Who approved it afterwards.
    pub approved_by: Option<Actor>,
    /// Whether a post-implementation review was held since.
    pub is_reviewed: bool,
}

impl Debt {
    /// Whether nothing is owed any more.
    #[must_use]
    pub const fn is_paid(&self) -> bool {
        self.approved_by.is_some() && self.is_reviewed
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GivenApproval {
    pub(crate) approval: Arc<Approval>,
    pub(crate) by: Actor,
    pub(crate) at: Instant,
    /// Whether the step was taken since.
    pub(crate) is_spent: bool,
}

impl GivenApproval {
    /// Who answered for this person, if it was not they themselves.
    pub(crate) fn stand_in(&self, person: &Person) -> Option<&Person> {
        self.by.person().filter(|by| *by != person)
    }

    /// This person, and who answered for them.
    pub(crate) fn involved<'a>(&'a self, person: &'a Person) -> impl Iterator<Item = &'a Person> {
        [Some(person), self.stand_in(person)].into_iter().flatten()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GrantedOverride {
    pub(crate) granted: Arc<OverrideGranted>,
    pub(crate) by: Actor,
    pub(crate) is_used: bool,
}

impl State {
    /// Before the first event.
    pub(crate) const fn start() -> Self {
        Self {
            standing: Start::STANDING,
            request: None,
            requested_by: None,
            track: Track::Normal,
            authorised: None,
            people: BTreeMap::new(),
            plan: None,
            baseline: None,
            first_baseline: None,
            baselines: 0,
            is_baselined: false,
            milestones: BTreeMap::new(),
            changes: BTreeMap::new(),
            package: None,
            test_report: None,
            evidence: BTreeMap::new(),
            defects: BTreeMap::new(),
            window: None,
            handed_over: Instant::EPOCH,
            entry: None,
            deployments: 0,
            attempts: BTreeMap::new(),
            live_at: None,
            support: None,
            is_support_waived: false,
            is_backed_out: false,
            outages: BTreeMap::new(),
            incidents: BTreeMap::new(),
            debts: Vec::new(),
            review: None,
            is_review_owed: false,
            results: BTreeMap::new(),
            lessons: BTreeMap::new(),
            improvements: BTreeMap::new(),
            outcome: None,
            confirmations: BTreeMap::new(),
            tasks: BTreeMap::new(),
            approvals: BTreeMap::new(),
            delegations: BTreeMap::new(),
            change_requests: BTreeMap::new(),
            risk: None,
            register: BTreeMap::new(),
            checklist: BTreeMap::new(),
            notified: BTreeMap::new(),
            costs: BTreeMap::new(),
            progress: Progress::of(None, Instant::EPOCH),
            overrides: BTreeMap::new(),
            used_exceptions: BTreeMap::new(),
            lifted_freezes: BTreeMap::new(),
            parent: None,
            children: BTreeSet::new(),
            dependencies: BTreeMap::new(),
            ending: None,
            ended_at: None,
        }
    }

    pub(crate) fn request(&self) -> Option<&ReleaseRequest> {
        self.request.as_ref().map(|request| request.as_ref())
    }

    pub(crate) fn assessment(&self) -> Option<&Assessment> {
        self.authorised.as_deref().map(|step| &step.assessment)
    }

    pub(crate) fn agreed_plan(&self) -> Option<&Arc<ReleasePlan>> {
        self.baseline.as_ref().filter(|_| self.is_baselined)
    }

    /// The plan that counts: the one that was agreed, or else the latest.
    pub(crate) fn plan_in_force(&self) -> Option<&ReleasePlan> {
        self.agreed_plan()
            .or(self.plan.as_deref())
            .map(AsRef::as_ref)
    }

    pub(crate) fn holders<'a>(&'a self, role: &'a Role) -> impl Iterator<Item = &'a Person> {
        self.people.get(role).into_iter().flatten()
    }

    pub(crate) fn has_role(&self, person: &Person, role: &Role) -> bool {
        let holders = self.people.get(role);
        holders.is_some_and(|holders| holders.contains(person))
    }

    pub(crate) fn open_tasks(&self) -> impl Iterator<Item = &Arc<TaskOpened>> {
        self.tasks
            .values()
            .filter(|(_, done)| *done == Resolved::No)
            .map(|(task, _)| task)
    }

    /// Whoever does something in an expedited deployment is involved, and cannot approve it afterwards.
    pub(crate) fn involve(&mut self, on: Occasion<'_>) {
        if let Some(Entry::Expedited(debt)) = self.entry
            && let Some(debt) = self.debts.get_mut(debt)
        {
            debt.involved.insert(on.actor.clone());
            // Whoever approves and then does it has approved their own work.
            debt.approved_by.take_if(|by| by == on.actor);
        }
    }

    /// The attempts on live environments since Deployment was last entered.
    pub(crate) fn live_attempts(&self) -> impl Iterator<Item = (&Key, &Attempt)> {
        self.attempts
            .iter()
            .filter(|(_, attempt)| attempt.deployment == self.deployments)
            .filter(|(_, attempt)| attempt.started.liveness == Liveness::Live)
    }

    /// When early life support ends, once the release is live.
    pub(crate) fn support_ends(&self) -> Option<Instant> {
        self.live_at
            .zip(self.support)
            .map(|(live_at, length)| live_at.plus(length))
    }

    /// The tests of the current package, whether it is still in Testing or on its way since.
    pub(crate) fn test_report_mut(&mut self) -> Option<&mut TestReport> {
        match (&mut self.test_report, &mut self.entry) {
            (Some(report), _) | (None, Some(Entry::Gated(_, report))) => Some(report),
            (None, Some(Entry::Expedited(_) | Entry::Unauthorised(_)) | None) => None,
        }
    }

    /// What can only be true of something that was deployed.
    pub(crate) fn needs_deployed(&self, reasons: &mut Reasons) {
        let is_before = [PhaseName::Plan, PhaseName::Development, PhaseName::Testing];
        let was_deployed = self.deployments > 0 || !is_before.contains(&self.standing.phase);
        reasons.unless(was_deployed, || {
            let message = "nothing of the release was deployed yet";
            Reason::new("never-deployed", message, "record it once something was")
        });
    }

    /// Whether the release stands in that phase, on hold or not.
    pub(crate) fn is_in(&self, phase: PhaseName) -> bool {
        self.standing.phase == phase
    }

    /// Everything in the lifecycle that stands against this event; nothing if it may happen.
    pub(crate) fn admits(&self, event: &Event, on: Occasion<'_>) -> Vec<Reason> {
        match event {
            Event::Step(taken) => {
                let mut reasons = self.admits_step(&taken.step, on);
                reasons.extend(self.admits_decision(taken, on));
                reasons
            }
            Event::Record(record) => self.admits_record(record, on),
        }
    }

    fn has_used(&self, calendar: &Key, exception: &Key) -> bool {
        let used = self.used_exceptions.get(calendar);
        used.is_some_and(|used| used.contains(exception))
    }

    /// A step stands in a log only with the decision that cleared this very step, and with overrides it could use.
    fn admits_decision(&self, taken: &StepTaken, on: Occasion<'_>) -> Option<Reason> {
        let StepTaken { step, decision } = taken;
        let is_usable = |id| {
            let usable = self.overrides.get(id).filter(|one| !one.is_used);
            let usable = usable.map(|one| one.granted.as_ref());
            usable.is_some_and(|one| one.step == step.action() && decision.at < one.until)
        };
        let is_cleared = decision.is_cleared()
            && decision.asked == Asking::Step(step.action())
            && (&decision.actor, decision.at) == (on.actor, on.recorded_at)
            && decision.overrides().all(is_usable)
            && decision
                .calendars
                .iter()
                .flat_map(Availability::excepted)
                .all(|(calendar, id)| !self.has_used(calendar, id));
        if !is_cleared {
            let message = "the decision in the event does not clear this step";
            return Some(Reason::new(
                "not-cleared",
                message,
                "take steps through a gate",
            ));
        }
        let is_standard = step.action() == Action::Authorise && self.track == Track::Standard;
        self.pre_authorised_by(decision.model.as_deref(), decision.unread_model.as_ref())
            .filter(|_| is_standard)
    }

    /// Why the release is not pre-authorised by a model that stood so; nothing if it is.
    pub(crate) fn pre_authorised_by(
        &self,
        model: Option<&FollowedModel>,
        unread: Option<&Text>,
    ) -> Option<Reason> {
        let request = self.request();
        let Some(named) = request.and_then(|request| request.model.as_ref()) else {
            return Some(no_model());
        };
        model.map_or_else(
            || Some(model_not_read(named, unread)),
            |model| model.against(named),
        )
    }

    /// The same for a step, of which only a decision can make an event.
    pub(crate) fn admits_step(&self, step: &AnyStep, on: Occasion<'_>) -> Vec<Reason> {
        let mut reasons = Reasons::against(on);
        let action = step.action();
        if action.leads(self.standing).is_some() {
            step.admits(self, on, &mut reasons);
        } else {
            let message = format!("a release in {} has no step {action}", self.standing);
            reasons.say(Reason::new("no-such-step", message, action.way()));
        }
        reasons.into_vec()
    }

    /// The same for a record.
    pub(crate) fn admits_record(&self, record: &AnyRecord, on: Occasion<'_>) -> Vec<Reason> {
        let mut reasons = Reasons::against(on);
        let kind = record.kind();
        if kind.is_taken_in(self.standing) {
            record.admits(self, on, &mut reasons);
        } else {
            let message = format!(
                "a release in {} does not take the record {kind}",
                self.standing
            );
            let phases: Vec<_> = kind.phases().map(PhaseName::to_string).collect();
            let remedy = format!("it is taken in {}", phases.join(", "));
            reasons.say(Reason::new("no-such-record", message, remedy));
        }
        reasons.into_vec()
    }

    /// The only place where a release changes: moves by an event that was admitted before.
    pub(crate) fn apply(&mut self, event: Event, on: Occasion<'_>) {
        match event {
            Event::Step(taken) => {
                for used in taken.decision.overrides() {
                    if let Some(granted) = self.overrides.get_mut(used) {
                        granted.is_used = true;
                    }
                }
                let answers = self.approvals.iter_mut();
                for (_, given) in answers.filter(|((step, ..), _)| *step == taken.step.action()) {
                    given.is_spent = true;
                }
                for (calendar, id) in taken.decision.exceptions() {
                    let used = self.used_exceptions.entry(calendar.clone());
                    used.or_default().insert(id.clone());
                }
                if matches!(taken.step.action(), Action::Deploy | Action::Expedite) {
                    let until = taken.step.window().map(Interval::end);
                    self.lifted_freezes = taken.decision.lifted_freezes(until);
                }
                let to = taken.step.action().leads(self.standing);
                if let Some(ending) = taken.step.ending(self) {
                    self.ending = Some(ending);
                    self.ended_at = Some(on.recorded_at);
                }
                taken.step.apply(self, on);
                self.standing = to.unwrap_or(self.standing);
            }
            Event::Record(record) => record.apply(self, on),
        }
    }
}
