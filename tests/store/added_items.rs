//! Pages of the items that a run added: found by position, without counting earlier items, also while others write.

use std::time::Duration;

use lockstep::domain::change_set::ChangeKind;
use lockstep::domain::operation::{Lease, Status};
use lockstep::domain::sync_id::SyncId;
use lockstep::store::Store;
use lockstep::store::batch::ItemBatch;
use lockstep::store::changes::ChangeFilter;

use super::worker_steps::{LEASE_TERM, add_source, claim_run, item_batch, progress_at, queue_run, run_ending};
use crate::support::test_engine::full_sync;
use crate::support::{TestDatabase, on_both_databases};

on_both_databases![
    items_of_a_run_alone_are_one_span_and_are_paged_directly,
    items_of_concurrent_runs_are_paged,
    spans_are_computed_for_runs_of_an_older_version,
    the_spans_of_a_run_are_deleted_with_its_record_or_source,
];

fn begin_run(store: &Store, slug: &str, token: i64) -> Lease {
    queue_run(store, add_source(store, slug), &full_sync());
    claim_run(store, token, LEASE_TERM).expect("a run").1
}

fn number_keys(prefix: &str, range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("{prefix}{number}")).collect()
}

/// Adds items with these keys, as that batch of the run.
fn add_batch(store: &Store, lease: Lease, number: i64, keys: &[String]) {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    store
        .write_batch(lease, LEASE_TERM, &ItemBatch { number, ..item_batch(&keys) }, &progress_at(20))
        .expect("written");
}

fn finish_run(store: &Store, lease: Lease) {
    store.finish_run(lease, &run_ending(Status::Completed)).expect("finished");
}

fn list_page(store: &Store, id: SyncId, number: u64, per: u64) -> (Vec<String>, u64) {
    let found = store.change_page(id, &ChangeFilter::of_kind(ChangeKind::Added), number, per).expect("changes");
    (found.changes.into_iter().map(|change| change.key).collect(), found.total)
}

/// All pages one after the other.
fn list_all_pages(store: &Store, id: SyncId, per: u64) -> Vec<String> {
    let pages = list_page(store, id, 1, per).1.div_ceil(per);
    (1..=pages).flat_map(|number| list_page(store, id, number, per).0).collect()
}

fn items_of_a_run_alone_are_one_span_and_are_paged_directly(db: &TestDatabase) {
    let store = db.store();
    let lease = begin_run(&store, "albums", 1);
    for number in 0..3 {
        let from = u32::try_from(number).expect("small") * 50;
        add_batch(&store, lease, number + 1, &number_keys("a", from..from + 50));
        add_batch(&store, lease, number + 1, &number_keys("a", from..from + 50));
    }
    finish_run(&store, lease);
    assert_eq!(db.count_rows("added_spans", "item_count = 150"), 1, "a batch that is handed over twice adds once");
    assert_eq!(list_page(&store, lease.id, 1, 20), (number_keys("a", 0..20), 150));
    assert_eq!(list_page(&store, lease.id, 8, 20), (number_keys("a", 140..150), 150));
    assert_eq!(list_page(&store, lease.id, 9, 20), (vec![], 150));
    let first = store.list_changes(lease.id, ChangeKind::Added, 2).expect("changes");
    assert_eq!(first.into_iter().map(|change| change.key).collect::<Vec<_>>(), number_keys("a", 0..2), "the panel's");
    // Earlier items are not counted: otherwise this would shift all later pages.
    db.run_sql("DELETE FROM items WHERE key IN ('a3', 'a60')");
    assert_eq!(list_page(&store, lease.id, 5, 20).0, number_keys("a", 80..100));
}

fn items_of_concurrent_runs_are_paged(db: &TestDatabase) {
    let store = db.store();
    let leases = ["one", "two", "three"].map(|slug| begin_run(&store, slug, 7));
    // First alternating, then all at the same time.
    for number in 1..=4_i64 {
        for lease in leases {
            let from = u32::try_from(number - 1).expect("small") * 10;
            add_batch(&store, lease, number, &number_keys("k", from..from + 10));
        }
    }
    std::thread::scope(|scope| {
        for lease in leases {
            let store = db.second_store();
            scope.spawn(move || {
                for number in 5..=12_i64 {
                    let from = 40 + u32::try_from(number - 5).expect("small") * 300;
                    add_batch(&store, lease, number, &number_keys("k", from..from + 300));
                }
            });
        }
    });
    for lease in leases {
        finish_run(&store, lease);
        for per in [7, 33, 500] {
            assert_eq!(list_all_pages(&store, lease.id, per), number_keys("k", 0..2440), "{per} a page");
        }
    }
}

fn spans_are_computed_for_runs_of_an_older_version(db: &TestDatabase) {
    let store = db.store();
    db.write_named_rows();
    let leases = ["one", "two"].map(|slug| begin_run(&store, slug, 7));
    for number in 1..=3_i64 {
        for lease in leases {
            let from = u32::try_from(number).expect("small") * 10;
            add_batch(&store, lease, number, &number_keys("k", from..from + 10));
        }
    }
    leases.into_iter().for_each(|lease| finish_run(&store, lease));
    db.run_sql(include_str!("../../migrations/sqlite/2026-11-20-000006_added_spans/down.sql"));
    db.run_sql("DELETE FROM __diesel_schema_migrations WHERE version = '20261120000006'");
    let store = db.second_store();
    store.migrate().expect("migrated");
    assert_eq!(db.count_rows("added_spans", "earlier = 0 AND item_count = 30"), 2);
    for lease in leases {
        assert_eq!(list_all_pages(&store, lease.id, 7), number_keys("k", 10..40));
    }
}

fn the_spans_of_a_run_are_deleted_with_its_record_or_source(db: &TestDatabase) {
    let store = db.store();
    let leases = ["one", "two", "three"].map(|slug| begin_run(&store, slug, 7));
    for lease in leases {
        add_batch(&store, lease, 1, &number_keys("k", 0..5));
        finish_run(&store, lease);
    }
    let [first, second, third] = leases.map(|lease| lease.id);
    let record = store.find_record(first).expect("an answer").expect("a record");
    store.remove_source(record.source_id).expect("removed");
    assert_eq!(list_page(&store, first, 1, 10), (vec![], 0), "what a run added went with its source");
    assert_eq!((db.count_rows("added_spans", "1 = 1"), list_page(&store, second, 1, 10).1), (2, 5));
    db.run_sql(&format!("UPDATE sync_records SET finished_at = '2020-01-01 00:00:00' WHERE id = '{second}'"));
    db.run_sql("DELETE FROM sync_operations");
    while store.clear_records(Duration::from_secs(3600)).expect("cleared") > 0 {}
    assert_eq!((db.count_rows("added_spans", "1 = 1"), list_page(&store, third, 1, 10).1), (1, 5));
}
