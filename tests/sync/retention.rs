//! The thread that clears away: by the terms, each part by itself, whatever the others do.

use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{StatusError, StatusStore};
use lockstep::sync::{SyncThreads, Timeouts};

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync, wait_until};
use crate::support::{TestDatabase, TestEngine, captured_log, on_both_databases};

on_both_databases![
    what_was_kept_long_enough_goes_by_itself_and_what_goes_on_stays,
    a_part_that_fails_or_panics_is_logged_and_keeps_nothing_else_from_being_cleared_away,
];

const SHORT: Timeouts = Timeouts {
    status_kept: Duration::from_millis(300),
    operations_kept: Duration::from_millis(600),
    records_kept: Duration::from_millis(1500),
    ..TEST_TIMEOUTS
};

fn what_was_kept_long_enough_goes_by_itself_and_what_goes_on_stays(db: &TestDatabase) {
    let house = TestEngine::with(db.store(), SHORT);
    let source = house.memory_source("albums", MemoryTable::albums(3, "Title"));
    let id = house.sync(&source).id;
    let file = house.status_folder().join(format!("sync-status-{id}.json"));
    assert!(file.exists());
    let told = house.report(id);
    let workers = SyncThreads::start(&house.engine, 0).expect("threads");
    wait_until(|| !file.exists());
    wait_until(|| house.store.operation_status(id).expect("an answer").is_none());
    let record = house.store.record(id).expect("an answer");
    // It has a while yet to live, and tells the same.
    let after = house.report(id);
    assert_eq!(
        StatusReport { start_time: after.start_time, ..told },
        StatusReport { last_update: after.last_update, ..after }
    );
    assert_eq!(record.expect("a record").status, Status::Completed);
    wait_until(|| house.store.record(id).expect("an answer").is_none());
    assert_eq!(house.engine.board.get(id).expect("an answer"), None);
    assert_eq!(house.lines(&source).len(), 3, "the items stay, of course");

    let waits = house.start(&source, &full_sync());
    std::thread::sleep(SHORT.records_kept * 2);
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
