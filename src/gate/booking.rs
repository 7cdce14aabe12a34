//! The deployment that a release has booked: when, and what it touches.

use super::judge::Book;
use super::{Ask, GateSet, ReleaseModel};
use crate::phase::{Instant, Interval, PhaseName};
use crate::release::limits::FACT_HOLDS;
use crate::release::{
    Bounded, Core, Environment, Liveness, ReleaseId, ReleasePlan, ReleaseRequest, State,
};
use crate::schedule::Booking;
use std::collections::BTreeSet;

impl Book<'_> {
    /// The deployment that a step is about; nothing while it has no window.
    pub(super) fn asked_for(self, ask: &Ask<'_>) -> Option<Booking> {
        let window = ask.window()?;
        let plan = plan_of(ask.state());
        Some(self.booking(ask.release(), window, ask.request(), plan))
    }

    fn booking(
        self,
        release: ReleaseId,
        window: Interval,
        request: Option<&ReleaseRequest>,
        plan: Option<&ReleasePlan>,
    ) -> Booking {
        let mut booking = Booking::new(window, release);
        if let Some(request) = request {
            booking.services.clone_from(&request.services);
            booking
                .configuration_items
                .clone_from(&request.configuration_items);
            booking.environments = self.live_environments(request);
        }
        if let Some(plan) = plan {
            let people = plan.responsibilities.values().cloned().collect();
            // There are no more people than responsibilities.
            booking.people = Bounded::new(people).unwrap_or_default();
        }
        booking
    }

    /// Where releases by the model go live; not known without it, which means everywhere.
    fn live_environments(self, request: &ReleaseRequest) -> Bounded<BTreeSet<Environment>> {
        let model = request.model.as_ref().and_then(|named| self.model(named));
        let environments = model.into_iter().flat_map(ReleaseModel::environments);
        let live = environments.filter(|(_, liveness)| **liveness == Liveness::Live);
        let live = live.map(|(environment, _)| environment.clone());
        Bounded::new(live.collect()).unwrap_or_default()
    }
}

impl GateSet {
    /// The deployment that a release has booked: nothing without a window, and nothing once its deployment is over.
    ///
    /// Work that runs has booked what it takes, whatever was planned: nobody knows for how long.
    pub(crate) fn booking(&self, core: &Core, now: Instant) -> Option<Booking> {
        let Core { head, state } = core;
        if !is_before_review(state.standing.phase) {
            return None;
        }
        let plan = plan_of(state);
        let planned = || plan.and_then(|plan| plan.window);
        let window = match state.running_since() {
            Some(since) => {
                let for_now = now.max(since).plus(FACT_HOLDS);
                let ends = state
                    .window
                    .map_or(for_now, |window| window.end().max(for_now));
                Interval::between(since, ends)?
            }
            None => state.window.or_else(planned)?,
        };
        let book = self.book();
        Some(book.booking(head.id, window, state.request(), plan))
    }
}

fn plan_of(state: &State) -> Option<&ReleasePlan> {
    state.plan.as_ref().map(|plan| &***plan)
}

/// Whether a release in that phase may still have something booked.
pub(crate) fn is_before_review(phase: PhaseName) -> bool {
    match phase {
        PhaseName::Start
        | PhaseName::Request
        | PhaseName::Plan
        | PhaseName::Development
        | PhaseName::Testing
        | PhaseName::Deployment => true,
        PhaseName::Review | PhaseName::Closure | PhaseName::Closed => false,
    }
}
