//! Gates from a file: the same rules as from types, and every mistake with its place.

use super::policies::evidence::EvidencePolicy;
use super::policy::Policy;
use super::rule::{Requirement, Rule};
use super::strict::Strict;
use super::{AnyGate, GateSet, gate_name};
use crate::phase::{Action, PhaseName};
use crate::release::{Enforcement, Track};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A mistake in a file of rules, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// Where it is, such as `gates[0].rules[2]`.
    pub path: String,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl std::error::Error for Mistake {}

type Load = fn(Value) -> Result<Rule, String>;

/// The host's own policies that files may name.
///
/// # Examples
///
/// ```
/// use phasegate::gate::Policies;
/// # use phasegate::gate::{Ask, Policy};
/// # use phasegate::release::Verdict;
/// # #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
/// # struct NoFridays {}
/// # impl Policy for NoFridays {
/// #     type Reads = ();
/// #     const NAME: &'static str = "no-fridays";
/// #     fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict { Verdict::SATISFIED }
/// # }
///
/// let policies = Policies::new().with::<NoFridays>();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Policies(BTreeMap<&'static str, Load>);

impl Policies {
    /// None but the built-in ones.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The same, and one more that files may name.
    #[must_use]
    pub fn with<P: Policy>(mut self) -> Self {
        self.0.insert(P::NAME, |params| {
            match serde_json::from_value::<P>(params) {
                Ok(policy) => Ok(policy.into_rule()),
                Err(error) => Err(error.to_string()),
            }
        });
        self
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    gates: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateFile {
    name: String,
    version: u32,
    step: String,
    #[serde(default)]
    tracks: BTreeSet<Track>,
    rules: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementFile {
    rule: RuleFile,
    #[serde(default)]
    enforcement: Enforcement,
}

/// One shape per policy, each refusing unknown keys by itself.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RuleFile {
    Evidence(EvidencePolicy),
    Host(HostFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFile {
    name: String,
    #[serde(default = "no_params")]
    params: Value,
}

fn no_params() -> Value {
    Value::Object(serde_json::Map::new())
}

struct Loading<'a> {
    policies: &'a Policies,
    mistakes: Vec<Mistake>,
}

impl GateSet {
    /// Reads gates from JSON; host policies are known by registration.
    ///
    /// # Errors
    ///
    /// Every mistake with its place, not only the first: malformed JSON, unknown keys, steps or policies, parameters
    /// that a policy does not take, a policy on a step before which a release cannot have what it reads, a name or a
    /// key that stands twice.
    pub fn from_json(json: &str, policies: &Policies) -> Result<Self, Vec<Mistake>> {
        let mut loading = Loading {
            policies,
            mistakes: Vec::new(),
        };
        let file: Option<File> = loading.read(
            String::from("file"),
            serde_json::from_str(json).and_then(|Strict(json)| serde_json::from_value(json)),
        );
        let mut gates: Vec<AnyGate> = Vec::new();
        for (index, gate) in file.into_iter().flat_map(|file| file.gates).enumerate() {
            let path = format!("gates[{index}]");
            let Some(gate) = loading.gate(&path, gate) else {
                continue;
            };
            if gates.iter().any(|other| other.id().name == gate.id().name) {
                loading.mistake(
                    format!("{path}.name"),
                    format!("gate `{}` is there already", gate.id().name),
                );
            }
            gates.push(gate);
        }
        if loading.mistakes.is_empty() {
            Ok(Self { gates })
        } else {
            Err(loading.mistakes)
        }
    }
}

impl Loading<'_> {
    fn mistake(&mut self, path: String, what: impl Into<String>) {
        self.mistakes.push(Mistake {
            path,
            what: what.into(),
        });
    }

    fn read<T>(&mut self, path: String, read: serde_json::Result<T>) -> Option<T> {
        read.map_err(|error| self.mistake(path, error.to_string()))
            .ok()
    }

    fn gate(&mut self, path: &str, gate: Value) -> Option<AnyGate> {
        let file: GateFile = self.read(path.to_owned(), serde_json::from_value(gate))?;
        let name = gate_name(&file.name)
            .map_err(|error| self.mistake(format!("{path}.name"), error.to_string()))
            .ok();
        let action = Action::ALL
            .iter()
            .copied()
            .find(|action| action.name() == file.step);
        if action.is_none() {
            self.mistake(format!("{path}.step"), format!("no step `{}`", file.step));
        }
        let rules = file.rules.into_iter().enumerate();
        let rules: Vec<_> = rules
            .map(|(index, rule)| self.rule(&format!("{path}.rules[{index}]"), rule, action))
            .collect();
        let rules: Option<Vec<Requirement>> = rules.into_iter().collect();
        Some(AnyGate::new(
            name?,
            file.version,
            action?,
            file.tracks,
            rules?,
        ))
    }

    fn rule(&mut self, path: &str, rule: Value, action: Option<Action>) -> Option<Requirement> {
        let file: RequirementFile = self.read(path.to_owned(), serde_json::from_value(rule))?;
        let rule = match file.rule {
            RuleFile::Evidence(policy) => policy.into_rule(),
            RuleFile::Host(host) => self.host(path, host)?,
        };
        let lacking = action?
            .from()
            .find(|from| !rule.phases().contains(&from.phase));
        if let Some(lacking) = lacking {
            let phases = rule
                .phases()
                .iter()
                .map(PhaseName::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            let (policy, step) = (rule.name(), action?);
            let what = format!(
                "policy `{policy}` reads what a release has in {phases}, and `{step}` leaves {lacking}"
            );
            self.mistake(path.to_owned(), what);
            return None;
        }
        Some(Requirement::new(rule, file.enforcement))
    }

    fn host(&mut self, path: &str, host: HostFile) -> Option<Rule> {
        let Some(load) = self.policies.0.get(host.name.as_str()) else {
            let known: Vec<_> = self.policies.0.keys().copied().collect();
            let known = if known.is_empty() {
                "none is".to_owned()
            } else {
                format!("there are: {}", known.join(", "))
            };
            let what = format!("no host policy `{}` is registered; {known}", host.name);
            self.mistake(format!("{path}.host.name"), what);
            return None;
        };
        load(host.params)
            .map_err(|what| self.mistake(format!("{path}.host.params"), what))
            .ok()
    }
}
