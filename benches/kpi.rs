//! Measuring a million closed releases: the whole fold beside one by hand over bare columns, what following one more
//! event costs after few and after many, and what a release costs in memory.
//!
//! `cargo bench --bench kpi`; docs/benchmarks.md says what is compared. It needs about 4 GB of memory.

#[path = "kpi/by_hand.rs"]
mod by_hand;
#[path = "kpi/history.rs"]
mod history;

use allocation_counter::measure;
use by_hand::Columns;
use history::{Template, templates};
use phasegate::kpi::{Kpi, Kpis, Period, PeriodPart, Question};
use phasegate::release::Tenant;
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

const RELEASES: u64 = 1_000_000;

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let templates = templates()?;
    let mut kpis = Kpis::new(Tenant::default());
    println!("following {RELEASES} closed releases, event by event");
    let mut followed = 0;
    let mut first = None;
    for until in [1_000, 10_000, 100_000, RELEASES - 1_000] {
        let _ = feed(&mut kpis, &templates, followed..until)?;
        let (events, took) = feed(&mut kpis, &templates, until..until + 1_000)?;
        followed = until + 1_000;
        let an_event = took.as_secs_f64() * 1e9 / f64::from(events);
        let ratio = an_event / *first.get_or_insert(an_event);
        println!("  after {until:>7} releases: {an_event:>6.0} ns an event, {ratio:.2}x the first");
    }
    memory(&templates)?;
    page(&templates)?;

    let columns = Columns::of(&templates, RELEASES);
    let question = year()?;
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let (report, took) = timed(|| kpis.report(black_box(&question)));
        ours.push(took);
        let (folded, took) = timed(|| black_box(&columns).fold());
        by_hand.push(took);
        for (kpi, value) in folded.values() {
            let found = report.get(kpi).and_then(|measure| measure.value);
            let found = found.map(phasegate::kpi::Ratio::to_f64);
            assert!(
                found.is_some_and(|found| (found - value).abs() < 1e-6),
                "{kpi}: {found:?} and by hand {value}"
            );
        }
    }
    let (ours, by_hand) = (median(ours), median(by_hand));
    let ratio = ours.as_secs_f64() / by_hand.as_secs_f64();
    println!(
        "whole fold, {} measures: ours {} ms, columns by hand {} ms, {ratio:.1}x",
        Kpi::ALL.len(),
        ours.as_millis(),
        by_hand.as_millis()
    );
    Ok(())
}

fn year() -> Result<Question, phasegate::phase::Invalid> {
    Ok(Question::builder()
        .period(Period::new("2026-01-01".parse()?, "2027-01-01".parse()?)?)
        .as_of("2027-06-01T00:00:00Z".parse::<phasegate::Instant>()?)
        .build())
}

/// What people look at: the year with a chart of its months, of ten thousand releases.
#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
fn page(templates: &[Template]) -> Result<(), Box<dyn Error>> {
    const MANY: u64 = 10_000;
    let mut kpis = Kpis::new(Tenant::default());
    let _ = feed(&mut kpis, templates, 0..MANY)?;
    let question = year()?;
    let (mut folds, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..21 {
        let (report, took) = timed(|| kpis.report(black_box(&question)));
        folds.push(took);
        let (html, took) = timed(|| {
            let trend = kpis.trend(&question, PeriodPart::Month);
            report.page(&trend, &[], &[]).html()
        });
        pages.push(took);
        black_box(html);
    }
    let (fold, page) = (median(folds), median(pages));
    let ratio = page.as_secs_f64() / fold.as_secs_f64();
    println!(
        "{MANY} releases: a report, and twelve more with the page of all: {ratio:.1}x the report"
    );
    Ok(())
}

/// Follows releases of those numbers, and says how many events they had and how long that took.
fn feed(
    kpis: &mut Kpis,
    templates: &[Template],
    numbers: std::ops::Range<u64>,
) -> Result<(u32, Duration), Box<dyn Error>> {
    let mut took = Duration::ZERO;
    let mut events = 0;
    for number in numbers {
        let log = history::log(templates, number)?;
        let (followed, this) = timed(|| log.iter().try_for_each(|entry| kpis.follow(entry)));
        followed?;
        took += this;
        events += u32::try_from(log.len())?;
    }
    Ok((events, took))
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
fn memory(templates: &[Template]) -> Result<(), Box<dyn Error>> {
    const MANY: u64 = 50_000;
    let logs: Result<Vec<_>, _> = (0..MANY)
        .map(|number| history::log(templates, number))
        .collect();
    let logs = logs?;
    let mut kpis = Kpis::new(Tenant::default());
    let used = measure(|| {
        for entry in logs.iter().flatten() {
            assert!(kpis.follow(entry).is_ok());
        }
    });
    let each = used.bytes_current / i64::try_from(MANY)?;
    println!("memory: {each} bytes a closed release, over {MANY} of them");
    drop(kpis);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = std::time::Instant::now();
    let result = work();
    (result, begun.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
