//! From a log to the release: one event after the other, each of them distrusted.

use super::any::AnyRelease;
use super::digest::Digest;
use super::error::{LogError, LogErrorKind};
use super::event::{Envelope, Event, Upcasters};
use super::id::{ReleaseId, Stream, StreamKind, Version};
use super::shell::Core;

/// Makes the release of its whole log.
///
/// Every entry has to follow the one before it, to be readable, and to be allowed by the lifecycle where it stands.
/// Payloads are not digested again: [`verify`](super::verify) does that. Cost grows with the number of entries, about
/// a microsecond each.
///
/// # Errors
///
/// - empty: there is no entry
/// - broken: entries are missing, doubled, out of order, unlinked, or of another log
/// - malformed, too large, unknown kind: an entry cannot be read
/// - inadmissible: an entry says what the lifecycle does not allow there
pub fn replay<'a>(log: impl IntoIterator<Item = &'a Envelope>) -> Result<AnyRelease, LogError> {
    replay_with(log, &Upcasters::default())
}

/// The same, with payloads of older or foreign schemas brought up to date first.
///
/// # Errors
///
/// As [`replay`], and whatever an upcaster refuses.
pub fn replay_with<'a>(
    log: impl IntoIterator<Item = &'a Envelope>,
    upcasters: &Upcasters,
) -> Result<AnyRelease, LogError> {
    let mut log = log.into_iter().peekable();
    let mut core = Core::before(log.peek().copied())?;
    for entry in log {
        core.follow(entry, upcasters)?;
    }
    Ok(AnyRelease::of(core))
}

impl Core {
    /// The release before the first entry of its log; there has to be one.
    pub(crate) fn before(first: Option<&Envelope>) -> Result<Self, LogError> {
        let empty = || LogError::new(LogErrorKind::Empty, None, "it has no entry");
        let first = first.ok_or_else(empty)?;
        let foreign = |what: &str| LogError::new(LogErrorKind::Broken, Some(first.version), what);
        if first.stream.kind != StreamKind::Release {
            return Err(foreign("it is not the log of a release"));
        }
        let id: Result<ReleaseId, _> = first.stream.id.as_str().parse();
        let id = id.map_err(|_| foreign("the log is not named by a release's id"))?;
        Ok(Self::new(id, first.stream.clone(), first.recorded_at))
    }

    /// Moves by the next entry of the log, or says why not and stays as it is.
    pub(crate) fn follow(
        &mut self,
        entry: &Envelope,
        upcasters: &Upcasters,
    ) -> Result<(), LogError> {
        let event = self.admitted(entry, upcasters)?;
        self.take(entry, event);
        Ok(())
    }

    /// The event of the next entry of the log, or why it cannot follow; nothing for one that is passed over.
    pub(crate) fn admitted(
        &self,
        entry: &Envelope,
        upcasters: &Upcasters,
    ) -> Result<Option<Event>, LogError> {
        let head = &self.head;
        succeeds(entry, &head.stream, head.version, &head.hash)?;
        let event = entry.decode_with(upcasters)?;
        let refused = match &event {
            Some(event) => {
                let reasons = self.state.admits(event, self.occasion_of(entry));
                let reason = reasons.first();
                reason.map(|reason| format!("`{}`: {}", entry.kind, reason.message))
            }
            None => (head.version == Version::NONE)
                .then(|| format!("`{}` does not begin a release", entry.kind)),
        };
        refused.map_or(Ok(event), |what| {
            let kind = LogErrorKind::Inadmissible;
            Err(LogError::new(kind, Some(entry.version), what))
        })
    }

    /// Moves by an entry that was admitted, and its event.
    pub(crate) fn take(&mut self, entry: &Envelope, event: Option<Event>) {
        if let Some(event) = event {
            let on = self.occasion_of(entry);
            self.state.apply(event, on);
        }
        self.advance(entry);
    }

    fn advance(&mut self, entry: &Envelope) {
        if self.head.version == Version::NONE {
            self.head.created_at = entry.recorded_at;
        }
        self.head.version = entry.version;
        self.head.hash = entry.hash;
        self.head.updated_at = entry.recorded_at;
    }
}

/// Checks that an entry is the next one of a log of which the last had this version and hash.
pub(crate) fn succeeds(
    entry: &Envelope,
    stream: &Stream,
    version: Version,
    hash: &Digest,
) -> Result<(), LogError> {
    let what = if entry.stream != *stream {
        format!("it belongs to `{}`, expected `{stream}`", entry.stream)
    } else if entry.version != version.plus(1) {
        format!("expected version {}", version.plus(1))
    } else if entry.prev != *hash {
        "it is not linked to the entry before it".to_owned()
    } else {
        return Ok(());
    };
    Err(LogError::new(
        LogErrorKind::Broken,
        Some(entry.version),
        what,
    ))
}
