//! Whether the work stays within an allow-window.

use super::calendars::Place;
use crate::gate::{Ask, Policy};
use crate::release::{
    Availability, Bounded, CalendarQuestion, Effect, Environment, Key, Reason, Region, Verdict,
    WindowKind,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Requires that allow-windows of a calendar are open to the work as long as its window lasts: that of the step, or, on
/// the way to the deployment, the planned one. Where there is none, or it is over, they are at the instant of the step.
///
/// Where no allow-window bears on the work, it passes, unless the calendar is closed by default. Which steps are asked
/// about a window, what the work touches, and how emergencies and back-outs pass, is as for
/// [`FreezePolicy`](super::FreezePolicy). A closed calendar that lets the work pass is a warning of the decision:
/// `outside-window-warns`, or `closed-warns` where it is closed by default.
///
/// | code | what is the matter |
/// |---|---|
/// | `outside-window` | no allow-window is open all that time |
/// | `too-long` | the window is longer than ten years, as far as a calendar is looked through |
/// | `more-windows` | more than 100 allow-windows are not open; the verdict is unknown |
/// | `calendar-not-read` | the calendar could not be read, or there is none; the verdict is unknown |
///
/// # Time
///
/// At an instant, a clearance holds until the calendar opens or closes, and in a window to the window's end.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{MaintenanceWindowPolicy, Facts};
/// use phasegate::phase::{Interval, Seconds};
/// use phasegate::release::{Effect, Key, ReleasePlan, RunningWork, step::Authorise};
/// use phasegate::schedule::{Timing, WhileClosed, Window};
/// # use phasegate::{Desk, Gate, GateSet, MemoryStore, Person, release::*};
///
/// # pollster::block_on(async {
/// let production = Key::new("production")?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(MaintenanceWindowPolicy::new(production.clone()));
/// # let (desk, kim) = (Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate)), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// let hard = WhileClosed::new(Effect::Blocked, RunningWork::FinishWave, Effect::Allowed, Effect::Warned);
/// let night = Interval::parse("2026-03-02T22:00:00Z", "2026-03-03T04:00:00Z")?;
/// let night = Window::allow(Key::new("monday-night")?, Timing::between(night), hard);
/// let calendar = desk.declare_window(&production, night, &kim).await?;
///
/// let plan = |start, end| -> Result<_, phasegate::phase::Invalid> {
///     let plan = ReleasePlan::builder().early_life_support(Seconds::days(7));
///     Ok(plan.window(Interval::parse(start, end)?).build())
/// };
/// let inside = plan("2026-03-02T22:00:00Z", "2026-03-03T00:00:00Z")?;
/// let before = plan("2026-03-02T20:00:00Z", "2026-03-02T21:00:00Z")?;
///
/// let monday = Facts::at("2026-03-02T12:00:00Z".parse()?).with_calendar(calendar);
/// let release = desk.record(release, inside, &kim).await?;
/// assert!(desk.gates().explain(&release, step.clone(), &monday, &By::new(&kim)).is_cleared());
///
/// let release = desk.record(release, before, &kim).await?;
/// let decision = desk.gates().explain(&release, step, &monday, &By::new(&kim));
/// assert_eq!(
///     decision.to_string(),
///     "authorise refused\n  maintenance-window: outside the allow-windows of calendar `production`: `monday-night`; \
///      choose a window from 2026-03-02T22:00:00Z on, or have a window declared",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceWindowPolicy(Place);

impl MaintenanceWindowPolicy {
    /// The work stays within allow-windows of this calendar, whichever environment and region it touches.
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
        self.0.question(WindowKind::Allow)
    }

    fn against(answer: &Availability) -> Vec<Reason> {
        let blocking = answer
            .deciding
            .iter()
            .filter(|one| one.effect == Effect::Blocked);
        let windows: Vec<_> = blocking.filter_map(|one| one.window.as_ref()).collect();
        let calendar = &answer.question.calendar;
        let message = if windows.is_empty() {
            format!(
                "calendar `{calendar}` is closed by default, and no allow-window is about this work"
            )
        } else {
            format!(
                "outside the allow-windows of calendar `{calendar}`: {}",
                super::listed(windows)
            )
        };
        let reason = Reason::new(
            "outside-window",
            message,
            super::calendars::remedy(answer, "have a window declared"),
        );
        let reason = match answer.clears_at {
            Some(at) => reason.clears_at(at),
            None => reason,
        };
        vec![reason.read("calendar", calendar.as_str())]
    }
}

impl Policy for MaintenanceWindowPolicy {
    type Reads = ();
    const NAME: &'static str = "maintenance-window";

    fn calendars(&self) -> Vec<CalendarQuestion> {
        vec![self.question()]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        super::calendars::verdict(ask, &self.question(), Self::against)
    }
}
