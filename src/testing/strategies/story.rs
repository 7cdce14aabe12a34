//! What happens to a release, one thing after the other.

use super::{Something, among, answer, holders, something};
use crate::phase::{Action, Instant, Interval, Phase, PhaseName, Seconds, Standing, Start};
use crate::release::step::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FindUnauthorised,
    FinishDeployment, Hold, Reject, Replan, RequestRelease, Resume, Rework, StartDevelopment,
    StartTesting,
};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, Assessment, AssessmentDecision, AttemptFinished,
    AttemptOutcome, AttemptStarted, Baseline, ClosureRecord, EarlyLifeSupportWaived, Environment,
    Key, Liveness, Name, Note, Person, PostImplementationReview, ReleasePlan, ReleaseRequest,
    RetrospectiveApproval, ReviewOutcome, Role, RoleGiven, TestKind, TestRun, Text, Track,
};
use crate::testing::case::{Case, Does};
use crate::testing::own;
use crate::testing::scene::{Approved, Scene, Way, person};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
/// What happens next in a story.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// What a release needs to go on, approvals by these, and the step that leaves the phase.
    Onward(Vec<Index>),
    Answered(Answer),
    Recorded(Something),
    /// Another step that leaves where it stands.
    Left(Index),
    /// Any step, whether there is one or not.
    Asked(Action),
    Waited(Seconds),
}

pub(super) fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        5 => vec(any::<Index>(), 0..=3).prop_map(Happening::Onward),
        2 => answer().prop_map(|(_, answer, ..)| Happening::Answered(answer)),
        1 => something().prop_map(Happening::Recorded),
        1 => any::<Index>().prop_map(Happening::Left),
        1 => select(Action::ALL).prop_map(Happening::Asked),
        1 => (1..=48_u32).prop_map(|hours| Happening::Waited(Seconds::hours(hours))),
    ]
}

/// A story, and where the release stands if everything was cleared so far.
pub(super) struct Story {
    scene: Scene,
    turns: Vec<Does>,
    stands: Standing,
    is_backed_out: bool,
    is_owing: bool,
    now: Instant,
}

impl Story {
    pub(super) fn from(scene: Scene) -> Self {
        let standings = Standing::ALL.iter().copied();
        let mut here =
            standings.filter(|one| (one.phase, one.on_hold) == (scene.phase, scene.on_hold));
        Self {
            stands: here.next().unwrap_or(Start::STANDING),
            is_backed_out: scene.backed_out,
            is_owing: scene.route != Way::Gated,
            now: scene.at,
            turns: Vec::new(),
            scene,
        }
    }

    pub(super) fn goes_on(&mut self, happening: &Happening, who: Index) {
        match happening {
            Happening::Onward(approved) => self.goes_onward(approved),
            Happening::Answered(answer) => self.answers(*answer, who),
            Happening::Recorded(something) => {
                let by = among(who, &self.scene);
                let place = self.scene.records.len() + self.turns.len();
                let record = something.clone().made(place, &by, self.now);
                self.turns.push(Does::Record(by, record));
            }
            Happening::Left(which) => {
                let all = Action::ALL.iter();
                let steps: Vec<_> = all.filter(|one| one.leads(self.stands).is_some()).collect();
                if !steps.is_empty() {
                    self.asks(**which.get(&steps), among(who, &self.scene));
                }
            }
            Happening::Asked(action) => self.asks(*action, among(who, &self.scene)),
            Happening::Waited(time) => {
                self.now = self.now.plus(*time);
                self.turns.push(Does::Wait(*time));
            }
        }
    }

    fn answers(&mut self, answer: Answer, who: Index) {
        let can = holders(&self.scene);
        if !can.is_empty() {
            let (by, role) = who.get(&can).clone();
            self.turns
                .push(Does::Answer(Approved::new(by, role, answer)));
        }
    }

    fn goes_onward(&mut self, approved: &[Index]) {
        let why = || Text::clipped("so it goes on");
        let ada = "ada";
        let (action, by) = match self.stands.phase {
            _ if self.stands.on_hold => (Action::Resume, ada),
            PhaseName::Start => (Action::RequestRelease, "kim"),
            PhaseName::Request => {
                if self.scene.phase == PhaseName::Start {
                    let manager = RoleGiven::new(own(Person::new(ada)), Role::ReleaseManager);
                    self.records(ada, manager);
                }
                (Action::Authorise, "cho")
            }
            PhaseName::Plan => {
                let plan = self.scene.plan.clone();
                let plan = plan.unwrap_or_else(|| ReleasePlan::new(Seconds::days(1)));
                self.records(ada, plan);
                self.records(ada, Baseline::new());
                (Action::StartDevelopment, ada)
            }
            PhaseName::Development if self.scene.track == Some(Track::Emergency) => {
                (Action::Expedite, "dep")
            }
            PhaseName::Development => (Action::StartTesting, "bob"),
            PhaseName::Testing => {
                let place = own(Environment::new("staging"));
                let package = self.scene.the_package().digest();
                let id = self.id("run");
                self.records(
                    "tom",
                    TestRun::new(id, TestKind::Functional, place, package, 20_u32, 0_u32),
                );
                (Action::Deploy, "dep")
            }
            PhaseName::Deployment => {
                let (id, place) = (self.id("attempt"), own(Environment::new("production")));
                self.records(
                    "dep",
                    AttemptStarted::new(id.clone(), place, Liveness::Live),
                );
                self.records("dep", AttemptFinished::new(id, AttemptOutcome::Live));
                (Action::FinishDeployment, "dep")
            }
            PhaseName::Review => {
                if self.is_owing {
                    let role = Role::EmergencyChangeAuthority;
                    self.records(ada, RoleGiven::new(own(Person::new("eve")), role.clone()));
                    self.records("eve", RetrospectiveApproval::new(role, why()));
                }
                self.records(ada, PostImplementationReview::new(why()));
                self.records(ada, EarlyLifeSupportWaived::new(why()));
                (Action::CompleteReview, ada)
            }
            PhaseName::Closure => (Action::Close, ada),
            PhaseName::Closed => return self.records(ada, Note::new(why())),
        };
        for who in approved {
            self.answers(Answer::Approved, *who);
        }
        self.asks(action, person(by));
    }

    fn id(&self, what: &str) -> Key {
        own(Key::new(format!("{what}-of-turn-{}", self.turns.len() + 1)))
    }

    fn records(&mut self, by: &str, record: impl Into<AnyRecord>) {
        self.turns.push(Does::Record(person(by), record.into()));
    }

    fn asks(&mut self, action: Action, by: Actor) {
        self.turns.push(Does::Step(by, self.step(action)));
        if let Some(next) = action.leads(self.stands) {
            self.stands = next;
            self.is_backed_out |= action == Action::BackOut;
            self.is_owing |= matches!(action, Action::Expedite | Action::FindUnauthorised);
        }
    }

    fn step(&self, action: Action) -> AnyStep {
        let why = || Text::clipped("so it is decided");
        let (package, support) = (self.scene.the_package(), Seconds::days(1));
        let request = || {
            let title = || ReleaseRequest::new(own(Name::new("A release")));
            self.scene.request.clone().unwrap_or_else(title)
        };
        match action {
            Action::RequestRelease => RequestRelease::new(request()).into(),
            Action::FindUnauthorised => {
                FindUnauthorised::new(request(), package, self.now, support).into()
            }
            Action::Authorise => {
                Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)).into()
            }
            Action::Reject => Reject::new(why()).into(),
            Action::StartDevelopment => StartDevelopment::new().into(),
            Action::StartTesting => StartTesting::new(package).into(),
            Action::Rework => Rework::new(why()).into(),
            Action::Replan => Replan::new(why()).into(),
            Action::Deploy => {
                let until = self.now.plus(Seconds::hours(4));
                Deploy::new(own(Interval::new(self.now, until))).into()
            }
            Action::Expedite => Expedite::new(package, support, why()).into(),
            Action::FinishDeployment => FinishDeployment::new().into(),
            Action::BackOut => BackOut::new(why()).into(),
            Action::CompleteReview if self.is_backed_out => {
                CompleteReview::new(ReviewOutcome::BackedOut).into()
            }
            Action::CompleteReview => CompleteReview::new(ReviewOutcome::Successful).into(),
            Action::Close => Close::new(ClosureRecord::new()).into(),
            Action::Cancel => Cancel::new(why()).into(),
            Action::Hold => Hold::new(why()).into(),
            Action::Resume => Resume::new().into(),
        }
    }

    /// The story, of so many turns at most. Nobody answers for a step that does not come.
    pub(super) fn told(mut self, max_turns: usize) -> Case {
        self.turns.truncate(max_turns);
        let last = self
            .turns
            .iter()
            .rposition(|does| matches!(does, Does::Step(..)));
        let asked = last.map_or(0, |last| last + 1);
        let mut place = 0;
        self.turns.retain(|does| {
            place += 1;
            place <= asked || !matches!(does, Does::Answer(_))
        });
        let story = Case::named("drawn").given(self.scene);
        self.turns.into_iter().fold(story, Case::turn)
    }
}
