//! A release and its parts move together.

use crate::gate::{Ask, Policy, Relation};
use crate::phase::PhaseName;
use crate::release::{OtherRelease, Reason, ReleaseId, Role, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that a release and its parts move in step: the whole goes first, and its parts follow.
///
/// A child does not pass its parent's phase, and a parent neither leaves a phase behind a child nor goes back past one.
/// What is closed never lags and is never passed; giving a child up is no passing. Hold makes no difference. Each
/// reason names the other release; its release manager can lift it.
///
/// | code | what is the matter |
/// |---|---|
/// | `ahead-of-parent` | it would be in a later phase than its parent |
/// | `child-behind` | it would leave a phase forward, and an open child stands in an earlier one or has not begun |
/// | `child-ahead` | it would go back, and an open child stands in a later phase than it would |
///
/// The commit holds on to the logs of the parent and of the open children. Where one of them was written to in
/// between, the step is decided again.
///
/// # Examples
///
/// ```
/// use phasegate::clock::new_release_id;
/// use phasegate::gate::InStepPolicy;
/// use phasegate::release::{ChildAttached, Name, ReleaseRequest};
/// # use phasegate::release::{Assessment, AssessmentDecision, step::Authorise};
/// use phasegate::{Desk, Gate, GateSet, MemoryStore, Person};
///
/// # pollster::block_on(async {
/// let gate = Gate::<Authorise>::new("train", 1)?.require(InStepPolicy::new());
/// let desk = Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate));
/// let kim = Person::new("kim")?;
/// # let worthwhile = || Assessment::new(AssessmentDecision::Worthwhile);
///
/// let train = desk.run(desk.request(ReleaseRequest::new(Name::new("Train 7")?)), &kim).await?;
/// let part = new_release_id("2026-03-02T10:00:00Z".parse()?);
/// let train = desk.record(train, ChildAttached::new(part), &kim).await?;
/// let request = ReleaseRequest::builder().title(Name::new("Shop 2.4")?).parent(train.id()).build();
/// let shop = desk.run(desk.request_as(part, request), &kim).await?;
///
/// let refused = desk.run(shop.authorise(worthwhile()), &kim).await.unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     format!(
///         "authorise refused\n  in-step: `{part}` would be in Plan, ahead of its parent `{}`, which is in Request; \
///          take the parent there first",
///         train.id(),
///     ),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InStepPolicy {}

impl InStepPolicy {
    /// The policy; it has no parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl Policy for InStepPolicy {
    type Reads = ();
    const NAME: &'static str = "in-step";
    const RELATIONS: &'static [Relation] = &[Relation::Parent, Relation::Children];

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let from = ask.standing().phase;
        let Some(to) = ask.action().leads(ask.standing()).map(|to| to.phase) else {
            return Verdict::SATISFIED;
        };
        let parent = ask.parent().and_then(|id| Some((id, ask.other(id)?)));
        let children = ask.children().iter();
        let children = children.filter_map(|&id| Some((id, ask.other(id)?)));
        let open = children.filter(|(_, child)| child.standing.phase != PhaseName::Closed);
        let mut reasons = Vec::new();
        if to > from {
            let is_given_up = to == PhaseName::Closed && from != PhaseName::Closure;
            let passed = parent.filter(|(_, parent)| to > parent.standing.phase && !is_given_up);
            reasons.extend(passed.map(|(id, parent)| ahead(ask.release(), to, id, parent)));
            let behind = open.filter(|(_, child)| child.standing.phase < from);
            reasons.extend(behind.map(|(id, child)| lags(id, child, from)));
        } else if to < from {
            let passed = open.filter(|(_, child)| child.standing.phase > to);
            reasons.extend(passed.map(|(id, child)| stays(id, child, to)));
        }
        Verdict::of(reasons)
    }
}

fn ahead(release: ReleaseId, to: PhaseName, id: ReleaseId, parent: &OtherRelease) -> Reason {
    let standing = parent.standing;
    let message =
        format!("`{release}` would be in {to}, ahead of its parent `{id}`, which is in {standing}");
    about(
        Reason::new("ahead-of-parent", message, "take the parent there first"),
        id,
        parent,
    )
}

fn lags(id: ReleaseId, child: &OtherRelease, from: PhaseName) -> Reason {
    let standing = child.standing;
    let message = if standing.phase == PhaseName::Start {
        format!("child `{id}` has not begun")
    } else {
        format!("child `{id}` is in {standing}, behind {from}")
    };
    let remedy = "take the child on first, or close it";
    about(Reason::new("child-behind", message, remedy), id, child)
}

fn stays(id: ReleaseId, child: &OtherRelease, to: PhaseName) -> Reason {
    let message = format!("child `{id}` is in {}, ahead of {to}", child.standing);
    let remedy = "take the child back first, or close it";
    about(Reason::new("child-ahead", message, remedy), id, child)
}

/// The same reason with what was read of the other release, and who could move it.
fn about(reason: Reason, id: ReleaseId, other: &OtherRelease) -> Reason {
    let reason = reason.read("release", id.to_string().as_str());
    let reason = reason.read("phase", other.standing.phase.name());
    reason.by_role(Role::ReleaseManager)
}
