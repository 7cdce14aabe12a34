//! Bytes as an iCalendar file: whatever they are, reading ends in a value or an error with a line of the file. What
//! was read can be written, and reads back as the same events.
//!
//! Input that begins with a zero byte is a list of lines of an event instead, each made of pieces that occur in such
//! files, so that they reach the values and not only the lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phasegate::schedule::IcsCalendar;

const PIECES: [&str; 40] = [
    "\n", "\r\n ", "\n\t", ":", ";", ",", "=", "\"", "\\n", "\\,", "DTSTART", "DTEND", "DURATION",
    "RRULE", "RDATE", "EXDATE", "SUMMARY", "CATEGORIES", "STATUS", "TRANSP", "RECURRENCE-ID", "UID",
    "VALUE=DATE", "VALUE=PERIOD", "TZID=Europe/Berlin", "TZID=/a.b/1/Asia/Tokyo", ":20250901",
    ":20250901T080000Z", ":20250901T090000", ",20250902", "PT1H", "P1DT2H", "P1W", "FREQ=DAILY",
    "CANCELLED", "TRANSPARENT", "BEGIN:VALARM\n", "END:VALARM\n", "END:VEVENT\n", "BEGIN:VEVENT\nUID:2\n",
];

fuzz_target!(|data: &[u8]| {
    match data.split_first() {
        Some((0, pieces)) => follow(event(pieces).as_bytes()),
        _ => follow(data),
    }
});

fn event(pieces: &[u8]) -> String {
    let pieces = pieces.iter().map(|&at| PIECES[usize::from(at) % PIECES.len()]);
    let lines: String = pieces.collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
}

fn follow(file: &[u8]) {
    let mut read = match IcsCalendar::read(file) {
        Ok(read) => read,
        Err(refused) => {
            let lines = file.split(|&byte| byte == b'\n').count();
            let line = refused.line().expect("small files have lines");
            assert!((1..=lines).contains(&line), "{refused}");
            return;
        }
    };
    let _ = read.holidays();
    let stamp = phasegate::Instant::from_unix_micros(0).expect("1970 can be written");
    let written = read.write(stamp).expect("what was read can be written");
    let mut again = IcsCalendar::read(written.as_bytes()).expect("what was written can be read");
    for event in read.events.iter_mut().chain(&mut again.events) {
        event.line = 0;
    }
    assert!(read.events == again.events, "what was written is what was read");
}
