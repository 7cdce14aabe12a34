//! What came of a release: the report of its review.

use super::exceptions::rough_length;
use super::outline::{Outline, Tone};
use super::page::{Cell, Page, Table};
use super::release::ReleaseReport;
use crate::phase::Instant;
use crate::release::{
    AttemptEnd, AttemptOutcome, CriterionOutcome, Liveness, Planning, ReviewOutcome,
};

impl ReleaseReport {
    /// The report of the post-implementation review: how it turned out, the success criteria, deployments, incidents and
    /// outages, the plan against what happened, cost, what was let pass, and the lessons.
    ///
    /// It can be written before the review is held; what is not known yet is said to be open.
    #[must_use]
    pub fn review(&self) -> Page {
        let state = &self.core.state;
        let own = |words: &'static str| Outline::new().own(words);
        let mut page = Page::new("Review", self.title()).facts(self.outcome());
        if let Some(review) = &state.review {
            page = page.section(own("Summary")).prose(review.summary.as_str());
        }
        page = page.section(own("Success criteria")).table(self.criteria());
        page = page.section(own("Deployment")).table(self.attempts());
        page = page
            .section(own("What users saw"))
            .table(self.incidents())
            .table(self.outages());
        if !self.feedback.is_empty() {
            page = page.table(self.feedback());
        }
        page = page
            .section(own("Plan and cost"))
            .table(self.milestone_table());
        page = self.money().into_iter().fold(page, Page::table);
        let passed = self.exceptions.outline();
        page = page.section(own("What was let pass"));
        page = page.list(passed.below().iter().cloned());
        page = self.learned(page);
        let tasks: Vec<_> = state.open_tasks().collect();
        if tasks.is_empty() {
            return page;
        }
        let mut table = Table::new(
            own("Tasks that are open"),
            &["Task", "What", "Owner", "Due"],
        );
        for task in tasks {
            table.row([
                Cell::name(&task.id),
                Cell::text(&task.what),
                task.owner.as_ref().map_or(Cell::Empty, Cell::name),
                task.due.map_or(Cell::Empty, Cell::at),
            ]);
        }
        page.section(own("Still to do")).table(table)
    }

    fn outcome(&self) -> Vec<(&'static str, Outline)> {
        let state = &self.core.state;
        let outcome = match state.outcome {
            Some(outcome) => {
                let tone = match outcome {
                    ReviewOutcome::Successful => Tone::Good,
                    ReviewOutcome::WithIssues => Tone::Open,
                    ReviewOutcome::Unsuccessful | ReviewOutcome::BackedOut => Tone::Bad,
                };
                Outline::new().mark(tone, outcome.to_string())
            }
            None => Outline::new().mark(Tone::Open, "not judged yet"),
        };
        let instant = |at: Option<Instant>| {
            let told = Outline::new();
            match at {
                Some(at) => told.at(at),
                None => told.own("not yet"),
            }
        };
        let support = match (state.is_support_waived, state.support_ends()) {
            (true, _) => Outline::new().own("waived"),
            (false, ends) => instant(ends),
        };
        let count = |number: usize| Outline::new().own(number.to_string());
        let regressions = state
            .incidents
            .values()
            .filter(|incident| incident.linked.is_regression);
        vec![
            ("Outcome", outcome),
            ("Went live", instant(self.live_at())),
            ("Early life support ends", support),
            ("Incidents", count(state.incidents.len())),
            ("Of them regressions", count(regressions.count())),
            ("Outages", count(state.outages.len())),
        ]
    }

    fn criteria(&self) -> Table {
        let state = &self.core.state;
        let caption = Outline::new().own("Success criteria and what was found");
        let mut table = Table::new(
            caption,
            &[
                "Criterion",
                "What has to be true",
                "Objective",
                "Outcome",
                "Found",
            ],
        );
        let plan = state
            .baseline
            .as_deref()
            .or(state.plan.as_deref().map(AsRef::as_ref));
        for (key, criterion) in plan.iter().flat_map(|plan| plan.success_criteria.iter()) {
            let result = state.results.get(key);
            let outcome = result.map_or(CriterionOutcome::NotYetKnown, |result| result.outcome);
            let tone = match outcome {
                CriterionOutcome::Met => Tone::Good,
                CriterionOutcome::Missed => Tone::Bad,
                CriterionOutcome::NotYetKnown => Tone::Open,
            };
            let found = result
                .map(|result| &result.finding)
                .filter(|finding| !finding.is_blank());
            table.row([
                Cell::name(key),
                Cell::Words(Outline::new().told(&criterion.what)),
                criterion.objective.as_ref().map_or(Cell::Empty, Cell::name),
                Cell::Words(Outline::new().mark(tone, outcome.to_string())),
                found.map_or(Cell::Empty, |finding| {
                    Cell::Words(Outline::new().told(finding))
                }),
            ]);
        }
        table
    }

    fn attempts(&self) -> Table {
        let caption = Outline::new().own("Attempts to deploy");
        let columns = [
            "Attempt",
            "Environment",
            "Live",
            "Planned",
            "Began",
            "Ended",
            "Outcome",
        ];
        let mut table = Table::new(caption, &columns);
        let mut attempts: Vec<_> = self.core.state.attempts.iter().collect();
        attempts.sort_by_key(|(key, attempt)| (attempt.began, *key));
        for (key, attempt) in attempts {
            let (tone, told, ended) = match attempt.end {
                AttemptEnd::Running => (Tone::Open, "running", None),
                AttemptEnd::Finished(AttemptOutcome::Live, at) => (Tone::Good, "live", Some(at)),
                AttemptEnd::Finished(AttemptOutcome::BackedOut, at) => {
                    (Tone::Bad, "backed out", Some(at))
                }
                AttemptEnd::NeverLive => (Tone::Bad, "never live", None),
            };
            let started = &attempt.started;
            table.row([
                Cell::name(key),
                Cell::name(&started.environment),
                Cell::own(match started.liveness {
                    Liveness::Live => "yes",
                    Liveness::NotLive => "no",
                }),
                Cell::own(planning(started.planning)),
                Cell::at(attempt.began),
                ended.map_or(Cell::Empty, Cell::at),
                Cell::Words(Outline::new().mark(tone, told)),
            ]);
        }
        table
    }

    fn incidents(&self) -> Table {
        let columns = [
            "Incident",
            "Severity",
            "Raised",
            "Restored after",
            "Regression",
            "What",
        ];
        let mut table = Table::new(Outline::new().own("Incidents"), &columns);
        let mut incidents: Vec<_> = self.core.state.incidents.iter().collect();
        incidents.sort_by_key(|(key, incident)| (incident.linked.raised, *key));
        for (key, incident) in incidents {
            let linked = &incident.linked;
            let restored = match incident.restored {
                Some(at) => Outline::new().own(rough_length(at.since(linked.raised))),
                None => Outline::new().mark(Tone::Open, "not yet"),
            };
            table.row([
                Cell::name(key),
                Cell::own(linked.severity.to_string()),
                Cell::at(linked.raised),
                Cell::Words(restored),
                Cell::own(if linked.is_regression { "yes" } else { "no" }),
                Cell::Words(Outline::new().told(&linked.summary)),
            ]);
        }
        table
    }

    fn outages(&self) -> Table {
        let columns = ["Outage", "Began", "Lasted", "Planned", "Services", "#Users"];
        let mut table = Table::new(Outline::new().own("Outages"), &columns);
        let mut outages: Vec<_> = self.core.state.outages.iter().collect();
        outages.sort_by_key(|(key, outage)| (outage.began, *key));
        for (key, outage) in outages {
            let lasted = match outage.ended {
                Some(at) => Outline::new().own(rough_length(at.since(outage.began))),
                None => Outline::new().mark(Tone::Open, "not over"),
            };
            table.row([
                Cell::name(key),
                Cell::at(outage.began),
                Cell::Words(lasted),
                Cell::own(planning(outage.planning)),
                Cell::Words(Outline::new().names(outage.services.iter())),
                outage.users_affected.map_or(Cell::Empty, Cell::whole),
            ]);
        }
        table
    }
}

const fn planning(planning: Planning) -> &'static str {
    match planning {
        Planning::Planned => "yes",
        Planning::Unplanned => "no",
    }
}
