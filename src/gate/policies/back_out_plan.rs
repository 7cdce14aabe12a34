//! How the release would be undone, and whether anybody has tried.

use super::{in_plan, length};
use crate::gate::{Ask, Policy};
use crate::phase::{Instant, Invalid, Seconds};
use crate::release::{Reason, ReleaseRequest, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that the plan says how the release is undone, and, if asked, that this was rehearsed lately.
///
/// The plan that was agreed counts, or the latest where none is agreed; so a rehearsal that comes later counts once
/// the plan with it is baselined.
///
/// | code | what is the matter |
/// |---|---|
/// | `no-back-out-plan` | the plan does not say how the release is undone, or there is no plan |
/// | `not-rehearsed` | it was never rehearsed, or is yet to be |
/// | `rehearsed-long-ago` | it was rehearsed too long ago |
///
/// # Time
///
/// A rehearsal counts for this long after it, the end excluded.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{BackOutPlanPolicy, GateSet};
/// use phasegate::phase::Seconds;
/// use phasegate::release::{BackOutPlan, ReleasePlan, Text, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, gate::Facts, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let gate = Gate::<Authorise>::new("intake", 1)?
///     .require(BackOutPlanPolicy::new().rehearsed_within(Seconds::days(30))?);
/// let how = BackOutPlan::new(Text::new("Switch the flag off.")?);
/// let plan = ReleasePlan::builder().early_life_support(Seconds::days(7)).back_out(how).build();
/// let release = desk.record(release, plan, &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  back-out-plan: the back-out was never rehearsed; rehearse it, and say so in the plan",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct BackOutPlanPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    rehearsed_within_seconds: Option<Seconds>,
}

impl TryFrom<Params> for BackOutPlanPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        let time = params.rehearsed_within_seconds;
        time.map(|time| length("rehearsed_within_seconds", time))
            .transpose()?;
        Ok(Self(params))
    }
}

impl BackOutPlanPolicy {
    /// The plan says how.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and it was rehearsed no longer ago than that.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 second to 10 years
    pub fn rehearsed_within(self, time: Seconds) -> Result<Self, Invalid> {
        let rehearsed_within_seconds = Some(time);
        Params {
            rehearsed_within_seconds,
        }
        .try_into()
    }
}

impl Policy for BackOutPlanPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "back-out-plan";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let plan = ask.state().plan_in_force();
        let refused = |reason| Verdict::Violated {
            reasons: vec![reason],
        };
        let Some(back_out) = plan.and_then(|plan| plan.back_out.as_ref()) else {
            let message = match plan {
                Some(_) => "the plan does not say how the release is undone",
                None => "there is no plan, so nobody knows how the release is undone",
            };
            let remedy = "say so in the `back_out` of the plan";
            let remedy = in_plan(ask, remedy, |plan| plan.back_out.is_some());
            return refused(Reason::new("no-back-out-plan", message, remedy));
        };
        let Some(time) = self.0.rehearsed_within_seconds else {
            return Verdict::SATISFIED;
        };
        let counts = |at: Instant| at <= ask.now() && ask.now() < at.plus(time);
        let remedy = || {
            in_plan(ask, "rehearse it, and say so in the plan", |plan| {
                let rehearsed = plan.back_out.as_ref().and_then(|how| how.rehearsed);
                rehearsed.is_some_and(counts)
            })
        };
        let Some(at) = back_out.rehearsed else {
            let message = "the back-out was never rehearsed";
            return refused(Reason::new("not-rehearsed", message, remedy()));
        };
        let lasts = at.plus(time);
        if ask.now() < at {
            let message = format!("the back-out is to be rehearsed at {at}");
            let reason = Reason::new("not-rehearsed", message, remedy());
            return refused(reason.read("rehearsed", at).clears_at(at));
        }
        if lasts <= ask.now() {
            let message = format!("the back-out was rehearsed at {at}, {time} ago or longer");
            let reason = Reason::new("rehearsed-long-ago", message, remedy());
            return refused(reason.read("rehearsed", at));
        }
        Verdict::Satisfied { until: Some(lasts) }
    }
}
