//! Ends a fetch at its deadline or after a cancel. Everything that waits checks the token at short intervals.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::fetch::FetchObserver;

/// The longest time between two checks of the token during a wait.
pub(in crate::fetch) const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Why a fetch must end now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::fetch) enum FetchEnd {
    /// [`FetchObserver::should_stop`] returned `true`.
    Stopped,
    /// The time limit has passed.
    TimedOut,
}

/// Signals to all parts of a fetch that it must end.
#[derive(Debug)]
pub(in crate::fetch) struct CancelToken {
    stop: AtomicBool,
    deadline: Mutex<Instant>,
    /// The deadline of the whole run, which [`CancelToken::extend_deadline`] does not move.
    final_deadline: Instant,
}

impl CancelToken {
    /// `Ok` while the fetch may continue.
    ///
    /// # Errors
    /// Why the fetch must end now.
    pub(super) fn check(&self) -> Result<(), FetchEnd> {
        if self.stop.load(Ordering::Relaxed) {
            Err(FetchEnd::Stopped)
        } else if self.left().is_zero() {
            Err(FetchEnd::TimedOut)
        } else {
            Ok(())
        }
    }

    /// The time until the deadline.
    pub(super) fn left(&self) -> Duration {
        self.deadline.lock().saturating_duration_since(Instant::now())
    }

    /// `Ok` while this fetch may wait for another one. Such a wait does not count towards its time limit.
    ///
    /// # Errors
    /// [`FetchEnd::Stopped`] after a cancel, [`FetchEnd::TimedOut`] at the deadline of the run.
    pub(super) fn check_while_queued(&self) -> Result<(), FetchEnd> {
        match self.check() {
            Err(FetchEnd::TimedOut) if Instant::now() < self.final_deadline => Ok(()),
            other => other,
        }
    }

    /// Moves the deadline by `time`, which was spent waiting for another fetch.
    pub(super) fn extend_deadline(&self, time: Duration) {
        let mut deadline = self.deadline.lock();
        *deadline = (*deadline + time).min(self.final_deadline);
    }

    /// Waits for `time`.
    ///
    /// # Errors
    /// Why the fetch must end before that.
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

    /// Runs `work`, which cannot be interrupted, on a separate thread and waits at most `limit` for it. `Ok(None)` if
    /// it takes longer; its thread then ends when its system call does.
    ///
    /// # Errors
    /// Why the fetch must end before `work` is done.
    pub(super) fn run_with_timeout<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>, FetchEnd> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let until = Instant::now() + limit;
        let spawned = thread::Builder::new().name("lockstep-reach".to_owned()).spawn(move || {
            // The receiver is gone when the fetch has ended.
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

/// The moment `time` from now.
pub(in crate::fetch) fn deadline(time: Duration) -> Instant {
    // A year at most, so that adding cannot overflow.
    Instant::now() + time.min(Duration::from_secs(366 * 24 * 3600))
}

/// Runs `work` with a [`CancelToken`] that signals a stop soon after `observer` requests it. The work may take
/// `timeout`, and `total_timeout` including waits for other fetches.
pub(in crate::fetch) fn with_cancel_token<T>(
    observer: &dyn FetchObserver,
    timeout: Duration,
    total_timeout: Duration,
    work: impl FnOnce(&Arc<CancelToken>) -> T,
) -> T {
    let cancel = Arc::new(CancelToken {
        stop: AtomicBool::new(observer.should_stop()),
        deadline: Mutex::new(deadline(timeout.min(total_timeout))),
        final_deadline: deadline(total_timeout),
    });
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                if observer.should_stop() {
                    cancel.stop.store(true, Ordering::Relaxed);
                    return;
                }
                thread::park_timeout(POLL_INTERVAL);
            }
        });
        let _end_watcher = EndWatcherOnDrop { done: &done, watcher: watcher.thread().clone() };
        work(&cancel)
    })
}

/// Ends the watching thread even if the work panics. Otherwise the scope would never end.
struct EndWatcherOnDrop<'a> {
    done: &'a AtomicBool,
    watcher: thread::Thread,
}

impl Drop for EndWatcherOnDrop<'_> {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
        self.watcher.unpark();
    }
}
