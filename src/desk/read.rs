//! Reading: one release, its history, or a list. Nothing here writes.

use super::{Desk, LoadError};
use crate::phase::Phase;
use crate::release::limits::PAGE_ROWS;
use crate::release::{
    AnyRelease, CommandId, Envelope, Release, ReleaseId, Stream, Version, replay_with,
};
use crate::store::{Cursor, Outcome, Page, Query, Store, StoreError};

impl<S: Store> Desk<S> {
    /// Loads a release, whatever its phase.
    ///
    /// Reads the whole log and follows it, about a microsecond an event.
    ///
    /// # Errors
    ///
    /// - not found: there is no such release of this tenant
    /// - store: it could not be read; [`StoreError::is_retryable`] tells whether trying again may help
    /// - log: what is stored is not the log of a release; [`history`](Self::history) still reads it
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn load(&self, id: ReleaseId) -> Result<AnyRelease, LoadError> {
        let log = self.history(id).await?;
        if log.is_empty() {
            return Err(LoadError::NotFound {
                stream: self.stream(id),
            });
        }
        Ok(replay_with(&log, &self.upcasters)?)
    }

    /// Loads a release that is expected to stand in phase `P`.
    ///
    /// # Errors
    ///
    /// - wrong phase: it stands elsewhere; the release is in the error
    /// - not found, store, log: as [`load`](Self::load)
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    ///
    /// # Examples
    ///
    /// ```
    /// # use phasegate::{Desk, MemoryStore, phase::Testing, release::{Name, Person, ReleaseRequest}};
    /// # pollster::block_on(async {
    /// # let desk = Desk::new(MemoryStore::new());
    /// # let request = ReleaseRequest::builder().title(Name::new("Shop 2.4")?).build();
    /// # let id = desk.run(desk.request(request), &Person::new("kim")?).await?.id();
    /// let refused = desk.load_as::<Testing>(id).await.unwrap_err();
    /// assert_eq!(refused.to_string(), "the release is in Request, expected Testing");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub async fn load_as<P: Phase>(&self, id: ReleaseId) -> Result<Release<P>, LoadError> {
        self.load(id)
            .await?
            .in_phase()
            .map_err(|found| LoadError::wrong_phase(found, P::STANDING))
    }

    /// Reads the whole history of a release, oldest first; empty if there is none.
    ///
    /// # Errors
    ///
    /// - the store could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn history(&self, id: ReleaseId) -> Result<Vec<Envelope>, StoreError> {
        self.entries_after(&self.stream(id), Version::NONE).await
    }

    /// Lists the tenant's releases, a page at a time.
    ///
    /// # Errors
    ///
    /// - the store could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn list(
        &self,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.store.list(&self.tenant, query, after, limit).await
    }

    /// Tells what an asking did to a release: for after a future was dropped or a process died.
    ///
    /// # Errors
    ///
    /// - the store could not be read
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    pub async fn outcome(
        &self,
        id: ReleaseId,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        self.store.outcome(&self.stream(id), command).await
    }

    fn stream(&self, id: ReleaseId) -> Stream {
        Stream::release(self.tenant.clone(), id)
    }

    pub(super) async fn entries_after(
        &self,
        stream: &Stream,
        after: Version,
    ) -> Result<Vec<Envelope>, StoreError> {
        entries(&self.store, stream, after).await
    }
}

/// Reads all entries after a version, page by page.
pub(super) async fn entries<S: Store>(
    store: &S,
    stream: &Stream,
    after: Version,
) -> Result<Vec<Envelope>, StoreError> {
    let mut entries = store.history(stream, after, PAGE_ROWS).await?;
    let mut read = entries.len();
    while read == PAGE_ROWS {
        let last = entries.last().map_or(after, |entry| entry.version);
        let page = store.history(stream, last, PAGE_ROWS).await?;
        read = page.len();
        entries.extend(page);
    }
    Ok(entries)
}
