//! Catalogs with several blocks of items, more values than a dictionary holds, temporary files and sorted runs.

use lockstep::domain::catalog_query::column_filter::{ColumnFilter, FilterOperator};
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::columns::numbers::DecimalSign;
use lockstep::domain::source::Source;
use lockstep::store::catalogs::Catalog;

use super::checked_index::CheckedIndex;
use super::plain_catalog::{PlainCatalog, PlainQuery};
use crate::support::memory_kind::MemoryTable;
use crate::support::seeded_random::SeededRandom;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![long_cells_are_found_and_sorted];

/// More than four blocks, and more values than the codes of a column stand for.
const ROWS: usize = 70_000;

/// A row whose title is different in every row, and long.
fn large_row(number: usize) -> Vec<String> {
    let shuffled = (number * 7919) % 70_001;
    let letter = ["a", "É", "b", "Z"][if number % 50 == 1 { 1 } else { number % 2 * 3 }];
    let title = format!("{letter} Title {shuffled:06} {}", "of a song that is rather long ".repeat(3));
    let kind = ["single", "Album", "EP", "日本", "", "album"][number % 6];
    vec![number.to_string(), title, kind.to_owned(), (number % 199).to_string()]
}

fn sorted_by(columns: &[&str]) -> Vec<SortColumn> {
    let column = |name: &&str| match name.strip_prefix('-') {
        Some(name) => SortColumn { name: name.to_owned(), descending: true },
        None => SortColumn { name: (*name).to_owned(), descending: false },
    };
    columns.iter().map(column).collect()
}

fn filter(column: &str, operator: FilterOperator, values: &[&str]) -> ColumnFilter {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    ColumnFilter { column: column.to_owned(), operator, values }
}

fn large_queries() -> Vec<PlainQuery> {
    let query = |search: &str, filters: Vec<ColumnFilter>, sort: &[&str]| PlainQuery {
        search: search.to_owned(),
        filters,
        sort: sorted_by(sort),
        ..PlainQuery::default()
    };
    vec![
        query("", vec![], &[]),
        query("", vec![], &["title"]),
        query("", vec![], &["-kind", "-title"]),
        query("000123", vec![], &["-title"]),
        query("e \"title 0001\"", vec![], &["n", "title"]),
        query("日本 o", vec![filter("n", FilterOperator::GreaterOrEqual, &["190"])], &["-title"]),
        query("", vec![filter("title", FilterOperator::Contains, &["E TITLE 06", "z title 01"])], &[]),
        query("", vec![filter("kind", FilterOperator::Not, &["single", ""])], &["kind", "-title"]),
        query("song", vec![filter("kind", FilterOperator::Empty, &["1"])], &["-n"]),
        query("", vec![filter("title", FilterOperator::Equals, &[&large_row(65_537)[1], &large_row(3)[1]])], &[]),
        query("nowhere", vec![], &["title"]),
    ]
}

fn check_all(
    engine: &TestEngine,
    source: &Source,
    index: &CheckedIndex,
    queries: &[PlainQuery],
    random: &mut SeededRandom,
) {
    let catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    check_catalog(engine, source, &catalog, index, queries, random);
}

fn check_catalog(
    engine: &TestEngine,
    source: &Source,
    catalog: &Catalog,
    index: &CheckedIndex,
    queries: &[PlainQuery],
    random: &mut SeededRandom,
) {
    let plain = PlainCatalog::load(&engine.store, source.id, catalog);
    let reader = index.open(source, catalog);
    for query in queries {
        index.check_query(&reader, &plain, query, random).expect("known columns");
    }
}

/// The index is the same on both databases, and so many items are slow to load: one of them is enough.
#[test]
fn a_catalog_larger_than_memory_is_answered_like_a_small_one() {
    let db = TestDatabase::sqlite();
    let engine = TestEngine::on_database(&db);
    let mut random = SeededRandom::new(9);
    let columns = ["id", "title", "kind", "n"];
    let rows: Vec<Vec<String>> = (0..ROWS).map(large_row).collect();
    let source = engine.memory_source("albums", MemoryTable::from_rows(&columns, rows.clone()));
    engine.sync(&source);
    let index = CheckedIndex::new(engine.store.clone(), 200);
    check_all(&engine, &source, &index, &large_queries(), &mut random);

    // In every block some items change and some are removed; others are added.
    let mut changed: Vec<Vec<String>> =
        rows.into_iter().enumerate().filter(|(number, _)| number % 1500 != 7).map(|(_, row)| row).collect();
    for row in changed.iter_mut().step_by(1000) {
        row[1] = format!("é title 0001{} anew", row[0]);
    }
    changed.extend((ROWS..ROWS + 20).map(large_row));
    engine.memory.set_table("albums", MemoryTable::from_rows(&columns, changed));
    let stats = engine.sync(&source).summary.stats;
    assert_eq!((stats.added, stats.updated, stats.removed), (20, 70, 47));
    check_all(&engine, &source, &index, &large_queries(), &mut random);
}

fn long_cells_are_found_and_sorted(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let mut random = SeededRandom::new(10);
    // Too many bytes for a dictionary, for a block, for memory, and for one sorted run.
    let long_row = |number: usize| {
        let ending = if number % 40 == 7 { "Ênde" } else { "Ende" };
        let cell = format!("{}{:03} {ending}", "long text ".repeat(10_000), (number * 37) % 101);
        vec![number.to_string(), if number % 10 == 3 { "short".to_owned() } else { cell }, (number % 2).to_string()]
    };
    let columns = ["id", "text", "n"];
    let rows: Vec<Vec<String>> = (0..100).map(long_row).collect();
    let source = engine.memory_source("texts", MemoryTable::from_rows(&columns, rows.clone()));
    engine.sync(&source);
    let index = CheckedIndex::new(engine.store.clone(), 50);
    let query = |search: &str, sort: &[&str]| PlainQuery {
        search: search.to_owned(),
        sort: sorted_by(sort),
        ..PlainQuery::default()
    };
    let queries =
        [query("", &["text"]), query("\"100 ende\"", &[]), query("ende", &["n", "-text"]), query("SHORT", &["-text"])];
    check_all(&engine, &source, &index, &queries, &mut random);
    // The same column by another type: none of its cells is a number.
    let mut catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    catalog.column_types = vec![ColumnType::Number(DecimalSign::Point); 3];
    check_catalog(&engine, &source, &catalog, &index, &queries[..1], &mut random);
    let changed: Vec<Vec<String>> = rows.into_iter().skip(5).chain((200..210).map(long_row)).collect();
    engine.memory.set_table("texts", MemoryTable::from_rows(&columns, changed));
    engine.sync(&source);
    check_all(&engine, &source, &index, &queries, &mut random);
}
