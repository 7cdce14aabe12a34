//! The words of the lifecycle: phases, steps and records as one table each, and the time they happen in.
//!
//! Seven phases carry a release: [`Request`], [`Plan`], [`Development`], [`Testing`], [`Deployment`], [`Review`],
//! [`Closure`]; [`Closed`] is where it ends. A phase is a type, so that a step which the lifecycle does not have does
//! not compile; [`PhaseName`], [`Action`] and [`RecordKind`] are the same words at run time.
//!
#![doc = include_str!("../../docs/lifecycle.md")]

mod diagram;
mod instant;
mod interval;
mod invalid;
mod table;
mod written;

pub use diagram::mermaid;
pub use instant::{Day, Instant, Seconds};
pub use interval::Interval;
pub use invalid::{Invalid, InvalidKind};
pub(crate) use invalid::{is_unseen, shown, visible};
pub(crate) use table::{records, steps};
pub(crate) use written::written_as_text;

use serde::{Deserialize, Serialize};
use std::{fmt, marker::PhantomData};

mod sealed {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot become a phase of the lifecycle",
        label = "not one of the phases",
        note = "the phases are the types in `phasegate::phase`; they cannot be added to"
    )]
    pub trait Sealed {}
}

/// Marks a type that says where a release stands.
///
/// Sealed: the phases are the lifecycle's, and new ones come only with a new major version.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a phase of the lifecycle",
    label = "not a phase",
    note = "the phases are the types in `phasegate::phase`; they cannot be added to"
)]
pub trait Phase: sealed::Sealed + Send + Sync + 'static {
    /// Where a release of this type stands.
    const STANDING: Standing;
}

/// Marks a phase in which a release can be put on hold.
#[diagnostic::on_unimplemented(
    message = "a release in `{Self}` cannot be on hold",
    label = "no hold here",
    note = "Request, Plan, Development and Testing can be put on hold"
)]
pub trait Holdable: Phase {}

/// Marks the hold of a phase, and names the phase under it.
pub trait Held: Phase {
    /// The phase to which `resume` returns.
    type Under: Holdable;
}

/// Marks the hold of phase `P`: nothing is left but `resume`, `cancel` and records.
#[derive(Debug)]
pub struct OnHold<P>(PhantomData<P>);

impl<P: Holdable> sealed::Sealed for OnHold<P> {}
impl<P: Holdable> Phase for OnHold<P> {
    const STANDING: Standing = Standing {
        phase: P::STANDING.phase,
        on_hold: true,
    };
}
impl<P: Holdable> Held for OnHold<P> {
    type Under = P;
}

/// Stands in for a phase that is known only at run time; legality is then checked when a step is decided.
#[derive(Debug)]
pub struct Anywhere(());

macro_rules! phases {
    ($($(#[$doc:meta])* $phase:ident $name:literal,)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $phase(());
            impl sealed::Sealed for $phase {}
            impl Phase for $phase {
                const STANDING: Standing = Standing { phase: PhaseName::$phase, on_hold: false };
            }
        )*

        /// Names a phase at run time.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(clippy::exhaustive_enums, reason = "a new phase is a new major version")]
        pub enum PhaseName { $($(#[$doc])* $phase,)* }

        impl PhaseName {
            /// All phases, in the order of the lifecycle.
            pub const ALL: &'static [Self] = &[$(Self::$phase),*];

            /// The phase's name as it is written in files: `"request"`, `"plan"` ...
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$phase => $name,)* }
            }
        }

        impl fmt::Display for PhaseName {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$phase => stringify!($phase),)* })
            }
        }
    };
}

phases! {
    /// Before the first commit: nothing of the release is stored yet.
    Start "start",
    /// The need is stated and assessed for value, cost and feasibility.
    Request "request",
    /// Scope, milestones, people, window, back-out plan and success criteria are agreed and baselined.
    Plan "plan",
    /// The components are designed and built: code, configuration, documentation.
    Development "development",
    /// The release package is tested, environment by environment.
    Testing "testing",
    /// The release package goes live.
    Deployment "deployment",
    /// Results are held against the success criteria; early life support runs.
    Review "review",
    /// Notes, documentation and configuration records are brought up to date.
    Closure "closure",
    /// The end: completed, backed out, rejected or cancelled. Only late facts are still taken.
    Closed "closed",
}

impl Holdable for Request {}
impl Holdable for Plan {}
impl Holdable for Development {}
impl Holdable for Testing {}

/// Says where a release stands: its phase, and whether it is on hold there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Standing {
    /// The phase.
    pub phase: PhaseName,
    /// Whether the release is on hold in that phase.
    pub on_hold: bool,
}

impl Standing {
    /// Every standing that the lifecycle knows.
    pub const ALL: &'static [Self] = &[
        Start::STANDING,
        Request::STANDING,
        OnHold::<Request>::STANDING,
        Plan::STANDING,
        OnHold::<Plan>::STANDING,
        Development::STANDING,
        OnHold::<Development>::STANDING,
        Testing::STANDING,
        OnHold::<Testing>::STANDING,
        Deployment::STANDING,
        Review::STANDING,
        Closure::STANDING,
        Closed::STANDING,
    ];

    /// The steps that leave here, in the order of the table.
    pub fn next(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .iter()
            .copied()
            .filter(move |action| action.leads(self).is_some())
    }

    /// The records that are taken here, in the order of the table.
    pub fn takes(self) -> impl Iterator<Item = RecordKind> {
        RecordKind::ALL
            .iter()
            .copied()
            .filter(move |kind| kind.is_taken_in(self))
    }

    const fn is(self, other: Self) -> bool {
        self.phase as u8 == other.phase as u8 && self.on_hold == other.on_hold
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.on_hold {
            write!(f, "{} (on hold)", self.phase)
        } else {
            self.phase.fmt(f)
        }
    }
}

/// Tells a step that needs a gate's clearance from one that only keeps the invariants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a step has a gate or it has none")]
pub enum Door {
    /// The step passes the invariants and every policy of its gates.
    Gated,
    /// The step passes the invariants; a gate holds it only where a release model attaches one.
    Open,
}

macro_rules! expand_steps {
    ($($step:ident $name:literal $can:ident $kind:literal $schema:literal $door:ident [$($from:ty),*] => $to:ty, $way:literal;)*) => {
        $(
            #[doc = concat!("Marks a phase that `", $name, "` leaves.")]
            #[diagnostic::on_unimplemented(
                message = "a release in `{Self}` has no such step",
                label = "not a step from here",
                note = $way,
                note = "loaded from a store? use `load_as` or match on `AnyRelease`"
            )]
            pub trait $can: Phase {
                /// Where the step leads.
                type To: Phase;
            }
            $(
                #[diagnostic::do_not_recommend]
                impl $can for $from {
                    type To = $to;
                }
            )*
        )*

        /// Names a step at run time: a move of a release between phases.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Action {
            $(
                #[doc = concat!("The step `", $name, "`.")]
                #[serde(rename = $name)]
                $step,
            )*
        }

        impl Action {
            /// All steps, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$step),*];

            /// The step's name as it is written in files and called in code: `"start_development"` ...
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$step => $name,)* }
            }

            /// The kind of the event that records the step.
            #[must_use]
            pub const fn event_kind(self) -> &'static str {
                match self { $(Self::$step => $kind,)* }
            }

            /// The schema in which this version of the crate writes that event's payload.
            #[must_use]
            pub const fn schema(self) -> u16 {
                match self { $(Self::$step => $schema,)* }
            }

            /// Whether the step needs a gate's clearance.
            #[must_use]
            pub const fn door(self) -> Door {
                match self { $(Self::$step => expand_steps!(@door $door),)* }
            }

            /// Where the step leads from `from`, if it leaves there at all.
            #[must_use]
            pub const fn leads(self, from: Standing) -> Option<Standing> {
                match self {
                    $(Self::$step => {
                        $(if from.is(<$from as Phase>::STANDING) {
                            return Some(<<$from as $can>::To as Phase>::STANDING);
                        })*
                        None
                    })*
                }
            }

            /// The way to the step, in words, as the compiler tells it.
            #[must_use]
            pub const fn way(self) -> &'static str {
                match self { $(Self::$step => $way,)* }
            }
        }
    };
    (@door gated) => { Door::Gated };
    (@door open) => { Door::Open };
}

steps!(expand_steps);

impl Action {
    /// The standings that the step leaves.
    pub fn from(self) -> impl Iterator<Item = Standing> {
        Standing::ALL
            .iter()
            .copied()
            .filter(move |&from| self.leads(from).is_some())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

macro_rules! expand_records {
    ($($record:ident $name:literal $kind:literal $schema:literal $order:ident [$($phase:ident),*];)*) => {
        /// Names a record at run time: a fact added within a phase.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum RecordKind {
            $(
                #[doc = concat!("Recorded by an event of kind `", $kind, "`.")]
                #[serde(rename = $name)]
                $record,
            )*
        }

        impl RecordKind {
            /// All records, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$record),*];

            /// The record's name as it is written in files: `"test_run"` ...
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$record => $name,)* }
            }

            /// The kind of the event that records it.
            #[must_use]
            pub const fn event_kind(self) -> &'static str {
                match self { $(Self::$record => $kind,)* }
            }

            /// The schema in which this version of the crate writes that event's payload.
            #[must_use]
            pub const fn schema(self) -> u16 {
                match self { $(Self::$record => $schema,)* }
            }

            /// Whether the record means the same whatever other records came just before it, so that a writer who
            /// lost a race may simply try it again.
            #[must_use]
            pub const fn commutes(self) -> bool {
                match self { $(Self::$record => expand_records!(@order $order),)* }
            }

            /// Whether a release that stands there takes the record; what a phase takes, its hold takes too.
            #[must_use]
            pub const fn is_taken_in(self, standing: Standing) -> bool {
                match self {
                    $(Self::$record => {
                        $(if standing.phase as u8 == PhaseName::$phase as u8 { return true; })*
                        false
                    })*
                }
            }
        }
    };
    (@order commuting) => { true };
    (@order ordered) => { false };
}

records!(expand_records);

impl RecordKind {
    /// The phases that take the record.
    pub fn phases(self) -> impl Iterator<Item = &'static PhaseName> {
        let taken = move |phase: &&PhaseName| {
            self.is_taken_in(Standing {
                phase: **phase,
                on_hold: false,
            })
        };
        PhaseName::ALL.iter().filter(taken)
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shortest way from Request to `to` over steps that are neither for emergencies nor sideways.
    fn way_to(to: Standing) -> Option<Vec<Action>> {
        let mut ways = vec![(Request::STANDING, Vec::new())];
        let mut at = 0;
        while at < ways.len() {
            let (standing, way) = ways[at].clone();
            if standing == to {
                return Some(way);
            }
            for action in standing.next().filter(|&action| action != Action::Expedite) {
                let next = action.leads(standing).unwrap();
                if !ways.iter().any(|(seen, _)| *seen == next) {
                    ways.push((next, [way.clone(), vec![action]].concat()));
                }
            }
            at += 1;
        }
        None
    }

    #[test]
    fn every_way_that_the_compiler_tells_is_the_shortest_one() {
        let mut told = 0;
        for action in Action::ALL {
            let Some((_, way)) = action.way().split_once("; from Request: ") else {
                continue;
            };
            let way = way.split_once("; on hold").unwrap().0;
            let first = action
                .from()
                .filter_map(way_to)
                .min_by_key(Vec::len)
                .unwrap();
            let shortest: Vec<_> = first
                .iter()
                .map(|a| a.name())
                .chain([action.name()])
                .collect();
            assert_eq!(way, shortest.join(", "), "{action}");
            told += 1;
        }
        assert_eq!(told, 12);
    }

    #[test]
    fn every_phase_that_the_compiler_names_is_one_that_the_step_leaves() {
        for action in Action::ALL {
            let Some((_, left)) = action.way().split_once(" leaves ") else {
                continue;
            };
            let left = left.split(';').next().unwrap();
            for phase in PhaseName::ALL {
                let standing = Standing {
                    phase: *phase,
                    on_hold: false,
                };
                if *action != Action::Cancel {
                    assert_eq!(
                        left.contains(&phase.to_string()),
                        action.leads(standing).is_some(),
                        "{action}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_action_and_its_file_name_are_one_word() {
        for action in Action::ALL {
            assert_eq!(
                serde_json::to_string(action).unwrap(),
                format!("\"{action}\"")
            );
        }
        for kind in RecordKind::ALL {
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
        }
    }
}
