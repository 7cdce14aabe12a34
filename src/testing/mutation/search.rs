//! Who notices a change; and where nobody does, a question that tells it.

use super::{Equivalent, Killed, Mutation, MutationReport, Survivor, Telling, Unknown, WhyUnknown};
use crate::gate::{AnyGate, Edit, GateSet, Mutant, Place, ReleaseModel, Rule};
use crate::release::{Decision, Role};
use crate::testing::near::{near, near_gate};
use crate::testing::paste;
use crate::testing::ruling::broken;
use crate::testing::variation::varied;
use crate::testing::{BrokenPolicy, Check, Ruling, Variation};
use crate::verify::Question;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// As many questions are asked near the cases, of the rules and of one change that no case notices.
const BUDGET: usize = 2_000;

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
pub(super) struct Search<'a> {
    of: &'a Mutation<'a>,
    roles: BTreeSet<Role>,
    /// What the rules answer to each question of the domain, where all policies keep their contract.
    domain: Vec<Option<Ruling>>,
    /// The questions near the checks, by the place of the rule that they are about.
    nearby: BTreeMap<Place, Rc<Vec<Nearby>>>,
    pub(super) broken: Vec<BrokenPolicy>,
}

impl<'a> Search<'a> {
    pub(super) fn new(of: &'a Mutation<'a>) -> Self {
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

    pub(super) fn weigh(&mut self, mutant: Mutant, report: &mut MutationReport) {
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
        let nearby = if let Some(nearby) = self.nearby.get(place) {
            Rc::clone(nearby)
        } else {
            let nearby = Rc::new(self.nearby_of(place, gate));
            self.nearby.insert(place.clone(), Rc::clone(&nearby));
            nearby
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
