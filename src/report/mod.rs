//! What people look at: why a step is refused, what is new in a release, what came of it, what happened, what is planned,
//! and how well it goes.
//!
//! - An [`Outline`] is an answer as lines under lines, for a terminal too: of a
//!   [`Decision`](crate::release::Decision::outline), of a [`gate`](crate::gate::AnyGate::outline), of the [`Exceptions`]
//!   of any number of releases.
//! - A [`Page`] is a document with tables and figures, as Markdown, HTML, CSV, SVG and JSON: [`ReleaseReport`] makes release
//!   notes, a review and a timeline of the log of a release; [`audit_trail`], [`roadmap()`] and [`change_schedule`] are
//!   functions; [`KpiReport::page`](crate::kpi::KpiReport::page) tells what was measured.
//! - The lifecycle as a diagram is [`phase::mermaid`](crate::phase::mermaid).
//!
//! Foreign texts are never taken for markup in any of them; [`guide::reports`](crate::guide::reports) says how.
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
