//! Who fills which place: the largest matching between people and rules, so that neither order nor greed decides.

use std::collections::VecDeque;

/// Rules that need this many people, and people who may each fill a place.
///
/// Each person fills one place in all; the matching is the largest that there is (augmenting paths, Berge 1957).
/// Costs at most people x rules x (people + rules) steps, and no recursion.
#[derive(Debug, Clone)]
pub(super) struct Matching {
    /// How many each rule needs.
    needs: Vec<usize>,
    /// Who fills the places of each rule.
    filled: Vec<Vec<usize>>,
    /// The rules that each person may fill.
    may: Vec<Vec<usize>>,
}

impl Matching {
    /// Rules that need this many, and nobody yet.
    pub(super) fn of(needs: Vec<usize>) -> Self {
        Self {
            filled: vec![Vec::new(); needs.len()],
            may: Vec::new(),
            needs,
        }
    }

    /// Adds a person who may fill these rules, and finds them a place if there is one, moving others where that helps.
    pub(super) fn add(&mut self, may: Vec<usize>) -> bool {
        let free = may.iter().copied().find(|&rule| self.has_room(rule));
        if let Some(filled) = free.and_then(|rule| self.filled.get_mut(rule)) {
            filled.push(self.may.len());
            self.may.push(may);
            return true;
        }
        let path = self.path(&may);
        self.may.push(may);
        let Some(path) = path else {
            return false;
        };
        // Along the path each rule takes one in and sends the next one on.
        let mut person = self.may.len() - 1;
        for (rule, sent_on) in path {
            let Some(filled) = self.filled.get_mut(rule) else {
                return false;
            };
            match sent_on.and_then(|sent| filled.iter_mut().find(|one| **one == sent)) {
                Some(place) => person = std::mem::replace(place, person),
                None => filled.push(person),
            }
        }
        true
    }

    fn has_room(&self, rule: usize) -> bool {
        let places = self.needs.get(rule).zip(self.filled.get(rule));
        places.is_some_and(|(needed, filled)| filled.len() < *needed)
    }

    /// Whether one more person who may fill these rules would find a place.
    pub(super) fn helps(&self, may: &[usize]) -> bool {
        self.path(may).is_some()
    }

    /// How many places of each rule are empty; their sum is the least that there can be.
    pub(super) fn missing(&self) -> impl Iterator<Item = usize> {
        self.needs
            .iter()
            .zip(&self.filled)
            .map(|(needed, filled)| needed - filled.len())
    }

    /// Whether every place is filled.
    pub(super) fn is_complete(&self) -> bool {
        self.missing().all(|missing| missing == 0)
    }

    /// The shortest way to an empty place: rules, each with the person that it sends on to the next.
    fn path(&self, may: &[usize]) -> Option<Vec<(usize, Option<usize>)>> {
        let mut reached = vec![Reached::No; self.needs.len()];
        let mut next: VecDeque<usize> = VecDeque::new();
        for &rule in may {
            if let Some(way @ Reached::No) = reached.get_mut(rule) {
                *way = Reached::Directly;
                next.push_back(rule);
            }
        }
        while let Some(rule) = next.pop_front() {
            if self.has_room(rule) {
                return Some(way_to(rule, &reached));
            }
            for &person in self.filled.get(rule)? {
                for &other in self.may.get(person)? {
                    if let Some(way @ Reached::No) = reached.get_mut(other) {
                        *way = Reached::BySending { person, from: rule };
                        next.push_back(other);
                    }
                }
            }
        }
        None
    }
}

/// How the search came to a rule.
#[derive(Clone, Copy)]
enum Reached {
    No,
    Directly,
    /// From another rule, which would send that person on.
    BySending {
        person: usize,
        from: usize,
    },
}

/// The path to a rule, from its beginning.
fn way_to(last: usize, reached: &[Reached]) -> Vec<(usize, Option<usize>)> {
    let mut path = vec![(last, None)];
    let mut rule = last;
    while let Some(&Reached::BySending { person, from }) = reached.get(rule) {
        path.push((from, Some(person)));
        rule = from;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matched(needs: &[usize], people: &[Vec<usize>]) -> Matching {
        let mut matching = Matching::of(needs.to_vec());
        for may in people {
            matching.add(may.clone());
        }
        matching
    }

    /// The most places that can be filled, by trying everything.
    fn most(needs: &mut [usize], people: &[Vec<usize>]) -> usize {
        let Some((may, rest)) = people.split_first() else {
            return 0;
        };
        let mut best = most(needs, rest);
        for &rule in may {
            if needs[rule] > 0 {
                needs[rule] -= 1;
                best = best.max(1 + most(needs, rest));
                needs[rule] += 1;
            }
        }
        best
    }

    #[test]
    fn who_came_first_makes_room_for_who_can_do_nothing_else() {
        // Ann may answer both rules, Bob only the first; taking the first free place for Ann would lock Bob out.
        let both = matched(&[1, 1], &[vec![0, 1], vec![0]]);
        assert!(both.is_complete());
    }

    #[test]
    fn rules_add_up_and_are_not_merged() {
        let people = [vec![0], vec![1]];
        let matching = matched(&[1, 2], &people);
        assert_eq!(matching.missing().collect::<Vec<_>>(), [0, 1]);
        assert!(matching.helps(&[1]) && !matching.helps(&[0]));
    }

    #[test]
    fn a_thousand_people_and_a_thousand_rules_are_matched() {
        // Everybody has to move over by one when the last one comes.
        let people: Vec<_> = (0..999).map(|rule| vec![rule, rule + 1]).collect();
        let mut matching = matched(&[1; 1_000], &people);
        assert!(matching.add(vec![0]));
        assert!(matching.is_complete());
    }

    proptest! {
        #[test]
        fn it_is_as_large_as_trying_everything_finds_whatever_the_order(
            needs in prop::collection::vec(0_usize..4, 1..4),
            people in prop::collection::vec(prop::collection::vec(0_usize..3, 0..4), 0..6),
            turn in 0_usize..6,
        ) {
            let mut people: Vec<Vec<usize>> = people
                .into_iter()
                .map(|may| may.into_iter().filter(|rule| *rule < needs.len()).collect())
                .collect();
            let all: usize = needs.iter().sum();
            let best = most(&mut needs.clone(), &people);
            let matching = matched(&needs, &people);
            prop_assert_eq!(matching.missing().sum::<usize>(), all - best);
            prop_assert_eq!(matching.is_complete(), all == best);
            for rule in 0..needs.len() {
                people.push(vec![rule]);
                let more = most(&mut needs.clone(), &people);
                people.pop();
                prop_assert_eq!(matching.helps(&[rule]), more > best);
            }
            let turn = turn.min(people.len());
            people.rotate_left(turn);
            for may in &mut people {
                may.reverse();
            }
            prop_assert_eq!(matched(&needs, &people).missing().sum::<usize>(), all - best);
        }
    }
}
