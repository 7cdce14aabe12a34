//! Questions about many releases, a page at a time: what is due, what was learned, what is planned.

use super::{Desk, LoadError};
use crate::phase::Instant;
use crate::phase::{Anywhere, PhaseName};
use crate::release::{
    Due, Improvement, Key, LessonLearned, Milestone, PostImplementationReview, Release, ReleaseId,
    ReleaseView, Service, replay_with,
};
use crate::store::{Cursor, Filter, Order, Page, Query, Row, Store, StoreError};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// A page of answers, one for each release.
///
/// A release whose log cannot be read stands in its place, with why, and hides no other.
#[derive(Debug)]
#[non_exhaustive]
pub struct Overview<T> {
    /// The answers, in the order that was asked for.
    pub answers: Vec<Told<T>>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<Cursor>,
    /// The earliest instant from now on at which, by what was read for this page, an answer changes by time alone. With
    /// several pages, the earliest of theirs.
    pub changes_at: Option<Instant>,
}

/// What is told of one release.
#[derive(Debug)]
#[non_exhaustive]
pub struct Told<T> {
    /// The row by which it is listed.
    pub row: Row,
    /// The answer; or why the release could not be read.
    pub answer: Result<T, LoadError>,
}

/// What a release taught, and what is still to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Learned {
    /// The lessons, by the host's id.
    pub lessons: BTreeMap<Key, Arc<LessonLearned>>,
    /// The post-implementation review that was held last, with the lessons that it tells.
    pub review: Option<Arc<PostImplementationReview>>,
    /// The improvements that are neither done nor dropped, by the host's id.
    pub open_improvements: BTreeMap<Key, Improvement>,
}

/// A release on the roadmap; its window is in its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Planned {
    /// The milestones of the current plan, by the host's key.
    pub milestones: BTreeMap<Key, Milestone>,
    /// When milestones were reached.
    pub reached: BTreeMap<Key, Instant>,
    /// The release that it is part of.
    pub parent: Option<ReleaseId>,
    /// The releases that it waits for, and how far they have to get.
    pub dependencies: BTreeMap<ReleaseId, PhaseName>,
}

impl<S: Store> Desk<S> {
    /// The releases of which something is due by `until`, or has started or ended by then since they were last written:
    /// each with all that is [due](Due) of it now. Earliest first.
    ///
    /// `changes_at` says until when the answers hold, if nothing is written: a host asks again then.
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
    /// Reads one page of rows, in the order of [`Order::NextDue`], and the logs of those that are told: at most `limit`.
    pub async fn due(
        &self,
        until: Instant,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Overview<Due>, StoreError> {
        let query = Query {
            filter: Filter::All,
            order: Order::NextDue,
        };
        let mut page = self.list(query, after, limit).await?;
        let is_due = |row: &Row| row.summary.next_due.is_some_and(|at| at <= until);
        let count = page.rows.iter().take_while(|row| is_due(row)).count();
        let later = page.rows.get(count).and_then(|row| row.summary.next_due);
        if later.is_some() {
            page.rows.truncate(count);
            page.next = None;
        }
        let now = self.clock.now();
        let mut told = self.overview(page, |release| Some(release.due(now))).await;
        let due = told
            .answers
            .iter()
            .filter_map(|one| one.answer.as_ref().ok());
        let next = due.filter_map(|due| due.next);
        told.changes_at = next.chain(later).min();
        Ok(told)
    }

    /// What releases of that service taught, and the improvements that are still open: to be looked at when its next
    /// release is planned. In the order in which they began; those that taught nothing are left out.
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
    /// Rows do not say which services a release has: reads one page of rows and the log of each, at most `limit`, so that
    /// all pages together read the tenant's whole history. Fewer answers than `limit`, even none, do not mean the end.
    pub async fn lessons(
        &self,
        service: &Service,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Overview<Learned>, StoreError> {
        let page = self.list(Query::default(), after, limit).await?;
        let learned = |release: &Release<Anywhere>| {
            let view = release.view();
            let request = view.request.as_ref()?;
            let is_of_it = request.services.contains(service);
            is_of_it.then(|| Learned::of(view)).filter(Learned::is_any)
        };
        Ok(self.overview(page, learned).await)
    }

    /// The roadmap: all open releases that have a deployment window, chosen or planned, in the order of its start.
    ///
    /// What has no window yet is on no date, and left out; [`worklist`](Self::worklist) has it.
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
    /// Reads one page of rows and the log of each: at most `limit`.
    pub async fn roadmap(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Overview<Planned>, StoreError> {
        let query = Query {
            filter: Filter::Open,
            order: Order::PlannedStart,
        };
        let page = self.list(query, after, limit).await?;
        let planned = |release: &Release<Anywhere>| Some(Planned::of(release.view()));
        Ok(self.overview(page, planned).await)
    }

    /// Asks each release of a page.
    async fn overview<T>(
        &self,
        page: Page,
        ask: impl Fn(&Release<Anywhere>) -> Option<T>,
    ) -> Overview<T> {
        let mut answers = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            match self.read_row(&row).await {
                Ok(release) => answers.extend(ask(&release).map(|answer| Told {
                    row,
                    answer: Ok(answer),
                })),
                Err(error) => answers.push(Told {
                    row,
                    answer: Err(error),
                }),
            }
        }
        Overview {
            answers,
            next: page.next,
            changes_at: None,
        }
    }

    /// The release of a row, as it stands by now.
    pub(super) async fn read_row(&self, row: &Row) -> Result<Release<Anywhere>, LoadError> {
        let log = self
            .entries_after(&row.stream, crate::release::Version::NONE)
            .await?;
        if log.is_empty() {
            return Err(LoadError::NotFound {
                stream: row.stream.clone(),
            });
        }
        Ok(replay_with(&log, &self.upcasters)?.anywhere())
    }
}

impl Learned {
    fn of(view: ReleaseView) -> Self {
        let mut open_improvements = view.improvements;
        open_improvements.retain(|_, improvement| improvement.status().is_open());
        Self {
            lessons: view.lessons,
            review: view.review,
            open_improvements,
        }
    }

    fn is_any(&self) -> bool {
        let told = self
            .review
            .as_ref()
            .is_some_and(|review| !review.lessons.is_empty());
        told || !self.lessons.is_empty() || !self.open_improvements.is_empty()
    }
}

impl Planned {
    fn of(view: ReleaseView) -> Self {
        let plan = view.plan.as_deref();
        let milestones = plan.map(|plan| plan.milestones.clone().into_inner());
        Self {
            milestones: milestones.unwrap_or_default(),
            reached: view.milestones,
            parent: view.parent,
            dependencies: view.dependencies,
        }
    }
}
