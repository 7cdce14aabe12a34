//! The walks on the crate.

use crate::script::{Act, Asked, Given};
use phasegate::Release;
use phasegate::gate::{Facts, GateSet, Rehearsal};
use phasegate::phase::{Anywhere, Instant, Request, Seconds};
use phasegate::release::{
    AnyRecord, AnyStep, Batch, By, CommandId, Decision, Delivery, Envelope, Key, Proposal,
    ReleaseId, Stream, Tenant, Version,
};
use phasegate::store::{Committed, Cursor, Outcome, Page, Query, Settlement, Store, StoreError};
use std::error::Error;
use uuid::Uuid;

pub(crate) enum Any {
    Step(AnyStep),
    Record(AnyRecord),
}

impl From<Act> for Any {
    fn from(act: Act) -> Self {
        match act {
            Act::Request(step) => Self::Step((*step).into()),
            Act::Authorise(step) => Self::Step(step.into()),
            Act::StartDevelopment(step) => Self::Step(step.into()),
            Act::StartTesting(step) => Self::Step(step.into()),
            Act::Deploy(step) => Self::Step(step.into()),
            Act::FinishDeployment(step) => Self::Step(step.into()),
            Act::CompleteReview(step) => Self::Step(step.into()),
            Act::Close(step) => Self::Step(step.into()),
            Act::Plan(record) => Self::Record((*record).into()),
            Act::Baseline(record) => Self::Record(record.into()),
            Act::MilestoneReached(record) => Self::Record(record.into()),
            Act::RoleGiven(record) => Self::Record(record.into()),
            Act::Approval(record) => Self::Record(record.into()),
            Act::CodeChange(record) => Self::Record(record.into()),
            Act::TestRun(record) => Self::Record(record.into()),
            Act::Evidence(record) => Self::Record(record.into()),
            Act::DefectFound(record) => Self::Record(record.into()),
            Act::DefectResolved(record) => Self::Record(record.into()),
            Act::AttemptStarted(record) => Self::Record(record.into()),
            Act::AttemptFinished(record) => Self::Record(record.into()),
            Act::IncidentLinked(record) => Self::Record(record.into()),
            Act::IncidentRestored(record) => Self::Record(record.into()),
            Act::CriterionResult(record) => Self::Record(record.into()),
            Act::TaskOpened(record) => Self::Record(record.into()),
            Act::TaskDone(record) => Self::Record(record.into()),
            Act::Confirmation(record) => Self::Record(record.into()),
            Act::Note(record) => Self::Record(record.into()),
        }
    }
}

/// A release that stands in Request.
pub(crate) fn requested(first: &Asked, by: &By) -> Result<Release<Request>, Box<dyn Error>> {
    let Act::Request(step) = first.act.clone() else {
        return Err("a walk begins with a request".into());
    };
    pollster::block_on(begin(*step, first.at, by.clone(), &mut |_| {}))
}

/// Decides and applies.
pub(crate) fn rehearse(
    rehearsal: &mut Rehearsal<'_>,
    walk: Vec<Asked>,
    by: &By,
) -> Result<(), Box<Decision>> {
    for asked in walk {
        let facts = Facts::at(asked.at);
        match Any::from(asked.act) {
            Any::Step(step) => rehearsal.step(step, &facts, by)?,
            Any::Record(record) => rehearsal.record(record, &facts, by)?,
        }
    }
    Ok(())
}

/// Decides, and commits to a store that keeps nothing.
pub(crate) fn keep(
    walk: Vec<Asked>,
    by: &By,
    given: Given,
    mut written: impl FnMut(&Envelope),
) -> Result<Release<Anywhere>, Box<dyn Error>> {
    let numbered = |number: u128| match given {
        Given::Commands => by.clone().command(CommandId::from(Uuid::from_u128(number))),
        Given::Nothing => by.clone(),
    };
    let mut walk = walk.into_iter();
    let Some(Asked {
        act: Act::Request(step),
        at,
    }) = walk.next()
    else {
        return Err("a walk begins with a request".into());
    };
    pollster::block_on(async {
        let begun = begin(*step, at, numbered(1), &mut written).await?;
        let mut release = begun.anywhere();
        for (asked, number) in walk.zip(2..) {
            let by = numbered(number);
            release = match Any::from(asked.act) {
                Any::Step(step) => {
                    one(release.propose(step), asked.at, &by, &Nowhere, &mut written).await?
                }
                Any::Record(record) => {
                    one(
                        release.record(record),
                        asked.at,
                        &by,
                        &Nowhere,
                        &mut written,
                    )
                    .await?
                }
            };
        }
        Ok(release)
    })
}

async fn begin(
    step: phasegate::release::step::RequestRelease,
    at: Instant,
    by: By,
    written: &mut impl FnMut(&Envelope),
) -> Result<Release<Request>, Box<dyn Error>> {
    let id = ReleaseId::from(Uuid::from_u128(1));
    let proposal = Release::request(Tenant::default(), id, step.request);
    one(proposal, at, &by, &Nowhere, written).await
}

/// Asks for one thing, and commits it.
pub(crate) async fn one<S: 'static, P: phasegate::release::Moves<S> + 'static>(
    proposal: Proposal<S, P>,
    at: Instant,
    by: &By,
    store: &impl Store,
    written: &mut impl FnMut(&Envelope),
) -> Result<Release<P::To>, Box<dyn Error>> {
    let cleared = GateSet::new().decide(proposal, &Facts::at(at), by)?;
    cleared.batch().events().iter().for_each(written);
    Ok(cleared.commit(store, at).await?)
}

/// Takes every batch and keeps nothing.
struct Nowhere;

impl Nowhere {
    fn has_nothing<T>() -> Result<T, StoreError> {
        Err(StoreError::other("this store keeps nothing"))
    }
}

impl Store for Nowhere {
    async fn commit(&self, _: &Batch) -> Result<Committed, StoreError> {
        Ok(Committed::Written)
    }

    async fn history(&self, _: &Stream, _: Version, _: usize) -> Result<Vec<Envelope>, StoreError> {
        Self::has_nothing()
    }

    async fn list(
        &self,
        _: &Tenant,
        _: Query,
        _: Option<&Cursor>,
        _: usize,
    ) -> Result<Page, StoreError> {
        Self::has_nothing()
    }

    async fn outcome(&self, _: &Stream, _: CommandId) -> Result<Option<Outcome>, StoreError> {
        Self::has_nothing()
    }

    async fn claim(
        &self,
        _: &Tenant,
        _: &Key,
        _: Instant,
        _: Seconds,
        _: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        Self::has_nothing()
    }

    async fn settle(&self, _: &Delivery, _: Settlement) -> Result<(), StoreError> {
        Self::has_nothing()
    }
}
