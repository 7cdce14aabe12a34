//! Emergencies from beginning to end: haste by its own authority, the debt, and what became of it.
#![expect(
    clippy::too_many_lines,
    reason = "a story, or a table of cases, is told in one piece"
)]

use crate::desk_support::{
    Office, at, attempt, by, key, office, package, person, run_of, text, titled, wait, went_live,
    window, worthwhile,
};
use phasegate::gate::{ApprovalRule, ApprovalsPolicy, Approver, GateSet, Quorum};
use phasegate::phase::{Action, OnHold, Plan, Review, Seconds, Testing};
use phasegate::release::step::{Deploy, Expedite, FindUnauthorised, Rework};
use phasegate::release::{
    Answer, Approval, Baseline, ClosureRecord, Decision, EarlyLifeSupportWaived, Ending, Note,
    OverrideGranted, PostImplementationReview, ReleasePlan, RetrospectiveApproval, ReviewOutcome,
    Role, RoleGiven, Route, TaskOpened, Track,
};
use phasegate::report::{DebtCause, DebtOwed, Exceptions, Repayment};
use phasegate::{Gate, MemoryStore, Release};
use std::sync::Arc;

type Desk = Office<Arc<MemoryStore>>;

fn approved_by(name: &str, role: Role) -> ApprovalsPolicy {
    let who = [Approver::Role(role)];
    let one = ApprovalRule::new(key(name), Quorum::Count(1), who).unwrap();
    ApprovalsPolicy::new([one]).unwrap()
}

/// The usual way by the change authority, haste by the emergency change authority.
fn gates() -> GateSet {
    let usual = Gate::<Deploy>::new("production", 1).unwrap();
    let haste = Gate::<Expedite>::new("haste", 1).unwrap();
    let emergency = approved_by("emergency", Role::EmergencyChangeAuthority);
    GateSet::new()
        .with(usual.require(approved_by("authority", Role::ChangeAuthority)))
        .with(haste.require(emergency).overridable_by([]))
}

fn haste() -> Expedite {
    Expedite::new(package("hot"), Seconds::hours(1), text("shops are closed"))
}

fn expedite(release: Release<Plan>) -> phasegate::release::Proposal<Expedite, Plan> {
    let Expedite {
        package,
        early_life_support,
        reason,
        ..
    } = haste();
    release.expedite(package, early_life_support, reason)
}

fn told(decision: &Decision) -> Vec<String> {
    decision.blockers().map(|one| one.to_string()).collect()
}

/// An emergency, planned by nobody, where `eve` decides in emergencies and `cho` otherwise.
fn emergency(office: &Desk) -> Release<Plan> {
    let mut request = titled("Hotfix");
    request.track = Track::Emergency;
    let release = office.done(office.asked(request), "kim");
    let mut release = office.done(release.authorise(worthwhile()), "cho");
    for (who, role) in [
        ("ada", Role::ReleaseManager),
        ("cho", Role::ChangeAuthority),
        ("eve", Role::EmergencyChangeAuthority),
        ("kim", Role::EmergencyChangeAuthority),
        ("dep", Role::ChangeAuthority),
    ] {
        release = office.recorded(release, RoleGiven::new(person(who), role), "ada");
    }
    release
}

fn approve(office: &Desk, release: Release<Plan>, who: &str, role: Role) -> Release<Plan> {
    let subject = office.desk.subject(&release, haste());
    let approval = Approval::new(Action::Expedite, subject, role, Answer::Approved);
    office.recorded(release, approval, who)
}

fn in_hindsight(role: Role) -> RetrospectiveApproval {
    RetrospectiveApproval::new(role, text("there was no other way"))
}

fn review_held() -> PostImplementationReview {
    PostImplementationReview::new(text("alarms came too late"))
}

/// The debts of the release, as the report has them now.
fn debts<P>(office: &Desk, release: &Release<P>) -> Vec<DebtOwed> {
    let mut exceptions = Exceptions::at(office.now());
    exceptions
        .add(&wait(office.desk.history(release.id())).unwrap())
        .unwrap();
    exceptions.debts.into_iter().map(|debt| debt.what).collect()
}

#[test]
fn an_emergency_goes_live_by_its_own_authority_and_pays_for_it() {
    let office = office().with_gates(gates());
    let release = emergency(&office);

    // By its own authority: not without, not by the usual one, not by whoever asked for it.
    let release = approve(&office, release, "cho", Role::ChangeAuthority);
    let release = approve(&office, release, "kim", Role::EmergencyChangeAuthority);
    let refused = office
        .run(expedite(release), "ada")
        .unwrap_err()
        .refused()
        .unwrap();
    assert_eq!(
        told(&refused.decision),
        [
            "approvals: `kim` asked for this release and cannot approve it; ask somebody else who may"
        ],
    );
    let release = approve(
        &office,
        refused.release,
        "eve",
        Role::EmergencyChangeAuthority,
    );
    let release = office.done(expedite(release), "ada");
    let Route::Expedited { debt, .. } = release.route() else {
        panic!("{release:?}");
    };
    assert!(!debt.is_paid());

    let release = office.recorded(release, attempt("first"), "dep");
    let release = office.recorded(release, went_live("first"), "dep");
    let release = office.done(release.finish_deployment(), "ada");
    office.clock.pass(Seconds::hours(30));

    // It cannot leave Review, and says why.
    let done = ReviewOutcome::Successful;
    let refused = office
        .run(release.complete_review(done), "ada")
        .unwrap_err()
        .refused()
        .unwrap();
    assert_eq!(
        told(&refused.decision),
        [
            "lifecycle: a retrospective approval is owed since 2026-03-02T12:00:00Z; have someone who neither \
             asked for it nor did it record a `RetrospectiveApproval`",
            "lifecycle: a post-implementation review is owed, and none was held; record a \
             `PostImplementationReview`",
        ],
    );
    let [owed] = &debts(&office, &refused.release)[..] else {
        panic!("one debt");
    };
    assert_eq!(owed.cause, DebtCause::Expedited);
    assert_eq!(
        (&owed.approval, &owed.review),
        (&Repayment::Owed, &Repayment::Owed)
    );
    assert_eq!(owed.owed_for_seconds, Seconds::hours(30));
    assert_eq!(owed.reason, text("shops are closed"));

    // Nobody who was involved pays it: kim asked, ada expedited, dep deployed.
    let mut release = refused.release;
    for (who, role) in [
        ("kim", Role::EmergencyChangeAuthority),
        ("ada", Role::ReleaseManager),
        ("dep", Role::ChangeAuthority),
    ] {
        let answer = office.record(release, in_hindsight(role), who);
        let refused = answer.unwrap_err().refused().unwrap();
        let own = format!(
            "lifecycle: `{who}` asked for it or did it, and cannot approve it; ask someone who was not involved"
        );
        assert_eq!(told(&refused.decision), [own]);
        release = refused.release;
    }
    // A system cannot answer for it at all.
    let pipeline = phasegate::release::Actor::system("pipeline").unwrap();
    let hindsight = in_hindsight(Role::ChangeAuthority);
    let answer = wait(office.desk.record(release, hindsight, pipeline));
    let release = answer.unwrap_err().into_release().unwrap();

    let release = office.recorded(release, in_hindsight(Role::ChangeAuthority), "cho");
    let refused = office
        .run(release.complete_review(done), "ada")
        .unwrap_err()
        .refused()
        .unwrap();
    assert_eq!(told(&refused.decision).len(), 1, "the review is owed still");
    office.clock.pass(Seconds::hours(6));
    let release = office.recorded(refused.release, review_held(), "ada");
    let [paid] = &debts(&office, &release)[..] else {
        panic!("one debt");
    };
    assert!(paid.is_paid());
    assert!(matches!(&paid.approval, Repayment::Paid { by, .. } if *by == person("cho").into()));
    assert_eq!(paid.owed_for_seconds, Seconds::hours(36));
    let release = office.done(release.complete_review(done), "ada");
    let release = office.done(release.close(ClosureRecord::new()), "ada");
    assert_eq!(release.view().ending, Some(Ending::Completed));
    // Paid is paid, however much later one looks.
    office.clock.pass(Seconds::days(90));
    assert_eq!(debts(&office, &release)[0], *paid);
}

#[test]
fn nobody_overrides_the_authority_of_an_emergency_where_the_gate_says_so() {
    let office = office().with_gates(gates());
    let release = emergency(&office);
    let granted = OverrideGranted::new(
        key("W-1"),
        Action::Expedite,
        key("approvals"),
        key("approvals-missing"),
        Role::ChangeAuthority,
        text("eve does not pick up"),
        at("2026-03-02T13:00:00Z"),
    );
    let release = office.recorded(release, granted, "cho");
    let refused = office
        .run(expedite(release), "ada")
        .unwrap_err()
        .refused()
        .unwrap();
    let warnings: Vec<_> = refused
        .decision
        .warnings()
        .map(|one| one.to_string())
        .collect();
    assert_eq!(
        warnings,
        [
            "overrides: override `W-1` is for blocker `approvals-missing` of policy `approvals`, which nobody can override; \
             do what that asks for"
        ],
    );
}

#[test]
fn an_approval_is_taken_back_from_whoever_then_does_it_themselves() {
    let office = office().with_gates(gates());
    let release = approve(
        &office,
        emergency(&office),
        "eve",
        Role::EmergencyChangeAuthority,
    );
    let release = office.done(expedite(release), "ada");
    let release = office.recorded(release, in_hindsight(Role::ChangeAuthority), "dep");
    assert!(matches!(
        debts(&office, &release)[0].approval,
        Repayment::Paid { .. }
    ));
    let release = office.recorded(release, attempt("first"), "dep");
    let [owed] = &debts(&office, &release)[..] else {
        panic!("one debt");
    };
    assert_eq!(owed.approval, Repayment::Owed);
    assert!(owed.involved.contains(&person("dep").into()));
}

#[test]
fn a_change_that_is_found_after_the_fact_owes_the_same() {
    let office = office().with_gates(gates());
    let found = FindUnauthorised::new(
        titled("A table was dropped"),
        package("found"),
        at("2026-03-01T08:00:00Z"),
        Seconds::hours(1),
    );
    let release: Release<Review> = office.done(office.desk.find_unauthorised(found), "fay");
    assert!(matches!(release.route(), Route::Unauthorised { debt, .. } if !debt.is_paid()));
    office.clock.pass(Seconds::days(2));
    let [owed] = &debts(&office, &release)[..] else {
        panic!("one debt");
    };
    assert_eq!(owed.cause, DebtCause::Unauthorised);
    assert_eq!(
        owed.owed_for_seconds,
        Seconds::days(2),
        "since it was found"
    );

    let done = ReviewOutcome::WithIssues;
    let refused = office
        .run(release.complete_review(done), "fay")
        .unwrap_err()
        .refused()
        .unwrap();
    assert_eq!(told(&refused.decision).len(), 2);
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(refused.release, given, "fay");
    let release = office.recorded(release, in_hindsight(Role::ChangeAuthority), "cho");
    let release = office.recorded(release, review_held(), "fay");
    let release = office.done(release.complete_review(done), "fay");
    let release = office.done(release.close(ClosureRecord::new()), "fay");
    assert_eq!(release.view().ending, Some(Ending::WithIssues));
    assert!(debts(&office, &release)[0].is_paid());
}

#[test]
fn a_release_that_was_backed_out_owes_its_review_only() {
    let office = office();
    let release = office.done(office.deploying().back_out(text("orders got lost")), "dep");
    let [owed] = &debts(&office, &release)[..] else {
        panic!("one debt");
    };
    assert_eq!(owed.cause, DebtCause::BackedOut);
    assert_eq!(
        (&owed.approval, &owed.review),
        (&Repayment::NotOwed, &Repayment::Owed)
    );
    let release = office.recorded(release, review_held(), "ada");
    assert!(debts(&office, &release)[0].is_paid());
}

/// What is done to a release on hold.
type Meanwhile = fn(&Desk, Release<OnHold<Testing>>) -> Release<OnHold<Testing>>;

#[test]
fn approvals_are_void_where_the_content_changed_on_hold_and_only_there() {
    fn planned(office: &Desk, release: Release<OnHold<Testing>>) -> Release<OnHold<Testing>> {
        office.recorded(release, ReleasePlan::new(Seconds::days(9)), "ada")
    }
    fn overridden(
        office: &Desk,
        release: Release<OnHold<Testing>>,
        step: Action,
    ) -> Release<OnHold<Testing>> {
        let granted = OverrideGranted::new(
            key("W-1"),
            step,
            key("approvals"),
            key("own-work"),
            Role::ChangeAuthority,
            text("it was tested by hand"),
            at("2026-03-05T12:00:00Z"),
        );
        office.recorded(release, granted, "cho")
    }
    let cases: [(&str, Meanwhile, Option<&str>, Option<&str>); 11] = [
        ("nothing", |_, release| release, None, None),
        (
            "a note",
            |office, release| office.recorded(release, Note::new(text("seen")), "ada"),
            None,
            None,
        ),
        (
            "a task",
            |office, release| {
                office.recorded(
                    release,
                    TaskOpened::new(key("T-1"), crate::desk_support::name("call")),
                    "ada",
                )
            },
            None,
            None,
        ),
        (
            "a test run",
            |office, release| {
                office.recorded(release, run_of("late", &package("one"), 9, 0), "tom")
            },
            None,
            None,
        ),
        (
            "another role",
            |office, release| {
                office.recorded(release, RoleGiven::new(person("bo"), Role::Builder), "ada")
            },
            None,
            None,
        ),
        (
            "the same plan agreed again",
            |office, release| office.recorded(release, Baseline::new(), "ada"),
            None,
            None,
        ),
        ("another plan", planned, Some("the plan"), Some("the plan")),
        (
            "another plan, agreed",
            |office, release| office.recorded(planned(office, release), Baseline::new(), "ada"),
            Some("the plan"),
            Some("the plan"),
        ),
        (
            "another plan, and back",
            |office, release| {
                let before = ReleasePlan::new(Seconds::hours(2));
                office.recorded(planned(office, release), before, "ada")
            },
            None,
            None,
        ),
        (
            "an override for deploy",
            |office, release| overridden(office, release, Action::Deploy),
            Some("the overrides"),
            None,
        ),
        (
            "an override for rework",
            |office, release| overridden(office, release, Action::Rework),
            None,
            Some("the overrides"),
        ),
    ];
    for (what, meanwhile, deploy, rework) in cases {
        let back = Gate::<Rework>::new("back", 1).unwrap();
        let back = back.require(approved_by("authority", Role::ChangeAuthority));
        let office = office().with_gates(gates().with(back));
        let mut release = office.recorded(
            office.done(office.developing().start_testing(package("one")), "ada"),
            run_of("run", &package("one"), 19, 1),
            "tom",
        );
        let authority = RoleGiven::new(person("cho"), Role::ChangeAuthority);
        release = office.recorded(release, authority, "ada");
        let deploying = || Deploy::new(window());
        let reworking = || Rework::new(text("one more fix"));
        for (action, subject) in [
            (Action::Deploy, office.desk.subject(&release, deploying())),
            (Action::Rework, office.desk.subject(&release, reworking())),
        ] {
            let role = Role::ChangeAuthority;
            let approval = Approval::new(action, subject, role, Answer::Approved);
            release = office.recorded(release, approval, "cho");
        }
        let held = office.done(release.hold(text("the fair")), "ada");
        let held = meanwhile(&office, held);
        let release = office.done(held.resume(), "ada");
        for (decision, changed) in [
            (
                wait(office.desk.explain(&release, deploying(), by("ada"))),
                deploy,
            ),
            (
                wait(office.desk.explain(&release, reworking(), by("ada"))),
                rework,
            ),
        ] {
            let void = changed.map(|changed| {
                format!("approvals: since `cho` approved it, this has changed: {changed}; ask `cho` again")
            });
            let told = told(&decision);
            let told = told.iter().find(|one| one.contains("since `cho` approved"));
            assert_eq!(told, void.as_ref(), "{what}: {decision}");
            assert_eq!(
                decision.is_cleared(),
                changed.is_none(),
                "{what}: {decision}"
            );
        }
    }
}

#[test]
fn early_life_support_that_is_not_waited_for_is_in_the_report() {
    let office = office();
    let release = office.reviewing();
    let waived = EarlyLifeSupportWaived::new(text("nobody uses it yet"));
    let release = office.recorded(release, waived, "ada");
    let mut exceptions = Exceptions::at(office.now());
    exceptions
        .add(&wait(office.desk.history(release.id())).unwrap())
        .unwrap();
    let [found] = &exceptions.waivers[..] else {
        panic!("{exceptions:?}");
    };
    assert_eq!(
        (&found.by, found.what.reason.as_str()),
        (&person("ada").into(), "nobody uses it yet")
    );
}
