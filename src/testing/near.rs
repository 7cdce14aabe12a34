//! Questions near a question: what could be different for a rule to answer something else.
//!
//! A small honest set, by kind of rule: people and their answers, the numbers of the rule and their neighbours, the
//! edges of its times. What is not found here is not known to make no difference.

use super::Variation;
use super::variation::{Part, Source};
use crate::gate::{GateSet, Rule};
use crate::phase::{Action, Instant, Interval, Seconds};
use crate::release::{
    Actor, Answer, AnyRecord, Approval, ApprovalWithdrawn, AttemptEnd, ChangeRequest,
    ChangeRequestState, ChecklistItem, ChecklistStatus, CostBooked, Decision, DefectFound,
    DefectResolved, Digest, Environment, Evidence, FactValue, Grade, IssueRaised, IssueResolved,
    Key, Money, Name, OverrideGranted, Person, RegisterKind, ReleaseKind, RiskAssessment,
    RiskClosed, RiskRaised, Role, RoleGiven, RoleRelieved, Service, Severity, StakeholdersNotified,
    TestKind, TestReport, TestRun, Text, Track,
};
use crate::verify::Question;
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

/// Somebody who has done nothing yet.
fn somebody() -> Option<Person> {
    Person::new("somebody").ok()
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

    fn everybody(&self) -> BTreeSet<Person> {
        let state = &self.question.core.state;
        let in_roles = state.people.values().flatten().cloned();
        let answered = state.approvals.keys().map(|(_, person, _)| person.clone());
        let actors = state.requested_by.iter().chain([self.by()]);
        let actors = actors.filter_map(|actor| actor.person().cloned());
        in_roles
            .chain(answered)
            .chain(actors)
            .chain(somebody())
            .collect()
    }

    /// Who has which role, who answered, who asked.
    fn people(&self) -> Vec<Vec<Variation>> {
        let state = &self.question.core.state;
        let people = self.everybody();
        let mut all = Vec::new();
        let given = state.approvals.iter();
        for ((step, person, role), given) in given.filter(|((step, ..), _)| *step == self.action())
        {
            let mut withdrawn = ApprovalWithdrawn::new(*step, role.clone());
            withdrawn.on_behalf_of = given.stand_in(person).map(|_| person.clone());
            all.push(vec![one(withdrawn, &given.by)]);
            let (subject, answer) = (self.question.about, Answer::Rejected);
            let mut rejected = Approval::new(*step, subject, role.clone(), answer);
            rejected.comment = Text::clipped("not so");
            all.push(vec![one(rejected, &given.by)]);
        }
        for (role, holders) in &state.people {
            for person in holders {
                let relieved = RoleRelieved::new(person.clone(), role.clone());
                all.push(vec![one(relieved, self.by())]);
            }
        }
        for person in &people {
            all.push(vec![Variation::RequestedBy(person.clone())]);
            all.push(vec![Variation::AskedBy(person.clone())]);
            let others = [Role::Builder, Role::Deployer];
            for role in self.named.iter().chain(&others) {
                let approved = Variation::Approved {
                    by: person.clone(),
                    role: role.clone(),
                };
                if state.has_role(person, role) {
                    all.push(vec![approved]);
                } else {
                    let given = RoleGiven::new(person.clone(), role.clone());
                    let given = one(given, self.by());
                    all.push(vec![given.clone()]);
                    all.push(vec![given, approved]);
                }
            }
        }
        all
    }

    /// Overrides of what stands in the way, in each role.
    fn overrides(&self) -> Vec<Vec<Variation>> {
        let mut all = Vec::new();
        let state = &self.question.core.state;
        for blocker in self.decision.blockers() {
            for role in self.named {
                let id = key("override");
                let (policy, code) = (blocker.policy.clone(), blocker.reason.code.clone());
                let until = self.question.facts.now().plus(Seconds::hours(1));
                let why = Text::clipped("it has to be");
                let step = self.action();
                let mut granted =
                    OverrideGranted::new(id, step, policy, code, role.clone(), why, until);
                granted.about.clone_from(&blocker.reason.about);
                for holder in state.holders(role) {
                    all.push(vec![one(granted.clone(), &holder.into())]);
                }
                if let Some(person) = somebody() {
                    let given = RoleGiven::new(person.clone(), role.clone());
                    let granted = one(granted, &person.into());
                    all.push(vec![one(given, self.by()), granted]);
                }
            }
        }
        all
    }

    /// Runs with as many failures as the shares ask for, fewer runs, other places; documents and defects.
    fn tests(&self, params: &Value, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let mut all = Vec::new();
        let words = |at: &str| -> BTreeSet<String> {
            let found = params.get(at);
            let keys = found.and_then(Value::as_object);
            let keys = keys.into_iter().flatten().map(|(key, _)| key.clone());
            let list = found.and_then(Value::as_array).into_iter().flatten();
            keys.chain(list.filter_map(|one| Some(one.as_str()?.to_owned())))
                .collect()
        };
        let places = params.get("environments").and_then(Value::as_object);
        let places = places
            .into_iter()
            .flatten()
            .filter_map(|(_, list)| list.as_array());
        let places = places.flatten().filter_map(Value::as_str);
        let places: BTreeSet<_> = places.chain(["elsewhere"]).collect();
        let places: Vec<_> = places.into_iter().flat_map(Environment::new).collect();
        let report = self.question.core.state.clone().test_report_mut().cloned();
        let runs: Vec<TestRun> = report.iter().flat_map(|one| one.runs().cloned()).collect();
        let shares: BTreeSet<_> = numbers.iter().flat_map(|&number| around(number)).collect();
        let shares: Vec<_> = shares
            .into_iter()
            .filter_map(|share| u8::try_from(share).ok().filter(|share| *share <= 100))
            .collect();
        all.extend(lacking(
            runs.iter().map(|run| Part::TestRun(run.id.clone())),
        ));
        for run in &runs {
            for &share in &shares {
                let mut changed = run.clone();
                (changed.passed, changed.failed) = (share.into(), u32::from(100 - share));
                all.push(vec![one(changed, self.by())]);
                let mut changed = run.clone();
                changed.coverage_percent = Some(share);
                all.push(vec![one(changed, self.by())]);
            }
            for place in &places {
                let mut changed = run.clone();
                changed.environment = place.clone();
                all.push(vec![one(changed, self.by())]);
            }
        }
        if let Some(report) = &report {
            let kinds = words("required").into_iter();
            for kind in kinds.flat_map(TestKind::named) {
                for place in &places {
                    let (id, package) = (key("one more"), report.package());
                    let run =
                        TestRun::new(id, kind.clone(), place.clone(), package, 100_u32, 0_u32);
                    all.push(vec![one(run, self.by())]);
                }
            }
        }
        all.extend(self.documents(report.as_ref(), &words("documents")));
        all.extend(self.defects(numbers));
        all
    }

    /// Each document missing, about the package, and about another one.
    fn documents(
        &self,
        report: Option<&TestReport>,
        named: &BTreeSet<String>,
    ) -> Vec<Vec<Variation>> {
        let there = self.question.core.state.evidence.keys().cloned();
        let mut all = lacking(there.map(Part::Evidence));
        let what = Name::new("A document").ok();
        for document in named {
            let other = Digest::of(b"another package");
            for package in [report.map(TestReport::package), Some(other)] {
                let digest = Digest::of(document.as_bytes());
                let written = what.clone().map(|what| {
                    let mut written = Evidence::new(key(document), what, digest);
                    written.package = package;
                    written
                });
                all.extend(self.recorded(written));
            }
        }
        all
    }

    fn defects(&self, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let open = self.question.core.state.defects.keys().cloned();
        let mut all = self.recorded(open.map(DefectResolved::new));
        for severity in SEVERITIES {
            all.extend(self.counted(numbers, |place| {
                DefectFound::new(key(&format!("defect {place}")), severity)
            }));
        }
        all
    }

    fn risks(&self) -> Vec<Vec<Variation>> {
        let mut all = lacking([Part::RiskAssessment]);
        let grades = (1..=5).flat_map(Grade::new);
        all.extend(
            self.recorded(
                grades.map(|grade| RiskAssessment::new(grade, grade, grade, grade, grade)),
            ),
        );
        all
    }

    fn issues(&self, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let open = self.question.core.state.register.keys();
        let ended = open.map(|(kind, id)| -> AnyRecord {
            match kind {
                RegisterKind::Issue => IssueResolved::new(id.clone()).into(),
                RegisterKind::Risk => RiskClosed::new(id.clone()).into(),
            }
        });
        let mut all = self.recorded(ended);
        let what = || Text::clipped("something");
        for severity in SEVERITIES {
            all.extend(self.counted(numbers, |place| {
                IssueRaised::new(key(&format!("issue {place}")), severity, what())
            }));
            all.extend(self.counted(numbers, |place| {
                RiskRaised::new(key(&format!("risk {place}")), severity, what())
            }));
        }
        all
    }

    /// Bookings up to each share of the budget, and a unit more.
    fn costs(&self, shares: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let state = &self.question.core.state;
        let mut all = lacking([Part::Budget]);
        let Some(budget) = state.plan_in_force().and_then(|plan| plan.budget) else {
            return all;
        };
        let booked = state
            .costs
            .values()
            .map(|cost| i128::from(cost.amount.minor_units))
            .sum::<i128>();
        let shares: BTreeSet<_> = shares.iter().flat_map(|&share| around(share)).collect();
        for share in shares {
            let most = budget.minor_units.saturating_mul(share) / 100;
            for amount in [most, most.saturating_add(1)] {
                let left = i64::try_from(i128::from(amount) - booked).ok();
                let amount = left.map(|left| Money::new(left, budget.currency));
                let booked = amount.map(|amount| CostBooked::new(key("one more"), amount));
                all.extend(self.recorded(booked));
            }
        }
        all
    }

    fn notices(&self) -> Vec<Vec<Variation>> {
        let state = &self.question.core.state;
        let mut all = lacking(state.notified.keys().cloned().map(Part::Notice));
        let whom = state.plan_in_force().map(|plan| plan.stakeholders.clone());
        all.extend(self.recorded(whom.map(StakeholdersNotified::new)));
        all
    }

    fn change_requests(&self, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
        let ids = self.question.core.state.change_requests.keys();
        let mut all = lacking(ids.clone().cloned().map(Part::ChangeRequest));
        let states = ChangeRequestState::OWN.iter();
        for state in states.flat_map(ChangeRequestState::named) {
            let moved = ids
                .clone()
                .map(|id| ChangeRequest::new(id.clone(), state.clone()));
            all.extend(self.recorded(moved));
            all.extend(self.counted(numbers, |place| {
                ChangeRequest::new(key(&format!("change {place}")), state.clone())
            }));
        }
        all
    }

    fn checklist(&self, params: &Value) -> Vec<Vec<Variation>> {
        let items = params.get("items").and_then(Value::as_array);
        let items = items.into_iter().flatten().filter_map(Value::as_str);
        let mut all = Vec::new();
        for item in items {
            all.extend(lacking([Part::ChecklistItem(key(item))]));
            for status in [
                ChecklistStatus::Open,
                ChecklistStatus::Done,
                ChecklistStatus::NotApplicable,
            ] {
                let mut looked = ChecklistItem::new(key(item), status);
                looked.comment = Text::clipped("seen");
                all.extend(self.recorded([looked]));
            }
        }
        all
    }

    /// The same length on the days around, and hours earlier and later.
    fn windows(&self) -> Vec<Vec<Variation>> {
        let Some(window) = self.question.step.window() else {
            return Vec::new();
        };
        let days = (1..=7).flat_map(|days| [Seconds::days(days), Seconds::hours(3 * days)]);
        let moved = days.flat_map(|by| {
            let later = Interval::new(window.start().plus(by), window.end().plus(by));
            let earlier = Interval::new(window.start().minus(by), window.end().minus(by));
            [later, earlier].into_iter().flatten()
        });
        moved
            .map(|window| vec![Variation::Window(window)])
            .collect()
    }

    /// A release that fits each word of the condition, and one that does not.
    fn conditions(&self, condition: &Value) -> Vec<Vec<Variation>> {
        let listed = |what: &str| -> Vec<String> {
            let list = condition.get(what).and_then(Value::as_array);
            let list = list.into_iter().flatten().filter_map(Value::as_str);
            list.map(str::to_owned).collect()
        };
        let mut all = Vec::new();
        if condition.get("tracks").is_some() {
            for track in [Track::Standard, Track::Normal, Track::Emergency] {
                all.push(vec![Variation::OnTrack(track)]);
            }
        }
        if condition.get("kinds").is_some() {
            let kinds = listed("kinds").into_iter().flat_map(ReleaseKind::named);
            let kinds = kinds.map(Some).chain([None]);
            all.extend(kinds.map(|kind| vec![Variation::OfKind(kind)]));
        }
        if condition.get("services").is_some() {
            let services = listed("services").into_iter().flat_map(Service::new);
            let services = services.map(|service| BTreeSet::from([service]));
            let services = services.chain([BTreeSet::new()]);
            all.extend(services.map(|services| vec![Variation::Services(services)]));
        }
        let labels = condition.get("labels").and_then(Value::as_object);
        for (label, value) in labels.into_iter().flatten() {
            let value = value.as_str().and_then(|value| Name::new(value).ok());
            for value in [value, Name::new("something else").ok(), None] {
                let key = key(label);
                all.push(vec![Variation::Label { key, value }]);
            }
        }
        if condition.get("risks").is_some() {
            all.extend(self.risks());
        }
        all
    }

    /// The edges of what is known of time, moved by each of these lengths, and a tick around each.
    fn instants(&self, lengths: &BTreeSet<u32>) -> impl Iterator<Item = Instant> + use<> {
        let Question {
            core, facts, step, ..
        } = self.question;
        let state = &core.state;
        let mut edges = vec![core.head.created_at, core.head.updated_at];
        edges.extend(
            step.window()
                .into_iter()
                .flat_map(|one| [one.start(), one.end()]),
        );
        let plan = state.plan_in_force();
        let window = plan.and_then(|plan| plan.window);
        edges.extend(window.into_iter().flat_map(|one| [one.start(), one.end()]));
        edges.extend(plan.and_then(|plan| plan.back_out.as_ref()?.rehearsed));
        edges.extend(state.approvals.values().map(|one| one.at));
        edges.extend(state.overrides.values().map(|one| one.granted.until));
        edges.extend(state.notified.values().copied());
        edges.extend(state.evidence.values().map(|(_, at)| *at));
        for attempt in state.attempts.values() {
            edges.push(attempt.began);
            if let AttemptEnd::Finished(_, at) = attempt.end {
                edges.push(at);
            }
        }
        let report = state.test_report.iter();
        edges.extend(report.flat_map(|report| report.dated_runs().map(|(_, at)| at)));
        edges.extend(facts.edges());
        let lengths = lengths.iter().map(|&length| Seconds::new(length));
        let moved: Vec<_> = lengths
            .flat_map(|by| edges.iter().flat_map(move |at| [at.plus(by), at.minus(by)]))
            .collect();
        let told = self.decision.findings.iter().flat_map(|finding| {
            let policies = finding.judgement.policies();
            policies.flat_map(|one| {
                let lifted = one.verdict.reasons().iter().filter_map(|one| one.clears_at);
                lifted.chain(one.verdict.until())
            })
        });
        let told: Vec<_> = told.chain(self.decision.holds_until).collect();
        // What the answer itself says first, then what it may rest on.
        let edges = told.into_iter().chain(moved).chain(edges);
        let mut near = Vec::new();
        for edge in edges {
            let tick = |by| Instant::from_unix_micros(edge.unix_micros() + by).ok();
            near.extend([tick(-1), Some(edge), tick(1)].into_iter().flatten());
        }
        let (now, mut seen) = (facts.now(), BTreeSet::new());
        near.into_iter()
            .filter(move |at| *at != now && seen.insert(*at))
    }
}

/// What the host may know instead: the numbers and texts of the rule and what is next to them, and nothing.
fn facts(rule: &Rule, params: &Value, numbers: &BTreeSet<i64>) -> Vec<Vec<Variation>> {
    let numbers = numbers.iter().flat_map(|&number| around(number));
    let numbers: BTreeSet<_> = numbers.collect();
    let texts = params.pointer("/test/one_of").and_then(Value::as_array);
    let texts = texts.into_iter().flatten().filter_map(Value::as_str);
    let texts = texts.chain(["something else"]).flat_map(Text::new);
    let numbers = numbers.into_iter().map(FactValue::Integer);
    let flags = [FactValue::Flag(true), FactValue::Flag(false)];
    // Values of the kind that is asked for, if that is known, and none.
    let tested = params.get("test").and_then(Value::as_object);
    let tested = tested
        .and_then(|test| test.keys().next())
        .map(String::as_str);
    let values: Vec<_> = match tested {
        Some("is") => flags.into(),
        Some("at_least" | "at_most") => numbers.collect(),
        Some("one_of") => texts.map(FactValue::Text).collect(),
        Some(_) | None => flags.into_iter().chain(numbers).collect(),
    };
    let values: Vec<_> = values.into_iter().map(Some).chain([None]).collect();
    let keys = rule.facts().into_iter();
    keys.flat_map(|key| {
        let values = values.iter().cloned();
        values.map(move |value| {
            let key = key.clone();
            vec![Variation::Fact { key, value }]
        })
    })
    .collect()
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
