//! The port to what the host knows: one trait, asked for one fact at a time.

use crate::phase::Instant;
use crate::release::{AnyStep, Fact, Key, ReleaseView};
use std::{error::Error, future::Future, pin::Pin, sync::Arc};

/// What a fact is asked for: the step that is to be decided.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct About<'a> {
    /// The release; of one that is to begin, with what is asked for.
    pub release: &'a ReleaseView,
    /// The step.
    pub step: &'a AnyStep,
    /// The instant at which the desk asks.
    pub now: Instant,
}

/// What a finder answers: a fact, nothing if the host knows no such fact, or why it could not be had.
pub type Answer = Result<Option<Fact>, Box<dyn Error + Send + Sync>>;

/// Finds out what the host knows: what the host implements, for policies that need facts.
///
/// # For callers
///
/// A [`Desk`](crate::Desk) with a finder asks it before the gate is asked: for the facts that the rules of this very
/// step need, and that are judged for this release, each once. Where no rule needs a fact, nothing is asked.
///
/// # For implementers
///
/// Write a plain `async fn`. The keys of one decision are asked for at once, and wait together, not one after the
/// other. What comes from a log says so in [`Fact::source`]: then the commit holds only if that log has not moved.
///
/// # Contract
///
/// 1. `Ok(None)` means that the host does not know such a fact; the policy says what that means.
/// 2. An error means that it could not be had. A policy that needs it is unknown then, and the text of the error, and
///    of its sources, is shown to people and kept with the decision: no secrets in it.
/// 3. A fact says when it was read. It holds for 5 minutes from then unless it says until when.
/// 4. It comes back in reasonable time; the desk has no timer of its own.
/// 5. It does not panic. If it does, that unwinds through the desk to its caller, and nothing is committed.
///
/// # Cancellation
///
/// A future that is dropped has decided nothing.
///
/// # Examples
///
/// ```
/// use phasegate::facts::{About, Answer, FactFinder};
/// use phasegate::release::{Fact, Key};
/// use phasegate::{Desk, MemoryStore};
///
/// struct Monitoring;
///
/// impl FactFinder for Monitoring {
///     async fn find(&self, key: &Key, about: About<'_>) -> Answer {
///         match key.as_str() {
///             "error_budget_percent" => Ok(Some(Fact::new(40, about.now))),
///             "open_pages" => Err("the pager did not answer".into()),
///             _ => Ok(None),
///         }
///     }
/// }
///
/// let desk = Desk::new(MemoryStore::new()).with_facts(Monitoring);
/// ```
pub trait FactFinder: Send + Sync {
    /// Finds one fact.
    ///
    /// # Errors
    ///
    /// - it could not be had: why, in words for people
    fn find(&self, key: &Key, about: About<'_>) -> impl Future<Output = Answer> + Send;
}

macro_rules! delegate {
    ($($pointer:ty)*) => { $(
        impl<F: FactFinder + ?Sized> FactFinder for $pointer {
            fn find(&self, key: &Key, about: About<'_>) -> impl Future<Output = Answer> + Send {
                (**self).find(key, about)
            }
        }
    )* };
}

delegate!(&F Arc<F> Box<F>);

/// A fact that is being looked for.
pub(crate) type Search<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// The boxed twin of [`FactFinder`]; the suffix keeps calls unambiguous.
pub(crate) trait BoxedFinder: Send + Sync {
    fn find_boxed<'a>(&'a self, key: &'a Key, about: About<'a>) -> Search<'a>;
}

impl<F: FactFinder> BoxedFinder for F {
    fn find_boxed<'a>(&'a self, key: &'a Key, about: About<'a>) -> Search<'a> {
        Box::pin(self.find(key, about))
    }
}
