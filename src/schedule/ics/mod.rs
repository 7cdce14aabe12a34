//! iCalendar (RFC 5545): events from a file, and events to a file.

mod error;
mod lines;
mod read;
mod value;
mod write;

pub use error::{IcsError, IcsErrorKind};

use crate::phase::{Day, Instant};
use crate::release::limits::{ENTRIES, ICS_DATES, NAME_CHARS};
use crate::release::{Key, Name, Text};
use chrono::{NaiveDate, NaiveDateTime};
use std::collections::{BTreeMap, BTreeSet};

/// The events of an iCalendar file, as plain data.
///
/// The reader refuses what it would otherwise get wrong, and names the line and the property: floating times,
/// changes of single occurrences (`RECURRENCE-ID`), cancellations by `METHOD`, periods, and everything that RFC 5545
/// does not have so. What has no say over when an event is, it passes over.
///
/// # Time
///
/// Zones are taken as text, and nothing is moved between them. A `VTIMEZONE` is passed over: the rules of a zone are
/// those of the IANA database, under whose names zones have to go. A vendor's prefix before such a name, as in
/// `/mozilla.org/20050126_1/Europe/Berlin`, is dropped.
///
/// # Source
///
/// RFC 5545, Internet Calendaring and Scheduling Core Object Specification.
///
/// # Examples
///
/// Holidays from a file:
///
/// ```
/// use phasegate::schedule::{IcsCalendar, WorkingDays};
///
/// let file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:2025-09-01@holidays\r\n\
///     DTSTART;VALUE=DATE:20250901\r\nSUMMARY:Labor Day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
/// let holidays = IcsCalendar::read(file.as_bytes())?.holidays()?;
/// let days = WorkingDays::default().with_holidays(holidays)?;
/// assert!(!days.is_working("2025-09-01".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct IcsCalendar {
    /// The events, in the order in which they stand.
    pub events: Vec<IcsEvent>,
    /// How many parts were passed over, by what they are called: `VTODO`, `VJOURNAL`, `VALARM` ... Zones are not
    /// counted.
    pub skipped: BTreeMap<String, usize>,
}

/// One event of an iCalendar file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IcsEvent {
    /// Its id, unique within the file.
    pub uid: Text,
    /// What it is called; may be empty.
    pub summary: Text,
    /// Its start; of a recurring event that of the first occurrence.
    pub starts: IcsTime,
    /// Its end, which does not belong to it.
    pub ends: IcsEnd,
    /// How it recurs: a recurrence rule of RFC 5545, as it is written.
    pub rule: Option<Text>,
    /// When else it starts.
    pub also: Vec<IcsTime>,
    /// Which of its starts are left out.
    pub except: Vec<IcsTime>,
    /// Its categories.
    pub categories: Vec<Key>,
    /// Whether it was called off.
    pub is_cancelled: bool,
    /// Whether it leaves people free.
    pub is_transparent: bool,
    /// The line on which it begins; 0 if it was not read from a file.
    pub line: usize,
}

/// A time as iCalendar has it. There are no floating ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 5545 has these, and floating ones"
)]
pub enum IcsTime {
    /// A whole day, wherever one is.
    Day(Day),
    /// What clocks show in the zone of that name.
    Local(NaiveDateTime, Key),
    /// An instant.
    Utc(Instant),
}

/// The end of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an event has an end or a length")]
pub enum IcsEnd {
    /// At that time; every occurrence is exactly as long as the first.
    At(IcsTime),
    /// So long after the start; only for local starts, since only there a day is not always 24 hours.
    ///
    /// The days are counted by the clock of the zone, and the seconds after them as they pass.
    After {
        /// Days of the calendar.
        days: u32,
        /// Seconds that pass.
        seconds: u32,
    },
}

impl IcsEvent {
    /// An event between two times; everything else is open to be set.
    #[must_use]
    pub const fn new(uid: Text, summary: Text, starts: IcsTime, ends: IcsTime) -> Self {
        Self {
            uid,
            summary,
            starts,
            ends: IcsEnd::At(ends),
            rule: None,
            also: Vec::new(),
            except: Vec::new(),
            categories: Vec::new(),
            is_cancelled: false,
            is_transparent: false,
            line: 0,
        }
    }

    /// Whether it lasts whole days.
    #[must_use]
    pub const fn is_all_day(&self) -> bool {
        matches!(self.starts, IcsTime::Day(_))
    }

    /// What no event may be, read or written.
    fn check(&self) -> Result<(), IcsError> {
        let refuse = |kind, property, what: &str| Err(IcsError::new(kind, property, what));
        if self.uid.is_blank() {
            return refuse(IcsErrorKind::Missing, "UID", "expected an id");
        }
        self.check_end()?;
        if self.also.len() + self.except.len() > ICS_DATES {
            let what = format!("there are more than {ICS_DATES} dates");
            return refuse(IcsErrorKind::TooLarge, "RDATE", &what);
        }
        for (property, times) in [("RDATE", &self.also), ("EXDATE", &self.except)] {
            if times.iter().any(|time| time.is_day() != self.is_all_day()) {
                let what = "the event starts at a time and this is a date, or the other way round";
                return refuse(IcsErrorKind::Malformed, property, what);
            }
        }
        let is_rule = |byte: u8| byte.is_ascii_alphanumeric() || b"=;,+-/:_".contains(&byte);
        let rule = self.rule.as_ref().map(Text::as_str);
        if rule.is_some_and(|rule| rule.is_empty() || !rule.bytes().all(is_rule)) {
            let what = "expected a rule such as `FREQ=WEEKLY;BYDAY=MO`";
            return refuse(IcsErrorKind::Malformed, "RRULE", what);
        }
        Ok(())
    }

    fn check_end(&self) -> Result<(), IcsError> {
        let refuse = |kind, property, what| Err(IcsError::new(kind, property, what));
        let end = match &self.ends {
            IcsEnd::At(end) => end,
            IcsEnd::After { .. } if !matches!(self.starts, IcsTime::Local(..)) => {
                let what = "a length goes with a local start; expected an end here";
                return refuse(IcsErrorKind::Malformed, "DURATION", what);
            }
            IcsEnd::After { days, seconds } if (*days, *seconds) == (0, 0) => {
                let what = "expected a length longer than nothing";
                return refuse(IcsErrorKind::OutOfRange, "DURATION", what);
            }
            IcsEnd::After { .. } => return Ok(()),
        };
        if self.starts.is_day() != end.is_day() {
            let what = "the start and the end are not both dates or both times";
            return refuse(IcsErrorKind::Malformed, "DTEND", what);
        }
        if self.starts.is_known_not_before(end) {
            let what = "the end does not lie after the start";
            return refuse(IcsErrorKind::OutOfRange, "DTEND", what);
        }
        Ok(())
    }

    /// Of an event that lasts whole days: the first day of each occurrence, and the day after its last one.
    fn days(&self) -> Vec<(Day, NaiveDate)> {
        let (IcsTime::Day(first), IcsEnd::At(IcsTime::Day(end))) = (&self.starts, &self.ends)
        else {
            return Vec::new();
        };
        let length = end.date() - first.date();
        let except: BTreeSet<_> = self.except.iter().filter_map(IcsTime::day).collect();
        let also = self.also.iter().filter_map(IcsTime::day);
        let starts: BTreeSet<_> = also.chain([*first]).collect();
        let end = |start: Day| start.date().checked_add_signed(length);
        starts
            .difference(&except)
            .map(|&start| (start, end(start).unwrap_or(NaiveDate::MAX)))
            .collect()
    }
}

impl IcsTime {
    const fn day(&self) -> Option<Day> {
        match self {
            Self::Day(day) => Some(*day),
            Self::Local(..) | Self::Utc(_) => None,
        }
    }

    const fn is_day(&self) -> bool {
        self.day().is_some()
    }

    /// Whether it does not lie before the other, as far as that can be told without the rules of a zone.
    fn is_known_not_before(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Day(this), Self::Day(other)) => this >= other,
            (Self::Utc(this), Self::Utc(other)) => this >= other,
            (Self::Local(this, zone), Self::Local(other, its)) => zone == its && this >= other,
            (Self::Day(_) | Self::Utc(_) | Self::Local(..), _) => false,
        }
    }
}

impl IcsCalendar {
    /// The days of all events that last whole days, with their names, as
    /// [`WorkingDays::with_holidays`](super::WorkingDays::with_holidays) takes them.
    ///
    /// Events that were called off do not count, and neither do those that begin or end within a day. Two names of
    /// one day are joined by `; `. A name is cut to one line of 200 characters, and is `Holiday` where there is none.
    ///
    /// # Errors
    ///
    /// - unsupported: an event recurs by a rule; ask for a file that names the days
    /// - too large: more than 1,000 days
    pub fn holidays(&self) -> Result<BTreeMap<Day, Name>, IcsError> {
        let mut holidays: BTreeMap<Day, Vec<(usize, &str)>> = BTreeMap::new();
        let mut count = 0;
        for event in self.events.iter().filter(|event| !event.is_cancelled) {
            let refuse = |kind, property, what: String| {
                Err(IcsError::new(kind, property, what).at(event.line))
            };
            if event.rule.is_some() && event.is_all_day() {
                let what = "holidays by a rule are not read; expected each day by itself";
                return refuse(IcsErrorKind::Unsupported, "RRULE", what.to_owned());
            }
            for (first, end) in event.days() {
                let days = first.date().iter_days().take_while(|day| *day < end);
                for day in days.filter_map(|day| Day::new(day).ok()) {
                    count += 1;
                    if count > ENTRIES {
                        let what = format!("there are more than {ENTRIES} holidays");
                        return refuse(IcsErrorKind::TooLarge, "DTSTART", what);
                    }
                    let names = holidays.entry(day).or_default();
                    names.push((event.line, event.summary.as_str()));
                }
            }
        }
        let named = holidays.into_iter();
        named
            .map(|(day, names)| Ok((day, name_of(&names)?)))
            .collect()
    }
}

/// The names of a day as one, in one line and no longer than a name may be.
fn name_of(names: &[(usize, &str)]) -> Result<Name, IcsError> {
    let mut all: Vec<String> = Vec::new();
    let mut first = 0;
    for &(line, name) in names {
        let words: Vec<_> = name
            .split(|c: char| c.is_whitespace() || c.is_control())
            .collect();
        let name = words.join(" ");
        if !name.trim().is_empty() && !all.contains(&name) {
            all.push(name);
        }
        first = line;
    }
    let joined: String = all.join("; ").trim().chars().take(NAME_CHARS).collect();
    let name = if joined.is_empty() {
        "Holiday"
    } else {
        joined.trim()
    };
    Name::new(name).map_err(|invalid| {
        IcsError::new(IcsErrorKind::Malformed, "SUMMARY", invalid.to_string()).at(first)
    })
}
