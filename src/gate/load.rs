//! Gates from a file: the same rules as from types, and every mistake with its place.

use super::policy::{Policy, is_policy_name};
use super::read::Reader;
use super::rule::{Requirement, Rule};
use super::{AnyGate, GateSet, Mistakes, gate_name, gate_version, override_roles};
use crate::phase::Action;
use crate::release::{Enforcement, Key, Role, Track};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Load = fn(Value, &mut Reader) -> Option<Rule>;

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
    ///
    /// Of two with one name neither is read: a file that names it is refused.
    #[must_use]
    pub fn with<P: Policy>(mut self) -> Self {
        const {
            assert!(
                is_policy_name(P::NAME),
                "see `Policy::NAME` for what it may hold"
            );
        }
        let load: Load = |params, reader| reader.params::<P>(params).map(Rule::of);
        let loads = self.0.entry(P::NAME).or_insert(load);
        if !std::ptr::fn_addr_eq(*loads, load) {
            *loads = |_, reader| {
                reader.mistake("two host policies of this name are registered");
                None
            };
        }
        self
    }

    pub(super) fn named(&self, name: &str) -> Option<Load> {
        self.0.get(name).copied()
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }
}

impl GateSet {
    /// Reads gates from JSON; host policies are known by registration.
    ///
    /// # Errors
    ///
    /// Every mistake with its place, not only the first: malformed JSON, unknown keys, steps or policies, parameters
    /// that a policy does not take, a policy on a step before which a release cannot have what it reads, a name or a
    /// key that appears twice.
    pub fn from_json(json: &str, policies: &Policies) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(policies);
        let gates = reader.json(json).and_then(|file| {
            let mut file = reader.object(file, &["gates"])?;
            let gates = file.need(&mut reader, "gates", Reader::gates);
            file.whole(gates)
        });
        let gates = reader.answer(gates)?;
        Ok(Self {
            gates,
            ..Self::new()
        })
    }
}

impl Reader {
    /// Reads a list of gates, each of another name.
    pub(super) fn gates(&mut self, value: Value) -> Option<Vec<AnyGate>> {
        let mut names = BTreeSet::new();
        self.list(value, |reader, gate| reader.gate(gate, &mut names))
    }

    fn gate(&mut self, gate: Value, names: &mut BTreeSet<Key>) -> Option<AnyGate> {
        let keys = [
            "name",
            "version",
            "step",
            "tracks",
            "overridable_by",
            "rules",
        ];
        let mut gate = self.object(gate, &keys)?;
        let name = gate.need(self, "name", |reader, name| reader.gate_name(name, names));
        let version = gate.need(self, "version", Self::gate_version);
        let action = gate.need(self, "step", Self::step);
        let tracks = gate.may(self, "tracks", Self::gate_tracks);
        let overriding = gate.may(self, "overridable_by", |reader, roles| {
            reader.words("overridable_by", &roles);
            reader.plain::<BTreeSet<Role>>(roles).map(Some)
        });
        let rules = self.holding(action, |reader| {
            gate.need(reader, "rules", |reader, rules| {
                reader.list(rules, Self::requirement)
            })
        });
        let whole = gate.whole(rules);
        let overriding = overriding?.unwrap_or_else(override_roles);
        Some(AnyGate::new(
            name?, version?, action?, tracks?, overriding, whole?,
        ))
    }

    fn gate_name(&mut self, name: Value, names: &mut BTreeSet<Key>) -> Option<Key> {
        let name: String = self.plain(name)?;
        let name = gate_name(name).map_err(|error| self.mistake(error)).ok()?;
        if !names.insert(name.clone()) {
            self.mistake(format!("another gate is named `{name}`"));
            return None;
        }
        Some(name)
    }

    fn gate_version(&mut self, version: Value) -> Option<u32> {
        let version = self.plain(version)?;
        gate_version(version)
            .map_err(|error| self.mistake(error))
            .ok()
    }

    /// A list of no track would hold on all of them, as no list does.
    fn gate_tracks(&mut self, tracks: Value) -> Option<BTreeSet<Track>> {
        let tracks: BTreeSet<Track> = self.plain(tracks)?;
        let what = "it names no track; leave it out for all of them";
        self.hold(!tracks.is_empty(), what).then_some(tracks)
    }

    pub(super) fn step(&mut self, step: Value) -> Option<Action> {
        let step: String = self.plain(step)?;
        let action = Action::ALL
            .iter()
            .copied()
            .find(|action| action.name() == step);
        if action.is_none() {
            self.mistake(format!("no step `{step}`"));
        }
        action
    }

    fn requirement(&mut self, requirement: Value) -> Option<Requirement> {
        let mut requirement = self.object(requirement, &["rule", "enforcement"])?;
        let rule = requirement.need(self, "rule", Self::rule);
        let enforcement = requirement.may(self, "enforcement", Self::plain::<Enforcement>);
        let rule = requirement.whole(rule);
        Some(Requirement::new(rule?, enforcement?))
    }
}
