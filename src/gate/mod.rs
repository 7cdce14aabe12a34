//! Decide: named, versioned sets of policies on a step, and the clearances that only they can mint.
//!
//! A [`Policy`] judges one thing; a [`Gate`] requires some policies of a step; a [`GateSet`] holds all gates of an
//! organisation and answers [`explain`](GateSet::explain) and [`decide`](GateSet::decide). The lifecycle's own
//! invariants are always judged too, and no gate can waive them.

mod clearance;
mod facts;
mod load;
mod policies;
mod policy;
mod rehearsal;
mod rule;
mod strict;

pub use clearance::{Cleared, Refused};
pub(crate) use clearance::{intent_of, refuse};
pub use facts::Facts;
pub use load::{Mistake, Policies};
pub use policies::evidence::{EvidencePolicy, Percent};
pub use policy::{Ask, Offers, Policy};
pub use rehearsal::Rehearsal;
pub use rule::{HostRule, Requirement, Rule};

use crate::phase::{Action, Instant, Invalid, InvalidKind};
use crate::release::{
    AnyStep, Asking, By, Core, Decision, Digest, Enforcement, Finding, GateId, Key,
    OverrideGranted, Proposal, Reason, Release, State, Step, Stream, Track, Verdict, Version,
    earliest,
};
use serde::Serialize;
use std::{collections::BTreeSet, marker::PhantomData};

/// A named, versioned set of policies that a step has to satisfy.
///
/// # Examples
///
/// ```
/// use phasegate::Gate;
/// use phasegate::gate::{EvidencePolicy, Percent};
/// use phasegate::release::TestKind;
/// use phasegate::release::step::Deploy;
///
/// let gate = Gate::<Deploy>::new("production", 1)?
///     .require(EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
///
/// A policy that reads what the release cannot have where the step begins does not compile:
///
/// ```compile_fail,E0277
/// # use phasegate::{Gate, gate::{EvidencePolicy, Percent}, release::{TestKind, step::Authorise}};
/// # let policy = EvidencePolicy::new([(TestKind::Functional, Percent::new(95).unwrap())]);
/// let gate = Gate::<Authorise>::new("intake", 1).unwrap().require(policy); // nothing is tested yet
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate<S> {
    gate: AnyGate,
    step: PhantomData<fn() -> S>,
}

impl<S: OnStep> Gate<S> {
    /// A gate on step `S` without any policy yet.
    ///
    /// # Errors
    ///
    /// - empty, too large or malformed: the name is no [`Key`], or `lifecycle`, which is the invariants' own
    pub fn new(name: impl AsRef<str>, version: u32) -> Result<Self, Invalid> {
        let gate = AnyGate::new(
            gate_name(name)?,
            version,
            S::ACTION,
            BTreeSet::new(),
            Vec::new(),
        );
        Ok(Self {
            gate,
            step: PhantomData,
        })
    }

    /// Adds a policy that blocks.
    #[must_use]
    pub fn require<P: Policy>(self, policy: P) -> Self
    where
        S: Offers<P::Reads>,
    {
        self.enforce(policy, Enforcement::Block)
    }

    /// Adds a policy with a stated enforcement.
    #[must_use]
    pub fn enforce<P: Policy>(mut self, policy: P, enforcement: Enforcement) -> Self
    where
        S: Offers<P::Reads>,
    {
        self.gate
            .requirements
            .push(Requirement::new(policy.into_rule(), enforcement));
        self.gate.reseal();
        self
    }

    /// The same gate, holding for releases on this track only; called again, on these tracks.
    #[must_use]
    pub fn on_track(mut self, track: Track) -> Self {
        self.gate.tracks.insert(track);
        self.gate.reseal();
        self
    }

    /// Decides a proposal by this gate alone: a clearance, or a refusal that gives the release back.
    ///
    /// # Errors
    ///
    /// - refused: with every blocker
    pub fn decide<P>(
        &self,
        proposal: Proposal<S, P>,
        facts: &Facts,
        by: &By,
    ) -> Result<Cleared<S, P>, Refused<P>> {
        clearance::decide(std::slice::from_ref(&self.gate), proposal, facts, by)
    }
}

/// A gate's name, which is any key but the one under which the invariants answer.
fn gate_name(name: impl AsRef<str>) -> Result<Key, Invalid> {
    let name = Key::new(name)?;
    if name.as_str() == LIFECYCLE {
        let expected = "a name of your own; the invariants answer under this one";
        return Err(Invalid::new(InvalidKind::Malformed, "gate", name, expected));
    }
    Ok(name)
}

const LIFECYCLE: &str = "lifecycle";

/// Names the action of a step's type.
pub trait OnStep: Step {
    /// The step.
    const ACTION: Action;
}

/// A gate whose step is known only at run time: what a [`GateSet`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyGate {
    id: GateId,
    action: Action,
    tracks: BTreeSet<Track>,
    requirements: Vec<Requirement>,
}

#[derive(Serialize)]
struct Rules<'a> {
    step: Action,
    tracks: &'a BTreeSet<Track>,
    #[serde(rename = "rules")]
    required: &'a [Requirement],
}

impl AnyGate {
    fn new(
        name: Key,
        version: u32,
        action: Action,
        tracks: BTreeSet<Track>,
        requirements: Vec<Requirement>,
    ) -> Self {
        let id = GateId {
            name,
            version,
            digest: Digest::ZERO,
        };
        let mut gate = Self {
            id,
            action,
            tracks,
            requirements,
        };
        gate.reseal();
        gate
    }

    fn reseal(&mut self) {
        let rules = Rules {
            step: self.action,
            tracks: &self.tracks,
            required: &self.requirements,
        };
        self.id.digest = Digest::of_value(&rules);
    }

    /// Name, version and digest of the rules.
    #[must_use]
    pub const fn id(&self) -> &GateId {
        &self.id
    }

    /// The step that it holds.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The tracks on which it holds; empty for all.
    #[must_use]
    pub const fn tracks(&self) -> &BTreeSet<Track> {
        &self.tracks
    }

    /// What it requires.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    fn holds_for(&self, action: Action, track: Track) -> bool {
        self.action == action && (self.tracks.is_empty() || self.tracks.contains(&track))
    }
}

/// All gates of an organisation.
///
/// Without any, only the lifecycle's invariants hold.
///
/// # Examples
///
/// The same rules from a file; every mistake is found at once, with its place:
///
/// ```
/// use phasegate::gate::{GateSet, Policies};
///
/// let mistakes = GateSet::from_json(
///     r#"{ "gates": [
///         { "name": "intake", "version": 1, "step": "authorise",
///           "rules": [{ "rule": { "evidence": { "required": { "functional": 95 } } } }] },
///         { "name": "production", "version": 1, "step": "deplyo", "rules": [] }
///     ] }"#,
///     &Policies::new(),
/// )
/// .unwrap_err();
/// assert_eq!(
///     mistakes.iter().map(ToString::to_string).collect::<Vec<_>>(),
///     [
///         "gates[0].rules[0]: policy `evidence` reads what a release has in Testing, and `authorise` leaves Request",
///         "gates[1].step: no step `deplyo`",
///     ],
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GateSet {
    gates: Vec<AnyGate>,
}

impl GateSet {
    /// No gates: only the invariants hold.
    #[must_use]
    pub const fn new() -> Self {
        Self { gates: Vec::new() }
    }

    /// The same set and one more gate.
    #[must_use]
    pub fn with<S>(mut self, gate: Gate<S>) -> Self {
        self.gates.push(gate.gate);
        self
    }

    /// All gates, in the order in which they were added.
    #[must_use]
    pub fn gates(&self) -> &[AnyGate] {
        &self.gates
    }

    /// The gates that hold this step of this release: those on the step, for the release's track.
    pub fn gates_for<P>(
        &self,
        release: &Release<P>,
        action: Action,
    ) -> impl Iterator<Item = &AnyGate> {
        let track = release.track();
        self.gates
            .iter()
            .filter(move |gate| gate.holds_for(action, track))
    }

    /// Why not now: the decision that a step would get, without asking for it.
    ///
    /// All gates are asked and all their policies, so that the answer has every blocker; it has none if and only if
    /// the step would be cleared.
    #[must_use]
    pub fn explain<P>(
        &self,
        release: &Release<P>,
        step: impl Into<AnyStep>,
        facts: &Facts,
        by: &By,
    ) -> Decision {
        judge(&self.gates, release.core(), &step.into(), facts, by).decision
    }

    /// Decides a proposal: a clearance, or a refusal that gives the release back.
    ///
    /// # Errors
    ///
    /// - refused: with every blocker
    pub fn decide<S, P>(
        &self,
        proposal: Proposal<S, P>,
        facts: &Facts,
        by: &By,
    ) -> Result<Cleared<S, P>, Refused<P>> {
        clearance::decide(&self.gates, proposal, facts, by)
    }
}

/// A decision about a step, and the logs that must not move until it is committed.
struct Judged {
    decision: Decision,
    guards: BTreeSet<(Stream, Version)>,
}

/// Every decision about a step comes from here.
fn judge(gates: &[AnyGate], core: &Core, step: &AnyStep, facts: &Facts, by: &By) -> Judged {
    let state = &core.state;
    let action = step.action();
    let mut decision = Decision::begun(Asking::Step(action), by, facts.now());
    decision.findings = lifecycle(state.admits_step(step, core.occasion(by, facts.now())));
    let mut judged = Judged {
        decision,
        guards: BTreeSet::new(),
    };
    if action.leads(state.standing).is_none() {
        return judged;
    }
    // Before a release begins, gates go by the track that is asked for.
    let track = step.request().map_or(state.track, |request| request.track);
    let ask = Ask::new(core, step, track, facts, &by.actor);
    for gate in gates.iter().filter(|gate| gate.holds_for(action, track)) {
        judged.decision.gates.push(gate.id.clone());
        for requirement in &gate.requirements {
            judged.ask(gate, requirement, &ask, state, facts);
        }
    }
    judged
}

impl Judged {
    /// Asks one policy. Only what blocks bears on how long a clearance holds, and on which logs.
    fn ask(
        &mut self,
        gate: &AnyGate,
        requirement: &Requirement,
        ask: &Ask<'_>,
        state: &State,
        facts: &Facts,
    ) {
        let policy = requirement.rule.judge();
        let (needs, verdict) = match policy.needs() {
            Ok(needs) => {
                let verdict = policy.verdict(&ask.knowing(&needs), state);
                (needs, verdict)
            }
            Err(failed) => (Vec::new(), failed),
        };
        let verdict = self.excepted(verdict, &requirement.policy, ask.action(), state);
        let blocks = requirement.enforcement == Enforcement::Block;
        self.hold_until(ends(&verdict, state).filter(|_| blocks));
        for key in needs {
            let Some(fact) = facts.get(&key) else {
                continue;
            };
            if blocks {
                self.hold_until(Some(fact.expires()));
                let source = fact.source.as_ref();
                self.guards
                    .extend(source.map(|from| (from.stream.clone(), from.version)));
            }
            self.decision.facts.insert(key, fact.clone());
        }
        self.decision.findings.push(Finding {
            gate: gate.id.name.clone(),
            policy: requirement.policy.clone(),
            policy_version: policy.version(),
            enforcement: requirement.enforcement,
            verdict,
        });
    }

    /// A violation that overrides cover as a whole is excepted, and uses them up: one override, one blocker.
    fn excepted(&self, verdict: Verdict, policy: &Key, action: Action, state: &State) -> Verdict {
        let Verdict::Violated { reasons } = verdict else {
            return verdict;
        };
        let mut overrides: Vec<Key> = Vec::new();
        for reason in &reasons {
            let fitting = state
                .overrides
                .values()
                .filter(|one| !one.is_used)
                .find(|one| {
                    let OverrideGranted {
                        id,
                        step,
                        policy: of,
                        code,
                        until,
                        ..
                    } = one.granted.as_ref();
                    let is_named = (*step, of, code) == (action, policy, &reason.code);
                    let is_free = !overrides.contains(id)
                        && !self.decision.overrides().any(|used| used == id);
                    is_named && is_free && self.decision.at < *until
                });
            match fitting {
                Some(one) => overrides.push(one.granted.id.clone()),
                None => return Verdict::Violated { reasons },
            }
        }
        Verdict::Excepted { reasons, overrides }
    }

    fn hold_until(&mut self, at: Option<Instant>) {
        self.decision.holds_until = earliest(self.decision.holds_until, at);
    }
}

fn lifecycle(reasons: Vec<Reason>) -> Vec<Finding> {
    if reasons.is_empty() {
        return Vec::new();
    }
    let own = || Key::own(LIFECYCLE);
    vec![Finding {
        gate: own(),
        policy: own(),
        policy_version: 1,
        enforcement: Enforcement::Block,
        verdict: Verdict::Violated { reasons },
    }]
}

/// When time alone ends what a verdict rests on.
fn ends(verdict: &Verdict, state: &State) -> Option<Instant> {
    match verdict {
        Verdict::Satisfied { until } => *until,
        Verdict::Excepted { overrides, .. } => overrides
            .iter()
            .filter_map(|id| state.overrides.get(id))
            .map(|one| one.granted.until)
            .min(),
        Verdict::Violated { .. } | Verdict::Unknown { .. } | Verdict::Failed { .. } => None,
    }
}
