//! The proof that a gate allowed a step: minted here and nowhere else.

use super::{AnyGate, Facts, Guards, Judged, judge, lifecycle};
use crate::phase::Instant;
use crate::release::limits::PAYLOAD_BYTES;
use crate::release::{
    Asked, Asking, Batch, By, Core, Decision, Event, EventId, Proposal, Reason, Release, StepTaken,
    Summary, Version, derived_command, intent, seal,
};
use std::{fmt, marker::PhantomData, sync::Arc};

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
    gates: &[AnyGate],
    proposal: Proposal<S, P>,
    facts: &Facts,
    by: &By,
) -> Result<Cleared<S, P>, Refused<P>> {
    let Proposal { release, asked, .. } = proposal;
    let core = release.core();
    let (decision, event, guards) = decision_on(gates, core, &asked, facts, by);
    let refused = |release, decision: Arc<Decision>, asked| Refused {
        release,
        decision: Box::new(Arc::unwrap_or_clone(decision)),
        asked,
    };
    if !decision.is_cleared() {
        drop(event);
        return Err(refused(release, decision, asked));
    }
    match batch(core, &event, &asked, guards, facts, by) {
        Ok(batch) => {
            let holds_until = decision.holds_until;
            Ok(Cleared {
                release,
                event,
                batch,
                holds_until,
                step: PhantomData,
            })
        }
        Err(reason) => {
            let mut decision = Arc::unwrap_or_clone(decision);
            decision.findings.extend(lifecycle(vec![reason]));
            drop(event);
            Err(refused(release, Arc::new(decision), asked))
        }
    }
}

/// The decision on what is asked, the event that it would lead to, and the logs that must not move until then.
pub(super) fn decision_on(
    gates: &[AnyGate],
    core: &Core,
    asked: &Asked,
    facts: &Facts,
    by: &By,
) -> (Arc<Decision>, Event, Guards) {
    match asked {
        Asked::Step(step) => {
            let Judged { decision, guards } = judge(gates, core, step, facts, by);
            let decision = Arc::new(decision);
            let taken = StepTaken {
                step: step.clone(),
                decision: Arc::clone(&decision),
            };
            (decision, Event::Step(taken), guards)
        }
        Asked::Record(record) => {
            let event = Event::Record(record.clone());
            let reasons = core.state.admits(&event, core.occasion(by, facts.now()));
            let asked = Asking::Record(record.kind());
            let mut decision = Decision::begun(asked, by.actor().clone(), facts.now());
            decision.findings = lifecycle(reasons);
            (Arc::new(decision), event, Guards::new())
        }
    }
}

/// The finished write: sealed with the instant of the decision.
fn batch(
    core: &Core,
    event: &Event,
    asked: &Asked,
    guards: Guards,
    facts: &Facts,
    by: &By,
) -> Result<Batch, Reason> {
    let unwritable = |what: &str| Reason::new("cannot-be-written", what, "ask for less at once");
    let data = event
        .encode()
        .map_err(|error| unwritable(&error.to_string()))?;
    if data.len() > PAYLOAD_BYTES {
        return Err(unwritable(&format!(
            "its event has {} bytes, and at most {PAYLOAD_BYTES} are kept",
            data.len()
        )));
    }
    let head = &core.head;
    let intent = match asked {
        Asked::Step(step) => {
            let step = serde_json::to_vec(step).map_err(|error| unwritable(&error.to_string()))?;
            intent(event.kind(), &step, by.actor())
        }
        Asked::Record(_) => intent(event.kind(), data.as_bytes(), by.actor()),
    };
    let command = by
        .command
        .unwrap_or_else(|| derived_command(&head.stream, head.version, &intent));
    let created_at = if head.version == Version::NONE {
        facts.now()
    } else {
        head.created_at
    };
    let summary = Summary::after(&core.state, event, created_at)
        .ok_or_else(|| unwritable("it has no request"))?;
    let id = EventId { command, index: 0 };
    let entry = seal(
        event,
        data,
        id,
        &head.stream,
        (head.version, head.hash),
        core.occasion(by, facts.now()),
    );
    Ok(Batch {
        stream: head.stream.clone(),
        expected: head.version,
        guards: guards.into_iter().collect(),
        command,
        intent,
        events: vec![entry],
        summary,
    })
}
