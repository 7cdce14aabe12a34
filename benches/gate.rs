//! What a decision costs beside a function that was written by hand for these rules.
//!
//! `cargo bench --bench gate`; docs/benchmarks.md says what is compared, and how to read it.

mod support;

#[path = "gate/by_hand.rs"]
mod by_hand;
#[path = "gate/ours.rs"]
mod ours;
#[path = "gate/scene.rs"]
mod scene;

use phasegate::gate::{Facts, GateSet, Policies};
use phasegate::release::By;
use phasegate::release::step::Deploy;
use scene::{Scene, State};
use std::error::Error;
use support::{Size, Way, compare, heading};

fn main() -> Result<(), Box<dyn Error>> {
    heading("per decision", "by hand");
    for policies in [4, 20] {
        decision(&Scene::new(policies, State::Ready)?, "cleared")?;
        decision(&Scene::new(policies, State::Lacking)?, "refused")?;
    }
    decision(
        &Scene::new(4, State::Crowded)?,
        "why not now, 50 approvals, 100 evidence",
    )?;
    heading("per decision", "1 rule");
    matching()?;
    heading("per policy", "parse JSON");
    loading()
}

/// The same rules on the same data: a decision with its findings, and a plain list of refusals.
fn decision(scene: &Scene, what: &str) -> Result<(), Box<dyn Error>> {
    let gates = GateSet::from_json(&scene.gates(), &Policies::new())?;
    let release = ours::release(scene, &gates)?;
    let site = by_hand::Site::new(scene, &release, &gates);
    let (facts, by) = (Facts::at(scene.now), By::new(scene.deployer.clone()));
    let step = || Deploy::new(scene.window);

    let decided = gates.explain(&release, step(), &facts, &by);
    let refusals = by_hand::refusals(&site, scene, &step());
    let codes: Vec<_> = decided
        .blockers()
        .map(|one| one.reason.code.to_string())
        .collect();
    let by_hand: Vec<_> = refusals.iter().map(|one| one.code.to_string()).collect();
    assert_eq!(codes, by_hand, "both say the same");

    let what = format!("{what}, {} policies", scene.policies);
    compare(
        &what,
        Size {
            units: 1,
            pieces: 20,
        },
        Way {
            prepare: step,
            work: |step| gates.explain(&release, step, &facts, &by),
        },
        Way {
            prepare: step,
            work: |step| by_hand::refusals(&site, scene, &step),
        },
    );
    Ok(())
}

/// 200 approvers and 20 rules, every one of which takes a tenth of them; beside one rule that takes all.
fn matching() -> Result<(), Box<dyn Error>> {
    let (many, one) = (Scene::rules(200, 20)?, Scene::rules(200, 1)?);
    let (many_gates, one_gate) = (many.gate_set()?, one.gate_set()?);
    let (many_release, one_release) = (
        ours::release(&many, &many_gates)?,
        ours::release(&one, &one_gate)?,
    );
    let (facts, by) = (Facts::at(many.now), By::new(many.deployer.clone()));
    let step = || Deploy::new(many.window);
    for (gates, release) in [(&many_gates, &many_release), (&one_gate, &one_release)] {
        let decided = gates.explain(release, step(), &facts, &by);
        assert!(decided.is_cleared(), "{decided}");
    }
    compare(
        "200 approvers, 20 rules",
        Size {
            units: 1,
            pieces: 4,
        },
        Way {
            prepare: step,
            work: |step| many_gates.explain(&many_release, step, &facts, &by),
        },
        Way {
            prepare: step,
            work: |step| one_gate.explain(&one_release, step, &facts, &by),
        },
    );
    Ok(())
}

/// A file of 200 policies, checked on load; beside reading it as plain JSON.
fn loading() -> Result<(), Box<dyn Error>> {
    let file = Scene::new(200, State::Ready)?.gates();
    let policies = Policies::new();
    assert!(GateSet::from_json(&file, &policies).is_ok());
    compare(
        "load 200 policies",
        Size {
            units: 200,
            pieces: 1,
        },
        Way {
            prepare: || (),
            work: |()| GateSet::from_json(&file, &policies),
        },
        Way {
            prepare: || (),
            work: |()| serde_json::from_str::<serde_json::Value>(&file),
        },
    );
    Ok(())
}
