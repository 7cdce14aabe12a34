//! Policies under test.
//!
//! How good are the tests of the rules? All of it looks at [`Check`]s: a question, and what has to be answered.
//! [`coverage`] says what they have seen of each policy, [`vacuity`] which of them pass for nothing, [`Mutation`] which
//! slight change of the rules nobody would notice; and [`difference`] what two gate sets answer differently. They ask the
//! production code, with rules taken out or changed; what is found is a value with an outline.

mod check;
mod coverage;
mod difference;
mod mutation;
mod near;
mod paste;
mod ruling;
mod vacuity;
mod variation;

pub use crate::gate::{Edit, Place};
pub use check::Check;
pub use coverage::{Coverage, Covered, Seen, WhyNever, coverage};
pub use difference::{Difference, Example, Flips, difference, difference_of_models};
pub use mutation::{
    Equivalent, Killed, Mutation, MutationReport, Survivor, Telling, Unknown, WhyUnknown,
};
pub use ruling::{BrokenPolicy, Ruling, Stated};
pub use vacuity::{Vacuity, Vacuous, vacuity};
pub use variation::{Part, Source, Variation};
