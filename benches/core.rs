//! What the typed core costs beside a machine that was written by hand for this one purpose.
//!
//! `cargo bench --bench core`; docs/benchmarks.md says what is compared, and how to read it.

mod support;

#[path = "core/by_hand/mod.rs"]
mod by_hand;
#[path = "core/ours.rs"]
mod ours;
#[path = "core/script.rs"]
mod script;

use by_hand::{Entry, Machine, Phase, keep as keep_by_hand};
use phasegate::phase::PhaseName;
use phasegate::release::{Envelope, replay, verify};
use script::{Asked, Given, who};
use std::error::Error;
use support::{Size, Way, compare, heading};

fn main() -> Result<(), Box<dyn Error>> {
    heading("per event", "by hand");
    let walk = script::walk(0)?;
    without_log(&walk)?;
    with_log(&walk)?;
    for (events, pieces) in [(8, 40), (200, 4), (10_000, 1)] {
        of_log(events, pieces)?;
    }
    Ok(())
}

/// Decide and apply only. Both begin with a release that stands in Request.
fn without_log(walk: &[Asked]) -> Result<(), Box<dyn Error>> {
    let (actor, by) = who()?;
    let (first, rest) = walk.split_first().ok_or("the walk is empty")?;
    let release = ours::requested(first, &by)?;
    let mut requested = Machine::new();
    requested
        .ask(first.act.clone(), &actor, first.at)
        .map_err(|refusals| format!("{refusals:?}"))?;

    let gates = phasegate::GateSet::new();
    let run_ours =
        |(mut rehearsal, asked)| ours::rehearse(&mut rehearsal, asked, &by).map(|()| rehearsal);
    let run_by_hand = |(mut machine, asked): (Machine, Vec<Asked>)| {
        for asked in asked {
            machine.ask(asked.act, &actor, asked.at)?;
        }
        Ok::<_, Vec<by_hand::Refusal>>(machine)
    };
    let ended = run_ours((gates.rehearse(&release), rest.to_vec()))
        .map_err(|refused| refused.to_string())?;
    let ended_by_hand = run_by_hand((requested.clone(), rest.to_vec()))
        .map_err(|refusals| format!("{refusals:?}"))?;
    assert_eq!(ended.standing().phase, PhaseName::Closed);
    assert_eq!(ended_by_hand.phase, Phase::Closed);

    compare(
        "walk, no log",
        size(rest.len(), 8)?,
        Way {
            prepare: || (gates.rehearse(&release), rest.to_vec()),
            work: run_ours,
        },
        Way {
            prepare: || (requested.clone(), rest.to_vec()),
            work: run_by_hand,
        },
    );
    Ok(())
}

/// Decide, encode, hash, hand over to a store that keeps nothing, apply.
fn with_log(walk: &[Asked]) -> Result<(), Box<dyn Error>> {
    let (actor, by) = who()?;
    let (mut ours_bytes, mut by_hand_bytes) = (0, 0);
    let ended = ours::keep(walk.to_vec(), &by, Given::Nothing, |entry| {
        ours_bytes += entry.data.as_str().len();
    })?;
    let ended_by_hand = keep_by_hand(walk.to_vec(), &actor, Given::Nothing, |entry| {
        by_hand_bytes += entry.data.len();
    })?;
    assert_eq!(ended.standing().phase, PhaseName::Closed);
    assert_eq!(ended_by_hand.machine.phase, Phase::Closed);
    assert_eq!(ours_bytes, by_hand_bytes, "both write the same payloads");

    for (what, given) in [
        ("walk with log, ids from the caller", Given::Commands),
        ("walk with log, ids derived", Given::Nothing),
    ] {
        compare(
            what,
            size(walk.len(), 4)?,
            Way {
                prepare: || walk.to_vec(),
                work: |asked| ours::keep(asked, &by, given, |_| {}),
            },
            Way {
                prepare: || walk.to_vec(),
                work: |asked| keep_by_hand(asked, &actor, given, |_| {}),
            },
        );
    }
    Ok(())
}

/// Read a log of so many events that is in memory, its payloads still text.
fn of_log(events: usize, pieces: u32) -> Result<(), Box<dyn Error>> {
    let (actor, by) = who()?;
    let mut walk = script::walk(events.saturating_sub(28))?;
    walk.truncate(events);
    let (mut log, mut log_by_hand) = (Vec::<Envelope>::new(), Vec::<Entry>::new());
    let _ = ours::keep(walk.clone(), &by, Given::Nothing, |entry| {
        log.push(entry.clone());
    })?;
    keep_by_hand(walk, &actor, Given::Nothing, |entry| {
        log_by_hand.push(entry.clone());
    })?;
    assert_eq!(log.len(), events);
    replay(&log)?;
    by_hand::replay(&log_by_hand)?;
    compare(
        &format!("replay of {events} events"),
        size(events, pieces)?,
        Way {
            prepare: || (),
            work: |()| replay(&log),
        },
        Way {
            prepare: || (),
            work: |()| by_hand::replay(&log_by_hand),
        },
    );
    assert_eq!(
        verify(&log).map_err(|broken| broken.to_string())?,
        log.last().ok_or("the log is empty")?.hash
    );
    assert!(by_hand::is_whole(&log_by_hand));
    compare(
        &format!("chain of {events} events"),
        size(events, pieces)?,
        Way {
            prepare: || (),
            work: |()| verify(&log),
        },
        Way {
            prepare: || (),
            work: |()| by_hand::is_whole(&log_by_hand),
        },
    );
    Ok(())
}

fn size(units: usize, pieces: u32) -> Result<Size, Box<dyn Error>> {
    let units = u32::try_from(units)?;
    Ok(Size { units, pieces })
}
