//! Money: what was spent of the budget, and what came back of the value that was expected.

use super::fold::Part;
use super::scope::{Picked, Scope};
use super::{Exclusion, Kpi, Measure, Ratio};
use crate::release::{Currency, Money};
use std::collections::BTreeMap;

/// Two sums of one currency, and what could not be added to them.
struct Sums {
    actual: i128,
    stated: i128,
    measure: Measure,
}

/// What was spent of the budgets of releases that ended in the period.
pub(super) struct Spent(ByCurrency);

impl Spent {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        Self(ByCurrency::new(scope, Kpi::BudgetSpent))
    }
}

impl<'a> Part<'a> for Spent {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        let facts = release.facts;
        let has_ended = facts.closed.is_some_and(|(at, _)| scope.is_in(at));
        let has_money = facts.baselines > 0 || !facts.spent.is_empty();
        if release.has_service && has_ended && has_money {
            self.0.add(facts.budget, &facts.spent, Exclusion::NoBudget);
        }
    }

    fn measures(self: Box<Self>, _scope: &Scope<'a>) -> Vec<Measure> {
        let mut measures = self.0.measures();
        let variances: Vec<_> = measures.iter().map(variance).collect();
        measures.extend(variances);
        measures
    }
}

fn variance(spent: &Measure) -> Measure {
    let more = spent.numerator - spent.denominator;
    let is_known = spent.sample > 0;
    Measure {
        kpi: Kpi::BudgetVariance,
        numerator: if is_known { more } else { 0 },
        denominator: i128::from(is_known),
        value: is_known.then(|| Ratio::whole(more)),
        ..spent.clone()
    }
}

/// What the releases that went live in the period were worth of what was expected of them.
pub(super) struct Worth(ByCurrency);

impl Worth {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        Self(ByCurrency::new(scope, Kpi::ValueRealised))
    }
}

impl<'a> Part<'a> for Worth {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        let facts = release.facts;
        let went_live = facts.went_live.is_some_and(|at| scope.is_in(at));
        if !release.has_service || !went_live {
            return;
        }
        let mut realised = Vec::new();
        for (_, value) in scope.kpis.values.of(release.place) {
            add(&mut realised, *value, 1);
        }
        if facts.expected_value.is_some() || !realised.is_empty() {
            let expected = facts.expected_value;
            self.0.add(expected, &realised, Exclusion::NoExpectedValue);
        }
        self.0.is_provisional |= facts.closed.is_none();
    }

    fn measures(self: Box<Self>, _scope: &Scope<'a>) -> Vec<Measure> {
        self.0.measures()
    }
}

/// Adds an amount so many times to the sum of its currency.
pub(super) fn add(sums: &mut Vec<(Currency, i128)>, money: Money, times: i128) {
    let amount = times * i128::from(money.minor_units);
    match sums.iter_mut().find(|(one, _)| *one == money.currency) {
        Some((_, sum)) => *sum += amount,
        None => sums.push((money.currency, amount)),
    }
}

struct ByCurrency {
    begun: Measure,
    sums: BTreeMap<Currency, Sums>,
    /// What has no currency to be told with.
    others: Measure,
    is_provisional: bool,
}

impl ByCurrency {
    fn new(scope: &Scope<'_>, kpi: Kpi) -> Self {
        let begun = Measure::begun(kpi, scope.question);
        Self {
            others: begun.clone(),
            sums: BTreeMap::new(),
            is_provisional: begun.is_provisional,
            begun,
        }
    }

    /// Adds one release: what was stated, and what came of it.
    fn add(&mut self, stated: Option<Money>, actual: &[(Currency, i128)], unstated: Exclusion) {
        let Some(stated) = stated else {
            self.others.leave_out(unstated);
            return;
        };
        let sums = self.sums.entry(stated.currency).or_insert_with(|| Sums {
            actual: 0,
            stated: 0,
            measure: self.begun.clone().of(stated.currency),
        });
        let is_other =
            |(currency, amount): &&(Currency, i128)| *currency != stated.currency && *amount != 0;
        if actual.iter().find(is_other).is_some() {
            sums.measure.leave_out(Exclusion::MixedCurrencies);
            return;
        }
        sums.measure.sample += 1;
        sums.stated += i128::from(stated.minor_units);
        sums.actual += actual.iter().map(|(_, amount)| amount).sum::<i128>();
    }

    fn measures(self) -> Vec<Measure> {
        let mut measures: Vec<_> = self.sums.into_values().map(Sums::measure).collect();
        if measures.is_empty() || !self.others.exclusions.is_empty() {
            measures.push(self.others);
        }
        for measure in &mut measures {
            measure.is_provisional |= self.is_provisional;
        }
        measures
    }
}

impl Sums {
    fn measure(self) -> Measure {
        let mut measure = self.measure;
        measure.numerator = self.actual;
        measure.denominator = self.stated;
        measure.share()
    }
}
