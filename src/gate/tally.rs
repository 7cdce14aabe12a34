//! How far people meet rules: each rule by people of its own, or one person for every rule that they fit.

use super::matching::Matching;
use serde::{Deserialize, Serialize};

/// Whether one person may answer for more than one rule.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Distinctness {
    /// Each rule needs people of its own.
    #[default]
    DifferentPeople,
    /// One person counts for every rule that they fit.
    AnyRule,
}

/// How many people the rules still need.
#[derive(Debug, Clone)]
pub(super) enum Tally {
    Different(Matching),
    Any(Vec<usize>),
}

impl Tally {
    /// Rules that need this many, and nobody yet.
    pub(super) fn of(people: Distinctness, needs: Vec<usize>) -> Self {
        // One rule alone needs nobody moved to another.
        match people {
            Distinctness::DifferentPeople if needs.len() > 1 => {
                Self::Different(Matching::of(needs))
            }
            Distinctness::DifferentPeople | Distinctness::AnyRule => Self::Any(needs),
        }
    }

    /// Adds a person who fits these rules.
    pub(super) fn add(&mut self, rules: impl IntoIterator<Item = usize>) {
        match self {
            Self::Different(matching) => {
                matching.add(rules.into_iter().collect());
            }
            Self::Any(missing) => {
                for rule in rules {
                    if let Some(needed) = missing.get_mut(rule) {
                        *needed = needed.saturating_sub(1);
                    }
                }
            }
        }
    }

    /// How many each rule still needs.
    pub(super) fn missing(&self) -> Vec<usize> {
        match self {
            Self::Different(matching) => matching.missing().collect(),
            Self::Any(missing) => missing.clone(),
        }
    }

    /// Whether no rule needs anybody any more.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Different(matching) => matching.is_complete(),
            Self::Any(missing) => missing.iter().all(|missing| *missing == 0),
        }
    }

    /// Whether one more person who fits these rules would bring them further.
    pub(super) fn helps(&self, rules: &[usize]) -> bool {
        match self {
            Self::Different(matching) => matching.helps(rules),
            Self::Any(missing) => rules.iter().any(|rule| missing.get(*rule) > Some(&0)),
        }
    }
}

/// The places at which it is true.
pub(super) fn places(is_true: impl Iterator<Item = bool>) -> impl Iterator<Item = usize> {
    let numbered = is_true.enumerate().filter(|(_, is_true)| *is_true);
    numbered.map(|(place, _)| place)
}
