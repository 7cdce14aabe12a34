//! Properties that most organisations want.

use super::property::Property;
use super::turn::Turn;
use crate::gate::Percent;
use crate::phase::{Action, PhaseName};
use crate::release::Track;

/// What goes live on one of these tracks (any, where none is named) was approved by so many different people, none of
/// whom asked for it.
#[must_use]
pub fn approved_by_others(least: usize, tracks: &[Track]) -> Property {
    let tracks = tracks.to_vec();
    let what =
        format!("nothing goes live without {least} approvals of people who did not ask for it");
    Property::always(on(&what, &tracks), move |turn| {
        turn.approvers().len() >= least
    })
    .when(move |turn| turn.goes_live() && (tracks.is_empty() || tracks.contains(&turn.track())))
    .fair()
}

/// Nobody whose approval of the step with which a release goes live counts takes that step: of people who did not ask
/// for the release, and have the role still.
#[must_use]
pub fn nobody_approves_and_deploys() -> Property {
    Property::never("nobody approves and deploys the same release", |turn| {
        let actor = turn.actor().person();
        actor.is_some_and(|actor| turn.approvers().contains(actor))
    })
    .when(goes_live)
    .fair()
}

/// Wherever a release has come, it can still be brought to its end by finishing it: neither cancelled nor rejected.
#[must_use]
pub fn no_release_is_stuck() -> Property {
    let is_closed = |turn: &Turn<'_>| turn.standing().phase == PhaseName::Closed;
    let given_up = [Action::Cancel, Action::Reject];
    Property::can_always_reach("no release is stuck", is_closed, given_up).fair()
}

/// A release does not come to Closure while something is owed, nor where it was paid by somebody who was involved.
#[must_use]
pub fn debts_are_paid_before_closure() -> Property {
    Property::never("debts are paid before Closure", |turn| {
        turn.is_in_debt() || turn.is_approved_by_the_involved()
    })
    .when(|turn| turn.standing().phase == PhaseName::Closure)
    .fair()
}

/// Nothing goes live in a freeze, but by an override of a freeze; on these tracks (any, where none is named).
#[must_use]
pub fn freezes_are_honoured(tracks: &[Track]) -> Property {
    let tracks = tracks.to_vec();
    let name = on(
        "a freeze put on between approval and deployment is honoured",
        &tracks,
    );
    Property::always(name, |turn| {
        !turn.is_frozen() || turn.lifted().any(|code| code.as_str() == "frozen")
    })
    .when(move |turn| turn.goes_live() && (tracks.is_empty() || tracks.contains(&turn.track())))
    .fair()
}

/// What is deployed was tested itself: there are runs about this very package, and of each at least this share passed.
/// And if anybody had to approve, somebody approved this very package.
#[must_use]
pub fn packages_ride_on_their_own(least: Percent, is_approved: bool) -> Property {
    let and = if is_approved { " and an approval" } else { "" };
    Property::always(
        format!(
            "a changed package never rides on old evidence or approvals: {least} % passed{and}"
        ),
        move |turn| {
            let passed = |passed: u32, failed: u32| {
                let all = u64::from(passed) + u64::from(failed);
                all > 0 && u64::from(passed) * 100 >= all * u64::from(least.get())
            };
            let mut runs = turn.runs().peekable();
            runs.peek().is_some()
                && runs.all(|run| passed(run.passed, run.failed))
                && (!is_approved || !turn.approvers().is_empty())
        },
    )
    .when(|turn| turn.step() == Some(Action::Deploy))
    .fair()
}

/// An override lifts one blocker of one step, and never another one later.
#[must_use]
pub fn overrides_are_used_once() -> Property {
    Property::never("an override is never used twice", |turn| {
        turn.overrides_again()
    })
    .when(|turn| turn.overrides().next().is_some())
    .fair()
}

/// There is a way to go live: a gate set that lets nothing through is right about everything.
#[must_use]
pub fn something_goes_live() -> Property {
    Property::reachable("something goes live", goes_live).fair()
}

fn on(what: &str, tracks: &[Track]) -> String {
    if tracks.is_empty() {
        return what.to_owned();
    }
    let tracks: Vec<_> = tracks.iter().map(ToString::to_string).collect();
    format!("{what}, on {}", tracks.join(" and "))
}

fn goes_live(turn: &Turn<'_>) -> bool {
    turn.goes_live()
}
