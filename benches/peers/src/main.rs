//! What others need for the same work, beside what we need, in one run.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`; docs/benchmarks.md says what is compared.

mod event_sourcing;
#[expect(dead_code, reason = "`cargo bench --bench core` uses the rest")]
#[path = "../../core/ours.rs"]
mod lifecycle;
#[path = "../../verify/model.rs"]
mod model;
mod model_checker;
#[path = "../../gate/ours.rs"]
mod ours;
mod policy_engine;
#[expect(dead_code, reason = "`cargo bench --bench gate` uses the rest")]
#[path = "../../gate/scene.rs"]
mod scene;
#[expect(dead_code, reason = "`cargo bench --bench core` uses the rest")]
#[path = "../../core/script.rs"]
mod script;
#[path = "../../support/mod.rs"]
mod support;

use std::error::Error;

/// One of them, if it is named.
#[expect(clippy::disallowed_methods, reason = "the name is an argument")]
fn main() -> Result<(), Box<dyn Error>> {
    let only = std::env::args().nth(1);
    let runs = |name| only.as_deref().is_none_or(|only| only == name);
    if runs("event-sourcing") {
        event_sourcing::compare()?;
    }
    if runs("policy-engine") {
        policy_engine::compare()?;
    }
    if runs("model-checker") {
        model_checker::compare()?;
    }
    Ok(())
}
