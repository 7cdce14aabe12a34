//! The stores of the crate keep the contract of [`phasegate::Store`], and the suite runs on any executor.

use phasegate::store::Retrying;
use phasegate::testing::conformance::Harness;
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

#[cfg(feature = "sqlite")]
mod sqlite {
    use crate::sqlite_support::{Folder, quick};
    use phasegate::SqliteStore;
    use phasegate::store::SqliteOptions;
    use phasegate::testing::conformance::{CHECKS, Harness, run};

    #[derive(Clone)]
    struct Files(SqliteOptions);

    impl Harness for Files {
        type Place = Folder;
        type Store = SqliteStore;

        async fn fresh(&self) -> Folder {
            Folder::new()
        }
        async fn open(&self, place: &Folder) -> SqliteStore {
            SqliteStore::open_with(place.file(), &self.0).unwrap()
        }
        async fn break_link(
            &self,
            place: &Folder,
            stream: &phasegate::release::Stream,
            version: phasegate::release::Version,
        ) -> bool {
            crate::sqlite_support::without_entry(&place.file(), stream, version);
            true
        }
    }

    phasegate::conformance_tests!(Files(quick()));

    #[test]
    fn the_whole_contract_is_kept_when_every_commit_waits_for_the_disk() {
        let report = pollster::block_on(run(&Files(SqliteOptions::default())));
        assert_eq!(report.holds, CHECKS.len(), "{report}");
    }
}

/// A place that takes one handle at a time, and a handle that does one call at a time: one connection, and no more.
mod on_one_connection {
    use crate::delegated::delegated;
    use phasegate::testing::conformance::{Harness, Shown, run};
    use phasegate::{MemoryStore, Store};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;

    #[derive(Default)]
    struct Place {
        store: Arc<MemoryStore>,
        is_open: Arc<AtomicBool>,
    }

    /// Is free again when it is dropped, at the end of a call or in the middle of it.
    struct Taken<'a>(&'a AtomicBool);

    impl Drop for Taken<'_> {
        fn drop(&mut self) {
            self.0.store(false, Ordering::SeqCst);
        }
    }

    struct Connection {
        store: Arc<MemoryStore>,
        is_open: Arc<AtomicBool>,
        is_busy: AtomicBool,
    }

    impl Connection {
        async fn turn(&self) -> Taken<'_> {
            std::future::poll_fn(|context| {
                if self.is_busy.swap(true, Ordering::SeqCst) {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Taken(&self.is_busy))
            })
            .await
        }
    }

    impl Drop for Connection {
        fn drop(&mut self) {
            self.is_open.store(false, Ordering::SeqCst);
        }
    }

    impl Store for Connection {
        delegated!(|this| { this.turn().await } store: commit history list outcome claim settle);
    }

    #[derive(Clone)]
    struct One;

    impl Harness for One {
        type Place = Place;
        type Store = Connection;

        async fn fresh(&self) -> Place {
            Place::default()
        }
        async fn open(&self, place: &Place) -> Connection {
            let was_open = place.is_open.swap(true, Ordering::SeqCst);
            assert!(!was_open, "this place has a handle");
            Connection {
                store: place.store.clone(),
                is_open: place.is_open.clone(),
                is_busy: AtomicBool::new(false),
            }
        }
        async fn second_handle(&self, _: &Place) -> Option<Connection> {
            None
        }
    }

    #[test]
    fn a_store_with_one_connection_is_checked_on_that() {
        let report = pollster::block_on(run(&One));
        assert_eq!(report.fails, 0, "{report}");
        let left_out = |shown: &Shown| matches!(shown, Shown::NotApplicable { .. });
        let left_out = report.checks.iter().filter(|one| left_out(&one.shown));
        let left_out: Vec<_> = left_out.map(|one| one.check.name()).collect();
        let expected = [
            "a_missing_entry_is_an_error",
            "a_second_handle_reads_what_was_acknowledged",
        ];
        assert_eq!(left_out, expected, "{report}");
    }
}

/// A store whose calls are answered by a reactor, and only within a context, as on many a runtime.
mod on_a_runtime {
    use crate::delegated::delegated;
    use phasegate::testing::conformance::{CHECKS, Harness, Shown};
    use phasegate::{MemoryStore, Store};
    use std::cell::Cell;
    use std::pin::Pin;
    use std::sync::{Arc, Mutex, mpsc};
    use std::task::{Context, Poll, Waker};

    thread_local! { static IS_WITHIN: Cell<bool> = const { Cell::new(false) }; }

    /// Wakes what waits, as soon as somebody drives it.
    type Reactor = mpsc::Sender<Waker>;

    #[derive(Clone)]
    struct Runtime {
        reactor: Arc<Mutex<Reactor>>,
        enters: bool,
    }

    struct OnRuntime(Runtime, Arc<MemoryStore>);

    impl OnRuntime {
        /// A trip to the reactor and back.
        async fn trip(&self) {
            assert!(IS_WITHIN.get(), "there is no reactor running");
            let mut is_over = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut is_over, true) {
                    return Poll::Ready(());
                }
                let waker = context.waker().clone();
                self.0.reactor.lock().unwrap().send(waker).unwrap();
                Poll::Pending
            })
            .await;
        }
    }

    impl Store for OnRuntime {
        delegated!(|this| { this.trip().await } 1: commit history list outcome claim settle);
    }

    impl Harness for Runtime {
        type Place = Arc<MemoryStore>;
        type Store = OnRuntime;

        async fn fresh(&self) -> Self::Place {
            Arc::default()
        }
        async fn open(&self, place: &Self::Place) -> OnRuntime {
            OnRuntime(self.clone(), place.clone())
        }
        fn wait(&self, future: Pin<Box<dyn Future<Output = ()> + Send + '_>>) {
            IS_WITHIN.set(self.enters);
            pollster::block_on(future);
        }
    }

    /// Polls a future on this thread, which drives the reactor in between: whoever blocks it waits for ever.
    fn drive<T>(future: impl Future<Output = T>, reactor: &mpsc::Receiver<Waker>) -> T {
        let mut future = std::pin::pin!(future);
        loop {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
                return done;
            }
            let wait = std::time::Duration::from_millis(1);
            reactor.recv_timeout(wait).into_iter().for_each(Waker::wake);
            reactor.try_iter().for_each(Waker::wake);
        }
    }

    fn shown(enters: bool) -> Vec<Shown> {
        let (send, receive) = mpsc::channel();
        let reactor = Arc::new(Mutex::new(send));
        let runtime = Runtime { reactor, enters };
        let some = [
            "a_commit_writes_everything_together",
            "no_update_is_lost",
            "a_dropped_commit_is_there_whole_or_not_at_all",
        ];
        let checks = CHECKS.iter().filter(|check| some.contains(&check.name()));
        checks
            .map(|check| drive(check.run(&runtime), &receive).shown)
            .collect()
    }

    #[test]
    fn a_store_is_checked_on_its_own_runtime_which_is_never_blocked() {
        assert_eq!(shown(true), [Shown::Holds, Shown::Holds, Shown::Holds]);
    }

    #[test]
    fn a_store_that_panics_fails_the_check_and_nothing_else() {
        for shown in shown(false) {
            let Shown::Fails(failure) = shown else {
                panic!("{shown:?}");
            };
            assert!(
                failure.found.contains("there is no reactor running"),
                "{failure}"
            );
        }
    }
}
