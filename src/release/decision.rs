//! What a gate answered, as data: verdicts, reasons, and the decision that an event keeps.

use super::digest::Digest;
use super::fact::Fact;
use super::people::Actor;
use super::proposal::By;
use super::text::{Key, Text};
use super::words::is_default;
use crate::phase::{Action, Instant, RecordKind};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Why a policy is not satisfied: a stable code for programs, a sentence and a remedy for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reason {
    /// A word that programs can rely on, such as `not-tested`.
    pub code: Key,
    /// What is the matter, with the values that were read.
    pub message: Text,
    /// What would lift it, and who could do that.
    pub remedy: Text,
    /// The earliest instant at which time alone can lift it, if it can.
    #[serde(default, skip_serializing_if = "is_default")]
    pub clears_at: Option<Instant>,
}

impl Reason {
    /// A reason; what is too long is cut to the limits of [`Key`] and [`Text`].
    #[must_use]
    pub fn new(code: impl AsRef<str>, message: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Self {
            code: Key::clipped(code.as_ref()),
            message: Text::clipped(message.as_ref()),
            remedy: Text::clipped(remedy.as_ref()),
            clears_at: None,
        }
    }

    /// The same reason, lifted by time alone from `at` on.
    #[must_use]
    pub const fn clears_at(mut self, at: Instant) -> Self {
        self.clears_at = Some(at);
        self
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)?;
        self.clears_at
            .map_or(Ok(()), |at| write!(f, " (not before {at})"))
    }
}

/// The answer of one policy to one proposal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a join of verdicts has to be total"
)]
pub enum Verdict {
    /// What the policy asks for is there.
    Satisfied {
        /// Until when it stays there, if time alone can end it.
        #[serde(default, skip_serializing_if = "is_default")]
        until: Option<Instant>,
    },
    /// It is not there.
    Violated {
        /// Every reason; never empty.
        reasons: Vec<Reason>,
    },
    /// A fact that the policy needs is missing.
    Unknown {
        /// Every reason; never empty.
        reasons: Vec<Reason>,
    },
    /// The policy could not be evaluated. That never clears.
    Failed {
        /// Every reason; never empty.
        reasons: Vec<Reason>,
    },
    /// It is not there, and an override lets it pass, once.
    Excepted {
        /// What would have blocked.
        reasons: Vec<Reason>,
        /// The overrides that are used up.
        overrides: Vec<Key>,
    },
}

impl Verdict {
    /// What the policy asks for is there, for good.
    pub const SATISFIED: Self = Self::Satisfied { until: None };

    /// Satisfied without reasons, violated with any.
    #[must_use]
    pub fn of(reasons: Vec<Reason>) -> Self {
        if reasons.is_empty() {
            Self::SATISFIED
        } else {
            Self::Violated { reasons }
        }
    }

    /// Whether the policy lets the step pass.
    #[must_use]
    pub const fn clears(&self) -> bool {
        matches!(self, Self::Satisfied { .. } | Self::Excepted { .. })
    }

    /// The reasons behind the verdict.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Satisfied { .. } => &[],
            Self::Violated { reasons }
            | Self::Unknown { reasons }
            | Self::Failed { reasons }
            | Self::Excepted { reasons, .. } => reasons,
        }
    }

    /// Both: the worse of the two, with the reasons of all that are equally bad. Failed absorbs everything.
    ///
    /// Commutative up to the order of reasons, and associative: failed > violated > unknown > excepted > satisfied.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        use Verdict::{Excepted, Failed, Satisfied, Unknown, Violated};
        match (self, other) {
            (Satisfied { until: a }, Satisfied { until: b }) => Satisfied {
                until: earliest(a, b),
            },
            (Failed { reasons: a }, Failed { reasons: b }) => Failed {
                reasons: joined(a, b),
            },
            (Violated { reasons: a }, Violated { reasons: b }) => Violated {
                reasons: joined(a, b),
            },
            (Unknown { reasons: a }, Unknown { reasons: b }) => Unknown {
                reasons: joined(a, b),
            },
            (
                Excepted {
                    reasons: a,
                    overrides: c,
                },
                Excepted {
                    reasons: b,
                    overrides: d,
                },
            ) => Excepted {
                reasons: joined(a, b),
                overrides: joined(c, d),
            },
            (a, b) => {
                if a.badness() >= b.badness() {
                    a
                } else {
                    b
                }
            }
        }
    }

    const fn badness(&self) -> u8 {
        match self {
            Self::Satisfied { .. } => 0,
            Self::Excepted { .. } => 1,
            Self::Unknown { .. } => 2,
            Self::Violated { .. } => 3,
            Self::Failed { .. } => 4,
        }
    }
}

fn joined<T: PartialEq>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
    for entry in other {
        if !one.contains(&entry) {
            one.push(entry);
        }
    }
    one
}

pub(crate) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// What a policy's verdict does to the step.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "it blocks, it warns, or it is only written down"
)]
pub enum Enforcement {
    /// Refuses the step unless it clears.
    #[default]
    Block,
    /// Is shown, and refuses nothing.
    Warn,
    /// Is written down, and refuses nothing.
    Shadow,
}

/// Which gate answered: name, version, and a digest of its rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GateId {
    /// The gate's name.
    pub name: Key,
    /// The gate's version.
    pub version: u32,
    /// The digest of its rules.
    pub digest: Digest,
}

/// What one policy of one gate answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Finding {
    /// The gate; `lifecycle` for the invariants that no gate can waive.
    pub gate: Key,
    /// The policy.
    pub policy: Key,
    /// The version of the policy's code.
    pub policy_version: u32,
    /// What the verdict does to the step.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enforcement: Enforcement,
    /// The answer.
    pub verdict: Verdict,
}

impl Finding {
    /// Whether the finding refuses the step.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.enforcement == Enforcement::Block && !self.verdict.clears()
    }
}

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a step moves a release, a record does not; there is no third"
)]
pub enum Asking {
    /// A step.
    Step(Action),
    /// A record.
    Record(RecordKind),
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(action) => action.fmt(f),
            Self::Record(kind) => kind.fmt(f),
        }
    }
}

/// The answer of all gates to one proposal: who asked for what when, what each policy found, and on what facts.
///
/// It is part of the event that it led to, and comes out the same when it is computed again from the state before
/// and the facts in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Decision {
    /// What was asked for.
    pub asked: Asking,
    /// Who asked.
    pub actor: Actor,
    /// The instant for which it was decided.
    pub at: Instant,
    /// When it was said to be true, where that was another instant.
    #[serde(default, skip_serializing_if = "is_default")]
    pub occurred_at: Option<Instant>,
    /// The gates that were asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gates: Vec<GateId>,
    /// What they found, in the order of gates and policies; the lifecycle's own first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub findings: Vec<Finding>,
    /// The host's facts that the policies read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub facts: BTreeMap<Key, Fact>,
    /// Until when a clearance holds, if a fact that decided can change by time alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holds_until: Option<Instant>,
}

impl Decision {
    /// Nothing found yet.
    pub(crate) fn begun(asked: Asking, by: &By, at: Instant) -> Self {
        Self {
            asked,
            actor: by.actor.clone(),
            at,
            occurred_at: by.occurred_at.filter(|&occurred_at| occurred_at != at),
            gates: Vec::new(),
            findings: Vec::new(),
            facts: BTreeMap::new(),
            holds_until: None,
        }
    }

    /// Whether the step may go ahead.
    #[must_use]
    pub fn is_cleared(&self) -> bool {
        !self.findings.iter().any(Finding::blocks)
    }

    /// Everything that stands against the step; empty if and only if it may go ahead.
    pub fn blockers(&self) -> impl Iterator<Item = Blocker<'_>> {
        let blocking = self.findings.iter().filter(|finding| finding.blocks());
        blocking.flat_map(|finding| {
            finding
                .verdict
                .reasons()
                .iter()
                .map(move |reason| Blocker { finding, reason })
        })
    }

    /// The overrides that the step uses up.
    pub fn overrides(&self) -> impl Iterator<Item = &Key> {
        self.findings
            .iter()
            .filter(|finding| finding.enforcement == Enforcement::Block)
            .flat_map(|finding| match &finding.verdict {
                Verdict::Excepted { overrides, .. } => overrides.as_slice(),
                Verdict::Satisfied { .. }
                | Verdict::Violated { .. }
                | Verdict::Unknown { .. }
                | Verdict::Failed { .. } => &[],
            })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_cleared() {
            return write!(f, "{} cleared", self.asked);
        }
        write!(f, "{} refused", self.asked)?;
        let mut blockers = self.blockers();
        blockers.try_for_each(|blocker| write!(f, "\n  {blocker}"))
    }
}

/// One reason against a step, and the policy that gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocker<'a> {
    /// What the policy found, the gate and the policy's name included.
    pub finding: &'a Finding,
    /// The reason: code, message, remedy, earliest clearing instant.
    pub reason: &'a Reason,
}

impl fmt::Display for Blocker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.finding.policy, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_with_an_unknown_field_is_refused() {
        let read = serde_json::from_str::<Verdict>;
        assert_eq!(read(r#"{"satisfied":{}}"#).unwrap(), Verdict::SATISFIED);
        for bad in [
            r#"{"satisfied":{"untill":null}}"#,
            r#"{"violated":{"reasons":[],"overrides":[]}}"#,
        ] {
            assert!(read(bad).unwrap_err().to_string().contains("unknown field"));
        }
    }
}
