//! What the engine room tells of its runs, in the readable log and in `sync.jsonl`: each change of a run's state with
//! its figures, and whatever went wrong with it. Every line names its run.

use std::fmt::Arguments;

use chrono::Utc;
use log::Level;

use crate::domain::log_fields::SYNC;
use crate::domain::operation::{StartRequest, Status, SyncOperation};
use crate::domain::source::{Slug, SourceId};
use crate::domain::sync_id::SyncId;
use crate::store::Store;
use crate::store::lease::RunProgress;
use crate::store::recovery::CancelOutcome;

/// A run was accepted. `source` is left out where it is not known: whoever started it waits for the answer.
pub(super) fn accepted(id: SyncId, source: Option<&Slug>, request: &StartRequest) {
    log::info!(
        target: SYNC,
        event = "accepted", syncId:% = id, source = source.map(Slug::as_str), kind = request.kind.as_str(),
        mode = request.mode.as_str(), requestedBy = request.requested_by.as_str();
        "{} accepted, for {}", request.kind, request.requested_by
    );
}

/// A worker has a run.
pub(super) fn started(store: &Store, operation: &SyncOperation, worker: &str) {
    log::info!(
        target: SYNC,
        event = "started", syncId:% = operation.id, source = slug_of(store, operation.source_id).as_deref(),
        kind = operation.kind.as_str(), mode = operation.mode.as_str(), status = Status::Running.as_str(),
        attempt = operation.attempt, retryOf = text(operation.retry_of).as_deref(), worker,
        waitedMs = millis(Utc::now() - operation.created_at), requestedBy = operation.requested_by.as_str();
        "running, for {}", operation.requested_by
    );
}

/// A run goes on to another stage. On standard error only where debug lines are wanted.
pub(super) fn stage(operation: &SyncOperation, source: &Slug, progress: &RunProgress, ran_ms: u64) {
    let stats = progress.stats;
    log::info!(
        target: SYNC,
        event = "stage", detail = true, syncId:% = operation.id, source = source.as_str(),
        kind = operation.kind.as_str(), status = Status::Running.as_str(), attempt = operation.attempt,
        stage = progress.stage.as_str(), progress = progress.percent, durationMs = ran_ms, bytes = stats.bytes,
        items = stats.items.processed, added = stats.added, updated = stats.updated, unchanged = stats.unchanged,
        rejected = stats.rejected;
        "{} at {} %", progress.stage, progress.percent
    );
}

/// Someone asked to end a run.
pub(super) fn cancel_requested(id: SyncId, by: &str, answer: CancelOutcome) {
    let answer = match answer {
        CancelOutcome::Done => "it was waiting and is cancelled",
        CancelOutcome::Requested => "its worker is told",
        CancelOutcome::AlreadyFinishing => "it is already finishing",
        CancelOutcome::AlreadyEnded => "it had ended before",
        CancelOutcome::NoSuchRun => "there is no such run",
    };
    log::info!(
        target: SYNC,
        event = "cancel_requested", syncId:% = id, requestedBy = by;
        "{by} asked to cancel: {answer}"
    );
}

/// The lease of a run had run out, and its run was ended for it.
pub(super) fn taken_over(id: SyncId) {
    log::warn!(target: SYNC, event = "taken_over", syncId:% = id; "interrupted: its worker is gone");
}

/// A run has ended, and is queued again where that is right. Told as its record has it; `status` and `message` stand in
/// for it where the database does not answer any more.
pub(super) fn ended(store: &Store, id: SyncId, status: Status, message: &str) {
    let level = match status {
        Status::Failed | Status::Interrupted => Level::Warn,
        Status::Completed | Status::Cancelled | Status::Pending | Status::Running => Level::Info,
    };
    let record = store.record(id).unwrap_or_else(|error| {
        log::debug!(syncId:% = id; "its record could not be read: {error}");
        None
    });
    let Some(record) = record else {
        log::log!(target: SYNC, level, event = "ended", syncId:% = id, status = status.as_str(); "{status}: {message}");
        return;
    };
    let stats = record.stats;
    log::log!(
        target: SYNC, level,
        event = "ended", syncId:% = id, source = record.source.as_str(), kind = record.kind.as_str(),
        mode = record.mode.as_str(), status = record.status.as_str(), code = record.code.as_deref(),
        attempt = record.attempt, retryOf = text(record.retry_of).as_deref(),
        successor = text(record.successor).as_deref(), progress = record.progress,
        durationMs = record.timestamps.started_at.map_or(0, |start| millis(record.finished_at - start)),
        waitedMs = millis(record.timestamps.started_at.unwrap_or(record.finished_at) - record.timestamps.created_at),
        bytes = stats.bytes, items = stats.items.processed, added = stats.added, updated = stats.updated,
        unchanged = stats.unchanged, removed = stats.removed, rejected = stats.rejected, issues = record.issues,
        withheldRemovals = record.withheld_removals, requestedBy = record.requested_by.as_str();
        "{}: {}", record.status, record.message
    );
    if let Some(successor) = record.successor {
        log::info!(
            target: SYNC,
            event = "requeued", syncId:% = successor, source = record.source.as_str(), kind = record.kind.as_str(),
            mode = record.mode.as_str(), status = Status::Pending.as_str(), retryOf:% = id,
            requestedBy = record.requested_by.as_str();
            "queued to continue {id}"
        );
    }
}

/// Something is wrong with a run that goes on, or that is somebody else's now.
pub(super) fn trouble(id: SyncId, what: Arguments<'_>) {
    log::warn!(target: SYNC, event = "trouble", syncId:% = id; "{what}");
}

/// What was wrong with a run is over.
pub(super) fn relief(id: SyncId, what: Arguments<'_>) {
    log::info!(target: SYNC, event = "relief", syncId:% = id; "{what}");
}

/// Something is wrong with a run that should not be.
pub(super) fn failure(id: SyncId, what: Arguments<'_>) {
    log::error!(target: SYNC, event = "trouble", syncId:% = id; "{what}");
}

/// A line is not worth a failure: without an answer it goes without the name.
fn slug_of(store: &Store, source: SourceId) -> Option<String> {
    let found = store.source_by_id(source).unwrap_or_else(|error| {
        log::debug!("the name of source {} could not be read: {error}", source.0);
        None
    });
    found.map(|source| source.slug.into())
}

fn text(id: Option<SyncId>) -> Option<String> {
    id.map(|id| id.to_string())
}

fn millis(time: chrono::TimeDelta) -> u64 {
    u64::try_from(time.num_milliseconds()).unwrap_or(0)
}
