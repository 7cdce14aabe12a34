//! Events from a file.

use super::error::{IcsError, IcsErrorKind};
use super::lines::{Line, Lines};
use super::{IcsCalendar, IcsEnd, IcsEvent, IcsTime, value};
use crate::phase::{Day, Invalid, Seconds, shown};
use crate::release::limits::{ICS_BYTES, ICS_DATES, ICS_DEPTH, ICS_PARTS};
use crate::release::{Key, Text};
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

impl IcsCalendar {
    /// Reads a file: one calendar or several in a row. Nothing is kept of one that is refused.
    ///
    /// Time and memory grow with the size of the file and no faster.
    ///
    /// # Errors
    ///
    /// - not text: the file is not UTF-8
    /// - too large: more than 16 MiB, 100,000 events and other parts, 10,000 dates of one event, or 8 levels
    /// - malformed, missing, repeated, out of range: it is not what RFC 5545 asks for; events without an end, too,
    ///   unless they last a whole day
    /// - floating, unknown zone: a time means no instant, or nobody can say which
    /// - unsupported: to pass over something would change what the calendar says
    pub fn read(file: &[u8]) -> Result<Self, IcsError> {
        if file.len() > ICS_BYTES {
            let what = format!("the file has more than {ICS_BYTES} bytes");
            return Err(IcsError::new(IcsErrorKind::TooLarge, "", what));
        }
        let mut reader = Reader::default();
        let mut lines = Lines::of(file);
        for (number, bytes) in lines.by_ref() {
            let text = str::from_utf8(&bytes).map_err(|_| {
                IcsError::new(IcsErrorKind::NotText, "", "this is not UTF-8").at(number)
            })?;
            if !text.is_empty() {
                reader.take(&Line::parse(number, text)?)?;
            }
        }
        reader.end_of_file(lines.number())
    }
}

#[derive(Default)]
struct Reader {
    calendar: IcsCalendar,
    /// How many parts were begun.
    parts: usize,
    has_calendar: bool,
    /// Whether the version of the calendar was seen.
    has_version: bool,
    /// The parts that are open, and where they begin.
    open: Vec<(String, usize)>,
    event: Option<Draft>,
    uids: BTreeSet<Text>,
}

/// What was read of an event so far.
struct Draft {
    uid: Option<Text>,
    summary: Option<Text>,
    starts: Option<IcsTime>,
    ends: Option<IcsEnd>,
    rule: Option<Text>,
    also: Vec<IcsTime>,
    except: Vec<IcsTime>,
    categories: Vec<Key>,
    is_cancelled: Option<bool>,
    is_transparent: Option<bool>,
    line: usize,
    /// Where each property was seen first.
    lines: BTreeMap<String, usize>,
}

impl Reader {
    fn take(&mut self, line: &Line<'_>) -> Result<(), IcsError> {
        match (line.name.as_str(), self.open.len(), &mut self.event) {
            ("BEGIN", ..) => self.begin(line),
            ("END", ..) => self.end(line),
            (_, 0, _) => {
                let what = "expected `BEGIN:VCALENDAR` before everything else";
                Err(line.refused(IcsErrorKind::Malformed, what))
            }
            (_, 1, _) => self.of_calendar(line),
            (_, 2, Some(event)) => event.take(line),
            // Something that is passed over.
            (_, 2.., _) => Ok(()),
        }
    }

    fn begin(&mut self, line: &Line<'_>) -> Result<(), IcsError> {
        let part = line.value.to_ascii_uppercase();
        let depth = self.open.len();
        self.parts += 1;
        if self.parts > ICS_PARTS {
            let what = format!("there are more than {ICS_PARTS} events and other parts");
            return Err(line.refused(IcsErrorKind::TooLarge, what));
        }
        match (depth, part.as_str()) {
            (ICS_DEPTH.., _) => {
                let what = format!("parts are nested more than {ICS_DEPTH} deep");
                return Err(line.refused(IcsErrorKind::TooLarge, what));
            }
            (0, "VCALENDAR") => (self.has_calendar, self.has_version) = (true, false),
            (1, "VEVENT") => self.event = Some(Draft::at(line.number)),
            (0, _) | (_, "VCALENDAR" | "VEVENT") => {
                let what = format!("`{}` does not begin here", shown(&part, 60));
                return Err(line.refused(IcsErrorKind::Malformed, what));
            }
            (1.., _) => {
                let is_outermost = depth == 1 || (depth == 2 && self.event.is_some());
                if is_outermost && part != "VTIMEZONE" {
                    *self.calendar.skipped.entry(part.clone()).or_default() += 1;
                }
            }
        }
        self.open.push((part, line.number));
        Ok(())
    }

    fn end(&mut self, line: &Line<'_>) -> Result<(), IcsError> {
        let part = line.value.to_ascii_uppercase();
        let Some((open, begun)) = self.open.pop().filter(|(open, _)| *open == part) else {
            let what = format!("`{}` ends here and is not what was begun", shown(&part, 60));
            return Err(line.refused(IcsErrorKind::Malformed, what));
        };
        if open == "VCALENDAR" && !self.has_version {
            let what = "expected `VERSION:2.0` in the calendar";
            return Err(IcsError::new(IcsErrorKind::Missing, "VERSION", what).at(begun));
        }
        let Some(event) = self.event.take_if(|_| self.open.len() == 1) else {
            return Ok(());
        };
        let event = event.whole()?;
        if !self.uids.insert(event.uid.clone()) {
            let uid = shown(event.uid.as_str(), 60);
            let what = format!("two events have the id `{uid}`, and they cannot both be right");
            return Err(IcsError::new(IcsErrorKind::Repeated, "UID", what).at(event.line));
        }
        self.calendar.events.push(event);
        Ok(())
    }

    fn of_calendar(&mut self, line: &Line<'_>) -> Result<(), IcsError> {
        let value = line.value.to_ascii_uppercase();
        let expected = match line.name.as_str() {
            "VERSION" if !self.has_version && value == "2.0" => {
                self.has_version = true;
                return Ok(());
            }
            "VERSION" => "`2.0`, once",
            "CALSCALE" if value != "GREGORIAN" => "`GREGORIAN`",
            "METHOD" if !["PUBLISH", "REQUEST"].contains(&value.as_str()) => {
                "`PUBLISH` or `REQUEST`: other methods change or answer what is elsewhere"
            }
            _ => return Ok(()),
        };
        let what = format!("found `{}`, expected {expected}", shown(line.value, 60));
        Err(line.refused(IcsErrorKind::Unsupported, what))
    }

    fn end_of_file(mut self, lines: usize) -> Result<IcsCalendar, IcsError> {
        let missing = |property, what| {
            let line = lines.max(1);
            Err(IcsError::new(IcsErrorKind::Missing, property, what).at(line))
        };
        if let Some((open, begun)) = self.open.pop() {
            let open = shown(&open, 60);
            return missing("END", format!("`{open}` from line {begun} has no end"));
        }
        if !self.has_calendar {
            return missing("BEGIN", "there is no calendar in the file".to_owned());
        }
        Ok(self.calendar)
    }
}

impl Draft {
    const fn at(line: usize) -> Self {
        Self {
            uid: None,
            summary: None,
            starts: None,
            ends: None,
            rule: None,
            also: Vec::new(),
            except: Vec::new(),
            categories: Vec::new(),
            is_cancelled: None,
            is_transparent: None,
            line,
            lines: BTreeMap::new(),
        }
    }

    fn take(&mut self, line: &Line<'_>) -> Result<(), IcsError> {
        self.lines.entry(line.name.clone()).or_insert(line.number);
        match line.name.as_str() {
            "UID" => once(&mut self.uid, line, value::text(line, line.value)?),
            "SUMMARY" => once(&mut self.summary, line, value::text(line, line.value)?),
            "DTSTART" => once(&mut self.starts, line, one(line)?),
            "DTEND" => once(&mut self.ends, line, IcsEnd::At(one(line)?)),
            "DURATION" => once(&mut self.ends, line, value::length(line)?),
            "RRULE" => {
                let rule = Text::new(line.value).map_err(|invalid| not_taken(line, &invalid))?;
                once(&mut self.rule, line, rule)
            }
            "RDATE" => {
                self.also.extend(value::times(line, self.dates_left())?);
                Ok(())
            }
            "EXDATE" => {
                self.except.extend(value::times(line, self.dates_left())?);
                Ok(())
            }
            "CATEGORIES" => self.categories(line),
            "STATUS" => {
                let status = word(line, &["TENTATIVE", "CONFIRMED", "CANCELLED"])?;
                once(&mut self.is_cancelled, line, status == "CANCELLED")
            }
            "TRANSP" => {
                let transparency = word(line, &["OPAQUE", "TRANSPARENT"])?;
                once(
                    &mut self.is_transparent,
                    line,
                    transparency == "TRANSPARENT",
                )
            }
            "RECURRENCE-ID" | "EXRULE" => {
                let what = "changes of occurrences are not read; expected `EXDATE` and an event of its own";
                Err(line.refused(IcsErrorKind::Unsupported, what))
            }
            _ => Ok(()),
        }
    }

    fn dates_left(&self) -> usize {
        ICS_DATES.saturating_sub(self.also.len() + self.except.len())
    }

    fn categories(&mut self, line: &Line<'_>) -> Result<(), IcsError> {
        for written in value::texts(line.value) {
            let category = value::text(line, written)?;
            let category = category.as_str().trim();
            if !category.is_empty() {
                let category = Key::new(category).map_err(|invalid| not_taken(line, &invalid))?;
                self.categories.push(category);
            }
        }
        Ok(())
    }

    /// The event, if nothing is missing and it holds together.
    fn whole(self) -> Result<IcsEvent, IcsError> {
        let line = self.line;
        let missing =
            |property, what| IcsError::new(IcsErrorKind::Missing, property, what).at(line);
        let uid = self
            .uid
            .ok_or_else(|| missing("UID", "the event has no id"))?;
        let starts = self.starts;
        let starts = starts.ok_or_else(|| missing("DTSTART", "the event has no start"))?;
        let ends = match self.ends {
            Some(IcsEnd::After { days, seconds }) => after(&starts, days, seconds),
            Some(IcsEnd::At(time)) => Some(IcsEnd::At(time)),
            None if matches!(starts, IcsTime::Day(_)) => after(&starts, 1, 0),
            None => return Err(missing("DTEND", "the event has no end and no length")),
        };
        let at = |property: &str| self.lines.get(property).copied().unwrap_or(line);
        let ends = ends.ok_or_else(|| {
            let what = "the event ends within a day or after 9999; expected whole days before that";
            let property = if self.lines.contains_key("DURATION") {
                "DURATION"
            } else {
                "DTSTART"
            };
            IcsError::new(IcsErrorKind::OutOfRange, property, what).at(at(property))
        })?;
        let event = IcsEvent {
            uid,
            summary: self.summary.unwrap_or_default(),
            starts,
            ends,
            rule: self.rule,
            also: self.also,
            except: self.except,
            categories: self.categories,
            is_cancelled: self.is_cancelled.unwrap_or_default(),
            is_transparent: self.is_transparent.unwrap_or_default(),
            line,
        };
        event.check().map_err(|refused| {
            let at = at(refused.property());
            refused.at(at)
        })?;
        Ok(event)
    }
}

/// So long after a start. Days are 24 hours long in UTC; local ones only the zone knows.
fn after(starts: &IcsTime, days: u32, seconds: u32) -> Option<IcsEnd> {
    match starts {
        IcsTime::Day(_) if seconds > 0 => None,
        IcsTime::Day(day) => {
            let end = day.date().checked_add_days(Days::new(days.into()));
            let end = end.and_then(|end: NaiveDate| Day::new(end).ok())?;
            Some(IcsEnd::At(IcsTime::Day(end)))
        }
        IcsTime::Utc(start) => {
            let seconds = u64::from(days) * 86_400 + u64::from(seconds);
            let length = Seconds::new(u32::try_from(seconds).ok()?);
            let end = start.plus(length);
            (end.minus(length) == *start).then_some(IcsEnd::At(IcsTime::Utc(end)))
        }
        IcsTime::Local(..) => Some(IcsEnd::After { days, seconds }),
    }
}

fn one(line: &Line<'_>) -> Result<IcsTime, IcsError> {
    let mut times = value::times(line, 1)?;
    let what = "expected one time";
    times
        .pop()
        .ok_or_else(|| line.refused(IcsErrorKind::Malformed, what))
}

fn once<T>(place: &mut Option<T>, line: &Line<'_>, value: T) -> Result<(), IcsError> {
    if place.replace(value).is_none() {
        return Ok(());
    }
    let what = "it stands twice, or beside another one that says the same";
    Err(line.refused(IcsErrorKind::Repeated, what))
}

/// One of the words that the property may have.
fn word<'w>(line: &Line<'_>, words: &[&'w str]) -> Result<&'w str, IcsError> {
    let found = words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(line.value));
    found.copied().ok_or_else(|| {
        let found = shown(line.value, 60);
        let words = words.join("`, `");
        let what = format!("found `{found}`, expected one of `{words}`");
        line.refused(IcsErrorKind::Malformed, what)
    })
}

fn not_taken(line: &Line<'_>, invalid: &Invalid) -> IcsError {
    line.refused(IcsErrorKind::Malformed, invalid.to_string())
}
