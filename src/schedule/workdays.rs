//! Working days: weekends and holidays, planning backwards, and slip.

use super::hours::{self, Zone, wall_clock};
use crate::phase::{Day, Instant, Invalid, InvalidKind, PhaseName};
use crate::release::{Bounded, Key, Milestone, Name, ReleasePlan, ReleaseView, When};
use chrono::{Datelike, NaiveDate, Weekday, WeekdaySet};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The days on which work is done: every day but weekends and holidays.
///
/// It knows the holidays that it was given, and no others: plan no further than they reach. No country's holidays
/// are part of this crate; they come from code, from a file, or from an [`IcsCalendar`](super::IcsCalendar).
///
/// Counting walks from day to day, and never beyond the days that can be written: a calendar without a working day
/// for years ends with an error or an answer, not with a loop.
///
/// # Time
///
/// A [`Day`] is a date. Which instants belong to it, the clocks of a zone say, where one is given: `zone` in a file, by
/// its IANA name, which needs the feature `calendar`. Else it is the UTC day.
///
/// # Examples
///
/// Ten working days from the eve of a holiday:
///
/// ```
/// use phasegate::phase::Day;
/// use phasegate::release::Name;
/// use phasegate::schedule::WorkingDays;
///
/// let days = WorkingDays::default().with_holidays([("2025-07-04".parse()?, Name::new("Independence Day")?)])?;
/// let eve: Day = "2025-07-03".parse()?;
/// assert_eq!(days.plus(eve, 10)?.to_string(), "2025-07-18");
/// assert_eq!(days.between(eve, "2025-07-18".parse()?), 10);
///
/// let refused = days.minus("1970-01-05".parse()?, 10).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "invalid working day `10 before 1970-01-05`: expected one from 1970 to 9999",
/// );
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
///
/// From a file; what is left out is as by default:
///
/// ```
/// # use phasegate::schedule::WorkingDays;
/// let json = r#"{ "weekend": ["friday", "saturday"], "holidays": { "2025-09-01": "Labor Day" } }"#;
/// let days: WorkingDays = serde_json::from_str(json)?;
/// assert!(days.is_working("2025-08-31".parse()?), "a Sunday");
///
/// let all = r#"{ "weekend": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] }"#;
/// assert_eq!(
///     serde_json::from_str::<WorkingDays>(all).unwrap_err().to_string(),
///     "invalid weekend `all seven days`: expected one working day a week",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct WorkingDays {
    weekend: WeekdaySet,
    holidays: Bounded<BTreeMap<Day, Name>>,
    zone: Option<Zone>,
}

/// How working days stand in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    weekend: BTreeSet<hours::Weekday>,
    holidays: Bounded<BTreeMap<Day, Name>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<Zone>,
}

/// The first and the last day of work on one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PhaseDays {
    /// The phase.
    pub phase: PhaseName,
    /// Its first working day.
    pub first: Day,
    /// Its last working day.
    pub last: Day,
}

/// When each phase has to start and end for a release to be ready in time; made by [`WorkingDays::plan_back`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackwardPlan(Vec<PhaseDays>);

/// Where a milestone is now, and how far it has slipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MilestoneSlip {
    /// The day on which it was reached, or else the one that the current plan has.
    pub day: Option<Day>,
    /// Whether it was reached.
    pub is_reached: bool,
    /// Against the plan that was agreed first; nothing where either has no day.
    pub first: Option<Slip>,
    /// Against the plan that was agreed last; nothing where either has no day.
    pub latest: Option<Slip>,
}

/// How far a day lies behind what was planned; negative if it lies before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Slip {
    /// The day that was planned.
    pub planned: Day,
    /// In calendar days.
    pub days: i64,
    /// In working days, as [`WorkingDays::between`] counts them.
    pub working_days: i64,
}

impl WorkingDays {
    /// The same, with another weekend. An empty one is fine: then only holidays are free.
    ///
    /// # Errors
    ///
    /// - out of range: all seven days of the week
    pub fn with_weekend(self, weekend: impl IntoIterator<Item = Weekday>) -> Result<Self, Invalid> {
        let weekend: WeekdaySet = weekend.into_iter().collect();
        if weekend == WeekdaySet::ALL {
            return Err(Invalid::new(
                InvalidKind::OutOfRange,
                "weekend",
                "all seven days",
                "one working day a week",
            ));
        }
        Ok(Self { weekend, ..self })
    }

    /// The same, and these holidays; of two on one day the later one gives the name.
    ///
    /// # Errors
    ///
    /// - too large: more than 1,000 holidays together
    pub fn with_holidays(
        mut self,
        holidays: impl IntoIterator<Item = (Day, Name)>,
    ) -> Result<Self, Invalid> {
        let mut all = self.holidays.into_inner();
        for (day, name) in holidays {
            all.insert(day, name);
            if all.len() > crate::release::limits::ENTRIES {
                break;
            }
        }
        self.holidays = Bounded::new(all)?;
        Ok(self)
    }

    /// The same, where an instant belongs to the day that the clocks of a zone show; else it is its UTC day.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Self {
        Self {
            zone: Some(zone),
            ..self
        }
    }

    /// The holidays.
    #[must_use]
    pub fn holidays(&self) -> &BTreeMap<Day, Name> {
        &self.holidays
    }

    /// Whether work is done on that day.
    #[must_use]
    pub fn is_working(&self, day: Day) -> bool {
        !self.weekend.contains(day.date().weekday()) && !self.holidays.contains_key(&day)
    }

    /// The first working day after that day.
    ///
    /// # Errors
    ///
    /// - out of range: there is none before 10000
    pub fn next(&self, day: Day) -> Result<Day, Invalid> {
        self.plus(day, 1)
    }

    /// The last working day before that day.
    ///
    /// # Errors
    ///
    /// - out of range: there is none since 1970
    pub fn previous(&self, day: Day) -> Result<Day, Invalid> {
        self.minus(day, 1)
    }

    /// The n-th working day after that day; for 0 the day itself, whatever it is.
    ///
    /// # Errors
    ///
    /// - out of range: it lies after 9999
    pub fn plus(&self, day: Day, working_days: u32) -> Result<Day, Invalid> {
        self.walk(day, working_days, "after", tomorrow)
    }

    /// The n-th working day before that day; for 0 the day itself, whatever it is.
    ///
    /// # Errors
    ///
    /// - out of range: it lies before 1970
    pub fn minus(&self, day: Day, working_days: u32) -> Result<Day, Invalid> {
        self.walk(day, working_days, "before", yesterday)
    }

    fn walk(
        &self,
        from: Day,
        working_days: u32,
        side: &str,
        step: fn(Day) -> Option<Day>,
    ) -> Result<Day, Invalid> {
        let mut day = from;
        let mut left = working_days;
        while left > 0 {
            day = step(day).ok_or_else(|| {
                Invalid::new(
                    InvalidKind::OutOfRange,
                    "working day",
                    format!("{working_days} {side} {from}"),
                    "one from 1970 to 9999",
                )
            })?;
            left -= u32::from(self.is_working(day));
        }
        Ok(day)
    }

    /// How many working days there are from the one day on and before the other; as many, but negative, if the
    /// other comes first.
    ///
    /// So from a working day to the next one it is 1, and from Saturday to Sunday it is 0.
    #[must_use]
    pub fn between(&self, from: Day, to: Day) -> i64 {
        if to < from {
            return -self.between(to, from);
        }
        let days = (to.date() - from.date()).num_days();
        let is_free = |day: NaiveDate| self.weekend.contains(day.weekday());
        let mut working = days / 7 * i64::from(7 - self.weekend.len());
        for (day, _) in from.date().iter_days().zip(0..days % 7) {
            working += i64::from(!is_free(day));
        }
        for (day, _) in self.holidays.range(from..to) {
            working -= i64::from(!is_free(day.date()));
        }
        working
    }

    /// When each phase has to start and end so that the last of them ends on the day on which the release has to be
    /// ready, or on the last working day before it.
    ///
    /// The phases are given in their order, each with its length in working days; they follow each other without a
    /// gap.
    ///
    /// # Errors
    ///
    /// - empty: no phase
    /// - malformed: a phase stands twice or before an earlier one, or is none on which work is done
    /// - out of range: a phase of no day, or a start before 1970
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::phase::PhaseName::{Deployment, Testing};
    /// use phasegate::schedule::WorkingDays;
    ///
    /// let days = WorkingDays::default();
    /// let plan = days.plan_back("2025-09-05".parse()?, &[(Testing, 15), (Deployment, 10)])?;
    /// let testing = plan.phases()[0];
    /// assert_eq!((testing.first, testing.last), ("2025-08-04".parse()?, "2025-08-22".parse()?));
    /// # Ok::<(), phasegate::phase::Invalid>(())
    /// ```
    pub fn plan_back(
        &self,
        ready: Day,
        lengths: &[(PhaseName, u32)],
    ) -> Result<BackwardPlan, Invalid> {
        in_order(lengths)?;
        let mut phases = Vec::with_capacity(lengths.len());
        let mut last = if self.is_working(ready) {
            ready
        } else {
            self.previous(ready)?
        };
        for &(phase, length) in lengths.iter().rev() {
            if let Some(PhaseDays { first: next, .. }) = phases.last() {
                last = self.previous(*next)?;
            }
            let before = length.checked_sub(1).ok_or_else(|| {
                let what = format!("length of {phase}");
                Invalid::new(InvalidKind::OutOfRange, what, length, "1 day or more")
            })?;
            let first = self.minus(last, before)?;
            phases.push(PhaseDays { phase, first, last });
        }
        phases.reverse();
        Ok(BackwardPlan(phases))
    }

    /// How far each milestone of a release has slipped: from the day that its first and its latest baseline have, to
    /// the day on which it was reached, or for which it is planned now.
    ///
    /// Every milestone is there that is in a baseline or in the current plan, or was reached. One that the current
    /// plan has dropped has no day.
    ///
    /// # Time
    ///
    /// An instant counts as its day in the zone of these working days, or else as its UTC day; a planned day as itself.
    #[must_use]
    pub fn slips(&self, release: &ReleaseView) -> BTreeMap<Key, MilestoneSlip> {
        let plans = [&release.plan, &release.first_baseline, &release.baseline];
        let planned = plans.map(|plan| self.planned(plan.as_ref()));
        let mut keys: BTreeSet<_> = release.milestones.keys().collect();
        keys.extend(planned.iter().flat_map(BTreeMap::keys).copied());
        let slip = |key: &Key| {
            let [current, first, latest] = planned
                .each_ref()
                .map(|days| days.get(key).copied().flatten());
            let reached = release.milestones.get(key).copied();
            let reached = reached.and_then(|at| self.day_of(at));
            let day = reached.or(current);
            let against = |planned: Option<Day>| {
                let (planned, day) = planned.zip(day)?;
                Some(Slip {
                    planned,
                    days: (day.date() - planned.date()).num_days(),
                    working_days: self.between(planned, day),
                })
            };
            MilestoneSlip {
                day,
                is_reached: reached.is_some(),
                first: against(first),
                latest: against(latest),
            }
        };
        keys.into_iter()
            .map(|key| (key.clone(), slip(key)))
            .collect()
    }

    /// The days of the milestones that have one.
    fn planned<'a>(&self, plan: Option<&'a Arc<ReleasePlan>>) -> BTreeMap<&'a Key, Option<Day>> {
        let milestones = plan.into_iter().flat_map(|plan| plan.milestones.iter());
        let day = |when| match when {
            When::Day(day) => Some(day),
            When::At(at) => self.day_of(at),
        };
        milestones
            .map(|(key, milestone)| (key, milestone.planned.and_then(day)))
            .collect()
    }

    pub(super) fn day_of(&self, at: Instant) -> Option<Day> {
        Day::new(wall_clock(self.zone, at).date()).ok()
    }
}

impl BackwardPlan {
    /// The phases, in their order.
    #[must_use]
    pub fn phases(&self) -> &[PhaseDays] {
        &self.0
    }

    /// Two milestones for every phase, as a [`ReleasePlan`] takes them: `testing-start` and `testing-end` for
    /// Testing, and so on.
    #[must_use]
    pub fn milestones(&self) -> Bounded<BTreeMap<Key, Milestone>> {
        let milestone = |phase: PhaseName, edge: &str, day: Day| {
            let mut milestone = Milestone::new();
            milestone.planned = Some(When::Day(day));
            milestone.what = Name::new(format!("{phase} {edge}s")).ok();
            (Key::clipped(&format!("{}-{edge}", phase.name())), milestone)
        };
        let both = |days: &PhaseDays| {
            [
                milestone(days.phase, "start", days.first),
                milestone(days.phase, "end", days.last),
            ]
        };
        Bounded::new(self.0.iter().flat_map(both).collect()).unwrap_or_default()
    }
}

/// Saturday and Sunday are free, and no other day.
impl Default for WorkingDays {
    fn default() -> Self {
        Self {
            weekend: WeekdaySet::from_array([Weekday::Sat, Weekday::Sun]),
            holidays: Bounded::default(),
            zone: None,
        }
    }
}

impl Default for Written {
    fn default() -> Self {
        WorkingDays::default().into()
    }
}

impl TryFrom<Written> for WorkingDays {
    type Error = Invalid;

    fn try_from(written: Written) -> Result<Self, Invalid> {
        let weekend = written.weekend.into_iter().map(Weekday::from);
        let days = Self::default().with_weekend(weekend)?;
        Ok(Self {
            holidays: written.holidays,
            zone: written.zone,
            ..days
        })
    }
}

impl From<WorkingDays> for Written {
    fn from(days: WorkingDays) -> Self {
        let weekend = days.weekend.iter(Weekday::Mon).map(hours::Weekday::from);
        Self {
            weekend: weekend.collect(),
            holidays: days.holidays,
            zone: days.zone,
        }
    }
}

fn tomorrow(day: Day) -> Option<Day> {
    day.date().succ_opt().and_then(|day| Day::new(day).ok())
}

fn yesterday(day: Day) -> Option<Day> {
    day.date().pred_opt().and_then(|day| Day::new(day).ok())
}

/// Phases on which work is done, each after the one before it.
fn in_order(lengths: &[(PhaseName, u32)]) -> Result<(), Invalid> {
    if lengths.is_empty() {
        let expected = "one phase or more";
        return Err(Invalid::new(InvalidKind::Empty, "phases", "", expected));
    }
    let phases = lengths.iter().map(|&(phase, _)| phase);
    let mut before = PhaseName::Start;
    for phase in phases {
        if phase <= before || phase >= PhaseName::Closed {
            return Err(Invalid::new(
                InvalidKind::Malformed,
                "phase",
                phase,
                "phases from Request to Closure, each once, in their order",
            ));
        }
        before = phase;
    }
    Ok(())
}
