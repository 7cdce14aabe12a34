//! Disruption to users: how long they could not work, and how many of them.

use super::facts::Down;
use super::scope::{Picked, Scope};
use super::{Exclusion, Kpi, Measure, fold};
use crate::phase::Interval;
use crate::release::Planning;
use std::collections::BTreeMap;

/// What was down in the period.
pub(super) struct Disruption {
    unplanned: Downtime,
    planned: Downtime,
}

struct Downtime {
    time: Measure,
    minutes: Measure,
    parts: Vec<Part>,
}

/// The part of an outage that lies in the period, and how many users it is said to have hit.
struct Part {
    span: Interval,
    users: Option<u64>,
}

impl Disruption {
    pub(super) fn begun(scope: &Scope<'_>) -> Self {
        let downtime = |time, minutes| Downtime {
            time: Measure::begun(time, scope.question),
            minutes: Measure::begun(minutes, scope.question),
            parts: Vec::new(),
        };
        Self {
            unplanned: downtime(Kpi::Disruption, Kpi::UserMinutes),
            planned: downtime(Kpi::PlannedDisruption, Kpi::PlannedUserMinutes),
        }
    }
}

impl<'a> fold::Part<'a> for Disruption {
    fn take(&mut self, scope: &Scope<'a>, release: &Picked<'a>) {
        for (_, outage) in scope.kpis.outages.of(release.place) {
            if scope.is_of_service(release, &outage.services) {
                match outage.planning {
                    Planning::Unplanned => self.unplanned.look(scope, outage),
                    Planning::Planned => self.planned.look(scope, outage),
                }
            }
        }
    }

    fn measures(self: Box<Self>, _scope: &Scope<'a>) -> Vec<Measure> {
        let downtimes = [self.unplanned, self.planned];
        downtimes.into_iter().flat_map(Downtime::measures).collect()
    }
}

impl Downtime {
    fn look(&mut self, scope: &Scope<'_>, outage: &Down) {
        let Self { time, minutes, .. } = self;
        if outage.ended.is_some_and(|ended| ended < outage.began) {
            if scope.is_in(outage.began) {
                time.leave_out(Exclusion::EndsBeforeItBegan);
                minutes.leave_out(Exclusion::EndsBeforeItBegan);
            }
            return;
        }
        let part = part(scope, outage);
        // One that was over as it began lasted for no time, and is one all the same.
        if part.is_none() && !scope.is_in(outage.began) {
            return;
        }
        time.sample += 1;
        time.is_provisional |= outage.ended.is_none();
        minutes.is_provisional |= outage.ended.is_none();
        match outage.users {
            Some(_) => minutes.sample += 1,
            None => minutes.leave_out(Exclusion::UsersNotSaid),
        }
        self.parts.extend(part);
    }

    fn measures(self) -> [Measure; 2] {
        let Self {
            mut time,
            mut minutes,
            parts,
        } = self;
        (time.numerator, minutes.numerator) = union(&parts);
        (time.denominator, minutes.denominator) = (1_000_000, 60_000_000);
        // That nobody said how many is not that it was nobody.
        let is_said = minutes.sample > 0 || minutes.exclusions.is_empty();
        let mut minutes = minutes.mean();
        minutes.value = minutes.value.filter(|_| is_said);
        [time.mean(), minutes]
    }
}

/// What lasts is counted up to the instant for which it is told.
fn part(scope: &Scope<'_>, outage: &Down) -> Option<Part> {
    let end = outage.ended.unwrap_or(scope.question.as_of);
    let span = Interval::between(outage.began, end)?.overlap(scope.interval)?;
    let users = outage.users;
    Some(Part { span, users })
}

/// How many microseconds at least one outage lasted, and the same times the largest number of users that was stated
/// for each of them.
fn union(parts: &[Part]) -> (i128, i128) {
    let mut edges = Vec::with_capacity(parts.len() * 2);
    for part in parts {
        edges.push((part.span.start().unix_micros(), true, part.users));
        edges.push((part.span.end().unix_micros(), false, part.users));
    }
    edges.sort_unstable();
    let (mut down, mut hit) = (0, 0);
    let mut running = 0_u64;
    let mut users: BTreeMap<u64, u64> = BTreeMap::new();
    let mut since = 0;
    for (at, begins, said) in edges {
        if running > 0 {
            let lasted = i128::from(at - since);
            down += lasted;
            let most = users.last_key_value().map_or(0, |(most, _)| *most);
            hit += lasted.saturating_mul(most.into());
        }
        since = at;
        let said = said.map(|said| (said, users.get(&said).copied().unwrap_or(0)));
        if begins {
            running += 1;
            users.extend(said.map(|(said, count)| (said, count + 1)));
        } else {
            running -= 1;
            match said {
                Some((said, 1)) => drop(users.remove(&said)),
                Some((said, count)) => drop(users.insert(said, count - 1)),
                None => {}
            }
        }
    }
    (down, hit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Instant;

    fn part(start: i64, end: i64, users: Option<u64>) -> Part {
        let at = |second: i64| Instant::from_unix_micros(second * 1_000_000).unwrap();
        Part {
            span: Interval::new(at(start), at(end)).unwrap(),
            users,
        }
    }

    #[test]
    fn what_overlaps_counts_once_and_with_the_most_users() {
        let seconds = |parts: &[Part]| {
            let (down, hit) = union(parts);
            (down / 1_000_000, hit / 1_000_000)
        };
        assert_eq!(seconds(&[]), (0, 0));
        let apart = [part(0, 10, Some(2)), part(20, 30, None)];
        assert_eq!(seconds(&apart), (20, 20));
        let nested = [
            part(0, 100, Some(5)),
            part(10, 20, Some(50)),
            part(15, 120, Some(50)),
        ];
        assert_eq!(seconds(&nested), (120, 10 * 5 + 110 * 50));
        let touching = [
            part(0, 10, Some(1)),
            part(10, 20, Some(1)),
            part(0, 10, Some(1)),
        ];
        assert_eq!(seconds(&touching), (20, 20));
    }
}
