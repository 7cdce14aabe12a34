//! Windows of every kind: once, without end, and again in a zone.

use super::hours;
use crate::phase::{Instant, Interval, Seconds};
use crate::release::{Bounded, Effect, Key, RunningWork, Service, Track};
use crate::schedule::{Scope, Timing, WhileClosed, Window};
use crate::testing::own;
use crate::testing::scene::noon;
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::select;
use std::collections::BTreeSet;
/// A window that has no id yet.
#[derive(Debug, Clone)]
pub(super) struct Unnamed {
    is_freeze: bool,
    timing: Timing,
    scope: Scope,
    closed: WhileClosed,
}

impl Unnamed {
    pub(super) fn called(self, id: Key) -> Window {
        let window = if self.is_freeze {
            Window::freeze(id, self.timing, self.closed)
        } else {
            Window::allow(id, self.timing, self.closed)
        };
        window.about(self.scope)
    }
}

pub(super) fn window() -> impl Strategy<Value = Unnamed> {
    let is_freeze = prop_oneof![2 => Just(true), 1 => Just(false)];
    let parts = (is_freeze, timing(), scope(), while_closed());
    parts.prop_map(|(is_freeze, timing, scope, closed)| Unnamed {
        is_freeze,
        timing,
        scope,
        closed,
    })
}

pub(super) fn while_closed() -> impl Strategy<Value = WhileClosed> {
    let effect = || select(vec![Effect::Allowed, Effect::Warned, Effect::Blocked]);
    let running = select(vec![
        RunningWork::RunOn,
        RunningWork::FinishWave,
        RunningWork::Abort,
    ]);
    let parts = (effect(), running, effect(), effect());
    parts.prop_map(|(new, running, back_outs, emergencies)| {
        WhileClosed::new(new, running, back_outs, emergencies)
    })
}

pub(super) fn scope() -> impl Strategy<Value = Scope> {
    let services = option::of(select(vec!["shop", "search"]));
    let tracks = option::of(select(vec![
        Track::Normal,
        Track::Emergency,
        Track::Standard,
    ]));
    let about = (services, tracks).prop_map(|(service, track)| {
        let service = service.map(|one| own(Service::new(one)));
        let services = own(Bounded::new(service.into_iter().collect()));
        let tracks: BTreeSet<_> = track.into_iter().collect();
        Scope::builder().services(services).tracks(tracks).build()
    });
    prop_oneof![Just(Scope::everything()), about]
}

/// How a window recurs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again {
    Once,
    WithoutEnd,
    Recurring(&'static str, &'static str),
}

pub(super) fn timing() -> impl Strategy<Value = Timing> {
    let zones = select(vec!["UTC", "Europe/Berlin", "America/New_York"]);
    let rules = select(vec![
        "FREQ=DAILY",
        "FREQ=WEEKLY",
        "FREQ=MONTHLY",
        "FREQ=DAILY;COUNT=5",
    ]);
    let again = prop_oneof![
        3 => Just(Again::Once),
        1 => Just(Again::WithoutEnd),
        2 => (zones, rules).prop_map(|(zone, rule)| Again::Recurring(zone, rule)),
    ];
    // From two days before the first scene to two after the last one.
    let starts = hours(32 * 24).prop_map(|late| noon().minus(Seconds::days(2)).plus(late));
    let lasts = (1..=96_u32).prop_map(Seconds::hours);
    (again, starts, lasts).prop_map(|(again, starts, lasts)| {
        let once = own(Interval::new(starts, starts.plus(lasts)));
        match again {
            Again::Once => Timing::between(once),
            Again::WithoutEnd => Timing::without_end(starts),
            Again::Recurring(zone, rule) => recurring(once, zone, rule),
        }
    })
}

#[cfg(feature = "calendar")]
pub(super) fn recurring(once: Interval, zone: &str, rule: &str) -> Timing {
    let local = |at: Instant| at.to_datetime().naive_utc();
    let timing = Timing::local(own(zone.parse()), local(once.start()), local(once.end()));
    own(own(timing).recurring(rule))
}

/// Nothing recurs without the feature `calendar`.
#[cfg(not(feature = "calendar"))]
pub(super) const fn recurring(once: Interval, _zone: &str, _rule: &str) -> Timing {
    Timing::between(once)
}
