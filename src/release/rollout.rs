//! Going live wave by wave: bake time, health, pause, and what comes next.

use super::happens::{Happens, Occasion, Reasons};
use super::plan::{ReleasePlan, Wave};
use super::state::{Entry, State};
use super::text::{Bounded, Key, Text};
use super::verdict::Reason;
use super::words::{plain, told};
use crate::phase::Instant;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// How a wave does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the analysis is three-valued; the worse of two is the later one"
)]
pub enum Health {
    /// As it should.
    Healthy,
    /// It cannot be told; somebody has to be asked.
    Inconclusive,
    /// Badly; it should be backed out.
    Failed,
}

told! {
    Health {
        Healthy "healthy",
        Inconclusive "inconclusive",
        Failed "failed",
    }
}

plain! {
    /// A wave of the rollout starts; `occurred_at` says when.
    ///
    /// Waves start in the order of the plan, each once, the next when the one before has baked and is healthy.
    pub struct WaveStarted {
        /// The wave, by its name in the plan.
        wave: Key,
    }

    /// A wave was looked at; the latest look counts.
    ///
    /// It is as bad as the host says, or worse: a measure above what the plan bears makes it failed, and a measure that the
    /// plan names and nobody took makes it inconclusive. Either pauses the rollout.
    pub struct HealthObserved {
        /// The wave.
        wave: Key,
        /// How it does, as the host says.
        health: Health,
    } with {
        /// What was measured.
        measures: Bounded<BTreeMap<Key, i64>>,
        /// What was seen.
        comment: Text,
    }

    /// The rollout pauses: no wave and no attempt on a live environment starts.
    pub struct RolloutPaused {
        /// Why; not empty.
        reason: Text,
    }

    /// A person lets the rollout go on; what was inconclusive counts as healthy then.
    pub struct RolloutContinued {
        /// Why; not empty.
        reason: Text,
    }
}

/// How far a rollout has come since Deployment was last entered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    started: BTreeMap<Key, Instant>,
    health: BTreeMap<Key, Health>,
    is_paused: bool,
}

impl Progress {
    pub(crate) const fn new() -> Self {
        Self {
            started: BTreeMap::new(),
            health: BTreeMap::new(),
            is_paused: false,
        }
    }
}

/// A rollout as it stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rollout {
    /// The waves of the plan, in their order.
    pub waves: Vec<WaveProgress>,
    /// Whether it pauses.
    pub is_paused: bool,
    /// What comes next.
    pub next: NextMove,
}

/// How far one wave has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaveProgress {
    /// Its name.
    pub name: Key,
    /// How it stands.
    pub state: WaveState,
}

/// How a wave stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaveState {
    /// It has not started.
    NotStarted,
    /// It is watched.
    Baking {
        /// Until then.
        until: Instant,
    },
    /// It was watched long enough, and nobody has said how it does.
    Unobserved,
    /// It was watched long enough, and does so.
    Baked(Health),
    /// It failed before it was watched long enough.
    Failed,
}

/// What comes next in a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextMove {
    /// Start this wave.
    StartWave(Key),
    /// Wait.
    Wait {
        /// Until then.
        until: Instant,
    },
    /// Look how this wave does.
    Observe(Key),
    /// Ask a person whether to go on.
    Ask,
    /// Back it out.
    ProposeBackOut,
    /// Nothing is left: finish.
    Finish,
}

impl Happens for WaveStarted {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_no_pause(reasons);
        let waves = state.waves();
        let place = waves.iter().position(|wave| wave.name == self.wave);
        reasons.known(place.is_some(), "wave", &self.wave);
        let is_new = !state.progress.started.contains_key(&self.wave);
        reasons.unused(is_new, "wave", &self.wave);
        let before = place.and_then(|place| waves.get(place.checked_sub(1)?));
        if let Some(before) = before {
            state.needs_baked(before, on, reasons);
        }
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        state
            .progress
            .started
            .insert(self.wave.clone(), on.occurred_at);
    }
}

impl Happens for HealthObserved {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        let is_started = state.progress.started.contains_key(&self.wave);
        reasons.known(is_started, "started wave", &self.wave);
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        let waves = state.waves();
        let wave = waves.iter().find(|wave| wave.name == self.wave);
        let measured = wave.map_or(Health::Healthy, |wave| self.measured(wave));
        let health = self.health.max(measured);
        state.progress.is_paused |= health != Health::Healthy;
        state.progress.health.insert(self.wave.clone(), health);
    }
}

impl HealthObserved {
    /// What the measures say, held against what the plan bears.
    fn measured(&self, wave: &Wave) -> Health {
        let judged = wave
            .abort
            .iter()
            .map(|(measure, borne)| match self.measures.get(measure) {
                Some(value) if value > borne => Health::Failed,
                Some(_) => Health::Healthy,
                None => Health::Inconclusive,
            });
        judged.max().unwrap_or(Health::Healthy)
    }
}

impl Happens for RolloutPaused {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the pause");
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.progress.is_paused = true;
    }
}

impl Happens for RolloutContinued {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason to go on");
        reasons.unless(on.actor.person().is_some(), || {
            let message = format!("`{}` is not a person", on.actor);
            Reason::new("not-a-person", message, "have a person look at it")
        });
        reasons.unless(state.progress.is_paused, || {
            Reason::new("not-paused", "the rollout does not pause", "go on with it")
        });
        let failed = state
            .progress
            .health
            .iter()
            .filter(|(_, health)| **health == Health::Failed);
        for (wave, _) in failed {
            let message = format!("wave `{wave}` failed");
            let remedy = "`back_out`, or record that it is healthy again";
            reasons.say(Reason::new("wave-failed", message, remedy));
        }
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.progress.is_paused = false;
        for health in state.progress.health.values_mut() {
            *health = Health::Healthy;
        }
    }
}

impl State {
    /// The waves of the plan that the release went live with, in their order.
    fn waves(&self) -> &[Wave] {
        let plan: Option<&Arc<ReleasePlan>> = match &self.entry {
            Some(Entry::Gated(plan, _)) => Some(plan),
            Some(Entry::Expedited(_) | Entry::Unauthorised(_)) | None => self.plan.as_deref(),
        };
        plan.map_or(&[], |plan| plan.waves.as_slice())
    }

    pub(crate) fn needs_no_pause(&self, reasons: &mut Reasons) {
        reasons.unless(!self.progress.is_paused, || {
            let remedy = "have a person record `RolloutContinued`, or `back_out`";
            Reason::new("paused", "the rollout pauses", remedy)
        });
    }

    /// The wave has been watched long enough and does well.
    fn needs_baked(&self, wave: &Wave, on: Occasion<'_>, reasons: &mut Reasons) {
        let Wave { name, bake, .. } = wave;
        let Some(started) = self.progress.started.get(name) else {
            let message = format!("wave `{name}` comes before it and has not started");
            reasons.say(Reason::new(
                "out-of-order",
                message,
                format!("start `{name}` first"),
            ));
            return;
        };
        let baked = started.plus(*bake);
        reasons.unless(baked <= on.occurred_at, || {
            let message = format!("wave `{name}` is watched until {baked}");
            Reason::new("baking", message, "wait, and see how it does").clears_at(baked)
        });
        let health = self.progress.health.get(name);
        reasons.unless(health == Some(&Health::Healthy), || {
            let told =
                health.map_or_else(|| "not known to be healthy".to_owned(), Health::to_string);
            let message = format!("wave `{name}` is {told}");
            Reason::new("not-healthy", message, "record `HealthObserved`")
        });
    }

    /// How a wave does, as far as anybody has looked.
    pub(crate) fn health_of(&self, wave: &Key) -> Option<Health> {
        self.progress.health.get(wave).copied()
    }

    /// The rollout as it stands at that instant.
    pub(crate) fn rollout(&self, now: Instant) -> Rollout {
        let progress = &self.progress;
        let waves: Vec<_> = self
            .waves()
            .iter()
            .map(|wave| {
                let health = progress.health.get(&wave.name).copied();
                let state = match (progress.started.get(&wave.name), health) {
                    (None, _) => WaveState::NotStarted,
                    (Some(started), health) => {
                        let until = started.plus(wave.bake);
                        match health {
                            Some(Health::Failed) => WaveState::Failed,
                            _ if now < until => WaveState::Baking { until },
                            Some(health) => WaveState::Baked(health),
                            None => WaveState::Unobserved,
                        }
                    }
                };
                WaveProgress {
                    name: wave.name.clone(),
                    state,
                }
            })
            .collect();
        let next = self.next_move(&waves);
        Rollout {
            waves,
            is_paused: progress.is_paused,
            next,
        }
    }

    fn next_move(&self, waves: &[WaveProgress]) -> NextMove {
        if waves.iter().any(|wave| wave.state == WaveState::Failed) {
            return NextMove::ProposeBackOut;
        }
        if self.progress.is_paused {
            return NextMove::Ask;
        }
        let next = waves.iter().find_map(|wave| match wave.state {
            WaveState::NotStarted => Some(NextMove::StartWave(wave.name.clone())),
            WaveState::Baking { until } => Some(NextMove::Wait { until }),
            WaveState::Unobserved => Some(NextMove::Observe(wave.name.clone())),
            WaveState::Baked(_) | WaveState::Failed => None,
        });
        next.unwrap_or(NextMove::Finish)
    }
}
