//! Mutation: every rule changed a little, one at a time, and who notices.

use super::near::{near, near_gate};
use super::paste;
use super::ruling::broken;
use super::variation::varied;
use super::{BrokenPolicy, Check, Ruling, Variation};
use crate::gate::{AnyGate, Edit, GateSet, Mutant, Percent, Place, Policies, ReleaseModel, Rule};
use crate::release::{Decision, Role};
use crate::report::Outline;
use crate::verify::Question;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

/// As many questions are asked near the cases, of the rules and of one change that no case notices.
const BUDGET: usize = 2_000;

/// Which slight changes of the rules no test would notice.
///
/// Every rule is changed a little, one change at a time: taken away, its numbers one up and one down, a role exchanged,
/// `any` for `all`, and so on. A change that makes a check fail is *killed*. Of each of the others a question is sought
/// that tells it from the rules, near the questions of the checks: where one is found, the change *survives*, and the
/// question is the test that is missing. Where none is found, nobody knows: it is *unknown* and counts against the
/// score. Only over a finite list of questions that is the [whole](Self::whole_domain) of what can be asked is a change
/// called *equivalent*, and counts for nothing.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{Facts, GateSet, RiskPolicy};
/// use phasegate::release::{By, Name, ReleaseRequest, RiskLevel, step::Authorise};
/// # use phasegate::release::{Assessment, AssessmentDecision};
/// use phasegate::testing::{Check, Mutation, Ruling};
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
/// let report = Mutation::of(&gates, &[check]).run();
/// let survivors: Vec<_> = report.survivors.iter().map(|one| one.edit.to_string()).collect();
/// assert_eq!(survivors, [
///     r#"`at_most` "low" instead of "medium""#,
///     r#"`at_most` "high" instead of "medium""#,
///     "overridable by release_manager too",
/// ]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "it has to be run"]
pub struct Mutation<'a> {
    gates: &'a GateSet,
    checks: &'a [Check],
    policies: Policies,
    domain: &'a [Question],
}

/// What became of every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MutationReport {
    /// The changes that a check notices.
    pub killed: Vec<Killed>,
    /// The changes that no check notices, each with a question that tells it.
    pub survivors: Vec<Survivor>,
    /// The changes that make no difference to anything that can be asked.
    pub equivalent: Vec<Equivalent>,
    /// The changes of which nobody knows.
    pub unknown: Vec<Unknown>,
    /// How many changes are no rules: the loader of files refuses them.
    pub not_rules: usize,
    /// The host policies whose parameters could not be changed, because they are not among the policies given.
    pub opaque: Vec<Place>,
    /// The checks that fail on the rules as they are. Nothing is changed then.
    pub failing: Vec<String>,
    /// The policies that broke their contract. No score is given then.
    pub broken: Vec<BrokenPolicy>,
}

/// A change that a check notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Killed {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// The first check that fails.
    pub by: String,
}

/// A change that no check notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Survivor {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// The question that tells it.
    pub telling: Telling,
    /// How many survivors before it come to the same name of a test.
    #[serde(skip)]
    twins: usize,
}

/// A question to which the changed rules answer something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Telling {
    /// The check near which it is, or its place in the whole domain.
    pub near: String,
    /// What is different from the question of that check; none for a question of the domain.
    pub but: Vec<Variation>,
    /// What the rules answer.
    pub ruling: Ruling,
    /// What the changed rules answer.
    pub changed: Ruling,
    #[serde(skip)]
    question: Question,
}

/// A change that makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Equivalent {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// How many questions were asked: all that there are about that step.
    pub asked: usize,
}

/// A change of which nobody knows whether it makes a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unknown {
    /// Where.
    pub place: Place,
    /// What was changed.
    pub edit: Edit,
    /// Why.
    pub why: WhyUnknown,
}

/// Why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhyUnknown {
    /// No check asks for the step of that gate, and the domain does not either.
    NeverAsked,
    /// Nothing was found near the checks, after so many questions, and no whole domain is known.
    NothingFound(usize),
    /// A gate of that step has a host policy, of which a sample says nothing about the rest.
    Opaque,
    /// A policy broke its contract under the change.
    Broken,
}

impl fmt::Display for WhyUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverAsked => f.write_str("no check asks for that step"),
            Self::NothingFound(asked) => write!(f, "nothing found in {asked} questions nearby"),
            Self::Opaque => f.write_str("a host policy is asked for that step, and is opaque"),
            Self::Broken => f.write_str("a policy broke its contract"),
        }
    }
}

impl<'a> Mutation<'a> {
    /// Of these gates, as these checks test them.
    pub const fn of(gates: &'a GateSet, checks: &'a [Check]) -> Self {
        Self {
            gates,
            checks,
            policies: Policies::new(),
            domain: &[],
        }
    }

    /// The same, where the parameters of these host policies are changed too.
    pub fn with_policies(mut self, policies: &Policies) -> Self {
        self.policies = policies.clone();
        self
    }

    /// The same, where nothing else but these questions can ever be asked. What differs on none of them is equivalent.
    pub const fn whole_domain(mut self, domain: &'a [Question]) -> Self {
        self.domain = domain;
        self
    }

    /// Changes every rule, and sees who notices.
    #[must_use]
    pub fn run(self) -> MutationReport {
        let mut report = MutationReport {
            killed: Vec::new(),
            survivors: Vec::new(),
            equivalent: Vec::new(),
            unknown: Vec::new(),
            not_rules: 0,
            opaque: Vec::new(),
            failing: Vec::new(),
            broken: Vec::new(),
        };
        for check in self.checks {
            let decision = check.question().ask(self.gates);
            report.broken.extend(broken(&decision, check.name()));
            if !check.accepts(&decision) {
                report.failing.push(check.name().to_owned());
            }
        }
        if !report.failing.is_empty() || !report.broken.is_empty() {
            return report;
        }
        let mut mutants = self.gates.mutants(&self.policies);
        report.not_rules = mutants.not_rules;
        report.opaque.append(&mut mutants.opaque);
        let mut search = Search::new(&self);
        for mutant in mutants.of(self.gates) {
            search.weigh(mutant, &mut report);
        }
        report.broken.append(&mut search.broken);
        report.broken.sort();
        report
    }

    /// What is asked near a check.
    fn named(&self, check: usize, but: &[Variation]) -> String {
        let name = self.checks.get(check).map_or("", Check::name);
        match but {
            [] => name.to_owned(),
            but => format!("{name}, but {}", said(but)),
        }
    }
}

/// A question near a check, and what the rules answer.
struct Nearby {
    check: usize,
    but: Vec<Variation>,
    question: Question,
    ruling: Ruling,
}

/// What came of asking the whole domain.
struct Asked {
    count: usize,
    differs: Option<Telling>,
    /// Whether every answer counts.
    is_whole: bool,
}

/// Looks for who notices a change.
struct Search<'a> {
    of: &'a Mutation<'a>,
    roles: BTreeSet<Role>,
    /// What the rules answer to each question of the domain, where all policies keep their contract.
    domain: Vec<Option<Ruling>>,
    /// The questions near the checks, by the place of the rule that they are about.
    nearby: BTreeMap<Place, Rc<Vec<Nearby>>>,
    broken: Vec<BrokenPolicy>,
}

impl<'a> Search<'a> {
    fn new(of: &'a Mutation<'a>) -> Self {
        let mut search = Self {
            of,
            roles: roles(of.gates),
            domain: Vec::new(),
            nearby: BTreeMap::new(),
            broken: Vec::new(),
        };
        for (index, question) in of.domain.iter().enumerate() {
            let ruling = search.ruled(of.gates, question, || in_domain(index));
            search.domain.push(ruling);
        }
        search
    }

    /// What these rules answer; nothing where a policy breaks its contract, which is noted.
    fn ruled(
        &mut self,
        gates: &GateSet,
        question: &Question,
        case: impl FnOnce() -> String,
    ) -> Option<Ruling> {
        let decision = question.ask(gates);
        let is_sound = self.is_sound(&decision, case);
        is_sound.then(|| Ruling::of(&decision))
    }

    /// Whether every policy kept its contract in it; each that did not is noted once.
    fn is_sound(&mut self, decision: &Decision, case: impl FnOnce() -> String) -> bool {
        let found = broken(decision, "");
        if found.is_empty() {
            return true;
        }
        let case = case();
        for one in found {
            let is_known = |other: &BrokenPolicy| {
                (&other.gate, &other.policy, &other.code) == (&one.gate, &one.policy, &one.code)
            };
            if !self.broken.iter().any(is_known) {
                let case = case.clone();
                self.broken.push(BrokenPolicy { case, ..one });
            }
        }
        false
    }

    fn weigh(&mut self, mutant: Mutant, report: &mut MutationReport) {
        let (of, gates) = (self.of, self.of.gates);
        let Some(gate) = gates.gate_at(&mutant.place) else {
            return;
        };
        let is_asked = |question: &Question| question.step.action() == gate.action();
        let checks = of.checks.iter().filter(|check| is_asked(check.question()));
        let mut is_ever_asked = false;
        for check in checks {
            is_ever_asked = true;
            let decision = check.question().ask(&mutant.set);
            let case = || format!("{}, {}", check.name(), mutant.edit);
            let is_sound = self.is_sound(&decision, case);
            let Mutant { place, edit, .. } = &mutant;
            let (place, edit) = (place.clone(), edit.clone());
            if !is_sound {
                let why = WhyUnknown::Broken;
                report.unknown.push(Unknown { place, edit, why });
                return;
            }
            if !check.accepts(&decision) {
                let by = check.name().to_owned();
                report.killed.push(Killed { place, edit, by });
                return;
            }
        }
        let Asked {
            count: asked,
            differs,
            is_whole,
        } = self.over_domain(&mutant, gate);
        let is_opaque = has_opaque(gates, gate);
        if asked > 0 && differs.is_none() && is_whole && !is_opaque {
            let Mutant { place, edit, .. } = mutant;
            report.equivalent.push(Equivalent { place, edit, asked });
            return;
        }
        let mut budget = BUDGET;
        let telling = self.telling(&mutant, gate, &mut budget).or(differs);
        let Mutant { place, edit, .. } = mutant;
        if let Some(telling) = telling {
            let name = |place: &Place, edit: &Edit| {
                paste::called(&place.to_string(), &edit.to_string(), 0)
            };
            let (own, all) = (name(&place, &edit), report.survivors.iter());
            let twins = all.filter(|one| name(&one.place, &one.edit) == own).count();
            report.survivors.push(Survivor {
                place,
                edit,
                telling,
                twins,
            });
            return;
        }
        let why = if is_opaque {
            WhyUnknown::Opaque
        } else if is_ever_asked {
            WhyUnknown::NothingFound(BUDGET - budget)
        } else {
            WhyUnknown::NeverAsked
        };
        report.unknown.push(Unknown { place, edit, why });
    }

    /// The first question of the domain to which the changed rules answer something else.
    fn over_domain(&mut self, mutant: &Mutant, gate: &AnyGate) -> Asked {
        let mut asked = Asked {
            count: 0,
            differs: None,
            is_whole: true,
        };
        for (index, question) in self.of.domain.iter().enumerate() {
            if question.step.action() != gate.action() {
                continue;
            }
            asked.count += 1;
            let case = || format!("{}, {}", in_domain(index), mutant.edit);
            let changed = self.ruled(&mutant.set, question, case);
            let ruling = self.domain.get(index).cloned().flatten();
            let Some((ruling, changed)) = ruling.zip(changed) else {
                asked.is_whole = false;
                continue;
            };
            if ruling != changed {
                asked.differs = Some(Telling {
                    near: in_domain(index),
                    but: Vec::new(),
                    ruling,
                    changed,
                    question: question.clone(),
                });
                return asked;
            }
        }
        asked
    }

    /// A question near the checks to which the changed rules answer something else, with as little different as can be.
    fn telling(&mut self, mutant: &Mutant, gate: &AnyGate, budget: &mut usize) -> Option<Telling> {
        let (of, place) = (self.of, &mutant.place);
        let nearby = match self.nearby.get(place) {
            Some(nearby) => Rc::clone(nearby),
            None => {
                let nearby = Rc::new(self.nearby_of(place, gate));
                self.nearby.insert(place.clone(), Rc::clone(&nearby));
                nearby
            }
        };
        for one in nearby.iter() {
            *budget = budget.checked_sub(1)?;
            let case = || format!("{}, {}", of.named(one.check, &one.but), mutant.edit);
            let changed = self.ruled(&mutant.set, &one.question, case);
            if changed.is_some_and(|changed| changed != one.ruling) {
                return self.shrunk(mutant, one.check, one.but.clone());
            }
        }
        self.further(mutant, &nearby, budget)
    }

    /// The same one step further on: from where the rule alone answers something else, and then from anywhere. Of what is
    /// said of a gate as a whole, the second step is what it says it of.
    fn further(
        &mut self,
        mutant: &Mutant,
        nearby: &[Nearby],
        budget: &mut usize,
    ) -> Option<Telling> {
        let (of, gates) = (self.of, self.of.gates);
        let place = &mutant.place;
        let whole = gates
            .rule_at(place)
            .map(|(requirement, _)| &requirement.rule);
        let (alone, changed) = (gates.only(place), mutant.set.only(place));
        let is_gone = matches!(mutant.edit, Edit::Dropped | Edit::Warns);
        // Where to begin is no answer: it need not be a sound one.
        let differs = |question: &Question| {
            let ruling = Ruling::of(&question.ask(&alone));
            if is_gone {
                !ruling.is_cleared
            } else {
                ruling != Ruling::of(&question.ask(&changed))
            }
        };
        let (first, then): (Vec<_>, Vec<_>) = nearby.iter().partition(|one| differs(&one.question));
        for seed in first.into_iter().chain(then) {
            let further = match whole {
                Some(rule) => near(&seed.question, gates, &[rule], &self.roles),
                None => near_gate(&seed.question, gates, &self.roles),
            };
            for more in further {
                let Some(question) = varied(&seed.question, &more) else {
                    continue;
                };
                *budget = budget.checked_sub(1)?;
                let but: Vec<_> = seed.but.iter().cloned().chain(more).collect();
                let case = || of.named(seed.check, &but);
                let ruling = self.ruled(gates, &question, case);
                let changed = self.ruled(&mutant.set, &question, case);
                let both = ruling.zip(changed);
                if both.is_some_and(|(ruling, changed)| ruling != changed) {
                    return self.shrunk(mutant, seed.check, but);
                }
            }
        }
        None
    }

    /// Questions near a check on that gate's step, those with the least different and the least in the way first; the
    /// question of the check itself among them, for what is further on. No more than can be asked of one change.
    fn nearby_of(&mut self, place: &Place, gate: &AnyGate) -> Vec<Nearby> {
        let (of, gates) = (self.of, self.of.gates);
        let mut wanted = Vec::new();
        for (index, check) in of.checks.iter().enumerate() {
            let question = check.question();
            if question.step.action() != gate.action() {
                continue;
            }
            let (mut variations, rules) = if let Some((_, rule)) = gates.rule_at(place) {
                (Vec::new(), vec![rule])
            } else {
                let rules = gate.requirements().iter().map(|one| &one.rule);
                (near_gate(question, gates, &self.roles), rules.collect())
            };
            variations.extend(near(question, gates, &rules, &self.roles));
            wanted.push((index, Vec::new()));
            wanted.extend(variations.into_iter().map(|but| (index, but)));
        }
        // Of all checks alike: what is nearest to each of them comes first.
        wanted.sort_by_key(|(_, but)| but.len());
        let mut nearby = Vec::new();
        for (check, but) in wanted {
            let Some(before) = of.checks.get(check).map(Check::question) else {
                continue;
            };
            let question = if but.is_empty() {
                Some(before.clone())
            } else {
                varied(before, &but)
            };
            let Some(question) = question else {
                continue;
            };
            let Some(ruling) = self.ruled(gates, &question, || of.named(check, &but)) else {
                continue;
            };
            nearby.push(Nearby {
                check,
                but,
                question,
                ruling,
            });
            if nearby.len() == BUDGET {
                break;
            }
        }
        nearby.sort_by_key(|one| (one.but.len(), one.ruling.blockers.len()));
        nearby
    }

    /// The same with nothing different that need not be.
    fn shrunk(&mut self, mutant: &Mutant, check: usize, but: Vec<Variation>) -> Option<Telling> {
        let of = self.of;
        let check = of.checks.get(check)?;
        let (mut but, mut place) = (but, 0);
        let mut tell = |but: &[Variation]| {
            let before = check.question();
            let question =
                varied(before, but).or_else(|| but.is_empty().then(|| before.clone()))?;
            let case = || format!("{}, but {}", check.name(), said(but));
            let ruling = self.ruled(of.gates, &question, case)?;
            let changed = self.ruled(&mutant.set, &question, case)?;
            (ruling != changed).then_some((question, ruling, changed))
        };
        while place < but.len() {
            let mut fewer = but.clone();
            fewer.remove(place);
            if tell(&fewer).is_some() {
                but = fewer;
            } else {
                place += 1;
            }
        }
        let (question, ruling, changed) = tell(&but)?;
        Some(Telling {
            near: check.name().to_owned(),
            but,
            ruling,
            changed,
            question,
        })
    }
}

fn in_domain(index: usize) -> String {
    format!("question {index} of the domain")
}

pub(super) fn said(but: &[Variation]) -> String {
    let said: Vec<_> = but.iter().map(ToString::to_string).collect();
    said.join(", and ")
}

/// Whether any gate of that step has a host's policy: all of them answer together.
fn has_opaque(gates: &GateSet, gate: &AnyGate) -> bool {
    let of_models = gates.models().flat_map(ReleaseModel::gates);
    let all = gates.gates().iter().chain(of_models);
    let holding = all.filter(|one| one.action() == gate.action());
    let mut rules = holding.flat_map(|one| one.requirements().iter());
    rules.any(|requirement| requirement.rule.walk().any(Rule::is_opaque))
}

/// The roles that any gate or model of the set names.
fn roles(gates: &GateSet) -> BTreeSet<Role> {
    let of_models = gates.models().flat_map(ReleaseModel::gates);
    let in_gates = gates.gates().iter().chain(of_models).flat_map(|gate| {
        let rules = gate.requirements().iter();
        let named = rules.flat_map(|requirement| requirement.rule.roles());
        named.chain(gate.override_roles().iter().cloned())
    });
    let in_models = gates
        .models()
        .flat_map(|model| model.roles().keys().cloned());
    in_gates
        .chain(in_models)
        .chain([Role::ReleaseManager])
        .collect()
}

impl Survivor {
    /// The check that kills it: the telling question, with what the rules answer.
    #[must_use]
    pub fn check(&self) -> Check {
        let Telling {
            near,
            but,
            ruling,
            question,
            ..
        } = &self.telling;
        let name = match but.as_slice() {
            [] => near.clone(),
            but => format!("{near}, but {}", said(but)),
        };
        Check::new(name, question.clone(), ruling.clone())
    }

    /// The same as a test to paste: it takes the checks from `checks()`, and the rules from `gates()`.
    #[must_use]
    pub fn rust(&self) -> String {
        let Self {
            place,
            edit,
            telling,
            twins,
        } = self;
        paste::rust(*twins, &place.to_string(), &edit.to_string(), telling)
    }
}

impl MutationReport {
    /// How much of what could be changed is noticed: the killed among all but the equivalent, rounded down. Nothing where
    /// nothing was changed, a check fails, or a policy broke its contract.
    #[must_use]
    pub fn score(&self) -> Option<Percent> {
        if !self.failing.is_empty() || !self.broken.is_empty() {
            return None;
        }
        let all = self.killed.len() + self.survivors.len() + self.unknown.len();
        let share = (self.killed.len() * 100).checked_div(all)?;
        Percent::new(u8::try_from(share).ok()?).ok()
    }

    /// The test fails if a change survives, if one is unknown, or if there is no score.
    ///
    /// # Panics
    ///
    /// Then, with the whole report.
    #[track_caller]
    pub fn assert_none_survive(&self) {
        let score = self.score().map(Percent::get);
        assert!(score == Some(100), "{}", self.outline());
    }

    /// The report for people.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let score = self
            .score()
            .map_or_else(|| "no score".to_owned(), |one| format!("{} %", one.get()));
        let counts = [
            (self.killed.len(), "killed"),
            (self.survivors.len(), "survived"),
            (self.unknown.len(), "unknown"),
            (self.equivalent.len(), "equivalent"),
        ];
        let counts = counts.map(|(count, what)| format!("{count} {what}"));
        let failing = self.failing.iter();
        let failing = failing.map(|name| {
            Outline::new()
                .name(name)
                .own(" fails on the rules as they are")
        });
        let broken = self.broken.iter();
        let broken = broken.map(|one| Outline::new().own("broken: ").prose(one));
        let change = |what: &'static str, place: &Place, edit: &Edit| {
            Outline::new().own(what).name(place).own(": ").prose(edit)
        };
        let survivors = self.survivors.iter().map(|one| {
            let Telling {
                near,
                but,
                ruling,
                changed,
                ..
            } = &one.telling;
            let but = but.iter().map(|but| Outline::new().own("but: ").prose(but));
            let told = Outline::new().own("told by ").name(near);
            let told = told.under_all(but);
            let told = told.under(Outline::new().own("the rules: ").prose(ruling));
            let told = told.under(Outline::new().own("changed: ").prose(changed));
            change("survived: ", &one.place, &one.edit).under(told)
        });
        let unknown = self
            .unknown
            .iter()
            .map(|one| change("unknown: ", &one.place, &one.edit).own(format!("; {}", one.why)));
        let equivalent = self.equivalent.iter().map(|one| {
            let asked = format!("; the same in all {} questions", one.asked);
            change("equivalent: ", &one.place, &one.edit).own(asked)
        });
        let opaque = self.opaque.iter();
        let opaque = opaque.map(|place| {
            let what = "opaque: parameters not changed, register the policy: ";
            Outline::new().own(what).name(place)
        });
        Outline::new()
            .own(format!("mutation: {score}; {}", counts.join(", ")))
            .under_all(failing)
            .under_all(broken)
            .under_all(survivors)
            .under_all(unknown)
            .under_all(equivalent)
            .under_all(opaque)
    }
}
