//! The cooldown: the pause before a person may start the same run again.

use std::time::Duration;

use lockstep::domain::operation::{RunPriority, StartRequest, Status};
use lockstep::store::admission::StartOutcome;
use lockstep::sync::Timeouts;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync, incremental_sync, preview_run};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_repeated_start_by_a_person_is_refused_with_the_remaining_cooldown,
    other_kinds_and_schedules_have_no_cooldown,
    an_active_run_is_reported_rather_than_a_cooldown,
    an_expired_cooldown_is_ignored,
    a_cancelled_start_cools_down_too,
];

const COOLDOWN: Duration = Duration::from_secs(600);

fn new_engine(db: &TestDatabase) -> TestEngine {
    TestEngine::with_timeouts(db.store(), Timeouts { cooldown: COOLDOWN, ..TEST_TIMEOUTS })
}

fn by_schedule() -> StartRequest {
    StartRequest { priority: RunPriority::Scheduled, ..full_sync() }
}

fn a_repeated_start_by_a_person_is_refused_with_the_remaining_cooldown(db: &TestDatabase) {
    let engine = new_engine(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    engine.sync(&source);
    // Full and incremental are modes of the same kind.
    for request in [full_sync(), incremental_sync()] {
        match engine.control.start(&source, &request).expect("an answer") {
            StartOutcome::CoolingDown(left) => {
                assert!(left <= COOLDOWN && left > COOLDOWN - Duration::from_secs(60), "{left:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(db.count_rows("sync_operations", "1 = 1"), 1, "nothing was queued");
}

fn other_kinds_and_schedules_have_no_cooldown(db: &TestDatabase) {
    let engine = new_engine(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    engine.sync(&source);
    assert_eq!(engine.run_request(&source, &preview_run()).summary.status, Status::Completed);
    assert_eq!(engine.run_request(&source, &by_schedule()).summary.status, Status::Completed);
    let other = engine.memory_source("others", MemoryTable::albums(1, "Title"));
    assert_eq!(engine.sync(&other).summary.status, Status::Completed, "another source has a cooldown of its own");
    let again = engine.control.start(&source, &full_sync()).expect("an answer");
    assert!(matches!(again, StartOutcome::CoolingDown(_)), "{again:?}");
}

fn an_active_run_is_reported_rather_than_a_cooldown(db: &TestDatabase) {
    let engine = new_engine(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    engine.sync(&source);
    let id = engine.start(&source, &by_schedule());
    let again = engine.control.start(&source, &full_sync()).expect("an answer");
    assert_eq!(again, StartOutcome::AlreadyRunning(id));
    engine.run_queued();
}

fn an_expired_cooldown_is_ignored(db: &TestDatabase) {
    let engine = new_engine(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    engine.sync(&source);
    let before = if db.is_sqlite() { "datetime('now', '-1 hour')" } else { "now() - interval '1 hour'" };
    db.run_sql(&format!("UPDATE sync_operations SET finished_at = {before}"));
    assert_eq!(engine.sync(&source).summary.status, Status::Completed);
}

fn a_cancelled_start_cools_down_too(db: &TestDatabase) {
    let engine = new_engine(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let id = engine.start(&source, &full_sync());
    engine.control.cancel(id, "ada").expect("cancelled");
    let again = engine.control.start(&source, &full_sync()).expect("an answer");
    assert!(matches!(again, StartOutcome::CoolingDown(_)), "{again:?}");
}
