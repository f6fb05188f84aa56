//! What the board says of a run that nobody is looking after, and where it asks.

use std::fs;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use lockstep::domain::operation::Status;
use lockstep::domain::status_report::StatusReport;
use lockstep::domain::sync_id::SyncId;
use lockstep::status::{FileStatus, StatusError, StatusStore};

use crate::store::work;
use crate::support::house::{TERMS, full};
use crate::support::memory::Table;
use crate::support::{Database, Gate, House, on_both_databases};

on_both_databases![
    a_run_whose_row_is_gone_is_answered_from_its_record,
    a_report_that_grew_old_is_not_believed_while_the_run_is_active,
    a_report_that_cannot_be_read_is_made_up_for_by_the_database,
    an_unknown_run_has_no_status,
    reading_status_writes_nothing,
    a_start_that_is_told_late_does_not_hide_what_happened_since,
    a_run_taken_over_is_told_as_interrupted_by_every_server,
];

fn a_run_whose_row_is_gone_is_answered_from_its_record(db: &Database) {
    let house = House::on(db);
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

fn a_report_that_grew_old_is_not_believed_while_the_run_is_active(db: &Database) {
    let house = House::on(db);
    let source = house.memory_source("albums", Table::albums(1, "Title"));
    let record = house.sync(&source);
    let files = FileStatus::new(house.status_folder());
    let told = |status, age: TimeDelta| {
        let report = StatusReport { status, progress: 45, last_update: Utc::now() - age, ..house.report(record.id) };
        files.put(&report).expect("written");
        house.report(record.id).status
    };
    let old = TimeDelta::from_std(TERMS.renewal * 2).expect("short") + TimeDelta::seconds(1);
    assert_eq!(told(Status::Running, TimeDelta::zero()), Status::Running, "a fresh one is believed");
    assert_eq!(told(Status::Running, old), Status::Completed);
    assert_eq!(told(Status::Pending, old), Status::Completed);
    assert_eq!(told(Status::Running, -old), Status::Completed, "one from the future neither");
    assert_eq!(told(Status::Failed, old), Status::Failed, "an end does not grow old");
}

fn a_report_that_cannot_be_read_is_made_up_for_by_the_database(db: &Database) {
    let house = House::on(db);
    let source = house.memory_source("albums", Table::albums(1, "Title"));
    let record = house.sync(&source);
    let file = house.status_folder().join(format!("sync-status-{}.json", record.id));
    for text in ["", "{", "null", "{\"syncId\":\"x\"}", "\0\0\0"] {
        fs::write(&file, text).expect("written");
        assert_eq!(house.report(record.id).status, Status::Completed, "{text:?}");
    }
}

fn an_unknown_run_has_no_status(db: &Database) {
    let house = House::on(db);
    assert_eq!(house.engine.board.get(SyncId::new()).expect("an answer"), None);
}

fn reading_status_writes_nothing(db: &Database) {
    let house = House::on(db);
    let source = house.memory_source("albums", Table::albums(1, "Title"));
    let id = house.start(&source, &full());
    fs::remove_dir_all(house.status_folder()).expect("a folder");
    let row = || db.texts("SELECT status || last_update || message AS value FROM sync_operations");
    let before = row();
    house.report(id);
    assert!(!house.status_folder().exists());
    assert_eq!(row(), before);
    house.drain();
}

/// A file store whose first report of a run is held up at a gate.
struct Late {
    files: FileStatus,
    gate: Gate,
}

impl StatusStore for Late {
    fn name(&self) -> &'static str {
        "late"
    }

    fn put(&self, report: &StatusReport) -> Result<(), StatusError> {
        self.files.put(report)
    }

    fn put_first(&self, report: &StatusReport) -> Result<(), StatusError> {
        self.gate.pass();
        self.files.put_first(report)
    }

    fn get(&self, id: SyncId) -> Result<Option<StatusReport>, StatusError> {
        self.files.get(id)
    }

    fn sweep(&self, age: std::time::Duration) -> Result<usize, StatusError> {
        self.files.sweep(age)
    }
}

fn a_start_that_is_told_late_does_not_hide_what_happened_since(db: &Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let gate = Gate::default();
    let late = Late { files: FileStatus::new(folder.path().join("status")), gate: gate.clone() };
    let house = Arc::new(House::telling(db.store(), TERMS, Box::new(late), folder));
    let source = house.memory_source("albums", Table::albums(1, "Title"));
    std::thread::scope(|scope| {
        let start = scope.spawn(|| house.start(&source, &full()));
        gate.wait_until_reached();
        // The start is accepted and about to be told; a worker of another process is faster.
        let (id, _) = house.store.active_runs().expect("the queue")[0];
        house.run(id);
        assert_eq!(house.report(id).status, Status::Completed);
        gate.open();
        start.join().expect("accepted");
        let report = house.report(id);
        assert_eq!((report.status, report.progress), (Status::Completed, 100), "{report:?}");
    });
}

fn a_run_taken_over_is_told_as_interrupted_by_every_server(db: &Database) {
    let (one, two) = (House::on(db), House::with(db.second_store(), TERMS));
    let source = one.memory_source("albums", Table::albums(1, "Title"));
    two.memory.set("albums", Table::albums(1, "Title"));
    let id = one.start(&source, &full());
    let lease = work::expired_claim(&one.store, 1);
    let taken = two.store.take_over(lease).expect("an answer").expect("taken over");
    two.engine.board.tell_from_database(id);
    assert_eq!((two.report(id).status, two.report(id).successor), (Status::Interrupted, taken.successor));
    two.drain();
    // The first server's file still says *pending*; it is believed only for two renewals.
    let files = FileStatus::new(one.status_folder());
    let stale = files.get(id).expect("an answer").expect("a report");
    files.put(&StatusReport { last_update: Utc::now() - TimeDelta::seconds(7), ..stale }).expect("written");
    assert_eq!((one.report(id).status, one.report(id).successor), (Status::Interrupted, taken.successor));
}
