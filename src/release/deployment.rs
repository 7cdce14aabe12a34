//! Going live and what users saw of it: attempts, outages, incidents.

use super::testing::Severity;
use super::text::{Bounded, Environment, Key, Service, Text};
use super::words::plain;
use crate::phase::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whether users depend on an environment.
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
        /// Whether it was planned.
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
