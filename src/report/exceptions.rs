//! Everything that was let pass, in one report: overrides, waivers, debts, and what was turned down.

use super::Outline;
use super::found::Found;
use crate::phase::{Instant, Seconds};
use crate::release::{
    Actor, EarlyLifeSupportWaived, Envelope, LogError, Name, OverrideGranted, Reason, ReleaseId,
    StepRefused, Text, Upcasters, Version,
};
use serde::Serialize;
use std::{collections::BTreeSet, sync::Arc};

/// All overrides, waivers and debts of any number of releases, as they stood at an instant.
///
/// In the order of the logs that were added, and of their events.
///
/// # Time
///
/// Events that were recorded after [`at`](Self::at) are left out, and what can still be used or is still owed is told
/// for that instant.
///
/// # Examples
///
/// ```
/// # use phasegate::{Desk, MemoryStore, Person, release::{Name, ReleaseRequest}};
/// use phasegate::report::Exceptions;
///
/// # pollster::block_on(async {
/// # let (desk, kim) = (Desk::new(MemoryStore::new()), Person::new("kim")?);
/// # let release = desk.run(desk.request(ReleaseRequest::new(Name::new("Shop 2.4")?)), &kim).await?;
/// let mut exceptions = Exceptions::at("2099-12-31T00:00:00Z".parse()?);
/// exceptions.add(&desk.history(release.id()).await?)?;
/// assert_eq!(
///     exceptions.outline().to_string(),
///     "\
/// exceptions of 1 release, as of 2099-12-31T00:00:00Z
/// ├─ overrides: none
/// ├─ early life support waived: none
/// └─ debts: none
/// ",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exceptions {
    /// The instant for which it is told.
    pub at: Instant,
    /// The releases that had begun by then.
    pub releases: BTreeSet<ReleaseId>,
    /// Every override that was granted.
    pub overrides: Vec<Exception<OverrideGiven>>,
    /// Every time that the rest of early life support was not waited for.
    pub waivers: Vec<Exception<Arc<EarlyLifeSupportWaived>>>,
    /// Every debt, paid or not.
    pub debts: Vec<Exception<DebtOwed>>,
    /// Every step that was refused, if they are asked for.
    pub refusals: Option<Vec<Exception<Arc<StepRefused>>>>,
}

/// Something that a report tells of, and the event by which it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exception<T> {
    /// The release.
    pub release: ReleaseId,
    /// Its title then.
    pub title: Name,
    /// The version of the event.
    pub version: Version,
    /// Who did it; of a change that was found, who found it.
    pub by: Actor,
    /// When it was recorded.
    pub at: Instant,
    /// What it is.
    pub what: T,
}

/// An override, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OverrideGiven {
    /// Of which step, policy and code, why, and until when.
    pub granted: Arc<OverrideGranted>,
    /// What became of it.
    pub outcome: OverrideOutcome,
}

/// What became of an override.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OverrideOutcome {
    /// It can still be used.
    Usable,
    /// It was used.
    Used {
        /// The version of the step's event.
        version: Version,
        /// Who took the step.
        by: Actor,
        /// When.
        at: Instant,
        /// What would have blocked.
        passed_over: Vec<Reason>,
    },
    /// It ended unused: by its time, or with the release.
    Lapsed {
        /// When.
        at: Instant,
    },
}

/// Something that was left out and has to be made up for, since the event by which it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DebtOwed {
    /// How it came.
    pub cause: DebtCause,
    /// Why it was done.
    pub reason: Text,
    /// Who asked for it or did it, and cannot approve it.
    pub involved: BTreeSet<Actor>,
    /// The retrospective approval.
    pub approval: Repayment,
    /// The post-implementation review.
    pub review: Repayment,
    /// How long it was owed, or is.
    pub owed_for_seconds: Seconds,
}

/// How a debt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DebtCause {
    /// The release was expedited.
    Expedited,
    /// The change was found after the fact.
    Unauthorised,
    /// The release was backed out; a review is owed.
    BackedOut,
}

/// Whether a part of a debt was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Repayment {
    /// That part is not owed.
    NotOwed,
    /// It is owed.
    Owed,
    /// It was paid.
    Paid {
        /// The version of the event.
        version: Version,
        /// By whom.
        by: Actor,
        /// When.
        at: Instant,
        /// What was said.
        said: Text,
    },
}

impl DebtOwed {
    /// Whether nothing of it is owed any more.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.approval != Repayment::Owed && self.review != Repayment::Owed
    }

    /// When the last of it was paid; nothing while something is owed.
    pub(super) fn paid_at(&self) -> Option<Instant> {
        let paid = |repayment: &Repayment| match repayment {
            Repayment::Paid { at, .. } => Some(*at),
            Repayment::NotOwed | Repayment::Owed => None,
        };
        let last = paid(&self.approval).max(paid(&self.review));
        last.filter(|_| self.is_paid())
    }
}

impl Exceptions {
    /// Nothing yet, for that instant.
    #[must_use]
    pub const fn at(at: Instant) -> Self {
        Self {
            at,
            releases: BTreeSet::new(),
            overrides: Vec::new(),
            waivers: Vec::new(),
            debts: Vec::new(),
            refusals: None,
        }
    }

    /// The same, and the steps that were refused of the logs that are added from now on.
    #[must_use]
    pub fn with_refusals(mut self) -> Self {
        self.refusals.get_or_insert_default();
        self
    }

    /// Adds the whole log of a release. One that is added again, read anew say, takes the place of what was added of
    /// that release before.
    ///
    /// # Errors
    ///
    /// As [`replay`](crate::release::replay); nothing of the log is in the report then.
    pub fn add(&mut self, log: &[Envelope]) -> Result<(), LogError> {
        self.add_with(log, &Upcasters::default())
    }

    /// The same, with payloads of older or foreign schemas brought up to date first.
    ///
    /// # Errors
    ///
    /// As [`replay_with`](crate::release::replay_with); nothing of the log is in the report then.
    pub fn add_with(&mut self, log: &[Envelope], upcasters: &Upcasters) -> Result<(), LogError> {
        let found = Found::of(log, upcasters, self.at)?;
        self.forget(found.release());
        if found.has_begun {
            self.releases.insert(found.release());
        }
        self.overrides.extend(found.overrides);
        self.waivers.extend(found.waivers);
        self.debts.extend(found.debts);
        if let Some(refusals) = &mut self.refusals {
            refusals.extend(found.refusals);
        }
        Ok(())
    }

    fn forget(&mut self, release: ReleaseId) {
        // Most are new: then there is nothing to look through.
        if !self.releases.remove(&release) {
            return;
        }
        self.overrides.retain(|one| one.release != release);
        self.waivers.retain(|one| one.release != release);
        self.debts.retain(|one| one.release != release);
        if let Some(refusals) = &mut self.refusals {
            refusals.retain(|one| one.release != release);
        }
    }

    /// The overrides, waivers, debts and, if they were asked for, refusals, one under the other.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let Exceptions {
            at,
            releases,
            overrides,
            waivers,
            debts,
            refusals,
        } = self;
        let releases = releases.len();
        let of = if releases == 1 { "release" } else { "releases" };
        let head = Outline::new().own(format!("exceptions of {releases} {of}, as of {at}"));
        let refused = refusals.as_ref();
        head.under(listed("overrides", overrides.iter().map(given).collect()))
            .under(listed(
                "early life support waived",
                waivers.iter().map(waived).collect(),
            ))
            .under(listed("debts", debts.iter().map(owed).collect()))
            .under(
                refused.map(|all| listed("refused steps", all.iter().map(refused_step).collect())),
            )
    }
}

fn listed(what: &'static str, lines: Vec<Outline>) -> Outline {
    let count = match lines.len() {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    let line = Outline::new().own(what).own(format!(": {count}"));
    line.under_all(lines)
}

impl<T> Exception<T> {
    /// The release by its title; under it, which event of which release.
    fn headed(&self, what: impl FnOnce(Outline) -> Outline) -> Outline {
        let (release, version) = (self.release, self.version);
        let line = what(Outline::new().name(&self.title).own(": "));
        line.under(Outline::new().own(format!("release {release}, version {version}")))
    }
}

fn given(given: &Exception<OverrideGiven>) -> Outline {
    let OverrideGiven { granted, outcome } = &given.what;
    let (id, role, until) = (&granted.id, &granted.role, granted.until);
    let line = |line: Outline| {
        let line = line.own("override ").name(id).own(" of ");
        let line = line.name(&granted.code).own(" of ").name(&granted.policy);
        line.own(format!(" for {}", granted.step))
    };
    let by_whom = Outline::new().own("granted by ").name(&given.by);
    let by_whom = by_whom.own(" as ").name(role);
    let outcome = match outcome {
        OverrideOutcome::Usable => Outline::new().own("not used yet"),
        OverrideOutcome::Lapsed { at } => Outline::new().own(format!("ended unused at {at}")),
        OverrideOutcome::Used {
            version,
            by,
            at,
            passed_over,
        } => {
            let line = Outline::new().own("used by ").name(by);
            let line = line.own(format!(" at {at}, version {version}"));
            let passed = passed_over.iter();
            line.under_all(passed.map(|reason| {
                let line = Outline::new().own("passed over: ");
                line.prose(&reason.message)
            }))
        }
    };
    given
        .headed(line)
        .under(by_whom.own(format!(" at {}, until {until}", given.at)))
        .under(why(&granted.reason))
        .under(outcome)
}

fn why(reason: &Text) -> Outline {
    Outline::new().own("why: ").prose(reason)
}

fn waived(waived: &Exception<Arc<EarlyLifeSupportWaived>>) -> Outline {
    let line = |line: Outline| {
        let line = line.own("by ").name(&waived.by);
        line.own(format!(" at {}", waived.at))
    };
    waived.headed(line).under(why(&waived.what.reason))
}

fn owed(debt: &Exception<DebtOwed>) -> Outline {
    let DebtOwed {
        cause,
        reason,
        involved,
        approval,
        review,
        owed_for_seconds,
    } = &debt.what;
    let (what, who) = match cause {
        DebtCause::Expedited => ("expedited", "expedited by "),
        DebtCause::Unauthorised => ("unauthorised", "found by "),
        DebtCause::BackedOut => ("backed out", "backed out by "),
    };
    let state = if debt.what.is_paid() {
        "paid after"
    } else {
        "owed for"
    };
    let line = format!("{what}, {state} {}", rough_length(*owed_for_seconds));
    let who = Outline::new().own(who).name(&debt.by);
    let involved = (!involved.is_empty()).then(|| {
        let line = Outline::new().own("cannot be approved by: ");
        line.names(involved)
    });
    debt.headed(|head| head.own(line))
        .under(who.own(format!(" at {}", debt.at)))
        .under(why(reason))
        .under(paid("retrospective approval", approval))
        .under(involved)
        .under(paid("post-implementation review", review))
}

fn paid(what: &'static str, repayment: &Repayment) -> Option<Outline> {
    let line = Outline::new().own(what);
    match repayment {
        Repayment::NotOwed => None,
        Repayment::Owed => Some(line.own(": owed")),
        Repayment::Paid {
            version,
            by,
            at,
            said,
        } => {
            let line = line.own(": by ").name(by);
            let line = line.own(format!(" at {at}, version {version}"));
            Some(line.under(Outline::new().own("said: ").prose(said)))
        }
    }
}

fn refused_step(refused: &Exception<Arc<StepRefused>>) -> Outline {
    let decision = &refused.what.decision;
    let line = |line: Outline| {
        let line = line.own(format!("{}, asked for by ", decision.asked));
        line.name(&decision.actor)
            .own(format!(" at {}", decision.at))
    };
    let blockers = decision.blockers().map(|blocker| {
        let line = Outline::new().name(blocker.policy).own(": ");
        let line = line.name(&blocker.reason.code).own(": ");
        line.prose(&blocker.reason.message)
    });
    refused.headed(line).under_all(blockers)
}

/// A length of time in its two largest units.
pub(super) fn rough_length(time: Seconds) -> String {
    let seconds = time.get();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}
