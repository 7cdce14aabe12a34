//! The audit trail of a release: every event of its log in one sentence, and whether the log is as it was written.

use super::outline::{Outline, Tone};
use super::page::{Cell, Page, Table};
use crate::release::{AnyStep, Envelope, Event, Upcasters, Version, verify};

/// The audit trail of a release: every event in one sentence with who and when, steps with the decision that cleared
/// them and the overrides they used; and whether the hash chain holds.
///
/// A log that is broken is told too, with the first entry that is wrong: the trail is for who doubts it. What an entry
/// cannot be read as is told by its kind. What a chain shows and what not is said at [`verify`].
///
/// # Time
///
/// When it was recorded; and when it was true, where that is another instant.
///
/// # Complexity
///
/// One pass to verify and one to tell.
#[must_use]
pub fn audit_trail(log: &[Envelope], upcasters: &Upcasters) -> Page {
    let own = |words: &'static str| Outline::new().own(words);
    let events: Vec<_> = log
        .iter()
        .map(|entry| entry.decode_with(upcasters))
        .collect();
    let title = events
        .iter()
        .find_map(|event| title(event.as_ref().ok()?.as_ref()?));
    let title = title.or_else(|| log.first().map(|entry| entry.stream.id.to_string()));
    let chain = verify(log);
    let intact = match &chain {
        Ok(_) => own("").mark(Tone::Good, "intact"),
        Err(broken) => own("").mark(Tone::Bad, broken.to_string()),
    };
    let mut facts = Vec::new();
    if let Some(first) = log.first() {
        facts.push(("Log", Outline::new().name(&first.stream)));
    }
    facts.push(("Events", Outline::new().own(log.len().to_string())));
    facts.push(("Hash chain", intact));
    if let Ok(head) = &chain {
        facts.push(("Last hash", Outline::new().name(format!("{head:.16}"))));
    }
    let mut table = Table::new(
        own("What happened"),
        &["#Version", "Recorded", "Who", "What", "Decision"],
    );
    for (entry, event) in log.iter().zip(&events) {
        let when = own("").at(entry.recorded_at);
        let when = if entry.occurred_at == entry.recorded_at {
            when
        } else {
            when.own(", true since ").at(entry.occurred_at)
        };
        let what = match event {
            Ok(Some(event)) => event.sentence(),
            Ok(None) => own("recorded ")
                .name(&entry.kind)
                .own(", which is not known here"),
            Err(error) => own("recorded ")
                .name(&entry.kind)
                .own(", which cannot be read: ")
                .told(error),
        };
        table.row([
            Cell::whole(entry.version.get()),
            Cell::Words(when),
            Cell::name(&entry.actor),
            Cell::Words(what),
            Cell::maybe(
                event
                    .as_ref()
                    .ok()
                    .and_then(|event| event.as_ref()?.decided()),
            ),
        ]);
    }
    Page::new(
        "Audit trail",
        title.unwrap_or_else(|| Version::NONE.to_string()),
    )
    .facts(facts)
    .table(table)
}

/// What a release was asked for as.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other step says what a release is called"
)]
fn title(event: &Event) -> Option<String> {
    let Event::Step(taken) = event else {
        return None;
    };
    match &taken.step {
        AnyStep::RequestRelease(step) => Some(step.request.title.to_string()),
        AnyStep::FindUnauthorised(step) => Some(step.request.title.to_string()),
        _ => None,
    }
}
