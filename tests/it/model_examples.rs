//! The models under `examples/models`: each drives a release from request to closure, and refuses what it should.

use crate::desk_support::{
    Office, at, by, key, name, office, package, person, text, wait, window, worthwhile,
};
use phasegate::gate::{GateSet, Policies, ReleaseModel};
use phasegate::phase::{Action, Anywhere, Interval, Seconds};
use phasegate::release::step::{
    Authorise, Close, CompleteReview, Deploy, Expedite, FinishDeployment, StartDevelopment,
    StartTesting,
};
use phasegate::release::{
    Answer, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, AttemptFinished, AttemptOutcome,
    AttemptStarted, BackOutPlan, Baseline, Bounded, ChangeRequest, ChangeRequestState,
    ChecklistItem, ChecklistStatus, ClosureRecord, Currency, Ending, Environment, Evidence,
    FollowedModel, Grade, Health, HealthObserved, Money, PostImplementationReview, ReleaseKind,
    ReleaseRequest, RetrospectiveApproval, ReviewOutcome, RiskAssessment, Role, RoleGiven, Service,
    StakeholdersNotified, TestKind, TestRun, Track, TrackChanged, WaveStarted,
};
use phasegate::{MemoryStore, Release};
use std::sync::Arc;

pub(crate) const WEB: &str = include_str!("../../examples/models/web-service.json");
const BANK: &str = include_str!("../../examples/models/bank-system.json");
#[cfg(feature = "toml")]
const APP: &str = include_str!("../../examples/models/mobile-app.toml");

/// A release by a model, on its way.
pub(crate) struct Drive {
    pub(crate) office: Office<Arc<MemoryStore>>,
    pub(crate) model: ReleaseModel,
    #[cfg_attr(
        not(feature = "testing"),
        expect(dead_code, reason = "read where cases are")
    )]
    pub(crate) followed: FollowedModel,
    release: Option<Release<Anywhere>>,
}

impl Drive {
    /// Asked for by kim, with everybody in their roles and ada as the release manager.
    pub(crate) fn begin(model: ReleaseModel, request: ReleaseRequest) -> Self {
        let gates = GateSet::new().with_model(model.clone());
        let office = office().with_gates(gates);
        wait(office.desk.draft_model(&model, by("kim"))).unwrap();
        let reason = text("read by the board");
        let authorised = office
            .desk
            .authorise_model(model.name(), 1, reason, by("cho"));
        let followed = wait(authorised).unwrap().followed();
        let release = office.done(office.asked(request), "kim").anywhere();
        let mut drive = Self {
            office,
            model,
            followed,
            release: Some(release),
        };
        drive.record(RoleGiven::new(person("ada"), Role::ReleaseManager), "kim");
        let given: Vec<_> = drive.model.role_records().collect();
        for given in given {
            drive.record(given, "kim");
        }
        drive
    }

    pub(crate) fn release(&self) -> &Release<Anywhere> {
        self.release.as_ref().expect("it is always given back")
    }

    pub(crate) fn record(&mut self, record: impl Into<AnyRecord>, who: &str) {
        let release = self.release.take().expect("it is always given back");
        self.release = Some(self.office.recorded(release, record.into(), who));
    }

    pub(crate) fn step(&mut self, step: impl Into<AnyStep>, who: &str) {
        let release = self.release.take().expect("it is always given back");
        self.release = Some(self.office.done(release.propose(step.into()), who));
    }

    fn explain(&self, step: impl Into<AnyStep>, who: &str) -> String {
        let step = step.into();
        wait(self.office.desk.explain(self.release(), step, by(who))).to_string()
    }

    /// Who answers yes in which role, for this step as it would be now.
    pub(crate) fn approve<const N: usize>(
        &mut self,
        step: impl Into<AnyStep>,
        answers: [(&str, &str); N],
    ) {
        let step = step.into();
        let subject = self.office.desk.subject(self.release(), step.clone());
        for (who, role) in answers {
            let role = Role::named(role).unwrap();
            let approval = Approval::new(step.action(), subject, role, Answer::Approved);
            self.record(approval, who);
        }
    }

    pub(crate) fn tick<const N: usize>(&mut self, items: [&str; N]) {
        for item in items {
            self.record(ChecklistItem::new(key(item), ChecklistStatus::Done), "ada");
        }
    }

    pub(crate) fn tested(&mut self, kind: &str, place: &str) {
        let (kind, place) = (TestKind::named(kind).unwrap(), environment(place));
        let id = key(&format!("{kind} in {place}"));
        let mut run = TestRun::new(id, kind, place, package("one").digest(), 100_u32, 0_u32);
        run.coverage_percent = Some(85);
        self.record(run, "tom");
    }

    /// The package is put onto an environment, and runs there.
    pub(crate) fn runs_in(&mut self, place: &str) {
        let liveness = self.model.environments()[&environment(place)];
        let id = key(&format!("onto {place}"));
        self.record(
            AttemptStarted::new(id.clone(), environment(place), liveness),
            "pipeline",
        );
        self.record(AttemptFinished::new(id, AttemptOutcome::Live), "pipeline");
    }

    /// Nothing is measured that a wave is given up for.
    pub(crate) fn healthy(&mut self, wave: &str) {
        let waves = self.model.plan().waves;
        let wave = waves.iter().find(|one| one.name.as_str() == wave).unwrap();
        let mut seen = HealthObserved::new(wave.name.clone(), Health::Healthy);
        let measures = wave.abort.keys().map(|measure| (measure.clone(), 0));
        seen.measures = Bounded::new(measures.collect()).unwrap();
        self.record(seen, "monitoring");
    }

    pub(crate) fn passes(&self, time: Seconds) {
        self.office.clock.pass(time);
    }

    /// Every wave of the model is started, watched, and found healthy.
    pub(crate) fn rolls_out(&mut self) {
        let waves = self.model.plan().waves;
        for wave in waves.iter() {
            self.record(WaveStarted::new(wave.name.clone()), "pipeline");
            self.passes(wave.bake);
            self.healthy(wave.name.as_str());
        }
    }

    /// The rest of a rollout of which the first wave has started.
    #[cfg(feature = "testing")]
    pub(crate) fn rolls_out_from_canary(&mut self) {
        self.passes(Seconds::hours(1));
        self.healthy("canary");
        self.record(WaveStarted::new(key("everybody")), "pipeline");
        self.healthy("everybody");
    }

    /// From Review to the end, as a success.
    fn closes(mut self) {
        self.passes(Seconds::days(15));
        self.step(CompleteReview::new(ReviewOutcome::Successful), "ada");
        self.step(Close::new(ClosureRecord::new()), "ada");
        assert_eq!(self.release().view().ending, Some(Ending::Completed));
    }
}

pub(crate) fn environment(name: &str) -> Environment {
    Environment::new(name).unwrap()
}

pub(crate) fn risk(grade: u8) -> RiskAssessment {
    let grade = Grade::new(grade).unwrap();
    RiskAssessment::new(grade, grade, grade, grade, grade)
}

pub(crate) fn from_json(json: &str) -> ReleaseModel {
    ReleaseModel::from_json(json, &Policies::new()).unwrap()
}

/// The deployment, at any time until the evening of the twelfth.
pub(crate) fn evening() -> Deploy {
    deploy_from("2026-03-02T12:00:00Z")
}

fn deploy_from(opens: &str) -> Deploy {
    Deploy::new(Interval::parse(opens, "2026-03-12T22:00:00Z").unwrap())
}

#[test]
fn the_examples_are_written_back_as_they_were_read() {
    for model in [from_json(WEB), from_json(BANK)] {
        let json = serde_json::to_string(&model).unwrap();
        assert_eq!(from_json(&json), model);
    }
    #[cfg(feature = "toml")]
    {
        let model = ReleaseModel::from_toml(APP, &Policies::new()).unwrap();
        assert_eq!(from_json(&serde_json::to_string(&model).unwrap()), model);
    }
}

/// A small change of the shop, on the first track of the model: the standard one.
pub(crate) fn small_change(model: &ReleaseModel) -> ReleaseRequest {
    let mut request = model.request(name("Shop 2.4"));
    request.kind = Some(ReleaseKind::Fix);
    request.services = [Service::new("shop").unwrap()].into();
    request.estimated_cost = Some(Money::new(50_000, Currency::new("EUR").unwrap()));
    request
}

#[test]
fn a_web_service_goes_live_without_asking_again_and_in_waves() {
    let model = from_json(WEB);
    let assessment = model.standard().unwrap().assessment.clone();
    let authorise = || Authorise::new(assessment.clone());
    let mut drive = Drive::begin(model.clone(), small_change(&model));
    assert_eq!(drive.release().track(), Track::Standard);
    // Who changes something riskier than the model allows has to ask.
    drive.record(risk(4), "kim");
    assert_eq!(
        drive.explain(authorise(), "pipeline"),
        "authorise refused\n  lifecycle: its risk is high, and at most medium is pre-authorised; lower it and assess \
         it again; or record `TrackChanged` to normal",
    );
    drive.record(risk(2), "kim");
    drive.step(authorise(), "pipeline");
    drive.record(model.plan(), "ada");
    drive.record(Baseline::new(), "ada");
    drive.step(StartDevelopment::new(), "ada");
    drive.step(StartTesting::new(package("one")), "pipeline");
    drive.tested("functional", "staging");
    drive.tested("security", "staging");
    drive.runs_in("staging");
    drive.tick(["on-call-told"]);
    assert_eq!(
        drive.explain(Deploy::new(window()), "pipeline"),
        "deploy refused\n  soak: package 2198299568bf has run in `staging` since 2026-03-02T12:00:00Z, and needs 4 \
         hours there; wait (not before 2026-03-02T16:00:00Z)\n  checklist: nobody has looked at `dashboards`; look at it, \
         and record a `ChecklistItem`",
    );
    drive.tick(["dashboards"]);
    drive.passes(Seconds::hours(4));
    drive.step(evening(), "pipeline");
    drive.runs_in("production");
    drive.record(WaveStarted::new(key("canary")), "pipeline");
    let told = drive.explain(FinishDeployment::new(), "pipeline");
    assert!(
        told.contains("waves: wave `everybody` has not started"),
        "{told}"
    );
    drive.passes(Seconds::hours(1));
    drive.healthy("canary");
    drive.record(WaveStarted::new(key("everybody")), "pipeline");
    drive.healthy("everybody");
    drive.step(FinishDeployment::new(), "pipeline");
    drive.closes();
}

#[test]
fn a_web_service_on_the_other_tracks_is_approved_by_those_who_may() {
    let model = from_json(WEB);
    let mut drive = Drive::begin(model.clone(), small_change(&model));
    let normal = TrackChanged::new(Track::Normal, text("a new payment provider"));
    drive.record(normal, "kim");
    drive.record(risk(4), "kim");
    let authorise = || Authorise::new(worthwhile());
    assert_eq!(
        drive.explain(authorise(), "cho"),
        "authorise refused\n  approvals: rule `authority` has 0 of 1 approvals; ask somebody in the role `change_authority` to approve it",
    );
    drive.approve(authorise(), [("cho", "change_authority")]);
    drive.step(authorise(), "cho");
    let burns = TrackChanged::new(Track::Emergency, text("customers cannot pay"));
    drive.record(burns, "kim");
    let expedite = || {
        Expedite::new(
            package("one"),
            Seconds::days(2),
            text("customers cannot pay"),
        )
    };
    let told = drive.explain(expedite(), "ada");
    assert!(
        told.contains("ask somebody in the role `emergency_change_authority`"),
        "{told}"
    );
    drive.approve(expedite(), [("eva", "emergency_change_authority")]);
    drive.step(expedite(), "ada");
    drive.runs_in("production");
    drive.step(FinishDeployment::new(), "ada");
    let afterwards = RetrospectiveApproval::new(Role::ChangeAuthority, text("it had to be done"));
    drive.record(afterwards, "max");
    drive.record(
        PostImplementationReview::new(text("Watch the provider.")),
        "ada",
    );
    drive.closes();
}

/// Two of the board and a risk officer let the release begin, and whoever asked for it is none of them.
fn bank_authorised() -> Drive {
    let model = from_json(BANK);
    let mut drive = Drive::begin(model.clone(), model.request(name("Interest of spring")));
    let authorise = || Authorise::new(worthwhile());
    drive.record(risk(4), "kim");
    drive.record(
        RoleGiven::new(person("kim"), Role::ChangeAdvisoryBoard),
        "ben",
    );
    drive.approve(
        authorise(),
        [
            ("kim", "change_advisory_board"),
            ("ben", "change_advisory_board"),
            ("rik", "risk_officer"),
        ],
    );
    let told = drive.explain(authorise(), "cho");
    let expected = [
        "change-requests: 0 change requests are linked, and at least 1 are required",
        "approvals: `kim` asked for this release and cannot approve it; ask somebody else who may",
        "separation-of-duties: `kim` asked for this release and cannot approve it",
    ];
    assert!(expected.iter().all(|line| told.contains(line)), "{told}");
    drive.record(
        ChangeRequest::new(key("CHG-7"), ChangeRequestState::Approved),
        "itsm",
    );
    let withdrawn = ApprovalWithdrawn::new(Action::Authorise, Role::ChangeAdvisoryBoard);
    drive.record(withdrawn, "kim");
    drive.approve(authorise(), [("dan", "change_advisory_board")]);
    drive.step(authorise(), "cho");
    drive
}

/// Planned with a budget, built, tested, soaked, ticked off and told of.
fn bank_ready(mut drive: Drive) -> Drive {
    let mut plan = drive.model.plan();
    plan.stakeholders = [person("regulator"), person("branches")].into();
    drive.record(plan.clone(), "ada");
    drive.record(Baseline::new(), "ada");
    let told = drive.explain(StartDevelopment::new(), "ada");
    assert!(told.contains("budget: the plan has no budget"), "{told}");
    plan.budget = Some(Money::new(5_000_000, Currency::new("EUR").unwrap()));
    plan.back_out
        .get_or_insert_with(|| BackOutPlan::new(text("Restore.")))
        .rehearsed = Some(at("2026-03-01T20:00:00Z"));
    drive.record(plan, "ada");
    drive.record(Baseline::new(), "ada");
    drive.step(StartDevelopment::new(), "ada");
    drive.tick(["code-reviewed", "release-notes"]);
    drive.step(StartTesting::new(package("one")), "pipeline");

    drive.record(
        Evidence::new(
            key("penetration-test"),
            name("Nobody got in"),
            package("one").digest(),
        ),
        "sec",
    );
    drive.runs_in("acceptance");
    drive.runs_in("pre-production");
    drive.passes(Seconds::days(3));
    for (kind, place) in [
        ("functional", "acceptance"),
        ("integration", "acceptance"),
        ("security", "acceptance"),
        ("data_integrity", "pre-production"),
    ] {
        drive.tested(kind, place);
    }
    drive.tick(["books-closed", "operators-briefed", "vault-open"]);
    drive.record(
        StakeholdersNotified::new([person("regulator"), person("branches")]),
        "ada",
    );
    drive.passes(Seconds::days(4));
    drive
}

#[test]
fn a_bank_system_needs_four_eyes_at_every_turn() {
    let mut drive = bank_ready(bank_authorised());
    drive.record(RoleGiven::new(person("cho"), Role::Builder), "ada");
    drive.approve(
        deploy_from("2026-03-09T12:00:00Z"),
        [
            ("cho", "change_authority"),
            ("ola", "operations"),
            ("rik", "risk_officer"),
        ],
    );
    let told = drive.explain(deploy_from("2026-03-09T12:00:00Z"), "dep");
    assert!(
        told.contains("separation-of-duties: `cho` built it and cannot approve it"),
        "{told}"
    );
    let withdrawn = ApprovalWithdrawn::new(Action::Deploy, Role::ChangeAuthority);
    drive.record(withdrawn, "cho");
    drive.approve(
        deploy_from("2026-03-09T12:00:00Z"),
        [("max", "change_authority")],
    );
    drive.step(deploy_from("2026-03-09T12:00:00Z"), "dep");
    drive.runs_in("production");
    drive.rolls_out();
    drive.step(FinishDeployment::new(), "dep");
    let told = drive.explain(CompleteReview::new(ReviewOutcome::Successful), "ada");
    assert!(
        told.contains("checklist: nobody has looked at `books-reconciled`"),
        "{told}"
    );
    drive.tick(["books-reconciled"]);
    drive.closes();
}

#[test]
fn a_bank_system_knows_no_standard_track() {
    let model = from_json(BANK);
    let mut request = model.request(name("Just this once"));
    request.track = Track::Standard;
    let office = office().with_gates(GateSet::new().with_model(model));
    let refused = office.run(office.asked(request), "kim").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "request refused\n  lifecycle: the model `bank-system` does not allow the standard track; request it on the \
         normal or emergency track",
    );
}

#[cfg(feature = "toml")]
#[test]
fn a_mobile_app_is_rolled_out_in_portions() {
    let model = ReleaseModel::from_toml(APP, &Policies::new()).unwrap();
    let mut request = model.request(name("App 7.1"));
    request.kind = Some(ReleaseKind::Feature);
    let mut drive = Drive::begin(model.clone(), request);
    let authorise = || Authorise::new(worthwhile());
    drive.approve(authorise(), [("pam", "product_owner")]);
    drive.step(authorise(), "pam");
    drive.record(model.plan(), "ada");
    drive.record(Baseline::new(), "ada");
    drive.step(StartDevelopment::new(), "ada");
    drive.step(StartTesting::new(package("one")), "pipeline");
    drive.tested("functional", "devices");
    drive.tested("performance", "devices");
    drive.runs_in("beta");
    drive.passes(Seconds::days(2));
    drive.tick(["privacy-labels", "store-texts"]);
    drive.approve(evening(), [("pam", "product_owner")]);
    // A feature needs a second pair of eyes.
    let told = drive.explain(evening(), "pipeline");
    assert_eq!(
        told,
        "deploy refused\n  approvals: rule `second` has 0 of 1 approvals; ask somebody in the role `change_authority` to approve it",
    );
    drive.approve(evening(), [("max", "change_authority")]);
    drive.step(evening(), "pipeline");
    drive.runs_in("stores");
    drive.record(WaveStarted::new(key("1-percent")), "pipeline");
    drive.passes(Seconds::days(1));
    let told = drive.explain(FinishDeployment::new(), "pipeline");
    assert!(
        told.contains("waves: wave `10-percent` has not started"),
        "{told}"
    );
    drive.healthy("1-percent");
    for wave in ["10-percent", "50-percent", "everybody"] {
        drive.record(WaveStarted::new(key(wave)), "pipeline");
        drive.passes(Seconds::days(2));
        drive.healthy(wave);
    }
    drive.step(FinishDeployment::new(), "pipeline");
    drive.closes();
}
