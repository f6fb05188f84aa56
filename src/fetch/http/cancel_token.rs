//! When a fetch must end: at its deadline, or as soon as the watch says stop. Everything that waits, waits in slices
//! and asks here in between, so nothing hangs longer than that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::fetch::FetchObserver;

/// How long anything waits before it asks again.
pub(in crate::fetch) const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Why a fetch must end now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::fetch) enum FetchEnd {
    /// The watch said stop.
    Stopped,
    /// The time of the order is over.
    TimedOut,
}

/// The one answer to "may this go on?", shared with the parts of a connection.
#[derive(Debug)]
pub(in crate::fetch) struct CancelToken {
    stop: AtomicBool,
    deadline: Mutex<Instant>,
    /// The end of everything, which no pause puts off.
    final_deadline: Instant,
}

impl CancelToken {
    /// Whether to go on.
    pub(in crate::fetch) fn check(&self) -> Result<(), FetchEnd> {
        if self.stop.load(Ordering::Relaxed) {
            Err(FetchEnd::Stopped)
        } else if self.left().is_zero() {
            Err(FetchEnd::TimedOut)
        } else {
            Ok(())
        }
    }

    /// The time that is left.
    pub(in crate::fetch) fn left(&self) -> Duration {
        self.deadline.lock().saturating_duration_since(Instant::now())
    }

    /// Whether to go on waiting for somebody else's fetch, which is not in the time that this one may take.
    pub(in crate::fetch) fn check_while_queued(&self) -> Result<(), FetchEnd> {
        match self.check() {
            Err(FetchEnd::TimedOut) if Instant::now() < self.final_deadline => Ok(()),
            other => other,
        }
    }

    /// So long was spent waiting for somebody else.
    pub(in crate::fetch) fn extend_deadline(&self, time: Duration) {
        let mut deadline = self.deadline.lock();
        *deadline = (*deadline + time).min(self.final_deadline);
    }

    /// Waits for so long.
    pub(in crate::fetch) fn sleep(&self, time: Duration) -> Result<(), FetchEnd> {
        let until = Instant::now() + time;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(POLL_INTERVAL).min(self.left()));
        }
    }

    /// Does `work`, which cannot be interrupted, on a thread of its own and waits for it at most `limit`: `Ok(None)`
    /// when it took longer. Then the thread is left to itself until the system gives up.
    pub(in crate::fetch) fn run_with_timeout<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>, FetchEnd> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let until = Instant::now() + limit;
        let spawned = thread::Builder::new().name("lockstep-reach".to_owned()).spawn(move || {
            // Nobody listens any more: the fetch has ended.
            let _ = sender.send(work());
        });
        if spawned.is_err() {
            return Ok(None);
        }
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left.min(POLL_INTERVAL / 2)) {
                Ok(done) => return Ok(Some(done)),
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(_) => return Ok(None),
            }
        }
    }
}

/// The moment so long from now.
pub(in crate::fetch) fn deadline(time: Duration) -> Instant {
    // A year stands for "no limit" where adding would overflow.
    Instant::now() + time.min(Duration::from_secs(366 * 24 * 3600))
}

/// Runs `work` with a [`CancelToken`] that says stop soon after `observer` does, whatever the work is waiting for. The work may
/// take `timeout`, and with its pauses `most`.
pub(in crate::fetch) fn with_cancel_token<T>(
    observer: &dyn FetchObserver,
    timeout: Duration,
    most: Duration,
    work: impl FnOnce(&Arc<CancelToken>) -> T,
) -> T {
    let deadlines = (Mutex::new(deadline(timeout.min(most))), deadline(most));
    let stop = AtomicBool::new(observer.should_stop());
    let cancel = Arc::new(CancelToken { stop, deadline: deadlines.0, final_deadline: deadlines.1 });
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                if observer.should_stop() {
                    cancel.stop.store(true, Ordering::Relaxed);
                    return;
                }
                thread::park_timeout(POLL_INTERVAL);
            }
        });
        let _over = CancelOnDrop { done: &done, asking: asking.thread().clone() };
        work(&cancel)
    })
}

/// Ends the asking thread even when the work panics; otherwise the scope would wait for it for ever.
struct CancelOnDrop<'a> {
    done: &'a AtomicBool,
    asking: thread::Thread,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
        self.asking.unpark();
    }
}
