//! Queries of pages: the results of all sources, and the time that is left of a cooldown.

use std::time::Duration;

use lockstep::domain::operation::{OperationKind, Status};
use lockstep::sync::Timeouts;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync, preview_run};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![the_latest_result_of_each_source_is_no_preview, the_remaining_cooldown_can_be_read];

fn the_latest_result_of_each_source_is_no_preview(db: &TestDatabase) {
    let engine = TestEngine::with_timeouts(db.store(), TEST_TIMEOUTS);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let looked_at = engine.memory_source("looked-at", MemoryTable::albums(3, "Title"));
    let stopped = engine.memory_source("stopped", MemoryTable::albums(3, "Title"));
    engine.memory_source("never", MemoryTable::albums(3, "Title"));
    engine.sync(&albums);
    engine.run_request(&albums, &preview_run());
    engine.run_request(&looked_at, &preview_run());
    engine.sync(&stopped);
    let id = engine.start(&stopped, &full_sync());
    engine.control.cancel(id, "ada").expect("cancelled");
    let mut results = engine.store.latest_results().expect("an answer");
    results.sort_by_key(|result| result.source_id);
    let reported: Vec<_> = results.iter().map(|result| (result.source_id, result.kind, result.status)).collect();
    let sync = OperationKind::Sync;
    assert_eq!(reported, [(albums.id, sync, Status::Completed), (stopped.id, sync, Status::Cancelled)]);
}

fn the_remaining_cooldown_can_be_read(db: &TestDatabase) {
    let cooldown = Duration::from_secs(600);
    let engine = TestEngine::with_timeouts(db.store(), Timeouts { cooldown, ..TEST_TIMEOUTS });
    let albums = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    let left = |kind| engine.control.remaining_cooldown(albums.id, kind).expect("an answer");
    assert_eq!(left(OperationKind::Sync), Duration::ZERO);
    engine.sync(&albums);
    assert!(left(OperationKind::Sync) > cooldown - Duration::from_secs(60));
    assert_eq!(left(OperationKind::Preview), Duration::ZERO, "another kind need not wait");
}
