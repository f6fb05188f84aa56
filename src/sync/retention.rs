//! Keeps the database in order: deletes expired status reports, operations, records, sessions and audit entries, and
//! converts rows that earlier versions wrote. A failure is logged and does not affect the other kinds of data. They all
//! wait for the next pass while the database does not answer.

use std::fmt::Display;
use std::time::Duration;

use super::catch_panic::catch_panic;
use super::engine::SyncEngine;
use super::shutdown_signal::ShutdownSignal;
use super::timeouts::Timeouts;
use crate::store::compaction::CompactionStep;
use crate::store::{Retryability, StoreError};

/// The longest pause between two passes.
const MAX_INTERVAL: Duration = Duration::from_secs(60);
/// The shortest pause between two passes. It applies when data is kept only briefly.
const MIN_INTERVAL: Duration = Duration::from_millis(500);
/// How long layouts of columns that no item has any more are kept: much longer than it takes to read a page of items
/// and then their layouts.
const UNUSED_LAYOUT_RETENTION: Duration = Duration::from_secs(60 * 60);
/// The pause between two deletions, so that other writers get their turn.
const BATCH_PAUSE: Duration = Duration::from_millis(10);

/// Deletes some rows of one kind of data; returns how many.
type BatchDeletion<'a> = dyn Fn() -> Result<usize, StoreError> + 'a;

/// Deletes expired data again and again until the process shuts down.
pub(super) fn delete_expired_data(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let interval = pass_interval(&engine.timeouts);
    while !shutdown.is_requested() {
        run_pass(engine, shutdown);
        shutdown.sleep(interval);
    }
}

/// The pause between two passes: short enough that nothing is kept much longer than it should be.
fn pass_interval(timeouts: &Timeouts) -> Duration {
    let shortest = timeouts.status_retention.min(timeouts.operation_retention).min(timeouts.record_retention);
    (shortest / 4).clamp(MIN_INTERVAL, MAX_INTERVAL)
}

fn run_pass(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let SyncEngine { store, status_board, timeouts, .. } = engine;
    // A failure is logged; the rest does not depend on the status store.
    let _ =
        delete_in_batches("status reports", shutdown, || status_board.delete_old_reports(timeouts.status_retention));
    // Operations before records: a record can only be deleted after its operation.
    let deletions: [(&str, &BatchDeletion<'_>); 4] = [
        ("operations", &|| store.clear_operations(timeouts.operation_retention)),
        ("records", &|| store.clear_records(timeouts.record_retention)),
        ("sessions", &|| store.clear_sessions()),
        ("audit entries", &|| store.clear_audit_entries()),
    ];
    let mut succeeded = true;
    for (what, delete_batch) in deletions {
        match delete_in_batches(what, shutdown, delete_batch) {
            Ok(()) => {}
            // Everything else would fail as well, and be logged as well.
            Err(DeletionFailure::Failed(error)) if error.retryability() == Retryability::Temporary => return,
            Err(DeletionFailure::Failed(_) | DeletionFailure::Panicked) => succeeded = false,
        }
    }
    // What is never urgent waits for the next pass while the database does not answer, and logs nothing.
    if succeeded {
        let clear_layouts = || store.clear_unused_layouts(UNUSED_LAYOUT_RETENTION);
        // A failure is logged, and the layouts wait for the next pass.
        let _ = delete_in_batches("layouts", shutdown, clear_layouts);
        convert_stored_rows(engine, shutdown);
        encrypt_stored_secrets(engine, shutdown);
    }
}

/// Encrypts secrets that earlier versions stored, source by source.
fn encrypt_stored_secrets(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let mut encrypted = false;
    while !shutdown.is_requested() {
        match catch_panic("encrypting stored secrets", || engine.store.seal_next_source()) {
            Some(Ok(CompactionStep::Converted)) => {
                log::info!("encrypted the stored secrets of a source");
                encrypted = true;
            }
            // The log of SQLite still has them as they were.
            Some(Ok(CompactionStep::Done)) if encrypted => return engine.store.shorten_log(),
            Some(Ok(CompactionStep::Done | CompactionStep::Waiting)) | None => return,
            Some(Err(error)) => return log::warn!("stored secrets could not be encrypted, trying again: {error}"),
        }
        shutdown.sleep(BATCH_PAUSE);
    }
}

/// Converts rows that earlier versions wrote, step by step.
fn convert_stored_rows(engine: &SyncEngine, shutdown: &ShutdownSignal) {
    let mut converted = false;
    while !shutdown.is_requested() {
        match catch_panic("converting stored rows", || engine.store.convert_next_rows()) {
            Some(Ok(CompactionStep::Converted)) => converted = true,
            Some(Ok(CompactionStep::Done)) if converted => {
                return log::info!("all stored rows are in the compact form");
            }
            Some(Ok(CompactionStep::Done | CompactionStep::Waiting)) | None => return,
            Some(Err(error)) => return log::warn!("stored rows could not be converted, trying again: {error}"),
        }
        shutdown.sleep(BATCH_PAUSE);
    }
}

/// Why a kind of data was not deleted. It was logged.
enum DeletionFailure<E> {
    Failed(E),
    Panicked,
}

/// Repeats `delete_batch`, which returns how many rows it deleted, until nothing is left of `what`.
fn delete_in_batches<E: Display>(
    what: &str,
    shutdown: &ShutdownSignal,
    mut delete_batch: impl FnMut() -> Result<usize, E>,
) -> Result<(), DeletionFailure<E>> {
    let (mut deleted, mut result) = (0, Ok(()));
    while !shutdown.is_requested() {
        match catch_panic(&format!("deleting expired {what}"), &mut delete_batch) {
            Some(Ok(0)) => break,
            Some(Ok(rows)) => deleted += rows,
            Some(Err(error)) => {
                log::warn!("expired {what} could not be deleted: {error}");
                result = Err(DeletionFailure::Failed(error));
                break;
            }
            None => {
                result = Err(DeletionFailure::Panicked);
                break;
            }
        }
        shutdown.sleep(BATCH_PAUSE);
    }
    if deleted > 0 {
        log::debug!("deleted {deleted} rows of expired {what}");
    }
    result
}
