//! Measures two ways of doing the same work side by side, and prints their ratio.

use std::hint::black_box;
use std::time::Duration;

/// How often each side is timed.
const ROUNDS: u32 = 201;

/// One way of doing some work: what it needs is prepared before the clock starts, and what it gives is dropped after
/// the clock has stopped.
pub(crate) struct Way<P, W> {
    pub(crate) prepare: P,
    pub(crate) work: W,
}

/// What one piece of work consists of, such as 28 events, and how many pieces are timed in one go.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) units: u32,
    pub(crate) pieces: u32,
}

/// Runs both by turns and prints the median time of each per unit of work, and the ratio of the medians.
///
/// By turns, so that whatever else the machine does hits both alike. Absolute times are those of this machine and this
/// run; only the ratio is worth quoting.
#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
pub(crate) fn compare<I, A, J, B>(
    what: &str,
    size: Size,
    mut ours: Way<impl FnMut() -> I, impl FnMut(I) -> A>,
    mut by_hand: Way<impl FnMut() -> J, impl FnMut(J) -> B>,
) {
    let (mut ours_took, mut by_hand_took) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours_took.push(timed(&mut ours, size.pieces));
        by_hand_took.push(timed(&mut by_hand, size.pieces));
    }
    let units = f64::from(size.units) * f64::from(size.pieces);
    let per_unit = |took: Vec<Duration>| median(took).as_secs_f64() * 1e9 / units;
    let (ours, by_hand) = (per_unit(ours_took), per_unit(by_hand_took));
    let ratio = ours / by_hand;
    println!("{what:<50} {ours:>8.0} ns {by_hand:>8.0} ns {ratio:>6.2}x");
}

/// Prints what the columns of [`compare`] are: the work, and the other way of doing it.
#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
pub(crate) fn heading(what: &str, other: &str) {
    println!("{what:<50} {:>11} {other:>11} {:>7}", "ours", "ratio");
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<I, A>(way: &mut Way<impl FnMut() -> I, impl FnMut(I) -> A>, pieces: u32) -> Duration {
    let inputs: Vec<I> = (0..pieces).map(|_| (way.prepare)()).collect();
    let mut outputs = Vec::with_capacity(inputs.len());
    let begun = std::time::Instant::now();
    for input in black_box(inputs) {
        outputs.push((way.work)(input));
    }
    let took = begun.elapsed();
    black_box(outputs);
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
