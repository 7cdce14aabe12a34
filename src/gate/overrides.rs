//! Which overrides count for a step, and why the others do not.

use super::judging::Judge;
use super::rule::Rule;
use super::{AnyGate, Ask, LIFECYCLE};
use crate::release::{
    AnyStep, Decision, Digest, Enforcement, Finding, GrantedOverride, Judgement, Key,
    OverrideGranted, Reason, Role, State, Subject, Verdict,
};
use std::collections::BTreeSet;

/// Why an override cannot be used for this step, where these roles may override.
pub(super) fn against(
    ask: &Ask<'_>,
    one: &GrantedOverride,
    roles: &BTreeSet<Role>,
) -> Option<Reason> {
    let GrantedOverride {
        granted,
        by,
        is_used,
    } = one;
    let OverrideGranted {
        id,
        step,
        until,
        role,
        ..
    } = granted.as_ref();
    let another = "have another one granted";
    if *step != ask.action() {
        let message = format!("override `{id}` is for {step}, not for {}", ask.action());
        return Some(Reason::new("override-for-another-step", message, another));
    }
    if *is_used {
        let message = format!("override `{id}` was used before, and is good for once");
        return Some(Reason::new("override-used", message, another));
    }
    if *until <= ask.now() {
        let message = format!("override `{id}` ended at {until}");
        return Some(Reason::new("override-expired", message, another));
    }
    if ask.requested_by() == Some(by) {
        let message = format!("`{by}` granted override `{id}` for what they asked for themselves");
        let remedy = "have somebody else grant one";
        return Some(Reason::new("override-of-own-work", message, remedy));
    }
    if !roles.contains(role) {
        let message = format!("`{by}` granted override `{id}` as {role}, who may not here");
        let may: Vec<_> = roles.iter().map(|role| format!("`{role}`")).collect();
        let may = may.join(" or ");
        let remedy = format!("have somebody in the role {may} grant one");
        let reason = Reason::new("override-by-wrong-role", message, remedy);
        return Some(roles.iter().cloned().fold(reason, Reason::by_role));
    }
    let is_still = by.person().is_some_and(|by| ask.has_role(by, role));
    if !is_still {
        let message = format!("`{by}`, who granted override `{id}`, is not {role} any more");
        let reason = Reason::new("override-granter-left", message, another);
        return Some(reason.by_role(role.clone()));
    }
    None
}

/// What an approval of this step would be about, where these gates hold it.
pub(super) fn subject(state: &State, step: &AnyStep, gates: &[&AnyGate]) -> Subject {
    subject_under(state, step, gates, AnyGate::digest_of(gates))
}

/// The same, where it was approved under the gates of that digest.
pub(super) fn subject_under(
    state: &State,
    step: &AnyStep,
    gates: &[&AnyGate],
    approved: Digest,
) -> Subject {
    state.subject(step, approved, |one| {
        state.requested_by.as_ref() != Some(&one.by) && gates.iter().any(|gate| can_help(one, gate))
    })
}

/// Whether an override may lift something that a gate asks for. It does not look at the time, nor at who is in which role
/// by now: what an approval is about must not change by them.
fn can_help(one: &GrantedOverride, gate: &AnyGate) -> bool {
    let OverrideGranted { policy, role, .. } = one.granted.as_ref();
    let requirements = gate.requirements().iter();
    let mut blocking = requirements.filter(|one| one.enforcement == Enforcement::Block);
    gate.override_roles().contains(role)
        && blocking.any(|requirement| {
            let mut policies = requirement.rule.walk().filter_map(Rule::judge);
            policies.any(|judge| Judge::name(judge) == *policy)
        })
}

/// The overrides that are meant for this step, or for what stands against it, and that it does not use: each with why.
///
/// A warning, and no blocker: what they do not lift blocks by itself.
pub(super) fn unhelpful(ask: &Ask<'_>, decision: &Decision) -> Option<Finding> {
    let used: BTreeSet<_> = decision.overrides().collect();
    let granted = ask.state().overrides.values();
    let unused = granted.filter(|one| !used.contains(&one.granted.id));
    let reasons: Vec<_> = unused
        .filter_map(|one| why_not(ask, one, decision))
        .collect();
    (!reasons.is_empty()).then(|| Finding {
        gate: Key::own(LIFECYCLE),
        enforcement: Enforcement::Warn,
        judgement: Judgement::single(Key::own("overrides"), 1, Verdict::Violated { reasons }),
        overridable_by: BTreeSet::new(),
    })
}

/// Whether it lifts a part of a combination that refuses in spite of it: it has helped as far as it goes.
fn lifts_a_part(id: &Key, decision: &Decision) -> bool {
    let blocking = decision.findings.iter().filter(|one| one.blocks());
    let mut policies = blocking.flat_map(|one| one.judgement.policies());
    policies.any(|policy| policy.verdict.overrides().any(|used| used == id))
}

fn why_not(ask: &Ask<'_>, one: &GrantedOverride, decision: &Decision) -> Option<Reason> {
    let OverrideGranted {
        id,
        policy,
        code,
        about,
        ..
    } = one.granted.as_ref();
    let mut blockers = decision.blockers();
    let named = blockers.find(|blocker| {
        let Reason {
            code: of,
            about: thing,
            ..
        } = blocker.reason;
        (blocker.policy, of, thing) == (policy, code, about)
    });
    let Some(blocker) = named else {
        let is_meant = one.granted.step == ask.action();
        let is_usable = !one.is_used && ask.now() < one.granted.until;
        return (is_meant && is_usable && !lifts_a_part(id, decision)).then(|| {
            let things = decision
                .blockers()
                .filter(|blocker| (blocker.policy, &blocker.reason.code) == (policy, code));
            let things = things.filter_map(|blocker| blocker.reason.about.as_ref());
            let things: Vec<_> = things.map(|thing| format!("`{thing}`")).collect();
            let blocker = format!("override `{id}` is for blocker `{code}` of policy `{policy}`");
            let (message, remedy) = match (things.as_slice(), about) {
                ([], _) => (
                    format!("{blocker}, which is not in the way"),
                    "leave it, or have one granted for a blocker that is".to_owned(),
                ),
                (things, Some(about)) => (
                    format!("{blocker} about `{about}`, which is not in the way"),
                    format!("have one granted that is about {}", things.join(" or ")),
                ),
                (things, None) => (
                    format!("{blocker}, and says nothing that it is about"),
                    format!("have one granted that is about {}", things.join(" or ")),
                ),
            };
            Reason::new("override-of-nothing", message, remedy)
        });
    };
    let roles = &blocker.finding.overridable_by;
    if roles.is_empty() {
        let message = format!(
            "override `{id}` is for blocker `{code}` of policy `{policy}`, which nobody can override"
        );
        let remedy = "do what that asks for";
        return Some(Reason::new("override-of-what-stays", message, remedy));
    }
    let why = against(ask, one, roles);
    Some(why.unwrap_or_else(|| {
        let message = format!("override `{id}` for blocker `{code}` of policy `{policy}` is not enough");
        let remedy = "have one granted for each blocker of that policy; what is unknown or failed cannot be overridden";
        Reason::new("override-not-enough", message, remedy)
    }))
}
