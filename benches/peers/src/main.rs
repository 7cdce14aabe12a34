//! What others need for the same work, beside what we need, in one run.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`; docs/benchmarks.md says what is compared.

#[path = "../../verify/model.rs"]
mod model;
mod model_checker;
#[path = "../../gate/ours.rs"]
mod ours;
mod policy_engine;
#[expect(dead_code, reason = "`cargo bench --bench gate` uses the rest")]
#[path = "../../gate/scene.rs"]
mod scene;
#[path = "../../support/mod.rs"]
mod support;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    policy_engine::compare()?;
    println!();
    model_checker::compare()
}
