//! Decide: named, versioned sets of policies on a step, and the clearances that only they can mint.
//!
//! A [`Policy`] judges one thing; a [`Gate`] requires some policies of a step; a [`GateSet`] holds all gates of an
//! organisation and answers [`explain`](GateSet::explain) and [`decide`](GateSet::decide). The lifecycle's own
//! invariants are always judged too, and no gate can waive them.

mod booking;
mod breach;
mod clearance;
mod combine;
mod condition;
mod facts;
mod host;
mod judge;
mod judging;
mod load;
mod matching;
mod model;
mod needs;
mod overrides;
mod percent;
mod policies;
mod policy;
mod read;
mod rehearsal;
mod requiring;
#[cfg(feature = "testing")]
mod rewrite;
mod rule;
mod tally;

pub use crate::release::file::{Mistake, Mistakes};
pub(crate) use booking::is_before_review;
#[cfg(feature = "verify")]
pub(crate) use breach::breaches;
pub use clearance::{Cleared, Refused};
pub(crate) use clearance::{intent_of, refusal, refuse};
pub use combine::{Combined, RuleOn, RulesOn, all, any, at_least, not, unless, when};
pub use condition::Condition;
pub use facts::Facts;
pub use host::HostRule;
pub use load::Policies;
pub use model::{
    AutomaticStep, ModelAuthorisation, ModelDraft, ModelState, PreAuthorisation,
    PreAuthorisationLimits, ReleaseModel,
};
pub(crate) use model::{ModelAuthorised, ModelEvent, ModelRetired};
pub use percent::Percent;
pub use policies::{
    ApprovalRule, ApprovalsPolicy, Approver, BackOutPlanPolicy, BudgetPolicy, ChangeRequestsPolicy,
    ChecklistPolicy, ConflictFreePolicy, DependenciesPolicy, Duty, EvidencePolicy, FactPolicy,
    FactTest, FreezePolicy, InStepPolicy, LeadTimePolicy, MaintenanceWindowPolicy,
    ModelStandingPolicy, OpenIssuesPolicy, Quorum, RiskPolicy, SeparationOfDutiesPolicy,
    SoakPolicy, StakeholdersNotifiedPolicy, TimeOfDayPolicy, WavesPolicy,
};
pub use policy::{Ask, Offers, Policy, Relation};
pub use rehearsal::Rehearsal;
#[cfg(feature = "testing")]
pub(crate) use rewrite::Mutant;
#[cfg(feature = "testing")]
pub use rewrite::{Edit, Place};
pub use rule::{AtLeast, Conditional, Requirement, Rule};

use combine::Own;
use judge::{Book, Judged, Models, judge, lifecycle, weigh};
use model::Following;
pub(crate) use needs::Needs;
use needs::needs;

use crate::phase::{Action, Invalid, InvalidKind};
use crate::release::{
    AnyStep, Asked, By, Core, Decision, Digest, Enforcement, GateId, Key, ModelReference, Proposal,
    Release, Role, State, Step, Subject, Track,
};
use serde::Serialize;
use std::{collections::BTreeSet, marker::PhantomData};

#[cfg(feature = "testing")]
use std::collections::BTreeMap;

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
    /// - empty, too large or malformed: the name is no [`Key`], has a `/`, or is `lifecycle`, which is the invariants'
    ///   own
    /// - out of range: the version is 0
    pub fn new(name: impl AsRef<str>, version: u32) -> Result<Self, Invalid> {
        let gate = AnyGate::new(
            gate_name(name)?,
            gate_version(version)?,
            S::ACTION,
            BTreeSet::new(),
            override_roles(),
            Vec::new(),
        );
        Ok(Self {
            gate,
            step: PhantomData,
        })
    }

    /// Adds a policy, or a combination of some, that blocks.
    #[must_use]
    pub fn require(self, rule: impl RuleOn<S>) -> Self {
        self.enforce(rule, Enforcement::Block)
    }

    /// Adds a policy, or a combination of some, with a stated enforcement.
    #[must_use]
    pub fn enforce(mut self, rule: impl RuleOn<S>, enforcement: Enforcement) -> Self {
        self.gate
            .requirements
            .push(Requirement::new(rule.into_rule(Own), enforcement));
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

    /// The same gate, where an override counts if it is granted in one of these roles; in none, if there are none.
    ///
    /// A gate that does not say so can be overridden by the change authority. What other people may override goes
    /// into another gate on the same step.
    #[must_use]
    pub fn overridable_by(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.gate.overridable_by = roles.into_iter().collect();
        self.gate.reseal();
        self
    }

    /// Decides a proposal by this gate alone: a clearance, or a refusal that gives the release back.
    ///
    /// A gate alone knows no release models. A release that follows one is refused here, as of an `unknown-model`:
    /// decide it by a [`GateSet`] that has the model.
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
        clearance::decide(Book::one(&self.gate), proposal, facts, by)
    }
}

/// A gate's name, which is any key but the one under which the invariants answer.
fn gate_name(name: impl AsRef<str>) -> Result<Key, Invalid> {
    let name = Key::new(name)?;
    if name.as_str() == LIFECYCLE {
        let expected = "a name of your own; the invariants answer under this one";
        return Err(Invalid::new(InvalidKind::Malformed, "gate", name, expected));
    }
    if name.as_str().contains('/') {
        let expected = "a name without `/`, which parts a model's name from that of its gate";
        return Err(Invalid::new(InvalidKind::Malformed, "gate", name, expected));
    }
    Ok(name)
}

/// Versions are counted from 1.
fn gate_version(version: u32) -> Result<u32, Invalid> {
    if version == 0 {
        let (kind, what) = (InvalidKind::OutOfRange, "gate version");
        return Err(Invalid::new(kind, what, version, "1 or more"));
    }
    Ok(version)
}

pub(crate) const LIFECYCLE: &str = "lifecycle";

/// Who may override a gate that does not say who.
fn override_roles() -> BTreeSet<Role> {
    BTreeSet::from([Role::ChangeAuthority])
}

/// Names the action of a step's type.
pub trait OnStep: Step {
    /// The step.
    const ACTION: Action;
}

/// A gate whose step is known only at run time: what a [`GateSet`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyGate {
    id: GateId,
    /// The digest of the gate alone, which most decisions bind approvals to.
    seal: Digest,
    action: Action,
    tracks: BTreeSet<Track>,
    overridable_by: BTreeSet<Role>,
    requirements: Vec<Requirement>,
}

#[derive(Serialize)]
struct Rules<'a> {
    step: Action,
    tracks: &'a BTreeSet<Track>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overridable_by: Option<&'a BTreeSet<Role>>,
    #[serde(rename = "rules")]
    required: &'a [Requirement],
}

impl AnyGate {
    fn new(
        name: Key,
        version: u32,
        action: Action,
        tracks: BTreeSet<Track>,
        overridable_by: BTreeSet<Role>,
        requirements: Vec<Requirement>,
    ) -> Self {
        let id = GateId {
            name,
            version,
            digest: Digest::ZERO,
        };
        let mut gate = Self {
            id,
            seal: Digest::ZERO,
            action,
            tracks,
            overridable_by,
            requirements,
        };
        gate.reseal();
        gate
    }

    /// The same gate under another name.
    fn called(mut self, name: Key) -> Self {
        self.id.name = name;
        self.seal = GateId::digest_of([&self.id]);
        self
    }

    /// The digest of all these gates.
    fn digest_of(gates: &[&Self]) -> Digest {
        match gates {
            [alone] => alone.seal,
            all => GateId::digest_of(all.iter().map(|gate| &gate.id)),
        }
    }

    /// The roles in which it can be overridden, where it says so itself.
    fn own_override_roles(&self) -> Option<&BTreeSet<Role>> {
        Some(&self.overridable_by).filter(|roles| **roles != override_roles())
    }

    fn reseal(&mut self) {
        let rules = Rules {
            step: self.action,
            tracks: &self.tracks,
            overridable_by: self.own_override_roles(),
            required: &self.requirements,
        };
        self.id.digest = Digest::of_value(&rules);
        self.seal = GateId::digest_of([&self.id]);
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

    /// The roles in which it can be overridden; nobody can, if there are none.
    #[must_use]
    pub const fn override_roles(&self) -> &BTreeSet<Role> {
        &self.overridable_by
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
///         "gates[0].rules[0].rule.evidence: policy `evidence` reads what a release has in Testing, \
///          and `authorise` leaves Request",
///         "gates[1].step: no step `deplyo`",
///     ],
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GateSet {
    gates: Vec<AnyGate>,
    models: Models,
}

impl GateSet {
    /// No gates: only the invariants hold.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            gates: Vec::new(),
            models: Models::new(),
        }
    }

    /// The same set and one more gate. One of the same name, on whatever step, takes the place of the one before.
    #[must_use]
    pub fn with<S>(mut self, gate: Gate<S>) -> Self {
        self.gates.retain(|one| one.id.name != gate.gate.id.name);
        self.gates.push(gate.gate);
        self
    }

    /// The same set, and one more model that releases may follow: its gates hold for those that name it and its
    /// version. Of several versions, each holds for its own releases. One of the same name and version takes the
    /// place of the one before.
    ///
    /// A release that names a model which is not in the set is refused every gated step, with the code
    /// `unknown-model`.
    #[must_use]
    pub fn with_model(mut self, model: ReleaseModel) -> Self {
        let versions = self.models.entry(model.name().clone()).or_default();
        versions.insert(model.version(), model);
        self
    }

    /// The gates that hold whatever model a release follows, in the order in which they were added.
    #[must_use]
    pub fn gates(&self) -> &[AnyGate] {
        &self.gates
    }

    /// The models that releases may follow, by name and version.
    pub fn models(&self) -> impl Iterator<Item = &ReleaseModel> {
        self.models.values().flat_map(|versions| versions.values())
    }

    /// The model of that name and version, if the set has it.
    pub(crate) fn model(&self, named: &ModelReference) -> Option<&ReleaseModel> {
        self.models.get(&named.model)?.get(&named.version)
    }

    /// The gates that hold this step of this release: those on the step, for the release's track, of the set and of
    /// the model that the release follows. Where a release begins with the step, track and model are what it asks for.
    pub fn gates_for<P>(
        &self,
        release: &Release<P>,
        step: impl Into<AnyStep>,
    ) -> impl Iterator<Item = &AnyGate> {
        self.holding(&release.core().state, &step.into())
    }

    fn holding<'a>(
        &'a self,
        state: &State,
        step: &AnyStep,
    ) -> impl Iterator<Item = &'a AnyGate> + use<'a> {
        let Following { track, named, .. } = Following::of(self.book(), state, step);
        self.book().holding(step.action(), track, named)
    }

    /// What an approval of this step would be about: the step with what it is asked with, the request, the plan, the
    /// package, the overrides that these gates let count, and the gates that hold it. Any change to those makes another
    /// subject, and voids what was approved.
    #[must_use]
    pub fn subject<P>(&self, release: &Release<P>, step: impl Into<AnyStep>) -> Subject {
        let (state, step) = (&release.core().state, step.into());
        let gates: Vec<_> = self.holding(state, &step).collect();
        overrides::subject(state, &step, &gates)
    }

    /// The same for a state.
    #[cfg(feature = "verify")]
    pub(crate) fn subject_of(&self, state: &State, step: &AnyStep) -> Subject {
        let gates: Vec<_> = self.holding(state, step).collect();
        overrides::subject(state, step, &gates)
    }

    /// The rules that hold this step in this state, parts included.
    #[cfg(feature = "verify")]
    pub(crate) fn rules_on(&self, state: &State, step: &AnyStep) -> impl Iterator<Item = &Rule> {
        let required = self.holding(state, step).flat_map(AnyGate::requirements);
        required.flat_map(|requirement| requirement.rule.walk())
    }

    /// The event to which an asking leads, without a log; or the decision against it.
    #[cfg(feature = "verify")]
    pub(crate) fn event_of(
        &self,
        core: &Core,
        asked: Asked,
        facts: &Facts,
        by: &By,
    ) -> Result<crate::release::Event, Box<Decision>> {
        let led = clearance::event_of(self.book(), core, asked, facts, by);
        led.map(|(event, _)| event)
            .map_err(|(decision, _)| decision)
    }

    /// The same models, and no gate: what is not to be judged by these rules.
    #[cfg(feature = "testing")]
    pub(crate) fn without_gates(&self) -> Self {
        let mut open = self.clone();
        open.gates.clear();
        let models = open.models.values_mut();
        models
            .flat_map(BTreeMap::values_mut)
            .for_each(ReleaseModel::open_gates);
        open
    }

    fn book(&self) -> Book<'_> {
        Book {
            gates: &self.gates,
            models: &self.models,
        }
    }

    /// What a decision needs that is neither in the release nor in these facts.
    pub(crate) fn needs(&self, core: &Core, asked: &Asked, facts: &Facts, by: &By) -> Needs {
        needs(self.book(), core, asked, facts, by)
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
        clearance::explain(self.book(), release.core(), step.into(), facts, by, None)
    }

    /// The same, where approvals of `instead` are approvals of the step: of other gates, what was approved under
    /// these.
    #[cfg(feature = "verify")]
    pub(crate) fn explain_instead(
        &self,
        core: &Core,
        step: &AnyStep,
        facts: &Facts,
        by: &By,
        instead: Option<Subject>,
    ) -> Decision {
        clearance::explain(self.book(), core, step.clone(), facts, by, instead)
    }

    /// What was approved under `asked`, if that differs from what would have been under these gates.
    #[cfg(feature = "verify")]
    pub(crate) fn subject_under(
        &self,
        core: &Core,
        step: &AnyStep,
        asked: &[GateId],
    ) -> Option<Subject> {
        let gates: Vec<_> = self.holding(&core.state, step).collect();
        let is_same = gates.iter().map(|gate| gate.id()).eq(asked);
        let approved = || GateId::digest_of(asked);
        (!is_same).then(|| overrides::subject_under(&core.state, step, &gates, approved()))
    }

    /// The policies of all gates on that step, those of the models included.
    #[cfg(feature = "verify")]
    fn policies_on(&self, action: Action) -> impl Iterator<Item = &dyn judging::Judge> {
        let of_models = self.models().flat_map(ReleaseModel::gates);
        let gates = self.gates.iter().chain(of_models);
        let gates = gates.filter(move |gate| gate.action == action);
        let requirements = gates.flat_map(AnyGate::requirements);
        requirements.flat_map(|one| one.rule.walk().filter_map(Rule::judge))
    }

    /// The host's facts that a step may need.
    #[cfg(feature = "verify")]
    pub(crate) fn facts_for(&self, action: Action) -> BTreeSet<Key> {
        let needs = self.policies_on(action).map(judging::Judge::needs);
        needs.flat_map(Result::unwrap_or_default).collect()
    }

    /// The calendars that a step may ask.
    #[cfg(feature = "verify")]
    pub(crate) fn calendars_for(&self, action: Action) -> BTreeSet<Key> {
        let asked = self.policies_on(action).map(judging::Judge::calendars);
        let asked = asked.flat_map(Result::unwrap_or_default);
        asked.map(|question| question.calendar).collect()
    }

    /// The gates that hold this step of this release.
    #[cfg(feature = "testing")]
    pub(crate) fn gates_holding(
        &self,
        core: &Core,
        step: &AnyStep,
    ) -> impl Iterator<Item = &AnyGate> {
        self.holding(&core.state, step)
    }

    /// The digest of the model of these gates by which a step is pre-authorised.
    #[cfg(feature = "verify")]
    pub(crate) fn pre_authorising(&self, core: &Core, step: &AnyStep) -> Option<Digest> {
        let following = Following::of(self.book(), &core.state, step);
        let is_read = following.is_pre_authorised(step.action());
        let model = self.book().model(following.named.filter(|_| is_read)?);
        model.map(ReleaseModel::digest)
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
        clearance::decide(self.book(), proposal, facts, by)
    }
}
