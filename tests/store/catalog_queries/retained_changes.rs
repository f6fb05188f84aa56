//! Retention deletes old changes, by which an index follows its catalog: then the index is built again, never stale.

use std::time::Duration;

use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::source::Source;
use lockstep::store::Store;

use super::checked_index::CheckedIndex;
use crate::support::memory_kind::MemoryTable;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_change_after_all_changes_were_deleted_is_seen,
    a_change_that_was_deleted_before_it_was_seen_is_seen,
    a_version_never_returns,
];

/// Deletes everything that is known about runs that ended.
pub(super) fn clear_old_runs(store: &Store) {
    // A run that ended in this millisecond is not yet older than zero.
    std::thread::sleep(Duration::from_millis(5));
    while store.clear_operations(Duration::ZERO).expect("cleared") > 0 {}
    while store.clear_records(Duration::ZERO).expect("cleared") > 0 {}
}

fn titles(engine: &TestEngine, index: &CheckedIndex, source: &Source) -> Vec<String> {
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    let reader = index.open(source, &catalog);
    let selection = reader.select(&CatalogQuery::default()).expect("all items");
    let titles = selection.count_values("title").expect("counts");
    let mut titles: Vec<String> = titles.iter().map(|title| title.value.clone()).collect();
    titles.sort();
    titles
}

fn sync_titles(engine: &TestEngine, source: &Source, titles: &[&str]) {
    let rows = titles.iter().enumerate().map(|(at, title)| vec![at.to_string(), (*title).to_owned()]).collect();
    engine.memory.set_table("albums", MemoryTable::from_rows(&["id", "title"], rows));
    engine.sync(source);
}

fn a_change_after_all_changes_were_deleted_is_seen(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(0, ""));
    sync_titles(&engine, &source, &["a", "b", "c"]);
    sync_titles(&engine, &source, &["a2", "b2", "c2"]);
    // Built when the catalog has three changes, all of which are deleted.
    let index = CheckedIndex::new(engine.store.clone(), 1000);
    assert_eq!(titles(&engine, &index, &source), ["a2", "b2", "c2"]);
    clear_old_runs(&engine.store);
    assert_eq!(titles(&engine, &index, &source), ["a2", "b2", "c2"]);
    for round in 3..8 {
        let title = format!("a{round}");
        sync_titles(&engine, &source, &[&title, "b2", "c2"]);
        assert_eq!(titles(&engine, &index, &source), [title.as_str(), "b2", "c2"]);
        if round == 5 {
            clear_old_runs(&engine.store);
        }
    }
}

fn a_change_that_was_deleted_before_it_was_seen_is_seen(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(0, ""));
    sync_titles(&engine, &source, &["a", "b", "c"]);
    let index = CheckedIndex::new(engine.store.clone(), 1000);
    assert_eq!(titles(&engine, &index, &source), ["a", "b", "c"]);
    for round in 0..4 {
        let (first, second) = (format!("a{round}"), format!("b{round}"));
        sync_titles(&engine, &source, &[&first, &second, "c"]);
        clear_old_runs(&engine.store);
        sync_titles(&engine, &source, &[&first, &second, "c"]);
        assert_eq!(titles(&engine, &index, &source), [first.as_str(), &second, "c"]);
        sync_titles(&engine, &source, &[&first, &second]);
        clear_old_runs(&engine.store);
        assert_eq!(titles(&engine, &index, &source), [first.as_str(), &second]);
        sync_titles(&engine, &source, &[&first, &second, "c"]);
    }
}

fn a_version_never_returns(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(0, ""));
    let mut versions = Vec::new();
    for round in 0..6 {
        let title = format!("title {round}");
        sync_titles(&engine, &source, &[&title, "b"]);
        let version = engine.store.catalog_version(source.id).expect("an answer");
        assert!(!versions.contains(&version), "round {round}: {version:?} was {versions:?} before");
        versions.push(version);
        if round % 2 == 1 {
            clear_old_runs(&engine.store);
        }
    }
}
