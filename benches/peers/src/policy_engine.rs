//! A decision over four policies, beside the same rules in Rego on an embedded engine.
//!
//! The engine is given what it needs as its own values, built before the clock starts, the digest of what was approved
//! included, and every rule as compiled as it can be. It says code, message and remedy of every refusal, and makes no
//! decision to keep.

use crate::ours;
use crate::scene::{ITEMS, LEAST_PASSED, Scene, State};
use crate::support::{self, Size, Way, heading};
use phasegate::gate::Facts;
use phasegate::release::By;
use phasegate::release::step::Deploy;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};
use serde_json::json;
use std::error::Error;

const RULE: &str = "data.release.refusals";

pub(crate) fn compare() -> Result<(), Box<dyn Error>> {
    heading("per decision over 4 policies", "regorus");
    for (state, what) in [(State::Ready, "cleared"), (State::Lacking, "refused")] {
        let scene = Scene::new(4, state)?;
        let gates = scene.gate_set()?;
        let release = ours::release(&scene, &gates)?;
        let (facts, by) = (Facts::at(scene.now), By::new(scene.deployer.clone()));
        let step = || Deploy::new(scene.window);
        let ours = || Way {
            prepare: step,
            work: |step: Deploy| gates.explain(&release, step, &facts, &by),
        };
        let decided = gates.explain(&release, step(), &facts, &by);
        let codes: Vec<_> = decided
            .blockers()
            .map(|one| one.reason.code.to_string())
            .collect();

        let mut engine = engine()?;
        let input = Value::from_json_str(&input(&scene).to_string())?;
        engine.set_input(input.clone());
        assert_eq!(
            codes_of(&engine.eval_rule(RULE.to_owned())?)?,
            sorted(&codes)
        );
        support::compare(
            &format!("{what}, interpreted"),
            ONE,
            ours(),
            Way {
                prepare: || input.clone(),
                work: |input| {
                    engine.set_input(input);
                    engine.eval_rule(RULE.to_owned())
                },
            },
        );

        let compiled = self::engine()?.compile_with_entrypoint(&RULE.into())?;
        let mut machine = RegoVM::new();
        machine.load_program(Compiler::compile_from_policy(&compiled, &[RULE])?);
        machine.set_data(Value::from_json_str(&data().to_string())?)?;
        machine.set_input(input.clone());
        assert_eq!(codes_of(&machine.execute()?)?, sorted(&codes));
        support::compare(
            &format!("{what}, compiled for its virtual machine"),
            ONE,
            ours(),
            Way {
                prepare: || input.clone(),
                work: |input| {
                    machine.set_input(input);
                    machine.execute()
                },
            },
        );
    }
    Ok(())
}

const ONE: Size = Size {
    units: 1,
    pieces: 20,
};

fn engine() -> Result<Engine, Box<dyn Error>> {
    let mut engine = Engine::new();
    engine.add_policy(
        "deploy.rego".to_owned(),
        include_str!("deploy.rego").to_owned(),
    )?;
    engine.add_data(Value::from_json_str(&data().to_string())?)?;
    Ok(engine)
}

fn data() -> serde_json::Value {
    json!({
        "approvals": { "rules": [{ "name": "authority", "role": "change_authority", "count": 2 }] },
        "evidence": { "functional": LEAST_PASSED, "security": LEAST_PASSED },
        "items": ITEMS,
    })
}

fn input(scene: &Scene) -> serde_json::Value {
    let is_lacking = scene.state == State::Lacking;
    let people = scene
        .approvers
        .iter()
        .map(|(person, role)| json!([role.name(), person.as_str()]));
    let approvals = scene.approvers.iter().take(scene.approved).map(|(person, role)| {
        json!({
            "step": "deploy", "person": person.as_str(), "role": role.name(), "answer": "approved",
            "subject": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "ends": i64::MAX,
        })
    });
    let passed = if is_lacking { 90 } else { 98 };
    let runs = ["functional", "security"]
        .map(|kind| json!({ "kind": kind, "passed": passed, "failed": 100 - passed }));
    let status = if is_lacking { "open" } else { "done" };
    json!({
        "requester": scene.requester.as_str(),
        "actor": scene.deployer.as_str(),
        "now": scene.now.unix_micros(),
        "subject": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "people": people.collect::<Vec<_>>(),
        "authors": ["bea"],
        "approvals": approvals.collect::<Vec<_>>(),
        "runs": runs,
        "checklist": ITEMS.map(|item| (item, status)).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    })
}

fn codes_of(refusals: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    let refusals: Vec<serde_json::Value> = serde_json::from_str(&refusals.to_json_str()?)?;
    let codes: Vec<_> = refusals
        .iter()
        .filter_map(|one| one["code"].as_str())
        .map(str::to_owned)
        .collect();
    Ok(sorted(&codes))
}

fn sorted(codes: &[String]) -> Vec<String> {
    let mut codes = codes.to_vec();
    codes.sort();
    codes
}
