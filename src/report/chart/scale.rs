//! Scales: round numbers along a measure, round dates along a time.

use super::svg::Pt;
use crate::phase::{Instant, Interval};
use chrono::{Datelike, Days, Months, NaiveDate};

/// A scale over a measure, from one round number to another.
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// The scale on which all of these have a place, and zero.
    pub(super) fn over(numbers: impl Iterator<Item = f64>) -> Self {
        let (least, most) = numbers.fold((0.0_f64, 0.0_f64), |(least, most), number| {
            (least.min(number), most.max(number))
        });
        let span = if most > least { most - least } else { 1.0 };
        let step = round_step(span / 4.0);
        let high = (most / step).ceil() * step;
        Self {
            low: (least / step).floor() * step,
            high: if high > 0.0 || least < 0.0 {
                high
            } else {
                step
            },
            step,
        }
    }

    /// The place of a number between two edges.
    pub(super) fn place(&self, number: f64, from: Pt, to: Pt) -> Pt {
        from.part_toward(to, (number - self.low) / (self.high - self.low))
    }

    /// The round numbers on it, a dozen at most.
    pub(super) fn marks(&self) -> impl Iterator<Item = f64> {
        let mark = |place: u8| self.low + f64::from(place) * self.step;
        (0..12)
            .map(mark)
            .take_while(|mark| *mark <= self.high + self.step / 2.0)
    }
}

/// The first of 1, 2, 5, 10 and so on that is not smaller. By multiplying and dividing alone, which give the same on
/// every machine, as logarithms do not.
fn round_step(at_least: f64) -> f64 {
    let mut ten = 1.0_f64;
    while ten >= at_least {
        ten /= 10.0;
    }
    while ten * 10.0 < at_least {
        ten *= 10.0;
    }
    let steps = [2.0, 5.0].map(|times| ten * times);
    steps
        .into_iter()
        .find(|step| *step >= at_least)
        .unwrap_or(ten * 10.0)
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// How far one mark is from the next.
#[derive(Clone, Copy)]
enum Step {
    Hours(i64),
    Days(u64),
    Months(u32),
}

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
const STEPS: [(Step, i64); 15] = [
    (Step::Hours(1), HOUR),
    (Step::Hours(3), 3 * HOUR),
    (Step::Hours(6), 6 * HOUR),
    (Step::Hours(12), 12 * HOUR),
    (Step::Days(1), DAY),
    (Step::Days(2), 2 * DAY),
    (Step::Days(7), 7 * DAY),
    (Step::Days(14), 14 * DAY),
    (Step::Months(1), 30 * DAY),
    (Step::Months(2), 61 * DAY),
    (Step::Months(3), 91 * DAY),
    (Step::Months(6), 182 * DAY),
    (Step::Months(12), 365 * DAY),
    (Step::Months(60), 5 * 365 * DAY),
    (Step::Months(240), 20 * 365 * DAY),
];

/// The round instants in a span, seven at most, each with how it is called.
pub(super) fn dates(span: Interval) -> Vec<(Instant, String)> {
    let length = span.end().unix_micros() - span.start().unix_micros();
    let fits = STEPS.iter().find(|(_, step)| length / step <= 5);
    let step = fits.map_or(Step::Months(24_000), |(step, _)| *step);
    let mut dates = Vec::new();
    let mut year = None;
    let mut next = first(step, span.start());
    while let Some(at) = next.filter(|at| *at < span.end() && dates.len() < 12) {
        if span.contains(at) {
            dates.push((at, called(step, at, &mut year)));
        }
        next = later(step, at);
    }
    dates
}

fn first(step: Step, from: Instant) -> Option<Instant> {
    let day = from.day();
    let day = match step {
        Step::Hours(_) | Step::Days(1 | 2) => day,
        Step::Days(_) => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
        Step::Months(months) => {
            let month = if months >= 12 {
                1
            } else {
                day.month0() / months * months + 1
            };
            NaiveDate::from_ymd_opt(day.year(), month, 1)?
        }
    };
    Instant::start_of(day).ok().or(Some(Instant::EPOCH))
}

fn later(step: Step, at: Instant) -> Option<Instant> {
    match step {
        Step::Hours(hours) => Instant::from_unix_micros(at.unix_micros() + hours * HOUR).ok(),
        Step::Days(days) => Instant::start_of(at.day() + Days::new(days)).ok(),
        Step::Months(months) => {
            Instant::start_of(at.day().checked_add_months(Months::new(months))?).ok()
        }
    }
}

/// The year is told where it is another one than before.
fn called(step: Step, at: Instant, year: &mut Option<i32>) -> String {
    let date = at.to_datetime();
    let day = at.day();
    let month = MONTHS
        .get(day.month0() as usize)
        .copied()
        .unwrap_or_default();
    let is_new = year.replace(day.year()) != Some(day.year());
    let year = if is_new {
        format!(" {}", day.year())
    } else {
        String::new()
    };
    match step {
        Step::Hours(_) if at.unix_micros() % DAY != 0 => date.format("%H:%M").to_string(),
        Step::Hours(_) | Step::Days(_) => format!("{} {month}{year}", day.day()),
        Step::Months(months) if months >= 12 => day.year().to_string(),
        Step::Months(_) => format!("{month}{year}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::svg::pt;
    use super::*;

    fn marks(numbers: &[f64]) -> Vec<f64> {
        Scale::over(numbers.iter().copied()).marks().collect()
    }

    #[test]
    fn a_scale_has_round_numbers_and_room_for_all() {
        assert_eq!(marks(&[3.0, 17.0]), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(
            marks(&[0.4]),
            [0.0, 0.1, 0.2, 0.300_000_000_000_000_04, 0.4]
        );
        assert_eq!(marks(&[-3.0, 3.0]), [-4.0, -2.0, 0.0, 2.0, 4.0]);
        assert_eq!(marks(&[]), [0.0, 0.5]);
    }

    #[test]
    fn no_number_is_too_large_or_too_small_for_a_scale() {
        for number in [1e15, -1e15, 1e-300, f64::MIN_POSITIVE, 0.0] {
            let scale = Scale::over([number].into_iter());
            assert!(scale.marks().count() >= 2, "{number}");
            let place = scale.place(number, pt(0), pt(100));
            assert!(pt(0) <= place && place <= pt(100), "{number}");
        }
    }

    #[test]
    fn dates_are_round_and_few() {
        let spans = [
            (
                "2026-03-02T10:00:00Z",
                "2026-03-02T16:00:00Z",
                "12:00 15:00",
            ),
            (
                "2026-12-28T12:00:00Z",
                "2027-01-03T00:00:00Z",
                "29 Dec 2026|30 Dec|31 Dec|1 Jan 2027|2 Jan",
            ),
            (
                "2026-03-01T00:00:00Z",
                "2026-09-01T00:00:00Z",
                "Mar 2026|May|Jul",
            ),
            (
                "1970-01-01T00:00:00Z",
                "9999-12-31T00:00:00Z",
                "1970|3970|5970|7970|9970",
            ),
        ];
        for (from, to, expected) in spans {
            let dates = dates(Interval::parse(from, to).unwrap());
            let called: Vec<_> = dates.into_iter().map(|(_, called)| called).collect();
            let separator = if expected.contains('|') { "|" } else { " " };
            assert_eq!(called.join(separator), expected);
        }
    }
}
