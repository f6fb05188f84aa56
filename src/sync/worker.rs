//! Claims waiting runs and runs them, one at a time in each worker thread.

use std::time::{Duration, Instant};

use super::catch_panic::catch_panic;
use super::engine::SyncEngine;
use super::outage::OutageLog;
use super::run;
use super::run_log;
use super::run_signal::ShutdownSignal;
use crate::domain::operation::{Lease, SyncOperation};
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;

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

/// Claims the next waiting run (or just `only`) and sees it through; answers whether there was one.
pub(super) fn claim_and_run(
    engine: &SyncEngine,
    only: Option<SyncId>,
    stop: &ShutdownSignal,
) -> Result<bool, StoreError> {
    let claimed = Instant::now();
    let Some((operation, lease)) = claim(engine, only)? else { return Ok(false) };
    run_log::started(&engine.store, &operation, thread_name(&std::thread::current()));
    run::run(engine, &operation, lease, claimed, stop);
    Ok(true)
}

fn thread_name(thread: &std::thread::Thread) -> &str {
    thread.name().unwrap_or("worker")
}

fn claim(engine: &SyncEngine, only: Option<SyncId>) -> Result<Option<(SyncOperation, Lease)>, StoreError> {
    let thread = std::thread::current();
    let worker = format!("{}/{}", std::process::id(), thread_name(&thread));
    // Drawn at random, so that no two claims ever share a token, whatever clocks and counters do.
    let (token, _) = uuid::Uuid::new_v4().as_u64_pair();
    engine.store.claim(&worker, i64::from_ne_bytes(token.to_ne_bytes()), engine.terms.lease, only)
}
