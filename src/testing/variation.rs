//! One thing that is different in a question from another one, and the question with it.

use crate::phase::{Instant, Interval};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, Approval, Bounded, By, Event, Fact, FactValue, Key, Name,
    Person, ReleaseId, ReleaseKind, ReleasePlan, ReleaseRequest, Role, Service, State, Text, Track,
    is_default, step,
};
use crate::verify::Question;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, sync::Arc};

/// What is different in a question that is near another one. Written and read as JSON.
///
/// What happened besides is recorded as it would be in a log, and only where the lifecycle takes it. What is missing is
/// taken out of the release, as if it had never been recorded. Approvals of the step stay approvals of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Variation {
    /// Somebody recorded this as well.
    Recorded {
        /// Who.
        by: Actor,
        /// What.
        record: AnyRecord,
    },
    /// Somebody approved the step as well.
    Approved {
        /// Who.
        by: Person,
        /// In which role.
        role: Role,
    },
    /// This was never recorded.
    Without(Part),
    /// Another one asked for the release.
    RequestedBy(Person),
    /// Another one asks for the step.
    AskedBy(Person),
    /// It is asked at another instant.
    AskedAt(Instant),
    /// It is asked for another window.
    Window(Interval),
    /// The release is on another track.
    OnTrack(Track),
    /// The release is of another kind, or of none.
    OfKind(Option<ReleaseKind>),
    /// The release changes other services.
    Services(BTreeSet<Service>),
    /// The release has another label, or none.
    Label {
        /// Its key.
        key: Key,
        /// What it says; nothing for no such label.
        #[serde(default, skip_serializing_if = "is_default")]
        value: Option<Name>,
    },
    /// The host knows this.
    Fact {
        /// The fact.
        key: Key,
        /// Its value; nothing for a fact that the host does not know.
        #[serde(default, skip_serializing_if = "is_default")]
        value: Option<FactValue>,
    },
    /// This could not be read.
    Unread(Source),
}

/// What can be missing from a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// A run of tests.
    TestRun(Key),
    /// A document.
    Evidence(Key),
    /// The assessment of its risk.
    RiskAssessment,
    /// A look at an item of a checklist.
    ChecklistItem(Key),
    /// A change request.
    ChangeRequest(Key),
    /// That somebody was told.
    Notice(Person),
    /// An override.
    Override(Key),
    /// How it would be undone.
    BackOut,
    /// What it may cost.
    Budget,
    /// What was done of the rollout.
    Rollout,
    /// An attempt to deploy.
    Attempt(Key),
}

/// What can be unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// A calendar.
    Calendar(Key),
    /// Another release.
    Release(ReleaseId),
    /// How the release's model stands.
    Model,
}

/// The question with all of that, one after the other; nothing where the lifecycle refuses one of them, or where there
/// is nothing to take away.
pub(super) fn varied(question: &Question, variations: &[Variation]) -> Option<Question> {
    let mut varied = question.clone();
    for variation in variations {
        variation.apply(&mut varied)?;
    }
    (varied != *question).then_some(varied)
}

impl Variation {
    fn apply(&self, question: &mut Question) -> Option<()> {
        match self {
            Self::Recorded { by, record } => recorded(question, by, record.clone()),
            Self::Approved { by, role } => {
                let action = question.step.action();
                let approval =
                    Approval::new(action, question.about, role.clone(), Answer::Approved);
                recorded(question, &by.into(), approval.into())
            }
            Self::Without(part) => part.take_from(state(question)),
            Self::RequestedBy(person) => {
                state(question).requested_by = Some(person.into());
                Some(())
            }
            Self::AskedBy(person) => {
                question.by = By::new(person);
                Some(())
            }
            Self::AskedAt(at) => {
                question.facts = question.facts.clone().moved_to(*at);
                Some(())
            }
            Self::Window(window) => {
                question.step.window()?;
                question.step = AnyStep::from(step::Deploy::new(*window));
                Some(())
            }
            Self::OnTrack(track) => {
                state(question).track = *track;
                // What the release would then be pre-authorised by is its model, as it was authorised.
                question.is_as_authorised = true;
                Some(())
            }
            Self::OfKind(kind) => requested(question, |request| request.kind.clone_from(kind)),
            Self::Services(services) => {
                let services = Bounded::new(services.clone()).ok()?;
                requested(question, |request| request.services = services)
            }
            Self::Label { key, value } => {
                let before = state(question).request()?.labels.iter();
                let before = before.map(|(key, value)| (key.clone(), value.clone()));
                let mut labels: BTreeMap<_, _> = before.collect();
                match value {
                    Some(value) => labels.insert(key.clone(), value.clone()),
                    None => labels.remove(key),
                };
                let labels = Bounded::new(labels).ok()?;
                requested(question, |request| request.labels = labels)
            }
            Self::Fact { key, value } => {
                let facts = question.facts.clone();
                let now = facts.now();
                question.facts = match value {
                    Some(value) => facts.with(key.clone(), Fact::new(value.clone(), now)),
                    None => facts.not_knowing(key),
                };
                Some(())
            }
            Self::Unread(source) => {
                let facts = question.facts.clone();
                let why = Text::clipped("it could not be read");
                question.facts = match source {
                    Source::Calendar(name) => facts.without_calendar(name.clone(), why),
                    Source::Release(id) => facts.without_other(*id, why),
                    Source::Model => facts.without_model(why),
                };
                Some(())
            }
        }
    }
}

fn state(question: &mut Question) -> &mut State {
    &mut Arc::make_mut(&mut question.core).state
}

fn recorded(question: &mut Question, by: &Actor, record: AnyRecord) -> Option<()> {
    let by = By::new(by.clone());
    let on = question.core.occasion(&by, question.facts.now());
    let is_taken = question.core.state.admits_record(&record, on).is_empty();
    is_taken.then(|| state(question).apply(Event::Record(record), on))
}

fn requested(question: &mut Question, change: impl FnOnce(&mut ReleaseRequest)) -> Option<()> {
    let state = state(question);
    let mut request = state.request()?.clone();
    change(&mut request);
    state.request = Some(Arc::new(request).into());
    Some(())
}

impl Part {
    fn take_from(&self, state: &mut State) -> Option<()> {
        match self {
            Self::TestRun(id) => state.test_report_mut()?.runs.remove(id).map(drop),
            Self::Evidence(key) => state.evidence.remove(key).map(drop),
            Self::RiskAssessment => state.risk.take().map(drop),
            Self::ChecklistItem(item) => state.checklist.remove(item).map(drop),
            Self::ChangeRequest(id) => state.change_requests.remove(id).map(drop),
            Self::Notice(person) => state.notified.remove(person).map(drop),
            Self::Override(id) => state.overrides.remove(id).map(drop),
            Self::Attempt(id) => state.attempts.remove(id).map(drop),
            Self::BackOut => planned(state, |plan| plan.back_out.take().map(drop)),
            Self::Budget => planned(state, |plan| plan.budget.take().map(drop)),
            Self::Rollout => {
                let before = state.progress.clone();
                state.progress = before.begun_again();
                (state.progress != before).then_some(())
            }
        }
    }
}

/// Changes the plan, and the one that was agreed.
fn planned(state: &mut State, change: impl Fn(&mut ReleasePlan) -> Option<()>) -> Option<()> {
    let latest = state.plan.as_deref().map(Arc::clone);
    let mut is_changed = None;
    if let Some(mut plan) = latest {
        is_changed = change(Arc::make_mut(&mut plan));
        state.plan = Some(plan.into());
    }
    if let Some(baseline) = &mut state.baseline {
        is_changed = is_changed.or(change(Arc::make_mut(baseline)));
    }
    is_changed
}

/// As a person reads it.
impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded { by, record } => {
                let record = serde_json::to_string(record).unwrap_or_default();
                write!(f, "{by} recorded {record}")
            }
            Self::Approved { by, role } => write!(f, "{by} approved it as {role}"),
            Self::Without(part) => write!(f, "without {part}"),
            Self::RequestedBy(person) => write!(f, "{person} asked for the release"),
            Self::AskedBy(person) => write!(f, "{person} asks for the step"),
            Self::AskedAt(at) => write!(f, "asked at {at}"),
            Self::Window(window) => write!(f, "asked for {window}"),
            Self::OnTrack(track) => write!(f, "on the {track} track"),
            Self::OfKind(Some(kind)) => write!(f, "of the kind {kind}"),
            Self::OfKind(None) => f.write_str("of no kind"),
            Self::Services(services) => {
                let services: Vec<_> = services.iter().map(ToString::to_string).collect();
                write!(f, "changing the services [{}]", services.join(", "))
            }
            Self::Label {
                key,
                value: Some(value),
            } => write!(f, "with the label {key} {value}"),
            Self::Label { key, value: None } => write!(f, "without the label {key}"),
            Self::Fact {
                key,
                value: Some(value),
            } => {
                let value = serde_json::to_string(value).unwrap_or_default();
                write!(f, "{key} is {value}")
            }
            Self::Fact { key, value: None } => write!(f, "{key} is not known"),
            Self::Unread(Source::Calendar(name)) => write!(f, "calendar {name} unread"),
            Self::Unread(Source::Release(id)) => write!(f, "release {id} unread"),
            Self::Unread(Source::Model) => f.write_str("the model unread"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestRun(id) => write!(f, "test run {id}"),
            Self::Evidence(key) => write!(f, "document {key}"),
            Self::RiskAssessment => f.write_str("an assessment of the risk"),
            Self::ChecklistItem(item) => write!(f, "a look at {item}"),
            Self::ChangeRequest(id) => write!(f, "change request {id}"),
            Self::Notice(person) => write!(f, "{person} having been told"),
            Self::Override(id) => write!(f, "override {id}"),
            Self::BackOut => f.write_str("a way to back it out"),
            Self::Budget => f.write_str("a budget"),
            Self::Rollout => f.write_str("what was rolled out"),
            Self::Attempt(id) => write!(f, "attempt {id}"),
        }
    }
}
