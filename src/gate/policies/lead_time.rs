//! How long before it happens a deployment has to be asked for.

use super::length;
use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, Seconds};
use crate::release::{Reason, ReleaseRequest, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that the deployment window opens at least this long after the step is asked for, so that others have
/// notice of it.
///
/// The window is that of the step, or else that of the deployment, or else the planned one.
///
/// | code | what is the matter |
/// |---|---|
/// | `no-window` | no deployment window is planned |
/// | `short-notice` | the window opens sooner |
///
/// # Time
///
/// A length of time on the clock, nights and weekends included. A clearance ends when the notice would be too short.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{Facts, LeadTimePolicy};
/// use phasegate::phase::{Interval, Seconds};
/// use phasegate::release::{ReleasePlan, step::Authorise};
/// # use phasegate::{Desk, Gate, GateSet, MemoryStore, Person, release::*};
///
/// # pollster::block_on(async {
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(LeadTimePolicy::new(Seconds::days(5))?);
/// # let (desk, kim) = (Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate)), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// let evening = Interval::parse("2026-03-05T20:00:00Z", "2026-03-05T22:00:00Z")?;
/// let plan = ReleasePlan::builder().early_life_support(Seconds::days(7)).window(evening).build();
/// let release = desk.record(release, plan, &kim).await?;
///
/// let monday = Facts::at("2026-03-02T12:00:00Z".parse()?);
/// let decision = desk.gates().explain(&release, step, &monday, &By::new(&kim));
/// assert_eq!(
///     decision.to_string(),
///     "authorise refused\n  lead-time: the window opens at 2026-03-05T20:00:00Z, and at least 5 days of notice are asked \
///      for; choose a window from 2026-03-07T12:00:00Z on",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct LeadTimePolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    at_least_seconds: Seconds,
}

impl TryFrom<Params> for LeadTimePolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        length("at_least_seconds", params.at_least_seconds)?;
        Ok(Self(params))
    }
}

impl LeadTimePolicy {
    /// At least this long before.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 second to 10 years
    pub fn new(at_least: Seconds) -> Result<Self, Invalid> {
        let at_least_seconds = at_least;
        Params { at_least_seconds }.try_into()
    }
}

impl Policy for LeadTimePolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "lead-time";

    fn judge(&self, ask: &Ask<'_>, _request: &ReleaseRequest) -> Verdict {
        let (wanted, now) = (self.0.at_least_seconds, ask.now());
        let Some(window) = ask.window() else {
            let remedy = "plan a deployment window";
            let reason = Reason::new("no-window", "no deployment window is planned", remedy);
            return Verdict::of(vec![reason]);
        };
        let last = window.start().minus(wanted);
        if now <= last {
            let until = Some(last.next());
            return Verdict::Satisfied { until };
        }
        let message = format!(
            "the window opens at {}, and at least {wanted} of notice are asked for",
            window.start()
        );
        let remedy = format!("choose a window from {} on", now.plus(wanted));
        let reason = Reason::new("short-notice", message, remedy);
        Verdict::of(vec![reason.read("window_starts", window.start())])
    }
}
