//! What a backtest found.

use super::compare::Came;
use crate::phase::visible;
use crate::release::{Decision, Key, Name, Service, Stream, Version};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// What other gates would have answered to what was decided.
///
/// It is data, and its JSON is for programs; `Display` is for people. Messages are shown and not compared: two answers
/// are the same if they tell the same codes of the same policies and gates about the same things.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct BacktestReport {
    /// Of all decisions.
    pub all: Counts,
    /// Of the decisions that each gate was asked for, before or now. It counts in where the difference is of its making.
    pub by_gate: BTreeMap<Key, Counts>,
    /// Of the decisions about the releases that change each service.
    pub by_service: BTreeMap<Service, Counts>,
    /// Of the decisions about the releases that have each value of the team label.
    pub by_team: BTreeMap<Name, Counts>,
    /// The first decisions that were cleared and would be refused.
    pub newly_refused: Vec<Example>,
    /// The first that were refused and would be cleared.
    pub newly_allowed: Vec<Example>,
    /// The first with the same answer for other reasons, warnings and used overrides included.
    pub other_reasons: Vec<Example>,
    /// The first of which the history does not tell.
    pub undetermined: Vec<Example>,
    /// The first that would be answered otherwise, and that rest on a step that would have been answered otherwise.
    pub counterfactual: Vec<Example>,
    /// What would have to be recorded to tell, and for how many decisions.
    pub not_recorded: BTreeMap<String, u64>,
    /// The first things that are wrong with the history, or with the gates.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more_faults: u64,
}

/// How many decisions would be answered otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All that were decided.
    pub decisions: u64,
    /// Cleared then, refused now.
    pub newly_refused: u64,
    /// Refused then, cleared now.
    pub newly_allowed: u64,
    /// The same answer for other reasons.
    pub other_reasons: u64,
    /// It cannot be told.
    pub undetermined: u64,
    /// They rest on a step that would have been answered otherwise, and are in none of the above.
    pub counterfactual: u64,
}

/// A decision, and what other gates say to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Example {
    /// The log.
    pub stream: Stream,
    /// The entry that has the decision.
    pub version: Version,
    /// What the release is called.
    pub title: Option<Name>,
    /// The decision then.
    pub recorded: Decision,
    /// The decision now.
    pub proposed: Decision,
    /// What would have to be recorded to tell; nothing where it can be told.
    pub not_recorded: Vec<String>,
}

/// Something that is wrong with the history, or with the gates that it is asked of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The line, counted from 1, where lines were read.
    pub line: Option<u64>,
    /// The log, where it is known.
    pub stream: Option<Stream>,
    /// The entry, where it is known.
    pub version: Option<Version>,
    /// What is wrong.
    pub what: String,
}

impl BacktestReport {
    /// Whether it tells of every decision: there was one, all of the history could be read, and nothing is undetermined.
    #[must_use]
    pub const fn is_conclusive(&self) -> bool {
        self.all.decisions > 0 && self.faults.is_empty() && self.all.undetermined == 0
    }

    /// Whether the gates would have answered everything as it was answered. Never, where it is not conclusive.
    #[must_use]
    pub const fn is_unchanged(&self) -> bool {
        let Counts {
            newly_refused,
            newly_allowed,
            other_reasons,
            counterfactual,
            ..
        } = self.all;
        self.is_conclusive()
            && newly_refused == 0
            && newly_allowed == 0
            && other_reasons == 0
            && counterfactual == 0
    }
}

impl fmt::Display for BacktestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.all)?;
        for (what, examples) in [
            ("newly refused", &self.newly_refused),
            ("newly allowed", &self.newly_allowed),
            ("other reasons", &self.other_reasons),
            ("undetermined", &self.undetermined),
            ("counterfactual", &self.counterfactual),
        ] {
            if let Some(first) = examples.first() {
                writeln!(f, "{what}, from {}", first.recorded.at)?;
                examples.iter().try_for_each(|one| write!(f, "{one}"))?;
            }
        }
        write_counts(f, "gate", &self.by_gate)?;
        write_counts(f, "service", &self.by_service)?;
        write_counts(f, "team", &self.by_team)?;
        for (what, count) in &self.not_recorded {
            writeln!(f, "not recorded for {count}: {}", visible(what))?;
        }
        self.faults
            .iter()
            .try_for_each(|fault| writeln!(f, "{fault}"))?;
        if self.more_faults > 0 {
            writeln!(f, "and {} more faults", self.more_faults)?;
        }
        Ok(())
    }
}

fn write_counts<K: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    counts: &BTreeMap<K, Counts>,
) -> fmt::Result {
    let differing = counts.iter().filter(|(_, counts)| counts.has_differences());
    for (key, counts) in differing {
        writeln!(f, "{what} `{}`: {counts}", visible(&key.to_string()))?;
    }
    Ok(())
}

impl Counts {
    pub(super) const fn add(&mut self, came: Came) {
        self.decisions += 1;
        match came {
            Came::Same => {}
            Came::NewlyRefused => self.newly_refused += 1,
            Came::NewlyAllowed => self.newly_allowed += 1,
            Came::OtherReasons => self.other_reasons += 1,
            Came::Undetermined => self.undetermined += 1,
            Came::Counterfactual => self.counterfactual += 1,
        }
    }

    const fn has_differences(&self) -> bool {
        self.newly_refused + self.newly_allowed + self.other_reasons + self.undetermined > 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} decisions: {} newly refused, {} newly allowed, {} for other reasons, {} undetermined, {} counterfactual",
            self.decisions,
            self.newly_refused,
            self.newly_allowed,
            self.other_reasons,
            self.undetermined,
            self.counterfactual,
        )
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            recorded, proposed, ..
        } = self;
        let title = self.title.as_ref().map_or("", Name::as_str);
        let (title, id) = (visible(title), visible(self.stream.id.as_str()));
        let version = self.version;
        writeln!(
            f,
            "  {title}, {} at {}, version {version} of `{id}`",
            recorded.asked, recorded.at
        )?;
        for (when, decision) in [("then", recorded), ("now", proposed)] {
            let decision = decision.to_string();
            let mut lines = decision.lines();
            writeln!(f, "    {when}: {}", lines.next().unwrap_or_default())?;
            lines.try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        let mut lacking = self.not_recorded.iter();
        lacking.try_for_each(|what| writeln!(f, "      not recorded: {}", visible(what)))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fault")?;
        if let Some(line) = self.line {
            write!(f, " in line {line}")?;
        }
        if let Some(stream) = &self.stream {
            write!(f, " in {} `{}`", stream.kind, visible(stream.id.as_str()))?;
        }
        if let Some(version) = self.version {
            write!(f, " at version {version}")?;
        }
        write!(f, ": {}", visible(&self.what))
    }
}
