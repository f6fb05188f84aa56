//! Decides the ending of a run that did not complete: stopped, failed or panicked.

use std::any::Any;

use super::context::ClaimedRun;
use super::findings::RunFindings;
use super::run_stop::RunStop;
use crate::domain::automatic_retry::{PlannedRetry, plan_retry};
use crate::domain::operation::{Lease, Status, SyncOperation};
use crate::domain::run_text::stopped_message;
use crate::domain::run_text::stopped_run::{
    TimeLimit, cancelled_message, database_error_message, disk_full_message, internal_error_message, restarted_message,
    shut_down_message, timed_out_message,
};
use crate::domain::sync_id::SyncId;
use crate::store::StoreError;
use crate::store::finish::{RequeuePolicy, RunEnding};
use crate::store::lease::LeaseRenewal;
use crate::store::takeover::interrupted_error;
use crate::sync::SyncEngine;
use crate::sync::run_log;
use crate::sync::run_signal::{RunSignal, StopReason};

/// Returns the ending of a run whose steps ended with `stop`. `None` when the lease is lost: another worker ends the
/// run.
pub(in crate::sync) fn early_ending(
    engine: &SyncEngine,
    run: &ClaimedRun,
    signal: &RunSignal,
    findings: RunFindings,
    stop: RunStop,
) -> Option<RunEnding> {
    let ending = decide_ending(engine, run, signal, findings, stop)?;
    Some(RunEnding { retry: plan_retry_of(engine, run, &ending), ..ending })
}

/// The automatic retry of a scheduled run that failed for a passing reason.
fn plan_retry_of(engine: &SyncEngine, run: &ClaimedRun, ending: &RunEnding) -> Option<PlannedRetry> {
    let retries_before = run.operation.options.retries_before?;
    let (code, _) = ending.error.as_ref().filter(|_| ending.status == Status::Failed)?;
    plan_retry(code, retries_before, engine.timeouts.retry_pause)
}

fn decide_ending(
    engine: &SyncEngine,
    run: &ClaimedRun,
    signal: &RunSignal,
    findings: RunFindings,
    stop: RunStop,
) -> Option<RunEnding> {
    match stop {
        RunStop::Early(reason) => {
            // A stopped fetch does not return the reason. The signal has it.
            let reason = match signal.stop_reason().unwrap_or(reason) {
                // A cancel that was accepted a moment ago takes precedence, even if the heartbeat has not detected it
                // yet.
                StopReason::ShuttingDown if is_cancel_requested(engine, run.lease) => StopReason::Cancelled,
                reason => reason,
            };
            let time = TimeLimit { limit: engine.timeouts.sync, database_wait: signal.database_wait() };
            stopped_ending(findings, reason, &run.operation, time).map(with_committed_stats)
        }
        RunStop::Failed { code, message } => Some(findings.failed(code, &message)),
        RunStop::Refused(failure) => Some(findings.failed(failure.code, &failure.message())),
        RunStop::Database(error) => {
            run_log::log_error(run.operation.id, format_args!("{error}"));
            Some(with_committed_stats(database_ending(findings, &error)))
        }
    }
}

/// Returns the ending of a run in which a step panicked.
pub(in crate::sync) fn panic_ending(id: SyncId, panic: &(dyn Any + Send)) -> RunEnding {
    // The panic hook has logged the place; the run keeps a message for people.
    let what = panic.downcast_ref::<&str>().map(ToString::to_string).or(panic.downcast_ref::<String>().cloned());
    run_log::log_error(id, format_args!("the worker panicked: {}", what.unwrap_or_default()));
    let message = internal_error_message();
    // The counts are left out, so that those of the last committed batch are kept.
    let error = Some(("internal".to_owned(), message.to_owned()));
    RunEnding { error, ..RunEnding::new(Status::Failed, message) }
}

/// Keeps the counts of the last committed batch: if its response was lost, only the row of the run has them.
fn with_committed_stats(ending: RunEnding) -> RunEnding {
    RunEnding { stats: None, ..ending }
}

fn is_cancel_requested(engine: &SyncEngine, lease: Lease) -> bool {
    matches!(engine.store.check_lease(lease), Ok(LeaseRenewal::Held { cancel_requested: true }))
}

fn database_ending(findings: RunFindings, error: &StoreError) -> RunEnding {
    if error.is_disk_full() {
        findings.failed("disk_full", disk_full_message())
    } else {
        findings.failed("database", database_error_message())
    }
}

fn stopped_ending(
    findings: RunFindings,
    reason: StopReason,
    operation: &SyncOperation,
    time: TimeLimit,
) -> Option<RunEnding> {
    let (percent, kind) = (findings.published_percent, operation.kind);
    Some(match reason {
        StopReason::LeaseLost => return None,
        StopReason::Cancelled => {
            let message = stopped_message(&cancelled_message(kind, percent), &findings.stats);
            findings.into_ending(Status::Cancelled, message)
        }
        StopReason::TimedOut => findings.failed("timeout", &timed_out_message(kind, percent, time)),
        StopReason::ShuttingDown => {
            let (requeue, message) = if operation.options.allow_restart(kind) {
                (RequeuePolicy::SameAttempt, restarted_message(percent))
            } else {
                (RequeuePolicy::No, shut_down_message(kind, percent))
            };
            RunEnding {
                requeue,
                error: Some(interrupted_error(kind)),
                ..findings.into_ending(Status::Interrupted, message)
            }
        }
    })
}
