//! States that can be told apart by nothing that is still to come are made one: the reductions of time, answers and
//! counters. `docs/verification.md` says of each why it changes no answer.

use super::asks::{ahead, every, requirements, rules};
use super::play::{Memory, Node, Play, Validity, World};
use super::subjects::locked;
use crate::gate::{AnyGate, Rule};
use crate::phase::{Action, Instant, PhaseName, RecordKind as Kind, Seconds, Standing};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, Approval, Attempt, AttemptEnd, AttemptOutcome, Debt, Digest,
    Entry, Environment, GivenApproval, Key, Liveness, Person, Role, State, Subject,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// Which reductions are used; all, unless one says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[non_exhaustive]
pub struct Reductions {
    /// What was longer ago than any rule looks back is all the same.
    pub time: bool,
    /// Answers that can never count again are all the same.
    pub answers: bool,
    /// How often something was done before does not matter.
    pub counters: bool,
    /// People of equal roles can stand in each other's place.
    pub people: bool,
}

impl Reductions {
    /// All of them.
    pub const ALL: Self = Self {
        time: true,
        answers: true,
        counters: true,
        people: true,
    };

    /// None: every state is explored as it is.
    pub const NONE: Self = Self {
        time: false,
        answers: false,
        counters: false,
        people: false,
    };
}

/// From where, whether it is backed out, and how often it was deployed.
type Way = (Standing, bool, u32);

/// How states are made one.
pub(super) struct Normal<'p, 'a, W> {
    play: &'p Play<'a, W>,
    on: Reductions,
    passes: bool,
    longest: Seconds,
    /// Whether a rule compares when people were told with when the window opens, and not with now.
    is_told_ahead: bool,
    /// The steps of which something reads that an answer is there, though it can never count.
    read: BTreeSet<Action>,
    reader: Reader,
    coming: Mutex<HashMap<Way, Arc<BTreeSet<Action>>>>,
}

impl<'p, 'a, W: World> Normal<'p, 'a, W> {
    pub(super) fn of(play: &'p Play<'a, W>, mut on: Reductions) -> Self {
        let domain = play.domain;
        let is_opaque = rules(play.gates).any(Rule::is_opaque);
        // A host's own policy may read how late it is, and how often something was done.
        on.time &= !is_opaque;
        on.counters &= !is_opaque;
        let told_ahead = |gate: &&AnyGate| {
            let mut rules = gate.requirements().iter().flat_map(|one| one.rule.walk());
            rules.any(|rule| ahead(rule).is_some())
        };
        let steps: Vec<_> = every(play.gates)
            .filter(told_ahead)
            .map(AnyGate::action)
            .collect();
        let is_told_ahead = steps.contains(&Action::Deploy);
        on.time &= !is_told_ahead || steps.iter().all(|step| *step == Action::Deploy);
        let mut choices = domain.choices.iter();
        on.answers &= !choices.any(|(record, _)| revives_answers(record));
        let answered = play.subjects.steps.iter().map(AnyStep::action);
        let read = answered.filter(|action| is_kept_apart(play, *action));
        let (read, reader) = (read.collect(), Reader::of(play));
        Self {
            play,
            on,
            passes: !domain.stays.is_empty() || !domain.waits.is_empty(),
            longest: domain.longest(play.gates),
            is_told_ahead,
            read,
            reader,
            coming: Mutex::default(),
        }
    }

    pub(super) fn node(&self, mut node: Node) -> Node {
        if self.on.counters && node.state.standing.phase == PhaseName::Closed {
            return self.over(&node.state);
        }
        if self.on.time && self.passes {
            self.stamps(&mut node);
        }
        if self.on.answers {
            self.answers(&mut node);
        }
        if self.on.counters {
            self.counters(&mut node.state, &node.memory);
        }
        node
    }

    /// Nothing more happens.
    fn over(&self, state: &State) -> Node {
        let mut over = State::start();
        over.standing = state.standing;
        Node {
            state: over,
            now: self.play.domain.now,
            memory: Memory::default(),
        }
    }

    /// Time is counted from now, once all that ends has ended: everything is as long ago as it is, and what is longer ago
    /// than any rule looks back is that long ago.
    fn stamps(&self, node: &mut Node) {
        let begin = self.play.domain.now;
        let then = node.now.min(self.play.domain.last_end());
        let passed = node.now.since(then);
        let floor = then.minus(self.longest);
        let stamp = |at: Instant| at.minus(passed).max(floor).min(then);
        let Node { state, now, .. } = node;
        *now = then;
        state.handed_over = stamp(state.handed_over);
        state.progress.restamp(stamp);
        let runs = state
            .test_report
            .iter_mut()
            .flat_map(|report| report.runs.values_mut());
        runs.for_each(|(_, at)| *at = stamp(*at));
        if let Some(Entry::Gated(_, report)) = &mut state.entry {
            report
                .runs
                .values_mut()
                .for_each(|(_, at)| *at = stamp(*at));
        }
        state
            .evidence
            .values_mut()
            .for_each(|(_, at)| *at = stamp(*at));
        // What is told ahead of a window is as long ahead of it as it was, however late it is by now.
        let told = |at: Instant| at.max(floor).min(then);
        let notified = state.notified.values_mut();
        if self.is_told_ahead {
            notified.for_each(|at| *at = told(*at));
        } else {
            notified.for_each(|at| *at = stamp(*at));
        }
        state
            .milestones
            .values_mut()
            .for_each(|at| *at = stamp(*at));
        state
            .approvals
            .values_mut()
            .for_each(|given| given.at = stamp(given.at));
        // When it went live is when an attempt did, and counts for as long as early life support lasts.
        let support = state.support.unwrap_or(Seconds::new(0));
        let support = support.max(self.play.domain.plan.early_life_support);
        let floor = floor.min(then.minus(support));
        let live_at = |at: Instant| at.minus(passed).max(floor).min(then);
        for attempt in state.attempts.values_mut() {
            let is_live = attempt.started.liveness == Liveness::Live;
            let stamp = |at| if is_live { live_at(at) } else { stamp(at) };
            attempt.began = stamp(attempt.began);
            if let AttemptEnd::Finished(outcome, at) = attempt.end {
                attempt.end = AttemptEnd::Finished(outcome, stamp(at));
            }
        }
        let lifted = state.lifted_freezes.values_mut();
        lifted.for_each(|lifted| lifted.from = stamp(lifted.from));
        // Only told to people.
        state.debts.iter_mut().for_each(|debt| debt.since = begin);
        state.ended_at = state.ended_at.map(|_| begin);
        state.live_at = state.live_at.map(live_at);
    }

    /// An answer that can never count again is void; and where nothing reads that it is there, it is gone.
    fn answers(&self, node: &mut Node) {
        let Node { state, now, memory } = node;
        let now = *now;
        if state.approvals.is_empty() {
            return;
        }
        let coming = self.coming(state);
        let mut live: BTreeMap<Action, (Vec<Subject>, Validity)> = BTreeMap::new();
        let to_come = self.play.to_come(memory).iter().map(Some);
        for step in &self.play.subjects.steps {
            let action = step.action();
            if coming.contains(&action) {
                let of = |package| {
                    let Play {
                        gates, subjects, ..
                    } = self.play;
                    subjects.with_package(gates, state, step, package)
                };
                let validity = self.play.validity(state, step);
                let (subjects, _) = live.entry(action).or_insert((Vec::new(), validity));
                subjects.extend(to_come.clone().chain([None]).map(of));
            }
        }
        let State {
            approvals,
            people,
            requested_by,
            ..
        } = state;
        let requester = requested_by.as_ref().and_then(Actor::person);
        approvals.retain(|(step, person, role), given| {
            let Some((subjects, validity)) = live.get(step) else {
                return false;
            };
            let has_role = people
                .get(role)
                .is_some_and(|holders| holders.contains(person));
            let is_over = match validity {
                Validity::For(time) => given.at.plus(*time) <= now,
                Validity::ForGood | Validity::Mixed => false,
            };
            let counts = !given.is_spent
                && !is_over
                && (has_role || self.play.domain.coming_back)
                && subjects.contains(&given.approval.subject);
            if counts {
                if *validity == Validity::ForGood {
                    given.at = self.play.domain.now;
                }
                return true;
            }
            *given = self.void(*step, role, given);
            self.reader.reads_all
                || self.read.contains(step)
                    && (requester == Some(person) || self.reader.of.contains(person))
        });
    }

    /// The steps that can still be asked for, from where the release stands on.
    fn coming(&self, state: &State) -> Arc<BTreeSet<Action>> {
        let from = (state.standing, state.is_backed_out, state.deployments);
        if let Some(coming) = locked(&self.coming).get(&from) {
            return coming.clone();
        }
        let without = &self.play.domain.without;
        let mut coming = BTreeSet::new();
        let mut left = vec![state.standing];
        let mut seen: Vec<Standing> = Vec::new();
        while let Some(standing) = left.pop() {
            if seen.contains(&standing) {
                continue;
            }
            seen.push(standing);
            for &action in Action::ALL
                .iter()
                .filter(|action| !without.contains(action))
            {
                // What is live, or was deployed often enough, is not planned anew.
                let is_live = standing == state.standing && !state.is_backed_out;
                let is_over = action == Action::Replan
                    && standing.phase == PhaseName::Review
                    && (is_live || state.deployments >= self.play.domain.deployments);
                if let Some(to) = action.leads(standing).filter(|_| !is_over) {
                    coming.insert(action);
                    left.push(to);
                }
            }
        }
        let coming = Arc::new(coming);
        locked(&self.coming).insert(from, coming.clone());
        coming
    }

    fn void(&self, step: Action, role: &Role, given: &GivenApproval) -> GivenApproval {
        let answer = given.approval.answer;
        let mut void = Approval::new(step, nothing(), role.clone(), answer);
        void.expires = given.approval.expires;
        if answer == Answer::Rejected {
            void.comment = given.approval.comment.clone();
        }
        GivenApproval {
            approval: Arc::new(void),
            by: given.by.clone(),
            at: self.play.domain.now,
            is_spent: true,
        }
    }

    /// How often something was done, and what was done in deployments that are over.
    fn counters(&self, state: &mut State, memory: &Memory) {
        let State {
            deployments,
            baselines,
            attempts,
            debts,
            entry,
            ..
        } = state;
        *baselines = (*baselines).min(1);
        let current = *deployments;
        attempts.retain(|_, attempt| {
            attempt.deployment == current || attempt.started.liveness == Liveness::NotLive
        });
        let kept = match self.play.domain.deployments {
            u32::MAX => current.min(1),
            _ => current,
        };
        *deployments = kept;
        let to_come: Vec<_> = self
            .play
            .to_come(memory)
            .iter()
            .map(|one| one.digest())
            .collect();
        attempts.retain(|_, attempt| {
            attempt.deployment = kept;
            let is_live = attempt.started.liveness == Liveness::Live;
            is_live
                || attempt
                    .package
                    .is_some_and(|package| to_come.contains(&package))
        });
        attempts_once(attempts);
        match entry {
            Some(Entry::Expedited(place) | Entry::Unauthorised(place)) => {
                let own = (*place < debts.len()).then(|| debts.remove(*place));
                *debts = own.into_iter().chain(owed(debts)).collect();
                *place = 0;
            }
            Some(Entry::Gated(_, report)) => {
                report.runs.clear();
                *debts = owed(debts);
            }
            None => *debts = owed(debts),
        }
    }
}

/// The subject of what is void.
fn nothing() -> Subject {
    let none = Digest::ZERO;
    Subject::new(none, none, none, none, none, none)
}

/// What is owed of deployments that are over. All that is not approved is approved together, by somebody who is involved
/// in none of it; and of what is approved, only a review is left.
fn owed(debts: &[Debt]) -> Vec<Debt> {
    let is_sound = |debt: &Debt| {
        let by = debt.approved_by.as_ref();
        by.is_none_or(|by| !debt.involved.contains(by))
    };
    if !debts.iter().all(is_sound) {
        return debts.to_vec();
    }
    let unpaid = || debts.iter().filter(|debt| !debt.is_paid());
    let mut open = unpaid().filter(|debt| debt.approved_by.is_none());
    let mut owed = Vec::new();
    if let Some(first) = open.next() {
        let mut all = first.clone();
        for debt in open {
            all.involved.extend(debt.involved.iter().cloned());
            all.is_reviewed &= debt.is_reviewed;
        }
        owed.push(all);
    }
    let mut approved = unpaid().filter(|debt| debt.approved_by.is_some());
    owed.extend(approved.next().map(|debt| Debt {
        involved: BTreeSet::new(),
        ..debt.clone()
    }));
    owed
}

/// Of attempts that put the same package onto the same environment, the first is enough.
fn attempts_once(attempts: &mut BTreeMap<Key, Attempt>) {
    let is_plain = |end| matches!(end, AttemptEnd::Finished(AttemptOutcome::Live, _));
    if !attempts.values().all(|attempt| is_plain(attempt.end)) {
        return;
    }
    let mut first: BTreeMap<(Environment, Option<Digest>), Attempt> = BTreeMap::new();
    for attempt in std::mem::take(attempts).into_values() {
        let what = (attempt.started.environment.clone(), attempt.package);
        match first.get(&what) {
            Some(before) if before.began <= attempt.began => {}
            Some(_) | None => {
                first.insert(what, attempt);
            }
        }
    }
    for (number, ((environment, _), mut attempt)) in first.into_iter().enumerate() {
        let key = Key::clipped(&format!("earlier {number} onto {environment}"));
        if attempt.started.attempt != key {
            let mut started = attempt.started.as_ref().clone();
            started.attempt = key.clone();
            attempt.started = Arc::new(started);
        }
        attempts.insert(key, attempt);
    }
}

/// Whether an answer that does not count may count again by such a record: what it is about comes back, or a role does.
fn revives_answers(record: &AnyRecord) -> bool {
    match record.kind() {
        Kind::ReleasePlan
        | Kind::RoleGiven
        | Kind::TrackChanged
        | Kind::Approval
        | Kind::ApprovalWithdrawn
        | Kind::Delegated
        | Kind::DelegationEnded
        | Kind::OverrideGranted => true,
        Kind::Baseline
        | Kind::MilestoneReached
        | Kind::RoleRelieved
        | Kind::RetrospectiveApproval
        | Kind::ChangeRequest
        | Kind::RiskAssessment
        | Kind::RiskRaised
        | Kind::RiskClosed
        | Kind::IssueRaised
        | Kind::IssueResolved
        | Kind::ChecklistItem
        | Kind::StakeholdersNotified
        | Kind::CostBooked
        | Kind::CodeChange
        | Kind::TestRun
        | Kind::Evidence
        | Kind::DefectFound
        | Kind::DefectResolved
        | Kind::AttemptStarted
        | Kind::AttemptFinished
        | Kind::AttemptNeverLive
        | Kind::WaveStarted
        | Kind::HealthObserved
        | Kind::RolloutPaused
        | Kind::RolloutContinued
        | Kind::Outage
        | Kind::IncidentLinked
        | Kind::IncidentRestored
        | Kind::PostImplementationReview
        | Kind::EarlyLifeSupportWaived
        | Kind::CriterionResult
        | Kind::Feedback
        | Kind::LessonLearned
        | Kind::ImprovementRaised
        | Kind::ImprovementProgress
        | Kind::ValueRealised
        | Kind::ChildAttached
        | Kind::ParentDeclared
        | Kind::DependencyDeclared
        | Kind::TaskOpened
        | Kind::TaskDone
        | Kind::Confirmation
        | Kind::StepRefused
        | Kind::Note
        | Kind::Correction => false,
    }
}

/// Whether a gate on the step keeps duties apart: then it matters that somebody has answered, even if it does not count.
fn is_kept_apart<W>(play: &Play<'_, W>, action: Action) -> bool {
    let on_step = every(play.gates).filter(|gate| gate.action() == action);
    let mut rules = on_step
        .flat_map(AnyGate::requirements)
        .flat_map(|requirement| requirement.rule.walk());
    rules.any(|rule| matches!(rule, Rule::SeparationOfDuties(_)))
}

/// Of whom it is read that they have answered.
struct Reader {
    /// Of everybody, whatever the step.
    reads_all: bool,
    /// Of those who may come to build or deploy.
    of: BTreeSet<Person>,
}

impl Reader {
    fn of<W>(play: &Play<'_, W>) -> Self {
        let domain = play.domain;
        // A reason more is a blocker more that an override would have to lift.
        let is_overridden = domain.overrides.iter().any(|(one, _)| {
            requirements(play.gates)
                .filter(|requirement| {
                    let mut names = requirement.rule.walk().map(Rule::name);
                    requirement.policy == one.policy || names.any(|name| name == one.policy)
                })
                .any(|requirement| {
                    let mut rules = requirement.rule.walk();
                    rules.any(|rule| matches!(rule, Rule::Approvals(_)))
                })
        });
        let given = domain.given.iter().map(|given| &given.record);
        let mut records = domain.choices.iter().map(|(record, _)| record).chain(given);
        let gives_duties = records.any(|record| {
            matches!(
                record,
                AnyRecord::RoleGiven(_) | AnyRecord::CodeChange(_) | AnyRecord::Delegated(_)
            )
        });
        let builds = [Role::Builder, Role::Deployer];
        let staff = domain.staff.iter().filter(|(person, roles)| {
            let deploys = domain.deployers.is_empty() || domain.deployers.contains(*person);
            deploys || builds.iter().any(|role| roles.contains(role))
        });
        Self {
            reads_all: is_overridden || gives_duties,
            of: staff.map(|(person, _)| person.clone()).collect(),
        }
    }
}
