//! The audit trail of one release: a line an event.

use super::Outcome;
use super::history::Source;
use super::show::{minute, shown};
use phasegate::phase::Seconds;
use phasegate::release::{
    Actor, AnyRecord, AnyStep, Envelope, Event, Key, Milestone, ReleasePlan, When,
};
use std::fmt::Write;

/// Prints a log.
pub(crate) fn print(page: &mut String, log: &[Envelope]) -> Outcome<()> {
    let columns = ("ver", "recorded at", "by", "kind", "what");
    let (ver, at, by, kind, what) = columns;
    writeln!(page, "{ver}  {at:16}  {by:13}  {kind:19}  {what:31}  hash")?;
    let mut plan = ReleasePlan::new(Seconds::days(0));
    for entry in log {
        let event = entry.decode()?;
        let what = event
            .as_ref()
            .map_or_else(String::new, |event| said(event, &plan));
        if let Some(Event::Record(AnyRecord::ReleasePlan(revised))) = event {
            plan = revised.as_ref().clone();
        }
        let (ver, at) = (entry.version.get(), minute(entry.recorded_at));
        let by = format!("{} {}", Source::of(&entry.actor), name(&entry.actor));
        let kind = entry.kind.trim_start_matches("release.");
        writeln!(
            page,
            "{ver:3}  {at}  {by:13}  {kind:19}  {what:31}  {:.8}",
            entry.hash
        )?;
        if entry.occurred_at != entry.recorded_at {
            writeln!(page, "     {}  occurred", minute(entry.occurred_at))?;
        }
    }
    Ok(())
}

fn name(actor: &Actor) -> &str {
    match actor {
        Actor::Person(person) => person.as_str(),
        Actor::System(system) => system.as_str(),
    }
}

/// An event in a few words.
fn said(event: &Event, before: &ReleasePlan) -> String {
    match event {
        Event::Step(taken) => step(&taken.step),
        Event::Record(AnyRecord::ReleasePlan(plan)) => changed(before, plan),
        Event::Record(AnyRecord::Baseline(_)) => format!("release {}", release_day(before)),
        Event::Record(record) => added(record),
        _ => String::new(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kind says it all about the others"
)]
fn step(step: &AnyStep) -> String {
    match step {
        AnyStep::RequestRelease(step) => step.request.title.to_string(),
        AnyStep::StartTesting(step) => format!("package {:.12}", step.package.digest()),
        AnyStep::Deploy(step) => format!("window {}", step.window.start().day()),
        AnyStep::CompleteReview(step) => format!("{:?}", step.outcome),
        _ => String::new(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kind says it all about the others"
)]
fn added(record: &AnyRecord) -> String {
    match record {
        AnyRecord::MilestoneReached(reached) => reached.milestone.to_string(),
        AnyRecord::RoleGiven(given) => format!("{}: {}", given.person, given.role),
        AnyRecord::StepRefused(refused) => {
            let blockers = refused.decision.blockers().count();
            format!("{}: {blockers} blockers", refused.step.action())
        }
        AnyRecord::TestRun(run) => format!("{}: {} passed", run.kind, run.passed),
        AnyRecord::AttemptStarted(started) => {
            format!("{} to {}", started.attempt, started.environment)
        }
        AnyRecord::AttemptFinished(finished) => {
            format!("{}: {:?}", finished.attempt, finished.outcome)
        }
        AnyRecord::Confirmation(confirmed) => format!("{:?}", confirmed.item),
        _ => String::new(),
    }
}

/// What a revision of the plan changed.
fn changed(before: &ReleasePlan, plan: &ReleasePlan) -> String {
    let is_new =
        |(key, milestone): &(&Key, &Milestone)| before.milestones.get(*key) != Some(milestone);
    let put = plan.milestones.iter().filter(is_new).count();
    let gone = before
        .milestones
        .keys()
        .filter(|key| !plan.milestones.contains_key(*key))
        .count();
    format!("{} changed, release {}", put + gone, release_day(plan))
}

/// The day that a plan has for the release itself.
fn release_day(plan: &ReleasePlan) -> String {
    let mut milestones = plan.milestones.iter();
    let release = milestones.find(|(key, _)| key.as_str().starts_with("ga:"));
    let planned = release.and_then(|(_, milestone)| milestone.planned);
    shown(planned.map(When::day), "TBD")
}
