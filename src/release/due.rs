//! What is due of a release, what starts and ends, and which steps there are: a pure question, asked for an instant.

use super::digest::Digest;
use super::happens::Occasion;
use super::package::{ReleasePackage, ReleaseUnit, UnitKind};
use super::people::{Actor, Role};
use super::request::{Assessment, AssessmentDecision};
use super::review::{ClosureRecord, ReviewOutcome};
use super::shell::{Core, Release};
use super::state::{Debt, State};
use super::steps::{
    AnyStep, Authorise, BackOut, Cancel, Close, CompleteReview, Deploy, Expedite, FinishDeployment,
    Hold, Reject, Replan, Resume, Rework, StartDevelopment, StartTesting,
};
use super::text::{Key, Name, Person, Text};
use super::turns::{Turn, Turns};
use crate::phase::{Action, Door, Instant, Interval, Seconds};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What happens at an instant that a release knows of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DueKind {
    /// A task is due.
    Task {
        /// The task.
        id: Key,
        /// Who does it.
        owner: Option<Person>,
    },
    /// An improvement is due.
    Improvement {
        /// The improvement.
        id: Key,
        /// Who sees to it.
        owner: Person,
    },
    /// A milestone of the current plan is due: at its instant, or at the end of its UTC day.
    Milestone(Key),
    /// The deployment window opens.
    WindowOpens,
    /// The deployment window closes.
    WindowCloses,
    /// A wave has baked, and waits to be looked at.
    WaveBaked(Key),
    /// Early life support ends.
    EarlyLifeSupportEnds,
    /// An answer no longer counts.
    ApprovalExpires {
        /// For which step it was given.
        step: Action,
        /// Whose answer it is.
        person: Person,
        /// In which role.
        role: Role,
    },
    /// An override that nobody has used can no longer be used.
    OverrideExpires(Key),
    /// Somebody no longer stands in for another.
    DelegationEnds {
        /// In which role.
        role: Role,
        /// For whom.
        of: Person,
        /// Who stood in.
        to: Person,
    },
}

impl DueKind {
    /// Whether somebody has to have done something by then; the rest starts or ends by itself.
    #[must_use]
    pub const fn is_deadline(&self) -> bool {
        matches!(
            self,
            Self::Task { .. } | Self::Improvement { .. } | Self::Milestone(_)
        )
    }
}

impl fmt::Display for DueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task { id, .. } => write!(f, "task `{id}` is due"),
            Self::Improvement { id, .. } => write!(f, "improvement `{id}` is due"),
            Self::Milestone(key) => write!(f, "milestone `{key}` is due"),
            Self::WindowOpens => f.write_str("the deployment window opens"),
            Self::WindowCloses => f.write_str("the deployment window closes"),
            Self::WaveBaked(name) => write!(f, "wave `{name}` has baked"),
            Self::EarlyLifeSupportEnds => f.write_str("early life support ends"),
            Self::ApprovalExpires { step, person, role } => {
                write!(f, "what `{person}` answered as {role} for {step} expires")
            }
            Self::OverrideExpires(id) => write!(f, "override `{id}` expires"),
            Self::DelegationEnds { role, of, to } => {
                write!(f, "`{to}` no longer stands in for `{of}` as {role}")
            }
        }
    }
}

/// One thing that happens at an instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct DueItem {
    /// When.
    pub at: Instant,
    /// What.
    pub kind: DueKind,
}

/// What a release has to do with an instant: what came to be before it and what comes after, and which steps there are.
///
/// Asked for again at any instant before [`next`](Self::next), it says the same: a host sleeps until then, or until
/// something is written.
///
/// # Examples
///
/// ```
/// use phasegate::{Desk, MemoryStore, Person};
/// use phasegate::phase::Action;
/// use phasegate::release::{Key, Name, ReleaseRequest, TaskOpened};
///
/// # pollster::block_on(async {
/// let desk = Desk::new(MemoryStore::new());
/// let kim = Person::new("kim")?;
/// let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let mut task = TaskOpened::new(Key::new("T-1")?, Name::new("Tell the shops")?);
/// task.due = Some("2026-03-02T12:00:00Z".parse()?);
/// let release = desk.record(release, task, &kim).await?;
///
/// let before = release.due("2026-03-02T11:00:00Z".parse()?);
/// assert_eq!(before.next, Some("2026-03-02T12:00:00Z".parse()?));
/// assert!(before.steps[&Action::Authorise].is_empty());
/// let then = release.due("2026-03-02T12:00:00Z".parse()?);
/// assert_eq!(then.overdue().next().unwrap().kind.to_string(), "task `T-1` is due");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Due {
    /// The steps that leave where the release stands, each with the codes of all that the lifecycle has against it; with
    /// none, it can be asked for. What its gates have against it, [`Desk::explain`](crate::Desk::explain) tells.
    ///
    /// A step is taken as asked well: with a reason where it needs one, with what was built, in the planned window, by a
    /// person.
    pub steps: BTreeMap<Action, BTreeSet<Key>>,
    /// What came to be and still stands: deadlines that nobody has met, windows that are open or over, waves that
    /// nobody has looked at since they baked, answers and overrides that have run out. Earliest first.
    pub passed: Vec<DueItem>,
    /// What is to come, earliest first.
    pub coming: Vec<DueItem>,
    /// What is owed, and has no instant by which it is: it is overdue from the beginning.
    pub owed: Vec<Debt>,
    /// When the answer changes by time alone; nothing if it does not.
    pub next: Option<Instant>,
}

impl Due {
    /// The deadlines that have passed, earliest first. One passes at its very instant.
    pub fn overdue(&self) -> impl Iterator<Item = &DueItem> {
        self.passed.iter().filter(|item| item.kind.is_deadline())
    }
}

impl Turn<'_> {
    fn kind(self) -> DueKind {
        match self {
            Self::Task(task) => DueKind::Task {
                id: task.id.clone(),
                owner: task.owner.clone(),
            },
            Self::Improvement(raised) => DueKind::Improvement {
                id: raised.id.clone(),
                owner: raised.owner.clone(),
            },
            Self::Milestone(key) => DueKind::Milestone(key.clone()),
            Self::WindowOpens => DueKind::WindowOpens,
            Self::WindowCloses => DueKind::WindowCloses,
            Self::WaveBaked(name, _) => DueKind::WaveBaked(name.clone()),
            Self::EarlyLifeSupportEnds => DueKind::EarlyLifeSupportEnds,
            Self::ApprovalExpires(step, person, role) => DueKind::ApprovalExpires {
                step,
                person: person.clone(),
                role: role.clone(),
            },
            Self::OverrideExpires(id) => DueKind::OverrideExpires(id.clone()),
            Self::DelegationEnds(role, of, to) => DueKind::DelegationEnds {
                role: role.clone(),
                of: of.clone(),
                to: to.clone(),
            },
        }
    }
}

impl<P> Release<P> {
    /// What is due of it at that instant, what starts and ends, which steps there are, and when that changes.
    ///
    /// # Time
    ///
    /// What is due, starts or ends at an instant has passed from that very instant on. Approvals that lapse because a
    /// policy lets them count for so long only are not in it: that is the gate's to know.
    ///
    /// # Complexity
    ///
    /// What the release has of tasks, improvements, milestones, waves, approvals, overrides and delegations, sorted once.
    #[must_use]
    pub fn due(&self, now: Instant) -> Due {
        self.core().due(now)
    }
}

impl Core {
    pub(crate) fn due(&self, now: Instant) -> Due {
        let (mut passed, mut coming) = (Vec::new(), Vec::new());
        Turns::of(&self.state).tell(&mut |turn, at| {
            let kind = turn.kind();
            match turn {
                _ if now < at => coming.push(DueItem { at, kind }),
                // What was looked at, and who stood in for whom, is history.
                Turn::WaveBaked(_, true)
                | Turn::DelegationEnds(..)
                | Turn::EarlyLifeSupportEnds => {}
                Turn::Task(_)
                | Turn::Improvement(_)
                | Turn::Milestone(_)
                | Turn::WindowOpens
                | Turn::WindowCloses
                | Turn::WaveBaked(_, false)
                | Turn::ApprovalExpires(..)
                | Turn::OverrideExpires(_) => passed.push(DueItem { at, kind }),
            }
        });
        passed.sort();
        coming.sort();
        let debts = self.state.debts.iter();
        Due {
            steps: self.startable(now),
            passed,
            next: coming.first().map(|item| item.at),
            coming,
            owed: debts.filter(|debt| !debt.is_paid()).cloned().collect(),
        }
    }

    /// The steps that leave here, each with the codes of what the lifecycle has against it.
    fn startable(&self, now: Instant) -> BTreeMap<Action, BTreeSet<Key>> {
        let somebody = Actor::Person(Person::somebody());
        let on = Occasion {
            release: self.head.id,
            version: self.head.version,
            actor: &somebody,
            occurred_at: now,
            recorded_at: now,
        };
        let steps = self.state.standing.next();
        let steps = steps.filter_map(|action| self.state.usual(action, now));
        let codes = |step: AnyStep| {
            let against = self.state.admits_step(&step, on).into_iter();
            (step.action(), against.map(|reason| reason.code).collect())
        };
        steps.map(codes).collect()
    }
}

impl State {
    /// The step that leads on from here, if one does: the gated one of the usual way.
    pub(crate) fn onward(&self) -> Option<Action> {
        let mut steps = self.standing.next();
        steps.find(|action| action.door() == Door::Gated && *action != Action::Expedite)
    }

    /// The step with what it is usually asked with, as far as that can be known; nothing for the beginnings.
    pub(crate) fn usual(&self, action: Action, now: Instant) -> Option<AnyStep> {
        let why = || Text::clipped("as usual");
        Some(match action {
            Action::RequestRelease | Action::FindUnauthorised => return None,
            Action::Authorise => {
                let assessment = Assessment::new(AssessmentDecision::Worthwhile);
                Authorise { assessment }.into()
            }
            Action::Reject => Reject { reason: why() }.into(),
            Action::StartDevelopment => StartDevelopment {}.into(),
            Action::StartTesting => StartTesting { package: built()? }.into(),
            Action::Rework => Rework { reason: why() }.into(),
            Action::Replan => Replan { reason: why() }.into(),
            Action::Deploy => {
                let window = self.planned_window().or_else(|| soon(now))?;
                Deploy { window }.into()
            }
            Action::Expedite => Expedite {
                package: built()?,
                early_life_support: Seconds::new(0),
                reason: why(),
            }
            .into(),
            Action::FinishDeployment => FinishDeployment {}.into(),
            Action::BackOut => BackOut { reason: why() }.into(),
            Action::CompleteReview => {
                let outcome = if self.is_backed_out {
                    ReviewOutcome::BackedOut
                } else {
                    ReviewOutcome::Successful
                };
                CompleteReview { outcome }.into()
            }
            Action::Close => Close {
                record: ClosureRecord::new(),
            }
            .into(),
            Action::Cancel => Cancel { reason: why() }.into(),
            Action::Hold => Hold { reason: why() }.into(),
            Action::Resume => Resume {}.into(),
        })
    }

    /// The window that the current plan has.
    pub(crate) fn planned_window(&self) -> Option<Interval> {
        self.plan.as_deref().and_then(|plan| plan.window)
    }
}

/// A package that anything could be in.
fn built() -> Option<ReleasePackage> {
    let (kind, version) = (UnitKind::Documentation, Name::new("1").ok()?);
    let unit = ReleaseUnit {
        kind,
        version,
        digest: Digest::ZERO,
    };
    ReleasePackage::new([(Key::own("documentation"), unit)]).ok()
}

fn soon(now: Instant) -> Option<Interval> {
    Interval::new(now, now.plus(Seconds::hours(1))).ok()
}
