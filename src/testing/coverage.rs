//! Coverage: which policies the tests have seen allow, refuse, and decide alone.

use super::ruling::broken;
use super::{BrokenPolicy, Check, Ruling};
use crate::gate::{GateSet, Percent, Place};
use crate::phase::Action;
use crate::release::{Decision, Enforcement, Key, Reason, Verdict};
use crate::report::Outline;
use crate::verify::Question;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What the tests have seen of the policies of a gate set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// Every policy, in the order in which the gates have them.
    pub policies: Vec<Covered>,
    /// The checks that fail. What failing tests have seen counts for nothing.
    pub failing: Vec<String>,
    /// The policies that broke their contract.
    pub broken: Vec<BrokenPolicy>,
}

/// What the tests have seen of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Covered {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub policy: Key,
    /// Whether it is a host's own: known by samples only.
    pub is_opaque: bool,
    /// How many checks asked it.
    pub asked: usize,
    /// How often it had nothing against the step.
    pub allowed: usize,
    /// How often it had something against it.
    pub refused: usize,
    /// A check in which it has nothing against the step.
    pub allows: Seen,
    /// A check in which it has something against the step.
    pub refuses: Seen,
    /// A check that would be cleared without it.
    pub alone: Seen,
}

/// Whether something was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Seen {
    /// In this check first.
    In(String),
    /// In none.
    Never(WhyNever),
    /// It cannot be: what only warns decides nothing.
    NotApplicable,
}

/// Why something was never seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhyNever {
    /// No check asks for the step.
    NoCheckAsks(Action),
    /// The checks that ask for the step are of other tracks or of another model.
    NotHeld,
    /// No check fits its conditions.
    NeverJudged,
    /// It was unknown or failed whenever it was asked, for this reason first.
    NeverKnown(Key),
    /// It always had nothing against the step.
    AlwaysAllows,
    /// It always had something against the step.
    AlwaysRefuses,
    /// Whenever it refused, something else did too: this most often.
    AlwaysWith {
        /// What.
        what: String,
        /// How often.
        times: usize,
    },
    /// Whenever it refused, it made no difference: another part of its combination was enough.
    MadeNoDifference,
}

/// As a person reads it.
impl fmt::Display for WhyNever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCheckAsks(step) => write!(f, "no check asks for {step}"),
            Self::NotHeld => f.write_str("the checks are of another track or model"),
            Self::NeverJudged => f.write_str("no check fits its conditions"),
            Self::NeverKnown(code) => write!(f, "it never knew: {code}"),
            Self::AlwaysAllows => f.write_str("it always has nothing against the step"),
            Self::AlwaysRefuses => f.write_str("it always has something against the step"),
            Self::AlwaysWith { what, times } => {
                write!(
                    f,
                    "always together with something else, {times} times with {what}"
                )
            }
            Self::MadeNoDifference => f.write_str("another part of its combination was enough"),
        }
    }
}

/// What these checks have seen of these gates.
///
/// Each policy is judged alone, and the set without it: nothing is read off messages. A policy within a combination is
/// looked at as well as one that stands by itself; that a blocker is under `not` does not turn what it says around.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{Facts, GateSet, RiskPolicy};
/// use phasegate::release::{By, Name, ReleaseRequest, RiskLevel, step::Authorise};
/// # use phasegate::release::{Assessment, AssessmentDecision};
/// use phasegate::testing::{Check, coverage};
/// use phasegate::verify::Question;
/// # use phasegate::{Desk, Gate, MemoryStore, Person};
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
/// # let release = desk.run(desk.request(request), &kim).await?;
/// # let authorise = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
/// # let facts = Facts::at("2026-03-02T10:00:00Z".parse()?);
/// let at_most_medium = RiskPolicy::at_most(RiskLevel::Medium);
/// let gates = GateSet::new().with(Gate::<Authorise>::new("intake", 1)?.require(at_most_medium));
/// let question = Question::of(&gates, &release, authorise, &facts, &By::new(&kim));
/// let check = Check::that("nobody knows the risk", question, |decision| !decision.is_cleared());
///
/// assert_eq!(coverage(&gates, &[check]).outline().to_string(), "\
/// coverage: 66 % of 1 policies
/// └─ `intake, rules[0].rule.risk`: asked 1 times, allowed 0, refused 1
///    ├─ allows: never; it never knew: risk-not-assessed
///    ├─ refuses: in `nobody knows the risk`
///    └─ decides alone: in `nobody knows the risk`
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[must_use]
pub fn coverage(gates: &GateSet, checks: &[Check]) -> Coverage {
    let mut coverage = Coverage {
        policies: Vec::new(),
        failing: Vec::new(),
        broken: Vec::new(),
    };
    let mut seen = Vec::with_capacity(checks.len());
    for check in checks {
        let decision = check.question().ask(gates);
        coverage.broken.extend(broken(&decision, check.name()));
        if !check.accepts(&decision) {
            coverage.failing.push(check.name().to_owned());
        }
        seen.push((check, decision));
    }
    let policies = policies(gates).into_iter();
    coverage.policies = policies
        .filter_map(|place| covered(gates, place, &seen))
        .collect();
    coverage
}

/// The places of single policies.
pub(super) fn policies(gates: &GateSet) -> Vec<Place> {
    let is_policy = |place: &Place| {
        let rule = gates.rule_at(place).map(|(_, rule)| rule);
        rule.is_some_and(|rule| rule.parts().is_empty())
    };
    gates.places().into_iter().filter(is_policy).collect()
}

/// What one rule alone says of a question.
pub(super) enum Alone {
    /// Another gate's step, track or model.
    NotHeld,
    NotJudged,
    Allows,
    Refuses,
    /// It would refuse, and an override lets it pass.
    Excepted,
    Unknown(Key),
    /// It could not be evaluated: it says nothing of the step.
    Failed(Key),
}

pub(super) fn alone(only: &GateSet, place: &Place, question: &Question) -> Alone {
    let mut holding = only.gates_holding(&question.core, &question.step);
    if !holding.any(|gate| gate.id().name == place.gate) {
        return Alone::NotHeld;
    }
    let decision = question.ask(only);
    let finding = decision.findings.iter().find(|one| one.gate == place.gate);
    match finding.map(|finding| &finding.judgement.verdict) {
        None => Alone::NotJudged,
        Some(Verdict::Satisfied { .. }) => Alone::Allows,
        Some(Verdict::Excepted { .. }) => Alone::Excepted,
        Some(Verdict::Violated { .. }) => Alone::Refuses,
        Some(Verdict::Unknown { reasons }) => Alone::Unknown(first_of(reasons)),
        Some(Verdict::Failed { reasons }) => Alone::Failed(first_of(reasons)),
    }
}

fn first_of(reasons: &[Reason]) -> Key {
    let code = reasons.first().map(|reason| reason.code.clone());
    code.unwrap_or_else(|| Key::clipped("unknown"))
}

fn covered(gates: &GateSet, place: Place, seen: &[(&Check, Decision)]) -> Option<Covered> {
    let (requirement, rule) = gates.rule_at(&place)?;
    let gate = gates.gate_at(&place)?;
    let action = gate.action();
    let (only, without) = (gates.only(&place), gates.without(&place));
    let mut tally = Tally::default();
    for (check, decision) in seen {
        if check.question().step.action() != action {
            continue;
        }
        tally.is_asked = true;
        let is_refusal = match alone(&only, &place, check.question()) {
            Alone::NotHeld => continue,
            Alone::NotJudged => {
                tally.is_held = true;
                continue;
            }
            Alone::Allows => {
                tally.allowed.push(check.name());
                false
            }
            Alone::Excepted => {
                tally.excepted += 1;
                false
            }
            Alone::Refuses => true,
            Alone::Unknown(code) => {
                tally.never_known.get_or_insert(code);
                true
            }
            Alone::Failed(code) => {
                tally.never_known.get_or_insert(code);
                tally.failed += 1;
                false
            }
        };
        tally.is_held = true;
        if is_refusal {
            tally.refused.push(check.name());
            if decision.is_cleared() {
                continue;
            }
            let left = check.question().ask(&without);
            if left.is_cleared() {
                tally.alone.push(check.name());
            } else {
                tally.masked(&left, decision);
            }
        }
    }
    let blocks = requirement.enforcement == Enforcement::Block;
    Some(Covered {
        policy: rule.name(),
        is_opaque: rule.is_opaque(),
        asked: tally.asked(),
        allowed: tally.allowed.len(),
        refused: tally.refused.len(),
        allows: tally.seen(&tally.allowed, action, || {
            let unknown = tally.never_known.clone();
            unknown.map_or(WhyNever::AlwaysRefuses, WhyNever::NeverKnown)
        }),
        refuses: tally.seen(&tally.refused, action, || tally.why_never_refused()),
        alone: if blocks {
            tally.seen(&tally.alone, action, || tally.why_never_alone())
        } else {
            Seen::NotApplicable
        },
        place,
    })
}

/// In which checks what was seen.
#[derive(Default)]
struct Tally<'a> {
    is_asked: bool,
    is_held: bool,
    excepted: usize,
    failed: usize,
    allowed: Vec<&'a str>,
    refused: Vec<&'a str>,
    alone: Vec<&'a str>,
    never_known: Option<Key>,
    with: BTreeMap<String, usize>,
}

impl Tally<'_> {
    /// What refuses without it too, and did so beside it. What takes its place in a combination did not.
    fn masked(&mut self, left: &Decision, decision: &Decision) {
        let mut before = Ruling::of(decision).blockers;
        for one in Ruling::of(left).blockers {
            if let Some(place) = before.iter().position(|other| *other == one) {
                before.swap_remove(place);
                *self.with.entry(one.to_string()).or_default() += 1;
            }
        }
    }

    fn seen(&self, checks: &[&str], action: Action, why: impl FnOnce() -> WhyNever) -> Seen {
        if let Some(first) = checks.first() {
            return Seen::In((*first).to_owned());
        }
        Seen::Never(if !self.is_asked {
            WhyNever::NoCheckAsks(action)
        } else if !self.is_held {
            WhyNever::NotHeld
        } else if self.asked() == 0 {
            WhyNever::NeverJudged
        } else {
            why()
        })
    }

    /// How often it was judged.
    const fn asked(&self) -> usize {
        self.allowed.len() + self.refused.len() + self.excepted + self.failed
    }

    fn why_never_refused(&self) -> WhyNever {
        let failed = self.never_known.clone();
        let failed = failed.filter(|_| self.allowed.is_empty() && self.excepted == 0);
        failed.map_or(WhyNever::AlwaysAllows, WhyNever::NeverKnown)
    }

    fn why_never_alone(&self) -> WhyNever {
        if self.refused.is_empty() {
            return self.why_never_refused();
        }
        let most = self
            .with
            .iter()
            .max_by_key(|(what, times)| (**times, std::cmp::Reverse(*what)));
        most.map_or(WhyNever::MadeNoDifference, |(what, &times)| {
            WhyNever::AlwaysWith {
                what: what.clone(),
                times,
            }
        })
    }
}

impl Coverage {
    /// How much of what can be seen was seen, rounded down: each policy to allow, to refuse, and, if it blocks, to decide
    /// alone. Nothing where there is no policy.
    #[must_use]
    pub fn percent(&self) -> Option<Percent> {
        let all = self.policies.iter();
        let all = all.flat_map(|one| [&one.allows, &one.refuses, &one.alone]);
        let applicable = all.filter(|seen| !matches!(seen, Seen::NotApplicable));
        let seen = applicable
            .clone()
            .filter(|seen| matches!(seen, Seen::In(_)));
        let share = (seen.count() * 100).checked_div(applicable.count())?;
        Percent::new(u8::try_from(share).ok()?).ok()
    }

    /// Whether that much was seen, by checks that pass, of policies that keep their contract.
    #[must_use]
    pub fn is_at_least(&self, percent: Percent) -> bool {
        let is_sound = self.failing.is_empty() && self.broken.is_empty();
        is_sound && self.percent().is_some_and(|seen| seen >= percent)
    }

    /// The test fails unless that much was seen.
    ///
    /// # Panics
    ///
    /// Then, with the whole report.
    #[track_caller]
    pub fn assert_at_least(&self, percent: Percent) {
        assert!(
            self.is_at_least(percent),
            "less than {} % is covered\n{}",
            percent.get(),
            self.outline()
        );
    }

    /// The report for people.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let share = self
            .percent()
            .map_or_else(|| "nothing".to_owned(), |one| format!("{} %", one.get()));
        let (policies, failing) = (self.policies.len(), self.failing.iter());
        let failing = failing.map(|name| Outline::new().name(name).own(" fails"));
        let broken = self.broken.iter();
        let broken = broken.map(|one| Outline::new().own("broken: ").prose(one));
        Outline::new()
            .own(format!("coverage: {share} of {policies} policies"))
            .under_all(failing)
            .under_all(broken)
            .under_all(self.policies.iter().map(Covered::outline))
    }
}

impl Covered {
    fn outline(&self) -> Outline {
        let Self {
            place,
            is_opaque,
            asked,
            allowed,
            refused,
            allows,
            refuses,
            alone,
            ..
        } = self;
        let opaque = if *is_opaque { "opaque, " } else { "" };
        let line = |what: &'static str, seen: &Seen| {
            let line = Outline::new().own(what);
            match seen {
                Seen::In(check) => Some(line.own("in ").name(check)),
                Seen::Never(why) => Some(line.own("never; ").own(why.to_string())),
                Seen::NotApplicable => None,
            }
        };
        Outline::new()
            .name(place)
            .own(format!(
                ": {opaque}asked {asked} times, allowed {allowed}, refused {refused}"
            ))
            .under(line("allows: ", allows))
            .under(line("refuses: ", refuses))
            .under(line("decides alone: ", alone))
    }
}
