//! Every decision about a step comes from here: the invariants, then each requirement of each gate that holds it.

use super::overrides::{against, unhelpful};
use super::rule::{Requirement, Rule, failed};
use super::{AnyGate, Ask, Facts, LIFECYCLE};
use crate::phase::{Action, Instant};
use crate::release::{
    AnyStep, Asking, By, Core, Decision, Enforcement, Finding, GrantedOverride, Key,
    OverrideGranted, Part, Reason, State, Stream, Track, Verdict, Version, earliest,
};
use std::{cell::OnceCell, collections::BTreeSet};

/// The gates that may hold a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Book<'a> {
    pub(super) gates: &'a [AnyGate],
}

impl<'a> Book<'a> {
    pub(super) const fn one(gate: &'a AnyGate) -> Self {
        Self {
            gates: std::slice::from_ref(gate),
        }
    }

    pub(super) fn holding(
        self,
        action: Action,
        track: Track,
    ) -> impl Iterator<Item = &'a AnyGate> + use<'a> {
        self.gates
            .iter()
            .filter(move |gate| gate.holds_for(action, track))
    }
}

/// A decision about a step, and the logs that must not move until it is committed.
pub(super) struct Judged {
    pub(super) decision: Decision,
    pub(super) guards: BTreeSet<(Stream, Version)>,
}

pub(super) fn judge(book: Book<'_>, core: &Core, step: &AnyStep, facts: &Facts, by: &By) -> Judged {
    let state = &core.state;
    let action = step.action();
    let mut decision = Decision::begun(Asking::Step(action), by, facts.now());
    decision.findings = lifecycle(state.admits_step(step, core.occasion(by, facts.now())));
    let mut judged = Judged {
        decision,
        guards: BTreeSet::new(),
    };
    if action.leads(state.standing).is_none() {
        return judged;
    }
    // Before a release begins, gates go by the track that is asked for.
    let track = step.request().map_or(state.track, |request| request.track);
    let gates: Vec<_> = book.holding(action, track).collect();
    let ids: Vec<_> = gates.iter().map(|gate| gate.id().clone()).collect();
    let subject = OnceCell::new();
    let ask = Ask::new(core, step, track, facts, &by.actor, &ids, &subject);
    let asked = gates.iter().map(|gate| gate.requirements().len()).sum();
    judged.decision.findings.reserve(asked);
    for gate in gates {
        for requirement in gate.requirements() {
            judged.ask(gate, requirement, &ask, state, facts);
        }
    }
    let unhelpful = unhelpful(&ask, &judged.decision);
    judged.decision.findings.extend(unhelpful);
    judged.decision.gates = ids;
    judged
}

impl Judged {
    /// Asks what one requirement says. Only what blocks bears on how long a clearance holds, and on which logs.
    fn ask(
        &mut self,
        gate: &AnyGate,
        requirement: &Requirement,
        ask: &Ask<'_>,
        state: &State,
        facts: &Facts,
    ) {
        let mut asking = Asked {
            ask,
            state,
            gate,
            used: self.decision.overrides().cloned().collect(),
            facts: BTreeSet::new(),
        };
        let Some(part) = asking.rule(&requirement.rule, Some(&requirement.policy)) else {
            return;
        };
        let blocks = requirement.enforcement == Enforcement::Block;
        for key in asking.facts {
            let Some(fact) = facts.get(&key) else {
                continue;
            };
            if blocks {
                self.hold_until(Some(fact.expires()));
                let source = fact.source.as_ref();
                self.guards
                    .extend(source.map(|from| (from.stream.clone(), from.version)));
            }
            self.decision.facts.insert(key, fact.clone());
        }
        self.hold_until(part.verdict.until().filter(|_| blocks));
        let Part {
            policy,
            policy_version,
            verdict,
            needed,
            parts,
        } = stored(part);
        let mut finding = Finding {
            gate: gate.id().name.clone(),
            policy,
            policy_version,
            enforcement: requirement.enforcement,
            verdict,
            needed,
            parts,
            overridable_by: BTreeSet::new(),
        };
        if finding.blocks() && is_violated(&finding.verdict, &finding.parts) {
            finding.overridable_by.clone_from(gate.override_roles());
        }
        self.decision.findings.push(finding);
    }

    fn hold_until(&mut self, at: Option<Instant>) {
        self.decision.holds_until = earliest([self.decision.holds_until, at]);
    }
}

/// One requirement being asked.
struct Asked<'a> {
    ask: &'a Ask<'a>,
    state: &'a State,
    gate: &'a AnyGate,
    /// The overrides that are spoken for.
    used: BTreeSet<Key>,
    /// The host's facts that were asked for.
    facts: BTreeSet<Key>,
}

impl Asked<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every policy is asked in the same way"
    )]
    /// What a rule answers; nothing if it is not judged. A combination's verdict has the reasons of its parts.
    fn rule(&mut self, rule: &Rule, name: Option<&Key>) -> Option<Part> {
        match rule {
            Rule::All(of) => self.combined(rule, of, of.len()),
            Rule::Any(of) => self.combined(rule, of, 1),
            Rule::AtLeast(at_least) => self.combined(rule, &at_least.of, at_least.count()),
            Rule::Not(of) => self.negated(rule, of),
            Rule::When(when) => self.conditional(&when.condition, true, &when.rule),
            Rule::Unless(unless) => self.conditional(&unless.condition, false, &unless.rule),
            single => Some(self.single(single, name)),
        }
    }

    fn combined(&mut self, rule: &Rule, of: &[Rule], count: usize) -> Option<Part> {
        let parts: Vec<_> = of.iter().filter_map(|part| self.rule(part, None)).collect();
        if parts.is_empty() {
            return None;
        }
        let count = count.min(parts.len());
        let verdicts = parts.iter().map(|part| part.verdict.clone());
        let verdict = Verdict::at_least(count, verdicts);
        Some(Part {
            policy: rule.name(),
            policy_version: 1,
            verdict,
            needed: matches!(rule, Rule::AtLeast(_))
                .then(|| u32::try_from(count).unwrap_or(u32::MAX)),
            parts: parts.into_iter().map(stored).collect(),
        })
    }

    fn negated(&mut self, rule: &Rule, of: &Rule) -> Option<Part> {
        let part = self.rule(of, None)?;
        let holds = || {
            let message = format!("`{}` holds, and it must not", part.policy);
            let remedy = "wait until it does not, or do what makes it fail";
            Reason::new("holds", message, remedy).read("policy", part.policy.as_str())
        };
        Some(Part {
            policy: rule.name(),
            policy_version: 1,
            verdict: part.verdict.clone().negated(holds()),
            needed: None,
            parts: vec![stored(part)],
        })
    }

    fn conditional(
        &mut self,
        condition: &super::Condition,
        wanted: bool,
        rule: &Rule,
    ) -> Option<Part> {
        match condition.holds(self.ask, self.state) {
            Ok(holds) if holds == wanted => self.rule(rule, None),
            Ok(_) => None,
            Err(unknown) => Some(Part {
                policy: rule.name(),
                policy_version: 1,
                verdict: Verdict::Unknown {
                    reasons: vec![*unknown],
                },
                needed: None,
                parts: Vec::new(),
            }),
        }
    }

    fn single(&mut self, rule: &Rule, name: Option<&Key>) -> Part {
        let Some(policy) = rule.judge() else {
            let what = "a combination was judged as a policy";
            return Part {
                policy: rule.name(),
                policy_version: 1,
                verdict: failed("not-a-policy", what.to_owned()),
                needed: None,
                parts: Vec::new(),
            };
        };
        let verdict = match policy.needs() {
            Ok(needs) => {
                let verdict = policy.verdict(&self.ask.knowing(&needs), self.state);
                self.facts.extend(needs);
                verdict
            }
            Err(failed) => failed,
        };
        let name = name.cloned().unwrap_or_else(|| policy.name());
        Part {
            verdict: self.excepted(verdict, &name),
            policy: name,
            policy_version: policy.version(),
            needed: None,
            parts: Vec::new(),
        }
    }

    /// A violation that overrides cover as a whole is excepted, and uses them up: one override, one blocker.
    fn excepted(&mut self, verdict: Verdict, policy: &Key) -> Verdict {
        let Verdict::Violated { reasons } = verdict else {
            return verdict;
        };
        let mut overrides = BTreeSet::new();
        let mut until = None;
        let roles = self.gate.override_roles();
        for reason in &reasons {
            let fitting = self.state.overrides.values().find(|one| {
                let OverrideGranted {
                    id,
                    policy: of,
                    code,
                    ..
                } = one.granted.as_ref();
                (of, code) == (policy, &reason.code)
                    && against(self.ask, one, roles).is_none()
                    && !overrides.contains(id)
                    && !self.used.contains(id)
            });
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

/// Whether a single policy in it is violated: only that can be overridden.
fn is_violated(verdict: &Verdict, parts: &[Part]) -> bool {
    if parts.is_empty() {
        return matches!(verdict, Verdict::Violated { .. });
    }
    let mut parts = parts.iter();
    parts.any(|part| is_violated(&part.verdict, &part.parts))
}

/// As it is kept: a combination leaves its reasons to its parts, unless they are its own.
fn stored(part: Part) -> Part {
    let has_own_reasons = part.parts.is_empty()
        || part.policy.as_str() == crate::release::NOT
            && matches!(part.verdict, Verdict::Violated { .. });
    if has_own_reasons {
        return part;
    }
    Part {
        verdict: part.verdict.bare(),
        ..part
    }
}

pub(super) fn lifecycle(reasons: Vec<Reason>) -> Vec<Finding> {
    if reasons.is_empty() {
        return Vec::new();
    }
    let own = || Key::own(LIFECYCLE);
    vec![Finding {
        gate: own(),
        policy: own(),
        policy_version: 1,
        enforcement: Enforcement::Block,
        verdict: Verdict::Violated { reasons },
        needed: None,
        parts: Vec::new(),
        overridable_by: BTreeSet::new(),
    }]
}
