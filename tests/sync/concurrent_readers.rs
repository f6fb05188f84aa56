//! Reads of a catalog during a sync: no errors, and no missing items.

use std::sync::atomic::{AtomicBool, Ordering};

use lockstep::domain::change_set::ChangeKind;
use lockstep::store::items::ItemQuery;

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
            let sort = number.is_multiple_of(2).then(|| "title".to_owned());
            let search = if number < 2 { "round" } else { "" }.to_owned();
            let query = ItemQuery { search, sort, page: 1 + reads % 3, per_page: 20, ..ItemQuery::default() };
            let page = engine.store.list_items(source.id, &query).expect("a page, never an error");
            assert_eq!((page.total, page.items.len()), (ROW_COUNT, 20));
            let item = &page.items[0];
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
