//! What became of every change.

use super::search::said;
use crate::gate::{Edit, Percent, Place};
use crate::report::Outline;
use crate::testing::paste;
use crate::testing::{BrokenPolicy, Check, Ruling, Variation};
use crate::verify::Question;
use serde::Serialize;
use std::fmt;

/// What became of every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MutationReport {
    /// The changes that a check notices.
    pub killed: Vec<Killed>,
    /// The changes that no check notices, each with a question that tells it.
    pub survivors: Vec<Survivor>,
    /// The changes that make no difference to anything that can be asked.
    pub equivalent: Vec<Equivalent>,
    /// The changes of which nobody knows.
    pub unknown: Vec<Unknown>,
    /// How many changes are no rules: the loader of files refuses them.
    pub not_rules: usize,
    /// The host policies whose parameters could not be changed, because they are not among the policies given.
    pub opaque: Vec<Place>,
    /// The checks that fail on the rules as they are. Nothing is changed then.
    pub failing: Vec<String>,
    /// The policies that broke their contract. No score is given then.
    pub broken: Vec<BrokenPolicy>,
}

/// A change that a check notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Killed {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// The first check that fails.
    pub by: String,
}

/// A change that no check notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Survivor {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// The question that tells it.
    pub telling: Telling,
    /// How many survivors before it come to the same name of a test.
    #[serde(skip)]
    pub(super) twins: usize,
}

/// A question to which the changed rules answer something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Telling {
    /// The check near which it is, or its place in the whole domain.
    pub near: String,
    /// What is different from the question of that check; none for a question of the domain.
    pub but: Vec<Variation>,
    /// What the rules answer.
    pub ruling: Ruling,
    /// What the changed rules answer.
    pub changed: Ruling,
    #[serde(skip)]
    pub(super) question: Question,
}

/// A change that makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Equivalent {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// How many questions were asked: all that there are about that step.
    pub asked: usize,
}

/// A change of which nobody knows whether it makes a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unknown {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// Why.
    pub why: WhyUnknown,
}

/// Why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhyUnknown {
    /// No check asks for the step of that gate, and the domain does not either.
    NeverAsked,
    /// Nothing was found near the checks, after so many questions, and no whole domain is known.
    NothingFound(usize),
    /// A gate of that step has a host policy, of which a sample says nothing about the rest.
    Opaque,
    /// A policy broke its contract under the change.
    Broken,
}

impl fmt::Display for WhyUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverAsked => f.write_str("no check asks for that step"),
            Self::NothingFound(asked) => write!(f, "nothing found in {asked} questions nearby"),
            Self::Opaque => f.write_str("a host policy is asked for that step, and is opaque"),
            Self::Broken => f.write_str("a policy broke its contract"),
        }
    }
}

impl Survivor {
    /// The check that kills it: the telling question, with what the rules answer.
    #[must_use]
    pub fn check(&self) -> Check {
        let Telling {
            near,
            but,
            ruling,
            question,
            ..
        } = &self.telling;
        let name = match but.as_slice() {
            [] => near.clone(),
            but => format!("{near}, but {}", said(but)),
        };
        Check::new(name, question.clone(), ruling.clone())
    }

    /// The same as a test to paste: it takes the checks from `checks()`, and the rules from `gates()`.
    #[must_use]
    pub fn rust(&self) -> String {
        let Self {
            place,
            edit,
            telling,
            twins,
        } = self;
        paste::rust(*twins, &place.to_string(), &edit.to_string(), telling)
    }
}

impl MutationReport {
    /// How much of what could be changed is noticed: the killed among all but the equivalent, rounded down. Nothing where
    /// nothing was changed, a check fails, or a policy broke its contract.
    #[must_use]
    pub fn score(&self) -> Option<Percent> {
        if !self.failing.is_empty() || !self.broken.is_empty() {
            return None;
        }
        let all = self.killed.len() + self.survivors.len() + self.unknown.len();
        let share = (self.killed.len() * 100).checked_div(all)?;
        Percent::new(u8::try_from(share).ok()?).ok()
    }

    /// The test fails if a change survives, if one is unknown, or if there is no score.
    ///
    /// # Panics
    ///
    /// Then, with the whole report.
    #[track_caller]
    pub fn assert_none_survive(&self) {
        let score = self.score().map(Percent::get);
        assert!(score == Some(100), "{}", self.outline());
    }

    /// The report for people.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let score = self
            .score()
            .map_or_else(|| "no score".to_owned(), |one| format!("{} %", one.get()));
        let counts = [
            (self.killed.len(), "killed"),
            (self.survivors.len(), "survived"),
            (self.unknown.len(), "unknown"),
            (self.equivalent.len(), "equivalent"),
        ];
        let counts = counts.map(|(count, what)| format!("{count} {what}"));
        let failing = self.failing.iter();
        let failing = failing.map(|name| {
            Outline::new()
                .name(name)
                .own(" fails on the rules as they are")
        });
        let broken = self.broken.iter();
        let broken = broken.map(|one| Outline::new().own("broken: ").prose(one));
        let change = |what: &'static str, place: &Place, edit: &Edit| {
            Outline::new().own(what).name(place).own(": ").prose(edit)
        };
        let survivors = self.survivors.iter().map(|one| {
            let Telling {
                near,
                but,
                ruling,
                changed,
                ..
            } = &one.telling;
            let but = but.iter().map(|but| Outline::new().own("but: ").prose(but));
            let told = Outline::new().own("told by ").name(near);
            let told = told.under_all(but);
            let told = told.under(Outline::new().own("the rules: ").prose(ruling));
            let told = told.under(Outline::new().own("changed: ").prose(changed));
            change("survived: ", &one.place, &one.edit).under(told)
        });
        let unknown = self
            .unknown
            .iter()
            .map(|one| change("unknown: ", &one.place, &one.edit).own(format!("; {}", one.why)));
        let equivalent = self.equivalent.iter().map(|one| {
            let asked = format!("; the same in all {} questions", one.asked);
            change("equivalent: ", &one.place, &one.edit).own(asked)
        });
        let opaque = self.opaque.iter();
        let opaque = opaque.map(|place| {
            let what = "opaque: parameters not changed, register the policy: ";
            Outline::new().own(what).name(place)
        });
        Outline::new()
            .own(format!("mutation: {score}; {}", counts.join(", ")))
            .under_all(failing)
            .under_all(broken)
            .under_all(survivors)
            .under_all(unknown)
            .under_all(equivalent)
            .under_all(opaque)
    }
}
