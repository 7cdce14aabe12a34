//! What the checks have shown of a store: a table for people, and JSON.

use super::Check;
use serde::{Serialize, Serializer};
use std::fmt;

/// What the checks have shown of a store, in the order of [`CHECKS`](super::CHECKS).
///
/// It is displayed as a table, what fails in full below it, and serialised as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// How many checks hold.
    pub holds: usize,
    /// How many fail.
    pub fails: usize,
    /// How many could not be made because of what the harness leaves out. They show nothing.
    pub not_applicable: usize,
    /// All of them.
    pub checks: Vec<Checked>,
}

/// A check, and what it has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Checked {
    /// The check.
    #[serde(flatten)]
    pub check: Check,
    /// What it has shown.
    #[serde(flatten)]
    pub shown: Shown,
}

/// What a check has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "shown", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shown {
    /// The store keeps it.
    Holds,
    /// The store does not keep it.
    Fails(Failure),
    /// It could not be tried.
    NotApplicable {
        /// What is missing.
        because: String,
    },
}

/// Where a store is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// What was done, or looked at.
    pub what: String,
    /// What the contract says.
    pub expected: String,
    /// What the store did.
    pub found: String,
}

impl Failure {
    pub(super) fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: clipped(expected.into()),
            found: clipped(found.into()),
        }
    }
}

/// Longest text that is told of a value, in characters.
const TOLD: usize = 600;

fn clipped(text: String) -> String {
    match text.char_indices().nth(TOLD) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            expected,
            found,
        } = self;
        write!(f, "{what}\n    expected: {expected}\n    found:    {found}")
    }
}

impl std::error::Error for Failure {}

/// Why a check ended before its end.
#[derive(Debug)]
pub(super) enum Ended {
    Failed(Box<Failure>),
    Skipped(String),
}

impl Ended {
    pub(super) fn skipped(because: &str) -> Self {
        Self::Skipped(because.to_owned())
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl Report {
    pub(super) fn of(checks: Vec<Checked>) -> Self {
        let count = |is: fn(&Shown) -> bool| checks.iter().filter(|one| is(&one.shown)).count();
        Self {
            holds: count(|shown| matches!(shown, Shown::Holds)),
            fails: count(|shown| matches!(shown, Shown::Fails(_))),
            not_applicable: count(|shown| matches!(shown, Shown::NotApplicable { .. })),
            checks,
        }
    }

    /// The checks that fail, and how.
    pub fn failures(&self) -> impl Iterator<Item = (Check, &Failure)> {
        self.checks.iter().filter_map(|one| match &one.shown {
            Shown::Fails(failure) => Some((one.check, failure)),
            Shown::Holds | Shown::NotApplicable { .. } => None,
        })
    }

    /// The report as JSON.
    ///
    /// # Panics
    ///
    /// Never: it is plain text and numbers.
    #[must_use]
    #[expect(clippy::expect_used, reason = "it is plain text and numbers")]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("text and numbers")
    }

    /// Passes if nothing fails.
    ///
    /// # Panics
    ///
    /// With the table, if a check fails.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.fails == 0, "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Checked { check, shown } in &self.checks {
            let (number, name) = (check.contract(), check.name());
            let word = match shown {
                Shown::Holds => "holds",
                Shown::Fails(_) => "FAILS",
                Shown::NotApplicable { .. } => "n/a",
            };
            write!(f, "{number:>2}  {word:<5}  {name}")?;
            if let Shown::NotApplicable { because } = shown {
                write!(f, ": {because}")?;
            }
            writeln!(f)?;
        }
        let (holds, all) = (self.holds, self.checks.len());
        write!(
            f,
            "{holds} of {all} hold, {} fail, {} not applicable",
            self.fails, self.not_applicable
        )?;
        for (check, failure) in self.failures() {
            let (number, shows) = (check.contract(), check.shows());
            write!(
                f,
                "\n\n{} (contract {number}): {shows}\n    {failure}",
                check.name()
            )?;
        }
        Ok(())
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut check = serializer.serialize_struct("Check", 3)?;
        check.serialize_field("name", self.name())?;
        check.serialize_field("contract", &self.contract())?;
        check.serialize_field("shows", self.shows())?;
        check.end()
    }
}
