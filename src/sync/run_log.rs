//! Logs what happens to runs, in the readable log and in `sync.jsonl`: each change of a run's state with its counts,
//! and every problem with it. Each line names its run.

use std::fmt::Arguments;

use chrono::Utc;
use log::Level;

use crate::domain::log_fields::SYNC_TARGET;
use crate::domain::operation::{StartRequest, Status, SyncOperation};
use crate::domain::record::SyncRecord;
use crate::domain::source::{Slug, SourceId};
use crate::domain::sync_id::SyncId;
use crate::store::Store;
use crate::store::cancel::CancelOutcome;
use crate::store::lease::RunProgress;

/// Logs that a run was accepted. A scheduled start does not know the slug of its source: `source` is `None` then.
pub(super) fn log_accepted(id: SyncId, source: Option<&Slug>, request: &StartRequest) {
    log::info!(
        target: SYNC_TARGET,
        event = "accepted", syncId:% = id, source = source.map(Slug::as_str), kind = request.kind.as_str(),
        mode = request.mode.as_str(), requestedBy = request.requested_by.as_str();
        "{} accepted, requested by {}", request.kind, request.requested_by
    );
}

/// Logs that a worker has claimed a run.
pub(super) fn log_started(store: &Store, operation: &SyncOperation, worker: &str) {
    log::info!(
        target: SYNC_TARGET,
        event = "started", syncId:% = operation.id, source = read_slug(store, operation.source_id).as_deref(),
        kind = operation.kind.as_str(), mode = operation.mode.as_str(), status = Status::Running.as_str(),
        attempt = operation.attempt, retryOf = id_text(operation.retry_of).as_deref(), worker,
        waitedMs = millis(Utc::now() - operation.created_at), requestedBy = operation.requested_by.as_str();
        "running, requested by {}", operation.requested_by
    );
}

/// Logs that a run enters another stage. On standard error only at debug level.
pub(super) fn log_stage(operation: &SyncOperation, source: &Slug, progress: &RunProgress, elapsed_ms: u64) {
    let stats = progress.stats;
    log::info!(
        target: SYNC_TARGET,
        event = "stage", detail = true, syncId:% = operation.id, source = source.as_str(),
        kind = operation.kind.as_str(), status = Status::Running.as_str(), attempt = operation.attempt,
        stage = progress.stage.as_str(), progress = progress.percent, durationMs = elapsed_ms, bytes = stats.bytes,
        items = stats.items.processed, added = stats.added, updated = stats.updated, unchanged = stats.unchanged,
        rejected = stats.rejected;
        "{} at {} %", progress.stage, progress.percent
    );
}

/// Logs that a person asked to cancel a run, and the outcome.
pub(super) fn log_cancel_request(id: SyncId, requested_by: &str, outcome: CancelOutcome) {
    let outcome = match outcome {
        CancelOutcome::Done => "cancelled before it started",
        CancelOutcome::Requested => "its worker will stop it",
        CancelOutcome::AlreadyFinishing => "already finishing",
        CancelOutcome::AlreadyEnded => "already ended",
        CancelOutcome::NoSuchRun => "no such run",
    };
    log::info!(
        target: SYNC_TARGET,
        event = "cancel_requested", syncId:% = id, requestedBy = requested_by;
        "cancel requested by {requested_by}: {outcome}"
    );
}

/// Logs that a run was ended because its lease had expired.
pub(super) fn log_take_over(id: SyncId) {
    log::warn!(target: SYNC_TARGET, event = "taken_over", syncId:% = id; "interrupted: its worker is dead");
}

/// Logs that a run has ended, and its successor, if it is queued again. The line is built from the record of the run;
/// `status` and `message` are used instead if the record cannot be read.
pub(super) fn log_ending(store: &Store, id: SyncId, status: Status, message: &str) {
    let level = match status {
        Status::Failed | Status::Interrupted => Level::Warn,
        Status::Completed | Status::Cancelled | Status::Pending | Status::Running => Level::Info,
    };
    let record = store.find_record(id).unwrap_or_else(|error| {
        log::debug!(syncId:% = id; "its record could not be read: {error}");
        None
    });
    let Some(record) = record else {
        log::log!(target: SYNC_TARGET, level, event = "ended", syncId:% = id, status = status.as_str(); "{status}: {message}");
        return;
    };
    let SyncRecord { summary, timestamps, .. } = &record;
    let stats = summary.stats;
    log::log!(
        target: SYNC_TARGET, level,
        event = "ended", syncId:% = id, source = summary.source.as_str(), kind = summary.kind.as_str(),
        mode = record.mode.as_str(), status = summary.status.as_str(), code = summary.code.as_deref(),
        attempt = summary.attempt, retryOf = id_text(summary.retry_of).as_deref(),
        successor = id_text(summary.successor).as_deref(), progress = summary.progress,
        durationMs = timestamps.started_at.map_or(0, |start| millis(record.finished_at - start)),
        waitedMs = millis(timestamps.started_at.unwrap_or(record.finished_at) - timestamps.created_at),
        bytes = stats.bytes, items = stats.items.processed, added = stats.added, updated = stats.updated,
        unchanged = stats.unchanged, removed = stats.removed, rejected = stats.rejected, issues = record.issues,
        withheldRemovals = record.withheld_removals, requestedBy = record.requested_by.as_str();
        "{}: {}", summary.status, summary.message
    );
    if let Some(successor) = summary.successor {
        log::info!(
            target: SYNC_TARGET,
            event = "requeued", syncId:% = successor, source = summary.source.as_str(), kind = summary.kind.as_str(),
            mode = record.mode.as_str(), status = Status::Pending.as_str(), retryOf:% = id,
            requestedBy = record.requested_by.as_str();
            "queued again to continue {id}"
        );
    }
}

/// Logs a problem of a run that continues, or that another worker has taken over.
pub(super) fn log_warning(id: SyncId, problem: Arguments<'_>) {
    log::warn!(target: SYNC_TARGET, event = "trouble", syncId:% = id; "{problem}");
}

/// Logs that a problem of a run is over.
pub(super) fn log_recovery(id: SyncId, what: Arguments<'_>) {
    log::info!(target: SYNC_TARGET, event = "relief", syncId:% = id; "{what}");
}

/// Logs an error of a run that points to a fault of the system or of Lockstep.
pub(super) fn log_error(id: SyncId, problem: Arguments<'_>) {
    log::error!(target: SYNC_TARGET, event = "trouble", syncId:% = id; "{problem}");
}

/// The slug of a source, for the log. `None` if it cannot be read: a missing slug must not fail anything.
fn read_slug(store: &Store, source: SourceId) -> Option<String> {
    let found = store.source_by_id(source).unwrap_or_else(|error| {
        log::debug!("the slug of source {} could not be read: {error}", source.0);
        None
    });
    found.map(|source| source.slug.into())
}

fn id_text(id: Option<SyncId>) -> Option<String> {
    id.map(|id| id.to_string())
}

fn millis(time: chrono::TimeDelta) -> u64 {
    u64::try_from(time.num_milliseconds()).unwrap_or(0)
}
