//! What is kept of every release to be measured: little of what is over, and nothing of what nobody counts.

use crate::phase::{Action, Instant, Interval, PhaseName, Seconds};
use crate::release::{
    CriterionOutcome, Currency, Digest, Ending, Environment, Key, Money, Name, Planning, Rating,
    ReleaseId, ReleasePlan, ReleaseRequest, ReviewOutcome, Service, Severity, Target, Track,
    Version, When, plain,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// By what releases are picked. Many have the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Profile {
    pub(super) services: BTreeSet<Service>,
    pub(super) labels: BTreeMap<Key, Name>,
    pub(super) track: Track,
    pub(super) model: Option<Key>,
}

impl Profile {
    pub(super) fn of(request: &ReleaseRequest) -> Self {
        Self {
            services: (*request.services).clone(),
            labels: (*request.labels).clone(),
            track: request.track,
            model: request.model.as_ref().map(|model| model.model.clone()),
        }
    }
}

/// A release, as far as it is measured.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers a question of its own"
)]
pub(super) struct Facts {
    pub(super) id: ReleaseId,
    pub(super) version: Version,
    pub(super) hash: Digest,
    /// The place of its profile.
    pub(super) profile: u32,
    pub(super) created: Instant,
    pub(super) closed: Option<(Instant, Ending)>,
    pub(super) standing: PhaseName,
    pub(super) is_held: bool,
    /// Since when it stands there.
    pub(super) since: Instant,
    /// How long it stood in which phase, and last how long on hold, in microseconds.
    pub(super) dwell: [i64; DWELL],
    /// Where it has been, a bit for each.
    been: u8,
    /// How often it went back.
    pub(super) loops: u32,
    /// When it began to be live work, and how.
    pub(super) began: Option<(Instant, Beginning)>,
    /// How often Deployment was entered.
    pub(super) deployments: u32,
    pub(super) is_backed_out: bool,
    pub(super) outcome: Option<ReviewOutcome>,
    pub(super) went_live: Option<Instant>,
    pub(super) support: Seconds,
    pub(super) used_override: bool,
    pub(super) used_exception: bool,
    pub(super) baselines: u32,
    /// When the plan that was agreed first has it go live.
    pub(super) first: Option<Interval>,
    /// The same of the one that was agreed last.
    pub(super) latest: Option<Interval>,
    pub(super) budget: Option<Money>,
    /// What was spent, by currency.
    pub(super) spent: Vec<(Currency, i128)>,
    pub(super) expected_value: Option<Money>,
    /// What is to be reached, and how that is judged.
    pub(super) aims: Option<Box<Aims>>,
    /// What is needed no more once it is closed.
    pub(super) open: Option<Box<Open>>,
}

pub(super) const DWELL: usize = 8;

/// The place of a phase in what is kept by phase.
pub(super) const fn dwelling(phase: PhaseName) -> Option<usize> {
    match phase {
        PhaseName::Request => Some(0),
        PhaseName::Plan => Some(1),
        PhaseName::Development => Some(2),
        PhaseName::Testing => Some(3),
        PhaseName::Deployment => Some(4),
        PhaseName::Review => Some(5),
        PhaseName::Closure => Some(6),
        PhaseName::Start | PhaseName::Closed => None,
    }
}

/// The place of the time on hold.
pub(super) const HELD: usize = 7;

/// How something began to be live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// The usual way.
    Gated,
    /// On the emergency track.
    Emergency,
    /// It was found live.
    Found,
}

/// Objectives, criteria and how they were judged.
#[derive(Debug, Clone, Default)]
pub(super) struct Aims {
    pub(super) objectives: BTreeSet<Key>,
    pub(super) criteria: BTreeMap<Key, Aim>,
    pub(super) results: BTreeMap<Key, CriterionOutcome>,
}

/// A success criterion.
#[derive(Debug, Clone)]
pub(super) struct Aim {
    pub(super) objective: Option<Key>,
    pub(super) target: Option<Target>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    pub(super) plan: Option<Arc<ReleasePlan>>,
    /// The plan that was agreed last.
    pub(super) agreed: Option<Arc<ReleasePlan>>,
    /// The places of the code changes, which nobody asks for by key once it is closed.
    pub(super) changes: HashMap<Key, u32>,
    pub(super) costs: HashMap<Key, Money>,
}

/// An attempt on a live environment.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) key: Key,
    pub(super) environment: Environment,
    /// Of which services, where these are fewer than the release's.
    pub(super) services: BTreeSet<Service>,
    /// Unplanned, and because of an incident.
    pub(super) is_rework: bool,
    /// Which time in Deployment it belongs to.
    pub(super) deployment: u32,
    /// When it was live first.
    pub(super) live: Option<Instant>,
    pub(super) backed_out: Option<Instant>,
    pub(super) never_live: Option<Instant>,
}

/// When a milestone was planned and reached.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MilestoneDays {
    pub(super) first: Option<When>,
    pub(super) latest: Option<When>,
    pub(super) reached: Option<Instant>,
}

/// What an incident is linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    /// To the release, and nobody said to which of its attempts.
    Release,
    /// To the attempt in that place.
    Attempt(u32),
    /// To an attempt that was not on a live environment.
    NotLive,
}

#[derive(Debug, Clone)]
pub(super) struct Incident {
    pub(super) key: Key,
    pub(super) raised: Instant,
    pub(super) restored: Option<Instant>,
    pub(super) severity: Severity,
    pub(super) linked: Linked,
    pub(super) is_regression: bool,
}

/// A defect that broke what worked before, or did not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defect {
    pub(super) found: Instant,
    pub(super) is_regression: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Down {
    pub(super) began: Instant,
    pub(super) ended: Option<Instant>,
    pub(super) planning: Planning,
    pub(super) users: Option<u64>,
    pub(super) services: BTreeSet<Service>,
}

#[derive(Debug, Clone)]
pub(super) struct Rated {
    pub(super) at: Instant,
    pub(super) rating: Option<Rating>,
    pub(super) service: Option<Service>,
}

#[derive(Debug, Clone)]
pub(super) struct Improvement {
    pub(super) key: Key,
    pub(super) due: Instant,
    pub(super) measure: Option<Key>,
    pub(super) done: Option<Instant>,
    pub(super) is_dropped: bool,
}

plain! {
    /// An incident that the host knows of, and nobody has linked to a release.
    pub struct ObservedIncident {
        /// When it was raised.
        raised: Instant,
    } with {
        /// When service was restored.
        restored: Option<Instant>,
        /// The service that it is of, where that is known.
        service: Option<Service>,
    }
}

impl Facts {
    pub(super) fn begun(id: ReleaseId, created: Instant) -> Self {
        Self {
            id,
            version: Version::NONE,
            hash: Digest::ZERO,
            profile: 0,
            created,
            closed: None,
            standing: PhaseName::Start,
            is_held: false,
            since: created,
            dwell: [0; DWELL],
            been: 0,
            loops: 0,
            began: None,
            deployments: 0,
            is_backed_out: false,
            outcome: None,
            went_live: None,
            support: Seconds::new(0),
            used_override: false,
            used_exception: false,
            baselines: 0,
            first: None,
            latest: None,
            budget: None,
            spent: Vec::new(),
            expected_value: None,
            aims: None,
            open: Some(Box::default()),
        }
    }

    /// What it is to reach; kept only of those that say so.
    pub(super) fn aims(&mut self) -> &mut Aims {
        self.aims.get_or_insert_default()
    }

    /// Stands somewhere else from then on.
    pub(super) fn stands(&mut self, phase: PhaseName, is_held: bool, at: Instant) {
        let place = if self.is_held {
            Some(HELD)
        } else {
            dwelling(self.standing)
        };
        if let Some(place) = place
            && let Some(dwell) = self.dwell.get_mut(place)
        {
            *dwell += at.unix_micros() - self.since.unix_micros();
            self.been |= 1 << place;
        }
        (self.standing, self.is_held, self.since) = (phase, is_held, at);
    }

    /// Of every place of `dwell`, whether it has been there.
    pub(super) fn has_been(&self) -> [bool; DWELL] {
        std::array::from_fn(|place| self.been & (1 << place) != 0)
    }

    /// How it ends by that step.
    pub(super) fn ending(&self, action: Action) -> Ending {
        let outcome = self.outcome.map_or(Ending::Completed, Ending::from);
        match action {
            Action::Reject => Ending::Rejected,
            Action::Cancel if self.is_backed_out => Ending::BackedOut,
            Action::Cancel => Ending::Cancelled,
            Action::RequestRelease
            | Action::FindUnauthorised
            | Action::Authorise
            | Action::StartDevelopment
            | Action::StartTesting
            | Action::Rework
            | Action::Replan
            | Action::Deploy
            | Action::Expedite
            | Action::FinishDeployment
            | Action::BackOut
            | Action::CompleteReview
            | Action::Close
            | Action::Hold
            | Action::Resume => outcome,
        }
    }
}
