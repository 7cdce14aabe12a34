//! One thing that can be done, and by whom.

use crate::gate::{Percent, Rule};
use crate::phase::{Instant, PhaseName, Seconds};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, By, Digest, Environment, Key, Role, State, TestKind, TestRun,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something that somebody chooses to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    pub(super) tell: Tell,
    pub(super) by: Actor,
}

/// What is done. What depends on how the release stands is told without that: an answer is about the step as it would be
/// taken then, and tests are about the package of then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tell {
    Step(AnyStep),
    Record(AnyRecord),
    Answer {
        step: AnyStep,
        role: Role,
        answer: Answer,
    },
    Withdraw {
        step: crate::phase::Action,
        role: Role,
    },
    /// The tests come to that.
    Tested(Runs),
    /// Nothing happens for so long.
    Wait(Seconds),
}

impl Move {
    pub(super) fn new(tell: Tell, by: impl Into<Actor>) -> Self {
        let by = by.into();
        Self { tell, by }
    }

    pub(super) fn by(&self) -> By {
        By::new(self.by.clone())
    }
}

/// A record that nobody chooses.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) phase: PhaseName,
    pub(super) record: AnyRecord,
    pub(super) ago: Seconds,
}

impl Given {
    pub(super) fn by(&self, manager: &Actor, now: Instant) -> By {
        let by = By::new(manager.clone());
        match self.ago.get() {
            0 => by,
            _ => by.occurred_at(now.minus(self.ago)),
        }
    }
}

/// What the tests come to: one run of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Runs(Vec<Run>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    kind: TestKind,
    environment: Environment,
    /// How many of a hundred tests pass.
    passed: Percent,
    coverage: Percent,
}

/// What rules ask of one kind of test: each share that some rule asks for, and none at all.
#[derive(Default)]
struct Shares {
    passed: BTreeSet<Percent>,
    coverage: BTreeSet<Percent>,
}

impl Runs {
    /// What the tests that these rules ask for can come to: all as good as any rule asks, all failed, and each kind alone
    /// less good than the others, by each share that a rule asks for and by none. Without any rule, the one run that the
    /// lifecycle asks for.
    pub(super) fn outcomes(rules: &[&Rule]) -> Vec<Self> {
        let mut wanted: BTreeMap<(TestKind, Environment), Shares> = BTreeMap::new();
        for (kind, place, least, coverage) in rules.iter().copied().flat_map(asked) {
            let place = place.unwrap_or_else(|| Environment::own("anywhere"));
            let shares = wanted.entry((kind, place)).or_default();
            shares.passed.insert(least);
            shares.coverage.extend(coverage);
        }
        if wanted.is_empty() {
            let all = Shares {
                passed: BTreeSet::from([Percent::ALL]),
                coverage: BTreeSet::new(),
            };
            let place = Environment::own("anywhere");
            wanted.insert((TestKind::Functional, place), all);
        }
        let run = |(kind, environment): &(TestKind, Environment), passed, coverage| Run {
            kind: kind.clone(),
            environment: environment.clone(),
            passed,
            coverage,
        };
        let greatest = |of: &BTreeSet<Percent>| of.last().copied().unwrap_or(Percent::NONE);
        let best = wanted.iter().map(|(which, shares)| {
            run(which, greatest(&shares.passed), greatest(&shares.coverage))
        });
        let best = Self(best.collect());
        let none = Percent::NONE;
        let worst = Self(wanted.keys().map(|which| run(which, none, none)).collect());
        let mut outcomes = vec![best.clone(), worst];
        for (place, (which, shares)) in wanted.iter().enumerate() {
            let (passed, coverage) = (greatest(&shares.passed), greatest(&shares.coverage));
            let poorer = shares.passed.iter().copied().chain([none]);
            let poorer = poorer.map(|share| run(which, share, coverage));
            let thinner = shares.coverage.iter().copied().chain([none]);
            let thinner = thinner.map(|share| run(which, passed, share));
            for other in poorer.chain(thinner) {
                let mut outcome = best.clone();
                if let Some(one) = outcome.0.get_mut(place) {
                    *one = other;
                }
                if !outcomes.contains(&outcome) {
                    outcomes.push(outcome);
                }
            }
        }
        outcomes.dedup();
        outcomes
    }

    /// The records of these runs, about this package.
    pub(super) fn records(&self, package: Digest) -> Vec<TestRun> {
        let runs = self.0.iter().map(|run| {
            let id = format!("{} in {}", run.kind, run.environment);
            let passed = u32::from(run.passed.get());
            let (kind, place) = (run.kind.clone(), run.environment.clone());
            let failed = 100_u32.saturating_sub(passed);
            let mut told = TestRun::new(Key::clipped(&id), kind, place, package, passed, failed);
            told.coverage_percent = Some(run.coverage.get());
            told
        });
        runs.collect()
    }

    /// Whether the tests have come to this, for that package.
    pub(super) fn are_those_of(&self, state: &State, package: Digest) -> bool {
        let Some(report) = &state.test_report else {
            return false;
        };
        self.records(package).iter().all(|run| {
            let recorded = report.runs.get(&run.id);
            recorded.is_some_and(|(recorded, _)| recorded.as_ref() == run)
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tests of the package: ")?;
        for (place, run) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{} of {} pass", run.passed, run.kind)?;
            if run.coverage != Percent::NONE {
                write!(f, " and cover {}", run.coverage)?;
            }
        }
        Ok(())
    }
}

fn asked(rule: &Rule) -> Vec<(TestKind, Option<Environment>, Percent, Option<Percent>)> {
    let Rule::Evidence(policy) = rule else {
        return Vec::new();
    };
    let runs = policy
        .runs()
        .map(|(kind, place, least, coverage)| (kind.clone(), place.cloned(), least, coverage));
    runs.collect()
}
