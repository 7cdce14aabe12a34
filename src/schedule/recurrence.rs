//! On which days a window recurs: the rules of RFC 5545, daily and coarser, over calendar days.
//!
//! A rule divides time into periods of its frequency: days, weeks, months, or years. In every period that its
//! interval hits, it names a set of days. A day is looked at only in the periods that are asked for, so a question
//! about a far year costs what one about this year does.

mod read;

use super::zone::{Edge, Zone};
use crate::phase::{Invalid, InvalidKind};
use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use read::{Limit, Parts, Sign};
use std::fmt;

/// A rule, tied to the day on which it first happens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Recurrence {
    text: String,
    rule: Rule,
    first: NaiveDate,
    last: NaiveDate,
}

/// Longest text of a rule, in characters.
const CHARS: usize = 1_000;
/// Largest interval.
const INTERVAL: u32 = 10_000;
/// Largest count.
const COUNT: u32 = 10_000;
/// How many years a count may need.
const COUNT_YEARS: u32 = 200;
/// How many years are searched for a day to suggest.
const SEARCH_YEARS: u32 = 100;

impl Recurrence {
    /// Reads a rule for a window that first starts then.
    pub(super) fn new(text: &str, starts: NaiveDateTime, zone: Zone) -> Result<Self, Invalid> {
        if text.len() > CHARS {
            let expected = "at most 1,000 characters";
            return Err(Invalid::new(InvalidKind::TooLarge, "rule", text, expected));
        }
        let text = text.to_ascii_uppercase();
        let parts = Parts::read(&text)?;
        let first = starts.date();
        let rule = Rule::read(&parts)?.completed(first);
        if rule.days(first, first, first).next().is_none() {
            return Err(rule.out_of_step(&text, first));
        }
        let last = match parts.limit(&rule, first)? {
            Some(Limit::Day(day)) => day,
            Some(Limit::WallClock(end)) => last_until(end, starts.time()),
            Some(Limit::Universal(end)) => last_until(zone.shows(end), starts.time()),
            None => NaiveDate::MAX,
        };
        if last < first {
            return Err(parts.refused("UNTIL", "an end that is not before `starts`"));
        }
        Ok(Self {
            text,
            rule,
            first,
            last,
        })
    }

    /// The days of the rule from one day to another, both included, in order.
    pub(super) fn days(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> impl Iterator<Item = NaiveDate> + '_ {
        self.rule.days(self.first, from, to.min(self.last))
    }
}

impl Recurrence {
    /// The rule with an UNTIL in universal time, as RFC 5545 wants it beside a start in a zone: other programs take a
    /// plain day for its beginning.
    pub(super) fn until_utc(&self, starts: NaiveTime, zone: Zone) -> String {
        let last = zone.instant(self.last.and_time(starts), Edge::Later);
        let part = |part: &str| match part.strip_prefix("UNTIL=") {
            Some(until) if !until.ends_with('Z') => {
                format!("UNTIL={}", last.to_datetime().format("%Y%m%dT%H%M%SZ"))
            }
            Some(_) | None => part.to_owned(),
        };
        let parts: Vec<_> = self.text.split(';').map(part).collect();
        parts.join(";")
    }
}

/// The rule as it was given, in capitals.
impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The last day whose start at `time` is not after `end`.
fn last_until(end: NaiveDateTime, time: NaiveTime) -> NaiveDate {
    if time <= end.time() {
        end.date()
    } else {
        end.date().pred_opt().unwrap_or(NaiveDate::MIN)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Rule {
    frequency: Frequency,
    interval: u32,
    week_start: Weekday,
    months: Vec<i32>,
    weeks: Vec<i32>,
    year_days: Vec<i32>,
    month_days: Vec<i32>,
    weekdays: Vec<Nth>,
    positions: Vec<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// Every such weekday, or the nth of its month or year; negative counts from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Nth {
    nth: Option<i32>,
    weekday: Weekday,
}

impl Rule {
    fn read(parts: &Parts<'_>) -> Result<Self, Invalid> {
        let rule = Self {
            frequency: parts.frequency()?,
            interval: parts.number("INTERVAL", 1..=INTERVAL)?.unwrap_or(1),
            week_start: parts.week_start()?,
            months: parts.list("BYMONTH", 12, Sign::Never)?,
            weeks: parts.list("BYWEEKNO", 53, Sign::Allowed)?,
            year_days: parts.list("BYYEARDAY", 366, Sign::Allowed)?,
            month_days: parts.list("BYMONTHDAY", 31, Sign::Allowed)?,
            weekdays: parts.weekdays()?,
            positions: parts.list("BYSETPOS", 366, Sign::Allowed)?,
        };
        rule.check(parts)?;
        Ok(rule)
    }

    /// Refuses what RFC 5545 forbids together, and what can never happen together.
    fn check(&self, parts: &Parts<'_>) -> Result<(), Invalid> {
        let is_yearly = self.frequency == Frequency::Yearly;
        if !is_yearly {
            for name in ["BYWEEKNO", "BYYEARDAY"] {
                parts.without(name, "it with `FREQ=YEARLY` only")?;
            }
        }
        if self.frequency == Frequency::Weekly {
            parts.without("BYMONTHDAY", "it without `FREQ=WEEKLY`")?;
        }
        if self.weekdays.iter().any(|day| day.nth.is_some()) {
            let counts = is_yearly || self.frequency == Frequency::Monthly;
            if !counts || !self.weeks.is_empty() {
                let expected = "numbered weekdays with `FREQ=MONTHLY` or `FREQ=YEARLY`, and without `BYWEEKNO`";
                return Err(parts.refused("BYDAY", expected));
            }
            let in_month = !is_yearly || !self.months.is_empty();
            let most = if in_month { 5 } else { 53 };
            if self
                .weekdays
                .iter()
                .any(|day| day.nth.is_some_and(|nth| nth.abs() > most))
            {
                let expected = format!("no number above {most}, which is the last that can exist");
                return Err(parts.refused("BYDAY", expected));
            }
        }
        let names_days = ["BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"];
        if !names_days.iter().any(|name| parts.0.contains_key(name)) {
            let expected = "another part beside it that names the days to choose from";
            parts.without("BYSETPOS", expected)?;
        }
        let exists = |&month: &i32| {
            let days = longest(month);
            self.month_days.iter().any(|day| day.abs() <= days)
        };
        if !self.months.is_empty() && !self.month_days.is_empty() {
            let exist = self.months.iter().any(exists);
            if !exist {
                let expected = format!("a day that exists in `BYMONTH={}`", parts.text("BYMONTH"));
                return Err(parts.refused("BYMONTHDAY", expected));
            }
        }
        Ok(())
    }

    /// With what the rule leaves open taken from the first day, as RFC 5545 says.
    fn completed(mut self, first: NaiveDate) -> Self {
        let names_days = !self.year_days.is_empty() || !self.month_days.is_empty();
        if names_days || !self.weekdays.is_empty() {
            return self;
        }
        let weekday = Nth {
            nth: None,
            weekday: first.weekday(),
        };
        match self.frequency {
            Frequency::Daily => {}
            Frequency::Weekly => self.weekdays.push(weekday),
            Frequency::Yearly if !self.weeks.is_empty() => self.weekdays.push(weekday),
            Frequency::Monthly => self.month_days.push(number(first.day())),
            Frequency::Yearly => {
                if self.months.is_empty() {
                    self.months.push(number(first.month()));
                }
                self.month_days.push(number(first.day()));
            }
        }
        self
    }

    fn out_of_step(&self, text: &str, first: NaiveDate) -> Invalid {
        let next = self
            .days(first, first, years_after(first, SEARCH_YEARS))
            .next();
        let expected = match next {
            Some(next) => {
                format!(
                    "a rule that happens on the day of `starts`, {first}; it first happens on {next}"
                )
            }
            None => format!(
                "a rule that happens; from {first} on, this one does not for {SEARCH_YEARS} years"
            ),
        };
        Invalid::new(InvalidKind::OutOfRange, "rule", text, expected)
    }

    /// The days from `from` to `to`, both included, of the rule that starts on `first`.
    fn days(
        &self,
        first: NaiveDate,
        from: NaiveDate,
        to: NaiveDate,
    ) -> impl Iterator<Item = NaiveDate> + '_ {
        let from = from.max(first);
        let anchor = self.period_of(first);
        let step = i64::from(self.interval);
        let skipped = (self.period_of(from) - anchor).div_euclid(step);
        (skipped..)
            .map_while(move |nth| self.span(anchor + nth * step))
            .take_while(move |(start, _)| *start <= to)
            .flat_map(|(start, end)| self.days_between(start, end))
            .skip_while(move |day| *day < from)
            .take_while(move |day| *day <= to)
    }

    /// The days of one period.
    fn days_between(&self, start: NaiveDate, end: NaiveDate) -> Vec<NaiveDate> {
        let days = start.iter_days().take_while(|day| *day < end);
        let days: Vec<_> = days.filter(|day| self.falls_on(*day)).collect();
        if self.positions.is_empty() {
            return days;
        }
        let many = days.len();
        let is_chosen = |at: usize| names(&self.positions, at + 1, many);
        let chosen = days.iter().enumerate().filter(|(at, _)| is_chosen(*at));
        chosen.map(|(_, day)| *day).collect()
    }

    fn falls_on(&self, day: NaiveDate) -> bool {
        let year = if day.leap_year() { 366 } else { 365 };
        (self.months.is_empty() || self.months.contains(&number(day.month())))
            && (self.month_days.is_empty()
                || names(&self.month_days, day.day(), day.num_days_in_month()))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(|nth| self.is_nth(*nth, day)))
            && (self.year_days.is_empty() || names(&self.year_days, day.ordinal(), year))
            && (self.weeks.is_empty() || self.is_in_weeks(day))
    }

    fn is_nth(&self, Nth { nth, weekday }: Nth, day: NaiveDate) -> bool {
        if day.weekday() != weekday {
            return false;
        }
        let Some(nth) = nth else { return true };
        let in_year = self.frequency == Frequency::Yearly && self.months.is_empty();
        let (at, last) = if in_year {
            (day.ordinal(), if day.leap_year() { 366 } else { 365 })
        } else {
            (day.day(), u32::from(day.num_days_in_month()))
        };
        nth == number((at - 1) / 7 + 1) || nth == -number((last - at) / 7 + 1)
    }

    fn is_in_weeks(&self, day: NaiveDate) -> bool {
        let Some((start, end)) = self.span_of_weeks(self.year_of_week(day)) else {
            return false;
        };
        let weeks = (end - start).num_days() / 7;
        names(&self.weeks, (day - start).num_days() / 7 + 1, weeks)
    }

    /// The number of the period in which the day lies.
    fn period_of(&self, day: NaiveDate) -> i64 {
        match self.frequency {
            Frequency::Daily => days_since_one(day),
            Frequency::Weekly => (days_since_one(day) - self.week_offset()).div_euclid(7),
            Frequency::Monthly => i64::from(day.year()) * 12 + i64::from(day.month0()),
            Frequency::Yearly if self.weeks.is_empty() => i64::from(day.year()),
            Frequency::Yearly => i64::from(self.year_of_week(day)),
        }
    }

    /// The first day of a period, and the first after it; none beyond the calendar.
    fn span(&self, period: i64) -> Option<(NaiveDate, NaiveDate)> {
        match self.frequency {
            Frequency::Daily => {
                let day = day_since_one(period)?;
                Some((day, day.succ_opt()?))
            }
            Frequency::Weekly => {
                let start = day_since_one(period * 7 + self.week_offset())?;
                Some((start, start.checked_add_signed(TimeDelta::days(7))?))
            }
            Frequency::Monthly => {
                let year = i32::try_from(period.div_euclid(12)).ok()?;
                let month = u32::try_from(period.rem_euclid(12)).ok()?;
                let start = NaiveDate::from_ymd_opt(year, month + 1, 1)?;
                Some((start, start.checked_add_months(Months::new(1))?))
            }
            Frequency::Yearly => {
                let year = i32::try_from(period).ok()?;
                if self.weeks.is_empty() {
                    let start = NaiveDate::from_ymd_opt(year, 1, 1)?;
                    Some((start, NaiveDate::from_ymd_opt(year + 1, 1, 1)?))
                } else {
                    self.span_of_weeks(year)
                }
            }
        }
    }

    /// The first day of the first week of a year, and that of the next year: a week belongs to the year in which it
    /// has four days or more.
    fn span_of_weeks(&self, year: i32) -> Option<(NaiveDate, NaiveDate)> {
        Some((self.week_one(year)?, self.week_one(year + 1)?))
    }

    fn week_one(&self, year: i32) -> Option<NaiveDate> {
        let fourth = NaiveDate::from_ymd_opt(year, 1, 4)?;
        let since = fourth.weekday().days_since(self.week_start);
        fourth.checked_sub_signed(TimeDelta::days(i64::from(since)))
    }

    fn year_of_week(&self, day: NaiveDate) -> i32 {
        let year = day.year();
        let starts_by = |year| self.week_one(year).is_some_and(|start| start <= day);
        if !starts_by(year) {
            year - 1
        } else if starts_by(year + 1) {
            year + 1
        } else {
            year
        }
    }

    /// How many days after a Monday the week starts.
    fn week_offset(&self) -> i64 {
        i64::from(self.week_start.num_days_from_monday())
    }
}

/// Days since Monday, 1 January of the year 1.
fn days_since_one(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce()) - 1
}

fn day_since_one(days: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(days + 1).ok()?)
}

fn years_after(day: NaiveDate, years: u32) -> NaiveDate {
    let later = day.checked_add_months(Months::new(years * 12));
    later.unwrap_or(NaiveDate::MAX)
}

/// Whether the list holds the place, counted from the start or, negative, from the end of so many.
fn names(list: &[i32], place: impl TryInto<i32>, of: impl TryInto<i32>) -> bool {
    let (place, of) = (number(place), number(of));
    list.contains(&place) || list.contains(&(place - of - 1))
}

/// A small number; all of them here are days, weeks or months of one year.
fn number(small: impl TryInto<i32>) -> i32 {
    small.try_into().unwrap_or(0)
}

/// How many days the month can have.
const fn longest(month: i32) -> i32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
