//! Every decision about a step comes from here: the invariants, then each requirement of each gate that holds it.

use super::model::{Following, ReleaseModel};
use super::overrides::{against, unhelpful};
use super::rule::{Requirement, Rule, failed};
use super::{AnyGate, Ask, Facts, LIFECYCLE};
use crate::phase::{Action, Instant, Interval};
use crate::release::limits::BATCH_GUARDS;
use crate::release::{
    AnyRecord, AnyStep, Asked, Asking, Availability, By, CalendarQuestion, Combination,
    ConflictAnswer, ConflictQuestion, Core, DecidingWindow, Decision, Effect, Enforcement, Finding,
    FollowedModel, GrantedOverride, Judgement, Key, ModelReference, OtherRelease, OverrideGranted,
    Reason, ReleaseId, Stream, Subject, Survey, Text, Tie, Track, Verdict, Version, earliest,
};
use crate::schedule::Booking;
use std::{
    cell::OnceCell,
    cmp::Reverse,
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

/// What a decision needs that the release itself does not have.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Facts that the host may know.
    pub(crate) facts: BTreeSet<Key>,
    /// Other releases that nobody has tried to read yet.
    pub(crate) others: BTreeSet<ReleaseId>,
    /// The release model whose standing nobody has read yet.
    pub(crate) model: Option<Key>,
    /// Calendars that nobody has tried to read yet.
    pub(crate) calendars: BTreeSet<Key>,
    /// What nobody has asked yet of what other releases have booked.
    pub(crate) conflicts: BTreeSet<ConflictQuestion>,
    /// The deployment that is asked about there.
    pub(crate) booking: Option<Booking>,
}

impl Needs {
    pub(crate) fn is_empty(&self) -> bool {
        self.facts.is_empty()
            && self.others.is_empty()
            && self.model.is_none()
            && self.calendars.is_empty()
            && self.conflicts.is_empty()
    }

    /// Adds what a rule needs, but for the parts of it that are not judged.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every policy is asked in the same way"
    )]
    fn add(&mut self, rule: &Rule, ask: &Ask<'_>) {
        let is_judged = match rule {
            Rule::When(when) => when.condition.holds(ask).ok() == Some(true),
            Rule::Unless(unless) => unless.condition.holds(ask).ok() == Some(false),
            _ => true,
        };
        if !is_judged {
            return;
        }
        if let Some(policy) = rule.judge() {
            if policy.reads_model() {
                self.model = ask.unread_model();
            }
            self.facts.extend(policy.needs().unwrap_or_default());
            let asked = policy.calendars().unwrap_or_default().into_iter();
            let unread = asked.filter(|one| !ask.is_read(&one.calendar));
            self.calendars.extend(unread.map(|one| one.calendar));
            let asked = policy.conflicts();
            self.conflicts
                .extend(asked.filter(|&one| ask.conflicts(one).is_none()));
            let relations = policy.relations().iter();
            let related = relations.flat_map(|&relation| ask.related(relation));
            self.others
                .extend(related.filter(|&id| ask.read(id).is_none()));
        }
        for part in rule.parts() {
            self.add(part, ask);
        }
    }
}

/// What a decision needs that is neither in the release nor in these facts.
pub(super) fn needs(book: Book<'_>, core: &Core, asked: &Asked, facts: &Facts, by: &By) -> Needs {
    let mut needs = Needs::default();
    let step = match asked {
        Asked::Record(record) => {
            needs.others = unseen(Tie::Record(record), core, facts);
            return needs;
        }
        Asked::Step(step) if step.action().leads(core.state.standing).is_none() => return needs,
        Asked::Step(step) => step,
    };
    needs.others = unseen(Tie::Step(step), core, facts);
    let action = step.action();
    let following = Following::of(book, &core.state, step);
    let is_pre_authorised = following.is_pre_authorised(action);
    let Following { track, named, .. } = following;
    let subject = OnceCell::new();
    let ask = Ask::new(core, step, track, facts, &by.actor, &[], &subject);
    if is_pre_authorised {
        needs.model = ask.unread_model();
    }
    for gate in book.holding(action, track, named) {
        for requirement in gate.requirements() {
            needs.add(&requirement.rule, &ask);
        }
    }
    if !needs.conflicts.is_empty() {
        needs.booking = book.asked_for(&ask);
    }
    needs
}

/// The releases that have to be looked at, and that nobody has tried to read yet.
fn unseen(asked: Tie<'_>, core: &Core, facts: &Facts) -> BTreeSet<ReleaseId> {
    let tenant = &core.head.stream.tenant;
    let survey = Survey::of(asked, core.head.id, |id| facts.other(tenant, id)?.ok());
    let mut lacking = survey.lacking;
    lacking.retain(|&id| facts.other(tenant, id).is_none());
    lacking
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

/// One requirement being asked.
struct Requiring<'a> {
    ask: &'a Ask<'a>,
    gate: &'a AnyGate,
    /// The overrides that are spoken for.
    used: BTreeSet<Key>,
    /// Whether an override lifts what is asked: not where nothing is refused, and not under `not`, where lifting would
    /// refuse.
    may_except: bool,
    /// Whether it is asked under `not`, which looks at when the reasons clear.
    is_negated: bool,
    /// The host's facts that were asked for.
    facts: BTreeSet<Key>,
    /// Whether it was asked how the release's model stands.
    model: bool,
    /// What is left of the window that it was asked about.
    window: Option<Interval>,
    /// The other releases that were looked at.
    others: BTreeSet<ReleaseId>,
    /// What calendars answered.
    answers: Vec<Availability>,
    unread_calendars: BTreeMap<Key, Text>,
    /// What was asked of what other releases have booked.
    conflicts: BTreeSet<ConflictQuestion>,
}

impl Requiring<'_> {
    /// What a rule answers; nothing if it is not judged.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every policy is asked in the same way"
    )]
    fn rule(&mut self, rule: &Rule, name: Option<&Key>) -> Option<Judgement> {
        match rule {
            Rule::All(of) => self.combined(rule, of, of.len(), |_| Combination::All),
            Rule::Any(of) => self.combined(rule, of, 1, |_| Combination::Any),
            Rule::AtLeast(at_least) => {
                let count = at_least.count();
                self.combined(rule, &at_least.of, count, Combination::AtLeast)
            }
            Rule::Not(of) => self.negated(rule, of),
            Rule::When(when) => self.conditional(&when.condition, true, &when.rule),
            Rule::Unless(unless) => self.conditional(&unless.condition, false, &unless.rule),
            single => Some(self.single(single, name)),
        }
    }

    fn combined(
        &mut self,
        rule: &Rule,
        of: &[Rule],
        count: usize,
        combination: fn(u32) -> Combination,
    ) -> Option<Judgement> {
        let used_before = self.used.clone();
        let parts: Vec<_> = of.iter().filter_map(|part| self.rule(part, None)).collect();
        if parts.is_empty() {
            return None;
        }
        let count = count.min(parts.len());
        let verdicts = parts.iter().map(|part| &part.verdict);
        let verdict = if self.is_negated {
            Verdict::at_least(count, verdicts.cloned())
        } else {
            Verdict::at_least(count, verdicts.map(Verdict::bare))
        };
        // What the combination does without is free for what comes after it.
        self.used = used_before;
        self.used.extend(verdict.overrides().cloned());
        Some(Judgement {
            policy: rule.name(),
            policy_version: 1,
            verdict,
            combined: Some(combination(u32::try_from(count).unwrap_or(u32::MAX))),
            parts: parts.into_iter().map(stored).collect(),
        })
    }

    fn negated(&mut self, rule: &Rule, of: &Rule) -> Option<Judgement> {
        let may_except = std::mem::replace(&mut self.may_except, false);
        let is_negated = std::mem::replace(&mut self.is_negated, true);
        let part = self.rule(of, None);
        self.may_except = may_except;
        self.is_negated = is_negated;
        let part = part?;
        let holds = || {
            let message = format!("`{}` holds, and it must not", part.policy);
            let remedy = "wait until it does not, or do what makes it fail";
            Reason::new("holds", message, remedy).read("policy", part.policy.as_str())
        };
        Some(Judgement {
            policy: rule.name(),
            policy_version: 1,
            verdict: part.verdict.clone().negated_by(holds),
            combined: Some(Combination::Not),
            parts: vec![stored(part)],
        })
    }

    fn conditional(
        &mut self,
        condition: &super::Condition,
        wanted: bool,
        rule: &Rule,
    ) -> Option<Judgement> {
        match condition.holds(self.ask) {
            Ok(holds) if holds == wanted => self.rule(rule, None),
            Ok(_) => None,
            Err(unknown) => {
                let reasons = vec![*unknown];
                let unknown = Verdict::Unknown { reasons };
                Some(Judgement::single(rule.name(), 1, unknown))
            }
        }
    }

    fn single(&mut self, rule: &Rule, name: Option<&Key>) -> Judgement {
        let Some(policy) = rule.judge() else {
            let what = "a combination was judged as a policy";
            let verdict = failed("not-a-policy", what.to_owned());
            return Judgement::single(rule.name(), 1, verdict);
        };
        self.model |= policy.reads_model();
        self.conflicts.extend(policy.conflicts());
        let relations = policy.relations();
        let asked = policy
            .needs()
            .and_then(|needs| Ok((needs, policy.calendars()?)));
        let verdict = match asked {
            Ok((needs, questions)) => {
                let related = relations.iter().flat_map(|&one| self.ask.related(one));
                let others: BTreeSet<_> = related.collect();
                if policy.is_timed() || !questions.is_empty() {
                    self.window = self.ask.window_ahead();
                }
                let mut lacking = self.lacking(&needs, &others);
                let answers = self.consult(&questions, &mut lacking);
                let verdict = if lacking.is_empty() {
                    policy.verdict(&self.ask.knowing(&needs, relations, &answers))
                } else {
                    Verdict::Unknown { reasons: lacking }
                };
                self.answers.extend(answers);
                self.facts.extend(needs);
                self.others.extend(others);
                verdict
            }
            Err(failed) => failed,
        };
        let name = name.cloned().unwrap_or_else(|| policy.name());
        let verdict = self.excepted(verdict, &name);
        Judgement::single(name, policy.version(), verdict)
    }

    /// What calendars answer to a policy's questions; what could not be read is lacking.
    fn consult(
        &mut self,
        questions: &[CalendarQuestion],
        lacking: &mut Vec<Reason>,
    ) -> Vec<Availability> {
        let mut answers = Vec::with_capacity(questions.len());
        for question in questions {
            let name = &question.calendar;
            let (message, remedy) = match self.ask.consult(question, self.may_except) {
                Some(Ok(answer)) => {
                    answers.push(answer);
                    continue;
                }
                Some(Err(why)) => {
                    self.unread_calendars.insert(name.clone(), why.clone());
                    let message = format!("calendar `{name}` could not be read: {why}");
                    (message, "ask again once it can be read")
                }
                None => (
                    format!("calendar `{name}` was not read"),
                    "ask at a `Desk`, which reads it, or add it with `Facts::with_calendar`",
                ),
            };
            let reason = Reason::new("calendar-not-read", message, remedy);
            lacking.push(reason.read("calendar", name.as_str()));
        }
        answers
    }

    /// Why a policy cannot be asked: facts that could not be had, and releases that were not read.
    fn lacking(&self, needs: &[Key], others: &BTreeSet<ReleaseId>) -> Vec<Reason> {
        let facts = needs.iter().filter_map(|key| {
            let why = self.ask.why_missing(key)?;
            let message = format!("fact `{key}` could not be had: {why}");
            let remedy = "ask again once it can be had";
            Some(Reason::new("fact-missing", message, remedy).read("fact", key.as_str()))
        });
        let others = others
            .iter()
            .filter_map(|&id| not_read(id, self.ask.read(id)));
        facts.chain(others).collect()
    }

    /// A violation that overrides cover as a whole is excepted, and uses them up: one override, one blocker.
    fn excepted(&mut self, verdict: Verdict, policy: &Key) -> Verdict {
        let Verdict::Violated { reasons } = verdict else {
            return verdict;
        };
        if !self.may_except {
            return Verdict::Violated { reasons };
        }
        let mut overrides = BTreeSet::new();
        let mut until = None;
        let roles = self.gate.override_roles();
        for reason in &reasons {
            let granted = self.ask.state().overrides.values();
            let fitting = granted.filter(|one| {
                let OverrideGranted {
                    id,
                    policy: of,
                    code,
                    about,
                    ..
                } = one.granted.as_ref();
                (of, code, about) == (policy, &reason.code, &reason.about)
                    && against(self.ask, one, roles).is_none()
                    && !overrides.contains(id)
                    && !self.used.contains(id)
            });
            // The one that lasts longest, so that no other is needed later.
            let fitting = fitting.min_by_key(|one| Reverse(one.granted.until));
            let Some(GrantedOverride { granted, .. }) = fitting else {
                return Verdict::Violated { reasons };
            };
            overrides.insert(granted.id.clone());
            until = earliest([until, Some(granted.until)]);
        }
        self.used.extend(overrides.iter().cloned());
        Verdict::Excepted {
            reasons,
            overrides,
            until,
        }
    }
}

/// Whether a policy in it is violated: only that can be overridden.
fn can_be_overridden(judgement: &Judgement) -> bool {
    let mut policies = judgement.policies();
    policies.any(|policy| matches!(policy.verdict, Verdict::Violated { .. }))
}

/// As it is kept: a combination leaves its reasons to its parts, unless they are its own.
fn stored(judgement: Judgement) -> Judgement {
    let has_own_reasons = match judgement.combined {
        None => true,
        Some(Combination::Not) => matches!(judgement.verdict, Verdict::Violated { .. }),
        Some(Combination::All | Combination::Any | Combination::AtLeast(_)) => false,
    };
    if has_own_reasons {
        return judgement;
    }
    let verdict = judgement.verdict.bare();
    Judgement {
        verdict,
        ..judgement
    }
}

/// Why another release cannot be looked at; nothing if it can.
fn not_read(id: ReleaseId, other: Option<Result<&OtherRelease, &Text>>) -> Option<Reason> {
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
