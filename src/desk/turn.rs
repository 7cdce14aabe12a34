//! One turn: decide, commit, and what follows when somebody else was faster.

use super::read::entries;
use super::{CommitFailed, Desk, InDoubt, RecordByIdError, Refusals, RunError};
use crate::gate::{Cleared, Facts, Refused, intent_of, refuse};
use crate::phase::Instant;
use crate::release::{
    AnyRelease, Asked, By, Core, Envelope, Event, Moves, Proposal, Reason, Record, Recording,
    Release, ReleaseId, StepRefused, Takes, Upcasters, Version,
};
use crate::store::{Committed, Outcome, Store, StoreErrorKind};
/// How often a turn is taken again when only commuting records came between.
const TURNS: usize = 5;

impl<S, P> Cleared<S, P> {
    /// Writes the step to the store, and gives the release back as it stands then.
    ///
    /// # Errors
    ///
    /// - conflict: somebody else wrote first; nothing was written
    /// - expired: the clearance is over; nothing was written
    /// - rejected: the store refused or failed; nothing was written
    /// - unknown: nobody knows; the error finds out
    ///
    /// # Time
    ///
    /// `now` is only held against the clearance's end: the event bears the instant of the decision.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; load the release again.
    pub async fn commit<St: Store>(
        self,
        store: &St,
        now: Instant,
    ) -> Result<Release<P::To>, CommitFailed<S, P>>
    where
        P: Moves<S>,
    {
        if let Some(at) = self.holds_until.filter(|&at| at <= now) {
            return Err(CommitFailed::Expired {
                release: self.release,
                at,
            });
        }
        match store.commit(&self.batch).await {
            Ok(Committed::Written) => Ok(self.settled().0),
            Ok(Committed::AlreadyDone(outcome)) => self.adopt(store, outcome).await,
            Err(source) if source.kind() == StoreErrorKind::Unknown => Err(CommitFailed::Unknown {
                in_doubt: InDoubt(Box::new(self)),
                source,
            }),
            Err(source) => match source.actual().filter(|_| source.is_conflict()).cloned() {
                Some((stream, actual)) => Err(CommitFailed::Conflict {
                    release: self.release,
                    stream,
                    actual,
                }),
                None => Err(CommitFailed::Rejected {
                    release: self.release,
                    source,
                }),
            },
        }
    }

    /// The release after the same asking was written before: by what the log has, not by what we would have written.
    async fn adopt<St: Store, Q>(
        self,
        store: &St,
        outcome: Outcome,
    ) -> Result<Release<Q>, CommitFailed<S, P>> {
        let stream = self.batch.stream().clone();
        let log = match entries(store, &stream, self.release.version()).await {
            Ok(log) => log,
            Err(source) => {
                return Err(CommitFailed::Unknown {
                    in_doubt: InDoubt(Box::new(self)),
                    source,
                });
            }
        };
        let mut core: Core = self.release.core().clone();
        let is_followed = log
            .iter()
            .take_while(|entry| entry.version <= outcome.last)
            .all(|entry| core.follow(entry, &Upcasters::default()).is_ok());
        let led = self.batch.summary().map(|summary| summary.standing);
        if is_followed && led == Some(core.state.standing) {
            return Ok(Release::of(core));
        }
        // The asking was answered in another place of the log than this release stands at.
        let actual = log.last().map_or(outcome.last, |entry| entry.version);
        Err(CommitFailed::Conflict {
            release: self.release,
            stream,
            actual,
        })
    }
}

impl<S, P> InDoubt<S, P> {
    /// Finds out whether it was written, and writes it if it was not.
    ///
    /// # Errors
    ///
    /// As [`Cleared::commit`].
    ///
    /// # Cancellation
    ///
    /// As [`Cleared::commit`].
    pub async fn retry<St: Store>(
        self,
        store: &St,
        now: Instant,
    ) -> Result<Release<P::To>, CommitFailed<S, P>>
    where
        P: Moves<S>,
    {
        let Self(cleared) = self;
        match store
            .outcome(cleared.batch.stream(), cleared.batch.command())
            .await
        {
            Ok(Some(outcome)) if outcome.intent == cleared.batch.intent() => {
                cleared.adopt(store, outcome).await
            }
            Ok(_) => cleared.commit(store, now).await,
            Err(source) => Err(CommitFailed::Unknown {
                in_doubt: Self(cleared),
                source,
            }),
        }
    }
}

impl<St: Store> Desk<St> {
    /// Asks the gates for a step or record and commits it; the release comes back where the step led.
    ///
    /// Where other writers only added records that do not bear on each other, the desk decides anew on top of them;
    /// where another log that the decision read has moved, it reads that again and decides anew; at most 5 times in
    /// all. A refusal is written down as a record of its own, so that the release comes back one version
    /// later; [`forgetting_refusals`](Self::forgetting_refusals) leaves that out.
    ///
    /// # Errors
    ///
    /// - refused: with every blocker, and the release
    /// - not committed: somebody else wrote first, the clearance is over, or the store failed
    ///
    /// # Time
    ///
    /// Decided, and recorded, at the instant that the desk's clock gives.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; load the release again.
    pub async fn run<S, P: Moves<S>>(
        &self,
        proposal: Proposal<S, P>,
        by: impl Into<By>,
    ) -> Result<Release<P::To>, RunError<S, P>> {
        let by = by.into();
        if self.is_answered(&proposal, &by).await {
            return Ok(proposal.withdraw().become_phase());
        }
        let mut proposal = proposal;
        for _ in 1..TURNS {
            match self.turn(proposal, &by).await {
                Ok(release) => return Ok(release),
                Err((
                    RunError::NotCommitted(CommitFailed::Conflict {
                        release, stream, ..
                    }),
                    asked,
                )) if stream != *release.stream() => {
                    // What was decided on elsewhere is gathered again; the release is as it was.
                    proposal = Proposal::new(release, asked);
                }
                Err((
                    RunError::NotCommitted(CommitFailed::Conflict {
                        release,
                        stream,
                        actual,
                    }),
                    asked,
                )) => match self.catch_up(&release, &asked).await {
                    Some(core) => proposal = Proposal::new(Release::of(core), asked),
                    None => {
                        return Err(RunError::NotCommitted(CommitFailed::Conflict {
                            release,
                            stream,
                            actual,
                        }));
                    }
                },
                Err((error, _)) => return Err(error),
            }
        }
        self.turn(proposal, &by).await.map_err(|(error, _)| error)
    }

    /// Adds a record: [`run`](Self::run) of [`Release::record`].
    ///
    /// A record that commutes is tried again on top of whatever others wrote, but for a newer one of the same kind and
    /// key. Plan, baseline, roles, track and overrides are tried again on top of records that commute, only.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancellation
    ///
    /// As [`run`](Self::run).
    pub async fn record<R: Record, P: Takes<R>>(
        &self,
        release: Release<P>,
        record: R,
        by: impl Into<By>,
    ) -> Result<Release<P>, RunError<Recording<R>, P>> {
        self.run(release.record(record), by).await
    }

    /// Adds a record to a release that is known only by its id: for the answers of other systems.
    ///
    /// # Errors
    ///
    /// - load: the release cannot be read
    /// - run: as [`run`](Self::run)
    ///
    /// # Cancellation
    ///
    /// As [`run`](Self::run).
    pub async fn record_by_id<R: Record>(
        &self,
        id: ReleaseId,
        record: R,
        by: impl Into<By>,
    ) -> Result<AnyRelease, RecordByIdError<R>> {
        let release = self
            .load(id)
            .await
            .map_err(RecordByIdError::Load)?
            .anywhere();
        self.record(release, record, by)
            .await
            .map(AnyRelease::from)
            .map_err(RecordByIdError::Run)
    }

    /// Whether the host's own id for this asking stands in the log already, and the release has moved by it.
    ///
    /// Only where the asking leads to a release of the same type: of another one, what it led to is not in hand.
    async fn is_answered<S, P: Moves<S>>(&self, proposal: &Proposal<S, P>, by: &By) -> bool {
        let Proposal { release, asked, .. } = proposal;
        let (Some(command), true) = (by.command, P::STAYS) else {
            return false;
        };
        let outcome = self.store.outcome(release.stream(), command).await;
        outcome.is_ok_and(|outcome| {
            outcome.is_some_and(|outcome| {
                outcome.last <= release.version() && Some(outcome.intent) == intent_of(asked, by)
            })
        })
    }

    /// Decides and commits once.
    async fn turn<S, P: Moves<S>>(
        &self,
        proposal: Proposal<S, P>,
        by: &By,
    ) -> Result<Release<P::To>, (RunError<S, P>, Asked)> {
        let asked = proposal.asked.clone();
        if let Some(reason) = self.of_another_tenant(&proposal.release) {
            let facts = Facts::at(self.clock.now());
            return Err((
                RunError::Refused(refuse(proposal, reason, &facts, by)),
                asked,
            ));
        }
        let facts = self.gather(proposal.release.core(), &asked, by).await;
        match self.gates.decide(proposal, &facts, by) {
            Ok(cleared) => match cleared.commit(&self.store, self.clock.now()).await {
                Ok(release) => Ok(release),
                Err(failed) => Err((RunError::NotCommitted(failed), asked)),
            },
            Err(refused) => Err((RunError::Refused(self.write_down(refused, by).await), asked)),
        }
    }

    /// Why this desk does not answer for a release, if it does not.
    pub(super) fn of_another_tenant<P>(&self, release: &Release<P>) -> Option<Reason> {
        let owner = &release.stream().tenant;
        (*owner != self.tenant).then(|| {
            let message = format!(
                "the release belongs to tenant `{owner}`, and this is the desk of `{}`",
                self.tenant
            );
            Reason::new("another-tenant", message, "ask at the desk of that tenant")
        })
    }

    /// The release with what others wrote since, if the asking means the same on top of it.
    async fn catch_up<P>(&self, release: &Release<P>, asked: &Asked) -> Option<Core> {
        let newer = self
            .entries_after(release.stream(), release.version())
            .await
            .ok()?;
        let mut core = release.core().clone();
        let standing = core.state.standing;
        for entry in &newer {
            if !self.means_the_same(asked, entry) {
                return None;
            }
            core.follow(entry, &self.upcasters).ok()?;
        }
        (!newer.is_empty() && core.state.standing == standing).then_some(core)
    }

    /// Whether what is asked means the same on top of another writer's entry.
    fn means_the_same(&self, asked: &Asked, entry: &Envelope) -> bool {
        let Ok(event) = entry.decode_with(&self.upcasters) else {
            return false;
        };
        match (asked, event) {
            (Asked::Record(record), Some(Event::Record(other))) => record.follows(&other),
            (Asked::Record(record), Some(Event::Step(_)) | None) => record.kind().commutes(),
            (Asked::Step(_), Some(event)) => event.commutes(),
            (Asked::Step(_), None) => false,
        }
    }

    /// Records a refused step. That this cannot be done changes nothing about the refusal.
    async fn write_down<P>(&self, refused: Refused<P>, by: &By) -> Refused<P> {
        let is_kept =
            self.refusals == Refusals::Recorded && refused.release.version() > Version::NONE;
        let (Asked::Step(step), true) = (&refused.asked, is_kept) else {
            return refused;
        };
        let record = StepRefused {
            step: step.clone(),
            decision: refused.decision.as_ref().clone(),
        };
        let Refused {
            release,
            decision,
            asked,
        } = refused;
        let proposal = release.anywhere().record(record);
        let release = match self.gates.decide(
            proposal,
            &Facts::at(decision.at),
            &By::new(by.actor().clone()),
        ) {
            Ok(cleared) => match cleared.commit(&self.store, decision.at).await {
                Err(CommitFailed::Unknown { in_doubt, .. }) => in_doubt.0.withdraw(),
                Ok(release)
                | Err(
                    CommitFailed::Conflict { release, .. }
                    | CommitFailed::Expired { release, .. }
                    | CommitFailed::Rejected { release, .. },
                ) => release,
            },
            Err(refused) => refused.release,
        };
        Refused {
            release: release.become_phase(),
            decision,
            asked,
        }
    }
}
