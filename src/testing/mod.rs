//! Rules under test.

mod clock;
mod fixture;
mod scene;
mod walk;
mod written;

pub use clock::ManualClock;
pub use fixture::{Fixture, release_in};
pub use scene::Scene;

/// A value of our own, which keeps the limits.
#[expect(
    clippy::expect_used,
    reason = "what we say ourselves keeps the limits of what can be said"
)]
fn own<T, E: std::fmt::Debug>(made: Result<T, E>) -> T {
    made.expect("a value of our own")
}
