//! Where a verification could pass without having looked: each is named instead.

use crate::desk_support::{at, key, person};
use phasegate::gate::{Ask, Condition, FreezePolicy, Policies, Policy, when};
use phasegate::phase::Action;
use phasegate::release::step::{Deploy, RequestRelease};
use phasegate::release::{FactValue, ReleaseRequest, Role, Track, Verdict};
use phasegate::verify::{Answer, Domain, Options, Property, Story, ready, verify};
use phasegate::{Gate, GateSet};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU32, Ordering};

fn domain(gates: &GateSet) -> Domain {
    Domain::of(gates, at("2026-03-02T12:00:00Z"))
        .with_person(person("ann"), [Role::ChangeAuthority])
        .with_person(person("kim"), [])
        .without(Action::Replan)
        .deploying(1)
}

fn one(gates: &GateSet, domain: &Domain, property: Property) -> Answer {
    let report = verify(gates, domain, &[property], &Options::default()).unwrap();
    report.answers[0].1.clone()
}

fn mistakes(domain: &Domain, properties: &[Property]) -> String {
    verify(&GateSet::new(), domain, properties, &Options::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_domain_in_which_nothing_can_happen_is_named() {
    let nobody = Domain::of(&GateSet::new(), at("2026-03-02T12:00:00Z"))
        .with_packages([])
        .requesting([])
        .with_fact(key("open"), []);
    assert_eq!(
        mistakes(&nobody, &[ready::something_goes_live()]),
        "cannot be verified: the domain has nobody: add people by `with_person`; the domain has no package; the domain \
         has no request; fact `open` has no value: state at least one",
    );
}

#[test]
fn a_domain_that_is_too_large_is_named() {
    let mut crowd = domain(&GateSet::new());
    for number in 0..20 {
        crowd = crowd.with_person(person(&format!("p{number}")), []);
    }
    let many = (0..300).map(FactValue::from);
    let crowd = crowd.with_fact(key("open"), many);
    assert_eq!(
        mistakes(&crowd, &[]),
        "cannot be verified: 22 people are too many: expected at most 12; freezes and facts make 301 conditions: \
         expected at most 256",
    );
}

#[test]
fn a_property_over_a_role_that_is_nowhere_is_named() {
    let auditor = Role::named("auditor").unwrap();
    let property = Property::always("audited", |_| true).reading([auditor]);
    assert_eq!(
        mistakes(&domain(&GateSet::new()), &[property]),
        "cannot be verified: property `audited` reads the role `auditor`, which nobody has and no rule names",
    );
}

/// The first step is refused, so that nothing bad can ever happen.
#[test]
fn where_no_release_begins_nothing_holds() {
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Closed {}
    impl Policy for Closed {
        type Reads = ();
        const NAME: &'static str = "closed";
        fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
            Verdict::of(vec![phasegate::release::Reason::new(
                "closed",
                "it is closed",
                "wait",
            )])
        }
    }
    let gates = GateSet::new().with(
        Gate::<RequestRelease>::new("door", 1)
            .unwrap()
            .require(Closed {}),
    );
    let domain = domain(&gates);
    let report = verify(
        &gates,
        &domain,
        &[
            ready::freezes_are_honoured(&[]),
            ready::no_release_is_stuck(),
            ready::something_goes_live(),
        ],
        &Options::default(),
    )
    .unwrap();
    let answers: Vec<_> = report
        .answers
        .iter()
        .map(|(_, answer)| answer.clone())
        .collect();
    assert_eq!(
        answers,
        [Answer::Vacuous, Answer::Vacuous, Answer::Unreachable]
    );
    assert!(report.all_hold().is_err());
    assert_eq!(
        report
            .sampled
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["closed"]
    );
}

/// A domain that grows says by what, before anything is explored.
#[test]
fn an_estimate_is_never_too_low() {
    const LASTS: &str = r#", "valid_for_seconds": 604800"#;
    const GATES: &str = r#"{ "gates": [{ "name": "go", "version": 1, "step": "deploy", "rules": [{ "rule": { "approvals": {
        "rules": [{ "name": "one", "by": [{ "role": "change_authority" }], "quorum": { "count": 1 } }], "valid_for_seconds": 604800 } } }] }] }"#;
    let gates = GateSet::from_json(GATES, &Policies::new()).unwrap();
    let small = domain(&gates);
    let mut hasty = ReleaseRequest::new(crate::desk_support::name("Hotfix"));
    hasty.track = Track::Emergency;
    let domains = [
        small.clone(),
        small.clone().leaving(1).with_second_thoughts(),
        small.clone().requesting([hasty]),
        small.clone().waiting(phasegate::phase::Seconds::days(1)),
    ];
    let lasting = GateSet::from_json(&GATES.replace(LASTS, ""), &Policies::new()).unwrap();
    for (gates, domain) in domains
        .iter()
        .map(|one| (&lasting, one))
        .chain([(&gates, &domains[3])])
    {
        let report = verify(
            gates,
            domain,
            &[ready::no_release_is_stuck()],
            &Options::default(),
        );
        let (found, estimate) = (report.unwrap().states as u128, domain.estimate(gates));
        assert!(found <= estimate.states_at_most, "{found}: {estimate}");
    }
    let crowd = domains[0]
        .clone()
        .with_person(person("bob"), [Role::ChangeAuthority]);
    let (few, many) = (small.estimate(&gates), crowd.estimate(&gates));
    assert!(few.states_at_most < many.states_at_most);
    assert!(many.to_string().contains("answers"), "{many}");
}

#[test]
fn who_asks_for_nothing_gets_no_pass() {
    let gates = GateSet::new();
    let report = verify(&gates, &domain(&gates), &[], &Options::default()).unwrap();
    assert_eq!(
        report.all_hold().unwrap_err().to_string(),
        "no property was asked about"
    );
}

/// A policy that panics merely refuses in production: what it refuses would look as if it held.
#[test]
fn a_host_policy_that_panics_is_no_pass() {
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Panics {}
    impl Policy for Panics {
        type Reads = ();
        const NAME: &'static str = "panics";
        fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
            panic!("nobody is at home")
        }
    }
    let gates = GateSet::new().with(Gate::<Deploy>::new("door", 1).unwrap().require(Panics {}));
    let answer = one(&gates, &domain(&gates), ready::approved_by_others(1, &[]));
    let Answer::Faulty {
        what,
        story: Some(story),
    } = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!(what, "policy `panics` is `panicked`");
    assert_eq!(story.len(), 5);
}

#[test]
fn a_host_policy_that_answers_now_so_and_now_so_is_no_pass() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Moody {}
    impl Policy for Moody {
        type Reads = ();
        const NAME: &'static str = "moody";
        fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
            if ASKED.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                return Verdict::SATISFIED;
            }
            Verdict::of(vec![phasegate::release::Reason::new(
                "moody",
                "not today",
                "ask again",
            )])
        }
    }
    let gates = GateSet::new().with(Gate::<Deploy>::new("door", 1).unwrap().require(Moody {}));
    let answer = one(&gates, &domain(&gates), ready::approved_by_others(1, &[]));
    let Answer::Faulty { what, .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(what, "policy `moody` is `not-deterministic`");
}

#[test]
fn a_budget_that_ends_first_is_inconclusive_and_one_that_is_just_enough_is_not() {
    let gates = GateSet::new();
    let property = || Property::always("nothing is said", |_| true).fair();
    let all = verify(&gates, &domain(&gates), &[property()], &Options::default()).unwrap();
    let states = all.states;
    let within = |states| {
        let options = Options::default().states(states);
        verify(&gates, &domain(&gates), &[property()], &options).unwrap()
    };
    assert!(matches!(within(states).answers[0].1, Answer::Holds(_)));
    assert_eq!(within(states - 1).answers[0].1, Answer::Inconclusive);
    assert!(!within(states - 1).is_conclusive());
    let bytes = Options::default().bytes(10_000);
    let short = verify(&gates, &domain(&gates), &[property()], &bytes).unwrap();
    assert_eq!(short.answers[0].1, Answer::Inconclusive);
}

/// What was found before the budget ended stays found.
#[test]
fn a_way_that_was_found_is_found() {
    let gates = GateSet::new();
    let options = Options::default().states(30);
    let property = Property::never("nothing is planned", |turn| {
        turn.step() == Some(Action::Authorise)
    });
    let report = verify(
        &gates,
        &domain(&gates),
        &[property, ready::no_release_is_stuck()],
        &options,
    )
    .unwrap();
    assert!(matches!(report.answers[0].1, Answer::Fails(_)));
    assert_eq!(report.answers[1].1, Answer::Inconclusive);
}

#[test]
fn it_comes_out_the_same_each_time() {
    let gates = GateSet::new();
    let properties = [
        ready::approved_by_others(1, &[]),
        ready::no_release_is_stuck(),
    ];
    let run = |threads| {
        let options = Options::default().threads(threads);
        verify(&gates, &domain(&gates), &properties, &options).unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_eq!(run(1), run(3));
    assert_eq!(run(1), run(0), "the one that asks");
}

#[test]
fn a_story_is_read_kept_and_replayed() {
    let gates = GateSet::new();
    let answer = one(&gates, &domain(&gates), ready::approved_by_others(1, &[]));
    let story = answer.story().unwrap();
    assert_eq!(
        story.to_string(),
        "1. ann: request on the normal track (given: role_given)\n\
         2. release-manager: authorise (given: plan, baseline)\n\
         3. release-manager: start_development\n\
         4. release-manager: start_testing with package one\n\
         5. the tests of the package: 100 % of functional pass\n\
         6. ann: deploy (given: attempt_started, attempt_finished)",
    );
    let kept: Story = serde_json::to_string(story).unwrap().parse().unwrap();
    assert_eq!(&kept, story);
    assert_eq!(
        kept.replay(&gates).unwrap().standing().to_string(),
        "Deployment"
    );
    let test = story.as_test("nothing_goes_live_unseen").unwrap();
    assert!(test.contains("assert_eq!(refused.number, 6, \"{refused}\");"));
    assert!(
        test.contains("#[test]\nfn nothing_goes_live_unseen() {"),
        "{test}"
    );
    let json = test
        .split("r#\"")
        .nth(1)
        .unwrap()
        .split("\"#")
        .next()
        .unwrap();
    assert_eq!(&json.parse::<Story>().unwrap(), story);

    let mended = GateSet::from_json(
        r#"{ "gates": [{ "name": "go", "version": 1, "step": "deploy", "rules": [{ "rule": { "approvals": {
             "rules": [{ "name": "one", "by": [{ "role": "change_authority" }], "quorum": { "count": 1 } }] } } }] }] }"#,
        &Policies::new(),
    )
    .unwrap();
    let diverged = story.replay(&mended).unwrap_err();
    assert_eq!(diverged.number, 6);
    assert!(diverged.to_string().contains("approvals"), "{diverged}");
}

/// A freeze that no rule looks at is on all the same.
#[test]
fn a_condition_that_nobody_reads_is_still_there() {
    let always =
        phasegate::Interval::parse("2026-03-02T12:00:00Z", "2046-01-01T00:00:00Z").unwrap();
    let hard = phasegate::schedule::WhileClosed::new(
        phasegate::release::Effect::Blocked,
        phasegate::release::RunningWork::FinishWave,
        phasegate::release::Effect::Allowed,
        phasegate::release::Effect::Blocked,
    );
    let freeze = phasegate::schedule::Window::freeze(
        key("audit"),
        phasegate::schedule::Timing::between(always),
        hard,
    );
    let calm = when(
        Condition::tracks([Track::Emergency]),
        FreezePolicy::new(key("production")),
    );
    let gates = GateSet::new().with(Gate::<Deploy>::new("go", 1).unwrap().require(calm));
    let mut request = ReleaseRequest::new(crate::desk_support::name("Hotfix"));
    request.track = Track::Emergency;
    let usual = domain(&gates).with_freeze(key("production"), freeze.clone());
    assert!(matches!(
        one(&gates, &usual, ready::freezes_are_honoured(&[])),
        Answer::Fails(_)
    ));
    let hasty = domain(&gates)
        .requesting([request])
        .without(Action::Expedite)
        .with_freeze(key("production"), freeze);
    assert!(matches!(
        one(&gates, &hasty, ready::freezes_are_honoured(&[])),
        Answer::Holds(_)
    ));
}

/// A ready property that is asked of some moves only stays about what it was about.
#[test]
fn a_property_that_is_narrowed_is_not_widened() {
    let gates = GateSet::new();
    let property =
        ready::nobody_approves_and_deploys().when(|turn| turn.step() == Some(Action::Authorise));
    assert_eq!(one(&gates, &domain(&gates), property), Answer::Vacuous);
}

#[test]
fn two_properties_of_one_name_are_named() {
    let twice = [ready::something_goes_live(), ready::something_goes_live()];
    assert_eq!(
        mistakes(&domain(&GateSet::new()), &twice),
        "cannot be verified: two properties are called `something goes live`",
    );
    let report = verify(
        &GateSet::new(),
        &domain(&GateSet::new()),
        &[],
        &Options::default(),
    );
    assert!(!report.unwrap().is_conclusive(), "nothing was asked");
}

/// What has to be true at the end of a story depends on what it shows.
#[test]
fn a_story_becomes_a_test_of_what_it_shows() {
    let gates = GateSet::new();
    let reached = one(&gates, &domain(&gates), ready::something_goes_live());
    let test = reached.story().unwrap().as_test("it_goes_live").unwrap();
    assert!(
        test.contains("story.replay(&gates()).unwrap_or_else"),
        "{test}"
    );

    let nobody = r#"{ "gates": [{ "name": "go", "version": 1, "step": "deploy", "rules": [{ "rule": { "approvals": {
        "rules": [{ "name": "one", "by": [{ "role": "auditor" }], "quorum": { "count": 1 } }] } } }] }] }"#;
    let gates = GateSet::from_json(nobody, &Policies::new()).unwrap();
    let stuck = one(&gates, &domain(&gates), ready::no_release_is_stuck());
    assert_eq!(stuck.story().unwrap().as_test("it_is_stuck"), None);
}

#[test]
fn a_story_that_is_none_is_refused() {
    let error = "{}".parse::<Story>().unwrap_err();
    assert!(
        error.to_string().contains("missing field `lines`"),
        "{error}"
    );
}

/// A host's own policy that looks at how late it is gets the time as it is.
#[test]
fn a_host_policy_sees_time_pass() {
    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct NotBefore {}
    impl Policy for NotBefore {
        type Reads = ();
        const NAME: &'static str = "not-before";
        fn judge(&self, ask: &Ask<'_>, (): ()) -> Verdict {
            if at("2026-03-05T00:00:00Z") <= ask.now() {
                return Verdict::SATISFIED;
            }
            let reason = phasegate::release::Reason::new("early", "it is early", "wait");
            Verdict::of(vec![reason])
        }
    }
    let gates = GateSet::new().with(
        Gate::<Deploy>::new("door", 1)
            .unwrap()
            .require(NotBefore {}),
    );
    let waiting = domain(&gates)
        .with_packages([crate::desk_support::package("one")])
        .waiting(phasegate::phase::Seconds::days(1))
        .without(Action::Rework)
        .without(Action::Cancel)
        .without(Action::Reject);
    let answer = one(&gates, &waiting, ready::something_goes_live());
    let Answer::Reached(story) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(story.len(), 9, "{story}");
}

/// What depends on the window is not asked about a window that nobody has chosen.
#[test]
fn a_window_is_chosen_where_a_rule_looks_at_it() {
    use phasegate::phase::{Interval, PhaseName, Seconds};
    let lead = r#"{ "gates": [{ "name": "go", "version": 1, "step": "deploy", "rules": [{ "rule": {
        "lead-time": { "at_least_seconds": 86400 } } }] }] }"#;
    let gates = GateSet::from_json(lead, &Policies::new()).unwrap();
    let error = verify(
        &gates,
        &domain(&gates),
        &[ready::something_goes_live()],
        &Options::default(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot be verified: `lead-time` asks when the deployment window opens: say it by `Domain::deploying_in`",
    );
    let window = |from: &str| Interval::parse(from, "2026-03-06T00:00:00Z").unwrap();
    let within = |from: &str| {
        domain(&gates)
            .deploying_in(window(from))
            .staying(PhaseName::Deployment, Seconds::days(2))
    };
    let properties = [ready::something_goes_live(), ready::no_release_is_stuck()];
    let asked = |domain| verify(&gates, &domain, &properties, &Options::default()).unwrap();
    let report = asked(within("2026-03-04T00:00:00Z"));
    report.all_hold().unwrap_or_else(|not| panic!("{not}"));
    let late = asked(within("2026-03-03T00:00:00Z"));
    assert_eq!(late.answers[0].1, Answer::Unreachable, "{late}");
    assert!(matches!(late.answers[1].1, Answer::Fails(_)), "{late}");
}

/// What is said of a domain and never happens is told.
#[test]
fn what_never_comes_to_pass_is_named() {
    use phasegate::phase::PhaseName;
    use phasegate::release::WaveStarted;
    let gates = GateSet::new();
    let wave = WaveStarted::new(key("canary"));
    let idle = domain(&gates).given(PhaseName::Request, wave);
    let report = verify(
        &gates,
        &idle,
        &[ready::something_goes_live()],
        &Options::default(),
    );
    assert!(
        report.unwrap().idle.is_empty(),
        "it was not explored to the end"
    );
    let report = verify(
        &gates,
        &idle,
        &[ready::no_release_is_stuck()],
        &Options::default(),
    );
    assert_eq!(report.unwrap().idle, ["wave_started in Request"]);
}
