//! Every accepted start ends as exactly one record, whatever happens to it, and its worker lives on.

use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::sync::{ShutdownSignal, SyncThreads, Timeouts};

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::waiting::wait_until;
use crate::support::{PausePoint, TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    every_accepted_start_ends_as_one_record,
    a_panic_in_a_source_ends_its_run_and_nothing_else,
    a_run_that_takes_too_long_fails_and_says_what_to_do,
    a_stopped_server_interrupts_its_run_and_the_next_one_goes_on,
    a_stop_does_not_count_as_an_attempt,
    stopping_takes_less_than_five_seconds_while_a_fetch_hangs,
    a_source_of_an_unknown_kind_fails_in_words,
];

/// How one run ended, after checking that its row, its record and the board say the same.
fn ended(db: &TestDatabase, house: &TestEngine, id: SyncId) -> (Status, Option<String>) {
    assert_eq!(db.count("sync_records", &format!("id = '{id}'")), 1);
    let (record, report) = (house.record(id), house.report(id));
    assert_eq!((report.status, report.progress, &report.code), (record.status, record.progress, &record.code));
    assert_eq!((&report.message, &report.error, report.stats), (&record.message, &record.error, record.stats));
    assert_eq!(db.count("sync_operations", &format!("id = '{id}' AND status = '{}'", record.status)), 1);
    assert_eq!(record.progress == 100, record.status == Status::Completed);
    (record.status, record.summary.code)
}

fn every_accepted_start_ends_as_one_record(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let table = || MemoryTable::albums(30, "Title");
    let source = house.memory_source("albums", table());
    let mut starts = 0;
    let mut ends = |table: MemoryTable, status: Status, code: Option<&str>| {
        house.memory.set("albums", table);
        let id = house.start(&source, &full_sync());
        house.run(id);
        starts += 1;
        assert_eq!(ended(db, &house, id), (status, code.map(str::to_owned)));
        assert_eq!(db.count("sync_records", "1 = 1"), starts);
        assert_eq!(db.count("sync_operations", "1 = 1"), starts);
    };
    ends(table(), Status::Completed, None);
    ends(table().at(FaultMoment::Fetch, MemoryFault::Break), Status::Failed, Some("broken"));
    ends(table().at(FaultMoment::Survey(3), MemoryFault::Break), Status::Failed, Some("broken"));
    ends(table().at(FaultMoment::Apply(3), MemoryFault::Break), Status::Failed, Some("broken"));
    ends(table().at(FaultMoment::Fetch, MemoryFault::Panic), Status::Failed, Some("internal"));
    ends(table().at(FaultMoment::Survey(3), MemoryFault::Panic), Status::Failed, Some("internal"));
    ends(table().at(FaultMoment::Apply(3), MemoryFault::Panic), Status::Failed, Some("internal"));
    ends(MemoryTable::new(&["id"], &[] as &[[&str; 0]]), Status::Failed, Some("empty_source"));
    ends(MemoryTable::new(&["key"], &[["a"]]), Status::Failed, Some("no_key_column"));
    ends(table(), Status::Completed, None);
}

fn a_panic_in_a_source_ends_its_run_and_nothing_else(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let bad = house.memory_source("bad", MemoryTable::albums(5, "Title").at(FaultMoment::Apply(2), MemoryFault::Panic));
    let good = house.memory_source("good", MemoryTable::albums(5, "Title"));
    let workers = SyncThreads::start(&house.engine, 1).expect("threads");
    let runs: Vec<SyncId> = [&bad, &good].into_iter().map(|source| house.start(source, &full_sync())).collect();
    wait_until(|| house.store.active_runs().expect("the queue").is_empty());
    assert!(workers.stop());
    assert_eq!(ended(db, &house, runs[0]), (Status::Failed, Some("internal".to_owned())));
    assert_eq!(ended(db, &house, runs[1]), (Status::Completed, None), "the same worker went on");
    let error = house.record(runs[0]).summary.error.expect("a sentence");
    assert!(!error.contains("panic") && !error.contains("a fault that a test set"), "for people: {error}");
}

fn a_run_that_takes_too_long_fails_and_says_what_to_do(db: &TestDatabase) {
    let terms = Timeouts { sync: Duration::from_millis(300), ..TEST_TIMEOUTS };
    let house = TestEngine::with(db.store(), terms);
    let source =
        house.memory_source("albums", MemoryTable::albums(5, "Title").at(FaultMoment::Fetch, MemoryFault::Hang));
    let record = house.sync(&source);
    assert_eq!(ended(db, &house, record.id), (Status::Failed, Some("timeout".to_owned())));
    assert!(record.summary.error.expect("a sentence").contains("LOCKSTEP_SYNC_TIMEOUT"));
}

/// Starts a worker on a run that waits at a pause point, stops it there and answers the interrupted run.
fn interrupt(house: &TestEngine, source: &Source) -> SyncId {
    let pause_point = PausePoint::default();
    house.memory.set(
        source.slug.as_str(),
        MemoryTable::albums(3000, "New").at(FaultMoment::Apply(1500), MemoryFault::Wait(pause_point.clone())),
    );
    let workers = SyncThreads::start(&house.engine, 1).expect("threads");
    let id = match house.store.active_run(source.id).expect("an answer") {
        Some(waiting) => waiting,
        None => house.start(source, &full_sync()),
    };
    pause_point.wait_until_reached();
    let heard = house.engine.bell.rung();
    std::thread::scope(|scope| {
        let stopped = scope.spawn(|| workers.stop());
        // The stop is asked before the bell rings, so the run sees it at its next batch.
        wait_until(|| house.engine.bell.rung() > heard);
        pause_point.resume();
        assert!(stopped.join().expect("no panic"), "stopped in time");
    });
    id
}

fn a_stopped_server_interrupts_its_run_and_the_next_one_goes_on(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::albums(10, "Old"));
    house.sync(&source);
    let id = interrupt(&house, &source);
    assert_eq!(ended(db, &house, id), (Status::Interrupted, Some("interrupted".to_owned())));
    assert!(db.count("items", "fields LIKE '%New%'") <= 1000, "nothing was written after the stop");
    let record = house.record(id);
    let successor = record.successor.expect("a successor");
    assert_eq!(house.report(id).successor, Some(successor));
    assert!(record.message.starts_with("The server restarted at "), "{}", record.message);
    assert!(record.message.ends_with(" %. Starting again; nothing is lost."), "{}", record.message);
    let waiting = house.report(successor);
    assert_eq!((waiting.status, waiting.retry_of, waiting.attempt), (Status::Pending, Some(id), 1));

    house.memory.set("albums", MemoryTable::albums(3000, "New"));
    let next = TestEngine::with(db.second_store(), TEST_TIMEOUTS);
    next.memory.set("albums", MemoryTable::albums(3000, "New"));
    assert_eq!(next.run(successor).status, Status::Completed);
    assert_eq!(db.count("items", "removed_at IS NULL AND fields LIKE '%New%'"), 3000);
    assert_eq!(db.count("sync_records", "1 = 1"), 3, "one for each start and one for the successor");
}

fn a_stop_does_not_count_as_an_attempt(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::albums(10, "Old"));
    house.sync(&source);
    let mut id = interrupt(&house, &source);
    for _ in 0..3 {
        let successor = house.record(id).successor.expect("a successor, however often the server stops");
        assert_eq!(house.report(successor).attempt, 1);
        assert_eq!(interrupt(&house, &source), successor);
        id = successor;
    }
    house.memory.set("albums", MemoryTable::albums(3000, "New"));
    house.drain();
}

fn stopping_takes_less_than_five_seconds_while_a_fetch_hangs(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source =
        house.memory_source("albums", MemoryTable::albums(5, "Title").at(FaultMoment::Fetch, MemoryFault::Hang));
    let workers = SyncThreads::start(&house.engine, 2).expect("threads");
    let id = house.start(&source, &full_sync());
    wait_until(|| house.report(id).status == Status::Running);
    assert!(workers.stop(), "stopped in time");
    assert_eq!(ended(db, &house, id), (Status::Interrupted, Some("interrupted".to_owned())));
    house.memory.set("albums", MemoryTable::albums(5, "Title"));
    house.drain();
    assert_eq!(house.lines(&source).len(), 5);
}

fn a_source_of_an_unknown_kind_fails_in_words(db: &TestDatabase) {
    let house = TestEngine::on(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    db.run("UPDATE sources SET kind = 'gopher'");
    let id = house.start(&source, &full_sync());
    assert!(house.control.run_here(id, &ShutdownSignal::default()).expect("an answer"));
    assert_eq!(ended(db, &house, id), (Status::Failed, Some("unknown_kind".to_owned())));
    assert!(house.record(id).message.contains("“gopher”"));
}
