//! Coverage and vacuity: what tests have seen of the policies, and what they would not miss.

use crate::desk_support::{by, office, text, worthwhile};
use crate::testing_mutation::{Panics, authorising, intake, is_so, pinned};
use crate::web_service_checks::{checks, gates};
use phasegate::gate::{Condition, GateSet, Percent, any, when};
use phasegate::phase::Action;
use phasegate::release::step::{Authorise, Close, Deploy, Hold};
use phasegate::release::{Decision, Enforcement, ReleaseKind, Track};
use phasegate::testing::{Check, Covered, Seen, Vacuous, WhyNever, coverage, vacuity};
use phasegate::verify::Question;
use phasegate::{Gate, Interval};

fn percent(percent: u8) -> Percent {
    Percent::new(percent).unwrap()
}

#[test]
fn the_web_service_model_is_covered_but_for_what_no_case_asks() {
    let coverage = coverage(&gates(), &checks());
    let lanes = |one: &Covered| {
        let word = |seen: &Seen| match seen {
            Seen::In(_) => "seen".to_owned(),
            Seen::Never(why) => why.to_string(),
            Seen::NotApplicable | _ => "none".to_owned(),
        };
        let [allows, refuses, alone] = [&one.allows, &one.refuses, &one.alone].map(word);
        format!("{} {allows}, {refuses}, {alone}", one.place.at)
    };
    let lanes: Vec<_> = coverage.policies.iter().map(lanes).collect();
    assert_eq!(
        lanes,
        [
            "rules[0].rule.risk seen, seen, seen",
            "rules[1].rule.approvals seen, seen, seen",
            "rules[0].rule.evidence seen, seen, seen",
            "rules[1].rule.soak seen, seen, seen",
            "rules[2].rule.checklist seen, seen, seen",
            "rules[3].rule.back-out-plan seen, it always has nothing against the step, it always has nothing against the step",
            "rules[0].rule.model-standing seen, it always has nothing against the step, it always has nothing against the step",
            "rules[0].rule.approvals seen, seen, seen",
            "rules[0].rule.approvals seen, seen, seen",
            "rules[0].rule.waves seen, seen, seen",
        ]
    );
    // 26 of 30.
    assert_eq!(coverage.percent(), Some(percent(86)));
    assert!(coverage.is_at_least(percent(86)) && !coverage.is_at_least(percent(87)));
}

#[test]
#[should_panic(expected = "less than 87 % is covered")]
fn a_threshold_that_is_not_reached_fails() {
    coverage(&gates(), &checks()).assert_at_least(percent(87));
}

#[test]
fn nothing_asked_and_nothing_to_ask_cover_nothing() {
    let gates = intake(|gate| gate.require(is_so("a")));
    let none = coverage(&gates, &[]);
    assert_eq!(none.percent(), Some(percent(0)));
    let why = Seen::Never(WhyNever::NoCheckAsks(Action::Authorise));
    assert_eq!(none.policies[0].allows, why);
    assert_eq!(coverage(&GateSet::new(), &[]).percent(), None);
    assert!(!coverage(&GateSet::new(), &[]).is_at_least(percent(0)));
}

#[test]
fn a_check_that_fails_and_a_policy_that_panics_cover_nothing() {
    let gates = intake(|gate| gate.require(is_so("a")));
    let failing = Check::that("wrong", authorising(&gates, &[]), Decision::is_cleared);
    let failed = coverage(&gates, &[failing]);
    assert_eq!(failed.failing, ["wrong"]);
    assert!(!failed.is_at_least(percent(0)));

    let gates = intake(|gate| gate.enforce(Panics {}, Enforcement::Shadow));
    let check = Check::that("whatever", authorising(&gates, &[]), |_| true);
    let broken = coverage(&gates, &[check]);
    assert_eq!(
        broken.broken[0].to_string(),
        "intake/panics: panicked in `whatever`"
    );
    assert!(!broken.is_at_least(percent(0)));
    assert!(broken.policies[0].is_opaque);
}

#[test]
fn why_something_was_never_seen_is_told() {
    let fixes = Condition::kinds([ReleaseKind::Fix]);
    let gates = intake(|gate| {
        gate.require(any((is_so("a"), is_so("b"))))
            .require(is_so("c"))
            .require(when(fixes, is_so("d")))
            .enforce(is_so("e"), Enforcement::Warn)
    });
    let gates = gates
        .with(Gate::<Close>::new("end", 1).unwrap().require(is_so("f")))
        .with(
            Gate::<Authorise>::new("quick", 1)
                .unwrap()
                .on_track(Track::Emergency)
                .require(is_so("g")),
        );
    let half = authorising(&gates, &[("a", true)]);
    let checks = [pinned(&gates, "a alone", half)];
    let found = coverage(&gates, &checks);
    let of = |at: &str, gate: &str| {
        let place = |one: &&Covered| one.place.at == at && one.place.gate.as_str() == gate;
        found.policies.iter().find(place).unwrap()
    };
    let b = of("rules[0].rule.any[1].fact", "intake");
    assert_eq!(b.refuses, Seen::In("a alone".to_owned()));
    // `c` refuses too, and `b` would not be missed.
    let with = |what: &str| {
        let what = what.to_owned();
        Seen::Never(WhyNever::AlwaysWith { what, times: 1 })
    };
    assert_eq!(
        of("rules[1].rule.fact", "intake").alone,
        Seen::In("a alone".to_owned())
    );
    assert_eq!(
        of("rules[0].rule.any[0].fact", "intake").alone,
        Seen::Never(WhyNever::AlwaysAllows)
    );
    assert_eq!(b.alone, with("intake/fact: fact-unknown"));
    let d = of("rules[2].rule.when.rule.fact", "intake");
    assert_eq!(d.allows, Seen::Never(WhyNever::NeverJudged));
    assert_eq!(
        of("rules[3].rule.fact", "intake").alone,
        Seen::NotApplicable
    );
    let f = of("rules[0].rule.fact", "end");
    assert_eq!(f.refuses, Seen::Never(WhyNever::NoCheckAsks(Action::Close)));
    assert_eq!(
        of("rules[0].rule.fact", "quick").refuses,
        Seen::Never(WhyNever::NotHeld)
    );
}

#[test]
fn tests_that_pass_for_nothing_are_told() {
    let gates = intake(|gate| gate.require(is_so("a")).require(is_so("b")));
    let vacuous = |checks: &[Check]| vacuity(&gates, checks);
    let asked = |flags: &[(&str, bool)]| authorising(&gates, flags);

    // A step that no gate holds is cleared, whatever the rules.
    let (office, who) = (office(), by("kim"));
    let release = office.requested();
    let later = Hold::new(text("later"));
    let open = Question::of(&gates, &release, later, &office.facts(), &who);
    let nothing = vacuous(&[Check::that("held", open, Decision::is_cleared)]);
    assert_eq!(
        nothing.checks,
        [("held".to_owned(), vec![Vacuous::NothingJudged])]
    );

    // A step that the lifecycle refuses says nothing of the rules.
    let window = Interval::parse("2026-03-03T12:00:00Z", "2026-03-03T13:00:00Z").unwrap();
    let deploy = Deploy::new(window);
    let deploy = Question::of(&gates, &release, deploy, &office.facts(), &who);
    let own = vacuous(&[Check::that("too early", deploy, |one| !one.is_cleared())]);
    assert_eq!(own.checks[0].1, [Vacuous::LifecycleOnly]);

    // A test that says only `refused` passes without either policy, and the two are missed by nobody.
    let loose = Check::that("refused", asked(&[]), |one| !one.is_cleared());
    let loose = vacuous(&[loose]);
    assert!(matches!(
        &loose.checks[0].1[..],
        [Vacuous::WithoutPolicy(_), Vacuous::WithoutPolicy(_)]
    ));
    assert_eq!(loose.unnoticed.len(), 2);
    assert!(!loose.is_sound());

    // With exactly the reasons, each is missed.
    let exact = pinned(&gates, "exactly", asked(&[]));
    assert!(vacuous(&[exact]).is_sound());
    // No check at all is no proof.
    assert!(!vacuous(&[]).is_sound());
    assert!(!vacuity(&GateSet::new(), &[]).is_sound());
    assert!(
        vacuous(&[])
            .outline()
            .to_string()
            .starts_with("no check was run")
    );
}

#[test]
fn what_is_given_for_nothing_is_a_warning() {
    let gates = intake(|gate| gate.require(is_so("a")));
    let office = office();
    let release = office.with_manager(office.requested());
    let step = Authorise::new(worthwhile());
    let question = Question::of(&gates, &release, step, &office.facts(), &by("cho"));
    let idle = vacuity(&gates, &[pinned(&gates, "managed", question)]);
    let [Vacuous::Idle(given)] = &idle.checks[0].1[..] else {
        panic!("{}", idle.outline());
    };
    assert!(given.to_string().contains("release_manager"), "{given}");
    assert!(idle.is_sound());
}
