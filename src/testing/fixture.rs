//! A release in every standing, in one call, with its real log.

use super::checked::given;
use super::own;
use super::scene::Scene;
use super::walk::Walk;
use crate::gate::{GateSet, Mistake, Mistakes};
use crate::phase::{Anywhere, Instant, Phase};
use crate::release::{Batch, Envelope, Release};
use crate::store::{Committed, Store, StoreError};
use std::fmt;

/// A release that stands somewhere, and the log that led it there.
///
/// The log is what the desk would have written: sealed, linked, and replayed to this very release. The release is in
/// no store: what is committed of it is refused as a conflict, until [`into_store`](Self::into_store) has put its log
/// there.
///
/// # Examples
///
/// ```
/// use phasegate::phase::Testing;
/// use phasegate::testing::release_in;
/// use phasegate::{Desk, MemoryStore, Person};
/// use phasegate::release::Text;
///
/// # pollster::block_on(async {
/// let fixture = release_in::<Testing>();
/// assert_eq!(fixture.log().count(), 7);
///
/// let desk = Desk::new(MemoryStore::new());
/// let release = fixture.into_store(desk.store()).await?;
/// let release = desk.run(release.rework(Text::new("the totals are wrong")?), Person::new("tom")?).await?;
/// assert_eq!(release.standing().to_string(), "Development");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct Fixture<P> {
    release: Release<P>,
    batches: Vec<Batch>,
    now: Instant,
}

/// A release in this phase, on hold or not: the simplest that there is; see [`Scene`] for who did what.
#[must_use]
pub fn release_in<P: Phase>() -> Fixture<P> {
    let mut scene = Scene::in_phase(P::STANDING.phase);
    scene.on_hold = P::STANDING.on_hold;
    let Fixture {
        release,
        batches,
        now,
    } = own(scene.fixture());
    Fixture {
        release: release.become_phase(),
        batches,
        now,
    }
}

impl Scene {
    /// The release of the scene, as it stands without any rules. What other things are known is left out, and so are
    /// answers for steps, which are about rules.
    ///
    /// # Errors
    ///
    /// What is given that cannot be, and why the lifecycle refuses it.
    pub fn fixture(&self) -> Result<Fixture<Anywhere>, Mistakes> {
        let gates = GateSet::new();
        let walk = Walk::of(self, &gates, &gates).map_err(|(path, what)| {
            let path = given(&path);
            Mistakes(vec![Mistake { path, what }])
        })?;
        let release = walk.release();
        Ok(Fixture::standing(release, walk.batches, self.at))
    }
}

impl<P> Fixture<P> {
    pub(super) const fn standing(release: Release<P>, batches: Vec<Batch>, now: Instant) -> Self {
        Self {
            release,
            batches,
            now,
        }
    }

    /// The release.
    pub const fn release(&self) -> &Release<P> {
        &self.release
    }

    /// The release alone.
    pub fn into_release(self) -> Release<P> {
        self.release
    }

    /// Its log, from the first entry on; empty before the release begins.
    pub fn log(&self) -> impl Iterator<Item = &Envelope> {
        self.batches.iter().flat_map(Batch::events)
    }

    /// The instant at which it stands there.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Writes its log to a store, entry by entry as it came to be, and gives the release.
    ///
    /// # Errors
    ///
    /// The store's own. What was written before stays; calling again with another fixture of the same scene goes on.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves a part of the log, up to some entry, in the store.
    pub async fn into_store<S: Store>(self, store: &S) -> Result<Release<P>, StoreError> {
        for batch in &self.batches {
            match store.commit(batch).await? {
                Committed::Written | Committed::AlreadyDone(_) => {}
            }
        }
        Ok(self.release)
    }
}

impl<P> fmt::Debug for Fixture<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("release", &self.release)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
