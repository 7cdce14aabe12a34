//! Why a calendar could not be read or written.

use crate::phase::shown;
use std::{error::Error, fmt};

/// Why an iCalendar file could not be read or written, with the line and the property.
///
/// # Examples
///
/// ```
/// use phasegate::schedule::{IcsCalendar, IcsErrorKind};
///
/// let floating = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20250901T080000\n";
/// let refused = IcsCalendar::read(floating.as_bytes()).unwrap_err();
/// assert_eq!(refused.kind(), IcsErrorKind::Floating);
/// assert_eq!((refused.line(), refused.property()), (Some(5), "DTSTART"));
/// assert_eq!(
///     refused.to_string(),
///     "calendar refused at line 5, `DTSTART`: `20250901T080000` has no zone and means another instant in every zone; \
///      expected `Z` at its end or a `TZID`",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcsError {
    kind: IcsErrorKind,
    line: Option<usize>,
    property: String,
    what: String,
}

/// Says why an iCalendar file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IcsErrorKind {
    /// It is not UTF-8.
    NotText,
    /// It has more bytes, events, dates or levels than the limit.
    TooLarge,
    /// Something is not written as RFC 5545 has it.
    Malformed,
    /// Something that has to be there is not: an end, a start, an id.
    Missing,
    /// Something stands twice that may stand once.
    Repeated,
    /// An end does not lie after its start, or a day lies before 1970 or after 9999.
    OutOfRange,
    /// A time has no zone.
    Floating,
    /// A zone is not called by an IANA name.
    UnknownZone,
    /// It is well-formed, but not understood here, and to pass over it would change what the calendar says.
    Unsupported,
}

impl IcsError {
    pub(in crate::schedule) fn new(
        kind: IcsErrorKind,
        property: &str,
        what: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            line: None,
            property: shown(property, 60),
            what: what.into(),
        }
    }

    pub(in crate::schedule) fn at(self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    /// Why it was refused.
    #[must_use]
    pub const fn kind(&self) -> IcsErrorKind {
        self.kind
    }

    /// The line, counted from 1; for a folded property its first one. None when writing.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// The property, such as `DTSTART`, or `BEGIN` or `END`; empty if the trouble is not with one.
    #[must_use]
    pub fn property(&self) -> &str {
        &self.property
    }
}

impl fmt::Display for IcsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("calendar refused")?;
        if let Some(line) = self.line {
            write!(f, " at line {line}")?;
        }
        if !self.property.is_empty() {
            write!(f, ", `{}`", self.property)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl Error for IcsError {}
