//! One question to a gate set, which can be put to another one too.

use crate::gate::{Facts, GateSet};
use crate::release::{AnyStep, By, Core, Decision, Release, Subject};
use std::{borrow::Cow, sync::Arc};

/// Whether this release may take this step, asked by somebody on these facts.
///
/// It can be put to other gates than those of the release, and then nothing but the rules differs: whoever approved
/// the step under the gates of the release has approved it under the others too, and a model that was authorised is
/// taken as authorised with the others' rules. The release is copied; nothing that happens to it later matters.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{BackOutPlanPolicy, Facts, GateSet};
/// use phasegate::release::{By, Name, ReleaseRequest, step::Authorise};
/// # use phasegate::release::{Assessment, AssessmentDecision};
/// use phasegate::verify::Question;
/// # use phasegate::{Desk, Gate, MemoryStore, Person};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
/// # let release = desk.run(desk.request(request), &kim).await?;
/// # let authorise = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// # let facts = Facts::at("2026-03-02T10:00:00Z".parse()?);
/// let today = GateSet::new();
/// let proposed = GateSet::new().with(Gate::<Authorise>::new("intake", 1)?.require(BackOutPlanPolicy::new()));
///
/// let question = Question::of(&today, &release, authorise, &facts, &By::new(&kim));
/// assert!(question.ask(&today).is_cleared());
/// assert!(!question.ask(&proposed).is_cleared());
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub(crate) core: Arc<Core>,
    pub(crate) step: AnyStep,
    pub(crate) facts: Facts,
    pub(crate) by: By,
    /// What approvals have to be about.
    pub(crate) about: Subject,
    /// Whether the model that the release follows is what was authorised.
    pub(crate) is_as_authorised: bool,
}

impl Question {
    /// The question that is asked of a release under its own gates.
    #[must_use]
    pub fn of<P>(
        gates: &GateSet,
        release: &Release<P>,
        step: impl Into<AnyStep>,
        facts: &Facts,
        by: &By,
    ) -> Self {
        let (core, step) = (release.core(), step.into());
        let own = gates.pre_authorising(core, &step);
        Self {
            is_as_authorised: own.is_some() && own == facts.authorised(),
            about: gates.subject(release, step.clone()),
            core: Arc::new(core.clone()),
            step,
            facts: facts.clone(),
            by: by.clone(),
        }
    }

    /// What these gates answer. Those of the release answer as [`GateSet::explain`] does.
    #[must_use]
    pub fn ask(&self, gates: &GateSet) -> Decision {
        let other = gates.pre_authorising(&self.core, &self.step);
        let facts = match other.filter(|_| self.is_as_authorised) {
            Some(digest) => Cow::Owned(self.facts.as_authorised(digest)),
            None => Cow::Borrowed(&self.facts),
        };
        gates.explain_instead(&self.core, &self.step, &facts, &self.by, Some(self.about))
    }
}
