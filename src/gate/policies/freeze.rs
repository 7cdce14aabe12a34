//! Whether a freeze is in the way.

use super::calendars::Place;
use crate::gate::{Ask, Policy};
use crate::release::{
    Availability, Bounded, CalendarQuestion, Effect, Environment, Key, Reason, Region, Verdict,
    WindowKind,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Requires that no hard freeze of a calendar bears on the work as long as its window lasts: that of the step, or, on the
/// way to the deployment, the planned one. Where there is none, or it is over, none may at the instant of the step.
///
/// So work for tomorrow is planned while today is frozen. What deploys at once and what comes later, such as
/// [`Expedite`](crate::release::step::Expedite) and [`FinishDeployment`](crate::release::step::FinishDeployment), is
/// asked about its instant. What is left of the window counts, so that one that begins in a freeze is open once the freeze
/// is over.
///
/// What the work touches are the services of the release, in the environments and regions that are named here; with none,
/// in every one. A freeze that lets the work pass is a warning of the decision: `freeze-warns`. On the emergency track the rule of each freeze for emergencies holds, and of
/// [`BackOut`](crate::release::step::BackOut) its rule for back-outs.
///
/// A granted exception lets the step pass that freeze, once. A step that is asked about the planned window counts on it,
/// and leaves it to the deployment. An override names the freeze as what it is
/// [about](crate::release::OverrideGranted::about).
///
/// | code | what is the matter |
/// |---|---|
/// | `frozen` | a freeze is active; one blocker for each |
/// | `too-long` | the window is longer than ten years, as far as a calendar is looked through |
/// | `more-windows` | more than 100 freezes are active; the verdict is unknown |
/// | `calendar-not-read` | the calendar could not be read, or there is none; the verdict is unknown |
///
/// # Time
///
/// At an instant, a clearance holds until the calendar opens or closes, and in a window to the window's end.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{FreezePolicy, Facts};
/// use phasegate::phase::{Interval, Seconds};
/// use phasegate::release::{Effect, Key, ReleasePlan, RunningWork, step::Authorise};
/// use phasegate::schedule::{Timing, WhileClosed, Window};
/// # use phasegate::{Desk, Gate, GateSet, MemoryStore, Person, release::*};
///
/// # pollster::block_on(async {
/// let production = Key::new("production")?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(FreezePolicy::new(production.clone()));
/// # let (desk, kim) = (Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate)), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// let hard = WhileClosed::new(Effect::Blocked, RunningWork::FinishWave, Effect::Allowed, Effect::Warned);
/// let audit = Interval::parse("2026-03-02T00:00:00Z", "2026-03-04T06:00:00Z")?;
/// let audit = Window::freeze(Key::new("audit")?, Timing::between(audit), hard);
/// let calendar = desk.declare_window(&production, audit, &kim).await?;
///
/// let plan = |start, end| -> Result<_, phasegate::phase::Invalid> {
///     let plan = ReleasePlan::builder().early_life_support(Seconds::days(7));
///     Ok(plan.window(Interval::parse(start, end)?).build())
/// };
/// let tuesday = plan("2026-03-03T20:00:00Z", "2026-03-03T22:00:00Z")?;
/// let wednesday = plan("2026-03-04T20:00:00Z", "2026-03-04T22:00:00Z")?;
///
/// let monday = Facts::at("2026-03-02T12:00:00Z".parse()?).with_calendar(calendar);
/// let release = desk.record(release, wednesday, &kim).await?;
/// assert!(desk.gates().explain(&release, step.clone(), &monday, &By::new(&kim)).is_cleared());
///
/// let release = desk.record(release, tuesday, &kim).await?;
/// let decision = desk.gates().explain(&release, step, &monday, &By::new(&kim));
/// assert_eq!(
///     decision.to_string(),
///     "authorise refused\n  freeze: freeze `audit` of calendar `production` is active from 2026-03-02T00:00:00Z to \
///      2026-03-04T06:00:00Z; choose a window from 2026-03-04T06:00:00Z on, or ask for an exception",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezePolicy(Place);

impl FreezePolicy {
    /// No freeze of this calendar bears on the work, whichever environment and region it touches.
    #[must_use]
    pub fn new(calendar: Key) -> Self {
        Self(Place::everywhere(calendar))
    }

    /// The same, for work that touches these environments.
    #[must_use]
    pub fn in_environments(
        mut self,
        environments: impl Into<Bounded<BTreeSet<Environment>>>,
    ) -> Self {
        self.0.environments = environments.into();
        self
    }

    /// The same, for work that touches these regions.
    #[must_use]
    pub fn in_regions(mut self, regions: impl Into<Bounded<BTreeSet<Region>>>) -> Self {
        self.0.regions = regions.into();
        self
    }

    pub(in crate::gate) fn environments(&self) -> impl Iterator<Item = (String, &Environment)> {
        self.0.environments()
    }

    fn question(&self) -> CalendarQuestion {
        self.0.question(WindowKind::Freeze)
    }

    /// One reason for each freeze, however often it is active in that time.
    fn against(answer: &Availability) -> Vec<Reason> {
        let deciding = answer.deciding.iter();
        let blocking = deciding.filter(|one| one.effect == Effect::Blocked);
        let reasons = blocking.filter_map(|freeze| {
            let (id, active) = (freeze.window.as_ref()?, freeze.active?);
            let title = freeze.title.as_ref();
            let title = title.map_or_else(String::new, |title| format!(" ({title})"));
            let calendar = &freeze.calendar;
            let message =
                format!("freeze `{id}`{title} of calendar `{calendar}` is active from {active}");
            let remedy = super::calendars::remedy(answer, "ask for an exception");
            let mut reason = Reason::new("frozen", message, remedy).about(id.clone());
            reason.clears_at = answer.clears_at;
            let reason = reason.read("calendar", calendar.as_str());
            Some(reason.read("until", active.end()))
        });
        reasons.collect()
    }
}

impl Policy for FreezePolicy {
    type Reads = ();
    const NAME: &'static str = "freeze";

    fn calendars(&self) -> Vec<CalendarQuestion> {
        vec![self.question()]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        super::calendars::verdict(ask, &self.question(), Self::against)
    }
}
