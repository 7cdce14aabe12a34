//! A release whose phase is known only at run time.

use super::proposal::{Asked, Proposal};
use super::record::{AnyRecord, Record, Recording};
use super::shell::{Core, Release};
use super::steps::AnyStep;
use crate::phase::{
    Anywhere, Closed, Closure, Deployment, Development, Instant, OnHold, Phase, PhaseName, Plan,
    Request, Review, Standing, Testing,
};
use std::any::TypeId;

macro_rules! any_release {
    ($($phase:ident)* ; $($held:ident)*) => {
        /// A release as it comes out of a store: match on it to get its phase back into the type.
        #[derive(Debug)]
        #[expect(clippy::exhaustive_enums, reason = "a new phase is a new major version, and a match shall be total")]
        pub enum AnyRelease {
            $(
                #[doc = concat!("A release in [`", stringify!($phase), "`].")]
                $phase(Release<$phase>),
            )*
            /// A release on hold.
            OnHold(HeldRelease),
        }

        /// A release on hold, by the phase under the hold.
        #[derive(Debug)]
        #[expect(clippy::exhaustive_enums, reason = "a new phase is a new major version, and a match shall be total")]
        pub enum HeldRelease {
            $(
                #[doc = concat!("On hold in [`", stringify!($held), "`].")]
                $held(Release<OnHold<$held>>),
            )*
        }

        impl AnyRelease {
            pub(crate) fn of(core: Core) -> Self {
                let Standing { phase, on_hold, .. } = core.state.standing;
                match phase {
                    $(PhaseName::$held if on_hold => Self::OnHold(HeldRelease::$held(Release::of(core))),)*
                    $(PhaseName::$phase => Self::$phase(Release::of(core)),)*
                    // No event leaves a release before its first one.
                    PhaseName::Start => Self::Request(Release::of(core)),
                }
            }

            /// The release, whatever its phase: legality is then checked when a step is decided.
            pub fn anywhere(self) -> Release<Anywhere> {
                match self {
                    $(Self::$phase(release) => release.anywhere(),)*
                    $(Self::OnHold(HeldRelease::$held(release)) => release.anywhere(),)*
                }
            }

            /// The release, whatever its phase, to look at.
            fn core(&self) -> &Core {
                match self {
                    $(Self::$phase(release) => release.core(),)*
                    $(Self::OnHold(HeldRelease::$held(release)) => release.core(),)*
                }
            }
        }

        $(impl From<Release<$phase>> for AnyRelease {
            fn from(release: Release<$phase>) -> Self {
                Self::$phase(release)
            }
        })*
        $(impl From<Release<OnHold<$held>>> for AnyRelease {
            fn from(release: Release<OnHold<$held>>) -> Self {
                Self::OnHold(HeldRelease::$held(release))
            }
        })*
    };
}

any_release!(Request Plan Development Testing Deployment Review Closure Closed ; Request Plan Development Testing);

impl From<Release<Anywhere>> for AnyRelease {
    fn from(release: Release<Anywhere>) -> Self {
        Self::of(release.into_core())
    }
}

impl AnyRelease {
    /// Where the release stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.core().state.standing
    }

    /// What is due of it at that instant, what starts and ends, which steps there are: [`Release::due`].
    #[must_use]
    pub fn due(&self, now: Instant) -> super::due::Due {
        self.core().due(now)
    }

    /// The release as one shows and sends it.
    #[must_use]
    pub fn view(&self) -> super::view::ReleaseView {
        self.core().view()
    }

    /// Asks for a step that is known only at run time; what does not fit is refused when it is decided.
    pub fn propose(self, step: impl Into<AnyStep>) -> Proposal<AnyStep, Anywhere> {
        self.anywhere().propose(step)
    }

    /// The release in phase `P`, if it stands there.
    ///
    /// # Errors
    ///
    /// The release itself, as it was, if it stands somewhere else.
    pub fn in_phase<P: Phase>(self) -> Result<Release<P>, Self> {
        if self.standing() == P::STANDING
            && TypeId::of::<P>() != TypeId::of::<crate::phase::Start>()
        {
            Ok(self.anywhere().become_phase())
        } else {
            Err(self)
        }
    }
}

impl Release<Anywhere> {
    /// Asks for a step that is known only at run time; what does not fit is refused when it is decided.
    pub fn propose(self, step: impl Into<AnyStep>) -> Proposal<AnyStep, Anywhere> {
        Proposal::new(self, Asked::Step(step.into()))
    }
}

impl<P> Release<P> {
    pub(crate) fn recording<R: Record>(self, record: R) -> Proposal<Recording<R>, P> {
        let record: AnyRecord = record.into();
        Proposal::new(self, Asked::Record(record))
    }
}
