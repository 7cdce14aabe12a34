//! The duties that people have in a release, and that should not all be one person's.

use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Answer, Person, Reason, ReleaseRequest, Role, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A duty in a release, other than approving it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Duty {
    /// Who asked for the release.
    Requester,
    /// Who built it: whoever has the role of a builder, or is the author of a code change in it.
    Builder,
    /// Who deploys it: whoever has the role of a deployer, or asks for the step.
    Deployer,
}

impl Duty {
    pub(super) fn is_of(self, person: &Person, ask: &Ask<'_>) -> bool {
        let state = ask.state();
        let is = |actor: Option<&Person>| actor == Some(person);
        match self {
            Self::Requester => is(ask.requested_by().and_then(|actor| actor.person())),
            Self::Builder => {
                let mut changes = state.changes.values();
                state.has_role(person, &Role::Builder)
                    || changes.any(|change| is(change.author.as_ref()))
            }
            Self::Deployer => is(ask.actor().person()) || state.has_role(person, &Role::Deployer),
        }
    }

    /// Why the approval of a person who has it does not count.
    pub(super) fn own_work(self, person: &Person, remedy: &str) -> Reason {
        let message = format!("`{person}` {} and cannot approve it", self.done());
        Reason::new("own-work", message, remedy).read("person", person.as_str())
    }

    /// What such a person did, in words.
    pub(super) const fn done(self) -> &'static str {
        match self {
            Self::Requester => "asked for this release",
            Self::Builder => "built it",
            Self::Deployer => "deploys it",
        }
    }
}

/// Requires that nobody who approved the step has another duty in the release.
///
/// [`ApprovalsPolicy`](super::ApprovalsPolicy) does not count such approvals; this refuses the step as long as there
/// is one.
///
/// | code | what is the matter |
/// |---|---|
/// | `own-work` | somebody approved what they asked for, built or deploy themselves; a reason for each |
///
/// # Examples
///
/// ```
/// use phasegate::Gate;
/// use phasegate::gate::{Duty, SeparationOfDutiesPolicy};
/// use phasegate::release::step::Deploy;
///
/// let policy = SeparationOfDutiesPolicy::new([Duty::Requester, Duty::Deployer])?;
/// let gate = Gate::<Deploy>::new("production", 1)?.require(policy);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct SeparationOfDutiesPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    apart: BTreeSet<Duty>,
}

impl TryFrom<Params> for SeparationOfDutiesPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        if params.apart.is_empty() {
            let (what, expected) = ("separation of duties", "at least one duty");
            return Err(Invalid::new(InvalidKind::Empty, what, "", expected));
        }
        Ok(Self(params))
    }
}

impl SeparationOfDutiesPolicy {
    /// These duties, apart from approving.
    ///
    /// # Errors
    ///
    /// - empty: no duty is named
    pub fn new(apart: impl IntoIterator<Item = Duty>) -> Result<Self, Invalid> {
        let apart = apart.into_iter().collect();
        Params { apart }.try_into()
    }
}

impl Policy for SeparationOfDutiesPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "separation-of-duties";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let mut seen = BTreeSet::new();
        let mut reasons = Vec::new();
        for ((step, person, role), given) in &ask.state().approvals {
            let is_live = given.approval.expires.is_none_or(|end| ask.now() < end);
            if *step != ask.action() || given.approval.answer == Answer::Rejected || !is_live {
                continue;
            }
            for one in given.involved(person) {
                let duty = self.0.apart.iter().find(|duty| duty.is_of(one, ask));
                if let Some(duty) = duty.filter(|_| seen.insert(one)) {
                    let remedy = format!(
                        "ask somebody else in the role `{role}`, and have `{one}` withdraw the approval"
                    );
                    reasons.push(duty.own_work(one, &remedy).by_people([one.clone()]));
                }
            }
        }
        Verdict::of(reasons)
    }
}
