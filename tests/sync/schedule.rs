//! The engine starts due syncs once, and starts one run for all that were missed during a downtime.

use chrono::{TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, Status};
use lockstep::sync::SyncThreads;

use crate::support::memory_kind::{MemoryKind, MemoryTable};
use crate::support::test_engine::{TEST_TIMEOUTS, source_draft};
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![one_run_makes_up_for_three_days_of_downtime];

fn one_run_makes_up_for_three_days_of_downtime(db: &TestDatabase) {
    let engines = [TestEngine::on_database(db), TestEngine::with_timeouts(db.second_store(), TEST_TIMEOUTS)];
    for engine in &engines {
        engine.memory.set_table("albums", MemoryTable::albums(3, "Title"));
    }
    let mut hourly = source_draft("albums", MemoryKind::KIND, SourceLocation::Url("albums".to_owned()));
    hourly.schedule = Some("0 * * * *".to_owned());
    let missed = (Utc::now() - TimeDelta::days(3)).naive_utc();
    let source = engines[0].store.add_source(&hourly, Some(missed)).expect("added");
    let workers: Vec<SyncThreads> =
        engines.iter().map(|engine| SyncThreads::start(&engine.engine, 1).expect("threads")).collect();
    let done = || db.count_rows("sync_records", "1 = 1") > 0;
    wait_until(done);
    for workers in workers {
        assert!(workers.stop());
    }
    let records = engines[0].store.recent_records(Some(source.id), 10).expect("records");
    assert_eq!(records.len(), 1, "{records:?}");
    let run = &records[0];
    assert_eq!(
        (run.summary.status, run.mode, run.requested_by.as_str()),
        (Status::Completed, Mode::Incremental, "schedule")
    );
    assert_eq!(engines[0].item_lines(&source).len(), 3);
    assert!(engines[0].store.due_sources().expect("an answer").is_empty());
}
