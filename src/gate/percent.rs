//! Shares of a hundred.

use crate::phase::{Invalid, InvalidKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A share of a hundred, from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

impl Percent {
    /// Nothing.
    #[cfg(feature = "verify")]
    pub(crate) const NONE: Self = Self(0);

    /// Everything.
    #[cfg(feature = "verify")]
    pub(crate) const ALL: Self = Self(100);

    /// This many of a hundred.
    ///
    /// # Errors
    ///
    /// - out of range: more than 100
    pub fn new(percent: u8) -> Result<Self, Invalid> {
        match percent {
            0..=100 => Ok(Self(percent)),
            _ => Err(Invalid::new(
                InvalidKind::OutOfRange,
                "percentage",
                percent,
                "0 to 100",
            )),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Percent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 100 })
    }
}

impl TryFrom<u8> for Percent {
    type Error = Invalid;
    fn try_from(percent: u8) -> Result<Self, Invalid> {
        Self::new(percent)
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}
