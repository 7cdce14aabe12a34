//! Why a delivery did not arrive.

use crate::phase::Seconds;
use std::{error::Error, fmt};

/// Why a delivery did not arrive, and whether trying again can help.
#[derive(Debug)]
pub struct NotifyError {
    kind: NotifyErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

/// Says whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotifyErrorKind {
    /// It may arrive later; not before that long.
    Retry(Seconds),
    /// It will never be taken.
    Reject,
}

impl NotifyError {
    /// It did not arrive, and may after that long.
    #[must_use]
    pub fn retry(after: Seconds, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: NotifyErrorKind::Retry(after),
            source: source.into(),
        }
    }

    /// It will never be taken.
    #[must_use]
    pub fn reject(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: NotifyErrorKind::Reject,
            source: source.into(),
        }
    }

    /// Whether trying again can help.
    #[must_use]
    pub const fn kind(&self) -> NotifyErrorKind {
        self.kind
    }
}

impl fmt::Display for NotifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            NotifyErrorKind::Retry(after) => {
                write!(f, "not delivered; try again in {} seconds", after.get())
            }
            NotifyErrorKind::Reject => {
                f.write_str("not delivered, and never will be: the sink does not take it")
            }
        }
    }
}

impl Error for NotifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
