//! The instants of a release at which something is due, starts or ends; of the state as it is, or as an event makes it.

use super::approval::{Approval, Delegated, DelegationEnded, OverrideGranted};
use super::event::Event;
use super::happens::Occasion;
use super::learning::ImprovementRaised;
use super::people::Role;
use super::plan::{Milestone, When};
use super::record::AnyRecord;
use super::review::TaskOpened;
use super::state::State;
use super::steps::AnyStep;
use super::text::{Key, Person};
use crate::phase::{Action, Instant, Interval, PhaseName, Seconds, Standing};

/// What happens at such an instant.
#[derive(Clone, Copy)]
pub(super) enum Turn<'a> {
    Task(&'a TaskOpened),
    Improvement(&'a ImprovementRaised),
    Milestone(&'a Key),
    WindowOpens,
    WindowCloses,
    /// A wave has baked; whether anybody has looked since.
    WaveBaked(&'a Key, bool),
    EarlyLifeSupportEnds,
    ApprovalExpires(Action, &'a Person, &'a Role),
    OverrideExpires(&'a Key),
    DelegationEnds(&'a Role, &'a Person, &'a Person),
}

impl Turn<'_> {
    /// Whether somebody has to have done something by then.
    pub(super) const fn is_deadline(self) -> bool {
        match self {
            Self::Task(_) | Self::Improvement(_) | Self::Milestone(_) => true,
            Self::WindowOpens
            | Self::WindowCloses
            | Self::WaveBaked(..)
            | Self::EarlyLifeSupportEnds
            | Self::ApprovalExpires(..)
            | Self::OverrideExpires(_)
            | Self::DelegationEnds(..) => false,
        }
    }
}

/// The end of the day, or the instant.
pub(super) fn deadline(planned: When) -> Instant {
    match planned {
        When::At(at) => at,
        When::Day(day) => {
            let begins = Instant::start_of(day.date()).unwrap_or(Instant::EPOCH);
            begins.plus(Seconds::days(1))
        }
    }
}

/// A state, and an event that it admits and has not moved by yet.
#[derive(Clone, Copy)]
pub(super) struct Turns<'a> {
    pub(super) state: &'a State,
    pub(super) event: Option<(&'a Event, Occasion<'a>)>,
    pub(super) standing: Standing,
    /// The deployment window, chosen or else planned.
    pub(super) window: Option<Interval>,
}

impl<'a> Turns<'a> {
    /// Of the state as it is.
    pub(super) fn of(state: &'a State) -> Self {
        let planned = state.plan.as_deref().and_then(|plan| plan.window);
        Self {
            state,
            event: None,
            standing: state.standing,
            window: state.window.or(planned),
        }
    }

    fn record(self) -> Option<&'a AnyRecord> {
        match self.event? {
            (Event::Record(record), _) => Some(record),
            (Event::Step(_), _) => None,
        }
    }

    fn step(self) -> Option<&'a AnyStep> {
        match self.event? {
            (Event::Step(taken), _) => Some(&taken.step),
            (Event::Record(_), _) => None,
        }
    }

    fn on(self) -> Option<Occasion<'a>> {
        self.event.map(|(_, on)| on)
    }

    /// Tells all of them, in no order.
    pub(super) fn tell(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        self.improvements(say);
        if self.standing.phase == PhaseName::Closed {
            return;
        }
        self.tasks(say);
        self.milestones(say);
        self.window(say);
        self.waves(say);
        self.support(say);
        self.approvals(say);
        self.overrides(say);
        self.delegations(say);
    }

    fn tasks(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let touched = self.record().and_then(|record| {
            if let AnyRecord::TaskOpened(task) = record {
                Some((&task.id, Some(task.as_ref())))
            } else if let AnyRecord::TaskDone(done) = record {
                Some((&done.id, None))
            } else {
                None
            }
        });
        let others = self.state.open_tasks().map(AsRef::as_ref);
        let others = others.filter(|task| touched.is_none_or(|(id, _)| task.id != *id));
        for task in others.chain(touched.and_then(|(_, task)| task)) {
            if let Some(due) = task.due {
                say(Turn::Task(task), due);
            }
        }
    }

    fn improvements(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let (mut raised, mut progress) = (None, None);
        if let Some(AnyRecord::ImprovementRaised(one)) = self.record() {
            raised = Some(one);
        } else if let Some(AnyRecord::ImprovementProgress(one)) = self.record() {
            progress = Some(one);
        }
        for (id, one) in &self.state.improvements {
            let told = progress.filter(|told| told.id == *id);
            let status = told.map_or(one.status(), |told| told.status);
            if status.is_open() && raised.is_none_or(|raised| raised.id != *id) {
                say(Turn::Improvement(&one.raised), one.raised.due);
            }
        }
        if let Some(raised) = raised {
            say(Turn::Improvement(raised), raised.due);
        }
    }

    fn milestones(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let (mut plan, mut reached) = (self.state.plan.as_deref().map(AsRef::as_ref), None);
        if let Some(AnyRecord::ReleasePlan(planned)) = self.record() {
            plan = Some(planned.as_ref());
        } else if let Some(AnyRecord::MilestoneReached(one)) = self.record() {
            reached = Some(&one.milestone);
        }
        let is_ahead = |key: &Key| !self.state.milestones.contains_key(key) && reached != Some(key);
        let planned = plan.into_iter().flat_map(|plan| plan.milestones.iter());
        for (key, Milestone { planned, .. }) in planned.filter(|(key, _)| is_ahead(key)) {
            if let Some(planned) = planned {
                say(Turn::Milestone(key), deadline(*planned));
            }
        }
    }

    /// From Review on, the window is history.
    fn window(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let is_over = [PhaseName::Review, PhaseName::Closure].contains(&self.standing.phase);
        if let Some(window) = self.window.filter(|_| !is_over) {
            say(Turn::WindowOpens, window.start());
            say(Turn::WindowCloses, window.end());
        }
    }

    fn waves(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let is_entered = self.state.standing.phase != PhaseName::Deployment;
        if self.standing.phase != PhaseName::Deployment || is_entered {
            return;
        }
        let begun = self.record().zip(self.on());
        let begun = begun.and_then(|(record, on)| {
            if let AnyRecord::WaveStarted(wave) = record {
                Some((&wave.wave, on.occurred_at))
            } else {
                None
            }
        });
        for (wave, started, is_observed) in self.state.progress.baking(begun) {
            say(
                Turn::WaveBaked(&wave.name, is_observed),
                started.plus(wave.bake),
            );
        }
    }

    fn support(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        if self.standing.phase != PhaseName::Review {
            return;
        }
        let state = self.state;
        let is_cut = |record: &AnyRecord| matches!(record, AnyRecord::EarlyLifeSupportWaived(_));
        let ends = if let Some(AnyStep::FinishDeployment(_)) = self.step() {
            state.went_live().zip(state.support)
        } else if let Some(AnyStep::FindUnauthorised(found)) = self.step() {
            Some((found.live_since, found.early_life_support))
        } else if self.step().is_some() || self.record().is_some_and(is_cut) {
            None
        } else {
            let is_waited_for = !state.is_backed_out && !state.is_support_waived;
            let live = state.live_at.filter(|_| is_waited_for);
            live.zip(state.support)
        };
        if let Some((live_at, length)) = ends {
            say(Turn::EarlyLifeSupportEnds, live_at.plus(length));
        }
    }

    fn approvals(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let acting = self.on().and_then(|on| on.actor.person());
        let taken = self.step().map(AnyStep::action);
        let (mut given, mut gone) = (None, None);
        if let Some(AnyRecord::Approval(one)) = self.record() {
            let Approval { step, role, .. } = one.as_ref();
            let person = one.on_behalf_of.as_ref().or(acting);
            given = person.map(|person| ((*step, person, role), one.expires));
        } else if let Some(AnyRecord::ApprovalWithdrawn(one)) = self.record() {
            let person = one.on_behalf_of.as_ref().or(acting);
            gone = person.map(|person| (one.step, person, &one.role));
        }
        let replaced = given.map(|(answer, _)| answer);
        for ((step, person, role), one) in &self.state.approvals {
            let answer = Some((*step, person, role));
            let is_void = one.is_spent || taken == Some(*step);
            let stays = !is_void && replaced != answer && gone != answer;
            if let Some(expires) = one.approval.expires.filter(|_| stays) {
                say(Turn::ApprovalExpires(*step, person, role), expires);
            }
        }
        if let Some(((step, person, role), Some(expires))) = given {
            say(Turn::ApprovalExpires(step, person, role), expires);
        }
    }

    fn overrides(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let is_used = |id: &Key| match self.event {
            Some((Event::Step(taken), _)) => taken.decision.overrides().any(|used| used == id),
            Some((Event::Record(_), _)) | None => false,
        };
        for (id, one) in &self.state.overrides {
            if !one.is_used && !is_used(id) {
                say(Turn::OverrideExpires(id), one.granted.until);
            }
        }
        if let Some(AnyRecord::OverrideGranted(one)) = self.record() {
            let OverrideGranted { id, until, .. } = one.as_ref();
            say(Turn::OverrideExpires(id), *until);
        }
    }

    fn delegations(self, say: &mut impl FnMut(Turn<'a>, Instant)) {
        let acting = self.on().and_then(|on| on.actor.person());
        let is_gone = |role: &Role, of: &Person, to: &Person| match self.record() {
            Some(AnyRecord::Delegated(one)) => {
                let Delegated {
                    role: same,
                    to: who,
                    ..
                } = one.as_ref();
                (role, Some(of), to) == (same, acting, who)
            }
            Some(AnyRecord::DelegationEnded(one)) => {
                let DelegationEnded {
                    role: same,
                    to: who,
                } = one.as_ref();
                (role, Some(of), to) == (same, acting, who)
            }
            Some(AnyRecord::RoleGiven(one)) => {
                one.role == Role::ReleaseManager && *role == Role::ReleaseManager
            }
            Some(AnyRecord::RoleRelieved(one)) => (role, of) == (&one.role, &one.person),
            Some(_) | None => false,
        };
        for ((role, of, to), until) in &self.state.delegations {
            if let Some(until) = until.filter(|_| !is_gone(role, of, to)) {
                say(Turn::DelegationEnds(role, of, to), until);
            }
        }
        if let (Some(AnyRecord::Delegated(one)), Some(of)) = (self.record(), acting)
            && let Some(until) = one.until
        {
            say(Turn::DelegationEnds(&one.role, of, &one.to), until);
        }
    }
}
