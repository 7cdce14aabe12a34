//! How the linked change requests have to stand.

use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Bounded, ChangeRequestState, Reason, ReleaseRequest, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Requires at least this many linked change requests, and that all of them are in one of these states.
///
/// The state is the one that was recorded last; the tool that keeps the change request is not asked.
///
/// | code | what is the matter |
/// |---|---|
/// | `change-request-missing` | too few are linked |
/// | `change-request-state` | one is in another state; a reason for each |
///
/// # Examples
///
/// ```
/// use phasegate::gate::{ChangeRequestsPolicy, GateSet};
/// use phasegate::release::{ChangeRequest, ChangeRequestState, Key, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, gate::Facts, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let policy = ChangeRequestsPolicy::new(1, [ChangeRequestState::Approved, ChangeRequestState::Scheduled])?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(policy);
/// let linked = ChangeRequest::new(Key::new("CHG-7")?, ChangeRequestState::Assessed);
/// let release = desk.record(release, linked, &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  change-requests: change request `CHG-7` is assessed, \
///      and has to be approved or scheduled; \
///      move it on, and record its state",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct ChangeRequestsPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    at_least: u32,
    states: Bounded<BTreeSet<ChangeRequestState>>,
}

impl TryFrom<Params> for ChangeRequestsPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        if params.states.is_empty() {
            let (what, expected) = ("policy on change requests", "at least one of `states`");
            return Err(Invalid::new(InvalidKind::Empty, what, "", expected));
        }
        Ok(Self(params))
    }
}

impl ChangeRequestsPolicy {
    /// At least this many, all in one of these states. With none at least, only those that are linked are looked at.
    ///
    /// # Errors
    ///
    /// - empty: there is no state
    /// - too large: more than 1,000 states
    pub fn new(
        at_least: u32,
        states: impl IntoIterator<Item = ChangeRequestState>,
    ) -> Result<Self, Invalid> {
        let states = Bounded::new(states.into_iter().collect())?;
        Params { at_least, states }.try_into()
    }
}

impl Policy for ChangeRequestsPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "change-requests";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let Params { at_least, states } = &self.0;
        let linked = &ask.state().change_requests;
        let mut reasons = Vec::new();
        if linked.len() < *at_least as usize {
            let found = linked.len();
            let message =
                format!("{found} change requests are linked, and at least {at_least} are required");
            let reason = Reason::new(
                "change-request-missing",
                message,
                "record a `ChangeRequest`",
            );
            reasons.push(reason.read("linked", found));
        }
        let others = linked.values().filter(|one| !states.contains(&one.state));
        reasons.extend(others.map(|one| {
            let wanted: Vec<_> = states.iter().map(ToString::to_string).collect();
            let (id, state, wanted) = (&one.id, &one.state, wanted.join(" or "));
            let message = format!("change request `{id}` is {state}, and has to be {wanted}");
            let remedy = "move it on, and record its state";
            Reason::new("change-request-state", message, remedy)
                .read("change_request", id.as_str())
                .read("state", state.name())
        }));
        Verdict::of(reasons)
    }
}
