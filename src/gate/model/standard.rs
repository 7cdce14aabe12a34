//! What a model pre-authorises, and what a release on the standard track has to keep.

use crate::gate::Percent;
use crate::release::{
    Assessment, Bounded, Key, Money, Reason, ReleaseKind, ReleaseRequest, RiskAssessment,
    RiskLevel, Service, is_default,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt::Display};

/// What a model pre-authorises: releases on the standard track within these limits, as long as enough of them succeed.
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
#[doc(alias = "standard change")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PreAuthorisation {
    /// The assessment for all of them.
    pub assessment: Assessment,
    /// The least share of closed releases that have to be successful.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub success_percent: Percent,
    /// How many closed releases it takes to judge the model; fewer are not judged yet.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub judged_from_releases: u32,
    /// What a release has to keep.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: PreAuthorisationLimits,
}

/// What a release has to keep to be pre-authorised; what is left out is not limited.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PreAuthorisationLimits {
    /// It changes these services only, and names at least one.
    #[serde(skip_serializing_if = "is_default")]
    pub services: Bounded<BTreeSet<Service>>,
    /// It is of one of these kinds.
    #[serde(skip_serializing_if = "is_default")]
    pub kinds: Bounded<BTreeSet<ReleaseKind>>,
    /// It touches these configuration items only, and names at least one.
    #[serde(skip_serializing_if = "is_default")]
    pub configuration_items: Bounded<BTreeSet<Key>>,
    /// It is estimated to cost this at most, in this currency.
    #[serde(skip_serializing_if = "is_default")]
    pub estimated_cost_at_most: Option<Money>,
    /// Its risk was assessed, and is this at most.
    #[serde(skip_serializing_if = "is_default")]
    pub risk_at_most: Option<RiskLevel>,
}

impl PreAuthorisation {
    /// Whether this many successful releases of those closed cost the model its standing.
    pub(super) fn is_missed(&self, successful: u32, closed: u32) -> bool {
        let least = u64::from(closed) * u64::from(self.success_percent.get());
        closed >= self.judged_from_releases && u64::from(successful) * 100 < least
    }
}

impl PreAuthorisationLimits {
    /// Every limit that a release does not keep.
    pub(in crate::gate) fn against(
        &self,
        request: &ReleaseRequest,
        risk: Option<&RiskAssessment>,
        way_out: &str,
    ) -> Vec<Reason> {
        let Self {
            services,
            kinds,
            configuration_items,
            estimated_cost_at_most,
            risk_at_most,
        } = self;
        let mut reasons = Vec::new();
        reasons.extend(among(
            "services",
            "service",
            services,
            request.services.iter(),
            way_out,
        ));
        reasons.extend(among("kinds", "kind", kinds, request.kind.iter(), way_out));
        reasons.extend(among(
            "configuration_items",
            "configuration item",
            configuration_items,
            request.configuration_items.iter(),
            way_out,
        ));
        if let Some(most) = estimated_cost_at_most {
            let cost = request.estimated_cost;
            let is_kept = cost.is_some_and(|cost| {
                cost.currency == most.currency && (0..=most.minor_units).contains(&cost.minor_units)
            });
            let cost = cost.map_or_else(|| "not stated".to_owned(), |cost| cost.to_string());
            let says =
                format!("its estimated cost is {cost}, and at most {most} is pre-authorised");
            reasons.extend(
                (!is_kept).then(|| outside("estimated_cost_at_most", &cost, says, way_out)),
            );
        }
        if let Some(most) = risk_at_most {
            let level = risk.map(|risk| risk.score().level());
            let is_kept = level.is_some_and(|level| level <= *most);
            let again = if level.is_none() {
                format!("record a `RiskAssessment`; or {way_out}")
            } else {
                format!("lower it and assess it again; or {way_out}")
            };
            let level = level.map_or_else(|| "not assessed".to_owned(), |level| level.to_string());
            let says = format!("its risk is {level}, and at most {most} is pre-authorised");
            reasons.extend((!is_kept).then(|| outside("risk_at_most", &level, says, &again)));
        }
        reasons
    }
}

/// One reason for everything named that is not among the allowed, or for nothing named.
fn among<'a, T: Ord + Display + 'a>(
    limit: &str,
    one: &str,
    allowed: &BTreeSet<T>,
    named: impl IntoIterator<Item = &'a T>,
    way_out: &str,
) -> Option<Reason> {
    if allowed.is_empty() {
        return None;
    }
    let mut named = named.into_iter().peekable();
    if named.peek().is_none() {
        let says = format!("it names no {one}, and only some are pre-authorised");
        return Some(outside(limit, "none", says, way_out));
    }
    let others: Vec<_> = named
        .filter(|one| !allowed.contains(*one))
        .map(ToString::to_string)
        .collect();
    (!others.is_empty()).then(|| {
        let others = others.join(", ");
        let says = format!("{one} `{others}` is not pre-authorised");
        outside(limit, &others, says, way_out)
    })
}

/// The release does not keep that limit: what it has is `found`. A request stays as it was asked, so that it cannot be
/// made to keep it.
fn outside(limit: &str, found: &str, says: String, remedy: &str) -> Reason {
    Reason::new("outside-limits", says, remedy)
        .read("limit", limit)
        .read("found", found)
}
