//! How quickly situations are explored, and how much room they take: 3, 4 and 5 people with three roles.
//!
//! `cargo bench --features verify --bench verify`, and the same with `--profile dev` for a debug build;
//! docs/benchmarks.md says what is measured.

#[path = "verify/model.rs"]
mod model;

use allocation_counter::measure;
use phasegate::gate::Percent;
use phasegate::verify::{Options, Property, Reductions, Report, ready, verify};
use std::error::Error;

fn properties() -> Result<Vec<Property>, Box<dyn Error>> {
    Ok(vec![
        ready::approved_by_others(2, &[]),
        ready::nobody_approves_and_deploys(),
        ready::no_release_is_stuck(),
        ready::packages_ride_on_their_own(Percent::new(95)?, true),
    ])
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(
    explore: impl FnOnce() -> Result<Report, Box<dyn Error>>,
) -> Result<(Report, f64), Box<dyn Error>> {
    let begun = std::time::Instant::now();
    let report = explore()?;
    Ok((report, begun.elapsed().as_secs_f64()))
}

#[expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "the figures are what a benchmark is run for"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let gates = model::gates()?;
    println!(
        "{:<36} {:>8} {:>12} {:>10} {:>14} {:>12}",
        "explored", "states", "transitions", "states/s", "transitions/s", "bytes/state"
    );
    for people in [3, 4, 5] {
        for with_symmetry in [true, false] {
            let mut reductions = Reductions::ALL;
            reductions.people = with_symmetry;
            let options = Options::default().reductions(reductions);
            let (domain, properties) = (model::domain(&gates, people)?, properties()?);
            let explore = || Ok(verify(&gates, &domain, &properties, &options)?);
            let (report, took) = timed(explore)?;
            let mut again = None;
            let used = measure(|| again = verify(&gates, &domain, &properties, &options).ok());
            drop(again);
            let symmetry = if with_symmetry { "with" } else { "without" };
            println!(
                "{:<36} {:>8} {:>12} {:>10.0} {:>14.0} {:>12}",
                format!("{people} people, {symmetry} symmetry"),
                report.states,
                report.transitions,
                report.states as f64 / took,
                report.transitions as f64 / took,
                used.bytes_max / report.states as u64,
            );
        }
    }
    Ok(())
}
