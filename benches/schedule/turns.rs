//! Measures several ways of doing the same work by turns, so that whatever else the machine does hits all alike.

use std::hint::black_box;
use std::time::Duration;

/// One way of doing the work, by its name, and how often it is done in one go.
pub(crate) struct Way<'a> {
    pub(crate) name: &'static str,
    pub(crate) pieces: u32,
    pub(crate) work: Box<dyn FnMut() -> u64 + 'a>,
}

impl<'a> Way<'a> {
    pub(crate) fn new(name: &'static str, pieces: u32, work: impl FnMut() -> u64 + 'a) -> Self {
        let work = Box::new(work);
        Self { name, pieces, work }
    }
}

/// Runs all ways by turns for so many rounds, and prints the median time of each per piece of work, with its ratio to the first.
///
/// Gives the first one's median in nanoseconds. Only ratios within one run are worth quoting.
#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
pub(crate) fn race(what: &str, rounds: u32, mut ways: Vec<Way<'_>>) -> f64 {
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            times.push(timed(way));
        }
    }
    println!("{what}");
    let mut first = None;
    for (way, times) in ways.iter().zip(times) {
        let nanos = median(times).as_secs_f64() * 1e9 / f64::from(way.pieces);
        let ratio = nanos / *first.get_or_insert(nanos);
        println!("    {:<40} {nanos:>14.0} ns {ratio:>12.2}x", way.name);
    }
    first.unwrap_or_default()
}

/// How the cost of one thing grows with the number of windows.
pub(crate) struct Growth {
    what: &'static str,
    costs: Vec<(u32, f64)>,
}

impl Growth {
    pub(crate) const fn new(what: &'static str) -> Self {
        let costs = Vec::new();
        Self { what, costs }
    }

    pub(crate) fn add(&mut self, many: u32, nanos: f64) {
        self.costs.push((many, nanos));
    }

    /// Prints each cost as a multiple of the first one.
    #[expect(
        clippy::print_stdout,
        reason = "the figures are what a benchmark is run for"
    )]
    pub(crate) fn print(&self) {
        for pair in self.costs.windows(2) {
            if let [(few, cheap), (many, dear)] = pair {
                let ratio = dear / cheap;
                println!("{:<40} from {few:>7} to {many:>7} {ratio:>9.2}x", self.what);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(way: &mut Way<'_>) -> Duration {
    let begun = std::time::Instant::now();
    for _ in 0..way.pieces {
        black_box((way.work)());
    }
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
