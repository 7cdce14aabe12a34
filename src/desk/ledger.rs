//! Logs of things that are not releases, at the desk: read, asked, written.

use super::Desk;
use crate::release::limits::BATCH_EVENTS;
use crate::release::{
    By, Envelope, Key, Ledger, LedgerEvent, LogError, Place, Reason, Stream, Version, fold, intent,
};
use crate::store::{Committed, Store, StoreError};
use std::{error::Error, fmt};

/// How often an event is asked for again when somebody else wrote first.
const TURNS: usize = 20;

/// Why a release model or a calendar could not be read or changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamError {
    /// There is no such log.
    NotFound {
        /// The log that was looked for.
        stream: Stream,
    },
    /// Something stands against it. Nothing was written.
    Refused {
        /// All that does.
        reasons: Vec<Reason>,
    },
    /// Somebody else wrote first, time and again. Nothing of the last write was kept; ask again.
    Busy {
        /// The log.
        stream: Stream,
    },
    /// The store failed. [`StoreError::kind`] tells whether something may have been written.
    Store(StoreError),
    /// What is stored cannot be read.
    Log(LogError),
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { stream } => write!(
                f,
                "there is no {} `{}` of tenant `{}`",
                stream.kind, stream.id, stream.tenant
            ),
            Self::Refused { reasons } => {
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                write!(f, "refused: {}", reasons.join("\n  "))
            }
            Self::Busy { stream } => write!(
                f,
                "{} `{}` was written by others {TURNS} times in a row, and this was not; ask again",
                stream.kind, stream.id
            ),
            Self::Store(_) => f.write_str("the store failed; ask again to learn what was written"),
            Self::Log(_) => f.write_str("what is stored cannot be read; its history still can"),
        }
    }
}

impl Error for StreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotFound { .. } | Self::Refused { .. } | Self::Busy { .. } => None,
            Self::Store(error) => Some(error),
            Self::Log(error) => Some(error),
        }
    }
}

impl From<StoreError> for StreamError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LogError> for StreamError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl<S: Store> Desk<S> {
    pub(super) fn stream_of<L: Ledger>(&self, id: &Key) -> Stream {
        Stream::new(self.tenant.clone(), L::KIND, id.clone())
    }

    /// Reads a log, which has to be there.
    pub(super) async fn ledger<L: Ledger>(&self, id: &Key) -> Result<L, StreamError> {
        let stream = self.stream_of::<L>(id);
        let log = self.entries_after(&stream, Version::NONE).await?;
        if log.is_empty() {
            return Err(StreamError::NotFound { stream });
        }
        Ok(fold(&log, &self.upcasters)?)
    }

    /// Adds an event, and tells what the log comes to then. What was said last by the same actor is not said again.
    pub(super) async fn add<L: Ledger>(
        &self,
        id: &Key,
        event: &L::Event,
        by: &By,
    ) -> Result<L, StreamError> {
        let stream = self.stream_of::<L>(id);
        let mut turn = 1;
        loop {
            let log = self.entries_after(&stream, Version::NONE).await?;
            let ledger = match log.last() {
                Some(_) => fold(&log, &self.upcasters)?,
                None => L::start(Place::before(stream.clone())),
            };
            if self.is_said(event, by, &stream, log.last()).await? {
                return Ok(ledger);
            }
            let write = ledger.write(vec![event.clone()], by, self.clock.now());
            let (batch, after) = write.map_err(|reasons| StreamError::Refused { reasons })?;
            match self.store.commit(&batch).await {
                Ok(Committed::Written) => return Ok(after),
                // Written before, by a call whose answer was lost: what the log has is the answer.
                Ok(Committed::AlreadyDone(_)) => return self.ledger(id).await,
                Err(error) if error.is_conflict() && turn < TURNS => turn += 1,
                Err(error) if error.is_conflict() => return Err(StreamError::Busy { stream }),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Adds events until there is none left, as many at once as a write takes, and tells what the log comes to then.
    /// Where somebody else writes in between, what is left is asked for anew.
    pub(super) async fn lead<L: Ledger>(
        &self,
        id: &Key,
        left: impl Fn(&L) -> Vec<L::Event>,
        by: &By,
    ) -> Result<L, StreamError> {
        let stream = self.stream_of::<L>(id);
        let by = By {
            command: None,
            ..by.clone()
        };
        let mut turn = 1;
        'turns: loop {
            let log = self.entries_after(&stream, Version::NONE).await?;
            let mut ledger: L = match log.last() {
                Some(_) => fold(&log, &self.upcasters)?,
                None => L::start(Place::before(stream.clone())),
            };
            loop {
                let mut events = left(&ledger);
                events.truncate(BATCH_EVENTS);
                if events.is_empty() {
                    return Ok(ledger);
                }
                let write = ledger.write(events, &by, self.clock.now());
                let (batch, after) = write.map_err(|reasons| StreamError::Refused { reasons })?;
                match self.store.commit(&batch).await {
                    Ok(Committed::Written) => ledger = after,
                    // What was written before may bear another time, and so another hash.
                    Ok(Committed::AlreadyDone(_)) => continue 'turns,
                    Err(error) if error.is_conflict() && turn < TURNS => {
                        turn += 1;
                        continue 'turns;
                    }
                    Err(error) if error.is_conflict() => return Err(StreamError::Busy { stream }),
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    /// Whether the host's own id for this asking stands in the log; without one, whether the last entry says the same.
    async fn is_said<E: LedgerEvent>(
        &self,
        event: &E,
        by: &By,
        stream: &Stream,
        last: Option<&Envelope>,
    ) -> Result<bool, StoreError> {
        let (Ok(said), (kind, _)) = (event.encode(), event.kind()) else {
            return Ok(false);
        };
        let Some(command) = by.command else {
            let is_same = |last: &Envelope| {
                (last.data.as_str(), &last.actor) == (said.get(), by.actor()) && last.kind == kind
            };
            return Ok(last.is_some_and(is_same));
        };
        let intent = intent(kind, said.get().as_bytes(), by.actor());
        let outcome = self.store.outcome(stream, command).await?;
        Ok(outcome.is_some_and(|outcome| outcome.intent == intent))
    }
}
