//! Products of the rules: what a gate set answers, asked many times over.

mod question;

pub use question::Question;
