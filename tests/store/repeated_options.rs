//! The options of a run stay with its record, so that it can be repeated when its operation is deleted.

use lockstep::domain::operation::{StartOptions, StartRequest};

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![a_record_keeps_the_options_of_its_run];

fn a_record_keeps_the_options_of_its_run(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let options =
        StartOptions { force_refresh: true, accept_rekey: true, retries_before: Some(1), ..StartOptions::default() };
    let record = engine.run_request(&source, &StartRequest { options, ..full_sync() });
    assert_eq!(record.options, options);
    let repeated = StartOptions { force_refresh: true, ..StartOptions::default() };
    assert_eq!(
        record.options.for_repeat(),
        repeated,
        "a changed key is accepted once, and a person does not retry for the schedule"
    );
    db.run_sql("UPDATE sync_records SET options = NULL");
    assert_eq!(engine.find_record(record.summary.id).options, StartOptions::default(), "an earlier version ran it");
}
