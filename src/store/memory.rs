//! A store in memory: the whole contract, for tests, tools and examples.

use super::query::{Cursor, Order, Page, Query, Row};
use super::{Committed, Outcome, Settlement, Store, StoreError, limits};
use crate::phase::{Instant, PhaseName, Seconds};
use crate::release::limits::PAGE_ROWS;
use crate::release::{
    Batch, CommandId, Delivery, Envelope, Key, Notice, Stream, Summary, Tenant, Version,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Keeps everything in memory, and loses it with the process.
///
/// Every part of the [`Store`] contract holds but durability. One lock; calls never wait for anything else, so that
/// their futures are ready at once.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    logs: BTreeMap<Stream, Log>,
    index: BTreeSet<IndexKey>,
    claims: HashMap<(Key, Stream), Claim>,
}

type IndexKey = (Tenant, Order, PhaseName, Instant, Key);

#[derive(Debug)]
struct Log {
    events: Vec<Envelope>,
    commands: HashMap<CommandId, Outcome>,
    notices: Vec<Notice>,
    /// Of a release.
    summary: Option<Summary>,
}

impl Log {
    fn version(&self) -> Version {
        Version::new(self.events.len() as u64)
    }
}

/// What a sink has done with a stream.
#[derive(Debug, Clone, Copy, Default)]
struct Claim {
    settled: u64,
    attempt: u32,
    not_before: Option<Instant>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves no half-written batch: writing begins after the last check, and cannot fail.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn version(&self, stream: &Stream) -> Version {
        self.logs.get(stream).map_or(Version::NONE, Log::version)
    }

    fn commit(&mut self, batch: &Batch) -> Result<Committed, StoreError> {
        let stream = batch.stream();
        let done = self
            .logs
            .get(stream)
            .and_then(|log| log.commands.get(&batch.command()));
        if let Some(outcome) = done {
            return if outcome.intent == batch.intent() {
                Ok(Committed::AlreadyDone(*outcome))
            } else {
                Err(StoreError::command_reused(stream, batch.command()))
            };
        }
        limits::keeps(batch)?;
        let actual = self.version(stream);
        if actual != batch.expected() {
            return Err(StoreError::conflict(stream, batch.expected(), actual));
        }
        for (guarded, expected) in batch.guards() {
            let actual = self.version(guarded);
            if actual != *expected {
                return Err(StoreError::guard_moved(guarded, *expected, actual));
            }
        }
        self.write(batch);
        Ok(Committed::Written)
    }

    fn write(&mut self, batch: &Batch) {
        let stream = batch.stream();
        let summary = batch.summary();
        let log = self.logs.entry(stream.clone()).or_insert_with(|| Log {
            events: Vec::new(),
            commands: HashMap::new(),
            notices: Vec::new(),
            summary: None,
        });
        log.events.extend_from_slice(batch.events());
        log.notices.extend(batch.outbox());
        let outcome = Outcome {
            intent: batch.intent(),
            first: batch.expected().plus(1),
            last: batch.version(),
        };
        log.commands.insert(batch.command(), outcome);
        let before = std::mem::replace(&mut log.summary, summary.cloned());
        for order in Order::ALL {
            let key = |summary| index_key(stream, order, summary);
            let (old, new) = (before.as_ref().and_then(key), summary.and_then(key));
            if old != new {
                old.map(|old| self.index.remove(&old));
                new.map(|new| self.index.insert(new));
            }
        }
    }

    fn list(&self, tenant: &Tenant, query: Query, after: Option<&Cursor>, limit: usize) -> Page {
        let Query { filter, order } = query;
        let limit = limit.clamp(1, PAGE_ROWS);
        let mut found: Vec<&IndexKey> = Vec::new();
        for &phase in PhaseName::ALL.iter().filter(|&&phase| filter.takes(phase)) {
            let key = |at, id| (tenant.clone(), order, phase, at, id);
            let start = match after {
                Some(Cursor { at, id }) => Bound::Excluded(key(*at, id.clone())),
                None => Bound::Included(key(Instant::EPOCH, Key::before_all())),
            };
            let is_placed =
                |entry: &&IndexKey| (&entry.0, entry.1, entry.2) == (tenant, order, phase);
            found.extend(
                self.index
                    .range((start, Bound::Unbounded))
                    .take_while(is_placed)
                    .take(limit + 1),
            );
        }
        found.sort_by_key(|(_, _, _, at, id)| (at, id));
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found
            .last()
            .filter(|_| has_more)
            .map(|(_, _, _, at, id)| Cursor {
                at: *at,
                id: id.clone(),
            });
        let rows = found.into_iter().filter_map(|(tenant, _, _, _, id)| {
            let stream = Stream::new(
                tenant.clone(),
                crate::release::StreamKind::Release,
                id.clone(),
            );
            let log = self.logs.get(&stream)?;
            Some(Row {
                stream,
                version: log.version(),
                summary: log.summary.clone()?,
            })
        });
        Page {
            rows: rows.collect(),
            next,
        }
    }

    fn claim(
        &mut self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Vec<Delivery> {
        let own = self.logs.iter();
        let own = own.filter(|(stream, _)| stream.tenant == *tenant);
        let mut waiting: Vec<_> = own
            .filter_map(|(stream, log)| {
                let key = (sink.clone(), stream.clone());
                let claim = self.claims.get(&key).copied().unwrap_or_default();
                let index = usize::try_from(claim.settled).ok()?;
                let notice = log.notices.get(index)?;
                let is_due = claim.not_before.is_none_or(|not_before| not_before <= now);
                is_due.then_some((claim, key, notice))
            })
            .collect();
        // What was never claimed, and then what waits longest.
        waiting.sort_by_key(|(claim, ..)| claim.not_before);
        let waiting = waiting.into_iter().take(limit.clamp(1, PAGE_ROWS));
        let claimed = waiting.map(|(claim, key, notice)| {
            let attempt = claim.attempt.saturating_add(1);
            let not_before = Some(now.plus(lease));
            let claim = Claim {
                attempt,
                not_before,
                ..claim
            };
            self.claims.insert(key, claim);
            Delivery::new(notice.clone(), sink.clone(), attempt)
        });
        claimed.collect()
    }

    fn settle(&mut self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        let key = (delivery.sink.clone(), delivery.notice.stream.clone());
        let stale = || StoreError::stale_claim(&delivery.dedupe_key());
        let claim = self.claims.get_mut(&key).ok_or_else(stale)?;
        let is_current =
            delivery.notice.version.get() == claim.settled + 1 && delivery.attempt == claim.attempt;
        if !is_current || claim.not_before.is_none() {
            return Err(stale());
        }
        match settlement {
            Settlement::RetryAt(at) => claim.not_before = Some(at),
            Settlement::Delivered | Settlement::Rejected => {
                *claim = Claim {
                    settled: claim.settled + 1,
                    attempt: 0,
                    not_before: None,
                };
            }
        }
        Ok(())
    }
}

fn index_key(stream: &Stream, order: Order, summary: &Summary) -> Option<IndexKey> {
    let at = order.instant(summary)?;
    Some((
        stream.tenant.clone(),
        order,
        summary.standing.phase,
        at,
        stream.id.clone(),
    ))
}

impl Store for MemoryStore {
    async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        self.inner().commit(batch)
    }

    async fn history(
        &self,
        stream: &Stream,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        let inner = self.inner();
        let events = inner
            .logs
            .get(stream)
            .map_or(&[] as &[_], |log| &log.events);
        let after = usize::try_from(after.get()).unwrap_or(usize::MAX);
        Ok(events
            .iter()
            .skip(after)
            .take(limit.clamp(1, PAGE_ROWS))
            .cloned()
            .collect())
    }

    async fn list(
        &self,
        tenant: &Tenant,
        query: Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        Ok(self.inner().list(tenant, query, after, limit))
    }

    async fn outcome(
        &self,
        stream: &Stream,
        command: CommandId,
    ) -> Result<Option<Outcome>, StoreError> {
        Ok(self
            .inner()
            .logs
            .get(stream)
            .and_then(|log| log.commands.get(&command))
            .copied())
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        sink: &Key,
        now: Instant,
        lease: Seconds,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.inner().claim(tenant, sink, now, lease, limit))
    }

    async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<(), StoreError> {
        self.inner().settle(delivery, settlement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::limits::BATCH_GUARDS;
    use crate::release::{Digest, StreamKind};
    use crate::store::StoreErrorKind;

    #[test]
    fn a_batch_with_too_many_guards_is_refused() {
        let stream = |id: String| {
            Stream::new(
                Tenant::default(),
                StreamKind::Calendar,
                Key::new(id).unwrap(),
            )
        };
        let guard = |n: usize| (stream(n.to_string()), Version::NONE);
        let mut batch = Batch {
            stream: stream("own".to_owned()),
            expected: Version::NONE,
            guards: (0..=BATCH_GUARDS).map(guard).collect(),
            command: uuid::Uuid::nil().into(),
            intent: Digest::ZERO,
            events: Vec::new(),
            summary: None,
        };
        let mut inner = Inner::default();
        let refused = inner.commit(&batch).unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::TooLarge);
        assert!(inner.logs.is_empty());
        batch.guards.pop();
        assert_eq!(inner.commit(&batch).unwrap(), Committed::Written);
    }
}
