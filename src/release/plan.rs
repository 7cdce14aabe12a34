//! What is planned: scope, milestones, budget, window, back-out, criteria; and when it is agreed.

use super::happens::{Happens, Occasion, Reasons};
use super::moves::short_enough;
use super::request::Money;
use super::state::State;
use super::text::{Bounded, Key, Name, Person, Text};
use super::verdict::Reason;
use super::words::plain;
use crate::phase::{Day, Instant, Interval, Invalid, Seconds, written_as_text};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::Arc,
};

/// When something is planned: on a calendar day, or at an instant.
///
/// # Time
///
/// A day is a UTC day. Written `2026-03-02` or `2026-03-02T10:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a plan names a day or an instant")]
pub enum When {
    /// Some time on that UTC day.
    Day(Day),
    /// At that instant.
    At(Instant),
}

impl When {
    /// The UTC calendar day.
    #[must_use]
    pub fn day(self) -> NaiveDate {
        match self {
            Self::Day(day) => day.date(),
            Self::At(at) => at.day(),
        }
    }
}

impl FromStr for When {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() == "2026-03-02".len() {
            text.parse().map(Self::Day)
        } else {
            text.parse().map(Self::At)
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::At(at) => at.fmt(f),
        }
    }
}

written_as_text!(When, "a day such as `2026-03-02`, or an instant");

plain! {
    /// A point of the plan that people look out for.
    #[derive(Default)]
    pub struct Milestone {} with {
        /// When it is planned; nothing while that is still open.
        planned: Option<When>,
        /// What it is.
        what: Option<Name>,
    }

    /// How a deployment is undone.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub struct BackOutPlan {
        /// The steps.
        how: Text,
    } with {
        /// When it was last rehearsed.
        rehearsed: Option<Instant>,
    }

    /// One portion of a rollout.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub struct Wave {
        /// Its name.
        name: Key,
        /// How long it is watched before the next one.
        #[serde(rename = "bake_seconds")]
        bake: Seconds,
    } with {
        /// When it is given up: the highest value of each measure that is allowed.
        abort: Bounded<BTreeMap<Key, i64>>,
    }

    /// Something that may go wrong.
    pub struct Risk {
        /// What may go wrong.
        what: Text,
    } with {
        /// What is done about it.
        mitigation: Text,
        /// Who watches it.
        owner: Option<Person>,
    }

    /// The figure that a criterion is judged by, in whole numbers of the measure's unit: per cent, seconds, minor units
    /// of money, or a count. It has a lower bound, an upper one, or both; both belong to it.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub struct Target {
        /// The measure, by its name.
        measure: Key,
    } with {
        /// The lowest figure that meets it.
        at_least: Option<i64>,
        /// The highest figure that meets it.
        at_most: Option<i64>,
    }

    /// How it is judged whether an objective was met.
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub struct SuccessCriterion {
        /// What has to be true.
        what: Text,
    } with {
        /// The objective of the request that it stands for.
        objective: Option<Key>,
        /// The figure that it is judged by, where it is one.
        target: Option<Target>,
    }

    /// The plan of a release. Recording another one replaces it; [`Baseline`] agrees on it.
    ///
    /// The rest of the code says *plan* for it; the phase of that name is [`phase::Plan`](crate::phase::Plan).
    pub struct ReleasePlan {
        /// How long after going live incidents count against the release; zero for not at all.
        early_life_support: Seconds,
    } with {
        /// What is in, and what is not.
        scope: Text,
        /// The milestones, by the host's key.
        milestones: Bounded<BTreeMap<Key, Milestone>>,
        /// Who answers for what.
        responsibilities: Bounded<BTreeMap<Key, Person>>,
        /// Who has to be kept informed.
        stakeholders: Bounded<BTreeSet<Person>>,
        /// What it may cost.
        budget: Option<Money>,
        /// When it is to go live.
        window: Option<Interval>,
        /// The rollout, wave by wave.
        waves: Bounded<Vec<Wave>>,
        /// How it is undone.
        back_out: Option<BackOutPlan>,
        /// What may go wrong, by the host's key.
        risks: Bounded<BTreeMap<Key, Risk>>,
        /// How success is judged, by the host's key.
        success_criteria: Bounded<BTreeMap<Key, SuccessCriterion>>,
    }

    /// The current plan becomes the one that the release is measured against.
    ///
    /// The first baseline stays for comparison; a later one is a re-baseline.
    #[derive(Default)]
    #[doc(alias = "rebaseline")]
    pub struct Baseline {} with {
        /// Why it is agreed, or agreed again.
        reason: Text,
    }

    /// An item of a checklist is looked at. A later look replaces the one before.
    ///
    /// What is packed again is checked again: rework and a new plan take all items back.
    pub struct ChecklistItem {
        /// The item, by the host's key.
        item: Key,
        /// How it stands.
        status: ChecklistStatus,
    } with {
        /// What was seen; an item that does not apply needs it.
        comment: Text,
    }

    /// People were told of the release; `occurred_at` says when.
    ///
    /// The first time counts, so a reminder takes nothing back. A new plan is told again.
    pub struct StakeholdersNotified {
        /// Who was told.
        whom: Bounded<BTreeSet<Person>>,
    } with {
        /// What they were told.
        what: Text,
    }

    /// Money was spent on the release. A booking under the same id replaces the one before.
    pub struct CostBooked {
        /// The host's id of the booking.
        id: Key,
        /// How much.
        amount: Money,
    } with {
        /// What for.
        what: Text,
    }

    /// A milestone was reached; `occurred_at` says when.
    pub struct MilestoneReached {
        /// The milestone, by its key in the plan. One that nobody planned can be reached too.
        milestone: Key,
    }
}

impl Target {
    /// What keeps it from being one, and which of its fields that is; nothing if it is.
    pub(crate) fn flaw(&self) -> Option<(&'static str, String)> {
        match (self.at_least, self.at_most) {
            (None, None) => {
                let flaw = "has no bound; state `at_least`, `at_most` or both";
                Some(("", flaw.to_owned()))
            }
            (Some(least), Some(most)) if least > most => {
                let flaw = format!("cannot be met: it is at least {least} and at most {most}");
                Some(("at_most", flaw))
            }
            (Some(_), _) | (None, Some(_)) => None,
        }
    }
}

impl Happens for ReleasePlan {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        if let Some(window) = self.window {
            short_enough(window, reasons);
        }
        let mut names = BTreeSet::new();
        for wave in self.waves.iter().filter(|wave| !names.insert(&wave.name)) {
            let message = format!("two waves are called `{}`", wave.name);
            reasons.say(Reason::new(
                "already-recorded",
                message,
                "give each wave a name of its own",
            ));
        }
        let objectives = state.request.as_ref().map(|request| &request.objectives);
        for (key, criterion) in self.success_criteria.iter() {
            if let Some((_, flaw)) = criterion.target.as_ref().and_then(Target::flaw) {
                let message = format!("the target of criterion `{key}` {flaw}");
                reasons.say(Reason::new(
                    "no-target",
                    message,
                    "state a figure that can be met",
                ));
            }
            let Some(objective) = &criterion.objective else {
                continue;
            };
            reasons.unless(objectives.is_some_and(|known| known.contains_key(objective)), || {
                let message = format!(
                    "criterion `{key}` stands for objective `{objective}`, which was not asked for"
                );
                Reason::new("unknown", message, "name an objective of the request")
            });
        }
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.plan = Some(self.into());
    }
}

impl Happens for Baseline {
    fn admits(&self, state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        reasons.unless(state.plan.is_some(), || {
            Reason::new(
                "no-plan",
                "there is no plan",
                "record a `ReleasePlan` first",
            )
        });
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.baseline = state.plan.as_deref().cloned();
        if state.first_baseline.is_none() {
            state.first_baseline.clone_from(&state.baseline);
        }
        state.baselines += 1;
        state.is_baselined = true;
    }
}

/// How an item of a checklist stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "it is done, not done, or need not be"
)]
pub enum ChecklistStatus {
    /// It is still to be done.
    Open,
    /// It is done.
    Done,
    /// It does not apply to this release.
    NotApplicable,
}

impl Happens for ChecklistItem {
    fn admits(&self, _state: &State, _on: Occasion<'_>, reasons: &mut Reasons) {
        if self.status == ChecklistStatus::NotApplicable {
            reasons.not_blank(&self.comment, "comment on what does not apply");
        }
    }

    fn key(&self) -> Option<&Key> {
        Some(&self.item)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.checklist.insert(self.item.clone(), self);
    }
}

impl Happens for StakeholdersNotified {
    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        for person in self.whom.iter() {
            let told = state.notified.entry(person.clone());
            let told = told.or_insert(on.occurred_at);
            *told = on.occurred_at.min(*told);
        }
    }
}

impl Happens for CostBooked {
    fn key(&self) -> Option<&Key> {
        Some(&self.id)
    }

    fn apply(self: Arc<Self>, state: &mut State, _on: Occasion<'_>) {
        state.costs.insert(self.id.clone(), self);
    }
}

impl Happens for MilestoneReached {
    fn key(&self) -> Option<&Key> {
        Some(&self.milestone)
    }

    fn apply(self: Arc<Self>, state: &mut State, on: Occasion<'_>) {
        state
            .milestones
            .insert(self.milestone.clone(), on.occurred_at);
    }
}
