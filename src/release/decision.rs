//! What a gate answered, as data: findings, blockers, and the decision that an event keeps.

use super::availability::{Availability, Effect, WindowKind};
use super::conflict::ConflictAnswer;
use super::digest::Digest;
use super::fact::Fact;
use super::id::{ReleaseId, Version};
use super::model::FollowedModel;
use super::people::{Actor, Role};
use super::proposal::By;
use super::relation::OtherRelease;
use super::text::{Key, Text};
use super::verdict::{Reason, Verdict};
use super::words::is_default;
use crate::phase::{Action, Instant, RecordKind, visible};
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

/// Freezes of one calendar that overrides have lifted, and the version of its log that was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LiftedFreezes {
    pub(crate) as_of: Version,
    pub(crate) from: Instant,
    /// The end of the deployment window; without one, as long as the deployment lasts.
    pub(crate) until: Option<Instant>,
    pub(crate) freezes: BTreeSet<Key>,
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

/// What one requirement of one gate found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Finding {
    /// The gate; `lifecycle` for the invariants that no gate can waive.
    pub gate: Key,
    /// What the verdict does to the step.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enforcement: Enforcement,
    /// What was found.
    pub judgement: Judgement,
    /// The roles in which an override of it counts; none where nobody can override it, or where it refuses nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overridable_by: BTreeSet<Role>,
}

impl Finding {
    /// Whether the finding refuses the step.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.enforcement == Enforcement::Block && !self.judgement.verdict.clears()
    }

    /// Everything that keeps it from clearing, whatever its enforcement: of a combination, the reasons of its parts.
    #[must_use]
    pub fn blockers(&self) -> Vec<Blocker<'_>> {
        let mut blockers = Vec::new();
        if !self.judgement.verdict.clears() {
            self.judgement.tell(false, &mut |policy, reason| {
                blockers.push(Blocker {
                    finding: self,
                    policy,
                    reason,
                });
            });
        }
        blockers
    }
}

/// The verdict of one rule: of a policy, or of a combination with that of each part.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Judgement {
    /// The policy; of a combination, the combination's name.
    pub policy: Key,
    /// The version of its meaning.
    pub policy_version: u32,
    /// What it came to.
    pub verdict: Verdict,
    /// How the parts were combined; nothing for a single policy.
    #[serde(default, skip_serializing_if = "is_default")]
    pub combined: Option<Combination>,
    /// The parts of a combination, those that were not judged left out; none for a single policy.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parts: Vec<Judgement>,
}

/// How a combination makes one verdict of those of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Combination {
    /// Every part has to clear.
    All,
    /// One part has to clear.
    Any,
    /// This many parts have to clear.
    AtLeast(u32),
    /// The part has to be violated.
    Not,
}

impl Judgement {
    /// Of a single policy.
    pub(crate) const fn single(policy: Key, policy_version: u32, verdict: Verdict) -> Self {
        Self {
            policy,
            policy_version,
            verdict,
            combined: None,
            parts: Vec::new(),
        }
    }

    /// The single policies in it, in their order; itself, if it is of one.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Self> {
        let mut left = vec![self];
        std::iter::from_fn(move || {
            loop {
                let one = left.pop()?;
                if one.combined.is_none() {
                    return Some(one);
                }
                left.extend(one.parts.iter().rev());
            }
        })
    }

    fn say_less(&mut self) {
        match &mut self.verdict {
            Verdict::Violated { reasons }
            | Verdict::Unknown { reasons }
            | Verdict::Failed { reasons } => {
                let count = reasons.len();
                if count > 0 {
                    let message =
                        format!("{count} reasons are left out: they were too long to be kept");
                    let reason =
                        Reason::new("reasons-left-out", message, "let the policy say less");
                    *reasons = vec![reason.read("reasons", count)];
                }
            }
            Verdict::Satisfied { .. } | Verdict::Excepted { .. } => {}
        }
        self.parts.iter_mut().for_each(Self::say_less);
    }

    /// Tells the reasons nearest to what was judged. Under `not`, a violated part is what is wanted, and says nothing.
    fn tell<'a>(&'a self, is_negated: bool, say: &mut impl FnMut(&'a Key, &'a Reason)) {
        let reasons = self.verdict.reasons();
        for reason in reasons {
            say(&self.policy, reason);
        }
        if !reasons.is_empty() {
            return;
        }
        let is_negated = is_negated != (self.combined == Some(Combination::Not));
        for part in &self.parts {
            let is_wanted = matches!(part.verdict, Verdict::Violated { .. }) && is_negated;
            if !part.verdict.clears() && !is_wanted {
                part.tell(is_negated, say);
            }
        }
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
    /// The host's facts that policies needed and that the host does not know.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_known: BTreeSet<Key>,
    /// The other releases that were looked at.
    #[serde(default, skip_serializing_if = "is_default")]
    pub others: BTreeMap<ReleaseId, OtherRelease>,
    /// The release model that was looked at, as it stood.
    #[serde(default, skip_serializing_if = "is_default")]
    pub model: Option<Arc<FollowedModel>>,
    /// Why how the release model stands could not be read, where a decision rests on that.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unread_model: Option<Text>,
    /// What calendars answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub calendars: Vec<Availability>,
    /// The calendars that could not be read, and why.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unread_calendars: BTreeMap<Key, Text>,
    /// What was found of conflicts with what other releases have booked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub conflicts: Vec<ConflictAnswer>,
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
            not_known: BTreeSet::new(),
            others: BTreeMap::new(),
            model: None,
            unread_model: None,
            calendars: Vec::new(),
            unread_calendars: BTreeMap::new(),
            conflicts: Vec::new(),
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

    /// The exceptions to freezes that the step uses up, each with its calendar.
    ///
    /// A step that was asked about the planned window counts on exceptions, and leaves them to the deployment.
    pub fn exceptions(&self) -> impl Iterator<Item = (&Key, &Key)> {
        let answers = self.calendars.iter();
        let using = answers.filter(|answer| self.uses_up_exceptions(answer));
        using.flat_map(Availability::excepted)
    }

    /// Whether the step does what it was excepted for: it deploys, or was asked about its own instant.
    pub(crate) fn uses_up_exceptions(&self, answer: &Availability) -> bool {
        self.asked == Asking::Step(Action::Deploy) || answer.span.is_moment()
    }

    /// The freezes that overrides lift for what runs from now on until then, by calendar.
    pub(crate) fn lifted_freezes(&self, until: Option<Instant>) -> BTreeMap<Key, LiftedFreezes> {
        let used: BTreeSet<_> = self.overrides().collect();
        let policies = self.findings.iter();
        let policies = policies.flat_map(|one| one.judgement.policies());
        let excepted = policies
            .map(|policy| &policy.verdict)
            .filter(|verdict| verdict.overrides().any(|id| used.contains(id)));
        let reasons = excepted.flat_map(Verdict::reasons);
        let named: BTreeSet<_> = reasons.filter_map(|one| one.about.as_ref()).collect();
        let mut lifted: BTreeMap<Key, LiftedFreezes> = BTreeMap::new();
        let freezes = |one: &&Availability| one.question.kind == WindowKind::Freeze;
        for answer in self.calendars.iter().filter(freezes) {
            let blocking = answer.deciding.iter();
            let blocking = blocking.filter(|one| one.effect == Effect::Blocked);
            let freezes = blocking.filter_map(|one| one.window.clone());
            let of_calendar = lifted.entry(answer.question.calendar.clone());
            let of_calendar = of_calendar.or_insert_with(|| LiftedFreezes {
                as_of: answer.source.version,
                from: self.at,
                until,
                freezes: BTreeSet::new(),
            });
            let freezes = freezes.filter(|freeze| named.contains(freeze));
            of_calendar.freezes.extend(freezes);
        }
        lifted.retain(|_, one| !one.freezes.is_empty());
        lifted
    }

    /// Whether it is short, said without writing it.
    pub(crate) fn is_surely_small(&self) -> bool {
        let is_bare = |finding: &Finding| {
            let Judgement { verdict, parts, .. } = &finding.judgement;
            parts.is_empty() && matches!(verdict, Verdict::Satisfied { .. })
        };
        self.gates.len() <= 50
            && self.findings.len() <= 100
            && self.facts.len() <= 2
            && (self.missing.len(), self.others.len(), self.unread.len()) == (0, 0, 0)
            && self.not_known.len() <= 2
            && self.calendars.is_empty()
            && self.unread_calendars.is_empty()
            && self.conflicts.is_empty()
            && self.findings.iter().all(is_bare)
    }

    /// Leaves out the reasons of what refuses nothing, and says how many there were. What overrides let pass stays.
    pub(crate) fn say_less(&mut self) {
        let silent = self.findings.iter_mut().filter(|one| !one.blocks());
        silent.for_each(|finding| finding.judgement.say_less());
    }

    /// The overrides that the step uses up.
    pub fn overrides(&self) -> impl Iterator<Item = &Key> {
        self.findings
            .iter()
            .filter(|finding| finding.enforcement == Enforcement::Block)
            .flat_map(|finding| finding.judgement.verdict.overrides())
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
        write!(f, "{}: {}", visible(self.policy.as_str()), self.reason)
    }
}
