//! Release models at the desk: drafted, authorised, retired, and their successes counted.

use super::{Desk, StreamError};
use crate::gate::{ModelAuthorised, ModelEvent, ModelRetired, ModelState, ReleaseModel};
use crate::phase::{Instant, PhaseName};
use crate::release::limits::PAGE_ROWS;
use crate::release::{
    By, Ending, Envelope, Key, Reason, SuccessCount, Summary, Text, Track, Version,
};
use crate::store::{Filter, Order, Query, Store, StoreError};

impl<S: Store> Desk<S> {
    /// Writes a version of a model into its log, which begins with the first. It pre-authorises nothing until somebody
    /// else authorises it, and neither does the version before.
    ///
    /// # Errors
    ///
    /// - refused: it is not the next version, or nothing in it has changed
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn draft_model(
        &self,
        model: &ReleaseModel,
        by: impl Into<By>,
    ) -> Result<ModelState, StreamError> {
        let event = ModelEvent::drafted(model).map_err(|error| {
            let reason = Reason::new(
                "cannot-be-written",
                error.to_string(),
                "change what cannot be written",
            );
            StreamError::Refused {
                reasons: vec![reason],
            }
        })?;
        self.add(model.name(), &event, &by.into()).await
    }

    /// Authorises the version that was drafted last: from now on its releases are pre-authorised on the standard track.
    /// Its success count begins at zero.
    ///
    /// # Errors
    ///
    /// - refused: by no person, by the one who drafted it, without a reason, or of another version than the last
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn authorise_model(
        &self,
        name: &Key,
        version: u32,
        reason: Text,
        by: impl Into<By>,
    ) -> Result<ModelState, StreamError> {
        let event = ModelEvent::Authorised(ModelAuthorised { version, reason });
        self.add(name, &event, &by.into()).await
    }

    /// Retires a model: it pre-authorises nothing any more. Releases that follow it go on by its gates.
    ///
    /// # Errors
    ///
    /// - refused: without a reason, or there is nothing to retire
    /// - store, log: the log could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    pub async fn retire_model(
        &self,
        name: &Key,
        reason: Text,
        by: impl Into<By>,
    ) -> Result<ModelState, StreamError> {
        let event = ModelEvent::Retired(ModelRetired { reason });
        self.add(name, &event, &by.into()).await
    }

    /// Tells how a model stands: what was drafted and authorised, and whether it is in good standing.
    ///
    /// # Errors
    ///
    /// - not found: nothing was drafted under that name
    /// - store, log: the log could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn model(&self, name: &Key) -> Result<ModelState, StreamError> {
        self.ledger(name).await
    }

    /// Reads the whole history of a model, oldest first; empty if there is none.
    ///
    /// # Errors
    ///
    /// - the store could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn model_history(&self, name: &Key) -> Result<Vec<Envelope>, StoreError> {
        let stream = self.stream_of::<ModelState>(name);
        self.entries_after(&stream, Version::NONE).await
    }

    /// Counts how many releases by the authorised version succeeded since it was authorised, and records it. A model
    /// that falls below its threshold has to be authorised again.
    ///
    /// Counted are releases that ended on the standard track: completed ones as successful; those with issues,
    /// unsuccessful or backed out as not. Rejected and cancelled ones are left out. Where nothing has changed since the
    /// last count, nothing is written.
    ///
    /// # Errors
    ///
    /// - not found: nothing was drafted under that name
    /// - refused: no version is authorised
    /// - store, log: something could not be read or written
    ///
    /// # Cancellation
    ///
    /// A future that is dropped leaves all or nothing in the store; ask again.
    ///
    /// # Complexity
    ///
    /// Reads the rows of all closed releases of the tenant, a page at a time, whichever model they followed: one that
    /// began long ago may have ended today. Its cost grows with history, so ask nightly rather than after every
    /// release.
    pub async fn count_successes(
        &self,
        name: &Key,
        by: impl Into<By>,
    ) -> Result<ModelState, StreamError> {
        let until = self.clock.now();
        let state = self.model(name).await?;
        let Some(authorised) = state.authorised() else {
            let message = format!("no version of the model `{name}` is authorised");
            let reason = Reason::new("not-authorised", message, "authorise it first");
            return Err(StreamError::Refused {
                reasons: vec![reason],
            });
        };
        let mut count = SuccessCount::new(authorised.version, 0_u32, 0_u32, until);
        let (query, mut after) = (
            Query {
                filter: Filter::Phase(PhaseName::Closed),
                order: Order::Created,
            },
            None,
        );
        loop {
            let page = self.list(query, after.as_ref(), PAGE_ROWS).await?;
            for row in &page.rows {
                if let Some(is_successful) =
                    counts(&row.summary, name, authorised.version, authorised.at, until)
                {
                    count.closed += 1;
                    count.successful += u32::from(is_successful);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let is_counted = state
            .success_count()
            .is_some_and(|last| (last.successful, last.closed) == (count.successful, count.closed));
        if is_counted {
            return Ok(state);
        }
        self.add(name, &ModelEvent::Counted(count), &by.into())
            .await
    }
}

/// Whether a release counts for a model, and as successful.
fn counts(row: &Summary, name: &Key, version: u32, from: Instant, until: Instant) -> Option<bool> {
    let model = row.model.as_ref()?;
    let is_counted = (&model.model, model.version) == (name, version)
        && row.track == Track::Standard
        && row.ended_at.is_some_and(|at| from <= at && at <= until);
    is_counted.then_some(())?;
    match row.ending? {
        Ending::Completed => Some(true),
        Ending::WithIssues | Ending::Unsuccessful | Ending::BackedOut => Some(false),
        Ending::Rejected | Ending::Cancelled => None,
    }
}
