//! Who has to have been told of the release, and how long ahead.

use super::{in_plan, length, listed};
use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, Seconds};
use crate::release::{AnyStep, Person, Reason, ReleaseRequest, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that every stakeholder of the plan was told of the release, and, if asked, long enough ahead.
///
/// The plan that was agreed counts, or the latest where none is agreed. The first time that somebody was told counts,
/// so that a reminder takes nothing back; planning again means telling again.
///
/// | code | what is the matter |
/// |---|---|
/// | `no-stakeholders` | the plan names nobody to be told, or there is no plan |
/// | `not-told` | some of them were not told |
/// | `told-late` | some were not told long enough ahead; before a step that has no window, time alone lifts that |
///
/// # Time
///
/// Ahead of the start of the window for `deploy`, ahead of the step for every other one.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{GateSet, StakeholdersNotifiedPolicy};
/// use phasegate::release::{ReleasePlan, StakeholdersNotified, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, gate::Facts, phase::Seconds, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(StakeholdersNotifiedPolicy::new());
/// let (ada, max) = (Person::new("ada")?, Person::new("max")?);
/// let plan = ReleasePlan::builder().early_life_support(Seconds::days(7)).stakeholders([ada.clone(), max]);
/// let release = desk.record(release, plan.build(), &kim).await?;
/// let release = desk.record(release, StakeholdersNotified::new([ada]), &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  stakeholders-notified: not told of the release: `max`; \
///      tell them, and record `StakeholdersNotified`",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct StakeholdersNotifiedPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    ahead_seconds: Option<Seconds>,
}

impl TryFrom<Params> for StakeholdersNotifiedPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        params
            .ahead_seconds
            .map(|time| length("ahead_seconds", time))
            .transpose()?;
        Ok(Self(params))
    }
}

impl StakeholdersNotifiedPolicy {
    /// All of them were told.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, at least this long ahead.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 second to 10 years
    pub fn ahead_by(self, time: Seconds) -> Result<Self, Invalid> {
        let ahead_seconds = Some(time);
        Params { ahead_seconds }.try_into()
    }
}

impl Policy for StakeholdersNotifiedPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "stakeholders-notified";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let state = ask.state();
        let plan = state.plan_in_force();
        let mut reasons = Vec::new();
        let Some(named) = plan
            .map(|plan| &plan.stakeholders)
            .filter(|named| !named.is_empty())
        else {
            let message = "there is no plan that names stakeholders";
            let remedy = in_plan(ask, "name in the plan who has to be told", |plan| {
                !plan.stakeholders.is_empty()
            });
            return Verdict::of(vec![Reason::new("no-stakeholders", message, remedy)]);
        };
        let untold: Vec<_> = named
            .iter()
            .filter(|one| !state.notified.contains_key(*one))
            .collect();
        if !untold.is_empty() {
            let message = format!("not told of the release: {}", listed(&untold));
            let remedy = "tell them, and record `StakeholdersNotified`";
            reasons.push(Reason::new("not-told", message, remedy).read("not_told", untold.len()));
        }
        if let Some(ahead) = self.0.ahead_seconds {
            reasons.extend(late(ask, named.iter(), ahead));
        }
        Verdict::of(reasons)
    }
}

fn late<'a>(
    ask: &Ask<'_>,
    named: impl Iterator<Item = &'a Person>,
    ahead: Seconds,
) -> Option<Reason> {
    let window = if let AnyStep::Deploy(deploy) = ask.step() {
        Some(deploy.window.start())
    } else {
        None
    };
    let due = window.unwrap_or(ask.now());
    let told = named.filter_map(|one| Some((one, ask.state().notified.get(one)?.plus(ahead))));
    let late: Vec<_> = told.filter(|(_, ready)| *ready > due).collect();
    let ready = late.iter().map(|(_, ready)| *ready).max()?;
    let late = listed(late.iter().map(|(one, _)| one));
    let reason =
        |message, remedy: &str| Reason::new("told-late", message, remedy).read("ready", ready);
    Some(match window {
        Some(start) => {
            let message =
                format!("told less than {ahead} before the window opens at {start}: {late}");
            reason(message, &format!("deploy in a window from {ready} on"))
        }
        None => reason(format!("told less than {ahead} ago: {late}"), "wait").clears_at(ready),
    })
}
