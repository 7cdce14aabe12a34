//! iCalendar files: what is read, what is refused and where, and what is written.

use crate::desk_support::{at, key, text};
use crate::recorded;
use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponentType, ICalendarEntry, ICalendarParameterName, ICalendarProperty,
    ICalendarStatus, ICalendarTransparency, ICalendarValue,
};
use chrono::{NaiveDate, NaiveDateTime};
use phasegate::phase::Day;
use phasegate::release::{Key, Name, Text};
use phasegate::schedule::IcsErrorKind::{
    Floating, Malformed, Missing, NotText, OutOfRange, Repeated, TooLarge, UnknownZone, Unsupported,
};
use phasegate::schedule::{
    IcsCalendar, IcsEnd, IcsError, IcsErrorKind, IcsEvent, IcsTime, WorkingDays,
};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

const STAMP: &str = "2026-03-02T12:00:00.5Z";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn local(text: &str, zone: &str) -> IcsTime {
    IcsTime::Local(text.parse().unwrap(), key(zone))
}

fn utc(text: &str) -> IcsTime {
    IcsTime::Utc(at(text))
}

/// One event with these lines; it begins on line 3, and they on line 5.
fn around(lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:one\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

fn event(lines: &str) -> IcsEvent {
    let mut calendar = IcsCalendar::read(around(lines).as_bytes()).unwrap();
    assert_eq!(calendar.events.len(), 1);
    calendar.events.remove(0)
}

fn refused(file: impl AsRef<[u8]>) -> IcsError {
    IcsCalendar::read(file.as_ref()).unwrap_err()
}

/// What is wrong with an event of these lines, and where.
fn wrong(lines: &str) -> (IcsErrorKind, usize, String) {
    let refused = refused(around(lines));
    let line = refused.line().expect("a file has lines");
    (refused.kind(), line, refused.property().to_owned())
}

#[test]
fn everything_an_event_says_is_read() {
    let read = event(
        "DTSTART;TZID=Europe/Berlin:20250901T200000\r\nDTEND;TZID=\"Europe/Berlin\":20250901T220000\r\n\
         summary;LANGUAGE=de:Wartung\\, Teil 1\\; \\\\ und\\nTeil\r\n  2\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TH\r\n\
         RDATE;TZID=Europe/Berlin:20250903T200000,20250905T\r\n\t200000\r\nEXDATE:20250908T180000Z\r\n\
         CATEGORIES:freeze,shop\\, front\r\nCATEGORIES:hard,\r\nSTATUS:cancelled\r\nTRANSP:TRANSPARENT\r\n\
         X-COLOUR;A=\"x:y;z\";B=1,2:red\r\nDESCRIPTION:nothing here counts: BEGIN:VEVENT",
    );
    assert_eq!(read.uid, text("one"));
    assert_eq!(read.summary, text("Wartung, Teil 1; \\ und\nTeil 2"));
    assert_eq!(read.starts, local("2025-09-01T20:00:00", "Europe/Berlin"));
    assert_eq!(
        read.ends,
        IcsEnd::At(local("2025-09-01T22:00:00", "Europe/Berlin"))
    );
    assert_eq!(read.rule, Some(text("FREQ=WEEKLY;BYDAY=MO,TH")));
    let third = local("2025-09-03T20:00:00", "Europe/Berlin");
    let fifth = local("2025-09-05T20:00:00", "Europe/Berlin");
    assert_eq!(read.also, [third, fifth]);
    assert_eq!(read.except, [utc("2025-09-08T18:00:00Z")]);
    assert_eq!(
        read.categories,
        [key("freeze"), key("shop, front"), key("hard")]
    );
    assert!(read.is_cancelled && read.is_transparent && !read.is_all_day());
    assert_eq!(read.line, 3);
}

#[test]
fn ends_come_from_an_end_a_length_or_the_day() {
    let ends = |lines: &str| event(lines).ends;
    let whole = |text| IcsEnd::At(IcsTime::Day(day(text)));
    assert_eq!(ends("DTSTART;VALUE=DATE:20250901"), whole("2025-09-02"));
    assert_eq!(ends("DTSTART:20250901"), whole("2025-09-02"));
    assert_eq!(
        ends("DTSTART;VALUE=DATE:20250901\nDURATION:P1W"),
        whole("2025-09-08")
    );
    assert_eq!(
        ends("DTSTART;VALUE=DATE:20250901\nDTEND;VALUE=DATE:20250911"),
        whole("2025-09-11")
    );
    assert_eq!(
        ends("DURATION:P1DT2H30M5S\nDTSTART:20250901T080000Z"),
        IcsEnd::At(utc("2025-09-02T10:30:05Z"))
    );
    // Over a change of clocks a day is not 24 hours, so the length stays one.
    assert_eq!(
        ends("DTSTART;TZID=Europe/Berlin:20250329T200000\nDURATION:+P1DT12H"),
        IcsEnd::After {
            days: 1,
            seconds: 43_200
        }
    );
    assert_eq!(
        ends(
            "DTSTART;TZID=Europe/Berlin:20250901T200000\nDTEND;TZID=America/New_York:20250901T190000"
        ),
        IcsEnd::At(local("2025-09-01T19:00:00", "America/New_York")),
        "which of them is earlier only the zones know"
    );
}

/// What is wrong with the lines of an event; `{start}` and `{end}` stand for a start, and for a start and an end.
const WRONG: &[(&str, IcsErrorKind, usize, &str)] = &[
    ("DTSTART:20250901T080000", Floating, 5, "DTSTART"),
    ("{start}DTEND:20250901T080000", Floating, 6, "DTEND"),
    (
        "{end}EXDATE:20250908T080000Z,20250915T080000",
        Floating,
        7,
        "EXDATE",
    ),
    ("SUMMARY:x", Missing, 3, "DTSTART"),
    ("DTSTART:20250901T080000Z", Missing, 3, "DTEND"),
    ("{start}DTEND:20250901T080000Z", OutOfRange, 6, "DTEND"),
    ("{start}DTEND:20250901T075959Z", OutOfRange, 6, "DTEND"),
    (
        "DTEND;VALUE=DATE:20250901\nDTSTART;VALUE=DATE:20250901",
        OutOfRange,
        5,
        "DTEND",
    ),
    (
        "DTSTART;TZID=Asia/Tokyo:20250901T080000\nDTEND;TZID=Asia/Tokyo:20250901T070000",
        OutOfRange,
        6,
        "DTEND",
    ),
    ("{start}DTEND;VALUE=DATE:20250902", Malformed, 6, "DTEND"),
    ("{start}DURATION:-PT1H", OutOfRange, 6, "DURATION"),
    ("{start}DURATION:PT0S", OutOfRange, 6, "DURATION"),
    (
        "{start}DURATION:PT1H\nDTEND:20250901T090000Z",
        Repeated,
        7,
        "DTEND",
    ),
    (
        "DTSTART;VALUE=DATE:20250901\nDURATION:PT8H",
        OutOfRange,
        6,
        "DURATION",
    ),
    ("DTSTART;VALUE=DATE:99991231", OutOfRange, 5, "DTSTART"),
    ("{start}DURATION:P3000000D", OutOfRange, 6, "DURATION"),
    ("DTSTART;VALUE=DATE:19691231", OutOfRange, 5, "DTSTART"),
    ("{end}{start}", Repeated, 7, "DTSTART"),
    ("{end}UID:two", Repeated, 7, "UID"),
    (
        "{end}RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
        Repeated,
        8,
        "RRULE",
    ),
    ("{end}RRULE:", Malformed, 7, "RRULE"),
    ("{end}RRULE:FREQ=DAILY COUNT=3", Malformed, 7, "RRULE"),
    (
        "{end}RECURRENCE-ID:20250901T080000Z",
        Unsupported,
        7,
        "RECURRENCE-ID",
    ),
    ("{end}EXRULE:FREQ=DAILY", Unsupported, 7, "EXRULE"),
    (
        "{end}RDATE;VALUE=PERIOD:20250901T080000Z/PT1H",
        Unsupported,
        7,
        "RDATE",
    ),
    ("{end}EXDATE;VALUE=DATE:20250908", Malformed, 7, "EXDATE"),
    ("{end}STATUS:DONE", Malformed, 7, "STATUS"),
    ("{end}TRANSP:GLASS", Malformed, 7, "TRANSP"),
    (
        "DTSTART;TZID=W. Europe Standard Time:20250901T080000",
        UnknownZone,
        5,
        "DTSTART",
    ),
    (
        "DTSTART;TZID=/Berlin:20250901T080000",
        UnknownZone,
        5,
        "DTSTART",
    ),
    ("DTSTART;TZID=:20250901T080000", UnknownZone, 5, "DTSTART"),
    (
        "DTSTART;TZID=Europe/Berlin:20250901T080000Z",
        Malformed,
        5,
        "DTSTART",
    ),
    (
        "DTSTART;TZID=Europe/Berlin;VALUE=DATE:20250901",
        Malformed,
        5,
        "DTSTART",
    ),
    (
        "DTSTART;TZID=Asia/Tokyo;TZID=Europe/Berlin:20250901T080000",
        Repeated,
        5,
        "DTSTART",
    ),
    (
        "DTSTART;VALUE=DATE:20250901,20250902",
        TooLarge,
        5,
        "DTSTART",
    ),
    ("SUMMARY:a\u{7}b", Malformed, 5, "SUMMARY"),
    ("BEGIN:VEVENT", Malformed, 5, "BEGIN"),
    ("END:VTODO", Malformed, 5, "END"),
    ("no line", Malformed, 5, ""),
    ("NOTHING", Malformed, 5, ""),
    (
        "DTSTART;TZID=\"Europe:20250901T080000",
        Malformed,
        5,
        "DTSTART",
    ),
    ("DTSTART;TZID:20250901T080000", Malformed, 5, "DTSTART"),
];

const NO_TIMES: &[&str] = &[
    "20250230T080000Z",
    "20250901T240000Z",
    "20250901T080060Z",
    "20250901T0800Z",
    "2025-09-01",
    "20250901T080000z",
    "+2025901T080000Z",
    "20250901T08000\u{661}Z",
    "",
    "Z",
    "T",
    "20250901 080000Z",
];

const NO_LENGTHS: &[&str] = &[
    "",
    "P",
    "PT",
    "P1",
    "1D",
    "PD",
    "P1H",
    "PT1D",
    "P1DT",
    "P1D1D",
    "PT1M1H",
    "P1DT1HT1M",
    "P-1D",
    "P99999999999D",
    "P4294967295W",
    "PT4294967295H",
    "P1.5D",
];

#[test]
fn an_event_that_would_be_read_wrongly_is_refused_at_its_line() {
    let start = "DTSTART:20250901T080000Z\n";
    let end = "DTSTART:20250901T080000Z\nDTEND:20250901T090000Z\n";
    for &(lines, kind, line, property) in WRONG {
        let lines = lines.replace("{start}", start).replace("{end}", end);
        assert_eq!(wrong(&lines), (kind, line, property.to_owned()), "{lines}");
    }
    for time in NO_TIMES {
        let (kind, line, _) = wrong(&format!("DTSTART:{time}"));
        assert_eq!((kind, line), (Malformed, 5), "{time}");
    }
    for length in NO_LENGTHS {
        let (kind, line, _) = wrong(&format!("{start}DURATION:{length}"));
        assert_eq!((kind, line), (Malformed, 6), "{length}");
    }
}

#[test]
fn a_file_that_is_no_calendar_is_refused_at_its_line() {
    let head = "BEGIN:VCALENDAR\nVERSION:2.0\n";
    let one = "BEGIN:VEVENT\nUID:one\nDTSTART:20250901\nEND:VEVENT\n";
    let whole = format!("{head}{one}END:VCALENDAR\n");
    assert!(IcsCalendar::read(whole.as_bytes()).is_ok());
    for (file, kind, line, property) in [
        (String::new(), Missing, 1, "BEGIN"),
        ("\r\n\r\n".to_owned(), Missing, 2, "BEGIN"),
        ("hello".to_owned(), Malformed, 1, ""),
        ("VERSION:2.0\n".to_owned(), Malformed, 1, "VERSION"),
        ("BEGIN:VEVENT\n".to_owned(), Malformed, 1, "BEGIN"),
        (head.to_owned(), Missing, 2, "END"),
        (format!("{head}{one}"), Missing, 6, "END"),
        (whole.replace("END:VEVENT\n", ""), Malformed, 6, "END"),
        (whole.replace("VERSION:2.0\n", ""), Missing, 1, "VERSION"),
        (whole.replace("2.0", "1.0"), Unsupported, 2, "VERSION"),
        (whole.replace("UID:one\n", ""), Missing, 3, "UID"),
        (whole.replace("UID:one", "UID: "), Missing, 4, "UID"),
        (format!("{head}{one}{one}END:VCALENDAR"), Repeated, 7, "UID"),
        (format!("{whole}{whole}"), Repeated, 10, "UID"),
        (format!("{head}METHOD:CANCEL\n"), Unsupported, 3, "METHOD"),
        (
            format!("{head}CALSCALE:HEBREW\n"),
            Unsupported,
            3,
            "CALSCALE",
        ),
        (format!("{head}BEGIN:VCALENDAR\n"), Malformed, 3, "BEGIN"),
        (format!("{head}BEGIN:VTODO\n{one}"), Malformed, 4, "BEGIN"),
        (format!("{whole}X:y"), Malformed, 8, "X"),
        (
            format!("{head}{}", "BEGIN:X\n".repeat(8)),
            TooLarge,
            10,
            "BEGIN",
        ),
        (
            format!("{head}{}", "BEGIN:X\n".repeat(100_000)),
            TooLarge,
            10,
            "BEGIN",
        ),
    ] {
        let refused = refused(&file);
        assert_eq!(
            (refused.kind(), refused.line(), refused.property()),
            (kind, Some(line), property),
            "{file}"
        );
    }
    assert_eq!(refused(b"BEGIN:VCALENDAR\nX:\xff\n").kind(), NotText);
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        (refused(&wide).kind(), refused(&wide).line()),
        (Malformed, Some(1))
    );
}

#[test]
fn sizes_beyond_the_limits_are_refused() {
    let huge = vec![b'x'; (16 << 20) + 1];
    assert_eq!(refused(huge).kind(), TooLarge);

    let dates = |count: usize| vec!["20250908"; count].join(",");
    let with = |also: usize, except: usize| {
        format!(
            "DTSTART:20250901\nRDATE;VALUE=DATE:{}\nEXDATE;VALUE=DATE:{}",
            dates(also),
            dates(except)
        )
    };
    assert_eq!(event(&with(4_000, 6_000)).except.len(), 6_000);
    assert_eq!(
        wrong(&with(4_000, 6_001)),
        (TooLarge, 7, "EXDATE".to_owned())
    );
    assert_eq!(wrong(&with(1_000_000, 1)).0, TooLarge);

    let events =
        (0..=100_000).map(|uid| format!("BEGIN:VEVENT\nUID:{uid}\nDTSTART:20250901\nEND:VEVENT\n"));
    let file = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\n{}",
        events.collect::<String>()
    );
    let crowded = refused(&file);
    assert_eq!(crowded.kind(), TooLarge);
    assert_eq!(crowded.line(), Some(2 + 4 * 99_999 + 1));

    let parts = (0..=100_000).map(|at| format!("BEGIN:X{at}\nEND:X{at}\n"));
    let crowded = refused(format!("BEGIN:VCALENDAR\n{}", parts.collect::<String>()));
    assert_eq!(crowded.kind(), TooLarge);
    assert_eq!(crowded.line(), Some(1 + 2 * 99_999 + 1));
}

#[test]
fn what_is_no_event_is_passed_over_and_counted() {
    let file = "\u{feff}BEGIN:vcalendar\nPRODID:x\nVERSION:2.0\nMETHOD:PUBLISH\n\
        BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\nEND:STANDARD\nEND:VTIMEZONE\n\
        BEGIN:VTODO\nDTSTART:20250901T080000\nBEGIN:VALARM\nEND:VALARM\nEND:VTODO\n\n\
        BEGIN:VEVENT\nUID:one\nDTSTART;TZID=Europe/Berlin:20250901T080000\n\
        BEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM\nDURATION:PT1H\nEND:VEVENT\n\
        BEGIN:VJOURNAL\nEND:VJOURNAL\nBEGIN:VTODO\nEND:VTODO\nend:VCALENDAR\n\n";
    let calendar = IcsCalendar::read(file.as_bytes()).unwrap();
    let skipped: Vec<_> = calendar
        .skipped
        .iter()
        .map(|(part, count)| (part.as_str(), *count))
        .collect();
    assert_eq!(skipped, [("VALARM", 1), ("VJOURNAL", 1), ("VTODO", 2)]);
    assert_eq!(calendar.events.len(), 1);
    assert_eq!(
        calendar.events[0].ends,
        IcsEnd::After {
            days: 0,
            seconds: 3_600
        }
    );
}

#[test]
fn a_vendors_prefix_before_a_zone_is_dropped() {
    for zone in [
        "/mozilla.org/20050126_1/America/Argentina/Buenos_Aires",
        "/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires",
        "America/Argentina/Buenos_Aires",
    ] {
        let read = event(&format!(
            "DTSTART;TZID={zone}:20250901T080000\nDURATION:PT1H"
        ));
        assert_eq!(
            read.starts,
            local("2025-09-01T08:00:00", "America/Argentina/Buenos_Aires")
        );
    }
}

#[test]
fn folds_within_a_character_are_undone_first() {
    let mut file = around("DTSTART:20250901\nSUMMARY:Fr\u{fc}hling").into_bytes();
    let inside = file.iter().position(|&byte| byte == 0xc3).unwrap() + 1;
    file.splice(inside..inside, *b"\r\n ");
    let calendar = IcsCalendar::read(&file).unwrap();
    assert_eq!(calendar.events[0].summary, text("Fr\u{fc}hling"));
}

#[test]
fn holidays_are_the_days_of_all_day_events() {
    let holidays = |lines: &str| {
        IcsCalendar::read(around(lines).as_bytes())
            .unwrap()
            .holidays()
    };
    let told = |lines: &str| {
        let days = holidays(lines).unwrap();
        days.iter()
            .map(|(day, name)| format!("{day} {name}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("DTSTART:20251224\nDTEND:20251227\nSUMMARY:Christmas\\nand\tafter"),
        [
            "2025-12-24 Christmas and after",
            "2025-12-25 Christmas and after",
            "2025-12-26 Christmas and after"
        ]
    );
    assert_eq!(
        told(
            "DTSTART:20250101\nRDATE;VALUE=DATE:20260101,20270101,20270101\nEXDATE;VALUE=DATE:20260101"
        ),
        ["2025-01-01 Holiday", "2027-01-01 Holiday"]
    );
    assert_eq!(told("DTSTART:20250101\nSTATUS:CANCELLED"), [""; 0]);
    assert_eq!(
        told("DTSTART:20250101T120000Z\nDTEND:20250101T180000Z\nRRULE:FREQ=YEARLY"),
        [""; 0]
    );
    let long = format!("DTSTART:20250101\nSUMMARY:{}", "x".repeat(500));
    assert_eq!(told(&long), [format!("2025-01-01 {}", "x".repeat(200))]);

    let refused = holidays("DTSTART:20250101\nRRULE:FREQ=YEARLY").unwrap_err();
    assert_eq!(
        (refused.kind(), refused.line(), refused.property()),
        (Unsupported, Some(3), "RRULE")
    );
    let refused = holidays("DTSTART:20250101\nDTEND:99991231").unwrap_err();
    assert_eq!(refused.kind(), TooLarge);

    let two = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20250101\nSUMMARY:One\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:2\nDTSTART:20250101\nSUMMARY:Other\nEND:VEVENT\nEND:VCALENDAR";
    let both = IcsCalendar::read(two.as_bytes())
        .unwrap()
        .holidays()
        .unwrap();
    assert_eq!(both[&day("2025-01-01")].as_str(), "One; Other");
}

fn calendar(events: Vec<IcsEvent>) -> IcsCalendar {
    let mut calendar = IcsCalendar::default();
    calendar.events = events;
    calendar
}

fn freeze() -> IcsEvent {
    IcsEvent::new(
        text("freeze"),
        text("Freeze"),
        utc("2025-09-01T08:00:00Z"),
        utc("2025-09-02T08:00:00Z"),
    )
}

#[test]
fn a_file_is_written_as_programs_read_it() {
    let mut weekly = freeze();
    weekly.summary = text(
        "Wartung f\u{fc}r \u{201e}Shop\u{201c}, Kasse; und R\u{fc}ckgabe: jeden Montag und Donnerstag",
    );
    weekly.starts = local("2025-09-01T20:00:00", "Europe/Berlin");
    weekly.ends = IcsEnd::After {
        days: 1,
        seconds: 5_400,
    };
    weekly.rule = Some(text("FREQ=WEEKLY;BYDAY=MO,TH"));
    weekly.except = vec![
        local("2025-09-04T20:00:00", "Europe/Berlin"),
        utc("2025-09-08T18:00:00Z"),
    ];
    weekly.categories = vec![key("hard"), key("a,b")];
    weekly.is_cancelled = true;
    weekly.is_transparent = true;
    let file = calendar(vec![weekly]).write(at(STAMP)).unwrap();
    assert_eq!(
        file,
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//phasegate//schedule//EN\r\nCALSCALE:GREGORIAN\r\n\
         BEGIN:VEVENT\r\nUID:freeze\r\nDTSTAMP:20260302T120000Z\r\nDTSTART;TZID=Europe/Berlin:20250901T200000\r\n\
         DURATION:P1DT5400S\r\n\
         SUMMARY:Wartung f\u{fc}r \u{201e}Shop\u{201c}\\, Kasse\\; und R\u{fc}ckgabe: jeden Montag und D\r\n onnerstag\r\n\
         RRULE:FREQ=WEEKLY;BYDAY=MO,TH\r\nEXDATE;TZID=Europe/Berlin:20250904T200000\r\nEXDATE:20250908T180000Z\r\n\
         CATEGORIES:hard,a\\,b\r\nSTATUS:CANCELLED\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
}

#[test]
fn a_title_cannot_become_anything_else() {
    for title in [
        "x\nEND:VEVENT\nBEGIN:VEVENT\nUID:evil",
        "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil",
        "x\rBEGIN:VEVENT",
        "x\u{2028}BEGIN:VEVENT\u{2029}UID:evil",
        "x\\nBEGIN:VEVENT",
        "x\\",
    ] {
        let mut event = freeze();
        (event.uid, event.summary) = (text(title), text(title));
        let file = calendar(vec![event]).write(at(STAMP)).unwrap();
        let begins = file.split([
            '\r', '\n', '\u{2028}', '\u{2029}', '\u{85}', '\u{b}', '\u{c}',
        ]);
        assert_eq!(
            begins.filter(|line| line.starts_with("BEGIN:")).count(),
            2,
            "{title:?}"
        );
        assert_eq!(IcsCalendar::read(file.as_bytes()).unwrap().events.len(), 1);
    }
}

#[test]
fn what_would_not_read_back_is_not_written() {
    let refused = |change: fn(&mut IcsEvent)| {
        let mut event = freeze();
        change(&mut event);
        let refused = calendar(vec![event]).write(at(STAMP)).unwrap_err();
        assert_eq!(refused.line(), None);
        (refused.kind(), refused.property().to_owned())
    };
    let owned = |kind, property: &str| (kind, property.to_owned());
    assert_eq!(
        refused(|it| it.ends = IcsEnd::At(it.starts.clone())),
        owned(OutOfRange, "DTEND")
    );
    assert_eq!(
        refused(|it| it.ends = IcsEnd::At(IcsTime::Day(day("2025-09-09")))),
        owned(Malformed, "DTEND")
    );
    assert_eq!(
        refused(|it| it.ends = IcsEnd::After {
            days: 1,
            seconds: 0
        }),
        owned(Malformed, "DURATION")
    );
    assert_eq!(
        refused(|it| it.ends = IcsEnd::At(utc("2025-09-02T08:00:00.5Z"))),
        owned(OutOfRange, "DTEND")
    );
    assert_eq!(refused(|it| it.uid = text(" \n")), owned(Missing, "UID"));
    assert_eq!(
        refused(|it| it.rule = Some(text("FREQ=DAILY\r\nEND:VEVENT"))),
        owned(Malformed, "RRULE")
    );
    assert_eq!(
        refused(|it| it.except = vec![IcsTime::Day(day("2025-09-09"))]),
        owned(Malformed, "EXDATE")
    );
    assert_eq!(
        refused(|it| it.also = vec![it.starts.clone(); 10_001]),
        owned(TooLarge, "RDATE")
    );
    assert_eq!(
        refused(|it| it.starts = local("2025-09-01T08:00:00", "x:y;z")),
        owned(UnknownZone, "DTSTART")
    );
    assert_eq!(
        refused(|it| it.starts = local("1969-09-01T08:00:00", "Asia/Tokyo")),
        owned(OutOfRange, "DTSTART")
    );
    assert_eq!(
        refused(|it| {
            it.starts = local("2025-09-01T08:00:00", "Asia/Tokyo");
            it.ends = IcsEnd::After {
                days: 0,
                seconds: 0,
            };
        }),
        owned(OutOfRange, "DURATION")
    );
    let twice = calendar(vec![freeze(), freeze()])
        .write(at(STAMP))
        .unwrap_err();
    assert_eq!(twice.kind(), Repeated);
}

fn texts() -> impl Strategy<Value = Text> {
    "[ -~\u{e4}\u{20ac}\u{1f600}\t\n]{0,120}".prop_map(|text| Text::new(text).unwrap())
}

fn instants() -> impl Strategy<Value = IcsTime> {
    (0i64..4_000_000_000).prop_map(|seconds| {
        IcsTime::Utc(phasegate::Instant::from_unix_micros(seconds * 1_000_000).unwrap())
    })
}

fn locals() -> impl Strategy<Value = IcsTime> {
    let zones = prop::sample::select(vec![
        "Europe/Berlin",
        "Etc/GMT+5",
        "America/Port-au-Prince",
        "UTC",
    ]);
    (0i64..4_000_000_000, zones).prop_map(|(seconds, zone)| {
        let local: NaiveDateTime = chrono::DateTime::from_timestamp(seconds, 0)
            .unwrap()
            .naive_utc();
        IcsTime::Local(local, Key::new(zone).unwrap())
    })
}

fn days() -> impl Strategy<Value = IcsTime> {
    (0u64..50_000).prop_map(|at| {
        let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Days::new(at);
        IcsTime::Day(Day::new(date).unwrap())
    })
}

/// Events that can be written; their ids are made different by `calendars`.
fn events() -> impl Strategy<Value = IcsEvent> {
    let late = || IcsTime::Utc(at("2200-01-01T00:00:00Z"));
    let timed = (
        prop_oneof![instants(), locals()],
        prop::collection::vec(prop_oneof![instants(), locals()], 0..6),
    )
        .prop_map(move |(starts, times)| (starts, IcsEnd::At(late()), times));
    let lasting = (
        locals(),
        0u32..40,
        1u32..100_000,
        prop::collection::vec(locals(), 0..6),
    )
        .prop_map(|(starts, days, seconds, times)| {
            (starts, IcsEnd::After { days, seconds }, times)
        });
    let whole = (days(), prop::collection::vec(days(), 0..40))
        .prop_map(|(starts, times)| (starts, IcsEnd::At(IcsTime::Day(day("2200-01-01"))), times));
    let rule = prop::option::of(prop::sample::select(vec![
        "FREQ=DAILY",
        "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20300101T000000Z",
    ]));
    let categories = prop::collection::vec("[a-zA-Z,;\\\\:\u{fc}-]{1,30}", 0..4);
    (
        texts(),
        prop_oneof![timed, lasting, whole],
        rule,
        categories,
        any::<[bool; 2]>(),
        0usize..6,
    )
        .prop_map(
            |(
                summary,
                (starts, ends, times),
                rule,
                categories,
                [is_cancelled, is_transparent],
                split,
            )| {
                let mut event = freeze();
                let (also, except) = times.split_at(split.min(times.len()));
                (event.summary, event.starts, event.ends) = (summary, starts, ends);
                (event.also, event.except) = (also.to_vec(), except.to_vec());
                event.rule = rule.map(text);
                event.categories = categories.iter().map(|it| key(it)).collect();
                (event.is_cancelled, event.is_transparent) = (is_cancelled, is_transparent);
                event
            },
        )
}

fn calendars() -> impl Strategy<Value = IcsCalendar> {
    prop::collection::vec((events(), texts()), 0..5).prop_map(|events| {
        let events = events.into_iter().enumerate();
        calendar(
            events
                .map(|(at, (mut event, uid))| {
                    event.uid = text(&format!("{at}{uid}"));
                    event
                })
                .collect(),
        )
    })
}

/// The same events as if they had not been read from a file.
fn unplaced(mut calendar: IcsCalendar) -> IcsCalendar {
    for event in &mut calendar.events {
        event.line = 0;
    }
    calendar
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(calendar in calendars()) {
        let file = calendar.write(at(STAMP)).unwrap();
        prop_assert!(file.split("\r\n").all(|line| line.len() <= 75));
        prop_assert!(!file.replace("\r\n", "").contains(['\r', '\n']));
        let read = IcsCalendar::read(file.as_bytes()).unwrap();
        prop_assert_eq!(&unplaced(read), &calendar);
        let unix = IcsCalendar::read(file.replace("\r\n", "\n").as_bytes()).unwrap();
        prop_assert_eq!(unplaced(unix), calendar);
    }

    #[test]
    fn another_program_reads_the_same(calendar in calendars()) {
        let file = calendar.write(at(STAMP)).unwrap();
        let read = ICalendar::parse(&file).unwrap();
        let events: Vec<_> = read
            .components
            .iter()
            .filter(|it| it.component_type == ICalendarComponentType::VEvent)
            .collect();
        prop_assert_eq!(events.len(), calendar.events.len());
        for (theirs, ours) in events.iter().zip(&calendar.events) {
            let values = |property| {
                theirs.properties(&property).flat_map(|it| it.values.clone()).collect::<Vec<_>>()
            };
            let texts = |property| -> Vec<String> {
                values(property).iter().filter_map(|it| it.as_text().map(str::to_owned)).collect()
            };
            let summary = Some(ours.summary.as_str()).filter(|it| !it.is_empty());
            prop_assert_eq!(texts(ICalendarProperty::Summary), Vec::from_iter(summary));
            prop_assert_eq!(texts(ICalendarProperty::Uid), [ours.uid.as_str()]);
            let categories: Vec<_> = ours.categories.iter().map(Key::as_str).collect();
            prop_assert_eq!(texts(ICalendarProperty::Categories), categories);
            let times = |property| {
                theirs.properties(&property).flat_map(their_times).collect::<Vec<_>>()
            };
            let written = |times: &[IcsTime]| times.iter().map(our_time).collect::<Vec<_>>();
            prop_assert_eq!(times(ICalendarProperty::Dtstart), written(std::slice::from_ref(&ours.starts)));
            prop_assert_eq!(times(ICalendarProperty::Rdate), written(&ours.also));
            prop_assert_eq!(times(ICalendarProperty::Exdate), written(&ours.except));
            match &ours.ends {
                IcsEnd::At(end) => {
                    prop_assert_eq!(times(ICalendarProperty::Dtend), written(std::slice::from_ref(end)));
                }
                IcsEnd::After { days, seconds } => {
                    let told = values(ICalendarProperty::Duration);
                    let Some(ICalendarValue::Duration(told)) = told.first() else { panic!("{told:?}") };
                    prop_assert_eq!((told.days, told.as_seconds()), (*days, i64::from(*days) * 86_400 + i64::from(*seconds)));
                }
            }
            let rule = values(ICalendarProperty::Rrule);
            prop_assert_eq!(rule.len(), usize::from(ours.rule.is_some()));
            prop_assert!(rule.iter().all(|it| matches!(it, ICalendarValue::RecurrenceRule(_))));
            prop_assert_eq!(theirs.status() == Some(&ICalendarStatus::Cancelled), ours.is_cancelled);
            let is_transparent = theirs.transparency() == Some(&ICalendarTransparency::Transparent);
            prop_assert_eq!(is_transparent, ours.is_transparent);
        }
    }

    /// Lines swapped, dropped, doubled, cut and spoilt: whatever comes of it ends in a value or an error, and a value
    /// can be written and reads back.
    #[test]
    fn mutated_calendars_end_in_a_value_or_an_error(
        calendar in calendars(),
        edits in prop::collection::vec((0u8..7, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut file = calendar.write(at(STAMP)).unwrap().into_bytes();
        for (how, one, other, byte) in edits {
            let mut lines: Vec<_> = file.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
            if lines.is_empty() { break; }
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            match how {
                0 => lines.swap(one, other),
                1 => drop(lines.remove(one)),
                2 => lines.insert(one, lines[other].clone()),
                3 => lines.truncate(one),
                4 => lines[one].insert(0, byte),
                5 => { let at = usize::from(byte) % lines[one].len(); lines[one][at] = byte; }
                _ => { let at = usize::from(byte) % lines[one].len(); lines[one].truncate(at); }
            }
            file = lines.concat();
        }
        match IcsCalendar::read(&file) {
            Ok(read) => {
                let again = calendar_of(&read).write(at(STAMP)).unwrap();
                let again = IcsCalendar::read(again.as_bytes()).unwrap();
                prop_assert_eq!(unplaced(again).events, unplaced(read).events);
            }
            Err(refused) => {
                let lines = file.split(|&byte| byte == b'\n').count();
                prop_assert!(refused.line().is_some_and(|line| (1..=lines).contains(&line)), "{}", refused);
            }
        }
    }

    #[test]
    fn noise_ends_in_a_value_or_an_error(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = IcsCalendar::read(&noise);
        let _ = IcsCalendar::read(around(&String::from_utf8_lossy(&noise)).as_bytes());
    }
}

/// A time as `2025-09-01 08:00:00 zone`; what is not there is empty.
fn their_times(entry: &ICalendarEntry) -> Vec<String> {
    let zone = entry.parameter(&ICalendarParameterName::Tzid);
    let zone = zone
        .and_then(|it| it.as_text())
        .unwrap_or_default()
        .to_owned();
    let told = |it: &PartialDateTime| {
        let day = format!(
            "{}-{}-{}",
            it.year.unwrap(),
            it.month.unwrap(),
            it.day.unwrap()
        );
        let time = it
            .hour
            .map(|hour| format!("{hour}:{}:{}", it.minute.unwrap(), it.second.unwrap()));
        let zone = if it.tz_hour == Some(0) { "Z" } else { &zone };
        format!("{day} {} {zone}", time.unwrap_or_default())
    };
    entry
        .values
        .iter()
        .map(|it| told(it.as_partial_date_time().unwrap()))
        .collect()
}

fn our_time(time: &IcsTime) -> String {
    match time {
        IcsTime::Day(day) => day.date().format("%-Y-%-m-%-d  ").to_string(),
        IcsTime::Local(at, zone) => format!("{} {zone}", at.format("%-Y-%-m-%-d %-H:%-M:%-S")),
        IcsTime::Utc(at) => at
            .to_datetime()
            .format("%-Y-%-m-%-d %-H:%-M:%-S Z")
            .to_string(),
    }
}

fn calendar_of(read: &IcsCalendar) -> IcsCalendar {
    calendar(read.events.clone())
}

#[derive(Deserialize)]
struct HolidayRow {
    calendar: String,
    subdivision: String,
    date: String,
    name: String,
}

fn real(file: &str) -> Vec<u8> {
    recorded::file(&format!("holiday-calendars/{file}"))
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn real_holidays_are_those_of_the_table() {
    let table = real("holidays.csv");
    let rows: Result<Vec<HolidayRow>, _> =
        csv::Reader::from_reader(&table[..]).deserialize().collect();
    let rows = rows.expect("every row has the expected columns");
    for (file, calendar, subdivision, count) in [
        ("us-holidays-2024-2026.ics", "US", "", 34),
        ("de-by-holidays-2024-2026.ics", "DE", "BY", 36),
        ("jp-holidays-2024-2026.ics", "JP", "", 58),
    ] {
        let read = IcsCalendar::read(&real(file)).unwrap();
        assert_eq!(
            (read.events.len(), read.skipped.len()),
            (count, 0),
            "{file}"
        );
        let holidays = read.holidays().unwrap();
        let listed: BTreeMap<Day, Name> = rows
            .iter()
            .filter(|row| row.calendar == calendar && row.subdivision == subdivision)
            .filter(|row| ("2024".."2027").contains(&&row.date[..4]))
            .map(|row| (day(&row.date), Name::new(&row.name).unwrap()))
            .collect();
        assert_eq!(holidays, listed, "{file}");
        let days = WorkingDays::default().with_holidays(holidays).unwrap();
        assert!(listed.keys().all(|day| !days.is_working(*day)));

        let stamp = at(STAMP);
        let again = read.write(stamp).unwrap();
        let again = IcsCalendar::read(again.as_bytes()).unwrap();
        assert_eq!(unplaced(again), unplaced(read), "{file}");
    }
}
