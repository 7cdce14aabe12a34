//! Release management along ITIL lines, as a library: phases are types, gates explain every refusal, and an
//! append-only log is the only truth.
//!
//! ```
//! use phasegate::gate::{EvidencePolicy, GateSet, Percent};
//! use phasegate::release::{Name, ReleaseRequest, TestKind, step::Deploy};
//! use phasegate::{Desk, Gate, MemoryStore, Person};
//!
//! # pollster::block_on(async {
//! let tested = EvidencePolicy::new([(TestKind::Functional, Percent::new(95)?)]);
//! let gate = Gate::<Deploy>::new("production", 1)?.require(tested);
//! let desk = Desk::new(MemoryStore::new()).with_gates(GateSet::new().with(gate));
//!
//! let kim = Person::new("kim")?;
//! let request = ReleaseRequest::new(Name::new("Shop 2.4")?);
//! let release = desk.run(desk.request(request), &kim).await?; // a `Release<Request>`
//! // release.deploy(window) does not compile: a release in `Request` has no such step
//! assert_eq!(release.standing().to_string(), "Request");
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! # The picture
//!
//! ```text
//!             authorise       start_            start_          deploy           finish_           complete_
//!                             development       testing                          deployment        review        close
//!  Request ─────────▶ Plan ─────────▶ Development ─────▶ Testing ─────▶ Deployment ─────▶ Review ─────▶ Closure ─────▶ Closed
//!     │                 ▲  ◀── replan ──┘  ◀── rework ──┘   │               │ back_out ───▶ ▲  │
//!     │ reject          └───────────── replan ──────────────┘               └───────────────┘  └─ replan, after a back-out
//!     ▼ cancel                  hold and resume in Request, Plan, Development, Testing; expedite in emergencies
//!   Closed
//! ```
//!
//! [`phase`] has all of it as a table.
//!
//! # Four ideas
//!
//! 1. **A [`Release<P>`](Release) moves from phase to phase, and the phase is in the type.** A step that the lifecycle
//!    does not have does not compile. One that it has is a proposal: it consumes the release, and nothing has
//!    happened yet.
//! 2. **A [`Gate`] answers every proposal**: with a clearance that cannot be forged, or with a refusal that has every
//!    blocker, what would lift it, and the release back. Policies are pure functions over plain data; they come from
//!    types or from a file, and are unit-tested like everything else.
//! 3. **A [`Desk`] makes it real**: it loads the release, finds out what the rules need to know, asks the gates, and
//!    commits what was cleared in one atomic write.
//! 4. **A [`Store`] keeps the log**, and nothing else is the truth. Hosts implement one, or pick one.
//!
//! # A whole release
//!
//! From request to closure: `examples/first_release.rs`. `pollster` is a small executor; any other will do.
//!
#![doc = concat!("```\n", include_str!("../examples/first_release.rs"), "```")]
//!
//! What goes into a step or a record is in [`release`]. Required values are arguments of `new`; `builder` sets
//! the rest too.
//!
//! # Where to start
//!
//! | you want to | read |
//! |---|---|
//! | run releases in a service | the example above, [`Desk`], [`store`] |
//! | choose rules for a step | [`guide::policies`], [`GateSet::from_json`] |
//! | say when something may happen | [`guide::schedule`], [`schedule::Schedule`], [`Desk::declare_window`] |
//! | let rules ask what other systems know | [`facts::FactFinder`], [`Desk::with_facts`] |
//! | keep releases out of each other's way, and out of freezes | [`schedule`], [`gate::FreezePolicy`], [`gate::ConflictFreePolicy`] |
//! | write rules | [`gate::Policy`], [`Gate`], [`GateSet::explain`] |
//! | test rules, and know how good the tests are | `testing`, `guide::testing_policies` |
//! | go every way that rules leave open | `verify`, `examples/verify_models.rs` |
//! | ask what rules would have done in the past | `verify::Backtest`, [`Desk::history`] |
//! | keep an organisation's rules in files | [`gate::ReleaseModel`], [`guide::release_models`] |
//! | build tools on logs | [`release::Envelope`], [`release::replay`], [`release::verify`], [`guide::event_format`] |
//! | try steps without writing anything | [`gate::Rehearsal`] |
//! | handle an emergency | `examples/emergency.rs` |
//! | handle releases of any phase | [`AnyRelease`], [`release::AnyStep`], [`Desk::load`] |
//! | keep logs in a file, or in your own database | [`guide::stores`], the contract of [`Store`], `examples/own_store.rs` |
//! | know whether a store keeps its contract | `testing::conformance` |
//! | know what is due, and who is waited for | [`Release::due`], [`Desk::due`], [`Desk::worklist`] |
//! | let steps be taken by themselves | [`guide::automation`], [`Desk::run_automatic`], `examples/automation.rs` |
//! | learn from releases | [`release::LessonLearned`], [`release::ImprovementRaised`], [`Desk::lessons`] |
//! | measure: on time, in budget, DORA's five, and more | [`kpi`], [`guide::kpi`] |
//! | tell people why not, and what was let pass | [`report`] |
//! | write release notes, reviews, roadmaps, audit trails, KPI reports | [`report`], [`guide::reports`], `examples/documents.rs` |
//! | tell others what happened | [`Notifier`], [`desk::Relay`] |
//! | know why it is so | [`guide::architecture`], [`guide::design_faq`], [`guide::terms`] |
//!
//! # What it does not do
//!
//! - It runs nothing: no pipeline, no deployment, no test. Other systems do, and their results come back as records.
//! - It knows no people: ids only; names, mail addresses and permissions stay with the host.
//! - It has no server, no user interface, no timer, and in the default build no thread. The host calls.
//! - It is not a project planner. Milestones are dates that are compared with what happened.
//! - It does not protect a log from somebody who may write everything; see [`release::verify`].
//!
//! # Features
//!
//! The default build has no runtime, no database and no HTTP. Features only add, and turning one on never changes what
//! the crate already does.
//!
//! | feature | what it adds |
//! |---|---|
//! | `calendar` | windows in IANA zones, and recurring ones: [`schedule`] |
//! | `toml` | [release models](guide::release_models) and calendars from TOML: `ReleaseModel::from_toml`, `Calendar::from_toml` |
//! | `schema` | their JSON Schema: `ReleaseModel::schema` |
//! | `sqlite` | a store in one file, with the engine built in: `SqliteStore` |
//! | `testing` | rules under test: cases, files of cases, coverage, mutation, difference; a suite for stores; brings `verify` |
//! | `proptest` | drawn scenes, stories, releases and calendars for properties, by the crate of that name; brings `testing` |
//! | `tracing` | a span around every call of a store: `store::Traced` |
//! | `verify` | every way that rules leave open, explored; recorded history, asked again: `verify::verify`, `verify::Backtest` |
//!
//! # Promises
//!
//! - No panic on data. Bad input gets an error that names the value and what was expected, and nothing is half done.
//! - Same input, same decision, on every machine: no clock, no randomness, no locale in anything that decides.
//! - What was acknowledged is in the log once; what was not acknowledged is there whole or not at all.
//! - Logs stay readable: the envelope is stable, and older payloads are brought up to date on reading.

pub mod clock;
pub mod desk;
pub mod facts;
pub mod gate;
pub mod guide;
pub mod kpi;
pub mod notify;
pub mod phase;
pub mod release;
pub mod report;
pub mod schedule;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "verify")]
pub mod verify;

pub use desk::Desk;
pub use gate::{Gate, GateSet, Policy};
pub use notify::Notifier;
pub use phase::{Instant, Interval};
pub use release::{AnyRelease, By, Person, Release, Verdict};
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{AnyStore, MemoryStore, Store};

/// The README's code, tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
