//! On which weekdays and at which hours.

use crate::gate::{Ask, Policy};
use crate::phase::{Instant, Interval, Invalid, InvalidKind};
use crate::release::{Reason, Verdict};
#[cfg(feature = "calendar")]
use crate::schedule::Zone;
use crate::schedule::{Allowed, Hours};
use chrono::{NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

/// Requires that the work is done on these weekdays, between these times of day, as long as its window lasts: that of the
/// step, or, on the way to the deployment, the planned one. Where there is none, or it is over, the instant of the step
/// counts.
///
/// What is left of the window counts, and all of it; [`FreezePolicy`](super::FreezePolicy) says more. Hours that go past
/// midnight belong to the weekday on which they begin; from a time to the same time is 24 hours. Hours that touch are one:
/// from Monday to Friday around the clock, a window may go past midnight. Holidays and exceptions are for a calendar and
/// [`MaintenanceWindowPolicy`](super::MaintenanceWindowPolicy).
///
/// In files: `weekdays` by their names in English, `from` and `to` as `"09:00"`, and `zone` by its IANA name, which may
/// be left out for UTC. A zone needs the feature `calendar`; without it, the file is refused.
///
/// | code | what is the matter |
/// |---|---|
/// | `wrong-time` | it lies outside these hours, or a part of it does |
///
/// # Time
///
/// By the clocks of the zone. Where they do not say one instant, the hours are shorter, like an allow-window:
/// [`Edges::Short`](crate::schedule::Edges::Short). At an instant, a clearance holds to the end of the hours, and in
/// a window to its end. The next hours are looked for a month ahead.
///
/// # Examples
///
/// ```
/// use chrono::{NaiveTime, Weekday};
/// use phasegate::gate::{Facts, TimeOfDayPolicy};
/// use phasegate::phase::{Interval, Seconds};
/// use phasegate::release::{ReleasePlan, step::Authorise};
/// # use phasegate::{Desk, Gate, GateSet, MemoryStore, Person, release::*};
///
/// # pollster::block_on(async {
/// let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
/// let office_hours = TimeOfDayPolicy::new([Weekday::Mon, Weekday::Tue], time(9), time(16))?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(office_hours);
/// # let (desk, kim) = (Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate)), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
///
/// let plan = |start, end| -> Result<_, phasegate::phase::Invalid> {
///     let plan = ReleasePlan::builder().early_life_support(Seconds::days(7));
///     Ok(plan.window(Interval::parse(start, end)?).build())
/// };
/// let morning = plan("2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z")?;
/// let afternoon = plan("2026-03-03T15:00:00Z", "2026-03-03T17:00:00Z")?;
///
/// let monday_night = Facts::at("2026-03-02T23:30:00Z".parse()?);
/// let release = desk.record(release, morning, &kim).await?;
/// assert!(desk.gates().explain(&release, step.clone(), &monday_night, &By::new(&kim)).is_cleared());
///
/// let release = desk.record(release, afternoon, &kim).await?;
/// let decision = desk.gates().explain(&release, step, &monday_night, &By::new(&kim));
/// assert_eq!(
///     decision.to_string(),
///     "authorise refused\n  time-of-day: what is left of the window is 2026-03-03T15:00:00Z to 2026-03-03T17:00:00Z, \
///      and allowed is 09:00 to 16:00 UTC on Monday, Tuesday; choose a window from 2026-03-09T09:00:00Z on",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Hours")]
pub struct TimeOfDayPolicy(Hours);

impl TryFrom<Hours> for TimeOfDayPolicy {
    type Error = Invalid;

    fn try_from(hours: Hours) -> Result<Self, Invalid> {
        if hours.weekdays.is_empty() {
            let expected = "at least one day in `weekdays`";
            let kind = InvalidKind::Empty;
            return Err(Invalid::new(kind, "time-of-day policy", "", expected));
        }
        Ok(Self(hours))
    }
}

impl TimeOfDayPolicy {
    /// On these weekdays, from one time of day to the other, UTC; where that is not later, to the next day.
    ///
    /// # Errors
    ///
    /// - empty: there is no weekday
    /// - out of range: a time that is not in whole minutes
    pub fn new(
        weekdays: impl IntoIterator<Item = Weekday>,
        from: NaiveTime,
        to: NaiveTime,
    ) -> Result<Self, Invalid> {
        let hours = Hours {
            weekdays: weekdays.into_iter().map(Into::into).collect(),
            from: from.try_into()?,
            to: to.try_into()?,
            zone: None,
        };
        hours.try_into()
    }

    /// The same by the clocks of a zone.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.0.zone = Some(zone);
        self
    }

    fn against(
        &self,
        span: Interval,
        opens_at: Option<Instant>,
        clears_at: Option<Instant>,
    ) -> Reason {
        let hours = &self.0;
        let message = if span.is_moment() {
            let shown = hours.wall_clock(span.start()).format("%A, %H:%M");
            format!("it is {shown}, and allowed is {hours}")
        } else {
            format!("what is left of the window is {span}, and allowed is {hours}")
        };
        let remedy = match (opens_at, clears_at) {
            (Some(at), Some(clears_at)) if at == clears_at => format!("wait until {at}"),
            (Some(at), Some(_)) => format!("wait, or choose a window from {at} on"),
            (Some(at), None) => format!("choose a window from {at} on"),
            (None, _) => "choose a window that is no longer than these hours".to_owned(),
        };
        let reason = Reason::new("wrong-time", message, remedy);
        match clears_at {
            Some(at) => reason.clears_at(at),
            None => reason,
        }
    }
}

impl Policy for TimeOfDayPolicy {
    type Reads = ();
    const NAME: &'static str = "time-of-day";

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let span = ask.span();
        match self.0.allow(span) {
            Allowed::Until(until) => Verdict::Satisfied { until },
            Allowed::No {
                opens_at,
                clears_at,
            } => Verdict::of(vec![self.against(span, opens_at, clears_at)]),
        }
    }
}
