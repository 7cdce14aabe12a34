//! How releases hang together: parent and child, and dependencies.

use super::id::ReleaseId;
use super::words::plain;
use crate::phase::PhaseName;

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
