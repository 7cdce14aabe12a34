//! How a release went through its phases, and when what was planned was reached.

use super::chart::{Chart, Row, Span, SpanKind, Spans};
use super::outline::{Outline, Tone};
use super::page::{Cell, Page, Table};
use super::release::ReleaseReport;
use crate::phase::{Instant, Interval, PhaseName, Seconds};
use crate::release::{Key, Milestone, ReleasePlan, When};
use std::collections::BTreeSet;

impl ReleaseReport {
    /// The phases with when the release was in each of them, and milestones and window as planned against what
    /// happened; as a figure and as tables.
    ///
    /// # Time
    ///
    /// What goes on is drawn up to `now`. Planned is the plan that was agreed first, or where none was, the current one.
    /// A planned day is a UTC day, and what was reached on it is on time; what was planned for an instant is then, or late.
    #[must_use]
    pub fn timeline(&self, now: Instant) -> Page {
        let page = Page::new("Timeline", self.title());
        let mut rows = self.phase_rows(now);
        rows.extend(self.milestone_rows());
        let edges = rows.iter().flat_map(|row| &row.spans);
        let first = edges.clone().map(|span| span.from).min().unwrap_or(now);
        let last = edges.map(|span| span.to).max().unwrap_or(now);
        let within = Interval::between(first, last.max(first.plus(Seconds::hours(1))));
        let Some(within) = within else { return page };
        let spans = Spans {
            within,
            rows,
            now: self.is_going_on().then_some(now),
        };
        page.facts(self.dates())
            .figure(
                Outline::new().own("Planned and actual"),
                Chart::Spans(spans),
            )
            .section(Outline::new().own("Milestones"))
            .table(self.milestone_table())
    }

    fn is_going_on(&self) -> bool {
        self.visits
            .last()
            .is_some_and(|visit| visit.phase != PhaseName::Closed)
    }

    fn dates(&self) -> Vec<(&'static str, Outline)> {
        let state = &self.core.state;
        let mut facts = vec![("Stands in", Outline::new().own(state.standing.to_string()))];
        if let Some(at) = self.live_at() {
            facts.push(("Went live", Outline::new().at(at)));
        }
        facts.push((
            "Agreed plans",
            Outline::new().own(state.baselines.to_string()),
        ));
        facts
    }

    fn phase_rows(&self, now: Instant) -> Vec<Row> {
        let window = self.planned().and_then(|plan| plan.window);
        let phases = PhaseName::ALL
            .iter()
            .filter(|phase| !matches!(phase, PhaseName::Start | PhaseName::Closed));
        let rows = phases.filter_map(|phase| {
            let visits = self.visits.iter().filter(|visit| visit.phase == *phase);
            let mut spans: Vec<_> = visits
                .map(|visit| Span {
                    is_open: visit.to.is_none(),
                    ..Span::new(
                        SpanKind::Actual,
                        visit.from,
                        visit.to.unwrap_or(now.max(visit.from)),
                    )
                })
                .collect();
            let planned = window.filter(|_| *phase == PhaseName::Deployment);
            spans.extend(planned.map(|window| Span::of(SpanKind::Planned, window)));
            let times = spans
                .iter()
                .filter(|span| span.kind == SpanKind::Actual)
                .count();
            let note = if times > 1 {
                format!("{times} times")
            } else {
                String::new()
            };
            let name = phase.to_string();
            (!spans.is_empty()).then_some(Row { name, spans, note })
        });
        rows.collect()
    }

    pub(super) fn planned(&self) -> Option<&ReleasePlan> {
        let state = &self.core.state;
        let plan = state.first_baseline.as_deref();
        plan.or(state.plan.as_deref().map(AsRef::as_ref))
    }

    /// Every milestone that was planned or reached, with both.
    fn milestones(&self) -> Vec<(&Key, Option<&Milestone>, Option<Instant>)> {
        let planned = self.planned().map(|plan| &plan.milestones);
        let reached = &self.core.state.milestones;
        let keys = planned.into_iter().flat_map(|planned| planned.keys());
        let keys: BTreeSet<_> = keys.chain(reached.keys()).collect();
        let both = |key| {
            (
                key,
                planned.and_then(|planned| planned.get(key)),
                reached.get(key).copied(),
            )
        };
        let mut all: Vec<_> = keys.into_iter().map(both).collect();
        all.sort_by_key(|(key, milestone, at)| {
            let planned = milestone
                .and_then(|milestone| milestone.planned)
                .map(|when| Span::planned(when).from);
            (planned.or(*at).is_none(), planned.or(*at), *key)
        });
        all
    }

    fn milestone_rows(&self) -> Vec<Row> {
        let rows = self
            .milestones()
            .into_iter()
            .filter_map(|(key, milestone, reached)| {
                let planned = milestone.and_then(|milestone| milestone.planned);
                let mut spans: Vec<_> = planned.map(Span::planned).into_iter().collect();
                spans.extend(reached.map(|at| Span::new(SpanKind::Actual, at, at)));
                let note = planned.zip(reached).map(|(when, at)| slip(when, at));
                let row = Row {
                    name: called(key, milestone),
                    note: note.unwrap_or_default(),
                    spans,
                };
                (!row.spans.is_empty()).then_some(row)
            });
        rows.collect()
    }

    pub(super) fn milestone_table(&self) -> Table {
        let caption = Outline::new().own("Milestones, as planned first and as reached");
        let mut table = Table::new(caption, &["Milestone", "Planned", "Reached", "#Days late"]);
        for (key, milestone, reached) in self.milestones() {
            let planned = milestone.and_then(|milestone| milestone.planned);
            let name = Outline::new().name(key);
            let name = match milestone.and_then(|milestone| milestone.what.as_ref()) {
                Some(what) => name.own(" ").text(what),
                None => name,
            };
            let reached_told = reached.map(|at| Outline::new().at(at));
            let late = planned.zip(reached).map(|(when, at)| days_late(when, at));
            let late = late.map_or(Cell::Empty, |days| Cell::Number(signed(days), days.into()));
            table.row([
                Cell::Words(name),
                match (milestone, planned) {
                    (_, Some(when)) => Cell::own(when.to_string()),
                    (Some(_), None) => Cell::Words(Outline::new().mark(Tone::Open, "open")),
                    (None, None) => Cell::Empty,
                },
                Cell::maybe(reached_told),
                late,
            ]);
        }
        table
    }
}

fn called(key: &Key, milestone: Option<&Milestone>) -> String {
    let what = milestone.and_then(|milestone| milestone.what.as_ref());
    what.map_or_else(|| key.to_string(), ToString::to_string)
}

/// By how many UTC days it was reached later than planned.
fn days_late(when: When, at: Instant) -> i64 {
    (at.day() - when.day()).num_days()
}

fn slip(when: When, at: Instant) -> String {
    match days_late(when, at) {
        0 if matches!(when, When::At(planned) if planned < at) => "later that day".to_owned(),
        0 => "on time".to_owned(),
        days => format!("{} d", signed(days)),
    }
}

/// With a minus that is as wide as a plus.
pub(super) fn signed(days: i64) -> String {
    match days {
        0 => "0".to_owned(),
        days if days < 0 => format!("−{}", days.unsigned_abs()),
        days => format!("+{days}"),
    }
}
