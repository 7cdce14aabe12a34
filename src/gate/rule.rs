//! A policy as a value: what both doors, types and files, end in.

use super::breach::Breach;
use super::condition::Condition;
use super::policies::{ModelStandingPolicy, TimeOfDayPolicy, policies};
use super::policy::{Ask, Policy, Relation, is_policy_name};
use super::read::Reader;
use crate::phase::{Instant, Invalid, InvalidKind, PhaseName};
use crate::release::limits::RULE_DEPTH;
use crate::release::{
    CalendarQuestion, ConflictQuestion, Earned, Enforcement, Key, Role, StateRef, Verdict,
};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Value, value::RawValue};
use std::{
    any::{Any, TypeId},
    collections::BTreeSet,
    fmt,
    panic::AssertUnwindSafe,
    sync::Arc,
};

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
    /// The rule of a host's policy.
    #[must_use]
    pub fn host<P: Policy>(policy: P) -> Self {
        const {
            assert!(
                is_policy_name(P::NAME),
                "see `Policy::NAME` for what it may hold"
            );
        }
        let name = policy.name();
        let unfit = |breach, why: String| -> Arc<dyn Judge> {
            let name = name.clone();
            Arc::new(Unfit { name, breach, why })
        };
        let roles = std::panic::catch_unwind(AssertUnwindSafe(|| policy.roles()));
        let (params, policy): (_, Arc<dyn Judge>) = match serde_json::to_string(&policy) {
            // Parameters that cannot be written cannot be compared either.
            Err(_) => {
                let why = format!("the parameters of policy `{name}` cannot be written as JSON");
                ("null".to_owned(), unfit(Breach::Unwritable, why))
            }
            Ok(params) if Self::is_taken(&name) => {
                let why = format!(
                    "a host policy cannot be called `{name}`: that is a name of the crate's own"
                );
                (params, unfit(Breach::NameTaken, why))
            }
            Ok(params) => (params, Arc::new(policy)),
        };
        // Asked once and kept: whoever looks for roles later cannot be told that it panicked.
        let (roles, policy) = if let Ok(roles) = roles {
            (roles, policy)
        } else {
            let why = format!("policy `{name}` panicked when it was asked for its roles");
            (BTreeSet::new(), unfit(Breach::Panicked, why))
        };
        Self::Host(HostRule {
            name,
            params: params.into(),
            roles,
            policy,
        })
    }

    /// Whether that is the name of a built-in policy, or of the lifecycle.
    fn is_taken(name: &Key) -> bool {
        let name = name.as_str();
        name == super::LIFECYCLE || Self::BUILT_IN.contains(&name)
    }

    /// Itself, unless it is nested too deep: what it would say could not be read back from a log.
    pub(super) fn within_depth(self) -> Self {
        if self.depth() <= RULE_DEPTH {
            return self;
        }
        let name = self.name();
        let why = format!("rules are nested {RULE_DEPTH} deep at most");
        Self::Host(HostRule {
            name: name.clone(),
            params: "null".into(),
            roles: BTreeSet::new(),
            policy: Arc::new(Unfit {
                name,
                breach: Breach::NestedTooDeep,
                why,
            }),
        })
    }

    fn depth(&self) -> usize {
        1 + self.parts().iter().map(Self::depth).max().unwrap_or(0)
    }

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

/// A policy of the host's own. Two are equal if name and parameters are.
#[derive(Clone)]
pub struct HostRule {
    name: Key,
    params: Arc<str>,
    roles: BTreeSet<Role>,
    policy: Arc<dyn Judge>,
}

/// A policy of the host's own, as files have it.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(deny_unknown_fields, rename = "HostPolicy")]
#[expect(dead_code, reason = "it only describes the format")]
struct HostFile {
    /// The name under which it is registered.
    name: Key,
    /// Its parameters.
    #[schemars(default)]
    params: Value,
}

impl HostRule {
    /// Its parameters, as JSON.
    #[must_use]
    pub fn params(&self) -> &str {
        &self.params
    }
}

impl PartialEq for HostRule {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.params) == (&other.name, &other.params)
    }
}

impl Eq for HostRule {}

impl fmt::Debug for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostRule({} {})", self.name, self.params)
    }
}

impl Serialize for HostRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let params: &RawValue =
            serde_json::from_str(&self.params).map_err(serde::ser::Error::custom)?;
        let mut host = serializer.serialize_struct("HostRule", 2)?;
        host.serialize_field("name", &self.name)?;
        host.serialize_field("params", params)?;
        host.end()
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

/// A policy without its type: one non-generic way to judge all of them.
pub(super) trait Judge: Send + Sync {
    fn name(&self) -> Key;
    fn version(&self) -> u32;
    /// The facts to give it, or the verdict if it cannot even say that.
    fn needs(&self) -> Result<Vec<Key>, Verdict>;
    fn relations(&self) -> &'static [Relation];
    /// What it asks of calendars, or the verdict if it cannot even say that.
    fn calendars(&self) -> Result<Vec<CalendarQuestion>, Verdict>;
    /// What it asks of what other releases have booked, or the verdict if it cannot even say that.
    fn conflicts(&self) -> Result<Option<ConflictQuestion>, Verdict>;
    /// Whether it looks at how the release's model stands.
    fn reads_model(&self) -> bool;
    /// Whether it looks by itself at when the work would be done.
    fn is_timed(&self) -> bool;
    fn phases(&self) -> &'static [PhaseName];
    fn roles(&self) -> BTreeSet<Role>;
    fn verdict(&self, ask: &Ask<'_>) -> Verdict;
}

/// Stands for a rule that never clears, and says why.
struct Unfit {
    name: Key,
    breach: Breach,
    why: String,
}

impl Judge for Unfit {
    fn name(&self) -> Key {
        self.name.clone()
    }

    fn version(&self) -> u32 {
        0
    }

    fn needs(&self) -> Result<Vec<Key>, Verdict> {
        Ok(Vec::new())
    }

    fn relations(&self) -> &'static [Relation] {
        &[]
    }

    fn calendars(&self) -> Result<Vec<CalendarQuestion>, Verdict> {
        Ok(Vec::new())
    }

    fn conflicts(&self) -> Result<Option<ConflictQuestion>, Verdict> {
        Ok(None)
    }

    fn reads_model(&self) -> bool {
        false
    }

    fn is_timed(&self) -> bool {
        false
    }

    fn phases(&self) -> &'static [PhaseName] {
        PhaseName::ALL
    }

    fn roles(&self) -> BTreeSet<Role> {
        BTreeSet::new()
    }

    fn verdict(&self, _ask: &Ask<'_>) -> Verdict {
        self.breach.told(self.why.clone())
    }
}

/// Judges twice: a policy that answers differently to the same question cannot be trusted with either answer.
impl Judge for HostRule {
    fn name(&self) -> Key {
        self.name.clone()
    }

    fn version(&self) -> u32 {
        self.policy.version()
    }

    fn needs(&self) -> Result<Vec<Key>, Verdict> {
        self.policy.needs()
    }

    fn relations(&self) -> &'static [Relation] {
        self.policy.relations()
    }

    fn calendars(&self) -> Result<Vec<CalendarQuestion>, Verdict> {
        self.policy.calendars()
    }

    fn conflicts(&self) -> Result<Option<ConflictQuestion>, Verdict> {
        self.policy.conflicts()
    }

    fn reads_model(&self) -> bool {
        self.policy.reads_model()
    }

    fn is_timed(&self) -> bool {
        self.policy.is_timed()
    }

    fn phases(&self) -> &'static [PhaseName] {
        self.policy.phases()
    }

    fn roles(&self) -> BTreeSet<Role> {
        self.roles.clone()
    }

    fn verdict(&self, ask: &Ask<'_>) -> Verdict {
        let verdict = self.policy.verdict(ask);
        if self.policy.verdict(ask) == verdict {
            return verdict;
        }
        let message = format!(
            "policy `{}` answered the same question in two ways",
            self.name
        );
        Breach::NotDeterministic.told(message)
    }
}

impl<P: Policy> Judge for P {
    fn name(&self) -> Key {
        Key::clipped(P::NAME)
    }

    fn version(&self) -> u32 {
        P::VERSION
    }

    fn needs(&self) -> Result<Vec<Key>, Verdict> {
        // Nothing of ours is half changed when a policy panics: it only sees shared references.
        std::panic::catch_unwind(AssertUnwindSafe(|| self.facts())).map_err(|_| panicked::<P>())
    }

    fn relations(&self) -> &'static [Relation] {
        P::RELATIONS
    }

    fn calendars(&self) -> Result<Vec<CalendarQuestion>, Verdict> {
        let asked = || Policy::calendars(self);
        std::panic::catch_unwind(AssertUnwindSafe(asked)).map_err(|_| panicked::<P>())
    }

    fn conflicts(&self) -> Result<Option<ConflictQuestion>, Verdict> {
        let asked = || Policy::conflicts(self);
        std::panic::catch_unwind(AssertUnwindSafe(asked)).map_err(|_| panicked::<P>())
    }

    fn reads_model(&self) -> bool {
        TypeId::of::<P>() == TypeId::of::<ModelStandingPolicy>()
    }

    fn is_timed(&self) -> bool {
        TypeId::of::<P>() == TypeId::of::<TimeOfDayPolicy>()
    }

    fn phases(&self) -> &'static [PhaseName] {
        P::Reads::PHASES
    }

    fn roles(&self) -> BTreeSet<Role> {
        Policy::roles(self)
    }

    fn verdict(&self, ask: &Ask<'_>) -> Verdict {
        let state = StateRef(ask.state());
        let Some(read) = P::Reads::of(&state) else {
            let message = format!(
                "policy `{}` reads what a release in {} has not got",
                P::NAME,
                ask.standing()
            );
            return Breach::CannotRead.told(message);
        };
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.judge(ask, read))) {
            Ok(Verdict::Satisfied { until: Some(until) }) if until <= ask.now() => {
                let message = format!("policy `{}` clears until {until}, which is over", P::NAME);
                Breach::ClearsUntilBefore.told(message)
            }
            Ok(verdict @ Verdict::Satisfied { .. }) => verdict,
            // Without a reason there is nothing to show and nothing that an override could name.
            Ok(
                verdict @ (Verdict::Violated { .. }
                | Verdict::Unknown { .. }
                | Verdict::Failed { .. }),
            ) if !verdict.reasons().is_empty() => still_to_come(verdict, ask.now()),
            Ok(_) => Breach::NoVerdict.told(format!(
                "policy `{}` gave no reason, or excepted itself",
                P::NAME
            )),
            Err(_) => panicked::<P>(),
        }
    }
}

/// Without the instants that are over: what blocks now was not lifted then.
fn still_to_come(mut verdict: Verdict, now: Instant) -> Verdict {
    match &mut verdict {
        Verdict::Violated { reasons }
        | Verdict::Unknown { reasons }
        | Verdict::Failed { reasons }
        | Verdict::Excepted { reasons, .. } => {
            for reason in reasons {
                reason.clears_at = reason.clears_at.filter(|at| now < *at);
            }
        }
        Verdict::Satisfied { .. } => {}
    }
    verdict
}

fn panicked<P: Policy>() -> Verdict {
    Breach::Panicked.told(format!("policy `{}` panicked", P::NAME))
}
