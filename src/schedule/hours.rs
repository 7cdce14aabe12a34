//! Hours of some weekdays, by the wall clock of a zone.

use super::spans::Spans;
#[cfg(not(feature = "calendar"))]
use super::timing::WITHOUT_CALENDAR;
#[cfg(feature = "calendar")]
use super::zone::Edge;
#[cfg(feature = "calendar")]
pub(crate) use super::zone::Zone;
use crate::phase::{Instant, Interval, Invalid, InvalidKind, written_as_text};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Hours in which something may happen, every week.
///
/// What begins on one of the weekdays belongs to it, also past midnight. Spans that touch on the wall clock are one.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    pub(crate) weekdays: BTreeSet<Weekday>,
    pub(crate) from: TimeOfDay,
    pub(crate) to: TimeOfDay,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<Zone>,
}

/// Whether something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// It may; of an instant, until then.
    Until(Option<Instant>),
    /// It may not.
    No {
        /// From when on something as long may happen, if it ever may.
        opens_at: Option<Instant>,
        /// From when on the rest of it may happen.
        clears_at: Option<Instant>,
    },
}

/// No weekly hours that end last longer than a week, and none are away for longer than this, even where clocks skip
/// a day or what lies in the hour that they show twice.
const DAYS_BACK: u64 = 9;
const DAYS: usize = 40;

impl Hours {
    /// Whether all of a span lies in the hours. Looks a month ahead, however long the span is.
    pub(crate) fn allow(&self, span: Interval) -> Allowed {
        if self.are_always() {
            return Allowed::Until(None);
        }
        let hours = self.around(span.start());
        let is_moment = span.is_moment();
        let holds = |hours: &Interval, part: Interval| hours.overlap(part) == Some(part);
        if let Some(now) = hours.iter().find(|hours| holds(hours, span)) {
            return Allowed::Until(is_moment.then(|| now.end()));
        }
        let later = |hours: &Interval| hours.end() > span.start();
        let fitting = |hours: Interval| {
            let start = hours.start().max(span.start());
            let fits = is_moment || start.plus(span.length()) <= hours.end();
            fits.then_some(start)
        };
        let opens_at = hours.iter().filter(later).find_map(fitting);
        let clears_at = if is_moment {
            opens_at
        } else {
            let hours = self.around(span.end());
            let mut last = hours.iter();
            let last = last.find(|hours| hours.start() < span.end() && span.end() <= hours.end());
            last.map(Interval::start)
        };
        Allowed::No {
            opens_at,
            clears_at,
        }
    }

    /// What the clocks show.
    pub(crate) fn wall_clock(&self, at: Instant) -> NaiveDateTime {
        wall_clock(self.zone, at)
    }

    /// Every hour of the week.
    fn are_always(&self) -> bool {
        self.from == self.to && self.weekdays.len() == 7
    }

    /// The hours near an instant, whole.
    fn around(&self, at: Instant) -> Spans {
        let first = self.wall_clock(at).date();
        let first = first.checked_sub_days(Days::new(DAYS_BACK));
        let first = first.unwrap_or(NaiveDate::MIN);
        let days = first.iter_days().take(DAYS);
        let mut shown: Vec<(NaiveDateTime, NaiveDateTime)> = Vec::new();
        for (start, end) in days.filter_map(|day| self.of(day)) {
            match shown.last_mut() {
                Some((_, last)) if *last == start => *last = end,
                _ => shown.push((start, end)),
            }
        }
        Spans::union(
            shown
                .into_iter()
                .filter_map(|(start, end)| self.span(start, end)),
        )
    }

    /// What the clocks show at start and end of the hours that begin on a day.
    fn of(&self, day: NaiveDate) -> Option<(NaiveDateTime, NaiveDateTime)> {
        if !self.weekdays.contains(&day.weekday().into()) {
            return None;
        }
        let ends_on = if self.from < self.to {
            day
        } else {
            day.succ_opt()?
        };
        Some((day.and_time(self.from.0), ends_on.and_time(self.to.0)))
    }

    /// Where clocks do not say one instant, it is the shorter; nothing if nothing is left.
    fn span(&self, start: NaiveDateTime, end: NaiveDateTime) -> Option<Interval> {
        let (start, end) = match self.zone {
            #[cfg(feature = "calendar")]
            Some(zone) => (
                zone.instant(start, Edge::Later),
                zone.instant(end, Edge::Earlier),
            ),
            #[cfg(not(feature = "calendar"))]
            Some(zone) => match zone {},
            None => (utc(start), utc(end)),
        };
        Interval::new(start, end).ok()
    }
}

/// What the clocks of a zone show; without one, those of UTC.
pub(super) fn wall_clock(zone: Option<Zone>, at: Instant) -> NaiveDateTime {
    match zone {
        #[cfg(feature = "calendar")]
        Some(zone) => zone.wall_clock(at),
        #[cfg(not(feature = "calendar"))]
        Some(zone) => match zone {},
        None => at.to_datetime().naive_utc(),
    }
}

fn utc(shown: NaiveDateTime) -> Instant {
    Instant::nearest(shown.and_utc())
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            weekdays,
            from,
            to,
            zone,
        } = self;
        let weekdays: Vec<_> = weekdays.iter().map(ToString::to_string).collect();
        write!(f, "{from} to {to} ")?;
        match zone {
            Some(zone) => write!(f, "in {zone}")?,
            None => f.write_str("UTC")?,
        }
        write!(f, " on {}", weekdays.join(", "))
    }
}

/// Without the feature `calendar` there is none.
#[cfg(not(feature = "calendar"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {}

#[cfg(not(feature = "calendar"))]
impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let kind = InvalidKind::Malformed;
        Err(Invalid::new(kind, "zone", text, WITHOUT_CALENDAR))
    }
}

#[cfg(not(feature = "calendar"))]
impl fmt::Display for Zone {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

#[cfg(not(feature = "calendar"))]
written_as_text!(Zone, WITHOUT_CALENDAR);

/// A time of day on a wall clock, in whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimeOfDay(NaiveTime);

const MINUTES: &str = "a time of day in whole minutes, from `00:00` to `23:59`";

impl TryFrom<NaiveTime> for TimeOfDay {
    type Error = Invalid;

    fn try_from(time: NaiveTime) -> Result<Self, Invalid> {
        if time.second() == 0 && time.nanosecond() == 0 {
            return Ok(Self(time));
        }
        let kind = InvalidKind::OutOfRange;
        Err(Invalid::new(kind, "time of day", time, MINUTES))
    }
}

impl FromStr for TimeOfDay {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let time = NaiveTime::parse_from_str(text, "%H:%M").map(Self).ok();
        let refused = || Invalid::new(InvalidKind::Malformed, "time of day", text, MINUTES);
        time.filter(|time| time.to_string() == text)
            .ok_or_else(refused)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

written_as_text!(TimeOfDay, MINUTES);

macro_rules! weekdays {
    ($($day:ident $chrono:ident,)*) => {
        /// A day of the week, as files write it.
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Weekday { $($day,)* }

        impl From<chrono::Weekday> for Weekday {
            fn from(day: chrono::Weekday) -> Self {
                match day { $(chrono::Weekday::$chrono => Self::$day,)* }
            }
        }

        impl From<Weekday> for chrono::Weekday {
            fn from(day: Weekday) -> Self {
                match day { $(Weekday::$day => Self::$chrono,)* }
            }
        }

        impl fmt::Display for Weekday {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$day => stringify!($day),)* })
            }
        }
    };
}

weekdays! {
    Monday Mon,
    Tuesday Tue,
    Wednesday Wed,
    Thursday Thu,
    Friday Fri,
    Saturday Sat,
    Sunday Sun,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(json: &str) -> Hours {
        serde_json::from_str(json).unwrap()
    }

    fn span(start: &str, end: &str) -> Interval {
        Interval::parse(start, end).unwrap()
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn moment(text: &str) -> Interval {
        Interval::moment(at(text))
    }

    const OFFICE: &str = r#"{"weekdays":["monday","tuesday","wednesday","thursday","friday"],"from":"09:00","to":"16:00"}"#;
    const WEEK: &str = r#"{"weekdays":["monday","tuesday","wednesday","thursday","friday"],"from":"00:00","to":"00:00"}"#;
    const NIGHTS: &str = r#"{"weekdays":["friday"],"from":"22:00","to":"06:00"}"#;

    #[test]
    fn a_start_belongs_to_the_hours_and_an_end_does_not() {
        let office = hours(OFFICE);
        let no = |opens: &str| Allowed::No {
            opens_at: Some(at(opens)),
            clears_at: Some(at(opens)),
        };
        let until = |end: &str| Allowed::Until(Some(at(end)));
        // 2026-03-02 is a Monday.
        assert_eq!(
            office.allow(moment("2026-03-02T08:59:59.999999Z")),
            no("2026-03-02T09:00:00Z")
        );
        assert_eq!(
            office.allow(moment("2026-03-02T09:00:00Z")),
            until("2026-03-02T16:00:00Z")
        );
        assert_eq!(
            office.allow(moment("2026-03-02T15:59:59.999999Z")),
            until("2026-03-02T16:00:00Z")
        );
        assert_eq!(
            office.allow(moment("2026-03-06T16:00:00Z")),
            no("2026-03-09T09:00:00Z")
        );
    }

    #[test]
    fn all_of_a_span_has_to_lie_in_the_hours() {
        let office = hours(OFFICE);
        let day = |start, end| {
            office.allow(span(
                &format!("2026-03-02T{start}:00Z"),
                &format!("2026-03-02T{end}:00Z"),
            ))
        };
        assert_eq!(day("09:00", "16:00"), Allowed::Until(None));
        let no = |opens: &str, clears: Option<&str>| Allowed::No {
            opens_at: Some(at(opens)),
            clears_at: clears.map(at),
        };
        assert_eq!(
            day("08:00", "10:00"),
            no("2026-03-02T09:00:00Z", Some("2026-03-02T09:00:00Z"))
        );
        assert_eq!(day("15:00", "17:00"), no("2026-03-03T09:00:00Z", None));
        let long = Allowed::No {
            opens_at: None,
            clears_at: None,
        };
        assert_eq!(day("09:00", "17:00"), long);
        let years = span("2026-03-02T09:00:00Z", "9999-03-02T09:00:00Z");
        assert_eq!(office.allow(years), long);
    }

    #[test]
    fn hours_that_touch_are_one() {
        let week = hours(WEEK);
        let past_midnight = span("2026-03-02T22:00:00Z", "2026-03-03T02:00:00Z");
        assert_eq!(week.allow(past_midnight), Allowed::Until(None));
        assert_eq!(
            week.allow(moment("2026-03-04T12:00:00Z")),
            Allowed::Until(Some(at("2026-03-07T00:00:00Z")))
        );
        let into_saturday = span("2026-03-06T22:00:00Z", "2026-03-07T00:00:00.000001Z");
        assert!(matches!(week.allow(into_saturday), Allowed::No { .. }));
    }

    #[test]
    fn hours_past_midnight_belong_to_the_day_on_which_they_begin() {
        let nights = hours(NIGHTS);
        let whole = span("2026-03-06T22:00:00Z", "2026-03-07T06:00:00Z");
        assert_eq!(nights.allow(whole), Allowed::Until(None));
        let before = moment("2026-03-06T05:00:00Z");
        assert!(matches!(nights.allow(before), Allowed::No { .. }));
    }

    #[test]
    fn all_hours_of_the_week_never_end() {
        let days = r#"["monday","tuesday","wednesday","thursday","friday","saturday","sunday"]"#;
        let always = hours(&format!(
            r#"{{"weekdays":{days},"from":"04:00","to":"04:00"}}"#
        ));
        for when in [
            "1970-01-01T00:00:00Z",
            "2026-03-02T04:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(always.allow(moment(when)), Allowed::Until(None));
        }
    }

    #[test]
    fn the_ends_of_time_are_no_trap() {
        let office = hours(OFFICE);
        // 1970-01-01 is a Thursday, 9999-12-31 a Friday.
        assert_eq!(
            office.allow(moment("1970-01-01T00:00:00Z")),
            Allowed::No {
                opens_at: Some(at("1970-01-01T09:00:00Z")),
                clears_at: Some(at("1970-01-01T09:00:00Z")),
            }
        );
        assert_eq!(
            office.allow(moment("9999-12-31T23:00:00Z")),
            Allowed::No {
                opens_at: None,
                clears_at: None,
            }
        );
    }

    #[test]
    fn a_time_of_day_is_told_in_one_way() {
        for text in ["00:00", "09:30", "23:59"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for text in [
            "", "9:00", "24:00", "09:60", "09:00:00", "09.00", " 09:00", "+9:00",
        ] {
            let refused = text.parse::<TimeOfDay>().unwrap_err().to_string();
            let expected = format!("invalid time of day `{text}`: expected {MINUTES}");
            assert_eq!(refused, expected);
        }
    }

    #[test]
    #[cfg(feature = "calendar")]
    fn where_clocks_change_hours_err_short() {
        let sunday = |from: &str, to: &str| {
            let zone = "Europe/Berlin";
            let json =
                format!(r#"{{"weekdays":["sunday"],"from":"{from}","to":"{to}","zone":"{zone}"}}"#);
            let hours = hours(&json);
            move |when: &str| hours.allow(moment(when))
        };
        let until = |end: &str| Allowed::Until(Some(at(end)));
        // On 2026-10-25 clocks show 02:00 to 03:00 twice: from 00:00 UTC, and from 01:00 UTC.
        assert_eq!(
            sunday("01:30", "02:30")("2026-10-25T00:00:00Z"),
            until("2026-10-25T00:30:00Z")
        );
        let late = sunday("02:30", "04:00");
        assert_eq!(late("2026-10-25T01:30:00Z"), until("2026-10-25T03:00:00Z"));
        assert!(matches!(late("2026-10-25T00:45:00Z"), Allowed::No { .. }));
        // On 2026-03-29 they skip 02:00 to 03:00, which is at 01:00 UTC; what lies in it comes a week later.
        assert_eq!(
            sunday("02:15", "02:45")("2026-03-29T00:00:00Z"),
            Allowed::No {
                opens_at: Some(at("2026-04-05T00:15:00Z")),
                clears_at: Some(at("2026-04-05T00:15:00Z")),
            }
        );
    }

    #[test]
    #[cfg(feature = "calendar")]
    fn around_the_clock_there_is_no_gap_where_midnight_comes_twice() {
        // In Havana, 00:00 to 01:00 is shown twice on Sunday 2026-11-01.
        let json = r#"{"weekdays":["saturday","sunday"],"from":"00:00","to":"00:00","zone":"America/Havana"}"#;
        let night = span("2026-11-01T03:00:00Z", "2026-11-01T07:00:00Z");
        assert_eq!(hours(json).allow(night), Allowed::Until(None));
    }

    #[test]
    #[cfg(not(feature = "calendar"))]
    fn a_zone_needs_the_calendar() {
        let json = r#"{"weekdays":["sunday"],"from":"09:00","to":"16:00","zone":"Europe/Berlin"}"#;
        let told = serde_json::from_str::<Hours>(json).unwrap_err().to_string();
        let expected = "invalid zone `Europe/Berlin`: expected none: this build of phasegate is without the feature `calendar`";
        assert!(told.starts_with(expected), "{told}");
    }
}
