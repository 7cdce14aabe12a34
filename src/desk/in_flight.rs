//! Deployments and the schedule at the desk: what is proposed for those that run, and which of the others may start.

use super::{Desk, StreamError};
use crate::phase::{Deployment, Phase, PhaseName, Testing};
use crate::release::limits::PAGE_ROWS;
use crate::release::{Core, Key, NextMove, Release, Track, Version, replay_with};
use crate::schedule::{CalendarState, Claim, InFlight, PlannedStart, Scope, View, Work, WorkKind};
use crate::store::{Filter, Order, Query, Store};
use std::collections::BTreeSet;

impl<S: Store> Desk<S> {
    /// The tenant's deployments that run, each with what is proposed for it by its rollout and by these calendars.
    ///
    /// `place` names the environments and regions to which deployments go here; services, track and labels are those
    /// of each release. While a granted exception holds, its freezes do not bind the release, used or not; nor do those
    /// that an override lifted for the deployment, while its window lasts. Once that is over, a person is asked before
    /// more begins. [`Schedule::next_move`](crate::schedule::Schedule::next_move) has the rules.
    ///
    /// Nothing is written, and nothing happens by itself: ask again when a calendar opens or closes, and record what is
    /// proposed.
    ///
    /// # Errors
    ///
    /// - not found: a calendar was never begun
    /// - store, log: a calendar or a release could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    ///
    /// # Complexity
    ///
    /// Reads the log of each calendar, and of each release in Deployment.
    pub async fn deployments_in_flight(
        &self,
        calendars: &BTreeSet<Key>,
        place: &Scope,
    ) -> Result<Vec<(Release<Deployment>, InFlight)>, StreamError> {
        let calendars = self.all_of(calendars).await?;
        let releases = self.all_in::<Deployment>(PhaseName::Deployment).await?;
        let now = self.clock.now();
        let told = releases.into_iter().map(|release| {
            let asked = Asked::of(release.core(), place);
            let binding = asked.binding(&calendars, Use::Running);
            let mut proposed = binding.next_move(&release.rollout(now), now);
            let window = release.core().state.window;
            let is_over = window.is_some_and(|window| window.end() <= now);
            if is_over && begins_work(&proposed.next) {
                proposed.next = NextMove::Ask;
            }
            (release, proposed)
        });
        Ok(told.collect())
    }

    /// The tenant's releases that wait in Testing for their planned window, each with whether it may start now, until
    /// when it waits, or that it has to be planned anew; in the order of their planned starts.
    ///
    /// `place` is as in [`deployments_in_flight`](Self::deployments_in_flight). Exceptions count that are granted for
    /// what is left of the planned window and not used up. What else stands against the start, the gates know:
    /// [`explain`](Self::explain). Releases on hold and those without a planned window are left out.
    ///
    /// # Errors
    ///
    /// - not found: a calendar was never begun
    /// - store, log: a calendar or a release could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    ///
    /// # Complexity
    ///
    /// Reads the log of each calendar, and of each release in Testing.
    pub async fn deployments_waiting(
        &self,
        calendars: &BTreeSet<Key>,
        place: &Scope,
    ) -> Result<Vec<(Release<Testing>, PlannedStart)>, StreamError> {
        let calendars = self.all_of(calendars).await?;
        let releases = self.all_in::<Testing>(PhaseName::Testing).await?;
        let now = self.clock.now();
        let mut told = Vec::new();
        for release in releases {
            let core = release.core();
            let Some(planned) = core.state.plan.as_ref().and_then(|plan| plan.window) else {
                continue;
            };
            let asked = Asked::of(core, place);
            let binding = asked.binding(&calendars, Use::Start);
            let start = binding.planned_start(planned, now);
            told.push((planned.start(), release, start));
        }
        told.sort_by_key(|(start, release, _)| (*start, release.id()));
        Ok(told
            .into_iter()
            .map(|(_, release, start)| (release, start))
            .collect())
    }

    async fn all_of(&self, names: &BTreeSet<Key>) -> Result<Vec<CalendarState>, StreamError> {
        let mut calendars = Vec::with_capacity(names.len());
        for name in names {
            calendars.push(self.calendar(name).await?);
        }
        Ok(calendars)
    }

    /// All releases that stand in that phase, as they were when each was read.
    async fn all_in<P: Phase>(&self, phase: PhaseName) -> Result<Vec<Release<P>>, StreamError> {
        let query = Query {
            filter: Filter::Phase(phase),
            order: Order::Created,
        };
        let (mut releases, mut after) = (Vec::new(), None);
        loop {
            let page = self.list(query, after.as_ref(), PAGE_ROWS).await?;
            for row in page.rows {
                let log = self.entries_after(&row.stream, Version::NONE).await?;
                // Who has moved on since, or is on hold, is not asked for.
                releases.extend(replay_with(&log, &self.upcasters)?.in_phase::<P>());
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(releases),
            }
        }
    }
}

/// What nobody has cleared for the time after the window.
const fn begins_work(next: &NextMove) -> bool {
    matches!(
        next,
        NextMove::StartWave(_) | NextMove::StartAttempt | NextMove::Continue
    )
}

/// For what a release asks calendars.
#[derive(Clone, Copy)]
enum Use {
    Start,
    Running,
}

/// A release that asks calendars.
struct Asked<'a> {
    core: &'a Core,
    scope: Scope,
}

impl<'a> Asked<'a> {
    fn of(core: &'a Core, place: &Scope) -> Self {
        let request = core.state.request();
        let scope = Scope {
            environments: place.environments.clone(),
            regions: place.regions.clone(),
            ..request.map_or_else(Scope::everything, |request| {
                Scope::of(request, core.state.track)
            })
        };
        Self { core, scope }
    }

    fn work(&self) -> Work<'_> {
        let kind = match self.core.state.track {
            Track::Emergency => WorkKind::Emergency,
            Track::Standard | Track::Normal => WorkKind::New,
        };
        Work {
            kind,
            scope: &self.scope,
        }
    }

    fn binding<'c>(&self, calendars: &'c [CalendarState], what_for: Use) -> View<'c> {
        let Core { head, state } = self.core;
        let view = View::of(
            calendars.iter().map(CalendarState::calendar),
            None,
            self.work(),
        );
        calendars.iter().fold(view, |view, calendar| {
            let name = calendar.calendar().name();
            let (used, lifted) = match what_for {
                Use::Start => (state.used_exceptions.get(name), None),
                Use::Running => (None, state.lifted_freezes.get(name)),
            };
            let claim = Claim {
                release: head.id,
                used,
                may_be_excepted: true,
            };
            calendar.binding(view, claim, lifted)
        })
    }
}
