//! What the policies that ask a calendar have in common.

use crate::gate::Ask;
use crate::release::{
    Availability, Bounded, CalendarQuestion, Environment, Key, Openness, Reason, Region, Verdict,
    WindowKind,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which calendar is asked, and where the work is done.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    calendar: Key,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    pub(super) environments: Bounded<BTreeSet<Environment>>,
    #[serde(default, skip_serializing_if = "crate::release::is_default")]
    pub(super) regions: Bounded<BTreeSet<Region>>,
}

impl Place {
    pub(super) fn everywhere(calendar: Key) -> Self {
        Self {
            calendar,
            environments: Bounded::default(),
            regions: Bounded::default(),
        }
    }

    pub(super) fn question(&self, kind: WindowKind) -> CalendarQuestion {
        CalendarQuestion {
            environments: self.environments.clone(),
            regions: self.regions.clone(),
            ..CalendarQuestion::new(self.calendar.clone(), kind)
        }
    }

    /// The environments, each with its place among the parameters.
    pub(super) fn environments(&self) -> impl Iterator<Item = (String, &Environment)> {
        let environments = self.environments.iter();
        environments.map(|one| ("environments".to_owned(), one))
    }
}

/// What the calendar's answer comes to. The judge asks no policy whose calendar was not read.
pub(super) fn verdict(
    ask: &Ask<'_>,
    question: &CalendarQuestion,
    against: impl FnOnce(&Availability) -> Vec<Reason>,
) -> Verdict {
    match ask.availability(question) {
        Some(answer) if answer.openness == Openness::Closed => {
            let mut reasons = match answer.deciding.as_slice() {
                [] => Vec::new(),
                _ => against(answer),
            };
            if answer.left_out > 0 {
                // What is known as a whole can be overridden; here, nobody sees what would be.
                let message = format!("{} more windows close it", answer.left_out);
                let remedy = remedy(answer, "join windows that say the same");
                reasons.push(Reason::new("more-windows", message, remedy));
                return Verdict::Unknown { reasons };
            }
            if reasons.is_empty() {
                let message = format!(
                    "calendar `{}` cannot be looked through for {}, which is longer than ten years",
                    question.calendar, answer.span
                );
                let remedy = "choose a shorter window";
                reasons.push(Reason::new("too-long", message, remedy));
            }
            Verdict::of(reasons)
        }
        Some(answer) => Verdict::Satisfied {
            until: answer.holds_until,
        },
        None => Verdict::Unknown {
            reasons: Vec::new(),
        },
    }
}

/// What to do while it is closed.
pub(super) fn remedy(answer: &Availability, otherwise: &str) -> String {
    match (answer.clears_at, answer.opens_at) {
        (Some(_), _) => format!("wait, or {otherwise}"),
        (None, Some(at)) => format!("choose a window from {at} on, or {otherwise}"),
        (None, None) => format!("no time is found at which it opens: {otherwise}"),
    }
}
