//! What is asked: which period, of which releases, attributed how.

use super::Period;
use crate::phase::{Instant, Seconds};
use crate::release::{Environment, Key, Name, ReleaseId, Service, Track};
use serde::Serialize;
use typed_builder::TypedBuilder;

/// Which releases in which period are measured, and how.
///
/// # Examples
///
/// ```
/// use phasegate::kpi::{Period, Question};
/// use phasegate::release::Service;
///
/// let question = Question::builder()
///     .period(Period::month(2026, 3)?)
///     .as_of("2026-04-10T09:00:00Z".parse::<phasegate::Instant>()?)
///     .service(Service::new("checkout")?)
///     .build();
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TypedBuilder)]
#[builder(field_defaults(setter(into)))]
#[non_exhaustive]
pub struct Question {
    /// The period. A deployment belongs to the one in which it finished, and so does what follows from it.
    pub period: Period,
    /// The instant for which it is told: until when what is open has lasted, and whether the period is over. What was
    /// followed counts, also what happened later.
    pub as_of: Instant,
    /// Only of this service. A release of several counts for each of them.
    #[builder(default, setter(strip_option))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Only what happened on this environment, where that can be told: deployments and what follows from them.
    #[builder(default, setter(strip_option))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Only releases with this label, such as `team` and `payments`.
    #[builder(default, setter(strip_option))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<(Key, Name)>,
    /// Only releases on this track.
    #[builder(default, setter(strip_option))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// Only releases that follow the release model of this name, in any version.
    #[builder(default, setter(strip_option))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Key>,
    /// Only this release.
    #[builder(default, setter(strip_option))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseId>,
    /// How incidents are attributed to deployments.
    #[builder(default)]
    pub attribution: Attribution,
    /// Which value stands for many.
    #[builder(default)]
    pub statistic: Statistic,
    /// The milestone that says whether a release is in time; by default the release goes live before its window ends.
    #[builder(default, setter(strip_option))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<Key>,
    /// How much later still counts as in time.
    #[builder(default)]
    pub tolerance: Seconds,
}

/// How incidents are attributed to deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attribution {
    /// By what was recorded: a deployment failed because of the incidents that are linked to it, because it was backed
    /// out, or because another release puts it right.
    #[default]
    Explicit,
    /// Each incident to the deployment that finished last before it was raised, of whatever release; nothing else
    /// counts.
    ///
    /// A heuristic: it blames what came last, also where nobody does. Services are told apart only where the question
    /// asks for one.
    ///
    /// # Source
    ///
    /// Apache `DevLake`, which connects incidents to deployments so.
    LastDeployment,
}

/// Which value stands for many durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Statistic {
    /// The middle one; of an even number, the mean of the two in the middle.
    #[default]
    Median,
    /// The sum by the number.
    Mean,
    /// The length that so many per cent of them do not exceed; between two of them, in proportion. More than 100 counts as
    /// 100: the longest.
    Percentile(u8),
}
