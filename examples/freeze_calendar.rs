//! When may something be changed? Holidays and code freezes as a month view, and three questions about it.
//!
//! `cargo run --example freeze_calendar --features calendar`. The facts are in `examples/data/freeze_calendar.json`.
#![expect(clippy::print_stdout, reason = "an example is there to print")]

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use phasegate::phase::{Day, Instant, Interval, Seconds};
use phasegate::release::{DecidingWindow, Effect, Key, Name, RunningWork};
use phasegate::schedule::{
    Calendar, Edges, Schedule, Scope, Timing, WhileClosed, Window, Work, WorkKind, WorkingDays,
    Zone,
};
use serde::Deserialize;
use std::{error::Error, fmt::Write};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The months that are shown, by their first days.
const MONTHS: [&str; 3] = ["2022-11-01", "2022-12-01", "2023-01-01"];
/// The eve of Thanksgiving, in the middle of a code freeze.
const ASKED_AT: &str = "2022-11-23T15:00:00Z";
/// How long the work takes.
const WORK: Seconds = Seconds::hours(2);

fn main() -> Outcome<()> {
    print!("{}", page(&facts()?)?);
    Ok(())
}

/// The file.
#[derive(Debug, Deserialize)]
pub(crate) struct Facts {
    sources: Vec<Source>,
    zone: Zone,
    pub(crate) working_days: WorkingDays,
    pub(crate) windows: Vec<Window>,
}

#[derive(Debug, Deserialize)]
struct Source {
    of: String,
    by: String,
    license: String,
}

pub(crate) fn facts() -> Outcome<Facts> {
    Ok(serde_json::from_str(include_str!(
        "data/freeze_calendar.json"
    ))?)
}

/// The windows of the file, and a freeze on every holiday, from midnight to midnight.
fn schedule(facts: &Facts) -> Outcome<Schedule> {
    let mut calendar = Calendar::new(Key::new("production")?);
    for window in &facts.windows {
        calendar = calendar.with(window.clone())?;
    }
    let mut starts = facts.working_days.holidays().keys().copied().map(midnight);
    if let Some(first) = starts.next() {
        let timing = Timing::local(facts.zone, first, first + Days::new(1))?.also(starts)?;
        let closed = WhileClosed::new(
            Effect::Blocked,
            RunningWork::RunOn,
            Effect::Allowed,
            Effect::Warned,
        );
        let holidays = Window::freeze(Key::new("holidays")?, timing, closed);
        calendar = calendar.with(holidays.titled(Name::new("Holidays")?))?;
    }
    Ok(calendar.into())
}

fn midnight(day: Day) -> chrono::NaiveDateTime {
    day.date().and_time(NaiveTime::MIN)
}

/// Everything that is printed.
pub(crate) fn page(facts: &Facts) -> Outcome<String> {
    let schedule = schedule(facts)?;
    let mut page = String::from("When may something be changed?\n\n");
    for Source { of, by, license } in &facts.sources {
        writeln!(
            page,
            "Source   {of}\n         {by}\n         Licence {license}"
        )?;
    }
    writeln!(page, "Times    {}", facts.zone)?;
    page.push_str("Marks    o open for 2 hours or more   F frozen   H holiday   - weekend\n");
    for first in MONTHS {
        month(&mut page, facts, &schedule, first.parse()?)?;
    }
    questions(&mut page, facts, &schedule)?;
    Ok(page)
}

fn month(page: &mut String, facts: &Facts, schedule: &Schedule, first: NaiveDate) -> Outcome<()> {
    writeln!(page, "\n{}\n", first.format("%B %Y"))?;
    page.push_str("  Mo    Tu    We    Th    Fr    Sa    Su\n");
    let mut line = " ".repeat(6 * first.weekday().num_days_from_monday() as usize);
    let days = first
        .iter_days()
        .take_while(|day| day.month() == first.month());
    for day in days {
        write!(
            line,
            "{:>4} {}",
            day.day(),
            mark(facts, schedule, Day::new(day)?)?
        )?;
        if day.weekday().num_days_from_sunday() == 0 {
            writeln!(page, "{line}")?;
            line.clear();
        }
    }
    if !line.is_empty() {
        writeln!(page, "{line}")?;
    }
    let holidays = facts.working_days.holidays().iter();
    let of_month =
        |day: &Day| (day.date().year(), day.date().month()) == (first.year(), first.month());
    for (day, name) in holidays.filter(|(day, _)| of_month(day)) {
        writeln!(page, "{:>4} {name}", day.date().day())?;
    }
    Ok(())
}

/// Whether there is time for the work on that day, and if not, why.
fn mark(facts: &Facts, schedule: &Schedule, day: Day) -> Outcome<char> {
    let whole = Timing::local(facts.zone, midnight(day), midnight(day) + Days::new(1))?;
    let always = Interval::parse("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z")?;
    let mut free = Vec::new();
    for span in whole.occurrences(always, Edges::Long) {
        free.extend(schedule.free_slots(span, WORK, &Scope::everything())?);
    }
    Ok(if !free.is_empty() {
        'o'
    } else if facts.working_days.holidays().contains_key(&day) {
        'H'
    } else if facts.working_days.is_working(day) {
        'F'
    } else {
        '-'
    })
}

fn questions(page: &mut String, facts: &Facts, schedule: &Schedule) -> Outcome<()> {
    let scope = Scope::everything();
    let told = |at: Instant| {
        facts
            .zone
            .wall_clock(at)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string()
    };
    let now = ASKED_AT.parse()?;
    writeln!(page, "\nIt is {}\n", told(now))?;
    for (what, kind) in [
        ("New work", WorkKind::New),
        ("An emergency", WorkKind::Emergency),
        ("A back-out", WorkKind::BackOut),
    ] {
        let work = Work {
            kind,
            scope: &scope,
        };
        let state = schedule.state_at(now, work);
        writeln!(page, "{what}: {}", state.openness)?;
        for window in &state.deciding {
            writeln!(page, "    {}", by(window, told))?;
        }
    }
    let slot = schedule.next_open(now, WORK, &scope);
    let until = slot.and_then(|slot| schedule.next_transition(slot, &scope));
    if let (Some(slot), Some(until)) = (slot, until) {
        writeln!(
            page,
            "\nThe next free slot of 2 hours: {} to {}",
            told(slot),
            told(until.at)
        )?;
    }
    Ok(())
}

fn by(window: &DecidingWindow, told: impl Fn(Instant) -> String) -> String {
    let title = window.title.as_ref().map_or("", Name::as_str);
    match window.active {
        Some(active) => format!(
            "{title}: {} to {}",
            told(active.start()),
            told(active.end())
        ),
        None => format!("{title}: not now"),
    }
}
