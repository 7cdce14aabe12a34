//! Combinations by types: each part is checked against the step, as a policy on its own is.

use super::condition::Condition;
use super::policy::{Offers, Policy};
use super::rule::{AtLeast, Conditional, Rule};
use crate::phase::Invalid;
use std::{fmt, marker::PhantomData};

mod sealed {
    /// What nobody else can name: with it, only this crate says which rule something is.
    #[derive(Debug, Clone, Copy)]
    pub struct Own;
}

pub(super) use sealed::Own;

/// What a gate on step `S` may require: a policy that the step offers what it reads, or a combination of such.
#[diagnostic::on_unimplemented(
    message = "a gate on `{S}` cannot require `{Self}`",
    note = "before that step, a release need not have what the policy reads: \
            attach it to a later step, or let it read less",
    note = "what is no `Policy` has to implement it first; `all`, `any`, `not` and the like combine policies"
)]
pub trait RuleOn<S> {
    /// The rule as a value. Sealed: a rule of the host's own is a [`Policy`], which is judged whatever it says.
    #[doc(hidden)]
    fn into_rule(self, own: Own) -> Rule;
}

#[diagnostic::do_not_recommend]
impl<S: Offers<P::Reads>, P: Policy> RuleOn<S> for P {
    fn into_rule(self, _: Own) -> Rule {
        Rule::of(self)
    }
}

/// A combination of policies, for a gate on step `S`.
#[must_use = "a gate has to require it"]
pub struct Combined<S> {
    rule: Rule,
    step: PhantomData<fn() -> S>,
}

impl<S> Combined<S> {
    /// One that is nested too deep is kept from growing: it fails.
    fn new(rule: Rule) -> Self {
        Self {
            rule: rule.within_depth(),
            step: PhantomData,
        }
    }
}

impl<S> RuleOn<S> for Combined<S> {
    fn into_rule(self, _: Own) -> Rule {
        self.rule
    }
}

impl<S> fmt::Debug for Combined<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}

/// Some rules for a gate on step `S`: a tuple of up to eight, or an array of one kind.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of rules for a gate on `{S}`",
    note = "a list is a tuple of 1 to 8 policies or combinations, or an array; \
            one of them may read what the step does not offer"
)]
pub trait RulesOn<S> {
    /// The rules as values.
    #[doc(hidden)]
    fn into_rules(self, own: Own) -> Vec<Rule>;
}

impl<S, R: RuleOn<S>, const N: usize> RulesOn<S> for [R; N] {
    fn into_rules(self, own: Own) -> Vec<Rule> {
        const {
            assert!(N > 0, "a combination of nothing says nothing");
        }
        self.map(|rule| rule.into_rule(own)).into()
    }
}

macro_rules! tuple {
    ($($rule:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<S, $($rule: RuleOn<S>),*> RulesOn<S> for ($($rule,)*) {
            #[expect(non_snake_case, reason = "a part is named as its type")]
            fn into_rules(self, own: Own) -> Vec<Rule> {
                let ($($rule,)*) = self;
                vec![$($rule.into_rule(own)),*]
            }
        }
    };
}

tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);

/// Every one of them has to clear.
pub fn all<S>(rules: impl RulesOn<S>) -> Combined<S> {
    Combined::new(Rule::All(rules.into_rules(Own)))
}

/// One of them has to clear.
///
/// # Examples
///
/// ```
/// use phasegate::Gate;
/// use phasegate::gate::{EvidencePolicy, Percent, any};
/// use phasegate::release::{TestKind, step::Deploy};
///
/// let tested = |kind| EvidencePolicy::new([(kind, Percent::new(100).unwrap())]);
/// let gate = Gate::<Deploy>::new("production", 1)?
///     .require(any([tested(TestKind::Acceptance), tested(TestKind::Performance)]));
/// # Ok::<(), phasegate::phase::Invalid>(())
/// ```
pub fn any<S>(rules: impl RulesOn<S>) -> Combined<S> {
    Combined::new(Rule::Any(rules.into_rules(Own)))
}

/// This many of them have to clear.
///
/// # Errors
///
/// - out of range: not 1 to the number of rules
pub fn at_least<S>(count: usize, rules: impl RulesOn<S>) -> Result<Combined<S>, Invalid> {
    AtLeast::new(count, rules.into_rules(Own)).map(|rule| Combined::new(Rule::AtLeast(rule)))
}

/// It must not clear. If the policy fails or is unknown, so is its negation.
pub fn not<S>(rule: impl RuleOn<S>) -> Combined<S> {
    Combined::new(Rule::Not(Box::new(rule.into_rule(Own))))
}

/// It has to clear for the releases that the condition describes; for others it is not judged, and blocks nobody.
pub fn when<S>(condition: Condition, rule: impl RuleOn<S>) -> Combined<S> {
    Combined::new(Rule::When(Box::new(Conditional {
        condition,
        rule: rule.into_rule(Own),
    })))
}

/// It has to clear, but for the releases that the condition describes: for them it is not judged.
pub fn unless<S>(condition: Condition, rule: impl RuleOn<S>) -> Combined<S> {
    Combined::new(Rule::Unless(Box::new(Conditional {
        condition,
        rule: rule.into_rule(Own),
    })))
}
