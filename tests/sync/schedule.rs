//! The engine starts due syncs once, and starts one run for all that were missed during a downtime.

use chrono::{TimeDelta, Utc};
use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, Status};
use lockstep::domain::schedule::StoredSchedule;
use lockstep::sync::SyncThreads;

use crate::support::memory_kind::{MemoryKind, MemoryTable};
use crate::support::test_engine::{TEST_TIMEOUTS, source_draft};
use crate::support::waiting::wait_until;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    one_run_makes_up_for_three_days_of_downtime,
    the_next_start_is_the_next_time_in_the_zone_of_the_schedule,
];

fn one_run_makes_up_for_three_days_of_downtime(db: &TestDatabase) {
    let engines = [TestEngine::on_database(db), TestEngine::with_timeouts(db.second_store(), TEST_TIMEOUTS)];
    for engine in &engines {
        engine.memory.set_table("albums", MemoryTable::albums(3, "Title"));
    }
    let mut hourly = source_draft("albums", MemoryKind::KIND, SourceLocation::Url("albums".to_owned()));
    hourly.schedule = Some(StoredSchedule::in_utc("0 * * * *"));
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

fn the_next_start_is_the_next_time_in_the_zone_of_the_schedule(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    engine.memory.set_table("albums", MemoryTable::albums(3, "Title"));
    let nightly = StoredSchedule { cron: "0 3 * * *".to_owned(), zone: Some("Asia/Kathmandu".to_owned()) };
    let mut draft = source_draft("albums", MemoryKind::KIND, SourceLocation::Url("albums".to_owned()));
    draft.schedule = Some(nightly.clone());
    let due = (Utc::now() - TimeDelta::minutes(1)).naive_utc();
    let source = engine.store.add_source(&draft, Some(due)).expect("added");
    assert_eq!(source.schedule, Some(nightly.clone()));
    assert_eq!(engine.store.due_sources().expect("an answer")[0].2, nightly);
    let workers = SyncThreads::start(&engine.engine, 1).expect("threads");
    wait_until(|| db.count_rows("sync_records", "1 = 1") > 0);
    assert!(workers.stop());
    // Kathmandu is always 5:45 ahead of UTC.
    let at_its_night = "CAST(next_run_at AS TEXT) LIKE '% 21:15:00%'";
    assert_eq!(db.count_rows("sources", at_its_night), 1);
    assert!(engine.store.pause_schedule(source.id).expect("paused"));
    assert!(!engine.store.pause_schedule(source.id).expect("an answer"), "it is paused already");
    assert_eq!(db.count_rows("sources", "next_run_at IS NULL"), 1);
    assert!(engine.store.resume_schedule(source.id).expect("resumed"));
    assert_eq!(db.count_rows("sources", at_its_night), 1);
}
