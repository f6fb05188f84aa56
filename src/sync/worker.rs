//! A worker: claims waiting runs and runs each from its claim to its ending.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::catch_panic::catch_panic;
use super::engine::SyncEngine;
use super::lease::heartbeat::LeaseHeartbeat;
use super::outage_log::OutageLog;
use super::run::context::{ClaimedRun, RunContext};
use super::run::early_ending::{early_ending, panic_ending};
use super::run::findings::RunFindings;
use super::run::finish::store_ending;
use super::run_signal::RunSignal;
use super::shutdown_signal::ShutdownSignal;
use super::{operations, run_log};
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;
use crate::store::finish::RunEnding;

/// How long an idle worker waits for a wake-up before it polls the queue: another process may have queued a run.
const QUEUE_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long a worker waits before it polls the queue again while the queue cannot be read.
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

/// Claims the next waiting run, or only the run `only`, and runs it to its end. Returns whether there was a run.
///
/// # Errors
/// [`StoreError`] when the queue cannot be read or the claim cannot be written. Everything that fails after the claim
/// is stored in the run itself.
pub(super) fn claim_and_run(
    engine: &SyncEngine,
    only: Option<SyncId>,
    shutdown: &ShutdownSignal,
) -> Result<bool, StoreError> {
    let Some(run) = claim_run(engine, only)? else { return Ok(false) };
    let id = run.operation.id;
    let signal = RunSignal::new(shutdown.clone(), engine.timeouts.sync, run.requested_at, engine.timeouts.lease);
    let signal = Arc::new(signal);
    let heartbeat = match LeaseHeartbeat::start(engine, run.lease, Arc::clone(&signal)) {
        Ok(heartbeat) => heartbeat,
        Err(error) => {
            // Without a heartbeat the lease expires and the run is queued again.
            run_log::log_error(id, format_args!("the heartbeat could not be started: {error}"));
            return Ok(true);
        }
    };
    let ending = catch_unwind(AssertUnwindSafe(|| run_steps(engine, &run, &signal)));
    match ending.unwrap_or_else(|panic| Some(panic_ending(id, panic.as_ref()))) {
        Some(ending) => store_ending(engine, &run, &ending, &signal),
        None => run_log::log_warning(id, format_args!("the lease is lost; another worker has taken over the run")),
    }
    drop(heartbeat);
    Ok(true)
}

/// Claims the next waiting run, or only the run `only`, together with its lease. `None` when there is none.
fn claim_run(engine: &SyncEngine, only: Option<SyncId>) -> Result<Option<ClaimedRun>, StoreError> {
    let requested_at = Instant::now();
    let thread = std::thread::current();
    let thread_name = thread.name().unwrap_or("worker");
    let worker = format!("{}/{thread_name}", std::process::id());
    // Random, so that no two claims share a token, whatever clocks and counters do.
    let (token, _) = uuid::Uuid::new_v4().as_u64_pair();
    let token = i64::from_ne_bytes(token.to_ne_bytes());
    let Some((operation, lease)) = engine.store.claim_run(&worker, token, engine.timeouts.lease, only)? else {
        return Ok(None);
    };
    run_log::log_started(&engine.store, &operation, thread_name);
    Ok(Some(ClaimedRun { operation, lease, requested_at }))
}

/// Runs the steps and decides how the run ends. `None` when the lease is lost: another worker ends the run.
fn run_steps(engine: &SyncEngine, run: &ClaimedRun, signal: &Arc<RunSignal>) -> Option<RunEnding> {
    let mut findings = RunFindings::default();
    let result = RunContext::load(engine, run, signal).and_then(|context| {
        let result = operations::run_operation(&context, &mut findings);
        if result.is_err() {
            findings.record_progress(&context.reporter);
        }
        result
    });
    match result {
        Ok(ending) => Some(ending),
        Err(stop) => early_ending(engine, run, signal, findings, stop),
    }
}
