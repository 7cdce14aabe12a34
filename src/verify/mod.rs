//! Products of the rules: what a gate set answers, asked many times over.

mod backtest;
mod question;

pub use backtest::{Backtest, BacktestReport, Counts, Example, Fault};
pub use question::Question;
