//! Why not now: a decision as an outline, gate by gate and policy by policy.

use super::Outline;
use crate::phase::Instant;
use crate::release::{
    Availability, BookedConflict, Combination, ConflictAnswer, DecidingWindow, Decision,
    Enforcement, Fact, FactValue, Finding, FollowedModel, GateId, Judgement, Key, OtherRelease,
    Reason, ReleaseId, Text, Verdict,
};

impl Decision {
    /// Why, or why not: every gate with what its policies found, combinations with their parts; for each reason its
    /// code, what would lift it, who could, the earliest instant, and what was read.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let Decision {
            asked,
            actor,
            at,
            occurred_at,
            gates,
            findings,
            facts,
            missing,
            not_known,
            others,
            unread,
            model,
            unread_model,
            calendars,
            unread_calendars,
            conflicts,
            holds_until,
        } = self;
        let answer = if self.is_cleared() {
            "cleared"
        } else {
            "refused"
        };
        let head = Outline::new()
            .own(format!("{asked} {answer}, asked for by "))
            .name(actor);
        let head = match occurred_at {
            Some(then) => head.own(format!(" at {at}, as of {then}")),
            None => head.own(format!(" at {at}")),
        };
        let why = |line: Outline, why: &Text| line.own(" could not be had: ").prose(why);
        let missing = missing.iter();
        let missing = missing.map(|(key, told)| why(Outline::new().name(key), told));
        let not_known = not_known.iter();
        let not_known = not_known.map(|key| Outline::new().name(key).own(" is not known"));
        let facts = Outline::new()
            .own("facts that were asked for")
            .under_all(facts.iter().map(fact))
            .under_all(missing)
            .under_all(not_known);
        let unread = unread.iter();
        let unread = unread.map(|(id, told)| why(Outline::new().name(id), told));
        let unread_model = unread_model
            .as_ref()
            .map(|told| why(Outline::new().own("how the release model stands"), told));
        let others = Outline::new()
            .own("other releases that were looked at")
            .under_all(others.iter().map(other))
            .under_all(unread);
        let unread_calendars = unread_calendars.iter();
        let unread_calendars =
            unread_calendars.map(|(name, told)| why(Outline::new().name(name), told));
        let calendars = Outline::new()
            .own("calendars that were asked")
            .under_all(calendars.iter().map(|answer| availability(self, answer)))
            .under_all(unread_calendars);
        head.under(ends(self, *holds_until))
            .under_all(by_gate(gates, findings))
            .under(facts.unless_bare())
            .under(others.unless_bare())
            .under(calendars.unless_bare())
            .under_all(conflicts.iter().map(booked))
            .under(model.as_deref().map(followed))
            .under(unread_model)
    }
}

impl Outline {
    /// Nothing, if there is nothing under it.
    fn unless_bare(self) -> Option<Self> {
        (!self.is_bare()).then_some(self)
    }
}

/// How long it holds, or when it can clear.
fn ends(decision: &Decision, holds_until: Option<Instant>) -> Option<Outline> {
    if decision.is_cleared() {
        let until = |until| Outline::new().own(format!("the clearance holds until {until}"));
        return holds_until.map(until);
    }
    let told = match decision.clears_at() {
        Some(at) => format!("time alone can clear it at {at}"),
        None => "time alone does not clear it".to_owned(),
    };
    Some(Outline::new().own(told))
}

/// The findings under their gates, in the order in which they were found; then the gates that found nothing.
fn by_gate(gates: &[GateId], findings: &[Finding]) -> Vec<Outline> {
    let mut names: Vec<&Key> = Vec::new();
    for finding in findings {
        if !names.contains(&&finding.gate) {
            names.push(&finding.gate);
        }
    }
    let found = names.into_iter().map(|name| {
        let head = match gates.iter().find(|gate| gate.name == *name) {
            Some(gate) => headed(gate),
            None => Outline::new().name(name),
        };
        let found = findings.iter().filter(|finding| finding.gate == *name);
        head.under_all(found.map(finding))
    });
    let mut outlines: Vec<_> = found.collect();
    let is_silent = |gate: &&GateId| findings.iter().all(|finding| finding.gate != gate.name);
    let silent = gates.iter().filter(is_silent);
    outlines.extend(silent.map(|gate| headed(gate).own(": asks for nothing here")));
    outlines
}

fn headed(gate: &GateId) -> Outline {
    let GateId {
        name,
        version,
        digest,
    } = gate;
    let outline = Outline::new().own("gate ").name(name);
    outline.own(format!(" version {version}, rules {digest:.12}"))
}

fn finding(finding: &Finding) -> Outline {
    let Finding {
        gate: _,
        enforcement,
        judgement,
        overridable_by,
    } = finding;
    let head = Outline::new().own(match enforcement {
        Enforcement::Block => "",
        Enforcement::Warn => "warning: ",
        Enforcement::Shadow => "shadow: ",
    });
    let roles = overridable_by.iter();
    let roles = (!overridable_by.is_empty()).then(|| {
        let line = Outline::new().own("can be overridden by: ");
        line.names(roles)
    });
    judged(head, judgement, false).under(roles)
}

/// What a policy or a combination came to. Under `not`, a violated part is what is wanted.
fn judged(head: Outline, judgement: &Judgement, is_negated: bool) -> Outline {
    let Judgement {
        policy,
        policy_version: _,
        verdict,
        combined,
        parts,
    } = judgement;
    let head = match combined {
        None => head.name(policy),
        Some(Combination::All) => head.own("all of these"),
        Some(Combination::Any) => head.own("any of these"),
        Some(Combination::AtLeast(count)) => head.own(format!("at least {count} of these")),
        Some(Combination::Not) => head.own("not this"),
    };
    let head = verdict_line(head.own(": "), verdict);
    let is_wanted = is_negated && matches!(verdict, Verdict::Violated { .. });
    let head = head.own(if is_wanted { ", as it has to be" } else { "" });
    let is_negated = is_negated != (*combined == Some(Combination::Not));
    let parts = parts.iter();
    let parts = parts.map(|part| judged(Outline::new(), part, is_negated));
    head.under_all(verdict.reasons().iter().map(reason))
        .under_all(parts)
}

fn verdict_line(line: Outline, verdict: &Verdict) -> Outline {
    let (line, until) = match verdict {
        Verdict::Satisfied { until } => (line.own("satisfied"), *until),
        Verdict::Violated { .. } => (line.own("violated"), None),
        Verdict::Unknown { .. } => (line.own("unknown"), None),
        Verdict::Failed { .. } => (line.own("failed"), None),
        Verdict::Excepted {
            overrides, until, ..
        } => (line.own("excepted by ").names(overrides), *until),
    };
    match until {
        Some(until) => line.own(format!(" until {until}")),
        None => line,
    }
}

fn reason(reason: &Reason) -> Outline {
    let Reason {
        code,
        message,
        remedy,
        about,
        clears_at,
        read,
        roles,
        people,
    } = reason;
    let read = read.iter().map(|(name, read)| {
        let line = Outline::new().own("read: ").name(name).own(" = ");
        value(line, read)
    });
    let roles = roles.iter().map(ToString::to_string);
    let who: Vec<_> = roles
        .chain(people.iter().map(ToString::to_string))
        .collect();
    let who = (!who.is_empty()).then(|| Outline::new().own("who can: ").names(who));
    let not_before = clears_at.map(|at| Outline::new().own(format!("not before {at}")));
    let line = Outline::new().name(code);
    let line = match about {
        Some(about) => line.own(" of ").name(about),
        None => line,
    };
    let line = line.own(": ").prose(message);
    line.under(Outline::new().own("to lift it: ").prose(remedy))
        .under(who)
        .under(not_before)
        .under_all(read)
}

fn value(line: Outline, value: &FactValue) -> Outline {
    match value {
        FactValue::Flag(true) => line.own("yes"),
        FactValue::Flag(false) => line.own("no"),
        FactValue::Integer(number) => line.own(number.to_string()),
        FactValue::Text(text) => line.prose(text),
        FactValue::Instant(at) => line.own(at.to_string()),
    }
}

fn fact((name, fact): (&Key, &Fact)) -> Outline {
    let line = value(Outline::new().name(name).own(" = "), &fact.value);
    let (read_at, until) = (fact.read_at, fact.expires());
    let line = line.own(format!(", read at {read_at}, holds until {until}"));
    match &fact.source {
        Some(source) => {
            let line = line.own(", from ").name(&source.stream);
            line.own(format!(" at version {}", source.version))
        }
        None => line,
    }
}

fn other((id, other): (&ReleaseId, &OtherRelease)) -> Outline {
    let ending = other.ending.map(|ending| format!(", {ending}"));
    let told = format!(
        " stands in {}{}, at version {}",
        other.standing,
        ending.unwrap_or_default(),
        other.source.version
    );
    Outline::new().name(id).own(told)
}

fn followed(model: &FollowedModel) -> Outline {
    let authorised = model
        .authorised
        .map(|version| format!(", version {version} was authorised last"));
    let told = format!(
        " is {}{}, at version {} of its log",
        model.standing,
        authorised.unwrap_or_default(),
        model.source.version
    );
    let outline = Outline::new().own("release model ");
    outline.name(&model.source.stream.id).own(told)
}

fn availability(decision: &Decision, answer: &Availability) -> Outline {
    let Availability {
        question,
        release: _,
        source,
        span,
        openness,
        deciding,
        left_out,
        opens_at: _,
        clears_at: _,
        holds_until: _,
        has_exceptions: _,
        unhelpful: _,
        exceptions,
    } = answer;
    let told = format!(": {openness} from {span}, at version {}", source.version);
    let line = Outline::new().name(&question.calendar).own(told);
    let counted_on = (!exceptions.is_empty()).then(|| {
        let told = if decision.uses_up_exceptions(answer) {
            "exceptions that are used up: "
        } else {
            "exceptions that the deployment will use up: "
        };
        Outline::new().own(told).names(exceptions)
    });
    let more = (*left_out > 0).then(|| Outline::new().own(format!("and {left_out} more")));
    line.under_all(deciding.iter().map(deciding_window))
        .under(more)
        .under(counted_on)
}

fn booked(answer: &ConflictAnswer) -> Outline {
    let ConflictAnswer {
        question,
        stream: _,
        window,
        read_at,
        conflicts,
        gaps,
    } = answer;
    let people = if question.people { ", people too" } else { "" };
    let told = format!(
        "conflicts from {window}, up to {} relations away{people}, read at {read_at}",
        question.distance
    );
    let none = conflicts.is_empty() && gaps.is_empty();
    let gaps = gaps.iter();
    let gaps = gaps.map(|why| Outline::new().own("there may be more: ").prose(why));
    let found = conflicts.iter().map(|one| {
        let BookedConflict {
            source,
            overlap,
            what,
        } = one;
        let line = Outline::new().name(&source.stream.id);
        let told = format!(" from {overlap}, at version {}: ", source.version);
        line.own(told).prose(what)
    });
    let line = Outline::new().own(told);
    let line = line.own(if none { ": none" } else { "" });
    line.under_all(found).under_all(gaps)
}

fn deciding_window(one: &DecidingWindow) -> Outline {
    let DecidingWindow {
        calendar: _,
        effect,
        window,
        kind,
        title,
        active,
    } = one;
    let line = match (kind, window) {
        (Some(kind), Some(window)) => Outline::new().own(format!("{kind} ")).name(window),
        _ => Outline::new().own("closed by default"),
    };
    let line = match title {
        Some(title) => line.own(", ").prose(title),
        None => line,
    };
    let line = match active {
        Some(active) => line.own(format!(", active from {active}")),
        None => line,
    };
    line.own(format!(": {effect}"))
}
