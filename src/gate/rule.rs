//! A policy as a value: what both doors, types and files, end in.

use super::condition::Condition;
use super::host::HostRule;
use super::judging::Judge;
use super::policies::policies;
use super::policy::{Policy, Relation};
use super::read::Reader;
use crate::phase::{Invalid, InvalidKind, PhaseName};
use crate::release::{Enforcement, Key, Role};
use serde::Serialize;
use serde_json::Value;
use std::{any::Any, collections::BTreeSet};

#[cfg(feature = "schema")]
use super::host::HostFile;

macro_rules! expand {
    ($($(#[$doc:meta])* $rule:ident $policy:ident $name:literal;)*) => {
        /// A policy as a value that can be compared, written, walked and judged.
        ///
        /// # Examples
        ///
        /// ```
        /// use phasegate::gate::{EvidencePolicy, GateSet, Percent, Rule};
        /// use phasegate::release::TestKind;
        /// use phasegate::{Gate, release::step::Deploy};
        ///
        /// let gate = Gate::<Deploy>::new("production", 1)?
        ///     .require(EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]));
        /// let set = GateSet::new().with(gate);
        /// let rule = &set.gates()[0].requirements()[0].rule;
        /// assert_eq!(rule.name().as_str(), "evidence");
        /// assert_eq!(rule.numbers(), [("required.functional".to_owned(), 95)]);
        /// assert!(!rule.is_opaque());
        /// # Ok::<(), phasegate::phase::Invalid>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $name)] $rule(super::policies::$policy),)*
            /// Every one of them.
            #[serde(rename = "all")]
            All(Vec<Rule>),
            /// One of them.
            #[serde(rename = "any")]
            Any(Vec<Rule>),
            /// This many of them.
            #[serde(rename = "at-least")]
            AtLeast(AtLeast),
            /// Not this one.
            #[serde(rename = "not")]
            Not(Box<Rule>),
            /// This one, where a condition holds.
            #[serde(rename = "when")]
            When(Box<Conditional>),
            /// This one, where a condition does not hold.
            #[serde(rename = "unless")]
            Unless(Box<Conditional>),
            /// A policy of the host's own: known by name and parameters, opaque otherwise.
            #[serde(rename = "host")]
            Host(#[cfg_attr(feature = "schema", schemars(with = "HostFile"))] HostRule),
        }

        impl Rule {
            /// The names of the built-in policies, as files write them.
            pub(super) const BUILT_IN: &'static [&'static str] = &[$($name),*];

            /// Its policy; nothing for a combination.
            pub(super) fn judge(&self) -> Option<&dyn Judge> {
                match self {
                    $(Self::$rule(policy) => Some(policy),)*
                    Self::Host(host) => Some(host),
                    Self::All(_) | Self::Any(_) | Self::AtLeast(_) | Self::Not(_) => None,
                    Self::When(_) | Self::Unless(_) => None,
                }
            }

            /// The rule of a policy: a built-in one is itself, whatever else is the host's own. Nothing of the policy
            /// is asked which.
            pub(super) fn of<P: Policy>(policy: P) -> Self {
                let any: &dyn Any = &policy;
                $(if let Some(policy) = any.downcast_ref::<super::policies::$policy>() {
                    return Self::$rule(policy.clone());
                })*
                Self::host(policy)
            }

            /// Reads a built-in policy by its name and parameters.
            pub(super) fn read(name: &str, params: Value, read: &mut Reader) -> Option<Self> {
                match name {
                    $($name => read.params::<super::policies::$policy>(params).map(Self::$rule),)*
                    _ => None,
                }
            }
        }
    };
}

policies!(expand);

/// This many of some rules.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AtLeast {
    pub(super) count: u32,
    pub(super) of: Vec<Rule>,
}

impl AtLeast {
    pub(super) fn new(count: usize, of: Vec<Rule>) -> Result<Self, Invalid> {
        let fitting = u32::try_from(count).ok();
        if let Some(count) = fitting.filter(|_| (1..=of.len()).contains(&count)) {
            return Ok(Self { count, of });
        }
        let expected = format!("1 to {}, the number of rules", of.len());
        Err(Invalid::new(
            InvalidKind::OutOfRange,
            "count",
            count,
            expected,
        ))
    }

    /// How many have to clear.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count as usize
    }

    /// Of which.
    #[must_use]
    pub fn of(&self) -> &[Rule] {
        &self.of
    }
}

/// A rule for some releases.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Conditional {
    /// Which releases.
    pub condition: Condition,
    /// The rule.
    pub rule: Rule,
}

impl Rule {
    /// The policy's name; of a combination, the combination's. What only holds under a condition has the name of
    /// what it holds for.
    #[must_use]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every policy knows its name"
    )]
    pub fn name(&self) -> Key {
        match self {
            Self::All(_) => Key::own("all"),
            Self::Any(_) => Key::own("any"),
            Self::AtLeast(_) => Key::own("at-least"),
            Self::Not(_) => Key::own("not"),
            Self::When(conditional) | Self::Unless(conditional) => conditional.rule.name(),
            single => single.judge().map_or_else(|| Key::clipped(""), Judge::name),
        }
    }

    /// The rules that it combines; none for a single policy.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "no policy has parts")]
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::All(of) | Self::Any(of) => of,
            Self::AtLeast(at_least) => &at_least.of,
            Self::Not(of) => std::slice::from_ref(of),
            Self::When(conditional) | Self::Unless(conditional) => {
                std::slice::from_ref(&conditional.rule)
            }
            _ => &[],
        }
    }

    /// Itself and everything in it, each before its parts.
    pub fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut left = vec![self];
        std::iter::from_fn(move || {
            let rule = left.pop()?;
            left.extend(rule.parts().iter().rev());
            Some(rule)
        })
    }

    /// Whether nothing is known of what it means but its name and parameters: a policy of the host's own.
    #[must_use]
    pub const fn is_opaque(&self) -> bool {
        matches!(self, Self::Host(_))
    }

    /// Its parameters, as JSON; of a combination, those of its parts too.
    #[must_use]
    pub fn params(&self) -> String {
        serde_json::to_string(&self.written()).unwrap_or_default()
    }

    /// The whole numbers among its parameters, each with its place: where its answer may turn.
    #[must_use]
    pub fn numbers(&self) -> Vec<(String, i64)> {
        let mut numbers = Vec::new();
        number("", &self.written(), &mut numbers);
        numbers
    }

    /// The roles that it, or a part of it, names.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<Role> {
        let policies = self.walk().filter_map(Self::judge);
        policies.flat_map(Judge::roles).collect()
    }

    /// Who is asked to approve by it alone, not by its parts. Of a host's own policy, whoever has a role that it names.
    #[cfg(feature = "verify")]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "no other policy asks people"
    )]
    pub(crate) fn approvers(&self) -> BTreeSet<super::Approver> {
        match self {
            Self::Approvals(policy) => {
                let rules = policy.rules().iter();
                rules.flat_map(|rule| rule.by().iter().cloned()).collect()
            }
            Self::Host(host) => {
                let roles = host.roles.iter().cloned();
                roles.map(super::Approver::Role).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// The keys of the host's facts that it, or a part of it, needs.
    #[must_use]
    pub fn facts(&self) -> BTreeSet<Key> {
        let policies = self.walk().filter_map(Self::judge);
        policies
            .flat_map(|policy| policy.needs().unwrap_or_default())
            .collect()
    }

    /// The other releases that it, or a part of it, looks at.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<Relation> {
        let policies = self.walk().filter_map(Self::judge);
        policies.flat_map(Judge::relations).copied().collect()
    }

    /// The phases in which a release has what it reads.
    #[must_use]
    pub fn phases(&self) -> Vec<PhaseName> {
        let has_all = |phase: &&PhaseName| {
            let mut policies = self.walk().filter_map(Self::judge);
            policies.all(|policy| policy.phases().contains(phase))
        };
        PhaseName::ALL.iter().filter(has_all).copied().collect()
    }

    /// The parameters alone, without the name around them.
    pub(super) fn written(&self) -> Value {
        match serde_json::to_value(self) {
            Ok(Value::Object(named)) => named
                .into_iter()
                .next()
                .map_or(Value::Null, |(_, params)| params),
            _ => Value::Null,
        }
    }
}

fn number(path: &str, value: &Value, numbers: &mut Vec<(String, i64)>) {
    let under = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Number(found) => {
            numbers.extend(found.as_i64().map(|found| (path.to_owned(), found)));
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                number(&format!("{path}[{index}]"), entry, numbers);
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                number(&under(key), entry, numbers);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// A policy of a gate and what its verdict does.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Requirement {
    /// The policy.
    pub rule: Rule,
    /// What its verdict does to the step.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub enforcement: Enforcement,
    /// The policy's name, kept because every finding has it.
    #[serde(skip)]
    pub(crate) policy: Key,
}

impl Requirement {
    pub(super) fn new(rule: Rule, enforcement: Enforcement) -> Self {
        Self {
            policy: rule.name(),
            rule,
            enforcement,
        }
    }
}
