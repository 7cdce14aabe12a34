//! The typed shell: a release with its phase in the type, and the steps and records that the phase has.

use super::digest::Digest;
use super::earned::{Has, Route};
use super::event::Envelope;
use super::happens::Occasion;
use super::id::{ReleaseId, Stream, Version};
use super::package::ReleasePackage;
use super::people::Role;
use super::plan::ReleasePlan;
use super::proposal::{Asked, By, Proposal};
use super::record::{Record, Recording, Takes};
use super::request::{Assessment, ReleaseRequest, Track};
use super::review::{ClosureRecord, ReviewOutcome};
use super::rollout::Rollout;
use super::state::State;
use super::steps::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FindUnauthorised,
    FinishDeployment, Hold, Reject, Replan, RequestRelease, Resume, Rework, StartDevelopment,
    StartTesting, Step,
};
use super::testing::TestReport;
use super::text::{Person, Tenant, Text};
use super::view::ReleaseView;
use crate::phase::{
    Anywhere, CanAuthorise, CanBackOut, CanCancel, CanClose, CanCompleteReview, CanDeploy,
    CanExpedite, CanFinishDeployment, CanHold, CanReject, CanReplan, CanResume, CanRework,
    CanStartDevelopment, CanStartTesting, Instant, Interval, Seconds, Standing, Start,
};
use std::{fmt, marker::PhantomData};

/// Identity and state, without the phase in the type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Core {
    pub(crate) head: Head,
    pub(crate) state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Head {
    pub(crate) id: ReleaseId,
    pub(crate) stream: Stream,
    pub(crate) version: Version,
    pub(crate) hash: Digest,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
}

impl Core {
    pub(crate) const fn new(id: ReleaseId, stream: Stream, created_at: Instant) -> Self {
        let head = Head {
            id,
            stream,
            version: Version::NONE,
            hash: Digest::ZERO,
            created_at,
            updated_at: created_at,
        };
        Self {
            head,
            state: State::start(),
        }
    }

    /// The occasion of what `by` asks at `now`.
    pub(crate) fn occasion<'a>(&self, by: &'a By, now: Instant) -> Occasion<'a> {
        Occasion {
            release: self.head.id,
            version: self.head.version,
            actor: &by.actor,
            occurred_at: by.occurred_at.unwrap_or(now),
            recorded_at: now,
        }
    }

    /// The occasion of the next entry of the log.
    pub(crate) const fn occasion_of<'a>(&self, entry: &'a Envelope) -> Occasion<'a> {
        Occasion {
            release: self.head.id,
            version: self.head.version,
            actor: &entry.actor,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
        }
    }
}

/// A release that stands in phase `P`.
///
/// The steps of the lifecycle are methods of the phases that have them, so that a step which a phase does not have
/// does not compile. A step is a [`Proposal`] at first; it becomes real by a gate's clearance and a commit, and then
/// the release comes back in its new phase. One value is one writer's hold on the release: it cannot be cloned, and
/// a step uses it up.
///
/// # Examples
///
/// ```
/// use phasegate::phase::{Plan, Request};
/// use phasegate::{Desk, MemoryStore, Release};
/// use phasegate::release::{Assessment, AssessmentDecision, Name, Person, ReleaseRequest};
///
/// # pollster::block_on(async {
/// let desk = Desk::new(MemoryStore::new());
/// let kim = Person::new("kim")?;
/// let request = ReleaseRequest::builder().title(Name::new("Shop 2.4")?).build();
/// let release: Release<Request> = desk.run(desk.request(request), &kim).await?;
///
/// let assessment = Assessment::builder().decision(AssessmentDecision::Worthwhile).build();
/// let release: Release<Plan> = desk.run(release.authorise(assessment), &kim).await?;
///
/// // Nothing is planned yet: the step is refused, and says what is missing.
/// let refused = desk.run(release.start_development(), &kim).await.unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "start_development refused\n  \
///      lifecycle: nobody is the release manager; record `RoleGiven` for one person\n  \
///      lifecycle: there is no plan; record a `ReleasePlan`, then a `Baseline`",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// A step that the phase does not have:
///
/// ```compile_fail,E0277
/// # use phasegate::{Release, phase::{Request, Interval}};
/// fn too_early(release: Release<Request>, window: Interval) {
///     let _ = release.deploy(window); // a release in `Request` has no such step
/// }
/// ```
#[must_use = "a release that is dropped has to be loaded again"]
pub struct Release<P> {
    core: Box<Core>,
    phase: PhantomData<fn() -> P>,
}

impl<P> Release<P> {
    pub(crate) fn of(core: impl Into<Box<Core>>) -> Self {
        Self {
            core: core.into(),
            phase: PhantomData,
        }
    }

    pub(crate) const fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) const fn core_mut(&mut self) -> &mut Core {
        &mut self.core
    }

    pub(crate) fn into_core(self) -> Core {
        *self.core
    }

    /// The same release in another type; the caller knows that it stands there.
    pub(crate) fn become_phase<Q>(self) -> Release<Q> {
        Release {
            core: self.core,
            phase: PhantomData,
        }
    }

    /// The same release with its phase known only at run time.
    pub fn anywhere(self) -> Release<Anywhere> {
        self.become_phase()
    }

    /// The release's id.
    #[must_use]
    pub const fn id(&self) -> ReleaseId {
        self.core.head.id
    }

    /// Its log.
    #[must_use]
    pub const fn stream(&self) -> &Stream {
        &self.core.head.stream
    }

    /// The position in its log: every event is one more.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.core.head.version
    }

    /// The hash of its latest event; keep it elsewhere to prove later that the log was not cut or replaced.
    #[must_use]
    pub const fn hash(&self) -> Digest {
        self.core.head.hash
    }

    /// Where it stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.core.state.standing
    }

    /// Its track.
    #[must_use]
    pub const fn track(&self) -> Track {
        self.core.state.track
    }

    /// The people who hold a role, in the order of their ids.
    pub fn holders<'a>(&'a self, role: &'a Role) -> impl Iterator<Item = &'a Person> {
        self.core.state.holders(role)
    }

    /// The release as one shows and sends it.
    #[must_use]
    pub fn view(&self) -> ReleaseView {
        self.core.view()
    }

    /// How far the rollout of the plan's waves has come at that instant, and what comes next.
    #[must_use]
    pub fn rollout(&self, now: Instant) -> Rollout
    where
        P: Has<Route<'static>>,
    {
        self.core.state.rollout(now)
    }

    /// Asks to add a record.
    ///
    /// [`Desk::record`](crate::Desk::record) does it in one go.
    pub fn record<R: Record>(self, record: R) -> Proposal<Recording<R>, P>
    where
        P: Takes<R>,
    {
        self.recording(record)
    }

    fn ask<S: Step>(self, step: S) -> Proposal<S, P> {
        Proposal::new(self, Asked::Step(step.into()))
    }
}

/// The ways in.
impl Release<Start> {
    /// Asks for a release to begin. [`Desk::request`](crate::Desk::request) chooses the id.
    pub fn request(
        tenant: Tenant,
        id: ReleaseId,
        request: ReleaseRequest,
    ) -> Proposal<RequestRelease, Start> {
        Self::nothing_yet(tenant, id).ask(RequestRelease { request })
    }

    /// Asks to record a change that was found after the fact; it enters Review, and owes a retrospective approval
    /// and a post-implementation review.
    pub fn find_unauthorised(
        tenant: Tenant,
        id: ReleaseId,
        found: FindUnauthorised,
    ) -> Proposal<FindUnauthorised, Start> {
        Self::nothing_yet(tenant, id).ask(found)
    }

    fn nothing_yet(tenant: Tenant, id: ReleaseId) -> Self {
        let stream = Stream::release(tenant, id);
        Self::of(Core::new(id, stream, Instant::EPOCH))
    }
}

/// The steps.
impl<P> Release<P> {
    /// Asks to authorise the request on this assessment: Request to Plan.
    pub fn authorise(self, assessment: Assessment) -> Proposal<Authorise, P>
    where
        P: CanAuthorise,
    {
        self.ask(Authorise { assessment })
    }

    /// Asks to turn the request down: Request to Closed.
    pub fn reject(self, reason: Text) -> Proposal<Reject, P>
    where
        P: CanReject,
    {
        self.ask(Reject { reason })
    }

    /// Asks to begin building: Plan to Development. Needs a baselined plan and a release manager.
    pub fn start_development(self) -> Proposal<StartDevelopment, P>
    where
        P: CanStartDevelopment,
    {
        self.ask(StartDevelopment {})
    }

    /// Asks to hand what was built over to testing: Development to Testing. Needs documentation in the package.
    pub fn start_testing(self, package: ReleasePackage) -> Proposal<StartTesting, P>
    where
        P: CanStartTesting,
    {
        self.ask(StartTesting { package })
    }

    /// Asks to build again: Testing to Development. The package and what was tested of it no longer count.
    pub fn rework(self, reason: Text) -> Proposal<Rework, P>
    where
        P: CanRework,
    {
        self.ask(Rework { reason })
    }

    /// Asks to plan again: Development, Testing, or Review after a back-out, to Plan. The plan has to be agreed again.
    pub fn replan(self, reason: Text) -> Proposal<Replan, P>
    where
        P: CanReplan,
    {
        self.ask(Replan { reason })
    }

    /// Asks to go live in this window: Testing to Deployment. Needs a test run about the very package.
    pub fn deploy(self, window: Interval) -> Proposal<Deploy, P>
    where
        P: CanDeploy,
    {
        self.ask(Deploy { window })
    }

    /// Asks to go live at once with this package: Plan or Development to Deployment, on the emergency track only.
    ///
    /// Incurs a debt: a retrospective approval by someone who was not involved, and a post-implementation review.
    pub fn expedite(
        self,
        package: ReleasePackage,
        early_life_support: Seconds,
        reason: Text,
    ) -> Proposal<Expedite, P>
    where
        P: CanExpedite,
    {
        self.ask(Expedite {
            package,
            early_life_support,
            reason,
        })
    }

    /// Asks to end the deployment as live: Deployment to Review. Needs an attempt that ended live, and none running.
    pub fn finish_deployment(self) -> Proposal<FinishDeployment, P>
    where
        P: CanFinishDeployment,
    {
        self.ask(FinishDeployment {})
    }

    /// Asks to undo the deployment: Deployment to Review. Always possible; a post-implementation review is owed.
    pub fn back_out(self, reason: Text) -> Proposal<BackOut, P>
    where
        P: CanBackOut,
    {
        self.ask(BackOut { reason })
    }

    /// Asks to end the review with this outcome: Review to Closure. Early life support has to be over or waived, and
    /// nothing owed.
    pub fn complete_review(self, outcome: ReviewOutcome) -> Proposal<CompleteReview, P>
    where
        P: CanCompleteReview,
    {
        self.ask(CompleteReview { outcome })
    }

    /// Asks to end the release: Closure to Closed. No task may be open.
    pub fn close(self, record: ClosureRecord) -> Proposal<Close, P>
    where
        P: CanClose,
    {
        self.ask(Close { record })
    }

    /// Asks to give the release up: Request, Plan, Development or Testing, on hold or not, to Closed.
    pub fn cancel(self, reason: Text) -> Proposal<Cancel, P>
    where
        P: CanCancel,
    {
        self.ask(Cancel { reason })
    }

    /// Asks to put the release on hold where it stands.
    pub fn hold(self, reason: Text) -> Proposal<Hold, P>
    where
        P: CanHold,
    {
        self.ask(Hold { reason })
    }

    /// Asks to go on where the release was put on hold.
    pub fn resume(self) -> Proposal<Resume, P>
    where
        P: CanResume,
    {
        self.ask(Resume {})
    }
}

/// What a phase has for certain.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a phase is reached only with what it has; the walks of the laws' tests read all of it"
)]
impl<P> Release<P> {
    /// The assessment on which it was authorised.
    #[must_use]
    pub fn assessment(&self) -> &Assessment
    where
        P: Has<Assessment>,
    {
        self.core.state.assessment().expect(EARNED)
    }

    /// The plan that is agreed on.
    #[must_use]
    pub fn plan(&self) -> &ReleasePlan
    where
        P: Has<ReleasePlan>,
    {
        self.core.state.agreed_plan().expect(EARNED)
    }

    /// What goes live, or went.
    #[must_use]
    pub fn package(&self) -> &ReleasePackage
    where
        P: Has<ReleasePackage>,
    {
        self.core.state.package.as_deref().expect(EARNED)
    }

    /// The tests of the package.
    #[must_use]
    pub fn test_report(&self) -> &TestReport
    where
        P: Has<TestReport>,
    {
        self.core.state.test_report.as_ref().expect(EARNED)
    }

    /// How it came to be deployed.
    #[must_use]
    pub fn route(&self) -> Route<'_>
    where
        P: Has<Route<'static>>,
    {
        super::earned::route(&self.core.state).expect(EARNED)
    }

    /// How the review judged it.
    #[must_use]
    pub fn outcome(&self) -> ReviewOutcome
    where
        P: Has<ReviewOutcome>,
    {
        self.core.state.outcome.expect(EARNED)
    }
}

const EARNED: &str = "a phase is reached only with what it has";

impl<P> fmt::Debug for Release<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Release({} at version {}, {})",
            self.id(),
            self.version(),
            self.standing()
        )
    }
}

impl<P> PartialEq for Release<P> {
    fn eq(&self, other: &Self) -> bool {
        self.core == other.core
    }
}

impl<P> Eq for Release<P> {}
