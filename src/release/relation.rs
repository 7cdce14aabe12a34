//! How releases hang together: parent and child, and dependencies.

use super::fact::FactSource;
use super::happens::{Happens, Occasion, Reasons};
use super::id::{ReleaseId, Stream, Version};
use super::review::Ending;
use super::shell::Release;
use super::state::State;
use super::verdict::Reason;
use super::words::plain;
use crate::phase::{Phase, PhaseName, Standing, Start};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

plain! {
    /// A child release is attached to this one.
    pub struct ChildAttached {
        /// The child.
        child: ReleaseId,
    }

    /// This release is part of another one.
    #[doc(alias = "release_train")]
    pub struct ParentDeclared {
        /// The parent.
        parent: ReleaseId,
    }

    /// This release waits for another one.
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
        let is_cycle = self.child == on.release || state.parent == Some(self.child);
        reasons.unless(!is_cycle, || cycle("child", self.child, on.release));
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.children.insert(self.child);
    }
}

impl Happens for ParentDeclared {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let is_cycle = self.parent == on.release || state.children.contains(&self.parent);
        reasons.unless(!is_cycle, || cycle("parent", self.parent, on.release));
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.parent = Some(self.parent);
    }
}

impl Happens for DependencyDeclared {
    fn admits(&self, _state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unless(self.on != on.release, || {
            cycle("dependency", self.on, on.release)
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.dependencies.insert(self.on, self.reaches);
    }
}

fn cycle(what: &str, other: ReleaseId, release: ReleaseId) -> Reason {
    let message = format!("as its {what}, release `{other}` would close a cycle with `{release}`");
    Reason::new("cycle", message, "name another release")
}
