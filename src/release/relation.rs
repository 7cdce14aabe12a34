//! How releases are related: parent and child, and dependencies.

use super::fact::FactSource;
use super::happens::{Happens, Occasion, Reasons};
use super::id::{ReleaseId, Stream, Version};
use super::limits::{BATCH_GUARDS, CHILDREN, DEPENDENCIES, SURVEYED_RELEASES};
use super::people::Role;
use super::record::AnyRecord;
use super::request::ReleaseRequest;
use super::review::Ending;
use super::shell::Release;
use super::state::State;
use super::steps::AnyStep;
use super::verdict::Reason;
use super::words::plain;
use crate::phase::{Phase, PhaseName, Standing, Start};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

plain! {
    /// A child release is attached to this one: one that is part of no other, or that is yet to begin.
    pub struct ChildAttached {
        /// The child.
        child: ReleaseId,
    }

    /// This release is part of another one, which has attached it.
    #[doc(alias = "release_train")]
    pub struct ParentDeclared {
        /// The parent.
        parent: ReleaseId,
    }

    /// This release waits for another one, as soon as a gate has the `dependencies` policy.
    pub struct DependencyDeclared {
        /// The other release.
        on: ReleaseId,
        /// The phase that it has to reach.
        reaches: PhaseName,
    }

    /// Another release as it stood when it was read: what a decision about a parent, a child or a dependency rests on.
    pub struct OtherRelease {
        /// Its log and the version that was read; the commit holds only if nothing came after.
        source: FactSource,
        /// Where it stood.
        standing: Standing,
    } with {
        /// How it ended, if it has.
        ending: Option<Ending>,
        /// Whether its last deployment was backed out.
        is_backed_out: bool,
        /// The release that it is part of.
        parent: Option<ReleaseId>,
        /// Its parts.
        children: BTreeSet<ReleaseId>,
        /// The releases that it waits for, and the phase that each has to reach.
        dependencies: BTreeMap<ReleaseId, PhaseName>,
    }
}

/// A release as a decision about another one looks at it.
impl<P> From<&Release<P>> for OtherRelease {
    fn from(release: &Release<P>) -> Self {
        let state = &release.core().state;
        Self {
            source: FactSource::new(release.stream().clone(), release.version()),
            standing: state.standing,
            ending: state.ending,
            is_backed_out: state.is_backed_out,
            parent: state.parent,
            children: state.children.clone(),
            dependencies: state.dependencies.clone(),
        }
    }
}

impl OtherRelease {
    /// One of which nothing is in its log yet.
    pub(crate) fn not_begun(stream: Stream) -> Self {
        Self::new(FactSource::new(stream, Version::NONE), Start::STANDING)
    }

    /// The log that must not move until the commit; nothing where nothing that is looked at can change any more.
    pub(crate) fn guard(&self) -> Option<(Stream, Version)> {
        let FactSource { stream, version } = &self.source;
        (self.standing.phase != PhaseName::Closed).then(|| (stream.clone(), *version))
    }
}

impl Happens for ChildAttached {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        if self.child == on.release || state.parent == Some(self.child) {
            reasons.say(cycle("child", on.release, &[self.child]));
        }
        let is_room = state.children.len() < CHILDREN || state.children.contains(&self.child);
        reasons.unless(is_room, || {
            let message = format!("the release has {CHILDREN} children, and can have no more");
            let remedy = "attach it to one of them";
            Reason::new("too-many-children", message, remedy)
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.children.insert(self.child);
    }
}

impl Happens for ParentDeclared {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        if self.parent == on.release || state.children.contains(&self.parent) {
            reasons.say(cycle("parent", on.release, &[self.parent]));
        }
        if let Some(parent) = state.parent.filter(|&parent| parent != self.parent) {
            reasons.say(has_parent(on.release, parent));
        }
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.parent = Some(self.parent);
    }
}

impl Happens for DependencyDeclared {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        if self.on == on.release {
            reasons.say(cycle("dependency", on.release, &[self.on]));
        }
        let known = &state.dependencies;
        let is_room = known.len() < DEPENDENCIES || known.contains_key(&self.on);
        reasons.unless(is_room, || {
            let message =
                format!("the release waits for {DEPENDENCIES} others, and can wait for no more");
            let remedy = "wait for one that waits for them";
            Reason::new("too-many-dependencies", message, remedy)
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.dependencies.insert(self.on, self.reaches);
    }
}

impl ReleaseRequest {
    /// A release is not part of itself.
    pub(super) fn admits_parent(&self, on: Occasion<'_>, reasons: &mut Reasons) {
        if self.parent == Some(on.release) {
            reasons.say(cycle("parent", on.release, &[on.release]));
        }
    }
}

/// What a step or record that ties releases together finds in the others.
///
/// A state knows its own release only. So this is no part of what replay checks again: it is decided once, before the
/// commit, and the commit holds only if none of the logs that were read has moved.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// What stands against it.
    pub(crate) reasons: Vec<Reason>,
    /// What was looked at.
    pub(crate) read: BTreeSet<ReleaseId>,
    /// What has to be looked at, and is not there.
    pub(crate) lacking: BTreeSet<ReleaseId>,
}

impl Survey {
    /// Looks at whatever the asking makes necessary; at nothing, mostly.
    pub(crate) fn of<'a>(
        asked: Tie<'_>,
        release: ReleaseId,
        other: impl Fn(ReleaseId) -> Option<&'a OtherRelease>,
    ) -> Self {
        let mut survey = Self::default();
        match asked {
            Tie::Step(step) => {
                if let Some(parent) = step.request().and_then(|request| request.parent) {
                    survey.attached(parent, release, other);
                }
            }
            Tie::Record(AnyRecord::ParentDeclared(record)) => {
                survey.attached(record.parent, release, other);
            }
            Tie::Record(AnyRecord::ChildAttached(record)) => {
                let child = record.child;
                let parent = other(child).and_then(|child| child.parent);
                if let Some(parent) = parent.filter(|&parent| parent != release) {
                    survey.reasons.push(has_parent(child, parent));
                }
                survey.walk("child", release, child, other, |other| {
                    other.children.iter().copied().collect()
                });
            }
            Tie::Record(AnyRecord::DependencyDeclared(record)) => {
                survey.walk("dependency", release, record.on, other, |other| {
                    other.dependencies.keys().copied().collect()
                });
            }
            Tie::Record(_) => {}
        }
        survey
    }

    /// A release is part of another one only if that one says so.
    fn attached<'a>(
        &mut self,
        parent: ReleaseId,
        release: ReleaseId,
        other: impl Fn(ReleaseId) -> Option<&'a OtherRelease>,
    ) {
        let Some(other) = other(parent) else {
            self.lacking.insert(parent);
            return;
        };
        self.read.insert(parent);
        if !other.children.contains(&release) {
            let message = format!("release `{parent}` has not attached `{release}`");
            let remedy = "record `ChildAttached` on the parent first";
            let reason = Reason::new("not-attached", message, remedy);
            let reason = reason.by_role(Role::ReleaseManager);
            self.reasons
                .push(reason.read("parent", parent.to_string().as_str()));
        }
    }

    /// Goes from release to release, nearest first, to see whether the way leads back. What is closed waits for nobody
    /// and holds nobody up any more, so that the way ends there.
    fn walk<'a>(
        &mut self,
        what: &str,
        release: ReleaseId,
        first: ReleaseId,
        other: impl Fn(ReleaseId) -> Option<&'a OtherRelease>,
        next: impl Fn(&OtherRelease) -> Vec<ReleaseId>,
    ) {
        let mut came_from = BTreeMap::from([(first, release)]);
        let mut to_read = VecDeque::from([first]);
        let mut open = 0;
        while let Some(id) = to_read.pop_front() {
            let Some(found) = other(id) else {
                self.lacking.insert(id);
                continue;
            };
            self.read.insert(id);
            if found.standing.phase == PhaseName::Closed {
                continue;
            }
            open += 1;
            for one in next(found) {
                if one == release {
                    self.lacking.clear();
                    self.reasons
                        .push(cycle(what, release, &way_to(id, release, &came_from)));
                    return;
                }
                came_from.entry(one).or_insert_with(|| {
                    to_read.push_back(one);
                    id
                });
            }
            if open > BATCH_GUARDS || came_from.len() > SURVEYED_RELEASES {
                self.lacking.clear();
                let message = format!(
                    "as its {what}, release `{first}` leads to more than {BATCH_GUARDS} open releases or \
                     {SURVEYED_RELEASES} in all, too many to see that there is no cycle"
                );
                let remedy = "close what is done, or name a release that leads to fewer";
                self.reasons
                    .push(Reason::new("too-many-releases", message, remedy));
                return;
            }
        }
    }
}

/// What may tie releases together.
#[derive(Clone, Copy)]
pub(crate) enum Tie<'a> {
    Step(&'a AnyStep),
    Record(&'a AnyRecord),
}

/// The releases on the way to the last one, without the one where it began.
fn way_to(
    last: ReleaseId,
    release: ReleaseId,
    came_from: &BTreeMap<ReleaseId, ReleaseId>,
) -> Vec<ReleaseId> {
    let mut way = vec![last];
    let mut at = last;
    while let Some(&before) = came_from.get(&at).filter(|&&before| before != release) {
        way.push(before);
        at = before;
    }
    way.reverse();
    way
}

/// The way leads from the release over others back to it; named as a whole.
fn cycle(what: &str, release: ReleaseId, way: &[ReleaseId]) -> Reason {
    let first = way.first().copied().unwrap_or(release);
    let mut cycle = format!("`{release}`");
    for id in way.iter().filter(|&&id| id != release).chain([&release]) {
        cycle = format!("{cycle}, `{id}`");
    }
    let message = format!("as its {what}, release `{first}` would close a cycle: {cycle}");
    Reason::new("cycle", message, "name another release")
}

fn has_parent(child: ReleaseId, parent: ReleaseId) -> Reason {
    let message = format!("release `{child}` is part of `{parent}` already");
    let remedy = "a release is part of one other; begin one of its own here";
    Reason::new("has-parent", message, remedy).read("parent", parent.to_string().as_str())
}
