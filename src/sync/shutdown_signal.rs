//! Signals the threads of a process to shut down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a sleeping thread checks whether shutdown was requested.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Requests that all threads of a process shut down. Clones share the request.
#[derive(Clone, Default)]
pub struct ShutdownSignal(Arc<AtomicBool>);

impl ShutdownSignal {
    /// Requests the shutdown.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the shutdown was requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Sleeps for `duration`, or until the shutdown is requested.
    pub fn sleep(&self, duration: Duration) {
        let end = Instant::now() + duration;
        while !self.is_requested() && Instant::now() < end {
            std::thread::sleep(CHECK_INTERVAL.min(end.saturating_duration_since(Instant::now())));
        }
    }
}
