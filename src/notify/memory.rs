//! A sink in memory, for tests and examples.

use super::{Notifier, NotifyError};
use crate::release::Delivery;
use std::sync::{Mutex, PoisonError};

/// Keeps every delivery in memory.
#[derive(Debug, Default)]
pub struct MemoryNotifier(Mutex<Vec<Delivery>>);

impl MemoryNotifier {
    /// An empty sink.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What has arrived, in the order of arrival.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivery> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Notifier for MemoryNotifier {
    async fn deliver(&self, delivery: &Delivery) -> Result<(), NotifyError> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(delivery.clone());
        Ok(())
    }
}
