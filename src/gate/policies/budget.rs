//! What a release may cost.

use super::in_plan;
use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Reason, ReleaseRequest, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that the costs booked so far are at most this share of the budget.
///
/// The budget is that of the agreed plan, or of the latest where none is agreed. All bookings count, credits with
/// their sign. Amounts of different currencies cannot be added up: the policy fails then, which no override lifts.
///
/// | code | what is the matter |
/// |---|---|
/// | `no-budget` | the plan has no budget, or there is no plan |
/// | `over-budget` | more was booked |
/// | `mixed-currencies` | a booking is in another currency than the budget; the policy failed |
///
/// # Examples
///
/// ```
/// use phasegate::gate::{BudgetPolicy, GateSet};
/// use phasegate::release::{CostBooked, Currency, Key, Money, ReleasePlan, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, gate::Facts, phase::Seconds, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(BudgetPolicy::at_most(110)?);
/// let euros = |cents| Money::new(cents, Currency::new("EUR").unwrap());
/// let plan = ReleasePlan::builder().early_life_support(Seconds::days(7)).budget(euros(50_000)).build();
/// let release = desk.record(release, plan, &kim).await?;
/// let release = desk.record(release, CostBooked::new(Key::new("BILL-1")?, euros(60_000)), &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  budget: 60000 of 50000 EUR (minor units) are booked, and at most 110 % are allowed; \
///      agree on a plan with another budget, or correct the bookings",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct BudgetPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    at_most_percent: u16,
}

impl TryFrom<Params> for BudgetPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        match params.at_most_percent {
            1..=1_000 => Ok(Self(params)),
            percent => {
                let what = "at_most_percent";
                Err(Invalid::new(
                    InvalidKind::OutOfRange,
                    what,
                    percent,
                    "1 to 1,000",
                ))
            }
        }
    }
}

impl BudgetPolicy {
    /// At most this many percent of the budget; more than 100 allows some excess.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 to 1,000
    pub fn at_most(percent: u16) -> Result<Self, Invalid> {
        Params {
            at_most_percent: percent,
        }
        .try_into()
    }
}

impl Policy for BudgetPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "budget";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let state = ask.state();
        let plan = state.plan_in_force();
        let Some(budget) = plan.and_then(|plan| plan.budget) else {
            let message = match plan {
                Some(_) => "the plan has no budget",
                None => "there is no plan, and so no budget",
            };
            let remedy = in_plan(ask, "plan one", |plan| plan.budget.is_some());
            return Verdict::of(vec![Reason::new("no-budget", message, remedy)]);
        };
        let other = state
            .costs
            .values()
            .find(|cost| cost.amount.currency != budget.currency);
        if let Some(other) = other {
            let message = format!(
                "booking `{}` is in {}, and the budget in {}",
                other.id, other.amount.currency, budget.currency
            );
            let remedy = "book it again in the currency of the budget";
            let reasons = vec![Reason::new("mixed-currencies", message, remedy)];
            return Verdict::Failed { reasons };
        }
        let booked: i128 = state
            .costs
            .values()
            .map(|cost| i128::from(cost.amount.minor_units))
            .sum();
        let most = self.0.at_most_percent;
        if booked * 100 <= i128::from(budget.minor_units) * i128::from(most) {
            return Verdict::SATISFIED;
        }
        let message = format!("{booked} of {budget} are booked, and at most {most} % are allowed");
        let remedy = "agree on a plan with another budget, or correct the bookings";
        let reason = Reason::new("over-budget", message, remedy)
            .read(
                "booked_minor_units",
                i64::try_from(booked).unwrap_or(i64::MAX),
            )
            .read("budget_minor_units", budget.minor_units);
        Verdict::of(vec![reason])
    }
}
