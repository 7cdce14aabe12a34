//! What the schedule means for deployments: those that run when it closes, and those that wait for it to open.

use super::query::Schedule;
use super::view::{View, is_beyond};
use super::window::Work;
use crate::phase::{Instant, Interval};
use crate::release::limits::ENTRIES;
use crate::release::{
    Bounded, DecidingWindow, Key, LiveWork, NextMove, Openness, Rollout, RunningWork, WaveState,
};
use std::collections::BTreeSet;

/// What comes next in a rollout by its own state and by the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InFlight {
    /// What is proposed. Nothing happens by itself: somebody records it, or takes the step.
    pub next: NextMove,
    /// Every window that has a say in what becomes of work that runs; none while all of them let it run on.
    pub deciding: Vec<DecidingWindow>,
}

impl InFlight {
    /// The calendars of the windows that have a say, as [`RolloutPaused`](crate::release::RolloutPaused) takes them: at
    /// most 1,000.
    #[must_use]
    pub fn calendars(&self) -> Bounded<BTreeSet<Key>> {
        let calendars: BTreeSet<_> = self.deciding.iter().map(|one| &one.calendar).collect();
        let calendars = calendars.into_iter().take(ENTRIES).cloned();
        Bounded::new(calendars.collect()).unwrap_or_default()
    }
}

/// Whether a planned deployment may start.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedStart {
    /// When.
    pub start: Start,
    /// Every window that decides whether the planned time is open; of one that is over, whether it is open now.
    pub deciding: Vec<DecidingWindow>,
}

/// When a planned deployment may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "now, later, or not as planned")]
pub enum Start {
    /// Now: what is left of the planned window is open.
    Now,
    /// It waits.
    Wait {
        /// Until then: from then on the rest of the planned window is open.
        until: Instant,
    },
    /// Not as planned: the planned window is over, or closed up to its end.
    Replan {
        /// The earliest instant from which work that long may run; nothing if none is found.
        earliest: Option<Instant>,
    },
}

impl Schedule {
    /// What is proposed for a deployment that runs: what its rollout says, as far as the schedule lets it.
    ///
    /// | what becomes of running work | proposed |
    /// |---|---|
    /// | it runs on | what the rollout says; of one that is paused only for the schedule: [`Continue`](NextMove::Continue) |
    /// | it finishes its wave | watch the wave that runs; where the next would start: [`Pause`](NextMove::Pause); then wait until it may go on |
    /// | it is backed out | [`ProposeBackOut`](NextMove::ProposeBackOut), unless nothing has begun: that pauses |
    ///
    /// A rollout without waves is one wave. A wave that failed is proposed to be backed out whatever the schedule says,
    /// and a rollout of which nothing is left is finished. What is paused for another reason than the schedule asks a
    /// person, as ever. Where a calendar never lets it go on, a person is asked, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::release::{Effect, Key, NextMove, Rollout, RunningWork};
    /// use phasegate::schedule::{Calendar, Schedule, Scope, Timing, WhileClosed, Window};
    /// # use phasegate::Instant;
    ///
    /// # fn at_noon(rollout: &Rollout, noon: Instant) -> Result<(), phasegate::phase::Invalid> {
    /// let hard = WhileClosed::new(Effect::Blocked, RunningWork::FinishWave, Effect::Allowed, Effect::Warned);
    /// let stop = Window::freeze(Key::new("stop-the-line")?, Timing::without_end(noon), hard);
    /// let schedule = Schedule::from(Calendar::new(Key::new("production")?).with(stop)?);
    ///
    /// let proposed = schedule.next_move(rollout, noon, &Scope::everything());
    /// if proposed.next == NextMove::Pause {
    ///     // record `RolloutPaused`, with `proposed.calendars()`
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn next_move<'a>(
        &self,
        rollout: &Rollout,
        at: Instant,
        work: impl Into<Work<'a>>,
    ) -> InFlight {
        self.view(work).next_move(rollout, at)
    }

    /// Whether a deployment that is planned for this window may start now, waits, or has to be planned anew.
    ///
    /// All that is left of the window has to be open, as the policies `freeze` and `maintenance-window` have it. One of
    /// which more than ten years are left has to be planned anew.
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::Interval;
    /// use phasegate::release::{Effect, Key, RunningWork};
    /// use phasegate::schedule::{Calendar, Schedule, Scope, Start, Timing, WhileClosed, Window};
    ///
    /// let morning = Interval::parse("2026-03-02T06:00:00Z", "2026-03-02T10:00:00Z")?;
    /// let hard = WhileClosed::new(Effect::Blocked, RunningWork::RunOn, Effect::Allowed, Effect::Allowed);
    /// let freeze = Window::freeze(Key::new("payday")?, Timing::between(morning), hard);
    /// let schedule = Schedule::from(Calendar::new(Key::new("production")?).with(freeze)?);
    ///
    /// let planned = Interval::parse("2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z")?;
    /// let now = "2026-03-02T07:00:00Z".parse()?;
    /// let until = morning.end();
    /// assert_eq!(schedule.planned_start(planned, now, &Scope::everything()).start, Start::Wait { until });
    /// # Ok::<(), phasegate::phase::Invalid>(())
    /// ```
    #[must_use]
    pub fn planned_start<'a>(
        &self,
        planned: Interval,
        at: Instant,
        work: impl Into<Work<'a>>,
    ) -> PlannedStart {
        self.view(work).planned_start(planned, at)
    }
}

impl View<'_> {
    /// As [`Schedule::next_move`] has it.
    pub(crate) fn next_move(&self, rollout: &Rollout, at: Instant) -> InFlight {
        let (rule, deciding) = self.running_work_at(at);
        let next = self.move_by(rule, rollout, at);
        InFlight { next, deciding }
    }

    /// As [`Schedule::planned_start`] has it.
    pub(crate) fn planned_start(&self, planned: Interval, at: Instant) -> PlannedStart {
        let from = at.max(planned.start());
        let replan = || Start::Replan {
            earliest: self.next_open(from, planned.length()),
        };
        let Some(left) = Interval::between(from, planned.end()) else {
            let (_, deciding) = self.during(Interval::moment(at));
            let start = replan();
            return PlannedStart { start, deciding };
        };
        if is_beyond(left) {
            let (start, deciding) = (replan(), Vec::new());
            return PlannedStart { start, deciding };
        }
        let (openness, deciding) = self.during(left);
        let start = match openness {
            Openness::Closed => self
                .rest_opens_at(left)
                .map_or_else(replan, |until| Start::Wait { until }),
            Openness::Open | Openness::Warned if at < from => Start::Wait { until: from },
            Openness::Open | Openness::Warned => Start::Now,
        };
        PlannedStart { start, deciding }
    }

    fn move_by(&self, rule: RunningWork, rollout: &Rollout, at: Instant) -> NextMove {
        let is_the_schedules = rollout.is_paused && !rollout.paused_for.is_empty();
        let waves = rollout.waves.iter();
        let is_done = rollout.live_work == LiveWork::Done
            && waves.clone().all(|wave| wave.state == WaveState::Healthy);
        if is_done && (is_the_schedules || !rollout.is_paused) {
            return NextMove::Finish;
        }
        let watched = rollout.waves.iter().find_map(|wave| match wave.state {
            WaveState::Baking { until } => Some(NextMove::Wait { until }),
            WaveState::Unobserved => Some(NextMove::Observe(wave.name.clone())),
            WaveState::NotStarted
            | WaveState::Healthy
            | WaveState::Inconclusive
            | WaveState::Failed => None,
        });
        let waits = || match self.next_run_on(at) {
            Some(until) => NextMove::Wait { until },
            None => NextMove::Ask,
        };
        let mut waves = rollout.waves.iter();
        let has_begun = rollout.live_work != LiveWork::NotStarted
            || waves.any(|wave| wave.state != WaveState::NotStarted);
        match (rule, &rollout.next) {
            (_, NextMove::ProposeBackOut) => NextMove::ProposeBackOut,
            (RunningWork::RunOn, _) if is_the_schedules => NextMove::Continue,
            (RunningWork::RunOn, next) => next.clone(),
            (RunningWork::Abort, _) if has_begun => NextMove::ProposeBackOut,
            (RunningWork::FinishWave | RunningWork::Abort, _) if is_the_schedules => {
                watched.unwrap_or_else(waits)
            }
            (
                RunningWork::FinishWave | RunningWork::Abort,
                NextMove::StartWave(_) | NextMove::StartAttempt,
            ) => NextMove::Pause,
            (RunningWork::FinishWave | RunningWork::Abort, next) => {
                if has_begun || rollout.is_paused {
                    next.clone()
                } else {
                    NextMove::Pause
                }
            }
        }
    }
}
