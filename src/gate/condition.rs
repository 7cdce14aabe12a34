//! Which releases a rule is about.

use super::Ask;
use crate::phase::{Invalid, InvalidKind};
use crate::release::{
    Key, Name, Reason, ReleaseKind, RiskAssessment, RiskLevel, Service, State, Track,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which releases a rule is about: those that fit all that it names.
///
/// Of several tracks, kinds, services or levels of risk, one is enough; of labels, each has to be there. Where the risk
/// matters and was not assessed, nobody knows whether the release fits: the rule is unknown then.
///
/// # Examples
///
/// ```
/// use phasegate::gate::Condition;
/// use phasegate::release::{ReleaseKind, Track};
///
/// let condition = Condition::track(Track::Normal).or_track(Track::Standard).and_kind(ReleaseKind::Security);
/// assert_eq!(
///     serde_json::to_string(&condition).unwrap(),
///     r#"{"tracks":["standard","normal"],"kinds":["security"]}"#,
/// );
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fits")]
pub struct Condition(Fits);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fits {
    #[serde(skip_serializing_if = "crate::release::is_default")]
    tracks: BTreeSet<Track>,
    #[serde(skip_serializing_if = "crate::release::is_default")]
    kinds: BTreeSet<ReleaseKind>,
    #[serde(skip_serializing_if = "crate::release::is_default")]
    services: BTreeSet<Service>,
    #[serde(skip_serializing_if = "crate::release::is_default")]
    labels: BTreeMap<Key, Name>,
    #[serde(skip_serializing_if = "crate::release::is_default")]
    risks: BTreeSet<RiskLevel>,
}

/// A condition that every release fits is a mistake.
impl TryFrom<Fits> for Condition {
    type Error = Invalid;

    fn try_from(fits: Fits) -> Result<Self, Invalid> {
        if fits == Fits::default() {
            let expected = "at least one of `tracks`, `kinds`, `services`, `labels`, `risks`";
            return Err(Invalid::new(InvalidKind::Empty, "condition", "", expected));
        }
        Ok(Self(fits))
    }
}

impl Condition {
    /// Releases on this track.
    #[must_use]
    pub fn track(track: Track) -> Self {
        Self(Fits::default()).or_track(track)
    }

    /// Releases of this kind.
    #[must_use]
    pub fn kind(kind: ReleaseKind) -> Self {
        Self(Fits::default()).and_kind(kind)
    }

    /// Releases that change this service.
    #[must_use]
    pub fn service(service: Service) -> Self {
        Self(Fits::default()).and_service(service)
    }

    /// Releases with this label.
    #[must_use]
    pub fn label(key: Key, value: Name) -> Self {
        Self(Fits::default()).and_label(key, value)
    }

    /// The same, and this track fits too.
    #[must_use]
    pub fn or_track(mut self, track: Track) -> Self {
        self.0.tracks.insert(track);
        self
    }

    /// The same, where the release is of this kind, or of another one that is named.
    #[must_use]
    pub fn and_kind(mut self, kind: ReleaseKind) -> Self {
        self.0.kinds.insert(kind);
        self
    }

    /// The same, where the release changes this service, or another one that is named.
    #[must_use]
    pub fn and_service(mut self, service: Service) -> Self {
        self.0.services.insert(service);
        self
    }

    /// The same, where the release has this label.
    #[must_use]
    pub fn and_label(mut self, key: Key, value: Name) -> Self {
        self.0.labels.insert(key, value);
        self
    }

    /// Releases whose risk was found to be at this level.
    #[must_use]
    pub fn risk(level: RiskLevel) -> Self {
        Self(Fits::default()).and_risk(level)
    }

    /// The same, where the risk of the release was found to be at this level, or at another one that is named.
    #[must_use]
    pub fn and_risk(mut self, level: RiskLevel) -> Self {
        self.0.risks.insert(level);
        self
    }

    /// Whether the release fits, if that is known.
    pub(super) fn holds(&self, ask: &Ask<'_>, state: &State) -> Result<bool, Box<Reason>> {
        let Self(Fits {
            tracks,
            kinds,
            services,
            labels,
            risks,
        }) = self;
        let request = ask.request();
        let is_of_kind = || {
            let kind = request.and_then(|request| request.kind.as_ref());
            kind.is_some_and(|kind| kinds.contains(kind))
        };
        let fits = (tracks.is_empty() || tracks.contains(&ask.track()))
            && (kinds.is_empty() || is_of_kind())
            && (services.is_empty()
                || request.is_some_and(|request| !request.services.is_disjoint(services)))
            && labels.iter().all(|(key, value)| {
                request.is_some_and(|request| request.labels.get(key) == Some(value))
            });
        if !fits || risks.is_empty() {
            return Ok(fits);
        }
        let assessed = state.risk.as_deref().map(RiskAssessment::score);
        let score = assessed.ok_or_else(|| {
            let message = "whether the rule holds depends on the risk, which was not assessed";
            Box::new(Reason::new(
                "risk-not-assessed",
                message,
                "record a `RiskAssessment`",
            ))
        })?;
        Ok(risks.contains(&score.level()))
    }
}
