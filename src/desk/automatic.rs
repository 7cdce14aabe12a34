//! Automatic steps: what models let the desk ask for by itself, as a named system and through the same gates.

use super::overview::{Overview, Told};
use super::{CommitFailed, Desk, LoadError, RunError};
use crate::gate::{AutomaticStep, ReleaseModel};
use crate::phase::{Action, Anywhere, Standing};
use crate::release::{Actor, AnyRecord, By, Decision, Envelope, Event, Key, Version, replay_with};
use crate::store::{Cursor, Filter, Order, Query, Row, Store, StoreError};
use std::collections::BTreeSet;

/// An automatic step that was asked for, and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Automatic {
    /// The step.
    pub step: Action,
    /// The system that asked.
    pub by: Actor,
    /// What came of it.
    pub outcome: AutomaticOutcome,
}

/// What came of an automatic step.
#[derive(Debug)]
#[non_exhaustive]
pub enum AutomaticOutcome {
    /// It was taken: by this desk, or by another one that asked for the very same.
    Taken {
        /// Where it led.
        to: Standing,
    },
    /// It was refused.
    Refused {
        /// With every blocker.
        decision: Box<Decision>,
        /// Whether it is written down for this asking: by this desk, or by another one that asked the very same. The same
        /// refusal is written once, until the release takes a step.
        is_recorded: bool,
    },
    /// It was cleared, and not written: somebody else was faster, say. It is asked for again, if it is still time.
    NotCommitted(CommitFailed<crate::release::AnyStep, Anywhere>),
}

impl<S: Store> Desk<S> {
    /// Takes the automatic steps for which it is time, one for each open release at most, in the order in which these
    /// began: those that the [models](ReleaseModel::automatic) of the desk's gate set declare for their releases.
    ///
    /// Each is asked for as the system that the model names, and decided by the same gates as for everybody. A refusal
    /// is told at every call, and written down once: again only for other blockers, or after the release took a step.
    /// Told are the releases for which something was asked, and those that cannot be read.
    ///
    /// The host calls it, page by page, when [`due`](Self::due) says that something changes, and when something was
    /// written. Called twice, or by several hosts at once, it takes each step once.
    ///
    /// # Errors
    ///
    /// - the store could not be listed
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing of each step in the store; call it again.
    ///
    /// # Complexity
    ///
    /// Reads one page of rows. Of a release whose model has an automatic step where it stands, and whose window is open
    /// where that is `deploy`, also the log, and what the gates need, twice: at most `limit` releases.
    pub async fn run_automatic(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Overview<Automatic>, StoreError> {
        let query = Query {
            filter: Filter::Open,
            order: Order::Created,
        };
        let page = self.list(query, after, limit).await?;
        let mut answers = Vec::new();
        for row in page.rows {
            let Some(model) = self.automated(&row) else {
                continue;
            };
            let answer = Box::pin(self.take_automatic(&row, model)).await;
            if let Some(answer) = answer.transpose() {
                answers.push(Told { row, answer });
            }
        }
        Ok(Overview {
            answers,
            next: page.next,
            changes_at: None,
        })
    }

    /// The model of a release for which it may be time to take a step, by what its row says.
    fn automated(&self, row: &Row) -> Option<&ReleaseModel> {
        let (summary, now) = (&row.summary, self.clock.now());
        let named = summary.model.as_ref()?;
        let model = self.gates.model(named)?;
        let mut steps = model.automatic().iter();
        steps
            .any(|one| one.may_be_time(summary.standing, summary.window, now))
            .then_some(model)
    }

    async fn take_automatic(
        &self,
        row: &Row,
        model: &ReleaseModel,
    ) -> Result<Option<Automatic>, LoadError> {
        let log = self.entries_after(&row.stream, Version::NONE).await?;
        let release = replay_with(&log, &self.upcasters)?.anywhere();
        let now = self.clock.now();
        let timely = |one: &AutomaticStep| Some((one.actor(), one.asked(release.core(), now)?));
        let Some((by, step)) = model.automatic().iter().find_map(timely) else {
            return Ok(None);
        };
        let (action, asking) = (step.action(), By::new(by.clone()));
        let told = |outcome| {
            Ok(Some(Automatic {
                step: action,
                by: by.clone(),
                outcome,
            }))
        };
        let decision = self.explain(&release, step.clone(), asking.clone()).await;
        if !decision.is_cleared() && self.was_told(&log, &decision) {
            return told(AutomaticOutcome::Refused {
                decision: Box::new(decision),
                is_recorded: false,
            });
        }
        let version = release.version();
        match Box::pin(self.run(release.propose(step), asking)).await {
            Ok(release) => told(AutomaticOutcome::Taken {
                to: release.standing(),
            }),
            Err(RunError::Refused(refused)) => told(AutomaticOutcome::Refused {
                is_recorded: refused.release.version() > version,
                decision: refused.decision,
            }),
            Err(RunError::NotCommitted(failed)) => told(AutomaticOutcome::NotCommitted(failed)),
        }
    }

    /// Whether the same was refused to the same, for the same, since the release took a step.
    fn was_told(&self, log: &[Envelope], decision: &Decision) -> bool {
        let blockers = blockers(decision);
        for entry in log.iter().rev() {
            match entry.decode_with(&self.upcasters) {
                Ok(Some(Event::Step(_))) => return false,
                Ok(Some(Event::Record(AnyRecord::StepRefused(refused)))) => {
                    let before = &refused.decision;
                    let is_same =
                        (before.asked, &before.actor) == (decision.asked, &decision.actor);
                    if is_same && self::blockers(before) == blockers {
                        return true;
                    }
                }
                Ok(Some(Event::Record(_)) | None) | Err(_) => {}
            }
        }
        false
    }
}

/// What blocks, without the values that change from minute to minute.
fn blockers(decision: &Decision) -> BTreeSet<(&Key, &Key, Option<&Key>)> {
    let blockers = decision.blockers();
    let named = blockers.map(|one| (one.policy, &one.reason.code, one.reason.about.as_ref()));
    named.collect()
}
