//! The pause after a run before the same may be started again by hand.

use std::time::Duration;

use lockstep::domain::operation::{RunPriority, StartRequest, Status};
use lockstep::store::admission::StartOutcome;
use lockstep::sync::Timeouts;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync, incremental_sync, preview_run};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_repeat_of_the_same_by_hand_has_to_wait_and_is_told_how_long,
    another_kind_and_a_schedule_do_not_have_to_wait,
    a_run_that_goes_on_is_the_better_answer_than_a_cooldown,
    a_cooldown_that_is_over_does_not_count,
    a_cancelled_start_cools_down_too,
];

const COOLDOWN: Duration = Duration::from_secs(600);

fn house(db: &TestDatabase) -> TestEngine {
    TestEngine::with(db.store(), Timeouts { cooldown: COOLDOWN, ..TEST_TIMEOUTS })
}

fn by_schedule() -> StartRequest {
    StartRequest { priority: RunPriority::Scheduled, ..full_sync() }
}

fn a_repeat_of_the_same_by_hand_has_to_wait_and_is_told_how_long(db: &TestDatabase) {
    let house = house(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    house.sync(&source);
    // Full and incremental are modes of the same kind.
    for request in [full_sync(), incremental_sync()] {
        match house.control.start(&source, &request).expect("an answer") {
            StartOutcome::CoolingDown(left) => {
                assert!(left <= COOLDOWN && left > COOLDOWN - Duration::from_secs(60), "{left:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(db.count("sync_operations", "1 = 1"), 1, "nothing was queued");
}

fn another_kind_and_a_schedule_do_not_have_to_wait(db: &TestDatabase) {
    let house = house(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    house.sync(&source);
    assert_eq!(house.go(&source, &preview_run()).status, Status::Completed);
    assert_eq!(house.go(&source, &by_schedule()).status, Status::Completed);
    let other = house.memory_source("others", MemoryTable::albums(1, "Title"));
    assert_eq!(house.sync(&other).status, Status::Completed, "another source has a cooldown of its own");
    let again = house.control.start(&source, &full_sync()).expect("an answer");
    assert!(matches!(again, StartOutcome::CoolingDown(_)), "{again:?}");
}

fn a_run_that_goes_on_is_the_better_answer_than_a_cooldown(db: &TestDatabase) {
    let house = house(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    house.sync(&source);
    let id = house.start(&source, &by_schedule());
    let again = house.control.start(&source, &full_sync()).expect("an answer");
    assert_eq!(again, StartOutcome::AlreadyRunning(id));
    house.drain();
}

fn a_cooldown_that_is_over_does_not_count(db: &TestDatabase) {
    let house = house(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    house.sync(&source);
    let before = if db.is_sqlite() { "datetime('now', '-1 hour')" } else { "now() - interval '1 hour'" };
    db.run(&format!("UPDATE sync_operations SET finished_at = {before}"));
    assert_eq!(house.sync(&source).status, Status::Completed);
}

fn a_cancelled_start_cools_down_too(db: &TestDatabase) {
    let house = house(db);
    let source = house.memory_source("albums", MemoryTable::albums(1, "Title"));
    let id = house.start(&source, &full_sync());
    house.control.cancel(id, "ada").expect("cancelled");
    let again = house.control.start(&source, &full_sync()).expect("an answer");
    assert!(matches!(again, StartOutcome::CoolingDown(_)), "{again:?}");
}
