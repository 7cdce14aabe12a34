//! What has to be tested, and how well.

use crate::gate::{Ask, Policy, Rule};
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Bounded, Reason, TestKind, TestReport, Verdict};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A share of a hundred, from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

impl Percent {
    /// So many of a hundred.
    ///
    /// # Errors
    ///
    /// - out of range: more than 100
    pub fn new(percent: u8) -> Result<Self, Invalid> {
        match percent {
            0..=100 => Ok(Self(percent)),
            _ => Err(Invalid::new(
                InvalidKind::OutOfRange,
                "percentage",
                percent,
                "0 to 100",
            )),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Percent {
    type Error = Invalid;
    fn try_from(percent: u8) -> Result<Self, Invalid> {
        Self::new(percent)
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// Requires test runs of these kinds about the very package, with at least this share of the tests passed.
///
/// All runs of a kind count together; tests that did not run do not count. A kind of which no test ran is missing.
///
/// # Examples
///
/// ```
/// # use phasegate::gate::{EvidencePolicy, Percent};
/// # use phasegate::release::TestKind;
/// let policy = EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]);
/// assert_eq!(serde_json::to_string(&policy).unwrap(), r#"{"required":{"functional":95}}"#);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Required")]
pub struct EvidencePolicy {
    required: Bounded<BTreeMap<TestKind, Percent>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Required {
    required: Bounded<BTreeMap<TestKind, Percent>>,
}

/// A policy that requires nothing would allow everything.
impl TryFrom<Required> for EvidencePolicy {
    type Error = Invalid;

    fn try_from(Required { required }: Required) -> Result<Self, Invalid> {
        if required.is_empty() {
            let expected = "at least one kind of test";
            return Err(Invalid::new(
                InvalidKind::Empty,
                "evidence policy",
                "",
                expected,
            ));
        }
        Ok(Self { required })
    }
}

impl EvidencePolicy {
    /// The policy that requires these kinds, one at least, with at least these pass ratios.
    #[must_use]
    pub fn new<const N: usize>(required: [(TestKind, Percent); N]) -> Self {
        const {
            assert!(N > 0, "a policy that requires nothing allows everything");
        }
        Self {
            required: required.into(),
        }
    }

    /// The required kinds and their least pass ratios.
    #[must_use]
    pub fn required(&self) -> &BTreeMap<TestKind, Percent> {
        &self.required
    }
}

impl Policy for EvidencePolicy {
    type Reads = TestReport;
    const NAME: &'static str = "evidence";

    fn judge(&self, _ask: &Ask<'_>, report: &TestReport) -> Verdict {
        let reasons = self.required.iter().filter_map(|(kind, least)| {
            let of_kind = || report.runs().filter(|run| run.kind == *kind);
            let passed: u64 = of_kind().map(|run| u64::from(run.passed)).sum();
            let ran = passed + of_kind().map(|run| u64::from(run.failed)).sum::<u64>();
            if ran == 0 {
                let message = format!("no {kind} test ran on package {:.12}", report.package());
                return Some(Reason::new(
                    "kind-missing",
                    message,
                    format!("record a `TestRun` of kind {kind}"),
                ));
            }
            if u128::from(passed) * 100 >= u128::from(ran) * u128::from(least.get()) {
                return None;
            }
            let message =
                format!("{passed} of {ran} {kind} tests passed, and at least {least} are required");
            Some(Reason::new(
                "pass-ratio",
                message,
                "mend what failed, and test the new package",
            ))
        });
        Verdict::of(reasons.collect())
    }

    fn into_rule(self) -> Rule {
        Rule::Evidence(self)
    }
}
