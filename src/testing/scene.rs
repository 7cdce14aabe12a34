//! What is given: a release as it stands, the people around it, and what else is known.

use super::{own, written};
use crate::phase::{Instant, Invalid, PhaseName, Seconds};
use crate::release::{
    Actor, Answer, AnyRecord, BookedConflict, Digest, Environment, FactValue, Key, ModelStanding,
    Name, OtherRelease, Person, ReleaseId, ReleasePackage, ReleasePlan, ReleaseRequest,
    ReleaseUnit, Role, TestKind, TestRun, Text, Track, UnitKind, is_default,
};
use crate::schedule::Calendar;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is given in a case: a release as it stands, the people around it, and what else is known. Plain data.
///
/// A scene says only what matters; the rest is the simplest release that comes there. It is *walked* there by the
/// production code, from its request on, so that no scene is impossible. The rules under test are not asked on the way:
/// they are asked in the case. What the lifecycle refuses on the way makes the case fail, and says why.
///
/// Unless it is given otherwise, `kim` asks for the release, `cho` authorises it, `ada` manages it, `bob` builds it,
/// `tom` tests it and `dep` deploys it, all of them without a role but for `ada`; it is noon of 2 March 2026, a Monday,
/// in UTC; the package has code and documentation, the plan nothing but its early life support of a day.
///
/// # Examples
///
/// ```
/// use phasegate::phase::{PhaseName, Seconds};
/// use phasegate::release::{Role, TestKind, Track};
/// use phasegate::testing::Scene;
///
/// let scene = Scene::in_phase(PhaseName::Testing)
///     .on_track(Track::Normal)
///     .person("ann", [Role::ChangeAuthority])
///     .approved_by("ann", Role::ChangeAuthority)
///     .ago(Seconds::hours(3))
///     .tested(TestKind::Functional, "staging", 98, 2);
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    pub(crate) phase: PhaseName,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) on_hold: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) route: Way,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) backed_out: bool,
    #[serde(default = "noon")]
    pub(crate) at: Instant,
    /// For how long it has stood there, at least.
    #[serde(default, rename = "for_seconds", skip_serializing_if = "is_default")]
    pub(crate) stands_for: Seconds,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) track: Option<Track>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) model: Option<Key>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) model_standing: Option<ModelStanding>,
    #[serde(default, with = "written::perhaps", skip_serializing_if = "is_default")]
    pub(crate) requested_by: Option<Actor>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) request: Option<ReleaseRequest>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) people: BTreeMap<Person, BTreeSet<Role>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) plan: Option<ReleasePlan>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) package: Option<ReleasePackage>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) tests: Vec<Tested>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) records: Vec<Recorded>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) approvals: Vec<Approved>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) facts: BTreeMap<Key, Told>,
    #[serde(
        default,
        deserialize_with = "written::calendars",
        skip_serializing_if = "is_default"
    )]
    pub(crate) calendars: Vec<Calendar>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) others: Vec<OtherRelease>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) conflicts: Vec<BookedConflict>,
    /// How long ago what is given next happened.
    #[serde(skip)]
    ago: Seconds,
    /// What was given that cannot be.
    #[serde(skip)]
    pub(crate) mistakes: Vec<String>,
}

/// By which way a release came where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    #[default]
    Gated,
    Expedited,
    Unauthorised,
}

/// A run of tests about the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tested {
    pub(crate) kind: TestKind,
    pub(crate) environment: Environment,
    pub(crate) passed: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) failed: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) coverage_percent: Option<u8>,
    #[serde(default, rename = "ago_seconds", skip_serializing_if = "is_default")]
    pub(crate) ago: Seconds,
}

/// Any other record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    #[serde(default = "manager", with = "written::who")]
    pub(crate) by: Actor,
    pub(crate) record: AnyRecord,
    #[serde(default, rename = "ago_seconds", skip_serializing_if = "is_default")]
    pub(crate) ago: Seconds,
}

/// Somebody's answer for the step that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approved {
    pub(crate) by: Person,
    #[serde(rename = "as")]
    pub(crate) role: Role,
    #[serde(default = "yes")]
    pub(crate) answer: Answer,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) on_behalf_of: Option<Person>,
    #[serde(default, rename = "ago_seconds", skip_serializing_if = "is_default")]
    pub(crate) ago: Seconds,
}

/// What the host tells of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Value(FactValue),
    Missing(Text),
}

pub(super) fn noon() -> Instant {
    // 2026-03-02T12:00:00Z
    Instant::from_unix_micros(1_772_452_800_000_000).unwrap_or(Instant::EPOCH)
}

pub(super) fn person(id: &str) -> Actor {
    Actor::Person(own(Person::new(id)))
}

fn manager() -> Actor {
    person("ada")
}

const fn yes() -> Answer {
    Answer::Approved
}

impl Scene {
    /// A release in this phase.
    #[must_use]
    pub fn in_phase(phase: PhaseName) -> Self {
        Self {
            phase,
            on_hold: false,
            route: Way::Gated,
            backed_out: false,
            at: noon(),
            stands_for: Seconds::new(0),
            track: None,
            model: None,
            model_standing: None,
            requested_by: None,
            request: None,
            people: BTreeMap::new(),
            plan: None,
            package: None,
            tests: Vec::new(),
            records: Vec::new(),
            approvals: Vec::new(),
            facts: BTreeMap::new(),
            calendars: Vec::new(),
            others: Vec::new(),
            conflicts: Vec::new(),
            ago: Seconds::new(0),
            mistakes: Vec::new(),
        }
    }

    /// The same, on hold.
    #[must_use]
    pub const fn on_hold(mut self) -> Self {
        self.on_hold = true;
        self
    }

    /// The same, gone live in haste, on the emergency track.
    #[must_use]
    pub const fn expedited(mut self) -> Self {
        self.route = Way::Expedited;
        self
    }

    /// The same, found live by `fay` without anybody having authorised it.
    #[must_use]
    pub const fn found_unauthorised(mut self) -> Self {
        self.route = Way::Unauthorised;
        self
    }

    /// The same, its deployment undone; it stands in Review, Closure or Closed.
    #[must_use]
    pub const fn backed_out(mut self) -> Self {
        self.backed_out = true;
        self
    }

    /// The same at this instant.
    #[must_use]
    pub const fn at(mut self, now: Instant) -> Self {
        self.at = now;
        self
    }

    /// The same, and it has stood there for so long. Without this, since the first thing that is given to have
    /// happened.
    #[must_use]
    pub const fn standing_for(mut self, time: Seconds) -> Self {
        self.stands_for = time;
        self
    }

    /// The same on this track.
    #[must_use]
    pub const fn on_track(mut self, track: Track) -> Self {
        self.track = Some(track);
        self
    }

    /// The same, following the model of this name, in its newest version among the rules under test.
    #[must_use]
    pub fn following(mut self, model: impl AsRef<str>) -> Self {
        self.model = self.said(Key::new(model));
        self
    }

    /// The same, its model standing so; in good standing, if it is not said.
    #[must_use]
    pub const fn whose_model_is(mut self, standing: ModelStanding) -> Self {
        self.model_standing = Some(standing);
        self
    }

    /// The same, asked for so.
    #[must_use]
    pub fn requested(mut self, request: ReleaseRequest) -> Self {
        self.request = Some(request);
        self
    }

    /// The same, asked for by this person.
    #[must_use]
    pub fn requested_by(mut self, person: impl AsRef<str>) -> Self {
        self.requested_by = self.said(Person::new(person)).map(Actor::Person);
        self
    }

    /// The same, and a person with these roles in it; called again for the same person, with these too.
    #[must_use]
    pub fn person(mut self, id: impl AsRef<str>, roles: impl IntoIterator<Item = Role>) -> Self {
        if let Some(person) = self.said(Person::new(id)) {
            self.people.entry(person).or_default().extend(roles);
        }
        self
    }

    /// The same, with this plan, which is agreed on from Development on.
    #[must_use]
    pub fn planned(mut self, plan: ReleasePlan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// The same, with this package.
    #[must_use]
    pub fn built(mut self, package: ReleasePackage) -> Self {
        self.package = Some(package);
        self
    }

    /// What is given from here on happened so long before; what is given before this, now.
    #[must_use]
    pub const fn ago(mut self, time: Seconds) -> Self {
        self.ago = time;
        self
    }

    /// The same, and `tom` tested the package there: so many tests passed, so many failed.
    #[must_use]
    pub fn tested(
        mut self,
        kind: TestKind,
        environment: impl AsRef<str>,
        passed: u32,
        failed: u32,
    ) -> Self {
        if let Some(environment) = self.said(Environment::new(environment)) {
            self.tests.push(Tested {
                kind,
                environment,
                passed,
                failed,
                coverage_percent: None,
                ago: self.ago,
            });
        }
        self
    }

    /// The same, and a record that this person added, in the last phase on the way that takes it.
    #[must_use]
    pub fn recorded(mut self, by: impl AsRef<str>, record: impl Into<AnyRecord>) -> Self {
        if let Some(by) = self.said(Person::new(by)) {
            self.records.push(Recorded {
                by: Actor::Person(by),
                record: record.into(),
                ago: self.ago,
            });
        }
        self
    }

    /// The same, and this person approved the first step that the case asks for, as it would be asked for.
    #[must_use]
    pub fn approved_by(self, person: impl AsRef<str>, role: Role) -> Self {
        self.answered(person, role, Answer::Approved)
    }

    /// The same, and this person said no to it.
    #[must_use]
    pub fn rejected_by(self, person: impl AsRef<str>, role: Role) -> Self {
        self.answered(person, role, Answer::Rejected)
    }

    fn answered(mut self, person: impl AsRef<str>, role: Role, answer: Answer) -> Self {
        if let Some(by) = self.said(Person::new(person)) {
            self.approvals.push(Approved {
                by,
                role,
                answer,
                on_behalf_of: None,
                ago: self.ago,
            });
        }
        self
    }

    /// The same, and a fact that the host knows, read as it is decided. Of others the host knows nothing.
    #[must_use]
    pub fn knowing(mut self, fact: impl AsRef<str>, value: impl Into<FactValue>) -> Self {
        if let Some(key) = self.said(Key::new(fact)) {
            self.facts.insert(key, Told::Value(value.into()));
        }
        self
    }

    /// The same, and a fact that could not be had, for this reason.
    #[must_use]
    pub fn not_knowing(mut self, fact: impl AsRef<str>, why: impl AsRef<str>) -> Self {
        let why = self.said(Text::new(why));
        if let Some((key, why)) = self.said(Key::new(fact)).zip(why) {
            self.facts.insert(key, Told::Missing(why));
        }
        self
    }

    /// The same, and a calendar with these windows. Of others nobody knows.
    #[must_use]
    pub fn calendar(mut self, calendar: Calendar) -> Self {
        self.calendars.push(calendar);
        self
    }

    /// The same, and how another release stands: `&Release` will do.
    #[must_use]
    pub fn beside(mut self, other: impl Into<OtherRelease>) -> Self {
        self.others.push(other.into());
        self
    }

    /// The same, and what another release has booked that is in conflict. If none is given, there is none.
    #[must_use]
    pub fn in_conflict(mut self, conflict: BookedConflict) -> Self {
        self.conflicts.push(conflict);
        self
    }

    fn said<T>(&mut self, said: Result<T, Invalid>) -> Option<T> {
        said.map_err(|wrong| self.mistakes.push(wrong.to_string()))
            .ok()
    }

    /// The instant from which on everything that is given has happened.
    pub(super) fn began(&self) -> Instant {
        let tests = self.tests.iter().map(|test| test.ago);
        let records = self.records.iter().map(|record| record.ago);
        let approvals = self.approvals.iter().map(|approval| approval.ago);
        let longest = tests.chain(records).chain(approvals).max();
        self.at
            .minus(longest.unwrap_or_default().max(self.stands_for))
    }

    /// The package of the release.
    pub(super) fn the_package(&self) -> ReleasePackage {
        self.package.clone().unwrap_or_else(package)
    }

    pub(super) fn the_track(&self) -> Track {
        let asked = self.request.as_ref().map(|request| request.track);
        self.track.or(asked).unwrap_or(match self.route {
            Way::Expedited => Track::Emergency,
            Way::Gated | Way::Unauthorised => Track::Normal,
        })
    }
}

/// The id of the release of every scene.
pub(super) fn release_id() -> ReleaseId {
    uuid::Uuid::from_u128(1).into()
}

/// The package of every scene that does not have one of its own.
pub(super) fn package() -> ReleasePackage {
    let unit = |kind, what: &str| {
        let digest = Digest::of(what.as_bytes());
        let unit = ReleaseUnit::new(kind, own(Name::new("1.0.0")), digest);
        (own(Key::new(what)), unit)
    };
    own(ReleasePackage::new([
        unit(UnitKind::Code, "program"),
        unit(UnitKind::Documentation, "manual"),
    ]))
}

/// What is given, as a case in a file says it.
impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_string(self) {
            Ok(given) => write!(f, "Scene({given})")?,
            Err(wrong) => write!(f, "Scene({:?}: {wrong})", self.phase)?,
        }
        self.mistakes
            .iter()
            .try_for_each(|mistake| write!(f, " but {mistake}"))
    }
}

impl Tested {
    pub(super) fn run(&self, place: usize, package: Digest) -> TestRun {
        let Self {
            kind,
            environment,
            passed,
            failed,
            coverage_percent,
            ..
        } = self;
        let id = Key::clipped(&format!("run-{}", place + 1));
        let mut run = TestRun::new(
            id,
            kind.clone(),
            environment.clone(),
            package,
            *passed,
            *failed,
        );
        run.coverage_percent = *coverage_percent;
        run
    }
}
