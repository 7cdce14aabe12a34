//! The log of a calendar, kept byte for byte: what was written once must read for ever.

use crate::desk_support::{Office, at, by, id, key, name, office, text, wait};
use crate::golden::golden;
use phasegate::desk::StreamError;
use phasegate::phase::Interval;
use phasegate::release::{
    Actor, Bounded, Effect, Envelope, Environment, Key, LogErrorKind, Name, Region, RunningWork,
    Service, Track, Upcasters, replay, verify,
};
use phasegate::schedule::{
    CalendarState, ExceptionAnswer, ExceptionDecision, ExceptionRequest, Scope, Timing,
    WhileClosed, Window,
};
use phasegate::{By, MemoryStore};
use std::collections::BTreeSet;
use std::sync::Arc;

type Answer = Result<CalendarState, StreamError>;

fn production() -> Key {
    key("production")
}

fn year_end() -> Interval {
    Interval::parse("2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z").unwrap()
}

fn hard() -> WhileClosed {
    WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Warned,
    )
}

/// A window with everything that one can have in every build.
fn full() -> Window {
    let label: (Key, Name) = (key("team"), name("payments"));
    let scope = Scope::builder()
        .services([Service::new("shop").unwrap()])
        .environments([Environment::new("production").unwrap()])
        .regions([Region::new("eu-west").unwrap()])
        .tracks([Track::Normal, Track::Emergency])
        .labels([label]);
    let freeze = Window::freeze(key("year-end"), Timing::between(year_end()), hard());
    freeze
        .about(scope.build())
        .titled(name("The end of the year"))
}

/// One with only what it needs.
fn least() -> Window {
    let timing = Timing::without_end(at("2026-03-02T12:00:00Z"));
    let open = WhileClosed::new(
        Effect::Allowed,
        RunningWork::RunOn,
        Effect::Blocked,
        Effect::Blocked,
    );
    Window::allow(key("night"), timing, open)
}

fn request(id_of: &str, freezes: &[&str]) -> ExceptionRequest {
    let freezes: BTreeSet<_> = freezes.iter().map(|freeze| key(freeze)).collect();
    let freezes = Bounded::new(freezes).unwrap();
    let reason = text("The law changes.");
    ExceptionRequest::new(key(id_of), id(1), freezes, year_end(), reason)
}

fn decision(id_of: &str, answer: ExceptionAnswer) -> ExceptionDecision {
    ExceptionDecision::new(key(id_of), answer, text("Seen by the board."))
}

/// A calendar to which all has happened that can happen to one.
fn kept() -> (Office<Arc<MemoryStore>>, CalendarState) {
    let office = office();
    let desk = &office.desk;
    let calendar = production();
    let done = |answer: Answer| answer.unwrap();
    done(wait(desk.declare_window(&calendar, full(), by("ann"))));
    done(wait(desk.declare_window(
        &calendar,
        least(),
        By::new(Actor::System(key("sync"))),
    )));
    let closed = desk.set_calendar_default(&calendar, Some(hard()), text("Ask first."), by("ann"));
    done(wait(closed));
    office.clock.set("2026-03-03T09:00:00Z");
    done(wait(desk.request_exception(
        &calendar,
        request("E-1", &["year-end"]),
        by("kim"),
    )));
    let granted = Interval::parse("2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z").unwrap();
    let granted = decision("E-1", ExceptionAnswer::Granted(granted));
    done(wait(desk.decide_exception(&calendar, granted, by("cho"))));
    done(wait(desk.request_exception(
        &calendar,
        request("E-2", &["year-end"]),
        by("kim"),
    )));
    let denied = decision("E-2", ExceptionAnswer::Denied);
    done(wait(desk.decide_exception(&calendar, denied, by("cho"))));
    done(wait(desk.set_calendar_default(
        &calendar,
        None,
        text("It worked."),
        by("ann"),
    )));
    let gone = desk.withdraw_window(&calendar, key("night"), text("No more nights."), by("ann"));
    let state = done(wait(gone));
    (office, state)
}

#[test]
fn the_log_of_a_calendar_reads_for_ever() {
    let (office, state) = kept();
    let log = wait(office.desk.calendar_history(&production())).unwrap();
    let lines = log.iter().map(|entry| entry.to_json().unwrap() + "\n");
    let lines: String = lines.collect();
    golden("calendar.jsonl", &lines);
    let payload = |entry: &Envelope| format!("{} {}\n", entry.kind, entry.data.as_str());
    let mut payloads: Vec<_> = log.iter().map(payload).collect();
    payloads.sort_unstable();
    golden("payloads/calendars.txt", &payloads.concat());

    let read: Vec<_> = lines
        .lines()
        .map(|line| Envelope::from_json(line).unwrap())
        .collect();
    verify(&read).unwrap();
    assert_eq!(
        CalendarState::replay(&read, &Upcasters::default()).unwrap(),
        state
    );
    assert!(read.iter().all(|entry| entry.critical));
    let kinds: BTreeSet<_> = read.iter().map(|entry| &*entry.kind).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    // It is no release's.
    assert_eq!(
        read[0].decode().unwrap_err().to_string(),
        "cannot read the log at version 1: `calendar.window_declared` is in the log of a calendar",
    );
    assert_eq!(replay(&read).unwrap_err().kind(), LogErrorKind::Broken);
}

#[test]
fn a_calendars_log_that_does_not_hold_is_not_read() {
    let (office, _) = kept();
    let log = wait(office.desk.calendar_history(&production())).unwrap();
    let replayed = |log: &[Envelope]| CalendarState::replay(log, &Upcasters::default());
    assert_eq!(replayed(&[]).unwrap_err().kind(), LogErrorKind::Empty);
    let error = replayed(&[log[0].clone(), log[2].clone()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the log at version 3: expected version 2"
    );
    let edited = |version: usize, from: &str, to: &str| {
        let line = log[version - 1].to_json().unwrap();
        assert!(line.contains(from), "{line}");
        let mut log = log[..version].to_vec();
        log[version - 1] = Envelope::from_json(&line.replace(from, to)).unwrap();
        replayed(&log).unwrap_err().to_string()
    };
    assert_eq!(
        edited(1, "window_declared", "window_blessed"),
        "cannot read the log at version 1: `calendar.window_blessed` is critical and unknown here",
    );
    assert_eq!(
        edited(5, "\"cho\"", "\"kim\""),
        "cannot read the log at version 5: `calendar.exception_decided`: `kim` asked for exception `E-1` and cannot \
         decide it",
    );
    let unknown = edited(4, "\"reason\"", "\"urgent\":true,\"reason\"");
    assert!(
        unknown.starts_with(
            "cannot read the log at version 4: `calendar.exception_requested` does not hold unknown field `urgent`"
        ),
        "{unknown}"
    );
}

#[test]
#[cfg(feature = "calendar")]
fn a_window_on_a_wall_clock_is_written_as_pinned() {
    let local = |text: &str| text.parse::<chrono::NaiveDateTime>().unwrap();
    let timing = Timing::local(
        "Europe/Berlin".parse().unwrap(),
        local("2026-03-02T20:00:00"),
        local("2026-03-03T06:00:00"),
    );
    let timing = timing.unwrap().recurring("FREQ=WEEKLY;BYDAY=MO").unwrap();
    let timing = timing.also([local("2026-03-04T20:00:00")]).unwrap();
    let timing = timing.except([local("2026-03-09T20:00:00")]).unwrap();
    let day = local("2026-03-16T00:00:00").date();
    let window = Window::allow(key("nights"), timing.except_days([day]).unwrap(), hard());
    let written = serde_json::to_string(&window).unwrap();
    assert_eq!(
        written,
        r#"{"id":"nights","kind":"allow","zone":"Europe/Berlin","starts":"2026-03-02T20:00","#
            .to_owned()
            + r#""ends":"2026-03-03T06:00","rule":"FREQ=WEEKLY;BYDAY=MO","also":["2026-03-04T20:00"],"#
            + r#""except":["2026-03-16","2026-03-09T20:00"],"new_work":"blocked","#
            + r#""running_work":"finish_wave","back_outs":"allowed","emergencies":"warned"}"#
    );
    assert_eq!(serde_json::from_str::<Window>(&written).unwrap(), window);
}
