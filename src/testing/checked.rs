//! What came of cases: each counted and named, and where an answer is not as expected.

use super::Check;
use super::expected::Expected;
use crate::release::Decision;
use crate::report::Outline;
use crate::verify::Question;
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// What came of cases.
#[derive(Debug, Clone)]
#[must_use = "look at it, or `assert` that every case passed"]
pub struct Checked {
    cases: Vec<CheckedCase>,
}

/// What came of one case.
#[derive(Debug, Clone)]
pub(super) struct CheckedCase {
    name: String,
    pub(super) failures: Vec<Failure>,
    /// The steps that were asked for, each with its turn and what was expected.
    pub(super) asked: Vec<(usize, Question, Expected)>,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    turn: Option<usize>,
    told: Outline,
}

impl Failure {
    pub(super) const fn of(told: Outline) -> Self {
        Self { turn: None, told }
    }

    /// The case itself is wrong.
    pub(super) fn mistake(what: impl std::fmt::Display) -> Self {
        Self::of(Outline::new().own("mistake: ").prose(what))
    }

    /// What is given is wrong.
    pub(super) fn given(path: &str, what: &str) -> Self {
        Self::of(
            Outline::new()
                .own("mistake: ")
                .name(given(path))
                .own(": ")
                .prose(what),
        )
    }

    /// What is wrong.
    pub(super) fn what(&self) -> String {
        let told = self.told.to_string();
        told.strip_prefix("mistake: ")
            .map_or_else(|| told.clone(), str::to_owned)
    }

    pub(super) const fn in_turn(mut self, place: usize) -> Self {
        self.turn = Some(place);
        self
    }
}

/// Where something that is given stands.
pub(super) fn given(path: &str) -> String {
    match path {
        "" => "given".to_owned(),
        path => format!("given.{path}"),
    }
}

impl CheckedCase {
    pub(super) const fn of(name: String) -> Self {
        Self {
            name,
            failures: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// The case, and what is wrong under it; in a story, turn by turn.
    fn outline(&self) -> Outline {
        let told = self.failures.iter().map(|failure| match failure.turn {
            Some(turn) => {
                let head = Outline::new().own(format!("turn {}", turn + 1));
                head.under(failure.told.clone())
            }
            None => failure.told.clone(),
        });
        let head = Outline::new().own("case ").name(&self.name);
        if self.failures.is_empty() {
            return head.own(" passed");
        }
        head.own(" failed").under_all(told)
    }
}

impl Checked {
    pub(super) const fn of(cases: Vec<CheckedCase>) -> Self {
        Self { cases }
    }

    /// How many cases passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.cases.len() - self.failed()
    }

    /// How many did not.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failing().count()
    }

    /// Whether there are cases, and all of them passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        !self.cases.is_empty() && self.failed() == 0
    }

    /// The cases that failed, each with what was expected, what is missing, what was not expected, and the decision.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let count = self.cases.len();
        let head = match count {
            0 => "no case was asked".to_owned(),
            1 => format!("{} of 1 case passed", self.passed()),
            _ => format!("{} of {count} cases passed", self.passed()),
        };
        let failing = self.failing().map(CheckedCase::outline);
        Outline::new().own(head).under_all(failing)
    }

    /// Every step that was asked for, with what has to be answered: for coverage, mutation, and whatever else says how good
    /// the cases are.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let asked = self.cases.iter().flat_map(|case| {
            case.asked.iter().map(|(turn, question, expected)| {
                let name = match case.asked.len() {
                    1 => case.name.clone(),
                    _ => format!("{}, turn {}", case.name, turn + 1),
                };
                let expected = expected.clone();
                let passes = move |decision: &Decision| expected.accepts(decision);
                Check::that(name, question.clone(), passes)
            })
        });
        asked.collect()
    }

    fn failing(&self) -> impl Iterator<Item = &CheckedCase> {
        self.cases.iter().filter(|case| !case.failures.is_empty())
    }

    /// Nothing, if every case passed.
    ///
    /// # Panics
    ///
    /// If a case failed, or if there is none: with the [outline](Self::outline).
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.is_passed(), "{}", self.outline());
    }
}

/// Counts, and every case with its name and what is wrong.
impl Serialize for Checked {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut checked = to.serialize_struct("Checked", 3)?;
        checked.serialize_field("passed", &self.passed())?;
        checked.serialize_field("failed", &self.failed())?;
        checked.serialize_field("cases", &self.cases)?;
        checked.end()
    }
}

impl Serialize for CheckedCase {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let wrong: Vec<_> = self
            .failures
            .iter()
            .map(|one| one.told.to_string())
            .collect();
        let mut case = to.serialize_struct("Case", 2)?;
        case.serialize_field("name", &self.name)?;
        case.serialize_field("wrong", &wrong)?;
        case.end()
    }
}
