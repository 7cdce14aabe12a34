//! Checked texts: what people and host systems write, within limits that hold on every way in.

use super::limits::{ENTRIES, KEY_CHARS, NAME_CHARS, TEXT_CHARS};
use crate::phase::{Invalid, InvalidKind, is_unseen, written_as_text};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Deref,
    str::FromStr,
    sync::Arc,
};

macro_rules! texts {
    ($($(#[$doc:meta])* $text:ident $what:literal $check:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $text(Arc<str>);

        impl $text {
            /// Takes the text if it keeps the limits.
            ///
            /// # Errors
            ///
            /// - empty, too large or malformed: see the type
            pub fn new(text: impl AsRef<str>) -> Result<Self, Invalid> {
                let text = text.as_ref();
                $check($what, text)?;
                Ok(Self(text.into()))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $text {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $text {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $text {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $text {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::new(text)
            }
        }

        written_as_text!($text, concat!("a ", $what));
    )* };
}

texts! {
    /// A title or the name of a thing: one line of 1 to 200 characters, no control characters, no space at
    /// either end.
    Name "name" check_name;
    /// Free text: up to 20,000 characters over any number of lines, no other control characters. May be empty.
    Text "text" check_text;
    /// A reference that the host chose: 1 to 200 characters, no control characters, no space at either end.
    ///
    /// Records are kept by key, so that the same key always means the same thing.
    Key "key" check_key;
    /// A person, by the id that the host knows them by; 1 to 200 characters. Names stay with the host.
    Person "person" check_key;
    /// A service, by the host's reference; 1 to 200 characters.
    Service "service" check_key;
    /// An environment such as `staging`, by the host's reference; 1 to 200 characters.
    Environment "environment" check_key;
    /// A region such as `eu-west`, by the host's reference; 1 to 200 characters.
    Region "region" check_key;
    /// One of several organisations that share a store; 1 to 200 characters.
    Tenant "tenant" check_key;
}

fn check_name(what: &'static str, text: &str) -> Result<(), Invalid> {
    check_line(what, text, NAME_CHARS, "1 to 200 characters")
}

/// Two keys that look the same are the same: nothing in one is unseen.
fn check_key(what: &'static str, text: &str) -> Result<(), Invalid> {
    check_line(what, text, KEY_CHARS, "1 to 200 characters")?;
    if text.chars().any(is_unseen) {
        let expected = "characters that can be seen: no zero-width ones and no direction marks";
        return Err(Invalid::new(InvalidKind::Malformed, what, text, expected));
    }
    Ok(())
}

fn check_line(
    what: &'static str,
    text: &str,
    most: usize,
    expected: &'static str,
) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(Invalid::new(InvalidKind::Empty, what, text, expected));
    }
    if is_longer(text, most) {
        return Err(Invalid::new(InvalidKind::TooLarge, what, text, expected));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(
            InvalidKind::Malformed,
            what,
            text,
            "one line without control characters",
        ));
    }
    if text.trim() != text {
        let expected = "no space at either end";
        return Err(Invalid::new(InvalidKind::Malformed, what, text, expected));
    }
    Ok(())
}

fn check_text(what: &'static str, text: &str) -> Result<(), Invalid> {
    if is_longer(text, TEXT_CHARS) {
        return Err(Invalid::new(
            InvalidKind::TooLarge,
            what,
            text,
            "at most 20,000 characters",
        ));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(Invalid::new(
            InvalidKind::Malformed,
            what,
            text,
            "no control characters but tab and line breaks",
        ));
    }
    Ok(())
}

/// Words of the crate's own, which keep the limits.
#[cfg(feature = "verify")]
macro_rules! own {
    ($($text:ident $check:ident;)*) => { $(
        impl $text {
            pub(crate) fn own(word: &str) -> Self {
                debug_assert!($check("word", word).is_ok());
                Self(word.into())
            }
        }
    )* };
}

#[cfg(feature = "verify")]
own! {
    Name check_name;
    Text check_text;
    Person check_key;
    Environment check_key;
}

impl Key {
    /// A key of the crate's own, which keeps the limits.
    pub(crate) fn own(word: &str) -> Self {
        debug_assert!(check_key("key", word).is_ok());
        Self(word.into())
    }

    /// Sorts before every key; not one itself.
    pub(crate) fn before_all() -> Self {
        Self("".into())
    }

    /// As much of the text as a key may hold; what a key may not hold becomes a hyphen.
    pub(crate) fn clipped(text: &str) -> Self {
        let kept: String = text
            .trim()
            .chars()
            .take(KEY_CHARS)
            .map(|c| if is_unseen(c) { '-' } else { c })
            .collect();
        Self(if kept.trim().is_empty() {
            "-".into()
        } else {
            kept.trim().into()
        })
    }
}

impl Text {
    /// As much of the text as fits, control characters made visible.
    pub(crate) fn clipped(text: &str) -> Self {
        let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let clipped = text.chars().take(TEXT_CHARS);
        Self(
            clipped
                .map(|c| {
                    if kept(&c) {
                        c
                    } else {
                        char::REPLACEMENT_CHARACTER
                    }
                })
                .collect::<String>()
                .into(),
        )
    }

    /// Whether there is nothing but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl Person {
    /// One of whom nothing is known but that it is a person.
    pub(crate) fn somebody() -> Self {
        Self("somebody".into())
    }
}

/// The tenant of a host that has only one.
impl Default for Tenant {
    fn default() -> Self {
        Self("default".into())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self("".into())
    }
}

fn is_longer(text: &str, most: usize) -> bool {
    text.len() > most && text.chars().nth(most).is_some()
}

/// A collection of at most 1,000 entries.
///
/// An array converts as it is, its length checked by the compiler; what has a length only at run time goes through
/// [`Bounded::new`]. Reads like the collection inside.
///
/// # Examples
///
/// ```
/// use phasegate::release::Bounded;
///
/// let few: Bounded<Vec<u8>> = [1, 2, 3].into();
/// assert_eq!(few.len(), 3);
///
/// let refused = Bounded::new(vec![0_u8; 2_000]).unwrap_err();
/// assert_eq!(refused.to_string(), "invalid number of entries `2000`: expected at most 1000");
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Bounded<C>(C);

mod sealed {
    pub trait Count {
        fn count(&self) -> usize;
    }
}
use sealed::Count;

impl<T> Count for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }
}
impl<T> Count for BTreeSet<T> {
    fn count(&self) -> usize {
        self.len()
    }
}
impl<K, V> Count for BTreeMap<K, V> {
    fn count(&self) -> usize {
        self.len()
    }
}

impl<C: Count> Bounded<C> {
    /// Takes the collection if it is small enough.
    ///
    /// # Errors
    ///
    /// - too large: more than 1,000 entries
    pub fn new(entries: C) -> Result<Self, Invalid> {
        match entries.count() {
            0..=ENTRIES => Ok(Self(entries)),
            count => Err(Invalid::new(
                InvalidKind::TooLarge,
                "number of entries",
                count,
                format!("at most {ENTRIES}"),
            )),
        }
    }
}

impl<C> Bounded<C> {
    /// The collection inside.
    #[must_use]
    pub fn into_inner(self) -> C {
        self.0
    }
}

impl<C> Deref for Bounded<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.0
    }
}

impl<T, const N: usize> From<[T; N]> for Bounded<Vec<T>> {
    fn from(entries: [T; N]) -> Self {
        const { assert!(N <= ENTRIES, "more than 1,000 entries") };
        Self(entries.into())
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Bounded<BTreeSet<T>> {
    fn from(entries: [T; N]) -> Self {
        const { assert!(N <= ENTRIES, "more than 1,000 entries") };
        Self(entries.into())
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Bounded<BTreeMap<K, V>> {
    fn from(entries: [(K, V); N]) -> Self {
        const { assert!(N <= ENTRIES, "more than 1,000 entries") };
        Self(entries.into())
    }
}

impl<'de, C: Count + Deserialize<'de>> Deserialize<'de> for Bounded<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(C::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Name::new("ß".repeat(200)).is_ok());
        assert_eq!(
            Name::new("ß".repeat(201)).unwrap_err().kind(),
            InvalidKind::TooLarge
        );
        assert!(Text::new("").is_ok() && Text::new("a\n\tb").is_ok());
        assert_eq!(
            Text::new("x".repeat(20_001)).unwrap_err().kind(),
            InvalidKind::TooLarge
        );
    }

    #[test]
    fn control_characters_and_outer_spaces_are_refused() {
        for bad in ["a\nb", "a\0b", "\u{1b}[31m"] {
            assert_eq!(
                Name::new(bad).unwrap_err().kind(),
                InvalidKind::Malformed,
                "{bad:?}"
            );
            assert!(Key::new(bad).is_err());
        }
        assert!(Text::new("a\0").is_err());
        for bad in [
            "k\u{200b}im",
            "kim\u{ad}",
            "\u{feff}kim",
            "a\u{202e}b",
            "a\u{2028}b",
        ] {
            let refused = Person::new(bad).unwrap_err();
            assert_eq!(refused.kind(), InvalidKind::Malformed, "{bad:?}");
            assert_eq!(
                Key::clipped(bad)
                    .as_str()
                    .chars()
                    .filter(|&c| is_unseen(c))
                    .count(),
                0
            );
        }
        for bad in [" a", "a ", "\u{a0}a"] {
            assert_eq!(
                Key::new(bad).unwrap_err().kind(),
                InvalidKind::Malformed,
                "{bad:?}"
            );
        }
    }

    #[test]
    fn reading_keeps_the_same_limits() {
        assert!(serde_json::from_str::<Key>("\"\"").is_err());
        assert!(serde_json::from_str::<Name>(&format!("\"{}\"", "x".repeat(201))).is_err());
        let many = serde_json::to_string(&vec![0; ENTRIES + 1]).unwrap();
        assert!(serde_json::from_str::<Bounded<Vec<u8>>>(&many).is_err());
    }
}
