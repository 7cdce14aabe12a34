//! How many situations there can be, before any is looked for.

use super::domain::Domain;
use super::moves::{Move, Tell};
use crate::gate::GateSet;
use crate::phase::{Action, PhaseName, Seconds};
use crate::release::{Actor, AnyStep, Role};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many situations a domain has at most, and what makes them many.
///
/// It is a bound, and a loose one: the factors are multiplied as if everything went with everything. It is there to see,
/// before the start, what makes a domain large. What is explored is bounded by [`Options`](super::Options).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Estimate {
    /// So many situations at most; the largest number if that is more than can be written.
    pub states_at_most: u128,
    /// What they are the product of, the largest factors first.
    pub because: Vec<(String, u128)>,
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} states", self.states_at_most)?;
        for (place, (what, many)) in self.because.iter().enumerate() {
            let sign = if place == 0 { ": " } else { " x " };
            write!(f, "{sign}{many} {what}")?;
        }
        Ok(())
    }
}

impl Domain {
    /// How many situations there are at most, with all reductions, under these gates.
    ///
    /// Of records of a host's own among the choices it takes each to be there or not.
    #[must_use]
    pub fn estimate(&self, gates: &GateSet) -> Estimate {
        let moves = self.moves(gates);
        let packages = self.packages.len() as u128;
        let people = u32::try_from(self.staff.len()).unwrap_or(u32::MAX);
        let (ages, instants) = self.ages(gates);
        let two_to = |many: u32| 1_u128.checked_shl(many).unwrap_or(u128::MAX);
        let each =
            |one: u128, many: usize| (0..many).fold(1_u128, |all, _| all.saturating_mul(one));
        let granted = self.overrides.len();
        let roles = if self.leaving > 0 {
            self.roles().count()
        } else {
            0
        };
        let hasty = u32::from(moves.iter().any(is_hasty));
        let factors = [
            ("standings", PhaseName::ALL.len() as u128 * 2),
            (
                "requests by somebody",
                (self.requests.len() as u128) * u128::from(people) + 1,
            ),
            ("tracks", 3),
            (
                "packages, there and handed over",
                (packages + 1) * packages.max(1),
            ),
            ("outcomes of tests", each(2 * ages + 1, self.tests.len())),
            ("overrides that are there and used", each(4, granted)),
            ("answers", answers(&moves, packages, granted, ages)),
            ("roles that are held or lost", each(2, roles)),
            ("debts", two_to(hasty * (2 * people + 8))),
            (
                "ends of deployments",
                4 * u128::from(self.deployments.min(2) + 1),
            ),
            ("records of your own", each(2 * ages, self.choices.len())),
            ("instants", instants),
            (
                "ages of what happened",
                each(ages, DATED + self.given.len() + self.tests.len()),
            ),
        ];
        let states_at_most = factors
            .iter()
            .fold(1_u128, |all, (_, many)| all.saturating_mul(*many));
        let mut because: Vec<_> = factors
            .into_iter()
            .filter(|(_, many)| *many > 1)
            .map(|(what, many)| (what.to_owned(), many))
            .collect();
        because.sort_by_key(|(_, many)| Reverse(*many));
        Estimate {
            states_at_most,
            because,
        }
    }
}

/// How many things have a date of their own: the entry of each phase, the plan, when it went live, and when it ended.
const DATED: usize = 10;

impl Domain {
    /// How many ages a thing can have before it is as old as any rule looks back, and how many instants there are before
    /// nothing ends any more.
    fn ages(&self, gates: &GateSet) -> (u128, u128) {
        let steps = self.stays.values().chain(&self.waits);
        let Some(shortest) = steps.map(|time| time.get()).filter(|time| *time > 0).min() else {
            return (1, 1);
        };
        // Waits of different lengths come to every multiple of what divides them all; of one second, at worst.
        let lengths = self
            .stays
            .values()
            .chain(&self.waits)
            .map(|time| time.get());
        let tick = lengths.fold(shortest, divisor);
        let in_ticks = |time: Seconds| u128::from(time.get() / tick) + 2;
        let instants = in_ticks(self.last_end().since(self.now));
        (in_ticks(self.longest(gates)), instants)
    }
}

/// The greatest that divides both.
fn divisor(one: u32, other: u32) -> u32 {
    match other {
        0 => one,
        _ => divisor(other, one % other),
    }
}

fn is_hasty(one: &Move) -> bool {
    matches!(&one.tell, Tell::Step(AnyStep::Expedite(_)))
}

/// What each may have answered in each of their roles: nothing, something void, or something about what is there.
fn answers(moves: &[Move], packages: u128, granted: usize, ages: u128) -> u128 {
    let mut answers: BTreeMap<(Action, &Actor, &Role), [BTreeSet<String>; 2]> = BTreeMap::new();
    for one in moves {
        if let Tell::Answer { step, role, answer } = &one.tell {
            let [steps, said] = answers.entry((step.action(), &one.by, role)).or_default();
            steps.insert(format!("{step:?}"));
            said.insert(format!("{answer:?}"));
        }
    }
    let overrides = 1_u128 << granted.min(64);
    answers.values().fold(1_u128, |all, [steps, said]| {
        let about = (steps.len() as u128)
            .saturating_mul(packages + 1)
            .saturating_mul(overrides);
        // Two tracks at most, since a release comes to the emergency track and does not leave it.
        let live = about
            .saturating_mul(said.len() as u128)
            .saturating_mul(ages * 3);
        all.saturating_mul(live + 1 + said.len() as u128)
    })
}
