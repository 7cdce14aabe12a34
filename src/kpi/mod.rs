//! Measuring: key performance indicators of any number of releases, folded from their logs.
//!
//! [`Kpis`] follows events one by one and keeps of every release what is measured. A [`Question`] names a period, picks
//! releases and says how incidents are attributed; the answer is a [`KpiReport`] of [`Measure`]s, each with what it rests
//! on. What is defined how stands in [`guide::kpi`](crate::guide::kpi).
//!
//! # Examples
//!
//! ```
//! use phasegate::kpi::{Kpi, Kpis, Period, Question};
//! # use phasegate::{Desk, MemoryStore, Person, release::{Name, ReleaseRequest, Tenant}};
//! # pollster::block_on(async {
//! # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
//! # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
//!
//! let mut kpis = Kpis::new(Tenant::default());
//! for entry in desk.history(release.id()).await? {
//!     kpis.follow(&entry)?;
//! }
//! let as_of: phasegate::Instant = "2026-04-10T09:00:00Z".parse()?;
//! let march = Question::builder().period(Period::month(2026, 3)?).as_of(as_of).build();
//! let report = kpis.report(&march);
//! let fail_rate = report.get(Kpi::ChangeFailRate).unwrap();
//! assert_eq!(fail_rate.value, None, "nothing was deployed, and no share of nothing is known");
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```

mod aims;
mod budget;
mod definition;
mod delivery;
mod deployments;
mod disruption;
mod effect;
mod facts;
mod flow;
mod fold;
mod follow;
mod measure;
mod period;
mod question;
mod ratio;
mod report;
mod satisfaction;
mod scope;
mod stability;
mod table;
mod timeliness;

pub use aims::TargetResult;
pub use definition::{Kpi, Unit};
pub use deployments::{Deployment, Failure};
pub use effect::ImprovementEffect;
pub use measure::{Exclusion, Measure};
pub use period::{Period, PeriodPart};
pub use question::{Attribution, Question, Statistic};
pub use ratio::Ratio;
pub use report::KpiReport;

use crate::phase::Instant;
use crate::release::{Key, Money, ReleaseId, Service, Tenant, Track};
use facts::{
    Attempt, Defect, Down, Facts, Improvement, Incident, MilestoneDays, Observed, Profile, Rated,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use table::Table;

/// What is measured of one tenant's releases, kept current event by event.
///
/// Feeding events as they come and feeding all of them at once give exactly the same, whatever the order of the
/// releases. A release costs about a kilobyte of memory; of what is closed, nothing is kept that nobody counts.
///
/// What was followed is taken as it is: that the lifecycle allows it, [`replay`](crate::release::replay) checks.
///
/// # Time
///
/// Everything counts at the instant when it was true (`occurred_at`), however late it was recorded.
#[derive(Debug, Clone)]
pub struct Kpis {
    tenant: Tenant,
    index: HashMap<ReleaseId, u32>,
    releases: Vec<Facts>,
    profiles: Vec<Arc<Profile>>,
    profile_places: HashMap<Arc<Profile>, u32>,
    /// The releases that put another one right, by that one.
    remediators: HashMap<ReleaseId, Vec<u32>>,
    attempts: Table<Attempt>,
    /// When code changes were committed.
    changes: Table<Instant>,
    milestones: Table<MilestoneDays>,
    defects: Table<Defect>,
    incidents: Table<Incident>,
    outages: Table<Down>,
    ratings: Table<Rated>,
    improvements: Table<Improvement>,
    values: Table<Money>,
    observed: BTreeMap<Key, Observed>,
}

impl Kpis {
    /// Nothing yet, of that tenant.
    #[must_use]
    pub fn new(tenant: Tenant) -> Self {
        Self {
            tenant,
            index: HashMap::new(),
            releases: Vec::new(),
            profiles: Vec::new(),
            profile_places: HashMap::new(),
            remediators: HashMap::new(),
            attempts: Table::default(),
            changes: Table::default(),
            milestones: Table::default(),
            defects: Table::default(),
            incidents: Table::default(),
            outages: Table::default(),
            ratings: Table::default(),
            improvements: Table::default(),
            values: Table::default(),
            observed: BTreeMap::new(),
        }
    }

    /// Takes an incident that nobody has linked to a release, and of which service it is, if that is known. One under
    /// the same id replaces the one before.
    ///
    /// Only [`Attribution::LastDeployment`] looks at it. Where an incident of that id is linked to a release, that one
    /// counts.
    pub fn observe(
        &mut self,
        id: Key,
        raised: Instant,
        restored: Option<Instant>,
        service: Option<Service>,
    ) {
        let incident = Observed {
            raised,
            restored,
            service,
        };
        self.observed.insert(id, incident);
    }

    /// How many releases are measured.
    #[must_use]
    pub fn releases(&self) -> usize {
        self.releases.len()
    }

    fn begin(&mut self, id: ReleaseId, at: Instant) -> u32 {
        let place = u32::try_from(self.releases.len()).unwrap_or(u32::MAX);
        self.releases.push(Facts::begun(id, at));
        self.index.insert(id, place);
        place
    }

    fn facts(&self, release: u32) -> Option<&Facts> {
        self.releases.get(release as usize)
    }

    fn facts_mut(&mut self, release: u32) -> Option<&mut Facts> {
        self.releases.get_mut(release as usize)
    }

    fn profile(&mut self, profile: Profile) -> u32 {
        if let Some(place) = self.profile_places.get(&profile) {
            return *place;
        }
        let place = u32::try_from(self.profiles.len()).unwrap_or(u32::MAX);
        let profile = Arc::new(profile);
        self.profiles.push(profile.clone());
        self.profile_places.insert(profile, place);
        place
    }

    fn profile_of(&self, release: u32) -> Option<&Profile> {
        let place = self.facts(release)?.profile;
        self.profiles.get(place as usize).map(AsRef::as_ref)
    }

    fn is_emergency(&self, release: u32) -> bool {
        let profile = self.profile_of(release);
        profile.is_some_and(|profile| profile.track == Track::Emergency)
    }
}
