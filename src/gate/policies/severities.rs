//! How many open things of each severity are allowed.

use crate::phase::{Invalid, InvalidKind};
use crate::release::Severity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// At most this many of a severity and worse.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Severity, u32>")]
pub(super) struct AtMost(BTreeMap<Severity, u32>);

/// A number that another one makes void is a mistake.
impl TryFrom<BTreeMap<Severity, u32>> for AtMost {
    type Error = Invalid;

    fn try_from(most: BTreeMap<Severity, u32>) -> Result<Self, Invalid> {
        let pairs = most.iter().zip(most.iter().skip(1));
        for ((lesser, least), (severity, count)) in pairs {
            if count > least {
                let what = format!("number of {}", and_worse(*severity));
                let expected = format!("at most {least}, the number of {}", and_worse(*lesser));
                return Err(Invalid::new(InvalidKind::OutOfRange, what, count, expected));
            }
        }
        Ok(Self(most))
    }
}

impl AtMost {
    pub(super) fn one(most: u32, severity: Severity) -> Self {
        Self(BTreeMap::from([(severity, most)]))
    }

    /// The same, and at most this many of this severity and worse.
    pub(super) fn and(self, most: u32, severity: Severity) -> Result<Self, Invalid> {
        let mut all = self.0;
        all.insert(severity, most);
        all.try_into()
    }

    /// Where there are too many: of which severity and worse, how many are allowed, and which there are.
    pub(super) fn excess<T: Clone>(&self, open: &[(Severity, T)]) -> Vec<(Severity, u32, Vec<T>)> {
        let found = |severity: Severity| {
            let bad = open.iter().filter(move |(found, _)| *found >= severity);
            bad.map(|(_, what)| what.clone()).collect::<Vec<_>>()
        };
        let counted = self
            .0
            .iter()
            .map(|(severity, most)| (*severity, *most, found(*severity)));
        counted
            .filter(|(_, most, found)| found.len() > *most as usize)
            .collect()
    }
}

pub(super) fn and_worse(severity: Severity) -> String {
    match severity {
        Severity::Trivial | Severity::Minor | Severity::Major => format!("{severity} or worse"),
        Severity::Critical => severity.to_string(),
    }
}
