//! Questions about many releases: what is due, the worklist, what a service has learned, the roadmap.

use crate::desk_support::{
    Office, at, by, key, name, note, office, person, text, titled, wait, window,
};
use crate::relations::elsewhere;
use phasegate::desk::{LoadError, Lookout, Overview};
use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, DependenciesPolicy, GateSet, Quorum,
};
use phasegate::phase::{Action, PhaseName, Request, Seconds};
use phasegate::release::step::{Deploy, StartDevelopment};
use phasegate::release::{
    Actor, Delegated, DependencyDeclared, ImprovementProgress, ImprovementRaised,
    ImprovementStatus, LessonLearned, Milestone, MilestoneReached, PostImplementationReview,
    ReleasePlan, Role, RoleGiven, Service, TaskDone, TaskOpened, When,
};
use phasegate::schedule::{Promise, WorkingDays};
use phasegate::store::{Cursor, Store};
use phasegate::{By, Gate, Instant, Interval, Release};

fn day(number: u32) -> Instant {
    at("2026-03-02T12:00:00Z").plus(Seconds::days(number))
}

fn due_on<S: Store>(office: &Office<S>, title: &str, due: Instant) -> Release<Request> {
    let release = office.done(office.asked(titled(title)), "kim");
    let mut task = TaskOpened::new(key("T-1"), name("tell the shops"));
    task.owner = Some(person("lee"));
    task.due = Some(due);
    office.recorded(release, task, "kim")
}

fn titles<T>(told: &Overview<T>) -> Vec<String> {
    let answers = told.answers.iter();
    let titles = answers.map(|told| told.row.summary.title.to_string());
    titles.collect()
}

/// All pages, each of so many rows at most.
fn pages<T>(limit: usize, ask: impl Fn(Option<&Cursor>, usize) -> Overview<T>) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = ask(after.as_ref(), limit);
        assert!(page.answers.len() <= limit);
        all.extend(titles(&page));
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

#[test]
fn what_is_due_comes_first_and_is_told_page_by_page() {
    let office = office();
    let third = due_on(&office, "third", day(3));
    let _first = due_on(&office, "first", day(1));
    let _second = due_on(&office, "second", day(2));
    let _nothing = office.requested();
    let due = |until: Instant| wait(office.desk.due(until, None, 10)).unwrap();
    assert!(titles(&due(office.now())).is_empty());
    assert_eq!(due(office.now()).changes_at, Some(day(1)));
    assert_eq!(titles(&due(day(2))), ["first", "second"]);
    assert_eq!(due(day(2)).changes_at, Some(day(1)));
    office.clock.pass(Seconds::days(1));
    let told = due(office.now());
    assert_eq!(titles(&told), ["first"]);
    let overdue = told.answers[0].answer.as_ref().unwrap().overdue().count();
    assert_eq!((overdue, told.changes_at), (1, Some(day(2))));
    office.clock.pass(Seconds::days(30));
    for limit in [1, 2, 3, 4] {
        let ask = |after: Option<&Cursor>, limit| {
            wait(office.desk.due(office.now(), after, limit)).unwrap()
        };
        assert_eq!(pages(limit, ask), ["first", "second", "third"]);
    }
    let _ = office.recorded(third, TaskDone::new(key("T-1")), "lee");
    assert_eq!(titles(&due(office.now())), ["first", "second"]);
    assert_eq!(due(office.now()).changes_at, None);
}

#[test]
fn what_started_by_itself_is_told_until_somebody_writes() {
    let office = office();
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.window = Some(Interval::new(day(1), day(2)).unwrap());
    let release = office.recorded(office.requested(), plan, "kim");
    let due = || titles(&wait(office.desk.due(office.now(), None, 10)).unwrap());
    assert!(due().is_empty());
    office.clock.pass(Seconds::days(1));
    assert_eq!(due(), ["Shop 2.4"]);
    let release = office.recorded(release, note("seen"), "kim");
    assert!(due().is_empty());
    office.clock.pass(Seconds::days(1));
    assert_eq!(due(), ["Shop 2.4"]);
    let _ = office.recorded(release, note("seen"), "kim");
    assert!(due().is_empty());
    // A clock that was set back tells again what is to come.
    office.clock.set("2026-03-02T12:00:00Z");
    let told = wait(office.desk.due(office.now(), None, 10)).unwrap();
    assert!(told.answers.is_empty() && told.changes_at.is_none());
}

#[test]
fn a_release_that_cannot_be_read_hides_no_other() {
    let office = office();
    let bad = due_on(&office, "bad", day(0));
    let _good = due_on(&office, "good", day(1));
    let (elsewhere, store) = elsewhere(&office);
    elsewhere.clock.pass(Seconds::days(1));
    *store.unreadable.lock().unwrap() = Some(bad.stream().clone());
    let unread = |answer: Option<&LoadError>| matches!(answer, Some(LoadError::Store(_)));
    let told = wait(elsewhere.desk.due(elsewhere.now(), None, 10)).unwrap();
    assert_eq!(titles(&told), ["bad", "good"]);
    assert!(unread(told.answers[0].answer.as_ref().err()));
    assert_eq!(
        told.answers[1].answer.as_ref().unwrap().overdue().count(),
        1
    );
    let look = Lookout::working_days(2);
    let told = wait(elsewhere.desk.worklist(&look, by("ada"), None, 10)).unwrap();
    assert_eq!(titles(&told), ["bad", "good"]);
    assert!(unread(told.answers[0].answer.as_ref().err()));
    assert!(told.answers[1].answer.is_ok());
}

/// Development has to be approved by the change authority, and Deployment too.
fn approved() -> GateSet {
    let rule = || {
        let authority = [Approver::Role(Role::ChangeAuthority)];
        let rule = ApprovalRule::new(key("authority"), Quorum::Count(1), authority).unwrap();
        ApprovalsPolicy::new([rule]).unwrap()
    };
    let build = Gate::<StartDevelopment>::new("build", 1)
        .unwrap()
        .require(rule());
    let live = Gate::<Deploy>::new("live", 1).unwrap().require(rule());
    GateSet::new().with(build).with(live)
}

/// A task without a day is somebody's all the same, and who stands in for an approver is waited for too.
#[test]
fn the_worklist_knows_undated_tasks_and_stand_ins() {
    let office = office().with_gates(approved());
    let release = office.planned();
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "ada");
    let mut delegated = Delegated::new(Role::ChangeAuthority, person("dan"));
    delegated.until = Some(day(1));
    let release = office.recorded(release, delegated, "cho");
    let mut task = TaskOpened::new(key("t"), name("Tell the press"));
    task.owner = Some(person("lee"));
    let _ = office.recorded(release, task, "ada");
    let look = Lookout::working_days(2);
    let by = || By::new(Actor::system("morning").unwrap());
    let told = wait(office.desk.worklist(&look, by(), None, 10)).unwrap();
    let item = told.answers[0].answer.as_ref().unwrap();
    assert_eq!(item.waits_for(), [&person("cho"), &person("dan")].into());
    assert_eq!(item.undated[0].id, key("t"));
    assert!(item.concerns(&person("lee")) && item.concerns(&person("dan")));
    assert!(!item.concerns(&person("max")));
}

#[test]
fn the_worklist_tells_what_blocks_and_who_is_waited_for() {
    let office = office().with_gates(approved());
    let release = office.planned();
    // Kim asked for it, and is waited for by nobody.
    for who in ["cho", "max", "kim"] {
        let given = RoleGiven::new(person(who), Role::ChangeAuthority);
        let _ = office.recorded(office.again(&release), given, "ada");
    }
    let held = office.done(due_on(&office, "held", day(0)).hold(text("money")), "kim");
    let system = || By::new(Actor::system("morning").unwrap());
    let look = Lookout::working_days(2);
    let told = wait(office.desk.worklist(&look, system(), None, 10)).unwrap();
    assert_eq!(titles(&told), ["Shop 2.4", "held"]);
    let item = told.answers[0].answer.as_ref().unwrap();
    let blockers: Vec<_> = item
        .blockers()
        .map(|one| one.reason.code.to_string())
        .collect();
    assert_eq!(blockers, ["approvals-missing"]);
    let (cho, max, ada, lee) = (person("cho"), person("max"), person("ada"), person("lee"));
    assert_eq!(item.waits_for(), [&cho, &max].into());
    assert_eq!(item.waits_for_roles(), [&Role::ChangeAuthority].into());
    assert!(item.concerns(&cho) && item.concerns(&ada) && !item.concerns(&lee));
    assert_eq!(
        item.onward.as_ref().unwrap().asked,
        phasegate::release::Asking::Step(Action::StartDevelopment)
    );
    // On hold nothing leads on, and what is due is due.
    let item = told.answers[1].answer.as_ref().unwrap();
    assert_eq!((item.onward.as_ref(), item.waits_for().len()), (None, 0));
    assert_eq!(item.duties_of(&lee).count(), 1);
    assert!(item.concerns(&lee) && !item.concerns(&cho));
    let ask = |after: Option<&Cursor>, limit| {
        wait(office.desk.worklist(&look, system(), after, limit)).unwrap()
    };
    assert_eq!(pages(1, ask), ["Shop 2.4", "held"]);
    // What is over is on no worklist, and nothing was written.
    let _ = office.done(office.again(&held).cancel(text("no")), "kim");
    assert_eq!(pages(1, ask), ["Shop 2.4"]);
}

#[test]
fn where_nobody_is_named_the_holders_of_the_role_are_waited_for() {
    let gate = Gate::<StartDevelopment>::new("build", 1).unwrap();
    let gate = gate.require(DependenciesPolicy::new());
    let office = office().with_gates(GateSet::new().with(gate));
    let first = office.requested();
    let waits = DependencyDeclared::new(first.id(), PhaseName::Review);
    let _ = office.recorded(office.planned(), waits, "ada");
    let look = Lookout::working_days(2);
    let told = wait(office.desk.worklist(&look, by("ada"), None, 10)).unwrap();
    let item = told.answers[1].answer.as_ref().unwrap();
    assert_eq!(item.waits_for(), [&person("ada")].into());
}

#[test]
fn an_approval_of_the_planned_window_is_seen() {
    let office = office().with_gates(approved());
    let release = office.requested();
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.window = Some(window());
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "kim");
    let release = office.done(release.authorise(crate::desk_support::worthwhile()), "cho");
    let release = office.with_manager(release);
    let release = office.recorded(release, plan, "ada");
    let release = office.recorded(release, phasegate::release::Baseline::new(), "ada");
    let approve = |action, subject| {
        let (role, yes) = (Role::ChangeAuthority, phasegate::release::Answer::Approved);
        phasegate::release::Approval::new(action, subject, role, yes)
    };
    let look = Lookout::working_days(2);
    let blocked = || {
        let told = wait(office.desk.worklist(&look, by("ada"), None, 10)).unwrap();
        let item = told.answers[0].answer.as_ref().unwrap();
        item.blockers().count()
    };
    assert_eq!(blocked(), 1);
    let subject = office.desk.subject(&release, StartDevelopment::new());
    let approval = approve(Action::StartDevelopment, subject);
    let release = office.recorded(release, approval, "cho");
    assert_eq!(blocked(), 0);
    let release = office.done(release.start_development(), "ada");
    let package = crate::desk_support::package("one");
    let run = crate::desk_support::run_of("run", &package, 19, 1);
    let release = office.done(release.start_testing(package), "ada");
    let release = office.recorded(release, run, "tom");
    assert_eq!(blocked(), 1);
    let subject = office.desk.subject(&release, Deploy::new(window()));
    let _ = office.recorded(release, approve(Action::Deploy, subject), "cho");
    assert_eq!(blocked(), 0);
}

#[test]
fn what_is_missed_or_near_is_at_risk() {
    // Noon on a Monday.
    let office = office();
    let planned = |when: &str| {
        let mut milestone = Milestone::new();
        milestone.planned = Some(when.parse::<When>().unwrap());
        milestone
    };
    let mut plan = ReleasePlan::new(Seconds::hours(2));
    plan.milestones = [
        (key("kick-off"), planned("2026-02-26")),
        (key("today"), planned("2026-03-02")),
        (key("noon"), planned("2026-03-02T12:00:00Z")),
        (key("near"), planned("2026-03-05")),
        (key("far"), planned("2026-03-06")),
        (key("reached"), planned("2026-02-02")),
        (key("some day"), Milestone::new()),
    ]
    .into();
    plan.window = Some(Interval::new(day(2), day(3)).unwrap());
    let release = office.recorded(office.requested(), plan, "kim");
    let release = office.recorded(release, MilestoneReached::new(key("reached")), "kim");
    let told = wait(
        office
            .desk
            .worklist(&Lookout::working_days(3), by("ada"), None, 10),
    )
    .unwrap();
    let item = told.answers[0].answer.as_ref().unwrap();
    let at_risk = item.at_risk.iter();
    let at_risk: Vec<_> = at_risk
        .map(|risk| {
            let what = if let Promise::Milestone(key) = &risk.promise {
                key.to_string()
            } else {
                "go live".to_owned()
            };
            assert_eq!(risk.phases_left, 4);
            (what, risk.is_missed, risk.working_days)
        })
        .collect();
    assert_eq!(
        at_risk,
        [
            ("kick-off".to_owned(), true, -2),
            ("noon".to_owned(), true, 0),
            ("today".to_owned(), false, 0),
            ("go live".to_owned(), false, 2),
            ("near".to_owned(), false, 3),
        ]
    );
    let days = WorkingDays::default();
    let none = days.with_holidays([("2026-03-03".parse().unwrap(), name("A holiday"))]);
    let near = none.unwrap().at_risk(&release.view(), office.now(), 3);
    assert_eq!(near.len(), 6, "a day nearer by working days: {near:?}");
    let release = office.done(release.cancel(text("no more")), "kim");
    let near = WorkingDays::default().at_risk(&release.view(), office.now(), 3);
    assert!(near.is_empty());
}

#[test]
fn what_a_service_taught_is_found_when_its_next_release_is_planned() {
    let office = office();
    let of = |title: &str, service: &str| {
        let mut request = titled(title);
        request.services = [Service::new(service).unwrap()].into();
        request
    };
    let checkout = Service::new("checkout").unwrap();
    // It is enough that something was deployed: found after the fact, say.
    let found = |title: &str, service: &str| {
        office.clock.pass(Seconds::minutes(1));
        let package = crate::desk_support::package(title);
        let (since, support) = (at("2026-03-02T08:00:00Z"), Seconds::hours(1));
        let found = phasegate::release::step::FindUnauthorised::new(
            of(title, service),
            package,
            since,
            support,
        );
        office.done(office.desk.find_unauthorised(found), "fay")
    };
    let lesson = |what: &str| LessonLearned::new(key("L-1"), text(what));
    let taught = office.recorded(found("one", "checkout"), lesson("rehearse"), "ada");
    let better =
        |id: &str| ImprovementRaised::new(key(id), name("rehearse"), person("kim"), day(9));
    let taught = office.recorded(taught, better("M-1"), "ada");
    let taught = office.recorded(taught, better("M-2"), "ada");
    let done = ImprovementProgress::new(key("M-2"), ImprovementStatus::Done);
    let _ = office.recorded(taught, done, "kim");
    let _ = office.recorded(found("two", "search"), lesson("nothing here"), "ada");
    let _ = found("three", "checkout");
    let mut review = PostImplementationReview::new(text("fine"));
    review.lessons = [text("ask the shops")].into();
    let _ = office.recorded(found("four", "checkout"), review, "ada");
    let ask =
        |after: Option<&Cursor>, limit| wait(office.desk.lessons(&checkout, after, limit)).unwrap();
    for limit in [1, 2, 10] {
        assert_eq!(pages(limit, ask), ["one", "four"]);
    }
    let all = ask(None, 10);
    let learned = all.answers[0].answer.as_ref().unwrap();
    assert_eq!(learned.lessons[&key("L-1")].what, text("rehearse"));
    assert_eq!(learned.open_improvements.len(), 1);
}

#[test]
fn the_roadmap_has_all_releases_with_a_window_in_its_order() {
    let office = office();
    let planned = |title: &str, from: u32| {
        let release = office.done(office.asked(titled(title)), "kim");
        let mut plan = ReleasePlan::new(Seconds::hours(2));
        plan.window = Some(Interval::new(day(from), day(from + 1)).unwrap());
        plan.milestones = [(key("freeze"), Milestone::new())].into();
        office.recorded(release, plan, "kim")
    };
    let _ = planned("later", 9);
    let _ = office.requested();
    let over = planned("over", 3);
    let sooner = planned("sooner", 2);
    let reached = MilestoneReached::new(key("freeze"));
    let _ = office.recorded(sooner, reached, "kim");
    let _ = office.done(over.cancel(text("no")), "kim");
    let ask = |after: Option<&Cursor>, limit| wait(office.desk.roadmap(after, limit)).unwrap();
    for limit in [1, 2, 10] {
        assert_eq!(pages(limit, ask), ["sooner", "later"]);
    }
    let all = ask(None, 10);
    let planned = all.answers[0].answer.as_ref().unwrap();
    assert_eq!(planned.reached[&key("freeze")], office.now());
    assert!(planned.milestones.contains_key(&key("freeze")));
}
