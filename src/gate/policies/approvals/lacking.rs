//! What is missing, and who could give it.

use super::answers::{Answered, Answers, Lapse};
use super::matched::OnePerson;
use super::{ApprovalRule, ApprovalsPolicy, listed};
use crate::gate::Ask;
use crate::gate::tally::{Distinctness, Tally};
use crate::release::{Person, Reason, Role};
use std::collections::{BTreeMap, BTreeSet};

/// People, each with the places of the rules that they fit.
type Places<'a> = BTreeMap<&'a Person, Vec<usize>>;

/// Who may answer.
struct Voters<'a> {
    /// Everybody who may.
    all: Places<'a>,
    /// Those of them who have not answered in person, for whom somebody may have stood in.
    left: Places<'a>,
}

impl ApprovalsPolicy {
    /// Everything that keeps these answers from being enough.
    pub(super) fn lacking(
        &self,
        ask: &Ask<'_>,
        needs: &[usize],
        answers: &Answers<'_>,
    ) -> Vec<Reason> {
        let voters = self.voters(ask, answers);
        let own = answers.own.iter();
        let with_own = answers
            .counted
            .iter()
            .chain(own.clone().map(|(one, _)| one));
        // Where own work is all that is in the way, an override can name it alone.
        let mut reasons = if self.tally(needs, with_own).is_complete() {
            Vec::new()
        } else {
            self.missing(ask, needs, answers, &voters)
        };
        reasons.extend(own.map(|(_, reason)| reason.clone()));
        let lapsed = answers.lapsed.iter();
        reasons.extend(lapsed.map(|(one, lapse)| self.lapsed(ask, *one, lapse, &voters.left)));
        reasons
    }

    /// Who has no duty that keeps them from answering.
    fn voters<'a>(&'a self, ask: &Ask<'a>, answers: &Answers<'_>) -> Voters<'a> {
        let mut answered: BTreeMap<&Person, Vec<&Role>> = BTreeMap::new();
        for one in answers.in_person() {
            answered.entry(one.person).or_default().push(one.role);
        }
        let (mut all, mut left) = (Places::new(), Places::new());
        for (place, rule) in self.rules().iter().enumerate() {
            // Who counts for every rule that they fit may answer again, in another role.
            let has_answered = |person: &Person| match self.0.people {
                Distinctness::DifferentPeople => answered.contains_key(person),
                Distinctness::AnyRule => {
                    let mut roles = answered.get(person).into_iter().flatten();
                    roles.any(|role| rule.is_for(person, role))
                }
            };
            for person in rule.electorate(ask.state()) {
                if self.duty_of(ask, person).is_none() {
                    all.entry(person).or_default().push(place);
                    if !has_answered(person) {
                        left.entry(person).or_default().push(place);
                    }
                }
            }
        }
        Voters { all, left }
    }

    /// The rules that lack approvals, and whether those who are left could give them.
    fn missing(
        &self,
        ask: &Ask<'_>,
        needs: &[usize],
        answers: &Answers<'_>,
        Voters { all, left }: &Voters<'_>,
    ) -> Vec<Reason> {
        let counted = || answers.counted.iter();
        let tally = self.tally(needs, counted());
        // A stand-in's own answer is one with the other's, until the other answers in person.
        let if_apart = self.tally_of(&OnePerson::default(), needs, counted());
        let stood_in_for: Vec<_> = counted().filter(|one| !one.is_in_person()).collect();
        let mut by_all = Tally::of(self.0.people, needs.to_vec());
        for places in all.values() {
            by_all.add(places.iter().copied());
        }
        let is_possible = by_all.is_complete();
        let mut at_best = self.tally(needs, answers.in_person());
        for places in left.values() {
            at_best.add(places.iter().copied());
        }
        let counts = tally.missing().into_iter();
        let counts = counts.zip(if_apart.missing()).zip(at_best.missing());
        let rules = self.rules().iter().zip(needs).zip(counts).enumerate();
        let lacking = rules
            .filter(|(_, (_, ((missing, _), never)))| *missing > 0 || (!is_possible && *never > 0));
        let reasons = lacking.map(|(place, ((rule, &needed), ((missing, if_apart), never)))| {
            let given = needed.saturating_sub(missing);
            let stands = format!("rule `{}` has {given} of {needed} approvals", rule.name());
            let fitting = left.iter().filter(|(_, places)| places.contains(&place));
            let helpers = fitting.filter(|(_, places)| tally.helps(places));
            let mut helpers: BTreeSet<_> = helpers.map(|(person, _)| *person).collect();
            let absent = stood_in_for.iter().map(|one| one.person);
            let absent: BTreeSet<_> = absent.filter(|_| if_apart < missing).collect();
            let reason = if is_possible || never == 0 {
                let by: Vec<_> = rule.by().iter().map(ToString::to_string).collect();
                let mut remedy = format!("ask {} to approve it", by.join(" or "));
                if !absent.is_empty() {
                    let by = listed(&absent);
                    remedy = format!("{remedy}, or {by} to answer in person");
                }
                Reason::new("approvals-missing", stands, remedy)
            } else {
                let stands = format!("{stands}, and nobody is left for {never} of them");
                self.cannot_be_approved(ask, rule, stands, all)
            };
            helpers.extend(absent);
            let reason = reason
                .read("rule", rule.name().as_str())
                .read("given", given)
                .read("needed", needed)
                .by_people(helpers.into_iter().cloned());
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
        voters: &Places<'_>,
    ) -> Reason {
        let mut why = Vec::new();
        let mut ways = Vec::new();
        for person in rule.named() {
            if voters.contains_key(person) {
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
    fn lapsed(&self, ask: &Ask<'_>, one: Answered<'_>, lapse: &Lapse, left: &Places<'_>) -> Reason {
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
            Lapse::Spent => {
                let step = ask.action();
                let message = format!("since `{person}` approved it, the step `{step}` was taken");
                again("approval-void", message)
            }
            Lapse::Expired(at) => {
                let message = format!("the approval of `{person}` ended at {at}");
                again("approval-expired", message)
            }
            Lapse::Left => {
                let message = format!("`{person}` approved as {role}, and no longer is");
                let rules = self.rules();
                let fits = |place: &usize| {
                    let rule = rules.get(*place);
                    rule.is_some_and(|rule| rule.is_for(person, role))
                };
                let may = left.iter().filter(|(_, places)| places.iter().any(fits));
                let others: Vec<_> = may.map(|(person, _)| *person).collect();
                let back = format!("give `{person}` the role `{role}` again");
                let remedy = if !others.is_empty() {
                    format!("ask {}, or {back}", listed(&others))
                } else if rules
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
