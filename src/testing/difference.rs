//! Difference: what two gate sets answer differently.

use super::near::removals;
use super::ruling::broken;
use super::variation::varied;
use super::{BrokenPolicy, Ruling, Stated, Variation};
use crate::gate::{GateSet, ReleaseModel, Rule};
use crate::release::Key;
use crate::report::Outline;
use crate::verify::Question;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What two gate sets answer differently to the same questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// How many questions were asked.
    pub asked: u64,
    /// What was refused, and is cleared now.
    pub newly_allowed: Flips,
    /// What was cleared, and is refused now.
    pub newly_refused: Flips,
    /// What is answered the same, for other reasons.
    pub changed: Flips,
    /// The policies that broke their contract; what they answered is in no count.
    pub broken: Vec<BrokenPolicy>,
    /// The host policies in either set: of them, only what was asked is known.
    pub opaque: BTreeSet<Key>,
}

/// Answers of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Flips {
    /// How many.
    pub count: u64,
    /// The smallest example of each sort: of the same reasons that went and came.
    pub examples: Vec<Example>,
}

/// A question that is answered differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Example {
    /// The name of the question.
    pub name: String,
    /// What of it can be left out, and it is answered differently all the same.
    pub but: Vec<Variation>,
    /// The reasons that are no longer there.
    pub went: Vec<Stated>,
    /// The reasons that are there now.
    pub came: Vec<Stated>,
    /// What was answered.
    pub old: Ruling,
    /// What is answered now.
    pub new: Ruling,
    /// How many answers there are of this sort.
    pub count: u64,
}

/// In which way, and which reasons went and came.
type Sort = (Way, Vec<Stated>, Vec<Stated>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Allowed,
    Refused,
    Changed,
}

/// The smallest question of a sort so far.
struct Smallest {
    size: usize,
    name: String,
    question: Question,
    count: u64,
}

/// What these gate sets answer differently to these questions.
///
/// The same set gives no difference; exchanged, what is newly allowed and newly refused change places. Approvals of the
/// step are approvals of it under both. A host's policy is asked as it is: what holds for these questions need not hold
/// for others.
#[must_use]
pub fn difference<'a>(
    old: &GateSet,
    new: &GateSet,
    over: impl IntoIterator<Item = (&'a str, &'a Question)>,
) -> Difference {
    let mut difference = Difference {
        asked: 0,
        newly_allowed: Flips::default(),
        newly_refused: Flips::default(),
        changed: Flips::default(),
        broken: Vec::new(),
        opaque: opaque(old).chain(opaque(new)).collect(),
    };
    let mut sorts: BTreeMap<Sort, Smallest> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for (name, question) in over {
        difference.asked += 1;
        let (before, after) = (question.ask(old), question.ask(new));
        let at_fault = [&before, &after].map(|decision| broken(decision, name));
        if at_fault.iter().any(|one| !one.is_empty()) {
            found.extend(at_fault.into_iter().flatten());
            continue;
        }
        let Some(sort) = sort(&Ruling::of(&before), &Ruling::of(&after)) else {
            continue;
        };
        let size = size(question);
        let smallest = sorts.entry(sort).or_insert_with(|| Smallest {
            size,
            name: name.to_owned(),
            question: question.clone(),
            count: 0,
        });
        smallest.count += 1;
        if (size, name) < (smallest.size, smallest.name.as_str()) {
            smallest.size = size;
            name.clone_into(&mut smallest.name);
            smallest.question = question.clone();
        }
    }
    difference.broken = found.into_iter().collect();
    for (sort, smallest) in sorts {
        let flips = match sort.0 {
            Way::Allowed => &mut difference.newly_allowed,
            Way::Refused => &mut difference.newly_refused,
            Way::Changed => &mut difference.changed,
        };
        flips.count += smallest.count;
        flips.examples.push(example(old, new, sort, smallest));
    }
    difference
}

/// The same of two versions of a release model: releases that follow the old one are held by each in turn.
#[must_use]
pub fn difference_of_models<'a>(
    old: &ReleaseModel,
    new: &ReleaseModel,
    over: impl IntoIterator<Item = (&'a str, &'a Question)>,
) -> Difference {
    let before = GateSet::new().with_model(old.clone());
    let after = GateSet::new().with_model_instead(new, old);
    difference(&before, &after, over)
}

/// In which way two rulings differ; nothing if they do not.
fn sort(old: &Ruling, new: &Ruling) -> Option<Sort> {
    let way = match (old.is_cleared, new.is_cleared) {
        (false, true) => Way::Allowed,
        (true, false) => Way::Refused,
        (true, true) | (false, false) => Way::Changed,
    };
    let said = |ruling: &Ruling| [ruling.blockers.clone(), ruling.warnings.clone()].concat();
    let (went, came) = (less(said(old), &said(new)), less(said(new), &said(old)));
    (old != new).then_some((way, went, came))
}

/// What is in the one and not in the other, as often as it is.
fn less(from: Vec<Stated>, other: &[Stated]) -> Vec<Stated> {
    let mut left = other.to_vec();
    let mut kept = Vec::new();
    for one in from {
        match left.iter().position(|other| *other == one) {
            Some(place) => drop(left.remove(place)),
            None => kept.push(one),
        }
    }
    kept
}

/// How much is given.
fn size(question: &Question) -> usize {
    let state = &question.core.state;
    state.people.values().map(BTreeSet::len).sum::<usize>()
        + state.approvals.len()
        + state.evidence.len()
        + state.checklist.len()
        + state.change_requests.len()
        + state.attempts.len()
        + state.overrides.len()
        + state.register.len()
        + state.defects.len()
        + state.costs.len()
        + state
            .test_report
            .iter()
            .map(|report| report.runs().len())
            .sum::<usize>()
}

/// The smallest of its sort, with whatever can be left out taken away.
fn example(old: &GateSet, new: &GateSet, of: Sort, smallest: Smallest) -> Example {
    let mut question = smallest.question;
    let mut but = Vec::new();
    for one in removals(&question) {
        let Some(less) = varied(&question, std::slice::from_ref(&one)) else {
            continue;
        };
        let rulings = [old, new].map(|gates| Ruling::of(&less.ask(gates)));
        let [before, after] = &rulings;
        if sort(before, after).as_ref() == Some(&of) {
            question = less;
            but.push(one);
        }
    }
    let (_, went, came) = of;
    Example {
        name: smallest.name,
        but,
        went,
        came,
        old: Ruling::of(&question.ask(old)),
        new: Ruling::of(&question.ask(new)),
        count: smallest.count,
    }
}

/// The host policies of a set.
fn opaque(gates: &GateSet) -> impl Iterator<Item = Key> {
    let of_models = gates.models().flat_map(ReleaseModel::gates);
    let all = gates.gates().iter().chain(of_models);
    let rules = all.flat_map(|gate| gate.requirements().iter());
    let rules = rules.flat_map(|requirement| requirement.rule.walk());
    rules.filter(|rule| rule.is_opaque()).map(Rule::name)
}

impl Difference {
    /// Whether every answer is the same. Where nothing was asked, or a policy broke its contract, nobody knows: it is not.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let flips = [&self.newly_allowed, &self.newly_refused, &self.changed];
        self.asked > 0 && self.broken.is_empty() && flips.iter().all(|flips| flips.count == 0)
    }

    /// The report for people.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let broken = self.broken.iter();
        let broken = broken.map(|one| Outline::new().own("broken: ").prose(one));
        let opaque = self.opaque.iter();
        let opaque = opaque.map(|name| {
            let what = " is the host's own: what it answers to other questions is not known";
            Outline::new().name(name).own(what)
        });
        Outline::new()
            .own(format!("difference over {} questions", self.asked))
            .under_all(broken)
            .under(self.newly_allowed.outline("newly allowed"))
            .under(self.newly_refused.outline("newly refused"))
            .under(self.changed.outline("for other reasons"))
            .under_all(opaque)
    }
}

impl Flips {
    fn outline(&self, what: &str) -> Outline {
        let examples = self.examples.iter().map(|one| {
            let but = one
                .but
                .iter()
                .map(|but| Outline::new().own("without: ").prose(but));
            Outline::new()
                .own(format!("{} as in ", one.count))
                .name(&one.name)
                .under_all(but)
                .under(Outline::new().own("old: ").prose(&one.old))
                .under(Outline::new().own("new: ").prose(&one.new))
        });
        let line = Outline::new().own(format!("{what}: {}", self.count));
        line.under_all(examples)
    }
}
