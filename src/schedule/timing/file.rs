//! How a timing is written in a file, and read.

#[cfg(feature = "calendar")]
use super::super::local::Local;
use super::Shape;
use super::Timing;
use crate::phase::{Instant, Interval, Invalid, InvalidKind};
use crate::release::file::Reader;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
/// How files write a timing: these keys stand among those of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct TimingFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::schedule) zone: Option<String>,
    pub(in crate::schedule) starts: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::schedule) ends: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::schedule) rule: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::schedule) also: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::schedule) except: Vec<String>,
}

impl TimingFile {
    /// The timing, or the first mistake in it, at its place.
    pub(in crate::schedule) fn read(self, reader: &mut Reader<()>) -> Option<Timing> {
        let keys = ["zone", "starts", "ends", "rule", "also", "except"];
        let key = |refused: &Invalid| keys.into_iter().find(|key| *key == refused.what());
        match Timing::try_from(self) {
            Ok(timing) => Some(timing),
            Err(refused) => {
                match key(&refused) {
                    Some(key) => reader.within_key(key, |reader| reader.mistake(&refused)),
                    None => reader.mistake(&refused),
                }
                None
            }
        }
    }
}

impl TryFrom<TimingFile> for Timing {
    type Error = Invalid;

    fn try_from(file: TimingFile) -> Result<Self, Invalid> {
        match &file.zone {
            Some(zone) => local(zone, &file),
            None => universal(&file),
        }
    }
}

fn universal(file: &TimingFile) -> Result<Timing, Invalid> {
    let recurs = [
        ("rule", file.rule.as_ref()),
        ("also", file.also.first()),
        ("except", file.except.first()),
    ];
    for (what, value) in recurs {
        if let Some(value) = value {
            let expected = if cfg!(feature = "calendar") {
                "a `zone` beside it, such as `Europe/Berlin` or `UTC`"
            } else {
                WITHOUT_CALENDAR
            };
            return Err(Invalid::new(InvalidKind::Malformed, what, value, expected));
        }
    }
    let starts = instant("starts", &file.starts)?;
    match &file.ends {
        None => Ok(Timing::without_end(starts)),
        Some(ends) => Interval::new(starts, instant("ends", ends)?).map(Timing::between),
    }
}

pub(in crate::schedule) const WITHOUT_CALENDAR: &str =
    "none: this build of phasegate is without the feature `calendar`";

#[cfg(not(feature = "calendar"))]
fn local(zone: &str, _: &TimingFile) -> Result<Timing, Invalid> {
    Err(Invalid::new(
        InvalidKind::Malformed,
        "zone",
        zone,
        WITHOUT_CALENDAR,
    ))
}

#[cfg(feature = "calendar")]
fn local(zone: &str, file: &TimingFile) -> Result<Timing, Invalid> {
    let starts = wall_clock("starts", &file.starts)?;
    let ends = file.ends.as_ref().map(|ends| wall_clock("ends", ends));
    let mut local = Local::new(zone.parse()?, starts, ends.transpose()?)?;
    if let Some(rule) = &file.rule {
        local = local.recurring(rule)?;
    }
    for also in &file.also {
        local = local.also([wall_clock("also", also)?])?;
    }
    for except in &file.except {
        local = match day(except) {
            Some(day) => local.except_days([day])?,
            None => local.except([wall_clock("except", except)?])?,
        };
    }
    Ok(Timing::of(local))
}

fn instant(what: &'static str, text: &str) -> Result<Instant, Invalid> {
    text.parse().map_err(|refused: Invalid| {
        let expected = match floating(text) {
            Some(_) => "`Z` or an offset at the end, or a `zone` beside it: without, it is another instant in each place",
            None => refused.expected(),
        };
        Invalid::new(refused.kind(), what, text, expected.to_owned())
    })
}

#[cfg(feature = "calendar")]
fn wall_clock(what: &'static str, text: &str) -> Result<NaiveDateTime, Invalid> {
    floating(text).ok_or_else(|| {
        let expected = match text.parse::<Instant>() {
            Ok(_) => "no `Z` and no offset, since `zone` says where: a local time such as `2026-03-02T20:00`",
            Err(_) => "a local time such as `2026-03-02T20:00`, or a day such as `2026-03-02`",
        };
        Invalid::new(InvalidKind::Malformed, what, text, expected)
    })
}

/// A time that does not say where: a day and perhaps a time of day.
fn floating(text: &str) -> Option<NaiveDateTime> {
    let Some((date, time)) = text.split_once('T') else {
        return day(text).map(|day| day.and_time(NaiveTime::MIN));
    };
    let written = |format| {
        let read = NaiveTime::parse_from_str(time, format).ok()?;
        (read.format(format).to_string() == time).then_some(read)
    };
    let time = written("%H:%M").or_else(|| written("%H:%M:%S"))?;
    Some(day(date)?.and_time(time))
}

fn day(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (day.to_string() == text).then_some(day)
}

impl From<Timing> for TimingFile {
    fn from(timing: Timing) -> Self {
        let universal = |starts: Instant, ends: Option<Instant>| Self {
            zone: None,
            starts: starts.to_string(),
            ends: ends.map(|ends| ends.to_string()),
            rule: None,
            also: Vec::new(),
            except: Vec::new(),
        };
        match timing.0 {
            Shape::Between(span) => universal(span.start(), Some(span.end())),
            Shape::WithoutEnd(starts) => universal(starts, None),
            #[cfg(feature = "calendar")]
            Shape::Local(local) => Self::of(&local),
        }
    }
}

#[cfg(feature = "calendar")]
impl TimingFile {
    fn of(local: &Local) -> Self {
        let days = local.except_days.iter().map(ToString::to_string);
        Self {
            zone: Some(local.zone.to_string()),
            starts: written(local.starts),
            ends: local.ends.map(written),
            rule: local.recurrence.as_ref().map(ToString::to_string),
            also: local.also.iter().copied().map(written).collect(),
            except: days
                .chain(local.except.iter().copied().map(written))
                .collect(),
        }
    }
}

/// To the minute where that is exact.
#[cfg(feature = "calendar")]
fn written(local: NaiveDateTime) -> String {
    use chrono::Timelike;
    let format = if local.second() == 0 {
        "%Y-%m-%dT%H:%M"
    } else {
        "%Y-%m-%dT%H:%M:%S"
    };
    local.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Timing, String> {
        serde_json::from_str(json).map_err(|refused| {
            let told = refused.to_string();
            told.split(" at line ").next().unwrap().to_owned()
        })
    }

    fn keeps(json: &str) {
        let timing = read(json).unwrap();
        assert_eq!(serde_json::to_string(&timing).unwrap(), json);
    }

    #[test]
    fn a_span_of_instants_is_kept_as_it_is() {
        keeps(r#"{"starts":"2026-03-02T20:00:00Z","ends":"2026-03-02T22:00:00.000001Z"}"#);
        keeps(r#"{"starts":"2026-03-02T20:00:00Z"}"#);
        let offset = read(r#"{"starts":"2026-03-02T21:00:00+01:00"}"#).unwrap();
        assert_eq!(Ok(offset), read(r#"{"starts":"2026-03-02T20:00:00Z"}"#));
    }

    #[test]
    fn a_time_that_does_not_say_where_is_refused() {
        let told = "`Z` or an offset at the end, or a `zone` beside it: without, it is another instant in each place";
        for starts in ["2026-03-02T20:00", "2026-03-02T20:00:00", "2026-03-02"] {
            assert_eq!(
                read(&format!(r#"{{"starts":"{starts}"}}"#)),
                Err(format!("invalid starts `{starts}`: expected {told}"))
            );
        }
        assert_eq!(
            read(r#"{"starts":"2026-03-02T20:00:00Z","ends":"2026-03-02"}"#),
            Err(format!("invalid ends `2026-03-02`: expected {told}"))
        );
    }

    #[test]
    fn what_is_no_time_is_refused_by_its_key() {
        let told = "an instant such as `2026-03-02T10:00:00Z` from 1970 to 9999, no finer than a microsecond and no leap second";
        for (json, refused) in [
            (
                r#"{"starts":"soon"}"#,
                format!("invalid starts `soon`: expected {told}"),
            ),
            (
                r#"{"starts":"2026-03-02T20:00:00Z","ends":"late"}"#,
                format!("invalid ends `late`: expected {told}"),
            ),
            (
                r#"{"starts":"2026-03-02T20:00:00Z","ends":"2026-03-02T20:00:00Z"}"#,
                "invalid interval `2026-03-02T20:00:00Z to 2026-03-02T20:00:00Z`: expected an end after the start"
                    .to_owned(),
            ),
            (r#"{"ends":"2026-03-02T20:00:00Z"}"#, "missing field `starts`".to_owned()),
        ] {
            assert_eq!(read(json), Err(refused));
        }
        let unknown = read(r#"{"starts":"2026-03-02T20:00:00Z","timezone":"UTC"}"#).unwrap_err();
        assert!(unknown.starts_with("unknown field `timezone`"), "{unknown}");
    }

    #[test]
    #[cfg(not(feature = "calendar"))]
    fn without_the_calendar_a_file_that_needs_it_is_refused() {
        for (key, value, shown) in [
            ("zone", r#""Europe/Berlin""#, "Europe/Berlin"),
            ("rule", r#""FREQ=DAILY""#, "FREQ=DAILY"),
            ("also", r#"["2026-03-02T20:00"]"#, "2026-03-02T20:00"),
            ("except", r#"["2026-03-02"]"#, "2026-03-02"),
        ] {
            let json = format!(r#"{{"starts":"2026-03-02T20:00:00Z","{key}":{value}}}"#);
            assert_eq!(
                read(&json),
                Err(format!(
                    "invalid {key} `{shown}`: expected none: this build of phasegate is without the feature `calendar`"
                ))
            );
        }
    }

    #[test]
    #[cfg(feature = "calendar")]
    fn local_times_are_kept_as_they_are() {
        keeps(r#"{"zone":"Europe/Berlin","starts":"2026-03-02T20:00"}"#);
        keeps(
            r#"{"zone":"Europe/Berlin","starts":"2026-03-02T20:00","ends":"2026-03-03T06:00:01","rule":"FREQ=WEEKLY;BYDAY=MO","also":["2026-03-05T20:00"],"except":["2026-03-09","2026-03-16T20:00"]}"#,
        );
        let days = read(r#"{"zone":"UTC","starts":"2026-12-24","ends":"2026-12-27"}"#).unwrap();
        let span = Interval::parse("2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z").unwrap();
        assert_eq!(days.occurrences(span, crate::schedule::Edges::Long), [span]);
    }

    #[test]
    #[cfg(feature = "calendar")]
    fn a_zone_and_an_offset_are_not_said_together() {
        for starts in ["2026-03-02T20:00:00Z", "2026-03-02T20:00:00+01:00"] {
            let json = format!(r#"{{"zone":"Europe/Berlin","starts":"{starts}"}}"#);
            assert_eq!(
                read(&json),
                Err(format!(
                    "invalid starts `{starts}`: expected no `Z` and no offset, since `zone` says where: a local time such \
                     as `2026-03-02T20:00`"
                ))
            );
        }
        for starts in [
            "",
            "T",
            "2026-3-2",
            "2026-03-02T",
            "2026-03-02T8:00",
            "2026-02-30",
            "2026-03-02T24:00",
            "2026-03-02 20:00",
        ] {
            let json = format!(r#"{{"zone":"Europe/Berlin","starts":"{starts}"}}"#);
            assert_eq!(
                read(&json),
                Err(format!(
                    "invalid starts `{starts}`: expected a local time such as `2026-03-02T20:00`, or a day such as \
                     `2026-03-02`"
                ))
            );
        }
        let leap = read(r#"{"zone":"UTC","starts":"2016-12-31T23:59:60"}"#).unwrap_err();
        assert!(leap.ends_with("whole seconds"), "{leap}");
    }

    #[test]
    #[cfg(feature = "calendar")]
    fn what_recurs_says_where() {
        for (key, value, shown) in [
            ("rule", r#""FREQ=DAILY""#, "FREQ=DAILY"),
            ("also", r#"["2026-03-02T20:00"]"#, "2026-03-02T20:00"),
            ("except", r#"["2026-03-02"]"#, "2026-03-02"),
        ] {
            let json = format!(r#"{{"starts":"2026-03-02T20:00:00Z","{key}":{value}}}"#);
            assert_eq!(
                read(&json),
                Err(format!(
                    "invalid {key} `{shown}`: expected a `zone` beside it, such as `Europe/Berlin` or `UTC`"
                ))
            );
        }
    }

    #[test]
    #[cfg(feature = "calendar")]
    fn a_mistake_in_a_file_is_told_by_part_and_value() {
        for (more, refused) in [
            (
                r#""ends":"2026-03-03","rule":"FREQ=HOURLY""#,
                "invalid rule part `FREQ=HOURLY`: expected DAILY, WEEKLY, MONTHLY or YEARLY",
            ),
            (
                r#""rule":"FREQ=DAILY""#,
                "invalid rule `FREQ=DAILY`: expected an `ends` beside it",
            ),
            (
                r#""ends":"2026-03-02""#,
                "invalid ends `2026-03-02T00:00:00`: expected an end after",
            ),
            (
                r#""ends":"2026-03-03","also":["2026-03-05T20:00Z"]"#,
                "invalid also `2026-03-05T20:00Z`: expected a local time",
            ),
            (
                r#""ends":"2026-03-03","except":["never"]"#,
                "invalid except `never`: expected a local time",
            ),
        ] {
            let json = format!(r#"{{"zone":"UTC","starts":"2026-03-02",{more}}}"#);
            let told = read(&json).unwrap_err();
            assert!(told.starts_with(refused), "{told}");
        }
        let refused = read(r#"{"zone":"Mars","starts":"2026-03-02"}"#).unwrap_err();
        assert!(refused.starts_with("invalid zone `Mars`"), "{refused}");

        let many = [r#""2026-03-02""#; 3].join(",");
        assert!(
            read(&format!(
                r#"{{"zone":"UTC","starts":"2026-03-02","except":[{many}]}}"#
            ))
            .is_ok()
        );
        let day = |n| NaiveDate::default() + chrono::Days::new(n);
        let days: Vec<_> = (0..1_001).map(|n| format!(r#""{}""#, day(n))).collect();
        let json = format!(
            r#"{{"zone":"UTC","starts":"2026-03-02","except":[{}]}}"#,
            days.join(",")
        );
        let refused = "invalid number of dates in `except` `1001`: expected at most 1,000";
        assert_eq!(read(&json), Err(refused.to_owned()));
    }
}
