//! Signals the threads of one run why it has to stop, and whether its lease still holds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::shutdown_signal::ShutdownSignal;

/// Why a run has to stop before its last step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StopReason {
    /// The lease is lost: another worker has taken over the run, and nothing may be written any more.
    LeaseLost,
    /// A person cancelled it.
    Cancelled,
    /// This process shuts down.
    ShuttingDown,
    /// The run took longer than its time limit.
    TimedOut,
}

/// The signals of one run, shared by worker, heartbeat and reporter.
pub(super) struct RunSignal {
    shutdown: ShutdownSignal,
    is_cancelled: AtomicBool,
    is_lease_lost: AtomicBool,
    deadline: Instant,
    /// The time that the run waited for the database, in milliseconds.
    database_wait_ms: AtomicU64,
    /// The time until which the lease certainly holds, in milliseconds since [`epoch`].
    lease_end_ms: AtomicU64,
    /// Whether the primary status store refused a report of the run, which is logged once.
    has_status_failed: AtomicBool,
}

/// A fixed moment of this process. `Instant` advances while a process is frozen (CLOCK_MONOTONIC), so a worker that
/// continues after SIGSTOP knows at once that its lease has expired.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

fn millis_since_epoch(moment: Instant) -> u64 {
    u64::try_from(moment.saturating_duration_since(epoch()).as_millis()).unwrap_or(u64::MAX)
}

impl RunSignal {
    /// Creates the signal of a run with this time limit. Its lease of the length `lease` was requested at
    /// `requested_at`.
    pub(super) fn new(shutdown: ShutdownSignal, time_limit: Duration, requested_at: Instant, lease: Duration) -> Self {
        let signal = Self {
            shutdown,
            is_cancelled: AtomicBool::new(false),
            is_lease_lost: AtomicBool::new(false),
            deadline: requested_at + time_limit,
            database_wait_ms: AtomicU64::new(0),
            lease_end_ms: AtomicU64::new(0),
            has_status_failed: AtomicBool::new(false),
        };
        signal.record_renewal(requested_at, lease);
        signal
    }

    /// Records that the lease was renewed. It lasts for at least `lease` from `requested_at`, the time of the request.
    pub(super) fn record_renewal(&self, requested_at: Instant, lease: Duration) {
        self.lease_end_ms.fetch_max(millis_since_epoch(requested_at + lease), Ordering::SeqCst);
    }

    /// Returns whether the lease certainly holds now; false when in doubt.
    pub(super) fn holds_lease(&self) -> bool {
        let is_lost = self.is_lease_lost.load(Ordering::SeqCst);
        !is_lost && millis_since_epoch(Instant::now()) < self.lease_end_ms.load(Ordering::SeqCst)
    }

    /// Records that a person cancelled the run.
    pub(super) fn request_cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
    }

    /// Records that the database does not accept the lease any more.
    pub(super) fn lose_lease(&self) {
        self.is_lease_lost.store(true, Ordering::SeqCst);
    }

    /// Returns whether this process shuts down.
    pub(super) fn is_shutting_down(&self) -> bool {
        self.shutdown.is_requested()
    }

    /// Adds to the time that the run waited for the database.
    pub(super) fn add_database_wait(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.database_wait_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// Returns the total time that the run waited for the database.
    pub(super) fn database_wait(&self) -> Duration {
        Duration::from_millis(self.database_wait_ms.load(Ordering::SeqCst))
    }

    /// Records that the primary status store refused a report of the run, and that this is logged.
    pub(super) fn record_status_failure(&self) {
        self.has_status_failed.store(true, Ordering::SeqCst);
    }

    /// Whether the primary status store refused a report of the run.
    pub(super) fn has_status_failed(&self) -> bool {
        self.has_status_failed.load(Ordering::SeqCst)
    }

    /// Returns the time left until the time limit.
    pub(super) fn remaining_time(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns why the run has to stop now; `None` while it may continue.
    ///
    /// A lease that has merely expired is not a reason: if no other worker has taken over the run, its next batch
    /// renews the lease.
    pub(super) fn stop_reason(&self) -> Option<StopReason> {
        if self.is_lease_lost.load(Ordering::SeqCst) {
            Some(StopReason::LeaseLost)
        } else if self.is_cancelled.load(Ordering::SeqCst) {
            Some(StopReason::Cancelled)
        } else if self.shutdown.is_requested() {
            Some(StopReason::ShuttingDown)
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
    fn a_run_times_out_when_no_time_remains() {
        let (time_limit, lease) = (Duration::from_secs(300), Duration::from_secs(15));
        let now = Instant::now();
        let signal = RunSignal::new(ShutdownSignal::default(), time_limit, now, lease);
        let remaining = signal.remaining_time();
        assert!(remaining <= time_limit && remaining > time_limit - Duration::from_secs(60));
        assert_eq!(signal.stop_reason(), None);
        let signal = RunSignal::new(ShutdownSignal::default(), Duration::ZERO, now, lease);
        assert_eq!((signal.remaining_time(), signal.stop_reason()), (Duration::ZERO, Some(StopReason::TimedOut)));
    }
}
