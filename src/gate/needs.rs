//! What a decision needs that the release itself does not have, told before it is made.

use super::judge::Book;
use super::model::Following;
use super::rule::Rule;
use super::{Ask, Facts};
use crate::release::{Asked, By, ConflictQuestion, Core, Key, ReleaseId, Survey, Tie};
use crate::schedule::Booking;
use std::{cell::OnceCell, collections::BTreeSet};

/// What a decision needs that the release itself does not have.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Facts that the host may know.
    pub(crate) facts: BTreeSet<Key>,
    /// Other releases that nobody has tried to read yet.
    pub(crate) others: BTreeSet<ReleaseId>,
    /// The release model whose standing nobody has read yet.
    pub(crate) model: Option<Key>,
    /// Calendars that nobody has tried to read yet.
    pub(crate) calendars: BTreeSet<Key>,
    /// What nobody has asked yet of what other releases have booked.
    pub(crate) conflicts: BTreeSet<ConflictQuestion>,
    /// The deployment that is asked about there.
    pub(crate) booking: Option<Booking>,
}

impl Needs {
    pub(crate) fn is_empty(&self) -> bool {
        self.facts.is_empty()
            && self.others.is_empty()
            && self.model.is_none()
            && self.calendars.is_empty()
            && self.conflicts.is_empty()
    }

    /// Adds what a rule needs, but for the parts of it that are not judged.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every policy is asked in the same way"
    )]
    fn add(&mut self, rule: &Rule, ask: &Ask<'_>) {
        let is_judged = match rule {
            Rule::When(when) => when.condition.holds(ask).ok() == Some(true),
            Rule::Unless(unless) => unless.condition.holds(ask).ok() == Some(false),
            _ => true,
        };
        if !is_judged {
            return;
        }
        if let Some(policy) = rule.judge() {
            if policy.reads_model() {
                self.model = ask.unread_model();
            }
            self.facts.extend(policy.needs().unwrap_or_default());
            let asked = policy.calendars().unwrap_or_default().into_iter();
            let unread = asked.filter(|one| !ask.is_read(&one.calendar));
            self.calendars.extend(unread.map(|one| one.calendar));
            let asked = policy.conflicts().unwrap_or_default();
            self.conflicts
                .extend(asked.filter(|&one| ask.conflicts(one).is_none()));
            let relations = policy.relations().iter();
            let related = relations.flat_map(|&relation| ask.related(relation));
            self.others
                .extend(related.filter(|&id| ask.read(id).is_none()));
        }
        for part in rule.parts() {
            self.add(part, ask);
        }
    }
}

/// What a decision needs that is neither in the release nor in these facts.
pub(super) fn needs(book: Book<'_>, core: &Core, asked: &Asked, facts: &Facts, by: &By) -> Needs {
    let mut needs = Needs::default();
    let step = match asked {
        Asked::Record(record) => {
            needs.others = unseen(Tie::Record(record), core, facts);
            return needs;
        }
        Asked::Step(step) if step.action().leads(core.state.standing).is_none() => return needs,
        Asked::Step(step) => step,
    };
    needs.others = unseen(Tie::Step(step), core, facts);
    let action = step.action();
    let following = Following::of(book, &core.state, step);
    let is_pre_authorised = following.is_pre_authorised(action);
    let Following { track, named, .. } = following;
    let subject = OnceCell::new();
    let ask = Ask::new(core, step, track, facts, &by.actor, &[], &subject);
    if is_pre_authorised {
        needs.model = ask.unread_model();
    }
    for gate in book.holding(action, track, named) {
        for requirement in gate.requirements() {
            needs.add(&requirement.rule, &ask);
        }
    }
    if !needs.conflicts.is_empty() {
        needs.booking = book.asked_for(&ask);
    }
    needs
}

/// The releases that have to be looked at, and that nobody has tried to read yet.
fn unseen(asked: Tie<'_>, core: &Core, facts: &Facts) -> BTreeSet<ReleaseId> {
    let tenant = &core.head.stream.tenant;
    let survey = Survey::of(asked, core.head.id, |id| facts.other(tenant, id)?.ok());
    let mut lacking = survey.lacking;
    lacking.retain(|&id| facts.other(tenant, id).is_none());
    lacking
}
