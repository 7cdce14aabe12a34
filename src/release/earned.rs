//! What a phase has for certain, because the way there needs it.

use super::package::ReleasePackage;
use super::plan::ReleasePlan;
use super::request::{Assessment, ReleaseRequest};
use super::review::ReviewOutcome;
use super::state::{Debt, Entry, State};
use super::testing::TestReport;
use crate::phase::{self, Holdable, OnHold, Phase, PhaseName};

mod sealed {
    pub trait Sealed {}
}

#[rustfmt::skip] // It indents the attribute further each time.
macro_rules! has {
    ($earned:literal) => {
        /// Marks a phase in which every release has a `T`, whichever way it came.
        #[diagnostic::on_unimplemented(
            message = "a release in `{Self}` need not have a `{T}`",
            label = "not earned here",
            note = $earned,
            note = "`Release::view` shows what this release has, as options"
        )]
        pub trait Has<T: Earned + ?Sized>: Phase {}

        #[cfg(test)]
        const TOLD: &str = $earned;
    };
}

has!(
    "for certain: `Assessment` in Plan, Development, Testing; `ReleasePlan` in Development, Testing; \
     `ReleasePackage` in Testing, Deployment, Review, Closure; `TestReport` in Testing; \
     `Route` in Deployment, Review, Closure; `ReviewOutcome` in Closure"
);

/// Something that a release earns on its way.
pub trait Earned: sealed::Sealed {
    /// What reading it gives.
    type Of<'a>;
    /// The phases in which every release has it.
    const PHASES: &'static [PhaseName];
    #[doc(hidden)]
    fn of<'a>(state: &'a StateRef<'a>) -> Option<Self::Of<'a>>;
}

/// The state, for [`Earned`] alone.
#[doc(hidden)]
#[derive(Debug)]
pub struct StateRef<'a>(pub(crate) &'a State);

/// How a release came to be deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route<'a> {
    /// The usual way: planned and tested.
    Gated {
        /// The plan that was agreed when the deployment began.
        plan: &'a ReleasePlan,
        /// The tests of the very package that went live.
        test_report: &'a TestReport,
    },
    /// In an emergency.
    Expedited {
        /// What is owed for it.
        debt: &'a Debt,
    },
    /// Without anybody's authorisation; found afterwards.
    Unauthorised {
        /// What is owed for it.
        debt: &'a Debt,
    },
}

macro_rules! earned {
    ($($(#[$doc:meta])* $type:ty => $of:ty, $read:expr, [$($phase:ident),*];)*) => { $(
        impl sealed::Sealed for $type {}
        impl Earned for $type {
            type Of<'a> = $of;
            const PHASES: &'static [PhaseName] = &[$(PhaseName::$phase),*];
            fn of<'a>(state: &'a StateRef<'a>) -> Option<Self::Of<'a>> {
                let read: fn(&'a State) -> Option<$of> = $read;
                read(state.0)
            }
        }
        $(
            #[diagnostic::do_not_recommend]
            impl Has<$type> for phase::$phase {}
        )*
    )* };
}

earned! {
    ReleaseRequest => &'a ReleaseRequest, State::request,
        [Request, Plan, Development, Testing, Deployment, Review, Closure, Closed];
    Assessment => &'a Assessment, State::assessment, [Plan, Development, Testing];
    ReleasePlan => &'a ReleasePlan, |state| state.agreed_plan().map(AsRef::as_ref), [Development, Testing];
    ReleasePackage => &'a ReleasePackage, |state| state.package.as_deref(), [Testing, Deployment, Review, Closure];
    TestReport => &'a TestReport, |state| state.test_report.as_ref(), [Testing];
    Route<'static> => Route<'a>, route, [Deployment, Review, Closure];
    ReviewOutcome => ReviewOutcome, |state| state.outcome, [Closure];
}

impl sealed::Sealed for () {}

/// Nothing, which every release has.
impl Earned for () {
    type Of<'a> = ();
    const PHASES: &'static [PhaseName] = PhaseName::ALL;
    fn of<'a>(_: &'a StateRef<'a>) -> Option<()> {
        Some(())
    }
}

impl<P: Phase> Has<()> for P {}

pub(crate) fn route(state: &State) -> Option<Route<'_>> {
    Some(match state.entry.as_ref()? {
        Entry::Gated(plan, test_report) => Route::Gated { plan, test_report },
        Entry::Expedited(debt) => Route::Expedited {
            debt: state.debts.get(*debt)?,
        },
        Entry::Unauthorised(debt) => Route::Unauthorised {
            debt: state.debts.get(*debt)?,
        },
    })
}

/// The tests of the current package, whether it is still in Testing or on its way since.
pub(crate) fn route_report(state: &State) -> Option<&TestReport> {
    match (&state.test_report, &state.entry) {
        (Some(report), _) | (None, Some(Entry::Gated(_, report))) => Some(report),
        (None, Some(Entry::Expedited(_) | Entry::Unauthorised(_)) | None) => None,
    }
}

macro_rules! held {
    ($($type:ty)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<P: Holdable + Has<$type>> Has<$type> for OnHold<P> {}
    )* };
}

held!(ReleaseRequest Assessment ReleasePlan ReleasePackage TestReport);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_tells_of_earned_data_is_where_it_is_earned() {
        let in_phases = |name: &str, phases: &[PhaseName]| {
            let phases: Vec<_> = phases.iter().map(ToString::to_string).collect();
            format!("`{name}` in {}", phases.join(", "))
        };
        let earned = [
            in_phases("Assessment", Assessment::PHASES),
            in_phases("ReleasePlan", ReleasePlan::PHASES),
            in_phases("ReleasePackage", ReleasePackage::PHASES),
            in_phases("TestReport", TestReport::PHASES),
            in_phases("Route", Route::PHASES),
            in_phases("ReviewOutcome", ReviewOutcome::PHASES),
        ];
        assert_eq!(TOLD, format!("for certain: {}", earned.join("; ")));
    }
}
