//! What a check works on: a place of its own, handles to it, and threads that call at once.

use super::Harness;
use super::report::{Ended, Failure};
use crate::release::{Stream, Version};
use crate::store::AnyStore;
use std::any::Any;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// A future of unknown type.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place without its type.
trait AnyPlace: Send + Sync {
    fn open(&self) -> Boxed<'_, AnyStore>;
    fn second_handle(&self) -> Boxed<'_, Option<AnyStore>>;
    fn reopen(&self) -> Boxed<'_, Option<AnyStore>>;
    fn break_link<'a>(&'a self, stream: &'a Stream, version: Version) -> Boxed<'a, bool>;
    fn wait(&self, future: Boxed<'_, ()>);
}

struct At<H: Harness> {
    harness: H,
    place: H::Place,
}

impl<H: Harness> AnyPlace for At<H> {
    fn open(&self) -> Boxed<'_, AnyStore> {
        Box::pin(async { AnyStore::new(self.harness.open(&self.place).await) })
    }
    fn second_handle(&self) -> Boxed<'_, Option<AnyStore>> {
        Box::pin(async {
            let second = self.harness.second_handle(&self.place).await;
            second.map(AnyStore::new)
        })
    }
    fn reopen(&self) -> Boxed<'_, Option<AnyStore>> {
        Box::pin(async { self.harness.reopen(&self.place).await.map(AnyStore::new) })
    }
    fn break_link<'a>(&'a self, stream: &'a Stream, version: Version) -> Boxed<'a, bool> {
        Box::pin(self.harness.break_link(&self.place, stream, version))
    }
    fn wait(&self, future: Boxed<'_, ()>) {
        self.harness.wait(future);
    }
}

/// A store in a place of its own.
pub(super) struct Bench {
    place: Arc<dyn AnyPlace>,
    /// The first handle.
    pub(super) store: AnyStore,
}

impl Bench {
    pub(super) async fn new<H: Harness>(harness: H) -> Self {
        let place = harness.fresh().await;
        let place: Arc<dyn AnyPlace> = Arc::new(At { harness, place });
        let store = place.open().await;
        Self { place, store }
    }

    /// A handle beside the first one.
    pub(super) async fn second(&self) -> Result<AnyStore, Ended> {
        let second = self.place.second_handle().await;
        second.ok_or_else(|| Ended::skipped("the harness has no `second_handle`"))
    }

    /// The second handle, or the first one where there is only one.
    pub(super) async fn other(&self) -> AnyStore {
        let second = self.place.second_handle().await;
        second.unwrap_or_else(|| self.store.clone())
    }

    /// The same place, opened anew when every handle is gone.
    pub(super) async fn reopened(self) -> Result<Self, Ended> {
        let Self { place, store } = self;
        drop(store);
        let store = place.reopen().await;
        let store = store.ok_or_else(|| Ended::skipped("the harness has no `reopen`"))?;
        Ok(Self { place, store })
    }

    /// Damages an entry.
    pub(super) async fn break_link(&self, stream: &Stream, version: u64) -> Result<(), Ended> {
        if self.place.break_link(stream, Version::new(version)).await {
            Ok(())
        } else {
            Err(Ended::skipped("the harness has no `break_link`"))
        }
    }

    /// Makes these calls at once, each on a thread of its own, and gives their answers in order.
    pub(super) async fn together<T: Send + 'static>(
        &self,
        calls: Vec<Boxed<'static, T>>,
    ) -> Result<Vec<T>, Ended> {
        let start = Arc::new(std::sync::Barrier::new(calls.len()));
        let calls: Vec<_> = calls
            .into_iter()
            .map(|call| {
                let (place, start) = (self.place.clone(), start.clone());
                on_a_thread(PATIENCE, move || {
                    start.wait();
                    waited(call, |future| place.wait(future))
                })
            })
            .collect();
        let mut answers = Vec::with_capacity(calls.len());
        for call in calls {
            let answer = call.await.and_then(|answer| {
                answer.ok_or_else(|| "`Harness::wait` came back before the future".to_owned())
            });
            answers.push(answer.map_err(|what| Failure::new("calls at once", "answers", what))?);
        }
        Ok(answers)
    }
}

/// How long a check may take.
pub(super) const PATIENCE: Duration = Duration::from_mins(3);

/// What a future gives, once a harness has waited for it.
pub(super) fn waited<T: Send>(
    future: impl Future<Output = T> + Send,
    wait: impl FnOnce(Boxed<'_, ()>),
) -> Option<T> {
    let mut answer = None;
    wait(Box::pin(async { answer = Some(future.await) }));
    answer
}

/// Polls a future on this thread until it is done.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

/// An answer that a thread will give, or why there is none.
pub(super) struct Answer<T>(Arc<Mutex<Slot<T>>>);

struct Slot<T> {
    answer: Option<Result<T, String>>,
    waker: Option<Waker>,
}

fn locked<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Future for Answer<T> {
    type Output = Result<T, String>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = locked(&self.0);
        slot.waker = Some(context.waker().clone());
        slot.answer.take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// Works on a thread of its own, which is left behind when it takes too long. Nothing blocks whoever awaits the answer.
#[expect(
    clippy::disallowed_methods,
    reason = "a check of a store that hangs or panics has to come back"
)]
pub(super) fn on_a_thread<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Answer<T> {
    let slot = Arc::new(Mutex::new(Slot {
        answer: None,
        waker: None,
    }));
    let answer = Answer(slot.clone());
    thread::spawn(move || {
        let (send, receive) = mpsc::channel();
        let worker = thread::spawn(move || drop(send.send(work())));
        let done = match receive.recv_timeout(patience) {
            Ok(done) => Ok(done),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(format!("no answer within {} seconds", patience.as_secs()))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(match worker.join() {
                Ok(()) => "no answer".to_owned(),
                Err(panic) => format!("a panic: {}", said(&*panic)),
            }),
        };
        let mut slot = locked(&slot);
        slot.answer = Some(done);
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
    });
    answer
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words")
}

/// Polls a future so many times, and drops it if it is not done by then.
pub(super) async fn polled<T>(future: impl Future<Output = T>, times: u32) -> Option<T> {
    let mut left = times;
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_hangs_or_panics_is_told() {
        let answer = |patience, work: fn() -> u8| {
            block_on(on_a_thread(Duration::from_millis(patience), work))
        };
        assert_eq!(answer(60_000, || 7), Ok(7));
        let hangs = answer(10, || {
            loop {
                thread::park();
            }
        });
        assert_eq!(hangs, Err("no answer within 0 seconds".to_owned()));
        let panics = answer(60_000, || panic!("on {}", "purpose"));
        assert_eq!(panics, Err("a panic: on purpose".to_owned()));
    }

    #[test]
    fn a_future_is_dropped_after_so_many_polls() {
        let mut polls = 0;
        let future = std::future::poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 3 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        assert_eq!(block_on(polled(future, 2)), None);
        assert_eq!(polls, 2);
        assert_eq!(block_on(polled(std::future::ready(()), 0)), None);
        assert_eq!(block_on(polled(std::future::ready(7), 1)), Some(7));
    }
}
