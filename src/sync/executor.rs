//! Runs a claimed operation: claim, heartbeat, the steps of its kind, and its ending.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::engine::SyncEngine;
use super::lease::heartbeat::LeaseHeartbeat;
use super::run::claim::{ClaimedRun, claim_run};
use super::run::context::RunContext;
use super::run::early_ending::{early_ending, panic_ending};
use super::run::findings::RunFindings;
use super::run::finish::store_ending;
use super::run_signal::RunSignal;
use super::shutdown_signal::ShutdownSignal;
use super::{operations, run_log};
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;
use crate::store::finish::RunEnding;

/// Claims the next waiting run, or only the run `only`, and runs it to its end. Returns whether there was one.
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
    run_claimed(engine, &run, shutdown);
    Ok(true)
}

fn run_claimed(engine: &SyncEngine, run: &ClaimedRun, shutdown: &ShutdownSignal) {
    let id = run.operation.id;
    let signal = RunSignal::new(shutdown.clone(), engine.timeouts.sync, run.requested_at, engine.timeouts.lease);
    let signal = Arc::new(signal);
    let heartbeat = match LeaseHeartbeat::start(engine, run.lease, Arc::clone(&signal)) {
        Ok(heartbeat) => heartbeat,
        // Without a heartbeat the lease expires and the run is queued again.
        Err(error) => return run_log::log_error(id, format_args!("the heartbeat could not be started: {error}")),
    };
    let ending = catch_unwind(AssertUnwindSafe(|| decide_ending(engine, run, &signal)));
    match ending.unwrap_or_else(|panic| Some(panic_ending(id, panic.as_ref()))) {
        Some(ending) => store_ending(engine, run.lease, &ending, &signal),
        None => run_log::log_warning(id, format_args!("the lease is lost; another worker has taken over the run")),
    }
    drop(heartbeat);
}

/// Runs the steps and decides how the run ends. `None` when the lease is lost: another worker ends the run.
fn decide_ending(engine: &SyncEngine, run: &ClaimedRun, signal: &Arc<RunSignal>) -> Option<RunEnding> {
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
