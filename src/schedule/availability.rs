//! What a calendar answers to a decision about a release.

use super::state::{CalendarState, ExceptionAnswer, ExceptionRequest};
use super::view::View;
use super::window::Work;
use crate::phase::{Instant, Interval, Seconds};
use crate::release::{
    Availability, CalendarQuestion, DecidingWindow, Effect, FactSource, Key, Openness, ReleaseId,
    WindowKind,
};
use std::collections::BTreeSet;

/// Whose work it is, and from which exceptions it may still profit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) release: ReleaseId,
    /// The exceptions of this calendar that it has used up.
    pub(crate) used: &'a BTreeSet<Key>,
}

impl CalendarState {
    /// Answers a question about some work that would be done in `span`, on behalf of a release or of nobody.
    ///
    /// A span of one microsecond is an instant: the answer holds until the calendar opens or closes. Of every other
    /// span all has to be open, so that time alone changes nothing but what is left of it.
    pub(crate) fn availability(
        &self,
        question: &CalendarQuestion,
        work: Work<'_>,
        span: Interval,
        claim: Option<Claim<'_>>,
    ) -> Availability {
        let view = View::of([self.calendar()]).of_kind(question.kind);
        let (exceptions, view) = match claim {
            Some(claim) if question.kind == WindowKind::Freeze => {
                self.excepted(claim, view, work, span)
            }
            Some(_) | None => (BTreeSet::new(), view),
        };
        let (openness, deciding) = view.during(span, work);
        let source = FactSource::new(self.stream().clone(), self.log_version());
        let mut answer = Availability::new(question.clone(), source, span, openness);
        if openness == Openness::Closed {
            let length = if span.is_moment() {
                Seconds::new(0)
            } else {
                span.length()
            };
            answer.opens_at = view.next_open(span.start(), length, work);
            answer.clears_at = if span.is_moment() {
                // An override is of what closes it now, and of nothing that comes after.
                answer.holds_until = view.next_edge(span.start(), work);
                answer.opens_at
            } else {
                let closed = view.free(span, work).gaps(span);
                closed
                    .iter()
                    .last()
                    .map(Interval::end)
                    .filter(|&end| end < span.end())
            };
        } else if span.is_moment() {
            answer.holds_until = self.ends_at(&view, &exceptions, work, span.start());
        }
        answer.deciding = deciding;
        answer.exceptions = exceptions;
        answer
    }

    /// When an instant's openness ends: with the next transition, or with an exception.
    fn ends_at(
        &self,
        view: &View<'_>,
        exceptions: &BTreeSet<Key>,
        work: Work<'_>,
        at: Instant,
    ) -> Option<Instant> {
        let granted = exceptions.iter().filter_map(|id| self.granted(id));
        let transition = view.next_transition(at, work).map(|change| change.at);
        granted.map(Interval::end).chain(transition).min()
    }

    /// The exceptions that the work needs, and the calendar without the freezes from which they except it.
    fn excepted<'a>(
        &'a self,
        claim: Claim<'_>,
        view: View<'a>,
        work: Work<'_>,
        span: Interval,
    ) -> (BTreeSet<Key>, View<'a>) {
        let (_, deciding) = view.during(span, work);
        let is_blocking = |one: &DecidingWindow| one.effect == Effect::Blocked;
        let blocking = deciding.into_iter().filter(is_blocking);
        let blocking: BTreeSet<Key> = blocking.filter_map(|one| one.window).collect();
        let (mut used, mut freezes) = (BTreeSet::new(), BTreeSet::new());
        for request in self.usable(claim.release, span) {
            if claim.used.contains(&request.id) {
                continue;
            }
            let lifted = request.freezes.iter().filter(|id| blocking.contains(*id));
            let before = freezes.len();
            freezes.extend(lifted);
            if freezes.len() > before {
                used.insert(request.id.clone());
            }
        }
        (used, view.without(freezes))
    }

    /// The requests of a release that were granted for work in that span, used up or not; in the order of their ids.
    pub(super) fn usable(
        &self,
        release: ReleaseId,
        span: Interval,
    ) -> impl Iterator<Item = &ExceptionRequest> {
        let covers = move |within: Interval| within.overlap(span) == Some(span);
        let requests = self.exceptions().map(|exception| &exception.request);
        requests.filter(move |request| {
            request.release == release && self.granted(&request.id).is_some_and(covers)
        })
    }

    /// The span for which an exception is granted.
    fn granted(&self, id: &Key) -> Option<Interval> {
        match self.exception(id)?.decided.as_ref()?.0.answer {
            ExceptionAnswer::Granted(within) => Some(within),
            ExceptionAnswer::Denied => None,
        }
    }
}
