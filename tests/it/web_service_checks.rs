//! Tests of the web-service model, for what tests tests: from request to the last wave, on every track.

use crate::desk_support::{by, package, person, text, worthwhile};
use crate::model_examples::{Drive, evening, from_json, risk, small_change};
use phasegate::gate::GateSet;
use phasegate::phase::{Action, Seconds};
use phasegate::release::step::{
    Authorise, Expedite, FinishDeployment, StartDevelopment, StartTesting,
};
use phasegate::release::{
    AnyStep, ApprovalWithdrawn, Baseline, ChecklistItem, ChecklistStatus, DefectFound, Environment,
    Key, Role, RoleGiven, Severity, TestKind, TestRun, Track, TrackChanged, WaveStarted,
};
use phasegate::testing::{Check, Ruling};
use phasegate::verify::Question;

/// A first version of the web-service model, under which who deploys may approve: what is said of each change here was
/// reasoned about by hand on it.
pub(crate) const FIRST: &str = include_str!("web_service_first.json");

pub(crate) fn gates() -> GateSet {
    GateSet::new().with_model(from_json(FIRST))
}

/// The cases so far, and the release of which the next one is asked.
struct Cases {
    drive: Drive,
    checks: Vec<Check>,
}

impl Cases {
    fn begin(track: Track) -> Self {
        let model = from_json(FIRST);
        let mut drive = Drive::begin(model.clone(), small_change(&model));
        if track != Track::Standard {
            drive.record(TrackChanged::new(track, text("it is so")), "kim");
        }
        let checks = Vec::new();
        Self { drive, checks }
    }

    fn question(&self, step: impl Into<AnyStep>) -> Question {
        let Drive {
            office, followed, ..
        } = &self.drive;
        let facts = office.facts().with_model(followed.clone());
        Question::of(&gates(), self.drive.release(), step, &facts, &by("dep"))
    }

    /// What is asked now has to be ruled so.
    fn case(&mut self, name: &str, step: impl Into<AnyStep>, ruling: &str) {
        let question = self.question(step);
        let found = Ruling::of(&question.ask(&gates()));
        assert_eq!(found.to_string(), ruling, "{name}");
        self.checks.push(Check::new(name, question, found));
    }

    fn tests(&mut self, kind: &str, place: &str, passed: u32) {
        let kind = TestKind::named(kind).unwrap();
        let run = TestRun::new(
            Key::new(kind.name()).unwrap(),
            kind,
            Environment::new(place).unwrap(),
            package("one").digest(),
            passed,
            100 - passed,
        );
        self.drive.record(run, "tom");
    }

    fn look(&mut self, item: &str, status: ChecklistStatus) {
        let item = ChecklistItem::new(Key::new(item).unwrap(), status);
        self.drive.record(item, "ada");
    }

    fn withdraws(&mut self, who: &str, step: Action) {
        let withdrawn = ApprovalWithdrawn::new(step, Role::ChangeAuthority);
        self.drive.record(withdrawn, who);
    }

    /// From the request to Testing; nothing is tested.
    fn comes_to_testing(&mut self) {
        let plan = self.drive.model.plan();
        self.drive.record(plan, "ada");
        self.drive.record(Baseline::new(), "ada");
        self.drive.step(StartDevelopment::new(), "ada");
        self.drive
            .step(StartTesting::new(package("one")), "pipeline");
    }
}

fn authorise() -> Authorise {
    Authorise::new(worthwhile())
}

const P: &str = "web-service/production";

/// Every case, in the order in which a release lives them.
pub(crate) fn checks() -> Vec<Check> {
    [normal(), standard(), emergency()].concat()
}

fn normal() -> Vec<Check> {
    let mut at = Cases::begin(Track::Normal);
    let unknown = "refused: web-service/intake/approvals: approvals-missing, web-service/intake/risk: risk-not-assessed";
    at.case("nobody knows the risk", authorise(), unknown);
    at.drive.record(risk(4), "kim");
    let missing = "refused: web-service/intake/approvals: approvals-missing";
    at.case("nobody approved the intake", authorise(), missing);
    at.drive
        .record(RoleGiven::new(person("kim"), Role::ChangeAuthority), "ada");
    at.drive.approve(authorise(), [("kim", "change_authority")]);
    let own = "refused: web-service/intake/approvals: own-work";
    at.case("kim approves her own request", authorise(), own);
    at.withdraws("kim", Action::Authorise);
    at.drive.approve(authorise(), [("cho", "change_authority")]);
    at.case("a high risk is let in", authorise(), "cleared");
    at.drive.record(risk(5), "kim");
    let risky = "refused: web-service/intake/risk: risk-too-high";
    at.case("a very high risk is not", authorise(), risky);
    at.drive.record(risk(4), "kim");
    at.drive.step(authorise(), "cho");
    at.comes_to_testing();
    let all = format!(
        "refused: lifecycle/lifecycle: not-tested, web-service/go/approvals: approvals-missing, \
         {P}/checklist: item-not-seen, {P}/checklist: item-not-seen, {P}/evidence: kind-missing, \
         {P}/evidence: kind-missing, {P}/soak: not-running"
    );
    at.case("nothing is done", evening(), &all);
    at.drive.runs_in("staging");
    at.look("dashboards", ChecklistStatus::Done);
    at.look("on-call-told", ChecklistStatus::Done);
    at.tests("functional", "staging", 98);
    at.tests("security", "staging", 100);
    at.drive.passes(Seconds::hours(4));
    let missing = "refused: web-service/go/approvals: approvals-missing";
    at.case("ready, and not approved", evening(), missing);
    at.drive
        .record(RoleGiven::new(person("bob"), Role::ChangeAuthority), "ada");
    at.drive
        .record(RoleGiven::new(person("bob"), Role::Builder), "ada");
    at.drive.approve(evening(), [("bob", "change_authority")]);
    let own = "refused: web-service/go/approvals: own-work";
    at.case("the builder approves", evening(), own);
    at.withdraws("bob", Action::Deploy);
    at.drive.approve(evening(), [("max", "change_authority")]);
    at.case("ready and approved", evening(), "cleared");
    at.tests("functional", "staging", 97);
    let low = format!("refused: {P}/evidence: pass-ratio");
    at.case("97 of 100 functional tests passed", evening(), &low);
    at.tests("functional", "elsewhere", 100);
    let elsewhere = format!("refused: {P}/evidence: kind-missing");
    at.case("tested elsewhere", evening(), &elsewhere);
    at.tests("functional", "staging", 99);
    at.tests("security", "staging", 99);
    at.case("a security test failed", evening(), &low);
    at.tests("security", "staging", 100);
    at.look("dashboards", ChecklistStatus::Open);
    let open = format!("refused: {P}/checklist: item-open");
    at.case("no dashboards", evening(), &open);
    at.look("dashboards", ChecklistStatus::Done);
    let minor = DefectFound::new(Key::new("BUG-1").unwrap(), Severity::Minor);
    at.drive.record(minor, "tom");
    at.case("a minor defect", evening(), "cleared");
    let major = DefectFound::new(Key::new("BUG-2").unwrap(), Severity::Major);
    at.drive.record(major, "tom");
    let defects = format!("refused: {P}/evidence: open-defects");
    at.case("a major defect", evening(), &defects);
    at.checks
}

fn standard() -> Vec<Check> {
    let mut at = Cases::begin(Track::Standard);
    at.drive.record(risk(2), "kim");
    let assessment = at.drive.model.standard().unwrap().assessment.clone();
    let pre_authorised = Authorise::new(assessment);
    at.case("pre-authorised", pre_authorised.clone(), "cleared");
    at.drive.step(pre_authorised, "pipeline");
    at.comes_to_testing();
    at.drive.runs_in("staging");
    at.look("dashboards", ChecklistStatus::Done);
    at.look("on-call-told", ChecklistStatus::Done);
    at.tests("functional", "staging", 100);
    at.tests("security", "staging", 100);
    at.drive.passes(Seconds::new(14_399));
    let soaking = format!("refused: {P}/soak: soaking");
    at.case("a second short of four hours", evening(), &soaking);
    at.drive.passes(Seconds::new(1));
    at.case("a small change after four hours", evening(), "cleared");
    at.drive.step(evening(), "pipeline");
    at.drive.runs_in("production");
    at.drive
        .record(WaveStarted::new(Key::new("canary").unwrap()), "pipeline");
    let baking = "refused: web-service/rollout/waves: wave-baking, web-service/rollout/waves: wave-not-started";
    at.case("the canary runs", FinishDeployment::new(), baking);
    at.drive.rolls_out_from_canary();
    at.case("every wave is through", FinishDeployment::new(), "cleared");
    at.checks
}

fn emergency() -> Vec<Check> {
    let mut at = Cases::begin(Track::Normal);
    at.drive.record(risk(4), "kim");
    at.drive.approve(authorise(), [("cho", "change_authority")]);
    at.drive.step(authorise(), "cho");
    let burns = TrackChanged::new(Track::Emergency, text("customers cannot pay"));
    at.drive.record(burns, "kim");
    let expedite = || {
        let why = text("customers cannot pay");
        Expedite::new(package("one"), Seconds::days(2), why)
    };
    let missing = "refused: web-service/haste/approvals: approvals-missing";
    at.case("nobody lets it through", expedite(), missing);
    at.drive
        .approve(expedite(), [("eva", "emergency_change_authority")]);
    at.case("eva lets it through", expedite(), "cleared");
    at.checks
}
