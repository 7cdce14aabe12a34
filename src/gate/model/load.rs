//! Models from a file: every part read, and every part held against the others.

use super::{AutomaticStep, PreAuthorisation, PreAuthorisationLimits, ReleaseModel};
use crate::gate::policies::{ApprovalsPolicy, ChecklistPolicy, Shortage, Shortfall, SoakPolicy};
use crate::gate::read::{Placed, Reader, segment};
use crate::gate::rule::Rule;
use crate::gate::{AnyGate, Percent};
use crate::gate::{Mistakes, load::Policies};
use crate::phase::{Action, PhaseName, Seconds};
use crate::release::{
    Assessment, AssessmentDecision, BackOutPlan, Bounded, Environment, Key, Liveness, Name,
    Objective, Payload, Person, Role, SuccessCriterion, Target, Text, Track, Wave,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const KEYS: &[&str] = &[
    "name",
    "version",
    "title",
    "description",
    "tracks",
    "standard",
    "objectives",
    "gates",
    "environments",
    "checklists",
    "roles",
    "milestones",
    "waves",
    "success_criteria",
    "early_life_support_seconds",
    "back_out",
    "automatic",
];

/// As far from the planned start as a milestone may lie, in working days: about four years.
pub(super) const FAR_DAYS: i32 = 1_000;
/// As long as anything of a model may take.
pub(super) const LONG: Seconds = Seconds::days(366);

impl ReleaseModel {
    /// Reads a model from JSON; host policies are known by registration.
    ///
    /// # Errors
    ///
    /// Every mistake with its place, not only the first: malformed JSON, unknown keys anywhere, wrong types, names or
    /// keys that appear twice, and parts that do not fit together, such as more approvals than people in the roles.
    pub fn from_json(json: &str, policies: &Policies) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(policies);
        let model = reader.json(json).and_then(|model| reader.model(model));
        reader.answer(model)
    }

    /// Reads a model from TOML, by the same keys and with the same places.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    #[cfg(feature = "toml")]
    pub fn from_toml(toml: &str, policies: &Policies) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(policies);
        let model = reader.toml(toml).and_then(|model| reader.model(model));
        reader.answer(model)
    }
}

/// What the log of a model has to know of a draft. The rest is read where host policies are known.
pub(super) struct DraftHead {
    pub(super) name: Key,
    pub(super) version: u32,
    pub(super) standard: Option<PreAuthorisation>,
}

impl DraftHead {
    /// Reads it, or tells the first mistake.
    pub(super) fn of(model: &Payload) -> Result<Self, String> {
        let mut reader = Reader::new(&Policies::new());
        let head = reader
            .json(model.as_str())
            .and_then(|model| reader.draft_head(model));
        head.ok_or_else(|| {
            let mistakes = reader.into_mistakes();
            mistakes
                .first()
                .map(ToString::to_string)
                .unwrap_or_default()
        })
    }
}

/// What was read of a model, as far as it could be.
#[derive(Default)]
struct Parts {
    name: Option<Key>,
    version: Option<u32>,
    title: Option<Name>,
    description: Option<Text>,
    tracks: Option<Vec<Track>>,
    standard: Option<PreAuthorisation>,
    /// Whether it is there, right or wrong.
    has_standard: bool,
    objectives: Option<Bounded<BTreeMap<Key, Objective>>>,
    gates: Option<Vec<AnyGate>>,
    environments: Option<BTreeMap<Environment, Liveness>>,
    checklists: Option<BTreeMap<Key, BTreeMap<Key, Name>>>,
    roles: Option<BTreeMap<Role, BTreeSet<Person>>>,
    milestones: Option<BTreeMap<Key, i32>>,
    waves: Option<Bounded<Vec<Wave>>>,
    success_criteria: Option<Bounded<BTreeMap<Key, SuccessCriterion>>>,
    early_life_support: Option<Seconds>,
    back_out: Option<BackOutPlan>,
    automatic: Option<Vec<AutomaticStep>>,
}

impl Parts {
    fn whole(self) -> Option<ReleaseModel> {
        Some(ReleaseModel {
            name: self.name?,
            version: self.version?,
            title: self.title?,
            description: self.description?,
            tracks: self.tracks?,
            standard: self.standard,
            objectives: self.objectives?,
            gates: self.gates?,
            environments: self.environments?,
            checklists: self.checklists?,
            roles: self.roles?,
            milestones: self.milestones?,
            waves: self.waves?,
            success_criteria: self.success_criteria?,
            early_life_support: self.early_life_support.unwrap_or(Seconds::new(0)),
            back_out: self.back_out,
            automatic: self.automatic?,
        })
    }
}

impl Reader {
    fn model(&mut self, model: Value) -> Option<ReleaseModel> {
        let mut file = self.object(model, KEYS)?;
        let name = file.need(self, "name", Self::plain::<Key>);
        let parts = Parts {
            version: file.need(self, "version", Self::positive),
            title: file.need(self, "title", Self::plain),
            description: file.may(self, "description", Self::plain),
            tracks: file.need(self, "tracks", Self::tracks),
            has_standard: file.has("standard"),
            standard: file.if_there(self, "standard", Self::standard),
            objectives: file.may(self, "objectives", |reader, it| {
                reader.bounded_map(it, Self::plain)
            }),
            gates: file.may(self, "gates", |reader, gates| {
                reader.model_gates(name.as_ref(), gates)
            }),
            environments: file.may(self, "environments", |reader, it| {
                reader.map(it, Self::plain)
            }),
            checklists: file.may(self, "checklists", |reader, it| {
                reader.map(it, Self::checklist)
            }),
            roles: file.may(self, "roles", |reader, it| {
                reader.words("roles", &it);
                reader.map(it, Self::holders)
            }),
            milestones: file.may(self, "milestones", |reader, it| {
                reader.map(it, Self::offset)
            }),
            waves: file.may(self, "waves", Self::waves),
            success_criteria: file.may(self, "success_criteria", |reader, it| {
                reader.bounded_map(it, Self::criterion)
            }),
            early_life_support: file.if_there(self, "early_life_support_seconds", Self::seconds),
            back_out: file.if_there(self, "back_out", Self::plain),
            automatic: file.may(self, "automatic", Self::automatic),
            name,
        };
        self.hold_together(&parts);
        file.whole(parts.whole()).filter(|_| !self.has_mistakes())
    }

    fn draft_head(&mut self, model: Value) -> Option<DraftHead> {
        let mut file = self.object(model, KEYS)?;
        let name = file.need(self, "name", Self::plain);
        let version = file.need(self, "version", Self::positive);
        let standard = file.if_there(self, "standard", Self::standard);
        let head = DraftHead {
            name: name?,
            version: version?,
            standard,
        };
        Some(head).filter(|_| !self.has_mistakes())
    }

    fn positive(&mut self, number: Value) -> Option<u32> {
        let number = self.plain(number)?;
        self.hold(number > 0, "expected 1 or more")
            .then_some(number)
    }

    fn tracks(&mut self, tracks: Value) -> Option<Vec<Track>> {
        let tracks = self.list(tracks, Self::plain::<Track>)?;
        let different: BTreeSet<_> = tracks.iter().collect();
        let is_right = self.hold(!tracks.is_empty(), "name at least one track")
            & self.hold(different.len() == tracks.len(), "a track appears twice");
        is_right.then_some(tracks)
    }

    fn standard(&mut self, standard: Value) -> Option<PreAuthorisation> {
        let keys = [
            "assessment",
            "success_percent",
            "judged_from_releases",
            "limits",
        ];
        let mut file = self.object(standard, &keys)?;
        let assessment = file.need(self, "assessment", |reader, it| {
            let assessment: Assessment = reader.plain(it)?;
            let is_worthwhile = assessment.decision == AssessmentDecision::Worthwhile;
            let what = "what is not worthwhile cannot be pre-authorised";
            reader.hold(is_worthwhile, what).then_some(assessment)
        });
        let success_percent = file.need(self, "success_percent", |reader, it| {
            let percent: Percent = reader.plain(it)?;
            reader
                .hold(percent.get() > 0, "expected 1 to 100")
                .then_some(percent)
        });
        let judged_from_releases = file.need(self, "judged_from_releases", Self::positive);
        let limits = file.may(self, "limits", Self::limits);
        let limits = file.whole(limits);
        Some(PreAuthorisation {
            assessment: assessment?,
            success_percent: success_percent?,
            judged_from_releases: judged_from_releases?,
            limits: limits?,
        })
    }

    fn limits(&mut self, limits: Value) -> Option<PreAuthorisationLimits> {
        let named = limits.as_object().into_iter().flatten();
        let empty = named.filter(|(_, limit)| limit.as_array().is_some_and(Vec::is_empty));
        let empty: Vec<_> = empty.map(|(key, _)| key.clone()).collect();
        for key in &empty {
            self.within_key(key, |reader| {
                reader.mistake("an empty list limits nothing; name at least one, or leave it out");
            });
        }
        self.words("limits", &limits);
        let limits: PreAuthorisationLimits = self.plain(limits)?;
        let cost = limits
            .estimated_cost_at_most
            .map_or(0, |cost| cost.minor_units);
        let is_right = self.within("estimated_cost_at_most.minor_units", |reader| {
            reader.hold(cost >= 0, "expected 0 or more")
        });
        (is_right && empty.is_empty()).then_some(limits)
    }

    fn model_gates(&mut self, model: Option<&Key>, gates: Value) -> Option<Vec<AnyGate>> {
        let gates = self.gates(gates)?;
        let named = gates.into_iter().enumerate().map(|(index, gate)| {
            let name = Key::new(format!("{}/{}", model?, gate.id().name));
            name.map_err(|_| {
                self.within(format!("[{index}].name"), |reader| {
                    reader.mistake("together with the model's, the name is too long");
                });
            })
            .map(|name| gate.called(name))
            .ok()
        });
        named.collect()
    }

    fn checklist(&mut self, items: Value) -> Option<BTreeMap<Key, Name>> {
        let items = self.map(items, Self::plain)?;
        self.hold(!items.is_empty(), "name at least one item")
            .then_some(items)
    }

    fn holders(&mut self, people: Value) -> Option<BTreeSet<Person>> {
        let people: Vec<Person> = self.list(people, Self::plain)?;
        let different: BTreeSet<_> = people.iter().cloned().collect();
        let is_right = self.hold(
            !people.is_empty(),
            "name at least one person, or leave the role out",
        ) & self.hold(different.len() == people.len(), "a person appears twice");
        is_right.then_some(different)
    }

    fn offset(&mut self, days: Value) -> Option<i32> {
        let days: i32 = self.plain(days)?;
        let is_near = (-FAR_DAYS..=FAR_DAYS).contains(&days);
        let what =
            format!("{days} working days are too far; expected at most {FAR_DAYS} before or after");
        self.hold(is_near, what).then_some(days)
    }

    fn criterion(&mut self, criterion: Value) -> Option<SuccessCriterion> {
        let criterion: SuccessCriterion = self.plain(criterion)?;
        let Some((field, flaw)) = criterion.target.as_ref().and_then(Target::flaw) else {
            return Some(criterion);
        };
        let mut place = "target".to_owned();
        if !field.is_empty() {
            place = format!("{place}.{field}");
        }
        self.within(place, |reader| {
            reader.mistake(format!("the target {flaw}"));
        });
        None
    }

    fn automatic(&mut self, steps: Value) -> Option<Vec<AutomaticStep>> {
        let mut seen = BTreeSet::new();
        self.list(steps, |reader, step| {
            let mut file = reader.object(step, &["step", "by"])?;
            let step = file.need(reader, "step", |reader, step| {
                let step = reader.step(step)?;
                let known = AutomaticStep::STEPS.map(|step| format!("`{step}`"));
                let what = format!(
                    "`{step}` needs somebody's word, and cannot be automatic; these can: {}",
                    known.join(", ")
                );
                let can_be = reader.hold(AutomaticStep::STEPS.contains(&step), what);
                let twice = format!("step `{step}` is there already");
                let is_new = reader.hold(seen.insert(step), twice);
                (can_be & is_new).then_some(step)
            });
            let by = file.need(reader, "by", Self::plain);
            let (step, by) = (step?, by?);
            file.whole(Some(AutomaticStep { step, by }))
        })
    }

    fn seconds(&mut self, seconds: Value) -> Option<Seconds> {
        let seconds: Seconds = self.plain(seconds)?;
        let what = format!("{} seconds are more than a year", seconds.get());
        self.hold(seconds <= LONG, what).then_some(seconds)
    }

    fn waves(&mut self, waves: Value) -> Option<Bounded<Vec<Wave>>> {
        let mut names = BTreeSet::new();
        let waves = self.list(waves, |reader, wave| {
            let wave: Wave = reader.plain(wave)?;
            let twice = format!("wave `{}` is there already", wave.name);
            let is_new = names.insert(wave.name.clone());
            let is_new = reader.within("name", |reader| reader.hold(is_new, twice));
            let long = format!("{} seconds are more than a year", wave.bake.get());
            let is_short = reader.within("bake_seconds", |reader| {
                reader.hold(wave.bake <= LONG, long)
            });
            (is_new & is_short).then_some(wave)
        })?;
        Bounded::new(waves)
            .map_err(|error| self.mistake(error))
            .ok()
    }

    fn bounded_map<V>(
        &mut self,
        value: Value,
        read: impl FnMut(&mut Self, Value) -> Option<V>,
    ) -> Option<Bounded<BTreeMap<Key, V>>> {
        let map = self.map(value, read)?;
        Bounded::new(map).map_err(|error| self.mistake(error)).ok()
    }

    /// What no part shows on its own.
    fn hold_together(&mut self, parts: &Parts) {
        self.tracks_fit(parts);
        self.criteria_fit(parts);
        self.checklists_fit(parts);
        self.rules_fit(parts);
        let managers = parts
            .roles
            .iter()
            .filter_map(|roles| roles.get(&Role::ReleaseManager));
        let is_one = managers.map(BTreeSet::len).all(|count| count <= 1);
        self.within("roles.release_manager", |reader| {
            reader.hold(is_one, "there is one release manager at a time")
        });
    }

    fn tracks_fit(&mut self, parts: &Parts) {
        let Some(tracks) = &parts.tracks else {
            return;
        };
        let takes = |track| tracks.contains(&track);
        let (is_there, is_taken) = (parts.has_standard, takes(Track::Standard));
        self.within("standard", |reader| {
            let what = "the model does not allow the standard track; add it to `tracks`";
            reader.hold(is_taken || !is_there, what)
        });
        self.within("tracks", |reader| {
            let what =
                "the standard track is pre-authorised by what `standard` says, and that is missing";
            reader.hold(is_there || !is_taken, what)
        });
        for (index, gate) in parts.gates.iter().flatten().enumerate() {
            for track in gate.tracks().iter().filter(|track| !takes(**track)) {
                self.within(format!("gates[{index}].tracks"), |reader| {
                    reader.mistake(format!("the model does not allow the {track} track"));
                });
            }
        }
    }

    fn criteria_fit(&mut self, parts: &Parts) {
        let (Some(criteria), Some(objectives)) = (&parts.success_criteria, &parts.objectives)
        else {
            return;
        };
        for (key, criterion) in criteria.iter() {
            let Some(objective) = criterion
                .objective
                .as_ref()
                .filter(|it| !objectives.contains_key(*it))
            else {
                continue;
            };
            self.within(
                format!("success_criteria.{}.objective", segment(key.as_str())),
                |reader| {
                    reader.mistake(format!("there is no objective `{objective}`"));
                },
            );
        }
    }

    /// Items are recorded by their keys alone, so that one key is one item.
    fn checklists_fit(&mut self, parts: &Parts) {
        let mut seen: BTreeMap<&Key, &Key> = BTreeMap::new();
        for (list, items) in parts.checklists.iter().flatten() {
            for item in items.keys() {
                if let Some(other) = seen.insert(item, list) {
                    self.within(
                        format!(
                            "checklists.{}.{}",
                            segment(list.as_str()),
                            segment(item.as_str())
                        ),
                        |reader| {
                            reader.mistake(format!("item `{item}` is in checklist `{other}` too"));
                        },
                    );
                }
            }
        }
    }

    /// Every policy, wherever it stands, names what the model has.
    fn rules_fit(&mut self, parts: &Parts) {
        for Placed { path, action, rule } in self.placed() {
            self.at(path, |reader| reader.rule_fits(action, &rule, parts));
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most policies name nothing of a model"
    )]
    fn rule_fits(&mut self, action: Option<Action>, rule: &Rule, parts: &Parts) {
        match rule {
            Rule::Approvals(policy) => self.quorums_fit(policy, parts),
            Rule::Evidence(policy) => self.environments_fit(policy.environments(), parts),
            Rule::Soak(policy) => {
                self.environments_fit(policy.environments(), parts);
                if action.is_some_and(comes_before_going_live) {
                    self.soaks_where_it_can(policy, parts);
                }
            }
            Rule::Freeze(policy) => self.environments_fit(policy.environments(), parts),
            Rule::MaintenanceWindow(policy) => self.environments_fit(policy.environments(), parts),
            Rule::Checklist(policy) => self.items_fit(policy, parts),
            _ => {}
        }
    }

    /// What has to run or be tested somewhere has a place for that.
    fn environments_fit<'a>(
        &mut self,
        named: impl Iterator<Item = (String, &'a Environment)>,
        parts: &Parts,
    ) {
        let Some(known) = &parts.environments else {
            return;
        };
        for (place, environment) in named.filter(|(_, one)| !known.contains_key(*one)) {
            self.within(place, |reader| {
                reader.mistake(format!("the model has no environment `{environment}`"));
            });
        }
    }

    /// Nothing runs where users depend on it before Deployment.
    fn soaks_where_it_can(&mut self, policy: &SoakPolicy, parts: &Parts) {
        let is_live = |one: &Environment| {
            let known = parts.environments.as_ref();
            known.and_then(|known| known.get(one)) == Some(&Liveness::Live)
        };
        for (place, environment) in policy.environments().filter(|(_, one)| is_live(one)) {
            self.within(place, |reader| {
                let what = "is live, and nothing runs there before Deployment";
                reader.mistake(format!("environment `{environment}` {what}"));
            });
        }
    }

    fn items_fit(&mut self, policy: &ChecklistPolicy, parts: &Parts) {
        let Some(lists) = &parts.checklists else {
            return;
        };
        let is_known = |item: &&Key| lists.values().any(|items| items.contains_key(*item));
        for item in policy.items().iter().filter(|item| !is_known(item)) {
            self.within("items", |reader| {
                reader.mistake(format!("item `{item}` is in no checklist"));
            });
        }
    }

    /// Where all holders of a role are named, no more of them can approve than there are.
    fn quorums_fit(&mut self, policy: &ApprovalsPolicy, parts: &Parts) {
        let Some(holders) = parts.roles.as_ref() else {
            return;
        };
        match policy.shortfall(holders) {
            Shortfall::None => {}
            Shortfall::OfRules(rules) => {
                for (rule, short) in rules {
                    self.within(format!("rules[{rule}].quorum"), |reader| {
                        reader.mistake(too_few(short));
                    });
                }
            }
            Shortfall::OfAll(short) => self.within("rules", |reader| {
                let short = too_few(short);
                reader.mistake(format!("{short}; each rule needs people of its own"));
            }),
        }
    }
}

fn too_few(Shortage { needed, found }: Shortage) -> String {
    let needs = match needed {
        1 => "needs 1 approval".to_owned(),
        _ => format!("needs {needed} approvals"),
    };
    match found {
        0 => format!("{needs}, and nobody has the model's roles"),
        1 => format!("{needs}, and the model's roles have only 1 person"),
        _ => format!("{needs}, and the model's roles have only {found} people"),
    }
}

fn comes_before_going_live(action: Action) -> bool {
    let after = [PhaseName::Deployment, PhaseName::Review, PhaseName::Closure];
    !action.from().any(|from| after.contains(&from.phase))
}
