//! A notifier without its type.

use super::{Notifier, NotifyError};
use crate::release::Delivery;
use std::{fmt, future::Future, pin::Pin, sync::Arc};

type Boxed<'a> = Pin<Box<dyn Future<Output = Result<(), NotifyError>> + Send + 'a>>;

/// Any notifier, for where its type must not show. Cloning it shares the notifier.
#[derive(Clone)]
pub struct AnyNotifier(Arc<dyn BoxedNotifier>);

impl AnyNotifier {
    /// Hides the type of a notifier.
    pub fn new(notifier: impl Notifier + 'static) -> Self {
        Self(Arc::new(notifier))
    }
}

impl fmt::Debug for AnyNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyNotifier")
    }
}

/// The boxed twin of [`Notifier`]; the suffix keeps calls unambiguous.
trait BoxedNotifier: Send + Sync {
    fn deliver_boxed<'a>(&'a self, delivery: &'a Delivery) -> Boxed<'a>;
}

impl<N: Notifier> BoxedNotifier for N {
    fn deliver_boxed<'a>(&'a self, delivery: &'a Delivery) -> Boxed<'a> {
        Box::pin(self.deliver(delivery))
    }
}

impl Notifier for AnyNotifier {
    async fn deliver(&self, delivery: &Delivery) -> Result<(), NotifyError> {
        self.0.deliver_boxed(delivery).await
    }
}
