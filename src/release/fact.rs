//! What the host knew when a decision was made.

use super::id::{Stream, Version};
use super::limits::FACT_HOLDS;
use super::text::Text;
use super::words::plain;
use crate::phase::Instant;
use serde::{Deserialize, Serialize};

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(Text),
    /// A point in time.
    Instant(Instant),
}

plain! {
    /// Where in a stream a fact was read; the commit holds only if nothing came after.
    pub struct FactSource {
        /// The stream.
        stream: Stream,
        /// Its version when the fact was read.
        version: Version,
    }

    /// Something that the host knows and a policy may ask for.
    pub struct Fact {
        /// Its value.
        value: FactValue,
        /// When it was read.
        read_at: Instant,
    } with {
        /// Until when it holds; if it does not say, for 5 minutes after it was read.
        holds_until: Option<Instant>,
        /// The stream that it was read from, if it came from one.
        source: Option<FactSource>,
    }
}

impl Fact {
    /// Until when the fact holds.
    #[must_use]
    pub fn expires(&self) -> Instant {
        self.holds_until
            .unwrap_or_else(|| self.read_at.plus(FACT_HOLDS))
    }
}

impl From<i64> for FactValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<i32> for FactValue {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for FactValue {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

/// Larger than a whole number of ours can be: the largest.
impl From<usize> for FactValue {
    fn from(number: usize) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for FactValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Instant> for FactValue {
    fn from(at: Instant) -> Self {
        Self::Instant(at)
    }
}

/// Cut to the limit of [`Text`].
impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        Self::Text(Text::clipped(text))
    }
}
