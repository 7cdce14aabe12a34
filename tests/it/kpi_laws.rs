//! What holds of any histories: fed one by one they give what a whole fold gives, in whatever order of the releases.

use crate::desk_support::{at, id, key, text};
use crate::kpi_support::{World, about, hotfix};
use phasegate::kpi::{Attribution, Kpi, KpiReport, Kpis, Period, PeriodPart, Question};
use phasegate::release::{Envelope, LogErrorKind, Name, Outage, ReleaseRequest, Tenant};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Histories of releases that have something to do with each other.
static LOGS: LazyLock<Vec<Vec<Envelope>>> = LazyLock::new(|| {
    let world = World::new();
    let day = "2026-03-01T00:00:00Z";
    let incident = ["2026-03-06T00:00:00Z", "2026-03-07T00:00:00Z"];
    let story = world
        .plain(1, day)
        .straight_to_deployment("2026-03-05T09:00:00Z");
    let story = story
        .change("c", "2026-03-04T00:00:00Z", "2026-03-05T09:00:00Z")
        .live("1", "2026-03-05T10:00:00Z")
        .incident("I1", Some("1"), incident);
    story.close("2026-03-08T00:00:00Z");
    let mut remedy = ReleaseRequest::new(Name::new("Remedy").unwrap());
    remedy.remediates = Some(id(1));
    let story = world.request(2, "2026-03-06T00:00:00Z", remedy);
    let story = story.straight_to_deployment("2026-03-06T01:00:00Z");
    let mut outage = Outage::new(key("O"), at("2026-03-06T03:00:00Z"));
    outage.users_affected = Some(7);
    story
        .attempt(hotfix("1", "I1"), "2026-03-06T02:00:00Z")
        .record("2026-03-06T03:00:00Z", outage)
        .incident("I1", None, incident);
    let story = world
        .plain(3, day)
        .straight_to_deployment("2026-03-30T00:00:00Z");
    story
        .live("1", "2026-03-31T23:59:59Z")
        .incident("I2", None, ["2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"])
        .close("2026-04-03T00:00:00Z");
    let rejected = world.plain(4, day);
    rejected.step(
        "2026-03-02T00:00:00Z",
        phasegate::release::step::Reject::new(text("No.")),
    );
    (1..=4).map(|number| world.history(id(number))).collect()
});

fn questions() -> Vec<Question> {
    let mut blaming = about(2026, 3);
    blaming.attribution = Attribution::LastDeployment;
    let mut one = about(2026, 4);
    one.release = Some(id(3));
    vec![about(2026, 3), about(2026, 4), blaming, one]
}

fn answers(kpis: &Kpis) -> Vec<KpiReport> {
    questions()
        .iter()
        .map(|question| kpis.report(question))
        .collect()
}

/// The first entries of each log, so many of it, one log after the other.
fn folded(so_far: &[usize]) -> Kpis {
    let mut kpis = Kpis::new(Tenant::default());
    for (log, count) in LOGS.iter().zip(so_far) {
        for entry in log.iter().take(*count) {
            kpis.follow(entry).unwrap();
        }
    }
    kpis
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn one_by_one_gives_what_a_whole_fold_gives(turns in prop::collection::vec(0..4_usize, 120)) {
        let mut kpis = Kpis::new(Tenant::default());
        let mut so_far = [0_usize; 4];
        for log in turns {
            let Some(entry) = LOGS[log].get(so_far[log]) else { continue };
            kpis.follow(entry).unwrap();
            so_far[log] += 1;
            // What was followed is passed over.
            kpis.follow(entry).unwrap();
            kpis.follow(&LOGS[log][0]).unwrap();
        }
        prop_assert_eq!(answers(&kpis), answers(&folded(&so_far)));
    }

    /// Counts of months that follow each other add up, and no instant is in two of them or between them.
    #[test]
    fn parts_of_a_period_add_up(first in 0..60_u64, length in 1..60_u64) {
        let day = |days: u64| {
            let day = chrono::NaiveDate::from_ymd_opt(2026, 2, 10).unwrap();
            phasegate::phase::Day::new(day.checked_add_days(chrono::Days::new(days)).unwrap()).unwrap()
        };
        let kpis = folded(&[usize::MAX; 4]);
        let mut question = about(2026, 3);
        question.period = Period::new(day(first), day(first + length)).unwrap();
        let whole = kpis.report(&question);
        for part in [PeriodPart::Day, PeriodPart::Week, PeriodPart::Month, PeriodPart::Year] {
            let parts = kpis.trend(&question, part);
            for kpi in [Kpi::DeploymentFrequency, Kpi::DeploymentAttempts, Kpi::Throughput, Kpi::Disruption, Kpi::PlannedDisruption, Kpi::UserMinutes] {
                let sum: i128 = parts.iter().map(|part| part.get(kpi).unwrap().numerator).sum();
                prop_assert_eq!(sum, whole.get(kpi).unwrap().numerator, "{} {:?}", kpi, part);
            }
            for kpi in [Kpi::ChangeFailRate, Kpi::RecoveryTime, Kpi::ChangeLeadTime, Kpi::SuccessfulReleases] {
                let sum: i128 = parts.iter().map(|part| part.get(kpi).unwrap().denominator).sum();
                prop_assert_eq!(sum, whole.get(kpi).unwrap().denominator, "{} {:?}", kpi, part);
            }
        }
    }
}

#[test]
fn an_entry_that_does_not_follow_is_refused_and_nothing_is_lost() {
    let log = &LOGS[0];
    let mut kpis = Kpis::new(Tenant::default());
    let refused = kpis.follow(&log[1]).unwrap_err();
    assert_eq!(refused.kind(), LogErrorKind::Broken);
    assert_eq!(kpis.release_count(), 0);
    kpis.follow(&log[0]).unwrap();
    let refused = kpis.follow(&log[2]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot read the log at version 3: expected version 2"
    );
    let mut forged = log[1].clone();
    forged.prev = log[5].hash;
    assert_eq!(
        kpis.follow(&forged).unwrap_err().kind(),
        LogErrorKind::Broken
    );
    for entry in &log[1..] {
        kpis.follow(entry).unwrap();
    }
    assert_eq!(answers(&kpis), answers(&folded(&[usize::MAX, 0, 0, 0])));

    let mut foreign = Kpis::new(Tenant::new("other").unwrap());
    let refused = foreign.follow(&log[0]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot read the log at version 1: it is of tenant `default`, expected `other`"
    );
}
