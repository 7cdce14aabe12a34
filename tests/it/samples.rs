//! A sample of every step and every record, and a site on which a release is moved by the door of run time.
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::too_many_lines,
    reason = "one long table of samples, which panics where a kind has none"
)]

use phasegate::gate::{
    Ask, EvidencePolicy, Facts, Gate, GateSet, Percent, Policies, Policy, ReleaseModel,
};
use phasegate::phase::{
    Action, Anywhere, Instant, Interval, Phase, PhaseName, RecordKind, Seconds, Start,
};
use phasegate::release::Subject;
use phasegate::release::step::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FindUnauthorised,
    FinishDeployment, Hold, Reject, Replan, RequestRelease, Resume, Rework, StartDevelopment,
    StartTesting,
};
use phasegate::release::{
    Actor, Answer, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, Assessment, AssessmentDecision,
    AttemptFinished, AttemptNeverLive, AttemptOutcome, AttemptStarted, Attribute, BackOutPlan,
    Baseline, Batch, By, ChangeKind, ChangeRequest, ChangeRequestState, ChecklistItem,
    ChecklistStatus, ChildAttached, ClosureItem, ClosureRecord, CodeChange, Confirmation,
    Correction, CostBooked, CriterionOutcome, CriterionResult, Currency, Decision, DefectFound,
    DefectResolved, Delegated, DelegationEnded, DependencyDeclared, Digest, EarlyLifeSupportWaived,
    Enforcement, Envelope, Environment, Evidence, Fact, FactSource, FactValue, Feedback, Grade,
    Health, HealthObserved, ImprovementProgress, ImprovementRaised, ImprovementStatus,
    IncidentLinked, IncidentRestored, IssueRaised, IssueResolved, Key, LessonLearned, Liveness,
    Milestone, MilestoneReached, ModelReference, Money, Name, Note, Objective, OtherRelease,
    Outage, OverrideGranted, ParentDeclared, Person, Planning, PostImplementationReview, Rating,
    Reason, Release, ReleaseId, ReleaseKind, ReleasePackage, ReleasePlan, ReleaseRequest,
    ReleaseUnit, RetrospectiveApproval, ReviewOutcome, Risk, RiskAssessment, RiskClosed,
    RiskRaised, Role, RoleGiven, RoleRelieved, RolloutContinued, RolloutPaused, Scale, Service,
    Severity, StakeholdersNotified, StepRefused, Stream, StreamKind, SuccessCriterion, Target,
    TaskDone, TaskOpened, Tenant, TestKind, TestRun, Text, Track, TrackChanged, UnitKind,
    ValueRealised, Verdict, Version, Wave, WaveStarted, When,
};
use phasegate::{MemoryStore, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn person(id: &str) -> Person {
    Person::new(id).unwrap()
}

pub(crate) fn tenant() -> Tenant {
    Tenant::new("acme").unwrap()
}

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The release of that number.
pub(crate) fn release_id(number: u8) -> ReleaseId {
    format!("00000000-0000-7000-8000-0000000000{number:02x}")
        .parse()
        .unwrap()
}

/// A release of which nothing is stored.
pub(crate) fn not_begun(number: u8) -> OtherRelease {
    let stream = Stream::release(tenant(), release_id(number));
    OtherRelease::new(FactSource::new(stream, Version::NONE), Start::STANDING)
}

/// The actor of that name; a pipeline is a system.
pub(crate) fn actor(id: &str) -> Actor {
    if id == "pipeline" {
        Actor::System(key(id))
    } else {
        person(id).into()
    }
}

/// A package with documentation, told apart by its version.
pub(crate) fn package(version: &str) -> ReleasePackage {
    let unit =
        |kind, content: &str| ReleaseUnit::new(kind, name(version), Digest::of(content.as_bytes()));
    ReleasePackage::new([
        (key("shop"), unit(UnitKind::Code, "the binary")),
        (key("manual"), unit(UnitKind::Documentation, "the manual")),
    ])
    .unwrap()
}

/// A package without documentation, which Testing does not take.
pub(crate) fn bare_package() -> ReleasePackage {
    let unit = ReleaseUnit::new(
        UnitKind::named("firmware").unwrap(),
        name("1"),
        Digest::of(b"rom"),
    );
    ReleasePackage::new([(key("rom"), unit)]).unwrap()
}

pub(crate) fn request() -> ReleaseRequest {
    ReleaseRequest::new(name("Shop 2.4"))
}

fn full_request() -> ReleaseRequest {
    ReleaseRequest::builder()
        .title(name("Shop 2.4"))
        .track(Track::Emergency)
        .kind(ReleaseKind::Feature)
        .reference(key("SHOP-17"))
        .package_version(name("2.4.0-rc.1+7"))
        .need(text("Customers pay by invoice."))
        .driver(text("A contract that starts in April."))
        .objectives([(
            key("invoices"),
            Objective::new(text("One in ten orders is paid by invoice.")),
        )])
        .expected_value(money(1_250_000))
        .estimated_cost(money(40_000))
        .services([Service::new("checkout").unwrap()])
        .configuration_items([key("ci-204")])
        .labels([(key("team"), name("payments"))])
        .attributes([
            (key("a"), Attribute::Text(text("x"))),
            (key("b"), Attribute::Integer(i64::MIN)),
            (key("c"), Attribute::Flag(true)),
            (
                key("d"),
                Attribute::Instant(at("2026-03-02T10:00:00.000001Z")),
            ),
        ])
        .model(ModelReference::new(key("web"), 3_u32))
        .remediates(release_id(9))
        .parent(release_id(10))
        .build()
}

fn money(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::new("EUR").unwrap())
}

pub(crate) fn window() -> Interval {
    Interval::parse("2026-03-02T10:00:00Z", "2026-03-20T22:00:00Z").unwrap()
}

pub(crate) fn worthwhile() -> Assessment {
    Assessment::new(AssessmentDecision::Worthwhile)
}

pub(crate) fn full_plan() -> ReleasePlan {
    let milestone = Milestone::builder()
        .planned(When::Day("2026-03-09".parse().unwrap()))
        .what(name("code freeze"));
    let live = Milestone::builder()
        .planned(When::At(at("2026-03-20T20:00:00Z")))
        .what(name("live"));
    let target = Target::builder()
        .measure(key("refunds-per-week"))
        .at_least(0)
        .at_most(11);
    let criterion = SuccessCriterion::builder()
        .what(text("No more refunds than before."))
        .objective(key("invoices"))
        .target(target.build());
    let risk = Risk::builder()
        .what(text("The ledger is slow."))
        .mitigation(text("Warm it up."))
        .owner(person("lee"));
    let back_out = BackOutPlan::builder()
        .how(text("Switch the flag off."))
        .rehearsed(at("2026-03-01T09:00:00Z"));
    ReleasePlan::builder()
        .early_life_support(Seconds::days(7))
        .scope(text("Invoices, not instalments."))
        .milestones([
            (key("freeze"), milestone.build()),
            (key("live"), live.build()),
        ])
        .responsibilities([(key("ledger"), person("lee"))])
        .stakeholders([person("max")])
        .budget(money(50_000))
        .window(window())
        .waves([Wave::builder()
            .name(key("canary"))
            .bake(Seconds::hours(4))
            .abort([(key("errors_per_mille"), 20)])
            .build()])
        .back_out(back_out.build())
        .risks([(key("ledger"), risk.build())])
        .success_criteria([(key("refunds"), criterion.build())])
        .build()
}

/// A step with every field that it can have.
pub(crate) fn full_step(action: Action) -> AnyStep {
    let reason = || text("Because.\nAnd \"so\" on: 1 < 2, ß, \u{1f680}");
    match action {
        Action::RequestRelease => RequestRelease::new(full_request()).into(),
        Action::FindUnauthorised => FindUnauthorised::new(
            full_request(),
            package("2.4"),
            at("2026-03-01T08:00:00Z"),
            Seconds::days(2),
        )
        .into(),
        Action::Authorise => {
            let assessment = Assessment::builder()
                .decision(AssessmentDecision::Worthwhile)
                .value(text("high"))
                .cost(text("low"))
                .feasibility(text("proven"));
            Authorise::new(assessment.build()).into()
        }
        Action::Reject => Reject::new(reason()).into(),
        Action::StartDevelopment => StartDevelopment::new().into(),
        Action::StartTesting => StartTesting::new(package("2.4")).into(),
        Action::Rework => Rework::new(reason()).into(),
        Action::Replan => Replan::new(reason()).into(),
        Action::Deploy => Deploy::new(window()).into(),
        Action::Expedite => Expedite::new(package("2.4"), Seconds::days(2), reason()).into(),
        Action::FinishDeployment => FinishDeployment::new().into(),
        Action::BackOut => BackOut::new(reason()).into(),
        Action::CompleteReview => CompleteReview::new(ReviewOutcome::WithIssues).into(),
        Action::Close => Close::new(
            ClosureRecord::builder()
                .summary(text("It went well."))
                .build(),
        )
        .into(),
        Action::Cancel => Cancel::new(reason()).into(),
        Action::Hold => Hold::new(reason()).into(),
        Action::Resume => Resume::new().into(),
        _ => panic!("there is no sample of `{action}`"),
    }
}

/// A step with only what it needs.
pub(crate) fn least_step(action: Action) -> AnyStep {
    match action {
        Action::RequestRelease => RequestRelease::new(request()).into(),
        Action::FindUnauthorised => FindUnauthorised::new(
            request(),
            bare_package(),
            at("2026-03-01T08:00:00Z"),
            Seconds::new(0),
        )
        .into(),
        Action::Authorise => Authorise::new(worthwhile()).into(),
        Action::Close => Close::new(ClosureRecord::new()).into(),
        _ => full_step(action),
    }
}

/// A record with every field that it can have.
pub(crate) fn full_record(kind: RecordKind) -> AnyRecord {
    least_or_full(kind).unwrap_or_else(|| full_record_of(kind))
}

fn full_record_of(kind: RecordKind) -> AnyRecord {
    match kind {
        RecordKind::ReleasePlan => full_plan().into(),
        RecordKind::Baseline => Baseline::builder().reason(text("agreed")).build().into(),
        RecordKind::Approval => Approval::builder()
            .step(Action::Deploy)
            .subject(subject())
            .role(Role::ChangeAuthority)
            .answer(Answer::Rejected)
            .on_behalf_of(person("cho"))
            .comment(text("Not during the fair."))
            .expires(at("2026-04-01T00:00:00Z"))
            .build()
            .into(),
        RecordKind::ApprovalWithdrawn => ApprovalWithdrawn::builder()
            .step(Action::Deploy)
            .role(Role::ChangeAuthority)
            .on_behalf_of(person("cho"))
            .reason(text("The plan is another one."))
            .build()
            .into(),
        RecordKind::Delegated => Delegated::builder()
            .role(Role::ChangeAuthority)
            .to(person("lee"))
            .until(at("2026-04-01T00:00:00Z"))
            .reason(text("Two weeks of leave."))
            .build()
            .into(),
        RecordKind::ChangeRequest => ChangeRequest::builder()
            .id(key("CHG-7"))
            .state(ChangeRequestState::Scheduled)
            .title(name("Pay by invoice"))
            .system(name("ServiceNow"))
            .build()
            .into(),
        RecordKind::RiskAssessment => RiskAssessment::builder()
            .impact(grade(4))
            .likelihood(grade(3))
            .complexity(grade(5))
            .dependencies(grade(2))
            .track_record(grade(1))
            .rationale(text("It touches every order."))
            .build()
            .into(),
        RecordKind::RiskRaised => RiskRaised::builder()
            .id(key("RISK-1"))
            .severity(Severity::Major)
            .what(text("The fair is in the same week."))
            .owner(person("kim"))
            .mitigation(text("Go live the week before."))
            .build()
            .into(),
        RecordKind::RiskClosed => RiskClosed::builder()
            .id(key("RISK-1"))
            .resolution(text("The fair moved."))
            .build()
            .into(),
        RecordKind::IssueRaised => IssueRaised::builder()
            .id(key("ISSUE-1"))
            .severity(Severity::Minor)
            .what(text("The test system is slow."))
            .owner(person("tom"))
            .due(at("2026-04-01T00:00:00Z"))
            .build()
            .into(),
        RecordKind::IssueResolved => IssueResolved::builder()
            .id(key("ISSUE-1"))
            .resolution(text("It got more memory."))
            .build()
            .into(),
        RecordKind::ChecklistItem => ChecklistItem::builder()
            .item(key("on-call-told"))
            .status(ChecklistStatus::NotApplicable)
            .comment(text("Nobody is on call for it."))
            .build()
            .into(),
        RecordKind::StakeholdersNotified => StakeholdersNotified::builder()
            .whom([person("ada"), person("zoe")])
            .what(text("It goes live on Friday."))
            .build()
            .into(),
        RecordKind::CostBooked => CostBooked::builder()
            .id(key("BILL-1"))
            .amount(Money::new(-12_000, Currency::new("EUR").unwrap()))
            .what(text("A credit note."))
            .build()
            .into(),
        RecordKind::OverrideGranted => {
            let mut granted = grant("O-1", "frozen", at("2026-04-01T00:00:00Z"));
            granted.about = Some(key("year-end"));
            granted.into()
        }
        RecordKind::RolloutPaused => RolloutPaused::builder()
            .reason(text("Payday."))
            .calendars([key("production")])
            .build()
            .into(),
        RecordKind::HealthObserved => HealthObserved::builder()
            .wave(key("canary"))
            .health(Health::Inconclusive)
            .measures([(key("errors_per_mille"), i64::MIN)])
            .comment(text("Too few users yet."))
            .build()
            .into(),
        RecordKind::CodeChange => CodeChange::builder()
            .id(key("4fe1"))
            .committed_at(at("2026-03-01T11:00:00Z"))
            .author(person("lee"))
            .summary(name("Pay by invoice"))
            .kinds([ChangeKind::Feature, ChangeKind::named("api").unwrap()])
            .areas([key("payments")])
            .note(text("Companies pay by `invoice`.\nWithin 14 days."))
            .action_required(text("Switch it on."))
            .link(text("https://example.com/4fe1"))
            .is_internal(true)
            .build()
            .into(),
        RecordKind::TestRun => full_run(&package("2.4")).into(),
        RecordKind::Evidence => Evidence::builder()
            .key(key("pentest"))
            .what(name("Report of the penetration test"))
            .digest(Digest::of(b"report"))
            .package(package("2.4").digest())
            .location(text("vault/17"))
            .build()
            .into(),
        RecordKind::DefectFound => DefectFound::builder()
            .id(key("BUG-1"))
            .severity(Severity::Critical)
            .is_regression(true)
            .summary(text("Totals are off by one."))
            .build()
            .into(),
        RecordKind::DefectResolved => DefectResolved::builder()
            .id(key("BUG-1"))
            .resolution(text("Rounded."))
            .build()
            .into(),
        RecordKind::AttemptStarted => AttemptStarted::builder()
            .attempt(key("A-1"))
            .environment(Environment::new("production").unwrap())
            .liveness(Liveness::Live)
            .planning(Planning::Unplanned)
            .cause(key("INC-7"))
            .services([Service::new("checkout").unwrap()])
            .build()
            .into(),
        RecordKind::Outage => Outage::builder()
            .id(key("OUT-1"))
            .began(at("2026-03-01T01:00:00Z"))
            .ended(at("2026-03-01T01:20:00Z"))
            .planning(Planning::Unplanned)
            .users_affected(u64::MAX)
            .services([Service::new("checkout").unwrap()])
            .build()
            .into(),
        RecordKind::IncidentLinked => IncidentLinked::builder()
            .id(key("INC-1"))
            .severity(Severity::Major)
            .raised(at("2026-03-01T01:05:00Z"))
            .attempt(key("A-1"))
            .is_regression(true)
            .summary(text("Nobody can pay."))
            .build()
            .into(),
        RecordKind::PostImplementationReview => PostImplementationReview::builder()
            .summary(text("Rehearse more."))
            .lessons([text("one"), text("two")])
            .build()
            .into(),
        RecordKind::CriterionResult => CriterionResult::builder()
            .criterion(key("refunds"))
            .outcome(CriterionOutcome::NotYetKnown)
            .finding(text("12 against 11"))
            .build()
            .into(),
        RecordKind::Feedback => Feedback::builder()
            .id(key("F-1"))
            .rating(csat(4))
            .text(text("Faster, but where is my basket?"))
            .service(Service::new("checkout").unwrap())
            .build()
            .into(),
        RecordKind::ImprovementRaised => ImprovementRaised::builder()
            .id(key("IMP-1"))
            .what(name("Rehearse the back-out every month"))
            .owner(person("kim"))
            .due(at("2026-04-01T00:00:00Z"))
            .lessons([key("LESSON-1")])
            .measure(key("change-fail-rate"))
            .build()
            .into(),
        RecordKind::ImprovementProgress => ImprovementProgress::builder()
            .id(key("IMP-1"))
            .status(ImprovementStatus::Dropped)
            .comment(text("The old shop is gone."))
            .build()
            .into(),
        RecordKind::ValueRealised => ValueRealised::builder()
            .id(key("2026-Q1"))
            .amount(Money::new(-1_200, Currency::new("EUR").unwrap()))
            .what(text("Fewer refunds, by the ledger."))
            .build()
            .into(),
        RecordKind::TaskOpened => TaskOpened::builder()
            .id(key("T-1"))
            .what(name("Turn the old page off"))
            .owner(person("kim"))
            .due(at("2026-04-01T00:00:00Z"))
            .build()
            .into(),
        RecordKind::Confirmation => Confirmation::builder()
            .item(ClosureItem::ReleaseNotes)
            .location(text("wiki/2.4"))
            .build()
            .into(),
        RecordKind::StepRefused => {
            StepRefused::new(full_step(Action::Deploy), full_refusal()).into()
        }
        _ => panic!("there is no sample of `{kind}`"),
    }
}

/// A record with only what it needs.
pub(crate) fn least_record(kind: RecordKind) -> AnyRecord {
    least_or_full(kind).unwrap_or_else(|| least_record_of(kind))
}

fn least_record_of(kind: RecordKind) -> AnyRecord {
    match kind {
        RecordKind::ReleasePlan => ReleasePlan::new(Seconds::new(0)).into(),
        RecordKind::Baseline => Baseline::new().into(),
        RecordKind::Approval => Approval::new(
            Action::Deploy,
            subject(),
            Role::ChangeAuthority,
            Answer::Approved,
        )
        .into(),
        RecordKind::ApprovalWithdrawn => {
            ApprovalWithdrawn::new(Action::Deploy, Role::ChangeAuthority).into()
        }
        RecordKind::Delegated => Delegated::new(Role::ChangeAuthority, person("lee")).into(),
        RecordKind::ChangeRequest => {
            ChangeRequest::new(key("CHG-7"), ChangeRequestState::New).into()
        }
        RecordKind::RiskAssessment => {
            RiskAssessment::new(grade(1), grade(1), grade(1), grade(1), grade(1)).into()
        }
        RecordKind::RiskRaised => {
            RiskRaised::new(key("RISK-1"), Severity::Minor, text("Rain.")).into()
        }
        RecordKind::RiskClosed => RiskClosed::new(key("RISK-1")).into(),
        RecordKind::IssueRaised => {
            IssueRaised::new(key("ISSUE-1"), Severity::Minor, text("Noise.")).into()
        }
        RecordKind::IssueResolved => IssueResolved::new(key("ISSUE-1")).into(),
        RecordKind::ChecklistItem => {
            ChecklistItem::new(key("on-call-told"), ChecklistStatus::Done).into()
        }
        RecordKind::StakeholdersNotified => StakeholdersNotified::new([]).into(),
        RecordKind::CostBooked => {
            CostBooked::new(key("BILL-1"), Money::new(1, Currency::new("EUR").unwrap())).into()
        }
        RecordKind::OverrideGranted => {
            grant("O-1", "pass-ratio", at("2026-04-01T00:00:00Z")).into()
        }
        RecordKind::RolloutPaused => RolloutPaused::new(text("The phones ring.")).into(),
        RecordKind::HealthObserved => HealthObserved::new(key("canary"), Health::Healthy).into(),
        RecordKind::CodeChange => CodeChange::new(key("4fe1"), at("2026-03-01T11:00:00Z")).into(),
        RecordKind::TestRun => run("R-1", &package("2.4"), 98).into(),
        RecordKind::Evidence => {
            Evidence::new(key("pentest"), name("Report"), Digest::of(b"report")).into()
        }
        RecordKind::DefectFound => DefectFound::new(key("BUG-1"), Severity::Trivial).into(),
        RecordKind::DefectResolved => DefectResolved::new(key("BUG-1")).into(),
        RecordKind::AttemptStarted => attempt("A-1", Liveness::Live).into(),
        RecordKind::Outage => Outage::new(key("OUT-1"), at("2026-03-01T01:00:00Z")).into(),
        RecordKind::IncidentLinked => {
            IncidentLinked::new(key("INC-1"), Severity::Minor, at("2026-03-01T01:05:00Z")).into()
        }
        RecordKind::PostImplementationReview => {
            PostImplementationReview::new(text("Rehearse more.")).into()
        }
        RecordKind::CriterionResult => {
            CriterionResult::new(key("refunds"), CriterionOutcome::Met).into()
        }
        RecordKind::Feedback => {
            let mut feedback = Feedback::new(key("F-1"));
            feedback.rating = Some(csat(5));
            feedback.into()
        }
        RecordKind::ImprovementRaised => {
            let what = name("Rehearse the back-out every month");
            let due = at("2026-04-01T00:00:00Z");
            ImprovementRaised::new(key("IMP-1"), what, person("kim"), due).into()
        }
        RecordKind::ImprovementProgress => {
            ImprovementProgress::new(key("IMP-1"), ImprovementStatus::Done).into()
        }
        RecordKind::ValueRealised => {
            let amount = Money::new(1, Currency::new("EUR").unwrap());
            ValueRealised::new(key("2026-Q1"), amount).into()
        }
        RecordKind::TaskOpened => TaskOpened::new(key("T-1"), name("Turn the old page off")).into(),
        RecordKind::Confirmation => Confirmation::new(ClosureItem::Documentation).into(),
        RecordKind::StepRefused => {
            StepRefused::new(full_step(Action::Resume), least_refusal()).into()
        }
        _ => panic!("there is no sample of `{kind}`"),
    }
}

/// The records of which no field can be left out.
fn least_or_full(kind: RecordKind) -> Option<AnyRecord> {
    Some(match kind {
        RecordKind::MilestoneReached => MilestoneReached::new(key("freeze")).into(),
        RecordKind::RoleGiven => RoleGiven::new(person("sam"), Role::Tester).into(),
        RecordKind::RoleRelieved => RoleRelieved::new(person("sam"), Role::Tester).into(),
        RecordKind::TrackChanged => TrackChanged::new(Track::Emergency, text("A gap.")).into(),
        RecordKind::RetrospectiveApproval => {
            RetrospectiveApproval::new(Role::ChangeAuthority, text("It was right.")).into()
        }
        RecordKind::AttemptFinished => {
            AttemptFinished::new(key("A-1"), AttemptOutcome::Live).into()
        }
        RecordKind::AttemptNeverLive => {
            AttemptNeverLive::new(key("A-1"), text("The image is broken.")).into()
        }
        RecordKind::IncidentRestored => IncidentRestored::new(key("INC-1")).into(),
        RecordKind::EarlyLifeSupportWaived => EarlyLifeSupportWaived::new(text("Quiet.")).into(),
        RecordKind::ChildAttached => ChildAttached::new(release_id(2)).into(),
        RecordKind::ParentDeclared => ParentDeclared::new(release_id(10)).into(),
        RecordKind::DependencyDeclared => {
            DependencyDeclared::new(release_id(4), PhaseName::Review).into()
        }
        RecordKind::DelegationEnded => {
            DelegationEnded::new(Role::ChangeAuthority, person("lee")).into()
        }
        RecordKind::WaveStarted => WaveStarted::new(key("canary")).into(),
        RecordKind::RolloutContinued => RolloutContinued::new(text("It was nothing.")).into(),
        RecordKind::LessonLearned => {
            LessonLearned::new(key("LESSON-1"), text("Nobody knew how to back out.")).into()
        }
        RecordKind::TaskDone => TaskDone::new(key("T-1")).into(),
        RecordKind::Note => Note::new(text("Remember the milk.")).into(),
        RecordKind::Correction => Correction::new(Version::new(1), text("It was Tuesday.")).into(),
        _ => return None,
    })
}

/// A rating on a scale from 1 to 5.
fn csat(score: i32) -> Rating {
    Rating::new(score, Scale::new(key("csat-5"), 1, 5))
}

pub(crate) fn run(id: &str, package: &ReleasePackage, passed: u32) -> TestRun {
    let staging = Environment::new("staging").unwrap();
    TestRun::new(
        key(id),
        TestKind::Functional,
        staging,
        package.digest(),
        passed,
        100 - passed,
    )
}

fn full_run(package: &ReleasePackage) -> TestRun {
    let mut full = run("R-1", package, 98);
    full.kind = TestKind::named("chaos").unwrap();
    full.skipped = 3;
    full.coverage_percent = Some(81);
    full.report = text("ci/4711");
    full
}

pub(crate) fn attempt(id: &str, liveness: Liveness) -> AttemptStarted {
    AttemptStarted::new(key(id), Environment::new("production").unwrap(), liveness)
}

pub(crate) fn grant(id: &str, code: &str, until: Instant) -> OverrideGranted {
    let policy = if code == "pass-ratio" {
        "evidence"
    } else {
        ErrorBudget::NAME
    };
    OverrideGranted::new(
        key(id),
        Action::Deploy,
        key(policy),
        key(code),
        Role::ChangeAuthority,
        text("The fair starts."),
        until,
    )
}

/// A refusal by gates, with everything that a decision can hold.
fn full_refusal() -> Decision {
    let mut site = Site::testing(gates());
    site.know("error_budget_percent", budget(5, site.now));
    let decision = site.explain(full_step(Action::Deploy), "kim");
    assert!(!decision.is_cleared() && !decision.facts.is_empty() && decision.holds_until.is_some());
    decision
}

/// A refusal by the lifecycle alone.
fn least_refusal() -> Decision {
    Site::request(GateSet::new()).explain(full_step(Action::Resume), "pipeline")
}

/// At least that share of the error budget is left.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorBudget {
    pub(crate) at_least: i64,
}

impl Policy for ErrorBudget {
    type Reads = ();
    const NAME: &'static str = "error-budget";
    const VERSION: u32 = 2;

    fn facts(&self) -> Vec<Key> {
        vec![key("error_budget_percent")]
    }

    fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
        let fact = ask.fact(&key("error_budget_percent"));
        let Some(FactValue::Integer(left)) = fact.map(|fact| &fact.value) else {
            let reason = Reason::new("no-budget", "nobody told the error budget", "ask for it");
            let reasons = vec![reason];
            return Verdict::Unknown { reasons };
        };
        if *left >= self.at_least {
            return Verdict::SATISFIED;
        }
        let message = format!(
            "{left} % of the error budget are left, {} are needed",
            self.at_least
        );
        let reason =
            Reason::new("budget-low", message, "wait").clears_at(ask.now().plus(Seconds::days(1)));
        Verdict::of(vec![reason])
    }
}

/// What the host knows of the error budget.
pub(crate) fn budget(left: i64, read_at: Instant) -> Fact {
    let stream = Stream::new(tenant(), StreamKind::Calendar, key("budgets"));
    Fact::builder()
        .value(FactValue::Integer(left))
        .read_at(read_at)
        .holds_until(read_at.plus(Seconds::hours(1)))
        .source(FactSource::new(stream, Version::NONE))
        .build()
}

/// Gates with the built-in policy and one of the host's, which blocks on one step and warns on another.
/// The model that the full request names.
fn web() -> ReleaseModel {
    let web =
        r#"{ "name": "web", "version": 3, "title": "Web", "tracks": ["normal", "emergency"] }"#;
    ReleaseModel::from_json(web, &Policies::new()).unwrap()
}

pub(crate) fn gates() -> GateSet {
    let evidence = EvidencePolicy::new([(TestKind::Functional, Percent::new(95).unwrap())]);
    let production = Gate::<Deploy>::new("production", 3)
        .unwrap()
        .require(evidence);
    let intake = Gate::<Authorise>::new("intake", 1).unwrap();
    GateSet::new()
        .with(production.require(ErrorBudget { at_least: 20 }))
        .with(intake.enforce(ErrorBudget { at_least: 50 }, Enforcement::Warn))
}

/// A step or a record.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Step(AnyStep),
    Record(AnyRecord),
}

impl From<AnyStep> for Asked {
    fn from(step: AnyStep) -> Self {
        Self::Step(step)
    }
}

impl From<AnyRecord> for Asked {
    fn from(record: AnyRecord) -> Self {
        Self::Record(record)
    }
}

/// A release under way in a store of its own. A minute passes with every asking.
pub(crate) struct Site {
    pub(crate) store: MemoryStore,
    pub(crate) gates: GateSet,
    pub(crate) now: Instant,
    facts: BTreeMap<Key, Fact>,
    release: Option<Release<Anywhere>>,
}

impl Site {
    /// Before the first event.
    pub(crate) fn start(id: u8, gates: GateSet) -> Self {
        let gates = gates.with_model(web());
        let release = Release::request(tenant(), release_id(id), request()).withdraw();
        Self {
            store: MemoryStore::new(),
            gates,
            now: at("2026-03-02T10:00:00Z"),
            facts: BTreeMap::new(),
            release: Some(release.anywhere()),
        }
    }

    pub(crate) fn request(gates: GateSet) -> Self {
        let mut site = Self::start(1, gates);
        let mut asked = request();
        asked.objectives = full_request().objectives;
        site.take(AnyStep::from(RequestRelease::new(asked)), "kim");
        site
    }

    pub(crate) fn plan(gates: GateSet) -> Self {
        let mut site = Self::request(gates);
        site.take(full_step(Action::Authorise), "ann");
        for (who, role) in [
            ("kim", Role::ReleaseManager),
            ("ann", Role::ChangeAuthority),
        ] {
            site.take(AnyRecord::from(RoleGiven::new(person(who), role)), "ann");
        }
        site.take(full_record(RecordKind::ReleasePlan), "kim");
        site
    }

    pub(crate) fn development(gates: GateSet) -> Self {
        let mut site = Self::plan(gates);
        site.take(least_record(RecordKind::Baseline), "kim");
        site.take(full_step(Action::StartDevelopment), "kim");
        site
    }

    pub(crate) fn testing(gates: GateSet) -> Self {
        let mut site = Self::development(gates);
        site.take(full_step(Action::StartTesting), "lee");
        site
    }

    pub(crate) fn deployment(gates: GateSet) -> Self {
        let mut site = Self::testing(gates);
        site.take(least_record(RecordKind::TestRun), "pipeline");
        site.know("error_budget_percent", budget(40, site.now));
        site.take(full_step(Action::Deploy), "kim");
        site
    }

    pub(crate) fn review(gates: GateSet) -> Self {
        let mut site = Self::deployment(gates);
        site.take(least_record(RecordKind::AttemptStarted), "pipeline");
        site.take(full_record(RecordKind::AttemptFinished), "pipeline");
        site.take(full_step(Action::FinishDeployment), "kim");
        site
    }

    pub(crate) fn closure(gates: GateSet) -> Self {
        let mut site = Self::review(gates);
        site.take(full_record(RecordKind::EarlyLifeSupportWaived), "kim");
        site.take(full_step(Action::CompleteReview), "kim");
        site
    }

    /// The host knows this from now on.
    pub(crate) fn know(&mut self, name: &str, fact: Fact) {
        self.facts.insert(key(name), fact);
    }

    pub(crate) fn facts(&self) -> Facts {
        let facts = self.facts.iter();
        let facts = facts.fold(Facts::at(self.now), |facts, (key, fact)| {
            facts.with(key.clone(), fact.clone())
        });
        // The parent has attached it; the child and the dependency have not begun.
        let mut parent = not_begun(10);
        parent.children.insert(self.release().id());
        let others = [not_begun(2), parent, not_begun(4)];
        others.into_iter().fold(facts, Facts::with_other)
    }

    pub(crate) fn explain(&self, step: AnyStep, who: &str) -> Decision {
        let by = By::new(actor(who));
        self.gates.explain(self.release(), step, &self.facts(), &by)
    }

    pub(crate) fn release(&self) -> &Release<Anywhere> {
        self.release.as_ref().expect("it is always given back")
    }

    /// Asks, and commits what is cleared. A refusal leaves everything as it was.
    pub(crate) fn ask(&mut self, asked: impl Into<Asked>, by: &By) -> Result<Batch, Box<Decision>> {
        self.now = self.now.plus(Seconds::minutes(1));
        let facts = self.facts();
        let release = self.release.take().expect("it is always given back");
        macro_rules! turn {
            ($proposal:expr) => {
                match self.gates.decide($proposal, &facts, by) {
                    Ok(cleared) => {
                        let batch = cleared.batch().clone();
                        let committed = pollster::block_on(cleared.commit(&self.store, self.now));
                        self.release = Some(committed.expect("nobody else writes here"));
                        Ok(batch)
                    }
                    Err(refused) => {
                        self.release = Some(refused.release);
                        Err(refused.decision)
                    }
                }
            };
        }
        match asked.into() {
            Asked::Step(step) => turn!(release.propose(step)),
            Asked::Record(record) => turn!(release.record(record)),
        }
    }

    /// Asks for what has to be cleared.
    pub(crate) fn take(&mut self, asked: impl Into<Asked>, who: &str) -> Envelope {
        let batch = self.ask(asked, &By::new(actor(who)));
        batch.unwrap_or_else(|refusal| panic!("{refusal}")).events()[0].clone()
    }

    /// Asks for a step that has to be refused, and writes the refusal down.
    pub(crate) fn is_refused(&mut self, step: AnyStep, who: &str) {
        let refusal = self.ask(step.clone(), &By::new(actor(who))).unwrap_err();
        self.take(AnyRecord::from(StepRefused::new(step, *refusal)), who);
    }

    pub(crate) fn log(&self) -> Vec<Envelope> {
        let history = self
            .store
            .history(self.release().stream(), Version::NONE, 1_000);
        pollster::block_on(history).unwrap()
    }
}

/// A site on which the step can be taken next.
pub(crate) fn before_step(action: Action, gates: GateSet) -> Site {
    match action {
        Action::RequestRelease | Action::FindUnauthorised => Site::start(1, gates),
        Action::Authorise | Action::Reject | Action::Cancel | Action::Hold => Site::request(gates),
        Action::StartDevelopment => {
            let mut site = Site::plan(gates);
            site.take(least_record(RecordKind::Baseline), "kim");
            site
        }
        Action::Expedite => {
            let mut site = Site::plan(gates);
            site.take(full_record(RecordKind::TrackChanged), "kim");
            site
        }
        Action::StartTesting | Action::Replan => Site::development(gates),
        Action::Rework => Site::testing(gates),
        Action::Deploy => {
            let mut site = Site::testing(gates);
            site.take(least_record(RecordKind::TestRun), "pipeline");
            site.know("error_budget_percent", budget(40, site.now));
            site
        }
        Action::BackOut => Site::deployment(gates),
        Action::FinishDeployment => {
            let mut site = Site::deployment(gates);
            site.take(least_record(RecordKind::AttemptStarted), "pipeline");
            site.take(full_record(RecordKind::AttemptFinished), "pipeline");
            site
        }
        Action::CompleteReview => {
            let mut site = Site::review(gates);
            site.take(full_record(RecordKind::EarlyLifeSupportWaived), "kim");
            site
        }
        Action::Close => Site::closure(gates),
        Action::Resume => {
            let mut site = Site::request(gates);
            site.take(full_step(Action::Hold), "kim");
            site
        }
        _ => panic!("there is no way to `{action}`"),
    }
}

/// A site on which the sample of the record can be added next by `ann`.
pub(crate) fn before_record(kind: RecordKind) -> Site {
    let gates = GateSet::new;
    let needed = match kind {
        RecordKind::RoleRelieved => Some(RecordKind::RoleGiven),
        RecordKind::ApprovalWithdrawn => Some(RecordKind::Approval),
        RecordKind::DelegationEnded => Some(RecordKind::Delegated),
        RecordKind::RiskClosed => Some(RecordKind::RiskRaised),
        RecordKind::IssueResolved => Some(RecordKind::IssueRaised),
        RecordKind::HealthObserved => Some(RecordKind::WaveStarted),
        RecordKind::RolloutContinued => Some(RecordKind::RolloutPaused),
        RecordKind::DefectResolved => Some(RecordKind::DefectFound),
        RecordKind::AttemptFinished | RecordKind::AttemptNeverLive | RecordKind::IncidentLinked => {
            Some(RecordKind::AttemptStarted)
        }
        RecordKind::IncidentRestored => Some(RecordKind::IncidentLinked),
        RecordKind::TaskDone => Some(RecordKind::TaskOpened),
        RecordKind::ImprovementRaised => Some(RecordKind::LessonLearned),
        RecordKind::ImprovementProgress => Some(RecordKind::ImprovementRaised),
        _ => None,
    };
    let mut site = match kind {
        RecordKind::RetrospectiveApproval => {
            let mut site = before_step(Action::Expedite, gates());
            site.take(full_step(Action::Expedite), "kim");
            site
        }
        RecordKind::PostImplementationReview
        | RecordKind::EarlyLifeSupportWaived
        | RecordKind::CriterionResult
        | RecordKind::Feedback
        | RecordKind::LessonLearned
        | RecordKind::ImprovementRaised
        | RecordKind::ImprovementProgress
        | RecordKind::ValueRealised
        | RecordKind::Confirmation => Site::review(gates()),
        RecordKind::AttemptStarted
        | RecordKind::AttemptFinished
        | RecordKind::AttemptNeverLive
        | RecordKind::WaveStarted
        | RecordKind::HealthObserved
        | RecordKind::RolloutPaused
        | RecordKind::RolloutContinued
        | RecordKind::Outage
        | RecordKind::IncidentLinked
        | RecordKind::IncidentRestored => Site::deployment(gates()),
        RecordKind::CodeChange
        | RecordKind::TestRun
        | RecordKind::DefectFound
        | RecordKind::DefectResolved => Site::testing(gates()),
        _ => Site::plan(gates()),
    };
    if matches!(kind, RecordKind::Approval | RecordKind::ApprovalWithdrawn) {
        let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
        site.take(AnyRecord::from(given), "kim");
        let delegated = Delegated::new(Role::ChangeAuthority, person("ann"));
        site.take(AnyRecord::from(delegated), "cho");
    }
    if kind == RecordKind::ApprovalWithdrawn {
        site.take(full_record(RecordKind::Approval), "ann");
    }
    if let Some(needed) = needed {
        let is_personal = matches!(needed, RecordKind::Approval | RecordKind::Delegated);
        let who = if is_personal { "ann" } else { "pipeline" };
        site.take(least_record(needed), who);
    }
    site
}

/// The hash of an envelope, computed as `docs/event-format.md` says and by nothing of the crate's own.
pub(crate) fn hash_by_the_book(envelope: &Envelope) -> Digest {
    let (actor_kind, actor) = match &envelope.actor {
        Actor::Person(person) => ("person", person.as_str()),
        Actor::System(system) => ("system", system.as_str()),
    };
    let stream_kind = envelope.stream.kind.to_string();
    let command = uuid::Uuid::from(envelope.id.command());
    let micros = |instant: Instant| instant.unix_micros().to_be_bytes();
    let fields: [&[u8]; 16] = [
        b"phasegate/event/1",
        command.as_bytes(),
        &envelope.id.index().to_be_bytes(),
        envelope.stream.tenant.as_str().as_bytes(),
        stream_kind.as_bytes(),
        envelope.stream.id.as_str().as_bytes(),
        &envelope.version.get().to_be_bytes(),
        envelope.kind.as_bytes(),
        &envelope.schema.to_be_bytes(),
        &[u8::from(envelope.critical)],
        &micros(envelope.occurred_at),
        &micros(envelope.recorded_at),
        actor_kind.as_bytes(),
        actor.as_bytes(),
        &hex(&envelope.payload_digest),
        &hex(&envelope.prev),
    ];
    let mut sha = Sha256::new();
    for field in fields {
        sha.update((field.len() as u64).to_be_bytes());
        sha.update(field);
    }
    let digits = sha
        .finalize()
        .iter()
        .fold(String::new(), |mut digits, byte| {
            digits.push(char::from_digit(u32::from(byte >> 4), 16).unwrap());
            digits.push(char::from_digit(u32::from(byte & 15), 16).unwrap());
            digits
        });
    digits.parse().unwrap()
}

fn hex(digest: &Digest) -> Vec<u8> {
    let text = digest.to_string();
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Gives a log that was edited new digests, links and hashes, as somebody who can write everything would.
pub(crate) fn reseal(log: &mut [Envelope]) {
    let mut prev = Digest::ZERO;
    for (at, entry) in log.iter_mut().enumerate() {
        entry.version = Version::new(at as u64 + 1);
        entry.payload_digest = Digest::of(entry.data.as_str().as_bytes());
        entry.prev = prev;
        entry.hash = hash_by_the_book(entry);
        prev = entry.hash;
    }
}

pub(crate) fn subject() -> Subject {
    let [step, request, plan, package, overrides, gates] =
        ["step", "request", "plan", "package", "overrides", "gates"]
            .map(|part| Digest::of(part.as_bytes()));
    Subject::new(step, request, plan, package, overrides, gates)
}

fn grade(grade: u8) -> Grade {
    Grade::new(grade).unwrap()
}
