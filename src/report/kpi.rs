//! What was measured, for people: values with what they rest on, trends, targets, and what improvements did.

use super::chart::{Bars, Chart, Lines, shown};
use super::learned::whole;
use super::outline::{Outline, Tone};
use super::page::{Cell, Page, Table};
use crate::kpi::{
    Attribution, ImprovementEffect, Kpi, KpiReport, Measure, PeriodPart, Question, Statistic,
    TargetResult, Unit,
};
use crate::release::{CriterionOutcome, Target};
use chrono::Datelike;

impl KpiReport {
    /// The report as a page: every measure with its value, what was divided by what, how much was looked at, what was
    /// left out, and the id of its definition; trends as charts; targets and what became of them; what improvements did.
    ///
    /// `trend` is what [`Kpis::trend`](crate::kpi::Kpis::trend) gives for the same question; a measure that has one and
    /// the same value in all of it, or none, has no chart. `targets` and `effects` may be empty, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::kpi::{Kpis, Period, Question};
    /// use phasegate::release::Tenant;
    ///
    /// let kpis = Kpis::new(Tenant::default());
    /// let as_of = "2026-04-01T00:00:00Z".parse::<phasegate::Instant>()?;
    /// let question = Question::builder().period(Period::month(2026, 3)?).as_of(as_of).build();
    /// let page = kpis.report(&question).page(&[], &[], &[]);
    /// assert!(page.markdown().starts_with("# Measures: 2026-03-01 to 2026-03-31\n"));
    /// # Ok::<(), phasegate::phase::Invalid>(())
    /// ```
    #[must_use]
    pub fn page(
        &self,
        trend: &[Self],
        targets: &[TargetResult],
        effects: &[ImprovementEffect],
    ) -> Page {
        let mut page =
            Page::new("Measures", self.question.period.to_string()).facts(about(&self.question));
        if !targets.is_empty() {
            page = page
                .section(Outline::new().own("Targets"))
                .table(aims(targets));
        }
        for group in Group::ALL {
            let measures = self
                .measures
                .iter()
                .filter(|measure| Group::of(measure.kpi) == *group);
            let measures: Vec<_> = measures.collect();
            if measures.is_empty() {
                continue;
            }
            let name = group.name();
            page = page.section(Outline::new().own(name));
            for kpi in Kpi::ALL.iter().filter(|kpi| Group::of(**kpi) == *group) {
                if let Some(chart) = self.chart(*kpi, trend, targets) {
                    page = page.figure(Outline::new().own(kpi.title()), chart);
                }
            }
            page = page.table(told(name, &measures));
        }
        if effects.is_empty() {
            return page;
        }
        page.section(Outline::new().own("What improvements did"))
            .table(before_and_after(effects))
    }

    /// The measure over the parts of its period; or, of more things than lines can tell apart, over all of it.
    fn chart(&self, kpi: Kpi, trend: &[Self], targets: &[TargetResult]) -> Option<Chart> {
        let of: Vec<_> = self
            .all(kpi)
            .filter(|measure| measure.value.is_some())
            .collect();
        let scale = Scale::of(
            self.all(kpi)
                .chain(trend.iter().flat_map(|part| part.all(kpi))),
            kpi,
        );
        let name = |measure: &Measure| measure.of.clone().unwrap_or_else(|| "all".to_owned());
        let target = aim(kpi, targets).map(|figure| scale.times(figure));
        if of.len() > LINES {
            let values = of
                .iter()
                .map(|measure| (name(measure), scale.value(measure)));
            return Some(Chart::Bars(Bars {
                of: "Of".to_owned(),
                unit: scale.unit.to_owned(),
                values: values.collect(),
                target,
            }));
        }
        if !moves(kpi, trend) {
            return None;
        }
        let measures = of.iter().map(|measure| {
            let same = |part: &Self| {
                let mut all = part.all(kpi);
                let one = all.find(|one| one.of == measure.of);
                one.and_then(|one| scale.value(one))
            };
            (name(measure), trend.iter().map(same).collect())
        });
        let periods = trend.iter().map(|part| called(&part.question));
        Some(Chart::Lines(Lines {
            unit: scale.unit.to_owned(),
            periods: periods.collect(),
            measures: measures.collect(),
            target,
        }))
    }
}

/// Whether there is something to see in a trend: one and the same value is told by the table.
fn moves(kpi: Kpi, trend: &[KpiReport]) -> bool {
    let values = |measure: &Measure| (measure.of.clone(), measure.value);
    let mut seen: Vec<_> = trend
        .iter()
        .flat_map(|part| part.all(kpi))
        .map(values)
        .collect();
    seen.retain(|(_, value)| value.is_some());
    let first = |of: &Option<String>| {
        seen.iter()
            .find(|(other, _)| other == of)
            .map(|(_, value)| *value)
    };
    seen.iter().any(|(of, value)| first(of) != Some(*value))
}

/// How many lines can be told apart.
const LINES: usize = 4;

/// A month, a quarter or a year by its name, another period by its first day.
fn called(question: &Question) -> String {
    let (period, first) = (question.period, question.period.first());
    let is = |part| period.is_whole(part);
    let (year, quarter) = (first.date().year(), first.date().month0() / 3 + 1);
    if is(PeriodPart::Month) {
        first.date().format("%Y-%m").to_string()
    } else if is(PeriodPart::Quarter) {
        format!("{year} Q{quarter}")
    } else if is(PeriodPart::Year) {
        year.to_string()
    } else {
        first.to_string()
    }
}

/// The unit in which values are shown: of seconds the largest that leaves whole ones.
struct Scale {
    unit: &'static str,
    by: f64,
}

impl Scale {
    fn of<'a>(measures: impl Iterator<Item = &'a Measure>, kpi: Kpi) -> Self {
        let (unit, by) = match kpi.unit() {
            Unit::Seconds => {
                let values = measures.filter_map(|measure| measure.value);
                lasting(values.map(|value| value.to_f64().abs()).fold(0.0, f64::max))
            }
            Unit::Percent => ("%", 1.0),
            Unit::Days => ("days", 1.0),
            Unit::Count => ("", 1.0),
            Unit::PerRelease => ("a release", 1.0),
            Unit::UserMinutes => ("user-minutes", 1.0),
            Unit::MinorUnits => ("minor units", 1.0),
            Unit::Points => ("points", 1.0),
        };
        Self { unit, by }
    }

    fn value(&self, measure: &Measure) -> Option<f64> {
        measure.value.map(|value| value.to_f64() / self.by)
    }

    #[expect(clippy::cast_precision_loss, reason = "it is drawn")]
    fn times(&self, figure: i64) -> f64 {
        figure as f64 / self.by
    }
}

/// The unit for so many seconds, and how many seconds it has.
fn lasting(seconds: f64) -> (&'static str, f64) {
    match seconds {
        _ if seconds >= 172_800.0 => ("days", 86_400.0),
        _ if seconds >= 7_200.0 => ("hours", 3_600.0),
        _ if seconds >= 120.0 => ("minutes", 60.0),
        _ => ("seconds", 1.0),
    }
}

/// The figure that a measure is to reach or to keep to, if targets name one and no other.
fn aim(kpi: Kpi, targets: &[TargetResult]) -> Option<i64> {
    let of = targets
        .iter()
        .filter(|result| result.target.measure.as_str() == kpi.id());
    let mut figures = of
        .flat_map(|result| [result.target.at_least, result.target.at_most])
        .flatten();
    let first = figures.next()?;
    figures.all(|figure| figure == first).then_some(first)
}

fn about(question: &Question) -> Vec<(&'static str, Outline)> {
    let Question {
        period,
        as_of,
        service,
        environment,
        label,
        track,
        model,
        release,
        attribution,
        statistic,
        milestone,
        tolerance,
    } = question;
    let own = |words: &'static str| Outline::new().own(words);
    let mut facts = vec![
        ("As of", Outline::new().at(*as_of)),
        ("Zone", Outline::new().own(period.zone())),
        (
            "Incidents belong to",
            own(match attribution {
                Attribution::Explicit => "what they are linked to",
                Attribution::LastDeployment => "the deployment before",
            }),
        ),
        (
            "Durations by",
            match statistic {
                Statistic::Median => own("median"),
                Statistic::Mean => own("mean"),
                Statistic::Percentile(part) => Outline::new().own(format!("percentile {part}")),
            },
        ),
    ];
    let name = |what: &dyn std::fmt::Display| Outline::new().name(what);
    if tolerance.get() > 0 {
        let later = format!("{} seconds", tolerance.get());
        facts.push(("Tolerance", Outline::new().own(later)));
    }
    facts.extend(service.as_ref().map(|one| ("Service", name(one))));
    facts.extend(environment.as_ref().map(|one| ("Environment", name(one))));
    facts.extend(
        label
            .as_ref()
            .map(|(key, value)| ("Label", name(key).own(": ").name(value))),
    );
    facts.extend(track.map(|one| ("Track", Outline::new().own(one.to_string()))));
    facts.extend(model.as_ref().map(|one| ("Release model", name(one))));
    facts.extend(release.as_ref().map(|one| ("Release", name(one))));
    facts.extend(milestone.as_ref().map(|one| ("In time by", name(one))));
    facts
}

/// Where a measure stands in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Timelines,
    Budget,
    Disruption,
    Satisfaction,
    Stability,
    Delivery,
    Practice,
    Value,
}

impl Group {
    const ALL: &'static [Self] = &[
        Self::Timelines,
        Self::Budget,
        Self::Disruption,
        Self::Satisfaction,
        Self::Stability,
        Self::Delivery,
        Self::Practice,
        Self::Value,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Timelines => "Adherence to timelines",
            Self::Budget => "Budget",
            Self::Disruption => "Disruption to users",
            Self::Satisfaction => "Customer satisfaction",
            Self::Stability => "Stability after the release",
            Self::Delivery => "Delivery",
            Self::Practice => "Release management",
            Self::Value => "Objectives and value",
        }
    }

    const fn of(kpi: Kpi) -> Self {
        match kpi {
            Kpi::AdherenceFirst
            | Kpi::AdherenceLatest
            | Kpi::SlipFirst
            | Kpi::SlipLatest
            | Kpi::Rebaselines => Self::Timelines,
            Kpi::BudgetSpent | Kpi::BudgetVariance => Self::Budget,
            Kpi::Disruption
            | Kpi::PlannedDisruption
            | Kpi::UserMinutes
            | Kpi::PlannedUserMinutes => Self::Disruption,
            Kpi::Satisfaction => Self::Satisfaction,
            Kpi::EarlyLifeIncidents | Kpi::TimeToRestore | Kpi::Regressions => Self::Stability,
            Kpi::DeploymentFrequency
            | Kpi::DeploymentAttempts
            | Kpi::ChangeLeadTime
            | Kpi::ChangeFailRate
            | Kpi::RecoveryTime
            | Kpi::RecoveryTimePerIncident
            | Kpi::ReworkRate => Self::Delivery,
            Kpi::SuccessfulReleases
            | Kpi::ReleaseIncidents
            | Kpi::EmergencyShare
            | Kpi::UnauthorisedShare
            | Kpi::OverrideShare
            | Kpi::ExceptionShare
            | Kpi::Backlog
            | Kpi::Throughput
            | Kpi::DwellTime
            | Kpi::ReworkLoops
            | Kpi::ImprovementCompletion => Self::Practice,
            Kpi::ObjectivesMet | Kpi::ValueRealised => Self::Value,
        }
    }
}

fn told(group: &'static str, measures: &[&Measure]) -> Table {
    let columns = [
        "Measure",
        "#Value",
        "#Divided",
        "#By",
        "#Sample",
        "Left out",
        "Definition",
    ];
    let caption = Outline::new()
        .own(group)
        .own(": values and what they rest on");
    let mut table = Table::new(caption, &columns);
    for measure in measures {
        let name = Outline::new().own(measure.kpi.title());
        let name = match &measure.of {
            Some(of) => name.own(", ").name(of),
            None => name,
        };
        let name = if measure.is_provisional {
            name.own(" ").mark(Tone::Open, "provisional")
        } else {
            name
        };
        let left_out = measure.exclusions.iter().enumerate();
        let left_out = left_out.fold(Outline::new(), |line, (place, (why, count))| {
            line.own(if place > 0 { ", " } else { "" })
                .own(format!("{count} {}", why.told()))
        });
        table.row([
            Cell::Words(name),
            value(measure),
            divided(measure),
            whole(measure.denominator),
            Cell::whole(measure.sample),
            if measure.exclusions.is_empty() {
                Cell::Empty
            } else {
                Cell::Words(left_out)
            },
            Cell::name(measure.kpi.id()),
        ]);
    }
    table
}

/// The value with its unit; the exact one in the unit of the definition.
fn value(measure: &Measure) -> Cell {
    let exact = measure.value.map(crate::kpi::Ratio::to_f64);
    let Some((number, exact)) =
        exact.and_then(|number| Some((number, serde_json::Number::from_f64(number)?)))
    else {
        return Cell::Words(Outline::new().mark(Tone::Open, "not defined"));
    };
    let scale = Scale::of([measure].into_iter(), measure.kpi);
    let shown = shown(number / scale.by);
    let shown = match scale.unit {
        "" => shown,
        unit => format!("{shown}\u{a0}{unit}"),
    };
    Cell::Number(shown, exact)
}

/// What was divided: of durations their sum, as it is read, and in microseconds.
fn divided(measure: &Measure) -> Cell {
    if measure.kpi.unit() != Unit::Seconds {
        return whole(measure.numerator);
    }
    #[expect(clippy::cast_precision_loss, reason = "it is shown by four digits")]
    let seconds = measure.numerator as f64 / 1e6;
    let (unit, by) = lasting(seconds.abs());
    match i64::try_from(measure.numerator) {
        Ok(exact) => Cell::Number(format!("{}\u{a0}{unit}", shown(seconds / by)), exact.into()),
        Err(_) => Cell::own(measure.numerator.to_string()),
    }
}

fn aims(targets: &[TargetResult]) -> Table {
    let columns = [
        "Criterion",
        "Objective",
        "Measure",
        "Target",
        "#Value",
        "Outcome",
    ];
    let mut table = Table::new(
        Outline::new().own("Targets and what became of them"),
        &columns,
    );
    for result in targets {
        let Target {
            measure,
            at_least,
            at_most,
        } = &result.target;
        let unit =
            Kpi::from_id(measure.as_str()).map_or(String::new(), |kpi| format!(" {}", kpi.unit()));
        let target = match (at_least, at_most) {
            (Some(least), Some(most)) => format!("{least} to {most}{unit}"),
            (Some(least), None) => format!("at least {least}{unit}"),
            (None, Some(most)) => format!("at most {most}{unit}"),
            (None, None) => String::new(),
        };
        let tone = match result.outcome {
            CriterionOutcome::Met => Tone::Good,
            CriterionOutcome::Missed => Tone::Bad,
            CriterionOutcome::NotYetKnown => Tone::Open,
        };
        table.row([
            Cell::name(&result.criterion),
            result.objective.as_ref().map_or(Cell::Empty, Cell::name),
            Cell::name(measure),
            Cell::own(target.trim_end().to_owned()),
            result.measure.as_ref().map_or(Cell::Empty, value),
            Cell::Words(Outline::new().mark(tone, result.outcome.to_string())),
        ]);
    }
    table
}

fn before_and_after(effects: &[ImprovementEffect]) -> Table {
    let columns = ["Improvement", "Done", "Measure", "#Before", "#After"];
    let caption =
        Outline::new().own("Measures before and after what was to be done better was done");
    let mut table = Table::new(caption, &columns);
    for effect in effects {
        table.row([
            Cell::name(&effect.improvement),
            Cell::at(effect.done),
            Cell::own(effect.before.kpi.title()),
            value(&effect.before),
            value(&effect.after),
        ]);
    }
    table
}
