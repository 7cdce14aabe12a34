//! What it costs to test the tests of a gate: coverage, mutation and difference, beside asking the same questions plainly.
//!
//! `cargo bench --bench testing --features testing`; docs/benchmarks.md says how to read it.

mod support;

use phasegate::gate::{Facts, GateSet, Policies};
use phasegate::release::step::Authorise;
use phasegate::release::{
    Assessment, AssessmentDecision, By, Fact, FactValue, Key, Name, ReleaseRequest,
};
use phasegate::testing::{Check, Mutation, Ruling, coverage, difference};
use phasegate::verify::Question;
use phasegate::{Desk, Instant, MemoryStore, Person};
use std::error::Error;
use support::{Size, Way, compare, heading};

/// A gate of ten policies, each about a fact of its own; `most` is the number that they name.
fn gates(most: i64) -> Result<GateSet, Box<dyn Error>> {
    let rule = |place: i64| {
        format!(
            r#"{{ "rule": {{ "fact": {{ "key": "fact-{place}", "test": {{ "at_most": {most} }} }} }} }}"#
        )
    };
    let rules: Vec<_> = (0..10).map(rule).collect();
    let file = format!(
        r#"{{ "gates": [{{ "name": "intake", "version": 1, "step": "authorise", "rules": [{}] }}] }}"#,
        rules.join(", ")
    );
    Ok(GateSet::from_json(&file, &Policies::new())?)
}

/// Fifty questions: each fact on the edge of its rule, a unit beyond it, or not known.
fn questions(gates: &GateSet) -> Result<Vec<Question>, Box<dyn Error>> {
    let desk = Desk::new(MemoryStore::new());
    let kim = Person::new("kim")?;
    let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
    let release = pollster::block_on(desk.run(desk.request(request), &kim))?;
    let now: Instant = "2026-03-02T12:00:00Z".parse()?;
    let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
    let by = By::new(&kim);
    let question = |case: i64| -> Result<Question, Box<dyn Error>> {
        let mut facts = Facts::at(now);
        for place in 0..10 {
            let value = if place == case % 10 { case / 10 } else { 3 };
            if value < 5 {
                let fact = Fact::new(FactValue::Integer(value), now);
                facts = facts.with(Key::new(format!("fact-{place}"))?, fact);
            }
        }
        Ok(Question::of(gates, &release, step.clone(), &facts, &by))
    };
    (0..50).map(question).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let (today, tomorrow) = (gates(3)?, gates(2)?);
    let questions = questions(&today)?;
    let check = |(place, question): (usize, &Question)| {
        let ruling = Ruling::of(&question.ask(&today));
        Check::new(format!("case {place}"), question.clone(), ruling)
    };
    let checks: Vec<_> = questions.iter().enumerate().map(check).collect();
    let report = Mutation::of(&today, &checks).run();
    let changes = report.killed.len() + report.survivors.len() + report.unknown.len();
    assert!(report.killed.len() > 30, "{}", report.outline());

    heading("10 policies, 50 cases", "ask all");
    let is_cleared = |one: &&Question| one.ask(&today).is_cleared();
    let ask_all = || questions.iter().filter(is_cleared).count();
    let once = Size {
        units: 1,
        pieces: 1,
    };
    let plain = || Way {
        prepare: || (),
        work: |()| ask_all(),
    };
    let what = format!("mutation score, {changes} changes");
    let mutation = |()| Mutation::of(&today, &checks).run();
    compare(
        &what,
        once,
        Way {
            prepare: || (),
            work: mutation,
        },
        plain(),
    );
    let covered = |()| coverage(&today, &checks);
    compare(
        "coverage",
        once,
        Way {
            prepare: || (),
            work: covered,
        },
        plain(),
    );

    heading("per question, 201 times 1,000 questions", "ask twice");
    let many = || (0..20).flat_map(|_| &questions);
    let size = Size {
        units: 1_000,
        pieces: 1,
    };
    compare(
        "difference",
        size,
        Way {
            prepare: || (),
            work: |()| difference(&today, &tomorrow, many().map(|one| ("case", one))),
        },
        Way {
            prepare: || (),
            work: |()| {
                many()
                    .filter(|one| one.ask(&today).is_cleared() != one.ask(&tomorrow).is_cleared())
                    .count()
            },
        },
    );
    Ok(())
}
