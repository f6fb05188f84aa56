//! Claims waiting runs and runs them, one at a time in each worker thread.

use std::time::Duration;

use super::catch_panic::catch_panic;
use super::engine::SyncEngine;
use super::outage_log::OutageLog;
use super::run::claim_and_run;
use super::run_signal::ShutdownSignal;

/// How long an idle worker waits for a wake-up before it polls the queue: another process may have queued a run.
const QUEUE_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The same while the queue cannot be read.
const QUEUE_RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Claims and runs waiting operations until the process shuts down.
pub(super) fn work(engine: &SyncEngine, stop: &ShutdownSignal) {
    let mut queue = OutageLog::new("the queue", "read");
    while !stop.asked() {
        let heard = engine.bell.rung();
        let Some(claimed) = catch_panic("a worker", || claim_and_run(engine, None, stop)) else { continue };
        match queue.note(claimed) {
            Some(true) => {}
            Some(false) => engine.bell.wait(heard, QUEUE_POLL_INTERVAL),
            None => engine.bell.wait(heard, QUEUE_RETRY_INTERVAL),
        }
    }
}
