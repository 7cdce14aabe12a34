//! What the policies that ask a calendar have in common.

use crate::gate::Ask;
use crate::release::{
    Availability, Bounded, CalendarQuestion, Environment, Key, Openness, Reason, Region, Verdict,
    WindowKind,
};
use std::collections::BTreeSet;

pub(super) fn asked(
    calendar: &Key,
    kind: WindowKind,
    environments: &Bounded<BTreeSet<Environment>>,
    regions: &Bounded<BTreeSet<Region>>,
) -> CalendarQuestion {
    CalendarQuestion {
        environments: environments.clone(),
        regions: regions.clone(),
        ..CalendarQuestion::new(calendar.clone(), kind)
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
                let message = format!("{} more windows close it", answer.left_out);
                reasons.push(Reason::new(
                    "more-windows",
                    message,
                    remedy(answer, "join windows that say the same"),
                ));
            }
            // Closed is closed, whatever can be said of why.
            if reasons.is_empty() {
                let message = format!("calendar `{}` is closed", question.calendar);
                reasons.push(Reason::new(
                    "closed",
                    message,
                    remedy(answer, "ask who keeps it"),
                ));
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
        (None, None) => format!("it does not open within ten years: {otherwise}"),
    }
}
