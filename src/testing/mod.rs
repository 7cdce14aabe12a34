//! Rules under test.

mod check;
mod clock;
mod coverage;
mod difference;
mod fixture;
mod mutation;
mod near;
mod paste;
mod ruling;
mod scene;
mod vacuity;
mod variation;
mod walk;
mod written;

pub use crate::gate::{Edit, Place};
pub use check::Check;
pub use clock::ManualClock;
pub use coverage::{Coverage, Covered, Seen, WhyNever, coverage};
pub use difference::{Difference, Example, Flips, difference, difference_of_models};
pub use fixture::{Fixture, release_in};
pub use mutation::{
    Equivalent, Killed, Mutation, MutationReport, Survivor, Telling, Unknown, WhyUnknown,
};
pub use ruling::{BrokenPolicy, Ruling, Stated};
pub use scene::Scene;
pub use vacuity::{Vacuity, Vacuous, vacuity};
pub use variation::{Part, Source, Variation};

/// A value of our own, which keeps the limits.
#[expect(
    clippy::expect_used,
    reason = "what we say ourselves keeps the limits of what can be said"
)]
fn own<T, E: std::fmt::Debug>(made: Result<T, E>) -> T {
    made.expect("a value of our own")
}
