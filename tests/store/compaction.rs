//! The compact form of items and changes: when it is written, how older rows are converted, and that nothing is lost.

use std::time::Duration;

use lockstep::domain::change_set::{Change, ChangeKind};
use lockstep::domain::operation::Status;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::compaction::CompactionStep;
use lockstep::store::items::Item;

use crate::support::test_database::RawConnection;
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    an_upgraded_database_keeps_its_form_until_the_rollback_period_is_over,
    converted_rows_are_read_as_before_and_the_next_sync_changes_nothing,
    a_conversion_goes_on_where_it_ended_and_several_servers_share_it,
    a_row_that_the_version_before_writes_after_the_conversion_is_right,
    the_layouts_of_a_removed_source_are_deleted_when_no_reader_needs_them,
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// More rows than one step of the conversion takes.
const ROWS: usize = 1100;

fn table(rows: std::ops::Range<usize>, title: &str) -> String {
    let mut csv = "id,title,\"no\"\"te\"\n".to_owned();
    for row in rows {
        csv.push_str(&format!("k{row:05},{title} {row},\"é \"\"{row}\"\", ~1\n[x]\"\n"));
    }
    csv
}

/// A database that a version before this one has used: the facts are those that its upgrade stores.
fn upgraded_database(db: &TestDatabase) {
    let now = db.store().now().expect("a time").timestamp_millis();
    let from = now + i64::try_from(DAY.as_millis()).expect("small");
    db.run_sql(&format!(
        "UPDATE house_facts SET value = '{now}' WHERE name = 'compact_form_added_at';
         UPDATE house_facts SET value = '{from}' WHERE name = 'compact_form_from';
         UPDATE house_facts SET value = 'items:0' WHERE name = 'compact_form_progress'"
    ));
}

fn count_named_rows(db: &TestDatabase) -> i64 {
    let items = "fields LIKE '[%' OR search_text <> '' OR added_by LIKE 'sync%' OR changed_by LIKE 'sync%'";
    let changes = "before LIKE '[%' OR after LIKE '[%' OR search_text IS NOT NULL";
    db.count_rows("items", items) + db.count_rows("item_changes", changes)
}

/// Everything that can be read of a catalog and its runs.
type Everything = (Vec<Item>, Vec<Vec<Change>>, Vec<String>);

fn read_everything(db: &TestDatabase, engine: &TestEngine, source: &Source, runs: &[SyncId]) -> Everything {
    let changes = runs.iter().map(|run| {
        let of_kind = |kind: &ChangeKind| engine.store.list_changes(*run, *kind, 10_000).expect("changes");
        ChangeKind::ALL.iter().flat_map(of_kind).collect()
    });
    let stored = db.stored_items(source.id.0).into_iter().map(|item| format!("{item:?}"));
    (engine.list_items(source), changes.collect(), stored.collect())
}

/// Runs that add, update, remove and return items.
fn run_some_syncs(engine: &TestEngine, source: &Source) -> Vec<SyncId> {
    let tables = [table(0..ROWS, "One"), table(5..ROWS, "One"), table(0..ROWS, "Two"), table(0..ROWS + 9, "Two")];
    let mut runs = Vec::new();
    for table in tables {
        engine.rewrite_file(source, table);
        let record = engine.sync(source);
        assert_eq!(record.summary.status, Status::Completed, "{}", record.summary.message);
        runs.push(record.summary.id);
    }
    runs
}

fn an_upgraded_database_keeps_its_form_until_the_rollback_period_is_over(db: &TestDatabase) {
    upgraded_database(db);
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", table(0..3, "One"));
    engine.sync(&source);
    assert_eq!(db.count_rows("items", "fields LIKE '[[\"id\",%' AND added_by LIKE 'sync_%' AND search_text <> ''"), 3);
    assert_eq!(engine.store.convert_next_rows().expect("an answer"), CompactionStep::Waiting);
    engine.store.set_rollback_period(2 * DAY).expect("set");
    assert_eq!(engine.store.convert_next_rows().expect("an answer"), CompactionStep::Waiting);
    engine.store.set_rollback_period(Duration::ZERO).expect("set");
    engine.rewrite_file(&source, table(0..4, "One"));
    engine.sync(&source);
    assert_eq!(count_named_rows(db), 3, "only the new row is compact");
    db.finish_compaction();
    assert_eq!(count_named_rows(db), 0);
    assert_eq!(engine.store.convert_next_rows().expect("an answer"), CompactionStep::Done);
}

fn converted_rows_are_read_as_before_and_the_next_sync_changes_nothing(db: &TestDatabase) {
    upgraded_database(db);
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id\n1\n");
    let runs = run_some_syncs(&engine, &source);
    let before = read_everything(db, &engine, &source, &runs);
    assert!(count_named_rows(db) > 0);
    engine.store.set_rollback_period(Duration::ZERO).expect("set");
    db.finish_compaction();
    assert_eq!(count_named_rows(db), 0);
    assert!(read_everything(db, &engine, &source, &runs) == before, "everything reads as before");
    let stats = engine.run_request(&source, &full_sync()).summary.stats;
    assert_eq!((stats.added, stats.updated, stats.removed, stats.unchanged), (0, 0, 0, (ROWS + 9) as u64));
    // Undos of runs that were stored in the form before.
    for run in runs.into_iter().skip(2).rev() {
        engine.undo_run(run);
    }
    let titles = engine.list_items(&source).into_iter().map(|item| item.fields[1].1.clone());
    assert!(titles.eq((5..ROWS).map(|row| format!("One {row}"))), "the items after the second run");
}

fn a_conversion_goes_on_where_it_ended_and_several_servers_share_it(db: &TestDatabase) {
    upgraded_database(db);
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", table(0..ROWS, "One"));
    engine.sync(&source);
    engine.store.set_rollback_period(Duration::ZERO).expect("set");
    assert_eq!(engine.store.convert_next_rows().expect("a step"), CompactionStep::Converted);
    assert_eq!(count_named_rows(db), 700, "one step took 400 rows");
    if let RawConnection::Postgres(_) = db.raw_connection() {
        // A run that has locked a row is not waited for, and the row is not forgotten.
        let mut run = db.raw_connection();
        run.run_sql("BEGIN; SELECT 1 FROM items WHERE key = 'k00500' FOR UPDATE");
        assert_eq!(engine.store.convert_next_rows().expect("a step"), CompactionStep::Converted);
        assert_eq!(engine.store.convert_next_rows().expect("a step"), CompactionStep::Waiting);
        assert_eq!(db.count_rows("items", "key = 'k00500' AND fields LIKE '[%'"), 1);
        run.run_sql("ROLLBACK");
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let store = db.second_store();
                while store.convert_next_rows().expect("a step") != CompactionStep::Done {}
            });
        }
    });
    assert_eq!(count_named_rows(db), 0);
    assert_eq!(db.count_rows("column_layouts", "1 = 1"), 1);
    assert_eq!(engine.list_items(&source).len(), ROWS);
}

fn a_row_that_the_version_before_writes_after_the_conversion_is_right(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    let first = engine.sync(&source).summary.id;
    engine.rewrite_file(&source, "id,title\na,One\nb,Three\n");
    let second = engine.sync(&source).summary.id;
    // What that version writes with an update, as if the second run were its own.
    let fields = r#"[["id","b"],["title","Three"]]"#;
    let time = if db.is_sqlite() { "'2026-11-29 20:00:00.125'" } else { "TIMESTAMP '2026-11-29 20:00:00.125'" };
    db.run_sql(&format!(
        "UPDATE items SET fields = '{fields}', search_text = 'b three', changed_by = '{second}', changed_at = {time}
         WHERE key = 'b'"
    ));
    let item = engine.list_items(&source)[1].clone();
    assert_eq!(item.fields[1], ("title".to_owned(), "Three".to_owned()));
    assert_eq!(item.changed_at.to_rfc3339(), "2026-11-29T20:00:00.125+00:00");
    let later = engine.store.later_changes(first).expect("an answer");
    assert_eq!(later.iter().map(|later| (later.run, later.items)).collect::<Vec<_>>(), [(second, 1)]);
    engine.undo_run(second);
    assert_eq!(engine.item_lines(&source), ["a|One", "b|Two"]);
    engine.undo_run(first);
    assert_eq!(engine.item_lines(&source), ["b|Two"], "the undo changed it last");
}

fn the_layouts_of_a_removed_source_are_deleted_when_no_reader_needs_them(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let [albums, labels] = ["albums", "labels"].map(|slug| engine.csv_source(slug, "id,title\na,One\n"));
    engine.sync(&albums);
    engine.sync(&labels);
    let count = || (db.count_rows("column_layouts", "1 = 1"), db.count_rows("run_numbers", "1 = 1"));
    assert_eq!(count(), (2, 2));
    engine.store.remove_source(albums.id).expect("removed");
    assert_eq!(engine.store.clear_unused_layouts(DAY).expect("a number"), 0, "readers may still need them");
    assert_eq!(engine.store.clear_unused_layouts(Duration::ZERO).expect("a number"), 2);
    assert_eq!(count(), (1, 1));
    assert_eq!(engine.item_lines(&labels), ["a|One"]);
}
