//! What came of an exploration.

use super::asks::rules;
use super::explore::{End, Explorer, Found};
use super::normal::Reductions;
use super::play::World;
use super::property::{Law, Property};
use super::story::Story;
use crate::gate::Rule;
use crate::phase::{Action, PhaseName};
use crate::release::{Key, Person};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What an exploration may use up, and how it goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How many situations, at most.
    pub states: usize,
    /// How many bytes, at most, as far as that can be told.
    pub bytes: usize,
    /// Which situations are taken for one.
    pub reductions: Reductions,
    /// How many threads explore. The report is the same for every number.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            states: 1_000_000,
            bytes: 1 << 30,
            reductions: Reductions::ALL,
            threads: 1,
        }
    }
}

impl Options {
    /// The same, with at most so many situations.
    #[must_use]
    pub const fn states(mut self, most: usize) -> Self {
        self.states = most;
        self
    }

    /// The same, with at most about so many bytes.
    #[must_use]
    pub const fn bytes(mut self, most: usize) -> Self {
        self.bytes = most;
        self
    }

    /// The same, explored by so many threads.
    #[must_use]
    pub const fn threads(mut self, many: usize) -> Self {
        self.threads = many;
        self
    }

    /// The same, with these reductions.
    #[must_use]
    pub const fn reductions(mut self, reductions: Reductions) -> Self {
        self.reductions = reductions;
        self
    }
}

/// What is to be said of one property. Only the first two are a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// It holds on every way in the domain; it was about so many moves, or situations.
    Holds(u64),
    /// There is a way, as was asked for: one of the shortest.
    Reached(Story),
    /// It does not hold: one of the shortest ways that show it.
    Fails(Story),
    /// There is no way to what was asked for.
    Unreachable,
    /// It was about nothing that ever happens in the domain, and says nothing.
    Vacuous,
    /// What may be used up was used up before it was decided.
    Inconclusive,
    /// A policy broke its contract, or a way could not be gone again: nothing can be said.
    Faulty {
        /// What happened.
        what: String,
        /// How it came to it.
        story: Option<Story>,
    },
}

impl Answer {
    /// Whether it is as it is to be.
    #[must_use]
    pub const fn is_pass(&self) -> bool {
        match self {
            Self::Holds(_) | Self::Reached(_) => true,
            Self::Fails(_)
            | Self::Unreachable
            | Self::Vacuous
            | Self::Inconclusive
            | Self::Faulty { .. } => false,
        }
    }

    /// Whether it says something of the property, be it good or bad.
    #[must_use]
    pub const fn is_conclusive(&self) -> bool {
        match self {
            Self::Holds(_) | Self::Reached(_) | Self::Fails(_) | Self::Unreachable => true,
            Self::Vacuous | Self::Inconclusive | Self::Faulty { .. } => false,
        }
    }

    /// The way that shows it, if one does.
    #[must_use]
    pub const fn story(&self) -> Option<&Story> {
        match self {
            Self::Reached(story) | Self::Fails(story) => Some(story),
            Self::Faulty { story, .. } => story.as_ref(),
            Self::Holds(_) | Self::Unreachable | Self::Vacuous | Self::Inconclusive => None,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds(times) => write!(f, "holds, {times} times"),
            Self::Reached(story) => write!(f, "is reached in {} moves", story.len()),
            Self::Fails(story) => write!(f, "fails in {} moves:\n{story}", story.len()),
            Self::Unreachable => f.write_str("is never reached"),
            Self::Vacuous => f.write_str("is vacuous: nothing that it is about ever happens"),
            Self::Inconclusive => f.write_str("is inconclusive: the budget ended first"),
            Self::Faulty { what, story } => {
                write!(f, "cannot be told: {what}")?;
                story
                    .as_ref()
                    .map_or(Ok(()), |story| write!(f, "\n{story}"))
            }
        }
    }
}

/// What came of an exploration: an answer for each property, and how far it went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// In the order in which they were asked.
    pub answers: Vec<(String, Answer)>,
    /// How many situations were found.
    pub states: usize,
    /// How many moves lead from one to another.
    pub transitions: u64,
    /// How often the gates, or the lifecycle, were asked.
    pub judged: u64,
    /// How many bytes the situations take, as far as that can be told.
    pub bytes: usize,
    /// How many moves the longest of the shortest ways has.
    pub depth: usize,
    /// How many situations there are in each phase.
    pub phases: BTreeMap<PhaseName, usize>,
    /// How often each step was cleared.
    pub taken: BTreeMap<Action, u64>,
    /// The people who were taken to be the same but for their names.
    pub symmetric: Vec<Vec<Person>>,
    /// The host's own policies: of them, what was asked is all that is known.
    pub sampled: BTreeSet<Key>,
    /// What is taken never to end, since time passes, and it ends later than is looked at.
    pub endless: Vec<String>,
    /// What the domain has, and the lifecycle never took: look whether it is said as it was meant.
    pub idle: Vec<String>,
}

impl Report {
    /// The answer about a property.
    #[must_use]
    pub fn answer(&self, name: &str) -> Option<&Answer> {
        let mut answers = self.answers.iter();
        answers
            .find(|(one, _)| one == name)
            .map(|(_, answer)| answer)
    }

    /// Whether anything was asked, and all of it is decided.
    #[must_use]
    pub fn is_conclusive(&self) -> bool {
        let mut answers = self.answers.iter();
        !self.answers.is_empty() && answers.all(|(_, answer)| answer.is_conclusive())
    }

    /// Nothing if all properties are as they are to be.
    ///
    /// # Errors
    ///
    /// The report, which tells of each that is not.
    pub fn all_hold(&self) -> Result<(), NotAll<'_>> {
        let all = self.answers.iter().all(|(_, answer)| answer.is_pass());
        if all && !self.answers.is_empty() {
            return Ok(());
        }
        Err(NotAll(self))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            states,
            transitions,
            judged,
            depth,
            ..
        } = self;
        write!(
            f,
            "{states} states, {transitions} transitions, {judged} times asked, {depth} moves deep"
        )?;
        for (name, answer) in &self.answers {
            write!(f, "\n{name}: {answer}")?;
        }
        let sampled: Vec<_> = self.sampled.iter().map(ToString::to_string).collect();
        for (what, all) in [
            ("only sampled, being the host's own", &sampled),
            ("taken never to end", &self.endless),
            ("never came to pass", &self.idle),
        ] {
            if !all.is_empty() {
                write!(f, "\n{what}: {}", all.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Not all properties are as they are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAll<'a>(&'a Report);

impl fmt::Display for NotAll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.answers.is_empty() {
            return f.write_str("no property was asked about");
        }
        let not = self
            .0
            .answers
            .iter()
            .filter(|(_, answer)| !answer.is_pass());
        for (place, (name, answer)) in not.enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{name}: {answer}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotAll<'_> {}

pub(super) fn of<W: World>(explorer: &Explorer<'_, W>) -> Report {
    let properties = explorer.properties.iter().enumerate();
    let answers = properties.map(|(place, property)| {
        let answer = answer(explorer, place, property);
        (property.name.clone(), answer)
    });
    let depth = explorer.nodes.len().checked_sub(1);
    let hosts = rules(explorer.play.gates).filter(|rule| rule.is_opaque());
    Report {
        answers: answers.collect(),
        states: explorer.nodes.len(),
        transitions: explorer.transitions,
        judged: explorer.judged,
        bytes: explorer.bytes,
        depth: depth.map_or(0, |last| explorer.path(last).len()),
        phases: explorer.phases(),
        taken: explorer.taken.clone(),
        symmetric: explorer.symmetric_people(),
        sampled: hosts.map(Rule::name).collect(),
        endless: explorer.play.domain.endless(explorer.play.gates),
        idle: explorer.idle(),
    }
}

fn answer<W: World>(explorer: &Explorer<'_, W>, place: usize, property: &Property) -> Answer {
    let faulty = |what| Answer::Faulty { what, story: None };
    if let Some(found) = explorer.found.get(place).copied().flatten() {
        return match explorer.story(place, found) {
            Err(what) => faulty(what),
            Ok(story) => match (&property.law, found) {
                (Law::Reachable(_), Found::By(..)) => Answer::Reached(story),
                (
                    Law::Always(_)
                    | Law::CanAlwaysReach { .. }
                    | Law::OnlyAfter { .. }
                    | Law::Reachable(_),
                    Found::By(..) | Found::At(_),
                ) => Answer::Fails(story),
            },
        };
    }
    match &explorer.end {
        End::Faulty(fault, way) => Answer::Faulty {
            what: format!("policy `{}` is `{}`", fault.policy, fault.code),
            story: Some(explorer.story_of_fault(*way)),
        },
        End::Budget | End::Decided => Answer::Inconclusive,
        End::Done => {
            let turns = explorer.turns.get(place).copied().unwrap_or(0);
            match (&property.law, turns) {
                (Law::Reachable(_), _) => Answer::Unreachable,
                (Law::Always(_) | Law::CanAlwaysReach { .. } | Law::OnlyAfter { .. }, 0) => {
                    Answer::Vacuous
                }
                (Law::Always(_) | Law::CanAlwaysReach { .. } | Law::OnlyAfter { .. }, turns) => {
                    Answer::Holds(turns)
                }
            }
        }
    }
}
