//! What goes wrong on the way, and what it costs: nothing.

use super::Outcome;
use super::history::DEPLOYMENT;
use super::walk::{Walk, day_of, test_runs};
use phasegate::desk::{CommitFailed, RunError};
use phasegate::phase::{Seconds, Testing};
use phasegate::release::{Baseline, Decision, Reason, Version, step::Deploy};
use phasegate::{Instant, Release, Store};

/// A writer who knew an old version of the release.
#[derive(Debug)]
pub(crate) struct Conflict {
    pub(crate) at: Instant,
    pub(crate) seen: Version,
    pub(crate) message: String,
    pub(crate) given_back: Version,
    pub(crate) loaded: Version,
}

/// A step that was refused, and what lifted each blocker.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) decision: Decision,
    pub(crate) cleared_at: Instant,
    /// What was done, and the places of the blockers that it lifted.
    pub(crate) lifted: Vec<(String, Vec<usize>)>,
}

/// The lead agrees to a plan while a new one is merged: she would agree to what she has not seen.
pub(crate) async fn stale_writer<S: Store + Clone>(
    walk: &mut Walk<'_, S>,
    release: Release<Testing>,
) -> Outcome<(Release<Testing>, Conflict)> {
    let at = walk.next_baseline()?;
    let release = walk.until(release, at.minus(Seconds::new(1))).await?;
    let (desk, lead) = (walk.at(at), walk.people.lead.clone());
    let merged = walk
        .ahead
        .next()
        .ok_or("there is a plan before a baseline")?;
    desk.record_by_id(release.id(), merged.what, merged.by)
        .await?;

    let seen = release.version();
    let failed = match desk.record(release, Baseline::new(), &lead).await {
        Err(RunError::NotCommitted(failed @ CommitFailed::Conflict { .. })) => failed,
        Err(other) => return Err(other.into()),
        Ok(_) => return Err("a stale writer won".into()),
    };
    let message = failed.to_string();
    let release = failed
        .into_release()
        .ok_or("a conflict gives the release back")?;
    let given_back = release.version();
    let release = desk.load_as::<Testing>(release.id()).await?;
    let conflict = Conflict {
        at,
        seen,
        message,
        given_back,
        loaded: release.version(),
    };
    Ok((walk.until(release, at).await?, conflict))
}

/// The deployer still has the first agreed day in the calendar, and nothing is tested yet.
pub(crate) async fn refused_deploy<S: Store + Clone>(
    walk: &mut Walk<'_, S>,
    release: Release<Testing>,
) -> Outcome<(Release<Testing>, Refusal)> {
    let at = first_agreed(&release).ok_or("the release has no agreed day")?;
    let deployer = walk.people.deployer.clone();
    let release = walk.until(release, at).await?;
    let too_early = Deploy::new(day_of(at)?);
    let answer = walk
        .at(at)
        .run(release.deploy(too_early.window), &deployer)
        .await;
    let refused = answer
        .err()
        .and_then(RunError::refused)
        .ok_or("the gate let it pass")?;

    let cleared_at = walk.history.live()?.minus(DEPLOYMENT);
    let mut release = walk.until(refused.release, cleared_at).await?;
    let desk = walk.at(cleared_at);
    let mut lifting = Lifting::of(&refused.decision);
    for run in test_runs(&release)? {
        let what = format!(
            "{} {} tests passed, {} failed",
            run.passed, run.kind, run.failed
        );
        release = walk.report(release, run).await?;
        let answer = desk.explain(&release, too_early.clone(), &deployer).await;
        lifting.note(what, &answer);
    }
    let window = day_of(cleared_at)?;
    let answer = desk.explain(&release, Deploy::new(window), &deployer).await;
    lifting.note(format!("a window on {}", window.start().day()), &answer);

    let refusal = Refusal {
        decision: *refused.decision,
        cleared_at,
        lifted: lifting.lifted,
    };
    Ok((release, refusal))
}

/// Watches blockers go.
struct Lifting {
    standing: Vec<(usize, Reason)>,
    lifted: Vec<(String, Vec<usize>)>,
}

impl Lifting {
    fn of(decision: &Decision) -> Self {
        let reasons = decision.blockers().map(|blocker| blocker.reason.clone());
        Self {
            standing: (1..).zip(reasons).collect(),
            lifted: Vec::new(),
        }
    }

    /// Something was done: which blockers does the answer no longer have?
    fn note(&mut self, what: String, answer: &Decision) {
        let stands = |reason: &Reason| answer.blockers().any(|left| left.reason == reason);
        let gone = self.standing.extract_if(.., |(_, reason)| !stands(reason));
        self.lifted
            .push((what, gone.map(|(place, _)| place).collect()));
    }
}

/// The morning of the day on which the release was first agreed to go live.
fn first_agreed(release: &Release<Testing>) -> Option<Instant> {
    let plan = release.view().first_baseline?;
    let (_, milestone) = plan
        .milestones
        .iter()
        .find(|(key, _)| key.as_str().starts_with("ga:"))?;
    let morning = Instant::start_of(milestone.planned?.day()).ok()?;
    Some(morning.plus(Seconds::hours(9)))
}
