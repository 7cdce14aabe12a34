//! Time zones of the IANA database: from a place's wall clock to instants, and back.

use crate::phase::{Instant, Invalid, InvalidKind, written_as_text};
use chrono::{
    DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
};
use chrono_tz::Tz;
use std::{fmt, str::FromStr};

/// A time zone by its name in the IANA database, such as `Europe/Berlin`.
///
/// # Time
///
/// The rules of the zones are data of the build, never of the machine: the same build gives the same answer
/// everywhere. They reach to the end of 2099; later, a zone keeps the offset that it has then.
///
/// # Source
///
/// [The IANA time zone database](https://www.iana.org/time-zones).
///
/// # Examples
///
/// ```
/// use phasegate::schedule::Zone;
///
/// let berlin: Zone = "Europe/Berlin".parse()?;
/// let noon = berlin.wall_clock("2026-07-01T10:00:00Z".parse()?);
/// assert_eq!(noon.to_string(), "2026-07-01 12:00:00");
///
/// let refused = "europe/berlin".parse::<Zone>().unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "invalid zone `europe/berlin`: expected the IANA name as it is written there, `Europe/Berlin`",
/// );
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "timezone")]
pub struct Zone(Tz);

const EXPECTED: &str = "the IANA name of a zone, such as `Europe/Berlin` or `UTC`";

impl Zone {
    /// Universal time, which knows no changes of the clock.
    pub const UTC: Self = Self(Tz::UTC);

    /// The name in the IANA database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What the clocks of the zone show at an instant.
    #[must_use]
    pub fn wall_clock(self, at: Instant) -> NaiveDateTime {
        self.shows(at.to_datetime().naive_utc())
    }

    /// When a day begins: the first of its instants, and where the clocks skip midnight, the instant of the change.
    pub(crate) fn midnight(self, day: NaiveDate) -> Instant {
        self.instant(day.and_time(NaiveTime::MIN), Edge::Earlier)
    }

    pub(super) fn shows(self, utc: NaiveDateTime) -> NaiveDateTime {
        let offset = self.0.offset_from_utc_datetime(&utc).fix();
        utc.checked_add_offset(offset).unwrap_or(utc)
    }

    /// When the clocks show this: of two instants the one that `edge` says, and where the clocks skip it, the instant
    /// of the change. Before 1970 and after 9999 the nearest instant that can be written.
    pub(super) fn instant(self, local: NaiveDateTime, edge: Edge) -> Instant {
        let utc = match self.0.offset_from_local_datetime(&local) {
            MappedLocalTime::Single(offset) => before(local, &offset),
            MappedLocalTime::Ambiguous(one, other) => {
                let (one, other) = (before(local, &one), before(local, &other));
                match edge {
                    Edge::Earlier => one.min(other),
                    Edge::Later => one.max(other),
                }
            }
            MappedLocalTime::None => self.change_over(local),
        };
        Instant::nearest(DateTime::from_naive_utc_and_offset(utc, chrono::Utc))
    }

    /// The first second after which the clocks show more than `local`, which they never show.
    fn change_over(self, local: NaiveDateTime) -> NaiveDateTime {
        // No offset is larger than a day, and no gap longer.
        let (mut shows_less, mut shows_more) = (-2 * DAY, 2 * DAY);
        let utc = |seconds| {
            local
                .checked_add_signed(TimeDelta::seconds(seconds))
                .unwrap_or(local)
        };
        while shows_more - shows_less > 1 {
            let between = i64::midpoint(shows_less, shows_more);
            if self.shows(utc(between)) < local {
                shows_less = between;
            } else {
                shows_more = between;
            }
        }
        utc(shows_more)
    }
}

/// Which instant is meant where the clocks show the same twice.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edge {
    Earlier,
    Later,
}

const DAY: i64 = 86_400;

fn before(local: NaiveDateTime, offset: &impl Offset) -> NaiveDateTime {
    local.checked_sub_offset(offset.fix()).unwrap_or(local)
}

impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.parse().map(Self).map_err(|_| {
            let near = |zone: &&Tz| zone.name().eq_ignore_ascii_case(text);
            match chrono_tz::TZ_VARIANTS.iter().find(near) {
                Some(near) => Invalid::new(
                    InvalidKind::Malformed,
                    "zone",
                    text,
                    format!("the IANA name as it is written there, `{}`", near.name()),
                ),
                None => Invalid::new(InvalidKind::Malformed, "zone", text, EXPECTED),
            }
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

written_as_text!(Zone, EXPECTED);

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(zone: &str, at: &str) -> String {
        let zone: Zone = zone.parse().unwrap();
        let shown = zone.wall_clock(at.parse().unwrap());
        shown.format("%FT%T").to_string()
    }

    #[test]
    fn a_name_is_taken_as_the_database_writes_it() {
        for name in [
            "UTC",
            "Europe/Berlin",
            "America/Argentina/Ushuaia",
            "Etc/GMT+5",
            "US/Eastern",
        ] {
            assert_eq!(name.parse::<Zone>().unwrap().to_string(), name);
            let json = format!("\"{name}\"");
            let read: Zone = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
        for name in [
            "",
            " UTC",
            "UTC ",
            "Berlin",
            "+01:00",
            "CEST",
            "Europe/Atlantis",
            "\u{0}",
        ] {
            let refused = name.parse::<Zone>().unwrap_err();
            assert_eq!(refused.expected(), EXPECTED, "{name}");
        }
        let refused = "utc".parse::<Zone>().unwrap_err();
        assert!(refused.expected().ends_with("`UTC`"));
    }

    #[test]
    fn rules_of_summer_time_reach_to_2099() {
        // In the south, that is in the middle of summer.
        assert_eq!(
            wall("Europe/Berlin", "2099-07-01T10:00:00Z"),
            "2099-07-01T12:00:00"
        );
        assert_eq!(
            wall("Europe/Berlin", "2100-07-01T10:00:00Z"),
            "2100-07-01T11:00:00"
        );
        assert_eq!(
            wall("Australia/Sydney", "2100-07-01T10:00:00Z"),
            "2100-07-01T21:00:00"
        );
    }

    #[test]
    fn what_the_clocks_of_any_zone_show_is_found_again() {
        let day = |days: i64| DateTime::UNIX_EPOCH + TimeDelta::days(days);
        for zone in chrono_tz::TZ_VARIANTS {
            let zone = Zone(zone);
            for at in (0..26_000).step_by(7).map(day) {
                let at = Instant::nearest(at + TimeDelta::minutes(at.timestamp() / 86_400 % 1_440));
                let local = zone.wall_clock(at);
                let (earlier, later) = (
                    zone.instant(local, Edge::Earlier),
                    zone.instant(local, Edge::Later),
                );
                assert!(earlier == at || later == at, "{zone} {at}");
                assert!(earlier <= later, "{zone} {at}");
            }
        }
    }
}
