//! Scheduled syncs that fail for a passing reason are retried three times, and a retry that waits blocks nothing.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{RunPriority, StartOptions, StartRequest, Status};
use lockstep::domain::schedule::StoredSchedule;
use lockstep::domain::source::Source;
use lockstep::store::Store;
use lockstep::store::admission::{AdmissionRequest, ScheduledStart, StartOutcome};
use lockstep::sync::{SyncThreads, Timeouts};

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryKind, MemoryTable};
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync, source_draft};
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_scheduled_sync_is_retried_three_times_and_then_waits_for_its_schedule,
    a_sync_that_a_person_starts_replaces_the_retry,
    a_failure_that_a_person_must_fix_is_not_retried,
    servers_that_check_at_the_same_time_start_a_retry_once,
];

/// An engine whose first retry waits for this long.
fn engine_with_pause(db: &TestDatabase, retry_pause: Duration) -> TestEngine {
    TestEngine::with_timeouts(db.store(), Timeouts { retry_pause, ..TEST_TIMEOUTS })
}

/// A source whose yearly sync is due, and whose fetch fails with this code.
fn failing_source(engine: &TestEngine, code: &'static str) -> Source {
    let fault = MemoryFault::FailWith(code);
    engine.memory.set_table("albums", MemoryTable::albums(3, "Title").with_fault(FaultMoment::Fetch, fault));
    let mut draft = source_draft("albums", MemoryKind::KIND, SourceLocation::Url("albums".to_owned()));
    draft.schedule = Some(StoredSchedule::in_utc("0 0 1 1 *"));
    let missed = (Utc::now() - TimeDelta::days(1)).naive_utc();
    engine.store.add_source(&draft, Some(missed)).expect("a source")
}

/// Lets the scheduler and a worker run until this many runs have ended.
fn run_scheduler(db: &TestDatabase, engine: &TestEngine, runs: i64) {
    let threads = SyncThreads::start(&engine.engine, 1).expect("threads");
    wait_until(|| db.count_rows("sync_records", "1 = 1") >= runs);
    assert!(threads.stop());
}

fn a_scheduled_sync_is_retried_three_times_and_then_waits_for_its_schedule(db: &TestDatabase) {
    let engine = engine_with_pause(db, Duration::from_millis(1));
    let source = failing_source(&engine, "server_error");
    run_scheduler(db, &engine, 4);
    let mut records = engine.store.recent_records(Some(source.id), 10).expect("records");
    records.reverse();
    let retries: Vec<_> = records.iter().map(|record| (record.retries_before, record.retry_at.is_some())).collect();
    assert_eq!(retries, [(Some(0), true), (Some(1), true), (Some(2), true), (Some(3), false)]);
    assert!(records.iter().all(|record| record.summary.status == Status::Failed && record.summary.attempt == 1));
    assert_eq!(engine.store.waiting_retry(source.id).expect("an answer"), None);
    assert!(engine.store.due_retries().expect("an answer").is_empty());
}

fn a_sync_that_a_person_starts_replaces_the_retry(db: &TestDatabase) {
    let engine = engine_with_pause(db, Duration::from_secs(20));
    let source = failing_source(&engine, "timeout");
    let failing = StartRequest {
        options: StartOptions { retries_before: Some(1), ..StartOptions::default() },
        priority: RunPriority::Retry,
        ..full_sync()
    };
    engine.store.pause_schedule(source.id).expect("paused");
    assert!(engine.store.resume_schedule(source.id).expect("resumed"));
    let failed = engine.run_request(&source, &failing);
    let retry = engine.store.waiting_retry(source.id).expect("an answer").expect("a retry");
    assert_eq!((retry.number, retry.failed_run, Some(retry.at)), (2, failed.summary.id, failed.retry_at));
    assert!(retry.at > Utc::now() + TimeDelta::seconds(60), "the pauses grow: {}", retry.at);
    assert_eq!(engine.store.active_run(source.id).expect("an answer"), None, "it waits as a time");

    engine.memory.set_table("albums", MemoryTable::albums(3, "Title"));
    assert_eq!(engine.sync(&source).summary.status, Status::Completed);
    assert_eq!(engine.store.waiting_retry(source.id).expect("an answer"), None);
}

fn a_failure_that_a_person_must_fix_is_not_retried(db: &TestDatabase) {
    let engine = engine_with_pause(db, Duration::from_millis(1));
    let source = failing_source(&engine, "not_found");
    run_scheduler(db, &engine, 1);
    let record = engine.store.recent_records(Some(source.id), 1).expect("records").remove(0);
    assert_eq!((record.retries_before, record.retry_at), (Some(0), None));
    assert_eq!(engine.store.waiting_retry(source.id).expect("an answer"), None);
}

fn servers_that_check_at_the_same_time_start_a_retry_once(db: &TestDatabase) {
    let engine = engine_with_pause(db, Duration::from_secs(20));
    let source = failing_source(&engine, "connection");
    engine.store.pause_schedule(source.id).expect("paused");
    assert!(engine.store.resume_schedule(source.id).expect("resumed"));
    let request = StartRequest {
        options: StartOptions { retries_before: Some(0), ..StartOptions::default() },
        priority: RunPriority::Scheduled,
        ..full_sync()
    };
    engine.run_request(&source, &request);
    db.run_sql("UPDATE catalogs SET retry_at = '2026-01-01 00:00:00'");
    let due = engine.store.due_retries().expect("an answer");
    assert_eq!((due.len(), due[0].0), (1, source.id));
    let start = ScheduledStart { at: due[0].1.at, next: None, is_retry: true };
    let stores = [db.store(), db.second_store()];
    let outcomes: Vec<StartOutcome> = std::thread::scope(|scope| {
        let admit = |store: &Store| {
            let admission = AdmissionRequest {
                source: source.id,
                request: &request,
                message: "Waiting…",
                cooldown: Duration::ZERO,
                due: Some(start),
                condition: None,
            };
            store.admit_run(&admission).expect("an answer")
        };
        let threads: Vec<_> = (0..6).map(|n| &stores[n % 2]).map(|store| scope.spawn(move || admit(store))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let accepted = outcomes.iter().filter(|outcome| matches!(outcome, StartOutcome::Accepted(_))).count();
    assert_eq!(accepted, 1, "{outcomes:?}");
    engine.run_queued();
}
