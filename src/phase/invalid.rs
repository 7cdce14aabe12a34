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

    pub(crate) fn what(&self) -> &str {
        &self.what
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

/// The text on one line, with everything escaped that could hide or reorder what stands beside it. A line break becomes
/// `↵`, a tab a space.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    let mut left = text.chars().peekable();
    while let Some(c) = left.next() {
        match c {
            '\r' if left.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => visible.push('↵'),
            '\t' => visible.push(' '),
            c if is_unseen(c) => visible.extend(c.escape_unicode()),
            c => visible.push(c),
        }
    }
    visible
}

/// What is not seen itself and changes how its neighbours are: controls, direction marks, and what has no width.
///
/// # Source
///
/// `Default_Ignorable_Code_Point` of the Unicode Character Database (`DerivedCoreProperties.txt`, version 16), and the
/// marks of interlinear annotation.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Shortens `text` to so many characters, those that are not seen made visible.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    visible(&short)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_hides_nothing() {
        let hostile =
            "one\ntwo\r\nthree\rfour\u{2028}five\tsix\u{202e}live\u{200b}\u{1b}[31m\u{feff}";
        let harmless = "one↵two↵three↵four↵five six\\u{202e}live\\u{200b}\\u{1b}[31m\\u{feff}";
        assert_eq!(visible(hostile), harmless);
        assert_eq!(
            shown(hostile, 8),
            "one↵two↵…",
            "of a pair that is cut apart, half is enough"
        );
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            assert!(
                !is_unseen(c) || !visible(&c.to_string()).contains(c),
                "{c:?}"
            );
        }
        for seen in ['a', 'ß', ' ', '\u{a0}', '`', '➡', '\u{1f680}', '\u{e9}'] {
            assert_eq!(visible(&seen.to_string()), seen.to_string());
        }
    }

    #[test]
    fn what_looks_like_nothing_is_not_seen() {
        let empty = [
            '\u{3164}',
            '\u{115f}',
            '\u{1160}',
            '\u{34f}',
            '\u{17b4}',
            '\u{17b5}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{180b}',
            '\u{180e}',
            '\u{ffa0}',
            '\u{e0001}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{ad}',
            '\u{2066}',
            '\u{200d}',
        ];
        for c in empty {
            assert_eq!(
                visible(&c.to_string()),
                format!("\\u{{{:x}}}", u32::from(c))
            );
        }
    }
}
