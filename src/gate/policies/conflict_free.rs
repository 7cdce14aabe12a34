//! Whether another release has a deployment booked that gets in the way.

use crate::gate::{Ask, Policy};
use crate::release::{
    BookedConflict, ConflictAnswer, ConflictQuestion, Reason, ReleaseRequest, Verdict,
};
use crate::schedule::Distance;
use serde::{Deserialize, Serialize};

/// Requires that no other release of the tenant has a deployment booked that is in conflict with this one.
///
/// A release books its deployment by the window that its plan names, or with which it is deployed. While an attempt runs,
/// or an expedited release is in Deployment, it books the time up to now and the next 5 minutes as well. It books nothing
/// else once that is over, or the release is past Deployment. Two deployments are in conflict while both are on, where they
/// change the same service or touch the same configuration item; within a distance in the host's service map, if that
/// is asked for; or where they take the same people, if those count: whoever has a responsibility in the plan. They have
/// to share an environment as well: of a release that follows a model, those of the model that are live, else all. People
/// are in conflict wherever they are. [`conflicts`](crate::schedule::conflicts) has the rules, and when it touches only.
///
/// The window is that of the step, or else that of the deployment, or else the planned one; what is left of it counts.
///
/// | code | what is the matter |
/// |---|---|
/// | `no-window` | no deployment window is planned |
/// | `conflict` | another release is in conflict; one blocker for each |
/// | `bookings-not-read` | nobody has read what other releases have booked, or too long ago; the verdict is unknown |
/// | `bookings-incomplete` | there may be more conflicts than were found; the verdict is unknown |
///
/// An override names the other release as what it is [about](crate::release::OverrideGranted::about). A desk reads at
/// most 1,000 releases: those in Deployment, and those whose planned window is not over and begins before this one ends.
///
/// # What the commit guards
///
/// It holds on to the logs of the releases in conflict, where an override lets the step pass. It cannot guard against
/// what is booked between the read and the commit: no log that was read has it. The other release, when it is decided
/// about after that, sees this one instead; so ask on the step that deploys, not only when the window is planned.
///
/// # Time
///
/// A clearance holds for 5 minutes after the others were read.
///
/// # Examples
///
/// ```
/// use phasegate::clock::Clock;
/// use phasegate::gate::ConflictFreePolicy;
/// use phasegate::release::{Name, ReleasePlan, ReleaseRequest, Service, step::StartDevelopment};
/// use phasegate::phase::Seconds;
/// # use phasegate::{Desk, Gate, GateSet, Instant, Interval, MemoryStore, Person};
/// # use phasegate::clock::new_release_id;
/// # use phasegate::release::*;
/// # struct Noon;
/// # impl Clock for Noon {
/// #     fn now(&self) -> Instant { "2026-03-02T12:00:00Z".parse().unwrap() }
/// # }
///
/// # pollster::block_on(async {
/// let gate = Gate::<StartDevelopment>::new("schedule", 1)?.require(ConflictFreePolicy::new());
/// # let desk = Desk::new(MemoryStore::new()).with_clock(Noon).with_gates(GateSet::new().with(gate));
/// # let (kim, id) = (Person::new("kim")?, |n| ReleaseId::from(uuid::Uuid::from_u128(n)));
/// let request = ReleaseRequest::builder().title(Name::new("Shop 2.4")?).services([Service::new("shop")?]).build();
/// let evening = |start, end| -> Result<_, phasegate::phase::Invalid> {
///     let plan = ReleasePlan::builder().early_life_support(Seconds::days(7));
///     Ok(plan.window(Interval::parse(start, end)?).build())
/// };
/// let other = evening("2026-03-03T20:00:00Z", "2026-03-03T22:00:00Z")?;
/// let ours = evening("2026-03-03T21:00:00Z", "2026-03-03T23:00:00Z")?;
/// # let begin = |n| desk.run(desk.request_as(id(n), request.clone()), &kim);
/// # let worthwhile = || Assessment::new(AssessmentDecision::Worthwhile);
/// # desk.record(begin(1).await?, other, &kim).await?;
/// # let ours = desk.record(begin(2).await?, ours, &kim).await?;
/// # let release = desk.run(ours.authorise(worthwhile()), &kim).await?;
/// # let release = desk.record(release, RoleGiven::new(kim.clone(), Role::ReleaseManager), &kim).await?;
/// # let release = desk.record(release, Baseline::new(), &kim).await?;
///
/// let refused = desk.run(release.start_development(), &kim).await.unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "start_development refused\n  conflict-free: release `00000000-0000-0000-0000-000000000001` is to be deployed at \
///      the same time, from 2026-03-03T21:00:00Z to 2026-03-03T22:00:00Z: both change service `shop`; choose another \
///      window, or agree on another one for that release (not before 2026-03-03T22:00:00Z)",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictFreePolicy {
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    distance: Distance,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    people: bool,
}

impl ConflictFreePolicy {
    /// No other deployment on the same service or configuration item.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            distance: Distance::NONE,
            people: false,
        }
    }

    /// The same, and none on what is at most so many relations away in the service map of the desk.
    #[must_use]
    pub const fn within(self, distance: Distance) -> Self {
        Self { distance, ..self }
    }

    /// The same, and none that takes the same people.
    #[must_use]
    pub const fn with_people(self) -> Self {
        Self {
            people: true,
            ..self
        }
    }

    fn question(self) -> ConflictQuestion {
        ConflictQuestion {
            people: self.people,
            ..ConflictQuestion::new(self.distance.get())
        }
    }
}

impl Policy for ConflictFreePolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "conflict-free";

    fn conflicts(&self) -> Option<ConflictQuestion> {
        Some(self.question())
    }

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        if ask.window().is_none() {
            let remedy = "plan a deployment window";
            let reason = Reason::new("no-window", "no deployment window is planned", remedy);
            return Verdict::of(vec![reason]);
        }
        let Some(answer) = ask.conflicts(self.question()) else {
            let message =
                "what other releases have booked was not read, or more than 5 minutes ago";
            let remedy = "ask at a `Desk`, which reads it, or add it with `Facts::with_conflicts`";
            return Verdict::Unknown {
                reasons: vec![Reason::new("bookings-not-read", message, remedy)],
            };
        };
        let left = answer.conflicts.iter();
        let left = left.filter(|one| ask.now() < one.overlap.end());
        let conflicts = left.map(|one| conflict(answer, one));
        if answer.gaps.is_empty() {
            return Verdict::of(conflicts.collect());
        }
        // What is known as a whole can be overridden; here, nobody knows what would be.
        let gaps = answer.gaps.iter().map(|why| {
            let message = format!("there may be more conflicts than were found: {why}");
            let remedy = "ask again once all can be seen";
            Reason::new("bookings-incomplete", message, remedy)
        });
        Verdict::Unknown {
            reasons: gaps.chain(conflicts).collect(),
        }
    }
}

fn conflict(answer: &ConflictAnswer, one: &BookedConflict) -> Reason {
    let BookedConflict {
        source,
        overlap,
        what,
    } = one;
    let other = &source.stream.id;
    let message =
        format!("release `{other}` is to be deployed at the same time, from {overlap}: {what}");
    let remedy = "choose another window, or agree on another one for that release";
    let reason = Reason::new("conflict", message, remedy).about(other.clone());
    let reason = if overlap.end() < answer.window.end() {
        reason.clears_at(overlap.end())
    } else {
        reason
    };
    reason.read("until", overlap.end())
}
