//! Drawn values for property tests: strategies of [`proptest`].
//!
//! What is drawn is possible: every scene can be walked to, and every calendar read. It lies in March 2026, in whole
//! hours, and shrinks towards the simple: towards a release in Request at noon of the second, with nobody and nothing
//! around it. What is drawn for a seed may differ between versions of this crate and of `proptest`.
//!
//! Only the host knows what its rules ask besides: facts, documents, models, other releases. They are added to what is
//! drawn, by `prop_map` or in the test: a scene is a value.
//!
//! # Examples
//!
//! Whatever happens, what is closed stays closed:
//!
//! ```
//! use phasegate::gate::GateSet;
//! use phasegate::testing::strategies;
//! use proptest::prelude::*;
//!
//! // In a test: `proptest! { #[test] fn it_stays_closed(story in strategies::histories(8)) { .. } }`
//! proptest!(|(story in strategies::histories(8))| {
//!     let played = story.play(&GateSet::new())?;
//!     let steps = played.asked.iter().skip_while(|(_, decision)| {
//!         !(decision.is_cleared() && decision.asked.to_string() == "close")
//!     });
//!     prop_assert!(steps.skip(1).all(|(_, decision)| !decision.is_cleared()));
//! });
//! ```

mod story;
mod windows;

use super::case::Case;
use super::fixture::Fixture;
use super::own;
use super::scene::{Approved, Recorded, Scene, Tested, Way, noon, person};
use super::walk::way;
use crate::phase::{Anywhere, Instant, Interval, PhaseName, Seconds};
use crate::release::{
    Actor, Answer, AnyRecord, BackOutPlan, Bounded, ChecklistItem, ChecklistStatus, CodeChange,
    Delegated, Environment, Grade, Key, Name, Note, Person, ReleaseKind, ReleasePlan,
    ReleaseRequest, RiskAssessment, Role, Service, StakeholdersNotified, TestKind, Text, Track,
    Wave,
};
use crate::schedule::Calendar;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select, subsequence};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use story::{Story, happening};
use windows::{while_closed, window};

/// Those who have a part in every scene come first among others: whoever approves may have built it.
const PEOPLE: [&str; 9] = [
    "ann", "bob", "dep", "kim", "tom", "cho", "ben", "cyd", "dan",
];

/// All roles but that of whom most rules ask.
const OTHER_ROLES: [Role; 6] = [
    Role::ReleaseManager,
    Role::EmergencyChangeAuthority,
    Role::ChangeAdvisoryBoard,
    Role::Builder,
    Role::Tester,
    Role::Deployer,
];

const HOUR: u32 = 3_600;

/// Between so many people, each with up to two roles. One of them at most is the release manager.
pub fn people(
    count: RangeInclusive<usize>,
) -> impl Strategy<Value = BTreeMap<Person, BTreeSet<Role>>> {
    let (least, most) = (*count.start(), *count.end().max(count.start()));
    let further = (PEOPLE.len() + 1..=most).map(|number| format!("person-{number}"));
    let names: Vec<_> = PEOPLE
        .into_iter()
        .map(str::to_owned)
        .chain(further)
        .collect();
    // Each has roles of their own, drawn or not: who is left out while it shrinks takes nothing from the others.
    let roles = vec(roles(), names.len());
    let who = subsequence((0..names.len()).collect::<Vec<_>>(), least..=most);
    (who, roles).prop_map(move |(who, roles)| {
        let mut has_manager = false;
        let all = names.iter().zip(roles).enumerate();
        let people = all.filter(|(place, _)| who.contains(place));
        let people = people.map(|(_, (name, mut roles))| {
            if has_manager {
                roles.remove(&Role::ReleaseManager);
            }
            has_manager |= roles.contains(&Role::ReleaseManager);
            (own(Person::new(name)), roles)
        });
        people.collect()
    })
}

/// The same scene, and answers of its people for the step that is asked for: yes or no, in roles that they have, some time
/// ago, or for somebody who lets them. Nobody answers before the release begins, or when it is closed.
pub fn approvals(scene: Scene) -> impl Strategy<Value = Scene> {
    vec(answer(), 0..=4).prop_map(move |answers| approved(scene.clone(), answers))
}

/// A calendar of that name with up to four windows around March 2026, which may overlap: freezes and allow-windows, once,
/// without end, or, with the feature `calendar`, recurring in a zone. It may be closed by default.
pub fn schedules(name: Key) -> impl Strategy<Value = Calendar> {
    let otherwise = option::weighted(0.2, while_closed());
    (otherwise, vec(window(), 0..=4)).prop_map(move |(otherwise, windows)| {
        let mut calendar = Calendar::new(name.clone());
        if let Some(closed) = otherwise {
            calendar = calendar.closed_unless_allowed(closed);
        }
        let windows = windows.into_iter().enumerate();
        windows.fold(calendar, |calendar, (place, window)| {
            let id = own(Key::new(format!("window-{}", place + 1)));
            own(calendar.with(window.called(id)))
        })
    })
}

/// What may be given: a release in any phase, by any way, on hold or not, on any track, with up to four people, answers,
/// tests and records, its plan, and the calendar `production`.
///
/// It is on the standard track in Request only: what goes on there follows a model of the rules under test.
pub fn scenes() -> impl Strategy<Value = Scene> {
    phases().prop_flat_map(scenes_in)
}

/// The same, in this phase.
pub fn scenes_in(phase: PhaseName) -> impl Strategy<Value = Scene> {
    let tracks = match phase {
        PhaseName::Request => vec![Track::Normal, Track::Emergency, Track::Standard],
        PhaseName::Start
        | PhaseName::Plan
        | PhaseName::Development
        | PhaseName::Testing
        | PhaseName::Deployment
        | PhaseName::Review
        | PhaseName::Closure
        | PhaseName::Closed => vec![Track::Normal, Track::Emergency],
    };
    let stands = (
        select(ways(phase)),
        select(tracks),
        hours(28 * 24),
        hours(72),
    );
    let around = (
        option::of(request()),
        option::of(any::<Index>()),
        people(0..=4),
        option::weighted(0.7, schedules(own(Key::new("production")))),
    );
    let happened = (
        option::of(plan()),
        vec(test(), 0..=3),
        vec(record(), 0..=3),
        vec(answer(), 0..=4),
    );
    (stands, around, happened).prop_map(move |(stands, around, happened)| {
        let ((route, backed_out, on_hold), track, at, stands_for) = stands;
        let (request, asks, people, calendar) = around;
        let (plan, tests, records, answers) = happened;
        let mut scene = Scene::in_phase(phase).at(noon().plus(at));
        scene.calendars.extend(calendar);
        if phase == PhaseName::Start {
            return scene;
        }
        (scene.route, scene.backed_out, scene.on_hold) = (route, backed_out, on_hold);
        scene.track = Some(match route {
            Way::Expedited => Track::Emergency,
            Way::Gated | Way::Unauthorised => track,
        });
        (scene.stands_for, scene.request, scene.people) = (stands_for, request, people);
        let asks = asks.filter(|_| !scene.people.is_empty());
        scene.requested_by = asks.map(|asks| among(asks, &scene));
        let through = way(&scene).unwrap_or_default();
        let comes_by = |phase| through.contains(&phase);
        if comes_by(PhaseName::Plan) || phase == PhaseName::Request {
            scene.plan = plan.map(|plan| plan.from(scene.at));
        }
        let is_tested_there = matches!(phase, PhaseName::Deployment | PhaseName::Review);
        if comes_by(PhaseName::Testing) || is_tested_there {
            scene.tests = tests;
        }
        for (place, (record, who, ago)) in records.into_iter().enumerate() {
            let by = among(who, &scene);
            let record = record.made(place, &by, scene.at.minus(ago));
            let mut taken_in = record.kind().phases();
            if taken_in.any(|phase| comes_by(*phase)) {
                scene.records.push(Recorded { by, record, ago });
            }
        }
        approved(scene, answers)
    })
}

/// A release in any phase, with the log that led it there: that of [`scenes`], without the answers for steps.
pub fn releases() -> impl Strategy<Value = Fixture<Anywhere>> {
    scenes().prop_map(|scene| own(scene.fixture()))
}

/// A story of so many turns at most, from any of the [`scenes`] on: steps and records that the lifecycle allows and that
/// it does not, answers, and time that passes. Most stories go on as a release does that is cleared. Nothing is expected of
/// them: they are [played](Case::play).
pub fn histories(max_turns: usize) -> impl Strategy<Value = Case> {
    let moves = vec((happening(), any::<Index>()), 0..=max_turns);
    (scenes(), moves).prop_map(move |(mut scene, moves)| {
        scene.approvals.clear();
        let mut story = Story::from(scene);
        for (happening, who) in moves {
            story.goes_on(&happening, who);
        }
        story.told(max_turns)
    })
}

/// Every second one can authorise, and may have another role besides.
fn roles() -> impl Strategy<Value = BTreeSet<Role>> {
    let authorises = option::of(Just(Role::ChangeAuthority));
    let other = subsequence(OTHER_ROLES.to_vec(), 0..=1);
    (authorises, other)
        .prop_map(|(authorises, other)| authorises.into_iter().chain(other).collect())
}

/// Most of them where most rules are.
fn phases() -> impl Strategy<Value = PhaseName> {
    select(vec![
        PhaseName::Request,
        PhaseName::Plan,
        PhaseName::Development,
        PhaseName::Testing,
        PhaseName::Testing,
        PhaseName::Testing,
        PhaseName::Deployment,
        PhaseName::Deployment,
        PhaseName::Review,
        PhaseName::Review,
        PhaseName::Closure,
        PhaseName::Closed,
        PhaseName::Start,
    ])
}

/// By which way a release comes into a phase, whether it was backed out, and whether it is on hold there.
fn ways(phase: PhaseName) -> Vec<(Way, bool, bool)> {
    let gated = (Way::Gated, false, false);
    match phase {
        PhaseName::Start => vec![gated],
        PhaseName::Request | PhaseName::Plan | PhaseName::Development | PhaseName::Testing => {
            vec![gated, gated, (Way::Gated, false, true)]
        }
        PhaseName::Deployment => vec![gated, (Way::Expedited, false, false)],
        PhaseName::Review | PhaseName::Closure | PhaseName::Closed => vec![
            gated,
            (Way::Gated, true, false),
            (Way::Expedited, false, false),
            (Way::Expedited, true, false),
            (Way::Unauthorised, false, false),
        ],
    }
}

fn hours(most: u32) -> impl Strategy<Value = Seconds> {
    (0..=most).prop_map(|hours| Seconds::new(hours * HOUR))
}

fn request() -> impl Strategy<Value = ReleaseRequest> {
    let kinds = vec![
        ReleaseKind::Feature,
        ReleaseKind::Update,
        ReleaseKind::Fix,
        ReleaseKind::Security,
    ];
    let services = subsequence(vec!["shop", "search", "billing"], 0..=2);
    let labels = option::of(select(vec!["payments", "storefront"]));
    (option::of(select(kinds)), services, labels).prop_map(|(kind, services, team)| {
        let mut request = ReleaseRequest::new(own(Name::new("A release")));
        request.kind = kind;
        let services = services.into_iter().map(|one| own(Service::new(one)));
        request.services = own(Bounded::new(services.collect()));
        let team = team.map(|team| (own(Key::new("team")), own(Name::new(team))));
        request.labels = own(Bounded::new(team.into_iter().collect()));
        request
    })
}

/// A plan, as far as it is known before the instant at which it is made.
#[derive(Debug, Clone)]
struct Planned {
    support: Seconds,
    window: Option<(Seconds, Seconds)>,
    can_be_undone: bool,
    rehearsed: Option<Seconds>,
    waves: Vec<Seconds>,
}

fn plan() -> impl Strategy<Value = Planned> {
    let window = option::of((hours(72), (1..=48_u32).prop_map(Seconds::hours)));
    let back_out = (any::<bool>(), option::of(hours(90 * 24)));
    let parts = (hours(72), window, back_out, vec(hours(24), 0..=2));
    parts.prop_map(
        |(support, window, (can_be_undone, rehearsed), waves)| Planned {
            support,
            window,
            can_be_undone,
            rehearsed,
            waves,
        },
    )
}

impl Planned {
    fn from(self, at: Instant) -> ReleasePlan {
        let mut plan = ReleasePlan::new(self.support);
        plan.window = self.window.map(|(until, lasts)| {
            let start = at.plus(until);
            own(Interval::new(start, start.plus(lasts)))
        });
        plan.back_out = self.can_be_undone.then(|| {
            let mut back_out = BackOutPlan::new(Text::clipped("put the version before back"));
            back_out.rehearsed = self.rehearsed.map(|ago| at.minus(ago));
            back_out
        });
        let waves = self.waves.into_iter().enumerate();
        let waves = waves
            .map(|(place, bake)| Wave::new(own(Key::new(format!("wave-{}", place + 1))), bake));
        plan.waves = own(Bounded::new(waves.collect()));
        plan
    }
}

fn test() -> impl Strategy<Value = Tested> {
    let kinds = vec![
        TestKind::Functional,
        TestKind::Integration,
        TestKind::Security,
        TestKind::Performance,
        TestKind::Acceptance,
    ];
    let environments = vec!["staging", "integration", "production"];
    let ran = (0..=5_u32, 1..=100_u32, option::of(0..=100_u8));
    let parts = (select(kinds), select(environments), ran, hours(72));
    parts.prop_map(
        |(kind, environment, (failed, passed, coverage), ago)| Tested {
            kind,
            environment: own(Environment::new(environment)),
            passed,
            failed,
            coverage_percent: coverage,
            ago,
        },
    )
}

/// Something that is recorded.
#[derive(Debug, Clone)]
enum Something {
    Noted,
    Assessed([u8; 5]),
    Changed,
    Checked(&'static str, ChecklistStatus),
    Told,
}

fn something() -> impl Strategy<Value = Something> {
    let statuses = vec![
        ChecklistStatus::Done,
        ChecklistStatus::Open,
        ChecklistStatus::NotApplicable,
    ];
    let items = vec!["monitoring", "backup", "handover"];
    let grades = [1..=5_u8, 1..=5, 1..=5, 1..=5, 1..=5];
    prop_oneof![
        Just(Something::Noted),
        grades.prop_map(Something::Assessed),
        Just(Something::Changed),
        (select(items), select(statuses)).prop_map(|(item, is)| Something::Checked(item, is)),
        Just(Something::Told),
    ]
}

fn record() -> impl Strategy<Value = (Something, Index, Seconds)> {
    (something(), any::<Index>(), hours(72))
}

impl Something {
    /// The record of it, made then.
    fn made(self, place: usize, by: &Actor, at: Instant) -> AnyRecord {
        let because = Text::clipped("so it is");
        match self {
            Self::Noted => Note::new(because).into(),
            Self::Assessed(grades) => {
                let [impact, likelihood, complexity, dependencies, past] =
                    grades.map(|grade| own(Grade::new(grade)));
                RiskAssessment::new(impact, likelihood, complexity, dependencies, past).into()
            }
            Self::Changed => {
                let id = own(Key::new(format!("commit-{}", place + 1)));
                let mut change = CodeChange::new(id, at.minus(Seconds::hours(1)));
                change.author = by.person().cloned();
                change.into()
            }
            Self::Checked(item, status) => {
                let mut item = ChecklistItem::new(own(Key::new(item)), status);
                if status == ChecklistStatus::NotApplicable {
                    item.comment = because;
                }
                item.into()
            }
            Self::Told => {
                let whom = by.person().cloned().into_iter().collect();
                StakeholdersNotified::new(own(Bounded::new(whom))).into()
            }
        }
    }
}

/// Which of those answers who can, what, how long ago, and who stands in for them.
type Answering = (Index, Answer, Seconds, Option<Index>);

fn answer() -> impl Strategy<Value = Answering> {
    let said = prop_oneof![3 => Just(Answer::Approved), 1 => Just(Answer::Rejected)];
    let stands_in = option::weighted(0.2, any::<Index>());
    (any::<Index>(), said, hours(72), stands_in)
}

/// The scene with these answers. Of who answers twice in a role, the first counts.
fn approved(mut scene: Scene, answers: Vec<Answering>) -> Scene {
    if matches!(scene.phase, PhaseName::Start | PhaseName::Closed) {
        return scene;
    }
    let can = holders(&scene);
    for (which, answer, ago, stands_in) in answers {
        if can.is_empty() {
            return scene;
        }
        let (person, role) = which.get(&can).clone();
        let is_given = scene.approvals.iter().any(|given| {
            let answered = given.on_behalf_of.as_ref().unwrap_or(&given.by);
            (answered, &given.role) == (&person, &role)
        });
        if is_given {
            continue;
        }
        let others: Vec<_> = scene.people.keys().filter(|one| **one != person).collect();
        let stands_in = stands_in.filter(|_| !others.is_empty());
        let by = stands_in
            .map_or(&person, |stands_in| *stands_in.get(&others))
            .clone();
        let mut approved = Approved::new(by.clone(), role.clone(), answer);
        approved.ago = ago;
        if by != person {
            let mut delegated = Delegated::new(role, by);
            delegated.reason = Text::clipped("away");
            scene.records.push(Recorded {
                by: Actor::Person(person.clone()),
                record: delegated.into(),
                ago,
            });
            approved.on_behalf_of = Some(person);
        }
        scene.approvals.push(approved);
    }
    scene
}

/// Who has which role, where one person is the release manager: whoever was given that last.
fn holders(scene: &Scene) -> Vec<(Person, Role)> {
    let leads = |roles: &BTreeSet<Role>| roles.contains(&Role::ReleaseManager);
    let manager = scene.people.iter().rfind(|(_, roles)| leads(roles));
    let manager = manager.map(|(person, _)| person);
    let all = scene.people.iter().flat_map(|(person, roles)| {
        let roles = roles.iter();
        let has =
            roles.filter(move |role| **role != Role::ReleaseManager || manager == Some(person));
        has.map(move |role| (person.clone(), role.clone()))
    });
    all.collect()
}

/// One of the people of the scene, or its manager where there are none.
fn among(who: Index, scene: &Scene) -> Actor {
    let people: Vec<_> = scene.people.keys().collect();
    if people.is_empty() {
        return person("ada");
    }
    Actor::Person((*who.get(&people)).clone())
}
