//! Calendars and iCalendar files: windows and planned releases as events, and events as windows.

use super::calendar::Calendar;
use super::ics::{IcsCalendar, IcsEvent, IcsTime};
use super::timing::Shape;
use super::window::Window;
#[cfg(feature = "calendar")]
use super::{IcsEnd, IcsError, IcsErrorKind, Timing, WhileClosed, Zone, local::Local, zone::Edge};
use crate::phase::{Instant, Interval};
#[cfg(feature = "calendar")]
use crate::phase::{Invalid, InvalidKind, Seconds};
#[cfg(feature = "calendar")]
use crate::release::limits::NAME_CHARS;
use crate::release::{Key, Name, ReleaseView, Text, WindowKind};
use chrono::{DateTime, Utc};
#[cfg(feature = "calendar")]
use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};
#[cfg(feature = "calendar")]
use std::collections::BTreeSet;

/// The category of a freeze.
const FREEZE: &str = "freeze";
/// The category of an allow-window.
const ALLOW: &str = "allow-window";
/// The category of a planned release.
const RELEASE: &str = "planned-release";

/// The windows of a calendar as events: for calendar programs, and for `IcsCalendar::windows`.
///
/// The id of a window becomes the `UID`, its title the `SUMMARY`, and its kind the category `freeze` or
/// `allow-window`. What it is about and what it does to work have no place in iCalendar: a file that keeps all is
/// JSON, by [`Calendar::from_json`]. A window without end ends with 9999, excepted days are written as excepted starts,
/// and an `UNTIL` in universal time.
///
/// # Examples
///
/// ```
/// use phasegate::Interval;
/// use phasegate::release::{Effect, Key, RunningWork};
/// use phasegate::schedule::{Calendar, IcsCalendar, Timing, WhileClosed, Window};
///
/// let year_end = Interval::parse("2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z")?;
/// let hard = WhileClosed::new(Effect::Blocked, RunningWork::FinishWave, Effect::Allowed, Effect::Warned);
/// let freeze = Window::freeze(Key::new("year-end")?, Timing::between(year_end), hard);
/// let calendar = Calendar::new(Key::new("production")?).with(freeze)?;
///
/// let file = IcsCalendar::from(&calendar).write("2026-03-02T12:00:00Z".parse()?)?;
/// assert!(file.contains("UID:year-end\r\nDTSTAMP:20260302T120000Z\r\nDTSTART:20261218T000000Z\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl From<&Calendar> for IcsCalendar {
    fn from(calendar: &Calendar) -> Self {
        let events = calendar.windows().map(event).collect();
        Self {
            events,
            ..Self::default()
        }
    }
}

impl IcsEvent {
    /// The planned window of a release, under its title and, as `UID`, its id; nothing if none is planned.
    #[must_use]
    pub fn planned_release(release: &ReleaseView) -> Option<Self> {
        let window = release.plan.as_ref()?.window?;
        let title = release
            .request
            .as_ref()
            .map(|request| request.title.as_str());
        let uid = Text::clipped(&release.id.to_string());
        let mut event = between(uid, Text::clipped(title.unwrap_or_default()), window);
        event.categories.push(Key::own(RELEASE));
        Some(event)
    }
}

fn between(uid: Text, summary: Text, span: Interval) -> IcsEvent {
    let (starts, ends) = (IcsTime::Utc(span.start()), IcsTime::Utc(span.end()));
    IcsEvent::new(uid, summary, starts, ends)
}

fn event(window: &Window) -> IcsEvent {
    let uid = Text::clipped(window.id().as_str());
    let summary = Text::clipped(window.title().map_or("", Name::as_str));
    let mut event = match window.timing().shape() {
        Shape::Between(span) => between(uid, summary, *span),
        Shape::WithoutEnd(starts) => {
            let ends = IcsTime::Utc(Instant::nearest(FAR));
            IcsEvent::new(uid, summary, IcsTime::Utc(*starts), ends)
        }
        #[cfg(feature = "calendar")]
        Shape::Local(local) => on_a_wall_clock(uid, summary, local),
    };
    event.categories.push(Key::own(match window.kind() {
        WindowKind::Freeze => FREEZE,
        WindowKind::Allow => ALLOW,
    }));
    event
}

/// The last second of 9999: what ends then, has no end.
const FAR: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(far) => far,
    None => DateTime::<Utc>::MAX_UTC,
};

#[cfg(feature = "calendar")]
fn on_a_wall_clock(uid: Text, summary: Text, local: &Local) -> IcsEvent {
    let zone = Key::own(local.zone.name());
    let at = |time: NaiveDateTime| {
        let utc = Zone::UTC.instant(time, Edge::Earlier);
        // In universal time no program has to know a zone; an instant before 1970 is none, and refused in writing.
        if local.zone == Zone::UTC && Zone::UTC.wall_clock(utc) == time {
            IcsTime::Utc(utc)
        } else {
            IcsTime::Local(time, zone.clone())
        }
    };
    let ends = local.ends.unwrap_or(FAR.naive_utc());
    let mut event = IcsEvent::new(uid, summary, at(local.starts), at(ends));
    let rule = local.recurrence.as_ref();
    let rule = rule.map(|rule| rule.until_utc(local.starts.time(), local.zone));
    event.rule = rule.map(|rule| Text::clipped(&rule));
    event.also = local.also.iter().copied().map(at).collect();
    // On a day on which nothing starts, none of these starts happens.
    let times = [local.starts.time()].into_iter();
    let times = times.chain(local.also.iter().map(NaiveDateTime::time));
    let times: BTreeSet<NaiveTime> = times.collect();
    let on_days = local.except_days.iter();
    let on_days = on_days.flat_map(|day| times.iter().map(|time| day.and_time(*time)));
    let except: BTreeSet<_> = local.except.iter().copied().chain(on_days).collect();
    event.except = except.into_iter().map(at).collect();
    event
}

/// Windows from events.
#[cfg(feature = "calendar")]
impl IcsCalendar {
    /// The windows that the events are: freezes, or allow-windows, that do `closed` to work; about everything.
    ///
    /// The `UID` becomes the id, the `SUMMARY` the title, cut to one line of 200 characters. An event of the category
    /// `freeze` or `allow-window` is that, whatever `kind` says; one of the category `planned-release` is no window,
    /// and neither is one that was called off. All others are, tentative and transparent ones too. An event that ends with
    /// 9999 has no end.
    ///
    /// # Time
    ///
    /// Whole days are days of `zone`. An event with a local start is in the zone of that start, and one in UTC stays
    /// there. A duration in days ends when clocks show the same time, and its hours last as long as they are. Both edges of
    /// what recurs are those of the wall clock: see [`Timing`].
    ///
    /// # Errors
    ///
    /// Each with the line at which the event begins, if it was read from a file:
    ///
    /// - unknown zone: a zone that the IANA database does not know
    /// - malformed, too large, out of range: a `UID` that is no key, a rule that windows do not have, such as one finer
    ///   than a day, more than 1,000 dates, an end that is not after the start
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::release::{Effect, RunningWork, WindowKind};
    /// use phasegate::schedule::{IcsCalendar, WhileClosed};
    ///
    /// let file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:fridays\r\nDTSTART;VALUE=DATE:20260306\r\n\
    ///     RRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    /// let hard = WhileClosed::new(Effect::Blocked, RunningWork::RunOn, Effect::Allowed, Effect::Warned);
    /// let windows = |file: &str| {
    ///     IcsCalendar::read(file.as_bytes())?.windows(WindowKind::Freeze, hard, "Europe/Berlin".parse().unwrap())
    /// };
    /// assert_eq!(windows(file)?[0].id().as_str(), "fridays");
    ///
    /// let refused = windows(&file.replace("WEEKLY", "HOURLY")).unwrap_err();
    /// assert_eq!((refused.line(), refused.property()), (Some(3), "RRULE"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn windows(
        &self,
        kind: WindowKind,
        closed: WhileClosed,
        zone: Zone,
    ) -> Result<Vec<Window>, IcsError> {
        let is_of = |event: &IcsEvent, category: &str| {
            event.categories.iter().any(|it| it.as_str() == category)
        };
        let events = self.events.iter();
        let events = events.filter(|event| !event.is_cancelled && !is_of(event, RELEASE));
        let windows = events.map(|event| {
            let kind = match (is_of(event, FREEZE), is_of(event, ALLOW)) {
                (true, false) => WindowKind::Freeze,
                (false, true) => WindowKind::Allow,
                (true, true) | (false, false) => kind,
            };
            window(event, kind, closed, zone).map_err(|refused| match event.line {
                0 => refused,
                line => refused.at(line),
            })
        });
        windows.collect()
    }
}

#[cfg(feature = "calendar")]
fn window(
    event: &IcsEvent,
    kind: WindowKind,
    closed: WhileClosed,
    zone: Zone,
) -> Result<Window, IcsError> {
    let id = Key::new(event.uid.as_str()).map_err(|refused| invalid("UID", &refused))?;
    let timing = timing(event, zone)?;
    let window = match kind {
        WindowKind::Freeze => Window::freeze(id, timing, closed),
        WindowKind::Allow => Window::allow(id, timing, closed),
    };
    Ok(match title(event.summary.as_str()) {
        Some(title) => window.titled(title),
        None => window,
    })
}

/// The text as a name, or as much of it as one may hold, in one line; nothing of what is blank.
#[cfg(feature = "calendar")]
fn title(text: &str) -> Option<Name> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(NAME_CHARS).collect();
    Name::new(text).or_else(|_| Name::new(line.trim())).ok()
}

#[cfg(feature = "calendar")]
fn timing(event: &IcsEvent, zone: Zone) -> Result<Timing, IcsError> {
    let zone = match &event.starts {
        IcsTime::Day(_) => zone,
        IcsTime::Local(_, name) => named("DTSTART", name)?,
        IcsTime::Utc(_) => Zone::UTC,
    };
    let starts = shown(&event.starts, zone, "DTSTART")?;
    let recurs = event.rule.is_some() || !event.also.is_empty() || !event.except.is_empty();
    let mut timing = match (&event.starts, &event.ends) {
        (IcsTime::Utc(starts), IcsEnd::At(IcsTime::Utc(ends))) => {
            if !recurs && *ends == Instant::nearest(FAR) {
                Timing::without_end(*starts)
            } else {
                let span = Interval::new(*starts, *ends);
                Timing::between(span.map_err(|refused| invalid("DTEND", &refused))?)
            }
        }
        (_, IcsEnd::At(ends)) => {
            let ends = shown(ends, zone, "DTEND")?;
            let ends = Some(ends).filter(|ends| recurs || *ends != FAR.naive_utc());
            let timing = Timing::local(zone, starts, ends);
            timing.map_err(|refused| invalid("DTEND", &refused))?
        }
        (_, IcsEnd::After { days, seconds }) if !recurs && *seconds > 0 => {
            // Hours are as long as they last, whatever clocks show.
            let after = starts.checked_add_days(Days::new((*days).into()));
            let after = zone.instant(after.unwrap_or(NaiveDateTime::MAX), Edge::Earlier);
            let span = Interval::new(
                zone.instant(starts, Edge::Earlier),
                after.plus(Seconds::new(*seconds)),
            );
            Timing::between(span.map_err(|refused| invalid("DURATION", &refused))?)
        }
        (_, IcsEnd::After { days, seconds }) => {
            let length = TimeDelta::days((*days).into()) + TimeDelta::seconds((*seconds).into());
            // What is too late for a time is too late for a window.
            let ends = starts
                .checked_add_signed(length)
                .unwrap_or(NaiveDateTime::MAX);
            let timing = Timing::local(zone, starts, ends);
            timing.map_err(|refused| invalid("DURATION", &refused))?
        }
    };
    if let Some(rule) = &event.rule {
        let recurring = timing.recurring(rule.as_str());
        timing = recurring.map_err(|refused| invalid("RRULE", &refused))?;
    }
    if !event.also.is_empty() {
        let also = all(&event.also, zone, "RDATE")?;
        timing = timing
            .also(also)
            .map_err(|refused| invalid("RDATE", &refused))?;
    }
    if !event.except.is_empty() {
        let except = all(&event.except, zone, "EXDATE")?;
        timing = timing
            .except(except)
            .map_err(|refused| invalid("EXDATE", &refused))?;
    }
    Ok(timing)
}

#[cfg(feature = "calendar")]
fn all(
    times: &[IcsTime],
    zone: Zone,
    property: &'static str,
) -> Result<Vec<NaiveDateTime>, IcsError> {
    let times = times.iter();
    times.map(|time| shown(time, zone, property)).collect()
}

/// What the clocks of the zone show then.
#[cfg(feature = "calendar")]
fn shown(time: &IcsTime, zone: Zone, property: &'static str) -> Result<NaiveDateTime, IcsError> {
    Ok(match time {
        IcsTime::Day(day) => day.date().and_time(NaiveTime::MIN),
        IcsTime::Utc(at) => zone.wall_clock(*at),
        IcsTime::Local(local, name) => {
            let its = named(property, name)?;
            if its == zone {
                *local
            } else {
                zone.wall_clock(its.instant(*local, Edge::Earlier))
            }
        }
    })
}

#[cfg(feature = "calendar")]
fn named(property: &'static str, zone: &Key) -> Result<Zone, IcsError> {
    let named = zone.as_str().parse();
    named.map_err(|refused: Invalid| {
        IcsError::new(IcsErrorKind::UnknownZone, property, refused.to_string())
    })
}

#[cfg(feature = "calendar")]
fn invalid(property: &'static str, refused: &Invalid) -> IcsError {
    let kind = match refused.kind() {
        InvalidKind::Empty => IcsErrorKind::Missing,
        InvalidKind::TooLarge => IcsErrorKind::TooLarge,
        InvalidKind::OutOfRange => IcsErrorKind::OutOfRange,
        InvalidKind::Malformed => IcsErrorKind::Malformed,
    };
    IcsError::new(kind, property, refused.to_string())
}
