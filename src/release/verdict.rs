//! The answer of a policy: five verdicts, the reasons behind them, and how they combine.

use super::fact::FactValue;
use super::people::Role;
use super::text::{Key, Person, Text};
use super::words::is_default;
use crate::phase::{Instant, visible};
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Why a policy is not satisfied: a stable code for programs, a sentence and a remedy for people.
///
/// # Examples
///
/// ```
/// use phasegate::release::{Reason, Role};
///
/// let reason = Reason::new("too-many", "the package has 12 units", "split it into two releases")
///     .read("units", 12)
///     .by_role(Role::ReleaseManager);
/// assert_eq!(reason.to_string(), "the package has 12 units; split it into two releases");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reason {
    /// A word that programs can rely on, such as `not-tested`.
    pub code: Key,
    /// What is the matter, with the values that were read.
    pub message: Text,
    /// What would lift it.
    pub remedy: Text,
    /// The one thing that it is about, where the same code can be there for several: the id of a freeze, say. An
    /// override of it names that thing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub about: Option<Key>,
    /// The earliest instant at which time alone can lift it, if it can.
    #[serde(default, skip_serializing_if = "is_default")]
    pub clears_at: Option<Instant>,
    /// The values that were read, by name, for programs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub read: BTreeMap<Key, FactValue>,
    /// The roles of those who could lift it; empty if anybody could.
    #[serde(default, skip_serializing_if = "is_default")]
    pub roles: BTreeSet<Role>,
    /// The people who could lift it, where they are known by name.
    #[serde(default, skip_serializing_if = "is_default")]
    pub people: BTreeSet<Person>,
}

impl Reason {
    /// A reason; what is too long is cut to the limits of [`Key`] and [`Text`].
    #[must_use]
    pub fn new(code: impl AsRef<str>, message: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Self {
            code: Key::clipped(code.as_ref()),
            message: Text::clipped(message.as_ref()),
            remedy: Text::clipped(remedy.as_ref()),
            about: None,
            clears_at: None,
            read: BTreeMap::new(),
            roles: BTreeSet::new(),
            people: BTreeSet::new(),
        }
    }

    /// The same reason, about one thing of several; an override of it has to name that.
    #[must_use]
    pub fn about(mut self, thing: Key) -> Self {
        self.about = Some(thing);
        self
    }

    /// The same reason, lifted by time alone from `at` on.
    #[must_use]
    pub const fn clears_at(mut self, at: Instant) -> Self {
        self.clears_at = Some(at);
        self
    }

    /// The same reason, and a value that it rests on.
    #[must_use]
    pub fn read(mut self, name: impl AsRef<str>, value: impl Into<FactValue>) -> Self {
        self.read.insert(Key::clipped(name.as_ref()), value.into());
        self
    }

    /// The same reason, which something else lifts too.
    pub(crate) fn or(mut self, remedy: &str) -> Self {
        self.remedy = Text::clipped(&format!("{}; or {remedy}", self.remedy));
        self
    }

    /// The same reason, which somebody in this role could lift.
    #[must_use]
    pub fn by_role(mut self, role: Role) -> Self {
        self.roles.insert(role);
        self
    }

    /// The same reason, which these people could lift.
    #[must_use]
    pub fn by_people(mut self, people: impl IntoIterator<Item = Person>) -> Self {
        self.people.extend(people);
        self
    }
}

/// On one line; what could hide or reorder what stands beside it is escaped.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, remedy) = (
            visible(self.message.as_str()),
            visible(self.remedy.as_str()),
        );
        write!(f, "{message}; {remedy}")?;
        self.clears_at
            .map_or(Ok(()), |at| write!(f, " (not before {at})"))
    }
}

/// The answer of one policy to one proposal.
///
/// # Combining
///
/// [`all`](Self::all), [`any`](Self::any) and [`at_least`](Self::at_least) are one rule: of the verdicts, this many
/// have to clear. Neither order nor repetition changes `all` and `any`. *Failed* absorbs everything; *excepted* counts
/// as satisfied, and uses up its overrides only where nothing satisfied is there instead.
///
/// | all | satisfied | excepted | unknown | violated | failed |
/// |---|---|---|---|---|---|
/// | **satisfied** | satisfied | excepted | unknown | violated | failed |
/// | **excepted** | excepted | excepted | unknown | violated | failed |
/// | **unknown** | unknown | unknown | unknown | violated | failed |
/// | **violated** | violated | violated | violated | violated | failed |
/// | **failed** | failed | failed | failed | failed | failed |
///
/// | any | satisfied | excepted | unknown | violated | failed |
/// |---|---|---|---|---|---|
/// | **satisfied** | satisfied | satisfied | satisfied | satisfied | failed |
/// | **excepted** | satisfied | excepted | excepted | excepted | failed |
/// | **unknown** | satisfied | excepted | unknown | unknown | failed |
/// | **violated** | satisfied | excepted | unknown | violated | failed |
/// | **failed** | failed | failed | failed | failed | failed |
///
/// | at least n of s satisfied, e excepted, u unknown, v violated, f failed | is |
/// |---|---|
/// | f > 0 | failed |
/// | else s >= n | satisfied |
/// | else s + e >= n | excepted |
/// | else s + e + u >= n | unknown |
/// | else | violated |
///
/// | | satisfied | excepted | unknown | violated | failed |
/// |---|---|---|---|---|---|
/// | **not** | violated | violated | unknown | satisfied | failed |
///
/// A rule whose `when` does not hold has no verdict, and stands in none of these: what is left is combined, `at least
/// n` never asks for more than are left, and a combination of nothing has no verdict either.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a join of verdicts has to be total"
)]
pub enum Verdict {
    /// What the policy asks for is there.
    Satisfied {
        /// Until when it stays there, if time alone can end it.
        #[serde(default, skip_serializing_if = "is_default")]
        until: Option<Instant>,
    },
    /// It is not there.
    Violated {
        /// Every reason. Empty only for a combination whose parts have the reasons.
        reasons: Vec<Reason>,
    },
    /// A fact that the policy needs is missing.
    Unknown {
        /// Every reason. Empty only for a combination whose parts have the reasons.
        reasons: Vec<Reason>,
    },
    /// The policy could not be evaluated. That never clears.
    Failed {
        /// Every reason. Empty only for a combination whose parts have the reasons.
        reasons: Vec<Reason>,
    },
    /// It is not there, and an override lets it pass, once.
    Excepted {
        /// What would have blocked.
        reasons: Vec<Reason>,
        /// The overrides that are used up.
        overrides: BTreeSet<Key>,
        /// Until when all of it holds: the first of the overrides to end, say.
        #[serde(default, skip_serializing_if = "is_default")]
        until: Option<Instant>,
    },
}

impl Verdict {
    /// What the policy asks for is there, for good.
    pub const SATISFIED: Self = Self::Satisfied { until: None };

    /// Satisfied without reasons, violated with any.
    #[must_use]
    pub fn of(reasons: Vec<Reason>) -> Self {
        if reasons.is_empty() {
            Self::SATISFIED
        } else {
            Self::Violated { reasons }
        }
    }

    /// Whether the policy lets the step pass.
    #[must_use]
    pub const fn clears(&self) -> bool {
        matches!(self, Self::Satisfied { .. } | Self::Excepted { .. })
    }

    /// The reasons behind the verdict.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Satisfied { .. } => &[],
            Self::Violated { reasons }
            | Self::Unknown { reasons }
            | Self::Failed { reasons }
            | Self::Excepted { reasons, .. } => reasons,
        }
    }

    /// Until when it lets the step pass, if time alone can end that.
    #[must_use]
    pub const fn until(&self) -> Option<Instant> {
        match self {
            Self::Satisfied { until } | Self::Excepted { until, .. } => *until,
            Self::Violated { .. } | Self::Unknown { .. } | Self::Failed { .. } => None,
        }
    }

    /// Every one of them clears; satisfied if there are none.
    #[must_use]
    pub fn all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let verdicts: Vec<_> = verdicts.into_iter().collect();
        Self::at_least(verdicts.len(), verdicts)
    }

    /// One of them clears; violated, without a reason, if there are none.
    #[must_use]
    pub fn any(verdicts: impl IntoIterator<Item = Self>) -> Self {
        Self::at_least(1, verdicts)
    }

    /// This many of them clear. The reasons are those of every verdict that bears on the answer, each once and in a
    /// stable order.
    ///
    /// # Time
    ///
    /// It holds until too few of those that clear are left.
    #[must_use]
    pub fn at_least(count: usize, verdicts: impl IntoIterator<Item = Self>) -> Self {
        let mut counted: [Vec<Self>; 5] = Default::default();
        for verdict in verdicts {
            let [satisfied, excepted, unknown, violated, failed] = &mut counted;
            let class = match verdict {
                Self::Satisfied { .. } => satisfied,
                Self::Excepted { .. } => excepted,
                Self::Unknown { .. } => unknown,
                Self::Violated { .. } => violated,
                Self::Failed { .. } => failed,
            };
            class.push(verdict);
        }
        let [satisfied, mut excepted, unknown, violated, failed] = counted;
        let clearing = satisfied.len() + excepted.len();
        if !failed.is_empty() {
            return Self::Failed {
                reasons: joined(failed),
            };
        }
        if satisfied.len() >= count {
            return Self::Satisfied {
                until: nth_end(count, &satisfied),
            };
        }
        if clearing >= count {
            let needed = count - satisfied.len();
            // Those that hold longest; equal ones by their overrides, so that order does not matter.
            excepted.sort_by_cached_key(|one| {
                let overrides: Vec<_> = one.overrides().cloned().collect();
                (Reverse(end_order(one.until())), overrides)
            });
            excepted.truncate(needed);
            let until = earliest(satisfied.iter().chain(&excepted).map(Self::until));
            let overrides = excepted.iter().flat_map(Self::overrides).cloned().collect();
            return Self::Excepted {
                reasons: joined(excepted),
                overrides,
                until,
            };
        }
        if clearing + unknown.len() >= count {
            return Self::Unknown {
                reasons: joined(unknown),
            };
        }
        Self::Violated {
            reasons: joined(violated),
        }
    }

    /// The opposite: satisfied where this is violated, and violated, for this reason, where it clears.
    ///
    /// # Time
    ///
    /// It holds until time alone could lift what violates; where it is violated because something clears, it can
    /// clear once that ends.
    #[must_use]
    pub fn negated(self, because: Reason) -> Self {
        self.negated_by(|| because)
    }

    /// The same, where the reason is made only if it is needed.
    pub(crate) fn negated_by(self, because: impl FnOnce() -> Reason) -> Self {
        match self {
            Self::Satisfied { until } | Self::Excepted { until, .. } => Self::Violated {
                reasons: vec![match until {
                    Some(until) => because().clears_at(until),
                    None => because(),
                }],
            },
            Self::Violated { reasons } => Self::Satisfied {
                until: earliest(reasons.iter().map(|reason| reason.clears_at)),
            },
            unknown @ (Self::Unknown { .. } | Self::Failed { .. }) => unknown,
        }
    }

    /// The overrides that it uses up.
    pub(crate) fn overrides(&self) -> impl Iterator<Item = &Key> + use<'_> {
        let overrides = match self {
            Self::Excepted { overrides, .. } => Some(overrides),
            Self::Satisfied { .. }
            | Self::Violated { .. }
            | Self::Unknown { .. }
            | Self::Failed { .. } => None,
        };
        overrides.into_iter().flatten()
    }

    /// The same without its reasons: for a combination whose parts have them.
    pub(crate) fn bare(&self) -> Self {
        let reasons = Vec::new();
        match self {
            Self::Satisfied { until } => Self::Satisfied { until: *until },
            Self::Violated { .. } => Self::Violated { reasons },
            Self::Unknown { .. } => Self::Unknown { reasons },
            Self::Failed { .. } => Self::Failed { reasons },
            Self::Excepted {
                overrides, until, ..
            } => Self::Excepted {
                reasons,
                overrides: overrides.clone(),
                until: *until,
            },
        }
    }
}

/// The reasons of all, each once, in an order of their own.
fn joined(verdicts: Vec<Verdict>) -> Vec<Reason> {
    let mut joined: Vec<Reason> = Vec::new();
    for verdict in verdicts {
        if let Verdict::Violated { reasons }
        | Verdict::Unknown { reasons }
        | Verdict::Failed { reasons }
        | Verdict::Excepted { reasons, .. } = verdict
        {
            joined.extend(reasons);
        }
    }
    let words = |reason: &Reason| (reason.code.clone(), reason.message.clone());
    joined.sort_by_cached_key(words);
    joined.dedup();
    joined
}

/// Until when this many of the satisfied are left.
fn nth_end(count: usize, satisfied: &[Verdict]) -> Option<Instant> {
    let mut ends: Vec<_> = satisfied.iter().map(Verdict::until).collect();
    ends.sort_by_key(|&end| Reverse(end_order(end)));
    let last = count.checked_sub(1)?;
    ends.get(last).copied().flatten()
}

/// What has no end lasts longest.
const fn end_order(end: Option<Instant>) -> (bool, Option<Instant>) {
    (end.is_none(), end)
}

pub(crate) fn earliest(instants: impl IntoIterator<Item = Option<Instant>>) -> Option<Instant> {
    instants.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_with_an_unknown_field_is_refused() {
        let read = serde_json::from_str::<Verdict>;
        assert_eq!(read(r#"{"satisfied":{}}"#).unwrap(), Verdict::SATISFIED);
        for bad in [
            r#"{"satisfied":{"untill":null}}"#,
            r#"{"violated":{"reasons":[],"overrides":[]}}"#,
        ] {
            assert!(read(bad).unwrap_err().to_string().contains("unknown field"));
        }
    }
}
