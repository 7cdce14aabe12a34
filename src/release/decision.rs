//! What a gate answered, as data: findings, blockers, and the decision that an event keeps.

use super::digest::Digest;
use super::fact::Fact;
use super::id::ReleaseId;
use super::model::FollowedModel;
use super::people::{Actor, Role};
use super::proposal::By;
use super::relation::OtherRelease;
use super::text::{Key, Text};
use super::verdict::{Reason, Verdict};
use super::words::is_default;
use crate::phase::{Action, Instant, RecordKind};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// What a policy's verdict does to the step.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// How many of the parts have to clear; said where the policy's name does not: for `at-least`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub needed: Option<u32>,
    /// What the parts of a combination answered, those that were not judged left out; empty for a single policy.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parts: Vec<Part>,
    /// The roles in which an override of it counts; none where nobody can override it, or where it refuses nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overridable_by: BTreeSet<Role>,
}

impl Finding {
    /// Whether the finding refuses the step.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.enforcement == Enforcement::Block && !self.verdict.clears()
    }

    /// Everything that keeps the policy from clearing, whatever its enforcement: the reasons of its parts, if it is a combination.
    #[must_use]
    pub fn blockers(&self) -> Vec<Blocker<'_>> {
        let mut blockers = Vec::new();
        if !self.verdict.clears() {
            let say = &mut |policy, reason| {
                blockers.push(Blocker {
                    finding: self,
                    policy,
                    reason,
                });
            };
            tell(&self.policy, &self.verdict, &self.parts, false, say);
        }
        blockers
    }
}

/// What one part of a combination answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Part {
    /// The policy, or the combination.
    pub policy: Key,
    /// The version of the policy's code.
    pub policy_version: u32,
    /// The answer.
    pub verdict: Verdict,
    /// How many of its parts have to clear; said where its name does not: for `at-least`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub needed: Option<u32>,
    /// What its own parts answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parts: Vec<Part>,
}

/// Tells the reasons nearest to what was judged. Under `not`, a violated part is what is wanted, and says nothing.
fn tell<'a>(
    policy: &'a Key,
    verdict: &'a Verdict,
    parts: &'a [Part],
    is_negated: bool,
    say: &mut impl FnMut(&'a Key, &'a Reason),
) {
    for reason in verdict.reasons() {
        say(policy, reason);
    }
    if !verdict.reasons().is_empty() {
        return;
    }
    let is_negated = is_negated != (policy.as_str() == NOT);
    for part in parts {
        let is_wanted = matches!(part.verdict, Verdict::Violated { .. }) && is_negated;
        if !part.verdict.clears() && !is_wanted {
            tell(&part.policy, &part.verdict, &part.parts, is_negated, say);
        }
    }
}

/// The names of the combinations.
pub(crate) const ALL: &str = "all";
pub(crate) const ANY: &str = "any";
pub(crate) const AT_LEAST: &str = "at-least";
pub(crate) const NOT: &str = "not";

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
    /// What they found, in the order of gates and policies; the lifecycle's own first, and last which overrides do not
    /// help.
    #[serde(default, skip_serializing_if = "is_default")]
    pub findings: Vec<Finding>,
    /// The host's facts that the policies read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub facts: BTreeMap<Key, Fact>,
    /// The host's facts that policies needed and that could not be had, and why.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missing: BTreeMap<Key, Text>,
    /// The other releases that were looked at.
    #[serde(default, skip_serializing_if = "is_default")]
    pub others: BTreeMap<ReleaseId, OtherRelease>,
    /// The release model that was looked at, as it stood.
    #[serde(default, skip_serializing_if = "is_default")]
    pub model: Option<Arc<FollowedModel>>,
    /// Why how the release model stands could not be read, where a decision rests on that.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unread_model: Option<Text>,
    /// The other releases that could not be read, and why.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unread: BTreeMap<ReleaseId, Text>,
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
            missing: BTreeMap::new(),
            others: BTreeMap::new(),
            model: None,
            unread_model: None,
            unread: BTreeMap::new(),
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
        blocking.flat_map(Finding::blockers)
    }

    /// What is to be told to people and refuses nothing: what policies that only warn have against the step, and which
    /// overrides do not help it.
    pub fn warnings(&self) -> impl Iterator<Item = Blocker<'_>> {
        let warning = |finding: &&Finding| finding.enforcement == Enforcement::Warn;
        let warning = self.findings.iter().filter(warning);
        warning.flat_map(Finding::blockers)
    }

    /// The overrides that the step uses up.
    pub fn overrides(&self) -> impl Iterator<Item = &Key> {
        self.findings
            .iter()
            .filter(|finding| finding.enforcement == Enforcement::Block)
            .flat_map(|finding| finding.verdict.overrides())
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = if self.is_cleared() {
            "cleared"
        } else {
            "refused"
        };
        write!(f, "{} {answer}", self.asked)?;
        let mut blockers = self.blockers();
        blockers.try_for_each(|blocker| write!(f, "\n  {blocker}"))?;
        let mut warnings = self.warnings();
        warnings.try_for_each(|warning| write!(f, "\n  warning: {warning}"))
    }
}

/// One reason against a step, and the policy that gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocker<'a> {
    /// What the requirement of the gate found, its combination included.
    pub finding: &'a Finding,
    /// The policy that says so; of a combination, the part.
    pub policy: &'a Key,
    /// The reason: code, message, remedy, earliest clearing instant.
    pub reason: &'a Reason,
}

impl fmt::Display for Blocker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.policy, self.reason)
    }
}
