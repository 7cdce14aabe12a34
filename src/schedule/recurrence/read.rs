//! The text of a rule, part by part.

use super::{COUNT, COUNT_YEARS, Frequency, Nth, Rule, number, years_after};
use crate::phase::{Invalid, InvalidKind};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use std::{collections::BTreeMap, ops::RangeInclusive};
/// The parts of a rule's text by name, each once.
pub(super) struct Parts<'a>(pub(super) BTreeMap<&'a str, &'a str>);

/// Up to when a rule happens.
pub(super) enum Limit {
    Day(NaiveDate),
    WallClock(NaiveDateTime),
    Universal(NaiveDateTime),
}

#[derive(Clone, Copy)]
pub(super) enum Sign {
    Allowed,
    Never,
}

pub(super) const FREQUENCIES: &str = "DAILY, WEEKLY, MONTHLY or YEARLY; a window recurs by days, and an hour is no sure measure where clocks change";
pub(super) const KNOWN: &str = "one of FREQ, INTERVAL, COUNT, UNTIL, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY, BYSETPOS, WKST";

impl<'a> Parts<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Invalid> {
        let mut parts = BTreeMap::new();
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| {
                malformed(part, "parts such as `FREQ=WEEKLY`, with `;` between them")
            })?;
            match name {
                "FREQ" | "INTERVAL" | "COUNT" | "UNTIL" | "BYMONTH" | "BYWEEKNO" | "BYYEARDAY"
                | "BYMONTHDAY" | "BYDAY" | "BYSETPOS" | "WKST" => {}
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                    let expected = "no times in the rule: `starts` says when on its days";
                    return Err(malformed(part, expected));
                }
                _ => return Err(malformed(part, KNOWN)),
            }
            if parts.insert(name, value).is_some() {
                return Err(malformed(part, format!("`{name}` only once")));
            }
        }
        Ok(Self(parts))
    }

    pub(super) fn text(&self, name: &str) -> &'a str {
        self.0.get(name).copied().unwrap_or_default()
    }

    pub(super) fn refused(&self, name: &str, expected: impl Into<String>) -> Invalid {
        malformed(&format!("{name}={}", self.text(name)), expected)
    }

    pub(super) fn without(&self, name: &str, expected: &str) -> Result<(), Invalid> {
        if self.0.contains_key(name) {
            return Err(self.refused(name, expected));
        }
        Ok(())
    }

    pub(super) fn frequency(&self) -> Result<Frequency, Invalid> {
        match self.text("FREQ") {
            "DAILY" => Ok(Frequency::Daily),
            "WEEKLY" => Ok(Frequency::Weekly),
            "MONTHLY" => Ok(Frequency::Monthly),
            "YEARLY" => Ok(Frequency::Yearly),
            _ => Err(self.refused("FREQ", FREQUENCIES)),
        }
    }

    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Invalid> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let refused = || {
            let expected = format!(
                "a whole number from {} to {}",
                range.start(),
                grouped(*range.end())
            );
            out_of_range(name, text, expected)
        };
        let number = digits(text).filter(|number| range.contains(number));
        number.map(Some).ok_or_else(refused)
    }

    pub(super) fn list(&self, name: &str, most: u32, sign: Sign) -> Result<Vec<i32>, Invalid> {
        let Some(texts) = self.0.get(name) else {
            return Ok(Vec::new());
        };
        let item = |text: &str| {
            let (negative, unsigned) = match sign {
                Sign::Allowed => signed(text),
                Sign::Never => (false, text),
            };
            let number = digits(unsigned).filter(|number| (1..=most).contains(number));
            let refused = || {
                let from_end = match sign {
                    Sign::Allowed => format!(", or from -{most} to -1"),
                    Sign::Never => String::new(),
                };
                let expected = format!("whole numbers from 1 to {most}{from_end}");
                out_of_range(name, text, expected)
            };
            let small = number_of(negative, number.ok_or_else(refused)?);
            Ok(small)
        };
        sorted(texts.split(',').map(item))
    }

    pub(super) fn weekdays(&self) -> Result<Vec<Nth>, Invalid> {
        let Some(texts) = self.0.get("BYDAY") else {
            return Ok(Vec::new());
        };
        let item = |text: &str| {
            let at = text.len().saturating_sub(2);
            let nth = text.split_at_checked(at).and_then(|(nth, day)| {
                let weekday = weekday(day)?;
                if nth.is_empty() {
                    return Some(Nth { nth: None, weekday });
                }
                let (negative, unsigned) = signed(nth);
                let number = digits(unsigned).filter(|number| (1..=53).contains(number))?;
                let nth = Some(number_of(negative, number));
                Some(Nth { nth, weekday })
            });
            nth.ok_or_else(|| {
                let expected = "weekdays such as `MO`, `2TU` or `-1FR`, their numbers from 1 to 53";
                malformed(&format!("BYDAY={text}"), expected)
            })
        };
        let mut weekdays = Vec::new();
        for day in texts.split(',').map(item) {
            let day = day?;
            if !weekdays.contains(&day) {
                weekdays.push(day);
            }
        }
        Ok(weekdays)
    }

    pub(super) fn week_start(&self) -> Result<Weekday, Invalid> {
        match self.0.get("WKST") {
            None => Ok(Weekday::Mon),
            Some(text) => {
                weekday(text).ok_or_else(|| self.refused("WKST", "a weekday such as `MO` or `SU`"))
            }
        }
    }

    pub(super) fn limit(&self, rule: &Rule, first: NaiveDate) -> Result<Option<Limit>, Invalid> {
        if let Some(count) = self.number("COUNT", 1..=COUNT)? {
            self.without("UNTIL", "either it or `COUNT`, not both")?;
            let nth = usize::try_from(count - 1).unwrap_or(usize::MAX);
            let last = rule
                .days(first, first, years_after(first, COUNT_YEARS))
                .nth(nth);
            let refused = || {
                let expected = format!("a count that is reached within {COUNT_YEARS} years");
                self.refused("COUNT", expected)
            };
            return last.map(Limit::Day).map(Some).ok_or_else(refused);
        }
        let Some(text) = self.0.get("UNTIL") else {
            return Ok(None);
        };
        let expected =
            "an end such as `20261231T220000Z`, or `20261231` or `20261231T230000` in the zone";
        until(text)
            .map(Some)
            .ok_or_else(|| self.refused("UNTIL", expected))
    }
}

pub(super) fn until(text: &str) -> Option<Limit> {
    let (day, time) = text.split_once('T').unwrap_or((text, ""));
    let exact = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !exact(day, 8) {
        return None;
    }
    let day = NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
    if !text.contains('T') {
        return Some(Limit::Day(day));
    }
    let (time, is_universal) = match time.strip_suffix('Z') {
        Some(time) => (time, true),
        None => (time, false),
    };
    if !exact(time, 6) {
        return None;
    }
    let end = day.and_time(NaiveTime::parse_from_str(time, "%H%M%S").ok()?);
    Some(if is_universal {
        Limit::Universal(end)
    } else {
        Limit::WallClock(end)
    })
}

pub(super) fn weekday(text: &str) -> Option<Weekday> {
    match text {
        "MO" => Some(Weekday::Mon),
        "TU" => Some(Weekday::Tue),
        "WE" => Some(Weekday::Wed),
        "TH" => Some(Weekday::Thu),
        "FR" => Some(Weekday::Fri),
        "SA" => Some(Weekday::Sat),
        "SU" => Some(Weekday::Sun),
        _ => None,
    }
}

/// Whether the text begins with a minus, and what comes after its sign.
pub(super) fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

pub(super) fn number_of(negative: bool, unsigned: u32) -> i32 {
    let number = number(unsigned);
    if negative { -number } else { number }
}

/// A number of digits only: `parse` alone would take a sign.
pub(super) fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

pub(super) fn sorted(
    items: impl Iterator<Item = Result<i32, Invalid>>,
) -> Result<Vec<i32>, Invalid> {
    let mut items: Vec<_> = items.collect::<Result<_, _>>()?;
    items.sort_unstable();
    items.dedup();
    Ok(items)
}

pub(super) fn grouped(number: u32) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", number / 1_000, number % 1_000)
}

pub(super) fn malformed(part: &str, expected: impl Into<String>) -> Invalid {
    let expected = expected.into();
    Invalid::new(InvalidKind::Malformed, "rule part", part, expected)
}

pub(super) fn out_of_range(name: &str, value: &str, expected: String) -> Invalid {
    let part = format!("{name}={value}");
    Invalid::new(InvalidKind::OutOfRange, "rule part", part, expected)
}
