//! Who is matched: how far the answers that count meet the rules, and until when.

use super::ApprovalsPolicy;
use super::answers::Answered;
use crate::gate::Ask;
use crate::gate::tally::Tally;
use crate::phase::Instant;
use crate::release::{Person, Verdict};
use std::collections::BTreeMap;

impl ApprovalsPolicy {
    /// How many have to approve by each rule.
    pub(super) fn needs(&self, ask: &Ask<'_>) -> Vec<usize> {
        let rules = self.rules().iter();
        let needs = rules.map(|rule| {
            rule.needed(|| {
                let electorate = rule.electorate(ask.state()).into_iter();
                let may = electorate.filter(|person| self.duty_of(ask, person).is_none());
                may.count()
            })
        });
        needs.collect()
    }

    /// That these answers are enough, for as long as that can be; nothing if they are not.
    ///
    /// Who stands in is one person with whom they stand in for, so that an answer for somebody can cost a place. It
    /// need not be used: enough is what is enough with some of them. Of more than 4, all are used or none.
    pub(super) fn met(&self, needs: &[usize], counted: &[Answered<'_>]) -> Option<Verdict> {
        let stand_ins = counted.iter().filter(|one| !one.is_in_person()).count();
        let kept: Vec<u32> = match stand_ins {
            0 => return self.met_by(needs, counted).map(Ends::verdict),
            1..=4 => (0..1 << stand_ins).collect(),
            _ => vec![0, u32::MAX],
        };
        let ends = kept.into_iter().filter_map(|kept| {
            let mut place = 0;
            let is_kept = |one: &&Answered<'_>| {
                if one.is_in_person() {
                    return true;
                }
                let is_kept = kept == u32::MAX || kept >> place & 1 == 1;
                place = (place + 1) % u32::BITS;
                is_kept
            };
            let some: Vec<_> = counted.iter().filter(is_kept).copied().collect();
            self.met_by(needs, &some)
        });
        ends.max().map(Ends::verdict)
    }

    fn met_by(&self, needs: &[usize], counted: &[Answered<'_>]) -> Option<Ends> {
        let is_met = self.tally(needs, counted.iter()).is_complete();
        is_met.then(|| self.lasts(needs, counted).map_or(Ends::Never, Ends::At))
    }

    /// How far these answers meet the rules.
    ///
    /// Whoever answers for others is one person with them: nobody fills two places by standing in.
    pub(super) fn tally<'a>(
        &self,
        needs: &[usize],
        answers: impl Iterator<Item = &'a Answered<'a>> + Clone,
    ) -> Tally {
        self.tally_of(&OnePerson::among(answers.clone()), needs, answers)
    }

    /// The same, where these count as one person.
    pub(super) fn tally_of<'a>(
        &self,
        people: &OnePerson<'a>,
        needs: &[usize],
        answers: impl Iterator<Item = &'a Answered<'a>>,
    ) -> Tally {
        let fitting = answers.flat_map(|one| {
            let person = people.of(one.person);
            let rules = self.rules().iter().enumerate();
            let fitting = rules.filter(|(_, rule)| rule.is_for(one.person, one.role));
            fitting.map(move |(place, _)| (person, place))
        });
        let mut fitting: Vec<_> = fitting.collect();
        // Who fits a rule by two roles still fills one place of it.
        fitting.sort_unstable();
        fitting.dedup();
        let mut tally = Tally::of(self.0.people, needs.to_vec());
        for places in fitting.chunk_by(|(one, _), (next, _)| one == next) {
            tally.add(places.iter().map(|(_, place)| *place));
        }
        tally
    }

    /// The latest instant until which enough of them last.
    fn lasts(&self, needs: &[usize], counted: &[Answered<'_>]) -> Option<Instant> {
        let mut ends: Vec<_> = counted.iter().filter_map(|one| one.until).collect();
        ends.sort_unstable();
        ends.dedup();
        // Who is one person stays one: were they two once an answer ends, later could be more than now.
        let people = OnePerson::among(counted.iter());
        let are_enough_after = |end: &Instant| {
            let after = |one: &&Answered<'_>| one.until.is_none_or(|until| until > *end);
            let left = counted.iter().filter(after);
            self.tally_of(&people, needs, left).is_complete()
        };
        let over = ends.partition_point(are_enough_after);
        ends.get(over).copied()
    }
}

/// When enough answers are not enough any more.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    At(Instant),
    Never,
}

impl Ends {
    const fn verdict(self) -> Verdict {
        let until = match self {
            Self::At(until) => Some(until),
            Self::Never => None,
        };
        Verdict::Satisfied { until }
    }
}

/// Those who count as one person, because one of them stood in for another: each with one who comes before them.
#[derive(Default)]
pub(super) struct OnePerson<'a>(BTreeMap<&'a Person, &'a Person>);

impl<'a> OnePerson<'a> {
    fn among(answers: impl Iterator<Item = &'a Answered<'a>>) -> Self {
        let mut people = Self(BTreeMap::new());
        for one in answers {
            if let Some(stand_in) = one.given.stand_in(one.person) {
                let (first, second) = (people.of(one.person), people.of(stand_in));
                if first != second {
                    people.0.insert(first.max(second), first.min(second));
                }
            }
        }
        people
    }

    /// The first of those who count as one person with this one.
    fn of(&self, person: &'a Person) -> &'a Person {
        let mut person = person;
        while let Some(before) = self.0.get(person) {
            person = before;
        }
        person
    }
}
