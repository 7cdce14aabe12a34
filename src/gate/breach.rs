//! What no policy may do, and what is told of one that did: the one list of it.

use crate::release::{Reason, Verdict};

macro_rules! breaches {
    ($($(#[$doc:meta])* $breach:ident $code:literal $remedy:expr;)*) => {
        /// A breach of the contract of policies. It refuses, whatever was asked, and no answer of that policy counts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Breach {
            $($(#[$doc])* $breach,)*
        }

        impl Breach {
            #[cfg(feature = "verify")]
            const ALL: &'static [Self] = &[$(Self::$breach),*];

            const fn code(self) -> &'static str {
                match self {
                    $(Self::$breach => $code,)*
                }
            }

            const fn remedy(self) -> &'static str {
                match self {
                    $(Self::$breach => $remedy,)*
                }
            }
        }
    };
}

const FIX: &str = "fix the policy; nothing clears until then";

breaches! {
    /// It panicked.
    Panicked "panicked" FIX;
    /// It answered the same question in two ways.
    NotDeterministic "not-deterministic" FIX;
    /// It neither clears nor says why not.
    NoVerdict "no-verdict" FIX;
    /// What it clears had ended before it was asked.
    ClearsUntilBefore "clears-until-before" FIX;
    /// Its parameters cannot be written down.
    Unwritable "unwritable" FIX;
    /// It is called as a policy of the crate's own.
    NameTaken "name-taken" FIX;
    /// Rules are nested too deep.
    NestedTooDeep "nested-too-deep" FIX;
    /// It reads what a release has not got before that step.
    CannotRead "cannot-read" "attach it to a step before which the release has it";
    /// A combination was asked as a policy is.
    NotAPolicy "not-a-policy" FIX;
}

impl Breach {
    /// The verdict on the policy that did it.
    pub(super) fn told(self, message: String) -> Verdict {
        Verdict::Failed {
            reasons: vec![Reason::new(self.code(), message, self.remedy())],
        }
    }
}

#[cfg(feature = "verify")]
pub(crate) use found::breaches;

#[cfg(feature = "verify")]
mod found {
    use super::Breach;
    use crate::release::{Decision, Finding, Key, Reason, Verdict};

    /// The policies that broke their contract in this decision, whatever their enforcement: where, who, and what they did.
    pub(crate) fn breaches(decision: &Decision) -> impl Iterator<Item = (&Finding, &Key, &Reason)> {
        decision.findings.iter().flat_map(|finding| {
            let policies = finding.judgement.policies();
            policies.flat_map(move |judged| {
                let reasons = match &judged.verdict {
                    Verdict::Failed { reasons } => reasons.as_slice(),
                    Verdict::Satisfied { .. }
                    | Verdict::Violated { .. }
                    | Verdict::Unknown { .. }
                    | Verdict::Excepted { .. } => &[],
                };
                let broken = reasons.iter().filter(|reason| is_breach(reason));
                broken.map(move |reason| (finding, &judged.policy, reason))
            })
        })
    }

    fn is_breach(reason: &Reason) -> bool {
        let mut all = Breach::ALL.iter();
        all.any(|breach| breach.code() == reason.code.as_str())
    }
}

#[cfg(all(test, feature = "verify"))]
mod tests {
    use super::{Breach, breaches};
    use crate::phase::{Action, Instant};
    use crate::release::{Asking, By, Decision, Enforcement, Finding, Judgement, Key, Person};
    use std::collections::BTreeSet;

    #[test]
    fn every_breach_is_found_whatever_its_enforcement() {
        let mut codes = BTreeSet::new();
        for breach in Breach::ALL {
            for enforcement in [Enforcement::Block, Enforcement::Warn, Enforcement::Shadow] {
                let now = Instant::from_unix_micros(0).unwrap();
                let by = By::new(Person::new("kim").unwrap());
                let mut decision = Decision::begun(Asking::Step(Action::Deploy), &by, now);
                let told = breach.told("it did".to_owned());
                decision.findings.push(Finding {
                    gate: Key::own("go"),
                    enforcement,
                    judgement: Judgement::single(Key::own("own"), 1, told),
                    overridable_by: BTreeSet::new(),
                });
                let found: Vec<_> = breaches(&decision).collect();
                assert_eq!(found.len(), 1, "{breach:?}");
                codes.insert(found[0].2.code.to_string());
            }
        }
        assert_eq!(codes.len(), Breach::ALL.len());
    }
}
