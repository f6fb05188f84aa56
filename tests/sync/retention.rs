//! The thread that clears away: by the terms, each part by itself, whatever the others do.

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
    what_was_kept_long_enough_goes_by_itself_and_what_goes_on_stays,
    a_part_that_fails_or_panics_is_logged_and_keeps_nothing_else_from_being_cleared_away,
];

/// Status files are kept for a moment, and so the thread looks every half second. What is in the database is kept for
/// an hour, which passes when a test says so.
const SHORT: Timeouts = Timeouts {
    status_kept: Duration::from_millis(300),
    operations_kept: Duration::from_secs(3600),
    records_kept: Duration::from_secs(3600),
    ..TEST_TIMEOUTS
};

/// Makes a run end long ago, as far as `table` knows.
fn age(db: &TestDatabase, table: &str, id: SyncId) {
    db.run(&format!("UPDATE {table} SET finished_at = '2000-01-01 00:00:00' WHERE id = '{id}'"));
}

fn what_was_kept_long_enough_goes_by_itself_and_what_goes_on_stays(db: &TestDatabase) {
    let house = TestEngine::with(db.store(), SHORT);
    let source = house.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = house.sync(&source).id;
    let file = house.status_folder().join(format!("sync-status-{id}.json"));
    assert!(file.exists());
    let told = house.report(id);
    let workers = SyncThreads::start(&house.engine, 0).expect("threads");
    wait_until(|| !file.exists());
    assert!(house.store.operation_status(id).expect("an answer").is_some(), "its hour is not over");
    age(db, "sync_operations", id);
    wait_until(|| house.store.operation_status(id).expect("an answer").is_none());
    let record = house.store.record(id).expect("an answer");
    // It has a while yet to live, and tells the same.
    let after = house.report(id);
    assert_eq!(
        StatusReport { start_time: after.start_time, ..told },
        StatusReport { last_update: after.last_update, ..after }
    );
    assert_eq!(record.expect("a record").status, Status::Completed);
    age(db, "sync_records", id);
    wait_until(|| house.store.record(id).expect("an answer").is_none());
    assert_eq!(house.engine.board.get(id).expect("an answer"), None);
    assert_eq!(house.lines(&source).len(), 3, "the items stay, of course");

    let waits = house.start(&source, &full_sync());
    db.run(&format!("UPDATE sync_operations SET created_at = '2000-01-01 00:00:00' WHERE id = '{waits}'"));
    // When a run that ended later is gone, the thread has passed over this one.
    let ended = house.sync(&house.memory_source("others", MemoryTable::albums(3, "Title"))).id;
    age(db, "sync_operations", ended);
    wait_until(|| house.store.operation_status(ended).expect("an answer").is_none());
    assert_eq!(house.report(waits).status, Status::Pending);
    assert!(workers.stop());
    house.drain();
}

/// A store that cannot clear away.
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

    fn sweep(&self, age: Duration) -> Result<usize, StatusError> {
        assert!(age.is_zero(), "a panic in the middle of it");
        Ok(0)
    }
}

fn a_part_that_fails_or_panics_is_logged_and_keeps_nothing_else_from_being_cleared_away(db: &TestDatabase) {
    captured_log::start_capture();
    let folder = tempfile::tempdir().expect("a folder");
    let house = TestEngine::telling(db.store(), SHORT, Box::new(UnpurgeableStatus), folder);
    let source = house.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = house.sync(&source).id;
    ["sync_operations", "sync_records"].into_iter().for_each(|table| age(db, table, id));
    // Records cannot be cleared away either.
    db.run("ALTER TABLE sync_issues RENAME TO hidden");
    let workers = SyncThreads::start(&house.engine, 0).expect("threads");
    wait_until(|| house.store.operation_status(id).expect("an answer").is_none());
    wait_until(|| !captured_log::captured_warnings("old records could not be cleared away").is_empty());
    assert!(!captured_log::captured_warnings("clearing away old status reports panicked").is_empty());
    assert!(house.store.record(id).expect("an answer").is_some());
    db.run("ALTER TABLE hidden RENAME TO sync_issues");
    wait_until(|| house.store.record(id).expect("an answer").is_none());
    assert!(workers.stop());
}
