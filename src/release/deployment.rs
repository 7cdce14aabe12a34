//! Going live and what users saw of it: attempts, outages, incidents.

use super::happens::{Happens, Occasion, Reasons};
use super::limits::CLOCK_SKEW;
use super::state::{Attempt, AttemptEnd, Incident, State};
use super::testing::Severity;
use super::text::{Bounded, Environment, Key, Service, Text};
use super::verdict::Reason;
use super::words::{plain, told};
use crate::phase::{Instant, PhaseName};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// Whether users depend on an environment.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "an environment is live or not")]
pub enum Liveness {
    /// Users depend on it; only Deployment deploys there, and KPIs count it.
    Live,
    /// Nobody but testers depends on it.
    NotLive,
}

/// Whether something was planned.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "it was planned or not")]
pub enum Planning {
    /// It was planned.
    #[default]
    Planned,
    /// It was not.
    Unplanned,
}

/// How a deployment attempt ended that was live for a while at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "what went live stays or is backed out; the rest never was live"
)]
pub enum AttemptOutcome {
    /// It is live.
    Live,
    /// It was live and has been backed out.
    BackedOut,
}

told! {
    AttemptOutcome {
        Live "live",
        BackedOut "backed out",
    }
}

plain! {
    /// The package starts to be put onto one environment; `occurred_at` says when.
    pub struct AttemptStarted {
        /// The host's id of this attempt.
        attempt: Key,
        /// Where.
        environment: Environment,
        /// Whether that environment is live.
        liveness: Liveness,
    } with {
        /// Whether it was planned.
        planning: Planning,
        /// The incident because of which it happens.
        cause: Option<Key>,
        /// The services that it changes, where these are fewer than the release's.
        services: Bounded<BTreeSet<Service>>,
    }

    /// A deployment attempt ended; `occurred_at` says when.
    pub struct AttemptFinished {
        /// The attempt.
        attempt: Key,
        /// How it ended.
        outcome: AttemptOutcome,
    }

    /// A deployment attempt ended without ever being live. The phase goes on; another attempt may follow.
    pub struct AttemptNeverLive {
        /// The attempt.
        attempt: Key,
        /// Why.
        reason: Text,
    }

    /// Users could not work for a while. An outage under the same id replaces the one before: it ended, say.
    pub struct Outage {
        /// The host's id.
        id: Key,
        /// When it began.
        began: Instant,
    } with {
        /// When it ended; nothing while it lasts.
        ended: Option<Instant>,
        /// Whether it was planned; that is the default.
        planning: Planning,
        /// How many users were affected, if that is known.
        users_affected: Option<u64>,
        /// The services that were down.
        services: Bounded<BTreeSet<Service>>,
    }

    /// An incident is linked to the release.
    pub struct IncidentLinked {
        /// The host's id of the incident.
        id: Key,
        /// How bad it is.
        severity: Severity,
        /// When it was raised.
        raised: Instant,
    } with {
        /// The deployment attempt that caused it, if one did.
        attempt: Option<Key>,
        /// Whether it breaks what worked before.
        is_regression: bool,
        /// What happened.
        summary: Text,
    }

    /// Service is restored after an incident; `occurred_at` says when.
    pub struct IncidentRestored {
        /// The incident.
        id: Key,
    }
}

impl Happens for AttemptStarted {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unused(
            !state.attempts.contains_key(&self.attempt),
            "attempt",
            &self.attempt,
        );
        let is_live = self.liveness == Liveness::Live;
        if is_live {
            state.needs_no_pause(reasons);
        }
        if is_live && state.is_in(PhaseName::Deployment) {
            state.needs_begun_deployment(on, reasons);
            state.needs_person_after_back_out(on, reasons);
        }
        let is_before = on.occurred_at < state.handed_over.minus(CLOCK_SKEW);
        reasons.unless(is_live || !is_before, || {
            let message = format!(
                "it is said to have happened at {}, and the package was handed over at {}",
                on.occurred_at, state.handed_over
            );
            let remedy = "state when this very package was put there";
            Reason::new("before-the-hand-over", message, remedy)
        });
        reasons.unless(is_live == state.is_in(PhaseName::Deployment), || {
            let (what, remedy) = if is_live {
                (
                    "live",
                    "`deploy` first; until then deploy where nobody depends on it",
                )
            } else {
                (
                    "not live",
                    "deploy to environments that are not live while in Testing",
                )
            };
            let Self { environment, .. } = self;
            let message = format!(
                "`{environment}` is {what}, and the release is in {}",
                state.standing
            );
            Reason::new("wrong-environment", message, remedy)
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        if self.liveness == Liveness::Live {
            state.involve(on);
        }
        let key = self.attempt.clone();
        let attempt = Attempt {
            started: self,
            began: on.occurred_at,
            deployment: state.deployments,
            package: state.package.as_ref().map(|package| package.digest()),
            end: AttemptEnd::Running,
        };
        state.attempts.insert(key, attempt);
    }
}

impl Happens for AttemptFinished {
    /// An attempt that ended live can still be backed out; every other end is final.
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let was_live = |end| matches!(end, AttemptEnd::Finished(AttemptOutcome::Live, _));
        let is_open = |end| {
            end == AttemptEnd::Running || was_live(end) && self.outcome == AttemptOutcome::BackedOut
        };
        ends(&self.attempt, is_open, state, on, reasons);
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        let is_live = |attempt: &Attempt| attempt.started.liveness == Liveness::Live;
        if state.attempts.get(&self.attempt).is_some_and(is_live) {
            state.involve(on);
        }
        if let Some(attempt) = state.attempts.get_mut(&self.attempt) {
            attempt.end = AttemptEnd::Finished(self.outcome, on.occurred_at);
        }
    }
}

impl Happens for AttemptNeverLive {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        ends(
            &self.attempt,
            |end| end == AttemptEnd::Running,
            state,
            on,
            reasons,
        );
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        if let Some(attempt) = state.attempts.get_mut(&self.attempt) {
            attempt.end = AttemptEnd::NeverLive;
        }
    }
}

fn ends(
    key: &Key,
    is_open: impl Fn(AttemptEnd) -> bool,
    state: &State,
    on: Occasion<'_>,
    reasons: &mut Reasons,
) {
    let attempt = state.attempts.get(key);
    reasons.known(attempt.is_some(), "deployment attempt", key);
    if let Some(attempt) = attempt {
        reasons.in_order("attempt", key, attempt.began, on.occurred_at);
        reasons.unless(is_open(attempt.end), || {
            let message = format!("attempt `{key}` has ended already");
            Reason::new("already-recorded", message, "start another attempt")
        });
    }
}

impl Happens for Outage {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_deployed(reasons);
        reasons.past("have begun at", self.began, on);
        if let Some(ended) = self.ended {
            reasons.past("have ended at", ended, on);
            reasons.in_order("outage", &self.id, self.began, ended);
        }
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.outages.insert(self.id.clone(), self);
    }
}

impl Happens for IncidentLinked {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_deployed(reasons);
        reasons.past("have been raised at", self.raised, on);
        if let Some(attempt) = &self.attempt {
            reasons.known(
                state.attempts.contains_key(attempt),
                "deployment attempt",
                attempt,
            );
        }
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        let restored = state
            .incidents
            .get(&self.id)
            .and_then(|incident| incident.restored);
        let id = self.id.clone();
        let incident = Incident {
            linked: self,
            restored,
        };
        state.incidents.insert(id, incident);
    }
}

impl Happens for IncidentRestored {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let incident = state.incidents.get(&self.id);
        reasons.known(incident.is_some(), "incident", &self.id);
        if let Some(incident) = incident {
            reasons.in_order("incident", &self.id, incident.linked.raised, on.occurred_at);
        }
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        if let Some(incident) = state.incidents.get_mut(&self.id) {
            incident.restored = Some(on.occurred_at);
        }
    }
}
