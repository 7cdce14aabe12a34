//! Events to a file.

use super::error::{IcsError, IcsErrorKind};
use super::value::is_zone;
use super::{IcsCalendar, IcsEnd, IcsEvent, IcsTime};
use crate::phase::{Day, Instant, shown};
use crate::release::Text;
use crate::release::limits::{ICS_BYTES, ICS_PARTS};
use std::collections::BTreeSet;

/// Most octets of a line, without its break.
const FOLD: usize = 75;

impl IcsCalendar {
    /// The events as a file that calendar programs read: CRLF, folded, escaped. What was passed over in reading is
    /// not in it.
    ///
    /// What is written reads back as the same events, but for two things: every kind of line break within a text
    /// becomes a line feed, and a line is where it now stands.
    ///
    /// `stamp` is when the file is made; RFC 5545 asks for it in every event.
    ///
    /// Zones go by their IANA names, without a `VTIMEZONE`. Programs know those names; where one does not, write UTC.
    ///
    /// # Errors
    ///
    /// - anything that the reader would refuse: an end that is not after its start, a zone that is no name, two events
    ///   with one id, too many events or dates
    /// - out of range: an instant between two seconds, which iCalendar cannot say
    pub fn write(&self, stamp: Instant) -> Result<String, IcsError> {
        if self.events.len() >= ICS_PARTS {
            let what = format!("there are more than {ICS_PARTS} events and other parts");
            return Err(IcsError::new(IcsErrorKind::TooLarge, "", what));
        }
        let mut file = File(String::new());
        file.line("BEGIN:VCALENDAR");
        file.line("VERSION:2.0");
        file.line("PRODID:-//phasegate//schedule//EN");
        file.line("CALSCALE:GREGORIAN");
        let mut uids = BTreeSet::new();
        for event in &self.events {
            if !uids.insert(plain(&event.uid)) {
                let what = format!("two events have the id `{}`", shown(event.uid.as_str(), 60));
                return Err(IcsError::new(IcsErrorKind::Repeated, "UID", what));
            }
            event.check()?;
            file.event(event, stamp)?;
            if file.0.len() > ICS_BYTES {
                let what = format!("the file gets more than {ICS_BYTES} bytes");
                return Err(IcsError::new(IcsErrorKind::TooLarge, "", what));
            }
        }
        file.line("END:VCALENDAR");
        Ok(file.0)
    }
}

struct File(String);

impl File {
    fn event(&mut self, event: &IcsEvent, stamp: Instant) -> Result<(), IcsError> {
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}", escaped(&event.uid)));
        self.line(&format!("DTSTAMP:{}", utc(stamp)));
        self.times("DTSTART", std::slice::from_ref(&event.starts))?;
        match &event.ends {
            IcsEnd::At(end) => self.times("DTEND", std::slice::from_ref(end))?,
            IcsEnd::After { days, seconds } => self.line(&length(*days, *seconds)),
        }
        if !event.summary.as_str().is_empty() {
            self.line(&format!("SUMMARY:{}", escaped(&event.summary)));
        }
        if let Some(rule) = &event.rule {
            self.line(&format!("RRULE:{rule}"));
        }
        self.times("RDATE", &event.also)?;
        self.times("EXDATE", &event.except)?;
        if !event.categories.is_empty() {
            let categories = event.categories.iter();
            let categories: Vec<_> = categories.map(|it| escaped_text(it.as_str())).collect();
            self.line(&format!("CATEGORIES:{}", categories.join(",")));
        }
        if event.is_cancelled {
            self.line("STATUS:CANCELLED");
        }
        if event.is_transparent {
            self.line("TRANSP:TRANSPARENT");
        }
        self.line("END:VEVENT");
        Ok(())
    }

    /// One line for times of one kind in a row.
    fn times(&mut self, property: &str, times: &[IcsTime]) -> Result<(), IcsError> {
        for same in times.chunk_by(|one, other| kind(one) == kind(other)) {
            let Some(first) = same.first() else { continue };
            let mut line = format!("{property}{}:", params(property, first)?);
            for (at, time) in same.iter().enumerate() {
                if at > 0 {
                    line.push(',');
                }
                line.push_str(&written(property, time)?);
            }
            self.line(&line);
        }
        Ok(())
    }

    /// Folds between characters, so that no line is longer than 75 octets.
    fn line(&mut self, line: &str) {
        let mut room = FOLD;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = FOLD - 1;
            }
            room -= c.len_utf8();
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }
}

/// What times of one line have in common: whether they are days, and their zone.
fn kind(time: &IcsTime) -> (bool, Option<&str>) {
    match time {
        IcsTime::Day(_) => (true, None),
        IcsTime::Local(_, zone) => (false, Some(zone.as_str())),
        IcsTime::Utc(_) => (false, None),
    }
}

fn params(property: &str, time: &IcsTime) -> Result<String, IcsError> {
    match time {
        IcsTime::Day(_) => Ok(";VALUE=DATE".to_owned()),
        IcsTime::Utc(_) => Ok(String::new()),
        IcsTime::Local(_, zone) if is_zone(zone.as_str()) => Ok(format!(";TZID={zone}")),
        IcsTime::Local(_, zone) => {
            let zone = shown(zone.as_str(), 60);
            let what =
                format!("`{zone}` is no zone; expected an IANA name such as `Europe/Berlin`");
            Err(IcsError::new(IcsErrorKind::UnknownZone, property, what))
        }
    }
}

fn written(property: &str, time: &IcsTime) -> Result<String, IcsError> {
    let refused = |expected: &str| {
        let what = format!("`{time:?}` cannot be written; expected {expected}");
        Err(IcsError::new(IcsErrorKind::OutOfRange, property, what))
    };
    match time {
        IcsTime::Day(day) => Ok(day.date().format("%Y%m%d").to_string()),
        IcsTime::Utc(at) if at.unix_micros() % 1_000_000 == 0 => Ok(utc(*at)),
        IcsTime::Utc(_) => refused("a whole second"),
        IcsTime::Local(at, _) if Day::new(at.date()).is_err() => refused("a day from 1970 to 9999"),
        IcsTime::Local(at, _) if at.and_utc().timestamp_subsec_nanos() > 0 => {
            refused("a whole second")
        }
        IcsTime::Local(at, _) => Ok(at.format("%Y%m%dT%H%M%S").to_string()),
    }
}

/// The instant, cut to a second.
fn utc(at: Instant) -> String {
    at.to_datetime().format("%Y%m%dT%H%M%SZ").to_string()
}

fn length(days: u32, seconds: u32) -> String {
    let days = if days > 0 {
        format!("{days}D")
    } else {
        String::new()
    };
    let seconds = if seconds > 0 {
        format!("T{seconds}S")
    } else {
        String::new()
    };
    format!("DURATION:P{days}{seconds}")
}

/// The text with line feeds as its only line breaks.
fn plain(text: &Text) -> String {
    text.as_str()
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n")
}

fn escaped(text: &Text) -> String {
    escaped_text(&plain(text))
}

/// The text so that no part of it can be taken for anything but text.
fn escaped_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' | '\u{2028}' | '\u{2029}' => escaped.push_str("\\n"),
            _ => escaped.push(c),
        }
    }
    escaped
}
