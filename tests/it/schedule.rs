//! The algebra of schedules against the rule as it is written down, minute by minute.

use phasegate::phase::{Instant, Interval, Seconds};
use phasegate::release::{
    Bounded, Effect, Environment, Key, Openness, RunningWork, Service, Track,
};
use phasegate::schedule::{Calendar, Schedule, Scope, Timing, WhileClosed, Window, Work, WorkKind};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// So many minutes into the day that is scanned.
fn minute(minute: u32) -> Instant {
    let start: Instant = "2026-03-02T00:00:00Z".parse().unwrap();
    start.plus(Seconds::minutes(minute))
}

const MINUTES: u32 = 300;

fn day() -> Interval {
    Interval::new(minute(0), minute(MINUTES)).unwrap()
}

/// A window as the oracle has it.
#[derive(Debug, Clone)]
struct Plain {
    is_freeze: bool,
    active: (u32, u32),
    scope: Scope,
    closed: WhileClosed,
}

impl Plain {
    fn window(&self, id: usize) -> Window {
        let (start, end) = self.active;
        let timing = Timing::between(Interval::new(minute(start), minute(end)).unwrap());
        let id = Key::new(format!("w{id}")).unwrap();
        let window = if self.is_freeze {
            Window::freeze(id, timing, self.closed)
        } else {
            Window::allow(id, timing, self.closed)
        };
        window.about(self.scope.clone())
    }
}

fn some<T: Ord + Clone + std::fmt::Debug + 'static>(
    all: Vec<T>,
) -> impl Strategy<Value = BTreeSet<T>> {
    let most = all.len();
    proptest::sample::subsequence(all, 0..=most).prop_map(|some| some.into_iter().collect())
}

fn scopes() -> impl Strategy<Value = Scope> {
    let services = ["a", "b", "c"].map(|name| Service::new(name).unwrap());
    let environments = ["x", "y"].map(|name| Environment::new(name).unwrap());
    let tracks = vec![Track::Standard, Track::Normal];
    let sets = (
        some(services.to_vec()),
        some(environments.to_vec()),
        some(tracks),
    );
    sets.prop_map(|(services, environments, tracks)| {
        Scope::builder()
            .services(Bounded::new(services).unwrap())
            .environments(Bounded::new(environments).unwrap())
            .tracks(tracks)
            .build()
    })
}

fn effects() -> impl Strategy<Value = Effect> {
    prop::sample::select(vec![
        Effect::Allowed,
        Effect::Warned,
        Effect::Blocked,
        Effect::Blocked,
    ])
}

fn closed() -> impl Strategy<Value = WhileClosed> {
    (effects(), effects(), effects()).prop_map(|(new_work, back_outs, emergencies)| {
        WhileClosed::new(new_work, RunningWork::RunOn, back_outs, emergencies)
    })
}

fn windows() -> impl Strategy<Value = Plain> {
    let active = (0..MINUTES - 1).prop_flat_map(|start| (Just(start), start + 1..MINUTES));
    (any::<bool>(), active, scopes(), closed()).prop_map(|(is_freeze, active, scope, closed)| {
        Plain {
            is_freeze,
            active,
            scope,
            closed,
        }
    })
}

#[derive(Debug, Clone)]
struct PlainCalendar {
    otherwise: Option<WhileClosed>,
    windows: Vec<Plain>,
}

fn calendars() -> impl Strategy<Value = Vec<PlainCalendar>> {
    let calendar = (
        proptest::option::weighted(0.3, closed()),
        prop::collection::vec(windows(), 0..6),
    );
    let calendar = calendar.prop_map(|(otherwise, windows)| PlainCalendar { otherwise, windows });
    prop::collection::vec(calendar, 1..3)
}

fn schedule(calendars: &[PlainCalendar]) -> Schedule {
    let calendars = calendars.iter().enumerate().map(|(name, plain)| {
        let mut calendar = Calendar::new(Key::new(format!("c{name}")).unwrap());
        if let Some(closed) = plain.otherwise {
            calendar = calendar.closed_unless_allowed(closed);
        }
        let windows = plain.windows.iter().enumerate();
        windows.fold(calendar, |calendar, (id, window)| {
            calendar.with(window.window(id)).unwrap()
        })
    });
    calendars.fold(Schedule::default(), Schedule::with)
}

fn kinds() -> impl Strategy<Value = WorkKind> {
    prop::sample::select(vec![WorkKind::New, WorkKind::BackOut, WorkKind::Emergency])
}

/// The values that a set stands for: an empty one is every value, one that nobody names included.
fn values<T: Ord + Clone>(set: &BTreeSet<T>, every: Vec<T>) -> Vec<T> {
    if set.is_empty() {
        every
    } else {
        set.iter().cloned().collect()
    }
}

/// The rule as the documentation states it, at one minute.
fn oracle(calendars: &[PlainCalendar], at: u32, kind: WorkKind, work: &Scope) -> Openness {
    let effect = |closed: WhileClosed| match kind {
        WorkKind::New => closed.new_work,
        WorkKind::BackOut => closed.back_outs,
        WorkKind::Emergency => closed.emergencies,
    };
    let services = ["a", "b", "c", "other"]
        .map(|name| Service::new(name).unwrap())
        .to_vec();
    let environments = ["x", "y", "other"]
        .map(|name| Environment::new(name).unwrap())
        .to_vec();
    let tracks = vec![Track::Standard, Track::Normal, Track::Emergency];
    let mut worst = Effect::Allowed;
    for service in values(&work.services, services) {
        for environment in values(&work.environments, environments.clone()) {
            for track in values(&work.tracks, tracks.clone()) {
                let bears = |window: &&Plain| {
                    let Scope {
                        services,
                        environments,
                        tracks,
                        ..
                    } = &window.scope;
                    (services.is_empty() || services.contains(&service))
                        && (environments.is_empty() || environments.contains(&environment))
                        && (tracks.is_empty() || tracks.contains(&track))
                };
                let is_active = |window: &&Plain| (window.active.0..window.active.1).contains(&at);
                for calendar in calendars {
                    let bearing: Vec<_> = calendar.windows.iter().filter(bears).collect();
                    let freezes = bearing.iter().copied().filter(|window| window.is_freeze);
                    for freeze in freezes.filter(is_active) {
                        worst = worst.max(effect(freeze.closed));
                    }
                    let allow: Vec<_> = bearing
                        .iter()
                        .copied()
                        .filter(|window| !window.is_freeze)
                        .collect();
                    if allow.is_empty() {
                        worst = worst.max(calendar.otherwise.map_or(Effect::Allowed, effect));
                    } else if !allow.iter().any(&is_active) {
                        let closed = allow.iter().map(|window| effect(window.closed)).max();
                        worst = worst.max(closed.unwrap());
                    }
                }
            }
        }
    }
    worst.into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_schedule_answers_as_the_rule_does_minute_by_minute(
        calendars in calendars(), scope in scopes(), kind in kinds(), from in 0..MINUTES, length in 0_u32..90,
    ) {
        let schedule = schedule(&calendars);
        let work = Work { kind, scope: &scope };
        let scan: Vec<_> = (0..MINUTES).map(|at| oracle(&calendars, at, kind, &scope)).collect();

        for (at, expected) in (0..).zip(&scan) {
            let state = schedule.state_at(minute(at), work);
            prop_assert_eq!(state.openness, *expected, "at minute {}", at);
            let decides = state.deciding.iter().any(|one| Openness::from(one.effect) == *expected);
            prop_assert!(decides || *expected == Openness::Open, "{:?}", state);
        }

        let now = scan[from as usize];
        let change = (from..MINUTES).find(|&at| scan[at as usize] != now);
        let found = schedule.next_transition(minute(from), work);
        let found = found.filter(|change| change.at < minute(MINUTES));
        prop_assert_eq!(found.map(|found| found.at), change.map(minute));
        let becomes = change.map(|at| scan[at as usize]);
        prop_assert_eq!(found.map(|found| found.becomes), becomes);

        let is_free = |start: u32| {
            let until = (start + length.max(1)).min(MINUTES);
            (start..until).all(|at| scan[at as usize] != Openness::Closed)
        };
        let fits = |start: &u32| start + length <= MINUTES && is_free(*start);
        let open = (from..MINUTES).find(fits);
        let found = schedule.next_open(minute(from), Seconds::minutes(length), work);
        if let Some(open) = open {
            prop_assert_eq!(found, Some(minute(open)));
        }

        let slots = schedule.free_slots(day(), Seconds::minutes(length), work).unwrap();
        let mut expected = Vec::new();
        let mut at = 0;
        while at < MINUTES {
            let end = (at..MINUTES).find(|&at| scan[at as usize] == Openness::Closed).unwrap_or(MINUTES);
            if at < end && end - at >= length {
                expected.push(Interval::new(minute(at), minute(end)).unwrap());
            }
            at = end + 1;
        }
        prop_assert_eq!(slots, expected);
    }

    #[test]
    fn another_freeze_or_calendar_never_opens_anything(
        calendars in calendars(), freeze in windows(), other in calendars(), scope in scopes(), kind in kinds(),
    ) {
        let before = schedule(&calendars);
        let freeze = Plain { is_freeze: true, ..freeze };
        let frozen = calendars.iter().cloned().enumerate().map(|(place, mut calendar)| {
            calendar.windows.extend((place == 0).then(|| freeze.clone()));
            calendar
        });
        let frozen: Vec<_> = frozen.collect();
        let with_freeze = schedule(&frozen);
        let with_calendars = schedule(&[calendars.clone(), other].concat());
        let work = Work { kind, scope: &scope };
        for at in (0..MINUTES).step_by(7).map(minute) {
            let was = before.state_at(at, work).openness;
            prop_assert!(with_freeze.state_at(at, work).openness >= was);
            prop_assert!(with_calendars.state_at(at, work).openness >= was);
        }
    }

    #[test]
    fn another_allow_window_of_the_same_scope_never_closes_anything(
        calendars in calendars(), allow in windows(), scope in scopes(), kind in kinds(),
    ) {
        let mut before = calendars;
        let allow = Plain { is_freeze: false, ..allow };
        before[0].windows.push(allow.clone());
        let mut after = before.clone();
        after[0].windows.push(Plain { active: (60, 200), ..allow });
        let (before, after) = (schedule(&before), schedule(&after));
        let work = Work { kind, scope: &scope };
        for at in (0..MINUTES).step_by(7).map(minute) {
            prop_assert!(after.state_at(at, work).openness <= before.state_at(at, work).openness);
        }
    }
}

#[test]
fn one_frozen_environment_of_several_closes_the_work() {
    let environments = ["x", "y"].map(|name| Environment::new(name).unwrap());
    let [x, _] = environments.clone();
    let hard = WhileClosed::new(
        Effect::Blocked,
        RunningWork::Abort,
        Effect::Allowed,
        Effect::Warned,
    );
    let timing = Timing::between(Interval::new(minute(10), minute(20)).unwrap());
    let freeze = Window::freeze(Key::new("f").unwrap(), timing, hard)
        .about(Scope::builder().environments([x]).build());
    let schedule = Schedule::from(Calendar::new(Key::new("c").unwrap()).with(freeze).unwrap());
    let both = Scope::builder().environments(environments).build();
    let state = schedule.state_at(minute(10), &both);
    assert_eq!(state.openness, Openness::Closed);
    assert_eq!(state.deciding[0].window, Some(Key::new("f").unwrap()));
    let emergency = Work {
        kind: WorkKind::Emergency,
        scope: &both,
    };
    assert_eq!(
        schedule.state_at(minute(10), emergency).openness,
        Openness::Warned
    );
    let back_out = Work {
        kind: WorkKind::BackOut,
        scope: &both,
    };
    assert_eq!(
        schedule.state_at(minute(10), back_out).openness,
        Openness::Open
    );
    assert_eq!(
        schedule.running_work_at(minute(10), &both).0,
        RunningWork::Abort
    );
    assert_eq!(
        schedule.running_work_at(minute(20), &both).0,
        RunningWork::RunOn
    );
}
