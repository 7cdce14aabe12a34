//! The time that is measured: whole days by the clocks of a zone.

use crate::phase::{Day, Instant, Interval, Invalid, InvalidKind};
#[cfg(feature = "calendar")]
use crate::schedule::Zone;
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::fmt;

/// A run of whole days: the first belongs to it, and the day after its last does not.
///
/// # Time
///
/// Days begin at midnight by the clocks of its zone: UTC, or another one with the feature `calendar`. Where the clocks
/// skip midnight, the day begins as they change; where they show it twice, it begins the first time. So no instant
/// lies in two periods that follow each other, and none between them.
///
/// # Examples
///
/// ```
/// use phasegate::kpi::{Period, PeriodPart};
///
/// let quarter = Period::new("2026-01-01".parse()?, "2026-04-01".parse()?)?;
/// let months = quarter.split(PeriodPart::Month);
/// assert_eq!(months.len(), 3);
/// assert_eq!(months[1], Period::month(2026, 2)?);
///
/// let refused = Period::new("2026-04-01".parse()?, "2026-04-01".parse()?).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "invalid period `2026-04-01 to 2026-04-01`: expected an end after the first day",
/// );
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub(super) first: Day,
    pub(super) end: Day,
    #[cfg(feature = "calendar")]
    pub(super) zone: Option<Zone>,
}

/// The parts that a period is split into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PeriodPart {
    /// Single days.
    Day,
    /// Weeks, from Monday on (ISO 8601).
    Week,
    /// Calendar months.
    Month,
    /// Three calendar months, from January on.
    Quarter,
    /// Calendar years.
    Year,
}

impl Period {
    /// From the first day up to, but without, the day `end`, in UTC.
    ///
    /// # Errors
    ///
    /// - out of range: the end does not lie after the first day
    pub fn new(first: Day, end: Day) -> Result<Self, Invalid> {
        if first < end {
            return Ok(Self {
                first,
                end,
                #[cfg(feature = "calendar")]
                zone: None,
            });
        }
        Err(Invalid::new(
            InvalidKind::OutOfRange,
            "period",
            format!("{first} to {end}"),
            "an end after the first day",
        ))
    }

    /// A calendar month, in UTC.
    ///
    /// # Errors
    ///
    /// - out of range: there is no such month from 1970 to November 9999
    pub fn month(year: i32, month: u32) -> Result<Self, Invalid> {
        let first = NaiveDate::from_ymd_opt(year, month, 1);
        let end = first.and_then(|first| first.checked_add_months(Months::new(1)));
        let days = first.and_then(|first| Some((Day::new(first).ok()?, Day::new(end?).ok()?)));
        let (first, end) = days.ok_or_else(|| {
            Invalid::new(
                InvalidKind::OutOfRange,
                "month",
                format!("{year}-{month:02}"),
                "a month from 1970-01 to 9999-11",
            )
        })?;
        Self::new(first, end)
    }

    /// All days that can be written, but for the last.
    pub(super) const fn always() -> Self {
        Self {
            first: Day::FIRST,
            end: Day::LAST,
            #[cfg(feature = "calendar")]
            zone: None,
        }
    }

    /// The same days by the clocks of another zone.
    #[cfg(feature = "calendar")]
    #[must_use]
    pub const fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = Some(zone);
        self
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> Day {
        self.first
    }

    /// The day after its last.
    #[must_use]
    pub const fn end(self) -> Day {
        self.end
    }

    /// The IANA name of its zone.
    #[must_use]
    pub fn zone(self) -> &'static str {
        #[cfg(feature = "calendar")]
        if let Some(zone) = self.zone {
            return zone.name();
        }
        "UTC"
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> u32 {
        let days = (self.end.date() - self.first.date()).num_days();
        u32::try_from(days).unwrap_or(u32::MAX)
    }

    /// The instants that belong to it. A day that the clocks of a zone skipped has none: the last moment that can be
    /// written stands for it.
    #[must_use]
    pub fn interval(self) -> Interval {
        let (start, end) = (self.begins(self.first), self.begins(self.end));
        Interval::between(start, end).unwrap_or_else(|| Interval::moment(Instant::BEFORE_LAST))
    }

    /// Its parts, one after the other; the first and the last are cut where the period begins and ends.
    ///
    /// Costs grow with the number of parts: of single days, at most three million.
    #[must_use]
    pub fn split(self, part: PeriodPart) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut first = self.first;
        while first < self.end {
            let next = part.next(first.date()).and_then(|day| Day::new(day).ok());
            let end = next.unwrap_or(self.end).min(self.end);
            parts.push(Self { first, end, ..self });
            first = end;
        }
        parts
    }

    /// Whether it is one whole part of that kind, from its first day to its last.
    pub(crate) fn is_whole(self, part: PeriodPart) -> bool {
        let first = self.first.date();
        let eve = first.pred_opt();
        let begins_one = eve.and_then(|eve| part.next(eve)) == Some(first);
        begins_one && part.next(first) == Some(self.end.date())
    }

    /// Whether nothing more can happen in it; of all time, that is not asked.
    pub(super) fn is_over(self, as_of: Instant) -> bool {
        self.end == Day::LAST || self.interval().end() <= as_of
    }

    /// The day on which an instant falls, by the clocks of its zone.
    pub(super) fn day_of(self, at: Instant) -> NaiveDate {
        #[cfg(feature = "calendar")]
        if let Some(zone) = self.zone {
            return zone.wall_clock(at).date();
        }
        at.day()
    }

    /// When a day begins, by the clocks of its zone.
    pub(super) fn begins(self, day: Day) -> Instant {
        #[cfg(feature = "calendar")]
        if let Some(zone) = self.zone {
            return zone.midnight(day.date());
        }
        Instant::start_of(day.date()).unwrap_or(Instant::EPOCH)
    }
}

impl PeriodPart {
    /// The first day of the next part after the one that a day lies in.
    fn next(self, day: NaiveDate) -> Option<NaiveDate> {
        let months = match self {
            Self::Day => return day.succ_opt(),
            Self::Week => {
                let passed = day.weekday().num_days_from_monday();
                return day.checked_add_days(Days::new(u64::from(7 - passed)));
            }
            Self::Month => 1,
            Self::Quarter => 3 - day.month0() % 3,
            Self::Year => 12 - day.month0(),
        };
        day.with_day(1)?.checked_add_months(Months::new(months))
    }
}

/// As its first and its last day, and its zone where that is not UTC.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.end.date().pred_opt().unwrap_or(self.end.date());
        if last == self.first.date() {
            self.first.fmt(f)?;
        } else {
            write!(f, "{} to {last}", self.first)?;
        }
        match self.zone() {
            "UTC" => Ok(()),
            zone => write!(f, " ({zone})"),
        }
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut period = serializer.serialize_struct("Period", 3)?;
        period.serialize_field("first", &self.first)?;
        period.serialize_field("end", &self.end)?;
        period.serialize_field("zone", self.zone())?;
        period.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(period: Period, part: PeriodPart) -> Vec<String> {
        period.split(part).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn parts_follow_each_other_and_are_cut_at_the_edges() {
        let period = Period::new("2026-02-27".parse().unwrap(), "2026-04-02".parse().unwrap());
        let period = period.unwrap();
        assert_eq!(
            days(period, PeriodPart::Month),
            [
                "2026-02-27 to 2026-02-28",
                "2026-03-01 to 2026-03-31",
                "2026-04-01"
            ]
        );
        assert_eq!(
            days(period, PeriodPart::Quarter),
            ["2026-02-27 to 2026-03-31", "2026-04-01"]
        );
        assert_eq!(days(period, PeriodPart::Year), ["2026-02-27 to 2026-04-01"]);
        assert_eq!(
            days(period, PeriodPart::Week)[..2],
            ["2026-02-27 to 2026-03-01", "2026-03-02 to 2026-03-08"]
        );
        assert_eq!(period.split(PeriodPart::Day).len(), 34);
    }

    #[test]
    fn a_whole_part_begins_and_ends_as_one() {
        let period = |first: &str, end: &str| {
            Period::new(first.parse().unwrap(), end.parse().unwrap()).unwrap()
        };
        assert!(period("2024-02-01", "2024-03-01").is_whole(PeriodPart::Month));
        assert!(!period("2026-03-03", "2026-04-01").is_whole(PeriodPart::Month));
        assert!(!period("2026-03-01", "2026-03-31").is_whole(PeriodPart::Month));
        assert!(period("2026-04-01", "2026-07-01").is_whole(PeriodPart::Quarter));
        assert!(!period("2024-01-02", "2025-01-01").is_whole(PeriodPart::Year));
    }

    #[test]
    fn a_month_that_cannot_be_written_is_refused() {
        for (year, month) in [(2026, 0), (2026, 13), (1969, 12), (9999, 12), (i32::MAX, 1)] {
            assert!(Period::month(year, month).is_err(), "{year}-{month}");
        }
        assert_eq!(Period::month(9999, 11).unwrap().days(), 30);
    }

    #[cfg(feature = "calendar")]
    #[test]
    fn days_are_those_of_the_zone_also_where_midnight_is_skipped_or_comes_twice() {
        let month = |zone: &str, year, month| {
            let zone = zone.parse().unwrap();
            let period = Period::month(year, month).unwrap().in_zone(zone);
            period.interval().to_string()
        };
        assert_eq!(
            month("Europe/Berlin", 2026, 3),
            "2026-02-28T23:00:00Z to 2026-03-31T22:00:00Z"
        );
        let day = |zone: &str, day: &str, next: &str| {
            let period = Period::new(day.parse().unwrap(), next.parse().unwrap()).unwrap();
            period.in_zone(zone.parse().unwrap()).interval().to_string()
        };
        // In Beirut the clocks went from 00:00 to 01:00, in Havana from 01:00 back to 00:00.
        assert_eq!(
            day("Asia/Beirut", "2022-03-27", "2022-03-28"),
            "2022-03-26T22:00:00Z to 2022-03-27T21:00:00Z"
        );
        assert_eq!(
            day("America/Havana", "2022-11-06", "2022-11-07"),
            "2022-11-06T04:00:00Z to 2022-11-07T05:00:00Z"
        );
        // In Samoa there was no 30 December 2011.
        assert_eq!(
            day("Pacific/Apia", "2011-12-30", "2011-12-31"),
            "9999-12-31T23:59:59.999998Z to 9999-12-31T23:59:59.999999Z"
        );
    }
}
