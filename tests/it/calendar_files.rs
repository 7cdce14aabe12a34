//! Calendars from files and to files: JSON, TOML, iCalendar; and what a desk makes of one that changed.

use crate::desk_support::{Office, at, by, key, name, office, person, text, wait};
use crate::relations::Meanwhile;
use phasegate::desk::StreamError;
use phasegate::phase::{Interval, Seconds};
use phasegate::release::{Effect, ReleasePlan, RunningWork, Service, WindowKind};
use phasegate::schedule::{Calendar, IcsCalendar, IcsEvent, Scope, Timing, WhileClosed, Window};
use serde_json::{Value, json};

fn hard() -> WhileClosed {
    WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Warned,
    )
}

fn span(start: &str, end: &str) -> Interval {
    let instant = |text: &str| format!("2026-{text}:00Z");
    Interval::parse(&instant(start), &instant(end)).unwrap()
}

fn freeze(id: &str, start: &str, end: &str) -> Window {
    Window::freeze(key(id), Timing::between(span(start, end)), hard())
}

/// A calendar with everything in it that a build without zones can have.
fn full() -> Calendar {
    let shop = Scope::builder()
        .services([Service::new("shop").unwrap()])
        .build();
    let endless = Timing::without_end(at("2026-05-01T00:00:00Z"));
    let nights = Timing::between(span("03-02T20:00", "03-03T06:00"));
    let windows = [
        freeze("year-end", "12-18T00:00", "12-31T00:00").titled(name("The end of the year")),
        Window::freeze(key("stop"), endless, hard()).about(shop),
        Window::allow(key("night"), nights, hard()),
    ];
    let calendar = Calendar::new(key("production")).closed_unless_allowed(hard());
    let with = |calendar: Calendar, window| calendar.with(window).unwrap();
    windows.into_iter().fold(calendar, with)
}

fn window(id: &str) -> Value {
    json!({
        "id": id, "kind": "freeze", "starts": "2026-03-02T12:00:00Z", "new_work": "blocked",
        "running_work": "finish_wave", "back_outs": "allowed", "emergencies": "warned"
    })
}

fn mistakes(file: &str) -> Vec<String> {
    let mistakes = Calendar::from_json(file).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_calendar_is_read_as_it_was_written() {
    let written = serde_json::to_string(&full()).unwrap();
    assert_eq!(Calendar::from_json(&written), Ok(full()));
    let empty = Calendar::new(key("empty"));
    assert_eq!(
        serde_json::to_string(&empty).unwrap(),
        r#"{"name":"empty","windows":[]}"#
    );
    assert_eq!(Calendar::from_json(r#"{"name":"empty"}"#), Ok(empty));
}

#[test]
fn every_mistake_of_a_calendar_is_told_at_its_place() {
    let mut late = window("late");
    late["ends"] = json!("2026-03-02T11:00:00Z");
    let mut lacking = window("lacking");
    lacking.as_object_mut().unwrap().remove("back_outs");
    let mut wordy = window("wordy");
    wordy["new_work"] = json!("forbidden");
    wordy["running_work"] = json!("wait");
    wordy["colour"] = json!("red");
    let file = json!({
        "name": " production",
        "closed_unless_allowed": { "new_work": "blocked" },
        "windows": [window("a"), late, lacking, wordy, window("a"), "freeze"],
        "owner": "ann",
    });
    let found = mistakes(&file.to_string());
    let expected = [
        "owner: no such key; there are: name, closed_unless_allowed, windows",
        "name: invalid key ` production`: expected no space at either end",
        "closed_unless_allowed: missing key `running_work`",
        "windows[1]: invalid interval `2026-03-02T12:00:00Z to 2026-03-02T11:00:00Z`: expected an end after the start",
        "windows[2]: key `back_outs` is missing",
    ];
    for expected in expected {
        assert!(
            found.iter().any(|it| it == expected),
            "{expected}\n{found:#?}"
        );
    }
    for place in [
        "windows[3].new_work: ",
        "windows[3].running_work: ",
        "windows[5]: ",
    ] {
        assert!(
            found.iter().any(|it| it.starts_with(place)),
            "{place}\n{found:#?}"
        );
    }
    let doubled = "windows[4]: another window has the id `a`";
    assert!(found.iter().any(|it| it == doubled), "{found:#?}");
}

#[test]
fn a_key_that_stands_twice_and_a_calendar_without_a_name_are_refused() {
    let twice = r#"{"name":"a","name":"b"}"#;
    assert_eq!(
        mistakes(twice),
        ["file: key `name` appears twice at line 1 column 23"]
    );
    assert_eq!(mistakes("{}"), ["file: key `name` is missing"]);
    assert_eq!(
        mistakes("[]"),
        ["file: expected an object, found a list of 0"]
    );
}

#[test]
fn a_file_has_as_many_windows_as_a_calendar() {
    let windows = |count: usize| {
        let windows: Vec<_> = (0..count).map(|id| window(&format!("w{id}"))).collect();
        json!({ "name": "many", "windows": windows }).to_string()
    };
    let read = Calendar::from_json(&windows(10_000)).unwrap();
    assert_eq!(read.windows().count(), 10_000);
    assert_eq!(
        mistakes(&windows(10_001)),
        ["windows: found 10001 entries, expected at most 10000"]
    );
}

#[test]
#[cfg(feature = "toml")]
fn toml_says_the_same() {
    let file = r#"
        name = "production"

        [closed_unless_allowed]
        new_work = "blocked"
        running_work = "finish_wave"
        back_outs = "allowed"
        emergencies = "warned"

        [[windows]]
        id = "year-end"
        kind = "freeze"
        title = "The end of the year"
        starts = 2026-12-18T00:00:00Z
        ends = "2026-12-31T00:00:00Z"
        new_work = "blocked"
        running_work = "finish_wave"
        back_outs = "allowed"
        emergencies = "warned"
    "#;
    let year_end = freeze("year-end", "12-18T00:00", "12-31T00:00");
    let expected = Calendar::new(key("production"))
        .closed_unless_allowed(hard())
        .with(year_end.titled(name("The end of the year")))
        .unwrap();
    assert_eq!(Calendar::from_toml(file), Ok(expected));
    let mistakes = Calendar::from_toml(&file.replace("\"blocked\"", "\"frozen\"")).unwrap_err();
    let places: Vec<_> = mistakes.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(
        places,
        ["closed_unless_allowed.new_work", "windows[0].new_work"]
    );
}

// At the desk.

#[test]
fn a_calendar_becomes_what_its_file_says_with_an_entry_for_each_difference() {
    let office = office();
    let import = |calendar: &Calendar, reason: &str| {
        wait(
            office
                .desk
                .import_calendar(calendar, text(reason), by("ann")),
        )
    };
    let state = import(&full(), "the new year's calendar").unwrap();
    assert_eq!(state.calendar(), &full());
    let history = || wait(office.desk.calendar_history(&key("production"))).unwrap();
    let kinds = || -> Vec<_> { history().into_iter().map(|entry| entry.kind).collect() };
    let declared = ["calendar.window_declared"; 3];
    assert_eq!(kinds(), [&declared[..], &["calendar.default_set"]].concat());

    // The same again writes nothing.
    assert_eq!(import(&full(), "once more").unwrap(), state);
    assert_eq!(history().len(), 4);

    // One changes, two go, and the calendar is open by default again.
    let longer = freeze("year-end", "12-11T00:00", "12-31T00:00");
    let calendar = Calendar::new(key("production")).with(longer).unwrap();
    let refused = import(&calendar, " ").unwrap_err();
    assert!(matches!(refused, StreamError::Refused { .. }), "{refused}");
    assert_eq!(
        history().len(),
        4,
        "what needs a reason was refused, and all of it is one write"
    );
    let state = import(&calendar, "less is more").unwrap();
    assert_eq!(state.calendar(), &calendar);
    assert_eq!(
        kinds()[4..],
        [
            "calendar.window_declared",
            "calendar.default_set",
            "calendar.window_withdrawn",
            "calendar.window_withdrawn"
        ]
    );
    let again = wait(office.desk.calendar(&key("production"))).unwrap();
    assert_eq!(again, state);
}

#[test]
fn a_window_that_somebody_declares_during_an_import_is_withdrawn_by_it() {
    let office = office();
    let store = Meanwhile::on(office.desk.store());
    let late = Office::on(store.clone());
    let other = office.desk.clone();
    store.first(move || {
        let window = freeze("another", "12-11T00:00", "12-31T00:00");
        wait(other.declare_window(&key("production"), window, by("mia"))).unwrap();
    });
    let full = full();
    let import = late
        .desk
        .import_calendar(&full, text("as agreed"), by("ann"));
    let state = wait(import).unwrap();
    assert_eq!(state.calendar(), &full);
    let kept = wait(office.desk.calendar(&key("production"))).unwrap();
    assert_eq!(kept, state);
    let history = wait(office.desk.calendar_history(&key("production"))).unwrap();
    let (first, last) = (history.first().unwrap(), history.last().unwrap());
    assert_eq!(first.actor.person(), Some(&person("mia")));
    assert_eq!(last.actor.person(), Some(&person("ann")));
    assert_eq!(&*last.kind, "calendar.window_withdrawn");
}

#[test]
fn an_import_that_the_store_cut_short_is_completed_by_another() {
    let office = office();
    let store = Meanwhile::on(office.desk.store());
    let late = Office::on(store.clone());
    let nights = Timing::between(span("03-02T20:00", "03-03T06:00"));
    let night = |id| Window::allow(key(&format!("a{id}")), nights.clone(), hard());
    let frozen = |id| freeze(&format!("f{id}"), "12-18T00:00", "12-31T00:00");
    let windows = (0..5).map(night).chain((0..105).map(frozen));
    let calendar = windows.fold(Calendar::new(key("many")), |calendar, window| {
        calendar.with(window).unwrap()
    });
    let import = || {
        let import = late
            .desk
            .import_calendar(&calendar, text("as agreed"), by("ann"));
        wait(import)
    };
    *store.commits_left.lock().unwrap() = Some(1);
    let failed = import().unwrap_err();
    assert!(matches!(failed, StreamError::Store(_)), "{failed}");
    let half = wait(office.desk.calendar(&key("many"))).unwrap();
    let written: Vec<_> = half.calendar().windows().map(Window::kind).collect();
    assert_eq!(
        written,
        [WindowKind::Freeze; 100],
        "as many as a write takes, what closes first"
    );
    *store.commits_left.lock().unwrap() = None;
    assert_eq!(import().unwrap().calendar(), &calendar);
    let history = wait(office.desk.calendar_history(&key("many"))).unwrap();
    assert_eq!(history.len(), 110, "each difference is written once");
}

// iCalendar.

const STAMP: &str = "2026-03-02T12:00:00Z";

#[test]
fn a_calendar_is_written_with_what_its_windows_are() {
    let file = IcsCalendar::from(&full()).write(at(STAMP)).unwrap();
    for expected in [
        "UID:year-end\r\nDTSTAMP:20260302T120000Z\r\nDTSTART:20261218T000000Z\r\nDTEND:20261231T000000Z\r\n\
         SUMMARY:The end of the year\r\nCATEGORIES:freeze\r\n",
        "UID:stop\r\nDTSTAMP:20260302T120000Z\r\nDTSTART:20260501T000000Z\r\nDTEND:99991231T235959Z\r\n",
        "CATEGORIES:allow-window\r\n",
    ] {
        assert!(file.contains(expected), "{expected}\n{file}");
    }
}

#[test]
fn a_planned_release_is_an_event_under_its_title_and_id() {
    let office = office();
    let release = office.authorised();
    assert_eq!(IcsEvent::planned_release(&release.view()), None);
    let mut plan = ReleasePlan::new(Seconds::hours(1));
    plan.window = Some(span("03-20T20:00", "03-20T22:00"));
    let release = office.recorded(office.with_manager(release), plan, "ada");
    let event = IcsEvent::planned_release(&release.view()).unwrap();
    let mut calendar = IcsCalendar::default();
    calendar.events.push(event);
    let file = calendar.write(at(STAMP)).unwrap();
    let expected = format!(
        "UID:{}\r\nDTSTAMP:20260302T120000Z\r\nDTSTART:20260320T200000Z\r\nDTEND:20260320T220000Z\r\n\
         SUMMARY:Shop 2.4\r\nCATEGORIES:planned-release\r\n",
        release.id()
    );
    assert!(file.contains(&expected), "{file}");
}

#[cfg(feature = "calendar")]
mod zones {
    use super::*;
    use chrono::{NaiveDate, NaiveDateTime};
    use phasegate::schedule::{Edges, IcsError, IcsErrorKind, Zone};
    use proptest::prelude::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn windows(file: &str) -> Result<Vec<Window>, IcsError> {
        let read = IcsCalendar::read(file.as_bytes()).unwrap();
        read.windows(WindowKind::Freeze, hard(), zone("Europe/Berlin"))
    }

    /// One event with these lines; it begins on line 3.
    fn around(lines: &str) -> String {
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
    }

    fn one(lines: &str) -> Window {
        let mut windows = windows(&around(lines)).unwrap();
        assert_eq!(windows.len(), 1, "{lines}");
        windows.remove(0)
    }

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn whole_days_are_days_of_the_zone_that_is_given() {
        let easter = one(
            "UID:easter\nSUMMARY:Easter\nDTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330",
        );
        let berlin = zone("Europe/Berlin");
        let day = Timing::local(
            berlin,
            local("2026-03-29T00:00:00"),
            local("2026-03-30T00:00:00"),
        );
        let expected = Window::freeze(key("easter"), day.unwrap(), hard());
        assert_eq!(easter, expected.titled(name("Easter")));
        let all = Interval::parse("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").unwrap();
        // 23 hours, since clocks change.
        assert_eq!(
            easter.occurrences(all),
            [span("03-28T23:00", "03-29T22:00")]
        );
    }

    #[test]
    fn hours_of_a_duration_last_as_long_as_they_are_where_clocks_change() {
        let read = |starts: &str, duration: &str| {
            let file = format!(
                "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:one\nDTSTART;TZID=Europe/Berlin:{starts}\n\
                 DURATION:{duration}\nEND:VEVENT\nEND:VCALENDAR\n"
            );
            let read = IcsCalendar::read(file.as_bytes()).unwrap();
            let windows = read.windows(WindowKind::Freeze, hard(), zone("Europe/Berlin"));
            windows.unwrap()[0].occurrences(
                Interval::parse("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").unwrap(),
            )
        };
        for (starts, duration, from, to) in [
            (
                "20260328T120000",
                "PT24H",
                "2026-03-28T11:00:00Z",
                "2026-03-29T11:00:00Z",
            ),
            (
                "20260328T120000",
                "P1D",
                "2026-03-28T11:00:00Z",
                "2026-03-29T10:00:00Z",
            ),
            (
                "20261024T220000",
                "PT8H",
                "2026-10-24T20:00:00Z",
                "2026-10-25T04:00:00Z",
            ),
            (
                "20260329T023000",
                "PT15M",
                "2026-03-29T01:00:00Z",
                "2026-03-29T01:15:00Z",
            ),
        ] {
            assert_eq!(
                read(starts, duration),
                [Interval::parse(from, to).unwrap()],
                "{starts} {duration}"
            );
        }
    }

    #[test]
    fn an_event_keeps_its_own_zone_rule_and_dates() {
        let read = one(
            "UID:nights\nDTSTART;TZID=Asia/Tokyo:20260302T200000\nDURATION:P1DT2H\n\
             RRULE:FREQ=WEEKLY;UNTIL=20260401T000000Z\nRDATE:20260304T110000Z\n\
             EXDATE;TZID=Asia/Tokyo:20260309T200000",
        );
        let timing = Timing::local(
            zone("Asia/Tokyo"),
            local("2026-03-02T20:00:00"),
            local("2026-03-03T22:00:00"),
        );
        let timing = timing
            .unwrap()
            .recurring("FREQ=WEEKLY;UNTIL=20260401T000000Z")
            .unwrap();
        let timing = timing.also([local("2026-03-04T20:00:00")]).unwrap();
        let timing = timing.except([local("2026-03-09T20:00:00")]).unwrap();
        assert_eq!(read.timing(), &timing);
        let utc = one("UID:utc\nDTSTART:20260302T200000Z\nDTEND:20260302T220000Z");
        assert_eq!(
            utc.timing(),
            &Timing::between(span("03-02T20:00", "03-02T22:00"))
        );
    }

    #[test]
    fn what_was_called_off_or_is_a_planned_release_is_no_window() {
        let times = "DTSTART:20260302T200000Z\nDTEND:20260302T220000Z";
        let none = |lines: &str| windows(&around(&format!("UID:x\n{times}\n{lines}"))).unwrap();
        assert_eq!(none("STATUS:CANCELLED"), []);
        assert_eq!(none("CATEGORIES:planned-release"), []);
        let allow = none("CATEGORIES:night,allow-window");
        assert_eq!(allow[0].kind(), WindowKind::Allow, "the category says so");
        assert_eq!(none("CATEGORIES:night")[0].kind(), WindowKind::Freeze);
    }

    #[test]
    fn what_is_no_window_is_refused_with_the_line_of_its_event() {
        let times =
            "DTSTART;TZID=Europe/Berlin:20260302T200000\nDTEND;TZID=Europe/Berlin:20260302T220000";
        let long = "x".repeat(201);
        for (lines, kind, property) in [
            (format!("UID: a\n{times}"), IcsErrorKind::Malformed, "UID"),
            (
                format!("UID:{long}\n{times}"),
                IcsErrorKind::TooLarge,
                "UID",
            ),
            (
                format!("UID:a\n{}", times.replace("Berlin", "Atlantis")),
                IcsErrorKind::UnknownZone,
                "DTSTART",
            ),
            (
                format!("UID:a\n{times}\nRRULE:FREQ=MINUTELY"),
                IcsErrorKind::Malformed,
                "RRULE",
            ),
            (
                format!("UID:a\n{times}\nRRULE:FREQ=WEEKLY;BYDAY=TU"),
                IcsErrorKind::OutOfRange,
                "RRULE",
            ),
            (
                "UID:a\nDTSTART;TZID=Europe/Berlin:20260302T200000\nDTEND:20260302T180000Z"
                    .to_owned(),
                IcsErrorKind::OutOfRange,
                "DTEND",
            ),
            (
                "UID:a\nDTSTART;TZID=Europe/Berlin:99991230T200000\nDURATION:P400D".to_owned(),
                IcsErrorKind::OutOfRange,
                "DURATION",
            ),
        ] {
            let refused = windows(&around(&lines)).unwrap_err();
            let found = (refused.kind(), refused.line(), refused.property());
            assert_eq!(found, (kind, Some(3), property), "{refused}");
        }
        // Without an id, or with one that stands twice, the reader refuses them before.
        let refused = IcsCalendar::read(around(times).as_bytes()).unwrap_err();
        let found = (refused.kind(), refused.line(), refused.property());
        assert_eq!(found, (IcsErrorKind::Missing, Some(3), "UID"));
    }

    const ZONES: [&str; 5] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
    ];

    fn timings() -> impl Strategy<Value = Timing> {
        let minutes = 0_i64..500_000;
        let at_minute = |minutes: i64| {
            let day = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
            day.and_hms_opt(0, 0, 0).unwrap() + chrono::TimeDelta::minutes(minutes)
        };
        let instant = move |minutes| {
            at(&format!(
                "{}Z",
                at_minute(minutes).format("%Y-%m-%dT%H:%M:%S")
            ))
        };
        let once = (minutes.clone(), 1_u32..90_000).prop_map(move |(start, length)| {
            let start = instant(start);
            Timing::between(Interval::new(start, start.plus(Seconds::minutes(length))).unwrap())
        });
        let endless = minutes
            .clone()
            .prop_map(move |start| Timing::without_end(instant(start)));
        let rule = prop::option::of(prop::sample::select(vec![
            "FREQ=DAILY",
            "FREQ=WEEKLY;COUNT=7",
            "FREQ=MONTHLY;INTERVAL=2",
            "FREQ=YEARLY;UNTIL=20400101T000000Z",
        ]));
        let dates = || prop::collection::vec(0_i64..500_000, 0..4);
        let zones = prop::sample::select(ZONES.to_vec());
        let local = (zones, minutes, 1_i64..20_000, rule, dates(), dates());
        let local = local.prop_map(move |(name, start, length, rule, also, except)| {
            let (starts, ends) = (at_minute(start), at_minute(start + length));
            let mut timing = Timing::local(zone(name), starts, ends).unwrap();
            // Once and in universal time, it is a span of instants.
            let rule = rule.or((name == "UTC").then_some("FREQ=DAILY"));
            if let Some(rule) = rule {
                timing = timing.recurring(rule).unwrap();
            }
            let timing = timing.also(also.into_iter().map(at_minute)).unwrap();
            timing.except(except.into_iter().map(at_minute)).unwrap()
        });
        prop_oneof![once, endless, local]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_windows(
            timings in prop::collection::vec((timings(), any::<bool>(), "[a-z  ,;é]{0,12}"), 0..6),
        ) {
            let mut calendar = Calendar::new(key("all"));
            for (place, (timing, is_freeze, title)) in timings.into_iter().enumerate() {
                let id = key(&format!("window, {place}"));
                let window = if is_freeze {
                    Window::freeze(id, timing, hard())
                } else {
                    Window::allow(id, timing, hard())
                };
                let window = match phasegate::release::Name::new(title.trim()) {
                    Ok(title) => window.titled(title),
                    Err(_) => window,
                };
                calendar = calendar.with(window).unwrap();
            }
            let file = IcsCalendar::from(&calendar).write(at(STAMP)).unwrap();
            let read = IcsCalendar::read(file.as_bytes()).unwrap();
            let kind = WindowKind::Allow;
            let windows = read.windows(kind, hard(), zone("Pacific/Apia")).unwrap();
            prop_assert_eq!(windows, calendar.windows().cloned().collect::<Vec<_>>());
        }
    }

    #[test]
    fn excepted_days_and_an_end_by_day_are_written_so_that_other_programs_read_the_same() {
        let nights = Timing::local(
            zone("Europe/Berlin"),
            local("2026-03-02T20:00:00"),
            local("2026-03-03T06:00:00"),
        );
        let nights = nights
            .unwrap()
            .recurring("FREQ=DAILY;UNTIL=20260410")
            .unwrap();
        let nights = nights.also([local("2026-03-05T12:00:00")]).unwrap();
        let nights = nights
            .except_days([NaiveDate::from_ymd_opt(2026, 3, 5).unwrap()])
            .unwrap();
        let calendar = Calendar::new(key("all"));
        let calendar = calendar
            .with(Window::freeze(key("n"), nights.clone(), hard()))
            .unwrap();
        let file = IcsCalendar::from(&calendar).write(at(STAMP)).unwrap();
        for line in [
            "RRULE:FREQ=DAILY;UNTIL=20260410T180000Z\r\n",
            "EXDATE;TZID=Europe/Berlin:20260305T120000,20260305T200000\r\n",
        ] {
            assert!(file.contains(line), "{file}");
        }
        let all = Interval::parse("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").unwrap();
        let read = windows(&file).unwrap().remove(0);
        assert_eq!(read.occurrences(all), nights.occurrences(all, Edges::Long));
        assert_eq!(read.occurrences(all).len(), 39);
    }
}
