//! Answers for people: why a step is refused, what a gate asks for, and what was let pass; as a tree for a terminal,
//! as Markdown and as HTML.
//!
//! An [`Outline`] is made of a [`Decision`](crate::release::Decision::outline), of a
//! [`gate`](crate::gate::AnyGate::outline), or of the [`Exceptions`] of any number of releases. What a program wants to
//! read is the JSON of the same values.
//!
//! # Examples
//!
//! ```
//! use phasegate::gate::Facts;
//! use phasegate::release::{Tenant, Name, ReleaseRequest, step::Authorise, Assessment, AssessmentDecision};
//! use phasegate::{By, GateSet, Person, Release};
//!
//! # let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
//! # let id = "01890000-0000-7000-8000-000000000001".parse()?;
//! let release = Release::request(Tenant::default(), id, request).withdraw(); // nothing is stored yet
//! let step = Authorise::new(Assessment::new(AssessmentDecision::Worthwhile));
//! let facts = Facts::at("2026-03-02T12:00:00Z".parse()?);
//! let decision = GateSet::new().explain(&release, step, &facts, &By::new(Person::new("kim")?));
//! assert_eq!(
//!     decision.outline().to_string(),
//!     "\
//! authorise refused, asked for by `kim` at 2026-03-02T12:00:00Z
//! ├─ time alone does not clear it
//! └─ `lifecycle`
//!    └─ `lifecycle`: violated
//!       └─ `no-such-step`: a release in Start has no step authorise
//!          └─ to lift it: `authorise` leaves Request; from Request: authorise; on hold, `resume` first
//! ",
//! );
//! # Ok::<(), phasegate::phase::Invalid>(())
//! ```

mod chart;
mod decision;
mod escape;
mod exceptions;
mod found;
mod gate;
mod html;
mod kpi;
mod learned;
mod markdown;
mod notes;
mod outline;
mod page;
mod release;
mod review;
mod roadmap;
mod sentence;
mod timeline;
mod trail;

pub use exceptions::{
    DebtCause, DebtOwed, Exception, Exceptions, OverrideGiven, OverrideOutcome, Repayment,
};
pub use notes::NoteSections;
pub use outline::Outline;
pub use page::Page;
pub use release::ReleaseReport;
pub use roadmap::{PlannedRelease, change_schedule, roadmap};
pub use trail::audit_trail;
