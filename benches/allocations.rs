//! How often the core allocates, and how much, beside the machine written by hand: counted, not timed.
//!
//! `cargo bench --bench allocations`; docs/benchmarks.md says what is compared.

#[path = "core/by_hand/mod.rs"]
mod by_hand;
#[path = "core/ours.rs"]
mod ours;
#[path = "core/script.rs"]
mod script;

use allocation_counter::{AllocationInfo, measure};
use by_hand::{Entry, Machine};
use phasegate::release::{Envelope, replay, verify};
use script::{Given, who};
use std::error::Error;

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let walk = script::walk(0)?;
    let (actor, by) = who()?;
    println!("{:<36} {:>21} {:>21}", "per event", "ours", "by hand");

    let (first, rest) = walk.split_first().ok_or("the walk is empty")?;
    let gates = phasegate::GateSet::new();
    let mut rehearsal = gates.rehearse(&ours::requested(first, &by)?);
    let mut machine = Machine::new();
    machine
        .ask(first.act.clone(), &actor, first.at)
        .map_err(|refusals| format!("{refusals:?}"))?;
    let asked = rest.to_vec();
    let ours = measure(|| assert!(ours::rehearse(&mut rehearsal, asked, &by).is_ok()));
    let asked = rest.to_vec();
    let by_hand = measure(|| {
        for asked in asked {
            assert!(machine.ask(asked.act, &actor, asked.at).is_ok());
        }
    });
    print("walk, no log", rest.len(), ours, by_hand);

    let (mut log, mut log_by_hand) = (Vec::<Envelope>::new(), Vec::<Entry>::new());
    for (what, given) in [
        ("walk with log, ids from the caller", Given::Commands),
        ("walk with log, ids derived", Given::Nothing),
    ] {
        let asked = walk.clone();
        let ours = measure(|| assert!(ours::keep(asked, &by, given, |_| {}).is_ok()));
        let asked = walk.clone();
        let by_hand = measure(|| assert!(by_hand::keep(asked, &actor, given, |_| {}).is_ok()));
        print(what, walk.len(), ours, by_hand);
    }
    let _ = ours::keep(walk.clone(), &by, Given::Nothing, |entry| {
        log.push(entry.clone());
    })?;
    by_hand::keep(walk, &actor, Given::Nothing, |entry| {
        log_by_hand.push(entry.clone());
    })?;
    let ours = measure(|| assert!(replay(&log).is_ok()));
    let by_hand = measure(|| assert!(by_hand::replay(&log_by_hand).is_ok()));
    print("replay", log.len(), ours, by_hand);
    let ours = measure(|| assert!(verify(&log).is_ok()));
    let by_hand = measure(|| assert!(by_hand::is_whole(&log_by_hand)));
    print("chain", log.len(), ours, by_hand);
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a benchmark is run for"
)]
#[expect(clippy::cast_precision_loss, reason = "a walk is short")]
fn print(what: &str, events: usize, ours: AllocationInfo, by_hand: AllocationInfo) {
    let per_event = |total: u64| total as f64 / events as f64;
    let told = |info: AllocationInfo| {
        format!(
            "{:>5.1} of {:>6.0} bytes",
            per_event(info.count_total),
            per_event(info.bytes_total)
        )
    };
    println!("{what:<36} {:>21} {:>21}", told(ours), told(by_hand));
}
