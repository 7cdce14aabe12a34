//! What hangs together in a host's landscape of services and configuration items.

use crate::phase::{Invalid, InvalidKind};
use crate::release::{Key, Service};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fmt, iter,
};

/// How many relations are followed from one thing.
const FOLLOWED: u32 = 10_000;
/// How many relations are followed for one question.
const FOLLOWED_IN_ALL: u32 = 1_000_000;

/// What a deployment touches: a service, or a configuration item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Touched {
    /// A service.
    Service(Service),
    /// A configuration item.
    #[doc(alias = "CI")]
    Item(Key),
}

impl fmt::Display for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(service) => write!(f, "service `{service}`"),
            Self::Item(item) => write!(f, "configuration item `{item}`"),
        }
    }
}

impl From<Service> for Touched {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

impl From<Key> for Touched {
    fn from(item: Key) -> Self {
        Self::Item(item)
    }
}

/// Things of a service map, one after another.
pub type Neighbours<'a> = Box<dyn Iterator<Item = Touched> + 'a>;

/// The host's map of services and configuration items: what each is part of, consists of, and works with.
///
/// # For callers
///
/// Two things are as far apart as the fewest relations, of whatever sort and in either direction, that lead from one to
/// the other.
///
/// # For implementers
///
/// It is asked in the middle of a decision: load what it needs beforehand. It may have cycles. What it does not know
/// has no neighbours. [`ServiceGraph`] is one for small landscapes.
///
/// # Contract
///
/// 1. The same thing has the same neighbours in the same order, as long as one question takes.
/// 2. An iterator that is dropped early does no more work. At most 10,000 relations are followed from one thing, and
///    1,000,000 for one question; an answer that needed more says so.
pub trait ServiceMap: Send + Sync {
    /// What it is part of, or runs for.
    fn parents<'a>(&'a self, of: &'a Touched) -> Neighbours<'a>;

    /// What it consists of, or runs on.
    fn children<'a>(&'a self, of: &'a Touched) -> Neighbours<'a>;

    /// What it has to do with in another way; nothing, if left out.
    fn related<'a>(&'a self, _to: &'a Touched) -> Neighbours<'a> {
        Box::new(iter::empty())
    }
}

/// A service map that is kept in memory; an empty one relates nothing.
///
/// # Examples
///
/// ```
/// use phasegate::release::{Key, Service};
/// use phasegate::schedule::{ServiceGraph, ServiceMap, Touched};
///
/// let (shop, database) = (Service::new("shop")?, Key::new("db-7")?);
/// let map = ServiceGraph::new().with_child(shop.clone(), database.clone());
/// assert!(map.children(&shop.clone().into()).eq([Touched::Item(database.clone())]));
/// assert!(map.parents(&database.into()).eq([Touched::Service(shop)]));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ServiceGraph {
    parents: BTreeMap<Touched, BTreeSet<Touched>>,
    children: BTreeMap<Touched, BTreeSet<Touched>>,
    related: BTreeMap<Touched, BTreeSet<Touched>>,
}

impl ServiceGraph {
    /// Without any relation.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            parents: BTreeMap::new(),
            children: BTreeMap::new(),
            related: BTreeMap::new(),
        }
    }

    /// The same map, in which the first consists of the second, or runs on it.
    #[must_use]
    pub fn with_child(mut self, parent: impl Into<Touched>, child: impl Into<Touched>) -> Self {
        let (parent, child) = (parent.into(), child.into());
        let children = self.children.entry(parent.clone()).or_default();
        children.insert(child.clone());
        self.parents.entry(child).or_default().insert(parent);
        self
    }

    /// The same map, in which the two have to do with each other.
    #[must_use]
    pub fn with_related(mut self, one: impl Into<Touched>, other: impl Into<Touched>) -> Self {
        let (one, other) = (one.into(), other.into());
        let related = self.related.entry(one.clone()).or_default();
        related.insert(other.clone());
        self.related.entry(other).or_default().insert(one);
        self
    }
}

impl ServiceMap for ServiceGraph {
    fn parents<'a>(&'a self, of: &'a Touched) -> Neighbours<'a> {
        Box::new(self.parents.get(of).into_iter().flatten().cloned())
    }

    fn children<'a>(&'a self, of: &'a Touched) -> Neighbours<'a> {
        Box::new(self.children.get(of).into_iter().flatten().cloned())
    }

    fn related<'a>(&'a self, to: &'a Touched) -> Neighbours<'a> {
        Box::new(self.related.get(to).into_iter().flatten().cloned())
    }
}

/// How many relations of a service map two things may be apart and still count as related: 0 to 5.
///
/// # Examples
///
/// ```
/// use phasegate::schedule::Distance;
///
/// assert!(Distance::new(2).is_ok());
/// let refused = Distance::new(6).unwrap_err();
/// assert_eq!(refused.to_string(), "invalid distance `6`: expected 0 to 5 relations");
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub struct Distance(u8);

impl Distance {
    /// Only the very same thing counts.
    pub const NONE: Self = Self(0);

    /// So many relations.
    ///
    /// # Errors
    ///
    /// - out of range: more than 5
    pub fn new(relations: u8) -> Result<Self, Invalid> {
        match relations {
            0..=5 => Ok(Self(relations)),
            6.. => Err(Invalid::new(
                InvalidKind::OutOfRange,
                "distance",
                relations,
                "0 to 5 relations",
            )),
        }
    }

    /// The number of relations.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Distance {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Distance".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 5 })
    }
}

impl TryFrom<u8> for Distance {
    type Error = Invalid;

    fn try_from(relations: u8) -> Result<Self, Invalid> {
        Self::new(relations)
    }
}

impl From<Distance> for u8 {
    fn from(distance: Distance) -> Self {
        distance.0
    }
}

/// Looks around in a service map, and does not look for ever.
pub(super) struct Explorer<'a> {
    map: &'a dyn ServiceMap,
    distance: Distance,
    left: u32,
}

/// What lies around one thing.
pub(super) struct Surroundings {
    /// What was come upon, and from where.
    found: BTreeMap<Touched, Option<Touched>>,
    /// Whether there is nothing more within the distance.
    pub(super) is_whole: bool,
}

impl<'a> Explorer<'a> {
    pub(super) fn new(map: &'a dyn ServiceMap, distance: Distance) -> Self {
        Self {
            map,
            distance,
            left: FOLLOWED_IN_ALL,
        }
    }

    /// The nearest first, so that every way that is found is a shortest one.
    pub(super) fn around(&mut self, start: &Touched) -> Surroundings {
        let mut found = BTreeMap::from([(start.clone(), None)]);
        let mut to_follow = FOLLOWED.min(self.left);
        let mut outermost = vec![start.clone()];
        for _ in 0..self.distance.0 {
            for from in std::mem::take(&mut outermost) {
                for to in self.neighbours(&from) {
                    if to_follow == 0 {
                        self.left -= FOLLOWED.min(self.left);
                        let is_whole = false;
                        return Surroundings { found, is_whole };
                    }
                    to_follow -= 1;
                    if let Entry::Vacant(new) = found.entry(to) {
                        outermost.push(new.key().clone());
                        new.insert(Some(from.clone()));
                    }
                }
            }
        }
        self.left -= FOLLOWED.min(self.left) - to_follow;
        let is_whole = true;
        Surroundings { found, is_whole }
    }

    fn neighbours<'b>(&self, of: &'b Touched) -> impl Iterator<Item = Touched> + use<'a, 'b>
    where
        'a: 'b,
    {
        let map: &'b dyn ServiceMap = self.map;
        let parents = map.parents(of).chain(map.children(of));
        parents.chain(map.related(of))
    }
}

impl Surroundings {
    pub(super) fn found(&self) -> impl Iterator<Item = &Touched> {
        self.found.keys()
    }

    /// The way there, both ends included.
    pub(super) fn way_to(&self, end: &Touched) -> Vec<Touched> {
        let mut way: Vec<_> =
            iter::successors(Some(end), |at| self.found.get(*at).and_then(Option::as_ref))
                .cloned()
                .collect();
        way.reverse();
        way
    }
}
