//! How long the package has to have run elsewhere first.

use super::length;
use crate::gate::read::segment;
use crate::gate::{Ask, Policy};
use crate::phase::{Instant, Invalid, InvalidKind, Seconds};
use crate::release::{
    AttemptEnd, AttemptOutcome, Bounded, Digest, Environment, Reason, ReleasePackage, State,
    Verdict,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Requires that the very package has run in each of these environments for at least this long.
///
/// It runs there since a deployment attempt of it ended live. A back-out there ends that, and so does an attempt of
/// another package of this release that ended live; it has to be deployed again then. An attempt that is under way
/// or never was live changes nothing. Attempts are this release's own: what another release does there is not seen.
///
/// | code | what is the matter |
/// |---|---|
/// | `not-running` | the package does not run in the environment |
/// | `backed-out` | it was backed out there, and not deployed again since |
/// | `soaking` | it has not run there for long enough; time alone lifts that |
///
/// # Examples
///
/// ```
/// use phasegate::gate::SoakPolicy;
/// use phasegate::phase::Seconds;
/// use phasegate::release::{AttemptFinished, AttemptOutcome, AttemptStarted, Environment, Key, Liveness, step::Deploy};
/// # use phasegate::{Desk, Gate, GateSet, Interval, MemoryStore, Person, gate::Facts, release::*};
/// # use phasegate::release::step::{Authorise, StartDevelopment, StartTesting};
///
/// # pollster::block_on(async {
/// let staging = Environment::new("staging")?;
/// let gate = Gate::<Deploy>::new("production", 1)?
///     .require(SoakPolicy::new([(staging.clone(), Seconds::days(2))])?);
/// # let (desk, kim) = (Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate)), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let mut rehearsal = desk.gates().rehearse(&release);
/// # let unit = ReleaseUnit::new(UnitKind::Documentation, Name::new("2.4")?, Digest::of(b"manual"));
/// # let package = ReleasePackage::new([(Key::new("manual")?, unit)])?;
/// # let (run, place) = (Key::new("run-1")?, staging.clone());
/// # let run = TestRun::new(run, TestKind::Functional, place, package.digest(), 20_u32, 0_u32);
/// # rehearsal.step(Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)), &facts, &by).unwrap();
/// # rehearsal.record(RoleGiven::new(kim.clone(), Role::ReleaseManager), &facts, &by).unwrap();
/// # rehearsal.record(ReleasePlan::new(Seconds::days(7)), &facts, &by).unwrap();
/// # rehearsal.record(Baseline::new(), &facts, &by).unwrap();
/// # rehearsal.step(StartDevelopment::new(), &facts, &by).unwrap();
/// # rehearsal.step(StartTesting::new(package), &facts, &by).unwrap();
/// # rehearsal.record(run, &facts, &by).unwrap();
/// # let window = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
///
/// let attempt = Key::new("rehearsal")?;
/// rehearsal.record(AttemptStarted::new(attempt.clone(), staging, Liveness::NotLive), &facts, &by).unwrap();
/// rehearsal.record(AttemptFinished::new(attempt, AttemptOutcome::Live), &facts, &by).unwrap();
/// let refused = rehearsal.step(Deploy::new(window), &facts, &by).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "deploy refused\n  soak: package 8df6bc1ca777 has run in `staging` since 2026-03-02T12:00:00Z, \
///      and needs 2 days there; wait (not before 2026-03-04T12:00:00Z)",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct SoakPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    at_least_seconds: Bounded<BTreeMap<Environment, Seconds>>,
}

impl TryFrom<Params> for SoakPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        if params.at_least_seconds.is_empty() {
            let expected = "at least one environment in `at_least_seconds`";
            return Err(Invalid::new(
                InvalidKind::Empty,
                "soak policy",
                "",
                expected,
            ));
        }
        let mut times = params.at_least_seconds.values();
        times.try_for_each(|time| length("at_least_seconds", *time).map(|_| ()))?;
        Ok(Self(params))
    }
}

impl SoakPolicy {
    /// At least this long in each of these environments.
    ///
    /// # Errors
    ///
    /// - empty: there is no environment
    /// - out of range: not 1 second to 10 years
    /// - too large: more than 1,000 environments
    pub fn new(
        at_least: impl IntoIterator<Item = (Environment, Seconds)>,
    ) -> Result<Self, Invalid> {
        let at_least_seconds = Bounded::new(at_least.into_iter().collect())?;
        Params { at_least_seconds }.try_into()
    }

    /// The environments, each with its place among the parameters.
    pub(in crate::gate) fn environments(&self) -> impl Iterator<Item = (String, &Environment)> {
        let environments = self.0.at_least_seconds.keys();
        environments.map(|one| (format!("at_least_seconds.{}", segment(one.as_str())), one))
    }
}

/// What happened to the package in one environment.
enum Runs {
    Since(Instant),
    BackedOut(Instant),
    Not,
}

impl Policy for SoakPolicy {
    type Reads = ReleasePackage;
    const NAME: &'static str = "soak";

    fn judge(&self, ask: &Ask<'_>, package: &ReleasePackage) -> Verdict {
        let digest = package.digest();
        let reasons = self.0.at_least_seconds.iter().filter_map(|(environment, time)| {
            let reason = match runs(ask.state(), environment, digest) {
                Runs::Since(since) => {
                    let ripe = since.plus(*time);
                    if ripe <= ask.now() {
                        return None;
                    }
                    let message = format!(
                        "package {digest:.12} has run in `{environment}` since {since}, and needs {time} there"
                    );
                    Reason::new("soaking", message, "wait").read("since", since).clears_at(ripe)
                }
                Runs::BackedOut(at) => {
                    let message =
                        format!("package {digest:.12} was backed out of `{environment}` at {at}");
                    let remedy = "find out why, and deploy a fixed package there";
                    Reason::new("backed-out", message, remedy).read("backed_out_at", at)
                }
                Runs::Not => {
                    let message =
                        format!("package {digest:.12} does not run in `{environment}`");
                    let remedy = "deploy it there, and record how that ended";
                    Reason::new("not-running", message, remedy)
                }
            };
            Some(reason.read("environment", environment.as_str()))
        });
        Verdict::of(reasons.collect())
    }
}

/// Since when the package runs there without a break. What ended at the same instant as a break is not after it.
fn runs(state: &State, environment: &Environment, package: Digest) -> Runs {
    let mut live = Vec::new();
    let mut displaced = None;
    let mut backed_out = None;
    for attempt in state.attempts.values() {
        if attempt.started.environment != *environment {
            continue;
        }
        let is_of_package = attempt.package == Some(package);
        match attempt.end {
            AttemptEnd::Finished(AttemptOutcome::Live, at) if is_of_package => live.push(at),
            AttemptEnd::Finished(AttemptOutcome::BackedOut, at) if is_of_package => {
                backed_out = backed_out.max(Some(at));
            }
            AttemptEnd::Finished(AttemptOutcome::Live | AttemptOutcome::BackedOut, at) => {
                displaced = displaced.max(Some(at));
            }
            AttemptEnd::Running | AttemptEnd::NeverLive => {}
        }
    }
    let ended = displaced.max(backed_out);
    let since = live.into_iter().filter(|at| Some(*at) > ended).min();
    match (since, backed_out) {
        (Some(since), _) => Runs::Since(since),
        (None, Some(at)) if Some(at) >= displaced => Runs::BackedOut(at),
        (None, _) => Runs::Not,
    }
}
