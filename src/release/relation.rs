//! How releases hang together: parent and child, and dependencies.

use super::decision::Reason;
use super::happens::{Happens, Occasion, Reasons};
use super::id::ReleaseId;
use super::state::State;
use super::words::plain;
use crate::phase::PhaseName;
use std::sync::Arc;

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
}

impl Happens for ChildAttached {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let is_cycle = self.child == on.release || state.parent == Some(self.child);
        reasons.unless(!is_cycle, || cycle("child", self.child, on.release));
    }

    fn apply(self: &Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.children.insert(self.child);
    }
}

impl Happens for ParentDeclared {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let is_cycle = self.parent == on.release || state.children.contains(&self.parent);
        reasons.unless(!is_cycle, || cycle("parent", self.parent, on.release));
    }

    fn apply(self: &Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.parent = Some(self.parent);
    }
}

impl Happens for DependencyDeclared {
    fn admits(&self, _state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unless(self.on != on.release, || {
            cycle("dependency", self.on, on.release)
        });
    }

    fn apply(self: &Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.dependencies.insert(self.on, self.reaches);
    }
}

fn cycle(what: &str, other: ReleaseId, release: ReleaseId) -> Reason {
    let message = format!("as its {what}, release `{other}` would close a cycle with `{release}`");
    Reason::new("cycle", message, "name another release")
}
