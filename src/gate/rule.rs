//! A policy as a value: what both doors, types and files, end in.

use super::policies::evidence::EvidencePolicy;
use super::policy::{Ask, Policy};
use crate::phase::PhaseName;
use crate::release::{Earned, Enforcement, Key, Reason, State, StateRef, Verdict};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::value::RawValue;
use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

/// A policy as a value that can be compared, written, walked and judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// What has to be tested, and how well.
    Evidence(EvidencePolicy),
    /// A policy of the host's own: known by name and parameters, opaque otherwise.
    Host(HostRule),
}

impl Rule {
    /// The rule of a host's policy.
    #[must_use]
    pub fn host(policy: impl Policy) -> Self {
        let name = policy.name();
        // Parameters that cannot be written cannot be compared either: such a rule never clears.
        let (params, policy): (_, Arc<dyn Judge>) = match serde_json::to_string(&policy) {
            Ok(params) => (params, Arc::new(policy)),
            Err(_) => ("null".to_owned(), Arc::new(Unwritable(name.clone()))),
        };
        Self::Host(HostRule {
            name,
            params: params.into(),
            policy,
        })
    }

    /// The policy's name.
    #[must_use]
    pub fn name(&self) -> Key {
        self.judge().name()
    }

    /// The phases in which a release has what the policy reads.
    #[must_use]
    pub fn phases(&self) -> &'static [PhaseName] {
        self.judge().phases()
    }

    pub(super) fn judge(&self) -> &dyn Judge {
        match self {
            Self::Evidence(policy) => policy,
            Self::Host(host) => host.policy.as_ref(),
        }
    }
}

/// A policy of the host's own. Two are equal if name and parameters are.
#[derive(Clone)]
pub struct HostRule {
    name: Key,
    params: Arc<str>,
    policy: Arc<dyn Judge>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Requirement {
    /// The policy.
    pub rule: Rule,
    /// What its verdict does to the step.
    pub enforcement: Enforcement,
    /// The policy's name, kept because every finding has it.
    #[serde(skip)]
    pub(super) policy: Key,
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
    fn phases(&self) -> &'static [PhaseName];
    fn verdict(&self, ask: &Ask<'_>, state: &State) -> Verdict;
}

/// Stands for a policy whose parameters cannot be written.
struct Unwritable(Key);

impl Judge for Unwritable {
    fn name(&self) -> Key {
        self.0.clone()
    }

    fn version(&self) -> u32 {
        0
    }

    fn needs(&self) -> Result<Vec<Key>, Verdict> {
        Ok(Vec::new())
    }

    fn phases(&self) -> &'static [PhaseName] {
        PhaseName::ALL
    }

    fn verdict(&self, _ask: &Ask<'_>, _state: &State) -> Verdict {
        let message = format!(
            "the parameters of policy `{}` cannot be written as JSON",
            self.0
        );
        failed("unwritable", message, MEND)
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

    fn phases(&self) -> &'static [PhaseName] {
        P::Reads::PHASES
    }

    fn verdict(&self, ask: &Ask<'_>, state: &State) -> Verdict {
        let state = StateRef(state);
        let Some(read) = P::Reads::of(&state) else {
            let message = format!(
                "policy `{}` reads what a release in {} has not got",
                P::NAME,
                ask.standing()
            );
            return failed(
                "cannot-read",
                message,
                "attach it to a step before which the release has it",
            );
        };
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.judge(ask, read))) {
            Ok(verdict @ Verdict::Satisfied { .. }) => verdict,
            // Without a reason there is nothing to show and nothing that an override could name.
            Ok(
                verdict @ (Verdict::Violated { .. }
                | Verdict::Unknown { .. }
                | Verdict::Failed { .. }),
            ) if !verdict.reasons().is_empty() => verdict,
            Ok(_) => failed(
                "no-verdict",
                format!("policy `{}` gave no reason, or excepted itself", P::NAME),
                MEND,
            ),
            Err(_) => panicked::<P>(),
        }
    }
}

const MEND: &str = "mend the policy; nothing clears until then";

fn panicked<P: Policy>() -> Verdict {
    failed("panicked", format!("policy `{}` panicked", P::NAME), MEND)
}

fn failed(code: &str, message: String, remedy: &str) -> Verdict {
    Verdict::Failed {
        reasons: vec![Reason::new(code, message, remedy)],
    }
}
