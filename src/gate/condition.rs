//! Which releases a rule is about.

use super::Ask;
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Key, Name, Reason, ReleaseKind, RiskAssessment, RiskLevel, Service, Track};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Which releases a rule is about: those that fit all that it names.
///
/// Each list names tracks, kinds, services or levels of risk, of which one is enough; a release has to fit all the
/// lists, and to have each of the labels. A list or label that is given again takes the place of the one before. Where
/// the risk matters and was not assessed, nobody knows whether the release fits: the rule is unknown then.
///
/// # Examples
///
/// ```
/// use phasegate::gate::Condition;
/// use phasegate::release::{ReleaseKind, Track};
///
/// let condition = Condition::tracks([Track::Normal, Track::Standard])
///     .and_kinds([ReleaseKind::Fix, ReleaseKind::Security]);
/// assert_eq!(condition.to_string(), "track standard or normal; kind fix or security");
/// assert_eq!(
///     serde_json::to_string(&condition).unwrap(),
///     r#"{"tracks":["standard","normal"],"kinds":["fix","security"]}"#,
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
    /// Releases on one of these tracks.
    #[must_use]
    pub fn tracks<const N: usize>(tracks: [Track; N]) -> Self {
        Self(Fits::default()).and_tracks(tracks)
    }

    /// Releases of one of these kinds.
    #[must_use]
    pub fn kinds<const N: usize>(kinds: [ReleaseKind; N]) -> Self {
        Self(Fits::default()).and_kinds(kinds)
    }

    /// Releases that change one of these services.
    #[must_use]
    pub fn services<const N: usize>(services: [Service; N]) -> Self {
        Self(Fits::default()).and_services(services)
    }

    /// Releases whose risk was found to be at one of these levels.
    #[must_use]
    pub fn risks<const N: usize>(risks: [RiskLevel; N]) -> Self {
        Self(Fits::default()).and_risks(risks)
    }

    /// Releases with this label.
    #[must_use]
    pub fn label(key: Key, value: Name) -> Self {
        Self(Fits::default()).and_label(key, value)
    }

    /// The same, where the release also is on one of these tracks.
    #[must_use]
    pub fn and_tracks<const N: usize>(mut self, tracks: [Track; N]) -> Self {
        self.0.tracks = listed(tracks);
        self
    }

    /// The same, where the release also is of one of these kinds.
    #[must_use]
    pub fn and_kinds<const N: usize>(mut self, kinds: [ReleaseKind; N]) -> Self {
        self.0.kinds = listed(kinds);
        self
    }

    /// The same, where the release also changes one of these services.
    #[must_use]
    pub fn and_services<const N: usize>(mut self, services: [Service; N]) -> Self {
        self.0.services = listed(services);
        self
    }

    /// The same, where the release also has a risk that was found to be at one of these levels.
    #[must_use]
    pub fn and_risks<const N: usize>(mut self, risks: [RiskLevel; N]) -> Self {
        self.0.risks = listed(risks);
        self
    }

    /// The same, where the release also has this label.
    #[must_use]
    pub fn and_label(mut self, key: Key, value: Name) -> Self {
        self.0.labels.insert(key, value);
        self
    }

    /// Whether the release fits, if that is known.
    pub(super) fn holds(&self, ask: &Ask<'_>) -> Result<bool, Box<Reason>> {
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
        let assessed = ask.state().risk.as_deref().map(RiskAssessment::score);
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

/// A list of nothing would be no list, and every release would fit it.
fn listed<T: Ord, const N: usize>(list: [T; N]) -> BTreeSet<T> {
    const {
        assert!(N > 0, "a list of nothing says nothing");
    }
    list.into()
}

/// As a person reads it: `track normal or standard; kind fix`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Fits {
            tracks,
            kinds,
            services,
            labels,
            risks,
        }) = self;
        let labels = labels
            .iter()
            .map(|(key, value)| format!("label `{key}` `{value}`"));
        let lists = [
            either("track", tracks),
            either("kind", kinds),
            either("service", services),
            either("risk", risks),
        ];
        let all: Vec<_> = lists.into_iter().flatten().chain(labels).collect();
        f.write_str(&all.join("; "))
    }
}

fn either(what: &str, list: &BTreeSet<impl fmt::Display>) -> Option<String> {
    let words: Vec<_> = list.iter().map(ToString::to_string).collect();
    (!words.is_empty()).then(|| format!("{what} {}", words.join(" or ")))
}
