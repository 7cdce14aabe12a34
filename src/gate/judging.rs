//! A policy without its type, and what is made of its answers.

use super::breach::Breach;
use super::policies::{ModelStandingPolicy, TimeOfDayPolicy};
use super::policy::{Ask, Policy, Relation};
use crate::phase::{Instant, PhaseName};
use crate::release::{CalendarQuestion, ConflictQuestion, Earned, Key, Role, StateRef, Verdict};
use std::{any::TypeId, collections::BTreeSet, panic::AssertUnwindSafe};

/// A policy without its type: one non-generic way to judge all of them.
pub(super) trait Judge: Send + Sync {
    fn name(&self) -> Key;
    fn version(&self) -> u32;
    /// The facts to give it, or the verdict if it cannot even say that.
    fn needs(&self) -> Result<Vec<Key>, Verdict>;
    fn relations(&self) -> &'static [Relation];
    /// What it asks of calendars, or the verdict if it cannot even say that.
    fn calendars(&self) -> Result<Vec<CalendarQuestion>, Verdict>;
    /// What it asks of what other releases have booked, or the verdict if it cannot even say that.
    fn conflicts(&self) -> Result<Option<ConflictQuestion>, Verdict>;
    /// Whether it looks at how the release's model stands.
    fn reads_model(&self) -> bool;
    /// Whether it looks by itself at when the work would be done.
    fn is_timed(&self) -> bool;
    fn phases(&self) -> &'static [PhaseName];
    fn roles(&self) -> BTreeSet<Role>;
    fn verdict(&self, ask: &Ask<'_>) -> Verdict;
}

impl<P: Policy> Judge for P {
    fn name(&self) -> Key {
        Key::clipped(P::NAME)
    }

    fn version(&self) -> u32 {
        P::VERSION
    }

    fn needs(&self) -> Result<Vec<Key>, Verdict> {
        // Nothing of ours is half changed when a policy panics: it only sees shared references.
        std::panic::catch_unwind(AssertUnwindSafe(|| self.facts())).map_err(|_| panicked::<P>())
    }

    fn relations(&self) -> &'static [Relation] {
        P::RELATIONS
    }

    fn calendars(&self) -> Result<Vec<CalendarQuestion>, Verdict> {
        let asked = || Policy::calendars(self);
        std::panic::catch_unwind(AssertUnwindSafe(asked)).map_err(|_| panicked::<P>())
    }

    fn conflicts(&self) -> Result<Option<ConflictQuestion>, Verdict> {
        let asked = || Policy::conflicts(self);
        std::panic::catch_unwind(AssertUnwindSafe(asked)).map_err(|_| panicked::<P>())
    }

    fn reads_model(&self) -> bool {
        TypeId::of::<P>() == TypeId::of::<ModelStandingPolicy>()
    }

    fn is_timed(&self) -> bool {
        TypeId::of::<P>() == TypeId::of::<TimeOfDayPolicy>()
    }

    fn phases(&self) -> &'static [PhaseName] {
        P::Reads::PHASES
    }

    fn roles(&self) -> BTreeSet<Role> {
        Policy::roles(self)
    }

    fn verdict(&self, ask: &Ask<'_>) -> Verdict {
        let state = StateRef(ask.state());
        let Some(read) = P::Reads::of(&state) else {
            let message = format!(
                "policy `{}` reads what a release in {} has not got",
                P::NAME,
                ask.standing()
            );
            return Breach::CannotRead.told(message);
        };
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.judge(ask, read))) {
            Ok(Verdict::Satisfied { until: Some(until) }) if until <= ask.now() => {
                let message = format!("policy `{}` clears until {until}, which is over", P::NAME);
                Breach::ClearsUntilBefore.told(message)
            }
            Ok(verdict @ Verdict::Satisfied { .. }) => verdict,
            // Without a reason there is nothing to show and nothing that an override could name.
            Ok(
                verdict @ (Verdict::Violated { .. }
                | Verdict::Unknown { .. }
                | Verdict::Failed { .. }),
            ) if !verdict.reasons().is_empty() => still_to_come(verdict, ask.now()),
            Ok(_) => Breach::NoVerdict.told(format!(
                "policy `{}` gave no reason, or excepted itself",
                P::NAME
            )),
            Err(_) => panicked::<P>(),
        }
    }
}

/// Without the instants that are over: what blocks now was not lifted then.
fn still_to_come(mut verdict: Verdict, now: Instant) -> Verdict {
    match &mut verdict {
        Verdict::Violated { reasons }
        | Verdict::Unknown { reasons }
        | Verdict::Failed { reasons }
        | Verdict::Excepted { reasons, .. } => {
            for reason in reasons {
                reason.clears_at = reason.clears_at.filter(|at| now < *at);
            }
        }
        Verdict::Satisfied { .. } => {}
    }
    verdict
}

fn panicked<P: Policy>() -> Verdict {
    Breach::Panicked.told(format!("policy `{}` panicked", P::NAME))
}
