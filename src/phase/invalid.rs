//! Why a value was not taken: one error for every checked value of the crate.

use std::{borrow::Cow, fmt};

/// A value that breaks a stated limit; it names the value and what was expected.
///
/// # Examples
///
/// ```
/// use phasegate::release::Name;
///
/// let refused = Name::new("").unwrap_err();
/// assert_eq!(refused.to_string(), "invalid name ``: expected 1 to 200 characters");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    kind: InvalidKind,
    what: Cow<'static, str>,
    value: String,
    expected: Cow<'static, str>,
}

/// Says which kind of limit a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidKind {
    /// There is nothing where something was expected.
    Empty,
    /// The value is longer, or holds more entries, than the limit.
    TooLarge,
    /// The value is not written as expected.
    Malformed,
    /// The value lies outside the allowed range.
    OutOfRange,
}

const SHOWN: usize = 60;

impl Invalid {
    pub(crate) fn new(
        kind: InvalidKind,
        what: impl Into<Cow<'static, str>>,
        value: impl fmt::Display,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            what: what.into(),
            value: shown(&value.to_string(), SHOWN),
            expected: expected.into(),
        }
    }

    /// Which kind of limit is broken.
    #[must_use]
    pub const fn kind(&self) -> InvalidKind {
        self.kind
    }

    /// The value, shortened to 60 characters.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What was expected instead.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

/// The text with everything escaped that could break the line, or hide or reorder what stands beside it.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// Controls, line breaks, direction marks, and what has no width.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Shortens `text` to so many characters, control characters made visible.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let visible = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    let mut short: String = text.chars().take(most).map(visible).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid {} `{}`: expected {}",
            self.what, self.value, self.expected
        )
    }
}

impl std::error::Error for Invalid {}
