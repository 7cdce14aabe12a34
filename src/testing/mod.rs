//! Rules under test: cases that read as sentences, in Rust or in a file beside the rules; releases in every phase, for
//! the tests of a host; and, in [`conformance`], whether a store keeps its contract.
//!
//! Everything here drives the code that decides in production. There is no second model of the rules that could drift.
//!
//! # The first case
//!
//! ```
//! use phasegate::gate::{EvidencePolicy, GateSet, Percent};
//! use phasegate::phase::{Interval, PhaseName};
//! use phasegate::release::{TestKind, step::Deploy};
//! use phasegate::testing::{Case, Cases, Scene, refused};
//! use phasegate::Gate;
//!
//! # let tested = EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]);
//! # let gates = GateSet::new().with(Gate::<Deploy>::new("production", 1)?.require(tested));
//! let window = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
//! let testing = Scene::in_phase(PhaseName::Testing).tested(TestKind::Functional, "staging", 94, 6);
//! let case = Case::named("too many tests fail")
//!     .given(testing)
//!     .when("dep", Deploy::new(window))
//!     .then(refused(["evidence: pass-ratio"]));
//! Cases::under(gates).case(case).check().assert();
//! # Ok::<(), phasegate::phase::Invalid>(())
//! ```
//!
//! # What a case says
//!
//! - [`Scene`]: what is given. It says what matters; the rest is the simplest release that comes there.
//! - [`Case`]: who asks for what, and what has to be answered; with several turns, a story. A table is many cases.
//! - [`Expected`]: *exactly* these reasons, or exactly these gates. A reason too many fails the case as one too few
//!   does; so does a step that is cleared because no gate holds it, an override that is used, or a warning.
//! - [`check_files`]: the same cases in JSON or TOML beside the rules, for people who write rules but no Rust.
//!
//! # How good the cases are
//!
//! [`Checked::checks`] gives each question with what has to be answered. [`coverage()`] says what these have seen of each
//! policy, [`vacuity()`] which of them pass for nothing, [`Mutation`] which slight change of the rules nobody would notice;
//! and [`difference()`] what two gate sets answer differently.
//!
//! # What a green run does not show
//!
//! What is given is possible under the lifecycle, and need not be so under the rules: they are not asked on the way.
//! Messages and remedies are for people, and are not compared.

#[cfg(test)]
mod at_desk;
mod case;
mod check;
mod checked;
mod clock;
pub mod conformance;
mod coverage;
mod difference;
mod expected;
mod file;
mod fixture;
mod mutation;
mod near;
mod paste;
mod ruling;
mod scene;
#[cfg(feature = "proptest")]
pub mod strategies;
mod vacuity;
mod variation;
mod walk;
mod written;

pub use crate::gate::{Edit, Place};
pub use case::{Case, Cases, Played};
pub use check::Check;
pub use checked::Checked;
pub use clock::ManualClock;
pub use coverage::{Coverage, Covered, Seen, WhyNever, coverage};
pub use difference::{Difference, Example, Flips, difference, difference_of_models};
pub use expected::{Expected, cleared_by, cleared_by_no_gate, not_recorded, recorded, refused};
pub use file::check_files;
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
