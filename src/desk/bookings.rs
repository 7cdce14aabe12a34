//! What other releases have booked, and which of it gets in the way of a deployment.

use super::Desk;
use super::gather::told;
use crate::gate::{Facts, GateSet, is_before_review};
use crate::phase::{Instant, PhaseName};
use crate::release::limits::{BATCH_GUARDS, BOOKED_RELEASES, PAGE_ROWS};
use crate::release::{
    BookedConflict, ConflictAnswer, ConflictQuestion, Core, FactSource, ReleaseId, Stream, Text,
};
use crate::schedule::{
    Booking, ConflictKind, Conflicts, Distance, ServiceGraph, ServiceMap, conflicts_of,
};
use crate::store::{Filter, Order, Query, Store};
use std::collections::{BTreeMap, BTreeSet};

/// How many things two deployments are in conflict over are told.
const TOLD: usize = 3;
/// After how many gaps no more are looked for or told: the answer is open anyway.
const GAPS: usize = 10;

/// What other releases have booked.
#[derive(Default)]
struct Booked {
    bookings: Vec<Booking>,
    /// Where each was read.
    sources: BTreeMap<ReleaseId, FactSource>,
    /// Why there may be more.
    gaps: Vec<Text>,
    /// How many releases were read.
    read: usize,
}

impl<S: Store> Desk<S> {
    /// Answers what was asked about this deployment and what other releases have booked.
    pub(super) async fn find_conflicts(
        &self,
        core: &Core,
        candidate: Option<Booking>,
        questions: BTreeSet<ConflictQuestion>,
        mut facts: Facts,
    ) -> Facts {
        let Some(candidate) = candidate else {
            return facts;
        };
        let read_at = self.clock.now();
        let booked = self.booked(core, &candidate, read_at).await;
        let stream = &core.head.stream;
        for question in questions {
            let mut answer =
                ConflictAnswer::new(question, stream.clone(), candidate.window, read_at);
            answer.gaps.clone_from(&booked.gaps);
            let distance = Distance::new(question.distance);
            if let Err(refused) = &distance {
                answer.gaps.push(Text::clipped(&refused.to_string()));
            }
            let distance = distance.unwrap_or_default();
            let none = ServiceGraph::new();
            let map: &dyn ServiceMap = match &self.map {
                Some(map) => map.as_ref(),
                None => &none,
            };
            if self.map.is_none() && distance != Distance::NONE {
                let why = "this desk has no service map; give it `with_service_map`";
                answer.gaps.push(Text::clipped(why));
            }
            let conflicts = conflicts_of(&candidate, &booked.bookings, map, distance);
            told_of(&mut answer, candidate.release, &conflicts, &booked.sources);
            facts = facts.with_conflicts(answer);
        }
        facts
    }

    /// Reads the releases that are in Deployment, and those that are to be deployed while the candidate is.
    async fn booked(&self, core: &Core, candidate: &Booking, now: Instant) -> Booked {
        let mut booked = Booked::default();
        let planned = Query {
            filter: Filter::Open,
            order: Order::PlannedStart,
        };
        let running = Query {
            filter: Filter::Phase(PhaseName::Deployment),
            order: Order::Created,
        };
        for query in [running, planned] {
            let mut after = None;
            'pages: loop {
                let page = self
                    .store
                    .list(&self.tenant, query, after.as_ref(), PAGE_ROWS);
                let page = match page.await {
                    Ok(page) => page,
                    Err(error) => {
                        booked.gaps.push(told(&error));
                        return booked;
                    }
                };
                for row in page.rows {
                    let is_own = row.stream == core.head.stream;
                    let is_running = row.summary.standing.phase == PhaseName::Deployment;
                    let is_planned = match (query.order, row.summary.window) {
                        (Order::PlannedStart, Some(window)) => {
                            if candidate.window.end() <= window.start() {
                                break 'pages;
                            }
                            let is_ahead = is_before_review(row.summary.standing.phase);
                            !is_running && is_ahead && now < window.end()
                        }
                        (Order::PlannedStart, None) | (Order::Created | Order::NextDue, _) => {
                            is_running
                        }
                    };
                    if !is_own
                        && is_planned
                        && !self.read_booking(&mut booked, &row.stream, now).await
                    {
                        return booked;
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        booked
    }

    /// Reads what a release has booked; says whether more may be read.
    async fn read_booking(&self, booked: &mut Booked, stream: &Stream, now: Instant) -> bool {
        if booked.read == BOOKED_RELEASES {
            booked.gaps.push(Text::clipped(&format!(
                "more than {BOOKED_RELEASES} releases run or are to be deployed by then; cancel some, or plan them anew"
            )));
            return false;
        }
        booked.read += 1;
        match self.read_release(stream).await {
            Ok(Some(other)) => booked.add(&self.gates, other.core(), now),
            Ok(None) => {
                let why = format!("release `{}` is listed, and has no log", stream.id);
                booked.gaps.push(Text::clipped(&why));
            }
            Err(why) => {
                let why = format!("release `{}` could not be read: {why}", stream.id);
                booked.gaps.push(Text::clipped(&why));
            }
        }
        booked.gaps.len() < GAPS
    }
}

impl Booked {
    /// Keeps what a release has booked, unless that is over.
    fn add(&mut self, gates: &GateSet, other: &Core, now: Instant) {
        let booking = gates.booking(other, now);
        if let Some(booking) = booking.filter(|booking| now < booking.window.end()) {
            let source = FactSource::new(other.head.stream.clone(), other.head.version);
            self.sources.insert(booking.release, source);
            self.bookings.push(booking);
        }
    }
}

/// Writes the conflicts down as decisions keep them: one for each other release.
fn told_of(
    answer: &mut ConflictAnswer,
    release: ReleaseId,
    conflicts: &Conflicts,
    sources: &BTreeMap<ReleaseId, FactSource>,
) {
    let counts = |kind: &ConflictKind| match kind {
        ConflictKind::SamePerson(_) => answer.question.people,
        ConflictKind::SameItem(_) | ConflictKind::SameService(_) | ConflictKind::Related(_) => true,
    };
    let mut by_other: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for conflict in conflicts.found.iter().filter(|one| counts(&one.kind)) {
        let key = (conflict.overlap, conflict.other(release));
        by_other.entry(key).or_default().push(&conflict.kind);
    }
    let more = by_other.len() > BATCH_GUARDS;
    for ((overlap, other), kinds) in by_other.into_iter().take(BATCH_GUARDS) {
        let what = Text::clipped(&told_together(&kinds));
        match other.and_then(|other| sources.get(&other)) {
            Some(source) => {
                let told = BookedConflict::new(source.clone(), overlap, what);
                answer.conflicts.push(told);
            }
            None => answer.gaps.push(what),
        }
    }
    let gaps = conflicts.gaps.iter().take(GAPS);
    answer
        .gaps
        .extend(gaps.map(|gap| Text::clipped(&gap.to_string())));
    if let Some(untold @ 1..) = conflicts.gaps.len().checked_sub(GAPS) {
        let why = format!("and {untold} gaps more");
        answer.gaps.push(Text::clipped(&why));
    }
    if more {
        let why = format!("more than {BATCH_GUARDS} releases are in conflict");
        answer.gaps.push(Text::clipped(&why));
    }
}

fn told_together(kinds: &[&ConflictKind]) -> String {
    let told: Vec<_> = kinds.iter().take(TOLD).map(ToString::to_string).collect();
    let told = told.join("; ");
    match kinds.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told}; and {more} more"),
    }
}
