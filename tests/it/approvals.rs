//! Approvals that cannot be tricked: bound to content, by different people, matched as a whole.

use crate::desk_support::{
    Office, at, by, key, office, package, person, run_of, text, wait, window,
};
use phasegate::gate::{
    ApprovalRule, ApprovalsPolicy, Approver, Duty, GateSet, Percent, Policies, Quorum, RuleOn,
    SeparationOfDutiesPolicy,
};
use phasegate::phase::{Action, Seconds, Testing};
use phasegate::release::step::Deploy;
use phasegate::release::{
    Actor, Answer, Approval, ApprovalWithdrawn, Baseline, By, CodeChange, Decision, Delegated,
    OverrideGranted, ReleasePlan, Role, RoleGiven, RoleRelieved,
};
use phasegate::{Gate, Interval, MemoryStore, Release};
use std::sync::Arc;

type Desk = Office<Arc<MemoryStore>>;

fn role(name: &str) -> Role {
    Role::named(name).unwrap()
}

fn rule(name: &str, count: u32, roles: &[&str]) -> ApprovalRule {
    let by = roles.iter().map(|name| Approver::Role(role(name)));
    ApprovalRule::new(key(name), Quorum::Count(count), by).unwrap()
}

fn policy<const N: usize>(rules: [ApprovalRule; N]) -> ApprovalsPolicy {
    ApprovalsPolicy::new(rules).unwrap()
}

/// A tested release, requested by `kim`, where these people have these roles and this rule holds its deployment.
fn site(rule: impl RuleOn<Deploy>, people: &[(&str, &str)]) -> (Desk, Release<Testing>) {
    let gate = Gate::new("production", 1).unwrap().require(rule);
    let office = office().with_gates(GateSet::new().with(gate));
    let mut release = office.tested();
    for (who, what) in people {
        let given = RoleGiven::new(person(who), role(what));
        release = office.recorded(release, given, "ada");
    }
    (office, release)
}

fn approval(office: &Desk, release: &Release<Testing>, as_role: &str) -> Approval {
    let subject = office.desk.subject(release, Deploy::new(window()));
    Approval::new(Action::Deploy, subject, role(as_role), Answer::Approved)
}

fn approved(office: &Desk, release: Release<Testing>, who: &str, role: &str) -> Release<Testing> {
    let approval = approval(office, &release, role);
    office.recorded(release, approval, who)
}

fn decided(office: &Desk, release: &Release<Testing>) -> Decision {
    wait(
        office
            .desk
            .explain(release, Deploy::new(window()), by("dep")),
    )
}

#[track_caller]
fn blocked(office: &Desk, release: &Release<Testing>, expected: &[&str]) {
    let decision = decided(office, release);
    let told: Vec<_> = decision.blockers().map(|one| one.to_string()).collect();
    let codes: Vec<_> = decision
        .blockers()
        .map(|one| one.reason.code.to_string())
        .collect();
    assert_eq!(codes, expected, "{told:#?}");
}

fn people(decision: &Decision) -> Vec<String> {
    let reasons = decision.blockers().flat_map(|one| &one.reason.people);
    reasons.map(ToString::to_string).collect()
}

#[test]
fn two_rules_that_share_a_person_do_not_lock_each_other() {
    // Seen at GitLab: one person who fits two rules filled the one that somebody else needed.
    for order in [["ann", "bob"], ["bob", "ann"]] {
        let rules = policy([rule("first", 1, &["a", "b"]), rule("second", 1, &["a"])]);
        let (office, mut release) = site(rules, &[("ann", "a"), ("bob", "b")]);
        for who in order {
            blocked(
                &office,
                &release,
                &["approvals-missing"; 2][..=usize::from(who == order[0])],
            );
            release = approved(&office, release, who, if who == "ann" { "a" } else { "b" });
        }
        blocked(&office, &release, &[]);
    }
}

#[test]
fn rules_are_not_merged_into_a_weaker_one() {
    // Seen at Octopus: the approvers of two rules were united, and the larger of the two numbers was enough.
    let rules = policy([rule("builders", 1, &["a"]), rule("owners", 2, &["b"])]);
    let (office, release) = site(rules, &[("ann", "a"), ("bob", "b"), ("cid", "b")]);
    let release = approved(&office, release, "ann", "a");
    let release = approved(&office, release, "bob", "b");
    let decision = decided(&office, &release);
    let [blocker] = decision.blockers().collect::<Vec<_>>()[..] else {
        panic!("{decision}");
    };
    assert_eq!(
        blocker.to_string(),
        "approvals: rule `owners` has 1 of 2 approvals; ask somebody in the role `b` to approve it"
    );
    assert_eq!(people(&decision), ["cid"], "who could give it");
    let release = approved(&office, release, "cid", "b");
    blocked(&office, &release, &[]);
}

#[test]
fn one_person_is_one_person_whatever_their_roles() {
    let two = || [rule("first", 1, &["a"]), rule("second", 1, &["b"])];
    let both_roles = [("ann", "a"), ("ann", "b"), ("bob", "b")];
    let (office, release) = site(policy(two()), &both_roles);
    let release = approved(&office, release, "ann", "a");
    let release = approved(&office, release, "ann", "b");
    blocked(&office, &release, &["approvals-missing"]);
    let release = approved(&office, release, "bob", "b");
    blocked(&office, &release, &[]);

    let (office, release) = site(policy(two()).by_any_rule(), &both_roles);
    let release = approved(&office, release, "ann", "a");
    let release = approved(&office, release, "ann", "b");
    blocked(&office, &release, &[]);
}

#[test]
fn an_approval_is_void_once_the_content_changed_and_says_what_did() {
    // Seen at Harness: a later approver changed what earlier ones had approved.
    let (office, release) = site(policy([rule("r", 1, &["a"])]), &[("ann", "a")]);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);
    let later = Interval::parse("2026-03-09T10:00:00Z", "2026-03-09T12:00:00Z").unwrap();
    let decision = wait(office.desk.explain(&release, Deploy::new(later), by("dep")));
    let void: Vec<_> = decision
        .blockers()
        .map(|one| one.reason.message.to_string())
        .collect();
    assert_eq!(
        void[1],
        "since `ann` approved it, this has changed: the step's arguments"
    );

    let mut plan = release.plan().clone();
    plan.scope = text("and invoices");
    let release = office.recorded(release, plan, "ada");
    blocked(&office, &release, &["approvals-missing", "approval-void"]);
    let decision = decided(&office, &release);
    let void = decision.blockers().last().unwrap();
    assert_eq!(
        void.to_string(),
        "approvals: since `ann` approved it, this has changed: the plan; ask `ann` again"
    );
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);
}

#[test]
fn a_hold_leaves_approvals_as_they_are_unless_the_content_changed() {
    // Seen at ServiceNow: approvals came back with the hold's end, whatever had changed meanwhile.
    let (office, release) = site(policy([rule("r", 1, &["a"])]), &[("ann", "a")]);
    let release = approved(&office, release, "ann", "a");
    let held = office.done(release.hold(text("the fair")), "ada");
    let release = office.done(held.resume(), "ada");
    blocked(&office, &release, &[]);
    let held = office.done(release.hold(text("the fair")), "ada");
    let held = office.recorded(held, ReleasePlan::new(Seconds::days(9)), "ada");
    let held = office.recorded(held, Baseline::new(), "ada");
    let release = office.done(held.resume(), "ada");
    blocked(&office, &release, &["approvals-missing", "approval-void"]);
}

#[test]
fn an_approval_of_another_package_or_other_rules_is_void() {
    let (office, release) = site(policy([rule("r", 1, &["a"])]), &[("ann", "a")]);
    let release = approved(&office, release, "ann", "a");
    let release = office.done(release.rework(text("one more fix")), "tom");
    let release = office.done(release.start_testing(package("two")), "tom");
    let release = office.recorded(release, run_of("r2", &package("two"), 5, 0), "tom");
    blocked(&office, &release, &["approvals-missing", "approval-void"]);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);
    let stricter = policy([rule("r", 1, &["a"])])
        .valid_for(Seconds::days(9))
        .unwrap();
    let gate = Gate::<Deploy>::new("production", 2)
        .unwrap()
        .require(stricter);
    let office = office.with_gates(GateSet::new().with(gate));
    let decision = decided(&office, &release);
    let void = decision
        .blockers()
        .last()
        .unwrap()
        .reason
        .message
        .to_string();
    assert_eq!(void, "since `ann` approved it, this has changed: the gates");
}

#[test]
fn the_requester_never_approves_own_work_but_for_a_recorded_exception() {
    let (office, release) = site(
        policy([rule("r", 1, &["a"])]),
        &[("kim", "a"), ("ann", "a"), ("ann", "change_authority")],
    );
    let release = approved(&office, release, "kim", "a");
    blocked(&office, &release, &["own-work"]);
    let decision = decided(&office, &release);
    assert_eq!(
        decision.to_string(),
        "deploy refused\n  approvals: `kim` asked for this release and cannot approve it; ask somebody else who may"
    );
    let granted = OverrideGranted::new(
        key("W-1"),
        Action::Deploy,
        key("approvals"),
        key("own-work"),
        Role::ChangeAuthority,
        text("ann is ill"),
        at("2026-03-05T12:00:00Z"),
    );
    let release = office.recorded(release, granted, "ann");
    // The override is part of what is approved.
    let release = approved(&office, release, "kim", "a");
    let decision = decided(&office, &release);
    assert!(decision.is_cleared(), "{decision}");
    assert_eq!(decision.overrides().count(), 1);
    let _ = office.done(release.deploy(window()), "dep");
}

#[test]
fn nobody_approves_what_they_built_or_deploy_where_the_rule_says_so() {
    let strict = policy([rule("r", 1, &["a"])])
        .not_by(Duty::Builder)
        .not_by(Duty::Deployer);
    let people = [
        ("bo", "a"),
        ("bo", "builder"),
        ("cy", "a"),
        ("dep", "a"),
        ("ann", "a"),
    ];
    let (office, release) = site(strict, &people);
    let mut change = CodeChange::new(key("c1"), at("2026-03-01T12:00:00Z"));
    change.author = Some(person("cy"));
    let mut release = office.recorded(release, change, "cy");
    for who in ["bo", "cy", "dep"] {
        release = approved(&office, release, who, "a");
    }
    blocked(&office, &release, &["own-work"; 3]);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);
}

#[test]
fn who_approves_does_not_deploy_where_duties_are_separate() {
    let apart = SeparationOfDutiesPolicy::new([Duty::Deployer]).unwrap();
    let (office, release) = site(apart, &[("dep", "a"), ("ann", "a")]);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);
    let release = approved(&office, release, "dep", "a");
    let decision = decided(&office, &release);
    assert_eq!(
        decision.to_string(),
        "deploy refused\n  separation-of-duties: `dep` deploys it and cannot approve it; ask somebody else in the role `a`, and have `dep` withdraw the approval"
    );
    let withdrawn = ApprovalWithdrawn::new(Action::Deploy, role("a"));
    let release = office.recorded(release, withdrawn, "dep");
    blocked(&office, &release, &[]);
    assert!(SeparationOfDutiesPolicy::new([]).is_err());
}

#[test]
fn one_live_rejection_refuses_until_it_is_withdrawn() {
    let people = [("ann", "a"), ("bob", "a"), ("eve", "x")];
    let (office, release) = site(policy([rule("r", 1, &["a"])]), &people);
    let release = approved(&office, release, "ann", "a");
    let rejecting = |release: &_, as_role| {
        let mut rejection = approval(&office, release, as_role);
        rejection.answer = Answer::Rejected;
        rejection.comment = text("not during the fair");
        rejection
    };
    let by_another_role = rejecting(&release, "x");
    let release = office.recorded(release, by_another_role, "eve");
    blocked(&office, &release, &[]);
    let rejection = rejecting(&release, "a");
    let release = office.recorded(release, rejection, "bob");
    let decision = decided(&office, &release);
    assert_eq!(
        decision.to_string(),
        "deploy refused\n  approvals: `bob` rejected it: not during the fair; fix it, or have `bob` withdraw the answer"
    );
    let withdrawn = ApprovalWithdrawn::new(Action::Deploy, role("a"));
    let release = office.recorded(release, withdrawn, "bob");
    blocked(&office, &release, &[]);
}

#[test]
fn an_approval_ends_and_a_clearance_with_the_last_that_is_enough() {
    let lasting = policy([rule("r", 1, &["a"])])
        .valid_for(Seconds::hours(48))
        .unwrap();
    let (office, release) = site(lasting, &[("ann", "a"), ("bob", "a")]);
    let start = office.now();
    let mut short = approval(&office, &release, "a");
    short.expires = Some(start.plus(Seconds::minutes(10)));
    let release = office.recorded(release, short, "ann");
    assert_eq!(
        decided(&office, &release).holds_until,
        Some(start.plus(Seconds::minutes(10)))
    );
    let release = approved(&office, release, "bob", "a");
    assert_eq!(
        decided(&office, &release).holds_until,
        Some(start.plus(Seconds::hours(48)))
    );
    office.clock.pass(Seconds::hours(47));
    blocked(&office, &release, &[]);
    office.clock.pass(Seconds::hours(1));
    blocked(
        &office,
        &release,
        &["approvals-missing", "approval-expired", "approval-expired"],
    );
}

#[test]
fn who_left_their_role_has_not_approved() {
    let (office, release) = site(
        policy([rule("r", 1, &["a"])]),
        &[("ann", "a"), ("bob", "a")],
    );
    let release = approved(&office, release, "ann", "a");
    let relieved = RoleRelieved::new(person("ann"), role("a"));
    let release = office.recorded(release, relieved, "ada");
    blocked(&office, &release, &["approvals-missing", "approver-left"]);
    let decision = decided(&office, &release);
    let left = decision.blockers().last().unwrap();
    assert_eq!(
        left.to_string(),
        "approvals: `ann` approved as a, and no longer is; ask `bob`, or give `ann` the role `a` again"
    );
    assert_eq!(people(&decision), ["bob"; 2], "who could give it instead");

    // Whatever else has changed, to ask them again would not help.
    let release = office.recorded(release, ReleasePlan::new(Seconds::days(9)), "ada");
    let release = office.recorded(release, Baseline::new(), "ada");
    blocked(&office, &release, &["approvals-missing", "approver-left"]);
    let relieved = RoleRelieved::new(person("bob"), role("a"));
    let release = office.recorded(release, relieved, "ada");
    let decision = decided(&office, &release);
    let left = decision.blockers().last().unwrap();
    assert_eq!(
        left.reason.remedy.to_string(),
        "give `ann` the role `a` again, or give it to somebody else"
    );
    let given = RoleGiven::new(person("ann"), role("a"));
    let release = office.recorded(release, given, "ada");
    blocked(&office, &release, &["approvals-missing", "approval-void"]);
}

#[test]
fn it_is_told_when_nobody_is_left_who_could_approve() {
    let (office, release) = site(
        policy([rule("r", 2, &["a"])]),
        &[("kim", "a"), ("ann", "a")],
    );
    let decision = decided(&office, &release);
    let told: Vec<_> = decision.blockers().map(|one| one.to_string()).collect();
    assert_eq!(
        told,
        [
            "approvals: rule `r` has 0 of 2 approvals, and nobody is left for 1 of them; give more people the role `a`"
        ]
    );
    assert_eq!(people(&decision), ["ann"], "the requester is not asked");
    let given = RoleGiven::new(person("bob"), role("a"));
    let release = office.recorded(release, given, "ada");
    blocked(&office, &release, &["approvals-missing"]);
    assert_eq!(people(&decided(&office, &release)), ["ann", "bob"]);
}

#[test]
fn it_is_told_why_those_that_a_rule_names_cannot_approve() {
    let named = |by: &[&str], count| {
        let by = by.iter().map(|name| Approver::Person(person(name)));
        policy([ApprovalRule::new(key("owners"), Quorum::Count(count), by).unwrap()])
    };
    let told = |office: &Desk, release: &_| decided(office, release).to_string();
    let (office, release) = site(
        named(&["kim", "lee", "bob"], 3),
        &[("kim", "a"), ("bob", "a")],
    );
    let release = approved(&office, release, "bob", "a");
    assert_eq!(
        told(&office, &release),
        "deploy refused\n  approvals: rule `owners` has 1 of 3 approvals, and nobody is left for 2 of them: \
         `kim` asked for this release, `lee` has no role in it; \
         give `lee` a role, or name other people in the rule, or have it overridden"
    );
    let given = RoleGiven::new(person("lee"), role("a"));
    let release = office.recorded(release, given, "ada");
    assert_eq!(
        told(&office, &release),
        "deploy refused\n  approvals: rule `owners` has 1 of 3 approvals, and nobody is left for 1 of them: \
         `kim` asked for this release; name other people in the rule, or have it overridden"
    );
    assert_eq!(people(&decided(&office, &release)), ["lee"]);

    // A person and a role: either way out is told.
    let mixed = [Approver::Person(person("lee")), Approver::Role(role("a"))];
    let mixed = ApprovalRule::new(key("owners"), Quorum::Count(2), mixed).unwrap();
    let (office, release) = site(policy([mixed]), &[("ann", "a")]);
    assert_eq!(
        told(&office, &release),
        "deploy refused\n  approvals: rule `owners` has 0 of 2 approvals, and nobody is left for 1 of them: \
         `lee` has no role in it; give `lee` a role, or give more people the role `a`, \
         or name other people in the rule, or have it overridden"
    );
}

#[test]
fn a_stand_in_counts_as_the_one_they_stand_in_for() {
    let (office, release) = site(
        policy([rule("r", 2, &["a"])]),
        &[("ann", "a"), ("bob", "a")],
    );
    let to_bob = Delegated::new(role("a"), person("bob"));
    let release = office.recorded(release, to_bob, "ann");
    let mut for_ann = approval(&office, &release, "a");
    for_ann.on_behalf_of = Some(person("ann"));
    let release = office.recorded(release, for_ann, "bob");
    blocked(&office, &release, &["approvals-missing"]);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &["approvals-missing"]);
    let release = approved(&office, release, "bob", "a");
    blocked(&office, &release, &[]);

    // Nobody fills two places by standing in for two.
    let people = [("ann", "a"), ("bob", "a"), ("cid", "a")];
    let (office, mut release) = site(policy([rule("r", 2, &["a"])]), &people);
    for absent in ["ann", "bob"] {
        let to_dan = Delegated::new(role("a"), person("dan"));
        release = office.recorded(release, to_dan, absent);
        let mut answer = approval(&office, &release, "a");
        answer.on_behalf_of = Some(person(absent));
        release = office.recorded(release, answer, "dan");
    }
    blocked(&office, &release, &["approvals-missing"]);
    let release = approved(&office, release, "cid", "a");
    blocked(&office, &release, &[]);

    // A stand-in who asked for the release is still its requester.
    let (office, release) = site(policy([rule("r", 1, &["a"])]), &[("ann", "a")]);
    let to_kim = Delegated::new(role("a"), person("kim"));
    let release = office.recorded(release, to_kim, "ann");
    let mut for_ann = approval(&office, &release, "a");
    for_ann.on_behalf_of = Some(person("ann"));
    let release = office.recorded(release, for_ann, "kim");
    blocked(&office, &release, &["own-work"]);
}

/// Whom the one blocker names, after its words.
#[track_caller]
fn told(office: &Desk, release: &Release<Testing>) -> (String, Vec<String>) {
    let decision = decided(office, release);
    let [blocker] = decision.blockers().collect::<Vec<_>>()[..] else {
        panic!("{decision}");
    };
    (blocker.to_string(), people(&decision))
}

/// An answer of `bob` for `ann`, who lets him.
fn for_ann(
    office: &Desk,
    release: Release<Testing>,
    as_role: &str,
) -> (Release<Testing>, Approval) {
    let to_bob = Delegated::new(role(as_role), person("bob"));
    let release = office.recorded(release, to_bob, "ann");
    let mut answer = approval(office, &release, as_role);
    answer.on_behalf_of = Some(person("ann"));
    (release, answer)
}

#[test]
fn whoever_was_stood_in_for_can_still_answer_in_person() {
    let both = [("ann", "a"), ("bob", "a")];
    let (office, release) = site(policy([rule("r", 2, &["a"])]), &both);
    let (release, answer) = for_ann(&office, release, "a");
    let release = office.recorded(release, answer, "bob");
    let lacks =
        "approvals: rule `r` has 1 of 2 approvals; ask somebody in the role `a` to approve it";
    let both = ["ann", "bob"].map(str::to_owned).to_vec();
    assert_eq!(told(&office, &release), (lacks.to_owned(), both));
    // His own answer is one with the one that he gave for her.
    let release = approved(&office, release, "bob", "a");
    blocked(&office, &release, &["approvals-missing"]);
    let lacks = format!("{lacks}, or `ann` to answer in person");
    assert_eq!(told(&office, &release), (lacks, vec!["ann".to_owned()]));
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);

    // The same by two rules: hers is full already, and his waits for her own answer.
    let rules = policy([rule("first", 1, &["a"]), rule("second", 1, &["b"])]);
    let (office, release) = site(rules, &[("ann", "a"), ("bob", "b")]);
    let (release, answer) = for_ann(&office, release, "a");
    let release = office.recorded(release, answer, "bob");
    let release = approved(&office, release, "bob", "b");
    blocked(&office, &release, &["approvals-missing"]);
    assert_eq!(told(&office, &release).1, ["ann"]);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);
}

#[test]
fn who_counts_for_every_rule_can_answer_again_in_another_role() {
    let rules = || [rule("first", 1, &["a"]), rule("second", 1, &["b"])];
    let ann = [("ann", "a"), ("ann", "b")];
    let (office, release) = site(policy(rules()).by_any_rule(), &ann);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &["approvals-missing"]);
    assert_eq!(told(&office, &release).1, ["ann"]);

    // Where people are different, she may move to the other rule once somebody else fills hers.
    let people = [("ann", "a"), ("ann", "b"), ("bob", "a")];
    let (office, release) = site(policy(rules()), &people);
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &["approvals-missing"]);
    let release = approved(&office, release, "bob", "a");
    blocked(&office, &release, &["approvals-missing"]);
    let release = approved(&office, release, "ann", "b");
    blocked(&office, &release, &[]);
}

#[test]
fn a_clearance_rests_on_no_more_answers_than_it_needs() {
    let people = [("ann", "a1"), ("ann", "a2"), ("bob", "a1"), ("cid", "a1")];
    let (office, release) = site(policy([rule("r", 2, &["a1", "a2"])]), &people);
    let [first, second, third] = [1, 2, 3].map(|hours| office.now().plus(Seconds::hours(hours)));
    let release = approved(&office, release, "ann", "a2");
    let (release, mut answer) = for_ann(&office, release, "a1");
    answer.expires = Some(second);
    let mut release = office.recorded(release, answer, "bob");
    for (who, until) in [("bob", third), ("cid", first)] {
        let mut own = approval(&office, &release, "a1");
        own.expires = Some(until);
        release = office.recorded(release, own, who);
    }
    // What `bob` answered for `ann` is not needed: they are two people who answered in person.
    assert_eq!(decided(&office, &release).holds_until, Some(third));
    office.clock.pass(Seconds::hours(2));
    assert!(decided(&office, &release).is_cleared());
    office.clock.pass(Seconds::hours(1));
    assert!(!decided(&office, &release).is_cleared());
}

#[test]
fn a_share_is_rounded_up_and_never_none() {
    let share = |percent| {
        let quorum = Quorum::Percent(Percent::new(percent).unwrap());
        let by = [Approver::Role(role("a"))];
        policy([ApprovalRule::new(key("r"), quorum, by).unwrap()])
    };
    let three = [("ann", "a"), ("bob", "a"), ("cid", "a")];
    for (percent, needed) in [(1, 1), (33, 1), (34, 2), (66, 2), (67, 3), (100, 3)] {
        let (office, mut release) = site(share(percent), &three);
        for (given, (who, _)) in three.iter().enumerate() {
            assert_eq!(
                decided(&office, &release).is_cleared(),
                given >= needed,
                "{percent}"
            );
            release = approved(&office, release, who, "a");
        }
        blocked(&office, &release, &[]);
    }
    let (office, release) = site(share(50), &[]);
    blocked(&office, &release, &["cannot-be-approved"]);
    let nobody = Quorum::Percent(Percent::new(0).unwrap());
    let refused = ApprovalRule::new(key("r"), nobody, [Approver::Role(role("a"))]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "invalid quorum of rule `r` `0`: expected at least 1 percent"
    );
}

#[test]
fn a_system_does_not_approve_and_approving_starts_nothing() {
    let (office, release) = site(policy([rule("r", 1, &["a"])]), &[("ann", "a")]);
    let approval = approval(&office, &release, "a");
    let bot = By::new(Actor::system("pipeline").unwrap());
    let refused = wait(office.desk.record(release, approval, bot)).unwrap_err();
    let release = refused.refused().unwrap().release;
    let release = approved(&office, release, "ann", "a");
    assert_eq!(release.standing().to_string(), "Testing");
}

#[test]
fn rules_that_nobody_can_meet_are_refused_on_load() {
    let load = |params: &str| {
        let file = format!(
            r#"{{"gates":[{{"name":"g","version":1,"step":"deploy","rules":[{{"rule":{{"approvals":{params}}}}}]}}]}}"#
        );
        let mistakes = GateSet::from_json(&file, &Policies::new())
            .map(|_| ())
            .err();
        let told = mistakes
            .into_iter()
            .flatten()
            .map(|mistake| mistake.to_string());
        told.map(|one| one.replace("gates[0].rules[0].rule.approvals", "~"))
            .collect::<Vec<_>>()
    };
    let fine = r#"{"rules":[{"name":"r","by":[{"role":"a"}],"quorum":{"count":2}}],"valid_for_seconds":60}"#;
    assert!(load(fine).is_empty());
    for (params, told) in [
        (
            r#"{"rules":[]}"#,
            "~: invalid approvals policy ``: expected at least one rule",
        ),
        (
            r#"{"rules":[{"name":"r","by":[],"quorum":{"count":1}}]}"#,
            "~.rules[0]: invalid quorum of rule `r` ``: expected at least one role or person in `by`",
        ),
        (
            r#"{"rules":[{"name":"r","by":[{"person":"kim"}],"quorum":{"count":2}}]}"#,
            "~.rules[0]: invalid quorum of rule `r` `2`: expected 1 to 1, the number of people named",
        ),
        (
            r#"{"rules":[{"name":"r","by":[{"role":"a"}],"quorum":{"count":0}}]}"#,
            "~.rules[0]: invalid quorum of rule `r` `0`: expected at least 1",
        ),
        (
            r#"{"rules":[{"name":"r","by":[{"person":"kim"}],"quorum":{"count":1}},
                {"name":"s","by":[{"person":"kim"}],"quorum":{"count":1}}]}"#,
            "~: invalid approvals policy `1`: expected as many different people as its rules need together",
        ),
        (
            r#"{"rules":[{"name":"r","by":[{"role":"a"}],"quorum":{"percent":101}}]}"#,
            "~.rules[0].quorum.percent: invalid percentage `101`: expected 0 to 100",
        ),
    ] {
        assert_eq!(load(params), [told]);
    }
    let negative = load(&fine.replace("60", "-60"));
    assert_eq!(negative.len(), 1);
    assert!(
        negative[0].starts_with("~.valid_for_seconds: "),
        "{negative:?}"
    );
}

#[test]
fn an_approval_is_good_for_one_deployment() {
    let (office, release) = site(policy([rule("owners", 1, &["a"])]), &[("ann", "a")]);
    let release = approved(&office, release, "ann", "a");
    let release = office.done(release.deploy(window()), "dep");
    let release = office.done(release.back_out(text("orders got lost")), "dep");
    let release = office.done(release.replan(text("once more")), "ada");
    let release = office.agreed(release);
    let release = office.done(release.start_development(), "ada");
    let release = office.done(release.start_testing(package("one")), "ada");
    let release = office.recorded(release, run_of("again", &package("one"), 20, 0), "tom");
    let decision = decided(&office, &release);
    assert_eq!(
        decision.to_string(),
        "deploy refused\n  approvals: rule `owners` has 0 of 1 approvals; ask somebody in the role `a` to approve it\n  \
         approvals: since `ann` approved it, the step `deploy` was taken; ask `ann` again",
    );
    let release = approved(&office, release, "ann", "a");
    blocked(&office, &release, &[]);
}

#[test]
fn an_approval_more_never_refuses() {
    let rules = policy([rule("board", 1, &["a"]), rule("authority", 1, &["b"])]);
    let (office, release) = site(rules, &[("ann", "a"), ("bea", "a"), ("bea", "b")]);
    let release = office.recorded(release, Delegated::new(role("a"), person("ann")), "bea");
    let release = approved(&office, release, "ann", "a");
    let release = approved(&office, release, "bea", "b");
    blocked(&office, &release, &[]);
    // Now ann and bea could be taken for one person; without this answer they are two.
    let mut more = approval(&office, &release, "a");
    more.on_behalf_of = Some(person("bea"));
    more.expires = Some(at("2026-03-02T13:00:00Z"));
    let release = office.recorded(release, more, "ann");
    let decision = decided(&office, &release);
    assert!(decision.is_cleared(), "{decision}");
    assert_eq!(
        decision.holds_until,
        Some(window().end()),
        "it does not rest on that answer"
    );
}
