//! The stores of the crate keep the contract of [`phasegate::Store`], and the suite runs on any executor.

use phasegate::store::Retrying;
use phasegate::testing::conformance::{CHECKS, Harness, run};
use phasegate::{AnyStore, MemoryStore};
use std::sync::Arc;

/// A place in memory, and how a handle to it is made.
#[derive(Clone)]
pub(crate) struct Memory;

impl Harness for Memory {
    type Place = Arc<MemoryStore>;
    type Store = Arc<MemoryStore>;

    async fn fresh(&self) -> Self::Place {
        Arc::default()
    }
    async fn open(&self, place: &Self::Place) -> Self::Store {
        place.clone()
    }
}

/// A store around one in memory.
macro_rules! around {
    ($($module:ident $harness:ident $store:ty: $wrap:expr;)*) => { $(
        #[derive(Clone)]
        struct $harness;

        impl Harness for $harness {
            type Place = Arc<MemoryStore>;
            type Store = $store;

            async fn fresh(&self) -> Self::Place {
                Arc::default()
            }
            async fn open(&self, place: &Self::Place) -> Self::Store {
                $wrap(place.clone())
            }
        }

        mod $module {
            phasegate::conformance_tests!(super::$harness);
        }
    )* };
}

type Pause = fn(u32) -> std::future::Ready<()>;

around! {
    boxed Boxed AnyStore: AnyStore::new;
    retrying Retried Retrying<Arc<MemoryStore>, Pause>: |store| {
        Retrying::new(store, 2, (|_| std::future::ready(())) as Pause)
    };
}

#[cfg(feature = "tracing")]
around! {
    traced Spanned phasegate::store::Traced<Arc<MemoryStore>>: phasegate::store::Traced::new;
}

mod memory {
    phasegate::conformance_tests!(super::Memory);
}
