//! Going live wave by wave: bake time, health, pause, and what comes next.

use super::deployment::AttemptOutcome;
use super::happens::{Happens, Occasion, Reasons};
use super::limits::CLOCK_SKEW;
use super::plan::{ReleasePlan, Wave};
use super::state::{AttemptEnd, State};
use super::text::{Bounded, Key, Text};
use super::verdict::Reason;
use super::words::{plain, told};
use crate::phase::{Instant, Interval, PhaseName};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How a wave is doing.
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
    /// Waves start in the order of the plan, each once, the next when the one before has baked and was seen to be
    /// healthy since. The plan is the one with which the deployment began; what is planned meanwhile changes none of
    /// its waves.
    pub struct WaveStarted {
        /// The wave, by its name in the plan.
        wave: Key,
    }

    /// A wave was looked at; `occurred_at` says when, and the latest look counts.
    ///
    /// It is as bad as the host says, or worse: a measure above what the plan bears makes it failed, and a measure that
    /// the plan names and nobody took makes it inconclusive. Either pauses the rollout, however late it is told. That
    /// it is healthy lets the next wave start only if it was seen after the wave had baked.
    pub struct HealthObserved {
        /// The wave.
        wave: Key,
        /// How it is doing, as the host says.
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
    } with {
        /// The calendars that have closed, if that is why. While nothing else pauses the rollout,
        /// [`Schedule::next_move`](crate::schedule::Schedule::next_move) proposes to go on once they are open again.
        calendars: Bounded<BTreeSet<Key>>,
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
    /// The plan with which it was entered.
    plan: Option<Arc<ReleasePlan>>,
    /// When it was entered.
    since: Instant,
    started: BTreeMap<Key, Instant>,
    seen: BTreeMap<Key, Seen>,
    is_paused: bool,
    /// The calendars for which it is paused; none where something else pauses it, too.
    paused_for: BTreeSet<Key>,
}

/// The latest look at a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Seen {
    health: Health,
    at: Instant,
}

impl Progress {
    /// Nothing has started.
    pub(crate) const fn of(plan: Option<Arc<ReleasePlan>>, since: Instant) -> Self {
        Self {
            plan,
            since,
            started: BTreeMap::new(),
            seen: BTreeMap::new(),
            is_paused: false,
            paused_for: BTreeSet::new(),
        }
    }

    /// The same rollout before anything of it started.
    #[cfg(feature = "testing")]
    pub(crate) fn begun_again(&self) -> Self {
        Self::of(self.plan.clone(), self.since)
    }

    /// Pauses for these calendars, or, with none, until somebody lets it go on.
    fn pause(&mut self, calendars: &BTreeSet<Key>) {
        let only_the_schedule = !self.is_paused || !self.paused_for.is_empty();
        if calendars.is_empty() {
            self.paused_for.clear();
        } else if only_the_schedule {
            self.paused_for.extend(calendars.iter().cloned());
        }
        self.is_paused = true;
    }

    /// Sets each of its instants anew.
    #[cfg(feature = "verify")]
    pub(crate) fn restamp(&mut self, stamp: impl Fn(Instant) -> Instant) {
        self.since = stamp(self.since);
        let started = self.started.values_mut();
        let seen = self.seen.values_mut().map(|seen| &mut seen.at);
        for at in started.chain(seen) {
            *at = stamp(*at);
        }
    }

    /// The waves of the plan, in their order.
    fn waves(&self) -> &[Wave] {
        self.plan.as_ref().map_or(&[], |plan| plan.waves.as_slice())
    }

    /// The waves that have started, or start with `begun`, each with when, and whether it was looked at since it baked.
    pub(super) fn baking<'a>(
        &'a self,
        begun: Option<(&'a Key, Instant)>,
    ) -> impl Iterator<Item = (&'a Wave, Instant, bool)> {
        self.waves().iter().filter_map(move |wave| {
            let begun = begun.filter(|(name, _)| **name == wave.name);
            let started = self.started.get(&wave.name).copied();
            let started = started.or(begun.map(|(_, at)| at))?;
            let is_observed =
                |seen: &Seen| seen.health == Health::Failed || started.plus(wave.bake) <= seen.at;
            let seen = self.seen.get(&wave.name);
            Some((wave, started, seen.is_some_and(is_observed)))
        })
    }

    fn state_of(&self, wave: &Wave, now: Instant) -> WaveState {
        let Some(started) = self.started.get(&wave.name) else {
            return WaveState::NotStarted;
        };
        let until = started.plus(wave.bake);
        match self.seen.get(&wave.name) {
            Some(seen) if seen.health == Health::Failed => WaveState::Failed,
            _ if now < until => WaveState::Baking { until },
            Some(seen) if seen.at < until => WaveState::Unobserved,
            Some(seen) => match seen.health {
                Health::Healthy => WaveState::Healthy,
                Health::Inconclusive => WaveState::Inconclusive,
                Health::Failed => WaveState::Failed,
            },
            None => WaveState::Unobserved,
        }
    }
}

/// When something has happened for sure: what is said to lie a little ahead has not yet.
fn happened(on: Occasion<'_>) -> Instant {
    on.occurred_at.min(on.recorded_at)
}

/// A rollout as it stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rollout {
    /// The waves of the plan, in their order.
    pub waves: Vec<WaveProgress>,
    /// Whether it is paused.
    pub is_paused: bool,
    /// The calendars that have closed and for which it is paused; none where something else pauses it, too.
    pub paused_for: BTreeSet<Key>,
    /// How far the work on live environments has come.
    pub live_work: LiveWork,
    /// What comes next.
    pub next: NextMove,
}

/// How far the work on live environments has come since Deployment was last entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "work is to come, goes on, or is done"
)]
pub enum LiveWork {
    /// No attempt runs, and none ended live.
    NotStarted,
    /// An attempt runs.
    Running,
    /// An attempt ended live, and none runs.
    Done,
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
    /// It bakes: it is watched.
    Baking {
        /// Until then.
        until: Instant,
    },
    /// It has baked, and nobody has said since how it is doing.
    Unobserved,
    /// It has baked, and was seen to be healthy since.
    Healthy,
    /// It has baked, and the latest observation could not tell how it is doing.
    Inconclusive,
    /// The latest observation found it failed, whether or not it has baked.
    Failed,
}

impl WaveState {
    /// Why the rollout does not go on after the wave of that name; nothing if it may.
    pub(crate) fn against(self, name: &Key) -> Option<Reason> {
        let reason = match self {
            Self::Healthy => return None,
            Self::NotStarted => {
                let message = format!("wave `{name}` has not started");
                Reason::new("wave-not-started", message, "start it")
            }
            Self::Baking { until } => {
                let message = format!("wave `{name}` bakes until {until}");
                Reason::new("wave-baking", message, "wait, and see how it is doing then")
            }
            Self::Unobserved => {
                let message =
                    format!("nobody has said how wave `{name}` is doing since it has baked");
                Reason::new("wave-not-observed", message, "record `HealthObserved`")
            }
            Self::Inconclusive => {
                let message = format!("it cannot be told how wave `{name}` is doing");
                let remedy = "have a person look, and record `RolloutContinued`";
                Reason::new("wave-inconclusive", message, remedy)
            }
            Self::Failed => {
                let message = format!("wave `{name}` failed");
                let remedy = "`back_out`, or record that it is healthy again";
                Reason::new("wave-failed", message, remedy)
            }
        };
        Some(reason.read("wave", name.as_str()))
    }
}

/// What comes next in a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextMove {
    /// Start this wave.
    StartWave(Key),
    /// Start an attempt on a live environment.
    StartAttempt,
    /// Wait for the attempt that runs, and record how it ended.
    EndAttempt,
    /// Wait.
    Wait {
        /// Until then.
        until: Instant,
    },
    /// Look how this wave is doing.
    Observe(Key),
    /// Ask a person whether to go on.
    Ask,
    /// Record [`RolloutPaused`]: the schedule has closed.
    Pause,
    /// Have a person record [`RolloutContinued`]: the schedule is open again.
    Continue,
    /// Back it out.
    ProposeBackOut,
    /// Nothing is left: finish.
    Finish,
}

impl Happens for WaveStarted {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_no_pause(reasons);
        state.needs_begun_deployment(on, reasons);
        let waves = state.progress.waves();
        let place = waves.iter().position(|wave| wave.name == self.wave);
        reasons.known(place.is_some(), "wave", &self.wave);
        let is_new = !state.progress.started.contains_key(&self.wave);
        reasons.unused(is_new, "wave", &self.wave);
        let before = place.and_then(|place| waves.get(place.checked_sub(1)?));
        if let Some(before) = before {
            let before_it = state.progress.state_of(before, happened(on));
            reasons.say(before_it.against(&before.name));
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

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let progress = &mut state.progress;
        let mut waves = progress.waves().iter();
        let wave = waves.find(|wave| wave.name == self.wave);
        let measured = wave.map_or(Health::Healthy, |wave| self.measured(wave));
        let health = self.health.max(measured);
        let at = happened(on);
        if health != Health::Healthy {
            progress.pause(&BTreeSet::new());
        }
        let before = progress.seen.get(&self.wave);
        let is_newer = before.is_none_or(|before| before.at <= at);
        // What cannot be told does not undo what was seen to fail.
        let stays = health == Health::Inconclusive
            && before.is_some_and(|before| before.health == Health::Failed);
        if is_newer && !stays {
            progress.seen.insert(self.wave.clone(), Seen { health, at });
        }
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
        state.progress.pause(&self.calendars);
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
            Reason::new("not-paused", "the rollout is not paused", "go on with it")
        });
        let seen = state.progress.seen.iter();
        let failed = seen.filter(|(_, seen)| seen.health == Health::Failed);
        for (wave, _) in failed {
            reasons.say(WaveState::Failed.against(wave));
        }
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        state.progress.is_paused = false;
        state.progress.paused_for.clear();
        let seen = state.progress.seen.values_mut();
        for seen in seen.filter(|seen| seen.health == Health::Inconclusive) {
            let at = seen.at.max(happened(on));
            let health = Health::Healthy;
            *seen = Seen { health, at };
        }
    }
}

impl State {
    /// What belongs to a deployment cannot have happened before it began, but for clocks that differ: bake time and
    /// early life support are counted from it. Nor before its window opens: it was cleared for that time.
    pub(crate) fn needs_begun_deployment(&self, on: Occasion<'_>, reasons: &mut Reasons) {
        let since = self.progress.since;
        reasons.unless(since.minus(CLOCK_SKEW) <= on.occurred_at, || {
            let at = on.occurred_at;
            let message =
                format!("it is said to have happened at {at}, and the deployment began at {since}");
            let remedy = "state when it really happened";
            Reason::new("before-the-deployment", message, remedy)
        });
        let opens = self.window.map_or(since, Interval::start);
        reasons.unless(opens <= since || opens.minus(CLOCK_SKEW) <= on.occurred_at, || {
            let at = on.occurred_at;
            let message = format!(
                "it is said to have happened at {at}, and the deployment window opens at {opens}"
            );
            let remedy = "wait, or deploy for a window that is open";
            Reason::new("before-the-window", message, remedy).clears_at(opens)
        });
    }

    pub(crate) fn needs_no_pause(&self, reasons: &mut Reasons) {
        reasons.say(self.paused());
    }

    /// Why nothing of the rollout goes on, where it is paused.
    pub(crate) fn paused(&self) -> Option<Reason> {
        self.progress.is_paused.then(|| {
            let remedy = "have a person record `RolloutContinued`, or `back_out`";
            Reason::new("rollout-paused", "the rollout is paused", remedy)
        })
    }

    /// The rollout as it stands at that instant.
    pub(crate) fn rollout(&self, now: Instant) -> Rollout {
        let progress = &self.progress;
        let waves: Vec<_> = progress
            .waves()
            .iter()
            .map(|wave| WaveProgress {
                name: wave.name.clone(),
                state: progress.state_of(wave, now),
            })
            .collect();
        let next = self.next_move(&waves);
        Rollout {
            waves,
            is_paused: progress.is_paused,
            paused_for: progress.paused_for.clone(),
            live_work: self.live_work(),
            next,
        }
    }

    /// Since when work on live environments runs, or may at any time: what is expedited has no window.
    pub(crate) fn running_since(&self) -> Option<Instant> {
        let running = self.live_attempts().map(|(_, attempt)| attempt);
        let running = running.filter(|attempt| attempt.end == AttemptEnd::Running);
        let is_expedited = self.is_in(PhaseName::Deployment) && self.window.is_none();
        let expedited = is_expedited.then_some(self.progress.since);
        running.map(|attempt| attempt.began).chain(expedited).min()
    }

    fn live_work(&self) -> LiveWork {
        let works = self.live_attempts().map(|(_, attempt)| match attempt.end {
            AttemptEnd::Running => LiveWork::Running,
            AttemptEnd::Finished(AttemptOutcome::Live, _) => LiveWork::Done,
            AttemptEnd::Finished(AttemptOutcome::BackedOut, _) | AttemptEnd::NeverLive => {
                LiveWork::NotStarted
            }
        });
        works.fold(LiveWork::NotStarted, |all, one| match (all, one) {
            (LiveWork::Running, _) | (_, LiveWork::Running) => LiveWork::Running,
            (LiveWork::Done, _) | (_, LiveWork::Done) => LiveWork::Done,
            (LiveWork::NotStarted, LiveWork::NotStarted) => LiveWork::NotStarted,
        })
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
            WaveState::Inconclusive => Some(NextMove::Ask),
            WaveState::Failed => Some(NextMove::ProposeBackOut),
            WaveState::Healthy => None,
        });
        next.unwrap_or_else(|| match self.live_work() {
            LiveWork::NotStarted => NextMove::StartAttempt,
            LiveWork::Running => NextMove::EndAttempt,
            LiveWork::Done => NextMove::Finish,
        })
    }
}
