//! What has to be ticked off.

use crate::gate::{Ask, Policy};
use crate::phase::{Invalid, InvalidKind};
use crate::release::{Bounded, ChecklistStatus, Key, Reason, ReleaseRequest, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Requires that these items of the checklist are done, or do not apply.
///
/// The latest look at an item counts. Rework and a new plan take all items back.
///
/// | code | what is the matter |
/// |---|---|
/// | `item-not-seen` | nobody has looked at an item; a reason for each |
/// | `item-open` | an item is still to be done; a reason for each |
///
/// # Examples
///
/// ```
/// use phasegate::gate::{ChecklistPolicy, GateSet};
/// use phasegate::release::{ChecklistItem, ChecklistStatus, Key, step::Authorise};
/// # use phasegate::{Desk, Gate, MemoryStore, Person, gate::Facts, release::*};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let items = [Key::new("on-call-told")?, Key::new("runbook")?];
/// let gate = Gate::<Authorise>::new("intake", 1)?.require(ChecklistPolicy::new(items.clone())?);
/// let release = desk.record(release, ChecklistItem::new(items[0].clone(), ChecklistStatus::Done), &kim).await?;
/// # let (facts, by) = (Facts::at("2026-03-02T12:00:00Z".parse()?), By::new(&kim));
/// # let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// assert_eq!(
///     GateSet::new().with(gate).explain(&release, step, &facts, &by).to_string(),
///     "authorise refused\n  checklist: nobody has looked at `runbook`; \
///      look at it, and record a `ChecklistItem`",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Params")]
pub struct ChecklistPolicy(Params);

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    items: Bounded<BTreeSet<Key>>,
}

impl TryFrom<Params> for ChecklistPolicy {
    type Error = Invalid;

    fn try_from(params: Params) -> Result<Self, Invalid> {
        if params.items.is_empty() {
            let expected = "at least one of `items`";
            return Err(Invalid::new(
                InvalidKind::Empty,
                "checklist policy",
                "",
                expected,
            ));
        }
        Ok(Self(params))
    }
}

impl ChecklistPolicy {
    /// These items.
    ///
    /// # Errors
    ///
    /// - empty: there is no item
    /// - too large: more than 1,000 items
    pub fn new(items: impl IntoIterator<Item = Key>) -> Result<Self, Invalid> {
        let items = Bounded::new(items.into_iter().collect())?;
        Params { items }.try_into()
    }

    /// The items.
    pub(crate) fn items(&self) -> &BTreeSet<Key> {
        &self.0.items
    }
}

impl Policy for ChecklistPolicy {
    type Reads = ReleaseRequest;
    const NAME: &'static str = "checklist";

    fn judge(&self, ask: &Ask<'_>, _: &ReleaseRequest) -> Verdict {
        let reasons = self.0.items.iter().filter_map(|item| {
            let seen = ask.state().checklist.get(item);
            let reason = match seen.map(|seen| seen.status) {
                Some(ChecklistStatus::Done | ChecklistStatus::NotApplicable) => return None,
                Some(ChecklistStatus::Open) => {
                    let message = format!("`{item}` is still to be done");
                    Reason::new("item-open", message, "do it, and record a `ChecklistItem`")
                }
                None => {
                    let message = format!("nobody has looked at `{item}`");
                    let remedy = "look at it, and record a `ChecklistItem`";
                    Reason::new("item-not-seen", message, remedy)
                }
            };
            Some(reason.read("item", item.as_str()))
        });
        Verdict::of(reasons.collect())
    }
}
