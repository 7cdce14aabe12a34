//! One rule of a gate, and what it is told.

use super::AnyGate;
use super::facts::{Facts, KnownCalendar};
use super::overrides::subject;
use crate::phase::{Action, Instant, Interval, PhaseName, Standing, steps};
use crate::release::limits::KEY_CHARS;
use crate::release::{
    Actor, AnyStep, Asking, Availability, CalendarQuestion, ConflictAnswer, ConflictQuestion, Core,
    Earned, Fact, FollowedModel, Has, Key, OtherRelease, Person, ReleaseId, ReleaseRequest, Role,
    State, Subject, Text, Track, Verdict, step,
};
use crate::schedule::{Claim, Scope, Work, WorkKind};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::Arc,
};

/// One rule: judges whether a release may take a step.
///
/// # For implementers
///
/// A policy is plain data (its parameters) and one pure function. It says what it reads, and gets that as an
/// argument; attached where a release cannot have it, it does not compile, or is refused on load. A second way in is
/// a file, by [`NAME`](Self::NAME) with parameters, after [`Policies::with`](super::Policies::with).
///
/// # Contract
///
/// 1. The same input gives the same verdict, on every machine: no clock, no randomness, no I/O.
/// 2. A verdict other than satisfied has at least one reason; a reason's code stays what it is once published.
/// 3. Host facts are asked for by keys that [`facts`](Self::facts) names, and other releases by
///    [`RELATIONS`](Self::RELATIONS); others are answered with nothing.
/// 4. A change of meaning raises [`VERSION`](Self::VERSION).
/// 5. What time lifts is lifted later than now: a `clears_at` that is over already is not believed, and left out.
///
/// Where a fact that it needs could not be had, or a release that it looks at could not be read, a policy is not asked:
/// it is unknown, with the reason `fact-missing` or `release-not-read`. A fact that the host does not know is no such
/// case: the policy is told nothing, and says what that means.
///
/// A policy that panics counts as failed, where the host's build unwinds; so does one that gives no reason, or says
/// itself that it is excepted.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{Ask, Policy};
/// use phasegate::release::{Reason, ReleasePackage, Verdict};
/// use serde::{Deserialize, Serialize};
///
/// /// A package stays small enough to be understood.
/// #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct SmallPackage {
///     most_units: usize,
/// }
///
/// impl Policy for SmallPackage {
///     type Reads = ReleasePackage;
///     const NAME: &'static str = "small-package";
///
///     fn judge(&self, _ask: &Ask<'_>, package: &ReleasePackage) -> Verdict {
///         let units = package.units().len();
///         if units <= self.most_units {
///             return Verdict::SATISFIED;
///         }
///         let message = format!("the package has {units} units, and at most {} are allowed", self.most_units);
///         Verdict::of(vec![Reason::new("package-too-large", message, "split it into two releases")])
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy",
    note = "a policy derives `Debug, PartialEq, Eq, Serialize, Deserialize` and implements `phasegate::gate::Policy`"
)]
pub trait Policy: Serialize + DeserializeOwned + Eq + Debug + Send + Sync + 'static {
    /// What it reads of the release, besides what [`Ask`] has; `()` for nothing.
    type Reads: Earned;

    /// The name by which files, findings and overrides know it: 1 to 200 ASCII letters, digits, `-`, `_` and `.`.
    ///
    /// Another one does not compile where the policy is used:
    ///
    /// ```compile_fail,E0080
    /// # use phasegate::gate::{Ask, Policies, Policy};
    /// # use phasegate::release::Verdict;
    /// # #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    /// # struct NoFridays {}
    /// impl Policy for NoFridays {
    ///     type Reads = ();
    ///     const NAME: &'static str = "no fridays"; // `no-fridays`
    /// #     fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict { Verdict::SATISFIED }
    /// }
    /// let policies = Policies::new().with::<NoFridays>();
    /// ```
    const NAME: &'static str;

    /// The version of its meaning.
    const VERSION: u32 = 1;

    /// The other releases that it looks at. They must not move until what it clears is committed.
    const RELATIONS: &'static [Relation] = &[];

    /// The keys of the host facts that it needs.
    fn facts(&self) -> Vec<Key> {
        Vec::new()
    }

    /// What it asks of calendars.
    fn calendars(&self) -> Vec<CalendarQuestion> {
        Vec::new()
    }

    #[doc(hidden)]
    fn conflicts(&self) -> Option<ConflictQuestion> {
        None
    }

    /// The roles that its parameters name.
    fn roles(&self) -> BTreeSet<Role> {
        BTreeSet::new()
    }

    /// Judges the step that `ask` is about.
    fn judge(&self, ask: &Ask<'_>, read: <Self::Reads as Earned>::Of<'_>) -> Verdict;
}

/// Whether findings can have that name as it is, and people can read it.
pub(super) const fn is_policy_name(name: &str) -> bool {
    let mut left = name.as_bytes();
    if left.is_empty() || left.len() > KEY_CHARS {
        return false;
    }
    while let [byte, further @ ..] = left {
        if !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.') {
            return false;
        }
        left = further;
    }
    true
}

/// How another release is related to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Relation {
    /// The release that this one is part of.
    Parent,
    /// The parts of this one.
    Children,
    /// The releases that this one waits for.
    Dependencies,
}

/// Marks a step before which every release has an `R`, whichever phase it leaves.
#[diagnostic::on_unimplemented(
    message = "before `{Self}`, a release need not have a `{R}`",
    note = "attach the policy to a later step, or let it read less"
)]
pub trait Offers<R: Earned> {}

macro_rules! expand {
    ($($step:ident $name:literal $can:ident $kind:literal $schema:literal $door:ident
        [$($from:ty),*] => $to:ty, $way:literal;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<R: Earned> Offers<R> for step::$step where $($from: Has<R>),* {}

        impl super::OnStep for step::$step {
            const ACTION: Action = Action::$step;
        }
    )* };
}

use crate::phase::{
    Closure, Deployment, Development, OnHold, Plan, Request, Review, Start, Testing,
};
steps!(expand);

/// What every policy is told, whatever the phase: who asks for what when, and what the release always has.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    core: &'a Core,
    step: &'a AnyStep,
    track: Track,
    facts: &'a Facts,
    actor: &'a Actor,
    gates: &'a [&'a AnyGate],
    subject: &'a OnceCell<Subject>,
    needs: &'a [Key],
    relations: &'a [Relation],
    answers: &'a [Availability],
}

impl<'a> Ask<'a> {
    pub(super) const fn new(
        core: &'a Core,
        step: &'a AnyStep,
        track: Track,
        facts: &'a Facts,
        actor: &'a Actor,
        gates: &'a [&'a AnyGate],
        subject: &'a OnceCell<Subject>,
    ) -> Self {
        Self {
            core,
            step,
            track,
            facts,
            actor,
            gates,
            subject,
            needs: &[],
            relations: &[],
            answers: &[],
        }
    }

    /// The same, for a policy that said it needs these facts, looks at these releases, and asked calendars for this.
    pub(super) const fn knowing(
        &self,
        needs: &'a [Key],
        relations: &'a [Relation],
        answers: &'a [Availability],
    ) -> Self {
        Self {
            needs,
            relations,
            answers,
            ..*self
        }
    }

    /// What a calendar answers, or why it could not be read; nothing if nobody has tried to.
    ///
    /// Exceptions to freezes count only where they may be used up.
    pub(super) fn consult(
        &self,
        question: &CalendarQuestion,
        may_except: bool,
    ) -> Option<Result<Availability, &'a Text>> {
        let head = &self.core.head;
        let known = self
            .facts
            .calendar(&head.stream.tenant, &question.calendar)?;
        let state = match known {
            Err(why) => return Some(Err(why)),
            Ok(KnownCalendar::Whole(state)) => state,
            Ok(KnownCalendar::Answers { asked, answers }) => {
                let is_asked = *asked == Asking::Step(self.action());
                let mut fitting = answers.iter().filter(|one| {
                    let asked = (&one.question, one.release, one.span);
                    is_asked && asked == (question, head.id, self.span())
                });
                let excepted = fitting.clone().find(|one| one.has_exceptions);
                let plain = fitting.find(|one| !one.has_exceptions);
                let answer = if may_except {
                    excepted.or(plain)
                } else {
                    plain
                };
                return answer.cloned().map(Ok);
            }
        };
        let mut scope = self
            .request()
            .map_or_else(Scope::everything, |request| Scope::of(request, self.track));
        scope.environments = question.environments.clone();
        scope.regions = question.regions.clone();
        let kind = match (self.action(), self.track) {
            (Action::BackOut, _) => WorkKind::BackOut,
            (_, Track::Emergency) => WorkKind::Emergency,
            (_, Track::Standard | Track::Normal) => WorkKind::New,
        };
        let claim = Claim {
            release: head.id,
            used: self.state().used_exceptions.get(&question.calendar),
            may_be_excepted: may_except,
        };
        let scope = &scope;
        Some(Ok(state.availability(
            question,
            Work { kind, scope },
            self.span(),
            claim,
        )))
    }

    /// When the work would be done: what is left of the window ahead; without one, now.
    pub(super) fn span(&self) -> Interval {
        let ahead = self.window_ahead();
        ahead.unwrap_or_else(|| Interval::moment(self.now()))
    }

    /// What is left of the window in which the work would be done: that of the step, or, of one that only leads up to
    /// the deployment, the planned one. What comes later, and what deploys at once, has none.
    pub(super) fn window_ahead(&self) -> Option<Interval> {
        let planned = || self.window().filter(|_| self.leads_up_to_deployment());
        let window = self.step.window().or_else(planned)?;
        Interval::between(window.start().max(self.now()), window.end())
    }

    fn leads_up_to_deployment(&self) -> bool {
        let from = self.standing().phase;
        let to = self.action().leads(self.standing()).map(|to| to.phase);
        from < PhaseName::Deployment && to != Some(PhaseName::Deployment)
    }

    /// The conflicts of the deployment with what other releases have booked, if somebody has looked for them.
    pub(super) fn conflicts(&self, question: ConflictQuestion) -> Option<&'a ConflictAnswer> {
        let stream = &self.core.head.stream;
        self.facts.conflicts(stream, self.window()?, question)
    }

    /// The releases that are related to this one so.
    pub(super) fn related(&self, relation: Relation) -> Vec<ReleaseId> {
        match relation {
            Relation::Parent => self.parent().into_iter().collect(),
            Relation::Children => self.children().iter().copied().collect(),
            Relation::Dependencies => self.dependencies().keys().copied().collect(),
        }
    }

    /// Another release of the same tenant, or why it could not be read; nothing if nobody has tried to.
    pub(super) fn read(&self, id: ReleaseId) -> Option<Result<&'a OtherRelease, &'a Text>> {
        self.facts.other(&self.core.head.stream.tenant, id)
    }

    /// What built-in policies read besides.
    pub(super) const fn state(&self) -> &'a State {
        &self.core.state
    }

    /// How the release's model stands, if that was read. The judge writes down that it was looked at.
    pub(super) fn model(&self) -> Option<&'a Arc<FollowedModel>> {
        self.facts.model(&self.core.head.stream.tenant)
    }

    /// Why the model's standing could not be read, if somebody has tried to.
    pub(super) const fn unread_model_why(&self) -> Option<&'a Text> {
        self.facts.unread_model()
    }

    /// The model that the release follows, if nobody has read how it stands.
    pub(super) fn unread_model(&self) -> Option<Key> {
        let named = self.request()?.model.as_ref()?;
        self.model().is_none().then(|| named.model.clone())
    }

    /// Whether somebody has tried to read that calendar.
    pub(super) fn is_read(&self, calendar: &Key) -> bool {
        let tenant = &self.core.head.stream.tenant;
        self.facts.calendar(tenant, calendar).is_some()
    }

    /// Why a fact cannot be relied on, if it is known why.
    pub(super) fn why_missing(&self, key: &Key) -> Option<Text> {
        self.facts.why_missing(key)
    }

    /// What an approval has to be about to count for this step.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let subject = || subject(&self.core.state, self.step, self.gates);
        *self.subject.get_or_init(subject)
    }

    /// The instant for which is decided.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.facts.now()
    }

    /// Who asks.
    #[must_use]
    pub const fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The step that is asked for, with what it was asked with.
    #[must_use]
    pub const fn step(&self) -> &'a AnyStep {
        self.step
    }

    /// The step's name.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.step.action()
    }

    /// The release's id.
    #[must_use]
    pub const fn release(&self) -> ReleaseId {
        self.core.head.id
    }

    /// Where the release stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.core.state.standing
    }

    /// The release's track.
    #[must_use]
    pub const fn track(&self) -> Track {
        self.track
    }

    /// What was asked for when the release began.
    #[must_use]
    pub fn request(&self) -> Option<&'a ReleaseRequest> {
        self.step.request().or(self.core.state.request())
    }

    /// Who asked for the release.
    #[must_use]
    pub const fn requested_by(&self) -> Option<&'a Actor> {
        self.core.state.requested_by.as_ref()
    }

    /// Whether a person has a role.
    #[must_use]
    pub fn has_role(&self, person: &Person, role: &Role) -> bool {
        self.core.state.has_role(person, role)
    }

    /// A host's fact that the policy said it needs, if it is known and still holds.
    #[must_use]
    pub fn fact(&self, key: &Key) -> Option<&'a Fact> {
        self.needs
            .contains(key)
            .then(|| self.facts.get(key))
            .flatten()
    }

    /// What a calendar answered to a question that the policy said it asks.
    #[must_use]
    pub fn availability(&self, question: &CalendarQuestion) -> Option<&'a Availability> {
        self.answers.iter().find(|one| one.question == *question)
    }

    /// When a milestone was reached, if somebody recorded that.
    #[must_use]
    pub fn reached(&self, milestone: &Key) -> Option<Instant> {
        self.core.state.milestones.get(milestone).copied()
    }

    /// The deployment window: that of the step, or else that of the deployment, or else the planned one.
    #[must_use]
    pub fn window(&self) -> Option<Interval> {
        let state = self.state();
        let planned = || state.plan.as_ref().and_then(|plan| plan.window);
        self.step.window().or(state.window).or_else(planned)
    }

    /// The release that this one is part of.
    #[must_use]
    pub fn parent(&self) -> Option<ReleaseId> {
        let asked = self.step.request().and_then(|request| request.parent);
        asked.or(self.core.state.parent)
    }

    /// The parts of this release.
    #[must_use]
    pub const fn children(&self) -> &'a BTreeSet<ReleaseId> {
        &self.core.state.children
    }

    /// The releases that this one waits for, and the phase that each has to reach.
    #[must_use]
    pub const fn dependencies(&self) -> &'a BTreeMap<ReleaseId, PhaseName> {
        &self.core.state.dependencies
    }

    /// Another release, as it stood when it was read: one of those that the policy said it looks at.
    #[must_use]
    pub fn other(&self, id: ReleaseId) -> Option<&'a OtherRelease> {
        let is_related = self
            .relations
            .iter()
            .any(|&relation| self.related(relation).contains(&id));
        self.read(id).filter(|_| is_related)?.ok()
    }
}
