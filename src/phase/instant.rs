//! Points in time and lengths of time, small and exact.

use super::{Invalid, InvalidKind, written_as_text};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A point in time: UTC, in whole microseconds, from 1970 to the end of 9999.
///
/// # Time
///
/// Written as RFC 3339 with `Z`, as in `2026-03-02T10:00:00Z`. An offset is accepted on reading and turned into UTC.
/// Leap seconds are refused: they cannot be compared with what other systems say of the same moment.
///
/// # Examples
///
/// ```
/// use phasegate::phase::Instant;
///
/// let finished: Instant = "2026-03-02T12:00:00+02:00".parse()?;
/// assert_eq!(finished.to_string(), "2026-03-02T10:00:00Z");
///
/// let refused = "2016-12-31T23:59:60Z".parse::<Instant>().unwrap_err();
/// assert!(refused.to_string().contains("no leap second"));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[doc(alias = "timestamp")]
pub struct Instant(i64);

const MICROS: i64 = 1_000_000;
const LAST: i64 = 253_402_300_800 * MICROS - 1;
const EXPECTED: &str = "an instant such as `2026-03-02T10:00:00Z` from 1970 to 9999, no finer than a microsecond and no leap second";

impl Instant {
    pub(crate) const EPOCH: Self = Self(0);
    pub(crate) const BEFORE_LAST: Self = Self(LAST - 1);

    /// The instant so many microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// - out of range: before 1970 or after 9999
    pub fn from_unix_micros(micros: i64) -> Result<Self, Invalid> {
        if (0..=LAST).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(Invalid::new(
                InvalidKind::OutOfRange,
                "instant",
                micros,
                "microseconds from 1970 to 9999",
            ))
        }
    }

    /// The instant that lies nearest to what `chrono` has.
    pub(crate) fn nearest(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros().clamp(0, LAST))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// The UTC calendar day on which it falls.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        self.to_datetime().date_naive()
    }

    /// The start of a UTC calendar day.
    ///
    /// # Errors
    ///
    /// - out of range: before 1970 or after 9999
    pub fn start_of(day: NaiveDate) -> Result<Self, Invalid> {
        Self::try_from(day.and_time(chrono::NaiveTime::MIN).and_utc())
    }

    /// The same instant as `chrono` has it.
    #[must_use]
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The instant so much later, or the last one that can be written.
    #[must_use]
    pub fn plus(self, later: Seconds) -> Self {
        Self(self.0.saturating_add(i64::from(later.0) * MICROS).min(LAST))
    }

    /// The instant so much earlier, or the first one that can be written.
    #[must_use]
    pub fn minus(self, earlier: Seconds) -> Self {
        Self(self.0.saturating_sub(i64::from(earlier.0) * MICROS).max(0))
    }

    /// The seconds since an earlier instant, a part of one counted whole.
    pub(crate) fn after(self, earlier: Self) -> Seconds {
        let whole = self.since(earlier);
        let is_more = (self.0 - earlier.0).max(0) % MICROS > 0;
        Seconds(whole.0.saturating_add(u32::from(is_more)))
    }

    /// The instant one microsecond later, or the last one that can be written.
    pub(crate) fn next(self) -> Self {
        Self((self.0 + 1).min(LAST))
    }

    /// The whole seconds since an earlier instant, at most what fits; none since a later one.
    pub(crate) fn since(self, earlier: Self) -> Seconds {
        let seconds = (self.0 - earlier.0).max(0) / MICROS;
        Seconds(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

/// Takes `chrono`'s instants, cut to whole microseconds.
impl TryFrom<DateTime<Utc>> for Instant {
    type Error = Invalid;

    fn try_from(at: DateTime<Utc>) -> Result<Self, Invalid> {
        if at.timestamp_subsec_nanos() >= 1_000_000_000 {
            return Err(Invalid::new(
                InvalidKind::OutOfRange,
                "instant",
                at,
                EXPECTED,
            ));
        }
        Self::from_unix_micros(at.timestamp_micros())
    }
}

impl FromStr for Instant {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let at = DateTime::parse_from_rfc3339(text)
            .map_err(|_| Invalid::new(InvalidKind::Malformed, "instant", text, EXPECTED))?;
        if at.timestamp_subsec_nanos() >= 1_000_000_000 || at.timestamp_subsec_nanos() % 1_000 != 0
        {
            return Err(Invalid::new(
                InvalidKind::OutOfRange,
                "instant",
                text,
                EXPECTED,
            ));
        }
        Self::from_unix_micros(at.timestamp_micros())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(
            &self
                .to_datetime()
                .to_rfc3339_opts(SecondsFormat::AutoSi, true),
        )
    }
}

written_as_text!(Instant, EXPECTED);

/// A UTC calendar day from 1970 to 9999, written `2026-03-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    pub(crate) const FIRST: Self = Self::from_ymd(1970, 1, 1);
    pub(crate) const LAST: Self = Self::from_ymd(9999, 12, 31);

    const fn from_ymd(year: i32, month: u32, day: u32) -> Self {
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(day) => Self(day),
            None => Self(NaiveDate::MIN),
        }
    }

    /// The day as `chrono` has it, if it can be written.
    ///
    /// # Errors
    ///
    /// - out of range: before 1970 or after 9999
    pub fn new(day: NaiveDate) -> Result<Self, Invalid> {
        Instant::start_of(day).map(|_| Self(day))
    }

    /// The same day as `chrono` has it.
    #[must_use]
    pub const fn date(self) -> NaiveDate {
        self.0
    }
}

impl FromStr for Day {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|day| day.to_string() == text);
        let refused = || {
            Invalid::new(
                InvalidKind::Malformed,
                "day",
                text,
                "a day such as `2026-03-02`",
            )
        };
        Self::new(day.ok_or_else(refused)?)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

written_as_text!(Day, "a day such as `2026-03-02`");

/// A length of time in whole seconds, from nothing to about 136 years.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seconds(u32);

impl Seconds {
    /// So many seconds.
    #[must_use]
    pub const fn new(seconds: u32) -> Self {
        Self(seconds)
    }

    /// So many minutes; at most what fits.
    #[must_use]
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// So many hours; at most what fits.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self(hours.saturating_mul(3_600))
    }

    /// So many days of 24 hours; at most what fits.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self(days.saturating_mul(86_400))
    }

    /// The number of seconds.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// In the largest unit of which it is a whole number: `2 days`, `36 hours`, `90 seconds`.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
        let whole = |(length, _): &(u32, _)| self.0 > 0 && self.0.is_multiple_of(*length);
        let (length, unit) = units.into_iter().find(whole).unwrap_or((1, "second"));
        let many = if self.0 == length { "" } else { "s" };
        write!(f, "{} {unit}{many}", self.0 / length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2026-03-02T10:00:00.000001Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(text.parse::<Instant>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn absurd_instants_are_refused() {
        for text in [
            "",
            "now",
            "2026-03-02",
            "2026-03-02T10:00:00",
            "1969-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-03-02T10:00:00.0000001Z",
        ] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
        assert!(
            Instant::from_unix_micros(-1).is_err() && Instant::from_unix_micros(LAST + 1).is_err()
        );
        assert!(Instant::try_from(DateTime::<Utc>::MAX_UTC).is_err());
    }

    #[test]
    fn a_length_of_time_is_told_in_its_largest_whole_unit() {
        for (seconds, told) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (3_600, "1 hour"),
            (36 * 3_600, "36 hours"),
            (2 * 86_400, "2 days"),
        ] {
            assert_eq!(Seconds::new(seconds).to_string(), told);
        }
    }

    #[test]
    fn adding_stops_at_the_ends() {
        assert_eq!(Instant(LAST).plus(Seconds::days(1)), Instant(LAST));
        assert_eq!(Instant(0).minus(Seconds::days(u32::MAX)), Instant(0));
    }
}
