//! How risky a release is, and the log of its risks and issues.

use super::happens::{Happens, Occasion, Reasons};
use super::state::{Resolved, State};
use super::testing::Severity;
use super::text::{Key, Person, Text};
use super::words::{plain, told};
use crate::phase::{Instant, Invalid, InvalidKind};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A grade from 1, the least, to 5, the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Grade(u8);

impl Grade {
    /// The grade of that number.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 to 5
    pub fn new(grade: u8) -> Result<Self, Invalid> {
        match grade {
            1..=5 => Ok(Self(grade)),
            _ => Err(Invalid::new(
                InvalidKind::OutOfRange,
                "grade",
                grade,
                "1 to 5",
            )),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Grade {
    type Error = Invalid;
    fn try_from(grade: u8) -> Result<Self, Invalid> {
        Self::new(grade)
    }
}

impl From<Grade> for u8 {
    fn from(grade: Grade) -> Self {
        grade.0
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How risky a release is, from 4 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RiskScore(u8);

impl RiskScore {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The level that the number belongs to.
    #[must_use]
    pub const fn level(self) -> RiskLevel {
        match self.0 {
            ..=20 => RiskLevel::Low,
            21..=45 => RiskLevel::Medium,
            46..=70 => RiskLevel::High,
            71.. => RiskLevel::VeryHigh,
        }
    }
}

impl fmt::Display for RiskScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of 100 ({})", self.0, self.level())
    }
}

/// How risky a release is, in a word.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the levels cut the scores into four; a fifth would move the others"
)]
pub enum RiskLevel {
    /// A score of 4 to 20.
    Low,
    /// A score of 21 to 45.
    Medium,
    /// A score of 46 to 70.
    High,
    /// A score of 71 to 100.
    VeryHigh,
}

told! {
    RiskLevel {
        Low "low",
        Medium "medium",
        High "high",
        VeryHigh "very high",
    }
    RegisterKind {
        Risk "risk",
        Issue "issue",
    }
}

plain! {
    /// How risky the release was found to be; the latest assessment counts.
    ///
    /// The score is what it would cost, times how exposed the release is:
    ///
    /// score = impact x (likelihood + complexity + dependencies + track record)
    ///
    /// All grades run from 1 to 5, so the score runs from 4 to 100. It is low up to 20, medium up to 45, high up to
    /// 70, and very high above.
    ///
    /// # Source
    ///
    /// A consequence and likelihood matrix as in IEC 31010, with the likelihood made up of four stated parts.
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::release::{Grade, RiskAssessment, RiskLevel};
    ///
    /// let grade = |grade| Grade::new(grade).unwrap();
    /// let assessment = RiskAssessment::new(grade(4), grade(3), grade(5), grade(2), grade(2));
    /// assert_eq!(assessment.score().get(), 4 * (3 + 5 + 2 + 2));
    /// assert_eq!(assessment.score().level(), RiskLevel::High);
    /// ```
    pub struct RiskAssessment {
        /// How bad it would be.
        impact: Grade,
        /// How likely it is to go wrong.
        likelihood: Grade,
        /// How intricate the change is.
        complexity: Grade,
        /// How much depends on it, and on how much it depends.
        dependencies: Grade,
        /// How changes like this went before; 1 is well.
        track_record: Grade,
    } with {
        /// Why.
        rationale: Text,
    }

    /// Something may go wrong: an entry of the risk register.
    pub struct RiskRaised {
        /// The host's id.
        id: Key,
        /// How bad it would be.
        severity: Severity,
        /// What may go wrong.
        what: Text,
    } with {
        /// Who watches it.
        owner: Option<Person>,
        /// What is done about it.
        mitigation: Text,
    }

    /// A risk is over.
    pub struct RiskClosed {
        /// The host's id.
        id: Key,
    } with {
        /// How it ended.
        resolution: Text,
    }

    /// Something stands in the way: an entry of the issue register.
    pub struct IssueRaised {
        /// The host's id.
        id: Key,
        /// How bad it is.
        severity: Severity,
        /// What is in the way.
        what: Text,
    } with {
        /// Who sees to it.
        owner: Option<Person>,
        /// By when.
        due: Option<Instant>,
    }

    /// An issue is out of the way.
    pub struct IssueResolved {
        /// The host's id.
        id: Key,
    } with {
        /// How.
        resolution: Text,
    }
}

impl RiskAssessment {
    /// How risky that is.
    #[must_use]
    pub const fn score(&self) -> RiskScore {
        let Self {
            impact,
            likelihood,
            complexity,
            dependencies,
            track_record,
            ..
        } = self;
        RiskScore(impact.0 * (likelihood.0 + complexity.0 + dependencies.0 + track_record.0))
    }
}

/// Which of the two registers an entry stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RegisterKind {
    Risk,
    Issue,
}

/// An entry of the risk or the issue register.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RegisterEntry {
    pub(crate) severity: Severity,
    pub(crate) what: Text,
    pub(crate) owner: Option<Person>,
    pub(crate) resolved: Resolved,
}

impl Happens for RiskAssessment {
    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.risk = Some(self);
    }
}

impl Happens for RiskRaised {
    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.enter(
            RegisterKind::Risk,
            &self.id,
            self.severity,
            &self.what,
            self.owner.as_ref(),
        );
    }
}

impl Happens for RiskClosed {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_entry(RegisterKind::Risk, &self.id, reasons);
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.resolve(RegisterKind::Risk, &self.id);
    }
}

impl Happens for IssueRaised {
    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.enter(
            RegisterKind::Issue,
            &self.id,
            self.severity,
            &self.what,
            self.owner.as_ref(),
        );
    }
}

impl Happens for IssueResolved {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_entry(RegisterKind::Issue, &self.id, reasons);
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.resolve(RegisterKind::Issue, &self.id);
    }
}

impl State {
    fn enter(
        &mut self,
        kind: RegisterKind,
        id: &Key,
        severity: Severity,
        what: &Text,
        owner: Option<&Person>,
    ) {
        let entry = RegisterEntry {
            severity,
            what: what.clone(),
            owner: owner.cloned(),
            resolved: Resolved::No,
        };
        self.register.insert((kind, id.clone()), entry);
    }

    fn needs_entry(&self, kind: RegisterKind, id: &Key, reasons: &mut Reasons) {
        let is_known = self.register.contains_key(&(kind, id.clone()));
        reasons.known(is_known, &kind.to_string(), id);
    }

    fn resolve(&mut self, kind: RegisterKind, id: &Key) {
        if let Some(entry) = self.register.get_mut(&(kind, id.clone())) {
            entry.resolved = Resolved::Yes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_score_is_bounded_and_rises_with_every_grade_and_every_level_is_reached() {
        let grades = || (1..=5).map(|grade| Grade::new(grade).unwrap());
        let mut levels: BTreeMap<RiskLevel, u32> = BTreeMap::new();
        for impact in grades() {
            for likelihood in grades() {
                for complexity in grades() {
                    for dependencies in grades() {
                        for track_record in grades() {
                            let of = [impact, likelihood, complexity, dependencies, track_record];
                            let score = score_of(of);
                            assert!((4..=100).contains(&score.get()));
                            *levels.entry(score.level()).or_default() += 1;
                            for part in 0..5 {
                                let mut more = of;
                                more[part].0 += 1;
                                assert!(score < score_of(more), "more of part {part}");
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(levels.len(), 4);
        assert_eq!(levels.values().sum::<u32>(), 5_u32.pow(5));
        assert_eq!(
            (score_of([Grade(1); 5]).get(), score_of([Grade(5); 5]).get()),
            (4, 100)
        );
        for (score, level) in [
            (20, RiskLevel::Low),
            (21, RiskLevel::Medium),
            (45, RiskLevel::Medium),
            (46, RiskLevel::High),
            (70, RiskLevel::High),
            (71, RiskLevel::VeryHigh),
        ] {
            assert_eq!(RiskScore(score).level(), level);
        }
    }

    fn score_of(of: [Grade; 5]) -> RiskScore {
        let [impact, likelihood, complexity, dependencies, track_record] = of;
        RiskAssessment::new(impact, likelihood, complexity, dependencies, track_record).score()
    }

    #[test]
    fn a_grade_is_one_to_five() {
        assert!(Grade::new(0).is_err() && Grade::new(1).is_ok());
        let refused = Grade::new(6).unwrap_err();
        assert_eq!(refused.to_string(), "invalid grade `6`: expected 1 to 5");
    }
}
