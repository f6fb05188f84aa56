//! The loop of a worker thread: claims waiting runs and runs them, one at a time.

use std::time::Duration;

use super::catch_panic::catch_panic;
use super::engine::SyncEngine;
use super::executor::claim_and_run;
use super::outage_log::OutageLog;
use super::shutdown_signal::ShutdownSignal;

/// How long an idle worker waits for a wake-up before it polls the queue: another process may have queued a run.
const QUEUE_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The same while the queue cannot be read.
const QUEUE_RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Claims and runs waiting operations until the process shuts down.
pub(super) fn run_waiting_operations(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let mut outage = OutageLog::new("the queue", "read");
    while !shutdown.is_requested() {
        let seen = engine.wake_signal.notification_count();
        let Some(claimed) = catch_panic("a worker", || claim_and_run(engine, None, shutdown)) else { continue };
        match outage.record(claimed) {
            Some(true) => {}
            Some(false) => engine.wake_signal.wait(seen, QUEUE_POLL_INTERVAL),
            None => engine.wake_signal.wait(seen, QUEUE_RETRY_INTERVAL),
        }
    }
}
