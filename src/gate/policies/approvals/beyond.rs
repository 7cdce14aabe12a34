//! What could never be met, whatever happens: rules that ask for more people than there are.

use super::ApprovalsPolicy;
use crate::gate::tally::{Tally, places};
use crate::release::{Person, Role};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Rules that those who hold the roles cannot meet.
pub(in crate::gate) enum Beyond {
    None,
    /// These, by their places.
    Alone(Vec<(usize, Shortage)>),
    /// All together.
    Together(Shortage),
}

/// How many people have to approve, and how many could.
#[derive(Debug, Clone, Copy)]
pub(in crate::gate) struct Shortage {
    needed: usize,
    pub(super) found: usize,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, found } = self;
        match needed {
            1 => write!(f, "needs 1 approval")?,
            _ => write!(f, "needs {needed} approvals")?,
        }
        match found {
            0 => write!(f, ", and nobody has the model's roles"),
            1 => write!(f, ", and the model's roles have only 1 person"),
            _ => write!(f, ", and the model's roles have only {found} people"),
        }
    }
}

impl ApprovalsPolicy {
    /// The rules that could never be met by those who hold the roles, each with how many could approve; all rules
    /// together, where each could be met on its own. A rule whose roles are not all known is passed over.
    pub(in crate::gate) fn beyond(&self, holders: &BTreeMap<Role, BTreeSet<Person>>) -> Beyond {
        let rules = self.rules().iter().enumerate();
        let known: Vec<_> = rules
            .filter_map(|(place, rule)| {
                let people = rule.known(holders)?;
                let found = people.len();
                let needed = rule.needed(|| found);
                Some((place, Shortage { needed, found }, people))
            })
            .collect();
        let alone = known
            .iter()
            .filter(|(_, short, _)| short.found < short.needed);
        let alone: Vec<_> = alone.map(|(place, short, _)| (*place, *short)).collect();
        if !alone.is_empty() {
            return Beyond::Alone(alone);
        }
        let everybody: BTreeSet<_> = known.iter().flat_map(|(.., people)| people).collect();
        let needs: Vec<_> = known.iter().map(|(_, short, _)| short.needed).collect();
        let together = Shortage {
            needed: needs.iter().sum(),
            found: everybody.len(),
        };
        let mut tally = Tally::of(self.0.people, needs);
        for person in everybody {
            tally.add(places(
                known.iter().map(|(.., people)| people.contains(person)),
            ));
        }
        if tally.is_complete() {
            Beyond::None
        } else {
            Beyond::Together(together)
        }
    }
}
