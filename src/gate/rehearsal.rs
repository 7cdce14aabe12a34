//! What if: steps and records decided and applied without a log.

use super::clearance::{settle, written};
use super::{Facts, GateSet};
#[cfg(feature = "testing")]
use crate::phase::Anywhere;
use crate::phase::Standing;
use crate::release::{AnyRecord, AnyStep, Asked, Batch, By, Core, Decision, Release, ReleaseView};

/// A copy of a release that moves by the same rules, and of which nothing is ever written.
///
/// For asking how far a release would come, and for testing rules step by step. It decides and applies as the desk
/// does; it has no way to a store.
///
/// # Examples
///
/// ```
/// # use phasegate::{Desk, MemoryStore, Person, gate::Facts, release::{By, Name, ReleaseRequest}};
/// use phasegate::release::{Assessment, AssessmentDecision, step::{Authorise, StartDevelopment}};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
/// # let release = desk.run(desk.request(request), &kim).await?;
/// let (facts, by) = (Facts::at("2026-03-02T10:00:00Z".parse()?), By::new(&kim));
/// let mut rehearsal = desk.gates().rehearse(&release);
/// rehearsal.step(Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)), &facts, &by).unwrap();
/// let refused = rehearsal.step(StartDevelopment::new(), &facts, &by).unwrap_err();
/// assert_eq!(refused.blockers().count(), 2); // no release manager, no plan
/// assert_eq!(release.standing().to_string(), "Request"); // the release itself has not moved
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal<'a> {
    gates: &'a GateSet,
    core: Core,
}

impl GateSet {
    /// Begins to rehearse from where a release stands.
    #[must_use]
    pub fn rehearse<P>(&self, release: &Release<P>) -> Rehearsal<'_> {
        Rehearsal {
            gates: self,
            core: release.core().clone(),
        }
    }
}

impl Rehearsal<'_> {
    /// Takes a step, if the gates clear it.
    ///
    /// # Errors
    ///
    /// The decision, with every blocker; nothing has changed then.
    pub fn step(
        &mut self,
        step: impl Into<AnyStep>,
        facts: &Facts,
        by: &By,
    ) -> Result<(), Box<Decision>> {
        self.ask(Asked::Step(step.into()), facts, by).map(drop)
    }

    /// Adds a record, if the lifecycle allows it.
    ///
    /// # Errors
    ///
    /// The decision, with every blocker; nothing has changed then.
    pub fn record(
        &mut self,
        record: impl Into<AnyRecord>,
        facts: &Facts,
        by: &By,
    ) -> Result<(), Box<Decision>> {
        self.ask(Asked::Record(record.into()), facts, by).map(drop)
    }

    /// Where the release would stand.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.core.state.standing
    }

    /// The release as it would be.
    #[must_use]
    pub fn view(&self) -> ReleaseView {
        self.core.view()
    }

    /// The release as it would be, as a value of its own.
    #[cfg(feature = "testing")]
    pub(crate) fn release(&self) -> Release<Anywhere> {
        Release::of(self.core.clone())
    }

    /// Moves by what is asked, and gives what would be written of it.
    pub(crate) fn ask(
        &mut self,
        asked: Asked,
        facts: &Facts,
        by: &By,
    ) -> Result<Batch, Box<Decision>> {
        let (event, batch) = written(self.gates.book(), &self.core, asked, facts, by)
            .map_err(|(decision, _)| decision)?;
        settle(&mut self.core, event, &batch);
        Ok(batch)
    }
}
