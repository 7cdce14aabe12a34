//! One requirement being asked: what its rule comes to, and what that looked at.

use super::breach::Breach;
use super::judge::not_read;
use super::overrides::against;
use super::rule::Rule;
use super::{AnyGate, Ask};
use crate::phase::Interval;
use crate::release::{
    Availability, CalendarQuestion, Combination, ConflictQuestion, GrantedOverride, Judgement, Key,
    OverrideGranted, Reason, ReleaseId, Text, Verdict, earliest,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// One requirement being asked.
pub(super) struct Requiring<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) gate: &'a AnyGate,
    /// The overrides that are spoken for.
    pub(super) used: BTreeSet<Key>,
    /// Whether an override lifts what is asked: not where nothing is refused, and not under `not`, where lifting would
    /// refuse.
    pub(super) may_except: bool,
    /// Whether it is asked under `not`, which looks at when the reasons clear.
    pub(super) is_negated: bool,
    /// The host's facts that were asked for.
    pub(super) facts: BTreeSet<Key>,
    /// Whether it was asked how the release's model stands.
    pub(super) model: bool,
    /// What is left of the window that it was asked about.
    pub(super) window: Option<Interval>,
    /// The other releases that were looked at.
    pub(super) others: BTreeSet<ReleaseId>,
    /// What calendars answered.
    pub(super) answers: Vec<Availability>,
    pub(super) unread_calendars: BTreeMap<Key, Text>,
    /// What was asked of what other releases have booked.
    pub(super) conflicts: BTreeSet<ConflictQuestion>,
}

impl Requiring<'_> {
    /// What a rule answers; nothing if it is not judged.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every policy is asked in the same way"
    )]
    pub(super) fn rule(&mut self, rule: &Rule, name: Option<&Key>) -> Option<Judgement> {
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
            let verdict = Breach::NotAPolicy.told(what.to_owned());
            return Judgement::single(rule.name(), 1, verdict);
        };
        self.model |= policy.reads_model();
        let relations = policy.relations();
        let asked = policy
            .needs()
            .and_then(|needs| Ok((needs, policy.calendars()?, policy.conflicts()?)));
        let verdict = match asked {
            Ok((needs, questions, conflicts)) => {
                self.conflicts.extend(conflicts);
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
pub(super) fn can_be_overridden(judgement: &Judgement) -> bool {
    let mut policies = judgement.policies();
    policies.any(|policy| matches!(policy.verdict, Verdict::Violated { .. }))
}

/// As it is kept: a combination leaves its reasons to its parts, unless they are its own.
pub(super) fn stored(judgement: Judgement) -> Judgement {
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
