//! The lifecycle as a picture, drawn from the table.

use super::{Action, PhaseName, Standing, Start};
use super::{Closed, Phase};
use std::fmt::Write;

/// Draws the lifecycle as a Mermaid state diagram.
///
/// Holds are one note instead of four more states. The output is the same on every call.
///
/// # Examples
///
/// ```
/// let picture = phasegate::phase::mermaid();
/// assert!(picture.contains("Testing --> Deployment: deploy"));
/// ```
#[must_use]
pub fn mermaid() -> String {
    let mut picture = String::from("stateDiagram-v2\n");
    for &phase in PhaseName::ALL {
        let from = Standing {
            phase,
            on_hold: false,
        };
        for action in from.next() {
            let Some(to) = action.leads(from).filter(|to| !to.on_hold) else {
                continue;
            };
            let place = if from == Start::STANDING {
                "[*]".to_owned()
            } else {
                from.to_string()
            };
            // Writing to a `String` cannot fail.
            let _ = writeln!(picture, "    {place} --> {to}: {action}");
        }
    }
    let _ = writeln!(picture, "    {} --> [*]", Closed::STANDING);
    let held: Vec<String> = Action::Hold
        .from()
        .map(|from| from.phase.to_string())
        .collect();
    let _ = writeln!(
        picture,
        "    note right of Request: hold puts {} on hold - then only resume and cancel",
        held.join(", ")
    );
    picture
}
