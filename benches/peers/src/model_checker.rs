//! Exploring a gate set, beside the same model in a model checker.
//!
//! Without symmetry or any other reduction, one thread each, breadth first, one property that both can state. Both
//! have to find as many states and as many transitions, or it ends with an error.

mod packed;
mod production;

use crate::model;
use packed::Packed;
use phasegate::gate::Percent;
use phasegate::verify::{Options, Reductions, ready, verify};
use production::Produced;
use stateright::{Checker, Model};
use std::error::Error;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

/// How often each is timed, by turns.
const ROUNDS: usize = 5;

/// How many states and transitions were found.
type Found = (usize, u64);

pub(crate) fn compare() -> Result<(), Box<dyn Error>> {
    println!(
        "{:<34} {:>7} {:>11} {:>12} {:>19} {:>19}",
        "states per second", "states", "transitions", "ours", "same rules", "packed by hand"
    );
    for (people, second_thoughts) in [(3, false), (3, true), (4, true), (5, false), (5, true)] {
        let packed = Packed {
            people,
            second_thoughts,
        };
        let mut took = [Vec::new(), Vec::new(), Vec::new()];
        let mut found = None;
        for _ in 0..ROUNDS {
            let ways = [
                ours(packed)?,
                theirs(Produced::new(packed)?),
                theirs(packed),
            ];
            for ((times, (seconds, counted)), by) in
                took.iter_mut()
                    .zip(ways)
                    .zip(["ours", "same rules", "packed by hand"])
            {
                let expected = *found.get_or_insert(counted);
                if counted != expected {
                    let what = format!("{by} found {counted:?} of {packed:?}, not {expected:?}");
                    return Err(what.into());
                }
                times.push(seconds);
            }
        }
        let (states, transitions) = found.unwrap_or_default();
        let [ours, same, by_hand] = took.map(|times| states as f64 / median(times));
        let thoughts = if second_thoughts {
            ", second thoughts"
        } else {
            ""
        };
        println!(
            "{:<34} {states:>7} {transitions:>11} {ours:>12.0} {same:>11.0} {:>6.2}x {by_hand:>11.0} {:>6.3}x",
            format!("{people} people{thoughts}"),
            ours / same,
            ours / by_hand,
        );
    }
    Ok(())
}

fn ours(packed: Packed) -> Result<(f64, Found), Box<dyn Error>> {
    let gates = model::gates()?;
    let mut domain = model::domain(&gates, packed.people)?;
    if packed.second_thoughts {
        domain = domain.with_second_thoughts();
    }
    let tested = [ready::packages_ride_on_their_own(Percent::new(95)?, false)];
    let options = Options::default().reductions(Reductions::NONE);
    let (report, took) = timed(|| verify(&gates, &domain, &tested, &options));
    let report = report?;
    report.all_hold().map_err(|failed| failed.to_string())?;
    Ok((took, (report.states, report.transitions)))
}

fn theirs<M>(model: M) -> (f64, Found)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + PartialEq + Hash + Send + Sync,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let (checker, took) = timed(|| model.checker().spawn_bfs().join());
    checker.assert_properties();
    // The state to begin with was generated too, by no transition.
    let transitions = checker.state_count() as u64 - 1;
    (took, (checker.unique_state_count(), transitions))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
