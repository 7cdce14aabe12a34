//! The steps with what each of them needs, and the same as one value for what is known only at run time.

use super::decision::Decision;
use super::happens::{Happens, Occasion, Reasons};
use super::package::ReleasePackage;
use super::request::{Assessment, ReleaseRequest};
use super::review::{ClosureRecord, Ending, ReviewOutcome};
use super::state::State;
use super::text::Text;
use super::words::plain;
use crate::phase::{self, Action, Anywhere, Instant, Interval, Seconds, steps};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;

plain! {
    /// A release begins.
    pub struct RequestRelease {
        /// What is asked for.
        request: ReleaseRequest,
    }

    /// A change is found that nobody had authorised; it enters Review with a debt.
    pub struct FindUnauthorised {
        /// What it is, as far as that can be told.
        request: ReleaseRequest,
        /// What was found to be live.
        package: ReleasePackage,
        /// Since when it is live, as far as that can be told.
        live_since: Instant,
        /// How long, from then, incidents count against it.
        early_life_support: Seconds,
    }

    /// The request is assessed and authorised.
    pub struct Authorise {
        /// The assessment on which it is authorised.
        assessment: Assessment,
    }

    /// The request is turned down.
    pub struct Reject {
        /// Why; not empty.
        reason: Text,
    }

    /// Building begins.
    #[derive(Default)]
    pub struct StartDevelopment {}

    /// What was built is handed over to testing.
    pub struct StartTesting {
        /// What was built.
        package: ReleasePackage,
    }

    /// Testing sends the release back to be built again.
    pub struct Rework {
        /// Why; not empty.
        reason: Text,
    }

    /// The release goes back to be planned again.
    pub struct Replan {
        /// Why; not empty.
        reason: Text,
    }

    /// The tested package goes live.
    pub struct Deploy {
        /// When.
        window: Interval,
    }

    /// A package goes live at once; what was left out is owed.
    pub struct Expedite {
        /// What goes live.
        package: ReleasePackage,
        /// How long after going live incidents count against it.
        early_life_support: Seconds,
        /// Why it cannot wait; not empty.
        reason: Text,
    }

    /// All attempts are over and the package is live.
    #[derive(Default)]
    pub struct FinishDeployment {}

    /// The deployment is undone.
    #[doc(alias = "rollback")]
    pub struct BackOut {
        /// Why; not empty.
        reason: Text,
    }

    /// The release is judged.
    pub struct CompleteReview {
        /// How it turned out.
        outcome: ReviewOutcome,
    }

    /// The release ends.
    pub struct Close {
        /// What is to be remembered.
        record: ClosureRecord,
    }

    /// The release is given up before it is live.
    pub struct Cancel {
        /// Why; not empty.
        reason: Text,
    }

    /// The release waits; nothing but `resume`, `cancel` and records is left.
    pub struct Hold {
        /// Why; not empty.
        reason: Text,
    }

    /// The release goes on where it was put on hold.
    #[derive(Default)]
    pub struct Resume {}
}

mod sealed {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot become a step of the lifecycle",
        label = "not one of the steps",
        note = "the steps are the types in `phasegate::release::step`; they cannot be added to"
    )]
    pub trait Sealed {}
}

/// A step with what it needs: one of the types of this crate, or [`AnyStep`].
///
/// Sealed: the steps are the lifecycle's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a step of the lifecycle",
    note = "the steps are the types in `phasegate::release::step`; they cannot be added to"
)]
pub trait Step: Into<AnyStep> + sealed::Sealed {}

/// Leads a release of this standing by that step to the standing `To`.
#[diagnostic::on_unimplemented(
    message = "`{S}` does not leave `{Self}`",
    note = "`phasegate::phase` shows which steps leave which phase"
)]
pub trait Moves<S> {
    /// Where it leads.
    type To;

    /// Whether the release keeps its type: a record, or a step that is known only at run time.
    #[doc(hidden)]
    const STAYS: bool = false;
}

impl sealed::Sealed for AnyStep {}
impl Step for AnyStep {}
impl Moves<AnyStep> for Anywhere {
    type To = Anywhere;
    const STAYS: bool = true;
}

macro_rules! expand {
    ($($step:ident $name:literal $can:ident $kind:literal $schema:literal $door:ident
        [$($from:ty),*] => $to:ty, $way:literal;)*) => {
        /// A step that is known only at run time. Written as the step's name and what it needs.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum AnyStep {
            $(
                #[doc = concat!("The step `", $name, "`.")]
                #[serde(rename = $name)]
                $step(Arc<$step>),
            )*
        }

        impl AnyStep {
            /// Which step it is.
            #[must_use]
            pub const fn action(&self) -> Action {
                match self { $(Self::$step(_) => Action::$step,)* }
            }

            pub(crate) fn admits(&self, state: &State, on: Occasion<'_>, reasons: &mut Reasons) {
                match self { $(Self::$step(step) => step.admits(state, on, reasons),)* }
            }

            /// How the release ends by it; nothing if it does not.
            pub(crate) fn ending(&self, state: &State) -> Option<Ending> {
                match self { $(Self::$step(step) => step.ending(state),)* }
            }

            pub(crate) fn apply(self, state: &mut State, on: Occasion<'_>) {
                match self { $(Self::$step(step) => step.apply(state, on),)* }
            }
        }

        $(
            impl sealed::Sealed for $step {}
            impl Step for $step {}
            impl From<$step> for AnyStep {
                fn from(step: $step) -> Self {
                    Self::$step(Arc::new(step))
                }
            }
            #[diagnostic::do_not_recommend]
            impl<P: phase::$can> Moves<$step> for P {
                type To = P::To;
            }
        )*

        /// Reads and writes what the event of a step keeps.
        impl StepTaken {
            pub(crate) fn encode(&self) -> serde_json::Result<Box<RawValue>> {
                match &self.step {
                    $(AnyStep::$step(step) => to_raw_value(&Kept { step: step.as_ref(), decision: &self.decision }),)*
                }
            }

            pub(crate) fn decode(action: Action, data: &str) -> serde_json::Result<Self> {
                match action {
                    $(Action::$step => {
                        let Taken { step, decision } = serde_json::from_str(data)?;
                        Ok(Self { step: AnyStep::$step(step), decision })
                    })*
                }
            }
        }
    };
}

impl AnyStep {
    /// What is asked for where a release begins with this step.
    pub(crate) fn request(&self) -> Option<&ReleaseRequest> {
        if let Self::RequestRelease(step) = self {
            Some(&step.request)
        } else if let Self::FindUnauthorised(step) = self {
            Some(&step.request)
        } else {
            None
        }
    }

    /// The deployment window that it is asked with, if it has one.
    pub(crate) fn window(&self) -> Option<Interval> {
        if let Self::Deploy(step) = self {
            Some(step.window)
        } else {
            None
        }
    }
}

impl StepTaken {
    /// Whether a payload has room for it, said without writing it: a step of few words, cleared without a reason by a
    /// decision that rests on hardly anything. At their longest, all that is allowed here takes half of a payload.
    pub(crate) fn is_surely_small(&self) -> bool {
        let has_few_words = matches!(
            self.step,
            AnyStep::StartDevelopment(_)
                | AnyStep::Rework(_)
                | AnyStep::Replan(_)
                | AnyStep::Deploy(_)
                | AnyStep::FinishDeployment(_)
                | AnyStep::BackOut(_)
                | AnyStep::Hold(_)
                | AnyStep::Resume(_)
        );
        has_few_words && self.decision.is_surely_small()
    }
}

#[derive(Serialize)]
struct Kept<'a, S> {
    step: &'a S,
    decision: &'a Decision,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken<S> {
    step: Arc<S>,
    decision: Arc<Decision>,
}

/// A step that was taken, and the decision that cleared it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StepTaken {
    /// The step.
    pub step: AnyStep,
    /// The decision.
    pub decision: Arc<Decision>,
}

steps!(expand);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::Instant;
    use crate::release::limits::{KEY_CHARS, PAYLOAD_BYTES, TEXT_CHARS};
    use crate::release::{
        Asking, By, Digest, Enforcement, Fact, Finding, GateId, Judgement, Key, Person, Verdict,
    };

    #[test]
    fn what_is_surely_small_is_small_at_its_longest() {
        let longest = |chars| "\u{1d11e}".repeat(chars);
        let key = |number: u32| Key::new(format!("{number:03}{}", longest(KEY_CHARS - 3))).unwrap();
        let by = By::new(Person::new(longest(KEY_CHARS)).unwrap());
        let asked = Asking::Step(Action::Rework);
        let mut decision = Decision::begun(asked, &by, Instant::EPOCH);
        decision.gates = vec![
            GateId {
                name: key(0),
                version: u32::MAX,
                digest: Digest::ZERO,
            };
            50
        ];
        let until = Some(Instant::EPOCH);
        let finding = Finding {
            gate: key(0),
            enforcement: Enforcement::Shadow,
            judgement: Judgement::single(key(1), u32::MAX, Verdict::Satisfied { until }),
            overridable_by: std::collections::BTreeSet::new(),
        };
        decision.findings = vec![finding.clone(); 100];
        let text = Text::new(longest(TEXT_CHARS)).unwrap();
        let fact = Fact::new(text.as_str(), Instant::EPOCH);
        decision.facts = [(key(0), fact.clone()), (key(1), fact)].into();
        let step = AnyStep::from(Rework { reason: text });
        let mut taken = StepTaken {
            step,
            decision: Arc::new(decision),
        };
        assert!(taken.is_surely_small());
        let written = serde_json::to_string(&taken.step).unwrap().len()
            + serde_json::to_string(&taken.decision).unwrap().len();
        assert!(written < PAYLOAD_BYTES, "{written} bytes");
        Arc::make_mut(&mut taken.decision).findings.push(finding);
        assert!(!taken.is_surely_small());
    }
}
