//! The same model, where every move is decided by a gate set through the public interface.
//!
//! A release cannot be copied, and does not show all that is in it. So a situation is told from others by the packed
//! one, which goes along, and holds a log, of which the release is made once, when it is gone on from there.

use super::packed::{Move, Packed, Phase, Situation, Tests};
use crate::model;
use phasegate::gate::Facts;
use phasegate::phase::{Action, Anywhere, Interval, Seconds};
use phasegate::release::step::{
    Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, FinishDeployment, Reject,
    RequestRelease, Rework, StartDevelopment, StartTesting,
};
use phasegate::release::{
    Actor, Answer, AnyRecord, AnyStep, Approval, ApprovalWithdrawn, Assessment, AssessmentDecision,
    AttemptFinished, AttemptOutcome, AttemptStarted, Baseline, ClosureRecord, Digest,
    EarlyLifeSupportWaived, Envelope, Environment, Key, Liveness, Name, PostImplementationReview,
    ReleaseId, ReleasePackage, ReleasePlan, ReleaseRequest, ReleaseUnit, ReviewOutcome, Role,
    RoleGiven, Subject, Tenant, TestKind, TestRun, Text, UnitKind, replay,
};
use phasegate::{By, GateSet, Instant, Person, Release};
use stateright::{Model, Property};
use std::error::Error;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock};

type Failed = Box<dyn Error>;

/// What is to be explored, and all that is asked with, made once.
pub(crate) struct Produced {
    packed: Packed,
    gates: GateSet,
    staff: Vec<(Person, Role)>,
    manager: Person,
    packages: Vec<ReleasePackage>,
    /// What an approval of the deployment of each is about.
    subjects: [OnceLock<Subject>; 2],
    window: Interval,
    facts: Facts,
    id: ReleaseId,
    words: Words,
}

struct Words {
    title: Name,
    why: Text,
    attempt: Key,
    run: Key,
    place: Environment,
}

pub(crate) struct Played {
    situation: Situation,
    log: Vec<Arc<Envelope>>,
    release: Mutex<Option<Release<Anywhere>>>,
}

impl PartialEq for Played {
    fn eq(&self, other: &Self) -> bool {
        self.situation == other.situation
    }
}

impl Hash for Played {
    fn hash<H: Hasher>(&self, to: &mut H) {
        self.situation.hash(to);
    }
}

impl std::fmt::Debug for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.situation.fmt(f)
    }
}

enum Asked {
    Step(AnyStep),
    Record(AnyRecord),
}

impl Produced {
    pub(crate) fn new(packed: Packed) -> Result<Self, Failed> {
        let now: Instant = model::NOW.parse()?;
        let package = |name: &str| {
            let content = Digest::of(name.as_bytes());
            let unit = ReleaseUnit::new(UnitKind::Documentation, Name::new("1")?, content);
            Ok::<_, Failed>(ReleasePackage::new([(Key::new(name)?, unit)])?)
        };
        Ok(Self {
            packed,
            gates: model::gates()?,
            staff: model::staff(packed.people)?,
            manager: Person::new("release-manager")?,
            packages: vec![package("one")?, package("two")?],
            subjects: [OnceLock::new(), OnceLock::new()],
            window: Interval::new(now, now.plus(Seconds::days(3_650)))?,
            facts: Facts::at(now),
            id: "00000000-0000-0000-0000-000000000001".parse()?,
            words: Words {
                title: Name::new("Release")?,
                why: Text::new("so it is decided")?,
                attempt: Key::new("onto production")?,
                run: Key::new("functional in anywhere")?,
                place: Environment::new("production")?,
            },
        })
    }

    fn person(&self, number: u8) -> (&Person, &Role) {
        let (person, role) = &self.staff[usize::from(number)];
        (person, role)
    }

    /// The place of the package that is there, in Testing.
    fn place(at: &Situation) -> usize {
        usize::from(at.handed_over) - 1
    }

    fn subject(&self, release: &Release<Anywhere>, at: &Situation) -> Subject {
        let of = || self.gates.subject(release, Deploy::new(self.window));
        *self.subjects[Self::place(at)].get_or_init(of)
    }

    /// What is asked for in a move, and by whom.
    fn asked(&self, release: &Release<Anywhere>, at: &Situation, chosen: Move) -> (Asked, By) {
        let why = || self.words.why.clone();
        let by = |number| By::new(self.person(number).0.clone());
        let step = |step: AnyStep| (Asked::Step(step), By::new(self.manager.clone()));
        match chosen {
            Move::Request(person) => {
                let request = ReleaseRequest::new(self.words.title.clone());
                (Asked::Step(RequestRelease::new(request).into()), by(person))
            }
            Move::Authorise => {
                step(Authorise::new(Assessment::new(AssessmentDecision::Worthwhile)).into())
            }
            Move::Reject => step(Reject::new(why()).into()),
            Move::StartDevelopment => step(StartDevelopment::new().into()),
            Move::StartTesting(package) => {
                let package = self.packages[usize::from(package) - 1].clone();
                step(StartTesting::new(package).into())
            }
            Move::Test(passed) => {
                let passed: u32 = if passed { 95 } else { 94 };
                let (run, place) = (self.words.run.clone(), self.words.place.clone());
                let (package, kind) = (&self.packages[Self::place(at)], TestKind::Functional);
                let failed = 100 - passed;
                let run = TestRun::new(run, kind, place, package.digest(), passed, failed);
                (Asked::Record(run.into()), By::new(self.manager.clone()))
            }
            Move::Answer(person, is_yes) => {
                let role = self.person(person).1.clone();
                let answer = if is_yes {
                    Answer::Approved
                } else {
                    Answer::Rejected
                };
                let subject = self.subject(release, at);
                let mut approval = Approval::new(Action::Deploy, subject, role, answer);
                if !is_yes {
                    approval.comment = why();
                }
                (Asked::Record(approval.into()), by(person))
            }
            Move::Withdraw(person) => {
                let role = self.person(person).1.clone();
                let withdrawn = ApprovalWithdrawn::new(Action::Deploy, role);
                (Asked::Record(withdrawn.into()), by(person))
            }
            Move::Rework => step(Rework::new(why()).into()),
            Move::Deploy(person) => (Asked::Step(Deploy::new(self.window).into()), by(person)),
            Move::Finish => step(FinishDeployment::new().into()),
            Move::BackOut => step(BackOut::new(why()).into()),
            Move::CompleteReview => {
                let outcome = if at.is_backed_out {
                    ReviewOutcome::BackedOut
                } else {
                    ReviewOutcome::Successful
                };
                step(CompleteReview::new(outcome).into())
            }
            Move::Close => step(Close::new(ClosureRecord::new()).into()),
            Move::Cancel => step(Cancel::new(why()).into()),
        }
    }

    /// What is recorded where the release has just come to.
    fn given(&self, phase: Phase) -> Vec<AnyRecord> {
        let Words {
            why,
            attempt,
            place,
            ..
        } = &self.words;
        match phase {
            Phase::Request => {
                let staff = self.staff.iter().cloned();
                let all =
                    std::iter::once((self.manager.clone(), Role::ReleaseManager)).chain(staff);
                all.map(|(person, role)| RoleGiven::new(person, role).into())
                    .collect()
            }
            Phase::Plan => {
                vec![
                    ReleasePlan::new(Seconds::days(1)).into(),
                    Baseline::new().into(),
                ]
            }
            Phase::Deployment => vec![
                AttemptStarted::new(attempt.clone(), place.clone(), Liveness::Live).into(),
                AttemptFinished::new(attempt.clone(), AttemptOutcome::Live).into(),
            ],
            Phase::Review => vec![
                EarlyLifeSupportWaived::new(why.clone()).into(),
                PostImplementationReview::new(why.clone()).into(),
            ],
            Phase::Start
            | Phase::Development
            | Phase::Testing
            | Phase::Closure
            | Phase::Rejected
            | Phase::Cancelled
            | Phase::Ended => Vec::new(),
        }
    }

    /// What is to be written, if it is cleared; and the release, as it was.
    fn decide(
        &self,
        release: Release<Anywhere>,
        asked: Asked,
        by: &By,
    ) -> (Release<Anywhere>, Option<Vec<Envelope>>) {
        macro_rules! decided {
            ($proposal:expr) => {
                match self.gates.decide($proposal, &self.facts, by) {
                    Ok(cleared) => {
                        let events = cleared.batch().events().to_vec();
                        (cleared.withdraw(), Some(events))
                    }
                    Err(refused) => (refused.release, None),
                }
            };
        }
        match asked {
            Asked::Step(step) => decided!(release.propose(step)),
            Asked::Record(record) => decided!(release.record(record)),
        }
    }

    fn begin(&self, person: u8) -> Vec<Arc<Envelope>> {
        let request = ReleaseRequest::new(self.words.title.clone());
        let proposal = Release::request(Tenant::default(), self.id, request);
        let by = By::new(Actor::from(self.person(person).0));
        let cleared = self.gates.decide(proposal, &self.facts, &by);
        let cleared = cleared.expect("no gate holds a request");
        cleared
            .batch()
            .events()
            .iter()
            .cloned()
            .map(Arc::new)
            .collect()
    }

    /// The log after a move, if it is cleared.
    fn after(&self, played: &Played, chosen: Move) -> Option<Vec<Arc<Envelope>>> {
        if let Move::Request(person) = chosen {
            return Some(self.begin(person));
        }
        let mut held = played
            .release
            .lock()
            .expect("nobody panics while it is held");
        let release = held.take().unwrap_or_else(|| replayed(&played.log));
        let (asked, by) = self.asked(&release, &played.situation, chosen);
        let (release, events) = self.decide(release, asked, &by);
        *held = Some(release);
        let mut log = played.log.clone();
        log.extend(events?.into_iter().map(Arc::new));
        Some(log)
    }
}

fn replayed(log: &[Arc<Envelope>]) -> Release<Anywhere> {
    let release = replay(log.iter().map(AsRef::as_ref));
    release
        .expect("what was cleared can be replayed")
        .anywhere()
}

impl Model for Produced {
    type State = Arc<Played>;
    type Action = Move;

    fn init_states(&self) -> Vec<Arc<Played>> {
        let start = |situation| Played {
            situation,
            log: Vec::new(),
            release: Mutex::new(None),
        };
        self.packed
            .init_states()
            .into_iter()
            .map(start)
            .map(Arc::new)
            .collect()
    }

    fn actions(&self, played: &Arc<Played>, moves: &mut Vec<Move>) {
        self.packed.actions(&played.situation, moves);
    }

    fn next_state(&self, played: &Arc<Played>, chosen: Move) -> Option<Arc<Played>> {
        let packed = self.packed.next_state(&played.situation, chosen);
        let log = self.after(played, chosen);
        assert_eq!(
            log.is_some(),
            packed.is_some(),
            "{chosen:?} from {played:?}"
        );
        let (situation, mut log) = packed.zip(log)?;
        if situation.phase != played.situation.phase {
            let by = By::new(self.manager.clone());
            for record in self.given(situation.phase) {
                let (_, events) = self.decide(replayed(&log), Asked::Record(record), &by);
                log.extend(
                    events
                        .expect("what is given is taken")
                        .into_iter()
                        .map(Arc::new),
                );
            }
        }
        Some(Arc::new(Played {
            situation,
            log,
            release: Mutex::new(None),
        }))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "what is deployed was tested",
            |_, played: &Arc<Played>| {
                let Situation { phase, tests, .. } = played.situation;
                phase != Phase::Deployment || tests == Tests::Passed
            },
        )]
    }
}
