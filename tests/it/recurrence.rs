//! When a window recurs is what RFC 5545 says and another implementation finds, and its edges are those of the table.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use phasegate::phase::{Instant, Interval, Invalid};
use phasegate::schedule::{Edges, Timing, Zone};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn span(from: NaiveDate, to: NaiveDate) -> Interval {
    let start = |day| Instant::start_of(day).unwrap();
    Interval::new(start(from), start(to)).unwrap()
}

/// An hour from 9:00 on the days of a rule.
fn hours(zone: Zone, first: NaiveDate, rule: &str) -> Result<Timing, Invalid> {
    let nine = first.and_hms_opt(9, 0, 0).unwrap();
    Timing::local(zone, nine, nine + TimeDelta::hours(1))?.recurring(rule)
}

/// The local days on which it happens, each at nine for an hour.
fn days(zone: Zone, timing: &Timing, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
    let spans = timing.occurrences(span(from, to), Edges::Long);
    let starts: Vec<_> = spans
        .iter()
        .map(|span| {
            let (start, end) = (zone.wall_clock(span.start()), zone.wall_clock(span.end()));
            assert_eq!((start.time(), end - start), (nine, TimeDelta::hours(1)));
            start.date()
        })
        .collect();
    assert!(starts.is_sorted_by(|a, b| a < b), "{starts:?}");
    starts
}

mod published {
    //! The examples of RFC 5545, section 3.8.5.3, that are daily or coarser. All are at 9:00 in New York.
    use super::*;

    /// `1997-09-02 04 10-02`: days of the month and year before, or with a new month or year.
    fn dates(text: &str) -> Vec<NaiveDate> {
        let mut last = NaiveDate::MIN;
        let mut dates = Vec::new();
        for word in text.split_whitespace() {
            let parts: Vec<_> = word.split('-').map(|part| part.parse().unwrap()).collect();
            last = match parts[..] {
                [day] => last.with_day(day).unwrap(),
                [month, day] => NaiveDate::from_ymd_opt(last.year(), month, day).unwrap(),
                [year, month, day] => {
                    NaiveDate::from_ymd_opt(year.try_into().unwrap(), month, day).unwrap()
                }
                _ => panic!("{word}"),
            };
            dates.push(last);
        }
        dates
    }

    /// Checks all dates of a rule that ends, or the first of one that goes on.
    fn check(rule: &str, text: &str) {
        let (new_york, expected) = (zone("America/New_York"), dates(text));
        let timing = hours(new_york, expected[0], rule).unwrap_or_else(|e| panic!("{rule}: {e}"));
        let ends = rule.contains("COUNT") || rule.contains("UNTIL");
        let last = *expected.last().unwrap();
        let to = if ends {
            last + Days::new(4_000)
        } else {
            last + Days::new(1)
        };
        assert_eq!(days(new_york, &timing, expected[0], to), expected, "{rule}");
    }

    fn every_day(from: &str, to: &str) -> String {
        let days = day(from).iter_days().take_while(|d| *d <= day(to));
        let days: Vec<_> = days.map(|d| d.to_string()).collect();
        days.join(" ") + " "
    }

    #[test]
    fn daily() {
        check("FREQ=DAILY;COUNT=10", "1997-9-2 3 4 5 6 7 8 9 10 11");
        check(
            "FREQ=DAILY;UNTIL=19971224T000000Z",
            &every_day("1997-09-02", "1997-12-23"),
        );
        check(
            "FREQ=DAILY;INTERVAL=2",
            "1997-9-2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 10-2 4",
        );
        check("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-9-2 12 22 10-2 12");
        let januaries = [1998, 1999, 2000]
            .map(|year| every_day(&format!("{year}-01-01"), &format!("{year}-01-31")))
            .concat();
        check(
            "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
            &januaries,
        );
        check("FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", &januaries);
    }

    #[test]
    fn weekly() {
        let ten = "1997-9-2 9 16 23 30 10-7 14 21 28 11-4";
        check("FREQ=WEEKLY;COUNT=10", ten);
        check(
            "FREQ=WEEKLY;UNTIL=19971224T000000Z",
            &format!("{ten} 11 18 25 12-2 9 16 23"),
        );
        check(
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            "1997-9-2 16 30 10-14 28 11-11 25 12-9 23 1998-1-6 20 2-3 17",
        );
        let five_weeks = "1997-9-2 4 9 11 16 18 23 25 30 10-2";
        check(
            "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
            five_weeks,
        );
        check("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", five_weeks);
        check(
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
            "1997-9-1 3 5 15 17 19 29 10-1 3 13 15 17 27 29 31 11-10 12 14 24 26 28 12-8 10 12 22",
        );
        check(
            "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
            "1997-9-2 4 16 18 30 10-2 14 16",
        );
        check(
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "1997-8-5 10 19 24",
        );
        check(
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "1997-8-5 17 19 31",
        );
    }

    #[test]
    fn monthly() {
        let fridays = "1997-9-5 10-3 11-7 12-5";
        check(
            "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
            &format!("{fridays} 1998-1-2 2-6 3-6 4-3 5-1 6-5"),
        );
        check("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", fridays);
        for (rule, dates) in [
            (
                "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
                "1997-9-7 28 11-2 30 1998-1-4 25 3-1 29 5-3 31",
            ),
            (
                "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
                "1997-9-22 10-20 11-17 12-22 1998-1-19 2-16",
            ),
            (
                "FREQ=MONTHLY;BYMONTHDAY=-3",
                "1997-9-28 10-29 11-28 12-29 1998-1-29 2-26",
            ),
            (
                "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
                "1997-9-2 15 10-2 15 11-2 15 12-2 15 1998-1-2 15",
            ),
            (
                "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
                "1997-9-30 10-1 31 11-1 30 12-1 31 1998-1-1 31 2-1",
            ),
            (
                "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
                "1997-9-10 11 12 13 14 15 1999-3-10 11 12 13",
            ),
            (
                "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
                "1997-9-2 9 16 23 30 11-4 11 18 25 1998-1-6 13 20 27 3-3 10 17 24 31",
            ),
            (
                "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
                "1997-9-13 10-11 11-8 12-13 1998-1-10 2-7 3-7 4-11 5-9 6-13",
            ),
            (
                "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
                "1997-9-4 10-7 11-6",
            ),
            (
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
                "1997-9-29 10-30 11-27 12-30 1998-1-29 2-26 3-30",
            ),
            (
                "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
                "2007-1-15 30 2-15 3-15 30",
            ),
            // Published with a start that is no Friday the 13th, which is then taken out as an exception.
            (
                "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
                "1998-2-13 3-13 11-13 1999-8-13 2000-10-13",
            ),
        ] {
            check(rule, dates);
        }
    }

    #[test]
    fn yearly() {
        for (rule, dates) in [
            (
                "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
                "1997-6-10 7-10 1998-6-10 7-10 1999-6-10 7-10 2000-6-10 7-10 2001-6-10 7-10",
            ),
            (
                "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
                "1997-3-10 1999-1-10 2-10 3-10 2001-1-10 2-10 3-10 2003-1-10 2-10 3-10",
            ),
            (
                "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
                "1997-1-1 4-10 7-19 2000-1-1 4-9 7-18 2003-1-1 4-10 7-19 2006-1-1",
            ),
            ("FREQ=YEARLY;BYDAY=20MO", "1997-5-19 1998-5-18 1999-5-17"),
            (
                "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
                "1997-5-12 1998-5-11 1999-5-17",
            ),
            (
                "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
                "1997-3-13 20 27 1998-3-5 12 19 26 1999-3-4 11 18 25",
            ),
            (
                "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
                "1997-6-5 12 19 26 7-3 10 17 24 31 8-7 14 21 28 1998-6-4 11 18 25 7-2 9 16 23 30 8-6 13 20 27 \
                 1999-6-3 10 17 24 7-1 8 15 22 29 8-5 12 19 26",
            ),
            (
                "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
                "1996-11-5 2000-11-7 2004-11-2",
            ),
        ] {
            check(rule, dates);
        }
    }
}

mod another_implementation {
    //! The crate `rrule` expands the same rules, in UTC. Where it does otherwise than RFC 5545, the test says how.
    use super::*;

    #[derive(Debug, Clone)]
    struct Asked {
        first: NaiveDate,
        frequency: &'static str,
        parts: BTreeMap<&'static str, String>,
    }

    impl Asked {
        fn rule(&self) -> String {
            let parts = self
                .parts
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            let frequency = format!("FREQ={}", self.frequency);
            [frequency]
                .into_iter()
                .chain(parts)
                .collect::<Vec<_>>()
                .join(";")
        }

        /// What `rrule` makes of it, at most so many.
        fn expanded(&self, most: u16) -> Vec<NaiveDate> {
            let mut asked = self.clone();
            let names = |part| self.parts.contains_key(part);
            let weekday = |day: NaiveDate| day.weekday().to_string()[..2].to_uppercase();
            // It takes each day of the weeks where no day is named. RFC 5545: "Information, not contained in the rule,
            // necessary to determine the various recurrence instance start time and dates are derived from the Start
            // Time".
            if names("BYWEEKNO") && !["BYDAY", "BYMONTHDAY", "BYYEARDAY"].into_iter().any(names) {
                asked.parts.insert("BYDAY", weekday(self.first));
            }
            // Its first week begins with the start, so that BYSETPOS counts from there. RFC 5545 counts in "the set of
            // recurrence instances specified by the rule" of one week. So it is asked from the start of that week.
            let mut most = most;
            if self.frequency == "WEEKLY" && names("BYSETPOS") {
                let week_start = self.parts.get("WKST").map_or("MO", |day| day);
                asked
                    .parts
                    .entry("BYDAY")
                    .or_insert_with(|| weekday(self.first));
                while weekday(asked.first) != week_start {
                    asked.first = asked.first - Days::new(1);
                }
                if let Some(count) = asked.parts.remove("COUNT") {
                    most = most.min(count.parse().unwrap());
                }
            }
            let start = asked.first.format("%Y%m%dT090000Z");
            let text = format!("DTSTART:{start}\nRRULE:{}", asked.rule());
            let set: rrule::RRuleSet = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            let expanded = set.all(most + 7).dates;
            expanded
                .iter()
                .map(chrono::DateTime::date_naive)
                .filter(|day| *day >= self.first)
                .take(most.into())
                .collect()
        }

        /// Whether a year's weeks may make it differ: see `rules`.
        fn is_at_the_turn(&self, day: NaiveDate) -> bool {
            self.parts.contains_key("BYWEEKNO")
                && matches!((day.month(), day.day()), (12, 29..) | (1, ..=3))
        }
    }

    fn list(
        values: impl Strategy<Value = i32> + 'static,
        most: usize,
    ) -> BoxedStrategy<Option<String>> {
        let text = |values: BTreeSet<i32>| {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            values.join(",")
        };
        prop::option::of(prop::collection::btree_set(values, 1..=most).prop_map(text)).boxed()
    }

    fn either_way(most: i32) -> impl Strategy<Value = i32> {
        (1..=most, any::<bool>()).prop_map(|(value, back)| if back { -value } else { value })
    }

    /// Weekdays all numbered or all plain: of `1MO,WE`, `rrule` takes only what is both. The last number back, such as
    /// `-5MO` in a month, it does not take. For those see `numbered_weekdays_that_it_does_not_take`.
    fn weekdays(numbered: Option<i32>) -> BoxedStrategy<Option<String>> {
        const NAMES: &[&str] = &["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
        let name = prop::sample::select(NAMES);
        let one = match numbered {
            Some(most) => (
                either_way(most).prop_map(move |nth| if nth == -most { most } else { nth }),
                name,
            )
                .prop_map(|(nth, name)| format!("{nth}{name}"))
                .boxed(),
            None => name.prop_map(str::to_owned).boxed(),
        };
        let several = prop::collection::btree_set(one, 1..4);
        let text = |days: BTreeSet<String>| Vec::from_iter(days).join(",");
        prop::option::of(several.prop_map(text)).boxed()
    }

    /// The lists of days that the frequency may have.
    fn lists(frequency: &'static str) -> impl Strategy<Value = BTreeMap<&'static str, String>> {
        let never = || Just(None).boxed();
        let yearly = |list| if frequency == "YEARLY" { list } else { never() };
        let month_days = match frequency {
            "WEEKLY" => never(),
            _ => list(either_way(31), 4),
        };
        let numbered: &[_] = match frequency {
            "MONTHLY" => &[Some(5), None],
            "YEARLY" => &[Some(5), Some(53), None],
            _ => &[None],
        };
        let weekdays = prop::sample::select(numbered).prop_flat_map(weekdays);
        (
            prop::option::weighted(0.2, list(1..=12, 4)),
            prop::option::weighted(0.5, month_days),
            prop::option::weighted(0.5, weekdays),
            prop::option::weighted(0.2, yearly(list(either_way(366), 6))),
            prop::option::weighted(0.2, yearly(list(either_way(53), 4))),
            prop::option::weighted(0.3, list(either_way(6), 3)),
        )
            .prop_map(|lists| {
                let lists = [
                    ("BYMONTH", lists.0.flatten()),
                    ("BYMONTHDAY", lists.1.flatten()),
                    ("BYDAY", lists.2.flatten()),
                    ("BYYEARDAY", lists.3.flatten()),
                    ("BYWEEKNO", lists.4.flatten()),
                    ("BYSETPOS", lists.5.flatten()),
                ];
                let given = lists
                    .into_iter()
                    .filter_map(|(name, text)| Some((name, text?)));
                without_what_is_refused(given.collect())
            })
    }

    fn without_what_is_refused(
        mut lists: BTreeMap<&'static str, String>,
    ) -> BTreeMap<&'static str, String> {
        let numbers = lists.get("BYDAY").map_or(Vec::new(), |text| {
            let numbers = text.split(|c: char| !c.is_ascii_digit());
            numbers
                .filter_map(|number| number.parse::<u32>().ok())
                .collect()
        });
        if lists.contains_key("BYWEEKNO") {
            lists.remove("BYSETPOS");
            if !numbers.is_empty() {
                lists.remove("BYDAY");
            }
        }
        if numbers.iter().any(|number| *number > 5) {
            lists.remove("BYMONTH");
        }
        if lists.len() == 1 {
            lists.remove("BYSETPOS");
        }
        lists
    }

    /// Any rule, with the parts that its frequency may have.
    ///
    /// A year of `rrule` has the days of the calendar year, so that a week at its turn is torn in two, and one counted
    /// back from the end may be missing. RFC 5545 speaks of the weeks of a year. So rules with BYWEEKNO are compared
    /// without the days at the turn and without COUNT and BYSETPOS, which would spread the difference, and without
    /// INTERVAL where they start there; for those see `weeks_are_those_of_iso_8601`.
    fn rules() -> impl Strategy<Value = Asked> {
        let frequencies = prop::sample::select(&["DAILY", "WEEKLY", "MONTHLY", "YEARLY"][..]);
        let frequencies = frequencies.prop_flat_map(|name| (Just(name), lists(name)));
        let ends = prop_oneof![
            Just(None),
            (1_u32..40).prop_map(|count| Some(("COUNT", count))),
            (0_u32..4_000).prop_map(|days| Some(("UNTIL", days))),
        ];
        let week_starts = prop::option::of(prop::sample::select(&["MO", "SU", "WE", "SA"][..]));
        let rest = (0_u64..25_000, 1_u32..5, ends, week_starts);
        (frequencies, rest).prop_map(|((frequency, mut parts), rest)| {
            let (days, interval, ends, week_start) = rest;
            let first = day("1971-01-01") + Days::new(days);
            if interval > 1 {
                parts.insert("INTERVAL", interval.to_string());
            }
            if let Some(day) = week_start {
                parts.insert("WKST", day.to_owned());
            }
            match ends {
                Some(("COUNT", count)) if !parts.contains_key("BYWEEKNO") => {
                    parts.insert("COUNT", count.to_string());
                }
                Some(("UNTIL", days)) => {
                    let last = first + Days::new(days.into());
                    parts.insert("UNTIL", last.format("%Y%m%dT235959Z").to_string());
                }
                _ => {}
            }
            Asked {
                first,
                frequency,
                parts,
            }
        })
    }

    /// Starts the rule on the day on which it first happens, if it does.
    fn in_step(mut asked: Asked) -> Option<(Asked, Timing)> {
        if asked.is_at_the_turn(asked.first) {
            asked.parts.remove("INTERVAL");
        }
        let refused = match hours(Zone::UTC, asked.first, &asked.rule()) {
            Ok(timing) => return Some((asked, timing)),
            Err(refused) => refused,
        };
        let told = refused.expected().to_owned();
        let is_impossible = told.contains("that exists in");
        if is_impossible || told.contains("this one does not for 100 years") {
            let end = asked.first + Days::new(36_500);
            let happens = asked.expanded(1);
            let happens = happens
                .iter()
                .find(|day| **day < end && !asked.is_at_the_turn(**day));
            assert_eq!(happens, None, "{asked:?}");
            return None;
        }
        if told.contains("reached within 200 years") {
            return None;
        }
        let (_, first) = told.split_once("it first happens on ")?;
        let first = day(first);
        if asked.is_at_the_turn(first) {
            asked.parts.remove("INTERVAL");
        }
        // What it derives from the first day is another rule from there on; that the day is right shows before.
        asked.parts.remove("UNTIL");
        if !asked.is_at_the_turn(first) {
            let found = asked.expanded(40);
            let found = found.into_iter().find(|day| !asked.is_at_the_turn(*day));
            assert_eq!(found, Some(first), "{asked:?}");
        }
        asked.first = first;
        let timing = hours(Zone::UTC, first, &asked.rule());
        match timing {
            Ok(timing) => Some((asked, timing)),
            Err(refused) => {
                assert!(
                    refused.expected().contains("200 years"),
                    "{asked:?}: {refused}"
                );
                None
            }
        }
    }

    proptest! {
        #[test]
        fn both_find_the_same_days(asked in rules(), from in 0_u64..4_000, long in 1_u64..2_000) {
            if let Some((asked, timing)) = in_step(asked) {
                let mut expected = asked.expanded(60);
                let to = match expected.get(59) {
                    Some(last) => *last + Days::new(1),
                    None => asked.first + Days::new(40_000),
                };
                let mut found = days(Zone::UTC, &timing, asked.first, to);
                expected.retain(|day| *day < to && !asked.is_at_the_turn(*day));
                found.retain(|day| !asked.is_at_the_turn(*day));
                prop_assert_eq!(&found, &expected, "{}", asked.rule());

                // The same from the middle.
                let from = asked.first + Days::new(from);
                let until = to.min(from + Days::new(long));
                if from < until {
                    let mut found = days(Zone::UTC, &timing, from, until);
                    found.retain(|day| !asked.is_at_the_turn(*day));
                    expected.retain(|day| from <= *day && *day < until);
                    prop_assert_eq!(found, expected, "{} from {}", asked.rule(), from);
                }
            }
        }
    }

    #[test]
    fn numbered_weekdays_that_it_does_not_take() {
        let timing = hours(Zone::UTC, day("2026-03-02"), "FREQ=MONTHLY;BYDAY=1MO,WE").unwrap();
        assert_eq!(
            days(Zone::UTC, &timing, day("2026-03-01"), day("2026-04-07")),
            [
                "2026-03-02",
                "2026-03-04",
                "2026-03-11",
                "2026-03-18",
                "2026-03-25",
                "2026-04-01",
                "2026-04-06"
            ]
            .map(day)
        );
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let all = || {
            day("1990-01-01")
                .iter_days()
                .take_while(|d| *d < day("2110-01-01"))
        };
        for week in [1_u32, 2, 20, 51, 52, 53] {
            for interval in 1..=3 {
                let first = all().find(|d| d.iso_week().week() == week).unwrap();
                let years = |d: &NaiveDate| d.iso_week().year() - first.iso_week().year();
                let expected: Vec<_> = all()
                    .filter(|d| d.iso_week().week() == week && years(d) % interval == 0)
                    .collect();
                let rule = format!(
                    "FREQ=YEARLY;INTERVAL={interval};BYWEEKNO={week};BYDAY=MO,TU,WE,TH,FR,SA,SU"
                );
                let timing = hours(Zone::UTC, first, &rule).unwrap();
                let found = days(Zone::UTC, &timing, first, day("2110-01-01"));
                assert_eq!(found, expected, "{rule}");

                // The last of each is a Sunday.
                let rule = format!("{rule};BYSETPOS=-1");
                let sunday = first + Days::new(6);
                let timing = hours(Zone::UTC, sunday, &rule).unwrap();
                let found = days(Zone::UTC, &timing, sunday, day("2110-01-01"));
                let sundays = expected
                    .into_iter()
                    .filter(|d| d.weekday() == chrono::Weekday::Sun);
                assert_eq!(found, sundays.collect::<Vec<_>>(), "{rule}");
            }
        }
        // A week may begin on a Sunday; so it has other days, and the first may be another one.
        let rule = "FREQ=YEARLY;BYWEEKNO=20;BYDAY=SU;WKST=SU";
        let timing = hours(Zone::UTC, day("1997-05-11"), rule).unwrap();
        assert_eq!(
            days(Zone::UTC, &timing, day("1997-01-01"), day("1999-01-01")),
            ["1997-05-11", "1998-05-17"].map(day)
        );
        // The last week, which is the 52nd or the 53rd.
        let timing = hours(Zone::UTC, day("2020-12-31"), "FREQ=YEARLY;BYWEEKNO=-1").unwrap();
        assert_eq!(
            days(Zone::UTC, &timing, day("2020-01-01"), day("2024-01-01")),
            ["2020-12-31", "2021-12-30", "2022-12-29", "2023-12-28"].map(day)
        );
    }
}

mod edges {
    //! The table of edges, against a scan of all minutes around each change of the clock.
    use super::*;

    const MINUTE: TimeDelta = TimeDelta::minutes(1);

    fn edge(zone: Zone, local: NaiveDateTime, edges: Edges) -> (Instant, Instant) {
        let all = Interval::parse("1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z").unwrap();
        let one = |starts, ends| {
            let timing = Timing::local(zone, starts, ends).unwrap();
            timing.occurrences(all, edges)[0]
        };
        let far = TimeDelta::days(5);
        (
            one(local, local + far).start(),
            one(local - far, local).end(),
        )
    }

    /// Checks all minutes of the wall clock from some hours before to some hours after, and counts those that are
    /// shown never and twice.
    fn scan(name: &str, around: &str, hours: i64) -> (usize, usize) {
        let zone = zone(name);
        let around: Instant = around.parse().unwrap();
        let instant = |minutes: i64| {
            let at = around.to_datetime() + TimeDelta::minutes(minutes);
            Instant::try_from(at).unwrap()
        };
        // Wide enough that what the clocks show there covers what is asked.
        let scanned: Vec<_> = (-(hours + 48) * 60..(hours + 48) * 60)
            .map(|minutes| (zone.wall_clock(instant(minutes)), instant(minutes)))
            .collect();
        let mut when: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (wall, at) in &scanned {
            when.entry(*wall).or_default().push(*at);
        }
        let (mut gaps, mut folds) = (0, 0);
        let mut local = zone.wall_clock(instant(-hours * 60));
        while local < zone.wall_clock(instant(hours * 60)) {
            let shown = when.get(&local).map_or(&[][..], Vec::as_slice);
            let (earlier, later) = match *shown {
                [] => {
                    gaps += 1;
                    let jump = scanned
                        .windows(2)
                        .find(|pair| pair[0].0 < local && local < pair[1].0)
                        .unwrap();
                    (jump[1].1, jump[1].1)
                }
                [one] => (one, one),
                [one, other] => {
                    folds += 1;
                    (one, other)
                }
                _ => panic!("{name} shows {local} more than twice"),
            };
            let long = edge(zone, local, Edges::Long);
            let short = edge(zone, local, Edges::Short);
            assert_eq!(long, (earlier, later), "{name} {local} long");
            assert_eq!(short, (later, earlier), "{name} {local} short");
            local += MINUTE;
        }
        (gaps, folds)
    }

    #[test]
    fn each_minute_is_as_the_table_says() {
        for (name, around, hours, gaps, folds) in [
            ("Europe/Berlin", "2026-03-29T01:00:00Z", 5, 60, 0),
            ("Europe/Berlin", "2026-10-25T01:00:00Z", 5, 0, 60),
            ("America/New_York", "2026-03-08T07:00:00Z", 5, 60, 0),
            ("America/New_York", "2026-11-01T06:00:00Z", 5, 0, 60),
            // South: the year the other way round; and at midnight.
            ("Australia/Sydney", "2026-10-03T16:00:00Z", 5, 60, 0),
            ("Australia/Sydney", "2026-04-04T16:00:00Z", 5, 0, 60),
            ("America/Sao_Paulo", "2018-11-04T03:00:00Z", 5, 60, 0),
            ("America/Sao_Paulo", "2018-02-18T02:00:00Z", 5, 0, 60),
            // Half an hour.
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", 5, 30, 0),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", 5, 0, 30),
            // A day that does not exist.
            ("Pacific/Apia", "2011-12-30T10:00:00Z", 5, 24 * 60, 0),
            // No change at all.
            ("Asia/Tokyo", "2026-03-29T01:00:00Z", 5, 0, 0),
            ("UTC", "2026-10-25T01:00:00Z", 5, 0, 0),
            // Two hours, and a change that is not one of summer time.
            ("Antarctica/Troll", "2026-03-29T01:00:00Z", 5, 120, 0),
            ("Asia/Pyongyang", "2015-08-14T15:00:00Z", 5, 0, 30),
        ] {
            assert_eq!(scan(name, around, hours), (gaps, folds), "{name} {around}");
        }
    }

    #[test]
    fn a_night_ends_when_the_clock_shows_its_end() {
        let (starts, ends) = (at("2026-03-27T20:00:00"), at("2026-03-28T06:00:00"));
        let berlin = zone("Europe/Berlin");
        let nights = Timing::local(berlin, starts, ends)
            .and_then(|once| once.recurring("FREQ=DAILY"))
            .unwrap();
        let spring = span(day("2026-03-27"), day("2026-03-31"));
        let lengths = |within| -> Vec<_> {
            let spans = nights.occurrences(within, Edges::Long).into_iter();
            spans
                .map(|night| {
                    let clock = berlin.wall_clock(night.end());
                    assert_eq!(clock.time(), ends.time());
                    (night.end().to_datetime() - night.start().to_datetime()).num_hours()
                })
                .collect()
        };
        assert_eq!(lengths(spring), [10, 9, 10, 10]);
        let autumn = span(day("2026-10-24"), day("2026-10-26"));
        assert_eq!(lengths(autumn), [10, 11, 10]);
    }

    #[test]
    fn what_the_clocks_leave_nothing_of_does_not_happen() {
        let all = Interval::parse("1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z").unwrap();
        let spans = |name, starts, ends, edges| {
            let timing = Timing::local(zone(name), at(starts), at(ends)).unwrap();
            timing.occurrences(all, edges)
        };
        // In a gap, there is nothing to forbid or to allow.
        for edges in [Edges::Long, Edges::Short] {
            let skipped = ("2026-03-29T02:15:00", "2026-03-29T02:45:00");
            assert_eq!(spans("Europe/Berlin", skipped.0, skipped.1, edges), []);
            let friday = ("2011-12-30T00:00:00", "2011-12-31T00:00:00");
            assert_eq!(spans("Pacific/Apia", friday.0, friday.1, edges), []);
        }
        // In a fold, a freeze covers both, and an allow-window neither.
        let twice = ("2026-10-25T02:15:00", "2026-10-25T02:45:00");
        let both = Interval::parse("2026-10-25T00:15:00Z", "2026-10-25T01:45:00Z").unwrap();
        assert_eq!(
            spans("Europe/Berlin", twice.0, twice.1, Edges::Long),
            [both]
        );
        assert_eq!(spans("Europe/Berlin", twice.0, twice.1, Edges::Short), []);
    }

    #[test]
    fn a_week_over_a_skipped_day_is_a_day_shorter() {
        let apia = zone("Pacific/Apia");
        let timing = hours(apia, day("2011-12-27"), "FREQ=DAILY").unwrap();
        let found = days(apia, &timing, day("2011-12-27"), day("2012-01-03"));
        let expected = ["2011-12-27", "2011-12-28", "2011-12-29", "2011-12-31"].map(day);
        assert_eq!(found[..4], expected);
    }

    #[test]
    fn what_lies_before_1970_is_cut_off() {
        let tokyo = zone("Asia/Tokyo");
        let new_year = |year| {
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let next = first + Days::new(1);
            Timing::local(tokyo, first.into(), NaiveDateTime::from(next))
                .and_then(|once| once.recurring("FREQ=YEARLY"))
                .unwrap()
        };
        let early = Interval::parse("1970-01-01T00:00:00Z", "1971-01-01T00:00:00Z").unwrap();
        let expected = [
            Interval::parse("1970-01-01T00:00:00Z", "1970-01-01T15:00:00Z").unwrap(),
            Interval::parse("1970-12-31T15:00:00Z", "1971-01-01T15:00:00Z").unwrap(),
        ];
        for year in [1900, 1969, 1970] {
            assert_eq!(new_year(year).occurrences(early, Edges::Long), expected);
        }
    }
}

mod asked_for {
    //! What is answered for a span: whole, in order, once.
    use super::*;

    fn nights() -> Timing {
        Timing::local(
            Zone::UTC,
            at("2026-03-02T20:00:00"),
            at("2026-03-03T06:00:00"),
        )
        .and_then(|once| once.recurring("FREQ=WEEKLY"))
        .unwrap()
    }

    fn starts(timing: &Timing, from: &str, to: &str) -> Vec<String> {
        let spans = timing.occurrences(Interval::parse(from, to).unwrap(), Edges::Long);
        spans.iter().map(|span| span.start().to_string()).collect()
    }

    #[test]
    fn touching_is_not_overlapping() {
        let second = ["2026-03-09T20:00:00Z"];
        let none: [&str; 0] = [];
        let found = |from, to| starts(&nights(), from, to);
        assert_eq!(
            found("2026-03-10T05:59:59.999999Z", "2026-03-11T00:00:00Z"),
            second
        );
        assert_eq!(found("2026-03-10T06:00:00Z", "2026-03-11T00:00:00Z"), none);
        assert_eq!(found("2026-03-09T00:00:00Z", "2026-03-09T20:00:00Z"), none);
        assert_eq!(
            found("2026-03-09T00:00:00Z", "2026-03-09T20:00:00.000001Z"),
            second
        );
    }

    #[test]
    fn what_is_longer_than_its_period_overlaps_itself() {
        let (starts_at, ends) = (at("2026-03-02T00:00:00"), at("2026-03-30T00:00:00"));
        let timing = Timing::local(Zone::UTC, starts_at, ends)
            .and_then(|once| once.recurring("FREQ=WEEKLY"))
            .unwrap();
        assert_eq!(
            starts(&timing, "2026-06-03T12:00:00Z", "2026-06-03T12:00:01Z"),
            [
                "2026-05-11T00:00:00Z",
                "2026-05-18T00:00:00Z",
                "2026-05-25T00:00:00Z",
                "2026-06-01T00:00:00Z"
            ]
        );
    }

    #[test]
    fn dates_are_added_and_excepted() {
        let timing = nights()
            .also(
                [
                    "2026-03-05T22:00:00",
                    "2026-03-09T20:00:00",
                    "2026-01-01T20:00:00",
                ]
                .map(at),
            )
            .and_then(|timing| {
                timing.except(["2026-03-16T20:00:00", "2026-03-23T19:00:00"].map(at))
            })
            .and_then(|timing| timing.except_days([day("2026-03-30")]))
            .unwrap();
        assert_eq!(
            starts(&timing, "2026-01-01T00:00:00Z", "2026-04-07T00:00:00Z"),
            [
                "2026-01-01T20:00:00Z",
                "2026-03-02T20:00:00Z",
                "2026-03-05T22:00:00Z",
                "2026-03-09T20:00:00Z",
                "2026-03-23T20:00:00Z",
                "2026-04-06T20:00:00Z",
            ]
        );
    }

    #[test]
    fn exceptions_do_not_prolong_a_count() {
        let timing = hours(Zone::UTC, day("2026-03-02"), "FREQ=DAILY;COUNT=3")
            .and_then(|timing| timing.except_days([day("2026-03-03")]))
            .unwrap();
        let found = days(Zone::UTC, &timing, day("2026-03-01"), day("2026-04-01"));
        assert_eq!(found, ["2026-03-02", "2026-03-04"].map(day));
    }

    #[test]
    fn an_end_is_told_in_universal_time_or_in_the_zone() {
        let tokyo = zone("Asia/Tokyo");
        for (until, last) in [
            ("20260305", "2026-03-05"),
            ("20260305T090000", "2026-03-05"),
            ("20260305T085959", "2026-03-04"),
            ("20260305T000000Z", "2026-03-05"),
            ("20260304T235959Z", "2026-03-04"),
        ] {
            let rule = format!("FREQ=DAILY;UNTIL={until}");
            let timing = hours(tokyo, day("2026-03-02"), &rule).unwrap();
            let found = days(tokyo, &timing, day("2026-03-01"), day("2026-04-01"));
            assert_eq!(found.last(), Some(&day(last)), "{until}");
        }
    }

    #[test]
    fn without_end_is_until_the_end_of_all_instants() {
        let start: Instant = "2026-03-02T20:00:00Z".parse().unwrap();
        let berlin = Timing::local(zone("Europe/Berlin"), at("2026-03-02T21:00:00"), None).unwrap();
        for timing in [Timing::without_end(start), berlin] {
            let spans =
                timing.occurrences(span(day("2999-01-01"), day("3000-01-01")), Edges::Short);
            let last = "9999-12-31T23:59:59.999999Z".parse().unwrap();
            assert_eq!(spans, [Interval::new(start, last).unwrap()]);
            assert_eq!(
                starts(&timing, "2026-03-01T00:00:00Z", "2026-03-02T20:00:00Z").len(),
                0
            );
        }
    }

    #[test]
    fn a_far_year_costs_what_a_near_one_does() {
        let timing = hours(Zone::UTC, day("1970-01-05"), "FREQ=WEEKLY;BYDAY=MO").unwrap();
        for year in [1_980, 9_990] {
            let from = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            for _ in 0..2_000 {
                assert_eq!(days(Zone::UTC, &timing, from, from + Days::new(7)).len(), 1);
            }
        }
    }
}

mod refused {
    //! What no window can have; each error says the part, its value, and what would do.
    use super::*;

    fn refusal(rule: &str) -> String {
        let refused = hours(Zone::UTC, day("2026-03-02"), rule).unwrap_err();
        refused.to_string()
    }

    const KNOWN: &str = "one of FREQ, INTERVAL, COUNT, UNTIL, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY, BYSETPOS, WKST";
    const DAILY: &str = "DAILY, WEEKLY, MONTHLY or YEARLY; a window recurs by days, and an hour is no sure measure where \
                     clocks change";
    const TIMES: &str = "no times in the rule: `starts` says when on its days";
    const PARTS: &str = "parts such as `FREQ=WEEKLY`, with `;` between them";
    const WEEKDAYS: &str = "weekdays such as `MO`, `2TU` or `-1FR`, their numbers from 1 to 53";
    const UNTIL: &str =
        "an end such as `20261231T220000Z`, or `20261231` or `20261231T230000` in the zone";
    const NUMBERED: &str =
        "numbered weekdays with `FREQ=MONTHLY` or `FREQ=YEARLY`, and without `BYWEEKNO`";
    const YEARLY: &str = "it with `FREQ=YEARLY` only";

    /// What is given, the part that is refused, and what was expected.
    const RULES: &[(&str, &str, &str)] = &[
        ("", "", PARTS),
        ("WEEKLY", "WEEKLY", PARTS),
        ("FREQ=WEEKLY;", "", PARTS),
        ("FREQ=WEEKLY;;COUNT=1", "", PARTS),
        ("RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY", KNOWN),
        ("FREQ=WEEKLY;X-COUNT=1", "X-COUNT=1", KNOWN),
        ("FREQ=MONTHLY;RSCALE=HEBREW", "RSCALE=HEBREW", KNOWN),
        ("INTERVAL=2", "FREQ=", DAILY),
        ("FREQ=HOURLY", "FREQ=HOURLY", DAILY),
        ("FREQ=MINUTELY;INTERVAL=20", "FREQ=MINUTELY", DAILY),
        ("FREQ=SECONDLY", "FREQ=SECONDLY", DAILY),
        ("FREQ=DAILY;BYHOUR=9,10", "BYHOUR=9,10", TIMES),
        ("FREQ=DAILY;BYMINUTE=0", "BYMINUTE=0", TIMES),
        ("FREQ=DAILY;BYSECOND=0", "BYSECOND=0", TIMES),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY", "`FREQ` only once"),
        (
            "FREQ=WEEKLY;BYDAY=MO;byday=TU",
            "BYDAY=TU",
            "`BYDAY` only once",
        ),
        (
            "FREQ=DAILY;INTERVAL=0",
            "INTERVAL=0",
            "a whole number from 1 to 10,000",
        ),
        (
            "FREQ=DAILY;INTERVAL=-1",
            "INTERVAL=-1",
            "a whole number from 1 to 10,000",
        ),
        (
            "FREQ=DAILY;INTERVAL=+1",
            "INTERVAL=+1",
            "a whole number from 1 to 10,000",
        ),
        (
            "FREQ=DAILY;INTERVAL=4000000000",
            "INTERVAL=4000000000",
            "a whole number from 1 to 10,000",
        ),
        (
            "FREQ=DAILY;INTERVAL=99999999999999999999",
            "INTERVAL=99999999999999999999",
            "a whole number from 1 to 10,000",
        ),
        (
            "FREQ=DAILY;COUNT=0",
            "COUNT=0",
            "a whole number from 1 to 10,000",
        ),
        (
            "FREQ=DAILY;COUNT=4000000000",
            "COUNT=4000000000",
            "a whole number from 1 to 10,000",
        ),
        (
            "FREQ=YEARLY;COUNT=500",
            "COUNT=500",
            "a count that is reached within 200 years",
        ),
        (
            "FREQ=DAILY;COUNT=2;UNTIL=20270101",
            "UNTIL=20270101",
            "either it or `COUNT`, not both",
        ),
        ("FREQ=DAILY;UNTIL=2027-01-01", "UNTIL=2027-01-01", UNTIL),
        ("FREQ=DAILY;UNTIL=20270230", "UNTIL=20270230", UNTIL),
        ("FREQ=DAILY;UNTIL=20270101T25", "UNTIL=20270101T25", UNTIL),
        ("FREQ=DAILY;UNTIL=20270101T", "UNTIL=20270101T", UNTIL),
        ("FREQ=DAILY;UNTIL=20270101Z", "UNTIL=20270101Z", UNTIL),
        (
            "FREQ=DAILY;UNTIL=20260301",
            "UNTIL=20260301",
            "an end that is not before `starts`",
        ),
        (
            "FREQ=DAILY;UNTIL=20260302T085959Z",
            "UNTIL=20260302T085959Z",
            "an end that is not before `starts`",
        ),
        (
            "FREQ=DAILY;BYMONTH=0",
            "BYMONTH=0",
            "whole numbers from 1 to 12",
        ),
        (
            "FREQ=DAILY;BYMONTH=3,13",
            "BYMONTH=13",
            "whole numbers from 1 to 12",
        ),
        (
            "FREQ=DAILY;BYMONTH=-1",
            "BYMONTH=-1",
            "whole numbers from 1 to 12",
        ),
        (
            "FREQ=DAILY;BYMONTH=",
            "BYMONTH=",
            "whole numbers from 1 to 12",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "BYMONTHDAY=32",
            "whole numbers from 1 to 31, or from -31 to -1",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "BYMONTHDAY=0",
            "whole numbers from 1 to 31, or from -31 to -1",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=--1",
            "BYMONTHDAY=--1",
            "whole numbers from 1 to 31, or from -31 to -1",
        ),
        (
            "FREQ=YEARLY;BYYEARDAY=367",
            "BYYEARDAY=367",
            "whole numbers from 1 to 366, or from -366 to -1",
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=54",
            "BYWEEKNO=54",
            "whole numbers from 1 to 53, or from -53 to -1",
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=400",
            "BYSETPOS=400",
            "whole numbers from 1 to 366, or from -366 to -1",
        ),
        (
            "FREQ=WEEKLY;BYSETPOS=1",
            "BYSETPOS=1",
            "another part beside it that names the days to choose from",
        ),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "BYDAY=MONDAY", WEEKDAYS),
        ("FREQ=WEEKLY;BYDAY=", "BYDAY=", WEEKDAYS),
        ("FREQ=WEEKLY;BYDAY=\u{e9}", "BYDAY=\u{e9}", WEEKDAYS),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY=54MO", WEEKDAYS),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY=0MO", WEEKDAYS),
        (
            "FREQ=MONTHLY;BYDAY=6MO",
            "BYDAY=6MO",
            "no number above 5, which is the last that can exist",
        ),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=-6MO",
            "BYDAY=-6MO",
            "no number above 5, which is the last that can exist",
        ),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY=1MO", NUMBERED),
        ("FREQ=DAILY;BYDAY=-1MO", "BYDAY=-1MO", NUMBERED),
        ("FREQ=YEARLY;BYWEEKNO=10;BYDAY=1MO", "BYDAY=1MO", NUMBERED),
        (
            "FREQ=WEEKLY;BYMONTHDAY=2",
            "BYMONTHDAY=2",
            "it without `FREQ=WEEKLY`",
        ),
        ("FREQ=DAILY;BYYEARDAY=61", "BYYEARDAY=61", YEARLY),
        ("FREQ=MONTHLY;BYWEEKNO=10", "BYWEEKNO=10", YEARLY),
        (
            "FREQ=WEEKLY;WKST=XX",
            "WKST=XX",
            "a weekday such as `MO` or `SU`",
        ),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "BYMONTHDAY=30",
            "a day that exists in `BYMONTH=2`",
        ),
        (
            "FREQ=DAILY;BYMONTH=2,4,6;BYMONTHDAY=-31,31",
            "BYMONTHDAY=-31,31",
            "a day that exists in `BYMONTH=2,4,6`",
        ),
    ];

    #[test]
    fn rules_that_are_none() {
        for (rule, part, expected) in RULES {
            assert_eq!(
                refusal(rule),
                format!("invalid rule part `{part}`: expected {expected}"),
                "{rule}"
            );
        }
    }

    #[test]
    fn rules_that_miss_their_start() {
        let on_the_day =
            "a rule that happens on the day of `starts`, 2026-03-02; it first happens on";
        for (rule, first) in [
            ("FREQ=WEEKLY;BYDAY=SU", "2026-03-08"),
            ("FREQ=MONTHLY;BYMONTHDAY=1", "2026-04-01"),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2028-02-29"),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-03-13"),
            ("FREQ=YEARLY;BYWEEKNO=1", "2027-01-04"),
        ] {
            assert_eq!(
                refusal(rule),
                format!("invalid rule `{rule}`: expected {on_the_day} {first}")
            );
        }
        for rule in [
            "FREQ=YEARLY;BYMONTH=1;BYWEEKNO=30",
            "FREQ=YEARLY;BYMONTH=1;BYYEARDAY=200",
            "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=366;BYMONTH=1",
            "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
            "FREQ=DAILY;BYDAY=MO;BYSETPOS=-3",
        ] {
            assert_eq!(
                refusal(rule),
                format!(
                    "invalid rule `{rule}`: expected a rule that happens; from 2026-03-02 on, this one does not for 100 years"
                )
            );
        }
    }

    #[test]
    fn what_is_too_much() {
        let long = format!("FREQ=DAILY;BYMONTHDAY=2{}", ",2".repeat(500));
        assert!(refusal(&long).ends_with("expected at most 1,000 characters"));

        let daily = hours(Zone::UTC, day("2026-03-02"), "FREQ=DAILY").unwrap();
        let seconds = || (0..).map(|n| at("2026-03-02T00:00:00") + TimeDelta::seconds(n));
        let days = || day("2026-03-02").iter_days();
        let limit =
            |what| format!("invalid number of dates in `{what}` `1001`: expected at most 1,000");
        // Without end: more than is taken is not even asked for.
        let refused = daily.clone().also(seconds()).unwrap_err();
        assert_eq!(refused.to_string(), limit("also"));
        let refused = daily.clone().except(seconds()).unwrap_err();
        assert_eq!(refused.to_string(), limit("except"));
        let refused = daily.clone().except_days(days()).unwrap_err();
        assert_eq!(refused.to_string(), limit("except"));
        assert!(daily.also(seconds().take(1_000)).is_ok());
    }

    #[test]
    fn spans_that_are_none_or_cannot_recur() {
        let starts = at("2026-03-02T20:00:00");
        let local = |starts, ends: Option<&str>| Timing::local(Zone::UTC, starts, ends.map(at));
        let refused = |starts, ends| local(starts, ends).unwrap_err().to_string();
        assert_eq!(
            refused(starts, Some("2026-03-02T20:00:00")),
            "invalid ends `2026-03-02T20:00:00`: expected an end after `starts`, 2026-03-02T20:00:00"
        );
        let whole = "a local time from 1900 to 9999 in whole seconds";
        assert_eq!(
            refused(at("2026-03-02T20:00:00.5"), None),
            format!("invalid starts `2026-03-02T20:00:00.500`: expected {whole}")
        );
        assert!(refused(at("1899-12-31T20:00:00"), None).ends_with(whole));
        assert!(refused(starts, Some("+10000-01-01T00:00:00")).ends_with(whole));

        let longest = local(starts, Some("2027-03-03T20:00:00")).unwrap();
        assert!(longest.recurring("FREQ=DAILY").is_ok());
        let longer = local(starts, Some("2027-03-03T20:00:01")).unwrap();
        assert_eq!(
            longer
                .clone()
                .recurring("FREQ=DAILY")
                .unwrap_err()
                .to_string(),
            "invalid rule `FREQ=DAILY`: expected `ends` at most 366 days after `starts` in what recurs"
        );
        assert!(longer.also([starts]).is_err());

        let no_end = "an `ends` beside it: what has no end does not recur";
        for timing in [
            local(starts, None).unwrap(),
            Timing::without_end("2026-03-02T20:00:00Z".parse().unwrap()),
        ] {
            let refused = timing.recurring("FREQ=DAILY").unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("invalid rule `FREQ=DAILY`: expected {no_end}")
            );
        }
    }
}
