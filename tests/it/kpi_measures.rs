//! Each measure at its edges: what belongs to it, what is left out with its number, and what is not defined.

use crate::desk_support::{at, id, key, name, person, text};
use crate::kpi_support::{Story, World, about, hours, started, value};
use phasegate::kpi::{
    Attribution, Exclusion, Kpi, KpiReport, Kpis, Measure, ObservedIncident, Period, Question,
};
use phasegate::phase::{Interval, Seconds};
use phasegate::release::step::{
    BackOut, Cancel, Close, CompleteReview, Hold, Reject, Replan, Resume,
};
use phasegate::release::{
    AttemptFinished, AttemptOutcome, Baseline, Bounded, ClosureRecord, CostBooked,
    CriterionOutcome, CriterionResult, Currency, DefectFound, EarlyLifeSupportWaived, Feedback,
    ImprovementProgress, ImprovementRaised, ImprovementStatus, IncidentLinked, IncidentRestored,
    Money, Objective, Outage, Planning, PostImplementationReview, Rating, ReleasePlan,
    ReleaseRequest, ReviewOutcome, Scale, Service, Severity, SuccessCriterion, Target, Tenant,
    Track, TrackChanged, ValueRealised,
};
use std::collections::{BTreeMap, BTreeSet};

const DAY: &str = "2026-03-02T08:00:00Z";

fn of(report: &KpiReport, kpi: Kpi) -> (String, i128, i128) {
    let measure = report.get(kpi).unwrap();
    (value(Some(measure)), measure.numerator, measure.denominator)
}

fn left_out(measure: Option<&Measure>) -> Vec<(Exclusion, u64)> {
    let exclusions = &measure.unwrap().exclusions;
    exclusions
        .iter()
        .map(|(why, count)| (*why, *count))
        .collect()
}

fn euros(amount: i64) -> Money {
    Money::new(amount, Currency::new("EUR").unwrap())
}

fn dollars(amount: i64) -> Money {
    Money::new(amount, Currency::new("USD").unwrap())
}

fn request(number: u64) -> ReleaseRequest {
    ReleaseRequest::new(name(&format!("Release {number}")))
}

fn service(text: &str) -> Service {
    Service::new(text).unwrap()
}

fn services<const N: usize>(names: [&str; N]) -> Bounded<BTreeSet<Service>> {
    Bounded::new(names.map(service).into()).unwrap()
}

fn no_support() -> ReleasePlan {
    ReleasePlan::new(Seconds::days(0))
}

/// A plan to go live before that instant.
fn live_by(end: &str) -> ReleasePlan {
    let end = at(end);
    let mut plan = no_support();
    plan.window = Some(Interval::new(end.minus(Seconds::hours(2)), end).unwrap());
    plan
}

/// Backed out then, and reviewed.
fn backed_out<'a>(story: Story<'a>, when: &str) -> Story<'a> {
    story
        .step(when, BackOut::new(text("It broke.")))
        .record(when, PostImplementationReview::new(text("It broke.")))
        .step(when, CompleteReview::new(ReviewOutcome::BackedOut))
        .step(when, Close::new(ClosureRecord::new()))
}

#[test]
fn nothing_at_all_is_undefined_and_never_a_share_of_nothing() {
    let report = Kpis::new(Tenant::default()).report(&about(2026, 3));
    for kpi in Kpi::ALL {
        let measures: Vec<_> = report.all(*kpi).collect();
        assert!(!measures.is_empty(), "{kpi}");
        for measure in measures {
            let is_a_count = matches!(
                kpi,
                Kpi::DeploymentFrequency
                    | Kpi::DeploymentAttempts
                    | Kpi::ReleaseIncidents
                    | Kpi::Backlog
                    | Kpi::Throughput
                    | Kpi::Disruption
                    | Kpi::PlannedDisruption
                    | Kpi::UserMinutes
                    | Kpi::PlannedUserMinutes
            );
            let expected = if is_a_count { "0" } else { "undefined" };
            assert_eq!(value(Some(measure)), expected, "{kpi}");
            assert_eq!(
                (measure.sample, measure.is_provisional),
                (0, false),
                "{kpi}"
            );
        }
    }
}

#[test]
fn a_period_that_is_not_over_is_provisional() {
    let mut question = about(2026, 3);
    question.as_of = at("2026-03-31T23:59:59Z");
    let kpis = Kpis::new(Tenant::default());
    assert!(
        kpis.report(&question)
            .measures
            .iter()
            .all(|measure| measure.is_provisional)
    );
    question.as_of = at("2026-04-01T00:00:00Z");
    assert!(
        kpis.report(&question)
            .measures
            .iter()
            .all(|measure| !measure.is_provisional)
    );
}

#[test]
fn in_time_is_before_the_end_of_the_first_window() {
    let world = World::new();
    let live = "2026-03-05T10:00:00Z";
    let ends = [
        "2026-03-05T10:00:01Z", // in time
        "2026-03-05T10:00:00Z", // the end does not belong to it
        "2026-03-04T23:00:00Z", // a day late
        "2026-03-07T00:00:00Z", // a day early: its last day is the sixth
    ];
    for (number, end) in (1..).zip(ends) {
        let story = world.plain(number, DAY).plan(DAY, live_by(end));
        story
            .deploy("2026-03-05T09:00:00Z")
            .live("1", live)
            .close("2026-03-05T11:00:00Z");
    }
    // Agreed again, so that the latest is kept, and one without a window.
    let again = world
        .plain(5, DAY)
        .plan(DAY, live_by("2026-03-03T00:00:00Z"));
    let again = again
        .record(DAY, live_by("2026-03-06T00:00:00Z"))
        .record(DAY, Baseline::new());
    again
        .deploy("2026-03-05T09:00:00Z")
        .live("1", live)
        .close("2026-03-05T11:00:00Z");
    let without = world.plain(6, DAY).plan(DAY, no_support());
    without
        .deploy("2026-03-05T09:00:00Z")
        .live("1", live)
        .close("2026-03-05T11:00:00Z");

    let kpis = world.kpis(6);
    let report = kpis.report(&about(2026, 3));
    assert_eq!(of(&report, Kpi::AdherenceFirst), ("40".into(), 2, 5));
    assert_eq!(of(&report, Kpi::AdherenceLatest), ("60".into(), 3, 5));
    assert_eq!(
        left_out(report.get(Kpi::AdherenceFirst)),
        [(Exclusion::NoBaseline, 1)]
    );
    // 0, 0, 1, -1 and 3 days against the first; 0, 0, 1, -1 and 0 against the latest.
    assert_eq!(report.get(Kpi::SlipFirst).unwrap().numerator, 3);
    assert_eq!(report.get(Kpi::SlipLatest).unwrap().numerator, 0);
    assert_eq!(of(&report, Kpi::Rebaselines), ("0.166667".into(), 1, 6));

    let mut question = about(2026, 3);
    question.tolerance = Seconds::hours(12);
    let report = kpis.report(&question);
    assert_eq!(report.get(Kpi::AdherenceFirst).unwrap().numerator, 4);
}

#[test]
fn a_budget_is_of_one_currency_and_never_of_two() {
    let world = World::new();
    let spend = |number, budget: Option<Money>, costs: &[(&str, Money)]| {
        let mut plan = no_support();
        plan.budget = budget;
        let mut story = world
            .plain(number, DAY)
            .plan(DAY, plan)
            .deploy(DAY)
            .live("1", DAY);
        for (booking, amount) in costs {
            story = story.record(DAY, CostBooked::new(key(booking), *amount));
        }
        story.close(DAY);
    };
    spend(
        1,
        Some(euros(100)),
        &[("a", euros(70)), ("a", euros(60)), ("b", euros(60))],
    );
    spend(2, Some(euros(300)), &[("a", euros(60))]);
    spend(3, Some(dollars(50)), &[]);
    spend(4, Some(euros(100)), &[("a", euros(60)), ("b", dollars(1))]);
    spend(5, None, &[("a", euros(60))]);
    spend(7, Some(euros(100)), &[("a", dollars(-1))]);
    let rejected = world.plain(6, DAY);
    rejected.step(DAY, Reject::new(text("Not worth it.")));

    let report = world.kpis(7).report(&about(2026, 3));
    let in_euros = report.of(Kpi::BudgetSpent, "EUR");
    assert_eq!(
        (value(in_euros), in_euros.unwrap().sample),
        ("45".into(), 2)
    );
    assert_eq!(left_out(in_euros), [(Exclusion::MixedCurrencies, 2)]);
    assert_eq!(value(report.of(Kpi::BudgetVariance, "EUR")), "-220");
    assert_eq!(value(report.of(Kpi::BudgetSpent, "USD")), "0");
    assert_eq!(value(report.of(Kpi::BudgetVariance, "USD")), "-50");
    let others = report
        .all(Kpi::BudgetSpent)
        .find(|measure| measure.of.is_none());
    assert_eq!(
        (value(others), left_out(others)),
        ("undefined".into(), vec![(Exclusion::NoBudget, 1)])
    );
}

fn outage(id: &str, [began, ended]: [&str; 2], users: Option<u64>) -> Outage {
    let mut outage = Outage::new(key(id), at(began));
    outage.ended = (!ended.is_empty()).then(|| at(ended));
    outage.users_affected = users;
    outage.planning = Planning::Unplanned;
    outage
}

#[test]
fn disruption_is_cut_to_the_period_and_lasts_until_it_is_told() {
    let world = World::new();
    let story = world
        .plain(1, "2026-02-01T00:00:00Z")
        .straight_to_deployment("2026-02-01T00:00:00Z");
    let late = "2026-05-01T00:00:00Z";
    let over_the_edge = outage(
        "a",
        ["2026-02-28T23:00:00Z", "2026-03-01T01:00:00Z"],
        Some(10),
    );
    let inside = outage(
        "b",
        ["2026-03-01T00:30:00Z", "2026-03-01T02:00:00Z"],
        Some(4),
    );
    let unsaid = outage("c", ["2026-03-10T00:00:00Z", "2026-03-10T00:30:00Z"], None);
    let lasting = outage("d", ["2026-03-31T23:00:00Z", ""], None);
    story
        .record_late("2026-02-28T23:00:00Z", late, over_the_edge)
        .record_late("2026-03-01T00:30:00Z", late, inside)
        .record_late("2026-03-10T00:00:00Z", late, unsaid)
        .record_late("2026-03-31T23:00:00Z", late, lasting);
    let kpis = world.kpis(1);
    let mut question = about(2026, 3);
    let report = kpis.report(&question);
    let disruption = report.get(Kpi::Disruption).unwrap();
    // 2 h from midnight on, half an hour, and the last hour of the month.
    assert_eq!(
        (hours(Some(disruption)), disruption.sample),
        ("3.5".into(), 4)
    );
    assert!(disruption.is_provisional, "one lasts");
    let minutes = report.get(Kpi::UserMinutes);
    assert_eq!(value(minutes), (60 * 10 + 60 * 4).to_string());
    assert_eq!(left_out(minutes), [(Exclusion::UsersNotSaid, 2)]);
    assert_eq!(value(report.get(Kpi::PlannedDisruption)), "0");
    // Told earlier, what lasts has lasted less; and the parts of a year add up to it.
    question.as_of = at("2026-03-31T23:15:00Z");
    assert_eq!(hours(kpis.report(&question).get(Kpi::Disruption)), "2.75");
    let mut year = about(2026, 3);
    year.period =
        Period::new("2026-01-01".parse().unwrap(), "2027-01-01".parse().unwrap()).unwrap();
    let months = kpis.trend(&year, phasegate::kpi::PeriodPart::Month);
    let total: i128 = months
        .iter()
        .map(|month| month.get(Kpi::Disruption).unwrap().numerator)
        .sum();
    assert_eq!(
        total,
        kpis.report(&year).get(Kpi::Disruption).unwrap().numerator
    );
}

#[test]
fn points_of_one_scale_are_no_points_of_another() {
    let world = World::new();
    let mut asked = request(1);
    asked.services = services(["checkout", "search"]);
    let mut story = world
        .request(1, DAY, asked)
        .straight_to_deployment(DAY)
        .live("1", DAY);
    let stars = Scale::new(key("stars"), 1, 5);
    let nps = Scale::new(key("nps"), 0, 10);
    let given = [
        ("a", 5, &stars),
        ("b", 4, &stars),
        ("b", 2, &stars),
        ("c", 10, &nps),
    ];
    for (who, score, scale) in given {
        let mut feedback = Feedback::new(key(who));
        feedback.rating = Some(Rating::new(score, scale.clone()));
        feedback.service = (who == "a").then(|| service("search"));
        story = story.record("2026-03-03T00:00:00Z", feedback);
    }
    let mut words = Feedback::new(key("d"));
    words.text = text("Fine.");
    story.record("2026-03-03T00:00:00Z", words);
    let kpis = world.kpis(1);
    let report = kpis.report(&about(2026, 3));
    assert_eq!(report.all(Kpi::Satisfaction).count(), 2);
    let stars = report.of(Kpi::Satisfaction, "stars, 1 to 5").unwrap();
    assert_eq!((value(Some(stars)), stars.sample), ("3.5".into(), 2));
    assert_eq!(
        stars.distribution,
        [("2".to_owned(), 1), ("5".to_owned(), 1)]
    );
    assert_eq!(value(report.of(Kpi::Satisfaction, "nps, 0 to 10")), "10");
    let mut question = about(2026, 3);
    question.service = Some(service("checkout"));
    let report = kpis.report(&question);
    assert_eq!(value(report.of(Kpi::Satisfaction, "stars, 1 to 5")), "2");
}

#[test]
fn early_life_support_counts_what_it_saw() {
    let world = World::new();
    let live = "2026-03-05T10:00:00Z";
    let story = world
        .plain(1, DAY)
        .plan(DAY, ReleasePlan::new(Seconds::days(2)));
    let mut story = story.deploy("2026-03-05T09:00:00Z").live("1", live);
    let raised = [
        ("before", "2026-03-05T09:59:59Z", Severity::Minor),
        ("first", "2026-03-05T10:00:00Z", Severity::Major),
        ("last", "2026-03-07T09:59:59Z", Severity::Critical),
        ("after", "2026-03-07T10:00:00Z", Severity::Minor),
    ];
    let late = "2026-03-20T00:00:00Z";
    for (incident, when, severity) in raised {
        let mut incident = IncidentLinked::new(key(incident), severity, at(when));
        incident.is_regression = true;
        story = story.record_late(when, late, incident);
    }
    let mut worse = DefectFound::new(key("D-1"), Severity::Minor);
    worse.is_regression = true;
    let defect = DefectFound::new(key("D-2"), Severity::Minor);
    story.record(late, worse).record(late, defect).close(late);
    let kpis = world.kpis(1);
    let mut question = about(2026, 3);
    let report = kpis.report(&question);
    assert_eq!(value(report.get(Kpi::EarlyLifeIncidents)), "2");
    assert_eq!(value(report.of(Kpi::EarlyLifeIncidents, "critical")), "1");
    assert!(report.of(Kpi::EarlyLifeIncidents, "minor").is_none());
    // Three incidents from going live on, and one defect.
    assert_eq!(value(report.get(Kpi::Regressions)), "4");
    assert_eq!(value(report.get(Kpi::ReleaseIncidents)), "4");
    let restore = report.get(Kpi::TimeToRestore);
    assert_eq!(
        (value(restore), left_out(restore)),
        ("undefined".into(), vec![(Exclusion::Unresolved, 4)])
    );
    question.period =
        Period::new("2026-03-01".parse().unwrap(), "2026-03-06".parse().unwrap()).unwrap();
    question.as_of = at("2026-03-07T09:00:00Z");
    assert!(
        kpis.report(&question)
            .get(Kpi::EarlyLifeIncidents)
            .unwrap()
            .is_provisional
    );
}

#[test]
fn a_failure_is_an_incident_a_back_out_or_a_release_that_puts_it_right() {
    let world = World::new();
    let live = "2026-03-05T10:00:00Z";
    // Backed out after it was live.
    let story = world
        .plain(1, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    backed_out(story.live("1", live), "2026-03-05T12:00:00Z");
    // Put right by the fourth, which goes live four hours later; the fifth was given up.
    for number in [2, 3] {
        let story = world
            .plain(number, DAY)
            .straight_to_deployment("2026-03-05T09:00:00Z");
        story.live("1", live).close("2026-03-05T10:30:00Z");
    }
    let mut remedy = request(4);
    (remedy.remediates, remedy.track) = (Some(id(2)), Track::Emergency);
    let story = world.request(4, "2026-03-05T11:00:00Z", remedy);
    let story = story.straight_to_deployment("2026-03-05T13:00:00Z");
    story
        .live("1", "2026-03-05T14:00:00Z")
        .close("2026-03-05T15:00:00Z");
    let mut given_up = request(5);
    given_up.remediates = Some(id(3));
    world
        .request(5, "2026-03-05T11:00:00Z", given_up)
        .step("2026-03-05T12:00:00Z", Cancel::new(text("It was nothing.")));
    // Back-outs of an attempt count without one of the release.
    let story = world
        .plain(6, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let out = AttemptFinished::new(key("1"), AttemptOutcome::BackedOut);
    story
        .live("1", live)
        .record("2026-03-05T10:30:00Z", out)
        .live("2", "2026-03-05T11:00:00Z")
        .close("2026-03-05T11:30:00Z");

    let kpis = world.kpis(6);
    let report = kpis.report(&about(2026, 3));
    assert_eq!(of(&report, Kpi::ChangeFailRate), ("50".into(), 3, 6));
    let recovery = report.get(Kpi::RecoveryTime).unwrap();
    // 2 h, 4 h and half an hour.
    assert_eq!(recovery.numerator, 390 * 60_000_000);
    assert_eq!((hours(Some(recovery)), recovery.sample), ("2".into(), 3));
    assert_eq!(of(&report, Kpi::EmergencyShare), ("20".into(), 1, 5));
}

#[test]
fn what_cannot_be_is_left_out_with_its_number() {
    let world = World::new();
    let live = "2026-03-05T10:00:00Z";
    let story = world
        .plain(1, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let late = "2026-03-09T00:00:00Z";
    let mut raised_again =
        IncidentLinked::new(key("I1"), Severity::Major, at("2026-03-05T13:00:00Z"));
    raised_again.attempt = Some(key("1"));
    // It is restored, and then said to have been raised after that.
    let story = story
        .live("1", live)
        .incident(
            "I1",
            Some("1"),
            ["2026-03-05T11:00:00Z", "2026-03-05T12:00:00Z"],
        )
        .record_late("2026-03-05T13:00:00Z", late, raised_again);
    // Restored before the deployment had finished; of no deployment; and open.
    let story = story
        .incident(
            "I2",
            Some("1"),
            ["2026-03-05T09:00:00Z", "2026-03-05T09:30:00Z"],
        )
        .incident("I3", None, ["2026-03-05T09:00:00Z", "2026-03-05T09:30:00Z"]);
    story.close(late);
    let story = world
        .plain(2, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let open = IncidentLinked::new(key("I4"), Severity::Major, at("2026-03-05T11:00:00Z"));
    story
        .live("1", live)
        .record("2026-03-05T11:00:00Z", open)
        .close(late);

    let report = world.kpis(2).report(&about(2026, 3));
    let fail_rate = report.get(Kpi::ChangeFailRate);
    assert_eq!(value(fail_rate), "100");
    assert_eq!(left_out(fail_rate), [(Exclusion::NoDeploymentBefore, 1)]);
    let recovery = report.get(Kpi::RecoveryTime).unwrap();
    assert_eq!(
        left_out(Some(recovery)),
        [
            (Exclusion::Unresolved, 1),
            (Exclusion::EndsBeforeItBegan, 1)
        ]
    );
    assert_eq!((recovery.value, recovery.is_provisional), (None, true));
    let restore = report.get(Kpi::TimeToRestore).unwrap();
    assert_eq!((restore.sample, hours(Some(restore))), (2, "0.5".into()));
    assert_eq!(
        left_out(Some(restore)),
        [
            (Exclusion::Unresolved, 1),
            (Exclusion::EndsBeforeItBegan, 1)
        ]
    );
}

/// What was raised as the deployment finished is of it where it is linked; the heuristic looks strictly before.
#[test]
fn an_incident_at_the_very_instant_is_linked_and_not_blamed() {
    let world = World::new();
    let live = "2026-03-05T10:00:00Z";
    let story = world
        .plain(1, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    story
        .live("1", live)
        .incident("I1", None, [live, "2026-03-05T11:00:00Z"]);
    let kpis = world.kpis(1);
    let failed = |question: &Question| {
        let report = kpis.report(question);
        let fail_rate = report.get(Kpi::ChangeFailRate);
        (value(fail_rate), left_out(fail_rate))
    };
    let mut question = about(2026, 3);
    assert_eq!(failed(&question), ("100".into(), vec![]));
    question.attribution = Attribution::LastDeployment;
    assert_eq!(
        failed(&question),
        ("0".into(), vec![(Exclusion::NoDeploymentBefore, 1)])
    );
}

/// Early life support of no length is over as the release is live.
#[test]
fn a_target_is_settled_as_early_life_support_ends() {
    let world = World::new();
    let story = with_aims(1, &world).deploy("2026-03-05T09:00:00Z");
    let live = "2026-03-05T10:00:00Z";
    story.live("1", live).step(
        "2026-03-05T11:00:00Z",
        phasegate::release::step::FinishDeployment::new(),
    );
    let mut question = about(2026, 3);
    let mut outcome = |as_of: &str| {
        question.as_of = at(as_of);
        let targets = world.kpis(1).targets(id(1), &question);
        let fail_rate = targets
            .iter()
            .find(|it| it.criterion.as_str() == "no failure");
        fail_rate.unwrap().outcome
    };
    assert_eq!(
        outcome("2026-03-05T09:59:59Z"),
        CriterionOutcome::NotYetKnown
    );
    assert_eq!(outcome(live), CriterionOutcome::Met);
}

#[test]
fn a_change_that_is_live_as_it_is_committed_took_no_time() {
    let world = World::new();
    let live = "2026-03-05T10:00:00Z";
    let story = world
        .plain(1, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    story.live("1", live).change("c", live, live);
    let report = world.kpis(1).report(&about(2026, 3));
    assert_eq!(hours(report.get(Kpi::ChangeLeadTime)), "0");
}

/// What a question picks does not change who is blamed; both sides are of the service that it names.
#[test]
fn the_last_deployment_is_the_last_of_all() {
    let world = World::new();
    for (number, live) in [(1, "2026-03-05T10:00:00Z"), (2, "2026-03-06T10:00:00Z")] {
        let mut asked = request(number);
        asked.services = services(["shop"]);
        let story = world
            .request(number, DAY, asked)
            .straight_to_deployment(DAY);
        story.live("1", live);
    }
    let mut kpis = world.kpis(2);
    let raised = at("2026-03-07T00:00:00Z");
    kpis.observe(key("I"), ObservedIncident::new(raised));
    let failed = |change: &dyn Fn(&mut Question)| {
        let mut question = about(2026, 3);
        question.attribution = Attribution::LastDeployment;
        change(&mut question);
        let report = kpis.report(&question);
        let fail_rate = report.get(Kpi::ChangeFailRate);
        (value(fail_rate), left_out(fail_rate))
    };
    assert_eq!(failed(&|_| ()), ("50".into(), vec![]));
    assert_eq!(
        failed(&|question| question.release = Some(id(1))),
        ("0".into(), vec![])
    );
    assert_eq!(
        failed(&|question| question.release = Some(id(2))),
        ("100".into(), vec![])
    );
    let of_shop = failed(&|question| question.service = Some(service("shop")));
    assert_eq!(of_shop, ("0".into(), vec![(Exclusion::ServiceNotSaid, 1)]));
}

#[test]
fn what_is_left_out_is_of_the_service_that_is_asked_for() {
    let world = World::new();
    let mut asked = request(1);
    asked.services = services(["search"]);
    let story = world.request(1, DAY, asked).straight_to_deployment(DAY);
    let incident = ["2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"];
    story.change("c", DAY, DAY).incident("I", None, incident);
    let kpis = world.kpis(1);
    let of = |name: &str| {
        let mut question = about(2026, 3);
        question.service = Some(service(name));
        let report = kpis.report(&question);
        [Kpi::ChangeLeadTime, Kpi::ChangeFailRate].map(|kpi| left_out(report.get(kpi)))
    };
    assert_eq!(of("checkout"), [vec![], vec![]]);
    let left_out = [Exclusion::NotYetLive, Exclusion::NoDeploymentBefore];
    assert_eq!(of("search"), left_out.map(|why| vec![(why, 1)]));
}

#[test]
fn an_incident_of_two_releases_is_restored_when_one_of_them_says_so() {
    let world = World::new();
    let live = "2026-03-05T10:00:00Z";
    let story = world
        .plain(1, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let open = IncidentLinked::new(key("I"), Severity::Minor, at("2026-03-05T11:00:00Z"));
    story.live("1", live).record("2026-03-05T11:00:00Z", open);
    let story = world
        .plain(2, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    story
        .live("1", live)
        .incident("I", None, ["2026-03-05T12:00:00Z", "2026-03-05T14:00:00Z"]);
    let report = world.kpis(2).report(&about(2026, 3));
    let restore = report.get(Kpi::TimeToRestore);
    assert_eq!((hours(restore), left_out(restore)), ("3".into(), vec![]));
}

#[test]
fn what_is_live_and_not_finished_is_still_to_be_counted() {
    let world = World::new();
    let story = world
        .plain(1, DAY)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let story = story.live("1", "2026-03-05T10:00:00Z");
    let provisional = |world: &World| {
        let report = world.kpis(1).report(&about(2026, 3));
        let kpis = [
            Kpi::AdherenceFirst,
            Kpi::SlipLatest,
            Kpi::Rebaselines,
            Kpi::EarlyLifeIncidents,
            Kpi::Regressions,
        ];
        kpis.map(|kpi| report.get(kpi).unwrap().is_provisional)
    };
    assert_eq!(provisional(&world), [true; 5]);
    story.close("2026-03-05T11:00:00Z");
    assert_eq!(provisional(&world), [false; 5]);
}

/// What rests on targets is no target, and of two scales neither is the one that is meant.
#[test]
fn a_target_names_one_measure_and_never_itself() {
    let world = World::new();
    let mut asked = request(1);
    let objective = (key("liked"), Objective::new(text("liked")));
    asked.objectives = Bounded::new(BTreeMap::from([objective])).unwrap();
    let mut plan = no_support();
    let criterion = |measure: &str| {
        let mut criterion = SuccessCriterion::new(text(measure));
        criterion.objective = Some(key("liked"));
        let mut target = Target::new(key(measure));
        target.at_least = Some(1);
        criterion.target = Some(target);
        (key(measure), criterion)
    };
    let criteria = ["objectives-met", "satisfaction", "the host's own"].map(criterion);
    plan.success_criteria = Bounded::new(criteria.into()).unwrap();
    let story = world
        .request(1, DAY, asked)
        .plan(DAY, plan)
        .deploy(DAY)
        .live("1", DAY);
    let rated = |id: &str, scale: Scale| {
        let mut feedback = Feedback::new(key(id));
        feedback.rating = Some(Rating::new(3, scale));
        feedback
    };
    let story = story.record(DAY, rated("a", Scale::new(key("stars"), 1, 5)));
    let story = story.step(DAY, phasegate::release::step::FinishDeployment::new());
    let outcomes = |world: &World| {
        let targets = world.kpis(1).targets(id(1), &about(2026, 3));
        targets
            .iter()
            .map(|target| target.outcome)
            .collect::<Vec<_>>()
    };
    let (met, open) = (CriterionOutcome::Met, CriterionOutcome::NotYetKnown);
    assert_eq!(outcomes(&world), [open, met, open]);
    let report = world.kpis(1).report(&about(2026, 3));
    assert_eq!(value(report.get(Kpi::ObjectivesMet)), "undefined");
    story.record(DAY, rated("b", Scale::new(key("nps"), 0, 10)));
    assert_eq!(outcomes(&world), [open, open, open]);
}

#[test]
fn a_release_of_several_services_counts_for_each_of_them() {
    let world = World::new();
    let mut asked = request(1);
    asked.services = services(["checkout", "search"]);
    let story = world
        .request(1, DAY, asked)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let mut search = started("search");
    search.services = services(["search"]);
    let mut abroad = started("abroad");
    abroad.environment = phasegate::release::Environment::new("abroad").unwrap();
    story
        .live("both", "2026-03-05T10:00:00Z")
        .attempt(search, "2026-03-05T11:00:00Z")
        .attempt(abroad, "2026-03-05T12:00:00Z")
        .close("2026-03-05T13:00:00Z");
    let kpis = world.kpis(1);
    let frequency = |change: &dyn Fn(&mut Question)| {
        let mut question = about(2026, 3);
        change(&mut question);
        value(kpis.report(&question).get(Kpi::DeploymentFrequency))
    };
    assert_eq!(frequency(&|_| ()), "3");
    assert_eq!(
        frequency(&|question| question.service = Some(service("checkout"))),
        "2"
    );
    assert_eq!(
        frequency(&|question| question.service = Some(service("search"))),
        "3"
    );
    assert_eq!(
        frequency(&|question| question.service = Some(service("other"))),
        "0"
    );
    let abroad = phasegate::release::Environment::new("abroad").unwrap();
    assert_eq!(
        frequency(&|question| question.environment = Some(abroad.clone())),
        "1"
    );
    assert_eq!(frequency(&|question| question.release = Some(id(1))), "3");
    assert_eq!(frequency(&|question| question.release = Some(id(2))), "0");
    assert_eq!(
        frequency(&|question| question.track = Some(Track::Emergency)),
        "0"
    );
    assert_eq!(
        frequency(&|question| question.model = Some(key("web"))),
        "0"
    );
    assert_eq!(
        frequency(&|question| question.label = Some((key("team"), name("pay")))),
        "0"
    );
}

#[test]
fn a_track_that_changes_is_the_one_that_counts() {
    let world = World::new();
    let story = world.plain(1, DAY);
    let changed = TrackChanged::new(Track::Emergency, text("The house is on fire."));
    let story = story
        .record(DAY, changed)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    story.live("1", "2026-03-05T10:00:00Z");
    let mut question = about(2026, 3);
    question.track = Some(Track::Emergency);
    let report = world.kpis(1).report(&question);
    assert_eq!(of(&report, Kpi::EmergencyShare), ("100".into(), 1, 1));
    assert_eq!(value(report.get(Kpi::Backlog)), "1");
}

#[test]
fn time_stands_where_it_was_spent() {
    let world = World::new();
    let story = world
        .plain(1, "2026-03-01T00:00:00Z")
        .step("2026-03-01T02:00:00Z", Hold::new(text("No money.")))
        .step("2026-03-01T05:00:00Z", Resume::new())
        .plan("2026-03-01T06:00:00Z", no_support())
        .step("2026-03-01T10:00:00Z", Replan::new(text("It is larger.")));
    let story = story.record("2026-03-01T11:00:00Z", Baseline::new()).step(
        "2026-03-01T11:00:00Z",
        phasegate::release::step::StartDevelopment::new(),
    );
    let story = story
        .deploy("2026-03-01T12:00:00Z")
        .live("1", "2026-03-01T13:00:00Z");
    story.close("2026-03-01T14:00:00Z");
    world.plain(2, "2026-02-01T00:00:00Z");
    world
        .plain(3, "2026-02-01T00:00:00Z")
        .step("2026-03-02T00:00:00Z", Reject::new(text("Not worth it.")));
    // Closed as the month is over, it is open in it.
    world
        .plain(4, "2026-02-01T00:00:00Z")
        .step("2026-04-01T00:00:00Z", Reject::new(text("Too late.")));
    let report = world.kpis(4).report(&about(2026, 3));
    let dwell = |phase| hours(report.of(Kpi::DwellTime, phase));
    // The rejected one stood in Request for 29 days; between 3 h and 696 h lies the middle.
    assert_eq!(dwell("Request"), "349.5");
    assert_eq!(dwell("on hold"), "3");
    assert_eq!(dwell("Plan"), "1");
    assert_eq!(dwell("Development"), "5");
    assert_eq!(dwell("Deployment"), "2");
    assert_eq!(of(&report, Kpi::ReworkLoops), ("0.5".into(), 1, 2));
    assert_eq!(value(report.get(Kpi::Backlog)), "2");
    assert_eq!(value(report.get(Kpi::Throughput)), "2");
    let successful = report.get(Kpi::SuccessfulReleases).unwrap();
    assert_eq!(
        (value(Some(successful)), successful.sample),
        ("100".into(), 1)
    );
    assert_eq!(
        successful.distribution,
        [("completed".to_owned(), 1), ("rejected".to_owned(), 1)]
    );
}

fn with_aims(number: u64, world: &World) -> Story<'_> {
    let mut asked = request(number);
    let objective = |what: &str| (key(what), Objective::new(text(what)));
    let objectives: BTreeMap<_, _> = ["faster", "cheaper", "liked"].map(objective).into();
    asked.objectives = Bounded::new(objectives).unwrap();
    asked.expected_value = Some(euros(1_000));
    let mut plan = no_support();
    let criterion = |what: &str, objective: &str, target: Option<Target>| {
        let mut criterion = SuccessCriterion::new(text(what));
        criterion.objective = Some(key(objective));
        criterion.target = target;
        (key(what), criterion)
    };
    let at_most = |measure: &str, most| {
        let mut target = Target::new(key(measure));
        target.at_most = Some(most);
        Some(target)
    };
    let criteria = BTreeMap::from([
        criterion("no failure", "faster", at_most("change-fail-rate", 0)),
        criterion("lead time", "faster", at_most("change-lead-time", 7_200)),
        criterion("cost", "cheaper", at_most("budget-spent", 100)),
        criterion("users", "liked", None),
    ]);
    plan.success_criteria = Bounded::new(criteria).unwrap();
    plan.budget = Some(euros(100));
    world.request(number, DAY, asked).plan(DAY, plan)
}

#[test]
fn targets_are_met_missed_or_not_yet_known() {
    let world = World::new();
    let story = with_aims(1, &world).deploy("2026-03-05T09:00:00Z");
    let story = story
        .change("c", "2026-03-05T08:00:00Z", "2026-03-05T09:00:00Z")
        .record(
            "2026-03-05T09:00:00Z",
            CostBooked::new(key("a"), euros(101)),
        )
        .live("1", "2026-03-05T10:00:00Z");
    let outcomes = |world: &World| {
        let kpis = world.kpis(1);
        let targets = kpis.targets(id(1), &about(2026, 3));
        let told: Vec<_> = targets
            .iter()
            .map(|target| (target.criterion.to_string(), target.outcome))
            .collect();
        (told, kpis.report(&about(2026, 3)))
    };
    let (met, missed) = (CriterionOutcome::Met, CriterionOutcome::Missed);
    let open = CriterionOutcome::NotYetKnown;
    let (told, report) = outcomes(&world);
    let named =
        |names: [(&str, CriterionOutcome); 3]| names.map(|(name, it)| (name.to_owned(), it));
    // It is not known to stay live yet.
    assert_eq!(
        told,
        named([("cost", open), ("lead time", open), ("no failure", open)])
    );
    assert_eq!(value(report.get(Kpi::ObjectivesMet)), "undefined");
    let story = story.step(
        "2026-03-05T11:00:00Z",
        phasegate::release::step::FinishDeployment::new(),
    );
    let liked = CriterionResult::new(key("users"), CriterionOutcome::Met);
    let worth = ValueRealised::new(key("v"), euros(400));
    story
        .record("2026-03-05T12:00:00Z", liked)
        .record("2026-03-05T12:00:00Z", worth)
        .step(
            "2026-03-05T12:00:00Z",
            CompleteReview::new(ReviewOutcome::Successful),
        )
        .step("2026-03-05T12:00:00Z", Close::new(ClosureRecord::new()));
    let (told, report) = outcomes(&world);
    assert_eq!(
        told,
        named([("cost", missed), ("lead time", met), ("no failure", met)])
    );
    let objectives = report.get(Kpi::ObjectivesMet).unwrap();
    assert_eq!(
        (value(Some(objectives)), objectives.numerator),
        ("66.666667".into(), 2)
    );
    assert_eq!(
        objectives.distribution,
        [("met".to_owned(), 2), ("missed".to_owned(), 1)]
    );
    assert_eq!(value(report.of(Kpi::ValueRealised, "EUR")), "40");
    assert!(world.kpis(1).targets(id(7), &about(2026, 3)).is_empty());
}

/// Five improvements of a release that failed, and one release after it that did not.
fn improved(world: &World) -> Kpis {
    let mut asked = request(1);
    asked.services = services(["checkout"]);
    let story = world
        .request(1, DAY, asked)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let mut story = story
        .live("1", "2026-03-05T10:00:00Z")
        .incident(
            "I1",
            Some("1"),
            ["2026-03-05T11:00:00Z", "2026-03-05T14:00:00Z"],
        )
        .step(
            "2026-03-05T15:00:00Z",
            phasegate::release::step::FinishDeployment::new(),
        );
    let improvements = [
        (
            "in time",
            "2026-03-10T00:00:00Z",
            Some((ImprovementStatus::Done, "2026-03-09T00:00:00Z")),
        ),
        (
            "late",
            "2026-03-10T00:00:00Z",
            Some((ImprovementStatus::Done, "2026-03-11T00:00:00Z")),
        ),
        (
            "dropped",
            "2026-03-10T00:00:00Z",
            Some((ImprovementStatus::Dropped, "2026-03-11T00:00:00Z")),
        ),
        ("open", "2026-03-10T00:00:00Z", None),
        ("far", "2026-03-30T00:00:00Z", None),
    ];
    for (improvement, due, _) in improvements {
        let mut raised =
            ImprovementRaised::new(key(improvement), name(improvement), person("ada"), at(due));
        raised.measure = Some(key("change-fail-rate"));
        story = story.record("2026-03-06T00:00:00Z", raised);
    }
    for (improvement, _, progress) in improvements {
        let Some((status, when)) = progress else {
            continue;
        };
        let mut progress = ImprovementProgress::new(key(improvement), status);
        progress.comment = text("So it is.");
        story = story.record(when, progress);
    }
    let mut next = request(2);
    next.services = services(["checkout"]);
    let next = world.request(2, "2026-03-12T00:00:00Z", next);
    next.straight_to_deployment("2026-03-13T09:00:00Z")
        .live("1", "2026-03-13T10:00:00Z");
    world.kpis(2)
}

#[test]
fn improvements_are_done_in_time_or_not() {
    let kpis = improved(&World::new());
    let mut question = about(2026, 3);
    question.as_of = at("2026-03-29T00:00:00Z");
    let completion = kpis
        .report(&question)
        .get(Kpi::ImprovementCompletion)
        .cloned();
    assert_eq!(value(completion.as_ref()), "33.333333");
    assert_eq!(left_out(completion.as_ref()), [(Exclusion::NotYetKnown, 1)]);
    let told = [
        ("done in time", 1),
        ("done late", 1),
        ("overdue", 1),
        ("dropped", 1),
    ];
    let told = told.map(|(what, count)| (what.to_owned(), count));
    assert_eq!(completion.unwrap().distribution, told);
}

#[test]
fn an_improvement_is_set_against_its_measure_before_and_after() {
    let kpis = improved(&World::new());
    let effects = kpis.effects(&about(2026, 3), 7);
    let told: Vec<_> = effects
        .iter()
        .map(|effect| {
            let values = (value(Some(&effect.before)), value(Some(&effect.after)));
            (effect.improvement.to_string(), values)
        })
        .collect();
    let both = ("100".to_owned(), "0".to_owned());
    assert_eq!(
        told,
        [
            ("in time".to_owned(), both.clone()),
            ("late".to_owned(), both)
        ]
    );
}

#[test]
fn support_that_is_waived_and_reviews_that_are_held_measure_nothing() {
    let world = World::new();
    let story = world
        .plain(1, DAY)
        .plan(DAY, ReleasePlan::new(Seconds::days(2)));
    let story = story.deploy(DAY).live("1", DAY);
    let story = story.step(DAY, phasegate::release::step::FinishDeployment::new());
    let waived = EarlyLifeSupportWaived::new(text("Nobody uses it."));
    story
        .record(DAY, waived)
        .step(DAY, CompleteReview::new(ReviewOutcome::WithIssues))
        .step(DAY, Close::new(ClosureRecord::new()))
        .record(
            "2026-03-03T00:00:00Z",
            IncidentLinked::new(key("I"), Severity::Minor, at(DAY)),
        )
        .record("2026-03-03T01:00:00Z", IncidentRestored::new(key("I")));
    let report = world.kpis(1).report(&about(2026, 3));
    assert_eq!(
        value(report.get(Kpi::EarlyLifeIncidents)),
        "1",
        "the plan says how long"
    );
    assert_eq!(value(report.get(Kpi::SuccessfulReleases)), "0");
}
