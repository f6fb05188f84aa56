//! Every accepted start ends as exactly one record, whatever happens to the run, and its worker continues.

use std::time::Duration;

use lockstep::domain::operation::{OperationKind, StartRequest, Status};
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::sync::{ShutdownSignal, SyncThreads, Timeouts};

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::waiting::wait_until;
use crate::support::{PausePoint, TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    every_accepted_start_ends_as_one_record,
    a_panic_in_a_source_ends_only_its_run,
    a_run_that_takes_too_long_fails_with_an_error_that_says_what_to_do,
    a_stopped_server_interrupts_its_run_and_the_next_server_continues_it,
    a_stop_does_not_count_as_an_attempt,
    stopping_takes_less_than_five_seconds_while_a_fetch_hangs,
    a_source_of_an_unknown_kind_fails_with_a_readable_error,
    a_follow_up_without_its_run_fails_and_writes_nothing,
];

/// The end of a run, after checking that its row, its record and the board agree.
fn read_end(db: &TestDatabase, engine: &TestEngine, id: SyncId) -> (Status, Option<String>) {
    assert_eq!(db.count_rows("sync_records", &format!("id = '{id}'")), 1);
    let (record, report) = (engine.find_record(id), engine.status_report(id));
    assert_eq!(
        (report.summary.status, report.summary.progress, &report.summary.code),
        (record.summary.status, record.summary.progress, &record.summary.code)
    );
    assert_eq!(
        (&report.summary.message, &report.summary.error, report.summary.stats),
        (&record.summary.message, &record.summary.error, record.summary.stats)
    );
    assert_eq!(db.count_rows("sync_operations", &format!("id = '{id}' AND status = '{}'", record.summary.status)), 1);
    assert_eq!(record.summary.progress == 100, record.summary.status == Status::Completed);
    (record.summary.status, record.summary.code)
}

fn every_accepted_start_ends_as_one_record(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let table = || MemoryTable::albums(30, "Title");
    let source = engine.memory_source("albums", table());
    let mut starts = 0;
    let mut ends = |table: MemoryTable, status: Status, code: Option<&str>| {
        engine.memory.set_table("albums", table);
        let id = engine.start(&source, &full_sync());
        engine.run(id);
        starts += 1;
        assert_eq!(read_end(db, &engine, id), (status, code.map(str::to_owned)));
        assert_eq!(db.count_rows("sync_records", "1 = 1"), starts);
        assert_eq!(db.count_rows("sync_operations", "1 = 1"), starts);
    };
    ends(table(), Status::Completed, None);
    ends(table().with_fault(FaultMoment::Fetch, MemoryFault::Break), Status::Failed, Some("broken"));
    ends(table().with_fault(FaultMoment::Survey(3), MemoryFault::Break), Status::Failed, Some("broken"));
    ends(table().with_fault(FaultMoment::Apply(3), MemoryFault::Break), Status::Failed, Some("broken"));
    ends(table().with_fault(FaultMoment::Fetch, MemoryFault::Panic), Status::Failed, Some("internal"));
    ends(table().with_fault(FaultMoment::Survey(3), MemoryFault::Panic), Status::Failed, Some("internal"));
    ends(table().with_fault(FaultMoment::Apply(3), MemoryFault::Panic), Status::Failed, Some("internal"));
    ends(MemoryTable::new(&["id"], &[] as &[[&str; 0]]), Status::Failed, Some("empty_source"));
    ends(MemoryTable::new(&["key"], &[["a"]]), Status::Failed, Some("no_key_column"));
    ends(table(), Status::Completed, None);
}

fn a_panic_in_a_source_ends_only_its_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let bad = engine
        .memory_source("bad", MemoryTable::albums(5, "Title").with_fault(FaultMoment::Apply(2), MemoryFault::Panic));
    let good = engine.memory_source("good", MemoryTable::albums(5, "Title"));
    let workers = SyncThreads::start(&engine.engine, 1).expect("threads");
    let runs: Vec<SyncId> = [&bad, &good].into_iter().map(|source| engine.start(source, &full_sync())).collect();
    wait_until(|| engine.store.active_run_ids().expect("the queue").is_empty());
    assert!(workers.stop());
    assert_eq!(read_end(db, &engine, runs[0]), (Status::Failed, Some("internal".to_owned())));
    assert_eq!(read_end(db, &engine, runs[1]), (Status::Completed, None), "the same worker went on");
    let error = engine.find_record(runs[0]).summary.error.expect("a sentence");
    assert!(!error.contains("panic") && !error.contains("a fault that a test set"), "for people: {error}");
}

fn a_run_that_takes_too_long_fails_with_an_error_that_says_what_to_do(db: &TestDatabase) {
    let timeouts = Timeouts { sync: Duration::from_millis(300), ..TEST_TIMEOUTS };
    let engine = TestEngine::with_timeouts(db.store(), timeouts);
    let source = engine
        .memory_source("albums", MemoryTable::albums(5, "Title").with_fault(FaultMoment::Fetch, MemoryFault::Hang));
    let record = engine.sync(&source);
    assert_eq!(read_end(db, &engine, record.summary.id), (Status::Failed, Some("timeout".to_owned())));
    assert!(record.summary.error.expect("a sentence").contains("LOCKSTEP_SYNC_TIMEOUT"));
}

/// Starts a worker on a run that waits at a pause point, shuts it down there and returns the interrupted run.
fn interrupt_run(engine: &TestEngine, source: &Source) -> SyncId {
    let pause_point = PausePoint::default();
    engine.memory.set_table(
        source.slug.as_str(),
        MemoryTable::albums(3000, "New").with_fault(FaultMoment::Apply(1500), MemoryFault::Wait(pause_point.clone())),
    );
    let workers = SyncThreads::start(&engine.engine, 1).expect("threads");
    let id = match engine.store.active_run(source.id).expect("an answer") {
        Some(waiting) => waiting,
        None => engine.start(source, &full_sync()),
    };
    pause_point.wait_until_reached();
    let notifications_before = engine.engine.wake_signal.notification_count();
    std::thread::scope(|scope| {
        let stopped = scope.spawn(|| workers.stop());
        // The shutdown is requested before the wake-up, so the run detects it at its next batch.
        wait_until(|| engine.engine.wake_signal.notification_count() > notifications_before);
        pause_point.resume();
        assert!(stopped.join().expect("no panic"), "stopped in time");
    });
    id
}

fn a_stopped_server_interrupts_its_run_and_the_next_server_continues_it(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(10, "Old"));
    engine.sync(&source);
    let id = interrupt_run(&engine, &source);
    assert_eq!(read_end(db, &engine, id), (Status::Interrupted, Some("interrupted".to_owned())));
    assert!(db.count_rows("items", "fields LIKE '%New%'") <= 1000, "nothing was written after the stop");
    let record = engine.find_record(id);
    let successor = record.summary.successor.expect("a successor");
    assert_eq!(engine.status_report(id).summary.successor, Some(successor));
    assert!(record.summary.message.starts_with("The server restarted at "), "{}", record.summary.message);
    assert!(record.summary.message.ends_with(" %. Starting again; nothing is lost."), "{}", record.summary.message);
    let waiting = engine.status_report(successor);
    assert_eq!(
        (waiting.summary.status, waiting.summary.retry_of, waiting.summary.attempt),
        (Status::Pending, Some(id), 1)
    );

    engine.memory.set_table("albums", MemoryTable::albums(3000, "New"));
    let next = TestEngine::with_timeouts(db.second_store(), TEST_TIMEOUTS);
    next.memory.set_table("albums", MemoryTable::albums(3000, "New"));
    assert_eq!(next.run(successor).summary.status, Status::Completed);
    assert_eq!(db.count_rows("items", "removed_at IS NULL AND fields LIKE '%New%'"), 3000);
    assert_eq!(db.count_rows("sync_records", "1 = 1"), 3, "one for each start and one for the successor");
}

fn a_stop_does_not_count_as_an_attempt(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(10, "Old"));
    engine.sync(&source);
    let mut id = interrupt_run(&engine, &source);
    for _ in 0..3 {
        let successor = engine.find_record(id).summary.successor.expect("a successor, however often the server stops");
        assert_eq!(engine.status_report(successor).summary.attempt, 1);
        assert_eq!(interrupt_run(&engine, &source), successor);
        id = successor;
    }
    engine.memory.set_table("albums", MemoryTable::albums(3000, "New"));
    engine.run_queued();
}

fn stopping_takes_less_than_five_seconds_while_a_fetch_hangs(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine
        .memory_source("albums", MemoryTable::albums(5, "Title").with_fault(FaultMoment::Fetch, MemoryFault::Hang));
    let workers = SyncThreads::start(&engine.engine, 2).expect("threads");
    let id = engine.start(&source, &full_sync());
    wait_until(|| engine.status_report(id).summary.status == Status::Running);
    assert!(workers.stop(), "stopped in time");
    assert_eq!(read_end(db, &engine, id), (Status::Interrupted, Some("interrupted".to_owned())));
    engine.memory.set_table("albums", MemoryTable::albums(5, "Title"));
    engine.run_queued();
    assert_eq!(engine.item_lines(&source).len(), 5);
}

fn a_source_of_an_unknown_kind_fails_with_a_readable_error(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    db.run_sql("UPDATE sources SET kind = 'gopher'");
    let id = engine.start(&source, &full_sync());
    assert!(engine.control.run_in_this_thread(id, &ShutdownSignal::default()).expect("an answer"));
    assert_eq!(read_end(db, &engine, id), (Status::Failed, Some("unknown_kind".to_owned())));
    assert!(engine.find_record(id).summary.message.contains("“gopher”"));
}

fn a_follow_up_without_its_run_fails_and_writes_nothing(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    for (kind, code) in [(OperationKind::Undo, "not_found"), (OperationKind::Removal, "list_outdated")] {
        let id = engine.start(&source, &StartRequest { kind, ..full_sync() });
        engine.run(id);
        assert_eq!(read_end(db, &engine, id), (Status::Failed, Some(code.to_owned())));
        assert!(engine.item_lines(&source).is_empty());
    }
}
