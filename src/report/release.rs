//! What can be written of one release: its log, read once.

use super::Exceptions;
use crate::phase::{Instant, PhaseName};
use crate::release::{
    AnyRecord, Core, Envelope, Event, Feedback, Key, LogError, Name, ReleaseRequest, Upcasters,
    ValueRealised,
};
use std::{collections::BTreeMap, sync::Arc};

/// One release, read from its log, to write what people look at: release notes, a changelog, a review, a timeline.
///
/// The trail of what happened is [`audit_trail`](super::audit_trail), which reads a broken log too.
///
/// # Examples
///
/// ```
/// # use phasegate::{Desk, MemoryStore, Person, release::{ChangeKind, CodeChange, Key, Name, ReleaseRequest, Text}};
/// # use phasegate::release::{Assessment, AssessmentDecision};
/// use phasegate::report::{NoteSections, ReleaseReport};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let request = ReleaseRequest::builder().title(Name::new("Shop 2.4")?).package_version(Name::new("2.4.0")?).build();
/// # let release = desk.run(desk.request(request), &kim).await?;
/// # let release = desk.run(release.authorise(Assessment::new(AssessmentDecision::Worthwhile)), &kim).await?;
/// let change = CodeChange::builder()
///     .id(Key::new("4fe1")?)
///     .committed_at("2026-03-01T11:00:00Z".parse::<phasegate::Instant>()?)
///     .kinds([ChangeKind::Feature])
///     .note(Text::new("Pay by `invoice`.")?);
/// let release = desk.run(release.record(change.build()), &kim).await?;
/// let report = ReleaseReport::of(&desk.history(release.id()).await?)?;
/// assert_eq!(report.changelog(), "## [Unreleased]\n\n### Added\n\n- Pay by `invoice`. (`4fe1`)\n");
///
/// let notes = report.release_notes(&NoteSections::default());
/// assert!(notes.html().starts_with("<!DOCTYPE html>") && notes.markdown().starts_with("# Release notes: Shop 2.4\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ReleaseReport {
    pub(super) core: Core,
    pub(super) visits: Vec<Visit>,
    pub(super) exceptions: Exceptions,
    pub(super) feedback: BTreeMap<Key, Arc<Feedback>>,
    pub(super) values: BTreeMap<Key, Arc<ValueRealised>>,
}

/// A stay in a phase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) phase: PhaseName,
    pub(super) from: Instant,
    pub(super) to: Option<Instant>,
}

impl ReleaseReport {
    /// Reads the whole log of a release.
    ///
    /// # Errors
    ///
    /// As [`replay`](crate::release::replay).
    pub fn of(log: &[Envelope]) -> Result<Self, LogError> {
        Self::of_with(log, &Upcasters::default())
    }

    /// The same, with payloads of older or foreign schemas brought up to date first.
    ///
    /// # Errors
    ///
    /// As [`replay_with`](crate::release::replay_with).
    pub fn of_with(log: &[Envelope], upcasters: &Upcasters) -> Result<Self, LogError> {
        let mut core = Core::before(log.first())?;
        let mut visits: Vec<Visit> = Vec::new();
        let (mut feedback, mut values) = (BTreeMap::new(), BTreeMap::new());
        for entry in log {
            let event = core.admitted(entry, upcasters)?;
            match &event {
                Some(Event::Record(AnyRecord::Feedback(said))) => {
                    feedback.insert(said.id.clone(), said.clone());
                }
                Some(Event::Record(AnyRecord::ValueRealised(value))) => {
                    values.insert(value.id.clone(), value.clone());
                }
                Some(Event::Record(_) | Event::Step(_)) | None => {}
            }
            core.take(entry, event);
            let (phase, from) = (core.state.standing.phase, entry.occurred_at);
            if visits.last().is_none_or(|visit| visit.phase != phase) {
                if let Some(left) = visits.last_mut() {
                    left.to = Some(from.max(left.from));
                }
                let to = None;
                visits.push(Visit { phase, from, to });
            }
        }
        let mut exceptions = Exceptions::at(core.head.updated_at);
        exceptions.add_with(log, upcasters)?;
        Ok(Self {
            core,
            visits,
            exceptions,
            feedback,
            values,
        })
    }

    pub(super) fn request(&self) -> Option<&ReleaseRequest> {
        self.core.state.request()
    }

    /// Its title, or its id where it has none.
    pub(super) fn title(&self) -> String {
        let id = self.core.head.id;
        let title = self.request().map(|request| &request.title);
        title.map_or_else(|| id.to_string(), Name::to_string)
    }
}
