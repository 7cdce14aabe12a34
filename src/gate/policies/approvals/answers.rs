//! Who counts: the answers that were given for the step, and why some of them do not count.

use super::{ApprovalsPolicy, Duty};
use crate::gate::Ask;
use crate::phase::Instant;
use crate::release::{Answer, GivenApproval, Person, Reason, Role, earliest};

/// An answer to the step.
#[derive(Clone, Copy)]
pub(super) struct Answered<'a> {
    /// Whose answer it is.
    pub(super) person: &'a Person,
    pub(super) role: &'a Role,
    pub(super) given: &'a GivenApproval,
    /// When it ends.
    pub(super) until: Option<Instant>,
}

/// Why an answer no longer counts.
pub(super) enum Lapse {
    /// The person no longer has the role in which they answered.
    Left,
    /// What was approved has changed since.
    Changed,
    /// The step was taken since, and is asked for again.
    Spent,
    Expired(Instant),
}

/// What was answered for the step.
#[derive(Default)]
pub(super) struct Answers<'a> {
    pub(super) counted: Vec<Answered<'a>>,
    /// By somebody who has a duty in the release that keeps them from approving it.
    pub(super) own: Vec<(Answered<'a>, Reason)>,
    /// What would have counted once.
    pub(super) lapsed: Vec<(Answered<'a>, Lapse)>,
    pub(super) rejections: Vec<Reason>,
}

impl<'a> Answers<'a> {
    /// Those that count and that were given in person.
    pub(super) fn in_person(&self) -> impl Iterator<Item = &Answered<'a>> + Clone {
        self.counted.iter().filter(|one| one.is_in_person())
    }
}

impl ApprovalsPolicy {
    pub(super) fn answers<'a>(&self, ask: &Ask<'a>) -> Answers<'a> {
        let mut answers = Answers::default();
        for ((step, person, role), given) in &ask.state().approvals {
            let is_asked = || self.rules().iter().any(|rule| rule.is_for(person, role));
            if *step == ask.action() && is_asked() {
                let valid_for = self.0.valid_for_seconds;
                let old_at = valid_for.map(|time| given.at.plus(time));
                let one = Answered {
                    person,
                    role,
                    given,
                    until: earliest([given.approval.expires, old_at]),
                };
                self.weigh(ask, one, &mut answers);
            }
        }
        answers
    }

    fn weigh<'a>(&self, ask: &Ask<'a>, one: Answered<'a>, answers: &mut Answers<'a>) {
        match (one.given.approval.answer, one.lapse(ask)) {
            (Answer::Approved, None) => match self.own_work(ask, one) {
                Some(reason) => answers.own.push((one, reason)),
                None => answers.counted.push(one),
            },
            (Answer::Approved, Some(lapse)) => answers.lapsed.push((one, lapse)),
            (Answer::Rejected, None) => answers.rejections.push(one.rejection()),
            // A rejection lapses as an approval does, and nothing has to be said about it then.
            (Answer::Rejected, Some(_)) => {}
        }
    }

    /// Why it does not count, where it is the approval of somebody's own work.
    fn own_work(&self, ask: &Ask<'_>, one: Answered<'_>) -> Option<Reason> {
        let mut involved = one.given.involved(one.person);
        let own = involved.find_map(|person| Some((person, self.duty_of(ask, person)?)));
        own.map(|(person, duty)| duty.own_work(person, "ask somebody else who may"))
    }

    /// The duty in the release for which this person does not approve it.
    pub(super) fn duty_of(&self, ask: &Ask<'_>, person: &Person) -> Option<Duty> {
        let others = self.0.not_by.iter().copied();
        let requester = (!self.0.lets_requester_in).then_some(Duty::Requester);
        let mut duties = requester.into_iter().chain(others);
        duties.find(|duty| duty.is_of(person, ask))
    }
}

impl Answered<'_> {
    /// Whether nobody stood in for them.
    pub(super) fn is_in_person(self) -> bool {
        self.given.stand_in(self.person).is_none()
    }

    fn lapse(self, ask: &Ask<'_>) -> Option<Lapse> {
        if !ask.has_role(self.person, self.role) {
            return Some(Lapse::Left);
        }
        if self.given.is_spent {
            return Some(Lapse::Spent);
        }
        if self.given.approval.subject != ask.subject() {
            return Some(Lapse::Changed);
        }
        let over = self.until.filter(|until| *until <= ask.now());
        over.map(Lapse::Expired)
    }

    fn rejection(self) -> Reason {
        let person = self.person;
        let message = format!("`{person}` rejected it: {}", self.given.approval.comment);
        let remedy = format!("fix it, or have `{person}` withdraw the answer");
        Reason::new("rejected", message, remedy).by_people([person.clone()])
    }
}
