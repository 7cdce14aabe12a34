//! Where it all comes together: load, decide, commit, relay. The only room that sees both the rules and the ports.

mod automatic;
#[cfg(feature = "verify")]
mod backtest;
mod bookings;
mod calendar;
mod error;
mod gather;
mod in_flight;
mod ledger;
mod model;
mod overview;
mod read;
mod relay;
mod turn;
mod worklist;

pub use automatic::{Automatic, AutomaticOutcome};
pub use error::{CommitFailed, InDoubt, LoadError, RecordByIdError, RunError};
pub use ledger::StreamError;
pub use overview::{Learned, Overview, Planned, Told};
pub use relay::{Relay, Relayed};
pub use worklist::{Lookout, WorkItem};

use crate::clock::{Clock, SystemClock, new_release_id};
use crate::facts::{BoxedFinder, FactFinder};
use crate::gate::{Facts, GateSet, refusal};
use crate::phase::Start;
use crate::release::step::{FindUnauthorised, RequestRelease};
use crate::release::{
    AnyStep, Asked, By, Decision, Proposal, Release, ReleaseId, ReleaseRequest, Subject, Tenant,
    Upcasters,
};
use crate::schedule::ServiceMap;
use crate::store::{AnyStore, Store};
use std::{fmt, sync::Arc};

/// Runs steps and records of one tenant's releases: asks the gates, commits to the store.
///
/// Before a gate is asked, the desk gathers what its policies need: the time of its clock, facts from the host's
/// [`FactFinder`], and other releases from the store. What could not be had makes a policy unknown, and says why.
/// Who has the facts at hand asks [`GateSet::decide`] instead, and commits with
/// [`Cleared::commit`](crate::gate::Cleared::commit).
///
/// # Examples
///
/// ```
/// use phasegate::gate::{GateSet, EvidencePolicy, Percent};
/// use phasegate::release::{TestKind, step::Deploy};
/// use phasegate::{Desk, Gate, MemoryStore};
///
/// let gate = Gate::<Deploy>::new("production", 1)?
///     .require(EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]));
/// let desk = Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Clone)]
pub struct Desk<S = AnyStore> {
    store: S,
    tenant: Tenant,
    gates: Arc<GateSet>,
    clock: Arc<dyn Clock>,
    finder: Option<Arc<dyn BoxedFinder>>,
    map: Option<Arc<dyn ServiceMap>>,
    upcasters: Arc<Upcasters>,
    refusals: Refusals,
}

/// Whether refusals are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusals {
    Recorded,
    Forgotten,
}

impl<S: Store> Desk<S> {
    /// A desk on that store: for the tenant `default`, without gates, by the machine's clock.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            tenant: Tenant::default(),
            gates: Arc::default(),
            clock: Arc::new(SystemClock),
            finder: None,
            map: None,
            upcasters: Arc::default(),
            refusals: Refusals::Recorded,
        }
    }

    /// The same desk for another tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = tenant;
        self
    }

    /// The same desk with these gates.
    #[must_use]
    pub fn with_gates(mut self, gates: GateSet) -> Self {
        self.gates = Arc::new(gates);
        self
    }

    /// The same desk by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same desk, asking there for the facts that policies need.
    #[must_use]
    pub fn with_facts(mut self, finder: impl FactFinder + 'static) -> Self {
        self.finder = Some(Arc::new(finder));
        self
    }

    /// The same desk, looking there which services and configuration items are related. It is needed where deployments
    /// that touch related things get in each other's way:
    /// [`ConflictFreePolicy::within`](crate::gate::ConflictFreePolicy::within).
    #[must_use]
    pub fn with_service_map(mut self, map: impl ServiceMap + 'static) -> Self {
        self.map = Some(Arc::new(map));
        self
    }

    /// The same desk, reading payloads of older schemas too.
    #[must_use]
    pub fn with_upcasters(mut self, upcasters: Upcasters) -> Self {
        self.upcasters = Arc::new(upcasters);
        self
    }

    /// The same desk, not writing refusals down; gates then cannot be tried on what was refused before.
    #[must_use]
    pub fn forgetting_refusals(mut self) -> Self {
        self.refusals = Refusals::Forgotten;
        self
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The gates.
    #[must_use]
    pub fn gates(&self) -> &GateSet {
        &self.gates
    }

    /// Asks for a release to begin, under a new id.
    pub fn request(&self, request: ReleaseRequest) -> Proposal<RequestRelease, Start> {
        self.request_as(new_release_id(self.clock.now()), request)
    }

    /// Asks for a release to begin, under an id that the host chose: asked again, it is one asking.
    pub fn request_as(
        &self,
        id: ReleaseId,
        request: ReleaseRequest,
    ) -> Proposal<RequestRelease, Start> {
        Release::request(self.tenant.clone(), id, request)
    }

    /// Asks to record a change that was found after the fact, under a new id.
    pub fn find_unauthorised(&self, found: FindUnauthorised) -> Proposal<FindUnauthorised, Start> {
        Release::find_unauthorised(self.tenant.clone(), new_release_id(self.clock.now()), found)
    }

    /// What an approval of this step has to be about: [`GateSet::subject`].
    #[must_use]
    pub fn subject<P>(&self, release: &Release<P>, step: impl Into<AnyStep>) -> Subject {
        self.gates.subject(release, step)
    }

    /// Why not now: the decision that a step would get, with every blocker. Nothing is written.
    ///
    /// It gathers what [`run`](Self::run) would. What cannot be had is unknown in the decision, and says why.
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn explain<P>(
        &self,
        release: &Release<P>,
        step: impl Into<AnyStep>,
        by: impl Into<By>,
    ) -> Decision {
        let (step, by) = (step.into(), by.into());
        let asked = Asked::Step(step.clone());
        if let Some(reason) = self.of_another_tenant(release) {
            return refusal(&asked, reason, &Facts::at(self.clock.now()), &by);
        }
        let facts = self.gather(release.core(), &asked, &by).await;
        self.gates.explain(release, step, &facts, &by)
    }
}

impl<S> fmt::Debug for Desk<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("tenant", &self.tenant)
            .field("gates", &self.gates)
            .finish_non_exhaustive()
    }
}
