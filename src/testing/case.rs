//! Cases that read as sentences: given a scene, when somebody asks for a step, then exactly this is answered.

use super::checked::given;
use super::checked::{Checked, CheckedCase, Failure};
use super::expected::{Answer, Expected, recorded};
use super::fixture::Fixture;
use super::scene::{Approved, Scene};
use super::walk::{Walk, answer};
use crate::gate::{Facts, GateSet, Mistake, Mistakes, Rehearsal, ReleaseModel};
use crate::phase::{Anywhere, Instant, Seconds};
use crate::release::{
    self, Actor, AnyRecord, AnyStep, Asked, Batch, By, Decision, Key, Person, Release, Role,
};
use crate::report::Outline;
use crate::verify::Question;
use std::collections::BTreeSet;
use std::fmt;

/// Given a scene, when somebody asks for a step, then exactly this is answered. With several turns it is a story.
///
/// See [the room](super) for a first case. In a story the steps that are cleared are taken, and what comes next is
/// asked of the release as it stands then.
///
/// # Examples
///
/// ```
/// # use phasegate::phase::{Interval, PhaseName, Seconds};
/// # use phasegate::release::{Role, step::Deploy};
/// # use phasegate::testing::{Case, Scene, cleared_by, recorded, refused};
/// # let window = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
/// let story = Case::named("an approval does not last")
///     .given(Scene::in_phase(PhaseName::Testing).person("ann", [Role::ChangeAuthority]))
///     .approves("ann", Role::ChangeAuthority)
///     .waits(Seconds::days(3))
///     .when("dep", Deploy::new(window))
///     .then(refused(["go/approvals: approval-too-old", "go/approvals: approvals-missing"]));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a case is checked by `Cases::check`"]
pub struct Case {
    pub(crate) name: String,
    pub(crate) scene: Option<Scene>,
    pub(super) turns: Vec<Turn>,
    /// What is wrong with it, whatever the rules are.
    mistakes: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) does: Does,
    pub(super) then: Option<Expected>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Does {
    Step(Actor, AnyStep),
    Record(Actor, AnyRecord),
    Answer(Approved),
    Wait(Seconds),
}

impl Case {
    /// A case of which nothing is said yet but its name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            scene: None,
            turns: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Begins with this scene.
    pub fn given(mut self, scene: Scene) -> Self {
        self.scene = Some(scene);
        self
    }

    /// This person asks for a step. What is expected of that has to follow.
    pub fn when(self, by: impl AsRef<str>, step: impl Into<AnyStep>) -> Self {
        let step = step.into();
        self.turn_by(by, |by| Does::Step(Actor::Person(by), step))
    }

    /// This person adds a record, which is taken unless something else is expected.
    pub fn records(self, by: impl AsRef<str>, record: impl Into<AnyRecord>) -> Self {
        let record = record.into();
        self.turn_by(by, |by| Does::Record(Actor::Person(by), record))
    }

    /// This person approves the next step of the story, as it would be asked for now.
    pub fn approves(self, by: impl AsRef<str>, role: Role) -> Self {
        self.turn_by(by, |by| {
            Does::Answer(Approved::new(by, role, release::Answer::Approved))
        })
    }

    /// This person says no to it.
    pub fn rejects(self, by: impl AsRef<str>, role: Role) -> Self {
        self.turn_by(by, |by| {
            Does::Answer(Approved::new(by, role, release::Answer::Rejected))
        })
    }

    /// So much time passes.
    pub fn waits(self, time: Seconds) -> Self {
        self.turn(Does::Wait(time))
    }

    /// What has to be answered to what was asked last.
    pub fn then(mut self, expected: Expected) -> Self {
        match self.turns.last_mut() {
            Some(turn) if turn.then.is_none() && !matches!(turn.does, Does::Wait(_)) => {
                turn.then = Some(expected);
            }
            _ => {
                let what = "`then` follows nothing that is answered";
                self.mistakes.push(Failure::mistake(what));
            }
        }
        self
    }

    pub(super) fn turn(mut self, does: Does) -> Self {
        self.turns.push(Turn { does, then: None });
        self
    }

    fn turn_by(mut self, by: impl AsRef<str>, does: impl FnOnce(Person) -> Does) -> Self {
        match Person::new(by) {
            Ok(by) => self.turn(does(by)),
            Err(wrong) => {
                self.mistakes.push(Failure::mistake(wrong));
                self
            }
        }
    }

    /// The step of this turn, or the next one of the story.
    pub(super) fn step_from(&self, turn: usize) -> Option<&AnyStep> {
        self.turns
            .iter()
            .skip(turn)
            .find_map(|turn| match &turn.does {
                Does::Step(_, step) => Some(step),
                Does::Record(..) | Does::Answer(_) | Does::Wait(_) => None,
            })
    }

    /// Everything that is wrong before anything is asked.
    fn mistaken(&self, gates: &GateSet) -> Vec<Failure> {
        let mut failures = self.mistakes.clone();
        if self.scene.is_none() {
            failures.push(Failure::mistake("nothing is given"));
        }
        let mut is_answered = false;
        for (place, turn) in self.turns.iter().enumerate() {
            let what = match (&turn.does, turn.then.as_ref().map(|then| then.answer)) {
                (Does::Step(..), None) => Some("nothing is expected of the step"),
                (Does::Step(..), Some(Answer::Recorded | Answer::NotRecorded)) => {
                    Some("a step is cleared or refused, and it is expected to be recorded or not")
                }
                (Does::Record(..) | Does::Answer(_), Some(Answer::Cleared | Answer::Refused)) => {
                    Some("a record is recorded or not, and it is expected to be cleared or refused")
                }
                (Does::Step(..) | Does::Record(..) | Does::Answer(_) | Does::Wait(_), _) => None,
            };
            is_answered |= turn.then.is_some();
            failures.extend(what.map(|what| Failure::mistake(what).in_turn(place)));
            let named = turn.then.iter().flat_map(|then| then.mistakes(gates));
            failures.extend(named.map(|what| Failure::mistake(what).in_turn(place)));
        }
        if !is_answered && failures.is_empty() {
            failures.push(Failure::mistake("nothing is expected"));
        }
        failures
    }

    /// What is given, where releases follow this model that are not said to follow another one.
    pub(super) fn scene_by(&self, model: Option<&Key>) -> Option<Scene> {
        let mut scene = self.scene.clone()?;
        let asked = scene.request.as_ref();
        let follows = asked.is_some_and(|request| request.model.is_some());
        if scene.model.is_none() && !follows {
            scene.model = model.cloned();
        }
        Some(scene)
    }

    /// Plays it under these rules.
    pub(super) fn check(
        &self,
        gates: &GateSet,
        open: &GateSet,
        model: Option<&Key>,
    ) -> CheckedCase {
        let mut checked = CheckedCase::of(self.name.clone());
        checked.failures = self.mistaken(gates);
        let scene = self.scene_by(model);
        let Some(scene) = scene.filter(|_| checked.failures.is_empty()) else {
            return checked;
        };
        let walked = Walk::of(&scene, gates, open).and_then(|mut walk| {
            walk.answers(self.step_from(0))?;
            Ok(walk)
        });
        match walked {
            Ok(walk) => self.follow(&walk, gates, &mut checked),
            Err((path, what)) => checked.failures.push(Failure::given(&path, &what)),
        }
        checked
    }

    /// Turn after turn, until one is not answered as expected.
    fn follow(&self, walk: &Walk<'_>, gates: &GateSet, checked: &mut CheckedCase) {
        let mut told = Told::of(self, walk, gates);
        for (place, turn) in self.turns.iter().enumerate() {
            let against = match told.take(place, turn) {
                Ok(Answered::Waited) => continue,
                Ok(Answered::Step(asked, refused)) => {
                    let (question, decision) = *asked;
                    let then = turn.then.clone().map(|then| then.among(gates));
                    let mut against = then.as_ref().and_then(|then| then.against(&decision));
                    if against.is_none() && decision.is_cleared() {
                        // What was just cleared is refused by nothing but a rule that answers as it likes.
                        against = refused.map(|decision| decision.outline());
                    }
                    let then = turn.then.clone();
                    checked
                        .asked
                        .extend(then.map(|then| (place, question, then)));
                    against
                }
                Ok(Answered::Record(refused)) => {
                    let then = turn.then.clone().unwrap_or_else(recorded);
                    then.against_record(refused.as_deref())
                }
                Err(what) => {
                    checked.failures.push(Failure::mistake(what).in_turn(place));
                    return;
                }
            };
            if let Some(difference) = against {
                checked
                    .failures
                    .push(Failure::of(difference).in_turn(place));
                let left = self.turns.len() - place - 1;
                if left > 0 {
                    let what = format!("{left} more of the story is not asked");
                    checked.failures.push(Failure::of(Outline::new().own(what)));
                }
                return;
            }
        }
    }

    /// Plays it under these rules to its end, whatever is answered: what is cleared is taken, what is refused is not, and
    /// what is expected does not matter. For rules of which something holds in every story, however it goes.
    ///
    /// # Errors
    ///
    /// What is given that cannot be, and why the lifecycle refuses it; an answer for a step that the story does not ask
    /// for.
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::gate::GateSet;
    /// use phasegate::phase::PhaseName;
    /// use phasegate::release::step::{Cancel, Hold};
    /// use phasegate::release::Text;
    /// use phasegate::testing::{Case, Scene};
    ///
    /// # let why = || Text::new("nobody needs it").unwrap();
    /// let story = Case::named("not twice")
    ///     .given(Scene::in_phase(PhaseName::Plan))
    ///     .when("ada", Cancel::new(why()))
    ///     .when("ada", Hold::new(why()));
    /// let played = story.play(&GateSet::new()).unwrap();
    /// let answers: Vec<_> = played.asked.iter().map(|(_, decision)| decision.is_cleared()).collect();
    /// assert_eq!(answers, [true, false]);
    /// assert_eq!(played.end.release().standing().to_string(), "Closed");
    /// ```
    pub fn play(&self, gates: &GateSet) -> Result<Played, Mistakes> {
        let wrong = |path: String, what: String| Mistakes(vec![Mistake { path, what }]);
        if let Some(mistake) = self.mistakes.first() {
            return Err(wrong("turns".to_owned(), mistake.what()));
        }
        let nothing = || wrong("given".to_owned(), "nothing is given".to_owned());
        let scene = self.scene.as_ref().ok_or_else(nothing)?;
        let open = gates.without_gates();
        let walked = Walk::of(scene, gates, &open).and_then(|mut walk| {
            walk.answers(self.step_from(0))?;
            Ok(walk)
        });
        let walk = walked.map_err(|(path, what)| wrong(given(&path), what))?;
        let mut told = Told::of(self, &walk, gates);
        let mut asked = Vec::new();
        for (place, turn) in self.turns.iter().enumerate() {
            let answered = told.take(place, turn);
            match answered.map_err(|what| wrong(format!("turns[{place}]"), what.to_owned()))? {
                Answered::Step(one, _) => asked.push(*one),
                Answered::Waited | Answered::Record(_) => {}
            }
        }
        let (release, now) = (told.rehearsal.release(), told.now);
        let batches = [walk.batches.clone(), told.batches].concat();
        let end = Fixture::standing(release, batches, now);
        Ok(Played { asked, end })
    }
}

/// What came of a story.
#[derive(Debug)]
#[non_exhaustive]
pub struct Played {
    /// The steps that were asked for, each with what was answered to it.
    pub asked: Vec<(Question, Decision)>,
    /// The release as it stands in the end, with its whole log.
    pub end: Fixture<Anywhere>,
}

/// A story as far as it is told.
struct Told<'a> {
    case: &'a Case,
    walk: &'a Walk<'a>,
    gates: &'a GateSet,
    rehearsal: Rehearsal<'a>,
    batches: Vec<Batch>,
    now: Instant,
}

/// What is answered to one turn; nothing where it was taken.
enum Answered {
    Waited,
    Step(Box<(Question, Decision)>, Option<Box<Decision>>),
    Record(Option<Box<Decision>>),
}

impl<'a> Told<'a> {
    fn of(case: &'a Case, walk: &'a Walk<'a>, gates: &'a GateSet) -> Self {
        Self {
            case,
            walk,
            gates,
            rehearsal: gates.rehearse(&walk.release()),
            batches: Vec::new(),
            now: walk.now(),
        }
    }

    /// Takes this turn.
    fn take(&mut self, place: usize, turn: &Turn) -> Result<Answered, &'static str> {
        match &turn.does {
            Does::Wait(time) => {
                self.now = self.now.plus(*time);
                Ok(Answered::Waited)
            }
            Does::Step(by, step) => {
                let (by, release) = (By::new(by.clone()), self.rehearsal.release());
                let asked = Asked::Step(step.clone());
                let facts = self.facts(&release, &asked, &by);
                let question = Question::of(self.gates, &release, step.clone(), &facts, &by);
                let decision = question.ask(self.gates);
                let refused = decision.is_cleared().then(|| self.ask(asked, &facts, &by));
                let asked = Box::new((question, decision));
                Ok(Answered::Step(asked, refused.flatten()))
            }
            Does::Record(by, record) => {
                let by = By::new(by.clone());
                Ok(Answered::Record(self.record(record.clone(), &by)))
            }
            Does::Answer(approved) => {
                let step = self.case.step_from(place);
                let step = step.ok_or("no step follows that this could be an answer for")?;
                let by = By::new(approved.by.clone());
                let approval = answer(self.gates, &self.rehearsal.release(), step, approved);
                Ok(Answered::Record(self.record(approval.into(), &by)))
            }
        }
    }

    fn record(&mut self, record: AnyRecord, by: &By) -> Option<Box<Decision>> {
        let asked = Asked::Record(record);
        let facts = self.facts(&self.rehearsal.release(), &asked, by);
        self.ask(asked, &facts, by)
    }

    fn ask(&mut self, asked: Asked, facts: &Facts, by: &By) -> Option<Box<Decision>> {
        match self.rehearsal.ask(asked, facts, by) {
            Ok(mut batch) => {
                batch.guards.clear();
                self.batches.push(batch);
                None
            }
            Err(refused) => Some(refused),
        }
    }

    fn facts(&self, release: &Release<Anywhere>, asked: &Asked, by: &By) -> Facts {
        self.walk.facts(self.gates, release, asked, by, self.now)
    }
}

/// The case as a file says it, but for what is expected.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", super::written::case(self))?;
        self.turns
            .iter()
            .enumerate()
            .try_for_each(|(place, turn)| {
                let then = turn.then.as_ref();
                then.map_or(Ok(()), |then| write!(f, ", turn {}: {then:?}", place + 1))
            })?;
        let mistakes = self.mistakes.iter();
        mistakes
            .map(Failure::what)
            .try_for_each(|what| write!(f, " but {what}"))
    }
}

impl Approved {
    pub(super) const fn new(by: Person, role: Role, answer: release::Answer) -> Self {
        Self {
            by,
            role,
            answer,
            on_behalf_of: None,
            ago: Seconds::new(0),
        }
    }
}

/// Cases about the same rules.
///
/// A table is many cases: whatever gives cases one after the other can be [added](Self::with).
#[derive(Debug, Clone)]
#[must_use = "cases are checked by `check`"]
pub struct Cases {
    pub(super) gates: GateSet,
    /// The model that the releases follow that are not said to follow one.
    pub(super) model: Option<Key>,
    pub(super) all: Vec<Case>,
}

impl Cases {
    /// About these gates.
    pub const fn under(gates: GateSet) -> Self {
        Self {
            gates,
            model: None,
            all: Vec::new(),
        }
    }

    /// About the gates of this model, which every release follows that is not said to follow another one.
    pub fn by_model(model: ReleaseModel) -> Self {
        Self {
            model: Some(model.name().clone()),
            gates: GateSet::new().with_model(model),
            all: Vec::new(),
        }
    }

    /// The same, and one more case.
    pub fn case(mut self, case: Case) -> Self {
        self.all.push(case);
        self
    }

    /// The same, and all of these: a table.
    pub fn with(mut self, cases: impl IntoIterator<Item = Case>) -> Self {
        self.all.extend(cases);
        self
    }

    /// Asks the rules, and tells for each case where the answers are not as expected.
    pub fn check(&self) -> Checked {
        let open = self.gates.without_gates();
        let mut names = BTreeSet::new();
        let cases = self.all.iter().map(|case| {
            let mut checked = case.check(&self.gates, &open, self.model.as_ref());
            if !names.insert(&case.name) {
                let what = "another case has this name";
                checked.failures.push(Failure::mistake(what));
            }
            checked
        });
        Checked::of(cases.collect())
    }
}
