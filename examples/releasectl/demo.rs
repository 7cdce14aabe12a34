//! A log and rules of its own, and every command once.

use super::args::Args;
use super::files::Log;
use super::{Failure, explain, gates, report, show, state, trail};
use phasegate::gate::{GateSet, Policies};
use phasegate::phase::{Action, Seconds};
use phasegate::release::{
    Assessment, AssessmentDecision, Baseline, Digest, Envelope, Environment, Grade, Key, Name,
    OverrideGranted, ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit, RiskAssessment,
    Role, RoleGiven, TestKind, TestRun, Text, UnitKind,
};
use phasegate::{Desk, Instant, Interval, MemoryStore, Person};
use std::error::Error;
use std::fmt::Write;

const RULES: &str = r#"{ "gates": [
    { "name": "intake", "version": 1, "step": "authorise",
      "rules": [{ "rule": { "risk": { "at_most": "medium" } } }] },
    { "name": "production", "version": 3, "step": "deploy", "overridable_by": ["change_authority"],
      "rules": [
        { "rule": { "evidence": { "required": { "functional": 95, "security": 100 } } } },
        { "rule": { "approvals": { "rules": [
            { "name": "authority", "by": [{ "role": "change_authority" }], "quorum": { "count": 1 } }] } } }] }
] }"#;

/// Runs every command once.
pub(crate) fn show(page: &mut String) -> Result<(), Failure> {
    let broken = |error: Box<dyn Error>| Failure::Broken(format!("the demonstration: {error}"));
    let rules = GateSet::from_json(RULES, &Policies::new());
    let rules = rules.map_err(|mistakes| broken(mistakes.into()))?;
    let lines = pollster::block_on(lines(rules.clone())).map_err(broken)?;
    let log = Log::of("demo.jsonl", lines.as_bytes())?;

    let window = show::example(Action::Deploy).trim_matches('\'');
    let asked = |words: &[&str], page: &mut String| {
        let shown: Vec<_> = words.iter().map(|word| shown(word)).collect();
        let _ = writeln!(page, "\n$ releasectl {}\n", shown.join(" "));
        Args::read(words.iter().map(ToString::to_string))
    };
    asked(&["table"], page)?;
    show::table(page);
    gates(
        &asked(&["gates", "deploy", "--rules", "rules.json"], page)?,
        &rules,
        page,
    )?;
    state(&asked(&["state", "--log", "demo.jsonl"], page)?, &log, page)?;
    let words = [
        "explain",
        "deploy",
        window,
        "--log",
        "demo.jsonl",
        "--rules",
        "rules.json",
        "--at",
        "2026-03-02T19:00:00Z",
        "--by",
        "dee",
    ];
    match explain(&asked(&words, page)?, &log, &rules, page) {
        // The answer is no, as it should be here.
        Ok(()) | Err(Failure::No) => {}
        Err(failure) => return Err(failure),
    }
    trail(&asked(&["trail", "--log", "demo.jsonl"], page)?, &log, page)?;
    let words = [
        "report",
        "--log",
        "demo.jsonl",
        "--at",
        "2026-03-03T12:00:00Z",
    ];
    report(&asked(&words, page)?, &[log], page)
}

/// A word as a shell reads it.
fn shown(word: &str) -> String {
    if word.contains('"') {
        format!("'{word}'")
    } else {
        word.to_owned()
    }
}

/// The log of a release that is tested, refused once, and has an exception granted.
async fn lines(rules: GateSet) -> Result<String, Box<dyn Error>> {
    let noon: Instant = "2026-03-02T12:00:00Z".parse()?;
    let desk = Desk::new(MemoryStore::new())
        .with_gates(rules)
        .with_clock(move || noon);
    let (kim, ada, cho) = (
        Person::new("kim")?,
        Person::new("ada")?,
        Person::new("cho")?,
    );
    let id = "01890000-0000-7000-8000-000000000001".parse()?;
    let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
    let release = desk.run(desk.request_as(id, request), &kim).await?;
    // It is riskier than the gate allows; the change authority lets that pass, once.
    let given = RoleGiven::new(cho.clone(), Role::ChangeAuthority);
    let release = desk.record(release, given, &ada).await?;
    let granted = OverrideGranted::new(
        Key::new("W-1")?,
        Action::Authorise,
        Key::new("risk")?,
        Key::new("risk-too-high")?,
        Role::ChangeAuthority,
        Text::new("the contract starts in April")?,
        noon.plus(Seconds::hours(1)),
    );
    let release = desk.record(release, granted, &cho).await?;
    let five = Grade::new(5)?;
    let risk = RiskAssessment::new(five, five, five, five, five);
    let release = desk.record(release, risk, &ada).await?;
    let worthwhile = Assessment::new(AssessmentDecision::Worthwhile);
    let release = desk.run(release.authorise(worthwhile), &ada).await?;

    let given = RoleGiven::new(ada.clone(), Role::ReleaseManager);
    let release = desk.record(release, given, &ada).await?;
    let release = desk
        .record(release, ReleasePlan::new(Seconds::days(7)), &ada)
        .await?;
    let release = desk.record(release, Baseline::new(), &ada).await?;
    let release = desk.run(release.start_development(), &ada).await?;
    let (version, digest) = (Name::new("2.4.0")?, Digest::of(b"what was built"));
    let program = ReleaseUnit::new(UnitKind::Code, version.clone(), digest);
    let manual = ReleaseUnit::new(UnitKind::Documentation, version, digest);
    let units = [(Key::new("shop")?, program), (Key::new("manual")?, manual)];
    let package = ReleasePackage::new(units)?;
    let tested = package.digest();
    let release = desk.run(release.start_testing(package), &ada).await?;
    let (run, staging) = (Key::new("run-1")?, Environment::new("staging")?);
    let run = TestRun::new(run, TestKind::Functional, staging, tested, 96_u32, 4_u32);
    let release = desk.record(release, run, &ada).await?;
    let window = Interval::parse("2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z")?;
    if desk.run(release.deploy(window), &ada).await.is_ok() {
        return Err("nobody approved it, and it was deployed".into());
    }

    let lines = desk.history(id).await?;
    let lines: Result<Vec<_>, _> = lines.iter().map(Envelope::to_json).collect();
    Ok(lines?.into_iter().map(|line| line + "\n").collect())
}
