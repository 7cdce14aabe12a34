//! What has to be answered: exactly these gates, exactly these reasons.

use crate::gate::{AnyGate, GateSet, ReleaseModel, Rule, breaches};
use crate::phase::Instant;
use crate::release::{Blocker, Decision, Enforcement, Finding, Key, Verdict};
use crate::report::Outline;
use std::collections::BTreeSet;

/// What has to be answered to a step or a record: exactly this, and nothing besides.
///
/// A reason is written as people say it: the policy and its code, and before them the gate where that matters;
/// after them the one thing that it is about, and when time lifts it, where that matters:
///
/// ```text
/// evidence: kind-missing
/// go/approvals: own-work
/// freeze: frozen of audit
/// freeze: frozen of audit, not before 2026-03-04T06:00:00Z
/// ```
///
/// Two reasons of the same policy and code are written twice. A gate of a model is named with its model or without, unless
/// a gate of the rules themselves is called so: then that one is meant. Of a case, the rules are known; of a decision
/// alone ([`Self::accepts`]), they are not.
/// The lifecycle's own reasons are those of `lifecycle`.
///
/// # Examples
///
/// ```
/// use phasegate::testing::{cleared_by, refused};
///
/// let no = refused(["lifecycle: not-tested", "go/approvals: approvals-missing"]);
/// let yes = cleared_by(["production", "go"]).warning(["lead-time: too-short"]).using(["override-1"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub(super) answer: Answer,
    /// The gates that have to clear it; of a refusal, none are looked at.
    gates: Vec<Named>,
    because: Vec<Because>,
    warnings: Vec<Because>,
    overrides: BTreeSet<String>,
    mistakes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Cleared,
    Refused,
    Recorded,
    NotRecorded,
}

/// One reason, as far as it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Because {
    said: String,
    gate: Option<Named>,
    policy: String,
    code: String,
    about: Option<String>,
    clears_at: Option<Instant>,
}

/// A gate, as it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    said: String,
    /// Whether a gate of the rules has that very name: then no other is meant.
    is_whole: bool,
}

/// The step is cleared by exactly these gates; nothing is warned of, and no override is used.
#[must_use]
pub fn cleared_by<T: Into<String>>(gates: impl IntoIterator<Item = T>) -> Expected {
    let gates: Vec<_> = gates.into_iter().map(Named::of).collect();
    let mut expected = Expected::of(Answer::Cleared);
    if gates.is_empty() {
        let what = "a step that is cleared by no gate is said to be `cleared_by_no_gate`";
        expected.mistakes.push(what.to_owned());
    }
    expected.gates = gates;
    expected
}

/// The step is cleared, and no gate holds it.
#[must_use]
pub const fn cleared_by_no_gate() -> Expected {
    Expected::of(Answer::Cleared)
}

/// The step is refused for exactly these reasons; nothing is warned of.
#[must_use]
pub fn refused<T: AsRef<str>>(reasons: impl IntoIterator<Item = T>) -> Expected {
    Expected::of(Answer::Refused).for_reasons(reasons)
}

/// The record is taken.
#[must_use]
pub const fn recorded() -> Expected {
    Expected::of(Answer::Recorded)
}

/// The record is not taken, for exactly these reasons.
#[must_use]
pub fn not_recorded<T: AsRef<str>>(reasons: impl IntoIterator<Item = T>) -> Expected {
    Expected::of(Answer::NotRecorded).for_reasons(reasons)
}

impl Expected {
    const fn of(answer: Answer) -> Self {
        Self {
            answer,
            gates: Vec::new(),
            because: Vec::new(),
            warnings: Vec::new(),
            overrides: BTreeSet::new(),
            mistakes: Vec::new(),
        }
    }

    fn for_reasons<T: AsRef<str>>(mut self, reasons: impl IntoIterator<Item = T>) -> Self {
        self.because = self.read(reasons);
        if self.because.is_empty() && self.mistakes.is_empty() {
            let what = "what is refused is refused for a reason, and none is expected";
            self.mistakes.push(what.to_owned());
        }
        self
    }

    /// The same, and exactly this is warned of.
    #[must_use]
    pub fn warning<T: AsRef<str>>(mut self, reasons: impl IntoIterator<Item = T>) -> Self {
        self.warnings = self.read(reasons);
        self
    }

    /// The same, and exactly these overrides are used up.
    #[must_use]
    pub fn using<T: Into<String>>(mut self, overrides: impl IntoIterator<Item = T>) -> Self {
        self.overrides = overrides.into_iter().map(Into::into).collect();
        self
    }

    fn read<T: AsRef<str>>(&mut self, reasons: impl IntoIterator<Item = T>) -> Vec<Because> {
        let reasons = reasons.into_iter();
        let read = reasons.filter_map(|said| match Because::read(said.as_ref()) {
            Ok(because) => Some(because),
            Err(mistake) => {
                self.mistakes.push(mistake);
                None
            }
        });
        read.collect()
    }

    /// Whether a decision about a step is exactly what is expected.
    #[must_use]
    pub fn accepts(&self, decision: &Decision) -> bool {
        self.mistakes.is_empty() && self.against(decision).is_none()
    }

    /// The same of these rules: a gate that they call exactly so is meant, and none of a model that ends so.
    pub(super) fn among(mut self, gates: &GateSet) -> Self {
        let known: BTreeSet<_> = all(gates).map(|gate| gate.id().name.as_str()).collect();
        let reasons = self.because.iter_mut().chain(&mut self.warnings);
        let named = reasons.filter_map(|because| because.gate.as_mut());
        for gate in named.chain(&mut self.gates) {
            gate.is_whole = known.contains(gate.said.as_str());
        }
        self
    }

    /// What is wrong with it, before anything is asked: what it names that these rules do not have.
    pub(super) fn mistakes(&self, gates: &GateSet) -> Vec<String> {
        let mut mistakes = self.mistakes.clone();
        let known: Vec<_> = all(gates).collect();
        let expected = self.clone().among(gates);
        let lacking = expected.gates.iter().filter(|name| {
            let mut known = known.iter();
            !known.any(|gate| name.is(gate.id().name.as_str()))
        });
        mistakes.extend(lacking.map(|name| no_gate(&name.said)));
        for because in expected.because.iter().chain(&expected.warnings) {
            mistakes.extend(because.names_nothing(&known));
        }
        mistakes
    }

    /// Where a decision about a step is not as expected; nothing if it is.
    pub(super) fn against(&self, decision: &Decision) -> Option<Outline> {
        let mut lines = Vec::new();
        let is_cleared = decision.is_cleared();
        if is_cleared && self.answer == Answer::Cleared {
            lines.extend(self.gates_against(decision));
        }
        let (found, warned): (Vec<_>, Vec<_>) =
            (decision.blockers().collect(), decision.warnings().collect());
        let reasons = compared(&self.because, &found, "");
        let warnings = compared(&self.warnings, &warned, "warning ");
        let used: BTreeSet<_> = decision.overrides().map(Key::as_str).collect();
        let expected: BTreeSet<_> = self.overrides.iter().map(String::as_str).collect();
        let unused = expected.difference(&used);
        lines.extend(unused.map(|id| said("missing: the use of override ", id)));
        let unexpected = used.difference(&expected);
        lines.extend(unexpected.map(|id| said("not expected: the use of override ", id)));
        let is_answer = match self.answer {
            Answer::Cleared => is_cleared,
            Answer::Refused => !is_cleared,
            Answer::Recorded | Answer::NotRecorded => false,
        };
        let is_met = reasons.iter().chain(&warnings).all(|(is_met, _)| *is_met);
        let broken = broken(decision);
        if is_answer && is_met && lines.is_empty() && broken.is_empty() {
            return None;
        }
        let reasons = reasons.into_iter().chain(warnings).map(|(_, line)| line);
        let all = lines.into_iter().chain(reasons).chain(broken);
        let found = if is_cleared { "cleared" } else { "refused" };
        Some(self.headed(found, all, decision))
    }

    /// The same of a record: nothing if it is answered as expected. `decision` is the one against it, if there is one.
    pub(super) fn against_record(&self, decision: Option<&Decision>) -> Option<Outline> {
        let Some(decision) = decision else {
            let missing = self.because.iter();
            let missing = missing.map(|one| said("missing: ", &one.said));
            return (self.answer != Answer::Recorded).then(|| {
                let head = format!("expected: {}, found: recorded", self.answer.told());
                Outline::new().own(head).under_all(missing)
            });
        };
        let found: Vec<_> = decision.blockers().collect();
        let reasons = compared(&self.because, &found, "");
        let is_met = reasons.iter().all(|(is_met, _)| *is_met);
        let is_expected = self.answer == Answer::NotRecorded && is_met;
        let lines = reasons.into_iter().map(|(_, line)| line);
        (!is_expected).then(|| self.headed("not recorded", lines, decision))
    }

    fn headed(
        &self,
        found: &'static str,
        lines: impl IntoIterator<Item = Outline>,
        decision: &Decision,
    ) -> Outline {
        let told = self.answer.told();
        let head = if told == found {
            format!("{found}, but not exactly as expected")
        } else {
            format!("expected: {told}, found: {found}")
        };
        let whole = Outline::new().own("the whole decision");
        Outline::new()
            .own(head)
            .under_all(lines)
            .under(whole.under(decision.outline()))
    }

    /// A step that no gate holds is cleared, and nothing was asked: that is never taken for a gate's clearance.
    fn gates_against(&self, decision: &Decision) -> Vec<Outline> {
        let names: Vec<_> = decision
            .gates
            .iter()
            .map(|gate| gate.name.as_str())
            .collect();
        let mut lines = Vec::new();
        if names.is_empty() && !self.gates.is_empty() {
            let what = "no gate of these rules holds it here: look at its track and its model";
            lines.push(Outline::new().own(what));
        }
        let matched = matched(&self.gates, &names, |meant, name| meant.is(name));
        let missing = self.gates.iter().enumerate();
        let missing = missing.filter(|(place, _)| !matched.contains(&Some(*place)));
        lines.extend(missing.map(|(_, gate)| said("missing: the clearance of gate ", &gate.said)));
        let extra = names.iter().zip(&matched);
        let extra = extra.filter(|(_, matched)| matched.is_none());
        lines.extend(extra.map(|(name, _)| said("not expected: the clearance of gate ", name)));
        lines
    }
}

impl Answer {
    const fn told(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Refused => "refused",
            Self::Recorded => "recorded",
            Self::NotRecorded => "not recorded",
        }
    }
}

impl Because {
    /// Reads `gate/policy: code of about, not before instant`.
    fn read(said: &str) -> Result<Self, String> {
        const FORM: &str =
            "expected `policy: code`, or `gate/policy: code of thing, not before instant`";
        let malformed = || format!("`{said}` is no reason: {FORM}");
        let (policy, reason) = said.split_once(": ").ok_or_else(malformed)?;
        let (reason, clears_at) = match reason.rsplit_once(", not before ") {
            Some((reason, at)) => {
                let at = at.parse::<Instant>();
                (
                    reason,
                    Some(at.map_err(|wrong| format!("`{said}`: {wrong}"))?),
                )
            }
            None => (reason, None),
        };
        let (code, about) = match reason.split_once(" of ") {
            Some((code, about)) => (code, Some(about.to_owned())),
            None => (reason, None),
        };
        let (gate, policy) = match policy.rsplit_once('/') {
            Some((gate, policy)) => (Some(gate), policy),
            None => (None, policy),
        };
        let is_said = |text: &str| !text.is_empty() && text.trim() == text;
        let parts = [Some(policy), Some(code), gate, about.as_deref()];
        if !parts.into_iter().flatten().all(is_said) {
            return Err(malformed());
        }
        Ok(Self {
            said: said.to_owned(),
            policy: policy.to_owned(),
            code: code.to_owned(),
            gate: gate.map(Named::of),
            about,
            clears_at,
        })
    }

    fn is(&self, found: &Blocker<'_>) -> bool {
        let reason = found.reason;
        let gate = found.finding.gate.as_str();
        found.policy.as_str() == self.policy
            && reason.code.as_str() == self.code
            && self.gate.as_ref().is_none_or(|name| name.is(gate))
            && self
                .about
                .as_deref()
                .is_none_or(|about| reason.about.as_ref().map(Key::as_str) == Some(about))
            && self.clears_at.is_none_or(|at| reason.clears_at == Some(at))
    }

    /// Why no decision of these gates can have it.
    fn names_nothing(&self, known: &[&AnyGate]) -> Option<String> {
        // The lifecycle answers under a name of its own, for itself, for calendars and for overrides.
        const OWN: [&str; 3] = ["lifecycle", "calendars", "overrides"];
        let is_own = OWN.contains(&self.policy.as_str());
        if self
            .gate
            .as_ref()
            .map_or(is_own, |gate| gate.said == OWN[0] && is_own)
        {
            return None;
        }
        let mut meant = known.iter().filter(|gate| {
            let name = gate.id().name.as_str();
            self.gate.as_ref().is_none_or(|meant| meant.is(name))
        });
        let asks = |gate: &&&AnyGate| {
            let rules = gate.requirements().iter().flat_map(|one| one.rule.walk());
            let mut names = rules.map(Rule::name);
            names.any(|name| name.as_str() == self.policy)
        };
        match &self.gate {
            Some(gate) if meant.clone().next().is_none() => Some(no_gate(&gate.said)),
            _ if meant.any(|gate| asks(&gate)) => None,
            Some(gate) => Some(format!(
                "gate `{}` has no policy `{}`",
                gate.said, self.policy
            )),
            None => Some(format!(
                "no gate of these rules has a policy `{}`",
                self.policy
            )),
        }
    }
}

fn no_gate(name: &str) -> String {
    format!("these rules have no gate `{name}`")
}

fn all(gates: &GateSet) -> impl Iterator<Item = &AnyGate> {
    let of_models = gates.models().flat_map(ReleaseModel::gates);
    gates.gates().iter().chain(of_models)
}

impl Named {
    fn of(said: impl Into<String>) -> Self {
        Self {
            said: said.into(),
            is_whole: false,
        }
    }

    /// Whether a gate of that name is meant: of one of a model, the model's name may be left out.
    fn is(&self, gate: &str) -> bool {
        let own = gate.rsplit_once('/').filter(|_| !self.is_whole);
        gate == self.said || own.is_some_and(|(_, own)| own == self.said)
    }
}

fn said(words: &'static str, name: &str) -> Outline {
    Outline::new().own(words).name(name)
}

/// What no policy may be, whatever is expected: one that breaks its contract, or that could not be evaluated and only
/// writes that down.
fn broken(decision: &Decision) -> Vec<Outline> {
    let is_shadow = |one: &Finding| one.enforcement == Enforcement::Shadow;
    let breaches = breaches(decision).filter(|(finding, ..)| !is_shadow(finding));
    let breaches = breaches.map(|(finding, policy, reason)| {
        let what = format!("{}/{policy}: {}", finding.gate, reason.code);
        said("broken: ", &what)
    });
    let shadows = decision.findings.iter().filter(|one| is_shadow(one));
    let failed = shadows.filter(|one| matches!(one.judgement.verdict, Verdict::Failed { .. }));
    let reasons = failed.flat_map(Finding::blockers);
    let unseen = reasons.map(|one| Outline::new().own("not evaluated: ").prose(one));
    breaches.chain(unseen).collect()
}

/// Each expected reason beside one that was found, as many as can be; then what is left of both.
fn compared(
    expected: &[Because],
    found: &[Blocker<'_>],
    what: &'static str,
) -> Vec<(bool, Outline)> {
    let matched = matched(expected, found, Because::is);
    let mut lines = Vec::new();
    for (place, because) in expected.iter().enumerate() {
        let is_met = matched.contains(&Some(place));
        let words = if is_met { "as expected: " } else { "missing: " };
        let line = Outline::new().own(words).own(what).name(&because.said);
        let near = found.iter().filter(|_| !is_met);
        let near = near.filter(|one| is_near(because, one)).map(|one| {
            let line = Outline::new().own("there is ");
            line.name(written(one))
        });
        lines.push((is_met, line.under_all(near)));
    }
    for (one, matched) in found.iter().zip(&matched) {
        if matched.is_none() {
            let line = Outline::new().own("not expected: ").own(what);
            let line = line.name(written(one)).own(": ").prose(one.reason);
            lines.push((false, line));
        }
    }
    lines
}

/// The same policy with another code, or the same code of another policy.
fn is_near(because: &Because, found: &Blocker<'_>) -> bool {
    let is_policy = found.policy.as_str() == because.policy;
    is_policy || found.reason.code.as_str() == because.code
}

/// A reason as it is expected, in full.
fn written(found: &Blocker<'_>) -> String {
    let gate = &found.finding.gate;
    let mut said = format!("{gate}/{}: {}", found.policy, found.reason.code);
    if let Some(about) = &found.reason.about {
        said.push_str(" of ");
        said.push_str(about.as_str());
    }
    if let Some(at) = found.reason.clears_at {
        said.push_str(", not before ");
        said.push_str(&at.to_string());
    }
    said
}

/// For each that was found, the place of the expected one that it stands for: each stands for one, and as many as can
/// be.
fn matched<E, F>(expected: &[E], found: &[F], is: impl Fn(&E, &F) -> bool) -> Vec<Option<usize>> {
    let mut taken = vec![None; found.len()];
    for place in 0..expected.len() {
        let mut tried = vec![false; found.len()];
        find(place, expected, found, &is, &mut taken, &mut tried);
    }
    taken
}

/// Finds a place for one, moving others if that helps.
fn find<E, F>(
    place: usize,
    expected: &[E],
    found: &[F],
    is: &impl Fn(&E, &F) -> bool,
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let Some(wanted) = expected.get(place) else {
        return false;
    };
    for (at, one) in found.iter().enumerate() {
        let is_tried = tried.get(at).copied().unwrap_or(true);
        if is_tried || !is(wanted, one) {
            continue;
        }
        if let Some(tried) = tried.get_mut(at) {
            *tried = true;
        }
        let before = taken.get(at).copied().flatten();
        if before.is_none_or(|other| find(other, expected, found, is, taken, tried)) {
            if let Some(taken) = taken.get_mut(at) {
                *taken = Some(place);
            }
            return true;
        }
    }
    false
}
