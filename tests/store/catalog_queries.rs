//! Every query of a catalog has the same answer as a plain filter and sort over its items, whatever happened before.

mod checked_index;
mod cursor_pages;
mod edited_table;
mod index_life;
mod large_catalogs;
mod plain_catalog;
mod query_generator;
mod retained_changes;

use lockstep::domain::source::Source;

use self::checked_index::CheckedIndex;
use self::edited_table::EditedTable;
use self::plain_catalog::PlainCatalog;
use self::query_generator::{any_query, any_types};
use crate::support::seeded_random::SeededRandom;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    queries_of_a_new_catalog_equal_a_plain_filter_and_sort,
    queries_equal_a_plain_filter_and_sort_after_any_history,
];

/// Compares random queries of every index, by the types of the columns and by types that do not fit. Returns how many
/// of them selected some items but not all.
fn check_queries(
    engine: &TestEngine,
    source: &Source,
    indexes: &[CheckedIndex],
    count: usize,
    random: &mut SeededRandom,
) -> usize {
    let mut telling = 0;
    let mut catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    for types in [catalog.column_types.clone(), any_types(random, catalog.columns.len())] {
        catalog.column_types = types;
        let plain = PlainCatalog::load(&engine.store, source.id, &catalog);
        let readers: Vec<_> = indexes.iter().map(|index| (index, index.open(source, &catalog))).collect();
        for _ in 0..count {
            let query = any_query(random, &plain);
            for (index, reader) in &readers {
                let found = index.check_query(reader, &plain, &query, random);
                telling += usize::from(found.is_some_and(|found| found > 0 && found < plain.items.len()));
            }
        }
    }
    telling
}

fn queries_of_a_new_catalog_equal_a_plain_filter_and_sort(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let mut random = SeededRandom::new(1);
    let table = EditedTable::new(&mut random, 150);
    let source = engine.memory_source("albums", table.to_memory());
    engine.sync(&source);
    let indexes = [CheckedIndex::new(engine.store.clone(), 50)];
    let telling = check_queries(&engine, &source, &indexes, 300, &mut random);
    assert!(telling > 150, "only {telling} of 600 queries selected some items");
}

fn queries_equal_a_plain_filter_and_sort_after_any_history(db: &TestDatabase) {
    let second = db.second_store();
    for seed in 2..5 {
        let engine = TestEngine::on_database(db);
        let mut random = SeededRandom::new(seed);
        let mut table = EditedTable::new(&mut random, 90);
        let source = engine.memory_source(&format!("albums-{seed}"), table.to_memory());
        engine.sync(&source);
        let indexes = CheckedIndex::of_all_sizes(&engine.store, &second);
        let mut telling = check_queries(&engine, &source, &indexes, 5, &mut random);
        for _ in 0..16 {
            table.run_step(&engine, &source, &mut random);
            telling += check_queries(&engine, &source, &indexes, 5, &mut random);
        }
        assert!(telling > 200, "seed {seed}: only {telling} of 850 queries selected some items");
    }
}
