//! Its log: JSON payloads in envelopes with a hash chain, and the way back.

use super::{Decision, Event, Machine, Occasion, Refusal};
use crate::script::{Act, Asked, Given};
use phasegate::Instant;
use phasegate::release::{Actor, Asking, ReleaseId, Stream, Tenant};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::sync::Arc;
use uuid::Uuid;

/// One event of a log, with the fields of the crate's envelope.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) command: Uuid,
    pub(crate) index: u16,
    pub(crate) stream: Stream,
    pub(crate) version: u64,
    pub(crate) kind: &'static str,
    pub(crate) schema: u16,
    pub(crate) critical: bool,
    pub(crate) occurred_at: Instant,
    pub(crate) recorded_at: Instant,
    pub(crate) actor: Actor,
    pub(crate) payload_digest: [u8; 32],
    pub(crate) prev: [u8; 32],
    pub(crate) hash: [u8; 32],
    pub(crate) data: Arc<str>,
}

/// A machine and where its log stands.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) machine: Machine,
    stream: Stream,
    last: [u8; 32],
}

#[derive(Serialize)]
struct Kept<'a, S> {
    step: &'a S,
    decision: Option<&'a Decision>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken<S> {
    step: S,
    decision: Decision,
}

impl Log {
    pub(crate) fn new(tenant: Tenant, id: ReleaseId) -> Self {
        Self {
            machine: Machine::new(),
            stream: Stream::release(tenant, id),
            last: [0; 32],
        }
    }

    /// Checks what is asked, writes it down, and does it. Without a command id, one is derived from the payload.
    pub(crate) fn ask(
        &mut self,
        act: Act,
        actor: &Actor,
        now: Instant,
        command: Option<Uuid>,
        store: impl FnOnce(&Entry),
    ) -> Result<(), Failed> {
        let on = self.machine.now(actor, now);
        let event = self.machine.decide(act, on).map_err(Failed::Refused)?;
        let data = event.encode().map_err(Failed::Unwritable)?;
        let entry = self.seal(event.kind(), event.decision.is_some(), data, command, on);
        store(&entry);
        self.last = entry.hash;
        self.machine.apply(event, on);
        self.machine.version += 1;
        Ok(())
    }

    fn seal(
        &self,
        kind: &'static str,
        critical: bool,
        data: String,
        command: Option<Uuid>,
        on: Occasion<'_>,
    ) -> Entry {
        let payload_digest = Sha256::digest(data.as_bytes()).into();
        let command = command.unwrap_or_else(|| self.derived(&payload_digest, on));
        let mut entry = Entry {
            command,
            index: 0,
            stream: self.stream.clone(),
            version: on.version + 1,
            kind,
            schema: 1,
            critical,
            occurred_at: on.occurred_at,
            recorded_at: on.recorded_at,
            actor: on.actor.clone(),
            payload_digest,
            prev: self.last,
            hash: [0; 32],
            data: data.into(),
        };
        entry.hash = entry.digest();
        entry
    }

    fn derived(&self, payload_digest: &[u8; 32], on: Occasion<'_>) -> Uuid {
        let digest = digest_of(&[
            b"by-hand/command/1",
            self.stream.tenant.as_str().as_bytes(),
            self.stream.id.as_str().as_bytes(),
            &on.version.to_be_bytes(),
            payload_digest,
        ]);
        Uuid::new_v8(digest.first_chunk().copied().unwrap_or_default())
    }
}

/// Why nothing was written.
#[derive(Debug)]
#[expect(dead_code, reason = "in a real program, people would read it")]
pub(crate) enum Failed {
    Refused(Vec<Refusal>),
    Unwritable(serde_json::Error),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error for Failed {}

impl Entry {
    /// SHA-256 over the fields, each preceded by its length.
    fn digest(&self) -> [u8; 32] {
        let (actor_kind, actor) = match &self.actor {
            Actor::Person(person) => ("person", person.as_str()),
            Actor::System(system) => ("system", system.as_str()),
        };
        digest_of(&[
            b"by-hand/event/1",
            self.command.as_bytes().as_slice(),
            &self.index.to_be_bytes(),
            self.stream.tenant.as_str().as_bytes(),
            self.stream.kind.name().as_bytes(),
            self.stream.id.as_str().as_bytes(),
            &self.version.to_be_bytes(),
            self.kind.as_bytes(),
            &self.schema.to_be_bytes(),
            &[u8::from(self.critical)],
            &self.occurred_at.unix_micros().to_be_bytes(),
            &self.recorded_at.unix_micros().to_be_bytes(),
            actor_kind.as_bytes(),
            actor.as_bytes(),
            &self.payload_digest,
            &self.prev,
        ])
    }
}

/// SHA-256 over fields, each preceded by its length.
fn digest_of(fields: &[&[u8]]) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(512);
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    Sha256::digest(bytes).into()
}

/// Makes the machine of its whole log, distrusting every entry; payloads are not hashed again.
pub(crate) fn replay(log: &[Entry]) -> Result<Machine, String> {
    let mut machine = Machine::new();
    let first = log.first().ok_or("there is no entry")?;
    let mut prev = [0; 32];
    for entry in log {
        let at = |what: String| format!("version {}: {what}", entry.version);
        if entry.stream != first.stream {
            return Err(at("of another log".to_owned()));
        }
        if entry.version != machine.version + 1 || entry.prev != prev {
            return Err(at("out of order".to_owned()));
        }
        let event =
            Event::decode(entry.kind, &entry.data).map_err(|error| at(error.to_string()))?;
        let on = Occasion {
            version: machine.version,
            actor: &entry.actor,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
        };
        if let Some(refusal) = machine.refusals(&event.act, on).first() {
            return Err(at(refusal.message.clone()));
        }
        if !event.is_cleared(on) {
            return Err(at("the decision does not clear this step".to_owned()));
        }
        machine.apply(event, on);
        machine.version = entry.version;
        prev = entry.hash;
    }
    Ok(machine)
}

/// Asks for everything of a walk, one after the other.
pub(crate) fn keep(
    walk: Vec<Asked>,
    actor: &Actor,
    given: Given,
    mut store: impl FnMut(&Entry),
) -> Result<Log, Failed> {
    let mut log = Log::new(Tenant::default(), ReleaseId::from(Uuid::from_u128(1)));
    for (asked, command) in walk.into_iter().zip(1..) {
        let command = match given {
            Given::Commands => Some(Uuid::from_u128(command)),
            Given::Nothing => None,
        };
        log.ask(asked.act, actor, asked.at, command, &mut store)?;
    }
    Ok(log)
}

/// Whether every entry is as it was written, and follows the one before.
pub(crate) fn is_whole(log: &[Entry]) -> bool {
    let mut prev = [0; 32];
    log.iter().zip(1..).all(|(entry, version)| {
        let payload: [u8; 32] = Sha256::digest(entry.data.as_bytes()).into();
        let is_linked = entry.version == version && entry.prev == prev;
        prev = entry.hash;
        is_linked && payload == entry.payload_digest && entry.digest() == entry.hash
    })
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match &self.act {
            Act::Request(_) => "release.requested",
            Act::Authorise(_) => "release.authorised",
            Act::StartDevelopment(_) => "release.development_started",
            Act::StartTesting(_) => "release.testing_started",
            Act::Deploy(_) => "release.deployment_started",
            Act::FinishDeployment(_) => "release.deployment_finished",
            Act::CompleteReview(_) => "release.review_completed",
            Act::Close(_) => "release.closed",
            Act::Plan(_) => "release.plan_changed",
            Act::Baseline(_) => "release.baselined",
            Act::MilestoneReached(_) => "release.milestone_reached",
            Act::RoleGiven(_) => "release.role_given",
            Act::Approval(_) => "release.approval_given",
            Act::CodeChange(_) => "release.code_change_included",
            Act::TestRun(_) => "release.test_run_recorded",
            Act::Evidence(_) => "release.evidence_recorded",
            Act::DefectFound(_) => "release.defect_found",
            Act::DefectResolved(_) => "release.defect_resolved",
            Act::AttemptStarted(_) => "release.attempt_started",
            Act::AttemptFinished(_) => "release.attempt_finished",
            Act::IncidentLinked(_) => "release.incident_linked",
            Act::IncidentRestored(_) => "release.incident_restored",
            Act::CriterionResult(_) => "release.criterion_judged",
            Act::TaskOpened(_) => "release.task_opened",
            Act::TaskDone(_) => "release.task_done",
            Act::Confirmation(_) => "release.confirmed",
            Act::Note(_) => "release.noted",
        }
    }

    /// Whether a step comes with the decision that cleared it.
    fn is_cleared(&self, on: Occasion<'_>) -> bool {
        let asked = self.act.step().map(Asking::Step);
        self.decision.as_ref().is_none_or(|decision| {
            decision.findings.is_empty()
                && Some(decision.asked) == asked
                && (&decision.actor, decision.at) == (on.actor, on.recorded_at)
        })
    }

    fn encode(&self) -> serde_json::Result<String> {
        match &self.act {
            Act::Request(step) => self.encode_step(step.as_ref()),
            Act::Authorise(step) => self.encode_step(step),
            Act::StartDevelopment(step) => self.encode_step(step),
            Act::StartTesting(step) => self.encode_step(step),
            Act::Deploy(step) => self.encode_step(step),
            Act::FinishDeployment(step) => self.encode_step(step),
            Act::CompleteReview(step) => self.encode_step(step),
            Act::Close(step) => self.encode_step(step),
            Act::Plan(record) => serde_json::to_string(record),
            Act::Baseline(record) => serde_json::to_string(record),
            Act::MilestoneReached(record) => serde_json::to_string(record),
            Act::RoleGiven(record) => serde_json::to_string(record),
            Act::Approval(record) => serde_json::to_string(record),
            Act::CodeChange(record) => serde_json::to_string(record),
            Act::TestRun(record) => serde_json::to_string(record),
            Act::Evidence(record) => serde_json::to_string(record),
            Act::DefectFound(record) => serde_json::to_string(record),
            Act::DefectResolved(record) => serde_json::to_string(record),
            Act::AttemptStarted(record) => serde_json::to_string(record),
            Act::AttemptFinished(record) => serde_json::to_string(record),
            Act::IncidentLinked(record) => serde_json::to_string(record),
            Act::IncidentRestored(record) => serde_json::to_string(record),
            Act::CriterionResult(record) => serde_json::to_string(record),
            Act::TaskOpened(record) => serde_json::to_string(record),
            Act::TaskDone(record) => serde_json::to_string(record),
            Act::Confirmation(record) => serde_json::to_string(record),
            Act::Note(record) => serde_json::to_string(record),
        }
    }

    fn encode_step(&self, step: &impl Serialize) -> serde_json::Result<String> {
        serde_json::to_string(&Kept {
            step,
            decision: self.decision.as_ref(),
        })
    }

    fn decode(kind: &str, data: &str) -> Result<Self, Box<dyn Error>> {
        let record = match kind {
            "release.requested" => return Self::decode_step(data, Act::Request),
            "release.authorised" => return Self::decode_step(data, Act::Authorise),
            "release.development_started" => return Self::decode_step(data, Act::StartDevelopment),
            "release.testing_started" => return Self::decode_step(data, Act::StartTesting),
            "release.deployment_started" => return Self::decode_step(data, Act::Deploy),
            "release.deployment_finished" => return Self::decode_step(data, Act::FinishDeployment),
            "release.review_completed" => return Self::decode_step(data, Act::CompleteReview),
            "release.closed" => return Self::decode_step(data, Act::Close),
            "release.plan_changed" => Act::Plan(serde_json::from_str(data)?),
            "release.baselined" => Act::Baseline(serde_json::from_str(data)?),
            "release.milestone_reached" => Act::MilestoneReached(serde_json::from_str(data)?),
            "release.role_given" => Act::RoleGiven(serde_json::from_str(data)?),
            "release.approval_given" => Act::Approval(serde_json::from_str(data)?),
            "release.code_change_included" => Act::CodeChange(serde_json::from_str(data)?),
            "release.test_run_recorded" => Act::TestRun(serde_json::from_str(data)?),
            "release.evidence_recorded" => Act::Evidence(serde_json::from_str(data)?),
            "release.defect_found" => Act::DefectFound(serde_json::from_str(data)?),
            "release.defect_resolved" => Act::DefectResolved(serde_json::from_str(data)?),
            "release.attempt_started" => Act::AttemptStarted(serde_json::from_str(data)?),
            "release.attempt_finished" => Act::AttemptFinished(serde_json::from_str(data)?),
            "release.incident_linked" => Act::IncidentLinked(serde_json::from_str(data)?),
            "release.incident_restored" => Act::IncidentRestored(serde_json::from_str(data)?),
            "release.criterion_judged" => Act::CriterionResult(serde_json::from_str(data)?),
            "release.task_opened" => Act::TaskOpened(serde_json::from_str(data)?),
            "release.task_done" => Act::TaskDone(serde_json::from_str(data)?),
            "release.confirmed" => Act::Confirmation(serde_json::from_str(data)?),
            "release.noted" => Act::Note(serde_json::from_str(data)?),
            unknown => return Err(format!("`{unknown}` is unknown").into()),
        };
        Ok(Self {
            act: record,
            decision: None,
        })
    }

    fn decode_step<'de, S: Deserialize<'de>>(
        data: &'de str,
        act: impl FnOnce(S) -> Act,
    ) -> Result<Self, Box<dyn Error>> {
        let Taken { step, decision } = serde_json::from_str(data)?;
        Ok(Self {
            act: act(step),
            decision: Some(decision),
        })
    }
}
