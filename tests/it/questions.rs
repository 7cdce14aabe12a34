//! One question, put to other gates than those of the release: nothing but the rules differs.

use crate::desk_support::{
    at, by, key, office, package, person, run_of, text, wait, window, worthwhile,
};
use crate::models::{codes, following, loaded, shop, shop_of, with};
use phasegate::Gate;
use phasegate::gate::{ApprovalRule, ApprovalsPolicy, Approver, GateSet, Quorum};
use phasegate::phase::Action;
use phasegate::release::step::{Authorise, Deploy};
use phasegate::release::{Answer, Approval, Currency, Money, Role, RoleGiven, Service, Track};
use phasegate::verify::Question;
use serde_json::json;

fn approved_by(count: u32) -> GateSet {
    let by = [Approver::Role(Role::ChangeAuthority)];
    let rule = ApprovalRule::new(key("authority"), Quorum::Count(count), by).unwrap();
    let rule = ApprovalsPolicy::new([rule]).unwrap();
    GateSet::new().with(Gate::<Deploy>::new("go", 1).unwrap().require(rule))
}

#[test]
fn what_was_approved_under_the_gates_of_a_release_is_approved_under_others() {
    let (today, laxer, stricter) = (approved_by(2), approved_by(1), approved_by(3));
    let office = office().with_gates(today.clone());
    let mut release = office.tested();
    let given = RoleGiven::new(person("cyd"), Role::ChangeAuthority);
    release = office.recorded(release, given, "ada");
    for who in ["ann", "ben"] {
        let given = RoleGiven::new(person(who), Role::ChangeAuthority);
        release = office.recorded(release, given, "ada");
        let subject = today.subject(&release, Deploy::new(window()));
        let role = Role::ChangeAuthority;
        let approval = Approval::new(Action::Deploy, subject, role, Answer::Approved);
        release = office.recorded(release, approval, who);
    }
    let (facts, dep) = (office.facts(), by("dep"));
    let question = Question::of(&today, &release, Deploy::new(window()), &facts, &dep);
    assert!(question.ask(&today).is_cleared());
    assert!(question.ask(&laxer).is_cleared());
    assert_eq!(codes(&question.ask(&stricter)), ["approvals-missing"]);

    // At the desk, other gates void what was approved.
    let explained = laxer.explain(&release, Deploy::new(window()), &facts, &dep);
    assert_eq!(
        codes(&explained),
        ["approvals-missing", "approval-void", "approval-void"]
    );
    // Another window is another step under any gates.
    let other = phasegate::Interval::new(at("2026-03-02T13:00:00Z"), window().end()).unwrap();
    let question = Question::of(&today, &release, Deploy::new(other), &facts, &dep);
    assert!(codes(&question.ask(&laxer)).contains(&"approval-void".to_owned()));
}

#[test]
fn the_gates_of_the_release_answer_as_they_explain() {
    let gates = approved_by(1);
    let office = office().with_gates(gates.clone());
    let release = office.tested();
    let given = RoleGiven::new(person("cyd"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "ada");
    let release = office.recorded(release, run_of("again", &package("one"), 20, 0), "tom");
    let (facts, dep) = (office.facts(), by("dep"));
    let question = Question::of(&gates, &release, Deploy::new(window()), &facts, &dep);
    let explained = gates.explain(&release, Deploy::new(window()), &facts, &dep);
    assert_eq!(codes(&explained), ["approvals-missing"]);
    assert_eq!(question.ask(&gates), explained);
    // What happens to the release later does not matter.
    let _ = office.done(release.replan(text("the window was missed")), "ada");
    assert_eq!(question.ask(&gates), explained);
}

#[test]
fn a_model_that_was_authorised_is_taken_as_authorised_with_other_rules() {
    let own = GateSet::new().with_model(shop_of(1, 90));
    let office = office().with_gates(own.clone());
    wait(office.desk.draft_model(&shop_of(1, 90), by("kim"))).unwrap();
    let reason = text("the board looked at it");
    let (model, by_cho) = (key("shop"), by("cho"));
    let authorised = office.desk.authorise_model(&model, 1, reason, by_cho);
    let followed = wait(authorised).unwrap().followed();
    let mut request = following(1);
    request.track = Track::Standard;
    request.estimated_cost = Some(Money::new(10, Currency::new("EUR").unwrap()));
    request.services = [Service::new("shop").unwrap()].into();
    let release = office.done(office.asked(request), "kim");
    let facts = office.facts().with_model(followed);
    let authorise = || Authorise::new(worthwhile());

    let question = Question::of(&own, &release, authorise(), &facts, &by("cho"));
    let explained = own.explain(&release, authorise(), &facts, &by("cho"));
    assert!(explained.is_cleared(), "{explained}");
    assert_eq!(question.ask(&own), explained);
    let stricter = with(shop(), "/standard/limits/services", json!(["search"]));
    let stricter = GateSet::new().with_model(loaded(&stricter));
    let decision = question.ask(&stricter);
    assert!(!codes(&decision).is_empty() && !codes(&decision).contains(&"model-differs".into()));

    // One that was not authorised as it is stays so.
    let other = GateSet::new().with_model(shop_of(1, 80));
    let question = Question::of(&other, &release, authorise(), &facts, &by("cho"));
    assert_eq!(codes(&question.ask(&other)), ["model-differs"]);
    assert_eq!(codes(&question.ask(&own)), [""; 0]);
}
