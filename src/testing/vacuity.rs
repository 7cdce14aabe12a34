//! Vacuity: tests that pass for no reason.

use super::coverage::{Alone, alone, policies};
use super::near::removals;
use super::variation::varied;
use super::{Check, Ruling, Variation};
use crate::gate::{GateSet, Place};
use crate::release::{Decision, Judgement, Key};
use crate::report::Outline;
use serde::Serialize;
use std::fmt;

/// What tests would not notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Vacuity {
    /// The checks that say less than they seem to, each with why.
    pub checks: Vec<(String, Vec<Vacuous>)>,
    /// The policies that could be taken away, and every check would pass.
    pub unnoticed: Vec<Place>,
    /// Whether there was a check at all.
    pub is_asked: bool,
}

/// Why a check says less than it seems to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Vacuous {
    /// It is cleared, and no policy was asked.
    NothingJudged,
    /// It is refused, and would pass without this policy, which refuses it.
    WithoutPolicy(Place),
    /// It is refused by the lifecycle alone: no rule of the set is tested.
    LifecycleOnly,
    /// This makes no difference to any policy that is asked: without it all of them answer the same. It may be there for
    /// the reader.
    Idle(Variation),
}

impl Vacuous {
    /// Whether the check may be right all the same.
    #[must_use]
    pub const fn is_warning(&self) -> bool {
        matches!(self, Self::Idle(_))
    }
}

/// As a person reads it.
impl fmt::Display for Vacuous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingJudged => f.write_str("cleared, and no policy was asked"),
            Self::WithoutPolicy(place) => write!(f, "would pass without {place}"),
            Self::LifecycleOnly => f.write_str("refused by the lifecycle alone"),
            Self::Idle(given) => write!(f, "makes no difference: {given}"),
        }
    }
}

/// Which of these checks would pass anyhow, and which policies nobody would miss.
///
/// A check that is cleared passes without any policy, unless `not` is in it: that cannot be held against it. What is
/// asked of it is that some policy was judged; and of all checks together, that each policy is missed by one.
#[must_use]
pub fn vacuity(gates: &GateSet, checks: &[Check]) -> Vacuity {
    let places = policies(gates);
    let sets: Vec<_> = places
        .iter()
        .map(|place| (place, gates.only(place), gates.without(place)))
        .collect();
    let mut vacuous = Vec::new();
    for check in checks {
        let decision = check.question().ask(gates);
        let own = Key::own("lifecycle");
        let mut judged = decision.findings.iter().filter(|one| one.gate != own);
        let mut why = Vec::new();
        if decision.is_cleared() {
            why.extend(judged.next().is_none().then_some(Vacuous::NothingJudged));
        } else {
            let is_own = decision.blockers().all(|one| one.finding.gate == own);
            why.extend(is_own.then_some(Vacuous::LifecycleOnly));
            for (place, only, without) in &sets {
                let refuses = matches!(
                    alone(only, place, check.question()),
                    Alone::Refuses | Alone::Unknown(_) | Alone::Failed(_)
                );
                let is_said = is_said_by(&decision, place);
                if refuses && is_said && check.passes(without) {
                    why.push(Vacuous::WithoutPolicy((*place).clone()));
                }
            }
        }
        why.extend(idle(gates, check).into_iter().map(Vacuous::Idle));
        if !why.is_empty() {
            vacuous.push((check.name().to_owned(), why));
        }
    }
    let missed = |without: &GateSet| checks.iter().any(|check| !check.passes(without));
    let unnoticed = sets.iter().filter(|(_, _, without)| !missed(without));
    Vacuity {
        checks: vacuous,
        unnoticed: unnoticed.map(|(place, ..)| (*place).clone()).collect(),
        is_asked: !checks.is_empty(),
    }
}

fn is_said_by(decision: &Decision, place: &Place) -> bool {
    let mut blocking = decision.findings.iter().filter(|one| one.blocks());
    blocking.any(|one| one.gate == place.gate)
}

/// What could be left out, and every policy would say the same of it.
fn idle(gates: &GateSet, check: &Check) -> Vec<Variation> {
    let question = check.question();
    let everything = |decision: &Decision| {
        let judgements = decision.findings.iter().map(|one| &one.judgement);
        let judgements = judgements.flat_map(Judgement::policies);
        let verdicts = judgements.map(|one| (one.policy.clone(), one.verdict.clone()));
        (Ruling::of(decision), verdicts.collect::<Vec<_>>())
    };
    let before = everything(&question.ask(gates));
    let removals = removals(question).into_iter();
    let is_idle = |one: &Variation| {
        let without = varied(question, std::slice::from_ref(one));
        without.is_some_and(|without| everything(&without.ask(gates)) == before)
    };
    removals.filter(is_idle).collect()
}

impl Vacuity {
    /// Whether nothing is vacuous, but for what only warns.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let mut all = self.checks.iter().flat_map(|(_, why)| why);
        self.is_asked && self.unnoticed.is_empty() && all.all(Vacuous::is_warning)
    }

    /// The report for people.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let head = match (self.is_asked, self.is_sound()) {
            (false, _) => "no check was run",
            (true, true) => "every policy is missed by a check, and no check passes for nothing",
            (true, false) => "some tests would pass without what they test",
        };
        let checks = self.checks.iter().map(|(name, why)| {
            let why = why.iter().map(|one| Outline::new().prose(one));
            Outline::new().name(name).under_all(why)
        });
        let unnoticed = self.unnoticed.iter();
        let unnoticed = unnoticed.map(|place| Outline::new().own("nobody would miss ").name(place));
        Outline::new()
            .own(head)
            .under_all(checks)
            .under_all(unnoticed)
    }
}
