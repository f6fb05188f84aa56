//! Why a run should end before it is done, as its own threads tell each other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A reason to end a run early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StopReason {
    /// The lease is lost; the run belongs to somebody else and nothing may be written any more.
    LeaseLost,
    /// A person asked for it.
    Cancelled,
    /// This process is told to stop.
    Stopping,
    /// The run took longer than it may.
    TimedOut,
}

/// Asks all workers of a process to stop. Cloning it shares it.
#[derive(Clone, Default)]
pub struct ShutdownSignal(Arc<AtomicBool>);

impl ShutdownSignal {
    /// Asks.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Sleeps for `most`, or until it is asked.
    pub fn sleep(&self, most: Duration) {
        const NAP: Duration = Duration::from_millis(100);
        let until = Instant::now() + most;
        while !self.asked() && Instant::now() < until {
            std::thread::sleep(NAP.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// The signals of one run, shared by its worker, its heartbeat and its reporter.
pub(super) struct RunSignal {
    stop: ShutdownSignal,
    cancelled: AtomicBool,
    lost: AtomicBool,
    deadline: Instant,
    /// How long the database kept the run waiting, in milliseconds.
    lost_time: AtomicU64,
    /// Until when the lease is certainly ours, in milliseconds since [`epoch`].
    held_until: AtomicU64,
    /// Whether the primary status store refused a report of the run, which has been said.
    status_refused: AtomicBool,
}

/// A fixed moment of this process. `Instant` goes on while a process is frozen (CLOCK_MONOTONIC), which is why a
/// worker that wakes up after SIGSTOP sees at once that its lease has run out.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

fn since_epoch(moment: Instant) -> u64 {
    u64::try_from(moment.saturating_duration_since(epoch()).as_millis()).unwrap_or(u64::MAX)
}

impl RunSignal {
    /// For a run that may take `most`, whose lease was taken just after `taken` for `lease`.
    pub(super) fn new(stop: ShutdownSignal, most: Duration, taken: Instant, lease: Duration) -> Self {
        let signal = Self {
            stop,
            cancelled: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            deadline: taken + most,
            lost_time: AtomicU64::new(0),
            held_until: AtomicU64::new(0),
            status_refused: AtomicBool::new(false),
        };
        signal.renewed(taken, lease);
        signal
    }

    /// The lease was renewed for `lease`; the renewal was asked for at `asked`, so it lasts at least from then.
    pub(super) fn renewed(&self, asked: Instant, lease: Duration) {
        self.held_until.fetch_max(since_epoch(asked + lease), Ordering::SeqCst);
    }

    /// Whether the lease is certainly ours at this moment. When in doubt it is not.
    pub(super) fn holds_lease(&self) -> bool {
        !self.lost.load(Ordering::SeqCst) && since_epoch(Instant::now()) < self.held_until.load(Ordering::SeqCst)
    }

    /// Somebody asked to end the run.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }

    /// The database says that the lease is not ours.
    pub(super) fn lose_lease(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    /// Whether this process is told to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.asked()
    }

    /// The database kept the run waiting for that long.
    pub(super) fn lost(&self, time: Duration) {
        self.lost_time.fetch_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// How long the database kept the run waiting in all.
    pub(super) fn lost_time(&self) -> Duration {
        Duration::from_millis(self.lost_time.load(Ordering::SeqCst))
    }

    /// The primary status store refused a report of the run, and the log has that.
    pub(super) fn status_was_refused(&self) {
        self.status_refused.store(true, Ordering::SeqCst);
    }

    /// Whether the log has that the primary status store does not take what it is told of the run.
    pub(super) fn is_status_refused(&self) -> bool {
        self.status_refused.load(Ordering::SeqCst)
    }

    /// How much longer the run may take.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Why the run should end now, if it should.
    ///
    /// A lease that has merely run out is no reason yet: if nobody took the run over, the next batch takes it anew.
    pub(super) fn reason(&self) -> Option<StopReason> {
        if self.lost.load(Ordering::SeqCst) {
            Some(StopReason::LeaseLost)
        } else if self.cancelled.load(Ordering::SeqCst) {
            Some(StopReason::Cancelled)
        } else if self.stop.asked() {
            Some(StopReason::Stopping)
        } else if Instant::now() >= self.deadline {
            Some(StopReason::TimedOut)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{RunSignal, ShutdownSignal, StopReason};

    #[test]
    fn the_time_that_is_left_is_over_when_the_run_is() {
        let (most, lease) = (Duration::from_secs(300), Duration::from_secs(15));
        let begun = Instant::now();
        let signal = RunSignal::new(ShutdownSignal::default(), most, begun, lease);
        assert!(signal.time_left() <= most && signal.time_left() > most - Duration::from_secs(60));
        assert_eq!(signal.reason(), None);
        let signal = RunSignal::new(ShutdownSignal::default(), Duration::ZERO, begun, lease);
        assert_eq!((signal.time_left(), signal.reason()), (Duration::ZERO, Some(StopReason::TimedOut)));
    }
}
