//! Policies under test.

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
