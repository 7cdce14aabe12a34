//! The port to those who want to know: one trait, and a sink in memory.

mod any;
mod error;
mod memory;

pub use any::AnyNotifier;
pub use error::{NotifyError, NotifyErrorKind};
pub use memory::MemoryNotifier;

use crate::release::Delivery;
use std::future::Future;

/// Hands deliveries to one sink: what the host implements.
///
/// # For implementers
///
/// Write a plain `async fn`. The relay calls it at least once per notice, in the order of versions within a stream,
/// and goes on to the next notice of that stream only when this one is settled.
///
/// # Contract
///
/// 1. `Ok` means that the sink has it, for good.
/// 2. The same delivery can come again, after a crash say; [`Delivery::dedupe_key`] tells a repetition.
/// 3. An error says whether trying again can help.
///
/// # Cancellation
///
/// A future that is dropped may or may not have delivered; the delivery comes again.
///
/// # Examples
///
/// ```
/// use phasegate::notify::{Notifier, NotifyError};
/// use phasegate::release::Delivery;
///
/// struct Log;
///
/// impl Notifier for Log {
///     async fn deliver(&self, delivery: &Delivery) -> Result<(), NotifyError> {
///         println!("{}: {}", delivery.notice.stream.id, delivery.notice.kind);
///         Ok(())
///     }
/// }
/// ```
pub trait Notifier: Send + Sync {
    /// Hands one delivery over.
    ///
    /// # Errors
    ///
    /// - retry: it did not arrive, and may later
    /// - reject: it will never be taken
    fn deliver(&self, delivery: &Delivery) -> impl Future<Output = Result<(), NotifyError>> + Send;
}

macro_rules! delegate {
    ($($pointer:ty)*) => { $(
        impl<N: Notifier + ?Sized> Notifier for $pointer {
            fn deliver(&self, delivery: &Delivery) -> impl Future<Output = Result<(), NotifyError>> + Send {
                (**self).deliver(delivery)
            }
        }
    )* };
}

delegate!(&N std::sync::Arc<N> Box<N>);
