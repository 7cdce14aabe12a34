//! What came of a release: what users said, what was learned, what is to be better, and what it was worth.

use super::happens::{Happens, Occasion, Reasons};
use super::limits::ENTRIES;
use super::request::Money;
use super::state::{Improvement, State};
use super::text::{Bounded, Key, Name, Person, Service, Text};
use super::verdict::Reason;
use super::words::{plain, told};
use crate::phase::Instant;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// How far an improvement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "it is still to be begun, begun, done, or not to be done"
)]
pub enum ImprovementStatus {
    /// Nobody has begun.
    Open,
    /// Somebody works on it.
    InProgress,
    /// It is done.
    Done,
    /// It will not be done.
    Dropped,
}

impl ImprovementStatus {
    /// Whether there is still something to do.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::InProgress)
    }
}

told! {
    ImprovementStatus {
        Open "open",
        InProgress "in progress",
        Done "done",
        Dropped "dropped",
    }
}

plain! {
    /// What users are asked to rate by. Only ratings of one scale can be put together.
    #[derive(PartialOrd, Ord)]
    pub struct Scale {
        /// Its name, such as `csat-5`.
        name: Key,
        /// The lowest rating: the worst.
        worst: i32,
        /// The highest rating: the best.
        best: i32,
    }

    /// How content somebody was.
    #[derive(PartialOrd, Ord)]
    pub struct Rating {
        /// From the worst to the best of its scale.
        score: i32,
        /// What it is a score of.
        scale: Scale,
    }

    /// What a user said of the release. Feedback under the same id replaces the one before.
    ///
    /// It is rated, or it says something, or both.
    #[doc(alias = "satisfaction")]
    #[doc(alias = "CSAT")]
    #[doc(alias = "NPS")]
    pub struct Feedback {
        /// The host's id.
        id: Key,
    } with {
        /// How content the user was.
        rating: Option<Rating>,
        /// What the user said.
        text: Text,
        /// The service that it is about, where that is one of several.
        service: Option<Service>,
    }

    /// Something was learned from the release. A lesson under the same id replaces the one before.
    ///
    /// A release has at most 1,000.
    #[doc(alias = "retrospective")]
    pub struct LessonLearned {
        /// The host's id.
        id: Key,
        /// What was learned; not empty.
        what: Text,
    }

    /// Something is to be done better. Raised again under the same id, it replaces the one before while that is open.
    ///
    /// A release has at most 1,000.
    #[doc(alias = "CSI")]
    pub struct ImprovementRaised {
        /// The host's id.
        id: Key,
        /// What is to be done.
        what: Name,
        /// Who sees to it.
        owner: Person,
        /// By when; not before it was raised.
        due: Instant,
    } with {
        /// The lessons of this release that it comes from.
        lessons: Bounded<BTreeSet<Key>>,
        /// The measure that it is to move, by its name.
        measure: Option<Key>,
    }

    /// How far an improvement is; `occurred_at` says since when. A later one replaces the one before.
    pub struct ImprovementProgress {
        /// The improvement.
        id: Key,
        /// How far it is.
        status: ImprovementStatus,
    } with {
        /// What was seen; what is dropped needs it.
        comment: Text,
    }

    /// What the release was worth, as far as is known. A value under the same id replaces the one before.
    #[doc(alias = "benefit")]
    pub struct ValueRealised {
        /// The host's id.
        id: Key,
        /// How much; negative where it cost more than it brought.
        amount: Money,
    } with {
        /// What of, and how that is known.
        what: Text,
    }
}

impl Rating {
    fn admits(&self, reasons: &mut Reasons) {
        let Self { score, scale } = self;
        let Scale { name, worst, best } = scale;
        reasons.unless(worst < best, || {
            let message = format!("scale `{name}` goes from {worst} to {best}");
            let remedy = "state the lower number as the worst and the higher one as the best";
            Reason::new("no-scale", message, remedy)
        });
        reasons.unless(worst >= best || (worst..=best).contains(&score), || {
            let message = format!("{score} is not on the scale `{name}` from {worst} to {best}");
            Reason::new("off-the-scale", message, "state a score of its scale")
        });
    }
}

/// It bears on no decision, so that no state has it: measures read it in the log.
impl Happens for Feedback {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_deployed(reasons);
        match &self.rating {
            Some(rating) => rating.admits(reasons),
            None => reasons.unless(!self.text.is_blank(), || {
                let message = format!("feedback `{}` has neither a rating nor a text", self.id);
                Reason::new("says-nothing", message, "state what the user said")
            }),
        }
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

impl Happens for LessonLearned {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        state.needs_deployed(reasons);
        reasons.not_blank(&self.what, "lesson");
        let is_room = state.lessons.len() < ENTRIES || state.lessons.contains_key(&self.id);
        reasons.unless(is_room, || {
            Reason::new("too-many-lessons", full("lessons"), TOGETHER)
        });
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.lessons.insert(self.id.clone(), self);
    }
}

impl Happens for ImprovementRaised {
    fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
        let Self { id, due, .. } = self;
        for lesson in self.lessons.iter() {
            reasons.known(state.lessons.contains_key(lesson), "lesson", lesson);
        }
        reasons.unless(*due >= on.occurred_at, || {
            let message = format!(
                "improvement `{id}` is due at {due}, and was raised at {}",
                on.occurred_at
            );
            Reason::new("due-before-raised", message, "state by when it can be done")
        });
        let before = state.improvements.get(id);
        reasons.unless(before.is_none_or(|one| one.status().is_open()), || {
            let message = format!("improvement `{id}` is done or dropped already");
            Reason::new("already-recorded", message, "raise it under a new id")
        });
        let is_room = state.improvements.len() < ENTRIES || before.is_some();
        reasons.unless(is_room, || {
            Reason::new("too-many-improvements", full("improvements"), TOGETHER)
        });
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        let before = state.improvements.remove(&self.id);
        let progress = before.and_then(|before| before.progress);
        let id = self.id.clone();
        let raised = self;
        state
            .improvements
            .insert(id, Improvement { raised, progress });
    }
}

impl Happens for ImprovementProgress {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        let is_known = state.improvements.contains_key(&self.id);
        reasons.known(is_known, "improvement", &self.id);
        if self.status == ImprovementStatus::Dropped {
            reasons.not_blank(&self.comment, "comment on what is dropped");
        }
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        if let Some(improvement) = state.improvements.get_mut(&self.id) {
            improvement.progress = Some(self);
        }
    }
}

/// It bears on no decision, so that no state has it: measures read it in the log.
impl Happens for ValueRealised {
    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, _state: &mut State, _on: Occasion<'_>) {}
}

const TOGETHER: &str = "put together what belongs together, under the id of one of them";

fn full(what: &str) -> String {
    format!("the release has {ENTRIES} {what}, and can have no more")
}
