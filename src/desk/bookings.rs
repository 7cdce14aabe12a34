//! What other releases have booked, and which of it gets in the way of a deployment.

use super::Desk;
use super::gather::told;
use crate::gate::{Facts, GateSet, is_before_review};
use crate::phase::Instant;
use crate::release::limits::{BATCH_GUARDS, BOOKED_RELEASES, PAGE_ROWS};
use crate::release::{
    BookedConflict, ConflictAnswer, ConflictQuestion, Core, FactSource, ReleaseId, Text,
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
            let distance = Distance::new(question.distance).unwrap_or_default();
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

    /// Reads the releases that are to be deployed before the candidate's window ends, in the order in which they begin.
    /// When each ends only its log tells.
    async fn booked(&self, core: &Core, candidate: &Booking, now: Instant) -> Booked {
        let query = Query {
            filter: Filter::Open,
            order: Order::PlannedStart,
        };
        let mut booked = Booked::default();
        let (mut after, mut read) = (None, 0);
        loop {
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
                let start = row.summary.planned_start;
                if start.is_some_and(|start| candidate.window.end() <= start) {
                    return booked;
                }
                let is_own = row.stream == core.head.stream;
                if is_own || !is_before_review(row.summary.standing.phase) {
                    continue;
                }
                read += 1;
                if read > BOOKED_RELEASES {
                    let end = candidate.window.end();
                    booked.gaps.push(Text::clipped(&format!(
                        "more than {BOOKED_RELEASES} releases were to be deployed before {end} and are not; cancel some, \
                         or plan them anew"
                    )));
                    return booked;
                }
                match self.read_release(&row.stream).await {
                    Ok(Some(other)) => booked.add(&self.gates, other.core(), now),
                    Ok(None) => {
                        let why = format!("release `{}` is listed, and has no log", row.stream.id);
                        booked.gaps.push(Text::clipped(&why));
                    }
                    Err(why) => {
                        let why = format!("release `{}` could not be read: {why}", row.stream.id);
                        booked.gaps.push(Text::clipped(&why));
                    }
                }
                if booked.gaps.len() == GAPS {
                    return booked;
                }
            }
            after = page.next;
            if after.is_none() {
                return booked;
            }
        }
    }
}

impl Booked {
    /// Keeps what a release has booked, unless that is over.
    fn add(&mut self, gates: &GateSet, other: &Core, now: Instant) {
        let booking = gates.booking(other);
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
        let source = other.and_then(|other| sources.get(&other));
        let what = Text::clipped(&told_together(&kinds));
        let told = source.map(|source| BookedConflict::new(source.clone(), overlap, what));
        answer.conflicts.extend(told);
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
