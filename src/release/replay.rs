//! From a log to the release: one event after the other, each of them distrusted.

use super::any::AnyRelease;
use super::digest::Digest;
use super::error::{LogError, LogErrorKind};
use super::event::{Envelope, Upcasters};
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
    let mut log = log.into_iter();
    let empty = || LogError::new(LogErrorKind::Empty, None, "it has no entry");
    let first = log.next().ok_or_else(empty)?;
    let mut core = Core::before(first)?;
    core.follow(first, upcasters)?;
    for entry in log {
        core.follow(entry, upcasters)?;
    }
    Ok(AnyRelease::of(core))
}

impl Core {
    /// The release before the first entry of its log.
    pub(crate) fn before(first: &Envelope) -> Result<Self, LogError> {
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
        let head = &self.head;
        succeeds(entry, &head.stream, head.version, &head.hash)?;
        let refuse = |kind, what: String| Err(LogError::new(kind, Some(entry.version), what));
        if let Some(event) = entry.decode_with(upcasters)? {
            let on = self.occasion_of(entry);
            if let Some(reason) = self.state.admits(&event, on).first() {
                return refuse(
                    LogErrorKind::Inadmissible,
                    format!("`{}`: {}", entry.kind, reason.message),
                );
            }
            self.state.apply(event, on);
        } else if head.version == Version::NONE {
            return refuse(
                LogErrorKind::Inadmissible,
                format!("`{}` does not begin a release", entry.kind),
            );
        }
        self.advance(entry);
        Ok(())
    }

    pub(crate) fn advance(&mut self, entry: &Envelope) {
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
