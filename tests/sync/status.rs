//! What the board says of a run that nobody is looking after, and where it asks.

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
    a_run_whose_row_is_gone_is_answered_from_its_record,
    a_report_that_grew_old_is_not_believed_while_the_run_is_active,
    a_report_that_cannot_be_read_is_made_up_for_by_the_database,
    an_unknown_run_has_no_status,
    reading_status_writes_nothing,
    a_run_taken_over_is_told_as_interrupted_by_every_server,
    a_run_done_by_another_server_is_told_at_once_where_it_was_started,
];

fn a_run_whose_row_is_gone_is_answered_from_its_record(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.csv_source("albums", "id,title\na,One\n,Two\n");
    let record = house.sync(&source);
    let before = house.report(record.id);
    fs::remove_dir_all(house.status_folder()).expect("a folder");
    assert_eq!(house.report(record.id).status, Status::Completed, "from its row");
    db.run("DELETE FROM sync_operations");
    let after = house.report(record.id);
    assert_eq!((after.status, after.progress, &after.message), (Status::Completed, 100, &before.message));
    assert_eq!((after.stats, after.kind), (before.stats, before.kind));
    assert_eq!(after.start_time.timestamp(), before.start_time.timestamp());
}

fn a_report_that_grew_old_is_not_believed_while_the_run_is_active(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    let record = house.sync(&source);
    let files = FileStatus::new(house.status_folder());
    let told = |status, age: TimeDelta| {
        let mut report = StatusReport { last_update: Utc::now() - age, ..house.report(record.id) };
        (report.summary.status, report.summary.progress) = (status, 45);
        files.put(&report).expect("written");
        // A reader who has not been told of the end yet.
        let board = StatusBoard::new(
            Box::new(FileStatus::new(house.status_folder())),
            house.store.clone(),
            TEST_TIMEOUTS.renewal,
        );
        board.get(record.id).expect("an answer").expect("a status").status
    };
    let old = TimeDelta::from_std(TEST_TIMEOUTS.renewal * 2).expect("short") + TimeDelta::seconds(1);
    assert_eq!(told(Status::Running, TimeDelta::zero()), Status::Running, "a fresh one is believed");
    assert_eq!(told(Status::Running, TimeDelta::seconds(3)), Status::Completed, "one to doubt, and the database knows");
    assert_eq!(told(Status::Running, old), Status::Completed);
    assert_eq!(told(Status::Pending, TimeDelta::zero()), Status::Completed, "who took it tells elsewhere");
    assert_eq!(told(Status::Running, -old), Status::Completed, "one from the future neither");
    assert_eq!(told(Status::Failed, old), Status::Failed, "an end does not grow old");
}

fn a_report_that_cannot_be_read_is_made_up_for_by_the_database(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    let record = house.sync(&source);
    let file = house.status_folder().join(format!("sync-status-{}.json", record.id));
    for text in ["", "{", "null", "{\"syncId\":\"x\"}", "\0\0\0"] {
        fs::write(&file, text).expect("written");
        assert_eq!(house.report(record.id).status, Status::Completed, "{text:?}");
    }
}

fn an_unknown_run_has_no_status(db: &TestDatabase) {
    let house = TestEngine::on(db);
    assert_eq!(house.engine.board.get(SyncId::new()).expect("an answer"), None);
}

fn reading_status_writes_nothing(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    let id = house.start(&source, &full_sync());
    let row = || db.texts("SELECT status || last_update || message AS value FROM sync_operations");
    let before = row();
    house.report(id);
    assert!(!house.status_folder().exists());
    assert_eq!(row(), before);
    house.drain();
}

fn a_run_taken_over_is_told_as_interrupted_by_every_server(db: &TestDatabase) {
    let (one, two) = (TestEngine::on(db), TestEngine::with(db.second_store(), TEST_TIMEOUTS));
    let source = one.memory_source("albums", MemoryTable::albums(1, "Title"));
    two.memory.set("albums", MemoryTable::albums(1, "Title"));
    let id = one.start(&source, &full_sync());
    let lease = worker_steps::expired_claim(&one.store, 1);
    let taken = two.store.take_over(lease).expect("an answer").expect("taken over");
    two.engine.board.tell_end(id, false);
    assert_eq!((two.report(id).status, two.report(id).successor), (Status::Interrupted, taken.successor));
    two.drain();
    assert_eq!((one.report(id).status, one.report(id).successor), (Status::Interrupted, taken.successor));
}

fn a_run_done_by_another_server_is_told_at_once_where_it_was_started(db: &TestDatabase) {
    let (one, two) = (TestEngine::on(db), TestEngine::with(db.second_store(), TEST_TIMEOUTS));
    let source = one.memory_source("albums", MemoryTable::albums(1, "Title"));
    two.memory.set("albums", MemoryTable::albums(1, "Title"));
    let id = one.start(&source, &full_sync());
    assert_eq!(one.report(id).status, Status::Pending);
    two.run(id);
    assert_eq!(FileStatus::new(one.status_folder()).get(id).expect("an answer"), None, "nothing was told there");
    assert_eq!((one.report(id).status, one.report(id).progress), (Status::Completed, 100));
}
