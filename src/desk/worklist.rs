//! The release manager's day: what of all open releases is blocked and why, due, late, at risk, and waits for whom.

use super::Desk;
use super::overview::{Overview, Told};
use crate::phase::{Anywhere, Instant};
use crate::release::{
    Blocker, By, Decision, Due, DueItem, DueKind, Person, Release, Role, State, TaskOpened,
};
use crate::schedule::{AtRisk, WorkingDays};
use crate::store::{Cursor, Filter, Order, Query, Store, StoreError};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How far the worklist looks ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookout {
    near: u32,
    working_days: WorkingDays,
}

impl Lookout {
    /// What is planned within so many working days is at risk. Saturday and Sunday are free.
    #[must_use]
    pub fn working_days(near: u32) -> Self {
        Self {
            near,
            working_days: WorkingDays::default(),
        }
    }

    /// The same by another calendar of working days.
    #[must_use]
    pub fn by(self, working_days: WorkingDays) -> Self {
        Self {
            working_days,
            ..self
        }
    }
}

/// What there is to do about one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WorkItem {
    /// What is due, what starts and ends, which steps there are.
    pub due: Due,
    /// Who has which role.
    pub people: BTreeMap<Role, BTreeSet<Person>>,
    /// Who may answer for a holder of which role.
    pub stand_ins: BTreeMap<Role, BTreeSet<Person>>,
    /// The open tasks for which nobody has said by when; the others are among what is due.
    pub undated: Vec<Arc<TaskOpened>>,
    /// What the step that leads on would be answered now: its blockers say why the release does not go on. Nothing on
    /// hold.
    pub onward: Option<Decision>,
    /// What of its plan is missed or near.
    pub at_risk: Vec<AtRisk>,
}

impl WorkItem {
    /// Everything that stands against the step that leads on.
    pub fn blockers(&self) -> impl Iterator<Item = Blocker<'_>> {
        self.onward.iter().flat_map(Decision::blockers)
    }

    /// The people who could lift a blocker: those whom it names, or else the holders of the roles that it names; and who
    /// may answer for one of them.
    #[must_use]
    pub fn waits_for(&self) -> BTreeSet<&Person> {
        let mut waits = BTreeSet::new();
        for Blocker { reason, .. } in self.blockers() {
            waits.extend(&reason.people);
            let roles = || reason.roles.iter();
            waits.extend(
                roles()
                    .filter_map(|role| self.stand_ins.get(role))
                    .flatten(),
            );
            if reason.people.is_empty() {
                waits.extend(roles().filter_map(|role| self.people.get(role)).flatten());
            }
        }
        waits
    }

    /// The roles in which somebody could lift a blocker, whether or not anybody has them.
    #[must_use]
    pub fn waits_for_roles(&self) -> BTreeSet<&Role> {
        let blockers = self.blockers();
        blockers.flat_map(|blocker| &blocker.reason.roles).collect()
    }

    /// The tasks and improvements that are this person's and have a day, passed ones first.
    pub fn duties_of<'a>(&'a self, person: &'a Person) -> impl Iterator<Item = &'a DueItem> {
        let items = self.due.passed.iter().chain(&self.due.coming);
        items.filter(move |item| owner(&item.kind) == Some(person))
    }

    /// Whether there is something for this person to do or to know: it waits for them, they have something to do in
    /// it, or they are its release manager.
    #[must_use]
    pub fn concerns(&self, person: &Person) -> bool {
        let managers = self.people.get(&Role::ReleaseManager);
        managers.is_some_and(|managers| managers.contains(person))
            || self.duties_of(person).next().is_some()
            || self
                .undated
                .iter()
                .any(|task| task.owner.as_ref() == Some(person))
            || self.waits_for().contains(person)
    }
}

const fn owner(kind: &DueKind) -> Option<&Person> {
    match kind {
        DueKind::Task { owner, .. } => owner.as_ref(),
        DueKind::Improvement { owner, .. } => Some(owner),
        DueKind::Milestone(_)
        | DueKind::WindowOpens
        | DueKind::WindowCloses
        | DueKind::WaveBaked(_)
        | DueKind::EarlyLifeSupportEnds
        | DueKind::ApprovalExpires { .. }
        | DueKind::OverrideExpires(_)
        | DueKind::DelegationEnds { .. } => None,
    }
}

impl<S: Store> Desk<S> {
    /// What there is to do about each open release, in the order in which they began: what is due or overdue, what the
    /// next step is blocked by and who could lift that, and what of the plan is at risk.
    ///
    /// The next step is explained as if `by` asked for it, with what it is usually asked with: in the planned window, as
    /// worthwhile, as successful. An approval of something else shows as void. What was to be built is not known before
    /// it is: of `start_testing`, approvals cannot be matched.
    ///
    /// # Errors
    ///
    /// - the store could not be listed
    ///
    /// # Cancellation
    ///
    /// Nothing is written.
    ///
    /// # Complexity
    ///
    /// Reads one page of rows, and of each the log and what the gates of its next step need: facts of the host, other
    /// releases, calendars. At most `limit` releases.
    ///
    /// # Examples
    ///
    /// ```
    /// use phasegate::desk::Lookout;
    /// use phasegate::release::{Actor, Name, ReleaseRequest};
    /// use phasegate::{Desk, MemoryStore, Person};
    ///
    /// # pollster::block_on(async {
    /// let desk = Desk::new(MemoryStore::new());
    /// let kim = Person::new("kim")?;
    /// let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
    ///
    /// let day = desk.worklist(&Lookout::working_days(3), Actor::system("morning")?, None, 50).await?;
    /// let item = day.answers[0].answer.as_ref().unwrap();
    /// assert_eq!(day.answers[0].row.summary.title.as_str(), "Shop 2.4");
    /// assert_eq!(item.blockers().count(), 0); // it waits for nobody but to be authorised
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub async fn worklist(
        &self,
        lookout: &Lookout,
        by: impl Into<By>,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Overview<WorkItem>, StoreError> {
        let query = Query {
            filter: Filter::Open,
            order: Order::Created,
        };
        let by = by.into();
        let page = self.list(query, after, limit).await?;
        let mut answers = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let answer = match self.read_row(&row).await {
                Ok(release) => Ok(self.work_item(&release, lookout, &by).await),
                Err(error) => Err(error),
            };
            answers.push(Told { row, answer });
        }
        let due = answers.iter().filter_map(|one| one.answer.as_ref().ok());
        let changes_at = due.filter_map(|item| item.due.next).min();
        Ok(Overview {
            answers,
            next: page.next,
            changes_at,
        })
    }

    async fn work_item(&self, release: &Release<Anywhere>, lookout: &Lookout, by: &By) -> WorkItem {
        let now = self.clock.now();
        let state = &release.core().state;
        let step = state.onward().and_then(|action| state.usual(action, now));
        let onward = match step {
            Some(step) => Some(Box::pin(self.explain(release, step, by.clone())).await),
            None => None,
        };
        WorkItem {
            due: release.due(now),
            people: state.people.clone(),
            stand_ins: stand_ins(state, now),
            undated: state
                .open_tasks()
                .filter(|task| task.due.is_none())
                .cloned()
                .collect(),
            onward,
            at_risk: lookout
                .working_days
                .at_risk(&release.view(), now, lookout.near),
        }
    }
}

fn stand_ins(state: &State, now: Instant) -> BTreeMap<Role, BTreeSet<Person>> {
    let mut stand_ins: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for ((role, _, to), until) in &state.delegations {
        if until.is_none_or(|until| now < until) {
            stand_ins
                .entry(role.clone())
                .or_default()
                .insert(to.clone());
        }
    }
    stand_ins
}
