//! The proof that a gate allowed a step: minted here and nowhere else.

use super::{Book, Facts, Judged, judge, lifecycle, weigh};
use crate::phase::Instant;
use crate::release::limits::PAYLOAD_BYTES;
use crate::release::{
    AnyRecord, AnyStep, Asked, Asking, Batch, By, Core, Decision, Digest, Event, EventId, Proposal,
    Reason, Release, StepTaken, Stream, Subject, Summary, Version, derived_command, intent, seal,
};
use serde_json::value::RawValue;
use std::{collections::BTreeSet, fmt, marker::PhantomData, sync::Arc};

/// The proof that step `S` of this release, at this version and with this content, was cleared.
///
/// It cannot be made, copied or used twice. It holds the release and the finished batch; `commit` makes the step
/// real. Dropped without a commit, nothing has happened, and the release has to be loaded again.
#[must_use = "nothing has happened yet: call `commit`"]
pub struct Cleared<S, P> {
    pub(crate) release: Release<P>,
    pub(crate) event: Event,
    pub(crate) batch: Batch,
    pub(crate) holds_until: Option<Instant>,
    step: PhantomData<fn() -> S>,
}

impl<S, P> Cleared<S, P> {
    /// What the commit will write.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Until when the clearance holds, if a fact that decided can change by time alone.
    #[must_use]
    pub const fn holds_until(&self) -> Option<Instant> {
        self.holds_until
    }

    /// Gives the release back; nothing has happened.
    pub fn withdraw(self) -> Release<P> {
        self.release
    }

    /// The release after what is cleared was written, and what that was.
    pub(crate) fn settled<Q>(self) -> (Release<Q>, Batch) {
        let Self {
            mut release,
            event,
            batch,
            ..
        } = self;
        settle(release.core_mut(), event, &batch);
        (release.become_phase(), batch)
    }
}

/// Moves by what was written of an event. A clearance is for one event; its batch has one entry.
pub(super) fn settle(core: &mut Core, event: Event, batch: &Batch) {
    if let [entry] = batch.events() {
        core.take(entry, Some(event));
    }
}

impl<S, P> fmt::Debug for Cleared<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { release, event, .. } = self;
        f.debug_struct("Cleared")
            .field("release", release)
            .field("event", &event.kind())
            .finish_non_exhaustive()
    }
}

/// The decision against a step or record, and the release as it was.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused<P> {
    /// The release, unchanged.
    pub release: Release<P>,
    /// The decision, with every blocker.
    pub decision: Box<Decision>,
    pub(crate) asked: Asked,
}

impl<P> fmt::Debug for Refused<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("release", &self.release)
            .field("decision", &self.decision)
            .finish_non_exhaustive()
    }
}

impl<P> fmt::Display for Refused<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decision.fmt(f)
    }
}

impl<P> std::error::Error for Refused<P> {}

pub(super) fn decide<S, P>(
    book: Book<'_>,
    proposal: Proposal<S, P>,
    facts: &Facts,
    by: &By,
) -> Result<Cleared<S, P>, Refused<P>> {
    let Proposal { release, asked, .. } = proposal;
    match written(book, release.core(), asked, facts, by) {
        Ok((event, batch)) => {
            let holds_until = match &event {
                Event::Step(taken) => taken.decision.holds_until,
                Event::Record(_) => None,
            };
            Ok(Cleared {
                release,
                event,
                batch,
                holds_until,
                step: PhantomData,
            })
        }
        Err((decision, asked)) => Err(Refused {
            release,
            decision,
            asked,
        }),
    }
}

/// What an asking leads to, and what is written of it; or the decision against it, and the asking back.
pub(super) fn written(
    book: Book<'_>,
    core: &Core,
    asked: Asked,
    facts: &Facts,
    by: &By,
) -> Result<(Event, Batch), (Box<Decision>, Asked)> {
    let (mut event, guards) = event_of(book, core, asked, facts, by)?;
    match batch(core, &mut event, guards, facts, by) {
        Ok(batch) => Ok((event, batch)),
        Err(reason) => Err(against(event, vec![*reason], facts, by)),
    }
}

/// The decision that a step would get, as its event would keep it, where approvals of `instead` are approvals of it.
pub(super) fn explain(
    book: Book<'_>,
    core: &Core,
    step: AnyStep,
    facts: &Facts,
    by: &By,
    instead: Option<Subject>,
) -> Decision {
    match step_of(book, core, step, facts, by, instead) {
        Ok((mut event, _)) => {
            let reasons = match &event {
                Event::Step(taken) if taken.is_surely_small() => None,
                Event::Step(_) | Event::Record(_) => {
                    payload(&mut event).err().map(|reason| *reason)
                }
            };
            let (decision, _) = against(event, reasons.into_iter().collect(), facts, by);
            *decision
        }
        Err((decision, _)) => *decision,
    }
}

/// The logs, other than the release's own, that must not move until the commit; in the order of their names.
type Guards = BTreeSet<(Stream, Version)>;

/// The refusal of a proposal for a reason that no gate was asked about.
pub(crate) fn refuse<S, P>(
    proposal: Proposal<S, P>,
    reason: Reason,
    facts: &Facts,
    by: &By,
) -> Refused<P> {
    let Proposal { release, asked, .. } = proposal;
    let decision = Box::new(refusal(&asked, reason, facts, by));
    Refused {
        release,
        decision,
        asked,
    }
}

/// The decision against an asking for a reason that no gate was asked about.
pub(crate) fn refusal(asked: &Asked, reason: Reason, facts: &Facts, by: &By) -> Decision {
    let about = match asked {
        Asked::Step(step) => Asking::Step(step.action()),
        Asked::Record(record) => Asking::Record(record.kind()),
    };
    let mut decision = Decision::begun(about, by, facts.now());
    decision.findings = lifecycle(vec![reason]);
    decision
}

/// The event that the asking leads to; or the decision against it, and the asking back.
pub(super) fn event_of(
    book: Book<'_>,
    core: &Core,
    asked: Asked,
    facts: &Facts,
    by: &By,
) -> Result<(Event, Guards), (Box<Decision>, Asked)> {
    match asked {
        Asked::Step(step) => step_of(book, core, step, facts, by, None),
        Asked::Record(record) => {
            let Judged {
                decision, guards, ..
            } = weigh(core, &record, facts, by);
            if !decision.is_cleared() {
                return Err((Box::new(decision), Asked::Record(record)));
            }
            Ok((Event::Record(record), guards))
        }
    }
}

/// The same of a step, where approvals of `instead` are approvals of it.
fn step_of(
    book: Book<'_>,
    core: &Core,
    step: AnyStep,
    facts: &Facts,
    by: &By,
    instead: Option<Subject>,
) -> Result<(Event, Guards), (Box<Decision>, Asked)> {
    let Judged {
        decision, guards, ..
    } = judge(book, core, &step, facts, by, instead);
    if !decision.is_cleared() {
        return Err((Box::new(decision), Asked::Step(step)));
    }
    let decision = Arc::new(decision);
    Ok((Event::Step(StepTaken { step, decision }), guards))
}

/// The decision against an event for reasons of the lifecycle's own, and what was asked.
fn against(event: Event, reasons: Vec<Reason>, facts: &Facts, by: &By) -> (Box<Decision>, Asked) {
    let (mut decision, asked) = match event {
        Event::Step(StepTaken { step, decision }) => {
            (Arc::unwrap_or_clone(decision), Asked::Step(step))
        }
        Event::Record(record) => {
            let asked = Asking::Record(record.kind());
            let decision = Decision::begun(asked, by, facts.now());
            (decision, Asked::Record(record))
        }
    };
    decision.findings.extend(lifecycle(reasons));
    (Box::new(decision), asked)
}

/// What is asked by whom, as a digest; nothing where it cannot be written.
pub(crate) fn intent_of(asked: &Asked, by: &By) -> Option<Digest> {
    match asked {
        Asked::Step(step) => {
            let json = serde_json::to_vec(step).ok()?;
            Some(intent(step.action().event_kind(), &json, by.actor()))
        }
        Asked::Record(record) => {
            let json = record.encode().ok()?;
            Some(intent(
                record.kind().event_kind(),
                json.get().as_bytes(),
                by.actor(),
            ))
        }
    }
}

fn unwritable(what: &str) -> Box<Reason> {
    Box::new(Reason::new(
        "cannot-be-written",
        what,
        "ask for less at once",
    ))
}

/// What an event keeps. Where that would be too large, what refuses nothing is left out of its decision.
fn payload(event: &mut Event) -> Result<Box<RawValue>, Box<Reason>> {
    let encoded = |event: &Event| {
        let data = event.encode();
        data.map_err(|error| unwritable(&error.to_string()))
    };
    let data = encoded(event)?;
    if data.get().len() <= PAYLOAD_BYTES {
        return Ok(data);
    }
    match event {
        Event::Step(taken) => Arc::make_mut(&mut taken.decision).say_less(),
        Event::Record(AnyRecord::StepRefused(refused)) => {
            Arc::make_mut(refused).decision.say_less();
        }
        Event::Record(_) => {}
    }
    let data = encoded(event)?;
    match data.get().len() {
        0..=PAYLOAD_BYTES => Ok(data),
        bytes => Err(unwritable(&format!(
            "its event has {bytes} bytes, and at most {PAYLOAD_BYTES} are kept"
        ))),
    }
}

/// The finished write: sealed with the instant of the decision.
fn batch(
    core: &Core,
    event: &mut Event,
    guards: Guards,
    facts: &Facts,
    by: &By,
) -> Result<Batch, Box<Reason>> {
    let data = payload(event)?;
    let event = &*event;
    let head = &core.head;
    let intent = match event {
        Event::Step(taken) => {
            let step = serde_json::to_vec(&taken.step);
            let step = step.map_err(|error| unwritable(&error.to_string()))?;
            intent(event.kind(), &step, by.actor())
        }
        Event::Record(_) => intent(event.kind(), data.get().as_bytes(), by.actor()),
    };
    let command = by
        .command
        .unwrap_or_else(|| derived_command(&head.stream, head.version, &intent));
    let created_at = if head.version == Version::NONE {
        facts.now()
    } else {
        head.created_at
    };
    let summary = Summary::after(
        &core.state,
        event,
        core.occasion(by, facts.now()),
        created_at,
    )
    .ok_or_else(|| unwritable("it has no request"))?;
    let id = EventId { command, index: 0 };
    let entry = seal(
        (event.kind(), event.schema(), event.is_critical()),
        data,
        id,
        &head.stream,
        (head.version, head.hash),
        (
            &by.actor,
            by.occurred_at.unwrap_or(facts.now()),
            facts.now(),
        ),
    );
    Ok(Batch {
        stream: head.stream.clone(),
        expected: head.version,
        guards: guards.into_iter().collect(),
        command,
        intent,
        events: vec![entry],
        summary: Some(summary),
    })
}
