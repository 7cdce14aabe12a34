//! Who has to approve a step, and whether they have.

use super::{Percent, duty::Duty, lasting};
use crate::gate::matching::Matching;
use crate::gate::{Ask, Policy, Rule};
use crate::phase::{Instant, Invalid, InvalidKind, Seconds};
use crate::release::{
    Answer, Bounded, GivenApproval, Key, Person, Reason, Role, State, Subject, Verdict, earliest,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Who may approve: everybody in a role, or one person by name.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a role or a person; there is no third"
)]
pub enum Approver {
    /// Whoever has this role.
    Role(Role),
    /// This person; they still answer in a role that they have.
    Person(Person),
}

impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "a {role}"),
            Self::Person(person) => write!(f, "`{person}`"),
        }
    }
}

/// How many have to approve.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a number or a share; there is no third"
)]
pub enum Quorum {
    /// This many.
    Count(u32),
    /// This share of those who may, rounded up, one at least.
    Percent(Percent),
}

/// One rule: this many of these have to approve.
///
/// # Examples
///
/// ```
/// use phasegate::gate::{ApprovalRule, Approver, Quorum};
/// use phasegate::release::{Key, Person, Role};
///
/// let board = ApprovalRule::new(
///     Key::new("board")?,
///     Quorum::Count(2),
///     [Approver::Role(Role::ChangeAdvisoryBoard)],
/// )?;
/// let of_nobody = ApprovalRule::new(
///     Key::new("owners")?,
///     Quorum::Count(2),
///     [Approver::Person(Person::new("kim")?)],
/// );
/// assert_eq!(
///     of_nobody.unwrap_err().to_string(),
///     "invalid quorum of rule `owners` `2`: expected 1 to 1, the number of people named",
/// );
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RuleFile")]
pub struct ApprovalRule {
    name: Key,
    by: Bounded<BTreeSet<Approver>>,
    quorum: Quorum,
}

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    name: Key,
    by: Bounded<BTreeSet<Approver>>,
    quorum: Quorum,
}

impl TryFrom<RuleFile> for ApprovalRule {
    type Error = Invalid;

    fn try_from(RuleFile { name, by, quorum }: RuleFile) -> Result<Self, Invalid> {
        Self::checked(name, by, quorum)
    }
}

impl ApprovalRule {
    /// This many of these.
    ///
    /// # Errors
    ///
    /// - empty: nobody may approve
    /// - out of range: a quorum of none, or of more people than are named
    /// - too large: more than 1,000 approvers
    pub fn new(
        name: Key,
        quorum: Quorum,
        by: impl IntoIterator<Item = Approver>,
    ) -> Result<Self, Invalid> {
        Self::checked(name, Bounded::new(by.into_iter().collect())?, quorum)
    }

    fn checked(
        name: Key,
        by: Bounded<BTreeSet<Approver>>,
        quorum: Quorum,
    ) -> Result<Self, Invalid> {
        let what = || format!("quorum of rule `{name}`");
        if by.is_empty() {
            let expected = "at least one role or person in `by`";
            return Err(Invalid::new(InvalidKind::Empty, what(), "", expected));
        }
        let has_role = by.iter().any(|one| matches!(one, Approver::Role(_)));
        let most = if has_role { usize::MAX } else { by.len() };
        match quorum {
            Quorum::Count(0) => {
                let expected = "at least 1";
                Err(Invalid::new(InvalidKind::OutOfRange, what(), 0, expected))
            }
            Quorum::Count(count) if count as usize > most => {
                let expected = format!("1 to {most}, the number of people named");
                Err(Invalid::new(
                    InvalidKind::OutOfRange,
                    what(),
                    count,
                    expected,
                ))
            }
            Quorum::Count(_) | Quorum::Percent(_) => Ok(Self { name, by, quorum }),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Key {
        &self.name
    }

    /// Who may approve.
    #[must_use]
    pub fn by(&self) -> &BTreeSet<Approver> {
        &self.by
    }

    /// How many have to.
    #[must_use]
    pub const fn quorum(&self) -> Quorum {
        self.quorum
    }

    fn roles(&self) -> impl Iterator<Item = &Role> {
        self.by.iter().filter_map(|one| match one {
            Approver::Role(role) => Some(role),
            Approver::Person(_) => None,
        })
    }

    fn named(&self) -> impl Iterator<Item = &Person> {
        self.by.iter().filter_map(|one| match one {
            Approver::Person(person) => Some(person),
            Approver::Role(_) => None,
        })
    }

    fn is_for(&self, person: &Person, role: &Role) -> bool {
        self.named().any(|named| named == person) || self.roles().any(|named| named == role)
    }

    /// Everybody who may approve, by name: those named who have any role, and those who have a role named.
    fn electorate<'a>(&'a self, state: &'a State) -> BTreeSet<&'a Person> {
        let in_roles = self.roles().flat_map(|role| state.holders(role));
        let named = self.named();
        let named = named.filter(|named| state.people.iter().any(|(_, person)| person == *named));
        in_roles.chain(named).collect()
    }
}

/// Whether one person may answer for more than one rule.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "they may or they may not")]
pub enum Distinctness {
    /// Each rule needs people of its own.
    #[default]
    DifferentPeople,
    /// One person counts for every rule that they fit.
    AnyRule,
}

/// Requires approvals of the step, about exactly what it would do now.
///
/// All rules have to be met. Whether they can be is found by the largest matching between people and rules, so that
/// the order of approvals never matters. An approval counts while its [`Subject`] is what it was, while the person
/// has the role in which they answered, and until it ends. One live rejection refuses the step. Nobody approves
/// what they asked for themselves; [`not_by`](Self::not_by) says who else does not.
///
/// | code | what is the matter |
/// |---|---|
/// | `approvals-missing` | a rule lacks approvals; the reason names who could give them |
/// | `cannot-be-approved` | no more people are left who could meet all rules |
/// | `own-work` | somebody approved what they asked for, built or deploy themselves |
/// | `approval-void` | something changed since it was approved; the reason says what |
/// | `approval-expired` | it was approved too long ago |
/// | `approver-left` | the person no longer has the role in which they approved |
/// | `rejected` | somebody who may approve said no |
///
/// # Examples
///
/// ```
/// use phasegate::Gate;
/// use phasegate::gate::{ApprovalRule, ApprovalsPolicy, Approver, Quorum};
/// use phasegate::phase::Seconds;
/// use phasegate::release::{Key, Role, step::Deploy};
///
/// let authority = ApprovalRule::new(
///     Key::new("authority")?,
///     Quorum::Count(1),
///     [Approver::Role(Role::ChangeAuthority)],
/// )?;
/// let policy = ApprovalsPolicy::new([authority])?.valid_for(Seconds::days(3))?;
/// let gate = Gate::<Deploy>::new("production", 1)?.require(policy);
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "File")]
pub struct ApprovalsPolicy {
    rules: Bounded<Vec<ApprovalRule>>,
    #[serde(skip_serializing_if = "crate::release::is_default")]
    people: Distinctness,
    #[serde(skip_serializing_if = "crate::release::is_default")]
    not_by: BTreeSet<Duty>,
    #[serde(skip_serializing_if = "crate::release::is_default")]
    valid_for_seconds: Option<Seconds>,
}

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: Bounded<Vec<ApprovalRule>>,
    #[serde(default)]
    people: Distinctness,
    #[serde(default)]
    not_by: BTreeSet<Duty>,
    #[serde(default)]
    valid_for_seconds: Option<Seconds>,
}

impl TryFrom<File> for ApprovalsPolicy {
    type Error = Invalid;

    fn try_from(file: File) -> Result<Self, Invalid> {
        let policy = Self {
            rules: file.rules,
            people: file.people,
            not_by: file.not_by,
            valid_for_seconds: file.valid_for_seconds,
        };
        policy.checked()
    }
}

impl ApprovalsPolicy {
    /// These rules, each met by people of its own.
    ///
    /// # Errors
    ///
    /// - empty: there is no rule
    /// - malformed: two rules of one name
    /// - out of range: the people named are too few for all rules together
    /// - too large: more than 1,000 rules
    pub fn new(rules: impl IntoIterator<Item = ApprovalRule>) -> Result<Self, Invalid> {
        let policy = Self {
            rules: Bounded::new(rules.into_iter().collect())?,
            people: Distinctness::DifferentPeople,
            not_by: BTreeSet::new(),
            valid_for_seconds: None,
        };
        policy.checked()
    }

    /// The same, where one person counts for every rule that they fit.
    #[must_use]
    pub const fn by_any_rule(mut self) -> Self {
        self.people = Distinctness::AnyRule;
        self
    }

    /// The same, where whoever has this duty in the release does not approve it either.
    #[must_use]
    pub fn not_by(mut self, duty: Duty) -> Self {
        self.not_by.insert(duty);
        self
    }

    /// The same, where an approval lapses after that time.
    ///
    /// # Errors
    ///
    /// - out of range: not 1 second to 10 years
    pub fn valid_for(mut self, time: Seconds) -> Result<Self, Invalid> {
        self.valid_for_seconds = Some(time);
        self.checked()
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> &[ApprovalRule] {
        &self.rules
    }

    /// The rules that could never be met by those who hold the roles, each with how many could approve; all rules
    /// together, where each could be met on its own. A rule whose roles are not all known is passed over.
    pub(in crate::gate) fn beyond(&self, holders: &BTreeMap<Role, BTreeSet<Person>>) -> Beyond {
        let known = |rule: &ApprovalRule| -> Option<BTreeSet<Person>> {
            let mut people: BTreeSet<_> = rule.named().cloned().collect();
            for role in rule.roles() {
                people.extend(holders.get(role)?.iter().cloned());
            }
            Some(people)
        };
        let rules = self.rules.iter().enumerate();
        let rules = rules.filter_map(|(place, rule)| {
            let people = known(rule)?;
            Some((place, rule.needed(|| people.len()), people))
        });
        let rules: Vec<_> = rules.collect();
        let alone = rules
            .iter()
            .filter(|(_, needed, people)| *needed > people.len());
        let alone: Vec<_> = alone
            .map(|(place, needed, people)| {
                (
                    *place,
                    Shortage {
                        needed: *needed,
                        found: people.len(),
                    },
                )
            })
            .collect();
        if !alone.is_empty() {
            return Beyond::Alone(alone);
        }
        let everybody: BTreeSet<_> = rules.iter().flat_map(|(_, _, people)| people).collect();
        let fits =
            |person: &&Person| places(rules.iter().map(|(_, _, people)| people.contains(*person)));
        let needs: Vec<_> = rules.iter().map(|(_, needed, _)| *needed).collect();
        let needed = needs.iter().sum();
        let tally = Tally::of(self.people, needs, everybody.iter().map(fits));
        if tally.is_complete() {
            Beyond::None
        } else {
            Beyond::Together(Shortage {
                needed,
                found: everybody.len(),
            })
        }
    }

    fn checked(self) -> Result<Self, Invalid> {
        let malformed = |kind, found: &str, expected| {
            Err(Invalid::new(kind, "approvals policy", found, expected))
        };
        if self.rules.is_empty() {
            return malformed(InvalidKind::Empty, "", "at least one rule");
        }
        if let Some(time) = self.valid_for_seconds {
            lasting("valid_for_seconds", time)?;
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = self.rules.iter().find(|rule| !names.insert(&rule.name)) {
            let expected = "rules of different names";
            return malformed(InvalidKind::Malformed, twice.name.as_str(), expected);
        }
        // Rules that name people only can be met by those people only.
        let closed = self
            .rules
            .iter()
            .filter(|rule| rule.roles().next().is_none());
        let closed: Vec<&ApprovalRule> = closed.collect();
        let people: BTreeSet<_> = closed.iter().flat_map(|rule| rule.named()).collect();
        let needs = closed
            .iter()
            .map(|rule| rule.needed(|| rule.by.len()))
            .collect();
        let fits = |person: &&Person| -> Vec<usize> {
            let is_named = |rule: &&ApprovalRule| rule.named().any(|named| named == *person);
            places(closed.iter().map(is_named))
        };
        let tally = Tally::of(self.people, needs, people.iter().map(fits));
        if !tally.is_complete() {
            let expected = "as many different people as its rules need together";
            let found = people.len().to_string();
            return malformed(InvalidKind::OutOfRange, &found, expected);
        }
        Ok(self)
    }
}

/// How many people have to approve, and how many could.
#[derive(Debug, Clone, Copy)]
pub(in crate::gate) struct Shortage {
    needed: usize,
    found: usize,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, found } = self;
        match needed {
            1 => write!(f, "needs 1 approval")?,
            _ => write!(f, "needs {needed} approvals")?,
        }
        match found {
            0 => write!(f, ", and nobody has the model's roles"),
            1 => write!(f, ", and the model's roles have only 1 person"),
            _ => write!(f, ", and the model's roles have only {found} people"),
        }
    }
}

/// Rules that those who hold the roles cannot meet.
pub(in crate::gate) enum Beyond {
    None,
    /// These, by their places.
    Alone(Vec<(usize, Shortage)>),
    /// All together.
    Together(Shortage),
}

impl ApprovalRule {
    /// How many have to approve, of this many who may.
    fn needed(&self, electorate: impl FnOnce() -> usize) -> usize {
        match self.quorum {
            Quorum::Count(count) => count as usize,
            Quorum::Percent(share) => {
                let of_all = electorate() * usize::from(share.get());
                of_all.div_ceil(100).max(1)
            }
        }
    }
}

/// The places at which it is true.
fn places(is_true: impl Iterator<Item = bool>) -> Vec<usize> {
    let numbered = is_true.enumerate().filter(|(_, is_true)| *is_true);
    numbered.map(|(place, _)| place).collect()
}

/// How far the rules are met.
#[derive(Clone)]
enum Tally {
    Different(Matching),
    Any(Vec<usize>),
}

impl Tally {
    fn of(
        people: Distinctness,
        needs: Vec<usize>,
        answers: impl Iterator<Item = Vec<usize>>,
    ) -> Self {
        // One rule alone needs nobody moved to another.
        let mut tally = match people {
            Distinctness::DifferentPeople if needs.len() > 1 => {
                Self::Different(Matching::of(needs))
            }
            Distinctness::DifferentPeople | Distinctness::AnyRule => Self::Any(needs),
        };
        answers.for_each(|may| tally.add(may));
        tally
    }

    fn add(&mut self, may: Vec<usize>) {
        match self {
            Self::Different(matching) => {
                matching.add(may);
            }
            Self::Any(missing) => {
                for rule in may {
                    if let Some(needed) = missing.get_mut(rule) {
                        *needed = needed.saturating_sub(1);
                    }
                }
            }
        }
    }

    fn missing(&self) -> Vec<usize> {
        match self {
            Self::Different(matching) => matching.missing().collect(),
            Self::Any(missing) => missing.clone(),
        }
    }

    fn is_complete(&self) -> bool {
        match self {
            Self::Different(matching) => matching.is_complete(),
            Self::Any(missing) => missing.iter().all(|missing| *missing == 0),
        }
    }

    fn helps(&self, may: &[usize]) -> bool {
        match self {
            Self::Different(matching) => matching.helps(may),
            Self::Any(missing) => may.iter().any(|rule| missing.get(*rule) > Some(&0)),
        }
    }
}

/// An approval that is about this step and not over, and what it can fill.
struct Counted<'a> {
    person: &'a Person,
    /// Who answered: they, or who stands in for them.
    by: &'a Person,
    role: &'a Role,
    until: Option<Instant>,
}

/// The person who stands for all that are one with this one.
fn foremost<'a>(one_with: &BTreeMap<&'a Person, &'a Person>, person: &'a Person) -> &'a Person {
    let mut person = person;
    while let Some(next) = one_with.get(person) {
        person = next;
    }
    person
}

/// What was answered for the step, and why some of it does not count.
#[derive(Default)]
struct Answers<'a> {
    counted: Vec<Counted<'a>>,
    /// By somebody who has a duty in the release that keeps them from approving it.
    own: Vec<(Counted<'a>, Reason)>,
    /// What would have counted once.
    lapsed: Vec<Reason>,
    rejections: Vec<Reason>,
}

impl ApprovalsPolicy {
    fn answers<'a>(&self, ask: &Ask<'a>, subject: &Subject) -> Answers<'a> {
        let mut answers = Answers::default();
        for ((step, person, role), given) in &ask.state().approvals {
            let is_asked = self.rules.iter().any(|rule| rule.is_for(person, role));
            if *step == ask.action() && is_asked {
                self.weigh(ask, subject, (person, role, given), &mut answers);
            }
        }
        answers
    }

    fn weigh<'a>(
        &self,
        ask: &Ask<'a>,
        subject: &Subject,
        (person, role, given): (&'a Person, &'a Role, &'a GivenApproval),
        answers: &mut Answers<'a>,
    ) {
        let approval = &given.approval;
        let old_at = self.valid_for_seconds.map(|time| given.at.plus(time));
        let until = earliest([approval.expires, old_at]);
        let is_yes = approval.answer == Answer::Approved;
        let lapsed = if approval.subject != *subject {
            let changed: Vec<_> = approval.subject.differences(subject).collect();
            let changed = changed.join(", ");
            let message = format!("since `{person}` approved it, this has changed: {changed}");
            Some(("approval-void", message))
        } else if let Some(until) = until.filter(|until| *until <= ask.now()) {
            Some((
                "approval-expired",
                format!("the approval of `{person}` ended at {until}"),
            ))
        } else if !ask.has_role(person, role) {
            let message = format!("`{person}` approved as {role}, and no longer is");
            Some(("approver-left", message))
        } else {
            None
        };
        // A rejection lapses as an approval does, and nothing has to be said about it then.
        match lapsed {
            Some((code, message)) if is_yes => {
                let reason = Reason::new(code, message, format!("ask `{person}` again"));
                answers.lapsed.push(reason.by_people([person.clone()]));
                return;
            }
            Some(_) => return,
            None => {}
        }
        if !is_yes {
            let message = format!("`{person}` rejected it: {}", approval.comment);
            let remedy = format!("fix it, or have `{person}` withdraw the answer");
            let reason = Reason::new("rejected", message, remedy);
            answers.rejections.push(reason.by_people([person.clone()]));
            return;
        }
        let delegate = given.by.person().filter(|delegate| *delegate != person);
        let counted = Counted {
            person,
            by: delegate.unwrap_or(person),
            role,
            until,
        };
        let mut involved = [Some(person), delegate].into_iter().flatten();
        let own = involved.find_map(|one| Some((one, self.duty_of(ask, one)?)));
        match own {
            Some((one, duty)) => {
                let message = format!("`{one}` {} and cannot approve it", duty.done());
                let reason = Reason::new("own-work", message, "ask somebody else who may");
                answers
                    .own
                    .push((counted, reason.read("person", one.as_str())));
            }
            None => answers.counted.push(counted),
        }
    }

    /// The duty in the release for which this person does not approve it.
    fn duty_of(&self, ask: &Ask<'_>, person: &Person) -> Option<Duty> {
        let others = self.not_by.iter().copied();
        let mut duties = [Duty::Requester].into_iter().chain(others);
        duties.find(|duty| duty.is_of(person, ask))
    }

    /// How far these answers meet the rules.
    ///
    /// Whoever answers for others is one person with them: nobody fills two places by standing in.
    fn tally<'a>(
        &self,
        needs: &[usize],
        counted: impl Iterator<Item = &'a Counted<'a>> + Clone,
    ) -> Tally {
        let mut one_with: BTreeMap<&Person, &Person> = BTreeMap::new();
        for one in counted.clone().filter(|one| one.by != one.person) {
            let (first, second) = (foremost(&one_with, one.person), foremost(&one_with, one.by));
            if first != second {
                one_with.insert(first.max(second), first.min(second));
            }
        }
        let mut people: BTreeMap<&Person, Vec<usize>> = BTreeMap::new();
        for one in counted {
            let fits = |rule: &ApprovalRule| rule.is_for(one.person, one.role);
            let fitting = places(self.rules.iter().map(fits));
            let person = foremost(&one_with, one.person);
            people.entry(person).or_default().extend(fitting);
        }
        // Who fits a rule by two roles still fills one place of it.
        let answers = people.into_values().map(|mut rules| {
            rules.sort_unstable();
            rules.dedup();
            rules
        });
        Tally::of(self.people, needs.to_vec(), answers)
    }

    /// The latest instant until which enough of them last.
    fn lasts(&self, needs: &[usize], counted: &[Counted<'_>]) -> Option<Instant> {
        let mut ends: Vec<_> = counted.iter().filter_map(|one| one.until).collect();
        ends.sort_unstable();
        ends.dedup();
        let are_enough_after = |end: &Instant| {
            let lasting = counted
                .iter()
                .filter(|one| one.until.is_none_or(|until| until > *end));
            self.tally(needs, lasting).is_complete()
        };
        let over = ends.partition_point(are_enough_after);
        ends.get(over).copied()
    }

    /// What is missing, and who could give it.
    fn lacking<'a>(&'a self, ask: &Ask<'a>, needs: &[usize], answers: &Answers<'_>) -> Vec<Reason> {
        let state = ask.state();
        let tally = self.tally(needs, answers.counted.iter());
        let answered: BTreeSet<_> = answers.counted.iter().map(|one| one.person).collect();
        let mut left: BTreeMap<&Person, Vec<usize>> = BTreeMap::new();
        for (place, rule) in self.rules.iter().enumerate() {
            for person in rule.electorate(state) {
                if !answered.contains(person) && self.duty_of(ask, person).is_none() {
                    left.entry(person).or_default().push(place);
                }
            }
        }
        let mut at_best = tally.clone();
        for may in left.values() {
            at_best.add(may.clone());
        }
        let is_possible = at_best.is_complete();
        let missing = tally.missing().into_iter().zip(at_best.missing());
        let lacking = self.rules.iter().zip(needs).zip(missing).enumerate();
        let lacking = lacking.filter(|(_, (_, (missing, never)))| *missing > 0 || *never > 0);
        let reasons = lacking.map(|(place, ((rule, &needed), (missing, never)))| {
            let helpers = left
                .iter()
                .filter(|(_, may)| may.contains(&place) && tally.helps(may));
            let helpers: Vec<_> = helpers.map(|(person, _)| (*person).clone()).collect();
            let by: Vec<_> = rule.by.iter().map(ToString::to_string).collect();
            let by = by.join(" or ");
            let given = needed.saturating_sub(missing);
            let stands = format!("rule `{}` has {given} of {needed} approvals", rule.name);
            let reason = if is_possible || never == 0 {
                Reason::new(
                    "approvals-missing",
                    stands,
                    format!("ask {by} to approve it"),
                )
            } else {
                let message = format!("{stands}, and nobody is left for {never} of them");
                let roles: Vec<_> = rule.roles().map(|role| format!("`{role}`")).collect();
                let remedy = if roles.is_empty() {
                    "name more people in the rule".to_owned()
                } else {
                    format!("give more people the role {}", roles.join(" or "))
                };
                Reason::new("cannot-be-approved", message, remedy)
            };
            let reason = reason
                .read("rule", rule.name.as_str())
                .read("given", given)
                .read("needed", needed)
                .by_people(helpers);
            rule.roles().cloned().fold(reason, Reason::by_role)
        });
        reasons.collect()
    }
}

impl Policy for ApprovalsPolicy {
    type Reads = crate::release::ReleaseRequest;
    const NAME: &'static str = "approvals";

    fn roles(&self) -> BTreeSet<Role> {
        self.rules
            .iter()
            .flat_map(ApprovalRule::roles)
            .cloned()
            .collect()
    }

    fn judge(&self, ask: &Ask<'_>, _: &Self::Reads) -> Verdict {
        let answers = self.answers(ask, &ask.subject());
        let may = |rule: &ApprovalRule| {
            let electorate = rule.electorate(ask.state()).into_iter();
            let may = electorate.filter(|person| self.duty_of(ask, person).is_none());
            may.count()
        };
        let needs = self.rules.iter().map(|rule| rule.needed(|| may(rule)));
        let needs: Vec<_> = needs.collect();
        let mut reasons = answers.rejections.clone();
        if self.tally(&needs, answers.counted.iter()).is_complete() {
            if reasons.is_empty() {
                let until = self.lasts(&needs, &answers.counted);
                return Verdict::Satisfied { until };
            }
            return Verdict::Violated { reasons };
        }
        let own = answers.own.iter();
        let with_own = answers
            .counted
            .iter()
            .chain(own.clone().map(|(one, _)| one));
        // Where own work is all that is in the way, an override can name it alone.
        if !self.tally(&needs, with_own).is_complete() {
            reasons.extend(self.lacking(ask, &needs, &answers));
        }
        reasons.extend(own.map(|(_, reason)| reason.clone()));
        reasons.extend(answers.lapsed);
        Verdict::Violated { reasons }
    }

    fn into_rule(self) -> Rule {
        Rule::Approvals(self)
    }
}
