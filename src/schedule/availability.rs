//! What a calendar answers to a decision about a release.

use super::spans::Spans;
use super::state::{CalendarState, ExceptionRequest, FreezeException};
use super::timing::occurrence;
use super::view::{View, is_beyond};
use super::window::Work;
use crate::phase::{Interval, Seconds};
use crate::release::limits::DECIDING_WINDOWS;
use crate::release::{
    Availability, CalendarQuestion, DecidingWindow, Effect, FactSource, Key, LiftedFreezes,
    Openness, ReleaseId, Unhelpful, WindowKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whose work it is, and from which exceptions it may still profit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) release: ReleaseId,
    /// The exceptions of this calendar that it has used up.
    pub(crate) used: Option<&'a BTreeSet<Key>>,
    /// Whether the others count.
    pub(crate) may_be_excepted: bool,
}

/// An exception that is granted: while this span lasts, these freezes do not bind the release.
struct Granted<'a> {
    request: &'a ExceptionRequest,
    within: Interval,
    freezes: Vec<&'a Key>,
}

impl CalendarState {
    /// Answers a question about some work that a release would do in `span`.
    ///
    /// A span of one microsecond is an instant: the answer holds until the calendar opens or closes. Of every other
    /// span all has to be open, so that time alone changes nothing but what is left of it. What is longer than a
    /// schedule is looked through is closed.
    pub(crate) fn availability(
        &self,
        question: &CalendarQuestion,
        work: Work<'_>,
        span: Interval,
        claim: Claim<'_>,
    ) -> Availability {
        let source = FactSource::new(self.stream().clone(), self.log_version());
        let closed = Openness::Closed;
        let mut answer = Availability::new(question.clone(), claim.release, source, span, closed);
        if is_beyond(span) {
            return answer;
        }
        let is_freeze = question.kind == WindowKind::Freeze;
        let granted = self.granted(claim).filter(|_| is_freeze);
        let granted: Vec<_> = granted.collect();
        let bare = View::of([self.calendar()], Some(question.kind), work);
        let view = self.excepting(bare.clone(), &granted);
        let (openness, mut deciding) = view.during(span);
        deciding.sort_by(|one, other| (other.effect, one).cmp(&(one.effect, other)));
        let is_blocking = |one: &&DecidingWindow| one.effect == Effect::Blocked;
        let blocking = deciding.iter().filter(is_blocking).count();
        answer.left_out = blocking.saturating_sub(DECIDING_WINDOWS);
        deciding.truncate(DECIDING_WINDOWS);
        answer.deciding = deciding;
        answer.openness = openness;
        let of_release = |one: &&FreezeException| one.request.release == claim.release;
        let mut minded = self.exceptions().filter(of_release);
        answer.has_exceptions = is_freeze && claim.may_be_excepted && minded.next().is_some();
        if answer.has_exceptions && openness == Openness::Closed {
            answer.unhelpful = self.unhelpful(claim, &answer.deciding);
        }
        match (openness, span.is_moment()) {
            (Openness::Closed, true) => {
                answer.opens_at = view.next_open(span.start(), Seconds::new(0));
                answer.clears_at = answer.opens_at;
                // An override is of what closes it now, and of nothing that comes after.
                answer.holds_until = view.next_edge(span.start());
            }
            (Openness::Closed, false) => {
                answer.opens_at = view.next_open(span.start(), span.length());
                answer.clears_at = view.rest_opens_at(span);
            }
            (Openness::Open | Openness::Warned, is_moment) => {
                if is_moment {
                    let change = view.next_transition(span.start());
                    answer.holds_until = change.map(|change| change.at);
                }
                answer.exceptions = needed(&bare, span, granted);
            }
        }
        answer
    }

    /// How freezes bind a release: not where they are excepted for it, nor where overrides have lifted them.
    pub(crate) fn binding<'a>(
        &self,
        view: View<'a>,
        claim: Claim<'_>,
        lifted: Option<&LiftedFreezes>,
    ) -> View<'a> {
        let granted: Vec<_> = self.granted(claim).collect();
        let lifted = lifted.into_iter().flat_map(|lifted| {
            let time = occurrence(lifted.from, lifted.until);
            let freezes = lifted.freezes.iter();
            let unchanged = freezes.filter(|freeze| self.is_as_of(freeze, lifted.as_of));
            unchanged.filter_map(move |freeze| Some((freeze, time?)))
        });
        let view = view.except(self.calendar(), lifted);
        self.excepting(view, &granted)
    }

    fn excepting<'a>(&self, view: View<'a>, granted: &[Granted<'_>]) -> View<'a> {
        let times = granted.iter().flat_map(|one| {
            let freezes = one.freezes.iter();
            freezes.map(|&freeze| (freeze, one.within))
        });
        view.except(self.calendar(), times)
    }

    /// The exceptions of a release that name a freeze that blocks nevertheless; as many as windows are told.
    fn unhelpful(&self, claim: Claim<'_>, deciding: &[DecidingWindow]) -> BTreeMap<Key, Unhelpful> {
        let blocking = deciding.iter().filter(|one| one.effect == Effect::Blocked);
        let blocking: BTreeSet<_> = blocking.filter_map(|one| one.window.as_ref()).collect();
        let of_release = |one: &&FreezeException| one.request.release == claim.release;
        let exceptions = self.exceptions().filter(of_release);
        let exceptions = exceptions.filter_map(|exception| {
            let request = &exception.request;
            let named = request.freezes.iter().find(|id| blocking.contains(*id))?;
            let is_used = claim.used.is_some_and(|used| used.contains(&request.id));
            let why = match (&exception.decided, exception.granted()) {
                (None, _) => Unhelpful::Pending,
                (Some(_), None) => Unhelpful::Denied,
                (Some(_), Some(_)) if is_used => Unhelpful::UsedUp,
                (Some(_), Some(_)) if !self.is_as_of(named, exception.decided_at()) => {
                    Unhelpful::OfAnotherFreeze
                }
                (Some(_), Some(_)) => Unhelpful::AtAnotherTime,
            };
            Some((request.id.clone(), why))
        });
        exceptions.take(DECIDING_WINDOWS).collect()
    }

    /// The exceptions that are granted to a release and not used up, in the order of their ids, each with the freezes
    /// that have not been declared anew since it was decided.
    fn granted(&self, claim: Claim<'_>) -> impl Iterator<Item = Granted<'_>> {
        let exceptions = self.exceptions();
        exceptions.filter_map(move |exception| {
            let request = &exception.request;
            let is_used = claim.used.is_some_and(|used| used.contains(&request.id));
            if request.release != claim.release || is_used || !claim.may_be_excepted {
                return None;
            }
            let within = exception.granted()?;
            let freezes = request.freezes.iter();
            let freezes = freezes.filter(|freeze| self.is_as_of(freeze, exception.decided_at()));
            Some(Granted {
                request,
                within,
                freezes: freezes.collect(),
            })
        })
    }
}

/// The exceptions without which it would not be open: of several that would do, those with the lower ids.
fn needed(bare: &View<'_>, span: Interval, mut granted: Vec<Granted<'_>>) -> BTreeSet<Key> {
    granted.retain(|one| one.within.overlaps(span));
    if granted.is_empty() {
        return BTreeSet::new();
    }
    let frozen = bare.frozen(span);
    let mut place = granted.len();
    while let Some(before) = place.checked_sub(1) {
        place = before;
        let last = granted.remove(place);
        let is_needless = last.freezes.iter().all(|freeze| {
            let others = granted.iter().filter(|one| one.freezes.contains(freeze));
            let excepted = Spans::union(others.map(|one| one.within));
            let mut frozen = frozen.get(freeze).into_iter().flat_map(Spans::iter);
            frozen.all(|time| {
                let lifted = time.overlap(last.within);
                lifted.is_none_or(|lifted| excepted.gaps(lifted).iter().next().is_none())
            })
        });
        if !is_needless {
            granted.insert(place, last);
        }
    }
    granted.iter().map(|one| one.request.id.clone()).collect()
}
