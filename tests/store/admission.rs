//! At most one active run per source, however many clients start one.

use std::sync::Barrier;
use std::time::Duration;

use lockstep::domain::operation::Status;
use lockstep::domain::source::{Source, SourceId};
use lockstep::domain::sync_id::SyncId;
use lockstep::store::admission::StartOutcome;

use crate::support::load_clock::LoadClock;
use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{full_sync, preview_run};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    two_hundred_starts_on_two_servers_begin_one_run_and_every_refusal_names_it,
    two_first_ever_starts_at_once_do_not_both_pass,
    starts_of_different_sources_do_not_block_each_other,
    an_accepted_start_is_answerable_at_once_on_every_server,
    a_start_of_a_missing_source_is_refused_with_that_reason,
    the_database_itself_refuses_a_second_active_run,
];

/// Starts one run on each engine in `from`, all at the same time; returns the outcome of each.
fn start_at_once(from: &[&TestEngine], source: &Source) -> Vec<StartOutcome> {
    let pause_point = Barrier::new(from.len());
    let start = |engine: &TestEngine| {
        pause_point.wait();
        engine.control.start(source, &full_sync()).expect("an answer, never an error")
    };
    let start = &start;
    std::thread::scope(|scope| {
        let starts: Vec<_> = from.iter().map(|engine| scope.spawn(move || start(engine))).collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    })
}

/// The run that was accepted, after checking that there is no other and that all refusals name it.
fn accepted_run(answers: &[StartOutcome]) -> SyncId {
    let accepted: Vec<SyncId> = answers
        .iter()
        .filter_map(|answer| if let StartOutcome::Accepted(id) = answer { Some(*id) } else { None })
        .collect();
    assert_eq!(accepted.len(), 1, "{answers:?}");
    let named = |answer: &StartOutcome| matches!(answer, StartOutcome::Accepted(id) | StartOutcome::AlreadyRunning(id) if *id == accepted[0]);
    assert!(answers.iter().all(named), "{answers:?}");
    accepted[0]
}

fn two_hundred_starts_on_two_servers_begin_one_run_and_every_refusal_names_it(db: &TestDatabase) {
    let (one, two) = (
        TestEngine::on_database(db),
        TestEngine::with_timeouts(db.second_store(), crate::support::test_engine::TEST_TIMEOUTS),
    );
    let source = one.memory_source("albums", MemoryTable::albums(3, "Title"));
    let engines: Vec<&TestEngine> = [&one, &two].into_iter().cycle().take(200).collect();
    let id = accepted_run(&start_at_once(&engines, &source));
    assert_eq!(db.count_rows("sync_operations", "1 = 1"), 1);
    assert_eq!(one.run(id).summary.status, Status::Completed);
}

fn two_first_ever_starts_at_once_do_not_both_pass(db: &TestDatabase) {
    let (one, two) = (
        TestEngine::on_database(db),
        TestEngine::with_timeouts(db.second_store(), crate::support::test_engine::TEST_TIMEOUTS),
    );
    for round in 0..20 {
        let source = one.memory_source(&format!("albums-{round}"), MemoryTable::albums(1, "Title"));
        let id = accepted_run(&start_at_once(&[&one, &two], &source));
        assert_eq!(db.count_rows("sync_operations", &format!("source_id = {}", source.id.0)), 1);
        assert_eq!(one.run(id).summary.status, Status::Completed);
    }
}

fn starts_of_different_sources_do_not_block_each_other(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let sources: Vec<Source> =
        (0..8).map(|n| engine.memory_source(&format!("albums-{n}"), MemoryTable::albums(1, "Title"))).collect();
    std::thread::scope(|scope| {
        for source in &sources {
            scope.spawn(|| engine.start(source, &full_sync()));
        }
    });
    assert_eq!(db.count_rows("sync_operations", "status = 'pending'"), 8);
    engine.run_queued();
}

fn an_accepted_start_is_answerable_at_once_on_every_server(db: &TestDatabase) {
    let (one, two) = (
        TestEngine::on_database(db),
        TestEngine::with_timeouts(db.second_store(), crate::support::test_engine::TEST_TIMEOUTS),
    );
    let source = one.memory_source("albums", MemoryTable::albums(1, "Title"));
    let id = one.start(&source, &full_sync());
    for engine in [&one, &two] {
        let report = engine.status_report(id);
        assert_eq!((report.summary.status, report.summary.progress), (Status::Pending, 0));
        assert_eq!((report.summary.id, report.summary.source.as_str()), (id, "albums"));
        assert_eq!(report.summary.message, "Queued: waiting for a free worker…");
    }
    one.run_queued();
}

fn a_start_of_a_missing_source_is_refused_with_that_reason(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = Source { id: SourceId(4711), ..engine.memory_source("albums", MemoryTable::albums(1, "Title")) };
    let answer = engine.control.start(&source, &full_sync()).expect("an answer");
    assert_eq!(answer, StartOutcome::NoSuchSource);
}

fn the_database_itself_refuses_a_second_active_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    engine.start(&source, &full_sync());
    let second = format!(
        "INSERT INTO sync_operations (id, source_id, kind, mode, priority, status, message, requested_by, created_at, last_update)
         SELECT 'second', source_id, kind, mode, priority, status, message, requested_by, created_at, last_update
         FROM sync_operations WHERE source_id = {}",
        source.id.0
    );
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| db.run_sql(&second)));
    assert!(refused.is_err(), "two active runs of one source could be stored");
    engine.run_queued();
}

/// For PostgreSQL alone: on SQLite a lock is always on the whole database.
#[test]
fn a_locked_source_row_refuses_a_start_quickly() {
    let db = TestDatabase::postgres();
    let engine = TestEngine::on_database(&db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let mut holder = db.raw_connection();
    holder.run_sql(&format!("BEGIN; SELECT id FROM sources WHERE id = {} FOR UPDATE", source.id.0));
    let clock = LoadClock::start();
    let refused = engine.control.start(&source, &full_sync());
    let took = clock.elapsed();
    assert!(refused.is_err(), "{refused:?}");
    assert!(took < Duration::from_millis(1600), "it took {took:?}");

    holder.run_sql("ROLLBACK");
    let id = engine.start(&source, &full_sync());
    holder.run_sql(&format!("BEGIN; SELECT id FROM sources WHERE id = {} FOR UPDATE", source.id.0));
    let again = engine.control.start(&source, &preview_run()).expect("an answer");
    assert_eq!(again, StartOutcome::AlreadyRunning(id), "a run that is seen is named although the row is held");
    holder.run_sql("ROLLBACK");
    engine.run_queued();
}
