//! Measures two ways of doing the same work side by side, and prints their ratio.

use std::hint::black_box;
use std::time::Duration;

/// Runs both by turns and prints the median time of each per unit of work, and the ratio of the medians.
///
/// By turns, so that whatever else the machine does hits both alike. Absolute times are those of this machine and this
/// run; only the ratio is worth quoting.
#[expect(clippy::print_stdout, reason = "the figures are what a benchmark is run for")]
pub fn compare<A, B>(
    what: &str,
    units: u32,
    ours: impl FnMut() -> A,
    by_hand: impl FnMut() -> B,
) {
    let (ours, by_hand) = interleaved(ours, by_hand);
    let per_unit = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(units);
    let ratio = ours.as_secs_f64() / by_hand.as_secs_f64();
    let (ours, by_hand) = (per_unit(ours), per_unit(by_hand));
    println!("{what:<58} {ours:>9.0} ns  {by_hand:>9.0} ns  {ratio:>5.2}x");
}

const ROUNDS: usize = 201;

fn interleaved<A, B>(mut one: impl FnMut() -> A, mut other: impl FnMut() -> B) -> (Duration, Duration) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ones.push(timed(&mut one));
        others.push(timed(&mut other));
    }
    (median(ones), median(others))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(work: &mut impl FnMut() -> T) -> Duration {
    let begun = std::time::Instant::now();
    black_box(work());
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
