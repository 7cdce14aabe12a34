//! Who does what: people, systems, roles.

use super::happens::{Happens, Occasion, Reasons};
use super::state::State;
use super::text::{Key, Person};
use super::verdict::Reason;
use super::words::{plain, words};
use crate::phase::{Invalid, PhaseName};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Who asked for a step or added a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "someone or something acts; there is no third"
)]
pub enum Actor {
    /// A person.
    Person(Person),
    /// A system that acts under a name of its own, such as a pipeline.
    System(Key),
}

impl Actor {
    /// The system of that name.
    ///
    /// # Errors
    ///
    /// - empty, too large or malformed: no [`Key`]
    pub fn system(name: impl AsRef<str>) -> Result<Self, Invalid> {
        Key::new(name).map(Self::System)
    }

    /// The person, if it is one.
    #[must_use]
    pub const fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::System(_) => None,
        }
    }
}

impl From<Person> for Actor {
    fn from(person: Person) -> Self {
        Self::Person(person)
    }
}

impl From<&Person> for Actor {
    fn from(person: &Person) -> Self {
        Self::Person(person.clone())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::System(system) => write!(f, "{system} (system)"),
        }
    }
}

words! {
    /// The part that a person plays in a release.
    pub enum Role {
        /// Accountable for the release; one person at a time, and somebody from Development on.
        ReleaseManager "release_manager",
        /// Authorises the change.
        ChangeAuthority "change_authority",
        /// Advises the change authority.
        #[doc(alias = "CAB")]
        ChangeAdvisoryBoard "change_advisory_board",
        /// Authorises in an emergency.
        #[doc(alias = "ECAB")]
        EmergencyChangeAuthority "emergency_change_authority",
        /// Builds what is released.
        Builder "builder",
        /// Tests the release package.
        Tester "tester",
        /// Puts the release package live.
        Deployer "deployer",
    }
}

plain! {
    /// A person is given a role. Whoever is given the role of the release manager takes it over.
    pub struct RoleGiven {
        /// Who is given the role.
        person: Person,
        /// The role.
        role: Role,
    }

    /// A person is relieved of a role.
    pub struct RoleRelieved {
        /// Who is relieved.
        person: Person,
        /// The role.
        role: Role,
    }
}

impl Happens for RoleGiven {
    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        if self.role == Role::ReleaseManager {
            state.people.remove(&Role::ReleaseManager);
            state
                .delegations
                .retain(|(role, _, _), _| *role != Role::ReleaseManager);
        }
        state
            .people
            .entry(self.role.clone())
            .or_default()
            .insert(self.person.clone());
    }
}

impl Happens for RoleRelieved {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unless(state.has_role(&self.person, &self.role), || {
            let message = format!("`{}` is not {}", self.person, self.role);
            Reason::new("unknown", message, "relieve someone who holds the role")
        });
        let may_lack_manager = state.is_in(PhaseName::Request) || state.is_in(PhaseName::Plan);
        reasons.unless(
            self.role != Role::ReleaseManager || may_lack_manager,
            || {
                let message = "a release keeps its release manager once it is under way";
                Reason::new(
                    "no-release-manager",
                    message,
                    "hand over: give the role to somebody else",
                )
            },
        );
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        if let Some(holders) = state.people.get_mut(&self.role) {
            holders.remove(&self.person);
            if holders.is_empty() {
                state.people.remove(&self.role);
            }
        }
        state
            .delegations
            .retain(|(role, absent, _), _| (role, absent) != (&self.role, &self.person));
    }
}
