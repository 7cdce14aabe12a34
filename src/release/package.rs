//! What goes live together, and what it contains.

use super::digest::Digest;
use super::happens::{Happens, Occasion, Reasons};
use super::limits::ENTRIES;
use super::state::State;
use super::text::{Bounded, Key, Name, Person, Text};
use super::words::{plain, words};
use crate::phase::{Instant, Invalid, InvalidKind};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

words! {
    /// What a release unit is.
    pub enum UnitKind {
        /// A program or a library.
        Code "code",
        /// Settings.
        Configuration "configuration",
        /// What people read.
        Documentation "documentation",
        /// Data or its schema.
        Data "data",
    }
}

words! {
    /// What a code change is for whoever uses what is released.
    pub enum ChangeKind {
        /// Something that worked before works in another way, or no more.
        Breaking "breaking",
        /// A closed security gap.
        Security "security",
        /// Something that will be taken away.
        Deprecation "deprecation",
        /// Something that was taken away.
        Removal "removal",
        /// Something new.
        Feature "feature",
        /// Something better or newer.
        Update "update",
        /// A defect put right.
        Fix "fix",
        /// What people read.
        Documentation "documentation",
    }
}

plain! {
    /// One component of a release package.
    pub struct ReleaseUnit {
        /// What it is.
        kind: UnitKind,
        /// Its version, in whatever form it has one.
        version: Name,
        /// The digest of its content.
        digest: Digest,
    }

    /// A commit that is part of the release.
    #[doc(alias = "commit")]
    pub struct CodeChange {
        /// Its id in the host's version control.
        id: Key,
        /// When it was committed; lead time counts from here.
        committed_at: Instant,
    } with {
        /// Who wrote it.
        author: Option<Person>,
        /// What it does.
        summary: Option<Name>,
        /// What it is for whoever uses what is released; release notes are grouped by it.
        kinds: Bounded<BTreeSet<ChangeKind>>,
        /// The parts of the product that it is about.
        areas: Bounded<BTreeSet<Key>>,
        /// What release notes say of it; blank where the summary says it. What stands between backticks is code,
        /// and nothing else is markup.
        note: Text,
        /// What has to be done before or after it is installed; if anything, it is a breaking change.
        action_required: Text,
        /// Where more can be read, such as `https://example.com/changes/17`.
        link: Text,
        /// Whether release notes leave it out.
        is_internal: bool,
    }
}

/// What goes live together: units by the host's key, and one digest over all of them.
///
/// # Examples
///
/// ```
/// use phasegate::release::{Digest, Key, Name, ReleasePackage, ReleaseUnit, UnitKind};
///
/// let unit = ReleaseUnit::builder()
///     .kind(UnitKind::Code)
///     .version(Name::new("2.4.0")?)
///     .digest(Digest::of(b"the binary"))
///     .build();
/// let package = ReleasePackage::new([(Key::new("shop")?, unit)])?;
/// assert_eq!(package.units().len(), 1);
///
/// let refused = ReleasePackage::new([]).unwrap_err();
/// assert_eq!(refused.to_string(), "invalid release package `0 units`: expected 1 to 1000 units");
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Units", into = "Units")]
pub struct ReleasePackage {
    units: BTreeMap<Key, ReleaseUnit>,
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    units: BTreeMap<Key, ReleaseUnit>,
}

impl ReleasePackage {
    /// The package of these units; of two with one key the later one counts.
    ///
    /// # Errors
    ///
    /// - empty or too large: not 1 to 1,000 units
    pub fn new(units: impl IntoIterator<Item = (Key, ReleaseUnit)>) -> Result<Self, Invalid> {
        // One more than the limit is enough to see that there are too many.
        let units: BTreeMap<_, _> = units.into_iter().take(ENTRIES + 1).collect();
        let kind = match units.len() {
            0 => InvalidKind::Empty,
            1..=ENTRIES => {
                return Ok(Self {
                    digest: Digest::of_value(&units),
                    units,
                });
            }
            _ => InvalidKind::TooLarge,
        };
        let found = format!("{} units", units.len());
        Err(Invalid::new(
            kind,
            "release package",
            found,
            format!("1 to {ENTRIES} units"),
        ))
    }

    /// The units, by the host's key.
    #[must_use]
    pub const fn units(&self) -> &BTreeMap<Key, ReleaseUnit> {
        &self.units
    }

    /// The digest of the whole package: what tests and approvals are about.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

impl TryFrom<Units> for ReleasePackage {
    type Error = Invalid;
    fn try_from(units: Units) -> Result<Self, Invalid> {
        Self::new(units.units)
    }
}

impl From<ReleasePackage> for Units {
    fn from(package: ReleasePackage) -> Self {
        Self {
            units: package.units,
        }
    }
}

impl Happens for CodeChange {
    fn admits(&self, _state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.past("have been committed at", self.committed_at, on);
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.changes.insert(self.id.clone(), self);
    }
}
