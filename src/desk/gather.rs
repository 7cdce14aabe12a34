//! Gathering what a decision needs besides the release, before the gate is asked: facts, and other releases.

use super::read::entries;
use super::{Desk, StreamError};
use crate::facts::About;
use crate::gate::{Facts, ModelState};
use crate::phase::Anywhere;
use crate::release::{
    AnyStep, Asked, By, Core, FollowedModel, Key, Ledger, OtherRelease, Place, Release, ReleaseId,
    Stream, Text, Version, replay_with,
};
use crate::store::Store;
use std::{
    collections::BTreeSet,
    error::Error,
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

impl<S: Store> Desk<S> {
    /// Everything that a decision about this asking needs, as far as it can be had; the rest with why not.
    ///
    /// The facts are of the instant at which all were there, so that none is decided on before it was read.
    pub(super) async fn gather(&self, core: &Core, asked: &Asked, by: &By) -> Facts {
        let facts = Facts::at(self.clock.now());
        let needs = self.gates.needs(core, asked, &facts, by);
        if needs.is_empty() {
            return facts;
        }
        let facts = match asked {
            Asked::Step(step) => Box::pin(self.find(core, step, needs.facts, facts)).await,
            Asked::Record(_) => facts,
        };
        let facts = match needs.model {
            Some(name) => match Box::pin(self.read_model(&name)).await {
                Ok(model) => facts.with_model(model),
                Err(why) => facts.without_model(why),
            },
            None => facts,
        };
        let facts = Box::pin(self.read_calendars(needs.calendars, facts)).await;
        let facts =
            Box::pin(self.find_conflicts(core, needs.booking, needs.conflicts, facts)).await;
        let facts = Box::pin(self.read_others(core, asked, by, needs.others, facts)).await;
        facts.moved_to(self.clock.now())
    }

    /// Asks the host for these facts, each once, all at the same time.
    async fn find(
        &self,
        core: &Core,
        step: &AnyStep,
        keys: BTreeSet<Key>,
        mut facts: Facts,
    ) -> Facts {
        if keys.is_empty() {
            return facts;
        }
        let Some(finder) = &self.finder else {
            let why = "this desk has nobody to ask for facts; give it `with_facts`";
            let without = |facts: Facts, key| facts.without(key, Text::clipped(why));
            return keys.into_iter().fold(facts, without);
        };
        let mut view = core.view();
        view.request = view
            .request
            .or_else(|| step.request().cloned().map(Into::into));
        let about = About {
            release: &view,
            step,
            now: facts.now(),
        };
        let asked = keys.iter().map(|key| finder.find_boxed(key, about));
        let found = together(asked.collect()).await;
        for (key, found) in keys.iter().zip(found) {
            facts = match found {
                Ok(Some(fact)) => facts.with(key.clone(), fact),
                Ok(None) => facts,
                Err(error) => facts.without(key.clone(), told(error.as_ref())),
            };
        }
        facts
    }

    /// Reads the other releases that the decision looks at, all at the same time, until it asks for no more.
    async fn read_others(
        &self,
        core: &Core,
        asked: &Asked,
        by: &By,
        mut others: BTreeSet<ReleaseId>,
        mut facts: Facts,
    ) -> Facts {
        while !others.is_empty() {
            let asked_for = others.iter().map(|&id| Box::pin(self.read_other(core, id)));
            let read = together(asked_for.collect()).await;
            for (id, read) in others.into_iter().zip(read) {
                facts = match read {
                    Ok(other) => facts.with_other(other),
                    Err(why) => facts.without_other(id, why),
                };
            }
            // What was read may name further releases.
            others = self.gates.needs(core, asked, &facts, by).others;
        }
        facts
    }

    /// Reads these calendars; one that was never begun cannot be read.
    async fn read_calendars(&self, names: BTreeSet<Key>, mut facts: Facts) -> Facts {
        for name in names {
            facts = match self.calendar(&name).await {
                Ok(calendar) => facts.with_calendar(calendar),
                Err(error) => facts.without_calendar(name, told(&error)),
            };
        }
        facts
    }

    /// How a model stands: one that was never drafted has no standing.
    async fn read_model(&self, name: &Key) -> Result<FollowedModel, Text> {
        match self.model(name).await {
            Ok(state) => Ok(state.followed()),
            Err(StreamError::NotFound { stream }) => {
                Ok(ModelState::start(Place::before(stream)).followed())
            }
            Err(
                error @ (StreamError::Refused { .. }
                | StreamError::Busy { .. }
                | StreamError::Store(_)
                | StreamError::Log(_)),
            ) => Err(told(&error)),
        }
    }

    async fn read_other(&self, core: &Core, id: ReleaseId) -> Result<OtherRelease, Text> {
        let stream = Stream::release(core.head.stream.tenant.clone(), id);
        let release = self.read_release(&stream).await?;
        Ok(match &release {
            Some(release) => OtherRelease::from(release),
            None => OtherRelease::not_begun(stream),
        })
    }

    /// Another release of the desk's tenant; nothing if it has not begun.
    pub(super) async fn read_release(
        &self,
        stream: &Stream,
    ) -> Result<Option<Release<Anywhere>>, Text> {
        let log = entries(&self.store, stream, Version::NONE).await;
        let log = log.map_err(|error| told(&error))?;
        if log.is_empty() {
            return Ok(None);
        }
        let release = replay_with(&log, &self.upcasters).map_err(|error| told(&error))?;
        let release = release.anywhere();
        if release.stream() != stream {
            let what = format!("the store gave the log of `{}` for it", release.stream());
            return Err(Text::clipped(&what));
        }
        Ok(Some(release))
    }
}

/// Waits for all of them at the same time.
async fn together<F: Future + Unpin>(mut waiting: Vec<F>) -> Vec<F::Output> {
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, done) in waiting.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(output) = Pin::new(future).poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// What an error says, and what its sources say.
pub(super) fn told(error: &(dyn Error + 'static)) -> Text {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    Text::clipped(&told)
}
