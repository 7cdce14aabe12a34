//! What was answered, as far as tests hold it: the answer and exactly its reasons, without messages and digests.

use crate::gate::breaches;
use crate::release::{Blocker, Decision, Key};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Whether a step was cleared, and exactly what stood against it.
///
/// Two rulings are equal if a program could not tell them apart: the same reasons by gate, policy, code and what they
/// are about, in any order, the same warnings, and the same overrides used. Messages are for people and are not
/// compared.
///
/// # Examples
///
/// ```
/// use phasegate::gate::Facts;
/// use phasegate::release::{Name, ReleaseRequest, Tenant, step::Deploy};
/// use phasegate::testing::Ruling;
/// use phasegate::{By, GateSet, Interval, Person, Release};
///
/// # let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
/// # let id = "01890000-0000-7000-8000-000000000001".parse()?;
/// let release = Release::request(Tenant::default(), id, request).withdraw();
/// let step = Deploy::new(Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?);
/// let facts = Facts::at("2026-03-02T12:00:00Z".parse()?);
/// let decision = GateSet::new().explain(&release, step, &facts, &By::new(Person::new("kim")?));
/// assert_eq!(Ruling::of(&decision).to_string(), "refused: lifecycle/lifecycle: no-such-step");
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Ruling {
    /// Whether the step may go ahead.
    pub is_cleared: bool,
    /// Everything that stands against it.
    pub blockers: Vec<Stated>,
    /// What was told and refuses nothing.
    pub warnings: Vec<Stated>,
    /// The overrides that it uses up.
    pub overrides: BTreeSet<Key>,
}

/// One reason, by the words that programs can rely on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Stated {
    /// The gate.
    pub gate: Key,
    /// The policy.
    pub policy: Key,
    /// The code of the reason.
    pub code: Key,
    /// The one thing that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Key>,
}

impl Ruling {
    /// What that decision ruled.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        Self {
            is_cleared: decision.is_cleared(),
            blockers: stated(decision.blockers()),
            warnings: stated(decision.warnings()),
            overrides: decision.overrides().cloned().collect(),
        }
    }
}

fn stated<'a>(blockers: impl Iterator<Item = Blocker<'a>>) -> Vec<Stated> {
    let mut stated: Vec<_> = blockers
        .map(|blocker| Stated {
            gate: blocker.finding.gate.clone(),
            policy: blocker.policy.clone(),
            code: blocker.reason.code.clone(),
            about: blocker.reason.about.clone(),
        })
        .collect();
    stated.sort();
    stated
}

/// As in `go/approvals: approvals-missing`.
impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}: {}", self.gate, self.policy, self.code)?;
        let about = self.about.as_ref();
        about.map_or(Ok(()), |about| write!(f, " of {about}"))
    }
}

/// On one line.
impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_cleared {
            "cleared"
        } else {
            "refused"
        })?;
        let mut said = |before: &str, all: Vec<String>| match all.as_slice() {
            [] => Ok(()),
            all => write!(f, "{before}{}", all.join(", ")),
        };
        let words = |all: &[Stated]| all.iter().map(ToString::to_string).collect();
        said(": ", words(&self.blockers))?;
        said("; warned: ", words(&self.warnings))?;
        said(
            "; overridden by ",
            self.overrides.iter().map(ToString::to_string).collect(),
        )
    }
}

/// A policy that did not do what every policy has to: no answer of it counts, neither for nor against a test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct BrokenPolicy {
    /// The gate.
    pub gate: Key,
    /// The policy.
    pub policy: Key,
    /// What it did, as in `panicked` or `not-deterministic`.
    pub code: Key,
    /// The case, or what was asked near it.
    pub case: String,
}

/// As a person reads it.
impl fmt::Display for BrokenPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            gate,
            policy,
            code,
            case,
        } = self;
        write!(f, "{gate}/{policy}: {code} in `{case}`")
    }
}

/// The policies that broke their contract in this decision, whatever their enforcement.
pub(super) fn broken(decision: &Decision, case: &str) -> Vec<BrokenPolicy> {
    let broken = breaches(decision).map(|(finding, policy, reason)| BrokenPolicy {
        gate: finding.gate.clone(),
        policy: policy.clone(),
        code: reason.code.clone(),
        case: case.to_owned(),
    });
    broken.collect()
}
