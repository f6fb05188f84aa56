//! The filters of the history: each alone and together, and quick however many runs are kept.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use lockstep::domain::operation::{OperationKind, Status};
use lockstep::domain::source::Source;
use lockstep::store::Store;
use lockstep::store::history_query::{HistoryOf, HistoryQuery};

use crate::support::memory_kind::{FaultMoment, MemoryFault, MemoryTable};
use crate::support::test_engine::{full_sync, preview_run};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    runs_are_filtered_by_kind_outcome_person_and_time_together,
    people_are_listed_once_each,
    a_filtered_page_of_very_many_runs_is_quick,
];

/// A page must cost at most as much as reading all runs this often. It takes much less where an index helps.
const MAX_TABLE_READS: u32 = 5;

/// The newest 10 of the runs that a query selects, as kind and status, and the number of all.
fn list_runs(store: &Store, query: &HistoryQuery) -> (Vec<(OperationKind, Status)>, u64) {
    let found = store.list_history(&HistoryQuery { page: 1, per_page: 10, ..query.clone() }).expect("history");
    let newest = store.newest_history(query, 10).expect("history");
    assert_eq!(newest, found.records);
    let runs = found.records.iter().map(|record| (record.summary.kind, record.summary.status));
    (runs.collect(), found.total)
}

fn runs_are_filtered_by_kind_outcome_person_and_time_together(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let books = engine.memory_source("books", MemoryTable::albums(3, "Book"));
    engine.sync(&albums);
    engine.run_request(&albums, &preview_run());
    let mut scheduled = full_sync();
    scheduled.requested_by = "schedule".to_owned();
    engine.memory.set_table("books", MemoryTable::albums(3, "Book").with_fault(FaultMoment::Fetch, MemoryFault::Break));
    let failed = engine.run_request(&books, &scheduled);
    let store = &engine.store;
    let (sync, preview) = (OperationKind::Sync, OperationKind::Preview);
    let all = HistoryQuery::default;
    let of = |source: &Source| Some(HistoryOf::Source(source.id));
    let completed = Some(Status::Completed);
    assert_eq!(list_runs(store, &all()).1, 3);
    let kind = |kind| HistoryQuery { kind: Some(kind), ..all() };
    assert_eq!(list_runs(store, &kind(preview)), (vec![(preview, Status::Completed)], 1));
    assert_eq!(list_runs(store, &kind(OperationKind::Undo)), (vec![], 0));
    let by = |name: &str| HistoryQuery { requested_by: Some(name.to_owned()), ..all() };
    assert_eq!(list_runs(store, &by("schedule")), (vec![(sync, Status::Failed)], 1));
    assert_eq!(list_runs(store, &by("Schedule")), (vec![], 0));
    let query = HistoryQuery { of: of(&albums), kind: Some(sync), status: completed, ..all() };
    assert_eq!(list_runs(store, &query), (vec![(sync, Status::Completed)], 1));
    assert_eq!(list_runs(store, &HistoryQuery { of: of(&books), ..query.clone() }), (vec![], 0));
    let query = HistoryQuery { of: of(&books), status: Some(Status::Failed), ..by("schedule") };
    assert_eq!(list_runs(store, &query).1, 1);
    // From a time on, and before a time.
    let end = failed.finished_at;
    let between = |from: DateTime<Utc>, before: DateTime<Utc>| HistoryQuery {
        ended_from: Some(from),
        ended_before: Some(before),
        ..query.clone()
    };
    let instant = TimeDelta::microseconds(1);
    assert_eq!(list_runs(store, &between(end, end + instant)).1, 1);
    assert_eq!(list_runs(store, &between(end - instant, end)).1, 0);
    assert_eq!(list_runs(store, &between(end + instant, end + instant * 2)).1, 0);
}

fn people_are_listed_once_each(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    assert_eq!(engine.store.list_requesters().expect("names"), [""; 0]);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    for name in ["schedule", "ada", "command line", "ada", "Ämil"] {
        let mut request = full_sync();
        request.requested_by = name.to_owned();
        engine.run_request(&albums, &request);
    }
    let mut names = engine.store.list_requesters().expect("names");
    names.sort();
    assert_eq!(names, ["ada", "command line", "schedule", "Ämil"]);
}

/// Stores 100,000 runs, one a minute: 90 % are completed syncs of the schedule, every fifth is of `books`.
fn store_many_runs(db: &TestDatabase, albums: &Source, books: &Source) {
    let time = if db.is_sqlite() {
        "strftime('%Y-%m-%d %H:%M:%f', '2026-11-30 08:00:00', '-' || n || ' minutes')"
    } else {
        "TIMESTAMP '2026-11-30 08:00:00' - n * INTERVAL '1 minute'"
    };
    let stats = r#"{"items":{"processed":450,"total":1000},"bytes":524288,"lines":1523,"added":12,"updated":3,"unchanged":435,"removed":0,"rejected":0}"#;
    db.run_sql(&format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
         INSERT INTO sync_records (id, source_id, source, kind, mode, status, message, progress, created_at, started_at,
             finished_at, stats, requested_by, attempt, issues, withheld_removals)
         SELECT 'sync_0199d1c2-0000-7000-8000-' || SUBSTR(CAST(1000000000000 + n AS TEXT), 2),
             CASE WHEN n % 5 = 0 THEN {} ELSE {} END, CASE WHEN n % 5 = 0 THEN 'books' ELSE 'albums' END,
             CASE WHEN n % 5000 = 0 THEN 'undo' WHEN n % 20 = 0 THEN 'preview' ELSE 'sync' END, 'incremental',
             CASE WHEN n % 1000 = 7 THEN 'failed' ELSE 'completed' END, '12 added, 3 updated, 0 removed.', 100,
             {time}, {time}, {time}, '{stats}', CASE WHEN n % 10 = 3 THEN 'ada' ELSE 'schedule' END, 1, 0, 0
         FROM numbers",
        books.id.0, albums.id.0,
    ));
    if !db.is_sqlite() {
        // PostgreSQL does this itself after a minute.
        db.run_sql("VACUUM ANALYZE sync_records");
    }
}

fn a_filtered_page_of_very_many_runs_is_quick(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    let books = engine.memory_source("books", MemoryTable::albums(3, "Book"));
    store_many_runs(db, &albums, &books);
    let all = || HistoryQuery { page: 1, per_page: 50, ..HistoryQuery::default() };
    let of = |source: &Source| HistoryQuery { of: Some(HistoryOf::Source(source.id)), ..all() };
    let by = |name: &str| Some(name.to_owned());
    let (undo, preview, failed) = (Some(OperationKind::Undo), Some(OperationKind::Preview), Some(Status::Failed));
    let day: DateTime<Utc> = "2026-10-01T00:00:00Z".parse().expect("a time");
    let queries = [
        ("everything", all(), 100_000),
        ("the last page", HistoryQuery { page: 2000, ..all() }, 100_000),
        ("one source", of(&albums), 80_000),
        ("the last page of one source", HistoryQuery { page: 1600, ..of(&albums) }, 80_000),
        ("a rare kind", HistoryQuery { kind: undo, ..all() }, 20),
        ("a rare status", HistoryQuery { status: failed, ..all() }, 100),
        ("a frequent status", HistoryQuery { status: Some(Status::Completed), ..all() }, 99_900),
        ("a frequent person", HistoryQuery { requested_by: by("schedule"), ..all() }, 90_000),
        ("nobody", HistoryQuery { requested_by: by("nobody"), ..all() }, 0),
        ("a day", HistoryQuery { ended_from: Some(day), ended_before: Some(day + TimeDelta::days(1)), ..all() }, 1440),
        ("source and kind", HistoryQuery { kind: undo, ..of(&albums) }, 0),
        ("source and person", HistoryQuery { requested_by: by("ada"), ..of(&albums) }, 10_000),
        (
            "kind, status and person",
            HistoryQuery { kind: preview, status: failed, requested_by: by("ada"), ..all() },
            0,
        ),
        (
            "all filters",
            HistoryQuery {
                kind: Some(OperationKind::Sync),
                status: failed,
                requested_by: by("schedule"),
                ended_from: Some(day),
                ..of(&albums)
            },
            87,
        ),
    ];
    let mut slow = Vec::new();
    let mut raw = db.raw_connection();
    let mut read_all_runs = || {
        let begun = Instant::now();
        raw.run_sql("SELECT COUNT(*) FROM sync_records WHERE stats LIKE '%nothing%' OR message LIKE '%nothing%'");
        begun.elapsed()
    };
    for (name, query, expected) in queries {
        let (mut page_time, mut table_time) = (Duration::MAX, Duration::MAX);
        // The best of a few, one after the other, because the machine is busy with other tests.
        for attempt in 0..40 {
            if attempt >= 5 && page_time < table_time * MAX_TABLE_READS {
                break;
            }
            table_time = table_time.min(read_all_runs());
            let begun = Instant::now();
            let found = engine.store.list_history(&query).expect("history");
            page_time = page_time.min(begun.elapsed());
            assert_eq!((found.total, found.records.len() as u64), (expected, expected.min(50)), "{name}");
        }
        println!("{name}: {page_time:?}, all runs: {table_time:?}");
        if page_time >= table_time * MAX_TABLE_READS {
            slow.push(format!("{name}: {page_time:?}, all runs: {table_time:?}"));
        }
    }
    assert_eq!(engine.store.list_requesters().expect("names"), ["ada", "schedule"]);
    assert_eq!(engine.store.find_history(&"nothing".parse().expect("a slug")).expect("an answer"), None);
    assert!(slow.is_empty(), "{slow:?}");
}
