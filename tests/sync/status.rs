//! The report of the status board about a run without a worker, and which store it reads.

use std::fs;

use chrono::{TimeDelta, Utc};
use lockstep::domain::operation::Status;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{FileStatus, StatusBoard, StatusStore};

use crate::store::worker_steps;
use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_run_whose_row_was_deleted_is_reported_from_its_record,
    a_report_that_the_database_contradicts_is_not_used,
    the_database_replaces_an_unreadable_report,
    an_unknown_run_has_no_status,
    reading_status_writes_nothing,
    every_server_reports_a_taken_over_run_as_interrupted,
    the_end_of_a_run_of_another_server_is_reported_at_once_where_it_was_started,
];

fn a_run_whose_row_was_deleted_is_reported_from_its_record(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n,Two\n");
    let record = engine.sync(&source);
    let before = engine.status_report(record.summary.id);
    fs::remove_dir_all(engine.status_folder()).expect("a folder");
    assert_eq!(engine.status_report(record.summary.id).summary.status, Status::Completed, "from its row");
    db.run_sql("DELETE FROM sync_operations");
    let after = engine.status_report(record.summary.id);
    assert_eq!(
        (after.summary.status, after.summary.progress, &after.summary.message),
        (Status::Completed, 100, &before.summary.message)
    );
    assert_eq!((after.summary.stats, after.summary.kind), (before.summary.stats, before.summary.kind));
    assert_eq!(after.start_time.timestamp(), before.start_time.timestamp());
}

fn a_report_that_the_database_contradicts_is_not_used(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let record = engine.sync(&source);
    let files = FileStatus::new(engine.status_folder());
    let reported = |status, age: TimeDelta| {
        let mut report = StatusReport { last_update: Utc::now() - age, ..engine.status_report(record.summary.id) };
        (report.summary.status, report.summary.progress) = (status, 45);
        files.put(&report).expect("written");
        // A board that has not seen the end yet.
        let board = StatusBoard::new(
            Box::new(FileStatus::new(engine.status_folder())),
            engine.store.clone(),
            TEST_TIMEOUTS.renewal_interval,
        );
        board.get(record.summary.id).expect("an answer").expect("a status").summary.status
    };
    let old = TimeDelta::from_std(TEST_TIMEOUTS.renewal_interval * 2).expect("short") + TimeDelta::seconds(1);
    for age in [TimeDelta::zero(), TimeDelta::seconds(3), old, -old] {
        for status in [Status::Pending, Status::Running, Status::Failed] {
            assert_eq!(reported(status, age), Status::Completed, "{status:?}, {age}");
        }
    }
}

fn the_database_replaces_an_unreadable_report(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let record = engine.sync(&source);
    let file = engine.status_folder().join(format!("sync-status-{}.json", record.summary.id));
    for text in ["", "{", "null", "{\"syncId\":\"x\"}", "\0\0\0"] {
        fs::write(&file, text).expect("written");
        assert_eq!(engine.status_report(record.summary.id).summary.status, Status::Completed, "{text:?}");
    }
}

fn an_unknown_run_has_no_status(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    assert_eq!(engine.engine.status_board.get(SyncId::new()).expect("an answer"), None);
}

fn reading_status_writes_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let id = engine.start(&source, &full_sync());
    let row = || db.select_texts("SELECT status || last_update || message AS value FROM sync_operations");
    let before = row();
    engine.status_report(id);
    assert!(!engine.status_folder().exists());
    assert_eq!(row(), before);
    engine.run_queued();
}

fn every_server_reports_a_taken_over_run_as_interrupted(db: &TestDatabase) {
    let (one, two) = (TestEngine::on_database(db), TestEngine::with_timeouts(db.second_store(), TEST_TIMEOUTS));
    let source = one.memory_source("albums", MemoryTable::albums(1, "Title"));
    two.memory.set_table("albums", MemoryTable::albums(1, "Title"));
    let id = one.start(&source, &full_sync());
    let lease = worker_steps::expired_claim(&one.store, 1);
    let taken = two.store.take_over(lease).expect("an answer").expect("taken over");
    two.engine.status_board.publish_end(id, false);
    assert_eq!(
        (two.status_report(id).summary.status, two.status_report(id).summary.successor),
        (Status::Interrupted, taken.successor)
    );
    two.run_queued();
    assert_eq!(
        (one.status_report(id).summary.status, one.status_report(id).summary.successor),
        (Status::Interrupted, taken.successor)
    );
}

fn the_end_of_a_run_of_another_server_is_reported_at_once_where_it_was_started(db: &TestDatabase) {
    let (one, two) = (TestEngine::on_database(db), TestEngine::with_timeouts(db.second_store(), TEST_TIMEOUTS));
    let source = one.memory_source("albums", MemoryTable::albums(1, "Title"));
    two.memory.set_table("albums", MemoryTable::albums(1, "Title"));
    let id = one.start(&source, &full_sync());
    assert_eq!(one.status_report(id).summary.status, Status::Pending);
    two.run(id);
    assert_eq!(FileStatus::new(one.status_folder()).get(id).expect("an answer"), None, "nothing was reported there");
    assert_eq!(
        (one.status_report(id).summary.status, one.status_report(id).summary.progress),
        (Status::Completed, 100)
    );
}
