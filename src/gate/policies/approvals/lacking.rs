//! What is missing, and who could give it.

use super::answers::{Answered, Answers, Lapse};
use super::{ApprovalRule, ApprovalsPolicy, listed};
use crate::gate::Ask;
use crate::release::{Person, Reason};
use std::collections::{BTreeMap, BTreeSet};

/// Those who could still answer, each with the places of the rules that they fit.
type Left<'a> = BTreeMap<&'a Person, Vec<usize>>;

impl ApprovalsPolicy {
    /// Everything that keeps these answers from being enough.
    pub(super) fn lacking(
        &self,
        ask: &Ask<'_>,
        needs: &[usize],
        answers: &Answers<'_>,
    ) -> Vec<Reason> {
        let left = self.left(ask, answers);
        let own = answers.own.iter();
        let with_own = answers
            .counted
            .iter()
            .chain(own.clone().map(|(one, _)| one));
        // Where own work is all that is in the way, an override can name it alone.
        let mut reasons = if self.tally(needs, with_own).is_complete() {
            Vec::new()
        } else {
            self.missing(ask, needs, answers, &left)
        };
        reasons.extend(own.map(|(_, reason)| reason.clone()));
        let lapsed = answers.lapsed.iter();
        reasons.extend(lapsed.map(|(one, lapse)| self.lapsed(ask, *one, lapse, &left)));
        reasons
    }

    /// Who has not answered, and has no duty that keeps them from it.
    fn left<'a>(&'a self, ask: &Ask<'a>, answers: &Answers<'_>) -> Left<'a> {
        let answered: BTreeSet<_> = answers.counted.iter().map(|one| one.person).collect();
        let mut left = Left::new();
        for (place, rule) in self.rules().iter().enumerate() {
            for person in rule.electorate(ask.state()) {
                if !answered.contains(person) && self.duty_of(ask, person).is_none() {
                    left.entry(person).or_default().push(place);
                }
            }
        }
        left
    }

    /// The rules that lack approvals, and whether those who are left could give them.
    fn missing(
        &self,
        ask: &Ask<'_>,
        needs: &[usize],
        answers: &Answers<'_>,
        left: &Left<'_>,
    ) -> Vec<Reason> {
        let tally = self.tally(needs, answers.counted.iter());
        let mut at_best = tally.clone();
        for places in left.values() {
            at_best.add(places.iter().copied());
        }
        let is_possible = at_best.is_complete();
        let missing = tally.missing().into_iter().zip(at_best.missing());
        let rules = self.rules().iter().zip(needs).zip(missing).enumerate();
        let lacking = rules.filter(|(_, (_, (missing, never)))| *missing > 0 || *never > 0);
        let reasons = lacking.map(|(place, ((rule, &needed), (missing, never)))| {
            let given = needed.saturating_sub(missing);
            let stands = format!("rule `{}` has {given} of {needed} approvals", rule.name());
            let reason = if is_possible || never == 0 {
                let by: Vec<_> = rule.by().iter().map(ToString::to_string).collect();
                let remedy = format!("ask {} to approve it", by.join(" or "));
                Reason::new("approvals-missing", stands, remedy)
            } else {
                let stands = format!("{stands}, and nobody is left for {never} of them");
                self.cannot_be_approved(ask, rule, stands, answers, left)
            };
            let reason = reason
                .read("rule", rule.name().as_str())
                .read("given", given)
                .read("needed", needed);
            let fitting = left.iter().filter(|(_, places)| places.contains(&place));
            let helpers = fitting.filter(|(_, places)| tally.helps(places));
            let reason = reason.by_people(helpers.map(|(person, _)| (*person).clone()));
            rule.roles().cloned().fold(reason, Reason::by_role)
        });
        reasons.collect()
    }

    /// Nobody is left for a rule: why those whom it names are not, and what would change that.
    fn cannot_be_approved(
        &self,
        ask: &Ask<'_>,
        rule: &ApprovalRule,
        stands: String,
        answers: &Answers<'_>,
        left: &Left<'_>,
    ) -> Reason {
        let mut why = Vec::new();
        let mut ways = Vec::new();
        for person in rule.named() {
            let has_answered = answers.counted.iter().any(|one| one.person == person);
            if has_answered || left.contains_key(person) {
                continue;
            }
            if let Some(duty) = self.duty_of(ask, person) {
                why.push(format!("`{person}` {}", duty.done()));
            } else {
                why.push(format!("`{person}` has no role in it"));
                ways.push(format!("give `{person}` a role"));
            }
        }
        let roles: Vec<_> = rule.roles().map(|role| format!("`{role}`")).collect();
        if !roles.is_empty() {
            ways.push(format!("give more people the role {}", roles.join(" or ")));
        }
        if rule.named().next().is_some() {
            ways.push("name other people in the rule".to_owned());
            ways.push("have it overridden".to_owned());
        }
        let message = if why.is_empty() {
            stands
        } else {
            format!("{stands}: {}", why.join(", "))
        };
        Reason::new("cannot-be-approved", message, ways.join(", or "))
    }

    /// Why an approval no longer counts, and who has to approve instead.
    fn lapsed(&self, ask: &Ask<'_>, one: Answered<'_>, lapse: &Lapse, left: &Left<'_>) -> Reason {
        let Answered {
            person,
            role,
            given,
            ..
        } = one;
        let again = |code, message: String| {
            let reason = Reason::new(code, message, format!("ask `{person}` again"));
            reason.by_people([person.clone()])
        };
        match lapse {
            Lapse::Changed => {
                let changed = given.approval.subject.differences(&ask.subject());
                let changed: Vec<_> = changed.collect();
                let changed = changed.join(", ");
                let message = format!("since `{person}` approved it, this has changed: {changed}");
                again("approval-void", message)
            }
            Lapse::Expired(at) => {
                let message = format!("the approval of `{person}` ended at {at}");
                again("approval-expired", message)
            }
            Lapse::Left => {
                let message = format!("`{person}` approved as {role}, and no longer is");
                let rules = self.rules().iter();
                let fitting: Vec<_> = rules.filter(|rule| rule.is_for(person, role)).collect();
                let may = |other: &&&Person| {
                    let mut fitting = fitting.iter();
                    fitting.any(|rule| rule.electorate(ask.state()).contains(**other))
                };
                let others: Vec<_> = left.keys().filter(may).copied().collect();
                let back = format!("give `{person}` the role `{role}` again");
                let remedy = if !others.is_empty() {
                    format!("ask {}, or {back}", listed(&others))
                } else if fitting
                    .iter()
                    .any(|rule| rule.roles().any(|named| named == role))
                {
                    format!("{back}, or give it to somebody else")
                } else {
                    back
                };
                let reason = Reason::new("approver-left", message, remedy);
                reason.by_people(others.into_iter().cloned())
            }
        }
    }
}
