//! What it costs to ask a calendar what is on, to keep it, and to find conflicts in a whole schedule.
//!
//! `cargo bench --bench schedule`; docs/benchmarks.md says what is compared, and how to read it.

#[path = "schedule/scene.rs"]
mod scene;
#[path = "schedule/turns.rs"]
mod turns;

use phasegate::phase::Interval;
use phasegate::schedule::{Booking, Distance, WindowIndex, conflicts, conflicts_of};
use rust_lapper::Lapper;
use scene::Windows;
use std::error::Error;
use turns::{Growth, Way, race};

const ROUNDS: u32 = 21;
const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];

type Theirs = Lapper<u64, u32>;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut points, mut overlaps, mut insertions) = (
        Growth::new("point query"),
        Growth::new("overlap query"),
        Growth::new("insertion"),
    );
    for many in SIZES {
        let scene = Scene::new(many)?;
        points.add(many, scene.points());
        overlaps.add(many, scene.overlaps());
        insertions.add(many, scene.insertions());
    }
    let mut all_pairs = Growth::new("conflicts of a whole schedule");
    for many in [1_000, 10_000, 100_000] {
        all_pairs.add(many, in_conflict(many)?);
    }
    #[cfg(feature = "calendar")]
    weekly()?;
    points.print();
    overlaps.print();
    insertions.print();
    all_pairs.print();
    Ok(())
}

/// The same windows in the index, in a list, and in `rust-lapper`; each without a long one and with one.
struct Scene {
    many: u32,
    short: Windows,
    long: Windows,
    ours: WindowIndex<u32>,
    ours_long: WindowIndex<u32>,
    theirs: Theirs,
    theirs_long: Theirs,
    asked: Vec<Interval>,
}

impl Scene {
    fn new(many: u32) -> Result<Self, Box<dyn Error>> {
        let (short, long) = (scene::windows(many, false)?, scene::windows(many, true)?);
        let scene = Self {
            many,
            ours: short.iter().copied().collect(),
            ours_long: long.iter().copied().collect(),
            theirs: lapper(&short),
            theirs_long: lapper(&long),
            asked: scene::questions(many)?,
            short,
            long,
        };
        for span in scene.asked.iter().take(50) {
            let answer = scan(&scene.long, |window| overlap(window, *span));
            assert_eq!(overlapping(&scene.ours_long, *span), answer);
            assert_eq!(found(&scene.theirs_long, *span), answer);
        }
        Ok(scene)
    }

    /// How often something is done that looks at every window.
    fn seldom(&self) -> u32 {
        (500_000 / self.many).max(1)
    }

    /// One answer after another, of so many questions.
    fn way<'a>(
        &'a self,
        name: &'static str,
        pieces: u32,
        answer: impl Fn(Interval) -> u64 + 'a,
    ) -> Way<'a> {
        let mut asked = self.asked.iter().cycle();
        Way::new(name, pieces, move || {
            asked.next().map_or(0, |span| answer(*span))
        })
    }

    fn points(&self) -> f64 {
        let at = |index: &WindowIndex<u32>, span: Interval| sum(index.at(span.start()));
        let what = format!("what is on at an instant, {} windows", self.many);
        race(
            &what,
            ROUNDS,
            vec![
                self.way("ours", 4_000, move |span| at(&self.ours, span)),
                self.way("ours, and a long one", 4_000, move |span| {
                    at(&self.ours_long, span)
                }),
                self.way("linear scan", self.seldom(), |span| {
                    scan(&self.short, |window| window.contains(span.start()))
                }),
            ],
        )
    }

    fn overlaps(&self) -> f64 {
        let what = format!("what overlaps 8 hours, {} windows", self.many);
        race(
            &what,
            ROUNDS,
            vec![
                self.way("ours", 4_000, |span| overlapping(&self.ours, span)),
                self.way("ours, and a long one", 4_000, |span| {
                    overlapping(&self.ours_long, span)
                }),
                self.way("rust-lapper", 4_000, |span| found(&self.theirs, span)),
                self.way("rust-lapper, and a long one", self.seldom(), |span| {
                    found(&self.theirs_long, span)
                }),
                self.way("linear scan", self.seldom(), |span| {
                    scan(&self.long, |window| overlap(window, span))
                }),
            ],
        )
    }

    /// Puts one window in and takes it out again; `rust-lapper` has no removal.
    fn insertions(&self) -> f64 {
        let (mut ours, mut theirs) = (self.ours.clone(), lapper(&self.short));
        let (mut new, mut new_to_them) = (self.asked.iter().cycle(), self.asked.iter().cycle());
        let what = format!("put one in, {} windows", self.many);
        let in_and_out = Way::new("ours, and take it out again", 4_000, move || {
            let is_new = new
                .next()
                .is_some_and(|span| ours.insert(*span, u32::MAX) && ours.remove(*span, &u32::MAX));
            u64::from(is_new)
        });
        let only_in = Way::new("rust-lapper, which cannot take it out", 40, move || {
            if let Some(span) = new_to_them.next() {
                theirs.insert(theirs_of(*span, u32::MAX));
            }
            0
        });
        let build = Way::new("ours, all of them in one go", 1, || {
            let index: WindowIndex<u32> = self.short.iter().copied().collect();
            u64::try_from(index.len()).unwrap_or_default()
        });
        let one_by_one = Way::new("ours, all of them one by one", 1, || {
            let mut index = WindowIndex::new();
            index.extend(self.short.iter().copied());
            u64::try_from(index.len()).unwrap_or_default()
        });
        let build_theirs = Way::new("rust-lapper, all of them in one go", 1, || {
            u64::try_from(lapper(&self.short).len()).unwrap_or_default()
        });
        let nanos = race(&what, ROUNDS, vec![in_and_out, only_in]);
        if self.many <= 100_000 {
            let what = format!("build, {} windows", self.many);
            race(&what, ROUNDS, vec![build, one_by_one, build_theirs]);
        }
        nanos
    }
}

/// The sweep, with and without a service map; beside every pair that overlaps, by the index, compared.
fn in_conflict(many: u32) -> Result<f64, Box<dyn Error>> {
    let bookings = scene::bookings(many)?;
    let (map, one) = (scene::service_map()?, Distance::new(1)?);
    let swept = |distance| count(conflicts(&bookings, &map, distance).found.len());
    let numbers = || bookings.iter().map(|booking| booking.window).zip(0_usize..);
    let index: WindowIndex<usize> = numbers().collect();
    let compared = || -> u64 {
        let of = |number: &usize| bookings.get(*number);
        let pairs = numbers().filter_map(|(window, number)| {
            let booking = of(&number)?;
            let others = index
                .overlapping(window)
                .filter(move |(_, other)| **other > number);
            Some(others.filter_map(move |(_, other)| of(other).map(|other| shared(booking, other))))
        });
        pairs.flatten().sum()
    };
    if many <= 10_000 {
        assert_eq!(swept(Distance::NONE), compared());
    }
    let of_one = || {
        let candidate = bookings.get(bookings.len() / 2);
        candidate.map_or(0, |candidate| {
            let others = index.overlapping(candidate.window);
            let others = others.filter_map(|(_, other)| bookings.get(*other));
            count(conflicts_of(candidate, others, &map, one).found.len())
        })
    };
    let what = format!(
        "all conflicts, {many} bookings, {} conflicts, {} with related ones",
        swept(Distance::NONE),
        swept(one),
    );
    let pieces = (10_000 / many).max(1);
    let mut ways = vec![
        Way::new("sweep", pieces, || swept(Distance::NONE)),
        Way::new("sweep, related ones too", pieces, || swept(one)),
        Way::new("one candidate, related ones too", 10, of_one),
    ];
    if many <= 10_000 {
        let name = "every pair that overlaps, compared";
        ways.push(Way::new(name, pieces, compared));
    }
    Ok(race(&what, 3, ways))
}

/// How much the two have in common.
fn shared(one: &Booking, other: &Booking) -> u64 {
    let services = one.services.intersection(&other.services).count();
    let items = &other.configuration_items;
    let items = one.configuration_items.intersection(items).count();
    count(services + items + one.people.intersection(&other.people).count())
}

fn count(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

fn overlap(one: Interval, other: Interval) -> bool {
    one.start() < other.end() && other.start() < one.end()
}

fn scan(windows: &Windows, is_asked: impl Fn(Interval) -> bool) -> u64 {
    let asked = windows.iter().filter(|(window, _)| is_asked(*window));
    sum(asked.map(|(window, value)| (*window, value)))
}

fn overlapping(index: &WindowIndex<u32>, span: Interval) -> u64 {
    sum(index.overlapping(span))
}

fn found(lapper: &Theirs, span: Interval) -> u64 {
    let of = theirs_of(span, 0);
    lapper
        .find(of.start, of.stop)
        .map(|one| u64::from(one.val))
        .sum()
}

fn sum<'a>(found: impl Iterator<Item = (Interval, &'a u32)>) -> u64 {
    found.map(|(_, value)| u64::from(*value)).sum()
}

fn lapper(windows: &Windows) -> Theirs {
    let windows = windows.iter();
    Lapper::new(
        windows
            .map(|(window, value)| theirs_of(*window, *value))
            .collect(),
    )
}

fn theirs_of(window: Interval, value: u32) -> rust_lapper::Interval<u64, u32> {
    rust_lapper::Interval {
        start: window.start().unix_micros().unsigned_abs(),
        stop: window.end().unix_micros().unsigned_abs(),
        val: value,
    }
}

/// Ten years of a window every week: an instant looked up in the index, asked of the rule, and looked for by walking
/// through all occurrences.
#[cfg(feature = "calendar")]
fn weekly() -> Result<(), Box<dyn Error>> {
    use phasegate::schedule::{Edges, Timing};
    let first = chrono::NaiveDate::from_ymd_opt(2026, 1, 6).ok_or("no such day")?;
    let starts = first.and_hms_opt(20, 0, 0).ok_or("no such time")?;
    let ends = first.and_hms_opt(23, 0, 0).ok_or("no such time")?;
    let timing = Timing::local("Europe/Berlin".parse()?, starts, ends)?;
    let timing = timing.recurring("FREQ=WEEKLY;BYDAY=TU")?;
    let years = Interval::parse("2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z")?;
    let expand = || timing.occurrences(years, Edges::Short);
    let index: WindowIndex<u32> = expand().into_iter().zip(0..).collect();
    assert_eq!(index.len(), 521);
    let late = Interval::parse("2035-12-25T20:00:00Z", "2035-12-25T20:00:01Z")?;
    let at = late.start();
    let walk = || {
        expand()
            .into_iter()
            .filter(|span| span.contains(at))
            .count()
    };
    let asked = || timing.occurrences(late, Edges::Short).len();
    assert_eq!((index.at(at).count(), asked(), walk()), (1, 1, 1));
    let what = "whether a weekly window is open at an instant ten years on";
    let ways = vec![
        Way::new("index of its occurrences", 4_000, || sum(index.at(at))),
        Way::new("the rule, which jumps there", 400, || count(asked())),
        Way::new("walking the rule through ten years", 10, || count(walk())),
    ];
    race(what, ROUNDS, ways);
    Ok(())
}
