//! What a release is asked for: need, objectives, value and cost, and what came of the assessment.

use super::happens::{Happens, Occasion, Reasons};
use super::id::ReleaseId;
use super::state::State;
use super::text::{Bounded, Key, Name, Service, Text};
use super::verdict::Reason;
use super::words::{plain, told, words};
use crate::phase::{Instant, Invalid, InvalidKind, PhaseName, written_as_text};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

words! {
    /// What a release is mainly for.
    pub enum ReleaseKind {
        /// Something new.
        Feature "feature",
        /// Something better or newer.
        Update "update",
        /// A defect put right.
        Fix "fix",
        /// A closed security gap.
        Security "security",
    }
}

/// How much ceremony a release goes through.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Track {
    /// Pre-authorised by a release model in good standing.
    Standard,
    /// Assessed and authorised on its own.
    #[default]
    Normal,
    /// May be expedited; the ceremony that is left out is a debt.
    Emergency,
}

told! {
    Track {
        Standard "standard",
        Normal "normal",
        Emergency "emergency",
    }
    AssessmentDecision {
        Worthwhile "worthwhile",
        NotWorthwhile "not worthwhile",
    }
}

/// A currency by its ISO 4217 code: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([char; 3]);

impl Currency {
    /// The currency of that code.
    ///
    /// # Errors
    ///
    /// - malformed: not three capital letters
    pub fn new(code: &str) -> Result<Self, Invalid> {
        match code.chars().collect::<Vec<_>>().as_slice() {
            &[a, b, c] if [a, b, c].iter().all(char::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(Invalid::new(
                InvalidKind::Malformed,
                "currency",
                code,
                "an ISO 4217 code of three capital letters",
            )),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{letter}"))
    }
}

impl std::str::FromStr for Currency {
    type Err = Invalid;
    fn from_str(code: &str) -> Result<Self, Invalid> {
        Self::new(code)
    }
}

written_as_text!(Currency, "an ISO 4217 code of three capital letters");

/// A typed value of the host's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attribute {
    /// A text.
    Text(Text),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A point in time.
    Instant(Instant),
}

plain! {
    /// An amount of money, in the smallest unit of its currency.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    #[derive(Copy, PartialOrd, Ord)]
    pub struct Money {
        /// Cents, pence, or whatever the currency's smallest unit is.
        minor_units: i64,
        /// The currency.
        currency: Currency,
    }

    /// Something that the business wants to have reached by the release.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub struct Objective {
        /// What is to be reached.
        what: Text,
    }

    /// The release model that a release follows.
    pub struct ModelReference {
        /// The model's name.
        model: Key,
        /// The model's version.
        version: u32,
    }

    /// What is asked for when a release begins.
    pub struct ReleaseRequest {
        /// A title that people recognise.
        title: Name,
    } with {
        /// The track that is asked for.
        track: Track,
        /// What it is mainly for.
        kind: Option<ReleaseKind>,
        /// The host's own reference, such as a ticket.
        reference: Option<Key>,
        /// The version of the product, in whatever form the product has it.
        #[doc(alias = "product_version")]
        package_version: Option<Name>,
        /// The need behind it.
        need: Text,
        /// What drives it now.
        driver: Text,
        /// The business objectives, by the host's key; success criteria refer to them.
        objectives: Bounded<BTreeMap<Key, Objective>>,
        /// The value that is expected of it.
        expected_value: Option<Money>,
        /// What it is estimated to cost.
        estimated_cost: Option<Money>,
        /// The services that it changes.
        services: Bounded<BTreeSet<Service>>,
        /// The configuration items that it touches.
        #[doc(alias = "CI")]
        configuration_items: Bounded<BTreeSet<Key>>,
        /// Names to find and group it by.
        labels: Bounded<BTreeMap<Key, Name>>,
        /// Typed values of the host's own.
        attributes: Bounded<BTreeMap<Key, Attribute>>,
        /// The release model that it follows.
        model: Option<ModelReference>,
        /// The release whose failure it puts right.
        remediates: Option<ReleaseId>,
        /// The release that it is part of, which has to have attached it before.
        parent: Option<ReleaseId>,
    }

    /// What the assessment of a request found, and what it decided.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub struct Assessment {
        /// Whether the release is worth doing.
        decision: AssessmentDecision,
    } with {
        /// What was found on its value.
        value: Text,
        /// What was found on its cost.
        cost: Text,
        /// What was found on its feasibility.
        feasibility: Text,
    }

    /// The track of a release changes.
    pub struct TrackChanged {
        /// The new track.
        track: Track,
        /// Why.
        reason: Text,
    }
}

/// What an assessment decided.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AssessmentDecision {
    /// Worth doing, affordable and feasible.
    Worthwhile,
    /// Not worth doing, not affordable, or not feasible.
    NotWorthwhile,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (minor units)", self.minor_units, self.currency)
    }
}

impl Happens for TrackChanged {
    /// In Request the track is judged when it is authorised; after that, here.
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.not_blank(&self.reason, "reason of the new track");
        let is_judged_later = state.is_in(PhaseName::Request);
        reasons.unless(self.track != Track::Standard || is_judged_later, || {
            let message = "a release is pre-authorised as it is authorised, and not after";
            Reason::new("authorised-already", message, "keep to its track")
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.track = self.track;
    }
}

/// Nothing is pre-authorised without a model that says so.
pub(crate) fn no_model() -> Reason {
    let message = "the release follows no release model that pre-authorises it";
    let remedy = "request it again by a model that does";
    Reason::new("no-model", message, remedy)
}
