//! How risky a release may be.

use crate::gate::{Ask, Policy};
use crate::release::{Reason, ReleaseRequest, RiskAssessment, RiskLevel, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that the risk was assessed, and is at most this.
///
/// The latest [`RiskAssessment`] counts. A release whose risk was not assessed is neither too risky nor not: the
/// verdict is unknown, which does not clear.
///
/// | code | what is the matter |
/// |---|---|
/// | `risk-not-assessed` | nobody knows how risky the release is |
/// | `risk-too-high` | it is riskier than that |
///
/// # Examples
///
/// ```
/// use phasegate::gate::{GateSet, RiskPolicy};
/// use phasegate::release::{Grade, RiskAssessment, RiskLevel, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, gate::Facts, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(RiskPolicy::at_most(RiskLevel::Medium));
/// let four = Grade::new(4)?;
/// let release = desk.record(release, RiskAssessment::new(four, four, four, four, four), &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  risk: the risk is 64 of 100 (high), and at most medium is allowed; \
///      make it smaller, and assess it again",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskPolicy {
    at_most: RiskLevel,
}

impl RiskPolicy {
    /// At most at this level; the highest asks for no more than that it was assessed.
    #[must_use]
    pub const fn at_most(level: RiskLevel) -> Self {
        Self { at_most: level }
    }
}

impl Policy for RiskPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "risk";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let Some(score) = ask.state().risk.as_deref().map(RiskAssessment::score) else {
            let message = "the risk was not assessed";
            let reason = Reason::new("risk-not-assessed", message, "record a `RiskAssessment`");
            return Verdict::Unknown {
                reasons: vec![reason],
            };
        };
        if score.level() <= self.at_most {
            return Verdict::SATISFIED;
        }
        let message = format!(
            "the risk is {score}, and at most {} is allowed",
            self.at_most
        );
        let remedy = "make it smaller, and assess it again";
        let reason = Reason::new("risk-too-high", message, remedy);
        Verdict::of(vec![reason.read("score", u32::from(score.get()))])
    }
}
