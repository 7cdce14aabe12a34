//! What is due of a release: every instant that it knows of, and that its row says the same as the release does.

use crate::desk_support::{
    Office, at, attempt, by, key, name, office, package, person, text, wait, went_live, window,
};
use phasegate::phase::{Action, Seconds};
use phasegate::release::step::{BackOut, Hold};
use phasegate::release::{
    Answer, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, Delegated, DelegationEnded, Due,
    EarlyLifeSupportWaived, Health, HealthObserved, ImprovementProgress, ImprovementRaised,
    ImprovementStatus, Milestone, MilestoneReached, OverrideGranted, ReleasePlan, ReviewOutcome,
    Role, RoleGiven, RoleRelieved, TaskDone, TaskOpened, Wave, WaveStarted, When,
};
use phasegate::store::{Order, Query, Store};
use phasegate::{Instant, Release};

/// Whether the row that the store lists says what the release itself does.
#[track_caller]
fn listed<S: Store, P>(office: &Office<S>, release: Release<P>) -> Release<P> {
    let query = Query {
        order: Order::NextDue,
        ..Query::default()
    };
    let due = release.due(office.now());
    let deadlines = due.overdue().map(|item| item.at);
    let next = deadlines.chain(due.coming.iter().map(|item| item.at)).min();
    let page = wait(office.desk.list(query, None, 1_000)).unwrap();
    let rows = page.rows.iter();
    let mut rows = rows.filter(|row| row.stream == *release.stream());
    let row = rows.next().and_then(|row| row.summary.next_due);
    assert_eq!(row, next, "{due:?}");
    release
}

fn told(due: &Due) -> (Vec<String>, Vec<String>) {
    let told = |items: &[phasegate::release::DueItem]| {
        let items = items.iter();
        let items = items.map(|item| format!("{} {}", item.at, item.kind));
        items.collect()
    };
    (told(&due.passed), told(&due.coming))
}

fn task(id: &str, due: Option<Instant>) -> TaskOpened {
    let mut task = TaskOpened::new(key(id), name("tell the shops"));
    task.due = due;
    task
}

fn day(number: u32) -> Instant {
    at("2026-03-02T12:00:00Z").plus(Seconds::days(number))
}

#[test]
fn tasks_milestones_and_windows_pass_at_their_very_instant() {
    let office = office();
    let release = listed(&office, office.authorised());
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    let planned = |when: &str| {
        let mut milestone = Milestone::new();
        milestone.planned = Some(when.parse::<When>().unwrap());
        milestone
    };
    plan.milestones = [
        (key("freeze"), planned("2026-03-04")),
        (key("live"), planned("2026-03-05T10:00:00Z")),
        (key("some day"), Milestone::new()),
    ]
    .into();
    plan.window = Some(window());
    let release = listed(&office, office.recorded(release, plan, "ada"));
    let mut own = task("T-1", Some(day(1)));
    own.owner = Some(person("lee"));
    let release = listed(&office, office.recorded(release, own, "ada"));
    let release = listed(&office, office.recorded(release, task("T-2", None), "ada"));

    let (passed, coming) = told(&release.due(day(1)));
    assert_eq!(
        passed,
        [
            format!("{} the deployment window opens", window().start()),
            "2026-03-03T12:00:00Z task `T-1` is due".to_owned(),
        ]
    );
    assert_eq!(
        coming,
        [
            "2026-03-05T00:00:00Z milestone `freeze` is due".to_owned(),
            "2026-03-05T10:00:00Z milestone `live` is due".to_owned(),
            format!("{} the deployment window closes", window().end()),
        ]
    );
    let tick = at("2026-03-03T11:59:59.999999Z");
    assert_eq!(release.due(tick).overdue().count(), 0);
    assert_eq!(release.due(tick).next, Some(day(1)));
    assert_eq!(release.due(day(1)).overdue().count(), 1);

    // Another due instant under the same id moves it; done, it is gone; and so with what was reached.
    let release = listed(
        &office,
        office.recorded(release, task("T-1", Some(day(9))), "ada"),
    );
    let again = task("T-1", Some(day(1)));
    let release = listed(&office, office.recorded(release, again, "ada"));
    let done = TaskDone::new(key("T-1"));
    let release = listed(&office, office.recorded(release, done, "ada"));
    let reached = MilestoneReached::new(key("freeze"));
    let release = listed(&office, office.recorded(release, reached, "ada"));
    let reached = MilestoneReached::new(key("live"));
    let release = listed(&office, office.recorded(release, reached, "ada"));
    assert_eq!(release.due(day(0)).overdue().count(), 0);
    let plan = ReleasePlan::new(Seconds::hours(2));
    let release = listed(&office, office.recorded(release, plan, "ada"));
    assert_eq!(release.due(day(0)).next, None);
    let release = listed(
        &office,
        office.recorded(release, task("T-3", Some(day(1))), "ada"),
    );
    // Nothing is left to do of what was given up.
    let release = listed(&office, office.done(release.cancel(text("no more")), "ada"));
    assert_eq!(release.due(day(2)).passed, []);
    assert!(release.due(day(2)).steps.is_empty());
}

#[test]
fn answers_overrides_and_deputies_run_out() {
    let office = office();
    let mut release = office.planned();
    for (who, role) in [("cho", Role::ChangeAuthority), ("lou", Role::Tester)] {
        let given = RoleGiven::new(person(who), role);
        release = office.recorded(release, given, "ada");
    }
    let subject = office
        .desk
        .subject(&release, AnyStep::from(Hold::new(text("x"))));
    let answer = |until| {
        let (role, yes) = (Role::ChangeAuthority, Answer::Approved);
        let mut approval = Approval::new(Action::Hold, subject, role, yes);
        approval.expires = until;
        approval
    };
    let grant = |id: &str, until| {
        let (policy, code) = (key("freeze"), key("frozen"));
        let (role, why) = (Role::ChangeAuthority, text("urgent"));
        OverrideGranted::new(key(id), Action::Deploy, policy, code, role, why, until)
    };
    let deputy = |to: &str, until| {
        let mut delegated = Delegated::new(Role::ChangeAuthority, person(to));
        delegated.until = until;
        delegated
    };
    let withdrawn = ApprovalWithdrawn::new(Action::Hold, Role::ChangeAuthority);
    let ended = DelegationEnded::new(Role::ChangeAuthority, person("eve"));
    let records: Vec<AnyRecord> = vec![
        answer(Some(day(1))).into(),
        answer(Some(day(5))).into(),
        answer(None).into(),
        answer(Some(day(1))).into(),
        withdrawn.into(),
        answer(Some(day(2))).into(),
        deputy("eve", Some(day(1))).into(),
        deputy("eve", None).into(),
        deputy("eve", Some(day(1))).into(),
        ended.into(),
        deputy("eve", Some(day(1))).into(),
        deputy("max", Some(day(6))).into(),
        grant("O-1", day(3)).into(),
    ];
    let mut release = listed(&office, release.anywhere());
    for record in records {
        release = listed(&office, office.recorded(release, record, "cho"));
    }
    assert_eq!(
        told(&release.due(day(2))).0,
        ["2026-03-04T12:00:00Z what `cho` answered as change_authority for hold expires"]
    );
    assert_eq!(
        told(&release.due(day(2))).1,
        [
            "2026-03-05T12:00:00Z override `O-1` expires",
            "2026-03-08T12:00:00Z `max` no longer stands in for `cho` as change_authority",
        ]
    );
    // Whoever is relieved of a role is stood in for by nobody.
    let relieved = RoleRelieved::new(person("cho"), Role::ChangeAuthority);
    let release = listed(&office, office.recorded(release, relieved, "ada"));
    assert_eq!(release.due(day(4)).coming, []);
    let mut deputy = Delegated::new(Role::ReleaseManager, person("eve"));
    deputy.until = Some(day(1));
    let release = listed(&office, office.recorded(release, deputy, "ada"));
    let given = RoleGiven::new(person("bob"), Role::ReleaseManager);
    let release = listed(&office, office.recorded(release, given, "ada"));
    let hold = release.propose(Hold::new(text("x")));
    let release = listed(&office, wait(office.desk.run(hold, by("ada"))).unwrap());
    let left = told(&release.due(day(0))).1;
    assert_eq!(left, ["2026-03-05T12:00:00Z override `O-1` expires"]);
}

#[test]
fn waves_bake_and_early_life_support_ends() {
    let office = office();
    let release = office.authorised();
    let release = office.with_manager(release);
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    let wave = |name: &str| Wave::new(key(name), Seconds::hours(1));
    plan.waves = [wave("canary"), wave("all")].into();
    let release = office.recorded(release, plan, "ada");
    let release = office.recorded(release, phasegate::release::Baseline::new(), "ada");
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("one")), "ada");
    let run = crate::desk_support::run_of("run", &package("one"), 19, 1);
    let release = office.recorded(release, run, "tom");
    let release = listed(&office, office.done(release.deploy(window()), "ada"));
    let closes = format!("{} the deployment window closes", window().end());
    assert_eq!(told(&release.due(window().start())).1, [closes]);
    let begun = WaveStarted::new(key("canary"));
    let release = listed(&office, office.recorded(release, begun, "dep"));
    let baked = "2026-03-02T13:00:00Z wave `canary` has baked".to_owned();
    assert!(told(&release.due(office.now())).1.contains(&baked));
    let then = office.now().plus(Seconds::hours(1));
    assert!(told(&release.due(then)).0.contains(&baked));
    office.clock.pass(Seconds::hours(1));
    let seen = HealthObserved::new(key("canary"), Health::Healthy);
    let release = listed(&office, office.recorded(release, seen, "dep"));
    assert!(!told(&release.due(then)).0.contains(&baked));
    let begun = WaveStarted::new(key("all"));
    let release = listed(&office, office.recorded(release, begun, "dep"));
    let seen = HealthObserved::new(key("all"), Health::Failed);
    let release = listed(&office, office.recorded(release, seen, "dep"));
    let why = text("it broke");
    let release = listed(&office, office.done(release.back_out(why), "dep"));
    assert_eq!(release.due(office.now()).next, None);

    let release = office.made_live(office.deploying());
    let live = release.due(office.now()).steps;
    assert!(live[&Action::FinishDeployment].is_empty());
    let release = listed(&office, office.done(release.finish_deployment(), "ada"));
    let due = release.due(office.now());
    let ends = due.next.unwrap();
    assert_eq!(due.coming[0].kind.to_string(), "early life support ends");
    let code = key("early-life-support");
    assert!(due.steps[&Action::CompleteReview].contains(&code));
    assert!(release.due(ends).steps[&Action::CompleteReview].is_empty());
    let waived = EarlyLifeSupportWaived::new(text("quiet"));
    let release = listed(&office, office.recorded(release, waived, "ada"));
    assert_eq!(release.due(office.now()).next, None);
    assert!(release.due(office.now()).steps[&Action::CompleteReview].is_empty());

    let found = listed(&office, office.unauthorised());
    assert_eq!(found.due(office.now()).owed.len(), 1);
}

#[test]
fn improvements_outlast_the_release() {
    let office = office();
    let better = |due| {
        let what = name("rehearse it");
        ImprovementRaised::new(key("M-1"), what, person("kim"), due)
    };
    let progress = |status| {
        let mut progress = ImprovementProgress::new(key("M-1"), status);
        progress.comment = text("seen");
        progress
    };
    let release = office.reviewing();
    let release = listed(&office, office.recorded(release, better(day(7)), "ada"));
    let release = listed(&office, office.recorded(release, better(day(8)), "ada"));
    office.clock.pass(Seconds::hours(3));
    let release = office.done(release.complete_review(ReviewOutcome::Successful), "ada");
    let release = listed(&office, release);
    let closed = release.close(phasegate::release::ClosureRecord::new());
    let release = listed(&office, office.done(closed, "ada"));
    let (passed, coming) = told(&release.due(day(8)));
    assert_eq!(passed, ["2026-03-10T12:00:00Z improvement `M-1` is due"]);
    assert!(coming.is_empty());
    for (status, is_open) in [
        (ImprovementStatus::InProgress, true),
        (ImprovementStatus::Done, false),
        (ImprovementStatus::Open, true),
        (ImprovementStatus::Dropped, false),
    ] {
        let release = office.again(&release);
        let release = listed(&office, office.recorded(release, progress(status), "kim"));
        assert_eq!(release.due(day(8)).overdue().count() == 1, is_open);
    }
}

#[test]
fn the_steps_that_there_are_say_what_the_lifecycle_has_against_them() {
    let office = office();
    let due = office.requested().due(office.now());
    let all: Vec<_> = due.steps.keys().map(|step| step.name()).collect();
    assert_eq!(all, ["authorise", "reject", "cancel", "hold"]);
    assert!(due.steps.values().all(std::collections::BTreeSet::is_empty));
    let due = office.authorised().due(office.now());
    let lacking = &due.steps[&Action::StartDevelopment];
    let lacking: Vec<_> = lacking
        .iter()
        .map(phasegate::release::Key::as_str)
        .collect();
    assert_eq!(lacking, ["no-baseline", "no-release-manager"]);
    // The planned window is over: it has to be planned anew.
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.window = Some(window());
    let release = office.recorded(office.tested(), plan, "ada");
    let deploy = |now| release.due(now).steps[&Action::Deploy].clone();
    assert!(deploy(window().start()).is_empty());
    assert_eq!(deploy(window().end()), [key("window-over")].into());
    let back = AnyStep::from(BackOut::new(text("it broke")));
    let release = office.recorded(office.deploying(), attempt("first"), "dep");
    let running = release.due(office.now()).steps[&Action::FinishDeployment].clone();
    assert_eq!(running, [key("attempt-running"), key("not-live")].into());
    let release = office.recorded(release, went_live("first"), "dep");
    let release = wait(office.desk.run(release.anywhere().propose(back), by("dep"))).unwrap();
    assert!(release.due(office.now()).steps[&Action::Replan].is_empty());
}
