//! Policies of the host's own, and what stands for a rule that never clears.

use super::breach::Breach;
use super::judging::Judge;
use super::policy::{Ask, Policy, Relation, is_policy_name};
use super::rule::Rule;
use crate::phase::PhaseName;
use crate::release::limits::RULE_DEPTH;
use crate::release::{CalendarQuestion, ConflictQuestion, Key, Role, Verdict};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::value::RawValue;
use std::{collections::BTreeSet, fmt, panic::AssertUnwindSafe, sync::Arc};

#[cfg(feature = "schema")]
use serde_json::Value;

/// A policy of the host's own. Two are equal if name and parameters are.
#[derive(Clone)]
pub struct HostRule {
    name: Key,
    params: Arc<str>,
    pub(super) roles: BTreeSet<Role>,
    policy: Arc<dyn Judge>,
}

/// A policy of the host's own, as files have it.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(deny_unknown_fields, rename = "HostPolicy")]
#[expect(dead_code, reason = "it only describes the format")]
pub(super) struct HostFile {
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
