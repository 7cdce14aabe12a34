//! One question to a gate set, and what has to be answered.

use super::{Ruling, Variation};
use crate::gate::GateSet;
use crate::release::Decision;
use crate::verify::Question;
use std::{fmt, sync::Arc};

/// A question under a name, with what has to be answered.
///
/// Coverage, mutation and what else says how good tests are look at these. A test that says less than a [`Ruling`]
/// can be one too: what it says is a function of the decision.
#[derive(Clone)]
pub struct Check {
    name: String,
    question: Question,
    expected: Expected,
}

#[derive(Clone)]
enum Expected {
    Ruling(Ruling),
    That(Arc<dyn Fn(&Decision) -> bool + Send + Sync>),
}

impl Check {
    /// This has to be answered, with exactly these reasons.
    #[must_use]
    pub fn new(name: impl Into<String>, question: Question, ruling: Ruling) -> Self {
        Self {
            name: name.into(),
            question,
            expected: Expected::Ruling(ruling),
        }
    }

    /// What is answered has to be so.
    #[must_use]
    pub fn that(
        name: impl Into<String>,
        question: Question,
        passes: impl Fn(&Decision) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            question,
            expected: Expected::That(Arc::new(passes)),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its question.
    #[must_use]
    pub const fn question(&self) -> &Question {
        &self.question
    }

    /// Whether that decision is what has to be answered.
    #[must_use]
    pub fn accepts(&self, decision: &Decision) -> bool {
        match &self.expected {
            Expected::Ruling(ruling) => *ruling == Ruling::of(decision),
            Expected::That(passes) => passes(decision),
        }
    }

    /// Whether these gates answer as they have to.
    #[must_use]
    pub fn passes(&self, gates: &GateSet) -> bool {
        self.accepts(&self.question.ask(gates))
    }

    /// The question of the same case, but for this; nothing where the lifecycle does not let it come to that.
    #[must_use]
    pub fn but(&self, variations: &[Variation]) -> Option<Question> {
        super::variation::varied(&self.question, variations)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut check = f.debug_struct("Check");
        check.field("name", &self.name);
        if let Expected::Ruling(ruling) = &self.expected {
            check.field("ruling", ruling);
        }
        check.finish_non_exhaustive()
    }
}
