//! What a window is about, and what some work touches.

use crate::release::{
    Bounded, Environment, Key, Name, Region, ReleaseRequest, Service, Track, is_default,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A part of the world: services in environments in regions, for tracks and labels.
///
/// A set that is empty means every one. Said of a window, it is what the window is about; said of work, it is what the
/// work touches. A window bears on work if they share a point: a service, an environment, a region and a track that
/// are in both. Labels are what a release is marked with: a window with labels is about work that has all of them.
///
/// # Examples
///
/// ```
/// use phasegate::release::{Environment, Service};
/// use phasegate::schedule::Scope;
///
/// let frozen = Scope::builder().environments([Environment::new("production")?]).build();
/// let shop = Scope::builder().services([Service::new("shop")?]).build();
/// assert!(frozen.shares_a_point_with(&shop)); // the work names no environment: it may touch every one
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    typed_builder::TypedBuilder,
)]
#[serde(deny_unknown_fields, default)]
#[builder(field_defaults(default, setter(into)))]
#[non_exhaustive]
pub struct Scope {
    /// The services.
    #[serde(skip_serializing_if = "is_default")]
    pub services: Bounded<BTreeSet<Service>>,
    /// The environments.
    #[serde(skip_serializing_if = "is_default")]
    pub environments: Bounded<BTreeSet<Environment>>,
    /// The regions.
    #[serde(skip_serializing_if = "is_default")]
    pub regions: Bounded<BTreeSet<Region>>,
    /// The tracks.
    #[serde(skip_serializing_if = "is_default")]
    pub tracks: BTreeSet<Track>,
    /// The labels, by their names.
    #[serde(skip_serializing_if = "is_default")]
    pub labels: Bounded<BTreeMap<Key, Name>>,
}

impl Scope {
    /// Everything there is.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// What a release touches that is asked for so: its services, in every environment and region, with its labels.
    #[must_use]
    pub fn of(request: &ReleaseRequest, track: Track) -> Self {
        Self {
            services: request.services.clone(),
            tracks: [track].into(),
            labels: request.labels.clone(),
            ..Self::default()
        }
    }

    /// The same, in these environments only.
    #[must_use]
    pub fn within(mut self, environments: Bounded<BTreeSet<Environment>>) -> Self {
        self.environments = environments;
        self
    }

    /// Whether a window about this bears on work that touches that.
    #[must_use]
    pub fn shares_a_point_with(&self, work: &Self) -> bool {
        share(&self.services, &work.services)
            && share(&self.environments, &work.environments)
            && share(&self.regions, &work.regions)
            && share(&self.tracks, &work.tracks)
            && self
                .labels
                .iter()
                .all(|(key, value)| work.labels.get(key) == Some(value))
    }
}

/// Whether two sets have something in common, where an empty one is every one.
fn share<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> bool {
    one.is_empty() || other.is_empty() || !one.is_disjoint(other)
}

/// Which of some windows bear on a point: their places among those that were given.
pub(super) type Bearing = BTreeSet<usize>;

/// The most groups of points that are told apart.
const GROUPS: usize = 1_000;
/// How many places are looked at to tell them apart.
const LOOKED_AT: usize = 100_000;

/// Splits the points of the work by which of these scopes they lie in.
///
/// Points that lie in the same scopes are one group, so that the number of groups depends on how scopes cross, not on
/// how many services there are. Nothing is returned where there are more than 1,000 groups, or where it takes too long
/// to see.
pub(super) fn groups(scopes: &[&Scope], work: &Scope) -> Option<BTreeSet<Bearing>> {
    let mut work = work.clone();
    if work.tracks.is_empty() {
        // Unlike of services, there are no others.
        work.tracks = [Track::Standard, Track::Normal, Track::Emergency].into();
    }
    let work = &work;
    let all: Bearing = (0..scopes.len()).collect();
    let mut groups = BTreeSet::from([all]);
    let mut looked_at = 0;
    for kinds in [
        kinds(scopes, work, |scope| &scope.services)?,
        kinds(scopes, work, |scope| &scope.environments)?,
        kinds(scopes, work, |scope| &scope.regions)?,
        kinds(scopes, work, |scope| &scope.tracks)?,
    ] {
        let mut finer = BTreeSet::new();
        for group in &groups {
            for kind in &kinds {
                looked_at += group.len().min(kind.len()) + 1;
                finer.insert(group & kind);
                if finer.len() > GROUPS || looked_at > LOOKED_AT {
                    return None;
                }
            }
        }
        groups = finer;
    }
    Some(groups)
}

/// Along one dimension: for each value that the work has, which of the scopes it lies in. Nothing, if there are more
/// than 1,000 such answers.
fn kinds<'a, T: Ord + 'a>(
    scopes: &[&'a Scope],
    work: &'a Scope,
    dimension: impl Fn(&'a Scope) -> &'a BTreeSet<T>,
) -> Option<BTreeSet<Bearing>> {
    let wanted = dimension(work);
    let mut everywhere = Bearing::new();
    let mut naming: BTreeMap<&T, Bearing> =
        wanted.iter().map(|value| (value, Bearing::new())).collect();
    for (place, scope) in scopes.iter().enumerate() {
        let named = dimension(scope);
        if named.is_empty() {
            everywhere.insert(place);
        }
        for value in named {
            if wanted.is_empty() {
                naming.entry(value).or_default().insert(place);
            } else if let Some(naming) = naming.get_mut(value) {
                naming.insert(place);
            }
        }
    }
    let mut kinds: BTreeSet<Bearing> = naming.into_values().collect();
    if wanted.is_empty() {
        // Work that names none has every value that is named anywhere, and one that is named nowhere.
        kinds.insert(Bearing::new());
    }
    let is_told_apart = kinds.len() <= GROUPS;
    let whole = |kind| &everywhere | &kind;
    is_told_apart.then(|| kinds.into_iter().map(whole).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(services: &[&str], environments: &[&str]) -> Scope {
        let services = services
            .iter()
            .map(|name| Service::new(name).unwrap())
            .collect();
        let environments = environments
            .iter()
            .map(|name| Environment::new(name).unwrap())
            .collect();
        Scope::builder()
            .services(Bounded::new(services).unwrap())
            .environments(Bounded::new(environments).unwrap())
            .build()
    }

    #[test]
    fn an_empty_set_is_every_one() {
        for (one, other, shared) in [
            (scope(&[], &[]), scope(&["a"], &["x"]), true),
            (scope(&["a"], &[]), scope(&[], &["x"]), true),
            (scope(&["a"], &["x"]), scope(&["a", "b"], &["x"]), true),
            (scope(&["a"], &["x"]), scope(&["b"], &["x"]), false),
            (scope(&["a"], &["x"]), scope(&["a"], &["y"]), false),
        ] {
            assert_eq!(one.shares_a_point_with(&other), shared, "{one:?} {other:?}");
            assert_eq!(other.shares_a_point_with(&one), shared, "{other:?} {one:?}");
        }
    }

    #[test]
    fn labels_are_what_work_is_marked_with() {
        let label = |value: &str| {
            let label = (Key::new("team").unwrap(), Name::new(value).unwrap());
            Scope::builder().labels([label]).build()
        };
        assert!(label("pay").shares_a_point_with(&label("pay")));
        assert!(!label("pay").shares_a_point_with(&label("shop")));
        assert!(!label("pay").shares_a_point_with(&Scope::everything()));
        assert!(Scope::everything().shares_a_point_with(&label("pay")));
    }

    #[test]
    fn points_are_grouped_by_the_scopes_that_they_lie_in() {
        let (a, x, all) = (scope(&["a"], &[]), scope(&[], &["x"]), scope(&[], &[]));
        let found = groups(&[&a, &x, &all], &scope(&["a", "b"], &["x", "y"])).unwrap();
        let expected: [&[usize]; 4] = [&[0, 1, 2], &[0, 2], &[1, 2], &[2]];
        assert_eq!(
            found,
            expected
                .iter()
                .map(|group| group.iter().copied().collect())
                .collect()
        );
        let everywhere = groups(&[&a, &x], &Scope::everything()).unwrap();
        assert_eq!(everywhere.len(), 4, "{everywhere:?}");
        assert!(
            everywhere.contains(&Bearing::new()),
            "a service of another name in another environment"
        );
    }

    #[test]
    fn scopes_that_cross_too_much_are_not_told_apart() {
        let crossing = |group: usize| {
            let names: Vec<_> = (0..64)
                .filter(|name| name % (group + 2) == 0)
                .map(|name| format!("s{name}"))
                .collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            (scope(&names, &[]), scope(&[], &names))
        };
        let scopes: Vec<_> = (0..62)
            .map(crossing)
            .flat_map(|(one, other)| [one, other])
            .collect();
        let scopes: Vec<_> = scopes.iter().collect();
        assert_eq!(groups(&scopes, &Scope::everything()), None);
    }
}
