//! What answers are about, worked out once for each situation that differs in it.

use super::moves::{Move, Tell};
use crate::gate::GateSet;
use crate::release::{Actor, AnyStep, Digest, Key, ReleasePackage, State, Subject, Track};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All that a subject is made of, but for the gates, which do not change: the step, the package, the overrides, who asked,
/// the request, the plan, and the track, which says which gates hold.
type About = (
    usize,
    Option<Digest>,
    Vec<(Key, bool)>,
    Option<Actor>,
    Option<Digest>,
    Option<Digest>,
    Track,
);

/// What several threads look things up in. A thread that panicked has left it whole.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The subjects of the steps that people answer for.
pub(super) struct Subjects {
    /// Each step that somebody may answer for, with what it is asked with.
    pub(super) steps: Vec<AnyStep>,
    known: Mutex<HashMap<About, Subject>>,
}

impl Subjects {
    pub(super) fn of(moves: &[Move]) -> Self {
        let mut steps: Vec<AnyStep> = Vec::new();
        for one in moves {
            if let Tell::Answer { step, .. } = &one.tell
                && !steps.contains(step)
            {
                steps.push(step.clone());
            }
        }
        Self {
            steps,
            known: Mutex::default(),
        }
    }

    /// What an answer to this step would be about, if that package were there.
    pub(super) fn with_package(
        &self,
        gates: &GateSet,
        state: &State,
        step: &AnyStep,
        package: Option<&Arc<ReleasePackage>>,
    ) -> Subject {
        let Some(place) = self.steps.iter().position(|one| one == step) else {
            return gates.subject_of(state, step);
        };
        let overrides = state.overrides.iter();
        let about = (
            place,
            package.map(|package| package.digest()),
            overrides
                .map(|(id, one)| (id.clone(), one.is_used))
                .collect(),
            state.requested_by.clone(),
            state.request.as_ref().map(crate::release::Digested::digest),
            state.plan.as_ref().map(crate::release::Digested::digest),
            state.track,
        );
        if let Some(subject) = locked(&self.known).get(&about) {
            return *subject;
        }
        let mut then = state.clone();
        then.package = package.cloned();
        let subject = gates.subject_of(&then, step);
        locked(&self.known).insert(about, subject);
        subject
    }
}
