//! When a window is: once, without end, or recurring in a zone.

mod file;

pub(super) use file::TimingFile;
#[cfg(not(feature = "calendar"))]
pub(super) use file::WITHOUT_CALENDAR;

#[cfg(feature = "calendar")]
use super::{Zone, local::Local};
use crate::phase::{Instant, Interval};
#[cfg(feature = "calendar")]
use crate::phase::{Invalid, InvalidKind};
use chrono::{DateTime, Utc};
#[cfg(feature = "calendar")]
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

/// When a window is: once, without end, or, with the feature `calendar`, by the wall clock of a zone and recurring.
///
/// # Time
///
/// Occurrences are half-open spans of UTC. One that is told on a wall clock ends when the clock shows its end, however
/// long it took: 20:00 to 06:00 ends at 06:00 in the nights in which clocks change, too. What clocks show twice or
/// never is decided by [`Edges`]. An occurrence of which nothing is left is none. What lies before 1970 or after 9999
/// is cut off, and what has no end ends with 9999.
///
/// # Rules
///
/// A rule is the text of an RRULE: `FREQ=WEEKLY;BYDAY=MO,TH`. It may say DAILY, WEEKLY, MONTHLY or YEARLY, with
/// INTERVAL, COUNT or UNTIL, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY, BYSETPOS and WKST. Nothing finer: an hour
/// is no sure measure where clocks change. Some points that RFC 5545 leaves open, or answers otherwise:
///
/// - `starts` is the first occurrence and must be on a day of the rule. RFC 5545 leaves open what else it would mean,
///   and calendar programs differ; so it is refused, and the error says on which day the rule first happens.
/// - Both edges are taken from the wall clock. RFC 5545 lets an event with a DTEND last equally long each time, so that
///   it ends an hour off in some nights. Of what clocks show twice it always means the first, and what they skip it
///   moves by the length of the gap.
/// - UNTIL is compared with what clocks show. A plain day counts to its end.
/// - A week belongs to the year in which it is numbered, at the turn of the year, too.
/// - BYWEEKNO without BYDAY means the weekday of `starts` in these weeks.
/// - What `except` names need not exist: other calendars leave such dates behind.
///
/// # Limits
///
/// A rule has at most 1,000 characters, an interval at most 10,000, a count at most 10,000, reached within 200 years.
/// What recurs lasts at most 366 days. At most 1,000 starts are added, and 1,000 starts and 1,000 days excepted. Local
/// times lie between 1900 and 9999, in whole seconds. A question costs time by the days that it spans, not by how far
/// they are from `starts`.
///
/// # Source
///
/// [RFC 5545, section 3.3.10](https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10).
///
/// # Examples
///
/// ```
/// use phasegate::phase::Interval;
/// use phasegate::schedule::{Edges, Timing};
///
/// let night = Interval::parse("2026-03-02T20:00:00Z", "2026-03-03T06:00:00Z")?;
/// let march = Interval::parse("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")?;
/// assert_eq!(Timing::between(night).occurrences(march, Edges::Long), [night]);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "TimingFile", into = "TimingFile")]
#[doc(alias = "recurrence")]
pub struct Timing(Shape);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Between(Interval),
    WithoutEnd(Instant),
    #[cfg(feature = "calendar")]
    Local(Box<Local>),
}

/// Which way a window errs where clocks change and the wall clock does not say one instant.
///
/// | local edge falls in | start, long | end, long | start, short | end, short |
/// |---|---|---|---|---|
/// | a gap: clocks skip it | instant of the change | instant of the change | instant of the change | instant of the change |
/// | a fold: clocks show it twice | the earlier | the later | the later | the earlier |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Edges {
    /// In doubt it is in the window: so a freeze.
    Long,
    /// In doubt it is not: so an allow-window.
    Short,
}

impl Timing {
    /// Once, in this span of UTC.
    #[must_use]
    pub const fn between(span: Interval) -> Self {
        Self(Shape::Between(span))
    }

    /// From an instant on, without end.
    #[must_use]
    pub const fn without_end(starts: Instant) -> Self {
        Self(Shape::WithoutEnd(starts))
    }

    /// The occurrences that overlap a span, whole, in order of start; those that touch each other stay apart.
    #[must_use]
    pub fn occurrences(&self, within: Interval, edges: Edges) -> Vec<Interval> {
        let one = match self.shape() {
            Shape::Between(span) => Some(*span),
            Shape::WithoutEnd(starts) => occurrence(*starts, None),
            #[cfg(feature = "calendar")]
            Shape::Local(local) => return local.occurrences(within, edges),
        };
        // Instants need no rule for edges.
        let _ = edges;
        one.into_iter()
            .filter(|span| span.start() < within.end() && within.start() < span.end())
            .collect()
    }

    pub(super) const fn shape(&self) -> &Shape {
        &self.0
    }
}

/// What happens in a zone, and again.
#[cfg(feature = "calendar")]
impl Timing {
    /// Once, from what the clocks of a zone show to what they show; without end if there is none.
    ///
    /// # Errors
    ///
    /// - out of range: an edge before 1900, after 9999 or finer than a second; an end that is not after the start
    ///
    /// # Examples
    ///
    /// Saturday nights in Berlin, also that in which clocks change:
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use phasegate::phase::Interval;
    /// use phasegate::schedule::{Edges, Timing};
    ///
    /// let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    /// let starts = day(21).and_hms_opt(20, 0, 0).unwrap();
    /// let ends = day(22).and_hms_opt(6, 0, 0).unwrap();
    /// let nights = Timing::local("Europe/Berlin".parse()?, starts, ends)?.recurring("FREQ=WEEKLY;BYDAY=SA")?;
    ///
    /// let march = Interval::parse("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")?;
    /// assert_eq!(
    ///     nights.occurrences(march, Edges::Long),
    ///     [
    ///         Interval::parse("2026-03-21T19:00:00Z", "2026-03-22T05:00:00Z")?,
    ///         Interval::parse("2026-03-28T19:00:00Z", "2026-03-29T04:00:00Z")?, // an hour shorter
    ///     ]
    /// );
    ///
    /// let refused = nights.recurring("FREQ=WEEKLY;BYDAY=MO").unwrap_err();
    /// assert_eq!(
    ///     refused.to_string(),
    ///     "invalid rule `FREQ=WEEKLY;BYDAY=MO`: expected a rule that happens on the day of `starts`, 2026-03-21; it \
    ///      first happens on 2026-03-23",
    /// );
    /// # Ok::<(), phasegate::phase::Invalid>(())
    /// ```
    pub fn local(
        zone: Zone,
        starts: NaiveDateTime,
        ends: impl Into<Option<NaiveDateTime>>,
    ) -> Result<Self, Invalid> {
        Local::new(zone, starts, ends.into()).map(Self::of)
    }

    /// The same on all days of a rule, which is the text of an RRULE; it takes the place of an earlier one. A span of
    /// UTC recurs in UTC.
    ///
    /// # Errors
    ///
    /// - malformed, out of range, too large: what the rule cannot have, by part and value; see [`Timing`]
    /// - out of range: a rule that does not happen on the day of the start
    /// - malformed: what has no end, or lasts more than 366 days
    pub fn recurring(self, rule: &str) -> Result<Self, Invalid> {
        self.on_a_wall_clock("rule", rule)?
            .recurring(rule)
            .map(Self::of)
    }

    /// The same at more starts, besides those of the rule: what RDATE says.
    ///
    /// # Errors
    ///
    /// - too large: more than 1,000 in all
    /// - out of range: before 1900, after 9999, or finer than a second
    /// - malformed: what has no end, or lasts more than 366 days
    pub fn also(self, starts: impl IntoIterator<Item = NaiveDateTime>) -> Result<Self, Invalid> {
        self.on_a_wall_clock("also", "")?.also(starts).map(Self::of)
    }

    /// Not at these starts: what EXDATE says.
    ///
    /// # Errors
    ///
    /// - too large: more than 1,000 in all
    /// - out of range: before 1900, after 9999, or finer than a second
    /// - malformed: without end
    pub fn except(self, starts: impl IntoIterator<Item = NaiveDateTime>) -> Result<Self, Invalid> {
        self.on_a_wall_clock("except", "")?
            .except(starts)
            .map(Self::of)
    }

    /// Nothing that starts on these days.
    ///
    /// # Errors
    ///
    /// - too large: more than 1,000 in all
    /// - out of range: before 1900 or after 9999
    /// - malformed: without end
    pub fn except_days(self, days: impl IntoIterator<Item = NaiveDate>) -> Result<Self, Invalid> {
        self.on_a_wall_clock("except", "")?
            .except_days(days)
            .map(Self::of)
    }

    fn of(local: Local) -> Self {
        Self(Shape::Local(Box::new(local)))
    }

    fn on_a_wall_clock(self, what: &'static str, value: &str) -> Result<Local, Invalid> {
        let utc = |at: Instant| at.to_datetime().naive_utc();
        match self.0 {
            Shape::Local(local) => Ok(*local),
            Shape::Between(span) => Local::new(Zone::UTC, utc(span.start()), Some(utc(span.end()))),
            Shape::WithoutEnd(_) => {
                let expected = "an `ends` beside it: what has no end does not recur";
                Err(Invalid::new(InvalidKind::Malformed, what, value, expected))
            }
        }
    }
}

/// A span up to its end, or to the end of all instants; none if nothing lies in it.
pub(super) fn occurrence(start: Instant, end: Option<Instant>) -> Option<Interval> {
    let end = end.unwrap_or(Instant::nearest(DateTime::<Utc>::MAX_UTC));
    Interval::between(start, end)
}
