//! What could never be met, whatever happens: rules that ask for more people than there are.

use super::ApprovalsPolicy;
use crate::gate::tally::{Tally, places};
use crate::release::{Person, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Rules that those who hold the roles cannot meet.
pub(in crate::gate) enum Shortfall {
    None,
    /// Each of these, by their places.
    OfRules(Vec<(usize, Shortage)>),
    /// All rules together.
    OfAll(Shortage),
}

/// How many people have to approve, and how many could.
#[derive(Debug, Clone, Copy)]
pub(in crate::gate) struct Shortage {
    pub(in crate::gate) needed: usize,
    pub(in crate::gate) found: usize,
}

impl ApprovalsPolicy {
    /// The rules that could never be met by those who hold the roles, each with how many could approve; all rules
    /// together, where each could be met on its own. A rule whose roles are not all known is passed over.
    pub(in crate::gate) fn shortfall(
        &self,
        holders: &BTreeMap<Role, BTreeSet<Person>>,
    ) -> Shortfall {
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
            return Shortfall::OfRules(alone);
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
            Shortfall::None
        } else {
            Shortfall::OfAll(together)
        }
    }
}
