//! What a calendar answers to a decision about a release.

use super::spans::Spans;
use super::state::{CalendarState, ExceptionRequest};
use super::view::View;
use super::window::Work;
use crate::phase::{Interval, Seconds};
use crate::release::limits::{DECIDING_WINDOWS, SCHEDULE_HORIZON};
use crate::release::{
    Availability, CalendarQuestion, FactSource, Key, LiftedFreezes, Openness, ReleaseId, WindowKind,
};
use std::collections::BTreeSet;

/// Whose work it is, and from which exceptions it may still profit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) release: ReleaseId,
    /// The exceptions of this calendar that it has used up.
    pub(crate) used: Option<&'a BTreeSet<Key>>,
}

/// An exception that is granted: while this span lasts, these freezes do not bind the release.
struct Granted<'a> {
    request: &'a ExceptionRequest,
    within: Interval,
    freezes: Vec<&'a Key>,
}

impl CalendarState {
    /// Answers a question about some work that would be done in `span`, on behalf of a release or of nobody.
    ///
    /// A span of one microsecond is an instant: the answer holds until the calendar opens or closes. Of every other
    /// span all has to be open, so that time alone changes nothing but what is left of it. What is longer than a
    /// schedule is looked through is closed.
    pub(crate) fn availability(
        &self,
        question: &CalendarQuestion,
        work: Work<'_>,
        span: Interval,
        claim: Option<Claim<'_>>,
    ) -> Availability {
        let source = FactSource::new(self.stream().clone(), self.log_version());
        let mut answer = Availability::new(question.clone(), source, span, Openness::Closed);
        if span.start().plus(SCHEDULE_HORIZON) < span.end() {
            return answer;
        }
        let claim = claim.filter(|_| question.kind == WindowKind::Freeze);
        let granted: Vec<_> = claim
            .into_iter()
            .flat_map(|claim| self.granted(claim))
            .collect();
        let bare = View::of([self.calendar()], Some(question.kind), work);
        let view = self.excepting(bare.clone(), &granted);
        let (openness, mut deciding) = view.during(span);
        // Should some be left out, then what does the least.
        deciding.sort_by(|one, other| (other.effect, one).cmp(&(one.effect, other)));
        answer.left_out = deciding.len().saturating_sub(DECIDING_WINDOWS);
        deciding.truncate(DECIDING_WINDOWS);
        answer.deciding = deciding;
        answer.openness = openness;
        answer.has_exceptions = !granted.is_empty();
        match (openness, span.is_moment()) {
            (Openness::Closed, true) => {
                answer.opens_at = view.next_open(span.start(), Seconds::new(0));
                answer.clears_at = answer.opens_at;
                // An override is of what closes it now, and of nothing that comes after.
                answer.holds_until = view.next_edge(span.start());
            }
            (Openness::Closed, false) => {
                answer.opens_at = view.next_open(span.start(), span.length());
                let closed = view.blocked(span);
                let last = closed.iter().last().map(Interval::end);
                answer.clears_at = last.filter(|&end| end < span.end());
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
        lifted: Option<(Interval, &LiftedFreezes)>,
    ) -> View<'a> {
        let granted: Vec<_> = self.granted(claim).collect();
        let lifted = lifted.into_iter().flat_map(|(window, lifted)| {
            let freezes = lifted.freezes.iter();
            let unchanged = freezes.filter(|freeze| self.is_as_of(freeze, lifted.as_of));
            unchanged.map(move |freeze| (freeze, window))
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

    /// The exceptions that are granted to a release and not used up, in the order of their ids, each with the freezes
    /// that have not been declared anew since it was decided.
    fn granted(&self, claim: Claim<'_>) -> impl Iterator<Item = Granted<'_>> {
        let exceptions = self.exceptions();
        exceptions.filter_map(move |exception| {
            let request = &exception.request;
            let is_used = claim.used.is_some_and(|used| used.contains(&request.id));
            if request.release != claim.release || is_used {
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
