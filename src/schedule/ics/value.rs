//! Values of properties: times, lengths and texts.

use super::error::{IcsError, IcsErrorKind};
use super::lines::Line;
use super::{IcsEnd, IcsTime};
use crate::phase::{Day, Instant, shown};
use crate::release::{Key, Text};
use chrono::{NaiveDate, NaiveDateTime};

/// The times of a property: one, or a list where the property takes a list.
pub(super) fn times(line: &Line<'_>, most: usize) -> Result<Vec<IcsTime>, IcsError> {
    let is_date = match line.param("VALUE")?.map(str::to_ascii_uppercase).as_deref() {
        None => None,
        Some("DATE") => Some(true),
        Some("DATE-TIME") => Some(false),
        Some(other) => {
            let what = format!(
                "values of type `{}` are not read; expected `DATE` or `DATE-TIME`",
                shown(other, 60)
            );
            return Err(line.refused(IcsErrorKind::Unsupported, what));
        }
    };
    let zone = line
        .param("TZID")?
        .map(|zone| zone_of(line, zone))
        .transpose()?;
    let mut times = Vec::new();
    for text in line.value.split(',') {
        if times.len() == most {
            let what = format!("there are more than {most} dates");
            return Err(line.refused(IcsErrorKind::TooLarge, what));
        }
        let is_date = is_date.unwrap_or(text.len() == "20250901".len());
        times.push(time(line, text, is_date, zone.as_ref())?);
    }
    Ok(times)
}

fn time(
    line: &Line<'_>,
    text: &str,
    is_date: bool,
    zone: Option<&Key>,
) -> Result<IcsTime, IcsError> {
    let shown = shown(text, 60);
    let refused = |kind, what: String| Err(line.refused(kind, what));
    let is_utc = text.ends_with('Z');
    let (local, expected) = if is_date {
        let local = date(text).and_then(|date| date.and_hms_opt(0, 0, 0));
        (local, "a date such as `20250901`")
    } else {
        let text = text.strip_suffix('Z').unwrap_or(text);
        (date_time(text), "a time such as `20250901T080000Z`")
    };
    let Some(local) = local else {
        let what = format!("`{shown}` is no time; expected {expected}");
        return refused(IcsErrorKind::Malformed, what);
    };
    let Ok(day) = Day::new(local.date()) else {
        let what = format!("`{shown}` is too early or too late; expected a day from 1970 to 9999");
        return refused(IcsErrorKind::OutOfRange, what);
    };
    match (zone, is_date, is_utc) {
        (None, true, _) => Ok(IcsTime::Day(day)),
        (None, false, true) => Instant::try_from(local.and_utc())
            .map(IcsTime::Utc)
            .or_else(|invalid| refused(IcsErrorKind::OutOfRange, invalid.to_string())),
        (Some(zone), false, false) => Ok(IcsTime::Local(local, zone.clone())),
        (None, false, false) => {
            let what = format!(
                "`{shown}` has no zone and means another instant in every zone; expected `Z` at its end or a `TZID`"
            );
            refused(IcsErrorKind::Floating, what)
        }
        (Some(_), true, _) => {
            let what = format!("`{shown}` is a date and has a `TZID`; a date has no zone");
            refused(IcsErrorKind::Malformed, what)
        }
        (Some(_), false, true) => {
            let what = format!("`{shown}` is in UTC and has a `TZID`; expected one of the two");
            refused(IcsErrorKind::Malformed, what)
        }
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest, 2)?;
    let (day, rest) = digits(rest, 2)?;
    let year = i32::try_from(year).ok()?;
    NaiveDate::from_ymd_opt(year, month, day).filter(|_| rest.is_empty())
}

fn date_time(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.split_once('T')?;
    let (hour, rest) = digits(time, 2)?;
    let (minute, rest) = digits(rest, 2)?;
    let (second, rest) = digits(rest, 2)?;
    date(day)?
        .and_hms_opt(hour, minute, second)
        .filter(|_| rest.is_empty())
}

/// A number of exactly so many digits, and what comes after it.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| number.parse().ok()).flatten()?;
    Some((number, rest))
}

/// A name as the IANA database has them. Programs that must not use such a name as it is write it behind a vendor and
/// a version: `/freeassociation.sourceforge.net/Europe/Berlin`, `/mozilla.org/20050126_1/Europe/Berlin`.
fn zone_of(line: &Line<'_>, text: &str) -> Result<Key, IcsError> {
    let vendored = text.strip_prefix('/').and_then(|text| {
        let (_, name) = text
            .split_once('/')
            .filter(|(vendor, _)| vendor.contains('.'))?;
        let version = name
            .split_once('/')
            .filter(|(version, _)| version.starts_with(|first: char| first.is_ascii_digit()));
        Some(version.map_or(name, |(_, name)| name))
    });
    let name = vendored.unwrap_or(text);
    Key::new(name)
        .ok()
        .filter(|name| is_zone(name.as_str()))
        .ok_or_else(|| {
            let what = format!(
                "`{}` is no zone; expected an IANA name such as `Europe/Berlin`",
                shown(text, 60)
            );
            line.refused(IcsErrorKind::UnknownZone, what)
        })
}

/// Whether it is written as a zone of the IANA database; whether there is such a zone is for whoever has it.
pub(super) fn is_zone(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-+".contains(&byte))
    };
    name.split('/').all(is_part)
}

/// A length of time from the start on: `P1W`, `P2D`, `PT8H30M`.
pub(super) fn length(line: &Line<'_>) -> Result<IcsEnd, IcsError> {
    let refused = |kind, expected: &str| {
        let what = format!(
            "`{}` is no length; expected {expected}",
            shown(line.value, 60)
        );
        line.refused(kind, what)
    };
    if line.value.starts_with('-') {
        return Err(refused(
            IcsErrorKind::OutOfRange,
            "one that is not negative",
        ));
    }
    let length = parts(line.value.strip_prefix('+').unwrap_or(line.value));
    let expected = "one such as `P2D` or `PT8H30M`";
    let (days, seconds) = length.ok_or_else(|| refused(IcsErrorKind::Malformed, expected))?;
    if (days, seconds) == (0, 0) {
        return Err(refused(IcsErrorKind::OutOfRange, "one longer than nothing"));
    }
    Ok(IcsEnd::After { days, seconds })
}

/// Days and seconds, if all is well written and fits.
fn parts(text: &str) -> Option<(u32, u32)> {
    let mut rest = text.strip_prefix('P')?;
    let mut units = [
        ('W', 7, false),
        ('D', 1, false),
        ('H', 3_600, true),
        ('M', 60, true),
        ('S', 1, true),
    ]
    .into_iter();
    let (mut days, mut seconds, mut is_time, mut is_open) = (0_u32, 0_u32, false, true);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T').filter(|_| !is_time) {
            (rest, is_time, is_open) = (time, true, true);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(end)?;
        let number: u32 = number.parse().ok()?;
        let unit = after.chars().next()?;
        let (_, length, _) =
            units.find(|&(name, _, of_time)| name == unit && of_time == is_time)?;
        let sum = if is_time { &mut seconds } else { &mut days };
        *sum = sum.checked_add(number.checked_mul(length)?)?;
        rest = after.strip_prefix(unit)?;
        is_open = false;
    }
    (!is_open).then_some((days, seconds))
}

/// A text, its escapes resolved. What is no escape stays as it is written.
pub(super) fn text(line: &Line<'_>, written: &str) -> Result<Text, IcsError> {
    let mut text = String::with_capacity(written.len());
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => text.push('\n'),
            Some(c @ ('\\' | ';' | ',')) => text.push(c),
            Some(c) => text.extend(['\\', c]),
            None => text.push('\\'),
        }
    }
    let taken = Text::new(text);
    taken.map_err(|invalid| line.refused(IcsErrorKind::Malformed, invalid.to_string()))
}

/// The texts of a list, split at the commas that are not escaped.
pub(super) fn texts(value: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    value.split(move |c| {
        let splits = c == ',' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        splits
    })
}
