//! Every decision about a step comes from here: the invariants, then each requirement of each gate that holds it.

use super::model::{Following, ReleaseModel};
use super::overrides::unhelpful;
use super::requiring::{Requiring, can_be_overridden, stored};
use super::rule::Requirement;
use super::{AnyGate, Ask, Facts, LIFECYCLE};
use crate::phase::{Action, Instant, Interval};
use crate::release::limits::BATCH_GUARDS;
use crate::release::{
    AnyRecord, AnyStep, Asking, By, ConflictAnswer, Core, DecidingWindow, Decision, Effect,
    Enforcement, Finding, FollowedModel, Judgement, Key, ModelReference, OtherRelease, Reason,
    ReleaseId, Stream, Subject, Survey, Text, Tie, Track, Verdict, Version, earliest,
};
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The gates that may hold a step, and the models that releases may follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Book<'a> {
    pub(super) gates: &'a [AnyGate],
    pub(super) models: &'a Models,
}

/// By name and version.
pub(super) type Models = BTreeMap<Key, BTreeMap<u32, ReleaseModel>>;

static NO_MODELS: Models = BTreeMap::new();

impl<'a> Book<'a> {
    pub(super) const fn one(gate: &'a AnyGate) -> Self {
        Self {
            gates: std::slice::from_ref(gate),
            models: &NO_MODELS,
        }
    }

    pub(super) fn model(self, named: &ModelReference) -> Option<&'a ReleaseModel> {
        self.models.get(&named.model)?.get(&named.version)
    }

    /// The gates that hold a step of a release on that track which names that model: the set's own, then the model's.
    pub(super) fn holding(
        self,
        action: Action,
        track: Track,
        named: Option<&ModelReference>,
    ) -> impl Iterator<Item = &'a AnyGate> + use<'a> {
        let model = named.and_then(|named| self.model(named));
        let of_model = model.map_or(&[] as &[_], ReleaseModel::gates);
        self.gates
            .iter()
            .chain(of_model)
            .filter(move |gate| gate.holds_for(action, track))
    }
}

/// A decision about a step, and the logs that must not move until it is committed.
pub(super) struct Judged {
    pub(super) decision: Decision,
    pub(super) guards: BTreeSet<(Stream, Version)>,
    /// The overrides that are spoken for.
    used: BTreeSet<Key>,
}

/// Decides about a step. Approvals have to be about what it is about, or about `instead` where that is given.
pub(super) fn judge(
    book: Book<'_>,
    core: &Core,
    step: &AnyStep,
    facts: &Facts,
    by: &By,
    instead: Option<Subject>,
) -> Judged {
    let action = step.action();
    let mut judged = Judged::begun(Asking::Step(action), facts, by);
    let on = core.occasion(by, facts.now());
    let mut reasons = core.state.admits_step(step, on);
    if action.leads(core.state.standing).is_none() {
        judged.decision.findings = lifecycle(reasons);
        return judged;
    }
    let following = Following::of(book, &core.state, step);
    reasons.extend(following.against(action, core, facts));
    if following.is_pre_authorised(action) {
        let model = facts.model(&core.head.stream.tenant);
        judged.rests_on(model, facts, Enforcement::Block);
    }
    reasons.extend(judged.survey(Tie::Step(step), core, facts));
    let Following { track, named, .. } = following;
    let gates: Vec<_> = book.holding(action, track, named).collect();
    let subject = instead.map_or_else(OnceCell::new, OnceCell::from);
    let ask = Ask::new(core, step, track, facts, &by.actor, &gates, &subject);
    judged.ask_all(&gates, &ask, facts);
    judged.hold_until(step.window().map(Interval::end));
    judged.warn_of_calendars();
    reasons.extend(judged.too_many_guards());
    judged.decision.findings.splice(..0, lifecycle(reasons));
    let unhelpful = unhelpful(&ask, &judged.decision);
    judged.decision.findings.extend(unhelpful);
    judged.decision.gates = gates.iter().map(|gate| gate.id().clone()).collect();
    judged
}

/// Decides about a record, of which no gate is asked.
pub(super) fn weigh(core: &Core, record: &AnyRecord, facts: &Facts, by: &By) -> Judged {
    let mut judged = Judged::begun(Asking::Record(record.kind()), facts, by);
    let on = core.occasion(by, facts.now());
    let mut reasons = core.state.admits_record(record, on);
    if reasons.is_empty() {
        reasons = judged.survey(Tie::Record(record), core, facts);
    }
    judged.decision.findings = lifecycle(reasons);
    judged
}

impl Judged {
    fn begun(asked: Asking, facts: &Facts, by: &By) -> Self {
        Self {
            decision: Decision::begun(asked, by, facts.now()),
            guards: BTreeSet::new(),
            used: BTreeSet::new(),
        }
    }

    /// What other releases say against an asking that ties releases together.
    fn survey(&mut self, asked: Tie<'_>, core: &Core, facts: &Facts) -> Vec<Reason> {
        let other = |id| facts.other(&core.head.stream.tenant, id);
        let survey = Survey::of(asked, core.head.id, |id| other(id)?.ok());
        for &id in survey.read.iter().chain(&survey.lacking) {
            self.look_at(id, other(id), Enforcement::Block);
        }
        let mut reasons = survey.reasons;
        let lacking = survey.lacking.into_iter();
        reasons.extend(lacking.filter_map(|id| not_read(id, other(id))));
        reasons
    }

    /// Keeps what was read of another release; what blocks holds on to its log.
    fn look_at(
        &mut self,
        id: ReleaseId,
        other: Option<Result<&OtherRelease, &Text>>,
        enforcement: Enforcement,
    ) {
        match other {
            Some(Ok(other)) => {
                let guard = other.guard();
                self.guards
                    .extend(guard.filter(|_| enforcement == Enforcement::Block));
                self.decision.others.insert(id, other.clone());
            }
            Some(Err(why)) => {
                self.decision.unread.insert(id, why.clone());
            }
            None => {}
        }
    }

    /// A commit holds on to this many other logs, and to no more.
    fn too_many_guards(&self) -> Option<Reason> {
        let count = self.guards.len();
        (count > BATCH_GUARDS).then(|| {
            let message = format!(
                "the decision rests on {count} other logs, and a commit holds on to {BATCH_GUARDS} at most"
            );
            let remedy = "let fewer policies block, or give facts without their source";
            Reason::new("too-many-guards", message, remedy)
        })
    }

    /// Asks every requirement of these gates.
    fn ask_all(&mut self, gates: &[&AnyGate], ask: &Ask<'_>, facts: &Facts) {
        let asked = gates.iter().map(|gate| gate.requirements().len()).sum();
        self.decision.findings.reserve(asked);
        for gate in gates {
            for requirement in gate.requirements() {
                self.ask(gate, requirement, ask, facts);
            }
        }
    }

    /// Asks what one requirement says. Only what blocks bears on how long a clearance holds, and on which logs.
    fn ask(&mut self, gate: &AnyGate, requirement: &Requirement, ask: &Ask<'_>, facts: &Facts) {
        let mut asking = Requiring {
            ask,
            gate,
            used: self.used.clone(),
            may_except: requirement.enforcement == Enforcement::Block,
            is_negated: false,
            facts: BTreeSet::new(),
            model: false,
            window: None,
            others: BTreeSet::new(),
            answers: Vec::new(),
            unread_calendars: BTreeMap::new(),
            conflicts: BTreeSet::new(),
        };
        let Some(judgement) = asking.rule(&requirement.rule, Some(&requirement.policy)) else {
            return;
        };
        let blocks = requirement.enforcement == Enforcement::Block;
        if asking.model {
            self.rests_on(ask.model(), facts, requirement.enforcement);
        }
        for id in asking.others {
            self.look_at(id, ask.read(id), requirement.enforcement);
        }
        for answer in asking.answers {
            let source = &answer.source;
            let guard = blocks.then(|| (source.stream.clone(), source.version));
            self.guards.extend(guard);
            self.hold_until(answer.holds_until.filter(|_| blocks));
            if !self.decision.calendars.contains(&answer) {
                self.decision.calendars.push(answer);
            }
        }
        self.decision
            .unread_calendars
            .extend(asking.unread_calendars);
        let conflicts = asking.conflicts.into_iter();
        for answer in conflicts.filter_map(|question| ask.conflicts(question)) {
            self.mind(answer, blocks);
        }
        for key in asking.facts {
            self.note(key, facts, blocks);
        }
        let ends = [judgement.verdict.until(), asking.window.map(Interval::end)];
        self.hold_until(earliest(ends).filter(|_| blocks));
        if blocks {
            self.used.extend(judgement.verdict.overrides().cloned());
        }
        let mut finding = Finding {
            gate: gate.id().name.clone(),
            enforcement: requirement.enforcement,
            judgement: stored(judgement),
            overridable_by: BTreeSet::new(),
        };
        if finding.blocks() && can_be_overridden(&finding.judgement) {
            finding.overridable_by.clone_from(gate.override_roles());
        }
        self.decision.findings.push(finding);
    }

    /// Keeps what the host knows, or why not; what blocks holds only as long as the fact does.
    fn note(&mut self, key: Key, facts: &Facts, blocks: bool) {
        let Some(fact) = facts.get(&key) else {
            match facts.why_missing(&key) {
                Some(why) => {
                    self.decision.missing.insert(key, why);
                }
                None => {
                    self.decision.not_known.insert(key);
                }
            }
            return;
        };
        if blocks {
            self.hold_until(Some(fact.expires()));
            let source = fact.source.as_ref();
            self.guards
                .extend(source.map(|from| (from.stream.clone(), from.version)));
        }
        self.decision.facts.insert(key, fact.clone());
    }

    /// Keeps which conflicts were found; what blocks holds on to the logs of the other releases in them.
    fn mind(&mut self, answer: &ConflictAnswer, blocks: bool) {
        if blocks {
            self.hold_until(Some(answer.expires()));
            let sources = answer.conflicts.iter().map(|one| &one.source);
            self.guards
                .extend(sources.map(|from| (from.stream.clone(), from.version)));
        }
        if !self.decision.conflicts.contains(answer) {
            self.decision.conflicts.push(answer.clone());
        }
    }

    /// Writes down how the release's model stands; what blocks by it holds only while its log does not move.
    fn rests_on(
        &mut self,
        model: Option<&Arc<FollowedModel>>,
        facts: &Facts,
        enforcement: Enforcement,
    ) {
        self.decision.model = model.cloned();
        self.decision.unread_model = facts.unread_model().cloned();
        if enforcement == Enforcement::Block {
            let source = model.map(|model| &model.source);
            let guard = source.map(|from| (from.stream.clone(), from.version));
            self.guards.extend(guard);
        }
    }

    /// What calendars let pass and warn of is told to people, each window once, and refuses nothing.
    fn warn_of_calendars(&mut self) {
        let answers = self.decision.calendars.iter();
        let deciding = answers.flat_map(|answer| &answer.deciding);
        let mut told = BTreeSet::new();
        let warned = deciding.filter(|one| {
            one.effect == Effect::Warned && told.insert((&one.calendar, &one.window))
        });
        let exceptions = self.decision.calendars.iter().flat_map(|answer| {
            let unhelpful = answer.unhelpful.iter();
            unhelpful.map(|(id, why)| (&answer.question.calendar, id, why))
        });
        let exceptions: BTreeSet<_> = exceptions.collect();
        let exceptions = exceptions.into_iter().map(|(calendar, id, why)| {
            let message = format!("exception `{id}` of calendar `{calendar}` {why}");
            let remedy = "ask for another, or have it decided anew";
            Reason::new("exception-does-not-help", message, remedy).about(id.clone())
        });
        let warned = warned.map(DecidingWindow::warning);
        let reasons: Vec<_> = warned.chain(exceptions).collect();
        if !reasons.is_empty() {
            self.decision.findings.push(Finding {
                gate: Key::own(LIFECYCLE),
                enforcement: Enforcement::Warn,
                judgement: Judgement::single(
                    Key::own("calendars"),
                    1,
                    Verdict::Violated { reasons },
                ),
                overridable_by: BTreeSet::new(),
            });
        }
    }

    fn hold_until(&mut self, at: Option<Instant>) {
        self.decision.holds_until = earliest([self.decision.holds_until, at]);
    }
}

/// Why another release cannot be looked at; nothing if it can.
pub(super) fn not_read(
    id: ReleaseId,
    other: Option<Result<&OtherRelease, &Text>>,
) -> Option<Reason> {
    let (message, remedy) = match other {
        Some(Ok(_)) => return None,
        Some(Err(why)) => (
            format!("release `{id}` could not be read: {why}"),
            "ask again once it can be read",
        ),
        None => (
            format!("release `{id}` was not read"),
            "ask at a `Desk`, which reads it, or add it with `Facts::with_other`",
        ),
    };
    let reason = Reason::new("release-not-read", message, remedy);
    Some(reason.read("release", id.to_string().as_str()))
}

pub(super) fn lifecycle(reasons: Vec<Reason>) -> Vec<Finding> {
    if reasons.is_empty() {
        return Vec::new();
    }
    let own = || Key::own(LIFECYCLE);
    vec![Finding {
        gate: own(),
        enforcement: Enforcement::Block,
        judgement: Judgement::single(own(), 1, Verdict::Violated { reasons }),
        overridable_by: BTreeSet::new(),
    }]
}
