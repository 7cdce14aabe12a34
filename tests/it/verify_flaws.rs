//! Gate sets that look right and are not: each is found, by the shortest way there is, with all reductions and with none.

use crate::desk_support::{at, key, name, person, text};
use phasegate::GateSet;
use phasegate::gate::{Percent, Policies};
use phasegate::phase::{Action, Interval, PhaseName};
use phasegate::release::{
    Effect, OverrideGranted, ReleaseKind, ReleaseRequest, Role, RunningWork, Track,
};
use phasegate::schedule::{Timing, WhileClosed, Window};
use phasegate::verify::{
    Answer, Domain, Options, Property, Reductions, Story, Turn, ready, verify,
};

/// A flaw, what it breaks, and how many moves show it.
struct Flaw {
    name: &'static str,
    gates: String,
    domain: fn(Domain) -> Domain,
    property: Property,
    moves: usize,
}

const NOON: &str = "2026-03-02T12:00:00Z";

/// Gates of these steps and rules, on these tracks.
fn gates(gates: &[(&str, &str, &str)]) -> String {
    let gates = gates.iter().enumerate().map(|(number, (step, tracks, rules))| {
        let tracks = match *tracks {
            "" => String::new(),
            tracks => format!(r#""tracks": [{tracks}], "#),
        };
        format!(
            r#"{{ "name": "gate-{number}", "version": 1, "step": "{step}", {tracks}"rules": [{rules}] }}"#
        )
    });
    format!(
        r#"{{ "gates": [{}] }}"#,
        gates.collect::<Vec<_>>().join(", ")
    )
}

fn blocking(rule: &str) -> String {
    format!(r#"{{ "rule": {rule} }}"#)
}

/// So many approvals by each of these roles; `more` is what else the policy says.
fn approvals(rules: &[(&str, u32)], more: &str) -> String {
    let rules = rules.iter().map(|(role, count)| {
        format!(r#"{{ "name": "{role}", "by": [{{ "role": "{role}" }}], "quorum": {{ "count": {count} }} }}"#)
    });
    let rules = rules.collect::<Vec<_>>().join(", ");
    format!(r#"{{ "approvals": {{ "rules": [{rules}]{more} }} }}"#)
}

const AUTHORITY: (&str, u32) = ("change_authority", 1);
const TESTED: &str = r#"{ "evidence": { "required": { "functional": 95 } } }"#;
const CALM: &str = r#"{ "freeze": { "calendar": "production" } }"#;

/// Two who may approve, of whom one has a second role; one who builds; and one who asks for it and deploys.
fn office(gates: &GateSet) -> Domain {
    Domain::of(gates, at(NOON))
        .with_person(
            person("cho"),
            [Role::ChangeAuthority, Role::ChangeAdvisoryBoard],
        )
        .with_person(person("max"), [Role::ChangeAuthority])
        .with_person(person("bob"), [Role::Builder])
        .with_person(person("kim"), [])
        .requested_by([person("kim")])
        .deployed_by([person("kim"), person("max")])
        .without(Action::Replan)
        .without(Action::Reject)
        .deploying(1)
}

fn freeze(id: &str) -> Window {
    let always = Interval::parse(NOON, "2046-01-01T00:00:00Z").unwrap();
    let hard = WhileClosed::new(
        Effect::Blocked,
        RunningWork::FinishWave,
        Effect::Allowed,
        Effect::Blocked,
    );
    Window::freeze(key(id), Timing::between(always), hard)
}

fn frozen(domain: Domain) -> Domain {
    domain.with_freeze(key("production"), freeze("audit"))
}

fn lifting(role: Role, by: &str, domain: Domain) -> Domain {
    let until = at("2046-01-01T00:00:00Z");
    let why = text("customers cannot pay");
    let mut lifted = OverrideGranted::new(
        key("OV-1"),
        Action::Deploy,
        key("freeze"),
        key("frozen"),
        role,
        why,
        until,
    );
    lifted.about = Some(key("audit"));
    frozen(domain).with_override(lifted, person(by))
}

fn on(tracks: &[Track]) -> impl Iterator<Item = ReleaseRequest> {
    tracks.iter().map(|track| {
        let mut request = ReleaseRequest::new(name("Shop 2.4"));
        request.track = *track;
        request
    })
}

fn hasty(domain: Domain) -> Domain {
    domain.requesting(on(&[Track::Normal, Track::Emergency]))
}

fn as_it_is(domain: Domain) -> Domain {
    domain
}

fn own_tests() -> Property {
    ready::packages_ride_on_their_own(Percent::new(95).unwrap(), false)
}

fn own_approvals() -> Property {
    ready::packages_ride_on_their_own(Percent::new(0).unwrap(), true)
}

fn flaw(
    name: &'static str,
    gates: String,
    domain: fn(Domain) -> Domain,
    property: Property,
    moves: usize,
) -> Flaw {
    Flaw {
        name,
        gates,
        domain,
        property,
        moves,
    }
}

fn goes_live(turn: &Turn<'_>) -> bool {
    turn.goes_live()
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn flaws_of_people() -> Vec<Flaw> {
    let two = [AUTHORITY, ("change_advisory_board", 1)];
    let on_deploy = |rule: String| gates(&[("deploy", "", &blocking(&rule))]);
    vec![
        flaw(
            "who has two roles approves twice",
            on_deploy(approvals(&two, r#", "people": "any_rule""#)),
            as_it_is,
            ready::approved_by_others(2, &[]),
            8,
        ),
        flaw(
            "who deploys has approved it",
            on_deploy(approvals(&[("change_authority", 1)], "")),
            as_it_is,
            ready::nobody_approves_and_deploys(),
            7,
        ),
        flaw(
            "who deploys has approved it, though that does not count",
            on_deploy(approvals(
                &[("change_authority", 1)],
                r#", "not_by": ["deployer"]"#,
            )),
            as_it_is,
            ready::nobody_approves_and_deploys(),
            8,
        ),
        flaw(
            "duties are kept apart, but not that of who deploys",
            gates(&[(
                "deploy",
                "",
                &format!(
                    r#"{}, {{ "rule": {{ "separation-of-duties": {{ "apart": ["requester"] }} }} }}"#,
                    blocking(&approvals(&[AUTHORITY], ""))
                ),
            )]),
            as_it_is,
            ready::nobody_approves_and_deploys(),
            7,
        ),
        flaw(
            "duties are not kept apart in emergencies",
            gates(&[(
                "deploy",
                "",
                &format!(
                    r#"{}, {{ "rule": {{ "unless": {{ "condition": {{ "tracks": ["emergency"] }}, "rule": {{ "separation-of-duties": {{ "apart": ["deployer"] }} }} }} }} }}"#,
                    blocking(&approvals(&[AUTHORITY], ""))
                ),
            )]),
            hasty,
            ready::nobody_approves_and_deploys(),
            7,
        ),
        flaw(
            "who approved the start has left before it goes live",
            gates(&[("start_testing", "", &blocking(&approvals(&[AUTHORITY], "")))]),
            |domain| domain.leaving(2),
            Property::always("somebody is responsible for what goes live", |turn| {
                let (cho, max) = (person("cho"), person("max"));
                let is = |who| turn.has_role(who, &Role::ChangeAuthority);
                is(&cho) || is(&max)
            })
            .when(goes_live)
            .reading([Role::ChangeAuthority]),
            9,
        ),
        flaw(
            "one of the two approvals is enough",
            on_deploy(format!(
                r#"{{ "at-least": {{ "count": 1, "of": [{}, {}] }} }}"#,
                approvals(&[AUTHORITY], ""),
                approvals(&[("change_advisory_board", 1)], ""),
            )),
            as_it_is,
            ready::approved_by_others(2, &[]),
            7,
        ),
        flaw(
            "approvals are only written down",
            gates(&[(
                "deploy",
                "",
                &format!(
                    r#"{{ "rule": {}, "enforcement": "shadow" }}"#,
                    approvals(&[AUTHORITY], "")
                ),
            )]),
            as_it_is,
            ready::approved_by_others(1, &[]),
            6,
        ),
        flaw(
            "only features are approved, and security changes go through",
            on_deploy(format!(
                r#"{{ "when": {{ "condition": {{ "kinds": ["feature"] }}, "rule": {} }} }}"#,
                approvals(&[AUTHORITY], "")
            )),
            |domain| {
                domain.requesting([ReleaseKind::Feature, ReleaseKind::Security].map(|kind| {
                    let mut request = ReleaseRequest::new(name("Shop 2.4"));
                    request.kind = Some(kind);
                    request
                }))
            },
            ready::approved_by_others(1, &[]),
            6,
        ),
        flaw(
            "no gate holds a deployment on the emergency track",
            gates(&[
                (
                    "deploy",
                    r#""standard", "normal""#,
                    &blocking(&approvals(&[AUTHORITY], "")),
                ),
                (
                    "expedite",
                    r#""emergency""#,
                    &blocking(&approvals(&[AUTHORITY], "")),
                ),
            ]),
            hasty,
            ready::approved_by_others(1, &[]),
            6,
        ),
        flaw(
            "no gate holds the haste",
            gates(&[("deploy", "", &blocking(&approvals(&[AUTHORITY], "")))]),
            hasty,
            ready::approved_by_others(1, &[]),
            3,
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn flaws_of_freezes() -> Vec<Flaw> {
    let honoured = || ready::freezes_are_honoured(&[]);
    vec![
        flaw("nobody asks whether it is frozen", gates(&[("deploy", "", &blocking(TESTED))]), frozen, honoured(), 6),
        flaw(
            "the freeze is looked at when it is authorised",
            gates(&[("authorise", "", &blocking(CALM))]),
            frozen,
            honoured(),
            6,
        ),
        flaw(
            "the freeze only warns",
            gates(&[("deploy", "", &format!(r#"{{ "rule": {CALM}, "enforcement": "warn" }}"#))]),
            frozen,
            honoured(),
            6,
        ),
        flaw(
            "the freeze of another calendar is looked at",
            gates(&[("deploy", "", &blocking(r#"{ "freeze": { "calendar": "staging" } }"#))]),
            |domain| frozen(domain).with_freeze(key("staging"), freeze("load-test")),
            honoured(),
            6,
        ),
        flaw(
            "an approval is as good as no freeze",
            gates(&[("deploy", "", &blocking(&format!(r#"{{ "any": [{CALM}, {}] }}"#, approvals(&[AUTHORITY], ""))))]),
            frozen,
            honoured(),
            7,
        ),
        flaw(
            "an override of something else is as good as one of the freeze",
            r#"{ "gates": [{ "name": "production", "version": 1, "step": "deploy", "overridable_by": ["change_authority"],
                 "rules": [{ "rule": { "freeze": { "calendar": "production" } }, "enforcement": "warn" },
                           { "rule": { "back-out-plan": {} } }] }] }"#
                .to_owned(),
            |domain| {
                let until = at("2046-01-01T00:00:00Z");
                let why = text("customers cannot pay");
                let (policy, code) = (key("back-out-plan"), key("no-back-out-plan"));
                let role = Role::ChangeAuthority;
                let lifted = OverrideGranted::new(key("OV-1"), Action::Deploy, policy, code, role, why, until);
                frozen(domain).with_override(lifted, person("cho"))
            },
            honoured(),
            7,
        ),
        flaw(
            "the freeze holds on one track",
            gates(&[("deploy", r#""normal""#, &blocking(CALM)), ("expedite", "", &blocking(CALM))]),
            |domain| hasty(frozen(domain)),
            honoured(),
            6,
        ),
        flaw(
            "who builds it lifts the freeze",
            r#"{ "gates": [{ "name": "production", "version": 1, "step": "deploy", "overridable_by": ["builder"],
                 "rules": [{ "rule": { "freeze": { "calendar": "production" } } }] }] }"#
                .to_owned(),
            |domain| lifting(Role::Builder, "bob", domain).deployed_by([person("bob"), person("kim")]),
            Property::never("who builds it lifts the freeze and deploys", |turn| {
                let actor = turn.actor().person();
                let builds = actor.is_some_and(|who| turn.has_role(who, &Role::Builder));
                turn.overrides().next().is_some() && builds
            })
            .when(goes_live)
            .fair(),
            7,
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn flaws_of_packages() -> Vec<Flaw> {
    vec![
        flaw(
            "no share of the tests has to pass",
            gates(&[(
                "deploy",
                "",
                &blocking(r#"{ "evidence": { "required": { "functional": 0 } } }"#),
            )]),
            as_it_is,
            own_tests(),
            6,
        ),
        flaw(
            "the tests must not pass",
            gates(&[(
                "deploy",
                "",
                &blocking(&format!(r#"{{ "not": {TESTED} }}"#)),
            )]),
            as_it_is,
            own_tests(),
            6,
        ),
        flaw(
            "tests are asked for on one track",
            gates(&[
                ("deploy", r#""normal""#, &blocking(TESTED)),
                ("expedite", "", &blocking(&approvals(&[AUTHORITY], ""))),
            ]),
            hasty,
            own_tests(),
            6,
        ),
        flaw(
            "tests are asked for in emergencies, and not otherwise",
            gates(&[("deploy", r#""emergency""#, &blocking(TESTED))]),
            hasty,
            ready::packages_ride_on_their_own(Percent::new(90).unwrap(), false),
            6,
        ),
        flaw(
            "one kind of test is asked for in emergencies only",
            gates(&[
                ("deploy", r#""normal""#, &blocking(TESTED)),
                (
                    "deploy",
                    r#""emergency""#,
                    &blocking(
                        r#"{ "evidence": { "required": { "functional": 95, "security": 95 } } }"#,
                    ),
                ),
            ]),
            |domain| hasty(domain).without(Action::Expedite),
            own_tests(),
            6,
        ),
        flaw(
            "it is approved before there is a package",
            gates(&[(
                "start_development",
                "",
                &blocking(&approvals(&[AUTHORITY], "")),
            )]),
            as_it_is,
            own_approvals(),
            7,
        ),
        flaw(
            "the first package is approved, and another one may follow",
            gates(&[("start_testing", "", &blocking(&approvals(&[AUTHORITY], "")))]),
            as_it_is,
            own_approvals(),
            7,
        ),
    ]
}

fn flaws_that_block() -> Vec<Flaw> {
    let stuck = ready::no_release_is_stuck;
    let on_deploy = |rule: String| gates(&[("deploy", "", &blocking(&rule))]);
    vec![
        flaw(
            "both who may approve have built it",
            on_deploy(approvals(&[AUTHORITY], r#", "not_by": ["builder"]"#)),
            |domain| {
                domain
                    .with_person(person("cho"), [Role::Builder])
                    .with_person(person("max"), [Role::Builder])
            },
            stuck(),
            1,
        ),
        flaw(
            "two have to approve, and one of two leaves",
            on_deploy(approvals(&[("change_authority", 2)], "")),
            |domain| domain.leaving(1),
            stuck(),
            2,
        ),
        flaw(
            "two have to approve, and one of two has asked for it",
            on_deploy(approvals(&[("change_authority", 2)], "")),
            |domain| domain.requested_by([person("kim"), person("cho")]),
            stuck(),
            1,
        ),
        flaw(
            "a role that nobody has approves the review",
            gates(&[(
                "complete_review",
                "",
                &blocking(&approvals(&[("auditor", 1)], "")),
            )]),
            as_it_is,
            stuck(),
            1,
        ),
        flaw(
            "a release waits for longer than any window is away",
            on_deploy(r#"{ "lead-time": { "at_least_seconds": 31536000 } }"#.to_owned()),
            |domain| domain.deploying_in(Interval::parse(NOON, "2026-04-01T00:00:00Z").unwrap()),
            stuck(),
            1,
        ),
        flaw(
            "a fact must not be known, and always is",
            gates(&[(
                "deploy",
                "",
                &blocking(r#"{ "not": { "fact": { "key": "open", "test": { "is": true } } } }"#),
            )]),
            |domain| domain.with_fact(key("open"), [true.into()]),
            stuck(),
            1,
        ),
    ]
}

fn flaws() -> Vec<Flaw> {
    let all = [
        flaws_of_people(),
        flaws_of_freezes(),
        flaws_of_packages(),
        flaws_that_block(),
    ];
    all.into_iter().flatten().collect()
}

fn read(gates: &str) -> GateSet {
    GateSet::from_json(gates, &Policies::new())
        .unwrap_or_else(|mistakes| panic!("{mistakes}\n{gates}"))
}

fn story_of(flaw: &Flaw, options: Options) -> Story {
    let gates = read(&flaw.gates);
    let domain = (flaw.domain)(office(&gates));
    let report = verify(
        &gates,
        &domain,
        std::slice::from_ref(&flaw.property),
        &options,
    )
    .unwrap();
    match report.answer(flaw.property.name()) {
        Some(Answer::Fails(story)) => story.clone(),
        other => panic!("{}: {other:?}\n{report}", flaw.name),
    }
}

#[test]
fn each_flaw_is_found_by_the_shortest_way() {
    let found: Vec<_> = flaws()
        .iter()
        .map(|flaw| (flaw.name, story_of(flaw, Options::default()).len()))
        .collect();
    let expected: Vec<_> = flaws().iter().map(|flaw| (flaw.name, flaw.moves)).collect();
    assert!(found.len() >= 20);
    assert_eq!(found, expected);
}

#[test]
fn no_reduction_makes_a_way_longer_or_shorter() {
    for flaw in flaws() {
        let plain = Options::default().reductions(Reductions::NONE);
        assert_eq!(story_of(&flaw, plain).len(), flaw.moves, "{}", flaw.name);
    }
}

#[test]
fn each_ready_property_fails_on_a_flaw_unless_the_lifecycle_itself_keeps_it() {
    let flaws = flaws();
    let mut failed: Vec<_> = flaws
        .iter()
        .map(|flaw| flaw.property.name().to_owned())
        .collect();
    failed.sort();
    failed.dedup();
    for ready in [
        ready::approved_by_others(2, &[]),
        ready::nobody_approves_and_deploys(),
        ready::no_release_is_stuck(),
        ready::freezes_are_honoured(&[]),
        own_tests(),
        own_approvals(),
    ] {
        assert!(
            failed.iter().any(|name| name == ready.name()),
            "{}",
            ready.name()
        );
    }
}

/// A gate set that keeps all that the flaws break.
#[test]
fn what_is_sound_holds() {
    let sound = format!(
        r#"{}, {}, {}, {{ "rule": {{ "separation-of-duties": {{ "apart": ["requester", "deployer"] }} }} }}"#,
        blocking(&approvals(&[AUTHORITY, ("change_advisory_board", 1)], "")),
        blocking(TESTED),
        blocking(CALM),
    );
    let gates = read(&gates(&[("deploy", "", &sound)]));
    let domain = lifting(Role::ChangeAuthority, "cho", office(&gates))
        .with_person(person("eva"), [Role::ChangeAdvisoryBoard]);
    let report = verify(
        &gates,
        &domain,
        &[
            ready::something_goes_live(),
            ready::approved_by_others(2, &[]),
            ready::nobody_approves_and_deploys(),
            ready::no_release_is_stuck(),
            ready::freezes_are_honoured(&[]),
            own_tests(),
            ready::overrides_are_used_once(),
        ],
        &Options::default(),
    )
    .unwrap();
    report.all_hold().unwrap_or_else(|not| panic!("{not}"));
    assert!(report.is_conclusive());
    assert_eq!(report.phases[&PhaseName::Closed], 1);
}
