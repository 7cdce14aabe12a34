//! Cases that read as sentences: given a scene, when somebody asks for a step, then exactly this is answered.

use super::checked::{Checked, CheckedCase, Failure};
use super::expected::{Answer, Expected, recorded};
use super::scene::{Approved, Scene};
use super::walk::{Walk, answer};
use crate::gate::{GateSet, ReleaseModel};
use crate::phase::Seconds;
use crate::release::{self, Actor, AnyRecord, AnyStep, Asked, By, Key, Person, Role};
use crate::report::Outline;
use crate::verify::Question;
use std::collections::BTreeSet;

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
            Ok(walk) => self.play(&walk, gates, &mut checked),
            Err((path, what)) => checked.failures.push(Failure::given(&path, &what)),
        }
        checked
    }

    /// Turn after turn, until one is not answered as expected.
    fn play(&self, walk: &Walk<'_>, gates: &GateSet, checked: &mut CheckedCase) {
        let mut now = walk.now();
        let mut rehearsal = gates.rehearse(&walk.release());
        for (place, turn) in self.turns.iter().enumerate() {
            let against = match &turn.does {
                Does::Wait(time) => {
                    now = now.plus(*time);
                    continue;
                }
                Does::Step(by, step) => {
                    let (by, release) = (By::new(by.clone()), rehearsal.release());
                    let asked = Asked::Step(step.clone());
                    let facts = walk.facts(gates, &release, &asked, &by, now);
                    let question = Question::of(gates, &release, step.clone(), &facts, &by);
                    let decision = question.ask(gates);
                    let then = turn.then.clone().map(|then| then.among(gates));
                    let mut against = then.as_ref().and_then(|then| then.against(&decision));
                    if against.is_none() && decision.is_cleared() {
                        // What was just cleared is refused by nothing but a rule that answers as it likes.
                        let refused = rehearsal.ask(asked, &facts, &by).err();
                        against = refused.map(|decision| decision.outline());
                    }
                    checked
                        .asked
                        .extend(then.map(|then| (place, question, then)));
                    against
                }
                Does::Record(by, record) => {
                    let asked = Asked::Record(record.clone());
                    let (by, release) = (By::new(by.clone()), rehearsal.release());
                    let facts = walk.facts(gates, &release, &asked, &by, now);
                    let refused = rehearsal.ask(asked, &facts, &by).err();
                    let then = turn.then.clone().unwrap_or_else(recorded);
                    then.against_record(refused.as_deref())
                }
                Does::Answer(approved) => {
                    let Some(step) = self.step_from(place) else {
                        let what = "no step follows that this could be an answer for";
                        checked.failures.push(Failure::mistake(what).in_turn(place));
                        return;
                    };
                    let (by, release) = (By::new(approved.by.clone()), rehearsal.release());
                    let approval = answer(gates, &release, step, approved);
                    let asked = Asked::Record(approval.into());
                    let facts = walk.facts(gates, &release, &asked, &by, now);
                    let refused = rehearsal.ask(asked, &facts, &by).err();
                    let then = turn.then.clone().unwrap_or_else(recorded);
                    then.against_record(refused.as_deref())
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
