//! Pages by cursor never lose or repeat an item, also while others are added, removed and changed.

use std::collections::HashMap;

use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::source::Source;
use lockstep::store::catalogs::Catalog;

use super::checked_index::{CheckedIndex, read_page};
use super::edited_table::EditedTable;
use super::plain_catalog::{PlainCatalog, PlainItem, PlainQuery};
use super::query_generator::{COLUMNS, any_query, any_types, below};
use crate::support::memory_kind::MemoryTable;
use crate::support::seeded_random::SeededRandom;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    items_that_stay_are_listed_once_while_others_change,
    a_cursor_stays_right_after_its_own_item_is_removed,
    no_item_is_lost_after_a_very_long_cell,
];

/// The catalog, with other types than the detected ones.
fn find_catalog(engine: &TestEngine, source: &Source, types: &[ColumnType]) -> Catalog {
    let found = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    Catalog { column_types: types.to_vec(), ..found }
}

fn items_that_stay_are_listed_once_while_others_change(db: &TestDatabase) {
    let second = db.second_store();
    let engine = TestEngine::on_database(db);
    let mut random = SeededRandom::new(77);
    let mut table = EditedTable::new(&mut random, 80);
    let source = engine.memory_source("albums", table.to_memory());
    table.sync(&engine, &source);
    let indexes = CheckedIndex::of_all_sizes(&engine.store, &second);
    let (mut listed_items, mut changes_between_pages) = (0, 0);
    for _ in 0..8 {
        let types = any_types(&mut random, COLUMNS.len());
        let load_plain = || PlainCatalog::load(&engine.store, source.id, &find_catalog(&engine, &source, &types));
        let mut plain = load_plain();
        let mut query = any_query(&mut random, &plain);
        if plain.must_refuse(&query) || plain.select(&query).len() < 20 {
            let sort = vec![
                SortColumn { name: "genre".to_owned(), descending: random.next_chance(50) },
                SortColumn { name: "year".to_owned(), descending: random.next_chance(50) },
            ];
            query = PlainQuery { sort, ..PlainQuery::default() };
        }
        // The items that were selected all the time and never changed.
        let mut stayed: HashMap<i64, PlainItem> =
            plain.select(&query).into_iter().map(|item| (item.id, item.clone())).collect();
        let (per, mut found, mut cursor): (_, Vec<i64>, Option<String>) =
            (3 + below(&mut random, 12), Vec::new(), None);
        loop {
            let index = &indexes[below(&mut random, indexes.len())];
            let reader = index.open(&source, &find_catalog(&engine, &source, &types));
            let selection = reader.select(&query.to_catalog_query()).expect("a query of known columns");
            let Some(page) = read_page(&selection, cursor.as_ref(), per, query.sort.len()) else { break };
            found.extend(page.ids);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
            table.edit_rows(&mut random, 2);
            table.remove_rows(&mut random, 1);
            table.return_rows(below(&mut random, 3));
            table.add_rows(&mut random, 1);
            table.sync(&engine, &source);
            changes_between_pages += 1;
            plain = load_plain();
            let now: HashMap<i64, &PlainItem> = plain.select(&query).into_iter().map(|item| (item.id, item)).collect();
            stayed.retain(|id, item| now.get(id).is_some_and(|other| *other == item));
        }
        for id in stayed.keys() {
            let times = found.iter().filter(|listed| *listed == id).count();
            assert_eq!(times, 1, "{id} in pages of {per}: {query:?}");
        }
        listed_items += stayed.len();
    }
    assert!(listed_items > 100 && changes_between_pages > 25, "{listed_items}, {changes_between_pages}");
}

fn a_cursor_stays_right_after_its_own_item_is_removed(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(30, "The same"));
    engine.sync(&source);
    let index = CheckedIndex::new(engine.store.clone(), 5);
    for descending in [false, true] {
        engine.memory.set_table("albums", MemoryTable::albums(30, "The same"));
        engine.sync(&source);
        let query =
            PlainQuery { sort: vec![SortColumn { name: "id".to_owned(), descending }], ..PlainQuery::default() };
        let catalog = find_catalog(&engine, &source, &[]);
        let plain = PlainCatalog::load(&engine.store, source.id, &catalog);
        let in_order = plain.select(&query);
        let all: Vec<i64> = in_order.iter().map(|item| item.id).collect();
        let page = |cursor: Option<&String>| {
            let reader = index.open(&source, &catalog);
            let selection = reader.select(&query.to_catalog_query()).expect("a known column");
            read_page(&selection, cursor, 10, 1).expect("a page")
        };
        let first = page(None);
        assert_eq!(first.ids, all[..10]);
        // The last items of the first page, among them that of the cursor.
        let removed: Vec<&str> = in_order[8..10].iter().map(|item| item.cells[0].as_str()).collect();
        let kept = (1..=30_usize).filter(|number| !removed.contains(&number.to_string().as_str()));
        engine.memory.set_table("albums", MemoryTable::numbered_albums(kept, "The same"));
        engine.sync(&source);
        assert_eq!(page(first.next.as_ref()).ids, all[10..20], "descending: {descending}");
    }
}

fn no_item_is_lost_after_a_very_long_cell(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    // Three items have the same beginning, which is longer than what a cursor carries. Before it is white space.
    let row = |number: usize| {
        let beginning = format!("{}{}", " ".repeat(600), ["a", "b", "c", "d"][number / 3].repeat(700));
        vec![number.to_string(), format!("{beginning}{number}")]
    };
    let table =
        |numbers: &[usize]| MemoryTable::from_rows(&["id", "text"], numbers.iter().map(|at| row(*at)).collect());
    let all: Vec<usize> = (0..12).collect();
    let source = engine.memory_source("texts", table(&all));
    let index = CheckedIndex::new(engine.store.clone(), 50);
    for descending in [false, true] {
        engine.memory.set_table("texts", table(&all));
        engine.sync(&source);
        let query =
            PlainQuery { sort: vec![SortColumn { name: "text".to_owned(), descending }], ..PlainQuery::default() };
        let catalog = find_catalog(&engine, &source, &[]);
        let sorted: Vec<i64> =
            PlainCatalog::load(&engine.store, source.id, &catalog).select(&query).iter().map(|item| item.id).collect();
        let page = |cursor: Option<&String>| {
            let reader = index.open(&source, &catalog);
            let selection = reader.select(&query.to_catalog_query()).expect("a known column");
            read_page(&selection, cursor, 5, 1).expect("a page")
        };
        let first = page(None);
        assert_eq!(first.ids, sorted[..5]);
        assert_eq!(page(first.next.as_ref()).ids, sorted[5..10], "descending: {descending}");
        // The item of the cursor goes, and one before it: of the same beginning, only the other item is left.
        let removed = if descending { [7, 8] } else { [3, 4] };
        engine
            .memory
            .set_table("texts", table(&all.iter().copied().filter(|at| !removed.contains(at)).collect::<Vec<_>>()));
        engine.sync(&source);
        assert_eq!(page(first.next.as_ref()).ids, sorted[5..10], "descending: {descending}");
        // One with the same beginning is left of those before: it is listed again, and none is left out.
        engine.memory.set_table(
            "texts",
            table(&all.iter().copied().filter(|at| *at != removed[usize::from(!descending)]).collect::<Vec<_>>()),
        );
        engine.sync(&source);
        assert_eq!(page(first.next.as_ref()).ids, [&sorted[3..4], &sorted[5..9]].concat(), "descending: {descending}");
    }
}
