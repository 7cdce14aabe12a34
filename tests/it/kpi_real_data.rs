//! Measures of what others have recorded, against their own answers and against a computation from the records alone.

use crate::desk_support::{at, id, key, name, text};
use crate::kpi_support::{World, about, hotfix, started, value};
use crate::recorded::rows;
use phasegate::kpi::{
    Attribution, Failure, Kpi, Kpis, Measure, ObservedIncident, Period, Question,
};
use phasegate::phase::{Instant, Seconds};
use phasegate::release::{
    AttemptNeverLive, AttemptStarted, Baseline, Bounded, Environment, IncidentLinked, Milestone,
    MilestoneReached, Outage, Planning, ReleasePlan, Service, Severity, When,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything from 1970 to 2100, told in 2030.
fn ever() -> Question {
    let period = Period::new("1970-01-01".parse().unwrap(), "2100-01-01".parse().unwrap());
    let mut question = about(2026, 3);
    question.period = period.unwrap();
    question
}

#[derive(Deserialize)]
struct MilestoneRow {
    release: String,
    milestone: String,
    baseline_planned: String,
    planned_on_the_day: String,
    actual_utc: String,
    slip_vs_baseline_days: Option<i64>,
}

/// A plan with milestones on their days.
fn plan<'a>(days: impl Iterator<Item = (&'a str, &'a str)>) -> ReleasePlan {
    let mut plan = ReleasePlan::new(Seconds::days(0));
    let milestone = |(what, day): (&str, &str)| {
        let mut milestone = Milestone::new();
        milestone.planned = Some(day.parse::<When>().unwrap());
        (key(what), milestone)
    };
    plan.milestones = Bounded::new(days.map(milestone).collect()).unwrap();
    plan
}

/// The releases from 1.14 to 1.27 with the milestones of which it is known when they were reached: `ga` is the release.
fn kubernetes() -> (Vec<(String, Vec<MilestoneRow>)>, Kpis) {
    let mut releases: Vec<(String, Vec<MilestoneRow>)> = Vec::new();
    for mut row in rows::<MilestoneRow>("k8s-release-schedules/milestones.csv") {
        if row.actual_utc.is_empty() || row.baseline_planned.is_empty() {
            continue;
        }
        if row.milestone.starts_with("ga:") {
            row.milestone = "ga".to_owned();
        }
        match releases.last_mut() {
            Some((release, rows)) if *release == row.release => rows.push(row),
            _ => releases.push((row.release.clone(), vec![row])),
        }
    }
    let world = World::new();
    for (number, (_, rows)) in (1..).zip(&releases) {
        let first = rows
            .iter()
            .map(|row| (&*row.milestone, &*row.baseline_planned));
        let latest = rows.iter().map(|row| {
            let day = &row.planned_on_the_day;
            let day = if day.is_empty() {
                &row.baseline_planned
            } else {
                day
            };
            (&*row.milestone, &**day)
        });
        let day = "2018-12-01T00:00:00Z";
        let mut story = world
            .plain(number, day)
            .plan(day, plan(first))
            .record(day, plan(latest))
            .record(day, Baseline::new());
        for row in rows {
            story = story.record(&row.actual_utc, MilestoneReached::new(key(&row.milestone)));
        }
    }
    let kpis = world.kpis(releases.len() as u64);
    (releases, kpis)
}

/// Calendar days from one to the other, from their text alone: the records have them as `2021-04-08`.
fn days_between(planned: &str, actual: &str) -> i64 {
    let day = |text: &str| {
        let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
        let (year, month, day) = (part(0..4), part(5..7), part(8..10));
        // Days since the first of March of the year 0 in the Gregorian calendar.
        let (year, month) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day
    };
    day(actual) - day(planned)
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn kubernetes_releases_are_in_time_as_the_records_say() {
    let (releases, kpis) = kubernetes();
    assert_eq!(releases.len(), 14);
    let mut question = ever();
    question.milestone = Some(key("ga"));
    let known: BTreeMap<_, _> = [
        ("1.15", 2),
        ("1.16", 2),
        ("1.17", -2),
        ("1.18", 1),
        ("1.19", 57),
        ("1.24", 14),
        ("1.26", 2),
    ]
    .into();
    for (number, (release, _)) in (1..).zip(&releases) {
        let mut question = question.clone();
        question.release = Some(id(number));
        let slip = kpis.report(&question).get(Kpi::SlipFirst).cloned().unwrap();
        let known = known.get(release.as_str()).copied().unwrap_or(0);
        assert_eq!(value(Some(&slip)), known.to_string(), "{release}");
    }
    let report = kpis.report(&question);
    let first = report.get(Kpi::AdherenceFirst).unwrap();
    assert_eq!((first.numerator, first.denominator), (8, 14));
    assert_eq!(
        value(report.get(Kpi::Rebaselines)),
        "1",
        "each was agreed once more"
    );
    // Late by a fortnight is in time with a tolerance of one.
    question.tolerance = Seconds::days(14);
    let tolerant = kpis.report(&question);
    assert_eq!(tolerant.get(Kpi::AdherenceFirst).unwrap().numerator, 13);
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn kubernetes_milestones_slip_as_computed_from_the_records_alone() {
    let (releases, kpis) = kubernetes();
    let mut by_milestone: BTreeMap<&str, Vec<(&MilestoneRow, i64, i64)>> = BTreeMap::new();
    for row in releases.iter().flat_map(|(_, rows)| rows) {
        let planned = &row.planned_on_the_day;
        let latest = if planned.is_empty() {
            &row.baseline_planned
        } else {
            planned
        };
        let first = days_between(&row.baseline_planned, &row.actual_utc);
        assert_eq!(
            Some(first),
            row.slip_vs_baseline_days,
            "{} {}",
            row.release,
            row.milestone
        );
        let latest = days_between(latest, &row.actual_utc);
        by_milestone
            .entry(&row.milestone)
            .or_default()
            .push((row, first, latest));
    }
    let mut reached = 0;
    for (milestone, rows) in by_milestone {
        let mut question = ever();
        question.milestone = Some(key(milestone));
        let report = kpis.report(&question);
        let check = |adherence: Kpi, slip: Kpi, slips: Vec<i64>| {
            let in_time = slips.iter().filter(|days| **days <= 0).count() as i128;
            let adherence = report.get(adherence).unwrap();
            assert_eq!(
                (adherence.numerator, adherence.sample),
                (in_time, slips.len() as u64),
                "{milestone}"
            );
            let total: i64 = slips.iter().sum();
            assert_eq!(
                report.get(slip).unwrap().numerator,
                i128::from(total),
                "{milestone}"
            );
        };
        check(
            Kpi::AdherenceFirst,
            Kpi::SlipFirst,
            rows.iter().map(|row| row.1).collect(),
        );
        check(
            Kpi::AdherenceLatest,
            Kpi::SlipLatest,
            rows.iter().map(|row| row.2).collect(),
        );
        reached += rows.len();
    }
    assert!(reached > 100, "only {reached} milestones were looked at");
}

#[derive(Deserialize)]
struct PatchRow {
    version: String,
    first_planned: String,
    final_planned: String,
    actual_utc: String,
    slip_vs_final_days: Option<i64>,
    slip_vs_first_days: Option<i64>,
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn kubernetes_patch_releases_slip_as_the_records_say() {
    let world = World::new();
    let rows: Vec<PatchRow> = rows("k8s-release-schedules/patch_releases.csv");
    let rows: Vec<_> = rows
        .into_iter()
        .filter(|row| !row.actual_utc.is_empty())
        .collect();
    for (number, row) in (1..).zip(&rows) {
        let day = "2018-01-01T00:00:00Z";
        let reached = match row.actual_utc.len() {
            10 => format!("{}T12:00:00Z", row.actual_utc),
            _ => row.actual_utc.clone(),
        };
        world
            .plain(number, day)
            .plan(day, plan([("ga", &*row.first_planned)].into_iter()))
            .record(day, plan([("ga", &*row.final_planned)].into_iter()))
            .record(day, Baseline::new())
            .record(&reached, MilestoneReached::new(key("ga")));
    }
    let kpis = world.kpis(rows.len() as u64);
    for (number, row) in (1..).zip(&rows) {
        let mut question = ever();
        question.milestone = Some(key("ga"));
        question.release = Some(id(number));
        let report = kpis.report(&question);
        let slips = [
            (Kpi::SlipFirst, row.slip_vs_first_days),
            (Kpi::SlipLatest, row.slip_vs_final_days),
        ];
        for (kpi, known) in slips {
            assert_eq!(
                value(report.get(kpi)),
                known.unwrap().to_string(),
                "{} {kpi}",
                row.version
            );
        }
    }
    assert!(
        rows.len() > 150,
        "only {} patches were looked at",
        rows.len()
    );
}

#[derive(Deserialize)]
struct CommitRow {
    id: String,
    result: String,
    finished_date: String,
    cicd_deployment_id: String,
    cicd_scope_id: String,
    repo_url: String,
    environment: String,
    #[serde(default)]
    prev_success_deployment_commit_id: String,
}

impl CommitRow {
    fn finished(&self) -> String {
        self.finished_date.replace("+00:00", "Z")
    }

    fn is_of_project(&self) -> bool {
        ["cicd1", "cicd2"].contains(&self.cicd_scope_id.as_str())
    }
}

const AFTER: &str = "devlake-dora/prev_success_deployment_commit/cicd_deployment_commits_after.csv";

/// An attempt of a service on an environment that users depend on.
fn attempt(id: &str, environment: &str, service: &str) -> AttemptStarted {
    let mut started = started(id);
    started.environment = Environment::new(environment).unwrap();
    let services = BTreeSet::from([Service::new(service).unwrap()]);
    started.services = Bounded::new(services).unwrap();
    started
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn the_deployment_before_is_devlakes_row_for_row() {
    let mut rows: Vec<CommitRow> = rows(AFTER);
    rows.retain(CommitRow::is_of_project);
    rows.sort_by(|a, b| a.finished_date.cmp(&b.finished_date));
    let world = World::new();
    let day = "2022-09-01T00:00:00Z";
    let mut story = world.plain(1, day).straight_to_deployment(day);
    for row in &rows {
        let service = format!("{}/{}", row.cicd_scope_id, row.repo_url);
        let started = attempt(&row.id, &row.environment, &service);
        let when = row.finished();
        story = if row.result == "SUCCESS" {
            story.attempt(started, &when)
        } else {
            let failed = AttemptNeverLive::new(started.attempt.clone(), text("It failed."));
            story.record(&when, started).record(&when, failed)
        };
    }
    let deployments = world.kpis(1).deployments(&ever());
    let previous: BTreeMap<_, _> = deployments
        .iter()
        .map(|one| {
            (
                one.attempt.as_str(),
                one.previous.as_ref().map(|(_, it)| it.as_str()),
            )
        })
        .collect();
    for row in &rows {
        let expected = &row.prev_success_deployment_commit_id;
        let expected = (!expected.is_empty()).then_some(expected.as_str());
        let found = previous.get(row.id.as_str()).copied();
        match row.result.as_str() {
            "SUCCESS" => assert_eq!(found, Some(expected), "commit {}", row.id),
            _ => assert_eq!((found, expected), (None, None), "commit {}", row.id),
        }
    }
    assert_eq!((rows.len(), deployments.len()), (13, 12));
}

#[derive(Deserialize)]
struct IncidentRow {
    id: String,
    created_date: String,
    updated_date: String,
    scope_id: String,
}

#[derive(Deserialize)]
struct LinkRow {
    id: String,
    deployment_id: String,
}

/// `2022-11-13 23:37:21`, in UTC.
fn utc(text: &str) -> Instant {
    at(&format!("{}Z", text.replace(' ', "T")))
}

/// The deployments of a project by key, and the incidents that were observed in it.
fn devlake<'a>(deployments: impl Iterator<Item = (&'a str, String)>) -> Kpis {
    let mut deployments: Vec<_> = deployments.collect();
    deployments.sort_by(|(_, a), (_, b)| a.cmp(b));
    let world = World::new();
    let day = "2022-09-01T00:00:00Z";
    let mut story = world.plain(1, day).straight_to_deployment(day);
    for (deployment, finished) in deployments {
        story = story.live(deployment, &finished);
    }
    let mut kpis = world.kpis(1);
    let of_project = ["repo1", "repo2", "board1", "board2"];
    for row in rows::<IncidentRow>(&format!("{CONNECT}/raw_tables/incidents.csv")) {
        if of_project.contains(&&*row.scope_id) {
            let mut incident = ObservedIncident::new(utc(&row.created_date));
            incident.restored = Some(utc(&row.updated_date));
            kpis.observe(key(&row.id), incident);
        }
    }
    kpis
}

const CONNECT: &str = "devlake-dora/connect_incident_to_deployment";

/// The successful production commits of the project.
fn production() -> Vec<CommitRow> {
    let file = "prev_success_deployment_commit/cicd_deployment_commits_after.csv";
    let mut commits: Vec<CommitRow> = rows(&format!("{CONNECT}/{file}"));
    commits.retain(|row| {
        row.is_of_project() && row.result == "SUCCESS" && row.environment == "PRODUCTION"
    });
    commits
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn incidents_are_blamed_on_devlakes_deployments_row_for_row() {
    let commits = production();
    let pipelines: BTreeMap<_, _> = commits
        .iter()
        .map(|row| (row.id.as_str(), &row.cicd_deployment_id))
        .collect();
    // It looks for the last commit that was deployed, and names the deployment of that one.
    let kpis = devlake(commits.iter().map(|row| (row.id.as_str(), row.finished())));
    let mut question = ever();
    question.attribution = Attribution::LastDeployment;
    let mut blamed = BTreeSet::new();
    for deployment in kpis.deployments(&question) {
        for failure in deployment.failures {
            let Failure::Incident(incident) = failure else {
                panic!("{failure:?} is no incident");
            };
            let pipeline = pipelines[deployment.attempt.as_str()].clone();
            blamed.insert((incident.to_string(), pipeline));
        }
    }
    let expected =
        format!("{CONNECT}/snapshot_tables/project_incident_deployment_relationships.csv");
    let expected = rows::<LinkRow>(&expected).into_iter();
    assert_eq!(
        blamed,
        expected.map(|row| (row.id, row.deployment_id)).collect()
    );
    assert_eq!(
        kpis.report(&question)
            .get(Kpi::RecoveryTimePerIncident)
            .unwrap()
            .sample,
        6
    );
}

/// A deployment is all commits of one id, dated by the last of them; its dashboard sets six incidents against five of
/// them.
#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn the_fail_rate_counts_deployments_that_failed_and_not_incidents() {
    let commits = production();
    let mut deployments: BTreeMap<&str, String> = BTreeMap::new();
    for row in &commits {
        let finished = deployments.entry(&row.cicd_deployment_id).or_default();
        *finished = row.finished().max(finished.clone());
    }
    let kpis = devlake(deployments.into_iter());
    let mut question = ever();
    question.attribution = Attribution::LastDeployment;
    let report = kpis.report(&question);
    let fail_rate = report.get(Kpi::ChangeFailRate).unwrap();
    assert_eq!((fail_rate.numerator, fail_rate.denominator), (2, 5));
    assert_eq!(report.get(Kpi::RecoveryTimePerIncident).unwrap().sample, 6);
}

#[derive(Deserialize)]
struct StatusRow {
    incident: String,
    impact: String,
    downtime_start: String,
    downtime_end: String,
}

/// How many minutes of the period at least one of them covers, counted minute by minute.
fn minutes<'a>(rows: impl Iterator<Item = &'a StatusRow>, question: &Question) -> i128 {
    let minute = |text: &str| at(text).unix_micros() / 60_000_000;
    let span = question.period.interval();
    let (first, end) = (
        span.start().unix_micros() / 60_000_000,
        span.end().unix_micros() / 60_000_000,
    );
    let mut is_down = BTreeSet::new();
    for row in rows {
        is_down.extend(
            (minute(&row.downtime_start)..minute(&row.downtime_end))
                .filter(|it| (first..end).contains(it)),
        );
    }
    is_down.len() as i128
}

#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn disruption_is_the_union_that_a_scan_of_every_minute_finds() {
    let rows: Vec<StatusRow> = rows("incidents-github-status/incidents.csv");
    assert_eq!(rows.len(), 819);
    let world = World::new();
    let day = "2016-01-01T00:00:00Z";
    let mut story = world.plain(1, day).straight_to_deployment(day);
    for row in &rows {
        let mut outage = Outage::new(key(&row.incident), at(&row.downtime_start));
        outage.ended = Some(at(&row.downtime_end));
        if row.impact != "maintenance" {
            outage.planning = Planning::Unplanned;
        }
        story = story.record_late(&row.downtime_end, "2029-01-01T00:00:00Z", outage);
    }
    let kpis = world.kpis(1);
    let planned = |row: &&StatusRow| row.impact == "maintenance";
    let mut months: Vec<Question> = [(2022, 3), (2023, 5), (2024, 8), (2021, 11)]
        .map(|(year, month)| about(year, month))
        .into();
    months.push(ever());
    for question in &months {
        let report = kpis.report(question);
        let found = |kpi: Kpi| {
            let measure = report.get(kpi).unwrap();
            (
                measure.numerator / 60_000_000,
                measure.numerator % 60_000_000,
            )
        };
        let unplanned = minutes(rows.iter().filter(|row| !planned(row)), question);
        assert_eq!(
            found(Kpi::Disruption),
            (unplanned, 0),
            "{}",
            question.period
        );
        let maintenance = minutes(rows.iter().filter(planned), question);
        assert_eq!(
            found(Kpi::PlannedDisruption),
            (maintenance, 0),
            "{}",
            question.period
        );
    }
    let report = kpis.report(&ever());
    let samples =
        [Kpi::Disruption, Kpi::PlannedDisruption].map(|kpi| report.get(kpi).unwrap().sample);
    assert_eq!(samples, [801, 18]);
    // Nobody says how many users it hit.
    assert_eq!(report.get(Kpi::UserMinutes).unwrap().value, None);
}

#[derive(Deserialize)]
struct ChangeRow {
    incident: String,
    opened_at: String,
    rfc: String,
    caused_by: String,
}

/// The change that was raised in answer to an incident is no cause of it.
#[test]
#[ignore = "set PHASEGATE_REAL_DATA"]
fn an_incident_is_of_the_change_that_caused_it_and_not_of_the_one_that_answers_it() {
    let rows: Vec<ChangeRow> = rows("itil-incidents-uci/change_linked_incidents.csv");
    assert_eq!(
        (
            rows.len(),
            rows.iter().filter(|row| !row.rfc.is_empty()).count()
        ),
        (180, 179)
    );
    let mut changes: BTreeMap<&str, [Vec<&ChangeRow>; 2]> = BTreeMap::new();
    for row in &rows {
        for (place, change) in [&row.caused_by, &row.rfc].into_iter().enumerate() {
            if !change.is_empty() {
                changes.entry(change).or_default()[place].push(row);
            }
        }
    }
    let world = World::new();
    let (asked, live, later) = (
        "2016-01-01T00:00:00Z",
        "2016-01-02T00:00:00Z",
        "2017-06-01T00:00:00Z",
    );
    for (number, (change, [caused, answered])) in (1..).zip(&changes) {
        let request = phasegate::release::ReleaseRequest::new(name(&format!("Change {change}")));
        let mut story = world
            .request(number, asked, request)
            .straight_to_deployment(live);
        story = match answered.as_slice() {
            [] => story.live("1", live),
            [first, ..] => story.attempt(hotfix("1", &first.incident), live),
        };
        for row in caused {
            let opened = format!("{}:00Z", row.opened_at);
            let mut incident =
                IncidentLinked::new(key(&row.incident), Severity::Major, at(&opened));
            incident.attempt = Some(key("1"));
            story = story.record_late(&opened, later, incident);
        }
    }
    let kpis = world.kpis(changes.len() as u64);
    let report = kpis.report(&ever());
    let of = |kpi: Kpi| report.get(kpi).cloned().unwrap();
    let parts = |measure: Measure| (measure.numerator, measure.sample);
    assert_eq!(of(Kpi::ReleaseIncidents).numerator, 3);
    assert_eq!(parts(of(Kpi::ChangeFailRate)), (3, changes.len() as u64));
    let answering = changes
        .values()
        .filter(|[_, answered]| !answered.is_empty())
        .count();
    assert_eq!(of(Kpi::ReworkRate).numerator, answering as i128);
    assert!(answering > 100, "{answering} changes answer an incident");
}
