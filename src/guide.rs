//! Longer reading: how the crate is built, every policy with recipes, stores in operation, the change schedule, every
//! measure, documents, automation, how rules are tested, why, its words, and what stands in a store.

#[doc = include_str!("../docs/architecture.md")]
pub mod architecture {}

#[doc = include_str!("../docs/policies.md")]
pub mod policies {}

#[cfg(feature = "verify")]
#[doc = include_str!("../docs/verification.md")]
pub mod verification {}

#[doc = include_str!("../docs/stores.md")]
pub mod stores {}

#[doc = include_str!("../docs/kpi.md")]
pub mod kpi {}

#[doc = include_str!("../docs/schedule.md")]
pub mod schedule {}

#[doc = include_str!("../docs/reports.md")]
pub mod reports {}

#[doc = include_str!("../docs/design-faq.md")]
pub mod design_faq {}

#[doc = include_str!("../docs/terms.md")]
pub mod terms {}

#[doc = include_str!("../docs/event-format.md")]
pub mod event_format {}

#[doc = include_str!("../docs/release-models.md")]
pub mod release_models {}

#[doc = include_str!("../docs/automation.md")]
pub mod automation {}

#[cfg(feature = "testing")]
#[doc = include_str!("../docs/testing-policies.md")]
pub mod testing_policies {}
