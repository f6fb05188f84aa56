//! What runs did to an item is listed newest first, from its addition on.

use std::time::Duration;

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::operation::OperationKind;
use lockstep::domain::source::Source;
use lockstep::domain::sync_id::SyncId;
use lockstep::store::item_history::ItemHistoryPage;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::preview_run;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    an_item_has_its_additions_changes_and_removals_newest_first,
    an_item_that_was_only_added_has_one_entry,
    the_history_of_an_item_is_paged,
    an_addition_whose_run_is_not_kept_has_only_its_time,
];

fn item_id(engine: &TestEngine, source: &Source, key: &str) -> String {
    engine.list_items(source).into_iter().find(|item| item.key == key).expect("an item").id
}

fn read_history(engine: &TestEngine, source: &Source, key: &str, page: u64, per: u64) -> ItemHistoryPage {
    let id = item_id(engine, source, key);
    engine.store.item_history(source.id, &id, page, per).expect("an answer").expect("an item")
}

/// The runs and kinds of a page.
fn outline(page: &ItemHistoryPage) -> Vec<(SyncId, ChangeKind)> {
    page.entries.iter().map(|entry| (entry.run, entry.change.kind)).collect()
}

fn an_item_has_its_additions_changes_and_removals_newest_first(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(5, "First"));
    let early_preview = engine.run_request(&source, &preview_run());
    let sync = |table| {
        engine.memory.set_table("albums", table);
        engine.sync(&source).summary.id
    };
    let added = sync(MemoryTable::albums(5, "First"));
    let changed = sync(MemoryTable::albums(5, "Second"));
    let removed = sync(MemoryTable::numbered_albums(2..=5, "Second"));
    let returned = sync(MemoryTable::albums(5, "Third"));
    engine.memory.set_table("albums", MemoryTable::albums(5, "Fourth"));
    let late_preview = engine.run_request(&source, &preview_run());
    assert_eq!((early_preview.summary.stats.added, late_preview.summary.stats.updated), (5, 5));

    let history = read_history(&engine, &source, "1", 1, 10);
    let expected = [
        (returned, ChangeKind::Added),
        (removed, ChangeKind::Removed),
        (changed, ChangeKind::Updated),
        (added, ChangeKind::Added),
    ];
    assert_eq!((outline(&history), history.total), (expected.to_vec(), 4), "previews are not in it");
    let sides = |number: usize| {
        let change = &history.entries[number].change;
        [&change.before, &change.after].map(|side| side.as_deref().map(|json| json.contains("First")))
    };
    assert_eq!((sides(2), sides(3)), ([Some(true), Some(false)], [None, Some(true)]));
    assert!(
        history.entries.iter().all(|entry| entry.details.as_ref().is_some_and(|run| run.kind == OperationKind::Sync))
    );
    assert!(history.entries.windows(2).all(|pair| pair[0].at >= pair[1].at));
}

fn an_item_that_was_only_added_has_one_entry(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(2, "Title"));
    let run = engine.sync(&source).summary.id;
    let history = read_history(&engine, &source, "2", 1, 10);
    assert_eq!((outline(&history), history.total), (vec![(run, ChangeKind::Added)], 1));
    assert_eq!(history.entries[0].change.after.as_deref(), Some(r#"[["id","2"],["title","Title 2"]]"#));
    let other = engine.memory_source("others", MemoryTable::albums(1, "Title"));
    let id = item_id(&engine, &source, "2");
    assert_eq!(engine.store.item_history(other.id, &id, 1, 10).expect("an answer"), None, "it is of another catalog");
    assert_eq!(engine.store.item_history(source.id, "x", 1, 10).expect("an answer"), None);
}

fn the_history_of_an_item_is_paged(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    for number in 0..6 {
        engine.memory.set_table("albums", MemoryTable::albums(1, &format!("Title {number}")));
        engine.sync(&source);
    }
    let all = read_history(&engine, &source, "1", 1, 50);
    assert_eq!((all.entries.len(), all.total), (6, 6));
    for per in [1, 2, 3, 5] {
        let paged: Vec<_> = (1..=7).flat_map(|page| read_history(&engine, &source, "1", page, per).entries).collect();
        assert_eq!(paged, all.entries, "{per} a page");
    }
}

fn an_addition_whose_run_is_not_kept_has_only_its_time(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "First"));
    let first = engine.sync(&source).summary.id;
    engine.memory.set_table("albums", MemoryTable::albums(1, "Second"));
    let second = engine.sync(&source).summary.id;
    db.run_sql(&format!("UPDATE sync_records SET finished_at = '2020-01-01 00:00:00' WHERE id = '{first}'"));
    db.run_sql("DELETE FROM sync_operations");
    while engine.store.clear_records(Duration::from_secs(3600)).expect("cleared") > 0 {}
    let history = read_history(&engine, &source, "1", 1, 10);
    assert_eq!(outline(&history), [(second, ChangeKind::Updated), (first, ChangeKind::Added)]);
    let addition = &history.entries[1];
    assert_eq!((&addition.details, &addition.change.after), (&None, &None));
}
