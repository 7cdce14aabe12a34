//! Whole logs and payloads, kept byte for byte: what was written once must read for ever.

use crate::samples::{
    Site, attempt, before_step, budget, full_record, full_step, gates, grant, key, least_record,
    least_step, package, person, run, text,
};
use phasegate::gate::GateSet;
use phasegate::phase::{Action, RecordKind, Seconds, Standing};
use phasegate::release::step::{BackOut, Cancel, CompleteReview};
use phasegate::release::{
    AnyRecord, AnyStep, AttemptFinished, AttemptNeverLive, AttemptOutcome, Ending, Envelope,
    Liveness, Note, ReviewOutcome, Role, RoleGiven, replay, verify,
};
use std::path::Path;

/// Compares with the file of that name under `tests/golden/unreleased`.
///
/// The format is not released yet, so that a wanted change may be accepted by running the tests once with
/// `UPDATE_GOLDEN=1`. From the first tag on the files move to a folder of that version and stay as they are.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads its golden files, and rewrites them when it is told to"
)]
pub(crate) fn golden(file: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/unreleased")
        .join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = || kept.lines().zip(found.lines()).enumerate();
    let first = lines().find(|(_, (kept, found))| kept != found);
    let at = first.map_or(
        kept.lines().count().min(found.lines().count()),
        |(at, _)| at,
    );
    assert!(
        kept == found,
        "tests/golden/unreleased/{file} differs at line {}\n kept: {}\nfound: {}\n\
         If the format is meant to change, run the tests once with UPDATE_GOLDEN=1, look at the difference, and say \
         so under \"Event format\" in CHANGELOG.md.",
        at + 1,
        kept.lines().nth(at).unwrap_or("(nothing)"),
        found.lines().nth(at).unwrap_or("(nothing)"),
    );
}

/// Compares a log with its file, and the file with the lifecycle: it verifies, and replays to the same release.
fn golden_log(file: &str, site: &Site) {
    let log = site.log();
    let lines = log.iter().map(|entry| entry.to_json().unwrap() + "\n");
    let lines: String = lines.collect();
    golden(file, &lines);

    let read: Vec<Envelope> = lines
        .lines()
        .map(|line| Envelope::from_json(line).unwrap())
        .collect();
    assert_eq!(read, log);
    assert_eq!(verify(&read).unwrap(), site.release().hash());
    assert_eq!(replay(&read).unwrap().anywhere(), *site.release());
}

fn record(site: &mut Site, record: impl Into<AnyRecord>, who: &str) {
    site.take(record.into(), who);
}

fn step(site: &mut Site, step: impl Into<AnyStep>, who: &str) {
    site.take(step.into(), who);
}

fn ending(site: &Site) -> Option<Ending> {
    assert_eq!(site.release().standing(), Standing::ALL[12]);
    site.release().view().ending
}

#[test]
fn the_gated_route_reads_for_ever() {
    let mut site = Site::testing(gates());
    record(&mut site, run("R-1", &package("2.4"), 90), "pipeline");
    site.know("error_budget_percent", budget(12, site.now));
    site.is_refused(full_step(Action::Deploy), "kim");
    let tomorrow = site.now.plus(Seconds::days(1));
    record(&mut site, grant("O-1", "budget-low", tomorrow), "ann");
    record(&mut site, run("R-1", &package("2.4"), 97), "pipeline");
    step(&mut site, full_step(Action::Deploy), "kim");
    record(
        &mut site,
        full_record(RecordKind::AttemptStarted),
        "pipeline",
    );
    record(
        &mut site,
        full_record(RecordKind::IncidentLinked),
        "pipeline",
    );
    record(&mut site, full_record(RecordKind::IncidentRestored), "lee");
    record(
        &mut site,
        full_record(RecordKind::AttemptFinished),
        "pipeline",
    );
    step(&mut site, full_step(Action::FinishDeployment), "kim");
    record(&mut site, full_record(RecordKind::CriterionResult), "kim");
    site.is_refused(full_step(Action::CompleteReview), "kim");
    site.now = site.now.plus(Seconds::days(7));
    step(&mut site, full_step(Action::CompleteReview), "kim");
    record(&mut site, full_record(RecordKind::TaskOpened), "kim");
    site.is_refused(full_step(Action::Close), "kim");
    record(&mut site, full_record(RecordKind::TaskDone), "kim");
    step(&mut site, full_step(Action::Close), "kim");
    record(&mut site, full_record(RecordKind::Correction), "ann");
    assert_eq!(ending(&site), Some(Ending::WithIssues));
    golden_log("gated.jsonl", &site);
}

#[test]
fn an_expedited_release_with_its_debt_paid_reads_for_ever() {
    let mut site = before_step(Action::Expedite, GateSet::new());
    step(&mut site, full_step(Action::Expedite), "kim");
    let mut began = attempt("A-1", Liveness::Live);
    began.cause = Some(key("INC-7"));
    record(&mut site, began, "lee");
    record(
        &mut site,
        AttemptNeverLive::new(key("A-1"), text("disk full")),
        "lee",
    );
    record(&mut site, attempt("A-2", Liveness::Live), "lee");
    record(
        &mut site,
        AttemptFinished::new(key("A-2"), AttemptOutcome::Live),
        "lee",
    );
    step(&mut site, full_step(Action::FinishDeployment), "kim");
    record(
        &mut site,
        full_record(RecordKind::EarlyLifeSupportWaived),
        "kim",
    );
    site.is_refused(full_step(Action::CompleteReview), "kim");
    record(
        &mut site,
        RoleGiven::new(person("max"), Role::ChangeAuthority),
        "ann",
    );
    record(
        &mut site,
        full_record(RecordKind::RetrospectiveApproval),
        "max",
    );
    record(
        &mut site,
        full_record(RecordKind::PostImplementationReview),
        "kim",
    );
    step(
        &mut site,
        CompleteReview::new(ReviewOutcome::Successful),
        "kim",
    );
    step(&mut site, least_step(Action::Close), "kim");
    assert_eq!(ending(&site), Some(Ending::Completed));
    golden_log("expedited.jsonl", &site);
}

#[test]
fn an_unauthorised_release_reads_for_ever() {
    let mut site = Site::start(2, GateSet::new());
    step(&mut site, full_step(Action::FindUnauthorised), "pipeline");
    record(&mut site, full_record(RecordKind::Outage), "pipeline");
    record(
        &mut site,
        RoleGiven::new(person("ann"), Role::ChangeAuthority),
        "kim",
    );
    record(
        &mut site,
        full_record(RecordKind::RetrospectiveApproval),
        "ann",
    );
    record(
        &mut site,
        least_record(RecordKind::PostImplementationReview),
        "kim",
    );
    record(
        &mut site,
        full_record(RecordKind::EarlyLifeSupportWaived),
        "kim",
    );
    step(
        &mut site,
        CompleteReview::new(ReviewOutcome::Unsuccessful),
        "kim",
    );
    step(&mut site, least_step(Action::Close), "kim");
    assert_eq!(ending(&site), Some(Ending::Unsuccessful));
    golden_log("unauthorised.jsonl", &site);
}

#[test]
fn a_release_that_was_backed_out_replanned_and_cancelled_reads_for_ever() {
    let mut site = Site::deployment(GateSet::new());
    record(&mut site, attempt("A-1", Liveness::Live), "pipeline");
    record(
        &mut site,
        AttemptFinished::new(key("A-1"), AttemptOutcome::Live),
        "pipeline",
    );
    record(
        &mut site,
        AttemptFinished::new(key("A-1"), AttemptOutcome::BackedOut),
        "pipeline",
    );
    step(&mut site, BackOut::new(text("Totals are wrong.")), "lee");
    step(&mut site, full_step(Action::Replan), "kim");
    record(&mut site, least_record(RecordKind::ReleasePlan), "kim");
    record(&mut site, full_record(RecordKind::Baseline), "kim");
    step(&mut site, Cancel::new(text("Not this year.")), "kim");
    record(
        &mut site,
        full_record(RecordKind::PostImplementationReview),
        "kim",
    );
    assert_eq!(ending(&site), Some(Ending::BackedOut));
    golden_log("backed_out.jsonl", &site);
}

#[test]
fn a_rejected_release_reads_for_ever() {
    let mut site = Site::start(3, GateSet::new());
    step(&mut site, full_step(Action::RequestRelease), "kim");
    step(&mut site, full_step(Action::Reject), "ann");
    record(&mut site, Note::new(text("Ask again in May.")), "ann");
    assert_eq!(ending(&site), Some(Ending::Rejected));
    golden_log("rejected.jsonl", &site);
}

#[test]
fn holds_and_reworks_read_for_ever() {
    let mut site = Site::testing(GateSet::new());
    step(&mut site, full_step(Action::Hold), "kim");
    record(&mut site, full_record(RecordKind::TestRun), "pipeline");
    site.is_refused(full_step(Action::Deploy), "kim");
    step(&mut site, full_step(Action::Resume), "kim");
    step(&mut site, full_step(Action::Rework), "lee");
    step(&mut site, full_step(Action::Hold), "kim");
    step(&mut site, full_step(Action::Cancel), "kim");
    assert_eq!(ending(&site), Some(Ending::Cancelled));
    golden_log("held.jsonl", &site);
}
