//! One recorded decision, asked again of other gates.

use crate::gate::{Facts, GateSet, LIFECYCLE, breaches};
use crate::release::{
    AnyStep, By, Core, Decision, Enforcement, FactValue, Finding, Key, Reason, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};

/// A decision in a log, and the step that it was about.
#[derive(Clone, Copy)]
pub(super) struct Recorded<'a> {
    pub(super) step: &'a AnyStep,
    pub(super) decision: &'a Decision,
    /// Whether somebody else may have written between the decision and its record.
    pub(super) may_have_moved: bool,
}

/// What other gates say to it.
pub(super) struct Compared {
    pub(super) came: Came,
    pub(super) proposed: Decision,
    /// The gates that make the difference.
    pub(super) gates: BTreeSet<Key>,
    /// What would have to be recorded to tell.
    pub(super) not_recorded: BTreeSet<String>,
    /// What policies did that no policy may do.
    pub(super) broken: BTreeSet<String>,
}

/// How the two answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    Same,
    NewlyRefused,
    NewlyAllowed,
    OtherReasons,
    Undetermined,
    /// It rests on what would not have happened.
    Counterfactual,
}

/// Asks these gates, on these facts, what was asked then.
pub(super) fn compare(
    gates: &GateSet,
    core: &Core,
    recorded: Recorded<'_>,
    facts: &Facts,
) -> Compared {
    let Recorded { step, decision, .. } = recorded;
    let occurred_at = decision.occurred_at.unwrap_or(decision.at);
    let by = By::new(decision.actor.clone()).occurred_at(occurred_at);
    let approvals = core.state.approvals.values().map(|given| &given.approval);
    let mut approvals = approvals.filter(|one| one.step == step.action());
    // What was approved under the gates of that day counts as approved.
    let about = match approvals.clone().next() {
        Some(_) => gates.subject_under(core, step, &decision.gates),
        None => None,
    };
    let overrides_alone =
        |about| approvals.any(|one| one.subject.differences(about).eq(["the overrides"]));
    let may_differ = about.as_ref().is_some_and(overrides_alone);
    let proposed = gates.explain_instead(core, step, facts, &by, about);

    let mut not_recorded = BTreeSet::new();
    let (mut open, mut is_surely_refused) = (Vec::new(), false);
    for finding in &proposed.findings {
        let lacking = lacking(finding, decision);
        is_surely_refused |= finding.blocks() && lacking.is_empty();
        if !lacking.is_empty() {
            open.push(finding);
            not_recorded.extend(lacking);
        }
    }
    let differing = differing(decision, &proposed, &open);
    let came = match (decision.is_cleared(), proposed.is_cleared()) {
        (_, false) if !is_surely_refused => Came::Undetermined,
        (true, false) => Came::NewlyRefused,
        (false, true) => Came::NewlyAllowed,
        _ if !differing.is_empty() => Came::OtherReasons,
        _ if !open.is_empty() => Came::Undetermined,
        _ => Came::Same,
    };
    let gates = match came {
        Came::Same | Came::Counterfactual => BTreeSet::new(),
        Came::NewlyRefused => blocking(&proposed),
        Came::NewlyAllowed => blocking(decision),
        Came::OtherReasons => differing
            .into_iter()
            .map(|told| told.gate.clone())
            .collect(),
        Came::Undetermined => open.iter().map(|one| one.gate.clone()).collect(),
    };
    let mut compared = Compared {
        came,
        gates,
        not_recorded,
        broken: breaches(&proposed)
            .map(|(_, _, reason)| reason.message.to_string())
            .collect(),
        proposed,
    };
    if may_differ && came != Came::Same {
        compared.cannot_tell("which overrides the approvals were about");
    }
    if recorded.may_have_moved {
        compared.cannot_tell("how the release stood: it moved before the refusal was recorded");
    }
    compared
}

impl Compared {
    fn cannot_tell(&mut self, what: &str) {
        self.came = Came::Undetermined;
        self.not_recorded.insert(what.to_owned());
    }
}

/// What would have to be recorded to tell whether a finding is right; nothing if it is, or if the gates of that day
/// found the very same.
fn lacking(finding: &Finding, recorded: &Decision) -> BTreeSet<String> {
    if finding.judgement.verdict.clears() || recorded.findings.contains(finding) {
        return BTreeSet::new();
    }
    let told = finding.blockers();
    let told = told.iter().map(|blocker| lacks(blocker.reason, recorded));
    let (lacking, known): (Vec<_>, Vec<_>) = told.partition(Option::is_some);
    let is_open = match finding.judgement.verdict {
        // One of the invariants is enough.
        Verdict::Violated { .. } if finding.gate.as_str() == LIFECYCLE => known.is_empty(),
        Verdict::Unknown { .. } => true,
        Verdict::Satisfied { .. }
        | Verdict::Violated { .. }
        | Verdict::Failed { .. }
        | Verdict::Excepted { .. } => false,
    };
    let lacking = lacking.into_iter().flatten();
    lacking.filter(|_| is_open).collect()
}

/// What a reason asks for that was neither read nor missed at that time.
fn lacks(reason: &Reason, recorded: &Decision) -> Option<String> {
    let read = |name: &str| reason.read.get(name);
    let named = |name: &str| match read(name)? {
        FactValue::Text(text) => Some(text.as_str()),
        FactValue::Flag(_) | FactValue::Integer(_) | FactValue::Instant(_) => None,
    };
    match reason.code.as_str() {
        "fact-missing" => {
            let key = Key::new(named("fact")?).ok()?;
            (!was_asked(&key, recorded)).then(|| format!("fact `{key}`"))
        }
        "calendar-not-read" => {
            let name = named("calendar")?;
            let was_missed = recorded.unread_calendars.contains_key(name);
            (!was_missed).then(|| format!("calendar `{name}`"))
        }
        "release-not-read" => {
            let id = named("release")?.parse().ok()?;
            let was_missed = recorded.unread.contains_key(&id);
            (!was_missed).then(|| format!("how release `{id}` stood"))
        }
        "model-not-read" => {
            let name = named("model")?;
            let was_missed = recorded.unread_model.is_some();
            (!was_missed).then(|| format!("how model `{name}` stood"))
        }
        "bookings-not-read" => Some("what other releases had booked".to_owned()),
        "unknown-model" => {
            let (name, version) = (named("model")?, read("version")?);
            let FactValue::Integer(version) = version else {
                return None;
            };
            Some(format!(
                "version {version} of model `{name}`: the proposed gates do not have it"
            ))
        }
        _ => None,
    }
}

/// Whether the host was asked for that fact when it was decided.
pub(super) fn was_asked(fact: &Key, recorded: &Decision) -> bool {
    recorded.facts.contains_key(fact)
        || recorded.missing.contains_key(fact)
        || recorded.not_known.contains(fact)
}

/// One reason that a decision tells, without the words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Told<'a> {
    gate: &'a Key,
    enforcement: Enforcement,
    policy: &'a Key,
    /// Nothing for an override that is used up.
    code: Option<&'a Key>,
    about: Option<&'a Key>,
}

/// The reasons that only one of the two tells; of what cannot be told, and of what it stands for, there are none.
fn differing<'a>(
    recorded: &'a Decision,
    proposed: &'a Decision,
    open: &[&Finding],
) -> Vec<Told<'a>> {
    let is_open = |finding: &Finding| {
        open.iter().any(|open| {
            let name = |one: &Finding| (one.gate.clone(), one.judgement.policy.clone());
            name(open) == name(finding)
        })
    };
    let mut counts: BTreeMap<Told<'_>, i64> = BTreeMap::new();
    let mut is_cut = false;
    for (decision, sign) in [(recorded, 1), (proposed, -1)] {
        for finding in decision.findings.iter().filter(|one| !is_open(one)) {
            let told = |policy, code, about| Told {
                gate: &finding.gate,
                enforcement: finding.enforcement,
                policy,
                code,
                about,
            };
            for blocker in finding.blockers() {
                let Reason { code, about, .. } = blocker.reason;
                is_cut |= code.as_str() == "reasons-left-out";
                let told = told(blocker.policy, Some(code), about.as_ref());
                *counts.entry(told).or_default() += sign;
            }
            for id in finding.judgement.verdict.overrides() {
                let told = told(&finding.judgement.policy, None, Some(id));
                *counts.entry(told).or_default() += sign;
            }
        }
    }
    let told = counts.into_iter().filter(|(_, count)| *count != 0);
    let told = told.map(|(told, _)| told);
    // What refuses nothing was cut short then: only what refuses can be compared.
    told.filter(|told| !is_cut || told.enforcement == Enforcement::Block)
        .collect()
}

fn blocking(decision: &Decision) -> BTreeSet<Key> {
    let blocking = decision.findings.iter().filter(|one| one.blocks());
    blocking.map(|one| one.gate.clone()).collect()
}
