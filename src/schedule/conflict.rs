//! Planned deployments that get in each other's way: on the same things, on related ones, or by the same people.

use super::scope::Scope;
use super::service_map::{Distance, Explorer, ServiceMap, Touched};
use crate::phase::Interval;
use crate::release::{Bounded, Environment, Key, Person, ReleaseId, Service, is_default};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};
use typed_builder::TypedBuilder;

/// How many conflicts are listed.
const LISTED: usize = 1_000_000;

/// A deployment that is planned: when, what it touches, and who it takes.
///
/// A release may have several. They are not in conflict with each other.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TypedBuilder,
)]
#[serde(deny_unknown_fields)]
#[builder(field_defaults(setter(into)))]
#[non_exhaustive]
pub struct Booking {
    /// When it is planned.
    pub window: Interval,
    /// The release that it belongs to.
    pub release: ReleaseId,
    /// The services that it changes.
    #[serde(default, skip_serializing_if = "is_default")]
    #[builder(default)]
    pub services: Bounded<BTreeSet<Service>>,
    /// The configuration items that it touches.
    #[doc(alias = "CI")]
    #[serde(default, skip_serializing_if = "is_default")]
    #[builder(default)]
    pub configuration_items: Bounded<BTreeSet<Key>>,
    /// Who it takes, and who so cannot do something else.
    #[serde(default, skip_serializing_if = "is_default")]
    #[builder(default)]
    pub people: Bounded<BTreeSet<Person>>,
    /// The environments that it deploys to; none said means all of them.
    #[serde(default, skip_serializing_if = "is_default")]
    #[builder(default)]
    pub environments: Bounded<BTreeSet<Environment>>,
}

impl Booking {
    /// Just when and for which release; `builder` sets the rest of a `Booking` too.
    #[must_use]
    pub fn new(window: Interval, release: ReleaseId) -> Self {
        Self::builder().window(window).release(release).build()
    }

    /// What it touches, as a schedule is asked about it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let services = self.services.clone();
        let scope = Scope::builder().services(services);
        scope.environments(self.environments.clone()).build()
    }

    fn touched(&self) -> impl Iterator<Item = Touched> {
        let items = self.configuration_items.iter().cloned().map(Touched::Item);
        let services = self.services.iter().cloned().map(Touched::Service);
        services.chain(items)
    }

    /// Whether there is an environment that both deploy to.
    fn meets(&self, other: &Self) -> bool {
        self.environments.is_empty()
            || other.environments.is_empty()
            || !self.environments.is_disjoint(&other.environments)
    }

    /// When both are on.
    fn overlap(&self, other: &Self) -> Option<Interval> {
        self.window.overlap(other.window)
    }
}

/// Two planned deployments that get in each other's way. In the order of when it begins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct Conflict {
    /// When both are on.
    pub overlap: Interval,
    /// The two releases, the one with the lower id first.
    pub between: [ReleaseId; 2],
    /// What they are in conflict over.
    pub kind: ConflictKind,
}

impl Conflict {
    /// The release that the given one is in conflict with; none, if it is not one of the two.
    #[must_use]
    pub fn other(&self, one: ReleaseId) -> Option<ReleaseId> {
        let [first, second] = self.between;
        if one == first {
            Some(second)
        } else {
            (one == second).then_some(first)
        }
    }
}

/// What two planned deployments are in conflict over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConflictKind {
    /// Both touch this configuration item, in the same environment.
    SameItem(Key),
    /// Both change this service, in the same environment.
    SameService(Service),
    /// They touch nothing in common, but something of one hangs together with something of the other, in the same
    /// environment: the shortest way in the service map, from what the first release touches to what the second does.
    Related(Vec<Touched>),
    /// Both take this person, in whatever environments.
    SamePerson(Person),
}

/// The conflicts that were found, and whether these are all.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Conflicts {
    /// In order, each once.
    pub found: Vec<Conflict>,
    /// Where more may be than was found.
    pub gaps: BTreeSet<Gap>,
}

/// Where more conflicts may be than were found. Whoever decides by the conflicts must not take a gap for an all-clear.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gap {
    /// There are more than 1,000,000; what begins after those is not listed.
    TooMany,
    /// More lies around this than is followed, which is 10,000 relations for each thing and 1,000,000 in all.
    Around(Touched),
}

impl Conflicts {
    /// Whether these are all that there are.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// All conflicts in a schedule.
///
/// Two deployments of different releases are in conflict while both are on and
///
/// - both touch the same configuration item or change the same service, in the same environment; or
/// - they have nothing in common, but things that are at most `distance` relations apart in the service map, in the
///   same environment. One direction of a relation is enough. The shortest way is told, and only one of them; or
/// - both take the same person.
///
/// When one ends as the other starts, they are not. The order of the bookings does not matter, nor does a booking that
/// is given twice.
///
/// The limits are those that [`Gap`] tells.
///
/// # Complexity
///
/// It goes through the schedule once, by start, and looks only at pairs of different releases that overlap and share
/// something, or something related, in the same environment. Each booking looks besides at whatever is related to what
/// it touches.
///
/// # Examples
///
/// ```
/// use phasegate::phase::Interval;
/// use phasegate::release::{Key, ReleaseId, Service};
/// use phasegate::schedule::{Booking, Distance, ServiceGraph, conflicts};
/// # use uuid::Uuid;
///
/// let (shop, search) = (Service::new("shop")?, Service::new("search")?);
/// let database = Key::new("db-7")?;
/// let map = ServiceGraph::new()
///     .with_child(shop.clone(), database.clone())
///     .with_child(search.clone(), database);
///
/// let booking = |release, start, end, service| -> Result<_, phasegate::phase::Invalid> {
///     let booking = Booking::builder().release(ReleaseId::from(Uuid::from_u128(release)));
///     Ok(booking.window(Interval::parse(start, end)?).services([service]).build())
/// };
/// let bookings = [
///     booking(1, "2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z", shop)?,
///     booking(2, "2026-03-02T21:00:00Z", "2026-03-02T23:00:00Z", search.clone())?,
///     booking(3, "2026-03-02T23:00:00Z", "2026-03-03T01:00:00Z", search)?,
/// ];
///
/// let found = conflicts(&bookings, &map, Distance::new(2)?);
/// assert!(found.is_complete());
/// let [conflict] = found.found.as_slice() else { panic!("{found:?}") };
/// assert_eq!(
///     conflict.to_string(),
///     "releases `00000000-0000-0000-0000-000000000001` and `00000000-0000-0000-0000-000000000002`, \
///      2026-03-02T21:00:00Z to 2026-03-02T22:00:00Z: what they touch is related: \
///      service `shop`, configuration item `db-7`, service `search`",
/// );
/// assert!(conflicts(&bookings, &map, Distance::new(1)?).found.is_empty());
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
pub fn conflicts<'a>(
    bookings: impl IntoIterator<Item = &'a Booking>,
    map: &dyn ServiceMap,
    distance: Distance,
) -> Conflicts {
    let mut bookings: Vec<_> = bookings.into_iter().collect();
    bookings.sort_unstable();
    bookings.dedup();
    let (plan, gaps) = Plan::new(bookings, map, distance);
    let mut conflicts = Conflicts {
        found: Vec::new(),
        gaps,
    };
    let mut under_way = UnderWay::new(&plan);
    for (number, planned) in plan.bookings.iter().enumerate() {
        // What is found begins with this one, and so after all that was found before.
        for other in under_way.met_by(planned) {
            if let Some(other) = plan.bookings.get(other) {
                conflicts.found.extend(plan.between(planned, other));
            }
            if conflicts.found.len() > LISTED {
                break;
            }
        }
        if conflicts.found.len() > LISTED {
            conflicts.found.truncate(LISTED);
            conflicts.gaps.insert(Gap::TooMany);
            break;
        }
        under_way.begin(number, planned);
    }
    conflicts.found.sort_unstable();
    conflicts.found.dedup();
    conflicts
}

/// The conflicts of one planned deployment with others; see [`conflicts`] for what is one.
///
/// Those among the others are left out, and so is what the others hold of the candidate's own release. It looks at all
/// that it is given: of a large schedule, give it what overlaps.
///
/// # Examples
///
/// ```
/// use phasegate::phase::Interval;
/// use phasegate::release::{Person, ReleaseId};
/// use phasegate::schedule::{Booking, ConflictKind, Distance, ServiceGraph, conflicts_of};
/// # use uuid::Uuid;
///
/// let evening = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
/// let kim = Person::new("kim")?;
/// let booking = |release| {
///     let booking = Booking::builder().release(ReleaseId::from(Uuid::from_u128(release)));
///     booking.window(evening).people([kim.clone()]).build()
/// };
/// let found = conflicts_of(&booking(2), &[booking(1)], &ServiceGraph::new(), Distance::NONE);
/// assert_eq!(found.found[0].kind, ConflictKind::SamePerson(kim.clone()));
/// assert_eq!(found.found[0].other(booking(2).release), Some(booking(1).release));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
pub fn conflicts_of<'a>(
    candidate: &'a Booking,
    others: impl IntoIterator<Item = &'a Booking>,
    map: &dyn ServiceMap,
    distance: Distance,
) -> Conflicts {
    let others = others.into_iter();
    let mut bookings = vec![candidate];
    bookings.extend(
        others.filter(|other| {
            other.release != candidate.release && candidate.overlap(other).is_some()
        }),
    );
    let (plan, gaps) = Plan::new(bookings, map, distance);
    let mut conflicts = Conflicts {
        found: Vec::new(),
        gaps,
    };
    if let Some((candidate, others)) = plan.bookings.split_first() {
        let found = others
            .iter()
            .flat_map(|other| plan.between(candidate, other));
        conflicts.found.extend(found);
    }
    conflicts.found.sort_unstable();
    conflicts.found.dedup();
    if conflicts.found.len() > LISTED {
        conflicts.found.truncate(LISTED);
        conflicts.gaps.insert(Gap::TooMany);
    }
    conflicts
}

/// A place in the list of all that any booking touches.
type Place = usize;

struct Planned<'a> {
    booking: &'a Booking,
    touched: Vec<Place>,
}

struct Plan<'a> {
    bookings: Vec<Planned<'a>>,
    /// By place: what is related to it, and the shortest way there.
    related: Vec<BTreeMap<Place, Vec<Touched>>>,
}

impl<'a> Plan<'a> {
    fn new(
        bookings: Vec<&'a Booking>,
        map: &dyn ServiceMap,
        distance: Distance,
    ) -> (Self, BTreeSet<Gap>) {
        let mut places = BTreeMap::new();
        let mut planned = |booking: &'a Booking| {
            let place = |touched| {
                let next = places.len();
                *places.entry(touched).or_insert(next)
            };
            let touched = booking.touched().map(place).collect();
            Planned { booking, touched }
        };
        let bookings = bookings.into_iter().map(&mut planned).collect();
        let (related, gaps) = related(&places, map, distance);
        (Self { bookings, related }, gaps)
    }

    fn between(&self, one: &Planned<'_>, other: &Planned<'_>) -> Vec<Conflict> {
        let (first, second) = if one.booking.release < other.booking.release {
            (one, other)
        } else {
            (other, one)
        };
        let (ours, theirs) = (first.booking, second.booking);
        if ours.release == theirs.release {
            return Vec::new();
        }
        let Some(overlap) = ours.overlap(theirs) else {
            return Vec::new();
        };
        let mut kinds = Vec::new();
        if ours.meets(theirs) {
            let items = ours
                .configuration_items
                .intersection(&theirs.configuration_items);
            kinds.extend(items.cloned().map(ConflictKind::SameItem));
            let services = ours.services.intersection(&theirs.services);
            kinds.extend(services.cloned().map(ConflictKind::SameService));
            if kinds.is_empty() {
                let way = self.shortest_way(first, second);
                kinds.extend(way.cloned().map(ConflictKind::Related));
            }
        }
        let people = ours.people.intersection(&theirs.people);
        kinds.extend(people.cloned().map(ConflictKind::SamePerson));
        let between = [ours.release, theirs.release];
        let conflict = |kind| Conflict {
            overlap,
            between,
            kind,
        };
        kinds.into_iter().map(conflict).collect()
    }

    fn shortest_way(&self, first: &Planned<'_>, second: &Planned<'_>) -> Option<&Vec<Touched>> {
        let around = first
            .touched
            .iter()
            .filter_map(|place| self.related.get(*place));
        let ways = around.flat_map(|related| {
            let there = second.touched.iter();
            there.filter_map(|place| related.get(place))
        });
        ways.min_by_key(|way| (way.len(), *way))
    }
}

/// For each place the others within the distance, by the shortest way that was found from either end.
fn related(
    places: &BTreeMap<Touched, Place>,
    map: &dyn ServiceMap,
    distance: Distance,
) -> (Vec<BTreeMap<Place, Vec<Touched>>>, BTreeSet<Gap>) {
    let mut related = vec![BTreeMap::new(); places.len()];
    let mut gaps = BTreeSet::new();
    if distance == Distance::NONE {
        return (related, gaps);
    }
    let mut explorer = Explorer::new(map, distance);
    for (start, from) in places {
        let around = explorer.around(start);
        if !around.is_whole {
            gaps.insert(Gap::Around(start.clone()));
        }
        for end in around.found() {
            let Some(to) = places.get(end).filter(|to| *to != from) else {
                continue;
            };
            let way = around.way_to(end);
            let back: Vec<_> = way.iter().rev().cloned().collect();
            for (from, to, way) in [(from, to, way), (to, from, back)] {
                if let Some(ways) = related.get_mut(*from) {
                    keep_shorter(ways, *to, way);
                }
            }
        }
    }
    (related, gaps)
}

fn keep_shorter(ways: &mut BTreeMap<Place, Vec<Touched>>, to: Place, way: Vec<Touched>) {
    let known = ways.entry(to).or_insert_with(|| way.clone());
    if (way.len(), &way) < (known.len(), known) {
        *known = way;
    }
}

/// The bookings that have begun, by what they touch and who they take; what has ended is taken out when come upon.
struct UnderWay<'a> {
    plan: &'a Plan<'a>,
    touching: Vec<Touching<'a>>,
    taking: BTreeMap<&'a Person, Begun>,
}

/// The bookings that touch one thing, by where they do.
#[derive(Default)]
struct Touching<'a> {
    all: Begun,
    /// Those that name no environment, and so meet every other one.
    anywhere: Begun,
    by_environment: BTreeMap<&'a Environment, Begun>,
}

/// Bookings by release: those of one release are never in conflict with each other.
#[derive(Default)]
struct Begun(BTreeMap<ReleaseId, Vec<usize>>);

impl Begun {
    fn add(&mut self, release: ReleaseId, number: usize) {
        self.0.entry(release).or_default().push(number);
    }
}

impl<'a> Touching<'a> {
    fn add(&mut self, booking: &'a Booking, number: usize) {
        self.all.add(booking.release, number);
        if booking.environments.is_empty() {
            self.anywhere.add(booking.release, number);
        }
        for environment in booking.environments.iter() {
            let there = self.by_environment.entry(environment).or_default();
            there.add(booking.release, number);
        }
    }

    /// Goes to all that share an environment with a booking.
    fn met_by(&mut self, booking: &Booking, mut go_to: impl FnMut(&mut Begun)) {
        if booking.environments.is_empty() {
            return go_to(&mut self.all);
        }
        go_to(&mut self.anywhere);
        for environment in booking.environments.iter() {
            if let Some(there) = self.by_environment.get_mut(environment) {
                go_to(there);
            }
        }
    }
}

impl<'a> UnderWay<'a> {
    fn new(plan: &'a Plan<'a>) -> Self {
        let mut touching = Vec::new();
        touching.resize_with(plan.related.len(), Touching::default);
        Self {
            plan,
            touching,
            taking: BTreeMap::new(),
        }
    }

    fn begin(&mut self, number: usize, planned: &'a Planned<'a>) {
        let booking = planned.booking;
        for place in &planned.touched {
            if let Some(touching) = self.touching.get_mut(*place) {
                touching.add(booking, number);
            }
        }
        for person in booking.people.iter() {
            let taken = self.taking.entry(person).or_default();
            taken.add(booking.release, number);
        }
    }

    /// Those that may be in conflict with one that begins now.
    fn met_by(&mut self, planned: &Planned<'_>) -> BTreeSet<usize> {
        let (plan, booking) = (self.plan, planned.booking);
        let is_on = |number: &usize| {
            let other = plan.bookings.get(*number);
            other.is_some_and(|other| booking.overlap(other.booking).is_some())
        };
        let mut met = BTreeSet::new();
        let mut add = |Begun(others): &mut Begun| {
            others.retain(|release, numbers| {
                if *release == booking.release {
                    return true;
                }
                numbers.retain(is_on);
                met.extend(numbers.iter().copied());
                !numbers.is_empty()
            });
        };
        for place in &planned.touched {
            let related = plan.related.get(*place);
            let related = related.into_iter().flat_map(BTreeMap::keys);
            for place in related.chain([place]) {
                if let Some(touching) = self.touching.get_mut(*place) {
                    touching.met_by(booking, &mut add);
                }
            }
        }
        for person in booking.people.iter() {
            self.taking.get_mut(person).into_iter().for_each(&mut add);
        }
        met
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.between;
        write!(
            f,
            "releases `{first}` and `{second}`, {}: {}",
            self.overlap, self.kind
        )
    }
}

impl fmt::Display for ConflictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameItem(item) => write!(f, "both touch configuration item `{item}`"),
            Self::SameService(service) => write!(f, "both change service `{service}`"),
            Self::Related(way) => {
                f.write_str("what they touch is related")?;
                let mut before = ": ";
                for touched in way {
                    write!(f, "{before}{touched}")?;
                    before = ", ";
                }
                Ok(())
            }
            Self::SamePerson(person) => write!(f, "both take `{person}`"),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "more than {LISTED} conflicts; look at a shorter span"),
            Self::Around(touched) => write!(
                f,
                "too much lies around {touched} to be followed; look less far, or at fewer deployments"
            ),
        }
    }
}
