//! Overrides: by whom, of what, once; and each one that does not help is named.
#![expect(
    clippy::too_many_lines,
    reason = "a story, or a table of cases, is told in one piece"
)]

use crate::desk_support::{NOON, Office, at, by, key, office, person, text, wait, worthwhile};
use crate::samples::reseal;
use phasegate::gate::{Ask, GateSet, Policies, RuleOn, all, any, not};
use phasegate::phase::{Action, Request, Seconds};
use phasegate::release::step::{Authorise, Hold};
use phasegate::release::{
    AnyRecord, Decision, Enforcement, Envelope, Event, Key, LogErrorKind, OverrideGranted, Reason,
    Role, RoleGiven, RoleRelieved, Verdict, replay,
};
use phasegate::report::{Exceptions, OverrideOutcome};
use phasegate::{Gate, MemoryStore, Policy, Release};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

type Desk = Office<Arc<MemoryStore>>;

/// Violated, for these codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frozen {
    codes: Vec<Key>,
}

fn frozen<const N: usize>(codes: [&str; N]) -> Frozen {
    Frozen {
        codes: codes.map(key).into(),
    }
}

impl Policy for Frozen {
    type Reads = ();
    const NAME: &'static str = "frozen";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        let reason = |code: &Key| Reason::new(code, format!("{code} it is"), "wait");
        Verdict::of(self.codes.iter().map(reason).collect())
    }
}

/// Cannot even answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuses {}

impl Policy for Refuses {
    type Reads = ();
    const NAME: &'static str = "refuses";

    fn judge(&self, _: &Ask<'_>, (): ()) -> Verdict {
        panic!("as it was told to")
    }
}

fn of_refuses() -> OverrideGranted {
    let mut granted = granted("W-1", Action::Authorise, "panicked", Role::ChangeAuthority);
    granted.policy = key("refuses");
    granted
}

/// A gate on `authorise`, as far as these tests need it.
fn gate(rule: impl RuleOn<Authorise>) -> Gate<Authorise> {
    Gate::new("intake", 1).unwrap().require(rule)
}

/// A new request of kim's, where everybody has some roles.
fn site(gate: Gate<Authorise>) -> (Desk, Release<Request>) {
    let pause = Gate::<Hold>::new("pause", 1).unwrap();
    let pause = pause.require(frozen(["fair"]));
    let office = office().with_gates(GateSet::new().with(gate).with(pause));
    let mut release = office.requested();
    for (who, role) in [
        ("kim", Role::ChangeAuthority),
        ("cho", Role::ChangeAuthority),
        ("bo", Role::Builder),
    ] {
        release = office.recorded(release, RoleGiven::new(person(who), role), "ada");
    }
    (office, release)
}

fn granted(id: &str, step: Action, code: &str, role: Role) -> OverrideGranted {
    let until = at(NOON).plus(Seconds::hours(1));
    let reason = text("the board agreed");
    OverrideGranted::new(key(id), step, key("frozen"), key(code), role, reason, until)
}

/// An override of `fair` for `authorise`.
fn of_fair(id: &str, role: Role) -> OverrideGranted {
    granted(id, Action::Authorise, "fair", role)
}

fn decided(office: &Desk, release: &Release<Request>) -> Decision {
    let step = Authorise::new(worthwhile());
    wait(office.desk.explain(release, step, by("cho")))
}

/// The codes of what blocks, and of what is told of overrides.
fn codes(decision: &Decision) -> (Vec<&str>, Vec<&str>) {
    let blockers = decision.blockers().map(|one| one.reason.code.as_str());
    let warnings = decision.warnings();
    let of_overrides = warnings.filter(|one| one.policy.as_str() == "overrides");
    let told = of_overrides.map(|one| one.reason.code.as_str());
    (blockers.collect(), told.collect())
}

/// A gate, the roles that it names, and who of cho and bo may.
type Case = (Gate<Authorise>, Vec<Role>, Option<&'static str>);

#[test]
fn a_gate_says_in_which_roles_it_can_be_overridden() {
    let change_authority = || vec![Role::ChangeAuthority];
    let cases: [Case; 4] = [
        (gate(frozen(["fair"])), change_authority(), Some("cho")),
        (
            gate(frozen(["fair"])).overridable_by(change_authority()),
            change_authority(),
            Some("cho"),
        ),
        (
            gate(frozen(["fair"])).overridable_by([Role::Builder]),
            vec![Role::Builder],
            Some("bo"),
        ),
        (gate(frozen(["fair"])).overridable_by([]), vec![], None),
    ];
    for (gate, roles, may) in cases {
        for (who, role) in [("cho", Role::ChangeAuthority), ("bo", Role::Builder)] {
            let (office, release) = site(gate.clone());
            let refused = decided(&office, &release);
            assert!(refused.findings[0].overridable_by.iter().eq(&roles));
            let release = office.recorded(release, of_fair("W-1", role), who);
            let decision = decided(&office, &release);
            if may == Some(who) {
                assert!(decision.is_cleared(), "{decision}");
                assert!(decision.findings[0].overridable_by.is_empty());
                continue;
            }
            let why = match may {
                Some(_) => "override-by-wrong-role",
                None => "override-of-what-stays",
            };
            assert_eq!(codes(&decision), (vec!["fair"], vec![why]));
            let warning = decision.warnings().next().unwrap();
            assert!(warning.reason.roles.iter().eq(&roles), "who may");
        }
    }
}

#[test]
fn an_override_falls_with_the_role_of_who_granted_it() {
    let (office, release) = site(gate(frozen(["fair"])));
    let release = office.recorded(release, of_fair("W-1", Role::ChangeAuthority), "cho");
    assert!(decided(&office, &release).is_cleared());
    let relieved = RoleRelieved::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, relieved, "ada");
    let decision = decided(&office, &release);
    let told = (vec!["fair"], vec!["override-granter-left"]);
    assert_eq!(codes(&decision), told);
    assert_eq!(
        decision.warnings().next().unwrap().to_string(),
        "overrides: `cho`, who granted override `W-1`, is not change_authority any more; have another one granted"
    );
    let given = RoleGiven::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, given, "ada");
    assert!(decided(&office, &release).is_cleared(), "back in the role");
}

/// Approvals are about what a step could pass over, and about nothing that it cannot.
#[test]
fn an_approval_is_about_the_overrides_that_the_gates_let_count() {
    let waived = gate(not(all((frozen([]), frozen(["flu"])))));
    let gate = waived.enforce(Refuses {}, Enforcement::Warn);
    let (office, mut release) = site(gate);
    let subject = |release: &Release<Request>| {
        let step = Authorise::new(worthwhile());
        office.desk.subject(release, step)
    };
    let before = subject(&release);
    let of = |id: &str, policy: &str| {
        let mut granted = of_fair(id, Role::ChangeAuthority);
        granted.policy = key(policy);
        granted
    };
    for (granted, who) in [
        (of_fair("role", Role::Builder), "bo"),
        (of_fair("own", Role::ChangeAuthority), "kim"),
        (of("unknown", "freeze"), "cho"),
        (of("warns", "refuses"), "cho"),
        (of("combination", "all"), "cho"),
        (
            granted("step", Action::Hold, "fair", Role::ChangeAuthority),
            "cho",
        ),
    ] {
        let id = granted.id.clone();
        release = office.recorded(release, granted, who);
        assert_eq!(subject(&release), before, "{id} can lift nothing here");
    }
    let release = office.recorded(release, of_fair("W-1", Role::ChangeAuthority), "cho");
    let after = subject(&release);
    assert_ne!(after, before);
    // Neither time nor a change of roles makes another subject of it.
    office.clock.pass(Seconds::days(1));
    let relieved = RoleRelieved::new(person("cho"), Role::ChangeAuthority);
    let release = office.recorded(release, relieved, "ada");
    assert_eq!(subject(&release), after);
}

#[test]
fn a_file_says_it_too() {
    let file = |said: &str| {
        format!(
            r#"{{"gates":[{{"name":"intake","version":1,"step":"authorise",{said}
            "rules":[{{"rule":{{"host":{{"name":"frozen","params":{{"codes":["fair"]}}}}}}}}]}}]}}"#
        )
    };
    let known = Policies::new().with::<Frozen>();
    let read = |said: &str| GateSet::from_json(&file(said), &known);
    let by_types = |roles: Option<&[Role]>| {
        let gate = gate(frozen(["fair"]));
        let roles = roles.map(<[Role]>::to_vec);
        GateSet::new().with(match roles {
            Some(roles) => gate.overridable_by(roles),
            None => gate,
        })
    };
    let owner = Role::named("owner").unwrap();
    let authority = r#""overridable_by":["change_authority"],"#;
    assert_eq!(read("").unwrap(), by_types(None));
    assert_eq!(
        read(authority).unwrap(),
        by_types(None),
        "it is the default"
    );
    let nobody = read(r#""overridable_by":[],"#).unwrap();
    assert_eq!(nobody, by_types(Some(&[])));
    let both = read(r#""overridable_by":["owner","builder"],"#).unwrap();
    assert_eq!(both, by_types(Some(&[owner, Role::Builder])));
    // Who may override is one of the rules.
    let digests = [&by_types(None), &nobody, &both].map(|set| set.gates()[0].id().digest);
    assert_eq!(digests.iter().collect::<BTreeSet<_>>().len(), 3);

    for (said, mistake) in [
        ("null", "found null, expected a list"),
        ("\"owner\"", "found string \"owner\", expected a list"),
        ("[\"\"]", "invalid key ``: expected 1 to 200 characters"),
    ] {
        let mistakes = read(&format!(r#""overridable_by":{said},"#)).unwrap_err();
        let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("gates[0].overridable_by"), "{told:?}");
        assert!(told[0].contains(mistake), "{told:?}");
    }
}

/// Grants it, lets time pass, and says what is told.
fn told_of(
    rule: impl RuleOn<Authorise>,
    grants: &[(OverrideGranted, &str)],
    later: Seconds,
) -> (Vec<String>, Vec<String>) {
    let (office, mut release) = site(gate(rule));
    for (granted, who) in grants {
        release = office.recorded(release, granted.clone(), who);
    }
    office.clock.pass(later);
    let decision = decided(&office, &release);
    let (blockers, told) = codes(&decision);
    let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect();
    (owned(blockers), owned(told))
}

#[test]
fn an_override_that_does_not_help_is_named_with_the_reason() {
    let authority = || Role::ChangeAuthority;
    let now = Seconds::new(0);
    let told = |grant: OverrideGranted, who: &'static str, later| {
        told_of(frozen(["fair"]), &[(grant, who)], later)
    };
    let owned = |codes: &[&str]| codes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let refused = |told: &[&str]| (owned(&["fair"]), owned(told));
    let cleared = |told: &[&str]| (owned(&[]), owned(told));

    let helps = told(of_fair("W-1", authority()), "cho", now);
    assert_eq!(helps, cleared(&[]), "nothing has to be said");
    let elsewhere = granted("W-1", Action::Hold, "fair", authority());
    assert_eq!(
        told(elsewhere, "cho", now),
        refused(&["override-for-another-step"])
    );
    let late = told(of_fair("W-1", authority()), "cho", Seconds::hours(1));
    assert_eq!(late, refused(&["override-expired"]));
    let just = told(of_fair("W-1", authority()), "cho", Seconds::new(3_599));
    assert_eq!(just, cleared(&[]));
    let own = told(of_fair("W-1", authority()), "kim", now);
    assert_eq!(
        own,
        refused(&["override-of-own-work"]),
        "kim asked for the release"
    );
    let nothing = granted("W-1", Action::Authorise, "fear", authority());
    assert_eq!(
        told(nothing.clone(), "cho", now),
        refused(&["override-of-nothing"])
    );
    let over = told(nothing.clone(), "cho", Seconds::hours(1));
    assert_eq!(
        over,
        refused(&[]),
        "what is over and of nothing is nobody's concern"
    );

    // Of nothing is told of a step that clears too: what was granted was not needed.
    let unneeded = told_of(frozen([]), &[(of_fair("W-1", authority()), "cho")], now);
    assert_eq!(unneeded, cleared(&["override-of-nothing"]));
    let chosen = told_of(
        any((frozen(["fair"]), frozen([]))),
        &[(of_fair("W-1", authority()), "cho")],
        now,
    );
    assert_eq!(
        chosen,
        cleared(&["override-of-nothing"]),
        "the other part clears"
    );

    let twin = all((frozen(["fair"]), frozen(["flu"])));
    let part = told_of(twin, &[(of_fair("W-1", authority()), "cho")], now);
    assert_eq!(
        part,
        (owned(&["flu"]), owned(&[])),
        "it lifts its part; what is left refuses"
    );

    // Half an exception is none.
    let half = told_of(
        frozen(["fair", "flu"]),
        &[(of_fair("W-1", authority()), "cho")],
        now,
    );
    assert_eq!(
        half,
        (owned(&["fair", "flu"]), owned(&["override-not-enough"]))
    );
    let twice = all((frozen(["fair"]), frozen(["fair"])));
    let first = [(of_fair("W-1", authority()), "cho")];
    let one = told_of(twice, &first, now);
    assert_eq!(
        one,
        refused(&["override-not-enough"]),
        "two blockers, one override"
    );
    let spare = [
        (of_fair("W-1", authority()), "cho"),
        (of_fair("W-2", authority()), "cho"),
    ];
    let spare = told_of(frozen(["fair"]), &spare, now);
    assert_eq!(spare, cleared(&["override-of-nothing"]), "one is enough");
}

#[test]
fn nothing_but_a_violation_can_be_overridden_and_that_is_told() {
    let refuses = || told_of(Refuses {}, &[(of_refuses(), "cho")], Seconds::new(0));
    let owned = |code: &str| vec![code.to_owned()];
    assert_eq!(
        refuses(),
        (owned("panicked"), owned("override-of-what-stays"))
    );

    let (office, release) = site(gate(frozen(["fair"])));
    let mut lifecycle = granted(
        "W-1",
        Action::Authorise,
        "not-worthwhile",
        Role::ChangeAuthority,
    );
    lifecycle.policy = key("lifecycle");
    let release = office.recorded(release, lifecycle, "cho");
    let against =
        phasegate::release::Assessment::new(phasegate::release::AssessmentDecision::NotWorthwhile);
    let decision = wait(
        office
            .desk
            .explain(&release, Authorise::new(against), by("cho")),
    );
    let told = (
        vec!["not-worthwhile", "fair"],
        vec!["override-of-what-stays"],
    );
    assert_eq!(codes(&decision), told);
    let warning = decision.warnings().next().unwrap();
    assert_eq!(
        warning.to_string(),
        "overrides: override `W-1` is for blocker `not-worthwhile` of policy `lifecycle`, which nobody can override; \
         do what that asks for"
    );
}

#[test]
fn a_refusal_tells_its_warnings_and_a_clearance_too() {
    let (office, release) =
        site(gate(frozen(["fair"])).enforce(frozen(["flu"]), Enforcement::Warn));
    let release = office.recorded(release, of_fair("W-1", Role::Builder), "bo");
    assert_eq!(
        decided(&office, &release).to_string(),
        "authorise refused\n  \
           frozen: fair it is; wait\n  \
           warning: frozen: flu it is; wait\n  \
           warning: overrides: `bo` granted override `W-1` as builder, who may not here; \
         have somebody in the role `change_authority` grant one"
    );
    let release = office.recorded(release, of_fair("W-2", Role::ChangeAuthority), "cho");
    assert_eq!(
        decided(&office, &release).to_string(),
        "authorise cleared\n  \
           warning: frozen: flu it is; wait\n  \
           warning: overrides: override `W-1` is for blocker `fair` of policy `frozen`, which is not in the way; \
         leave it, or have one granted for a blocker that is"
    );
}

#[test]
fn an_override_is_used_once_and_seen_in_the_decision_the_trail_and_the_report() {
    let (office, release) = site(gate(frozen([])));
    let grant = granted("W-1", Action::Hold, "fair", Role::ChangeAuthority);
    let release = office.recorded(release, grant.clone(), "cho");
    let id = release.id();
    let release = office.done(release.hold(text("the fair")), "ada");
    let release = office.done(release.resume(), "ada");
    let answer = office.run(release.hold(text("again")), "ada");
    let refused = answer.unwrap_err().refused().unwrap();
    let told = (vec!["fair"], vec!["override-used"]);
    assert_eq!(codes(&refused.decision), told, "it is good for once");
    let warning = refused.decision.warnings().next().unwrap().to_string();
    assert_eq!(
        warning,
        "overrides: override `W-1` was used before, and is good for once; have another one granted"
    );

    // In the trail: who granted it, and the step that used it up.
    let log = wait(office.desk.history(id)).unwrap();
    let granted = |entry: &&Envelope| entry.kind == "release.override_granted";
    let granted = log.iter().find(granted).unwrap();
    assert_eq!(granted.actor, person("cho").into());
    let held = log
        .iter()
        .find(|entry| entry.kind == "release.held")
        .unwrap();
    let Some(Event::Step(taken)) = held.decode().unwrap() else {
        panic!("{held:?}");
    };
    assert_eq!(
        taken.decision.overrides().collect::<Vec<_>>(),
        [&key("W-1")]
    );

    // In the report.
    let mut exceptions = Exceptions::at(office.now());
    exceptions.add(&log).unwrap();
    let [given] = &exceptions.overrides[..] else {
        panic!("{exceptions:?}");
    };
    assert_eq!((&given.by, &*given.what.granted), (&granted.actor, &grant));
    let OverrideOutcome::Used {
        version,
        by,
        passed_over,
        ..
    } = &given.what.outcome
    else {
        panic!("{given:?}");
    };
    assert_eq!((*version, by), (held.version, &held.actor));
    assert_eq!(passed_over[0].message.as_str(), "fair it is");
}

#[test]
fn a_log_in_which_an_override_was_over_when_it_was_used_is_not_believed() {
    let (office, release) = site(gate(frozen(["fair"])));
    let release = office.recorded(release, of_fair("W-1", Role::ChangeAuthority), "cho");
    office.clock.pass(Seconds::minutes(10));
    let id = release.id();
    let _ = office.done(release.authorise(worthwhile()), "cho");
    let log = wait(office.desk.history(id)).unwrap();
    assert!(replay(&log).is_ok());
    let shortened = |until: &str| {
        let mut forged: Vec<_> = log
            .iter()
            .map(|entry| {
                let line = entry.to_json().unwrap();
                let is_grant = matches!(
                    entry.decode(),
                    Ok(Some(Event::Record(AnyRecord::OverrideGranted(_))))
                );
                let line = if is_grant {
                    line.replace("2026-03-02T13:00:00Z", until)
                } else {
                    line
                };
                Envelope::from_json(&line).unwrap()
            })
            .collect();
        reseal(&mut forged);
        replay(&forged).map(|_| ())
    };
    assert!(shortened("2026-03-02T12:10:00.000001Z").is_ok());
    let refused = shortened("2026-03-02T12:10:00Z").unwrap_err();
    assert_eq!(refused.kind(), LogErrorKind::Inadmissible);
}

#[test]
fn an_override_lifts_nothing_under_not_and_nothing_that_only_warns() {
    // Two negations cancel out: an override in them would clear the step, and not be used up.
    let twice = gate(not(not(frozen(["fair"]))));
    // One negation: an override in it would refuse what is allowed.
    let once = gate(not(frozen(["fair"])));
    let warns = Gate::new("intake", 1).unwrap();
    let warns = warns.enforce(frozen(["fair"]), Enforcement::Warn);
    for (gate, blocked, warned) in [
        (twice, vec!["holds"], false),
        (once, vec![], false),
        (warns, vec![], true),
    ] {
        let (office, release) = site(gate);
        let release = office.recorded(release, of_fair("O-1", Role::ChangeAuthority), "cho");
        let decision = decided(&office, &release);
        assert_eq!(codes(&decision).0, blocked, "{decision}");
        assert_eq!(decision.overrides().count(), 0);
        let mut warnings = decision.warnings();
        assert_eq!(warnings.any(|one| one.reason.code == key("fair")), warned);
    }
}

#[test]
fn of_two_overrides_the_one_that_lasts_longer_is_used() {
    let (office, mut release) = site(gate(frozen(["fair"])));
    let (short, mut long) = (
        of_fair("W-1", Role::ChangeAuthority),
        of_fair("W-2", Role::ChangeAuthority),
    );
    long.until = at("2026-03-02T22:00:00Z");
    for one in [short, long] {
        release = office.recorded(release, one, "cho");
    }
    let decision = decided(&office, &release);
    assert_eq!(decision.holds_until, Some(at("2026-03-02T22:00:00Z")));
    assert_eq!(decision.overrides().collect::<Vec<_>>(), [&key("W-2")]);
}

#[test]
fn what_a_combination_does_without_is_free_for_the_next() {
    let either = || any((frozen(["fair"]), frozen([])));
    for rule in [
        all((either(), frozen(["fair"]))),
        all((frozen(["fair"]), either())),
    ] {
        let (office, release) = site(gate(rule));
        let release = office.recorded(release, of_fair("W-1", Role::ChangeAuthority), "cho");
        let decision = decided(&office, &release);
        assert!(decision.is_cleared(), "{decision}");
        assert_eq!(decision.overrides().collect::<Vec<_>>(), [&key("W-1")]);
    }
}
