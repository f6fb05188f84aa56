//! The retention thread: it deletes by age, and each part works when another one fails.

use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{StatusError, StatusStore};
use lockstep::sync::{SyncThreads, Timeouts};

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, TestEngine, captured_log, on_both_databases};

on_both_databases![
    old_rows_are_deleted_and_active_runs_stay,
    a_part_of_the_retention_that_fails_or_panics_is_logged_and_does_not_block_the_others,
];

/// Status files are kept for 300 ms, so the thread runs every half second. Rows are kept for an hour, and [`age_row`]
/// makes a row older than that.
const SHORT_RETENTION: Timeouts = Timeouts {
    status_retention: Duration::from_millis(300),
    operation_retention: Duration::from_secs(3600),
    record_retention: Duration::from_secs(3600),
    ..TEST_TIMEOUTS
};

/// Sets the end of a run in `table` to long ago.
fn age_row(db: &TestDatabase, table: &str, id: SyncId) {
    db.run_sql(&format!("UPDATE {table} SET finished_at = '2000-01-01 00:00:00' WHERE id = '{id}'"));
}

fn old_rows_are_deleted_and_active_runs_stay(db: &TestDatabase) {
    let engine = TestEngine::with_timeouts(db.store(), SHORT_RETENTION);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = engine.sync(&source).summary.id;
    let file = engine.status_folder().join(format!("sync-status-{id}.json"));
    assert!(file.exists());
    let reported = engine.status_report(id);
    let workers = SyncThreads::start(&engine.engine, 0).expect("threads");
    wait_until(|| !file.exists());
    assert!(engine.store.operation_status(id).expect("an answer").is_some(), "its hour is not over");
    age_row(db, "sync_operations", id);
    wait_until(|| engine.store.operation_status(id).expect("an answer").is_none());
    let record = engine.store.find_record(id).expect("an answer");
    // The record is kept longer, and the report made from it is the same.
    let after = engine.status_report(id);
    assert_eq!(
        StatusReport { start_time: after.start_time, ..reported },
        StatusReport { last_update: after.last_update, ..after }
    );
    assert_eq!(record.expect("a record").summary.status, Status::Completed);
    age_row(db, "sync_records", id);
    wait_until(|| engine.store.find_record(id).expect("an answer").is_none());
    assert_eq!(engine.engine.status_board.get(id).expect("an answer"), None);
    assert_eq!(engine.item_lines(&source).len(), 3, "the items stay, of course");

    let waits = engine.start(&source, &full_sync());
    db.run_sql(&format!("UPDATE sync_operations SET created_at = '2000-01-01 00:00:00' WHERE id = '{waits}'"));
    // When a later run is deleted, the thread has skipped the pending one.
    let ended = engine.sync(&engine.memory_source("others", MemoryTable::albums(3, "Title"))).summary.id;
    age_row(db, "sync_operations", ended);
    wait_until(|| engine.store.operation_status(ended).expect("an answer").is_none());
    assert_eq!(engine.status_report(waits).summary.status, Status::Pending);
    assert!(workers.stop());
    engine.run_queued();
}

/// A status store that panics when it deletes old reports.
struct UnpurgeableStatus;

impl StatusStore for UnpurgeableStatus {
    fn name(&self) -> &'static str {
        "unswept"
    }

    fn put(&self, _: &StatusReport) -> Result<(), StatusError> {
        Ok(())
    }

    fn get(&self, _: SyncId) -> Result<Option<StatusReport>, StatusError> {
        Ok(None)
    }

    fn delete_old_reports(&self, age: Duration) -> Result<usize, StatusError> {
        assert!(age.is_zero(), "a panic in the middle of it");
        Ok(0)
    }
}

fn a_part_of_the_retention_that_fails_or_panics_is_logged_and_does_not_block_the_others(db: &TestDatabase) {
    captured_log::start_capture();
    let folder = tempfile::tempdir().expect("a folder");
    let engine = TestEngine::with_status_store(db.store(), SHORT_RETENTION, Box::new(UnpurgeableStatus), folder);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = engine.sync(&source).summary.id;
    ["sync_operations", "sync_records"].into_iter().for_each(|table| age_row(db, table, id));
    // Records cannot be deleted either.
    db.run_sql("ALTER TABLE sync_issues RENAME TO hidden");
    let workers = SyncThreads::start(&engine.engine, 0).expect("threads");
    wait_until(|| engine.store.operation_status(id).expect("an answer").is_none());
    wait_until(|| !captured_log::captured_warnings("expired records could not be deleted").is_empty());
    assert!(!captured_log::captured_warnings("deleting expired status reports panicked").is_empty());
    assert!(engine.store.find_record(id).expect("an answer").is_some());
    db.run_sql("ALTER TABLE hidden RENAME TO sync_issues");
    wait_until(|| engine.store.find_record(id).expect("an answer").is_none());
    assert!(workers.stop());
}
