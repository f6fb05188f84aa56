//! Both databases sort items as people expect, and in the same order.

use std::cmp::Ordering;
use std::time::Duration;

use lockstep::catalog_index::IndexState;
use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::columns::column_type::ColumnType;
use lockstep::domain::columns::dates::DateOrder;
use lockstep::domain::columns::numbers::DecimalSign;
use lockstep::domain::columns::sorting::sort_key;
use lockstep::domain::source::Source;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::memory_kind::MemoryTable;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    any_cells_are_sorted_by_the_rules,
    numbers_are_sorted_by_size,
    dates_are_sorted_by_time,
    letters_are_sorted_ignoring_case_and_accents,
    items_without_a_sort_value_come_last_in_both_directions,
];

const TYPES: [ColumnType; 11] = [
    ColumnType::Text,
    ColumnType::Number(DecimalSign::Point),
    ColumnType::Number(DecimalSign::Comma),
    ColumnType::Date(DateOrder::YearFirst),
    ColumnType::Date(DateOrder::DayFirst),
    ColumnType::Date(DateOrder::MonthFirst),
    ColumnType::Moment,
    ColumnType::Link,
    ColumnType::Image,
    ColumnType::Html,
    ColumnType::Flag,
];

/// The cells of a column in the order of a query, with another type than the detected one.
fn sorted_values(engine: &TestEngine, source: &Source, sort_type: ColumnType, descending: bool) -> Vec<String> {
    let mut catalog = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    catalog.column_types = vec![ColumnType::Text, sort_type];
    let opened = engine.indexes.open(source.id, &catalog, Duration::from_secs(120)).expect("an index");
    let IndexState::Ready(reader) = opened else { panic!("{opened:?}") };
    let sort = vec![SortColumn { name: "cell".to_owned(), descending }];
    let selection = reader.select(&CatalogQuery { sort, ..CatalogQuery::default() });
    let ids = selection.expect("a known column").ids(0, usize::MAX).expect("an answer, whatever the cells say");
    let items = engine.store.items_by_id(source.id, &ids).expect("items");
    let cell = |(_, value): &(String, String)| value.clone();
    items.iter().map(|(_, item)| item.fields.last().map(cell).expect("a cell")).collect()
}

fn with_cells(engine: &TestEngine, slug: &str, cells: &[String]) -> Source {
    let rows = cells.iter().enumerate().map(|(at, cell)| vec![at.to_string(), cell.clone()]).collect();
    let source = engine.memory_source(slug, MemoryTable::from_rows(&["id", "cell"], rows));
    engine.sync(&source);
    source
}

/// Cells that are numbers, dates and texts, and some that are nearly so.
fn odd_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-+−]?[$€%]?[ \u{a0}]?[-−]?[0-9]{1,4}([.,' \u{202f}][0-9]{3}){0,3}([.,][0-9]{1,6})?( ?[%€]| CHF|kr)?",
        "[ \t]?[-+]?[0-9]{0,20}[.,]?[0-9]{0,20}\u{a0}?",
        "[-+−$€% 0-9.,'’]{0,12}",
        "(19|20|0)?[0-9]{2}[-/.][01]?[0-9][-/.][0-3]?[0-9](T|,? )?([0-2]?[0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,10})?)?)?",
        "[0-3]?[0-9][-/.][0-3]?[0-9][-/.][0-9]{4}(( |, |T)[0-2]?[0-9]:[0-5][0-9])?",
        "2024-02-(28|29)T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?(Z| ?[-+][01][0-9]:?[0-5][0-9])",
        "[ \u{2003}]?[A-Za-zÄÖÜäöüßéÉØøÆæŁłЁёЖжΆΩω\u{301}0-9 _-]{0,8}[ \n]?",
        "[\\x20-\\x7e]{0,10}",
        "(yes|no|Yes| yes)?",
        "https?://[a-zA-Z]{1,5}\\.example/[a-z]{0,5}(\\.jpg)?",
    ]
}

fn any_cells_are_sorted_by_the_rules(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let mut runner = TestRunner::deterministic();
    let cells = prop::collection::vec(odd_cell(), 3000).new_tree(&mut runner).expect("cells").current();
    let source = with_cells(&engine, "odd", &cells);
    for sort_type in TYPES {
        let mut expected: Vec<(usize, &String)> = cells.iter().enumerate().collect();
        for descending in [false, true] {
            expected.sort_by(|(at, cell), (other_at, other)| {
                let order = match (sort_key(cell, sort_type), sort_key(other, sort_type)) {
                    (Some(key), Some(other)) => {
                        let order = key.partial_cmp(&other).expect("keys of one column");
                        if descending { order.reverse() } else { order }
                    }
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => Ordering::Equal,
                };
                order.then(at.cmp(other_at))
            });
            let found = sorted_values(&engine, &source, sort_type, descending);
            let differs = expected.iter().map(|(_, cell)| *cell).zip(&found).position(|(is, found)| is != found);
            if let Some(at) = differs {
                let around = at.saturating_sub(1)..(at + 3).min(found.len());
                panic!("{sort_type:?}, {descending}: {:?} and not {:?}", &found[around.clone()], &expected[around]);
            }
            let keys = cells.iter().filter(|cell| sort_key(cell, sort_type).is_some()).count();
            assert!(keys > 100, "{sort_type:?}: only {keys} of the cells fit");
        }
    }
}

fn check_order(db: &TestDatabase, sort_type: ColumnType, in_order: &[&str]) {
    let engine = TestEngine::on_database(db);
    let mut cells: Vec<String> = in_order.iter().map(|&cell| cell.to_owned()).collect();
    cells.reverse();
    let source = with_cells(&engine, "items", &cells);
    let found = engine.store.find_catalog(source.id).expect("an answer").expect("a catalog");
    assert_eq!(found.column_type("cell"), sort_type, "{in_order:?}");
    assert_eq!(sorted_values(&engine, &source, sort_type, false), in_order);
}

fn numbers_are_sorted_by_size(db: &TestDatabase) {
    let cells = ["-1.234,5 €", "−3 €", "0 €", "0,5 €", "12 €", "1.234 €", "1.234,01 €", "12.345.678 €"];
    check_order(db, ColumnType::Number(DecimalSign::Comma), &cells);
}

fn dates_are_sorted_by_time(db: &TestDatabase) {
    let cells = ["31/12/2024", "03/04/2025", "13/04/2025 9:05", "13/04/2025 10:00", "1/5/2025"];
    check_order(db, ColumnType::Date(DateOrder::DayFirst), &cells);
}

fn letters_are_sorted_ignoring_case_and_accents(db: &TestDatabase) {
    check_order(
        db,
        ColumnType::Text,
        &["  abba", "Ärzte", "Beck", "björk", "Blur", "écru", "Eels", "zz top", "ёлка", "Жук"],
    );
}

fn items_without_a_sort_value_come_last_in_both_directions(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let cells = ["", "5", "unknown", "30", " "].map(str::to_owned);
    let source = with_cells(&engine, "items", &cells);
    let number = ColumnType::Number(DecimalSign::Point);
    assert_eq!(sorted_values(&engine, &source, number, false), ["5", "30", "", "unknown", " "]);
    assert_eq!(sorted_values(&engine, &source, number, true), ["30", "5", "", "unknown", " "]);
    assert_eq!(sorted_values(&engine, &source, ColumnType::Text, false), ["30", "5", "unknown", "", " "]);
    assert_eq!(sorted_values(&engine, &source, ColumnType::Text, true), ["unknown", "5", "30", "", " "]);
}
