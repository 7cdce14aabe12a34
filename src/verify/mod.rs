//! Verify: every way that a gate set lets a release take, explored by the production rules.
//!
//! A [`Domain`] says what can happen and who can do it: finite. [`verify`] goes every way in it, breadth first, by the
//! very decide and apply that a desk uses; there is no second model of the rules that could drift. Each [`Property`]
//! gets an [`Answer`]: it holds, or the shortest [`Story`] that shows that it does not, or that it cannot be told.
//!
//! A [`Question`] is one decision that can be put to other gates; a [`Backtest`] puts all that were recorded to them.

mod asks;
mod backtest;
mod check;
mod condition;
mod domain;
mod estimate;
mod explore;
mod moves;
mod normal;
mod people;
mod play;
mod property;
mod question;
pub mod ready;
mod report;
mod story;
mod subjects;
#[cfg(test)]
mod tests;
mod turn;

pub use backtest::{Backtest, BacktestReport, Counts, Example, Fault};
pub use check::Unverifiable;
pub use domain::Domain;
pub use estimate::Estimate;
pub use normal::Reductions;
pub use property::Property;
pub use question::Question;
pub use report::{Answer, Options, Report};
pub use story::{Diverged, Story};
pub use turn::Turn;

use crate::gate::GateSet;
use explore::Explorer;
use play::{Play, Production};

/// Explores everything that these gates let happen in a domain, and answers for each property.
///
/// # Errors
///
/// - the domain is empty where something is needed, or too large, or a property reads a role that nobody has: with
///   every mistake
///
/// # Examples
///
/// Whoever has two roles approves twice, since one person counts for every rule that they fit:
///
/// ```
/// use phasegate::gate::{ApprovalRule, ApprovalsPolicy, Approver, Quorum};
/// use phasegate::release::{Key, Role, step::Deploy};
/// use phasegate::verify::{Domain, Options, ready, verify};
/// use phasegate::{Gate, GateSet, Person};
///
/// let rule = |name, role| ApprovalRule::new(Key::new(name)?, Quorum::Count(1), [Approver::Role(role)]);
/// let two = [rule("authority", Role::ChangeAuthority)?, rule("board", Role::ChangeAdvisoryBoard)?];
/// let policy = ApprovalsPolicy::new(two)?.by_any_rule();
/// let gates = GateSet::new().with(Gate::<Deploy>::new("production", 1)?.require(policy));
///
/// let domain = Domain::of(&gates, "2026-03-02T12:00:00Z".parse()?)
///     .with_person(Person::new("ann")?, [Role::ChangeAuthority, Role::ChangeAdvisoryBoard])
///     .with_person(Person::new("kim")?, []);
/// let report = verify(&gates, &domain, &[ready::approved_by_others(2, &[])], &Options::default())?;
/// let failed = report.all_hold().unwrap_err();
/// assert!(failed.to_string().contains("ann approves deploy as change_advisory_board"), "{failed}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(
    gates: &GateSet,
    domain: &Domain,
    properties: &[Property],
    options: &Options,
) -> Result<Report, Unverifiable> {
    check::check(gates, domain, properties)?;
    let play = Play::of(&Production, gates, domain);
    let mut explorer = Explorer::of(&play, properties, options.reductions);
    explorer.run(options);
    Ok(report::of(&explorer))
}
