//! A release waits for others.

use crate::gate::{Ask, Policy, Relation};
use crate::phase::PhaseName;
use crate::release::{Ending, OtherRelease, Reason, ReleaseId, ReleaseRequest, Role, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that every release that this one waits for has reached the phase that was declared.
///
/// Which ones it waits for, and for what, is recorded by
/// [`DependencyDeclared`](crate::release::DependencyDeclared). A release that was backed out has not reached Deployment
/// or anything after it, until it is deployed again. One that was rejected or cancelled has reached nothing. An
/// exception is an override; each reason is a blocker of its own.
///
/// | code | what is the matter |
/// |---|---|
/// | `dependency-waiting` | the other one has not come so far, and may still |
/// | `dependency-ended` | the other one is closed, and has never come so far |
///
/// The commit holds on to the logs of the others that are open. Where one of them was written to in between, the step
/// is decided again.
///
/// # Examples
///
/// ```
/// use phasegate::gate::DependenciesPolicy;
/// use phasegate::phase::PhaseName;
/// use phasegate::release::{DependencyDeclared, Name, ReleaseRequest};
/// # use phasegate::release::{Assessment, AssessmentDecision, step::Authorise};
/// use phasegate::{Desk, Gate, GateSet, MemoryStore, Person};
///
/// # pollster::block_on(async {
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(DependenciesPolicy::new());
/// let desk = Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate));
/// let kim = Person::new("kim")?;
/// # let worthwhile = || Assessment::new(AssessmentDecision::Worthwhile);
///
/// let billing = desk.run(desk.request(ReleaseRequest::new(Name::new("Billing 9")?)), &kim).await?;
/// let shop = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let waits = DependencyDeclared::new(billing.id(), PhaseName::Review);
/// let shop = desk.record(shop, waits, &kim).await?;
///
/// let refused = desk.run(shop.authorise(worthwhile()), &kim).await.unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     format!(
///         "authorise refused\n  dependencies: release `{}` is in Request, and has to reach Review; \
///          wait until it does",
///         billing.id(),
///     ),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DependenciesPolicy {}

impl DependenciesPolicy {
    /// The policy; it has no parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl Policy for DependenciesPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "dependencies";
    const RELATIONS: &'static [Relation] = &[Relation::Dependencies];

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let dependencies = ask.dependencies().iter();
        let reasons = dependencies.filter_map(|(&id, &wanted)| {
            let other = ask.other(id)?;
            (!has_reached(other, wanted)).then(|| waits(id, other, wanted))
        });
        Verdict::of(reasons.collect())
    }
}

fn has_reached(other: &OtherRelease, wanted: PhaseName) -> bool {
    let is_given_up = match other.ending {
        Some(Ending::Rejected | Ending::Cancelled) => true,
        Some(Ending::Completed | Ending::WithIssues | Ending::Unsuccessful | Ending::BackedOut)
        | None => false,
    };
    let is_undone = other.is_backed_out && wanted >= PhaseName::Deployment;
    other.standing.phase >= wanted && !is_given_up && !is_undone
}

fn waits(id: ReleaseId, other: &OtherRelease, wanted: PhaseName) -> Reason {
    let backed_out = if other.is_backed_out {
        " and was backed out"
    } else {
        ""
    };
    let reason = match other.standing.phase {
        PhaseName::Closed => {
            let message =
                format!("release `{id}` is closed{backed_out}, and has not reached {wanted}");
            let remedy = "plan without it, or have a blocker of this kind overridden";
            Reason::new("dependency-ended", message, remedy)
        }
        PhaseName::Start => {
            let message = format!("release `{id}` has not begun, and has to reach {wanted}");
            Reason::new("dependency-waiting", message, "wait until it does")
        }
        PhaseName::Request
        | PhaseName::Plan
        | PhaseName::Development
        | PhaseName::Testing
        | PhaseName::Deployment
        | PhaseName::Review
        | PhaseName::Closure => {
            let standing = other.standing;
            let message =
                format!("release `{id}` is in {standing}{backed_out}, and has to reach {wanted}");
            Reason::new("dependency-waiting", message, "wait until it does")
        }
    };
    let reason = reason.read("release", id.to_string().as_str());
    let reason = reason.read("phase", other.standing.phase.name());
    let reason = reason.read("reaches", wanted.name());
    reason.by_role(Role::ReleaseManager)
}
