//! Steps that a desk takes by itself for the releases of a model, as a named system.

use crate::phase::{Action, Instant, Interval, Standing};
use crate::release::{Actor, AnyStep, Core, Key, NextMove};
use serde::Serialize;
use std::collections::BTreeSet;

/// A step that nobody has to ask for: [`Desk::run_automatic`](crate::Desk::run_automatic) does, as the system of that
/// name, and through the same gates as everybody.
///
/// | step | asked for when | with |
/// |---|---|---|
/// | `start_development` | the lifecycle has nothing against it | |
/// | `deploy` | the planned window is open | the planned window |
/// | `finish_deployment` | every wave is healthy, and an attempt ended live | |
/// | `close` | no task is open | an empty closure record |
///
/// Other steps need somebody's word: an assessment, what was built, a reason, an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct AutomaticStep {
    /// The step.
    pub step: Action,
    /// The system that asks for it.
    pub by: Key,
}

impl AutomaticStep {
    /// The steps whose arguments the plan and the rollout have.
    pub(super) const STEPS: [Action; 4] = [
        Action::StartDevelopment,
        Action::Deploy,
        Action::FinishDeployment,
        Action::Close,
    ];

    /// Who asks for it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::System(self.by.clone())
    }

    /// Whether it may be time for it, by what a row of a list says.
    pub(crate) fn may_be_time(
        &self,
        standing: Standing,
        window: Option<Interval>,
        now: Instant,
    ) -> bool {
        let is_open = window.is_some_and(|window| window.contains(now));
        self.step.leads(standing).is_some() && (is_open || self.step != Action::Deploy)
    }

    /// The step as it is asked for, if it is time for it.
    pub(crate) fn asked(&self, core: &Core, now: Instant) -> Option<AnyStep> {
        let state = &core.state;
        if !self.may_be_time(state.standing, state.planned_window(), now) {
            return None;
        }
        let is_time = if self.step == Action::Deploy {
            true
        } else if self.step == Action::FinishDeployment {
            state.rollout(now).next == NextMove::Finish
        } else {
            core.due(now)
                .steps
                .get(&self.step)
                .is_some_and(BTreeSet::is_empty)
        };
        is_time.then(|| state.usual(self.step, now))?
    }
}
