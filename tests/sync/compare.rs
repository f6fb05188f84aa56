//! The effect of a sync on a catalog: rows are compared by key and hash, and only differences are written.

use std::time::Duration;

use lockstep::domain::change_set::{Change, ChangeKind};
use lockstep::domain::operation::{StartOptions, StartRequest, Status};
use lockstep::domain::progress::RunStats;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::sync::Timeouts;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync, incremental_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_sync_adds_updates_and_removes_what_differs,
    the_same_sync_twice_writes_no_item,
    every_change_is_stored_with_old_and_new_fields,
    a_new_column_updates_every_item_and_keeps_the_order_of_the_source,
    an_item_that_returns_keeps_its_id_and_when_it_was_added,
    a_forced_sync_rewrites_unchanged_items_and_counts_no_change,
    several_batches_make_one_catalog,
    a_probe_without_time_to_compare_shows_the_source_and_that_it_did_not_compare,
    a_removed_source_is_deleted_with_its_catalog,
];

/// Added, updated, unchanged, removed.
fn change_counts(stats: RunStats) -> (u64, u64, u64, u64) {
    (stats.added, stats.updated, stats.unchanged, stats.removed)
}

/// Whether the stored count of a catalog is the number of its live items.
fn is_count_right(db: &TestDatabase, engine: &TestEngine, source: &Source) {
    let live = db.count_rows("items", &format!("source_id = {} AND removed_at IS NULL", source.id.0));
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!(i64::try_from(catalog.item_count), Ok(live));
}

fn list_changes(engine: &TestEngine, id: SyncId, kind: ChangeKind) -> Vec<Change> {
    engine.store.list_changes(id, kind, 100).expect("changes")
}

fn a_sync_adds_updates_and_removes_what_differs(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\nc,Three\n");
    let first = engine.sync(&source);
    assert_eq!(first.summary.status, Status::Completed);
    assert_eq!(
        (change_counts(first.summary.stats), first.summary.stats.items.processed, first.summary.stats.items.total),
        ((3, 0, 0, 0), 3, 3)
    );
    assert_eq!(engine.item_lines(&source), ["a|One", "b|Two", "c|Three"]);
    is_count_right(db, &engine, &source);

    engine.rewrite_file(&source, "id,title\nd,Four\nc,Three\na,One again\n");
    let second = engine.sync(&source);
    assert_eq!((change_counts(second.summary.stats), second.summary.stats.rejected), ((1, 1, 1, 1), 0));
    assert_eq!(second.summary.message, "1 added, 1 updated, 1 removed.");
    assert_eq!(engine.item_lines(&source), ["a|One again", "c|Three", "d|Four"]);
    assert_eq!(db.count_rows("items", "key = 'b' AND removed_at IS NOT NULL"), 1, "a removed item is kept for an undo");
    is_count_right(db, &engine, &source);
    assert!(engine.store.find_catalog(source.id).expect("an answer").expect("a catalog").last_success_at.is_some());
}

fn the_same_sync_twice_writes_no_item(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let text: String = (1..=500).map(|n| format!("{n},Title {n},\"a, b\"\n")).collect();
    let source = engine.csv_source("albums", format!("id,title,note\n{text}"));
    engine.sync(&source);
    let before = db.items_as_written();
    for request in [full_sync(), incremental_sync()] {
        let again = engine.run_request(&source, &request);
        assert_eq!(again.summary.status, Status::Completed);
        assert_eq!(change_counts(again.summary.stats), (0, 0, 500, 0));
        assert_eq!(db.items_as_written(), before);
        assert_eq!(db.count_rows("item_changes", &format!("sync_id = '{}'", again.summary.id)), 0);
    }
    is_count_right(db, &engine, &source);
}

fn every_change_is_stored_with_old_and_new_fields(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    let first = engine.sync(&source);
    engine.rewrite_file(&source, "id,title\na,One again\nc,Three\n");
    let second = engine.sync(&source);
    let fields = |key: &str, title: &str| Some(format!(r#"[["id","{key}"],["title","{title}"]]"#));
    let change = |key: &str, kind, before, after| Change { key: key.to_owned(), kind, before, after };
    assert_eq!(
        list_changes(&engine, second.summary.id, ChangeKind::Added),
        [change("c", ChangeKind::Added, None, fields("c", "Three"))]
    );
    assert_eq!(
        list_changes(&engine, second.summary.id, ChangeKind::Updated),
        [change("a", ChangeKind::Updated, fields("a", "One"), fields("a", "One again"))]
    );
    assert_eq!(
        list_changes(&engine, second.summary.id, ChangeKind::Removed),
        [change("b", ChangeKind::Removed, fields("b", "Two"), None)]
    );
    // The items that the first run added are shown as they were then, although one has changed since.
    assert_eq!(
        list_changes(&engine, first.summary.id, ChangeKind::Added),
        [
            change("a", ChangeKind::Added, None, fields("a", "One")),
            change("b", ChangeKind::Added, None, fields("b", "Two")),
        ]
    );
}

fn a_new_column_updates_every_item_and_keeps_the_order_of_the_source(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    engine.sync(&source);
    engine.rewrite_file(&source, "year,id,title\n1959,a,One\n1971,b,Two\n");
    assert_eq!(change_counts(engine.sync(&source).summary.stats), (0, 2, 0, 0));
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!(catalog.columns, ["year", "id", "title"]);
    assert_eq!(engine.item_lines(&source), ["1959|a|One", "1971|b|Two"]);
}

fn an_item_that_returns_keeps_its_id_and_when_it_was_added(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    engine.sync(&source);
    let before = engine.list_items(&source)[1].clone();
    engine.rewrite_file(&source, "id,title\na,One\n");
    assert_eq!(engine.sync(&source).summary.stats.removed, 1);
    assert_eq!(engine.store.find_item(source.id, &before.id).expect("an answer"), None);
    for (round, title) in ["Two", "Two, returned"].iter().enumerate() {
        engine.rewrite_file(&source, format!("id,title\na,One\nb,\"{title}\"\n"));
        let back = engine.sync(&source);
        assert_eq!(change_counts(back.summary.stats), (1, 0, 1, 0), "round {round}");
        let now = engine.list_items(&source)[1].clone();
        assert_eq!((&now.id, now.added_at, &now.key), (&before.id, before.added_at, &before.key));
        assert_eq!(now.fields[1].1, *title);
        assert!(now.changed_at >= before.changed_at);
        let reported = list_changes(&engine, back.summary.id, ChangeKind::Added);
        assert_eq!((reported.len(), reported[0].key.as_str(), &reported[0].before), (1, "b", &None));
        is_count_right(db, &engine, &source);
        engine.rewrite_file(&source, "id,title\na,One\n");
        assert_eq!(engine.sync(&source).summary.stats.removed, 1);
        is_count_right(db, &engine, &source);
    }
}

fn a_forced_sync_rewrites_unchanged_items_and_counts_no_change(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\nb,Two\n");
    engine.sync(&source);
    db.run_sql("UPDATE items SET search_text = 'spoiled'");
    let force =
        StartRequest { options: StartOptions { force_refresh: true, ..StartOptions::default() }, ..incremental_sync() };
    let forced = engine.run_request(&source, &force);
    assert_eq!(forced.summary.status, Status::Completed);
    assert_eq!(db.count_rows("items", "search_text = 'spoiled'"), 0, "every item was written");
    let changed = db.count_items_of_run("changed_by", &forced.summary.id.to_string());
    assert_eq!(changed, 0, "an undo of the sync before still applies to them");
    assert!(list_changes(&engine, forced.summary.id, ChangeKind::Updated).is_empty(), "the same fields are no change");
    assert_eq!(engine.item_lines(&source), ["a|One", "b|Two"]);
    is_count_right(db, &engine, &source);
}

fn several_batches_make_one_catalog(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3500, "Title"));
    assert_eq!(change_counts(engine.sync(&source).summary.stats), (3500, 0, 0, 0));
    is_count_right(db, &engine, &source);
    engine.memory.set_table("albums", MemoryTable::albums(3000, "Other"));
    assert_eq!(change_counts(engine.sync(&source).summary.stats), (0, 3000, 0, 500));
    assert_eq!(engine.item_lines(&source).len(), 3000);
    assert_eq!(db.count_rows("items", "removed_at IS NULL AND fields LIKE '%Other%'"), 3000);
    is_count_right(db, &engine, &source);
}

fn a_probe_without_time_to_compare_shows_the_source_and_that_it_did_not_compare(db: &TestDatabase) {
    let engine = TestEngine::with_timeouts(db.store(), Timeouts { fetch: Duration::ZERO, ..TEST_TIMEOUTS });
    let source = engine.memory_source("albums", MemoryTable::albums(30, "first"));
    assert_eq!(engine.sync(&source).summary.status, Status::Completed);
    let probe = engine.control.probe_source(&source).expect("a probe");
    assert_eq!((probe.columns.len(), probe.rows.len(), probe.issues.count), (2, 20, 0));
    let [problem] = &probe.problems[..] else { panic!("{:?}", probe.problems) };
    assert!(problem.contains("too large to compare all rows in a check. Run a preview"), "{problem}");
}

fn a_removed_source_is_deleted_with_its_catalog(db: &TestDatabase) {
    use lockstep::store::sources::SourceChange;
    let engine = TestEngine::on_database(db);
    let source = engine.csv_source("albums", "id,title\na,One\n,no key\n");
    let other = engine.csv_source("others", "id,title\na,One\n");
    engine.sync(&other);
    engine.sync(&source);
    let id = engine.start(&source, &full_sync());
    assert_eq!(engine.store.remove_source(source.id).expect("an answer"), SourceChange::Busy);
    engine.run(id);
    assert_eq!(engine.store.remove_source(source.id).expect("an answer"), SourceChange::Done);
    for (table, left) in
        [("items", 1), ("catalogs", 1), ("sync_operations", 1), ("sync_records", 3), ("item_changes", 0)]
    {
        assert_eq!(db.count_rows(table, "1 = 1"), left, "{table}");
    }
    assert_eq!(engine.item_lines(&other), ["a|One"]);
}
