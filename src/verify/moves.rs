//! One thing that can be done, and by whom.

use crate::gate::{Percent, Rule};
use crate::phase::{Instant, PhaseName, Seconds};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, By, Digest, Environment, Key, Role, TestKind, TestRun,
};
use serde::{Deserialize, Serialize};

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
    /// The tests, and whether they pass.
    Tested(Runs, bool),
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

/// Runs of tests that pass or fail together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Runs(Vec<Run>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    kind: TestKind,
    environment: Environment,
    /// How many of a hundred pass at least where the tests pass, and one less where they fail.
    least: u8,
    coverage: u8,
}

impl Runs {
    /// The runs that these rules ask for; without any, the one that the lifecycle asks for.
    pub(super) fn of(rules: &[&Rule]) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (kind, place, least, coverage) in rules.iter().copied().flat_map(wanted) {
            let place = place.unwrap_or_else(|| Environment::own("anywhere"));
            let same = runs
                .iter_mut()
                .find(|run| run.kind == kind && run.environment == place);
            if let Some(run) = same {
                run.least = run.least.max(least);
                run.coverage = run.coverage.max(coverage);
            } else {
                runs.push(Run {
                    kind,
                    environment: place,
                    least,
                    coverage,
                });
            }
        }
        if runs.is_empty() {
            return Self::single(TestKind::Functional, 100);
        }
        Self(runs)
    }

    /// One run, of which so many of a hundred tests have to pass.
    pub(super) fn single(kind: TestKind, least: u8) -> Self {
        Self(vec![Run {
            kind,
            environment: Environment::own("anywhere"),
            least: least.min(100),
            coverage: 100,
        }])
    }

    /// The records of these runs, about this package.
    pub(super) fn records(&self, package: Digest, passed: bool) -> Vec<TestRun> {
        let runs = self.0.iter().map(|run| {
            let id = format!("{} in {}", run.kind, run.environment);
            let short = u8::from(!passed);
            let passed = run.least.saturating_sub(short);
            let (kind, place) = (run.kind.clone(), run.environment.clone());
            let (passed, failed) = (u32::from(passed), u32::from(100 - passed));
            let mut told = TestRun::new(Key::clipped(&id), kind, place, package, passed, failed);
            told.coverage_percent = Some(run.coverage);
            told
        });
        runs.collect()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
}

fn wanted(rule: &Rule) -> Vec<(TestKind, Option<Environment>, u8, u8)> {
    let Rule::Evidence(policy) = rule else {
        return Vec::new();
    };
    let runs = policy.runs().map(|(kind, place, least, coverage)| {
        let coverage = coverage.map_or(0, Percent::get);
        (kind.clone(), place.cloned(), least.get(), coverage)
    });
    runs.collect()
}
