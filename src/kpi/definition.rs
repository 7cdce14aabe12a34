//! What can be measured: one table of definitions.

use serde::Serialize;
use std::fmt;

/// What a value is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// A number of things.
    Count,
    /// Per cent.
    Percent,
    /// Seconds.
    Seconds,
    /// Calendar days.
    Days,
    /// Things a release.
    PerRelease,
    /// Minutes times users.
    UserMinutes,
    /// The smallest unit of the currency that the measure is of.
    MinorUnits,
    /// Points of the scale that the measure is of.
    Points,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Count => "",
            Self::Percent => "%",
            Self::Seconds => "s",
            Self::Days => "days",
            Self::PerRelease => "a release",
            Self::UserMinutes => "user-minutes",
            Self::MinorUnits => "minor units",
            Self::Points => "points",
        })
    }
}

macro_rules! kpis {
    ($($(#[$doc:meta])* $kpi:ident $id:literal $title:literal $unit:ident;)*) => {
        /// What is measured. `docs/kpi.md` has every formula, with population, boundaries and source.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[doc(alias = "metric")]
        #[non_exhaustive]
        pub enum Kpi { $($(#[$doc])* $kpi,)* }

        impl Kpi {
            /// All, in the order of `docs/kpi.md`.
            pub const ALL: &'static [Self] = &[$(Self::$kpi),*];

            /// The id of its definition: what it is called in files, and what targets name.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$kpi => $id,)* }
            }

            /// What people call it.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kpi => $title,)* }
            }

            /// What its values are counted in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$kpi => Unit::$unit,)* }
            }
        }
    };
}

kpis! {
    /// The share of releases that were in time of the plan that was agreed first.
    AdherenceFirst "adherence-first" "On time, against the first baseline" Percent;
    /// The share of releases that were in time of the plan that was agreed last.
    AdherenceLatest "adherence-latest" "On time, against the latest baseline" Percent;
    /// How far releases slipped behind the plan that was agreed first.
    SlipFirst "slip-first" "Slip against the first baseline" Days;
    /// How far releases slipped behind the plan that was agreed last.
    SlipLatest "slip-latest" "Slip against the latest baseline" Days;
    /// How often plans were agreed anew.
    Rebaselines "rebaselines" "Re-baselines" PerRelease;
    /// The share of the budget that was spent, by currency.
    BudgetSpent "budget-spent" "Budget spent" Percent;
    /// How much more was spent than agreed, by currency.
    BudgetVariance "budget-variance" "Budget variance" MinorUnits;
    /// How long users could not work, unplanned.
    Disruption "disruption" "Unplanned disruption" Seconds;
    /// How long users could not work, as planned.
    PlannedDisruption "planned-disruption" "Planned disruption" Seconds;
    /// Minutes in which users could not work, times their number, unplanned.
    UserMinutes "user-minutes" "Unplanned user-minutes lost" UserMinutes;
    /// Minutes in which users could not work, times their number, as planned.
    PlannedUserMinutes "planned-user-minutes" "Planned user-minutes lost" UserMinutes;
    /// What users think of it, by scale.
    #[doc(alias = "CSAT")]
    Satisfaction "satisfaction" "Customer satisfaction" Points;
    /// How many incidents early life support saw; all, and by severity.
    EarlyLifeIncidents "early-life-incidents" "Incidents in early life support" PerRelease;
    /// How long it took from an incident to its restoration.
    #[doc(alias = "MTTR")]
    TimeToRestore "time-to-restore" "Time to restore" Seconds;
    /// How many defects and incidents broke what worked before.
    Regressions "regressions" "Regressions" PerRelease;
    /// How often something went live.
    DeploymentFrequency "deployment-frequency" "Deployments" Count;
    /// How often something was to go live, whether it did or not.
    DeploymentAttempts "deployment-attempts" "Deployment attempts" Count;
    /// How long it took from a commit to its first live deployment.
    #[doc(alias = "lead_time")]
    ChangeLeadTime "change-lead-time" "Change lead time" Seconds;
    /// The share of deployments that failed.
    #[doc(alias = "change_failure_rate")]
    ChangeFailRate "change-fail-rate" "Change fail rate" Percent;
    /// How long it took to recover from a failed deployment.
    RecoveryTime "recovery-time" "Failed deployment recovery time" Seconds;
    /// The same for every incident of its own, as heuristics have it.
    RecoveryTimePerIncident "recovery-time-per-incident" "Recovery time per incident" Seconds;
    /// The share of deployments that were unplanned and because of an incident.
    ReworkRate "deployment-rework-rate" "Deployment rework rate" Percent;
    /// The share of releases that were successful.
    SuccessfulReleases "successful-releases" "Successful releases" Percent;
    /// How many incidents were linked to releases.
    ReleaseIncidents "release-incidents" "Incidents related to releases" Count;
    /// The share of releases whose live work began as an emergency.
    EmergencyShare "emergency-share" "Emergency releases" Percent;
    /// The share of releases that were found after the fact.
    UnauthorisedShare "unauthorised-share" "Unauthorised changes" Percent;
    /// The share of releases that took a step by an override.
    OverrideShare "override-share" "Releases with an override" Percent;
    /// The share of releases that used an exception to a freeze.
    ExceptionShare "exception-share" "Releases with an exception to a freeze" Percent;
    /// How many releases are open.
    Backlog "backlog" "Backlog" Count;
    /// How many releases were closed.
    Throughput "throughput" "Throughput" Count;
    /// How long releases stood in a phase, and on hold.
    DwellTime "dwell-time" "Dwell time" Seconds;
    /// How often releases went back.
    ReworkLoops "rework-loops" "Rework loops" PerRelease;
    /// The share of improvements that were done in time.
    ImprovementCompletion "improvement-completion" "Improvements completed in time" Percent;
    /// The share of business objectives that were met.
    ObjectivesMet "objectives-met" "Objectives met" Percent;
    /// The share of the expected value that was realised, by currency.
    ValueRealised "value-realised" "Value realised" Percent;
}

impl Kpi {
    /// The one of that id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kpi| kpi.id() == id)
    }
}

impl fmt::Display for Kpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl Serialize for Kpi {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
