//! Wakes idle workers when a run was queued in this process.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Wakes idle workers when a run was queued in this process. It is only a hint: workers also poll the queue, because
/// another process may queue a run.
#[derive(Default)]
pub struct WakeSignal {
    notifications: Mutex<u64>,
    changed: Condvar,
}

impl WakeSignal {
    /// Wakes all waiting threads.
    pub fn notify(&self) {
        *self.notifications.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// The number of notifications so far. Read it before the queue and pass it to [`WakeSignal::wait`], so that no
    /// notification between the two is missed.
    #[must_use]
    pub fn notification_count(&self) -> u64 {
        *self.notifications.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there are more than `seen` notifications, at most for `timeout`.
    pub fn wait(&self, seen: u64, timeout: Duration) {
        let notifications = self.notifications.lock().unwrap_or_else(PoisonError::into_inner);
        // Why the wait ended does not matter: the caller polls the queue in any case.
        drop(self.changed.wait_timeout_while(notifications, timeout, |count| *count == seen));
    }
}
