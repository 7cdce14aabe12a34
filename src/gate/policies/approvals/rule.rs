//! What is asked: this many of these people.

use crate::gate::Percent;
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Bounded, Key, Person, Role, State};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Who may approve: everybody in a role, or one person by name.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a role or a person; there is no third"
)]
pub enum Approver {
    /// Whoever has this role.
    Role(Role),
    /// This person; they still answer in a role that they have.
    Person(Person),
}

impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "somebody in the role `{role}`"),
            Self::Person(person) => write!(f, "`{person}`"),
        }
    }
}

/// How many have to approve.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a number or a share; there is no third"
)]
pub enum Quorum {
    /// This many.
    Count(u32),
    /// This share of those who may, rounded up, one at least.
    Percent(Percent),
}

/// One rule: this many of these have to approve.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{ApprovalRule, Approver, Quorum};
/// use phasegate::release::{Key, Person, Role};
///
/// let board = ApprovalRule::new(
///     Key::new("board")?,
///     Quorum::Count(2),
///     [Approver::Role(Role::ChangeAdvisoryBoard)],
/// )?;
/// let of_nobody = ApprovalRule::new(
///     Key::new("owners")?,
///     Quorum::Count(2),
///     [Approver::Person(Person::new("kim")?)],
/// );
/// assert_eq!(
///     of_nobody.unwrap_err().to_string(),
///     "invalid quorum of rule `owners` `2`: expected 1 to 1, the number of people named",
/// );
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct ApprovalRule(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    name: Key,
    by: Bounded<BTreeSet<Approver>>,
    quorum: Quorum,
}

impl TryFrom<Params> for ApprovalRule {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        let what = format!("quorum of rule `{}`", params.name);
        if params.by.is_empty() {
            let expected = "at least one role or person in `by`";
            return Err(Invalid::new(InvalidKind::Empty, what, "", expected));
        }
        let rule = Self(params);
        let by_name_only = rule.roles().next().is_none();
        let named = rule.by().len();
        let (count, expected) = match rule.quorum() {
            Quorum::Count(0) => (0, "at least 1".to_owned()),
            Quorum::Percent(share) if share.get() == 0 => (0, "at least 1 percent".to_owned()),
            Quorum::Count(count) if by_name_only && count as usize > named => {
                (count, format!("1 to {named}, the number of people named"))
            }
            Quorum::Count(_) | Quorum::Percent(_) => return Ok(rule),
        };
        Err(Invalid::new(InvalidKind::OutOfRange, what, count, expected))
    }
}

impl ApprovalRule {
    /// This many of these.
    ///
    /// # Errors
    ///
    /// - empty: nobody may approve
    /// - out of range: a quorum of none, or of more people than are named
    /// - too large: more than 1,000 approvers
    pub fn new(
        name: Key,
        quorum: Quorum,
        by: impl IntoIterator<Item = Approver>,
    ) -> Result<Self, Invalid> {
        let by = Bounded::new(by.into_iter().collect())?;
        Params { name, by, quorum }.try_into()
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Key {
        &self.0.name
    }

    /// Who may approve.
    #[must_use]
    pub fn by(&self) -> &BTreeSet<Approver> {
        &self.0.by
    }

    /// How many have to.
    #[must_use]
    pub const fn quorum(&self) -> Quorum {
        self.0.quorum
    }

    pub(super) fn roles(&self) -> impl Iterator<Item = &Role> {
        self.by().iter().filter_map(|one| match one {
            Approver::Role(role) => Some(role),
            Approver::Person(_) => None,
        })
    }

    pub(super) fn named(&self) -> impl Iterator<Item = &Person> {
        self.by().iter().filter_map(|one| match one {
            Approver::Person(person) => Some(person),
            Approver::Role(_) => None,
        })
    }

    pub(super) fn is_for(&self, person: &Person, role: &Role) -> bool {
        self.named().any(|named| named == person) || self.roles().any(|named| named == role)
    }

    /// Everybody who may approve, by name: those named who have any role, and those who have a role named.
    pub(super) fn electorate<'a>(&'a self, state: &'a State) -> BTreeSet<&'a Person> {
        let in_roles = self.roles().flat_map(|role| state.holders(role));
        let named = self.named();
        let has_role = |person: &&Person| state.people.values().any(|one| one.contains(*person));
        let named = named.filter(has_role);
        in_roles.chain(named).collect()
    }

    /// The same, of those who are known to hold the roles; nothing where a role's holders are not known.
    pub(super) fn known<'a>(
        &'a self,
        holders: &'a BTreeMap<Role, BTreeSet<Person>>,
    ) -> Option<BTreeSet<&'a Person>> {
        let mut people: BTreeSet<_> = self.named().collect();
        for role in self.roles() {
            people.extend(holders.get(role)?);
        }
        Some(people)
    }

    /// How many have to approve, of this many who may.
    pub(super) fn needed(&self, electorate: impl FnOnce() -> usize) -> usize {
        match self.quorum() {
            Quorum::Count(count) => count as usize,
            Quorum::Percent(share) => {
                let of_all = electorate() * usize::from(share.get());
                of_all.div_ceil(100).max(1)
            }
        }
    }
}
