//! Stored items are found in the requested order, with every character unchanged.

use lockstep::catalog_index::IndexError;
use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::catalog_query::column_filter::{ColumnFilter, FilterOperator};
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::source::Source;

use crate::support::memory_kind::MemoryTable;
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![
    a_search_ignores_case_and_accents,
    all_words_must_occur_in_any_cell,
    characters_that_patterns_use_are_plain_text,
    a_column_with_quotes_in_its_name_can_be_sorted_by,
    pages_hold_every_item_once,
    an_item_is_found_by_its_id_only_in_its_own_catalog,
    an_invalid_id_is_not_found,
    flags_are_recognised_by_the_values_of_their_column,
];

fn a_search_ignores_case_and_accents(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = [
        ["1", "Björk", "Début"],
        ["2", "Sigur Rós", "Ágætis byrjun"],
        ["3", "HÜSKER DÜ", "Zen Arcade"],
        ["4", "Motorhead", "Overkill"],
        ["5", "Ｆｕｌｌｗｉｄｔｈ", "ﬁne ligatures"],
    ];
    let source = engine.memory_source("albums", MemoryTable::new(&["id", "artist", "title"], &rows));
    engine.sync(&source);
    for (search, keys) in [
        ("bjork", &["1"][..]),
        ("BJÖRK", &["1"]),
        ("début", &["1"]),
        ("debut", &["1"]),
        ("ros", &["2"]),
        ("husker dü", &["3"]),
        ("motörhead", &["4"]),
        ("fullwidth", &["5"]),
        ("fine", &["5"]),
        ("nobody", &[]),
    ] {
        assert_eq!(engine.search_keys(&source, search), keys, "{search}");
    }
}

fn all_words_must_occur_in_any_cell(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows =
        [["1", "Miles Davis", "Kind of Blue"], ["2", "Joni Mitchell", "Blue"], ["3", "Miles Davis", "Milestones"]];
    let source = engine.memory_source("albums", MemoryTable::new(&["id", "artist", "title"], &rows));
    engine.sync(&source);
    assert_eq!(engine.search_keys(&source, "blue"), ["1", "2"]);
    assert_eq!(engine.search_keys(&source, "  blue \t miles "), ["1"]);
    assert_eq!(engine.search_keys(&source, ""), ["1", "2", "3"]);
    assert_eq!(engine.search_keys(&source, "davis kind mitchell"), [""; 0]);
}

fn characters_that_patterns_use_are_plain_text(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let rows = [
        ["1", "100%"],
        ["2", "100 songs"],
        ["3", "snake_case"],
        ["4", "snakeXcase"],
        ["5", r"back\slash"],
        ["6", "it's \"quoted\""],
        ["7", "'; DROP TABLE items; --"],
        ["8", "[a-z]* ? (x|y)"],
    ];
    let source = engine.memory_source("albums", MemoryTable::new(&["id", "title"], &rows));
    engine.sync(&source);
    for (search, keys) in [
        ("%", &["1"][..]),
        ("100%", &["1"]),
        ("_", &["3"]),
        ("snake_case", &["3"]),
        (r"\", &["5"]),
        (r"\%", &[]),
        ("it's", &["6"]),
        ("\"quoted\"", &["6"]),
        ("'; drop", &["7"]),
        ("[a-z]*", &["8"]),
        ("?", &["8"]),
        ("\0", &["1", "2", "3", "4", "5", "6", "7", "8"]),
    ] {
        assert_eq!(engine.search_keys(&source, search), keys, "{search}");
    }
}

fn sorted_titles(engine: &TestEngine, source: &Source, column: &str, descending: bool) -> Vec<String> {
    let sort = vec![SortColumn { name: column.to_owned(), descending }];
    let query = CatalogQuery { sort, ..CatalogQuery::default() };
    engine.find_items(source, &query).into_iter().map(|item| item.key).collect()
}

fn a_column_with_quotes_in_its_name_can_be_sorted_by(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let names = ["id", "it's", "say \"x\"", "back\\slash", "');--", "$[0]", "café", "a ? $1 :x"];
    let table = MemoryTable::new(
        &names,
        &[
            ["1", "c", "b", "a", "c", "b", "a", "c"],
            ["2", "a", "c", "b", "a", "c", "b", "a"],
            ["3", "b", "a", "c", "b", "a", "c", "b"],
        ],
    );
    let source = engine.memory_source("albums", table);
    engine.sync(&source);
    let orders = [["1", "2", "3"], ["2", "3", "1"], ["3", "1", "2"], ["1", "2", "3"], ["2", "3", "1"], ["3", "1", "2"]];
    for (name, expected_titles) in names.iter().zip(orders) {
        assert_eq!(sorted_titles(&engine, &source, name, false), expected_titles, "{name}");
        let backwards: Vec<_> = expected_titles.into_iter().rev().collect();
        assert_eq!(sorted_titles(&engine, &source, name, true), backwards, "{name} backwards");
    }
    for name in ["no such column", "nul\0'"] {
        let sort = vec![SortColumn { name: name.to_owned(), descending: false }];
        let reader = engine.open_catalog(&source);
        let refused = reader.select(&CatalogQuery { sort, ..CatalogQuery::default() });
        assert!(matches!(refused, Err(IndexError::UnknownColumn(_))), "{name:?}");
    }
}

fn pages_hold_every_item_once(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(47, "The same"));
    engine.sync(&source);
    // Pages in the second half are counted from the end, if the caller knows how many items there are.
    for total in [0, 40, 47, 60] {
        let mut seen: Vec<String> = Vec::new();
        for (number, size) in [(1, 10), (2, 10), (3, 10), (4, 10), (5, 7), (6, 0), (u64::MAX, 0)] {
            let page = engine.store.list_items(source.id, number, 10, total).expect("a page");
            if total == 47 || total == 0 {
                assert_eq!(page.len(), size, "page {number} of {total}");
            }
            seen.extend(page.into_iter().map(|item| item.key));
        }
        if total == 47 || total == 0 {
            let all: Vec<String> = engine.list_items(&source).into_iter().map(|item| item.key).collect();
            assert_eq!(seen, all);
        }
    }
}

fn an_item_is_found_by_its_id_only_in_its_own_catalog(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let albums = engine.memory_source("albums", MemoryTable::albums(2, "Title"));
    let others = engine.memory_source("others", MemoryTable::albums(2, "Title"));
    engine.sync(&albums);
    engine.sync(&others);
    let mine = &engine.list_items(&albums)[1];
    assert_eq!(engine.store.find_item(albums.id, &mine.id).expect("an answer").as_ref(), Some(mine));
    assert_eq!(engine.store.find_item(others.id, &mine.id).expect("an answer"), None);
}

fn an_invalid_id_is_not_found(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let source = engine.memory_source("albums", MemoryTable::albums(1, "Title"));
    engine.sync(&source);
    for id in ["", "x", "1 OR 1=1", "-1", "99999999999999999999", "1.0", "\0"] {
        assert_eq!(engine.store.find_item(source.id, id).expect("an answer"), None, "{id:?}");
    }
}

fn flags_are_recognised_by_the_values_of_their_column(db: &TestDatabase) {
    let engine = TestEngine::on_database(db);
    let names = ["id", "read", "it's \"x\"", "back\\slash", "ä ? $1 %"];
    let table = MemoryTable::new(
        &names,
        &[
            ["1", "yes", "no", "yes", "no"],
            ["2", "no", "yes", "", "Yes"],
            ["3", "[\"read\",\"yes\"]", " yes", "yes\\", "yes"],
        ],
    );
    let source = engine.memory_source("albums", table);
    engine.sync(&source);
    for (name, keys) in names[1..].iter().zip([["1"], ["2"], ["1"], ["3"]]) {
        let found = |operator| {
            let filters = vec![ColumnFilter { column: (*name).to_owned(), operator, values: vec!["yes".to_owned()] }];
            let found = engine.find_items(&source, &CatalogQuery { filters, ..CatalogQuery::default() });
            found.into_iter().map(|item| item.key).collect::<Vec<_>>()
        };
        assert_eq!(found(FilterOperator::Equals), keys, "{name}");
        assert_eq!(found(FilterOperator::Not).len(), 2, "{name}");
    }
}
