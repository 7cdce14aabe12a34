//! How far the rollout has to be.

use crate::gate::{Ask, Policy};
use crate::release::{Reason, Route, Verdict};
use serde::{Deserialize, Serialize};

/// Requires that the deployment goes in waves, and that each has started, has baked, and is healthy.
///
/// For `finish_deployment`. It asks for waves: a deployment that was planned without any does not clear.
///
/// | code | what is the matter |
/// |---|---|
/// | `no-waves` | the plan with which the deployment began has none, or there was no plan |
/// | `wave-not-started` | a wave has not started |
/// | `wave-baking` | it still bakes; somebody has to look when that is over |
/// | `wave-not-observed` | it has baked, and nobody has said since how it is doing |
/// | `wave-inconclusive` | it has baked, and it cannot be told how it is doing |
/// | `wave-failed` | the latest observation found it failed |
/// | `rollout-paused` | the rollout is paused |
///
/// # Examples
///
/// ```
/// use phasegate::gate::WavesPolicy;
/// use phasegate::release::step::FinishDeployment;
/// # use phasegate::{Desk, Gate, GateSet, MemoryStore, Person, gate::Facts, phase::Seconds, release::*};
/// # use phasegate::release::step::{Authorise, Expedite};
///
/// # pollster::block_on(async {
/// let gate = Gate::<FinishDeployment>::new("rollout", 1)?.require(WavesPolicy::new());
/// # let (desk, kim) = (Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate)), Person::new("kim")?);
/// # let request = ReleaseRequest::builder().title(Name::new("Hotfix")?).track(Track::Emergency).build();
/// # let release = desk.run(desk.request(request), &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let mut rehearsal = desk.gates().rehearse(&release);
/// # let unit = ReleaseUnit::new(UnitKind::Documentation, Name::new("2.4")?, Digest::of(b"manual"));
/// # let package = ReleasePackage::new([(Key::new("manual")?, unit)])?;
/// # rehearsal.step(Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)), &facts, &by).unwrap();
/// # rehearsal.record(RoleGiven::new(kim.clone(), Role::ReleaseManager), &facts, &by).unwrap();
/// # let wave = |name, hours| Ok::<_, phasegate::phase::Invalid>(Wave::new(Key::new(name)?, Seconds::hours(hours)));
/// # let waves = [wave("canary", 4)?, wave("everybody", 0)?];
/// # let plan = ReleasePlan::builder().early_life_support(Seconds::days(7)).waves(waves).build();
/// # rehearsal.record(plan, &facts, &by).unwrap();
/// # let expedite = Expedite::new(package, Seconds::days(7), Text::new("customers cannot pay")?);
/// # rehearsal.step(expedite, &facts, &by).unwrap();
/// # let attempt = Key::new("first")?;
/// # let production = Environment::new("production")?;
/// # rehearsal.record(AttemptStarted::new(attempt.clone(), production, Liveness::Live), &facts, &by).unwrap();
/// # rehearsal.record(AttemptFinished::new(attempt, AttemptOutcome::Live), &facts, &by).unwrap();
///
/// // The plan has a wave `canary`, watched for 4 hours, and then `everybody`.
/// let canary = Key::new("canary")?;
/// rehearsal.record(WaveStarted::new(canary.clone()), &facts, &by).unwrap();
/// rehearsal.record(HealthObserved::new(canary, Health::Healthy), &facts, &by).unwrap();
/// let refused = rehearsal.step(FinishDeployment::new(), &facts, &by).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "finish_deployment refused\n  \
///        waves: wave `canary` bakes until 2026-03-02T16:00:00Z; wait, and see how it is doing then\n  \
///        waves: wave `everybody` has not started; start it",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WavesPolicy {}

impl WavesPolicy {
    /// The policy; it has no parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl Policy for WavesPolicy {
    type Reads = Route<'static>;
    const NAME: &'static str = "waves";

    fn judge(&self, ask: &Ask<'_>, _route: Route<'_>) -> Verdict {
        let rollout = ask.state().rollout(ask.now());
        let waves = rollout.waves.iter();
        let waves = waves.filter_map(|wave| wave.state.against(&wave.name));
        let none = rollout.waves.is_empty().then(|| {
            let message = "the deployment was planned without waves";
            let remedy = "`back_out`, and plan some; or have it overridden";
            Reason::new("no-waves", message, remedy)
        });
        let paused = ask.state().paused();
        Verdict::of(none.into_iter().chain(waves).chain(paused).collect())
    }
}
