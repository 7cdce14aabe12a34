//! From what is given to a release that stands there: every step and record of it by the production code.

use super::own;
use super::scene::{Approved, Recorded, Scene, Told, Way, person, release_id};
use crate::gate::{Facts, GateSet, Rehearsal, ReleaseModel};
use crate::phase::{Anywhere, Instant, Interval, PhaseName, Seconds};
use crate::release::step::{
    Authorise, BackOut, Close, CompleteReview, Deploy, Expedite, FindUnauthorised,
    FinishDeployment, Hold, RequestRelease, StartDevelopment, StartTesting,
};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, Approval, Asked, Assessment, AssessmentDecision,
    AttemptFinished, AttemptOutcome, AttemptStarted, Baseline, Batch, By, ClosureRecord,
    ConflictAnswer, Decision, EarlyLifeSupportWaived, Environment, Fact, FactSource, FollowedModel,
    Key, Ledger, Liveness, ModelReference, ModelStanding, Name, Person, Place,
    PostImplementationReview, Release, ReleasePlan, ReleaseRequest, RetrospectiveApproval,
    ReviewOutcome, Role, RoleGiven, Stream, StreamKind, Tenant, TestKind, TestRun, Text, Track,
    Version,
};
use crate::schedule::CalendarState;

/// A release on its way, and everything that was written of it.
pub(super) struct Walk<'a> {
    scene: &'a Scene,
    /// The rules under test, which are not asked on the way.
    gates: &'a GateSet,
    rehearsal: Rehearsal<'a>,
    pub(super) batches: Vec<Batch>,
    /// When everything happens that is not said to have happened at another time.
    began: Instant,
    calendars: Vec<CalendarState>,
}

/// What stands against what is given, and where.
pub(super) type Wrong = (String, String);

const REASON: &str = "given";

impl<'a> Walk<'a> {
    /// Walks to where the scene says. `open` are the gates under test without what they ask for.
    pub(super) fn of(
        scene: &'a Scene,
        gates: &'a GateSet,
        open: &'a GateSet,
    ) -> Result<Self, Wrong> {
        if let Some(mistake) = scene.mistakes.first() {
            return Err((String::new(), mistake.clone()));
        }
        let (tenant, began) = (Tenant::default(), scene.began());
        let request = request(scene, gates)?;
        let nothing = Release::request(tenant, release_id(), request.clone()).withdraw();
        let mut walk = Self {
            scene,
            gates,
            rehearsal: open.rehearse(&nothing),
            batches: Vec::new(),
            began,
            calendars: calendars(scene, began)?,
        };
        let way = way(scene)?;
        for (place, &phase) in way.iter().enumerate() {
            walk.enter(phase, request.clone())?;
            if place == 0 {
                walk.people()?;
            }
            walk.kept(phase, &way)?;
        }
        if scene.on_hold {
            walk.step("ada", Hold::new(text(REASON)))?;
        }
        Ok(walk)
    }

    /// The release as it stands.
    pub(super) fn release(&self) -> Release<Anywhere> {
        self.rehearsal.release()
    }

    /// The instant at which the case begins.
    pub(super) const fn now(&self) -> Instant {
        self.scene.at
    }

    /// The step by which the walk comes into a phase.
    fn enter(&mut self, phase: PhaseName, request: ReleaseRequest) -> Result<(), Wrong> {
        let Scene {
            route, backed_out, ..
        } = self.scene;
        let package = self.scene.the_package();
        let support = self.plan().early_life_support;
        match phase {
            PhaseName::Start => Ok(()),
            PhaseName::Request => {
                let by = self.scene.requested_by.clone();
                let by = by.unwrap_or_else(|| person("kim"));
                self.step_by(&by, RequestRelease::new(request))
            }
            PhaseName::Plan => {
                let worthwhile = Assessment::new(AssessmentDecision::Worthwhile);
                self.step("cho", Authorise::new(worthwhile))
            }
            PhaseName::Development => self.step("ada", StartDevelopment::new()),
            PhaseName::Testing => self.step("bob", StartTesting::new(package)),
            PhaseName::Deployment if *route == Way::Expedited => {
                self.step("dep", Expedite::new(package, support, text(REASON)))
            }
            PhaseName::Deployment => {
                let end = self.scene.at.plus(Seconds::days(7));
                let window = Interval::new(self.began, end);
                let window = window.map_err(|wrong| (String::new(), wrong.to_string()))?;
                self.step("dep", Deploy::new(window))
            }
            PhaseName::Review if *route == Way::Unauthorised => {
                let by = self.scene.requested_by.clone();
                let by = by.unwrap_or_else(|| person("fay"));
                let found = FindUnauthorised::new(request, package, self.began, support);
                self.step_by(&by, found)
            }
            PhaseName::Review if *backed_out => self.step("dep", BackOut::new(text(REASON))),
            PhaseName::Review => self.step("dep", FinishDeployment::new()),
            PhaseName::Closure => {
                let outcome = if *backed_out {
                    ReviewOutcome::BackedOut
                } else {
                    ReviewOutcome::Successful
                };
                self.step("ada", CompleteReview::new(outcome))
            }
            PhaseName::Closed => self.step("ada", Close::new(ClosureRecord::new())),
        }
    }

    /// Who has which role. Somebody manages the release.
    fn people(&mut self) -> Result<(), Wrong> {
        let scene = self.scene;
        let mut roles = scene.people.values().flatten();
        let manager = Role::ReleaseManager;
        if !roles.any(|role| *role == manager) {
            self.record("ada", RoleGiven::new(own_person("ada"), manager))?;
        }
        for (person, roles) in &scene.people {
            for role in roles {
                self.record("ada", RoleGiven::new(person.clone(), role.clone()))?;
            }
        }
        Ok(())
    }

    /// What is recorded in a phase: what has to be for the way to go on, and what is given.
    fn kept(&mut self, phase: PhaseName, way: &[PhaseName]) -> Result<(), Wrong> {
        let scene = self.scene;
        let goes_on = way.last() != Some(&phase);
        if phase == PhaseName::Plan {
            self.record("ada", self.plan())?;
            self.record("ada", Baseline::new())?;
        } else if phase == PhaseName::Request && !goes_on {
            // A plan that nobody has agreed on yet.
            if let Some(plan) = scene.plan.clone() {
                self.record("ada", plan)?;
            }
        }
        self.tests(phase, way)?;
        for (place, recorded) in scene.records.iter().enumerate() {
            if self.home(place, recorded, way)? == phase {
                let Recorded { by, record, ago } = recorded;
                let at = scene.at.minus(*ago);
                let added = self.record_at(at, by, record.clone());
                added.map_err(|(_, what)| (format!("records[{place}]"), what))?;
            }
        }
        if goes_on {
            self.settle(phase)?;
        }
        Ok(())
    }

    /// The last phase on the way that takes a record. A standard change is authorised by its risk, which is known as it
    /// is asked for.
    fn home(
        &self,
        place: usize,
        recorded: &Recorded,
        way: &[PhaseName],
    ) -> Result<PhaseName, Wrong> {
        let kind = recorded.record.kind();
        let takes = |phase: &&PhaseName| kind.phases().any(|one| one == *phase);
        let is_standard = self.scene.the_track() == Track::Standard;
        if is_standard && matches!(recorded.record, AnyRecord::RiskAssessment(_)) {
            return Ok(PhaseName::Request);
        }
        way.iter().rev().find(takes).copied().ok_or_else(|| {
            let phases: Vec<_> = kind.phases().map(ToString::to_string).collect();
            let what = format!(
                "the record `{kind}` is taken in {}, and the release is in {}",
                phases.join(", "),
                self.scene.phase
            );
            (format!("records[{place}]"), what)
        })
    }

    /// What was tested; where the way goes on to Deployment, something was.
    fn tests(&mut self, phase: PhaseName, way: &[PhaseName]) -> Result<(), Wrong> {
        let scene = self.scene;
        let tested_in = if way.contains(&PhaseName::Testing) {
            PhaseName::Testing
        } else {
            scene.phase
        };
        if phase != tested_in {
            return Ok(());
        }
        let package = scene.the_package().digest();
        for (place, test) in scene.tests.iter().enumerate() {
            let at = scene.at.minus(test.ago);
            let added = self.record_at(at, &person("tom"), test.run(place, package).into());
            added.map_err(|(_, what)| (format!("tests[{place}]"), what))?;
        }
        let goes_on = way.contains(&PhaseName::Deployment);
        if scene.tests.is_empty() && phase == PhaseName::Testing && goes_on {
            let (kind, place) = (TestKind::Functional, own(Environment::new("staging")));
            let run = TestRun::new(own(Key::new("run")), kind, place, package, 1_u32, 0_u32);
            self.record("tom", run)?;
        }
        Ok(())
    }

    /// What has to be recorded for the release to leave a phase.
    fn settle(&mut self, phase: PhaseName) -> Result<(), Wrong> {
        match phase {
            PhaseName::Deployment if !self.scene.backed_out => {
                let (attempt, live) = (own(Key::new("going-live")), Liveness::Live);
                let place = own(Environment::new("production"));
                self.record("dep", AttemptStarted::new(attempt.clone(), place, live))?;
                self.record("dep", AttemptFinished::new(attempt, AttemptOutcome::Live))
            }
            PhaseName::Review => {
                if self.scene.route != Way::Gated {
                    let role = Role::EmergencyChangeAuthority;
                    let given = RoleGiven::new(own_person("eve"), role.clone());
                    self.record("ada", given)?;
                    self.record("eve", RetrospectiveApproval::new(role, text(REASON)))?;
                }
                self.record("ada", PostImplementationReview::new(text(REASON)))?;
                self.record("ada", EarlyLifeSupportWaived::new(text(REASON)))
            }
            PhaseName::Start
            | PhaseName::Request
            | PhaseName::Plan
            | PhaseName::Development
            | PhaseName::Testing
            | PhaseName::Deployment
            | PhaseName::Closure
            | PhaseName::Closed => Ok(()),
        }
    }

    fn plan(&self) -> ReleasePlan {
        let scene = self.scene;
        let named = scene.model.as_ref();
        let model = named.and_then(|named| newest(self.gates, named));
        let plan = scene.plan.clone();
        plan.or(model.map(ReleaseModel::plan))
            .unwrap_or_else(|| ReleasePlan::new(Seconds::days(1)))
    }

    /// Answers for the step that a case asks for.
    pub(super) fn answers(&mut self, step: Option<&AnyStep>) -> Result<(), Wrong> {
        for (place, approved) in self.scene.approvals.iter().enumerate() {
            let wrong = |what: String| (format!("approvals[{place}]"), what);
            let step = step.ok_or_else(|| wrong("the case asks for no step".to_owned()))?;
            let at = self.scene.at.minus(approved.ago);
            let by = Actor::Person(approved.by.clone());
            let approval = answer(self.gates, &self.release(), step, approved);
            let added = self.record_at(at, &by, approval.into());
            added.map_err(|(_, what)| wrong(what))?;
        }
        Ok(())
    }

    fn step(&mut self, by: &str, step: impl Into<AnyStep>) -> Result<(), Wrong> {
        self.step_by(&person(by), step)
    }

    fn step_by(&mut self, by: &Actor, step: impl Into<AnyStep>) -> Result<(), Wrong> {
        self.ask(self.began, by, Asked::Step(step.into()))
    }

    fn record(&mut self, by: &str, record: impl Into<AnyRecord>) -> Result<(), Wrong> {
        self.record_at(self.began, &person(by), record.into())
    }

    fn record_at(&mut self, at: Instant, by: &Actor, record: AnyRecord) -> Result<(), Wrong> {
        self.ask(at, by, Asked::Record(record))
    }

    fn ask(&mut self, at: Instant, by: &Actor, asked: Asked) -> Result<(), Wrong> {
        let by = By::new(by.clone());
        let release = self.release();
        let mut facts = self.facts(self.gates, &release, &asked, &by, at);
        // How its model stands is how it stands when the case begins: the way there was open.
        if let Some(model) = followed(self.scene, self.gates, ModelStanding::Good) {
            facts = facts.with_model(model);
        }
        match self.rehearsal.ask(asked, &facts, &by) {
            Ok(mut batch) => {
                // What other logs say is given, and stands in no store.
                batch.guards.clear();
                self.batches.push(batch);
                Ok(())
            }
            Err(decision) => Err((String::new(), refused(&decision))),
        }
    }

    /// What is known at that instant.
    pub(super) fn facts<P>(
        &self,
        gates: &GateSet,
        release: &Release<P>,
        asked: &Asked,
        by: &By,
        now: Instant,
    ) -> Facts {
        let scene = self.scene;
        let mut facts = Facts::at(now);
        for (key, told) in &scene.facts {
            facts = match told {
                Told::Value(value) => facts.with(key.clone(), Fact::new(value.clone(), now)),
                Told::Missing(why) => facts.without(key.clone(), why.clone()),
            };
        }
        for calendar in &self.calendars {
            facts = facts.with_calendar(calendar.clone());
        }
        for other in &scene.others {
            facts = facts.with_other(other.clone());
        }
        let standing = scene.model_standing.unwrap_or(ModelStanding::Good);
        if let Some(model) = followed(scene, gates, standing) {
            facts = facts.with_model(model);
        }
        let needs = gates.needs(release.core(), asked, &facts, by);
        for name in needs.calendars {
            let why = format!("there is no calendar `{name}` of tenant `default`");
            facts = facts.without_calendar(name, text(&why));
        }
        let Some(window) = needs.booking.map(|booking| booking.window) else {
            return facts;
        };
        for question in needs.conflicts {
            let stream = release.stream().clone();
            let mut answer = ConflictAnswer::new(question, stream, window, now);
            answer.conflicts.clone_from(&scene.conflicts);
            facts = facts.with_conflicts(answer);
        }
        facts
    }
}

/// The answer of somebody for a step, as it would be asked for.
pub(super) fn answer<P>(
    gates: &GateSet,
    release: &Release<P>,
    step: &AnyStep,
    approved: &Approved,
) -> Approval {
    let Approved {
        role,
        answer,
        on_behalf_of,
        ..
    } = approved;
    let subject = gates.subject(release, step.clone());
    let mut approval = Approval::new(step.action(), subject, role.clone(), *answer);
    approval.on_behalf_of.clone_from(on_behalf_of);
    if *answer == Answer::Rejected {
        approval.comment = text(REASON);
    }
    approval
}

/// A decision on one line.
pub(super) fn refused(decision: &Decision) -> String {
    let blockers: Vec<_> = decision.blockers().map(|one| one.to_string()).collect();
    format!("{} is refused: {}", decision.asked, blockers.join("; "))
}

/// The phases that the release goes through.
pub(super) fn way(scene: &Scene) -> Result<Vec<PhaseName>, Wrong> {
    const GATED: &[PhaseName] = &[
        PhaseName::Request,
        PhaseName::Plan,
        PhaseName::Development,
        PhaseName::Testing,
        PhaseName::Deployment,
        PhaseName::Review,
        PhaseName::Closure,
        PhaseName::Closed,
    ];
    let left_out: &[PhaseName] = match scene.route {
        Way::Gated => &[],
        Way::Expedited => &[PhaseName::Development, PhaseName::Testing],
        Way::Unauthorised => &[
            PhaseName::Request,
            PhaseName::Plan,
            PhaseName::Development,
            PhaseName::Testing,
            PhaseName::Deployment,
        ],
    };
    let wrong = |what: String| Err(("phase".to_owned(), what));
    let phase = scene.phase;
    if phase == PhaseName::Start {
        return Ok(Vec::new());
    }
    let is_early = scene.route == Way::Expedited && phase < PhaseName::Deployment;
    if left_out.contains(&phase) || is_early {
        return wrong(format!("a release that came by this way is not in {phase}"));
    }
    if scene.backed_out && (phase < PhaseName::Review || scene.route == Way::Unauthorised) {
        return wrong(format!(
            "what was backed out is in Review, Closure or Closed, and not in {phase}"
        ));
    }
    let way = GATED.iter().filter(|one| **one <= phase);
    Ok(way.filter(|one| !left_out.contains(one)).copied().collect())
}

/// What is asked for: what is given, on the track that is given, by the model that is followed.
fn request(scene: &Scene, gates: &GateSet) -> Result<ReleaseRequest, Wrong> {
    let title = || own(Name::new("A release"));
    let model = match &scene.model {
        Some(named) => Some(newest(gates, named).ok_or_else(|| {
            let what = format!("the rules have no release model `{named}`");
            ("model".to_owned(), what)
        })?),
        None => None,
    };
    let mut request = match (&scene.request, model) {
        (Some(request), _) => request.clone(),
        (None, Some(model)) => model.request(title()),
        (None, None) => ReleaseRequest::new(title()),
    };
    if let Some(model) = model {
        let default = model.request(title());
        request.model = Some(model.reference());
        if request.objectives.is_empty() {
            request.objectives = default.objectives;
        }
        if scene.request.is_none() && scene.route == Way::Gated {
            request.track = default.track;
        }
    }
    let is_said = scene.track.is_some() || scene.route == Way::Expedited;
    if is_said {
        request.track = scene.the_track();
    }
    Ok(request)
}

/// The newest version of a model.
fn newest<'a>(gates: &'a GateSet, named: &Key) -> Option<&'a ReleaseModel> {
    let models = gates.models().filter(|model| model.name() == named);
    models.max_by_key(|model| model.version())
}

/// How the model stands that the release follows. What was authorised is taken to be what the rules say.
fn followed(scene: &Scene, gates: &GateSet, standing: ModelStanding) -> Option<FollowedModel> {
    let named = scene.request.as_ref().and_then(|it| it.model.clone());
    let newest = scene.model.as_ref().and_then(|name| newest(gates, name));
    let ModelReference { model, version } = newest.map(ReleaseModel::reference).or(named)?;
    let stream = Stream::new(Tenant::default(), StreamKind::Model, model);
    let source = FactSource::new(stream, Version::new(1));
    let mut followed = FollowedModel::new(source, standing);
    followed.authorised = Some(version);
    Some(followed)
}

/// The calendars as logs of their own would have them.
fn calendars(scene: &Scene, at: Instant) -> Result<Vec<CalendarState>, Wrong> {
    let by = By::new(person("cal"));
    let declared = scene.calendars.iter().enumerate().map(|(place, calendar)| {
        let name = calendar.name().clone();
        let stream = Stream::new(Tenant::default(), StreamKind::Calendar, name);
        let mut state = CalendarState::start(Place::before(stream));
        for event in state.towards(calendar, &text(REASON)) {
            let written = state.write(vec![event], &by, at).map_err(|reasons| {
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                (format!("calendars[{place}]"), reasons.join("; "))
            });
            state = written?.1;
        }
        Ok(state)
    });
    declared.collect()
}

fn own_person(id: &str) -> Person {
    own(Person::new(id))
}

fn text(words: &str) -> Text {
    Text::clipped(words)
}
