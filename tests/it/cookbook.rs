//! The cookbook, `docs/policies.md`: each block of JSON is read, and each refusal is what the crate says.

use crate::desk_support::{
    Office, at, attempt, by, id, key, name, office, package, person, run_of, stream, text, wait,
    went_live, worthwhile,
};
use crate::policies::{Desk, LIVE, money, staged};
use crate::policy_samples::built_in;
use crate::relations::other;
use phasegate::gate::{Facts, GateSet, Policies};
use phasegate::phase::{Deployment, PhaseName, Seconds, Testing};
use phasegate::release::step::{Deploy, FinishDeployment};
use phasegate::release::{
    BackOutPlan, Baseline, BookedConflict, ChangeRequest, ChangeRequestState, ChecklistItem,
    ChecklistStatus, ChildAttached, ConflictAnswer, ConflictQuestion, CostBooked, DefectFound,
    DependencyDeclared, Effect, Fact, FactSource, Grade, Health, HealthObserved, IssueRaised,
    ReleaseKind, ReleasePlan, ReleaseRequest, RiskAssessment, Role, RoleGiven, RunningWork,
    Service, Severity, StakeholdersNotified, Stream, Version, Wave, WaveStarted,
};
use phasegate::schedule::{CalendarState, Timing, WhileClosed, Window};
use phasegate::{Instant, Interval, Release};
use serde_json::{Value, json};

const COOKBOOK: &str = include_str!("../../docs/policies.md");

/// A block of the cookbook, and the heading under which it stands.
struct Block {
    under: &'static str,
    kind: &'static str,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut under = "";
    let mut is_open = false;
    for line in COOKBOOK.lines() {
        match line.strip_prefix("```") {
            Some(_) if is_open => is_open = false,
            Some(kind) => {
                is_open = true;
                let text = String::new();
                blocks.push(Block { under, kind, text });
            }
            None if is_open => {
                let open = blocks.last_mut().unwrap();
                open.text.push_str(line);
                open.text.push('\n');
            }
            None => under = line.strip_prefix("### ").unwrap_or(under),
        }
    }
    assert!(!is_open);
    blocks
}

/// The release that the cookbook describes, before and after it goes live.
struct World {
    office: Desk,
    tested: Release<Testing>,
    live: Release<Deployment>,
    facts: Facts,
}

fn plan() -> ReleasePlan {
    ReleasePlan::builder()
        .early_life_support(Seconds::days(7))
        .stakeholders(["max", "zoe"].map(person))
        .budget(money(50_000, "EUR"))
        .waves([
            Wave::new(key("canary"), Seconds::hours(4)),
            Wave::new(key("everybody"), Seconds::new(0)),
        ])
        .back_out(BackOutPlan::new(text("Switch the flag off.")))
        .build()
}

fn tested(office: &Desk) -> Release<Testing> {
    let request = ReleaseRequest::builder()
        .title(name("Shop 2.4"))
        .kind(ReleaseKind::Feature)
        .services([Service::new("checkout").unwrap()])
        .build();
    let release = office.done(office.asked(request), "kim");
    let mut release = office.done(release.authorise(worthwhile()), "cho");
    for (who, role) in [
        ("ada", Role::ReleaseManager),
        ("ann", Role::ChangeAuthority),
        ("bea", Role::ChangeAdvisoryBoard),
        ("ben", Role::ChangeAdvisoryBoard),
    ] {
        release = office.recorded(release, RoleGiven::new(person(who), role), "kim");
    }
    let release = office.recorded(release, plan(), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("2.4")), "ada");
    let mut run = run_of("run", &package("2.4"), 18, 2);
    run.coverage_percent = Some(70);
    let release = office.recorded(release, run, "tom");
    let defect = DefectFound::new(key("BUG-1"), Severity::Major);
    let release = office.recorded(release, defect, "tom");
    let release = staged(office, release, "rehearsal", LIVE);
    let told = StakeholdersNotified::new([person("max")]);
    let release = office.recorded(release, told, "ada");
    let cost = CostBooked::new(key("BILL-1"), money(60_000, "EUR"));
    let release = office.recorded(release, cost, "ada");
    let four = Grade::new(4).unwrap();
    let risk = RiskAssessment::new(four, four, four, four, four);
    let release = office.recorded(release, risk, "ada");
    let issue = IssueRaised::new(key("ISSUE-7"), Severity::Critical, text("No licence."));
    let release = office.recorded(release, issue, "ada");
    let linked = ChangeRequest::new(key("CHG-7"), ChangeRequestState::Assessed);
    let release = office.recorded(release, linked, "ada");
    let waits = DependencyDeclared::new(id(900), PhaseName::Review);
    let release = office.recorded(release, waits, "ada");
    let release = office.recorded(release, ChildAttached::new(id(901)), "ada");
    let item = ChecklistItem::new(key("runbook"), ChecklistStatus::Open);
    office.recorded(release, item, "ada")
}

fn window() -> Interval {
    Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z").unwrap()
}

/// Frozen from 21:00 to 06:00, and open from 01:00 to 05:00.
fn calendar(office: &Desk) -> CalendarState {
    let span = |start, end| Timing::between(Interval::parse(start, end).unwrap());
    let (block, allow) = (Effect::Blocked, Effect::Allowed);
    let hard = WhileClosed::new(block, RunningWork::FinishWave, allow, Effect::Warned);
    let audit = span("2026-03-02T21:00:00Z", "2026-03-03T06:00:00Z");
    let night = span("2026-03-03T01:00:00Z", "2026-03-03T05:00:00Z");
    let declared = |window| {
        wait(
            office
                .desk
                .declare_window(&key("production"), window, by("ada")),
        )
    };
    declared(Window::freeze(key("audit"), audit, hard)).unwrap();
    declared(Window::allow(key("night"), night, hard)).unwrap()
}

/// Another release is to be deployed from 21:00 to 23:00.
fn booked(of: &Stream, read_at: Instant) -> ConflictAnswer {
    let question = ConflictQuestion::new(1);
    let mut answer = ConflictAnswer::new(question, of.clone(), window(), read_at);
    let source = FactSource::new(stream(902), Version::new(7));
    let overlap = Interval::parse("2026-03-02T21:00:00Z", "2026-03-02T22:00:00Z").unwrap();
    let what = text("both change service `checkout`");
    answer.conflicts = vec![BookedConflict::new(source, overlap, what)];
    answer
}

impl World {
    fn new() -> Self {
        let office: Office<_> = office();
        let today = Interval::parse("2026-03-02T12:00:00Z", "2026-03-02T22:00:00Z").unwrap();
        let live = office.done(tested(&office).deploy(today), "ada");
        let live = office.recorded(live, attempt("first"), "dep");
        let live = office.recorded(live, went_live("first"), "dep");
        let live = office.recorded(live, WaveStarted::new(key("canary")), "dep");
        let healthy = HealthObserved::new(key("canary"), Health::Healthy);
        let live = office.recorded(live, healthy, "dep");
        let tested = tested(&office);
        let now = at("2026-03-02T12:00:00Z");
        let facts = Facts::at(now)
            .with(key("error_budget_percent"), Fact::new(8, now))
            .with(key("incidents_open"), Fact::new(1, now))
            .with_other(other(900, PhaseName::Testing))
            .with_other(other(901, PhaseName::Development))
            .with_calendar(calendar(&office));
        Self {
            facts: facts.with_conflicts(booked(tested.stream(), now)),
            tested,
            live,
            office,
        }
    }

    /// What these gates say of the release: of its deployment, if they hold that.
    fn answer(&self, gates: &GateSet) -> String {
        assert_eq!(self.office.now(), self.facts.now());
        let pipeline = by("pipeline");
        let holds = |step: &str| {
            gates
                .gates()
                .iter()
                .any(|gate| gate.action().name() == step)
        };
        let decision = if holds("deploy") {
            gates.explain(&self.tested, Deploy::new(window()), &self.facts, &pipeline)
        } else {
            gates.explain(&self.live, FinishDeployment::new(), &self.facts, &pipeline)
        };
        format!("{decision}\n")
    }
}

/// The gates of a block: a whole file, or one rule on the first step that can have it.
fn gates(block: &Block) -> GateSet {
    let value: Value = serde_json::from_str(&block.text).unwrap();
    if value.get("gates").is_some() {
        return GateSet::from_json(&block.text, &Policies::new()).unwrap();
    }
    let on = |step: &str| {
        let rules = json!([{ "rule": value }]);
        let gate = json!({ "name": "gate", "version": 1, "step": step, "rules": rules });
        GateSet::from_json(&json!({ "gates": [gate] }).to_string(), &Policies::new())
    };
    on("deploy").or_else(|_| on("finish_deployment")).unwrap()
}

#[test]
fn every_rule_of_the_cookbook_is_read_and_every_refusal_is_what_it_says() {
    let world = World::new();
    let blocks = blocks();
    let mut refusals = 0;
    for (place, block) in blocks.iter().enumerate() {
        if block.kind != "json" {
            continue;
        }
        let gates = gates(block);
        let said = blocks.get(place + 1).filter(|next| next.kind == "text");
        if let Some(said) = said {
            assert_eq!(world.answer(&gates), said.text, "under {}", block.under);
            refusals += 1;
        }
    }
    let texts = blocks.iter().filter(|block| block.kind == "text").count();
    assert_eq!(refusals, texts, "each belongs to a rule");
    assert!(refusals > 20, "only {refusals} refusals are shown");
    assert!(
        blocks
            .iter()
            .all(|block| ["json", "text", "rust"].contains(&block.kind))
    );
}

#[test]
fn the_cookbook_has_every_policy_and_all_its_codes() {
    let headings = COOKBOOK
        .lines()
        .filter_map(|line| line.strip_prefix("### `"));
    let headings: Vec<_> = headings
        .map(|heading| heading.trim_end_matches('`'))
        .collect();
    assert_eq!(headings, built_in());
    for policy in headings {
        let (_, section) = COOKBOOK.split_once(&format!("### `{policy}`\n")).unwrap();
        let (_, codes) = section.split_once("\nCodes: ").unwrap();
        let (codes, _) = codes.split_once("\n\n").unwrap();
        let codes = codes.split(',').map(|code| code.trim().trim_matches('`'));
        let codes: std::collections::BTreeSet<_> = codes.map(str::to_owned).collect();
        assert_eq!(codes, crate::policy_samples::documented(policy), "{policy}");
    }
}
