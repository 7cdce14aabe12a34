//! Who has which role, who answered, who asked, and who lets it pass all the same.

use super::super::Variation;
use super::{Near, key, one};
use crate::phase::Seconds;
use crate::release::{
    Answer, Approval, ApprovalWithdrawn, OverrideGranted, Person, Role, RoleGiven, RoleRelieved,
    Text,
};
use std::collections::BTreeSet;

/// Somebody who has done nothing yet.
fn somebody() -> Option<Person> {
    Person::new("somebody").ok()
}

impl Near<'_> {
    fn everybody(&self) -> BTreeSet<Person> {
        let state = &self.question.core.state;
        let in_roles = state.people.values().flatten().cloned();
        let answered = state.approvals.keys().map(|(_, person, _)| person.clone());
        let actors = state.requested_by.iter().chain([self.by()]);
        let actors = actors.filter_map(|actor| actor.person().cloned());
        in_roles
            .chain(answered)
            .chain(actors)
            .chain(somebody())
            .collect()
    }

    /// Who has which role, who answered, who asked.
    pub(super) fn people(&self) -> Vec<Vec<Variation>> {
        let state = &self.question.core.state;
        let people = self.everybody();
        let mut all = Vec::new();
        let given = state.approvals.iter();
        for ((step, person, role), given) in given.filter(|((step, ..), _)| *step == self.action())
        {
            let mut withdrawn = ApprovalWithdrawn::new(*step, role.clone());
            withdrawn.on_behalf_of = given.stand_in(person).map(|_| person.clone());
            all.push(vec![one(withdrawn, &given.by)]);
            let (subject, answer) = (self.question.about, Answer::Rejected);
            let mut rejected = Approval::new(*step, subject, role.clone(), answer);
            rejected.comment = Text::clipped("not so");
            all.push(vec![one(rejected, &given.by)]);
        }
        for (role, holders) in &state.people {
            for person in holders {
                let relieved = RoleRelieved::new(person.clone(), role.clone());
                all.push(vec![one(relieved, self.by())]);
            }
        }
        for person in &people {
            all.push(vec![Variation::RequestedBy(person.clone())]);
            all.push(vec![Variation::AskedBy(person.clone())]);
            let others = [Role::Builder, Role::Deployer];
            for role in self.named.iter().chain(&others) {
                let approved = Variation::Approved {
                    by: person.clone(),
                    role: role.clone(),
                };
                if state.has_role(person, role) {
                    all.push(vec![approved]);
                } else {
                    let given = RoleGiven::new(person.clone(), role.clone());
                    let given = one(given, self.by());
                    all.push(vec![given.clone()]);
                    all.push(vec![given, approved]);
                }
            }
        }
        all
    }

    /// Overrides of what stands in the way, in each role.
    pub(super) fn overrides(&self) -> Vec<Vec<Variation>> {
        let mut all = Vec::new();
        let state = &self.question.core.state;
        for blocker in self.decision.blockers() {
            for role in self.named {
                let id = key("override");
                let (policy, code) = (blocker.policy.clone(), blocker.reason.code.clone());
                let until = self.question.facts.now().plus(Seconds::hours(1));
                let why = Text::clipped("it has to be");
                let step = self.action();
                let mut granted =
                    OverrideGranted::new(id, step, policy, code, role.clone(), why, until);
                granted.about.clone_from(&blocker.reason.about);
                for holder in state.holders(role) {
                    all.push(vec![one(granted.clone(), &holder.into())]);
                }
                if let Some(person) = somebody() {
                    let given = RoleGiven::new(person.clone(), role.clone());
                    let granted = one(granted, &person.into());
                    all.push(vec![one(given, self.by()), granted]);
                }
            }
        }
        all
    }
}
