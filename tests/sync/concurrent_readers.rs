//! Reads of a catalog during a sync: no errors, and no missing items.

use std::sync::atomic::{AtomicBool, Ordering};

use lockstep::domain::catalog_query::CatalogQuery;
use lockstep::domain::catalog_query::search_terms::SearchTerms;
use lockstep::domain::catalog_query::sort_column::SortColumn;
use lockstep::domain::change_set::ChangeKind;

use crate::support::memory_kind::MemoryTable;
use crate::support::test_engine::{TEST_TIMEOUTS, full_sync};
use crate::support::{TestDatabase, TestEngine, on_both_databases};

on_both_databases![a_reader_during_syncs_never_sees_an_error_or_an_empty_catalog];

fn a_reader_during_syncs_never_sees_an_error_or_an_empty_catalog(db: &TestDatabase) {
    const ROW_COUNT: u64 = 3000;
    let (one, two) = (TestEngine::on_database(db), TestEngine::with_timeouts(db.second_store(), TEST_TIMEOUTS));
    let source = one.memory_source("albums", MemoryTable::albums(3000, "Round 0"));
    let first = one.sync(&source).summary.id;
    let over = AtomicBool::new(false);
    let read = |engine: &TestEngine, number: usize| {
        let mut reads = 0;
        while !over.load(Ordering::SeqCst) {
            let title = SortColumn { name: "title".to_owned(), descending: false };
            let sort = if number.is_multiple_of(2) { vec![title] } else { Vec::new() };
            let search = SearchTerms::parse(if number < 2 { "round" } else { "" });
            let reader = engine.open_catalog(&source);
            let selection =
                reader.select(&CatalogQuery { search, sort, ..CatalogQuery::default() }).expect("known columns");
            let ids = selection.ids(20 * (reads % 3), 20).expect("a page, never an error");
            let items = engine.store.items_by_id(source.id, &ids).expect("items, never an error");
            assert_eq!((selection.count().expect("a count"), items.len()), (ROW_COUNT, 20));
            let item = &items[0].1;
            assert!(item.fields[1].1.ends_with(&format!(" {}", item.key)), "whole items only: {item:?}");
            let catalog = engine.store.find_catalog(source.id).expect("never an error").expect("a catalog");
            assert_eq!((catalog.item_count, catalog.columns.len()), (ROW_COUNT, 2));
            assert!(engine.store.find_item(source.id, &item.id).expect("never an error").is_some());
            engine.store.list_changes(first, ChangeKind::Added, 10).expect("never an error");
            engine.store.recent_records(None, 5).expect("never an error");
            reads += 1;
        }
        assert!(reads > 0);
    };
    let read = &read;
    std::thread::scope(|scope| {
        let readers: Vec<_> = [&one, &two, &one, &two]
            .into_iter()
            .enumerate()
            .map(|(n, engine)| scope.spawn(move || read(engine, n)))
            .collect();
        for round in 1..=4 {
            one.memory.set_table("albums", MemoryTable::albums(3000, &format!("Round {round}")));
            assert_eq!(one.run_request(&source, &full_sync()).summary.stats.updated, ROW_COUNT);
        }
        over.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.join().expect("no error was seen");
        }
    });
}
