//! Planned deployments that get in each other's way: found once, whoever asks, and never more than there are.

use phasegate::phase::{Instant, Interval};
use phasegate::release::{Environment, Key, Person, ReleaseId, Service};
use phasegate::schedule::{
    Booking, Conflict, ConflictKind, Conflicts, Distance, Gap, Neighbours, ServiceGraph,
    ServiceMap, Touched, conflicts, conflicts_of,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn window(start: i64, end: i64) -> Interval {
    let at = |micros| Instant::from_unix_micros(micros).unwrap();
    Interval::new(at(start), at(end)).unwrap()
}

fn release(number: u8) -> ReleaseId {
    ReleaseId::from(Uuid::from_u128(number.into()))
}

fn service(number: u8) -> Service {
    Service::new(format!("s{number}")).unwrap()
}

fn item(number: u8) -> Key {
    Key::new(format!("s{number}")).unwrap()
}

fn kim() -> Person {
    Person::new("kim").unwrap()
}

/// Services below 6, configuration items from there on; by names that a mix-up would confuse.
fn thing(number: u8) -> Touched {
    if number < 6 {
        service(number).into()
    } else {
        item(number - 6).into()
    }
}

/// A service map whose relations lead one way only, as no host should have it.
struct OneWay(BTreeSet<(Touched, Touched)>);

impl ServiceMap for OneWay {
    fn parents<'a>(&'a self, _of: &'a Touched) -> Neighbours<'a> {
        Box::new(std::iter::empty())
    }

    fn children<'a>(&'a self, of: &'a Touched) -> Neighbours<'a> {
        let from = self.0.iter().filter(move |(from, _)| from == of);
        Box::new(from.map(|(_, to)| to.clone()))
    }
}

type Sets = (BTreeSet<u8>, BTreeSet<u8>, BTreeSet<u8>, BTreeSet<u8>);

fn bookings() -> impl Strategy<Value = Booking> {
    let some = |below: u8| prop::collection::btree_set(0..below, 0..3);
    let sets = (some(6), some(6), some(3), some(3));
    let booking = (
        0_u8..8,
        0_i64..40,
        prop_oneof![8 => 1_i64..8, 1 => Just(60)],
        sets,
    );
    booking.prop_map(|(number, start, length, sets)| {
        let (services, items, people, environments): Sets = sets;
        let mut booking = Booking::new(window(start, start + length), release(number));
        let all = |set: BTreeSet<u8>| set.into_iter();
        booking.services = bounded(all(services).map(service));
        booking.configuration_items = bounded(all(items).map(item));
        booking.people = bounded(all(people).map(|n| Person::new(format!("p{n}")).unwrap()));
        let environments = all(environments);
        booking.environments =
            bounded(environments.map(|n| Environment::new(format!("e{n}")).unwrap()));
        booking
    })
}

fn bounded<T: Ord>(all: impl Iterator<Item = T>) -> phasegate::release::Bounded<BTreeSet<T>> {
    phasegate::release::Bounded::new(all.collect()).unwrap()
}

fn relations() -> impl Strategy<Value = BTreeSet<(Touched, Touched)>> {
    let pair = (0_u8..12, 0_u8..12).prop_map(|(from, to)| (thing(from), thing(to)));
    prop::collection::btree_set(pair, 0..14)
}

/// The graph with the same relations, every other one as a parent and its child.
fn graph(relations: &BTreeSet<(Touched, Touched)>) -> ServiceGraph {
    let mut graph = ServiceGraph::new();
    for (number, (one, other)) in relations.iter().enumerate() {
        let (one, other) = (one.clone(), other.clone());
        graph = if number % 2 == 0 {
            graph.with_child(one, other)
        } else {
            graph.with_related(one, other)
        };
    }
    graph
}

/// How far things are apart along the relations, computed by widening every known distance until nothing changes.
fn distances(relations: &BTreeSet<(Touched, Touched)>) -> BTreeMap<(Touched, Touched), usize> {
    let mut known = BTreeMap::new();
    for number in 0..12 {
        known.insert((thing(number), thing(number)), 0);
    }
    loop {
        let mut wider = known.clone();
        for ((start, end), far) in &known {
            for (_, next) in relations.iter().filter(|(from, _)| from == end) {
                let way = wider
                    .entry((start.clone(), next.clone()))
                    .or_insert(far + 1);
                *way = (*way).min(far + 1);
            }
        }
        if wider == known {
            return known;
        }
        known = wider;
    }
}

fn touched(booking: &Booking) -> Vec<Touched> {
    let services = booking.services.iter().cloned().map(Touched::Service);
    let items = booking
        .configuration_items
        .iter()
        .cloned()
        .map(Touched::Item);
    services.chain(items).collect()
}

/// What a conflict says, with the length of the way instead of the way.
type Told = (Interval, [ReleaseId; 2], Result<ConflictKind, usize>);

fn told(conflict: &Conflict) -> Told {
    let kind = if let ConflictKind::Related(way) = &conflict.kind {
        Err(way.len() - 1)
    } else {
        Ok(conflict.kind.clone())
    };
    (conflict.overlap, conflict.between, kind)
}

/// Every pair, by the words of the documentation.
fn by_hand(
    bookings: &[Booking],
    far: &BTreeMap<(Touched, Touched), usize>,
    distance: usize,
) -> BTreeSet<Told> {
    let mut found = BTreeSet::new();
    for one in bookings {
        for other in bookings {
            let start = one.window.start().max(other.window.start());
            let end = one.window.end().min(other.window.end());
            if one.release >= other.release || start >= end {
                continue;
            }
            let mut say = |kind| {
                let between = [one.release, other.release];
                found.insert((Interval::new(start, end).unwrap(), between, kind))
            };
            for person in one.people.iter().filter(|&one| other.people.contains(one)) {
                say(Ok(ConflictKind::SamePerson(person.clone())));
            }
            let share = one
                .environments
                .iter()
                .any(|one| other.environments.contains(one));
            if !share && !one.environments.is_empty() && !other.environments.is_empty() {
                continue;
            }
            let (ours, theirs) = (touched(one), touched(other));
            let common: Vec<_> = ours.iter().filter(|&one| theirs.contains(one)).collect();
            for same in &common {
                match same {
                    Touched::Service(same) => say(Ok(ConflictKind::SameService(same.clone()))),
                    Touched::Item(same) => say(Ok(ConflictKind::SameItem(same.clone()))),
                    other => panic!("{other}"),
                };
            }
            let pairs = ours
                .iter()
                .flat_map(|one| theirs.iter().map(move |other| (one, other)));
            let ways = pairs.flat_map(|(one, other)| {
                [(one.clone(), other.clone()), (other.clone(), one.clone())]
            });
            let nearest = ways.filter_map(|way| far.get(&way)).min();
            if let Some(nearest) = nearest.filter(|far| common.is_empty() && **far <= distance) {
                say(Err(*nearest));
            }
        }
    }
    found
}

/// Every way begins and ends at what the two releases touch, and follows relations, all one way or all the other.
fn check_ways(found: &Conflicts, bookings: &[Booking], relations: &BTreeSet<(Touched, Touched)>) {
    let touches = |release, thing| {
        let mut of = bookings.iter().filter(|one| one.release == release);
        of.any(|one| touched(one).contains(thing))
    };
    for conflict in &found.found {
        let ConflictKind::Related(way) = &conflict.kind else {
            continue;
        };
        let [first, second] = conflict.between;
        assert!(touches(first, way.first().unwrap()) && touches(second, way.last().unwrap()));
        let steps = || {
            way.windows(2)
                .map(|step| (step[0].clone(), step[1].clone()))
        };
        let forward = steps().all(|step| relations.contains(&step));
        let back = steps().all(|(from, to)| relations.contains(&(to, from)));
        assert!(forward || back, "{conflict}");
    }
}

/// All laws at once: as by hand, in order, whatever the order of the bookings, and the same for one candidate.
fn check(
    bookings: &[Booking],
    map: &dyn ServiceMap,
    relations: &BTreeSet<(Touched, Touched)>,
    distance: u8,
) {
    let reach = Distance::new(distance).unwrap();
    let found = conflicts(bookings, map, reach);
    assert!(found.is_complete());
    let all: BTreeSet<_> = found.found.iter().map(told).collect();
    assert_eq!(
        all,
        by_hand(bookings, &distances(relations), distance.into())
    );
    assert!(
        found.found.is_sorted_by(|one, next| one < next),
        "each once"
    );
    check_ways(&found, bookings, relations);

    assert_eq!(conflicts(bookings.iter().rev(), map, reach), found);
    assert_eq!(
        conflicts(bookings.iter().chain(bookings), map, reach),
        found
    );

    let mut by_candidate = Vec::new();
    for candidate in bookings {
        let of = conflicts_of(candidate, bookings, map, reach);
        assert!(of.is_complete() && of.found.is_sorted());
        for conflict in of.found {
            assert!(conflict.other(candidate.release).is_some());
            by_candidate.push(conflict);
        }
    }
    by_candidate.sort();
    by_candidate.dedup();
    assert_eq!(by_candidate, found.found, "symmetric");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn all_pairs_are_found_and_no_others(
        bookings in prop::collection::vec(bookings(), 0..20),
        relations in relations(),
        distance in 0_u8..=5,
    ) {
        let both_ways: BTreeSet<_> = relations
            .iter()
            .flat_map(|(one, other)| [(one.clone(), other.clone()), (other.clone(), one.clone())])
            .collect();
        check(&bookings, &graph(&relations), &both_ways, distance);
        check(&bookings, &OneWay(relations.clone()), &relations, distance);
    }

    #[test]
    fn what_touches_does_not_conflict(booking in bookings(), length in 1_i64..50) {
        let mut after = booking.clone();
        after.release = release(99);
        let end = booking.window.end().unix_micros();
        after.window = window(end, end + length);
        let none = conflicts(&[booking, after], &ServiceGraph::new(), Distance::NONE);
        prop_assert_eq!(none, Conflicts::default());
    }
}

fn on(number: u8, start: i64, end: i64, service: Service) -> Booking {
    let booking = Booking::builder()
        .release(release(number))
        .window(window(start, end));
    booking.services([service]).build()
}

#[test]
fn people_conflict_across_environments_and_services_do_not() {
    let [mut one, mut other] = [1, 2].map(|number| on(number, 0, 10, service(0)));
    one.people = [kim()].into();
    other.people = [kim()].into();
    one.environments = [Environment::new("staging").unwrap()].into();
    other.environments = [Environment::new("production").unwrap()].into();
    let apart = conflicts(
        &[one.clone(), other.clone()],
        &ServiceGraph::new(),
        Distance::NONE,
    );
    let kinds =
        |found: Conflicts| -> Vec<_> { found.found.into_iter().map(|one| one.kind).collect() };
    assert_eq!(kinds(apart), [ConflictKind::SamePerson(kim())]);

    other.environments = [].into();
    let everywhere = conflicts(&[one, other], &ServiceGraph::new(), Distance::NONE);
    let both = [
        ConflictKind::SameService(service(0)),
        ConflictKind::SamePerson(kim()),
    ];
    assert_eq!(kinds(everywhere), both);
}

#[test]
fn what_is_found_is_told_in_words() {
    let map = ServiceGraph::new().with_related(service(0), item(1));
    let other = Booking::builder().release(release(2)).window(window(5, 15));
    let other = other.configuration_items([item(1)]).people([kim()]).build();
    let mut one = on(1, 0, 10, service(0));
    one.people = [kim()].into();
    let found = conflicts(&[other, one], &map, Distance::new(1).unwrap());
    let told: Vec<_> = found.found.iter().map(|one| one.kind.to_string()).collect();
    assert_eq!(
        told,
        [
            "what they touch is related: service `s0`, configuration item `s1`",
            "both take `kim`"
        ]
    );
    assert_eq!(
        Gap::Around(item(1).into()).to_string(),
        "too much lies around configuration item `s1` to be followed; look less far, or at fewer deployments"
    );
    assert_eq!(
        Gap::TooMany.to_string(),
        "more than 1000000 conflicts; look at a shorter span"
    );
}

#[test]
fn a_booking_reads_back_from_json() {
    let mut booking = on(1, 0, 10, service(0));
    booking.people = [kim()].into();
    let json = serde_json::to_string(&booking).unwrap();
    assert_eq!(serde_json::from_str::<Booking>(&json).unwrap(), booking);
    let short = serde_json::to_string(&Booking::new(window(0, 10), release(1))).unwrap();
    assert!(!short.contains("services"), "{short}");
    let wrong = short.replace("release", "relase");
    assert!(serde_json::from_str::<Booking>(&wrong).is_err());
}

/// Everything is a child of everything, without end.
struct Endless;

impl ServiceMap for Endless {
    fn parents<'a>(&'a self, of: &'a Touched) -> Neighbours<'a> {
        self.children(of)
    }

    fn children<'a>(&'a self, _of: &'a Touched) -> Neighbours<'a> {
        Box::new((0_u64..).map(|n| Service::new(format!("s{n}")).unwrap().into()))
    }
}

#[test]
fn a_map_without_end_is_told_as_a_gap() {
    let bookings: Vec<_> = (0..200)
        .map(|number| on(number, 0, 10, service(number)))
        .collect();
    let found = conflicts(&bookings[..2], &Endless, Distance::new(5).unwrap());
    assert_eq!(found.found.len(), 1, "what was come upon is told");
    let gaps = [0, 1].map(|number| Gap::Around(service(number).into()));
    assert_eq!(found.gaps, gaps.into());
    let of = conflicts_of(
        &bookings[0],
        &bookings[..2],
        &Endless,
        Distance::new(1).unwrap(),
    );
    assert!(!of.is_complete());

    // No more is followed in all than a hundred of them may.
    let many = conflicts(&bookings, &Endless, Distance::new(1).unwrap());
    assert_eq!(many.gaps.len(), 200);
}

#[test]
fn a_hub_with_a_hundred_thousand_children_is_a_gap_and_a_small_one_is_not() {
    let hub = |children: u32| {
        (0..children).fold(ServiceGraph::new(), |map, number| {
            map.with_child(service(0), Service::new(format!("c{number:06}")).unwrap())
        })
    };
    let child = Service::new("c000007").unwrap();
    let bookings = [on(1, 0, 10, service(0)), on(2, 0, 10, child)];
    let one = Distance::new(1).unwrap();
    assert!(conflicts(&bookings, &hub(10_000), one).is_complete());
    for too_many in [10_001, 100_000] {
        let found = conflicts(&bookings, &hub(too_many), one);
        assert_eq!(found.found.len(), 1);
        assert_eq!(found.gaps, [Gap::Around(service(0).into())].into());
    }
}

#[test]
fn a_million_conflicts_are_listed_and_then_no_more() {
    let bookings: Vec<_> = (0..1_420_u16)
        .map(|number| {
            let release = ReleaseId::from(Uuid::from_u128(number.into()));
            let start = i64::from(number);
            let booking = Booking::builder()
                .release(release)
                .window(window(start, 10_000));
            booking.people([kim()]).build()
        })
        .collect();
    let found = conflicts(&bookings, &ServiceGraph::new(), Distance::NONE);
    assert_eq!(found.found.len(), 1_000_000);
    assert_eq!(found.gaps, [Gap::TooMany].into());
    let fewer = conflicts(&bookings[..300], &ServiceGraph::new(), Distance::NONE);
    assert!(fewer.is_complete());
    assert_eq!(fewer.found.len(), 300 * 299 / 2);
    assert!(found.found.starts_with(&fewer.found));
}

/// A schedule in which every pair overlaps on one service, and hardly any can be in conflict.
fn crowd(of: impl Fn(u32) -> (ReleaseId, Option<Environment>)) -> Vec<Booking> {
    let booking = |number: u32| {
        let (release, environment) = of(number);
        let start = i64::from(number);
        let booking = Booking::builder().release(release);
        let booking = booking.window(window(start, start + 100_000));
        let mut booking = booking.services([service(0)]).build();
        booking.environments = bounded(environment.into_iter());
        booking
    };
    (0..50_000).map(booking).collect()
}

// Looking at each pair, both of these would take minutes.

#[test]
fn a_service_that_is_deployed_to_everywhere_at_once_is_looked_through() {
    let numbered = |number: u32| ReleaseId::from(Uuid::from_u128(number.into()));
    let environment = |number| Environment::new(format!("e{number}")).unwrap();
    let mut crowd = crowd(|number| (numbered(number), Some(environment(number))));
    let found = |bookings: &[Booking]| conflicts(bookings, &ServiceGraph::new(), Distance::NONE);
    assert_eq!(found(&crowd), Conflicts::default());
    crowd[40_000].environments = [environment(7)].into();
    let [conflict] = &found(&crowd).found[..] else {
        panic!("one is in conflict")
    };
    assert_eq!(conflict.between, [numbered(7), numbered(40_000)]);
    crowd[40_000].environments = [].into();
    assert_eq!(found(&crowd).found.len(), 49_999, "in every environment");
}

#[test]
fn a_release_with_very_many_deployments_is_looked_through() {
    let mut crowd = crowd(|_| (release(1), None));
    let found = |bookings: &[Booking]| conflicts(bookings, &ServiceGraph::new(), Distance::NONE);
    assert_eq!(found(&crowd), Conflicts::default());
    for booking in &mut crowd {
        booking.people = [kim()].into();
    }
    assert_eq!(found(&crowd), Conflicts::default());
    crowd[100].release = release(2);
    assert_eq!(
        found(&crowd).found.len(),
        2 * 49_999,
        "over the service, and over who it takes"
    );
}
