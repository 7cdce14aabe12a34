//! Questions near a question: what could be different for a rule to answer something else.
//!
//! A small honest set, by kind of rule: people and their answers, the numbers of the rule and their neighbours, the
//! edges of its times. What is not found here is not known to make no difference.
mod evidence;
mod people;
mod records;
mod time;

use super::Variation;
use super::variation::{Part, Source};
use crate::gate::{GateSet, Rule};
use crate::phase::Action;
use crate::release::{
    Actor, AnyRecord, ApprovalWithdrawn, Decision, Key, Role, RoleRelieved, Severity, TestReport,
    Track,
};
use crate::verify::Question;
use records::facts;
use serde_json::Value;
use std::collections::BTreeSet;

/// What may be different, one thing or a few at a time, for what these rules say about this question.
pub(super) fn near(
    question: &Question,
    gates: &GateSet,
    rules: &[&Rule],
    named: &BTreeSet<Role>,
) -> Vec<Vec<Variation>> {
    let decision = question.ask(gates);
    let near = Near {
        question,
        decision: &decision,
        named,
    };
    let mut all = Vec::new();
    for rule in rules.iter().flat_map(|rule| rule.walk()) {
        all.extend(near.of(rule));
    }
    let numbers = rules.iter().flat_map(|rule| rule.numbers());
    let lengths = numbers.filter(|(at, _)| at.contains("seconds"));
    let lengths: BTreeSet<_> = lengths
        .filter_map(|(_, length)| u32::try_from(length).ok())
        .collect();
    all.extend(
        near.instants(&lengths)
            .map(|at| vec![Variation::AskedAt(at)]),
    );
    // Two rules may ask for the same. As text they can be put in order, and thousands be told apart.
    let mut seen = BTreeSet::new();
    all.retain(|one| serde_json::to_string(one).is_ok_and(|one| seen.insert(one)));
    all
}

/// What may be different for whom the gate itself lets in: the track, and an override of what stands in the way.
pub(super) fn near_gate(
    question: &Question,
    gates: &GateSet,
    named: &BTreeSet<Role>,
) -> Vec<Vec<Variation>> {
    let decision = question.ask(gates);
    let near = Near {
        question,
        decision: &decision,
        named,
    };
    let tracks = [Track::Standard, Track::Normal, Track::Emergency];
    let tracks = tracks.map(|track| vec![Variation::OnTrack(track)]);
    tracks.into_iter().chain(near.overrides()).collect()
}

struct Near<'a> {
    question: &'a Question,
    decision: &'a Decision,
    named: &'a BTreeSet<Role>,
}

fn key(text: &str) -> Key {
    Key::clipped(text)
}

/// The numbers next to this one, and itself.
fn around(number: i64) -> [i64; 3] {
    [number.saturating_sub(1), number, number.saturating_add(1)]
}

fn one(record: impl Into<AnyRecord>, by: &Actor) -> Variation {
    Variation::Recorded {
        by: by.clone(),
        record: record.into(),
    }
}

fn lacking(parts: impl IntoIterator<Item = Part>) -> Vec<Vec<Variation>> {
    let parts = parts.into_iter();
    parts.map(|part| vec![Variation::Without(part)]).collect()
}

const SEVERITIES: [Severity; 4] = [
    Severity::Trivial,
    Severity::Minor,
    Severity::Major,
    Severity::Critical,
];

/// As many records of one kind as a rule may be about.
const MOST: i64 = 20;

impl Near<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "of the others, only time and what was read can be different"
    )]
    fn of(&self, rule: &Rule) -> Vec<Vec<Variation>> {
        let params: Value = serde_json::from_str(&rule.params()).unwrap_or_default();
        let numbers: BTreeSet<_> = rule.numbers().into_iter().map(|(_, one)| one).collect();
        match rule {
            Rule::Approvals(_) | Rule::SeparationOfDuties(_) => self.people(),
            Rule::Evidence(_) => self.tests(&params, &numbers),
            Rule::Soak(_) => {
                let attempts = self.question.core.state.attempts.keys().cloned();
                lacking(attempts.map(Part::Attempt))
            }
            Rule::BackOutPlan(_) => lacking([Part::BackOut]),
            Rule::Risk(_) => self.risks(),
            Rule::OpenIssues(_) => self.issues(&numbers),
            Rule::Budget(_) => self.costs(&numbers),
            Rule::StakeholdersNotified(_) => self.notices(),
            Rule::ChangeRequests(_) => self.change_requests(&numbers),
            Rule::Checklist(_) => self.checklist(&params),
            Rule::LeadTime(_) | Rule::TimeOfDay(_) => self.windows(),
            Rule::Waves(_) => lacking([Part::Rollout]),
            Rule::ModelStanding(_) => vec![vec![Variation::Unread(Source::Model)]],
            Rule::Fact(_) | Rule::Host(_) => facts(rule, &params, &numbers),
            Rule::Freeze(_) | Rule::MaintenanceWindow(_) => {
                let mut all = self.windows();
                let calendar = params.get("calendar").and_then(Value::as_str);
                let unread = calendar.map(|name| Variation::Unread(Source::Calendar(key(name))));
                all.extend(unread.map(|unread| vec![unread]));
                all
            }
            Rule::Dependencies(_) | Rule::InStep(_) => {
                let others = self.decision.others.keys();
                let unread = others.map(|id| Variation::Unread(Source::Release(*id)));
                unread.map(|one| vec![one]).collect()
            }
            Rule::When(conditional) | Rule::Unless(conditional) => {
                let condition = serde_json::to_value(&conditional.condition);
                self.conditions(&condition.unwrap_or_default())
            }
            _ => Vec::new(),
        }
    }

    fn by(&self) -> &Actor {
        self.question.by.actor()
    }

    fn action(&self) -> Action {
        self.question.step.action()
    }

    fn recorded(
        &self,
        records: impl IntoIterator<Item = impl Into<AnyRecord>>,
    ) -> Vec<Vec<Variation>> {
        let records = records.into_iter();
        records.map(|record| vec![one(record, self.by())]).collect()
    }

    /// As many of these as one of the numbers, and one more or fewer.
    fn counted<R: Into<AnyRecord>>(
        &self,
        numbers: &BTreeSet<i64>,
        record: impl Fn(i64) -> R,
    ) -> Vec<Vec<Variation>> {
        let counts: BTreeSet<_> = numbers.iter().flat_map(|&number| around(number)).collect();
        let counts = counts
            .into_iter()
            .filter(|count| (1..=MOST).contains(count));
        let records = counts.map(|count| (0..count).map(|place| one(record(place), self.by())));
        records.map(Iterator::collect).collect()
    }
}

/// Everything that could be taken out of what is given, one thing at a time.
pub(super) fn removals(question: &Question) -> Vec<Variation> {
    let state = &question.core.state;
    let by = question.by.actor();
    let mut parts = Vec::new();
    let report = state.clone().test_report_mut().cloned();
    let runs = report.iter().flat_map(TestReport::runs);
    parts.extend(runs.map(|run| Part::TestRun(run.id.clone())));
    parts.extend(state.evidence.keys().cloned().map(Part::Evidence));
    parts.extend(state.risk.iter().map(|_| Part::RiskAssessment));
    parts.extend(state.checklist.keys().cloned().map(Part::ChecklistItem));
    parts.extend(
        state
            .change_requests
            .keys()
            .cloned()
            .map(Part::ChangeRequest),
    );
    parts.extend(state.notified.keys().cloned().map(Part::Notice));
    parts.extend(state.overrides.keys().cloned().map(Part::Override));
    parts.extend(state.attempts.keys().cloned().map(Part::Attempt));
    let mut all: Vec<_> = parts.into_iter().map(Variation::Without).collect();
    for ((step, person, role), given) in &state.approvals {
        let mut withdrawn = ApprovalWithdrawn::new(*step, role.clone());
        withdrawn.on_behalf_of = given.stand_in(person).map(|_| person.clone());
        all.push(one(withdrawn, &given.by));
    }
    for (role, holders) in &state.people {
        let relieved = holders
            .iter()
            .map(|one| RoleRelieved::new(one.clone(), role.clone()));
        all.extend(relieved.map(|record| one(record, by)));
    }
    all
}
