//! Indexes are opened, built, dropped and built again by many threads, and after failures.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lockstep::catalog_index::{CatalogIndexes, CatalogReader, IndexError, IndexState};
use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::source::Source;
use lockstep::store::catalogs::Catalog;

use super::checked_index::{BUILD_TIMEOUT, CheckedIndex};
use crate::support::memory_kind::MemoryTable;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    many_readers_that_open_a_catalog_at_once_all_see_it,
    readers_see_at_least_what_was_synced_before_they_opened_a_catalog,
    a_build_that_fails_is_an_error_for_all_that_wait_and_is_tried_again,
    a_folder_that_cannot_be_written_is_an_error_until_it_can,
    a_source_that_is_removed_while_its_index_is_built_has_no_items,
    an_index_that_was_dropped_stays_readable_and_is_built_again,
    a_renamed_column_is_found_by_its_new_name_only,
];

/// The size of cells that make a catalog too large for memory.
const LONG_CELL_BYTES: usize = 100_000;

fn find_catalog(engine: &TestEngine, source: &Source) -> Catalog {
    engine.store.find_catalog(source.id).expect("an answer").expect("a catalog")
}

fn count_items(reader: &CatalogReader) -> u64 {
    reader.select(&CatalogQuery::default()).expect("all items").count().expect("a count")
}

fn sorted_by(column: &str) -> CatalogQuery {
    let sort = vec![SortColumn { name: column.to_owned(), descending: false }];
    CatalogQuery { sort, ..CatalogQuery::default() }
}

/// Opens a catalog from several threads at once, and returns what each of them found.
fn open_from_threads(
    indexes: &CatalogIndexes,
    source: &Source,
    catalog: &Catalog,
    threads: usize,
) -> Vec<Result<u64, IndexError>> {
    thread::scope(|scope| {
        let open = || match indexes.open(source.id, catalog, BUILD_TIMEOUT)? {
            IndexState::Ready(reader) => Ok(count_items(&reader)),
            IndexState::Building(progress) => panic!("not ready: {progress:?}"),
        };
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(open)).collect();
        started.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn many_readers_that_open_a_catalog_at_once_all_see_it(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(2000, "Title"));
    engine.sync(&source);
    let index = CheckedIndex::new(engine.store.clone(), 10);
    for count in [2000, 2001, 2050, 2051] {
        engine.memory.set_table("albums", MemoryTable::albums(count, "Title"));
        engine.sync(&source);
        let catalog = find_catalog(&engine, &source);
        for found in open_from_threads(&index.indexes, &source, &catalog, 16) {
            assert_eq!(found.expect("an index"), count as u64);
        }
    }
}

/// The lowest number of a round among the titles.
fn oldest_round(reader: &CatalogReader) -> usize {
    let selection = reader.select(&CatalogQuery::default()).expect("all items");
    let titles = selection.count_values("title").expect("counts");
    let round = |title: &str| title.split(' ').nth(1).expect("a round").parse().expect("a number");
    titles.iter().map(|title| round(&title.value)).min().expect("items")
}

fn readers_see_at_least_what_was_synced_before_they_opened_a_catalog(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let table = |round: usize| MemoryTable::albums(8, &format!("round {round}"));
    let source = engine.memory_source("albums", table(0));
    engine.sync(&source);
    let indexes = [0, 5, 10_000].map(|limit| CheckedIndex::new(engine.store.clone(), limit));
    let catalog = find_catalog(&engine, &source);
    let (committed, is_done, readings) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for index in indexes.iter().chain(&indexes) {
            scope.spawn(|| {
                while !is_done.load(Ordering::Acquire) {
                    let before = committed.load(Ordering::Acquire);
                    let reader = index.open(&source, &catalog);
                    let oldest = oldest_round(&reader);
                    // While a run changes more than can be followed, readers are told how old the items are.
                    assert!(oldest >= before || reader.as_of().is_some(), "{oldest}, but {before} was committed");
                    readings.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 1..25 {
            engine.memory.set_table("albums", table(round));
            engine.sync(&source);
            committed.store(round, Ordering::Release);
        }
        is_done.store(true, Ordering::Release);
    });
    for index in &indexes {
        assert_eq!(oldest_round(&index.open(&source, &catalog)), 24);
    }
    assert!(readings.load(Ordering::Relaxed) > 24, "{readings:?}");
}

fn a_build_that_fails_is_an_error_for_all_that_wait_and_is_tried_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(500, "Title"));
    engine.sync(&source);
    db.run_sql("UPDATE items SET fields = 'x' || fields WHERE key = '400'");
    let index = CheckedIndex::new(engine.store.clone(), 10);
    let catalog = find_catalog(&engine, &source);
    for found in open_from_threads(&index.indexes, &source, &catalog, 8) {
        let Err(IndexError::Build(error)) = found else { panic!("{found:?}") };
        assert!(matches!(*error, IndexError::Store(_)), "{error:?}");
    }
    db.run_sql("UPDATE items SET fields = substr(fields, 2) WHERE key = '400'");
    assert_eq!(count_items(&index.open(&source, &catalog)), 500);
    // The same for the items that changed since.
    engine.memory.set_table("albums", MemoryTable::albums(503, "Title"));
    engine.sync(&source);
    db.run_sql("UPDATE items SET fields = 'x' || fields WHERE key = '502'");
    for found in open_from_threads(&index.indexes, &source, &catalog, 4) {
        assert!(matches!(found, Err(IndexError::Store(_))), "{found:?}");
    }
    db.run_sql("UPDATE items SET fields = substr(fields, 2) WHERE key = '502'");
    assert_eq!(count_items(&index.open(&source, &catalog)), 503);
}

fn a_folder_that_cannot_be_written_is_an_error_until_it_can(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = (0..100).map(|n| vec![n.to_string(), format!("{:03}{}", 99 - n, "x".repeat(LONG_CELL_BYTES))]).collect();
    let large = engine.memory_source("large", MemoryTable::from_rows(&["id", "text"], rows));
    let small = engine.memory_source("small", MemoryTable::albums(5, "Title"));
    engine.sync(&large);
    engine.sync(&small);
    let index = CheckedIndex::new(engine.store.clone(), 10);
    let (large_catalog, small_catalog) = (find_catalog(&engine, &large), find_catalog(&engine, &small));
    fs::remove_dir(index.folder()).expect("removed");
    assert_eq!(count_items(&index.open(&small, &small_catalog)), 5, "a small catalog needs no file");
    for found in open_from_threads(&index.indexes, &large, &large_catalog, 3) {
        let Err(IndexError::Build(error)) = found else { panic!("{found:?}") };
        assert!(matches!(*error, IndexError::Storage(_)), "{error:?}");
    }
    fs::create_dir(index.folder()).expect("created");
    let reader = index.open(&large, &large_catalog);
    assert_eq!(count_items(&reader), 100);

    // Sorting writes runs to the folder; what needs no new file goes on.
    fs::remove_dir(index.folder()).expect("nothing with a name is in it");
    let sorted = sorted_by("text");
    let refused = reader.select(&sorted).expect("a known column").ids(0, 10);
    assert!(matches!(refused, Err(IndexError::Storage(_))), "{refused:?}");
    assert_eq!(reader.select(&sorted_by("id")).expect("a known column").ids(0, 3).expect("ids").len(), 3);
    fs::create_dir(index.folder()).expect("created");
    let ids = reader.select(&sorted).expect("a known column").ids(0, 100).expect("ids");
    assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
    assert_eq!(fs::read_dir(index.folder()).expect("a folder").count(), 0, "no file has a name");
}

fn a_source_that_is_removed_while_its_index_is_built_has_no_items(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(3000, "Title"));
    engine.sync(&source);
    let index = CheckedIndex::new(engine.store.clone(), 10);
    let catalog = find_catalog(&engine, &source);
    index.indexes.open(source.id, &catalog, Duration::ZERO).expect("a build that began");
    engine.store.remove_source(source.id).expect("removed");
    let reader = index.open(&source, &catalog);
    let ids = reader.select(&CatalogQuery::default()).expect("a query").ids(0, usize::MAX).expect("ids");
    assert!(engine.store.items_by_id(source.id, &ids).expect("items").is_empty(), "{ids:?}");
    index.indexes.forget(source.id);
    assert_eq!(count_items(&index.open(&source, &catalog)), 0);
    let other = engine.memory_source("albums", MemoryTable::albums(3, "Title"));
    engine.sync(&other);
    assert_eq!(count_items(&index.open(&other, &find_catalog(&engine, &other))), 3);
}

fn an_index_that_was_dropped_stays_readable_and_is_built_again(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    // More catalogs than have an index at a time.
    let sources: Vec<Source> = (1..=70)
        .map(|number| {
            let source = engine.memory_source(&format!("albums-{number}"), MemoryTable::albums(number, "Title"));
            engine.sync(&source);
            source
        })
        .collect();
    let index = CheckedIndex::new(engine.store.clone(), 10);
    let catalogs: Vec<Catalog> = sources.iter().map(|source| find_catalog(&engine, source)).collect();
    let opened = sources.iter().zip(&catalogs).map(|(source, catalog)| index.open(source, catalog));
    let readers: Vec<CatalogReader> = opened.collect();
    for (number, reader) in (1..).zip(&readers) {
        assert_eq!(count_items(reader), number);
        assert_eq!(reader.select(&sorted_by("title")).expect("a column").ids(0, 99).expect("ids").len() as u64, number);
    }
    for ((number, source), catalog) in (1..).zip(&sources).zip(&catalogs) {
        assert_eq!(count_items(&index.open(source, catalog)), number);
    }
}

fn a_renamed_column_is_found_by_its_new_name_only(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = [["1", "b"], ["2", "a"]];
    let source = engine.memory_source("albums", MemoryTable::new(&["id", "title"], &rows));
    engine.sync(&source);
    let index = CheckedIndex::new(engine.store.clone(), 10);
    let reader = index.open(&source, &find_catalog(&engine, &source));
    assert!(reader.select(&sorted_by("title")).is_ok());
    engine.memory.set_table("albums", MemoryTable::new(&["id", "name"], &rows));
    engine.sync(&source);
    let reader = index.open(&source, &find_catalog(&engine, &source));
    let refused = reader.select(&sorted_by("title")).map(drop);
    assert!(matches!(&refused, Err(IndexError::UnknownColumn(name)) if name == "title"), "{refused:?}");
    let ids = reader.select(&sorted_by("name")).expect("a column").ids(0, 2).expect("ids");
    assert!(ids[0] > ids[1], "{ids:?}");
}
