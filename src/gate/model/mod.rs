//! Release models: the templates that releases follow, with the gates that hold for them.

mod automatic;
mod follow;
mod load;
#[cfg(feature = "schema")]
mod schema;
mod standard;
mod state;

pub use automatic::AutomaticStep;
pub use standard::{PreAuthorisation, PreAuthorisationLimits};
pub use state::{ModelAuthorisation, ModelDraft, ModelState};

pub(super) use follow::Following;
pub(crate) use state::{ModelAuthorised, ModelEvent, ModelRetired};

use super::AnyGate;
use super::rule::Requirement;
use crate::phase::{Action, Seconds};
use crate::release::{
    BackOutPlan, Bounded, Digest, Environment, Key, Liveness, Milestone, ModelReference, Name,
    Objective, Person, ReleasePlan, ReleaseRequest, Role, RoleGiven, SuccessCriterion, Text, Track,
    Wave, is_default,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::collections::{BTreeMap, BTreeSet};

/// A template that releases follow: which tracks they may take, what is pre-authorised, which gates hold, and what
/// their plans begin with.
///
/// It is read from a file, with every mistake at its place, and written back by serde. `docs/release-models.md`
/// describes the format. Gates of a model are told apart by their names: `web-service/production`.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{Policies, ReleaseModel};
///
/// let model = ReleaseModel::from_json(
///     r#"{
///         "name": "web-service", "version": 1, "title": "Web services", "tracks": ["normal"],
///         "gates": [
///             { "name": "production", "version": 1, "step": "deploy",
///               "rules": [{ "rule": { "evidence": { "required": { "functional": 95 } } } }] }
///         ],
///         "early_life_support_seconds": 86400
///     }"#,
///     &Policies::new(),
/// )
/// .unwrap();
/// assert_eq!(model.gates()[0].id().name.as_str(), "web-service/production");
///
/// let mistakes = ReleaseModel::from_json(
///     r#"{ "name": "web-service", "version": 0, "title": "Web services", "tracks": ["standard"], "waves": [
///         { "name": "all", "bake_seconds": -1 }
///     ] }"#,
///     &Policies::new(),
/// )
/// .unwrap_err();
/// assert_eq!(
///     mistakes.iter().map(ToString::to_string).collect::<Vec<_>>(),
///     [
///         "version: expected 1 or more",
///         "waves[0].bake_seconds: found integer `-1`, expected a whole number from 0 to 4,294,967,295",
///         "tracks: the standard track is pre-authorised by what `standard` says, and that is missing",
///     ],
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseModel {
    name: Key,
    version: u32,
    title: Name,
    description: Text,
    /// In the order in which they are written: the first is the one that is asked for.
    tracks: Vec<Track>,
    standard: Option<PreAuthorisation>,
    objectives: Bounded<BTreeMap<Key, Objective>>,
    gates: Vec<AnyGate>,
    environments: BTreeMap<Environment, Liveness>,
    checklists: BTreeMap<Key, BTreeMap<Key, Name>>,
    roles: BTreeMap<Role, BTreeSet<Person>>,
    /// In working days from the planned start.
    milestones: BTreeMap<Key, i32>,
    waves: Bounded<Vec<Wave>>,
    success_criteria: Bounded<BTreeMap<Key, SuccessCriterion>>,
    early_life_support: Seconds,
    back_out: Option<BackOutPlan>,
    automatic: Vec<AutomaticStep>,
}

impl ReleaseModel {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Key {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// A title that people recognise.
    #[must_use]
    pub const fn title(&self) -> &Name {
        &self.title
    }

    /// What it is for.
    #[must_use]
    pub const fn description(&self) -> &Text {
        &self.description
    }

    /// The tracks that its releases may take; the first is the one that [`request`](Self::request) asks for.
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// What it pre-authorises, if it does.
    #[must_use]
    pub const fn standard(&self) -> Option<&PreAuthorisation> {
        self.standard.as_ref()
    }

    /// The gates that hold for its releases.
    #[must_use]
    pub fn gates(&self) -> &[AnyGate] {
        &self.gates
    }

    /// The same gates, to be rewritten.
    #[cfg(feature = "testing")]
    pub(super) fn gates_mut(&mut self) -> &mut [AnyGate] {
        &mut self.gates
    }

    /// The same model under the name and version of another one, for whose releases it is to hold.
    #[cfg(feature = "testing")]
    pub(super) fn standing_for(mut self, other: &Self) -> Self {
        self.name.clone_from(&other.name);
        self.version = other.version;
        self
    }

    /// The environments that its releases go through, and whether users depend on them.
    #[must_use]
    pub const fn environments(&self) -> &BTreeMap<Environment, Liveness> {
        &self.environments
    }

    /// The checklists by name, with their items.
    #[must_use]
    pub const fn checklists(&self) -> &BTreeMap<Key, BTreeMap<Key, Name>> {
        &self.checklists
    }

    /// Who is given which role.
    #[must_use]
    pub const fn roles(&self) -> &BTreeMap<Role, BTreeSet<Person>> {
        &self.roles
    }

    /// The milestones, each with its working days after the planned start; before it, they are negative.
    #[must_use]
    pub const fn milestones(&self) -> &BTreeMap<Key, i32> {
        &self.milestones
    }

    /// The steps that a desk takes by itself for its releases.
    #[must_use]
    pub fn automatic(&self) -> &[AutomaticStep] {
        &self.automatic
    }

    /// The digest of all that it says.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_value(self)
    }

    /// How a release names it.
    #[must_use]
    pub fn reference(&self) -> ModelReference {
        ModelReference::new(self.name.clone(), self.version)
    }

    /// What to ask for when a release by this model begins: on its first track, with its objectives.
    #[must_use]
    pub fn request(&self, title: Name) -> ReleaseRequest {
        let mut request = ReleaseRequest::new(title);
        request.track = self.tracks.first().copied().unwrap_or_default();
        request.objectives = self.objectives.clone();
        request.model = Some(self.reference());
        request
    }

    /// What the plan of a release begins with: milestones by name, waves, criteria, back-out, early life support. What
    /// is dated stays open.
    #[must_use]
    pub fn plan(&self) -> ReleasePlan {
        let mut plan = ReleasePlan::new(self.early_life_support);
        let milestones = self.milestones.keys();
        let milestones = milestones.map(|key| (key.clone(), Milestone::new()));
        plan.milestones = Bounded::new(milestones.collect()).unwrap_or_default();
        plan.waves = self.waves.clone();
        plan.back_out.clone_from(&self.back_out);
        plan.success_criteria = self.success_criteria.clone();
        plan
    }

    /// Takes its gates away.
    #[cfg(feature = "testing")]
    pub(crate) fn open_gates(&mut self) {
        self.gates.clear();
    }

    /// The records that give people their roles.
    pub fn role_records(&self) -> impl Iterator<Item = RoleGiven> {
        self.roles.iter().flat_map(|(role, people)| {
            let given = |person: &Person| RoleGiven::new(person.clone(), role.clone());
            people.iter().map(given)
        })
    }
}

/// A gate as a file has it.
#[derive(Serialize, PartialEq)]
struct GateFile<'a> {
    name: &'a str,
    version: u32,
    step: Action,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    tracks: &'a BTreeSet<Track>,
    #[serde(skip_serializing_if = "is_default")]
    overridable_by: Option<&'a BTreeSet<Role>>,
    rules: &'a [Requirement],
}

impl<'a> GateFile<'a> {
    /// Without the name of its model in front.
    fn of(gate: &'a AnyGate) -> Self {
        let name = gate.id().name.as_str();
        let (_, own) = name.rsplit_once('/').unwrap_or(("", name));
        Self {
            name: own,
            version: gate.id().version,
            step: gate.action(),
            tracks: gate.tracks(),
            overridable_by: gate.own_override_roles(),
            rules: gate.requirements(),
        }
    }
}

/// Written as it is read, without what has its default.
impl Serialize for ReleaseModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            name,
            version,
            title,
            description,
            tracks,
            standard,
            objectives,
            gates,
            environments,
            checklists,
            roles,
            milestones,
            waves,
            success_criteria,
            early_life_support,
            back_out,
            automatic,
        } = self;
        let gates: Vec<_> = gates.iter().map(GateFile::of).collect();
        let mut file = serializer.serialize_map(None)?;
        file.serialize_entry("name", name)?;
        file.serialize_entry("version", version)?;
        file.serialize_entry("title", title)?;
        file.serialize_entry("tracks", tracks)?;
        macro_rules! unless_default {
            ($($key:literal: $value:expr;)*) => { $(
                if !is_default($value) {
                    file.serialize_entry($key, $value)?;
                }
            )* };
        }
        unless_default! {
            "description": description;
            "standard": standard;
            "objectives": objectives;
            "environments": environments;
            "checklists": checklists;
            "roles": roles;
            "milestones": milestones;
            "waves": waves;
            "success_criteria": success_criteria;
            "back_out": back_out;
            "automatic": automatic;
            "gates": &gates;
            "early_life_support_seconds": &early_life_support.get();
        }
        file.end()
    }
}
