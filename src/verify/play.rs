//! One move after the other, decided and applied by the production rules.

use super::asks::is_among;
use super::condition::{Condition, conditions};
use super::domain::Domain;
use super::moves::{Given, Move, Runs, Tell};
use super::subjects::{Subjects, locked};
use crate::gate::{Approver, Facts, GateSet, Rule};
use crate::phase::{Action, Instant, PhaseName, Seconds};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, Asked, By, Core, Decision,
    Digest, Entry, Event, Key, Person, ReleaseId, ReleasePackage, ReviewOutcome, Role, State,
    StepTaken, Stream, Subject, Tenant, TestReport, Text, Track, Version,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

/// What decides and applies. There is one, and tests have broken ones, to see what an exploration finds.
pub(super) trait World: Sync {
    /// Whether a story can be replayed by the rules as they are.
    const IS_REAL: bool = false;

    fn ask(
        &self,
        gates: &GateSet,
        core: &Core,
        asked: Asked,
        facts: &Facts,
        by: &By,
    ) -> Result<Event, Box<Decision>> {
        gates.event_of(core, asked, facts, by)
    }

    /// Whether the lifecycle alone refuses a step, whatever the gates say: then they need not be asked.
    fn is_out_of_question(&self, core: &Core, step: &AnyStep, now: Instant, by: &By) -> bool {
        let on = core.occasion(by, now);
        !core.state.admits_step(step, on).is_empty()
    }

    fn apply(&self, core: &mut Core, event: Event, by: &By, now: Instant) {
        let on = core.occasion(by, now);
        core.state.apply(event, on);
    }
}

/// The rules as they are.
pub(super) struct Production;

impl World for Production {
    const IS_REAL: bool = true;
}

/// Where an exploration has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) state: State,
    pub(super) now: Instant,
    pub(super) memory: Memory,
}

/// By what differs most. Two that are hashed alike are still compared in all.
impl Hash for Node {
    fn hash<H: Hasher>(&self, to: &mut H) {
        let state = &self.state;
        (state.standing, state.track, self.now).hash(to);
        (&state.requested_by, &state.people, state.deployments).hash(to);
        (
            state.is_backed_out,
            state.package.as_ref().map(|one| one.digest()),
        )
            .hash(to);
        for ((step, person, role), given) in &state.approvals {
            let Approval {
                answer, subject, ..
            } = given.approval.as_ref();
            (step, person, role, given.is_spent, answer, subject).hash(to);
        }
        let runs = state.test_report.iter().flat_map(TestReport::runs);
        runs.for_each(|run| run.passed.hash(to));
        for debt in &state.debts {
            (&debt.involved, &debt.approved_by).hash(to);
        }
        for (id, granted) in &state.overrides {
            (id, granted.is_used).hash(to);
        }
        self.memory.hash(to);
    }
}

/// What was, and is not in the state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Memory {
    /// The place of the package that was handed over last; those before it do not come back.
    pub(super) package: usize,
    /// The overrides that decisions have used.
    pub(super) used: BTreeSet<Key>,
    /// One bit for each property: whether what it waits for was seen.
    pub(super) seen: u64,
}

/// A policy of the host's that breaks the contract of policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) policy: Key,
    pub(super) code: Key,
}

/// What came of a move.
#[expect(
    clippy::large_enum_variant,
    reason = "most moves are made, and each is looked at once"
)]
pub(super) enum Came {
    /// The domain does not have it here.
    NotOpen,
    Refused(Box<Decision>),
    To(Acted),
}

/// A move that was made.
#[derive(Clone)]
pub(super) struct Acted {
    pub(super) after: Node,
    /// The step that was taken, with the decision that cleared it.
    pub(super) taken: Option<StepTaken>,
}

/// Everything that happened in a move: what was chosen, and what was given with it.
pub(super) type Told = Vec<(Asked, By, Instant)>;

pub(super) struct Play<'a, W> {
    pub(super) world: &'a W,
    pub(super) gates: &'a GateSet,
    pub(super) domain: &'a Domain,
    pub(super) moves: Vec<Move>,
    pub(super) conditions: Vec<Condition>,
    /// The facts of each condition, at the instant at which everything begins.
    facts: Vec<Facts>,
    packages: Vec<Arc<ReleasePackage>>,
    pub(super) given: BTreeMap<PhaseName, Vec<Given>>,
    pub(super) subjects: Subjects,
    asked_for: Mutex<HashMap<Held, AskedFor>>,
    /// What is given, by phase and place, and was taken once at least.
    pub(super) was_given: Mutex<BTreeSet<(PhaseName, usize)>>,
}

impl<'a, W: World> Play<'a, W> {
    pub(super) fn of(world: &'a W, gates: &'a GateSet, domain: &'a Domain) -> Self {
        let conditions = conditions(domain);
        let facts = conditions.iter().map(|one| one.facts(domain.now)).collect();
        let moves = domain.moves(gates);
        let phases = PhaseName::ALL.iter();
        Self {
            world,
            gates,
            domain,
            subjects: Subjects::of(&moves),
            moves,
            conditions,
            facts,
            asked_for: Mutex::default(),
            was_given: Mutex::default(),
            packages: domain.packages.iter().cloned().map(Arc::new).collect(),
            given: phases
                .map(|&phase| (phase, domain.given_in(phase)))
                .collect(),
        }
    }

    /// Before anything has happened.
    pub(super) fn start(&self) -> Node {
        Node {
            state: State::start(),
            now: self.domain.now,
            memory: Memory::default(),
        }
    }

    /// The release as it stands in a node.
    pub(super) fn core(&self, node: &Node) -> Core {
        let id = ReleaseId::from(uuid::Uuid::from_u128(1));
        let stream = Stream::release(Tenant::default(), id);
        let mut core = Core::new(id, stream, self.domain.now);
        core.state.clone_from(&node.state);
        core.head.version = Version::new(u64::from(core.state.request.is_some()));
        core
    }

    pub(super) fn facts(&self, condition: usize, now: Instant) -> Option<Cow<'_, Facts>> {
        if now == self.domain.now {
            return self.facts.get(condition).map(Cow::Borrowed);
        }
        let condition = self.conditions.get(condition)?;
        Some(Cow::Owned(condition.facts(now)))
    }

    /// What comes of a move.
    pub(super) fn act(
        &self,
        node: &Node,
        core: &Core,
        chosen: &Move,
        facts: &Facts,
        told: Option<&mut Told>,
    ) -> Result<Came, Fault> {
        if !self.is_open(node, chosen) {
            return Ok(Came::NotOpen);
        }
        let by = chosen.by();
        if let Tell::Step(step) = &chosen.tell
            && self.world.is_out_of_question(core, step, node.now, &by)
        {
            return Ok(Came::NotOpen);
        }
        let subject = |state: &State, step: &AnyStep| {
            let there = state.package.as_ref();
            self.subjects.with_package(self.gates, state, step, there)
        };
        let asked = asked(&node.state, &chosen.tell, subject);
        let mut after = Moving {
            play: self,
            core: Cow::Borrowed(core),
            now: node.now,
            memory: node.memory.clone(),
            told,
        };
        let mut taken = None;
        for asked in asked {
            match after.ask(asked, facts, &by)? {
                Ok(step) => taken = step,
                Err(decision) => return Ok(Came::Refused(decision)),
            }
        }
        if let Tell::Wait(time) = chosen.tell {
            after.now = after.now.plus(time);
        }
        if core.state.standing.phase != after.core.state.standing.phase {
            after.enter()?;
        }
        let Moving {
            core, now, memory, ..
        } = after;
        let state = core.into_owned().state;
        let after = Node { state, now, memory };
        Ok(Came::To(Acted { after, taken }))
    }

    /// Whether the domain has the move here. What the lifecycle refuses anyhow is left out, to be quick.
    fn is_open(&self, node: &Node, chosen: &Move) -> bool {
        let Node { state, memory, .. } = node;
        let standing = state.standing;
        let is_left_by = |action: Action| action.leads(standing).is_some();
        let person = || chosen.by.person();
        match &chosen.tell {
            Tell::Step(step) => {
                is_left_by(step.action())
                    && self.is_to_come(step, memory)
                    && is_right_outcome(step, state)
                    && !(self.is_at_an_end(state) && step.action() == Action::Replan)
            }
            Tell::Answer { step, role, .. } => {
                is_left_by(step.action())
                    && self.is_to_come(step, memory)
                    && person().is_some_and(|person| {
                        state.has_role(person, role) && self.is_asked(state, step, person, role)
                    })
            }
            Tell::Withdraw { step, role } => person().is_some_and(|person| {
                let answer = (*step, person.clone(), role.clone());
                state.approvals.contains_key(&answer)
            }),
            Tell::Tested(runs) => {
                let best = self.domain.tests.first();
                standing.phase == PhaseName::Testing
                    && state.package.as_ref().is_some_and(|package| {
                        let is_still = |runs: &Runs| runs.are_those_of(state, package.digest());
                        // What failed is run again until it passes, and may fail in another way then.
                        let report = state.test_report.as_ref();
                        best == Some(runs)
                            || report.is_none_or(|report| report.runs.is_empty())
                            || best.is_some_and(is_still)
                    })
            }
            Tell::Wait(_) => !matches!(standing.phase, PhaseName::Start | PhaseName::Closed),
            Tell::Record(record) => {
                record.kind().is_taken_in(standing) && self.says_something(state, record)
            }
        }
    }

    /// Whether a gate that holds the step now asks that person in that role.
    fn is_asked(&self, state: &State, step: &AnyStep, person: &Person, role: &Role) -> bool {
        self.asked_for(state, step, |asked| {
            is_among(&asked.approvers, person, role)
        })
    }

    /// How long answers to a step count now, as far as its gates say.
    pub(super) fn validity(&self, state: &State, step: &AnyStep) -> Validity {
        self.asked_for(state, step, |asked| asked.validity)
    }

    fn asked_for<T>(
        &self,
        state: &State,
        step: &AnyStep,
        answer: impl FnOnce(&AskedFor) -> T,
    ) -> T {
        let request = state.request.as_ref().map(crate::release::Digested::digest);
        let about = (step.action(), state.track, request);
        let mut all = locked(&self.asked_for);
        let of = || AskedFor::of(self.gates.rules_on(state, step));
        answer(all.entry(about).or_insert_with(of))
    }

    /// Whether it was deployed as often as the domain lets it be.
    pub(super) fn is_at_an_end(&self, state: &State) -> bool {
        state.standing.phase == PhaseName::Review && state.deployments >= self.domain.deployments
    }

    /// Whether the package of a step was not followed by another one yet.
    fn is_to_come(&self, step: &AnyStep, memory: &Memory) -> bool {
        package_of(step)
            .and_then(|package| self.place_of(package))
            .is_none_or(|place| memory.package <= place)
    }

    pub(super) fn place_of(&self, package: &ReleasePackage) -> Option<usize> {
        self.packages
            .iter()
            .position(|one| one.digest() == package.digest())
    }

    /// The packages that may still come.
    pub(super) fn to_come(&self, memory: &Memory) -> &[Arc<ReleasePackage>] {
        self.packages.get(memory.package..).unwrap_or_default()
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other records may be made again and again"
    )]
    fn says_something(&self, state: &State, record: &AnyRecord) -> bool {
        match record {
            AnyRecord::RoleRelieved(left) => {
                let away = self.domain.roles();
                let away = away.filter(|(person, role)| !state.has_role(person, role));
                away.count() < self.domain.leaving && state.has_role(&left.person, &left.role)
            }
            AnyRecord::RoleGiven(given) => !state.has_role(&given.person, &given.role),
            AnyRecord::TrackChanged(changed) => match changed.track {
                Track::Normal => state.track == Track::Standard,
                Track::Standard | Track::Emergency => state.track != changed.track,
            },
            AnyRecord::OverrideGranted(granted) => !state.overrides.contains_key(&granted.id),
            AnyRecord::RetrospectiveApproval(_) => {
                state.debts.iter().any(|debt| debt.approved_by.is_none())
            }
            _ => true,
        }
    }
}

/// What is asked for in a move, one after the other.
pub(super) fn asked(
    state: &State,
    tell: &Tell,
    subject: impl Fn(&State, &AnyStep) -> Subject,
) -> Vec<Asked> {
    let record = match tell {
        Tell::Step(step) => return vec![Asked::Step(step.clone())],
        Tell::Record(record) => record.clone(),
        Tell::Answer { step, role, answer } => {
            let subject = subject(state, step);
            let mut said = Approval::new(step.action(), subject, role.clone(), *answer);
            if *answer == Answer::Rejected {
                said.comment = Text::own("not yet");
            }
            said.into()
        }
        Tell::Withdraw { step, role } => ApprovalWithdrawn::new(*step, role.clone()).into(),
        Tell::Tested(runs) => {
            let package = state.package.as_ref().map(|package| package.digest());
            let runs = package.map(|package| runs.records(package));
            let runs = runs.into_iter().flatten();
            return runs.map(|run| Asked::Record(run.into())).collect();
        }
        Tell::Wait(_) => return Vec::new(),
    };
    vec![Asked::Record(record)]
}

fn is_right_outcome(step: &AnyStep, state: &State) -> bool {
    let AnyStep::CompleteReview(complete) = step else {
        return true;
    };
    (complete.outcome == ReviewOutcome::BackedOut) == state.is_backed_out
}

/// The package that a step brings.
pub(super) fn package_of(step: &AnyStep) -> Option<&ReleasePackage> {
    if let AnyStep::StartTesting(step) = step {
        return Some(&step.package);
    }
    let AnyStep::Expedite(step) = step else {
        return None;
    };
    Some(&step.package)
}

/// What says which gates hold: the step, the track, and the request, which names the model.
type Held = (Action, Track, Option<Digest>);

/// What the gates that hold a step ask of people.
struct AskedFor {
    approvers: BTreeSet<Approver>,
    validity: Validity,
}

/// How long answers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    /// For good: nobody looks at how old they are.
    ForGood,
    /// For that long, and no rule counts them after that.
    For(Seconds),
    /// For some rules for good, and not for others.
    Mixed,
}

impl AskedFor {
    fn of<'a>(rules: impl Iterator<Item = &'a Rule>) -> Self {
        let mut asked = Self {
            approvers: BTreeSet::new(),
            validity: Validity::ForGood,
        };
        let mut lengths = Vec::new();
        for rule in rules {
            asked.approvers.extend(rule.approvers());
            if matches!(rule, Rule::Approvals(_)) {
                let numbers = rule.numbers();
                let length = numbers
                    .iter()
                    .find(|(place, _)| place == "valid_for_seconds");
                lengths.push(length.map(|(_, length)| u32::try_from(*length).unwrap_or(u32::MAX)));
            }
        }
        let all: Option<Vec<u32>> = lengths.iter().copied().collect();
        asked.validity = match (
            all.map(|all| all.into_iter().max()),
            lengths.iter().all(Option::is_none),
        ) {
            (Some(Some(longest)), _) => Validity::For(Seconds::new(longest)),
            (_, true) => Validity::ForGood,
            (_, false) => Validity::Mixed,
        };
        asked
    }
}

/// A release in the middle of a move.
struct Moving<'p, 'a, 't, W> {
    play: &'p Play<'a, W>,
    core: Cow<'t, Core>,
    now: Instant,
    memory: Memory,
    told: Option<&'t mut Told>,
}

impl<W: World> Moving<'_, '_, '_, W> {
    /// Asks, and moves if it is cleared; of a step, tells what was taken.
    fn ask(
        &mut self,
        asked: Asked,
        facts: &Facts,
        by: &By,
    ) -> Result<Result<Option<StepTaken>, Box<Decision>>, Fault> {
        let copy = self.told.is_some().then(|| asked.clone());
        let world = self.play.world;
        let event = match world.ask(self.play.gates, &self.core, asked, facts, by) {
            Ok(event) => event,
            Err(decision) => {
                let fault = fault_in(&decision);
                return fault.map_or(Ok(Err(decision)), Err);
            }
        };
        if let (Some(told), Some(asked)) = (self.told.as_deref_mut(), copy) {
            told.push((asked, by.clone(), self.now));
        }
        let taken = match &event {
            Event::Step(taken) => {
                if let Some(fault) = fault_in(&taken.decision) {
                    return Err(fault);
                }
                self.memory.used.extend(taken.decision.overrides().cloned());
                let brought = package_of(&taken.step);
                let place = brought.and_then(|package| self.play.place_of(package));
                self.memory.package = place.unwrap_or(self.memory.package);
                Some(taken.clone())
            }
            Event::Record(_) => None,
        };
        let core = self.core.to_mut();
        world.apply(core, event, by, self.now);
        core.head.version = Version::new(1);
        Ok(Ok(taken))
    }

    /// What is given where the release has just come to.
    fn enter(&mut self) -> Result<(), Fault> {
        let domain = self.play.domain;
        let phase = self.core.state.standing.phase;
        if let Some(time) = domain.stays.get(&phase) {
            self.now = self.now.plus(*time);
        }
        if phase == PhaseName::Deployment && matches!(self.core.state.entry, Some(Entry::Gated(..)))
        {
            self.now = self.now.max(domain.window().start());
        }
        let manager = Actor::from(&domain.manager);
        let facts = Facts::at(self.now);
        let all = self.play.given.get(&phase).into_iter().flatten();
        for (place, given) in all.enumerate() {
            let record = fresh(given.record.clone(), &self.core.state);
            let by = given.by(&manager, self.now);
            // What the lifecycle does not take here is not given.
            if self.ask(Asked::Record(record), &facts, &by)?.is_ok() {
                locked(&self.play.was_given).insert((phase, place));
            }
        }
        Ok(())
    }
}

/// The record under an id that is new: an attempt is made anew each time.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "attempts have ids that are good for once"
)]
fn fresh(record: AnyRecord, state: &State) -> AnyRecord {
    let ids = |attempt: &Key| {
        let mut id = attempt.clone();
        let mut last = None;
        let mut number = 2;
        while state.attempts.contains_key(&id) {
            last = Some(id);
            id = Key::clipped(&format!("{attempt} {number}"));
            number += 1;
        }
        (id, last)
    };
    match record {
        AnyRecord::AttemptStarted(started) => {
            let mut started = started.as_ref().clone();
            started.attempt = ids(&started.attempt).0;
            started.into()
        }
        AnyRecord::AttemptFinished(finished) => {
            let mut finished = finished.as_ref().clone();
            finished.attempt = ids(&finished.attempt).1.unwrap_or(finished.attempt);
            finished.into()
        }
        other => other,
    }
}

/// A policy that breaks the contract merely refuses in production. Here that would look like a rule that holds.
fn fault_in(decision: &Decision) -> Option<Fault> {
    let (_, policy, reason) = crate::gate::breaches(decision).next()?;
    Some(Fault {
        policy: policy.clone(),
        code: reason.code.clone(),
    })
}
