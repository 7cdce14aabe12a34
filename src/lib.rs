//! Release management as a library: phases are types, gates explain every refusal, events are the only truth.
pub mod clock;
pub mod desk;
pub mod gate;
pub mod notify;
pub mod phase;
pub mod release;
pub mod store;

pub use desk::Desk;
pub use gate::{Gate, GateSet, Policy};
pub use notify::Notifier;
pub use phase::{Instant, Interval};
pub use release::{AnyRelease, By, Person, Release, Verdict};
pub use store::{AnyStore, MemoryStore, Store};
