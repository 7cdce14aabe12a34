//! A policy of our own: nobody is surprised by a release before its day.

use phasegate::gate::{Ask, Policy};
use phasegate::release::{AnyStep, Reason, ReleasePlan, Verdict};
use serde::{Deserialize, Serialize};

/// The deployment window opens on the agreed day of the release or later.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreedDay {}

impl Policy for AgreedDay {
    type Reads = ReleasePlan;
    const NAME: &'static str = "agreed-day";

    fn judge(&self, ask: &Ask<'_>, plan: &ReleasePlan) -> Verdict {
        let AnyStep::Deploy(step) = ask.step() else {
            return Verdict::SATISFIED;
        };
        let opens = step.window.start().day();
        let release = plan
            .milestones
            .iter()
            .find(|(key, _)| key.as_str().starts_with("ga:"));
        let agreed = release.and_then(|(_, milestone)| milestone.planned);
        match agreed.map(phasegate::release::When::day) {
            Some(agreed) if agreed <= opens => Verdict::SATISFIED,
            Some(agreed) => Verdict::of(vec![Reason::new(
                "too-early",
                format!("the window opens on {opens}, and the release is agreed for {agreed}"),
                "ask for a window from that day on, or agree on another day",
            )]),
            None => Verdict::of(vec![Reason::new(
                "no-day",
                "no day is agreed for the release",
                "plan one and record a `Baseline`",
            )]),
        }
    }
}
