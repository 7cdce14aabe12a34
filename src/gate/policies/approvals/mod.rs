//! Who has to approve a step, and whether they have.
//!
//! [`rule`] is what is asked, [`answers`] who counts, [`matched`] who is matched, and [`lacking`] what is missing.

mod answers;
mod lacking;
mod matched;
mod rule;
mod shortfall;

pub use rule::{ApprovalRule, Approver, Quorum};
pub(in crate::gate) use shortfall::{Shortage, Shortfall};

use super::separation_of_duties::Duty;
use super::{length, listed};
use crate::gate::tally::Distinctness;
use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, InvalidKind, Seconds};
use crate::release::{Bounded, ReleaseRequest, Role, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Requires approvals of the step, about exactly what it would do now.
///
/// All rules have to be met. Whether they can be is found by the largest matching between people and rules, so that
/// the order of approvals never matters. An approval counts while its [subject](crate::release::Subject) is what it
/// was, while the person has the role in which they answered, and until it ends. One live rejection refuses the step;
/// a rejection lapses as an approval does. Once the step was taken, it has to be approved again.
/// Nobody approves what they asked for themselves; [`not_by`](Self::not_by) says who else does not.
///
/// | code | what is the matter |
/// |---|---|
/// | `approvals-missing` | a rule lacks approvals; the reason names who could give them |
/// | `cannot-be-approved` | no more people are left who could meet all rules |
/// | `own-work` | somebody approved what they asked for, built or deploy themselves |
/// | `approval-void` | something changed since it was approved; the reason says what |
/// | `approval-expired` | it was approved too long ago |
/// | `approver-left` | the person no longer has the role in which they approved |
/// | `rejected` | somebody who may approve said no |
///
/// # Examples
///
/// ```
/// use phasegate::Gate;
/// use phasegate::gate::{ApprovalRule, ApprovalsPolicy, Approver, Quorum};
/// use phasegate::phase::Seconds;
/// use phasegate::release::{Key, Role, step::Deploy};
///
/// let authority = ApprovalRule::new(
///     Key::new("authority")?,
///     Quorum::Count(1),
///     [Approver::Role(Role::ChangeAuthority)],
/// )?;
/// let policy = ApprovalsPolicy::new([authority])?.valid_for(Seconds::days(3))?;
/// let gate = Gate::<Deploy>::new("production", 1)?.require(policy);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct ApprovalsPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    rules: Bounded<Vec<ApprovalRule>>,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    people: Distinctness,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    not_by: BTreeSet<Duty>,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    valid_for_seconds: Option<Seconds>,
    /// Whether the requester's approval counts: never, but where it is tested that somebody would notice.
    #[serde(skip)]
    lets_requester_in: bool,
}

impl TryFrom<Params> for ApprovalsPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        let refused = |kind, found: &str, expected| {
            Err(Invalid::new(kind, "approvals policy", found, expected))
        };
        if params.rules.is_empty() {
            return refused(InvalidKind::Empty, "", "at least one rule");
        }
        if let Some(time) = params.valid_for_seconds {
            length("valid_for_seconds", time)?;
        }
        let mut names = BTreeSet::new();
        let mut rules = params.rules.iter();
        if let Some(twice) = rules.find(|rule| !names.insert(rule.name())) {
            let expected = "rules of different names";
            return refused(InvalidKind::Malformed, twice.name().as_str(), expected);
        }
        let policy = Self(params);
        // Where nobody is known to hold a role, the rules are left that name people only.
        if let Shortfall::OfAll(short) = policy.shortfall(&BTreeMap::new()) {
            let expected = "as many different people as its rules need together";
            return refused(InvalidKind::OutOfRange, &short.found.to_string(), expected);
        }
        Ok(policy)
    }
}

impl ApprovalsPolicy {
    /// These rules, each met by people of its own.
    ///
    /// # Errors
    ///
    /// - empty: there is no rule
    /// - malformed: two rules of one name
    /// - out of range: the people named are too few for all rules together
    /// - too large: more than 1,000 rules
    pub fn new(rules: impl IntoIterator<Item = ApprovalRule>) -> Result<Self, Invalid> {
        let params = Params {
            rules: Bounded::new(rules.into_iter().collect())?,
            people: Distinctness::DifferentPeople,
            not_by: BTreeSet::new(),
            valid_for_seconds: None,
            lets_requester_in: false,
        };
        params.try_into()
    }

    /// The same, where one person counts for every rule that they fit.
    #[must_use]
    pub const fn by_any_rule(mut self) -> Self {
        self.0.people = Distinctness::AnyRule;
        self
    }

    /// The same, where whoever has this duty in the release does not approve it either.
    #[must_use]
    pub fn not_by(mut self, duty: Duty) -> Self {
        self.0.not_by.insert(duty);
        self
    }

    /// The same, where the requester's approval counts.
    #[cfg(feature = "testing")]
    pub(in crate::gate) const fn letting_requester_in(mut self) -> Self {
        self.0.lets_requester_in = true;
        self
    }

    /// The same, where an approval lapses after that time.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 second to 10 years
    pub fn valid_for(mut self, time: Seconds) -> Result<Self, Invalid> {
        self.0.valid_for_seconds = Some(time);
        self.0.try_into()
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> &[ApprovalRule] {
        &self.0.rules
    }
}

impl Policy for ApprovalsPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "approvals";

    fn roles(&self) -> BTreeSet<Role> {
        let roles = self.rules().iter().flat_map(ApprovalRule::roles);
        roles.cloned().collect()
    }

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let answers = self.answers(ask);
        let needs = self.needs(ask);
        let met = self.met(&needs, &answers.counted);
        let mut reasons = answers.rejections.clone();
        match met {
            Some(met) if reasons.is_empty() => return met,
            Some(_) => {}
            None => reasons.extend(self.lacking(ask, &needs, &answers)),
        }
        Verdict::Violated { reasons }
    }
}
