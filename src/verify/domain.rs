//! What can happen, to whom, and what is taken as given: finite.

use super::asks::{ahead, approvers, documents, facts, is_among, items, rules};
use super::moves::{Given, Move, Runs, Tell};
use crate::gate::{GateSet, ReleaseModel, Rule};
use crate::phase::{Action, Instant, Interval, PhaseName, Seconds};
use crate::release::step::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FinishDeployment, Reject,
    Replan, RequestRelease, Rework, StartDevelopment, StartTesting,
};
use crate::release::{
    Actor, Answer, AnyRecord, AnyStep, Assessment, AssessmentDecision, AttemptFinished,
    AttemptOutcome, AttemptStarted, Baseline, Bounded, ChecklistItem, ChecklistStatus,
    ClosureRecord, Digest, EarlyLifeSupportWaived, Environment, Evidence, FactValue, Health,
    HealthObserved, Key, Liveness, Name, OverrideGranted, Person, PostImplementationReview,
    ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit, RetrospectiveApproval, ReviewOutcome,
    Role, RoleGiven, RoleRelieved, Text, Track, TrackChanged, UnitKind, WaveStarted,
};
use crate::schedule::Window;
use std::collections::{BTreeMap, BTreeSet};

/// What can happen to a release in an exploration, and who can do it.
///
/// A domain is a restriction: outside it nothing is claimed. What a property says "holds" holds for every order in
/// which the people of the domain do what the domain lets them do, and no further. Three kinds of things are in it:
///
/// - **choices**, explored in every order: who asks, which package, whether tests pass, who answers, who loses a role,
///   when an override is granted, when the track changes, and every step of the lifecycle by everybody who may matter;
/// - **conditions**, explored for every step: whether each freeze is on, and what the host's facts say;
/// - what is **given**: records that are made as soon as the release comes into a phase, and that nobody chooses.
///
/// # Time
///
/// Time stands still where the release stands, unless a phase is one to [stay in](Self::staying), or
/// [waiting](Self::waiting) is a choice.
#[derive(Debug, Clone)]
pub struct Domain {
    pub(super) now: Instant,
    pub(super) manager: Person,
    pub(super) staff: BTreeMap<Person, BTreeSet<Role>>,
    pub(super) requests: Vec<ReleaseRequest>,
    /// Who may ask for it, and who may let it go live; everybody, where nobody is named.
    pub(super) requesters: BTreeSet<Person>,
    pub(super) deployers: BTreeSet<Person>,
    pub(super) packages: Vec<ReleasePackage>,
    /// The window of a deployment where nobody chose one: it does not end while anything happens.
    long_window: Interval,
    /// One that somebody chose, which opens and ends.
    own_window: Option<Interval>,
    /// Whether what ends later than is looked at is taken never to end.
    pub(super) is_lasting: bool,
    pub(super) plan: ReleasePlan,
    pub(super) tests: Vec<Runs>,
    pub(super) answers: Vec<Answer>,
    pub(super) withdrawing: bool,
    pub(super) leaving: usize,
    pub(super) coming_back: bool,
    pub(super) deployments: u32,
    pub(super) overrides: Vec<(OverrideGranted, Person)>,
    pub(super) choices: Vec<(AnyRecord, Actor)>,
    pub(super) waits: Vec<Seconds>,
    pub(super) stays: BTreeMap<PhaseName, Seconds>,
    pub(super) given: Vec<Given>,
    pub(super) without: BTreeSet<Action>,
    pub(super) freezes: Vec<(Key, Window)>,
    pub(super) facts: BTreeMap<Key, Vec<FactValue>>,
    pub(super) model: Option<ReleaseModel>,
}

impl Domain {
    /// What the rules of these gates ask about: tests that are as good as any rule asks, all fail, or fail one kind at a
    /// time; each fact on either side of where a rule turns; each item of a checklist done. Two packages, one request on
    /// the normal track, and nobody yet.
    #[must_use]
    pub fn of(gates: &GateSet, now: Instant) -> Self {
        let rules: Vec<&Rule> = rules(gates).collect();
        let mut domain = Self {
            now,
            manager: Person::own("release-manager"),
            staff: BTreeMap::new(),
            requests: vec![ReleaseRequest::new(Name::own("Release"))],
            requesters: BTreeSet::new(),
            deployers: BTreeSet::new(),
            packages: ["one", "two"].into_iter().filter_map(package).collect(),
            long_window: Interval::moment(now),
            own_window: None,
            is_lasting: false,
            plan: ReleasePlan::new(Seconds::days(1)),
            tests: Runs::outcomes(&rules),
            answers: vec![Answer::Approved],
            withdrawing: false,
            leaving: 0,
            coming_back: false,
            deployments: u32::MAX,
            overrides: Vec::new(),
            choices: Vec::new(),
            waits: Vec::new(),
            stays: BTreeMap::new(),
            given: Vec::new(),
            without: BTreeSet::new(),
            freezes: Vec::new(),
            facts: facts(&rules),
            model: None,
        };
        // Whoever is to be told ahead of the window is told in Plan at the latest.
        let opens = now.plus(Seconds::new(
            rules
                .iter()
                .filter_map(|rule| ahead(rule))
                .max()
                .unwrap_or(0),
        ));
        let window = Interval::between(opens, opens.plus(Seconds::days(3_650)));
        domain.long_window = window.unwrap_or(domain.long_window);
        for item in items(&rules) {
            for phase in [
                PhaseName::Request,
                PhaseName::Plan,
                PhaseName::Development,
                PhaseName::Testing,
                PhaseName::Deployment,
                PhaseName::Review,
            ] {
                let ticked = ChecklistItem::new(item.clone(), ChecklistStatus::Done);
                domain = domain.given(phase, ticked);
            }
        }
        for key in documents(&rules) {
            let document = Evidence::new(key, Name::own("It is there"), Digest::ZERO);
            domain = domain.given(PhaseName::Testing, document);
        }
        domain
    }

    /// The same, and a person with these roles.
    #[must_use]
    pub fn with_person(mut self, person: Person, roles: impl IntoIterator<Item = Role>) -> Self {
        self.staff.entry(person).or_default().extend(roles);
        self
    }

    /// The same, with these packages instead: the first comes first, and one that was followed by another does not come
    /// back.
    #[must_use]
    pub fn with_packages(mut self, packages: impl IntoIterator<Item = ReleasePackage>) -> Self {
        self.packages = packages.into_iter().collect();
        self
    }

    /// The same, with these requests instead, of which each may begin the release.
    #[must_use]
    pub fn requesting(mut self, requests: impl IntoIterator<Item = ReleaseRequest>) -> Self {
        self.requests = requests.into_iter().collect();
        self
    }

    /// The same, where only these people ask for the release.
    #[must_use]
    pub fn requested_by(mut self, people: impl IntoIterator<Item = Person>) -> Self {
        self.requesters = people.into_iter().collect();
        self
    }

    /// The same, where only these people let it go live.
    #[must_use]
    pub fn deployed_by(mut self, people: impl IntoIterator<Item = Person>) -> Self {
        self.deployers = people.into_iter().collect();
        self
    }

    /// The same, with this plan.
    #[must_use]
    pub fn planned(mut self, plan: ReleasePlan) -> Self {
        self.plan = plan;
        self
    }

    /// The same, where a release follows this model: on each of its tracks, with its plan and its environments, each
    /// wave healthy. It stays in Testing and in Deployment for as long as the longest time that a rule or a wave asks for.
    #[must_use]
    pub fn following(mut self, gates: &GateSet, model: &ReleaseModel) -> Self {
        let on = |track: &Track| {
            let mut request = model.request(Name::own("Release"));
            request.track = *track;
            request
        };
        self.requests = model.tracks().iter().map(on).collect();
        self.plan = model.plan();
        self.model = Some(model.clone());
        let stay = self.longest(gates).get();
        for phase in [PhaseName::Testing, PhaseName::Deployment] {
            self.stays.insert(phase, Seconds::new(stay));
        }
        for (environment, liveness) in model.environments() {
            let phase = match liveness {
                Liveness::Live => PhaseName::Deployment,
                Liveness::NotLive => PhaseName::Testing,
            };
            self = self.deployed(phase, environment, *liveness, Seconds::new(stay));
        }
        let mut left = stay;
        for wave in self.plan.waves.clone().iter() {
            let started = WaveStarted::new(wave.name.clone());
            self = self.given_ago(PhaseName::Deployment, started, Seconds::new(left));
            left = left.saturating_sub(wave.bake.get());
            let mut seen = HealthObserved::new(wave.name.clone(), Health::Healthy);
            let measures = wave.abort.keys().map(|measure| (measure.clone(), 0));
            seen.measures = Bounded::new(measures.collect()).unwrap_or_default();
            self = self.given_ago(PhaseName::Deployment, seen, Seconds::new(left));
        }
        self
    }

    fn deployed(self, phase: PhaseName, to: &Environment, live: Liveness, ago: Seconds) -> Self {
        let id = Key::clipped(&format!("onto {to}"));
        let started = AttemptStarted::new(id.clone(), to.clone(), live);
        let finished = AttemptFinished::new(id, AttemptOutcome::Live);
        let started = self.given_ago(phase, started, ago);
        started.given_ago(phase, finished, ago)
    }

    /// The same, where people also reject, and take back what they answered.
    #[must_use]
    pub fn with_second_thoughts(mut self) -> Self {
        self.answers = vec![Answer::Approved, Answer::Rejected];
        self.withdrawing = true;
        self
    }

    /// The same, where up to this many roles are lost: each by one person, at any time, for good.
    #[must_use]
    pub const fn leaving(mut self, most: usize) -> Self {
        self.leaving = most;
        self
    }

    /// The same, where who lost a role can get it back.
    #[must_use]
    pub const fn coming_back(mut self) -> Self {
        self.coming_back = true;
        self
    }

    /// The same, where it is deployed so often at most; what is backed out then is not planned anew.
    #[must_use]
    pub const fn deploying(mut self, most: u32) -> Self {
        self.deployments = most;
        self
    }

    /// The same, where it is deployed in this window. Without one, it is a window that opens as soon as anybody who is to
    /// be told ahead of it can have been told, and that does not end while anything happens. Live work waits for it to open.
    ///
    /// Until it ends every instant is told apart, so that time makes more situations: keep it near.
    #[must_use]
    pub const fn deploying_in(mut self, window: Interval) -> Self {
        self.own_window = Some(window);
        self
    }

    /// The same, where what ends later than is looked at is taken never to end: an override, or how long a rehearsal
    /// counts. Without this, a domain in which time passes has to [look that far](Self::deploying_in).
    #[must_use]
    pub const fn lasting(mut self) -> Self {
        self.is_lasting = true;
        self
    }

    /// The same, where this person can grant this override.
    #[must_use]
    pub fn with_override(mut self, granted: OverrideGranted, by: Person) -> Self {
        self.overrides.push((granted, by));
        self
    }

    /// The same, where this freeze of a calendar of that name is on or off, whenever a step is asked for.
    #[must_use]
    pub fn with_freeze(mut self, calendar: Key, freeze: Window) -> Self {
        self.freezes.push((calendar, freeze));
        self
    }

    /// The same, where that fact has one of these values, or is not known.
    #[must_use]
    pub fn with_fact(mut self, key: Key, values: impl IntoIterator<Item = FactValue>) -> Self {
        self.facts.insert(key, values.into_iter().collect());
        self
    }

    /// The same, where somebody may make this record whenever the release takes it.
    #[must_use]
    pub fn choosing(mut self, record: impl Into<AnyRecord>, by: impl Into<Actor>) -> Self {
        self.choices.push((record.into(), by.into()));
        self
    }

    /// The same, where this record is made as soon as the release comes into that phase.
    #[must_use]
    pub fn given(self, phase: PhaseName, record: impl Into<AnyRecord>) -> Self {
        self.given_ago(phase, record, Seconds::new(0))
    }

    /// The same, for something that happened so long before the stay in the phase was over.
    #[must_use]
    pub fn given_ago(
        mut self,
        phase: PhaseName,
        record: impl Into<AnyRecord>,
        ago: Seconds,
    ) -> Self {
        let record = record.into();
        self.given.push(Given { phase, record, ago });
        self
    }

    /// The same, where the release stays that long in a phase before anything else is done there.
    #[must_use]
    pub fn staying(mut self, phase: PhaseName, time: Seconds) -> Self {
        self.stays.insert(phase, time);
        self
    }

    /// The same, where nothing may happen for that long.
    #[must_use]
    pub fn waiting(mut self, time: Seconds) -> Self {
        self.waits.push(time);
        self
    }

    /// The same, where this step is never taken.
    #[must_use]
    pub fn without(mut self, step: Action) -> Self {
        self.without.insert(step);
        self
    }

    /// What is made without a choice when the release comes into a phase, in order.
    pub(super) fn given_in(&self, phase: PhaseName) -> Vec<Given> {
        let now = |record: AnyRecord| Given {
            phase,
            record,
            ago: Seconds::new(0),
        };
        let because = || Text::own("so it is agreed");
        let own: Vec<AnyRecord> = match phase {
            PhaseName::Request => {
                let manager = RoleGiven::new(self.manager.clone(), Role::ReleaseManager);
                let staff = self
                    .roles()
                    .map(|(person, role)| RoleGiven::new(person, role));
                std::iter::once(manager)
                    .chain(staff)
                    .map(Into::into)
                    .collect()
            }
            PhaseName::Plan => vec![self.plan.clone().into(), Baseline::new().into()],
            PhaseName::Deployment if self.is_deployed_anyhow() => {
                let (id, place) = (Key::own("onto production"), Environment::own("production"));
                vec![
                    AttemptStarted::new(id.clone(), place, Liveness::Live).into(),
                    AttemptFinished::new(id, AttemptOutcome::Live).into(),
                ]
            }
            PhaseName::Review => vec![
                EarlyLifeSupportWaived::new(because()).into(),
                PostImplementationReview::new(because()).into(),
            ],
            PhaseName::Start
            | PhaseName::Development
            | PhaseName::Testing
            | PhaseName::Deployment
            | PhaseName::Closure
            | PhaseName::Closed => Vec::new(),
        };
        let further = self.given.iter().filter(|given| given.phase == phase);
        own.into_iter().map(now).chain(further.cloned()).collect()
    }

    /// Where nothing else is said of how it goes live.
    fn is_deployed_anyhow(&self) -> bool {
        let live = |given: &Given| matches!(&given.record, AnyRecord::AttemptStarted(one) if one.liveness == Liveness::Live);
        !self.given.iter().any(live)
    }

    /// The instant after which nothing comes to an end any more: what ends later is taken never to end.
    pub(super) fn last_end(&self) -> Instant {
        let last = match self.own_window {
            Some(window) => window.end(),
            None => self.long_window.start(),
        };
        self.now.max(last)
    }

    /// The window for which a deployment is asked.
    pub(super) fn window(&self) -> Interval {
        self.own_window.unwrap_or(self.long_window)
    }

    pub(super) const fn has_own_window(&self) -> bool {
        self.own_window.is_some()
    }

    /// Whether time passes.
    fn has_time(&self) -> bool {
        let mut times = self.stays.values().chain(&self.waits);
        times.any(|time| time.get() > 0)
    }

    /// What ends too late to be looked at, in words, where time passes at all.
    pub(super) fn endless(&self, gates: &GateSet) -> Vec<String> {
        if !self.has_time() {
            return Vec::new();
        }
        let last = self.last_end();
        let overrides = self.overrides.iter().map(|(one, _)| one);
        let overrides = overrides.filter(|one| last < one.until);
        let overrides = overrides.map(|one| format!("override `{}`", one.id));
        let back_out = self.plan.back_out.as_ref();
        let rehearsed = back_out.and_then(|how| how.rehearsed).filter(|rehearsed| {
            let mut numbers = rules(gates).flat_map(Rule::numbers);
            numbers.any(|(place, number)| {
                let long = Seconds::new(u32::try_from(number).unwrap_or(u32::MAX));
                place.contains("rehearsed") && last < rehearsed.plus(long)
            })
        });
        let rehearsed = rehearsed.map(|_| "the rehearsal of the back-out".to_owned());
        overrides.chain(rehearsed).collect()
    }

    /// Everybody with each of their roles.
    pub(super) fn roles(&self) -> impl Iterator<Item = (Person, Role)> {
        self.staff
            .iter()
            .flat_map(|(person, roles)| roles.iter().map(|role| (person.clone(), role.clone())))
    }

    /// The longest time for which a rule looks back, or the waves of the plan are watched.
    pub(super) fn longest(&self, gates: &GateSet) -> Seconds {
        let numbers = rules(gates).flat_map(Rule::numbers);
        // How long ago a back-out was rehearsed is written in the plan, and no plan gets older.
        let lengths =
            numbers.filter(|(place, _)| place.contains("seconds") && !place.contains("rehearsed"));
        let longest = lengths.map(|(_, number)| u32::try_from(number).unwrap_or(u32::MAX));
        let bakes = self.plan.waves.iter().map(|wave| wave.bake.get());
        let bakes = bakes.fold(0, u32::saturating_add);
        Seconds::new(longest.max().unwrap_or(0).max(bakes))
    }

    fn among<'a>(&'a self, named: &'a BTreeSet<Person>) -> impl Iterator<Item = &'a Person> {
        let all = self.staff.keys();
        all.filter(|person| named.is_empty() || named.contains(*person))
    }

    /// Whether the emergency track can be come to.
    fn has_emergencies(&self) -> bool {
        match &self.model {
            Some(model) => model.tracks().contains(&Track::Emergency),
            None => self
                .requests
                .iter()
                .any(|one| one.track == Track::Emergency),
        }
    }

    /// Every move of the domain, in a fixed order.
    pub(super) fn moves(&self, gates: &GateSet) -> Vec<Move> {
        let manager = Actor::from(&self.manager);
        let mut moves = Vec::new();
        let by_manager = |tell| Move::new(tell, manager.clone());
        for request in &self.requests {
            let step = || Tell::Step(RequestRelease::new(request.clone()).into());
            let who = self.among(&self.requesters);
            moves.extend(who.map(|who| Move::new(step(), who)));
        }
        for (step, is_by_anybody) in self.steps() {
            if self.without.contains(&step.action()) {
                continue;
            }
            let asked = approvers(gates, step.action());
            for (person, role) in self
                .roles()
                .filter(|(person, role)| is_among(&asked, person, role))
            {
                for &answer in &self.answers {
                    let (step, role) = (step.clone(), role.clone());
                    moves.push(Move::new(Tell::Answer { step, role, answer }, &person));
                }
                if self.withdrawing {
                    let step = step.action();
                    moves.push(Move::new(Tell::Withdraw { step, role }, &person));
                }
            }
            if is_by_anybody {
                let by = |who| Move::new(Tell::Step(step.clone()), who);
                moves.extend(self.among(&self.deployers).map(by));
            } else {
                moves.push(by_manager(Tell::Step(step)));
            }
        }
        let tests = self.tests.iter().cloned();
        moves.extend(tests.map(|runs| by_manager(Tell::Tested(runs))));
        for (granted, by) in &self.overrides {
            moves.push(Move::new(Tell::Record(granted.clone().into()), by));
        }
        if self.has_emergencies() {
            let track = TrackChanged::new(Track::Emergency, Text::own("it cannot wait"));
            moves.push(by_manager(Tell::Record(track.into())));
        }
        if self.requests.iter().any(|one| one.track == Track::Standard) {
            let track = TrackChanged::new(Track::Normal, Text::own("it is no standard change"));
            moves.push(by_manager(Tell::Record(track.into())));
        }
        if self.has_emergencies() {
            moves.extend(self.roles().map(|(person, role)| {
                let why = Text::own("it had to be done");
                let approval = RetrospectiveApproval::new(role, why);
                Move::new(Tell::Record(approval.into()), &person)
            }));
        }
        moves.extend(self.leavings());
        let chosen = self.choices.iter();
        moves
            .extend(chosen.map(|(record, by)| Move::new(Tell::Record(record.clone()), by.clone())));
        moves.extend(self.waits.iter().map(|time| by_manager(Tell::Wait(*time))));
        moves
    }

    /// Roles lost, and given back.
    fn leavings(&self) -> Vec<Move> {
        let by_manager = |record: AnyRecord| Move::new(Tell::Record(record), &self.manager);
        let mut moves = Vec::new();
        for (person, role) in self.roles().filter(|_| self.leaving > 0) {
            let left = RoleRelieved::new(person.clone(), role.clone());
            moves.push(by_manager(left.into()));
            if self.coming_back {
                moves.push(by_manager(RoleGiven::new(person, role).into()));
            }
        }
        moves
    }

    /// The steps with what they are asked with, and whether it matters who asks.
    fn steps(&self) -> Vec<(AnyStep, bool)> {
        let why = || Text::own("so it is decided");
        let model = self.model.as_ref();
        let standard = model.and_then(ReleaseModel::standard);
        let assessment = standard.map_or_else(
            || Assessment::new(AssessmentDecision::Worthwhile),
            |standard| standard.assessment.clone(),
        );
        let mut steps: Vec<(AnyStep, bool)> = vec![
            (Authorise::new(assessment).into(), false),
            (Reject::new(why()).into(), false),
            (StartDevelopment::new().into(), false),
        ];
        for package in &self.packages {
            steps.push((StartTesting::new(package.clone()).into(), false));
        }
        steps.extend([
            (Rework::new(why()).into(), false),
            (Replan::new(why()).into(), false),
            (Deploy::new(self.window()).into(), true),
        ]);
        if self.has_emergencies() {
            for package in &self.packages {
                let support = self.plan.early_life_support;
                let expedite = Expedite::new(package.clone(), support, why());
                steps.push((expedite.into(), true));
            }
        }
        steps.extend([
            (FinishDeployment::new().into(), false),
            (BackOut::new(why()).into(), false),
            (CompleteReview::new(ReviewOutcome::Successful).into(), false),
            (CompleteReview::new(ReviewOutcome::BackedOut).into(), false),
            (Close::new(ClosureRecord::new()).into(), false),
            (Cancel::new(why()).into(), false),
        ]);
        steps
    }
}

/// A package that differs from those of other names.
fn package(name: &str) -> Option<ReleasePackage> {
    let unit = ReleaseUnit::new(
        UnitKind::Documentation,
        Name::own("1"),
        Digest::of(name.as_bytes()),
    );
    ReleasePackage::new([(Key::clipped(name), unit)]).ok()
}
