//! The golden vectors of March 2026: five deployments that went live, one that did not, eight code changes and four
//! incidents, counted by hand.

use crate::desk_support::{at, key};
use crate::kpi_support::{World, about, hotfix, hours, started, value};
use phasegate::kpi::{
    Attribution, Exclusion, Failure, Kpi, Kpis, Measure, ObservedIncident, Statistic,
};
use phasegate::release::AttemptNeverLive;

/// D1 to D6, each of a release of its own but for D6, which D5's release tries first.
fn march() -> (World, Kpis) {
    let world = World::new();
    let early = "2026-03-01T00:00:00Z";
    world
        .plain(1, early)
        .straight_to_deployment("2026-03-02T09:00:00Z")
        .change("c1", "2026-03-01T10:00:00Z", "2026-03-02T09:00:00Z")
        .change("c2", "2026-03-01T22:00:00Z", "2026-03-02T09:00:00Z")
        .live("D1", "2026-03-02T10:00:00Z")
        .close("2026-03-02T11:00:00Z");
    world
        .plain(2, early)
        .straight_to_deployment("2026-03-05T14:00:00Z")
        .change("c3", "2026-03-04T09:00:00Z", "2026-03-05T14:00:00Z")
        .live("D2", "2026-03-05T15:00:00Z")
        .close("2026-03-05T15:30:00Z")
        .incident(
            "I1",
            Some("D2"),
            ["2026-03-05T16:00:00Z", "2026-03-05T18:30:00Z"],
        )
        .incident(
            "I2",
            Some("D2"),
            ["2026-03-05T17:00:00Z", "2026-03-06T09:00:00Z"],
        );
    world
        .plain(3, early)
        .straight_to_deployment("2026-03-05T17:30:00Z")
        .change("c4", "2026-03-05T17:15:00Z", "2026-03-05T17:30:00Z")
        .attempt(hotfix("D3", "I1"), "2026-03-05T18:00:00Z")
        .close("2026-03-05T18:10:00Z");
    world
        .plain(4, early)
        .straight_to_deployment("2026-03-20T11:00:00Z")
        .change("c5", "2026-03-06T12:00:00Z", "2026-03-20T11:00:00Z")
        .change("c6", "2026-03-18T12:00:00Z", "2026-03-20T11:00:00Z")
        .live("D4", "2026-03-20T12:00:00Z")
        .close("2026-03-20T13:00:00Z");
    world
        .plain(5, early)
        .straight_to_deployment("2026-03-25T08:00:00Z")
        .record("2026-03-25T08:30:00Z", started("D6"))
        .record(
            "2026-03-25T09:00:00Z",
            AttemptNeverLive::new(key("D6"), crate::kpi_support::summary("The disk was full.")),
        )
        .change("c7", "2026-03-30T23:30:00Z", "2026-03-31T23:00:00Z")
        .change("c8", "2026-03-30T11:30:00Z", "2026-03-31T23:00:00Z")
        .live("D5", "2026-03-31T23:30:00Z")
        .incident(
            "I3",
            Some("D5"),
            ["2026-04-01T00:15:00Z", "2026-04-01T02:00:00Z"],
        )
        .close("2026-04-01T03:00:00Z");
    let mut kpis = world.kpis(5);
    let (raised, restored) = (at("2026-03-22T10:00:00Z"), at("2026-03-22T14:00:00Z"));
    let mut incident = ObservedIncident::new(raised);
    incident.restored = Some(restored);
    kpis.observe(key("I4"), incident);
    (world, kpis)
}

fn parts(measure: Option<&Measure>) -> (i128, i128, u64) {
    let measure = measure.unwrap();
    (measure.numerator, measure.denominator, measure.sample)
}

#[test]
fn delivery_is_measured_to_the_digit() {
    let (_, kpis) = march();
    let report = kpis.report(&about(2026, 3));
    let median = report.get(Kpi::ChangeLeadTime);
    assert_eq!(
        (hours(median), median.unwrap().sample),
        ("27".to_owned(), 8)
    );
    let mut mean = about(2026, 3);
    mean.statistic = Statistic::Mean;
    assert_eq!(
        hours(kpis.report(&mean).get(Kpi::ChangeLeadTime)),
        "63.84375"
    );
    assert_eq!(value(report.get(Kpi::DeploymentFrequency)), "5");
    assert_eq!(value(report.get(Kpi::DeploymentAttempts)), "6");
    assert_eq!(parts(report.get(Kpi::ChangeFailRate)), (2, 5, 5));
    assert_eq!(value(report.get(Kpi::ChangeFailRate)), "40");
    assert_eq!(parts(report.get(Kpi::ReworkRate)), (1, 5, 5));
    assert_eq!(hours(report.get(Kpi::RecoveryTime)), "10.25");
    assert!(
        report
            .measures
            .iter()
            .all(|measure| !measure.is_provisional)
    );

    let failed: Vec<_> = kpis.deployments(&about(2026, 3));
    let failed = failed.iter().filter(|one| !one.failures.is_empty());
    let recoveries: Vec<_> = failed
        .map(|one| {
            let took = one.restored.unwrap().unix_micros() - one.finished.unix_micros();
            (one.attempt.as_str(), one.failures.len(), took / 60_000_000)
        })
        .collect();
    assert_eq!(recoveries, [("D2", 2, 18 * 60), ("D5", 1, 150)]);
}

#[test]
fn the_lead_times_are_the_eight_that_were_counted_by_hand() {
    let (_, kpis) = march();
    let at_percent = |percent| {
        let mut question = about(2026, 3);
        question.statistic = Statistic::Percentile(percent);
        hours(kpis.report(&question).get(Kpi::ChangeLeadTime))
    };
    // 0.75, 12, 24, 24, 30, 36, 48, 336: at every seventh part of the way stands one of them.
    assert_eq!(at_percent(0), "0.75");
    assert_eq!(at_percent(100), "336");
    assert_eq!(at_percent(255), "336");
    // 0.9 of seven steps is 6.3: three tenths of the way from 48 to 336.
    assert_eq!(at_percent(90), "134.4");
}

#[test]
fn the_last_deployment_before_an_incident_is_blamed_only_where_that_is_asked_for() {
    let (_, kpis) = march();
    let mut question = about(2026, 3);
    question.attribution = Attribution::LastDeployment;
    let report = kpis.report(&question);
    let fail_rate = report.get(Kpi::ChangeFailRate);
    assert_eq!(parts(fail_rate), (3, 5, 5));
    assert_eq!(
        fail_rate.unwrap().attribution,
        Some(Attribution::LastDeployment)
    );
    let each = report.get(Kpi::RecoveryTimePerIncident).unwrap();
    assert_eq!(each.sample, 4);
    // 2.5, 3.5, 18 and 50 hours.
    assert_eq!(hours(Some(each)), "10.75");
    assert_eq!(each.numerator, 74 * 3_600 * 1_000_000);
    let blamed = kpis.deployments(&question);
    let of = |attempt: &str| {
        let found = blamed.iter().find(|one| one.attempt.as_str() == attempt);
        found.unwrap().failures.clone()
    };
    let incident = |id: &str| Failure::Incident(key(id));
    assert_eq!(of("D1"), []);
    assert_eq!(of("D2"), [incident("I1"), incident("I2")]);
    assert_eq!(of("D3"), []);
    assert_eq!(of("D4"), [incident("I4")]);
    assert_eq!(of("D5"), [incident("I3")]);

    let explicit = kpis.report(&about(2026, 3));
    assert!(
        explicit
            .get(Kpi::RecoveryTimePerIncident)
            .unwrap()
            .value
            .is_none()
    );
}

#[cfg(feature = "calendar")]
#[test]
fn the_edge_of_a_month_is_where_the_zone_has_it() {
    let (_, kpis) = march();
    let frequency = |zone: &str, month| {
        let mut question = about(2026, month);
        question.period = question.period.in_zone(zone.parse().unwrap());
        let report = kpis.report(&question);
        let recovery = report.get(Kpi::RecoveryTime).unwrap().sample;
        (value(report.get(Kpi::DeploymentFrequency)), recovery)
    };
    for zone in ["UTC", "America/New_York"] {
        assert_eq!(frequency(zone, 3), ("5".into(), 2), "{zone}");
        assert_eq!(frequency(zone, 4), ("0".into(), 0), "{zone}");
    }
    assert_eq!(frequency("Europe/Berlin", 3), ("4".into(), 1));
    assert_eq!(frequency("Europe/Berlin", 4), ("1".into(), 1));
}

#[test]
fn a_change_that_is_not_live_is_told_and_never_guessed() {
    let world = World::new();
    let day = "2026-03-02T09:00:00Z";
    world
        .plain(1, day)
        .straight_to_deployment(day)
        .change("before", "2026-03-02T08:00:00Z", day)
        .live("D1", "2026-03-02T10:00:00Z")
        .change("after", "2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z")
        .close("2026-03-02T12:00:00Z");
    world
        .plain(2, day)
        .straight_to_deployment(day)
        .change("open", day, day);
    let kpis = world.kpis(2);
    let report = kpis.report(&about(2026, 3));
    let lead_time = report.get(Kpi::ChangeLeadTime).unwrap();
    assert_eq!(
        (hours(Some(lead_time)), lead_time.sample),
        ("2".to_owned(), 1)
    );
    let left_out: Vec<_> = lead_time
        .exclusions
        .iter()
        .map(|(why, count)| (*why, *count))
        .collect();
    assert_eq!(
        left_out,
        [
            (Exclusion::NotYetLive, 1),
            (Exclusion::NewerThanDeployment, 1)
        ]
    );
}

/// The tables of `docs/kpi.md` have every measure, with its title and unit, in the order of the code.
#[test]
fn the_document_has_every_measure() {
    let written = include_str!("../../docs/kpi.md");
    let row = |kpi: &Kpi| {
        format!("| `{}` | {} | {} |", kpi.id(), kpi.title(), kpi.unit()).replace("|  |", "| |")
    };
    let rows: Vec<_> = Kpi::ALL.iter().map(row).collect();
    let found: Vec<_> = written
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert_eq!(found, rows);
    assert!(
        Kpi::ALL
            .iter()
            .all(|kpi| Kpi::from_id(kpi.id()) == Some(*kpi))
    );
}
