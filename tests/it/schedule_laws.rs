//! The algebra of schedules through changes of the clock, minute by minute.
//!
//! The oracle knows nothing of recurrence or of zones: it writes down what the clocks of a place show in each minute,
//! finds the edges of windows there by the table of the documentation, and looks at every minute.

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
    Utc, Weekday,
};
use phasegate::phase::{Instant, Interval, Seconds};
use phasegate::release::{Effect, Key, Openness, RunningWork};
use phasegate::schedule::{Calendar, Schedule, Scope, Timing, WhileClosed, Window};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

/// Minutes of a day.
const DAY: usize = 1_440;
/// From the first minute that the oracle has written down to the first that is asked about.
const BEFORE: usize = 6 * DAY;
/// How long the span is that is asked about.
const ASKED: usize = 8 * DAY;
/// How much is written down.
const WRITTEN: usize = BEFORE + ASKED + 5 * DAY;

/// What the clocks of a place show around a change, minute by minute of UTC.
struct Place {
    zone: &'static str,
    first: DateTime<Utc>,
    shows: Vec<NaiveDateTime>,
    /// The first and the last minute in which the clocks show this.
    minutes: BTreeMap<NaiveDateTime, (usize, usize)>,
    /// The first minute after the change; none where the clocks never change.
    change: Option<usize>,
}

/// A zone, a day of UTC on which its clocks change, and by how many minutes.
const CHANGES: [(&str, &str, i64); 13] = [
    ("Europe/Berlin", "2026-03-29", 60),
    ("Europe/Berlin", "2026-10-25", -60),
    ("America/New_York", "2026-03-08", 60),
    ("America/New_York", "2026-11-01", -60),
    ("Australia/Sydney", "2026-04-04", -60),
    ("Australia/Sydney", "2026-10-03", 60),
    ("Australia/Lord_Howe", "2026-04-04", -30),
    ("Australia/Lord_Howe", "2026-10-03", 30),
    ("America/Santiago", "2026-04-05", -60),
    ("America/Santiago", "2026-09-06", 60),
    ("Pacific/Apia", "2011-12-30", 1_440),
    ("Asia/Tokyo", "2026-03-29", 0),
    ("UTC", "2026-03-29", 0),
];

static PLACES: LazyLock<Vec<Place>> =
    LazyLock::new(|| CHANGES.into_iter().map(Place::at).collect());

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.zone, self.first)
    }
}

impl Place {
    fn at((zone, day, by): (&'static str, &str, i64)) -> Self {
        let rules: chrono_tz::Tz = zone.parse().unwrap();
        let day: NaiveDate = day.parse().unwrap();
        let middle = BEFORE + ASKED / 2;
        let first = day.and_time(NaiveTime::MIN).and_utc() - minutes(middle);
        let offset = |minute: usize| {
            let utc = (first + minutes(minute)).naive_utc();
            rules.offset_from_utc_datetime(&utc).fix().local_minus_utc()
        };
        let shows: Vec<_> = (0..WRITTEN)
            .map(|minute| {
                let offset = TimeDelta::seconds(offset(minute).into());
                (first + minutes(minute)).naive_utc() + offset
            })
            .collect();
        let mut seen = BTreeMap::new();
        for (minute, shown) in shows.iter().enumerate() {
            seen.entry(*shown).or_insert((minute, minute)).1 = minute;
        }
        let changes: Vec<_> = (1..WRITTEN)
            .filter(|&minute| shows[minute] - shows[minute - 1] != minutes(1))
            .collect();
        let jumps = changes
            .iter()
            .map(|&minute| (shows[minute] - shows[minute - 1]).num_minutes() - 1);
        let expected: Vec<_> = (by != 0).then_some(by).into_iter().collect();
        assert_eq!(jumps.collect::<Vec<_>>(), expected, "{zone} {day}");
        let change = changes.first().copied();
        assert!(
            change.is_none_or(|change| (middle..middle + DAY).contains(&change)),
            "{zone} {day}"
        );
        Self {
            zone,
            first,
            shows,
            minutes: seen,
            change,
        }
    }

    fn instant(&self, minute: usize) -> Instant {
        (self.first + minutes(minute)).try_into().unwrap()
    }

    /// The minute that an edge is, by the table: of two the one that is asked for, in a gap that of the change.
    fn edge(&self, local: NaiveDateTime, which: Which) -> usize {
        match (self.minutes.get(&local), which) {
            (Some((earlier, _)), Which::Earlier) => *earlier,
            (Some((_, later)), Which::Later) => *later,
            (None, Which::Earlier | Which::Later) => {
                let skipped = self.shows.iter().position(|shown| *shown > local);
                skipped.expect("edges lie in what is written down")
            }
        }
    }

    fn middle(&self) -> usize {
        self.change.unwrap_or(BEFORE + ASKED / 2)
    }
}

#[derive(Clone, Copy)]
enum Which {
    Earlier,
    Later,
}

fn minutes(count: usize) -> TimeDelta {
    TimeDelta::minutes(count.try_into().unwrap())
}

/// A window as the oracle has it.
#[derive(Debug, Clone)]
struct Plain {
    is_freeze: bool,
    effect: Effect,
    starts: NaiveDateTime,
    length: TimeDelta,
    rule: Rule,
    except: Option<NaiveDate>,
}

#[derive(Debug, Clone)]
enum Rule {
    Once,
    Daily(i64),
    Weekly(BTreeSet<u8>),
}

impl Plain {
    fn window(&self, id: Key, zone: &str) -> Window {
        let ends = self.starts + self.length;
        let mut timing = Timing::local(zone.parse().unwrap(), self.starts, ends).unwrap();
        timing = match &self.rule {
            Rule::Once => timing,
            Rule::Daily(days) => timing
                .recurring(&format!("FREQ=DAILY;INTERVAL={days}"))
                .unwrap(),
            Rule::Weekly(days) => {
                let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
                let days: Vec<_> = days.iter().map(|day| names[usize::from(*day)]).collect();
                let rule = format!("FREQ=WEEKLY;BYDAY={}", days.join(","));
                timing.recurring(&rule).unwrap()
            }
        };
        timing = timing.except_days(self.except).unwrap();
        let closed = WhileClosed::new(self.effect, RunningWork::RunOn, self.effect, self.effect);
        if self.is_freeze {
            Window::freeze(id, timing, closed)
        } else {
            Window::allow(id, timing, closed)
        }
    }

    fn starts_on(&self, day: NaiveDate) -> bool {
        let since = (day - self.starts.date()).num_days();
        let is_on = match &self.rule {
            Rule::Once => since == 0,
            Rule::Daily(days) => since >= 0 && since % days == 0,
            Rule::Weekly(days) => since >= 0 && days.contains(&number(day.weekday())),
        };
        is_on && self.except != Some(day)
    }

    /// The minutes of its occurrences, by the table.
    fn spans(&self, place: &Place) -> Vec<Range<usize>> {
        let (start, end) = if self.is_freeze {
            (Which::Earlier, Which::Later)
        } else {
            (Which::Later, Which::Earlier)
        };
        let last = place.shows[BEFORE + ASKED].date();
        let days = self.starts.date().iter_days();
        let days = days
            .take_while(|day| *day <= last)
            .filter(|day| self.starts_on(*day));
        let spans = days.map(|day| {
            let starts = day.and_time(self.starts.time());
            place.edge(starts, start)..place.edge(starts + self.length, end)
        });
        spans.filter(|span| !span.is_empty()).collect()
    }
}

fn number(day: Weekday) -> u8 {
    day.num_days_from_monday().try_into().unwrap()
}

fn windows(place: &'static Place) -> impl Strategy<Value = Plain> {
    let first = place.shows[DAY].date();
    let time = place.shows[place.middle()].time() - NaiveTime::MIN;
    let near = (-150..150_i64).prop_map(move |away| (time.num_minutes() + away).rem_euclid(1_440));
    let starts = (1..9_u64, prop_oneof![0..1_440_i64, near.clone(), near]);
    let starts = starts.prop_map(move |(days, minute)| {
        (first + Days::new(days)).and_time(NaiveTime::MIN) + TimeDelta::minutes(minute)
    });
    let length = prop_oneof![1..300_i64, 1_300..1_600_i64, 1..4_320_i64];
    let rule = prop_oneof![
        Just(Rule::Once),
        (1..4_i64).prop_map(Rule::Daily),
        prop::collection::btree_set(0..7_u8, 0..5).prop_map(Rule::Weekly),
    ];
    let effect = prop::sample::select(vec![Effect::Warned, Effect::Blocked, Effect::Blocked]);
    let except = proptest::option::weighted(0.2, 1..14_u64);
    (any::<bool>(), effect, starts, length, rule, except).prop_map(
        move |(is_freeze, effect, starts, length, rule, except)| Plain {
            is_freeze,
            effect,
            starts,
            length: TimeDelta::minutes(length),
            rule: match rule {
                Rule::Weekly(mut days) => {
                    days.insert(number(starts.weekday()));
                    Rule::Weekly(days)
                }
                rule @ (Rule::Once | Rule::Daily(_)) => rule,
            },
            except: except.map(|days| first + Days::new(days)),
        },
    )
}

fn cases() -> impl Strategy<Value = (&'static Place, Vec<Plain>)> {
    (0..CHANGES.len()).prop_flat_map(|number| {
        let place = &PLACES[number];
        (Just(place), prop::collection::vec(windows(place), 1..5))
    })
}

fn id(number: usize) -> Key {
    Key::new(format!("w{number}")).unwrap()
}

/// What decides in one minute.
fn oracle(windows: &[(Plain, Vec<Range<usize>>)], minute: usize) -> (Openness, BTreeSet<Key>) {
    let active = |place: &usize| windows[*place].1.iter().any(|span| span.contains(&minute));
    let of_kind = |is_freeze| {
        (0..windows.len()).filter(move |place| windows[*place].0.is_freeze == is_freeze)
    };
    let mut closing: Vec<_> = of_kind(true).filter(active).collect();
    let opening: Vec<_> = of_kind(false).filter(active).collect();
    if opening.is_empty() {
        closing.extend(of_kind(false));
    }
    let worst = closing.iter().map(|place| windows[*place].0.effect).max();
    let deciding = if closing.is_empty() { opening } else { closing };
    let openness = worst.unwrap_or(Effect::Allowed).into();
    (openness, deciding.into_iter().map(id).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_schedule_answers_as_the_clocks_of_the_place_say(
        (place, windows) in cases(), from in 0..ASKED, length in 0..3_000_usize,
    ) {
        let named = windows.iter().enumerate();
        let calendar = named.fold(Calendar::new(Key::new("c").unwrap()), |calendar, (number, one)| {
            calendar.with(one.window(id(number), place.zone)).unwrap()
        });
        let (schedule, work) = (Schedule::from(calendar), Scope::everything());
        let windows: Vec<_> = windows
            .into_iter()
            .map(|one| {
                let spans = one.spans(place);
                (one, spans)
            })
            .collect();
        let asked = BEFORE..BEFORE + ASKED;
        let scan: Vec<_> = asked.clone().map(|minute| oracle(&windows, minute).0).collect();
        let at = |minute: usize| place.instant(minute + BEFORE);

        let edges = windows.iter().flat_map(|(_, spans)| spans.iter().flat_map(|span| [span.start, span.end]));
        let near_edges = edges.flat_map(|edge| [edge - 1, edge]);
        let near_change = place.middle() - 130..place.middle() + 130;
        let looked_at = near_edges.chain(near_change).chain(asked.clone().step_by(61));
        for minute in looked_at.filter(|minute| asked.contains(minute)) {
            let (openness, deciding) = oracle(&windows, minute);
            let state = schedule.state_at(place.instant(minute), &work);
            prop_assert_eq!(state.openness, openness, "{} {}", place.zone, place.shows[minute]);
            let told: BTreeSet<_> = state.deciding.into_iter().filter_map(|one| one.window).collect();
            prop_assert_eq!(told, deciding, "{} {}", place.zone, place.shows[minute]);
        }

        let change = (from..ASKED).find(|&minute| scan[minute] != scan[from]);
        let found = schedule.next_transition(at(from), &work).filter(|found| found.at < at(ASKED));
        let change = change.map(|minute| (at(minute), scan[minute]));
        prop_assert_eq!(found.map(|found| (found.at, found.becomes)), change);

        let mut slots = Vec::new();
        let mut minute = 0;
        while minute < ASKED {
            let closed = (minute..ASKED).find(|&at| scan[at] == Openness::Closed).unwrap_or(ASKED);
            if minute < closed && closed - minute >= length {
                slots.push(Interval::new(at(minute), at(closed)).unwrap());
            }
            minute = closed + 1;
        }
        let range = Interval::new(at(0), at(ASKED)).unwrap();
        let duration = Seconds::minutes(length.try_into().unwrap());
        prop_assert_eq!(schedule.free_slots(range, duration, &work).unwrap(), slots.clone());

        let fits = slots.iter().find_map(|slot| {
            let start = slot.start().max(at(from));
            (start.plus(duration) <= slot.end() && start < slot.end()).then_some(start)
        });
        if let Some(start) = fits {
            prop_assert_eq!(schedule.next_open(at(from), duration, &work), Some(start));
        }
    }
}

#[test]
fn the_places_are_those_that_they_are_to_be() {
    let zones: BTreeSet<_> = PLACES.iter().map(|place| place.zone).collect();
    assert_eq!(zones.len(), 8);
    let skipped: NaiveDate = "2011-12-30".parse().unwrap();
    for place in PLACES.iter() {
        let shows_it = place.shows.iter().any(|shown| shown.date() == skipped);
        assert!(!shows_it, "{}", place.zone);
    }
}

/// The windows of `docs/schedule.md` are read, and are when they say.
#[test]
fn the_windows_of_the_guide_are_read() {
    let guide = include_str!("../../docs/schedule.md");
    let blocks = guide.split("```json\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let windows: Vec<Window> = blocks
        .map(|block| serde_json::from_str(block).unwrap())
        .collect();
    let year = Interval::parse("2026-12-01T00:00:00Z", "2027-12-01T00:00:00Z").unwrap();
    let [year_end, thursdays] = &windows[..] else {
        panic!("{windows:?}");
    };
    let closing = Interval::parse("2026-12-18T17:00:00Z", "2027-01-04T05:00:00Z").unwrap();
    assert_eq!(year_end.occurrences(year), [closing]);
    let starts: Vec<_> = thursdays
        .occurrences(year)
        .iter()
        .map(|span| span.start().to_string())
        .collect();
    assert_eq!(
        starts[2..4],
        ["2026-12-17T19:00:00Z", "2026-12-31T19:00:00Z"]
    );
}
