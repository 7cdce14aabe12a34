//! What came of a release for who reviews it: what users said, what it was worth, what was learned, what is to be better.

use super::outline::{Outline, Tone};
use super::page::{Cell, Page, Table, grouped};
use super::release::ReleaseReport;
use crate::release::{Currency, ImprovementStatus, Money};
use std::collections::BTreeMap;

impl ReleaseReport {
    /// What users said of it, with ratings and the scales that they are on.
    pub(super) fn feedback(&self) -> Table {
        let columns = ["Feedback", "Rating", "Service", "What"];
        let mut table = Table::new(Outline::new().own("Feedback"), &columns);
        for (key, said) in &self.feedback {
            let rating = said.rating.as_ref().map(|rating| {
                let (score, scale) = (rating.score, &rating.scale);
                let line =
                    Outline::new().own(format!("{score} of {} to {} on ", scale.worst, scale.best));
                line.name(&scale.name)
            });
            table.row([
                Cell::name(key),
                Cell::maybe(rating),
                said.service.as_ref().map_or(Cell::Empty, Cell::name),
                Cell::Words(Outline::new().told(&said.text)),
            ]);
        }
        table
    }

    /// Cost against budget and value against what was expected, each where there is something to tell.
    pub(super) fn money(&self) -> Vec<Table> {
        let costs = self.core.state.costs.values().map(|cost| cost.amount);
        let budget = self.planned().and_then(|plan| plan.budget);
        let values = self.values.values().map(|value| value.amount);
        let expected = self.request().and_then(|request| request.expected_value);
        let cost = compared(
            "Budget and cost",
            ["#Budget", "#Booked", "#Over budget"],
            budget,
            costs,
        );
        let value = compared(
            "Expected and realised value",
            ["#Expected", "#Realised", "#Over expected"],
            expected,
            values,
        );
        cost.into_iter().chain(value).collect()
    }

    pub(super) fn learned(&self, page: Page) -> Page {
        let state = &self.core.state;
        let told = state.review.iter().flat_map(|review| review.lessons.iter());
        let told = told.map(|lesson| Outline::new().told(lesson));
        let learned = state
            .lessons
            .values()
            .map(|lesson| Outline::new().told(&lesson.what));
        let lessons: Vec<_> = told.chain(learned).collect();
        let page = page.section(Outline::new().own("Lessons"));
        let page = if lessons.is_empty() {
            page.line(Outline::new().own("None is recorded."))
        } else {
            page.list(lessons)
        };
        if state.improvements.is_empty() {
            return page;
        }
        let columns = ["Improvement", "What", "Owner", "Due", "Status", "Measure"];
        let mut table = Table::new(Outline::new().own("What is to be done better"), &columns);
        for (key, improvement) in &state.improvements {
            let (raised, status) = (&improvement.raised, improvement.status());
            let tone = match status {
                ImprovementStatus::Done => Tone::Good,
                ImprovementStatus::Open | ImprovementStatus::InProgress => Tone::Open,
                ImprovementStatus::Dropped => Tone::Bad,
            };
            table.row([
                Cell::name(key),
                Cell::Words(Outline::new().told(&raised.what)),
                Cell::name(&raised.owner),
                Cell::at(raised.due),
                Cell::Words(Outline::new().mark(tone, status.to_string())),
                raised.measure.as_ref().map_or(Cell::Empty, Cell::name),
            ]);
        }
        page.section(Outline::new().own("Improvements"))
            .table(table)
    }
}

/// What was to be against what came, in each currency.
fn compared(
    caption: &'static str,
    [first, second, third]: [&str; 3],
    planned: Option<Money>,
    actual: impl Iterator<Item = Money>,
) -> Option<Table> {
    let mut sums: BTreeMap<Currency, (Option<i128>, i128)> = BTreeMap::new();
    if let Some(planned) = planned {
        sums.entry(planned.currency).or_default().0 = Some(planned.minor_units.into());
    }
    for amount in actual {
        // A thousand of the largest amounts are far from what fits.
        sums.entry(amount.currency).or_default().1 += i128::from(amount.minor_units);
    }
    let caption = Outline::new()
        .own(caption)
        .own(", in the smallest unit of each currency");
    let mut table = Table::new(caption, &["Currency", first, second, third]);
    for (currency, (planned, actual)) in &sums {
        table.row([
            Cell::own(currency.to_string()),
            planned.map_or(Cell::Empty, whole),
            whole(*actual),
            planned.map_or(Cell::Empty, |planned| whole(actual - planned)),
        ]);
    }
    (!sums.is_empty()).then_some(table)
}

/// A sum: exact as far as JSON has whole numbers.
pub(super) fn whole(sum: i128) -> Cell {
    let shown = grouped(&sum.to_string());
    match i64::try_from(sum) {
        Ok(exact) => Cell::Number(shown, exact.into()),
        Err(_) => Cell::own(shown),
    }
}
